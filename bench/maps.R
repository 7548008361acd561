# A map of ten million samples: what is done with it in R, beside the same in
# data.table with one thread.

measure_maps <- function(rounds) {
  if (!requireNamespace("data.table", quietly = TRUE)) {
    return(NULL)
  }
  data.table::setDTthreads(1)
  say("maps: ten million samples")
  load <- load_now()
  map <- made_up_map(1e7)
  pairs <- map_jobs(map, data.table::as.data.table(as.data.frame(map)))
  do.call(rbind, lapply(names(pairs), function(name) {
    say("maps: ", name)
    times <- time_jobs(pairs[[name]], rounds)
    data.frame(what = name, compare_jobs(times, "own", "other"), load = load)
  }))
}

# A map with the columns that filters, groups and summaries go by.
made_up_map <- function(n) {
  set.seed(1)
  right <- sample(0:6, n, replace = TRUE)
  datacarto::as_datamap(data.frame(
    id = seq_len(n),
    label = sample(0:2, n, replace = TRUE),
    s_label = sample(0:2, n, replace = TRUE),
    correct_times = right,
    correct_ratio = right / 6,
    avg_probs = stats::runif(n),
    label_var = stats::runif(n) / 10,
    forgetting_times = sample(0:4, n, replace = TRUE),
    learnt_times = sample(0:4, n, replace = TRUE),
    evaluations = 6L
  ))
}

map_jobs <- function(map, table) {
  group <- function(group) {
    groups <- data.table::data.table(id = table$id, group = group)
    groups[, .N, by = "group"]
  }
  list(
    "datamap_filter(), one condition" = list(
      own = function() datacarto::datamap_filter(map, "label_var", 0.05),
      other = function() table[table$label_var >= 0.05]
    ),
    "datamap_filter(), two" = list(
      own = function() {
        datacarto::datamap_filter(map, "label_var", 0.05, use_l_times = 1)
      },
      other = function() {
        table[table$label_var >= 0.05 & table$learnt_times >= 1]
      }
    ),
    "datamap_groups()" = list(
      own = function() datacarto::datamap_groups(map),
      other = function() {
        limits <- c(0, 0.2, 0.4, 0.6, 0.8, 1, Inf)
        group(cut(table$correct_ratio, limits, right = FALSE))
      }
    ),
    "datamap_groups(), use_f_times" = list(
      own = function() datacarto::datamap_groups(map, use_f_times = 0),
      other = function() {
        times <- table$forgetting_times
        ratio <- table$correct_ratio
        group(factor(data.table::fcase(
          times >= 3, ">=3", times == 2, "=2", times == 1, "=1",
          ratio == 0, "-", ratio == 1, "=0", times == 0, "-+"
        )))
      }
    ),
    "datamap_groups(), group_by" = list(
      own = function() datacarto::datamap_groups(map, group_by = "avg_probs"),
      other = function() {
        group(cut(table$avg_probs, seq(0, 1, 0.2), right = FALSE))
      }
    ),
    "summary()" = list(
      own = function() summary(map),
      other = function() {
        signals <- c("avg_probs", "label_var", "correct_ratio",
                     "forgetting_times", "learnt_times")
        list(
          table[, .N, keyby = "correct_times"],
          table[, .N, keyby = "s_label"],
          table[, .N, keyby = "label"],
          table[, lapply(.SD, stats::quantile), .SDcols = signals]
        )
      }
    )
  )
}
