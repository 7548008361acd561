#' Problems of the signals behind a data map
#'
#' What was wrong with the signals that a map was made of: bad lines that were
#' skipped (`on_error = "skip"`) and disagreements, lines that were read and
#' counted although they contradict themselves or the lines before.
#'
#' Disagreements are: a `label` or `s_label` that changes; `correct` against
#' the prediction (`pred_label`, or the largest of `probs` or `logits`) and the
#' label; the same `step` twice for a sample; a probability outside
#' \[-1e-6, 1 + 1e-6\]; `probs` that do not sum to 1 within 1e-3, or whose
#' length changes; a `label_probs` that is `NaN` or infinite, or differs by more
#' than 1e-6 from what `probs` or `logits` say of the label's class; another
#' `label_index` for a sample's label than before; a `NaN` among `probs` or
#' `logits` where only they could tell the prediction (such a line counts as not
#' right).
#'
#' Of a table in a database, one query counts the lines that are bad, that
#' contradict themselves or others, or that are at the same time as another one
#' of their id. There is one row for each kind of problem then, whose `actual`
#' says how many lines have it; lines in a database have no number.
#'
#' @param x A data map made by [datamap_summarise()], a table made by
#'   [datamap_read_signals()], or a [datamap_state()]; or a table of signals in
#'   a database, or the data map of one, whose signals are looked at again.
#' @return A data frame, one row per problem, in the order of the lines:
#'   `row` (line of the file, or row of the table, from 1; `NA` for what was
#'   found where states were merged), `col` (first
#'   character of the value within the line, from 1; `NA` for a table),
#'   `expected`, `actual` and `file` (`NA` where the signals came from no
#'   file). The first 10,000 are kept; the attribute `counts` is a named
#'   numeric vector with the true number of each kind.
#' @examples
#' map <- datamap_summarise(I('
#'   {"id": 1, "label": 0, "correct": true, "label_probs": 0.9}
#'   {"id": 1, "label": 1, "correct": true, "label_probs": 1.2}
#' '))
#' datamap_problems(map)
#' @seealso [datamap_summarise()]
#' @export
datamap_problems <- function(x) {
  if (is_lazy(x)) {
    return(problems_of_lazy(x, rlang::current_env()))
  }
  if (inherits(x, "datamap_state")) {
    x <- check_shown(x)
    return(problems_from_core(x, x$files))
  }
  problems <- attr(x, "problems", exact = TRUE)
  if (is.null(problems)) {
    problems <- new_problems()
  }
  problems
}

# The core's kinds of problems, and how a warning counts them.
problem_kinds <- c(
  bad_line = "bad line{?s}",
  label = "line{?s} with another {.field label} than the id had first",
  s_label = "line{?s} with another {.field s_label} than the id had first",
  correct = "line{?s} whose {.field correct} contradicts the prediction",
  step = "line{?s} with a {.field step} that the id had before",
  prob_range = "line{?s} with a probability outside 0 to 1",
  prob_sum = "line{?s} whose {.field probs} do not sum to 1",
  prob_count = "line{?s} with another number of classes than the id had first",
  not_finite = "line{?s} with a {.field label_probs} that is NaN or infinite",
  label_index = paste(
    "line{?s} with another {.field label_index} than the label of the id had",
    "first"
  ),
  nan_class = paste(
    "line{?s} without a prediction, since {.field probs} or {.field logits}",
    "have a NaN; {?it counts/they count} as not right"
  ),
  label_probs = paste(
    "line{?s} whose {.field label_probs} is not that of the class vector"
  )
)

problems_kept <- 10000

new_problems <- function(row = double(),
                         col = double(),
                         expected = character(),
                         actual = character(),
                         file = character(),
                         counts = 0 * lengths(problem_kinds)) {
  problems <- data.frame(
    row = whole_numbers(row),
    col = whole_numbers(col),
    expected = expected,
    actual = actual,
    file = file
  )
  attr(problems, "counts") <- counts
  problems
}

# From the core's list; `paths` are the names of the sources, NA for none.
problems_from_core <- function(result, paths) {
  kept <- result$problems
  new_problems(
    kept$row, kept$col, kept$expected, kept$actual, paths[kept$file],
    result$problem_counts
  )
}

# More of one kind, found in rows of a table.
add_problems <- function(problems, kind, row, expected, actual) {
  counts <- attr(problems, "counts")
  counts[[kind]] <- counts[[kind]] + length(row)
  n <- min(length(row), max(0, problems_kept - nrow(problems)))
  kept <- seq_len(n)
  new_problems(
    c(problems$row, row[kept]), c(problems$col, rep(NA_real_, n)),
    c(problems$expected, expected[kept]), c(problems$actual, actual[kept]),
    c(problems$file, rep(NA_character_, n)), counts
  )
}

# How many there were, also beyond those that are kept.
count_problems <- function(problems) {
  if (!is.data.frame(problems)) {
    return(0)
  }
  max(nrow(problems), sum(attr(problems, "counts", exact = TRUE)))
}

# One warning for skipped lines, one for disagreements.
warn_problems <- function(problems, call) {
  counts <- attr(problems, "counts")
  n_bad <- counts[["bad_line"]]
  if (n_bad > 0) {
    warn_datamap(
      c(
        "Skipped {format_count(n_bad)} bad {cli::qty(n_bad)}line{?s}.",
        "i" = "{.fun datamap_problems} returns where and why."
      ),
      class = "skipped",
      n = n_bad,
      problems = problems,
      call = call
    )
  }
  counts <- counts[names(counts) != "bad_line" & counts > 0]
  if (length(counts) > 0) {
    total <- sum(counts)
    warn_datamap(
      c(
        paste(
          "{format_count(total)} disagreement{cli::qty(total)}{?s}",
          "in the signals; all lines were counted."
        ),
        stats::setNames(disagreement_lines(counts), rep("!", length(counts))),
        vector_hints(problems),
        "i" = "{.fun datamap_problems} returns where."
      ),
      class = "disagreement",
      counts = counts,
      problems = problems,
      call = call
    )
  }
}

# What class vectors look like, by the lines that are kept: a sum that is not 1,
# and a value of the same line that is negative.
vector_hints <- function(problems) {
  is_sum <- startsWith(problems$actual, "a sum of ")
  sums <- as.double(sub("a sum of ", "", problems$actual[is_sum], fixed = TRUE))
  place <- paste(problems$file, problems$row)
  is_negative <- startsWith(problems$actual, "-") &
    problems$expected == "a probability between 0 and 1"
  slip <- score_slip(sums, place[is_sum] %in% place[is_negative])
  if (!is.null(slip)) c("i" = score_hints[[slip]])
}

disagreement_lines <- function(counts) {
  paste0(
    vapply(counts, format_count, ""), " {cli::qty(", counts, ")}",
    problem_kinds[names(counts)], "."
  )
}
