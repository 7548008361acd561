# Panels by the values of a column.

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
  } else {
    values <- group_values(values)
  }
  levels(values) <- panel_words(facet, levels(values))
  if (anyNA(values)) {
    values <- addNA(values)
    levels(values)[is.na(levels(values))] <- paste(facet, "missing")
  }
  values
}

# The titles of panels, one for each level of the facet's column.
panel_words <- function(facet, levels) {
  if (facet == "s_label") {
    return(s_label_words(levels))
  }
  make.unique(show_text(paste0(facet, ": ", levels)), sep = " ~")
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
