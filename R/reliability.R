# How much of a metric would come out again: intraclass correlations of runs.

#' Reliability of metrics over runs
#'
#' How much of a metric would be the same in another run of the same training?
#' Intraclass correlations tell which share of its variance lies between the
#' samples, and not between the runs.
#'
#' With \eqn{n} samples in \eqn{k} runs and the mean squares of the two-way
#' layout, `MSR` of samples, `MSC` of runs and `MSE` of the rest (McGraw and
#' Wong 1996):
#'
#' \describe{
#'   \item{`ICC(A,1)`}{agreement of single runs, where shifts between runs count
#'     as error: `(MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n)`}
#'   \item{`ICC(C,1)`}{consistency, where they do not:
#'     `(MSR - MSE) / (MSR + (k - 1) MSE)`}
#'   \item{`ICC(A,k)`}{agreement of the means of k runs:
#'     `(MSR - MSE) / (MSR + (MSC - MSE) / n)`}
#'   \item{`ICC(C,k)`}{their consistency: `(MSR - MSE) / MSR`}
#' }
#'
#' Values may be negative, and are left as they are.
#'
#' # Intervals
#' The samples of one run share its weights and are no independent repetitions,
#' so the interval comes from leaving out one run at a time (the jackknife,
#' Arvesen 1969), on Fisher's scale, `atanh()`. It takes three runs: with two
#' there are estimates only, and a message of class `datamap_message_few_runs`
#' says so. Those of the means of k runs are those of single runs by the formula
#' of Spearman and Brown, `k r / (1 + (k - 1) r)`.
#'
#' # What it does not say
#' That a *sample's* value is right; that the map of another architecture would
#' agree; anything of another recipe. Evaluations matter too: with few of them
#' `label_var` may be far less reliable than with many.
#'
#' @param map A list of data maps, one per run of the training, at least two,
#'   with the same labels (see [datamap_runs()]).
#' @param ... Must be empty; for `print()` not used.
#' @param metrics The names of metrics. `NULL`, the default, for those of
#'   `avg_probs`, `label_var`, `correct_ratio` and `forgetting_times` that every
#'   map has.
#' @param top The share of the samples, most suspect first, whose overlap
#'   between runs is told.
#' @param level The probability with which intervals hold.
#' @param target The reliability that a mean of runs is to have.
#' @param x,object What `datamap_reliability()` returned.
#'
#' @return A data frame of class `datamap_reliability`, four rows per metric:
#'   `metric`, `term` (see above), `estimate`, `std.error`, `conf.low`,
#'   `conf.high`, `samples` and `runs`. Samples without a value in some run are
#'   left out, with a message of class `datamap_message_na`; a metric that is
#'   the same for all samples has `NA`s, with a message of class
#'   `datamap_message_constant`.
#'
#'   `tidy()` gives it as a bare data frame. `glance()` has a row per metric:
#'   `metric`, `samples`, `runs`; `sem`, by how much two runs differ over
#'   \eqn{\sqrt{2}}{sqrt(2)}, in the metric's unit; `share_samples`,
#'   `share_runs` and `share_rest` of the variance; `target`, and
#'   `runs_needed`, so many runs must be averaged to reach it (`NA` where
#'   `ICC(A,1)` is not above 0), with `runs_needed_low` and `runs_needed_high`
#'   from the ends of the interval; and the `overlap` of the `top` most suspect
#'   samples of two runs, the mean over all pairs of runs, with `overlap_min`,
#'   `overlap_max` and, for runs that have nothing in common, `overlap_chance`
#'   (`NA` for metrics without a suspect end).
#'
#'   `autoplot()`: a ggplot of `ICC(A,1)` and of the reliability that means of 1
#'   to 10 runs would have; `plot()` draws it.
#'
#' @references
#' Arvesen, J. N. (1969). Jackknifing U-Statistics. *The Annals of Mathematical
#' Statistics* 40(6), 2076-2100. \doi{10.1214/aoms/1177697287}
#'
#' McGraw, K. O. and Wong, S. P. (1996). Forming inferences about some
#' intraclass correlation coefficients. *Psychological Methods* 1(1), 30-46.
#' \doi{10.1037/1082-989X.1.1.30}
#'
#' Shrout, P. E. and Fleiss, J. L. (1979). Intraclass correlations: uses in
#' assessing rater reliability. *Psychological Bulletin* 86(2), 420-428.
#' \doi{10.1037/0033-2909.86.2.420}
#'
#' Spearman, C. (1910). Correlation calculated from faulty data. *British
#' Journal of Psychology* 3(3), 271-295.
#' \doi{10.1111/j.2044-8295.1910.tb00206.x}
#' @seealso [datamap_intervals()] for single samples, [datamap_runs()] for
#'   models of one's own; `vignette("how-sure")`.
#' @export
#' @example data-raw/example-runs.R
#' @examples
#' reliability <- datamap_reliability(runs)
#' reliability
#' plot(reliability)
datamap_reliability <- function(map,
                                ...,
                                metrics = NULL,
                                top = 1 / 3,
                                level = 0.95,
                                target = 0.9) {
  check_dots()
  call <- rlang::current_env()
  force_name(metrics, "metrics", call)
  check_share(top, is_whole_allowed = TRUE, allow_null = FALSE)
  check_share(level, allow_null = FALSE)
  check_share(target, allow_null = FALSE)
  runs <- take_runs(
    map,
    least = 2L, alone = "One run can't tell how another would come out."
  )
  metrics <- check_run_metrics(
    metrics, runs,
    c("avg_probs", "label_var", "correct_ratio", "forgetting_times")
  )
  k <- length(runs$maps)
  if (k == 2) {
    inform_datamap(
      c(i = paste(
        "No intervals: two runs can't tell how far others would be from them.",
        "It takes three."
      )),
      class = "few_runs", runs = k
    )
  }
  found <- lapply(metrics, function(metric) {
    values <- run_matrix(runs, metric)$values
    check_enough(nrow(values), 3, metric, call)
    squares <- mean_squares(values)
    rows <- icc_rows(squares, level)
    list(
      rows = data.frame(
        metric = metric, rows, samples = nrow(values), runs = k
      ),
      summary = data.frame(
        metric = metric, samples = nrow(values), runs = k,
        variance_shares(squares), needed_runs(rows, target),
        suspect_overlap(values, metric, top)
      ),
      is_constant = squares$is_constant
    )
  })
  inform_constant(metrics[vapply(found, `[[`, NA, "is_constant")])
  new_result(
    do.call(rbind, lapply(found, `[[`, "rows")),
    "datamap_reliability",
    summary = do.call(rbind, lapply(found, `[[`, "summary")),
    level = level
  )
}

