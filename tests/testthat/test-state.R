# Random signals of helper-signals.R as lines, the pieces that they are cut
# into, and the map of all of them.

fields_of <- c(
  id = "id", label = "label", s_label = "s_label", probs = "probs",
  grad_norm = "grad_norm", loss = "loss"
)

cut_signals <- function(signals, piece, fields = fields_of) {
  unname(split(signal_lines(signals, fields), piece))
}

state_of <- function(lines, signals = NULL, ...) {
  datamap_state(I(lines), signals = signals, ...)
}

# Not the condition itself: each version of the test package heads it otherwise.
show_condition <- function(expr) {
  condition <- tryCatch(expr, condition = identity)
  cat(class(condition)[[1]], conditionMessage(condition), sep = "\n")
}

merge_tree <- function(states) {
  while (length(states) > 1) {
    pairs <- split(states, (seq_along(states) + 1) %/% 2)
    states <- lapply(unname(pairs), function(pair) {
      if (length(pair) == 2) do.call(datamap_merge, pair) else pair[[1]]
    })
  }
  states[[1]]
}

test_that("a state gives the map that the signals give, to the last bit", {
  for (kind in c("gaps", "wide", "huge", "strings")) {
    signals <- random_signals(n = 60, times = 5, classes = 3, ids = kind)
    lines <- signal_lines(signals, fields_of)
    own <- c("grad_norm", "loss")
    state <- state_of(lines, signals = own)
    map <- datamap_summarise(state)
    expect_identical(map, datamap_summarise(I(lines), signals = own))
    expect_summary(map, naive_summary(signals))
    expect_identical(datamap_summarise(state, signals = own), map)
  }
})

test_that("metrics and windows are part of a state", {
  signals <- random_signals(n = 40, times = 8, classes = 3, ids = "strings")
  lines <- signal_lines(signals, c(fields_of, epoch = "epoch"))
  n <- length(lines)
  windows <- list(
    list(), list(burn_out = 3), list(steps = c(2, 5)),
    list(burn_out = 2, steps = c(3, Inf))
  )
  for (window in windows) {
    given <- c(window, list(metrics = "all", signals = "grad_norm"))
    whole <- do.call(datamap_summarise, c(list(I(lines)), given))
    state <- do.call(datamap_state, c(list(I(lines)), given))
    expect_identical(datamap_summarise(state), whole)
    begun <- do.call(datamap_state, c(list(I(lines[seq_len(n / 3)])), given))
    begun <- unserialize(serialize(begun, NULL))
    updated <- datamap_update(begun, I(lines[-seq_len(n / 3)]))
    expect_same_map(datamap_summarise(updated), whole)
    same <- setdiff(names(state), c("files", "steps")) # places in the files
    expect_identical(unclass(updated)[same], unclass(state)[same])
  }
  expect_identical(
    datamap_summarise(state, metrics = "aum")$aum, whole$aum
  )
  plain <- state_of(lines, metrics = "variability")
  expect_identical(
    datamap_summarise(plain, include_ci = TRUE)$variability,
    datamap_summarise(
      I(lines),
      metrics = "variability", include_ci = TRUE
    )$variability
  )
  expect_error(
    datamap_summarise(plain, metrics = "aum"),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_summarise(plain, burn_out = 2),
    class = "datamap_error_input"
  )
})

test_that("metrics of pieces are those of the whole", {
  skip_if_long()
  for (kind in c("sequential", "strings")) {
    signals <- random_signals(n = 30, times = 12, classes = 3, ids = kind)
    fields <- c(fields_of, epoch = "epoch")
    whole <- datamap_summarise(
      I(signal_lines(signals, fields)),
      metrics = "all"
    )
    sample <- match(signals$id, unique(signals$id))
    for (piece in list(
      signals$epoch %/% 2, sample %% 5, signals$epoch %/% 4 * 3 + sample %% 3
    )) {
      states <- lapply(
        cut_signals(signals, piece, fields), state_of, metrics = "all"
      )
      expect_close_map(
        datamap_summarise(Reduce(datamap_merge, states)), whole,
        kind == "strings"
      )
      expect_close_map(
        datamap_summarise(merge_tree(states)), whole, kind == "strings"
      )
    }
  }
})

test_that("a window is merged where it can be known", {
  signals <- random_signals(n = 25, times = 9, classes = 2, missing = 0)
  stepped <- c(fields_of, epoch = "epoch")
  check <- function(fields, cuts, ...) {
    pieces <- cut_signals(signals, findInterval(signals$epoch, cuts), fields)
    states <- lapply(pieces, state_of, metrics = "all", ...)
    merged <- Reduce(datamap_merge, states)
    whole <- datamap_summarise(
      I(signal_lines(signals, fields)),
      metrics = "all", ...
    )
    expect_close_map(datamap_summarise(merged), whole)
    expect_identical(merged$seen$lines, rep(9, 25))
  }
  # a range of steps that the lines have, cut anywhere
  check(stepped, c(2, 4, 6), steps = c(3, 7))
  check(stepped, 1:8, steps = c(0, 2))
  # a burn-out that is over in the first, or ends with it
  check(stepped, 3, burn_out = 3)
  check(fields_of, c(5, 7), burn_out = 2)
  check(stepped, c(3, 5), burn_out = 2, steps = c(1, 8))
  # places that are over in the first
  check(fields_of, c(4, 6), steps = c(1, 2))
  # sets of samples
  pieces <- cut_signals(signals, as.integer(signals$id) %% 4)
  for (given in list(list(burn_out = 4), list(steps = c(2, 5)))) {
    states <- lapply(pieces, function(piece) {
      do.call(state_of, c(list(piece, metrics = "all"), given))
    })
    whole <- do.call(datamap_summarise, c(
      list(I(signal_lines(signals, fields_of)), metrics = "all"), given
    ))
    expect_close_map(
      datamap_summarise(do.call(datamap_merge, rev(states))), whole
    )
  }
})

