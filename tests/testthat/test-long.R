# Random signals of helper-signals.R, read as a table.

long_fields_of <- c(
  id = "id", label = "label", pred_label = "pred_label", s_label = "s_label",
  correct = "correct", loss = "loss", probs = "probs",
  label_probs = "label_probs", grad_norm = "grad_norm"
)

expected_long <- function(signals) {
  numeric_ids <- !attr(signals, "are_strings")
  id <- if (numeric_ids) as.numeric(signals$id) else enc2utf8(signals$id)
  if (numeric_ids && all(abs(id) < 2^31)) id <- as.integer(id)
  data.frame(
    id = id, step = stats::ave(seq_along(id), id, FUN = seq_along) - 1,
    label = signals$label, pred_label = as.integer(signals$pred_label),
    s_label = signals$s_label, correct = signals$correct, loss = signals$loss,
    label_probs = signals$label_probs, grad_norm = signals$grad_norm
  )
}

expect_table <- function(table, expected) {
  expect_s3_class(table, "data.frame", exact = TRUE)
  expect_identical(names(table), names(expected))
  same <- vapply(names(expected), function(name) {
    identical(table[[name]], expected[[name]], num.eq = FALSE)
  }, NA)
  expect_identical(names(expected)[!same], character())
}

read_text <- function(..., columns = NULL) {
  datamap_read_signals(I(c(...)), columns = columns)
}

test_that("every line becomes its row, in both dialects", {
  for (kind in c("gaps", "wide", "strings")) {
    signals <- random_signals(n = 150, times = 5, classes = 3, ids = kind)
    for (python in c(FALSE, TRUE)) {
      file <- write_signals(signal_lines(signals, long_fields_of, python))
      expect_table(datamap_read_signals(file), expected_long(signals))
      probs <- datamap_read_signals(file, columns = "probs")
      expect_identical(names(probs), paste0("probs_", 0:2))
      expect_identical(unname(as.matrix(probs)), unname(signals$probs))
    }
  }
})

test_that("labels of more than 32 bits are doubles, NA where there is none", {
  table <- read_text(
    '{"id": -1, "label": 3000000000, "label_probs": 0.5, "correct": true}',
    paste0(
      '{"id": 2, "label": -7, "label_probs": 0.5, "pred_label": 3000000001, ',
      '"s_label": -2147483648}'
    )
  )
  expect_identical(table$id, c(-1L, 2L))
  expect_identical(table$label, c(3e9, -7))
  expect_identical(table$pred_label, c(NA, 3e9 + 1))
  expect_identical(table$s_label, c(NA, -2^31))
})

test_that("what the lines leave out is derived", {
  signals <- random_signals(n = 60, times = 4, classes = 4)
  lines <- signal_lines(signals, c(guid = "id", gold = "label",
                                   logits = "logits"))
  table <- datamap_read_signals(write_signals(lines), columns = c(
    "correct", "probs", "pred_label", "label_probs", "loss", "s_label"
  ))
  expect_identical(table$correct, signals$correct)
  expect_identical(table$pred_label, as.integer(signals$pred_label))
  expect_equal(table$label_probs, signals$label_probs, tolerance = 1e-14)
  probs <- unname(as.matrix(table[paste0("probs_", 0:3)]))
  expect_equal(probs, unname(signals$probs), tolerance = 1e-14)
  expect_identical(table$loss, rep(NA_real_, nrow(signals)))
  expect_identical(table$s_label, rep(NA_integer_, nrow(signals)))
})

test_that("the table has the summary of its source, to the last bit", {
  for (name in datamap_example()) {
    source <- datamap_example(name)
    has_loss <- !name %in% c("dynamics", "preference_signals.jsonl.gz")
    signals <- if (has_loss) "loss"
    map <- datamap_summarise(source, signals = signals)
    for (columns in list(NULL, c("id", "label", "s_label", "correct", "probs",
                                 "label_probs", "step", "loss"))) {
      table <- datamap_read_signals(source, columns = columns)
      expect_same_map(datamap_summarise(table, signals = signals), map)
      file <- tempfile(fileext = ".jsonl")
      expect_invisible(datamap_write_signals(table, file))
      expect_same_map(datamap_summarise(file, signals = signals), map)
      again <- datamap_read_signals(file, columns = columns)
      expect_identical(again, table)
      unlink(file)
    }
  }
})

