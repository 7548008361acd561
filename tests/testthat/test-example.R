test_that("without a name, the examples are listed", {
  expect_setequal(
    datamap_example(),
    c(
      "dynamics", "preference_signals.jsonl.gz", "satellite_signals.json.gz",
      "spam_signals.jsonl.gz"
    )
  )
})

test_that("with a name, the path is given", {
  paths <- vapply(datamap_example(), datamap_example, "")
  expect_true(all(file.exists(paths)))
  expect_true(dir.exists(datamap_example("dynamics")))
})

test_that("an unknown name is an error that lists the known ones", {
  error <- expect_error(
    datamap_example("spam.csv"),
    class = "datamap_error_input"
  )
  expect_s3_class(error, "datamap_error")
  expect_identical(error$key, "name")
  for (name in c("spam.csv", datamap_example())) {
    expect_match(conditionMessage(error), name, fixed = TRUE)
  }
  # What shares the folder with the examples is none.
  expect_error(datamap_example("README.md"), class = "datamap_error_input")
  expect_error(datamap_example("../DESCRIPTION"), class = "datamap_error_input")
})

test_that("a name that is no string is an error", {
  expect_error(datamap_example(1), class = "datamap_error_input")
  expect_error(datamap_example(NA_character_), class = "datamap_error_input")
  expect_error(
    datamap_example(c("dynamics", "dynamics")),
    class = "datamap_error_input"
  )
})

test_that("braces in a name are not evaluated", {
  expect_error(
    datamap_example("{stop('no')}"),
    "{stop('no')}",
    fixed = TRUE,
    class = "datamap_error_input"
  )
})

test_that("the examples are of the size that the help page states", {
  n_lines <- function(path) length(readLines(path))
  expect_identical(
    n_lines(datamap_example("spam_signals.jsonl.gz")), 2400L * 12L
  )
  expect_identical(
    n_lines(datamap_example("satellite_signals.json.gz")), 2100L * 12L
  )
  expect_identical(
    n_lines(datamap_example("preference_signals.jsonl.gz")), 420L * 12L
  )
  epochs <- file.path(
    datamap_example("dynamics"), sprintf("dynamics_epoch_%d.jsonl.gz", 0:11)
  )
  expect_setequal(list.files(datamap_example("dynamics")), basename(epochs))
  expect_true(all(vapply(epochs, n_lines, 0L) == 200L))
})

test_that("a tenth of the example labels is dirty", {
  first_evaluation <- function(name, n) {
    readLines(datamap_example(name), n)
  }
  spam <- first_evaluation("spam_signals.jsonl.gz", 2400)
  expect_identical(sum(grepl("\"s_label\":2,", spam, fixed = TRUE)), 240L)
  satellite <- first_evaluation("satellite_signals.json.gz", 2100)
  expect_identical(
    sum(grepl("'noisy_label': 2,", satellite, fixed = TRUE)), 210L
  )
  pairs <- first_evaluation("preference_signals.jsonl.gz", 420) # more of these
  expect_identical(sum(grepl("\"s_label\":2,", pairs, fixed = TRUE)), 63L)
})
