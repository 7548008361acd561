# Usage: Rscript test.R [LEFT-OUT]
#
# Runs the testthat suite, without the files whose names match the expression
# LEFT-OUT if there is one, against the installed package, the first in the
# library path. Ends with "N passed, N failed", in expectations; a warning or an
# error that no test expected is a failure. What was skipped is listed with its
# reason. What came of each test is kept in the file DATACARTO_TESTED, if that
# is set.

Sys.setenv(NOT_CRAN = "true")
library(testthat)
source("tools/test-rows.R")

left_out <- commandArgs(trailingOnly = TRUE)

rows <- test_rows(test_dir(
  "tests/testthat",
  filter = if (length(left_out) > 0) left_out,
  invert = length(left_out) > 0,
  package = "datacarto",
  load_package = "installed",
  reporter = "summary",
  stop_on_failure = FALSE
))
if (nzchar(Sys.getenv("DATACARTO_TESTED"))) {
  saveRDS(rows, Sys.getenv("DATACARTO_TESTED"))
}

passed <- sum(rows$n_passed)
failed <- sum(rows$n_bad)
cat(passed, " passed, ", failed, " failed\n", sep = "")
quit(status = if (failed > 0 || passed == 0) 1 else 0)
