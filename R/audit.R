# An audit: a person checks some labels, drawn at random, and what follows for
# the others.

#' Audit of the labels
#'
#' A person checks some labels, and the data map says what follows for the
#' others: `datamap_audit_sample()` draws the samples to check, and
#' `datamap_audit()` takes the answers. It flags labels that nobody has checked,
#' with a bound on the share of right ones among them, and says how many labels
#' are wrong.
#'
#' The samples are drawn from the *pool*: the `top` share of the samples that
#' are most suspect by the metric `by` (see [datamap_detect()] for which end of
#' a metric is suspect), and those that are tied with the last of them. Where
#' `map` is a list of runs, the score is the mean over the runs. Samples without
#' a value are in no pool. With few answers a small pool is worth it, since more
#' of the answers then meet wrong labels; but then nothing is said of the labels
#' outside of it.
#'
#' Whoever checks must not know what the map thinks of a label, so
#' `datamap_audit_sample()` gives the samples in random order and without a
#' score. Write them as CSV, have the column `is_wrong` filled in, and read them
#' again; or write them with their texts by [datamap_review()].
#'
#' # Flagged labels
#' For each sample of the pool that was not checked, with \eqn{m} checked ones,
#' \deqn{p = (1 + r) / (m + 1)}{p = (1 + r) / (m + 1)}
#' where \eqn{r} is how many of the checked ones were found right and are at
#' least as suspect. The method of Benjamini and Hochberg (1995) at `fdr` tells
#' which are flagged (Jin and Candès 2023). For `fdr = 0.1` that means: *over
#' all audits that could have been drawn, on average at most 10 % of the flagged
#' labels are right.* It holds for any metric and any kind of wrong labels,
#' because checked and unchecked samples of the pool are exchangeable.
#'
#' # Lists of fixed length
#' `tidy()` says how many labels are wrong among the most suspect tenth of the
#' pool, the two most suspect tenths, and so on up to all of it (term `"list"`),
#' with bounds from the hypergeometric distribution that hold for all ten lists
#' together with the probability `level`. So the length of a list may be chosen
#' after looking at them.
#'
#' # Share of wrong labels
#' The term `"wrong labels"` is the share in the pool, with an exact interval.
#' Where `top` is 1, at least 250 labels were checked and at least 5 of them
#' found wrong and 5 right, `"wrong labels, regression"` is the same by a
#' regression estimator (Cassel et al. 1976) on
#' \eqn{(1 - avg\_probs)^2}{(1 - avg_probs)^2}, which is narrower.
#'
#' # What it does not say
#' Nothing about the labels of one class, or about a single sample. Not that of
#' *this* audit's flagged labels at most 10 % are right: that holds on average
#' over audits. Not how many of the wrong labels were flagged: where hard right
#' samples lie among the wrong ones nearly nothing can be flagged. Nothing at
#' all where the checked samples were picked by hand, or where `by`, `top` or
#' `fdr` were chosen after looking at `is_wrong`.
#'
#' @param map A data map, or a list of data maps, one per run of the training.
#' @param audit The samples that were checked: a data frame with the columns
#'   `id` and `is_wrong` (`TRUE` or `FALSE`, or 1 or 0). `NA`, could not be
#'   decided, counts as right, which keeps the bounds; a message of class
#'   `datamap_message_na` counts them. Where there is a column `is_random`, as
#'   [datamap_read_review()] gives it, only the samples for which it is `TRUE`
#'   count; a message of class `datamap_message_not_random` says how many are
#'   left out.
#' @param ... Must be empty; for `print()` not used.
#' @param n How many samples to draw. A message of class
#'   `datamap_message_audit_size` says how many are advised where it is fewer:
#'   500 of the whole map, 100 of its top fifth.
#' @param by The name of a metric that has a suspect end, `"avg_probs"` by
#'   default.
#' @param top The share of the samples, most suspect first, that is the pool:
#'   above 0 and up to 1, the default. In `datamap_audit()`, `by` and `top` must
#'   be those of the drawing.
#' @param seed A whole number that makes the drawing the same every time; the
#'   state of R's generator is left as it was. `NULL`, the default, draws from
#'   that generator.
#' @param fdr The bound on the share of right labels among the flagged ones, on
#'   average over audits.
#' @param level The probability with which intervals hold.
#' @param x,object What `datamap_audit()` returned.
#'
#' @return `datamap_audit_sample()`: a data frame in random order with the
#'   columns `id`, `label` (if the map has it) and `is_wrong`, which is `NA`.
#'
#'   `datamap_audit()`: a data frame of class `datamap_audit`, one row per
#'   sample of the pool, the most suspect first: `id`, `rank`, `is_audited`,
#'   `is_wrong` (`NA` where not checked or not decided), `p.value` (`NA` where
#'   checked) and `is_flagged`. A warning of class `datamap_warning_audit` is
#'   given where the checked samples do not look drawn at random, a message of
#'   class `datamap_message_audit_size` where too few were checked to flag any.
#'
#'   `tidy()`: a data frame of the lists and shares, with the columns `term`,
#'   `k` (the length of the list), `audited`, `wrong`, `estimate`, `std.error`
#'   (of the regression), `conf.low` and `conf.high`. `glance()`: one row, with
#'   `samples`, `pool`, `audited`, `wrong`, `fdr`, `flagged`, `expected_wrong`
#'   (`flagged` times 1 less `fdr`), `by`, `top` and `z`, the mean rank of the
#'   checked samples in standard deviations of a random drawing.
#'   `autoplot()`: a ggplot of the share of wrong labels against the length of
#'   the list; `plot()` draws it.
#'
#' @references
#' Benjamini, Y. and Hochberg, Y. (1995). Controlling the False Discovery Rate:
#' A Practical and Powerful Approach to Multiple Testing. *Journal of the Royal
#' Statistical Society B* 57(1), 289-300.
#' \doi{10.1111/j.2517-6161.1995.tb02031.x}
#'
#' Cassel, C. M., Särndal, C. E. and Wretman, J. H. (1976). Some results on
#' generalized difference estimation and generalized regression estimation for
#' finite populations. *Biometrika* 63(3), 615-620.
#' \doi{10.1093/biomet/63.3.615}
#'
#' Jin, Y. and Candès, E. J. (2023). Selection by Prediction with Conformal
#' p-values. *Journal of Machine Learning Research* 24(244).
#' \doi{10.48550/arXiv.2210.01408}
#' @seealso [datamap_review()] for programs in which people check labels;
#'   [datamap_detect()] for labels that are known to be wrong;
#'   `vignette("how-sure")`.
#' @name datamap_audit
#' @examples
#' # A map whose wrong labels are known: in life, a person tells
#' map <- datamap_summarise(datamap_example("satellite_signals.json.gz"))
#' to_check <- datamap_audit_sample(map, n = 100, top = 0.2, seed = 1)
#' head(to_check)
#' to_check$is_wrong <- map$s_label[match(to_check$id, map$id)] == 2
#'
#' found <- datamap_audit(map, to_check, top = 0.2)
#' found
#' suspects <- found$id[found$is_flagged]
#' mean(map$s_label[match(suspects, map$id)] != 2) # of them are right
#' plot(found)
NULL

