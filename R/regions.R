# The regions in the order of groups: what is hardly ever right comes first.
datamap_region_names <- c("hard-to-learn", "ambiguous", "easy-to-learn")

# Which of the two signals a column shows, whatever its name.
region_axes <- c(
  avg_probs = "confidence",
  confidence = "confidence",
  label_var = "variability",
  variability = "variability"
)

#' Regions of data maps
#'
#' `datamap_regions()` tells which samples are easy to learn, ambiguous or hard
#' to learn, by two cut-offs; `geom_datamap_regions()` draws these cut-offs and
#' names the regions on a data map.
#'
#' @section Regions:
#' The *variability* of a sample is the standard deviation of the probability
#' of its label, the square root of `label_var`; its *confidence* is the mean,
#' `avg_probs`.
#' * `ambiguous`: the variability is at least its cut-off, 0.2 by default,
#'   whatever the confidence.
#' * `easy-to-learn`: the variability is below it, and the confidence is at
#'   least its cut-off, 0.5 by default.
#' * `hard-to-learn`: the variability is below it, and so is the confidence.
#'
#' So every sample is in one region, and no cut-off depends on the other
#' samples: maps of several trainings, and filtered ones, can be compared. To
#' cut at ranks instead, as Swayamdipta et al. (2020) do, who take a third of
#' the samples at each end, give a quantile of the map (see the examples of
#' [datamap_regions()]).
#'
#' @param map A data map, from [datamap_summarise()],
#'   [datamap_read_summary()] or [as_datamap()].
#' @param ... Must be empty.
#' @param cutoffs A vector of the numbers `variability` and `confidence`, or of
#'   one of them, with these names. `variability`, between 0 and 0.5: samples
#'   with this standard deviation of the label's probability, or a larger one,
#'   are ambiguous. `confidence`, between 0 and 1: the mean probability of the
#'   label from which on samples that are not ambiguous are easy. The one that
#'   is not given is 0.2 or 0.5.
#'
#' @return `datamap_regions()`: a data frame with one row per sample, in the
#'   order of the map, and the columns `id` and `region`, a factor with the
#'   levels `hard-to-learn`, `ambiguous` and `easy-to-learn`; `NA` where
#'   `avg_probs` or `label_var` is missing. The attribute `counts` is an integer
#'   vector: the number of samples in each region, named, zeros included. The
#'   attribute `cutoffs` holds the two cut-offs, named. Of a data map in a
#'   database, a table of dbplyr whose `region` is a string.
#'
#'   `geom_datamap_regions()`: a list of layers that can be added to a ggplot.
#' @seealso [datamap_plot()]
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' regions <- datamap_regions(map)
#' attr(regions, "counts")
#' datamap_plot(map, facet = NULL) + geom_datamap_regions()
#'
#' # The third of the samples with the largest variability
#' third <- quantile(sqrt(map$label_var), 2 / 3, names = FALSE)
#' map$region <- datamap_regions(map, cutoffs = c(variability = third))$region
#' datamap_plot(map, group_by = "region") +
#'   geom_datamap_regions(cutoffs = c(variability = third))
datamap_regions <- function(map,
                            ...,
                            cutoffs = c(variability = 0.2, confidence = 0.5)) {
  check_dots()
  force_argument(map, "map", rlang::current_env())
  if (is_lazy_map(map)) {
    return(regions_lazy(map, check_cutoffs(cutoffs), rlang::current_env()))
  }
  map <- take_map(map)
  cutoffs <- check_cutoffs(cutoffs)
  code <- region_codes(map$avg_probs, sqrt(map$label_var), cutoffs)
  regions <- list2DF(
    list(id = map$id, region = as_levels(code, datamap_region_names))
  )
  attr(regions, "counts") <- group_counts(regions$region)
  attr(regions, "cutoffs") <- cutoffs
  regions
}

# 1 hard, 2 ambiguous, 3 easy; NA where either signal is missing.
region_codes <- function(confidence, variability, cutoffs) {
  is_ambiguous <- variability >= cutoffs[["variability"]]
  is_easy <- confidence >= cutoffs[["confidence"]]
  code <- 1L + 2L * is_easy
  code[is_ambiguous & !is.na(is_easy)] <- 2L
  code[is.na(is_ambiguous)] <- NA
  code
}

#' @rdname datamap_regions
#' @param attr1,attr2 The columns on the vertical and the horizontal axis of the
#'   map that the regions are drawn on, as in [datamap_plot()]: `avg_probs` or
#'   `confidence` on one, `label_var` or `variability` on the other. On
#'   `label_var`, which is a variance, the cut-off lies at the square of that of
#'   the variability.
#' @param labels Three names for the regions, in the order `hard-to-learn`,
#'   `ambiguous`, `easy-to-learn`; `NULL` for none.
#' @param colour,linetype,linewidth,text_size What the lines and the names look
#'   like, as in [ggplot2::geom_segment()] and, for `text_size`, the `size` of
#'   [ggplot2::geom_text()].
#' @export
geom_datamap_regions <- function(attr1 = "avg_probs",
                                 attr2 = "label_var",
                                 ...,
                                 cutoffs = c(
                                   variability = 0.2, confidence = 0.5
                                 ),
                                 labels = c(
                                   "hard-to-learn", "ambiguous",
                                   "easy-to-learn"
                                 ),
                                 colour = "black",
                                 linetype = "dashed",
                                 linewidth = 0.4,
                                 text_size = 3) {
  check_dots()
  cutoffs <- check_cutoffs(cutoffs)
  check_region_axes(attr1, attr2)
  if (!is.null(labels) && !(is.character(labels) && length(labels) == 3)) {
    abort_argument(
      labels, "three strings or {.code NULL}", "labels", rlang::current_env()
    )
  }
  layer_regions(
    cutoffs, c(attr2, attr1), labels,
    look = list(
      colour = colour, linetype = linetype, linewidth = linewidth,
      text_size = text_size
    )
  )
}

