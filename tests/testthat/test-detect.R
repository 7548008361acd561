# The scores of one order of the samples, by their definitions.
naive_scores <- function(is_wrong, k) {
  places <- which(is_wrong)
  right_behind <- vapply(places, function(at) {
    sum(!is_wrong[seq_along(is_wrong) > at])
  }, 0)
  precision <- vapply(places, function(at) mean(is_wrong[seq_len(at)]), 0)
  c(
    auroc = sum(right_behind) / (length(places) * sum(!is_wrong)),
    average_precision = mean(precision),
    precision_at_k = mean(is_wrong[seq_len(k)])
  )
}

all_orders <- function(n) {
  if (n == 1) {
    return(list(1L))
  }
  unlist(lapply(all_orders(n - 1), function(order) {
    lapply(seq_len(n), function(at) append(order, n, after = at - 1))
  }), recursive = FALSE)
}

scores_of <- function(...) unlist(ranking_scores(...)[detection_scores])

# The maps here have no loss; that this is told has a test of its own.
detect <- function(...) {
  suppressMessages(datamap_detect(...), "datamap_message_no_baseline")
}

test_that("scores are the means over all orders of equal values", {
  orders <- all_orders(6)
  expect_length(orders, 720)
  set.seed(1)
  for (round in 1:20) {
    value <- sample(1:3, 6, replace = TRUE)
    is_wrong <- sample(c(TRUE, FALSE, TRUE, FALSE, runif(2) < 0.5))
    k <- sample(6, 1)
    allowed <- Filter(function(o) !is.unsorted(-value[o]), orders)
    each <- vapply(allowed, function(o) naive_scores(is_wrong[o], k), double(3))
    expect_equal(scores_of(value, is_wrong, k), rowMeans(each))
  }
})

test_that("runs of equal values are summed as place by place", {
  skip_if_long()
  # the mean over all orders, at each place of each run
  by_place <- function(value, is_wrong, k) {
    groups <- split(is_wrong, -value)
    share <- unlist(lapply(groups, function(x) rep(mean(x), length(x))))
    earlier <- c(0, cumsum(vapply(groups, sum, 0)))
    precision <- unlist(lapply(seq_along(groups), function(g) {
      m <- length(groups[[g]])
      others <- (sum(groups[[g]]) - 1) * (seq_len(m) - 1) / max(m - 1, 1)
      earlier[[g]] + 1 + others
    })) / seq_along(value)
    c(sum(share * precision) / sum(is_wrong), mean(share[seq_len(k)]))
  }
  set.seed(3)
  # runs of 1, of a few, of many, at the start and far behind
  n <- 2e5
  for (value in list(
    runif(n), round(runif(n), 5), round(runif(n), 3), sample.int(20L, n, TRUE),
    c(rep(1, 3), rep(2, 150), rep(0, n / 2), runif(n / 2 - 153))
  )) {
    is_wrong <- runif(n) < 0.1 + 0.1 * (value > 0.5)
    for (k in c(1, 1000, n / 2)) {
      found <- scores_of(value, is_wrong, k)
      expect_equal(
        unname(found[-1]), by_place(value, is_wrong, k),
        tolerance = 1e-13
      )
      expect_identical(
        scores_of(-value, is_wrong, k, decreasing = FALSE), found
      )
    }
  }
})

test_that("what was never learned is later than any, what is unknown is out", {
  frame <- data.frame(
    id = 1:6, correct_ratio = 0, label_var = 0,
    avg_probs = c(0.5, 0.5, 0.5, 0.5, 0.5, NA),
    learned_for_good = c(0, 3, 1, NA, NA, NA),
    aum = c(3, -1, 2, -2, -3, NA), wrong = c(0, 1, 0, 1, 1, 0) == 1
  )
  suppressMessages( # there are two
    expect_message(
      found <- detect(as_datamap(frame), truth = wrong),
      class = "datamap_message_na"
    )
  )
  rows <- found[found$metric %in% c("learned_for_good", "aum"), ]
  expect_identical(rows$auroc, c(1, 1))
  expect_identical(rows$samples, c(5L, 5L))
  expect_setequal(
    paste(rows$metric, rows$suspect), c("learned_for_good high", "aum low")
  )
})

