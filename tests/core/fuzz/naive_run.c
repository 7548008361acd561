#include "naive_run.h"

#include <math.h>

#include "fuzz.h"
#include "naive.h"

typedef struct sample {
  naive_ident id, label, s_label;
  size_t seen; /* lines, of which n count */
  size_t n;
  size_t cap;
  double *p;
  bool *c;
  double *signals; /* NAIVE_SIGNALS per evaluation, NaN with has = false */
  bool *has_signal;
  bool has_step;
  double step;
  size_t n_classes;
  bool has_label_index;
  double label_index; /* the first of its label */
} sample;

typedef struct summary {
  sample *samples;
  size_t n;
  uint64_t counts[DM_PROBLEM_KINDS];
  dm_counts lines;
  bool has_text_id;
} summary;

static bool is_same(const naive_ident *a, const naive_ident *b) {
  return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static sample *find_sample(summary *s, const naive_ident *id) {
  for (size_t i = 0; i < s->n; i++) {
    if (is_same(&s->samples[i].id, id)) {
      return &s->samples[i];
    }
  }
  s->samples = realloc(s->samples, (s->n + 1) * sizeof *s->samples);
  s->samples[s->n] = (sample){.id = *id};
  return &s->samples[s->n++];
}

static bool is_counted(const sample *a, const naive_line *line,
                       const dm_options *options) {
  double step = line->step_kind != DM_STEP_NONE ? line->step : (double)a->seen;
  if (options->has_step_range &&
      (step < options->first_step || step > options->last_step)) {
    return false;
  }
  return options->burn_out == 0 || a->n < options->burn_out;
}

static void add_line(summary *s, const naive_line *line, const dm_options *options) {
  sample *a = find_sample(s, &line->id);
  s->has_text_id |= line->id.is_string;
  for (unsigned kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    s->counts[kind] += line->problems >> kind & 1;
  }
  bool has_step = line->step_kind != DM_STEP_NONE;
  if (a->seen && (has_step != a->has_step || (has_step && line->step < a->step))) {
    s->counts[DM_PROBLEM_BAD_LINE]++;
    s->lines.bad++;
    return;
  }
  if (a->seen && has_step && line->step == a->step && line->step_kind == DM_STEP_UNIQUE) {
    s->counts[DM_PROBLEM_STEP]++;
  }
  a->has_step = has_step;
  a->step = line->step;
  if (a->seen == 0) {
    a->label = line->label;
  } else if (!is_same(&a->label, &line->label)) {
    s->counts[DM_PROBLEM_LABEL]++;
  }
  if (!a->s_label.is_given) {
    a->s_label = line->s_label;
  } else if (line->s_label.is_given && !is_same(&a->s_label, &line->s_label)) {
    s->counts[DM_PROBLEM_S_LABEL]++;
  }
  if (a->n_classes == 0) {
    a->n_classes = line->n_classes;
  } else if (line->n_classes && line->n_classes != a->n_classes) {
    s->counts[DM_PROBLEM_PROB_COUNT]++;
  }
  if (line->has_label_index && is_same(&a->label, &line->label)) {
    if (!a->has_label_index) {
      a->has_label_index = true;
      a->label_index = line->label_index;
    } else if (a->label_index != line->label_index) {
      s->counts[DM_PROBLEM_LABEL_INDEX]++;
    }
  }
  s->lines.good++;
  bool counts = is_counted(a, line, options);
  a->seen++;
  if (!counts) {
    return;
  }
  if (a->n == a->cap) {
    a->cap = 2 * a->cap + 4;
    a->p = realloc(a->p, a->cap * sizeof *a->p);
    a->c = realloc(a->c, a->cap * sizeof *a->c);
    a->signals = realloc(a->signals, a->cap * NAIVE_SIGNALS * sizeof *a->signals);
    a->has_signal = realloc(a->has_signal, a->cap * NAIVE_SIGNALS);
  }
  a->p[a->n] = line->label_probs;
  a->c[a->n] = line->correct;
  for (size_t k = 0; k < options->n_signals; k++) {
    a->signals[a->n * NAIVE_SIGNALS + k] = line->signals[k];
    a->has_signal[a->n * NAIVE_SIGNALS + k] = line->has_signal[k];
  }
  a->n++;
}

static void add_file(summary *s, const char *bytes, size_t len,
                     const dm_options *options) {
  const char *end = bytes + len;
  if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
    bytes += 3;
  }
  while (bytes < end) {
    const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
    size_t n = (size_t)((newline ? newline : end) - bytes);
    naive_line line = {.statuses = 1 << DM_E_LIMIT};
    if (n <= options->max_line) {
      line = naive_read_line(bytes, n, options->format, options->signals,
                             options->n_signals);
    }
    s->lines.lines++;
    if (line.is_blank) {
      s->lines.blank++;
    } else if (line.statuses == 1 << DM_OK) {
      add_line(s, &line, options);
    } else if (!newline && options->is_cut_allowed &&
               (line.statuses >> DM_E_SYNTAX & 1)) {
      s->lines.cut++; /* unless a field was wrong before */
    } else {
      s->lines.bad++;
      s->counts[DM_PROBLEM_BAD_LINE]++;
    }
    bytes += n + (newline != NULL);
  }
}

