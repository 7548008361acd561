# What large runs cost: Arrow streams of twenty million rows, states of ten
# million samples that are merged, files that are converted; and what a run of
# 10^9 lines and 10^8 samples would cost by these figures. From the top folder,
# with datacarto and nanoarrow (and nanoparquet) installed:
#
#   Rscript bench/scale.R [rows=2e7] [samples=1e7] [lines=2e6] [keep]
#
# Each job is a process of its own, with one thread. Prints seconds by the clock
# and of the processor, and how much memory the process took at most; with
# `keep` it puts them into results-scale.md. Needs Linux, for the memory, and
# with the sizes above 6 GB of it.

library(datacarto)
source("bench/setup.R")
source("bench/measure.R")
source("bench/write.R")

args <- commandArgs(trailingOnly = TRUE)
rows <- as.numeric(argument(args, "rows", 2e7))
samples <- as.numeric(argument(args, "samples", 1e7))
lines <- as.numeric(argument(args, "lines", 2e6))

# Megabytes of this process now (VmRSS), or at most since the reset (VmHWM).
memory_mb <- function(what) {
  line <- grep(what, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

# What a job took, and a sum of what it gave.
measured <- function(job) {
  force(job) # what it is given is made before
  gc()
  writeLines("5", "/proc/self/clear_refs")
  before <- memory_mb("VmRSS")
  time <- system.time(found <- job())
  c(
    seconds = time[["elapsed"]], cpu = sum(time[c("user.self", "sys.self")]),
    memory_mb = memory_mb("VmHWM") - before, before_mb = before,
    size_mb = as.numeric(utils::object.size(found)) / 2^20
  )
}

# --- streams ---

# Rows of twenty evaluations; two million come over and over.
signals <- function(n) {
  ids <- n / 20
  set.seed(1)
  p <- stats::runif(n)
  data.frame(
    id = rep_len(seq_len(ids), n), label = rep_len(sample(0:3, ids, TRUE), n),
    correct = p > 0.5, label_probs = p, loss = -log(p)
  )
}

# So many rows in batches of `size`, all of which but the first have an offset.
stream_of <- function(rows, size, whole = signals(min(rows, 2e6))) {
  n <- nrow(whole)
  whole <- nanoarrow::as_nanoarrow_array(whole)
  once <- lapply(seq(0, n - 1, by = size), function(start) {
    part <- list(offset = start, length = min(size, n - start))
    nanoarrow::nanoarrow_array_modify(whole, part, validate = FALSE)
  })
  nanoarrow::basic_array_stream(
    rep(once, rows / n),
    schema = nanoarrow::infer_nanoarrow_schema(whole), validate = FALSE
  )
}

map_of <- function(x) {
  datamap_summarise(x, signals = "loss", metrics = map_metrics, threads = 1)
}

# Those that need no class vectors, and some that keep a state of their own.
map_metrics <- c(
  "pvi", "aleatoric", "loss_last", "loss_ema", "learned_for_good",
  "forgotten_for_good"
)

base_of <- function(x) datamap_summarise(x, threads = 1)

# The same rows as a stream and as a data frame, to the last bit.
same_as_frame <- function(rows, size, map_of) {
  whole <- signals(min(rows, 2e6))
  of_stream <- map_of(stream_of(rows, size, whole))
  again <- lapply(whole, rep, rows / nrow(whole))
  of_frame <- map_of(structure(
    again, row.names = .set_row_names(rows), class = "data.frame"
  ))
  same <- vapply(names(of_frame), function(name) {
    identical(of_stream[[name]], of_frame[[name]], num.eq = FALSE)
  }, NA)
  stopifnot(nrow(of_stream) == nrow(whole) / 20, length(same) > 13, same)
  length(same)
}

# --- states ---

# Of a sample, one line.
state_of <- function(ids, step) {
  set.seed(step)
  p <- stats::runif(length(ids))
  frame <- data.frame(
    id = ids, label = ids %% 4L, correct = p > 0.5, label_probs = p, step = step
  )
  datamap_state(frame, threads = 1)
}

# --- jobs, each in a process of its own ---

jobs <- list(
  stream = function(rows, size) {
    stream <- stream_of(rows, size)
    function() base_of(stream)
  },
  frame = function(rows, size) {
    x <- signals(min(rows, 2e6))
    function() base_of(x)
  },
  state = function(n, file) {
    ids <- seq_len(n)
    function() state_of(ids, 1)
  },
  merged = function(n, file) {
    a <- state_of(seq_len(n), 1)
    b <- state_of(seq_len(n), 2)
    function() datamap_merge(a, b)
  },
  disjoint = function(n, file) {
    a <- state_of(seq_len(n / 2), 1)
    b <- state_of(seq_len(n / 2) + as.integer(n / 2), 2)
    function() datamap_merge(a, b)
  },
  finished = function(n, file) {
    a <- state_of(seq_len(n), 1)
    function() datamap_summarise(a)
  },
  lines = function(n, file) function() base_of(file),
  ndjson = function(n, file) {
    function() datamap_convert(file, paste0(file, ".out.jsonl"), threads = 1)
  },
  arrow = function(n, file) {
    function() datamap_convert(file, paste0(file, ".out.arrows"), threads = 1)
  },
  parquet = function(n, file) {
    function() datamap_convert(file, paste0(file, ".out.parquet"), threads = 1)
  }
)

one <- argument(args, "one", NULL)
if (!is.null(one)) {
  second <- suppressWarnings(as.numeric(one[[3]]))
  second <- if (is.na(second)) one[[3]] else second
  cat(measured(jobs[[one[[1]]]](as.numeric(one[[2]]), second)))
  quit()
}

run_job <- function(kind, n, second) {
  say(kind, ", ", format(n, big.mark = ","))
  load <- load_now()
  what <- paste0("one=", paste(kind, format(n, scientific = FALSE),
    format(second, scientific = FALSE), sep = ","))
  out <- system2("Rscript", c("bench/scale.R", what), stdout = TRUE)
  of <- as.numeric(strsplit(utils::tail(out, 1), " ")[[1]])
  data.frame(
    what = kind, n = n, batch = if (is.numeric(second)) second else NA,
    seconds = of[[1]], cpu = of[[2]], per_cpu_second = n / of[[2]],
    memory_mb = of[[3]], before_mb = of[[4]], size_mb = of[[5]], load = load
  )
}

for (size in c(1, 7, 2048)) {
  say("batches of ", size, " beside a data frame")
  columns <- same_as_frame(if (size < 2048) 2e3 else 2e6, size, map_of)
}
say("all rows beside a data frame")
columns_of_all <- same_as_frame(rows, 1e5, base_of)

file <- tempfile(fileext = ".jsonl")
write_lines(file, lines)
bytes_per_line <- file.size(file) / lines
table <- rbind(
  run_job("stream", rows / 10, 1e5),
  run_job("stream", rows, 1e5),
  run_job("stream", 2e6, 2048),
  run_job("stream", 2e4, 7),
  run_job("stream", 2e3, 1),
  run_job("frame", 2e6, 0),
  run_job("state", samples, 0),
  run_job("merged", samples, 0),
  run_job("disjoint", samples, 0),
  run_job("finished", samples, 0),
  run_job("lines", lines, file),
  run_job("ndjson", lines, file),
  if (requireNamespace("nanoarrow")) run_job("arrow", lines, file),
  if (requireNamespace("nanoparquet")) run_job("parquet", lines, file)
)
table$bytes <- vapply(table$what, function(kind) {
  ending <- c(ndjson = "jsonl", arrow = "arrows", parquet = "parquet")[kind]
  file.size(paste0(file, ".out.", ending)) / lines
}, 1)
unlink(Sys.glob(paste0(file, "*")))
print(table, digits = 3, row.names = FALSE)

# --- the model ---

# Of one row of the table by its `what`, the last where there are several.
figure <- function(kind, column) {
  utils::tail(table[[column]][table$what == kind], 1)
}
stream_rate <- max(table$per_cpu_second[table$what == "stream"])
per_sample <- function(kind, column) {
  figure(kind, column) / figure(kind, "n") * 1e8
}
peak_of <- function(kind) {
  per_sample(kind, "memory_mb") + per_sample(kind, "before_mb")
}
gb <- function(mb) paste(format(round(mb / 1024, 1)), "GB")
minutes <- function(seconds) paste(format(round(seconds / 60)), "minutes")
model <- data.frame(
  of = c(
    "lines of JSON on disk", "read by one core", "read as Arrow by one core",
    "rewritten as Parquet by one core", "the state of all samples",
    "most memory of one process that reads all",
    "of one that merges two states",
    "the same where no id is in both", "merging two, by one core",
    "one of ten shares of the ids: most memory",
    "ten shares, each reading all lines: cores for an hour"
  ),
  cost = c(
    gb(1e9 * bytes_per_line / 2^20),
    minutes(1e9 / figure("lines", "per_cpu_second")),
    minutes(1e9 / stream_rate),
    if ("parquet" %in% table$what) {
      minutes(1e9 / figure("parquet", "per_cpu_second"))
    } else {
      "not measured"
    },
    gb(per_sample("state", "size_mb")), gb(peak_of("state")),
    gb(peak_of("merged")), gb(peak_of("disjoint")),
    minutes(per_sample("merged", "cpu")), gb(peak_of("state") / 10),
    format(ceiling(10 * 1e9 / figure("lines", "per_cpu_second") / 3600))
  )
)
print(model, right = FALSE, row.names = FALSE)

if ("keep" %in% args) {
  writeLines(c(
    "# Measured streams, states and conversions", "",
    describe_machine(list(modules = "")), "",
    paste(
      "One run of each, one thread, each in a process of its own. `n`: rows of",
      "a stream (100,000 samples, twenty evaluations that come over and over,",
      "integer ids), samples of a state, or lines of a file (10,000 samples,",
      "four classes). `per_cpu_second`: n for each second of the processor,",
      "which says more than `seconds` by the clock where `load`, the processes",
      "that ran or waited, is above the two cores. `memory_mb`: the most that",
      "the process took above `before_mb`, which it had before with what the",
      "job was given; of a stream these are the rows that come over and over.",
      "`size_mb`: of what came of it. `bytes`: of a line that was converted."
    ), "",
    markdown(table), "",
    paste0(
      "The map of a stream is that of the data frame of the same rows, to the ",
      "last bit: all ", columns_of_all, " columns of ",
      format(rows, big.mark = ",", scientific = FALSE),
      " rows in batches of 100,000; and ",
      columns, " columns, with a signal and ", length(map_metrics),
      " metrics, of two million rows in batches of 2,048 and of 2,000 in ",
      "batches of 7 and of 1. All batches but the first have offsets."
    ), "",
    "## 10^9 lines of 10^8 samples", "",
    paste(
      "Not run: what the figures above come to. Time goes by lines and memory",
      "by samples, which the tables here and in results.md bear out."
    ), "",
    markdown(model)
  ), "bench/results-scale.md")
}