test_that("random pieces by time merge to one reading, in any window", {
  skip_if_long()
  fields <- c(fields_of, epoch = "epoch")
  for (seed in 1:20) {
    kind <- seed %% 4
    is_burnt <- kind %in% 1:2 # that must be over in the first, or never be
    signals <- random_signals(
      n = 12, times = 9, classes = 2 + seed %% 3,
      ids = c("gaps", "strings", "wide")[[seed %% 3 + 1]],
      missing = if (is_burnt) 0 else 0.3, seed = seed
    )
    cuts <- sort(sample(8, 1 + seed %% 4))
    window <- switch(kind + 1,
      list(),
      list(burn_out = sample(cuts[[1]], 1)),
      list(burn_out = 9),
      list(steps = sort(sample(0:9, 2)))
    )
    given <- c(window, list(metrics = "all", signals = "grad_norm"))
    summarise <- function(...) suppressMessages(datamap_summarise(...))
    whole <- do.call(
      summarise, c(list(I(signal_lines(signals, fields))), given)
    )
    pieces <- cut_signals(signals, findInterval(signals$epoch, cuts), fields)
    states <- lapply(pieces, function(piece) {
      do.call(datamap_state, c(list(I(piece)), given))
    })
    merged <- suppressWarnings( # a gap may be seen
      do.call(datamap_merge, states), "datamap_warning_gap"
    )
    expect_gt(length(states), 1)
    expect_close_map(
      summarise(merged), whole, attr(signals, "are_strings")
    )
  }
})

test_that("a window that a state can't know is refused", {
  line <- '{"id": "s", "label": 0, "correct": 1, "label_probs": 1}'
  cut <- function(...) {
    a <- state_of(rep(line, 2), ...)
    datamap_merge(a, a)
  }
  local_reproducible_output(unicode = FALSE)
  expect_snapshot(show_condition(cut(burn_out = 3)))
  expect_snapshot(show_condition(cut(steps = c(1, 3))))
  error <- expect_error(cut(burn_out = 3), class = "datamap_error_field")
  expect_identical(error$key, "burn_out")
  map <- datamap_summarise(cut(burn_out = 4))
  expect_identical(map$evaluations, 4L)
  map <- datamap_summarise(datamap_update(
    state_of(rep(line, 2), burn_out = 3), I(rep(line, 2))
  ))
  expect_identical(map$evaluations, 3L)
})

test_that("a state is a plain object of vectors", {
  signals <- random_signals(n = 20, times = 3)
  state <- state_of(signal_lines(signals, fields_of), signals = "loss")
  is_plain <- function(x) {
    if (is.list(x)) {
      all(vapply(x, is_plain, NA))
    } else {
      is.null(x) || (is.atomic(x) && !is.object(x))
    }
  }
  expect_true(is_plain(unclass(state)))
  expect_s3_class(state, "datamap_state", exact = TRUE)
  expect_identical(state$version, state_version())
  copy <- unserialize(serialize(state, NULL))
  expect_identical(copy, state)
  expect_identical(datamap_summarise(copy), datamap_summarise(state))
})

test_that("sources of all kinds give states", {
  signals <- random_signals(n = 20, times = 4)
  lines <- signal_lines(signals, c(fields_of, epoch = "epoch"))
  path <- write_signals(lines)
  whole <- datamap_summarise(path)
  expect_identical(datamap_summarise(datamap_state(path)), whole)
  bytes <- readBin(path, "raw", file.size(path))
  expect_same_map(datamap_summarise(datamap_state(bytes)), whole)
  expect_same_map(datamap_summarise(datamap_state(gzfile(path))), whole)
  expect_same_map(datamap_summarise(datamap_state(dirname(path))), whole)
  table <- datamap_read_signals(path, columns = NULL)
  expect_identical(
    datamap_summarise(datamap_state(table)), datamap_summarise(table)
  )
  rec <- datamap_recorder(NULL, signals = "loss")
  datamap_record(
    rec,
    id = 1:3, label = c(0, 0, 0), label_probs = c(0.1, 0.5, 0.9),
    correct = c(TRUE, TRUE, FALSE), loss = 3:1
  )
  expect_same_map(
    datamap_summarise(datamap_state(rec)), datamap_summarise(rec)
  )
  expect_error(
    datamap_state(rec, signals = "other"),
    class = "datamap_error_input"
  )
})

test_that("updating is reading on, to the last bit", {
  for (kind in c("gaps", "strings")) {
    signals <- random_signals(n = 50, times = 6, ids = kind)
    lines <- signal_lines(signals, c(fields_of, epoch = "epoch"))
    n <- length(lines)
    for (cut in c(0, 1, 77, n - 1, n)) {
      first <- write_signals(lines[seq_len(cut)], "first.jsonl")
      rest <- write_signals(lines[seq_len(n - cut) + cut], "rest.jsonl")
      state <- datamap_state(first, signals = "grad_norm")
      state <- unserialize(serialize(state, NULL))
      state <- datamap_update(state, rest)
      whole <- datamap_summarise(c(first, rest), signals = "grad_norm")
      expect_identical(datamap_summarise(state), whole)
      expect_identical(
        state, datamap_state(c(first, rest), signals = "grad_norm")
      )
    }
  }
})

test_that("what goes wrong after an update names both places", {
  first <- write_signals(c(
    '{"id": 1, "label": 0, "correct": 1, "label_probs": 0.5, "step": 4}',
    '{"id": 1, "label": 0, "correct": 1, "label_probs": 0.5, "step": 5}'
  ), "first.jsonl")
  rest <- write_signals(
    '{"id": 1, "label": 2, "correct": 1, "label_probs": 0.5, "step": 3}',
    "rest.jsonl"
  )
  state <- datamap_state(first)
  error <- expect_error(
    datamap_update(state, rest),
    class = "datamap_error_field"
  )
  expect_identical(basename(error$path), "rest.jsonl")
  expect_identical(error$line, 1L)
  expect_match(conditionMessage(error), "line 2 of .*first.jsonl")

  again <- write_signals(
    '{"id": 1, "label": 2, "correct": 1, "label_probs": 0.5, "step": 5}',
    "again.jsonl"
  )
  updated <- expect_silent(datamap_update(state, again))
  problems <- datamap_problems(updated)
  expect_identical(basename(problems$file), rep("again.jsonl", 2))
  expect_warning(
    map <- datamap_summarise(updated),
    class = "datamap_warning_disagreement"
  )
  expect_identical(datamap_problems(map), problems)
})

