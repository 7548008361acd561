#' Data maps from what you already have
#'
#' For models whose training nobody recorded: the stages of a fitted model
#' (boosting rounds, trees, a path of penalties), an array of probabilities, or
#' the predictions of a resampling stand for its evaluations. What
#' `datamap_stages()` returns is taken by [datamap_summarise()],
#' [datamap_state()], [datamap_update()], [datamap_read_signals()] and
#' [datamap_plot_trajectories()] like a file.
#'
#' Nothing is computed until one of these asks for it, and then one stage after
#' the other: memory is taken for one table of samples and classes, however many
#' stages there are (and for what `x` itself holds).
#'
#' The loss of each sample and stage is -log of the probability of its label, so
#' that `metrics = "loss_last"` is there.
#'
#' # Arrays
#' A matrix has the probabilities of the given label, a row per sample and a
#' column per stage. Of two classes that tells what was predicted: a prediction
#' is right where the probability is more than 0.5. Of more it does not, and
#' `correct` must be given.
#'
#' A list of matrices, one per stage, and an array of three dimensions, samples
#' by classes by stages, have a probability for each class. Their names are the
#' column names, or `classes`; which class a label is follows the rules of
#' [datamap_recorder()], section Classes. A sample that is `NA` in a stage was
#' not evaluated there.
#'
#' # Models
#' `data` are the samples that the model was fitted to, with the labels that it
#' was given. Each stage is what `predict()` would say then:
#'
#' * **gbm** (`bernoulli`, `adaboost`, `multinomial`): after so many trees;
#' * **ranger** (classification and probability forests) and **randomForest**:
#'   the votes of the first trees. A tree has learned the labels that it saw by
#'   heart, so only trees count that did not see a sample (out-of-bag), where
#'   the model was fitted with `keep.inbag = TRUE`; else a warning of class
#'   `datamap_warning_in_bag` says so. A sample that no tree was without so far
#'   has no evaluation;
#' * **glmnet** (families `binomial` and `multinomial`): along the path of
#'   penalties, from the largest. A path is no training: what comes late on it
#'   needs more coefficients, and each point is fitted to the end;
#' * **nnet**: a list of networks, each trained some iterations further than
#'   the one before (`nnet(..., Wts = fit$wts)`), or of `multinom()`s;
#' * **xgboost** (`binary:logistic`, `multi:softprob`; trees, also dart),
#'   versions 1.7 and 3: after so many rounds, whatever early stopping chose.
#'   *Run with 1.7; for 3 written from its manual, not run;*
#' * **lightgbm** (`binary`, `multiclass`), from version 4: the same;
#' * **parsnip** fits and **workflows**: the engine's model on the predictors as
#'   they were given to it, with the engine's `at` and `out_of_bag`. A fit that
#'   was made without a formula does not know the name of the label;
#' * **mlr3** learners of these models.
#'
#' Boosting takes one pass over the rounds, however many stages there are
#' (xgboost two), forests one over the trees.
#'
#' # Resampling
#' What a resampling says of a sample is said by models that were not fitted to
#' it: an out-of-sample map, with one evaluation per repeat. The ids are the
#' numbers of the rows of the training data, or the elements of `id` there.
#' Several tuning candidates at once are an error that says how to pick one.
#'
#' * `caret::train()` with `savePredictions` and `classProbs`;
#' * what `tune::collect_predictions()` gives, or the result that it takes. The
#'   rows of rsample's `"Apparent"` are left out, whose model has seen them all;
#' * a `ResampleResult` of mlr3 with probabilities. It is in-sample where a
#'   model was asked about samples that it was fitted to, as by
#'   `rsmp("insample")`.
#'
#' # What was run
#' The tests of each release run gbm, glmnet, nnet, randomForest, ranger and
#' caret, lightgbm, parsnip (lightgbm by bonsai), workflows and mlr3 with ranger
#' and glmnet, and tune. xgboost 1.7.8 was run by hand, by parsnip as well.
#' *mlr3 with xgboost and lightgbm (by mlr3extralearners): written from the code
#' of these packages, not run.*
#'
#' @param x What there is: a fitted model, a result of a resampling, a matrix,
#'   an array or a list of matrices.
#' @param ... Must be empty, but for parsnip, workflows and mlr3, where it is
#'   passed on to the method of the engine's model.
#' @param data The samples that the model was fitted to, as `predict()` takes
#'   them: a data frame or, for xgboost, lightgbm and glmnet, a matrix.
#' @param label The labels of the samples: a vector or factor. Where `data` is
#'   given, the name of its column will do; by default it is the response that
#'   the model was fitted to, if `data` has it.
#' @param id The ids of the samples: a vector, or the name of a column of
#'   `data`. By default the row names, where there are any but numbers that R
#'   gave, else the numbers of the rows.
#' @param at Which stages: whole numbers in ascending order. By default all of
#'   an array, and of a model 20 from the first to the last at even distances.
#' @param classes The names of the classes, in their order in `x`, where `x`
#'   does not say them.
#' @param out_of_bag Whether only trees count that did not see a sample. By
#'   default where the model knows; `FALSE` for all trees without a warning.
#' @param candidate Which tuning candidate: the values of its parameters, as one
#'   row of a data frame or as a list.
#' @param correct Whether the predictions are right: a logical matrix of the
#'   size of `x`.
#'
#' @return An object of class `datamap_stages`, which [datamap_summarise()]
#'   makes a data map of. What is known of how the model met its samples,
#'   `"in-sample"`, `"out-of-bag"` or `"out-of-fold"`, is the attribute
#'   `predicted` of the map, and is told by its print, by the captions of plots
#'   and by [datamap_detect()].
#' @seealso `vignette("map-from-your-model")`; [datamap_summarise()];
#'   [datamap_recorder()] for training loops of your own; [datamap_probs()].
#' @export
#' @examples
#' # probabilities of the labels, three samples at four stages
#' p <- matrix(
#'   c(.5, .4, .5, .7, .6, .3, .9, .3, .2, .9, .6, .1), 3,
#'   dimnames = list(c("a", "b", "c"), NULL)
#' )
#' stages <- datamap_stages(p, label = c(0, 1, 1))
#' stages
#' datamap_summarise(stages)
datamap_stages <- function(x, ...) {
  force_argument(x, "x", rlang::current_env())
  UseMethod("datamap_stages")
}

