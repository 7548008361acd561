test_that("counts are written alike in every locale", {
  expect_identical(format_count(c(0, 999, 12345, 1e9)),
                   c("0", "999", "12,345", "1,000,000,000"))
  rlang::local_options(OutDec = ",", scipen = -5)
  expect_identical(number_text(c(0.5, 100000)), c("0.5", "100000"))
  expect_identical(format_count(12345), "12,345")
})

test_that("long lists are cut", {
  expect_identical(first_few(1:3), "1, 2, 3")
  expect_identical(first_few(1:2000), "1, 2, 3, 4, 5 and 1,995 more")
})

test_that("numbers are as short as they can be and still differ", {
  expect_identical(number_text(c(0.1, 1e5, NA)), c("0.1", "100000", "NA"))
  near <- 0.3 + c(0, 2^-53)
  expect_identical(anyDuplicated(number_text(near)), 0L)
  expect_identical(as.double(number_text(near)), near)
})

test_that("what is counted is in the plural but for one", {
  expect_identical(plural_count(1, "sample"), "1 sample")
  expect_identical(plural_count(0, "sample"), "0 samples")
  expect_identical(plural_count(1234, "line"), "1,234 lines")
})

test_that("fragments become sentences, and long texts excerpts", {
  expect_identical(sentence("expected {x}"), "Expected {x}.")
  expect_identical(excerpt("a\nb"), "a\\nb")
  expect_identical(excerpt(strrep("x", 50)), paste0(strrep("x", 37), "..."))
})

test_that("text is what is given and valid", {
  expect_true(is_text(c("a", "\u00e9")))
  expect_true(is_text(character()))
  bytes <- "\xff"
  Encoding(bytes) <- "bytes"
  for (x in list(NA_character_, 1, NULL, bytes, "\xff")) {
    expect_false(is_text(x))
  }
})
