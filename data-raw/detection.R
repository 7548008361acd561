# How well the metrics find wrong labels of three kinds: makes
# vignettes/detection.csv.gz, which the vignette "Find the mislabelled"
# shows, and
# the signals in tests/testthat/fixtures/runs, by which the tests hold what is
# promised of avg_probs and aum. Run it from the root of the package, with the
# package installed:
#
#   Rscript data-raw/detection.R
#
# It takes a minute. See signals.R for what else it needs.

library(datacarto)
source("data-raw/tasks.R")
source("data-raw/signal-files.R")

seeds <- 1:5
folder <- "tests/testthat/fixtures/runs"

# The signals of the tests have to be small: four of the evaluations, the loss
# at the last one only, and logits, less the largest one of the sample, with
# two significant digits. The figures are those of all that was recorded.
evaluations_shipped <- c(3, 6, 9, 12)

record_run <- function(task, kind, seed) {
  set.seed(seed)
  given <- labels_for(task, kind)
  of_label <- cbind(seq_along(given$label), given$label + 1L)
  rec <- datamap_recorder(
    NULL, signals = "loss", metrics = "all", ids = task$id
  )
  small <- datamap_recorder(tempfile(), ids = task$id)
  train_network(
    task$x, given$label, task$n_classes, settings,
    after_epoch = function(network, epoch) {
      log_probs <- log_softmax(network_logits(network, task$x))
      loss <- -log_probs[of_label]
      datamap_record(
        rec,
        id = task$id, label = given$label, s_label = given$s_label,
        logits = log_probs, loss = loss
      )
      if (epoch %in% evaluations_shipped) {
        is_last <- epoch == settings$epochs
        datamap_record(
          small,
          id = task$id, label = given$label,
          s_label = if (epoch == evaluations_shipped[[1]]) given$s_label,
          logits = signif(log_probs - apply(log_probs, 1, max), 2),
          loss = if (is_last) signif(loss, 3)
        )
      }
    }
  )
  close(small)
  if (kind != "instance-dependent") {
    path <- file.path(folder, sprintf("%s-%d.jsonl.gz", kind, seed))
    write_gzip(readLines(small$path), path)
  }
  found <- datamap_detect(datamap_summarise(rec))
  scores <- c("auroc", "average_precision", "precision_at_k")
  found[scores] <- lapply(found[scores], signif, 6)
  cbind(kind, seed, as.data.frame(found)[c("metric", "suspect", scores)])
}

task <- satellite_task()
unlink(folder, recursive = TRUE)
dir.create(folder)
results <- do.call(rbind, lapply(names(wrong_labels), function(kind) {
  do.call(rbind, lapply(seeds, function(seed) record_run(task, kind, seed)))
}))
write_csv_gzip(results, "vignettes/detection.csv.gz", quote = FALSE)
shown <- results[results$metric %in% c("avg_probs", "aum", "loss_last"), ]
print(tapply(shown$auroc, shown[c("kind", "seed", "metric")], identity))
print(tapply(shown$auroc, shown[c("kind", "metric")], mean))
print_line("bytes: ", sum(file.size(list.files(folder, full.names = TRUE))))