#' @rdname datamap_audit
#' @export
datamap_audit_sample <- function(map,
                                 ...,
                                 n,
                                 by = "avg_probs",
                                 top = 1,
                                 seed = NULL) {
  check_dots()
  call <- rlang::current_env()
  runs <- take_runs(map)
  force_argument(n, "n", call)
  check_number(n, min = 1, whole = TRUE)
  check_seed(seed)
  pool <- audit_pool(runs, by, top, call)
  size <- length(pool$rows)
  need_fits_pool(n, pool, call)
  inform_audit_size(n, top)
  rows <- pool$rows[random_order(size, seed)[seq_len(n)]]
  columns <- list(id = runs$ids[rows])
  if (all_have(runs, "label")) {
    columns$label <- runs$maps[[1]][["label"]][runs$rows[[1]]][rows]
  }
  columns$is_wrong <- rep(NA, n)
  list2DF(columns)
}

#' @rdname datamap_audit
#' @export
datamap_audit <- function(map,
                          audit,
                          ...,
                          by = "avg_probs",
                          top = 1,
                          fdr = 0.1,
                          level = 0.95) {
  check_dots()
  call <- rlang::current_env()
  runs <- take_runs(map)
  answers <- check_answers(audit, call)
  check_share(fdr, allow_null = FALSE)
  check_share(level, allow_null = FALSE)
  pool <- audit_pool(runs, by, top, call)
  ids <- runs$ids[pool$rows]
  at <- find_audited(answers$id, ids, runs, pool, call)
  n_unknown <- sum(is.na(answers$is_wrong))
  inform_missing(n_unknown, "is_wrong", what = "Taken as right:")

  size <- length(ids)
  is_audited <- logical(size)
  is_audited[at] <- TRUE
  is_right <- logical(size)
  is_right[at] <- !(answers$is_wrong %in% TRUE)
  z <- audit_rank_z(pool$score, is_audited)
  warn_not_random(z)
  inform_no_flag(length(at), fdr)
  flags <- audit_flags(pool$score, is_audited, is_right, fdr)

  is_wrong <- rep(NA, size)
  is_wrong[at] <- answers$is_wrong
  out <- list2DF(list(
    id = ids,
    rank = rank_down(pool$score, "min"),
    is_audited = is_audited,
    is_wrong = is_wrong,
    p.value = flags$p,
    is_flagged = flags$is_flagged
  ))
  flagged <- sum(flags$is_flagged)
  new_result(
    out, "datamap_audit",
    terms = audit_terms(runs, pool, is_audited, is_right, level),
    summary = data.frame(
      samples = length(runs$ids), pool = size, audited = length(at),
      wrong = sum(is_audited & !is_right), fdr = fdr, flagged = flagged,
      expected_wrong = flagged * (1 - fdr), by = by, top = top, z = z
    ),
    level = level,
    undecided = n_unknown
  )
}