#' @export
datamap_stages.default <- function(x, ...) {
  abort_argument(
    x, paste(
      "a model of a class that {.code ?datamap_stages} names, a result of",
      "resampling, a matrix, an array or a list of matrices"
    ),
    "x", rlang::current_env()
  )
}

# The constructor. `rows` is a list of the `label` and the `id` of each sample;
# `classes` the names of the classes in the order of the columns that the stages
# have, NULL for places; `width` their number, NULL where stages have no class
# vectors.
#
# `open` is a function that gives a new function of i, which is called with 1,
# 2, ... and returns stage `at[i]` as a list of
#
# probs                 a matrix, samples by classes; or else
# label_probs, correct  a vector each
# rows                  which samples it has; without it, all
#
# `about` is a list: `what` says what it is, `unit` what a stage is, `of` how
# many stages there are in all; `predicted` is one of predicted_kinds, or NULL
# where nobody knows. They are members of the stages.
new_stages <- function(open,
                       rows,
                       at,
                       about,
                       classes = NULL,
                       width = length(classes),
                       call = rlang::caller_env()) {
  label <- rows$label
  id <- stage_ids(rows$id, length(label), call)
  structure(
    list(
      open = open, id = id, at = at, what = about$what, unit = about$unit,
      of = about$of, predicted = about$predicted,
      levels = if (is.factor(label)) levels(label),
      labels = stage_labels(label, classes, width, call)
    ),
    class = "datamap_stages"
  )
}

predicted_kinds <- c("in-sample", "out-of-bag", "out-of-fold")

