# Usage: Rscript bench/streams.R [FILE]
#
# Arrow streams of 2 and 20 million rows in batches of 100,000, with one thread,
# each in a process of its own: rows a second and the largest memory. Then a
# stream against the data frame of the same rows. Writes
# bench/results/streams.csv, or FILE. Needs nanoarrow and the installed package.

args <- commandArgs(trailingOnly = TRUE)

signals <- function(n) {
  set.seed(1)
  p <- stats::runif(n)
  data.frame(
    id = seq_len(n), label = sample(0:3, n, TRUE), correct = p > 0.5,
    label_probs = p, loss = -log(p)
  )
}

# The rows of `size` samples at a time, over and over.
stream_of <- function(rows, size, samples = 1e5) {
  whole <- nanoarrow::as_nanoarrow_array(signals(samples))
  starts <- seq(0, samples - 1, by = size)
  once <- lapply(starts, function(start) {
    part <- list(offset = start, length = min(size, samples - start))
    nanoarrow::nanoarrow_array_modify(whole, part, validate = FALSE)
  })
  nanoarrow::basic_array_stream(
    rep(once, rows / samples),
    schema = nanoarrow::infer_nanoarrow_schema(whole), validate = FALSE
  )
}

if (identical(args[1], "one")) {
  rows <- as.numeric(args[2])
  stream <- stream_of(rows, as.numeric(args[3]))
  time <- system.time(map <- datacarto::datamap_summarise(stream, threads = 1))
  stopifnot(all(map$evaluations == rows / 1e5))
  peak <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
  cat(time[["elapsed"]], sum(time[1:2]), gsub("[^0-9]", "", peak), "\n")
} else {
  script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
  results <- expand.grid(rows = c(2e6, 2e7), batch = 1e5)
  figures <- Map(function(rows, batch) {
    out <- system2(
      file.path(R.home("bin"), "Rscript"), c(script, "one", rows, batch),
      stdout = TRUE
    )
    as.numeric(strsplit(out, " ")[[1]][1:3])
  }, results$rows, results$batch)
  figures <- do.call(rbind, figures)
  results$seconds <- figures[, 1]
  results$cpu_seconds <- figures[, 2]
  results$rows_per_cpu_second <- round(results$rows / figures[, 2])
  results$peak_mb <- round(figures[, 3] / 1024)
  frame <- signals(1e5)
  frame <- frame[rep(seq_len(nrow(frame)), 5), ]
  stopifnot(identical(
    datacarto::datamap_summarise(frame, signals = "loss", metrics = "aum"),
    datacarto::datamap_summarise(
      nanoarrow::as_nanoarrow_array(frame),
      signals = "loss", metrics = "aum"
    )
  ))
  file <- if (is.na(args[1])) "bench/results/streams.csv" else args[1]
  utils::write.csv(results, file, row.names = FALSE)
  print(results)
}
