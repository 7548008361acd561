#' Interactive data map
#'
#' Shows the samples of a data map in a browser, with their texts: points tell
#' what they are, a box or a lasso lists the samples in a table, which can be
#' searched, sorted and saved as CSV. Groups have the colours and shapes of
#' [datamap_plot()].
#'
#' The page needs no network, no server and no WebGL. Groups are shown and
#' hidden by the legend; axes, colours and panels switch among the columns of
#' the map; a search marks the samples whose id is the searched text or whose
#' texts have it as a part. More samples than can be told apart are counted in
#' cells, and become points where one zooms in. Everything can be done by the
#' keyboard: arrows go from sample to sample, Shift and an arrow move the map,
#' `+` and `-` zoom, `0` shows all, Enter lists the sample, `v` all that are in
#' view, and Escape none.
#'
#' What a text contains is shown, and never run: all data are compressed into
#' the page and become plain text when they are shown. The file that is saved
#' as CSV has all digits and the texts as they are; a spreadsheet may take one
#' that starts with `=` for a formula.
#'
#' @inheritParams datamap_plot
#' @inheritParams datamap_groups
#' @param map A data map, or any data frame that [as_datamap()] takes; or a list
#'   of them, one per run.
#' @param ... Must be empty.
#' @param text The texts of the samples: the name of a column of the map, or a
#'   data frame with the columns `id` and `text`. `NULL`, the default, for none.
#' @param columns The names of the columns that can be shown; `NULL`, the
#'   default, for all. A large map makes a smaller file with few of them.
#' @param file The path of the HTML file to write, which has all that it needs
#'   in it. `NULL`, the default, for a widget.
#' @param facet The name of the column that makes the panels at first, `NULL`
#'   for one panel. By default `s_label`, where that tells samples apart.
#' @param width,height The size of the widget in pixels, or as CSS has it;
#'   `NULL`, the default, for what fits.
#'
#' @return With `file` its path, invisibly. Else an htmlwidget, which prints
#'   itself in a viewer, in R Markdown and in Shiny, and takes the htmlwidgets
#'   package.
#' @seealso [datamap_plot()] for a plain ggplot of the same map.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' texts <- data.frame(id = map$id, text = paste("The text of", map$id))
#' file <- datamap_explore(map, texts, file = tempfile(fileext = ".html"))
#' if (interactive()) {
#'   utils::browseURL(file)
#' }
datamap_explore <- function(map,
                            text = NULL,
                            attr1 = "avg_probs",
                            attr2 = "label_var",
                            ...,
                            dirty_label = FALSE,
                            group_by = NULL,
                            columns = NULL,
                            facet = "s_label",
                            width = NULL,
                            height = NULL,
                            file = NULL) {
  check_dots()
  map <- take_map(map)
  check_string(file, allow_null = TRUE)
  check_size(width)
  check_size(height)
  text <- find_texts(text, map)
  check_column_choice(attr1, map, numeric = TRUE)
  check_column_choice(attr2, map, numeric = TRUE)
  conditions <- filter_conditions(map, NULL, 0, NULL, NULL)
  scheme <- find_scheme(map, conditions, dirty_label, group_by)
  facet <- find_facet(map, facet)
  columns <- find_columns(columns, map, c("id", attr1, attr2, facet))

  shown <- explore_columns(map, text, scheme, columns)
  head <- explore_head(map, shown, attr1, attr2, facet)
  parts <- c(deflate_text(json(head)), unlist(lapply(shown, `[[`, "bytes")))
  if (is.null(file)) {
    return(explore_widget(parts, width, height))
  }
  write_page(parts, head$title, file)
  invisible(file)
}

# What was asked for ----------------------------------------------------

# A size of HTML: pixels, or what CSS takes.
check_size <- function(x,
                       arg = rlang::caller_arg(x),
                       call = rlang::caller_env()) {
  is_size <- is.null(x) || rlang::is_string(x) ||
    (is.numeric(x) && length(x) == 1 && is.finite(x) && x > 0)
  if (!is_size) {
    abort_argument(
      x, "a number of pixels, a string or {.code NULL}", arg, call
    )
  }
  invisible(x)
}

# A text for each sample of the map, named as its column; NULL for none.
find_texts <- function(text,
                       map,
                       arg = rlang::caller_arg(text),
                       call = rlang::caller_env()) {
  force_name(text, arg, call)
  if (is.null(text)) {
    return(NULL)
  }
  if (!is.data.frame(text)) {
    check_column_choice(text, map, arg = arg, call = call)
    values <- map[[text]]
    name <- text
  } else {
    if (!all(c("id", "text") %in% names(text))) {
      found <- names(text)
      abort_datamap(
        c(
          "{.arg {arg}} must have the columns {.val id} and {.val text}.",
          x = "Its columns are {.val {found}}."
        ),
        class = "input", key = arg, columns = found, call = call
      )
    }
    at <- match_texts(text$id, map, arg, call)
    values <- text$text[at]
    name <- "text"
  }
  if (!is.atomic(values) || length(values) != nrow(map)) {
    abort_argument(values, "texts, one per sample", arg, call)
  }
  texts <- id_text(values)
  texts[is.na(texts)] <- ""
  stats::setNames(list(texts), name)
}

# The rows in which the texts of the samples stand, each id once.
match_texts <- function(id, map, arg, call) {
  ids <- check_id_vector(id, "a data frame whose ids are known", arg, call)
  need_once(ids, arg, call)
  at <- match_ids(map$id, ids)
  if (nrow(map) > 0 && all(is.na(at))) {
    mine <- first_few(map$id)
    theirs <- first_few(ids)
    abort_datamap(
      c(
        "{.arg {arg}} must have texts of the samples of the data map.",
        x = "It has none of their ids.",
        i = "Ids of the map: {mine}. Ids of {.arg {arg}}: {theirs}."
      ),
      class = "input", key = arg, call = call
    )
  }
  at
}

