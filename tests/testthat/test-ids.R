# 64-bit integers as the package bit64 has them, from their two halves of 32
# bits: doubles whose bits are the integer.
int64 <- function(high, low) {
  halves <- as.vector(rbind(low, high))
  if (.Platform$endian == "big") halves <- as.vector(rbind(high, low))
  bytes <- writeBin(as.integer(halves), raw())
  structure(readBin(bytes, "double", length(high)), class = "integer64")
}

# 2^53 - 1, 2^53, 2^53 + 1, -2^53 - 1, 2^63 - 1, 0, -1
edges <- function() {
  int64(
    c(2^21 - 1, 2^21, 2^21, -2^21 - 1, 2^31 - 1, 0, -1),
    c(-1, 0, 1, -1, -1, 0, -1)
  )
}
# A subset, which loses its class where bit64 is not loaded.
take <- function(x, at) structure(unclass(x)[at], class = "integer64")
edge_digits <- c(
  "9007199254740991", "9007199254740992", "9007199254740993",
  "-9007199254740993", "9223372036854775807", "0", "-1"
)

test_that("64-bit integers keep every digit, and are numbers where they fit", {
  expect_identical(id_text(edges()), edge_digits)
  expect_identical(plain_ids(edges()), edge_digits)
  expect_identical(plain_ids(take(edges(), c(1, 6, 7))), c(2^53 - 1, 0, -1))
  missing <- structure(-0, class = "integer64") # its bits are those of NA
  expect_identical(id_text(missing), NA_character_)
  expect_identical(plain_ids(missing), NA_real_)
  expect_identical(
    plain_numbers(edges()),
    c(2^53 - 1, 2^53, 2^53, -2^53, 2^63, 0, -1)
  )
  expect_identical(match_ids(edges(), edge_digits), 1:7)
  expect_identical(match_ids(edge_digits, edges()), 1:7)
  expect_identical(match_ids(take(edges(), 6:7), c(-1, 0)), 2:1)
  expect_identical(repeated_id(edges()), 0L)
  expect_identical(repeated_id(take(edges(), c(1:3, 2))), 4L)
})

test_that("they are those of bit64", {
  skip_if_not_installed("bit64")
  expect_identical(edges(), bit64::as.integer64(edge_digits))
  some <- bit64::as.integer64("4611686018427387904") * c(1, -1)
  expect_identical(id_text(some), as.character(some))
})

test_that("ids are shown and matched by their exact text", {
  expect_identical(
    id_text(c(1e5, 1e15, 2^53, -0, 0.1, NA, 1e300)),
    c(
      "100000", "1000000000000000", "9007199254740992", "0", "0.1", NA, "1e+300"
    )
  )
  expect_identical(id_text(100000L), "100000")
  expect_identical(id_text(factor(c("b", "a"), c("b", "a"))), c("b", "a"))
  expect_identical(match_ids(c("100000", "1e+05"), 1e5), c(1L, NA))
  expect_identical(match_ids(factor(c("2", "x")), 1:2), c(2L, NA))
  expect_identical(match_ids(1:2, factor(c("2", "1"))), 2:1)
  expect_identical(first_few(c(1e5, 2e5)), "100000, 200000")
  latin <- "\xfcber"
  Encoding(latin) <- "latin1"
  expect_identical(match_ids(latin, "\u00fcber"), 1L)
})

test_that("2^53 and 2^53 + 1 are two samples at every door", {
  id <- take(edges(), c(3, 2, 3, 2))
  frame <- data.frame(row.names = 1:4)
  frame$id <- id
  frame$label <- 0
  frame$probs <- cbind(c(0.5, 0.25, 0.75, 0.25), c(0.5, 0.75, 0.25, 0.75))
  lines <- paste0(
    "{\"id\": ", id_text(id), ", \"label\": 0, \"probs\": [", frame$probs[, 1],
    ", ", frame$probs[, 2], "]}"
  )
  map <- summarise_text(lines)
  expect_identical(map$id, edge_digits[2:3])
  expect_identical(map$avg_probs, c(0.25, 0.625))
  expect_same_map(datamap_summarise(frame), map)
  expect_same_map(datamap_summarise(datamap_state(frame)), map)
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  datamap_write_signals(frame, file)
  expect_match(readLines(file)[[1]], "\"id\":9007199254740993,", fixed = TRUE)
  expect_same_map(datamap_summarise(file), map)
  rec <- datamap_recorder(NULL, ids = take(edges(), 2:3))
  for (rows in list(1:2, 3:4)) {
    datamap_record(
      rec, take(frame$id, rows), frame$label[rows],
      probs = frame$probs[rows, ]
    )
  }
  expect_same_map(datamap_summarise(rec), map)
  error <- expect_error(
    datamap_record(rec, take(edges(), 1), 0, probs = t(c(0.5, 0.5))),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "id")
  # with a step, in the order of steps within the id
  frame$step <- int64(c(0, 0, 0, 0), c(2, 2, 1, 1))
  frame$loss <- int64(rep(0, 4), 1:4)
  steps <- datamap_summarise(frame, signals = "loss")
  expect_identical(steps$loss_last, c(2, 1))
  expect_identical(steps$loss_mean, c(3, 2))
})

