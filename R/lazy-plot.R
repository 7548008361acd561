# The plot of a data map that is in a database: its samples are counted in bins
# there, and a row for each bin, group and panel is fetched, never one for each
# sample. What is drawn of them is what `points = "density"` draws.

plot_lazy <- function(map, asked, call) {
  types <- lazy_types(map, call)
  for (arg in c("attr1", "attr2")) {
    check_column_choice(
      asked[[arg]], types, numeric = TRUE, arg = arg, call = call
    )
  }
  columns <- c(asked$attr1, asked$attr2)
  conditions <- filter_conditions(
    types, asked$criterion, asked$threshold, asked$use_f_times,
    asked$use_l_times, call
  )
  scheme <- find_scheme(
    types, conditions, asked$dirty_label, asked$group_by, call
  )
  facet <- find_facet(types, asked$facet, call)
  groups <- scheme_codes(map, types, scheme, call)
  panels <- panel_codes(map, types, facet, call)
  kept <- Reduce(function(a, b) call("&", a, b), at_least(conditions))
  samples <- placed_samples(map, columns, groups, panels, kept)
  seen <- look_at_samples(samples, columns, call)
  n_bins <- bin_counts[[if (length(panels$levels) > 1) "panel" else "map"]]
  breaks <- lapply(c(x = 2, y = 1), function(i) {
    range <- seen$ranges[[i]]
    ends <- c(range$least, range$most)
    ends <- ends[!is.na(ends)]
    # told to have others than whole numbers
    values <- c(ends, if (!range$is_whole) 0.5)
    axis_breaks(values, signal_range(ends, columns[[i]]), n_bins)
  })
  counts <- bin_in_database(samples, columns, breaks, call)
  parts <- lazy_parts_of_plot(map, types, counts, breaks, asked = list(
    columns = columns, conditions = conditions, scheme = scheme,
    facet = facet, scales = asked$scales, groups = groups$levels,
    panels = panels$levels, seen = seen,
    samples = samples_of_whole(map, call)
  ))
  as_map_plot(build_plot(parts), has_panels = length(parts$facets) > 1)
}

# What bins can't show.
check_binned <- function(points, style, ids, call = rlang::caller_env()) {
  refuse <- function(code, arg) {
    abort_datamap(
      c(
        "A data map in a database is drawn by its bins.",
        x = "{.code {code}} needs each of its samples.",
        i = "{.code dplyr::collect(map)} fetches them."
      ),
      class = "input", key = arg, call = call
    )
  }
  if (!points %in% c("auto", "density")) {
    refuse(paste0("points = \"", points, "\""), "points")
  }
  if (style != "datamap") {
    refuse(paste0("style = \"", style, "\""), "style")
  }
  if (!is.null(ids)) {
    refuse("ids", "ids")
  }
}

# The panels, as facet_samples() calls them.
panel_codes <- function(map, types, facet, call) {
  if (is.null(facet)) {
    return(list(code = 1L, levels = "all"))
  }
  most <- if (facet == "s_label") max_values else max_classes
  found <- value_codes(map, types, facet, call, most)
  levels <- panel_words(facet, found$levels)
  missing <- length(levels) + 1L
  list(
    code = rlang::call2("coalesce", found$code, missing),
    levels = c(levels, paste(facet, "missing"))
  )
}

# All samples, with what they are drawn by: dm_kept where the filter keeps them,
# and dm_drawn where they have a place and a group, too.
placed_samples <- function(map, columns, groups, panels, kept) {
  has_place <- lapply(rlang::syms(columns), function(x) {
    bquote(abs(.(x)) < 1e300)
  })
  samples <- dplyr::transmute(as_query(map), !!!list(
    dm_v1 = rlang::sym(columns[[1]]), dm_v2 = rlang::sym(columns[[2]]),
    dm_group = groups$code, dm_panel = panels$code,
    dm_ratio = quote(correct_ratio),
    dm_evaluations = if ("evaluations" %in% colnames(map)) {
      quote(evaluations)
    } else {
      NA_integer_
    },
    dm_kept = if (is.null(kept)) {
      1L
    } else {
      bquote(case_when(.(kept) ~ 1L, TRUE ~ 0L))
    },
    dm_placed = bquote(case_when(
      .(has_place[[1]]) & .(has_place[[2]]) ~ 1L, TRUE ~ 0L
    ))
  ))
  mutate_by(samples, list(dm_drawn = quote(case_when(
    dm_kept == 1L & dm_placed == 1L & !is.na(dm_group) ~ 1L, TRUE ~ 0L
  ))))
}

