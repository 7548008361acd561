# Runs the catalogue of faults (tests/testthat/faults/) and prints it by class.
# What R can't do is taken from the C programs, which say "fault F14 12" for 12
# checks that held. All counts are of checks that ran. Ends badly if a fault is
# missing, failed or could not be tried here.
#
# Usage: Rscript faults.R TESTED PROGRAM...    from the top folder
#
# TESTED is what a run of tools/test.R has kept of its tests; where it is "-",
# the tests of the catalogue are run.

Sys.setenv(NOT_CRAN = "true", DATACARTO_LARGE = "true")
library(testthat)
source("tools/test-rows.R")

run_programs <- function(programs) {
  said <- unlist(lapply(programs, system2, stdout = TRUE, stderr = ""))
  lines <- regmatches(said, regexec("^fault ([A-Z][0-9]+) ([0-9]+)$", said))
  lines <- do.call(rbind, lines[lengths(lines) == 3])
  data.frame(
    tag = lines[, 2], n_checks = as.numeric(lines[, 3]), n_failed = 0,
    reason = "", seconds = NA
  )
}

run_tests <- function(tested) {
  rows <- if (tested == "-") {
    test_rows(test_dir(
      "tests/testthat",
      filter = "^faults$", package = "datacarto", load_package = "installed",
      reporter = "silent", stop_on_failure = FALSE
    ))
  } else {
    readRDS(tested)
  }
  data.frame(
    tag = sub(":.*", "", rows$test), n_checks = rows$n_passed,
    n_failed = rows$n_bad + rows$n_skipped, rows[c("reason", "seconds")]
  )
}

catalogue <- function() {
  env <- new.env(parent = asNamespace("datacarto"))
  source_test_helpers("tests/testthat", env)
  faults <- env$read_faults()
  data.frame(
    tag = vapply(faults, `[[`, "", "tag"),
    title = vapply(faults, `[[`, "", "title"),
    class = env$fault_classes[substr(vapply(faults, `[[`, "", "tag"), 1, 1)],
    is_common = vapply(faults, `[[`, NA, "is_common"),
    is_of_program = !vapply(lapply(faults, `[[`, "program"), is.null, NA)
  )
}

faults <- catalogue()
args <- commandArgs(TRUE)
tests <- run_tests(args[[1]])
ran <- rbind(
  run_programs(args[-1]),
  tests[tests$tag %in% faults$tag[!faults$is_of_program], ]
)
is_whole <- "the catalogue has every fault once"
other <- tests[tests$tag == is_whole, ]
stopifnot(nrow(other) == 1)
row <- match(faults$tag, ran$tag)
faults$n_checks <- ifelse(is.na(row), 0, ran$n_checks[row])
faults$has_passed <- faults$n_checks > 0 & ran$n_failed[row] == 0

for (i in which(!faults$has_passed)) {
  reason <- ran$reason[row[[i]]]
  cat("--- ", faults$tag[[i]], ", ", faults$title[[i]], "\n",
    if (is.na(reason)) "did not run" else reason, "\n",
    sep = ""
  )
}
for (reason in other$reason[other$n_failed > 0]) cat("---\n", reason, "\n")

cat(sprintf("%-16s %5s %7s %7s\n", "class", "cases", "passed", "checks"))
for (class in unique(faults$class)) {
  rows <- faults[faults$class == class, ]
  cat(sprintf(
    "%s %-14s %5d %7d %7.0f\n", substr(rows$tag[[1]], 1, 1), class, nrow(rows),
    sum(rows$has_passed), sum(rows$n_checks)
  ))
}
cat(sprintf(
  "%d of %d, with %.0f checks\n", sum(faults$has_passed), nrow(faults),
  sum(faults$n_checks)
))
cat(sprintf(
  "%d of the %d that any reader of JSON Lines meets\n",
  sum(faults$has_passed & faults$is_common), sum(faults$is_common)
))
slow <- utils::head(ran[order(-ran$seconds), ], 5)
cat("The slowest:", paste0(slow$tag, " ", round(slow$seconds), " s",
  collapse = ", "
), "\n")
quit(status = if (all(faults$has_passed) && !any(other$n_failed)) 0 else 1)
