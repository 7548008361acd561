test_that("class vectors may be columns, a matrix or a list", {
  frame <- small_frame()
  map <- small_map()
  expect_same_map(datamap_summarise(frame), map)
  expect_same_map(datamap_summarise(frame[c(4, 2, 1, 3)]), map)
  rest <- frame[1:2]
  rest$probs <- small_matrix()
  expect_same_map(datamap_summarise(rest), map)
  rest$probs <- lapply(seq_len(5), function(i) small_matrix()[i, ])
  expect_same_map(datamap_summarise(rest), map)
  names(rest)[[3]] <- "logits"
  rest$logits <- log(small_matrix())
  logits <- datamap_summarise(rest)
  expect_equal(logits$avg_probs, map$avg_probs, tolerance = 1e-14)
  expect_identical(logits$correct_times, map$correct_times)
  expect_same_map(datamap_summarise(data.frame(
    frame[1:2],
    logits_0 = rest$logits[, 1], logits_1 = rest$logits[, 2]
  )), logits)
  rest$logits <- lapply(seq_len(5), function(i) log(small_matrix())[i, ])
  expect_same_map(datamap_summarise(rest), logits)
})

test_that("a matrix may be of integers and with names of its own", {
  frame <- small_frame()[1:2]
  frame$probs <- matrix(
    c(1L, 0L, 0L, 0L, 1L, 0L, 1L, 1L, 1L, 0L), 5,
    dimnames = list(NULL, c("no", "yes"))
  )
  map <- datamap_summarise(frame)
  expect_identical(map$avg_probs, c(2 / 3, 1))
  expect_identical(map$correct_times, c(2L, 2L))
})

test_that("classes are ordered by their numbers", {
  probs <- matrix(seq_len(11) / 66, 2, 11, byrow = TRUE)
  colnames(probs) <- paste0("probs_", 0:10)
  frame <- data.frame(
    id = 1:2, label = c(10L, 2L), probs[, order(colnames(probs))]
  )
  map <- suppressMessages(datamap_summarise(frame))
  expect_identical(map$avg_probs, c(11 / 66, 3 / 66))
  expect_identical(map$correct_times, c(1L, 0L))
})

test_that("a class without a column is an error", {
  frame <- small_frame()
  table_error(frame[-3], class = "range", key = "label", line = 1L)
  names(frame)[[4]] <- "probs_2"
  error <- table_error(frame, class = "range", key = "label", line = 2L)
  expect_match(conditionMessage(error), "\"0\" and \"2\"", fixed = TRUE)
})

test_that("what is NA at the end of a class vector is no class", {
  frame <- data.frame(id = 1:2, label = 0L)
  frame$probs <- rbind(c(0.5, 0.5, NA), c(0.2, 0.2, 0.6))
  map <- datamap_summarise(frame)
  expect_identical(map$avg_probs, c(0.5, 0.2))
  expect_identical(map$correct_times, c(1L, 0L))
  # each sample has its own number of classes: no disagreement
  expect_identical(nrow(datamap_problems(map)), 0L)
})

test_that("ids and labels may be of any type", {
  map <- small_map()
  frame <- small_frame()
  as <- function(type) {
    frame$id <- type(frame$id)
    frame$label <- as.integer(frame$label)
    datamap_summarise(frame)
  }
  expect_same_map(as(as.integer), map)
  expect_same_map(as(as.numeric), map)
  text <- as(as.character)
  expect_identical(text$id, c("1", "2"))
  expect_same_map(text[-1], map[-1])
  expect_same_map(as(factor), text)
  # a factor counts by its labels
  expect_identical(
    as(function(id) factor(id, levels = 2:1, labels = c("b", "a")))$id,
    c("a", "b")
  )
  frame$label <- factor(frame$label)
  frame$pred_label <- 0
  frame$label_probs <- 0.5
  expect_warning(
    labels <- datamap_summarise(frame),
    class = "datamap_warning_disagreement"
  )
  expect_identical(labels$label, factor(c("0", "1")))
  expect_identical(labels$correct_times, c(3L, 0L))
})

