# How likely a fresh run puts a sample into each region, from where runs put
# samples that the other runs see alike.

#' Probabilities of the regions of samples
#'
#' Two runs of one training put many samples into different regions (see
#' [datamap_regions()]): of small networks that were trained twelve times on
#' each of five sets of labels, two runs agreed on
#' `r 100 * round(min(read.csv("vignettes/regions.csv.gz")$agreement), 2)` to
#' `r 100 * round(max(read.csv("vignettes/regions.csv.gz")$agreement), 2)` % of
#' the samples, the mean over the pairs of runs. This tells, from two runs or
#' more, with which probability a *fresh* run would put a sample into each of
#' the regions.
#'
#' Every run is held beside the means of the others, of the confidence
#' (`avg_probs`) and the variability (the square root of `label_var`). These
#' means make a grid of up to 8 by 8 cells at their quantiles, and the shares of
#' the regions in a cell are the probabilities of the samples in it. Shares of
#' small cells are drawn to those of all, as if three samples more had these. A
#' sample has the probabilities of the cell in which its means over all runs
#' lie.
#'
#' # What it does not say
#' Nothing of a single sample or of a class exactly: samples in one cell are
#' taken to be alike. Nothing about another recipe.
#'
#' @inheritSection datamap_regions Regions
#' @inheritParams datamap_intervals
#' @inheritParams datamap_regions
#' @param map A list of data maps, one per run of the training, at least two,
#'   with the same labels (see [datamap_runs()]) and at least 200 samples that
#'   have a value in all of them.
#' @param ... Must be empty; for `print()` not used.
#' @param x,object What `datamap_region_probs()` returned.
#'
#' @return A data frame of class `datamap_region_probs`, one row per sample:
#'   `id`; the probabilities `hard-to-learn`, `ambiguous` and `easy-to-learn`,
#'   whose sum is 1; `region`, that of the means over the runs, a factor; and
#'   `p_region`, its probability.
#'
#'   `tidy()` gives it as a bare data frame; `glance()` one row: `samples`,
#'   `runs`, `cells`, `agreement` (the share of samples that two runs put into
#'   the same region, mean over the pairs of runs), `p_region` (the mean) and
#'   the cut-offs `variability` and `confidence`. `autoplot()`: a ggplot of the
#'   means, in the colours of `p_region`, with up to 5,000 samples; `plot()`
#'   draws it.
#' @seealso [datamap_regions()] for the regions of one map;
#'   `vignette("how-sure")` for how the probabilities came true.
#' @export
#' @examples
#' # Runs of a training differ like this
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' runs <- lapply(1:3, function(seed) {
#'   set.seed(seed)
#'   noise <- rnorm(nrow(map), sd = 0.3)
#'   map$avg_probs <- plogis(qlogis(map$avg_probs) + noise)
#'   map$label_var <- map$label_var * exp(noise)
#'   map
#' })
#' probs <- datamap_region_probs(runs)
#' probs
#' plot(probs)
datamap_region_probs <- function(map,
                                 ...,
                                 cutoffs = c(
                                   variability = 0.2, confidence = 0.5
                                 )) {
  check_dots()
  cutoffs <- check_cutoffs(cutoffs)
  runs <- take_runs(
    map,
    least = 2L,
    alone = "Where another run would put a sample is not seen in one of them."
  )
  places <- run_places(runs)
  n <- length(places$ids)
  k <- length(runs$maps)
  check_enough(n, 200, "label_var")
  region <- region_codes(places$confidence, places$variability, cutoffs)
  found <- grid_shares(places, matrix(region, n))
  of_means <- region_codes(
    rowMeans(places$confidence), rowMeans(places$variability), cutoffs
  )
  columns <- list(id = places$ids)
  columns[datamap_region_names] <- lapply(1:3, function(r) found$probs[, r])
  columns$region <- as_levels(of_means, datamap_region_names)
  columns$p_region <- found$probs[cbind(seq_len(n), of_means)]
  new_result(
    list2DF(columns), "datamap_region_probs",
    means = list(
      confidence = rowMeans(places$confidence),
      variability = rowMeans(places$variability)
    ),
    cutoffs = cutoffs,
    summary = data.frame(
      samples = n, runs = k, cells = found$cells,
      agreement = 1 - moved_within(list(matrix(region, n))),
      p_region = mean(columns$p_region),
      variability = cutoffs[["variability"]],
      confidence = cutoffs[["confidence"]]
    )
  )
}

# The confidence and the variability of each sample, a row, in each run, a
# column, of the samples that have both in all runs.
run_places <- function(runs) {
  confidence <- run_values(runs, "avg_probs")
  variability <- sqrt(run_values(runs, "label_var"))
  is_whole <- is.finite(rowSums(confidence) + rowSums(variability))
  inform_missing(
    sum(!is_whole), c("avg_probs", "label_var"),
    what = "No region:", kind = "no value in some run"
  )
  list(
    ids = runs$ids[is_whole],
    confidence = confidence[is_whole, , drop = FALSE],
    variability = variability[is_whole, , drop = FALSE]
  )
}

