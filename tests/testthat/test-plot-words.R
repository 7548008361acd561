test_that("axes and legend say what they are", {
  map <- random_map(50)
  map$`{mine}` <- seq_len(50)
  text <- as_draw(texts(datamap_plot(map, facet = NULL)))
  expect_true("Mean probability of the label (avg_probs)" %in% text)
  expect_true("Variance of the probability of the label (label_var)" %in% text)
  expect_true("Share of right predictions (correct_ratio)" %in% text)
  text <- as_draw(
    texts(datamap_plot(map, "{mine}", "learnt_times", use_l_times = 0))
  )
  expect_true("{mine}" %in% text)
  expect_true("Times learnt (learnt_times)" %in% text)
})

test_that("a long title of the upright axis is broken", {
  map <- random_map(10)
  map$variability <- sqrt(map$label_var)
  text <- as_draw(
    texts(datamap_plot(map, "variability", facet = NULL), lines = TRUE)
  )
  expect_true(paste0(
    "Standard deviation of the\nprobability of the label\n(variability)"
  ) %in% text)
})

test_that("title and subtitle say which filter holds", {
  map <- random_map(300)
  text <- as_draw(texts(datamap_plot(map)))
  expect_true("Data map of 300 samples" %in% text)
  expect_true("10 evaluations each" %in% text)

  kept <- sum(map$forgetting_times >= 1 & map$avg_probs >= 0.25)
  text <- as_draw(
    texts(datamap_plot(map, "avg_probs", "label_var", "avg_probs", 0.25,
                       use_f_times = 1))
  )
  expect_true(paste("Data map of", kept, "of 300 samples") %in% text)
  expect_true(paste0(
    "Filter: avg_probs at least 0.25 and forgetting_times at least 1; ",
    "10 evaluations each"
  ) %in% text)

  text <- as_draw(texts(datamap_plot(map, use_l_times = 0)))
  expect_true("Data map of all 300 samples" %in% text)
})

test_that("the alt text comes from the data", {
  map <- random_map(300)
  alt <- ggplot2::get_alt_text(datamap_plot(map))
  counts <- counts_of(datamap_groups(map))
  for (i in seq_along(counts)) {
    expect_match(
      alt, paste0(names(counts)[[i]], ": ", counts[[i]]),
      fixed = TRUE
    )
  }
  expect_match(alt, "300 samples", fixed = TRUE)
  expect_match(alt, "Mean probability of the label (avg_probs)", fixed = TRUE)
  expect_false(grepl("ilter", alt, fixed = TRUE))
  expect_match(
    alt, paste0("dirty (s_label 2): ", sum(map$s_label == 2)),
    fixed = TRUE
  )
  filtered <- ggplot2::get_alt_text(datamap_plot(map, use_l_times = 1))
  expect_match(filtered, "Filter: learnt_times at least 1", fixed = TRUE)
  expect_false(grepl("learnt_times-:", filtered, fixed = TRUE))
  expect_false(identical(
    ggplot2::get_alt_text(datamap_plot(map, use_l_times = 2)), filtered
  ))
})

test_that("the caption names axes, filter and number, and follows them", {
  map <- random_map(300)
  caption <- function(...) {
    text <- as_draw(texts(datamap_plot(map, ...)))
    unname(grep("^[^ ]+ against ", text, value = TRUE))
  }
  expect_identical(
    caption(), "avg_probs against label_var; 300 samples, one point each"
  )
  kept <- sum(map$forgetting_times >= 1)
  expect_identical(
    caption(criterion = "forgetting_times", threshold = 1),
    paste0("avg_probs against label_var; ", kept,
           " of 300 samples (forgetting_times at least 1), one point each")
  )
  # Both keep all samples, and still differ
  expect_false(identical(caption(), caption(use_l_times = 0)))
})

test_that("no two filters have the same caption or alternative text", {
  skip_if_long()
  map <- random_map(300)
  filters <- list(
    list(), list(criterion = "avg_probs"),
    list(criterion = "avg_probs", threshold = 0.5),
    list(criterion = "avg_probs", threshold = 0.5 + 1e-9),
    list(criterion = "forgetting_times", threshold = 2),
    list(use_f_times = 0), list(use_l_times = 0), list(use_l_times = 2),
    list("max_label_probs", criterion = "avg_probs", threshold = 0.5),
    list(criterion = "avg_probs", threshold = 0.5, use_f_times = 1)
  )
  plots <- lapply(filters, function(filter) {
    do.call(datamap_plot, c(list(map), filter))
  })
  captions <- vapply(plots, function(plot) {
    text <- as_draw(texts(plot))
    grep("^[^ ]+ against ", text, value = TRUE)
  }, "")
  alts <- vapply(plots, ggplot2::get_alt_text, "")
  expect_identical(anyDuplicated(captions), 0L)
  expect_identical(anyDuplicated(alts), 0L)
})

