# Usage: Rscript demo.R FOLDER
#
# From shipped signals to the three data maps of the method: writes
# FOLDER/signals.result and three PNG files, and says what they show.

suppressPackageStartupMessages(library(datacarto))
library(ggplot2)

folder <- commandArgs(trailingOnly = TRUE)[1]
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
folder <- normalizePath(folder)

heading <- function(...) cat("== ", ..., "\n", sep = "")

signals <- datamap_example("spam_signals.jsonl.gz")
heading("Reading ", signals)
map <- datamap_summarise(signals)
print(map)

result <- file.path(folder, "signals.result")
datamap_write_summary(map, result)
heading("Wrote ", result, " (", nrow(map), " samples)")

maps <- list(
  "map-all.png" = list(
    plot = datamap_plot(map),
    shows = "every sample"
  ),
  "map-forgotten.png" = list(
    plot = datamap_plot(map, criterion = "forgetting_times", threshold = 1),
    shows = "the samples that were forgotten at least once"
  ),
  "map-learnt.png" = list(
    plot = datamap_plot(map, use_l_times = 0),
    shows = "every sample, by how often it was learnt"
  )
)
heading("Drawing three maps")
for (name in names(maps)) {
  file <- file.path(folder, name)
  ggsave(file, maps[[name]]$plot, width = 10, height = 6, dpi = 120)
  cat(file, ": ", maps[[name]]$shows, "\n", sep = "")
}

n_lowest <- ceiling(0.1 * nrow(map))
is_dirty <- map$s_label == 2
is_lowest <- rank(map$avg_probs, ties.method = "first") <= n_lowest
heading("What they show")
cat(
  "Of ", sum(is_dirty), " labels that were made dirty on purpose (s_label 2), ",
  sum(is_dirty & is_lowest), " are among the ", n_lowest,
  " samples (10 %) with the lowest avg_probs.\n",
  "By chance it would have been about ", round(0.1 * sum(is_dirty)), ".\n",
  sep = ""
)