test_that("pieces cut in any way, from two workers, make the whole", {
  skip_if_long()
  workers <- parallel::makeCluster(2)
  on.exit(parallel::stopCluster(workers))
  # functions that would not take this test's environment with them
  load <- function(library) {
    loadNamespace("datacarto", lib.loc = library)
    NULL
  }
  worker_state <- function(lines) {
    datacarto::datamap_state(I(lines), signals = c("grad_norm", "loss"))
  }
  environment(load) <- environment(worker_state) <- globalenv()
  parallel::clusterCall(workers, load, dirname(find.package("datacarto")))

  cuts <- list(
    list(kind = "sequential", steps = FALSE),
    list(kind = "huge", steps = TRUE),
    list(kind = "strings", steps = TRUE)
  )
  for (cut in cuts) {
    signals <- random_signals(
      n = 40, times = 64, classes = 3, ids = cut$kind, missing = 0.3
    )
    fields <- c(fields_of, if (cut$steps) c(epoch = "epoch"))
    whole <- datamap_summarise(
      I(signal_lines(signals, fields)),
      signals = c("grad_norm", "loss")
    )
    sample <- match(signals$id, unique(signals$id))
    n_lines <- nrow(signals)
    for (n in c(1, 5, 64)) {
      by_time <- (seq_len(n_lines) - 1) * n %/% n_lines
      by_sample <- sample %% n
      n_sets <- min(n, 4)
      by_both <- (sample %% n_sets) + n_sets * by_time
      for (piece in list(by_time, by_sample, by_both)) {
        pieces <- cut_signals(signals, piece, fields)
        states <- parallel::clusterApplyLB(workers, pieces, worker_state)
        any_order <- cut$kind == "strings"
        one_by_one <- Reduce(datamap_merge, states)
        expect_close_map(datamap_summarise(one_by_one), whole, any_order)
        expect_close_map(
          datamap_summarise(merge_tree(states)), whole, any_order
        )
        expect_identical(one_by_one$line_counts, c(
          lines = n_lines, good = n_lines, blank = 0, bad = 0, cut = 0
        ))
      }
      if (n > 1) { # sets of samples may come in any order
        pieces <- sample(cut_signals(signals, by_sample, fields))
        states <- parallel::clusterApplyLB(workers, pieces, worker_state)
        at_once <- do.call(datamap_merge, states)
        expect_close_map(datamap_summarise(at_once), whole, any_order = TRUE)
      }
    }
  }
})

test_that("pred_dist of pieces lists the labels that the whole lists", {
  # the label "2" comes late and "3" is predicted outside the window only
  lines <- paste0(
    '{"id": ', c(1, 2, 1, 2, 1, 2), ', "step": ', c(0, 0, 1, 1, 2, 2),
    ', "label": ', c(0, 1, 2, 1, 2, 1),
    ', "pred_label": ', c(0, 0, 0, 1, 0, 3), ', "label_probs": 0.5}'
  )
  for (window in list(
    list(), list(burn_out = 1), list(burn_out = 2), list(steps = c(0, 1)),
    list(steps = c(1, 2))
  )) {
    given <- c(window, list(metrics = "pred_dist"))
    whole <- suppressWarnings(
      do.call(datamap_summarise, c(list(I(lines)), given))
    )
    for (cut in if (identical(window$burn_out, 2)) 4 else c(2, 4)) {
      states <- suppressWarnings(lapply(
        list(lines[seq_len(cut)], lines[-seq_len(cut)]),
        function(piece) do.call(datamap_state, c(list(I(piece)), given))
      ))
      merged <- suppressWarnings(
        datamap_summarise(do.call(datamap_merge, states))
      )
      expect_identical(merged$pred_dist, whole$pred_dist)
    }
  }
})

test_that("values at the ends of the doubles have means and variances", {
  most <- .Machine$double.xmax
  signals <- data.frame(
    id = rep(1:6, each = 4), label = 0L, correct = TRUE,
    label_probs = c(
      1e308, -1e308, 1e308, -1e308, # the variance would be 1e616
      most, most, most, most,
      1e154, -1e154, -1e154, 1e154, # only the sum of squares is too large
      most, most, -most, most,
      1, 1e200, 1, 1,
      0.25, 0.75, 0.75, 0.25
    )
  )
  signals$g <- -signals$label_probs
  signals$loss <- signals$label_probs
  mean <- c(0, most, 0, most / 2, 2.5e199, 0.5)
  variance <- c(Inf, 0, 1e308, Inf, Inf, 0.0625)
  all_at_once <- suppressWarnings(
    datamap_summarise(signals, signals = "g", metrics = "loss_ema")
  )
  path <- tempfile()
  on.exit(unlink(path))
  datamap_write_signals(signals, path)
  expect_no_difference <- function(map) {
    expect_equal(map$avg_probs, mean, tolerance = 1e-14)
    expect_equal(map$label_var, variance, tolerance = 1e-14)
    expect_equal(map$g_mean, -mean, tolerance = 1e-14)
    expect_equal(map$g_var, variance, tolerance = 1e-14)
  }
  expect_no_difference(all_at_once)
  expect_same_map(
    suppressWarnings(
      datamap_summarise(path, signals = "g", metrics = "loss_ema")
    ),
    all_at_once
  )
  # 0.729, 0.081, 0.09, 0.1: the weights of the four losses
  expect_equal(
    all_at_once$loss_ema,
    c(0.638e308, most, 0.658e154, 0.82 * most, 0.081e200, 0.3355),
    tolerance = 1e-14
  )
  for (cut in 1:3) {
    is_first <- rep(seq_len(4) <= cut, 6)
    states <- suppressWarnings(lapply(
      list(signals[is_first, ], signals[!is_first, ]), datamap_state,
      signals = "g", metrics = "loss_ema"
    ))
    merged <- suppressWarnings(
      datamap_summarise(do.call(datamap_merge, states))
    )
    expect_no_difference(merged)
    expect_equal(merged$loss_ema, all_at_once$loss_ema, tolerance = 1e-12)
  }
})

