# Random predictions of samples over evaluations, of which some are missing.
random_signals <- function(n = 40, times = 8, seed = 1, keep = 0.85) {
  set.seed(seed)
  signals <- expand.grid(id = seq_len(n), step = seq_len(times))
  level <- stats::runif(n)
  signals$correct <- stats::runif(nrow(signals)) < level[signals$id]
  signals$correct[signals$id == 1] <- TRUE
  signals$correct[signals$id == 2] <- FALSE
  signals$correct[signals$id == 3] <- signals$step[signals$id == 3] %% 2 == 0
  signals$s_label <- c(0, 0, 2)[signals$id %% 3 + 1]
  signals$label <- "a"
  signals[stats::runif(nrow(signals)) < keep | signals$step == 1, ]
}

# Stretches by rle(), sample by sample.
naive_stretches <- function(signals) {
  rows <- lapply(split(signals, signals$id), function(one) {
    runs <- rle(one$correct[order(one$step)])
    to <- cumsum(runs$lengths)
    from <- to - runs$lengths + 1
    times <- sum(runs$lengths)
    is_right <- runs$values
    out <- data.frame(
      id = rep(one$id[[1]], sum(is_right)), start = from[is_right],
      stop = pmin(to[is_right] + 1, times),
      status = as.integer(to[is_right] < times)
    )
    out <- out[out$stop > out$start, ]
    out$episode <- seq_len(nrow(out))
    out
  })
  do.call(rbind, rows)
}

test_that("stretches of right predictions are those of rle()", {
  for (seed in 1:4) {
    signals <- random_signals(seed = seed)
    shuffled <- signals[sample(nrow(signals)), ]
    found <- datamap_survival(shuffled, "forget")
    naive <- naive_stretches(signals)
    for (name in names(naive)) {
      expect_equal(found[[name]], naive[[name]], label = name)
    }
    expect_identical(found$label, rep("a", nrow(found)))
    expect_identical(found$s_label, c(0, 0, 2)[found$id %% 3 + 1])
    types <- vapply(found[c("start", "stop", "status", "episode")], typeof, "")
    expect_identical(unname(types), rep("integer", 4))
  }
})

test_that("stretches by hand: one evaluation, always, never, by turns", {
  one <- function(...) {
    right <- c(...)
    found <- datamap_survival(data.frame(id = 7, correct = right), "forget")
    unlist(tidy.datamap_survival(found)[c("start", "stop", "status")],
           use.names = FALSE)
  }
  expect_identical(one(TRUE), integer())
  expect_identical(one(FALSE), integer())
  expect_identical(one(TRUE, TRUE, TRUE), c(1L, 3L, 0L))
  expect_identical(one(FALSE, FALSE), integer())
  expect_identical(one(TRUE, FALSE), c(1L, 2L, 1L))
  expect_identical(one(FALSE, TRUE), integer())
  expect_identical(one(TRUE, FALSE, TRUE, FALSE), c(1L, 3L, 2L, 4L, 1L, 1L))
  # 1 and 0, words, and what is missing is no evaluation
  expect_identical(one(1, 0), c(1L, 2L, 1L))
  expect_identical(one("true", "False"), c(1L, 2L, 1L))
  expect_message(found <- one(TRUE, NA, FALSE), class = "datamap_message_na")
  expect_identical(found, c(1L, 2L, 1L))
})

