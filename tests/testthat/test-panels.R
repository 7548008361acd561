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

test_that("the point that was clicked at is found, in its panel", {
  skip_if_not_installed("shiny")
  map <- random_map(60)
  coordmap <- getFromNamespace("getGgplotCoordmap", "shiny")
  near <- getExportedValue("shiny", "nearPoints")
  file <- tempfile(fileext = ".png")
  grDevices::png(file, 800, 500)
  on.exit({
    grDevices::dev.off()
    unlink(file)
  })
  plot <- datamap_plot(map)
  build <- ggplot2::ggplot_build(plot)
  drawn <- structure(
    list(build = build, gtable = ggplot2::ggplot_gtable(build)),
    class = "ggplot_build_gtable"
  )
  panels <- coordmap(drawn, 800, 500, 72)$panels
  for (row in c(3, 17, 40)) {
    at <- match(map$s_label[[row]], 0:2)
    panel <- panels[[at]]
    click <- c(
      list(
        x = map$label_var[[row]], y = map$avg_probs[[row]],
        coords_css = list(x = 0, y = 0), img_css_ratio = list(x = 1, y = 1),
        panelvar1 = panel$panel_vars$panelvar1
      ),
      panel[c("mapping", "domain", "range", "log")]
    )
    place <- getFromNamespace("scaleCoords", "shiny")(click$x, click$y, panel)
    click$coords_img <- place
    click$coords_css <- place
    found <- near(map, click, maxpoints = 1)
    expect_identical(found$id, map$id[[row]])
  }
})

test_that("runs whose ids are of several classes are drawn all the same", {
  map <- random_map(10)
  odd <- unclass(map)
  odd$id <- structure(1:10 / 10, class = c("units", "numeric"))
  class(odd) <- class(map)
  built <- ggplot2::ggplot_build(datamap_plot(list(map, odd)))
  expect_identical(nrow(built$data[[1]]), 20L)
})
