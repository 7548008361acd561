# Bins: the ranges of axes, the steps on them, and how many samples are in each.

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

# The range of an axis without its histogram; never of no width.
signal_range <- function(values, name) {
  range <- range(values, signal_ranges[[name]])
  if (!all(is.finite(range))) {
    return(c(0, 1))
  }
  if (range[[1]] == range[[2]]) range + c(-0.5, 0.5) else range
}

# Limits of about `n` bins of a round width; whole numbers, if not too many,
# have a bin each.
axis_breaks <- function(values, range, n) {
  is_whole <- diff(range) <= 40 && all(range == trunc(range)) &&
    all(values == trunc(values))
  if (is_whole && length(values) > 0) {
    seq(range[[1]] - 0.5, range[[2]] + 0.5)
  } else {
    pretty(range, n)
  }
}

# How many samples there are in each cell, group and panel: an array.
count_cells <- function(cell, n_cells, data) {
  shape <- c(n_cells, nlevels(data$.group), nlevels(data$.facet))
  index <- cell + n_cells * (
    as.integer(data$.group) - 1L + shape[[2]] * (as.integer(data$.facet) - 1L)
  )
  array(tabulate(index, prod(shape)), shape)
}
