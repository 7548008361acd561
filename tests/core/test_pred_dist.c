/* dm_pred_dist: the order of labels, and how they are quoted. */
#include "dm_test.h"
#include "summary/dm_pred_dist.h"

static void test_pred_dist(void) {
  static const char *const texts[] = {"b",
                                      "10",
                                      "B",
                                      "it's",
                                      "a\\b",
                                      "-3",
                                      "\xC3\xA9",
                                      "a\tb",
                                      "\x01\n",
                                      "",
                                      "18446744073709551616"};
  enum { TEXTS = sizeof texts / sizeof texts[0] };
  dm_index labels;
  dm_error err;
  uint32_t row;
  double counts[TEXTS + 2];
  dm_index_init(&labels, 7);
  for (size_t i = 0; i < TEXTS; i++) {
    dm_ident ident = dm_ident_from_text(texts[i], strlen(texts[i]));
    CHECK_INT(dm_index_row(&labels, &ident, &row, &err), DM_OK);
    counts[row] = (double)i;
  }
  dm_ident two = dm_ident_from_int(2);
  CHECK_INT(dm_index_row(&labels, &two, &row, &err), DM_OK);
  counts[row] = 0x7FFFFFFF;
  dm_pred_dist dist = {0};
  CHECK_INT(dm_pred_dist_init(&dist, &labels, &err), DM_OK);
  static const char want[] =
      "{'-3': 5, '2': 2147483647, '10': 1, '': 9, '\\x01\\n': 8, "
      "'18446744073709551616': 10, 'B': 2, 'a\\tb': 7, 'a\\\\b': 4, 'b': 0, "
      "'it\\'s': 3, '\xC3\xA9': 6}";
  size_t len = dm_pred_dist_print(&dist, counts);
  CHECK_BYTES(dist.text, len, want, strlen(want));
  memset(counts, 0, sizeof counts);
  CHECK_UINT(dm_pred_dist_print(&dist, counts), 0);
  dm_pred_dist_release(&dist);
  dm_index_release(&labels);

  dm_index none;
  dm_index_init(&none, 7);
  CHECK_INT(dm_pred_dist_init(&dist, &none, &err), DM_OK);
  CHECK_UINT(dm_pred_dist_print(&dist, NULL), 0);
  dm_pred_dist_release(&dist);
  dm_index_release(&none);
}

int main(void) {
  DM_RUN(test_pred_dist);
  return dm_test_end();
}
