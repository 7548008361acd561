/* Turns lines into fields and hands those on as events. Keys are predicted: the bytes
   between two values are usually those that stood there when the last key was met before,
   so one comparison stands for comma, key and colon. Where it fails, the key is read in
   full. No byte of a line goes unchecked either way. */
#include "dm_parse.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dm_metric.h"
#include "dm_number.h"
#include "dm_text.h"

/* Keys of the fields. The first five have a second name each, in the same order. */
typedef enum key_id {
  KEY_ID,
  KEY_LABEL,
  KEY_S_LABEL,
  KEY_STEP,
  KEY_LOGITS,
  KEY_PRED_LABEL,
  KEY_CORRECT,
  KEY_LOSS,
  KEY_PROBS,
  KEY_LABEL_PROBS,
  KEY_GUID,
  KEY_GOLD,
  KEY_NOISY_LABEL,
  KEY_EPOCH,
  KEY_LOGITS_EPOCH,
  N_KEYS,
  KEY_OTHER = N_KEYS,
  KEY_SIGNAL /* and above: requested user signals */
} key_id;

#define N_SECOND_NAMES 5
#define FIRST_SECOND_NAME KEY_GUID

static const struct {
  const char *name;
  size_t len;
} key_names[N_KEYS] = {
    {"id", 2},           {"label", 5},        {"s_label", 7},        {"step", 4},
    {"logits", 6},       {"pred_label", 10},  {"correct", 7},        {"loss", 4},
    {"probs", 5},        {"label_probs", 11}, {"guid", 4},           {"gold", 4},
    {"noisy_label", 11}, {"epoch", 5},        {"logits_epoch_", 13},
};

/* Forms that nearly all values of a field have, and that take little to read. */
typedef enum usual_form {
  USUAL_NONE,
  USUAL_INTEGER, /* the value of an ident */
  USUAL_SKIPPED, /* a number that nobody asks for */
  USUAL_CORRECT,
  USUAL_LABEL_PROBS
} usual_form;

/* The bytes from behind one value to the start of the next, as the last line had them, in
   words whose bytes behind the end are masked out. And what the value is. */
enum { SLOT_WORDS = 5, SLOT_BYTES = 8 * SLOT_WORDS, SLOTS_MAX = 32 };

typedef struct slot {
  uint64_t words[SLOT_WORDS];
  uint64_t masks[SLOT_WORDS];
  size_t len;
  int key;
  usual_form usual;
  struct slot *next;    /* what came behind it last; never NULL */
  size_t ident;         /* USUAL_INTEGER: offset of the dm_ident in dm_fields */
  uint32_t bit;         /* of the key in dm_parser.seen */
  uint32_t unless_bits; /* if one of them is seen, the value is not the usual one */
} slot;

typedef enum ident_use {
  USE_ID,
  USE_LABEL,
  USE_PRED_LABEL,
  USE_S_LABEL,
  N_USES
} ident_use;

struct dm_parser {
  const dm_options *options;
  dm_keep keep;
  int signal_of_key[N_KEYS]; /* index + 1 of the requested signal with a key's name */
  bool has_signal_second_name;

  slot slots[SLOTS_MAX]; /* the first one stands for the start of a line */
  size_t n_slots;
  size_t next_slot;    /* to be used anew when there are no more */
  bool is_slot_python; /* the dialect of the lines that the slots were learnt from */

  /* the line at hand */
  dm_fields fields;
  uint32_t seen;         /* bit per key_id */
  uint64_t signals_seen; /* bit per requested signal */
  uint32_t failed;       /* bit per second name: not of the field's type */
  const char *second_at[N_SECOND_NAMES];
  dm_error second_error[N_SECOND_NAMES];
  double epoch_of_logits;
  double signals[DM_SIGNALS_MAX];
  double *probs;
  size_t cap_probs;
  const char *rough_at; /* the list of probs that was only read roughly; NULL: none */
  uint32_t *rough;      /* its elements, cut off to 1e-8, in units of that */
  size_t n_rough;
  size_t cap_rough;
  double *logits;
  size_t cap_logits;
  dm_buf decoded[N_USES]; /* strings with escapes, decoded */
  dm_buf key;
};

static dm_status parse_line(dm_parser *parser, dm_cursor *c, bool *is_blank,
                            dm_error *err);
static dm_status open_record(dm_parser *parser, dm_cursor *c, dm_error *err);
static dm_status close_record(dm_cursor *c, dm_error *err);
static dm_status finish_fields(dm_parser *parser, dm_cursor *c, dm_error *err);
static void forget_slots(dm_parser *parser);
static slot *predict_slot(const slot *before, const char *p);
static slot *learn_slot(dm_parser *parser, slot *before, const char *from, const char *to,
                        int key);
static void learn_usual(const dm_parser *parser, slot *s);
DM_INLINE const char *read_usual(dm_parser *parser, const char *p, const slot *s);
static dm_status read_key(dm_parser *parser, dm_cursor *c, int *key, dm_error *err);
static dm_status read_member(dm_parser *parser, dm_cursor *c, int key, dm_error *err);
static dm_status read_field(dm_parser *parser, dm_cursor *c, key_id key, dm_error *err);
static dm_status read_second_name(dm_parser *parser, dm_cursor *c, int key,
                                  dm_error *err);
static dm_status read_ident(dm_parser *parser, dm_cursor *c, ident_use use, dm_ident *out,
                            dm_error *err);
static dm_status read_number(dm_cursor *c, double *out, bool *is_null, dm_error *err);
static dm_status read_numbers(dm_cursor *c, double **array, size_t *cap, size_t *n,
                              bool *is_null, dm_error *err);
