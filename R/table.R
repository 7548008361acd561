# A data frame of signals, one row per evaluation and sample, as the columns
# that the core takes.

# The fields of signals with all their names, in the order of a line. The first
# that stands in a line or among the columns is the field; others beside it are
# signals of the user's own. N is a number, the step of the line. The core and
# the recorder for Python have the same list.
field_names <- list(
  id = c("id", "guid", "sample_id", "uuid", "idx"),
  label = c("label", "gold"),
  label_index = "label_index",
  pred_label = "pred_label",
  s_label = c("s_label", "noisy_label"),
  correct = "correct",
  loss = "loss",
  probs = "probs",
  logits = c("logits", "logits_epoch_N"),
  label_probs = "label_probs",
  step = c("step", "epoch"),
  margin = "margin",
  sum_logp = "sum_logp",
  n_tok = "n_tok"
)

# Fields that stand for others: where one of these is given, they are signals of
# the user's own. Those that are fields may be asked for as signals as well.
stand_ins <- list(
  margin = c("probs", "logits", "label_probs"),
  sum_logp = c("probs", "logits", "label_probs", "margin"),
  n_tok = c("probs", "logits", "label_probs", "margin")
)

# Which field each other name is a name of, but for those with a number.
other_names <- function(fields = names(field_names)) {
  all_other_names[all_other_names %in% fields]
}

all_other_names <- local({
  names <- lapply(field_names, `[`, -1)
  names <- stats::setNames(rep(names(names), lengths(names)), unlist(names))
  names[!grepl("_N$", names(names))]
})

# The fields that have several names, one of which may be a signal.
fields_of_names <- function() {
  unique(unname(other_names()))
}

# For the help: "`guid` and `idx`" of a field, and of all fields that have any
# "`guid` and `idx` for `id`".
other_names_text <- function(field = NULL) {
  if (!is.null(field)) {
    return(listed(paste0("`", field_names[[field]][-1], "`")))
  }
  several <- names(field_names)[lengths(field_names) > 1]
  text <- vapply(several, other_names_text, "")
  paste0(text, " for `", several, "`", collapse = "; ")
}

listed <- function(x) {
  last <- length(x)
  if (last < 2) x else paste(toString(x[-last]), "and", x[[last]])
}

#' @export
signal_source.data.frame <- function(x, arg, call) {
  check_no_summary(x, arg, call)
  new_source(
    columns = function(request, naming) {
      signal_columns(x, request, naming, call)
    },
    frame = function(naming) rename_fields(x, naming, call),
    levels = function(naming) table_levels(x, naming)
  )
}

signal_columns <- function(x, request, naming, call) {
  x <- signal_table(x, call, naming = naming)
  fields <- pick_fields(x)
  classes <- resolve_classes(x, fields, call)
  columns <- list(
    id = ident_column(x, fields$id, call),
    label = label_column(x, fields$label, call),
    label_index = classes$label_index,
    pred_label = classes$pred_label %||%
      label_column(x, fields$pred_label, call),
    s_label = s_label_column(x, fields$s_label, call),
    correct = correct_column(x, fields$correct, call),
    label_probs = number_column(x, fields$label_probs, call),
    step = step_column(x, fields$step, call),
    margin = number_column(x, fields$margin, call),
    sum_logp = number_column(x, fields$sum_logp, call),
    n_tok = number_column(x, fields$n_tok, call),
    is_epoch = identical(fields$step, "epoch"),
    probs = classes$probs,
    logits = classes$logits,
    signals = lapply(request$core_signals, function(signal) {
      column <- find_signal(signal, names(x), fields, request, call)
      if (is.na(column)) {
        return(rep(NA_real_, n_rows(x)))
      }
      number_column(x, names(x)[[column]], call)
    })
  )
  number_column(x, fields$loss, call) # a field: of the right type, if there
  columns$order <- evaluation_order(columns, n_rows(x))
  columns
}

