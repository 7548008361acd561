# Metrics on request: which there are, what each takes of the core, and how it
# becomes a column. What they mean is in ?datamap-columns.

# Those that the core has, in its order.
core_metrics <- c(
  "aum", "prob_margin", "el2n", "el2n_last", "mean_entropy", "entropy_of_mean",
  "aleatoric", "mean_log2_prob", "loss_ema", "first_correct",
  "learned_for_good", "forgotten_for_good", "pred_dist"
)

# Of the others: what they are made of, in the core or as a signal, and how.
# `x` has the columns of the summary and the metrics of the core.
derived_metrics <- list(
  confidence = list(column = function(x, ...) x$avg_probs),
  variability = list(
    column = function(x, include_ci) {
      v <- x$label_var
      if (include_ci) {
        v <- v + v^2 / (x$evaluations - 1)
        v[x$evaluations < 2] <- NA
      }
      sqrt(v)
    }
  ),
  correctness = list(column = function(x, ...) x$correct_times),
  forgetfulness = list(
    column = function(x, ...) forgettings(x, never = 1000L)
  ),
  threshold_closeness = list(
    column = function(x, ...) x$avg_probs * (1 - x$avg_probs)
  ),
  forgetting_events = list(
    column = function(x, ...) forgettings(x, never = x$evaluations)
  ),
  loss_mean = list(signal = "loss", column = function(x, ...) x$loss_mean),
  loss_last = list(signal = "loss", column = function(x, ...) x$loss_last),
  bald = list(
    core = c("entropy_of_mean", "mean_entropy"),
    column = function(x, ...) x$entropy_of_mean - x$mean_entropy
  ),
  pvi = list(
    core = "mean_log2_prob",
    column = function(x, ...) {
      samples <- tabulate(match(x$label, unique(x$label)))
      frequency <- samples[match(x$label, unique(x$label))] / length(x$label)
      x$mean_log2_prob - log2(frequency)
    }
  )
)

# Every metric that can be asked for, in the order of "all".
all_metrics <- c(
  "confidence", "variability", "correctness", "forgetfulness",
  "threshold_closeness", "aum", "prob_margin", "el2n", "el2n_last",
  "loss_mean", "loss_last", "loss_ema", "entropy_of_mean", "mean_entropy",
  "bald", "aleatoric", "first_correct", "learned_for_good",
  "forgotten_for_good", "forgetting_events", "pvi", "pred_dist"
)

# Forgetting events, and another number for what was never right.
forgettings <- function(x, never) {
  times <- ifelse(x$correct_times > 0L, x$forgetting_times, never)
  times[x$evaluations == 0L] <- NA
  times
}

# What a summary has beside its fixed columns, checked: the signals and the
# metrics that the user asked for, and what the core is asked for to get them.
check_request <- function(signals,
                          metrics,
                          include_ci,
                          call = rlang::caller_env()) {
  check_flag(include_ci, call = call)
  signals <- check_signal_names(signals, call = call)
  metrics <- check_metrics(metrics, call)
  derived <- derived_metrics[intersect(metrics, names(derived_metrics))]
  needed <- c(metrics, unlist(lapply(derived, `[[`, "core")))
  needs_loss <- "loss_ema" %in% metrics ||
    "loss" %in% unlist(lapply(derived, `[[`, "signal"))
  core_signals <- union(signals, if (needs_loss) "loss")
  if (length(core_signals) > 64) {
    abort_datamap(
      paste(
        "At most 64 signals can be asked for, not {length(core_signals)}",
        "(with the loss)."
      ),
      class = "input", key = "signals", call = call
    )
  }
  names_of_signals <- signal_column_names(signals)
  # loss_mean and loss_last are the same column under either heading
  taken <- intersect(
    names_of_signals, setdiff(metrics, signal_column_names("loss"))
  )
  if (length(taken) > 0) {
    abort_datamap(
      c(
        "Each signal and metric must give columns of its own.",
        "x" = "{.field {taken}} would be there twice."
      ),
      class = "input", key = "metrics", call = call
    )
  }
  list(
    signals = signals,
    metrics = metrics,
    include_ci = include_ci,
    core_signals = core_signals,
    core_metrics = core_metrics[core_metrics %in% needed]
  )
}

check_metrics <- function(metrics, call = rlang::caller_env()) {
  force_name(metrics, "metrics", call)
  if (is.null(metrics)) {
    return(character())
  }
  if (!is.character(metrics) || anyNA(metrics)) {
    abort_argument(metrics, "the names of metrics", "metrics", call)
  }
  unknown <- setdiff(metrics, c(all_metrics, "all"))
  if (length(unknown) > 0) {
    choices <- cli::cli_vec(all_metrics, list("vec-trunc" = Inf))
    similar <- similar_names(unknown, c(all_metrics, "all"))
    abort_datamap(
      c(
        "{.arg metrics} must name metrics that there are.",
        "x" = "There is no {.val {unknown}}.",
        "i" = "The metrics are {.val {choices}}; {.val all} is all of them.",
        did_you_mean(similar)
      ),
      class = "input", key = unknown[[1]], columns = all_metrics,
      similar = similar, call = call
    )
  }
  if ("all" %in% metrics) all_metrics else unique(metrics)
}

