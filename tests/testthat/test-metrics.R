# Each metric against loops that follow its source, over the random signals of
# helper-signals.R: 2, 3 and 30 classes, shuffled, with evaluations missing.

# One value per sample, in the order of the map; `f` is given a sample's lines.
by_sample <- function(signals, f, type = 0) {
  ids <- sort(unique(as.integer(signals$id)))
  vapply(ids, function(id) f(signals[signals$id == id, ]), type)
}

# `f(p, y)` of every line's class vector and label.
by_line <- function(lines, f, scores = "probs") {
  vapply(seq_len(nrow(lines)), function(t) {
    f(lines[[scores]][t, ], lines$label[[t]] + 1)
  }, 0)
}

naive_entropy <- function(p) -sum(ifelse(p > 0, p * log(p), 0))

metric_signals <- function(classes) {
  random_signals(n = 60, times = 7, classes = classes, seed = classes)
}

metric_forms <- list(
  probs = c(id = "id", label = "label", probs = "probs", loss = "loss"),
  logits = c(id = "id", label = "label", logits = "logits", loss = "loss")
)

expect_metric <- function(metric, naive, ..., tolerance = 1e-12) {
  for (classes in c(2, 3, 30)) {
    signals <- metric_signals(classes)
    expected <- naive(signals)
    for (form in metric_forms) {
      lines <- signal_lines(signals, form, python = classes == 3)
      map <- datamap_summarise(I(lines), metrics = metric, ...)
      got <- map[[metric]]
      expect_identical(is.na(got), is.na(expected))
      expect_lt(max(abs(got - expected), 0, na.rm = TRUE), tolerance)
    }
  }
}

test_that("cartography's signals: Swayamdipta et al. (2020)", {
  expect_metric("confidence", function(s) {
    by_sample(s, function(x) mean(x$label_probs))
  })
  expect_metric("correctness", function(s) {
    by_sample(s, function(x) sum(x$correct))
  })
  deviation <- function(p) sqrt(mean((p - mean(p))^2))
  expect_metric("variability", function(s) {
    by_sample(s, function(x) deviation(x$label_probs))
  })
})

test_that("with include_ci, variability is that of Chang et al. (2017)", {
  expect_metric("variability", include_ci = TRUE, function(s) {
    by_sample(s, function(x) {
      v <- mean((x$label_probs - mean(x$label_probs))^2)
      if (nrow(x) > 1) sqrt(v + v^2 / (nrow(x) - 1)) else NA
    })
  })
  once <- datamap_summarise(
    I("{\"id\": 1, \"label\": 0, \"probs\": [0.7, 0.3]}"),
    metrics = "variability", include_ci = TRUE
  )
  expect_identical(once$variability, NA_real_)
})

test_that("cartography's baselines: its code, after Toneva and Chang", {
  forgotten <- function(right) sum(right[-length(right)] & !right[-1])
  expect_metric("forgetfulness", function(s) {
    by_sample(s, function(x) if (any(x$correct)) forgotten(x$correct) else 1000)
  })
  expect_metric("threshold_closeness", function(s) {
    by_sample(s, function(x) mean(x$label_probs) * (1 - mean(x$label_probs)))
  })
})

test_that("forgetting events: Toneva et al. (2019) and their code", {
  expect_metric("forgetting_events", function(s) {
    by_sample(s, function(x) {
      right <- x$correct
      if (!any(right)) length(right) else sum(diff(right) == -1)
    })
  })
})

test_that("aum is the mean logit margin: Pleiss et al. (2020)", {
  expect_metric("aum", function(s) {
    by_sample(s, function(x) {
      mean(by_line(x, function(z, y) z[[y]] - max(z[-y]), "logits"))
    })
  })
})

test_that("prob_margin is the mean margin of the probabilities", {
  expect_metric("prob_margin", function(s) {
    by_sample(s, function(x) {
      mean(by_line(x, function(p, y) p[[y]] - max(p[-y])))
    })
  })
})

