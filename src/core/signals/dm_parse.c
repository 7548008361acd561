/* Turns lines into fields and hands those on as events. Keys stand where the layout of
   the lines before has them, and values have their usual form; where either fails, the
   key or the value is read in full. No byte of a line goes unchecked either way. */
#include "signals/dm_parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "number/dm_number.h"
#include "signals/dm_classes.h"
#include "signals/dm_keys.h"
#include "signals/dm_layout.h"
#include "signals/dm_token.h"
#include "signals/dm_usual.h"
#include "signals/dm_value.h"

struct dm_parser {
  const dm_options *options;
  dm_keep keep;
  dm_classes classes;
  uint32_t keys;                  /* that any line has had */
  int signal_of_key[DM_KEYS_MAX]; /* index + 1 of the requested signal of that name */
  uint32_t before[DM_KEYS_MAX];   /* dm_key_before() */
  uint32_t rare; /* names that are no sure fields and tell the line's step, stand for
                    other fields, or are requested signals, and the label's where classes
                    have names */

  dm_layout layout;

  /* the line at hand */
  dm_fields fields;
  uint32_t seen;               /* keys */
  uint64_t signals_seen;       /* bit per requested signal */
  uint32_t failed;             /* other names that are not of the field's type */
  const char *at[DM_KEYS_MAX]; /* values of other names */
  double epoch_of_logits;
  double signals[DM_SIGNALS_MAX];
  dm_vector probs;
  dm_rough_probs rough;
  double *logits;
  size_t cap_logits;
  dm_buf decoded[DM_N_USES]; /* strings with escapes, decoded */
  dm_buf key;
};

DM_INLINE dm_status parse_line(dm_parser *parser, dm_cursor *c, bool *is_blank,
                               dm_error *err);
static dm_status pass_to_key(dm_parser *parser, dm_cursor *c, bool is_first,
                             bool *has_key, dm_error *err);
static dm_status open_record(dm_parser *parser, dm_cursor *c, dm_error *err);
static dm_status close_record(dm_cursor *c, dm_error *err);
DM_INLINE dm_status finish_fields(dm_parser *parser, dm_cursor *c, dm_error *err);
static dm_status finish_rare_fields(dm_parser *parser, dm_cursor *c, bool is_probs_open,
                                    dm_error *err);
static dm_status read_key(dm_parser *parser, dm_cursor *c, int *key, dm_error *err);
static dm_status read_member(dm_parser *parser, dm_cursor *c, int key, dm_error *err);
static dm_status read_field(dm_parser *parser, dm_cursor *c, dm_field field,
                            dm_error *err);
static dm_status read_other_name(dm_parser *parser, dm_cursor *c, int key, dm_error *err);
static dm_status fail_again(dm_parser *parser, const dm_cursor *c, int key,
                            dm_error *err);
static dm_status read_probs(dm_parser *parser, dm_cursor *c, dm_error *err);
static dm_status read_signal(dm_parser *parser, dm_cursor *c, size_t i, dm_error *err);
static dm_status read_signal_field(dm_parser *parser, dm_cursor *c, dm_field field,
                                   double *out, bool *is_given, dm_error *err);
static dm_status bad_line(const dm_parser *parser, dm_batch *batch, dm_error *found,
                          dm_error *err);
static void set_error_key(dm_error *err, const char *member, bool is_python);

/* --- life --- */

/* The key of a requested signal; one that is a field as well is that, wherever it stands.
 */
static int signal_key(const dm_options *options, const char *signal) {
  int usual = (int)dm_field_find(signal);
  return usual == DM_FIELD_LOSS || dm_key_is_shown(usual)
             ? usual
             : dm_key_find(options->names, signal, strlen(signal));
}

dm_status dm_parser_new(dm_parser **out, const dm_options *options, const dm_keep *keep,
                        dm_error *err) {
  dm_parser *parser = dm_calloc(1, sizeof *parser);
  *out = parser;
  if (!parser) {
    return dm_error_memory(err);
  }
  parser->options = options;
  parser->keep = keep ? *keep : (dm_keep){.n_signals = options->n_signals};
  parser->fields.signals = parser->signals;
  for (int key = 0; key < dm_n_keys; key++) {
    parser->before[key] = dm_key_before(key);
    bool is_rare = dm_keys[key].form == DM_KEY_NUMBERED || dm_key_is_shown(key) ||
                   (options->n_classes && dm_keys[key].field == DM_FIELD_LABEL);
    parser->rare |= is_rare ? DM_KEY_BIT(key) : 0;
  }
  bool has_other = false;
  for (size_t i = 0; i < options->n_signals; i++) {
    int key = signal_key(options, options->signals[i]);
    if (key != DM_KEY_OTHER) {
      parser->signal_of_key[key] = (int)i + 1;
      parser->rare |= key >= DM_KEYS_SURE ? DM_KEY_BIT(key) : 0;
      has_other |= key >= DM_KEYS_SURE;
    }
  }
  parser->layout = (dm_layout){
      .has_loss = parser->signal_of_key[DM_FIELD_LOSS] != 0 || parser->keep.has_row,
      .has_probs = parser->keep.needs_probs || options->n_classes,
      .has_other = has_other};
  dm_layout_forget(&parser->layout, false);
  return options->n_classes ? dm_classes_init(&parser->classes, options->classes,
                                              options->n_classes, err)
                            : DM_OK;
}

