#' Summary files
#'
#' `datamap_write_summary()` writes a data map as a summary file (`.result`):
#' tab-separated, with a header, one line per sample.
#' `datamap_read_summary()` reads such a file, also one that the original
#' tool wrote.
#'
#' The columns stand in the order of [datamap-columns]: `id` to `first_learn`,
#' then `evaluations`, then whatever else the map has. Nothing is quoted,
#' missing values are `NA`, and numbers have as many digits as it takes to
#' read back the very same number. Factors are written by their labels,
#' logical values as `TRUE` and `FALSE`; both are read as character. An id, a
#' label or another string that holds a tab or a line break is an error, and
#' so are a missing id or label, an id that stands twice and a list column.
#'
#' A file is replaced as a whole or not at all: the data map goes to a
#' temporary file in the same folder, which takes the file's name once it is
#' complete. Only where R is killed while it writes does such a file stay
#' behind; its name ends in `.dmtmp`. Where `file` is a symbolic link, the file
#' that it leads to is replaced.
#'
#' When read, ids and labels are integer, else double where they are integers
#' of up to 2^53, else character with the exact text. A file may be compressed
#' by gzip, and may have Windows' line ends.
#'
#' @param map A data map.
#' @param file The path of the file, a string.
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
  map <- take_map(map)
  path <- summary_path(file)
  row <- repeated_id(map$id)
  if (row > 0) {
    again <- as.character(map$id[[row]])
    first <- match(map$id[[row]], map$id)
    abort_datamap(
      c(
        "Can't write row {row} of {.arg map} to {.file {path}}.",
        x = "It has the id {.val {again}}, as row {first} has.",
        i = "A summary file has one line per sample."
      ),
      class = "input", path = path, line = row, key = "id"
    )
  }
  columns <- as.list(datamap_bare(map))
  first <- intersect(summary_columns, names(columns))
  others <- setdiff(names(columns), first)
  write_table(columns[c(first, others)], path, "map", rlang::current_env())
  invisible(map)
}

#' @rdname datamap_write_summary
#' @export
datamap_read_summary <- function(file) {
  path <- summary_path(file)
  columns <- .Call(ffi_read_summary, path)
  if (inherits(columns, "dm_error")) {
    abort_core(columns, path, rlang::current_env())
  }
  check_summary_columns(columns, path)
  new_datamap(columns)
}

summary_path <- function(file, call = rlang::caller_env()) {
  check_string(file, arg = "file", call = call)
  expand_path(file)
}

# Columns to a tab-separated file with a header, as a whole or not at all.
# `arg` is the argument that they came from, `rows` are their rows there.
write_table <- function(columns, path, arg, call, rows = NULL) {
  names(columns) <- enc2utf8(names(columns))
  for (name in names(columns)) {
    columns[[name]] <- column_to_write(columns[[name]], name, arg, call)
  }
  error <- .Call(ffi_write_summary, columns, path)
  if (!is.null(error)) {
    if (!is.null(rows)) {
      error$line <- rows[error$line]
    }
    problem <- if (is.na(error$line)) {
      "Can't write {.file {path}}."
    } else {
      paste0("Can't write row {line} of {.arg ", arg, "} to {.file {path}}.")
    }
    abort_core(error, path, call, problem)
  }
}

# An integer, double or character vector.
column_to_write <- function(x, name, arg, call) {
  if (!is.atomic(x) || !is.null(dim(x)) || is.complex(x) || is.raw(x)) {
    found <- describe(x)
    abort_datamap(
      c(
        "Can't write column {.field {name}} of {.arg {arg}}.",
        x = "It is {found}.",
        i = "The file holds numbers and strings."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
  if (is.object(x) || is.logical(x)) {
    x <- as.character(x)
  }
  x
}

check_summary_columns <- function(columns, path, call = rlang::caller_env()) {
  missing <- setdiff(datamap_needs, names(columns))
  if (length(missing) > 0) {
    found <- first_few(names(columns), 20)
    abort_datamap(
      c(
        "{.file {path}} must have the columns {.field {datamap_needs}}.",
        x = "It lacks {.field {missing}}.",
        i = "The names in its first line are: {found}.",
        i = "Is it a tab-separated summary, with a header?"
      ),
      class = "field",
      path = path,
      line = 1,
      key = missing[[1]],
      call = call
    )
  }
  id <- columns$id
  row <- repeated_id(id)
  if (row > 0) {
    again <- as.character(id[[row]])
    first <- match(id[[row]], id)
    abort_datamap(
      c(
        "{.file {path}} must have one line per sample.",
        x = "Samples {first} and {row} have the id {.val {again}}."
      ),
      class = "field",
      path = path,
      key = "id",
      call = call
    )
  }
}
