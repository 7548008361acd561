test_that("2 classes, sequential ids", {
  map <- expect_all_forms(random_signals(classes = 2, ids = "sequential"))
  expect_type(map$id, "integer")
})

test_that("3 classes, ids with gaps and below 0", {
  skip_if_long()
  map <- expect_all_forms(random_signals(classes = 3, ids = "gaps", seed = 2))
  expect_type(map$id, "integer")
  expect_lt(map$id[[1]], 0)
})

test_that("30 classes, ids beyond 32 bits and below 0", {
  skip_if_long()
  signals <- random_signals(classes = 30, ids = "wide", seed = 3)
  map <- expect_all_forms(signals)
  expect_type(map$id, "double")
})

test_that("2 classes, ids beyond 53 and 64 bits", {
  skip_if_long()
  map <- expect_all_forms(random_signals(ids = "huge", seed = 4))
  expect_type(map$id, "character")
})

test_that("3 classes, ids that are strings", {
  skip_if_long()
  signals <- random_signals(classes = 3, ids = "strings", seed = 5)
  map <- expect_all_forms(signals)
  expect_type(map$id, "character")
  expect_true(all(validUTF8(map$id)))
  expect_identical(unique(signals$id), map$id)
})

test_that("dicts as Python prints them", {
  skip_without_python()
  for (ids in c("huge", "strings")) {
    signals <- random_signals(classes = 3, ids = ids, seed = 6)
    json <- write_signals(signal_lines(signals, given_fields))
    python <- print_dicts(json)
    expect_match(readLines(python, 1), "^\\{'id': ")
    map <- datamap_summarise(python, signals = both_signals)
    expect_summary(map, naive_summary(signals))
  }
})

test_that("the design's own reference agrees", {
  skip_without_python()
  reference_script()
  signals <- random_signals(classes = 3, ids = "wide", seed = 7)
  json <- write_signals(signal_lines(signals, given_fields))
  for (path in c(json, print_dicts(json))) {
    map <- datamap_summarise(path)
    reference <- reference_summary(path)
    expect_identical(names(map)[1:13], names(reference))
    expect_identical(sprintf("%.0f", map$id), reference$id)
    reference$id <- map$id
    counts <- names(reference) %in% c(
      "label", "s_label", "correct_times", "forgetting_times",
      "learnt_times", "first_forget", "first_learn"
    )
    reference[counts] <- lapply(reference[counts], as.integer)
    reference[!counts] <- lapply(reference[!counts], as.numeric)
    reference$evaluations <- map$evaluations
    expect_summary(map, reference)
  }
})

test_that("a folder with one file per epoch, in the order of the epochs", {
  for (classes in c(2, 3, 30)) {
    signals <- random_signals(
      n = 200, times = 12, classes = classes, ids = "wide", seed = classes
    )
    signals$s_label <- NA_integer_
    folder <- tempfile("epochs")
    dir.create(folder)
    for (epoch in 0:11) {
      fields <- c(guid = "id", logits = "logits", gold = "label")
      names(fields)[[2]] <- paste0("logits_epoch_", epoch)
      rows <- signals$epoch == epoch
      one <- signals[rows, ]
      attr(one, "are_strings") <- FALSE
      name <- paste0("dynamics_epoch_", epoch, ".jsonl")
      write_bytes(signal_lines(one, fields), file.path(folder, name))
    }
    # derived here from the definitions: softmax, maximum, probability of label
    expected <- naive_summary(signals)
    map <- datamap_summarise(folder)
    expect_summary(map, expected)
    expect_identical(nrow(datamap_problems(map)), 0L)
    expect_same_map(
      datamap_summarise(signal_frame(signals, c(
        guid = "id", logits = "logits", gold = "label", step = "epoch"
      ))),
      map
    )
    # the same as paths, in any order
    paths <- list.files(folder, full.names = TRUE)
    expect_same_map(datamap_summarise(rev(paths)), map)
    unlink(folder, recursive = TRUE)
  }
})

