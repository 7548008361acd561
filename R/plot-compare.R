# So many samples are drawn as arrows unless `type` says otherwise.
max_arrows <- 200L

#' Comparison of two data maps
#'
#' Draws where the samples of one data map lie in another one, such as those of
#' two trainings on the same data: as arrows from place to place, or as a flow
#' between the regions easy-to-learn, ambiguous and hard-to-learn.
#'
#' Samples are matched by their `id`; those that are in one of the maps only
#' are counted in the subtitle and not drawn, as are those without a region.
#'
#' @inheritSection datamap_regions Regions
#' @param map1,map2 Data maps, from [datamap_summarise()],
#'   [datamap_read_summary()] or [as_datamap()].
#' @param ... Must be empty.
#' @param ids A vector of ids that are on both maps: only these samples are
#'   compared. `NULL`, the default, for all.
#' @param type `"arrows"` or `"flow"`; `"auto"`, the default, means arrows for
#'   up to 200 samples.
#' @param names What the two maps are called, two strings.
#' @inheritParams datamap_regions
#'
#' @return A ggplot.
#' @seealso [datamap_regions()]; [datamap_compare()] for what of it is chance.
#' @export
#' @examples
#' # The same samples in the first and the second half of a training
#' signals <- readLines(datamap_example("spam_signals.jsonl.gz"))
#' early <- datamap_summarise(I(head(signals, length(signals) / 2)))
#' late <- datamap_summarise(I(tail(signals, length(signals) / 2)))
#' datamap_plot_compare(early, late, names = c("early", "late"))
#' datamap_plot_compare(early, late, ids = early$id[1:30])
datamap_plot_compare <- function(map1,
                                 map2,
                                 ...,
                                 ids = NULL,
                                 type = c("auto", "arrows", "flow"),
                                 names = c("first map", "second map"),
                                 cutoffs = c(
                                   variability = 0.2, confidence = 0.5
                                 )) {
  check_dots()
  map1 <- take_map(map1)
  map2 <- take_map(map2)
  type <- check_choice(type)
  if (!is.character(names) || length(names) != 2 || anyNA(names)) {
    abort_argument(names, "two strings", "names", rlang::current_env())
  }
  names <- show_text(names)
  cutoffs <- check_cutoffs(cutoffs)
  if (!is.null(ids)) {
    map1 <- map1[find_marked(map1, ids), ]
    map2 <- map2[find_marked(map2, ids), ]
  }
  pairs <- pair_samples(map1, map2, cutoffs)
  is_drawn <- !is.na(pairs$from) & !is.na(pairs$to)
  alone <- c(nrow(map1), nrow(map2)) - nrow(pairs)
  drawn <- pairs[is_drawn, , drop = FALSE]
  if (type == "auto") {
    type <- if (nrow(drawn) <= max_arrows) "arrows" else "flow"
  }

  counts <- table(drawn$from, drawn$to)
  title <- paste0(
    plural_count(nrow(drawn), "sample"), " on two maps: ", names[[1]], ", ",
    names[[2]]
  )
  subtitle <- paste(c(
    paste(
      format_count(sum(counts) - sum(diag(counts))),
      "in another region on the second"
    ),
    if (any(alone > 0)) {
      paste(
        format_count(alone[[1]]), "only on the first,",
        format_count(alone[[2]]), "only on the second"
      )
    },
    if (nrow(pairs) == 0) "no sample is on both",
    if (!all(is_drawn)) {
      paste(format_count(sum(!is_drawn)), "not drawn for a missing value")
    }
  ), collapse = "; ")
  caption <- paste0(
    "Ambiguous from a variability of ", number_text(cutoffs[["variability"]]),
    " on, else easy from a confidence of ",
    number_text(cutoffs[["confidence"]]), " on",
    compared_averages(list(map1, map2), names)
  )
  changes <- stats::setNames(
    as.vector(counts),
    paste(rep(rownames(counts), 3), "to", rep(colnames(counts), each = 3))
  )
  plot <- switch(type,
    arrows = draw_arrows(drawn, cutoffs),
    flow = draw_flow(counts, names)
  )
  as_map_plot(plot + ggplot2::labs(
    title = wrap_text(title, "title"),
    subtitle = wrap_text(subtitle, "subtitle"),
    caption = wrap_text(caption, "caption"),
    alt = paste0(
      title, ". ",
      switch(type,
        arrows = "Arrows from the place on the first to that on the second. ",
        flow = "Flow between regions. "
      ),
      subtitle, ". ",
      if (nrow(drawn) > 0) {
        paste0("From region to region: ", list_counts(changes), ". ")
      },
      caption, "."
    )
  ))
}

# "; second map: means over 5 runs"
compared_averages <- function(maps, names) {
  words <- lapply(maps, average_words)
  is_average <- lengths(words) > 0
  if (any(is_average)) {
    said <- paste(names[is_average], unlist(words), sep = ": ")
    paste0("; ", said, collapse = "")
  }
}

# One row per sample on both maps: its places and its regions.
pair_samples <- function(map1, map2, cutoffs) {
  at <- match_ids(map1$id, map2$id)
  one <- map1[!is.na(at), ]
  two <- map2[at[!is.na(at)], ]
  data.frame(
    id = one$id,
    x = sqrt(one$label_var), y = one$avg_probs,
    xend = sqrt(two$label_var), yend = two$avg_probs,
    from = datamap_regions(one, cutoffs = cutoffs)$region,
    to = datamap_regions(two, cutoffs = cutoffs)$region
  )
}

