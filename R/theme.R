#' Theme of data maps
#'
#' A quiet ggplot2 theme for maps of many points: thin grid lines on white, an
#' outlined panel, titles above the whole plot.
#'
#' @param base_size The size of the text in points, 11 by default.
#' @param base_family The font family, `""` (the device's own) by default.
#'
#' @return A theme that can be added to a [ggplot2::ggplot()].
#' @seealso [scale_colour_datamap()], [datamap_palette()]
#' @export
#' @examples
#' library(ggplot2)
#' ggplot(mtcars, aes(wt, mpg)) +
#'   geom_point() +
#'   theme_datamap(base_size = 14)
theme_datamap <- function(base_size = 11, base_family = "") {
  check_number(base_size, min = 0)
  check_string(base_family, allow_empty = TRUE)
  half <- base_size / 2
  text <- ggplot2::element_text
  ggplot2::theme_bw(base_size, base_family) +
    ggplot2::theme(
      panel.border = ggplot2::element_rect(fill = NA, colour = "grey45"),
      panel.grid.major = ggplot2::element_line(
        colour = "grey90", linewidth = ggplot2::rel(0.6)
      ),
      panel.grid.minor = ggplot2::element_blank(),
      panel.spacing = ggplot2::unit(1.5 * half, "pt"),
      axis.ticks = ggplot2::element_line(colour = "grey45"),
      axis.text = text(size = ggplot2::rel(0.85), colour = "grey25"),
      axis.title = text(size = ggplot2::rel(0.92)),
      axis.title.x = text(margin = ggplot2::margin(t = half)),
      axis.title.y = text(angle = 90, margin = ggplot2::margin(r = half)),
      strip.background = ggplot2::element_blank(),
      strip.text = text(
        size = ggplot2::rel(0.95), face = "bold", hjust = 0,
        margin = ggplot2::margin(0.3 * half, 0, 0.8 * half, 0)
      ),
      legend.title = text(size = ggplot2::rel(0.9)),
      legend.text = text(size = ggplot2::rel(0.85)),
      legend.key = ggplot2::element_blank(),
      legend.background = ggplot2::element_blank(),
      plot.title = text(
        size = ggplot2::rel(1.15), face = "bold", hjust = 0,
        margin = ggplot2::margin(b = 0.7 * half)
      ),
      plot.subtitle = text(
        colour = "grey30", hjust = 0,
        margin = ggplot2::margin(b = 1.6 * half)
      ),
      plot.caption = text(
        size = ggplot2::rel(0.75), colour = "grey40", hjust = 0,
        margin = ggplot2::margin(t = half)
      ),
      plot.caption.position = "plot",
      plot.title.position = "plot",
      plot.margin = ggplot2::margin(half, 1.5 * half, half, half)
    )
}

# What of a plot's theme depends on what it is drawn with. A complete theme that
# was added puts the legend beside the panels, which leaves nothing of them: it
# goes below again. Any other place that somebody asks for is kept, and with our
# own theme that one too. It also puts title and caption above and below the
# panels, where long ones are cut: they go to the edges of the plot. And on a
# small device text of the usual size would leave no room for the panels.
#' @rawNamespace S3method(ggplot2::ggplot_build, datamap_ggplot)
ggplot_build.datamap_ggplot <- function(plot, ...) {
  theme <- plot$theme
  usual <- 11
  text_size <- theme$text$size %||% usual
  if (identical(as.double(text_size), usual)) {
    text_size <- fitting_size(usual)
    if (text_size < usual) {
      plot <- plot + smaller_text(text_size, theme$legend.key.height)
    }
  }
  plot$layers <- lapply(
    plot$layers, fit_text,
    by = min(1, text_size / usual)
  )
  places <- c("plot.title.position", "plot.caption.position")
  if (all(vapply(places, function(place) {
    identical(theme[[place]] %||% "panel", "panel")
  }, NA))) {
    plot <- plot + ggplot2::theme(
      plot.title.position = "plot", plot.caption.position = "plot"
    )
  }
  if (inherits(plot, "datamap_panels")) {
    is_ours <- identical(theme$legend.box, "vertical")
    place <- theme$legend.position
    if (is_ours || is.null(place) || identical(place, "right")) {
      plot <- plot + legend_below(text_size, place = if (is_ours) place)
    }
  }
  if (inherits(plot, "datamap_signals")) {
    plot <- fit_signals(plot, text_size)
  }
  class(plot) <- setdiff(
    class(plot), c("datamap_signals", "datamap_panels", "datamap_ggplot")
  )
  built <- ggplot2::ggplot_build(plot, ...)
  inform_slivers(nrow(built$layout$layout), plot, text_size / 11)
  built
}

# The keys of legends too, which would keep their height: beside a small panel
# two legends must have room.
smaller_text <- function(size, key_height) {
  ggplot2::theme(
    text = ggplot2::element_text(size = size),
    legend.key.height = key_height %||% ggplot2::unit(1.15 * size, "pt")
  )
}

inform_slivers <- function(n, plot, scale) {
  if (n == 1 || panels_fit(n, plot, scale)) {
    return(invisible())
  }
  inform_datamap(
    c(
      "!" = "{n} panels have too little room on {device_words()}.",
      "i" = paste(
        "Draw on a larger device, or have panels by a column of fewer values."
      )
    ),
    class = "slivers", n = n
  )
}

# Whether n panels have room beside and below all text, which is `scale` times
# as large as usual. In inches: of the room, what title and legend take; of each
# panel, what the strip, the axis and the panel itself need.
panels_fit <- function(n, plot, scale) {
  if (grDevices::dev.cur() == 1) {
    return(TRUE)
  }
  size <- grDevices::dev.size("in")
  lines <- function(text) sum(lengths(strsplit(text %||% "", "\n")))
  n_keys <- length(levels(plot$data$.group))
  text <- 0.25 + 0.25 * lines(plot$labels$title) +
    0.2 * (lines(plot$labels$subtitle) + 1) + 0.18 * (1 + ceiling(n_keys / 2))
  across <- grDevices::n2mfrow(n) # as facet_wrap() has it
  across[[2]] * (0.35 + 0.65 * scale) <= size[[2]] - text * scale &&
    across[[1]] * (0.5 + 0.45 * scale) <= size[[1]] - 0.5 * scale
}

device_words <- function() {
  size <- format(round(grDevices::dev.size("in"), 1), trim = TRUE)
  paste(size[[1]], "by", size[[2]], "inches")
}

# Text as large as a device of 5.5 by 4.2 inches has room for, never below 7
# points. Without a device the size of none is known.
fitting_size <- function(usual) {
  if (grDevices::dev.cur() == 1) {
    return(usual)
  }
  size <- grDevices::dev.size("in")
  clamp(usual * min(1, size / c(5.5, 4.2)), 7, usual)
}

# A layer whose text becomes smaller with that of the theme.
fitted_text <- function(layer) {
  layer$is_fitted <- TRUE
  layer
}

fit_text <- function(layer, by) {
  if (!isTRUE(layer$is_fitted)) {
    return(layer)
  }
  params <- layer$aes_params
  params$size <- by * params$size
  ggplot2::ggproto(NULL, layer, aes_params = params)
}

# Legends below several panels.
legend_below <- function(text_size = 11, place = NULL) {
  ggplot2::theme(
    legend.position = place %||% "bottom",
    legend.justification = "left",
    legend.box = "vertical",
    legend.box.just = "left",
    legend.margin = ggplot2::margin(),
    legend.spacing.y = ggplot2::unit(0.2 * text_size, "pt"),
    legend.key.height = ggplot2::unit(1.15 * text_size, "pt")
  )
}
