test_that("the default map has probability over variance, all samples", {
  map <- random_map(200)
  plot <- datamap_plot(map, facet = NULL)
  expect_s3_class(plot, "ggplot")
  points <- drawn(plot)
  expect_identical(nrow(points), 200L)
  expect_setequal(points$y, map$avg_probs)
  expect_setequal(points$x, map$label_var)
  # Pairs belong together
  expect_identical(
    points$y[order(points$x)], map$avg_probs[order(map$label_var)]
  )
})

test_that("groups differ in colour and shape, by the palette", {
  map <- random_map(200)
  points <- drawn(datamap_plot(map, facet = NULL))
  group <- as.character(datamap_groups(map)$group)
  at <- match(points$x, map$label_var)
  expect_identical(points$colour, unname(datamap_palette()[group[at]]))
  expect_identical(
    as.integer(points$shape),
    unname(datamap_palette("correct_ratio", what = "shape")[group[at]])
  )
})

test_that("every kind of map has its groups and their counts", {
  skip_if_long()
  map <- random_map(300)
  kinds <- list(
    list(),
    list(criterion = "forgetting_times", threshold = 1),
    list(use_f_times = 0),
    list(use_l_times = 0),
    list(use_l_times = 2),
    list(dirty_label = TRUE),
    list(group_by = "correct_times"),
    list(group_by = "label"),
    list(attr1 = "correct_ratio", attr2 = "avg_probs")
  )
  for (kind in kinds) {
    plot <- do.call(datamap_plot, c(list(map, facet = NULL), kind))
    kind[c("attr1", "attr2")] <- NULL
    counts <- counts_of(do.call(datamap_groups, c(list(map), kind)))
    shown <- sub(" [(]n = .*", "", legend_labels(plot))
    expect_identical(
      unname(legend_labels(plot)),
      paste0(shown, " (n = ", counts[counts > 0], ")")
    )
    expect_identical(legend_labels(plot), legend_labels(plot, "shape"))
    points <- drawn(plot)
    expect_identical(
      as.integer(sort(table(points$colour))), sort(unname(counts[counts > 0]))
    )
    expect_identical(length(unique(points$shape)), sum(counts > 0))
  }
})

test_that("there is one legend", {
  map <- random_map(100)
  for (facet in list(NULL, "s_label")) {
    plot <- as_draw(ggplot2::ggplotGrob(datamap_plot(map, facet = facet)))
    names <- vapply(plot$grobs, function(x) x$name, "")
    boxes <- plot$grobs[grepl("guide-box", names)]
    legends <- sum(vapply(boxes, function(box) {
      sum(grepl("guides", box$layout$name))
    }, 1L))
    expect_identical(legends, 1L)
  }
})

test_that("below panels the legend fits into a small page", {
  map <- random_map(60)
  kinds <- list(
    datamap_plot(map),
    datamap_plot(map, group_by = "label"),
    datamap_plot(ratio_map(
      rep(c(0, 0.5, 0.9, 1), c(20, 800, 180, 12000)),
      s_label = rep_len(0:1, 13000)
    )),
    datamap_plot(
      ratio_map(rep(1, 6), s_label = rep_len(0:1, 6),
                kind = strrep(letters[1:3], 50)),
      group_by = "kind"
    )
  )
  for (plot in kinds) {
    width <- as_draw({
      table <- ggplot2::ggplotGrob(plot)
      names <- vapply(table$grobs, function(x) x$name, "")
      boxes <- table$grobs[grepl("guide-box", names)]
      max(vapply(boxes, function(box) {
        grid::convertWidth(sum(box$widths), "in", valueOnly = TRUE)
      }, 1))
    })
    # The axis takes half an inch
    expect_lt(width, 5.2)
  }
})

test_that("counts have thousands separated", {
  map <- ratio_map(rep(1, 12345))
  expect_identical(
    unname(legend_labels(datamap_plot(map))),
    "1 (n = 12,345)"
  )
})

test_that("in each panel the rarest group is drawn last", {
  map <- random_map(300)
  map$s_label[map$correct_ratio == 1] <- 0L
  map$s_label[map$correct_ratio == 0] <- 2L
  for (facet in list(NULL, "s_label")) {
    points <- drawn(datamap_plot(map, facet = facet))
    for (panel in unique(points$PANEL)) {
      colours <- points$colour[points$PANEL == panel]
      runs <- rle(colours)
      # One stretch per group, from the largest to the smallest
      expect_false(anyDuplicated(runs$values) > 0)
      expect_false(is.unsorted(rev(runs$lengths)))
    }
  }
})

test_that("many points are small, and those of rare groups larger", {
  few <- drawn(datamap_plot(random_map(50), facet = NULL))
  many <- ratio_map(rep(c(1, 0), c(49990, 10)))
  points <- drawn(datamap_plot(many))
  dense <- points[points$shape == 16, ]
  rare <- points[points$shape == 4, ]
  expect_lt(max(dense$size), min(few$size))
  expect_lt(max(dense$size), min(rare$size))
  expect_lt(max(dense$alpha), min(rare$alpha))
  expect_true(all(points$alpha > 0.2 & points$alpha <= 1))
})

