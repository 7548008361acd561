# Arrays of probabilities as signals.

# n samples, the classes by name, and stages that get better.
random_array <- function(n = 40, classes = c("z", "b", "c"), stages = 5) {
  set.seed(1)
  x <- array(
    rexp(n * length(classes) * stages), c(n, length(classes), stages),
    dimnames = list(NULL, classes, NULL)
  )
  for (i in seq_len(stages)) {
    x[, , i] <- x[, , i] / rowSums(x[, , i])
  }
  x
}

random_labels <- function(n = 40, classes = c("z", "b", "c")) {
  set.seed(2)
  factor(sample(classes, n, replace = TRUE))
}

recorded <- function(x, label, id = seq_along(label), file = NULL) {
  rec <- datamap_recorder(file, metrics = "all", signals = "loss")
  on.exit(close(rec))
  place <- match(label, dimnames(x)[[2]])
  for (i in seq_len(dim(x)[[3]])) {
    datamap_record(
      rec, id = id, label = label, probs = x[, , i], step = i,
      loss = -log(x[cbind(seq_along(label), place, i)])
    )
  }
  datamap_summarise(rec)
}

expect_same_columns <- function(object, expected) {
  expect_identical(lapply(object, identity), lapply(expected, identity))
}

test_that("an array gives the map of a recorder and of its file", {
  x <- random_array()
  label <- random_labels()
  file <- tempfile()
  on.exit(unlink(file))
  expected <- recorded(x, label, file = file)
  all_of <- function(x) datamap_summarise(x, signals = "loss", metrics = "all")
  map <- all_of(datamap_stages(x, label = label))
  expect_same_columns(map, expected)
  from_file <- all_of(file)
  for (name in c("label", "suggested_label")) {
    from_file[[name]] <- factor(from_file[[name]], levels(label))
  }
  expect_same_columns(map, from_file)
  # a list of its matrices, and classes that are told
  matrices <- lapply(1:5, function(i) x[, , i])
  expect_same_columns(all_of(datamap_stages(matrices, label = label)), expected)
  dimnames(x) <- NULL
  expect_same_columns(
    all_of(datamap_stages(x, label = label, classes = c("z", "b", "c"))),
    expected
  )
})

test_that("labels and classes follow the rules of tables", {
  x <- unname(random_array())
  number <- as.integer(random_labels()) - 1L
  map <- datamap_summarise(datamap_stages(x, label = number))
  long <- data.frame(
    id = rep(1:40, 5), label = number, step = rep(1:5, each = 40)
  )
  long$probs <- do.call(rbind, lapply(1:5, function(i) x[, , i]))
  expect_same_columns(map, datamap_summarise(long))
  # classes that are numbers, in another order
  dimnames(x) <- list(NULL, c("2", "0", "1"), NULL)
  map <- datamap_summarise(datamap_stages(x, label = number), metrics = "aum")
  colnames(long$probs) <- c("2", "0", "1")
  expect_same_columns(map, datamap_summarise(long, metrics = "aum"))
  expect_error(
    datamap_stages(x, label = replace(number, 3, 7)),
    class = "datamap_error_range"
  )
  # of levels only
  expect_message(
    datamap_stages(unname(x), label = random_labels()),
    class = "datamap_message_level_order"
  )
  # fewer samples than classes
  few <- datamap_stages(random_array(2), label = c("b", "b"))
  expect_identical(nrow(datamap_summarise(few)), 2L)
})

test_that("rows in another order with their ids give the same map", {
  x <- random_array()
  label <- random_labels()
  id <- sample(1000, 40)
  at <- sample(40)
  expect_same_columns(
    datamap_summarise(datamap_stages(x, label = label, id = id)),
    datamap_summarise(
      datamap_stages(x[at, , ], label = label[at], id = id[at])
    )
  )
})

