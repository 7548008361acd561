# All the same but for rounding.
unique_width <- function(x) {
  stopifnot(diff(range(x)) < 1e-9)
  x[[1]]
}

two_maps <- function(n = 300) {
  list(random_map(n, seed = 1), random_map(n, seed = 2))
}

middle <- c(variability = 0.28)

# From region to region, counted by hand.
naive_changes <- function(map1, map2) {
  from <- as.character(datamap_regions(map1, cutoffs = middle)$region)
  to <- as.character(datamap_regions(map2, cutoffs = middle)$region)
  both <- intersect(map1$id, map2$id)
  paste(from[match(both, map1$id)], "to", to[match(both, map2$id)])
}

test_that("arrows lead from the first to the second map", {
  maps <- two_maps(50)
  second <- maps[[2]][50:1, ]
  plot <- datamap_plot_compare(maps[[1]], second, cutoffs = middle)
  arrows <- drawn(plot)
  arrows <- arrows[order(arrows$y), ]
  order <- order(maps[[1]]$avg_probs)
  expect_equal(arrows$y, maps[[1]]$avg_probs[order])
  expect_equal(arrows$x, sqrt(maps[[1]]$label_var[order]))
  expect_equal(arrows$yend, maps[[2]]$avg_probs[order])
  expect_equal(arrows$xend, sqrt(maps[[2]]$label_var[order]))

  changes <- table(naive_changes(maps[[1]], second))
  alt <- ggplot2::get_alt_text(plot)
  for (name in names(changes)) {
    expect_match(alt, paste0(name, ": ", changes[[name]]), fixed = TRUE)
  }
})

test_that("many samples flow between regions, ribbons as wide as their n", {
  maps <- two_maps(300)
  plot <- datamap_plot_compare(maps[[1]], maps[[2]], cutoffs = middle,
                               names = c("{one}", "two"))
  ribbons <- drawn(plot)
  width <- tapply(ribbons$ymax - ribbons$ymin, ribbons$group, unique_width)
  changes <- table(naive_changes(maps[[1]], maps[[2]]))
  expect_equal(sort(as.vector(width)), sort(as.vector(changes)))
  bars <- ggplot2::layer_data(plot, 2)
  first <- counts_of(datamap_regions(maps[[1]], cutoffs = middle))
  expect_equal(
    (bars$ymax - bars$ymin)[bars$xmin < 0], unname(first[first > 0])
  )
  text <- as_draw(texts(plot))
  expect_true(all(c("{one}", "two") %in% text))
  expect_true("300 samples on two maps: {one}, two" %in% text)
})

test_that("samples of one map only, and without a place, are counted", {
  maps <- two_maps(20)
  maps[[1]]$avg_probs[[3]] <- NA
  plot <- datamap_plot_compare(maps[[1]][1:15, ], maps[[2]][3:20, ])
  expect_identical(nrow(drawn(plot)), 12L)
  expect_match(
    ggplot2::get_alt_text(plot),
    "2 only on the first, 5 only on the second; 1 not drawn",
    fixed = TRUE
  )
  # Ids are the same as numbers and as text
  text <- maps[[2]]
  text$id <- as.character(text$id)
  plot <- datamap_plot_compare(maps[[1]], text, ids = c(5, 7))
  expect_identical(nrow(drawn(plot)), 2L)
})

test_that("empty and equal maps draw, wrong arguments are errors", {
  maps <- two_maps(20)
  for (type in c("arrows", "flow")) {
    for (map in list(maps[[1]], maps[[1]][0, ], maps[[1]][1, ])) {
      plot <- datamap_plot_compare(map, maps[[1]], type = type)
      expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
      expect_match(
        ggplot2::get_alt_text(plot), "0 in another region", fixed = TRUE
      )
    }
  }
  none <- datamap_plot_compare(maps[[1]][1:5, ], maps[[2]][6:9, ])
  expect_match(
    ggplot2::get_alt_text(none),
    "5 only on the first, 4 only on the second; no sample is on both. Amb",
    fixed = TRUE
  )
  expect_input <- function(...) {
    expect_error(datamap_plot_compare(...), class = "datamap_error_input")
  }
  expect_input(maps[[1]], 1)
  expect_input(random_frame(5)["id"], maps[[1]])
  expect_input(maps[[1]], maps[[2]], names = "a")
  expect_input(maps[[1]], maps[[2]], cutoffs = c(variability = 2))
  expect_identical(expect_input(maps[[1]], maps[[2]], ids = 99)$key, "99")
})
