# Inputs as people have them: each gives the map that a computation of its own
# gives, or an error that names the next step.

# avg_probs, label_var and correct_ratio of n x T values.
expect_means <- function(map, p, right = p > 0.5) {
  expect_equal(map$avg_probs, unname(rowMeans(p)), tolerance = 1e-12)
  expect_equal(
    map$label_var, unname(rowMeans((p - rowMeans(p))^2)),
    tolerance = 1e-12
  )
  expect_equal(map$correct_ratio, unname(rowMeans(right)))
}

instead_of <- function(expr) {
  error <- expect_error(expr, class = "datamap_error")
  error$instead
}

# 12 samples, three classes, four stages.
stacked <- function() {
  set.seed(11)
  x <- array(stats::rexp(144), c(12, 3, 4))
  for (t in 1:4) x[, , t] <- x[, , t] / rowSums(x[, , t])
  dimnames(x) <- list(NULL, c("a", "b", "c"), NULL)
  label <- rep(c("a", "b", "c"), 4)
  place <- match(label, c("a", "b", "c"))
  p <- vapply(1:4, function(t) x[cbind(1:12, place, t)], numeric(12))
  right <- vapply(1:4, function(t) max.col(x[, , t]) == place, logical(12))
  list(x = x, label = label, p = p, right = right)
}

# A row per sample and stage, without class vectors.
long_frame_of <- function(case) {
  data.frame(sample = rep(1:12, 4), round = rep(1:4, each = 12),
             truth = rep(case$label, 4))
}

test_that("an augment() result of tidymodels", {
  case <- stacked()
  x <- long_frame_of(case)
  for (k in c("a", "b", "c")) x[[paste0(".pred_", k)]] <- c(case$x[, k, ])
  x$.pred_class <- c(apply(case$x, c(1, 3), function(p) letters[which.max(p)]))
  fields <- c(id = "sample", step = "round", label = "truth")
  expect_means(datamap_summarise(x, fields = fields), case$p, case$right)
  error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
  expect_identical(error$key, "id")
  expect_match(conditionMessage(error), "fields = c(id = ", fixed = TRUE)
  x$id <- x$sample
  error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
  expect_match(conditionMessage(error), "fields = c(label = ", fixed = TRUE)
})

test_that("what collect_predictions() gives, whose id is the fold", {
  case <- stacked()
  x <- long_frame_of(case)
  names(x) <- c(".row", "round", "Class")
  x$id <- "Fold1"
  for (k in c("a", "b", "c")) x[[paste0(".pred_", k)]] <- c(case$x[, k, ])
  fields <- c(id = ".row", label = "Class", step = "round")
  expect_means(datamap_summarise(x, fields = fields), case$p, case$right)
})

test_that("train()$pred of caret", {
  skip_if_not_installed("caret")
  skip_on_cran()
  set.seed(2)
  data <- iris[51:150, c(1, 2, 5)]
  data$Species <- factor(data$Species)
  fit <- caret::train(
    Species ~ ., data,
    method = "glm", family = "binomial",
    trControl = caret::trainControl(
      "repeatedcv", 3,
      repeats = 2, classProbs = TRUE, savePredictions = "final"
    )
  )
  pred <- fit$pred
  map <- datamap_summarise(
    pred, fields = c(id = "rowIndex", label = "obs", pred_label = "pred")
  )
  p <- ifelse(pred$obs == "virginica", pred$virginica, pred$versicolor)
  expect_equal(map$avg_probs, as.vector(tapply(p, pred$rowIndex, mean)))
  expect_equal(
    map$correct_times,
    as.vector(tapply(pred$pred == pred$obs, pred$rowIndex, sum))
  )
  expect_identical(map$evaluations, rep(2L, 100))
})

test_that("the array that ranger's trees vote", {
  skip_if_not_installed("ranger")
  fit <- ranger::ranger(
    Species ~ ., iris,
    num.trees = 20, probability = TRUE, seed = 1, num.threads = 1
  )
  votes <- stats::predict(fit, iris, predict.all = TRUE, num.threads = 1)
  x <- votes$predictions
  map <- datamap_summarise(datamap_stages(x, label = iris$Species))
  place <- as.integer(iris$Species)
  p <- vapply(1:20, function(t) x[cbind(1:150, place, t)], numeric(150))
  right <- vapply(1:20, function(t) {
    apply(x[, , t], 1, which.max) == place
  }, logical(150))
  expect_means(map, p, right)
  expect_identical(instead_of(datamap_summarise(x)), "datamap_stages")
  expect_identical(instead_of(datamap_summarise(fit)), "datamap_stages")
})

test_that("the fitted values of a glm, with labels 0 and 1", {
  fit <- stats::glm(am ~ wt, stats::binomial(), mtcars)
  p <- unname(stats::fitted(fit))
  x <- data.frame(id = seq_along(p), y = mtcars$am, probs = p)
  map <- datamap_summarise(x, fields = c(label = "y"))
  of_label <- ifelse(mtcars$am == 1, p, 1 - p)
  expect_means(map, cbind(of_label))
})

