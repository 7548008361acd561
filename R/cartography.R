# The look of the cartography paper's figure: histograms above and beside the
# points, one of correctness in the corner between them, and named regions.
# The histograms are bars beyond the range of the signals, on the axes of the
# map itself: so the result is an ordinary ggplot.

# The map with the columns that the style has on its axes by default.
add_cartography_columns <- function(map) {
  if (!"confidence" %in% names(map)) {
    map <- set_column(map, "confidence", map$avg_probs)
  }
  if (!"variability" %in% names(map)) {
    map <- set_column(map, "variability", sqrt(map$label_var))
  }
  map
}

# The cut-offs of the regions that are drawn; NULL where none are, for want of
# the right axes too.
find_cutoffs <- function(cutoffs, attr1, attr2, call = rlang::caller_env()) {
  cutoffs <- check_cutoffs(cutoffs, allow_null = TRUE, call = call)
  is_drawn <- has_region_axes(attr1, attr2) &&
    region_axes[[attr1]] == "confidence"
  if (is_drawn) cutoffs
}

# What the style adds to the points, as a list of layers and scales.
cartography_layers <- function(attr1, attr2, parts) {
  margins <- parts$margins
  list(
    ggplot2::geom_rect(
      aes(
        xmin = .data$xmin, xmax = .data$xmax,
        ymin = .data$ymin, ymax = .data$ymax,
        fill = .data$.group
      ),
      data = in_panels(margins$bars, parts$panels),
      inherit.aes = FALSE, show.legend = FALSE
    ),
    ggplot2::geom_segment(
      aes(
        x = .data$x, y = .data$y, xend = .data$xend, yend = .data$yend
      ),
      data = margins$feet, inherit.aes = FALSE, show.legend = FALSE,
      colour = "grey20", linewidth = 0.3
    ),
    # In narrow panels there is no room, and the caption says it
    if (length(parts$facets) <= 1) {
      fitted_text(ggplot2::geom_text(
        aes(
          x = .data$x, y = .data$y, label = .data$label,
          angle = .data$angle, hjust = .data$hjust
        ),
        data = margins$names, inherit.aes = FALSE, show.legend = FALSE,
        vjust = 1, size = 2.4, lineheight = 0.9, colour = "black"
      ))
    },
    if (!is.null(parts$cutoffs)) {
      layer_regions(
        parts$cutoffs, c(attr2, attr1), region_labels(parts),
        look = list(
          colour = "black", linetype = "dashed", linewidth = 0.4,
          text_size = 2.6
        ),
        ends = c(-Inf, margins$ranges$top[[1]]),
        # Long names would cross it: they stand beyond
        line_ends = margins$ranges$y,
        # Nor does the one at the right stand on the histogram
        far = margins$ranges$x[[2]]
      )
    },
    # Bins have the same fill, and a legend
    if (parts$points != "density") {
      scale_of_groups("fill", parts$looks, guide = "none")
    },
    # No number of the axes stands beside a histogram. Those of x stand side by
    # side, which on small pages has room for few
    sparse_axis(breaks = inner_breaks(margins$ranges$x, 3)),
    ggplot2::scale_y_continuous(breaks = inner_breaks(margins$ranges$y, 5))
  )
}

# With their numbers of samples, in one panel.
region_labels <- function(parts) {
  if (length(parts$facets) > 1) {
    return(datamap_region_names)
  }
  labels <- add_count(names(parts$regions), parts$regions)
  sub(" (", "\n(", labels, fixed = TRUE)
}

inner_breaks <- function(range, n) {
  breaks <- pretty(range, n)
  breaks[breaks >= range[[1]] & breaks <= range[[2]]]
}

