reliability <- function(values, metric = "avg_probs", ...) {
  suppressMessages(
    datamap_reliability(runs_of(values, metric), metrics = metric, ...)
  )
}

random_values <- function(n, k, seed, noise = 0.5) {
  set.seed(seed)
  outer(stats::rnorm(n), stats::rnorm(k, sd = 0.3), `+`) +
    stats::rnorm(n * k, sd = noise)
}

# Mean squares by aov(), and the coefficients by their definition.
naive_squares <- function(values) {
  n <- nrow(values)
  k <- ncol(values)
  data <- data.frame(
    x = as.vector(values), id = factor(rep(seq_len(n), k)),
    run = factor(rep(seq_len(k), each = n))
  )
  summary(stats::aov(x ~ id + run, data))[[1]][["Mean Sq"]]
}

naive_icc <- function(values) {
  n <- nrow(values)
  k <- ncol(values)
  ms <- naive_squares(values)
  msr <- ms[[1]]
  msc <- ms[[2]]
  mse <- ms[[3]]
  c(
    (msr - mse) / (msr + (k - 1) * mse + k / n * (msc - mse)),
    (msr - mse) / (msr + (k - 1) * mse),
    (msr - mse) / (msr + (msc - mse) / n),
    (msr - mse) / msr
  )
}

test_that("the mean squares are those of aov()", {
  for (seed in 1:5) {
    values <- random_values(20 + seed, 1 + seed, seed)
    of <- anova_of(mean_squares(values))
    expect_equal(
      c(of$msr, of$msc, of$mse), naive_squares(values), tolerance = 1e-10
    )
    found <- reliability(values)
    expect_equal(found$estimate, naive_icc(values), tolerance = 1e-10)
  }
  # far from zero, where means of squares would be of no use
  values <- random_values(30, 3, 1, noise = 1e-3) * 1e-3 + 1e6
  expect_equal(
    reliability(values)$estimate, naive_icc(values), tolerance = 1e-5
  )
})

