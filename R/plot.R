#' Data map
#'
#' Draws the samples of a data map by two of their signals: by default the mean
#' probability of the label against its variance. Groups of samples differ in
#' colour and shape, the legend counts them.
#'
#' The result is a plain ggplot: other themes, scales, labels and facets are
#' added to it with `+`, and all columns of the map are in its data. Its caption
#' and its alternative text come from the data: they name the axes, the filter
#' and the number of samples that it keeps. In documents that knitr makes into
#' HTML each figure has that text, unless the chunk's `fig.alt` gives another or
#' the chunk draws other plots as well.
#'
#' In each panel the groups are drawn by their size, the largest first, so that
#' a small group is never hidden below a large one; small groups also have
#' somewhat larger points, and no point is left out, except where its value on
#' an axis or the signal of its group is missing. Those are counted in the
#' subtitle and in a message of class `datamap_message_na`.
#'
#' `plot()` draws the map, `autoplot()` is the same as `datamap_plot()`.
#'
#' @section Several runs:
#' A list of data maps, such as `list(a = map1, b = map2)`, is drawn with a
#' panel for each: `facet` is then `"run"` by default, a column that tells which
#' samples are of which map, and that `group_by` can name too. All samples of
#' each map are drawn, and the columns that every map has can be named. For the
#' map of the means over runs see [datamap_average()].
#'
#' @section Large maps:
#' Many points cover each other, and what can be seen is then the order in which
#' they were drawn. `points = "density"` counts the samples in bins of a round
#' width instead. A bin is a square of tiles that have the colours of its
#' groups, as many as is their share, and at least one for each group that
#' occurs in the bin; the fewer samples are in a bin, the paler it is. No sample
#' is left out, and the caption says how they are drawn. The picture is an
#' image: its file is small for any number of samples. The bins are made in the
#' panels of `facet`, so other panels must be asked for there and not be added
#' to the plot; and they keep their place only on axes that are not transformed.
#' A data map in a database is drawn so, its bins are counted there.
#'
#' @section In a browser:
#' [datamap_explore()] is made for it, and shows texts. `plotly::ggplotly()` of
#' the plot has a trace for each group and panel, and shows ids where one
#' points. In Shiny, `brushedPoints(map, input$brush)` and `nearPoints(map,
#' input$click)` give the samples of `plotOutput()` without further arguments;
#' `shiny::runApp(system.file("examples", "brush", package = "datacarto"))` is
#' such an app.
#'
#' @inheritSection datamap_groups Groups
#' @inheritParams datamap_groups
#' @param map A data map, or any data frame that [as_datamap()] takes; or a list
#'   of them, see Several runs.
#' @param attr1,attr2 The names of the numeric columns on the vertical and the
#'   horizontal axis, `"avg_probs"` and `"label_var"` by default.
#' @param ... For `datamap_plot()` not used, and must be empty. For `plot()` and
#'   `autoplot()`, arguments of `datamap_plot()`.
#' @param facet The name of a column by whose values panels are made, `NULL` for
#'   one panel. By default `s_label`, which sets hard and dirty samples apart.
#'   There is one panel where all samples that are drawn have the same value.
#'   Where `map` is a list, `"run"` by default.
#' @param scales Whether the panels of `facet` have the same axes: `"fixed"`
#'   (the default), `"free"`, `"free_x"` or `"free_y"`.
#' @param ids A vector of ids: these samples are marked with a ring and named.
#'   The names are kept apart by the ggrepel package where it is installed; else
#'   those that would overlap are left out. Of more than 20 the first 20 are
#'   named, and the caption says how many there are. `NULL`, the default, for
#'   none.
#' @param style `"datamap"`, the default, or `"cartography"` for the look of the
#'   figures of Swayamdipta et al. (2020): variability against confidence, with
#'   histograms of both and of `correct_ratio` as bars beside the points, and
#'   named regions (see [datamap_regions()]). In this style `attr1` is
#'   `"confidence"` and `attr2` `"variability"` by default, which are the mean
#'   and the standard deviation of the label's probability, and there are no
#'   panels unless `facet` asks for them.
#' @param cutoffs For `style = "cartography"`: the cut-offs of the regions that
#'   are drawn, as in [datamap_regions()]; `NULL` for none. They are drawn where
#'   the confidence is on the vertical and the variability on the horizontal
#'   axis.
#' @param points How samples are drawn: `"points"`, one point each; `"raster"`,
#'   one point each in an image, by the scattermore package, which must be
#'   installed; or `"density"`, counted in bins. `"auto"`, the default, means
#'   points up to 50,000 samples and a density beyond. See Large maps.
#' @param x,object A data map.
#'
#' @return `datamap_plot()` and `autoplot()` return a ggplot, `plot()` returns
#'   `x`, invisibly.
#' @seealso [datamap_groups()] for the groups and their counts as data,
#'   [datamap_regions()] for easy, ambiguous and hard samples,
#'   [scale_colour_datamap()] and [theme_datamap()] for plots of your own.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' datamap_plot(map)
#'
#' # Only what was forgotten at least once
#' datamap_plot(map, criterion = "forgetting_times", threshold = 1)
#'
#' # Dirty labels set apart, in one panel
#' datamap_plot(map, dirty_label = TRUE, facet = NULL)
#'
#' # The look of the cartography paper
#' datamap_plot(map, style = "cartography")
#'
#' # Counted in bins, as more than 50,000 samples are by themselves
#' datamap_plot(map, facet = NULL, points = "density")
#'
#' # One panel per label, and the two samples that were forgotten most often
#' most <- map$id[order(-map$forgetting_times)][1:2]
#' datamap_plot(map, facet = "label", ids = most)
#'
#' # The first and the second half of the training
#' signals <- readLines(datamap_example("spam_signals.jsonl.gz"))
#' half <- length(signals) / 2
#' datamap_plot(list(
#'   early = datamap_summarise(I(head(signals, half))),
#'   late = datamap_summarise(I(tail(signals, half)))
#' ))
datamap_plot <- function(map,
                         attr1 = "avg_probs",
                         attr2 = "label_var",
                         criterion = NULL,
                         threshold = 0,
                         use_f_times = NULL,
                         use_l_times = NULL,
                         ...,
                         dirty_label = FALSE,
                         group_by = NULL,
                         facet = "s_label",
                         scales = c("fixed", "free", "free_x", "free_y"),
                         ids = NULL,
                         style = c("datamap", "cartography"),
                         cutoffs = c(variability = 0.2, confidence = 0.5),
                         points = c("auto", "points", "raster", "density")) {
  check_dots()
  force_argument(map, "map", rlang::current_env())
  if (is_lazy_map(map)) {
    points <- check_choice(points)
    style <- check_choice(style)
    check_binned(points, style, ids)
    return(plot_lazy(map, list(
      attr1 = attr1, attr2 = attr2, criterion = criterion,
      threshold = threshold, use_f_times = use_f_times,
      use_l_times = use_l_times, dirty_label = dirty_label,
      group_by = group_by, facet = facet, scales = check_choice(scales)
    ), rlang::current_env()))
  }
  if (is.list(map) && !is.object(map)) {
    map <- stack_maps(take_maps(map))
    if (missing(facet)) facet <- "run"
  } else {
    map <- take_map(map)
  }
  scales <- check_choice(scales)
  style <- check_choice(style)
  points <- check_choice(points)
  if (style == "cartography") {
    map <- add_cartography_columns(map)
    if (missing(attr1)) attr1 <- "confidence"
    if (missing(attr2)) attr2 <- "variability"
    if (missing(facet)) facet <- NULL
  }
  check_column_choice(attr1, map, numeric = TRUE)
  check_column_choice(attr2, map, numeric = TRUE)
  conditions <- filter_conditions(
    map, criterion, threshold, use_f_times, use_l_times
  )
  scheme <- find_scheme(map, conditions, dirty_label, group_by)
  facet <- find_facet(map, facet)
  marked <- find_marked(map, ids)

  map <- set_column(map, ".group", group_samples(map, scheme))
  map <- set_column(map, ".facet", facet_samples(map, facet))
  if (length(marked) > 0) {
    # In the order in which they were asked for
    map <- set_column(map, ".marked", match(seq_len(nrow(map)), marked, 0L))
  }
  cutoffs <- if (style == "cartography") find_cutoffs(cutoffs, attr1, attr2)
  kept <- apply_conditions(map, conditions)
  drawn <- drop_missing(kept, attr1, attr2, scheme)
  points <- find_points(points, nrow(drawn))

  parts <- plot_parts(map, kept, drawn, asked = list(
    columns = c(attr1, attr2), conditions = conditions, scheme = scheme,
    facet = facet, scales = scales, style = style, points = points,
    cutoffs = cutoffs, marked = marked
  ))
  as_map_plot(build_plot(parts), has_panels = length(parts$facets) > 1)
}

