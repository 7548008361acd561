# Runs with regions of all kinds.
region_runs <- function(k, n = 300, seed = 1) {
  set.seed(seed)
  level <- stats::rnorm(n)
  lapply(seq_len(k), function(run) {
    p <- stats::plogis(2 * level + stats::rnorm(n, sd = 0.5))
    as_datamap(data.frame(
      id = seq_len(n), label = "a", correct_ratio = 0.5, avg_probs = p,
      label_var = p * (1 - p) * stats::runif(n, 0.1, 0.4)
    ))
  })
}

naive_probs <- function(maps, cutoffs) {
  n <- nrow(maps[[1]])
  k <- length(maps)
  pairs <- expand.grid(i = seq_len(n), j = seq_len(k))
  pairs$region <- pairs$y <- pairs$x <- 0
  for (at in seq_len(nrow(pairs))) {
    i <- pairs$i[[at]]
    j <- pairs$j[[at]]
    rest <- setdiff(seq_len(k), j)
    pairs$x[[at]] <- mean(vapply(rest, function(r) maps[[r]]$avg_probs[[i]], 0))
    pairs$y[[at]] <- mean(vapply(rest, function(r) {
      sqrt(maps[[r]]$label_var[[i]])
    }, 0))
    region <- datamap_regions(maps[[j]][i, ], cutoffs = cutoffs)$region
    pairs$region[[at]] <- as.integer(region)
  }
  cell_of <- function(x, y) {
    place <- function(at, all) {
      breaks <- unique(stats::quantile(all, seq(0, 1, by = 0.125)))
      findInterval(at, breaks, all.inside = TRUE)
    }
    paste(place(x, pairs$x), place(y, pairs$y))
  }
  pairs$cell <- cell_of(pairs$x, pairs$y)
  q <- tabulate(pairs$region, 3) / nrow(pairs)
  x <- rowMeans(vapply(maps, function(map) map$avg_probs, double(n)))
  y <- rowMeans(vapply(maps, function(map) sqrt(map$label_var), double(n)))
  t(vapply(cell_of(x, y), function(cell) {
    inside <- pairs$region[pairs$cell == cell]
    (tabulate(inside, 3) + 3 * q) / (length(inside) + 3)
  }, double(3)))
}

test_that("probabilities are those of loops over pairs of samples and runs", {
  cutoffs <- c(variability = 0.2, confidence = 0.5)
  for (k in 2:3) {
    maps <- region_runs(k, 200, seed = k)
    found <- datamap_region_probs(maps)
    probs <- as.matrix(as.data.frame(found)[datamap_region_names])
    expect_equal(probs, naive_probs(maps, cutoffs), ignore_attr = TRUE)
    expect_equal(unname(rowSums(probs)), rep(1, 200))
    expect_identical(
      found$p_region, probs[cbind(1:200, as.integer(found$region))]
    )
  }
})

test_that("one cell has the shares of all", {
  maps <- lapply(region_runs(3), function(map) {
    map$avg_probs <- 0.7
    map$label_var <- 0.01
    map
  })
  maps[[3]]$avg_probs <- 0.2
  found <- datamap_region_probs(maps)
  row <- glance.datamap_region_probs(found)
  expect_equal(unique(found$`hard-to-learn`), 1 / 3)
  expect_equal(unique(found$`easy-to-learn`), 2 / 3)
  expect_equal(row$agreement, 1 / 3)
  # the means are easy: 0.53
  expect_identical(as.character(unique(found$region)), "easy-to-learn")
})

test_that("probabilities come true in fresh runs", {
  all <- region_runs(11, 1500, seed = 3)
  found <- datamap_region_probs(all[1:5])
  codes <- vapply(all[6:11], function(map) {
    as.integer(datamap_regions(map)$region)
  }, integer(1500))
  errors <- vapply(1:3, function(r) {
    p <- found[[datamap_region_names[[r]]]]
    of <- cut(p, 0:5 / 5, include.lowest = TRUE)
    seen <- tapply(rowMeans(codes == r), of, mean)
    weights <- tabulate(of, 5) / 1500
    sum(abs(seen - tapply(p, of, mean)) * weights, na.rm = TRUE)
  }, 0)
  expect_lt(max(errors), 0.03)
})

test_that("what has no probabilities is told", {
  maps <- region_runs(2)
  few <- lapply(maps, function(map) map[1:199, ])
  error <- expect_error(datamap_region_probs(few), class = "datamap_error")
  expect_identical(error$n, 199L)
  for (wrong in list(
    quote(datamap_region_probs(maps[[1]])), quote(datamap_region_probs()),
    quote(datamap_region_probs(maps, cutoffs = 1)),
    quote(datamap_region_probs(maps, 1))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input")
  }
  maps[[1]]$label_var[[4]] <- NA
  expect_message(
    found <- datamap_region_probs(maps), class = "datamap_message_na"
  )
  expect_false(4 %in% found$id)
})

test_that("probabilities of regions are printed, told and drawn", {
  found <- datamap_region_probs(region_runs(3))
  expect_named(found, c("id", datamap_region_names, "region", "p_region"))
  text <- paste(capture.output(expect_invisible(print(found))), collapse = " ")
  expect_match(gsub("[# ]+", " ", text), "a single sample they say nothing")
  expect_output(print(found[1:2, ]), "^ +id")
  expect_identical(class(tidy.datamap_region_probs(found)), "data.frame")
  expect_identical(glance.datamap_region_probs(found)$runs, 3L)
  plot <- ggplot2::autoplot(found)
  expect_identical(nrow(drawn(plot)), 300L)
  expect_match(ggplot2::get_alt_text(plot), "Regions: hard-to-learn: ")
  as_draw(expect_invisible(plot(found)))
})
