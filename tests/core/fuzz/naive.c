#include "naive.h"

#include <math.h>

#include "fuzz.h"

enum { STATUS_OK = 1 << DM_OK, FIELD = 1 << DM_E_FIELD, RANGE = 1 << DM_E_RANGE };

static bool is_named(const naive_value *key, const char *name) {
  return key->len == strlen(name) && memcmp(key->text, name, key->len) == 0;
}

/* "logits_epoch_" and 1 to 15 digits */
static bool is_epoch_of_logits(const naive_value *key, double *epoch) {
  if (key->len <= 13 || key->len > 28 || memcmp(key->text, "logits_epoch_", 13) != 0) {
    return false;
  }
  *epoch = 0;
  for (size_t i = 13; i < key->len; i++) {
    if (key->text[i] < '0' || key->text[i] > '9') {
      return false;
    }
    *epoch = *epoch * 10 + (key->text[i] - '0');
  }
  return true;
}

/* The only member of that name; NULL if there is none. Two are an error. */
static const naive_value *find(const naive_value *record, const char *name,
                               naive_line *out) {
  const naive_value *found = NULL;
  for (size_t i = 0; i < record->n; i++) {
    double epoch;
    bool is_it = strcmp(name, "logits_epoch_") == 0
                     ? is_epoch_of_logits(&record->keys[i], &epoch)
                     : is_named(&record->keys[i], name);
    if (is_it && found) {
      out->statuses |= FIELD;
    } else if (is_it) {
      found = &record->items[i];
    }
  }
  return found;
}

/* All names of the fields that have several; the first that stands in a line is it. */
static const char *const names_of[][6] = {
    {"id", "guid", "sample_id", "uuid", "idx", NULL},
    {"label", "gold", NULL},
    {"s_label", "noisy_label", NULL},
    {"logits", "logits_epoch_", NULL},
    {"step", "epoch", NULL},
};
enum { ID, LABEL, S_LABEL, LOGITS, STEP, N_NAMED };

static const naive_value *find_field(const naive_value *record, int field,
                                     naive_line *out) {
  const naive_value *first = NULL;
  for (size_t i = 0; names_of[field][i]; i++) {
    const naive_value *found = find(record, names_of[field][i], out);
    first = first ? first : found;
  }
  return first;
}

static naive_ident read_ident(const naive_value *value, bool is_text_allowed,
                              bool is_null_allowed, naive_line *out) {
  naive_ident ident = {0};
  if (!value || (value->type == NAIVE_NULL && is_null_allowed)) {
    return ident;
  }
  ident.is_given = true;
  if (value->type == NAIVE_STRING && is_text_allowed) {
    ident.is_string = true;
    ident.text = value->text;
    ident.len = value->len;
    if (memchr(value->text, '\0', value->len)) {
      out->statuses |= 1 << DM_E_SYNTAX;
    }
  } else if (value->type == NAIVE_NUMBER && value->is_integer) {
    ident.text = strcmp(value->text, "-0") == 0 ? "0" : value->text;
    ident.len = strlen(ident.text);
  } else {
    out->statuses |= FIELD;
  }
  return ident;
}

/* Labels may be written as any number that is whole, true or false as well. */
static naive_ident read_label(const naive_value *value, bool is_null_allowed,
                              naive_line *out) {
  naive_ident ident = {.is_given = true};
  if (value && value->type == NAIVE_BOOL) {
    ident.text = value->is_true ? "1" : "0";
    ident.len = 1;
    return ident;
  }
  if (value && value->type == NAIVE_NUMBER && !value->is_integer &&
      fabs(value->number) <= 9007199254740992.0 &&
      floor(value->number) == value->number) {
    char *digits = naive_alloc(32);
    ident.text = digits;
    ident.len = (size_t)sprintf(digits, "%.0f", value->number == 0 ? 0 : value->number);
    return ident;
  }
  return read_ident(value, true, is_null_allowed, out);
}