test_that("the examples of the definition", {
  map <- summarise_text(
    hand_lines(c(0, 1, 1, 0, 1), c(.2, .6, .8, .4, .9), id = 10),
    hand_lines(c(1, 1, 1), .5, id = 11),
    hand_lines(1, .25, id = 12),
    hand_lines(c(1, 0, 0, 1, 0), .5, id = 13)
  )
  expect_identical(map$id, 10:13)
  expect_identical(map$label, rep(1L, 4))
  expect_identical(map$s_label, rep(0L, 4))
  expect_identical(map$correct_times, c(3L, 3L, 1L, 2L))
  expect_identical(map$correct_ratio, c(.6, 1, 1, .4))
  expect_equal(map$avg_probs, c(.58, .5, .25, .5), tolerance = 1e-14)
  expect_equal(map$label_var, c(.0656, 0, 0, 0), tolerance = 1e-14)
  expect_identical(map$label_var[-1], c(0, 0, 0))
  expect_identical(map$max_label_probs, c(.9, .5, .25, .5))
  expect_identical(map$min_label_probs, c(.2, .5, .25, .5))
  expect_identical(map$forgetting_times, c(1L, 0L, 0L, 2L))
  expect_identical(map$learnt_times, c(2L, 0L, 0L, 1L))
  expect_identical(map$first_forget, c(3L, 0L, 0L, 1L))
  expect_identical(map$first_learn, c(1L, 0L, 0L, 3L))
  expect_identical(map$evaluations, c(5L, 3L, 1L, 5L))
})

test_that("the columns stand in the order of the summary file", {
  map <- summarise_text(hand_lines(1, .5), signals = "loss")
  expect_identical(names(map), c(
    "id", "label", "s_label", "correct_times", "correct_ratio", "avg_probs",
    "label_var", "max_label_probs", "min_label_probs", "forgetting_times",
    "learnt_times", "first_forget", "first_learn", "evaluations",
    "loss_mean", "loss_var", "loss_min", "loss_max", "loss_last"
  ))
})

test_that("no lines give a map without rows", {
  for (text in c("", "\n \n\t\n")) {
    expect_warning(
      map <- summarise_text(text), class = "datamap_warning_empty"
    )
    expect_identical(nrow(map), 0L)
    expect_length(map, 14)
    expect_type(map$id, "integer")
    expect_s3_class(map, "datamap")
  }
})

test_that("line_counts say what the lines were", {
  map <- quiet_map(
    hand_lines(1, .5), "", "  ", hand_lines(1, "x"), hand_lines(0, .1),
    "{\"id\": 3, \"la",
    on_error = "skip", partial_last = "ignore"
  )
  expect_identical(
    attr(map, "line_counts"),
    c(lines = 6, good = 2, blank = 2, bad = 1, cut = 1)
  )
})

test_that("every field has its other names", {
  full <- row_of(paste0(
    "\"id\": 5, \"label\": 1, \"pred_label\": 1, \"s_label\": 2, ",
    "\"correct\": true, \"loss\": 1, \"logits\": [0, 1], \"step\": 3"
  ))
  other <- row_of(paste0(
    "\"guid\": 5, \"gold\": 1, \"pred_label\": 1, \"noisy_label\": 2, ",
    "\"correct\": true, \"loss\": 1, \"logits_epoch_3\": [0, 1]"
  ))
  expect_identical(other, full)
  expect_identical(full$id, 5L)
  expect_identical(full$label, 1L)
  expect_identical(full$s_label, 2L)
  expect_equal(full$avg_probs, exp(1) / (1 + exp(1)), tolerance = 1e-15)
})

test_that("where both names stand, in any order, the first is the field", {
  rest <- c(
    id = "\"id\": 5", label = "\"label\": 1", s_label = "\"s_label\": 2",
    step = "\"step\": 3", logits = "\"logits\": [0, 1]",
    correct = "\"correct\": 1"
  )
  others <- list(
    c("id", "guid", "6"), c("label", "gold", "0"),
    c("s_label", "noisy_label", "1"), c("step", "epoch", "9"),
    c("logits", "logits_epoch_8", "[7, 8, 9]"),
    # the other is a signal of the user, of any type
    c("id", "guid", "[1.5]"), c("label", "gold", "{\"a\": null}"),
    c("s_label", "noisy_label", "\"much\""), c("step", "epoch", "\"ninth\""),
    c("step", "epoch", "-Infinity"),
    c("logits", "logits_epoch_8", "0.5"), c("id", "guid", "null"),
    c("label", "gold", "true")
  )
  plain <- row_of(paste(rest, collapse = ", "))
  for (other in others) {
    member <- paste0("\"", other[[2]], "\": ", other[[3]])
    behind <- paste(c(rest, member), collapse = ", ")
    before <- paste(c(member, rest), collapse = ", ")
    expect_identical(row_of(behind), plain, label = behind)
    expect_identical(row_of(before), plain, label = before)
    # two lines, so that what the first says of the keys is used again
    twice <- row_of(behind, sub("\"step\": 3", "\"step\": 4", behind))
    expect_identical(twice$evaluations, 2L)
    expect_identical(twice$label, 1L)
  }
})

