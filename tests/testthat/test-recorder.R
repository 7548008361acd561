# Random signals of helper-signals.R, recorded evaluation by evaluation.

recorded <- function(frame, file, fields, ...) {
  rec <- datamap_recorder(file, ...)
  for (rows in split(seq_len(nrow(frame)), frame$epoch)) {
    values <- lapply(fields, function(name) {
      column <- frame[[name]]
      if (is.matrix(column)) column[rows, , drop = FALSE] else column[rows]
    })
    do.call(datamap_record, c(list(rec), values))
  }
  rec
}

all_fields <- c(
  id = "id", label = "label", pred_label = "pred_label", s_label = "s_label",
  correct = "correct", loss = "loss", probs = "probs",
  label_probs = "label_probs", grad_norm = "grad_norm"
)

new_path <- function(text = NULL, ending = ".jsonl", envir = parent.frame()) {
  path <- tempfile(fileext = ending)
  if (!is.null(text)) {
    writeLines(text, path, sep = "")
  }
  do.call(on.exit, list(bquote(unlink(.(path))), add = TRUE), envir = envir)
  path
}

# probs: samples 1, 2, ... by classes by evaluations
expect_recorded <- function(rec, probs, label) {
  map <- datamap_summarise(rec)
  each <- lapply(seq_len(dim(probs)[[3]]), function(t) {
    now <- probs[, , t]
    list(
      label_probs = now[cbind(seq_along(label), label + 1)],
      correct = max.col(now, "first") - 1 == label
    )
  })
  label_probs <- do.call(cbind, lapply(each, `[[`, "label_probs"))
  correct <- do.call(cbind, lapply(each, `[[`, "correct"))
  expect_identical(map$id, seq_along(label))
  expect_equal(map$avg_probs, rowMeans(label_probs), tolerance = 1e-12)
  expect_equal(map$correct_times, rowSums(correct))
}

test_that("what is recorded is summarised as it was, from file and memory", {
  for (kind in c("gaps", "wide", "strings")) {
    signals <- random_signals(n = 120, times = 6, classes = 3, ids = kind)
    expected <- naive_summary(signals)
    if (kind != "strings") {
      signals$id <- as.numeric(signals$id)
    }
    derived <- all_fields[c("id", "label", "s_label", "probs")]
    for (fields in list(all_fields, derived)) {
      own <- intersect("grad_norm", fields)
      file <- new_path()
      rec <- recorded(signals, file, fields, signals = own)
      map <- datamap_summarise(rec)
      close(rec)
      expect_summary(map, expected)
      expect_same_map(datamap_summarise(file, signals = own), map)
    }
  }
})

test_that("the map is there at any time, without a file", {
  signals <- random_signals(n = 40, times = 5, ids = "gaps")
  signals$id <- as.numeric(signals$id)
  rec <- datamap_recorder(NULL)
  for (t in 0:4) {
    now <- signals[signals$epoch == t, ]
    datamap_record(rec, now$id, now$label, probs = now$probs, step = t)
    so_far <- signals[signals$epoch <= t, ]
    frame <- data.frame(id = so_far$id, label = so_far$label)
    frame$probs <- so_far$probs
    expect_same_map(datamap_summarise(rec), datamap_summarise(frame))
  }
  close(rec)
  expect_same_map(datamap_summarise(rec), datamap_summarise(frame))
})

test_that("each kind of vector becomes its kind of value, NA is left out", {
  file <- new_path()
  rec <- datamap_recorder(file)
  datamap_record(
    rec,
    id = c("a", "b", "c"), label = factor(c("x", NA, "y"))[c(1, 3, 3)],
    label_probs = c(0.5, 1 / 3, 1e-300), correct = c(TRUE, FALSE, TRUE),
    s_label = c(NA, 2, 1L), loss = c(NaN, Inf, NA), step = 0.5,
    whole = c(1L, NA, -3L), number = c(NA, -0, 1e22), flag = c(NA, TRUE, FALSE),
    text = c("say \"hi\"", NA, "\u00fc\n"), kind = factor(c("u", "v", NA)),
    same = 7
  )
  close(rec)
  expect_identical(readLines(file, encoding = "UTF-8"), c(
    paste0(
      '{"id":"a","label":"x","correct":true,"loss":NaN,"label_probs":0.5,',
      '"step":0.5,"whole":1,"text":"say \\"hi\\"","kind":"u","same":7}'
    ),
    paste0(
      '{"id":"b","label":"y","s_label":2,"correct":false,"loss":Infinity,',
      '"label_probs":0.3333333333333333,"step":0.5,"number":-0.0,"flag":true,',
      '"kind":"v","same":7}'
    ),
    paste0(
      '{"id":"c","label":"y","s_label":1,"correct":true,',
      '"label_probs":1e-300,"step":0.5,"whole":-3,"number":1e22,"flag":false,',
      '"text":"\u00fc\\n","same":7}'
    )
  ))
})

