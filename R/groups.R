# Numbers are put into so many classes at most, and other columns may have so
# many values.
max_classes <- 6L
max_values <- 30L

#' Groups of the samples on a data map
#'
#' Tells to which group each sample belongs on the data map that
#' [datamap_plot()] draws from the same arguments, and how many there are in
#' each group.
#'
#' @section Groups:
#' * By default, `correct_ratio` tells the groups apart: \[0, 0.2) is
#'   `correct_ratio_0.0`, \[0.2, 0.4) `correct_ratio_0.2`, \[0.4, 0.6)
#'   `correct_ratio_0.4`, \[0.6, 0.8) `correct_ratio_0.6`, \[0.8, 1)
#'   `correct_ratio_0.8`, and 1 is `correct_ratio_1.0`.
#' * With `use_f_times`, the number of forgettings does: `forgotten_times=1`,
#'   `forgotten_times=2` and `forgotten_times>=3`; samples without any are
#'   `forgotten_times-` if never predicted right, `forgotten_times=0` if always,
#'   and `forgotten_times-+` in between.
#' * With `use_l_times`, the number of times learnt, in the same way:
#'   `learnt_times-`, `learnt_times+-`, `learnt_times=0`, `learnt_times=1`,
#'   `learnt_times=2` and `learnt_times>=3`.
#' * With `dirty_label`, the constructed dirty labels, `dirty (s_label 2)`, are
#'   set apart from `the rest`.
#' * With `group_by`, the values of a column are the groups: of a factor its
#'   levels, of a column with few values (up to six numbers, or up to 30
#'   strings) those values. More than six different numbers are put into at
#'   most six classes of the same width, with round limits. The classes are
#'   those of the whole map, also where a filter holds.
#'
#' At most one of `use_f_times`, `use_l_times`, `dirty_label` and `group_by`
#' can be given.
#'
#' @inheritParams datamap_filter
#' @param use_f_times,use_l_times A number: samples with at least so many
#'   forgettings (`forgetting_times`), or times learnt (`learnt_times`), are
#'   kept and grouped by them. `NULL`, the default, and `-1` mean neither.
#' @param ... Must be empty.
#' @param dirty_label `TRUE` to set apart the samples whose label was made
#'   dirty on purpose (`s_label` 2). `FALSE` by default.
#' @param group_by The name of a column whose values are the groups. `NULL`, the
#'   default, for none.
#'
#' @return A data frame with one row per sample that the filter keeps, in the
#'   order of the map, and the columns `id` and `group`, a factor with all
#'   levels of the scheme in their order. `group` is `NA` where the signal that
#'   the groups go by is missing. The attribute `counts` is an integer vector:
#'   the number of samples in each group, named by the levels, zeros included.
#'   Of a data map in a database, a table of dbplyr whose `group` is a string.
#' @seealso [datamap_plot()] draws them.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' groups <- datamap_groups(map, dirty_label = TRUE)
#' head(groups)
#'
#' attr(datamap_groups(map), "counts")
#' attr(datamap_groups(map, use_l_times = 0), "counts")
#' attr(datamap_groups(map, group_by = "correct_times"), "counts")
datamap_groups <- function(map,
                           criterion = NULL,
                           threshold = 0,
                           use_f_times = NULL,
                           use_l_times = NULL,
                           ...,
                           dirty_label = FALSE,
                           group_by = NULL) {
  check_dots()
  force_argument(map, "map", rlang::current_env())
  if (is_lazy_map(map)) {
    arguments <- list(
      criterion = criterion, threshold = threshold, use_f_times = use_f_times,
      use_l_times = use_l_times, dirty_label = dirty_label, group_by = group_by
    )
    return(groups_lazy(map, arguments, rlang::current_env()))
  }
  map <- take_map(map)
  conditions <- filter_conditions(
    map, criterion, threshold, use_f_times, use_l_times
  )
  scheme <- find_scheme(map, conditions, dirty_label, group_by)
  # Grouped first: the classes of `group_by` don't change with the filter
  group <- group_samples(map, scheme)
  rows <- meeting_rows(map, conditions)

  groups <- list2DF(list(id = map$id[rows], group = group[rows]))
  attr(groups, "counts") <- group_counts(groups$group)
  groups
}

# The scheme that the arguments ask for. Checks that there is one at most, and
# that the columns it needs are there.
find_scheme <- function(map,
                        conditions,
                        dirty_label,
                        group_by,
                        call = rlang::caller_env()) {
  check_flag(dirty_label, call = call)
  check_string(group_by, allow_null = TRUE, call = call)
  given <- c(
    intersect(c("use_f_times", "use_l_times"), conditions$argument),
    if (dirty_label) "dirty_label",
    if (!is.null(group_by)) "group_by"
  )
  if (length(given) > 1) {
    abort_datamap(
      c(
        paste(
          "Only one of {.arg use_f_times}, {.arg use_l_times},",
          "{.arg dirty_label} and {.arg group_by} can be given."
        ),
        x = "You gave {.arg {given}}.",
        i = paste(
          "To filter by forgettings or times learnt alone, give",
          "{.code criterion = \"forgetting_times\"}."
        )
      ),
      class = "input",
      key = given[[2]],
      call = call
    )
  }
  if (dirty_label) {
    check_has_columns(map, "s_label", "{.arg dirty_label}", call = call)
  }
  if (!is.null(group_by)) {
    check_column_choice(group_by, map, arg = "group_by", call = call)
    check_groupable(map[[group_by]], group_by, "group_by", call)
  }
  if (!is.null(group_by)) {
    return(column_scheme(group_by))
  }
  scheme_of(c(given, names(group_schemes))[[1]])
}

