# Several runs of one training: the one place where a list of data maps is
# checked and its samples are matched.

#' Runs of a training as one table
#'
#' Puts the data maps of several runs below each other, checked and matched by
#' `id`: the shape in which models of the runs want their data.
#'
#' Runs are repetitions of one recipe: the same samples, the same labels, the
#' same settings, another seed. Samples are matched by `id`, and only those that
#' are in all maps stay; a message of class `datamap_message_alone` counts the
#' others. A message of class `datamap_message_evaluations` counts the samples
#' that were evaluated more often in one run than in another.
#'
#' # Labels
#' Runs with different labels differ by their labels, and not by chance alone,
#' so by default they are an error. Where the labels are what is to be compared,
#' as between two ways of drawing wrong ones, say `same_labels = FALSE`.
#'
#' # Models
#' The samples of one run share its weights and the order of its batches, and
#' are no independent repetitions of the training: what a model says about the
#' recipe must have the run as a random effect.
#'
#' ```r
#' d <- datamap_runs(runs)
#' lme4::lmer(avg_probs ~ 1 + (1 | id) + (1 | run), d)
#' lme4::glmer(
#'   cbind(correct_times, evaluations - correct_times) ~
#'     label + (1 | id) + (1 | run),
#'   family = binomial, data = d
#' )
#' wide <- stats::xtabs(avg_probs ~ id + run, d)
#' irr::icc(unclass(wide), model = "twoway", type = "agreement")
#' ```
#'
#' Item response models (package mirt) take such a wide table as well: samples
#' are the items, runs the respondents.
#'
#' @param map A list of data maps, one per run of the training; one data map is
#'   a list of one.
#' @param ... Must be empty.
#' @param metrics The names of the columns to keep. `NULL`, the default, for all
#'   numeric columns that every map has.
#' @param same_labels Whether a sample must have the same label in every run,
#'   `TRUE` by default.
#'
#' @return A data frame, the runs one below the other, each in the order of the
#'   first map: `run` (a factor: the names of the list, else `"1"`, `"2"`, ...),
#'   `id`; `label`, `s_label` and `evaluations` where all maps have them; then
#'   the metrics. The attribute `left_out` is a named integer: how many samples
#'   of each run are not in all maps.
#' @seealso [datamap_detect()], which takes a list of data maps too.
#' @export
#' @example data-raw/example-runs.R
#' @examples
#' d <- datamap_runs(runs)
#' head(d)
#'
#' # Which share of the variance lies between the runs?
#' anova(lm(avg_probs ~ factor(id) + run, d))
#' if (requireNamespace("mgcv", quietly = TRUE)) {
#'   d$length <- iris$Petal.Length[50 + d$id]
#'   mgcv::gam(avg_probs ~ s(length) + s(run, bs = "re"), data = d)
#' }
datamap_runs <- function(map, ..., metrics = NULL, same_labels = TRUE) {
  check_dots()
  check_flag(same_labels)
  force_name(metrics, "metrics", rlang::current_env())
  runs <- take_runs(map, same_labels)
  metrics <- check_run_metrics(metrics, runs)

  n <- length(runs$ids)
  columns <- list(
    run = as_levels(rep(seq_along(runs$maps), each = n), runs$names),
    id = rep(runs$ids, length(runs$maps))
  )
  for (name in c("label", "s_label", "evaluations", metrics)) {
    if (all_have(runs, name)) {
      columns[[name]] <- bind_values(run_columns(runs, name))
    }
  }
  structure(list2DF(columns), left_out = runs$left_out)
}

# Data maps, each as take_map() gives it: of one, or of a list.
take_maps <- function(map, arg = "map", call = rlang::caller_env()) {
  force_argument(map, arg, call)
  if (is.data.frame(map)) {
    return(list(take_map(map, arg, call)))
  }
  if (!is.list(map) || length(map) == 0 || is.object(map)) {
    abort_argument(map, "a data map or a list of data maps", arg, call)
  }
  maps <- lapply(seq_along(map), function(i) {
    take_map(map[[i]], paste0(arg, "[[", i, "]]"), call)
  })
  stats::setNames(maps, names(map))
}