draw_arrows <- function(drawn, cutoffs) {
  is_same <- drawn$from == drawn$to
  drawn$.group <- factor(
    ifelse(is_same, "same region", paste("to", drawn$to)),
    c(paste("to", datamap_region_names), "same region")
  )
  counts <- group_counts(drawn$.group)
  levels(drawn$.group) <- add_count(levels(drawn$.group), counts)
  drawn$.group <- drop_levels(drawn$.group)
  ggplot2::ggplot(
    drawn, aes(x = .data$x, y = .data$y, colour = .data$.group)
  ) +
    ggplot2::geom_segment(
      aes(xend = .data$xend, yend = .data$yend),
      arrow = grid::arrow(length = grid::unit(1.5, "mm"), type = "closed"),
      linewidth = 0.4, alpha = 0.8
    ) +
    ggplot2::geom_point(size = 1) +
    signal_limits("confidence", "variability") +
    geom_datamap_regions("confidence", "variability", cutoffs = cutoffs) +
    ggplot2::scale_colour_manual(
      values = c(datamap_palette(3), "grey60")[counts > 0]
    ) +
    ggplot2::labs(
      x = wrap_text(signal_title("variability"), "x"),
      y = wrap_text(signal_title("confidence"), "y"),
      colour = wrap_text("Region on the second map", "legend")
    ) +
    theme_datamap()
}

# Two columns of regions, and ribbons between them as wide as their number of
# samples.
draw_flow <- function(counts, names) {
  gap <- 0.04 * max(sum(counts), 1)
  flows <- flow_ribbons(counts, gap)
  bars <- rbind(
    region_bars(rowSums(counts), gap, c(-0.08, 0)),
    region_bars(colSums(counts), gap, c(1, 1.08))
  )
  bars <- bars[bars$n > 0, , drop = FALSE]
  colours <- stats::setNames(datamap_palette(3), datamap_region_names)
  ggplot2::ggplot() +
    ggplot2::geom_ribbon(
      aes(
        x = .data$x, ymin = .data$ymin, ymax = .data$ymax,
        fill = .data$from, group = .data$flow
      ),
      data = flows, alpha = 0.55
    ) +
    ggplot2::geom_rect(
      aes(
        xmin = .data$xmin, xmax = .data$xmax,
        ymin = .data$ymin, ymax = .data$ymax, fill = .data$region
      ),
      data = bars
    ) +
    fitted_text(ggplot2::geom_text(
      aes(
        x = ifelse(.data$xmin < 0, -0.1, 1.1),
        y = (.data$ymin + .data$ymax) / 2,
        hjust = ifelse(.data$xmin < 0, 1, 0),
        label = paste0(.data$region, "\n", format_count(.data$n))
      ),
      data = bars, size = 3.2, lineheight = 0.9
    )) +
    fitted_text(ggplot2::geom_text(
      aes(x = .data$x, y = .data$y, label = format_count(.data$n)),
      data = flow_names(flows), size = 2.8, hjust = 0
    )) +
    ggplot2::scale_fill_manual(values = colours, guide = "none") +
    ggplot2::scale_x_continuous(
      breaks = c(-0.04, 1.04), labels = wrap_text(names, "legend"),
      limits = c(-0.55, 1.55)
    ) +
    ggplot2::scale_y_continuous(breaks = NULL) +
    ggplot2::labs(x = NULL, y = NULL) +
    theme_datamap() +
    ggplot2::theme(
      panel.grid.major = ggplot2::element_blank(),
      panel.border = ggplot2::element_blank()
    )
}

# Regions stand on each other, the hard ones at the foot.
region_feet <- function(n, gap) {
  cumsum(c(0, (n + gap)[-length(n)]))
}

region_bars <- function(n, gap, x) {
  foot <- region_feet(n, gap)
  data.frame(
    region = factor(datamap_region_names, datamap_region_names),
    n = as.vector(n), xmin = x[[1]], xmax = x[[2]],
    ymin = as.vector(foot), ymax = as.vector(foot + n)
  )
}

# For each pair of regions with a sample the ribbon from x = 0 to 1.
flow_ribbons <- function(counts, gap) {
  left <- region_feet(rowSums(counts), gap)
  right <- region_feet(colSums(counts), gap)
  x <- seq(0, 1, length.out = 40)
  bend <- (1 - cos(pi * x)) / 2
  ribbons <- list()
  for (i in 1:3) {
    for (j in 1:3) {
      n <- counts[i, j]
      foot <- left[[i]] + (right[[j]] - left[[i]]) * bend
      ribbons[[3 * i + j]] <- data.frame(
        x = x, ymin = foot, ymax = foot + n, n = n,
        from = rownames(counts)[[i]], flow = 3 * i + j
      )[rep(n > 0, 40), ]
      left[[i]] <- left[[i]] + n
      right[[j]] <- right[[j]] + n
    }
  }
  do.call(rbind, ribbons)
}

# The number of samples at the start of each ribbon that is wide enough.
flow_names <- function(flows) {
  at <- flows[flows$x == 0, , drop = FALSE]
  at <- at[at$n >= 0.03 * sum(at$n), , drop = FALSE]
  data.frame(x = rep(0.015, nrow(at)), y = (at$ymin + at$ymax) / 2, n = at$n)
}
