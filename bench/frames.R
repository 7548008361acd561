# What a data frame of signals costs to sum up, with string and with integer
# ids, beside data.table's grouped statistics of the same columns (mean, var,
# min, max, count, and the share that is right; one thread). From the top
# folder, with datacarto and data.table installed:
#
#   Rscript bench/frames.R
#
# 500,000 samples, 10 evaluations each. Prints the medians of 7 alternated
# rounds in seconds of the processor, and the ratios within a round, which other
# work on the machine changes little. Stops where the two disagree.

library(datacarto)
.datatable.aware <- TRUE
data.table::setDTthreads(1)

samples <- 500000L
evaluations <- 10L
set.seed(1)
names <- sprintf("sample-%07d", sample.int(samples))
rows <- unlist(lapply(seq_len(evaluations), function(t) sample.int(samples)))
frame <- data.frame(
  label = rows %% 3L, label_probs = runif(length(rows)),
  correct = runif(length(rows)) < 0.7
)
frames <- list(
  strings = cbind(id = names[rows], frame), integers = cbind(id = rows, frame)
)
tables <- lapply(frames, data.table::as.data.table)

with_data_table <- function(table) {
  table[, list(
    mean = mean(label_probs), var = var(label_probs), min = min(label_probs),
    max = max(label_probs), n = .N, correct = mean(correct)
  ), by = id]
}

seconds <- function(job, x) {
  time <- system.time(job(x))
  sum(time[c(1, 2)])
}

maps <- lapply(frames, datamap_summarise)
groups <- lapply(tables, with_data_table)
for (ids in names(frames)) {
  at <- match(groups[[ids]]$id, maps[[ids]]$id)
  stopifnot(
    nrow(maps[[ids]]) == samples,
    isTRUE(all.equal(maps[[ids]]$avg_probs[at], groups[[ids]]$mean)),
    identical(maps[[ids]]$evaluations[at], groups[[ids]]$n)
  )
}

each <- replicate(7, vapply(names(frames), function(ids) {
  ours <- seconds(datamap_summarise, frames[[ids]])
  theirs <- seconds(with_data_table, tables[[ids]])
  c(datacarto = ours, data.table = theirs, ratio = ours / theirs)
}, numeric(3)))
cat("load ", readLines("/proc/loadavg"), "\n", sep = "")
print(apply(each, c(1, 2), stats::median), digits = 3)