# The runs, matched: `maps`, their `names`, the `ids` that are in all of them in
# the order of the first, for each map the `rows` where these are, whether that
# `is_all` its rows as they stand, and how many of its samples are `left_out`.
# `alone` is said of fewer runs than `least`.
take_runs <- function(map,
                      same_labels = TRUE,
                      least = 1L,
                      alone = NULL,
                      call = rlang::caller_env()) {
  maps <- take_maps(map, call = call)
  names <- run_names(maps, call)
  for (i in seq_along(maps)) {
    check_one_row(maps[[i]]$id, i, length(maps), call)
  }
  if (length(maps) < least) {
    abort_datamap(
      c(
        "{.arg map} must be a list of at least {least} data maps.",
        x = alone,
        i = paste(
          "Train again with the same data, labels and settings and another",
          "seed: {.code map = list(run1, run2)}."
        )
      ),
      class = "input", key = "map", call = call
    )
  }
  rows <- match_runs(lapply(maps, `[[`, "id"))
  left_out <- vapply(maps, nrow, 1L) - length(rows[[1]])
  names(left_out) <- names
  if (length(rows[[1]]) == 0) {
    abort_datamap(
      c(
        "Runs must be of the same samples.",
        x = "No {.field id} is in all {length(maps)} runs."
      ),
      class = "input", key = "id", call = call
    )
  }
  inform_alone(left_out)
  runs <- list(
    maps = unname(maps), names = names, ids = maps[[1]]$id[rows[[1]]],
    rows = unname(rows), left_out = left_out,
    is_all = unname(left_out) == 0 &
      vapply(unname(rows), identical, NA, seq_along(rows[[1]]))
  )
  if (same_labels) {
    check_same_labels(runs, call)
  }
  inform_evaluations(runs)
  runs
}

run_names <- function(maps, call) {
  names <- rlang::names2(maps)
  is_unnamed <- !nzchar(names)
  names[is_unnamed] <- which(is_unnamed)
  if (anyDuplicated(names)) {
    again <- names[[anyDuplicated(names)]]
    abort_datamap(
      c(
        "Runs must have different names.",
        x = "More than one is called {.val {again}}."
      ),
      class = "input", key = again, call = call
    )
  }
  names
}

# Data maps may have rows that were chosen twice; runs may not.
check_one_row <- function(ids, i, n, call = rlang::caller_env()) {
  row <- repeated_id(ids)
  if (row == 0) {
    return(invisible())
  }
  again <- id_text(ids[row])
  where <- if (n > 1) paste0("map[[", i, "]]") else "map"
  abort_datamap(
    c(
      "A run must have one row per sample.",
      x = "The id {.val {again}} is in {.code {where}} more than once."
    ),
    class = "input", key = again, line = row, call = call
  )
}

# Those of the runs that are `chosen`, with the samples that all have.
some_runs <- function(runs, chosen) {
  of_each <- c("maps", "names", "rows", "is_all")
  runs[of_each] <- lapply(runs[of_each], `[`, chosen)
  runs
}

# For each vector of ids the places of those that are in all, in the order of
# the first.
match_runs <- function(ids) {
  first <- ids[[1]]
  places <- lapply(ids, function(other) {
    if (identical(first, other)) {
      seq_along(first)
    } else {
      match_ids(first, other)
    }
  })
  if (!any(vapply(places, anyNA, NA))) {
    return(places)
  }
  is_lost <- Reduce(`|`, lapply(places, is.na))
  lapply(places, `[`, !is_lost)
}

inform_alone <- function(left_out) {
  if (all(left_out == 0)) {
    return(invisible())
  }
  some <- left_out[left_out > 0]
  each <- paste0(format_count(some), " of run ", names(some))
  inform_datamap(
    c(i = "Left out samples that are not in all runs: {first_few(each)}."),
    class = "alone", counts = left_out
  )
}

check_same_labels <- function(runs, call = rlang::caller_env()) {
  if (!all_have(runs, "label")) {
    return(invisible())
  }
  labels <- run_columns(runs, "label")
  for (i in seq_along(labels)[-1]) {
    n <- sum(differ(labels[[1]], labels[[i]]))
    if (n > 0) {
      count <- format_count(n)
      of <- plural_count(length(runs$ids), "sample")
      abort_datamap(
        c(
          "Runs must have been trained with the same labels.",
          x = paste(
            "{count} of {of} {cli::qty(n)}{?has/have} another label in run",
            "{runs$names[[i]]}."
          ),
          i = paste(
            "Reliability of runs with different labels says how different the",
            "labels are."
          )
        ),
        class = "input", key = "label", run = runs$names[[i]], n = n,
        call = call
      )
    }
  }
}