test_that("the other name can be asked for as a signal", {
  for (line in c(
    "\"id\": 5, \"label\": 1, \"gold\": 4, \"correct\": 1, \"label_probs\": .5",
    "\"gold\": 4, \"id\": 5, \"label\": 1, \"correct\": 1, \"label_probs\": .5"
  )) {
    line <- sub(": .5", ": 0.5", line, fixed = TRUE)
    row <- row_of(line, signals = "gold")
    expect_identical(row$label, 1L)
    expect_identical(row$gold_mean, 4)
    expect_error(
      row_of(sub("4", "\"x\"", line), signals = "gold"),
      class = "datamap_error_field"
    )
  }
  # where it is the field, it is no signal
  alone <- "\"id\": 5, \"gold\": 4, \"correct\": 1, \"label_probs\": 0.5"
  row <- row_of(alone, signals = "gold")
  expect_identical(row$label, 4L)
  expect_identical(row$gold_mean, NA_real_)
})

test_that("correct may be spelt in every accepted way", {
  json <- c(
    "\"true\"", "\"false\"", "\"True\"", "\"False\"", "true", "false",
    "1", "0", "1.0", "0.0", "-0", "1e0", "0e5"
  )
  right <- c(TRUE, FALSE, TRUE, FALSE, TRUE, FALSE, TRUE, FALSE, TRUE, FALSE,
             FALSE, TRUE, FALSE)
  python <- c("'true'", "\"false\"", "'True'", "'False'", "True", "False",
              json[7:13])
  for (i in seq_along(json)) {
    row <- row_of(paste0(
      "\"id\": 5, \"label\": 1, \"label_probs\": 0.5, \"correct\": ", json[[i]]
    ))
    expect_identical(
      row$correct_times, as.integer(right[[i]]),
      info = json[[i]]
    )
    row <- row_of(paste0(
      "'id': 5, 'label': 1, 'label_probs': 0.5, 'correct': ", python[[i]]
    ))
    expect_identical(
      row$correct_times, as.integer(right[[i]]),
      info = python[[i]]
    )
  }
  for (bad in c("\"yes\"", "\"TRUE \"", "\"\"", "2", "-1", "0.5", "[true]",
                "{}", "NaN", "\"truefalse\"")) {
    field_error("field", "correct", paste0(
      "\"id\": 5, \"label\": 1, \"label_probs\": 0.5, \"correct\": ", bad
    ))
  }
})

test_that("what is given wins over what can be derived", {
  row <- row_of(paste0(
    "\"id\": 5, \"label\": 1, \"pred_label\": 0, \"correct\": true, ",
    "\"probs\": [0.9, 0.1], \"logits\": [5, 5], \"label_probs\": 0.3"
  ))
  expect_identical(row$correct_times, 1L)
  expect_identical(row$avg_probs, 0.3)
  # probs over logits
  row <- row_of(
    "\"id\": 5, \"label\": 1, \"logits\": [9, 0], \"probs\": [0.4, 0.6]"
  )
  expect_identical(row$avg_probs, 0.6)
  expect_identical(row$correct_times, 1L)
  # pred_label over the maximum
  row <- row_of(
    "\"id\": 5, \"label\": 1, \"pred_label\": 0, \"probs\": [0.4, 0.6]"
  )
  expect_identical(row$correct_times, 0L)
  # step over the N of logits_epoch_N
  expect_error(
    row_of(
      "\"id\": 5, \"label\": 0, \"step\": 4, \"logits_epoch_1\": [1, 2]",
      "\"id\": 5, \"label\": 0, \"step\": 3, \"logits_epoch_2\": [1, 2]"
    ),
    class = "datamap_error_field"
  )
})

test_that("the first of equal maxima is the prediction", {
  for (label in 0:2) {
    for (vector in c("\"probs\": [0.2, 0.4, 0.4]", "\"logits\": [-1, 7, 7]")) {
      row <- row_of(paste0("\"id\": 5, \"label\": ", label, ", ", vector))
      expect_identical(row$correct_times, as.integer(label == 1))
    }
  }
})

test_that("a class vector with a NaN predicts nothing", {
  expect_none <- function(x) {
    expect_warning(
      map <- datamap_summarise(x, metrics = "first_correct"),
      class = "datamap_warning_disagreement"
    )
    expect_identical(map$correct_times, 0L)
    expect_identical(map$first_correct, NA_integer_)
  }
  for (label in 0:1) {
    for (vector in c("[NaN, 0.8]", "[0.8, NaN]", "[NaN, 0.1, 0.2]")) {
      for (field in c("probs", "logits")) {
        expect_none(I(sprintf(
          "{\"id\": 1, \"label\": %d, \"%s\": %s}", label, field, vector
        )))
      }
    }
  }
  frame <- data.frame(id = 1, label = 1, probs_0 = NaN, probs_1 = 0.8)
  expect_none(frame)
  expect_none(replace(frame, "probs_0", NA))
})

