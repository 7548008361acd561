# Runs the testthat suite against the installed package, the first in the
# library path. Ends with "N passed, N failed", in expectations; a warning or
# an error that no test expected is a failure. What was skipped is listed with
# its reason.

Sys.setenv(NOT_CRAN = "true")
library(testthat)

results <- test_dir(
  "tests/testthat",
  package = "datacarto",
  load_package = "installed",
  reporter = "summary",
  stop_on_failure = FALSE
)

count <- function(class) {
  sum(vapply(results, function(test) {
    sum(vapply(test$results, inherits, logical(1), what = class))
  }, numeric(1)))
}

passed <- count("expectation_success")
failed <- count("expectation_failure") + count("expectation_error") +
  count("expectation_warning")

cat(passed, " passed, ", failed, " failed\n", sep = "")
quit(status = if (failed > 0 || passed == 0) 1 else 0)
