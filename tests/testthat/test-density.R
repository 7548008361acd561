tiles_drawn <- function(plot) {
  tiles <- ggplot2::ggplot_build(plot)$data[[1]]
  tiles[tiles$alpha > 0, ]
}

# Samples that lie apart and in heaps, with groups of all sizes.
heap_map <- function(n = 5000) {
  set.seed(7)
  at <- stats::rbeta(n, 6, 1.5)
  as_datamap(data.frame(
    id = seq_len(n), avg_probs = at,
    label_var = at * (1 - at) * stats::runif(n),
    correct_ratio = round(stats::pnorm((at - 0.6) * 8 + stats::rnorm(n)), 1),
    s_label = sample(c(0L, 2L), n, TRUE, c(0.9, 0.1))
  ))
}

# Counts in bins of the given widths, from zero, by a way of its own.
naive_bins <- function(map, widths) {
  bin <- paste(
    floor(map$label_var / widths[[1]] + 1e-9),
    floor(map$avg_probs / widths[[2]] + 1e-9)
  )
  table(bin, datamap_groups(map)$group)
}

test_that("auto draws points for few and a density for many samples", {
  n_tiles <- function(n, ...) {
    nrow(drawn(datamap_plot(ratio_map(rep(1, n)), ...)))
  }
  expect_identical(n_tiles(50000), 50000L)
  # One bin, and what keeps the image whole
  expect_lt(n_tiles(50001), 20)
  expect_identical(n_tiles(50001, points = "points"), 50001L)
  expect_lt(n_tiles(10, points = "density"), 20)
  # What counts is the number that is drawn
  map <- ratio_map(rep(c(0, 1), c(100, 50000)))
  expect_identical(
    nrow(drawn(datamap_plot(map, criterion = "correct_ratio",
                            threshold = 1))),
    50000L
  )
})

test_that("each bin shows every group that occurs in it, by its share", {
  map <- heap_map()
  plot <- datamap_plot(map, facet = NULL, points = "density")
  tiles <- tiles_drawn(plot)
  # The widths stand in the caption: avg_probs by label_var
  caption <- ggplot2::get_alt_text(plot)
  widths <- as.numeric(regmatches(
    caption,
    regexec("bins of ([0-9.]+) by ([0-9.]+),", caption)
  )[[1]][3:2])
  counts <- naive_bins(map, widths)
  bin <- paste(floor(tiles$x / widths[[1]]), floor(tiles$y / widths[[2]]))
  expect_setequal(bin, rownames(counts))
  expect_true(all(table(bin) == 9))

  colours <- datamap_palette()
  shown <- table(bin, factor(tiles$fill, colours))[rownames(counts), ]
  counts <- counts[, names(colours)]
  expect_identical(unname(shown > 0), unname(counts > 0))
  # As near to the share as whole tiles can be, but for groups that have one
  # tile where less than one is due, at the cost of others
  shares <- counts / rowSums(counts)
  forced <- rowSums(counts > 0 & shares < 1 / 9)
  expect_true(all(abs(shown / 9 - shares) <= (1 + forced) / 9))

  # The more samples, the less transparent; equal numbers look equal
  alpha <- tapply(tiles$alpha, bin, unique)[rownames(counts)]
  n <- rowSums(counts)
  expect_true(is.numeric(alpha))
  expect_equal(as.vector(rank(alpha)), as.vector(rank(n)))
  expect_true(all(alpha >= 0.5 & alpha <= 1))
  expect_equal(max(alpha), 1)
})

test_that("tiles of a bin are shared out by hand as by the function", {
  counts <- rbind(
    c(9, 0, 0), c(6, 3, 0), c(1000, 1, 1), c(1, 1, 1), c(0, 1, 10^6),
    c(5, 5, 0)
  )
  tiles <- matrix(share_tiles(counts, 9), ncol = 9, byrow = TRUE)
  expect_identical(
    t(apply(tiles, 1, tabulate, nbins = 3)),
    rbind(
      c(9L, 0L, 0L), c(6L, 3L, 0L), c(7L, 1L, 1L), c(3L, 3L, 3L),
      c(0L, 1L, 8L), c(5L, 4L, 0L)
    )
  )
})

