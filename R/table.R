# A data frame of signals, one row per evaluation and sample, as the columns
# that the core takes.

signal_columns <- function(x, request, call) {
  check_unique_names(names(x), call)
  pick <- function(...) {
    name <- intersect(c(...), names(x))
    if (length(name) > 0) name[[1]]
  }
  id <- pick("id", "guid")
  label <- pick("label", "gold")
  s_label <- pick("s_label", "noisy_label")
  step <- pick("step", "epoch")
  columns <- list(
    id = ident_column(x, id, call),
    label = ident_column(x, label, call),
    pred_label = ident_column(x, pick("pred_label"), call),
    s_label = s_label_column(x, s_label, call),
    correct = correct_column(x, pick("correct"), call),
    label_probs = number_column(x, pick("label_probs"), call),
    step = step_column(x, step, call),
    is_epoch = identical(step, "epoch"),
    probs = class_columns(x, "probs", call),
    logits = class_columns(x, "logits", call),
    signals = lapply(request$core_signals, function(signal) {
      is_asked <- signal %in% request$signals
      if (!is_asked && !signal %in% names(x)) {
        return(rep(NA_real_, nrow(x))) # the loss, for a metric
      }
      signal_column(signal, x, c(id, label, s_label, step), call)
    })
  )
  number_column(x, pick("loss"), call) # a field: of the right type, if there
  columns$order <- evaluation_order(columns, nrow(x))
  columns
}

# Rows by sample, in order of first appearance, then by step. Without steps as
# they are.
evaluation_order <- function(columns, n) {
  if (is.null(columns$step) || is.null(columns$id)) {
    return(seq_len(n))
  }
  order(match(columns$id, unique(columns$id)), columns$step, method = "radix")
}

abort_column <- function(problem, name, call, row = NULL) {
  abort_datamap(
    c("Can't use column {.field {name}} of the signals.", "x" = problem),
    class = "field", line = row, key = name, call = call,
    .envir = rlang::caller_env()
  )
}

ident_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- x[[name]]
  if (is.factor(column)) {
    column <- as.character(column)
  }
  if (inherits(column, "integer64")) {
    rlang::check_installed("bit64", "to read columns of 64-bit integers.")
    fits <- all(is.na(column) | abs(as.double(column)) <= 2^53)
    column <- if (fits) as.double(column) else as.character(column)
  }
  if (is.character(column)) {
    column <- enc2utf8(column)
    bad <- which(!validUTF8(column))
    if (length(bad) > 0) {
      row <- bad[[1]]
      abort_column("Row {row} is not valid UTF-8.", name, call, row)
    }
    return(column)
  }
  if (!is.numeric(column) || is.object(column)) {
    abort_column("It must hold whole numbers or strings.", name, call)
  }
  whole_column(column, name, call)
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

s_label_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- x[[name]]
  if (is.factor(column)) {
    # counts by its labels, as everywhere
    labels <- suppressWarnings(as.double(levels(column)))
    if (!anyNA(labels)) {
      column <- labels[as.integer(column)]
    }
  }
  if (!is.numeric(column) || is.object(column)) {
    if (!all(is.na(column))) {
      abort_column("It must hold whole numbers.", name, call)
    }
    return(rep(NA_integer_, nrow(x)))
  }
  whole_column(column, name, call)
}

