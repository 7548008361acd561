# --- by other means ---

# P-values and flags by loops.
naive_flags <- function(score, is_audited, is_right, fdr) {
  m <- sum(is_audited)
  p <- rep(NA_real_, length(score))
  for (i in which(!is_audited)) {
    as_suspect <- 0
    for (j in which(is_audited)) {
      is_more <- is_right[[j]] && score[[j]] >= score[[i]]
      as_suspect <- as_suspect + is_more
    }
    p[[i]] <- (1 + as_suspect) / (m + 1)
  }
  # (m + 1) p is whole: no rounding
  u <- sum(!is_audited)
  up <- sort(p)
  k <- 0
  for (i in seq_len(u)) {
    if (round((m + 1) * up[[i]]) * u <= fdr * i * (m + 1) + 1e-9) k <- i
  }
  list(p = p, is_flagged = !is.na(p) & k > 0 & p <= up[max(k, 1)])
}

audit_case <- function(n, n_audited, seed, digits = 1) {
  set.seed(seed)
  score <- sort(round(stats::rnorm(n), digits), decreasing = TRUE)
  is_wrong <- stats::runif(n) < stats::plogis(2 * score - 1)
  is_audited <- seq_len(n) %in% sample(n, n_audited)
  list(
    score = score, is_audited = is_audited, is_right = is_audited & !is_wrong
  )
}

# A map whose score is that of the case.
case_map <- function(score) {
  as_datamap(data.frame(
    id = seq_along(score), label = "a", correct_ratio = 0.5,
    avg_probs = 1 - stats::plogis(score), label_var = 0.01
  ))
}

audit_of <- function(...) {
  suppressMessages(datamap_audit(...), "datamap_message_audit_size")
}

drawn_of <- function(...) {
  suppressMessages(datamap_audit_sample(...), "datamap_message_audit_size")
}

test_that("p-values and flags are those of a loop and of p.adjust()", {
  for (seed in 1:40) {
    case <- audit_case(60, 5 + seed, seed, digits = seed %% 3)
    fdr <- c(0.1, 0.2, 0.5)[[seed %% 3 + 1]]
    found <- do.call(audit_flags, c(case, fdr))
    expect_equal(found, do.call(naive_flags, c(case, fdr)))
    adjusted <- stats::p.adjust(found$p, "BH")
    expect_identical(
      found$is_flagged, !is.na(found$p) & adjusted <= fdr * (1 + 1e-9)
    )
  }
})

test_that("over all audits the flagged are right at most in the share fdr", {
  skip_if_long()
  n <- 8
  audits <- utils::combn(n, 4)
  is_drawn <- apply(audits, 2, function(at) seq_len(n) %in% at)
  # which of the checked are right, 1 of 16 ways; and every pattern of 1 to 5
  # wrong labels, a column each
  ways <- as.matrix(expand.grid(rep(list(c(FALSE, TRUE)), 4)))
  is_right <- !do.call(cbind, lapply(1:5, function(k) {
    apply(utils::combn(n, k), 2, function(at) seq_len(n) %in% at)
  }))
  expect_identical(ncol(is_right), 218L)
  scores <- list(8:1, c(3, 3, 2, 2, 2, 1, 1, 1), rep(1, 8), c(9, 5, rep(1, 6)))
  excess <- largest <- double()
  for (score in scores) {
    for (fdr in c(0.1, 0.2, 0.25, 0.4, 0.5)) {
      shares <- vapply(seq_len(ncol(audits)), function(audit) {
        at <- audits[, audit]
        flagged <- apply(ways, 1, function(way) {
          right <- replace(logical(n), at, way)
          audit_flags(score, is_drawn[, audit], right, fdr)$is_flagged
        })
        way <- 1 + colSums(is_right[at, ] * 2^(0:3))
        n_flagged <- colSums(flagged)[way]
        colSums(flagged[, way] & is_right) / pmax(1, n_flagged)
      }, double(218))
      largest <- c(largest, max(rowMeans(shares)))
      excess <- c(excess, max(rowMeans(shares)) - fdr)
    }
  }
  expect_lte(max(excess), 1e-12)
  expect_gt(max(largest), 0.2) # something is flagged
})

