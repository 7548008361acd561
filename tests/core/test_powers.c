/* dm_powers.c: the table by its definition. */
#include "dm_decimals.h"

/* The table by its definition: 128 bits, cut off for q >= 0, rounded up below. */
static void test_powers(void) {
  static nat row, product, limit;
  for (int q = DM_POWER_FIRST; q <= DM_POWER_LAST; q++) {
    const uint64_t *power = dm_powers[q - DM_POWER_FIRST];
    row = (nat){.n = 4,
                .d = {(uint32_t)power[1], (uint32_t)(power[1] >> 32), (uint32_t)power[0],
                      (uint32_t)(power[0] >> 32)}};
    const nat *ten = ten_to(q < 0 ? -q : q);
    int64_t length = 32 * (int64_t)(ten->n - 1);
    for (uint32_t top = ten->d[ten->n - 1]; top; top >>= 1) {
      length++;
    }
    bool is_good = power[0] >> 63 == 1;
    nat one;
    nat_set(&one, 1);
    if (q >= 0) { /* row <= 10^q * 2^(128 - length) < row + 1 */
      limit = *ten;
      if (length < 128) {
        nat_shift(&limit, 128 - length);
      }
      product = row;
      if (length > 128) {
        nat_shift(&product, length - 128);
      }
      is_good = is_good && nat_compare(&product, &limit) <= 0;
      product = row;
      nat_scale(&product, 1, 1);
      if (length > 128) {
        nat_shift(&product, length - 128);
      }
      is_good = is_good && nat_compare(&limit, &product) < 0;
    } else { /* (row - 1) * 10^-q < 2^(127 + length) <= row * 10^-q */
      limit = one;
      nat_shift(&limit, 127 + length);
      nat_multiply(&product, &row, ten);
      is_good = is_good && nat_compare(&limit, &product) <= 0;
      row.d[0]--; /* never borrows here, or the next check fails */
      nat_multiply(&product, &row, ten);
      is_good = is_good && power[1] % (UINT64_C(1) << 32) != 0 &&
                nat_compare(&product, &limit) < 0;
    }
    DM_CASE("10^%d", q);
    CHECK(is_good);
  }
}

int main(void) {
  DM_RUN(test_powers);
  return dm_test_end();
}
