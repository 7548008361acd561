# The class: a data frame with one row per sample. It has the four columns
# below and whichever others the summary, or the user, gave it; a function
# that needs another column says so when it is called.
datamap_needs <- c("id", "correct_ratio", "avg_probs", "label_var")

# Other names in the field, and the columns that they stand for.
datamap_aliases <- c(
  guid = "id",
  confidence = "avg_probs",
  variability = "label_var",
  correctness = "correct_times"
)

# Counts of events: whole, not negative.
datamap_counts <- c(
  "correct_times", "forgetting_times", "learnt_times", "first_forget",
  "first_learn", "evaluations"
)

# The constructor. `columns` is a data frame or a named list of columns of
# one length, right by construction: nothing is checked. What comes in `...`
# is kept as attributes (`problems`), and the number of rows as `samples`: where
# some are taken away, the map knows how many there were.
new_datamap <- function(columns, ...) {
  rows <- if (is.data.frame(columns)) {
    .row_names_info(columns, 2L)
  } else if (length(columns) > 0) {
    NROW(columns[[1]])
  } else {
    0L
  }
  structure(
    as.list(columns),
    ...,
    samples = rows,
    names = names(columns),
    row.names = .set_row_names(rows),
    class = c("datamap", "data.frame")
  )
}

#' A data map from a data frame
#'
#' Takes a summary of training signals that was made elsewhere, one row per
#' sample, as a data map.
#'
#' Four columns are needed: `id`, `correct_ratio`, `avg_probs` and
#' `label_var`. Every other column is kept; those of [datamap-columns] have
#' the meaning given there, and a function that needs one which is not there
#' says so. Other names in the field are taken as their counterparts: `guid`
#' as `id`, `confidence` as `avg_probs`, `correctness` as `correct_times`, and
#' `variability` as the square root of `label_var`; a column under such a name
#' is left alone where its counterpart is there too. Without `correct_ratio`,
#' the columns `correct_times` (or `correctness`) and `evaluations` give it.
#'
#' A data map stays one as long as it has the four columns: `[`, `$<-`,
#' [subset()], [head()] and the row verbs of dplyr give a data map, and a plain
#' data frame once a needed column is lost or no longer numeric. Rows that are
#' chosen twice stay, as a bootstrap wants them. What [rbind()], dplyr's
#' `bind_rows()`, `vctrs::vec_rbind()` and `purrr::list_rbind()` make of a data
#' map and more rows is one where each sample still has one row, without the
#' counts and problems of the files that the parts came from; where an id stands
#' twice it is a plain data frame, and a message of class
#' `datamap_message_repeated_id` says so.
#'
#' Functions of this package that take a data map take any data frame from which
#' `as_datamap()` makes one, whatever its class: a tibble, a grouped one, the
#' result of [merge()], a data.table.
#'
#' @param x A data frame, one row per sample. A data map is returned as it is.
#'
#' @return A data frame of class `c("datamap", "data.frame")`, with the rows
#'   and columns of `x`.
#' @seealso [datamap-columns] for what the columns mean.
#' @export
#' @examples
#' # What the code of the cartography paper writes, and the number of epochs
#' metrics <- data.frame(
#'   guid = c("a", "b", "c"),
#'   confidence = c(0.95, 0.51, 0.08),
#'   variability = c(0.02, 0.37, 0.05),
#'   correctness = c(6, 3, 0),
#'   evaluations = 6
#' )
#' as_datamap(metrics)
as_datamap <- function(x) {
  take_map(x)
}

#' Test for data maps
#'
#' `is_datamap()` tells whether an object is a data map.
#'
#' @param x Any object.
#'
#' @return `TRUE` or `FALSE`.
#' @export
#' @examples
#' is_datamap(mtcars)
is_datamap <- function(x) {
  inherits(x, "datamap")
}

# Checks of what the user brings ----------------------------------------