# Which evaluations count, as the core's options.
check_window <- function(burn_out, steps, call = rlang::caller_env()) {
  check_number(
    burn_out,
    min = 1, max = .Machine$integer.max, whole = TRUE, allow_null = TRUE,
    call = call
  )
  are_two <- is.numeric(steps) && length(steps) == 2 && !anyNA(steps)
  descend <- are_two && steps[[1]] > steps[[2]]
  if (!is.null(steps) && (!are_two || descend)) {
    abort_argument(
      steps, "two numbers, the first and the last step, or {.code NULL}",
      "steps", call,
      hint = if (descend) {
        c(i = paste0("The first, ", steps[[1]], ", is above ", steps[[2]], "."))
      }
    )
  }
  list(
    burn_out = as.double(burn_out %||% 0),
    steps = if (!is.null(steps)) as.double(steps)
  )
}

# The columns of the summary that were asked for, from those of the core: the
# fixed ones, five of each signal, metrics. `has_vectors`: see absent_reasons().
requested_columns <- function(columns, request, has_vectors) {
  out <- columns[c(summary_columns, signal_column_names(request$signals))]
  for (metric in request$metrics) {
    column <- derived_metrics[[metric]]$column
    columns[[metric]] <- if (is.null(column)) {
      columns[[metric]]
    } else {
      column(columns, include_ci = request$include_ci)
    }
    out[[metric]] <- columns[[metric]]
  }
  inform_absent(
    absent_reasons(columns, request$metrics, has_vectors),
    absent_signals(columns, request$core_signals), request$signals
  )
  out
}

# Whether lines had class vectors: FALSE, TRUE, or NA where that was so only of
# lines that may not count. `result` is what the core found.
had_vectors <- function(result) {
  if (result$common_classes == 0) {
    return(FALSE)
  }
  evaluations <- sum(as.double(result$columns$evaluations))
  if (evaluations == result$counts[["good"]]) TRUE else NA
}

# --- metrics and signals that no sample has ---

# Templates of the reasons, each after "is NA for every sample:".
absent_texts <- c(
  no_evaluation = "no evaluation lies within {.arg steps}.",
  no_loss = "no evaluation that counts has a {.field loss}.",
  no_vectors = paste(
    "no evaluation that counts has class vectors, {.field probs} or",
    "{.field logits}."
  ),
  no_class = paste(
    "no label tells which of the classes it is. Give its place among them,",
    "from 0, as {.field label_index}, or as the label itself."
  ),
  no_vectors_or_class = paste(
    "no evaluation that counts has class vectors and a label that tells which",
    "of the classes it is, by {.field label_index} or as a whole number from",
    "0."
  ),
  no_prediction = paste(
    "no evaluation that counts has a {.field pred_label}, or class vectors",
    "from which it follows."
  ),
  one_evaluation = paste(
    "with {.arg include_ci} it takes two evaluations that count, and no sample",
    "has them."
  )
)

# What a metric needs: class vectors, or these and the label's place in them.
vector_metrics <- c("entropy_of_mean", "mean_entropy", "bald")
class_metrics <- c("aum", "prob_margin", "el2n", "el2n_last")

# Why metrics are NA for every sample: for each that is, a name of
# `absent_texts`, or NA where these columns do not tell. `has_vectors` is
# whether lines had class vectors, NA or NULL where that is not known. The times
# of learning are NA for "never", which needs no reason.
absent_reasons <- function(columns, metrics, has_vectors = NULL) {
  is_absent <- vapply(metrics, function(name) is_all_na(columns[[name]]), NA)
  evaluations <- unclass(columns)$evaluations
  has_none <- is_number(evaluations) && all(evaluations %in% 0)
  told <- intersect(vector_metrics, names(columns))
  if (length(told) > 0) {
    has_vectors <- !is_all_na(columns[[told[[1]]]])
  }
  reason_of <- function(name) {
    if (has_none) {
      "no_evaluation"
    } else if (startsWith(name, "loss_")) {
      "no_loss"
    } else if (name %in% vector_metrics) {
      "no_vectors"
    } else if (name %in% class_metrics) {
      if (isTRUE(has_vectors)) {
        "no_class"
      } else if (isFALSE(has_vectors)) {
        "no_vectors"
      } else {
        "no_vectors_or_class"
      }
    } else if (name == "pred_dist") {
      "no_prediction"
    } else if (name == "variability" && !is_all_na(columns$label_var)) {
      "one_evaluation"
    } else {
      NA_character_
    }
  }
  metrics <- metrics[is_absent]
  if (!has_none) {
    metrics <- setdiff(metrics, times_of_learning)
  }
  vapply(stats::setNames(nm = metrics), reason_of, "")
}

times_of_learning <- c(
  "first_correct", "learned_for_good", "forgotten_for_good"
)

# NaN is a value; of no samples, nothing is missing.
is_all_na <- function(x) {
  length(x) > 0 && all(is.na(x) & !is.nan(x))
}

absent_signals <- function(columns, signals) {
  signals[vapply(signals, function(signal) {
    is_all_na(columns[[paste0(signal, "_last")]])
  }, NA)]
}

# A misspelt signal, or what was not recorded, would be a silent NA. `reasons`
# are of absent_reasons(), `named` the signals that the user named.
inform_absent <- function(reasons, signals = character(), named = signals) {
  reasons <- reasons[!is.na(reasons)]
  if (length(reasons) == 0 && length(signals) == 0) {
    return(invisible())
  }
  named <- intersect(signals, named)
  groups <- split(names(reasons), factor(reasons, unique(reasons)))
  lines <- sprintf(
    "{.field {groups[[%d]]}} {?is/are} NA for every sample: %s",
    seq_along(groups), absent_texts[names(groups)]
  )
  inform_datamap(
    c(
      i = if (length(named) > 0) {
        "No evaluation that counts has a value for {.field {named}}."
      },
      stats::setNames(lines, rep("i", length(lines)))
    ),
    class = "absent", signals = signals, metrics = names(reasons),
    reasons = reasons
  )
}