#' @rdname datamap_stages
#' @export
print.datamap_stages <- function(x, ...) {
  n <- length(x$at)
  cat_wrapped(c(
    paste0(
      "Stages of ", x$what, ": ", plural_count(length(x$id), "sample"), ", ",
      if (n < x$of) paste(format_count(n), "of "),
      plural_count(x$of, x$unit),
      if (!is.null(x$predicted)) paste0(", ", x$predicted)
    ),
    if (n < x$of) paste0("at: ", toString(number_text(x$at))),
    "datamap_summarise() makes a data map of them."
  ))
  invisible(x)
}

# Labels and ids ---------------------------------------------------------

# What stays the same from stage to stage: the label, the place of its class
# where the label does not say it, the order of the classes in a line, and the
# labels of the predicted ones where names tell the classes. The rules are those
# of tables, asked about a row that has its maximum at each class.
stage_labels <- function(label, classes, width, call) {
  n <- length(label)
  column <- label_column(list(label = label), "label", call)
  check_no_missing(column, "label", call)
  if (is.null(width) || width == 0) {
    return(list(label = column))
  }
  rows <- max(n, width)
  probs <- matrix(0, rows, width, dimnames = list(NULL, classes))
  largest <- rep_len(seq_len(width), rows)
  probs[cbind(seq_len(rows), largest)] <- 1
  asked <- structure(
    list(label = rep_len(label, rows), probs = probs), n_rows = rows
  )
  found <- resolve_classes(asked, list(label = "label"), call)
  index <- found$label_index[seq_len(n)]
  # the label itself, where no place is told
  place <- 1 + suppressWarnings(as.double(id_text(column)))
  place[!is.na(index)] <- 1 + index[!is.na(index)]
  place[!place %in% seq_len(width)] <- NA
  order <- order(first_maximum(found$probs)[seq_len(width)])
  list(
    label = column, label_index = index, place = place, order = order,
    names = found$pred_label[order]
  )
}

check_no_missing <- function(x,
                             arg = rlang::caller_arg(x),
                             call = rlang::caller_env()) {
  row <- which(is.na(x))
  if (length(row) > 0) {
    abort_datamap(
      c(
        "{.arg {arg}} must have a value for every sample.",
        "x" = "That of sample {row[[1]]} is missing."
      ),
      class = "input", key = arg, line = row[[1]], call = call
    )
  }
}

stage_ids <- function(id, n, call) {
  id <- ident_column(list(id = id), "id", call)
  check_length(id, n, call = call)
  check_no_missing(id, call = call)
  row <- repeated_id(id)
  if (row > 0) {
    value <- id_text(id[[row]])
    abort_datamap(
      c(
        "{.arg id} must be different for every sample.",
        "x" = "{.val {value}} is there again for sample {row}."
      ),
      class = "input", key = "id", line = row, call = call
    )
  }
  id
}

check_length <- function(x,
                         n,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  if (length(x) != n) {
    samples <- plural_count(n, "sample")
    abort_datamap(
      c(
        "{.arg {arg}} must have one value per sample.",
        "x" = paste(
          "It has {format_count(length(x))}, and there",
          "{cli::qty(n)}{?is/are} {samples}."
        )
      ),
      class = "input", key = arg, call = call
    )
  }
  invisible(x)
}

# Of arrays --------------------------------------------------------------

#' @rdname datamap_stages
#' @export
datamap_stages.matrix <- function(x,
                                  ...,
                                  label,
                                  id = NULL,
                                  at = NULL,
                                  correct = NULL) {
  check_dots()
  call <- rlang::current_env()
  force_argument(label, "label", call)
  check_probabilities(x, call = call)
  label <- check_labels(label, nrow(x), call = call)
  correct <- check_correct(correct, x, label, call)
  at <- stages_at(at, ncol(x), NULL, call)
  new_stages(
    function() {
      function(i) {
        p <- as.double(x[, at[[i]]])
        right <- if (is.null(correct)) p > 0.5 else correct[, at[[i]]]
        list(label_probs = p, correct = right, rows = given_rows(p))
      }
    },
    rows = list(label = label, id = id %||% own_ids(rownames(x), nrow(x))),
    at = at, about = list(what = "a matrix", unit = "stage", of = ncol(x)),
    call = call
  )
}

