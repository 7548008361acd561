# The words above the panels, in their order.
panel_names <- function(plot) {
  as_draw({
    table <- ggplot2::ggplotGrob(plot)
    at <- which(grepl("^strip", table$layout$name))
    at <- at[order(table$layout$t[at], table$layout$l[at])]
    at <- at[!vapply(table$grobs[at], inherits, NA, "zeroGrob")]
    gsub("\n", " ", vapply(table$grobs[at], function(grob) {
      paste(grob_texts(grob), collapse = " ")
    }, ""))
  })
}

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
    unname(datamap_palette("correct_ratio", "shape")[group[at]])
  )
})

test_that("every kind of map has its groups and their counts", {
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

test_that("axes and legend say what they are", {
  map <- random_map(50)
  map$`{mine}` <- seq_len(50)
  text <- as_draw(texts(datamap_plot(map, facet = NULL)))
  expect_true("Mean probability of the label (avg_probs)" %in% text)
  expect_true("Variance of the probability of the label (label_var)" %in% text)
  expect_true("Share of right predictions (correct_ratio)" %in% text)
  text <- as_draw(
    texts(datamap_plot(map, "{mine}", "learnt_times", use_l_times = 0))
  )
  expect_true("{mine}" %in% text)
  expect_true("Times learnt (learnt_times)" %in% text)
})

test_that("a long title of the upright axis is broken", {
  map <- random_map(10)
  map$variability <- sqrt(map$label_var)
  text <- as_draw(
    texts(datamap_plot(map, "variability", facet = NULL), lines = TRUE)
  )
  expect_true(paste0(
    "Standard deviation of the\nprobability of the label\n(variability)"
  ) %in% text)
})

test_that("title and subtitle say which filter holds", {
  map <- random_map(300)
  text <- as_draw(texts(datamap_plot(map)))
  expect_true("Data map of 300 samples" %in% text)
  expect_true("10 evaluations each" %in% text)

  kept <- sum(map$forgetting_times >= 1 & map$avg_probs >= 0.25)
  text <- as_draw(
    texts(datamap_plot(map, "avg_probs", "label_var", "avg_probs", 0.25,
                       use_f_times = 1))
  )
  expect_true(paste("Data map of", kept, "of 300 samples") %in% text)
  expect_true(paste0(
    "Filter: avg_probs at least 0.25 and forgetting_times at least 1; ",
    "10 evaluations each"
  ) %in% text)

  text <- as_draw(texts(datamap_plot(map, use_l_times = 0)))
  expect_true("Data map of all 300 samples" %in% text)
})

test_that("s_label makes panels, named in words", {
  map <- random_map(60)
  map$s_label <- rep(c(0, 2, 1, 7, -3, 2), 10)
  plot <- datamap_plot(map)
  expect_identical(length(unique(drawn(plot)$PANEL)), 5L)
  expect_identical(
    panel_names(plot),
    c("s_label -3", "ordinary (s_label 0)", "hard (s_label 1)",
      "dirty (s_label 2)", "s_label 7")
  )
  expect_true("hard (s_label 1)" %in% as_draw(texts(plot)))
  expect_identical(
    as.integer(table(drawn(plot)$PANEL)), c(10L, 10L, 10L, 20L, 10L)
  )
})

test_that("one value, no column or NULL make one panel", {
  map <- random_map(60)
  one <- map
  one$s_label <- 1L
  none <- map
  none$s_label <- NULL
  plots <- list(
    datamap_plot(one), datamap_plot(none), datamap_plot(map, facet = NULL),
    datamap_plot(map, criterion = "s_label", threshold = 2)
  )
  for (plot in plots) {
    expect_identical(as.integer(unique(drawn(plot)$PANEL)), 1L)
  }
})

test_that("other columns make panels too", {
  map <- random_map(60)
  plot <- datamap_plot(map, facet = "label")
  expect_identical(panel_names(plot), c("label: 0", "label: 1", "label: 2"))
  expect_lte(
    length(panel_names(datamap_plot(map, facet = "label_var"))), 6
  )
  map$s_label[1:3] <- NA
  expect_identical(
    panel_names(datamap_plot(map)),
    c("ordinary (s_label 0)", "hard (s_label 1)", "dirty (s_label 2)",
      "s_label missing")
  )
  error <- expect_error(
    datamap_plot(map, facet = "s_lable"),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "s_lable")
})

test_that("the alt text comes from the data", {
  map <- random_map(300)
  alt <- ggplot2::get_alt_text(datamap_plot(map))
  counts <- counts_of(datamap_groups(map))
  for (i in seq_along(counts)) {
    expect_match(
      alt, paste0(names(counts)[[i]], ": ", counts[[i]]),
      fixed = TRUE
    )
  }
  expect_match(alt, "300 samples", fixed = TRUE)
  expect_match(alt, "Mean probability of the label (avg_probs)", fixed = TRUE)
  expect_false(grepl("ilter", alt, fixed = TRUE))
  expect_match(
    alt, paste0("dirty (s_label 2): ", sum(map$s_label == 2)),
    fixed = TRUE
  )
  filtered <- ggplot2::get_alt_text(datamap_plot(map, use_l_times = 1))
  expect_match(filtered, "Filter: learnt_times at least 1", fixed = TRUE)
  expect_false(grepl("learnt_times-:", filtered, fixed = TRUE))
  expect_false(identical(
    ggplot2::get_alt_text(datamap_plot(map, use_l_times = 2)), filtered
  ))
})

test_that("the caption names axes, filter and number, and follows them", {
  map <- random_map(300)
  caption <- function(...) {
    text <- as_draw(texts(datamap_plot(map, ...)))
    unname(grep("^[^ ]+ against ", text, value = TRUE))
  }
  expect_identical(
    caption(), "avg_probs against label_var; 300 samples, one point each"
  )
  kept <- sum(map$forgetting_times >= 1)
  expect_identical(
    caption(criterion = "forgetting_times", threshold = 1),
    paste0("avg_probs against label_var; ", kept,
           " of 300 samples (forgetting_times at least 1), one point each")
  )
  # Both keep all samples, and still differ
  expect_false(identical(caption(), caption(use_l_times = 0)))
})

test_that("no two filters have the same caption or alternative text", {
  map <- random_map(300)
  filters <- list(
    list(), list(criterion = "avg_probs"),
    list(criterion = "avg_probs", threshold = 0.5),
    list(criterion = "avg_probs", threshold = 0.5 + 1e-9),
    list(criterion = "forgetting_times", threshold = 2),
    list(use_f_times = 0), list(use_l_times = 0), list(use_l_times = 2),
    list("max_label_probs", criterion = "avg_probs", threshold = 0.5),
    list(criterion = "avg_probs", threshold = 0.5, use_f_times = 1)
  )
  plots <- lapply(filters, function(filter) {
    do.call(datamap_plot, c(list(map), filter))
  })
  captions <- vapply(plots, function(plot) {
    text <- as_draw(texts(plot))
    grep("^[^ ]+ against ", text, value = TRUE)
  }, "")
  alts <- vapply(plots, ggplot2::get_alt_text, "")
  expect_identical(anyDuplicated(captions), 0L)
  expect_identical(anyDuplicated(alts), 0L)
})

test_that("panels may have scales of their own", {
  map <- random_map(100)
  ranges <- function(scales) {
    params <- ggplot2::ggplot_build(
      datamap_plot(map, "id", facet = "label", scales = scales)
    )$layout$panel_params
    length(unique(lapply(params, function(panel) panel$y.range)))
  }
  expect_identical(ranges("fixed"), 1L)
  expect_identical(ranges("free_x"), 1L)
  expect_gt(ranges("free_y"), 1L)
  expect_gt(ranges("free"), 1L)
  expect_error(
    datamap_plot(map, scales = "loose"),
    class = "datamap_error_input"
  )
})

test_that("chosen samples are marked and named, in their panel", {
  map <- random_map(60)
  for (with_ggrepel in c(FALSE, rlang::is_installed("ggrepel"))) {
    for (ids in list(c(7, 12, 7), c("12", "7"))) {
      plot <- with_packages(with_ggrepel, datamap_plot(map, highlight = ids))
      rings <- ggplot2::layer_data(plot, 2)
      expect_setequal(rings$x, map$label_var[c(7, 12)])
      expect_setequal(rings$y, map$avg_probs[c(7, 12)])
      panels <- sort(unique(map$s_label))
      expect_setequal(as.integer(rings$PANEL),
                      unique(match(map$s_label[c(7, 12)], panels)))
      expect_setequal(ggplot2::layer_data(plot, 3)$label, c("7", "12"))
      expect_match(
        ggplot2::get_alt_text(plot), "Marked: (7, 12|12, 7)\\."
      )
      expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
    }
  }
  # Still one point each, and no mark without ids
  expect_identical(nrow(drawn(plot)), 60L)
  n_layers <- function(plot) length(ggplot2::ggplot_build(plot)$data)
  expect_identical(n_layers(plot) - n_layers(datamap_plot(map)), 2L)
})

test_that("marked samples that are not drawn are counted", {
  map <- random_map(60)
  ids <- c(which.max(map$avg_probs), which.min(map$avg_probs))
  least <- max(map$avg_probs)
  plot <- datamap_plot(map, criterion = "avg_probs", threshold = least,
                       highlight = ids)
  expect_match(
    ggplot2::get_alt_text(plot),
    paste0("Marked: ", ids[[1]], " (1 more is not drawn)."),
    fixed = TRUE
  )
  none <- datamap_plot(map, criterion = "avg_probs", threshold = 2,
                       highlight = ids)
  expect_true(any(grepl(
    "Marked: none (2 are not drawn)", as_draw(texts(none)),
    fixed = TRUE
  )))
})

test_that("ids to mark must be ids", {
  map <- random_map(5)
  error <- expect_error(
    datamap_plot(map, highlight = c(1, 99, "{x}")),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "99")
  expect_match(conditionMessage(error), "no samples 99, {x}.", fixed = TRUE)
  for (bad in list(NA, list(1), mean)) {
    expect_error(
      datamap_plot(map, highlight = bad),
      class = "datamap_error_input"
    )
  }
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
  skip_on_cran()
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

test_that("legend keys are values, under the name of the signal", {
  words <- function(...) sub(" [(]n = .*", "", legend_labels(datamap_plot(...)))
  map <- ratio_map(
    c(0, 0.1, 0.3, 0.5, 0.7, 0.9, 1), forgetting_times = 0:6,
    learnt_times = c(0, 0, 0, 1, 2, 3, 0)
  )
  expect_identical(
    words(map),
    c("0 to 0.2", "0.2 to 0.4", "0.4 to 0.6", "0.6 to 0.8", "0.8 to 1", "1")
  )
  expect_identical(words(map[c(1, 3, 7), ]), c("0", "0.2 to 0.4", "1"))
  expect_identical(
    words(map, use_f_times = 0), c("0, never right", "1", "2", "3 or more")
  )
  expect_identical(
    words(map, use_l_times = 0),
    c("0, never right", "0, at times right", "0, always right", "1", "2",
      "3 or more")
  )
  text <- as_draw(texts(datamap_plot(map, use_f_times = 0)))
  expect_true("Times forgotten (forgetting_times)" %in% text)
  # A column whose values look like those of a scheme keeps its own colours
  map$mine <- c("1", "0", "0", "0", "0", "0", "0")
  points <- drawn(datamap_plot(map, group_by = "mine"))
  expect_setequal(points$colour, datamap_palette(2))
})

test_that("a filter that came before is named, and none that did not", {
  map <- random_map(60)
  said <- function(map, ...) {
    paste(as_draw(texts(datamap_plot(map, ...))), collapse = "; ")
  }
  kept <- datamap_filter(map, avg_probs < 0.5)
  expect_match(said(kept), "Filter: avg_probs < 0.5", fixed = TRUE)
  expect_match(
    said(kept), paste("Data map of", nrow(kept), "of 60 samples"), fixed = TRUE
  )
  expect_match(
    said(kept, criterion = "id", threshold = 3),
    "avg_probs < 0.5 and id at least 3", fixed = TRUE
  )
  chosen <- list(map[1:7, ], subset(map, id < 8), head(map, 7))
  if (rlang::is_installed("dplyr")) {
    chosen <- c(chosen, list(dplyr::filter(map, .data$id < 8)))
  }
  for (some in chosen) {
    expect_match(said(some), "Data map of 7 of 60 samples", fixed = TRUE)
    expect_false(grepl("No filter", said(some), fixed = TRUE))
  }
  # Nothing is known of what was done before
  plain <- said(as.data.frame(map)[1:7, ])
  expect_match(plain, "Data map of 7 samples", fixed = TRUE)
  expect_false(grepl("filter", plain, ignore.case = TRUE))
})

test_that("one evaluation is said to have no variance", {
  alt <- function(times) {
    ggplot2::get_alt_text(datamap_plot(random_map(9, times = times)))
  }
  expect_match(alt(1), "no variance", fixed = TRUE)
  expect_no_match(alt(2), "no variance", fixed = TRUE)
})

test_that("of many marked samples the first are named, and the number said", {
  map <- random_map(80)
  plot <- datamap_plot(map, highlight = 60:11)
  expect_identical(nrow(ggplot2::layer_data(plot, 2)), 50L)
  expect_setequal(ggplot2::layer_data(plot, 3)$label, as.character(60:41))
  expect_match(
    ggplot2::get_alt_text(plot),
    "Marked: 50 samples, of which the first 20 are named.", fixed = TRUE
  )
})

test_that("control characters are shown escaped", {
  map <- random_map(12)
  map$odd <- rep(c("a\033[31m", "b\nc", "\u202ed"), 4)
  names(map)[names(map) == "odd"] <- "my\tcolumn"
  plot <- datamap_plot(map, group_by = "my\tcolumn", facet = "my\tcolumn")
  text <- c(as_draw(texts(plot)), ggplot2::get_alt_text(plot))
  expect_false(any(grepl("[\001-\037]", text)))
  expect_true(any(grepl("a\\x1b[31m", text, fixed = TRUE)))
  expect_true(any(grepl("b\\nc", text, fixed = TRUE)))
  expect_true(any(grepl("\\u202ed", text, fixed = TRUE)))
  expect_true(any(grepl("my\\tcolumn", text, fixed = TRUE)))
})

test_that("brushed points are found by the names of columns", {
  map <- random_map(60)
  plot <- datamap_plot(map)
  mapping <- lapply(plot$mapping[c("x", "y")], rlang::as_label)
  expect_identical(mapping, list(x = "label_var", y = "avg_probs"))
  layout <- ggplot2::ggplot_build(plot)$layout$layout
  expect_true("s_label" %in% names(layout))
  expect_identical(as.integer(layout$s_label), 0:2)

  skip_if_not_installed("shiny")
  brushed <- getExportedValue("shiny", "brushedPoints")
  info <- getFromNamespace("find_panel_info", "shiny")
  panel <- info(ggplot2::ggplot_build(plot))[[2]]
  brush <- list(
    xmin = 0, xmax = 0.5, ymin = 0.3, ymax = 0.6, direction = "xy",
    mapping = panel$mapping, panelvar1 = panel$panel_vars$panelvar1
  )
  found <- brushed(map, brush)
  expect_identical(
    found$id,
    map$id[map$s_label == 1 & map$avg_probs >= 0.3 & map$avg_probs <= 0.6]
  )
  expect_gt(nrow(found), 0)
})

test_that("plotly makes a trace of each group, and not of each sample", {
  skip_if_not_installed("plotly")
  ggplotly <- getExportedValue("plotly", "ggplotly")
  map <- random_map(100)
  for (plot in list(
    datamap_plot(map, facet = NULL), datamap_plot(map),
    datamap_plot(map, style = "cartography"), datamap_plot_signals(map)
  )) {
    traces <- suppressWarnings(ggplotly(plot))$x$data
    expect_lte(length(traces), 90)
  }
  plot <- datamap_plot(map, facet = NULL)
  groups <- sum(counts_of(datamap_groups(map)) > 0)
  # an empty trace stands for the blank layer
  traces <- suppressWarnings(ggplotly(plot))$x$data
  are_points <- vapply(traces, function(x) identical(x$mode, "markers"), NA)
  expect_identical(sum(are_points), groups)
  expect_lte(length(traces), groups + 1)
})

# Where the legend stands: the name of its box with anything in it, from
# ggplot2 3.5 on one of several, and its place.
legend_place <- function(plot) {
  as_draw({
    table <- ggplot2::ggplotGrob(plot)
    at <- which(grepl("guide-box", table$layout$name))
    at <- at[!vapply(table$grobs[at], inherits, NA, "zeroGrob")]
    panels <- table$layout[grepl("^panel", table$layout$name), ]
    if (length(at) == 0) {
      "none"
    } else if (table$layout$t[at] > max(panels$b)) {
      "below"
    } else if (table$layout$l[at] > max(panels$r)) {
      "right"
    } else {
      "elsewhere"
    }
  })
}

test_that("another complete theme leaves the legend below the panels", {
  map <- random_map(40)
  themes <- list(
    ggplot2::theme_minimal(), ggplot2::theme_bw(), ggplot2::theme_void(),
    ggplot2::theme_grey(14), theme_datamap(8)
  )
  for (theme in themes) {
    expect_identical(legend_place(datamap_plot(map) + theme), "below")
    one <- datamap_plot(map, facet = NULL) + theme
    expect_identical(legend_place(one), "right")
  }
  expect_identical(legend_place(datamap_plot(map)), "below")
  expect_identical(
    legend_place(datamap_plot_signals(map) + ggplot2::theme_bw()), "below"
  )
  # What is asked for is kept
  at <- function(place) ggplot2::theme(legend.position = place)
  expect_identical(legend_place(datamap_plot(map) + at("right")), "right")
  expect_identical(legend_place(datamap_plot(map) + at("none")), "none")
  expect_identical(
    legend_place(datamap_plot(map) + ggplot2::theme_bw() + at("none")), "none"
  )
})

test_that("on 4 by 3 inches no text is cut and panels keep their room", {
  map <- random_map(60)
  map$`a_column_of_my_own_with_a_name_that_is_very_long` <- map$avg_probs
  plots <- list(
    datamap_plot(map),
    datamap_plot(map, facet = NULL),
    datamap_plot(map) + theme_datamap(8),
    datamap_plot(map) + ggplot2::theme_minimal(),
    datamap_plot(map, style = "cartography"),
    datamap_plot(datamap_filter(map, avg_probs < 0.9 | forgetting_times == 0),
                 use_l_times = 0, facet = NULL),
    datamap_plot(map, "a_column_of_my_own_with_a_name_that_is_very_long",
                 facet = NULL),
    datamap_plot_compare(map, random_map(60, seed = 2))
  )
  for (plot in plots) {
    grDevices::pdf(NULL, width = 4, height = 3)
    inch <- function(x) grid::convertUnit(x, "in", valueOnly = TRUE)
    table <- ggplot2::ggplotGrob(plot)
    panel <- table$layout[grepl("^panel", table$layout$name), ]
    fixed <- function(sizes) sum(inch(sizes[grid::unitType(sizes) != "null"]))
    room <- c(
      height = 3 - fixed(table$heights), width = 4 - fixed(table$widths)
    )
    widths <- vapply(
      c("title", "subtitle", "caption", "xlab-b"),
      function(name) {
        inch(grid::grobWidth(table$grobs[[which(table$layout$name == name)]]))
      }, 1
    )
    upright <- table$grobs[[which(table$layout$name == "ylab-l")]]
    height <- inch(grid::grobHeight(upright))
    grDevices::dev.off()
    n_wide <- length(unique(panel$l))
    expect_gt(room[["width"]] / n_wide, 0.75)
    expect_gt(room[["height"]] / length(unique(panel$t)), 0.7)
    expect_lt(max(widths), 4)
    expect_lt(height, 2.5)
  }
})
