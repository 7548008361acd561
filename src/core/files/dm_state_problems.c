/* What was wrong with lines, as tables: the kinds by their names, so that their order in
   the core is in no file. */
#include "files/dm_state_problems.h"

#include <string.h>

#include "summary/dm_state.h"

/* How many problems of each kind there were. */
enum { COUNTED_KIND, COUNT, N_COUNT_COLUMNS };

static const dm_pack_column count_columns[N_COUNT_COLUMNS] = {
    [COUNTED_KIND] = {"kind", DM_PACK_TEXT, 1},
    [COUNT] = {"count", DM_PACK_INT64, 1},
};

/* Those that are kept; files count from 1, and 0 is none. */
enum { FILE_NUMBER, LINE, COLUMN, KIND, KEY, EXPECTED, ACTUAL, N_PROBLEM_COLUMNS };

static const dm_pack_column problem_columns[N_PROBLEM_COLUMNS] = {
    [FILE_NUMBER] = {"file", DM_PACK_INT32, 1},
    [LINE] = {"line", DM_PACK_INT64, 1},
    [COLUMN] = {"column", DM_PACK_INT64, 1},
    [KIND] = {"kind", DM_PACK_TEXT, 1},
    [KEY] = {"key", DM_PACK_TEXT, 1},
    [EXPECTED] = {"expected", DM_PACK_TEXT, 1},
    [ACTUAL] = {"actual", DM_PACK_TEXT, 1},
};

static dm_status get_counts(dm_pack_reader *in, uint64_t counts[DM_PROBLEM_KINDS],
                            dm_error *err);
static dm_status take_problem(const dm_pack_table *table, size_t i, dm_problem *out,
                              dm_error *err);

static dm_pack_text text_of(const char *text) {
  return (dm_pack_text){text, strlen(text)};
}

dm_status dm_state_problems_put(dm_pack_writer *out, const dm_problems *problems,
                                dm_error *err) {
  DM_TRY(dm_pack_begin(out, "problem_counts", count_columns, N_COUNT_COLUMNS,
                       DM_PROBLEM_KINDS, err));
  for (size_t i = 0; i < DM_PROBLEM_KINDS; i++) {
    ((dm_pack_text *)out->table.values[COUNTED_KIND])[i] =
        text_of(dm_problem_kind_names[i]);
    ((int64_t *)out->table.values[COUNT])[i] = (int64_t)problems->count[i];
  }
  DM_TRY(dm_pack_put(out, err));
  DM_TRY(dm_pack_begin(out, "problems", problem_columns, N_PROBLEM_COLUMNS,
                       problems->n_kept, err));
  while (dm_pack_room(out)) {
    void **values = out->table.values;
    for (size_t i = 0; i < out->table.n; i++) {
      const dm_problem *from = &problems->kept[(size_t)out->table.first + i];
      ((int32_t *)values[FILE_NUMBER])[i] = from->file + 1;
      ((int64_t *)values[LINE])[i] = (int64_t)from->line;
      ((int64_t *)values[COLUMN])[i] = (int64_t)from->column;
      const char *const texts[] = {dm_problem_kind_names[from->kind], from->key,
                                   from->expected, from->actual};
      for (size_t t = 0; t < 4; t++) {
        ((dm_pack_text *)values[KIND + t])[i] = text_of(texts[t]);
      }
    }
    DM_TRY(dm_pack_put(out, err));
  }
  return DM_OK;
}

dm_status dm_state_problems_get(dm_pack_reader *in, dm_states *states,
                                uint64_t counts[DM_PROBLEM_KINDS], dm_error *err) {
  DM_TRY(get_counts(in, counts, err));
  dm_pack_table *table = &in->table;
  dm_pack_column columns[N_PROBLEM_COLUMNS];
  memcpy(columns, problem_columns, sizeof columns);
  DM_TRY(dm_pack_expect(in, "problems", columns, N_PROBLEM_COLUMNS, err));
  do {
    DM_TRY(dm_pack_next(in, err));
    for (size_t i = 0; i < table->n; i++) {
      dm_problem problem;
      DM_TRY(take_problem(table, i, &problem, err));
      DM_TRY(dm_state_add_problem(states, &problem, err));
    }
  } while (!dm_pack_is_done(in));
  return DM_OK;
}

/* A row for each kind, in any order. */
static dm_status get_counts(dm_pack_reader *in, uint64_t counts[DM_PROBLEM_KINDS],
                            dm_error *err) {
  const char *name = "problem_counts";
  dm_pack_column columns[N_COUNT_COLUMNS];
  memcpy(columns, count_columns, sizeof columns);
  DM_TRY(dm_pack_expect(in, name, columns, N_COUNT_COLUMNS, err));
  if (in->table.n_rows != DM_PROBLEM_KINDS) {
    return dm_pack_wrong(err, name, 0, "a row for each kind");
  }
  bool is_known[DM_PROBLEM_KINDS] = {false};
  DM_TRY(dm_pack_next(in, err));
  for (size_t i = 0; i < DM_PROBLEM_KINDS; i++) {
    const dm_pack_text *text = (const dm_pack_text *)in->table.values[COUNTED_KIND] + i;
    dm_problem_kind kind = dm_problem_kind_find(text->text, text->len);
    if (kind == DM_PROBLEM_KINDS || is_known[kind]) {
      return dm_pack_wrong(err, "kind", i + 1, "the name of a kind, every one once");
    }
    is_known[kind] = true;
    int64_t count = ((const int64_t *)in->table.values[COUNT])[i];
    if (!dm_state_is_count(count)) {
      return dm_pack_wrong(err, name, i + 1, "a count");
    }
    counts[kind] = (uint64_t)count;
  }
  return DM_OK;
}

static dm_status take_problem(const dm_pack_table *table, size_t i, dm_problem *out,
                              dm_error *err) {
  uint64_t row = table->first + i + 1; /* from 1 */
  void *const *values = table->values;
  const dm_pack_text *kind = (const dm_pack_text *)values[KIND] + i;
  int32_t file = ((const int32_t *)values[FILE_NUMBER])[i];
  int64_t line = ((const int64_t *)values[LINE])[i];
  int64_t column = ((const int64_t *)values[COLUMN])[i];
  if (file < 0 || !dm_state_is_count(line) || !dm_state_is_count(column)) {
    return dm_pack_wrong(err, "problems", row, "a place");
  }
  *out = (dm_problem){.line = (uint64_t)line,
                      .column = (uint64_t)column,
                      .file = file - 1,
                      .kind = dm_problem_kind_find(kind->text, kind->len)};
  const struct {
    char *to;
    size_t cap;
  } texts[] = {{out->key, sizeof out->key},
               {out->expected, sizeof out->expected},
               {out->actual, sizeof out->actual}};
  for (size_t t = 0; t < 3; t++) {
    const dm_pack_text *text = (const dm_pack_text *)values[KEY + t] + i;
    if (text->len >= texts[t].cap) {
      return dm_pack_wrong(err, problem_columns[KEY + t].name, row, "a shorter text");
    }
    memcpy(texts[t].to, text->text, text->len);
  }
  return DM_OK;
}
