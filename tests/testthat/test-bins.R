test_that("a scheme of groups has a word and a place for each level", {
  for (name in names(group_schemes)) {
    scheme <- scheme_of(name)
    expect_identical(length(scheme$words), length(scheme$levels), info = name)
    expect_identical(
      anyDuplicated(datamap_palette(name)), 0L, info = name
    )
    expect_true(scheme$signal %in% scheme$needs, info = name)
    codes <- scheme$codes(random_map(200))
    expect_true(all(codes %in% seq_along(scheme$levels)), info = name)
  }
})

test_that("shares may have other breaks: levels, words and codes follow", {
  scheme <- c(name = "correct_ratio", share_scheme(c(0, 0.25, 0.5, 0.75, 1)))
  map <- ratio_map(c(0, 0.2, 0.25, 0.7, 0.99, 1, NA))
  groups <- group_samples(map, scheme)
  expect_identical(as.integer(groups), c(1L, 1L, 2L, 3L, 4L, 5L, NA))
  expect_identical(
    levels(groups),
    paste0("correct_ratio_", c("0.00", "0.25", "0.50", "0.75", "1.00"))
  )
  expect_identical(
    group_words(groups, map$correct_ratio, scheme),
    c("0 to 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 to 1", "1")
  )
})
