# Stages of fitted models: each kind of model gives class probabilities after
# some of its rounds, trees or penalties, computed from those of the stage
# before where that spares work.

# What all methods do: labels and ids by `data`, and which of `n` stages.
# `stage` is a function that returns, for each reading, a new function(from, to)
# of the stage up to `to`, called in ascending order with `from` the one before.
# `about` is that of new_stages(), whose `of` is `n`; a model that says nothing
# of `predicted` has seen its samples. Where `classes` may be NULL, its `width`
# is how many there are.
model_stages <- function(stage,
                         n,
                         classes,
                         rows,
                         at,
                         about,
                         call = rlang::caller_env()) {
  at <- stages_at(at, n, 20, call)
  open <- function() {
    up_to <- stage()
    function(i) up_to(if (i > 1) at[[i - 1]] else 0L, at[[i]])
  }
  about$of <- n
  about$predicted <- about$predicted %||% "in-sample"
  new_stages(
    open, rows, at,
    classes = classes, width = about$width %||% length(classes),
    about = about, call = call
  )
}

# Labels and ids of the rows of `data`; `response` is the name that the model
# has for the label.
model_rows <- function(data, label, id, response, call) {
  force_argument(data, "data", call)
  if (length(dim(data)) != 2) {
    abort_argument(
      data, "the data that the model was fitted to, a data frame or matrix",
      "data", call
    )
  }
  n <- nrow(data)
  if (is.null(label)) {
    label <- intersect(response, colnames(data))
    if (length(label) == 0) {
      abort_datamap(
        c(
          "{.arg label} must be given.",
          "x" = "{.arg data} has no column with the response of the model.",
          "i" = "Give the labels that the model was fitted to, one per row."
        ),
        class = "input", key = "label", call = call
      )
    }
  }
  label <- data_column(label, data, "label", call)
  check_labels(label, n, call = call)
  list(
    label = label,
    id = if (is.null(id)) {
      data_ids(data)
    } else {
      data_column(id, data, "id", call)
    }
  )
}

# A column by its name, or the values themselves.
data_column <- function(x, data, arg, call) {
  is_name <- rlang::is_string(x) && (nrow(data) != 1 || x %in% colnames(data))
  if (!is_name) {
    return(x)
  }
  check_column_choice(x, column_frame(data), of = "{.arg data}", arg = arg,
                      call = call)
  if (is.data.frame(data)) data[[x]] else as.vector(data[, x])
}

# The names of the columns, for check_column_choice().
column_frame <- function(data) {
  stats::setNames(vector("list", ncol(data)), colnames(data))
}

# As engines want it that know no data frames.
plain_matrix <- function(data) {
  if (is.data.frame(data)) data.matrix(data) else data
}

data_ids <- function(data) {
  is_named <- !is.data.frame(data) || .row_names_info(data) > 0
  own_ids(if (is_named) rownames(data), nrow(data))
}

check_engine <- function(package, call = rlang::caller_env()) {
  if (!has_package(package)) {
    abort_datamap(
      c(
        "The package {.pkg {package}} is needed for the stages of this model.",
        "i" = "Install it first."
      ),
      class = "input", key = "x", package = package, call = call
    )
  }
}

# `problem` says which models of a kind have no class probabilities by stages.
abort_model <- function(problem, hint, call) {
  abort_datamap(
    c(
      "{.arg x} must be a model with a probability for each class.",
      "x" = cli_verbatim(problem), "i" = hint
    ),
    class = "input", key = "x", call = call
  )
}

# Class vectors of two classes from the probabilities of the second one, and
# from scores.
two_classes <- function(p) unname(cbind(1 - p, p))

softmax_of <- function(scores) {
  odds <- exp(scores - apply(scores, 1, max))
  unname(odds / rowSums(odds))
}

# Boosting ---------------------------------------------------------------

