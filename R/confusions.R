#' Which labels look like which others
#'
#' Counts for each label which labels its samples look like to the model: the
#' given label against the suggested one, that of the largest mean probability
#' (see [datamap-columns]). A label that is often taken for a certain other one
#' points to a pair of classes that are hard to tell apart, or to annotators who
#' confuse them; whether the model or the label is wrong, the counts can't say.
#'
#' @param map A data map with the columns `suggested_label` and
#'   `suggested_prob`, as of `datamap_summarise(metrics = c("suggested_label",
#'   "suggested_prob"))`. Samples without a label or a suggested one are left
#'   out, and a message of class `datamap_message_na` counts them.
#' @param ... Must be empty.
#' @param x,object What `datamap_confusions()` returned.
#'
#' @return A data frame of class `datamap_confusions`, one row for each given
#'   `label` and `suggested_label` that occur together, both factors with the
#'   same levels, in the order of these: `samples`, how many; `share`, of the
#'   samples of the label; `mean_prob`, the mean of their `suggested_prob`.
#'
#'   `tidy()`: the same as a bare data frame. `glance()`: one row with
#'   `samples`, `labels` (given or suggested) and `others`, the share of the
#'   samples that look like another label than their own. `autoplot()`: a
#'   ggplot, the shares as a heat map with a row per given label; `plot()` draws
#'   it.
#' @seealso [datamap_detect()] for how well `suggested_margin` and others rank
#'   wrong labels.
#' @export
#' @examples
#' map <- datamap_summarise(
#'   datamap_example("satellite_signals.json.gz"),
#'   metrics = c("suggested_label", "suggested_prob")
#' )
#' confusions <- datamap_confusions(map)
#' confusions
#' plot(confusions)
datamap_confusions <- function(map, ...) {
  check_dots()
  map <- take_map(map)
  need_suggested(map)
  is_known <- !is.na(map$label) & !is.na(map$suggested_label)
  inform_missing(
    sum(!is_known), c("label", "suggested_label"),
    what = "Not counted:"
  )
  levels <- label_levels(map$label, map$suggested_label)
  place <- function(x) match(id_text(x[is_known]), levels)
  k <- length(levels)
  cell <- (place(map$label) - 1) * k + place(map$suggested_label)
  samples <- tabulate(cell, k * k)
  present <- which(samples > 0)
  samples <- samples[present]
  label <- (present - 1) %/% k + 1
  # in the order of the cells
  sums <- rowsum(map$suggested_prob[is_known], cell)
  columns <- list(
    label = as_levels(label, levels),
    suggested_label = as_levels((present - 1) %% k + 1, levels),
    samples = samples,
    share = samples / stats::ave(samples, label, FUN = sum),
    mean_prob = as.vector(sums) / samples
  )
  is_other <- columns$label != columns$suggested_label
  new_result(
    list2DF(columns), "datamap_confusions",
    summary = data.frame(
      samples = sum(samples), labels = k,
      others = sum(samples[is_other]) / sum(samples)
    )
  )
}

need_suggested <- function(map,
                            arg = rlang::caller_arg(map),
                            call = rlang::caller_env()) {
  needed <- c("label", "suggested_label", "suggested_prob")
  missing <- setdiff(needed, names(map))
  if (length(missing) > 0) {
    abort_datamap(
      c(
        "{.arg {arg}} must have the columns {.field {needed}}.",
        x = "It has no {.field {missing}}.",
        i = paste(
          "{.code datamap_summarise(metrics = c(\"suggested_label\",",
          "\"suggested_prob\"))} makes them of class vectors."
        )
      ),
      class = "input", key = missing[[1]], call = call
    )
  }
  check_column_choice(
    "suggested_prob", map,
    numeric = TRUE, arg = arg, call = call
  )
}

# The texts of all labels, given or suggested, in the order of their values.
label_levels <- function(label, suggested) {
  if (is.numeric(label) && is.numeric(suggested)) {
    return(id_text(ordered_values(c(label, suggested))))
  }
  given <- id_text(ordered_values(label))
  c(given, setdiff(id_text(ordered_values(suggested)), given))
}

#' @rdname datamap_confusions
#' @exportS3Method generics::tidy
tidy.datamap_confusions <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap_confusions
#' @exportS3Method generics::glance
glance.datamap_confusions <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_confusions
#' @export
print.datamap_confusions <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  cat_wrapped(paste0(
    "Which of ", plural_count(of$labels, "label"), " samples look like: ",
    others_words(of)
  ))
  others <- plain_frame(x)
  others <- others[others$label != others$suggested_label, , drop = FALSE]
  others <- others[order(-others$samples), , drop = FALSE]
  attr(others, "row.names") <- .set_row_names(nrow(others))
  if (nrow(others) > 0) {
    print_head(others, min(10L, nrow(others)))
  }
  invisible(x)
}

#' @rdname datamap_confusions
#' @rawNamespace S3method(ggplot2::autoplot, datamap_confusions)
autoplot.datamap_confusions <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  data <- plain_frame(object)
  levels <- levels(data$label)
  limits <- if (length(levels) > 0) levels else ""
  data$.count <- format_count(data$samples)
  data$.ink <- c("grey15", "white")[1 + (data$share > 0.5)]
  title <- "Which labels look like which others"
  subtitle <- others_words(of)
  caption <- "Numbers: samples. Colour: their share of the given label"
  most <- data[data$label != data$suggested_label, , drop = FALSE]
  most <- most[which.max(most$samples), , drop = FALSE]
  plot <- ggplot2::ggplot(
    data, aes(.data$suggested_label, .data$label, fill = .data$share)
  ) +
    ggplot2::geom_raster() +
    if_few_labels(levels) +
    ggplot2::scale_x_discrete(limits = limits, labels = shorten_strings) +
    # the first one on top
    ggplot2::scale_y_discrete(limits = rev(limits), labels = shorten_strings) +
    ggplot2::scale_fill_gradient(
      low = "grey92", high = datamap_colours[[1]], limits = c(0, 1),
      labels = function(x) percent(x)
    ) +
    ggplot2::scale_colour_identity() +
    ggplot2::labs(
      x = "Suggested label", y = "Given label", fill = "Share",
      title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      caption = wrap_text(caption, "caption"),
      alt = paste0(
        title, ". ", subtitle, ".",
        if (nrow(most) > 0) {
          paste0(
            " The most frequent: ", most$.count, " samples of label ",
            most$label, " look like ", most$suggested_label, "."
          )
        }
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

others_words <- function(of) {
  paste0(
    plural_count(of$samples, "sample"),
    if (of$samples > 0) {
      paste0(", ", percent(of$others), " like another label than their own")
    }
  )
}

# Numbers have room in the cells of a few labels only.
if_few_labels <- function(levels) {
  if (length(levels) <= 12) {
    ggplot2::geom_text(
      aes(label = .data$.count, colour = .data$.ink),
      size = 3
    )
  }
}

#' @rdname datamap_confusions
#' @export
plot.datamap_confusions <- function(x, ...) {
  print(autoplot.datamap_confusions(x, ...))
  invisible(x)
}
