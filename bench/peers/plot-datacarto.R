# plot-datacarto.R KIND FILE PICTURE: draws the map of FILE (see plot-data.R)
# into PICTURE. KIND is an argument `points` of datamap_plot(), or cartography.
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
source(file.path(here, "plot-data.R"))

invisible(loadNamespace("datacarto"))
map <- datacarto::as_datamap(read_samples(drawing$file))
report(function(picture) {
  plot <- if (drawing$kind == "cartography") {
    datacarto::datamap_plot(map, style = "cartography")
  } else {
    datacarto::datamap_plot(map, points = drawing$kind)
  }
  save_picture(plot, picture)
})
