# What intervals, reliabilities and audits promise, held against runs that were
# trained: makes vignettes/reliability.csv, intervals.csv, audits.csv and
# negative.csv, which the vignette "How sure is a data map?" shows, and the runs
# of one recipe in tests/testthat/fixtures/same. Run it from the root of the
# package, with the package installed:
#
#   Rscript data-raw/calibration.R
#
# It takes some ten minutes of two processors, and ends with the goals. See
# signals.R for what else it needs.

library(datacarto)
source("data-raw/same-labels.R")

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
  utils::write.csv(
    x, file.path("vignettes", paste0(name, ".csv")), row.names = FALSE
  )
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

# Audits -----------------------------------------------------------------------

audit_cells <- expand.grid(
  m = c(50L, 100L, 250L, 500L), top = c(1, 0.2), by = c("avg_probs", "aum"),
  setup = setups$setup, stringsAsFactors = FALSE
)
audit_cells <- audit_cells[audit_cells$m < 500 | audit_cells$top == 1, ]
# 500 of 2,100 are checked for the share of wrong labels alone
audit_cells <- audit_cells[audit_cells$m < 500 | audit_cells$by == "aum", ]

# What one audit said, and what is true.
judge <- function(map, answers, by, top, n_wrong) {
  found <- suppressMessages(datamap_audit(map, answers, by = by, top = top))
  is_wrong <- map$s_label[match(found$id, map$id)] == 2
  # flags at other bounds: the tests hold these to be the same
  open <- !found$is_audited
  adjusted <- stats::p.adjust(found$p.value[open], "BH")
  flags <- lapply(c(0.05, 0.1, 0.2), function(fdr) {
    is_flagged <- adjusted <= fdr * (1 + 1e-12)
    c(
      sum(is_flagged), sum(is_flagged & !is_wrong[open]),
      sum(is_flagged & is_wrong[open]) / n_wrong
    )
  })
  terms <- generics::tidy(found)
  lists <- terms[terms$term == "list", ]
  truth <- cumsum(is_wrong)[lists$k] / lists$k
  holds <- function(rows, truth) {
    rows$conf.low <= truth + 1e-9 & truth <= rows$conf.high + 1e-9
  }
  share <- terms[terms$term == "wrong labels", ]
  regression <- terms[terms$term == "wrong labels, regression", ]
  is_there <- nrow(regression) == 1
  c(
    unlist(flags),
    all(lists$conf.low <= truth + 1e-9), all(holds(lists, truth)),
    holds(share, mean(is_wrong)), share$conf.high - share$conf.low,
    if (is_there) holds(regression, mean(is_wrong)) else NA,
    if (is_there) regression$conf.high - regression$conf.low else NA,
    sum(answers$is_wrong)
  )
}

judged <- c(
  paste0(rep(c("flagged", "right", "power"), 3), "_",
         rep(c("05", "10", "20"), each = 3)),
  "lists_low", "lists", "share", "share_width", "regression",
  "regression_width", "found"
)

audit_cell <- function(cell, all_runs) {
  runs <- all_runs[[cell$setup]]
  found <- vapply(seq_len(n_audits), function(audit) {
    map <- runs[[1 + audit %% n_runs]]
    # the first of many are the same as few, without a message to be worded
    drawn <- datamap_audit_sample(
      map, n = round(cell$top * nrow(map)), by = cell$by, top = cell$top,
      seed = audit
    )[seq_len(cell$m), ]
    drawn$is_wrong <- map$s_label[match(drawn$id, map$id)] == 2
    # one in some ten thousand random audits is warned of
    suppressWarnings(judge(
      map, drawn, cell$by, cell$top, sum(map$s_label == 2) - sum(drawn$is_wrong)
    ), classes = "datamap_warning_audit")
  }, double(length(judged)))
  rownames(found) <- judged
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
  data.frame(
    cell[c("setup", "by", "top", "m")], wrong_in_audit = mean_of("found"),
    do.call(c, per_fdr), lists_low = mean_of("lists_low"),
    lists = mean_of("lists"), share = mean_of("share"),
    share_width = mean_of("share_width"), regression = mean_of("regression"),
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

report <- function(reliability, intervals, audits, negative) {
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
  print(negative, digits = 3, row.names = FALSE)
}

# Making it --------------------------------------------------------------------

source("data-raw/signal-files.R")
all_runs <- train_setups()
write_fixture(all_runs[["satellite, symmetric"]], "symmetric")
write_fixture(all_runs[["satellite, class-dependent"]], "class-dependent")
reliability <- reliability_table(all_runs)
write_table(reliability, "reliability")
intervals <- interval_table(all_runs)
write_table(intervals, "intervals")
audits <- audit_table(all_runs)
write_table(audits, "audits")
negative <- negative_table(all_runs)
write_table(negative, "negative")
report(reliability, intervals, audits, negative)