test_that("shuffled batches of any size give the same map", {
  signals <- random_signals(n = 90, times = 4, classes = 4, missing = 0)
  signals$id <- as.numeric(signals$id)
  whole <- datamap_recorder(NULL)
  parts <- datamap_recorder(NULL)
  set.seed(7)
  for (t in 0:3) {
    now <- signals[signals$epoch == t, ]
    datamap_record(whole, now$id, now$label, logits = now$logits, step = t)
    for (i in split(sample(90), rep(1:7, length.out = 90))) {
      datamap_record(
        parts, now$id[i], now$label[i],
        logits = now$logits[i, , drop = FALSE], step = t
      )
    }
  }
  expect_same_map(datamap_summarise(parts), datamap_summarise(whole))
})

test_that("named columns tell the classes", {
  probs <- rbind(c(0.2, 0.5, 0.3), c(0.6, 0.3, 0.1))
  line <- function(label, names, ...) {
    colnames(probs) <- names
    file <- new_path()
    rec <- datamap_recorder(file)
    datamap_record(rec, 1:2, label, probs = probs, ...)
    close(rec)
    map <- datamap_summarise(file)
    unlink(file)
    map[c("avg_probs", "correct_times")]
  }
  expected <- data.frame(avg_probs = c(0.5, 0.1), correct_times = c(1L, 0L))
  same <- function(map) expect_identical(as.list(map), as.list(expected))
  same(line(factor(c("u", "v")), c("w", "u", "v")))
  same(line(c("u", "v"), c("w", "u", "v")))
  same(line(c(2, 3), c("1", "2", "3"))) # classes counted from 1
  same(suppressMessages(line(c(1, 2), c("a", "b", "c")))) # places from 0
  same(suppressMessages(line(c(1, 2), NULL)))
  expect_warning(
    given <- line(c("u", "v"), c("w", "u", "v"), label_probs = c(0, 1)),
    class = "datamap_warning_disagreement"
  )
  expect_identical(given$avg_probs, c(0, 1)) # what is given wins
  error <- expect_error(
    line(c("u", "z"), c("w", "u", "v")), class = "datamap_error_range"
  )
  expect_identical(error$line, 2L)
  expect_identical(error$key, "label")
})

test_that("logits with named classes go through the softmax", {
  logits <- matrix(c(800, -800, 3, 1, 799, 2), 2)
  colnames(logits) <- c("a", "b", "c")
  rec <- datamap_recorder(NULL)
  datamap_record(rec, 1:2, c("c", "c"), logits = logits)
  map <- datamap_summarise(rec)
  expect_equal(map$avg_probs, 1 / (1 + exp(c(1, -1))), tolerance = 1e-14)
  expect_identical(map$correct_times, c(0L, 1L))
})

test_that("a call that fails leaves nothing behind", {
  file <- new_path()
  rec <- datamap_recorder(file, ids = c(5, 7, 9))
  record <- function(id, ..., label = 0, label_probs = 0.5, correct = TRUE) {
    n <- length(id)
    datamap_record(
      rec, id, rep(label, n),
      label_probs = rep(label_probs, n), correct = rep(correct, n), ...
    )
  }
  record(c(9, 5, 7), step = 1)
  before <- readLines(file)
  map <- datamap_summarise(rec)
  fails <- function(expr, key, line) {
    error <- expect_error(expr, class = "datamap_error_field")
    expect_identical(error$key, key)
    expect_identical(error$line, line)
    expect_identical(readLines(file), before)
    expect_same_map(datamap_summarise(rec), map)
  }
  fails(record(c(5, 6), step = 2), "id", 2L) # not declared
  fails(record(c(7, 5), step = 1:2), "step", 1L) # repeated
  fails(record(c(7, 5), step = c(2, 0)), "step", 2L) # back
  fails(record(c(7, 5)), "step", 1L) # some without
  fails(record(c(7, NA), step = 2), "id", 2L)
  fails(record(7, step = 2, label = NA_real_), "label", 1L)
  fails(record(7, step = 2, label_probs = NA), "label_probs", 1L)
  fails(record(7.5, step = 2), "id", 1L)
  record(c(7, 5), step = 2)
  expect_identical(nrow(datamap_summarise(rec)), 3L)
  expect_length(readLines(file), 5)
})

