# What a data map says of itself: titles, axes, legend, caption, alternative
# text.

# "Mean probability of the label (avg_probs)"; the bare name of a column that
# is not ours.
signal_title <- function(name) {
  if (name %in% names(signal_words)) {
    paste0(signal_words[[name]], " (", name, ")")
  } else {
    show_text(name)
  }
}

# The levels of a scheme as the values that they stand for.
group_words <- function(group, ratio, scheme) {
  if (scheme$name == "group_by") {
    return(shorten_levels(levels(group)))
  }
  words <- scheme$words
  if (scheme$name == "correct_ratio") {
    lowest <- which(as.integer(group) == 1L)
    if (length(lowest) > 0 && all(ratio[lowest] == 0)) words[[1]] <- "0"
  }
  words
}

# Colours and shapes of a scheme's levels by their words; NULL for groups by the
# values of a column, whose colours depend on how many there are.
group_looks <- function(words, scheme) {
  if (scheme$name == "group_by") {
    return(NULL)
  }
  list(
    colour = stats::setNames(datamap_palette(scheme$name), words),
    shape = stats::setNames(datamap_palette(scheme$name, what = "shape"), words)
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
  if (!is.null(parts$stacked)) {
    samples <- paste(samples, "in", plural_count(parts$stacked, "run"))
  }
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
    paste(show_text(parts$columns), collapse = " against "),
    if (!is.null(parts$average)) paste0(", ", parts$average), "; ", counted,
    if (parts$drawn > 0) paste0(", ", points_words(parts))
  )
  text <- c(
    text, cartography_words(parts), predicted_caption(parts$predicted),
    marked_words(parts)
  )
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

# "Predicted out-of-bag", NULL where it is not known.
predicted_caption <- function(predicted) {
  if (!is.null(predicted)) paste("Predicted", predicted)
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
      paste(unique(shorten_ids(parts$marked_drawn)), collapse = ", ")
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
  added <- c(
    cartography_words(parts), predicted_caption(parts$predicted),
    marked_words(parts)
  )
  said <- paste0(" ", plot_subtitle(parts), ".")[!is.null(plot_subtitle(parts))]
  if (parts$drawn == 0) {
    return(paste0(
      "An empty data map. Vertical axis: ", parts$y, ". Horizontal axis: ",
      parts$x, ".", said
    ))
  }
  paste0(
    "A data map, a scatter plot of ", plural_count(parts$drawn, "sample"),
    if (!is.null(parts$stacked)) {
      paste(" in", plural_count(parts$stacked, "run"))
    },
    if (!is.null(parts$average)) paste0(", ", parts$average),
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
