# Usage: DATACARTO_DATABASE=FILE Rscript engines.R
#
# Runs the tests of tables in a database against that of the connection which
# FILE gives; those that are skipped count as failed. Run from the top folder.

library(testthat)
source("tools/test-rows.R")

Sys.setenv(NOT_CRAN = "true")
rows <- test_rows(test_dir(
  "tests/testthat", package = "datacarto", load_package = "installed",
  filter = "^lazy", reporter = "summary", stop_on_failure = FALSE
))
passed <- sum(rows$n_passed)
failed <- sum(rows$n_bad + rows$n_skipped)
cat(passed, " passed, ", failed, " failed\n", sep = "")
quit(status = if (failed > 0 || passed == 0) 1 else 0)
