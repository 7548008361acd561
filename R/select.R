#' Samples for the next training
#'
#' Chooses a part of the samples by a signal: the most ambiguous, the hardest,
#' the easiest, or as many at random for comparison.
#'
#' * The most ambiguous: `by = "label_var"`, the default.
#' * The hardest: `by = "avg_probs", order = "increasing"`.
#' * The easiest: `by = "avg_probs"`; with `fraction = 0.9`, all but the most
#'   suspect tenth.
#' * Mostly the hardest and some of the easiest: `by = "avg_probs",
#'   order = "increasing", both_ends = 0.7`.
#' * As many at random, the baseline: `by = "random"`.
#'
#' Swayamdipta et al. (2020) trained on the most ambiguous third of the samples
#' as well as on all of them; with much less, some easy samples are needed to
#' learn at all, which is what `both_ends` is for.
#'
#' Samples with equal values are chosen in the order of the map. Those that
#' have no value in `by` are not chosen; a message of class
#' `datamap_message_na` counts them. What is left out by class (the column
#' `label`) is reported in a message of class `datamap_message_selection`, in
#' whose field `counts` it is a data frame.
#'
#' @param map A data map.
#' @param fraction The share of the samples to choose, above 0 and up to 1,
#'   rounded to the nearest whole number of samples. Either this or `n`.
#' @param ... Must be empty.
#' @param n The number of samples to choose; all where there are fewer.
#' @param by The name of a numeric column, or `"random"`.
#' @param order Whether the samples with the highest values (`"decreasing"`,
#'   the default) or the lowest (`"increasing"`) are chosen.
#' @param both_ends The share, above 0 and below 1, of the chosen samples that
#'   come from the end that `order` names; the rest comes from the other end.
#'   0.7 in the code of the cartography paper. `NULL`, the default, takes all
#'   from one end.
#' @param per The name of a column: `fraction` or `n` then holds for each of its
#'   values, so that with `per = "label"` every class keeps the same share, or
#'   the same number, of its samples. `NULL`, the default, for all together.
#' @param seed A whole number that makes the random choice the same every time;
#'   the state of R's generator is left as it was. `NULL`, the default, draws
#'   from that generator.
#'
#' @return A data map: the chosen rows of `map`, in its order.
#' @references
#' Swayamdipta, S., Schwartz, R., Lourie, N., Wang, Y., Hajishirzi, H., Smith,
#' N. A. and Choi, Y. (2020). Dataset Cartography: Mapping and Diagnosing
#' Datasets with Training Dynamics. *Proceedings of EMNLP 2020*.
#' \doi{10.18653/v1/2020.emnlp-main.746}
#' @seealso [datamap_filter()] keeps what reaches a threshold.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' ambiguous <- datamap_select(map, 0.33)
#' hardest <- datamap_select(
#'   map,
#'   n = 100, by = "avg_probs", order = "increasing", per = "label"
#' )
#' table(hardest$label)
#' baseline <- datamap_select(map, 0.33, by = "random", seed = 1)
datamap_select <- function(map,
                           fraction = NULL,
                           ...,
                           n = NULL,
                           by = "label_var",
                           order = c("decreasing", "increasing"),
                           both_ends = NULL,
                           per = NULL,
                           seed = NULL) {
  rlang::check_dots_empty()
  check_datamap(map)
  order <- rlang::arg_match(order)
  check_share(fraction, is_whole_allowed = TRUE)
  check_number(n, min = 1, whole = TRUE, allow_null = TRUE)
  check_share(both_ends)
  check_number(seed, whole = TRUE, allow_null = TRUE)
  if (is.null(fraction) == is.null(n)) {
    abort_datamap(
      "Exactly one of {.arg fraction} and {.arg n} must be given.",
      class = "input", key = "n"
    )
  }
  check_string(by)
  if (by != "random") {
    check_column_choice(by, map, numeric = TRUE)
  }
  parts <- list(seq_len(nrow(map)))
  if (!is.null(per)) {
    check_column_choice(per, map)
    # The values as they first appear; a missing one is a value too
    parts <- split(parts[[1]], match(map[[per]], unique(map[[per]])))
  }

  value <- if (by == "random") {
    random_order(nrow(map), seed)
  } else {
    map[[by]]
  }
  inform_missing(sum(is.na(value)), by, what = "Not chosen:")
  chosen <- lapply(parts, function(rows) {
    wanted <- if (is.null(n)) floor(fraction * length(rows) + 0.5) else n
    rows <- rows[!is.na(value[rows])]
    wanted <- min(wanted, length(rows))
    sorted <- rows[order(
      value[rows],
      decreasing = order == "decreasing", method = "radix"
    )]
    first <- if (is.null(both_ends)) {
      wanted
    } else {
      floor(both_ends * wanted + 0.5)
    }
    c(utils::head(sorted, first), utils::tail(sorted, wanted - first))
  })
  selection <- map[sort(unlist(chosen)), , drop = FALSE]
  attr(selection, "row.names") <- .set_row_names(nrow(selection))
  inform_selection(map, selection)
  selection
}

check_share <- function(x,
                        is_whole_allowed = FALSE,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  if (is.null(x)) {
    return(invisible(x))
  }
  is_share <- is.numeric(x) && length(x) == 1 && !is.na(x) && x > 0 &&
    (x < 1 || (is_whole_allowed && x == 1))
  if (!is_share) {
    upper <- if (is_whole_allowed) "up to 1" else "below 1"
    abort_argument(
      x, paste("a number above 0 and", upper, "or {.code NULL}"), arg, call
    )
  }
  invisible(x)
}

# The places 1 to n in random order; with a seed, always the same one.
random_order <- function(n, seed) {
  if (is.null(seed)) {
    return(sample.int(n))
  }
  old <- get0(".Random.seed", globalenv(), inherits = FALSE)
  on.exit(
    if (is.null(old)) {
      rm(".Random.seed", envir = globalenv())
    } else {
      assign(".Random.seed", old, envir = globalenv())
    }
  )
  set.seed(
    seed,
    kind = "Mersenne-Twister", normal.kind = "Inversion",
    sample.kind = "Rejection"
  )
  sample.int(n)
}

# How many samples of each class are left out.
inform_selection <- function(map, selection) {
  if (!"label" %in% names(map)) {
    return(invisible())
  }
  labels <- sort(unique(map$label))
  count <- function(x) tabulate(match(x, labels), length(labels))
  counts <- data.frame(
    label = labels,
    samples = count(map$label),
    chosen = count(selection$label)
  )
  counts$left_out <- counts$samples - counts$chosen
  n <- nrow(selection)
  of <- format_count(nrow(map))
  each <- paste0(
    counts$label, ": ", format_count(counts$left_out), " of ",
    format_count(counts$samples)
  )
  inform_datamap(
    c(
      i = "Chose {format_count(n)} of {of} sample{cli::qty(nrow(map))}{?s}.",
      " " = "Left out by label: {first_few(each, 10)}."
    ),
    class = "selection",
    counts = counts
  )
}
