# Stages of models, each against one prediction for each stage.

# Two species that overlap, and all three.
flowers <- function() {
  data <- iris[seq(2, 150, by = 2), ]
  row.names(data) <- NULL
  data$is_wide <- as.integer(data$Sepal.Width > 3)
  data
}

probs_of <- function(stages) {
  next_stage <- stages$open()
  lapply(seq_along(stages$at), function(i) next_stage(i))
}

# `predicted` gives the probabilities at a stage, a matrix, or of two classes
# those of the second one.
expect_stages <- function(stages, predicted) {
  found <- probs_of(stages)
  largest <- vapply(seq_along(found), function(i) {
    p <- predicted(stages$at[[i]])
    if (is.null(dim(p))) {
      p <- cbind(1 - p, p)
    }
    max(abs(found[[i]]$probs - p))
  }, 1)
  expect_lt(max(largest), 1e-12)
}

# Rows in another order, with their ids.
expect_same_turned <- function(make, data) {
  at <- rev(seq_len(nrow(data)))
  map <- datamap_summarise(make(data, seq_len(nrow(data))))
  expect_identical(
    lapply(datamap_summarise(make(data[at, ], at)), identity),
    lapply(map, identity)
  )
  expect_identical(attr(map, "predicted"), "in-sample")
}

# Out of bag only the rows of the training, in their order, will do.
expect_wrong_rows <- function(fit, data) {
  turned <- datamap_stages(fit, data = data[rev(seq_len(nrow(data))), ])
  error <- expect_error(
    datamap_summarise(turned), class = "datamap_error_input"
  )
  expect_identical(error$key, "data")
  expect_error(
    datamap_stages(fit, data = data[-1, ]), class = "datamap_error_input"
  )
}

expect_in_bag <- function(without, fit, data) {
  expect_warning(
    datamap_stages(without, data = data), class = "datamap_warning_in_bag"
  )
  expect_silent(datamap_stages(without, data = data, out_of_bag = FALSE))
  error <- expect_error(
    datamap_stages(without, data = data, out_of_bag = TRUE),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "out_of_bag")
  expect_error(
    datamap_stages(fit, data = data, out_of_bag = 1),
    class = "datamap_error_input"
  )
}

