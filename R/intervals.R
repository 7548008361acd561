# Intervals of single samples, from what runs differ by from the mean of the
# others.

#' Intervals of samples over runs
#'
#' Two intervals for each sample from several runs of one training: in which the
#' value of one fresh run is to be expected, and in which the mean over runs.
#'
#' Each run's value is held beside the mean of the other runs. These differences
#' are sorted within up to 50 bins of samples of similar means: their quantiles
#' give the interval of a fresh run (`pred.low`, `pred.high`), and their mean
#' square the standard error of the mean over runs (`std.error`, `conf.low`,
#' `conf.high`). No model is fitted. Ends are cut to the range of the metric,
#' and where its values are whole numbers those of a fresh run are rounded
#' outward.
#'
#' # What it does not say
#' The intervals hold on average over runs and samples: nothing exact of a class
#' or of a single sample, nor that 95 % of the samples of a *particular* fresh
#' run lie inside. A run that is off as a whole moves all of them.
#'
#' @param map A list of data maps, one per run of the training, at least two,
#'   with the same labels (see [datamap_runs()]).
#' @param metric The name of a metric, `"avg_probs"` by default. Not
#'   `correct_ratio`: take `correct_times`.
#' @param ... Must be empty; for `print()` not used.
#' @param level The probability with which intervals hold.
#' @param x,object What `datamap_intervals()` returned.
#'
#' @return A data frame of class `datamap_intervals`, one row per sample with a
#'   value in every run: `id`, `runs`, `estimate` (the mean over the runs),
#'   `std.error`, `conf.low`, `conf.high`, `pred.low` and `pred.high`. Where all
#'   values are equal the intervals have no width, and a message of class
#'   `datamap_message_constant` says so.
#'
#'   `tidy()` gives it as a bare data frame; `glance()` one row: `metric`,
#'   `samples`, `runs`, `bins`, `level`, `conf_width` and `pred_width` (means).
#'   `autoplot()`: a ggplot, the data map of the means over the runs with the
#'   intervals of up to 200 samples, from the lowest mean to the highest in even
#'   steps; `plot()` draws it.
#'
#' @references
#' Vovk, V., Gammerman, A. and Shafer, G. (2005). *Algorithmic Learning in a
#' Random World*. Springer. \doi{10.1007/b106715}
#'
#' Barber, R. F., Candès, E. J., Ramdas, A. and Tibshirani, R. J. (2021).
#' Predictive inference with the jackknife+. *The Annals of Statistics* 49(1),
#' 486-507. \doi{10.1214/20-AOS1965}
#' @seealso [datamap_reliability()] for the metric as a whole;
#'   `vignette("how-sure")`.
#' @export
#' @example data-raw/example-runs.R
#' @examples
#' intervals <- datamap_intervals(runs)
#' intervals
#' plot(intervals)
datamap_intervals <- function(map, metric = "avg_probs", ..., level = 0.95) {
  check_dots()
  call <- rlang::current_env()
  check_string(metric)
  check_share(level, allow_null = FALSE)
  runs <- take_runs(
    map,
    least = 2L,
    alone = "How far runs of one recipe differ is not seen in one of them."
  )
  metric <- check_run_metrics(metric, runs, arg = "metric")
  if (metric == "correct_ratio") {
    abort_datamap(
      c(
        "{.arg metric} must be one whose steps are the same for all runs.",
        x = "Means of {.field correct_ratio} lie between those of one run.",
        i = "Take {.val correct_times}."
      ),
      class = "input", key = metric, similar = "correct_times"
    )
  }
  found <- run_matrix(runs, metric)
  check_enough(nrow(found$values), 20, metric, call)
  out <- run_intervals(found$values, level, interval_range(metric))
  if (max(found$values) == min(found$values)) {
    inform_constant(metric)
  }
  k <- length(runs$maps)
  columns <- list2DF(c(list(id = found$ids, runs = rep(k, length(found$ids))),
                       out$columns))
  beside <- if (metric == "label_var") "avg_probs" else "label_var"
  new_result(
    columns, "datamap_intervals",
    beside = list(
      name = beside, ids = runs$ids, values = mean_over_runs(runs, beside)
    ),
    summary = data.frame(
      metric = metric, samples = nrow(columns), runs = k, bins = out$bins,
      level = level,
      conf_width = mean(columns$conf.high - columns$conf.low),
      pred_width = mean(columns$pred.high - columns$pred.low)
    )
  )
}

# Where the values of a metric lie.
interval_range <- function(metric) {
  measure_bounds[[metric]] %||% c(-Inf, Inf)
}

