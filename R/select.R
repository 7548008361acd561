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
#' @seealso [datamap_write_selection()] writes the part of the training table
#'   that was chosen, [datamap_filter()] keeps what reaches a threshold.
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
  check_dots()
  map <- take_map(map)
  order <- check_choice(order)
  check_share(fraction, is_whole_allowed = TRUE)
  check_number(n, min = 1, whole = TRUE, allow_null = TRUE)
  check_share(both_ends)
  check_seed(seed)
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
  force_name(per, "per", rlang::current_env())
  parts <- list(NULL) # all
  if (!is.null(per)) {
    check_column_choice(per, map)
    # A missing value is a value too
    part <- match(map[[per]], unique(map[[per]]))
    parts <- split(seq_along(part), part)
  }

  value <- if (by == "random") {
    random_order(nrow(map), seed)
  } else {
    map[[by]]
  }
  n_missing <- if (anyNA(value)) sum(is.na(value)) else 0
  inform_missing(n_missing, by, what = "Not chosen:")
  is_chosen <- logical(nrow(map))
  for (rows in parts) {
    of_part <- if (is.null(rows)) value else value[rows]
    wanted <- if (is.null(n)) floor(fraction * length(of_part) + 0.5) else n
    at <- extreme_places(
      of_part, wanted,
      decreasing = order == "decreasing", share = both_ends %||% 1
    )
    is_chosen[if (is.null(rows)) at else rows[at]] <- TRUE
  }
  selection <- map[which(is_chosen), , drop = FALSE]
  attr(selection, "row.names") <- .set_row_names(nrow(selection))
  attr(selection, "first_id") <- first_of_rows(map$id)
  inform_selection("Chose", map[["label"]], selection[["label"]])
  selection
}

# Where the `n` highest values stand, or the lowest, of which the `share` comes
# from that end and the rest from the other. Of equal values the first ones are
# from an end, and the last ones from the other. Without missing values.
extreme_places <- function(value, n, decreasing, share) {
  if (anyNA(value)) {
    has_value <- which(!is.na(value))
    at <- extreme_places(value[has_value], n, decreasing, share)
    return(has_value[at])
  }
  n <- min(n, length(value))
  n_first <- floor(share * n + 0.5)
  first <- end_places(value, n_first, decreasing)
  others <- end_places(rev(value), n - n_first, !decreasing)
  c(first, length(value) + 1L - others)
}

# Where the `n` highest or lowest values stand, of equal ones the first. Only
# the value of the last of them need be known, for which not all is sorted.
end_places <- function(value, n, decreasing) {
  if (n == 0) {
    return(integer())
  }
  at <- if (decreasing) length(value) + 1 - n else n
  last <- sort(value, partial = at)[[at]]
  places <- which(if (decreasing) value >= last else value <= last)
  surplus <- length(places) - n
  if (surplus > 0) {
    places <- places[-utils::tail(which(value[places] == last), surplus)]
  }
  places
}