void dm_parser_free(dm_parser *parser) {
  if (!parser) {
    return;
  }
  dm_classes_release(&parser->classes);
  dm_free(parser->probs.values);
  dm_free(parser->logits);
  for (int i = 0; i < DM_N_USES; i++) {
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
  batch->len = block->len;
  batch->problems.names = options->names;
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
    bool has_id = false;
    if (!status && is_blank) {
      *(dm_is_left_to_first(options, false) ? &batch->n_elsewhere : &batch->n_blank) += 1;
    } else if (!status && !dm_is_of_share(options, &parser->fields.id)) {
      batch->n_elsewhere++;
    } else if (!status &&
               !dm_event_add_usual(batch, &parser->fields, (uint32_t)batch->n_lines,
                                   (uint32_t)(line - block->data))) {
      status = dm_event_add(batch, &parser->fields, (uint32_t)batch->n_lines,
                            (uint32_t)(line - block->data), line, &found);
      has_id = parser->fields.id.kind != DM_IDENT_NONE;
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
    bool is_cut = status == DM_E_SYNTAX && next == end && block->is_last_line_open &&
                  options->is_cut_allowed;
    if (dm_is_left_to_first(options, has_id) && (is_cut || options->is_skipping)) {
      batch->n_elsewhere++;
    } else if (is_cut) {
      batch->n_cut++;
    } else {
      found.line = batch->n_lines;
      found.byte += (uint64_t)(line - block->data);
      if (found.column == 0 && !found.key[0]) {
        found.column = 1;             /* of the whole line */
      } else if (found.column == 0) { /* of a field that the line may not have */
        dm_span value;
        found.column = 1;
        if (dm_line_find(options->names, line, found.key, &value, &found.column)) {
          found.byte += (uint64_t)(value.start - line);
        }
        dm_error_rename(options->names, &found);
      }
      DM_TRY(bad_line(parser, batch, &found, err));
      if (batch->has_error) {
        return DM_OK;
      }
    }
    line = next;
  }
  batch->keys = parser->keys;
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
  f->has_correct = f->has_label_probs = f->has_label_index = f->correct = false;
  f->has_margin = f->has_sum_logp = f->has_n_tok = f->has_log_probs = false;
  f->has_loss = false;
  f->step_kind = DM_STEP_NONE;
  f->probs = f->logits = NULL;
  f->n_classes = 0;
}

DM_INLINE dm_status parse_line(dm_parser *parser, dm_cursor *c, bool *is_blank,
                               dm_error *err) {
  reset_fields(&parser->fields);
  parser->signals_seen = 0;
  parser->failed = 0;
  parser->rough.at = NULL;
  for (size_t i = 0; i < parser->keep.n_signals; i++) {
    parser->signals[i] = dm_double_from_bits(DM_ABSENT_BITS);
  }
  dm_layout_count_line(&parser->layout);
  c->is_python = parser->layout.is_python;
  const char *member = c->p;          /* from behind the last value */
  dm_slot *at = parser->layout.slots; /* before the last value, as far as it is known */
  uint32_t seen = 0; /* parser->seen, but while a member is read in full */
  for (;;) {
    dm_slot *slot = dm_layout_expect(at, member);
    int key = DM_KEY_OTHER;
    if (DM_LIKELY(slot != NULL)) {
      if (DM_LIKELY(!(seen & slot->unless_bits))) {
        dm_take_digits(&parser->fields, slot, member);
        const char *end =
            dm_read_usual(&parser->fields, &parser->rough, &parser->probs,
                          parser->layout.is_python, slot, member + slot->len);
        if (DM_LIKELY(end != NULL)) {
          seen |= slot->all_bits;
          at = slot;
          member = end;
          if (end[0] == '}' && end[1] == '\n') {
            c->p = end + 1;
            parser->seen = seen;
            return finish_fields(parser, c, err);
          }
          continue;
        }
        seen |= slot->joined_bits;
      } else if (slot->first) { /* which keys were met before shows key by key */
        slot = slot->first;
      }
      at = slot;
      c->p = member + slot->len;
      dm_token_space(c);
      member += slot->last_at;
      key = slot->key;
    } else {
      bool has_key;
      bool is_first = member == c->line;
      c->p = member;
      dm_token_space(c);
      if (is_first && *c->p == '\n') {
        *is_blank = true;
        return DM_OK;
      }
      DM_TRY(pass_to_key(parser, c, is_first, &has_key, err));
      if (!has_key) {
        parser->seen = seen;
        return finish_fields(parser, c, err);
      }
      DM_TRY(read_key(parser, c, &key, err));
      at = dm_layout_learn(&parser->layout, at, member, c->p, key);
    }
    parser->seen = seen;
    dm_status status = read_member(parser, c, key, err);
    seen = parser->seen;
    if (DM_UNLIKELY(status)) {
      set_error_key(err, member, c->is_python);
      return status;
    }
    member = c->p;
  }
}

/* Passes what stands before a key: a bracket or a comma. Where the record ends instead,
   passes that, and the line has ended then. */
static dm_status pass_to_key(dm_parser *parser, dm_cursor *c, bool is_first,
                             bool *has_key, dm_error *err) {
  bool may_end = true;
  *has_key = true;
  if (is_first) {
    DM_TRY(open_record(parser, c, err));
  } else if (*c->p == ',') {
    c->p++;
    dm_token_space(c);
    may_end = c->is_python;
  } else if (*c->p != '}') {
    return dm_token_error(c, c->p, DM_E_SYNTAX, err, "',' or '}'");
  }
  if (*c->p == '}' && may_end) {
    c->p++;
    *has_key = false;
    return close_record(c, err);
  }
  if (c->is_python != parser->layout.is_python) { /* has other rules for keys */
    dm_layout_forget(&parser->layout, c->is_python);
  }
  return DM_OK;
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

/* Whether the prediction is to be told also where, as here, the line gives none. */
static inline bool needs_maximum(const dm_parser *parser) {
  return parser->keep.has_row_class && parser->fields.pred_label.kind == DM_IDENT_NONE;
}

/* What is known only when the whole line has been read. */
DM_INLINE dm_status finish_fields(dm_parser *parser, dm_cursor *c, dm_error *err) {
  bool is_probs_open = parser->rough.at != NULL;
  int loss = parser->signal_of_key[DM_FIELD_LOSS];
  parser->fields.keys = parser->seen;
  if (DM_UNLIKELY(loss) && parser->fields.has_loss) {
    parser->signals[loss - 1] = parser->fields.loss;
  }
  if (is_probs_open && DM_LIKELY(!needs_maximum(parser)) &&
      DM_LIKELY(dm_rough_probs_are_fine(&parser->rough, &parser->fields))) {
    parser->fields.n_classes = parser->rough.n;
    is_probs_open = false;
  }
  bool is_rare = parser->failed || (parser->seen & parser->rare);
  return DM_UNLIKELY(is_probs_open || is_rare)
             ? finish_rare_fields(parser, c, is_probs_open, err)
             : DM_OK;
}

/* Of a name that is the user's in this line, where the field has no other. */
static void drop_field(dm_fields *f, dm_field field) {
  f->has_margin &= field != DM_FIELD_MARGIN;
  f->has_sum_logp &= field != DM_FIELD_SUM_LOGP;
  f->has_n_tok &= field != DM_FIELD_N_TOK;
}

static DM_NOINLINE dm_status finish_rare_fields(dm_parser *parser, dm_cursor *c,
                                                bool is_probs_open, dm_error *err) {
  uint32_t signals = 0; /* other names of fields that are the user's in this line */
  uint32_t keys = parser->failed | (parser->seen & parser->rare);
  for (int key = DM_KEYS_SURE; keys >> key; key++) {
    if (!(keys >> key & 1)) {
      continue;
    }
    if (parser->seen & parser->before[key]) {
      signals |= parser->signal_of_key[key] ? DM_KEY_BIT(key) : 0;
      drop_field(&parser->fields, dm_keys[key].field);
    } else if (parser->failed >> key & 1) {
      return fail_again(parser, c, key, err);
    } else if (dm_keys[key].form == DM_KEY_NUMBERED &&
               parser->fields.step_kind == DM_STEP_NONE) {
      parser->fields.step_kind = DM_STEP_UNIQUE;
      parser->fields.step = parser->epoch_of_logits;
    }
  }
  if (is_probs_open) {
    const dm_fields *f = &parser->fields;
    if (!dm_are_for_checks_only(f) || needs_maximum(parser)) { /* nor in those to come */
      parser->layout.has_probs = true;
      dm_layout_forget(&parser->layout, c->is_python);
    }
    dm_cursor probs = {.p = parser->rough.at, .line = c->line, .is_python = c->is_python};
    DM_TRY(read_probs(parser, &probs, err));
  }
  for (int key = DM_KEYS_SURE; signals >> key; key++) {
    if (signals >> key & 1) {
      dm_cursor value = {
          .p = parser->at[key], .line = c->line, .is_python = c->is_python};
      dm_status status =
          read_signal(parser, &value, (size_t)parser->signal_of_key[key] - 1, err);
      if (status) {
        dm_error_key(err, dm_keys[key].name, strlen(dm_keys[key].name));
        return status;
      }
    }
  }
  return parser->classes.n ? dm_classes_tell(&parser->classes, &parser->fields, err)
                           : DM_OK;
}

/* --- keys --- */

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
  *key = dm_key_find(parser->options->names, name, len);
  if (*key != DM_KEY_OTHER && dm_keys[*key].form == DM_KEY_NUMBERED) {
    double epoch = 0;
    for (size_t i = strlen(dm_keys[*key].name); i < len; i++) {
      epoch = epoch * 10 + (name[i] - '0');
    }
    if (epoch != parser->epoch_of_logits) { /* the layout stands for another one */
      dm_layout_forget(&parser->layout, c->is_python);
      parser->epoch_of_logits = epoch;
    }
  }
  parser->keys |= *key == DM_KEY_OTHER ? 0 : DM_KEY_BIT(*key);
  if (*key == DM_KEY_OTHER && !dm_key_is_taken(parser->options->names, name, len)) {
    for (size_t i = 0; i < parser->options->n_signals; i++) {
      const char *signal = parser->options->signals[i];
      if (strlen(signal) == len && memcmp(signal, name, len) == 0) {
        *key = DM_KEY_SIGNAL + (int)i;
      }
    }
  }
  return DM_OK;
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

dm_status dm_parse_fields(dm_parser *parser, const char *line, dm_fields *out,
                          dm_error *err) {
  dm_cursor c = {.p = line, .line = line};
  bool is_blank = false;
  DM_TRY(parse_line(parser, &c, &is_blank, err));
  if (parser->rough.at && !parser->fields.probs) {
    dm_cursor probs = {.p = parser->rough.at, .line = line, .is_python = c.is_python};
    DM_TRY(read_probs(parser, &probs, err));
  }
  *out = parser->fields;
  return DM_OK;
}

/* --- values --- */

static dm_status read_member(dm_parser *parser, dm_cursor *c, int key, dm_error *err) {
  if (key == DM_KEY_OTHER) {
    parser->seen |= DM_KEY_OTHER_BIT;
    return dm_token_skip(c, err);
  }
  bool is_repeated;
  if (key >= DM_KEY_SIGNAL) {
    uint64_t bit = (uint64_t)1 << (key - DM_KEY_SIGNAL);
    parser->seen |= DM_KEY_OTHER_BIT;
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
  if (key >= DM_KEY_SIGNAL) {
    return read_signal(parser, c, (size_t)(key - DM_KEY_SIGNAL), err);
  }
  return key < DM_KEYS_SURE ? read_field(parser, c, (dm_field)key, err)
                            : read_other_name(parser, c, key, err);
}

/* Another name is the field only if none of those that come before it stands in the line,
   before or behind it: what fails as the field may still be a user signal of any type. */
static dm_status read_other_name(dm_parser *parser, dm_cursor *c, int key,
                                 dm_error *err) {
  const dm_key_info *info = &dm_keys[key];
  const char *start = c->p;
  parser->at[key] = start;
  if (parser->seen & parser->before[key]) {
    return dm_token_skip(c, err);
  }
  dm_status status = read_field(parser, c, info->field, err);
  if (info->form == DM_KEY_REPEATED && parser->fields.step_kind != DM_STEP_NONE) {
    parser->fields.step_kind = DM_STEP_EPOCH;
  }
  if (DM_UNLIKELY(status && status != DM_E_MEMORY)) {
    parser->failed |= DM_KEY_BIT(key);
    c->p = start;
    return dm_token_skip(c, err);
  }
  return status;
}

/* The error of another name whose value is none of the field. */
static dm_status fail_again(dm_parser *parser, const dm_cursor *c, int key,
                            dm_error *err) {
  const dm_key_info *info = &dm_keys[key];
  dm_cursor value = {.p = parser->at[key], .line = c->line, .is_python = c->is_python};
  dm_status status = read_field(parser, &value, info->field, err);
  char name[32]; /* at most 15 digits behind it */
  int len = info->form == DM_KEY_NUMBERED
                ? snprintf(name, sizeof name, "%s%" PRId64, info->name,
                           (int64_t)parser->epoch_of_logits)
                : snprintf(name, sizeof name, "%s", info->name);
  dm_error_key(err, name, (size_t)len);
  return status;
}

static dm_status read_field(dm_parser *parser, dm_cursor *c, dm_field field,
                            dm_error *err) {
  dm_fields *f = &parser->fields;
  bool is_null = false;
  switch (field) {
    case DM_FIELD_ID:
      return dm_value_ident(c, DM_USE_ID, &parser->decoded[DM_USE_ID], &f->id, err);
    case DM_FIELD_LABEL:
      return dm_value_ident(c, DM_USE_LABEL, &parser->decoded[DM_USE_LABEL], &f->label,
                            err);
    case DM_FIELD_PRED_LABEL:
      return dm_value_ident(c, DM_USE_PRED_LABEL, &parser->decoded[DM_USE_PRED_LABEL],
                            &f->pred_label, err);
    case DM_FIELD_S_LABEL:
      return dm_value_ident(c, DM_USE_S_LABEL, &parser->decoded[DM_USE_S_LABEL],
                            &f->s_label, err);
    case DM_FIELD_CORRECT:
      DM_TRY(dm_value_correct(c, &parser->key, &f->correct, &is_null, err));
      f->has_correct = !is_null;
      return DM_OK;
    case DM_FIELD_LABEL_PROBS:
      DM_TRY(dm_value_number(c, &f->label_probs, &is_null, err));
      f->has_label_probs = !is_null;
      return DM_OK;
    case DM_FIELD_LABEL_INDEX:
      DM_TRY(dm_value_place(c, &f->label_index, &is_null, err));
      f->has_label_index = !is_null;
      return DM_OK;
    case DM_FIELD_LOSS:
      return read_signal_field(parser, c, field, &f->loss, &f->has_loss, err);
    case DM_FIELD_MARGIN:
      return read_signal_field(parser, c, field, &f->margin, &f->has_margin, err);
    case DM_FIELD_SUM_LOGP:
      return read_signal_field(parser, c, field, &f->sum_logp, &f->has_sum_logp, err);
    case DM_FIELD_N_TOK:
      return read_signal_field(parser, c, field, &f->n_tok, &f->has_n_tok, err);
    case DM_FIELD_STEP: {
      const char *at = c->p;
      DM_TRY(dm_value_number(c, &f->step, &is_null, err));
      f->step_kind = is_null ? DM_STEP_NONE : DM_STEP_UNIQUE;
      if (!is_null && !dm_is_finite(f->step)) {
        return dm_token_error(c, at, DM_E_RANGE, err, "a finite step");
      }
      return DM_OK;
    }
    case DM_FIELD_PROBS:
      parser->rough.at = NULL;
      return read_probs(parser, c, err);
    default: /* DM_FIELD_LOGITS */
      DM_TRY(dm_value_numbers(c, &parser->logits, &parser->cap_logits, &f->n_logits,
                              &is_null, err));
      f->logits = is_null ? NULL : parser->logits;
      return DM_OK;
  }
}

static dm_status read_probs(dm_parser *parser, dm_cursor *c, dm_error *err) {
  dm_fields *f = &parser->fields;
  bool is_null = false;
  DM_TRY(dm_value_numbers(c, &parser->probs.values, &parser->probs.cap, &f->n_probs,
                          &is_null, err));
  f->probs = is_null ? NULL : parser->probs.values;
  return DM_OK;
}

/* A number that is a field, and a signal as well where it was asked for. */
static dm_status read_signal_field(dm_parser *parser, dm_cursor *c, dm_field field,
                                   double *out, bool *is_given, dm_error *err) {
  int signal = parser->signal_of_key[field];
  bool is_null = false;
  DM_TRY(dm_value_number(c, out, &is_null, err));
  *is_given = !is_null;
  if (signal && !is_null) {
    parser->signals[signal - 1] = *out;
  }
  return DM_OK;
}

static dm_status read_signal(dm_parser *parser, dm_cursor *c, size_t i, dm_error *err) {
  double value = 0;
  bool is_null = false;
  DM_TRY(dm_value_number(c, &value, &is_null, err));
  if (!is_null) {
    parser->signals[i] = value;
  }
  return DM_OK;
}
