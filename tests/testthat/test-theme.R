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
  skip_if_long()
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

test_that("on 4 by 3 inches two legends stand beside the panel", {
  plot <- datamap_plot(random_map(60), points = "density", facet = NULL)
  height_of <- function(plot, width, height) {
    grDevices::pdf(NULL, width = width, height = height)
    on.exit(grDevices::dev.off())
    table <- ggplot2::ggplotGrob(plot)
    is_legend <- grepl("guide-box", table$layout$name)
    heights <- vapply(table$grobs[is_legend], function(box) {
      if (is.null(box$heights)) {
        return(0)
      }
      sum(grid::convertHeight(box$heights, "in", valueOnly = TRUE))
    }, 1)
    max(heights)
  }
  expect_lt(height_of(plot, 4, 3), 2.5)
  expect_lt(height_of(plot + ggplot2::theme_dark(), 4, 3), 2.5)
  # What is asked for is kept
  tall <- ggplot2::theme(legend.key.height = grid::unit(0.4, "in"))
  expect_gt(height_of(plot + tall, 4, 3), 7 * 0.4)
})

# With wide letters, as many fonts of screens have.
wide_device <- function(width, height) {
  grDevices::pdf(NULL, width = width, height = height, family = "Bookman")
}

# What a plot looks like on a device of a size in inches: the `table` that it is
# made of, the `room` of its columns and rows, and the `panel` cells.
laid_out <- function(plot, width, height) {
  wide_device(width, height)
  on.exit(grDevices::dev.off())
  table <- ggplot2::ggplotGrob(plot)
  room_of <- function(sizes, all) {
    is_free <- grid::unitType(sizes) == "null"
    room <- numeric(length(sizes))
    room[!is_free] <- grid::convertUnit(
      sizes[!is_free], "in", valueOnly = TRUE
    )
    shares <- as.numeric(sizes[is_free])
    room[is_free] <- (all - sum(room)) * shares / sum(shares)
    room
  }
  list(
    table = table,
    widths = room_of(table$widths, width),
    heights = room_of(table$heights, height),
    panel = table$layout[grepl("^panel", table$layout$name), ]
  )
}

text_grobs <- function(x) {
  parts <- c(x$children, x$grobs)
  c(
    if (inherits(x, "text")) list(x),
    unlist(lapply(parts, text_grobs), recursive = FALSE)
  )
}

# The boxes of a grob's texts in inches, one row each, where its viewport is as
# large as `size`.
text_boxes <- function(grob, size) {
  wide_device(size[[1]], size[[2]])
  on.exit(grDevices::dev.off())
  grid::pushViewport(grid::viewport()) # where places are shares of it
  n <- length(grob$label)
  at <- function(i, x) rep_len(x, n)[[i]]
  rows <- lapply(seq_len(n), function(i) {
    gp <- grid::get.gpar()
    gp[names(grob$gp)] <- lapply(grob$gp, at, i = i)
    class(gp) <- "gpar"
    one <- grid::textGrob(grob$label[[i]], gp = gp)
    w <- grid::convertWidth(grid::grobWidth(one), "in", valueOnly = TRUE)
    h <- grid::convertHeight(grid::grobHeight(one), "in", valueOnly = TRUE)
    x <- grid::convertX(grob$x[[min(i, length(grob$x))]], "in", TRUE)
    y <- grid::convertY(grob$y[[min(i, length(grob$y))]], "in", TRUE)
    left <- x - w * at(i, grob$hjust %||% 0.5)
    foot <- y - h * at(i, grob$vjust %||% 0.5)
    data.frame(
      label = trimws(grob$label[[i]]), left = left, right = left + w,
      foot = foot, top = foot + h
    )
  })
  do.call(rbind, rows)
}

# The texts of a kind of grob, as boxes on the whole device.
boxes_of <- function(plot, width, height, pattern) {
  laid <- laid_out(plot, width, height)
  right <- cumsum(laid$widths)
  top <- height - cumsum(c(0, laid$heights))
  cells <- laid$table$layout
  found <- lapply(grep(pattern, cells$name), function(i) {
    cell <- cells[i, ]
    size <- c(
      sum(laid$widths[cell$l:cell$r]), sum(laid$heights[cell$t:cell$b])
    )
    boxes <- lapply(
      text_grobs(list(grobs = list(laid$table$grobs[[i]]))), text_boxes, size
    )
    boxes <- do.call(rbind, boxes)
    if (is.null(boxes)) {
      return(NULL)
    }
    left <- right[[cell$r]] - size[[1]]
    boxes[c("left", "right")] <- boxes[c("left", "right")] + left
    foot <- top[[cell$b + 1]]
    boxes[c("foot", "top")] <- boxes[c("foot", "top")] + foot
    cbind(boxes, cell = cell$name)
  })
  do.call(rbind, found)
}

sizes_of_pages <- list(c(7, 5), c(4, 3))