test_that("an id twice in a call needs steps", {
  rec <- datamap_recorder(NULL)
  error <- expect_error(
    datamap_record(rec, c(1, 2, 1), c(0, 0, 0), probs = diag(3)),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 3L)
  datamap_record(
    rec, c(1, 2, 1), c(0, 0, 0),
    probs = diag(3), step = c(1, 1, 2)
  )
  expect_identical(datamap_summarise(rec)$evaluations, c(2L, 1L))
})

test_that("arguments are checked", {
  rec <- datamap_recorder(NULL)
  input <- function(expr, key) {
    error <- expect_error(expr, class = "datamap_error_input")
    expect_identical(error$key, key)
  }
  input(datamap_record(list(), 1, 0, probs = t(1)), "rec")
  input(datamap_record(rec, 1:2, 0, probs = diag(2)), "label")
  input(datamap_record(rec, 1:2, c(0, 0), probs = diag(3)), "probs")
  input(datamap_record(rec, 1:2, c(0, 0), probs = c("1", "0")), "probs")
  input(datamap_record(rec, 1:2, c(0, 0), probs = diag(2), loss = 1), "loss")
  input(datamap_record(rec, 1, 0, probs = t(1), 3), "...")
  input(datamap_record(rec, 1, 0, probs = t(1), epoch = 3), "epoch")
  input(datamap_record(rec, 1, 0, probs = t(1), u = 1, u = 2), "u")
  input(datamap_recorder(1), "file")
  input(datamap_recorder(NULL, ids = character()), "ids")
  input(datamap_recorder(NULL, ids = c(1, NA)), "ids")
  input(datamap_recorder(NULL, signals = "id"), "signals")
  input(datamap_summarise(rec, signals = "loss"), "signals")
  error <- expect_error(
    datamap_record(rec, 1, 0, probs = t(1), u = list(1)),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "u")
  error <- expect_error(
    datamap_recorder(NULL, ids = c("a", "b", "a")),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 3L)
  # with step given, epoch is a signal like any other
  datamap_record(rec, 1, 0, probs = t(c(1, 0)), step = 1, epoch = 3)
  expect_identical(nrow(datamap_summarise(rec)), 1L)
})

test_that("labels that are no numbers need the names of the classes", {
  rec <- datamap_recorder(NULL)
  scores <- matrix(c(0.4, 0.6, 0.7, 0.3), 2, byrow = TRUE)
  for (label in list(c("a", "b"), factor(c("a", "b"), c("a", "b", "c")))) {
    error <- expect_error(
      datamap_record(rec, 1:2, label, logits = scores),
      "columns of `logits`", class = "datamap_error_field"
    )
    expect_identical(error[c("line", "key")], list(line = 1L, key = "label"))
  }
  datamap_record(
    rec, 1:2, c("a", "b"),
    probs = scores, label_probs = 1:0, correct = c(TRUE, FALSE)
  )
  expect_identical(datamap_summarise(rec)$avg_probs, c(1, 0))
})

test_that("one sample may be recorded alone, and none at all", {
  rec <- datamap_recorder(NULL)
  datamap_record(rec, "a", 1, probs = c(0.25, 0.75))
  datamap_record(rec, character(), numeric(), probs = matrix(0, 0, 2))
  map <- datamap_summarise(rec)
  expect_identical(map$avg_probs, 0.75)
  expect_identical(map$evaluations, 1L)
  empty <- datamap_recorder() # as with NULL, in memory
  expect_warning(
    map <- datamap_summarise(empty), class = "datamap_warning_empty"
  )
  expect_identical(nrow(map), 0L)
})

