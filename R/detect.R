#' How well the metrics find known errors
#'
#' For maps whose wrong labels are known, as where they were made dirty on
#' purpose: how well does each metric rank the wrong labels before the others?
#'
#' # Metrics
#' Each metric ranks in one direction, fixed beforehand. Suspect are *low*
#' values of `avg_probs`, `correct_ratio`, `correct_times`, `max_label_probs`
#' and `min_label_probs`, and *high* values of `label_var`, `forgetting_times`,
#' `learnt_times`, `loss_mean`, `loss_min`, `loss_max` and `loss_last`. Of the
#' metrics on request, *low* values of `confidence`, `correctness`, `aum`,
#' `prob_margin`, `pvi` and `adj_confidence`, and *high* values of all others:
#' samples that were learned late, and last of all those that never were
#' (`first_correct` and `learned_for_good`, where that is `NA`).
#' `forgotten_for_good` and `suggested_prob` are not ranked.
#' Those that are columns of the map are in the table. `loss_last`, the loss at
#' the last evaluation, is what needs no record of the training: whatever a
#' data map is good for must be more than that (it is there with
#' `datamap_summarise(metrics = "loss_last")`, also where no line gives a
#' `loss`; a message of class `datamap_message_no_baseline` says where it is
#' missing).
#'
#' `label_var` and `forgetting_times` tell samples that the model is undecided
#' about, which wrong labels mostly are not. They are in the table as what
#' they are: an `auroc` near or below 0.5 says that they do not rank errors.
#'
#' # Scores
#' Samples of equal value count as in random order among each other: each score
#' is the mean over all such orders.
#'
#' \describe{
#'   \item{`auroc`}{the probability that a wrong label is more suspect than a
#'     right one, 0.5 by chance: the Mann-Whitney statistic over the number of
#'     pairs (Hanley and McNeil 1982).}
#'   \item{`average_precision`}{the mean, over the wrong labels, of the share of
#'     wrong labels among the samples from the most suspect to this one;
#'     `base_rate` by chance.}
#'   \item{`precision_at_k`}{the share of wrong labels among the `k` most
#'     suspect samples; `base_rate` by chance.}
#' }
#'
#' @param map A data map, or a list of data maps, one per run of the training.
#' @param truth Which labels are wrong: an expression in the columns of the map,
#'   or a logical vector with one value per sample.
#' @param k How many of the most suspect samples `precision_at_k` looks at; by
#'   default as many as there are wrong labels.
#' @param by The name of a column, such as `"label"`: the samples of each of its
#'   values are then ranked among each other only. A metric that finds wrong
#'   labels because they are mostly of one class does not find them so.
#' @param ... For `datamap_detect()`, `plot()` and `autoplot()` not used, and
#'   must be empty. For `print()` of some of the columns, passed on.
#' @param x,object What `datamap_detect()` returned.
#'
#' @return A data frame of class `datamap_detection` with one row per metric,
#'   the highest `auroc` first: `metric`; `suspect` (`"low"` or `"high"`);
#'   `samples`, those with a value (a missing one leaves the sample out, and a
#'   message of class `datamap_message_na` counts them; where all are missing,
#'   one of class `datamap_message_absent` says why); `auroc`;
#'   `average_precision`; `precision_at_k`; `k`; and `base_rate`, the share of
#'   wrong labels. The attribute `predicted` is that of the maps (see
#'   [datamap_stages()]). A score is `NA` where all labels or none are wrong (a
#'   message of class `datamap_message_no_score` says so). For a list of maps,
#'   the scores are means over the runs, and the columns `runs`, `<score>_min`
#'   and `<score>_max` give their number and range. With `by`, its value is the
#'   first column, as a string, and each has a row per metric.
#'
#'   `autoplot()` returns a ggplot of the `auroc`s, with their range over the
#'   runs; `plot()` draws it.
#'
#' @seealso [datamap_audit()] where it is not known which labels are wrong,
#'   `vignette("find-the-mislabelled")`
#' @references
#' Hanley, J. A. and McNeil, B. J. (1982). The Meaning and Use of the Area under
#' a Receiver Operating Characteristic (ROC) Curve. *Radiology* 143(1), 29-36.
#' \doi{10.1148/radiology.143.1.7063747}
#' @export
#' @examples
#' map <- datamap_summarise(
#'   datamap_example("satellite_signals.json.gz"),
#'   signals = "loss"
#' )
#' found <- datamap_detect(map, truth = s_label == 2)
#' found
#' plot(found)
datamap_detect <- function(map,
                           truth = s_label == 2,
                           ...,
                           k = NULL,
                           by = NULL) {
  check_dots()
  call <- rlang::current_env()
  truth <- rlang::enquo(truth)
  check_number(k, min = 1, whole = TRUE, allow_null = TRUE)
  is_one <- is.data.frame(map)
  maps <- take_maps(map)
  if (!is.null(by)) {
    for (one in maps) {
      check_column_choice(by, one, arg = "by", call = call)
    }
  }
  found <- lapply(maps, detect_one, truth = truth, k = k, by = by, call = call)
  groups <- unique(unlist(lapply(found, names)))
  scores <- lapply(groups, function(group) {
    runs <- lapply(found, `[[`, group)
    runs <- runs[!vapply(runs, is.null, NA)]
    of_group <- if (is_one) runs[[1]] else combine_runs(runs, call)
    of_group <- of_group[order(-of_group$auroc), , drop = FALSE]
    of_group[by] <- rep(list(rep(group, nrow(of_group))), length(by))
    of_group[c(by, setdiff(names(of_group), by))]
  })
  scores <- do.call(rbind, scores)
  inform_scores(scores)
  attr(scores, "row.names") <- .set_row_names(nrow(scores))
  predicted <- unique(unlist(lapply(maps, predicted_words)))
  attr(scores, "predicted") <- if (length(predicted) > 0) listed(predicted)
  attr(scores, "by") <- by
  class(scores) <- c("datamap_detection", "data.frame")
  scores
}

