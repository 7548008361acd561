# A data map of many files, one job for each, by batchtools:
#
#   Rscript batchtools.R FILES OUTPUT
#
# FILES lists the signal files, in the order of time, one a line. The jobs and
# their results are kept in the folder registry/.
library(batchtools)
library(datacarto)

args <- commandArgs(trailingOnly = TRUE)
files <- readLines(args[[1]])

# batchtools asks Slurm for the jobs of $USER. Where that is not set, as in many
# containers, it takes each job for lost.
if (!nzchar(Sys.getenv("USER"))) {
  Sys.setenv(USER = Sys.info()[["user"]])
}

registry <- makeRegistry("registry")
registry$cluster.functions <- makeClusterFunctionsSlurm("batchtools.tmpl")
jobs <- batchMap(
  function(file) datacarto::datamap_state(file, threads = 1),
  file = files
)
submitJobs(jobs, resources = list(minutes = 60))
if (!waitForJobs(sleep = 1)) {
  print(getErrorMessages())
  stop("Not all jobs are done: see registry/logs/.")
}

# In the order of the files, whichever job was done first
states <- reduceResultsList(jobs)
map <- datamap_summarise(do.call(datamap_merge, states))
datamap_write_summary(map, args[[2]])
