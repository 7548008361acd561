# What statistics of several runs cost: five data maps of a million samples
# each. From the top folder, with datacarto installed:
#
#   Rscript bench/runs.R [samples=1e6] [runs=5] [rounds=3] [keep]
#
# Prints the medians of the rounds by the clock and of the processor, and how
# much memory the call asked for at most; `keep` puts them into results-runs.md.

library(datacarto)
source("bench/setup.R")
source("bench/measure.R")
source("bench/write.R")

args <- commandArgs(trailingOnly = TRUE)
samples <- as.numeric(argument(args, "samples", 1e6))
rounds <- as.integer(argument(args, "rounds", 3))
n_runs <- as.integer(argument(args, "runs", 5))

# Samples of a difficulty that the runs share.
made_up_runs <- function(n, k) {
  set.seed(1)
  level <- stats::rbeta(n, 2, 1)
  label <- sample.int(10, n, replace = TRUE) - 1L
  lapply(seq_len(k), function(run) {
    noise <- stats::rnorm(n, sd = 0.02 + 0.1 * level * (1 - level))
    probs <- pmin(pmax(level + noise, 0), 1)
    right <- stats::rbinom(n, 12, probs)
    as_datamap(data.frame(
      id = seq_len(n), label = label, correct_times = right,
      correct_ratio = right / 12, avg_probs = probs,
      label_var = probs * (1 - probs) * stats::runif(n),
      forgetting_times = stats::rpois(n, 1), evaluations = 12L,
      first_correct = ifelse(right > 0, 12L - right, NA_integer_)
    ))
  })
}

runs <- made_up_runs(samples, n_runs)
drawn <- datamap_audit_sample(runs, n = 500, top = 0.2, seed = 1)
drawn$is_wrong <- rep(c(TRUE, FALSE, TRUE, TRUE), 125)
signals <- data.frame(
  id = rep(seq_len(samples), times = 4), step = rep(1:4, each = samples)
)
signals$correct <- stats::runif(nrow(signals)) < 0.7
jobs <- list(
  "datamap_runs()" = function() datamap_runs(runs),
  "datamap_reliability(), avg_probs" = function() {
    datamap_reliability(runs, metrics = "avg_probs")
  },
  "datamap_reliability(), four metrics" = function() datamap_reliability(runs),
  "datamap_intervals(), avg_probs" = function() datamap_intervals(runs),
  "datamap_intervals(), correct_times" = function() {
    datamap_intervals(runs, "correct_times")
  },
  "datamap_audit_sample(), top = 0.2" = function() {
    datamap_audit_sample(runs, n = 500, top = 0.2, seed = 1)
  },
  "datamap_audit(), top = 0.2" = function() {
    datamap_audit(runs, drawn, top = 0.2)
  },
  "datamap_average()" = function() datamap_average(runs),
  "datamap_region_probs()" = function() datamap_region_probs(runs),
  "datamap_compare(), runs against themselves" = function() {
    datamap_compare(runs, runs, seed = 1)
  },
  "datamap_survival(), learn" = function() datamap_survival(runs[[1]]),
  "datamap_survival(), forget, four evaluations" = function() {
    datamap_survival(signals, "forget")
  }
)

load <- load_now()
times <- time_jobs(jobs, rounds)
memory <- vapply(jobs, function(job) {
  before <- sum(gc(reset = TRUE)[, 2])
  job()
  sum(gc()[, 6]) - before
}, 1)
of <- function(what) {
  as.vector(tapply(times[[what]], factor(times$job, names(jobs)), median))
}
table <- data.frame(
  what = names(jobs), seconds = of("seconds"), cpu = of("cpu"),
  memory_mb = memory, load = load
)
print(table, digits = 3, row.names = FALSE)
if ("keep" %in% args) {
  count <- format(samples, big.mark = ",", scientific = FALSE)
  writeLines(c(
    "# Measured statistics of runs", "",
    paste0(describe_machine(list(modules = "")), " ", n_runs, " runs of ",
           count, " samples."),
    "",
    paste(
      "`seconds` by the clock and `cpu`, medians of", rounds, "rounds within",
      "one process. `memory_mb`: the most that a call added. `load`: how many",
      "processes were running or waiting, on average of a minute, when it was",
      "begun; with more than the machine has cores, both times are longer than",
      "on an idle one."
    ), "",
    markdown(table)
  ), "bench/results-runs.md")
}
