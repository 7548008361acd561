test_that("metrics are compared by the means of runs", {
  first <- random_runs(3, 60)
  second <- random_runs(4, 60, seed = 2)
  second <- lapply(second, function(map) {
    map$label <- first[[1]]$label
    map
  })
  found <- datamap_compare(first, second, level = 0.9)
  expect_identical(
    found$term,
    c("avg_probs", "label_var", "correct_ratio", "forgetting_times")
  )
  for (i in seq_along(found$term)) {
    means <- lapply(list(first, second), vapply, function(map) {
      mean(map[[found$term[[i]]]])
    }, 0)
    test <- stats::t.test(means[[2]], means[[1]], conf.level = 0.9)
    expect_equal(found$estimate[[i]], -diff(test$estimate), ignore_attr = TRUE)
    expect_equal(
      unlist(tidy.datamap_comparison(found)[i, c(
        "std.error", "statistic", "df", "p.value", "conf.low", "conf.high"
      )]),
      c(test$stderr, test$statistic, test$parameter, test$p.value,
        test$conf.int),
      ignore_attr = TRUE
    )
  }
  expect_identical(unique(found$runs1), 3L)
  expect_identical(unique(found$runs2), 4L)
})

test_that("regions are counted over pairs of runs", {
  first <- random_runs(2, 80)
  second <- random_runs(3, 80, seed = 5)
  second <- lapply(second, `[[<-`, "label", value = first[[1]]$label)
  found <- datamap_compare(first, second)
  region <- function(map) datamap_regions(map)$region
  table <- matrix(0, 3, 3)
  for (a in first) {
    for (b in second) {
      table <- table + unclass(table(region(a), region(b)))
    }
  }
  expect_equal(attr(found, "regions"), table, ignore_attr = TRUE)
  row <- glance.datamap_comparison(found)
  expect_equal(row$moved, 1 - sum(diag(table)) / sum(table))
  within <- c(
    mean(region(first[[1]]) != region(first[[2]])),
    mean(region(second[[1]]) != region(second[[2]])),
    mean(region(second[[1]]) != region(second[[3]])),
    mean(region(second[[2]]) != region(second[[3]]))
  )
  expect_equal(row$moved_within, mean(within))
})

# By loops over the ways to part two and two runs.
naive_parts <- function(values, of) {
  sizes <- table(of)
  scale <- sqrt(sum(1 / sizes))
  floor <- stats::median(apply(values, 1, stats::sd)) * scale
  ways <- utils::combn(length(of), sizes[[1]])
  t_of <- function(first) {
    apply(values, 1, function(x) {
      a <- x[first]
      b <- x[-first]
      pooled <- sqrt(
        (sum((a - mean(a))^2) + sum((b - mean(b))^2)) / (length(x) - 2)
      )
      (mean(b) - mean(a)) / (pooled * scale + floor)
    })
  }
  observed <- t_of(which(of == 1))
  largest <- apply(ways, 2, function(first) max(abs(t_of(first))))
  list(
    statistic = observed,
    p = vapply(abs(observed), function(t) {
      mean(largest >= t * (1 - 1e-9))
    }, 0)
  )
}

test_that("samples are compared by all ways to part the runs", {
  for (sizes in list(c(2, 2), c(2, 3), c(3, 2), c(4, 4))) {
    set.seed(sum(sizes))
    of <- rep(1:2, sizes)
    values <- matrix(stats::rnorm(30 * length(of)), 30)
    values[1:3, of == 2] <- values[1:3, of == 2] + 3
    found <- part_runs(values, of, NULL)
    naive <- naive_parts(values, of)
    expect_equal(found$statistic, naive$statistic)
    expect_equal(found$p, naive$p)
    expect_gt(min(found$p), 0)
  }
  # the means of what is equal in all runs are equal
  expect_identical(part_runs(matrix(1, 5, 8), rep(1:2, each = 4), NULL)$p,
                   rep(1, 5))
})

test_that("many runs are parted at random, always the same with a seed", {
  of <- rep(1:2, each = 7)
  set.seed(1)
  values <- matrix(stats::rnorm(20 * 14), 20)
  values[1, of == 2] <- values[1, of == 2] + 30
  state <- .Random.seed
  found <- part_runs(values, of, 5)
  expect_identical(.Random.seed, state)
  expect_identical(part_runs(values, of, 5), found)
  expect_identical(found$p[[1]], 1 / 1000)
  expect_identical(ncol(partings(of, NULL)), 1000L)
  expect_false(identical(.Random.seed, state))
})

