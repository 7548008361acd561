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
#'
#' @inheritSection datamap_groups Groups
#' @inheritParams datamap_groups
#' @param attr1,attr2 The names of the numeric columns on the vertical and the
#'   horizontal axis, `"avg_probs"` and `"label_var"` by default.
#' @param ... For `datamap_plot()` not used, and must be empty. For `plot()` and
#'   `autoplot()`, arguments of `datamap_plot()`.
#' @param facet The name of a column by whose values panels are made, `NULL` for
#'   one panel. By default `s_label`, which sets hard and dirty samples apart.
#'   There is one panel where all samples that are drawn have the same value.
#' @param scales Whether the panels of `facet` have the same axes: `"fixed"`
#'   (the default), `"free"`, `"free_x"` or `"free_y"`.
#' @param highlight A vector of ids: these samples are marked with a ring and
#'   named. The names are kept apart by the ggrepel package where it is
#'   installed; else those that would overlap are left out. Of more than 20
#'   the first 20 are named, and the caption says how many there are.
#'   `NULL`, the default, for none.
#' @param style `"datamap"`, the default, or `"cartography"` for the look of the
#'   figures of Swayamdipta et al. (2020): variability against confidence, with
#'   histograms of both and of `correct_ratio` as bars beside the points, and
#'   named regions (see [datamap_regions()]). In this style `attr1` is
#'   `"confidence"` and `attr2` `"variability"` by default, which are the mean
#'   and the standard deviation of the label's probability, and there are no
#'   panels unless `facet` asks for them.
#' @param cutoffs For `style = "cartography"`: the cut-offs of the regions that
#'   are drawn, as the arguments of [datamap_regions()]; `NULL` for none. They
#'   are drawn where the confidence is on the vertical and the variability on
#'   the horizontal axis.
#' @param points How samples are drawn: `"points"`, one point each; `"raster"`,
#'   one point each in an image, by the scattermore package, which must be
#'   installed; or `"density"`, counted in bins. `"auto"`, the default, means
#'   points up to 50,000 samples and a density beyond. See Large maps.
#' @param x,object A data map.
#'
#' @return `datamap_plot()` and `autoplot()` return a ggplot, `plot()` returns
#'   `x`, invisibly.
#' @seealso [datamap_groups()] for the groups and their counts as data,
#'   [scale_colour_datamap()] and [theme_datamap()] for plots of your own.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' datamap_plot(map)
#'
#' # Only what was forgotten at least once
#' datamap_plot(map, criterion = "forgetting_times", threshold = 1)
#'
#' # By how often samples were learnt
#' datamap_plot(map, use_l_times = 0)
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
#' datamap_plot(map, facet = "label", highlight = most)
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
                         highlight = NULL,
                         style = c("datamap", "cartography"),
                         cutoffs = c(variability = 0.2, confidence = 0.5),
                         points = c("auto", "points", "raster", "density")) {
  check_dots()
  map <- take_map(map)
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
  grouping <- find_grouping(map, conditions, dirty_label, group_by)
  facet <- find_facet(map, facet)
  marked <- find_marked(map, highlight)
  filter <- filter_words(map, conditions)
  samples <- samples_before(map)

  map <- set_column(map, ".group", group_samples(map, grouping))
  map <- set_column(map, ".facet", facet_samples(map, facet))
  if (length(marked) > 0) {
    # In the order in which they were asked for
    map <- set_column(map, ".marked", match(seq_len(nrow(map)), marked, 0L))
  }
  cutoffs <- if (style == "cartography") find_cutoffs(cutoffs, attr1, attr2)
  kept <- apply_conditions(map, conditions)
  drawn <- drop_missing(kept, attr1, attr2, grouping)
  points <- find_points(points, nrow(drawn))

  parts <- list(
    x = signal_title(attr2),
    y = signal_title(attr1),
    samples = samples,
    kept = nrow(kept),
    drawn = nrow(drawn),
    filter = filter,
    evaluations = evaluations_range(map),
    group = grouping_title(grouping),
    groups = group_counts(drawn$.group),
    facets = group_counts(drop_levels(drawn$.facet)),
    columns = c(attr1, attr2),
    scales = scales,
    style = style,
    points = points,
    cutoffs = cutoffs,
    regions = if (!is.null(cutoffs)) {
      attr(do.call(datamap_regions, c(list(drawn), cutoffs)), "counts")
    },
    marked = length(marked),
    marked_drawn = id_text(drawn$id[order_marked(drawn)])
  )
  words <- group_words(drawn$.group, drawn$correct_ratio, grouping)
  parts$looks <- group_looks(
    add_count(words, parts$groups), grouping$scheme
  )
  data <- layer_samples(drawn, points, words)
  parts$panels <- find_panels(data, facet)
  data <- order_panels(data, parts$panels)
  if (points == "density") {
    parts$density <- bin_samples(data, attr1, attr2)
  }
  if (style == "cartography") {
    parts$margins <- margin_bars(data, attr1, attr2, cutoffs)
  }
  as_map_plot(
    build_plot(data, attr1, attr2, parts),
    has_panels = length(parts$facets) > 1
  )
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

# The facet's column, NULL for one panel. A map without s_label has no
# constructed labels to set apart: then the default is no facet either.
find_facet <- function(map, facet, call = rlang::caller_env()) {
  check_string(facet, allow_null = TRUE, call = call)
  if (is.null(facet) || (facet == "s_label" && !"s_label" %in% names(map))) {
    return(NULL)
  }
  check_column_choice(facet, map, arg = "facet", call = call)
  check_groupable(map[[facet]], facet, "facet", call)
  facet
}

# A factor with the panel of every sample, its levels in words.
facet_samples <- function(map, facet) {
  if (is.null(facet)) {
    return(as_levels(rep(1L, nrow(map)), "all"))
  }
  values <- map[[facet]]
  if (facet == "s_label") {
    # Every s_label has its panel: they are names, not amounts
    values <- factor(values)
    levels(values) <- s_label_words(levels(values))
  } else {
    values <- group_values(values)
    words <- show_text(paste0(facet, ": ", levels(values)))
    levels(values) <- make.unique(words, sep = " ~")
  }
  if (anyNA(values)) {
    values <- addNA(values)
    levels(values)[is.na(levels(values))] <- paste(facet, "missing")
  }
  values
}

# The panels by the facet's own column, so that brushed points are found in the
# user's data, or by `.facet` where its values were put into classes: the
# `column`, its `values` by level of `.facet`, and the `words` for them.
find_panels <- function(data, facet) {
  words <- wrap_strip(levels(data$.facet))
  own <- c("x", "y", "n", "xmin", "xmax", "ymin", "ymax", "xend", "yend")
  if (!is.null(facet) && !facet %in% own) {
    column <- data[[facet]]
    values <- column[match(seq_along(words), as.integer(data$.facet))]
    if (identical(values[as.integer(data$.facet)], column)) {
      if (is.character(values)) {
        values <- factor(values, ordered_values(values))
      }
      return(list(column = facet, values = values, words = words))
    }
  }
  list(
    column = ".facet",
    values = as_levels(seq_along(words), levels(data$.facet)), words = words
  )
}

# Texts as a factor, whose levels are in their order.
order_panels <- function(data, panels) {
  if (panels$column != ".facet" && is.character(data[[panels$column]])) {
    data[[panels$column]] <- factor(
      data[[panels$column]], levels(panels$values)
    )
  }
  data
}

# A layer's own data in the same panels.
in_panels <- function(data, panels) {
  data[[panels$column]] <- panels$values[as.integer(data$.facet)]
  data
}

draw_panels <- function(panels, scales) {
  labeller <- function(labels) {
    if (length(labels) == 0) {
      return(labels)
    }
    list(panels$words[match_ids(labels[[1]], panels$values)])
  }
  ggplot2::facet_wrap(
    ggplot2::vars(!!rlang::sym(panels$column)),
    scales = scales, labeller = labeller
  )
}

# Without the rows that have no place on the map or no group.
drop_missing <- function(map, attr1, attr2, grouping) {
  # The width of an axis, and what is put beside it, must be finite too
  has_no_place <- function(x) !is.finite(8 * x)
  missing <- list(has_no_place(map[[attr1]]), has_no_place(map[[attr2]]),
                  is.na(map$.group))
  columns <- list(attr1, attr2, grouping_columns(grouping))
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

grouping_columns <- function(grouping) {
  switch(grouping$scheme,
    correct_ratio = "correct_ratio",
    use_f_times = c("forgetting_times", "correct_ratio"),
    use_l_times = c("learnt_times", "correct_ratio"),
    dirty_label = "s_label",
    group_by = grouping$column
  )
}

# The samples as the plot's data, a plain data frame: it gets columns that are
# no signals. Points come in the order in which they are drawn: in each panel
# the largest group first, so the rarest lies on top. Points of small groups
# are larger and less transparent.
layer_samples <- function(map, points, words) {
  group <- map$.group
  n_group <- group_counts(group)

  data <- datamap_bare(map)
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

build_plot <- function(data, attr1, attr2, parts) {
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
    (if (parts$style != "cartography") sparse_axis()) +
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

layer_points <- function(data, guide, parts) {
  list(
    ggplot2::geom_point(
      aes(
        colour = .data$.group, shape = .data$.group,
        size = .data$.size, alpha = .data$.alpha
      ),
      stroke = point_stroke(nrow(data))
    ),
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
# key takes the room of two.
legend_columns <- function(labels) {
  width <- max(nchar(labels, "width"), 0) + 2
  clamp(60 %/% width, 1, 3)
}

# Beside one panel the title is as narrow as the keys.
legend_title <- function(parts) {
  if (length(parts$facets) > 1) {
    return(wrap_text(parts$group, "subtitle"))
  }
  wrap_text(parts$group, "legend")
}

# Probabilities are shown on their whole range and other signals from zero, so
# that two maps, or a map and a filtered one, can be compared, and the axes of
# an empty map make sense.
signal_ranges <- list(
  avg_probs = c(0, 1),
  confidence = c(0, 1),
  correct_ratio = c(0, 1),
  max_label_probs = c(0, 1),
  min_label_probs = c(0, 1),
  label_var = c(0, 0.05),
  variability = c(0, 0.2),
  threshold_closeness = c(0, 0.25),
  correct_times = c(0, 1),
  correctness = c(0, 1),
  forgetting_times = c(0, 1),
  learnt_times = c(0, 1),
  first_forget = c(0, 1),
  first_learn = c(0, 1)
)

signal_limits <- function(attr1, attr2) {
  limits <- list(y = signal_ranges[[attr1]], x = signal_ranges[[attr2]])
  limits <- limits[lengths(limits) > 0]
  if (length(limits) > 0) do.call(ggplot2::expand_limits, limits)
}

# Marked samples --------------------------------------------------------

# The rows of the samples to be marked; ids that the map lacks are an error.
find_marked <- function(map,
                        highlight,
                        arg = "highlight",
                        call = rlang::caller_env()) {
  if (is.null(highlight)) {
    return(integer())
  }
  highlight <- check_id_vector(
    highlight, "a vector of ids or {.code NULL}", arg, call
  )
  rows <- match_ids(highlight, map$id)
  if (anyNA(rows)) {
    unknown <- unique(id_text(highlight[is.na(rows)]))
    found <- first_few(unknown)
    abort_datamap(
      c(
        "{.arg {arg}} must be ids of samples on the data map.",
        x = "There {cli::qty(unknown)}{?is no sample/are no samples} {found}."
      ),
      class = "input",
      key = unknown[[1]],
      call = call
    )
  }
  unique(rows)
}

# A ring around each marked sample, and its name.
mark_samples <- function(data, attr1, attr2) {
  rows <- order_marked(data)
  if (length(rows) == 0) {
    return(NULL)
  }
  marked <- data[rows, , drop = FALSE]
  place <- aes(
    x = .data[[attr2]], y = .data[[attr1]],
    label = shorten_ids(.data$id)
  )
  list(
    ggplot2::geom_point(
      place[c("x", "y")],
      data = marked, inherit.aes = FALSE, show.legend = FALSE,
      shape = 1, size = 3.4, stroke = 0.9, colour = "black"
    ),
    name_samples(place, utils::head(marked, max_named))
  )
}

# So many marked samples are named: the first that were asked for.
max_named <- 20L

order_marked <- function(data) {
  if (is.null(data[[".marked"]])) {
    return(integer())
  }
  rows <- which(data$.marked > 0)
  rows[order(data$.marked[rows])]
}

shorten_ids <- function(ids, width = 24L) {
  text <- show_text(id_text(ids))
  is_long <- nchar(text) > width
  text[is_long] <- paste0(substr(text[is_long], 1L, width - 3L), "...")
  text
}

name_samples <- function(place, marked) {
  if (has_package("ggrepel")) {
    ggrepel::geom_text_repel(
      place,
      data = marked, inherit.aes = FALSE, show.legend = FALSE,
      size = 3.2, colour = "black", bg.colour = "white", bg.r = 0.15,
      min.segment.length = 0.2, box.padding = 0.5, point.padding = 0.4,
      max.overlaps = Inf, seed = 1
    )
  } else {
    ggplot2::geom_text(
      place,
      data = marked, inherit.aes = FALSE, show.legend = FALSE,
      size = 3.2, colour = "black", vjust = -1.1, check_overlap = TRUE
    )
  }
}

# Is a package of Suggests there? A function of its own, for the tests.
has_package <- function(package) {
  requireNamespace(package, quietly = TRUE)
}

# Words -----------------------------------------------------------------

signal_words <- c(
  label = "Label",
  s_label = "Constructed label",
  correct_times = "Times predicted right",
  correct_ratio = "Share of right predictions",
  avg_probs = "Mean probability of the label",
  label_var = "Variance of the probability of the label",
  max_label_probs = "Largest probability of the label",
  min_label_probs = "Smallest probability of the label",
  forgetting_times = "Times forgotten",
  learnt_times = "Times learnt",
  first_forget = "Evaluation of the first forgetting",
  first_learn = "Evaluation of the first learning",
  evaluations = "Number of evaluations",
  confidence = "Mean probability of the label",
  variability = "Standard deviation of the probability of the label",
  correctness = "Times predicted right",
  forgetfulness = "Times forgotten, 1000 if never right",
  threshold_closeness = "Closeness to the threshold",
  forgetting_events = "Times forgotten, all evaluations if never right",
  aum = "Area under the margin",
  prob_margin = "Mean margin of the probabilities",
  el2n = "Mean norm of the error",
  el2n_last = "Norm of the error at last",
  loss_mean = "Mean loss",
  loss_last = "Loss at last",
  loss_ema = "Moving average of the loss",
  entropy_of_mean = "Entropy of the mean prediction",
  mean_entropy = "Mean entropy of the predictions",
  bald = "Disagreement of the predictions",
  aleatoric = "Aleatoric uncertainty",
  first_correct = "First right evaluation",
  learned_for_good = "Evaluation since which it is right",
  forgotten_for_good = "Evaluation since which it is wrong",
  pvi = "Mean pointwise V-information in bits",
  pred_dist = "Times each label was predicted"
)

# "Mean probability of the label (avg_probs)"; the bare name of a column that
# is not ours.
signal_title <- function(name) {
  if (name %in% names(signal_words)) {
    paste0(signal_words[[name]], " (", name, ")")
  } else {
    show_text(name)
  }
}

grouping_title <- function(grouping) {
  signal_title(switch(grouping$scheme,
    correct_ratio = "correct_ratio",
    use_f_times = "forgetting_times",
    use_l_times = "learnt_times",
    dirty_label = "s_label",
    group_by = grouping$column
  ))
}

# The levels of a grouping as the values that they stand for.
group_words <- function(group, ratio, grouping) {
  events <- c(
    "0, never right", "0, at times right", "0, always right", "1", "2",
    "3 or more"
  )
  switch(grouping$scheme,
    correct_ratio = {
      is_lowest <- as.integer(group) == 1L
      lowest <- if (all(ratio[which(is_lowest)] == 0)) "0" else "0 to 0.2"
      c(
        if (any(is_lowest, na.rm = TRUE)) lowest else "0 to 0.2",
        "0.2 to 0.4", "0.4 to 0.6", "0.6 to 0.8", "0.8 to 1", "1"
      )
    },
    use_f_times = events,
    use_l_times = events,
    shorten_levels(levels(group))
  )
}

# Colours and shapes of a scheme's levels by their words; NULL for groups by the
# values of a column, whose colours depend on how many there are.
group_looks <- function(words, scheme) {
  if (scheme == "group_by") {
    return(NULL)
  }
  list(
    colour = stats::setNames(datamap_palette(scheme), words),
    shape = stats::setNames(datamap_palette(scheme, "shape"), words)
  )
}

# "avg_probs < 0.2 and forgetting_times at least 1", NULL for none: of a filter
# before, which the map knows of, and of the plot's own.
filter_words <- function(map, conditions) {
  words <- c(attr(map, "filter", exact = TRUE), condition_words(conditions))
  if (length(words) > 0) paste(show_text(words), collapse = " and ")
}

plot_title <- function(parts) {
  samples <- plural_count(parts$samples, "sample")
  if (parts$kept < parts$samples) {
    paste("Data map of", format_count(parts$kept), "of", samples)
  } else if (is.null(parts$filter)) {
    paste("Data map of", samples)
  } else {
    paste("Data map of all", samples)
  }
}

plot_subtitle <- function(parts) {
  missing <- parts$kept - parts$drawn
  words <- c(
    if (!is.null(parts$filter)) paste("Filter:", parts$filter),
    if (parts$kept == 0) "no sample to draw",
    if (missing > 0) {
      paste(format_count(missing), "not drawn for a missing value")
    },
    if (parts$kept > 0 && !is.null(parts$evaluations)) {
      evaluations_text(parts$evaluations)
    },
    if (parts$kept > 0 && identical(as.double(parts$evaluations), c(1, 1))) {
      "no variance, which takes two"
    }
  )
  if (length(words) > 0) paste(words, collapse = "; ")
}

wrap_subtitle <- function(text) {
  if (!is.null(text)) wrap_text(text, "subtitle")
}

# "avg_probs against label_var; 17 of 96 samples (forgetting_times at least
# 1), one point each", and what is marked.
plot_caption <- function(parts) {
  counted <- if (parts$drawn == parts$samples) {
    plural_count(parts$samples, "sample")
  } else {
    paste(
      format_count(parts$drawn), "of", plural_count(parts$samples, "sample")
    )
  }
  if (!is.null(parts$filter)) {
    counted <- paste0(counted, " (", parts$filter, ")")
  }
  text <- paste0(
    paste(show_text(parts$columns), collapse = " against "), "; ", counted,
    if (parts$drawn > 0) paste0(", ", points_words(parts))
  )
  text <- c(text, cartography_words(parts), marked_words(parts))
  paste(text, collapse = ". ")
}

# How samples are drawn.
points_words <- function(parts) {
  widths <- number_text(parts$density$widths)
  switch(parts$points,
    points = "one point each",
    raster = "one point each, in an image",
    density = paste0(
      "counted in bins of ", widths[[2]], " by ", widths[[1]],
      ", tiles of a bin coloured by the shares of groups in it"
    )
  )
}

# What the style "cartography" adds, NULL for the other.
cartography_words <- function(parts) {
  if (parts$style != "cartography" || parts$drawn == 0) {
    return(NULL)
  }
  cutoffs <- number_text(parts$cutoffs)
  most <- format_count(parts$margins$most)
  along <- show_text(parts$columns)
  paste0(
    "Bars: up to ", most[[1]], " samples along ", along[[2]], ", ",
    most[[2]], " along ", along[[1]], " and ", most[[3]],
    " by correct_ratio",
    if (length(cutoffs) > 0) {
      paste0(
        ". Dashed: ambiguous from a variability of ", cutoffs[[1]],
        " on, else easy from a confidence of ", cutoffs[[2]], " on"
      )
    }
  )
}

# "Marked: 5, 17 (3 more are not drawn)", or of many how many are named; NULL
# for none.
marked_words <- function(parts) {
  if (parts$marked == 0) {
    return(NULL)
  }
  n <- length(parts$marked_drawn)
  hidden <- parts$marked - n
  paste0(
    "Marked: ",
    if (n == 0) {
      "none"
    } else if (n > max_named) {
      paste0(
        plural_count(n, "sample"), ", of which the first ", max_named,
        " are named"
      )
    } else {
      paste(shorten_ids(parts$marked_drawn), collapse = ", ")
    },
    if (hidden > 0) {
      paste0(
        " (", format_count(hidden), if (n > 0) " more",
        if (hidden == 1) " is" else " are", " not drawn)"
      )
    }
  )
}

# "easy-to-learn: 2,018, ambiguous: 106"; what has none is left out.
list_counts <- function(counts) {
  counts <- counts[counts > 0]
  names <- show_text(names(counts))
  paste(names, format_count(counts), sep = ": ", collapse = ", ")
}

plot_alt <- function(parts) {
  added <- c(cartography_words(parts), marked_words(parts))
  said <- paste0(" ", plot_subtitle(parts), ".")[!is.null(plot_subtitle(parts))]
  if (parts$drawn == 0) {
    return(paste0(
      "An empty data map. Vertical axis: ", parts$y, ". Horizontal axis: ",
      parts$x, ".", said
    ))
  }
  paste0(
    "A data map, a scatter plot of ", plural_count(parts$drawn, "sample"),
    ", ", points_words(parts), ". Vertical axis: ", parts$y,
    ". Horizontal axis: ", parts$x, ".", said, " Number of samples by ",
    if (parts$points == "points") "colour and shape, " else "colour, ",
    parts$group, ": ", list_counts(parts$groups), ".",
    if (length(parts$facets) > 1) {
      paste0(" Panels: ", list_counts(parts$facets), ".")
    },
    if (!is.null(parts$regions)) {
      paste0(" Regions: ", list_counts(parts$regions), ".")
    },
    if (length(added) > 0) paste0(" ", added, ".", collapse = "")
  )
}
