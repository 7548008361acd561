# The verbs of broom for data maps, registered when generics is loaded: tidy()
# for the bare data, glance() for one row, augment() for the training table.

#' Data maps in the verbs of broom
#'
#' `tidy()` gives a data map, or the result of [datamap_detect()], as a bare
#' data frame, `glance()` one row of its numbers, and `augment()` the training
#' table with the columns of the map: what the package broom and its relatives
#' make of models. They are called as `tidy(map)` once broom, generics or
#' tidymodels is attached, or as `generics::tidy(map)`.
#'
#' The other results of this package have `tidy()` and `glance()` as well, told
#' on their pages.
#'
#' @param x A data map, or what [datamap_detect()] returned.
#' @param data The training table: a data frame with a column `id` (or another
#'   name of it, see [datamap_summarise()]). Every sample of the map must be in
#'   it once, and the map must have one row per sample.
#' @param ... Must be empty.
#'
#' @return `tidy()`: a data frame, without class and attributes of this package.
#'
#'   `glance()` of a data map: one row, with `samples`; `evaluations_min` and
#'   `evaluations_max`, and `runs`, over which the numbers are means, `NA` where
#'   the map does not say; `labels`, the number of labels; the means
#'   `avg_probs`, `label_var` and `correct_ratio` over the samples that have a
#'   value; and `never_right` and `always_right`, numbers of samples. Of a
#'   detection: one row, with `metrics`, `samples`, `base_rate`, `runs` and the
#'   metric that is the `best` by its `auroc`.
#'
#'   `augment()`: `data`, its rows and class as they were, with the columns of
#'   the map behind, named `.avg_probs`, `.label_var` and so on, as broom has
#'   it, so that they take the place of none. Rows without a sample on the map
#'   have `NA`, and a message of class `datamap_message_alone` counts them.
#' @seealso [datamap-columns], [datamap_write_summary()]
#' @name datamap-broom
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' if (requireNamespace("generics", quietly = TRUE)) {
#'   print(generics::glance(map))
#'   mails <- data.frame(id = map$id, length = 100 + map$id %% 17)
#'   mails <- generics::augment(map, mails)
#'   lm(.avg_probs ~ length, mails)
#' }
NULL

#' @rdname datamap-broom
#' @exportS3Method generics::tidy
tidy.datamap <- function(x, ...) {
  check_dots()
  plain_frame(take_map(x))
}

#' @rdname datamap-broom
#' @exportS3Method generics::glance
glance.datamap <- function(x, ...) {
  check_dots()
  x <- take_map(x)
  evaluations <- evaluations_range(x) %||% c(NA_real_, NA_real_)
  mean_of <- function(name) mean(x[[name]], na.rm = TRUE)
  data.frame(
    samples = nrow(x),
    evaluations_min = evaluations[[1]], evaluations_max = evaluations[[2]],
    runs = if (is_average(x)) max(x$runs) else NA_integer_,
    labels = if ("label" %in% names(x)) {
      length(unique(x$label[!is.na(x$label)]))
    } else {
      NA_integer_
    },
    avg_probs = mean_of("avg_probs"), label_var = mean_of("label_var"),
    correct_ratio = mean_of("correct_ratio"),
    never_right = sum(x$correct_ratio == 0, na.rm = TRUE),
    always_right = sum(x$correct_ratio == 1, na.rm = TRUE)
  )
}

#' @rdname datamap-broom
#' @exportS3Method generics::augment
augment.datamap <- function(x, data, ...) {
  check_dots()
  call <- rlang::current_env()
  x <- take_map(x)
  check_data_frame(data)
  check_frame(data, "data", call)
  key <- intersect(field_names$id, names(data))
  if (length(key) == 0) {
    similar <- similar_names("id", names(data))
    abort_datamap(
      c(
        "{.arg data} must have a column {.field id}.",
        x = "Its columns are {.field {names(data)}}.",
        did_you_mean(similar)
      ),
      class = "input", key = "id", similar = similar
    )
  }
  ids <- plain_ids(data[[key[[1]]]])
  check_one_value(ids, key[[1]], call)
  check_one_row(x$id, 1L, 1L, call)
  find_rows(x$id, ids, key[[1]], call)
  columns <- as.list(plain_frame(x))[setdiff(names(x), "id")]
  names(columns) <- paste0(".", names(columns))
  taken <- intersect(names(columns), names(data))
  if (length(taken) > 0) {
    abort_datamap(
      c(
        "{.arg data} must not have the columns that are added to it.",
        x = "It has {.field {taken}} already.",
        i = "Was it augmented before?"
      ),
      class = "input", key = taken[[1]]
    )
  }
  rows <- match_ids(ids, x$id)
  alone <- sum(is.na(rows))
  if (alone > 0) {
    count <- format_count(alone)
    inform_datamap(
      c(i = paste(
        "{count} row{cli::qty(alone)}{?s} of {.arg data} {?has/have} no sample",
        "on the map."
      )),
      class = "alone", counts = c(data = alone)
    )
  }
  for (name in names(columns)) {
    data[[name]] <- at_rows(columns[[name]], rows)
  }
  data
}

# Values, rows of a matrix, or of a packed data frame.
at_rows <- function(x, rows) {
  if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
}

#' @rdname datamap-broom
#' @exportS3Method generics::tidy
tidy.datamap_detection <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap-broom
#' @exportS3Method generics::glance
glance.datamap_detection <- function(x, ...) {
  check_dots()
  best <- which.max(x$auroc)
  first <- function(values) if (length(best)) values[[best]] else NA
  data.frame(
    metrics = nrow(x), samples = max(x$samples, 0),
    base_rate = as.double(first(x$base_rate)),
    runs = if ("runs" %in% names(x)) x$runs[[1]] else 1L,
    best = as.character(first(x$metric)), auroc = as.double(first(x$auroc))
  )
}
