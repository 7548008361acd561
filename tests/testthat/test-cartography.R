layers_of <- function(plot) ggplot2::ggplot_build(plot)$data

bars_drawn <- function(plot) {
  Find(function(layer) "ymin" %in% names(layer), layers_of(plot))
}

style_map <- function(...) {
  map <- random_map(...)
  map$variability <- sqrt(map$label_var)
  map$confidence <- map$avg_probs
  map
}

# How many samples a stack of bars stands for: the parts of its length, as a
# share of the longest.
stack_lengths <- function(bars, along, across) {
  length <- bars[[paste0(across, "max")]] - bars[[paste0(across, "min")]]
  tapply(length, bars[[paste0(along, "min")]], sum)
}

test_that("the axes are confidence and variability, in one panel", {
  map <- random_map(200)
  plot <- datamap_plot(map, style = "cartography")
  points <- layers_of(plot)[[1]]
  expect_equal(sort(points$x), sort(sqrt(map$label_var)))
  expect_equal(sort(points$y), sort(map$avg_probs))
  expect_identical(length(unique(points$PANEL)), 1L)
  text <- as_draw(texts(plot))
  expect_true("Mean probability of the label (confidence)" %in% text)
  # Others on request, and columns that are there already
  map$confidence <- seq_len(200)
  plot <- datamap_plot(map, attr2 = "label_var", style = "cartography")
  expect_setequal(layers_of(plot)[[1]]$y, 1:200)
  expect_setequal(layers_of(plot)[[1]]$x, map$label_var)
})

test_that("bars count samples along both axes and by correctness", {
  map <- style_map(300)
  plot <- datamap_plot(map, style = "cartography")
  points <- layers_of(plot)[[1]]
  bars <- bars_drawn(plot)
  top <- bars[bars$ymin > 1 & bars$xmin < max(points$x), ]
  right <- bars[bars$ymin < 1, ]
  corner <- bars[bars$ymin > 1 & bars$xmin > max(points$x), ]
  # No bar covers a point
  expect_true(all(bars$ymin > 1 | bars$xmin > max(points$x)))

  found <- stack_lengths(top, "x", "y")
  low <- as.numeric(names(found))
  width <- top$xmax[[1]] - top$xmin[[1]]
  counts <- vapply(low, function(from) {
    sum(map$variability >= from - 1e-9 & map$variability < from + width - 1e-9)
  }, 1)
  expect_identical(sum(counts), 300)
  expect_equal(as.vector(found / max(found)), counts / max(counts))

  found <- stack_lengths(right, "y", "x")
  low <- as.numeric(names(found))
  width <- right$ymax[[1]] - right$ymin[[1]]
  counts <- vapply(low, function(from) {
    sum(map$avg_probs >= from - 1e-9 & map$avg_probs < from + width - 1e-9)
  }, 1)
  expect_identical(sum(counts), 300)
  expect_equal(as.vector(found / max(found)), counts / max(counts))

  found <- stack_lengths(corner, "x", "y")
  counts <- table(map$correct_times)
  expect_equal(as.vector(found / max(found)), as.vector(counts / max(counts)))
})

test_that("the parts of a bar have the colours and shares of the groups", {
  map <- style_map(300)
  plot <- datamap_plot(map, style = "cartography")
  bars <- bars_drawn(plot)
  corner <- bars[bars$ymin > 1 & bars$xmin > max(map$variability), ]
  shares <- tapply(corner$ymax - corner$ymin, corner$fill, sum)
  groups <- counts_of(datamap_groups(map))
  colours <- datamap_palette()[names(groups)]
  expect_setequal(names(shares), unname(colours[groups > 0]))
  expect_equal(
    as.vector(shares[colours] / sum(shares)), unname(groups / 300)
  )
})

test_that("panels have bars of their own, on one scale", {
  map <- style_map(300)
  plot <- datamap_plot(map, style = "cartography", facet = "s_label")
  bars <- bars_drawn(plot)
  corner <- bars[bars$ymin > 1 & bars$xmin > max(map$variability), ]
  lengths <- tapply(corner$ymax - corner$ymin, corner$PANEL, sum)
  counts <- table(map$s_label)
  expect_equal(as.vector(lengths / sum(lengths)), as.vector(counts / 300))
})

test_that("the regions are drawn at the cut-offs, with their numbers", {
  map <- random_map(200)
  cutoffs <- c(confidence = 0.45, variability = 0.28)
  plot <- datamap_plot(map, style = "cartography", cutoffs = cutoffs)
  counts <- counts_of(datamap_regions(map, cutoffs = cutoffs))
  text <- trimws(gsub(" +", " ", as_draw(texts(plot))))
  expect_true(all(paste0(names(counts), " (n = ", counts, ")") %in% text))
  dashed <- Find(
    function(layer) "dashed" %in% layer$linetype, layers_of(plot)
  )
  expect_equal(dashed$x[[1]], 0.28)
  expect_equal(dashed$y[[2]], 0.45)
  alt <- ggplot2::get_alt_text(plot)
  expect_match(alt, paste0("ambiguous: ", counts[["ambiguous"]]), fixed = TRUE)
  expect_match(
    alt, "ambiguous from a variability of 0.28 on, else easy from a ",
    fixed = TRUE
  )
  none <- datamap_plot(map, style = "cartography", cutoffs = NULL)
  other <- datamap_plot(map, "correct_ratio", style = "cartography")
  for (plot in list(none, other)) {
    expect_false(any(grepl("ambiguous", as_draw(texts(plot)))))
    expect_false(grepl("egions", ggplot2::get_alt_text(plot)))
  }
})

test_that("the caption tells how many samples the longest bars stand for", {
  map <- random_map(300)
  caption <- ggplot2::get_alt_text(datamap_plot(map, style = "cartography"))
  expect_match(
    caption,
    paste0("and ", max(table(map$correct_times)), " by correct_ratio"),
    fixed = TRUE
  )
})

test_that("the style takes filters, groups, themes and odd maps", {
  map <- random_map(60)
  map$evaluations[[3]] <- 9
  plots <- list(
    datamap_plot(map, style = "cartography", use_l_times = 0),
    datamap_plot(map, style = "cartography", dirty_label = TRUE),
    datamap_plot(map, "id", "forgetting_times", style = "cartography"),
    datamap_plot(map, style = "cartography") + ggplot2::theme_minimal(),
    datamap_plot(map[0, ], style = "cartography"),
    datamap_plot(ratio_map(rep(1, 5)), style = "cartography"),
    datamap_plot(random_map(20, times = 1), style = "cartography"),
    datamap_plot(map[1, ], style = "cartography"),
    datamap_plot(map[1, ], "id", "id", style = "cartography")
  )
  for (plot in plots) {
    expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
  }
  expect_identical(
    layers_of(ggplot2::autoplot(map, style = "cartography"))[[1]]$x,
    layers_of(plots[[4]])[[1]]$x
  )
})

test_that("wrong styles and cut-offs are errors", {
  map <- random_map(5)
  expect_error(datamap_plot(map, style = "map"), class = "datamap_error_input")
  for (bad in list(0.2, c(0.2, 0.5), c(variability = 0.2, 0.5),
                   c(variability = "a", confidence = "b"),
                   c(variability = 0.9, confidence = 0.5))) {
    expect_error(
      datamap_plot(map, style = "cartography", cutoffs = bad),
      class = "datamap_error_input"
    )
  }
})
