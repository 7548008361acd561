# Makes the signals in inst/extdata: trains a classifier on real data with some
# labels made wrong, and records what it says about every training sample after
# every epoch. Run it from the root of the package:
#
#   Rscript data-raw/signals.R
#
# It takes half a minute, needs the packages kernlab and mlbench for their
# data, prints the figures that inst/extdata/README.md quotes, and stops if the
# signals are not fit for what they are shipped for. Made with R 4.2.2,
# kernlab 0.9-32, mlbench 2.1-3 and the reference BLAS; another BLAS adds in
# another order, which in the end shows in the digits.

source("data-raw/network.R")
source("data-raw/signal-files.R")

# Said in full, since the defaults have changed between versions of R.
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Both runs are trained alike. A high rate that comes down slowly lets samples
# near a class border be learnt and forgotten again; the decay of the weights
# and the few epochs keep the network from learning the wrong labels by heart.
settings <- list(
  hidden = 32, batch_size = 16, epochs = 12, momentum = 0.9, decay = 1e-3,
  rate = 0.1, rate_kept = 0.9
)
split_seed <- 20
seeds <- 1:5 # The run of the first is the one that is shipped.
share_dirty <- 0.1
n_neighbours <- 15
n_excerpt <- 200
folder <- "inst/extdata"

# The data ---------------------------------------------------------------------

# The id of a sample is its row in the data as R's package has it, so that
# everybody can look at the sample behind a point of the map:
# kernlab::spam[id, ].
read_data <- function(name, package) {
  where <- new.env()
  data(list = name, package = package, envir = where)
  where[[name]]
}

# Labels become 0 .. K-1 in the order of the factor's levels, because the
# probability of class k stands at position k of probs.
as_task <- function(name, x, classes, train, held_out) {
  centre <- colMeans(x[train, ])
  spread <- apply(x[train, ], 2, sd)
  list(
    name = name,
    x = scale(x, centre, spread),
    label = as.integer(classes) - 1L,
    n_classes = nlevels(classes),
    train = train,
    held_out = held_out
  )
}

# Frequencies of words have long right tails, which log1p() shortens. Of the
# e-mails that are there more than once the first is kept; else the held-out
# part would hold samples that were trained on.
spam_task <- function(n_train = 2400) {
  spam <- read_data("spam", "kernlab")
  x <- log1p(as.matrix(spam[, names(spam) != "type"]))
  unique_rows <- which(!duplicated(x))
  set.seed(split_seed)
  train <- sort(sample(unique_rows, n_train))
  as_task("spam", x, spam$type, train, setdiff(unique_rows, train))
}

# The data's authors ask to keep their split: rows 1 to 4435 are for training
# and the other 2000 for testing. The shipped run trains on a part of the
# former, since its signals must fit into a package.
satellite_task <- function(n_train = 2100) {
  satellite <- read_data("Satellite", "mlbench")
  x <- as.matrix(satellite[, names(satellite) != "classes"])
  set.seed(split_seed)
  train <- sort(sample.int(4435, n_train))
  as_task("satellite", x, satellite$classes, train, 4436:6435)
}

# Dirty and hard samples -------------------------------------------------------

# A wrong label is any of the other classes, each as likely.
flip_labels <- function(label, rows, n_classes) {
  shift <- sample.int(n_classes - 1L, length(rows), replace = TRUE)
  label[rows] <- (label[rows] + shift) %% n_classes
  label
}

# Hard is a sample most of whose nearest neighbours belong to another class.
# The rule sees the features and the true labels, and never the training.
is_hard <- function(x, label) {
  distance <- as.matrix(dist(x))
  diag(distance) <- Inf
  nearest <- apply(distance, 1, function(d) order(d)[seq_len(n_neighbours)])
  their_label <- matrix(label[nearest], n_neighbours)
  colMeans(their_label != rep(label, each = n_neighbours)) > 0.5
}

# Training ---------------------------------------------------------------------

accuracy <- function(network, task) {
  logits <- network_logits(network, task$x[task$held_out, ])
  mean(max.col(logits, "first") - 1L == task$label[task$held_out])
}

# One run: the labels are made dirty, the network is trained, and after every
# epoch all training samples pass through it once and are noted in an order
# drawn anew, as from a data loader that shuffles.
record_run <- function(task, hard, seed, share = share_dirty) {
  set.seed(seed)
  x <- task$x[task$train, ]
  n <- length(task$train)
  dirty <- sample.int(n, round(share * n))
  run <- list(
    id = task$train,
    label = flip_labels(task$label[task$train], dirty, task$n_classes),
    s_label = ifelse(hard, 1L, 0L),
    evaluations = list()
  )
  run$s_label[dirty] <- 2L
  network <- new_network(ncol(x), settings$hidden, task$n_classes)
  for (epoch in seq_len(settings$epochs)) {
    now <- settings
    now$rate <- settings$rate * settings$rate_kept^(epoch - 1)
    network <- train_epoch(network, x, run$label + 1L, now)
    logits <- network_logits(network, x)
    run$evaluations[[epoch]] <- list(
      logits = logits, seen = observe(run, logits), order = sample.int(n)
    )
  }
  run$accuracy <- accuracy(network, task)
  run
}

