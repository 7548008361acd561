test_that("what the package was built with is told", {
  features <- datamap_features()
  expect_type(features, "logical")
  expect_named(features, c("zstd", "igzip"))
  expect_false(anyNA(features))
})
