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
  message <- expect_message(
    unchanged <- datamap_filter(map, threshold = 5),
    class = "datamap_message_no_criterion"
  )
  expect_identical(unchanged, map)
  expect_identical(message$key, "threshold")
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
  for (bad in list(3, c("avg_probs", "id"), mean)) {
    error <- expect_error(
      datamap_filter(map, bad),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "criterion")
  }
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
      datamap_filter(early), "datamap_summarise()", fixed = TRUE,
      class = "datamap_error_input"
    )
  }
})

test_that("conditions keep the samples that meet all of them", {
  map <- random_map(200)
  kept <- datamap_filter(map, avg_probs < 0.5)
  expect_identical(kept$id, map$id[map$avg_probs < 0.5])
  kept <- datamap_filter(map, avg_probs < 0.5, forgetting_times == 2)
  expect_identical(
    kept$id, map$id[map$avg_probs < 0.5 & map$forgetting_times == 2]
  )
  least <- 0.05
  kept <- datamap_filter(
    map, avg_probs < 0.5 | label == 1, criterion = "label_var",
    threshold = least, use_l_times = 1
  )
  expect_identical(kept$id, map$id[
    (map$avg_probs < 0.5 | map$label == 1) & map$label_var >= 0.05 &
      map$learnt_times >= 1
  ])
  # Beside the arguments by their place, and by variables
  criterion <- "label_var"
  expect_identical(
    datamap_filter(map, criterion, least, avg_probs < 0.5, 2)$id,
    map$id[
      map$label_var >= least & map$avg_probs < 0.5 & map$forgetting_times >= 2
    ]
  )
  expect_identical(
    datamap_filter(map, "label_var", threshold = least)$id,
    map$id[map$label_var >= least]
  )
  expect_identical(datamap_filter(map, label_var >= .env$least)$id,
                   map$id[map$label_var >= least])
})

test_that("a missing value fails a condition, whichever direction", {
  map <- random_map(20)
  map$avg_probs[c(2, 5)] <- c(NA, NaN)
  for (kept in list(
    expect_message(
      datamap_filter(map, avg_probs < 2), class = "datamap_message_na"
    ),
    expect_message(
      datamap_filter(map, avg_probs > -1), class = "datamap_message_na"
    )
  )) {
    expect_identical(kept$n, 2L)
    expect_identical(kept$columns, "avg_probs")
  }
  expect_identical(
    suppressMessages(datamap_filter(map, avg_probs < 2))$id,
    setdiff(1:20, c(2, 5))
  )
})

test_that("what is no condition is an error that says so", {
  map <- random_map(6)
  error <- expect_error(
    datamap_filter(map, avg_probs), class = "datamap_error_input"
  )
  expect_identical(error$key, "criterion")
  expect_match(conditionMessage(error), "quotes", fixed = TRUE)
  error <- expect_error(
    datamap_filter(map, avg_prob < 0.2), class = "datamap_error_input"
  )
  expect_identical(error$key, "avg_prob < 0.2")
  expect_identical(error$columns, names(map))
  error <- expect_error(
    datamap_filter(map, avg_probs = 0.2), class = "datamap_error_input"
  )
  expect_identical(error$key, "avg_probs")
  expect_match(conditionMessage(error), "`==`", fixed = TRUE)
  for (bad in list(TRUE, NA, c(TRUE, FALSE))) {
    error <- expect_error(
      datamap_filter(map, bad), class = "datamap_error_input"
    )
    expect_identical(error$key, "...")
  }
  error <- expect_error(
    datamap_filter(map, "avg_probs", 0, NULL, NULL, 7),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "...")
})

test_that("a threshold without a criterion changes nothing and says so", {
  map <- random_map(10)
  calls <- list(
    function() datamap_filter(map, "", 0.5)$id,
    function() datamap_groups(map, threshold = 0.5)$id,
    function() datamap_plot(map, criterion = "", threshold = 0.5)$data$id,
    function() datamap_plot_signals(map, threshold = 0.5)
  )
  for (call in calls) {
    expect_message(result <- call(), class = "datamap_message_no_criterion")
    if (is.integer(result)) expect_setequal(result, map$id)
  }
  expect_no_message(datamap_filter(map, "", 0))
})

test_that("a map remembers its filters, and how many samples there were", {
  map <- random_map(100)
  once <- datamap_filter(map, avg_probs < 0.6)
  twice <- datamap_filter(once, use_l_times = 1)
  expect_identical(attr(once, "filter"), "avg_probs < 0.6")
  expect_identical(
    attr(twice, "filter"), c("avg_probs < 0.6", "learnt_times at least 1")
  )
  expect_identical(attr(twice, "samples"), 100L)
  expect_identical(attr(map[1:3, ], "samples"), 100L)
  expect_null(attr(rbind(map[1:3, ], map[4, ]), "samples"))
  # What was bound knows from then on
  bound <- rbind(map[1:30, ], map[40, ])
  expect_identical(attr(datamap_filter(bound, id < 9), "samples"), 31L)
})
