# Bin by bin, in loops.
naive_intervals <- function(values, level) {
  n <- nrow(values)
  k <- ncol(values)
  others <- values
  for (i in seq_len(n)) {
    for (j in seq_len(k)) others[i, j] <- mean(values[i, -j])
  }
  rest <- values - others
  bins <- max(1, min(50, floor(n / 40)))
  breaks <- unique(stats::quantile(others, seq(0, 1, length.out = bins + 1)))
  bin_of <- function(x) findInterval(x, breaks, all.inside = TRUE)
  bin <- bin_of(others)
  filled <- sort(unique(as.vector(bin)))
  a <- 1 - level
  of_bin <- t(vapply(filled, function(b) {
    e <- rest[bin == b]
    ranks <- c(
      max(1, floor((length(e) + 1) * a / 2)),
      min(length(e), ceiling((length(e) + 1) * (1 - a / 2)))
    )
    # the value of a rank by its share of them
    ends <- stats::quantile(
      e, (ranks - 0.5) / length(e), type = 1, names = FALSE
    )
    c(ends, mean(e^2) * (k - 1) / k, mean(others[bin == b]))
  }, double(4)))
  m <- rowMeans(values)
  at <- vapply(bin_of(m), function(b) which.min(abs(filled - b)), 1L)
  v <- if (length(filled) > 1) {
    stats::approx(of_bin[, 4], of_bin[, 3], m, rule = 2)$y
  } else {
    rep(of_bin[, 3], n)
  }
  data.frame(
    estimate = m, std.error = sqrt(v / k),
    pred.low = m + of_bin[at, 1], pred.high = m + of_bin[at, 2]
  )
}

test_that("they are those of loops over bins", {
  for (seed in 1:4) {
    set.seed(seed)
    n <- c(25, 100, 200, 400)[[seed]]
    k <- seed + 1
    values <- 0.5 + stats::rnorm(n, sd = 0.01) + stats::rnorm(n * k) / 100
    values <- matrix(values, n)
    found <- datamap_intervals(runs_of(values), level = 0.9)
    naive <- naive_intervals(values, 0.9)
    expect_equal(as.list(found)[names(naive)], as.list(naive))
    half <- stats::qnorm(0.95) * naive$std.error
    expect_equal(found$conf.low, naive$estimate - half)
    expect_equal(found$conf.high, naive$estimate + half)
  }
})

test_that("twenty samples of two runs in one bin, by hand", {
  d <- (1:20) / 1000
  values <- cbind(0.5 + d, 0.5 - d)
  found <- datamap_intervals(runs_of(values))
  # 40 differences of -2 d and 2 d; ranks 1 and 40
  expect_equal(found$estimate, rep(0.5, 20))
  expect_equal(unique(round(found$pred.low, 10)), 0.46)
  expect_equal(unique(round(found$pred.high, 10)), 0.54)
  expect_equal(found$std.error, rep(sqrt(mean(4 * d^2) / 2 / 2), 20))
  expect_identical(glance.datamap_intervals(found)$bins, 1L)
})

test_that("the order of runs and samples does not matter", {
  maps <- random_runs(3, 90)
  found <- datamap_intervals(maps)
  other <- datamap_intervals(list(maps[[3]][90:1, ], maps[[1]], maps[[2]]))
  expect_equal(
    as.list(other[90:1, ])[-1], as.list(found)[-1],
    ignore_attr = TRUE
  )
})

test_that("a fresh run and the mean over runs are covered", {
  set.seed(1)
  mu <- stats::rbeta(2000, 2, 1)
  draw <- function(k) {
    sd <- 0.02 + 0.1 * mu * (1 - mu)
    matrix(mu + stats::rnorm(2000 * k, sd = rep(sd, k)), 2000)
  }
  # what was found beforehand, by other code
  fresh <- c(0.974, 0.960, 0.952)
  for (i in 1:3) {
    shares <- rowMeans(replicate(8, {
      k <- c(2, 3, 5)[[i]]
      found <- run_intervals(draw(k), 0.95, c(-Inf, Inf))$columns
      other <- draw(1)[, 1]
      c(
        mean(found$pred.low <= other & other <= found$pred.high),
        mean(found$conf.low <= mu & mu <= found$conf.high)
      )
    }))
    expect_lt(abs(shares[[1]] - fresh[[i]]), 0.015)
    expect_lt(abs(shares[[2]] - 0.946), 0.015)
  }
})

