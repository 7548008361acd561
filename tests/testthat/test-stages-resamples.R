# Predictions of resamplings, in the forms that packages give them.

# Three candidates, two repeats of five folds, as caret keeps them.
held_out <- function(n = 30, candidates = 1:3) {
  set.seed(1)
  obs <- factor(sample(c("no", "yes"), n, replace = TRUE))
  rows <- do.call(rbind, lapply(candidates, function(k) {
    do.call(rbind, lapply(1:2, function(rep) {
      data.frame(
        rowIndex = sample(n), mtry = k,
        Resample = sprintf("Fold%d.Rep%d", rep_len(1:5, n), rep)
      )
    }))
  }))
  rows$obs <- obs[rows$rowIndex]
  rows$yes <- stats::runif(nrow(rows))
  rows$no <- 1 - rows$yes
  rows$pred <- factor(ifelse(rows$yes > 0.5, "yes", "no"))
  rows
}

trained <- function(pred) {
  structure(
    list(pred = pred, bestTune = data.frame(mtry = 2)),
    class = c("train", "train.formula")
  )
}

means_by_row <- function(pred) {
  p <- ifelse(pred$obs == "yes", pred$yes, pred$no)
  as.vector(tapply(p, pred$rowIndex, mean))
}

test_that("caret: one evaluation per repeat, of one candidate", {
  pred <- held_out()
  fit <- trained(pred)
  error <- expect_error(datamap_stages(fit), class = "datamap_error_input")
  expect_identical(error$key, "candidate")
  expect_identical(error$columns, "mtry")
  expect_match(conditionMessage(error), "candidate = x$bestTune", fixed = TRUE)
  map <- datamap_summarise(datamap_stages(fit, candidate = fit$bestTune))
  expect_identical(attr(map, "predicted"), "out-of-fold")
  expect_identical(map$id, 1:30)
  expect_identical(unique(map$evaluations), 2L)
  best <- pred[pred$mtry == 2, ]
  expect_equal(map$avg_probs, means_by_row(best))
  # one only, as savePredictions = "final" keeps
  turned <- trained(best[sample(60), ])
  expect_identical(
    lapply(datamap_summarise(datamap_stages(turned)), identity),
    lapply(map, identity)
  )
  named <- datamap_stages(turned, id = sprintf("row %d", 1:30))
  expect_identical(datamap_summarise(named)$id, sprintf("row %d", 1:30))
  for (candidate in list(list(mtry = 9), list(mtry = 1:2), 2)) {
    expect_error(
      datamap_stages(fit, candidate = candidate), class = "datamap_error_input"
    )
  }
  expect_error(
    datamap_stages(turned, id = 1:3), class = "datamap_error_input"
  )
  expect_error(
    datamap_stages(trained(pred[c("obs", "rowIndex")])),
    class = "datamap_error_input"
  )
})

test_that("tune: predictions as they are collected", {
  pred <- held_out(candidates = 2)
  collected <- data.frame(
    .pred_no = pred$no, .pred_yes = pred$yes, id = substring(pred$Resample, 7),
    id2 = substring(pred$Resample, 1, 5), .row = pred$rowIndex,
    .config = "m1", .pred_class = pred$pred, bought = pred$obs,
    trees = 10
  )
  map <- datamap_summarise(datamap_stages(collected))
  expect_equal(map$avg_probs, means_by_row(pred))
  expect_identical(levels(map$label), c("no", "yes"))
  two <- rbind(collected, replace(collected, "trees", 20))
  error <- expect_error(datamap_stages(two), class = "datamap_error_input")
  expect_identical(error$columns, "trees")
  again <- datamap_stages(two, candidate = list(trees = 20, .config = "m1"))
  expect_equal(datamap_summarise(again)$avg_probs, map$avg_probs)
  error <- expect_error(
    datamap_stages(transform(collected, bought = as.character(bought))),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "label")
  expect_error(
    datamap_stages(collected, label = "bougt"), class = "datamap_error_input"
  )
  # bootstraps may end with the model of all samples
  seen <- replace(collected[collected$id2 == "Fold1", ], "id", "Apparent")
  both <- datamap_summarise(datamap_stages(rbind(collected, seen)))
  expect_identical(lapply(both, identity), lapply(map, identity))
  expect_identical(datamap_stages(seen)$predicted, "in-sample")
  error <- expect_error(datamap_stages(iris), class = "datamap_error_input")
  expect_identical(error$instead, "datamap_summarise")
  expect_error(
    datamap_stages(collected[c(".row", ".pred_class", "bought")]), "roc_auc"
  )
})

