#' Filter of data maps
#'
#' Keeps the samples of a data map that meet conditions, or whose signals reach
#' a threshold.
#'
#' All conditions hold together, those in `...` and those of the arguments: with
#' `criterion = "label_var"`, `threshold = 0.05` and `use_f_times = 1`, the
#' samples are kept that have both a variance of at least 0.05 and at least one
#' forgetting. A missing value fails every condition; a message of class
#' `datamap_message_na` counts the samples that are dropped for it.
#'
#' The data map remembers the conditions and how many samples there were, and
#' [datamap_plot()] names them.
#'
#' @param map A data map, from [datamap_summarise()],
#'   [datamap_read_summary()] or [as_datamap()], or any data frame that
#'   [as_datamap()] takes. Of a data map in a database, where missing values
#'   are not counted, what is kept stays there.
#' @param ... Conditions in terms of the columns, such as `avg_probs < 0.2`:
#'   each is `TRUE` or `FALSE` for every sample. What is no condition is taken
#'   for the arguments below, in their order: `datamap_filter(map, "avg_probs",
#'   0.2)`.
#' @param criterion The name of a numeric column: samples with
#'   `criterion >= threshold` are kept. `NULL`, the default, and `""` mean no
#'   such condition.
#' @param threshold A number, 0 by default. Without a `criterion` it changes
#'   nothing, and a message of class `datamap_message_no_criterion` says so.
#' @param use_f_times A number: samples with at least so many forgettings
#'   (`forgetting_times`) are kept. `NULL`, the default, and `-1` mean no such
#'   condition.
#' @param use_l_times The same for `learnt_times`. Only one of `use_f_times`
#'   and `use_l_times` may be given.
#'
#' @return A data map with the rows of `map` that meet the conditions, in the
#'   same order, and its problems (see [datamap_problems()]).
#' @seealso [datamap_groups()] and [datamap_plot()], which filter by the same
#'   arguments.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' datamap_filter(map, avg_probs < 0.2, forgetting_times == 0)
#' datamap_filter(map, criterion = "forgetting_times", threshold = 1)
#' datamap_filter(map, "label_var", 0.05, use_l_times = 2)
datamap_filter <- function(map,
                           ...,
                           criterion = NULL,
                           threshold = 0,
                           use_f_times = NULL,
                           use_l_times = NULL) {
  call <- rlang::current_env()
  force_argument(map, "map", call)
  dots <- rlang::enquos(..., .ignore_empty = "all")
  free <- c(
    criterion = missing(criterion), threshold = missing(threshold),
    use_f_times = missing(use_f_times), use_l_times = missing(use_l_times)
  )
  if (is_lazy_map(map)) {
    arguments <- list(
      criterion = criterion, threshold = threshold,
      use_f_times = use_f_times, use_l_times = use_l_times
    )
    return(filter_lazy(map, dots, arguments, free, call))
  }
  map <- take_map(map)
  given <- filter_dots(map, dots, free)
  by_place <- function(name, value) {
    if (name %in% names(given$values)) {
      return(given$values[[name]])
    }
    if (name == "criterion") force_name(value, name, call)
    value
  }
  criterion <- by_place("criterion", criterion)
  threshold <- by_place("threshold", threshold)
  use_f_times <- by_place("use_f_times", use_f_times)
  use_l_times <- by_place("use_l_times", use_l_times)
  conditions <- filter_conditions(
    map, criterion, threshold, use_f_times, use_l_times
  )
  words <- c(names(given$meets), condition_words(conditions))
  if (length(words) == 0) {
    return(map)
  }
  rows <- meeting_rows(map, conditions, given)
  kept <- keep_rows(map, rows)
  attr(kept, "samples") <- samples_before(map)
  attr(kept, "filter") <- c(attr(map, "filter", exact = TRUE), words)
  kept
}