# Which idents are not the same: 1 and "1" are, and two missing ones.
differ <- function(x, y) {
  if (identical(x, y)) {
    return(rep(FALSE, length(x)))
  }
  x <- plain_ids(x)
  y <- plain_ids(y)
  if (!is.numeric(x) || !is.numeric(y)) {
    x <- id_text(x)
    y <- id_text(y)
  }
  is_other <- x != y
  is_other[is.na(is_other)] <- (is.na(x) != is.na(y))[is.na(is_other)]
  is_other
}

# --- the columns of runs ---

all_have <- function(runs, name) {
  all(vapply(runs$maps, function(map) name %in% names(map), NA))
}

# The values of a column in each run, in the order of `ids`.
run_columns <- function(runs, name) {
  Map(function(map, rows, is_all) {
    if (is_all) map[[name]] else map[[name]][rows]
  }, runs$maps, runs$rows, runs$is_all)
}

# The same of a numeric column: a row per sample, a column per run.
run_values <- function(runs, name) {
  values <- as.double(unlist(run_columns(runs, name), use.names = FALSE))
  dim(values) <- c(length(runs$ids), length(runs$maps))
  values
}

# One below the other: idents of different types become text.
bind_values <- function(columns) {
  if (all(vapply(columns, is.factor, NA))) {
    levels <- unique(unlist(lapply(columns, levels)))
    columns <- lapply(columns, function(x) match(factor_labels(x), levels))
    return(as_levels(unlist(columns), levels))
  }
  columns <- lapply(columns, plain_ids)
  is_text <- vapply(columns, is.character, NA)
  if (any(is_text) && !all(is_text)) {
    columns <- lapply(columns, id_text)
  }
  unlist(columns, use.names = FALSE)
}

# What can be compared between runs: numbers that are no name of anything.
run_metrics <- function(runs) {
  numeric <- lapply(runs$maps, numeric_columns)
  setdiff(
    Reduce(intersect, numeric),
    c(ident_columns(), "s_label", "evaluations", "runs")
  )
}

# The metrics that were asked for; else those of `usual` that all have.
check_run_metrics <- function(x,
                              runs,
                              usual = run_metrics(runs),
                              arg = rlang::caller_arg(x),
                              call = rlang::caller_env()) {
  choices <- run_metrics(runs)
  if (is.null(x)) {
    return(intersect(usual, choices))
  }
  if (!is.character(x) || length(x) == 0 || anyNA(x)) {
    abort_argument(x, "the names of metrics of the runs", arg, call)
  }
  missing <- setdiff(x, choices)
  if (length(missing) > 0) {
    similar <- similar_names(missing, choices)
    lacks <- vapply(runs$maps, function(map) {
      !missing[[1]] %in% numeric_columns(map)
    }, NA)
    where <- if (all(lacks) || !any(lacks)) {
      "No run has"
    } else {
      paste0("Run ", first_few(runs$names[lacks]), " lacks")
    }
    abort_datamap(
      c(
        "{.arg {arg}} must name numeric columns that every run has.",
        x = paste("{where} {.val {missing[[1]]}}."),
        i = "Every run has {.val {choices}}.",
        did_you_mean(similar)
      ),
      class = "input", key = missing[[1]], columns = choices,
      similar = similar, call = call
    )
  }
  unique(x)
}

inform_evaluations <- function(runs) {
  if (!all_have(runs, "evaluations")) {
    return(invisible())
  }
  columns <- run_columns(runs, "evaluations")
  n <- sum(Reduce(`|`, lapply(columns[-1], differ, columns[[1]]), FALSE))
  if (n > 0) {
    count <- format_count(n)
    inform_datamap(
      c(i = paste(
        "{count} sample{cli::qty(n)}{?s} {?was/were} not evaluated equally",
        "often in all runs."
      )),
      class = "evaluations", n = n
    )
  }
}

