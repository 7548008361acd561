# What maps of arrays and of fitted models cost: an array of a million samples,
# three classes and twenty stages, and models of 500 trees on 100,000 rows, at
# twenty stages and at a hundred. From the top folder, with datacarto, gbm and
# ranger installed:
#
#   Rscript bench/stages.R [samples=1e6] [rows=1e5] [trees=500] [rounds=3]
#
# Prints the medians of the rounds by the clock and of the processor, and how
# much memory the process took at most, above what it had; with `keep` as well
# it puts them into results-stages.md. Needs Linux, for the memory.

library(datacarto)
source("bench/setup.R")
source("bench/measure.R")
source("bench/write.R")

args <- commandArgs(trailingOnly = TRUE)
samples <- as.numeric(argument(args, "samples", 1e6))
rows <- as.numeric(argument(args, "rows", 1e5))
trees <- as.integer(argument(args, "trees", 500))
rounds <- as.integer(argument(args, "rounds", 3))

# Megabytes of this process now (VmRSS), or at most since the reset (VmHWM).
memory_mb <- function(what) {
  line <- grep(what, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

measured <- function(job) {
  gc()
  writeLines("5", "/proc/self/clear_refs")
  before <- memory_mb("VmRSS")
  time <- system.time(job())
  c(
    seconds = time[["elapsed"]],
    cpu = sum(time[c("user.self", "sys.self")]),
    memory_mb = memory_mb("VmHWM") - before
  )
}

made_up_array <- function(n, k, stages) {
  set.seed(1)
  p <- array(stats::runif(n * k * stages), c(n, k, stages))
  for (t in seq_len(stages)) {
    p[, , t] <- p[, , t] / rowSums(p[, , t])
  }
  p
}

made_up_rows <- function(n) {
  set.seed(2)
  x <- matrix(stats::rnorm(n * 10), n, dimnames = list(NULL, letters[1:10]))
  score <- x[, 1] + x[, 2] * x[, 3] + stats::rnorm(n)
  data.frame(x, y = as.integer(score > 0))
}

# What each job is given, made where it is not the job that is to be measured.
made_up_data <- function() {
  data <- made_up_rows(rows)
  data$class <- factor(data$y)
  data
}

fit_model <- function(kind) {
  data <- made_up_data()
  formula <- y ~ a + b + c + d + e + f + g + h + i + j
  if (kind == "gbm") {
    gbm::gbm(
      formula, "bernoulli", data,
      n.trees = trees, interaction.depth = 3, bag.fraction = 0.1,
      keep.data = FALSE
    )
  } else {
    ranger::ranger(
      stats::update(formula, class ~ .), data,
      num.trees = trees, max.depth = 8, sample.fraction = 0.1,
      probability = TRUE, keep.inbag = TRUE, num.threads = 2
    )
  }
}

# A job by its kind and number of stages, as a function.
job_of <- function(kind, n_stages, file) {
  if (kind == "array") {
    p <- made_up_array(samples, 3, n_stages)
    label <- sample.int(3, samples, replace = TRUE) - 1L
    return(function() datamap_summarise(datamap_stages(p, label = label)))
  }
  loadNamespace(kind)
  model <- readRDS(file)
  data <- made_up_data()
  at <- unique(round(seq(1, trees, length.out = n_stages)))
  function() {
    datamap_summarise(datamap_stages(model, data = data, label = "y", at = at))
  }
}

# In a process of its own: what another job has left free would not be counted.
one <- argument(args, "one", NULL)
if (!is.null(one)) {
  cat(measured(job_of(one[[1]], as.integer(one[[2]]), one[[3]])))
  quit()
}

run_job <- function(kind, n_stages, file) {
  say(kind, ", ", n_stages, " stages")
  of <- c("one", "samples", "rows", "trees")
  values <- list(c(kind, n_stages, file), samples, rows, trees)
  text <- vapply(values, function(value) {
    paste(format(value, scientific = FALSE), collapse = ",")
  }, "")
  out <- system2(
    "Rscript", c("bench/stages.R", paste0(of, "=", gsub(" ", "", text))),
    stdout = TRUE
  )
  as.numeric(strsplit(utils::tail(out, 1), " ")[[1]])
}

load <- load_now()
files <- list(array = "none")
for (kind in c("gbm", "ranger")) {
  say("fitting with ", kind)
  files[[kind]] <- tempfile()
  saveRDS(fit_model(kind), files[[kind]])
}
jobs <- data.frame(
  kind = c("array", "gbm", "gbm", "ranger", "ranger"),
  stages = c(20, 20, 100, 20, 100)
)
table <- do.call(rbind, Map(function(kind, stages) {
  found <- vapply(seq_len(rounds), function(i) {
    run_job(kind, stages, files[[kind]])
  }, double(3))
  of <- apply(found, 1, stats::median)
  data.frame(
    what = kind, stages = stages, rows = if (kind == "array") samples else rows,
    seconds = of[[1]], cpu = of[[2]], memory_mb = of[[3]], load = load
  )
}, jobs$kind, jobs$stages))
print(table, digits = 3, row.names = FALSE)
if ("keep" %in% args) {
  writeLines(c(
    "# Measured maps of arrays and models", "",
    describe_machine(list(modules = "")), "",
    paste(
      "`seconds` by the clock and `cpu`, medians of", rounds, "processes. The",
      "array has three classes; the models have", trees, "trees of rows of ten",
      "numbers and two classes, ranger's map is out-of-bag. `memory_mb`: the",
      "most that the process took above what it had before the map was asked",
      "for, of R, its garbage included, and of the core. `load`: how many",
      "processes were running or waiting, on average of a minute, at the start."
    ), "",
    markdown(table)
  ), "bench/results-stages.md")
}
