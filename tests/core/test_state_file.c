/* dm_state_file.c: what was written is read; a file with any byte changed, or cut
   anywhere, is refused. */
#define _DEFAULT_SOURCE
#include "dm_files.h"
#include "dm_mem_fault.h"
#include "dm_naive.h"
#include "dm_state_file.h"
#include "dm_test.h"

static dm_status read_bytes(const void *bytes, size_t len, uint32_t *version, dm_buf *out,
                            dm_error *err) {
  dm_source *source = NULL;
  DM_TRY(dm_source_open_memory(&source, bytes, len, NULL, err));
  dm_status status = dm_state_file_read(source, version, out, err);
  dm_source_close(source);
  return status;
}

/* The bytes of the file that is written of n of them; to be freed. */
static unsigned char *file_of(const void *bytes, size_t n, uint32_t version,
                              size_t *len) {
  const char *path = files_path("state");
  dm_error err;
  CHECK_INT(dm_state_file_write(path, version, bytes, n, NULL, &err), DM_OK);
  unsigned char *out = malloc(n + 100);
  FILE *file = fopen(path, "rb");
  *len = file ? fread(out, 1, n + 100, file) : 0;
  if (file) {
    fclose(file);
  }
  files_remove("state");
  return out;
}

/* As RFC 1952 has it, bit by bit. */
static uint32_t naive_crc(const unsigned char *bytes, size_t n, uint32_t crc) {
  crc = ~crc;
  for (size_t i = 0; i < n; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
    }
  }
  return ~crc;
}

static void test_layout(void) {
  size_t len;
  unsigned char *file = file_of("abc", 3, 0x01020304, &len);
  if (CHECK_UINT(len, DM_STATE_FILE_HEADER + 3)) {
    static const unsigned char want[20] = {'d', 'a', 't', 'a', 'm', 'a', 'p', '\n', 4, 3,
                                           2,   1,   3,   0,   0,   0,   0,   0,    0, 0};
    CHECK_BYTES(file, 20, want, 20);
    uint32_t crc = naive_crc(file + 24, 3, naive_crc(file, 20, 0));
    uint32_t got = file[20] | (uint32_t)file[21] << 8 | (uint32_t)file[22] << 16 |
                   (uint32_t)file[23] << 24;
    CHECK_UINT(got, crc);
    CHECK_BYTES(file + 24, 3, "abc", 3);
  }
  free(file);
}

static void test_there_and_back(void) {
  static const size_t sizes[] = {0, 1, 1000, (1 << 20) - 1, 1 << 20, (1 << 21) + 7};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    DM_CASE("%zu bytes", sizes[i]);
    char *bytes = malloc(sizes[i] + 1);
    uint64_t seed = i;
    for (size_t k = 0; k < sizes[i]; k++) {
      bytes[k] = (char)naive_below(&seed, 256);
    }
    size_t len;
    unsigned char *file = file_of(bytes, sizes[i], 7, &len);
    dm_buf got = {0};
    uint32_t version = 0;
    dm_error err;
    CHECK_INT(read_bytes(file, len, &version, &got, &err), DM_OK);
    CHECK_UINT(version, 7);
    CHECK(got.len == sizes[i] && (got.len == 0 || !memcmp(got.data, bytes, got.len)));
    dm_buf_release(&got);
    free(file);
    free(bytes);
  }
}

static void check_refused(const void *bytes, size_t len, dm_status want) {
  dm_buf got = {0};
  uint32_t version;
  dm_error err;
  CHECK_INT(read_bytes(bytes, len, &version, &got, &err), want);
  dm_buf_release(&got);
}

static void test_damage(void) {
  char bytes[300];
  memset(bytes, 'x', sizeof bytes);
  size_t len;
  unsigned char *file = file_of(bytes, sizeof bytes, 1, &len);
  for (size_t i = 0; i < len; i++) {
    for (int bit = 0; bit < 8; bit++) {
      DM_CASE("bit %d of byte %zu", bit, i);
      file[i] = (unsigned char)(file[i] ^ 1u << bit);
      check_refused(file, len, i < 8 ? DM_E_SYNTAX : DM_E_IO);
      file[i] = (unsigned char)(file[i] ^ 1u << bit);
    }
  }
  for (size_t cut = 0; cut < len; cut++) {
    DM_CASE("%zu bytes left", cut);
    check_refused(file, cut, cut == 0 ? DM_E_SYNTAX : DM_E_IO);
  }
  DM_CASE("one more");
  unsigned char *longer = malloc(len + 1);
  memcpy(longer, file, len);
  longer[len] = 0;
  check_refused(longer, len + 1, DM_E_IO);
  free(longer);
  DM_CASE("another file");
  check_refused("id\tlabel\n1\t2\n", 13, DM_E_SYNTAX);
  free(file);
}

static void test_gzip(void) {
  size_t len;
  unsigned char *file = file_of("abc", 3, 2, &len);
  size_t gz_len;
  unsigned char *gz = files_gzip(file, len, 6, &gz_len);
  dm_buf got = {0};
  uint32_t version;
  dm_error err;
  CHECK_INT(read_bytes(gz, gz_len, &version, &got, &err), DM_OK);
  CHECK_BYTES(got.data, got.len, "abc", 3);
  dm_buf_release(&got);
  free(gz);
  free(file);
}

static void test_faults(void) {
  dm_error err;
  CHECK_INT(dm_state_file_write(files_path("no/such/folder"), 1, "a", 1, NULL, &err),
            DM_E_IO);
  CHECK(err.sys_errno != 0);
  size_t len;
  unsigned char *file = file_of("abc", 3, 2, &len);
  for (size_t k = 1;; k++) {
    size_t before = fault_live_blocks();
    dm_buf got = {0};
    uint32_t version;
    fault_arm_memory(k, false);
    dm_status status = read_bytes(file, len, &version, &got, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK(status == (has_fired ? DM_E_MEMORY : DM_OK));
    dm_buf_release(&got);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired) {
      break;
    }
  }
  free(file);
}

int main(void) {
  DM_RUN(test_layout);
  DM_RUN(test_there_and_back);
  DM_RUN(test_damage);
  DM_RUN(test_gzip);
  DM_RUN(test_faults);
  CHECK(files_end());
  return dm_test_end();
}