test_that("el2n is the norm of the error: Paul et al. (2021)", {
  norm <- function(p, y) sqrt(sum((p - (seq_along(p) == y))^2))
  expect_metric("el2n", function(s) {
    by_sample(s, function(x) mean(by_line(x, norm)))
  })
  expect_metric("el2n_last", function(s) {
    by_sample(s, function(x) by_line(x, norm)[[nrow(x)]])
  })
})

test_that("losses: mean, last, and the moving average as defined", {
  expect_metric("loss_mean", function(s) by_sample(s, function(x) mean(x$loss)))
  expect_metric("loss_last", function(s) {
    by_sample(s, function(x) x$loss[[nrow(x)]])
  })
  expect_metric("loss_ema", function(s) {
    by_sample(s, function(x) {
      Reduce(function(average, loss) 0.9 * average + 0.1 * loss, x$loss)
    })
  })
})

test_that("entropies and BALD: Houlsby et al. (2011)", {
  mean_entropy <- function(x) mean(apply(x$probs, 1, naive_entropy))
  of_mean <- function(x) naive_entropy(colMeans(x$probs))
  expect_metric("mean_entropy", function(s) by_sample(s, mean_entropy))
  expect_metric("entropy_of_mean", function(s) by_sample(s, of_mean))
  expect_metric("bald", function(s) {
    by_sample(s, function(x) of_mean(x) - mean_entropy(x))
  })
})

test_that("aleatoric is the mean of p (1 - p): Kwon (2020), Seedat (2022)", {
  expect_metric("aleatoric", function(s) {
    by_sample(s, function(x) mean(x$label_probs * (1 - x$label_probs)))
  })
  # the law of total variance: both parts are that of one draw
  map <- datamap_summarise(
    datamap_example("satellite_signals.json.gz"),
    metrics = "aleatoric"
  )
  expect_equal(
    map$avg_probs * (1 - map$avg_probs), map$aleatoric + map$label_var,
    tolerance = 1e-14
  )
})

test_that("the times of learning count from 0", {
  expect_metric("first_correct", function(s) {
    by_sample(s, function(x) c(which(x$correct), NA)[[1]] - 1)
  })
  expect_metric("learned_for_good", function(s) {
    by_sample(s, function(x) {
      if (!x$correct[[nrow(x)]]) return(NA_real_)
      max(which(!x$correct), 0)
    })
  })
  expect_metric("forgotten_for_good", function(s) {
    by_sample(s, function(x) {
      if (x$correct[[nrow(x)]] || !any(x$correct)) return(NA_real_)
      max(which(x$correct))
    })
  })
  map <- datamap_summarise(
    datamap_example("spam_signals.jsonl.gz"),
    metrics = "all"
  )
  times <- c("first_correct", "learned_for_good", "forgotten_for_good")
  expect_identical(
    unname(vapply(map[times], typeof, "")), rep("integer", 3)
  )
})

test_that("labels are suggested by the largest mean probability", {
  skip_if_long()
  signals <- random_signals(n = 60, times = 5, classes = 3, ids = "gaps")
  lines <- I(signal_lines(signals, c(
    id = "id", label = "label", probs = "probs"
  )))
  metrics <- c(
    "suggested_label", "suggested_prob", "suggested_margin", "adj_confidence"
  )
  map <- datamap_summarise(lines, metrics = metrics)
  for (i in seq_len(nrow(map))) {
    rows <- as.character(signals$id) == as.character(map$id[[i]])
    mean <- colMeans(signals$probs[rows, , drop = FALSE])
    expect_identical(as.integer(map$suggested_label[[i]]), which.max(mean) - 1L)
    expect_equal(map$suggested_prob[[i]], max(mean), tolerance = 1e-14)
    expect_equal(
      map$suggested_margin[[i]], max(mean) - mean[[map$label[[i]] + 1]],
      tolerance = 1e-12
    )
  }
  expect_identical(
    map$suggested_margin == 0, map$suggested_label == map$label
  )
  for (label in unique(map$label)) {
    p <- map$avg_probs[map$label == label]
    expect_equal(map$adj_confidence[map$label == label], p - mean(p))
  }
  # of its type: numbers, strings, levels
  frame <- data.frame(
    id = 1:3, label = c("b", "a", "b"), .pred_a = c(0.9, 0.8, NaN),
    .pred_b = c(0.1, 0.2, 1)
  )
  found <- quietly(datamap_summarise(frame, metrics = "suggested_label"))
  expect_identical(found$suggested_label, c("a", "a", NA))
  frame$label <- factor(frame$label)
  found <- quietly(datamap_summarise(frame, metrics = "suggested_label"))
  expect_identical(found$suggested_label, factor(c("a", "a", NA), c("a", "b")))
  # there and back
  file <- tempfile(fileext = ".result")
  on.exit(unlink(file))
  datamap_write_summary(map, file)
  back <- datamap_read_summary(file)
  expect_identical(back$suggested_label, map$suggested_label)
  state <- datamap_state(lines, metrics = metrics)
  expect_same_map(datamap_summarise(state), map)
})

