#' Filter of data maps
#'
#' Keeps the samples of a data map whose signals reach a threshold.
#'
#' The conditions hold together: with `criterion = "label_var"`,
#' `threshold = 0.05` and `use_f_times = 1`, the samples are kept that have
#' both a variance of at least 0.05 and at least one forgetting. A missing
#' value fails every condition; a message of class `datamap_message_na` counts
#' the samples that are dropped for it.
#'
#' @param map A data map, from [datamap_summarise()],
#'   [datamap_read_summary()] or [as_datamap()].
#' @param criterion The name of a numeric column: samples with
#'   `criterion >= threshold` are kept. `NULL`, the default, and `""` mean no
#'   such condition.
#' @param threshold A number, 0 by default. Ignored without a `criterion`.
#' @param use_f_times A number: samples with at least so many forgettings
#'   (`forgetting_times`) are kept. `NULL`, the default, and `-1` mean no such
#'   condition.
#' @param use_l_times The same for `learnt_times`. Only one of `use_f_times`
#'   and `use_l_times` may be given.
#'
#' @return A data map with the rows of `map` that meet the conditions, in the
#'   same order, and its problems (see [datamap_problems()]).
#' @seealso [datamap_groups()] and [datamap_plot()], which filter in the same
#'   way.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' datamap_filter(map, criterion = "forgetting_times", threshold = 1)
#' datamap_filter(map, "label_var", 0.05, use_l_times = 2)
datamap_filter <- function(map,
                           criterion = NULL,
                           threshold = 0,
                           use_f_times = NULL,
                           use_l_times = NULL) {
  check_datamap(map)
  conditions <- filter_conditions(
    map, criterion, threshold, use_f_times, use_l_times
  )
  apply_conditions(map, conditions)
}

# The conditions of a filter as a data frame, one row per condition that is
# on: column, the smallest value kept, and the argument that asked for it.
# Arguments are checked here, once, for every function that filters.
filter_conditions <- function(map,
                              criterion,
                              threshold,
                              use_f_times,
                              use_l_times,
                              call = rlang::caller_env()) {
  check_string(
    criterion,
    allow_null = TRUE, allow_empty = TRUE, call = call
  )
  check_number(threshold, call = call)
  use_f_times <- check_times(use_f_times, call = call)
  use_l_times <- check_times(use_l_times, call = call)
  if (!is.null(use_f_times) && !is.null(use_l_times)) {
    abort_datamap(
      c(
        paste(
          "Only one of {.arg use_f_times} and {.arg use_l_times} can be",
          "given."
        ),
        x = paste(
          "You gave {.code use_f_times = {use_f_times}} and",
          "{.code use_l_times = {use_l_times}}."
        ),
        i = paste(
          "One of them can be a criterion:",
          "{.code criterion = \"forgetting_times\"}."
        )
      ),
      class = "input",
      key = "use_l_times",
      call = call
    )
  }
  if (!is.null(use_f_times)) {
    check_has_columns(
      map, "forgetting_times", "{.arg use_f_times}",
      call = call
    )
  }
  if (!is.null(use_l_times)) {
    check_has_columns(
      map, "learnt_times", "{.arg use_l_times}",
      call = call
    )
  }
  is_on <- !is.null(criterion) && nzchar(criterion)
  if (is_on) {
    check_column_choice(
      criterion, map,
      numeric = TRUE, arg = "criterion", call = call
    )
  }
  least <- list(
    criterion = if (is_on) threshold,
    use_f_times = use_f_times,
    use_l_times = use_l_times
  )
  column <- c(
    if (is_on) criterion else NA, "forgetting_times", "learnt_times"
  )
  given <- !vapply(least, is.null, logical(1))
  data.frame(
    column = column[given],
    least = as.numeric(unlist(least[given])),
    argument = names(least)[given]
  )
}

# NULL for off, which NULL and -1 both say.
check_times <- function(x,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  if (identical(x, -1) || identical(x, -1L)) {
    return(NULL)
  }
  check_number(x, min = 0, allow_null = TRUE, arg = arg, call = call)
  x
}

# The rows of `map` that meet every condition.
apply_conditions <- function(map, conditions) {
  if (nrow(conditions) == 0) {
    return(map)
  }
  keep_rows(map, meeting_rows(map, conditions))
}

# Their numbers.
meeting_rows <- function(map, conditions) {
  if (nrow(conditions) == 0) {
    return(seq_len(nrow(map)))
  }
  meets <- TRUE
  missing <- FALSE
  for (i in seq_len(nrow(conditions))) {
    signal <- map[[conditions$column[[i]]]]
    meets <- meets & signal >= conditions$least[[i]]
    if (anyNA(signal)) {
      missing <- missing | is.na(signal)
    }
  }
  inform_missing(sum(missing), unique(conditions$column))
  which(meets)
}

# Rows of a data map, numbered anew: they are known by their id, and numbers
# of rows that are gone mean nothing. `[` would spend most of its time on them.
keep_rows <- function(map, rows) {
  columns <- lapply(map, function(x) {
    if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
  })
  datamap_restore(new_datamap(columns), map)
}

# One message for all rows that a missing value keeps out.
inform_missing <- function(n,
                           columns,
                           what = "Dropped",
                           kind = "a missing value") {
  if (n == 0) {
    return(invisible())
  }
  count <- format_count(n)
  inform_datamap(
    c(i = paste(
      what, "{count} sample{cli::qty(n)}{?s} with", kind,
      "in {.or {.field {columns}}}."
    )),
    class = "na",
    n = n,
    columns = columns
  )
}