# Which column is which field: the first of the names that a field has, for the
# whole table and never for a row. Class vectors have columns of their own.
pick_fields <- function(x) {
  fields <- named_fields(x)
  given <- c(
    names(fields), if (length(class_columns_of(x)) > 0) class_fields
  )
  is_own <- vapply(stand_ins, function(of) any(of %in% given), NA)
  fields[setdiff(names(fields), names(stand_ins)[is_own])]
}

# The same by their names alone: what stands for others may be one's own.
named_fields <- function(x) {
  naming <- naming_of(x)
  fields <- setdiff(names(field_names), class_fields)
  names <- lapply(stats::setNames(nm = fields), names_of_field, naming)
  if (!"pred_label" %in% names(naming$fields)) {
    names$pred_label <- c(names$pred_label, ".pred_class")
  }
  columns <- names(x)
  found <- lapply(names, function(of) of[of %in% columns])
  lapply(found[lengths(found) > 0], `[[`, 1)
}

# The column of a field, NULL where there is none.
field_column <- function(x, field, naming = naming_of(x)) {
  name <- intersect(names_of_field(field, naming), names(x))
  if (length(name) > 0) unclass(x)[[name[[1]]]]
}

# The levels of the label where it is a factor: those of the map's.
table_levels <- function(x, naming = naming_of(x)) {
  label <- field_column(x, "label", naming)
  if (is.factor(label)) factor_levels(label)
}

# The columns of a data frame as a plain named list, each with a value for every
# row, and how many rows there are. What a data frame is by its class only does
# not get past this, so that no code behind it has to count.
signal_table <- function(x, call, arg = "x", n = NULL, naming = NULL) {
  columns <- unclass(x)
  if (!is.list(columns)) {
    abort_argument(columns, "a data frame, made of columns", arg, call)
  }
  n <- n %||% .row_names_info(x, 2L)
  check_table_names(columns, arg, call)
  attributes(columns) <- list(names = names(columns))
  rows <- vapply(columns, count_rows, 1)
  wrong <- which(is.na(rows) | rows != n)
  if (length(wrong) > 0) {
    name <- names(columns)[[wrong[[1]]]]
    found <- rows[[wrong[[1]]]]
    found <- if (is.na(found)) describe(columns[[name]]) else found
    abort_datamap(
      c(
        paste(
          "Every column of {.arg {arg}} must have a value for each of",
          "{n} row{?s}."
        ),
        "x" = if (is.numeric(found)) {
          "{.field {name}} has {format_count(found)}."
        } else {
          "{.field {name}} is {found}."
        }
      ),
      class = "input", key = name, call = call
    )
  }
  need_named_columns(rlang::names2(columns), naming, call)
  columns <- lapply(columns, without_as_is)
  others <- setdiff(names(columns), class_keys(naming))
  columns[others] <- lapply(columns[others], as_plain_vector)
  structure(columns, n_rows = n, naming = naming)
}

n_rows <- function(table) attr(table, "n_rows", exact = TRUE)

naming_of <- function(table) attr(table, "naming", exact = TRUE)

check_table_names <- function(x,
                              arg = rlang::caller_arg(x),
                              call = rlang::caller_env()) {
  names <- names(x)
  is_named <- length(names) == length(x) && !anyNA(names) &&
    all(nzchar(names)) && is_text(names)
  if (length(x) > 0 && !is_named) {
    abort_datamap(
      c(
        "Every column of {.arg {arg}} must have a name.",
        "x" = "Column {bad_name(names, length(x))} has none, or no text."
      ),
      class = "input", key = arg, call = call
    )
  }
  check_unique_names(names, "x", call)
}

# The first of n names that is none.
bad_name <- function(names, n) {
  names <- as.list(names)[seq_len(n)]
  is_fine <- vapply(names, function(x) is_text(x) && nzchar(x), NA)
  which(!is_fine)[[1]]
}

