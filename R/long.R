#' Signals as a table
#'
#' `datamap_read_signals()` reads all that [datamap_summarise()] reads and keeps
#' every line: one row per sample and evaluation, in the order of the lines.
#' `datamap_write_signals()` writes such a table, or any data frame of signals,
#' as JSON Lines.
#'
#' # Columns
#' \describe{
#'   \item{`id`, `label`}{as in a data map: integer, double or character.}
#'   \item{`step`}{the evaluation: `step`, `epoch` or N of `logits_epoch_N` if
#'     the line has it, else which line of its id it is, counted from 0. Where
#'     an id has several lines of the same `epoch`, `step` counts its lines and
#'     `epoch` is a column of its own.}
#'   \item{`label_index`}{the place of the label's class in `probs` or `logits`,
#'     from 0, `NA` where the line has none; no column where no line has it.}
#'   \item{`pred_label`}{the predicted label, given or by the largest of `probs`
#'     or `logits`: the label that a line says to stand at that place
#'     (`label_index`), else its number; `NA` where the line tells none.}
#'   \item{`s_label`}{the constructed label, `NA` where the line has none.}
#'   \item{`correct`}{`TRUE` or `FALSE`, given or derived.}
#'   \item{`loss`}{a number, `NA` where the line has none.}
#'   \item{`label_probs`}{the probability of the label, given or derived.}
#'   \item{`probs_0`, `probs_1`, ...}{on request by `columns = "probs"`: the
#'     probabilities of the classes, given or by softmax of the logits.}
#'   \item{`logits_0`, `logits_1`, ...}{on request by `columns = "logits"`: the
#'     logits of the classes, `NA` where the line has none; no columns where no
#'     line has them.}
#'   \item{`margin`, `sum_logp`, `n_tok`}{as they stand in the lines.}
#'   \item{all other keys}{the user's signals: double, logical or character,
#'     as they stand in the lines. Where the types of the values differ, they
#'     are character. Lists and objects are left out.}
#' }
#'
#' Rows stand in the order of the lines. The steps of an id may come in any
#' order, as where several processes wrote a file each: [datamap_summarise()]
#' sorts a table by step within id.
#'
#' [datamap_summarise()] of the table is that of its source, to the last bit;
#' metrics of all classes need the columns of `"probs"` beside the others, and
#' `aum` those of `"logits"` where the lines have logits. A loss that is derived
#' follows from `label_probs` then; a table of `margin`, or of `sum_logp` and
#' `n_tok`, without `label_probs` says it as the lines do.
#'
#' @inheritParams datamap_summarise
#' @param x For `datamap_read_signals()`, where the signals are: paths of files
#'   or of one folder, a connection, a raw vector, literal text in `I()` or an
#'   Arrow stream, as for [datamap_summarise()], or a [datamap_recorder()],
#'   whose file is read.
#'   For `datamap_write_signals()`, a data frame of
#'   signals.
#' @param columns Names of the columns to read, in the order wanted, `"probs"`
#'   and `"logits"` for those of all classes. `NULL` reads all but the classes.
#'   Memory is taken for these columns only.
#' @param nan How `datamap_write_signals()` writes numbers that are not finite,
#'   as in [datamap_recorder()].
#' @param file The path of the file to write, a string. It is replaced as a
#'   whole or not at all, and compressed where its name ends in `.gz` or `.zst`,
#'   as by [datamap_write_summary()].
#'
#' @return `datamap_read_signals()` returns a data frame, with the attribute
#'   `line_counts`, problems for [datamap_problems()], and `predicted` where
#'   [datamap_stages()] knows it.
#'   `datamap_write_signals()` returns `x`, invisibly.
#' @seealso [datamap_summarise()], [datamap_recorder()]
#' @export
#' @examples
#' spam <- datamap_example("spam_signals.jsonl.gz")
#' signals <- datamap_read_signals(spam)
#' head(signals)
#'
#' # the mean loss of each evaluation
#' tapply(signals$loss, signals$step, mean)
#'
#' # only what is needed
#' head(datamap_read_signals(spam, columns = c("id", "step", "probs")))
#'
#' file <- tempfile(fileext = ".jsonl")
#' datamap_write_signals(signals, file)
#' readLines(file, 1)
#' unlink(file)
datamap_read_signals <- function(x,
                                 ...,
                                 columns = NULL,
                                 fields = NULL,
                                 classes = NULL,
                                 format = c("auto", "json", "python"),
                                 on_error = c("stop", "skip"),
                                 partial_last = c("error", "ignore"),
                                 max_line = 64 * 2^20,
                                 threads = NULL,
                                 progress = rlang::is_interactive()) {
  check_dots()
  call <- rlang::current_env()
  reading <- check_reading(
    format, on_error, partial_last, max_line, threads, progress
  )
  reading$naming <- check_naming(fields, classes)
  columns <- check_long_columns(columns)
  source <- take_source(x, c("lines", "columns"))
  if (is.null(source$lines) && is.null(source$written)) {
    abort_misplaced(
      x, "paths, a connection, a raw vector or text in I()", "x", call,
      "datamap_summarise",
      "It is a table already: datamap_summarise() takes it."
    )
  }
  read_long(source, columns, reading, call)
}