test_that("whole doubles are integer ids", {
  one <- function(id) {
    datamap_summarise(
      data.frame(id = id, label = 1, correct = TRUE, label_probs = 0.5)
    )$id
  }
  expect_identical(one(c(3, -1)), c(-1L, 3L))
  expect_identical(one(c(3, 2^31)), c(3, 2^31))
  expect_identical(one(c(2^53, -2^53)), c(-2^53, 2^53))
  expect_identical(one(-0), 0L)
  expect_identical(one(c("b", "a", "b")), c("b", "a"))
  frame <- data.frame(label = 1, correct = TRUE, label_probs = 0.5)
  three <- cbind(frame[c(1, 1, 1), ], id = c(1, 2, 2.5))
  table_error(three, key = "id", line = 3L)
  table_error(cbind(frame, id = 2^53 + 2), key = "id", line = 1L)
  table_error(cbind(frame, id = Inf), key = "id", line = 1L)
  table_error(cbind(frame, id = TRUE), key = "id")
  table_error(cbind(frame, id = as.Date("2024-01-01")), key = "id")
})

test_that("text of another encoding is the same id", {
  latin <- "\xfcber"
  Encoding(latin) <- "latin1"
  map <- datamap_summarise(data.frame(
    id = c(latin, "\u00fcber"), label = 1, correct = TRUE, label_probs = 0.5
  ))
  expect_identical(map$id, "\u00fcber")
  expect_identical(Encoding(map$id), "UTF-8")
})

test_that("rows are ordered by step within id", {
  frame <- small_frame()
  map <- small_map()
  frame$step <- c(0, 0.5, 1, 1e3, 2)
  expect_same_map(datamap_summarise(frame), map)
  for (order in list(5:1, c(2, 4, 5, 1, 3))) {
    expect_same_map(datamap_summarise(frame[order, ]), map)
    epochs <- frame[order, ]
    names(epochs)[[5]] <- "epoch"
    expect_same_map(datamap_summarise(epochs), map)
  }
  # negative steps come first
  frame$step <- -frame$step
  back <- datamap_summarise(frame)
  expect_same_map(
    back, datamap_summarise(small_frame()[5:1, ])
  )
  # equal epochs stay as they stand
  frame$step <- NULL
  frame$epoch <- 1
  expect_same_map(datamap_summarise(frame), map)
  expect_identical(nrow(datamap_problems(datamap_summarise(frame))), 0L)
})

test_that("what is first in the order of steps is first", {
  frame <- data.frame(
    id = c("b", "a", "b"), label = c(1, 0, 2), s_label = c(NA, 1, 2),
    correct = c(TRUE, TRUE, FALSE), label_probs = 0.5, step = c(2, 1, 1)
  )
  expect_warning(
    map <- datamap_summarise(frame),
    class = "datamap_warning_disagreement"
  )
  expect_identical(map$id, c("b", "a"))
  expect_identical(map$label, c(2L, 0L))
  expect_identical(map$s_label, c(2L, 1L))
  expect_identical(map$learnt_times, c(1L, 0L))
  expect_identical(map$first_learn, c(1L, 0L))
  # the row as it stands in the table
  expect_identical(datamap_problems(map)$row, 1L)
})

test_that("an equal step is reported for a table too", {
  frame <- small_frame()
  frame$step <- c(1, 1, 2, 2, 2)
  expect_warning(
    map <- datamap_summarise(frame),
    class = "datamap_warning_disagreement"
  )
  expect_same_map(map, small_map())
  problems <- datamap_problems(map)
  expect_identical(problems$row, 5L)
  expect_identical(problems$col, NA_integer_)
  expect_identical(problems$file, NA_character_)
})

test_that("a step in some rows of an id only is an error", {
  frame <- small_frame()
  frame$step <- c(1, 1, NA, 2, 3)
  error <- table_error(frame, key = "step", line = 3L)
  expect_match(conditionMessage(error), "row 3", fixed = TRUE)
  frame$step <- c(1, 1, 2, 2, Inf)
  table_error(frame, key = "step", line = 5L)
})