test_that("threads change nothing", {
  signals <- random_signals(n = 3000, times = 4, ids = "gaps")
  file <- write_signals(signal_lines(signals, long_fields_of))
  expect_gt(file.size(file), 2^20) # several blocks
  one <- datamap_read_signals(file, threads = 1)
  expect_identical(datamap_read_signals(file, threads = 2), one)
  expect_table(one, expected_long(signals))
})

test_that("threads change nothing where layouts and the user's keys do", {
  n <- 12000
  i <- seq_len(n)
  own <- rep(
    c("", ", \"u\": 1.5, \"v\": \"a\"", ", \"guid\": 7, \"u\": true"),
    each = 500, length.out = n
  )
  lines <- paste0(
    "{\"id\": ", i %% 500, ", \"label\": 0, \"loss\": ", i,
    ", \"probs\": [0.3333333332, 0.3333333333, 0.3333333335]", own, "}"
  )
  file <- write_signals(lines)
  one <- datamap_read_signals(file, threads = 1)
  expect_gt(file.size(file), 2^20)
  for (threads in 2:3) {
    expect_identical(datamap_read_signals(file, threads = threads), one)
  }
  expect_identical(one$loss, as.numeric(i))
  expect_identical(one$pred_label, rep(2L, n))
  expect_identical(one$u, rep(
    c(NA, "1.5", "true"),
    each = 500, length.out = n
  ))
  expect_identical(one$guid, rep(
    c(NA, NA, 7),
    each = 500, length.out = n
  ))
})

test_that("the user's signals keep their types", {
  base <- "\"label\": 0, \"label_probs\": 0.5, \"correct\": true"
  line <- function(id, more) paste0("{\"id\": ", id, ", ", base, more, "}")
  table <- read_text(
    line(1, ", \"n\": 1, \"b\": true, \"t\": \"x\", \"m\": 1.50, \"o\": {}"),
    line(2, ", \"n\": null, \"b\": null, \"t\": null, \"m\": false"),
    line(3, ", \"l\": [1]"),
    line(
      4, ", \"n\": -0.25, \"b\": false, \"t\": \"\\u00fc\\n\", \"m\": \"q\""
    ),
    line(5, ", \"n\": NaN, \"t\": \"x\", \"m\": 20, \"late\": \"7\"")
  )
  expect_identical(names(table)[-(1:8)], c("n", "b", "t", "m", "late"))
  expect_identical(table$n, c(1, NA, NA, -0.25, NaN))
  expect_identical(table$b, c(TRUE, NA, NA, FALSE, NA))
  expect_identical(table$t, c("x", NA, NA, "\u00fc\n", "x"))
  expect_identical(table$m, c("1.5", "false", NA, "q", "20"))
  expect_identical(table$late, c(NA, NA, NA, NA, "7"))
})

test_that("a second name beside the first is a signal, alone the field", {
  rest <- "\"probs\": [0.5, 0.5]"
  both <- read_text(paste0(
    "{\"gold\": \"g\", \"id\": 1, \"guid\": 2, \"label\": 0, \"epoch\": true, ",
    "\"step\": 3, \"s_label\": 1, \"noisy_label\": 1.5, ", rest, "}"
  ))
  expect_identical(both$gold, "g")
  expect_identical(both$guid, 2)
  expect_identical(both$epoch, TRUE)
  expect_identical(both$noisy_label, 1.5)
  expect_identical(both$id, 1L)
  expect_identical(both$step, 3)
  alone <- read_text(paste0(
    "{\"guid\": 1, \"gold\": 0, \"epoch\": 3, \"noisy_label\": 2, ", rest, "}"
  ))
  expect_length(alone, 8)
  expect_identical(alone$step, 3)
  expect_identical(alone$s_label, 2L)
})

test_that("an epoch with several evaluations stays beside the step", {
  lines <- sprintf(
    "{\"id\": %d, \"label\": 0, \"epoch\": %s, \"probs\": [0.5, 0.5]}",
    c(1, 2, 1, 2, 1), c(1, 1, 1, 2, 2)
  )
  table <- read_text(lines)
  expect_identical(table$step, c(0, 0, 1, 1, 2))
  expect_identical(table$epoch, c(1, 1, 1, 2, 2))
  expect_identical(read_text(lines, columns = "step")$step, table$step)
  expect_same_map(datamap_summarise(table), datamap_summarise(I(lines)))
  # else it is the step
  expect_identical(read_text(lines[c(1, 2, 4, 5)])$step, c(1, 1, 2, 2))
})