test_that("softmax takes logits of any size", {
  row <- row_of(
    "\"id\": 5, \"label\": 0, \"logits\": [1000, 999, -1e300]",
    "\"id\": 5, \"label\": 0, \"logits\": [-1000, -1001, -1e300]"
  )
  expect_equal(row$avg_probs, exp(1) / (1 + exp(1)), tolerance = 1e-15)
  expect_equal(row$label_var, 0)
})

test_that("null is absent where a field is optional", {
  rest <- "\"id\": 5, \"label\": 1, \"probs\": [0.4, 0.6]"
  plain <- row_of(rest)
  for (key in c("pred_label", "s_label", "noisy_label", "correct", "loss",
                "logits", "logits_epoch_1", "label_probs", "step", "epoch",
                "grad_norm")) {
    line <- paste0(rest, ", \"", key, "\": null")
    if (key == "logits_epoch_1") {
      line <- paste0(line, ", \"step\": 1")
    }
    row <- suppressMessages(
      row_of(line, signals = "grad_norm"), "datamap_message_absent"
    )
    expect_identical(row[1:14], plain, info = key)
    expect_identical(row$grad_norm_mean, NA_real_)
    python <- gsub("\"", "'", sub("null", "None", line))
    expect_identical(row_of(python), plain, info = key)
  }
  row <- row_of(
    "\"id\": 5, \"label\": 1, \"probs\": null, \"logits\": [0, 0]"
  )
  expect_identical(row$avg_probs, 0.5)
  for (key in c("id", "label")) {
    line <- sub(paste0("\"", key, "\": ."), paste0("\"", key, "\": null"), rest)
    field_error("field", key, line)
    expect_error(
      row_of(gsub("\"", "'", sub("null", "None", line))),
      class = "datamap_error_field"
    )
  }
})

test_that("a line must give or let derive id, label, correct, label_probs", {
  field_error("field", "id", "\"label\": 1, \"probs\": [0.4, 0.6]")
  field_error("field", "label", "\"id\": 1, \"probs\": [0.4, 0.6]")
  field_error("field", "correct", "\"id\": 1, \"label\": 1, \"label_probs\": 1")
  field_error("field", "label_probs", "\"id\": 1, \"label\": 1, \"correct\": 1")
  field_error("field", "id", "")
  # a label that is no class: label_probs can't be looked up
  for (label in c("2", "-1", "4734364254410")) {
    field_error("range", "label", paste0(
      "\"id\": 1, \"label\": ", label, ", \"probs\": [0.4, 0.6]"
    ))
  }
  field_error(
    "field", "label", "\"id\": 1, \"label\": \"b\", \"probs\": [0.4, 0.6]"
  )
  # ... and needn't be
  row <- row_of(paste0(
    "\"id\": 1, \"label\": \"b\", \"pred_label\": \"b\", ",
    "\"probs\": [0.4, 0.6], \"label_probs\": 0.6"
  ))
  expect_identical(row$label, "b")
  expect_identical(row$correct_times, 1L)
})

test_that("values of the wrong type are errors that name the key", {
  skip_on_cran()
  fields <- c(
    id = "1.5", id = "1.0", id = "1e3", id = "true", id = "[1]", id = "{}",
    label = "1.5", label = "NaN", label = "[]", pred_label = "0.5",
    pred_label = "{}", s_label = "2.0", s_label = "\"2\"", s_label = "[2]",
    loss = "\"high\"", loss = "true", probs = "0.5", probs = "[\"a\"]",
    probs = "[null]", probs = "{}", probs = "[[0.5], 0.5]", logits = "true",
    label_probs = "\"0.5\"", label_probs = "[0.5]", step = "\"1\"",
    step = "true", epoch = "\"1\"", logits_epoch_2 = "1"
  )
  rest <- c(id = "1", label = "1", correct = "1", label_probs = "0.5")
  for (i in seq_along(fields)) {
    members <- rest
    members[[names(fields)[[i]]]] <- fields[[i]]
    field_error("field", names(fields)[[i]], paste0(
      "\"", names(members), "\": ", members,
      collapse = ", "
    ))
  }
  field_error("range", "step", paste0(
    "\"id\": 1, \"label\": 1, \"correct\": 1, \"label_probs\": 0.5, ",
    "\"step\": Infinity"
  ))
})