/* By value where all are integers. */
static int compare_ids(const void *a, const void *b) {
  const naive_ident *x = &((const sample *)a)->id;
  const naive_ident *y = &((const sample *)b)->id;
  bool is_below = x->text[0] == '-';
  if (is_below != (y->text[0] == '-')) {
    return is_below ? -1 : 1;
  }
  int order =
      x->len != y->len ? (x->len < y->len ? -1 : 1) : memcmp(x->text, y->text, x->len);
  return is_below ? -order : order;
}

static void check_ident(const dm_ident *got, const naive_ident *want) {
  naive_ident zero = {true, false, "0", 1};
  want = want->is_given ? want : &zero;
  char digits[32];
  const char *text = got->text;
  size_t len = got->len;
  if (!text) {
    len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)got->value);
    text = digits;
  }
  FUZZ_CHECK(len == want->len && memcmp(text, want->text, len) == 0);
}

static bool is_near(double a, double b, double scale) {
  return fabs(a - b) <= 1e-9 * (1 + scale);
}

/* Mean, population variance, least, most and last of n values, all finite and none so
   large that a square overflows; false: left unchecked. */
static bool describe(const double *x, size_t n, double *out) {
  double sum = 0;
  out[2] = INFINITY;
  out[3] = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    if (!(fabs(x[i]) < 1e100)) {
      return false;
    }
    sum += x[i];
    out[2] = fmin(out[2], x[i]);
    out[3] = fmax(out[3], x[i]);
  }
  out[0] = sum / (double)n;
  double squares = 0;
  for (size_t i = 0; i < n; i++) {
    squares += (x[i] - out[0]) * (x[i] - out[0]);
  }
  out[1] = squares / (double)n;
  out[4] = x[n - 1];
  return true;
}

/* How far the losses of a sample, the first signal, can be told: derived ones only where
   their probabilities leave digits. */
typedef enum losses { GIVEN, DERIVED, UNCHECKED } losses;

static losses derive_losses(sample *a) {
  losses kind = DERIVED;
  for (size_t t = 0; t < a->n; t++) {
    if (a->has_signal[t * NAIVE_SIGNALS]) {
      return GIVEN;
    }
    kind = a->p[t] > 1e-300 && a->p[t] < 1e100 ? kind : UNCHECKED;
  }
  for (size_t t = 0; t < a->n && kind == DERIVED; t++) {
    a->signals[t * NAIVE_SIGNALS] = -log(a->p[t]);
    a->has_signal[t * NAIVE_SIGNALS] = true;
  }
  return kind;
}

/* Those that need no class vector: they are the last ones, but for pred_dist. */
static void check_metrics(const sample *a, losses kind, const outcome *got, size_t i) {
  double want[3] = {-12345, -12345, -12345};
  for (size_t t = a->n; t-- > 0;) {
    want[0] = a->c[t] ? (double)t : want[0];
  }
  for (size_t t = a->n; t-- > 0 && a->c[t] == a->c[a->n - 1];) {
    want[1] = a->c[t] ? (double)t : want[1];
    want[2] = !a->c[t] && want[0] >= 0 ? (double)t : want[2];
  }
  const double *times = got->metrics + (got->n_metrics - 3) * got->n + i;
  for (size_t k = 0; k < 3; k++) {
    FUZZ_CHECK(times[k * got->n] == want[k]);
  }
  if (got->n_signals == 0 || kind == UNCHECKED) {
    return;
  }
  bool has_loss = false;
  double average = -12345;
  for (size_t t = 0; t < a->n; t++) {
    double loss = a->signals[t * NAIVE_SIGNALS];
    if (a->has_signal[t * NAIVE_SIGNALS]) {
      average = has_loss ? 0.9 * average + 0.1 * loss : loss;
      has_loss = true;
    }
  }
  double other = times[-(ptrdiff_t)got->n];
  FUZZ_CHECK(isfinite(average) ? is_near(other, average, fabs(average))
             : isnan(average)  ? isnan(other)
                               : other == average);
}