static dm_status read_probs(dm_parser *parser, dm_cursor *c, dm_error *err);
static dm_status read_probs_roughly(dm_parser *parser, dm_cursor *c, bool *is_done,
                                    dm_error *err);
static bool are_rough_probs_fine(const dm_parser *parser);
static dm_status read_correct(dm_parser *parser, dm_cursor *c, dm_error *err);
static dm_status read_signal(dm_parser *parser, dm_cursor *c, size_t i, dm_error *err);
static key_id find_key(const char *name, size_t len);
static dm_status bad_line(const dm_parser *parser, dm_batch *batch, dm_error *found,
                          dm_error *err);
static void set_error_key(dm_error *err, const char *member, bool is_python);

/* --- life --- */

dm_status dm_parser_new(dm_parser **out, const dm_options *options, dm_error *err) {
  dm_parser *parser = dm_calloc(1, sizeof *parser);
  *out = parser;
  if (!parser) {
    return dm_error_memory(err);
  }
  parser->options = options;
  parser->keep = dm_metric_keep(options->n_signals, options->metrics);
  parser->fields.signals = parser->signals;
  forget_slots(parser);
  for (size_t i = 0; i < options->n_signals; i++) {
    key_id key = find_key(options->signals[i], strlen(options->signals[i]));
    if (key != KEY_OTHER) {
      parser->signal_of_key[key] = (int)i + 1;
      parser->has_signal_second_name |= key >= FIRST_SECOND_NAME;
    }
  }
  return DM_OK;
}

void dm_parser_free(dm_parser *parser) {
  if (!parser) {
    return;
  }
  dm_free(parser->probs);
  dm_free(parser->rough);
  dm_free(parser->logits);
  for (int i = 0; i < N_USES; i++) {
    dm_buf_release(&parser->decoded[i]);
  }
  dm_buf_release(&parser->key);
  dm_free(parser);
}

/* --- blocks and lines --- */

dm_status dm_parse_block(dm_parser *parser, const dm_block *block, dm_batch *batch,
                         dm_error *err) {
  const dm_options *options = parser->options;
  dm_batch_reset(batch, &parser->keep);
  batch->data = block->data;
  const char *end = block->data + block->len;
  bool may_be_long = block->len > options->max_line;
  for (const char *line = block->data; line < end; batch->n_lines++) {
    dm_cursor c = {.p = line, .line = line};
    dm_error found;
    bool is_blank = false;
    dm_status status = DM_OK;
    if (DM_UNLIKELY(may_be_long)) {
      const char *newline = memchr(line, '\n', (size_t)(end - line));
      if ((size_t)(newline - line) > options->max_line) {
        status = dm_error_expected(&found, DM_E_LIMIT, "a line of at most %llu bytes",
                                   (unsigned long long)options->max_line);
        dm_error_found(&found, "a longer one");
        dm_error_advice(&found, "%s",
                        memchr(line, '\r', options->max_line + 1)
                            ? "its only line ends are carriage returns: convert them"
                            : "raise max_line if that is a record");
      }
    }
    if (!status) {
      status = parse_line(parser, &c, &is_blank, &found);
    }
    if (!status && is_blank) {
      batch->n_blank++;
    } else if (!status) {
      status = dm_event_add(batch, &parser->fields, (uint32_t)batch->n_lines,
                            (uint32_t)(line - block->data), line, &found);
    }
    if (DM_LIKELY(!status)) {
      line = c.p + 1;
      continue;
    }
    if (status == DM_E_MEMORY) {
      *err = found;
      return status;
    }
    const char *next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
    if (status == DM_E_SYNTAX && next == end && block->is_last_line_open &&
        options->is_cut_allowed) {
      batch->n_cut++;
    } else {
      found.line = batch->n_lines;
      found.byte += (uint64_t)(line - block->data);
      if (found.column == 0 && !found.key[0]) {
        found.column = 1;             /* of the whole line */
      } else if (found.column == 0) { /* of a field that the line may not have */
        dm_span value;
        found.column = 1;
        if (dm_line_find(line, found.key, &value, &found.column)) {
          found.byte += (uint64_t)(value.start - line);
        }
      }
      DM_TRY(bad_line(parser, batch, &found, err));
      if (batch->has_error) {
        return DM_OK;
      }
    }
    line = next;
  }
  return DM_OK;
}

static dm_status bad_line(const dm_parser *parser, dm_batch *batch, dm_error *found,
                          dm_error *err) {
  if (!parser->options->is_skipping) {
    batch->has_error = true;
    batch->error = *found;
    return DM_OK;
  }
  batch->n_bad++;
  dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, found);
  return dm_problems_add(&batch->problems, &problem, err);
}

/* Makes every field absent; what an absent one would hold is left as it is, since
   clearing it all takes longer than reading a field. */
static inline void reset_fields(dm_fields *f) {
  f->id.kind = f->label.kind = f->pred_label.kind = f->s_label.kind = DM_IDENT_NONE;
  f->has_correct = f->has_label_probs = false;
  f->step_kind = DM_STEP_NONE;
  f->probs = f->logits = NULL;
  f->n_classes = 0;
}