test_that("a file that is there is refused, gone on with, repaired or lost", {
  first <- '{"id": 1, "label": 0, "probs": [0.5, 0.5], "step": 1}\n'
  add <- function(file, existing, step = 2) {
    rec <- datamap_recorder(file, existing = existing)
    datamap_record(rec, 1, 0, probs = t(c(0.25, 0.75)), step = step)
    close(rec)
    expect_same_map(datamap_summarise(file), datamap_summarise(rec))
    readLines(file)
  }
  second <- '{"id":1,"label":0,"probs":[0.25,0.75],"step":2}'
  file <- new_path(first)
  error <- expect_error(add(file, "error"), class = "datamap_error_io")
  expect_identical(error$path, file)
  expect_match(conditionMessage(error), "existing = \"append\"", fixed = TRUE)
  expect_identical(add(file, "append"), c(sub("\n", "", first), second))
  # step 2 again
  expect_error(add(file, "append"), class = "datamap_error_field")
  expect_identical(add(file, "overwrite"), second)

  cut <- new_path(paste0(first, '{"id": 2, "lab'))
  error <- expect_error(add(cut, "append"), class = "datamap_error_syntax")
  expect_identical(error$line, 2L)
  expect_identical(add(cut, "repair"), c(sub("\n", "", first), second))

  open <- new_path(sub("\n", "", first)) # only the newline is missing
  expect_identical(add(open, "append"), c(sub("\n", "", first), second))

  bad <- new_path("{\"id\": 1}\n")
  error <- expect_error(add(bad, "repair"), class = "datamap_error_field")
  expect_identical(error$line, 1L)
  expect_identical(error$path, bad)
  expect_error(
    datamap_recorder(file.path(tempdir(), "no", "such")),
    class = "datamap_error_io"
  )
})

test_that("a file is compressed as its name says, call by call", {
  endings <- c(".gz", if (datamap_features()[["zstd"]]) ".zst")
  record <- function(file, id, existing = "append") {
    rec <- datamap_recorder(file, existing = existing)
    datamap_record(rec, id, 0, probs = t(c(0.75, 0.25)))
    close(rec)
    expect_same_map(datamap_summarise(file), datamap_summarise(rec))
    file.size(file)
  }
  for (ending in endings) {
    file <- new_path(ending = paste0(".jsonl", ending))
    first <- record(file, 1)
    both <- record(file, 2)
    expect_identical(datamap_summarise(file)$id, 1:2)
    bytes <- readBin(file, "raw", both)
    # as a crash leaves it
    writeBin(bytes[seq_len(first + (both - first) %/% 2)], file)
    error <- expect_error(record(file, 3), class = "datamap_error_io")
    expect_identical(error$path, file)
    expect_match(conditionMessage(error), "repair")
    record(file, 3, "repair")
    expect_identical(datamap_summarise(file)$id, c(1L, 3L))
    # what is there is what its name says
    plain <- new_path("{}\n")
    packed <- paste0(plain, ending)
    file.rename(plain, packed)
    expect_error(record(packed, 1), class = "datamap_error_input")
    file.rename(file, plain)
    expect_error(record(plain, 1), class = "datamap_error_input")
  }
  other <- new_path(ending = ".jsonl.bz2")
  error <- expect_error(record(other, 1), class = "datamap_error_io")
  expect_match(conditionMessage(error), "bzip2", fixed = TRUE)
  expect_false(file.exists(other))
})

test_that("an appended run is checked against its ids", {
  file <- new_path('{"id": 1, "label": 0, "probs": [0.5, 0.5]}\n')
  expect_error(
    datamap_recorder(file, ids = 2:3, existing = "append"),
    class = "datamap_error_field"
  )
})

test_that("nothing can be added behind close()", {
  file <- new_path()
  rec <- datamap_recorder(file)
  datamap_record(rec, 1, 0, probs = t(c(0.5, 0.5)))
  close(rec)
  expect_error(
    datamap_record(rec, 1, 0, probs = t(c(0.5, 0.5))),
    class = "datamap_error_input"
  )
  expect_length(readLines(file), 1)
  expect_silent(close(rec)) # again does nothing
  expect_identical(nrow(datamap_summarise(rec)), 1L)
})

test_that("a recorder that was saved and loaded is an error, not a crash", {
  saved <- tempfile(fileext = ".rds")
  on.exit(unlink(saved))
  saveRDS(datamap_recorder(NULL), saved)
  rec <- readRDS(saved)
  expect_error(
    datamap_record(rec, 1, 0, probs = t(c(0.5, 0.5))),
    class = "datamap_error_input"
  )
  expect_error(datamap_summarise(rec), class = "datamap_error_input")
  expect_error(close(rec), class = "datamap_error_input")
  expect_output(print(rec), "of another session")
})

