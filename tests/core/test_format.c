/* dm_format.c: texts that Python's repr() gives, and properties over random doubles. */
#include <math.h>

#include "dm_test.h"
#include "number/dm_format.h"
#include "number/dm_number.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state * 2685821657736338717u;
}

static void check_text(double value, const char *want) {
  char out[DM_FORMAT_MAX];
  size_t n = dm_format_double(value, out);
  CHECK_BYTES(out, n, want, strlen(want));
}

/* The digits were made by Python's repr(), which knows the shortest by another
   algorithm. */
static void test_known(void) {
  static const struct {
    uint64_t bits;
    const char *want;
  } cases[] = {
      {0x3fb999999999999au, "0.1"},
      {0x3fc999999999999au, "0.2"},
      {0x3fd3333333333333u, "0.3"},
      {0x3fd3333333333334u, "0.30000000000000004"},
      {0x3ff0000000000000u, "1"},
      {0x4024000000000000u, "10"},
      {0x4059000000000000u, "100"},
      {0x408f400000000000u, "1e3"},
      {0x40fe240000000000u, "123456"},
      {0x40f86a0000000000u, "1e5"},
      {0x444b1ae4d6e2ef50u, "1e21"},
      {0x4480f0cf064dd592u, "1e22"},
      {0x44b52d02c7e14af6u, "1e23"},
      {0x433fffffffffffffu, "9007199254740991"},
      {0x4340000000000000u, "9007199254740992"},
      {0x4340000000000001u, "9007199254740994"},
      {0x0000000000000001u, "5e-324"},
      {0x0000000000000002u, "1e-323"},
      {0x000fffffffffffffu, "2.225073858507201e-308"},
      {0x0010000000000000u, "2.2250738585072014e-308"},
      {0x7fefffffffffffffu, "1.7976931348623157e308"},
      {0x7feffffffffffffeu, "1.7976931348623155e308"},
      {0x3f847ae147ae147bu, "0.01"},
      {0x3f50624dd2f1a9fcu, "1e-3"},
      {0x3f1a36e2eb1c432du, "1e-4"},
      {0x3f5426fe718a86d7u, "0.00123"},
      {0x3f889374bc6a7efau, "0.012"},
      {0x3ff8000000000000u, "1.5"},
      {0x3ee4f8b588e368f1u, "1e-5"},
      {0x3e80c6f7a0b5ed8du, "1.25e-7"},
      {0x405edd2f1a9fbe77u, "123.456"},
      {0x3fe0000000000000u, "0.5"},
      {0x3fd0000000000000u, "0.25"},
      {0x3fec000000000000u, "0.875"},
      {0x3feafc067bcf236au, "0.8432648103854323"},
      {0x3f97ad08aa48a39eu, "0.023121009248061257"},
      {0x3fe5555555555555u, "0.6666666666666666"},
      {0x3fd5555555555555u, "0.3333333333333333"},
      {0x3d30000000000000u, "5.684341886080802e-14"},
      {0x0008000000000000u, "1.1125369292536007e-308"},
      {0x43e0000000000000u, "9223372036854776000"},
      {0x43f0000000000000u, "18446744073709552000"},
      {0x43b0000000000000u, "1152921504606847000"},
      {0x4580000000000000u, "6.189700196426902e26"},
      {0x3e70000000000000u, "5.960464477539063e-8"},
      {0x4630000000000000u, "1.2676506002282294e30"},
      {0x4790000000000000u, "5.316911983139664e36"},
      {0x7fe0000000000000u, "8.98846567431158e307"},
      {0x3eb0000000000000u, "9.5367431640625e-7"},
      {0x4452436d3d06fd1au, "1.3476e21"},
      {0x39b279a9c8073d8bu, "9.109e-31"},
      {0x4011666666666666u, "4.35"},
      {0x4011666666666665u, "4.349999999999999"},
      {0x0000000000000003u, "1.5e-323"},
      {0x0000000008000000u, "6.63123685e-316"},
      {0x447c7e83209e90b2u, "8.41e21"},
      {0x3eaedebd6525c993u, "9.2e-7"},
      {0x001fffffffffffffu, "4.4501477170144023e-308"},
      {0x41b1de784a000000u, "299792458"},
      {0x44dfe185ca57c517u, "6.02214076e23"},
      {0x2b2bff2ee48e0530u, "1e-100"},
      {0x54b249ad2594c37du, "1e100"},
      {0x3ff3c0ca428c59fbu, "1.2345678901234567"},
      {0x41678c29dccccccdu, "12345678.9"},
      {0x00005c0ab9347ed7u, "5e-310"},
      {0x7deb67769db917d9u, "3.5844466002796428e298"},
      {0x43f2250fa08398d4u, "20919495182368195000"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].want);
    check_text(dm_double_from_bits(cases[i].bits), cases[i].want);
    char negative[DM_FORMAT_MAX + 1];
    snprintf(negative, sizeof negative, "-%s", cases[i].want);
    check_text(-dm_double_from_bits(cases[i].bits), negative);
  }
}

