#' Distributions of the signals of a data map
#'
#' Draws how each signal of a data map is distributed in each group of samples,
#' one panel per signal.
#'
#' A line shows the share of a group's samples in bins of a round width, so
#' that small groups can be compared with large ones.
#'
#' Where the device has no room for as many panels, 6 on 4 by 3 inches and 12
#' on 7 by 5, the first ones are drawn, and a message says so.
#'
#' @inheritSection datamap_groups Groups
#' @inheritParams datamap_groups
#' @param signals The names of numeric columns; `NULL`, the default, for all but
#'   `id`, `label`, `s_label` and those that have one value only.
#'
#' @return A ggplot.
#' @seealso [datamap_plot()]
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' datamap_plot_signals(map, dirty_label = TRUE)
#' datamap_plot_signals(map, signals = c("avg_probs", "forgetting_times"))
datamap_plot_signals <- function(map,
                                 criterion = NULL,
                                 threshold = 0,
                                 use_f_times = NULL,
                                 use_l_times = NULL,
                                 ...,
                                 dirty_label = FALSE,
                                 group_by = NULL,
                                 signals = NULL) {
  check_dots()
  map <- take_map(map)
  conditions <- filter_conditions(
    map, criterion, threshold, use_f_times, use_l_times
  )
  scheme <- find_scheme(map, conditions, dirty_label, group_by)
  call <- rlang::current_env()
  force_name(signals, "signals", call)
  if (!is.null(signals) && !is.character(signals)) {
    abort_argument(
      signals, "names of numeric columns or {.code NULL}", "signals", call
    )
  }
  for (name in signals) {
    check_column_choice(name, map, numeric = TRUE, arg = "signals")
  }
  filter <- filter_words(map, conditions)
  samples <- samples_before(map)
  map <- set_column(map, ".group", group_samples(map, scheme))
  kept <- apply_conditions(map, conditions)
  signals <- signals %||% varied_signals(kept)

  counts <- group_counts(kept$.group)
  words <- group_words(kept$.group, kept$correct_ratio, scheme)
  words <- add_count(words, counts)
  looks <- group_looks(words, scheme)
  kept <- plain_frame(kept)
  levels(kept$.group) <- words
  kept$.group <- drop_levels(kept$.group)
  kept$.facet <- as_levels(rep(1L, nrow(kept)), "all")
  lines <- lapply(signals, function(name) {
    steps <- share_steps(kept, name)
    cbind(steps, .signal = rep(name, nrow(steps)))
  })
  lines <- do.call(rbind, c(list(share_steps(kept[0, ], "id")), lines))
  lines$.signal <- factor(lines$.signal %||% character(), signals)

  title <- paste(
    "Signals of",
    if (nrow(kept) < samples) paste(format_count(nrow(kept)), "of"),
    plural_count(samples, "sample")
  )
  title <- gsub("  ", " ", title, fixed = TRUE)
  subtitle <- paste(c(
    average_words(kept),
    if (!is.null(filter)) paste("Filter:", filter),
    if (nrow(lines) == 0) {
      if (nrow(kept) == 0) {
        "no sample to draw"
      } else if (length(signals) == 0) {
        "no signal has more than one value"
      } else {
        "no value to draw"
      }
    }
  ), collapse = "; ")
  group <- signal_title(scheme$signal)
  plot <- ggplot2::ggplot(
    lines, aes(x = .data$x, y = .data$share, colour = .data$.group)
  ) +
    ggplot2::geom_step(linewidth = 0.6) +
    scale_of_groups("colour", looks) +
    sparse_axis(n.breaks = 3) +
    ggplot2::scale_y_continuous(n.breaks = 3) +
    ggplot2::guides(
      colour = legend_guide(TRUE, levels(kept$.group), "lines")
    ) +
    ggplot2::labs(
      title = wrap_text(title, "title"),
      subtitle = if (nzchar(subtitle)) wrap_text(subtitle, "subtitle"),
      x = NULL, y = wrap_text("Share of the group's samples", "y"),
      colour = wrap_text(group, "subtitle"),
      alt = paste0(
        title, ".", if (nzchar(subtitle)) paste0(" ", subtitle, "."),
        if (nrow(lines) > 0) {
          paste0(
            " A step line for each group, by ", group, ": ",
            list_counts(counts), ". A panel for each of ",
            paste(show_text(signals), collapse = ", "),
            if (length(signals) > 6) ", as far as there is room", "."
          )
        }
      )
    ) +
    theme_datamap() +
    legend_below() +
    # Names of columns are long, and there are many panels
    ggplot2::theme(
      strip.text = ggplot2::element_text(size = ggplot2::rel(0.75))
    )
  if (nrow(lines) > 0) {
    plot <- plot +
      ggplot2::facet_wrap(
        ggplot2::vars(.data$.signal),
        scales = "free",
        labeller = ggplot2::as_labeller(function(names) {
          wrap_names(names, length(signals))
        })
      )
  }
  plot <- as_map_plot(plot, has_panels = TRUE)
  class(plot) <- c("datamap_signals", class(plot))
  plot
}

# On the device that it is drawn on, with text of this size, only as many panels
# as are more than slivers there: the first ones, as the subtitle then says.
fit_signals <- function(plot, text_size) {
  signals <- levels(plot$data$.signal)
  counts <- seq_along(signals)
  n <- max(1L, counts[vapply(counts, panels_fit, NA, plot, text_size / 11)])
  if (n >= length(signals)) {
    return(plot)
  }
  inform_datamap(
    c(
      "!" = paste(
        "Drew the first {n} of {length(signals)} signals: there is no room for",
        "more on {device_words()}."
      ),
      "i" = "Choose some by {.arg signals}, or draw on a larger device."
    ),
    class = "signals_left_out", signals = signals[-seq_len(n)]
  )
  plot$data <- plot$data[as.integer(plot$data$.signal) <= n, , drop = FALSE]
  plot$data$.signal <- drop_levels(plot$data$.signal)
  words <- paste("the first", n, "of", length(signals), "signals")
  plot + ggplot2::labs(
    subtitle = paste(c(plot$labels$subtitle, words), collapse = "\n")
  )
}

varied_signals <- function(map) {
  names <- setdiff(numeric_columns(map), c("id", "label", "s_label", ".group"))
  names[vapply(names, function(name) {
    values <- map[[name]]
    values <- values[is.finite(values)]
    length(values) > 0 && min(values) < max(values)
  }, NA)]
}

# The corners of a step line per group: shares in bins, from zero to zero.
share_steps <- function(data, name) {
  # not all columns, whose rows would be copied for each signal
  data <- data[c(name, ".group", ".facet")]
  has_place <- is.finite(data[[name]]) & !is.na(data$.group)
  if (!all(has_place)) {
    data <- data[has_place, , drop = FALSE]
  }
  values <- data[[name]]
  if (nrow(data) == 0) {
    return(data.frame(x = numeric(), share = numeric(), .group = data$.group))
  }
  range <- signal_range(values, name)
  breaks <- axis_breaks(values, range, bin_counts[["line"]])
  bin <- findInterval(values, breaks, rightmost.closed = TRUE)
  counts <- count_cells(bin, length(breaks) - 1L, data)[, , 1]
  counts <- matrix(counts, length(breaks) - 1L)
  present <- which(colSums(counts) > 0)
  shares <- counts[, present, drop = FALSE]
  shares <- shares / rep(colSums(shares), each = nrow(shares))
  n <- length(breaks) + 1L
  data.frame(
    x = c(breaks[[1]], breaks),
    share = c(rbind(0, shares, 0)),
    .group = as_levels(rep(present, each = n), levels(data$.group))
  )
}
