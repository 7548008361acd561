# What came of the tests of a run of testthat, one row for each: `n_passed`
# expectations held, `n_bad` did not (a warning or an error that no test
# expected is none), `n_skipped` is 1 for a test that was left, and `reason`
# says why of both.
test_rows <- function(results) {
  rows <- lapply(results, function(test) {
    is <- function(class) {
      vapply(test$results, inherits, NA, paste0("expectation_", class))
    }
    is_bad <- is("failure") | is("error") | is("warning")
    data.frame(
      test = test$test, n_passed = sum(is("success")), n_bad = sum(is_bad),
      n_skipped = sum(is("skip")),
      reason = paste(
        vapply(test$results[is_bad | is("skip")], conditionMessage, ""),
        collapse = "\n"
      ),
      seconds = test$real
    )
  })
  do.call(rbind, rows)
}