detection_scores <- c("auroc", "average_precision", "precision_at_k")

# The scores of a map, or of the samples of each value of `by`: a list.
detect_one <- function(map, truth, k, by, call) {
  samples <- format_count(nrow(map))
  is_by_s_label <- identical(rlang::quo_get_expr(truth), quote(s_label == 2))
  if (is_by_s_label && !"s_label" %in% names(map)) {
    abort_datamap(
      c(
        "{.arg truth} must say which labels are wrong.",
        x = "The data map has no {.field s_label} that would tell."
      ),
      class = "input", key = "truth", call = call
    )
  }
  is_wrong <- tryCatch(
    rlang::eval_tidy(truth, plain_frame(map)),
    error = function(cnd) {
      similar <- similar_names(
        name_in(cnd, "object '%s' not found"), names(map)
      )
      abort_datamap(
        c(
          "{.arg truth} can't be computed from the columns of the data map.",
          x = cli_verbatim(sentence(conditionMessage(cnd))),
          i = "The columns are {.val {names(map)}}.",
          did_you_mean(similar)
        ),
        class = "input", key = "truth", similar = similar, call = call
      )
    }
  )
  if (!is.logical(is_wrong) || length(is_wrong) != nrow(map) ||
        anyNA(is_wrong)) {
    unknown <- which(is.na(is_wrong))
    abort_argument(
      is_wrong,
      paste("TRUE or FALSE for each of the", samples, "samples"),
      "truth", call,
      hint = if (length(unknown) > 0) {
        c(i = paste0("It is missing for sample ", first_few(unknown), "."))
      }
    )
  }
  if (!is.null(k) && k > nrow(map)) {
    abort_argument(
      k, paste("at most the number of samples,", samples), "k", call
    )
  }
  metrics <- intersect(names(suspect_ends), numeric_columns(map))
  reasons <- absent_reasons(map, metrics, knew_vectors(map))
  inform_absent(reasons)
  told <- names(reasons)[!is.na(reasons)]
  values <- lapply(stats::setNames(nm = metrics), function(metric) {
    value <- map[[metric]]
    if (metric %in% never_is_last) {
      is_never <- is.na(value) & !is.na(map$avg_probs)
      value[is_never] <- Inf
    }
    if (!metric %in% told) {
      inform_missing(sum(is.na(value)), metric, what = "Not ranked:")
    }
    value
  })
  lapply(detection_groups(map, by), function(rows) {
    rank_part(values, is_wrong, rows, k)
  })
}

# The scores of each metric's values, of some rows; NULL: of all.
rank_part <- function(values, is_wrong, rows, k) {
  if (!is.null(rows)) {
    is_wrong <- is_wrong[rows]
  }
  scores <- lapply(names(values), function(metric) {
    value <- values[[metric]]
    if (!is.null(rows)) {
      value <- value[rows]
    }
    has_value <- !is.na(value)
    is_all <- all(has_value)
    scores <- ranking_scores(
      if (is_all) value else value[has_value],
      if (is_all) is_wrong else is_wrong[has_value],
      k, decreasing = suspect_ends[[metric]] > 0
    )
    data.frame(
      metric = metric,
      suspect = if (suspect_ends[[metric]] < 0) "low" else "high",
      samples = sum(has_value),
      scores
    )
  })
  do.call(rbind, scores)
}