# --- the pool ---

# The pool, most suspect first: its places among the samples of `runs` and their
# scores, large where suspect.
audit_pool <- function(runs, by, top, call) {
  check_share(top, is_whole_allowed = TRUE, allow_null = FALSE, call = call)
  check_string(by, call = call)
  choices <- intersect(run_metrics(runs), names(suspect_ends))
  if (!by %in% choices) {
    similar <- similar_names(by, choices)
    abort_datamap(
      c(
        "{.arg by} must be a metric of the map that has a suspect end.",
        x = "{.val {by}} is none.",
        i = "There are {.val {choices}}.",
        did_you_mean(similar)
      ),
      class = "input", key = by, columns = choices, similar = similar,
      call = call
    )
  }
  score <- suspect_ends[[by]] * mean_over_runs(runs, by)
  has_value <- !is.na(score)
  inform_missing(sum(!has_value), by, what = "In no pool:")
  rows <- which(has_value)
  rows <- rows[order(score[rows], decreasing = TRUE, method = "radix")]
  size <- min(max(1, round(top * length(score))), length(rows))
  if (size == 0) {
    abort_datamap(
      c(
        "There must be samples to check.",
        x = "No sample has a value in {.field {by}}."
      ),
      class = "input", key = by, call = call
    )
  }
  rows <- rows[score[rows] >= score[rows[[size]]]]
  list(rows = rows, score = score[rows], by = by, top = top)
}

# "among the top 20 % by avg_probs"
pool_words <- function(pool) {
  if (pool$top == 1) {
    return(paste("with a value of", pool$by))
  }
  paste("among the top", percent(pool$top), "by", pool$by)
}

