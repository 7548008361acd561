# The class: a data frame with one row per sample. It has the four columns
# below and whichever others the summary, or the user, gave it; a function
# that needs another column says so when it is called.
datamap_needs <- c("id", "correct_ratio", "avg_probs", "label_var")

# Other names in the field, and the columns that they stand for.
datamap_aliases <- function() {
  c(
    other_names("id"),
    confidence = "avg_probs",
    variability = "label_var",
    correctness = "correct_times"
  )
}

# Counts of events: whole, not negative.
datamap_counts <- c(
  "correct_times", "forgetting_times", "learnt_times", "first_forget",
  "first_learn", "evaluations"
)

# The constructor. `columns` is a data frame or a named list of columns of
# one length, right by construction: nothing is checked. What comes in `...`
# is kept as attributes (`problems`), and the number of rows as `samples`: where
# some are taken away, the map knows how many there were.
new_datamap <- function(columns, ...) {
  rows <- if (is.data.frame(columns)) {
    .row_names_info(columns, 2L)
  } else if (length(columns) > 0) {
    NROW(columns[[1]])
  } else {
    0L
  }
  structure(
    as.list(columns),
    ...,
    samples = rows,
    names = names(columns),
    row.names = .set_row_names(rows),
    class = c("datamap", "data.frame")
  )
}

#' A data map from a data frame
#'
#' Takes a summary of training signals that was made elsewhere, one row per
#' sample, as a data map.
#'
#' Four columns are needed: `id`, `correct_ratio`, `avg_probs` and
#' `label_var`. Every other column is kept; those of [datamap-columns] have
#' the meaning given there, and a function that needs one which is not there
#' says so. Other names in the field are taken as their counterparts:
#' `r other_names_text("id")` as `id`, `confidence` as `avg_probs`,
#' `correctness` as `correct_times`, and `variability` as the square root of
#' `label_var`; a column under such a name is left alone where its counterpart
#' is there too. Without `correct_ratio`, the columns `correct_times` (or
#' `correctness`) and `evaluations` give it.
#'
#' A data map stays one as long as it has the four columns: `[`, `$<-`,
#' [subset()], [head()] and the row verbs of dplyr give a data map, and a plain
#' data frame once a needed column is lost or no longer numeric. Rows that are
#' chosen twice stay, as a bootstrap wants them. What [rbind()], dplyr's
#' `bind_rows()`, `vctrs::vec_rbind()` and `purrr::list_rbind()` make of a data
#' map and more rows is one where each sample still has one row, without the
#' counts and problems of the files that the parts came from; where an id stands
#' twice it is a plain data frame, and a message of class
#' `datamap_message_repeated_id` says so.
#'
#' Functions of this package that take a data map take any data frame from which
#' `as_datamap()` makes one, whatever its class: a tibble, a grouped one, the
#' result of [merge()], a data.table.
#'
#' @section Tables of other tools:
#'
#' The metrics (`td_metrics.jsonl`) and the published coordinates of the
#' cartography paper count how often a prediction was right, but not of how many
#' evaluations: `datamap_read_summary("td_metrics.jsonl", evaluations = 6)`.
#'
#' The Python package aum writes the area under the margin of each sample, and
#' on request a record of each sample and measurement:
#' `datamap_read_summary("aum_values.csv")` and
#' `datamap_read_summary("full_aum_records.csv")`, or `as_datamap()` of the data
#' frame. They hold no probability, so that `avg_probs` and `label_var` are
#' `NA`; a prediction is right where the margin is positive. Records have
#' `margin_var` as well, and their map is
#' `datamap_plot(map, attr1 = "aum", attr2 = "margin_var")`.
#'
#' @param x A data frame, one row per sample. A data map is returned as it is.
#' @param ... Must be empty.
#' @param evaluations How often each sample was evaluated, a number, where `x`
#'   has no column that says it.
#'
#' @return A data frame of class `c("datamap", "data.frame")`, with the rows
#'   and columns of `x`.
#' @seealso [datamap-columns] for what the columns mean.
#' @export
#' @examples
#' # What the code of the cartography paper writes, and the number of epochs
#' metrics <- data.frame(
#'   guid = c("a", "b", "c"),
#'   confidence = c(0.95, 0.51, 0.08),
#'   variability = c(0.02, 0.37, 0.05),
#'   correctness = c(6, 3, 0),
#'   evaluations = 6
#' )
#' as_datamap(metrics)
as_datamap <- function(x, ..., evaluations = NULL) {
  check_dots()
  call <- rlang::current_env()
  force_argument(x, "x", call)
  if (is.data.frame(x) && !is_datamap(x)) {
    check_frame(x, "x", call)
  }
  take_map(with_evaluations(x, names(x), evaluations, call), "x", call)
}