test_that("pvi is in bits: Ethayarajh et al. (2022)", {
  expect_metric("pvi", function(s) {
    label <- by_sample(s, function(x) x$label[[1]], 0L)
    share <- vapply(label, function(y) mean(label == y), 0)
    by_sample(s, function(x) mean(log2(x$label_probs))) - log2(share)
  })
})

test_that("pvi of logits is finite where the probability is none", {
  # by hand: ln p is z_y less the logarithm of the sum of exp(z)
  lines <- paste0(
    '{"id": ', 0:2, ', "label": 0, "logits": ',
    c("[0, 2000]", "[-1e5, 0, -5]", "[0, -40]"), "}"
  )
  nats <- c(-2000, -1e5 - log1p(exp(-5)), -exp(-40))
  map <- datamap_summarise(I(lines), metrics = "pvi")
  expect_equal(map$pvi, nats / log(2), tolerance = 1e-14)
  expect_identical(map$min_label_probs[1:2], c(0, 0))
})

test_that("pred_dist counts every label that there is, in ascending order", {
  for (classes in c(2, 3, 30)) {
    signals <- metric_signals(classes)
    expected <- by_sample(signals, function(x) {
      counts <- vapply(seq_len(classes) - 1, function(k) {
        sum(x$pred_label == k)
      }, 0L)
      members <- paste0("'", seq_len(classes) - 1, "': ", counts)
      paste0("{", paste(members, collapse = ", "), "}")
    }, "")
    for (form in metric_forms) {
      lines <- signal_lines(signals, form)
      map <- datamap_summarise(I(lines), metrics = "pred_dist")
      expect_identical(map$pred_dist, expected)
    }
  }
})

test_that("pred_dist is what the original's own script counted", {
  original <- datamap_read_summary(test_path("fixtures", "original.result"))
  # its pred_label has the predictions one by one
  lines <- lapply(seq_len(nrow(original)), function(i) {
    predicted <- regmatches(
      original$pred_label[[i]],
      gregexpr("[0-9]+", original$pred_label[[i]])
    )[[1]]
    paste0(
      "{\"id\": ", original$id[[i]], ", \"label\": ", original$label[[i]],
      ", \"label_probs\": 1, \"pred_label\": ", predicted, "}"
    )
  })
  map <- datamap_summarise(I(unlist(lines)), metrics = "pred_dist")
  # it has five classes in any case, here those that there are
  expect_identical(
    map$pred_dist, sub(", '3': 0, '4': 0", "", original$pred_dist, fixed = TRUE)
  )
})

test_that("labels that are strings are predicted too, but are no classes", {
  lines <- c(
    "\"id\": 1, \"label\": \"b\", \"pred_label\": \"it's\", \"correct\": false",
    "\"id\": 1, \"label\": \"b\", \"pred_label\": \"b\", \"correct\": true",
    "\"id\": 2, \"label\": \"a\", \"correct\": true"
  )
  lines <- paste0("{", lines, ", \"label_probs\": 0.5, \"probs\": [0.5, 0.5]}")
  # the prediction of the last line is class 0, as its probs say
  map <- datamap_summarise(I(lines), metrics = "all")
  expect_identical(
    map$pred_dist,
    c(
      "{'0': 0, 'a': 0, 'b': 1, 'it\\'s': 1}",
      "{'0': 1, 'a': 0, 'b': 0, 'it\\'s': 0}"
    )
  )
  for (metric in c("aum", "prob_margin", "el2n", "el2n_last")) {
    expect_identical(map[[metric]], c(NA_real_, NA_real_))
  }
  expect_equal(map$mean_entropy, rep(log(2), 2))
  expect_equal(map$aleatoric, c(0.25, 0.25))
})

