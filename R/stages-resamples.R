# Out-of-sample maps: of each repeat of a resampling, what was said of samples
# that the model was not fitted to.

#' @rdname datamap_stages
#' @export
datamap_stages.train <- function(x,
                                 ...,
                                 id = NULL,
                                 candidate = NULL) {
  check_dots()
  call <- rlang::current_env()
  pred <- x$pred
  if (!is.data.frame(pred) || !all(levels(pred$obs) %in% names(pred))) {
    abort_datamap(
      c(
        "{.arg x} must have kept the probabilities that it predicted.",
        "i" = paste(
          "Train it with {.code trainControl(savePredictions = \"final\",",
          "classProbs = TRUE)}."
        )
      ),
      class = "input", key = "x", call = call
    )
  }
  pred <- pick_candidate(
    pred, intersect(names(x$bestTune), names(pred)), candidate,
    "candidate = x$bestTune", call
  )
  classes <- levels(pred$obs)
  predictions <- list(
    row = pred$rowIndex, label = pred$obs, probs = as.matrix(pred[classes]),
    classes = classes, fold = pred$Resample
  )
  resample_stages(predictions, id, "a caret model", call)
}

#' @rdname datamap_stages
#' @export
datamap_stages.tune_results <- function(x, ...) {
  check_engine("tune", rlang::current_env())
  datamap_stages(tune::collect_predictions(x), ...)
}

#' @rdname datamap_stages
#' @export
datamap_stages.data.frame <- function(x,
                                      ...,
                                      label = NULL,
                                      id = NULL,
                                      candidate = NULL) {
  check_dots()
  call <- rlang::current_env()
  columns <- setdiff(tidy_columns(x), ".pred_class")
  classes <- substring(columns, nchar(".pred_") + 1)
  if (length(columns) < 2 || !".row" %in% names(x)) {
    abort_datamap(
      c(
        paste(
          "{.arg x} must be what {.fn tune::collect_predictions} gives, with",
          "the columns {.field .row} and {.field .pred_<class>}."
        ),
        "x" = "Its columns are {.field {names(x)}}.",
        "i" = if (".row" %in% names(x)) {
          paste(
            "Probabilities are kept where a metric asks for them, as",
            "{.fn yardstick::roc_auc} does."
          )
        } else {
          "A table of signals goes to {.fn datamap_summarise} as it is."
        }
      ),
      class = "input", key = "x", instead = "datamap_summarise", call = call
    )
  }
  if (is.null(label)) {
    has_classes <- vapply(x, function(column) {
      is.factor(column) && setequal(levels(column), classes)
    }, NA)
    label <- setdiff(names(x)[has_classes], ".pred_class")
    if (length(label) != 1) {
      abort_datamap(
        c(
          "{.arg label} must be the name of the column with the labels.",
          "x" = "There is not one factor with the levels {.val {classes}}."
        ),
        class = "input", key = "label", call = call
      )
    }
  }
  check_column_choice(label, x, of = "{.arg x}", arg = "label", call = call)
  known <- c(".row", ".config", ".pred_class", label, columns)
  folds <- intersect(c("id", "id2", "id3", ".iter"), names(x))
  x <- as.data.frame(x)
  x <- pick_candidate(
    x, setdiff(names(x), c(known, folds)), candidate,
    "candidate = tune::select_best(result)", call
  )
  # the model of all samples, asked about these
  is_seen <- if (is.null(x$id)) FALSE else x$id == "Apparent"
  if (!all(is_seen)) {
    x <- x[!is_seen, , drop = FALSE]
  }
  predictions <- list(
    row = x$.row, label = x[[label]], probs = as.matrix(x[columns]),
    classes = classes,
    fold = if (length(folds) > 0) do.call(paste, x[folds])
  )
  stages <- resample_stages(predictions, id, "a resampling", call)
  if (all(is_seen)) {
    stages$predicted <- "in-sample"
  }
  stages
}

#' @rdname datamap_stages
#' @export
datamap_stages.ResampleResult <- function(x, ..., id = NULL) {
  check_dots()
  call <- rlang::current_env()
  parts <- lapply(x$predictions(), function(prediction) {
    prob <- prediction$prob
    if (is.null(prob)) {
      abort_datamap(
        c(
          "{.arg x} must have kept the probabilities that it predicted.",
          "i" = "Set {.code learner$predict_type <- \"prob\"} first."
        ),
        class = "input", key = "x", call = call
      )
    }
    list(row = prediction$row_ids, truth = prediction$truth, prob = prob)
  })
  of_parts <- function(name) lapply(parts, `[[`, name)
  prob <- do.call(rbind, of_parts("prob"))
  predictions <- list(
    row = unlist(of_parts("row")), label = unlist(of_parts("truth")),
    probs = prob, classes = colnames(prob),
    fold = rep(seq_along(parts), lengths(of_parts("row")))
  )
  stages <- resample_stages(predictions, id, "a resampling", call)
  if (has_seen_tests(x$resampling)) {
    stages$predicted <- "in-sample"
  }
  stages
}