test_that("a recorder that nobody holds is given back", {
  file <- new_path()
  datamap_record(datamap_recorder(file), 1, 0, probs = t(c(0.5, 0.5)))
  gc()
  expect_length(readLines(file), 1)
  rec <- datamap_recorder(file, existing = "append")
  expect_output(print(rec), "1 sample, 1 line, open", fixed = TRUE)
  expect_output(print(rec), file, fixed = TRUE)
  close(rec)
  expect_output(print(rec), "closed")
})

test_that("somebody else's bytes in the file are noticed", {
  skip_on_os("windows")
  file <- new_path()
  rec <- datamap_recorder(file)
  datamap_record(rec, 1, 0, probs = t(c(0.5, 0.5)))
  cat("more\n", file = file, append = TRUE)
  expect_error(
    datamap_record(rec, 1, 0, probs = t(c(0.5, 0.5))),
    class = "datamap_error_io"
  )
  expect_identical(readLines(file)[[2]], "more")
})

test_that("what is not finite is written as null where that is asked for", {
  probs <- rbind(c(0.5, 0.5), c(0.25, 0.75), c(NaN, 1))
  columns <- list(
    id = 1:3, label = c(0, 1, 1), probs = probs,
    label_probs = c(NaN, NA, 0.25), correct = c(TRUE, NA, FALSE),
    loss = c(NaN, Inf, 0.5), lr = c(-Inf, NA, 1)
  )
  file <- new_path()
  rec <- datamap_recorder(file, signals = c("loss", "lr"), nan = "null")
  do.call(datamap_record, c(list(rec), columns))
  map <- datamap_summarise(rec)
  expect_identical(map$avg_probs, c(0.5, 0.75, 0.25))
  expect_identical(map$correct_times, c(1L, 1L, 0L))
  expect_identical(map$loss_last, c(-log(0.5), -log(0.75), 0.5))
  expect_identical(map$lr_last, c(NA, NA, 1))
  close(rec)
  lines <- readLines(file)
  expect_no_match(lines, "NaN|Inf")
  expect_identical(lines[[3]], paste0(
    '{"id":3,"label":1,"correct":false,"loss":0.5,"probs":null,',
    '"label_probs":0.25,"lr":1}'
  ))
  expect_same_map(datamap_summarise(file, signals = c("loss", "lr")), map)

  # the same by the writer of tables
  written <- new_path()
  frame <- structure(columns, class = "data.frame", row.names = 1:3)
  datamap_write_signals(frame, written, nan = "null")
  expect_identical(readLines(written), lines)
  datamap_write_signals(frame, written)
  expect_match(readLines(written)[[1]], '"loss":NaN.*"lr":-Infinity')

  # what is needed has to be there
  rec <- datamap_recorder(file, existing = "append", nan = "null")
  error <- expect_error(
    datamap_record(rec, 4:5, c(0, 1), logits = rbind(c(0, 1), c(-Inf, 1))),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 2L)
  expect_identical(error$key, "logits")
  expect_match(conditionMessage(error), "nan = \"NaN\"", fixed = TRUE)
  error <- expect_error(
    datamap_record(rec, 4:5, margin = c(NaN, 1)), class = "datamap_error_field"
  )
  expect_identical(error$key, "margin")
  frame <- data.frame(id = 4:5, label = 0)
  frame$probs <- list(c(0.5, 0.5), c(NaN, 0.5))
  error <- expect_error(
    datamap_write_signals(frame, new_path(), nan = "null"),
    class = "datamap_error_field"
  )
  expect_identical(error[c("line", "key")], list(line = 2L, key = "probs"))
  # and what is only missing is said to be so
  error <- expect_error(
    datamap_record(rec, 4:5, c(0, 1), label_probs = c(0.5, 0.5)),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "correct")
  expect_identical(readLines(file), lines)
  expect_error(datamap_recorder(NULL, nan = "none"), "nan")
})