test_that("bounds of the number of right labels hold for every number", {
  cover <- function(k, m, tail) {
    bounds <- hyper_bounds(rep(k, m + 1), rep(m, m + 1), 0:m, tail)
    # the tails by their definition
    for (x in 0:m) {
      d <- x:(k - m + x)
      likely <- stats::phyper(x, d, k - d, m) > tail
      expect_identical(bounds$high[[x + 1]], as.double(max(d[likely])))
      likely <- 1 - stats::phyper(x - 1, d, k - d, m) > tail
      expect_equal(bounds$low[[x + 1]], min(d[likely]))
    }
    vapply(0:k, function(d) {
      x <- 0:m
      is_in <- bounds$low <= d & d <= bounds$high
      sum(stats::dhyper(x, d, k - d, m)[is_in])
    }, 0)
  }
  expect_gte(min(cover(30, 12, 0.025)), 0.95)
  expect_gte(min(cover(9, 4, 0.1)), 0.8)
  # of a large pool it is the interval of Clopper and Pearson
  bounds <- hyper_bounds(1e7, 40, 25, 0.025)
  exact <- stats::binom.test(25, 40)$conf.int
  expect_equal(c(bounds$low, bounds$high) / 1e7, as.vector(exact),
               tolerance = 1e-4)
  # nobody checked
  expect_identical(hyper_bounds(7, 0, 0, 0.025), list(low = 0, high = 7))
})

test_that("all ten lists hold together, over all audits", {
  skip_if_long()
  n <- 10
  map <- case_map(c(5, 4, 4, 3, 2, 1, 0, 0, -1, -2))
  runs <- take_runs(map)
  pool <- audit_pool(runs, "avg_probs", 1, NULL)
  is_wrong <- c(TRUE, TRUE, FALSE, TRUE, FALSE, FALSE, TRUE, rep(FALSE, 3))
  holds <- apply(utils::combn(n, 4), 2, function(at) {
    is_audited <- seq_len(n) %in% at
    terms <- audit_terms(runs, pool, is_audited, is_audited & !is_wrong, 0.8)
    expect_identical(terms$k, c(1L, 3L, 3L, 4:6, 8L, 8:10, 10L))
    truth <- cumsum(is_wrong)[terms$k] / terms$k
    all(
      terms$conf.low[1:10] <= truth[1:10] + 1e-12 &
        terms$conf.high[1:10] >= truth[1:10] - 1e-12
    )
  })
  expect_gte(mean(holds), 0.8)
})

test_that("the regression estimator is that of lm()", {
  set.seed(4)
  n <- 900
  map <- case_map(stats::rnorm(n, -2, 2))
  is_wrong <- stats::runif(n) < (1 - map$avg_probs)^2
  audit <- drawn_of(map, n = 300, seed = 5)
  at <- match(audit$id, map$id)
  audit$is_wrong <- is_wrong[at]
  found <- datamap_audit(map, audit, level = 0.9)
  row <- tidy.datamap_audit(found)[12, ]
  expect_identical(row$term, "wrong labels, regression")
  data <- data.frame(y = as.double(is_wrong), a = (1 - map$avg_probs)^2)
  fit <- stats::lm(y ~ a, data[at, ])
  expect_equal(row$estimate, mean(stats::predict(fit, data)))
  error <- stats::sigma(fit) * sqrt((1 - 300 / n) / 300)
  expect_equal(row$std.error, error)
  expect_equal(
    c(row$conf.low, row$conf.high),
    row$estimate + c(-1, 1) * stats::qt(0.95, 298) * error
  )
  # narrower than the exact interval
  exact <- tidy.datamap_audit(found)[11, ]
  expect_lt(row$conf.high - row$conf.low, exact$conf.high - exact$conf.low)
  # not of a part of the map, of few answers or of one kind
  terms_of <- function(audit, ...) {
    tidy.datamap_audit(audit_of(map, audit, ...))$term
  }
  expect_false(row$term %in% terms_of(audit[1:249, ]))
  all_wrong <- audit
  all_wrong$is_wrong <- TRUE
  expect_false(row$term %in% terms_of(all_wrong))
  # a cap of the interval, and a metric without a spread
  map$avg_probs <- 0.5
  expect_false(row$term %in% terms_of(audit, by = "correct_ratio"))
})

