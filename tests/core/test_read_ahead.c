/* dm_read_ahead: files that are inflated ahead are read as if each were opened by itself,
   byte for byte and fault for fault, in whichever order they stand. */
#define _XOPEN_SOURCE 700
#include <errno.h>

#include "base/dm_grow.h"
#include "dm_files.h"
#include "dm_mem_fault.h"
#include "dm_test.h"
#include "io/dm_read_ahead.h"

enum { FILES = 7, READ_SIZE = 100000 };

/* What came of reading all files one after the other. */
typedef struct answer {
  dm_status status;
  dm_error err;
  size_t file; /* that failed, else how many there are */
  dm_buf bytes;
  uint64_t consumed;
  size_t n_lent;
} answer;

static void release(answer *a) {
  dm_buf_release(&a->bytes);
  *a = (answer){0};
}

/* Bytes that hardly compress, or that do so a thousandfold. */
static char *make_bytes(size_t len, unsigned seed, bool is_even) {
  char *bytes = malloc(len + 1);
  uint32_t state = seed;
  for (size_t i = 0; bytes && i < len; i++) {
    state = state * 1664525 + 1013904223;
    bytes[i] = is_even ? (char)seed : (char)(state >> 24);
  }
  return bytes;
}

static dm_status read_source(dm_source *source, size_t most, answer *out) {
  static char buf[READ_SIZE];
  size_t got = READ_SIZE;
  size_t all = 0;
  while (got == READ_SIZE && all < most) {
    DM_TRY(dm_source_read(source, buf, READ_SIZE, &got, &out->err));
    DM_TRY(dm_buf_append(&out->bytes, buf, got, &out->err));
    all += got;
  }
  return DM_OK;
}

/* Reads at most that many bytes of each file (rounded up). */
static void read_files(const char *const *paths, size_t n, int threads, size_t most,
                       const dm_host *host, answer *out) {
  memset(out, 0, sizeof *out);
  dm_read_ahead *ahead = NULL;
  dm_status status = dm_read_ahead_new(&ahead, paths, n, threads, host, &out->err);
  for (; !status && out->file < n; out->file++) {
    if (!paths[out->file]) {
      continue;
    }
    dm_source *source;
    status = dm_read_ahead_open(ahead, out->file, &source, &out->err);
    if (!status) {
      out->n_lent += dm_source_is_lent(source);
      status = read_source(source, most, out);
      out->consumed += status || most < SIZE_MAX ? 0 : dm_source_bytes(source);
      dm_source_close(source);
    }
    if (status) {
      break;
    }
  }
  out->status = status;
  dm_read_ahead_free(ahead);
}

/* The same with nothing but sources. */
static void read_plainly(const char *const *paths, size_t n, answer *out) {
  memset(out, 0, sizeof *out);
  for (; out->file < n; out->file++) {
    dm_source *source;
    if (paths[out->file]) {
      out->status = dm_source_open_file(&source, paths[out->file], NULL, &out->err);
      if (!out->status) {
        out->status = read_source(source, SIZE_MAX, out);
        out->consumed += out->status ? 0 : dm_source_bytes(source);
        dm_source_close(source);
      }
      if (out->status) {
        return;
      }
    }
  }
}

static void check_answer(const answer *got, const answer *want) {
  CHECK_INT(got->status, want->status);
  CHECK_UINT(got->file, want->file);
  CHECK_BYTES(got->bytes.data, got->bytes.len, want->bytes.data, want->bytes.len);
  CHECK_UINT(got->consumed, want->consumed);
  if (want->status) {
    CHECK_STR(got->err.expected, want->err.expected);
    CHECK_STR(got->err.found, want->err.found);
    CHECK_INT(got->err.sys_errno, want->err.sys_errno);
  }
}

/* Gzip files of many sizes (0: empty, the last of several members), plain files between
   them where there is a bit in plain. */
static const char *const names[FILES] = {"a", "b", "c", "d", "e", "f", "g"};
static const char *paths[FILES];
static char path_room[FILES][4096];