# A column of how often each sample was evaluated, where the table has none.
# `names` are those of its columns.
with_evaluations <- function(x, names, evaluations, call) {
  if (is.null(evaluations)) {
    return(x)
  }
  check_number(evaluations, min = 1, whole = TRUE, call = call)
  if ("evaluations" %in% names) {
    abort_datamap(
      c(
        "{.arg evaluations} must be {.code NULL} where there is such a column.",
        "x" = "The summary says itself how often each sample was evaluated."
      ),
      class = "input", key = "evaluations", call = call
    )
  }
  x$evaluations <- rep(evaluations, length(x[[1]]))
  x
}

#' Test for data maps
#'
#' `is_datamap()` tells whether an object is a data map.
#'
#' @param x Any object.
#'
#' @return `TRUE` or `FALSE`.
#' @seealso [as_datamap()]
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' is_datamap(map)
#' is_datamap(mtcars)
is_datamap <- function(x) {
  inherits(x, "datamap")
}

# Checks of what the user brings ----------------------------------------

# The argument `map` of every function: a data map, or any data frame that can
# be one, of whatever class. What is returned is a data map on whose columns
# the package can rely, also where somebody wrote into them.
take_map <- function(x,
                     arg = rlang::caller_arg(x),
                     call = rlang::caller_env()) {
  force_argument(x, arg, call)
  if (rlang::is_string(x)) {
    abort_misplaced(
      x, "a data map", arg, call, "datamap_read_summary",
      paste(
        "datamap_read_summary() reads a summary file, datamap_summarise()",
        "signals."
      )
    )
  }
  if (inherits(x, c("datamap_recorder", "datamap_state"))) {
    abort_misplaced(
      x, "a data map", arg, call, "datamap_summarise",
      "datamap_summarise() gives its data map."
    )
  }
  if (is_lazy_map(x)) {
    abort_misplaced(
      x, "a data map in R", arg, call, "collect",
      "dplyr::collect() fetches it from its database."
    )
  }
  if (!is.data.frame(x)) {
    abort_argument(x, "a data map", arg, call)
  }
  check_frame(x, arg, call)
  columns <- without_integer64(plain_columns_of(x))
  if (!is_datamap(x)) {
    columns <- from_aum(columns, call)
    columns <- rename_aliases(columns, call)
    columns <- derive_correct_ratio(columns, call)
  }
  check_needed(columns, names(x), arg, call)
  check_factors(columns, call)
  if (is_datamap(x)) {
    # One row per sample was checked when it was made, and a bootstrap's sample
    # has more
    check_one_value(columns$id, "id", call)
  } else {
    check_ids(columns$id, call)
  }
  check_signals(columns, call)
  if (is_datamap(x)) without_integer64(x) else new_datamap(columns)
}