# --- drawing ---

test_that("the pool is the most suspect part, with what is tied", {
  map <- random_map(50)
  map$avg_probs <- round(map$avg_probs, 1)
  drawn <- drawn_of(map, n = 10, top = 0.2, seed = 1)
  expect_identical(class(drawn), "data.frame")
  expect_named(drawn, c("id", "label", "is_wrong"))
  expect_identical(drawn$is_wrong, rep(NA, 10))
  expect_identical(drawn$label, map$label[match(drawn$id, map$id)])
  cut <- sort(map$avg_probs)[[10]]
  pool <- map$id[map$avg_probs <= cut]
  all <- drawn_of(map, n = length(pool), top = 0.2, seed = 1)
  expect_setequal(all$id, pool)
  expect_gt(length(pool), 10)
  error <- expect_error(
    drawn_of(map, n = length(pool) + 1, top = 0.2), "top 20 % by avg_probs",
    class = "datamap_error_input"
  )
  expect_identical(error$key, "n")
  # drawn at random, by the seed only
  set.seed(9)
  before <- .Random.seed
  expect_identical(drawn_of(map, n = 10, top = 0.2, seed = 1), drawn)
  expect_identical(.Random.seed, before)
  expect_false(identical(drawn_of(map, n = 10, top = 0.2)$id, drawn$id))
  map$label <- NULL
  expect_named(drawn_of(map, n = 1), c("id", "is_wrong"))
})

test_that("each sample of the pool is drawn equally often", {
  map <- case_map(10:1)
  draw <- function(seed) {
    datamap_audit_sample(map, n = 2, top = 0.5, seed = seed)$id
  }
  # that two are few need not be said a thousand times
  counts <- with_binding("inform_audit_size", function(...) NULL, {
    table(unlist(lapply(1:1000, draw)))
  })
  expect_identical(names(counts), as.character(1:5))
  expect_gt(stats::chisq.test(counts)$p.value, 0.001)
})

test_that("the score of several runs is their mean, and never is last", {
  maps <- random_runs(3, 30)
  mean_probs <- rowMeans(vapply(maps, function(map) map$avg_probs, double(30)))
  drawn <- drawn_of(maps, n = 6, top = 0.2, seed = 1)
  expect_setequal(drawn$id, order(mean_probs)[1:6])
  map <- maps[[1]]
  map$first_correct <- rep(c(0, 3, NA), 10)
  found <- audit_of(
    map, data.frame(id = c(1, 3), is_wrong = FALSE), by = "first_correct"
  )
  expect_identical(found$id[1:10], seq(3L, 30L, by = 3L))
  # without a value in no pool; aum may be infinite
  map$aum <- c(-Inf, NA, 28:1)
  message <- expect_message(
    found <- audit_of(map, data.frame(id = 1, is_wrong = 1), by = "aum"),
    class = "datamap_message_na"
  )
  expect_identical(message$n, 1L)
  expect_identical(found$id, c(1L, 30:3))
})

test_that("the advised size is told where it is fewer", {
  map <- case_map(600:1)
  size <- function(...) {
    expect_message(
      datamap_audit_sample(map, ...), class = "datamap_message_audit_size"
    )
  }
  expect_identical(
    unclass(size(n = 499))[c("n", "smallest", "advised")],
    list(n = 499, smallest = 100, advised = 500)
  )
  expect_identical(
    unclass(size(n = 99, top = 0.2))[c("smallest", "advised")],
    list(smallest = 20, advised = 100)
  )
  expect_message(datamap_audit_sample(map, n = 500), NA)
  expect_message(datamap_audit_sample(map, n = 100, top = 0.2), NA)
  expect_identical(size(n = 49, top = 0.1)$advised, 50)
})

# --- the result ---