static void write_files(unsigned plain) {
  static const size_t lengths[FILES] = {300000, 0, 1 << 18, 5000000, 1, 2000000, 900000};
  for (size_t i = 0; i < FILES; i++) {
    char *bytes = make_bytes(lengths[i], (unsigned)i + 1, i == 3);
    size_t len;
    unsigned char *gz = files_gzip(bytes, lengths[i], 1, &len);
    if (i + 1 == FILES) {
      size_t more;
      unsigned char *second = files_gzip("behind", 6, 9, &more);
      gz = realloc(gz, len + more);
      memcpy(gz + len, second, more);
      len += more;
      free(second);
    }
    bool is_plain = plain >> i & 1;
    const char *path = files_write(names[i], is_plain ? (void *)bytes : (void *)gz,
                                   is_plain ? lengths[i] : len);
    snprintf(path_room[i], sizeof path_room[i], "%s", path);
    paths[i] = path_room[i];
    free(gz);
    free(bytes);
  }
}

static void remove_files(void) {
  for (size_t i = 0; i < FILES; i++) {
    files_remove(names[i]);
  }
}

static void test_same_bytes(void) {
  answer want, got;
  const unsigned plain[] = {0, 1, 1 << 1 | 1 << 2, 0x55, 0x7F};
  for (size_t p = 0; p < sizeof plain / sizeof *plain; p++) {
    write_files(plain[p]);
    read_plainly(paths, FILES, &want);
    for (int threads = 0; threads <= 5; threads++) {
      DM_CASE("plain files %x, %d threads", plain[p], threads);
      read_files(paths, FILES, threads, SIZE_MAX, NULL, &got);
      check_answer(&got, &want);
      size_t n_gzip = 0;
      for (size_t i = 0; i < FILES; i++) {
        n_gzip += !(plain[p] >> i & 1);
      }
      CHECK_UINT(got.n_lent, threads > 1 ? n_gzip : 0);
      release(&got);
    }
    release(&want);
    remove_files();
  }
}

/* The largest number of threads allowed, and more files than are opened at once. */
static void test_many_files(void) {
  enum { MANY = 40 };
  write_files(0);
  const char *many[MANY];
  for (size_t i = 0; i < MANY; i++) {
    many[i] = i % 11 == 5 ? NULL : paths[i % FILES]; /* NULL: read by other means */
  }
  answer want, got;
  read_plainly(many, MANY, &want);
  read_files(many, MANY, 256, SIZE_MAX, NULL, &got);
  check_answer(&got, &want);
  release(&got);
  release(&want);
  remove_files();
}

/* What is broken is reported when it is its turn, after all that stands before it. */
static void test_faults_in_order(void) {
  answer want, got;
  for (size_t broken = 0; broken < FILES; broken += 3) {
    for (int how = 0; how < 4; how++) {
      write_files(0);
      if (how < 3) {
        char *bytes = make_bytes(700000, 9, false);
        size_t len;
        unsigned char *gz = files_gzip(bytes, 700000, 1, &len);
        if (how == 0) { /* its check sum */
          gz[len - 8] ^= 1;
        } else if (how == 1) { /* somewhere in it */
          gz[len / 2] ^= 0x10;
        }
        files_write(names[broken], gz, how == 2 ? len - 100000 : len);
        free(gz);
        free(bytes);
      } else {
        files_remove(names[broken]);
      }
      read_plainly(paths, FILES, &want);
      CHECK_INT(want.status, DM_E_IO);
      CHECK_UINT(want.file, broken);
      for (int threads = 2; threads <= 4; threads++) {
        DM_CASE("file %zu broken by way %d, %d threads", broken, how, threads);
        read_files(paths, FILES, threads, SIZE_MAX, NULL, &got);
        check_answer(&got, &want);
        release(&got);
      }
      release(&want);
      remove_files();
    }
  }
}

static int stop_later(void *ctx, uint64_t bytes) {
  (void)bytes;
  return --*(int *)ctx < 0;
}