test_that("what no line tells is missing, and what some tell counts", {
  lines <- c(
    "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}",
    "{\"id\": 2, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}",
    "{\"id\": 2, \"label\": 0, \"probs\": [0.25, 0.75], \"loss\": 3}"
  )
  map <- datamap_summarise(I(lines), metrics = "all")
  vectors <- c(
    "aum", "prob_margin", "el2n", "el2n_last", "entropy_of_mean",
    "mean_entropy", "bald", "pred_dist"
  )
  expect_true(all(is.na(map[1, vectors])))
  losses <- c("loss_mean", "loss_last", "loss_ema")
  for (name in losses) {
    expect_identical(map[[name]], c(-log(0.5), 3))
  }
  expect_false(anyNA(map[2, vectors]))
  expect_equal(map$aum[[2]], log(1 / 3))
  expect_equal(map$aleatoric, c(0.25, (0.25 + 0.1875) / 2))
  expect_identical(map$loss_ema[[2]], 3)
})

test_that("a loss that no line gives is derived at every entrance", {
  p <- c(0.5, 0.25, 1, 0.125, 0, 0.75, 0)
  frame <- data.frame(
    id = c(1, 1, 1, 2, 2, 3, 3), label = 1L, correct = TRUE, label_probs = p
  )
  metrics <- c("loss_mean", "loss_last", "loss_ema")
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  datamap_write_signals(frame, file)
  rec <- datamap_recorder(NULL, metrics = metrics)
  for (t in list(c(1, 4, 6), c(2, 5, 7), 3)) {
    do.call(datamap_record, c(list(rec), frame[t, ]))
  }
  wide <- matrix(NA, 3, 3)
  wide[cbind(frame$id, c(1:3, 1:2, 1:2))] <- p
  stages <- datamap_stages(wide, label = c(1, 1, 1))
  inputs <- list(
    frame, file, rec, datamap_state(file, metrics = metrics),
    datamap_merge(
      datamap_state(frame[c(1, 2, 4), ], metrics = metrics),
      datamap_state(frame[c(3, 5:7), ], metrics = metrics)
    ),
    stages, datamap_state(stages, metrics = metrics)
  )
  if (requireNamespace("nanoarrow", quietly = TRUE)) {
    inputs <- c(inputs, list(arrow_stream_of(frame)))
  }
  losses <- split(-log(p), frame$id)
  ema <- function(x) Reduce(function(a, b) 0.9 * a + 0.1 * b, x)
  for (input in inputs) {
    message <- expect_message(
      map <- datamap_summarise(input, metrics = metrics),
      class = "datamap_message_infinite_loss"
    )
    expect_identical(message$samples, 2)
    expect_match(conditionMessage(message), "2 samples.* they\\s+are 0")
    expect_equal(map$loss_mean, unname(vapply(losses, mean, 1)))
    expect_identical(map$loss_last, c(0, Inf, Inf))
    expect_equal(map$loss_ema, unname(vapply(losses, ema, 1)))
  }
  # one that is given wins, wherever it stands
  frame$loss <- c(NA, NA, 7, NA, NA, 4, NA)
  map <- datamap_summarise(frame[-5, ], metrics = metrics, signals = "loss")
  expect_identical(map$loss_last, c(7, -log(0.125), 4))
  expect_identical(map$loss_min, map$loss_last)
  expect_identical(map$loss_ema, map$loss_last)
  # what nobody asks for is not told
  expect_message(datamap_summarise(frame), NA)
})

test_that("a loss of logits is finite where their probability is not there", {
  frame <- data.frame(id = 1:2, label = c(1L, 0L))
  frame$logits <- rbind(c(800, 0), c(0, 0))
  expect_message(
    map <- datamap_summarise(frame, metrics = "loss_last"), NA
  )
  expect_equal(map$loss_last, c(800, log(2)))
})