test_that("an audit has a row per sample of the pool, most suspect first", {
  case <- audit_case(80, 40, 2)
  map <- case_map(case$score)[80:1, ]
  audit <- data.frame(
    id = as.character(which(case$is_audited)),
    is_wrong = as.integer(!case$is_right[case$is_audited])
  )[sample(40), ]
  found <- datamap_audit(map, audit, fdr = 0.2)
  expect_identical(class(found), c("datamap_audit", "data.frame"))
  expect_named(found, c(
    "id", "rank", "is_audited", "is_wrong", "p.value", "is_flagged"
  ))
  at <- found$id
  expect_identical(found$is_audited, case$is_audited[at])
  expect_identical(found$rank, rank(-case$score[at], ties.method = "min"))
  wrong <- ifelse(case$is_audited, !case$is_right, NA)[at]
  expect_identical(found$is_wrong, wrong)
  expected <- naive_flags(case$score, case$is_audited, case$is_right, 0.2)
  expect_equal(found$p.value, expected$p[at])
  expect_identical(found$is_flagged, expected$is_flagged[at])
  row <- glance.datamap_audit(found)
  n_wrong <- sum(case$is_audited & !case$is_right)
  expect_identical(
    as.list(row[setdiff(names(row), "z")]),
    list(
      samples = 80L, pool = 80L, audited = 40L, wrong = n_wrong, fdr = 0.2,
      flagged = sum(found$is_flagged),
      expected_wrong = sum(found$is_flagged) * 0.8, by = "avg_probs", top = 1
    )
  )
  terms <- tidy.datamap_audit(found)
  expect_identical(class(terms), "data.frame")
  expect_named(terms, c(
    "term", "k", "audited", "wrong", "estimate", "std.error", "conf.low",
    "conf.high"
  ))
  expect_identical(terms$term, c(rep("list", 10), "wrong labels"))
  first <- case$score >= case$score[[8]]
  expect_identical(
    as.list(terms[1, c("k", "audited", "wrong")]),
    list(
      k = sum(first), audited = sum(first & case$is_audited),
      wrong = sum(first & case$is_audited & !case$is_right)
    )
  )
  expect_equal(terms$estimate[[11]], n_wrong / 40)
  skip_if_not_installed("generics")
  expect_identical(generics::tidy(found), terms)
  expect_identical(generics::glance(found), row)
})

test_that("what could not be decided counts as right", {
  case <- audit_case(80, 40, 3)
  map <- case_map(case$score)
  audit <- data.frame(
    id = which(case$is_audited),
    is_wrong = !case$is_right[case$is_audited]
  )
  decided <- audit
  audit$is_wrong[!audit$is_wrong][1:3] <- NA
  message <- expect_message(
    found <- audit_of(map, audit), class = "datamap_message_na"
  )
  expect_identical(message$n, 3L)
  same <- audit_of(map, decided)
  expect_identical(found$p.value, same$p.value)
  expect_identical(tidy.datamap_audit(found), tidy.datamap_audit(same))
  expect_identical(sum(is.na(found$is_wrong[found$is_audited])), 3L)
  expect_output(print(found), "3 not decided, taken as right")
})

test_that("all wrong, none wrong, all checked, equal scores", {
  map <- case_map(40:1)
  audit <- data.frame(id = seq(2, 40, 2), is_wrong = TRUE)
  found <- datamap_audit(map, audit)
  expect_equal(unique(found$p.value[!found$is_audited]), 1 / 21)
  expect_identical(found$is_flagged, !found$is_audited)
  audit$is_wrong <- FALSE
  found <- datamap_audit(map, audit)
  expect_false(any(found$is_flagged))
  expect_output(print(found), "None of 20 was wrong")
  all <- datamap_audit(map, data.frame(id = 1:40, is_wrong = TRUE))
  expect_false(any(all$is_flagged))
  expect_identical(glance.datamap_audit(all)$z, NA_real_)
  terms <- tidy.datamap_audit(all)
  expect_identical(terms$conf.low, rep(1, 11))
  message <- expect_message(
    found <- datamap_audit(map, audit[1:8, ]),
    class = "datamap_message_audit_size"
  )
  expect_identical(message$n, 9)
  expect_false(any(found$is_flagged))
  # too few checked for some of the lists
  terms <- tidy.datamap_audit(audit_of(map, audit[20, ]))
  expect_identical(
    unlist(terms[1, c("estimate", "conf.low", "conf.high")]),
    c(estimate = NA, conf.low = 0, conf.high = 1)
  )
  equal <- case_map(rep(1, 40))
  audit$is_wrong[1:15] <- TRUE
  found <- datamap_audit(equal, audit)
  expect_equal(unique(found$p.value[!found$is_audited]), 6 / 21)
  expect_identical(glance.datamap_audit(found)$z, NA_real_)
  expect_identical(
    nrow(audit_of(map[1, ], data.frame(id = 1, is_wrong = TRUE))), 1L
  )
})