# For each sample the shares of the regions in its cell. `region` are codes, a
# column per run.
grid_shares <- function(places, region) {
  k <- ncol(region)
  along <- function(values) {
    total <- rowSums(values)
    others <- (total - values) / (k - 1)
    dim(others) <- NULL
    breaks <- quantile_breaks(others, 8)
    list(
      others = findInterval(others, breaks, all.inside = TRUE),
      own = findInterval(total / k, breaks, all.inside = TRUE),
      n = length(breaks) - 1L
    )
  }
  x <- along(places$confidence)
  y <- along(places$variability)
  n_cells <- x$n * y$n
  cell <- x$others + x$n * (y$others - 1L)
  counts <- matrix(
    tabulate(cell + n_cells * (as.vector(region) - 1L), 3L * n_cells), n_cells
  )
  overall <- colSums(counts) / sum(counts)
  probs <- (counts + rep(3 * overall, each = n_cells)) / (rowSums(counts) + 3)
  list(
    probs = probs[x$own + x$n * (y$own - 1L), , drop = FALSE],
    cells = sum(rowSums(counts) > 0)
  )
}

# The share of samples that two runs put into different regions, over the pairs
# of runs within each of some matrices of codes, a column per run; NA where
# there are none.
moved_within <- function(codes) {
  pairs <- vapply(codes, function(x) choose(ncol(x), 2) * nrow(x), 0)
  same <- vapply(codes, function(x) {
    sum(vapply(1:3, function(r) {
      times <- rowSums(x == r)
      sum(times * (times - 1) / 2)
    }, 0))
  }, 0)
  if (sum(pairs) > 0) 1 - sum(same) / sum(pairs) else NA_real_
}

# --- looking at it ---

#' @rdname datamap_region_probs
#' @exportS3Method generics::tidy
tidy.datamap_region_probs <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap_region_probs
#' @exportS3Method generics::glance
glance.datamap_region_probs <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_region_probs
#' @export
print.datamap_region_probs <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  cat_wrapped(paste0(
    "In which region a fresh run would put each of ",
    plural_count(of$samples, "sample"), ", from ", of$runs, " runs"
  ))
  cat_wrapped(paste0(
    "Two of these runs put ", percent(of$agreement), " of the samples into ",
    "the same region. The probabilities hold on average over samples that lie ",
    "near each other: of a class or a single sample they say nothing exact"
  ))
  print_head(plain_frame(x), min(10L, nrow(x)))
  invisible(x)
}

#' @rdname datamap_region_probs
#' @rawNamespace S3method(ggplot2::autoplot, datamap_region_probs)
autoplot.datamap_region_probs <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  cutoffs <- attr(object, "cutoffs", exact = TRUE)
  means <- attr(object, "means", exact = TRUE)
  n <- of$samples
  shown <- unique(round(seq(1, n, length.out = min(5000, n))))
  data <- data.frame(
    x = means$variability[shown], y = means$confidence[shown],
    p = object$p_region[shown]
  )
  # What is least sure lies on top
  data <- data[order(-data$p), ]
  title <- "How sure the region of a sample is"
  subtitle <- paste0(
    "Means over ", of$runs, " runs of ", plural_count(n, "sample"),
    if (nrow(data) < n) paste0(", ", format_count(nrow(data)), " shown")
  )
  caption <- paste0(
    "Colour: the probability that a fresh run agrees; two runs agree on ",
    percent(of$agreement)
  )
  counts <- group_counts(object$region)
  plot <- ggplot2::ggplot(data, aes(.data$x, .data$y, colour = .data$p)) +
    ggplot2::geom_point(size = point_size(Inf, nrow(data))) +
    signal_limits("confidence", "variability") +
    geom_datamap_regions("confidence", "variability", cutoffs = cutoffs) +
    ggplot2::scale_colour_gradient(
      low = datamap_colours[[3]], high = datamap_colours[[6]],
      labels = function(x) percent(x)
    ) +
    ggplot2::labs(
      x = wrap_text(signal_title("variability"), "x"),
      y = wrap_text(signal_title("confidence"), "y"),
      colour = wrap_text("Probability", "legend"),
      title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      caption = wrap_text(caption, "caption"),
      alt = paste0(
        title, ". ", subtitle, ". ", caption, ". Mean probability of the ",
        "region of the means ", percent(of$p_region), ". Regions: ",
        list_counts(counts), "."
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

#' @rdname datamap_region_probs
#' @export
plot.datamap_region_probs <- function(x, ...) {
  print(autoplot.datamap_region_probs(x, ...))
  invisible(x)
}