#' @rdname datamap_stages
#' @export
datamap_stages.array <- function(x,
                                 ...,
                                 label,
                                 id = NULL,
                                 at = NULL,
                                 classes = NULL) {
  check_dots()
  call <- rlang::current_env()
  force_argument(label, "label", call)
  if (length(dim(x)) != 3) {
    abort_argument(
      x, "an array of three dimensions, samples by classes by stages",
      "x", call
    )
  }
  check_probabilities(x, call = call)
  names <- dimnames(x)
  size <- dim(x)
  at <- stages_at(at, size[[3]], NULL, call)
  new_stages(
    function() function(i) class_stage(slice_of(x, at[[i]])),
    rows = list(
      label = check_labels(label, size[[1]], call = call),
      id = id %||% own_ids(names[[1]], size[[1]])
    ),
    at = at, classes = stage_classes(classes, names[[2]], size[[2]], call),
    width = size[[2]],
    about = list(what = "an array", unit = "stage", of = size[[3]]),
    call = call
  )
}

#' @rdname datamap_stages
#' @export
datamap_stages.list <- function(x,
                                ...,
                                data = NULL,
                                label,
                                id = NULL,
                                at = NULL,
                                classes = NULL) {
  check_dots()
  call <- rlang::current_env()
  if (length(x) > 0 && all(vapply(x, inherits, NA, "nnet"))) {
    label <- if (!missing(label)) label
    return(network_stages(x, data, label, id, at, classes, call))
  }
  force_argument(label, "label", call)
  is_fine <- vapply(x, function(m) is.matrix(m) || is.data.frame(m), NA)
  if (length(x) == 0 || !all(is_fine)) {
    abort_argument(
      x, "a list of matrices, one per stage, samples by classes", "x", call
    )
  }
  x <- lapply(x, as.matrix)
  for (i in seq_along(x)) {
    check_probabilities(x[[i]], "x", call)
    check_same_size(x[[i]], x[[1]], i, call)
  }
  first <- x[[1]]
  at <- stages_at(at, length(x), NULL, call)
  new_stages(
    function() function(i) class_stage(bare_scores(x[[at[[i]]]])),
    rows = list(
      label = check_labels(label, nrow(first), call = call),
      id = id %||% own_ids(rownames(first), nrow(first))
    ),
    at = at,
    classes = stage_classes(classes, colnames(first), ncol(first), call),
    width = ncol(first),
    about = list(what = "a list of matrices", unit = "stage", of = length(x)),
    call = call
  )
}

class_stage <- function(probs) list(probs = probs, rows = given_rows(probs))

# The rows that have a value, if not all: NA is no evaluation, NaN is one.
given_rows <- function(x) {
  if (anyNA(x)) which(rowSums(as.matrix(!is.na(x) | is.nan(x))) > 0)
}

# One stage of an array, in doubles.
slice_of <- function(x, k) {
  size <- dim(x)
  n <- as.double(size[[1]]) * size[[2]]
  matrix(as.double(x[(k - 1) * n + seq_len(n)]), size[[1]], size[[2]])
}

check_probabilities <- function(x,
                                arg = rlang::caller_arg(x),
                                call = rlang::caller_env()) {
  is_fine <- is.numeric(x) && !is.object(x) && all(dim(x) > 0)
  if (!is_fine) {
    abort_argument(x, "probabilities, a row per sample", arg, call)
  }
  # not range(), which makes copies of an array
  ends <- suppressWarnings(c(min(x, na.rm = TRUE), max(x, na.rm = TRUE)))
  is_odd <- is.finite(ends) & (ends < -1e-6 | ends > 1 + 1e-6)
  if (any(is_odd)) {
    value <- number_text(ends[is_odd][[1]])
    abort_datamap(
      c(
        "{.arg {arg}} must hold probabilities.",
        "x" = "It has the value {value}.",
        "i" = paste(
          "Make probabilities of scores first: {.fn stats::plogis} of those of",
          "two classes, the softmax of each row of those of more."
        )
      ),
      class = "range", key = arg, call = call
    )
  }
}

