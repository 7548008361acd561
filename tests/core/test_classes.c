/* dm_classes.c: names of classes, and what they tell of a line. */
#include <math.h>

#include "dm_test.h"
#include "signals/dm_classes.h"

static dm_ident text_of(const char *text) {
  return dm_ident_from_text(text, strlen(text));
}

/* Every name is found at its place, in whatever order they are given, and nothing else
   is. */
static void test_find(void) {
  const char *const names[] = {"no", "yes", "-3", "", "n", "12345678901234567890", "7"};
  enum { N = sizeof names / sizeof *names };
  for (size_t first = 0; first < N; first++) {
    const char *rotated[N];
    for (size_t i = 0; i < N; i++) {
      rotated[i] = names[(first + i) % N];
    }
    dm_classes classes = {0};
    dm_error err;
    CHECK_INT(dm_classes_init(&classes, rotated, N, &err), DM_OK);
    CHECK(classes.has_whole && !classes.are_whole && classes.is_predicting);
    for (size_t i = 0; i < N; i++) {
      DM_CASE("%s", rotated[i]);
      dm_ident label = text_of(rotated[i]);
      size_t place = N;
      CHECK(dm_classes_find(&classes, &label, &place));
      CHECK_UINT(place, i);
    }
    dm_ident seven = dm_ident_from_int(7);
    size_t place = N;
    CHECK(dm_classes_find(&classes, &seven, &place));
    CHECK_STR(rotated[place], "7");
    const char *const others[] = {"No", "yess", "3", "8", "12345678901234567891"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
      DM_CASE("%s", others[i]);
      dm_ident label = text_of(others[i]);
      CHECK(!dm_classes_find(&classes, &label, &place));
    }
    dm_classes_release(&classes);
  }
}

static void test_twice(void) {
  const char *const names[] = {"a", "b", "a"};
  dm_classes classes = {0};
  dm_error err;
  CHECK_INT(dm_classes_init(&classes, names, 3, &err), DM_E_INPUT);
  dm_classes_release(&classes);
}

/* Lines with the probs .2 .5 .3. */
static void test_tell(void) {
  const char *const texts[] = {"no", "yes", "maybe"};
  const char *const whole[] = {"2", "1", "3"};
  const char *const counts[] = {"0", "1", "2"};
  const struct {
    const char *const *names;
    dm_ident label;
    size_t n;
    bool is_index;
    double middle;
    dm_status status;
    int64_t index;    /* -1: none */
    const char *said; /* the prediction; NULL: none */
    int64_t number;   /* or this */
  } cases[] = {
      {texts, text_of("maybe"), 3, false, 0.5, DM_OK, 2, "yes", 0},
      {texts, text_of("no"), 3, false, 0.5, DM_OK, 0, "yes", 0},
      {texts, text_of("no"), 3, false, NAN, DM_OK, 0, NULL, 0},
      {texts, text_of("no"), 3, true, 0.5, DM_OK, 1, NULL, 0},
      {texts, text_of("nobody"), 3, true, 0.5, DM_OK, 1, NULL, 0},
      {texts, text_of("nobody"), 3, false, 0.5, DM_E_RANGE, -1, NULL, 0},
      {texts, text_of("no"), 2, false, 0.5, DM_E_FIELD, -1, NULL, 0},
      {texts, text_of("no"), 0, false, 0.5, DM_OK, -1, NULL, 0},
      {texts, dm_ident_from_int(1), 3, false, 0.5, DM_OK, -1, NULL, 0},
      {texts, {0}, 3, false, 0.5, DM_OK, -1, NULL, 0},
      {whole, dm_ident_from_int(2), 3, false, 0.5, DM_OK, 0, NULL, 1},
      {whole, dm_ident_from_int(1), 3, false, 0.5, DM_OK, -1, NULL, 1},
      {whole, text_of("3"), 3, false, 0.5, DM_OK, 2, "1", 1},
      {whole, dm_ident_from_int(0), 3, false, 0.5, DM_E_RANGE, -1, NULL, 0},
      {counts, dm_ident_from_int(2), 3, false, 0.5, DM_OK, -1, NULL, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    dm_classes classes = {0};
    dm_error err;
    CHECK_INT(dm_classes_init(&classes, cases[i].names, 3, &err), DM_OK);
    const double scores[] = {0.2, cases[i].middle, 0.3};
    for (int is_logits = 0; is_logits < 2; is_logits++) {
      dm_fields f = {.label = cases[i].label,
                     .has_label_index = cases[i].is_index,
                     .label_index = 1};
      const double *given = cases[i].n ? scores : NULL;
      f.probs = is_logits ? NULL : given;
      f.logits = is_logits ? given : NULL;
      f.n_probs = f.n_logits = cases[i].n;
      CHECK_INT(dm_classes_tell(&classes, &f, &err), cases[i].status);
      if (cases[i].status) {
        CHECK(err.key[0] && err.found[0]);
        continue;
      }
      CHECK_INT(f.has_label_index ? f.label_index : -1, cases[i].index);
      bool is_text = cases[i].said && cases[i].names == texts;
      CHECK((f.pred_label.kind == DM_IDENT_TEXT) == is_text);
      if (cases[i].number) {
        CHECK_INT(f.pred_label.value, cases[i].number);
        CHECK_INT(f.pred_label.kind, cases[i].said ? DM_IDENT_INT_TEXT : DM_IDENT_INT);
      } else if (!is_text) {
        CHECK_INT(f.pred_label.kind, DM_IDENT_NONE);
      }
      f.pred_label = text_of("given");
      CHECK_INT(dm_classes_tell(&classes, &f, &err), DM_OK);
      CHECK_UINT(f.pred_label.len, 5);
    }
    dm_classes_release(&classes);
  }
}

int main(void) {
  DM_RUN(test_find);
  DM_RUN(test_twice);
  DM_RUN(test_tell);
  return dm_test_end();
}
