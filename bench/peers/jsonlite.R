# jsonlite.R FILE [OUT]
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
source(file.path(here, "report.R"))
source(file.path(here, "summarise.R"))

invisible(loadNamespace("jsonlite"))
report(
  function(file) {
    lines <- file(file, "r")
    on.exit(close(lines))
    summarise(jsonlite::stream_in(lines, verbose = FALSE, pagesize = 10000))
  },
  write_summary
)