#' @rdname datamap_stages
#' @export
datamap_stages.gbm <- function(x,
                               ...,
                               data,
                               label = NULL,
                               id = NULL,
                               at = NULL) {
  check_dots()
  call <- rlang::current_env()
  check_engine("gbm", call)
  kind <- x$distribution$name %||% x$distribution
  if (!kind %in% c("bernoulli", "adaboost", "multinomial")) {
    abort_model(
      paste0("Its distribution is \"", kind, "\"."),
      "Of two classes fit {.val bernoulli}, of more {.val multinomial}.", call
    )
  }
  rows <- model_rows(data, label, id, x$response.name, call)
  width <- if (kind == "multinomial") x$num.classes else 1L
  stage <- function() {
    scores <- x$initF
    function(from, to) {
      # the trees since the stage before, as a model of their own
      part <- x
      part$trees <- x$trees[seq(from * width + 1, to * width)]
      part$n.trees <- to - from
      part$initF <- 0
      scores <<- scores + stats::predict(part, data, to - from, type = "link")
      list(probs = switch(kind,
        bernoulli = two_classes(stats::plogis(scores)),
        adaboost = two_classes(stats::plogis(2 * scores)),
        multinomial = softmax_of(matrix(scores, ncol = width))
      ))
    }
  }
  model_stages(
    stage, x$n.trees, if (width > 1) x$classes else c("0", "1"), rows, at,
    list(what = "a gbm", unit = "tree"),
    call = call
  )
}

#' @rdname datamap_stages
#' @export
datamap_stages.xgb.Booster <- function(x,
                                       ...,
                                       data,
                                       label = NULL,
                                       id = NULL,
                                       at = NULL,
                                       classes = NULL) {
  check_dots()
  call <- rlang::current_env()
  check_engine("xgboost", call)
  is_old <- utils::packageVersion("xgboost") < "2"
  params <- if (is_old) x$params else attr(x, "params")
  check_objective(
    params$objective, c("binary:logistic", "multi:softprob"), call
  )
  check_booster(params$booster, call)
  rows <- model_rows(data, label, id, NULL, call)
  width <- if (params$objective == "binary:logistic") 1L else params$num_class
  n <- if (is_old) x$niter else xgboost::xgb.get.num.boosted.rounds(x)
  class(x) <- "xgb.Booster"
  data <- plain_matrix(data)
  stage <- function() {
    # on top of the scores so far, as the model itself goes on; a matrix of its
    # own, since setting them changes it
    own <- xgboost::xgb.DMatrix(data, nthread = 1)
    function(from, to) {
      range <- c(from + 1, to + is_old) # old versions: before the second number
      of <- function(...) {
        stats::predict(x, own, iterationrange = range, ...)
      }
      p <- of()
      xgboost::setinfo(own, "base_margin", of(outputmargin = TRUE))
      list(probs = if (width == 1) {
        two_classes(as.vector(p))
      } else if (is_old) {
        matrix(p, ncol = width, byrow = TRUE)
      } else {
        unname(p)
      })
    }
  }
  k <- max(width, 2)
  model_stages(
    stage, n, stage_classes(classes, NULL, k, call), rows, at,
    list(what = "an xgboost model", unit = "round", width = k), call
  )
}

# NULL where nothing is said: trees.
check_booster <- function(x, call = rlang::caller_env()) {
  if (identical(x, "gblinear")) {
    abort_model(
      "Its booster is \"gblinear\", whose rounds can't be told apart.",
      "Fit it with {.val gbtree} or {.val dart}.", call
    )
  }
}

check_objective <- function(objective, known, call = rlang::caller_env()) {
  if (!isTRUE(objective %in% known)) {
    known <- paste0("{.val ", known, "}", collapse = " or ")
    abort_model(
      paste0("Its objective is \"", toString(objective), "\"."),
      paste0("Fit it with ", known, "."), call
    )
  }
}

