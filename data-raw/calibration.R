# What intervals, reliabilities, regions, comparisons and audits promise, held
# against runs that were trained: makes the tables reliability,
# intervals, regions, comparisons, audits and negative of vignettes/ (.csv.gz),
# which the vignette "How sure is a data map?" shows, and the runs of one recipe
# in tests/testthat/fixtures/same. Run it from the root of the package, with the
# package installed:
#
#   Rscript data-raw/calibration.R
#
# It takes some four minutes of processor time, and ends with the goals. See
# signals.R for what else it needs.

library(datacarto)
source("data-raw/same-labels.R")
source("data-raw/signal-files.R")

n_draws <- 60
n_others <- 6
n_audits <- 250
reliability_metrics <- c(
  "avg_probs", "label_var", "correct_ratio", "forgetting_times", "aum",
  "loss_last", "el2n"
)
interval_metrics <- c(
  "avg_probs", "label_var", "aum", "correct_times", "forgetting_times"
)

# Rows of `f(i)`, of two processes.
rows_of <- function(x, f) {
  do.call(rbind, parallel::mclapply(x, f, mc.cores = 2))
}

write_table <- function(x, name) {
  is_share <- vapply(x, is.double, NA)
  x[is_share] <- lapply(x[is_share], signif, 4)
  write_csv_gzip(x, file.path("vignettes", paste0(name, ".csv.gz")))
}

# Fixtures ---------------------------------------------------------------------

# Five runs of a part of the samples, with three or four significant digits.
write_fixture <- function(runs, kind, n = 1000) {
  set.seed(label_seed)
  keep <- sort(sample.int(nrow(runs[[1]]), n))
  d <- datamap_runs(
    lapply(runs[1:5], function(map) map[keep, ]),
    metrics = c(
      "avg_probs", "label_var", "correct_times", "correct_ratio",
      "forgetting_times", "aum"
    )
  )
  rounded <- c("avg_probs", "label_var", "aum", "correct_ratio")
  d[rounded] <- Map(signif, d[rounded], c(4, 3, 4, 4))
  file <- tempfile()
  utils::write.csv(d, file, row.names = FALSE, quote = FALSE)
  folder <- "tests/testthat/fixtures/same"
  dir.create(folder, showWarnings = FALSE)
  write_gzip(readLines(file), file.path(folder, paste0(kind, ".csv.gz")))
}

# Reliability ------------------------------------------------------------------

single_iccs <- function(runs) {
  found <- suppressMessages(
    datamap_reliability(runs, metrics = reliability_metrics)
  )
  found[found$term == "ICC(A,1)", ]
}

# The interval of k runs against what six other ones gave, which is no truth
# either: so it is widened.
reliability_of_draw <- function(runs, draw) {
  set.seed(draw)
  order <- sample.int(n_runs)
  other <- single_iccs(runs[order[seq_len(n_others)]])$estimate
  mine <- order[-seq_len(n_others)]
  do.call(rbind, lapply(3:5, function(k) {
    found <- single_iccs(runs[mine[seq_len(k)]])
    z <- atanh(found$estimate)
    half <- (atanh(found$conf.high) - z) * sqrt(1 + k / n_others)
    data.frame(
      metric = found$metric, k = k, covered = abs(atanh(other) - z) <= half,
      width = found$conf.high - found$conf.low
    )
  }))
}

reliability_table <- function(all_runs) {
  rows_of(seq_len(nrow(setups)), function(i) {
    runs <- all_runs[[setups$setup[[i]]]]
    drawn <- do.call(rbind, lapply(seq_len(n_draws), function(draw) {
      reliability_of_draw(runs, draw)
    }))
    drawn$covered <- as.double(drawn$covered)
    shares <- stats::aggregate(cbind(covered, width) ~ metric + k, drawn, mean)
    all <- datamap_reliability(runs, metrics = reliability_metrics)
    whole <- all[all$term == "ICC(A,1)", ]
    five <- single_iccs(runs[1:5])
    overlap <- generics::glance(all)[c(
      "metric", "overlap", "overlap_min", "overlap_max"
    )]
    out <- cbind(
      setups[i, c("data", "kind")], shares,
      icc = whole$estimate[match(shares$metric, whole$metric)],
      icc_low = whole$conf.low[match(shares$metric, whole$metric)],
      icc_high = whole$conf.high[match(shares$metric, whole$metric)],
      five = five$estimate[match(shares$metric, five$metric)],
      overlap[match(shares$metric, overlap$metric), -1]
    )
    out[order(match(out$metric, reliability_metrics), out$k), ]
  })
}

# Intervals --------------------------------------------------------------------