need_fits_pool <- function(n, pool, call) {
  size <- length(pool$rows)
  if (n > size) {
    of <- pool_words(pool)
    abort_argument(
      n, paste0(
        "at most ", format_count(size), ", the number of samples ",
        cli_verbatim(of)
      ),
      "n", call
    )
  }
}

# Ranks from the most suspect on.
rank_down <- function(score, ties) {
  rank(-score, ties.method = ties)
}

# How many answers it takes to flag anything, where a tenth of the labels are
# wrong and all of these in the pool.
inform_audit_size <- function(n, top) {
  share <- min(1, 0.1 / top)
  smallest <- ceiling(1 / (0.1 * share) - 1e-9)
  advised <- ceiling(5 / (0.1 * share) - 1e-9)
  if (n >= advised) {
    return(invisible())
  }
  counts <- format_count(c(n, smallest, advised))
  inform_datamap(
    c(i = paste(
      "{counts[[1]]} sample{cli::qty(n)}{?s} {?is/are} few. If a tenth of all",
      "labels are wrong, it takes some {counts[[2]]} to flag any, and",
      "{counts[[3]]} are advised; fewer with a smaller {.arg top}."
    )),
    class = "audit_size", n = n, smallest = smallest, advised = advised
  )
}

# --- the answers ---

check_answers <- function(audit, call = rlang::caller_env()) {
  check_data_frame(audit, "audit", call)
  audit <- only_random(audit, call)
  missing <- setdiff(c("id", "is_wrong"), names(audit))
  if (length(missing) > 0) {
    similar <- similar_names(missing, names(audit))
    abort_datamap(
      c(
        "{.arg audit} must have the columns {.field id} and {.field is_wrong}.",
        x = "It lacks {.field {missing}}.",
        did_you_mean(similar)
      ),
      class = "input", key = missing[[1]], similar = similar, call = call
    )
  }
  id <- check_id_vector(
    audit[["id"]], "a data frame whose {.field id} are ids, none missing",
    "audit", call
  )
  is_wrong <- audit[["is_wrong"]]
  is_known <- is.logical(is_wrong) || (is_number(is_wrong) &&
    all(is_wrong %in% c(0, 1, NA)))
  if (!is_known || !is.null(dim(is_wrong))) {
    found <- describe(is_wrong)
    abort_datamap(
      c(
        paste(
          "Column {.field is_wrong} of {.arg audit} must hold TRUE or FALSE,",
          "or 1 or 0."
        ),
        x = "It is {found}."
      ),
      class = "input", key = "is_wrong", call = call
    )
  }
  if (length(id) == 0) {
    abort_datamap(
      c(
        "{.arg audit} must have the samples that were checked.",
        x = "It has no row."
      ),
      class = "input", key = "audit", call = call
    )
  }
  need_once(id, "audit", call)
  list(id = id, is_wrong = as.logical(is_wrong))
}

need_once <- function(id, arg, call) {
  row <- repeated_id(id)
  if (row > 0) {
    again <- id_text(id[row])
    abort_datamap(
      c(
        "{.arg {arg}} must have each sample once.",
        x = "The {.field id} {.val {again}} is there more than once."
      ),
      class = "input", key = again, line = row, call = call
    )
  }
}

# Of a review, what was drawn at random.
only_random <- function(audit, call) {
  is_random <- audit[["is_random"]]
  if (is.null(is_random)) {
    return(audit)
  }
  if (!is.logical(is_random) || anyNA(is_random) || !any(is_random)) {
    found <- if (is.logical(is_random) && !anyNA(is_random)) {
      "None of the samples was: {.arg mix} was 0."
    } else {
      "The column must be TRUE or FALSE: the tickets of the review are lost."
    }
    abort_datamap(
      c(
        paste(
          "{.field is_random} of {.arg audit} must tell which samples were",
          "drawn at random."
        ),
        x = found
      ),
      class = "input", key = "is_random", call = call
    )
  }
  if (!all(is_random)) {
    counts <- format_count(c(sum(!is_random), length(is_random)))
    inform_datamap(
      c(i = paste(
        "{counts[[1]]} of {counts[[2]]} checked samples were not drawn at",
        "random and are left out."
      )),
      class = "not_random", n = sum(!is_random)
    )
  }
  audit[is_random, , drop = FALSE]
}