test_that("the first s_label given is the sample's", {
  base <- "\"id\": 1, \"label\": 1, \"correct\": 1, \"label_probs\": 0.5"
  with <- function(...) paste0(base, ", ", c(...))
  expect_identical(row_of(base)$s_label, 0L)
  expect_identical(row_of(base, with("\"s_label\": 2"))$s_label, 2L)
  expect_identical(row_of(base, with("\"noisy_label\": -3"), base)$s_label, -3L)
  # 0 was given here
  expect_identical(
    row_of(with("\"s_label\": 0", "\"s_label\": 2"))$s_label, 0L
  )
  expect_identical(
    row_of(with("\"s_label\": null", "\"s_label\": 1"))$s_label, 1L
  )
  expect_identical(row_of(with("\"s_label\": 3000000000"))$s_label, 3e9)
})

test_that("other keys may hold anything that is well formed", {
  base <- "\"id\": 1, \"label\": 1, \"correct\": 1, \"label_probs\": 0.5"
  plain <- row_of(base)
  for (value in c("1", "\"x\"", "null", "true", "[1, [2, {\"id\": 9}]]",
                  "{\"id\": 9, \"label\": null, \"a\": 1, \"a\": 2}", "1e5",
                  "\"}{\"", "-0.5")) {
    expect_identical(row_of(paste0("\"more\": ", value, ", ", base)), plain)
    expect_identical(row_of(paste0(base, ", \"\": ", value)), plain)
  }
  # keys that only look like those of fields
  expect_identical(
    row_of(paste0(base, ", \"ids\": 2, \"i\": 3, \"ID\": 4, \"_id\": 5, ",
                  "\"logits_epoch_\": 1, \"logits_epoch_1x\": 2")),
    plain
  )
  # and one that is one
  expect_identical(row_of(sub("label\"", "l\\\\u0061bel\"", base)), plain)
  expect_error(
    row_of(paste0(base, ", \"more\": [1, 02]")),
    class = "datamap_error_syntax"
  )
})

test_that("integer ids are typed by the room they need", {
  expect_identical(
    ids_of(c("2147483647", "-2147483647")), c(-2147483647L, 2147483647L)
  )
  # R has no integer for this one
  expect_identical(ids_of(c("5", "-2147483648")), c(-2147483648, 5))
  expect_identical(ids_of(c("2147483648", "5")), c(5, 2147483648))
  expect_identical(
    ids_of(c("9007199254740992", "-9007199254740992", "0")),
    c(-9007199254740992, 0, 9007199254740992)
  )
  expect_identical(
    ids_of(c("9007199254740993", "5", "40")),
    c("5", "40", "9007199254740993")
  )
  expect_identical(
    ids_of(c("-9007199254740993", "5", "-7")),
    c("-9007199254740993", "-7", "5")
  )
  big <- c(
    "100000000000000000000000000000", "9223372036854775808",
    "9223372036854775807", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "-100000000000000000000000000000", "3", "-3",
    "99999999999999999999999999999"
  )
  expect_identical(ids_of(big), big[c(7, 5, 4, 9, 8, 3, 2, 6, 10, 1)])
})

test_that("one string among the ids makes the column character", {
  expect_identical(ids_of(c("3", "\"b\"", "1")), c("3", "b", "1"))
  expect_identical(ids_of(c("3", "\"1\"", "2")), c("3", "1", "2"))
  expect_identical(ids_of(c("\"10\"", "\"9\"")), c("10", "9"))
  expect_identical(
    ids_of(c("\"NA\"", "\"\"", "\" 1\"", "\"007\"", "\"-0\"", "\"+7\"")),
    c("NA", "", " 1", "007", "-0", "+7")
  )
})

test_that("a number and its text are the same id", {
  expect_identical(ids_of(c("1", "\"1\"", "1")), "1")
  expect_identical(ids_of(c("\"-5\"", "-5")), "-5")
  big <- "123456789012345678901234567890"
  expect_identical(ids_of(c(big, paste0("\"", big, "\""))), big)
  expect_identical(ids_of(c("7", "\"07\"", "\"7.0\"")), c("7", "07", "7.0"))
})