# The values of a metric without the samples that lack one in some run; `ids`
# are those that stay.
run_matrix <- function(runs, metric) {
  values <- run_values(runs, metric)
  # a sum is finite only if all that is added is
  if (is.finite(sum(values))) {
    return(list(values = values, ids = runs$ids))
  }
  is_whole <- rowSums(!is.finite(values)) == 0
  inform_missing(
    sum(!is_whole), metric, what = "Left out:", kind = "no value in some run"
  )
  all <- all(is_whole)
  list(
    values = if (all) values else values[is_whole, , drop = FALSE],
    ids = if (all) runs$ids else runs$ids[is_whole]
  )
}

# NA where a run has no value; what was never learned is later than any.
mean_over_runs <- function(runs, name) {
  columns <- run_columns(runs, name)
  if (name %in% never_is_last) {
    known <- run_columns(runs, "avg_probs")
    columns <- Map(function(x, probs) {
      replace(x, is.na(x) & !is.na(probs), Inf)
    }, columns, known)
  }
  mean_of_columns(columns)
}

# Of finite numbers it is finite, also where their sum is beyond the largest.
mean_of_columns <- function(columns) {
  columns <- lapply(columns, as.double)
  k <- length(columns)
  sum <- Reduce(`+`, columns)
  if (!any(is.infinite(sum))) {
    return(sum / k)
  }
  is_far <- is.infinite(sum) & Reduce(`&`, lapply(columns, is.finite))
  parts <- lapply(columns, function(x) x[is_far] / k)
  most <- .Machine$double.xmax
  replace(sum / k, is_far, clamp(Reduce(`+`, parts), -most, most))
}

# The ends of up to `n` bins of equal parts of the values, the quantiles of type
# 7; equal ones are one. What quantile() gives, without sorting all values.
quantile_breaks <- function(values, n) {
  at <- 1 + (length(values) - 1) * (0:n / n)
  below <- floor(at)
  above <- ceiling(at)
  places <- sort(unique(c(below, above)))
  found <- values_at(values, places)
  breaks <- found[match(below, places)]
  next_ones <- found[match(above, places)]
  between <- which(at > below & next_ones != breaks)
  part <- (at - below)[between]
  breaks[between] <- (1 - part) * breaks[between] + part * next_ones[between]
  breaks <- unique(breaks)
  if (length(breaks) < 2) breaks + c(0, 1) else breaks
}

# sort(values)[places], of ascending places. sort() takes ten at once, so these
# part the values, and each part has its own.
values_at <- function(values, places) {
  if (length(places) <= 10) {
    return(sort(values, partial = places)[places])
  }
  ends <- places[round(length(places) * 1:10 / 10)]
  values <- sort(values, partial = ends)
  starts <- c(0, ends[-10])
  part <- findInterval(places, starts, left.open = TRUE)
  unlist(lapply(1:10, function(i) {
    values_at(
      values[(starts[[i]] + 1):ends[[i]]], places[part == i] - starts[[i]]
    )
  }))
}

check_enough <- function(n, least, metric, call = rlang::caller_env()) {
  if (n < least) {
    abort_datamap(
      c(
        "There must be at least {least} samples with a value in every run.",
        x = "{.field {metric}} has {n} of them."
      ),
      class = "input", key = metric, n = n, call = call
    )
  }
}

inform_constant <- function(metrics) {
  if (length(metrics) > 0) {
    inform_datamap(
      c(i = paste(
        "{.field {metrics}} {?is/are} the same for all samples: nothing to",
        "tell apart."
      )),
      class = "constant", metrics = metrics
    )
  }
}

# --- what is found out about runs ---

# A data frame of a class, with what is said of it as a whole in attributes.
new_result <- function(columns, class, ...) {
  structure(
    columns,
    ...,
    whole = list(names = names(columns), rows = nrow(columns)),
    class = c(class, "data.frame")
  )
}

# Of a part of its rows or columns nothing holds that was said of the whole.
is_whole <- function(x) {
  whole <- attr(x, "whole", exact = TRUE)
  !is.null(whole) && all(whole$names %in% names(x)) &&
    identical(nrow(x), whole$rows)
}

check_whole <- function(x, call = rlang::caller_env()) {
  if (!is_whole(x)) {
    maker <- class(x)[[1]]
    abort_datamap(
      c(
        "It must be what {.fn {maker}} returned, as a whole.",
        x = "Rows or columns were taken out of it."
      ),
      class = "input", key = "x", call = call
    )
  }
  x
}