test_that("legend keys are values, under the name of the signal", {
  words <- function(...) sub(" [(]n = .*", "", legend_labels(datamap_plot(...)))
  map <- ratio_map(
    c(0, 0.1, 0.3, 0.5, 0.7, 0.9, 1), forgetting_times = 0:6,
    learnt_times = c(0, 0, 0, 1, 2, 3, 0)
  )
  expect_identical(
    words(map),
    c("0 to 0.2", "0.2 to 0.4", "0.4 to 0.6", "0.6 to 0.8", "0.8 to 1", "1")
  )
  expect_identical(words(map[c(1, 3, 7), ]), c("0", "0.2 to 0.4", "1"))
  expect_identical(
    words(map, use_f_times = 0), c("0, never right", "1", "2", "3 or more")
  )
  expect_identical(
    words(map, use_l_times = 0),
    c("0, never right", "0, at times right", "0, always right", "1", "2",
      "3 or more")
  )
  text <- as_draw(texts(datamap_plot(map, use_f_times = 0)))
  expect_true("Times forgotten (forgetting_times)" %in% text)
  # A column whose values look like those of a scheme keeps its own colours
  map$mine <- c("1", "0", "0", "0", "0", "0", "0")
  points <- drawn(datamap_plot(map, group_by = "mine"))
  expect_setequal(points$colour, datamap_palette(2))
})

test_that("a filter that came before is named, and none that did not", {
  skip_if_long()
  map <- random_map(60)
  said <- function(map, ...) {
    paste(as_draw(texts(datamap_plot(map, ...))), collapse = "; ")
  }
  kept <- datamap_filter(map, avg_probs < 0.5)
  expect_match(said(kept), "Filter: avg_probs < 0.5", fixed = TRUE)
  expect_match(
    said(kept), paste("Data map of", nrow(kept), "of 60 samples"), fixed = TRUE
  )
  expect_match(
    said(kept, criterion = "id", threshold = 3),
    "avg_probs < 0.5 and id at least 3", fixed = TRUE
  )
  chosen <- list(map[1:7, ], subset(map, id < 8), head(map, 7))
  if (rlang::is_installed("dplyr")) {
    chosen <- c(chosen, list(dplyr::filter(map, .data$id < 8)))
  }
  for (some in chosen) {
    expect_match(said(some), "Data map of 7 of 60 samples", fixed = TRUE)
    expect_false(grepl("No filter", said(some), fixed = TRUE))
  }
  # Nothing is known of what was done before
  plain <- said(as.data.frame(map)[1:7, ])
  expect_match(plain, "Data map of 7 samples", fixed = TRUE)
  expect_false(grepl("filter", plain, ignore.case = TRUE))
})

test_that("one evaluation is said to have no variance", {
  alt <- function(times) {
    ggplot2::get_alt_text(datamap_plot(random_map(9, times = times)))
  }
  expect_match(alt(1), "no variance", fixed = TRUE)
  expect_no_match(alt(2), "no variance", fixed = TRUE)
})

test_that("control characters are shown escaped", {
  map <- random_map(12)
  map$odd <- rep(c("a\033[31m", "b\nc", "\u202ed"), 4)
  names(map)[names(map) == "odd"] <- "my\tcolumn"
  plot <- datamap_plot(map, group_by = "my\tcolumn", facet = "my\tcolumn")
  text <- c(as_draw(texts(plot)), ggplot2::get_alt_text(plot))
  expect_false(any(grepl("[\001-\037]", text)))
  expect_true(any(grepl("a\\x1b[31m", text, fixed = TRUE)))
  expect_true(any(grepl("b\\nc", text, fixed = TRUE)))
  expect_true(any(grepl("\\u202ed", text, fixed = TRUE)))
  expect_true(any(grepl("my\\tcolumn", text, fixed = TRUE)))
})

test_that("control characters are escaped on all plots, and when read out", {
  map <- random_map(12)
  map$`odd\tname` <- seq_len(12)
  steps <- random_steps(6)
  steps$kind <- rep_len(c("a\033[31m", "b\nc"), nrow(steps))
  steps$`odd\tname` <- steps$label_probs
  plots <- list(
    datamap_plot_compare(map, map, names = c("one\033", "two\n")),
    datamap_plot_compare(map, map, names = c("one\033", "two"), type = "flow"),
    datamap_plot_signals(map, signals = "odd\tname"),
    datamap_plot_trajectories(steps, group_by = "kind", signal = "odd\tname")
  )
  for (plot in plots) {
    said <- c(as_draw(texts(plot)), ggplot2::get_alt_text(plot))
    expect_false(any(grepl("[\001-\037]", said)))
    expect_true(any(grepl("\\\\(x1b|t)", said)))
  }
})