intervals_of_draw <- function(runs, metric, draw) {
  set.seed(draw)
  order <- sample.int(n_runs)
  values <- vapply(runs[order], function(map) as.double(map[[metric]]),
                   double(nrow(runs[[1]])))
  mean_of_six <- rowMeans(values[, n_runs + 1 - seq_len(n_others)])
  do.call(rbind, lapply(c(2, 3, 5), function(k) {
    found <- suppressMessages(
      datamap_intervals(runs[order[seq_len(k)]], metric)
    )
    fresh <- values[, -seq_len(k)]
    inside <- colMeans(found$pred.low <= fresh & fresh <= found$pred.high)
    half <- stats::qnorm(0.975) * found$std.error * sqrt(1 + k / n_others)
    data.frame(
      metric = metric, k = k, fresh = mean(inside), lowest = min(inside),
      highest = max(inside),
      mean = mean(abs(mean_of_six - found$estimate) <= half),
      width = mean(found$pred.high - found$pred.low)
    )
  }))
}

interval_table <- function(all_runs, draws = 20) {
  rows_of(seq_len(nrow(setups)), function(i) {
    runs <- all_runs[[setups$setup[[i]]]]
    do.call(rbind, lapply(interval_metrics, function(metric) {
      drawn <- do.call(rbind, lapply(seq_len(draws), function(draw) {
        intervals_of_draw(runs, metric, draw)
      }))
      parts <- split(drawn, drawn$k)
      do.call(rbind, lapply(parts, function(part) {
        data.frame(
          setups[i, c("data", "kind")], metric = metric, k = part$k[[1]],
          fresh = mean(part$fresh), fresh_lowest = min(part$lowest),
          fresh_highest = max(part$highest), mean = mean(part$mean),
          width = mean(part$width)
        )
      }))
    }))
  })
}

# Regions ----------------------------------------------------------------------

region_names <- c("hard-to-learn", "ambiguous", "easy-to-learn")
region_bins <- 10

# For each region and bin of its probability: how many, the sum of the
# probabilities, and what share of the other runs put there, summed. With it the
# Brier scores of the probabilities, of the region of the means, and of that of
# the first run.
regions_of_draw <- function(runs, codes, draw) {
  set.seed(draw)
  order <- sample.int(n_runs)
  do.call(rbind, lapply(c(2, 3, 5), function(k) {
    found <- datamap_region_probs(runs[order[seq_len(k)]])
    probs <- as.matrix(as.data.frame(found)[region_names])
    fresh <- codes[, order[-seq_len(k)]]
    seen <- vapply(1:3, function(r) rowMeans(fresh == r), double(nrow(fresh)))
    bin <- as.vector(ceiling(probs * region_bins))
    cell <- factor(
      bin + region_bins * (as.vector(col(probs)) - 1L), seq_len(3 * region_bins)
    )
    sum_of <- function(x) {
      as.vector(tapply(as.vector(x), cell, sum, default = 0))
    }
    brier <- function(p) {
      mean(vapply(seq_len(ncol(fresh)), function(j) {
        mean(rowSums((p - outer(fresh[, j], 1:3, `==`))^2))
      }, 0))
    }
    data.frame(
      k = k, cell = seq_len(3 * region_bins), n = sum_of(probs >= 0),
      p = sum_of(probs), seen = sum_of(seen), brier = brier(probs),
      brier_means = brier(outer(as.integer(found$region), 1:3, `==`)),
      brier_one = brier(outer(codes[, order[[1]]], 1:3, `==`))
    )
  }))
}

region_table <- function(all_runs, draws = 20) {
  rows_of(seq_len(nrow(setups)), function(i) {
    runs <- all_runs[[setups$setup[[i]]]]
    codes <- vapply(runs, function(map) {
      as.integer(datamap_regions(map)$region)
    }, integer(nrow(runs[[1]])))
    agreement <- utils::combn(n_runs, 2, function(pair) {
      mean(codes[, pair[[1]]] == codes[, pair[[2]]])
    })
    drawn <- do.call(rbind, lapply(seq_len(draws), function(draw) {
      regions_of_draw(runs, codes, draw)
    }))
    do.call(rbind, lapply(split(drawn, drawn$k), function(part) {
      cells <- rowsum(part[c("n", "p", "seen")], part$cell)
      off <- abs(cells$p - cells$seen) / pmax(cells$n, 1)
      data.frame(
        setups[i, c("data", "kind")], k = part$k[[1]],
        error = sum(off * cells$n) / sum(cells$n),
        # of bins that hold one sample and region in a hundred
        largest = max(off[cells$n >= sum(cells$n) / 100]),
        brier = mean(part$brier), brier_means = mean(part$brier_means),
        brier_one = mean(part$brier_one), agreement = mean(agreement),
        agreement_min = min(agreement), agreement_max = max(agreement)
      )
    }))
  })
}