# The lines of a source as a data frame.
read_long <- function(source, columns, reading, call) {
  source$lines <- source$lines %||% source$written
  options <- reader_options(NULL, reading)
  read <- read_with(source, NULL, reading, function(input, is_table, show) {
    .Call(ffi_read_signals, input, options, show, long_wanted(columns))
  })
  check_result(read, call = call)
  problems <- problems_from_core(read$result, read$paths)
  table <- read$result$columns
  if (table$has_back_steps && !table$has_epoch) {
    problems <- add_repeated_steps(problems, table$columns)
  }
  frame <- long_frame(read$result, columns, problems, call)
  warn_empty(read$result$counts, read$paths, call)
  warn_problems(problems, call)
  structure(frame, predicted = predicted_of(read$paths))
}

#' @rdname datamap_read_signals
#' @export
datamap_write_signals <- function(x, file, ..., nan = c("NaN", "null")) {
  check_dots()
  nan <- check_choice(nan)
  check_data_frame(x)
  path <- output_path(file)
  call <- rlang::current_env()
  check_unique_names(names(x), "x", call)
  lines <- record_columns(x, call)
  error <- .Call(
    ffi_write_lines, path, lines$columns, lines$kinds, nrow(x), nulls_of(nan)
  )
  if (!is.null(error)) {
    error$file <- 1L
    error <- advise_nulls(error, lines$columns, nulls_of(nan))
    abort_core(error, path, call, cant_write(path, "x"))
  }
  invisible(x)
}

class_fields <- c("probs", "logits")

check_long_columns <- function(x,
                               arg = rlang::caller_arg(x),
                               call = rlang::caller_env()) {
  force_name(x, arg, call)
  if (is.null(x)) {
    return(NULL)
  }
  is_fine <- is.character(x) && length(x) > 0 &&
    !anyNA(x) && all(nzchar(x)) && !anyDuplicated(x)
  if (!is_fine) {
    abort_argument(
      x, "different names of columns or {.code NULL}", arg, call
    )
  }
  enc2utf8(x)
}

# What the core is asked for: fields, and keys of the user's own. Steps are
# looked at together with their ids.
long_wanted <- function(columns) {
  fields <- setdiff(names(field_names), names(stand_ins))
  if (is.null(columns)) {
    return(list(
      fields = setdiff(fields, class_fields), all = TRUE, own = character()
    ))
  }
  wanted <- intersect(fields, columns)
  if ("step" %in% wanted) {
    wanted <- union("id", wanted)
  }
  list(fields = wanted, all = FALSE, own = setdiff(columns, fields))
}

long_frame <- function(result, columns, problems, call) {
  found <- result$columns$columns
  found <- found[!vapply(found, is.null, NA)]
  if ("label_index" %in% names(found)) {
    found$label_index <- as.integer(found$label_index)
  }
  n <- result$counts[["good"]]
  if (result$columns$has_epoch) {
    found <- part_epochs(found, is.null(columns) || "epoch" %in% columns)
  }
  check_unique_names(names(found), "x", call)
  if (!is.null(columns)) {
    missing <- setdiff(columns, c(names(found), class_fields))
    if (length(missing) > 0 && n > 0) {
      similar <- similar_names(missing, names(field_names))
      abort_datamap(
        c(
          "{.arg columns} must name fields or keys of the signals.",
          "x" = "No line has a value for {.field {missing}}.",
          did_you_mean(similar)
        ),
        class = "input", key = missing[[1]], similar = similar, call = call
      )
    }
    columns <- intersect(columns, c(names(found), class_fields))
    wanted <- lapply(columns, function(name) {
      if (name %in% class_fields) class_column_names(found, name) else name
    })
    found <- found[unlist(wanted)]
  }
  structure(
    found,
    names = names(found), row.names = .set_row_names(n), class = "data.frame",
    problems = problems, line_counts = result$counts
  )
}

# Where steps come in any order, equal ones need not stand next to each other
# among the lines of their id; those that do are known to the core.
add_repeated_steps <- function(problems, found) {
  if (is.null(found$step)) {
    return(problems)
  }
  n <- length(found$id)
  place <- integer(n)
  place[order(found$id, method = "radix")] <- seq_len(n)
  by_step <- order(found$id, found$step, method = "radix")
  before <- by_step[-n]
  row <- by_step[-1]
  is_again <- found$id[before] == found$id[row] &
    found$step[before] == found$step[row] & place[row] != place[before] + 1L
  row <- sort(row[is_again])
  add_problems(
    problems, "step", row,
    paste("a step that id", id_text(found$id[row]), "did not have before"),
    number_text(found$step[row])
  )
}

# An epoch may have several evaluations of a sample; a step has one.
part_epochs <- function(found, keep) {
  by_id <- order(found$id, found$step, method = "radix")
  id <- found$id[by_id]
  step <- found$step[by_id]
  last <- length(id)
  repeats <- id[-1] == id[-last] & step[-1] == step[-last]
  if (!any(repeats)) {
    return(found)
  }
  if (keep) {
    behind <- match("step", names(found))
    found <- append(found, list(epoch = found$step), behind)
  }
  found$step[by_id] <- sequence(rle(id)$lengths) - 1
  found
}
