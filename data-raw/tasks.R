# What the scripts beside this file train on: two classification tasks with
# held-out samples, three kinds of wrong labels, and the training itself.

source("data-raw/network.R")

# Said in full, since the defaults have changed between versions of R.
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# A high rate that comes down slowly lets samples near a class border be learnt
# and forgotten again; the decay of the weights and the few epochs keep the
# network from learning the wrong labels by heart.
settings <- list(
  hidden = 32, batch_size = 16, epochs = 12, momentum = 0.9, decay = 1e-3,
  rate = 0.1, rate_kept = 0.9
)
split_seed <- 20
share_dirty <- 0.1
n_neighbours <- 15

# The data ---------------------------------------------------------------------

# The id of a sample is its row in the data as R's package has it, so that
# everybody can look at the sample behind a point of the map:
# kernlab::spam[id, ].
read_data <- function(name, package) {
  where <- new.env()
  data(list = name, package = package, envir = where)
  where[[name]]
}

# `x` and `label` are those of the training samples, `id` their rows in the
# data. Labels become 0 .. K-1 in the order of the factor's levels, because the
# probability of class k stands at position k of probs.
as_task <- function(name, x, classes, train, held_out) {
  x <- scale(x, colMeans(x[train, ]), apply(x[train, ], 2, sd))
  label <- as.integer(classes) - 1L
  list(
    name = name,
    id = train,
    x = x[train, ],
    label = label[train],
    n_classes = nlevels(classes),
    held_out = list(x = x[held_out, ], label = label[held_out]),
    nearest = nearest_labels(x[train, ], label[train])
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
# and the other 2000 for testing. A part of the former is trained on, since the
# signals must fit into a package.
satellite_task <- function(n_train = 2100) {
  satellite <- read_data("Satellite", "mlbench")
  x <- as.matrix(satellite[, names(satellite) != "classes"])
  set.seed(split_seed)
  train <- sort(sample.int(4435, n_train))
  as_task("satellite", x, satellite$classes, train, 4436:6435)
}

# The labels of the nearest neighbours among the training samples, a column
# for each sample.
nearest_labels <- function(x, label) {
  distance <- as.matrix(dist(x))
  diag(distance) <- Inf
  nearest <- apply(distance, 1, function(d) order(d)[seq_len(n_neighbours)])
  matrix(label[nearest], n_neighbours)
}

# Dirty and hard samples -------------------------------------------------------

# For each sample the share of its neighbours that belong to another class. It
# follows from the features and the true labels, never from the training.
share_of_others <- function(task) {
  colMeans(task$nearest != rep(task$label, each = n_neighbours))
}

# For each class the one whose mean is nearest.
nearest_class <- function(task) {
  means <- rowsum(task$x, task$label) / as.vector(table(task$label))
  distance <- as.matrix(dist(means))
  diag(distance) <- Inf
  as.integer(apply(distance, 1, which.min)) - 1L
}

# For each sample the class, other than its own, to which most of its
# neighbours belong; where all are of its own class, the nearest one.
class_of_others <- function(task) {
  counts <- apply(task$nearest + 1L, 2, tabulate, nbins = task$n_classes)
  counts[cbind(task$label + 1L, seq_along(task$label))] <- 0
  found <- apply(counts, 2, which.max) - 1L
  ifelse(colSums(counts) == 0, nearest_class(task)[task$label + 1L], found)
}

# Three ways in which a tenth of the labels gets wrong:
#
# symmetric           any sample; any of the other classes, each as likely
# class-dependent     any sample; always the class whose mean is nearest
# instance-dependent  the more of its neighbours belong to other classes, the
#                     likelier a sample; the commonest class among those. The
#                     0.02 let it happen to every sample.
wrong_labels <- list(
  symmetric = function(task, n) {
    rows <- sample.int(length(task$label), n)
    shift <- sample.int(task$n_classes - 1L, n, replace = TRUE)
    list(rows = rows, label = (task$label[rows] + shift) %% task$n_classes)
  },
  "class-dependent" = function(task, n) {
    rows <- sample.int(length(task$label), n)
    list(rows = rows, label = nearest_class(task)[task$label[rows] + 1L])
  },
  "instance-dependent" = function(task, n) {
    rows <- sample.int(
      length(task$label), n, prob = share_of_others(task) + 0.02
    )
    list(rows = rows, label = class_of_others(task)[rows])
  }
)

# The labels to train with, and how each came about: 2 dirty, 1 hard (most of
# the neighbours belong to another class), 0 ordinary. No kind: no wrong label.
labels_for <- function(task, kind = NULL) {
  label <- task$label
  s_label <- ifelse(share_of_others(task) > 0.5, 1L, 0L)
  if (!is.null(kind)) {
    wrong <- wrong_labels[[kind]](task, round(share_dirty * length(label)))
    label[wrong$rows] <- wrong$label
    s_label[wrong$rows] <- 2L
  }
  list(label = label, s_label = s_label)
}

# Training ---------------------------------------------------------------------

# `after_epoch(network, epoch)` is called at the end of every epoch.
train_network <- function(x, label, n_classes, settings, after_epoch) {
  network <- new_network(ncol(x), settings$hidden, n_classes)
  for (epoch in seq_len(settings$epochs)) {
    now <- settings
    now$rate <- settings$rate * settings$rate_kept^(epoch - 1)
    network <- train_epoch(network, x, label + 1L, now)
    after_epoch(network, epoch)
  }
  network
}

accuracy <- function(network, x, label) {
  mean(max.col(network_logits(network, x), "first") - 1L == label)
}

accuracy_held_out <- function(network, task) {
  accuracy(network, task$held_out$x, task$held_out$label)
}

print_line <- function(...) cat(..., "\n", sep = "")