static dm_status parse_line(dm_parser *parser, dm_cursor *c, bool *is_blank,
                            dm_error *err) {
  reset_fields(&parser->fields);
  parser->seen = 0;
  parser->signals_seen = 0;
  parser->failed = 0;
  parser->rough_at = NULL;
  for (size_t i = 0; i < parser->options->n_signals; i++) {
    parser->signals[i] = dm_double_from_bits(DM_ABSENT_BITS);
  }
  const char *member = c->p; /* from behind the last value */
  const char *p = NULL;      /* where the value starts, or a bit before */
  int key = 0;               /* of what was not predicted */
  slot *at = parser->slots;  /* the one whose value is read, as far as it is known */
  slot *predicted = predict_slot(at, member);
  if (predicted) {
    p = member + predicted->len;
    at = predicted;
    c->is_python = parser->is_slot_python;
  } else {
    dm_token_space(c);
    if (*c->p == '\n') {
      *is_blank = true;
      return DM_OK;
    }
    DM_TRY(open_record(parser, c, err));
    if (*c->p == '}') {
      c->p++;
      DM_TRY(close_record(c, err));
      return finish_fields(parser, c, err);
    }
    if (c->is_python != parser->is_slot_python) { /* has other rules for keys */
      forget_slots(parser);
      parser->is_slot_python = c->is_python;
    }
    DM_TRY(read_key(parser, c, &key, err));
    at = learn_slot(parser, at, member, c->p, key);
    p = c->p;
  }
  for (;;) {
    const char *end = predicted ? read_usual(parser, p, predicted) : NULL;
    if (!end) {
      c->p = p;
      dm_token_space(c);
      dm_status status = read_member(parser, c, predicted ? predicted->key : key, err);
      if (DM_UNLIKELY(status)) {
        set_error_key(err, member, c->is_python);
        return status;
      }
      end = c->p;
    }
    member = end;
    predicted = predict_slot(at, member);
    if (DM_LIKELY(predicted != NULL)) {
      p = member + predicted->len;
      at = predicted;
      continue;
    }
    c->p = member;
    dm_token_space(c);
    if (*c->p == ',') {
      c->p++;
      dm_token_space(c);
      if (*c->p != '}' || !c->is_python) {
        DM_TRY(read_key(parser, c, &key, err));
        at = learn_slot(parser, at, member, c->p, key);
        p = c->p;
        continue;
      }
    }
    if (*c->p != '}') {
      return dm_token_error(c, c->p, DM_E_SYNTAX, err, "',' or '}'");
    }
    c->p++;
    break;
  }
  if (DM_UNLIKELY(*c->p != '\n')) {
    DM_TRY(close_record(c, err));
  }
  return finish_fields(parser, c, err);
}

/* Passes the bracket and decides the dialect by the quote behind it. */
static dm_status open_record(dm_parser *parser, dm_cursor *c, dm_error *err) {
  if (*c->p != '{') {
    dm_token_error(c, c->p, DM_E_SYNTAX, err, "a record that starts with '{'");
    if (*c->p == '[') {
      dm_error_advice(err, "write one record per line instead of one array");
    } else if (*c->p == '#' || *c->p == '/') {
      dm_error_advice(err, "signal files have no comments");
    }
    return DM_E_SYNTAX;
  }
  c->p++;
  dm_token_space(c);
  dm_format format = parser->options->format;
  c->is_python =
      format == DM_FORMAT_PYTHON || (format == DM_FORMAT_AUTO && *c->p == '\'');
  return DM_OK;
}

static dm_status close_record(dm_cursor *c, dm_error *err) {
  const char *end = c->p;
  dm_token_space(c);
  if (*c->p == '\n') {
    return DM_OK;
  }
  bool is_record = *c->p == '{';
  dm_token_error(c, c->p, DM_E_SYNTAX, err, "the end of the line");
  if (is_record && memchr(end, '\r', (size_t)(c->p - end))) {
    dm_error_advice(err, "its only line ends are carriage returns: convert them");
  } else if (is_record) {
    dm_error_advice(err, "write one record per line");
  }
  return DM_E_SYNTAX;
}

/* What is known only when the whole line has been read. */
static dm_status finish_fields(dm_parser *parser, dm_cursor *c, dm_error *err) {
  uint32_t seen = parser->seen;
  if (DM_UNLIKELY(parser->failed != 0)) {
    for (int i = 0; i < N_SECOND_NAMES; i++) {
      if ((parser->failed >> i & 1) && !(seen >> i & 1)) {
        *err = parser->second_error[i];
        return err->status;
      }
    }
  }
  bool is_epoch_of_logits = (seen >> KEY_LOGITS_EPOCH & 1) && !(seen >> KEY_LOGITS & 1);
  if (is_epoch_of_logits && parser->fields.step_kind == DM_STEP_NONE) {
    parser->fields.step_kind = DM_STEP_UNIQUE;
    parser->fields.step = parser->epoch_of_logits;
  }
  if (parser->rough_at) {
    if (DM_LIKELY(are_rough_probs_fine(parser))) {
      parser->fields.n_classes = parser->n_rough;
    } else {
      dm_cursor probs = {
          .p = parser->rough_at, .line = c->line, .is_python = c->is_python};
      DM_TRY(read_probs(parser, &probs, err));
    }
  }
  if (DM_UNLIKELY(parser->has_signal_second_name)) {
    const char *end = c->p;
    for (int i = 0; i < N_SECOND_NAMES; i++) {
      int signal = parser->signal_of_key[FIRST_SECOND_NAME + i];
      if (signal && (seen >> i & 1) && (seen >> (FIRST_SECOND_NAME + i) & 1)) {
        c->p = parser->second_at[i];
        dm_status status = read_signal(parser, c, (size_t)signal - 1, err);
        if (status) {
          dm_error_key(err, key_names[FIRST_SECOND_NAME + i].name,
                       key_names[FIRST_SECOND_NAME + i].len);
          return status;
        }
      }
    }
    c->p = end;
  }
  return DM_OK;
}