static bool is_same_ident(const naive_ident *a, const naive_ident *b) {
  return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* A number, into *to; false where there is none. */
static bool read_number_field(const naive_value *value, double *to, naive_line *out) {
  if (!value || value->type == NAIVE_NULL) {
    return false;
  }
  if (value->type != NAIVE_NUMBER) {
    out->statuses |= FIELD;
  } else if (!value->is_word && !isfinite(value->number)) {
    out->statuses |= RANGE;
  }
  *to = value->number;
  return true;
}

static double *read_numbers_field(const naive_value *value, size_t *n, naive_line *out) {
  *n = 0;
  if (!value || value->type == NAIVE_NULL) {
    return NULL;
  }
  if (value->type != NAIVE_LIST) {
    out->statuses |= FIELD;
    return NULL;
  }
  double *numbers = naive_alloc((value->n + 1) * sizeof *numbers);
  for (size_t i = 0; i < value->n; i++) {
    if (!read_number_field(&value->items[i], &numbers[i], out)) {
      out->statuses |= FIELD;
    }
  }
  *n = value->n;
  return numbers;
}

static bool read_correct_field(const naive_value *value, bool *to, naive_line *out) {
  if (!value || value->type == NAIVE_NULL) {
    return false;
  }
  if (value->type == NAIVE_BOOL) {
    *to = value->is_true;
  } else if (value->type == NAIVE_NUMBER && (value->number == 0 || value->number == 1)) {
    *to = value->number == 1;
  } else if (value->type == NAIVE_STRING &&
             (is_named(value, "true") || is_named(value, "True"))) {
    *to = true;
  } else if (value->type == NAIVE_STRING &&
             (is_named(value, "false") || is_named(value, "False"))) {
    *to = false;
  } else {
    out->statuses |= FIELD;
  }
  return true;
}

static size_t index_of_maximum(const double *x, size_t n) {
  size_t best = 0;
  bool has_number = false;
  for (size_t i = 0; i < n; i++) {
    if (!isnan(x[i]) && (!has_number || x[i] > x[best])) {
      best = i;
      has_number = true;
    }
  }
  return best;
}

/* The place of the label's class; n if there is none. */
static size_t class_of(const naive_line *line, size_t n) {
  const naive_ident *label = &line->label;
  if (line->has_label_index) {
    return line->label_index < (double)n ? (size_t)line->label_index : n;
  }
  if (label->len == 0 || label->len > 9 || (label->text[0] == '0' && label->len > 1) ||
      strspn(label->text, "0123456789") < label->len) {
    return n;
  }
  size_t k = (size_t)strtoul(label->text, NULL, 10);
  return k < n ? k : n;
}

static double softmax(const double *logits, size_t n, size_t best, size_t k) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += exp(logits[i] - logits[best]);
  }
  return exp(logits[k] - logits[best]) / sum;
}

/* A string that is not written as an integer of 64 bits would be. */
static bool is_text_label(const naive_ident *label) {
  if (!label->is_string) {
    return false;
  }
  const char *digits = label->text + (label->len > 0 && label->text[0] == '-');
  size_t n = label->len - (size_t)(digits - label->text);
  bool is_zero = n == 1 && digits[0] == '0';
  if (n == 0 || n > 19 || strspn(digits, "0123456789") < n || label->text[label->len] ||
      (digits[0] == '0' && !(is_zero && digits == label->text))) {
    return true;
  }
  static const char largest[] = "9223372036854775807";
  return n == 19 && memcmp(digits, largest, 19) > 0 &&
         !(digits > label->text && strcmp(digits, "9223372036854775808") == 0);
}

static bool is_outside(double p) {
  return isfinite(p) && (p < -1e-6 || p > 1 + 1e-6);
}

/* A number that stands for others where the line has none of these names. */
static bool read_stand_in(const naive_value *record, const char *name,
                          const char *const *others, double *to, naive_line *out) {
  const naive_value *value = find(record, name, out);
  for (; *others; others++) {
    if (find(record, *others, out)) {
      return false;
    }
  }
  return read_number_field(value, to, out);
}