test_that("lines of an id may come in any order, as from several processes", {
  line <- function(id, p, step, key = "step") {
    sprintf(
      "{\"id\": %d, \"label\": 0, \"probs\": [%s, %s], \"%s\": %s}",
      id, p, 1 - p, key, step
    )
  }
  for (key in c("step", "epoch")) {
    ranks <- c(
      write_signals(line(c(1, 2, 1), c(.9, .8, .7), 0:2, key), "rank0.jsonl"),
      write_signals(line(c(2, 1, 2), c(.6, .5, .4), 0:2, key), "rank1.jsonl")
    )
    error <- source_error(ranks, "field")
    expect_identical(error$path, ranks[[2]])
    expect_identical(error$line, 1L)
    # what the error advises
    expect_match(conditionMessage(error), "read them as a table", fixed = TRUE)
    expect_match(conditionMessage(error), "datamap_read_signals", fixed = TRUE)
    for (paths in list(ranks, rev(ranks))) {
      map <- datamap_summarise(datamap_read_signals(paths))
      expect_identical(map$id, 1:2)
      expect_equal(map$avg_probs, c(.7, .6))
      expect_identical(map$correct_times, c(3L, 2L))
      expect_identical(map$forgetting_times, c(0L, 1L))
      expect_identical(map$first_forget, c(0L, 2L))
      expect_identical(nrow(datamap_problems(map)), 0L)
      state <- datamap_state(datamap_read_signals(paths))
      expect_same_map(datamap_summarise(state), map)
    }
  }
  # whatever the order of the lines, the steps tell the time
  set.seed(3)
  signals <- expand.grid(id = 1:20, step = c(0.5, 1:6, 10))
  signals$p <- round(stats::runif(nrow(signals)), 6)
  lines <- line(signals$id, signals$p, signals$step)
  map <- datamap_summarise(I(lines))
  for (i in 1:3) {
    shuffled <- sample(length(lines))
    table <- read_text(lines[shuffled])
    expect_identical(table$step, signals$step[shuffled])
    expect_same_map(datamap_summarise(table), map)
  }
  # of epochs as well, those with several evaluations in the order of the lines
  lines <- line(1L, c(.1, .2, .3, .4), c(1, 0, 1, 0), "epoch")
  table <- read_text(lines)
  expect_identical(table$epoch, c(1, 0, 1, 0))
  expect_identical(table$step, c(2, 0, 3, 1))
  # a step that an id had before is told however far away it stands
  lines <- line(c(1, 2, 1, 1, 2, 1, 1), .5, c(2, 5, 0, 2, 7, 2, 2))
  expect_warning(
    table <- read_text(lines),
    class = "datamap_warning_disagreement"
  )
  problems <- datamap_problems(table)
  expect_identical(attr(problems, "counts")[["step"]], 3)
  expect_setequal(problems$row, c(4, 6, 7))
  expect_identical(unique(problems$actual), "2")
  expect_identical(table$step, c(2, 5, 0, 2, 7, 2, 2))
})

test_that("a key that can't name a column is an error with its place", {
  line <- "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5], \"%s\": 1}"
  for (key in c("a\\u0000", "\\u0000", strrep("k", 10001),
                paste0("\\u0061", strrep("k", 300)))) {
    bad <- sprintf(line, key)
    error <- expect_error(
      read_text(sprintf(line, "a"), bad), class = "datamap_error_field"
    )
    expect_identical(error$line, 2L)
    expect_identical(error$column, 44L)
    expect_identical(datamap_summarise(I(bad))$id, 1L)
  }
  key <- strrep("k", 10000)
  expect_identical(names(read_text(sprintf(line, key)))[[9]], key)
})

test_that("columns are chosen and ordered, and must be there", {
  line <- "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5], \"g\": 1, \"h\": 2}"
  expect_identical(
    names(read_text(line, columns = c("h", "probs", "id"))),
    c("h", "probs_0", "probs_1", "id")
  )
  expect_identical(names(read_text(line, columns = "step")), "step")
  for (columns in list("none", "probs_0", character(), NA, c("id", "id"), 1)) {
    expect_error(read_text(line, columns = columns),
                 class = "datamap_error_input")
  }
  expect_error(
    datamap_read_signals(data.frame(id = 1)), class = "datamap_error_input"
  )
  warning <- expect_warning(
    empty <- read_text(""), class = "datamap_warning_empty"
  )
  expect_identical(warning$paths, "literal text")
  expect_identical(dim(empty), c(0L, 8L))
  expect_warning(
    empty <- read_text("", columns = c("id", "g")),
    class = "datamap_warning_empty"
  )
  expect_identical(dim(empty), c(0L, 1L))
})

