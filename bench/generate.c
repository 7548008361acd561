/* Writes the signals of a made-up training to stdout:

     generate SAMPLES EVALUATIONS [CLASSES [FORM [IDS]]]

   CLASSES: 3. FORM: json (the default), python (printed dicts), rotated (JSON whose keys
   start one further in every line), derived (JSON with probs and nothing that follows
   from them). IDS: integer (the default) or string. The same arguments give the same
   bytes. Samples are easy, ambiguous or hard, some labels are marked as noisy, and each
   evaluation comes in an order of its own. Numbers look as Python prints the doubles of
   32-bit floats. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number/dm_format.h"

enum { N_MEMBERS = 8, CLASSES_MAX = 1000, ROOM = 1 << 20 };

typedef enum form { JSON, PYTHON, ROTATED, DERIVED, N_FORMS } form;
static const char *const form_names[N_FORMS] = {"json", "python", "rotated", "derived"};

typedef enum kind { EASY, AMBIGUOUS, HARD } kind;

typedef struct sample {
  uint16_t label;
  uint8_t kind;
  uint8_t noisy_label;
  float pace;
} sample;

static uint64_t state = 1;

static uint64_t random_bits(void) {
  uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static double random_unit(void) {
  return (double)(random_bits() >> 11) * 0x1p-53;
}

static float random_normal(void) {
  float radius = sqrtf(-2 * logf((float)(1 - random_unit())));
  return radius * cosf(6.2831853F * (float)random_unit());
}

static char *put_text(char *out, const char *text) {
  size_t n = strlen(text);
  memcpy(out, text, n);
  return out + n;
}

/* As repr() does: fixed notation from 1e-4 on, always a point or an exponent. */
static char *put_number(char *out, double value) {
  size_t n = dm_format_double(value, out);
  const char *e = memchr(out, 'e', n);
  if (!e) {
    return memchr(out, '.', n) ? out + n : put_text(out + n, ".0");
  }
  char digits[DM_FORMAT_MAX + 1] = {0};
  memcpy(digits, out, n);
  char *exponent = digits + (e - out);
  *exponent++ = '\0';
  int below = -atoi(exponent);
  if (fabs(value) < 1e-4 || below <= 0) {
    return out + sprintf(out, "%se-%02d", digits, below);
  }
  const char *d = digits;
  if (*d == '-') {
    *out++ = *d++;
  }
  out = put_text(out, "0.");
  for (int i = 1; i < below; i++) {
    *out++ = '0';
  }
  for (; *d; d++) {
    *out = *d;
    out += *d != '.';
  }
  return out;
}

static char *put_integer(char *out, int64_t value) {
  return out + dm_format_int64(value, out);
}

static char *put_key(char *out, char quote, const char *key) {
  *out++ = quote;
  out = put_text(out, key);
  *out++ = quote;
  return put_text(out, ": ");
}

static char *put_id(char *out, char quote, uint32_t i, bool is_string) {
  out = put_key(out, quote, "id");
  return is_string ? out + sprintf(out, "%ctrain-%08u%c", quote, i, quote)
                   : put_integer(out, i);
}

static void guess(const sample *s, double progress, int classes, float *probs,
                  float *loss) {
  float gain = s->kind == EASY        ? 5.5F * (1 - expf((float)-progress * s->pace))
               : s->kind == AMBIGUOUS ? 0.9F * (1 - expf(-0.5F * (float)progress))
                                      : -1.2F * (1 - expf((float)-progress * s->pace));
  gain += (s->kind == EASY ? 0.8F : 1.1F) * random_normal();
  float largest = -INFINITY;
  for (int k = 0; k < classes; k++) {
    probs[k] = 0.45F * random_normal() + (k == s->label ? gain : 0);
    largest = fmaxf(largest, probs[k]);
  }
  *loss = largest - probs[s->label];
  float sum = 0;
  for (int k = 0; k < classes; k++) {
    sum += probs[k] = expf(probs[k] - largest);
  }
  *loss += logf(sum);
  for (int k = 0; k < classes; k++) {
    probs[k] /= sum;
  }
}