test_that("a probability of 0 makes logarithms infinite", {
  lines <- c(
    "{\"id\": 1, \"label\": 0, \"probs\": [0, 1]}",
    "{\"id\": 2, \"label\": 1, \"probs\": [0, 1]}"
  )
  map <- datamap_summarise(I(lines), metrics = c("aum", "pvi", "mean_entropy"))
  expect_identical(map$aum, c(-Inf, Inf))
  expect_identical(map$pvi, c(-Inf, 1))
  expect_identical(map$mean_entropy, c(0, 0))
})

test_that("finite logits of any size give finite metrics", {
  most <- .Machine$double.xmax
  signals <- data.frame(id = c(1, 1, 2, 2, 3), label = 0)
  signals$logits <- cbind(
    c(1e308, -1e308, most, most, -1e308), c(-1e308, 1e308, -most, 0, 1e308)
  )
  map <- datamap_summarise(
    signals,
    metrics = setdiff(all_metrics, c("loss_mean", "loss_last", "loss_ema"))
  )
  for (name in names(map)) {
    expect_false(any(is.infinite(map[[name]])), info = name)
  }
  # margins of 2e308 count as the largest double
  expect_identical(map$aum, c(0, most, -most))
  expect_equal(map$pvi, c(-most / 2, 0, -most))
})

test_that("a data frame, a recorder and any threads give the same bits", {
  signals <- random_signals(n = 400, times = 6, classes = 3, ids = "gaps")
  signals$id <- as.numeric(signals$id)
  form <- c(
    id = "id", label = "label", pred_label = "pred_label", correct = "correct",
    loss = "loss", probs = "probs", label_probs = "label_probs"
  )
  path <- write_signals(signal_lines(signals, form))
  one <- datamap_summarise(path, metrics = "all", signals = "loss", threads = 1)
  expect_same_map(
    datamap_summarise(path, metrics = "all", signals = "loss", threads = 2), one
  )
  frame <- signals[unname(form)]
  expect_same_map(
    datamap_summarise(frame, metrics = "all", signals = "loss"), one
  )
  rec <- datamap_recorder(NULL, metrics = "all", signals = "loss")
  for (rows in split(seq_len(nrow(signals)), signals$epoch)) {
    now <- lapply(form, function(name) {
      x <- signals[[name]]
      if (is.matrix(x)) x[rows, ] else x[rows]
    })
    do.call(datamap_record, c(list(rec), now))
  }
  expect_same_map(datamap_summarise(rec), one)
})

test_that("burn_out and steps choose the evaluations that count", {
  signals <- metric_signals(3)
  form <- c(metric_forms$probs, epoch = "epoch")
  lines <- signal_lines(signals, form)
  expect_window <- function(kept, ...) {
    map <- datamap_summarise(I(lines), metrics = "all", ...)
    want <- datamap_summarise(
      I(signal_lines(kept, metric_forms$probs)),
      metrics = "all"
    )
    there <- map$evaluations > 0
    expect_identical(map$id[there], want$id)
    rows <- as.list(as.data.frame(map[there, ]))
    expect_identical(
      rows[setdiff(names(rows), "pvi")],
      as.list(as.data.frame(want))[setdiff(names(rows), "pvi")]
    )
    expect_identical(nrow(map), length(unique(signals$id)))
  }
  of_id <- stats::ave(seq_len(nrow(signals)), signals$id, FUN = seq_along)
  is_in <- signals$epoch >= 2 & signals$epoch <= 4
  within <- stats::ave(as.integer(is_in), signals$id, FUN = cumsum)
  expect_window(signals[of_id <= 3, ], burn_out = 3)
  expect_window(signals[is_in, ], steps = c(2, 4))
  expect_window(signals[is_in & within <= 1, ], steps = c(2, 4), burn_out = 1)
  # without steps it is the order of occurrence, from 0
  lines <- signal_lines(signals, metric_forms$probs)
  expect_window(signals[of_id >= 3 & of_id <= 5, ], steps = c(2, 4))
  # a table is sorted by step first
  frame <- signals[rev(seq_len(nrow(signals))), ]
  frame$id <- as.integer(frame$id)
  expect_identical(
    datamap_summarise(frame, steps = c(2, 4))$avg_probs,
    datamap_summarise(
      I(signal_lines(signals, form)),
      steps = c(2, 4)
    )$avg_probs
  )
})