# What stands in `...`: conditions, TRUE or FALSE for each sample, as `meets`,
# named by their words, with the `columns` that they look at; and as `values`
# arguments by their place, of those that are `free` since they were not given
# by name. `dots` are the conditions themselves.
filter_dots <- function(map, dots, free, call = rlang::caller_env()) {
  names <- names(dots)[nzchar(names(dots))]
  if (length(names) > 0) {
    similar <- similar_names(names[[1]], names(free))
    abort_datamap(
      c(
        "Conditions must have no names.",
        x = "There is no argument {.arg {names[[1]]}}.",
        i = "The arguments are {.arg {names(free)}}.",
        did_you_mean(similar),
        i = "To compare for equality, write {.code ==}."
      ),
      class = "input", key = names[[1]], similar = similar, call = call
    )
  }
  meets <- list()
  conditions <- list()
  values <- list()
  columns <- character()
  data <- plain_frame(map)
  for (dot in dots) {
    value <- evaluate_dot(dot, data, call)
    expr <- rlang::quo_get_expr(dot)
    if (is.logical(value) && !is.object(value) && is.null(dim(value))) {
      if (length(value) != nrow(map)) {
        abort_argument(
          value,
          paste(
            "conditions, {.code TRUE} or {.code FALSE} for each of the",
            plural_count(nrow(map), "sample")
          ),
          "...", call
        )
      }
      words <- paste(rlang::expr_deparse(expr), collapse = " ")
      words <- gsub("\\s+", " ", words)
      meets[[words]] <- value
      conditions[[words]] <- dot
      columns <- c(columns, intersect(all.vars(expr), names(map)))
    } else if (is.symbol(expr) && as.character(expr) %in% names(map)) {
      column <- as.character(expr)
      abort_datamap(
        c(
          "{.arg criterion} must be a string.",
          x = "You gave the column {.field {column}} itself.",
          i = paste(
            "Write its name in quotes, or a condition such as",
            "{.code {column} >= 0.5}."
          )
        ),
        class = "input", key = "criterion", call = call
      )
    } else {
      place <- setdiff(names(free)[free], names(values))
      if (length(place) == 0) {
        abort_argument(
          value, "conditions, besides the arguments by their place", "...",
          call
        )
      }
      values[place[[1]]] <- list(value)
    }
  }
  list(
    meets = meets, values = values, columns = unique(columns),
    dots = conditions
  )
}

evaluate_dot <- function(dot, data, call) {
  tryCatch(
    rlang::eval_tidy(dot, data),
    error = function(error) {
      words <- rlang::as_label(dot)
      columns <- names(data)
      similar <- similar_names(
        name_in(error, "object '%s' not found"), columns
      )
      abort_datamap(
        c(
          "{.code {words}} can't be computed from the columns of the data map.",
          x = cli_verbatim(sentence(show_text(conditionMessage(error)))),
          i = "The columns are {.field {columns}}.",
          did_you_mean(similar)
        ),
        class = "input", key = words, columns = columns, similar = similar,
        call = call
      )
    }
  )
}

