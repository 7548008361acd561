test_that("a map without problems has none", {
  problems <- datamap_problems(summarise_text(base_line(score)))
  expect_identical(dim(problems), c(0L, 5L))
  expect_identical(
    names(problems), c("row", "col", "expected", "actual", "file")
  )
  expect_true(all(attr(problems, "counts") == 0))
  expect_identical(nrow(datamap_problems(random_map(5))), 0L)
})

test_that("a label that changes is reported, the first one kept", {
  map <- expect_problem(
    "label", c(base_line(score), base_line(score, label = 12)),
    "12", "12", "label 0"
  )
  expect_identical(map$label, 0L)
  expect_problem(
    "label",
    c(base_line(score), paste0("{\"gold\": \"b\", \"id\": 1, ", score, "}")),
    "\"b\"", "b", "label 0"
  )
  # held against the first, not against the one before
  expect_identical(
    found(base_line(score, label = c(0, 1, 1, 0, 2))), c(label = 3)
  )
})

test_that("an s_label that changes is reported, the first one kept", {
  map <- expect_problem(
    "s_label",
    c(base_line(score), base_line(score, "\"s_label\": 2"),
      base_line(score, "\"noisy_label\": 1")),
    "1}", "1", "s_label 2"
  )
  expect_identical(map$s_label, 2L)
  expect_identical(
    found(
      base_line(score, "\"s_label\": 0"), base_line(score, "\"s_label\": null"),
      base_line(score)
    ),
    none
  )
})

test_that("correct against the prediction is reported, and counts as given", {
  for (correct in c("true", "false")) {
    map <- expect_problem(
      "correct",
      base_line(
        paste0("\"pred_label\": ", as.integer(correct == "true")),
        paste0("\"correct\": ", correct), "\"label_probs\": 0.5"
      ),
      paste0(correct, ","), correct, if (correct == "true") "false" else "true"
    )
    expect_identical(map$correct_times, as.integer(correct == "true"))
  }
  fine <- function(...) expect_identical(found(base_line(...)), none)
  fine("\"pred_label\": 0, \"correct\": 1, \"label_probs\": 0.5")
  fine("\"pred_label\": 3, \"correct\": 0, \"label_probs\": 0.5")
  # where pred_label is score, what could be derived says nothing
  fine("\"pred_label\": 0, \"correct\": 1, \"probs\": [0.4, 0.6]")
  fine(
    "\"pred_label\": 0, \"correct\": 1, \"probs\": [0.4, 0.6]",
    "\"label_probs\": 0.4"
  )
})

test_that("correct is held against the maximum too", {
  for (is_given in c(FALSE, TRUE)) {
    claim <- function(correct, first, second) {
      base_line(paste0(
        "\"correct\": ", correct, ", \"probs\": [", first, ", ", second, "]",
        if (is_given) paste0(", \"label_probs\": ", first)
      ))
    }
    expect_identical(found(claim(1, "0.4", "0.6")), c(correct = 1))
    expect_identical(found(claim(0, "0.6", "0.4")), c(correct = 1))
    # where the maximum is shared, either may be meant
    expect_identical(found(claim(0, "0.5", "0.5")), none)
    expect_identical(found(claim(1, "0.5", "0.5")), none)
    # a difference beyond the eighth digit decides as well
    expect_identical(
      found(claim(1, "0.4999999999", "0.5000000001")), c(correct = 1)
    )
    expect_identical(found(claim(1, "0.5000000001", "0.4999999999")), none)
  }
})

test_that("a step that an id had before is reported", {
  map <- expect_problem(
    "step",
    c(base_line(score, "\"step\": 1.5"), base_line(score, "\"step\": 1.5")),
    "1.5", "1.5", "1.5"
  )
  expect_identical(map$evaluations, 2L)
  expect_identical(
    found(
      base_line(score, "\"step\": 1"), base_line(score, "\"step\": 1", id = 2),
      base_line(score, "\"epoch\": 1"), base_line(score, "\"epoch\": 1")
    ),
    none
  )
})