# The rows of each value of a column, in their order; or all, as NULL.
detection_groups <- function(map, by) {
  if (is.null(by)) {
    return(list(all = NULL))
  }
  column <- plain_ids(map[[by]])
  values <- ordered_values(plain_integer64(map[[by]]))
  values <- values[values %in% column]
  place <- match(column, values)
  split(seq_along(place), as_levels(place, id_text(values)))
}

# What the map remembers of class vectors: of some of its samples only that
# there were none.
knew_vectors <- function(map) {
  had <- attr(map, "has_vectors", exact = TRUE)
  is_whole <- identical(nrow(map), attr(map, "samples", exact = TRUE))
  if (is_whole || isFALSE(had)) had
}

# What the table lacks that its reader would look for.
inform_scores <- function(scores) {
  if (any(is.na(scores$auroc) & scores$samples > 0)) {
    inform_datamap(
      c(i = "No score where {.arg truth} has all labels wrong, or none."),
      class = "no_score"
    )
  }
  if (!"loss_last" %in% scores$metric) {
    inform_datamap(
      c(
        i = paste(
          "Without {.field loss_last}, which needs no record of the training",
          "and is what the others have to beat:",
          "{.code datamap_summarise(metrics = \"loss_last\")} has it."
        )
      ),
      class = "no_baseline"
    )
  }
}

# The scores of a ranking, from the highest value down or from the lowest up;
# each is the mean over all orders of the samples with equal values. Only the
# runs of equal values that have a wrong label count.
ranking_scores <- function(value, is_wrong, k, decreasing = TRUE) {
  n <- length(value)
  n_wrong <- sum(is_wrong)
  k <- min(if (is.null(k)) n_wrong else k, n)
  scores <- data.frame(
    auroc = NA_real_, average_precision = NA_real_, precision_at_k = NA_real_,
    k = k, base_rate = n_wrong / n
  )
  if (n_wrong == 0 || n_wrong == n) {
    return(scores)
  }
  runs <- rle(sort(value[is_wrong], method = "radix"))
  wrong <- runs$lengths
  value <- sort(value, method = "radix")
  upto <- findInterval(runs$values, value)
  below <- findInterval(runs$values, value, left.open = TRUE)
  size <- upto - below
  before <- if (decreasing) n - upto else below
  wrong_before <- cumsum(wrong) - wrong
  if (decreasing) {
    wrong_before <- n_wrong - wrong_before - wrong
  }

  # A wrong label stands before all right ones of later runs, and before half of
  # those of its own. Half numbers, below 2^52: the sum is exact.
  right_behind <- (n - n_wrong) - (before - wrong_before) - (size - wrong) / 2
  pairs <- as.double(n_wrong) * (n - n_wrong)
  scores$auroc <- sum(wrong * right_behind) / pairs

  # At place j of a run of m with w wrong labels, a wrong one stands with
  # probability w / m; then (j - 1) (w - 1) / (m - 1) others of the run stand
  # before it. The precision there is their number, with itself and those of
  # earlier runs, over the places until there; this is its sum over the run.
  share <- wrong / size
  others <- (wrong - 1) / pmax(size - 1, 1)
  precision <- others * size +
    (wrong_before + 1 - others * (before + 1)) * sum_of_inverses(before, size)
  scores$average_precision <- sum(share * precision) / n_wrong
  scores$precision_at_k <- sum(share * pmin(pmax(k - before, 0), size)) / k
  scores
}

# The sums of 1 / j over the n numbers behind `before`. Behind large numbers by
# Euler and Maclaurin's formula, as the difference of two values of digamma()
# would have few digits there; the first term left out is below 1e-13 of the
# sum.
sum_of_inverses <- function(before, n) {
  sums <- 1 / (before + 1)
  at <- which(n > 1 & before < 100)
  sums[at] <- digamma(before[at] + n[at] + 1) - digamma(before[at] + 1)
  at <- which(n > 1 & before >= 100)
  a <- before[at]
  b <- a + n[at]
  sums[at] <- log1p((b - a) / a) - (1 / a - 1 / b) / 2 +
    (1 / a^2 - 1 / b^2) / 12 - (1 / a^4 - 1 / b^4) / 120
  sums
}

