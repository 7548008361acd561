# What changed between two recipes of a training, as numbers; the picture is
# datamap_plot_compare().

#' What changed between two trainings
#'
#' Compares two recipes of a training, such as with and without a part of the
#' data, by the data maps of one run or several of each. What two runs of *one*
#' recipe differ by is no change, so the run is the unit of everything here that
#' has a p-value. Runs must differ in their seeds, also those of different
#' recipes: a run that begins as another one is no repetition.
#'
#' Samples are matched by `id`; only those that are in all maps are compared.
#' The runs of one recipe must have the same labels; where the two recipes have
#' different ones, these samples are counted.
#'
#' # Metrics
#' Per metric, the mean over the runs of the second recipe less that of the
#' first, of the means over samples. Where each has two runs or more, Welch's t
#' test on the means of the runs gives the standard error, p-value and interval.
#' One run of each can't tell chance from change, and then they are `NA` (a
#' message of class `datamap_message_few_runs` says so).
#'
#' # Regions
#' `moved` is the share of samples that are in another region (see
#' [datamap_regions()]) in a run of the second recipe than in a run of the
#' first, mean over all such pairs of runs, and `moved_within` the same over
#' pairs of runs of one recipe: what moves anyway. There is no test of the
#' table, since tests over samples take those of one run for independent.
#'
#' # Samples
#' Where each recipe has four runs or more, single samples that changed in the
#' first of `metrics` are told, by comparing the statistic of each with the
#' largest one among all samples under all ways to part the runs into two
#' groups (999 random ones where there are more than 1,000). So `p.value` is
#' adjusted for the number of samples already (Westfall and Young 1993): with
#' equal recipes the probability that any sample is below 0.05 is 0.05.
#'
#' # What it does not say
#' Why something changed: two recipes that differ in two things do not tell
#' which of them it was. Not that nothing changed where a p-value is large: few
#' runs see only large changes. And whether a change is for the better is a
#' matter of data that no training has seen.
#'
#' @inheritParams datamap_plot_compare
#' @param map1,map2 The data maps of the two recipes: a data map each, or a list
#'   of data maps, one per run.
#' @param ... Must be empty; for `print()` not used.
#' @param metrics The names of the metrics to compare. `NULL`, the default, for
#'   `avg_probs`, `label_var`, `correct_ratio` and `forgetting_times`, as far as
#'   all maps have them.
#' @param seed A whole number that makes random partings the same every time;
#'   the state of R's generator is left as it was. `NULL`, the default, draws
#'   from that generator.
#' @param level The probability with which intervals hold.
#' @param x,object What `datamap_compare()` returned.
#'
#' @return A data frame of class `datamap_comparison`, one row per metric:
#'   `term`, its name; `estimate`, `std.error`, `statistic`, `df`, `p.value`,
#'   `conf.low` and `conf.high`; `samples`, `runs1` and `runs2`. Its attribute
#'   `regions` is the table of the regions in the runs of the first (rows) and
#'   the second recipe, over all pairs of runs. Its attribute `samples` is a
#'   data frame with a row per sample: `id`, `estimate`, `statistic`, `p.value`,
#'   `region_1` and `region_2` (of the means over the runs), and
#'   `label_changed`.
#'
#'   `tidy()` gives the rows as a bare data frame; `glance()` one row:
#'   `samples`, `runs1`, `runs2`, `label_changed` (how many samples), `moved`,
#'   `moved_within`, and `changed`, the number of samples whose `p.value` is at
#'   most 1 less `level`. `autoplot()`: a ggplot of the estimates with their
#'   intervals; `plot()` draws it.
#'
#' @references
#' Westfall, P. H. and Young, S. S. (1993). *Resampling-Based Multiple Testing:
#' Examples and Methods for p-Value Adjustment*. Wiley.
#' @seealso [datamap_plot_compare()] draws two maps; `vignette("how-sure")`.
#' @export
#' @example data-raw/example-runs.R
#' @examples
#' # Half as many epochs, and other seeds: with equal ones it would be the same
#' # runs, cut short
#' short <- lapply(6:9, train, epochs = 4)
#' compared <- datamap_compare(runs[1:4], short)
#' compared
#' head(attr(compared, "samples"))
#' plot(compared)
datamap_compare <- function(map1,
                            map2,
                            ...,
                            metrics = NULL,
                            cutoffs = c(variability = 0.2, confidence = 0.5),
                            seed = NULL,
                            level = 0.95) {
  check_dots()
  call <- rlang::current_env()
  force_name(metrics, "metrics", call)
  cutoffs <- check_cutoffs(cutoffs)
  check_seed(seed)
  check_share(level, allow_null = FALSE)
  maps1 <- take_maps(map1, arg = "map1")
  maps2 <- take_maps(map2, arg = "map2")
  of <- c(rep(1L, length(maps1)), rep(2L, length(maps2)))
  maps <- c(
    stats::setNames(maps1, paste("1,", run_names(maps1, call))),
    stats::setNames(maps2, paste("2,", run_names(maps2, call)))
  )
  runs <- take_runs(maps, same_labels = FALSE)
  for (recipe in 1:2) {
    check_same_labels(some_runs(runs, of == recipe), call)
  }
  metrics <- check_run_metrics(
    metrics, runs,
    c("avg_probs", "label_var", "correct_ratio", "forgetting_times")
  )
  inform_one_run(tabulate(of))

  rows <- lapply(metrics, function(metric) {
    values <- run_matrix(runs, metric)$values
    check_enough(nrow(values), 1, metric, call)
    means <- colMeans(values)
    data.frame(
      term = metric, welch(means[of == 1], means[of == 2], level),
      samples = nrow(values), runs1 = sum(of == 1), runs2 = sum(of == 2)
    )
  })
  moves <- compare_regions(runs, of, cutoffs)
  samples <- compare_samples(runs, of, metrics[[1]], moves, seed)
  new_result(
    do.call(rbind, rows), "datamap_comparison",
    regions = moves$table,
    samples = samples,
    level = level,
    summary = data.frame(
      samples = length(runs$ids), runs1 = sum(of == 1), runs2 = sum(of == 2),
      label_changed = sum(samples$label_changed),
      moved = moves$between, moved_within = moves$within,
      changed = if (all(is.na(samples$p.value))) {
        NA_integer_
      } else {
        sum(samples$p.value <= 1 - level, na.rm = TRUE)
      }
    )
  )
}