# How many rows a column has, NA where it can't have any.
count_rows <- function(column) {
  if (is.data.frame(column)) {
    return(as.double(.row_names_info(column, 2L)))
  }
  if (!is.atomic(column) && !is.list(column)) {
    return(NA_real_)
  }
  if (!is.object(column)) {
    return(as.double(NROW(column)))
  }
  # a class may count in its own way, or not at all
  n <- tryCatch(NROW(column), error = function(error) NULL)
  if (is.numeric(n) && length(n) == 1) as.double(n) else NA_real_
}

without_as_is <- function(column) {
  if (inherits(column, "AsIs")) {
    class(column) <- setdiff(class(column), "AsIs")
  }
  column
}

# A matrix of one column and an array of one dimension are vectors too.
as_plain_vector <- function(column) {
  is_vector <- is.atomic(column) && !is.null(dim(column)) &&
    (length(dim(column)) == 1 || identical(dim(column)[-1], 1L))
  if (is_vector) {
    dim(column) <- NULL
  }
  column
}

# Rows by sample, in order of first appearance, then by step. Without steps as
# they are.
evaluation_order <- function(columns, n) {
  if (is.null(columns$step) || is.null(columns$id)) {
    return(seq_len(n))
  }
  id <- plain_ids(columns$id)
  order(match(id, unique(id)), columns$step, method = "radix")
}

abort_column <- function(problem, name, call, row = NULL) {
  abort_datamap(
    c("Can't use column {.field {name}} of the signals.", "x" = problem),
    class = "field", line = row, key = name, call = call,
    .envir = rlang::caller_env()
  )
}

# Ids or labels for the core: 64-bit integers beyond 2^53 stay what they are.
ident_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- x[[name]]
  if (is.character(column) && is.null(dim(column))) {
    return(text_column(column, name, call))
  }
  plain <- plain_ids(column)
  if (is_integer64(column) && is.character(plain)) {
    return(structure(as.vector(unclass(column)), class = "integer64"))
  }
  if (!is.null(dim(column)) || !is_ident_type(plain)) {
    abort_column("It must hold whole numbers or strings.", name, call)
  }
  if (is.character(plain)) { # of a factor
    return(text_column(plain, name, call))
  }
  whole_column(as.vector(plain), name, call)
}

is_ident_type <- function(x) {
  is.character(x) || (is.numeric(x) && !is.object(x))
}

text_column <- function(column, name, call) {
  column <- as.vector(column)
  if (.Call(ffi_is_ascii, column)) {
    return(column)
  }
  column <- enc2utf8(column)
  bad <- which(!validUTF8(column) | Encoding(column) == "bytes")
  if (length(bad) > 0) {
    row <- bad[[1]]
    value <- valid_text(column[[row]])
    abort_column(
      "Row {row} is {.val {value}}, which is not valid UTF-8.",
      name, call, row
    )
  }
  column
}

whole_column <- function(column, name, call) {
  if (is.double(column)) {
    bad <- which(!is.na(column) & (column != trunc(column) |
      abs(column) > 2^53 | is.nan(column)))
    if (length(bad) > 0) {
      row <- bad[[1]]
      value <- format(column[[row]], digits = 17)
      abort_column(
        "Row {row} is {value}, not a whole number up to 2^53.",
        name, call, row
      )
    }
  }
  column
}

# The place of the label's class; the core checks the range.
label_index_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- whole_column(number_column(x, name, call), name, call)
  bad <- which(abs(column) >= 2^31)
  if (length(bad) > 0) {
    row <- bad[[1]]
    abort_column("Row {row} is not the place of a class.", name, call, row)
  }
  as.integer(column)
}

