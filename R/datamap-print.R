#' Printing and summarising of data maps
#'
#' `print()` shows the size of a data map and its first rows, as far as they
#' fit the width of the console; `summary()` counts its groups and gives the
#' quantiles of its main signals, with the class of each column.
#'
#' @param x,object A data map, or its summary.
#' @param n The number of rows to show, 10 by default.
#' @param ... Not used.
#' @param digits How many significant digits numbers are printed with, 3 by
#'   default. Files have all of them.
#'
#' @return `print()` returns `x`, invisibly. `summary()` returns a list of
#'   class `summary_datamap` with the elements `samples` (the number of
#'   samples), `evaluations` (their smallest and largest number, `NULL` if not
#'   known), `runs` (of a map of [datamap_average()]: how many, in words, else
#'   `NULL`), `groups`, `s_label`, `label` (named integer vectors of counts,
#'   `NULL` where the column is missing), `signals` (a numeric matrix, one row
#'   per signal) and `classes` (a named character vector: the class of each
#'   column that was counted or is among the signals).
#' @seealso [datamap-columns] for what the columns mean, [datamap_plot()]
#' @name datamap-methods
#' @examples
#' map <- as_datamap(data.frame(
#'   id = 1:4,
#'   s_label = c(0, 0, 0, 2),
#'   correct_ratio = c(1, 1, 0.5, 0),
#'   avg_probs = c(0.98, 0.91, 0.55, 0.12),
#'   label_var = c(0.001, 0.004, 0.09, 0.01)
#' ))
#' print(map, n = 2)
#' summary(map)
#' print(summary(map), digits = 2)
NULL

#' @rdname datamap-methods
#' @export
print.datamap <- function(x, n = 10L, ..., digits = 3) {
  check_number(n, min = 0)
  check_digits(digits)
  flaw <- tryCatch(
    {
      take_map(x)
      NULL
    },
    datamap_error = function(error) error
  )
  if (!is.null(flaw)) {
    # What somebody wrote into it is looked at in print()
    cat_wrapped(c("No data map any more:", flaw$message, flaw$body))
    return(invisible(x))
  }
  cat("# ", datamap_header(x), "\n", sep = "")
  if ("s_label" %in% names(x) && nrow(x) > 0) {
    counts <- s_label_counts(x$s_label)
    text <- paste(names(counts), format_count(counts), sep = ": ")
    cat_wrapped(paste(text, collapse = ", "))
  }
  print_head(plain_frame(x), min(n, nrow(x)), digits)
  n_problems <- count_problems(attr(x, "problems", exact = TRUE))
  if (n_problems > 0) {
    cat_wrapped(paste0(
      plural_count(n_problems, "problem"), ": see datamap_problems()"
    ))
  }
  invisible(x)
}

#' @rdname datamap-methods
#' @export
summary.datamap <- function(object, ...) {
  object <- take_map(object)
  signals <- intersect(
    c("avg_probs", "label_var", "correct_ratio", "forgetting_times",
      "learnt_times"),
    numeric_columns(object)
  )
  counted <- intersect(c("s_label", "label"), names(object))
  structure(
    list(
      samples = nrow(object),
      evaluations = evaluations_range(object),
      runs = average_words(object),
      groups = group_counts(group_samples(object, scheme_of("correct_ratio"))),
      s_label = if ("s_label" %in% names(object)) {
        s_label_counts(object$s_label)
      },
      label = if ("label" %in% names(object)) value_counts(object$label),
      signals = t(vapply(object[signals], signal_quantiles, numeric(6))),
      classes = vapply(
        plain_frame(object)[c(counted, signals)],
        function(column) class(column)[[1]], ""
      )
    ),
    class = "summary_datamap"
  )
}

#' @rdname datamap-methods
#' @export
print.summary_datamap <- function(x, ..., digits = 3) {
  check_digits(digits)
  cat(
    paste(c(size_text(x$samples, x$evaluations), x$runs), collapse = ", "),
    "\n",
    sep = ""
  )
  classes <- vapply(x$classes, excerpt, "", width = 20L)
  with_class <- function(name) paste0(name, " <", classes[name], ">")
  print_counts("correct_ratio", x$groups)
  print_counts(with_class("s_label"), x$s_label)
  print_counts(with_class("label"), x$label)
  cat("\nSignals\n")
  print(data.frame(
    class = classes[rownames(x$signals)], signif(x$signals, digits),
    check.names = FALSE
  ), digits = digits)
  invisible(x)
}

