# Which rows are kept, one by one.
naive_filter <- function(map, criterion = NULL, threshold = 0, f = NULL,
                         l = NULL) {
  keep <- integer()
  for (i in seq_len(nrow(map))) {
    ok <- TRUE
    if (!is.null(criterion)) {
      value <- map[[criterion]][[i]]
      ok <- ok && !is.na(value) && value >= threshold
    }
    if (!is.null(f)) ok <- ok && map$forgetting_times[[i]] >= f
    if (!is.null(l)) ok <- ok && map$learnt_times[[i]] >= l
    if (ok) keep <- c(keep, map$id[[i]])
  }
  keep
}

test_that("without a condition every row is kept", {
  map <- random_map(50)
  expect_identical(datamap_filter(map), map)
  expect_identical(datamap_filter(map, threshold = 5), map)
  expect_identical(
    datamap_filter(map, "", 0, use_f_times = -1, use_l_times = -1L), map
  )
})

test_that("criterion and use_*_times keep the rows that reach them", {
  map <- random_map(300)
  for (criterion in c("avg_probs", "label_var", "correct_times", "id",
                      "forgetting_times", "first_learn", "s_label")) {
    for (threshold in c(-1, 0, 0.3, 0.05, 1, 2, 400)) {
      expect_identical(
        datamap_filter(map, criterion, threshold)$id,
        naive_filter(map, criterion, threshold)
      )
    }
  }
  for (k in c(0, 1, 1.5, 2, 3, 99)) {
    expect_identical(
      datamap_filter(map, use_f_times = k)$id, naive_filter(map, f = k)
    )
    expect_identical(
      datamap_filter(map, use_l_times = k)$id, naive_filter(map, l = k)
    )
    expect_identical(
      datamap_filter(map, "avg_probs", 0.5, use_l_times = k)$id,
      naive_filter(map, "avg_probs", 0.5, l = k)
    )
  }
})

test_that("the threshold itself is kept", {
  map <- ratio_map(c(0.1 + 0.2, 0.3, 0.2))
  expect_identical(datamap_filter(map, "correct_ratio", 0.3)$id, 1:2)
})

test_that("class, columns and problems are kept, row numbers start anew", {
  map <- random_map(50)
  attr(map, "problems") <- data.frame(row = 9L)
  kept <- datamap_filter(map, "avg_probs", 0.5)
  expect_identical(class(kept), class(map))
  expect_identical(names(kept), names(map))
  expect_identical(attr(kept, "problems"), data.frame(row = 9L))
  expect_identical(attr(kept, "row.names"), seq_len(nrow(kept)))
  none <- datamap_filter(map, "avg_probs", 2)
  expect_true(is_datamap(none))
  expect_identical(nrow(none), 0L)
  expect_identical(attr(none, "problems"), data.frame(row = 9L))
})

test_that("columns of every kind keep their values and classes", {
  map <- random_map(60)
  map$day <- as.Date("2020-01-01") + 0:59
  map$kind <- factor(rep(c("a", "b", "c"), 20))
  map$embedding <- matrix(as.numeric(1:120), 60)
  map$notes <- as.list(1:60)
  map$frame <- data.frame(x = 1:60, y = letters[1 + 0:59 %% 26])
  kept <- datamap_filter(map, "avg_probs", 0.5)
  rows <- which(map$avg_probs >= 0.5)
  expect_identical(kept$day, map$day[rows])
  expect_identical(kept$kind, map$kind[rows])
  expect_identical(kept$embedding, map$embedding[rows, ])
  expect_identical(kept$notes, map$notes[rows])
  expect_identical(kept$frame$y, map$frame$y[rows])
})

test_that("a missing value fails every condition and is counted", {
  map <- random_map(20)
  map$avg_probs[c(2, 5)] <- c(NA, NaN)
  message <- expect_message(
    kept <- datamap_filter(map, "avg_probs", -Inf),
    class = "datamap_message_na"
  )
  expect_identical(message$n, 2L)
  expect_identical(message$columns, "avg_probs")
  expect_identical(kept$id, setdiff(1:20, c(2, 5)))

  map$learnt_times[[7]] <- NA
  message <- expect_message(
    kept <- datamap_filter(map, "avg_probs", -Inf, use_l_times = 0),
    class = "datamap_message_na"
  )
  expect_identical(message$n, 3L)
  expect_false(7 %in% kept$id)
  expect_no_message(datamap_filter(map, "label_var"))
})

test_that("an unknown criterion is an error that lists those there are", {
  map <- random_map(5)
  map$text <- "a"
  for (criterion in c("forgeting_times", "text")) {
    error <- expect_error(
      datamap_filter(map, criterion),
      class = "datamap_error_input"
    )
    expect_identical(error$key, criterion)
    expect_identical(error$columns, setdiff(names(map), "text"))
    expect_match(conditionMessage(error), "forgetting_times", fixed = TRUE)
  }
})

test_that("both use_f_times and use_l_times at once is an error", {
  map <- random_map(5)
  error <- expect_error(
    datamap_filter(map, use_f_times = 0, use_l_times = 0),
    class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "use_l_times = 0", fixed = TRUE)
  expect_identical(
    datamap_filter(map, use_f_times = 0, use_l_times = -1)$id, map$id
  )
})

test_that("arguments out of range are errors", {
  map <- random_map(5)
  for (bad in list(-2, -0.5, NA, "1", c(0, 1), -Inf)) {
    expect_error(
      datamap_filter(map, use_f_times = bad),
      class = "datamap_error_input"
    )
    expect_error(
      datamap_filter(map, use_l_times = bad),
      class = "datamap_error_input"
    )
  }
  for (bad in list(NA_real_, NULL, "0", 1:2)) {
    expect_error(
      datamap_filter(map, "avg_probs", bad),
      class = "datamap_error_input"
    )
  }
  expect_error(datamap_filter(map, NA), class = "datamap_error_input")
  expect_error(datamap_filter(map, 3), class = "datamap_error_input")
  error <- expect_error(
    datamap_filter(random_frame(5)),
    class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "as_datamap", fixed = TRUE)
})

test_that("a map without the events says so", {
  error <- expect_error(
    datamap_filter(ratio_map(c(0, 1)), use_l_times = 1),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "learnt_times")
  expect_true("avg_probs" %in% error$columns)
})

test_that("signals and states are no data map before they are summarised", {
  signals <- datamap_example("spam_signals.jsonl.gz")
  for (early in list(signals, datamap_recorder(NULL), datamap_state(signals))) {
    expect_error(
      datamap_filter(early), "forget `datamap_summarise()`", fixed = TRUE,
      class = "datamap_error_input"
    )
  }
})