inform_one_run <- function(runs) {
  if (min(runs) == 1) {
    inform_datamap(
      c(i = paste(
        "No intervals: one run can't tell chance from change. It takes two of",
        "each training."
      )),
      class = "few_runs", runs = runs
    )
  }
}

# The mean of `b` less that of `a` after Welch.
welch <- function(a, b, level) {
  out <- data.frame(
    estimate = mean(b) - mean(a), std.error = NA_real_, statistic = NA_real_,
    df = NA_real_, p.value = NA_real_, conf.low = NA_real_,
    conf.high = NA_real_
  )
  if (min(length(a), length(b)) < 2) {
    return(out)
  }
  parts <- c(stats::var(a) / length(a), stats::var(b) / length(b))
  out$std.error <- sqrt(sum(parts))
  rounding <- 10 * .Machine$double.eps * max(abs(c(a, b)))
  if (out$std.error <= rounding) {
    # Runs that are copies of each other: nothing changed, or who knows
    is_same <- abs(out$estimate) <= rounding
    out[c("std.error", "statistic", "conf.low", "conf.high")] <-
      if (is_same) 0 else NA_real_
    out$p.value <- if (is_same) 1 else NA_real_
    return(out)
  }
  out$statistic <- out$estimate / out$std.error
  out$df <- sum(parts)^2 / sum(parts^2 / (c(length(a), length(b)) - 1))
  out$p.value <- 2 * stats::pt(-abs(out$statistic), out$df)
  half <- stats::qt((1 + level) / 2, out$df) * out$std.error
  out$conf.low <- out$estimate - half
  out$conf.high <- out$estimate + half
  out
}