s_label_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- plain_numbers(x[[name]])
  if (is.factor(column)) {
    # counts by its labels, as everywhere
    labels <- factor_labels(column)
    numbers <- suppressWarnings(as.double(labels))
    if (identical(is.na(numbers), is.na(labels))) {
      column <- numbers
    }
  }
  if (!is_plain_number(column)) {
    if (!is_all_missing(column)) {
      abort_column("It must hold whole numbers.", name, call)
    }
    return(rep(NA_integer_, n_rows(x)))
  }
  whole_column(as.vector(column), name, call)
}

is_plain_number <- function(x) {
  is.numeric(x) && !is.object(x) && is.null(dim(x))
}

# A column in which nothing is given, whatever its type.
is_all_missing <- function(x) {
  # the first tells it of nearly all others
  is.atomic(x) && is.null(dim(x)) && all(is.na(unclass(x)[1])) &&
    all(is.na(unclass(x)))
}

correct_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- plain_ids(x[[name]])
  if (!is.atomic(column) || is.object(column) || !is.null(dim(column))) {
    abort_column("It must hold true or false.", name, call)
  }
  if (is.logical(column)) {
    return(as.vector(column))
  }
  out <- rep(NA, length(column))
  out[column %in% c("true", "True", "TRUE", "1")] <- TRUE
  out[column %in% c("false", "False", "FALSE", "0")] <- FALSE
  bad <- which(is.na(out) & !is.na(column))
  if (length(bad) > 0) {
    row <- bad[[1]]
    value <- id_text(column[[row]])
    abort_column(
      "Row {row} is {.val {value}}, not true or false.",
      name, call, row
    )
  }
  out
}

number_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- plain_numbers(x[[name]])
  if (is.logical(column) && is_all_missing(column)) {
    return(rep(NA_real_, n_rows(x)))
  }
  if (!is_plain_number(column)) {
    abort_column("It must hold numbers.", name, call)
  }
  as.double(column)
}

step_column <- function(x, name, call) {
  column <- number_column(x, name, call)
  bad <- which(is.nan(column) | is.infinite(column))
  if (length(bad) > 0) {
    row <- bad[[1]]
    abort_column("Row {row} is not a finite step.", name, call, row)
  }
  column
}

# Which of the columns a signal is: NA where it serves as a field, or is the
# loss that a metric would like to have.
find_signal <- function(signal, names, fields, request, call) {
  is_field <- signal %in% c("loss", names(stand_ins))
  column <- if (is_field) fields[[signal]] %||% signal else signal
  is_there <- column %in% names
  is_asked <- signal %in% request$signals
  if (column %in% unlist(fields[fields_of_names()])) {
    return(NA_integer_)
  }
  if (!is_there && is_asked) {
    similar <- similar_names(signal, names)
    abort_datamap(
      c(
        "Can't find the signal {.field {signal}} among the columns.",
        "i" = "The columns are {.field {names}}.",
        did_you_mean(similar)
      ),
      class = "input", key = signal, similar = similar, call = call
    )
  }
  match(column, names)
}

# --- as lines ---

# The columns of a data frame of signals as the core writes them: fields under
# the names that they have, then all others.
record_columns <- function(x, call, memory = new.env(), naming = NULL) {
  x <- signal_table(x, call, naming = naming)
  fields <- pick_fields(x)
  classes <- resolve_classes(x, fields, call, memory)
  own <- setdiff(
    names(x), c(unlist(fields), class_columns_of(x), taken_names(naming))
  )
  check_own_names(x, own, fields, naming, call)
  columns <- list(
    id = ident_column(x, fields$id, call),
    label = label_column(x, fields$label, call),
    s_label = s_label_column(x, fields$s_label, call),
    correct = correct_column(x, fields$correct, call),
    loss = number_column(x, fields$loss, call),
    label_probs = number_column(x, fields$label_probs, call),
    step = if (!is.null(fields$step)) step_column(x, fields$step, call),
    pred_label = classes$pred_label %||%
      label_column(x, fields$pred_label, call),
    label_index = classes$label_index,
    probs = filled_matrix(classes$probs),
    logits = filled_matrix(classes$logits),
    margin = number_column(x, fields$margin, call),
    sum_logp = number_column(x, fields$sum_logp, call),
    n_tok = number_column(x, fields$n_tok, call)
  )
  columns <- columns[!vapply(columns, is.null, NA)]
  whole <- intersect(names(columns), whole_fields)
  columns[whole] <- lapply(columns[whole], function(column) {
    is_nan <- is.double(column) && !is_integer64(column) && anyNA(column)
    if (is_nan) replace(column, is.na(column), NA) else column
  })
  lines <- record_fields(columns)
  names(lines$columns) <- line_names(names(lines$columns), fields, naming)
  own <- field_columns(x, own, own_column, call)
  check_stand_ins(own, columns, n_rows(x), call)
  list(
    columns = c(lines$columns, own),
    kinds = c(lines$kinds, vapply(own, record_kind, ""))
  )
}

