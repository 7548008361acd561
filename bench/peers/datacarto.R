# datacarto.R FILE [OUT]; THREADS, TIMES (how often the file is read) and
# METRICS (with commas between them) are taken from the environment.
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
source(file.path(here, "report.R"))

threads <- as.integer(Sys.getenv("THREADS", "1"))
times <- as.integer(Sys.getenv("TIMES", "1"))
metrics <- strsplit(Sys.getenv("METRICS"), ",", fixed = TRUE)[[1]]

invisible(loadNamespace("datacarto"))
report(
  function(file) {
    datacarto::datamap_summarise(rep(file, times),
      metrics = metrics, threads = threads, progress = FALSE
    )
  },
  datacarto::datamap_write_summary
)
