# How well wrong labels are found by the stages of models that were fitted to
# them, in-sample, out-of-bag and out-of-fold: makes vignettes/models.csv, which
# the vignette "A map from your model" shows. Run it from the root of the
# package, with the package, gbm, glmnet, nnet, ranger and what signals.R says
# installed:
#
#   Rscript data-raw/models.R
#
# It takes some minutes.

library(datacarto)
source("data-raw/tasks.R")

seeds <- 1:3

# Each fits to `data`, whose column `y` is the label that was given, and gives
# the stages.
models <- list(
  gbm = function(data) {
    is_two <- nlevels(data$y) == 2
    if (is_two) data$y <- as.integer(data$y) - 1L
    fit <- suppressWarnings(gbm::gbm(
      y ~ ., if (is_two) "bernoulli" else "multinomial", data,
      n.trees = 60, interaction.depth = 2
    ))
    datamap_stages(fit, data = data)
  },
  glmnet = function(data) {
    x <- as.matrix(data[names(data) != "y"])
    family <- if (nlevels(data$y) == 2) "binomial" else "multinomial"
    fit <- glmnet::glmnet(x, data$y, family = family, nlambda = 20)
    datamap_stages(fit, data = x, label = data$y)
  },
  nnet = function(data) {
    fits <- list()
    for (i in 1:20) {
      more <- if (i > 1) list(Wts = fits[[i - 1]]$wts)
      fits[[i]] <- do.call(nnet::nnet, c(list(
        y ~ ., data, size = 8, maxit = 5, decay = 1e-3, rang = 0.1,
        MaxNWts = 2000, trace = FALSE
      ), more))
    }
    datamap_stages(fits, data = data)
  },
  ranger = function(data) {
    fit <- fit_forest(data)
    datamap_stages(fit, data = data, out_of_bag = FALSE)
  },
  ranger = function(data) datamap_stages(fit_forest(data), data = data),
  ranger = function(data) {
    # as collect_predictions() has the predictions of a repeated resampling
    folds <- lapply(1:3, function(turn) {
      fold <- sample(rep_len(1:5, nrow(data)))
      do.call(rbind, lapply(1:5, function(k) {
        rows <- which(fold == k)
        fit <- fit_forest(data[-rows, ], trees = 50)
        p <- predict(fit, data[rows, ], num.threads = 1)$predictions
        colnames(p) <- paste0(".pred_", colnames(p))
        data.frame(
          .row = rows, id = turn, y = data$y[rows], p, check.names = FALSE
        )
      }))
    })
    datamap_stages(do.call(rbind, folds))
  }
)

fit_forest <- function(data, trees = 100) {
  ranger::ranger(
    y ~ ., data,
    num.trees = trees, probability = TRUE, keep.inbag = TRUE, num.threads = 1
  )
}

detection <- function(task, seed) {
  set.seed(seed)
  given <- labels_for(task, "symmetric")
  data <- data.frame(task$x, y = factor(given$label))
  wrong <- given$s_label == 2
  do.call(rbind, lapply(seq_along(models), function(i) {
    set.seed(seed)
    stages <- models[[i]](data)
    map <- datamap_summarise(stages, metrics = "loss_last")
    map$s_label <- ifelse(wrong, 2L, 0L)
    found <- as.data.frame(datamap_detect(map))
    found <- found[found$metric %in% c("avg_probs", "loss_last"), ]
    data.frame(
      data = task$name, model = names(models)[[i]],
      predicted = attr(map, "predicted"), seed = seed,
      metric = found$metric, auroc = signif(found$auroc, 6),
      precision_at_k = signif(found$precision_at_k, 6)
    )
  }))
}

tasks <- list(spam_task(), satellite_task())
results <- do.call(rbind, lapply(tasks, function(task) {
  do.call(rbind, lapply(seeds, detection, task = task))
}))
write.csv(results, "vignettes/models.csv", row.names = FALSE, quote = FALSE)
print(aggregate(
  cbind(auroc, precision_at_k) ~ metric + predicted + model + data, results,
  mean
))