# The three histograms as data: `bars`, the lines at their `feet`, their
# `names` with the number of samples in the largest bar, the same numbers as
# `most`, and the `ranges` of the axes without them.
margin_bars <- function(data, attr1, attr2, cutoffs) {
  x <- signal_range(data[[attr2]], attr2)
  y <- signal_range(data[[attr1]], attr1)
  if (!is.null(cutoffs)) {
    # As far as layer_regions() makes room
    power <- if (attr2 == "label_var") 2 else 1
    x[[2]] <- max(x[[2]], 1.5 * cutoffs[["variability"]]^power)
  }
  # Histograms stand on these stretches, which lie beyond the ranges
  top <- y[[2]] + diff(y) * c(0.07, 0.3)
  right <- x[[2]] + diff(x) * c(0.07, 0.36)

  bars_along <- function(name, range) {
    values <- data[[name]]
    count_bars(data, values, axis_breaks(values, range, bin_counts[["margin"]]))
  }
  along_x <- bars_along(attr2, x)
  along_y <- bars_along(attr1, y)
  steps <- correctness_breaks(data)
  correct <- count_bars(data, data$correct_ratio, steps)
  ends <- c("low", "high")
  correct[ends] <- lapply(correct[ends], function(at) {
    right[[1]] + diff(right) * (at - min(steps)) / diff(range(steps))
  })
  most <- c(max(along_x$to, 0), max(along_y$to, 0), max(correct$to, 0))
  at_left <- is_high_at_end(along_x, x)
  at_foot <- is_high_at_end(along_y, y)
  list(
    bars = rbind(
      place_bars(along_x, top, c("x", "y")),
      place_bars(along_y, right, c("y", "x")),
      place_bars(correct, top, c("x", "y"))
    ),
    feet = data.frame(
      x = c(x[[1]], right[[1]], right[[1]]),
      xend = c(x[[2]], right[[1]], right[[2]]),
      y = c(top[[1]], y[[1]], top[[1]]),
      yend = c(top[[1]], y[[2]], top[[1]])
    ),
    names = data.frame(
      x = c(x[[2L - at_left]], right[[2]], right[[1]]),
      y = c(top[[2]], y[[2L - at_foot]], top[[2]]),
      hjust = c(1 - at_left, at_foot, 0),
      angle = c(0, -90, 0),
      label = paste0(
        c("", "", "correct_ratio\n"), "up to ", format_count(most)
      )
    ),
    most = most,
    ranges = list(x = x, y = y, top = top)
  )
}

# A bar for each share of right predictions that can occur, if all samples
# were evaluated equally often; else eleven.
correctness_breaks <- function(data) {
  times <- unique(data$evaluations[!is.na(data$evaluations)])
  steps <- if (length(times) == 1 && times <= 20) times else 10
  (seq(0, steps + 1) - 0.5) / steps
}

# Counts between breaks, by panel and group; the groups of a panel are stacked,
# `from` and `to` in numbers of samples.
count_bars <- function(data, values, breaks) {
  bar <- findInterval(values, breaks, rightmost.closed = TRUE)
  counts <- count_cells(bar, length(breaks) - 1L, data)
  to <- counts
  for (i in seq_len(nlevels(data$.group))[-1]) {
    to[, i, ] <- to[, i - 1L, ] + to[, i, ]
  }
  at <- which(counts > 0, arr.ind = TRUE)
  data.frame(
    low = breaks[at[, 1]],
    high = breaks[at[, 1] + 1L],
    from = to[at] - counts[at],
    to = to[at],
    .group = as_levels(at[, 2], levels(data$.group)),
    .facet = as_levels(at[, 3], levels(data$.facet))
  )
}

# Bars as rectangles on a strip: `axes` names the axis along which they stand
# and the one of their length.
place_bars <- function(bars, strip, axes) {
  across <- function(n) strip[[1]] + diff(strip) * n / max(bars$to, 1)
  ends <- list(bars$low, bars$high, across(bars$from), across(bars$to))
  names(ends) <- paste0(rep(axes, each = 2), c("min", "max"))
  data.frame(ends, bars[c(".group", ".facet")])[
    c("xmin", "xmax", "ymin", "ymax", ".group", ".facet")
  ]
}

# Is the largest bar in the upper half of the range? Then the histogram's name
# stands at the lower end.
is_high_at_end <- function(bars, range) {
  highest <- which.max(bars$to)
  length(highest) > 0 && bars$low[[highest]] >= mean(range)
}