test_that("a sample that is missing from pieces is joined over them", {
  lines <- c(
    '{"id": "a", "label": 1, "correct": 1, "label_probs": 0.75}',
    '{"id": "b", "label": 1, "correct": 0, "label_probs": 0.25}',
    '{"id": "a", "label": 1, "correct": 0, "label_probs": 0.25}'
  )
  map <- datamap_summarise(datamap_merge(
    state_of(lines[[1]]), state_of(lines[[2]]), state_of(lines[[3]])
  ))
  expect_identical(map$id, c("a", "b"))
  expect_identical(map$forgetting_times, c(1L, 0L))
  expect_identical(map$first_forget, c(1L, 0L))
  expect_identical(map$avg_probs, c(0.5, 0.25))
  expect_identical(map$label_var, c(0.0625, 0))
})

test_that("nothing merged to a state is that state, from either side", {
  signals <- random_signals(n = 20, times = 3, ids = "strings")
  a <- state_of(signal_lines(signals, fields_of), signals = "loss")
  none <- state_of(character(), signals = "loss")
  keeps <- setdiff(names(a), "files")
  expect_identical(unclass(datamap_merge(a, none))[keeps], unclass(a)[keeps])
  expect_identical(unclass(datamap_merge(none, a))[keeps], unclass(a)[keeps])
  expect_warning(
    map <- datamap_summarise(datamap_merge(none, none)),
    class = "datamap_warning_empty"
  )
  expect_identical(nrow(map), 0L)
})

test_that("merging is associative, counts exactly", {
  signals <- random_signals(n = 40, times = 9)
  pieces <- cut_signals(signals, signals$epoch %/% 3)
  states <- lapply(pieces, state_of)
  left <- datamap_merge(datamap_merge(states[[1]], states[[2]]), states[[3]])
  right <- datamap_merge(states[[1]], datamap_merge(states[[2]], states[[3]]))
  at_once <- datamap_merge(states[[1]], states[[2]], states[[3]])
  expect_identical(at_once, left)
  expect_close_map(datamap_summarise(left), datamap_summarise(right))
})

test_that("ids and labels of different kinds meet", {
  line <- function(id, label) {
    paste0(
      '{"id": ', id, ', "label": ', label, ', "correct": 1, "label_probs": 1}'
    )
  }
  expect_ids <- function(first, second, ids) {
    a <- state_of(line(first, 1))
    b <- state_of(line(second, 1))
    whole <- datamap_summarise(I(c(line(first, 1), line(second, 1))))
    expect_identical(datamap_summarise(datamap_merge(a, b))$id, ids)
    expect_identical(whole$id, ids)
  }
  expect_ids("1", "\"1\"", "1")
  expect_ids("\"1\"", "1", "1")
  expect_ids("1", "4734364254410", c(1, 4734364254410))
  expect_ids("1", "9007199254740993", c("1", "9007199254740993"))
  expect_ids("2", "-99999999999999999999", c("-99999999999999999999", "2"))
  big <- "99999999999999999999"
  expect_ids(big, paste0("\"", big, "\""), big)
  expect_ids("2", "\"a\"", c("2", "a"))
  mixed <- datamap_merge(state_of(line(1, 5)), state_of(line(2, "\"x\"")))
  expect_identical(datamap_summarise(mixed)$label, c("5", "x"))
})

test_that("what changes over the border is a disagreement", {
  a <- state_of(paste0(
    '{"id": 7, "label": 0, "s_label": 1, "probs": [0.5, 0.5], "step": ', 1:2,
    "}"
  ))
  b <- state_of(paste0(
    '{"id": 7, "label": 1, "s_label": 2, "probs": [0, 1, 0], "step": ', 2:3,
    "}"
  ))
  both <- expect_silent(datamap_merge(a, b))
  problems <- datamap_problems(both)
  expect_identical(
    attr(problems, "counts")[c("label", "s_label", "step", "prob_count")],
    c(label = 1, s_label = 1, step = 1, prob_count = 1)
  )
  expect_true(all(is.na(problems$row)) && all(is.na(problems$file)))
  expect_setequal(problems$expected, c(
    "a step above 2, which id 7 had before", "label 0, the first of id 7",
    "s_label 1, the first of id 7", "2 classes, as at first for id 7"
  ))
  expect_warning(
    map <- datamap_summarise(both),
    class = "datamap_warning_disagreement"
  )
  expect_identical(map$label, 0L)
  expect_identical(map$evaluations, 4L)
})

test_that("stretches must come in their order where steps tell it", {
  steps <- function(id, steps) {
    state_of(paste0(
      '{"id": "', id, '", "label": 0, "correct": 1, "label_probs": 1, "step": ',
      steps, "}"
    ))
  }
  a <- steps("s", 1:3)
  b <- steps("s", 4:6)
  local_reproducible_output(unicode = FALSE)
  expect_snapshot(show_condition(datamap_merge(b, a)))
  expect_snapshot(show_condition(datamap_merge(a, steps("s", 2:5))))
  expect_snapshot(show_condition(datamap_merge(a, b, a)))
  error <- expect_error(datamap_merge(b, a), class = "datamap_error_field")
  expect_identical(error$key, "step")
  expect_error(
    datamap_merge(a, state_of(
      '{"id": "s", "label": 0, "correct": 1, "label_probs": 1}'
    )),
    class = "datamap_error_field"
  )
  expect_silent(datamap_merge(b, steps("another", 1:3)))
})