# --- the two-way layout ---

# What all mean squares are made of: the means of the runs, and the covariances
# between them, of centred values.
mean_squares <- function(values) {
  n <- nrow(values)
  means <- colMeans(values)
  centred <- values - rep.int(means, rep.int(n, length(means)))
  list(
    n = n, means = means, covariances = crossprod(centred) / (n - 1),
    is_constant = all(values[1, ] == values[n, ]) &&
      all(values == rep(values[1, ], each = n))
  )
}

# Of some of the runs.
anova_of <- function(squares, runs = seq_along(squares$means)) {
  k <- length(runs)
  means <- squares$means[runs]
  covariances <- squares$covariances[runs, runs, drop = FALSE]
  total <- sum(diag(covariances))
  between <- sum(covariances) / k
  rest <- (total - between) / (k - 1)
  if (isTRUE(rest <= 1e-14 * total)) {
    rest <- 0 # equal runs, but for rounding
  }
  list(
    n = squares$n, k = k, msr = between, mse = rest,
    msc = squares$n * sum((means - mean(means))^2) / (k - 1)
  )
}

icc_values <- function(of) {
  top <- of$msr - of$mse
  shift <- (of$msc - of$mse) / of$n
  single <- of$msr + (of$k - 1) * of$mse
  values <- top / c(
    single + of$k * shift, single, of$msr + shift, of$msr
  )
  names(values) <- c("ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "ICC(C,k)")
  values[!is.finite(values)] <- NA
  values
}

icc_rows <- function(squares, level) {
  k <- length(squares$means)
  values <- icc_values(anova_of(squares))
  if (squares$is_constant) {
    values[] <- NA
  }
  rows <- data.frame(
    term = names(values), estimate = unname(values), std.error = NA_real_,
    conf.low = NA_real_, conf.high = NA_real_
  )
  if (k < 3 || squares$is_constant) {
    return(rows)
  }
  without <- vapply(seq_len(k), function(j) {
    icc_values(anova_of(squares, seq_len(k)[-j]))[1:2]
  }, double(2))
  for (i in 1:2) {
    r <- values[[i]]
    ends <- jackknife_ends(r, without[i, ], level)
    rows[i, c("std.error", "conf.low", "conf.high")] <- ends
    slope <- k / (1 + (k - 1) * r)^2
    rows[i + 2, c("std.error", "conf.low", "conf.high")] <- c(
      slope * ends[[1]], mean_reliability(ends[2:3], k)
    )
  }
  rows
}

# The standard error and the ends of the interval of `r`, from what it is
# without each of the runs.
jackknife_ends <- function(r, without, level) {
  k <- length(without)
  z <- fisher_z(c(r, without))
  if (!all(is.finite(z))) {
    return(rep(NA_real_, 3))
  }
  se <- sqrt((k - 1) / k * sum((z[-1] - mean(z[-1]))^2))
  half <- stats::qt((1 + level) / 2, k - 1) * se
  c(se * (1 - r^2), tanh(z[[1]] + c(-half, half)))
}

fisher_z <- function(r) {
  r[!is.na(r) & abs(r) > 1] <- NA
  atanh(r)
}

# Of the mean of k runs whose single reliability is r: Spearman and Brown. Where
# it has no lower bound, minus infinity.
mean_reliability <- function(r, k) {
  below <- 1 + (k - 1) * r
  ifelse(below > 0, k * r / below, -Inf)
}

variance_shares <- function(squares) {
  of <- anova_of(squares)
  parts <- pmax(
    0, c((of$msr - of$mse) / of$k, (of$msc - of$mse) / of$n, of$mse)
  )
  is_known <- isTRUE(sum(parts) > 0 && sum(parts) < Inf)
  shares <- if (is_known) parts / sum(parts) else rep(NA_real_, 3)
  data.frame(
    sem = sqrt(of$mse + parts[[2]]),
    share_samples = shares[[1]], share_runs = shares[[2]],
    share_rest = shares[[3]]
  )
}

needed_runs <- function(rows, target) {
  r <- unlist(rows[1, c("estimate", "conf.high", "conf.low")])
  needed <- pmax(1, ceiling(target * (1 - r) / (r * (1 - target)) - 1e-9))
  needed[is.na(r) | r <= 0] <- NA
  data.frame(
    target = target, runs_needed = needed[[1]],
    runs_needed_low = needed[[2]], runs_needed_high = needed[[3]]
  )
}

# How much of the most suspect part two runs have in common. Of the samples that
# are tied at its end each is in it with the same weight.
suspect_overlap <- function(values, metric, top) {
  n <- nrow(values)
  size <- max(1, round(top * n))
  out <- data.frame(
    overlap = NA_real_, overlap_min = NA_real_, overlap_max = NA_real_,
    overlap_chance = size / n
  )
  if (!metric %in% names(suspect_ends)) {
    out$overlap_chance <- NA_real_
    return(out)
  }
  weights <- vapply(seq_len(ncol(values)), function(j) {
    part_weights(suspect_ends[[metric]] * values[, j], size)
  }, double(n))
  shared <- crossprod(weights) / size
  pairs <- shared[upper.tri(shared)]
  out[1:3] <- c(mean(pairs), min(pairs), max(pairs))
  out
}

part_weights <- function(score, size) {
  n <- length(score)
  place <- n + 1 - size
  cut <- sort(score, partial = place)[[place]]
  is_above <- score > cut
  tied <- which(score == cut)
  weights <- as.double(is_above)
  weights[tied] <- (size - sum(is_above)) / length(tied)
  weights
}

# --- looking at it ---

#' @rdname datamap_reliability
#' @exportS3Method generics::tidy
tidy.datamap_reliability <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap_reliability
#' @exportS3Method generics::glance
glance.datamap_reliability <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_reliability
#' @export
print.datamap_reliability <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  k <- of$runs[[1]]
  cat_wrapped(paste0(
    "How much of ", plural_count(nrow(of), "metric"),
    " would be the same in another run: ", k, " runs of up to ",
    plural_count(max(of$samples), "sample")
  ))
  cat_wrapped(paste0(
    "ICC(A,1): agreement of single runs, 1 at best",
    if (k > 2) {
      paste0(
        "; in brackets its ", percent(attr(x, "level", exact = TRUE)),
        " interval, by leaving out one run at a time"
      )
    }
  ))
  cat_wrapped(paste(
    "It does not say that the value of a sample is right, nor that another",
    "architecture would agree"
  ))
  three <- function(x) ifelse(is.na(x), "NA", sprintf("%.3f", x))
  column <- function(term, name = "estimate") x[[name]][x$term == term]
  single <- three(column("ICC(A,1)"))
  low <- column("ICC(A,1)", "conf.low")
  high <- column("ICC(A,1)", "conf.high")
  bounds <- paste0(" [", three(low), ", ", three(high), "]")
  shown <- data.frame(
    metric = of$metric,
    single = paste0(single, ifelse(is.na(low), "", bounds)),
    mean = three(column("ICC(A,k)")),
    runs = of$runs_needed,
    overlap = three(of$overlap)
  )
  names(shown) <- c(
    "metric", "ICC(A,1)", "ICC(A,k)",
    paste("runs for", number_text(of$target[[1]])), "overlap"
  )
  print(shown, right = FALSE, row.names = FALSE)
  invisible(x)
}