# The places of the audited in the pool.
find_audited <- function(id, pool_ids, runs, pool, call) {
  at <- match_ids(id, pool_ids)
  lost <- which(is.na(at))
  if (length(lost) == 0) {
    return(at)
  }
  is_known <- !is.na(match_ids(id[lost], runs$ids))
  first <- id_text(id[lost[[1]]])
  where <- if (is_known[[1]]) {
    paste("not", pool_words(pool))
  } else {
    "not on the map"
  }
  count <- format_count(length(lost))
  abort_datamap(
    c(
      "Every sample of {.arg audit} must be one that could have been drawn.",
      x = "The {.field id} {.val {first}} is {where}.",
      i = if (length(lost) > 1) "So {count} of them can't have been drawn.",
      i = paste(
        "{.arg by} and {.arg top} must be those given to",
        "{.fn datamap_audit_sample}."
      )
    ),
    class = "input", key = first, line = lost[[1]], call = call
  )
}

# How far the mean rank of the audited is from that of the pool, in standard
# deviations of a drawing without replacement. NA where it can't be any other.
audit_rank_z <- function(score, is_audited) {
  n <- as.double(length(score))
  m <- sum(is_audited)
  ties <- as.double(rle(sort(score))$lengths)
  correction <- 1 - sum(ties^3 - ties) / (n^3 - n)
  variance <- (n + 1) * (n - m) * correction / (12 * m)
  if (n == 1 || variance <= 0) {
    return(NA_real_)
  }
  ranks <- rank_down(score, "average")
  (mean(ranks[is_audited]) - (n + 1) / 2) / sqrt(variance)
}

warn_not_random <- function(z) {
  if (is.na(z) || abs(z) <= 4) {
    return(invisible())
  }
  end <- if (z > 0) "less" else "more"
  far <- format_number(abs(z), digits = 3)
  warn_datamap(
    c(
      "The checked samples do not look drawn at random.",
      x = paste(
        "They are {end} suspect than those of a random drawing, by {far}",
        "standard deviations: the guarantee does not hold."
      ),
      i = paste(
        "Check samples of {.fn datamap_audit_sample}, all of them, and give",
        "the same {.arg by} and {.arg top}."
      )
    ),
    class = "audit", z = z, call = NULL
  )
}

inform_no_flag <- function(m, fdr) {
  needed <- ceiling(1 / fdr - 1 - 1e-9)
  if (m >= needed) {
    return(invisible())
  }
  counts <- format_count(c(m, needed))
  inform_datamap(
    c(i = paste(
      "{counts[[1]]} checked sample{cli::qty(m)}{?s} can flag nothing at an",
      "{.arg fdr} of {format_number(fdr)}: it takes {counts[[2]]}."
    )),
    class = "audit_size", n = needed
  )
}

# --- what follows ---

# For each sample that was not audited its conformal p-value, and whether the
# method of Benjamini and Hochberg flags it.
audit_flags <- function(score, is_audited, is_right, fdr) {
  m <- sum(is_audited)
  right <- sort(score[is_audited & is_right])
  others <- which(!is_audited)
  # those below, by bisection
  below <- findInterval(score[others], right, left.open = TRUE)
  p <- (1 + length(right) - below) / (m + 1)
  is_flagged <- logical(length(score))
  if (length(others) > 0) {
    up <- sort(p)
    u <- length(up)
    # often equal in exact arithmetic
    holds <- which(up <= fdr * seq_len(u) / u * (1 + 1e-12))
    if (length(holds) > 0) {
      is_flagged[others] <- p <= up[[max(holds)]]
    }
  }
  p_value <- rep(NA_real_, length(score))
  p_value[others] <- p
  list(p = p_value, is_flagged = is_flagged)
}

