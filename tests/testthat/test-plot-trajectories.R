test_that("chosen samples have a line each, in order of the steps", {
  signals <- random_steps()
  shuffled <- signals[sample(nrow(signals)), ]
  plot <- datamap_plot_trajectories(shuffled, ids = c(7, "12"))
  lines <- drawn(plot)
  expect_identical(nrow(lines), 12L)
  expect_identical(length(unique(lines$colour)), 2L)
  for (id in c(7, 12)) {
    of_id <- signals[signals$id == id, ]
    group <- match(id, c(7, 12))
    expect_identical(lines$x[lines$group == group], of_id$epoch)
    expect_identical(lines$y[lines$group == group], of_id$label_probs)
  }
  expect_identical(unname(legend_labels(plot)), c("7", "12"))
  expect_match(
    ggplot2::get_alt_text(plot), "label_probs over 6 evaluations",
    fixed = TRUE
  )
})

test_that("without steps, rows are evaluations in their order", {
  signals <- random_steps()
  signals$epoch <- NULL
  lines <- drawn(datamap_plot_trajectories(signals, ids = 5))
  expect_identical(lines$x, as.numeric(0:5))
  expect_identical(lines$y, signals$label_probs[signals$id == 5])
})

test_that("bands are the quantiles of each group", {
  signals <- random_steps()
  plot <- datamap_plot_trajectories(signals, group_by = "s_label")
  data <- ggplot2::ggplot_build(plot)$data
  for (panel in 1:2) {
    for (at in unique(signals$epoch)) {
      values <- signals$label_probs[
        signals$epoch == at & signals$s_label == c(0, 2)[[panel]]
      ]
      want <- stats::quantile(values, c(0.1, 0.9, 0.25, 0.75, 0.5),
                              names = FALSE)
      row <- function(layer) {
        layer <- data[[layer]]
        layer[layer$PANEL == panel & layer$x == at, ]
      }
      expect_equal(
        c(row(1)$ymin, row(1)$ymax, row(2)$ymin, row(2)$ymax, row(3)$y), want
      )
    }
  }
  text <- as_draw(texts(plot))
  expect_true("ordinary (s_label 0) (n = 27)" %in% text)
  expect_true("dirty (s_label 2) (n = 13)" %in% text)
})

test_that("groups of a data map and of regions are taken", {
  signals <- random_steps()
  map <- datamap_summarise(cbind(signals, label = 0, correct = TRUE))
  regions <- datamap_regions(map, cutoffs = c(variability = 0.28))
  plot <- datamap_plot_trajectories(signals, group_by = regions)
  counts <- counts_of(regions)
  alt <- ggplot2::get_alt_text(plot)
  for (name in names(counts)[counts > 0]) {
    expect_match(alt, paste0(name, ": ", counts[[name]]),
                 fixed = TRUE)
  }
  one <- datamap_plot_trajectories(signals)
  expect_identical(length(unique(drawn(one)$PANEL)), 1L)
  expect_match(ggplot2::get_alt_text(one), "40 samples in 1 group",
               fixed = TRUE)
})

test_that("files of signals are read", {
  file <- tempfile(fileext = ".jsonl")
  writeLines(
    sprintf("{\"id\": 4, \"label\": 0, \"probs\": [%s, %s]}",
            c(0.25, 0.5, 0.75), c(0.75, 0.5, 0.25)),
    file
  )
  plot <- datamap_plot_trajectories(file, ids = 4)
  expect_identical(drawn(plot)$y, c(0.25, 0.5, 0.75))
  expect_identical(drawn(plot)$x, c(0, 1, 2))
  unlink(file)
})