check_same_size <- function(x, first, i, call = rlang::caller_env()) {
  if (!identical(dim(x), dim(first)) ||
        !identical(dimnames(x), dimnames(first))) {
    abort_datamap(
      c(
        "All matrices in {.arg x} must have the same rows and columns.",
        "x" = "Matrix {i} has another size, or other names, than the first."
      ),
      class = "input", key = "x", line = i, call = call
    )
  }
}

check_labels <- function(x,
                         n,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  is_vector <- is.atomic(x) && is.null(dim(x)) && !is.null(x)
  if (!is_vector) {
    abort_argument(x, "a label for every sample", arg, call)
  }
  check_length(x, n, arg, call)
}

# Of two classes the probability of the label says what was predicted.
check_correct <- function(correct, x, label, call = rlang::caller_env()) {
  if (!is.null(correct)) {
    if (!is.logical(correct) || !identical(dim(correct), dim(x))) {
      abort_argument(
        correct, "a logical matrix of the size of {.arg x}", "correct", call
      )
    }
    return(invisible(correct))
  }
  n <- if (is.factor(label)) nlevels(label) else length(unique(label))
  if (n > 2) {
    abort_datamap(
      c(
        "{.arg correct} must be given for more than two classes.",
        "x" = paste(
          "There are {n}, and a probability of the label of at most 0.5 can",
          "be the largest."
        ),
        "i" = paste(
          "Give a logical matrix of the size of {.arg x}, or the probabilities",
          "of all classes as an array, samples by classes by stages."
        )
      ),
      class = "input", key = "correct", call = call
    )
  }
  invisible(correct)
}

# The names of the n classes: those given, or else those that were `found`.
stage_classes <- function(classes, found, n, call) {
  if (is.null(classes)) {
    return(found)
  }
  is_fine <- is_text(plain_ids(classes)) || is.numeric(classes)
  if (!is_fine || length(classes) != n || anyDuplicated(classes)) {
    abort_argument(
      classes, paste("the different names of the", n, "classes"), "classes",
      call
    )
  }
  id_text(classes)
}

# Stages from 1 to n in ascending order; by default all, or `few` of them from
# the first to the last.
stages_at <- function(at, n, few, call) {
  if (is.null(at)) {
    few <- min(n, few)
    return(unique(as.integer(round(seq(1, n, length.out = few)))))
  }
  is_fine <- is.numeric(at) && length(at) > 0 && !anyNA(at) &&
    all(at == trunc(at)) && all(at >= 1) && all(at <= n) &&
    !is.unsorted(at, strictly = TRUE)
  if (!is_fine) {
    abort_argument(
      at, paste("ascending whole numbers from 1 to", format_count(n)), "at",
      call
    )
  }
  as.integer(at)
}

# Row names, which may be numbers, or else the numbers of the rows.
own_ids <- function(names, n) {
  if (is.null(names)) seq_len(n) else as_numbers(names)
}

# As a source of signals -------------------------------------------------

#' @export
signal_source.datamap_stages <- function(x, arg, call) {
  paths <- stage_names(x)
  new_source(
    columns = function(request, naming) {
      need_no_naming(naming, x, arg, call)
      stage_reader(x, request, call)
    },
    written = function(naming) {
      need_no_naming(naming, x, arg, call)
      stage_lines(x, paths, call)
    },
    levels = function(naming) x$levels,
    errors = list(paths = paths, problem = stage_problem)
  )
}