# The table of regions over all pairs of a run of each recipe, which share of
# samples moves between them and within them, and the regions of the means.
compare_regions <- function(runs, of, cutoffs) {
  places <- run_places(runs)
  n <- length(places$ids)
  codes <- matrix(
    region_codes(places$confidence, places$variability, cutoffs), n, length(of)
  )
  parts <- list(codes[, of == 1, drop = FALSE], codes[, of == 2, drop = FALSE])
  times <- lapply(parts, function(x) {
    matrix(
      vapply(1:3, function(r) as.double(rowSums(x == r)), double(n)), n, 3
    )
  })
  table <- crossprod(times[[1]], times[[2]])
  dimnames(table) <- list(first = datamap_region_names,
                          second = datamap_region_names)
  of_means <- lapply(1:2, function(recipe) {
    code <- region_codes(
      rowMeans(places$confidence[, of == recipe, drop = FALSE]),
      rowMeans(places$variability[, of == recipe, drop = FALSE]), cutoffs
    )
    as_levels(code, datamap_region_names)
  })
  list(
    ids = places$ids, table = table,
    between = if (n > 0) 1 - sum(diag(table)) / sum(table) else NA_real_,
    within = moved_within(parts), of_means = of_means
  )
}

# A row per sample, as told in the help.
compare_samples <- function(runs, of, metric, moves, seed) {
  n <- length(runs$ids)
  values <- run_values(runs, metric)
  is_known <- is.finite(rowSums(values))
  estimate <- statistic <- p_value <- rep(NA_real_, n)
  known <- values[is_known, , drop = FALSE]
  estimate[is_known] <- rowMeans(known[, of == 2, drop = FALSE]) -
    rowMeans(known[, of == 1, drop = FALSE])
  if (min(tabulate(of)) >= 4 && any(is_known)) {
    found <- part_runs(known, of, seed)
    statistic[is_known] <- found$statistic
    p_value[is_known] <- found$p
  }
  at <- match_ids(runs$ids, moves$ids)
  labels <- if (all_have(runs, "label")) run_columns(runs, "label")
  data.frame(
    id = runs$ids, estimate = estimate, statistic = statistic,
    p.value = p_value, region_1 = moves$of_means[[1]][at],
    region_2 = moves$of_means[[2]][at],
    label_changed = if (is.null(labels)) {
      rep(FALSE, n)
    } else {
      differ(labels[[1]], labels[[length(labels)]])
    }
  )
}

max_partings <- 1000

# The statistic of each sample, a row of `values`, and its p-value among the
# largest ones of all partings of the runs (columns) into groups of the same
# sizes.
part_runs <- function(values, of, seed) {
  sizes <- tabulate(of)
  k <- length(of)
  firsts <- partings(of, seed)
  # Means of the first group, of centred values, are all it takes
  weights <- matrix(0, k, ncol(firsts))
  weights[cbind(as.vector(firsts), as.vector(col(firsts)))] <- 1 / sizes[[1]]
  scale <- sqrt(sum(1 / sizes))
  centred <- values - rowMeans(values)
  squares <- rowSums(centred^2)
  floor <- stats::median(sqrt(squares / (k - 1))) * scale
  statistic_of <- function(rows) {
    a <- centred[rows, , drop = FALSE] %*% weights
    within <- pmax(squares[rows] - a^2 * (sizes[[1]] * k / sizes[[2]]), 0)
    t <- -a * (k / sizes[[2]]) / (sqrt(within / (k - 2)) * scale + floor)
    t[is.nan(t)] <- 0 # equal in all runs
    t
  }
  n <- nrow(values)
  observed <- double(n)
  largest <- rep(0, ncol(firsts))
  for (from in seq(1, n, by = 5000)) {
    rows <- from:min(from + 4999, n)
    t <- statistic_of(rows)
    observed[rows] <- t[, 1]
    largest <- pmax(largest, apply(abs(t), 2, max))
  }
  # equal ones are often so in exact arithmetic only
  below <- findInterval(
    abs(observed) * (1 - 1e-10), sort(largest), left.open = TRUE
  )
  list(statistic = observed, p = (length(largest) - below) / length(largest))
}

# The places of the runs of the first group, a column per parting; the first is
# the one observed.
partings <- function(of, seed) {
  k <- length(of)
  size <- sum(of == 1)
  observed <- which(of == 1)
  if (choose(k, size) > max_partings) {
    drawn <- with_seed(seed, vapply(seq_len(max_partings - 1), function(i) {
      sample.int(k, size)
    }, integer(size)))
    return(cbind(observed, drawn, deparse.level = 0))
  }
  all <- utils::combn(k, size)
  if (2 * size == k) {
    # The other half are the same with the groups exchanged
    all <- all[, all[1, ] == 1, drop = FALSE]
  }
  all # of them the observed is the first
}