# Is it whole: has each column a name of its own and a value for each row?
# structure(list(), class = "data.frame") and attributes promise nothing.
check_frame <- function(x,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  names <- if (is.list(x)) names(x)
  is_named <- length(names) == length(x) && !anyNA(names) &&
    all(nzchar(names))
  if (!is.list(x) || !is_named) {
    abort_argument(
      x, "a data frame whose columns have names", arg, call
    )
  }
  check_unique_names(names, arg, call)
  n <- .row_names_info(x, 2L)
  n_values <- vapply(unclass(x), function(column) {
    if (is.null(dim(column))) length(column) else dim(column)[[1]]
  }, 1L)
  bad <- which(n_values != n)
  if (length(bad) > 0) {
    rows <- plural_count(n, "row")
    values <- plural_count(n_values[[bad[[1]]]], "value")
    abort_datamap(
      c(
        "Every column of {.arg {arg}} must have a value per row.",
        x = paste(
          "Column {.field {names[[bad[[1]]]]}} has {values}, and the data",
          "frame {rows}."
        )
      ),
      class = "input",
      key = names[[bad[[1]]]],
      call = call
    )
  }
}

check_unique_names <- function(x,
                               arg = rlang::caller_arg(x),
                               call = rlang::caller_env()) {
  again <- unique(x[duplicated(x)])
  if (length(again) > 0) {
    abort_datamap(
      c(
        "The columns of {.arg {arg}} must have different names.",
        x = "More than one is called {.field {again}}."
      ),
      class = "input",
      key = again[[1]],
      call = call
    )
  }
}

# A factor's codes must be those of its levels.
check_factors <- function(columns, call = rlang::caller_env()) {
  for (name in names(columns)) {
    x <- columns[[name]]
    if (!is.factor(x)) {
      next
    }
    levels <- attr(x, "levels", exact = TRUE)
    codes <- unclass(x)
    is_whole <- is.character(levels) && is.integer(codes) &&
      min(codes, 1L, na.rm = TRUE) >= 1 &&
      max(codes, 0L, na.rm = TRUE) <= length(levels)
    if (!is_whole) {
      abort_datamap(
        c(
          "Column {.field {name}} must be a factor whose codes have levels.",
          x = "It has other codes, or levels that are no strings.",
          i = "Make it anew with {.fn factor}."
        ),
        class = "input",
        key = name,
        call = call
      )
    }
  }
}

# Are the columns there that a data map has? A table of signals, from which one
# is made, is told from a summary by its own columns.
check_needed <- function(x,
                         found,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  missing <- setdiff(datamap_needs, names(x))
  if (length(missing) == 0) {
    return(invisible())
  }
  similar <- similar_names(missing, setdiff(found, datamap_needs))
  are_signals <- kind_of_names(found) %in% "signals"
  hint <- if (are_signals) {
    c(i = paste(
      "It looks like a table of signals, with a row per evaluation and",
      "sample: {.fn datamap_summarise} makes a data map of it."
    ))
  } else if (identical(missing, "correct_ratio")) {
    c(i = paste(
      "It can be had from {.field correct_times} and {.field evaluations}: how",
      "often was each sample evaluated? Give {.code evaluations = 6} or so."
    ))
  }
  abort_datamap(
    c(
      "A data map must have the columns {.field {datamap_needs}}.",
      x = "{.arg {arg}} lacks {.field {missing}}.",
      i = "Its columns are {.field {found}}.",
      did_you_mean(similar),
      hint
    ),
    class = "input",
    key = missing[[1]],
    columns = found,
    similar = similar,
    instead = if (are_signals) "datamap_summarise",
    call = call
  )
}

rename_aliases <- function(columns, call) {
  aliases <- datamap_aliases()
  for (alias in names(aliases)) {
    name <- aliases[[alias]]
    if (!alias %in% names(columns) || name %in% names(columns)) {
      next
    }
    if (alias == "variability") {
      check_signal(columns[[alias]], alias, 0, Inf, FALSE, call)
      columns[[alias]] <- columns[[alias]]^2
    }
    names(columns)[names(columns) == alias] <- name
  }
  columns
}