test_that("names of regions never overlap", {
  skip_if_long()
  skip_without_suggests()
  map <- random_map(60)
  cutoffs <- c(variability = 0.28)
  plots <- list(
    datamap_plot(map, facet = NULL) + geom_datamap_regions(cutoffs = cutoffs),
    datamap_plot(map) + geom_datamap_regions(cutoffs = cutoffs),
    datamap_plot(map, "label_var", "avg_probs") +
      geom_datamap_regions("label_var", "avg_probs", cutoffs = cutoffs),
    datamap_plot(map, style = "cartography"),
    datamap_plot(map, style = "cartography", facet = "s_label"),
    datamap_plot_compare(map, random_map(60, seed = 2))
  )
  for (plot in plots) {
    for (size in sizes_of_pages) {
      for (theme in list(NULL, ggplot2::theme_minimal())) {
        boxes <- boxes_of(plot + theme, size[[1]], size[[2]], "^panel")
        boxes <- boxes[grepl("to-learn|ambiguous", boxes$label), ]
        expect_identical(nrow(boxes) %% 3L, 0L)
        expect_gt(nrow(boxes), 0)
        for (i in seq_len(nrow(boxes))) {
          one <- boxes[i, ]
          others <- boxes[-i, ]
          is_over <- others$left < one$right & others$right > one$left &
            others$foot < one$top & others$top > one$foot
          expect_false(
            any(is_over),
            label = paste(one$label, "over", toString(others$label[is_over]))
          )
        }
      }
    }
  }
})

test_that("the numbers of neighbouring panels do not touch", {
  skip_if_long()
  skip_without_suggests()
  map <- random_map(100)
  plots <- list(
    datamap_plot(map), datamap_plot(map, "avg_probs", "learnt_times"),
    datamap_plot(map, "avg_probs", "max_label_probs", facet = "label"),
    datamap_plot(map, scales = "free_x"), datamap_plot_signals(map),
    datamap_plot(map, style = "cartography", facet = "s_label")
  )
  for (plot in plots) {
    for (size in sizes_of_pages) {
      for (theme in list(NULL, ggplot2::theme_minimal())) {
        numbers <- boxes_of(plot + theme, size[[1]], size[[2]], "^axis-b")
        expect_gt(nrow(numbers), 0)
        rows <- split(numbers, round(numbers$foot, 1))
        for (row in rows) {
          ends <- tapply(row$right, row$cell, max)
          starts <- tapply(row$left, row$cell, min)
          at <- order(starts)
          gaps <- starts[at][-1] - ends[at][-length(at)]
          expect_true(all(gaps > 0.02))
        }
      }
    }
  }
})

test_that("no text is cut beside or above narrow panels", {
  skip_if_long()
  skip_without_suggests()
  map <- random_map(60)
  plots <- list(
    datamap_plot(map), datamap_plot(map, use_l_times = 0),
    datamap_plot_signals(map), datamap_plot_signals(map, dirty_label = TRUE),
    datamap_plot_signals(random_map(24), signals = c("avg_probs", "id")),
    datamap_plot(map, points = "density"),
    datamap_plot(map, style = "cartography")
  )
  for (plot in plots) {
    for (size in sizes_of_pages) {
      for (theme in list(NULL, ggplot2::theme_minimal())) {
        all <- "^(title|subtitle|caption|xlab-b|strip|guide-box)"
        boxes <- boxes_of(plot + theme, size[[1]], size[[2]], all)
        is_legend <- grepl("^guide-box", boxes$cell)
        texts <- boxes[!is_legend, ]
        expect_gt(min(texts$left), 0)
        expect_lt(max(texts$right), size[[1]])
        laid <- laid_out(plot + theme, size[[1]], size[[2]])
        strips <- boxes[grepl("^strip", boxes$cell), ]
        room <- laid$widths[laid$panel$l]
        is_wide <- strips$right - strips$left > min(room) + 1e-6
        expect_identical(strips$label[is_wide], character())
        # The legend is laid out on its own: below, it starts at the panels
        names <- vapply(laid$table$grobs, function(x) x$name, "")
        legends <- laid$table$grobs[grepl("guide-box", names)]
        width <- max(vapply(legends, function(box) {
          wide_device(size[[1]], size[[2]])
          on.exit(grDevices::dev.off())
          sum(grid::convertWidth(box$widths, "in", valueOnly = TRUE))
        }, 1))
        start <- sum(laid$widths[seq_len(min(laid$panel$l) - 1)])
        expect_lt(
          width, size[[1]] - if (nrow(laid$panel) > 1) start else 0,
          label = toString(boxes$label[is_legend])
        )
      }
    }
  }
})

test_that("panels that have too little room are told", {
  map <- random_map(200)
  map$letter <- factor(rep_len(letters, 200))
  plot <- datamap_plot(map, facet = "letter")
  drawn <- function(plot, width, height) {
    wide_device(width, height)
    on.exit(grDevices::dev.off())
    ggplot2::ggplot_build(plot)
  }
  message <- expect_message(
    drawn(plot, 4, 3), class = "datamap_message_slivers"
  )
  expect_identical(message$n, 26L)
  expect_message(drawn(plot, 14, 10), NA)
  expect_message(drawn(datamap_plot(map), 4, 3), NA)
  expect_message(drawn(datamap_plot(map, facet = NULL), 2, 1.5), NA)
})
