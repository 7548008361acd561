test_that("levels that no value has are dropped as droplevels() does", {
  x <- factor(c("b", NA, "d", "b"), letters[1:5])
  expect_identical(drop_levels(x), droplevels(x))
  expect_identical(drop_levels(x[0]), droplevels(x[0]))
  expect_identical(group_counts(x), c(a = 0L, b = 2L, c = 0L, d = 1L, e = 0L))
})

test_that("labels are a factor again only where all are levels of it", {
  expect_identical(with_levels(c("b", NA), c("a", "b")),
                   factor(c("b", NA), c("a", "b")))
  expect_identical(with_levels(c(10, 5), c("5", "10")),
                   factor(c("10", "5"), c("5", "10")))
  expect_identical(with_levels(c("b", "c"), c("a", "b")), c("b", "c"))
  expect_identical(with_levels(1:2, NULL), 1:2)
  for (levels in list(NULL, 1:2, c("a", NA), c("a", "a"))) {
    expect_null(factor_levels(structure(1L, levels = levels)))
  }
})

test_that("levels of a legend are short and never the same", {
  long <- paste0(strrep("x", 40), 1:2)
  expect_identical(nchar(shorten_levels(long))[[1]], 30L)
  expect_identical(anyDuplicated(shorten_levels(long)), 0L)
  expect_identical(shorten_levels(c("a", NA)), c("a", NA))
})

test_that("s_label says what it stands for", {
  expect_identical(
    s_label_words(c("0", "2", "7")),
    c("ordinary (s_label 0)", "dirty (s_label 2)", "s_label 7")
  )
})