/* --- keys --- */

static inline uint64_t compare_word(const slot *s, const char *p, int w) {
  return (dm_load8(p + 8 * w) ^ s->words[w]) & s->masks[w];
}

/* The slot that came behind this one last, if its bytes stand here; NULL if not. */
static inline slot *predict_slot(const slot *before, const char *p) {
  slot *s = before->next;
  uint64_t different = compare_word(s, p, 0) | compare_word(s, p, 1);
  if (s->len > 16) {
    different |= compare_word(s, p, 2);
    if (DM_UNLIKELY(s->len > 24)) {
      if (s->len > SLOT_BYTES) {
        return NULL; /* nothing was met behind it yet */
      }
      different |= compare_word(s, p, 3) | compare_word(s, p, 4);
    }
  }
  return different ? NULL : s;
}

/* Leaves the one for the start of a line, which nothing can be behind. */
static void forget_slots(dm_parser *parser) {
  parser->slots[0] = (slot){.len = SLOT_BYTES + 1, .next = parser->slots};
  parser->n_slots = 1;
}

/* The slot of these bytes, an old or a new one, which will be predicted behind before;
   before itself where they are too many. */
static slot *learn_slot(dm_parser *parser, slot *before, const char *from, const char *to,
                        int key) {
  size_t len = (size_t)(to - from);
  if (len > SLOT_BYTES) {
    return before;
  }
  slot new = {.len = len, .key = key};
  for (size_t w = 0; 8 * w < len; w++) {
    size_t rest = len - 8 * w;
    new.masks[w] = rest < 8 ? ((uint64_t)1 << (8 * rest)) - 1 : UINT64_MAX;
    new.words[w] = dm_load8(from + 8 * w) & new.masks[w];
  }
  for (slot *s = parser->slots + 1; s < parser->slots + parser->n_slots; s++) {
    if (s->len == len && memcmp(s->words, new.words, sizeof new.words) == 0) {
      before->next = s;
      return s;
    }
  }
  slot *s;
  if (parser->n_slots < SLOTS_MAX) {
    s = &parser->slots[parser->n_slots++];
  } else { /* others may have it as their next: a wrong guess, which does no harm */
    parser->next_slot = parser->next_slot % (SLOTS_MAX - 1) + 1;
    s = &parser->slots[parser->next_slot];
  }
  learn_usual(parser, &new);
  new.next = parser->slots;
  before->next = s;
  *s = new;
  return s;
}

static void learn_usual(const dm_parser *parser, slot *s) {
  int key = s->key;
  if (key == KEY_OTHER) {
    s->usual = USUAL_SKIPPED;
    return;
  }
  if (key >= KEY_SIGNAL) {
    return;
  }
  s->bit = s->unless_bits = UINT32_C(1) << key;
  if (key >= FIRST_SECOND_NAME) { /* the field, if that does not stand in the line */
    if (parser->has_signal_second_name) {
      return;
    }
    key -= FIRST_SECOND_NAME;
    s->unless_bits |= UINT32_C(1) << key;
  }
  switch (key) {
    case KEY_ID:
      s->usual = USUAL_INTEGER;
      s->ident = offsetof(dm_fields, id);
      break;
    case KEY_LABEL:
      s->usual = USUAL_INTEGER;
      s->ident = offsetof(dm_fields, label);
      break;
    case KEY_PRED_LABEL:
      s->usual = USUAL_INTEGER;
      s->ident = offsetof(dm_fields, pred_label);
      break;
    case KEY_S_LABEL:
      s->usual = USUAL_INTEGER;
      s->ident = offsetof(dm_fields, s_label);
      break;
    case KEY_CORRECT:
      s->usual = USUAL_CORRECT;
      break;
    case KEY_LABEL_PROBS:
      s->usual = USUAL_LABEL_PROBS;
      break;
    case KEY_LOSS:
      s->usual = parser->signal_of_key[KEY_LOSS] ? USUAL_NONE : USUAL_SKIPPED;
      break;
    default:
      break;
  }
}

/* Reads key and colon in full; the cursor is at the value then. */
static dm_status read_key(dm_parser *parser, dm_cursor *c, int *key, dm_error *err) {
  const char *at = c->p;
  if (*at != '"' && !(*at == '\'' && c->is_python)) {
    dm_token_error(c, at, DM_E_SYNTAX, err,
                   c->is_python ? "a key in quotes" : "a key in double quotes");
    return DM_E_SYNTAX;
  }
  dm_span span;
  DM_TRY(dm_token_string(c, &span, err));
  const char *name = span.start;
  size_t len = (size_t)(span.end - span.start);
  if (DM_UNLIKELY(span.has_escape)) {
    parser->key.len = 0;
    DM_TRY(dm_token_unescape(&span, c->is_python, &parser->key, err));
    name = parser->key.data;
    len = parser->key.len;
  }
  dm_token_space(c);
  if (*c->p != ':') {
    return dm_token_error(c, c->p, DM_E_SYNTAX, err, "':' behind the key");
  }
  c->p++;
  dm_token_space(c);
  *key = (int)find_key(name, len);
  if (*key == KEY_LOGITS_EPOCH) {
    double epoch = 0;
    for (size_t i = key_names[KEY_LOGITS_EPOCH].len; i < len; i++) {
      epoch = epoch * 10 + (name[i] - '0');
    }
    if (epoch != parser->epoch_of_logits) { /* the slots stand for another one */
      forget_slots(parser);
      parser->epoch_of_logits = epoch;
    }
  }
  if (*key == KEY_OTHER) {
    for (size_t i = 0; i < parser->options->n_signals; i++) {
      const char *signal = parser->options->signals[i];
      if (strlen(signal) == len && memcmp(signal, name, len) == 0) {
        *key = KEY_SIGNAL + (int)i;
      }
    }
  }
  return DM_OK;
}