# The cut-offs as c(variability = , confidence = ), each given or as by default;
# NULL for none where that is allowed.
check_cutoffs <- function(x,
                          allow_null = FALSE,
                          arg = rlang::caller_arg(x),
                          call = rlang::caller_env()) {
  if (is.null(x) && allow_null) {
    return(NULL)
  }
  cutoffs <- c(variability = 0.2, confidence = 0.5)
  are_known <- is.numeric(x) && length(x) > 0 && !anyDuplicated(names(x)) &&
    length(names(x)) > 0 && all(names(x) %in% names(cutoffs))
  if (!are_known) {
    abort_argument(
      x,
      paste0(
        "numbers named {.field variability} and {.field confidence}",
        if (allow_null) ", or {.code NULL}"
      ),
      arg, call
    )
  }
  cutoffs[names(x)] <- as.vector(x)
  variability <- cutoffs[["variability"]]
  confidence <- cutoffs[["confidence"]]
  check_number(variability, min = 0, max = 0.5, call = call)
  check_number(confidence, min = 0, max = 1, call = call)
  cutoffs
}

has_region_axes <- function(attr1, attr2) {
  setequal(region_axes[c(attr1, attr2)], c("confidence", "variability"))
}

check_region_axes <- function(attr1, attr2, call = rlang::caller_env()) {
  check_string(attr1, call = call)
  check_string(attr2, call = call)
  if (!has_region_axes(attr1, attr2)) {
    abort_datamap(
      c(
        paste(
          "Regions can only be drawn on a map of confidence and variability:",
          "{.field avg_probs} or {.field confidence} on one axis,",
          "{.field label_var} or {.field variability} on the other."
        ),
        x = "The axes are {.val {attr1}} and {.val {attr2}}."
      ),
      class = "input",
      key = attr1,
      call = call
    )
  }
}

# The layers. `cutoffs`: variability, confidence; `axes`: the columns on the
# horizontal and the vertical axis; `ends`: where the names stand, and
# `line_ends`: where the line of the variability ends, on the axis of the
# confidence; `far` is where the ambiguous ones end on that of the variability.
# The names are put into the corners where samples are rare: a
# probability that varies is neither 0 nor 1 on average.
layer_regions <- function(cutoffs,
                          axes,
                          labels,
                          look,
                          ends = c(-Inf, Inf),
                          line_ends = ends,
                          far = Inf) {
  most <- 0.5
  if ("label_var" %in% axes) {
    cutoffs[[1]] <- cutoffs[[1]]^2
    most <- most^2
  }
  lines <- data.frame(
    v = c(cutoffs[[1]], -Inf), v_end = cutoffs[[1]],
    c = c(line_ends[[1]], cutoffs[[2]]),
    c_end = c(line_ends[[2]], cutoffs[[2]])
  )
  is_upright <- region_axes[[axes[[2]]]] == "confidence"
  # Blanks and vjust keep the names off the panel's border. Two that stand at
  # the same end are on lines of their own, however narrow the panel is.
  n_lines <- max(lengths(strsplit(labels %||% "", "\n", fixed = TRUE)), 1)
  near <- 0.4 / n_lines
  next_to <- (n_lines + 0.9) / n_lines
  names <- data.frame(
    v = c(-Inf, far, -Inf), c = ends[c(1, 2, 2)],
    label = paste0(" ", gsub("\n", " \n ", labels, fixed = TRUE), " "),
    vjust = if (is_upright) {
      c(-near, 1 + next_to, 1 + near)
    } else {
      c(-near, 1 + near, -next_to)
    }
  )
  # Room for the name of what lies beyond the cut-off
  room <- data.frame(v = min(1.5 * cutoffs[[1]], most), c = cutoffs[[2]])
  place <- if (is_upright) {
    aes(x = .data$v, y = .data$c, xend = .data$v_end, yend = .data$c_end)
  } else {
    aes(x = .data$c, y = .data$v, xend = .data$c_end, yend = .data$v_end)
  }
  list(
    ggplot2::geom_segment(
      place,
      data = lines, inherit.aes = FALSE, show.legend = FALSE,
      colour = look$colour, linetype = look$linetype,
      linewidth = look$linewidth
    ),
    if (!is.null(labels)) {
      fitted_text(ggplot2::geom_text(
        utils::modifyList(
          place[c("x", "y")], aes(label = .data$label, vjust = .data$vjust)
        ),
        data = names, inherit.aes = FALSE, show.legend = FALSE,
        hjust = "inward", colour = look$colour, size = look$text_size,
        lineheight = 0.9
      ))
    },
    ggplot2::geom_blank(
      place[c("x", "y")],
      data = room, inherit.aes = FALSE
    )
  )
}