derive_correct_ratio <- function(columns, call) {
  parts <- c("correct_times", "evaluations")
  if ("correct_ratio" %in% names(columns) || !all(parts %in% names(columns))) {
    return(columns)
  }
  check_signal(columns$correct_times, parts[[1]], 0, Inf, TRUE, call)
  check_signal(columns$evaluations, parts[[2]], 0, Inf, TRUE, call)
  ratio <- columns$correct_times / columns$evaluations
  columns$correct_ratio <- replace(ratio, is.nan(ratio), NA)
  columns
}

check_one_value <- function(x, name, call = rlang::caller_env()) {
  is_one <- is.null(dim(x)) &&
    (is.numeric(x) || is.character(x) || is.factor(x) || is.logical(x))
  if (!is_one) {
    found <- describe(x)
    abort_datamap(
      c(
        "Column {.field {name}} must hold one number or string per sample.",
        x = "It is {found}."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
}

check_ids <- function(id, call = rlang::caller_env()) {
  check_one_value(id, "id", call)
  if (anyNA(id)) {
    row <- which(is.na(id))[[1]]
    abort_datamap(
      c(
        "Column {.field id} must have no missing value.",
        x = "The id in row {row} is missing."
      ),
      class = "input",
      key = "id",
      line = row,
      call = call
    )
  }
  row <- repeated_id(id)
  if (row > 0) {
    again <- id_text(id[row])
    first <- match_ids(id[row], id)
    abort_datamap(
      c(
        "A data map must have one row per sample.",
        x = "Rows {first} and {row} have the id {.val {again}}.",
        i = paste(
          "For signals, with a row per evaluation and sample, use",
          "{.fn datamap_summarise}."
        )
      ),
      class = "input",
      key = "id",
      line = row,
      call = call
    )
  }
}

check_signals <- function(columns, call = rlang::caller_env()) {
  check_signal(columns$correct_ratio, "correct_ratio", 0, 1, FALSE, call)
  check_signal(columns$avg_probs, "avg_probs", -Inf, Inf, FALSE, call)
  check_signal(columns$label_var, "label_var", 0, Inf, FALSE, call)
  for (name in intersect(c("max_label_probs", "min_label_probs"),
                         names(columns))) {
    check_signal(columns[[name]], name, -Inf, Inf, FALSE, call)
  }
  is_whole <- !is_average(columns)
  for (name in intersect(datamap_counts, names(columns))) {
    check_signal(columns[[name]], name, 0, Inf, is_whole, call)
  }
  if ("s_label" %in% names(columns)) {
    check_signal(columns$s_label, "s_label", -Inf, Inf, TRUE, call)
  }
  if ("label" %in% names(columns)) {
    check_one_value(columns$label, "label", call)
  }
}

# A column of numbers between `min` and `max`, missing ones allowed.
check_signal <- function(x, name, min, max, whole, call = rlang::caller_env()) {
  expected <- paste0(
    if (whole) "whole ", "numbers",
    if (is.finite(max)) {
      paste(" between", min, "and", max)
    } else if (is.finite(min)) {
      paste(" of at least", min)
    }
  )
  if (!is_number(x)) {
    # A column of nothing but NA is logical, and as good as a number
    if (is.logical(x) && all(is.na(x))) {
      return(invisible(x))
    }
    found <- describe(x)
    abort_datamap(
      c(
        "Column {.field {name}} must hold {expected}.",
        x = "It is {found}."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
  lies_within <- min(x, Inf, na.rm = TRUE) >= min &&
    max(x, -Inf, na.rm = TRUE) <= max
  if (lies_within && (!whole || is.integer(x))) {
    return(invisible(x))
  }
  row <- which(x < min | x > max | (whole & x != trunc(x)))[1]
  if (!is.na(row)) {
    found <- format(x[[row]], digits = 15)
    abort_datamap(
      c(
        "Column {.field {name}} must hold {expected}.",
        x = "It is {found} in row {row}."
      ),
      class = "range",
      key = name,
      line = row,
      call = call
    )
  }
  invisible(x)
}