#' @export
datamap_stages.BenchmarkResult <- function(x, ...) {
  abort_datamap(
    c(
      "{.arg x} must be the resampling of one learner.",
      "i" = "Pick one with {.code x$resample_result(1)}."
    ),
    class = "input", key = "x", call = rlang::current_env()
  )
}

# Whether a model of mlr3's resampling, as of "insample", was asked about
# samples that it was fitted to.
has_seen_tests <- function(resampling) {
  any(vapply(seq_len(resampling$iters), function(i) {
    any(resampling$test_set(i) %in% resampling$train_set(i))
  }, NA))
}

# The predictions of one tuning candidate: where there are several, the one that
# `candidate`, a data frame of one row or a list, says.
pick_candidate <- function(x, parameters, candidate, how, call) {
  tuned <- parameters[vapply(x[parameters], function(column) {
    length(unique(column)) > 1
  }, NA)]
  if (is.null(candidate)) {
    if (length(tuned) > 0) {
      abort_datamap(
        c(
          "{.arg x} must have the predictions of one tuning candidate.",
          "x" = "There are several: they differ in {.field {tuned}}.",
          "i" = "Pick one with {.code {how}}, or another list of its values."
        ),
        class = "input", key = "candidate", columns = tuned, call = call
      )
    }
    return(x)
  }
  if (!is.list(candidate) || any(lengths(candidate) != 1)) {
    abort_argument(
      candidate, "one row, or a list, of values of the parameters",
      "candidate", call
    )
  }
  is_it <- rep(TRUE, nrow(x))
  for (name in intersect(names(candidate), names(x))) {
    is_it <- is_it & x[[name]] %in% candidate[[name]]
  }
  x <- x[is_it, , drop = FALSE]
  if (nrow(x) == 0) {
    abort_datamap(
      c(
        "{.arg candidate} must be one of those in {.arg x}.",
        "x" = "None has these values of {.field {tuned}}."
      ),
      class = "input", key = "candidate", columns = tuned, call = call
    )
  }
  pick_candidate(x, parameters, NULL, how, call)
}

# One row per sample and prediction: the k-th prediction of a sample, in the
# order of the folds, is in stage k. `predictions` is a list of the `row`, the
# `label`, the `probs`, a matrix of a column for each of `classes`, and the
# `fold` of each, NULL where there are none.
resample_stages <- function(predictions, id, what, call) {
  row <- predictions$row
  fold <- predictions$fold
  classes <- predictions$classes
  order <- if (is.null(fold)) order(row) else order(row, fold)
  row <- row[order]
  probs <- unname(predictions$probs[order, , drop = FALSE])
  known <- unique(row)
  sample <- match(row, known)
  number <- sequence(tabulate(sample))
  ids <- known
  if (!is.null(id)) {
    check_resample_ids(id, known, call = call)
    ids <- id[known]
  }
  open <- function() {
    function(i) {
      here <- which(number == i)
      stage <- matrix(NA_real_, length(known), length(classes))
      stage[sample[here], ] <- probs[here, ]
      list(probs = stage, rows = sample[here])
    }
  }
  n <- max(number)
  new_stages(
    open,
    rows = list(label = predictions$label[order][!duplicated(row)], id = ids),
    at = seq_len(n), classes = classes,
    about = list(
      what = what, unit = "repeat", of = n, predicted = "out-of-fold"
    ),
    call = call
  )
}

# Of the rows of the training data, of which the predictions have the numbers.
check_resample_ids <- function(x,
                               known,
                               arg = rlang::caller_arg(x),
                               call = rlang::caller_env()) {
  if (is.null(dim(x)) && length(x) >= max(known)) {
    return(invisible(x))
  }
  abort_datamap(
    c(
      "{.arg {arg}} must have one value for each row of the training data.",
      "x" = paste(
        "It has {format_count(length(x))}, and there is a prediction of row",
        "{format_count(max(known))}."
      )
    ),
    class = "input", key = arg, call = call
  )
}