# Comparisons ------------------------------------------------------------------

# Four runs against four others of the same recipe: whatever is found is false.
comparison_of_draw <- function(runs, draw) {
  set.seed(draw)
  order <- sample.int(n_runs)
  found <- datamap_compare(
    runs[order[1:4]], runs[order[5:8]], metrics = comparison_metrics
  )
  about <- generics::glance(found)
  data.frame(
    metric = found$term, false = found$p.value <= 0.05,
    # single samples, by the metric
    family = vapply(found$term, function(metric) {
      one <- datamap_compare(
        runs[order[1:4]], runs[order[5:8]], metrics = metric
      )
      generics::glance(one)$changed > 0
    }, NA),
    moved = about$moved, moved_within = about$moved_within
  )
}

comparison_metrics <- c(
  "avg_probs", "label_var", "correct_ratio", "forgetting_times"
)

comparison_table <- function(all_runs) {
  rows_of(seq_len(nrow(setups)), function(i) {
    runs <- all_runs[[setups$setup[[i]]]]
    drawn <- do.call(rbind, lapply(seq_len(n_draws), function(draw) {
      comparison_of_draw(runs, draw)
    }))
    parts <- split(drawn, factor(drawn$metric, comparison_metrics))
    do.call(rbind, lapply(parts, function(part) {
      data.frame(
        setups[i, c("data", "kind")], metric = part$metric[[1]],
        draws = nrow(part), false = mean(part$false),
        family = mean(part$family), moved = mean(part$moved),
        moved_within = mean(part$moved_within)
      )
    }))
  })
}

# Audits -----------------------------------------------------------------------

audit_cells <- expand.grid(
  m = c(50L, 100L, 250L, 500L), top = c(1, 0.2), by = c("avg_probs", "aum"),
  setup = setups$setup, stringsAsFactors = FALSE
)
audit_cells <- audit_cells[audit_cells$m < 500 | audit_cells$top == 1, ]
# 500 of 2,100 are checked for the share of wrong labels alone
audit_cells <- audit_cells[audit_cells$m < 500 | audit_cells$by == "aum", ]

# What datamap_audit() works with once it has checked what it was given, made
# once for each pool, since thousands of audits are drawn from it. One of each
# cell goes through datamap_audit() itself, and must come out the same.
own <- asNamespace("datacarto")

pool_of <- function(map, by, top) {
  runs <- own$take_runs(map)
  pool <- own$audit_pool(runs, by, top, NULL)
  score <- pool$score
  cut <- score[round(length(score) * (1:10) / 10)]
  list(
    map = map, runs = runs, pool = pool,
    is_wrong = map$s_label[pool$rows] == 2, n_wrong = sum(map$s_label == 2),
    k = findInterval(-cut, -score)
  )
}

# What one audit said, and what is true.
judge <- function(of, is_audited) {
  score <- of$pool$score
  is_right <- is_audited & !of$is_wrong
  n_found <- sum(is_audited) - sum(is_right)
  flags <- lapply(c(0.05, 0.1, 0.2), function(fdr) {
    is_flagged <- own$audit_flags(score, is_audited, is_right, fdr)$is_flagged
    n_flagged <- sum(is_flagged)
    n_wrong <- sum(is_flagged & of$is_wrong)
    c(n_flagged, n_flagged - n_wrong, n_wrong / (of$n_wrong - n_found))
  })
  regression <- own$audit_regression(
    of$runs, of$pool, is_audited, is_right, 0.95
  )
  truth <- mean(of$is_wrong)
  c(
    unlist(flags), n_found,
    if (is.null(regression)) c(NA, NA) else c(
      regression$conf.low <= truth && truth <= regression$conf.high,
      regression$conf.high - regression$conf.low
    ),
    cumsum(is_audited)[of$k], cumsum(is_right)[of$k]
  )
}

judged <- c(
  paste0(rep(c("flagged", "right", "power"), 3), "_",
         rep(c("05", "10", "20"), each = 3)),
  "found", "regression", "regression_width",
  paste0("audited_", 1:10), paste0("is_right_", 1:10)
)