test_that("the table of Shrout and Fleiss has their coefficients", {
  ratings <- matrix(c(
    9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7
  ), 6, byrow = TRUE)
  found <- reliability(ratings)
  expect_identical(
    found$term, c("ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "ICC(C,k)")
  )
  expect_equal(round(found$estimate, 4), c(0.2898, 0.7148, 0.6201, 0.9093))
  expect_identical(unique(found$samples), 6L)
  expect_identical(unique(found$runs), 4L)
})

test_that("single runs agree as irr has it", {
  skip_if_not_installed("irr")
  icc <- getExportedValue("irr", "icc")
  values <- random_values(50, 4, 5)
  types <- c("agreement", "consistency")
  for (unit in c("single", "average")) {
    theirs <- vapply(types, function(type) {
      icc(values, model = "twoway", type = type, unit = unit)$value
    }, 0)
    mine <- reliability(values)$estimate[if (unit == "single") 1:2 else 3:4]
    expect_equal(mine, unname(theirs))
  }
})

test_that("the components are those of lme4", {
  skip_if_not_installed("lme4")
  values <- random_values(200, 4, 3)
  d <- datamap_runs(runs_of(values))
  fit <- getExportedValue("lme4", "lmer")(avg_probs ~ (1 | id) + (1 | run), d)
  parts <- as.data.frame(getExportedValue("lme4", "VarCorr")(fit))
  shares <- parts$vcov[match(c("id", "run", "Residual"), parts$grp)]
  row <- glance.datamap_reliability(reliability(values))
  expect_equal(
    unlist(row[c("share_samples", "share_runs", "share_rest")]),
    shares / sum(shares),
    tolerance = 1e-3, ignore_attr = TRUE
  )
})

test_that("the interval leaves out one run at a time", {
  values <- random_values(40, 5, 2)
  found <- reliability(values, level = 0.9)
  for (i in 1:2) {
    r <- naive_icc(values)[[i]]
    z <- double()
    for (j in 1:5) z[[j]] <- atanh(naive_icc(values[, -j])[[i]])
    se <- sqrt(4 / 5 * sum((z - mean(z))^2))
    ends <- tanh(atanh(r) + c(-1, 1) * stats::qt(0.95, 4) * se)
    expect_equal(found$std.error[[i]], se * (1 - r^2))
    expect_equal(c(found$conf.low[[i]], found$conf.high[[i]]), ends)
    # of the mean of five runs
    expect_equal(found$estimate[[i + 2]], 5 * r / (1 + 4 * r))
    expect_equal(
      c(found$conf.low[[i + 2]], found$conf.high[[i + 2]]),
      5 * ends / (1 + 4 * ends)
    )
    small <- 1e-6
    f <- function(r) 5 * r / (1 + 4 * r)
    expect_equal(
      found$std.error[[i + 2]],
      found$std.error[[i]] * (f(r + small) - f(r - small)) / (2 * small),
      tolerance = 1e-6
    )
  }
  expect_identical(mean_reliability(c(-0.5, 0, 1), 5), c(-Inf, 0, 1))
})

test_that("two runs give no interval, equal ones neither, constants nothing", {
  values <- random_values(30, 3, 1)
  bounds <- c("std.error", "conf.low", "conf.high")
  message <- expect_message(
    found <- datamap_reliability(runs_of(values[, 1:2]), metrics = "avg_probs"),
    class = "datamap_message_few_runs"
  )
  expect_true(all(is.na(found[bounds])))
  expect_false(anyNA(found$estimate))
  equal <- reliability(values[, c(1, 1, 1)])
  expect_identical(equal$estimate, rep(1, 4))
  expect_true(all(is.na(equal[bounds])))
  row <- glance.datamap_reliability(equal)
  expect_identical(row$runs_needed, 1)
  expect_identical(row$runs_needed_low, NA_real_)
  expect_identical(row$overlap, 1)
  message <- expect_message(
    found <- datamap_reliability(
      runs_of(values), metrics = c("avg_probs", "label_var")
    ),
    class = "datamap_message_constant"
  )
  expect_identical(message$metrics, "label_var")
  expect_true(all(is.na(found[found$metric == "label_var", 3:6])))
  # shifts between runs of one value each
  shifted <- reliability(matrix(rep(c(0.1, 0.2, 0.3), each = 5), 5))
  expect_true(all(is.na(shifted[3:6])))
  # numbers whose squares are beyond the largest
  huge <- reliability(matrix(c(1, -1, 1, -1, 1, 1) * 1e308, 6, 3))
  expect_true(all(is.na(huge$estimate)))
  # no agreement at all
  set.seed(1)
  none <- reliability(matrix(stats::rnorm(300), 100))
  row <- glance.datamap_reliability(none)
  expect_lt(none$estimate[[1]], 0.1)
  expect_true(is.na(row$runs_needed) || row$runs_needed > 10)
  expect_identical(glance.datamap_reliability(shifted)$runs_needed, NA_real_)
})

test_that("shares, error of measurement and runs that are needed", {
  values <- random_values(50, 4, 6)
  row <- glance.datamap_reliability(reliability(values, target = 0.8))
  ms <- naive_squares(values)
  parts <- c((ms[[1]] - ms[[3]]) / 4, (ms[[2]] - ms[[3]]) / 50, ms[[3]])
  expect_equal(
    unlist(row[c("share_samples", "share_runs", "share_rest")]),
    parts / sum(parts), ignore_attr = TRUE
  )
  expect_equal(row$sem, sqrt(sum(parts[2:3])))
  single <- naive_icc(values)[[1]]
  reached <- which(mean_reliability(single, 1:100) >= 0.8)
  expect_identical(row$runs_needed, as.double(reached[[1]]))
  found <- reliability(values, target = 0.8)
  low <- which(mean_reliability(found$conf.high[[1]], 1:1e4) >= 0.8)[[1]]
  expect_identical(row$runs_needed_low, as.double(low))
})

test_that("the overlap is the mean over all orders of equal values", {
  orders <- function(x) {
    if (length(x) < 2) {
      return(list(x))
    }
    unlist(lapply(seq_along(x), function(i) {
      lapply(orders(x[-i]), function(rest) c(x[[i]], rest))
    }), recursive = FALSE)
  }
  # the chance of each sample to be among the first two, lowest first
  chances <- function(x) {
    allowed <- Filter(function(o) !is.unsorted(x[o]), orders(1:5))
    rowMeans(vapply(allowed, function(o) 1:5 %in% o[1:2], logical(5)))
  }
  values <- cbind(c(1, 1, 1, 2, 3), c(2, 1, 1, 3, 1), c(1, 2, 3, 4, 5))
  row <- glance.datamap_reliability(reliability(values, top = 0.4))
  w <- apply(values, 2, chances)
  pairs <- c(sum(w[, 1] * w[, 2]), sum(w[, 1] * w[, 3]), sum(w[, 2] * w[, 3]))
  expect_equal(
    unlist(row[c("overlap", "overlap_min", "overlap_max", "overlap_chance")]),
    c(mean(pairs / 2), min(pairs / 2), max(pairs / 2), 0.4),
    ignore_attr = TRUE
  )
  # the other end, and no end at all
  high <- glance.datamap_reliability(reliability(-values, "label_var2"))
  expect_identical(high$overlap, NA_real_)
  expect_identical(high$overlap_chance, NA_real_)
  high <- glance.datamap_reliability(
    reliability(10 - values, "loss_last", top = 0.4)
  )
  expect_equal(high$overlap, row$overlap)
})

test_that("metrics, missing values and too little", {
  maps <- random_runs(3, 40)
  found <- datamap_reliability(maps)
  expect_identical(class(found), c("datamap_reliability", "data.frame"))
  metrics <- c("avg_probs", "label_var", "correct_ratio", "forgetting_times")
  expect_identical(unique(found$metric), metrics)
  expect_named(found, c(
    "metric", "term", "estimate", "std.error", "conf.low", "conf.high",
    "samples", "runs"
  ))
  # the order of runs and samples does not matter
  other <- datamap_reliability(list(maps[[3]][40:1, ], maps[[1]], maps[[2]]))
  expect_equal(other, found)
  maps[[2]]$avg_probs[1:2] <- c(NA, Inf)
  message <- expect_message(
    found <- datamap_reliability(maps, metrics = "avg_probs"),
    class = "datamap_message_na"
  )
  expect_identical(message$n, 2L)
  expect_identical(found$samples, rep(38L, 4))
  maps[[2]]$avg_probs[1:38] <- NA
  error <- suppressMessages(expect_error(
    datamap_reliability(maps), "avg_probs has 2 of them",
    class = "datamap_error_input"
  ))
  expect_identical(error$key, "avg_probs")
  error <- expect_error(
    datamap_reliability(maps[1]), "One run can't tell",
    class = "datamap_error_input"
  )
  expect_identical(error$key, "map")
  for (wrong in list(
    quote(datamap_reliability(maps, metrics = "none")),
    quote(datamap_reliability(maps, level = 1)),
    quote(datamap_reliability(maps, target = 1)),
    quote(datamap_reliability(maps, top = 2))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input")
  }
})

test_that("it is printed, told and drawn", {
  found <- datamap_reliability(random_runs(4, 50))
  lines <- capture.output(expect_invisible(print(found)))
  text <- gsub(" +", " ", paste(gsub("^# ", "", lines), collapse = " "))
  expect_match(text, "of 4 metrics would be the same in another run: 4 runs")
  expect_match(text, "It does not say that the value of a sample is right")
  single <- found[found$term == "ICC(A,1)", ]
  expect_match(
    lines, sprintf(
      "avg_probs +%.3f \\[%.3f, %.3f\\]", single$estimate[[1]],
      single$conf.low[[1]], single$conf.high[[1]]
    ),
    all = FALSE
  )
  expect_output(print(found[1:2, ]), "^ +metric")
  expect_error(
    glance.datamap_reliability(found[1:2, ]), "datamap_reliability()",
    fixed = TRUE, class = "datamap_error_input"
  )
  bare <- tidy.datamap_reliability(found)
  expect_identical(class(bare), "data.frame")
  expect_identical(bare$estimate, found$estimate)

  plot <- ggplot2::autoplot(found)
  points <- ggplot2::layer_data(plot, 4)
  ones <- points[points$PANEL == 1, ]
  expect_equal(ones$x, single$estimate)
  expect_equal(ones$y, -(1:4))
  means <- points[points$PANEL == 2, ]
  expect_equal(sort(unique(means$y)), 1:10)
  expect_equal(
    means$x[means$y == 4], mean_reliability(single$estimate, 4)
  )
  bars <- ggplot2::layer_data(plot, 3)
  expect_equal(bars$xmin, single$conf.low)
  expect_equal(bars$xmax, single$conf.high)
  expect_match(plot$labels$alt, "avg_probs 0[.]")
  expect_true(all(c("label_\nvar", "10") %in% texts(plot, lines = TRUE)) ||
                all(c("label_var", "10") %in% texts(plot)))
  two <- suppressMessages(datamap_reliability(random_runs(2, 50)))
  expect_identical(nrow(ggplot2::layer_data(ggplot2::autoplot(two), 3)), 0L)
  as_draw(expect_invisible(plot(found)))
  skip_if_not_installed("generics")
  expect_identical(generics::tidy(found), bare)
  expect_identical(nrow(generics::glance(found)), 4L)
})

test_that("of runs that were trained, the mean is reliable, not the variance", {
  for (kind in c("symmetric", "class-dependent")) {
    found <- datamap_reliability(same_runs(kind))
    single <- found[found$term == "ICC(A,1)", ]
    r <- stats::setNames(single$estimate, single$metric)
    expect_gt(r[["avg_probs"]], 0.9)
    expect_gt(r[["correct_ratio"]], 0.85)
    expect_lt(r[["label_var"]], 0.85)
    expect_lt(r[["forgetting_times"]], 0.85)
    expect_true(all(single$conf.low < r & r < single$conf.high))
  }
})