test_that("a probability outside 0 to 1 is reported beyond 1e-6", {
  for (bad in c("1.0000011", "-0.0000011", "1e5", "-3")) {
    map <- expect_problem(
      "prob_range",
      base_line(paste0("\"correct\": 1, \"label_probs\": ", bad)),
      bad, sub("0.0000011", "1.1e-6", bad, fixed = TRUE), "between 0 and 1"
    )
    expect_identical(map$avg_probs, as.numeric(bad))
  }
  for (fine in c("1.0000009", "-0.0000009", "1.000001", "-0.000001", "0")) {
    expect_identical(
      found(base_line(paste0("\"correct\": 1, \"label_probs\": ", fine))),
      none,
      info = fine
    )
  }
  # also that of another class, whether or not it is asked for
  for (rest in c("", ", \"correct\": 1, \"label_probs\": ")) {
    line <- function(a, b, c) {
      base_line(paste0(
        "\"probs\": [", a, ", ", b, ", ", c, "]", rest, if (nzchar(rest)) a
      ))
    }
    expect_identical(found(line(0.8, -0.0000011, 0.2)), c(prob_range = 1))
    expect_identical(found(line(0.8, -0.0000009, 0.2)), none)
    expect_identical(
      found(line("1.0000011", -0.0000005, 0)), c(prob_range = 1)
    )
  }
  expect_problem(
    "prob_range", base_line("\"probs\": [0.9, -0.1, 0.2]"), "[0.9", "-0.1",
    "between 0 and 1"
  )
})

test_that("probs that do not sum to 1 are reported beyond 1e-3", {
  for (rest in c("", ", \"correct\": 1, \"label_probs\": 0.6")) {
    line <- function(a, b) {
      base_line(paste0("\"probs\": [", a, ", ", b, "]", rest))
    }
    for (b in c("0.40099999999", "0.39900000001", "0.4", "0.4005", "0.401")) {
      expect_identical(found(line("0.6", b)), none, info = b)
    }
    for (b in c("0.40100000001", "0.39899999999", "0.5", "0.3", "0.0")) {
      expect_identical(found(line("0.6", b)), c(prob_sum = 1), info = b)
    }
    # many small ones, the last digits of which matter
    many <- function(p) {
      base_line(paste0(
        "\"probs\": [0.6, ", paste(rep(p, 1000), collapse = ", "), "]", rest
      ))
    }
    expect_identical(found(many("0.000400999999")), none)
    expect_identical(found(many("0.000401000001")), c(prob_sum = 1))
    expect_identical(found(many("0.000399000001")), none)
    expect_identical(found(many("0.000398999999")), c(prob_sum = 1))
  }
  expect_problem(
    "prob_sum", base_line("\"probs\": [0.75, 0.5]"), "[0.75", "1.25", "1"
  )
})

test_that("probs of another length are reported", {
  expect_problem(
    "prob_count",
    c(base_line("\"probs\": [0.5, 0.5]"),
      base_line("\"probs\": [0.5, 0.5, 0]")),
    "[0.5", "3", "2"
  )
  expect_problem(
    "prob_count",
    c(base_line("\"logits\": [1, 0]"), base_line("\"logits\": [1, 0, 0]")),
    "[1", "3", "2"
  )
  expect_identical(
    found(
      base_line("\"probs\": [0.5, 0.5]"), base_line(score),
      base_line("\"probs\": [0.2, 0.8]"),
      base_line("\"probs\": [0.2, 0.8, 0]", id = 2),
      base_line("\"probs\": [0.2, 0.8, 0]", id = 2)
    ),
    none
  )
  # also where nobody needs the values
  full <- function(probs) {
    base_line(score, paste0("\"probs\": ", probs))
  }
  expect_identical(
    found(full("[0.5, 0.5]"), full("[0.5, 0.25, 0.25]")), c(prob_count = 1)
  )
})

