# Lines that are right, and one of each fault.
faulty_signals <- function() {
  frame <- data.frame(
    id = rep(1:4, each = 3), step = 1:3,
    label = rep(c(0L, 1L, 1L, 0L), each = 3),
    s_label = c(NA, 1L, 1L), correct = 1L, label_probs = 0.75
  )
  frame$probs_0 <- ifelse(frame$label == 0, 0.75, 0.25)
  frame$probs_1 <- 1 - frame$probs_0
  frame
}

test_that("disagreements are counted as the core does", {
  frame <- faulty_signals()
  frame$label[[2]] <- 1L
  frame$s_label[c(6, 9)] <- 2L
  frame$correct[[8]] <- 0L
  frame$probs_0[[4]] <- 0.5
  frame$label_probs[[11]] <- 1.5
  frame$label_probs[[10]] <- 0.5
  x <- lazy_table(frame)
  expected <- datamap_problems(quietly(datamap_summarise(frame)))
  warning <- expect_warning(
    lazy <- datamap_summarise(x), class = "datamap_warning_disagreement"
  )
  found <- warning$problems
  expect_identical(names(found), names(expected))
  expect_equal(attr(found, "counts"), attr(expected, "counts"))
  expect_identical(nrow(found), sum(attr(found, "counts") > 0))
  if (!in_detail()) {
    return()
  }
  expect_equal(datamap_problems(x), found)
  expect_identical(datamap_problems(lazy), found)
  expect_identical(datamap_problems(dplyr::collect(lazy)), found)
  # check = FALSE looks at nothing, and finds it when asked
  unchecked <- datamap_summarise(x, check = FALSE)
  expect_identical(datamap_problems(unchecked), found)
})

test_that("a bad line stops, or is left out", {
  faults <- list(
    id = NA_integer_, label = NA_integer_, correct = 3L, label_probs = NA_real_,
    step = NA_real_
  )
  faulty <- faulty_signals()[setdiff(names(faulty_signals()), c(
    "probs_0", "probs_1"
  ))]
  frame <- faulty[rep(seq_len(12), length(faults)), ]
  frame$id <- frame$id + rep(10L * seq_along(faults), each = 12)
  for (i in seq_along(faults)) {
    frame[[names(faults)[[i]]]][[12 * i - 4]] <- faults[[i]]
  }
  x <- lazy_table(frame)
  error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
  expect_identical(error$n, 5)
  expect_identical(error$key, "id")
  skip_unless_in_full()
  found <- datamap_problems(x)
  expect_identical(nrow(found), 5L)
  expect_identical(attr(found, "counts")[["bad_line"]], 5)
  warning <- expect_warning(
    lazy <- datamap_summarise(x, on_error = "skip"),
    class = "datamap_warning_skipped"
  )
  expect_identical(warning$n, 5)
  kept <- frame[-(12 * seq_along(faults) - 4), ]
  expect_near_map(dplyr::collect(lazy), datamap_summarise(kept))
})

test_that("a probability that is not finite is told, or no number at all", {
  frame <- faulty_signals()[1:6]
  frame$label_probs[[5]] <- if (has_odd_numbers()) NaN else NA
  x <- lazy_table(frame)
  if (has_odd_numbers()) {
    expect_identical(attr(datamap_problems(x), "counts")[["not_finite"]], 1)
  } else {
    error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
    expect_identical(error$key, "label_probs")
  }
})

test_that("a table without a line is told", {
  skip_without_database()
  x <- dplyr::filter(lazy_table(faulty_signals()), id > 100L)
  expect_warning(
    map <- datamap_summarise(x), class = "datamap_warning_empty"
  )
  expect_identical(nrow(dplyr::collect(map)), 0L)
})
