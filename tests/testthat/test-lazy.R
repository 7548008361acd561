test_that("a database gives the core's columns, windows and metrics", {
  lazy <- whole_map()$lazy
  expect_s3_class(lazy, c("datamap_lazy", "tbl_lazy"))
  expect_identical(
    colnames(lazy),
    c(summary_columns, signal_column_names("t"), whole_map()$metrics)
  )
  found <- dplyr::collect(lazy)
  expect_near_map(found, whole_map()$core)
  expect_equal(datamap_problems(found), new_problems())
  # other verbs are those of dplyr; without what a map needs it is none
  few <- dplyr::collect(utils::head(dplyr::select(lazy, "id", "label"), 2))
  expect_false(is_datamap(few))
  expect_identical(nrow(few), 2L)
  if (is_mysql()) {
    # a driver that is too old for it
    expect_error(dplyr::compute(lazy), class = "datamap_error_io")
    return()
  }
  kept <- dplyr::compute(lazy)
  expect_s3_class(kept, "datamap_lazy")
  expect_identical(dplyr::collect(kept), found)
})

test_that("some evaluations count as in the core", {
  signals <- lazy_signals()
  x <- lazy_table(signals)
  cases <- list(
    list(steps = c(1, 4), burn_out = 2, include_ci = TRUE),
    list(steps = c(5, 9)), list(burn_out = 3)
  )
  for (case in cases[seq_len(if (in_detail()) 3 else 1)]) {
    metrics <- c("variability", "learned_for_good")
    if (in_detail() && "include_ci" %in% names(case)) {
      metrics <- other_metrics()
    }
    arguments <- c(list(metrics = metrics), case)
    found <- do.call(datamap_summarise, c(list(x, check = FALSE), arguments))
    expected <- quietly(do.call(datamap_summarise, c(list(signals), arguments)))
    expect_near_map(quietly(dplyr::collect(found)), expected, deparse(case))
  }
})

test_that("what is not given is derived as of a data frame", {
  skip_unless_in_full()
  signals <- lazy_signals(20, 4)
  signals$pred_label <- ifelse(signals$correct == 1, signals$label, 7L)
  columns <- c("id", "step", "label", "probs_0", "probs_1", "probs_2")
  named <- stats::setNames(signals, sub("probs_", "probs_c", names(signals)))
  named$label <- paste0("c", signals$label)
  second <- data.frame(
    id = c(1L, 1L, 2L, 2L), step = c(1, 2, 1, 2), label = c(1L, 1L, 0L, 0L),
    probs = c(0.25, 0.75, 0.5, 0.125)
  )
  frames <- list(
    classes = signals[columns],
    prediction = signals[c("id", "step", "label", "pred_label", "label_probs")],
    index = cbind(
      signals[setdiff(columns, "label")],
      label = letters[signals$label + 1L], label_index = signals$label
    ),
    names = named[c("id", "step", "label", "probs_c0", "probs_c1", "probs_c2")],
    second = second
  )
  for (name in if (in_detail()) names(frames) else c("index", "second")) {
    metrics <- if (name != "prediction") {
      c("aum", "suggested_label", "suggested_margin", "loss_ema")
    }
    found <- dplyr::collect(datamap_summarise(
      lazy_table(frames[[name]]), metrics = metrics, check = FALSE
    ))
    expect_near_map(
      found, quietly(datamap_summarise(frames[[name]], metrics = metrics)), name
    )
  }
})

test_that("the fields stand where the user says", {
  signals <- lazy_signals(10, 3)
  names(signals)[match(c("id", "step"), names(signals))] <- c("row", "run")
  if (in_detail()) {
    fields <- c(id = "row", step = "run")
    found <- dplyr::collect(
      datamap_summarise(lazy_table(signals), fields = fields, check = FALSE)
    )
    expect_near_map(found, datamap_summarise(signals, fields = fields))
  }
  x <- lazy_table(signals)
  error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
  expect_identical(error$key, "id")
  error <- expect_error(
    datamap_summarise(x, fields = c(id = "row")), class = "datamap_error_field"
  )
  expect_identical(error$key, "step")
  expect_identical(as.character(error$call[[1]]), "datamap_summarise")
  error <- expect_error(
    datamap_summarise(x, fields = c(id = "row"), order_by = "runn"),
    class = "datamap_error_input"
  )
  expect_identical(error$similar, "run")
})

test_that("without an order of lines there is no map (trap 12)", {
  x <- lazy_table(data.frame(
    id = c(1L, 1L, 2L), label = 0L, correct = c(1L, 0L, 1L), label_probs = 0.5,
    time = c(4, 2, 1), place = c(1, 1, 1)
  ))
  error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
  expect_identical(error$key, "step")
  error <- expect_error(
    datamap_summarise(x, order_by = "place"), class = "datamap_error_field"
  )
  expect_identical(error$key, "place")
  expect_identical(error$n, 1)
  expect_identical(attr(error$problems, "counts")[["step"]], 1)
  skip_unless_in_full()
  map <- dplyr::collect(datamap_summarise(x, order_by = c("place", "time")))
  expect_identical(map$first_learn, c(1L, 0L))
  expect_identical(map$s_label, c(0L, 0L))
})