test_that("odd signals draw", {
  signals <- random_steps()
  signals$label_probs[1:3] <- NA
  plots <- list(
    datamap_plot_trajectories(signals, group_by = "s_label"),
    datamap_plot_trajectories(signals, ids = 1),
    datamap_plot_trajectories(signals[signals$epoch == 10, ]),
    datamap_plot_trajectories(signals[0, ]),
    datamap_plot_trajectories(signals[100, ]),
    datamap_plot_trajectories(signals, signal = "epoch")
  )
  for (plot in plots) {
    expect_no_message(
      expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
    )
  }
  signals$label_probs <- NA_real_
  for (ids in list(NULL, 1:2)) {
    plot <- datamap_plot_trajectories(signals, ids = ids)
    expect_match(ggplot2::get_alt_text(plot), "No value to draw[.]$")
    expect_true("label_probs over 6 evaluations; no value to draw" %in%
                  as_draw(texts(plot)))
  }
})

test_that("a million samples of one group are drawn in seconds", {
  skip_if_long()
  n <- 1e6
  signals <- data.frame(
    id = rep(sample(n), 2), step = rep(1:2, each = n),
    label_probs = rep(c(0.25, 0.5, 0.75, 0.5), n / 2)
  )
  used <- system.time(plot <- datamap_plot_trajectories(signals))
  expect_lt(used[["user.self"]] + used[["sys.self"]], 15)
  expect_identical(drawn(plot)$ymin, c(0.25, 0.25))
  expect_identical(ggplot2::layer_data(plot, 3)$y, c(0.5, 0.5))
  expect_match(ggplot2::get_alt_text(plot), "all samples: 1,000,000",
               fixed = TRUE)
})

test_that("wrong arguments of trajectories are errors", {
  signals <- random_steps()
  expect_input <- function(...) {
    expect_error(
      datamap_plot_trajectories(...),
      class = "datamap_error_input"
    )
  }
  text <- signals
  text$note <- "x"
  expect_input(text, signal = "note")
  expect_input(1)
  expect_input(signals["id"])
  expect_input(signals, ids = 99)
  expect_input(signals, ids = 1:31)
  expect_input(signals, ids = NA)
  expect_input(signals, ids = character())
  expect_input(signals, ids = 1, group_by = "s_label")
  expect_input(signals, group_by = "none")
  expect_input(signals, group_by = data.frame(a = 1))
  expect_input(signals, signal = "none")
  expect_identical(expect_input(signals["id"])$key, "label_probs")
})

test_that("a table of class vectors is told how its label_probs is derived", {
  signals <- data.frame(id = 1, label = 0, step = 1:3)
  signals$probs <- cbind(c(0.25, 0.5, 0.75), c(0.75, 0.5, 0.25))
  error <- expect_error(
    datamap_plot_trajectories(signals), class = "datamap_error_input"
  )
  expect_identical(error$key, "label_probs")
  expect_match(conditionMessage(error), "datamap_write_signals", fixed = TRUE)
  # what it advises
  path <- tempfile(fileext = ".jsonl")
  datamap_write_signals(signals, path)
  drawn <- ggplot2::layer_data(datamap_plot_trajectories(path, ids = 1))
  expect_identical(drawn$y, c(0.25, 0.5, 0.75))
  unlink(path)
})

test_that("trajectories are drawn of all that signals are read from", {
  line <- paste0(
    "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5, ",
    "\"step\": ", 1:3, "}"
  )
  path <- tempfile(fileext = ".jsonl")
  writeLines(line, path)
  values <- function(x) ggplot2::layer_data(datamap_plot_trajectories(x))
  expected <- values(datamap_read_signals(path))
  expect_identical(expected$x, c(1, 2, 3))
  for (x in list(path, file(path), readBin(path, "raw", 1000), I(line))) {
    expect_identical(values(x), expected)
  }
  unlink(path)
  for (x in list(NULL, 1, datamap_state(I(line)))) {
    error <- expect_error(
      datamap_plot_trajectories(x), class = "datamap_error_input"
    )
    expect_identical(error$key, "x")
    expect_identical(
      as.character(error$call[[1]]), "datamap_plot_trajectories"
    )
  }
})