test_that("NA is absent", {
  frame <- small_frame()
  map <- small_map()
  frame$s_label <- NA
  frame$correct <- NA
  frame$pred_label <- NA_character_
  frame$label_probs <- NA_real_
  frame$loss <- NA
  frame$step <- NA
  expect_same_map(datamap_summarise(frame), map)
  frame$correct[[1]] <- FALSE
  frame$label_probs[[2]] <- 0
  part <- suppressWarnings(datamap_summarise(frame))
  expect_identical(part$correct_times, map$correct_times - c(1L, 0L))
  expect_identical(part$min_label_probs, c(0.25, 0))
  frame$id[[4]] <- NA
  table_error(frame, key = "id", line = 4L)
  frame$id[[4]] <- 2
  frame$label[[4]] <- NA
  table_error(frame, key = "label", line = 4L)
})

test_that("correct may be spelt as in a file", {
  spellings <- list(
    c(TRUE, FALSE), c(1, 0), 1:0, c("true", "false"), c("True", "False"),
    factor(c("true", "false"))
  )
  for (correct in spellings) {
    map <- datamap_summarise(data.frame(
      id = 1:2, label = 1, label_probs = 0.5, correct = correct
    ))
    expect_identical(map$correct_times, 1:0)
  }
  for (bad in list(c(1, 2), c("true", "yes"), c(0, 0.5))) {
    table_error(
      data.frame(id = 1:2, label = 1, label_probs = 0.5, correct = bad),
      key = "correct", line = 2L
    )
  }
})

test_that("the other names count, and the first wins where both stand", {
  frame <- small_frame()
  map <- small_map()
  other <- stats::setNames(frame, c("guid", "gold", "probs_0", "probs_1"))
  expect_same_map(datamap_summarise(other), map)
  other$noisy_label <- 2
  expect_identical(datamap_summarise(other)$s_label, c(2L, 2L))
  other$s_label <- 1
  expect_identical(datamap_summarise(other)$s_label, c(1L, 1L))
  both <- cbind(guid = 9, gold = "x", frame)
  expect_same_map(datamap_summarise(both), map)
  both <- cbind(frame, epoch = 5:1, step = 1:5)
  expect_same_map(datamap_summarise(both), map)
  asked <- datamap_summarise(both, signals = "epoch")
  expect_identical(asked$epoch_last, c(1, 2))
})

test_that("core, R and Python know the same names of fields", {
  expect_identical(.Call(ffi_field_names), field_names)
  python <- paste(readLines(datamap_python_path()), collapse = " ")
  found <- sub(".*_FIELDS = [{](.*?)[}].*", "\\1", python, perl = TRUE)
  found <- chartr("[:]", "(=)", gsub("[", "c[", found, fixed = TRUE))
  found <- eval(str2lang(paste0("list(", sub(", *$", "", found), ")")))
  expect_identical(lapply(found, as.character), field_names)
})

test_that("every other name is the field in tables and lines of both kinds", {
  frame <- cbind(
    small_frame(), s_label = 2, step = c(1, 1, 2, 2, 3)
  )
  map <- datamap_summarise(frame)
  other <- other_names()
  expect_true(all(c("guid", "sample_id", "uuid", "idx") %in% names(other)))
  for (name in names(other)) {
    renamed <- frame
    names(renamed)[names(frame) == other[[name]]] <- name
    expect_same_map(datamap_summarise(renamed), map)
    file <- tempfile(fileext = ".jsonl")
    datamap_write_signals(renamed, file)
    lines <- readLines(file)
    expect_match(lines[[1]], paste0("\"", name, "\":"), fixed = TRUE)
    for (text in list(lines, chartr("\"", "'", lines))) {
      expect_same_map(datamap_summarise(I(text)), map)
      # beside the field it is a signal
      both <- sub(
        "\\{(.)", paste0("{\\1", name, "\\1: 7, \\1"),
        sub(name, other[[name]], text, fixed = TRUE)
      )
      expect_same_map(datamap_summarise(I(both)), map)
      asked <- datamap_summarise(I(both), signals = name)
      expect_identical(asked[[paste0(name, "_mean")]], c(7, 7))
      expect_identical(unique(datamap_read_signals(I(both))[[name]]), 7)
    }
    unlink(file)
  }
})

