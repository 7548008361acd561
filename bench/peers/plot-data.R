# What the R programs that draw share. A file of samples holds three columns of
# doubles, one after the other: avg_probs, label_var, correct_ratio.
args <- commandArgs(trailingOnly = TRUE)
drawing <- list(kind = args[1], file = args[2])
source(file.path(here, "report.R"))
args <- args[3]

read_samples <- function(file) {
  n <- file.size(file) / 24
  column <- function() readBin(con, "double", n)
  con <- file(file, "rb")
  on.exit(close(con))
  samples <- data.frame(
    id = seq_len(n), avg_probs = column(), label_var = column(),
    correct_ratio = column()
  )
  samples$evaluations <- 10L
  samples
}

save_picture <- function(plot, picture) {
  ggplot2::ggsave(picture, plot, width = 7, height = 5, dpi = 150)
}