test_that("a sample without an evaluation in the window stays as a row", {
  map <- datamap_summarise(
    datamap_example("spam_signals.jsonl.gz"),
    steps = c(1000, Inf), metrics = "all"
  )
  expect_identical(
    nrow(map),
    nrow(datamap_summarise(datamap_example("spam_signals.jsonl.gz")))
  )
  counts <- c(
    "evaluations", "correct_times", "forgetting_times", "learnt_times",
    "first_forget", "first_learn", "correctness"
  )
  expect_true(all(map[counts] == 0L))
  known <- c("id", "label", "s_label", counts)
  expect_true(all(is.na(map[setdiff(names(map), known)])))
})

test_that("lines outside the window are checked all the same", {
  good <- "{\"id\": 1, \"label\": 0, \"probs\": [1, 0], \"step\": 5}"
  for (window in list(list(burn_out = 1), list(steps = c(5, 5)))) {
    expect_error(
      do.call(datamap_summarise, c(list(I(c(good, "{\"id\": 1"))), window)),
      class = "datamap_error_syntax"
    )
    back <- sub("5", "4", good, fixed = TRUE)
    expect_error(
      do.call(datamap_summarise, c(list(I(c(good, back))), window)),
      class = "datamap_error_field"
    )
    other <- "{\"id\": 1, \"label\": 1, \"probs\": [1, 0], \"step\": 6}"
    expect_warning(
      map <- do.call(datamap_summarise, c(list(I(c(good, other))), window)),
      class = "datamap_warning_disagreement"
    )
    expect_identical(map$label, 0L)
    expect_identical(map$evaluations, 1L)
    expect_identical(attr(map, "line_counts")[["good"]], 2)
  }
})

test_that("metrics come in the order asked for, behind the signals, once", {
  lines <- I("{\"id\": 1, \"label\": 0, \"probs\": [1, 0], \"loss\": 2}")
  names_of <- function(...) names(datamap_summarise(lines, ...))[-(1:14)]
  expect_identical(names_of(metrics = c("pvi", "aum", "pvi")), c("pvi", "aum"))
  expect_identical(
    names_of(signals = "loss", metrics = c("aum", "loss_last", "loss_ema")),
    c(
      "loss_mean", "loss_var", "loss_min", "loss_max", "loss_last", "aum",
      "loss_ema"
    )
  )
  expect_identical(names_of(metrics = "loss_mean"), "loss_mean")
  expect_identical(names_of(metrics = character()), character())
  expect_identical(names_of(metrics = c("aum", "all")), all_metrics)
})

test_that("a file keeps the metrics", {
  signals <- metric_signals(3)
  map <- datamap_summarise(
    I(signal_lines(signals, metric_forms$probs)),
    metrics = "all"
  )
  path <- tempfile(fileext = ".result")
  on.exit(unlink(path))
  datamap_write_summary(map, path)
  expect_same_map(datamap_read_summary(path), map)
})

test_that("arguments are checked", {
  lines <- I("{\"id\": 1, \"label\": 0, \"probs\": [1, 0]}")
  expect_refused <- function(..., key) {
    error <- expect_error(
      datamap_summarise(lines, ...),
      class = "datamap_error_input"
    )
    expect_identical(error$key, key)
    error
  }
  error <- expect_refused(metrics = c("aum", "margin"), key = "margin")
  expect_identical(error$columns, all_metrics)
  expect_match(conditionMessage(error), "forgotten_for_good", fixed = TRUE)
  expect_refused(metrics = 1, key = "metrics")
  expect_refused(metrics = NA_character_, key = "metrics")
  expect_refused(include_ci = NA, key = "include_ci")
  expect_refused(burn_out = 0, key = "burn_out")
  expect_refused(burn_out = 1.5, key = "burn_out")
  for (steps in list(1, c(2, 1), c(NA, 1), "1", 1:3)) {
    expect_refused(steps = steps, key = "steps")
  }
  expect_error(
    datamap_summarise(I(""), steps = c(2, 1)), "The first, 2, is above 1"
  )
  expect_refused(signals = "el2n", metrics = "el2n_last", key = "metrics")
  expect_refused(
    signals = paste0("s", 1:64), metrics = "loss_ema", key = "signals"
  )
})