static void test_giving_up(void) {
  write_files(0);
  answer got;
  for (int threads = 2; threads <= 4; threads++) {
    for (int after = 0; after < 40; after += 3) {
      DM_CASE("after %d checks, %d threads", after, threads);
      int left = after;
      dm_host host = {.check = stop_later, .ctx = &left};
      read_files(paths, FILES, threads, SIZE_MAX, &host, &got);
      CHECK_INT(got.status, DM_E_INTERRUPT);
      release(&got);
    }
    DM_CASE("files closed early, %d threads", threads);
    read_files(paths, FILES, threads, 1, NULL, &got);
    CHECK_INT(got.status, DM_OK);
    /* as much as one call reads, or all */
    CHECK_UINT(got.bytes.len, 5 * READ_SIZE + 1);
    release(&got);
  }
  remove_files();
}

#ifndef _WIN32
/* A FIFO has to wait for its turn: whoever opened and left it would end its writer. */
static void test_fifo_behind(void) {
  write_files(0);
  const char *fifo = files_path("fifo");
  char room[4096];
  snprintf(room, sizeof room, "%s", fifo);
  CHECK_INT(mkfifo(room, 0600), 0);
  int end = open(room, O_RDWR);
  size_t len;
  unsigned char *gz = files_gzip("from a pipe", 11, 6, &len);
  CHECK_INT(write(end, gz, len), len);
  const char *two[] = {paths[0], room};
  dm_error err;
  dm_read_ahead *ahead;
  dm_source *source = NULL;
  answer got = {0};
  CHECK_INT(dm_read_ahead_new(&ahead, two, 2, 3, NULL, &err), DM_OK);
  CHECK_INT(dm_read_ahead_open(ahead, 0, &source, &err), DM_OK);
  CHECK_INT(read_source(source, SIZE_MAX, &got), DM_OK);
  CHECK_UINT(got.bytes.len, 300000);
  dm_source_close(source);
  CHECK_INT(dm_read_ahead_open(ahead, 1, &source, &err), DM_OK);
  CHECK(!dm_source_is_lent(source)); /* it would have to be waited for */
  close(end);
  CHECK_INT(read_source(source, SIZE_MAX, &got), DM_OK);
  CHECK_BYTES(got.bytes.data + 300000, got.bytes.len - 300000, "from a pipe", 11);
  dm_source_close(source);
  dm_read_ahead_free(ahead);
  release(&got);
  free(gz);
  files_remove("fifo");
  remove_files();
}
#endif

/* Every allocation and every read() fails in turn: an error, or the whole answer. */
static void test_faults_of_the_system(void) {
  write_files(0);
  answer want, got;
  read_plainly(paths, FILES, &want);
#ifdef _WIN32
  DM_LEAVE_OUT("reads that fail");
#endif
  for (int is_memory = 0; is_memory < 2; is_memory++) {
    bool has_fired = true;
    for (size_t k = 1; has_fired && k < 2000; k += dm_test_step()) {
      DM_CASE("%s %zu fails", is_memory ? "allocation" : "read", k);
      size_t before = fault_live_blocks();
      fault_arm_memory(is_memory ? k : 0, false);
      fault_arm_read(is_memory ? 0 : k, true, EIO);
      read_files(paths, FILES, 3, SIZE_MAX, NULL, &got);
      has_fired = fault_has_fired();
      fault_arm_memory(0, false);
      fault_arm_read(0, false, 0);
      if (got.status) {
        CHECK_INT(got.status, is_memory ? DM_E_MEMORY : DM_E_IO);
        CHECK(got.bytes.len <= want.bytes.len);
      } else {
        check_answer(&got, &want);
        CHECK(is_memory || !has_fired);
      }
      release(&got);
      CHECK_UINT(fault_live_blocks(), before);
    }
    CHECK(!has_fired);
  }
  release(&want);
  remove_files();
}

int main(void) {
  DM_RUN(test_same_bytes);
  DM_RUN(test_many_files);
  DM_RUN(test_faults_in_order);
  DM_RUN(test_giving_up);
  DM_RUN_POSIX(test_fifo_behind);
  DM_RUN(test_faults_of_the_system);
  CHECK(files_end());
  return dm_test_end();
}