#' @rdname datamap_plot
#' @rawNamespace S3method(ggplot2::autoplot, datamap)
autoplot.datamap <- function(object, ...) {
  datamap_plot(object, ...)
}

#' @rdname datamap_plot
#' @export
plot.datamap <- function(x, ...) {
  print(datamap_plot(x, ...))
  invisible(x)
}

# What is drawn ---------------------------------------------------------

# All that a map is drawn from, and that its words are made of: `kept` are the
# samples of `map` that the filter keeps, `drawn` those of them with a place,
# and `asked` what the arguments of the plot were found to mean.
plot_parts <- function(map, kept, drawn, asked) {
  scheme <- asked$scheme
  columns <- asked$columns
  cutoffs <- asked$cutoffs
  groups <- group_counts(drawn$.group)
  words <- group_words(drawn$.group, drawn$correct_ratio, scheme)
  data <- layer_samples(drawn, asked$points, words)
  panels <- find_panels(data, asked$facet)
  data <- order_panels(data, panels)
  list(
    # The plot's own data: the samples in the order in which they are drawn
    data = data,
    # How many samples there were before any filter, how many the filter keeps,
    # and how many of these are drawn
    samples = samples_before(map),
    kept = nrow(kept),
    drawn = nrow(drawn),
    # The filter in words, and the least and the largest number of evaluations;
    # NULL for none, and where it is not known
    filter = filter_words(map, asked$conditions),
    evaluations = evaluations_range(map),
    # Of how many runs the samples are, and of how many each is a mean, in
    # words; NULL where it is a map of one run
    stacked = attr(map, "stacked", exact = TRUE),
    average = average_words(map),
    # How the model met the samples, NULL where nobody says it
    predicted = predicted_words(map),
    # The columns on the vertical and the horizontal axis, and their titles
    columns = columns,
    y = signal_title(columns[[1]]),
    x = signal_title(columns[[2]]),
    # The title of the legend, how many samples each group has, and its colour
    # and shape by its name in the legend (NULL: by its place there)
    group = signal_title(scheme$signal),
    groups = groups,
    looks = group_looks(add_count(words, groups), scheme),
    # How many samples each panel has, what the panels are, and which axes they
    # share
    facets = group_counts(drop_levels(drawn$.facet)),
    panels = panels,
    scales = asked$scales,
    # How samples are drawn: "points", "raster" or "density", whose bins these
    # are
    points = asked$points,
    density = if (asked$points == "density") {
      bin_samples(data, columns[[1]], columns[[2]])
    },
    # The look, and what belongs to that of the cartography paper: histograms,
    # the cut-offs of the regions that are drawn, and how many samples each has
    style = asked$style,
    margins = if (asked$style == "cartography") {
      margin_bars(data, columns[[1]], columns[[2]], cutoffs)
    },
    cutoffs = cutoffs,
    regions = if (!is.null(cutoffs)) {
      attr(datamap_regions(drawn, cutoffs = cutoffs), "counts")
    },
    # How many samples were to be marked, and the ids of those that are drawn
    marked = length(asked$marked),
    marked_drawn = id_text(drawn$id[order_marked(drawn)])
  )
}