# The names of the columns to show: all that have a value per sample by default,
# those that the map is drawn from in any case.
find_columns <- function(columns,
                         map,
                         needed,
                         arg = rlang::caller_arg(columns),
                         call = rlang::caller_env()) {
  force_name(columns, arg, call)
  if (is.null(columns)) {
    return(union(needed, names(map)))
  }
  if (!is.character(columns) || anyNA(columns)) {
    abort_argument(columns, "names of columns or {.code NULL}", arg, call)
  }
  for (name in columns) {
    check_column_choice(name, map, arg = arg, call = call)
  }
  union(needed, columns)
}

# What is shown ---------------------------------------------------------

# The columns, each a list of what the page has to know of it and its `bytes`,
# parts of the page: the id, the text, the groups, then those of the map.
explore_columns <- function(map, text, scheme, columns) {
  groups <- drop_levels(group_samples(map, scheme))
  words <- group_words(groups, map$correct_ratio, keep_words(scheme, groups))
  names <- setdiff(columns, c("id", names(text)))
  values <- lapply(stats::setNames(names, names), function(name) {
    # An own name of a column stands above the levels in panels
    explore_values(map[[name]], name)
  })
  values <- values[!vapply(values, is.null, NA)]
  name <- utils::tail(make.unique(c(columns, names(text), "group")), 1)
  groups <- list(explore_factor(
    groups, name, words, signal_title(scheme$signal), words,
    values_for_levels(levels(groups), "colour"),
    values_for_levels(levels(groups), "shape")
  ))
  c(
    list(explore_id(map$id)),
    Map(explore_text, text, names(text), USE.NAMES = FALSE),
    groups, unname(values)
  )
}

# The scheme with the words of the levels that are left.
keep_words <- function(scheme, groups) {
  if (scheme$name != "group_by") {
    scheme$words <- scheme$words[match(levels(groups), scheme$levels)]
  }
  scheme
}

explore_id <- function(id) {
  id <- plain_ids(id)
  is_small <- is.numeric(id) && !is.object(id) && all(is_whole_int(id))
  column <- if (is_small) explore_numbers(id) else explore_text(id_text(id))
  utils::modifyList(column, list(name = "id", title = "id"))
}

# What can be coloured by has levels, numbers among them classes; other columns
# of values are texts, and what has none is NULL.
explore_values <- function(x, name) {
  title <- signal_title(name)
  if (inherits(x, c("Date", "POSIXt")) || is.complex(x) || is.raw(x)) {
    x <- format(x)
  }
  if (!is.null(dim(x)) || !is.atomic(x)) {
    return(NULL)
  }
  if (is.numeric(x) && !is.factor(x)) {
    return(explore_number(as.vector(unclass(x)), name, title))
  }
  x <- if (is.factor(x)) factor(factor_labels(x), factor_used(x)) else x
  few <- unique(x[!is.na(x)])
  if (length(few) > max_values || length(few) == 0) {
    text <- id_text(x)
    text[is.na(text)] <- ""
    return(explore_text(text, name, title))
  }
  groups <- drop_levels(group_values(x))
  words <- shorten_levels(levels(groups))
  explore_factor(
    groups, name, levels(groups), title, panel_words(name, levels(groups)),
    values_for_levels(words, "colour"), values_for_levels(words, "shape")
  )
}

# The levels of a factor that are valid, in their order.
factor_used <- function(x) {
  intersect(enc2utf8(levels(x)), factor_labels(x))
}

explore_number <- function(x, name, title) {
  column <- explore_numbers(x)
  column$name <- name
  column$title <- title
  if (any(is.finite(x))) {
    groups <- drop_levels(group_values(x))
    words <- levels(groups)
    # The classes are told by where they begin
    known <- which(!is.na(groups))
    least <- vapply(split(x[known], groups[known]), min, x[known][[1]])
    column$from <- unname(as.list(least))
    column$levels <- as.list(words)
    column$panels <- as.list(panel_words(name, words))
    column$colours <- as.list(values_for_levels(words, "colour"))
    column$shapes <- as.list(values_for_levels(words, "shape"))
  }
  column
}

# What the page knows of the whole, and of the columns without their bytes.
explore_head <- function(map, shown, attr1, attr2, facet) {
  # The first part is the head itself
  ends <- cumsum(lengths(lapply(shown, `[[`, "bytes")))
  starts <- c(0, ends[-length(ends)]) + 1
  columns <- Map(function(column, start, end) {
    column$bytes <- NULL
    c(column, list(first = start, last = end))
  }, shown, starts, ends)
  names <- vapply(shown, `[[`, "", "name")
  types <- vapply(shown, `[[`, "", "type")
  is_apart <- !is.null(facet) && length(unique(map[[facet]])) > 1
  n <- plural_count(nrow(map), "sample")
  list(
    n = nrow(map),
    title = paste("Data map of", n),
    alt = paste0(
      "Data map of ", n, ". Vertical axis: ", signal_title(attr1),
      ". Horizontal axis: ", signal_title(attr2), "."
    ),
    x = match(attr2, names) - 1L,
    y = match(attr1, names) - 1L,
    group = match("factor", types) - 1L,
    facet = if (is_apart) match(facet, names) - 1L else -1L,
    columns = unname(columns)
  )
}
