#' Summary files
#'
#' `datamap_write_summary()` writes a data map as a summary file (`.result`):
#' tab-separated, with a header, one line per sample.
#' `datamap_read_summary()` reads such a file, also what other tools wrote (see
#' What is read).
#'
#' The columns stand in the order of [datamap-columns]: `id` to `first_learn`,
#' then `evaluations`, then whatever else the map has. Nothing is quoted,
#' missing values are `NA`, and numbers have as many digits as it takes to
#' read back the very same number. An id, a label or another string that holds
#' a tab or a line break is an error, and so are a missing id or label, an id
#' that stands twice and a list column.
#'
#' Columns of your own come back as they were: integer, double, logical and
#' character. What would not is an error that says so: a factor, a date or
#' another class, the string `"NA"`, and a column of strings that all read as
#' numbers or all as `TRUE` and `FALSE`. Only a column without a value comes
#' back as integer. A factor in `label` is written by its labels.
#'
#' A file is replaced as a whole or not at all: the data map goes to a
#' temporary file in the same folder, which takes the file's name once it is
#' complete. Only where R is killed while it writes does such a file stay
#' behind; its name ends in `.dmtmp`. Where `file` is a symbolic link, the file
#' that it leads to is replaced. A file whose name ends in `.gz` is compressed
#' by gzip, one in `.zst` by zstd where [datamap_features()] has it; a name that
#' ends as those of another compression is an error.
#'
#' @section What is read:
#'
#' Summaries that were made elsewhere are read as well. The other names that
#' [as_datamap()] takes stand for their counterparts: those of `id`,
#' `confidence`, `variability` and `correctness`. Between the fields stand tabs
#' or, where the header has none, commas. Behind commas, and where the header
#' starts with a quote, fields may stand in double quotes as RFC 4180 has it
#' (but on one line). A file whose first line starts with a brace is JSON Lines,
#' an object per sample. It may be compressed by gzip, bzip2, xz or zstd, and
#' may have Windows' line ends.
#'
#' Ids and labels are integer, else double where they are integers of up to
#' 2^53, else character with the exact text. Other columns are numeric where
#' every text is what R, Python or this package write for a number, logical
#' where every one is `TRUE` or `FALSE`, and else character with the exact
#' text, as `"007"`, `"12e3"`, `"1.50"`, `"inf"` and more digits than a number
#' holds; so is what stands in quotes. In JSON Lines the values have their
#' types. The tables of other tools are told in [as_datamap()].
#'
#' @param map A data map.
#' @param file The path of the file, a string.
#' @param ... Must be empty.
#' @param evaluations How often each sample was evaluated, a number, where the
#'   file has no column that says it, as those of the cartography paper's code.
#'
#' @return `datamap_write_summary()` returns `map`, invisibly.
#'   `datamap_read_summary()` returns a data frame of class
#'   `c("datamap", "data.frame")` with the columns of the file.
#' @seealso [datamap_summarise()] makes a data map from signals, [as_datamap()]
#'   takes a data frame. [datamap-columns] tells what the columns mean.
#' @export
#' @examples
#' map <- as_datamap(data.frame(
#'   id = c(4734364254410, 1, 2),
#'   label = c("cat", "dog", "cat"),
#'   correct_ratio = c(1, 0.5, 0),
#'   avg_probs = c(0.98, 0.55, 0.1),
#'   label_var = c(0.001, 0.09, 0.01)
#' ))
#' file <- tempfile(fileext = ".result")
#' datamap_write_summary(map, file)
#' writeLines(readLines(file))
#' identical(datamap_read_summary(file), map)
#' unlink(file)
datamap_write_summary <- function(map, file) {
  given <- map
  map <- take_map(map)
  path <- output_path(file)
  row <- repeated_id(map$id)
  if (row > 0) {
    again <- id_text(map$id[row])
    first <- match_ids(map$id[row], map$id)
    abort_datamap(
      c(
        "Can't write row {row} of {.arg map} to {.file {path}}.",
        x = "It has the id {.val {again}}, as row {first} has.",
        i = "A summary file has one line per sample."
      ),
      class = "input", path = path, line = row, key = "id"
    )
  }
  columns <- as.list(plain_frame(map))
  first <- intersect(summary_columns, names(columns))
  others <- setdiff(names(columns), first)
  columns <- columns[c(first, others)]
  for (name in others) {
    # a data map has the nearest numbers of them, and these would come back
    if (is_integer64(given[[name]]) && is.character(plain_ids(given[[name]]))) {
      columns[[name]] <- given[[name]]
    }
  }
  write_table(columns, path, "map", rlang::current_env(), style = "summary")
  invisible(map)
}

#' @rdname datamap_write_summary
#' @export
datamap_read_summary <- function(file, ..., evaluations = NULL) {
  check_dots()
  call <- rlang::current_env()
  force_argument(file, "file", call)
  check_no_frame(file, "file", call)
  path <- output_path(file, is_read = TRUE)
  columns <- read_columns(path, call, advise = advise_signals)
  columns <- with_evaluations(columns, names(columns), evaluations, call)
  new_datamap(summary_of_file(columns, path, call))
}