test_that("without equal values they are the textbook's", {
  set.seed(2)
  value <- rnorm(300)
  is_wrong <- runif(300) < plogis(value - 1)
  expect_equal(
    scores_of(value, is_wrong, 40),
    naive_scores(is_wrong[order(-value)], 40)
  )
  # Hanley and McNeil (1982): the statistic of the Mann-Whitney test
  test <- stats::wilcox.test(value[is_wrong], value[!is_wrong])
  expect_equal(
    scores_of(value, is_wrong, 40)[["auroc"]],
    test$statistic[["W"]] / (sum(is_wrong) * sum(!is_wrong))
  )
  # by hand: wrong at places 1 and 3 of 4
  expect_equal(
    scores_of(4:1, c(TRUE, FALSE, TRUE, FALSE), 2),
    c(auroc = 3 / 4, average_precision = 5 / 6, precision_at_k = 1 / 2)
  )
})

test_that("where all or none are wrong there is no score", {
  expect_identical(
    unname(scores_of(1:3, rep(FALSE, 3), 1)), rep(NA_real_, 3)
  )
  expect_identical(unname(scores_of(1:3, rep(TRUE, 3), 1)), rep(NA_real_, 3))
})

test_that("each metric ranks in its direction", {
  map <- random_map(40)
  map$loss_last <- 1 - map$avg_probs
  map$mine <- 1:40
  found <- detect(map, truth = avg_probs < 0.45)
  expect_s3_class(found, "datamap_detection")
  expect_setequal(
    found$metric,
    c(
      "avg_probs", "correct_ratio", "correct_times", "max_label_probs",
      "min_label_probs", "label_var", "forgetting_times", "learnt_times",
      "loss_last"
    )
  )
  expect_identical(found$auroc, sort(found$auroc, decreasing = TRUE))
  row <- function(metric) found[found$metric == metric, ]
  expect_identical(row("avg_probs")$suspect, "low")
  expect_identical(row("avg_probs")$auroc, 1)
  expect_identical(row("avg_probs")$average_precision, 1)
  expect_identical(row("loss_last")$suspect, "high")
  expect_identical(row("loss_last")$auroc, 1)
  n_wrong <- sum(map$avg_probs < 0.45)
  expect_identical(unique(found$k), n_wrong)
  expect_identical(unique(found$base_rate), n_wrong / 40)
  expect_identical(
    row("label_var")$auroc,
    scores_of(map$label_var, map$avg_probs < 0.45, NULL)[["auroc"]]
  )
  # a vector says the same
  is_wrong <- map$avg_probs < 0.45
  expect_identical(detect(map, is_wrong), found)
  expect_identical(unique(detect(map, is_wrong, k = 5)$k), 5)
})

test_that("s_label 2 is the truth by default", {
  map <- random_map(60)
  expect_identical(
    detect(map), detect(map, map$s_label == 2)
  )
})

test_that("several runs give means and ranges", {
  maps <- lapply(1:3, function(seed) random_map(50, seed = seed))
  found <- detect(maps)
  each <- vapply(maps, function(map) {
    one <- detect(map)
    one$auroc[match(found$metric, one$metric)]
  }, double(nrow(found)))
  expect_equal(found$auroc, rowMeans(each))
  expect_equal(found$auroc_min, apply(each, 1, min))
  expect_equal(found$auroc_max, apply(each, 1, max))
  expect_identical(unique(found$runs), 3L)
  lacking <- maps[[3]]
  lacking$learnt_times <- NULL
  expect_error(
    detect(c(maps[1:2], list(lacking))), "learnt_times",
    class = "datamap_error_input"
  )
})

test_that("samples without a value are left out and counted", {
  map <- random_map(30)
  map$loss_last <- c(NA, 1:29)
  message <- expect_message(
    found <- detect(map), class = "datamap_message_na"
  )
  expect_identical(message$n, 1L)
  expect_identical(found$samples[found$metric == "loss_last"], 29L)
})