test_that("of several other names the first of the list is the field", {
  frame <- small_frame()
  names(frame)[[1]] <- "uuid"
  frame$idx <- 9:5
  map <- datamap_summarise(frame)
  expect_identical(map$id, small_map()$id)
  lines <- paste0(
    "{\"idx\": 9, \"uuid\": ", frame$uuid, ", \"label\": ", frame$label,
    ", \"probs\": [", frame$probs_0, ", ", frame$probs_1, "]}"
  )
  expect_same_map(datamap_summarise(I(lines)), map)
  signals <- datamap_read_signals(I(lines))
  expect_equal(signals$id, frame$uuid)
  expect_identical(signals$idx, rep(9, 5))
  expect_false("uuid" %in% names(signals))
  # as where the first has no value and another would be the field
  frame$uuid[[3]] <- NA
  error <- expect_error(
    datamap_write_signals(frame, tempfile()),
    class = "datamap_error_input"
  )
  expect_identical(c(error$key, error$line), c("idx", "3"))
})

test_that("signals are columns of numbers", {
  frame <- small_frame()
  frame$grad <- c(1L, NA, 2L, NA, NA)
  frame$loss <- c(1, 2, 3, 4, 5)
  map <- datamap_summarise(frame, signals = c("loss", "grad"))
  expect_identical(map$grad_mean, c(1.5, NA))
  expect_identical(map$grad_var, c(0.25, NA))
  expect_identical(map$grad_last, c(2, NA))
  expect_identical(map$loss_mean, c(3, 3))
  expect_identical(map$loss_last, c(5, 4))
  frame$grad <- "x"
  table_error(frame, key = "grad", signals = "grad")
  frame$loss <- "x"
  table_error(frame, key = "loss")
})

test_that("a name of a field is no signal where it is the field", {
  frame <- stats::setNames(
    small_frame(), c("guid", "gold", "probs_0", "probs_1")
  )
  frame$epoch <- 1:5
  lines <- paste0(
    "{\"guid\": ", frame$guid, ", \"gold\": ", frame$gold, ", \"epoch\": ",
    frame$epoch, ", \"probs\": [", frame$probs_0, ", ", frame$probs_1, "]}"
  )
  for (name in c("guid", "gold", "epoch")) {
    expect_same_map(
      datamap_summarise(frame, signals = name),
      summarise_text(lines, signals = name)
    )
  }
})

test_that("columns of the wrong type are errors that name them", {
  frame <- small_frame()
  rest <- data.frame(frame, correct = TRUE, label_probs = 0.5)
  with <- function(...) {
    rest[names(list(...))] <- list(...)
    rest
  }
  table_error(with(label = 0.5), key = "label", line = 1L)
  table_error(with(label = list(1, 2, 3, 4, 5)), key = "label")
  table_error(with(id = TRUE), key = "id")
  table_error(with(pred_label = 0.5), key = "pred_label", line = 1L)
  table_error(with(s_label = "2"), key = "s_label")
  table_error(with(s_label = 0.5), key = "s_label", line = 1L)
  table_error(with(label_probs = "0.5"), key = "label_probs")
  table_error(with(step = "1"), key = "step")
  table_error(with(probs_1 = "1"), key = "probs_1")
  table_error(with(probs = "0.5"), key = "probs")
  listed <- frame[1:2]
  listed$probs <- list(1, 1, "a", 1, 1)
  table_error(listed, key = "probs", line = 3L)
})

test_that("rows that give too little are bad rows", {
  frame <- small_frame()
  table_error(frame[-1], key = "id", line = 1L)
  table_error(frame[-2], key = "label", line = 1L)
  table_error(frame[1:2], key = "correct", line = 1L)
  frame$label[[5]] <- 2
  error <- table_error(frame, class = "range", key = "label", line = 5L)
  expect_null(error$path)
  expect_warning(
    map <- datamap_summarise(frame, on_error = "skip"),
    class = "datamap_warning_skipped"
  )
  expect_same_map(map, datamap_summarise(small_frame()[-5, ]))
  expect_identical(datamap_problems(map)$row, 5L)
})

test_that("a table without rows gives a map without rows", {
  warning <- expect_warning(
    map <- datamap_summarise(small_frame()[0, ]),
    class = "datamap_warning_empty"
  )
  expect_identical(warning$paths, character())
  expect_identical(nrow(map), 0L)
  expect_length(map, 14)
})

