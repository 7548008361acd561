# datacarto.R FILE [OUT]; THREADS and TIMES (how often the file is read) are
# taken from the environment.
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
source(file.path(here, "report.R"))

threads <- as.integer(Sys.getenv("THREADS", "1"))
times <- as.integer(Sys.getenv("TIMES", "1"))

invisible(loadNamespace("datacarto"))
report(
  function(file) {
    datacarto::datamap_summarise(rep(file, times),
      threads = threads, progress = FALSE
    )
  },
  datacarto::datamap_write_summary
)