#' @rdname datamap_stages
#' @export
datamap_stages.lgb.Booster <- function(x,
                                       ...,
                                       data,
                                       label = NULL,
                                       id = NULL,
                                       at = NULL,
                                       classes = NULL) {
  check_dots()
  call <- rlang::current_env()
  check_engine("lightgbm", call)
  objective <- x$params$objective
  check_objective(objective, c("binary", "multiclass"), call)
  rows <- model_rows(data, label, id, NULL, call)
  width <- if (objective == "binary") 1L else x$params$num_class
  slope <- x$params$sigmoid %||% 1
  data <- plain_matrix(data)
  stage <- function() {
    scores <- 0
    function(from, to) {
      scores <<- scores + stats::predict(
        x, data, type = "raw", start_iteration = from,
        num_iteration = to - from
      )
      list(probs = if (width == 1) {
        two_classes(stats::plogis(slope * as.vector(scores)))
      } else {
        softmax_of(scores)
      })
    }
  }
  k <- max(width, 2)
  model_stages(
    stage, x$current_iter(), stage_classes(classes, NULL, k, call), rows, at,
    list(what = "a lightgbm model", unit = "round", width = k), call
  )
}

# Forests ----------------------------------------------------------------

#' @rdname datamap_stages
#' @export
datamap_stages.ranger <- function(x,
                                  ...,
                                  data,
                                  label = NULL,
                                  id = NULL,
                                  at = NULL,
                                  out_of_bag = NULL) {
  check_dots()
  call <- rlang::current_env()
  check_engine("ranger", call)
  has_probs <- identical(x$treetype, "Probability estimation")
  if (!has_probs && !identical(x$treetype, "Classification")) {
    abort_model(
      paste0("Its trees are of the type \"", x$treetype, "\"."),
      "Fit it to a factor.", call
    )
  }
  check_kept(x$forest, "write.forest = TRUE", call)
  classes <- x$forest$levels
  rows <- model_rows(data, label, id, response_of(x$call), call)
  votes_of <- function(trees) {
    part <- x
    of_trees <- intersect(
      c(
        "child.nodeIDs", "split.varIDs", "split.values",
        "terminal.class.counts"
      ),
      names(x$forest)
    )
    part$forest[of_trees] <- lapply(x$forest[of_trees], `[`, trees)
    part$forest$num.trees <- part$num.trees <- length(trees)
    found <- stats::predict(part, data, predict.all = TRUE)$predictions
    if (!has_probs) {
      found <- matrix(found, ncol = length(trees))
      return(function(k) found[, k])
    }
    names <- dimnames(found)[[2]]
    function(k) all_columns(matrix(found[, , k], nrow(data)), names, classes)
  }
  own <- if (is.matrix(x$predictions)) {
    all_columns(x$predictions, colnames(x$predictions), classes)
  } else if (is.factor(x$predictions)) {
    match(x$predictions, classes)
  }
  forest <- list(
    what = "a ranger forest", n_trees = x$num.trees, classes = classes,
    inbag = x$inbag.counts, own = own, how = "keep.inbag = TRUE"
  )
  forest_stages(votes_of, forest, rows, at, out_of_bag, call)
}

#' @rdname datamap_stages
#' @export
datamap_stages.randomForest <- function(x,
                                        ...,
                                        data,
                                        label = NULL,
                                        id = NULL,
                                        at = NULL,
                                        out_of_bag = NULL) {
  check_dots()
  call <- rlang::current_env()
  check_engine("randomForest", call)
  if (!identical(x$type, "classification")) {
    abort_model(
      paste0("It is a forest of the type \"", x$type, "\"."),
      "Fit it to a factor.", call
    )
  }
  check_kept(x$forest, "keep.forest = TRUE", call)
  response <- if (!is.null(x$terms)) all.vars(x$terms)[[1]]
  rows <- model_rows(data, label, id, response, call)
  votes_of <- function(trees) {
    part <- x
    for (name in c("nodestatus", "bestvar", "nodepred", "xbestsplit")) {
      part$forest[[name]] <- x$forest[[name]][, trees, drop = FALSE]
    }
    part$forest$treemap <- x$forest$treemap[, , trees, drop = FALSE]
    part$forest$ndbigtree <- x$forest$ndbigtree[trees]
    part$forest$ntree <- part$ntree <- length(trees)
    found <- stats::predict(part, data, predict.all = TRUE)$individual
    function(k) match(found[, k], x$classes)
  }
  inbag <- x$inbag
  own <- if (!is.null(x$votes)) {
    matrix(x$votes / rowSums(x$votes), ncol = length(x$classes))
  }
  if (!is.null(inbag)) {
    inbag <- lapply(seq_len(ncol(inbag)), function(k) x$inbag[, k])
  }
  forest <- list(
    what = "a random forest", n_trees = x$forest$ntree, classes = x$classes,
    inbag = inbag, own = own, how = "keep.inbag = TRUE"
  )
  forest_stages(votes_of, forest, rows, at, out_of_bag, call)
}