test_that("names must be there once", {
  frame <- cbind(small_frame(), id = 1)
  expect_error(datamap_summarise(frame), class = "datamap_error_input")
})

test_that("s_label may be a factor, which counts by its labels", {
  frame <- data.frame(id = 1:3, label = 0, correct = TRUE, label_probs = 0.5)
  frame$s_label <- factor(c("2", "0", "2"), levels = c("2", "0"))
  expect_identical(datamap_summarise(frame)$s_label, c(2L, 0L, 2L))
  frame$s_label <- factor(c("dirty", "0", "0"))
  expect_error(datamap_summarise(frame), class = "datamap_error_field")
})

test_that("a string that is not UTF-8 is no id and no label", {
  wrong <- c("a", "\xe9\xff")
  Encoding(wrong) <- "UTF-8"
  frame <- data.frame(id = wrong, label = 0)
  frame$correct <- TRUE
  frame$label_probs <- 0.5
  error <- expect_error(datamap_summarise(frame), class = "datamap_error_field")
  expect_identical(error$key, "id")
  expect_identical(error$line, 2L)
  frame$label <- frame$id
  frame$id <- 1:2
  error <- expect_error(datamap_summarise(frame), class = "datamap_error_field")
  expect_identical(error$key, "label")
})

test_that("a signal that is no column is an error with the columns there are", {
  error <- table_error(small_frame(), "input", key = "nope", signals = "nope")
  expect_match(conditionMessage(error), "probs_0", fixed = TRUE)
})

# --- what stands for other fields ---

pair_frame <- function(...) {
  data.frame(
    id = c(1:4, 1:4), step = rep(1:2, each = 4),
    margin = c(1.5, -2, 0, 1e308, 2.5, 1, -1e308, 5e-324), ...
  )
}

test_that("a margin is two logits with the label 0, to the last bit", {
  frame <- pair_frame()
  map <- datamap_summarise(frame, metrics = "all", signals = "margin")
  as_logits <- data.frame(
    frame[1:2],
    label = 0L, logits_0 = frame$margin, logits_1 = 0, own = frame$margin
  )
  same <- datamap_summarise(as_logits, metrics = "all", signals = "own")
  names(same) <- sub("^own", "margin", names(same))
  expect_identical(columns_of(map), columns_of(same))
  expect_identical(map$correct_times, c(2L, 1L, 1L, 2L)) # 0 is a tie
  expect_identical(map$margin_last, c(2.5, 1, -1e308, 5e-324))
  numbers <- c("avg_probs", "label_var", "aum", "loss_last", "el2n", "pvi")
  expect_true(all(is.finite(unlist(columns_of(map)[numbers]))))
  turned <- datamap_summarise(cbind(frame, label = 1))
  expect_equal(turned$avg_probs, 1 - map$avg_probs)
})

test_that("a sequence's probability is that of its tokens' mean", {
  frame <- data.frame(
    id = 1:3, label = c("a", "b", "a"), correct = c(TRUE, FALSE, TRUE),
    sum_logp = c(-3, -4000, 0), n_tok = c(3, 2, 1)
  )
  map <- datamap_summarise(frame, metrics = c("loss_last", "pvi"))
  expect_identical(map$avg_probs, exp(c(-1, -2000, 0)))
  expect_identical(map$loss_last, c(1, 2000, 0)) # of a probability of 0 as well
  expect_identical(map$correct_times, c(1L, 0L, 1L))
  expect_identical(map$label, c("a", "b", "a"))
  table_error(frame[-3], key = "correct", line = 1L)
  table_error(frame[-5], key = "n_tok", line = 1L)
  for (n in c(0, 1.5)) {
    frame$n_tok <- c(1, n, 1)
    table_error(frame, class = "range", key = "n_tok", line = 2L)
  }
  frame$n_tok <- 1
  frame$sum_logp <- c(-3, 1, NaN)
  expect_warning(
    map <- datamap_summarise(frame),
    class = "datamap_warning_disagreement"
  )
  counts <- attr(datamap_problems(map), "counts")
  expect_identical(counts[["prob_range"]], 1)
  expect_identical(counts[["not_finite"]], 1)
})