#' Write the chosen part of a training table
#'
#' Takes the samples of a data map out of the table that the model is trained
#' on and writes them to a file.
#'
#' Rows of the table and samples of the map are joined by a column of ids. Every
#' sample must be in the table, exactly once. Where the table has no ids, they
#' are taken to be the numbers of its rows, counted from `first_id`, which a
#' message of class `datamap_message_row_ids` says; this is refused unless the
#' ids of the data map (of the whole one, where it was made by
#' [datamap_select()]) are exactly the numbers of the rows.
#'
#' The columns and the order of the rows are those of the table. Numbers have as
#' many digits as it takes to read back the same number. The file is replaced as
#' a whole or not at all. What is left out by class (the column `label` of the
#' table) is reported in a message of class `datamap_message_selection`.
#'
#' The name of `file` says how it is written:
#' - `.csv`: fields between commas. A text stands in quotes where it has a
#'   comma, a quote, a line break or a blank at an end, is empty or `NA`;
#'   missing values are `NA` without quotes.
#' - `.jsonl` or `.ndjson`: an object in each line (JSON Lines), with `null` for
#'   missing values. Numbers that are not finite are `NaN`, `Infinity` and
#'   `-Infinity`, as Python writes them. Of a table that was read from a path
#'   all values are strings.
#' - any other: fields between tabs. Text is written as it is, without quotes,
#'   so that a tab or a line break in it is an error.
#'
#' @param map A data map with the samples to write, see [datamap_select()].
#' @param data The training table: a data frame, or the path of a tab-separated
#'   file with a header (in UTF-8, without quotes, compressed or not), whose
#'   text is kept as it is.
#' @param file The path of the file to write, a string. With `.gz` or `.zst`
#'   behind it (`.csv.gz`) it is compressed, as by [datamap_write_summary()].
#' @param ... Must be empty.
#' @param id_column The name of the column of `data` with the ids of the
#'   samples; by default `"id"`, if there is one.
#' @param first_id The id of the first row of a table without ids: 0 or 1.
#'
#' @return The part of the table that was written, a data frame, invisibly.
#' @seealso [datamap_select()], [datamap_review()] to have labels checked.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' mails <- data.frame(id = map$id, label = map$label, text_a = "...")
#' file <- tempfile(fileext = ".tsv")
#' part <- datamap_write_selection(datamap_select(map, 0.33), mails, file)
#' nrow(part)
#' unlink(file)
datamap_write_selection <- function(map,
                                    data,
                                    file,
                                    ...,
                                    id_column = NULL,
                                    first_id = 0) {
  check_dots()
  call <- rlang::current_env()
  map <- take_map(map)
  check_string(id_column, allow_null = TRUE)
  check_number(first_id, min = 0, max = 1, whole = TRUE)
  path <- output_path(file)
  data <- take_table(data, call)
  if (!is.null(id_column)) {
    check_column_choice(id_column, data, of = "{.arg data}")
  } else if ("id" %in% names(data)) {
    id_column <- "id"
  }
  ids <- if (is.null(id_column)) {
    row_ids(map, data, first_id, call)
  } else {
    data[[id_column]]
  }
  rows <- find_rows(map$id, ids, id_column, call)
  rows <- sort(rows)
  part <- as.data.frame(data)[rows, , drop = FALSE]
  attr(part, "row.names") <- .set_row_names(nrow(part))
  write_table(as.list(part), path, "data", call, rows, table_style(path))
  inform_selection("Wrote", data[["label"]], part[["label"]])
  invisible(part)
}

# A training table, whether it is given or in a file.
take_table <- function(data, call) {
  if (rlang::is_string(data)) {
    check_paths(data, call = call)
    data <- list2DF(read_columns(expand_path(data), call, as_texts = TRUE))
  } else if (!is.data.frame(data)) {
    abort_argument(data, "a data frame or a path", "data", call)
  }
  without_integer64(data, names(data))
}

# How a table is written, by the name of the file.
table_style <- function(path) {
  plain <- tolower(sub(packed, "", path))
  if (grepl("[.]csv$", plain)) {
    "csv"
  } else if (grepl("[.](jsonl|ndjson)$", plain)) {
    "json"
  } else {
    "table"
  }
}

# The id of the first row, 0 or 1, where ids are the numbers of all rows.
first_of_rows <- function(ids) {
  n <- length(ids)
  if (n == 0 || !is.numeric(ids) || anyNA(ids)) {
    return(NA)
  }
  if (!is.integer(ids)) {
    ids <- as.double(ids)
  }
  first <- as.double(min(ids))
  # as many different whole numbers as there are between the first and the last
  are_rows <- first %in% 0:1 && max(ids) == first + n - 1 &&
    (is.integer(ids) || all(ids == trunc(ids))) &&
    (!is.unsorted(ids, strictly = TRUE) || !anyDuplicated(ids))
  if (are_rows) first else NA
}

# The ids of a table that has none.
row_ids <- function(map, data, first_id, call) {
  first <- attr(map, "first_id", exact = TRUE) %||% first_of_rows(map$id)
  rows <- nrow(data)
  last <- format_count(first_id + rows - 1)
  is_whole <- nrow(map) == 0 ||
    (first %in% first_id && max(map$id) < first_id + rows)
  if (!is_whole) {
    abort_datamap(
      c(
        paste(
          "{.arg data} must have a column {.field id}, or {.arg id_column}",
          "name one."
        ),
        x = paste(
          "The ids of the data map are not exactly {first_id} to {last}, so",
          "they can't be the numbers of the rows."
        ),
        i = if (!is.na(first) && first != first_id) {
          paste(
            "They are counted from {first}: {.code first_id = {first}} takes",
            "them as the numbers of the rows."
          )
        }
      ),
      class = "input", key = "id_column", call = call
    )
  }
  inform_datamap(
    c(i = paste(
      "{.arg data} has no column {.field id}: ids are its rows, from",
      "{first_id} to {last}."
    )),
    class = "row_ids"
  )
  first_id + seq_len(rows) - 1
}