test_that("a sample that changed is found, and equal recipes change nothing", {
  runs <- random_runs(8, 60)
  moved <- lapply(runs[5:8], function(map) {
    map$avg_probs[[7]] <- map$avg_probs[[7]] * 0.05
    map$label[1:2] <- "z"
    map
  })
  found <- datamap_compare(runs[1:4], moved)
  samples <- attr(found, "samples")
  expect_named(samples, c(
    "id", "estimate", "statistic", "p.value", "region_1", "region_2",
    "label_changed"
  ))
  expect_identical(samples$p.value[[7]], 1 / 35)
  expect_gt(min(samples$p.value[-7]), 0.05)
  expect_identical(which(samples$label_changed), 1:2)
  row <- glance.datamap_comparison(found)
  expect_identical(row[c("changed", "label_changed")],
                   data.frame(changed = 1L, label_changed = 2L))
  same <- datamap_compare(runs[1:4], runs[1:4])
  expect_equal(same$estimate, rep(0, 4))
  expect_equal(same$p.value, rep(1, 4))
  expect_identical(unique(attr(same, "samples")$p.value), 1)
  expect_identical(glance.datamap_comparison(same)$changed, 0L)
})

test_that("few runs, copies and what can't be compared are told", {
  runs <- random_runs(3, 30)
  message <- expect_message(
    found <- datamap_compare(runs[[1]], runs[2:3]),
    class = "datamap_message_few_runs"
  )
  expect_identical(message$runs, 1:2)
  expect_true(all(is.na(found$p.value)))
  expect_false(is.na(glance.datamap_comparison(found)$moved_within))
  both <- suppressMessages(datamap_compare(runs[[1]], runs[[2]]))
  expect_identical(glance.datamap_comparison(both)$moved_within, NA_real_)
  expect_identical(glance.datamap_comparison(both)$changed, NA_integer_)
  copies <- datamap_compare(rep(runs[1], 2), rep(runs[2], 2))
  expect_true(is.na(copies$p.value[[1]]))
  expect_true(copies$estimate[[1]] != 0)
  copies <- datamap_compare(rep(runs[1], 2), rep(runs[1], 2))
  expect_identical(copies$p.value, rep(1, 4))
  expect_identical(copies$estimate, rep(0, 4))
  other <- runs[[2]]
  other$label[[1]] <- "z"
  for (wrong in list(
    quote(datamap_compare(runs[[1]], list(runs[[2]], other))),
    quote(datamap_compare(runs, 1)), quote(datamap_compare(runs)),
    quote(datamap_compare(list(), runs)),
    quote(datamap_compare(runs, list(runs[[1]], 1))),
    quote(datamap_compare(runs, runs, metrics = "none")),
    quote(datamap_compare(runs, runs, level = 2)),
    quote(datamap_compare(runs, runs, seed = "a"))
  )) {
    expect_error(
      suppressMessages(eval(wrong)), class = "datamap_error_input"
    )
  }
  error <- expect_error(datamap_compare(runs, 1))
  expect_identical(error$key, "map2")
})

test_that("a comparison is printed, told and drawn", {
  runs <- random_runs(5, 40)
  found <- datamap_compare(runs[1:2], runs[3:5])
  text <- paste(capture.output(expect_invisible(print(found))), collapse = " ")
  expect_match(gsub("[# ]+", " ", text), "The unit is the run")
  expect_output(print(found[1:2, ]), "^ +term")
  expect_identical(class(tidy.datamap_comparison(found)), "data.frame")
  plot <- ggplot2::autoplot(found)
  expect_identical(nrow(ggplot2::layer_data(plot, 3)), 4L)
  expect_match(ggplot2::get_alt_text(plot), "Differences: avg_probs ")
  expect_match(
    as_draw(texts(plot)), "whose unit is the run", all = FALSE
  )
  one <- suppressMessages(datamap_compare(runs[[1]], runs[[2]]))
  expect_output(print(one), "that takes four runs of each")
  expect_match(
    ggplot2::get_alt_text(ggplot2::autoplot(one)), "no intervals from so few"
  )
  four <- datamap_compare(runs[1:4], runs[c(5, 1:3)])
  expect_output(print(four), "0 samples changed in avg_probs")
  as_draw(expect_invisible(plot(found)))
})