int main(int argc, char **argv) {
  uint32_t n = argc > 1 ? (uint32_t)atol(argv[1]) : 0;
  int evaluations = argc > 2 ? atoi(argv[2]) : 0;
  int classes = argc > 3 ? atoi(argv[3]) : 3;
  int as = JSON;
  while (argc > 4 && as < N_FORMS && strcmp(argv[4], form_names[as]) != 0) {
    as++;
  }
  bool is_string = argc > 5 && strcmp(argv[5], "string") == 0;
  if (n < 1 || evaluations < 1 || classes < 2 || classes > CLASSES_MAX || as == N_FORMS) {
    (void)fputs(
        "generate SAMPLES EVALUATIONS [CLASSES [json|python|rotated|derived "
        "[integer|string]]]\n",
        stderr);
    return 2;
  }
  sample *samples = calloc(n, sizeof *samples);
  uint32_t *order = calloc(n, sizeof *order);
  char *room = malloc(ROOM);
  if (!samples || !order || !room) {
    return 1;
  }
  for (uint32_t i = 0; i < n; i++) {
    double u = random_unit();
    sample *s = &samples[i];
    s->label = (uint16_t)(random_bits() % (unsigned)classes);
    s->kind = u < 0.62 ? EASY : u < 0.87 ? AMBIGUOUS : HARD;
    s->noisy_label = random_unit() < (s->kind == HARD ? 0.3 : 0.05);
    s->pace = (float)(0.3 + 1.7 * random_unit());
    order[i] = i;
  }
  const char quote = as == PYTHON ? '\'' : '"';
  char *out = room;
  uint64_t line = 0;
  for (int t = 0; t < evaluations; t++) {
    double progress = (t + 1.0) / (evaluations < 8 ? 1.2 : evaluations / 7.0);
    for (uint32_t i = n - 1; i > 0; i--) {
      uint32_t j = (uint32_t)((random_bits() >> 32) * (i + (uint64_t)1) >> 32);
      uint32_t swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    for (uint32_t k = 0; k < n; k++, line++) {
      const sample *s = &samples[order[k]];
      float probs[CLASSES_MAX];
      float loss;
      guess(s, progress, classes, probs, &loss);
      int predicted = 0;
      for (int c = 1; c < classes; c++) {
        predicted = probs[c] > probs[predicted] ? c : predicted;
      }
      if (out - room > ROOM - 64 * CLASSES_MAX) {
        (void)fwrite(room, 1, (size_t)(out - room), stdout);
        out = room;
      }
      uint64_t first = as == ROTATED ? line : 0;
      char separator = '{';
      for (uint64_t m = first; m < first + N_MEMBERS; m++) {
        uint64_t member = m % N_MEMBERS;
        if (as == DERIVED && member != 0 && member != 1 && member != 5 && member != 6) {
          continue;
        }
        *out++ = separator;
        if (separator == ',') {
          *out++ = ' ';
        }
        separator = ',';
        switch (member) {
          case 0:
            out = put_id(out, quote, order[k], is_string);
            break;
          case 1:
            out = put_integer(put_key(out, quote, "label"), s->label);
            break;
          case 2:
            out = put_integer(put_key(out, quote, "pred_label"), predicted);
            break;
          case 3:
            out = put_integer(put_key(out, quote, "noisy_label"), s->noisy_label);
            break;
          case 4:
            out = put_key(out, quote, "correct");
            *out++ = quote;
            out = put_text(out, predicted == s->label ? "true" : "false");
            *out++ = quote;
            break;
          case 5:
            out = put_number(put_key(out, quote, "loss"), loss);
            break;
          case 6:
            out = put_key(out, quote, "probs");
            for (int c = 0; c < classes; c++) {
              out = put_number(put_text(out, c ? ", " : "["), probs[c]);
            }
            *out++ = ']';
            break;
          default:
            out = put_number(put_key(out, quote, "label_probs"), probs[s->label]);
        }
      }
      out = put_text(out, "}\n");
    }
  }
  (void)fwrite(room, 1, (size_t)(out - room), stdout);
  free(room);
  free(order);
  free(samples);
  return fflush(stdout) ? 1 : 0;
}