test_that("on the shipped signals the wrong labels are found", {
  map <- datamap_summarise(
    datamap_example("satellite_signals.json.gz"), signals = "loss"
  )
  found <- detect(map)
  of <- function(metric) found$auroc[found$metric == metric]
  expect_gt(of("avg_probs"), 0.9)
  expect_gt(of("loss_last"), 0.9)
  expect_lt(of("forgetting_times"), 0.8)
})

# The area under the margin by its definition, Pleiss et al. (2020): the mean
# over the evaluations of z_y less the largest other z.
naive_aum <- function(signals, ids) {
  probs <- as.matrix(signals[startsWith(names(signals), "probs_")])
  of_label <- cbind(seq_len(nrow(probs)), signals$label + 1)
  largest_other <- apply(replace(probs, of_label, -Inf), 1, max)
  margin <- log(probs[of_label]) - log(largest_other)
  as.vector(tapply(margin, signals$id, mean)[as.character(ids)])
}

test_that("avg_probs and aum find wrong labels on every seed", {
  skip_if_long()
  metrics <- c("avg_probs", "aum", "loss_last")
  for (kind in c("symmetric", "class-dependent")) {
    auroc <- vapply(1:5, function(seed) {
      file <- sprintf("%s-%d.jsonl.gz", kind, seed)
      file <- test_path("fixtures", "runs", file)
      map <- datamap_summarise(file, metrics = c("aum", "loss_last"))
      signals <- datamap_read_signals(
        file, columns = c("id", "step", "label", "correct", "probs")
      )
      is_wrong <- map$s_label == 2
      expect_gte(nrow(map), 2000)
      expect_identical(mean(is_wrong), 0.1)
      last <- signals[signals$step == max(signals$step), ]
      memorised <- last$correct[last$id %in% map$id[is_wrong]]
      expect_lt(mean(memorised), 0.2)

      expect_equal(map$aum, naive_aum(signals, map$id), tolerance = 1e-12)
      found <- detect(map)
      scores <- found$auroc[match(metrics, found$metric)]
      test <- stats::wilcox.test(map$aum[!is_wrong], map$aum[is_wrong])
      pairs <- sum(is_wrong) * sum(!is_wrong)
      expect_equal(scores[[2]], test$statistic[["W"]] / pairs)
      scores
    }, double(3))
    expect_gt(min(auroc[1, ]), 0.9)
    expect_gt(min(auroc[2, ]), 0.9)
    expect_gte(mean(auroc[1, ]), mean(auroc[3, ]))
  }
})

test_that("it is printed with three decimals, and with the range over runs", {
  map <- ratio_map(c(0, 0.2, 0.4, 1))
  found <- detect(map, c(TRUE, FALSE, TRUE, FALSE))
  lines <- capture.output(expect_invisible(print(found)))
  expect_match(lines[[1]], "metrics rank the wrong labels of 4 samples")
  expect_match(lines[[2]], "auroc 0.5, the others 0.5", fixed = TRUE)
  # wrong at places 1 and 3 of 4, see above
  expect_match(
    lines, "^ *correct_ratio +low +0.750 +0.833 +0.500", all = FALSE
  )
  runs <- detect(
    list(map, map[4:1, ]), c(TRUE, FALSE, TRUE, FALSE)
  )
  lines <- capture.output(print(runs))
  expect_match(lines[[3]], "Means over 2 runs")
  expect_match(lines, "0.500 (0.250-0.750)", fixed = TRUE, all = FALSE)
  expect_output(print(found["metric"]), "1 .*correct_ratio|1 .*avg_probs")
  expect_output(print(found[0, ]), "0 metrics")
})

