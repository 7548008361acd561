# Usage: DATACARTO_DATABASE=FILE Rscript engines.R PATTERN
#
# Runs the tests of the files of this name against the database whose connection
# FILE gives; those that are skipped count as failed. Run from the top folder.

library(testthat)
source("tools/test-rows.R")
source("tools/quick-dbplyr.R")

Sys.setenv(NOT_CRAN = "true")
rows <- test_rows(test_dir(
  "tests/testthat", package = "datacarto", load_package = "installed",
  filter = commandArgs(TRUE)[[1]], reporter = "summary", stop_on_failure = FALSE
))
# all but what SQLite alone is asked
is_left <- rows$n_skipped > 0 &
  rows$reason != "Reason: the same in every database"
passed <- sum(rows$n_passed)
failed <- sum(rows$n_bad + is_left)
cat(passed, " passed, ", failed, " failed\n", sep = "")
quit(status = if (failed > 0 || passed == 0) 1 else 0)