static void test_special(void) {
  check_text(0, "0");
  check_text(dm_double_from_bits((uint64_t)1 << 63), "-0");
  check_text(dm_double_from_bits(0x7FF0000000000000u), "Inf");
  check_text(dm_double_from_bits(0xFFF0000000000000u), "-Inf");
  check_text(dm_double_from_bits(0x7FF8000000000000u), "NaN");
  check_text(dm_double_from_bits(0xFFF80000000007A2u), "NaN");
  check_text(dm_double_from_bits(0x7FF0000000000001u), "NaN");
}

static void test_integers(void) {
  static const struct {
    int64_t value;
    const char *want;
  } cases[] = {
      {0, "0"},
      {7, "7"},
      {-7, "-7"},
      {10, "10"},
      {99, "99"},
      {100, "100"},
      {-12345, "-12345"},
      {1000000, "1000000"},
      {INT32_MAX, "2147483647"},
      {INT32_MIN, "-2147483648"},
      {4734364254410, "4734364254410"},
      {INT64_MAX, "9223372036854775807"},
      {INT64_MIN, "-9223372036854775808"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[DM_FORMAT_MAX];
    size_t n = dm_format_int64(cases[i].value, out);
    CHECK_BYTES(out, n, cases[i].want, strlen(cases[i].want));
  }
}

/* The significant digits of a number's text, without zeros at either end. */
static int take_digits(const char *text, char *digits) {
  int n = 0;
  for (; *text && *text != 'e'; text++) {
    if (dm_is_digit(*text) && (n > 0 || *text != '0')) {
      digits[n++] = *text;
    }
  }
  while (n > 0 && digits[n - 1] == '0') {
    n--;
  }
  digits[n] = '\0';
  return n;
}

/* Reads back to the same bits, and the C library finds no shorter decimal nor a nearer
   one as short. */
static bool is_shortest(double value) {
  char out[DM_FORMAT_MAX + DM_NUMBER_PAD];
  size_t len = dm_format_double(value, out);
  memset(out + len, 0, sizeof out - len);
  double read;
  const char *end = dm_number(out, &read);
  if (end != out + len || dm_double_bits(read) != dm_double_bits(value)) {
    FAIL("%.17g became %s", value, out);
    return false;
  }
  char digits[DM_FORMAT_MAX], nearest_digits[64], nearest[64];
  int n = take_digits(out, digits);
  int unused;
  if (frexp(value, &unused) == 0.5) {
    return n <= 17; /* the interval is lopsided: the nearest may lie outside of it */
  }
  if (n > 1) {
    snprintf(nearest, sizeof nearest, "%.*e", n - 2, value);
    if (strtod(nearest, NULL) == value) {
      FAIL("%s is shorter than %s", nearest, out);
      return false;
    }
  }
  snprintf(nearest, sizeof nearest, "%.*e", n - 1, value);
  take_digits(nearest, nearest_digits);
  if (strtod(nearest, NULL) != value || strcmp(digits, nearest_digits) != 0) {
    FAIL("%s is nearer than %s", nearest, out);
    return false;
  }
  return true;
}

static void test_random(void) {
#ifdef _WIN32
  DM_LEAVE_OUT("needs a strtod() that rounds right");
  return;
#endif
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    uint64_t bits = random_bits() & (UINT64_MAX >> 1);
    double values[] = {
        dm_double_from_bits(bits),
        dm_double_from_bits(bits >> 12 >> bits % 52), /* subnormal */
        (double)(bits >> 10) / 9007199254740992.0,
        (double)(bits % 100000) / 1000.0,
    };
    for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
      if (isfinite(values[j]) && values[j] > 0 && !CHECK(is_shortest(values[j]))) {
        return;
      }
    }
  }
}

static void test_around_powers_of_two(void) {
#ifdef _WIN32
  DM_LEAVE_OUT("needs a strtod() that rounds right");
  return;
#endif
  for (uint64_t biased = 0; biased < 2047; biased += dm_test_step()) {
    for (int step = -2; step <= 2; step++) {
      uint64_t bits = (biased << 52) + (uint64_t)(int64_t)step;
      double value = dm_double_from_bits(bits);
      if (isfinite(value) && value > 0 && !CHECK(is_shortest(value))) {
        return;
      }
    }
  }
}

static void test_powers_of_ten(void) {
  for (int power = -323; power <= 308; power++) {
    char text[DM_FORMAT_MAX];
    snprintf(text, sizeof text, "1e%d", power);
    double value = strtod(text, NULL);
    if (power >= -2 && power <= 2) {
      continue; /* as short in fixed notation */
    }
    check_text(value, text);
  }
}

int main(void) {
  DM_RUN(test_known);
  DM_RUN(test_special);
  DM_RUN(test_integers);
  DM_RUN(test_random);
  DM_RUN(test_around_powers_of_two);
  DM_RUN(test_powers_of_ten);
  return dm_test_end();
}