# Without the rows that have no place on the map or no group.
drop_missing <- function(map, attr1, attr2, scheme) {
  # The width of an axis, and what is put beside it, must be finite too
  has_no_place <- function(x) !is.finite(8 * x)
  missing <- list(has_no_place(map[[attr1]]), has_no_place(map[[attr2]]),
                  is.na(map$.group))
  columns <- list(attr1, attr2, scheme$needs)
  is_cause <- vapply(missing, any, logical(1))
  drop <- Reduce(`|`, missing)
  inform_missing(
    sum(drop),
    unique(unlist(columns[is_cause])),
    what = "Not drawn:",
    kind = "a missing or infinite value"
  )
  if (any(drop)) {
    map <- map[!drop, , drop = FALSE]
  }
  map
}

# The samples as the plot's data, a plain data frame: it gets columns that are
# no signals. Points come in the order in which they are drawn: in each panel
# the largest group first, so the rarest lies on top. Points of small groups
# are larger and less transparent.
layer_samples <- function(map, points, words) {
  group <- map$.group
  n_group <- group_counts(group)

  data <- plain_frame(map)
  levels(data$.group) <- add_count(words, n_group)
  data$.group <- drop_levels(data$.group)
  data$.facet <- drop_levels(data$.facet)
  if (points == "density") {
    return(data)
  }
  in_panel <- table(map$.facet, group)
  n_here <- in_panel[cbind(as.integer(map$.facet), as.integer(group))]
  data$.size <- point_size(n_group, nrow(map))[as.integer(group)]
  data$.alpha <- point_alpha(n_group, nrow(map))[as.integer(group)]
  data[order(-n_here, as.integer(group)), , drop = FALSE]
}

# For a hundred points and for a million; `n` in the group, `total` on the
# map. A group is rare when it has fewer than a thousand.
point_size <- function(n, total) {
  clamp(3.3 - 0.52 * log10(max(total, 1)) + 0.35 * rarity(n), 0.4, 2.4)
}

point_alpha <- function(n, total) {
  clamp(1.35 - 0.2 * log10(max(total, 1)) + 0.2 * rarity(n), 0.25, 0.9)
}

# The lines of crosses; thinner where the points are small.
point_stroke <- function(total) {
  0.3 * point_size(Inf, total)
}

