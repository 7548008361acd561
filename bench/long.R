# The table of all lines beside the summary of the same file, and beside
# fread() of the same columns as CSV: Rscript bench/long.R FILE [rounds].
# The jobs take turns in one process; ratios are of the processor's time, those
# of threads by the clock. Writes results-long.md.

here <- dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(trailingOnly = FALSE),
  value = TRUE
)))
source(file.path(here, "measure.R"))

given <- commandArgs(trailingOnly = TRUE)
file <- given[[1]]
rounds <- if (length(given) > 1) as.integer(given[[2]]) else 5
data.table::setDTthreads(1)
csv <- tempfile(fileext = ".csv")
table <- datacarto::datamap_read_signals(file)
lines <- nrow(table)
data.table::fwrite(table, csv)
rm(table)
load <- load_now()
read <- function(threads) {
  function() datacarto::datamap_read_signals(file, threads = threads)
}
times <- time_jobs(list(
  one = read(1), two = read(2),
  summary = function() datacarto::datamap_summarise(file, threads = 1),
  fread = function() data.table::fread(csv)
), rounds)
unlink(csv)

row <- function(words, job, other, what) {
  of <- function(job) times[[what]][times$job == job]
  ratio <- stats::median(of(job) / of(other))
  paste("|", words, "|", format(ratio, digits = 3), "|")
}
writeLines(c(
  "# The table of all lines, beside what it takes at least", "",
  paste0(
    format(lines, big.mark = ","), " lines without signals of the user's; ",
    "medians of ", rounds, " rounds by `long.R`. Load before: ",
    format(load, digits = 3), "."
  ), "",
  "| `datamap_read_signals()` | ratio |", "| --- | ---: |",
  row("one thread beside the summary, processor", "one", "summary", "cpu"),
  row("one thread beside `fread()`, processor", "one", "fread", "cpu"),
  row("one thread beside two, clock", "one", "two", "seconds")
), file.path(here, "results-long.md"))
