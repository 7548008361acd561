# A data map of many files, by workers of mirai that Slurm starts:
#
#   Rscript mirai.R FILES OUTPUT [URL]
#
# FILES lists the signal files, in the order of time, one a line. URL is where
# the nodes reach this machine, by default the first address that it has.
library(mirai)
library(datacarto)

args <- commandArgs(trailingOnly = TRUE)
files <- readLines(args[[1]])
url <- if (length(args) > 2) args[[3]] else host_url(tls = TRUE)[[1]]

# Two workers, each a job of Slurm's, which connect to this session by TLS
daemons(
  2,
  url = url,
  remote = cluster_config(
    command = "sbatch",
    options = paste(
      "#SBATCH --job-name=datamap-mirai",
      "#SBATCH --cpus-per-task=1",
      "#SBATCH --time=60",
      sep = "\n"
    )
  )
)

# One that can't start is noticed here only
waited <- 0
while (status()$connections < 2) {
  if (waited > 120) {
    stop("Not all workers have come: see squeue and the jobs' output.")
  }
  Sys.sleep(0.1)
  waited <- waited + 0.1
}

# In the order of the files, whichever was done first; an error stops
states <- mirai_map(
  files,
  function(file) datacarto::datamap_state(file, threads = 1)
)[.stop]
map <- datamap_summarise(do.call(datamap_merge, states))
datamap_write_summary(map, args[[2]])
daemons(0)