# The rows of tidy(): ten lists, and shares of the pool.
audit_terms <- function(runs, pool, is_audited, is_right, level) {
  n <- length(pool$score)
  cut <- pool$score[pmax(1, round(n * (1:10) / 10))]
  k <- findInterval(-cut, -pool$score)
  audited <- cumsum(is_audited)[k]
  right <- cumsum(is_audited & is_right)[k]
  lists <- audit_rows("list", k, audited, right, (1 - level) / 20)
  pool_row <- audit_rows(
    "wrong labels", n, sum(is_audited), sum(is_right), (1 - level) / 2
  )
  rbind(
    lists, pool_row,
    audit_regression(runs, pool, is_audited, is_right, level)
  )
}

audit_rows <- function(term, k, audited, right, tail) {
  bounds <- hyper_bounds(k, audited, right, tail)
  data.frame(
    term = term, k = k, audited = audited, wrong = audited - right,
    estimate = ifelse(audited > 0, 1 - right / audited, NA_real_),
    std.error = NA_real_,
    conf.low = 1 - bounds$high / k, conf.high = 1 - bounds$low / k
  )
}

# How many of k may be right when x of m that were drawn are: those numbers for
# which neither tail is at most `tail`. By bisection, for vectors.
hyper_bounds <- function(k, m, x, tail) {
  # The largest D at which x or fewer are still likely enough
  high <- last_true(x, k - m + x, function(d) {
    stats::phyper(x, d, k - d, m) > tail
  })
  # The smallest one at which x or more are: counted from the other end
  wrong <- last_true(m - x, k - x, function(d) {
    stats::phyper(m - x, d, k - d, m) > tail
  })
  list(low = k - wrong, high = high)
}

# The largest whole number from `from`, where it holds, to `to` for which
# `holds` is true, which is true up to some number and false beyond.
last_true <- function(from, to, holds) {
  while (any(from < to)) {
    middle <- ceiling((from + to) / 2)
    is_true <- holds(middle)
    from <- ifelse(is_true, middle, from)
    to <- ifelse(is_true, to, middle - 1)
  }
  from
}

# NULL where there are too few answers of each kind, or no second metric.
audit_regression <- function(runs, pool, is_audited, is_right, level) {
  n <- length(pool$rows)
  m <- sum(is_audited)
  n_right <- sum(is_right)
  a <- (1 - mean_over_runs(runs, "avg_probs")[pool$rows])^2
  if (pool$top < 1 || m < 250 || min(n_right, m - n_right) < 5 ||
        !all(is.finite(a))) {
    return(NULL)
  }
  x <- a[is_audited]
  y <- as.double(!is_right[is_audited])
  centred <- x - mean(x)
  spread <- sum(centred^2)
  if (spread == 0) {
    return(NULL)
  }
  slope <- sum(centred * (y - mean(y))) / spread
  rest <- y - mean(y) - slope * centred
  estimate <- mean(y) + slope * (mean(a) - mean(x))
  error <- sqrt((1 - m / n) * sum(rest^2) / (m - 2) / m)
  half <- stats::qt((1 + level) / 2, m - 2) * error
  data.frame(
    term = "wrong labels, regression", k = n, audited = m,
    wrong = m - n_right, estimate = estimate, std.error = error,
    conf.low = max(0, estimate - half), conf.high = min(1, estimate + half)
  )
}

# --- looking at it ---

#' @rdname datamap_audit
#' @exportS3Method generics::tidy
tidy.datamap_audit <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "terms", exact = TRUE)
}