# Which of the lists' bounds hold, of all audits of a cell at once: a row for
# each list, a column for each audit.
judge_lists <- function(found, pools, lists, tail) {
  of_audit <- 1 + seq_len(n_audits) %% n_runs
  get <- function(f) vapply(pools[of_audit], f, double(length(lists)))
  k <- get(function(of) as.double(of$k[lists]))
  truth <- get(function(of) cumsum(!of$is_wrong)[of$k[lists]])
  bounds <- own$hyper_bounds(
    k, found[paste0("audited_", lists), ], found[paste0("is_right_", lists), ],
    tail
  )
  shape <- function(x) matrix(x, length(lists))
  list(
    low = shape(truth <= bounds$high), both = shape(
      bounds$low <= truth & truth <= bounds$high
    ),
    width = mean((bounds$high - bounds$low) / k)
  )
}

check_one <- function(of, is_audited, found, cell) {
  answers <- data.frame(
    id = of$runs$ids[of$pool$rows][is_audited],
    is_wrong = of$is_wrong[is_audited]
  )
  audit <- suppressMessages(
    datamap_audit(of$map, answers, by = cell$by, top = cell$top)
  )
  lists <- generics::tidy(audit)[1:10, ]
  stopifnot(
    sum(audit$is_flagged) == found[["flagged_10"]],
    lists$k == of$k,
    lists$audited == found[paste0("audited_", 1:10)],
    lists$audited - lists$wrong == found[paste0("is_right_", 1:10)]
  )
}

audit_cell <- function(cell, all_runs) {
  pools <- lapply(all_runs[[cell$setup]], pool_of, cell$by, cell$top)
  found <- vapply(seq_len(n_audits), function(audit) {
    of <- pools[[1 + audit %% n_runs]]
    size <- length(of$is_wrong)
    set.seed(audit)
    is_audited <- seq_len(size) %in% sample.int(size, cell$m)
    found <- stats::setNames(judge(of, is_audited), judged)
    if (audit == 1) {
      check_one(of, is_audited, found, cell)
    }
    found
  }, double(length(judged)))
  mean_of <- function(name) mean(found[name, ], na.rm = TRUE)
  false_share <- function(at) {
    found[paste0("right_", at), ] / pmax(1, found[paste0("flagged_", at), ])
  }
  per_fdr <- lapply(c("05", "10", "20"), function(at) {
    out <- list(
      mean(false_share(at)), stats::sd(false_share(at)) / sqrt(n_audits),
      mean(found[paste0("flagged_", at), ] > 0), mean_of(paste0("power_", at))
    )
    stats::setNames(
      out, paste0(c("false_", "error_", "some_", "power_"), at)
    )
  })
  lists <- judge_lists(found, pools, 1:10, 0.05 / 20)
  share <- judge_lists(found, pools, 10, 0.05 / 2)
  data.frame(
    cell[c("setup", "by", "top", "m")], wrong_in_audit = mean_of("found"),
    do.call(c, per_fdr), lists_low = mean(colSums(!lists$low) == 0),
    lists = mean(colSums(!lists$both) == 0), share = mean(share$both),
    share_width = share$width, regression = mean_of("regression"),
    regression_width = mean_of("regression_width"),
    # where there were too few wrong labels for the regression
    regressions = sum(!is.na(found["regression", ]))
  )
}

audit_table <- function(all_runs) {
  rows_of(seq_len(nrow(audit_cells)), function(i) {
    audit_cell(audit_cells[i, ], all_runs)
  })
}

# What does not work -----------------------------------------------------------

# Checking a hundred of the easy half only.
biased_audits <- function(runs) {
  rows_of(seq_len(n_audits), function(audit) {
    map <- runs[[1 + audit %% n_runs]]
    set.seed(audit)
    easy <- map$id[map$avg_probs >= stats::median(map$avg_probs)]
    answers <- data.frame(id = sample(easy, 100))
    answers$is_wrong <- map$s_label[match(answers$id, map$id)] == 2
    warned <- FALSE
    found <- withCallingHandlers(
      suppressMessages(datamap_audit(map, answers)),
      datamap_warning_audit = function(w) {
        warned <<- TRUE
        tryInvokeRestart("muffleWarning")
      }
    )
    ids <- found$id[found$is_flagged]
    data.frame(
      warned = warned, z = generics::glance(found)$z,
      false = sum(map$s_label[match(ids, map$id)] != 2) / max(1, length(ids))
    )
  })
}

# The share of wrong labels by a mixture of two beta distributions of
# 1 - avg_probs, fitted by moments: the upper component is taken for the wrong.
mixture_share <- function(avg_probs) {
  x <- pmin(pmax(1 - avg_probs, 1e-3), 1 - 1e-3)
  weight <- x # how much a sample is of the upper component
  for (step in 1:200) {
    density <- lapply(list(1 - weight, weight), function(w) {
      m <- sum(w * x) / sum(w)
      n <- m * (1 - m) / (sum(w * (x - m)^2) / sum(w)) - 1
      mean(w) * stats::dbeta(x, m * n, (1 - m) * n)
    })
    weight <- density[[2]] / (density[[1]] + density[[2]])
  }
  mean(weight)
}

