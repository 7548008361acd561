# plot-ggplot2.R KIND FILE PICTURE: the same map as users of ggplot2 draw it,
# one point each, the groups by colour and shape. KIND is not used.
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
source(file.path(here, "plot-data.R"))

library(ggplot2)
samples <- read_samples(drawing$file)
report(function(picture) {
  samples$group <- cut(
    samples$correct_ratio, c(0, 0.2, 0.4, 0.6, 0.8, 1, 2),
    right = FALSE
  )
  plot <- ggplot(samples, aes(label_var, avg_probs)) +
    geom_point(aes(colour = group, shape = group), size = 1, alpha = 0.5)
  save_picture(plot, picture)
})
