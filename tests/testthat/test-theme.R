test_that("the theme is a complete theme", {
  expect_s3_class(theme_datamap(), "theme")
  expect_true(attr(theme_datamap(), "complete"))
  expect_identical(theme_datamap(base_size = 20)$text$size, 20)
  expect_error(theme_datamap("big"), class = "datamap_error_input")
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
  skip_on_cran() # takes long
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
