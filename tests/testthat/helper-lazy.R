# A database to run the tests of R/lazy*.R in: SQLite in memory, or the one
# whose connection the R file named by DATACARTO_DATABASE gives
# (tools/engines.sh).

skip_without_database <- function() {
  for (package in c("DBI", "dbplyr", "dplyr")) {
    testthat::skip_if_not_installed(package)
  }
  if (!nzchar(Sys.getenv("DATACARTO_DATABASE"))) {
    testthat::skip_if_not_installed("RSQLite")
  }
}

databases <- new.env()

database <- function() {
  skip_without_database()
  if (is.null(databases$con)) {
    file <- Sys.getenv("DATACARTO_DATABASE")
    databases$con <- if (nzchar(file)) {
      source(file, local = new.env())$value
    } else {
      DBI::dbConnect(RSQLite::SQLite(), ":memory:")
    }
  }
  databases$con
}

# All of these tests are run by tools/engines.sh; elsewhere those that cover the
# code, since dbplyr needs a second for each query.
in_full <- function() nzchar(Sys.getenv("DATACARTO_DATABASE"))

skip_unless_in_full <- function() {
  testthat::skip_if_not(in_full(), "run by tools/engines.sh")
}

# Cases that differ by what R makes of them, and say the same to any database:
# once, in SQLite.
in_detail <- function() in_full() && is_sqlite()

skip_unless_in_detail <- function() {
  skip_unless_in_full()
  testthat::skip_if_not(is_sqlite(), "the same in every database")
}

# What it can keep.
is_sqlite <- function() inherits(database(), "SQLiteConnection")

is_mysql <- function() inherits(database(), "MySQLConnection")

has_odd_numbers <- function() {
  inherits(database(), c("PostgreSQLConnection", "PqConnection"))
}

# A data frame as a table there.
lazy_table <- function(frame) {
  con <- database()
  databases$n <- c(databases$n, 0)
  name <- paste0("datacarto_", length(databases$n))
  if (DBI::dbExistsTable(con, name)) {
    DBI::dbRemoveTable(con, name)
  }
  if (is_mysql()) {
    # its booleans, which the driver does not know, are numbers
    is_logical <- vapply(frame, is.logical, NA)
    frame[is_logical] <- lapply(frame[is_logical], as.integer)
  }
  DBI::dbWriteTable(con, name, frame, row.names = FALSE)
  if (has_odd_numbers()) {
    # the driver writes NULL for these
    for (column in names(frame)[vapply(frame, is.double, NA)]) {
      for (row in which(is.nan(frame[[column]]))) {
        DBI::dbExecute(con, paste0(
          "UPDATE ", name, " SET ", column, " = 'NaN' WHERE id = ",
          frame$id[[row]], " AND step = ", frame$step[[row]]
        ))
      }
    }
  }
  # once: it says so of old drivers
  suppressWarnings(dplyr::tbl(con, name))
}

# Signals of `n` samples in no order: some lines are missing, and some values.
lazy_signals <- function(n = 40, evaluations = 6, n_classes = 3) {
  set.seed(1)
  frame <- expand.grid(id = seq_len(n), step = seq_len(evaluations) - 1)
  rows <- nrow(frame)
  frame$label <- sample.int(n_classes, n, TRUE)[frame$id] - 1L
  p <- matrix(stats::rexp(rows * n_classes)^2, rows)
  p <- p / rowSums(p)
  for (k in seq_len(n_classes)) {
    frame[[paste0("probs_", k - 1)]] <- p[, k]
  }
  frame$label_probs <- p[cbind(seq_len(rows), frame$label + 1L)]
  frame$correct <- as.integer(max.col(p) == frame$label + 1L)
  frame$loss <- stats::rexp(rows)
  frame$loss[frame$id %in% 3:5 | stats::runif(rows) < 0.1] <- NA
  frame$s_label <- sample(0:2, n, TRUE)[frame$id]
  frame$s_label[stats::runif(rows) < 0.4] <- NA
  frame$t <- stats::rnorm(rows)
  frame$t[stats::runif(rows) < 0.2] <- NA
  frame$n <- frame$dm_c <- 7
  frame <- frame[sample(which(stats::runif(rows) > 0.05)), ]
  rownames(frame) <- NULL
  frame
}

# Signals, their lazy data map with all that it can have, and that of the core,
# made once: it takes a while. With all metrics tools/agree.R makes another.
whole_map <- function() {
  if (is.null(databases$whole)) {
    database()
    signals <- lazy_signals()
    metrics <- if (in_full() && !is_sqlite()) "pvi" else other_metrics()
    databases$whole <- list(
      signals = signals, metrics = metrics,
      lazy = datamap_summarise(
        lazy_table(signals), signals = "t", metrics = metrics,
        check = in_full()
      ),
      core = datamap_summarise(signals, signals = "t", metrics = metrics)
    )
  }
  databases$whole
}

# The columns that a data map has as the core gives it, or not, said why.
# Numbers may differ by the order in which they were added up.
expect_near_map <- function(found, expected, info = NULL) {
  testthat::expect_s3_class(found, "datamap")
  testthat::expect_identical(names(found), names(expected), info = info)
  differ <- vapply(names(expected), function(name) {
    a <- found[[name]]
    b <- expected[[name]]
    if (!is.double(b)) {
      return(!identical(a, b))
    }
    !identical(is.na(a), is.na(b)) || !identical(a[is.infinite(b)], b[
      is.infinite(b)
    ]) || any(abs(a - b)[is.finite(b)] > 1e-12)
  }, NA)
  testthat::expect_identical(
    names(expected)[differ], character(), info = info
  )
}

other_metrics <- function() setdiff(all_metrics, "pred_dist")