test_that("gbm: stages are its predictions, and sums over single trees", {
  skip_if_not_installed("gbm")
  data <- flowers()
  set.seed(1)
  fit_one <- function(formula, distribution) {
    suppressWarnings(gbm::gbm(
      formula, distribution, data, n.trees = 25, n.minobsinnode = 3
    ))
  }
  one <- is_wide ~ Sepal.Length + Petal.Length + Petal.Width
  for (distribution in c("bernoulli", "adaboost")) {
    fit <- fit_one(one, distribution)
    stages <- datamap_stages(fit, data = data)
    expect_identical(stages$at[c(1, 20)], c(1L, 25L))
    expect_stages(stages, function(at) {
      stats::predict(fit, data, at, type = "response")
    })
  }
  fit <- fit_one(one, "bernoulli")
  by_tree <- stats::predict(fit, data, 1:25, single.tree = TRUE)
  expect_stages(datamap_stages(fit, data = data), function(at) {
    stats::plogis(fit$initF + rowSums(by_tree[, seq_len(at), drop = FALSE]))
  })
  expect_same_turned(function(data, id) {
    datamap_stages(fit, data = data, id = id)
  }, data)
  fit <- fit_one(Species ~ Sepal.Length + Petal.Length, "multinomial")
  expect_stages(datamap_stages(fit, data = data), function(at) {
    stats::predict(fit, data, at, type = "response")[, , 1]
  })
  error <- expect_error(
    datamap_stages(fit_one(one, "gaussian"), data = data),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
})

test_that("ranger: the last stage is what it says out of bag", {
  skip_if_not_installed("ranger")
  data <- flowers()
  fit_one <- function(...) {
    ranger::ranger(
      Species ~ ., data, num.trees = 40, num.threads = 1, seed = 1, ...
    )
  }
  fit <- fit_one(probability = TRUE, keep.inbag = TRUE)
  stages <- datamap_stages(fit, data = data)
  expect_identical(stages$predicted, "out-of-bag")
  expect_equal(
    probs_of(stages)[[20]]$probs, unname(fit$predictions), tolerance = 1e-12
  )
  map <- datamap_summarise(stages)
  expect_identical(attr(map, "predicted"), "out-of-bag")
  # a tree has some samples in its bag
  expect_lt(min(map$evaluations), 20)
  expect_stages(
    datamap_stages(fit, data = data, out_of_bag = FALSE),
    function(at) {
      stats::predict(fit, data, num.trees = at, num.threads = 1)$predictions
    }
  )
  expect_same_turned(function(data, id) {
    datamap_stages(fit, data = data, id = id, out_of_bag = FALSE)
  }, data)
  # whatever class is met first, and with a level that no sample has
  turned <- data[75:1, ]
  turned$Species <- factor(turned$Species, c("none", levels(turned$Species)))
  fit <- suppressWarnings(ranger::ranger(
    Species ~ ., turned,
    num.trees = 5, num.threads = 1, seed = 1, probability = TRUE,
    keep.inbag = TRUE
  ))
  said <- datamap_probs(
    datamap_stages(fit, data = turned, out_of_bag = FALSE), "last"
  )
  expect_identical(ncol(said), 4L)
  own <- stats::predict(fit, turned, num.threads = 1)$predictions
  said <- said[row.names(turned), colnames(own)]
  expect_equal(unname(said), unname(own), tolerance = 1e-12)
  expect_silent(datamap_probs(datamap_stages(fit, data = turned)))
  # of votes the winners are kept
  fit <- fit_one(keep.inbag = TRUE)
  last <- probs_of(datamap_stages(fit, data = data))[[20]]$probs
  winner <- last[cbind(seq_len(75), as.integer(fit$predictions))]
  expect_identical(winner, apply(last, 1, max))
  expect_wrong_rows(fit, data)
  expect_in_bag(fit_one(), fit, data)
  error <- expect_error(
    datamap_stages(fit_one(write.forest = FALSE), data = data),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
  survey <- ranger::ranger(
    Sepal.Width ~ Sepal.Length, data, num.trees = 2, num.threads = 1
  )
  expect_error(
    datamap_stages(survey, data = data, label = "Species"),
    class = "datamap_error_input"
  )
})

test_that("randomForest: the last stage is its votes out of bag", {
  skip_if_not_installed("randomForest")
  data <- flowers()
  fit_one <- function(...) {
    set.seed(1)
    randomForest::randomForest(Species ~ ., data, ntree = 40, ...)
  }
  fit <- fit_one(keep.inbag = TRUE)
  stages <- datamap_stages(fit, data = data)
  last <- probs_of(stages)[[20]]$probs
  expect_lt(max(abs(last - fit$votes)), 1e-12)
  votes <- stats::predict(fit, data, predict.all = TRUE)$individual
  expect_stages(
    datamap_stages(fit, data = data, out_of_bag = FALSE),
    function(at) {
      vapply(fit$classes, function(class) {
        rowMeans(votes[, seq_len(at), drop = FALSE] == class)
      }, double(75))
    }
  )
  all_trees <- datamap_stages(fit, data = data, out_of_bag = FALSE, at = 40)
  expect_stages(all_trees, function(at) {
    stats::predict(fit, data, type = "prob")
  })
  expect_same_turned(function(data, id) {
    datamap_stages(fit, data = data, id = id, out_of_bag = FALSE)
  }, data)
  expect_wrong_rows(fit, data)
  expect_in_bag(fit_one(), fit, data)
  expect_error(
    datamap_stages(fit_one(keep.forest = FALSE), data = data),
    class = "datamap_error_input"
  )
  set.seed(1)
  numbers <- randomForest::randomForest(
    Sepal.Width ~ Sepal.Length, data, ntree = 2
  )
  expect_error(
    datamap_stages(numbers, data = data, label = "Species"),
    class = "datamap_error_input"
  )
})

test_that("glmnet: stages are those of the coefficients by hand", {
  skip_if_not_installed("glmnet")
  data <- flowers()
  x <- as.matrix(data[1:4])
  fit <- glmnet::glmnet(x, data$Species, family = "multinomial")
  stages <- datamap_stages(fit, data = x, label = data$Species)
  expect_stages(stages, function(at) {
    scores <- vapply(fit$classnames, function(class) {
      fit$a0[class, at] + as.vector(x %*% as.matrix(fit$beta[[class]])[, at])
    }, double(75))
    exp(scores) / rowSums(exp(scores))
  })
  expect_same_turned(function(data, id) {
    x <- as.matrix(data[1:4])
    datamap_stages(fit, data = x, label = data$Species, id = id)
  }, data)
  fit <- glmnet::glmnet(x, data$is_wide, family = "binomial")
  stages <- datamap_stages(fit, data = data[1:4], label = data$is_wide)
  expect_stages(stages, function(at) {
    stats::plogis(fit$a0[[at]] + as.vector(x %*% as.matrix(fit$beta)[, at]))
  })
  set.seed(1)
  path <- glmnet::cv.glmnet(
    x, data$is_wide, family = "binomial", nfolds = 3, nlambda = 10
  )
  expect_identical(
    datamap_stages(path, data = x, label = data$is_wide)$of,
    length(path$glmnet.fit$lambda)
  )
})

test_that("nnet: a list of warm starts", {
  skip_if_not_installed("nnet")
  data <- flowers()
  set.seed(1)
  fits <- list()
  for (i in 1:4) {
    more <- if (i > 1) list(Wts = fits[[i - 1]]$wts)
    fits[[i]] <- do.call(nnet::nnet, c(
      list(Species ~ Sepal.Length + Petal.Width, data, size = 2, maxit = 5),
      trace = FALSE, more
    ))
  }
  stages <- datamap_stages(fits, data = data)
  expect_identical(stages$at, 1:4)
  expect_stages(stages, function(at) stats::predict(fits[[at]], data))
  expect_same_turned(function(data, id) {
    datamap_stages(fits, data = data, id = id)
  }, data)
  expect_error(
    datamap_stages(fits[[1]], data = data), class = "datamap_error_input"
  )
  two <- nnet::multinom(is_wide ~ Petal.Width, data, trace = FALSE)
  stages <- datamap_stages(list(two), data = data)
  expect_stages(stages, function(at) {
    as.vector(stats::predict(two, data, "probs"))
  })
})

test_that("labels, ids and data are asked for in words", {
  skip_if_not_installed("nnet")
  data <- flowers()
  fit <- nnet::multinom(Species ~ Petal.Width, data, trace = FALSE)
  of <- function(...) datamap_stages(list(fit), ...)
  expect_input <- function(object, key) {
    error <- expect_error(object, class = "datamap_error_input")
    expect_identical(error$key, key)
  }
  expect_input(of(), "data")
  expect_input(of(data = 1:3), "data")
  expect_input(of(data = data["Petal.Width"]), "label")
  expect_input(of(data = data, label = "Specis"), "Specis")
  expect_input(of(data = data, id = "Specis"), "Specis")
  expect_input(of(data = data, id = "Species"), "id")
  data$name <- sprintf("flower %d", 1:75)
  expect_identical(of(data = data, id = "name")$id, data$name)
  row.names(data) <- data$name
  expect_identical(of(data = data)$id, data$name)
  matrix <- as.matrix(data["Petal.Width"])
  expect_identical(data_ids(unname(matrix)), 1:75)
})

test_that("a package that is not there is named", {
  error <- expect_error(
    check_engine("no.such.package", NULL),
    class = "datamap_error_input"
  )
  expect_identical(error$package, "no.such.package")
})

# Of an xgboost model of either interface, after the rounds up to `at`.
xgboost_says <- function(fit, x, at, k) {
  is_old <- utils::packageVersion("xgboost") < "2"
  p <- stats::predict(
    fit, xgboost::xgb.DMatrix(x, nthread = 1),
    iterationrange = c(1, at + is_old)
  )
  if (k == 2) as.vector(p) else matrix(p, ncol = k, byrow = is_old)
}

test_that("xgboost: after so many rounds, whatever early stopping chose", {
  skip_if_not_installed("xgboost")
  data <- flowers()
  x <- as.matrix(data[c("Sepal.Length", "Petal.Length", "Petal.Width")])
  fit_one <- function(label, objective, ..., rounds = 25) {
    xgboost::xgb.train(
      list(objective = objective, nthread = 1, max_depth = 3),
      xgboost::xgb.DMatrix(x, label = label, nthread = 1),
      nrounds = rounds, verbose = 0, ...
    )
  }
  expect_rounds <- function(fit, label, k = 2, ...) {
    stages <- datamap_stages(fit, data = x, label = label, ...)
    expect_stages(stages, function(at) xgboost_says(fit, x, at, k))
    stages
  }
  wide <- data$is_wide
  fit <- fit_one(wide, "binary:logistic")
  expect_equal(expect_rounds(fit, wide)$of, 25)
  expect_same_turned(function(data, id) {
    datamap_stages(fit, data = x[id, ], label = data$is_wide, id = id)
  }, data)
  own <- xgboost::xgb.DMatrix(x, label = wide, nthread = 1)
  watched <- if (utils::packageVersion("xgboost") < "2") {
    list(watchlist = list(train = own))
  } else {
    list(evals = list(train = own))
  }
  fit <- do.call(fit_one, c(
    list(wide, "binary:logistic", rounds = 60, early_stopping_rounds = 3),
    watched
  ))
  expect_rounds(fit, wide)
  expect_rounds(fit_one(wide, "binary:logistic", booster = "dart"), wide)
  species <- as.integer(data$Species) - 1L
  fit <- fit_one(species, "multi:softprob", num_class = 3)
  expect_rounds(fit, species, 3)
  expect_identical(
    datamap_summarise(expect_rounds(
      fit, data$Species, 3,
      classes = levels(data$Species)
    ))$label,
    data$Species
  )
  # their order is that of the levels
  expect_message(
    expect_rounds(fit, data$Species, 3),
    class = "datamap_message_level_order"
  )
  for (other in list(
    fit_one(wide, "binary:logistic", booster = "gblinear", rounds = 2),
    fit_one(wide, "reg:squarederror", rounds = 2)
  )) {
    error <- expect_error(
      datamap_stages(other, data = x, label = wide),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "x")
  }
})

test_that("lightgbm: after so many rounds", {
  skip_if_not_installed("lightgbm")
  data <- flowers()
  x <- as.matrix(data[c("Sepal.Length", "Petal.Length", "Petal.Width")])
  fit_one <- function(label, ...) {
    lightgbm::lgb.train(
      list(
        num_threads = 1, min_data_in_leaf = 5, verbosity = -1, seed = 1, ...
      ),
      lightgbm::lgb.Dataset(x, label = label, params = list(verbosity = -1)),
      nrounds = 25
    )
  }
  expect_rounds <- function(fit, label) {
    expect_stages(
      datamap_stages(fit, data = x, label = label),
      function(at) stats::predict(fit, x, num_iteration = at)
    )
  }
  fit <- fit_one(data$is_wide, objective = "binary")
  expect_rounds(fit, data$is_wide)
  expect_same_turned(function(data, id) {
    datamap_stages(fit, data = x[id, ], label = data$is_wide, id = id)
  }, data)
  species <- as.integer(data$Species) - 1L
  fit <- fit_one(species, objective = "multiclass", num_class = 3)
  expect_rounds(fit, species)
})

test_that("mlr3: those of the learner's model", {
  skip_if_not_installed("mlr3learners")
  skip_if_not_installed("ranger")
  skip_if_not_installed("glmnet")
  data <- flowers()
  two <- data[data$Species != "setosa", ]
  two$Species <- droplevels(two$Species)
  learn <- function(name, data, ...) {
    task <- mlr3::as_task_classif(
      data[c("Species", "Petal.Width", "Sepal.Width")],
      target = "Species"
    )
    learner <- mlr3::lrn(name, predict_type = "prob", ...)
    learner$train(task)
    list(learner = learner, prob = learner$predict(task)$prob)
  }
  # the last stage against what the learner predicts
  expect_last <- function(learned, data, ...) {
    stages <- datamap_stages(learned$learner, data = data, ...)
    expect_equal(
      unname(datamap_probs(stages, "last")[, colnames(learned$prob)]),
      unname(learned$prob),
      tolerance = 1e-12
    )
  }
  forest <- learn(
    "classif.ranger", data,
    num.trees = 25, num.threads = 1, keep.inbag = TRUE
  )
  expect_last(forest, data, out_of_bag = FALSE)
  stages <- datamap_stages(forest$learner, data = data)
  expect_identical(stages$predicted, "out-of-bag")
  for (some in list(data, two)) {
    # mlr3's learner is for its third version
    if (requireNamespace("xgboost", quietly = TRUE) &&
          utils::packageVersion("xgboost") >= "3") {
      learned <- learn("classif.xgboost", some, nrounds = 5, nthread = 1)
      expect_last(learned, some)
    }
    path <- learn("classif.glmnet", some, nlambda = 5, s = 0.01)
    # which predicts at the penalty that it was given
    path$learner$param_set$values$s <- min(path$learner$model$lambda)
    path$prob <- path$learner$predict_newdata(some)$prob
    expect_last(path, some)
  }
  tree <- learn("classif.rpart", two)$learner
  expect_error(
    datamap_stages(tree, data = two), class = "datamap_error_input"
  )
})

# The last stage of a wrapped model against what the wrapper predicts.
expect_last_stage <- function(stages, prob) {
  expect_equal(
    unname(datamap_probs(stages, "last")), unname(as.matrix(prob)),
    tolerance = 1e-12
  )
}

test_that("parsnip: those of the engine's model", {
  skip_if_not_installed("parsnip")
  skip_if_not_installed("ranger")
  skip_if_not_installed("glmnet")
  data <- flowers()
  formula <- Species ~ Petal.Width + Sepal.Width
  spec <- parsnip::set_engine(
    parsnip::rand_forest("classification", trees = 25), "ranger",
    keep.inbag = TRUE, seed = 1
  )
  fit <- parsnip::fit(spec, formula, data)
  stages <- datamap_stages(fit, data = data, at = c(5, 25))
  expect_identical(stages$predicted, "out-of-bag")
  expect_equal(
    probs_of(stages)[[2]]$probs, unname(fit$fit$predictions),
    tolerance = 1e-12
  )
  # without a formula nobody knows what the response was called
  fit <- parsnip::fit_xy(spec, data[c("Petal.Width", "Sepal.Width")],
                         data$Species)
  error <- expect_error(
    datamap_stages(fit, data = data), class = "datamap_error_input"
  )
  expect_identical(error$key, "label")
  stages <- datamap_stages(fit, data = data, label = "Species",
                           out_of_bag = FALSE)
  expect_last_stage(stages, stats::predict(fit, data, type = "prob"))
  two <- data[data$Species != "setosa", ]
  two$Species <- droplevels(two$Species)
  two$size <- factor(c("small", "large")[1 + (two$Petal.Length > 5)])
  for (some in list(data, two)) {
    spec <- if (nlevels(some$Species) == 2) {
      parsnip::logistic_reg(engine = "glmnet", penalty = 0.01)
    } else {
      parsnip::multinom_reg(engine = "glmnet", penalty = 0.01)
    }
    # a factor, which the engine is given as a number
    if (!is.null(some$size)) formula <- Species ~ size + Sepal.Width
    fit <- parsnip::fit(spec, formula, some)
    expect_last_stage(
      datamap_stages(fit, data = some),
      stats::predict(fit, some, "prob", penalty = min(fit$fit$lambda))
    )
  }
  other <- parsnip::fit(parsnip::logistic_reg(), formula, two)
  expect_error(
    datamap_stages(other, data = two), class = "datamap_error_input"
  )
})

test_that("parsnip: those of boosting, whichever number is the event", {
  skip_if_not_installed("parsnip")
  # its contrasts, of factors for boosting, are only found where it is attached
  if (!"package:parsnip" %in% search()) {
    attachNamespace("parsnip")
    on.exit(detach("package:parsnip"))
  }
  data <- flowers()
  data$size <- factor(c("small", "large")[1 + (data$Petal.Length > 4)])
  two <- data[data$Species != "setosa", ]
  two$Species <- droplevels(two$Species)
  # which class is the first is up to the engine
  expect_boosted <- function(some, engine, ...) {
    spec <- parsnip::set_engine(
      parsnip::boost_tree("classification", trees = 20, min_n = 5), engine, ...
    )
    fit <- parsnip::fit(spec, Species ~ size + Sepal.Width, some)
    last <- datamap_probs(datamap_stages(fit, data = some), "last")
    prob <- stats::predict(fit, some, type = "prob")
    expect_setequal(paste0(".pred_", colnames(last)), names(prob))
    expect_equal(
      unname(last), unname(as.matrix(prob[paste0(".pred_", colnames(last))])),
      tolerance = 1e-12
    )
  }
  if (requireNamespace("xgboost", quietly = TRUE)) {
    expect_boosted(data, "xgboost", nthread = 1)
    expect_boosted(two, "xgboost", nthread = 1)
    expect_boosted(two, "xgboost", nthread = 1, event_level = "second")
  }
  skip_if_not_installed("lightgbm")
  skip_if_not_installed("bonsai")
  # which makes the engine known
  loadNamespace("bonsai")
  expect_boosted(data, "lightgbm", num_threads = 1, seed = 1)
  expect_boosted(two, "lightgbm", num_threads = 1, seed = 1)
})

test_that("workflows: those of the engine's model, on what it was given", {
  skip_if_not_installed("workflows")
  skip_if_not_installed("recipes")
  skip_if_not_installed("ranger")
  data <- flowers()
  spec <- parsnip::set_engine(
    parsnip::rand_forest("classification", trees = 25), "ranger",
    keep.inbag = TRUE, seed = 1
  )
  formula <- Species ~ Petal.Width + Sepal.Width
  fit <- parsnip::fit(workflows::workflow(formula, spec), data)
  stages <- datamap_stages(fit, data = data)
  own <- workflows::extract_fit_engine(fit)
  expect_equal(
    probs_of(stages)[[20]]$probs, unname(own$predictions), tolerance = 1e-12
  )
  # a recipe has changed what the trees saw
  recipe <- recipes::step_pca(
    recipes::recipe(Species ~ ., data[1:5]), recipes::all_predictors(),
    num_comp = 2
  )
  fit <- parsnip::fit(workflows::workflow(recipe, spec), data)
  stages <- datamap_stages(fit, data = data, out_of_bag = FALSE)
  expect_last_stage(stages, stats::predict(fit, data, type = "prob"))
  expect_identical(datamap_summarise(stages)$label, data$Species)
})

test_that("parsnip and mlr3 number the classes of boosting", {
  of <- function(engine, ..., lvl = c("a", "b")) {
    parsnip_classes(list(
      fit = structure(list(), class = engine), lvl = lvl,
      spec = list(eng_args = list(...))
    ))
  }
  expect_identical(of("xgb.Booster"), c("b", "a"))
  second <- rlang::quo("second")
  expect_identical(of("xgb.Booster", event_level = second), c("a", "b"))
  expect_identical(of("lgb.Booster"), c("a", "b"))
  expect_identical(of("xgb.Booster", lvl = letters[1:3]), letters[1:3])
  own <- function(engine, names) {
    mlr3_classes(structure(list(), class = engine), names)
  }
  expect_identical(own("xgb.Booster", letters[1:3]), letters[3:1])
  expect_identical(own("lgb.Booster", letters[1:3]), letters[1:3])
  expect_identical(own("lgb.Booster", letters[1:2]), letters[2:1])
  expect_identical(
    zero_based(data.frame(x = factor(c("u", "v")), y = 3:4)),
    data.frame(x = 0:1, y = 3:4)
  )
})

test_that("a learner that was not trained is told", {
  learner <- structure(list(state = NULL), class = "Learner")
  error <- expect_error(
    datamap_stages(learner, data = iris), class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
})

test_that("a boosting of another objective is told which to fit", {
  # whether or not there are the packages: both engines ask this
  known <- c("binary:logistic", "multi:softprob")
  expect_null(check_objective("multi:softprob", known))
  for (objective in list("reg:squarederror", NULL)) {
    error <- expect_error(
      check_objective(objective, known), class = "datamap_error_input"
    )
    expect_identical(error$key, "x")
    expect_match(
      conditionMessage(error), "binary:logistic. or .multi:softprob"
    )
  }
})

test_that("boosters without rounds of their own are refused", {
  error <- expect_error(
    check_booster("gblinear"), class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "gbtree", fixed = TRUE)
  expect_no_error(check_booster("dart"))
  expect_no_error(check_booster(NULL))
})