test_that("a recorder has the metrics that it was opened with", {
  rec <- datamap_recorder(NULL, metrics = c("variability", "aum"))
  datamap_record(rec, id = 1:2, label = c(0, 1), probs = diag(2) / 2 + 0.25)
  datamap_record(rec, id = 1:2, label = c(0, 1), probs = diag(2))
  own <- c("variability", "aum")
  expect_identical(names(datamap_summarise(rec))[-(1:14)], own)
  expect_identical(
    names(datamap_summarise(rec, metrics = "aum"))[-(1:14)], "aum"
  )
  expect_identical(
    datamap_summarise(rec, include_ci = TRUE)$variability,
    rep(sqrt(0.125^2 + 0.125^4), 2)
  )
  expect_error(
    datamap_summarise(rec, metrics = "pvi"),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_summarise(rec, burn_out = 1),
    class = "datamap_error_input"
  )
})

test_that("a signal that no evaluation has is told", {
  text <- I(paste0(
    "{\"id\": ", 1:2, ", \"label\": 0, \"correct\": true, \"label_probs\": 1, ",
    "\"mine\": NaN}"
  ))
  message <- expect_message(
    map <- datamap_summarise(text, signals = "mien", metrics = "loss_last"),
    "has a value for mien\\.", class = "datamap_message_absent"
  )
  expect_identical(message$signals, "mien")
  expect_length(message$reasons, 0)
  expect_identical(map$mien_mean, c(NA_real_, NA))
  expect_message(datamap_summarise(text, signals = "mine"), NA)
  expect_message(
    suppressWarnings(datamap_summarise(I(""), signals = "mien")), NA
  )
})

# Two samples with two lines each, of this label and rest; the reasons that are
# told of what these arguments give.
absent_lines <- function(label, rest = "") {
  paste0(
    "{\"id\": ", c(1, 2, 1, 2), ", \"label\": ", label,
    ", \"correct\": true, \"label_probs\": 0.5", rest, "}"
  )
}

told_reasons <- function(expr) {
  told <- list()
  withCallingHandlers(
    suppressWarnings(expr),
    datamap_message_absent = function(message) {
      told <<- c(told, list(message))
      rlang::cnd_muffle(message)
    }
  )
  expect_lte(length(told), 1)
  if (length(told) == 1) {
    expect_identical(told[[1]]$metrics, names(told[[1]]$reasons))
    told[[1]]$reasons
  }
}

test_that("a metric that no sample has says why, once", {
  probs <- ", \"probs\": [0.25, 0.75]"
  by_class <- c("aum", "prob_margin", "el2n", "el2n_last")
  by_vector <- c("entropy_of_mean", "mean_entropy", "bald")
  by_loss <- c("loss_mean", "loss_last", "loss_ema")
  reason <- function(metrics, why) {
    stats::setNames(rep(why, length(metrics)), metrics)
  }
  cases <- list(
    # a label that is no place, with the entropies beside it and without
    list(lines = absent_lines("\"a\"", probs), metrics = by_class,
         reasons = reason(by_class, "no_class")),
    list(lines = absent_lines("\"a\"", probs), metrics = c("bald", "aum"),
         reasons = reason("aum", "no_class")),
    list(lines = absent_lines("\"a\"", paste0(probs, ", \"label_index\": 1")),
         metrics = by_class, reasons = NULL),
    # no class vector, whatever the label
    list(lines = absent_lines("\"a\""), metrics = c(by_class, by_vector),
         reasons = reason(c(by_class, by_vector), "no_vectors")),
    list(lines = absent_lines(0), metrics = "el2n",
         reasons = reason("el2n", "no_vectors")),
    list(lines = absent_lines(0, probs), metrics = c(by_class, by_loss),
         reasons = NULL),
    list(lines = absent_lines(0), metrics = "pred_dist",
         reasons = reason("pred_dist", "no_prediction")),
    list(lines = absent_lines(0, ", \"probs\": [NaN, 1]"),
         metrics = c("pred_dist", "bald"),
         reasons = reason("pred_dist", "no_prediction")),
    # never is a value, and NaN is one
    list(lines = absent_lines(0, ", \"loss\": NaN"),
         metrics = c("loss_last", "forgotten_for_good"), reasons = NULL)
  )
  for (case in cases) {
    lines <- I(case$lines)
    metrics <- case$metrics
    state <- datamap_state(lines, metrics = metrics)
    expect_identical(
      told_reasons(datamap_summarise(lines, metrics = metrics)), case$reasons
    )
    expect_identical(told_reasons(datamap_summarise(state)), case$reasons)
  }
  frame <- data.frame(id = 1:2, label = 0L, correct = TRUE, label_probs = 0.5)
  expect_identical(
    told_reasons(datamap_summarise(frame, metrics = c("aum", "loss_ema"))),
    c(aum = "no_vectors")
  )
  rec <- datamap_recorder(NULL, metrics = c("pvi", "bald"))
  do.call(datamap_record, c(list(rec), frame))
  expect_identical(
    told_reasons(datamap_summarise(rec)), c(bald = "no_vectors")
  )
})