run_intervals <- function(values, level, range) {
  n <- nrow(values)
  k <- ncol(values)
  a <- 1 - level
  mean <- rowMeans(values)
  others <- (mean * k - values) / (k - 1)
  rest <- values - others
  dim(others) <- NULL

  breaks <- quantile_breaks(others, max(1, min(50, floor(n / 40))))
  bin_of <- function(x) findInterval(x, breaks, all.inside = TRUE)
  bin <- bin_of(others)
  n_bins <- length(breaks) - 1L
  sizes <- tabulate(bin, n_bins)
  before <- cumsum(sizes) - sizes
  filled <- which(sizes > 0)
  o <- order(bin, rest, method = "radix")
  sorted <- rest[o]
  size <- sizes[filled]
  low <- sorted[before[filled] + pmax(1, floor((size + 1) * a / 2))]
  high <- sorted[
    before[filled] + pmin(size, ceiling((size + 1) * (1 - a / 2)))
  ]
  mean_of_bins <- function(x) {
    vapply(filled, function(b) mean(x[before[[b]] + seq_len(sizes[[b]])]), 0)
  }
  variance <- mean_of_bins(sorted^2) * (k - 1) / k
  centre <- mean_of_bins(others[o])
  error <- if (length(centre) > 1) {
    stats::approx(centre, variance, mean, rule = 2, ties = "ordered")$y
  } else {
    rep(variance, n)
  }
  error <- sqrt(error / k)
  half <- stats::qnorm((1 + level) / 2) * error

  # an empty bin takes what the nearest filled one has
  nearest <- vapply(seq_len(n_bins), function(b) {
    which.min(abs(filled - b))
  }, 1L)
  at <- nearest[bin_of(mean)]
  ends <- list(low = mean + low[at], high = mean + high[at])
  if (values[[1]] == trunc(values[[1]]) && all(values == trunc(values))) {
    ends <- list(low = floor(ends$low + 1e-9), high = ceiling(ends$high - 1e-9))
  }
  cut <- function(x) clamp(x, range[[1]], range[[2]])
  list(
    columns = list(
      estimate = mean, std.error = unname(error),
      conf.low = cut(mean - half), conf.high = cut(mean + half),
      pred.low = cut(ends$low), pred.high = cut(ends$high)
    ),
    bins = n_bins
  )
}

# --- looking at it ---

#' @rdname datamap_intervals
#' @exportS3Method generics::tidy
tidy.datamap_intervals <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap_intervals
#' @exportS3Method generics::glance
glance.datamap_intervals <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_intervals
#' @export
print.datamap_intervals <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  cat_wrapped(paste0(
    "Intervals of ", of$metric, " from ", of$runs, " runs of ",
    plural_count(of$samples, "sample"), ", to hold in ", percent(of$level),
    " on average over runs and samples"
  ))
  cat_wrapped(paste(
    "pred: the value in one fresh run, conf: the mean over runs. Of a",
    "particular run, a class or a single sample they say nothing exact"
  ))
  print_head(plain_frame(x), min(10L, nrow(x)))
  invisible(x)
}

#' @rdname datamap_intervals
#' @rawNamespace S3method(ggplot2::autoplot, datamap_intervals)
autoplot.datamap_intervals <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  data <- plain_frame(object)
  up <- order(data$estimate)
  shown <- unique(round(seq(1, nrow(data), length.out = min(200, nrow(data)))))
  data <- data[up[shown], ]
  beside <- attr(object, "beside", exact = TRUE)
  data$.beside <- beside$values[match_ids(data$id, beside$ids)]
  data <- data[is.finite(data$.beside), ]
  title <- "What another run may give"
  subtitle <- paste0(
    of$runs, " runs of ", plural_count(of$samples, "sample"),
    if (nrow(data) < of$samples) {
      paste0(", ", format_count(nrow(data)), " of them shown")
    }
  )
  caption <- paste0(
    "Thick: mean over runs; thin: one fresh run; ", percent(of$level),
    ", on average over runs and samples"
  )
  colour <- datamap_colours[[1]]
  plot <- ggplot2::ggplot(data, aes(.data$.beside, .data$estimate)) +
    ggplot2::geom_linerange(
      aes(ymin = .data$pred.low, ymax = .data$pred.high),
      colour = "grey20", linewidth = 0.3
    ) +
    ggplot2::geom_linerange(
      aes(ymin = .data$conf.low, ymax = .data$conf.high),
      colour = colour, linewidth = 0.8
    ) +
    ggplot2::geom_point(size = 0.7, colour = colour) +
    ggplot2::labs(
      x = wrap_text(signal_title(beside$name), "x"),
      y = wrap_text(signal_title(of$metric), "y"),
      title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      caption = wrap_text(caption, "caption"),
      alt = paste0(
        title, ". ", subtitle, ". Mean width for one fresh run ",
        format_number(of$pred_width, digits = 3), ", for the mean over runs ",
        format_number(of$conf_width, digits = 3), ". ", caption, "."
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

#' @rdname datamap_intervals
#' @export
plot.datamap_intervals <- function(x, ...) {
  print(autoplot.datamap_intervals(x, ...))
  invisible(x)
}
