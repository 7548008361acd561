# Usage: DATACARTO_DATABASE=FILE Rscript engines.R
#
# Runs the tests of tables in a database against that of the connection which
# FILE gives; those that are skipped count as failed. Run from the top folder.

library(testthat)
Sys.setenv(NOT_CRAN = "true")
results <- as.data.frame(test_dir(
  "tests/testthat", package = "datacarto", load_package = "installed",
  filter = "^lazy", reporter = "summary", stop_on_failure = FALSE
))
failed <- results$failed + results$skipped + results$error + results$warning
is_bad <- failed > 0
if (any(is_bad)) {
  cat("Failed or skipped:", results$test[is_bad], sep = "\n  ")
}
passed <- sum(results$nb[!is_bad])
cat(passed, " passed, ", sum(failed), " failed\n", sep = "")
quit(status = if (passed == 0 || any(is_bad)) 1 else 0)