test_that("beside what they stand for they are the user's own", {
  own <- cbind(small_frame(), margin = letters[1:5], sum_logp = 1, n_tok = -1)
  expect_same_map(datamap_summarise(own), small_map())
  map <- datamap_summarise(own, signals = "n_tok")
  expect_identical(map$n_tok_last, c(-1, -1))
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  datamap_write_signals(own, file)
  expect_same_map(datamap_summarise(file), small_map())
  expect_identical(datamap_read_signals(file)$margin, letters[1:5])
  # a margin comes first of the two
  both <- pair_frame(sum_logp = "own", n_tok = 0)
  expect_identical(
    datamap_summarise(both)$avg_probs, datamap_summarise(pair_frame())$avg_probs
  )
  # where they would be read as the field
  others <- list(
    data.frame(probs_0 = c(0.5, 0.5, NA), probs_1 = c(0.5, 0.5, NA)),
    data.frame(label_probs = c(0.5, 0.5, NA)), data.frame(margin = c(1, 1, NA))
  )
  for (other in others) {
    frame <- cbind(data.frame(id = 1:3, label = 0, correct = TRUE), other)
    frame$n_tok <- c(NA, 1, NaN)
    error <- expect_error(
      datamap_write_signals(frame, file),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "n_tok")
    expect_identical(error$line, 3L)
    expect_no_error(datamap_write_signals(frame[1:2, ], file))
  }
})

test_that("tables of signals show them, and lead back to the same map", {
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  datamap_write_signals(pair_frame(), file)
  expect_false(any(grepl("label", readLines(file))))
  signals <- datamap_read_signals(file)
  expect_identical(signals$margin, pair_frame()$margin)
  expect_identical(signals$label, rep(0L, 8))
  expect_equal(signals$label_probs, stats::plogis(signals$margin))
  map <- datamap_summarise(file, metrics = "all")
  chosen <- datamap_read_signals(file, columns = c("margin", "id", "step"))
  expect_identical(names(chosen), c("margin", "id", "step"))
  expect_identical(
    columns_of(datamap_summarise(chosen, metrics = "all")), columns_of(map)
  )
  classes <- datamap_read_signals(file, columns = c("logits", "probs"))
  expect_identical(classes$logits_0, pair_frame()$margin)
  expect_identical(classes$logits_1, rep(0, 8))
})

test_that("what is a data frame by its class only is none", {
  frame <- small_frame()
  error <- table_error(
    structure(1, class = "data.frame"), class = "input", key = "x"
  )
  expect_match(conditionMessage(error), "must be a data frame", fixed = TRUE)
  names <- list(
    c("id", "label", NA, "probs_1"), c("id", "label", "probs_0", ""),
    c("id", "label", "\xff", "probs_1")
  )
  where <- c(3, 4, 3)
  for (i in seq_along(names)) {
    attr(frame, "names") <- names[[i]]
    error <- table_error(frame, class = "input", key = "x")
    expect_match(
      conditionMessage(error), paste("Column", where[[i]], "has none"),
      fixed = TRUE
    )
  }
})

test_that("columns that can't be what their names say are told", {
  frame <- small_frame()
  frame$probs <- matrix(as.Date("2026-01-01") + 1:10, 5)
  frame$probs <- structure(frame$probs, class = "Date", dim = c(5L, 2L))
  error <- table_error(frame[c("id", "label", "probs")], key = "probs")
  expect_match(conditionMessage(error), "a matrix of numbers", fixed = TRUE)
  frame <- small_frame()[c("id", "label")]
  frame$label_probs <- 0.5
  frame$correct <- as.list(rep(TRUE, 5))
  error <- table_error(frame, key = "correct")
  expect_match(conditionMessage(error), "true or false", fixed = TRUE)
})

test_that("every column must have a value for each row", {
  refused <- function(label, what) {
    frame <- structure(
      list(id = 1:2, label = label), row.names = 1:2, class = "data.frame"
    )
    expect_error(
      datamap_summarise(frame), paste0("for each of 2 rows.*label.* ", what),
      class = "datamap_error"
    )
  }
  refused(0L, "has 1[.]")
  refused(mean, "is an object of class")
})