test_that("a file that was deleted or replaced underneath is an error", {
  skip_on_os("windows") # deletes and replaces no file that is open
  record <- function(rec, step) {
    datamap_record(rec, 1:2, c(0, 1), probs = diag(2), step = step)
  }
  lost <- function(expr, rec, found) {
    error <- expect_error(expr, class = "datamap_error_io")
    expect_identical(error$path, rec$path)
    expect_match(error$found, found)
    expect_match(conditionMessage(error), "datamap_summarise\\(\\)")
    expect_identical(datamap_summarise(rec)$evaluations, c(1L, 1L))
  }
  spoil <- list(
    deleted = function(file) unlink(file),
    moved = function(file) file.rename(file, paste0(file, ".old")),
    replaced = function(file) {
      file.copy(file, paste0(file, ".new"))
      file.rename(paste0(file, ".new"), file)
    }
  )
  for (how in names(spoil)) {
    file <- new_path()
    rec <- datamap_recorder(file)
    record(rec, 1)
    lines <- readLines(file)
    spoil[[how]](file)
    found <- if (how == "replaced") "another one" else "deleted or moved"
    lost(record(rec, 2), rec, found)
    if (how == "moved") { # put back, it goes on
      file.rename(paste0(file, ".old"), file)
      expect_identical(readLines(file), lines)
      record(rec, 2)
      close(rec)
      expect_same_map(datamap_summarise(file), datamap_summarise(rec))
    } else {
      lost(close(rec), rec, found)
      expect_output(print(rec), "closed")
    }
  }
  # nothing of it without a line that could be lost
  rec <- datamap_recorder(file, existing = "overwrite")
  unlink(file)
  error <- expect_error(record(rec, 1), class = "datamap_error_io")
  expect_no_match(conditionMessage(error), "is kept")
})

test_that("a recorder of a relative path is not lost in another folder", {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  before <- setwd(folder)
  on.exit(setwd(before), add = TRUE, after = FALSE)
  rec <- datamap_recorder("signals.jsonl")
  setwd(before)
  datamap_record(rec, 1, 0, probs = c(0.5, 0.5))
  close(rec)
  expect_length(readLines(file.path(folder, "signals.jsonl")), 1)
})

test_that("the shipped signals come out of the recorder as they are", {
  for (name in c("spam_signals.jsonl.gz", "satellite_signals.json.gz")) {
    shipped <- datamap_example(name)
    table <- datamap_read_signals(shipped)
    probs <- as.matrix(datamap_read_signals(shipped, columns = "probs"))
    file <- new_path()
    rec <- datamap_recorder(file, signals = "loss", ids = unique(table$id))
    for (rows in split(seq_len(nrow(table)), table$step)) {
      now <- table[rows, ]
      datamap_record(
        rec, now$id, now$label,
        probs = unname(probs[rows, ]), label_probs = now$label_probs,
        pred_label = now$pred_label, correct = now$correct, loss = now$loss,
        s_label = now$s_label
      )
    }
    close(rec)
    expect_identical(datamap_read_signals(file), table)
    expect_identical(
      as.matrix(datamap_read_signals(file, columns = "probs")), probs
    )
    map <- datamap_summarise(shipped, signals = "loss")
    expect_same_map(datamap_summarise(rec), map)
    expect_same_map(datamap_summarise(file, signals = "loss"), map)
  }
})

test_that("nnet is recorded by warm starts", {
  skip_if_not_installed("nnet")
  set.seed(3)
  x <- scale(as.matrix(iris[1:4]))
  y <- diag(3)[iris$Species, ]
  label <- as.integer(iris$Species) - 1L
  settings <- list(
    x = x, y = y, size = 3, softmax = TRUE, maxit = 5, trace = FALSE
  )
  fit <- do.call(nnet::nnet, c(settings, rang = 0.1))
  rec <- datamap_recorder(NULL)
  probs <- array(dim = c(150, 3, 5))
  for (t in 1:5) {
    probs[, , t] <- unname(stats::fitted(fit))
    shuffled <- sample(150)
    datamap_record(
      rec, shuffled, label[shuffled],
      probs = probs[shuffled, , t], step = t
    )
    fit <- do.call(nnet::nnet, c(settings, list(Wts = fit$wts)))
  }
  map <- datamap_summarise(rec)
  expect_recorded(rec, probs, label)
})