test_that("a label_probs that is not finite makes NaN of what it enters", {
  for (word in c("NaN", "Infinity", "-Infinity")) {
    map <- expect_problem(
      "not_finite",
      c(base_line(score), base_line(score, id = 2),
        base_line(paste0("\"correct\": 0, \"label_probs\": ", word))),
      word, sub("inity", "", word), "finite"
    )
    for (name in c("avg_probs", "label_var", "max_label_probs",
                   "min_label_probs")) {
      expect_identical(is.nan(map[[name]]), c(TRUE, FALSE), info = name)
    }
    expect_identical(map$correct_times, c(1L, 1L))
    expect_identical(map$forgetting_times, c(1L, 0L))
  }
  expect_identical(
    found(gsub("\"", "'", base_line("\"correct\": 0, \"label_probs\": -inf"))),
    c(not_finite = 1)
  )
  # the first evaluation as well, and what is derived
  map <- quiet_map(
    base_line("\"logits\": [NaN, 0]", "\"correct\": 1"), base_line(score)
  )
  expect_true(is.nan(map$avg_probs))
  expect_true(is.nan(map$min_label_probs))
})

test_that("a table's disagreements have rows but no columns or files", {
  expect_warning(
    map <- datamap_summarise(data.frame(
      id = c(1, 1), label = c(0, 1), correct = TRUE, label_probs = c(0.5, 2)
    )),
    class = "datamap_warning_disagreement"
  )
  problems <- datamap_problems(map)
  expect_identical(problems$row, c(2L, 2L))
  expect_identical(problems$col, c(NA_integer_, NA_integer_))
  expect_identical(problems$file, c(NA_character_, NA_character_))
  expect_setequal(problems$actual, c("1", "2"))
})

test_that("there is one warning, whatever the number and on_error", {
  lines <- c(
    base_line(score), base_line(score, label = 1:50),
    base_line("\"probs\": [0.5, 0.2]", "\"s_label\": 1"),
    base_line("\"probs\": [0.5, 0.2]", "\"s_label\": 2")
  )
  for (on_error in c("stop", "skip")) {
    expect_identical(
      count_warnings(
        "datamap_warning_disagreement",
        map <- summarise_text(lines, on_error = on_error)
      ),
      1
    )
    expect_identical(nrow(datamap_problems(map)), 53L)
    expect_identical(map$evaluations, 53L)
    expect_identical(attr(map, "line_counts")[["bad"]], 0)
  }
})

test_that("problems stand in the order of the lines and files", {
  one <- write_signals(c(
    base_line(score), base_line(score, label = 1), "",
    base_line("\"probs\": [0.5, 0.2]", label = 1)
  ))
  two <- write_signals(c(base_line(score, label = 5), "{", base_line(score)))
  map <- suppressWarnings(
    datamap_summarise(c(one, two), on_error = "skip")
  )
  problems <- datamap_problems(map)
  expect_identical(problems$row, c(2L, 4L, 4L, 1L, 2L))
  expect_identical(problems$file, rep(c(one, two), c(3, 2)))
})

test_that("the first 10,000 are kept, all are counted", {
  map <- quiet_map(base_line(score), base_line(score, label = 1:10500))
  problems <- datamap_problems(map)
  expect_identical(nrow(problems), 10000L)
  expect_identical(attr(problems, "counts")[["label"]], 10500)
  expect_identical(problems$row, 2:10001)
})

test_that("on_error = 'skip' leaves bad lines out and says so once", {
  good <- base_line(score, id = 1:3)
  bad <- c("{\"id\": 1", "[1, 2]", "x", base_line(score, "\"loss\": \"a\""))
  lines <- c(good[[1]], bad[[1]], good[[2]], bad[2:4], good[[3]])
  path <- write_signals(lines)
  expect_error(datamap_summarise(path), class = "datamap_error_syntax")
  expect_identical(
    count_warnings(
      "datamap_warning_skipped",
      map <- datamap_summarise(path, on_error = "skip")
    ),
    1
  )
  expect_same_map(map, summarise_text(good))
  problems <- datamap_problems(map)
  expect_identical(problems$row, c(2L, 4L, 5L, 6L))
  expect_identical(
    problems$col, c(9L, 1L, 1L, regexpr("\"a\"", bad[[4]])[[1]])
  )
  expect_identical(problems$file, rep(path, 4))
  expect_identical(attr(problems, "counts")[["bad_line"]], 4)
  expect_identical(attr(map, "line_counts")[["bad"]], 4)
})

