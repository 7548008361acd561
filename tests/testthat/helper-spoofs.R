# Data frames of the class of data maps that are none, or odd ones: somebody
# wrote into them, or put the class on. Each is one map with one column changed
# or with a flaw of the whole.

spoof_values <- function(n) {
  days <- as.Date("2024-01-01") + seq_len(n)
  list(
    missing_column = NULL,
    list = as.list(seq_len(n)),
    functions = rep(list(mean), n),
    strings = rep_len(c("class_10", "class_2", ""), n),
    bytes = rep_len(c("\xff", "\033[31m", "a\nb\u202e"), n),
    numbers_as_text = as.character(seq_len(n)),
    factor = factor(rep_len(c("b", "a", NA), n), c("c", "b", "a")),
    ordered = factor(rep_len(1:3, n), ordered = TRUE),
    broken_factor = structure(rep_len(c(1L, 9L), n),
                              levels = "a", class = "factor"),
    logical = rep_len(c(TRUE, FALSE), n),
    unknown = rep(NA, n),
    some_unknown = replace(rep(0.5, n), 1, NA),
    nan = rep(NaN, n),
    infinite = rep_len(c(Inf, -Inf, 0.5), n),
    negative = -seq_len(n),
    fractions = seq_len(n) / 7,
    huge = rep_len(c(1e308, -1e308), n),
    equal = rep(1, n),
    matrix = matrix(0.5, n, 2),
    array = array(0.5, c(n, 2, 2)),
    packed = data.frame(a = seq_len(n), b = "x"),
    integer64 = structure(seq_len(n) * 5e-324, class = "integer64"),
    dates = days,
    times = as.POSIXlt(days),
    spans = days - days[[1]],
    complex = complex(n, 1, 1),
    raw = as.raw(seq_len(n) %% 256),
    of_a_class = structure(seq_len(n) / n, class = c("units", "numeric")),
    too_short = seq_len(n)[-1],
    too_long = seq_len(n + 1L),
    names = stats::setNames(seq_len(n) / n, rep("", n))
  )
}

spoof_columns <- c(
  "id", "label", "s_label", "correct_times", "correct_ratio", "avg_probs",
  "label_var", "max_label_probs", "forgetting_times", "learnt_times",
  "first_learn", "evaluations", "own"
)

spoofed_maps <- function(map) {
  map$own <- map$avg_probs
  put <- function(column, value) {
    out <- unclass(map)
    out[[column]] <- NULL
    if (!is.null(value)) out[[column]] <- value
    class(out) <- class(map)
    out
  }
  values <- spoof_values(nrow(map))
  columns <- rep(spoof_columns, each = length(values))
  spoofs <- Map(put, columns, rep(values, length(spoof_columns)))
  names(spoofs) <- paste0(columns, ": ", names(values))
  plain <- as.data.frame(map)
  with_names <- function(names) {
    out <- unclass(map)
    attr(out, "names") <- names
    structure(out, class = class(map))
  }
  c(spoofs, list(
    as_it_was = map,
    no_rows = map[0, ],
    one_row = map[1, ],
    same_rows = map[c(1, 1, 1, 2), ],
    no_column = structure(list(), class = class(map), names = character(),
                          row.names = 1:3),
    no_row_names = structure(as.list(plain), class = class(map)),
    no_list = structure(1:3, class = class(map)),
    null = structure(list(), class = class(map)),
    no_names = with_names(NULL),
    empty_name = with_names(replace(names(map), length(map), "")),
    missing_name = with_names(replace(names(map), length(map), NA)),
    same_names = with_names(replace(names(map), length(map), "avg_probs")),
    odd_names = with_names(replace(names(map), length(map), "{stop()}\033[1m")),
    own_columns_of_plots = cbind(map, .group = 1, .facet = "a", x = 2),
    plain = plain,
    tibble = structure(map, class = c("tbl_df", "tbl", "data.frame")),
    table = structure(plain, class = c("data.table", "data.frame")),
    doubled = rbind(plain, plain),
    signals = data.frame(id = rep(1:3, 2), label = 0, probs_0 = 0.5,
                         probs_1 = 0.5, step = rep(1:2, each = 3)),
    not_one = 1:3,
    nothing = NULL
  ))
}