static key_id find_key(const char *name, size_t len) {
  for (int key = 0; key < KEY_LOGITS_EPOCH; key++) {
    if (len == key_names[key].len && memcmp(name, key_names[key].name, len) == 0) {
      return (key_id)key;
    }
  }
  size_t prefix = key_names[KEY_LOGITS_EPOCH].len;
  enum { DIGITS_MAX = 15 }; /* a double holds them exactly */
  if (len <= prefix || len > prefix + DIGITS_MAX ||
      memcmp(name, key_names[KEY_LOGITS_EPOCH].name, prefix) != 0) {
    return KEY_OTHER;
  }
  for (size_t i = prefix; i < len; i++) {
    if (!dm_is_digit(name[i])) {
      return KEY_OTHER;
    }
  }
  return KEY_LOGITS_EPOCH;
}

/* Names the key of the member that failed; member is where it starts or a bit before. */
static void set_error_key(dm_error *err, const char *member, bool is_python) {
  dm_cursor c = {.p = member, .line = member, .is_python = is_python};
  while (*c.p != '"' && *c.p != '\'') {
    c.p++;
  }
  dm_span span;
  dm_error unused;
  if (dm_token_string(&c, &span, &unused) == DM_OK) {
    dm_error_key(err, span.start, (size_t)(span.end - span.start));
  }
}

bool dm_line_next(dm_line_walk *walk) {
  dm_cursor *c = &walk->cursor;
  dm_error unused;
  dm_token_space(c);
  if (*c->p != '{' && *c->p != ',') {
    return false;
  }
  c->p++;
  dm_token_space(c);
  c->is_python |= *c->p == '\'';
  if (*c->p != '"' && *c->p != '\'') {
    return false;
  }
  dm_span name;
  if (dm_token_string(c, &name, &unused)) {
    return false;
  }
  walk->name = name.start;
  walk->name_len = (size_t)(name.end - name.start);
  if (name.has_escape && walk->name_len <= sizeof walk->room) {
    /* needs no memory that could be missing just when there is an error to tell */
    dm_buf decoded = {.data = walk->room, .cap = sizeof walk->room};
    if (dm_token_unescape(&name, c->is_python, &decoded, &unused)) {
      return false;
    }
    walk->name = decoded.data;
    walk->name_len = decoded.len;
  }
  key_id key = find_key(walk->name, walk->name_len);
  walk->is_second_name = key >= FIRST_SECOND_NAME && key < N_KEYS;
  walk->field = key >= N_KEYS ? -1 : (int)key - walk->is_second_name * FIRST_SECOND_NAME;
  dm_token_space(c);
  c->p += *c->p == ':';
  dm_token_space(c);
  walk->value.start = c->p;
  if (dm_token_skip(c, &unused)) {
    return false;
  }
  walk->value.end = c->p;
  return true;
}

bool dm_line_find(const char *line, const char *field, dm_span *value, uint64_t *column) {
  int key = (int)find_key(field, strlen(field));
  dm_line_walk walk = {.cursor = {.p = line, .line = line}};
  bool is_found = false;
  while (dm_line_next(&walk)) {
    if (walk.field == key && !(walk.is_second_name && is_found)) {
      *value = walk.value;
      *column = 1 + dm_utf8_count(line, (size_t)(walk.value.start - line));
      is_found = true;
      if (!walk.is_second_name) {
        break;
      }
    }
  }
  return is_found;
}

dm_status dm_parse_fields(dm_parser *parser, const char *line, dm_fields *out,
                          dm_error *err) {
  dm_cursor c = {.p = line, .line = line};
  bool is_blank = false;
  DM_TRY(parse_line(parser, &c, &is_blank, err));
  if (parser->rough_at && !parser->fields.probs) {
    dm_cursor probs = {.p = parser->rough_at, .line = line, .is_python = c.is_python};
    DM_TRY(read_probs(parser, &probs, err));
  }
  *out = parser->fields;
  return DM_OK;
}

/* --- values --- */

/* Whether a value may end before this byte. */
static inline bool is_delimiter(char c) {
  return c == ',' || c == '}' || c == ']' || dm_is_space(c) || c == ')' || c == '\n';
}

/* Most integers: up to 18 digits, and the value ends there. The first byte after it;
   NULL: read it in full. */
static inline const char *pass_plain_integer(const char *p, int64_t *out) {
  const char *s = p;
  if (dm_is_digit(s[0]) && s[1] == ',') { /* a label */
    *out = s[0] - '0';
    return s + 1;
  }
  bool is_negative = *s == '-';
  const char *first = s += is_negative;
  uint64_t value = 0;
  while (dm_is_digit(*s)) {
    value = value * 10 + (uint64_t)(*s++ - '0');
  }
  if (DM_UNLIKELY(s == first || s - first > 18 || (*first == '0' && s - first > 1) ||
                  !is_delimiter(*s))) {
    return NULL;
  }
  *out = is_negative ? -(int64_t)value : (int64_t)value;
  return s;
}

/* The first byte that is no digit. That eight in a row are is guessed by the processor,
   which goes on from there; a sum of counts would have to be waited for. */