test_that("arguments for databases are checked, everywhere", {
  signals <- data.frame(id = 1, label = 0, correct = TRUE, label_probs = 0.5)
  error <- expect_error(
    datamap_summarise(signals, order_by = "id"), class = "datamap_error_input"
  )
  expect_identical(error$key, "order_by")
  error <- expect_error(
    datamap_summarise(signals, order_by = 1), class = "datamap_error_input"
  )
  expect_identical(error$key, "order_by")
  expect_error(
    datamap_summarise(signals, check = NA), class = "datamap_error_input"
  )
})

test_that("pred_dist and metrics without class columns are refused", {
  x <- lazy_table(lazy_signals(4, 2)[c(
    "id", "step", "label", "correct", "label_probs"
  )])
  error <- expect_error(
    datamap_summarise(x, metrics = "all"), class = "datamap_error_input"
  )
  expect_identical(error$key, "pred_dist")
  expect_identical(error$columns, other_metrics())
  error <- expect_error(
    datamap_summarise(x, metrics = "aum"), class = "datamap_error_field"
  )
  expect_identical(error$key, "probs")
  expect_error(
    datamap_summarise(dplyr::select(x, -"correct")),
    class = "datamap_error_field"
  )
  expect_error(
    datamap_summarise(x, signals = "label_prob"), class = "datamap_error_input"
  )
})

test_that("what takes rows, or signals, says so of a database", {
  x <- lazy_table(lazy_signals(4, 2))
  expect_error(datamap_state(x), class = "datamap_error_input")
  expect_error(datamap_read_signals(x), class = "datamap_error_input")
  map <- whole_map()$lazy
  error <- expect_error(datamap_summarise(map), class = "datamap_error_input")
  expect_identical(error$instead, "datamap_plot")
})

test_that("a database that fails is an error of ours", {
  lazy <- whole_map()$lazy
  broken <- dplyr::mutate(lazy, z = no_such_function(label_var))
  expect_error(dplyr::collect(broken), class = "datamap_error_io")
  expect_error(dplyr::compute(broken), class = "datamap_error_io")
})

test_that("the packages that it takes are asked for", {
  with_packages(TRUE, expect_identical(check_dbplyr("x"), "x"))
  with_packages(FALSE, {
    error <- expect_error(check_dbplyr("x"), class = "datamap_error_input")
  })
})

test_that("ids come in the core's order, whatever the collation (trap 13)", {
  rows <- function(id) {
    data.frame(
      id = rep(id, each = 2), step = 1:2, label = 0L, correct = 1L,
      label_probs = 0.5
    )
  }
  ids <- function(id, is_asked = in_detail()) {
    if (!is_asked) {
      return(collected_columns(data.frame(id = id))$id)
    }
    x <- lazy_table(rows(id))
    dplyr::collect(datamap_summarise(x, check = FALSE))$id
  }
  expect_identical(ids(c(10L, 9L, -3L)), c(-3L, 9L, 10L))
  expect_identical(ids(c(1e10, 9)), c(9, 1e10))
  expect_identical(ids(c("10", "9", "-3", "-20")), c("-20", "-3", "9", "10"))
  # in any, and none is taken for another
  expect_identical(
    ids(c("b", "C", "a_", "10", "c"), in_full()), c("10", "C", "a_", "b", "c")
  )
})

test_that("whole numbers of 64 bits are those of R (trap 10)", {
  skip_if_not_installed("bit64")
  data <- data.frame(
    id = bit64::as.integer64(c(2, 1)), label = bit64::as.integer64(c(0, 1)),
    s_label = bit64::as.integer64(c(0, 0)),
    evaluations = bit64::as.integer64(c(5, 4))
  )
  found <- collected_columns(data)
  expect_identical(found$id, 1:2)
  expect_identical(found$evaluations, 4:5)
  expect_identical(found$label, 1:0)
})

test_that("tables with samples of their own are one data map", {
  error <- expect_error(
    need_disjoint(c(2, 1, 2), list(tables = 1:2), NULL),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "id")
  expect_null(need_disjoint(c(2, 1, 2), list(tables = 1), NULL))
  expect_error(datamap_summarise(list(1, 2)), class = "datamap_error_input")
  if (!in_detail()) {
    # PostgreSQL's are in test-shards.R
    return()
  }
  signals <- lazy_signals(20, 4)
  is_first <- signals$id %% 2 == 1
  shards <- list(
    lazy_table(signals[is_first, ]), lazy_table(signals[!is_first, ])
  )
  metrics <- c("pvi", "adj_confidence", "aum")
  found <- datamap_summarise(shards, metrics = metrics)
  expect_near_map(
    dplyr::collect(found), datamap_summarise(signals, metrics = metrics)
  )
  counts <- attr(datamap_problems(shards), "counts")
  expect_identical(sum(counts), 0)
  twice <- list(shards[[1]], shards[[1]])
  error <- expect_error(datamap_summarise(twice), class = "datamap_error_field")
  expect_identical(error$key, "id")
  error <- expect_error(
    datamap_summarise(twice, on_error = "skip"), class = "datamap_error_field"
  )
  expect_identical(error$key, "id")
  found <- datamap_summarise(twice, check = FALSE)
  expect_error(dplyr::collect(found), class = "datamap_error_field")
})

test_that("tables of several databases are refused", {
  plans <- list(list(con = 1), list(con = 2))
  error <- expect_error(
    need_one_database(plans, NULL), class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
})