# Columns of fields in the order of a line, and how each is written.
record_fields <- function(columns) {
  columns <- columns[order(match(names(columns), unlist(field_names)))]
  kinds <- vapply(columns, record_kind, "")
  whole <- names(columns) %in% whole_fields
  kinds[whole] <- sub("double", "whole", kinds[whole])
  list(columns = columns, kinds = kinds)
}

# Which values lines have as null, by the argument `nan`.
nulls_of <- function(nan) if (nan == "null") "infinite"

# A row is refused that lacks something where what there was is not finite, so
# that it would be written as null: that is what is said. `columns` are those of
# record_columns(), `nulls` those of nulls_of().
advise_nulls <- function(error, columns, nulls) {
  if (is.null(nulls) || error$class != "field" || is.na(error$line)) {
    return(error)
  }
  needed <- columns[intersect(
    c("label_probs", class_fields, "margin", "sum_logp", "n_tok"),
    names(columns)
  )]
  is_null <- vapply(needed, function(column) {
    row <- error$line
    values <- if (is.matrix(column)) column[row, ] else column[[row]]
    any(is.nan(values) | is.infinite(values))
  }, NA)
  if (any(is_null)) {
    error$key <- names(needed)[is_null][[1]]
    error$reason <-
      "found a number that is not finite, which nan = \"null\" writes as absent"
    error$advice <- "use nan = \"NaN\" to write it"
  }
  error
}

# The fields that hold idents or whole numbers.
whole_fields <- c("id", "label", "pred_label", "s_label")

# The keys of fields in a line: the names that they have, but for what is made
# of several columns or derived.
line_names <- function(names, fields, naming) {
  found <- unlist(fields[setdiff(names(fields), "pred_label")])
  found[names(naming$fields)] <- naming$fields
  replace(names, names %in% names(found), found[intersect(names, names(found))])
}

# So many rows are written at a time where lines are made for a reader.
rows_at_once <- 10000

# The lines of `n` rows of columns and their kinds, as bytes.
record_lines <- function(lines, n, call) {
  text <- .Call(ffi_signal_lines, lines$columns, lines$kinds, n)
  if (inherits(text, "dm_error")) {
    abort_core(text, NULL, call)
  }
  text
}

# A function of n that gives the next n bytes at most of what `next_lines`
# makes, which is called until it gives none.
line_reader <- function(next_lines) {
  held <- raw()
  is_over <- FALSE
  function(n) {
    if (length(held) == 0 && !is_over) {
      held <<- next_lines()
      is_over <<- length(held) == 0
    }
    bytes <- utils::head(held, n)
    held <<- utils::tail(held, -n)
    bytes
  }
}

# The columns that class vectors are made of.
class_columns_of <- function(x) {
  keys <- class_keys(naming_of(x))
  is_whole <- keys %in% names(x)
  parts <- lapply(keys[!is_whole], class_column_names, x = x)
  has_none <- !any(is_whole) && length(unlist(parts)) == 0
  tidy <- if (has_none) tidy_columns(x)
  plain <- if (has_none && length(tidy) == 0) plain_columns(x)
  unname(c(keys[is_whole], unlist(parts), tidy, plain))
}