static void derive(const naive_value *record, naive_line *out) {
  static const char *const others[] = {"margin",        "probs",       "logits",
                                       "logits_epoch_", "label_probs", NULL};
  out->id = read_ident(find_field(record, ID, out), true, false, out);
  out->label = read_label(find_field(record, LABEL, out), false, out);
  out->s_label = read_ident(find_field(record, S_LABEL, out), false, true, out);
  naive_ident pred = read_label(find(record, "pred_label", out), true, out);
  bool has_correct = read_correct_field(find(record, "correct", out), &out->correct, out);
  double unused;
  read_number_field(find(record, "loss", out), &unused, out);
  size_t n_probs, n_logits;
  double *probs = read_numbers_field(find(record, "probs", out), &n_probs, out);
  double *logits = read_numbers_field(find_field(record, LOGITS, out), &n_logits, out);
  bool has_label_probs =
      read_number_field(find(record, "label_probs", out), &out->label_probs, out);
  double pair[2] = {0, 0};
  double sum_logp = 0;
  double n_tok = 0;
  bool has_margin = read_stand_in(record, "margin", others + 1, &pair[0], out);
  bool has_sum = read_stand_in(record, "sum_logp", others, &sum_logp, out);
  bool has_n_tok = read_stand_in(record, "n_tok", others, &n_tok, out);
  const naive_value *index = find(record, "label_index", out);
  if (index && index->type != NAIVE_NULL) {
    out->has_label_index = true;
    out->label_index = index->number;
    if (index->type != NAIVE_NUMBER || floor(index->number) != index->number ||
        fabs(index->number) > 9007199254740992.0) {
      out->statuses |= FIELD;
    }
  }
  if (read_number_field(find_field(record, STEP, out), &out->step, out)) {
    out->step_kind = find(record, "step", out) ? DM_STEP_UNIQUE : DM_STEP_EPOCH;
    if (!isfinite(out->step)) {
      out->statuses |= RANGE;
    }
  } else if (find(record, "logits_epoch_", out) && !find(record, "logits", out)) {
    for (size_t i = 0; i < record->n; i++) {
      if (is_epoch_of_logits(&record->keys[i], &out->step)) {
        out->step_kind = DM_STEP_UNIQUE;
      }
    }
  }
  if (has_margin) {
    logits = pair;
    n_logits = 2;
    if (!find_field(record, LABEL, out)) {
      out->label = (naive_ident){.is_given = true, .text = "0", .len = 1};
    }
  }
  if (has_sum && !has_n_tok) {
    out->statuses |= FIELD;
  } else if (has_sum &&
             !(n_tok >= 1 && n_tok <= 9007199254740992.0 && floor(n_tok) == n_tok)) {
    out->statuses |= RANGE;
  } else if (has_sum) {
    has_label_probs = true;
    out->label_probs = exp(sum_logp / n_tok);
  }
  if (!out->id.is_given || !out->label.is_given) {
    out->statuses |= FIELD;
  }
  if (out->statuses) {
    return;
  }

  const double *scores = probs ? probs : logits;
  size_t n = probs ? n_probs : n_logits;
  if ((probs && n_probs < 2) || (logits && n_logits < 2)) {
    out->statuses |= FIELD;
    return;
  }
  if (out->has_label_index &&
      (out->label_index < 0 || out->label_index >= (scores ? (double)n : 2147483392.0))) {
    out->statuses |= RANGE;
    return;
  }
  size_t best = scores ? index_of_maximum(scores, n) : 0;
  bool has_nan = false;
  for (size_t i = 0; i < n; i++) {
    has_nan |= isnan(scores[i]) != 0;
  }
  size_t k = class_of(out, n);
  out->n_classes = n;
  bool is_derived = !has_correct && !pred.is_given;
  if (!has_correct && pred.is_given) {
    out->correct = is_same_ident(&pred, &out->label);
  } else if (is_derived &&
             (!scores || (is_text_label(&out->label) && !out->has_label_index))) {
    out->statuses |= FIELD;
    return;
  } else if (is_derived) {
    out->correct = !has_nan && k == best;
  }
  if (!has_label_probs && (!scores || k == n)) {
    out->statuses |= scores && !is_text_label(&out->label) ? RANGE : FIELD;
    return;
  }
  if (!has_label_probs && probs) {
    out->label_probs = probs[k];
  } else if (!has_label_probs) {
    out->label_probs = softmax(logits, n, best, k);
  }
  out->statuses = STATUS_OK;

  if (!isfinite(out->label_probs)) {
    out->problems |= 1u << DM_PROBLEM_NOT_FINITE;
  }
  bool has_outside = has_label_probs && is_outside(out->label_probs);
  double sum = 0;
  for (size_t i = 0; i < n_probs; i++) {
    sum += probs[i];
    has_outside |= is_outside(probs[i]);
  }
  if (has_outside) {
    out->problems |= 1u << DM_PROBLEM_PROB_RANGE;
  }
  if (is_derived && has_nan) {
    out->problems |= 1u << DM_PROBLEM_NAN_CLASS;
  } else if (probs && !(fabs(sum - 1) <= 1e-3)) {
    out->problems |= 1u << DM_PROBLEM_PROB_SUM;
  }
  if (has_label_probs && k < n) {
    double p = probs ? probs[k] : softmax(logits, n, best, k);
    if (isfinite(p) && isfinite(out->label_probs) && fabs(p - out->label_probs) > 1e-6) {
      out->problems |= 1u << DM_PROBLEM_LABEL_PROBS;
    }
  }
  if (has_correct) {
    bool is_right = out->correct;
    if (pred.is_given) {
      is_right = is_same_ident(&pred, &out->label);
    } else if (k < n && !has_nan) {
      size_t n_best = 0;
      for (size_t i = 0; i < n; i++) {
        n_best += scores[i] == scores[best];
      }
      bool is_best = scores[k] == scores[best];
      is_right = is_best && n_best > 1 ? out->correct : is_best;
    }
    if (is_right != out->correct) {
      out->problems |= 1u << DM_PROBLEM_CORRECT;
    }
  }
}