# The argument `map` of every function: a data map, or any data frame that can
# be one, of whatever class. What is returned is a data map on whose columns
# the package can rely, also where somebody wrote into them.
take_map <- function(x,
                     arg = rlang::caller_arg(x),
                     call = rlang::caller_env()) {
  force_argument(x, arg, call)
  if (rlang::is_string(x)) {
    abort_misplaced(
      x, "a data map", arg, call, "datamap_read_summary",
      paste(
        "datamap_read_summary() reads a summary file, datamap_summarise()",
        "signals."
      )
    )
  }
  if (inherits(x, c("datamap_recorder", "datamap_state"))) {
    abort_misplaced(
      x, "a data map", arg, call, "datamap_summarise",
      "datamap_summarise() gives its data map."
    )
  }
  if (!is.data.frame(x)) {
    abort_argument(x, "a data map", arg, call)
  }
  check_frame(x, arg, call)
  columns <- unclass(x)
  attributes(columns) <- list(names = names(x))
  columns <- without_integer64(columns)
  if (!is_datamap(x)) {
    columns <- rename_aliases(columns, call)
    columns <- derive_correct_ratio(columns, call)
  }
  check_needed(columns, names(x), arg, call)
  check_factors(columns, call)
  if (is_datamap(x)) {
    # One row per sample was checked when it was made, and a bootstrap's sample
    # has more
    check_one_value(columns$id, "id", call)
  } else {
    check_ids(columns$id, call)
  }
  check_signals(columns, call)
  if (is_datamap(x)) without_integer64(x) else new_datamap(columns)
}

# Is it whole: has each column a name of its own and a value for each row?
# structure(list(), class = "data.frame") and attributes promise nothing.
check_frame <- function(x, arg, call) {
  names <- if (is.list(x)) names(x)
  is_named <- length(names) == length(x) && !anyNA(names) &&
    all(nzchar(names))
  if (!is.list(x) || !is_named) {
    abort_argument(
      x, "a data frame whose columns have names", arg, call
    )
  }
  check_unique_names(names, call, arg)
  n <- .row_names_info(x, 2L)
  n_values <- vapply(unclass(x), function(column) {
    if (is.null(dim(column))) length(column) else dim(column)[[1]]
  }, 1L)
  bad <- which(n_values != n)
  if (length(bad) > 0) {
    rows <- plural_count(n, "row")
    values <- plural_count(n_values[[bad[[1]]]], "value")
    abort_datamap(
      c(
        "Every column of {.arg {arg}} must have a value per row.",
        x = paste(
          "Column {.field {names[[bad[[1]]]]}} has {values}, and the data",
          "frame {rows}."
        )
      ),
      class = "input",
      key = names[[bad[[1]]]],
      call = call
    )
  }
}

check_unique_names <- function(names, call, arg = "x") {
  again <- unique(names[duplicated(names)])
  if (length(again) > 0) {
    abort_datamap(
      c(
        "The columns of {.arg {arg}} must have different names.",
        x = "More than one is called {.field {again}}."
      ),
      class = "input",
      key = again[[1]],
      call = call
    )
  }
}

# A factor's codes must be those of its levels.
check_factors <- function(columns, call) {
  for (name in names(columns)) {
    x <- columns[[name]]
    if (!is.factor(x)) {
      next
    }
    levels <- attr(x, "levels", exact = TRUE)
    codes <- unclass(x)
    is_whole <- is.character(levels) && is.integer(codes) &&
      min(codes, 1L, na.rm = TRUE) >= 1 &&
      max(codes, 0L, na.rm = TRUE) <= length(levels)
    if (!is_whole) {
      abort_datamap(
        c(
          "Column {.field {name}} must be a factor whose codes have levels.",
          x = "It has other codes, or levels that are no strings.",
          i = "Make it anew with {.fn factor}."
        ),
        class = "input",
        key = name,
        call = call
      )
    }
  }
}

# Are the columns there that a data map has? A table of signals, from which one
# is made, is told from a summary by its own columns.
check_needed <- function(columns, found, arg, call) {
  missing <- setdiff(datamap_needs, names(columns))
  if (length(missing) == 0) {
    return(invisible())
  }
  similar <- similar_names(missing, setdiff(found, datamap_needs))
  are_signals <- kind_of_names(found) %in% "signals"
  hint <- if (are_signals) {
    c(i = paste(
      "It looks like a table of signals, with a row per evaluation and",
      "sample: {.fn datamap_summarise} makes a data map of it."
    ))
  } else if (identical(missing, "correct_ratio")) {
    c(i = paste(
      "It can be had from {.field correct_times} and {.field evaluations}:",
      "how often was each sample evaluated?"
    ))
  }
  abort_datamap(
    c(
      "A data map must have the columns {.field {datamap_needs}}.",
      x = "{.arg {arg}} lacks {.field {missing}}.",
      i = "Its columns are {.field {found}}.",
      did_you_mean(similar),
      hint
    ),
    class = "input",
    key = missing[[1]],
    columns = found,
    similar = similar,
    instead = if (are_signals) "datamap_summarise",
    call = call
  )
}