test_that("a gap in the steps is a warning", {
  steps <- function(steps) {
    state_of(paste0(
      '{"id": 1, "label": 0, "correct": 1, "label_probs": 1, "step": ', steps,
      "}"
    ))
  }
  warning <- expect_warning(
    both <- datamap_merge(steps(1:3), steps(5:6)),
    class = "datamap_warning_gap"
  )
  expect_identical(c(warning$last, warning$first, warning$usual), c(3, 5, 1))
  expect_identical(datamap_summarise(both)$evaluations, 5L)
  expect_silent(datamap_merge(steps(c(0, 100)), steps(c(200, 300))))
  local_reproducible_output(unicode = FALSE)
  expect_snapshot(
    show_condition(datamap_merge(steps(1:2), steps(3), steps(9)))
  )
})

test_that("states of different signals are not merged", {
  line <- '{"id": 1, "label": 0, "correct": 1, "label_probs": 1, "loss": 2}'
  a <- state_of(line, signals = "loss")
  b <- state_of(line)
  error <- expect_error(datamap_merge(a, b), class = "datamap_error_input")
  expect_identical(error$key, "signals")
  local_reproducible_output(unicode = FALSE)
  expect_snapshot(show_condition(datamap_merge(a, b)))
  expect_snapshot(
    show_condition(datamap_merge(state_of(line, steps = c(1, 5)), b))
  )
  expect_error(
    datamap_merge(state_of(line, metrics = "aum"), b),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_summarise(b, signals = "loss"),
    class = "datamap_error_input"
  )
})

test_that("only states are states", {
  state <- state_of('{"id": 1, "label": 0, "correct": 1, "label_probs": 1}')
  for (call in expression(
    datamap_merge(state, 1), datamap_update(list(), "x"),
    datamap_merge(state, state, "x"), datamap_save_state(1, "x")
  )) {
    error <- expect_error(eval(call), class = "datamap_error_input")
    expect_match(conditionMessage(error), "must be a state made by")
  }
  broken <- state
  broken$samples$label <- -1L
  local_reproducible_output(unicode = FALSE)
  expect_snapshot(show_condition(datamap_summarise(broken)))
  newer <- state
  newer$version <- 99L
  newer$package <- "9.9.9"
  expect_error(
    datamap_summarise(newer), "9\\.9\\.9",
    class = "datamap_error_input"
  )
})

test_that("a damaged state is refused by all that takes states", {
  state <- state_of('{"id": 1, "label": 0, "probs": [0.2, 0.8]}')
  damaged <- state
  damaged$line_counts <- damaged$line_counts * -1
  expect_error(datamap_summarise(damaged), class = "datamap_error_input")
  expect_error(
    datamap_update(damaged, I('{"id": 1, "label": 0, "probs": [0.2, 0.8]}')),
    class = "datamap_error_input"
  )
  expect_error(datamap_merge(state, damaged), class = "datamap_error_input")
  expect_error(datamap_merge(damaged, state), class = "datamap_error_input")
})

test_that("a recorder of another session has no state", {
  rec <- datamap_recorder(NULL)
  datamap_record(rec, id = 1:2, label = 0:1, probs = matrix(0.5, 2, 2))
  file <- tempfile(fileext = ".rds")
  saveRDS(rec, file)
  expect_error(datamap_state(readRDS(file)), class = "datamap_error_input")
})

test_that("states are printed", {
  state <- datamap_state(I(c(
    '{"id": 1, "label": 0, "correct": 1, "label_probs": 2, "step": 0.5}',
    '{"id": 2, "label": 0, "correct": 1, "label_probs": 1, "step": 3}'
  )), signals = c("loss", "grad_norm"))
  expect_snapshot(state)
  expect_snapshot(state_of(character()))
})

# Each vector of a state by its path of names.
paths_in <- function(x, path = NULL) {
  if (!is.list(x)) {
    return(list(path))
  }
  unlist(lapply(seq_along(x), function(i) {
    paths_in(x[[i]], c(path, i))
  }), recursive = FALSE)
}

damages <- list(
  function(x) NULL,
  function(x) x[-1],
  function(x) c(x, x),
  function(x) list(x),
  function(x) rev(x),
  function(x) as.character(x),
  function(x) rep(NA, length(x)),
  function(x) as.double(seq_along(x)) * -1e300,
  function(x) rep(.Machine$integer.max, length(x)),
  function(x) rep(-1L, length(x)),
  function(x) rep(2^60, length(x)),
  function(x) rep(NaN, length(x)),
  function(x) rep("\xff", length(x)),
  function(x) rep(`Encoding<-`("\xe9", "bytes"), length(x)),
  function(x) quote(f(x)),
  function(x) globalenv(),
  function(x) factor(rep("a", length(x))),
  function(x) !is.na(x)
)

# It is refused with an error of the package, or a map comes of it.
expect_safe <- function(state) {
  result <- tryCatch(
    suppressWarnings(datamap_summarise(state)),
    datamap_error_input = function(error) error,
    datamap_error_limit = function(error) error
  )
  expect_true(is_datamap(result) || inherits(result, "datamap_error"))
}

damaged_states <- function() {
  state <- datamap_state(
    I(c(
      '{"id": "a", "label": 0, "probs": [0.2, 0.8], "loss": 1, "step": 0.5}',
      '{"id": "b", "label": 1, "probs": [0.3, 0.7], "loss": 2, "step": 3}',
      '{"id": "b", "label": 1, "probs": [0.6, 0.4], "loss": 1, "step": 3}'
    )),
    signals = "loss", metrics = c("pred_dist", "bald", "loss_ema", "aum"),
    burn_out = 2
  )
  bare <- unclass(state)
  damaged <- list()
  for (path in c(as.list(seq_along(bare)), paths_in(bare))) {
    for (damage in damages) {
      now <- bare
      value <- tryCatch(
        suppressWarnings(damage(now[[path]])),
        error = function(e) "x"
      )
      if (is.null(value)) now[[path]] <- NULL else now[[path]] <- value
      damaged <- c(damaged, list(structure(now, class = "datamap_state")))
    }
  }
  damaged
}