# The row of each sample: nothing lost, nothing doubled.
find_rows <- function(wanted, ids, id_column, call, of = "map") {
  wanted <- plain_ids(wanted)
  ids <- plain_ids(ids)
  if (is.numeric(wanted)) {
    ids <- whole_ids(ids)
  }
  rows <- match_ids(wanted, ids)
  if (anyNA(rows)) {
    lost <- id_text(wanted[is.na(rows)])
    found <- first_few(lost)
    abort_datamap(
      c(
        "Every sample of {.arg {of}} must be in {.arg data}.",
        x = paste0(
          "{.field {id_column}} lacks ", format_count(length(lost)), " of ",
          format_count(length(wanted)), ": {found}."
        )
      ),
      class = "input", key = lost[[1]], call = call
    )
  }
  samples <- if (repeated_id(ids) > 0) match_ids(ids, wanted)
  again <- samples[duplicated(samples, incomparables = NA)]
  if (length(again) > 0) {
    first <- id_text(wanted[again[[1]]])
    places <- which(samples == again[[1]])
    abort_datamap(
      c(
        "Every sample must be in {.arg data} once.",
        x = "Rows {places} have the {.field {id_column}} {.val {first}}."
      ),
      class = "input", key = first, call = call
    )
  }
  rows
}

check_share <- function(x,
                        is_whole_allowed = FALSE,
                        allow_null = TRUE,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  if (is.null(x) && allow_null) {
    return(invisible(x))
  }
  is_share <- is.numeric(x) && length(x) == 1 && !is.na(x) && x > 0 &&
    (x < 1 || (is_whole_allowed && x == 1))
  if (!is_share) {
    expected <- paste(
      "a number above 0 and", if (is_whole_allowed) "up to 1" else "below 1"
    )
    if (allow_null) {
      expected <- paste(expected, "or {.code NULL}")
    }
    abort_argument(x, expected, arg, call)
  }
  invisible(x)
}

# As set.seed() takes it.
check_seed <- function(x,
                       arg = rlang::caller_arg(x),
                       call = rlang::caller_env()) {
  most <- .Machine$integer.max
  check_number(
    x,
    min = -most, max = most, whole = TRUE, allow_null = TRUE,
    arg = arg, call = call
  )
}

# The places 1 to n in random order; with a seed, always the same one.
random_order <- function(n, seed) {
  with_seed(seed, sample.int(n))
}

# Draws by R's generator, or, with a seed, always the same without touching its
# state.
with_seed <- function(seed, draw) {
  if (is.null(seed)) {
    return(draw)
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
  force(draw)
}

# How many of the samples with these labels are left out, by class.
inform_selection <- function(verb, label, chosen) {
  if (length(label) == 0) {
    return(invisible())
  }
  label <- plain_integer64(label)
  chosen <- plain_integer64(chosen)
  counted <- count_values(label)
  is_there <- counted$counts > 0 # not all levels of a factor are
  labels <- counted$values[is_there]
  counts <- data.frame(
    label = if (is.factor(label)) factor(labels, levels(label)) else labels,
    samples = counted$counts[is_there],
    chosen = tabulate(match(chosen, labels), length(labels))
  )
  counts$left_out <- counts$samples - counts$chosen
  n <- format_count(length(chosen))
  of <- format_count(length(label))
  each <- paste0(
    id_text(counts$label), ": ", format_count(counts$left_out), " of ",
    format_count(counts$samples)
  )
  inform_datamap(
    c(
      i = "{verb} {n} of {of} sample{cli::qty(length(label))}{?s}.",
      " " = "Left out by label: {first_few(each, 10)}."
    ),
    class = "selection",
    counts = counts
  )
}