test_that("ids that are strings are a character vector in all that R does", {
  # the strings are made when they are looked at: each way to look is a case
  ids <- c("b", "", "\u00e9\n", "a c", "7", "-8")
  quoted <- c("\"b\"", "\"\"", "\"\u00e9\\n\"", "\"a c\"", "7", "-8")
  lines <- sprintf(
    "{\"id\": %s, \"label\": 1, \"correct\": true, \"label_probs\": 0.5}",
    quoted
  )
  fresh <- function() datamap_summarise(I(lines))$id

  expect_identical(fresh(), ids)
  expect_identical(fresh()[[3]], ids[[3]])
  expect_identical(fresh()[c(4:2, NA, 9)], ids[c(4:2, NA, 9)])
  expect_identical(match(c("7", "x"), fresh()), c(5L, NA))
  expect_identical(
    order(fresh(), method = "radix"), order(ids, method = "radix")
  )
  expect_identical(unserialize(serialize(fresh(), NULL)), ids)
  expect_identical(Encoding(fresh()), Encoding(ids))
  expect_identical(vapply(fresh(), nchar, 1L, USE.NAMES = FALSE), nchar(ids))
  expect_false(anyNA(fresh()))
  expect_type(fresh(), "character")

  once <- fresh()
  again <- once
  again[2] <- NA
  expect_identical(once, ids)
  expect_identical(again, replace(ids, 2, NA))
  expect_true(anyNA(again))

  looked_at <- fresh()
  expect_identical(looked_at[[4]], "a c")
  gc()
  expect_identical(rev(looked_at), rev(ids))
  expect_identical(sort(looked_at), sort(ids))
})

test_that("ids that only look alike stay apart", {
  composed <- "\"\u00e9\""
  decomposed <- "\"e\u0301\""
  expect_length(ids_of(c(composed, decomposed)), 2)
  expect_identical(ids_of(c(composed, "\"\\u00e9\"")), "\u00e9")
  expect_identical(Encoding(ids_of(composed)), "UTF-8")
})

test_that("labels are typed like ids and compared like ids", {
  expect_identical(labels_of(c("2", "0")), c(2L, 0L))
  expect_identical(labels_of(c("2", "3000000000")), c(2, 3e9))
  expect_identical(
    labels_of(c("2", "9007199254740993")), c("2", "9007199254740993")
  )
  expect_identical(labels_of(c("2", "\"b\"")), c("2", "b"))
  expect_identical(labels_of(c("2", "\"2\"")), c("2", "2"))
  # "1" against 1: right, and no disagreement
  map <- summarise_text(
    "{\"id\": 1, \"label\": 1, \"pred_label\": \"1\", \"label_probs\": 0.5}",
    "{\"id\": 1, \"label\": \"1\", \"pred_label\": 1, \"label_probs\": 0.5}",
    "{\"id\": 1, \"label\": \"1\", \"probs\": [0.1, 0.9], \"label_probs\": 0.9}"
  )
  expect_identical(map$correct_times, 3L)
  expect_identical(map$label, "1")
})

test_that("integer ids stand in ascending order, others as they appear", {
  expect_identical(ids_of(c("5", "-1", "5", "0", "3")), c(-1L, 0L, 3L, 5L))
  expect_identical(ids_of(c("5", "-1", "\"x\"", "0")), c("5", "-1", "x", "0"))
  expect_identical(ids_of(c("\"b\"", "\"a\"", "\"b\"")), c("b", "a"))
})

test_that("steps may be negative, fractions, and jump", {
  map <- summarise_text(step_lines(c("-1e3", "-0.5", "0", "0.25", "1e10")))
  expect_identical(map$evaluations, 5L)
  expect_identical(nrow(datamap_problems(map)), 0L)
})

test_that("each id has steps of its own", {
  map <- summarise_text(
    step_lines(5, id = 1), step_lines(3, id = 2), step_lines(NA, id = 3),
    step_lines(6, id = 1), step_lines(4, id = 2), step_lines(NA, id = 3)
  )
  expect_identical(map$evaluations, c(2L, 2L, 2L))
})

test_that("an equal step counts and is reported, an equal epoch is not", {
  expect_warning(
    map <- summarise_text(step_lines(c(1, 2, 2, 3, 3))),
    class = "datamap_warning_disagreement"
  )
  expect_identical(map$evaluations, 5L)
  expect_identical(attr(datamap_problems(map), "counts")[["step"]], 2)
  expect_identical(datamap_problems(map)$row, c(3L, 5L))
  map <- summarise_text(step_lines(c(1, 2, 2, 3, 3), "epoch"))
  expect_identical(map$evaluations, 5L)
  expect_identical(nrow(datamap_problems(map)), 0L)
})