#' @rdname datamap_reliability
#' @rawNamespace S3method(ggplot2::autoplot, datamap_reliability)
autoplot.datamap_reliability <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  single <- plain_frame(object)
  single <- single[single$term == "ICC(A,1)", ]
  # Metrics stand at -1, -2, ...: below any number of runs
  places <- -seq_len(nrow(single))
  panels <- c("One run: ICC(A,1)", "Mean of 1 to 10 runs")
  ones <- data.frame(
    panel = factor(panels[[1]], panels), metric = single$metric, y = places,
    r = single$estimate, low = single$conf.low, high = single$conf.high
  )
  runs <- rep(1:10, each = nrow(single))
  means <- data.frame(
    panel = factor(panels[[2]], panels), metric = single$metric, y = runs,
    r = mean_reliability(single$estimate, runs), low = NA_real_,
    high = NA_real_
  )
  data <- rbind(ones, means)
  data <- data[is.finite(data$r), ]
  data$metric <- factor(data$metric, single$metric)
  names <- wrap_names(single$metric, n_panels = 2)
  title <- "How much would be the same in another run"
  subtitle <- paste0(
    of$runs[[1]], " runs; dashed: a reliability of ",
    number_text(of$target[[1]])
  )
  values <- ifelse(
    is.na(single$estimate), "unknown", sprintf("%.3f", single$estimate)
  )
  plot <- ggplot2::ggplot(
    data,
    aes(.data$r, .data$y, colour = .data$metric, shape = .data$metric)
  ) +
    ggplot2::geom_vline(
      xintercept = of$target[[1]], colour = "grey20", linetype = 2
    ) +
    ggplot2::geom_path(data = data[data$y > 0, ], linewidth = 0.4) +
    ggplot2::geom_linerange(
      aes(xmin = .data$low, xmax = .data$high),
      data = data[!is.na(data$low), ]
    ) +
    ggplot2::geom_point(size = 2) +
    ggplot2::facet_wrap("panel", scales = "free_y") +
    ggplot2::scale_y_continuous(
      breaks = function(limits) {
        if (limits[[1]] < 0) places else c(1, 2, 4, 6, 8, 10)
      },
      labels = function(at) {
        ifelse(at < 0, names[pmax(1, -at)], paste(at))
      }
    ) +
    ggplot2::scale_colour_manual(
      values = datamap_palette(nrow(single)), guide = "none", drop = FALSE
    ) +
    ggplot2::scale_shape_manual(
      values = datamap_palette(nrow(single), what = "shape"), guide = "none",
      drop = FALSE
    ) +
    ggplot2::labs(
      x = "Reliability", y = NULL, title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      alt = paste0(
        title, ". ", subtitle, ". ICC(A,1) of one run: ",
        paste0(show_text(single$metric), " ", values, collapse = ", "), "."
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

#' @rdname datamap_reliability
#' @export
plot.datamap_reliability <- function(x, ...) {
  print(autoplot.datamap_reliability(x, ...))
  invisible(x)
}
