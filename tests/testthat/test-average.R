test_that("an average is the mean over runs, sample by sample", {
  runs <- random_runs(3, 30)
  runs[[2]] <- runs[[2]][30:1, ]
  average <- datamap_average(runs)
  expect_s3_class(average, "datamap")
  expect_identical(average$id, 1:30)
  expect_identical(average$label, runs[[1]]$label)
  expect_identical(average$runs, rep(3L, 30))
  for (name in c("avg_probs", "label_var", "forgetting_times", "evaluations")) {
    values <- vapply(runs, function(map) {
      as.double(map[[name]][order(map$id)])
    }, double(30))
    expect_equal(average[[name]], rowMeans(values), label = name)
  }
  expect_false(any(zero_is_never %in% names(average)))
  # one map is a list of one
  one <- datamap_average(runs[[1]])
  expect_equal(one$avg_probs, runs[[1]]$avg_probs)
  expect_null(average_words(one))
})

test_that("what is never learned in one run has no mean, labels must agree", {
  runs <- random_runs(2, 4)
  runs[[1]]$first_correct <- c(0L, 1L, NA, 2L)
  runs[[2]]$first_correct <- c(1L, 1L, 0L, NA)
  expect_identical(datamap_average(runs)$first_correct, c(0.5, 1, NA, NA))
  runs[[1]]$s_label <- 0L
  runs[[2]]$s_label <- 0
  expect_identical(datamap_average(runs)$s_label, rep(0L, 4))
  runs[[2]]$s_label[[3]] <- 2
  expect_null(datamap_average(runs)$s_label)
  runs[[2]]$label[[1]] <- "x"
  error <- expect_error(datamap_average(runs), class = "datamap_error_input")
  expect_identical(error$key, "label")
  average <- datamap_average(runs, same_labels = FALSE)
  expect_identical(average$label, runs[[1]]$label)
})

test_that("an average says that it is one", {
  average <- datamap_average(random_runs(3, 30))
  expect_output(print(average), "6 evaluations each, means over 3 runs")
  expect_output(print(summary(average)), "means over 3 runs")
  for (plot in list(
    datamap_plot(average), datamap_plot_signals(average),
    datamap_plot_compare(average, average, names = c("a", "b")),
    datamap_plot(average, style = "cartography")
  )) {
    expect_true(any(grepl("means over 3 runs", as_draw(texts(plot)))))
    expect_match(ggplot2::get_alt_text(plot), "means over 3 runs")
  }
  # by its column, which stays where attributes do not
  parts <- rbind(average[1:3, ], average[4:5, ])
  expect_s3_class(as_datamap(as.data.frame(average)), "datamap")
  expect_output(print(parts), "means over 3 runs")
  two <- datamap_average(random_runs(2, 40))
  expect_output(print(rbind(average, two[31:40, ])), "means over 2 to 3 runs")
  # and is no metric of runs
  expect_false("runs" %in% names(datamap_runs(list(average, average))))
  # any other map must have whole counts
  plain <- as.data.frame(average)
  plain$runs <- NULL
  expect_error(as_datamap(plain), class = "datamap_error_range")
  plain$runs <- "a"
  expect_error(as_datamap(plain), class = "datamap_error_range")
})

test_that("an average is written and read", {
  average <- datamap_average(random_runs(3, 30))
  file <- tempfile(fileext = ".result")
  on.exit(unlink(file))
  datamap_write_summary(average, file)
  expect_equal(as.list(datamap_read_summary(file)), as.list(average))
})

test_that("rows of runs are a plain frame, with a hint", {
  runs <- random_runs(2, 5)
  message <- expect_message(
    both <- rbind(runs[[1]], runs[[2]]), "datamap_average",
    class = "datamap_message_repeated_id"
  )
  expect_match(conditionMessage(message), "datamap_runs")
  expect_identical(class(both), "data.frame")
})