static inline const char *pass_digits(const char *s) {
  unsigned n;
  while ((n = dm_leading_digits(dm_load8(s))) == 8) {
    s += 8;
  }
  return s + n;
}

/* Checks a number without an exponent, whose value is not asked for; the first byte after
   it, or NULL where something else stands. So short that it is in a double's range. */
static inline const char *pass_plain_number(const char *p) {
  const char *s = p + (*p == '-');
  if (*s == '0') {
    s++;
  } else {
    const char *first = s;
    while (dm_is_digit(*s)) {
      s++;
    }
    if (s == first || s - first > 300) {
      return NULL;
    }
  }
  if (*s == '.') {
    const char *fraction = ++s;
    s = pass_digits(s);
    if (s == fraction) {
      return NULL;
    }
  }
  return is_delimiter(*s) ? s : NULL;
}

/* "true" or "false" in quotes, as most writers do. */
static inline const char *pass_plain_correct(const char *p, bool is_python, bool *out) {
  bool is_true = memcmp(p + 1, "true", 4) == 0;
  bool is_false = memcmp(p + 1, "false", 5) == 0;
  const char *close = p + 6 - is_true;
  bool is_quoted = (*p == '"' || (*p == '\'' && is_python)) && *close == *p;
  *out = is_true;
  return is_quoted && (is_true | is_false) ? close + 1 : NULL;
}

/* Reads the value if it has the usual form of its field; the first byte after it. NULL
   where it has another, and then nothing is changed. */
DM_INLINE const char *read_usual(dm_parser *parser, const char *p, const slot *s) {
  dm_fields *f = &parser->fields;
  const char *end = NULL;
  if (DM_UNLIKELY(parser->seen & s->unless_bits)) {
    return NULL;
  }
  switch (s->usual) {
    case USUAL_INTEGER: {
      dm_ident *ident = (dm_ident *)(void *)((char *)f + s->ident);
      int64_t value;
      end = pass_plain_integer(p, &value);
      if (end) {
        ident->value = value;
        ident->kind = DM_IDENT_INT;
      }
      break;
    }
    case USUAL_SKIPPED:
      end = pass_plain_number(p);
      break;
    case USUAL_CORRECT: {
      bool correct;
      end = pass_plain_correct(p, parser->is_slot_python, &correct);
      if (end) {
        f->correct = correct;
        f->has_correct = true;
      }
      break;
    }
    case USUAL_LABEL_PROBS: {
      double value;
      end = dm_number(p, &value);
      if (DM_LIKELY(end && is_delimiter(*end) && dm_is_finite(value))) {
        f->label_probs = value;
        f->has_label_probs = true;
      } else {
        end = NULL;
      }
      break;
    }
    case USUAL_NONE:
      break;
  }
  parser->seen |= end ? s->bit : 0;
  return end;
}

static dm_status read_member(dm_parser *parser, dm_cursor *c, int key, dm_error *err) {
  if (key == KEY_OTHER) {
    return dm_token_skip(c, err);
  }
  bool is_repeated;
  if (key >= KEY_SIGNAL) {
    uint64_t bit = (uint64_t)1 << (key - KEY_SIGNAL);
    is_repeated = parser->signals_seen & bit;
    parser->signals_seen |= bit;
  } else {
    uint32_t bit = UINT32_C(1) << key;
    is_repeated = parser->seen & bit;
    parser->seen |= bit;
  }
  if (DM_UNLIKELY(is_repeated)) {
    dm_token_error(c, c->p, DM_E_FIELD, err, "each key once in a record");
    dm_error_found(err, "this one again");
    return DM_E_FIELD;
  }
  if (key >= KEY_SIGNAL) {
    return read_signal(parser, c, (size_t)(key - KEY_SIGNAL), err);
  }
  if (key < FIRST_SECOND_NAME) {
    return read_field(parser, c, (key_id)key, err);
  }
  return read_second_name(parser, c, key, err);
}

/* A second name is the field only if the first does not stand in the line, before or
   behind it: what fails as the field may still be a user signal of any type. */
static dm_status read_second_name(dm_parser *parser, dm_cursor *c, int key,
                                  dm_error *err) {
  int first = key - FIRST_SECOND_NAME;
  const char *start = c->p;
  parser->second_at[first] = start;
  if (parser->seen >> first & 1) {
    return dm_token_skip(c, err);
  }
  dm_status status = read_field(parser, c, (key_id)first, err);
  if (key == KEY_EPOCH && parser->fields.step_kind != DM_STEP_NONE) {
    parser->fields.step_kind = DM_STEP_EPOCH;
  }
  if (DM_UNLIKELY(status && status != DM_E_MEMORY)) {
    parser->failed |= UINT32_C(1) << first;
    parser->second_error[first] = *err;
    char name[32]; /* at most 15 digits behind "logits_epoch_" */
    int len = key == KEY_LOGITS_EPOCH
                  ? snprintf(name, sizeof name, "%s%" PRId64, key_names[key].name,
                             (int64_t)parser->epoch_of_logits)
                  : snprintf(name, sizeof name, "%s", key_names[key].name);
    dm_error_key(&parser->second_error[first], name, (size_t)len);
    c->p = start;
    return dm_token_skip(c, err);
  }
  return status;
}

