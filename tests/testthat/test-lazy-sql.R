# What was found to go wrong between databases; the numbers are those of the
# statement in their documents.

# The SQL for a database that is not there; a warning is an error.
rendered <- function(con, metrics = other_metrics(), signals = NULL,
                     frame = lazy_signals(2, 2),
                     burn_out = NULL, steps = NULL) {
  x <- dbplyr::tbl_lazy(frame, con = con)
  window <- check_window(burn_out, steps)
  window$database <- list(is_skipping = FALSE)
  plan <- lazy_plan(
    x, types_of(frame, NULL), check_request(signals, metrics, FALSE), window,
    check_naming(NULL, NULL), NULL
  )
  map <- lazy_summarise(list(x), list(plan), NULL)
  withCallingHandlers(
    as.character(dbplyr::remote_query(map)),
    warning = function(warning) stop(warning)
  )
}

few_lines <- function(correct, p = 0.5, ...) {
  data.frame(
    id = 1L, step = seq_along(correct), label = 0L, correct = correct,
    label_probs = p, ...
  )
}

test_that("the line before the first is none, whatever LAG() gives (trap 1)", {
  skip_unless_in_full()
  x <- lazy_table(rbind(few_lines(c(1L, 0L, 1L)), transform(
    few_lines(c(1L, 1L)), id = 2L
  )))
  map <- datamap_summarise(x, check = FALSE)
  query <- as.character(dbplyr::remote_query(map))
  window <- regmatches(query, regexpr("LAG\\([^)]*\\) OVER \\([^)]*\\)", query))
  expect_length(window, 1)
  zero <- paste0("COALESCE(", window, ", 0)")
  as_zero <- sub(window, zero, query, fixed = TRUE)
  found <- suppressWarnings(DBI::dbGetQuery(database(), as_zero))
  found <- found[order(found$id), ]
  expect_equal(found$learnt_times, c(1, 0))
  expect_equal(found$first_learn, c(2, 0))
  expect_equal(found$forgetting_times, c(1, 0))
})

test_that("ratios and variances are not rounded (traps 3 and 7)", {
  skip_unless_in_full()
  x <- lazy_table(few_lines(rep(c(1L, 0L), c(9, 10)), p = rep(0:1, c(12, 7))))
  map <- dplyr::collect(datamap_summarise(x, check = FALSE))
  expect_identical(map$correct_ratio, 9 / 19)
  expect_equal(map$avg_probs, 7 / 19, tolerance = 1e-15)
  expect_equal(map$label_var, 7 / 19 * 12 / 19, tolerance = 1e-14)
})

test_that("correct may be logical, 0 and 1, or text (trap 4)", {
  skip_unless_in_full()
  said <- c(TRUE, FALSE, TRUE, FALSE)
  forms <- list(
    said, as.integer(said), as.double(said),
    c("true", "False", "TRUE", "false"), c("1", "0", "1", "0")
  )
  for (correct in if (in_detail()) forms else forms[c(1, 4)]) {
    x <- lazy_table(few_lines(correct))
    map <- dplyr::collect(datamap_summarise(x, check = FALSE))
    expect_identical(map$correct_times, 2L)
    expect_identical(map$learnt_times, 1L)
  }
  skip_unless_in_full()
  query <- rendered(dbplyr::simulate_mssql(), NULL, frame = few_lines(said))
  # some quote with backticks, some with brackets
  expect_match(query, "[`[]correct[]`] = ")
})

test_that("texts are their bytes, wherever they are compared", {
  skip_without_database()
  expect_identical(exact_collation(dbplyr::simulate_mysql()), "utf8mb4_bin")
  expect_null(exact_collation(dbplyr::simulate_postgres()))
  plan <- list(con = dbplyr::simulate_mysql(), collation = "utf8mb4_bin")
  expect_match(exact_column("id", "a", plan), "COLLATE utf8mb4_bin$")
  expect_identical(exact_column("id", 1L, plan), quote(id))
  skip_unless_in_full()
  frame <- data.frame(
    id = rep(c("a", "A", "a "), each = 2), step = 1:2, label = "x",
    pred_label = c("x", "X", "x", "x ", "x", "y"), label_probs = 0.5
  )
  found <- dplyr::collect(datamap_summarise(lazy_table(frame), check = FALSE))
  expect_identical(found$id, c("A", "a", "a "))
  expect_identical(found$correct_times, c(1L, 1L, 1L))
})