#' @rdname datamap_audit
#' @exportS3Method generics::glance
glance.datamap_audit <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_audit
#' @export
print.datamap_audit <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  terms <- attr(x, "terms", exact = TRUE)
  level <- attr(x, "level", exact = TRUE)
  undecided <- attr(x, "undecided", exact = TRUE)
  share <- terms[nrow(terms), ]
  cat_wrapped(paste0(
    "An audit of ", format_count(of$audited), " of ",
    plural_count(of$pool, "sample"), if (of$top < 1) {
      paste0(
        ", the top ", percent(of$top), " of ", format_count(of$samples)
      )
    }, " by ", of$by
  ))
  cat_wrapped(paste0(
    if (of$wrong == 0) "None" else format_count(of$wrong), " of ",
    format_count(of$audited),
    if (of$wrong %in% 0:1) " was wrong" else " were wrong",
    if (undecided > 0) {
      paste0(" (", format_count(undecided), " not decided, taken as right)")
    },
    ": wrong labels in the ", if (of$top < 1) "pool: " else "map: ",
    percent(share$estimate), " (", percent(share$conf.low), " to ",
    percent(share$conf.high), ")",
    if (of$top < 1) {
      paste0(
        "; in the whole map at least ",
        percent(share$conf.low * of$pool / of$samples),
        ", and not known otherwise"
      )
    }
  ))
  cat_wrapped(paste0(
    "Flagged: ", plural_count(of$flagged, "label"), " that nobody checked. ",
    "Over all audits that could have been drawn, on average at most ",
    percent(of$fdr), " of the flagged labels are right"
  ))
  cat_wrapped(paste(
    "It does not say that of single classes, nor of this audit alone, nor how",
    "many wrong labels are not flagged"
  ))
  cat_wrapped(paste0(
    "tidy() has the shares of wrong labels in ten lists, which hold together ",
    "with a probability of ", percent(level)
  ))
  print_head(plain_frame(x), min(10L, nrow(x)))
  invisible(x)
}

#' @rdname datamap_audit
#' @rawNamespace S3method(ggplot2::autoplot, datamap_audit)
autoplot.datamap_audit <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  terms <- attr(object, "terms", exact = TRUE)
  level <- percent(attr(object, "level", exact = TRUE))
  lists <- terms[terms$term == "list", ]
  # How many there are down to the last that is flagged
  last <- sum(object$rank <= max(0L, object$rank[object$is_flagged]))
  title <- "Wrong labels among the most suspect"
  subtitle <- paste0(
    format_count(of$audited), " of ", plural_count(of$pool, "sample"),
    " checked",
    if (of$top < 1) paste0(", the top ", percent(of$top)),
    if (last > 0) {
      paste0("; dashed: the last of ", format_count(of$flagged), " flagged")
    } else {
      "; none flagged"
    }
  )
  caption <- paste0(
    "Suspect by ", of$by, "; all ten bars together hold in ", level,
    " of audits"
  )
  plot <- ggplot2::ggplot(lists, aes(.data$k, .data$estimate)) +
    ggplot2::geom_vline(
      xintercept = last[last > 0], colour = "grey20", linetype = 2
    ) +
    ggplot2::geom_linerange(
      aes(ymin = .data$conf.low, ymax = .data$conf.high),
      colour = datamap_colours[[1]]
    ) +
    ggplot2::geom_point(
      colour = datamap_colours[[1]], size = 2.5, na.rm = TRUE
    ) +
    ggplot2::scale_x_continuous(
      limits = c(0, NA), labels = function(x) format_count(x)
    ) +
    ggplot2::scale_y_continuous(
      limits = c(0, 1), labels = function(x) percent(x)
    ) +
    ggplot2::labs(
      x = "Length of the list, most suspect first",
      y = wrap_text("Share of wrong labels", "y"),
      title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      caption = wrap_text(caption, "caption"),
      alt = paste0(
        title, ". ", subtitle, ". ", caption, ". Share of wrong labels by ",
        "length of the list: ",
        paste0(
          format_count(lists$k), ": ",
          ifelse(
            is.na(lists$estimate), "unknown", percent(lists$estimate)
          ),
          collapse = ", "
        ), "."
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

#' @rdname datamap_audit
#' @export
plot.datamap_audit <- function(x, ...) {
  print(autoplot.datamap_audit(x, ...))
  invisible(x)
}
