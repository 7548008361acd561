# Six colours from dark to light, from "never right" to "always right". The
# lightness falls in even steps, so that they stay apart and in order in grey;
# hues were chosen for the largest smallest distance under normal sight and
# simulated deuteranopia, protanopia and tritanopia (tests/testthat/
# test-scales.R computes it). The large group of what is always right is the
# lightest, so that the rare ones stand out from it.
datamap_colours <- c(
  "#280092", "#811569", "#B42853", "#957526", "#3B9FA1", "#99A5E5"
)

# Solid shapes of about the same size, but for the first two, which are the
# samples that are hardly ever right: cross and plus.
datamap_shapes <- c(4L, 3L, 15L, 17L, 18L, 16L)

#' Palette of data maps
#'
#' The colours and shapes by which data maps tell groups apart. The colours go
#' from dark to light, differ for colour-blind eyes and in grey, and stand out
#' from white.
#'
#' @param scheme Either the name of a scheme of groups, `"correct_ratio"` (the
#'   default), `"use_f_times"`, `"use_l_times"` or `"dirty_label"` (see
#'   [datamap_groups()]); or a number: so many colours from dark to light.
#' @param ... Must be empty.
#' @param what `"colour"`, the default, or `"shape"`.
#'
#' @return A vector of colours (strings) or of shapes (integers). With a
#'   scheme it is named by the levels.
#' @seealso [scale_colour_datamap()], [scale_shape_datamap()]
#' @export
#' @examples
#' datamap_palette()
#' datamap_palette(3)
#' datamap_palette("use_f_times", what = "shape")
datamap_palette <- function(scheme = "correct_ratio",
                            ...,
                            what = c("colour", "shape")) {
  check_dots()
  what <- check_choice(what)
  values <- switch(what,
    colour = datamap_colours,
    shape = datamap_shapes
  )
  force_name(scheme, "scheme", rlang::current_env())
  if (is.character(scheme)) {
    schemes <- names(group_schemes)
    if (!rlang::is_string(scheme) || !scheme %in% schemes) {
      similar <- similar_names(scheme, schemes)
      abort_datamap(
        c(
          "{.arg scheme} must be a number or the name of a scheme of groups.",
          x = "You gave {describe(scheme)}.",
          i = "The schemes are {.val {schemes}}.",
          did_you_mean(similar)
        ),
        class = "input",
        key = "scheme",
        similar = similar
      )
    }
    known <- group_schemes[[scheme]]
    places <- known$places %||% spread_places(length(known$levels))
    return(stats::setNames(values[places], known$levels))
  }
  check_number(scheme, min = 0, max = 1e6, whole = TRUE)
  if (scheme <= length(values)) {
    return(values[spread_places(scheme)])
  }
  switch(what,
    colour = grDevices::colorRampPalette(values, space = "Lab")(scheme),
    shape = rep_len(values, scheme)
  )
}

# Places of `n` levels along the row of colours, and of shapes.
spread_places <- function(n) {
  last <- length(datamap_colours)
  if (n == 1) last else round(seq(1, last, length.out = n))
}

# Values for the levels on a scale: those of a scheme by the levels' names
# (with or without their count), in order of the palette for all others.
values_for_levels <- function(levels, what) {
  plain <- strip_count(levels)
  for (scheme in names(group_schemes)) {
    known <- group_schemes[[scheme]]$levels
    if (length(levels) > 0 && all(plain %in% known)) {
      return(unname(datamap_palette(scheme, what = what)[plain]))
    }
  }
  datamap_palette(length(levels), what = what)
}

# "correct_ratio_1.0" -> "correct_ratio_1.0 (n = 12,345)", and back.
add_count <- function(levels, counts) {
  paste0(levels, " (n = ", format_count(counts), ")")
}

strip_count <- function(levels) {
  sub(" \\(n = [0-9,]+\\)$", "", levels)
}

#' Colour and shape scales of data maps
#'
#' Discrete scales for the groups of [datamap_groups()], for plots of your own.
#' Levels of a scheme of groups get the same colour and shape on every map, also
#' when others are missing; other values are given colours from dark to light.
#'
#' @param ... Arguments of [ggplot2::scale_colour_manual()], such as `name`,
#'   `labels` and `guide`.
#' @param na.value The colour, or shape, of missing values.
#' @param aesthetics The aesthetics that the scale is for: `"colour"`, or
#'   `"fill"`, by default. `c("colour", "fill")` is for both.
#'
#' @return A scale that can be added to a [ggplot2::ggplot()].
#' @seealso [datamap_palette()]
#' @export
#' @examples
#' library(ggplot2)
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' map$group <- datamap_groups(map)$group
#'
#' ggplot(map, aes(max_label_probs, min_label_probs)) +
#'   geom_point(aes(colour = group, shape = group)) +
#'   scale_colour_datamap() +
#'   scale_shape_datamap() +
#'   theme_datamap()
scale_colour_datamap <- function(...,
                                 na.value = "grey60",
                                 aesthetics = "colour") {
  scale <- ggplot2::scale_colour_manual(
    ...,
    values = datamap_palette(max_values),
    na.value = na.value,
    aesthetics = aesthetics
  )
  by_level(scale, "colour")
}

#' @rdname scale_colour_datamap
#' @export
scale_color_datamap <- scale_colour_datamap

#' @rdname scale_colour_datamap
#' @export
scale_fill_datamap <- function(...,
                               na.value = "grey60",
                               aesthetics = "fill") {
  scale_colour_datamap(..., na.value = na.value, aesthetics = aesthetics)
}

#' @rdname scale_colour_datamap
#' @export
scale_shape_datamap <- function(..., na.value = 1L) {
  scale <- ggplot2::scale_shape_manual(
    ...,
    values = datamap_palette(max_values, what = "shape"),
    na.value = na.value
  )
  by_level(scale, "shape")
}

# The scale with values looked up by level. ggplot2's manual scales know
# values by name, or by position: neither finds the level "correct_ratio_1.0
# (n = 12)", nor the n-th of n colours.
by_level <- function(scale, what, looks = NULL) {
  ggplot2::ggproto(
    NULL,
    scale,
    map = function(self, x, limits = self$get_limits()) {
      levels <- limits[!is.na(limits)]
      known <- looks[[if (what == "shape") "shape" else "colour"]]
      values <- if (length(levels) > 0 && all(levels %in% names(known))) {
        unname(known[levels])
      } else {
        values_for_levels(levels, what)
      }
      values <- values[match(as.character(x), levels)]
      values[is.na(values)] <- self$na.value
      values
    }
  )
}

# The scale of a plot whose levels are the words of a scheme.
scale_of_groups <- function(aesthetic, looks, ...) {
  scale <- switch(aesthetic,
    colour = scale_colour_datamap(...),
    fill = scale_fill_datamap(...),
    shape = scale_shape_datamap(...)
  )
  by_level(scale, if (aesthetic == "shape") "shape" else "colour", looks)
}