# The conditions of a filter as a data frame, one row per condition that is
# on: column, the smallest value kept, and the argument that asked for it.
# Arguments are checked here, once, for every function that filters.
filter_conditions <- function(map,
                              criterion,
                              threshold,
                              use_f_times,
                              use_l_times,
                              call = rlang::caller_env()) {
  check_string(
    criterion,
    allow_null = TRUE, allow_empty = TRUE, call = call
  )
  check_number(threshold, call = call)
  use_f_times <- check_times(use_f_times, call = call)
  use_l_times <- check_times(use_l_times, call = call)
  if (!is.null(use_f_times) && !is.null(use_l_times)) {
    abort_datamap(
      c(
        paste(
          "Only one of {.arg use_f_times} and {.arg use_l_times} can be",
          "given."
        ),
        x = paste(
          "You gave {.code use_f_times = {use_f_times}} and",
          "{.code use_l_times = {use_l_times}}."
        ),
        i = paste(
          "One of them can be a criterion:",
          "{.code criterion = \"forgetting_times\"}."
        )
      ),
      class = "input",
      key = "use_l_times",
      call = call
    )
  }
  if (!is.null(use_f_times)) {
    check_has_columns(
      map, "forgetting_times", "{.arg use_f_times}",
      call = call
    )
  }
  if (!is.null(use_l_times)) {
    check_has_columns(
      map, "learnt_times", "{.arg use_l_times}",
      call = call
    )
  }
  is_on <- !is.null(criterion) && nzchar(criterion)
  if (!is_on && threshold != 0) {
    inform_datamap(
      c(
        i = "{.arg threshold} changes nothing without a {.arg criterion}.",
        i = paste(
          "Name the column that must reach {threshold}:",
          "{.code criterion = \"avg_probs\"}."
        )
      ),
      class = "no_criterion",
      key = "threshold"
    )
  }
  if (is_on) {
    check_column_choice(
      criterion, map,
      numeric = TRUE, arg = "criterion", call = call
    )
  }
  least <- list(
    criterion = if (is_on) threshold,
    use_f_times = use_f_times,
    use_l_times = use_l_times
  )
  column <- c(
    if (is_on) criterion else NA, "forgetting_times", "learnt_times"
  )
  given <- !vapply(least, is.null, logical(1))
  data.frame(
    column = column[given],
    least = as.numeric(unlist(least[given])),
    argument = names(least)[given]
  )
}

# NULL for off, which NULL and -1 both say.
check_times <- function(x,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  if (identical(x, -1) || identical(x, -1L)) {
    return(NULL)
  }
  check_number(x, min = 0, allow_null = TRUE, arg = arg, call = call)
  x
}

# The rows of `map` that meet every condition.
apply_conditions <- function(map, conditions) {
  if (nrow(conditions) == 0) {
    return(map)
  }
  keep_rows(map, meeting_rows(map, conditions))
}

# Their numbers; `given` are conditions that filter_dots() found.
meeting_rows <- function(map, conditions, given = NULL) {
  meets <- given$meets
  for (i in seq_len(nrow(conditions))) {
    signal <- map[[conditions$column[[i]]]]
    meets[[length(meets) + 1L]] <- signal >= conditions$least[[i]]
  }
  if (length(meets) == 0) {
    return(seq_len(nrow(map)))
  }
  missing <- FALSE
  for (one in meets) {
    if (anyNA(one)) {
      missing <- missing | is.na(one)
    }
  }
  inform_missing(
    sum(missing), unique(c(given$columns, conditions$column))
  )
  which(Reduce(`&`, meets))
}

# How many samples there were before rows were taken away, as far as is known.
samples_before <- function(map) {
  max(attr(map, "samples", exact = TRUE), nrow(map))
}

# "forgetting_times at least 1", one for each condition.
condition_words <- function(conditions) {
  if (nrow(conditions) > 0) {
    paste(conditions$column, "at least", number_text(conditions$least))
  }
}

# Rows of a data map, numbered anew: they are known by their id, and numbers
# of rows that are gone mean nothing. `[` would spend most of its time on them.
keep_rows <- function(map, rows) {
  columns <- lapply(map, function(x) {
    if (is.null(dim(x))) {
      return(x[rows])
    }
    others <- rep(list(rlang::missing_arg()), length(dim(x)) - 1L)
    do.call(`[`, c(list(x, rows), others, list(drop = FALSE)))
  })
  datamap_restore(new_datamap(columns), map)
}

# One message for all rows that a missing value keeps out.
inform_missing <- function(n,
                           columns,
                           what = "Dropped",
                           kind = "a missing value") {
  if (n == 0) {
    return(invisible())
  }
  count <- format_count(n)
  inform_datamap(
    c(i = paste(
      what, "{count} sample{cli::qty(n)}{?s} with", kind,
      "in {.or {.field {columns}}}."
    )),
    class = "na",
    n = n,
    columns = columns
  )
}