test_that("signals may have names of their own", {
  signals <- random_signals()
  found <- datamap_survival(signals, "forget")
  fields <- c(id = "row", correct = "hit", label = "y", step = "t")
  own <- signals
  names(own)[match(names(fields), names(own))] <- fields
  expect_identical(datamap_survival(own, "forget", fields = fields), found)
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  writeLines(sprintf(
    '{"row": %d, "t": %d, "hit": %s, "y": "b", "p": %s}',
    own$row, own$t, tolower(own$hit),
    ifelse(own$hit, "[0.4, 0.6]", "[0.6, 0.4]")
  ), file)
  read <- datamap_survival(
    file, "forget", fields = c(fields, probs = "p"), classes = c("a", "b")
  )
  same <- c("id", "start", "stop", "status", "episode")
  expect_identical(as.list(read)[same], as.list(found)[same])
  expect_error(
    datamap_survival(own, "forget", fields = c(id = "no")),
    class = "datamap_error_input"
  )
  for (given in list(list(fields = fields), list(classes = 0:1))) {
    error <- expect_error(
      do.call(datamap_survival, c(list(random_map(5), "learn"), given)),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "x")
  }
})

test_that("events are the forgettings of the summary, in files too", {
  spam <- datamap_example("spam_signals.jsonl.gz")
  map <- datamap_summarise(spam, metrics = c("first_correct"))
  found <- datamap_survival(spam, "forget")
  expect_identical(sum(found$status), sum(map$forgetting_times))
  expect_identical(sum(found$status), 705L)
  expect_identical(found$s_label, map$s_label[match(found$id, map$id)])
  signals <- datamap_read_signals(spam)
  expect_identical(datamap_survival(signals, "forget"), found)
  forgotten <- rowsum(found$status, found$id)
  at <- match(rownames(forgotten), map$id)
  expect_identical(as.vector(forgotten), map$forgetting_times[at])
})

test_that("the first right prediction is a time, never is censored", {
  signals <- random_signals()
  signals$label_probs <- 0.5
  signals$label <- 0L
  map <- suppressMessages(
    datamap_summarise(signals, metrics = c("first_correct", "learned_for_good"))
  )
  found <- datamap_survival(map)
  naive <- vapply(split(signals, signals$id), function(one) {
    right <- one$correct[order(one$step)]
    c(c(which(right), length(right))[[1]], any(right))
  }, double(2))
  expect_equal(found$stop, unname(naive[1, ]))
  expect_equal(found$status, unname(naive[2, ]))
  expect_identical(unique(found$start), 0L)
  expect_identical(unique(found$episode), 1L)

  expect_message(
    for_good <- datamap_survival(map, "learn_for_good", min_stay = 2),
    class = "datamap_message_hindsight"
  )
  naive <- vapply(split(signals, signals$id), function(one) {
    right <- one$correct[order(one$step)]
    times <- length(right)
    since <- which(rev(cumprod(rev(right))) == 1)
    since <- c(since, Inf)[[1]]
    end <- times - 2 + 1
    if (since <= end) c(since, 1) else c(end, 0)
  }, double(2))
  expect_equal(for_good$stop, unname(naive[1, ]))
  expect_equal(for_good$status, unname(naive[2, ]))
  error <- expect_error(
    datamap_survival(map, "learn_for_good", min_stay = 9),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "min_stay")
})

test_that("Cox regression of stretches is that of single evaluations", {
  skip_if_not_installed("survival")
  signals <- random_signals(120, 12)
  found <- datamap_survival(signals, "forget")
  found$is_wrong <- found$s_label == 2
  naive <- found[rep(seq_len(nrow(found)), found$stop - found$start), ]
  naive <- as.data.frame(naive)
  at <- sequence(found$stop - found$start)
  naive$from <- naive$start + at - 1
  naive$to <- naive$start + at
  naive$event <- naive$status * (naive$to == naive$stop)
  fit <- survival::coxph(
    survival::Surv(start, stop, status) ~ is_wrong,
    data = as.data.frame(found), ties = "efron", cluster = id
  )
  by_rows <- survival::coxph(
    survival::Surv(from, to, event) ~ is_wrong,
    data = naive, ties = "efron", cluster = id
  )
  expect_equal(coef(fit), coef(by_rows), tolerance = 1e-8)
  expect_equal(vcov(fit), vcov(by_rows), tolerance = 1e-8)
  # and the curves are survfit()'s
  curve <- kaplan_meier(found$start, found$stop, found$status)
  km <- survival::survfit(
    survival::Surv(start, stop, status) ~ 1, as.data.frame(found)
  )
  expect_equal(
    curve$share[match(km$time, curve$time)], 1 - km$surv
  )
  signals$label_probs <- 0.5
  signals$label <- 0L
  map <- suppressMessages(datamap_summarise(signals, metrics = "first_correct"))
  learn <- datamap_survival(map)
  curve <- kaplan_meier(learn$start, learn$stop, learn$status)
  km <- survival::survfit(
    survival::Surv(stop, status) ~ 1, as.data.frame(learn)
  )
  expect_equal(curve$share[match(km$time, curve$time)], 1 - km$surv)
})

