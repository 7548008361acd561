# Small checks of arguments. Each returns its argument, invisibly, or stops
# with an error of class `datamap_error_input` that names the argument.

# `...` of the caller must be empty. What is in it is one argument too many, or
# one whose name was misspelt.
check_dots <- function(call = rlang::caller_env()) {
  known <- setdiff(names(formals(sys.function(sys.parent()))), "...")
  dots <- as.list(eval(quote(substitute(list(...))), call))[-1]
  dots <- dots[!vapply(dots, rlang::is_missing, NA)] # f(x, )
  if (length(dots) == 0) {
    return(invisible())
  }
  names <- rlang::names2(dots)
  if (!all(nzchar(names))) {
    value <- rlang::as_label(dots[[which(!nzchar(names))[[1]]]])
    abort_datamap(
      c(
        "All arguments but the first ones must have names.",
        x = "{.code {value}} has none.",
        i = "The arguments are {.arg {known}}.",
        i = if (known[[1]] == "x") {
          paste(
            "Several paths are one vector:",
            "{.code c(\"a.jsonl\", \"b.jsonl\")}."
          )
        }
      ),
      class = "input", key = "...", call = call
    )
  }
  similar <- similar_names(names[[1]], known)
  abort_datamap(
    c(
      "Every argument must be one that the function has.",
      x = "There is no argument {.arg {names[[1]]}}.",
      i = "The arguments are {.arg {known}}.",
      did_you_mean(similar)
    ),
    class = "input", key = names[[1]], similar = similar, call = call
  )
}

# One of the strings that are the argument's default in the caller; the first
# where none was given.
check_choice <- function(x,
                         choices = eval(
                           formals(sys.function(sys.parent()))[[arg]], call
                         ),
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  force(choices)
  force_name(x, arg, call)
  if (identical(x, choices)) {
    return(choices[[1]])
  }
  if (!rlang::is_string(x) || !x %in% choices) {
    found <- describe(x)
    similar <- similar_names(x, choices)
    abort_datamap(
      c(
        "{.arg {arg}} must be {.or {.val {choices}}}.",
        x = "You gave {found}.",
        did_you_mean(similar)
      ),
      class = "input", key = arg, similar = similar, call = call
    )
  }
  x
}

# Evaluates an argument before anything else looks at it: one that was not given
# is told by its name, and a bare name of a column, a metric and the like, which
# R looks for in vain, must be told to be a string.
force_argument <- function(x, arg, call) {
  withCallingHandlers(force(x), error = function(error) {
    name <- name_in(error, "argument \"%s\" is missing, with no default")
    if (!is.null(name)) {
      abort_datamap(
        "{.arg {arg}} must be given.",
        class = "input", key = arg, call = call
      )
    }
  })
  invisible(x)
}

force_name <- function(x, arg, call) {
  withCallingHandlers(force_argument(x, arg, call), error = function(error) {
    name <- name_in(error, "object '%s' not found")
    if (!is.null(name)) {
      text <- encodeString(name, quote = "\"")
      abort_datamap(
        c(
          "{.arg {arg}} must be a string.",
          x = "There is no object {.code {name}}.",
          i = "Is it a name? Write it in quotes: {.code {text}}."
        ),
        class = "input", key = arg, similar = name, call = call
      )
    }
  })
  invisible(x)
}

# The name in an error of R's, which may be said in another language; NULL where
# it is another error.
name_in <- function(error, said) {
  message <- conditionMessage(error)
  around <- strsplit(gettextf(said, "\001", domain = "R"), "\001", fixed = TRUE)
  around <- around[[1]]
  if (startsWith(message, around[[1]]) && endsWith(message, around[[2]])) {
    substr(message, nchar(around[[1]]) + 1, nchar(message) - nchar(around[[2]]))
  }
}

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
  force_name(x, arg, call)
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
  force_argument(x, arg, call)
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
    similar <- similar_names(setdiff(x, names(data)), choices)
    abort_datamap(
      c(
        paste0("{.arg {arg}} must be the name of a {kind} of ", of, "."),
        x = found,
        i = "The {kind}s are {.val {choices}}.",
        did_you_mean(similar)
      ),
      class = "input",
      key = x,
      columns = choices,
      similar = similar,
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
    similar <- similar_names(missing, setdiff(choices, datamap_needs))
    abort_datamap(
      c(
        paste0(what, " needs the numeric column{?s} {.val {needed}}."),
        x = "The data map lacks {.val {missing}}.",
        i = "Its numeric columns are {.val {choices}}.",
        did_you_mean(similar)
      ),
      class = "input",
      key = missing[[1]],
      columns = choices,
      similar = similar,
      call = call
    )
  }
  invisible(data)
}

# What of `choices` may have been meant by each of `x`, if anything: what
# differs in few letters, or else has it as a part.
similar_names <- function(x, choices) {
  if (!is.character(x) || !is.character(choices)) {
    return(character())
  }
  usual <- function(x) {
    x <- enc2utf8(unique(x[!is.na(x) & Encoding(x) != "bytes"]))
    x[validUTF8(x) & nchar(x, "bytes") %in% 1:200]
  }
  found <- lapply(usual(x), similar_name, usual(choices))
  unique(unlist(found)) %||% character()
}

similar_name <- function(x, choices) {
  if (length(choices) == 0) {
    return(NULL)
  }
  other <- datamap_aliases()[x]
  if (!is.na(other) && other %in% choices) {
    return(unname(other))
  }
  distance <- drop(utils::adist(x, choices, ignore.case = TRUE))
  nearest <- choices[distance == min(distance)]
  if (min(distance) < nchar(x) && min(distance) <= (nchar(x) + 2) %/% 3) {
    return(utils::head(nearest, 3))
  }
  if (nchar(x) >= 3) {
    is_part <- grepl(tolower(x), tolower(choices), fixed = TRUE)
    utils::head(choices[is_part], 3)
  }
}

did_you_mean <- function(similar) {
  if (length(similar) > 0) {
    quoted <- paste0("\"", similar, "\"")
    choice <- paste(quoted, collapse = " or ")
    c(i = cli_verbatim(paste0("Did you mean ", choice, "?")))
  }
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

# The path that `file` is, to write to or, with `is_read`, to read from.
output_path <- function(file, is_read = FALSE, arg = "file",
                        call = rlang::caller_env()) {
  check_string(file, arg = arg, call = call)
  check_paths(file, is_read, arg, call)
  expand_path(file)
}

# Is a package of Suggests there? A function of its own, for the tests.
has_package <- function(package) {
  requireNamespace(package, quietly = TRUE)
}

# `problem` says what it is for.
need_package <- function(package, problem, arg, call) {
  if (!has_package(package)) {
    abort_datamap(
      c(
        problem,
        "x" = "It is not installed.",
        "i" = "Install it: {.code install.packages(\"{package}\")}."
      ),
      class = "input", key = arg, call = call
    )
  }
}