test_that("a factor with the labels 1 to K, and a matrix without names", {
  case <- stacked()
  x <- data.frame(id = rep(1:12, 4), label = factor(rep(rep(1:3, 4), 4)))
  x$probs <- unname(do.call(rbind, lapply(1:4, function(t) case$x[, , t])))
  expect_message(
    map <- datamap_summarise(x),
    class = "datamap_message_level_order"
  )
  expect_means(map, case$p, case$right)
  x$label <- as.integer(x$label)
  expect_means(datamap_summarise(x, classes = 1:3), case$p, case$right)
})

test_that("arrays, lists of matrices, and a matrix of the label's own", {
  case <- stacked()
  map <- datamap_summarise(datamap_stages(case$x, label = case$label))
  expect_means(map, case$p, case$right)
  list <- lapply(1:4, function(t) case$x[, , t])
  map <- datamap_summarise(datamap_stages(list, label = case$label))
  expect_means(map, case$p, case$right)
  two <- datamap_stages(case$p, label = rep(0:1, 6))
  expect_means(datamap_summarise(two), case$p)
  for (x in list(case$x, list, case$p)) {
    expect_identical(instead_of(datamap_summarise(x)), "datamap_stages")
    expect_identical(instead_of(datamap_read_signals(x)), "datamap_stages")
  }
})

test_that("coordinates and metrics of the cartography paper", {
  lines <- c(
    paste0(
      "{\"guid\":17715,\"index\":0,\"confidence\":0.75,",
      "\"variability\":0.5,\"correctness\":5}"
    ),
    paste0(
      "{\"guid\":39201,\"index\":1,\"confidence\":0.25,",
      "\"variability\":0.1,\"correctness\":0}"
    )
  )
  more <- sub("\"confidence\"", "\"threshold_closeness\":0.1875,\"confidence\"",
              sub("}", ",\"forgetfulness\":1000}", lines, fixed = TRUE))
  for (text in list(lines, more)) {
    file <- tempfile(fileext = ".jsonl")
    writeLines(text, file)
    map <- datamap_read_summary(file, evaluations = 6)
    expect_identical(map$id, c(17715L, 39201L))
    expect_identical(map$avg_probs, c(0.75, 0.25))
    expect_equal(map$label_var, c(0.25, 0.01))
    expect_equal(map$correct_ratio, c(5, 0) / 6)
    expect_true(is_datamap(map))
    error <- expect_error(
      datamap_read_summary(file),
      class = "datamap_error_field"
    )
    expect_identical(error$key, "correct_ratio")
    expect_match(conditionMessage(error), "evaluations = 6", fixed = TRUE)
    instead <- instead_of(datamap_summarise(file))
    expect_identical(instead, "datamap_read_summary")
  }
  frame <- data.frame(
    guid = 1:2, confidence = c(0.75, 0.25), variability = c(0.5, 0.1),
    correctness = c(5, 0)
  )
  map <- as_datamap(frame, evaluations = 6)
  expect_equal(map$correct_ratio, c(5, 0) / 6)
  error <- expect_error(as_datamap(frame), class = "datamap_error_input")
  expect_match(conditionMessage(error), "evaluations = 6", fixed = TRUE)
  for (bad in list(0, 1.5, "6", 1:2)) {
    error <- expect_error(
      as_datamap(frame, evaluations = bad),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "evaluations")
  }
  frame$evaluations <- 6
  error <- expect_error(
    as_datamap(frame, evaluations = 6),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "evaluations")
})

test_that("a CSV goes through a reader of CSV, and signals not to a summary", {
  signals <- data.frame(
    id = c(1, 1, 2, 2), label = c(0, 0, 1, 1),
    probs_0 = c(0.9, 0.7, 0.4, 0.2), probs_1 = c(0.1, 0.3, 0.6, 0.8)
  )
  file <- tempfile(fileext = ".csv")
  utils::write.csv(signals, file, row.names = FALSE)
  error <- expect_error(datamap_summarise(file), class = "datamap_error_syntax")
  expect_identical(error$instead, "read.csv")
  expect_match(conditionMessage(error), "readr::read_csv()", fixed = TRUE)
  expect_match(conditionMessage(error), "data.table::fread()", fixed = TRUE)
  expect_identical(instead_of(datamap_read_summary(file)), "datamap_summarise")
  map <- datamap_summarise(utils::read.csv(file))
  expect_means(map, rbind(c(0.9, 0.7), c(0.6, 0.8)))
  datamap_write_summary(map, file)
  expect_identical(instead_of(datamap_summarise(file)), "datamap_read_summary")
  expect_identical(instead_of(datamap_summarise(map)), "datamap_plot")
})

test_that("the log of a training has nothing of its samples", {
  log <- data.frame(
    epoch = 0:2, accuracy = c(0.5, 0.7, 0.8), loss = c(0.9, 0.6, 0.4),
    val_accuracy = c(0.4, 0.6, 0.6), val_loss = c(1, 0.8, 0.7)
  )
  file <- tempfile(fileext = ".csv")
  utils::write.csv(log, file, row.names = FALSE, quote = FALSE)
  expect_identical(instead_of(datamap_summarise(log)), "datamap_record")
  expect_identical(instead_of(datamap_summarise(file)), "datamap_record")
  expect_identical(instead_of(datamap_read_summary(file)), "datamap_record")
  expect_identical(instead_of(datamap_read_summary(log)), "datamap_record")
})