rarity <- function(n) {
  log10(1000 / clamp(n, 1, 1000))
}

clamp <- function(x, low, high) {
  pmin(pmax(x, low), high)
}

build_plot <- function(parts) {
  data <- parts$data
  attr1 <- parts$columns[[1]]
  attr2 <- parts$columns[[2]]
  has_panels <- length(parts$facets) > 1
  guide <- legend_guide(has_panels, levels(data$.group), parts$points)
  plot <- ggplot2::ggplot(
    # By plain names, which are told from the plot by shiny::brushedPoints()
    data, aes(x = !!rlang::sym(attr2), y = !!rlang::sym(attr1))
  ) +
    switch(parts$points,
      points = layer_points(data, guide, parts),
      raster = layer_raster(guide, parts),
      density = layer_density(guide, parts)
    ) +
    mark_samples(data, attr1, attr2) +
    signal_limits(attr1, attr2) +
    (if (parts$style == "cartography") {
      cartography_layers(attr1, attr2, parts)
    }) +
    (if (parts$style != "cartography") {
      sparse_axis(breaks = if (has_panels) panel_breaks else ggplot2::waiver())
    }) +
    ggplot2::labs(
      title = wrap_text(plot_title(parts), "title"),
      subtitle = wrap_subtitle(plot_subtitle(parts)),
      x = wrap_text(parts$x, "x"),
      y = wrap_text(parts$y, "y"),
      caption = wrap_text(plot_caption(parts), "caption", 8L),
      alt = plot_alt(parts)
    ) +
    theme_datamap()
  if (!has_panels) {
    return(plot)
  }
  plot + draw_panels(parts$panels, parts$scales) + legend_below()
}

# Below the axis, numbers that would overlap are left out. The guide belongs to
# the scale: plotly::ggplotly() takes one from guides() for a legend, and makes
# a trace of each sample.
sparse_axis <- function(...) {
  ggplot2::scale_x_continuous(
    ..., guide = ggplot2::guide_axis(check.overlap = TRUE)
  )
}

# Numbers of an axis that are not near its end, where they would touch those of
# the next panel.
panel_breaks <- function(limits) {
  if (!all(is.finite(limits))) {
    return(NULL)
  }
  breaks <- pretty(limits, 4)
  inside <- limits[[1]] + c(0, 0.85) * diff(limits)
  breaks[breaks >= inside[[1]] & breaks <= inside[[2]]]
}

layer_points <- function(data, guide, parts) {
  points <- ggplot2::geom_point(
    aes(
      colour = .data$.group, shape = .data$.group,
      size = .data$.size, alpha = .data$.alpha
    ),
    stroke = point_stroke(nrow(data))
  )
  # Points have no label, of which ggplot2 would warn; plotly::ggplotly() shows
  # it. Of all discrete values it is the one by which nothing is grouped. Runs
  # whose ids are of several classes have none in common.
  if ("id" %in% names(data)) {
    points$mapping <- utils::modifyList(
      points$mapping, aes(label = !!rlang::sym("id"))
    )
  }
  list(
    points,
    scale_of_groups("colour", parts$looks),
    scale_of_groups("shape", parts$looks),
    ggplot2::scale_size_identity(),
    ggplot2::scale_alpha_identity(),
    ggplot2::guides(colour = guide),
    ggplot2::labs(
      colour = legend_title(parts), shape = legend_title(parts)
    )
  )
}

# All points as one image, which is as large in a file as it is for few.
layer_raster <- function(guide, parts) {
  list(
    scattermore::geom_scattermore(
      aes(colour = .data$.group),
      pointsize = 1.2, pixels = c(900, 900), interpolate = TRUE
    ),
    scale_of_groups("colour", parts$looks),
    ggplot2::guides(colour = guide),
    ggplot2::labs(colour = legend_title(parts))
  )
}

# For the colours; the legend of the shapes is merged into it. Beside one
# panel it stands in a column, below several in rows.
legend_guide <- function(has_panels, labels, points) {
  ggplot2::guide_legend(
    title.position = "top",
    ncol = if (has_panels) legend_columns(labels),
    byrow = TRUE,
    override.aes = list(size = 2.4, alpha = 1, stroke = 0.8),
    # Before that of the density; the legend of the shapes has no such place
    order = if (points == "density") 1 else 0
  )
}

# Three at most, and as many as fit below panels: about 60 letters, of which a
# key takes the room of three.
legend_columns <- function(labels) {
  width <- max(nchar(labels, "width"), 0) + 3
  clamp(60 %/% width, 1, 3)
}

# Beside one panel the title is as narrow as the keys.
legend_title <- function(parts) {
  if (length(parts$facets) > 1) {
    return(wrap_text(parts$group, "subtitle"))
  }
  wrap_text(parts$group, "legend")
}