/* A requested signal is a user's key, or another name of a field beside one that comes
   before it, or loss. */
static void read_signals(const naive_value *record, const char *const *signals,
                         size_t n_signals, naive_line *out) {
  static const char *const fields[] = {
      "id",    "label",      "s_label",     "step",        "logits", "correct",
      "probs", "pred_label", "label_probs", "label_index", NULL};
  for (size_t s = 0; s < n_signals; s++) {
    bool is_field = false;
    for (size_t i = 0; fields[i]; i++) {
      is_field |= strcmp(signals[s], fields[i]) == 0;
    }
    for (int field = 0; field < N_NAMED; field++) {
      const naive_value *before = NULL;
      for (size_t i = 0; names_of[field][i]; i++) {
        is_field |= strcmp(signals[s], names_of[field][i]) == 0 && !before;
        before = before ? before : find(record, names_of[field][i], out);
      }
    }
    if (!is_field) {
      out->has_signal[s] =
          read_number_field(find(record, signals[s], out), &out->signals[s], out);
    }
  }
}

naive_line naive_read_line(const char *line, size_t len, dm_format format,
                           const char *const *signals, size_t n_signals) {
  naive_record record = naive_read_record(line, len, format);
  naive_line out = {.is_blank = record.is_blank, .is_python = record.is_python};
  if (record.is_blank) {
    return out;
  }
  if (record.status) { /* within an object, a field may have been wrong before that */
    out.statuses = 1u << record.status | (record.is_object ? FIELD | RANGE : 0u);
    return out;
  }
  out.is_syntax_right = true;
  read_signals(&record.value, signals, n_signals, &out);
  derive(&record.value, &out);
  if (out.statuses & (FIELD | RANGE)) {
    out.statuses &= ~(unsigned)STATUS_OK;
  }
  return out;
}
