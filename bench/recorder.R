# What it costs to record a training of 10,000 samples, 20 evaluations and 5
# classes, beside what jsonlite takes to write the same lines. From the top
# folder, with datacarto and jsonlite installed:
#
#   Rscript bench/recorder.R
#
# Prints the medians of five alternated rounds (jsonlite: three) and the ratio
# of processor times, which other work on the machine changes little; stops
# where the maps of the two files differ.

library(datacarto)

samples <- 10000L
evaluations <- 20L
classes <- 5L

set.seed(1)
label <- sample.int(classes, samples, replace = TRUE) - 1L
run <- lapply(seq_len(evaluations), function(t) {
  logits <- matrix(rnorm(samples * classes), samples)
  logits[cbind(seq_len(samples), label + 1L)] <-
    logits[cbind(seq_len(samples), label + 1L)] + t / 5
  probs <- exp(logits) / rowSums(exp(logits))
  of_label <- probs[cbind(seq_len(samples), label + 1L)]
  order <- sample.int(samples)
  list(
    id = order - 1L, label = label[order],
    pred_label = max.col(probs, "first")[order] - 1L,
    correct = (max.col(probs, "first") - 1L == label)[order],
    loss = -log(of_label[order]), probs = probs[order, ],
    label_probs = of_label[order]
  )
})

with_datacarto <- function(file) {
  rec <- datamap_recorder(file, existing = "overwrite")
  for (t in seq_along(run)) {
    now <- run[[t]]
    datamap_record(
      rec,
      id = now$id, label = now$label, pred_label = now$pred_label,
      correct = now$correct, loss = now$loss, probs = now$probs,
      label_probs = now$label_probs, step = t
    )
  }
  close(rec)
}

with_jsonlite <- function(file) {
  con <- file(file, "wb")
  on.exit(close(con))
  for (t in seq_along(run)) {
    now <- run[[t]]
    frame <- as.data.frame(now[1:5])
    frame$probs <- now$probs
    frame$label_probs <- now$label_probs
    frame$step <- t
    jsonlite::stream_out(frame, con, digits = NA, verbose = FALSE)
  }
}

seconds <- function(write, file) {
  time <- system.time(write(file))
  c(elapsed = time[["elapsed"]], processor = sum(time[c(1, 2)]))
}

files <- tempfile(c("datacarto", "jsonlite"), fileext = ".jsonl")
ours <- theirs <- NULL
for (round in 1:5) {
  ours <- rbind(ours, seconds(with_datacarto, files[[1]]))
  if (round <= 3) {
    theirs <- rbind(theirs, seconds(with_jsonlite, files[[2]]))
  }
}

maps <- lapply(files, datamap_summarise)
stopifnot(
  # the most that jsonlite writes are 15 digits
  isTRUE(all.equal(
    maps[[1]]$avg_probs, maps[[2]]$avg_probs, tolerance = 1e-14
  )),
  identical(maps[[1]]$correct_times, maps[[2]]$correct_times),
  nrow(maps[[1]]) == samples
)
medians <- rbind(
  datacarto = apply(ours, 2, stats::median),
  jsonlite = apply(theirs, 2, stats::median)
)
print(cbind(medians, megabytes = file.size(files) / 1e6), digits = 3)
cat(sprintf(
  "%.2f %% of jsonlite's processor time\n",
  100 * medians[1, "processor"] / medians[2, "processor"]
))
unlink(files)