test_that("no damage of a state gets through or does harm", {
  skip_if_long()
  states <- damaged_states()
  expect_gt(length(states), 500)
  intact <- check_state(state_of(
    character(),
    signals = "loss", metrics = c("pred_dist", "bald", "loss_ema", "aum"),
    burn_out = 2
  ))
  options <- state_options(intact)
  # all of them by the core, which is quick; its errors are made conditions of
  # for some
  found <- lapply(states, function(state) {
    .Call(ffi_summarise_state, list(unclass(state)), options)
  })
  are_refused <- vapply(found, inherits, NA, "dm_error")
  expect_true(all(vapply(found[!are_refused], is.list, NA)))
  expect_gt(mean(are_refused), 0.5)
  taken <- states[!are_refused]
  refused <- states[are_refused]
  for (state in c(
    taken[seq(1, length(taken), 9)], refused[seq(1, length(refused), 30)]
  )) {
    expect_safe(state)
  }
  for (shape in list(list(), 1:3, "x", list(version = 1L))) {
    expect_safe(structure(shape, class = "datamap_state"))
  }
})

# Each element of a state, lists and vectors at any depth, wrong in each way.
hostile_states <- function(state) {
  wrong <- list(
    absent = function(x) NULL,
    short = function(x) x[-1],
    long = function(x) x[c(seq_along(x), 1)],
    type = function(x) if (is.character(x)) seq_along(x) else as.character(x),
    missing = function(x) if (is.list(x)) NA else replace(x, TRUE, NA),
    swapped = function(x) stats::setNames(x, rev(names(x))),
    names = with_short_names
  )
  bare <- unclass(state)
  out <- list()
  for (path in nodes_in(bare)) {
    x <- bare[[path]]
    is_named <- is.list(x) && length(x) > 1
    for (way in names(wrong)) {
      fits <- if (way %in% c("swapped", "names")) {
        is_named
      } else {
        length(x) > 0
      }
      if (fits) {
        now <- bare
        value <- wrong[[way]](x)
        if (is.null(value)) now[[path]] <- NULL else now[[path]] <- value
        out[[paste(c(path, way), collapse = " ")]] <- now
      }
    }
  }
  out$swapped <- wrong$swapped(bare)
  out$names <- with_short_names(bare)
  out
}

nodes_in <- function(x, path = NULL) {
  inner <- if (is.list(x)) {
    lapply(seq_along(x), function(i) nodes_in(x[[i]], c(path, i)))
  }
  c(if (length(path) > 0) list(path), unlist(inner, recursive = FALSE))
}

# R itself gives each element a name; bytes from elsewhere need not.
with_short_names <- function(x) with_names(x, names(x)[-1])

with_names <- function(x, names) {
  attr(x, "namez") <- names
  names(x) <- NULL
  bytes <- serialize(x, NULL)
  at <- grepRaw("namez", bytes, fixed = TRUE)
  bytes[at + 4] <- charToRaw("s")
  unserialize(bytes)
}

test_that("counts are found by as many names as there are", {
  state <- unclass(datamap_state(I(
    '{"id": 1, "label": 0, "correct": true, "label_probs": 0.5}'
  )))
  counts <- state$problem_counts
  options <- state_options(state)
  summarise <- function(counts) {
    state$problem_counts <- counts
    .Call(ffi_summarise_state, list(state), options)
  }
  names <- names(counts)
  expect_type(summarise(rev(counts)), "list")
  wrong <- list(
    with_short_names(counts), with_names(counts, c("more", names)),
    with_names(counts, seq_along(names)), unname(counts)
  )
  expect_length(names(wrong[[2]]), length(names) + 1)
  for (one in wrong) {
    expect_s3_class(summarise(one), "dm_error")
  }
})

test_that("a state that is wrong in any element is an error of ours", {
  skip_if_long()
  expect_length(names(with_short_names(list(a = 1, b = 2))), 1)
  given <- list(
    signals = "loss", metrics = "all", steps = c(0, 9), on_error = "skip"
  )
  rest <- c(
    ', "label": "x", "label_index": 0, "s_label": 1, "probs": [0.2, 0.8]',
    ', "label": 1, "probs": [0.3, 0.7]', ', "label": 1, "probs": [0.6, 0.4]'
  )
  lines <- paste0(
    '{"id": "', c("a", "b", "b"), '"', rest, ', "loss": 2, "step": ', 1:3, "}"
  )
  state <- do.call(datamap_state, c(list(I(c(lines, "{"))), given))
  more <- I(sub("3}", "4}", lines[[3]], fixed = TRUE))
  later <- do.call(datamap_state, c(list(more), given))
  less <- I(sub("3}", "0}", lines[[3]], fixed = TRUE))
  earlier <- do.call(datamap_state, c(list(less), given))
  calls <- list(
    summarise = datamap_summarise,
    update = function(x) datamap_update(x, more),
    first = function(x) datamap_merge(x, later),
    second = function(x) datamap_merge(earlier, x)
  )
  outcome <- function(call, state) {
    tryCatch(
      {
        suppressMessages(suppressWarnings(call(state)))
        "taken"
      },
      datamap_error = function(error) "refused",
      error = function(error) conditionMessage(error)
    )
  }
  expect_identical(
    unname(vapply(calls, outcome, "", state)), rep("taken", 4)
  )
  states <- hostile_states(state)
  expect_gt(length(states), 700)
  # what R checks by R; the rest by the core, which is quick, and some by both
  places <- match(
    c("version", "package", "request", "window", "files"), names(state)
  )
  is_of_r <- sub(" .*", "", names(states)) %in% c(places, "swapped", "names")
  is_tried <- is_of_r | seq_along(states) %% 60 == 0
  # R's part has nothing that sanitizers see
  for (name in if (!is_sanitized()) names(states)[is_tried]) {
    hostile <- structure(states[[name]], class = "datamap_state")
    tried <- if (is_of_r[[match(name, names(states))]]) calls[1:2] else calls
    found <- vapply(tried, outcome, "", hostile)
    odd <- found[!found %in% c("taken", "refused")]
    expect_identical(odd, odd[0], info = paste(name, names(odd)))
  }
  intact <- check_state(later)
  before <- check_state(earlier)
  options <- state_options(intact)
  idents <- c("ids", "labels", "s_labels", "predicted")
  refused <- vapply(states[!is_of_r], function(state) {
    found <- list(
      .Call(ffi_summarise_state, list(state), options),
      .Call(ffi_merge_states, list(state, intact), options),
      .Call(ffi_merge_states, list(before, state), options)
    )
    vapply(found, inherits, NA, "dm_error")
  }, c(NA, NA, NA))
  # Idents may be of several types, and classes without labels left out; a
  # list may hold more, and without steps it is another state
  paths <- lapply(strsplit(colnames(refused), " "), function(path) {
    as.integer(utils::head(path, -1))
  })
  way <- sub(".* ", "", colnames(refused))
  of <- names(state)[vapply(paths, `[[`, 1L, 1)]
  is_vector <- vapply(paths, function(path) {
    is.atomic(unclass(state)[[path]])
  }, NA)
  is_free <- of == "class_labels" | (of %in% idents & way == "type")
  is_wrong <- way %in% c("short", "type") | (is_vector & way == "long") |
    (way == "absent" & of != "steps")
  expect_gt(sum(is_wrong & !is_free), 300)
  expect_true(all(refused[, is_wrong & !is_free]))
})