test_that("what has no times is an error", {
  map <- random_map(5)
  late <- map
  late$first_correct <- 10L
  error <- expect_error(datamap_survival(late), class = "datamap_error_range")
  expect_identical(error$key, "first_correct")
  error <- expect_error(datamap_survival(map), class = "datamap_error_input")
  expect_identical(error$similar, "first_correct")
  error <- expect_error(
    suppressMessages(datamap_survival(datamap_state(I(paste0(
      "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5]}"
    ))), "forget")),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
  late$first_correct <- NA
  expect_identical(datamap_survival(late)$status, rep(0L, 5))
  average <- datamap_average(list(late, late))
  fine <- data.frame(id = 1, step = 1, correct = TRUE)
  for (wrong in list(
    quote(datamap_survival(average)),
    quote(datamap_survival(fine)),
    quote(datamap_survival(map, "forget")),
    quote(datamap_survival(fine["id"], "forget")),
    quote(datamap_survival(transform(fine, id = NA), "forget")),
    quote(datamap_survival(transform(fine, step = "a"), "forget")),
    quote(datamap_survival(transform(fine, correct = 2), "forget")),
    quote(datamap_survival(transform(fine, correct = "yes"), "forget")),
    quote(datamap_survival(fine, "forgets")),
    quote(datamap_survival(fine, "forget", min_stay = 0)),
    quote(datamap_survival())
  )) {
    expect_error(
      suppressWarnings(suppressMessages(eval(wrong))),
      class = "datamap_error", label = deparse(wrong)
    )
  }
  none <- map
  none$first_correct <- 0L
  none$evaluations[[2]] <- 0L
  expect_message(
    found <- datamap_survival(none), class = "datamap_message_na"
  )
  expect_identical(found$id, c(1L, 3:5))
})

test_that("times are printed, told and drawn", {
  found <- datamap_survival(random_signals(), "forget")
  text <- paste(capture.output(expect_invisible(print(found))), collapse = " ")
  expect_match(gsub("[# ]+", " ", text), "about this run, and not about its")
  expect_output(print(found[1:2, ]), "^ +id")
  expect_identical(class(tidy.datamap_survival(found)), "data.frame")
  row <- glance.datamap_survival(found)
  expect_identical(row$events + row$censored, row$rows)
  expect_identical(row$events, sum(found$status))
  expect_error(glance.datamap_survival(found[1, ]), class = "datamap_error")
  plot <- ggplot2::autoplot(found)
  curve <- drawn(plot)
  expect_identical(length(unique(curve$group)), 2L)
  expect_match(ggplot2::get_alt_text(plot), "At the end: ordinary")
  expect_match(
    as_draw(texts(plot)), "about this run only", all = FALSE
  )
  one <- found
  one$s_label <- NULL
  map <- random_map(10)
  map$first_correct <- 0L
  map$s_label <- NULL
  expect_identical(
    length(unique(drawn(ggplot2::autoplot(datamap_survival(map)))$group)), 1L
  )
  empty <- ggplot2::autoplot(datamap_survival(map[0, ]))
  expect_identical(nrow(drawn(empty)), 0L)
  as_draw(expect_invisible(plot(found)))
})
