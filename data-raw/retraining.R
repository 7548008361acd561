# What is gained by training again without the suspects: makes
# vignettes/retraining.csv.gz, which the vignette "Find the mislabelled" shows.
# Run it from the root of the package, with the package installed:
#
#   Rscript data-raw/retraining.R
#
# It takes half an hour. See signals.R for what else it needs.

library(datacarto)
source("data-raw/tasks.R")
source("data-raw/signal-files.R")

seeds <- 1:10

# "short" is how the shipped signals were made, and learns few of the wrong
# labels by heart; "long" learns many.
recipes <- list(
  short = settings,
  long = utils::modifyList(
    settings, list(epochs = 40, decay = 1e-4, rate_kept = 0.95)
  )
)

# The kinds of wrong labels; "none" is the control. With two classes the other
# one is always the nearest, so that class-dependent would be symmetric.
kinds <- list(
  spam = c("symmetric", "instance-dependent", "none"),
  satellite = c(names(wrong_labels), "none")
)

# The data map of a training on all samples.
map_of <- function(task, given, recipe) {
  rec <- datamap_recorder(NULL)
  train_network(
    task$x, given$label, task$n_classes, recipe,
    after_epoch = function(network, epoch) {
      datamap_record(
        rec,
        id = task$id, label = given$label, s_label = given$s_label,
        logits = network_logits(network, task$x), step = epoch
      )
    }
  )
  datamap_summarise(rec)
}

# The held-out accuracy of a training on the samples in `map`: that of the last
# epoch, and that of the epoch that is best on the samples left out, by the
# labels that they were given.
retrain <- function(task, given, map, recipe) {
  is_in <- task$id %in% map$id
  best <- c(left_out = -1, held_out = NA)
  network <- train_network(
    task$x[is_in, ], given$label[is_in], task$n_classes, recipe,
    after_epoch = function(network, epoch) {
      left_out <- accuracy(network, task$x[!is_in, ], given$label[!is_in])
      if (isTRUE(left_out > best[["left_out"]])) {
        best <<- c(
          left_out = left_out, held_out = accuracy_held_out(network, task)
        )
      }
    }
  )
  c(last = accuracy_held_out(network, task), best = best[["held_out"]])
}

# All that is compared starts from the same weights, other ones than those of
# the training that the data map comes from.
compare <- function(task, recipe, kind, seed) {
  set.seed(seed)
  given <- labels_for(task, if (kind != "none") kind)
  map <- map_of(task, given, recipe)
  parts <- suppressMessages(list(
    all = map,
    "lowest 10 %" = datamap_select(map, 0.9, by = "avg_probs"),
    "lowest 10 % of each class" =
      datamap_select(map, 0.9, by = "avg_probs", per = "label"),
    "random 10 %" = datamap_select(map, 0.9, by = "random", seed = seed),
    "known wrong" = map[map$s_label != 2, ]
  ))
  found <- lapply(parts, function(part) {
    set.seed(100 + seed)
    retrain(task, given, part, recipe)
  })
  # The random tenth that was left out tells when to stop.
  parts[["early stopping"]] <- parts[["random 10 %"]]
  found[["early stopping"]] <- rev(found[["random 10 %"]])
  data.frame(
    left_out = names(parts),
    samples = vapply(parts, nrow, 1L),
    wrong = vapply(parts, function(part) sum(part$s_label == 2), 1L),
    right = vapply(found, `[[`, 1, 1) * length(task$held_out$label),
    held_out = length(task$held_out$label),
    row.names = NULL
  )
}

results <- list()
for (task in list(spam_task(), satellite_task())) {
  for (recipe in names(recipes)) {
    for (kind in kinds[[task$name]]) {
      for (seed in seeds) {
        found <- compare(task, recipes[[recipe]], kind, seed)
        if (kind == "none") {
          found <- found[found$left_out != "known wrong", ]
        }
        found <- cbind(data = task$name, recipe, kind, seed, found)
        results <- c(results, list(found))
      }
      print_line(task$name, ", ", recipe, ", ", kind)
    }
  }
}
results <- do.call(rbind, results)
results$right <- round(results$right)
write_csv_gzip(results, "vignettes/retraining.csv.gz", quote = FALSE)