test_that("classes whose sums are all 0 are classes of the state as well", {
  one <- paste0(
    '{"id": 1, "label": 0, "correct": 1, "label_probs": 0.2, "probs": [',
    c("0, 0", "-0.5, -0.25, 0", "0.5, 0.5, 0", "-0.5, -0.25"), "]}"
  )
  places <- c(0, 2, 0, 1)
  probs <- c(0, 0, 0.5, -0.25)
  metrics <- c("suggested_label", "suggested_prob", "suggested_margin")
  quietly <- function(x) suppressMessages(suppressWarnings(as.data.frame(x)))
  for (i in seq_along(one)) {
    map <- quietly(datamap_summarise(I(one[[i]]), metrics = metrics))
    expect_equal(map$suggested_label, places[[i]])
    expect_identical(map$suggested_prob, probs[[i]])
    margin <- if (places[[i]] > 0) probs[[i]] - 0.2 else 0
    expect_equal(map$suggested_margin, margin)
    state <- suppressWarnings(state_of(one[[i]], metrics = metrics))
    expect_identical(quietly(datamap_summarise(state)), map)
    file <- tempfile()
    datamap_save_state(state, file)
    expect_identical(quietly(datamap_summarise(datamap_load_state(file))), map)
    unlink(file)
    other <- sub("1", "2", one[[i]], fixed = TRUE)
    with <- suppressWarnings(state_of(other, metrics = metrics))
    expect_identical(
      quietly(datamap_summarise(datamap_merge(state, with))),
      quietly(datamap_summarise(I(c(one[[i]], other)), metrics = metrics))
    )
  }
  # without any column, as before classes had theirs, or in a state that lies
  state <- suppressWarnings(state_of(one[[1]], metrics = metrics))
  state$class_sums <- state$class_sums[0]
  expect_identical(quietly(datamap_summarise(state))$suggested_prob, 0)
})

test_that("the garbage collector may run anywhere", {
  skip_if_long()
  skip_if_sanitized()
  line <- function(id) {
    paste0(
      '{"id": "', id, '", "label": 0, "correct": 1, "label_probs": 2, ',
      '"step": 1, "loss": 1}'
    )
  }
  states <- lapply(
    lapply(c("a", "b"), function(id) {
      state_of(
        line(id),
        signals = "loss", metrics = c("pred_dist", "bald", "loss_ema", "aum"),
        burn_out = 2
      )
    }),
    check_state
  )
  damaged <- lapply(damaged_states(), unclass)
  damaged <- damaged[round(seq(1, length(damaged), length.out = 5))]
  options <- state_options(states[[1]])
  about <- list(
    package = "1.0", files = c("a", "b"), signals = "loss", metrics = "aum"
  )
  file <- tempfile()
  on.exit(unlink(file))
  old <- gctorture2(1)
  on.exit(gctorture2(old), add = TRUE)
  merged <- .Call(ffi_merge_states, states, options)
  summary <- .Call(ffi_summarise_state, states[1], options)
  for (one in damaged) {
    .Call(ffi_summarise_state, list(one), options)
  }
  saved <- .Call(ffi_save_state, file, states[[1]], about, options)
  loaded <- .Call(ffi_load_state, file)
  gctorture2(old)
  expect_identical(merged$state$ids$values, c("a", "b"))
  expect_identical(merged$state$signals[[1]]$mean, c(1, 1))
  expect_identical(merged$state$problem_counts[[6]], 2)
  expect_identical(summary$columns[[1]], "a")
  expect_null(saved)
  expect_identical(loaded$about, about)
  expect_identical(loaded$signals, "loss")
  expect_identical(loaded$state$ids, states[[1]]$ids)
})

# Lines of a few ids of every kind, and some that can't be read or tell no id.
lines_to_share <- function(kind) {
  signals <- random_signals(n = 60, times = 5, classes = 3, ids = kind)
  lines <- signal_lines(signals, c(fields_of, epoch = "epoch"))
  bad <- c("oops", "", "{\"label\": 1, \"probs\": [0.5, 0.5]}")
  append(lines, bad, after = 100)
}

