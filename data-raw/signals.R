# Makes the signals in inst/extdata: trains a classifier on real data with some
# labels made wrong, and records what it says about every training sample after
# every epoch. Run it from the root of the package, with the package installed:
#
#   Rscript data-raw/signals.R
#
# It takes half a minute, needs the packages kernlab and mlbench for their
# data, prints the figures that inst/extdata/README.md quotes, and stops if the
# signals are not fit for what they are shipped for, or are read otherwise than
# they were recorded. Made with R 4.2.2, kernlab 0.9-32, mlbench 2.1-3 and the
# reference BLAS; another BLAS adds in another order, which in the end shows in
# the digits.

library(datacarto)
source("data-raw/tasks.R")
source("data-raw/signal-files.R")

seeds <- 1:5 # The run of the first is the one that is shipped.
n_excerpt <- 200
folder <- "inst/extdata"

# Recording --------------------------------------------------------------------

# What is recorded of one evaluation. Five significant digits keep the files
# small and still tell 1e-07 from 0. Everything that follows from the
# probabilities follows from them as they are recorded, so that no line
# contradicts itself, not even where two classes are rounded to the same.
observe <- function(label, logits) {
  log_probs <- log_softmax(logits)
  of_label <- cbind(seq_along(label), label + 1L)
  probs <- signif(exp(log_probs), 5)
  pred_label <- max.col(probs, ties.method = "first") - 1L
  list(
    pred_label = pred_label,
    correct = pred_label == label,
    # "+ 0" makes the zero of a certain prediction a positive one.
    loss = signif(-log_probs[of_label] + 0, 5),
    probs = probs,
    label_probs = probs[of_label]
  )
}

# One run: the labels are made dirty, the network is trained, and after every
# epoch all training samples pass through it once and are recorded in an order
# drawn anew, as from a data loader that shuffles. `logits_of` are the rows of
# the samples whose logits go to `logits_file`.
record_run <- function(task, kind, seed, file = NULL, logits_file = NULL,
                       logits_of = integer()) {
  set.seed(seed)
  given <- labels_for(task, kind)
  n <- length(task$id)
  rec <- datamap_recorder(file, signals = "loss", ids = task$id)
  rec_logits <- datamap_recorder(logits_file)
  network <- train_network(
    task$x, given$label, task$n_classes, settings,
    after_epoch = function(network, epoch) {
      logits <- network_logits(network, task$x)
      seen <- observe(given$label, logits)
      now <- sample.int(n)
      datamap_record(
        rec,
        id = task$id[now], label = given$label[now],
        pred_label = seen$pred_label[now], s_label = given$s_label[now],
        correct = seen$correct[now], loss = seen$loss[now],
        probs = seen$probs[now, ], label_probs = seen$label_probs[now]
      )
      now <- now[now %in% logits_of]
      datamap_record(
        rec_logits,
        id = task$id[now], label = given$label[now],
        logits = round(logits[now, ], 4), step = epoch - 1
      )
    }
  )
  close(rec)
  close(rec_logits)
  list(
    rec = rec, map = datamap_summarise(rec), rec_logits = rec_logits,
    accuracy = accuracy_held_out(network, task)
  )
}

# The figures ------------------------------------------------------------------

print_counts <- function(what, counts) {
  counts <- paste0(names(counts), " (", counts, ")", collapse = ", ")
  print_line("  ", what, ": ", counts)
}

report <- function(task, clean, runs, auroc) {
  map <- runs[[1]]$map
  digits <- function(x) paste(sprintf("%.4f", x), collapse = " ")
  each <- function(x) paste0(digits(x), ", mean ", digits(mean(x)))
  in_lowest <- function(map) {
    lowest <- order(map$avg_probs)[seq_len(round(0.1 * nrow(map)))]
    mean(map$s_label[lowest] == 2)
  }
  print_line(
    task$name, ": ", nrow(map), " samples, ", task$n_classes, " classes, ",
    max(map$evaluations), " evaluations, ", length(task$held_out$label),
    " held out"
  )
  print_line("  held-out accuracy, clean labels: ", digits(clean))
  print_line(
    "  held-out accuracy, dirty labels: ",
    digits(sapply(runs, `[[`, "accuracy"))
  )
  print_line("  AUROC of avg_probs for dirty labels: ", each(auroc[1, ]))
  print_line("  AUROC of the last loss: ", each(auroc[2, ]))
  print_line(
    "  dirty among the 10 % lowest avg_probs: ",
    each(sapply(runs, function(run) in_lowest(run$map)))
  )
  print_line("  largest label_var: ", digits(max(map$label_var)))
  print_counts("samples by s_label", table(map$s_label))
  print_counts("samples by group", attr(datamap_groups(map), "counts"))
  print_counts(
    "samples by forgetting_times, 3 = or more",
    table(pmin(map$forgetting_times, 3))
  )
  print_counts(
    "samples by learnt_times, 3 = or more", table(pmin(map$learnt_times, 3))
  )
}

make_runs <- function(task, ...) {
  clean <- record_run(task, NULL, seeds[1])$accuracy
  shipped <- record_run(task, "symmetric", seeds[1], ...)
  others <- lapply(seeds[-1], function(seed) {
    record_run(task, "symmetric", seed)
  })
  runs <- c(list(shipped), others)
  auroc <- sapply(runs, function(run) {
    found <- datamap_detect(run$map)
    found$auroc[match(c("avg_probs", "loss_last"), found$metric)]
  })
  report(task, clean, runs, auroc)
  stopifnot(
    "the model must be right on 85 % when labels are clean" = clean >= 0.85,
    "avg_probs must find the dirty labels" = auroc[1, ] > 0.9,
    "avg_probs must find them as well as the last loss" =
      mean(auroc[1, ]) >= mean(auroc[2, ])
  )
  shipped
}

# Making it --------------------------------------------------------------------

# What is read is what was recorded.
check_shipped <- function(path, rec, file, signals = NULL) {
  columns <- function(map) as.list(map)[names(map)]
  stopifnot(identical(
    columns(datamap_summarise(path, signals = signals)),
    columns(datamap_summarise(rec))
  ))
  if (!dir.exists(path)) {
    stopifnot(
      identical(datamap_read_signals(path), datamap_read_signals(file)),
      identical(
        datamap_read_signals(path, columns = "probs"),
        datamap_read_signals(file, columns = "probs")
      )
    )
  }
}

file <- tempfile(fileext = ".jsonl")
logits_file <- tempfile(fileext = ".jsonl")

task <- spam_task()
spam <- make_runs(task, file)
path <- file.path(folder, "spam_signals.jsonl.gz")
write_gzip(readLines(file), path)
check_shipped(path, spam$rec, file, signals = "loss")

task <- satellite_task()
set.seed(split_seed)
excerpt <- sample.int(length(task$id), n_excerpt)
unlink(file)
satellite <- make_runs(task, file, logits_file, excerpt)
path <- file.path(folder, "satellite_signals.json.gz")
write_gzip(as_python_dicts(file), path)
check_shipped(path, satellite$rec, file, signals = "loss")
path <- file.path(folder, "dynamics")
write_dynamics(logits_file, path)
check_shipped(path, satellite$rec_logits, logits_file)

files <- list.files(folder, recursive = TRUE, full.names = TRUE)
print_line("bytes in ", folder, ": ", sum(file.size(files)))
stopifnot("2 MB is the limit" = sum(file.size(files)) <= 2e6)
