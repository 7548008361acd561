# What it costs to record a training of 10,000 samples, 20 evaluations and 5
# classes, beside what jsonlite takes to write the same lines. From the top
# folder, with datacarto and jsonlite installed:
#
#   Rscript bench/recorder.R
#
# Prints the medians of five alternated rounds (jsonlite: three) and the ratio
# of processor times, which other work on the machine changes little; stops
# where the maps of the two files differ. Then what a call with a batch of 16
# samples costs, in microseconds of the processor: plain, and with what takes
# the longer way, here ids in I(), a factor as label, and a signal of one's own.

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

batches <- lapply(run[1:2], function(now) {
  lapply(split(seq_len(samples), rep(1:625, each = 16)), function(rows) {
    lapply(now, function(x) if (is.matrix(x)) x[rows, ] else x[rows])
  })
})

of_batches <- function(change) {
  file <- tempfile(fileext = ".jsonl")
  rec <- datamap_recorder(file)
  on.exit({
    close(rec)
    unlink(file)
  })
  args <- lapply(seq_along(batches), function(t) {
    lapply(batches[[t]], function(now) c(list(rec), change(now), step = t))
  })
  suppressMessages(do.call(datamap_record, args[[1]][[1]]))
  args[[1]] <- args[[1]][-1]
  time <- system.time(for (epoch in args) {
    for (call in epoch) do.call(datamap_record, call)
  })
  sum(time[c(1, 2)]) / sum(lengths(args)) * 1e6
}

changes <- list(
  plain = identity,
  "other ids" = function(now) replace(now, "id", list(I(now$id))),
  factor = function(now) {
    replace(now, "label", list(factor(now$label, seq_len(classes) - 1L)))
  },
  "own signal" = function(now) c(now, list(grad = now$loss))
)
each <- replicate(5, vapply(changes, of_batches, 1))
cat("microseconds a call of 16:\n")
print(round(apply(each, 1, stats::median)))
