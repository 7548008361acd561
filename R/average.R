# Several runs as one data map: their means, or all of them below each other.

#' Data map of means over runs
#'
#' Takes the data maps of several runs of one training and gives a data map
#' whose numbers are means over the runs: what a metric would be without the
#' chance of a single run.
#'
#' Samples are matched, and labels compared, as in [datamap_runs()]. Every
#' numeric column that all runs have becomes its mean over the runs; counts,
#' such as `forgetting_times`, are then no whole numbers any more. A value that
#' is missing in one of the runs is missing in the mean: of `first_correct` and
#' the like `NA` is *never*, so that means are of what was learned in every run.
#' `first_forget` and `first_learn`, where 0 is *never*, are left out, as are
#' columns that are not numeric.
#'
#' `label_var` is the mean of the variances *within* the runs. How far the runs
#' differ from each other is what [datamap_reliability()] and
#' [datamap_intervals()] tell.
#'
#' The column `runs` says over how many runs the means are, and so do `print()`
#' and the captions of plots.
#'
#' @inheritParams datamap_runs
#' @param map A list of data maps, one per run of the training; one data map is
#'   a list of one.
#'
#' @return A data map with the samples that are in all runs, in the order of the
#'   first: `id`, `label` where all runs have it, `s_label` where it is the same
#'   in all of them, the means, and `runs`.
#' @seealso [datamap_runs()] for all values of the runs as one table;
#'   [datamap_plot()] of a list draws each run in a panel of its own.
#' @export
#' @example data-raw/example-runs.R
#' @examples
#' average <- datamap_average(runs)
#' average
#' datamap_plot(average)
datamap_average <- function(map, ..., same_labels = TRUE) {
  check_dots()
  check_flag(same_labels)
  runs <- take_runs(map, same_labels)
  columns <- list(id = runs$ids)
  if (all_have(runs, "label")) {
    columns$label <- run_columns(runs, "label")[[1]]
  }
  if (all_have(runs, "s_label")) {
    values <- run_columns(runs, "s_label")
    if (!any(vapply(values[-1], function(x) any(differ(values[[1]], x)), NA))) {
      columns$s_label <- values[[1]]
    }
  }
  metrics <- setdiff(run_metrics(runs), zero_is_never)
  if (all_have(runs, "evaluations")) {
    metrics <- c(metrics, "evaluations")
  }
  k <- length(runs$maps)
  for (name in metrics) {
    columns[[name]] <- mean_of_columns(run_columns(runs, name))
  }
  columns$runs <- rep(k, length(runs$ids))
  new_datamap(columns)
}

# A mean of these is none of what they count.
zero_is_never <- c("first_forget", "first_learn")

# Is the map one of means, whose counts need not be whole?
is_average <- function(columns) {
  runs <- unclass(columns)[["runs"]]
  is_number(runs) && length(runs) > 0 && all(runs %in% seq_len(1e6))
}

# "means over 5 runs", NULL where it is one run's map.
average_words <- function(map) {
  if (!is_average(map) || max(map$runs) == 1) {
    return(NULL)
  }
  from <- range(map$runs)
  paste0(
    "means over ", if (from[[1]] < from[[2]]) paste(from[[1]], "to "),
    plural_count(from[[2]], "run")
  )
}

# The maps of runs, each as it is, below each other: a data map with the columns
# that all have, whose column `run` tells which rows are of which.
stack_maps <- function(maps, call = rlang::caller_env()) {
  names <- run_names(maps, call)
  columns <- setdiff(Reduce(intersect, lapply(maps, names)), "run")
  stacked <- lapply(stats::setNames(nm = columns), function(name) {
    stack_values(lapply(maps, `[[`, name))
  })
  stacked <- Filter(Negate(is.null), stacked)
  rows <- vapply(maps, nrow, 1L)
  stacked$run <- as_levels(rep(seq_along(maps), rows), names)
  map <- new_datamap(stacked, stacked = length(maps))
  attr(map, "samples") <- sum(vapply(maps, samples_before, 1L))
  filters <- unique(lapply(maps, attr, "filter", exact = TRUE))
  if (length(filters) == 1) {
    attr(map, "filter") <- filters[[1]]
  }
  map
}

# NULL where there is no way to have them in one column.
stack_values <- function(values) {
  if (!all(vapply(values, function(x) is.atomic(x) && is.null(dim(x)), NA))) {
    return(NULL)
  }
  is_object <- vapply(values, is.object, NA) & !vapply(values, is.factor, NA)
  if (!any(is_object)) {
    return(bind_values(values))
  }
  if (length(unique(lapply(values, class))) == 1) {
    do.call(c, values)
  }
}