test_that("what has no place on the map is counted and not drawn", {
  map <- random_map(50)
  map$avg_probs[[1]] <- NA
  map$label_var[c(1, 2)] <- NaN
  map$label_var[[3]] <- Inf
  map$correct_ratio[[4]] <- NA
  message <- expect_message(
    plot <- datamap_plot(map),
    class = "datamap_message_na"
  )
  expect_identical(message$n, 4L)
  expect_identical(message$columns, c("avg_probs", "label_var",
                                      "correct_ratio"))
  expect_identical(nrow(drawn(plot)), 46L)
  expect_match(
    ggplot2::get_alt_text(plot), "4 not drawn for a missing value",
    fixed = TRUE
  )
  expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
})

test_that("an empty map draws and says so", {
  map <- random_map(20)
  plots <- list(
    datamap_plot(map, criterion = "avg_probs", threshold = 2),
    datamap_plot(map[0, ]),
    datamap_plot(map, use_l_times = 99),
    datamap_plot(map[0, ], dirty_label = TRUE),
    datamap_plot(map[0, ], "id", "evaluations", group_by = "label")
  )
  for (plot in plots) {
    expect_identical(nrow(drawn(plot)), 0L)
    text <- as_draw(texts(plot))
    expect_true(any(grepl("no sample to draw", text, fixed = TRUE)))
    expect_match(ggplot2::get_alt_text(plot), "An empty data map", fixed = TRUE)
  }
})

test_that("one sample, one evaluation and equal values draw", {
  for (map in list(random_map(1), random_map(30, times = 1),
                   ratio_map(rep(1, 10)))) {
    plot <- datamap_plot(map)
    expect_identical(nrow(drawn(plot)), nrow(map))
    expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
  }
})

test_that("probabilities have the same axis on every map", {
  map <- random_map(100)
  range_y <- function(plot) {
    ggplot2::ggplot_build(plot)$layout$panel_params[[1]]$y.range
  }
  all <- datamap_plot(map)
  some <- datamap_plot(map, criterion = "forgetting_times", threshold = 2)
  expect_identical(range_y(all), range_y(some))
  expect_equal(range_y(all), c(-0.05, 1.05))
})

test_that("a map of 100,000 samples is built in seconds", {
  skip_if_long()
  set.seed(1)
  map <- ratio_map(sample(0:10, 1e5, replace = TRUE) / 10)
  # of the processor, which other work on the machine does not lengthen
  used <- system.time(ggplot2::ggplot_build(datamap_plot(map)))
  expect_lt(used[["user.self"]] + used[["sys.self"]], 10)
})

test_that("the plot takes other themes, scales, labels and facets", {
  map <- random_map(60)
  plot <- datamap_plot(map, facet = NULL) +
    ggplot2::theme_minimal() +
    ggplot2::labs(title = "Mine") +
    ggplot2::facet_wrap("label") +
    ggplot2::scale_x_sqrt()
  expect_identical(length(unique(drawn(plot)$PANEL)), 3L)
  expect_true("Mine" %in% as_draw(texts(plot)))
  # Another colour scale keeps the counts, and the one legend
  plot <- suppressMessages(
    datamap_plot(map) + ggplot2::scale_colour_viridis_d()
  )
  expect_identical(legend_labels(plot), legend_labels(plot, "shape"))
})

test_that("autoplot() returns the map, plot() draws it", {
  map <- random_map(30)
  expect_identical(
    drawn(ggplot2::autoplot(map, use_l_times = 0)),
    drawn(datamap_plot(map, use_l_times = 0))
  )
  returned <- as_draw(withVisible(plot(map, use_l_times = 0)))
  expect_identical(returned$value, map)
  expect_false(returned$visible)
})

test_that("wrong arguments are errors", {
  map <- random_map(5)
  map$text <- "a"
  for (bad in list("none", "text", NULL, 1, c("avg_probs", "label_var"))) {
    expect_error(datamap_plot(map, attr1 = bad), class = "datamap_error_input")
    expect_error(datamap_plot(map, attr2 = bad), class = "datamap_error_input")
  }
  error <- expect_error(
    datamap_plot(map, criterion = "none"),
    class = "datamap_error_input"
  )
  expect_identical(as.character(error$call[[1]]), "datamap_plot")
  expect_error(
    datamap_plot(random_frame(5)["id"]),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_plot(map, use_l_times = 0, dirty_label = TRUE),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_plot(map, dirty_labels = TRUE),
    class = "datamap_error_input"
  )
})

test_that("plotly makes few traces, and shows the id of each sample", {
  skip_if_not_installed("plotly")
  ggplotly <- getExportedValue("plotly", "ggplotly")
  map <- random_map(100)
  map$id <- paste0("sample-", map$id)
  for (plot in list(
    datamap_plot(map, style = "cartography"), datamap_plot_signals(map)
  )) {
    traces <- suppressWarnings(ggplotly(plot))$x$data
    expect_lte(length(traces), 90)
  }
  groups <- counts_of(datamap_groups(map))
  for (facet in list(NULL, "s_label")) {
    plot <- datamap_plot(map, facet = facet)
    panels <- if (is.null(facet)) 1 else 3
    traces <- suppressWarnings(ggplotly(plot))$x$data
    # an empty trace in each panel stands for the blank layer
    expect_lte(length(traces), (sum(groups > 0) + 1) * panels)
    expect_lte(length(traces), 30)
    are_points <- vapply(traces, function(x) identical(x$mode, "markers"), NA)
    shown <- unlist(lapply(traces[are_points], `[[`, "text"))
    expect_setequal(sub(".*<br />id: *", "", shown), map$id)
  }
  # Groups are those of the plot without an id, also of ids that are texts
  expect_length(unique(ggplot2::layer_data(plot)$group), sum(groups > 0))
})