# The columns of all classes, with 0 for those that `x` has none of, as for
# levels without a sample; `names` are those of its columns.
all_columns <- function(x, names, classes) {
  out <- matrix(0, nrow(x), length(classes))
  out[, match(names, classes)] <- x
  out
}

# What the formula, or another argument, of a call says is fitted to.
response_of <- function(call) {
  is_formula <- vapply(as.list(call), function(arg) {
    is.call(arg) && identical(arg[[1]], quote(`~`)) && length(arg) == 3
  }, NA)
  if (any(is_formula)) {
    return(all.vars(call[[which(is_formula)[[1]]]][[2]])[[1]])
  }
  name <- call$dependent.variable.name
  if (rlang::is_string(name)) name
}

check_kept <- function(part, how, call = rlang::caller_env()) {
  if (is.null(part)) {
    abort_datamap(
      c(
        "{.arg x} must have kept its trees.",
        "i" = "Fit it with {.code {how}}."
      ),
      class = "input", key = "x", call = call
    )
  }
}

# `votes_of` gives, for the numbers of some trees, a function of 1, 2, ... with
# the class that each of them gives every sample, or its probabilities.
#
# `forest` is a list of `what` it is, `n_trees`, the names of its `classes`, and
#
# inbag  a list of how often each tree had the samples, NULL where that was not
#        kept
# own    what the model itself says out of bag, see check_same_bag()
# how    the code that a model is fitted with which keeps `inbag`
forest_stages <- function(votes_of, forest, rows, at, out_of_bag, call) {
  inbag <- forest$inbag
  n <- length(rows$label)
  is_out <- choose_bag(out_of_bag, inbag, n, forest$how, call)
  width <- length(forest$classes)
  # as many trees at once as make some 32 MB
  at_once <- max(1, floor(4e6 / (as.double(n) * width)))
  stage <- function() {
    votes <- matrix(0, n, width)
    times <- double(n)
    add <- function(vote, sample) {
      if (is.matrix(vote)) {
        votes[sample, ] <<- votes[sample, ] + vote[sample, ]
      } else {
        cells <- cbind(sample, vote[sample])
        votes[cells] <<- votes[cells] + 1
      }
      times[sample] <<- times[sample] + 1
    }
    function(from, to) {
      for (first in seq(from + 1, to, by = at_once)) {
        trees <- seq(first, min(to, first + at_once - 1))
        vote <- votes_of(trees)
        for (k in seq_along(trees)) {
          is_in <- if (is_out) inbag[[trees[[k]]]] > 0 else logical(n)
          add(vote(k), which(!is_in))
        }
      }
      probs <- votes / times
      has_votes <- which(times > 0)
      if (is_out && to == forest$n_trees) {
        check_same_bag(probs, forest$own, has_votes, call)
      }
      list(probs = probs, rows = has_votes)
    }
  }
  about <- list(
    what = forest$what, unit = "tree",
    predicted = if (is_out) "out-of-bag" else "in-sample"
  )
  model_stages(
    stage, forest$n_trees, forest$classes, rows, at, about,
    call = call
  )
}