rename_aliases <- function(columns, call) {
  for (alias in names(datamap_aliases)) {
    name <- datamap_aliases[[alias]]
    if (!alias %in% names(columns) || name %in% names(columns)) {
      next
    }
    if (alias == "variability") {
      check_signal(columns[[alias]], alias, 0, Inf, FALSE, call)
      columns[[alias]] <- columns[[alias]]^2
    }
    names(columns)[names(columns) == alias] <- name
  }
  columns
}

derive_correct_ratio <- function(columns, call) {
  parts <- c("correct_times", "evaluations")
  if ("correct_ratio" %in% names(columns) || !all(parts %in% names(columns))) {
    return(columns)
  }
  check_signal(columns$correct_times, parts[[1]], 0, Inf, TRUE, call)
  check_signal(columns$evaluations, parts[[2]], 0, Inf, TRUE, call)
  ratio <- columns$correct_times / columns$evaluations
  columns$correct_ratio <- replace(ratio, is.nan(ratio), NA)
  columns
}

check_one_value <- function(x, name, call) {
  is_one <- is.null(dim(x)) &&
    (is.numeric(x) || is.character(x) || is.factor(x) || is.logical(x))
  if (!is_one) {
    found <- describe(x)
    abort_datamap(
      c(
        "Column {.field {name}} must hold one number or string per sample.",
        x = "It is {found}."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
}

check_ids <- function(id, call) {
  check_one_value(id, "id", call)
  if (anyNA(id)) {
    row <- which(is.na(id))[[1]]
    abort_datamap(
      c(
        "Column {.field id} must have no missing value.",
        x = "The id in row {row} is missing."
      ),
      class = "input",
      key = "id",
      line = row,
      call = call
    )
  }
  row <- repeated_id(id)
  if (row > 0) {
    again <- id_text(id[row])
    first <- match_ids(id[row], id)
    abort_datamap(
      c(
        "A data map must have one row per sample.",
        x = "Rows {first} and {row} have the id {.val {again}}.",
        i = paste(
          "For signals, with a row per evaluation and sample, use",
          "{.fn datamap_summarise}."
        )
      ),
      class = "input",
      key = "id",
      line = row,
      call = call
    )
  }
}

check_signals <- function(columns, call) {
  check_signal(columns$correct_ratio, "correct_ratio", 0, 1, FALSE, call)
  check_signal(columns$avg_probs, "avg_probs", -Inf, Inf, FALSE, call)
  check_signal(columns$label_var, "label_var", 0, Inf, FALSE, call)
  for (name in intersect(c("max_label_probs", "min_label_probs"),
                         names(columns))) {
    check_signal(columns[[name]], name, -Inf, Inf, FALSE, call)
  }
  for (name in intersect(datamap_counts, names(columns))) {
    check_signal(columns[[name]], name, 0, Inf, TRUE, call)
  }
  if ("s_label" %in% names(columns)) {
    check_signal(columns$s_label, "s_label", -Inf, Inf, TRUE, call)
  }
  if ("label" %in% names(columns)) {
    check_one_value(columns$label, "label", call)
  }
}

# A column of numbers between `min` and `max`, missing ones allowed.
check_signal <- function(x, name, min, max, whole, call) {
  expected <- paste0(
    if (whole) "whole ", "numbers",
    if (is.finite(max)) {
      paste(" between", min, "and", max)
    } else if (is.finite(min)) {
      paste(" of at least", min)
    }
  )
  if (!is_number(x)) {
    # A column of nothing but NA is logical, and as good as a number
    if (is.logical(x) && all(is.na(x))) {
      return(invisible(x))
    }
    found <- describe(x)
    abort_datamap(
      c(
        "Column {.field {name}} must hold {expected}.",
        x = "It is {found}."
      ),
      class = "input",
      key = name,
      call = call
    )
  }
  lies_within <- min(x, Inf, na.rm = TRUE) >= min &&
    max(x, -Inf, na.rm = TRUE) <= max
  if (lies_within && (!whole || is.integer(x))) {
    return(invisible(x))
  }
  row <- which(x < min | x > max | (whole & x != trunc(x)))[1]
  if (!is.na(row)) {
    found <- format(x[[row]], digits = 15)
    abort_datamap(
      c(
        "Column {.field {name}} must hold {expected}.",
        x = "It is {found} in row {row}."
      ),
      class = "range",
      key = name,
      line = row,
      call = call
    )
  }
  invisible(x)
}

# Keeping the class -----------------------------------------------------

has_datamap_columns <- function(x) {
  # Two columns of one name: no way to tell which is meant
  is.data.frame(x) &&
    all(datamap_needs %in% names(x)) &&
    !anyDuplicated(names(x)) &&
    all(datamap_needs[-1] %in% numeric_columns(x))
}

# `out` was made from the data map `map`: a data map with the attributes of
# `map` as long as it has what a data map needs, a plain data frame if not.
datamap_restore <- function(out, map) {
  if (!is.data.frame(out)) {
    return(out)
  }
  own <- setdiff(names(attributes(map)), c("names", "row.names", "class"))
  if (has_datamap_columns(out)) {
    for (name in own) {
      attr(out, name) <- attr(map, name, exact = TRUE)
    }
    class(out) <- c("datamap", "data.frame")
  } else {
    for (name in own) {
      attr(out, name) <- NULL
    }
    class(out) <- "data.frame"
  }
  out
}

# The data frame behind the data map, without class and attributes.
datamap_bare <- function(x) {
  own <- setdiff(names(attributes(x)), c("names", "row.names", "class"))
  for (name in own) {
    attr(x, name) <- NULL
  }
  class(x) <- "data.frame"
  x
}

#' @export
`[.datamap` <- function(x, ...) {
  datamap_restore(NextMethod(), x)
}

#' @export
`[<-.datamap` <- function(x, ..., value) {
  datamap_restore(NextMethod(), x)
}

#' @export
`[[<-.datamap` <- function(x, ..., value) {
  datamap_restore(NextMethod(), x)
}

#' @export
`$<-.datamap` <- function(x, name, value) {
  datamap_restore(NextMethod(), x)
}

#' @export
`names<-.datamap` <- function(x, value) {
  datamap_restore(NextMethod(), x)
}

#' @export
as.data.frame.datamap <- function(x, ...) {
  as.data.frame(datamap_bare(x), ...)
}

# Of rows that were not all in one data map: the attributes of none hold, and
# where an id stands twice the rows are those of no data map.
datamap_of_rows <- function(out) {
  out <- datamap_bare(out)
  if (!has_datamap_columns(out)) {
    return(out)
  }
  row <- repeated_id(out$id)
  if (row == 0) {
    class(out) <- c("datamap", "data.frame")
    return(out)
  }
  id <- id_text(out$id[[row]])
  inform_datamap(
    c(i = paste(
      "A plain data frame, no data map: the id {.val {id}} stands in more",
      "than one row."
    )),
    class = "repeated_id",
    key = id,
    line = row
  )
  out
}

#' @export
rbind.datamap <- function(...) {
  parts <- lapply(list(...), function(x) {
    if (is_datamap(x)) datamap_bare(x) else x
  })
  datamap_of_rows(do.call(rbind, parts))
}

# Registered when dplyr is loaded; dplyr's verbs end here, and bind_rows()
# with its first data frame as template.
#' @exportS3Method dplyr::dplyr_reconstruct
dplyr_reconstruct.datamap <- function(data, template) {
  if (nrow(data) > nrow(template)) {
    return(datamap_of_rows(data))
  }
  datamap_restore(data, template)
}

# Registered when vctrs is loaded: what it, purrr and tidyr bind is what rbind()
# gives. Data maps among each other and with data frames have a data map as
# their common type, of no rows and of nobody's attributes; the rows that are
# put into that make a new data map. What has rows already gets some of its own.
#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.datamap.datamap <- function(x, y, ...) {
  datamap_ptype(x, y, ...)
}

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.datamap.data.frame <- vec_ptype2.datamap.datamap

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.data.frame.datamap <- vec_ptype2.datamap.datamap

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.datamap.tbl_df <- vec_ptype2.datamap.datamap

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.tbl_df.datamap <- vec_ptype2.datamap.datamap

datamap_ptype <- function(x, y, ...) {
  new_datamap(vctrs::df_ptype2(as_bare(x), as_bare(y), ...))
}

#' @exportS3Method vctrs::vec_cast
vec_cast.datamap.datamap <- function(x, to, ...) {
  new_datamap(vctrs::df_cast(as_bare(x), as_bare(to), ...))
}

#' @exportS3Method vctrs::vec_cast
vec_cast.datamap.data.frame <- vec_cast.datamap.datamap

#' @exportS3Method vctrs::vec_cast
vec_cast.datamap.tbl_df <- vec_cast.datamap.datamap

#' @exportS3Method vctrs::vec_cast
vec_cast.data.frame.datamap <- function(x, to, ...) {
  vctrs::df_cast(as_bare(x), to, ...)
}

#' @exportS3Method vctrs::vec_cast
vec_cast.tbl_df.datamap <- function(x, to, ...) {
  vctrs::tib_cast(as_bare(x), to, ...)
}

#' @exportS3Method vctrs::vec_restore
vec_restore.datamap <- function(x, to, ...) {
  # Rows without ids are yet to be filled
  is_bound <- nrow(to) == 0 && !all(is.na(x[["id"]]))
  if (is_bound) {
    return(datamap_of_rows(x))
  }
  datamap_restore(x, to)
}

as_bare <- function(x) {
  if (is.data.frame(x)) datamap_bare(x) else x
}

# Printing --------------------------------------------------------------

#' Printing and summarising of data maps
#'
#' `print()` shows the size of a data map and its first rows, as far as they
#' fit the width of the console; `summary()` counts its groups and gives the
#' quantiles of its main signals.
#'
#' @param x,object A data map, or its summary.
#' @param n The number of rows to show, 10 by default.
#' @param ... Not used.
#'
#' @return `print()` returns `x`, invisibly. `summary()` returns a list of
#'   class `summary_datamap` with the elements `samples` (the number of
#'   samples), `evaluations` (their smallest and largest number, `NULL` if not
#'   known), `groups`, `s_label`, `label` (named integer vectors of counts,
#'   `NULL` where the column is missing) and `signals` (a numeric matrix, one
#'   row per signal).
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
NULL

#' @rdname datamap-methods
#' @export
print.datamap <- function(x, n = 10L, ...) {
  check_number(n, min = 0)
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
  print_head(datamap_bare(x), min(n, nrow(x)))
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
  structure(
    list(
      samples = nrow(object),
      evaluations = evaluations_range(object),
      groups = group_counts(group_correct_ratio(object$correct_ratio)),
      s_label = if ("s_label" %in% names(object)) {
        s_label_counts(object$s_label)
      },
      label = if ("label" %in% names(object)) value_counts(object$label),
      signals = t(vapply(object[signals], signal_quantiles, numeric(6)))
    ),
    class = "summary_datamap"
  )
}

#' @rdname datamap-methods
#' @export
print.summary_datamap <- function(x, ...) {
  cat(size_text(x$samples, x$evaluations), "\n", sep = "")
  print_counts("correct_ratio", x$groups)
  print_counts("s_label", x$s_label)
  print_counts("label", x$label)
  cat("\nSignals\n")
  print(signif(x$signals, 3))
  invisible(x)
}

datamap_header <- function(x) {
  paste0("A data map: ", size_text(nrow(x), evaluations_range(x)))
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

plural_count <- function(n, what) {
  paste0(format_count(n), " ", what, if (n != 1) "s")
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
  values <- c(ordered_values(x), if (anyNA(x)) NA)
  counts <- tabulate(match(x, values), length(values))
  names <- id_text(values)
  names[is.na(names)] <- "NA"
  names(counts) <- names
  keeps_order <- is.numeric(x) || is.factor(x) || is.logical(x)
  if (keeps_order) counts else counts[order(counts, decreasing = TRUE)]
}

s_label_counts <- function(x) {
  counts <- value_counts(x)
  stats::setNames(counts, s_label_words(names(counts)))
}

# "2" -> "dirty (s_label 2)"
s_label_words <- function(x) {
  words <- c("0" = "ordinary", "1" = "hard", "2" = "dirty")
  text <- paste0(rep("s_label ", length(x)), x)
  known <- x %in% names(words)
  text[known] <- paste0(words[x[known]], " (", text[known], ")")
  text
}

print_counts <- function(title, counts, n = 10L) {
  if (is.null(counts)) {
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
print_head <- function(x, n) {
  if (n > 0) {
    shown <- utils::head(x, n)
    # ids as they are, and not in three digits
    are_ids <- names(shown) %in% ident_columns
    shown[are_ids] <- lapply(shown[are_ids], id_text)
    shown[] <- lapply(shown, shorten_strings)
    text <- format(shown, digits = 3)
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

cat_wrapped <- function(text) {
  cat(strwrap(text, getOption("width"), prefix = "# ", exdent = 2), sep = "\n")
}
