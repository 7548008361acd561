test_that("errors have their class, the common class and their fields", {
  stop_here <- function() {
    abort_datamap(
      "Can't read.",
      class = "syntax", path = "a.jsonl", line = 3, column = 7, key = "loss",
      extra = 1
    )
  }
  error <- expect_error(stop_here(), class = "datamap_error_syntax")
  expect_s3_class(error, "datamap_error")
  expect_identical(error$path, "a.jsonl")
  expect_identical(error$line, 3)
  expect_identical(error$column, 7)
  expect_identical(error$key, "loss")
  expect_identical(error$extra, 1)
  expect_identical(as.character(error$call[[1]]), "stop_here")
})

test_that("only the classes of the contract exist", {
  for (class in c("io", "syntax", "field", "range", "limit", "input")) {
    expect_error(
      abort_datamap("No.", class = class),
      class = paste0("datamap_error_", class)
    )
  }
  expect_error(abort_datamap("No.", class = "other"), "class")
})

test_that("warnings and messages have their classes", {
  warning <- expect_warning(
    warn_datamap("Hm.", class = "disagreement", n = 2),
    class = "datamap_warning_disagreement"
  )
  expect_s3_class(warning, "datamap_warning")
  expect_identical(warning$n, 2)
  message <- expect_message(
    inform_datamap("Hm.", class = "na"),
    class = "datamap_message_na"
  )
  expect_s3_class(message, "datamap_message")
})

test_that("what comes from the user is never evaluated", {
  skip_if_long()
  for (evil in c("{stop('run')}", "{.file x}", "{{x}}", "}", "<a> {", "%s")) {
    error <- expect_error(
      abort_datamap(
        c("Can't read {.file {evil}}.", x = "{.val {evil}}", i = "{evil}"),
        class = "io"
      ),
      class = "datamap_error_io"
    )
    expect_match(conditionMessage(error), evil, fixed = TRUE)
    error <- expect_error(
      abort_datamap(cli_verbatim(evil), class = "io"),
      class = "datamap_error_io"
    )
    expect_match(conditionMessage(error), evil, fixed = TRUE)

    # Through the functions that users call
    names <- c(evil, "id")
    error <- expect_error(
      as_datamap(stats::setNames(data.frame(1, 2), names)),
      class = "datamap_error_input"
    )
    expect_match(conditionMessage(error), evil, fixed = TRUE)
    error <- expect_error(
      datamap_filter(random_map(5), evil),
      class = "datamap_error_input"
    )
    expect_match(conditionMessage(error), evil, fixed = TRUE)
  }
})

test_that("errors about arguments name the argument and the caller", {
  caller <- function(threshold) check_number(threshold)
  error <- expect_error(caller("a"), class = "datamap_error_input")
  expect_match(conditionMessage(error), "threshold", fixed = TRUE)
  expect_identical(error$key, "threshold")
  expect_identical(as.character(error$call[[1]]), "caller")
})

test_that("flags, numbers and strings are told from what is none", {
  expect_true(check_flag(TRUE))
  for (x in list(NA, NULL, 1, "TRUE", c(TRUE, FALSE))) {
    expect_error(check_flag(x), class = "datamap_error_input")
  }
  expect_identical(check_number(2L, min = 2, max = 2, whole = TRUE), 2L)
  expect_null(check_number(NULL, allow_null = TRUE))
  expect_identical(check_number(Inf), Inf)
  for (x in list(NA_real_, NaN, NULL, "1", 1:2, TRUE, numeric(), 0.9, 3.1)) {
    expect_error(check_number(x, 1, 3), class = "datamap_error_input")
  }
  expect_error(check_number(1.5, whole = TRUE), class = "datamap_error_input")
  expect_identical(check_string("", allow_empty = TRUE), "")
  expect_null(check_string(NULL, allow_null = TRUE))
  for (x in list(NA_character_, NULL, 1, c("a", "b"), "")) {
    expect_error(check_string(x), class = "datamap_error_input")
  }
})

test_that("what was given is described", {
  expect_identical(describe(NULL), "NULL")
  expect_identical(describe("a"), "the string \"a\"")
  expect_identical(describe(character()), "an empty character vector")
  expect_identical(describe(1:2), "an integer vector of length 2")
  expect_identical(
    describe(c("a", NA)),
    "a character vector of length 2, of which element 2 is missing"
  )
  expect_identical(describe(matrix(1:2)), "a matrix of length 2")
  expect_identical(describe(list(1)), "a list of length 1")
  expect_identical(describe(factor("a")), "an object of class factor")
})