test_that("tune's own result is such a one", {
  skip_if_not_installed("tune")
  skip_if_not_installed("ranger")
  set.seed(1)
  spec <- parsnip::rand_forest("classification", trees = 20, engine = "ranger")
  resampled <- function(spec, folds, how = tune::fit_resamples, ...) {
    kept <- tune::control_grid(save_pred = TRUE)
    how(spec, Species ~ Petal.Width + Sepal.Width, folds, ..., control = kept)
  }
  folds <- rsample::vfold_cv(iris, 3, repeats = 2)
  result <- resampled(spec, folds)
  map <- datamap_summarise(datamap_stages(result))
  expect_identical(attr(map, "predicted"), "out-of-fold")
  expect_identical(map$id, 1:150)
  expect_identical(map$label, iris$Species)
  expect_identical(unique(map$evaluations), 2L)
  of_label <- function(said) {
    p <- as.matrix(said[paste0(".pred_", levels(iris$Species))])
    p <- p[cbind(seq_len(nrow(p)), as.integer(said$Species))]
    as.vector(tapply(p, said$.row, mean))
  }
  said <- tune::collect_predictions(result)
  expect_equal(map$avg_probs, of_label(said))
  again <- datamap_summarise(datamap_stages(said))
  expect_identical(again$avg_probs, map$avg_probs)
  # several candidates
  result <- resampled(
    parsnip::set_args(spec, min_n = tune::tune()), folds,
    tune::tune_grid, grid = data.frame(min_n = c(2, 40))
  )
  error <- expect_error(datamap_stages(result), class = "datamap_error_input")
  expect_identical(error$columns, "min_n")
  best <- tune::select_best(result, metric = "roc_auc")
  map <- datamap_summarise(datamap_stages(result, candidate = best))
  said <- tune::collect_predictions(result, parameters = best)
  expect_equal(map$avg_probs, of_label(said))
  # some samples are in no bootstrap's test set, but in the apparent one
  folds <- rsample::bootstraps(iris, 2, apparent = TRUE)
  stages <- datamap_stages(resampled(spec, folds))
  expect_lt(length(stages$id), 150)
  expect_identical(stages$of, 2L)
})

test_that("mlr3: the predictions of each fold", {
  pred <- held_out(candidates = 2)
  parts <- lapply(split(pred, pred$Resample), function(part) {
    list(
      row_ids = part$rowIndex, truth = part$obs,
      prob = as.matrix(part[c("yes", "no")])
    )
  })
  rows <- function(i) parts[[i]]$row_ids
  result <- structure(
    list(
      predictions = function() parts,
      resampling = list(
        iters = length(parts), test_set = rows,
        train_set = function(i) setdiff(1:30, rows(i))
      )
    ),
    class = "ResampleResult"
  )
  map <- datamap_summarise(datamap_stages(result))
  expect_equal(map$avg_probs, means_by_row(pred))
  expect_identical(attr(map, "predicted"), "out-of-fold")
  result$resampling$train_set <- rows
  map <- datamap_summarise(datamap_stages(result))
  expect_identical(attr(map, "predicted"), "in-sample")
  parts[[1]]$prob <- NULL
  expect_error(datamap_stages(result), class = "datamap_error_input")
  several <- structure(list(), class = "BenchmarkResult")
  error <- expect_error(datamap_stages(several), class = "datamap_error_input")
  expect_match(conditionMessage(error), "x$resample_result(1)", fixed = TRUE)
})

test_that("mlr3's own result is such a one", {
  skip_if_not_installed("mlr3")
  skip_if_not_installed("rpart")
  task <- mlr3::as_task_classif(iris, target = "Species")
  learner <- mlr3::lrn("classif.rpart", predict_type = "prob")
  set.seed(1)
  folds <- mlr3::rsmp("repeated_cv", folds = 3, repeats = 2)
  # it tells of each fold
  utils::capture.output(result <- mlr3::resample(task, learner, folds))
  map <- datamap_summarise(datamap_stages(result))
  expect_identical(attr(map, "predicted"), "out-of-fold")
  expect_identical(map$label, iris$Species)
  expect_identical(unique(map$evaluations), 2L)
  said <- result$prediction()
  of_label <- said$prob[cbind(
    seq_along(said$row_ids), match(said$truth, colnames(said$prob))
  )]
  expect_equal(
    map$avg_probs, as.vector(tapply(of_label, said$row_ids, mean))
  )
  utils::capture.output(
    result <- mlr3::resample(task, learner, mlr3::rsmp("insample"))
  )
  expect_identical(datamap_stages(result)$predicted, "in-sample")
  # several learners at once
  learners <- list(
    learner, mlr3::lrn("classif.featureless", predict_type = "prob")
  )
  utils::capture.output(
    both <- mlr3::benchmark(mlr3::benchmark_grid(task, learners, folds))
  )
  expect_error(datamap_stages(both), class = "datamap_error_input")
  one <- datamap_stages(both$resample_result(1))
  expect_identical(one$predicted, "out-of-fold")
})

test_that("caret's own result is such a one", {
  skip_if_not_installed("caret")
  skip_on_covr()
  set.seed(1)
  fit <- caret::train(
    Species ~ Petal.Width + Sepal.Width, iris, "multinom",
    trace = FALSE, tuneGrid = data.frame(decay = 0.1),
    trControl = caret::trainControl(
      "repeatedcv", 3, repeats = 2, savePredictions = "final",
      classProbs = TRUE
    )
  )
  map <- datamap_summarise(datamap_stages(fit))
  expect_identical(map$id, 1:150)
  expect_identical(map$label, iris$Species)
  expect_identical(unique(map$evaluations), 2L)
  own <- tapply(
    as.matrix(fit$pred[levels(iris$Species)])[
      cbind(seq_len(300), as.integer(fit$pred$obs))
    ],
    fit$pred$rowIndex, mean
  )
  expect_equal(map$avg_probs, as.vector(own))
})
