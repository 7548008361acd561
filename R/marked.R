# Marked samples: a ring around each, and its name.

# The rows of the samples to be marked; ids that the map lacks are an error.
find_marked <- function(map,
                        ids,
                        arg = rlang::caller_arg(ids),
                        call = rlang::caller_env()) {
  if (is.null(ids)) {
    return(integer())
  }
  ids <- check_id_vector(ids, "a vector of ids or {.code NULL}", arg, call)
  rows <- match_ids(ids, map$id)
  if (anyNA(rows)) {
    unknown <- unique(id_text(ids[is.na(rows)]))
    found <- first_few(unknown)
    abort_datamap(
      c(
        "{.arg {arg}} must be ids of samples on the data map.",
        x = "There {cli::qty(unknown)}{?is no sample/are no samples} {found}."
      ),
      class = "input",
      key = unknown[[1]],
      call = call
    )
  }
  if (!is.null(attr(map, "stacked", exact = TRUE))) {
    # In each of the runs
    place <- match_ids(map$id, ids)
    return(order(place)[seq_len(sum(!is.na(place)))])
  }
  unique(rows)
}

# A ring around each marked sample, and its name.
mark_samples <- function(data, attr1, attr2) {
  rows <- order_marked(data)
  if (length(rows) == 0) {
    return(NULL)
  }
  marked <- data[rows, , drop = FALSE]
  place <- aes(
    x = .data[[attr2]], y = .data[[attr1]],
    label = shorten_ids(.data$id)
  )
  list(
    ggplot2::geom_point(
      place[c("x", "y")],
      data = marked, inherit.aes = FALSE, show.legend = FALSE,
      shape = 1, size = 3.4, stroke = 0.9, colour = "black"
    ),
    name_samples(place, utils::head(marked, max_named))
  )
}

# So many marked samples are named: the first that were asked for.
max_named <- 20L

order_marked <- function(data) {
  if (is.null(data[[".marked"]])) {
    return(integer())
  }
  rows <- which(data$.marked > 0)
  rows[order(data$.marked[rows])]
}

shorten_ids <- function(ids, width = 24L) {
  text <- show_text(id_text(ids))
  is_long <- nchar(text) > width
  text[is_long] <- paste0(substr(text[is_long], 1L, width - 3L), "...")
  text
}

name_samples <- function(place, marked) {
  fitted_text(if (has_package("ggrepel")) {
    ggrepel::geom_text_repel(
      place,
      data = marked, inherit.aes = FALSE, show.legend = FALSE,
      size = 3.2, colour = "black", bg.colour = "white", bg.r = 0.15,
      min.segment.length = 0.2, box.padding = 0.5, point.padding = 0.4,
      max.overlaps = Inf, seed = 1
    )
  } else {
    ggplot2::geom_text(
      place,
      data = marked, inherit.aes = FALSE, show.legend = FALSE,
      size = 3.2, colour = "black", vjust = -1.1, check_overlap = TRUE
    )
  })
}
