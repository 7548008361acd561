# Usage: DATACARTO_DATABASE=FILE Rscript agree.R SAMPLES
#
# One table of signals in the database whose connection FILE gives, and in R:
# 20 evaluations of each sample, of which 3 % are missing, lines that are no
# good, that are at the time of another, and that are not a number where the
# database has that. What the database says of it must be what the core does:
# counts the same, numbers within 1e-12 absolute. Run from the top folder.

library(testthat)
source("tools/quick-dbplyr.R")
source("tests/testthat/helper-lazy.R")
summary_of <- function(...) {
  suppressWarnings(suppressMessages(datacarto::datamap_summarise(...)))
}

# Numbers of 12 decimals, which all drivers hand over without a change.
signals_of <- function(samples, evaluations = 20, classes = 4) {
  set.seed(1)
  frame <- expand.grid(id = seq_len(samples), step = seq_len(evaluations) - 1)
  frame <- frame[sample.int(nrow(frame), 0.97 * nrow(frame)), ]
  n <- nrow(frame)
  share <- function(of) stats::runif(n) < of
  p <- matrix(stats::rexp(n * classes)^2, n)
  p <- round(p / rowSums(p), 12)
  frame$place <- seq_len(n)
  frame$label <- sample.int(classes, samples, TRUE)[frame$id] - 1L
  frame$correct <- as.integer(max.col(p) == frame$label + 1L)
  frame$label_probs <- p[cbind(seq_len(n), frame$label + 1L)]
  frame$loss <- ifelse(share(0.02), NA, round(stats::rexp(n), 12))
  frame$s_label <- ifelse(
    share(0.4), NA, sample.int(classes, samples, TRUE)[frame$id] - 1L
  )
  # of the step before, where that is not missing
  is_tied <- share(0.001) & frame$step > 0
  frame$step[is_tied] <- frame$step[is_tied] - 1
  p[is_bad <- share(5e-4), ] <- NA
  frame$label_probs[is_bad] <- NA
  if (has_odd_numbers()) {
    frame$label_probs[share(5e-4) & !is_bad] <- NaN
  }
  probs <- stats::setNames(as.data.frame(p), paste0("probs_", 1:classes - 1))
  row.names(frame) <- NULL
  cbind(frame, probs)
}

# A driver writes NULL for NaN.
table_of <- function(frame) {
  con <- database()
  DBI::dbWriteTable(con, "agree", frame, row.names = FALSE)
  odd <- frame$place[is.nan(frame$label_probs)]
  if (length(odd) > 0) {
    DBI::dbExecute(con, paste0(
      "UPDATE agree SET label_probs = 'NaN' WHERE place IN (",
      paste(odd, collapse = ", "), ")"
    ))
  }
  suppressWarnings(dplyr::tbl(con, "agree"))
}

version_of <- function(con) {
  name <- c(SQLite = "SQLite", DuckDB = "DuckDB", MySQL = "MariaDB")
  name <- name[vapply(names(name), grepl, NA, class(con))]
  ask <- if (is_sqlite()) "SELECT sqlite_version()" else "SELECT version()"
  said <- sub("^PostgreSQL ", "", DBI::dbGetQuery(con, ask)[[1]])
  paste(c(name, "PostgreSQL")[[1]], sub("^v?([0-9.]+).*", "\\1", said))
}

samples <- as.numeric(commandArgs(TRUE)[[1]])
frame <- signals_of(samples)
is_bad <- is.na(frame$label_probs) & !is.nan(frame$label_probs)
ties <- sum(duplicated(frame[!is_bad, c("id", "step")]))
x <- table_of(frame)

outcome <- test_that("ties are counted and refused", {
  error <- expect_error(
    summary_of(x, on_error = "skip"), class = "datamap_error_field"
  )
  expect_identical(error$key, "step")
  expect_equal(error$n, ties)
  counts <- attr(error$problems, "counts")
  expect_equal(counts[["bad_line"]], sum(is_bad))
  expect_equal(counts[["not_finite"]], sum(is.nan(frame$label_probs)))
  error <- expect_error(
    summary_of(x, order_by = c("step", "place")), class = "datamap_error_field"
  )
  expect_equal(error$n, sum(is_bad))
})
metrics <- other_metrics <- setdiff(
  getNamespace("datacarto")$all_metrics, "pred_dist"
)
time <- system.time(found <- dplyr::collect(summary_of(
  x, order_by = c("step", "place"), on_error = "skip", check = FALSE,
  signals = "loss", metrics = metrics
)))
expected <- summary_of(
  frame, on_error = "skip", signals = "loss", metrics = metrics
)
is_count <- !vapply(expected, is.double, NA)
# Where a database has no infinity, there is nothing.
if (!is_sqlite() && !has_odd_numbers()) {
  expected[!is_count] <- lapply(expected[!is_count], function(x) {
    replace(x, is.infinite(x), NA)
  })
}
n_differ <- 0
worst <- c(none = 0)
for (name in names(expected)) {
  a <- found[[name]]
  b <- expected[[name]]
  is_same <- identical(is.na(a), is.na(b)) &&
    identical(is.nan(a), is.nan(b)) &&
    identical(a[is.infinite(b)], b[is.infinite(b)])
  if (is_count[[name]]) {
    is_same <- identical(a, b)
  } else if (is_same) {
    far <- max(0, abs(a - b)[is.finite(b)])
    worst <- c(worst, stats::setNames(far, name))
    is_same <- far <= 1e-12
  }
  if (!is_same) {
    message(name, " differs")
    n_differ <- n_differ + 1
  }
}
stopifnot(identical(names(found), names(expected)), outcome)
worst <- worst[which.max(worst)]
cat(sprintf(
  "| %s | %s | %s | %d | %d | %d | %s | %.1e (%s) | %.0f |\n",
  version_of(database()), format(nrow(found), big.mark = ","),
  format(nrow(frame), big.mark = ","), sum(is_count), sum(!is_count),
  n_differ, if (anyNA(found$avg_probs)) sum(is.nan(found$avg_probs)) else "-",
  worst, names(worst), time[["elapsed"]]
))
cat(length(expected) - n_differ + 7, " passed, ", n_differ, " failed\n",
    sep = "")
quit(status = if (n_differ > 0) 1 else 0)