test_that("a list of maps is drawn with a panel for each", {
  runs <- random_runs(2, 40)
  names(runs) <- c("a", "b")
  runs$b <- as_datamap(as.data.frame(runs$b)[-1, ])
  plot <- datamap_plot(runs)
  expect_identical(nrow(drawn(plot)), 79L)
  expect_identical(nlevels(drawn(plot)$PANEL), 2L)
  text <- as_draw(texts(plot))
  expect_true("Data map of 79 samples in 2 runs" %in% text)
  expect_true(all(c("run: a", "run: b") %in% text))
  expect_match(ggplot2::get_alt_text(plot), "79 samples in 2 runs")
  expect_match(ggplot2::get_alt_text(plot), "run: a: 40, run: b: 39")
  # the same, by its name
  same <- datamap_plot(runs, facet = "run")
  expect_identical(drawn(same), drawn(plot))
  one <- datamap_plot(runs, facet = NULL, group_by = "run")
  expect_identical(nlevels(drawn(one)$PANEL), 1L)
  expect_setequal(legend_labels(one), c("a (n = 40)", "b (n = 39)"))
  # ids are marked in each
  marked <- datamap_plot(runs, ids = c(7, 1))
  rings <- ggplot2::layer_data(marked, 2)
  expect_identical(as.integer(rings$PANEL), c(1L, 2L, 1L))
  expect_match(ggplot2::get_alt_text(marked), "Marked: 7, 1.", fixed = TRUE)
  expect_identical(
    nlevels(drawn(datamap_plot(runs, style = "cartography"))$PANEL), 2L
  )
  expect_error(
    datamap_plot(list(runs$a, 1)), "map[[2]]", fixed = TRUE,
    class = "datamap_error_input"
  )
  expect_error(datamap_plot(runs$a, facet = "run"), class = "datamap_error")
})

test_that("columns of all kinds stand below each other where they can", {
  runs <- random_runs(2, 3)
  runs[[1]]$day <- as.Date("2024-01-01") + 0:2
  runs[[2]]$day <- as.Date("2024-02-01") + 0:2
  runs[[1]]$kind <- factor(c("x", "y", "x"))
  runs[[2]]$kind <- factor(c("z", "y", NA))
  runs[[1]]$list <- as.list(1:3)
  runs[[2]]$list <- as.list(1:3)
  runs[[1]]$odd <- as.Date("2024-01-01")
  runs[[2]]$odd <- 1
  runs[[1]]$run <- "mine"
  runs[[2]]$run <- "mine"
  runs <- lapply(runs, datamap_filter, avg_probs > 0.1)
  map <- stack_maps(runs)
  expect_s3_class(map$day, "Date")
  expect_identical(levels(map$kind), c("x", "y", "z"))
  expect_false(any(c("list", "odd") %in% names(map)))
  expect_identical(levels(map$run), c("1", "2"))
  expect_identical(samples_before(map), 6L)
  expect_match(
    as_draw(texts(datamap_plot(runs))), "avg_probs > 0.1", all = FALSE
  )
  runs[[2]] <- datamap_filter(runs[[2]], avg_probs < 2)
  expect_null(attr(stack_maps(runs), "filter"))
})

test_that("finite values have a finite mean, whatever their sum", {
  most <- .Machine$double.xmax
  run <- function(probs, times) {
    map <- random_map(4)
    map$avg_probs <- probs
    map$forgetting_times <- as.integer(times)
    map
  }
  many <- .Machine$integer.max
  mean <- datamap_average(list(
    run(c(1.7e308, 1e308, -most, 0.5), many),
    run(c(1.7e308, -1e308, -most, 0.25), many),
    run(c(1.7e308, 1e308, -most, Inf), many - 3)
  ))
  expect_equal(mean$avg_probs, c(1.7e308, 1e308 / 3, -most, Inf))
  expect_identical(mean$forgetting_times, rep(many - 1, 4))
})
