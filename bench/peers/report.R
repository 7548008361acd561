# What the R peers share: the job's time and memory on one line, as report.h
# has it, and the summary to a file where one is asked for.

memory <- function() {
  status <- readLines("/proc/self/status")
  as.integer(gsub("[^0-9]", "", grep("^VmHWM:", status, value = TRUE)))
}

args <- commandArgs(trailingOnly = TRUE)

report <- function(job, write) {
  before <- memory()
  time <- system.time(summary <- job(args[1]))
  cpu <- time[["user.self"]] + time[["sys.self"]]
  cat(sprintf("%.6f %.6f %d %d\n", time[["elapsed"]], cpu, before, memory()))
  if (length(args) > 1) {
    write(summary, args[2])
  }
}