# Every exported function that takes a map, in ways that look at many columns;
# what they draw is drawn.
map_functions <- function(other) {
  build <- function(plot) invisible(ggplot2::ggplot_build(plot))
  file <- function() tempfile(fileext = ".tsv")
  list(
    as_datamap = as_datamap,
    is_datamap = is_datamap,
    print = function(map) {
      if (is_datamap(map)) utils::capture.output(print(map))
    },
    summary = function(map) {
      if (is_datamap(map)) utils::capture.output(print(summary(map)))
    },
    problems = function(map) if (is_datamap(map)) datamap_problems(map),
    explore = function(map) {
      datamap_explore(map, file = tempfile(fileext = ".html"))
    },
    filter = datamap_filter,
    filter_by = function(map) datamap_filter(map, "own", 0.5),
    filter_events = function(map) datamap_filter(map, use_f_times = 1),
    groups = datamap_groups,
    groups_own = function(map) datamap_groups(map, group_by = "own"),
    groups_label = function(map) datamap_groups(map, group_by = "label"),
    groups_learnt = function(map) datamap_groups(map, use_l_times = 0),
    groups_dirty = function(map) datamap_groups(map, dirty_label = TRUE),
    regions = datamap_regions,
    select = function(map) datamap_select(map, 0.5, by = "own", per = "label"),
    select_random = function(map) datamap_select(map, n = 2, by = "random"),
    write_selection = function(map) {
      datamap_write_selection(map, data.frame(id = 1:100), file())
    },
    write_summary = function(map) datamap_write_summary(map, file()),
    confusions = function(map) {
      # which a map that is odd may not take
      map <- tryCatch(
        {
          suggested <- map
          suggested$suggested_label <- map$label
          suggested$suggested_prob <- map$avg_probs
          if ("suggested_label" %in% names(map)) map else suggested
        },
        error = function(error) map
      )
      found <- datamap_confusions(map)
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    detect = function(map) datamap_detect(map),
    detect_list = function(map) datamap_detect(list(other, map)),
    audit = function(map) {
      drawn <- datamap_audit_sample(map, n = 2)
      found <- datamap_audit(map, drawn)
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    review = function(map) {
      path <- file()
      datamap_review(map, data.frame(id = 1:100, text = "a"), path, n = 2)
    },
    report = function(map) {
      report <- datamap_report(map, data.frame(id = 1:100, text = "a"), NULL)
      utils::capture.output(lapply(report, print))
      lapply(report, html_part)
    },
    reliability = function(map) {
      found <- datamap_reliability(list(map, map, map))
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    runs = function(map) datamap_runs(list(other, map), same_labels = FALSE),
    intervals = function(map) {
      found <- datamap_intervals(list(map, map))
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    intervals_own = function(map) {
      build(ggplot2::autoplot(datamap_intervals(list(map, map, map), "own")))
    },
    plot = function(map) build(datamap_plot(map)),
    region_probs = function(map) {
      many <- map
      if (is.data.frame(map)) {
        many <- map[rep(seq_len(nrow(map)), 20), ]
        many$id <- seq_len(nrow(many))
      }
      found <- datamap_region_probs(list(many, many))
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    changes = function(map) {
      found <- datamap_compare(list(map, map), rep(list(other), 4))
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    survival = function(map) {
      if (is.data.frame(map)) map$first_correct <- integer(nrow(map))
      found <- datamap_survival(map)
      utils::capture.output(print(found))
      build(ggplot2::autoplot(found))
    },
    average = function(map) {
      average <- datamap_average(list(map, map), same_labels = FALSE)
      utils::capture.output(print(average))
    },
    plot_runs = function(map) build(datamap_plot(list(other, map))),
    plot_own = function(map) {
      build(datamap_plot(map, "own", "id", group_by = "label", facet = "own"))
    },
    plot_style = function(map) {
      build(datamap_plot(map, style = "cartography", ids = map$id[1:2]))
    },
    plot_bins = function(map) {
      build(datamap_plot(map, points = "density", facet = "label"))
    },
    plot_signals = function(map) build(datamap_plot_signals(map)),
    compare = function(map) build(datamap_plot_compare(map, other)),
    flow = function(map) {
      build(datamap_plot_compare(other, map, type = "flow", ids = 1:2))
    }
  )
}