test_that("panels have bins of their own", {
  map <- heap_map()
  plot <- datamap_plot(map, points = "density")
  tiles <- tiles_drawn(plot)
  expect_identical(levels(droplevels(factor(tiles$PANEL))), c("1", "2"))
  one <- tiles_drawn(datamap_plot(
    map[map$s_label == 2, ],
    points = "density"
  ))
  colours <- function(tiles) unique(tiles$fill)
  expect_setequal(colours(tiles[tiles$PANEL == 2, ]), colours(one))
})

test_that("more groups have more tiles, and whole numbers a bin each", {
  map <- heap_map(2000)
  map$kind <- rep_len(sprintf("k%02d", 1:25), 2000)
  map$times <- rep_len(0:3, 2000)
  tiles <- tiles_drawn(
    datamap_plot(map, "times", "times", group_by = "kind", facet = NULL,
                 points = "density")
  )
  expect_identical(sort(unique(floor(tiles$x + 0.5))), c(0, 1, 2, 3))
  expect_identical(nrow(tiles), 4L * 25L)
  expect_identical(length(unique(tiles$fill)), 25L)
})

test_that("legends count groups and tell what pale bins are", {
  map <- heap_map()
  plot <- datamap_plot(map, facet = NULL, points = "density")
  groups <- counts_of(datamap_groups(map))
  expect_identical(
    sub(".* [(]", "(", legend_labels(plot, "fill")),
    paste0("(n = ", format_count(groups), ")")[groups > 0]
  )
  text <- as_draw(texts(plot))
  expect_true(all(c("Samples in a bin", "1", "10") %in% text))
})

test_that("an image of points has every point", {
  skip_if_not_installed("scattermore")
  map <- heap_map(500)
  plot <- datamap_plot(map, points = "raster")
  points <- drawn(plot)
  expect_setequal(points$x, map$label_var)
  expect_identical(
    as.integer(sort(table(points$colour))),
    as.integer(sort(table(datamap_groups(map)$group, exclude = NULL)))[
      seq_along(unique(points$colour)) + 6 - length(unique(points$colour))
    ]
  )
  expect_match(
    ggplot2::get_alt_text(plot), "one point each, in an image",
    fixed = TRUE
  )
  expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
})

test_that("an image needs its package", {
  error <- expect_error(
    with_packages(
      FALSE, datamap_plot(random_map(5), points = "raster")
    ),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "points")
  expect_error(datamap_plot(random_map(5), points = "few"),
               class = "datamap_error_input")
})

test_that("every kind of map draws as a density, odd ones too", {
  skip_if_long()
  map <- random_map(60)
  equal <- ratio_map(rep(1, 100))
  missing <- map
  missing$avg_probs[1:5] <- NA
  plots <- list(
    datamap_plot(map, points = "density"),
    datamap_plot(map, points = "density", use_l_times = 0, ids = 3),
    datamap_plot(map, points = "density", style = "cartography"),
    datamap_plot(map, points = "density", scales = "free"),
    datamap_plot(map[0, ], points = "density"),
    datamap_plot(map[1, ], points = "density"),
    datamap_plot(equal, points = "density"),
    datamap_plot(equal, "id", "id", points = "density"),
    suppressMessages(datamap_plot(missing, points = "density")),
    datamap_plot(map, points = "density") + ggplot2::theme_minimal()
  )
  for (plot in plots) {
    expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
    expect_s3_class(plot, "ggplot")
  }
})

test_that("a million samples of one group are counted, in seconds", {
  skip_if_long()
  map <- ratio_map(rep(1, 1e6), evaluations = 3)
  used <- system.time({
    plots <- list(datamap_plot(map), datamap_plot(map, style = "cartography"))
  })
  expect_lt(used[["user.self"]] + used[["sys.self"]], 15)
  for (plot in plots) {
    expect_identical(unique(tiles_drawn(plot)$fill), datamap_palette()[[6]])
    expect_identical(
      unname(legend_labels(plot, "fill")), "1 (n = 1,000,000)"
    )
    expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
  }
})

test_that("the file of a large map is small", {
  skip_if_long()
  map <- heap_map(60000)
  file <- tempfile(fileext = c(".png", ".pdf"))
  for (path in file) {
    ggplot2::ggsave(path, datamap_plot(map), width = 7, height = 5, dpi = 150)
    expect_lt(file.size(path), 1e6)
  }
  unlink(file)
})