# A source's name says how the model met its samples: a state keeps the names.
stage_names <- function(x) {
  paste0(
    "stage ", number_text(x$at),
    if (!is.null(x$predicted)) paste0(" (", x$predicted, ")")
  )
}

# How sources of these names were predicted, NULL where nobody says it.
predicted_of <- function(paths) {
  pattern <- paste0(
    "^stage [0-9]+ [(](", paste(predicted_kinds, collapse = "|"), ")[)]$"
  )
  found <- sub(pattern, "\\1", grep(pattern, unique(paths), value = TRUE))
  if (length(found) > 0) listed(unique(found))
}

# What a data map, or another object, remembers of that.
predicted_words <- function(x) {
  predicted <- attr(x, "predicted", exact = TRUE)
  if (is_text(predicted) && length(predicted) == 1) predicted
}

stage_problem <- function(place) {
  if (is.null(place$path)) {
    "Can't summarise the stages."
  } else if (is.null(place$line)) {
    paste0("Can't use ", place$path, ".")
  } else {
    paste0("Can't use sample ", place$line, " of ", place$path, ".")
  }
}

# A function of 1, 2, ..., for the core: the columns of one stage after the
# other, and NULL behind the last.
stage_reader <- function(x, request, call) {
  signals <- request$core_signals
  unknown <- setdiff(signals, "loss")
  if (length(unknown) > 0) {
    abort_datamap(
      c(
        "Can't find the signal {.field {unknown[[1]]}} in the stages.",
        "i" = "The only one that they have is {.field loss}."
      ),
      class = "input", key = unknown[[1]], call = call
    )
  }
  next_stage <- x$open()
  function(i) {
    if (i > length(x$at)) {
      return(NULL)
    }
    columns <- stage_columns(x, next_stage(i), i)
    c(
      columns,
      list(
        is_epoch = FALSE,
        # the core derives the loss
        signals = rep(list(rep(NA_real_, length(x$id))), length(signals)),
        order = attr(columns, "rows"), n_rows = length(x$id)
      )
    )
  }
}

# The columns of a stage, of all samples, and as attribute the rows that it has.
stage_columns <- function(x, stage, i) {
  labels <- x$labels
  n <- length(x$id)
  columns <- list(
    id = x$id, label = labels$label, step = rep(as.double(x$at[[i]]), n)
  )
  if (is.null(stage$probs)) {
    columns$correct <- stage$correct
    columns$label_probs <- stage$label_probs
  } else {
    probs <- stage$probs
    if (is.unsorted(labels$order)) {
      probs <- probs[, labels$order, drop = FALSE]
    }
    columns$probs <- probs
    columns$label_index <- labels$label_index
    if (!is.null(labels$names)) {
      columns$pred_label <- labels$names[first_maximum(probs)]
    }
  }
  structure(columns, rows = as.integer(stage$rows %||% seq_len(n)))
}

# The same as lines, for readers of lines: each stage a source, made when its
# turn comes.
stage_lines <- function(x, paths, call) {
  next_stage <- x$open()
  cells <- cbind(seq_along(x$id), x$labels$place)
  inputs <- lapply(seq_along(x$at), function(i) {
    columns <- NULL
    row <- 0
    line_reader(function() {
      if (is.null(columns)) {
        stage <- next_stage(i)
        columns <<- stage_columns(x, stage, i)
        # a table of lines has what these give
        columns$loss <<- -log(stage$label_probs %||% stage$probs[cells])
      }
      rows <- attr(columns, "rows")
      n <- min(rows_at_once, length(rows) - row)
      if (n == 0) {
        columns <<- NULL # not asked for again
        return(raw())
      }
      lines <- record_fields(columns_at(columns, rows[row + seq_len(n)]))
      row <<- row + n
      record_lines(lines, n, call)
    })
  })
  list(inputs = inputs, paths = paths)
}

# Those columns that there are, of some rows.
columns_at <- function(columns, rows) {
  lapply(columns[lengths(columns) > 0], at_rows, rows)
}