test_that("labels may be logical and text", {
  skip_unless_in_full()
  for (label in list(c(TRUE, FALSE), c("a", "b"))[c(TRUE, in_detail())]) {
    frame <- data.frame(
      id = c(1L, 1L, 2L, 2L), step = c(1, 2, 1, 2),
      label = rep(label, each = 2), correct = 1L, label_probs = 0.5
    )
    found <- dplyr::collect(datamap_summarise(
      lazy_table(frame), check = FALSE, metrics = "pvi"
    ))
    expect_near_map(found, datamap_summarise(frame, metrics = "pvi"))
  }
})

test_that("what is spliced keeps its brackets (trap 5)", {
  skip_unless_in_full()
  p <- c(0.5, 0.25, 0.25)
  frame <- few_lines(1L, p[[1]])
  frame[paste0("probs_", 0:2)] <- as.list(p)
  found <- dplyr::collect(datamap_summarise(
    lazy_table(frame), metrics = c("entropy_of_mean", "bald"), check = FALSE
  ))
  expect_equal(found$entropy_of_mean, -sum(p * log(p)), tolerance = 1e-14)
  expect_equal(found$bald, 0, tolerance = 1e-14)
})

test_that("windows are those of any dialect (traps 2 and 6)", {
  skip_without_database()
  frame <- lazy_signals(2, 2)
  columns <- c("id", "step", "label", "correct", "label_probs", "s_label")
  cons <- list(
    dbplyr::simulate_mssql(), dbplyr::simulate_mysql(),
    dbplyr::simulate_postgres()
  )
  for (con in cons[seq_len(if (in_detail()) 3 else 1)]) {
    query <- rendered(
      con, NULL, NULL, frame[columns], burn_out = 2, steps = c(1, 3)
    )
    # LAG() has one argument
    expect_match(query, "LAG\\([[`\"]dm_c[]`\"]\\) OVER")
    expect_no_match(query, "LAG\\([^)]*,")
    # no frame is without an order, and dbplyr warns of none
    windows <- regmatches(query, gregexpr(
      "OVER \\([^)]*\\)|AS \\(PARTITION[^)]*\\)", query
    ))[[1]]
    framed <- grep("ROWS|RANGE", windows, value = TRUE)
    expect_gt(length(framed), 0)
    expect_match(framed, "ORDER BY")
    # variances are made of means (trap 7)
    expect_no_match(query, "VAR", fixed = TRUE)
  }
})

test_that("logarithms are natural, whatever log() is (trap 8)", {
  expect_identical(log_factor(NULL), 1)
  expect_equal(log_factor(database()), 1)
  of_base_10 <- ln(quote(x), list(log_factor = log(10)))
  expect_equal(eval(of_base_10, list(x = 0.3, log = log10)), log(0.3))
  natural <- ln(quote(x), list(log_factor = 1))
  expect_equal(eval(natural, list(x = 0.3)), log(0.3))
})

test_that("NULL is no largest probability (trap 9)", {
  skip_unless_in_full()
  frame <- few_lines(c(1L, 0L, 1L), c(0.6, 0.3, 0.8))
  frame$probs_0 <- c(0.6, NA, 0.8)
  frame$probs_1 <- c(0.4, NA, 0.2)
  metrics <- c("aum", "prob_margin", "el2n", "el2n_last", "suggested_prob")
  found <- dplyr::collect(datamap_summarise(
    lazy_table(frame), metrics = metrics, check = FALSE
  ))
  expect_near_map(found, datamap_summarise(frame, metrics = metrics))
  # of the others the largest, not of all
  expect_equal(found$prob_margin, 0.4)
})

test_that("what is not finite is so in four columns (trap 11)", {
  skip_unless_in_full()
  frame <- rbind(
    few_lines(c(1L, 0L), c(0.5, Inf), g = c(Inf, 1)),
    transform(few_lines(c(1L, 0L), c(0.25, 0.5), g = c(1, 2)), id = 2L)
  )
  if (has_odd_numbers()) {
    odd <- few_lines(c(1L, 1L), c(NaN, 0.5), g = c(NaN, 2))
    frame <- rbind(frame, transform(odd, id = 3L))
  } else if (!is_sqlite()) {
    frame <- frame[frame$id == 2, ]
  }
  x <- lazy_table(frame)
  # a mean of some that are no number; and of no others, where ids are labels
  metrics <- "adj_confidence"
  expected <- quietly(
    datamap_summarise(frame, metrics = metrics, signals = "g")
  )
  found <- quietly(dplyr::collect(
    datamap_summarise(x, metrics = metrics, signals = "g")
  ))
  expect_near_map(found, expected)
  if (has_odd_numbers()) {
    expect_identical(is.nan(found$avg_probs), is.nan(expected$avg_probs))
    expect_identical(is.nan(found$g_min), is.nan(expected$g_min))
  }
})