test_that("a step that goes back is a bad line too", {
  lines <- vapply(c(1, 3, 2, 3.5), function(step) {
    base_line(score, paste0("\"step\": ", step))
  }, "")
  expect_identical(found(lines, on_error = "skip"), c(bad_line = 1))
  map <- quiet_map(lines, on_error = "skip")
  expect_identical(map$evaluations, 3L)
  expect_identical(datamap_problems(map)$row, 3L)
})

test_that("both warnings may come of one file", {
  lines <- c(base_line(score), base_line(score, label = 3), "nothing")
  expect_identical(
    count_warnings(
      "datamap_warning", summarise_text(lines, on_error = "skip")
    ),
    2
  )
})

test_that("a cut last line is an error, or ignored on request", {
  whole <- base_line(score)
  for (cut in c(1, 5, 20, nchar(whole) - 1)) {
    path <- write_signals("")
    cat(whole, "\n", substr(whole, 1, cut), sep = "", file = path)
    error <- expect_error(
      datamap_summarise(path),
      class = "datamap_error_syntax"
    )
    expect_identical(error$line, 2L)
    expect_no_warning(
      map <- datamap_summarise(path, partial_last = "ignore")
    )
    expect_identical(map$evaluations, 1L)
    expect_identical(attr(map, "line_counts")[["cut"]], 1)
    # as any other bad line
    expect_identical(
      count_warnings(
        "datamap_warning_skipped",
        map <- datamap_summarise(path, on_error = "skip")
      ),
      1
    )
    expect_identical(datamap_problems(map)$row, 2L)
  }
})

test_that("only the last line of a file may be cut", {
  whole <- base_line(score)
  # a whole line without its end is no cut one
  expect_identical(
    summarise_text(whole, whole, partial_last = "ignore")$evaluations, 2L
  )
  expect_error(
    summarise_text("{\"id\": 1", whole, partial_last = "ignore"),
    class = "datamap_error_syntax"
  )
  # ended by a newline, it is not cut but bad
  expect_error(
    summarise_text(whole, "{\"id\": 1\n", partial_last = "ignore"),
    class = "datamap_error_syntax"
  )
  # complete but wrong
  expect_error(
    summarise_text(whole, base_line("\"correct\": 1"), partial_last = "ignore"),
    class = "datamap_error_field"
  )
  # of each file
  one <- write_signals("")
  cat(whole, "\n{\"id\": 1, ", sep = "", file = one)
  map <- datamap_summarise(c(one, one), partial_last = "ignore")
  expect_identical(map$evaluations, 2L)
  expect_identical(attr(map, "line_counts")[["cut"]], 2)
})

test_that("the warnings say what and point to the problems", {
  local_reproducible_output(unicode = FALSE)
  lines <- c(
    base_line(score, "\"s_label\": 1", "\"step\": 1"),
    base_line(score, "\"s_label\": 2", "\"step\": 1", label = 1),
    base_line("\"probs\": [1.5, 0.5]", "\"step\": 2"),
    base_line("\"probs\": [0.5, 0.25, 0.25]", "\"correct\": 0", "\"step\": 3"),
    base_line("\"correct\": 1", "\"label_probs\": NaN", "\"step\": 4"),
    "{", "{"
  )
  texts <- character()
  map <- withCallingHandlers(
    summarise_text(lines, on_error = "skip"),
    warning = function(w) {
      texts <<- c(texts, class(w)[[1]], conditionMessage(w))
      invokeRestart("muffleWarning")
    }
  )
  expect_snapshot(writeLines(texts))
  expect_snapshot(print(datamap_problems(map)[1:4]))
})

test_that("printing a map counts also the problems that were not kept", {
  line <- '{"id": 1, "label": 0, "correct": true, "label_probs": 1.5}'
  map <- suppressWarnings(datamap_summarise(I(rep(line, 10005))))
  expect_identical(nrow(datamap_problems(map)), 10000L)
  expect_output(print(map), "10,005 problems: see", fixed = TRUE)
})