test_that("whole numbers stay whole, and ends within the metric's range", {
  maps <- random_runs(3, 60)
  found <- datamap_intervals(maps, "correct_times")
  expect_identical(found$pred.low, trunc(found$pred.low))
  expect_identical(found$pred.high, trunc(found$pred.high))
  expect_gte(min(found$conf.low), 0)
  expect_gte(min(found$pred.low), 0)
  for (metric in c("avg_probs", "label_var", "forgetting_times")) {
    found <- datamap_intervals(maps, metric)
    range <- interval_range(metric)
    ends <- unlist(found[c("conf.low", "conf.high", "pred.low", "pred.high")])
    expect_true(all(ends >= range[[1]] & ends <= range[[2]]))
  }
  expect_identical(interval_range("variability"), c(0, 0.5))
  for (metric in c("el2n", "el2n_last", "mean_entropy", "entropy_of_mean")) {
    expect_identical(interval_range(metric), c(0, Inf))
  }
  near <- matrix(c(0.001, 0.01), 30, 3, byrow = TRUE) * 1:30
  found <- datamap_intervals(runs_of(near, "el2n"), "el2n")
  expect_gte(min(found$conf.low, found$pred.low), 0)
  expect_identical(interval_range("aum"), c(-Inf, Inf))
  expect_message(
    found <- datamap_intervals(runs_of(matrix(0.5, 30, 2))),
    class = "datamap_message_constant"
  )
  expect_identical(found$pred.high - found$pred.low, rep(0, 30))
})

test_that("what can't be told is an error", {
  maps <- random_runs(3, 40)
  error <- expect_error(
    datamap_intervals(maps, "correct_ratio"), class = "datamap_error_input"
  )
  expect_identical(error$similar, "correct_times")
  few <- lapply(maps, function(map) map[1:19, ])
  for (wrong in list(
    quote(datamap_intervals(maps[[1]])),
    quote(datamap_intervals(few)),
    quote(datamap_intervals(maps, "label")),
    quote(datamap_intervals(maps, level = 1)),
    quote(datamap_intervals(maps, NULL))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input")
  }
})

test_that("they are printed, told and drawn", {
  found <- datamap_intervals(random_runs(3, 250))
  text <- paste(capture.output(expect_invisible(print(found))), collapse = " ")
  expect_match(gsub("[# ]+", " ", text), "on average over runs and samples")
  expect_output(print(found[1:2, ]), "^ +id")
  expect_named(found, c(
    "id", "runs", "estimate", "std.error", "conf.low", "conf.high",
    "pred.low", "pred.high"
  ))
  bare <- tidy.datamap_intervals(found)
  expect_identical(class(bare), "data.frame")
  row <- glance.datamap_intervals(found)
  expect_identical(row$pred_width, mean(found$pred.high - found$pred.low))
  expect_identical(row$samples, 250L)
  plot <- ggplot2::autoplot(found)
  bars <- ggplot2::layer_data(plot, 1)
  expect_identical(nrow(bars), 200L)
  expect_true(all(bars$ymin %in% found$pred.low))
  points <- ggplot2::layer_data(plot, 3)
  expect_equal(range(points$y), range(found$estimate))
  maps <- random_runs(3, 250)
  beside <- rowMeans(vapply(maps, function(map) map$label_var, double(250)))
  expect_equal(points$x, beside[match(points$y, found$estimate)])
  as_draw(expect_invisible(plot(found)))
  skip_if_not_installed("generics")
  expect_identical(generics::tidy(found), bare)
  expect_identical(generics::glance(found), row)
})

test_that("runs that were trained and left out lie inside, on average", {
  for (kind in c("symmetric", "class-dependent")) {
    runs <- same_runs(kind)
    for (metric in c("avg_probs", "label_var", "correct_times", "aum")) {
      inside <- vapply(1:5, function(run) {
        found <- datamap_intervals(runs[-run], metric)
        fresh <- runs[[run]][[metric]]
        mean(found$pred.low <= fresh & fresh <= found$pred.high)
      }, 1)
      expect_gte(mean(inside), 0.9)
    }
  }
})
