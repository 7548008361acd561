# What workers gain: four files, read by one process and by one and two workers
# of a cluster of parallel. From the top folder, with datacarto installed, on a
# machine where nothing else runs:
#
#   Rscript bench/workers.R [lines=3e6] [rounds=5] [keep]
#
# `lines` of 10,000 samples are in each file. Each way takes its turn in every
# round, with one thread in each process but where two are said; `seconds` by
# the clock are medians. The data maps must be the same. With `keep` the table
# goes into results-workers.md.

library(datacarto)
source("bench/setup.R")
source("bench/measure.R")
source("bench/write.R")

args <- commandArgs(trailingOnly = TRUE)
lines <- as.numeric(argument(args, "lines", 3e6))
rounds <- as.numeric(argument(args, "rounds", 5))

files <- file.path(tempdir(), paste0("part-", 1:4, ".jsonl"))
say("Writing ", length(files), " files")
for (i in seq_along(files)) {
  write_lines(files[[i]], lines, step = (i - 1) * lines / 1e4)
}

clusters <- lapply(1:2, parallel::makeCluster)
jobs <- list(
  "one process" = function() datamap_summarise(files, threads = 1),
  "one process, two threads" = function() datamap_summarise(files, threads = 2),
  "one worker" = function() {
    datamap_summarise(files, workers = clusters[[1]], threads = 1)
  },
  "two workers" = function() {
    datamap_summarise(files, workers = clusters[[2]], threads = 1)
  }
)
load <- load_now()
maps <- lapply(jobs, function(job) job())
stopifnot(
  identical(maps[["one worker"]], maps[["two workers"]]),
  isTRUE(all.equal(maps[["one process"]], maps[["two workers"]]))
)
times <- time_jobs(jobs, rounds)
invisible(lapply(clusters, parallel::stopCluster))
unlink(files)

of <- function(job) times$seconds[times$job == job]
table <- data.frame(
  what = names(jobs), lines = length(files) * lines,
  seconds = vapply(names(jobs), function(job) stats::median(of(job)), 0),
  times_one_worker = vapply(names(jobs), function(job) {
    stats::median(of("one worker") / of(job))
  }, 0),
  load = load
)
print(table, digits = 3, row.names = FALSE)
if ("keep" %in% args) {
  writeLines(c(
    "# Measured workers", "", describe_machine(list(modules = "")), "",
    paste(
      "Four files of 10,000 samples, read by one process and by workers of a",
      "cluster of parallel on the same machine; medians of", rounds,
      "rounds by the clock, and how many times faster than one worker (median",
      "of the ratios within a round). The data maps of one and of two workers",
      "are the same to the last bit. `load`: of the machine before."
    ), "",
    markdown(table)
  ), "bench/results-workers.md")
}