test_that("a matrix has the probabilities of the labels", {
  p <- matrix(
    c(.5, .4, .5, .7, .6, .3, .9, .3, .2, .9, .6, .1), 3,
    dimnames = list(c("a", "b", "c"), NULL)
  )
  map <- datamap_summarise(
    datamap_stages(p, label = c(0, 1, 1)), metrics = "loss_last"
  )
  expect_identical(map$id, c("a", "b", "c"))
  expect_equal(map$avg_probs, unname(rowMeans(p)))
  expect_equal(map$correct_times, c(3L, 2L, 0L))
  expect_equal(map$loss_last, -log(c(.9, .6, .1)))
  error <- expect_error(
    datamap_stages(p, label = 1:3),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "correct")
  map <- datamap_summarise(datamap_stages(p, label = 1:3, correct = p > 0.3))
  expect_equal(map$correct_times, unname(rowSums(p > 0.3)))
  expect_error(
    datamap_stages(p, label = 1:3, correct = 1), class = "datamap_error_input"
  )
  # numbers as row names are numbers as ids; some stages only
  rownames(p) <- c(3, 1, 20)
  map <- datamap_summarise(datamap_stages(p, label = c(0, 1, 1), at = c(1, 4)))
  expect_identical(map$id, c(1L, 3L, 20L))
  expect_identical(unique(map$evaluations), 2L)
})

test_that("NA is no evaluation", {
  x <- random_array()
  label <- random_labels()
  x[c(3, 8), , 2] <- NA
  map <- datamap_summarise(datamap_stages(x, label = label))
  expect_identical(map$evaluations, ifelse(1:40 %in% c(3, 8), 4L, 5L))
  p <- matrix(c(.5, NA, .5, .7), 2)
  map <- datamap_summarise(datamap_stages(p, label = 0:1))
  expect_identical(map$evaluations, 2:1)
  long <- datamap_read_signals(datamap_stages(p, label = 0:1))
  expect_identical(nrow(long), 3L)
})

test_that("states and long tables are those of the recorded file", {
  x <- random_array()
  label <- random_labels()
  file <- tempfile()
  on.exit(unlink(file))
  recorded(x, label, file = file)
  stages <- datamap_stages(x, label = label)
  expect_equal(
    datamap_read_signals(stages), datamap_read_signals(file),
    ignore_attr = "class"
  )
  probs <- c("id", "step", "probs")
  expect_identical(
    datamap_read_signals(stages, columns = probs),
    datamap_read_signals(file, columns = probs)
  )
  state <- datamap_state(stages)
  plain <- datamap_state(file)
  expect_identical(state$files, paste("stage", 1:5))
  # all but where the lines were
  without_places <- function(state) {
    state$steps[c("line", "file")] <- state$files <- NULL
    state
  }
  expect_identical(without_places(state), without_places(plain))
  late <- datamap_stages(x, label = label, at = 4:5)
  early <- datamap_state(datamap_stages(x, label = label, at = 1:3))
  expect_identical(
    without_places(datamap_update(early, late)), without_places(plain)
  )
  expect_s3_class(datamap_plot_trajectories(stages), "ggplot")
})

test_that("a stage and a sample are named where something is wrong", {
  x <- random_array()
  label <- random_labels()
  x[3, , 4] <- NaN
  expect_warning(
    map <- datamap_summarise(datamap_stages(x, label = label)),
    class = "datamap_warning_disagreement"
  )
  problems <- datamap_problems(map)
  expect_identical(unique(problems$file), "stage 4")
  expect_identical(unique(problems$row), 3L)
  # steps that go back
  state <- datamap_state(datamap_stages(random_array(), label = label))
  error <- expect_error(
    datamap_update(state, datamap_stages(random_array(), label = label)),
    class = "datamap_error_field"
  )
  expect_identical(error$path, "stage 1")
  expect_identical(error$line, 1L)
  expect_match(conditionMessage(error), "sample 1 of stage 1")
  # what a stage's own code does gets through
  stages <- datamap_stages(random_array(), label = label)
  stages$open <- function() {
    function(i) if (i > 2) stop("no more") else list(probs = x[, , 1])
  }
  expect_error(datamap_summarise(stages), "no more")
  expect_error(datamap_read_signals(stages), "no more")
  expect_error(
    datamap_summarise(datamap_stages(x, label = label), signals = "size"),
    class = "datamap_error_input"
  )
})