# The columns of a table in a file: of a summary, or all texts as they stand
# between tabs. `advise` may add to an error of the core.
read_columns <- function(path, call, as_texts = FALSE, advise = NULL) {
  sources <- path_sources(path, call)
  on.exit(close_sources(sources), add = TRUE)
  columns <- .Call(ffi_read_summary, sources$inputs[[1]], as_texts)
  if (inherits(columns, "dm_error")) {
    columns$file <- 1L
    if (!is.null(advise)) {
      columns <- advise(columns, path)
    }
    abort_core(columns, path, call)
  }
  columns
}

# The columns of a file under the names of the summary.
summary_of_file <- function(columns, path, call) {
  own <- names(columns)
  if ("correctness" %in% own && !"correct_times" %in% own) {
    check_signal(columns$correctness, "correctness", 0, Inf, TRUE, call)
  }
  is_aum <- is_aum(own)
  columns <- rename_aliases(from_aum(columns, call), call)
  columns <- derive_correct_ratio(columns, call)
  missing <- setdiff(datamap_needs, names(columns))
  if (length(missing) > 0) {
    abort_no_summary(missing, own, path, call)
  }
  id <- if (is_aum) "sample_id" else own[[match("id", names(columns))]]
  check_summary_ids(columns$id, id, path, call)
  columns
}

# Columns to a file, as a whole or not at all. `arg` is the argument that they
# came from, `rows` are their rows there. The style is "json", lines of JSON, or
# one that the core knows.
write_table <- function(columns, path, arg, call, rows = NULL,
                        style = "table") {
  names(columns) <- enc2utf8(names(columns))
  for (name in names(columns)) {
    x <- column_to_write(
      columns[[name]], name, arg, call, is_summary = style == "summary"
    )
    columns[[name]] <- x
  }
  error <- if (style == "json") {
    kinds <- vapply(columns, record_kind, "")
    n <- length(columns[[1]])
    .Call(ffi_write_lines, path, columns, kinds, n, "missing")
  } else {
    .Call(ffi_write_summary, columns, path, style)
  }
  if (!is.null(error)) {
    if (!is.null(rows)) {
      error$line <- rows[error$line]
    }
    abort_core(error, path, call, cant_write(path, arg))
  }
}

# An integer, double, character or logical vector.
column_to_write <- function(x, name, arg, call, is_summary) {
  hint <- NULL
  is_bytes <- is.character(x) && any(Encoding(x) == "bytes")
  is_fine <- is.atomic(x) && is.null(dim(x)) && !is.complex(x) &&
    !is.raw(x) && !is_bytes
  if (is_fine && is_summary) {
    if (name %in% c("id", "label")) {
      x <- plain_ids(x)
    } else if (name %in% summary_columns) {
      x <- plain_numbers(x)
    }
    is_fine <- !is.object(x)
    hint <- if (!is_fine) {
      c(i = paste(
        "It would come back as something else: make it a column of numbers,",
        "or of strings by {.fn as.character}."
      ))
    }
  }
  if (!is_fine) {
    found <- if (is_bytes) "bytes that are no text" else describe(x)
    abort_datamap(
      c(
        "Can't write column {.field {name}} of {.arg {arg}}.",
        x = "It is {found}.",
        hint %||% c(i = "The file holds numbers and strings.")
      ),
      class = "input",
      key = name,
      call = call
    )
  }
  if (is.object(x)) id_text(x) else x
}

abort_no_summary <- function(missing, own, path, call) {
  kind <- kind_of_names(own)
  are_signals <- kind %in% "signals"
  hint <- if (kind %in% "log") {
    c(i = cli_verbatim(sentence(log_advice)))
  } else if (are_signals) {
    c(i = "It looks like signals: {.fn datamap_summarise} takes them.")
  } else if (identical(missing, "correct_ratio")) {
    c(i = paste(
      "It can be had from {.field correct_times} (or {.field correctness}) and",
      "{.field evaluations}: how often was each sample evaluated? Give",
      "{.code evaluations = 6} or so."
    ))
  }
  instead <- switch(kind,
    log = "datamap_record",
    signals = "datamap_summarise"
  )
  found <- first_few(own, 20)
  similar <- similar_names(missing, setdiff(own, datamap_needs))
  abort_datamap(
    c(
      "{.file {path}} must have the columns {.field {datamap_needs}}.",
      x = "It lacks {.field {missing}}.",
      i = "Its columns are: {found}.",
      did_you_mean(similar),
      hint %||% c(i = paste(
        "Is it a summary, separated by tabs or commas with a header, or in",
        "JSON Lines?"
      ))
    ),
    class = "field",
    path = path,
    line = 1,
    key = missing[[1]],
    similar = similar,
    instead = instead,
    call = call
  )
}

# `name` is what the file calls them.
check_summary_ids <- function(id, name, path, call = rlang::caller_env()) {
  row <- if (anyNA(id)) which(is.na(id))[[1]] else repeated_id(id)
  if (row > 0) {
    again <- id_text(id[[row]])
    first <- match_ids(id[[row]], id)
    found <- if (is.na(id[[row]])) {
      "Sample {row} has no {.field {name}}."
    } else {
      "Samples {first} and {row} have the {.field {name}} {.val {again}}."
    }
    abort_datamap(
      c("{.file {path}} must have one line per sample.", x = found),
      class = "field",
      path = path,
      key = name,
      call = call
    )
  }
}
