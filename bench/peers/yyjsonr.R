# yyjsonr.R FILE [OUT]
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
source(file.path(here, "report.R"))
source(file.path(here, "summarise.R"))

invisible(loadNamespace("yyjsonr"))
report(
  function(file) {
    summarise(yyjsonr::read_ndjson_file(file, type = "df", nprobe = 100))
  },
  write_summary
)