test_that("the plot shows every metric and the range over runs", {
  maps <- lapply(1:2, function(seed) random_map(50, seed = seed))
  found <- detect(maps)
  plot <- ggplot2::autoplot(found)
  points <- ggplot2::layer_data(plot, 3)
  expect_equal(sort(points$x), sort(found$auroc))
  ranges <- ggplot2::layer_data(plot, 2)
  expect_equal(sort(ranges$xmin), sort(found$auroc_min))
  expect_equal(sort(ranges$xmax), sort(found$auroc_max))
  expect_identical(plot$labels$subtitle, "Mean and range over 2 runs")
  expect_match(plot$labels$alt, found$metric[[1]], fixed = TRUE)
  one <- ggplot2::autoplot(detect(maps[[1]]))
  expect_null(one$labels$subtitle)
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(withVisible(plot(found))$visible, FALSE)
})

test_that("wrong arguments are errors", {
  map <- random_map(10)
  for (wrong in list(
    quote(datamap_detect(1)),
    quote(datamap_detect(list())),
    quote(datamap_detect(list(map, 1))),
    quote(datamap_detect(map, truth = avg_probs)),
    quote(datamap_detect(map, truth = TRUE)),
    quote(datamap_detect(map, truth = no_such == 1)),
    quote(datamap_detect(map, truth = c(NA, rep(TRUE, 9)))),
    quote(datamap_detect(map, k = 0)),
    quote(datamap_detect(map, k = 11))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input")
  }
  expect_error(datamap_detect(list(map, 1)), "map[[2]]", fixed = TRUE)
  expect_error(datamap_detect(map, no_such == 1), "Object 'no_such' not found")
})

test_that("a missing baseline, and truths without scores, are told", {
  map <- random_map(10)
  map$s_label <- rep(c(0, 2), 5)
  expect_message(datamap_detect(map), class = "datamap_message_no_baseline")
  map$loss_last <- seq_len(10)
  expect_message(datamap_detect(map), NA)
  for (truth in list(rep(FALSE, 10), rep(TRUE, 10))) {
    expect_message(
      datamap_detect(map, truth), "has all labels wrong, or none",
      class = "datamap_message_no_score"
    )
  }
})

test_that("a map without s_label needs another truth", {
  map <- ratio_map(c(0, 0.5, 1))
  expect_error(
    datamap_detect(map), "no s_label", class = "datamap_error_input"
  )
  expect_error(
    datamap_detect(map, c(TRUE, NA, FALSE)), "missing for sample 2",
    class = "datamap_error_input"
  )
})

test_that("a metric that no sample has gets the true reason", {
  lines <- function(label, rest) {
    I(paste0(
      "{\"id\": ", 1:4, ", \"label\": ", label,
      ", \"s_label\": ", c(0, 2, 0, 2), ", \"correct\": true",
      ", \"label_probs\": 0.5", rest, "}"
    ))
  }
  conditions_of <- function(map) {
    told <- list()
    withCallingHandlers(
      found <- datamap_detect(map),
      message = function(message) {
        told <<- c(told, list(message))
        rlang::cnd_muffle(message)
      }
    )
    told <- stats::setNames(told, vapply(told, function(x) class(x)[[1]], ""))
    list(found = found, told = told)
  }
  expect_reasons <- function(map, reasons) {
    now <- conditions_of(map)
    # neither counted as missing, nor taken for a truth of one kind
    expect_named(
      now$told, c("datamap_message_absent", "datamap_message_no_baseline"),
      ignore.order = TRUE
    )
    expect_identical(now$told$datamap_message_absent$reasons, reasons)
    row <- now$found[match(names(reasons), now$found$metric), ]
    expect_identical(row$samples, rep(0L, length(reasons)))
    expect_identical(row$auroc, rep(NA_real_, length(reasons)))
    expect_match(
      capture.output(print(now$found)), "the others 0.5$", all = FALSE
    )
  }
  summarise <- function(...) suppressMessages(datamap_summarise(...))
  probs <- ", \"probs\": [0.25, 0.75]"
  map <- summarise(lines("\"a\"", probs), metrics = c("aum", "bald"))
  expect_reasons(map, c(aum = "no_class"))
  map <- summarise(lines("\"a\"", probs), metrics = "aum")
  expect_reasons(map, c(aum = "no_class"))
  # of a part of the samples no more than this is known
  expect_reasons(map[1:2, ], c(aum = "no_vectors_or_class"))
  expect_reasons(
    as_datamap(as.data.frame(map)), c(aum = "no_vectors_or_class")
  )
  map <- summarise(lines(0, ""), metrics = c("aum", "loss_mean", "bald"))
  map$loss_mean <- NA_real_ # of a table that was made elsewhere
  reasons <- c(loss_mean = "no_loss", aum = "no_vectors", bald = "no_vectors")
  expect_reasons(map, reasons)
  expect_reasons(map[1:2, ], reasons)
})

test_that("each label's samples can be ranked among each other", {
  map <- data.frame(
    id = 1:8, label = rep(c(10, 9), each = 4),
    avg_probs = c(0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.6, 0.8),
    correct_ratio = 0.5, label_var = 8:1 / 100,
    s_label = c(2, 0, 0, 0, 2, 2, 0, 0)
  )
  found <- quietly(datamap_detect(map, by = "label"))
  expect_identical(names(found)[1:2], c("label", "metric"))
  expect_identical(found$label, rep(c("9", "10"), each = 3))
  # 10: the lowest of four; 9: the first and the last of four
  expect_equal(found$auroc[found$metric == "avg_probs"], c(0.5, 1))
  expect_equal(found$samples, rep(4, 6))
  for (label in c(9, 10)) {
    alone <- quietly(datamap_detect(map[map$label == label, ]))
    part <- found[found$label == label, ]
    expect_identical(part$metric, alone$metric)
    expect_equal(part$auroc, alone$auroc)
    expect_equal(part$average_precision, alone$average_precision)
  }
  expect_output(print(found), "each label, up to 4 samples")
  plot <- ggplot2::autoplot(found)
  expect_identical(
    levels(ggplot2::ggplot_build(plot)$layout$layout$.group),
    c("label 9", "label 10")
  )
  runs <- quietly(datamap_detect(list(map, map), by = "label"))
  expect_identical(runs$runs, rep(2L, 6))
  expect_equal(runs$auroc_max, found$auroc)
  # factors in the order of their levels
  map$label <- factor(map$label, c(10, 9, 7))
  expect_identical(
    unique(quietly(datamap_detect(map, by = "label"))$label), c("10", "9")
  )
  # numbers in texts as numbers
  map$label <- rep(c("class_10", "class_2"), each = 4)
  expect_identical(
    unique(quietly(datamap_detect(map, by = "label"))$label),
    c("class_2", "class_10")
  )
  error <- expect_error(
    datamap_detect(map, by = "lable"), class = "datamap_error_input"
  )
  expect_identical(error$similar, "label")
  expect_error(datamap_detect(map, by = 1), class = "datamap_error_input")
})

test_that("noise of the size of rounding changes nothing that matters", {
  signals <- datamap_read_signals(datamap_example("satellite_signals.json.gz"))
  map <- datamap_summarise(signals, signals = "loss")
  found <- detect(map)
  noisy <- signals
  set.seed(20261128)
  for (name in c("label_probs", "loss")) {
    noise <- sample(c(-1, 1), nrow(signals), replace = TRUE)
    noisy[[name]] <- pmax(signals[[name]] + noise * .Machine$double.eps, 0)
  }
  noisy$label_probs <- pmin(noisy$label_probs, 1)
  again <- datamap_summarise(noisy, signals = "loss")
  expect_gt(sum(again$avg_probs != map$avg_probs), 1000) # there is noise
  expect_identical(names(again), names(map))
  for (name in names(map)) {
    of_noise <- name %in% c("avg_probs", "label_var") ||
      grepl("label_probs|loss", name)
    tolerance <- if (of_noise) 1e-12 else 0
    expect_lte(max(abs(again[[name]] - map[[name]])), tolerance, label = name)
  }
  expect_equal(detect(again), found, tolerance = 1e-6)
})