# --- looking at it ---

#' @rdname datamap_compare
#' @exportS3Method generics::tidy
tidy.datamap_comparison <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap_compare
#' @exportS3Method generics::glance
glance.datamap_comparison <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_compare
#' @export
print.datamap_comparison <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  cat_wrapped(paste0(
    "What changed from ", plural_count(of$runs1, "run"), " to ",
    plural_count(of$runs2, "run"), " of another training, of ",
    plural_count(of$samples, "sample"),
    if (of$label_changed > 0) {
      paste0(", ", format_count(of$label_changed), " with another label")
    }
  ))
  cat_wrapped(moved_words(of))
  cat_wrapped(paste0(
    if (is.na(of$changed)) {
      "Single samples are not told: that takes four runs of each"
    } else {
      paste0(
        plural_count(of$changed, "sample"), " changed in ", x$term[[1]],
        ", adjusted for their number: see attr(, \"samples\")"
      )
    },
    ". The unit is the run. It does not say why something changed, nor that ",
    "nothing did where a p-value is large"
  ))
  print_head(plain_frame(x), nrow(x))
  invisible(x)
}

moved_words <- function(of) {
  if (is.na(of$moved)) {
    return("How many samples are in another region is not known")
  }
  paste0(
    percent(of$moved), " of the samples are in another region",
    if (is.na(of$moved_within)) {
      "; how many would be in another run is not known"
    } else {
      paste0(
        ", where between runs of one training it is ", percent(of$moved_within)
      )
    }
  )
}

#' @rdname datamap_compare
#' @rawNamespace S3method(ggplot2::autoplot, datamap_comparison)
autoplot.datamap_comparison <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  level <- percent(attr(object, "level", exact = TRUE))
  data <- plain_frame(object)
  data <- data[is.finite(data$estimate), ]
  data$term <- factor(data$term, data$term)
  has_ends <- !is.na(data$conf.low)
  title <- "What changed from one training to another"
  subtitle <- paste0(
    plural_count(of$runs1, "run"), " and ", plural_count(of$runs2, "run"),
    " of ",
    plural_count(of$samples, "sample"), "; ", moved_words(of)
  )
  caption <- paste0(
    "Second less first, means over samples; ",
    if (any(has_ends)) {
      paste0("bars: ", level, " intervals, whose unit is the run")
    } else {
      "no intervals from so few runs"
    }
  )
  said <- paste0(
    show_text(levels(data$term)), " ",
    vapply(data$estimate, format_number, "", digits = 3),
    ifelse(has_ends, paste0(
      " (", vapply(data$conf.low, format_number, "", digits = 3), " to ",
      vapply(data$conf.high, format_number, "", digits = 3), ")"
    ), "")
  )
  plot <- ggplot2::ggplot(data, aes(.data$estimate, 0)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60", linetype = 2) +
    ggplot2::geom_linerange(
      aes(xmin = .data$conf.low, xmax = .data$conf.high),
      data = data[has_ends, ], colour = datamap_colours[[1]]
    ) +
    ggplot2::geom_point(colour = datamap_colours[[1]], size = 2.5) +
    sparse_axis(breaks = panel_breaks) +
    ggplot2::scale_y_continuous(breaks = NULL) +
    ggplot2::labs(
      x = "Difference", y = NULL,
      title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      caption = wrap_text(caption, "caption"),
      alt = paste0(
        title, ". ", subtitle, ". ", caption, ".", if (nrow(data) > 0) {
          paste0(" Differences: ", paste(said, collapse = ", "), ".")
        }
      )
    ) +
    theme_datamap()
  if (nrow(data) > 0) {
    names <- wrap_names(levels(data$term), nrow(data))
    plot <- plot + ggplot2::facet_wrap(
      "term",
      scales = "free_x",
      labeller = ggplot2::as_labeller(stats::setNames(names, levels(data$term)))
    )
  }
  as_map_plot(plot, has_panels = nrow(data) > 1)
}

#' @rdname datamap_compare
#' @export
plot.datamap_comparison <- function(x, ...) {
  print(autoplot.datamap_comparison(x, ...))
  invisible(x)
}
