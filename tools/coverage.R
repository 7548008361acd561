# How many lines of R/ the tests reach, per file and in all, and which they do
# not; and which errors, warnings and messages no test has seen raised. Ends
# badly below 95 %, and where there are such conditions. Needs covr; run from
# the top folder. The tests of faults and interrupts are left out: they end
# processes that covr waits for; and those that try cases by the hundred or run
# another program, which take long and reach no line that others do not.

library(covr)

# The lines of C are another part's: here they are compiled as for use.
options(covr.flags = list(CFLAGS = "-O2"))

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
    ", filter = '^(faults|interrupt|doors|python-path|shapes|knit)$',",
    " invert = TRUE, package = 'datacarto', load_package = 'installed',",
    " reporter = 'summary')"
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

# Every call that makes a condition: abort_datamap() and what calls it.
text <- vapply(coverage, function(x) paste(x$srcref, collapse = "\n"), "")
raises <- grepl("^(abort|warn|inform)_[a-z]+\\(", text)
unseen <- vapply(coverage, `[[`, 0, "value") == 0
for (i in which(raises & unseen)) {
  place <- coverage[[i]]$srcref
  cat("never raised: ", getSrcFilename(place), " line ", place[[1]], "\n",
    sep = ""
  )
}
cat(sprintf(
  "%d of %d conditions raised\n", sum(raises & !unseen), sum(raises)
))
is_whole <- sum(raises) > 0 && !any(raises & unseen)
quit(status = if (share >= 95 && is_whole) 0 else 1)