test_that("a step that goes back names the id, both steps and both places", {
  one <- write_signals(step_lines(c(1, 2.5)), "one.jsonl")
  two <- write_signals(
    c(step_lines(3, id = 8), "", step_lines(-0.25)), "two.jsonl"
  )
  error <- expect_error(
    datamap_summarise(c(one, two)),
    class = "datamap_error_field"
  )
  expect_identical(error$path, two)
  expect_identical(error$line, 3L)
  expect_identical(error$column, 65L)
  expect_identical(error$key, "step")
  message <- conditionMessage(error)
  for (part in c("id 7", "2.5", "-0.25", "line 3", "two.jsonl", "line 2",
                 "one.jsonl", "in time order", "table")) {
    expect_match(message, part, fixed = TRUE)
  }
  # the same for epochs, whichever key gives them
  expect_error(
    summarise_text(step_lines(c(2, 1), "epoch")),
    class = "datamap_error_field"
  )
  expect_error(
    summarise_text(
      "{\"guid\": 1, \"gold\": 0, \"logits_epoch_2\": [1, 2]}",
      "{\"guid\": 1, \"gold\": 0, \"logits_epoch_1\": [1, 2]}"
    ),
    class = "datamap_error_field"
  )
})

test_that("a step on some lines of an id only is a bad line", {
  for (steps in list(c(1, NA), c(NA, 1), c(1, 2, NA, 3))) {
    error <- expect_error(
      summarise_text(step_lines(0, id = 1), step_lines(steps)),
      class = "datamap_error_field"
    )
    expect_match(conditionMessage(error), "id 7", fixed = TRUE)
    expect_identical(error$key, "step")
    map <- quiet_map(step_lines(steps), on_error = "skip")
    expect_identical(map$evaluations, length(steps) - 1L)
    expect_identical(attr(datamap_problems(map), "counts")[["bad_line"]], 1)
  }
})

test_that("signals are summarised over the lines that have them", {
  line <- function(id, ...) {
    paste0(
      "{\"id\": ", id, ", \"label\": 1, \"correct\": 1, \"label_probs\": 0.5",
      ..., "}"
    )
  }
  map <- summarise_text(
    line(1, ", \"grad\": 1, \"loss\": 0.5"),
    line(2, ", \"loss\": -3"),
    line(1, ", \"grad\": 4"),
    line(1, ", \"grad\": null"),
    line(1, ", \"loss\": 1.5, \"grad\": -2"),
    line(3, ""),
    signals = c("grad", "loss")
  )
  expect_identical(map$grad_mean, c(1, NA, NA))
  expect_identical(map$grad_var, c(6, NA, NA))
  expect_identical(map$grad_min, c(-2, NA, NA))
  expect_identical(map$grad_max, c(4, NA, NA))
  expect_identical(map$grad_last, c(-2, NA, NA))
  expect_identical(map$loss_mean, c(1, -3, -log(0.5))) # derived
  expect_identical(map$loss_var, c(0.25, 0, 0))
  expect_identical(map$loss_last, c(1.5, -3, -log(0.5)))
  expect_identical(
    names(map)[15:24],
    paste0(rep(c("grad", "loss"), each = 5),
           c("_mean", "_var", "_min", "_max", "_last"))
  )
})

test_that("a signal that is no number is an error", {
  for (value in c("\"x\"", "true", "[1]", "{}")) {
    field_error(
      "field", "grad",
      paste0(
        "\"id\": 1, \"label\": 1, \"correct\": 1, \"label_probs\": 0.5, ",
        "\"grad\": ", value
      ),
      signals = "grad"
    )
  }
})

test_that("signals whose columns would collide are errors", {
  refused <- function(signals) {
    error <- expect_error(
      summarise_text(hand_lines(1, .5), signals = signals),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "signals")
  }
  refused(c("a", "a"))
  refused("probs")
  refused("label")
  refused(1)
  refused(NA_character_)
  refused("")
})

test_that("names of signals may be anything", {
  for (name in c("\u00fc {x}", "a b", "a\"b", "\\", "label_")) {
    map <- summarise_text(
      sub(
        "}", paste0(", ", json_string(name), ": 3}"), hand_lines(1, .5),
        fixed = TRUE
      ),
      signals = name
    )
    expect_identical(map[[paste0(name, "_last")]], 3)
  }
})