# Whether only trees count that had not seen the sample.
choose_bag <- function(out_of_bag, inbag, n, how, call) {
  if (!is.null(out_of_bag)) {
    check_flag(out_of_bag, call = call)
  }
  if (isFALSE(out_of_bag)) {
    return(FALSE)
  }
  if (is.null(inbag)) {
    hint <- "Fit the model with {.code {how}}."
    if (isTRUE(out_of_bag)) {
      abort_datamap(
        c(
          "{.arg out_of_bag} needs to know which trees saw which samples.",
          "i" = hint
        ),
        class = "input", key = "out_of_bag", call = call
      )
    }
    warn_datamap(
      c(
        paste(
          "The trees that saw a sample count, too, and these have learned its",
          "label by heart."
        ),
        "i" = "Which trees did is not known: fit the model with {.code {how}}.",
        "i" = "{.code out_of_bag = FALSE} says that this is meant."
      ),
      class = "in_bag", call = call
    )
    return(FALSE)
  }
  if (length(inbag[[1]]) != n) {
    abort_bag(
      paste(
        "The model was fitted to", format_count(length(inbag[[1]])),
        "samples, and there are", format_count(n), "here."
      ),
      call
    )
  }
  TRUE
}

# All trees together must say what the model says of itself: `own` are its votes
# or, where it breaks ties in its own way, the winners.
check_same_bag <- function(probs, own, rows, call = rlang::caller_env()) {
  probs <- probs[rows, , drop = FALSE]
  is_same <- if (is.matrix(own)) {
    all(abs(probs - own[rows, , drop = FALSE]) < 1e-6)
  } else if (!is.null(own)) {
    all(probs[cbind(seq_along(rows), own[rows])] == apply(probs, 1, max))
  }
  if (isFALSE(is_same)) {
    abort_bag(
      "Its votes out of bag are not those that the model has kept.", call
    )
  }
}

abort_bag <- function(problem, call) {
  abort_datamap(
    c(
      paste(
        "{.arg data} must be the rows that the model was fitted to, in their",
        "order."
      ),
      "x" = cli_verbatim(problem),
      "i" = "For other rows give {.code out_of_bag = FALSE}."
    ),
    class = "input", key = "data", call = call
  )
}

# Penalties and networks -------------------------------------------------

#' @rdname datamap_stages
#' @export
datamap_stages.lognet <- function(x,
                                  ...,
                                  data,
                                  label = NULL,
                                  id = NULL,
                                  at = NULL) {
  check_dots()
  path_stages(x, data, label, id, at, rlang::current_env())
}

#' @rdname datamap_stages
#' @export
datamap_stages.multnet <- datamap_stages.lognet

#' @export
datamap_stages.cv.glmnet <- function(x, ...) {
  datamap_stages(x$glmnet.fit, ...)
}

path_stages <- function(x, data, label, id, at, call) {
  check_engine("glmnet", call)
  rows <- model_rows(data, label, id, NULL, call)
  data <- plain_matrix(data)
  class(x) <- setdiff(class(x), "relaxed")
  stage <- function() {
    function(from, to) {
      p <- stats::predict(x, data, s = x$lambda[[to]], type = "response")
      list(probs = if (length(x$classnames) == 2 && length(dim(p)) == 2) {
        two_classes(p[, 1])
      } else {
        matrix(p, nrow(data))
      })
    }
  }
  model_stages(
    stage, length(x$lambda), x$classnames, rows, at,
    list(what = "a glmnet path", unit = "lambda"),
    call = call
  )
}

#' @export
datamap_stages.nnet <- function(x, ...) {
  abort_datamap(
    c(
      "One network has one stage.",
      "i" = paste(
        "Give a list of networks, each trained some iterations further than",
        "the one before: {.code nnet(..., Wts = fit$wts)}."
      )
    ),
    class = "input", key = "x", call = rlang::current_env()
  )
}