test_that("all shares of the ids together are what one reading gives", {
  for (kind in c("gaps", "wide", "huge", "strings")) {
    lines <- lines_to_share(kind)
    make <- function(ids, x = I(lines)) {
      datamap_state(
        x,
        ids = ids, on_error = "skip", metrics = "all", signals = "grad_norm"
      )
    }
    whole <- make(NULL)
    shares <- lapply(1:4, function(share) make(c(share, 4)))
    maps <- suppressWarnings(lapply(shares, datamap_summarise))
    map <- suppressWarnings(datamap_summarise(whole))
    expect_true(all(lengths(lapply(maps, `[[`, "id")) > 4))
    expect_false(anyDuplicated(unlist(lapply(maps, `[[`, "id"))) > 0)
    merged <- do.call(datamap_merge, rev(shares))
    expect_identical(merged$window, whole$window)
    expect_identical(merged$line_counts, whole$line_counts)
    expect_identical(merged$problem_counts, whole$problem_counts)
    expect_identical(
      datamap_problems(merged)[order(datamap_problems(merged)$row), "row"],
      datamap_problems(whole)$row
    )
    merged <- suppressWarnings(datamap_summarise(merged))
    expect_same_map(merged[match(map$id, merged$id), ], map)
    # within a share, but for what compares a sample with others
    of_all <- c("pvi", "adj_confidence")
    bound <- do.call(rbind, maps)
    bound <- bound[match(map$id, bound$id), ]
    expect_same_map(
      bound[setdiff(names(bound), of_all)], map[setdiff(names(map), of_all)]
    )
  }
  expect_identical(make(c(1, 1)), whole)
  # equal ids are in one share, whatever they come in
  expect_error(make(NULL, x = lines), class = "datamap_error_input")
  frame <- data.frame(
    id = c("7", "b", "8"), label = 0, correct = TRUE, label_probs = 0.5
  )
  text <- "{\"id\": %s, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}"
  for (share in 1:2) {
    ids <- c(share, 2)
    found <- datamap_state(frame, ids = ids)$ids$values
    line <- I(sprintf(text, c("7", "\"b\"", "8")))
    expect_identical(
      as.character(datamap_state(line, ids = ids)$ids$values), found
    )
  }
})

test_that("a state of a share goes on with its ids, and says which they are", {
  lines <- lines_to_share("strings")
  half <- seq_len(150)
  state <- datamap_state(I(lines[half]), ids = c(2, 3), on_error = "skip")
  expect_identical(state$window$ids, c(2, 3))
  expect_output(print(state), "ids: of share 2 of 3", fixed = TRUE)
  later <- I(lines[-half])
  updated <- datamap_update(state, later, on_error = "skip")
  whole <- datamap_state(I(lines), ids = c(2, 3), on_error = "skip")
  expect_identical(updated$samples, whole$samples)
  merged <- datamap_merge(
    state, datamap_state(later, ids = c(2, 3), on_error = "skip")
  )
  expect_identical(merged$window, whole$window)
  expect_identical(merged$samples$evaluations, whole$samples$evaluations)
  # burn_out and steps are asked for, not ids
  expect_silent(datamap_summarise(whole))
  other <- datamap_state(later, ids = c(1, 3), on_error = "skip")
  error <- expect_error(
    datamap_merge(state, other), "has \"1 of 3\"",
    class = "datamap_error_input"
  )
  expect_identical(error$key, "ids")
  expect_match(conditionMessage(error), "given all of them")
  for (more in list(other, datamap_state(later, on_error = "skip"))) {
    expect_error(
      datamap_merge(state, other, more),
      class = "datamap_error_input"
    )
  }
  one <- I("{\"id\": 0, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}")
  expect_warning(
    datamap_summarise(datamap_state(one, ids = c(2, 2))), "share 2 of 2",
    class = "datamap_warning_empty"
  )
})

test_that("shares that there can't be are refused", {
  shares <- list(
    0, 1:3, c(0, 2), c(3, 2), c(1.5, 2), c(1, NA), c(1, Inf), c("1", "2"),
    list(1, 2), c(1, 2^31), factor(1:2)
  )
  for (ids in shares) {
    error <- expect_error(
      datamap_state(I("{}"), ids = ids), "c\\(share, of\\)",
      class = "datamap_error_input"
    )
    expect_identical(error$key, "ids")
  }
  recorder <- datamap_recorder()
  expect_error(
    datamap_state(recorder, ids = c(1, 2)), "ids",
    class = "datamap_error_input"
  )
})

test_that("a damaged state is shown by an error that says what is damaged", {
  skip_if_long()
  skip_if_sanitized("all of it is R")
  line <- "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 2"
  state <- datamap_state(
    I(paste0(line, ", \"step\": ", 1:2, "}")),
    signals = "loss", metrics = "aum", burn_out = 3, steps = c(0, 5)
  )
  others <- list(NULL, NA, "a", list(), 1:3, mean, NaN, list(1), 1i)
  damaged <- function(..., by = others) {
    path <- c(...)
    lapply(by, function(other) {
      if (length(path) == 1) {
        state[path] <- list(other)
      } else {
        state[[path[[1]]]][path[[2]]] <- list(other)
      }
      state
    })
  }
  parts <- c("ids", "samples", "steps", "problems", "request", "window")
  # every place by three of them, all in turn
  is_all <- Sys.getenv("DATACARTO_LARGE") == "all"
  turn <- 0
  some <- function() {
    turn <<- turn + 3
    if (is_all) others else others[(turn + 0:2) %% length(others) + 1]
  }
  states <- list()
  for (part in names(state)) {
    states <- c(states, damaged(part, by = some()))
  }
  for (part in parts) {
    for (name in names(state[[part]])) {
      states <- c(states, damaged(part, name, by = some()))
    }
  }
  n_errors <- 0
  for (one in states) {
    for (show in c(format, function(x) capture.output(print(x)),
                   datamap_problems)) {
      # a classed error, or none where that part is not looked at
      error <- tryCatch(
        {
          show(one)
          NULL
        },
        datamap_error_input = function(error) error
      )
      if (!is.null(error)) {
        n_errors <- n_errors + 1
        expect_match(conditionMessage(error), "`x` must be", fixed = TRUE)
      }
    }
  }
  expect_gt(n_errors, 60)
  state <- damaged("samples")[[2]]
  error <- expect_error(print(state), class = "datamap_error_input")
  expect_identical(error$key, "samples")
})

test_that("a part that is shown is looked at", {
  state <- datamap_state(I(signal_line(1)))
  for (part in c("ids", "problem_counts")) {
    damaged <- state
    damaged[part] <- list(mean)
    error <- expect_error(format(damaged), class = "datamap_error_input")
    expect_identical(error$key, part)
  }
})
