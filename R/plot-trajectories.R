#' Trajectories of samples
#'
#' Draws a signal over the evaluations of a training: a line for each of chosen
#' samples, or a band for each group of samples.
#'
#' Of a group, the line is the median of its samples, and the bands hold the
#' middle half and the middle 80 % of them.
#'
#' @param x A data frame with one row per evaluation and sample, from
#'   [datamap_read_signals()] or your own: `id`, the signal, and `step` or
#'   `epoch`. Without these the evaluations of a sample are its rows in their
#'   order. Else where the signals are, as for [datamap_read_signals()], which
#'   are read first.
#' @param ... Must be empty.
#' @param group_by What the samples are grouped by: the name of a column of `x`,
#'   such as `"s_label"`; or a data frame with a column `id` and the group in
#'   the second one, as [datamap_groups()] and [datamap_regions()] give it.
#'   `NULL`, the default, puts all samples into one group.
#' @param signal The name of the numeric column to draw, `"label_probs"` by
#'   default.
#' @param ids A vector of at most 30 ids: only these samples are drawn, a line
#'   for each. `NULL`, the default, for groups.
#' @param fields Which columns or keys are fields, where they have other names,
#'   as in [datamap_summarise()].
#' @param classes The labels of the classes in the order of the class vectors of
#'   a file, as there.
#'
#' @return A ggplot.
#' @seealso [datamap_read_signals()], [datamap_plot()]
#' @export
#' @examples
#' # Three samples, evaluated four times
#' signals <- data.frame(
#'   id = rep(1:3, times = 4),
#'   epoch = rep(0:3, each = 3),
#'   label_probs = c(.5, .4, .5, .7, .6, .3, .9, .3, .2, .9, .6, .1)
#' )
#' datamap_plot_trajectories(signals, ids = c(1, 3))
#' datamap_plot_trajectories(signals)
datamap_plot_trajectories <- function(x,
                                      ...,
                                      group_by = NULL,
                                      signal = "label_probs",
                                      ids = NULL,
                                      fields = NULL,
                                      classes = NULL) {
  check_dots()
  call <- rlang::current_env()
  reading <- check_reading()
  reading$naming <- check_naming(fields, classes)
  source <- take_source(x, c("frame", "lines", "written"))
  x <- if (is.null(source$frame)) {
    read_long(source, NULL, reading, call)
  } else {
    source$frame(reading$naming)
  }
  check_frame(x, "x", call)
  check_string(signal)
  force_name(group_by, "group_by", call)
  x <- without_integer64(x)
  check_signal_columns(x, signal, call)
  if (!is.null(ids) && !is.null(group_by)) {
    abort_datamap(
      "Only one of {.arg ids} and {.arg group_by} can be given.",
      class = "input", key = "group_by"
    )
  }
  check_one_value(x$id, "id", call)
  id <- plain_ids(x$id)
  known <- unique(id)
  sample <- match(id, known)
  data <- data.frame(
    .id = sample, .at = evaluation_of(x, sample),
    .value = x[[signal]]
  )
  predicted <- predicted_caption(predicted_words(x))
  drawn <- if (is.null(ids)) {
    data$.group <- trajectory_groups(x, known, sample, group_by, call)
    draw_bands(data)
  } else {
    shown <- check_trajectory_ids(ids, known, call)
    names <- shorten_levels(id_text(known[shown]))
    data$.group <- as_levels(match(sample, shown), names)
    draw_lines(data)
  }
  times <- plural_count(length(unique(data$.at)), "evaluation")
  has_step <- any(field_names$step %in% names(x))
  plot <- drawn$plot +
    ggplot2::expand_limits(y = if (signal == "label_probs") c(0, 1)) +
    ggplot2::labs(
      title = wrap_text(drawn$title, "title"),
      subtitle = wrap_text(
        paste0(
          signal, " over ", times, if (drawn$is_empty) "; no value to draw"
        ),
        "subtitle"
      ),
      x = if (has_step) "Step of the evaluation" else "Evaluation",
      y = if (signal == "label_probs") {
        "Probability of the label"
      } else {
        wrap_text(signal, "y")
      },
      caption = wrap_text(
        paste(c(drawn$caption, predicted), collapse = ". "), "caption"
      ),
      alt = paste0(
        drawn$title, ", ", show_text(signal), " over ", times, ". ",
        if (drawn$is_empty) {
          "No value to draw."
        } else {
          paste0(drawn$caption, drawn$counted, ".")
        },
        if (!is.null(predicted)) paste0(" ", predicted, ".")
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

check_signal_columns <- function(x, signal, call = rlang::caller_env()) {
  is_there <- c("id", signal) %in% names(x)
  if (!all(is_there)) {
    missing <- c("id", signal)[!is_there]
    found <- names(x)
    similar <- similar_names(missing, found)
    abort_datamap(
      c(
        "{.arg x} must have the columns {.field {c('id', signal)}}.",
        x = "It lacks {.field {missing}}.",
        i = "Its columns are {.field {found}}.",
        i = if ("label_probs" %in% missing && length(class_columns_of(x)) > 0) {
          paste(
            "{.fn datamap_write_signals} writes a file of it: give that, and",
            "{.field label_probs} is derived from the class vectors."
          )
        },
        did_you_mean(similar)
      ),
      class = "input", key = missing[[1]], similar = similar, call = call
    )
  }
  if (!signal %in% numeric_columns(x)) {
    abort_argument(
      x[[signal]], "the name of a numeric column", "signal", call
    )
  }
}

# The step of every row, or else its number among the rows of its sample.
evaluation_of <- function(x, sample) {
  step <- intersect(field_names$step, numeric_columns(x))
  if (length(step) > 0) {
    return(x[[step[[1]]]])
  }
  at <- integer(length(sample))
  at[order(sample)] <- sequence(tabulate(sample)) - 1L
  at
}

# The places of the ids to draw among those that are known.
check_trajectory_ids <- function(ids, known, call = rlang::caller_env()) {
  expected <- "a vector of ids or {.code NULL}"
  ids <- unique(check_id_vector(ids, expected, "ids", call))
  if (length(ids) == 0) {
    abort_argument(ids, expected, "ids", call)
  }
  shown <- match_ids(ids, known)
  if (anyNA(shown) || length(ids) > max_values) {
    found <- if (anyNA(shown)) {
      paste("There is no sample", first_few(id_text(ids[is.na(shown)])))
    } else {
      paste("You gave", format_count(length(ids)))
    }
    abort_datamap(
      c(
        "{.arg ids} must be at most {max_values} ids of {.arg x}.",
        x = "{found}."
      ),
      class = "input", key = "ids", call = call
    )
  }
  shown
}

# A factor with the group of every row; NA where there is none.
trajectory_groups <- function(x, known, sample, group_by, call) {
  if (is.null(group_by)) {
    return(as_levels(rep(1L, length(sample)), "all samples"))
  }
  if (is.data.frame(group_by)) {
    if (!"id" %in% names(group_by) || ncol(group_by) < 2) {
      abort_argument(
        group_by, "a data frame with {.field id} and a group", "group_by", call
      )
    }
    values <- plain_integer64(group_by[[setdiff(names(group_by), "id")[[1]]]])
    values <- values[match_ids(known, group_by$id)[sample]]
    name <- "group"
  } else {
    check_column_choice(group_by, x, call = call)
    values <- x[[group_by]]
    name <- group_by
  }
  check_groupable(values, name, "group_by", call)
  groups <- group_values(values)
  if (identical(group_by, "s_label")) {
    levels(groups) <- s_label_words(levels(groups))
  }
  levels(groups) <- make.unique(show_text(levels(groups)), sep = " ~")
  groups
}

draw_lines <- function(data) {
  data <- data[!is.na(data$.group) & is.finite(data$.value), , drop = FALSE]
  n <- nlevels(data$.group)
  list(
    plot = ggplot2::ggplot(
      data,
      aes(
        x = .data$.at, y = .data$.value, colour = .data$.group,
        shape = .data$.group
      )
    ) +
      (if (anyDuplicated(data$.group)) ggplot2::geom_line(linewidth = 0.6)) +
      ggplot2::geom_point(size = 2) +
      scale_colour_datamap() +
      scale_shape_datamap() +
      ggplot2::labs(colour = "id", shape = "id"),
    is_empty = nrow(data) == 0,
    title = paste("Trajectories of", plural_count(n, "sample")),
    caption = paste(
      if (n == 1) "Sample" else "Samples", first_few(levels(data$.group), 10L)
    )
  )
}

draw_bands <- function(data) {
  data <- data[!is.na(data$.group) & is.finite(data$.value), , drop = FALSE]
  # Each sample counts once in its group, however often it was evaluated
  n_groups <- nlevels(data$.group)
  first <- !duplicated(as.integer(data$.group) + n_groups * data$.id)
  counts <- group_counts(data$.group[first])
  levels(data$.group) <- add_count(levels(data$.group), counts)
  data$.group <- drop_levels(data$.group)
  bands <- band_values(data)
  n <- sum(counts)
  groups <- plural_count(nlevels(data$.group), "group")
  plot <- ggplot2::ggplot(
    bands,
    aes(x = .data$.at, fill = .data$.group, colour = .data$.group)
  ) +
    draw_quantiles(length(unique(bands$.at)) > 1) +
    scale_colour_datamap(guide = "none") +
    scale_fill_datamap(guide = "none")
  if (nrow(bands) > 0) {
    # The number of samples on a line of its own
    label <- function(x) sub(" (n = ", "\n(n = ", x, fixed = TRUE)
    plot <- plot + ggplot2::facet_wrap(
      ggplot2::vars(.data$.group),
      labeller = ggplot2::as_labeller(label)
    )
  }
  list(
    plot = plot,
    is_empty = nrow(data) == 0,
    title = paste("Trajectories of", plural_count(n, "sample"), "in", groups),
    caption = "Median, and bands of the middle 50 % and 80 % of samples",
    counted = paste0(". Number of samples by group: ", list_counts(counts))
  )
}

draw_quantiles <- function(has_times) {
  outer <- aes(ymin = .data$q10, ymax = .data$q90)
  inner <- aes(ymin = .data$q25, ymax = .data$q75)
  middle <- aes(y = .data$q50)
  if (has_times) {
    list(
      ggplot2::geom_ribbon(outer, alpha = 0.25, colour = NA),
      ggplot2::geom_ribbon(inner, alpha = 0.4, colour = NA),
      ggplot2::geom_line(middle, linewidth = 0.9)
    )
  } else {
    list(
      ggplot2::geom_linerange(outer, linewidth = 1),
      ggplot2::geom_linerange(inner, linewidth = 2.5),
      ggplot2::geom_point(middle, size = 3)
    )
  }
}

# Quantiles by group and evaluation.
band_values <- function(data) {
  at <- sort(unique(data$.at))
  cell <- match(data$.at, at) + length(at) * (as.integer(data$.group) - 1L)
  parts <- split(data$.value, cell)
  probs <- c(0.1, 0.25, 0.5, 0.75, 0.9)
  values <- vapply(parts, function(values) {
    stats::quantile(values, probs, names = FALSE)
  }, numeric(5))
  values <- matrix(values, 5)
  cell <- as.integer(names(parts)) - 1L
  bands <- data.frame(
    .at = at[cell %% length(at) + 1L],
    .group = as_levels(cell %/% length(at) + 1L, levels(data$.group)),
    t(values)
  )
  names(bands)[3:7] <- paste0("q", 100 * probs)
  bands
}