test_that("bad lines stop or are left out, as in the summary", {
  good <- paste0(
    "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5], \"g\": 1, \"step\": 2}"
  )
  bad <- c(
    "{\"id\": 2, \"label\": 0}",
    "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5]}",
    "{\"id\": 3, \"label\": 0, \"probs\": [0.5, 0.5], \"g\": 1, \"g\": 2}",
    "{\"id\": 3, \"label\": 0, \"probs\": [0.5, 0.5], \"g\": 1, \"k\": 1e999}",
    "{\"id\": 3, \"label\": 0, \"probs\": [0.5, 0.5], \"g\": \"\\u0000\"}"
  )
  classes <- c("field", "field", "field", "field", "syntax")
  for (i in seq_along(bad)) {
    error <- expect_error(
      read_text(good, bad[[i]]),
      class = paste0("datamap_error_", classes[[i]])
    )
    expect_identical(error$line, 2L)
  }
  later <- sub("2}$", "5}", good)
  expect_warning(
    table <- datamap_read_signals(I(c(good, bad, later)), on_error = "skip"),
    class = "datamap_warning_skipped"
  )
  expect_identical(table$step, c(2, 5))
  expect_identical(table$g, c(1, 1))
  expect_identical(datamap_problems(table)$row, 2:6)
  expect_identical(
    attr(table, "line_counts"),
    c(lines = 7, good = 2, blank = 0, bad = 5, cut = 0)
  )
})

test_that("any data frame of signals is written, or its row is named", {
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  frame <- data.frame(
    guid = c("a", "b"), gold = factor(c("u", "v")), note = c("\"", NA),
    flag = c(NA, TRUE), epoch = c(1, 1)
  )
  frame$probs <- list(c(0.5, 0.5), c(0, 1))
  frame$label_probs <- c(0.5, 1)
  frame$pred_label <- frame$gold
  suppressMessages(datamap_write_signals(frame, file)) # by the levels
  before <- readLines(file)
  expect_identical(before, c(
    paste0(
      "{\"guid\":\"a\",\"gold\":\"u\",\"label_index\":0,\"pred_label\":\"u\",",
      "\"probs\":[0.5,0.5],\"label_probs\":0.5,\"epoch\":1,\"note\":\"\\\"\"}"
    ),
    paste0(
      "{\"guid\":\"b\",\"gold\":\"v\",\"label_index\":1,\"pred_label\":\"v\",",
      "\"probs\":[0,1],\"label_probs\":1,\"epoch\":1,\"flag\":true}"
    )
  ))
  frame$guid[[2]] <- NA
  error <- expect_error(
    datamap_write_signals(frame, file), class = "datamap_error_field"
  )
  expect_identical(error$line, 2L)
  expect_identical(error$key, "id")
  expect_identical(error$path, file)
  expect_match(conditionMessage(error), basename(file), fixed = TRUE)
  expect_identical(readLines(file), before)
  expect_error(
    datamap_write_signals(frame[2:3], file), class = "datamap_error_field"
  )
  expect_error(datamap_write_signals(1, file), class = "datamap_error_input")
  expect_error(
    datamap_write_signals(frame[1, ], tempdir()), class = "datamap_error_io"
  )
})

test_that("a table with all classes has all metrics of its source", {
  whole <- function(x, classes = "probs") {
    cbind(datamap_read_signals(x), datamap_read_signals(x, columns = classes))
  }
  for (name in c("spam_signals.jsonl.gz", "satellite_signals.json.gz")) {
    file <- datamap_example(name)
    expect_same_map(
      datamap_summarise(whole(file), signals = "loss", metrics = "all"),
      datamap_summarise(file, signals = "loss", metrics = "all")
    )
  }
  folder <- datamap_example("dynamics") # logits
  table <- whole(folder, c("probs", "logits"))
  expected <- datamap_summarise(folder, metrics = "all")
  expect_same_map(datamap_summarise(table, metrics = "all"), expected)
})

test_that("logits are read as they stand in the lines", {
  signals <- random_signals(n = 40, times = 3, classes = 3)
  lines <- signal_lines(signals, c(id = "id", label = "label",
                                   logits = "logits"))
  table <- datamap_read_signals(write_signals(lines), columns = "logits")
  expect_identical(names(table), paste0("logits_", 0:2))
  expect_identical(unname(as.matrix(table)), unname(signals$logits))
  table <- read_text(
    "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5]}",
    "{\"id\": 2, \"label\": 0, \"logits\": [2, -1.5, 7]}",
    columns = c("probs", "logits")
  )
  expect_identical(table$logits_1, c(NA, -1.5))
  expect_identical(ncol(table), 6L)
})