test_that("both dialects may stand in one file, and format forces one", {
  json <- "{\"id\": 1, \"label\": 0, \"probs\": [0.7, 0.3]}"
  python <- "{'id': 1, 'label': 0, 'probs': (0.7, 0.3), }"
  expect_identical(summarise_text(json, python, json)$evaluations, 3L)
  expect_identical(summarise_text(json, json, format = "json")$evaluations, 2L)
  expect_identical(summarise_text(python, format = "python")$evaluations, 1L)
  # a Python dict whose first key needs no single quotes
  expect_identical(summarise_text(json, format = "python")$evaluations, 1L)
  error <- expect_error(
    summarise_text(json, python, format = "json"),
    class = "datamap_error_syntax"
  )
  expect_identical(error$line, 2L)
  expect_identical(error$column, 2L)
})

test_that("the words of one dialect are none in the other", {
  for (line in c(
    "{\"id\": 1, \"label\": 0, \"correct\": True, \"label_probs\": 0.5}",
    "{\"id\": 1, \"label\": 0, \"correct\": 1, \"label_probs\": nan}",
    "{\"id\": 1, \"label\": 0, \"probs\": (0.7, 0.3)}",
    "{\"id\": 1, \"label\": 0, \"probs\": [0.7, 0.3],}",
    "{\"id\": 1, 'label': 0, \"probs\": [0.7, 0.3]}",
    "{'id': 1, 'label': 0, 'correct': true, 'label_probs': 0.5}",
    "{'id': 1, 'label': 0, 'correct': 1, 'label_probs': NaN}",
    "{'id': 1, 'label': 0, 'correct': null, 'probs': [0.7, 0.3]}"
  )) {
    expect_error(summarise_text(line), class = "datamap_error_syntax")
  }
})

test_that("progress can be shown where nobody watches", {
  path <- write_signals(hand_lines(rep(0:1, 1e4), 0.5))
  expect_identical(
    datamap_summarise(path, progress = TRUE)$evaluations, 20000L
  )
  con <- gzcon(file(path, "rb"))
  on.exit(close(con))
  expect_identical(datamap_summarise(con, progress = TRUE)$evaluations, 20000L)
})

test_that("arguments are checked", {
  text <- I(hand_lines(1, .5))
  refused <- function(...) {
    expect_error(datamap_summarise(...), class = "datamap_error_input")
  }
  refused(text, max_line = 0)
  refused(text, max_line = "a")
  refused(text, max_line = 2^31)
  refused(text, progress = NA)
  expect_error(datamap_summarise(text, format = "yaml"), "format")
  expect_error(datamap_summarise(text, on_error = "warn"), "on_error")
  expect_error(datamap_summarise(text, partial_last = TRUE), "partial_last")
  expect_error(datamap_summarise(text, TRUE))
  expect_error(datamap_summarise(text, nsignals = "loss"))
})

test_that("a line beyond max_line is an error of its own", {
  line <- hand_lines(1, .5)
  expect_identical(
    nrow(datamap_summarise(I(c(line, line)), max_line = nchar(line))), 1L
  )
  error <- expect_error(
    datamap_summarise(I(c("", line)), max_line = nchar(line) - 1),
    class = "datamap_error_limit"
  )
  expect_identical(error$line, 2L)
})

test_that("at most 64 signals are summarised", {
  names <- paste0("s", 1:65)
  error <- expect_error(
    datamap_summarise(I(signal_line(1)), signals = names),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "signals")
  expect_match(conditionMessage(error), "not 65", fixed = TRUE)
  map <- datamap_summarise(I(signal_line(1)), signals = names[1:64])
  expect_identical(sum(endsWith(names(map), "_last")), 64L)
  # the loss that a metric needs is one more
  expect_error(
    datamap_summarise(
      I(signal_line(1)), signals = names[1:64], metrics = "loss_ema"
    ),
    class = "datamap_error_input"
  )
})

test_that("files that grew are told of", {
  message <- expect_message(
    inform_grown(c("a.jsonl", "{b}.jsonl")),
    class = "datamap_message_grown"
  )
  expect_identical(message$paths, c("a.jsonl", "{b}.jsonl"))
  expect_match(conditionMessage(message), "have grown while", fixed = TRUE)
  expect_message(inform_grown("a.jsonl"), "has grown while")
  expect_silent(inform_grown(character()))
})

test_that("a label may be written as any whole number, true or false", {
  labels <- c("1", "1.0", "1e0", "true", "0", "-0.0", "false")
  expect_identical(labels_of(labels), rep(1:0, c(4, 3)))
  for (label in c(labels[1:4], "\"1\"")) {
    row <- row_of(
      paste0("\"id\": 1, \"probs\": [0.25, 0.75], \"label\": ", label)
    )
    expect_identical(row$avg_probs, 0.75)
    expect_identical(row$correct_times, 1L)
  }
})
