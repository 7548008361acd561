# Errors that the core returns as values become conditions: the core says what
# it found and where, the words are R's.

# `paths` are the names of the sources, which `error$file` counts from 1.
# `problem` says what can't be done: a finished text, or a function that makes
# one of the place.
abort_core <- function(error, paths, call, problem = core_problem) {
  # memory is a limit like any other
  class <- if (error$class == "memory") "limit" else error$class
  place <- core_place(error, paths)
  abort_datamap(
    c(
      cli_verbatim(if (is.function(problem)) problem(place) else problem),
      "x" = core_finding(error),
      "i" = core_where(place),
      "i" = core_other(error, paths),
      "i" = if (nzchar(error$advice)) {
        cli_verbatim(sentence(error$advice))
      },
      "i" = if (!is.na(error$other_line) && !is.na(error$other_file)) {
        "{.fn datamap_read_signals} reads them as such a table."
      }
    ),
    class = class,
    path = place$path, line = place$line, column = place$column,
    key = place$key, byte = if (is.na(error$byte)) NULL else error$byte,
    found = error$found, expected = error$expected, instead = error$instead,
    call = call
  )
}

# Where it is: `path`, `line`, `column` and `key`, each NULL where it does not
# apply.
core_place <- function(error, paths) {
  known <- function(x) if (is.na(x)) NULL else whole_numbers(x)
  list(
    path = if (!is.na(error$file)) paths[[error$file]],
    line = known(error$line),
    column = known(error$column),
    key = if (nzchar(error$key)) error$key
  )
}

core_problem <- function(place) {
  if (is.null(place$line)) {
    return(if (is.null(place$path)) {
      "Can't summarise the signals."
    } else {
      fill_in("Can't read {.file {place$path}}.")
    })
  }
  if (is.null(place$path)) {
    fill_in("Can't use row {place$line} of the signals.")
  } else {
    fill_in("Can't read line {place$line} of {.file {place$path}}.")
  }
}

# The problem of what was to be written: a function of the place, whose line is
# a row of the argument `arg`.
cant_write <- function(path, arg) {
  function(place) {
    if (is.null(place$line)) {
      fill_in("Can't write {.file {path}}.")
    } else {
      fill_in("Can't write row {place$line} of {.arg {arg}} to {.file {path}}.")
    }
  }
}

core_finding <- function(error) {
  if (nzchar(error$reason)) {
    return(cli_verbatim(sentence(error$reason)))
  }
  text <- if (nzchar(error$found)) {
    paste0("Expected ", error$expected, ", found ", error$found)
  } else {
    paste0("Expected ", error$expected)
  }
  cli_verbatim(sentence(text))
}

core_where <- function(place) {
  parts <- c(
    if (!is.null(place$column)) fill_in("column {place$column}"),
    if (!is.null(place$key)) fill_in("key {.field {place$key}}")
  )
  if (length(parts) > 0) {
    cli_verbatim(sentence(paste(parts, collapse = ", ")))
  }
}

# Where that was which the error contradicts.
core_other <- function(error, paths) {
  if (is.na(error$other_line)) {
    return(NULL)
  }
  line <- whole_numbers(error$other_line)
  cli_verbatim(if (is.na(error$other_file)) {
    fill_in("That was in row {line}.")
  } else {
    path <- paths[[error$other_file]]
    fill_in("That was in line {line} of {.file {path}}.")
  })
}

# What read_with() returned must be no error of the core. `start` is the state
# that was read on from, if there is one.
check_result <- function(read, start = NULL, call = rlang::caller_env()) {
  error <- read$result
  if (inherits(error, "dm_error")) {
    if (!is.null(start) && is_damage(error)) {
      abort_state(error, "state", call)
    }
    paths <- c(start$files, read$paths)
    error <- advise_fields(error, read$naming)
    error <- advise_kind(error, paths, read$inputs)
    abort_core(error, paths, call, read$problem %||% core_problem)
  }
  need_named_keys(
    read$result$fields, read$naming, read$paths, read$inputs, call
  )
  inform_grown(read$paths[read$result$grown])
}

# The id or the label may be there under another name.
advise_fields <- function(error, naming) {
  is_missing <- error$class == "field" && error$found == "a line without it" &&
    error$key %in% setdiff(c("id", "label"), names(naming$fields))
  if (is_missing && !nzchar(error$advice)) {
    error$advice <- paste0(
      "where it has another name, say so: fields = c(", error$key, " = \"...\")"
    )
  }
  error
}

# An error that the core found in the first line of a source is often that of a
# file of another kind: it gets the function that reads such a file, `instead`,
# and the advice to use it. `inputs` are the sources, of the last of `paths`.
advise_kind <- function(error, paths, inputs) {
  at <- error$file - (length(paths) - length(inputs))
  if (is.na(at) || at < 1 || !identical(as.double(error$line), 1)) {
    return(error)
  }
  input <- inputs[[at]]
  kind <- kind_of_bytes(
    if (is.raw(input)) input else first_bytes(paths[[error$file]])
  )
  if (!is.na(kind)) {
    error$instead <- file_kinds[[kind]]$instead
    error$advice <- file_kinds[[kind]]$advice
  }
  error
}

# The same where a summary was to be read from `path`, and signals are there.
advise_signals <- function(error, path) {
  if (identical(as.double(error$line), 1) && is_line_of_signals(path)) {
    error$instead <- "datamap_summarise"
    error$advice <- "it looks like signals: datamap_summarise() reads them"
  }
  error
}

# Integer where that holds all values; lines beyond 2^31 stay double.
whole_numbers <- function(x) {
  if (all(is.na(x) | x <= .Machine$integer.max)) as.integer(x) else x
}