test_that("64-bit ids within 2^53 are the numbers that a file has", {
  frame <- small_frame()
  map <- datamap_summarise(frame)
  frame$id <- int64(rep(0, 5), frame$id)
  frame$label <- int64(rep(0, 5), frame$label)
  frame$s_label <- int64(rep(0, 5), c(2, 1, 2, 1, 2))
  frame$pred_label <- frame$label
  frame$correct <- int64(rep(0, 5), c(1, 1, 0, 1, 1))
  read <- suppressWarnings(datamap_summarise(frame))
  expect_same_map(read[c("id", "label")], map[c("id", "label")])
  expect_identical(read$s_label, 2:1)
  expect_identical(read$correct_times, c(2L, 2L))
})

a_map <- function(id) {
  columns <- list(
    id = id, label = rep(0, length(id)), correct_ratio = c(0, 0.5, 1),
    avg_probs = c(0.1, 0.5, 0.9), label_var = c(0.01, 0.1, 0),
    forgetting_times = int64(c(0, 0, 0), 0:2)
  )
  as_datamap(structure(
    columns, class = "data.frame", row.names = .set_row_names(3L)
  ))
}

test_that("a summary from elsewhere may have 64-bit integers", {
  map <- a_map(take(edges(), 1:3))
  expect_identical(map$id, edge_digits[1:3])
  expect_identical(map$forgetting_times, c(0, 1, 2))
  expect_identical(a_map(take(edges(), c(1, 6, 7)))$id, c(2^53 - 1, 0, -1))
  error <- expect_error(
    a_map(take(edges(), c(3, 2, 3))), class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "9007199254740993", fixed = TRUE)
  file <- tempfile()
  on.exit(unlink(file))
  datamap_write_summary(map, file)
  expect_identical(datamap_read_summary(file)$id, map$id)
})

test_that("samples are found by ids of any type", {
  map <- a_map(c(1e5, 2e5, 3e5))
  for (ids in list(1e5, 100000L, "100000", factor("100000"),
                   int64(0, 100000))) {
    plot <- datamap_plot(map, ids = ids)
    expect_s3_class(plot, "ggplot")
  }
  error <- expect_error(
    datamap_plot(map, ids = 4e5), class = "datamap_error_input"
  )
  expect_identical(error$key, "400000")
  expect_match(conditionMessage(error), "400000", fixed = TRUE)
  bytes <- "\xff"
  Encoding(bytes) <- "bytes"
  error <- expect_error(
    datamap_plot(map, ids = bytes), class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "<ff>", fixed = TRUE)
  output <- utils::capture.output(print(map))
  expect_true(any(grepl("100000", output, fixed = TRUE)))
})

test_that("a table's ids are found whatever their type", {
  map <- a_map(take(edges(), 1:3))
  data <- list(id = take(edges(), c(3, 1, 2)), text = c("c", "a", "b"))
  data <- structure(data, class = "data.frame", row.names = 1:3)
  file <- tempfile()
  on.exit(unlink(file))
  part <- suppressMessages(datamap_write_selection(map[1:2, ], data, file))
  expect_identical(part$text, c("a", "b"))
  expect_identical(
    readLines(file),
    c("id\ttext", "9007199254740991\ta", "9007199254740992\tb")
  )
  data$id <- take(data$id, c(1, 1, 2))
  error <- expect_error(
    datamap_write_selection(map[3, ], data, file), class = "datamap_error_input"
  )
  expect_identical(error$key, "9007199254740993")
})

test_that("trajectories and comparisons know 64-bit ids", {
  signals <- structure(
    list(
      id = take(edges(), c(2, 3, 2, 3)), step = int64(rep(0, 4), c(0, 0, 1, 1)),
      label_probs = c(0.1, 0.2, 0.3, 0.4)
    ),
    class = "data.frame", row.names = 1:4
  )
  plot <- datamap_plot_trajectories(signals, ids = take(edges(), 2:3))
  expect_identical(levels(plot$data$.group), edge_digits[2:3])
  expect_identical(sort(unique(plot$data$.at)), c(0, 1))
  group <- structure(
    list(id = take(edges(), 2:3), kind = c("u", "v")),
    class = "data.frame", row.names = 1:2
  )
  banded <- datamap_plot_trajectories(signals, group_by = group)
  expect_length(unique(ggplot2::layer_data(banded)$PANEL), 2)
  compared <- pair_samples(
    a_map(edge_digits[1:3]), a_map(take(edges(), 3:1)),
    c(variability = 0.3, confidence = 0.5)
  )
  expect_identical(compared$y, c(0.1, 0.5, 0.9))
  expect_identical(compared$yend, c(0.9, 0.5, 0.1))
})

