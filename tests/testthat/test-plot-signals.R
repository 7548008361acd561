test_that("each signal has a panel, and each group its shares", {
  map <- random_map(300)
  plot <- datamap_plot_signals(
    map,
    dirty_label = TRUE, signals = c("forgetting_times", "avg_probs")
  )
  lines <- drawn(plot)
  expect_identical(length(unique(lines$PANEL)), 2L)
  is_dirty <- map$s_label == 2
  colours <- datamap_palette("dirty_label")
  for (i in 1:2) {
    line <- lines[lines$PANEL == 1 & lines$colour == colours[[i]], ]
    n <- table(map$forgetting_times[is_dirty == (i == 2)])
    # A bin from each whole number less a half
    at <- match(as.numeric(names(n)) - 0.5, line$x[-1]) + 1
    expect_equal(line$y[at], as.vector(n / sum(n)))
    expect_equal(sum(line$y), 1)
    line <- lines[lines$PANEL == 2 & lines$colour == colours[[i]], ]
    expect_equal(sum(line$y), 1)
    expect_identical(line$y[c(1, nrow(line))], c(0, 0))
  }
})

test_that("all signals that vary are drawn by default, filters hold", {
  map <- random_map(100)
  plot <- datamap_plot_signals(map, use_f_times = 1)
  panels <- levels(droplevels(drawn(plot)$PANEL))
  expect_identical(length(panels), 10L)
  kept <- sum(map$forgetting_times >= 1)
  alt <- ggplot2::get_alt_text(plot)
  expect_match(alt, paste("Signals of", kept, "of 100 samples"), fixed = TRUE)
  expect_match(alt, "Filter: forgetting_times at least 1", fixed = TRUE)
  expect_match(alt, "correct_times, correct_ratio, avg_probs", fixed = TRUE)
  expect_false(grepl("evaluations", alt, fixed = TRUE))
  counts <- counts_of(datamap_groups(map, use_f_times = 1))
  expect_identical(
    unname(legend_labels(plot)),
    paste0(c("1", "2", "3 or more"), " (n = ", counts[counts > 0], ")")
  )
})

test_that("odd maps of signals draw, wrong arguments are errors", {
  map <- random_map(30)
  map$avg_probs[1:3] <- NaN
  for (plot in list(
    datamap_plot_signals(map), datamap_plot_signals(map[0, ]),
    datamap_plot_signals(map[5, ], signals = c("id", "evaluations")),
    datamap_plot_signals(map, criterion = "label_var", threshold = 2)
  )) {
    expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
  }
  equal <- ratio_map(rep(1, 5), forgetting_times = NA_real_)
  said <- c(
    ggplot2::get_alt_text(datamap_plot_signals(equal)),
    ggplot2::get_alt_text(
      datamap_plot_signals(equal, signals = "forgetting_times")
    ),
    ggplot2::get_alt_text(datamap_plot_signals(map[0, ]))
  )
  expect_match(said[[1]], "[.] no signal has more than one value.$")
  expect_match(said[[2]], "[.] no value to draw.$")
  expect_match(said[[3]], "[.] no sample to draw.$")
  for (bad in list("none", 1, c("avg_probs", "x"))) {
    expect_error(
      datamap_plot_signals(map, signals = bad),
      class = "datamap_error_input"
    )
  }
})

test_that("panels are no slivers: as many are drawn as have room", {
  map <- random_map(120)
  for (i in 1:4) map[[paste0("mine_", i)]] <- map$avg_probs + i
  plot <- datamap_plot_signals(map)
  signals <- levels(plot$data$.signal)
  expect_length(signals, 14)
  expect_match(ggplot2::get_alt_text(plot), "as far as there is room")
  # inches and the panels that they have room for
  for (page in list(c(4, 3, 6), c(7, 5, 12), c(9, 8, 14))) {
    grDevices::pdf(NULL, width = page[[1]], height = page[[2]])
    left_out <- NULL
    table <- withCallingHandlers(
      ggplot2::ggplotGrob(plot),
      datamap_message_signals_left_out = function(cnd) {
        left_out <<- cnd$signals
        rlang::cnd_muffle(cnd)
      }
    )
    is_null <- grid::unitType(table$heights) == "null"
    fixed <- grid::convertUnit(table$heights[!is_null], "in", valueOnly = TRUE)
    subtitle <- table$grobs[[which(table$layout$name == "subtitle")]]
    grDevices::dev.off()
    expect_gt((page[[2]] - sum(fixed)) / sum(is_null), 0.3)
    expect_identical(left_out %||% character(), signals[-seq_len(page[[3]])])
    said <- paste("the first", page[[3]], "of 14 signals")
    if (page[[3]] < 14) {
      expect_match(subtitle$children[[1]]$label, said)
    }
  }
})
