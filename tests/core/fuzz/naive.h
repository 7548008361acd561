/* A second reader of signals, written for plainness alone: a recursive descent over one
   line, a tree of its values, then the rules of the fields one by one. It shares no code
   with the core, and converts numbers by the C library in the locale "C". */
#ifndef NAIVE_H
#define NAIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "signals/dm_parse.h"

typedef enum naive_type {
  NAIVE_NULL,
  NAIVE_BOOL,
  NAIVE_NUMBER,
  NAIVE_STRING,
  NAIVE_LIST, /* tuples too */
  NAIVE_OBJECT
} naive_type;

typedef struct naive_value {
  naive_type type;
  bool is_true;
  double number;
  bool is_word;    /* a number that is not written in digits */
  bool is_integer; /* a number without fraction and exponent */
  char *text;      /* a string, decoded; a number as it is written */
  size_t len;
  struct naive_value *items; /* of a list or object */
  struct naive_value *keys;  /* of an object */
  size_t n;
} naive_value;

typedef struct naive_ident {
  bool is_given;
  bool is_string;
  const char *text; /* an integer as it is usually written */
  size_t len;
} naive_ident;

enum { NAIVE_SIGNALS = 5 };

/* What a line comes to. All memory lives until naive_forget(). */
typedef struct naive_line {
  bool is_blank;
  unsigned statuses; /* a bit for each status that the core may end with: if it is only
                        that of DM_OK, the line is good */
  bool is_syntax_right;
  bool is_python;
  naive_ident id;
  naive_ident label;
  naive_ident s_label;
  bool correct;
  double label_probs;
  size_t n_classes;
  bool has_label_index;
  double label_index;
  int step_kind;
  double step;
  bool has_signal[NAIVE_SIGNALS];
  double signals[NAIVE_SIGNALS];
  unsigned problems; /* a bit for each dm_problem_kind that the line alone shows */
} naive_line;

/* Reads len bytes without a newline. */
naive_line naive_read_line(const char *line, size_t len, dm_format format,
                           const char *const *signals, size_t n_signals);

/* Reads one value that fills all len bytes but for white space. 0, DM_E_SYNTAX or
   DM_E_LIMIT; depth is how many brackets stand around it. */
dm_status naive_read_value(const char *text, size_t len, bool is_python, int depth,
                           naive_value *out);

/* A line that is one object, or not. */
typedef struct naive_record {
  bool is_blank;
  bool is_object; /* it starts as one */
  bool is_python;
  dm_status status; /* 0, DM_E_SYNTAX or DM_E_LIMIT */
  naive_value value;
} naive_record;

naive_record naive_read_record(const char *line, size_t len, dm_format format);

/* Memory until naive_forget(). */
void *naive_alloc(size_t size);

/* Frees all that has been read. */
void naive_forget(void);

#endif