# Figures ----------------------------------------------------------------------

# The probability that a sample of `truth` has a higher score than another;
# ties count half.
auroc <- function(score, truth) {
  n_true <- sum(truth)
  (sum(rank(score)[truth]) - n_true * (n_true + 1) / 2) /
    (n_true * sum(!truth))
}

# All from what is printed, so that a reader of the files finds the same.
run_figures <- function(run) {
  seen <- lapply(run$evaluations, `[[`, "seen")
  probs <- sapply(seen, function(s) as.numeric(s$label_probs))
  correct <- sapply(seen, `[[`, "correct")
  later <- correct[, -1]
  before <- correct[, -ncol(correct)]
  dirty <- run$s_label == 2L
  avg_probs <- rowMeans(probs)
  lowest <- order(avg_probs)[seq_len(round(0.1 * length(avg_probs)))]
  list(
    avg_probs = auroc(-avg_probs, dirty),
    last_loss = auroc(as.numeric(seen[[length(seen)]]$loss), dirty),
    dirty_in_lowest = mean(dirty[lowest]),
    largest_var = max(rowMeans((probs - avg_probs)^2)),
    groups = table(cut(
      rowMeans(correct), c(0, 0.2, 0.4, 0.6, 0.8, 1, Inf),
      labels = c("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"), right = FALSE
    )),
    forgetting = table(pmin(rowSums(before & !later), 3)),
    learnt = table(pmin(rowSums(!before & later), 3))
  )
}

print_line <- function(...) cat(..., "\n", sep = "")
print_counts <- function(what, counts) {
  counts <- paste0(names(counts), " (", counts, ")", collapse = ", ")
  print_line("  ", what, ": ", counts)
}

report <- function(task, clean, runs, figures) {
  run <- runs[[1]]
  shown <- figures[[1]]
  digits <- function(x) paste(sprintf("%.4f", x), collapse = " ")
  each <- function(which) {
    values <- sapply(figures, `[[`, which)
    paste0(digits(values), ", mean ", digits(mean(values)))
  }
  print_line(
    task$name, ": ", length(run$id), " samples, ", task$n_classes,
    " classes, ", length(run$evaluations), " evaluations, ",
    length(task$held_out), " held out"
  )
  print_line("  held-out accuracy, clean labels: ", digits(clean))
  print_line(
    "  held-out accuracy, dirty labels: ",
    digits(sapply(runs, `[[`, "accuracy"))
  )
  print_line("  AUROC of avg_probs for dirty labels: ", each("avg_probs"))
  print_line("  AUROC of the last loss: ", each("last_loss"))
  print_line(
    "  dirty among the 10 % lowest avg_probs: ", each("dirty_in_lowest")
  )
  print_line("  largest label_var: ", digits(shown$largest_var))
  print_counts("samples by s_label", table(run$s_label))
  print_counts("samples by correct_ratio from", shown$groups)
  print_counts("samples by forgetting_times, 3 = or more", shown$forgetting)
  print_counts("samples by learnt_times, 3 = or more", shown$learnt)
}

# Making it --------------------------------------------------------------------

make_runs <- function(task) {
  hard <- is_hard(task$x[task$train, ], task$label[task$train])
  clean <- record_run(task, hard, seeds[1], share = 0)$accuracy
  runs <- lapply(seeds, function(seed) record_run(task, hard, seed))
  figures <- lapply(runs, run_figures)
  report(task, clean, runs, figures)
  avg_probs <- sapply(figures, `[[`, "avg_probs")
  last_loss <- sapply(figures, `[[`, "last_loss")
  stopifnot(
    "the model must be right on 85 % when labels are clean" = clean >= 0.85,
    "avg_probs must find the dirty labels" = avg_probs > 0.9,
    "avg_probs must find them as well as the last loss" =
      mean(avg_probs) >= mean(last_loss)
  )
  runs[[1]]
}

spam_run <- make_runs(spam_task())
write_signals(spam_run, file.path(folder, "spam_signals.jsonl.gz"))

satellite_run <- make_runs(satellite_task())
write_signals(
  satellite_run, file.path(folder, "satellite_signals.json.gz"), python = TRUE
)
set.seed(split_seed)
excerpt <- sample.int(length(satellite_run$id), n_excerpt)
write_dynamics(satellite_run, excerpt, file.path(folder, "dynamics"))

files <- list.files(folder, recursive = TRUE, full.names = TRUE)
print_line("bytes in ", folder, ": ", sum(file.size(files)))
stopifnot("2 MB is the limit" = sum(file.size(files)) <= 2e6)