# Can the values of the column be groups, or facets?
check_groupable <- function(x,
                            name,
                            arg = rlang::caller_arg(x),
                            call = rlang::caller_env()) {
  is_text <- is.character(x) || is.factor(x) || is.logical(x)
  is_time <- inherits(x, c("Date", "POSIXct")) && is.numeric(unclass(x))
  if (!is_number(x) && (!is.null(dim(x)) || !(is_text || is_time))) {
    found <- describe(x)
    abort_datamap(
      c(
        "{.arg {arg}} must be a column with one value per sample.",
        x = "Column {.val {name}} is {found}."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
  if (is.numeric(x)) {
    return(invisible())
  }
  n <- length(unique(x[!is.na(x)]))
  if (n > max_values) {
    found <- format_count(n)
    abort_datamap(
      c(
        "{.arg {arg}} must be a column with at most {max_values} values.",
        x = "Column {.val {name}} has {found}.",
        i = "Put them into fewer in a column of your own."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
}

# Factors and few values as they are, numbers in classes.
group_values <- function(x) {
  if (is.factor(x)) {
    return(factor(x, levels(x), ordered = FALSE))
  }
  if (!is.numeric(x)) {
    values <- ordered_values(x)
    return(as_levels(match(x, values), id_text(values)))
  }
  x[!is.finite(x)] <- NA
  values <- few_values(x)
  if (!is.null(values)) {
    return(as_levels(match(x, values), number_text(values)))
  }
  limits <- range(x, na.rm = TRUE)
  is_whole <- is.integer(x) || all(x == trunc(x), na.rm = TRUE)
  classes <- if (is_whole) whole_classes else number_classes
  classes <- classes(limits[[1]], limits[[2]])
  as_levels(findInterval(x, classes$from), classes$text)
}

# The different values in their order, without NA: all levels of a factor,
# texts with the numbers in them as numbers, class_2 before class_10.
ordered_values <- function(x) {
  if (is.factor(x)) {
    return(levels(x))
  }
  values <- unique(if (anyNA(x)) x[!is.na(x)] else x)
  values[if (is.character(x)) {
    natural_order(valid_text(values))
  } else {
    order(values)
  }]
}

# The values that ordered_values() gives, and how often each is there. Whole
# numbers that lie close together are counted at their places.
count_values <- function(x) {
  is_plain <- is.integer(x) && !is.object(x) && length(x) > 0 && !anyNA(x)
  low <- if (is_plain) min(x)
  if (is_plain && as.double(max(x)) - low < 1e5) {
    counts <- tabulate(x - low + 1L, max(x) - low + 1L)
    is_there <- counts > 0
    return(list(values = which(is_there) - 1L + low, counts = counts[is_there]))
  }
  values <- ordered_values(x)
  list(values = values, counts = tabulate(match(x, values), length(values)))
}

# The different numbers in order; NULL where there are more than may be groups
# of their own, which the first ones tell of most columns.
few_values <- function(x) {
  values <- unique(utils::head(x, 1000))
  if (sum(!is.na(values)) <= max_classes) {
    values <- sort(unique(x))
  }
  if (length(values) > max_classes) NULL else values
}

# Classes of whole numbers: "0 to 2", "3 to 5", ..., of a round width; the
# smallest number of each, and what they are called.
whole_classes <- function(low, high) {
  widths <- c(outer(c(1, 2, 3, 4, 5), 10^(0:300)))
  classes <- floor(high / widths) - floor(low / widths) + 1
  width <- widths[classes <= max_classes][[1]]
  from <- seq(floor(low / width), floor(high / width)) * width
  last <- pmin(from + width - 1, high)
  first <- pmax(from, low)
  text <- number_text(first)
  wide <- last > first
  text[wide] <- paste(text[wide], "to", number_text(last[wide]))
  list(from = from, text = text)
}

# Classes of other numbers: "[0, 0.2)", ..., "[0.8, 1]".
number_classes <- function(low, high) {
  breaks <- list_breaks(low, high)
  last <- length(breaks)
  text <- number_text(breaks)
  text <- paste0(
    "[", text[-last], ", ", text[-1],
    rep(c(")", "]"), c(last - 2L, 1L))
  )
  list(from = breaks[-last], text = text)
}

# Round limits for at most six classes; plain ones where the numbers lie too
# close together for round ones.
list_breaks <- function(low, high) {
  for (n in max_classes:1) {
    breaks <- signif(pretty(c(low, high), n), 12)
    is_good <- length(breaks) > 1 && length(breaks) <= max_classes + 1L &&
      !anyDuplicated(breaks) && breaks[[1]] <= low &&
      breaks[[length(breaks)]] >= high
    if (is_good) {
      return(breaks)
    }
  }
  c(low, high)
}

# `map[[name]] <- value` for a column that no user sees.
set_column <- function(map, name, value) {
  map[[name]] <- value
  map
}