# As many as a number has at most in format()
check_digits <- function(x, arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  check_number(x, min = 1, max = 22, whole = TRUE, arg = arg, call = call)
}

datamap_header <- function(x) {
  paste(c(
    paste0("A data map: ", size_text(nrow(x), evaluations_range(x))),
    average_words(x),
    predicted_words(x)
  ), collapse = ", ")
}

size_text <- function(samples, evaluations) {
  paste(c(
    plural_count(samples, "sample"),
    if (!is.null(evaluations)) evaluations_text(evaluations)
  ), collapse = ", ")
}

evaluations_text <- function(evaluations) {
  least <- evaluations[[1]]
  most <- evaluations[[2]]
  paste0(
    if (least < most) paste(format_count(least), "to "),
    plural_count(most, "evaluation"),
    " each"
  )
}

# The smallest and the largest number of evaluations, NULL if not known.
evaluations_range <- function(x) {
  evaluations <- if ("evaluations" %in% numeric_columns(x)) x$evaluations
  evaluations <- evaluations[is.finite(evaluations)]
  if (length(evaluations) == 0) {
    return(NULL)
  }
  range(evaluations)
}

signal_quantiles <- function(x) {
  missing <- sum(is.na(x))
  if (missing > 0) {
    x <- x[!is.na(x)]
  }
  stats::setNames(
    c(stats::quantile(x, names = FALSE), missing),
    c("min", "25%", "median", "75%", "max", "missing")
  )
}

# Values and how often they occur, the values' own order kept for numbers
# and factors, the most frequent first otherwise.
value_counts <- function(x) {
  counted <- count_values(x)
  n_missing <- sum(is.na(x))
  counts <- c(counted$counts, n_missing[n_missing > 0])
  names(counts) <- c(id_text(counted$values), "NA"[n_missing > 0])
  keeps_order <- is.numeric(x) || is.factor(x) || is.logical(x)
  if (keeps_order) counts else counts[order(counts, decreasing = TRUE)]
}

s_label_counts <- function(x) {
  counts <- value_counts(x)
  stats::setNames(counts, s_label_words(names(counts)))
}

print_counts <- function(title, counts, n = 10L) {
  if (length(counts) == 0) {
    return(invisible())
  }
  cat("\n", title, "\n", sep = "")
  shown <- utils::head(counts, n)
  cat(
    paste0(
      "  ", format(names(shown)), "  ",
      format(format_count(shown), justify = "right"), "\n"
    ),
    sep = ""
  )
  if (length(counts) > n) {
    cat("  and ", plural_count(length(counts) - n, "other value"), "\n",
        sep = "")
  }
}

# The first rows, in the columns that fit the console; the rest by name.
print_head <- function(x, n, digits = 3) {
  if (n > 0) {
    shown <- utils::head(x, n)
    # ids as they are, and not in three digits
    are_ids <- names(shown) %in% ident_columns()
    shown[are_ids] <- lapply(shown[are_ids], id_text)
    shown[] <- lapply(shown, shorten_strings)
    text <- format(shown, digits = digits)
    widths <- pmax(
      nchar(names(text), type = "width"),
      vapply(text, function(x) max(nchar(x, type = "width")), integer(1))
    )
    room <- getOption("width") - max(nchar(rownames(text)))
    fits <- cumsum(widths + 1L) <= room
    fits[[1]] <- TRUE
    print(text[fits])
  } else {
    fits <- rep(FALSE, length(x))
  }
  rows <- nrow(x) - n
  hidden <- names(x)[!fits]
  parts <- c(
    if (rows > 0) plural_count(rows, "more row"),
    if (length(hidden) > 0) {
      paste0(
        plural_count(length(hidden), if (n > 0) "more column" else "column"),
        ": ", paste(hidden, collapse = ", ")
      )
    }
  )
  if (length(parts) > 0) {
    cat_wrapped(paste(parts, collapse = " and "))
  }
}

# What is wider would push all else off the console.
shorten_strings <- function(x, width = 30) {
  if (is.factor(x)) {
    x <- factor_labels(x)
  }
  if (is.character(x)) {
    x <- show_text(x)
    is_long <- !is.na(x) & nchar(x, type = "width") > width
    x[is_long] <- paste0(strtrim(x[is_long], width - 3), "...")
  }
  x
}
