# Bins: of samples, the schemes of groups; of numbers, the ranges of axes and
# the steps on them.

# What a scheme of groups is: the column `signal` that the groups go by, and all
# that it `needs`; the `levels` in order, what is never right first, and what
# they are called in a legend, `words`; `codes`, which gives the place of each
# sample of a map among the levels; `statement`, the same of the column of that
# signal in a database; and `places`, where in the row of colours
# and shapes (R/scales.R) each level stands, NULL for all along it.

# A level from each break to the next, and one for the last.
share_scheme <- function(breaks) {
  n <- length(breaks)
  list(
    signal = "correct_ratio",
    needs = "correct_ratio",
    levels = paste0("correct_ratio_", format(breaks, nsmall = 1)),
    words = c(paste(breaks[-n], "to", breaks[-1]), breaks[[n]]),
    # The limits are compared as doubles, which is exact: the quotient k / T of
    # two integers is rounded correctly, so it equals the literal wherever the
    # fractions are equal, and is further away than any rounding where not.
    codes = function(map) {
      ratio <- map$correct_ratio
      code <- findInterval(ratio, breaks)
      replace(code, which(ratio < 0 | ratio > breaks[[n]]), NA)
    },
    statement = function(ratio) {
      from <- rev(breaks)
      first_that(
        c(
          list(bquote(.(ratio) > .(breaks[[n]]))),
          lapply(from, function(least) call(">=", ratio, least))
        ),
        c(list(NA), as.list(rev(seq_len(n))))
      )
    },
    places = NULL
  )
}

# Levels by the number of events; samples without any are never right, now and
# then, or always right. Never right and always right look the same on every
# map; the more events, the darker.
event_scheme <- function(signal, levels) {
  list(
    signal = signal,
    needs = c(signal, "correct_ratio"),
    levels = levels,
    words = c(
      "0, never right", "0, at times right", "0, always right", "1", "2",
      "3 or more"
    ),
    codes = function(map) {
      events <- findInterval(map[[signal]], 1:3)
      code <- 3L + events
      none <- which(events == 0)
      ratio <- map$correct_ratio[none]
      code[none] <- 2L - (ratio == 0) + (ratio == 1)
      code
    },
    statement = function(events) {
      first_that(
        c(
          lapply(3:1, function(least) call(">=", events, least)),
          list(
            call("is.na", events), quote(correct_ratio == 0),
            quote(correct_ratio == 1), quote(!is.na(correct_ratio))
          )
        ),
        list(6L, 5L, 4L, NA, 1L, 3L, 2L)
      )
    },
    places = c(1L, 2L, 6L, 5L, 4L, 3L)
  )
}

# By the arguments that ask for them; the first where none does. They have a
# `name` too once they are chosen.
group_schemes <- list(
  correct_ratio = share_scheme(c(0, 0.2, 0.4, 0.6, 0.8, 1)),
  use_f_times = event_scheme(
    "forgetting_times",
    paste0("forgotten_times", c("-", "-+", "=0", "=1", "=2", ">=3"))
  ),
  use_l_times = event_scheme(
    "learnt_times",
    paste0("learnt_times", c("-", "+-", "=0", "=1", "=2", ">=3"))
  ),
  dirty_label = list(
    signal = "s_label",
    needs = "s_label",
    levels = c("the rest", "dirty (s_label 2)"),
    words = c("the rest", "dirty (s_label 2)"),
    codes = function(map) 1L + (map$s_label == 2),
    statement = function(s_label) {
      first_that(
        list(call("==", s_label, 2L), bquote(!is.na(.(s_label)))), list(2L, 1L)
      )
    },
    places = c(6L, 3L)
  )
)

scheme_of <- function(name) {
  c(name = name, group_schemes[[name]])
}

# The scheme of the values of a column, which are known from the data alone:
# colours too depend on how many there are.
column_scheme <- function(column) {
  list(name = "group_by", signal = column, needs = column)
}

# A factor with the group of every sample.
group_samples <- function(map, scheme) {
  if (scheme$name == "group_by") {
    return(group_values(map[[scheme$signal]]))
  }
  as_levels(scheme$codes(map), scheme$levels)
}

# Probabilities are shown on their whole range and other signals from zero, so
# that two maps, or a map and a filtered one, can be compared, and the axes of
# an empty map make sense.
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

# About how many bins of numbers there are: below a line of shares, in a
# histogram in the margin, and along either axis of a map of many samples, alone
# or in panels. How many classes numbers have in `group_by` stands in groups.R.
bin_counts <- c(line = 25, margin = 30, map = 100, panel = 60)

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