# Of the first sample the loss follows from a probability of 0, of the second
# from another, of the third it is given.
zero_lines <- function() {
  frame <- rbind(
    few_lines(c(1L, 0L, 0L), c(0, 0.5, 0.25)),
    transform(few_lines(c(1L, 0L, 1L), c(0.25, 0.5, 0.75)), id = 2L),
    transform(few_lines(c(1L, 0L, 1L), c(0.5, 0, 0.75)), id = 3L)
  )
  frame$probs_0 <- frame$label_probs
  frame$probs_1 <- 1 - frame$label_probs
  frame$loss <- ifelse(frame$id == 3L, 0.5, NA)
  frame
}

expect_losses <- function(frame, has_infinity) {
  metrics <- c(
    "loss_mean", "loss_last", "loss_ema", "aum", "pvi", "mean_entropy"
  )
  signals <- intersect("loss", names(frame))
  found <- quietly(dplyr::collect(datamap_summarise(
    lazy_table(frame), signals = signals, metrics = metrics, check = FALSE
  )))
  expected <- quietly(
    datamap_summarise(frame, signals = signals, metrics = metrics)
  )
  expect_true(all(is.infinite(expected$aum[-2])))
  if (!has_infinity) {
    of_log <- c(grep("^loss_", names(expected), value = TRUE), "aum", "pvi")
    for (name in of_log) {
      is.na(expected[[name]]) <- !is.finite(expected[[name]])
    }
    # the last of those that there are may be an earlier one
    expected$loss_last[is.na(expected$loss_mean)] <- NA
  }
  expect_near_map(found, expected)
}

test_that("a probability of 0 has an infinite loss where there is infinity", {
  skip_unless_in_full()
  has_infinity <- is_sqlite() || has_odd_numbers()
  expect_losses(zero_lines(), has_infinity)
  no_loss <- zero_lines()
  no_loss$loss <- NULL
  expect_losses(no_loss, has_infinity)
})

test_that("of an infinite loss there is none where there is no infinity", {
  skip_without_database()
  with_binding(
    "dialect_of", function(con) list(), expect_losses(zero_lines(), FALSE)
  )
})

test_that("every metric has its statement, of what there is", {
  expect_identical(names(metric_queries), other_metrics())
  needed <- unlist(lapply(metric_queries, `[[`, "of"))
  expect_true(all(needed %in% names(of_measures("sample", metric_queries))))
})

# The names of the dialects that dbplyr writes, of databases that have windows.
dialects <- function() {
  no_windows <- "simulate_access"
  all <- getNamespaceExports("dbplyr")
  sort(setdiff(grep("^simulate_[a-z_]+$", all, value = TRUE), c(
    "simulate_vars", "simulate_vars_is_typed", "simulate_dbi", no_windows
  )))
}

test_that("the query is written in every dialect, as it was looked at", {
  skip_without_database()
  frame <- lazy_signals(2, 2)
  columns <- c("id", "step", "label", "correct", "label_probs", "s_label")
  queries <- vapply(dialects(), function(dialect) {
    con <- getExportedValue("dbplyr", dialect)()
    rendered(con, NULL, NULL, frame[columns], burn_out = 3)
  }, "")
  expect_gt(length(queries), 9)
  expect_match(queries, "GROUP BY")
  # Teradata's cumsum() and row_number() of dbplyr go by the group
  expect_no_match(queries, "ORDER BY [`\"]dm_id")
  skip_if_not(
    package_version(utils::packageVersion("dbplyr"))[1, 1:2] == "2.3",
    "other versions of dbplyr write other spaces"
  )
  # those that come out the same stand together
  for (query in unique(queries)) {
    expect_snapshot(cat(
      names(queries)[queries == query], query,
      sep = "\n"
    ))
  }
})

test_that("every metric is written in every dialect that has its functions", {
  skip_unless_in_detail()
  # no pmax() before dbplyr 2.4
  lacking <- if (utils::packageVersion("dbplyr") < "2.4.0") "simulate_mssql"
  for (dialect in setdiff(dialects(), lacking)) {
    con <- getExportedValue("dbplyr", dialect)()
    expect_match(rendered(con), "GROUP BY", label = dialect)
  }
})