test_that("class vectors that are logits or percent get a hint, once", {
  bullets <- function(...) {
    warning <- expect_warning(
      summarise_text(...), class = "datamap_warning_disagreement"
    )
    conditionMessage(warning)
  }
  logits <- bullets(
    base_line("\"probs\": [2.5, -1.2]"), base_line("\"probs\": [-0.5, 3]")
  )
  expect_match(logits, "Give them as `?logits")
  expect_length(gregexpr("logits?", logits, fixed = TRUE)[[1]], 1)
  expect_false(grepl("percent", logits))
  percent <- bullets(base_line("\"probs\": [37, 63]"))
  expect_match(percent, "percent")
  expect_false(grepl("Give them as", percent))
  plain <- bullets(base_line("\"probs\": [0.5, 0.4]"))
  expect_false(grepl("percent|Give them as", plain))
})

test_that("what label_index, NaN and label_probs contradict is reported", {
  halves <- "\"probs\": [0.5, 0.5]"
  expect_problem(
    "label_index",
    c(
      base_line("\"label_index\": 1", halves, label = "\"a\""),
      base_line("\"label_index\": 0", halves, label = "\"a\"")
    ),
    "0, ", "0", "1, the first"
  )
  map <- expect_problem(
    "nan_class", base_line("\"logits\": [NaN, 1]", "\"label_probs\": 0.5"),
    "[NaN", "NaN among", "numbers"
  )
  expect_identical(map$correct_times, 0L)
  map <- expect_problem(
    "label_probs",
    base_line(score, "\"probs\": [0.75, 0.25]"),
    "0.5,", "0.5", "0.75"
  )
  expect_identical(map$avg_probs, 0.5)
})

test_that("a file's label_index decides, as a table and a state say too", {
  lines <- c(
    base_line(
      "\"label_index\": 1", "\"probs\": [0.25, 0.75]", label = "\"cat\""
    ),
    base_line(
      "\"label_index\": 1", "\"probs\": [0.75, 0.25]", label = "\"cat\""
    ),
    base_line(
      "\"label_index\": 0", "\"probs\": [0.75, 0.25]",
      id = 2, label = "\"dog\""
    )
  )
  metrics <- c("prob_margin", "el2n", "aum", "pred_dist")
  map <- datamap_summarise(I(lines), metrics = metrics)
  expect_identical(map$prob_margin, c(0, 0.5))
  expect_identical(map$correct_times, c(1L, 1L))
  expect_identical(
    map$pred_dist, c("{'cat': 1, 'dog': 1}", "{'cat': 0, 'dog': 1}")
  )
  columns <- c(
    "id", "step", "label", "label_index", "pred_label", "correct",
    "label_probs", "probs"
  )
  table <- datamap_read_signals(I(lines), columns = columns)
  expect_identical(table$label_index, c(1L, 1L, 0L))
  expect_identical(table$pred_label, c("cat", "dog", "dog"))
  expect_same_map(datamap_summarise(table, metrics = metrics), map)
  parts <- lapply(list(lines[1], lines[2:3]), function(part) {
    datamap_state(I(part), metrics = metrics)
  })
  merged <- datamap_merge(parts[[1]], parts[[2]])
  expect_identical(
    datamap_summarise(merged, metrics = "pred_dist")$pred_dist, map$pred_dist
  )
})

test_that("one number is no class vector, whatever is given beside it", {
  vectors <- c("\"probs\": [0.7]", "\"logits\": [-2]", "\"probs\": []")
  for (vector in vectors) {
    for (more in c("", score)) {
      line <- base_line(c(vector, more[nzchar(more)]))
      error <- expect_error(
        summarise_text(line), class = "datamap_error_field"
      )
      expect_match(conditionMessage(error), "[1 - p, p]", fixed = TRUE)
      expect_identical(
        found(line, base_line(score), on_error = "skip"), c(bad_line = 1)
      )
    }
  }
})
