# Small checks of arguments. Each returns its argument, invisibly, or stops
# with an error of class `datamap_error_input` that names the argument.

check_flag <- function(x,
                       arg = rlang::caller_arg(x),
                       call = rlang::caller_env()) {
  if (!rlang::is_bool(x)) {
    abort_argument(x, "{.code TRUE} or {.code FALSE}", arg, call)
  }
  invisible(x)
}

# `min` and `max` are the smallest and the largest number allowed.
check_number <- function(x,
                         min = -Inf,
                         max = Inf,
                         whole = FALSE,
                         allow_null = FALSE,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  if (is.null(x) && allow_null) {
    return(invisible(x))
  }
  ok <- is.numeric(x) && length(x) == 1 && !is.na(x)
  if (ok) {
    ok <- x >= min && x <= max && (!whole || x == trunc(x))
  }
  if (!ok) {
    expected <- if (whole) "a whole number" else "a number"
    if (is.finite(min) && is.finite(max)) {
      expected <- paste(expected, "between", min, "and", max)
    } else if (is.finite(min)) {
      expected <- paste(expected, "of at least", min)
    } else if (is.finite(max)) {
      expected <- paste(expected, "of at most", max)
    }
    if (allow_null) {
      expected <- paste(expected, "or {.code NULL}")
    }
    abort_argument(x, expected, arg, call)
  }
  invisible(x)
}

check_string <- function(x,
                         allow_null = FALSE,
                         allow_empty = FALSE,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  if (is.null(x) && allow_null) {
    return(invisible(x))
  }
  if (!rlang::is_string(x) || (!allow_empty && !nzchar(x))) {
    expected <- if (allow_empty) "a string" else "a string that is not empty"
    if (allow_null) {
      expected <- paste(expected, "or {.code NULL}")
    }
    abort_argument(x, expected, arg, call)
  }
  invisible(x)
}

check_data_frame <- function(x,
                             arg = rlang::caller_arg(x),
                             call = rlang::caller_env()) {
  if (!is.data.frame(x)) {
    abort_argument(x, "a data frame", arg, call)
  }
  invisible(x)
}

# `x` must be the name of a column of `data`; with `numeric`, of a numeric
# one. The error lists those there are; `of` says what `data` is.
check_column_choice <- function(x,
                                data,
                                numeric = FALSE,
                                of = "the data map",
                                arg = rlang::caller_arg(x),
                                call = rlang::caller_env()) {
  check_string(x, arg = arg, call = call)
  choices <- if (numeric) numeric_columns(data) else names(data)
  if (!x %in% choices) {
    kind <- if (numeric) "numeric column" else "column"
    found <- if (x %in% names(data)) {
      "Column {.val {x}} is not numeric."
    } else {
      "There is no column {.val {x}}."
    }
    abort_datamap(
      c(
        paste0("{.arg {arg}} must be the name of a {kind} of ", of, "."),
        x = found,
        i = "The {kind}s are {.val {choices}}."
      ),
      class = "input",
      key = x,
      columns = choices,
      call = call
    )
  }
  invisible(x)
}

# `needed`, a vector of names, must be numeric columns of `data`; `what` says
# what for: "{.arg use_f_times}".
check_has_columns <- function(data,
                              needed,
                              what,
                              call = rlang::caller_env()) {
  choices <- numeric_columns(data)
  missing <- setdiff(needed, choices)
  if (length(missing) > 0) {
    abort_datamap(
      c(
        paste0(what, " needs the numeric column{?s} {.val {needed}}."),
        x = "The data map lacks {.val {missing}}.",
        i = "Its numeric columns are {.val {choices}}."
      ),
      class = "input",
      key = missing[[1]],
      columns = choices,
      call = call
    )
  }
  invisible(data)
}

numeric_columns <- function(data) {
  names(data)[vapply(unclass(data), is_number, logical(1))]
}

# Plain numbers: others, such as shares with a unit, have an arithmetic of their
# own.
is_number <- function(x) {
  is.numeric(x) && !is.object(x) && is.null(dim(x))
}

# `expected` is a cli template of ours; `x` is only described.
abort_argument <- function(x, expected, arg, call, hint = NULL) {
  found <- describe(x)
  abort_datamap(
    c(
      paste0("{.arg {arg}} must be ", expected, "."),
      x = "You gave {found}.",
      hint
    ),
    class = "input",
    key = arg,
    call = call
  )
}

# What a value is, in a few words: "the number -2", "the string \"a\"".
describe <- function(x) {
  if (is.null(x)) {
    return("NULL")
  }
  if (is.atomic(x) && !is.object(x) && is.null(dim(x)) && length(x) == 1) {
    if (is.na(x)) {
      return(format(x))
    }
    return(switch(typeof(x),
      character = paste0("the string \"", x, "\""),
      integer = ,
      double = paste("the number", id_text(x)),
      id_text(x)
    ))
  }
  if (length(x) == 0 && is.atomic(x)) {
    return(paste0("an empty ", class(x)[[1]], " vector"))
  }
  if (is.object(x) || is.function(x)) {
    return(paste0("an object of class ", class(x)[[1]]))
  }
  kind <- class(x)[[1]]
  if (is.atomic(x) && is.null(dim(x))) {
    kind <- paste(kind, "vector")
  }
  article <- if (grepl("^[aeiou]", kind)) "an" else "a"
  missing <- if (is.atomic(x) && anyNA(x)) {
    paste(", of which element", which(is.na(x))[[1]], "is missing")
  }
  paste0(article, " ", kind, " of length ", length(x), missing)
}