# Means and ranges over the runs; a metric must be in all of them.
combine_runs <- function(runs, call) {
  metrics <- lapply(runs, `[[`, "metric")
  if (length(unique(metrics)) > 1) {
    lost <- setdiff(unlist(metrics), Reduce(intersect, metrics))
    abort_datamap(
      c(
        "All maps must have the same metrics.",
        x = "Not all have {.val {lost}}."
      ),
      class = "input", key = "map", call = call
    )
  }
  over <- function(column, f) {
    apply(
      matrix(vapply(runs, `[[`, double(length(metrics[[1]])), column),
             ncol = length(runs)),
      1, f
    )
  }
  out <- runs[[1]][c("metric", "suspect")]
  out$samples <- over("samples", mean)
  for (score in c(detection_scores, "k", "base_rate")) {
    out[[score]] <- over(score, mean)
  }
  out$runs <- length(runs)
  for (score in detection_scores) {
    out[[paste0(score, "_min")]] <- over(score, min)
    out[[paste0(score, "_max")]] <- over(score, max)
  }
  out
}

# The column that says whose scores a row has, where there is one.
detected_by <- function(x) {
  by <- attr(x, "by", exact = TRUE)
  if (is_text(by) && length(by) == 1 && by %in% names(x)) by
}

#' @rdname datamap_detect
#' @export
print.datamap_detection <- function(x, ...) {
  needed <- c("metric", "suspect", "samples", detection_scores, "base_rate")
  if (!all(needed %in% names(x))) {
    return(NextMethod()) # some columns of it only
  }
  has_runs <- "runs" %in% names(x)
  by <- detected_by(x)
  n_metrics <- length(unique(x$metric))
  cat(
    "# How ", plural_count(n_metrics, "metric"), " ",
    if (n_metrics == 1) "ranks" else "rank", " the wrong labels of ",
    if (!is.null(by)) paste0("each ", by, ", up to "),
    plural_count(max(x$samples, 0), "sample"), "\n",
    if (!all(is.nan(x$base_rate))) {
      rates <- x$base_rate[!is.nan(x$base_rate)] # NaN: no sample has a value
      by_chance <- toString(unique(format(rates, digits = 3)))
      paste0("# By chance: auroc 0.5, the others ", by_chance, "\n")
    },
    if (!is.null(predicted_words(x))) {
      paste0("# Predicted ", predicted_words(x), "\n")
    },
    if (has_runs && nrow(x) > 0) {
      paste0("# Means over ", x$runs[[1]], " runs, in brackets their range\n")
    },
    sep = ""
  )
  shown <- as.list(x)[c(by, "metric", "suspect")]
  for (score in detection_scores) {
    three <- function(end) sprintf("%.3f", x[[paste0(score, end)]])
    shown[[score]] <- if (has_runs) {
      paste0(three(""), " (", three("_min"), "-", three("_max"), ")")
    } else {
      three("")
    }
  }
  print(as.data.frame(shown), right = FALSE, row.names = FALSE)
  invisible(x)
}

#' @rdname datamap_detect
#' @rawNamespace S3method(ggplot2::autoplot, datamap_detection)
autoplot.datamap_detection <- function(object, ...) {
  check_dots()
  data <- as.data.frame(object)
  by <- detected_by(object)
  labels <- paste0(data$metric, " (", data$suspect, ")")
  data$metric <- factor(labels, levels = rev(unique(labels)))
  if (!is.null(by)) {
    group <- paste(by, show_text(data[[by]]))
    data$.group <- factor(group, levels = unique(group))
  }
  has_runs <- "runs" %in% names(data)
  title <- "How well each metric ranks wrong labels"
  data$.low <- if (has_runs) data$auroc_min else data$auroc
  data$.high <- if (has_runs) data$auroc_max else data$auroc
  best <- labels[which.max(data$auroc)]
  alt <- paste0(
    title, ". ", nlevels(data$metric), " metrics",
    if (length(best)) {
      paste0(
        "; the best is ", best, " with an AUROC of ",
        format(round(max(data$auroc, na.rm = TRUE), 3))
      )
    },
    "."
  )
  ggplot2::ggplot(data, aes(.data$auroc, .data$metric)) +
    ggplot2::geom_vline(xintercept = 0.5, colour = "grey20", linetype = 2) +
    ggplot2::geom_linerange(
      aes(xmin = .data$.low, xmax = .data$.high),
      colour = datamap_colours[[1]], na.rm = TRUE
    ) +
    ggplot2::geom_point(
      colour = datamap_colours[[1]], size = 2.5, na.rm = TRUE
    ) +
    ggplot2::scale_x_continuous(limits = c(0, 1)) +
    ggplot2::labs(
      x = "AUROC (dashed: chance)", y = NULL, title = title,
      subtitle = if (has_runs) {
        paste0("Mean and range over ", data$runs[[1]], " runs")
      },
      alt = alt
    ) +
    (if (!is.null(by)) ggplot2::facet_wrap(~.group)) +
    theme_datamap()
}

#' @rdname datamap_detect
#' @export
plot.datamap_detection <- function(x, ...) {
  print(autoplot.datamap_detection(x, ...))
  invisible(x)
}