static dm_status read_field(dm_parser *parser, dm_cursor *c, key_id key, dm_error *err) {
  dm_fields *f = &parser->fields;
  bool is_null = false;
  switch (key) {
    case KEY_ID:
      return read_ident(parser, c, USE_ID, &f->id, err);
    case KEY_LABEL:
      return read_ident(parser, c, USE_LABEL, &f->label, err);
    case KEY_PRED_LABEL:
      return read_ident(parser, c, USE_PRED_LABEL, &f->pred_label, err);
    case KEY_S_LABEL:
      return read_ident(parser, c, USE_S_LABEL, &f->s_label, err);
    case KEY_CORRECT:
      return read_correct(parser, c, err);
    case KEY_LABEL_PROBS:
      DM_TRY(read_number(c, &f->label_probs, &is_null, err));
      f->has_label_probs = !is_null;
      return DM_OK;
    case KEY_LOSS: {
      double loss = 0;
      int signal = parser->signal_of_key[KEY_LOSS];
      DM_TRY(read_number(c, &loss, &is_null, err));
      if (signal && !is_null) {
        parser->signals[signal - 1] = loss;
      }
      return DM_OK;
    }
    case KEY_STEP: {
      const char *at = c->p;
      DM_TRY(read_number(c, &f->step, &is_null, err));
      f->step_kind = is_null ? DM_STEP_NONE : DM_STEP_UNIQUE;
      if (!is_null && !dm_is_finite(f->step)) {
        return dm_token_error(c, at, DM_E_RANGE, err, "a finite step");
      }
      return DM_OK;
    }
    case KEY_PROBS: {
      bool is_done = false;
      if (!parser->keep.needs_probs) {
        DM_TRY(read_probs_roughly(parser, c, &is_done, err));
      }
      return is_done ? DM_OK : read_probs(parser, c, err);
    }
    default: /* KEY_LOGITS */
      DM_TRY(read_numbers(c, &parser->logits, &parser->cap_logits, &f->n_logits, &is_null,
                          err));
      f->logits = is_null ? NULL : parser->logits;
      return DM_OK;
  }
}

static dm_status read_ident(dm_parser *parser, dm_cursor *c, ident_use use, dm_ident *out,
                            dm_error *err) {
  const char *at = c->p;
  bool is_fit = false;
  int64_t value = 0;
  *out = (dm_ident){0};
  dm_value token;
  DM_TRY(dm_token_value(c, &token, err));
  bool is_text = token.type == DM_VALUE_STRING && use != USE_S_LABEL;
  if (is_text && !token.text.has_nul) {
    const char *text = token.text.start;
    size_t len = (size_t)(token.text.end - token.text.start);
    if (token.text.has_escape) {
      dm_buf *decoded = &parser->decoded[use];
      decoded->len = 0;
      DM_TRY(dm_token_unescape(&token.text, c->is_python, decoded, err));
      text = decoded->data;
      len = decoded->len;
    }
    *out = dm_ident_from_text(text, len);
    return DM_OK;
  }
  if (token.type == DM_VALUE_NUMBER && token.is_integer) {
    (void)dm_integer(token.text.start, &value, &is_fit);
    *out = is_fit ? dm_ident_from_int(value)
                  : (dm_ident){.kind = DM_IDENT_BIG,
                               .text = token.text.start,
                               .len = (size_t)(token.text.end - token.text.start)};
    return DM_OK;
  }
  if (token.type == DM_VALUE_NULL && (use == USE_S_LABEL || use == USE_PRED_LABEL)) {
    return DM_OK;
  }
  if (is_text) {
    return dm_token_error(c, at, DM_E_SYNTAX, err, "a string without U+0000");
  }
  return dm_token_error(c, at, DM_E_FIELD, err,
                        use == USE_S_LABEL ? "an integer" : "an integer or a string");
}

static dm_status read_number(dm_cursor *c, double *out, bool *is_null, dm_error *err) {
  const char *at = c->p;
  const char *end = dm_number(at, out);
  *is_null = false;
  if (DM_LIKELY(end && is_delimiter(*end) && dm_is_finite(*out))) {
    c->p = end;
    return DM_OK;
  }
  dm_value token;
  DM_TRY(dm_token_value(c, &token, err));
  if (token.type == DM_VALUE_NULL) {
    *is_null = true;
    return DM_OK;
  }
  if (token.type != DM_VALUE_NUMBER) {
    return dm_token_error(c, at, DM_E_FIELD, err, "a number");
  }
  if (token.is_finite_text && !dm_is_finite(token.number)) {
    dm_token_error(c, at, DM_E_RANGE, err, "a number within the range of a double");
    dm_error_advice(err, "it is out of range: no double is that large");
    return DM_E_RANGE;
  }
  *out = token.number;
  return DM_OK;
}

static dm_status read_numbers(dm_cursor *c, double **array, size_t *cap, size_t *n,
                              bool *is_null, dm_error *err) {
  const char *at = c->p;
  *is_null = false;
  *n = 0;
  char close = *at == '[' ? ']' : *at == '(' && c->is_python ? ')' : '\0';
  if (!close) {
    dm_value token;
    DM_TRY(dm_token_value(c, &token, err));
    *is_null = token.type == DM_VALUE_NULL;
    return *is_null ? DM_OK : dm_token_error(c, at, DM_E_FIELD, err, "a list of numbers");
  }
  c->p++;
  bool has_comma = false;
  bool may_end = true;
  for (;;) {
    dm_token_space(c);
    if (*c->p == close && may_end) {
      break;
    }
    DM_GROW(*array, *cap, *n + 1, err);
    bool is_missing;
    const char *element = c->p;
    DM_TRY(read_number(c, &(*array)[*n], &is_missing, err));
    if (is_missing) {
      return dm_token_error(c, element, DM_E_FIELD, err, "a number");
    }
    (*n)++;
    dm_token_space(c);
    if (*c->p == close && (close == ']' || has_comma)) {
      break;
    }
    if (*c->p != ',') {
      return dm_token_error(c, c->p, DM_E_SYNTAX, err, "',' or '%c'", close);
    }
    c->p++;
    has_comma = true;
    may_end = c->is_python;
  }
  c->p++;
  if (!*array) { /* an empty list is not an absent one */
    DM_GROW(*array, *cap, 1, err);
  }
  return DM_OK;
}

