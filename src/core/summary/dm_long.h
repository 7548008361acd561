/* The long table of signals: one row per line that counts, in the order of the lines, and
   only the columns that were asked for. */
#ifndef DM_LONG_H
#define DM_LONG_H

#include "signals/dm_keys.h"
#include "summary/dm_run.h"

/* Which columns there are to be; DM_LONG_OWN: all of the user's signals. */
enum {
  DM_LONG_ID = 1,
  DM_LONG_STEP = 2,
  DM_LONG_LABEL = 4,
  DM_LONG_PRED_LABEL = 8,
  DM_LONG_S_LABEL = 16,
  DM_LONG_CORRECT = 32,
  DM_LONG_LOSS = 64,
  DM_LONG_LABEL_PROBS = 128,
  DM_LONG_PROBS = 256,
  DM_LONG_LOGITS = 512,
  DM_LONG_OWN = 1024,
  DM_LONG_LABEL_INDEX = 2048
};

enum { DM_LONG_OWN_MAX = 10000 };

/* What the cells of a column are. A cell of 0 is missing. */
typedef enum dm_long_kind {
  DM_LONG_EMPTY,  /* no value yet, whatever it may be */
  DM_LONG_NUMBER, /* uint64_t: the bits of the double, exclusive or DM_ABSENT_BITS */
  DM_LONG_BOOL,   /* uint8_t: 1 false, 2 true */
  DM_LONG_TEXT    /* uint32_t: row of an index, + 1 */
} dm_long_kind;

typedef struct dm_long_column {
  char *name; /* of a signal of the user's: UTF-8, NUL-terminated; NULL: a field */
  dm_long_kind kind;
  dm_rows cells;
  const dm_index *idents; /* TEXT: what the cells stand for */
} dm_long_column;

/* A value of the user's in the line that is being taken. */
typedef struct dm_long_found {
  size_t column; /* which of own */
  dm_long_kind kind;
  bool is_python; /* the dialect of its text */
  dm_value value;
} dm_long_found;

/* A column per class; as many as the longest list of numbers so far. */
typedef struct dm_long_classes {
  dm_long_column *columns;
  size_t n, cap;
} dm_long_classes;

/* For a table that is read part by part, so that it never stands in memory as a whole:
   when it has so many rows, take() is called to look at its columns, and then all rows
   are forgotten. What types the columns have is kept. pred_label is only what the lines
   give, since which label stands at a predicted place a later line may say. */
typedef struct dm_long_parts {
  size_t rows;                                 /* 0: the table is kept */
  dm_status (*take)(void *ctx, dm_error *err); /* NULL: only the types matter */
  void *ctx;
  bool keeps_sums;          /* label_probs is not derived of sum_logp, which says more */
  const char *const *texts; /* signals of the user's that are texts from the start */
  size_t n_texts;
} dm_long_parts;

typedef struct dm_long {
  dm_run *run; /* borrowed */
  unsigned want;
  const char *const *names; /* of signals that are wanted beside; borrowed */
  size_t n_names;
  dm_long_parts parts; /* see dm_long_read_parts() */
  size_t n;            /* rows, of the part */
  bool has_epoch;      /* a step was given as "epoch" */
  dm_long_column id, step, label, label_index, pred_label, s_label, correct, loss,
      label_probs;
  dm_rows pred_places; /* uint32_t: where only the predicted class's place is known so
                          far, that + 1 */
  dm_long_classes probs, logits;
  dm_long_column *own;
  size_t n_own, cap_own;
  dm_long_found *found;
  size_t n_found, cap_found;
  dm_index pred_labels;
  dm_index texts;    /* of all signals of the user's */
  dm_parser *parser; /* NULL: no line is read again */
  uint32_t keys;     /* of the last line, */
  uint32_t own_keys; /* and which of them may be the user's */
  dm_buf text;
} dm_long;

/* Makes the table take what the run reads from now on. names and the run must outlive it,
   and it must not move. To be released also when this fails. DM_E_MEMORY. */
dm_status dm_long_init(dm_long *table, dm_run *run, unsigned want,
                       const char *const *names, size_t n_names,
                       dm_error *err) DM_MUST_CHECK;
void dm_long_release(dm_long *table);

/* Has the table read in parts; to be called before anything is read. label_probs is then
   EMPTY until a line has it. DM_E_MEMORY. */
dm_status dm_long_read_parts(dm_long *table, const dm_long_parts *parts,
                             dm_error *err) DM_MUST_CHECK;

/* To be called when all has been read, before the columns are looked at. DM_E_MEMORY. */
dm_status dm_long_finish(dm_long *table, dm_error *err) DM_MUST_CHECK;

/* Gives up a column's cells, which only dm_long_release() may follow, or, where a table
   is read in parts, more lines. */
void dm_long_empty(dm_long_column *column);

/* A cell of a column of that kind. */
static inline bool dm_long_is_missing(const dm_long_column *column, size_t row);
static inline double dm_long_number(const dm_long_column *column, size_t row) {
  return dm_double_from_bits(*(const uint64_t *)dm_rows_at(&column->cells, row) ^
                             DM_ABSENT_BITS);
}
static inline uint32_t dm_long_text(const dm_long_column *column, size_t row) {
  return *(const uint32_t *)dm_rows_at(&column->cells, row) - 1;
}
static inline bool dm_long_bool(const dm_long_column *column, size_t row) {
  return *(const uint8_t *)dm_rows_at(&column->cells, row) == 2;
}

static inline bool dm_long_is_missing(const dm_long_column *column, size_t row) {
  if (row >= dm_rows_cap(&column->cells)) { /* no later line had it */
    return true;
  }
  const void *cell = dm_rows_at(&column->cells, row);
  return column->kind == DM_LONG_NUMBER ? *(const uint64_t *)cell == 0
         : column->kind == DM_LONG_BOOL ? *(const uint8_t *)cell == 0
         : column->kind == DM_LONG_TEXT ? *(const uint32_t *)cell == 0
                                        : true;
}

#endif