test_that("what is no array of probabilities is told", {
  x <- random_array()
  label <- random_labels()
  expect_input <- function(object, key) {
    error <- expect_error(object, class = "datamap_error_input")
    expect_identical(error$key, key)
  }
  expect_input(datamap_stages(mean), "x")
  expect_input(datamap_stages(), "x")
  expect_input(datamap_stages(x), "label")
  expect_input(datamap_stages(array(0.5, c(2, 2, 2, 2)), label = 1:2), "x")
  expect_input(datamap_stages(array("a", c(2, 2, 2)), label = 0:1), "x")
  expect_input(datamap_stages(list(), label = 1), "x")
  expect_input(datamap_stages(list(1, 2), label = 1), "x")
  expect_input(
    datamap_stages(list(x[, , 1], x[1:3, , 1]), label = label), "x"
  )
  expect_input(datamap_stages(x, label = label[-1]), "label")
  expect_error(
    datamap_stages(x, label = label[-1]), "has 39, and there are 40 samples[.]"
  )
  expect_input(datamap_stages(x, label = list(1)), "label")
  expect_input(datamap_stages(x, label = replace(label, 2, NA)), "label")
  expect_input(datamap_stages(x, label = label, id = 1:3), "id")
  expect_input(datamap_stages(x, label = label, id = rep(1, 40)), "id")
  expect_input(datamap_stages(x, label = label, id = c(NA, 2:40)), "id")
  expect_input(datamap_stages(x, label = label, classes = "a"), "classes")
  expect_input(datamap_stages(x, label = label, at = 6), "at")
  expect_input(datamap_stages(x, label = label, at = 2:1), "at")
  expect_input(datamap_stages(x, label = label, att = 1), "att")
  error <- expect_error(
    datamap_stages(10 * x, label = label), class = "datamap_error_range"
  )
  expect_identical(error$key, "x")
})

test_that("prints and captions say how the model met the samples", {
  stages <- datamap_stages(random_array(), label = random_labels())
  expect_match(capture_output(print(stages)), "40 samples, 5 stages")
  some <- datamap_stages(random_array(), label = random_labels(), at = c(1, 5))
  expect_match(capture_output(print(some)), "2 of 5 stages.*at: 1, 5")
  expect_null(attr(datamap_summarise(stages), "predicted"))
  stages$predicted <- "out-of-fold"
  map <- datamap_summarise(stages)
  expect_identical(attr(map, "predicted"), "out-of-fold")
  expect_match(capture_output(print(map)), "5 evaluations each, out-of-fold")
  plot <- datamap_plot(datamap_filter(map, avg_probs > 0.1))
  expect_match(plot$labels$caption, "Predicted out-of-fold")
  expect_match(ggplot2::get_alt_text(plot), "Predicted out-of-fold")
  lines <- datamap_plot_trajectories(stages)
  expect_match(lines$labels$caption, "Predicted[[:space:]]out-of-fold")
  found <- suppressMessages(datamap_detect(map, id %in% 1:4))
  expect_match(capture_output(print(found)), "Predicted out-of-fold")
  # over files and merges of states
  state <- datamap_state(stages)
  file <- tempfile()
  on.exit(unlink(file))
  datamap_save_state(state, file)
  map <- datamap_summarise(datamap_load_state(file))
  expect_identical(attr(map, "predicted"), "out-of-fold")
  stages$predicted <- "in-sample"
  stages$id <- stages$id + 40L
  both <- datamap_merge(state, datamap_state(stages))
  expect_identical(
    attr(datamap_summarise(both), "predicted"), "out-of-fold and in-sample"
  )
})

test_that("lines of a stage are read in pieces of any size", {
  n <- rows_at_once + 2 # more than are made at once
  p <- (seq_len(n) %% 64) / 64
  stages <- datamap_stages(cbind(p, 1 - p), label = rep(0:1, length.out = n))
  whole <- datamap_summarise(stages)
  for (size in c(1e4 + 7, 1e9)) {
    sources <- stage_lines(stages, stage_names(stages), NULL)
    bytes <- unlist(lapply(sources$inputs, function(read) {
      pieces <- list()
      while (length(piece <- read(size)) > 0) pieces <- c(pieces, list(piece))
      expect_lte(max(lengths(pieces)), size)
      unlist(pieces)
    }))
    expect_identical(datamap_summarise(bytes), whole, ignore_attr = TRUE)
  }
})

test_that("columns that can't be lines are told", {
  columns <- list(columns = list(id = mean), kinds = "text")
  expect_error(record_lines(columns, 1, NULL), class = "datamap_error_input")
})