# How many samples there are, are kept and are drawn, and their ranges.
look_at_samples <- function(samples, columns, call) {
  drawn <- function(name) {
    bquote(case_when(dm_drawn == 1L ~ .(rlang::sym(name))))
  }
  kept <- quote(case_when(dm_kept == 1L ~ dm_evaluations))
  ranges <- lapply(c(a = "dm_v1", b = "dm_v2"), function(name) {
    range_statements(drawn(name))
  })
  found <- from_database(dplyr::collect(dplyr::summarise(samples, !!!c(
    statements(list(
      all = ~ n(), kept = ~ sum(dm_kept, na.rm = TRUE),
      drawn = ~ sum(dm_drawn, na.rm = TRUE),
      fewest = ~ min(.(x), na.rm = TRUE), most = ~ max(.(x), na.rm = TRUE)
    ), list(x = kept)),
    unlist(ranges, recursive = FALSE)
  ))), call)
  found <- as_doubles(found)
  number <- function(x) if (is.na(x)) 0 else x
  list(
    all = number(found$all), kept = number(found$kept),
    drawn = number(found$drawn),
    evaluations = if (!is.na(found$fewest)) c(found$fewest, found$most),
    ranges = lapply(c("a.", "b."), found_range, found = found)
  )
}

# A row for each bin, group and panel: how many samples, and their largest
# share of right predictions. A number that is within 1e-9 of the next bin is
# in that: the quotient of decimals is not exact.
bin_in_database <- function(samples, columns, breaks, call) {
  bin_of <- function(name, at) {
    width <- at[[2]] - at[[1]]
    last <- length(at) - 2L
    bin <- bquote(
      floor((.(rlang::sym(name)) - .(at[[1]])) / .(width) + 1e-9)
    )
    bquote(case_when(.(bin) > .(last) ~ .(last), TRUE ~ .(bin)))
  }
  counted <- dplyr::filter(samples, !!quote(dm_drawn == 1L))
  counted <- mutate_by(counted, list(
    dm_x = bin_of("dm_v2", breaks$x), dm_y = bin_of("dm_v1", breaks$y)
  ))
  counted <- dplyr::group_by(
    counted, !!!rlang::syms(c("dm_x", "dm_y", "dm_group", "dm_panel"))
  )
  found <- from_database(dplyr::collect(dplyr::summarise(
    counted, !!!statements(list(
      n = ~ n(), ratio = ~ max(dm_ratio, na.rm = TRUE)
    )), .groups = "drop"
  )), call)
  as_doubles(found)
}

# What plot_parts() makes of samples, of their counts.
lazy_parts_of_plot <- function(map, types, counts, breaks, asked) {
  columns <- asked$columns
  group <- as_levels(counts$dm_group, asked$groups)
  panel <- as_levels(counts$dm_panel, asked$panels)
  sums <- function(code, levels) {
    n <- vapply(seq_along(levels), function(i) sum(counts$n[code == i]), 0)
    stats::setNames(as.integer(n), levels)
  }
  words <- group_words(group, counts$ratio, asked$scheme)
  in_group <- sums(counts$dm_group, asked$groups)
  in_panel <- sums(counts$dm_panel, asked$panels)
  labels <- add_count(words, in_group)
  widths <- vapply(breaks, function(at) at[[2]] - at[[1]], 1)
  n_x <- length(breaks$x) - 1L
  n_y <- length(breaks$y) - 1L
  data <- list2DF(list(
    breaks$x[[1]] + (counts$dm_x + 0.5) * widths[["x"]],
    breaks$y[[1]] + (counts$dm_y + 0.5) * widths[["y"]],
    drop_levels(as_levels(group, labels)), drop_levels(panel), counts$n
  ))
  names(data) <- c(columns[2:1], ".group", ".facet", ".n")
  is_used <- list(in_group > 0, in_panel > 0)
  array <- array(0, c(n_x * n_y, sum(is_used[[1]]), sum(is_used[[2]])))
  cell <- counts$dm_x + 1 + n_x * counts$dm_y
  array[cbind(cell, as.integer(data$.group), as.integer(data$.facet))] <-
    counts$n
  known <- lazy_known(map)
  seen <- asked$seen
  list(
    data = data, samples = asked$samples %||% seen$all, kept = seen$kept,
    drawn = seen$drawn,
    filter = filter_words(structure(list(), filter = known$filter),
                          asked$conditions),
    evaluations = seen$evaluations,
    columns = columns, y = signal_title(columns[[1]]),
    x = signal_title(columns[[2]]), group = signal_title(asked$scheme$signal),
    groups = in_group, looks = group_looks(labels, asked$scheme),
    facets = in_panel[is_used[[2]]],
    panels = list(
      column = ".facet",
      values = as_levels(
        seq_len(nlevels(data$.facet)), levels(data$.facet)
      ),
      words = wrap_strip(levels(data$.facet))
    ),
    scales = asked$scales, points = "density",
    density = bin_tiles(array, breaks, levels(data$.group),
                        levels(data$.facet)),
    style = "datamap", marked = 0L, marked_drawn = character()
  )
}
