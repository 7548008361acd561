# What is done in R with a map of ten million samples, with M's lines and with a
# table of a million rows, beside the same in data.table with one thread.

measure_maps <- function(rounds, place, keep, samples = 1e7) {
  if (!requireNamespace("data.table", quietly = TRUE)) {
    return(invisible())
  }
  data.table::setDTthreads(1)
  map <- made_up_map(samples)
  compare_pairs(map_jobs(map, data.table::as.data.table(map)), rounds, keep)
  small <- map[seq_len(samples / 10), ]
  rm(map)
  compare_pairs(selection_jobs(small), rounds, keep)
  compare_pairs(long_jobs(signals(place, shape())), rounds, keep)
}

# The jobs `own` and `other`, which is named by `beside`. `same` says whether
# their results agree.
compare_pairs <- function(pairs, rounds, keep) {
  for (pair in pairs) {
    say("maps: ", pair$what)
    load <- load_now()
    own <- pair$own()
    other <- pair$other()
    stopifnot(pair$same(own, other))
    rm(own, other)
    times <- time_jobs(pair[c("own", "other")], rounds)
    keep(data.frame(
      what = pair$what, beside = pair$beside,
      compare_jobs(times, "own", "other"), load = load
    ))
  }
}

pair <- function(what, beside, own, other, same) {
  list(what = what, beside = beside, own = own, other = other, same = same)
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
  same_ids <- function(own, other) identical(own$id, other$id)
  same_counts <- function(own, other) {
    identical(sort(unname(attr(own, "counts"))), sort(other$N))
  }
  list(
    pair(
      "datamap_filter(), one condition", "data.table",
      function() datacarto::datamap_filter(map, "label_var", 0.05),
      function() table[table$label_var >= 0.05], same_ids
    ),
    pair(
      "datamap_filter(), two", "data.table",
      function() {
        datacarto::datamap_filter(map, "label_var", 0.05, use_l_times = 1)
      },
      function() table[table$label_var >= 0.05 & table$learnt_times >= 1],
      same_ids
    ),
    pair(
      "datamap_groups()", "data.table",
      function() datacarto::datamap_groups(map),
      function() {
        limits <- c(0, 0.2, 0.4, 0.6, 0.8, 1, Inf)
        group(cut(table$correct_ratio, limits, right = FALSE))
      }, same_counts
    ),
    pair(
      "datamap_groups(), use_f_times", "data.table",
      function() datacarto::datamap_groups(map, use_f_times = 0),
      function() {
        times <- table$forgetting_times
        ratio <- table$correct_ratio
        group(factor(data.table::fcase(
          times >= 3, ">=3", times == 2, "=2", times == 1, "=1",
          ratio == 0, "-", ratio == 1, "=0", times == 0, "-+"
        )))
      }, same_counts
    ),
    pair(
      "datamap_groups(), group_by", "data.table",
      function() datacarto::datamap_groups(map, group_by = "avg_probs"),
      function() group(cut(table$avg_probs, seq(0, 1, 0.2), right = FALSE)),
      same_counts
    ),
    pair(
      "summary()", "data.table",
      function() summary(map),
      function() {
        signals <- c("avg_probs", "label_var", "correct_ratio",
                     "forgetting_times", "learnt_times")
        list(
          table[, .N, keyby = "correct_times"],
          table[, .N, keyby = "s_label"],
          table[, .N, keyby = "label"],
          table[, lapply(.SD, stats::quantile), .SDcols = signals]
        )
      },
      function(own, other) identical(unname(own$label), other[[3]]$N)
    ),
    pair(
      "datamap_select(), n = 1000", "partial sort()",
      function() quietly(datacarto::datamap_select(map, n = 1000)),
      function() {
        least <- -sort(-table$label_var, partial = 1000)[1000]
        table[table$label_var >= least]
      }, same_ids
    ),
    pair(
      "datamap_select(), a third per label", "data.table",
      function() quietly(datacarto::datamap_select(map, 0.33, per = "label")),
      function() {
        ranked <- table[, c("label", "label_var")]
        ranked$row <- seq_len(nrow(table))
        data.table::setorderv(ranked, "label_var", -1)
        rows <- ranked[, list(row = head(.SD$row, round(0.33 * .N))),
                       by = "label"]$row
        table[sort(rows)]
      }, same_ids
    ),
    pair(
      "datamap_detect()", "auroc by frank()",
      function() quietly(datacarto::datamap_detect(map)),
      function() auroc_by_rank(table),
      function(own, other) {
        isTRUE(all.equal(own$auroc, unname(other[own$metric])))
      }
    )
  )
}

quietly <- function(job) suppressMessages(job)

# The probability that a wrong label is more suspect than a right one, by the
# ranks alone: datamap_detect() gives two more scores of each metric.
auroc_by_rank <- function(table) {
  is_wrong <- table$s_label == 2
  wrong <- as.numeric(sum(is_wrong))
  low <- c("avg_probs", "correct_times", "correct_ratio")
  high <- c("label_var", "forgetting_times", "learnt_times")
  ranked <- vapply(c(low, high), function(metric) {
    sum(data.table::frank(table[[metric]])[is_wrong])
  }, 0)
  above <- (ranked - wrong * (wrong + 1) / 2) /
    (wrong * (length(is_wrong) - wrong))
  c(1 - above[low], above[high])
}

# A third of the rows of a table, from a path into a file.
selection_jobs <- function(map) {
  data <- tempfile(fileext = ".tsv")
  own <- tempfile(fileext = ".tsv")
  other <- tempfile(fileext = ".tsv")
  data.table::fwrite(data.frame(
    id = map$id, label = map$label,
    text = paste("The text of sample", map$id, "as it was trained on.")
  ), data, sep = "\t", quote = FALSE)
  chosen <- quietly(datacarto::datamap_select(map, 0.33))
  list(pair(
    "datamap_write_selection()", "fread(), match(), fwrite()",
    function() {
      quietly(datacarto::datamap_write_selection(chosen, data, own))
    },
    function() {
      table <- data.table::fread(data, sep = "\t", quote = "")
      is_chosen <- !is.na(match(table$id, chosen$id))
      data.table::fwrite(table[is_chosen], other, sep = "\t", quote = FALSE)
    },
    function(...) identical(readLines(own), readLines(other))
  ))
}

# The table of all lines, beside what it takes at least.
long_jobs <- function(file) {
  read <- function(threads) {
    function() datacarto::datamap_read_signals(file, threads = threads)
  }
  csv <- tempfile(fileext = ".csv")
  data.table::fwrite(read(2)(), csv)
  same_columns <- function(own, other) {
    isTRUE(all.equal(own, as.data.frame(other), check.attributes = FALSE))
  }
  list(
    pair(
      "datamap_read_signals(), M", "fread() of its columns as CSV",
      read(1), function() data.table::fread(csv), same_columns
    ),
    pair(
      "datamap_read_signals(), M", "datamap_summarise()",
      read(1), function() datacarto::datamap_summarise(file, threads = 1),
      function(own, other) {
        setequal(own$id, other$id) &&
          sum(own$correct) == sum(other$correct_times)
      }
    ),
    pair(
      "datamap_read_signals(), M, two threads", "one thread",
      read(2), read(1), same_columns
    )
  )
}