negative_table <- function(all_runs) {
  biased <- biased_audits(all_runs[["satellite, symmetric"]])
  clean <- c("satellite, none", "spam, none")
  rbind(
    data.frame(
      what = c(
        "biased audit, false share", "biased audit, smallest z",
        "biased audit, warned"
      ),
      value = c(mean(biased$false), min(abs(biased$z)), mean(biased$warned))
    ),
    data.frame(
      what = paste0("mixture on right labels, ", sub(",.*", "", clean)),
      value = vapply(clean, function(name) {
        mixture_share(all_runs[[name]][[1]]$avg_probs)
      }, 1)
    ),
    data.frame(
      what = paste0("mixture with a tenth wrong, ", setups$setup),
      value = vapply(setups$setup, function(name) {
        mixture_share(all_runs[[name]][[1]]$avg_probs)
      }, 1)
    )
  )
}

# The goals --------------------------------------------------------------------

goal <- function(what, found, holds) {
  print_line(if (all(holds)) "reached  " else "MISSED   ", what, ": ", found)
}

report <- function(tables) {
  reliability <- tables$reliability
  intervals <- tables$intervals
  regions <- tables$regions
  comparisons <- tables$comparisons
  audits <- tables$audits
  show <- function(x) paste(sprintf("%.3f", x), collapse = " ")
  by_k <- tapply(reliability$covered, reliability$k, mean)
  goal("jackknife interval, k = 3, 4, 5, .90 to .99", show(by_k),
       by_k >= 0.9 & by_k <= 0.99)
  goal("  the same, lowest set-up and metric", show(min(reliability$covered)),
       TRUE)
  goal("fresh run, lowest and highest, .89 to 1", show(range(intervals$fresh)),
       intervals$fresh >= 0.89)
  by <- tapply(intervals$mean, intervals[c("metric", "k")], mean)
  goal("mean over runs, .90 to .98", show(range(by)), by >= 0.9 & by <= 0.98)
  goal("  lowest set-up, .86", show(min(intervals$mean)),
       intervals$mean >= 0.86)
  goal("regions, calibration error, .03", show(range(regions$error)),
       regions$error <= 0.03)
  goal("  the same, largest in a bin", show(max(regions$largest)), TRUE)
  goal("  Brier score, below that of the means",
       show(range(regions$brier / regions$brier_means)),
       regions$brier < regions$brier_means)
  goal("false changes of metrics at .05, of equal recipes, mean and largest",
       show(c(mean(comparisons$false), max(comparisons$false))),
       mean(comparisons$false) <= 0.075)
  error <- sqrt(0.05 * 0.95 / n_draws)
  goal("  of any single sample",
       show(c(mean(comparisons$family), max(comparisons$family))),
       comparisons$family <= 0.05 + 2.5 * error)
  for (at in c("05", "10", "20")) {
    false <- audits[[paste0("false_", at)]]
    over <- (false - as.numeric(at) / 100) / audits[[paste0("error_", at)]]
    over <- max(over[is.finite(over)])
    goal(
      paste0("mean false share at fdr .", at, ", largest, and errors above"),
      show(c(max(false), over)), over <= 2.5
    )
  }
  is_it <- audits$setup == "satellite, symmetric" & audits$top == 0.2 &
    audits$m == 100
  goal("power at fdr .1, m = 100, top .2, .5", show(audits$power_10[is_it]),
       audits$power_10[is_it] >= 0.5)
  goal("lists, .93", show(min(audits$lists)), audits$lists >= 0.93)
  goal("share, exact", show(min(audits$share)), audits$share >= 0.93)
  regression <- audits$regression[audits$regressions > 200]
  goal("share, regression, .92", show(min(regression)), regression >= 0.92)
  print(tables$negative, digits = 3, row.names = FALSE)
}

# Making it --------------------------------------------------------------------

all_runs <- train_setups()
write_fixture(all_runs[["satellite, symmetric"]], "symmetric")
write_fixture(all_runs[["satellite, class-dependent"]], "class-dependent")
makers <- list(
  reliability = reliability_table, intervals = interval_table,
  regions = region_table, comparisons = comparison_table,
  audits = audit_table, negative = negative_table
)
tables <- lapply(stats::setNames(nm = names(makers)), function(name) {
  table <- makers[[name]](all_runs)
  write_table(table, name)
  table
})
report(tables)