test_that("xgboost is recorded iteration by iteration", {
  skip_if_not_installed("xgboost")
  label <- as.integer(iris$Species) - 1L
  data <- xgboost::xgb.DMatrix(as.matrix(iris[1:4]), label = label)
  fit <- xgboost::xgb.train(
    list(objective = "multi:softprob", num_class = 3, nthread = 1), data,
    nrounds = 4
  )
  rec <- datamap_recorder(NULL)
  probs <- array(dim = c(150, 3, 4))
  # old versions count to before the second number, and return a vector
  is_old <- utils::packageVersion("xgboost") < "3"
  predicted <- function(...) {
    scores <- stats::predict(fit, data, ...)
    if (is_old) matrix(scores, ncol = 3, byrow = TRUE) else scores
  }
  for (round in 1:4) {
    now <- predicted(iterationrange = c(1, round + is_old))
    probs[, , round] <- now
    datamap_record(rec, 1:150, label, probs = now, step = round)
  }
  expect_recorded(rec, probs, label)
  expect_gt(max(abs(probs[, , 2] - probs[, , 1])), 0.1) # it did learn
  expect_identical(now, predicted()) # up to the last tree
})

test_that("what reads lines takes a recorder, and reads its file", {
  file <- tempfile(fileext = ".jsonl")
  rec <- datamap_recorder(file)
  for (step in 1:3) {
    datamap_record(
      rec, 1:2, 0:1, probs = matrix(c(0.9, 0.2, 0.1, 0.8), 2), step = step
    )
  }
  expect_identical(datamap_read_signals(rec), datamap_read_signals(file))
  expect_s3_class(datamap_plot_trajectories(rec, ids = 1), "ggplot")
  close(rec)
  expect_identical(nrow(datamap_read_signals(rec)), 6L)
  unlink(file)

  rec <- datamap_recorder()
  for (read in c(datamap_read_signals, datamap_plot_trajectories)) {
    error <- expect_error(read(rec), class = "datamap_error_input")
    expect_identical(error$instead, "datamap_recorder")
    expect_match(conditionMessage(error), "datamap_recorder(file)",
                 fixed = TRUE)
  }
})

test_that("class vectors that are not given as probs or logits are told", {
  rec <- datamap_recorder()
  for (table in list(diag(2), as.data.frame(diag(2)))) {
    error <- expect_error(
      datamap_record(rec, 1:2, 0:1, table), class = "datamap_error_input"
    )
    expect_identical(error$key, "...")
    expect_identical(error$instead, "probs")
    expect_match(conditionMessage(error), "probs", fixed = TRUE)
    for (name in c("prob", "logit", "scores")) {
      args <- stats::setNames(list(rec, 1:2, 0:1, table), c("", "", "", name))
      error <- expect_error(
        do.call(datamap_record, args), class = "datamap_error_input"
      )
      expect_identical(error$key, name)
      expect_identical(error$similar,
                       setdiff(paste0(name, "s"), "scoress"))
    }
  }
  # One value per sample without a name is no class vector
  error <- expect_error(
    datamap_record(rec, 1:2, 0:1, c(0.5, 0.1)), class = "datamap_error_input"
  )
  expect_null(error$instead)
})

test_that("pairs need no label, and sequences say what is correct", {
  file <- new_path()
  rec <- datamap_recorder(file, signals = "margin")
  datamap_record(rec, 1:2, margin = c(1, -2), step = 1)
  datamap_record(rec, 1:2, label = c(0, 0), margin = c(3, 1e308), step = 2)
  expect_identical(
    readLines(file, 1), "{\"id\":1,\"step\":1,\"margin\":1}"
  )
  map <- datamap_summarise(rec)
  close(rec)
  expect_same_map(datamap_summarise(file, signals = "margin"), map)
  expect_identical(map$margin_last, c(3, 1e308))
  expect_equal(map$avg_probs, c(
    mean(stats::plogis(c(1, 3))), mean(stats::plogis(c(-2, 1e308)))
  ))
  rec <- datamap_recorder()
  datamap_record(rec, 1:2, c("x", "y"),
    sum_logp = c(-6, -1), n_tok = c(3, 1), correct = c(TRUE, TRUE)
  )
  expect_identical(datamap_summarise(rec)$avg_probs, exp(c(-2, -1)))
  error <- expect_error(
    datamap_record(rec, 3, "x", sum_logp = -1, correct = TRUE),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "n_tok")
  # without a margin as a field a label must be given
  for (more in list(list(), list(margin = 1, probs = cbind(0.5, 0.5)))) {
    error <- expect_error(
      do.call(datamap_record, c(list(rec, id = 4), more)),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "label")
  }
})
