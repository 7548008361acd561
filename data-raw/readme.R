# Usage: Rscript data-raw/readme.R
#
# Draws the pictures of README.md into man/figures/: the data map of the shipped
# signals, and the table of speed that bench/results/peers.csv keeps, which
# bench/run.R has measured: of the machine that did so last. From the top
# folder, with the package installed.

library(datacarto)
library(ggplot2)

dir.create("man/figures", recursive = TRUE, showWarnings = FALSE)

# On white, since the page that shows it may be dark.
save_picture <- function(name, plot, width, height) {
  file <- file.path("man/figures", name)
  ggsave(
    file, plot,
    width = width, height = height, dpi = 110, bg = "white", type = "cairo"
  )
  cat(file, file.size(file), "bytes\n")
}

map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
save_picture("README-map.png", datamap_plot(map), 7, 4.5)

speed <- read.csv("bench/results/peers.csv")
speed <- speed[
  speed$machine == speed$machine[1] & speed$data == "S" &
    speed$threads == 1 & speed$summary %in% c("agrees", ""),
]
# of two ways to do it, the faster
speed <- speed[!speed$tool %in% c(
  "DuckDB, list", "simdjson, -O2", "datacarto, 4 metrics"
), ]
speed$tool <- sub(", window", "", sub(", -O3 .*", "", speed$tool))
speed$tool <- sub("newline scan", "only counting newlines", speed$tool)
speed$is_ours <- speed$tool == "datacarto"
speed$said <- ifelse(
  speed$is_ours, signif(speed$seconds, 2),
  sprintf("%s (%s x)", signif(speed$seconds, 2), signif(
    speed$times_datacarto, 2
  ))
)
speed$tool <- reorder(speed$tool, -speed$seconds)
picture <- ggplot(speed, aes(.data$seconds, .data$tool)) +
  geom_segment(
    aes(x = 0.01, xend = .data$seconds, yend = .data$tool), colour = "grey80"
  ) +
  geom_point(aes(colour = .data$is_ours), size = 3, show.legend = FALSE) +
  geom_text(aes(label = .data$said), hjust = 0, nudge_x = 0.06, size = 3) +
  scale_x_log10(
    "Seconds for a million lines (each step is ten times the one before)",
    breaks = c(0.01, 0.1, 1, 10, 100), labels = c(0.01, 0.1, 1, 10, 100),
    limits = c(0.01, 300), expand = c(0, 0)
  ) +
  scale_colour_manual(values = c("grey40", "#D55E00")) +
  labs(y = NULL) +
  theme_minimal() +
  theme(
    panel.grid.major.y = element_blank(), panel.grid.minor = element_blank()
  )
save_picture("README-speed.png", picture, 7, 2.8)