test_that("strings of bytes are refused as ids and labels, in words", {
  bytes <- c("a", "\xff\xfe")
  Encoding(bytes) <- "bytes"
  frame <- data.frame(id = 1:2, label = 0:1, correct = TRUE, label_probs = 0.5)
  for (name in c("id", "label", "pred_label")) {
    frame_of_bytes <- frame
    frame_of_bytes[[name]] <- bytes
    error <- expect_error(
      datamap_summarise(frame_of_bytes), class = "datamap_error_field"
    )
    expect_identical(error[c("key", "line")], list(key = name, line = 2L))
    expect_match(conditionMessage(error), "<ff><fe>", fixed = TRUE)
  }
  frame$own <- bytes
  expect_error(
    datamap_write_signals(frame, tempfile()), class = "datamap_error_field"
  )
  map <- a_map(1:3)
  map$text <- c(bytes, "b")
  error <- expect_error(
    datamap_write_summary(map, tempfile()), class = "datamap_error_input"
  )
  expect_identical(error$key, "text")
})

test_that("ids of ASCII, of other text and of both are the same samples", {
  texts <- c(sprintf("sample %d", 1:40), "", "7", strrep("x", 200))
  frame <- data.frame(
    id = rep(texts, 3), label = rep(c("a", "b", "c"), each = length(texts)),
    label_probs = (seq_len(3 * length(texts)) %% 9) / 9, correct = TRUE
  )
  frame$label <- frame$label[match(frame$id, texts) %% 3 + 1]
  expected <- datamap_summarise(frame)
  expect_identical(expected$id, texts)
  expect_identical(expected$evaluations, rep(3L, length(texts)))
  umlaut <- "caf\u00e9"
  latin1 <- iconv(umlaut, "UTF-8", "latin1")
  expect_identical(Encoding(latin1), "latin1")
  columns <- c("label", "evaluations", "avg_probs", "label_var")
  for (other in list(umlaut, latin1)) {
    more <- rbind(
      frame,
      data.frame(
        id = c(other, umlaut), label = latin1, label_probs = 0.5, correct = TRUE
      )
    )
    map <- datamap_summarise(more)
    expect_identical(map$id, c(texts, umlaut))
    expect_identical(map$label[length(map$id)], umlaut)
    expect_identical(
      lapply(as.list(map)[columns], utils::head, length(texts)),
      as.list(expected)[columns]
    )
  }
  # rows in another order than they stand in
  frame$step <- rep(3:1, each = length(texts))
  expect_identical(
    datamap_summarise(frame)$avg_probs,
    datamap_summarise(frame[order(frame$step), ])$avg_probs
  )
  frame$id[100] <- NA
  expect_error(datamap_summarise(frame), class = "datamap_error_field")
})

test_that("strings are of ASCII where all their bytes are", {
  is_ascii <- function(x) .Call(datacarto:::ffi_is_ascii, x)
  expect_true(is_ascii(c("a", NA, "", strrep("~", 1000))))
  expect_true(is_ascii(character()))
  expect_false(is_ascii(c(rep("a", 50), "\u00e9")))
  expect_false(is_ascii(iconv("\u00e9", "UTF-8", "latin1")))
  expect_false(is_ascii("\x80"))
  expect_false(is_ascii(1))
  expect_false(is_ascii(NULL))
})

test_that("texts of whole numbers are these where all are written so", {
  small <- c(-3, 0, 7, 2147483647, -2147483647)
  expect_identical(whole_ids(sprintf("%.0f", small)), as.integer(small))
  large <- c(-2^31, 2^31, 2^53, -2^53, 1)
  for (i in 1:4) {
    texts <- sprintf("%.0f", large[c(i, 5)])
    expect_identical(whole_ids(texts), large[c(i, 5)])
  }
  expect_identical(whole_ids(character()), integer())
  others <- c(
    "9007199254740993", "-9007199254740993", "9223372036854775808",
    strrep("1", 100), "007", "+7", "-0", "-", "7.0", "1e5", "", " 7", "7 ",
    "\u0667", "a", NA
  )
  for (text in others) {
    expect_identical(whole_ids(c("1", text)), c("1", text))
    expect_identical(match_ids(c(7, 1), c(text, "1")), c(NA, 2L))
    expect_identical(match_ids(c(text, "1"), c(7, 1)), c(NA, 2L))
  }
  expect_identical(whole_ids(c(1.5, NA)), c(1.5, NA))
  expect_identical(whole_ids(TRUE), TRUE)
  expect_null(.Call(datacarto:::ffi_whole_numbers, 1))
})

test_that("ids and labels become text by id_text() alone", {
  # Those that call as.character(), of the whole package: of something that is
  # neither id nor label; valid_text() and factor_labels() are id_text()'s.
  allowed <- c(
    "abort_newer_state", "by_level", "factor_labels", "filter_dots",
    "flat_query", "glance.datamap_detection", "installed_version", "new_state",
    "quoted_names", "valid_text"
  )
  package <- asNamespace("datacarto")
  calls <- function(code) {
    if (is.function(code)) code <- body(code)
    "as.character" %in% all.names(code)
  }
  expect_true(calls(function(id) if (TRUE) paste(as.character(id))))
  names <- ls(package, all.names = TRUE)
  functions <- Filter(function(name) is.function(package[[name]]), names)
  found <- Filter(function(name) calls(package[[name]]), functions)
  expect_gt(length(functions), 300)
  expect_identical(setdiff(found, allowed), character())
})