# A list of networks, each the next stage.
network_stages <- function(x, data, label, id, at, classes, call) {
  check_engine("nnet", call)
  first <- x[[1]]
  response <- if (!is.null(first$terms)) all.vars(first$terms)[[1]]
  rows <- model_rows(data, label, id, response, call)
  probs_of <- function(fit) {
    type <- if (inherits(fit, "multinom")) "probs" else "raw"
    p <- stats::predict(fit, data, type = type)
    if (is.null(dim(p)) || ncol(p) == 1) two_classes(as.vector(p)) else p
  }
  found <- first$lev %||% colnames(first$fitted.values)
  k <- max(length(found), NCOL(first$fitted.values), 2)
  stage <- function() {
    function(from, to) list(probs = unname(probs_of(x[[to]])))
  }
  model_stages(
    stage, length(x), stage_classes(classes, found, k, call), rows,
    at %||% seq_along(x),
    list(what = "a list of networks", unit = "network", width = k), call
  )
}

# Models of other packages' wrappers --------------------------------------

#' @rdname datamap_stages
#' @export
datamap_stages.model_fit <- function(x, ..., data, label = NULL, id = NULL) {
  call <- rlang::current_env()
  check_engine("parsnip", call)
  rows <- model_rows(data, label, id, x$preproc$y_var, call)
  predictors <- parsnip::prepare_data(x, data)
  if (inherits(x$fit, "lgb.Booster") && is.data.frame(predictors)) {
    predictors <- zero_based(predictors)
  }
  wrapped_stages(x$fit, predictors, rows, parsnip_classes(x), ...)
}

# The levels in the order of the numbers that boosting was given for them. For
# xgboost the event of two levels is the first, if it is not asked otherwise,
# and the event is number 1; package bonsai, for lightgbm, counts the levels.
parsnip_classes <- function(x) {
  event <- rlang::eval_tidy(x$spec$eng_args$event_level)
  is_turned <- length(x$lvl) == 2 && inherits(x$fit, "xgb.Booster") &&
    !identical(event, "second")
  if (is_turned) rev(x$lvl) else x$lvl
}

# Factors as bonsai gives them to lightgbm.
zero_based <- function(data) {
  is_factor <- vapply(data, is.factor, NA)
  data[is_factor] <- lapply(data[is_factor], function(x) as.integer(x) - 1L)
  data
}

#' @rdname datamap_stages
#' @export
datamap_stages.workflow <- function(x, ..., data, label = NULL, id = NULL) {
  call <- rlang::current_env()
  check_engine("workflows", call)
  mold <- workflows::extract_mold(x)
  rows <- model_rows(data, label, id, names(mold$outcomes), call)
  baked <- hardhat::forge(data, mold$blueprint)$predictors
  datamap_stages(
    workflows::extract_fit_parsnip(x),
    data = baked, label = rows$label, id = rows$id, ...
  )
}

#' @rdname datamap_stages
#' @export
datamap_stages.Learner <- function(x, ..., data, label = NULL, id = NULL) {
  call <- rlang::current_env()
  task <- x$state$train_task
  if (is.null(task)) {
    abort_datamap(
      "{.arg x} must be a learner that has been trained.",
      class = "input", key = "x", call = call
    )
  }
  check_engine("mlr3", call)
  rows <- model_rows(data, label, id, task$target_names, call)
  features <- as.data.frame(data)[task$feature_names]
  wrapped_stages(
    x$model, features, rows, mlr3_classes(x$model, task$class_names), ...
  )
}

# The same for mlr3: the first of two classes is the positive one, of more only
# xgboost counts from the last.
mlr3_classes <- function(model, names) {
  is_counted <- length(names) > 2 && inherits(model, "lgb.Booster")
  if (is_counted) names else rev(names)
}

# The stages of the engine's model; `classes` is the order that boosting by
# numbers was given, which has no names.
wrapped_stages <- function(model, data, rows, classes, ...) {
  if (inherits(model, c("xgb.Booster", "lgb.Booster"))) {
    datamap_stages(
      model,
      data = data, label = rows$label, id = rows$id, classes = classes, ...
    )
  } else {
    datamap_stages(model, data = data, label = rows$label, id = rows$id, ...)
  }
}
