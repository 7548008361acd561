/* dm_texts.c: lists of texts, as they are and through a table of a file. */
#include "dm_resume.h"
#include "dm_test.h"
#include "files/dm_texts.h"

static void test_add(void) {
  dm_texts texts = {0};
  dm_error err;
  CHECK_INT(dm_texts_add(&texts, "first", 5, &err), DM_OK);
  CHECK_INT(dm_texts_add(&texts, "", 0, &err), DM_OK);
  CHECK_INT(dm_texts_add(&texts, "cut off", 3, &err), DM_OK);
  for (int i = 3; i < 2000; i++) { /* which moves them all */
    char text[16];
    int len = snprintf(text, sizeof text, "%d", i);
    CHECK_INT(dm_texts_add(&texts, text, (size_t)len, &err), DM_OK);
  }
  CHECK_UINT(texts.n, 2000);
  CHECK_STR(dm_texts_at(&texts, 0), "first");
  CHECK_STR(dm_texts_at(&texts, 1), "");
  CHECK_STR(dm_texts_at(&texts, 2), "cut");
  CHECK_STR(dm_texts_at(&texts, 1999), "1999");
  dm_texts_release(&texts);
}

/* Writes two lists; reads the first behind what is there already, and the second by a
   name that need not be its. */
static dm_status through_file(const dm_texts *texts, dm_texts *first, const char *name,
                              dm_texts *second, dm_error *err) {
  dm_buf bytes = {0};
  dm_pack_writer out;
  dm_pack_reader in = {0};
  dm_source *source = NULL;
  uint32_t version;
  dm_status status;
  DM_TRY_DONE(dm_pack_start(&out, &(dm_pack_sink){add_bytes, &bytes}, 1, err));
  DM_TRY_DONE(dm_texts_put(&out, "first", texts, err));
  DM_TRY_DONE(dm_texts_put(&out, "second", texts, err));
  DM_TRY_DONE(dm_pack_end(&out, err));
  DM_TRY_DONE(dm_source_open_memory(&source, bytes.data, bytes.len, NULL, err));
  DM_TRY_DONE(dm_pack_open(&in, source, &version, err));
  DM_TRY_DONE(dm_texts_get(&in, "first", first, err));
  status = dm_texts_get(&in, name, second, err);
  status = dm_pack_finish(&in, status, err);
done:
  dm_pack_writer_release(&out);
  dm_pack_reader_release(&in);
  dm_source_close(source);
  dm_buf_release(&bytes);
  return status;
}

static void test_file(void) {
  static const size_t sizes[] = {0, 1, 3, 100000}; /* the last in several groups */
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    DM_CASE("%zu texts", sizes[k]);
    dm_texts texts = {0}, first = {0}, second = {0};
    dm_error err;
    for (size_t i = 0; i < sizes[k]; i++) {
      char text[32];
      int len = snprintf(text, sizeof text, "%.*s\xC3\xA9", (int)(i % 9), "abcdefgh");
      CHECK_INT(dm_texts_add(&texts, text, i == 1 ? 0 : (size_t)len, &err), DM_OK);
    }
    CHECK_INT(dm_texts_add(&first, "before", 6, &err), DM_OK);
    if (CHECK_INT(through_file(&texts, &first, "second", &second, &err), DM_OK)) {
      CHECK_UINT(first.n, sizes[k] + 1);
      CHECK_STR(dm_texts_at(&first, 0), "before");
      CHECK_UINT(second.n, sizes[k]);
      bool is_same = true;
      for (size_t i = 0; i < sizes[k] && is_same; i++) {
        is_same = strcmp(dm_texts_at(&texts, i), dm_texts_at(&second, i)) == 0 &&
                  strcmp(dm_texts_at(&texts, i), dm_texts_at(&first, i + 1)) == 0;
      }
      CHECK(is_same);
    }
    dm_texts_release(&second);
    second = (dm_texts){0};
    CHECK_INT(through_file(&texts, &first, "third", &second, &err), DM_E_SYNTAX);
    CHECK_STR(err.key, "third");
    CHECK_UINT(second.n, 0);
    dm_texts_release(&texts);
    dm_texts_release(&first);
    dm_texts_release(&second);
  }
}

int main(void) {
  DM_RUN(test_add);
  DM_RUN(test_file);
  return dm_test_end();
}