test_that("a window that leaves nothing is the reason", {
  lines <- I(absent_lines("\"a\"", ", \"probs\": [0.25, 0.75]"))
  metrics <- c("confidence", "aum", "loss_last", "pred_dist", "first_correct")
  expect_identical(
    told_reasons(
      datamap_summarise(lines, metrics = metrics, steps = c(5, 6))
    ),
    stats::setNames(rep("no_evaluation", 5), metrics)
  )
  expect_identical(
    told_reasons(datamap_summarise(lines, steps = c(5, 6))),
    c(avg_probs = "no_evaluation")
  )
  # which lines had the vectors is not known where only some count
  expect_identical(
    told_reasons(datamap_summarise(lines, metrics = "aum", burn_out = 1)),
    c(aum = "no_vectors_or_class")
  )
  expect_identical(
    told_reasons(
      datamap_summarise(lines, metrics = c("aum", "bald"), burn_out = 1)
    ),
    c(aum = "no_class")
  )
  once <- lines[1:2]
  expect_identical(
    told_reasons(
      datamap_summarise(I(once), metrics = "variability", include_ci = TRUE)
    ),
    c(variability = "one_evaluation")
  )
  expect_null(told_reasons(datamap_summarise(I(""), metrics = "all")))
})

test_that("the reasons can be read", {
  local_reproducible_output(unicode = FALSE)
  lines <- I(absent_lines("\"a\"", ", \"probs\": [0.25, 0.75]"))
  expect_snapshot(
    map <- datamap_summarise(
      lines, signals = "mine", metrics = c("aum", "el2n")
    )
  )
})

test_that("every metric has its direction, its words and its meaning", {
  not_ranked <- c(
    "forgotten_for_good", "pred_dist", "suggested_label", "suggested_prob"
  )
  expect_setequal(setdiff(all_metrics, names(suspect_ends)), not_ranked)
  expect_setequal(setdiff(all_metrics, names(signal_words)), character())
  pages <- tools::Rd_db("datacarto")
  skip_if(length(pages) == 0, "the pages of help are not installed")
  # what stands at the head of an item
  heads <- function(node) {
    if (!is.list(node)) {
      return(character())
    }
    is_item <- identical(attr(node, "Rd_tag"), "\\item") && length(node) == 2
    c(if (is_item) unlist(node[[1]]), unlist(lapply(node, heads)))
  }
  documented <- heads(pages[["datamap-columns.Rd"]])
  expect_identical(setdiff(all_metrics, documented), character())
})

test_that("the core has the columns, metrics and counts that R names", {
  core <- .Call(ffi_column_names)
  expect_identical(core$columns, summary_columns)
  expect_identical(core$statistics, signal_statistics)
  expect_setequal(core$metrics, core_metrics)
  expect_setequal(core$problems, names(problem_kinds))
})
