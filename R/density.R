# Maps of more samples than can be told apart as points: samples are counted
# in bins, and each bin shows the shares of its groups.

# So many samples are drawn as one point each unless `points` says otherwise.
max_points <- 50000L

find_points <- function(points, n, call = rlang::caller_env()) {
  if (points == "auto") {
    return(if (n > max_points) "density" else "points")
  }
  if (points == "raster" && !has_package("scattermore")) {
    abort_datamap(
      c(
        "{.code points = \"raster\"} needs the package {.pkg scattermore}.",
        x = "It is not installed.",
        i = "{.code points = \"density\"} needs no other package."
      ),
      class = "input",
      key = "points",
      call = call
    )
  }
  points
}

# Counts the samples in bins of a round width. Each bin is a square of k * k
# tiles, coloured by group in proportion to the groups' numbers of samples;
# each group that occurs in the bin has one tile at least. Returns `tiles`, a
# data frame of tiles with the number of samples in their bin, and the
# `widths` of the bins.
bin_samples <- function(data, attr1, attr2) {
  n_bins <- bin_counts[[if (nlevels(data$.facet) > 1) "panel" else "map"]]
  breaks <- lapply(c(x = attr2, y = attr1), function(name) {
    range <- signal_range(data[[name]], name)
    axis_breaks(data[[name]], range, n_bins)
  })
  place <- function(name, at) findInterval(name, at, rightmost.closed = TRUE)
  n_x <- length(breaks$x) - 1L
  n_y <- length(breaks$y) - 1L
  counts <- count_cells(
    place(data[[attr2]], breaks$x) +
      n_x * (place(data[[attr1]], breaks$y) - 1L),
    n_x * n_y, data
  )
  bin_tiles(counts, breaks, levels(data$.group), levels(data$.facet))
}

# The same of the numbers of samples in each bin, group and panel; bins are
# counted along the horizontal axis first.
bin_tiles <- function(counts, breaks, groups, panels) {
  widths <- vapply(breaks, function(at) at[[2]] - at[[1]], 1)
  if (sum(counts) == 0) {
    tiles <- data.frame(
      x = numeric(), y = numeric(), n = integer(),
      .group = as_levels(integer(), groups),
      .facet = as_levels(integer(), panels)
    )
    return(list(tiles = tiles, widths = widths))
  }
  n_x <- length(breaks$x) - 1L
  # One row per bin that is not empty, one column per group
  totals <- apply(counts, c(1, 3), sum)
  bins <- which(totals > 0, arr.ind = TRUE)
  by_group <- vapply(
    seq_len(dim(counts)[[2]]),
    function(group) counts[cbind(bins[, 1], group, bins[, 2])],
    numeric(nrow(bins))
  )
  by_group <- matrix(by_group, nrow(bins))

  side <- max(3, ceiling(sqrt(ncol(by_group))))
  tiles <- share_tiles(by_group, side^2)
  bin <- rep(seq_len(nrow(bins)), each = side^2)
  # Tiles of a group are spread over the square: k + 1 and k * k have no
  # common divisor. Each square starts at another tile, far from that of its
  # neighbours (the golden ratio), or the tiles of a group would form stripes.
  start <- floor(side^2 * ((bins[, 1] * (sqrt(5) - 1) / 2) %% 1))
  spread <- (seq_len(side^2) * (side + 1) + start[bin]) %% side^2
  column <- ((bins[bin, 1] - 1) %% n_x) * side + spread %% side
  row <- ((bins[bin, 1] - 1) %/% n_x) * side + spread %/% side
  filler <- fill_rows(column, row)
  n <- totals[bins][bin]
  list(
    tiles = data.frame(
      x = breaks$x[[1]] +
        (c(filler$column, column) + 0.5) * widths[["x"]] / side,
      y = breaks$y[[1]] + (c(filler$row, row) + 0.5) * widths[["y"]] / side,
      n = c(rep(0L, nrow(filler)), n),
      .group = as_levels(
        c(rep(1L, nrow(filler)), tiles), groups
      ),
      .facet = as_levels(
        c(rep(1L, nrow(filler)), bins[bin, 2]), panels
      )
    ),
    widths = widths
  )
}

# For each bin (row of `counts`) the groups of its `n` tiles, as one vector.
# Groups have tiles by their shares, rounded so that they add up, and those
# that would have none have one.
share_tiles <- function(counts, n) {
  quota <- counts / rowSums(counts) * n
  tiles <- pmax(floor(quota), counts > 0)
  repeat {
    missing <- n - rowSums(tiles)
    if (all(missing == 0)) {
      break
    }
    # One tile to the group that lacks most, or from that which has most too
    # many
    due <- quota - tiles
    due[counts == 0] <- -Inf
    from <- -due
    from[tiles <= 1] <- -Inf
    gets <- which(missing > 0)
    gives <- which(missing < 0)
    to <- cbind(gets, max.col(due[gets, , drop = FALSE], "first"))
    off <- cbind(gives, max.col(from[gives, , drop = FALSE], "first"))
    tiles[to] <- tiles[to] + 1
    tiles[off] <- tiles[off] - 1
  }
  rep(rep(seq_len(ncol(counts)), nrow(counts)), t(tiles))
}

# An image must have no empty row or column between others: tiles that can't
# be seen, below the others.
fill_rows <- function(column, row) {
  columns <- seq(min(column), max(column))
  rows <- seq(min(row), max(row))
  n <- max(length(columns), length(rows))
  data.frame(column = rep_len(columns, n), row = rep_len(rows, n))
}

# How much a tile covers, by the number of samples in its bin, on a scale of
# logarithms. Never less than half: a dark colour that is paler than that looks
# like a light one.
density_alpha <- function(n, most) {
  alpha <- 0.5 + 0.5 * log10(pmax(n, 1)) / max(log10(most), 1e-9)
  ifelse(n == 0, 0, pmin(alpha, 1))
}

layer_density <- function(guide, parts) {
  tiles <- in_panels(parts$density$tiles, parts$panels)
  most <- max(tiles$n, 1)
  tiles$.alpha <- density_alpha(tiles$n, most)
  shown <- 10^seq(0, floor(log10(most)))
  list(
    ggplot2::geom_raster(
      aes(
        x = .data$x, y = .data$y, fill = .data$.group, alpha = .data$.alpha
      ),
      data = tiles, inherit.aes = FALSE
    ),
    ggplot2::scale_alpha_identity(
      name = "Samples in a bin",
      breaks = density_alpha(shown, most),
      labels = format_count(shown),
      guide = ggplot2::guide_legend(
        title.position = if (length(parts$facets) > 1) "left" else "top",
        order = 2
      )
    ),
    scale_of_groups("fill", parts$looks),
    ggplot2::guides(fill = guide),
    ggplot2::labs(fill = legend_title(parts))
  )
}