correct_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  column <- x[[name]]
  if (is.logical(column)) {
    return(column)
  }
  text <- as.character(column)
  out <- rep(NA, length(text))
  out[text %in% c("true", "True", "TRUE", "1")] <- TRUE
  out[text %in% c("false", "False", "FALSE", "0")] <- FALSE
  bad <- which(is.na(out) & !is.na(column))
  if (length(bad) > 0) {
    row <- bad[[1]]
    value <- text[[row]]
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
  column <- x[[name]]
  if (is.logical(column) && all(is.na(column))) {
    return(rep(NA_real_, nrow(x)))
  }
  if (!is.numeric(column) || is.object(column) || is.matrix(column)) {
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

# `fields` are the names of columns that serve as fields: no signals then.
signal_column <- function(signal, x, fields, call) {
  if (signal %in% fields) {
    return(rep(NA_real_, nrow(x)))
  }
  if (!signal %in% names(x)) {
    abort_datamap(
      c(
        "Can't find the signal {.field {signal}} among the columns.",
        "i" = "The columns are {.field {names(x)}}."
      ),
      class = "input", key = signal, call = call
    )
  }
  number_column(x, signal, call)
}

# Class vectors: one matrix or list column of that name, or one column per
# class, counted from 0.
class_columns <- function(x, name, call) {
  column <- x[[name]]
  if (is.matrix(column) && is.numeric(column)) {
    if (!is.double(column)) {
      storage.mode(column) <- "double"
    }
    return(column)
  }
  if (is.list(column)) {
    is_number <- vapply(
      column,
      function(v) is.numeric(v) || is.null(v) || all(is.na(v)), NA
    )
    if (!all(is_number)) {
      row <- which(!is_number)[[1]]
      abort_column("Row {row} must be a vector of numbers.", name, call, row)
    }
    return(lapply(column, as.double))
  }
  if (!is.null(column)) {
    abort_column("It must be a matrix or a list of vectors.", name, call)
  }
  class_names <- class_column_names(x, name)
  if (length(class_names) == 0) {
    return(NULL)
  }
  expected <- paste0(name, "_", seq_along(class_names) - 1)
  missing <- setdiff(expected, class_names)
  if (length(missing) > 0) {
    abort_datamap(
      c(
        "Class vectors must have a column for every class from 0.",
        "x" = "There is {.field {class_names}}, but no {.field {missing}}."
      ),
      class = "field", key = missing[[1]], call = call
    )
  }
  columns <- lapply(class_names, number_column, x = x, call = call)
  matrix(unlist(columns), nrow = nrow(x))
}

# In the order of the classes.
class_column_names <- function(x, name) {
  pattern <- paste0("^", name, "_(0|[1-9][0-9]*)$")
  class_names <- grep(pattern, names(x), value = TRUE)
  class_names[order(as.double(sub(pattern, "\\1", class_names)))]
}

# --- as lines ---

# The kinds of columns that the core writes, in its order.
record_kinds <- c("int32", "whole", "double", "bool", "text", "list")

# Second names of fields: where the first is absent they are read as it.
second_names <- c(
  guid = "id", gold = "label", noisy_label = "s_label", epoch = "step"
)

# The order of the fields in a line.
line_order <- c(
  "id", "guid", "label", "gold", "pred_label", "s_label", "noisy_label",
  "correct", "loss", "probs", "logits", "label_probs", "step", "epoch"
)

# The columns of a data frame of signals as the core writes them: fields under
# the names that they have, then all others.
record_columns <- function(x, call) {
  pick <- function(...) utils::head(intersect(c(...), names(x)), 1)
  id <- pick("id", "guid")
  label <- pick("label", "gold")
  s_label <- pick("s_label", "noisy_label")
  step <- pick("step", "epoch")
  columns <- c(
    field_columns(x, c(id, label, pick("pred_label")), ident_column, call),
    field_columns(x, s_label, s_label_column, call),
    field_columns(x, pick("correct"), correct_column, call),
    field_columns(x, pick("loss"), number_column, call),
    field_columns(x, pick("label_probs"), number_column, call),
    field_columns(x, step, step_column, call)
  )
  columns$probs <- class_matrix(class_columns(x, "probs", call))
  columns$logits <- class_matrix(class_columns(x, "logits", call))
  whole <- intersect(names(columns), c(id, label, "pred_label", s_label))
  columns[whole] <- lapply(columns[whole], function(column) {
    if (anyNA(column)) replace(column, is.na(column), NA) else column # NaN too
  })
  columns <- columns[order(match(names(columns), line_order))]
  in_vectors <- unlist(lapply(c("probs", "logits"), function(name) {
    if (!name %in% names(x)) class_column_names(x, name)
  }))
  others <- setdiff(names(x), c(names(columns), in_vectors))
  kinds <- vapply(columns, record_kind, "")
  kinds[whole] <- sub("double", "whole", kinds[whole])
  own <- field_columns(x, others, own_column, call)
  list(
    columns = c(columns, own),
    kinds = match(c(kinds, vapply(own, record_kind, "")), record_kinds) - 1L
  )
}

field_columns <- function(x, names, convert, call) {
  lapply(stats::setNames(nm = names), convert, x = x, call = call)
}

# A signal of the user's, of any type that a line can hold.
own_column <- function(x, name, call) {
  column <- x[[name]]
  if (is.factor(column)) {
    column <- as.character(column)
  }
  if (is.character(column)) {
    return(enc2utf8(column))
  }
  is_plain <- (is.numeric(column) || is.logical(column)) &&
    !is.object(column) && is.null(dim(column))
  if (!is_plain) {
    abort_column("It must hold numbers, strings or logical values.", name, call)
  }
  column
}

# Vectors of different lengths are filled up with NA, which is not written.
class_matrix <- function(column) {
  if (!is.list(column)) {
    return(column)
  }
  width <- max(lengths(column), 0L)
  filled <- lapply(column, function(v) c(v, rep(NA_real_, width - length(v))))
  matrix(unlist(filled), ncol = width, byrow = TRUE)
}

record_kind <- function(column) {
  if (is.matrix(column)) {
    return("list")
  }
  switch(typeof(column),
    integer = "int32",
    double = "double",
    logical = "bool",
    character = "text"
  )
}