# A signal whose name is another name of a field would be read as that where a
# line has no other.
check_own_names <- function(x, own, fields, naming,
                            call = rlang::caller_env()) {
  other <- other_names(setdiff(names(field_names), names(naming$fields)))
  for (name in intersect(own, names(other))) {
    field <- other[[name]]
    first <- x[[fields[[field]]]]
    rows <- which(is.na(plain_ids(first)) & !is.na(plain_ids(x[[name]])))
    if (length(rows) > 0) {
      row <- rows[[1]]
      abort_own_name(
        paste(
          "{.field {name}} is another name of {.field {field}} and would be",
          "read as it from row {row}, which has none."
        ),
        name, call, row
      )
    }
  }
  logits <- if (!"logits" %in% names(naming$fields)) {
    grep("^logits_epoch_[0-9]+$", own, value = TRUE)
  }
  if (length(logits) > 0) {
    name <- logits[[1]]
    abort_own_name(
      "{.field {name}} is another name of {.field logits}.", name, call,
      advice = "Give the logits as {.field logits} and N as {.field step}."
    )
  }
}

abort_own_name <- function(problem, name, call, row = NULL,
                           advice = "Give the signal another name.",
                           .envir = rlang::caller_env()) {
  abort_datamap(
    c(
      "A signal of your own must not have the name of a field.",
      "x" = problem, "i" = advice
    ),
    class = "input", key = name, line = row, call = call, .envir = .envir
  )
}

# The same of what stands for other fields, in rows without these.
check_stand_ins <- function(own, columns, n, call = rlang::caller_env()) {
  for (name in intersect(names(own), names(stand_ins))) {
    others <- columns[intersect(stand_ins[[name]], names(columns))]
    is_own <- Reduce(`|`, lapply(others, function(other) {
      rowSums(as.matrix(is_given(other))) > 0
    }), rep(FALSE, n))
    rows <- which(!is_own & is_given(own[[name]]))
    if (length(rows) > 0) {
      row <- rows[[1]]
      abort_own_name(
        paste(
          "{.field {name}} is a field where {.field {stand_ins[[name]]}} are",
          "not given, as in row {row}."
        ),
        name, call, row
      )
    }
  }
}

# What is written: NaN is, and NA is not.
is_given <- function(x) !is.na(x) | (is.double(x) & is.nan(x))

field_columns <- function(x, names, convert, call) {
  lapply(stats::setNames(nm = names), convert, x = x, call = call)
}

# A signal of the user's, of any type that a line can hold.
own_column <- function(x, name, call) {
  column <- x[[name]]
  column <- if (is.factor(column)) plain_ids(column) else plain_numbers(column)
  is_plain <- !is.object(column) && is.null(dim(column))
  if (is_plain && is.character(column)) {
    return(text_column(column, name, call))
  }
  if (!is_plain || !(is.numeric(column) || is.logical(column))) {
    abort_column("It must hold numbers, strings or logical values.", name, call)
  }
  as.vector(column)
}

# Vectors of different lengths are filled up with NA, which is not written.
filled_matrix <- function(column) {
  if (!is.list(column)) {
    return(column)
  }
  width <- max(lengths(column), 0L)
  filled <- lapply(column, function(v) c(v, rep(NA_real_, width - length(v))))
  matrix(as.double(unlist(filled)), length(column), width, byrow = TRUE)
}

record_kind <- function(column) {
  if (is.matrix(column)) {
    return("list")
  }
  if (is_integer64(column)) {
    return("int64")
  }
  switch(typeof(column),
    integer = "int32",
    double = "double",
    logical = "bool",
    character = "text"
  )
}
