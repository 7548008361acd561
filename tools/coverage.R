# How many lines of R/ the tests reach, per file and in all, and which they do
# not. Ends badly below 95 %. Needs covr; run from the top folder. The tests of
# faults and interrupts are left out: they end processes that covr waits for.

library(covr)

work <- tempfile("coverage")
dir.create(work)
top <- getwd()
build <- file.path(R.home("bin"), "R")
setwd(work)
status <- system2(
  build, c("CMD", "build", "--no-build-vignettes", "--no-manual", shQuote(top)),
  stdout = FALSE
)
stopifnot(status == 0)
utils::untar(dir(pattern = "[.]tar[.]gz$"))
tests <- file.path(top, "tests", "testthat")
coverage <- package_coverage(
  "datacarto",
  type = "none",
  code = paste0(
    "Sys.setenv(NOT_CRAN = 'true'); testthat::test_dir(", deparse(tests),
    ", filter = '^(faults|interrupt)$', invert = TRUE,",
    " package = 'datacarto', load_package = 'installed', reporter = 'summary')"
  )
)

lines <- tally_coverage(coverage, by = "line")
lines <- lines[startsWith(lines$filename, "R/"), ]
missing <- lines[lines$value == 0, ]
for (file in unique(lines$filename)) {
  rows <- missing$line[missing$filename == file]
  n <- sum(lines$filename == file)
  cat(sprintf(
    "%5.1f %%  %-22s %s\n", 100 * (1 - length(rows) / n), file,
    paste(rows, collapse = " ")
  ))
}
share <- 100 * mean(lines$value > 0)
cat(sprintf("%5.1f %%  of %d lines of R\n", share, nrow(lines)))
quit(status = if (share >= 95) 0 else 1)