static dm_status read_probs(dm_parser *parser, dm_cursor *c, dm_error *err) {
  dm_fields *f = &parser->fields;
  bool is_null = false;
  DM_TRY(read_numbers(c, &parser->probs, &parser->cap_probs, &f->n_probs, &is_null, err));
  f->probs = is_null ? NULL : parser->probs;
  return DM_OK;
}

/* Where a line gives label_probs and correct, its probs serve only to be checked, and
   eight digits of each nearly always decide that. Takes lists of 0.digits in brackets,
   checking every byte; leaves the cursor where anything else stands. */
static dm_status read_probs_roughly(dm_parser *parser, dm_cursor *c, bool *is_done,
                                    dm_error *err) {
  enum { LONGEST = 4096 }; /* so that no sum overflows */
  const char *p = c->p;
  size_t n = 0;
  if (*p != '[') {
    return DM_OK;
  }
  do {
    p++;
    p += *p == ' ';
    if (p[0] != '0' || p[1] != '.' || n == LONGEST) {
      return DM_OK;
    }
    DM_GROW(parser->rough, parser->cap_rough, n + 1, err);
    p += 2;
    uint64_t word = dm_load8(p);
    unsigned digits = dm_leading_digits(word);
    if (DM_LIKELY(digits == 8)) {
      parser->rough[n++] = dm_eight_digits(word);
      p = pass_digits(p + 8);
    } else {
      if (digits == 0) {
        return DM_OK;
      }
      /* zeros take the place of what stands behind the digits */
      uint64_t kept = ((uint64_t)1 << (8 * digits)) - 1;
      parser->rough[n++] =
          dm_eight_digits((word & kept) | (UINT64_C(0x3030303030303030) & ~kept));
      p += digits;
    }
  } while (*p == ',');
  if (*p != ']') {
    return DM_OK;
  }
  parser->rough_at = c->p;
  parser->n_rough = n;
  c->p = p + 1;
  *is_done = true;
  return DM_OK;
}

/* Whether the line needs no exact value of its probs and they contradict nothing: each
   lies in [0, 1) by its form; true values are up to one unit above the rough ones. */
static bool are_rough_probs_fine(const dm_parser *parser) {
  const uint64_t unit = 100000000;
  const dm_fields *f = &parser->fields;
  if (!f->has_label_probs || !f->has_correct) {
    return false;
  }
  uint64_t sum = 0;
  uint32_t largest = 0;
  for (size_t i = 0; i < parser->n_rough; i++) {
    uint32_t p = parser->rough[i];
    sum += p;
    largest = p > largest ? p : largest;
  }
  uint64_t tolerance = unit / 1000 - 10;
  if (sum < unit - tolerance || sum + parser->n_rough > unit + tolerance) {
    return false;
  }
  if (f->pred_label.kind != DM_IDENT_NONE) {
    return true; /* correct is held against that */
  }
  if (f->label.kind != DM_IDENT_INT || f->label.value < 0 ||
      (uint64_t)f->label.value >= parser->n_rough) {
    return true; /* nothing to hold it against */
  }
  uint32_t of_label = parser->rough[f->label.value];
  if (!f->correct) {
    return of_label + 1 < largest;
  }
  for (size_t i = 0; i < parser->n_rough; i++) {
    if (parser->rough[i] + 1 >= of_label && (int64_t)i != f->label.value) {
      return false;
    }
  }
  return true;
}

static dm_status read_correct(dm_parser *parser, dm_cursor *c, dm_error *err) {
  dm_fields *f = &parser->fields;
  const char *at = c->p;
  dm_value token;
  f->has_correct = true;
  DM_TRY(dm_token_value(c, &token, err));
  if (token.type == DM_VALUE_STRING) {
    size_t len = (size_t)(token.text.end - token.text.start);
    const char *text = token.text.start;
    if (token.text.has_escape) {
      parser->key.len = 0;
      DM_TRY(dm_token_unescape(&token.text, c->is_python, &parser->key, err));
      len = parser->key.len;
      text = parser->key.data;
    }
    f->correct = len == 4 && (text[0] | 0x20) == 't' && memcmp(text + 1, "rue", 3) == 0;
    if (f->correct ||
        (len == 5 && (text[0] | 0x20) == 'f' && memcmp(text + 1, "alse", 4) == 0)) {
      return DM_OK;
    }
  } else if (token.type == DM_VALUE_BOOL) {
    f->correct = token.is_true;
    return DM_OK;
  } else if (token.type == DM_VALUE_NUMBER && (token.number == 0 || token.number == 1)) {
    f->correct = token.number == 1;
    return DM_OK;
  } else if (token.type == DM_VALUE_NULL) {
    f->has_correct = false;
    return DM_OK;
  }
  return dm_token_error(c, at, DM_E_FIELD, err, "true or false");
}

static dm_status read_signal(dm_parser *parser, dm_cursor *c, size_t i, dm_error *err) {
  double value = 0;
  bool is_null = false;
  DM_TRY(read_number(c, &value, &is_null, err));
  if (!is_null) {
    parser->signals[i] = value;
  }
  return DM_OK;
}
