# What the core returns as an error, with nothing known but what is given.
core_error <- function(...) {
  utils::modifyList(
    list(
      class = "syntax", file = NA_integer_, line = NA_real_, column = NA_real_,
      byte = NA_real_, key = "", found = "", expected = "", reason = "",
      advice = "", other_line = NA_real_, other_file = NA_integer_
    ),
    list(...)
  )
}

raised <- function(...) {
  expect_error(abort_core(...), class = "datamap_error_syntax")
}

test_that("an error of the core says what it knows, and nothing else", {
  bare <- raised(core_error(expected = "a value"), character(), NULL)
  expect_identical(
    conditionMessage(bare), "Can't summarise the signals.\nx Expected a value."
  )
  expect_null(bare$path)
  expect_null(bare$line)
  expect_null(bare$key)
  full <- raised(
    core_error(
      file = 2L, line = 3, column = 4, byte = 5, key = "loss", found = "`x`",
      expected = "a number", advice = "look at it", other_file = 1L,
      other_line = 2
    ),
    c("a.jsonl", "b.jsonl"), NULL
  )
  lines <- strsplit(conditionMessage(full), "\n")[[1]]
  expect_identical(lines, c(
    "Can't read line 3 of 'b.jsonl'.",
    "x Expected a number, found `x`.",
    "i Column 4, key loss.",
    "i That was in line 2 of 'a.jsonl'.",
    "i Look at it.",
    "i `datamap_read_signals()` reads them as such a table."
  ))
  expect_identical(full$path, "b.jsonl")
  expect_identical(full$line, 3L)
  expect_identical(full$column, 4L)
  expect_identical(full$byte, 5)
})

test_that("a problem is finished text, or made of the place", {
  for (text in c("{stop('run')}", "{path}", "{line}", "}", "{{x}}", "{?s}")) {
    error <- raised(core_error(reason = text), character(), NULL, text)
    expect_identical(conditionMessage(error), paste0(text, "\nx ", text, "."))
    # whatever the variables are called where it is written
    path <- text
    problem <- function(place) fill_in("{.file {path}}, {place$line}")
    error <- raised(core_error(line = 7), character(), NULL, problem)
    expect_match(
      conditionMessage(error), paste0("'", text, "', 7\n"),
      fixed = TRUE
    )
  }
})