static void check_sample(sample *a, const outcome *got, size_t i) {
  check_ident(&got->idents[0][i], &a->id);
  check_ident(&got->idents[1][i], &a->label);
  check_ident(&got->idents[2][i], &a->s_label);
  int32_t want[OUTCOME_COUNTS] = {0};
  for (size_t t = 0; t < a->n; t++) {
    want[0] += a->c[t];
    if (t && a->c[t - 1] && !a->c[t]) {
      want[1]++;
      want[3] = want[3] ? want[3] : (int32_t)t;
    }
    if (t && !a->c[t - 1] && a->c[t]) {
      want[2]++;
      want[4] = want[4] ? want[4] : (int32_t)t;
    }
  }
  want[5] = (int32_t)a->n;
  for (int c = 0; c < OUTCOME_COUNTS; c++) {
    FUZZ_CHECK(got->integers[c][i] == want[c]);
  }
  FUZZ_CHECK(
      fuzz_same_double(got->numbers[0][i], a->n ? (double)want[0] / (double)a->n : -1));
  double d[OUTCOME_STATISTICS];
  if (a->n && describe(a->p, a->n, d)) {
    double scale = fmax(fabs(d[2]), fabs(d[3]));
    FUZZ_CHECK(is_near(got->numbers[1][i], d[0], scale));
    FUZZ_CHECK(is_near(got->numbers[2][i], d[1], scale * scale));
    FUZZ_CHECK(got->numbers[3][i] == d[3] && got->numbers[4][i] == d[2]);
  }
  losses kind = got->n_signals ? derive_losses(a) : GIVEN;
  double *values = fuzz_alloc(a->n * sizeof *values);
  for (size_t s = 0; s < got->n_signals; s++) {
    if (s == 0 && kind == UNCHECKED) {
      continue;
    }
    size_t n = 0;
    for (size_t t = 0; t < a->n; t++) {
      if (a->has_signal[t * NAIVE_SIGNALS + s]) {
        values[n++] = a->signals[t * NAIVE_SIGNALS + s];
      }
    }
    const double *has = got->signals + s * OUTCOME_STATISTICS * got->n + i;
    FUZZ_CHECK(n > 0 || has[0] == -12345.0);
    if (n && describe(values, n, d)) {
      double scale = fmax(fabs(d[2]), fabs(d[3]));
      FUZZ_CHECK(is_near(has[0], d[0], scale));
      FUZZ_CHECK(is_near(has[got->n], d[1], scale * scale));
      bool is_exact = s > 0 || kind == GIVEN;
      for (size_t k = 2; k < 5; k++) {
        FUZZ_CHECK(is_exact ? has[k * got->n] == d[k]
                            : is_near(has[k * got->n], d[k], scale));
      }
    }
  }
  if (got->n_metrics) {
    check_metrics(a, kind, got, i);
  }
  free(values);
}

void naive_run_check(const char *const *bytes, const size_t *len, size_t n_files,
                     const dm_options *options, const outcome *got) {
  summary s = {0};
  for (size_t f = 0; f < n_files; f++) {
    if (len[f] >= 2 && memcmp(bytes[f], "\x1F\x8B", 2) == 0) {
      return; /* gzip by chance */
    }
  }
  for (size_t f = 0; f < n_files; f++) {
    add_file(&s, bytes[f], len[f], options);
  }
  /* a cut line in which a field was wrong before is a bad line */
  uint64_t doubtful = s.lines.cut - got->counts.cut;
  FUZZ_CHECK(doubtful <= n_files);
  FUZZ_CHECK(s.lines.lines == got->counts.lines && s.lines.good == got->counts.good &&
             s.lines.blank == got->counts.blank &&
             s.lines.bad + doubtful == got->counts.bad);
  s.counts[DM_PROBLEM_BAD_LINE] += doubtful;
  for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    FUZZ_CHECK(s.counts[kind] == got->problem_counts[kind]);
  }
  FUZZ_CHECK(s.n == got->n);
  if (!s.has_text_id && s.n) {
    qsort(s.samples, s.n, sizeof *s.samples, compare_ids);
  }
  for (size_t i = 0; i < s.n; i++) {
    check_sample(&s.samples[i], got, i);
    free(s.samples[i].p);
    free(s.samples[i].c);
    free(s.samples[i].signals);
    free(s.samples[i].has_signal);
  }
  free(s.samples);
  naive_forget();
}