test_that("an audit of the easy half is told from a random one", {
  map <- case_map(stats::qnorm((400:1) / 401))
  audit <- data.frame(id = sample(201:400, 100), is_wrong = FALSE)
  warning <- expect_warning(
    found <- datamap_audit(map, audit), "less suspect",
    class = "datamap_warning_audit"
  )
  expect_gt(warning$z, 7.5)
  z <- vapply(1:300, function(seed) {
    set.seed(seed)
    # with ties
    audit_rank_z(rep(20:1, each = 10), seq_len(200) %in% sample(200, 30))
  }, 0)
  expect_lt(abs(stats::sd(z) - 1), 0.12)
  # the test statistic of Wilcoxon, with its correction for ties
  score <- rep(20:1, each = 10)
  is_audited <- seq_len(200) %in% sample(200, 30)
  test <- stats::wilcox.test(
    -score[is_audited], -score[!is_audited], exact = FALSE, correct = FALSE
  )
  z <- audit_rank_z(score, is_audited)
  expect_equal(2 * stats::pnorm(-abs(z)), test$p.value)
})

test_that("wrong answers and arguments are errors", {
  skip_on_cran()
  map <- case_map(40:1)
  audit <- data.frame(id = 1:20, is_wrong = FALSE)
  put <- function(...) utils::modifyList(audit, list(...))
  for (wrong in list(
    quote(datamap_audit(map)),
    quote(datamap_audit(map, 1)),
    quote(datamap_audit(map, audit["id"])),
    quote(datamap_audit(map, audit[0, ])),
    quote(datamap_audit(map, put(is_wrong = 2))),
    quote(datamap_audit(map, put(is_wrong = "yes"))),
    quote(datamap_audit(map, put(id = c(NA, 2:20)))),
    quote(datamap_audit(map, audit, fdr = 1)),
    quote(datamap_audit(map, audit, fdr = NULL)),
    quote(datamap_audit(map, audit, level = 0)),
    quote(datamap_audit(map, audit, top = 0)),
    quote(datamap_audit(map, audit, by = "label")),
    quote(datamap_audit_sample(map)),
    quote(datamap_audit_sample(map, n = 0)),
    quote(datamap_audit_sample(map, n = 1, seed = "a")),
    quote(datamap_audit_sample(map, n = 1, seed = 1e10)),
    quote(datamap_select(map, 0.5, by = "random", seed = 1e10)),
    quote(datamap_audit_sample(map, n = 1, by = 1))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input")
  }
  error_of <- function(...) {
    expect_error(audit_of(...), class = "datamap_error_input")
  }
  error <- error_of(map, put(id = c(1:19, 7)))
  expect_identical(error[c("key", "line")], list(key = "7", line = 20L))
  error <- error_of(map, put(id = c(1:19, 77)))
  expect_identical(error$key, "77")
  expect_match(conditionMessage(error), "not on the map")
  error <- error_of(map, audit, top = 0.2)
  expect_identical(error$key, "9")
  expect_match(
    conditionMessage(error), "not among the top 20 % by avg_probs",
    fixed = TRUE
  )
  error <- error_of(map, audit, by = "avg_prob")
  expect_identical(error$similar, "avg_probs")
  map$loss_last <- NA_real_
  error <- suppressMessages(error_of(map, audit, by = "loss_last"))
  expect_identical(error$key, "loss_last")
})

test_that("it prints what it says and what it does not", {
  case <- audit_case(200, 60, 7)
  map <- case_map(case$score)
  rows <- case$is_audited & case$score >= case$score[[100]]
  audit <- data.frame(id = which(rows), is_wrong = !case$is_right[rows])
  found <- audit_of(map, audit, top = 0.5, fdr = 0.2)
  lines <- capture.output(expect_invisible(print(found)))
  text <- gsub(" +", " ", paste(gsub("^# ", "", lines), collapse = " "))
  expect_match(text, "the top 50 % of 200 by avg_probs")
  expect_match(
    text, "on average at most 20 % of the flagged labels are right",
    fixed = TRUE
  )
  expect_match(text, "in the whole map at least")
  expect_match(text, "It does not say that of single classes")
  expect_match(text, "more rows")
  # a part of it says nothing of the whole
  expect_output(print(found[1:3, ]), "^ +id")
  expect_output(print(found["id"]), "^ +id")
  for (part in list(found[1:3, ], found["id"])) {
    expect_error(tidy.datamap_audit(part), class = "datamap_error_input")
    expect_error(glance.datamap_audit(part), class = "datamap_error_input")
    expect_error(
      ggplot2::autoplot(part), class = "datamap_error_input"
    )
  }
})

test_that("the plot has ten lists and the length that is flagged", {
  case <- audit_case(200, 60, 7)
  map <- case_map(case$score)
  audit <- data.frame(
    id = which(case$is_audited), is_wrong = !case$is_right[case$is_audited]
  )
  found <- datamap_audit(map, audit, fdr = 0.3)
  expect_true(any(found$is_flagged))
  plot <- ggplot2::autoplot(found)
  lists <- tidy.datamap_audit(found)[1:10, ]
  bars <- ggplot2::layer_data(plot, 2)
  expect_equal(bars$ymin, lists$conf.low)
  expect_equal(bars$ymax, lists$conf.high)
  points <- ggplot2::layer_data(plot, 3)
  expect_equal(points$x, lists$k)
  expect_equal(points$y, lists$estimate)
  last <- max(which(found$rank == max(found$rank[found$is_flagged])))
  expect_equal(ggplot2::layer_data(plot, 1)$xintercept, last)
  expect_match(plot$labels$alt, "Share of wrong labels by length")
  none <- ggplot2::autoplot(audit_of(map, audit, fdr = 0.01))
  expect_match(none$labels$subtitle, "none flagged")
  expect_identical(nrow(ggplot2::layer_data(none, 1)), 0L)
  as_draw(expect_invisible(plot(found)))
})

test_that("audits of runs that were trained keep what they promise", {
  skip_on_cran()
  skip_on_covr()
  runs <- same_runs()
  is_wrong <- function(ids) runs[[1]]$s_label[match(ids, runs[[1]]$id)] == 2
  found <- vapply(1:50, function(seed) {
    drawn <- suppressMessages(datamap_audit_sample(
      runs, n = 100, by = "aum", top = 0.3, seed = seed
    ))
    drawn$is_wrong <- is_wrong(drawn$id)
    audit <- datamap_audit(runs, drawn, by = "aum", top = 0.3)
    flagged <- audit$id[audit$is_flagged]
    lists <- tidy.datamap_audit(audit)[1:10, ]
    truth <- cumsum(is_wrong(audit$id))[lists$k] / lists$k
    c(
      false = sum(!is_wrong(flagged)) / max(1, length(flagged)),
      flagged = length(flagged),
      holds = all(lists$conf.low <= truth & truth <= lists$conf.high)
    )
  }, double(3))
  error <- stats::sd(found["false", ]) / sqrt(50)
  expect_lte(mean(found["false", ]), 0.1 + 2.5 * error)
  expect_gt(mean(found["flagged", ]), 20)
  expect_gte(mean(found["holds", ]), 0.9)
  # those who check what is at hand are warned
  easy <- runs[[1]][order(-runs[[1]]$aum), ][seq(1, 500, 5), ]
  picked <- data.frame(id = easy$id, is_wrong = easy$s_label == 2)
  expect_warning(
    datamap_audit(runs, picked, by = "aum"), class = "datamap_warning_audit"
  )
})
