# A review: people look at samples of a data map in a tool of theirs, and their
# labels come back.

#' Labels that people check and correct
#'
#' The way there and back: `datamap_review()` writes the most suspect samples of
#' a data map, with some drawn at random among them, for people to label,
#' `datamap_read_review()` reads what they said, and `datamap_relabel()` puts
#' the new labels into the training table.
#'
#' People follow what they see. So the samples stand in random order and without
#' a score, and with the label that the map suggests only where `suggest = TRUE`
#' says so. Columns of `data` that the data map has as well (signals, metrics)
#' are not written. The given label is in the file, since it tells later whether
#' the new one differs: who checks should not be shown it either, if the tool
#' allows that. A column of `data` with the labels that has another name than
#' the map's `label` is a text like any other, and is shown: leave it out of
#' `data`.
#'
#' # The random part
#' The most suspect samples say nothing of the others. Of the `n` samples, the
#' share `mix` is therefore drawn from the pool (see [datamap_audit_sample()]),
#' each sample of it equally likely; the rest are the most suspect samples that
#' were not drawn. [datamap_audit()] takes what `datamap_read_review()` returns
#' as it is, and counts the random part only. What is needed for that stands in
#' the file itself: `ticket` is a whole number without a meaning for who checks,
#' odd where the sample was drawn at random.
#'
#' Where `map` is a drawing by [datamap_audit_sample()], all of its samples are
#' written, in its order, and all are drawn at random; `n`, `by`, `top` and
#' `mix` are then an error.
#'
#' # Tools
#' - `"csv"`: a table with the columns `id`, `label` (the given one), those of
#'   `data`, `suggested_label` if asked for, `new_label`, to be filled in with
#'   the right label, the same or another, and `ticket`. `new_label` is left
#'   empty, or `NA` without quotes, by who can't decide. Where several people
#'   check, put their copies below each other, with a column `annotator`.
#'   Semicolons or tabs between the fields, as spreadsheets write them, are read
#'   as well.
#' - `"label-studio"`: a JSON array of tasks to import. In the labelling
#'   interface the choices must be called `label`, and the text as the first
#'   column of texts:
#'   `<Choices name="label" toName="text" choice="single">`. Read is the export
#'   "JSON": its annotations, never its predictions and drafts.
#' - `"argilla"`: a JSON array of records for `dataset.records.from_json()`. The
#'   dataset must have a text field for each column, a label question `label`,
#'   and the metadata properties `given_label` (terms) and `ticket` (integer).
#'   Read is what `dataset.records.to_json()` writes.
#' - `"doccano"`: JSON Lines for a project of text classification, the first
#'   column of texts being the text and the others metadata. Read is the export
#'   as JSONL or JSON; `file` may be several paths, one for each annotator, as
#'   doccano exports them. It has no suggestions: with `suggest = TRUE` a
#'   suggested label is the label of the text from the start, and one that
#'   nobody looked at can't be told from one that was confirmed.
#'
#' The formats of the three programs are held against their documentation and
#' sources; no test runs the programs themselves.
#'
#' Ids are written as strings, so that none loses a digit. Missing values of
#' texts are left out, or `NA` in CSV.
#'
#' # Several annotators
#' The new label is the one that more than half of those gave who decided; where
#' there is none, the sample is undecided. `agreement` is the share of pairs of
#' answers that are the same (Fleiss 1971), and a message gives Krippendorff's
#' alpha for nominal data over all samples with two answers or more (Hayes and
#' Krippendorff 2007). If an annotator answered twice in one task, the last
#' answer counts.
#'
#' @param map A data map, or a list of data maps, one per run of the training;
#'   or what [datamap_audit_sample()] returned.
#' @param data The training table: a data frame, for `datamap_review()` also the
#'   path of a tab-separated file as in [datamap_write_selection()].
#' @param review What `datamap_read_review()` returned, or a data frame with
#'   `id` and `new_label` (missing where it stays as it is).
#' @param file The path of the file to write or to read. It is replaced as a
#'   whole or not at all.
#' @param tool The program in which labels are checked.
#' @param ... Must be empty.
#' @param n How many samples are to be checked.
#' @param by,top The metric that says which samples are suspect, and the share
#'   of the samples that is the pool, as in [datamap_audit_sample()]; to be
#'   given to [datamap_audit()] too.
#' @param mix The share of the `n` samples that is drawn at random, from 0 to 1.
#' @param suggest Whether the map's `suggested_label` is written, as a
#'   prediction or suggestion of the tool; of several runs that of the first.
#' @param seed A whole number that makes the drawing the same every time; the
#'   state of R's generator is left as it was. `NULL`, the default, draws from
#'   that generator.
#' @param id_column The name of the column of `data` with the ids.
#' @param label_column The name of the column of `data` with the labels.
#'
#' @return `datamap_review()`: what was written, invisibly: a data frame with
#'   `id`, `label`, the columns of `data`, `suggested_label` if asked for, and
#'   `is_random`.
#'
#'   `datamap_read_review()`: a data frame with a row for each sample: `id` (a
#'   string), `label` (the given one), `new_label` (`NA` where it was not
#'   decided), `is_wrong` (whether they differ), `is_random` (`NA` where the
#'   ticket is lost), `answers` (of how many annotators), `agreement` (`NA` with
#'   fewer than two) and the columns of `data`, all as strings. Its attribute
#'   `annotations` has a row for each annotator and sample: `id`, `annotator`,
#'   `new_label` and `is_cancelled`. A message of class
#'   `datamap_message_review` counts the samples, those decided, undecided,
#'   cancelled and without an answer; its fields `counts` and `alpha` have the
#'   numbers.
#'
#'   `datamap_relabel()`: `data` with the new labels. Its attribute `relabelled`
#'   is the log, a data frame with `id`, `old` and `new` of every label that
#'   changed. It is an error, and nothing is changed, where an id of `review` is
#'   not in `data`, or is there or in `review` more than once, where a given
#'   label is not the one that `data` has, or where a new label is none of those
#'   in `data` (for a factor, none of its levels).
#' @references
#' Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters.
#' *Psychological Bulletin* 76(5), 378-382. \doi{10.1037/h0031619}
#'
#' Hayes, A. F. and Krippendorff, K. (2007). Answering the Call for a Standard
#' Reliability Measure for Coding Data. *Communication Methods and Measures*
#' 1(1), 77-89. \doi{10.1080/19312450709336664}
#' @seealso [datamap_audit()], [datamap_confusions()],
#'   `vignette("from-map-to-labels")`.
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' mails <- data.frame(id = map$id, label = map$label, text = "...")
#' file <- tempfile(fileext = ".csv")
#' written <- datamap_review(map, mails, file, n = 20, mix = 0.5, seed = 1)
#' names(written)
#'
#' # Somebody fills it in: here all labels become "1"
#' filled <- read.csv(file)
#' filled$new_label <- 1
#' write.csv(filled, file, row.names = FALSE)
#'
#' review <- datamap_read_review(file)
#' corrected <- datamap_relabel(mails, review)
#' head(attr(corrected, "relabelled"))
#' datamap_audit(map, review)
#' unlink(file)
datamap_review <- function(map,
                           data,
                           file,
                           tool = c(
                             "csv", "label-studio", "argilla", "doccano"
                           ),
                           ...,
                           n = 100,
                           by = "avg_probs",
                           top = 1,
                           mix = 0.2,
                           suggest = FALSE,
                           seed = NULL,
                           id_column = "id") {
  check_dots()
  call <- rlang::current_env()
  tool <- check_choice(tool)
  given <- c("n", "by", "top", "mix")[
    !c(missing(n), missing(by), missing(top), missing(mix))
  ]
  check_number(n, min = 1, whole = TRUE)
  check_number(mix, min = 0, max = 1)
  check_flag(suggest)
  check_seed(seed)
  force_argument(map, "map", call)
  path <- output_path(file)
  data <- take_table(data, call)
  check_column_choice(id_column, data, of = "{.arg data}")
  chosen <- if (is_drawing(map)) {
    drawing_to_review(map, given, suggest, call)
  } else {
    samples_to_review(
      map, list(n = n, by = by, top = top, mix = mix), suggest, seed, call
    )
  }
  rows <- find_rows(chosen$id, data[[id_column]], id_column, call)
  texts <- texts_to_review(data, rows, id_column, chosen$columns, call)
  need_reserved(names(texts), call)
  out <- list(id = id_text(chosen$id))
  out$label <- if (is.null(chosen$label)) {
    rep(NA_character_, length(rows))
  } else {
    id_text(chosen$label)
  }
  out[names(texts)] <- texts
  if (suggest) {
    out$suggested_label <- id_text(chosen$suggested)
  }
  write_review(tool, path, out, texts, draw_tickets(chosen$is_random, seed))
  out$is_random <- chosen$is_random
  invisible(list2DF(out))
}

#' @rdname datamap_review
#' @export
datamap_read_review <- function(file,
                                tool = c(
                                  "csv", "label-studio", "argilla", "doccano"
                                ),
                                ...) {
  check_dots()
  call <- rlang::current_env()
  tool <- check_choice(tool)
  paths <- review_paths(file, tool, call)
  read <- lapply(paths, function(path) {
    records <- if (tool == "csv") {
      read_csv_review(path, call)
    } else {
      read_json_review(path, tool, call)
    }
    need_records(records, path, call)
  })
  records <- unlist(read, recursive = FALSE)
  review <- review_of(records, paths[[1]], call)
  inform_review(review)
  review
}

#' @rdname datamap_review
#' @export
datamap_relabel <- function(data,
                            review,
                            ...,
                            id_column = "id",
                            label_column = "label") {
  check_dots()
  call <- rlang::current_env()
  check_data_frame(data)
  check_data_frame(review)
  check_column_choice(id_column, data, of = "{.arg data}")
  check_column_choice(label_column, data, of = "{.arg data}")
  for (name in c("id", "new_label")) {
    check_column_choice(name, review, of = "{.arg review}", arg = "review")
  }
  ids <- check_id_vector(
    review[["id"]], "a data frame whose {.field id} are ids, none missing",
    "review", call
  )
  need_once(ids, "review", call)
  rows <- find_rows(ids, data[[id_column]], id_column, call, "review")
  labels <- data[[label_column]]
  old <- id_text(labels[rows])
  new <- id_text(review[["new_label"]])
  need_given_labels(review, old, ids, call)
  is_decided <- !is.na(new)
  values <- if (is.factor(labels)) {
    factor(levels(labels), levels(labels))
  } else {
    unique(labels[!is.na(labels)])
  }
  at <- match(new, id_text(values))
  need_new_labels(new[is_decided & is.na(at)], id_text(values), call)
  is_changed <- is_decided & !(old == new) %in% TRUE
  labels[rows[is_changed]] <- values[at[is_changed]]
  data[[label_column]] <- labels
  attr(data, "relabelled") <- list2DF(list(
    id = ids[is_changed], old = old[is_changed], new = new[is_changed]
  ))
  n <- length(ids)
  counts <- format_count(c(sum(is_changed), n, sum(!is_decided)))
  inform_datamap(
    c(i = paste(
      "Changed {counts[[1]]} of {counts[[2]]} label{cli::qty(n)}{?s};",
      "{counts[[3]]} not decided, left as they are."
    )),
    class = "relabel", n = sum(is_changed)
  )
  data
}

# --- which samples ---

is_drawing <- function(map) {
  is.data.frame(map) && "is_wrong" %in% names(map)
}

drawing_to_review <- function(map, given, suggest, call) {
  if (length(given) > 0) {
    abort_datamap(
      c(
        paste(
          "{.arg {given}} must not be given where {.arg map} is a drawing by",
          "{.fn datamap_audit_sample}."
        ),
        i = "All samples of the drawing are written."
      ),
      class = "input", key = given[[1]], call = call
    )
  }
  check_column_choice("id", map, of = "{.arg map}", arg = "map", call = call)
  if (suggest) {
    need_suggestion(map, call)
  }
  list(
    id = check_id_vector(
      map[["id"]], "a data frame whose {.field id} are ids, none missing",
      "map", call
    ),
    label = map[["label"]], suggested = map[["suggested_label"]],
    is_random = rep(TRUE, nrow(map)), columns = names(map)
  )
}

# `size` is the list of `n`, `by`, `top` and `mix`.
samples_to_review <- function(map, size, suggest, seed, call) {
  runs <- take_runs(map, call = call)
  first <- runs$maps[[1]]
  if (suggest) {
    need_suggestion(first, call)
  }
  pool <- audit_pool(runs, size$by, size$top, call)
  need_fits_pool(size$n, pool, call)
  all <- length(pool$rows)
  at <- with_seed(seed, {
    drawn <- sample.int(all, round(size$mix * size$n))
    worst <- setdiff(seq_len(all), drawn)
    both <- c(drawn, utils::head(worst, size$n - length(drawn)))
    order <- sample.int(length(both))
    list(rows = pool$rows[both[order]], is_random = order <= length(drawn))
  })
  of_first <- runs$rows[[1]][at$rows]
  list(
    id = runs$ids[at$rows], label = first[["label"]][of_first],
    suggested = first[["suggested_label"]][of_first],
    is_random = at$is_random,
    columns = unique(unlist(lapply(runs$maps, names)))
  )
}

need_suggestion <- function(map, call) {
  check_column_choice(
    "suggested_label", map,
    of = "{.arg map}", arg = "suggest", call = call
  )
}

# Odd where the sample was drawn at random, and else even.
draw_tickets <- function(is_random, seed) {
  n <- length(is_random)
  halves <- with_seed(seed, sample.int(max(450000, 2 * n), n))
  id_text(100000 + 2 * halves + is_random)
}

is_odd_ticket <- function(ticket) {
  is_ticket <- grepl("^[0-9]+$", ticket)
  ifelse(is_ticket, grepl("[13579]$", ticket), NA)
}

# The columns of the table that people are to see, as text.
texts_to_review <- function(data, rows, id_column, own, call) {
  names <- setdiff(names(data), c(id_column, own))
  if (length(names) == 0) {
    abort_datamap(
      c(
        "{.arg data} must have columns to look at, such as a text.",
        x = "It has only the ids and columns that {.arg map} has."
      ),
      class = "input", key = "data", call = call
    )
  }
  texts <- lapply(names, function(name) {
    x <- column_to_write(data[[name]], name, "data", call, is_summary = FALSE)
    x <- x[rows]
    if (!is.character(x)) {
      return(id_text(x))
    }
    x <- enc2utf8(x)
    bad <- which(!validUTF8(x))
    if (length(bad) > 0) {
      row <- rows[[bad[[1]]]]
      abort_datamap(
        c(
          "Can't write column {.field {name}} of {.arg data}.",
          x = "Row {row} is not valid UTF-8."
        ),
        class = "input", key = name, line = row, call = call
      )
    }
    x
  })
  stats::setNames(texts, enc2utf8(names))
}

# Names of columns that mean something else in a file of reviews.
need_reserved <- function(names, call) {
  taken <- intersect(names, review_fields)
  if (length(taken) > 0) {
    abort_datamap(
      c(
        "Columns of {.arg data} must not be called as those of the review.",
        x = "{.field {taken}} {?is/are} there.",
        i = "Give such columns another name."
      ),
      class = "input", key = taken[[1]], call = call
    )
  }
}

review_fields <- c(
  "id", "label", "new_label", "suggested_label", "ticket", "annotator",
  "sample_id", "given_label", "is_wrong", "is_random", "answers", "agreement",
  "Comments"
)

# --- writing ---

# `columns` are all that is written, `texts` those to look at.
write_review <- function(tool, path, columns, texts, ticket,
                         call = rlang::caller_env()) {
  if (tool == "csv") {
    columns$new_label <- rep(NA_character_, length(ticket))
    columns$ticket <- ticket
    write_table(columns, path, "data", call, style = "csv")
    return(invisible())
  }
  first <- names(texts)[[1]]
  suggested <- columns$suggested_label
  key <- list(given_label = columns$label, ticket = ticket)
  lines <- switch(tool,
    "label-studio" = json_objects(list(
      data = json_fields(c(list(sample_id = columns$id), key, texts)),
      predictions = studio_predictions(suggested, first)
    )),
    argilla = json_objects(list(
      id = json_string(columns$id),
      fields = json_fields(texts),
      metadata = argilla_metadata(key),
      suggestions = argilla_suggestions(suggested)
    )),
    doccano = json_fields(
      c(
        list(text = texts[[1]], sample_id = columns$id), key, texts[-1]
      ),
      more = list(label = json_lists(suggested, length(ticket)))
    )
  )
  if (tool != "doccano") {
    last <- length(lines)
    lines <- paste0(
      rep(c("[", " "), c(1, last - 1)), lines, rep(c(",", "]"), c(last - 1, 1))
    )
  }
  write_whole(lines, path, call)
}

# NULL where nothing is suggested; "" where it is missing for that sample.
studio_predictions <- function(suggested, first) {
  if (is.null(suggested)) {
    return(NULL)
  }
  ifelse(is.na(suggested), "[]", paste0(
    "[{\"model_version\": \"datacarto\", \"result\": [{\"from_name\": ",
    "\"label\", \"to_name\": ", json_string(first), ", \"type\": \"choices\", ",
    "\"value\": {\"choices\": [", json_string(suggested), "]}}]}]"
  ))
}

argilla_suggestions <- function(suggested) {
  if (is.null(suggested)) {
    return(NULL)
  }
  ifelse(is.na(suggested), "{}", paste0(
    "{\"label\": {\"value\": ", json_string(suggested),
    ", \"score\": null, \"agent\": \"datacarto\"}}"
  ))
}

# The ticket is a number there.
argilla_metadata <- function(key) {
  json_fields(
    list(given_label = key$given_label),
    more = list(ticket = key$ticket)
  )
}

json_lists <- function(suggested, n) {
  if (is.null(suggested)) {
    return(rep("[]", n))
  }
  ifelse(is.na(suggested), "[]", paste0("[", json_string(suggested), "]"))
}

# An object for each element of the columns: of texts, without those missing,
# and `more` that are JSON already.
json_fields <- function(columns, more = list()) {
  parts <- lapply(names(columns), function(name) {
    x <- columns[[name]]
    ifelse(is.na(x), "", paste0(", ", json_string(name), ": ", json_string(x)))
  })
  rest <- lapply(names(more), function(name) {
    paste0(", ", json_string(name), ": ", more[[name]])
  })
  paste0("{", substring(do.call(paste0, c(parts, rest)), 3), "}")
}

json_objects <- function(columns) {
  columns <- columns[lengths(columns) > 0]
  json_fields(list(), more = columns)
}

# --- reading ---

review_paths <- function(file, tool, call) {
  force_argument(file, "file", call)
  is_several <- is.character(file) && length(file) > 1 && !anyNA(file) &&
    all(nzchar(file)) && tool == "doccano"
  if (!is_several) {
    return(output_path(file, is_read = TRUE, call = call))
  }
  check_paths(file, call = call)
  expand_path(file)
}

read_whole <- function(path, call) {
  size <- file.size(path)
  bytes <- if (!is.na(size) && !dir.exists(path)) {
    tryCatch(
      suppressWarnings(readBin(path, "raw", size)),
      error = function(error) NULL
    )
  }
  if (is.null(bytes)) {
    abort_datamap(
      c(
        "Can't read {.file {path}}.",
        x = "There is no such file, or it must not be read."
      ),
      class = "io", path = path, call = call
    )
  }
  if (identical(utils::head(bytes, 3), as.raw(c(0xef, 0xbb, 0xbf)))) {
    bytes <- bytes[-(1:3)]
  }
  text <- if (any(bytes == 0)) "\xff" else rawToChar(bytes)
  if (!validUTF8(text)) {
    abort_no_review("It is no text in UTF-8.", path, call)
  }
  bytes
}

abort_no_review <- function(found, path, call, key = NULL) {
  abort_datamap(
    c(
      "{.file {path}} must be a review.",
      x = cli_verbatim(found),
      i = "Is it the file that {.arg tool} exports?"
    ),
    class = "syntax", path = path, key = key, call = call
  )
}

# The fields of a table in CSV, a list of columns of strings: what stands
# between quotes is kept to the byte.
parse_csv <- function(bytes) {
  if (length(bytes) > 0 && bytes[[length(bytes)]] != 0x0a) {
    bytes <- c(bytes, as.raw(0x0a))
  }
  is_outside <- cumsum(bytes == 0x22) %% 2 == 0
  breaks <- which(is_outside & bytes == 0x0a)
  if (length(breaks) == 0) {
    return(NULL)
  }
  header <- bytes[seq_len(breaks[[1]])]
  used <- is_outside[seq_along(header)]
  marks <- charToRaw(",;\t")
  found <- vapply(marks, function(mark) sum(header == mark & used), 1L)
  mark <- marks[[which.max(found)]]
  ends <- which(is_outside & (bytes == 0x0a | bytes == mark))
  starts <- c(1L, utils::head(ends, -1) + 1L)
  fields <- mapply(function(from, to) {
    if (from < to) rawToChar(bytes[from:(to - 1L)]) else ""
  }, starts, ends, USE.NAMES = FALSE)
  Encoding(fields) <- "UTF-8"
  line <- findInterval(ends, breaks, left.open = TRUE)
  is_last <- bytes[ends] == 0x0a
  fields[is_last] <- sub("\r$", "", fields[is_last])
  width <- max(found) + 1L
  is_empty <- tabulate(line + 1L) == 1 & fields[is_last] == "" & width > 1
  keep <- !is_empty[line + 1L]
  fields <- fields[keep]
  if (any(tabulate(line[keep] + 1L)[unique(line[keep]) + 1L] != width)) {
    return(NULL)
  }
  is_quoted <- startsWith(fields, "\"")
  if (!all(endsWith(fields[is_quoted], "\""))) {
    return(NULL)
  }
  fields[!is_quoted & fields %in% c("NA", "")] <- NA
  inner <- fields[is_quoted]
  inner <- substr(inner, 2L, nchar(inner, "chars") - 1L)
  if (any(grepl("\"", gsub("\"\"", "", inner, fixed = TRUE), fixed = TRUE))) {
    return(NULL)
  }
  fields[is_quoted] <- gsub("\"\"", "\"", inner, fixed = TRUE)
  table <- matrix(fields, ncol = width, byrow = TRUE)
  columns <- lapply(seq_len(width), function(i) table[-1, i])
  stats::setNames(columns, table[1, ])
}

# Records are lists of `id`, `label`, `ticket`, `texts` and `answers`, each of
# which is `annotator`, `label` and `is_cancelled`.
read_csv_review <- function(path, call) {
  columns <- parse_csv(read_whole(path, call))
  lost <- setdiff(c("id", "new_label"), names(columns))
  if (length(lost) > 0) {
    abort_no_review(
      if (is.null(columns)) {
        "Its lines differ in their numbers of fields, or a quote does not end."
      } else {
        paste0("It lacks the column ", lost[[1]], ".")
      },
      path, call, lost[[1]]
    )
  }
  texts <- columns[setdiff(names(columns), review_fields)]
  lapply(seq_along(columns$id), function(i) {
    pick <- function(name) {
      if (is.null(columns[[name]])) NA_character_ else columns[[name]][[i]]
    }
    annotator <- pick("annotator")
    list(
      id = pick("id"), label = pick("label"), ticket = pick("ticket"),
      texts = lapply(texts, function(x) x[[i]]),
      answers = list(review_answer(
        if (is.na(annotator)) "1" else annotator, pick("new_label")
      ))
    )
  })
}

review_answer <- function(annotator, labels, is_cancelled = FALSE) {
  labels <- unique(labels)
  list(
    annotator = annotator,
    label = if (length(labels) == 1) labels else NA_character_,
    is_cancelled = is_cancelled
  )
}

read_json_review <- function(path, tool, call) {
  bytes <- read_whole(path, call)
  need_jsonlite(path, call)
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  if (!grepl("^[[:space:]]*\\[", text)) {
    lines <- strsplit(text, "\n", fixed = TRUE)[[1]]
    lines <- lines[grepl("[^[:space:]]", lines)]
    text <- paste0("[", paste(lines, collapse = ","), "]")
  }
  records <- tryCatch(
    jsonlite::fromJSON(text, simplifyVector = FALSE),
    error = function(error) abort_no_review("It is no JSON.", path, call)
  )
  annotator <- sub("[.][^.]*$", "", basename(path))
  take <- switch(tool,
    "label-studio" = studio_record,
    argilla = argilla_record,
    doccano = function(record) doccano_record(record, annotator)
  )
  lapply(records, function(record) {
    tryCatch(take(record), error = function(error) {
      abort_no_review(
        paste0("A record of it is none of ", tool, "."), path, call
      )
    })
  })
}

need_jsonlite <- function(path, call) {
  if (!has_package("jsonlite")) {
    abort_datamap(
      c(
        "Can't read {.file {path}} without the package jsonlite.",
        i = "{.code install.packages(\"jsonlite\")} installs it."
      ),
      class = "input", key = "tool", call = call
    )
  }
}

# A string, missing where there is nothing.
json_value <- function(x) {
  if (is.null(x)) NA_character_ else id_text(x[[1]])
}

keyed_record <- function(data, id, key, reserved, answers) {
  texts <- data[setdiff(names(data), reserved)]
  texts <- texts[vapply(texts, is.atomic, NA)]
  list(
    id = json_value(id), label = json_value(key[["given_label"]]),
    ticket = json_value(key[["ticket"]]),
    texts = lapply(texts, json_value), answers = answers
  )
}

studio_record <- function(task) {
  data <- task[["data"]]
  answers <- lapply(task[["annotations"]], function(annotation) {
    who <- annotation[["completed_by"]]
    chosen <- lapply(annotation[["result"]], function(result) {
      if (identical(result[["from_name"]], "label")) {
        result[["value"]][["choices"]]
      }
    })
    review_answer(
      json_value(if (is.list(who)) who[["id"]] else who),
      unlist(chosen), isTRUE(annotation[["was_cancelled"]])
    )
  })
  keyed_record(
    data, data[["sample_id"]], data,
    c("sample_id", "given_label", "ticket"), answers
  )
}

argilla_record <- function(record) {
  answers <- lapply(record[["responses"]][["label"]], function(response) {
    review_answer(
      json_value(response[["user_id"]]), unlist(response[["value"]]),
      identical(response[["status"]], "discarded")
    )
  })
  keyed_record(
    record[["fields"]], record[["id"]], record[["metadata"]], character(),
    answers
  )
}

doccano_record <- function(record, annotator) {
  answers <- list(review_answer(annotator, unlist(record[["label"]])))
  keyed_record(
    record, record[["sample_id"]], record,
    c("id", "sample_id", "given_label", "ticket", "label", "Comments"), answers
  )
}

need_records <- function(records, path, call) {
  ids <- vapply(records, function(record) record$id, "")
  if (length(ids) == 0 || anyNA(ids)) {
    found <- if (length(ids) == 0) {
      "It has no sample."
    } else {
      paste0("Sample ", which(is.na(ids))[[1]], " has no id.")
    }
    abort_no_review(found, path, call, "id")
  }
  who <- vapply(records, function(record) {
    paste(unique(answer_column(record$answers, "annotator")), collapse = " ")
  }, "")
  again <- which(duplicated(cbind(ids, who)))
  if (length(again) > 0) {
    first <- ids[[again[[1]]]]
    abort_datamap(
      c(
        "{.file {path}} must have each sample once for each annotator.",
        x = "The id {.val {first}} is there more than once."
      ),
      class = "input", key = first, path = path, line = again[[1]], call = call
    )
  }
  records
}

answer_column <- function(answers, name, type = "") {
  vapply(answers, function(answer) answer[[name]], type)
}

# --- what they said ---

review_of <- function(records, path, call) {
  each <- vapply(records, function(record) record$id, "")
  ids <- unique(each)
  counts <- lengths(lapply(records, function(record) record$answers))
  answers <- unlist(
    lapply(records, function(record) record$answers),
    recursive = FALSE
  )
  said <- list2DF(list(
    id = rep(each, counts),
    annotator = answer_column(answers, "annotator"),
    new_label = answer_column(answers, "label"),
    is_cancelled = answer_column(answers, "is_cancelled", NA)
  ))
  # the last of each annotator
  said <- said[!duplicated(said[c("id", "annotator")], fromLast = TRUE), ]
  said$new_label[said$is_cancelled] <- NA
  attr(said, "row.names") <- .set_row_names(nrow(said))
  if (all(is.na(said$new_label))) {
    abort_datamap(
      c(
        "{.file {path}} must have answers.",
        x = "None of its {length(ids)} sample{?s} has a label that was chosen.",
        i = "They are what is called {.field label}, in CSV {.field new_label}."
      ),
      class = "input", key = "new_label", path = path, call = call
    )
  }
  first <- records[match(ids, each)]
  pick <- function(name) vapply(first, function(record) record[[name]], "")
  of <- factor(said$id, ids)
  votes <- lapply(split(said$new_label, of), function(x) x[!is.na(x)])
  new <- vapply(votes, majority, "", USE.NAMES = FALSE)
  label <- pick("label")
  out <- list(
    id = ids, label = label, new_label = new, is_wrong = label != new,
    is_random = is_odd_ticket(pick("ticket")),
    answers = lengths(votes, use.names = FALSE),
    agreement = vapply(votes, pair_agreement, 1, USE.NAMES = FALSE)
  )
  names <- unique(unlist(lapply(first, function(record) names(record$texts))))
  for (name in names) {
    out[[name]] <- vapply(first, function(record) {
      record$texts[[name]] %||% NA_character_
    }, "")
  }
  structure(
    list2DF(out),
    annotations = said, alpha = krippendorff_alpha(votes)
  )
}

# The one that more than half gave.
majority <- function(votes) {
  counts <- table(votes)
  at <- which(counts > length(votes) / 2)
  if (length(at) == 1) names(counts)[[at]] else NA_character_
}

pair_agreement <- function(votes) {
  n <- length(votes)
  counts <- as.vector(table(votes))
  if (n < 2) NA_real_ else sum(counts * (counts - 1)) / (n * (n - 1))
}

# For nominal data, over the units with two votes or more. NA where there is
# none, or one label only.
krippendorff_alpha <- function(votes) {
  votes <- votes[lengths(votes) > 1]
  n <- sum(lengths(votes))
  same <- vapply(votes, function(x) length(x) * pair_agreement(x), 1)
  totals <- as.vector(table(unlist(votes, use.names = FALSE)))
  expected <- (n^2 - sum(totals^2)) / (n - 1)
  if (n == 0 || expected == 0) NA_real_ else 1 - (n - sum(same)) / expected
}

inform_review <- function(review) {
  said <- attr(review, "annotations", exact = TRUE)
  alpha <- attr(review, "alpha", exact = TRUE)
  is_answered <- review$id %in% said$id
  is_decided <- !is.na(review$new_label)
  counts <- c(
    samples = nrow(review), decided = sum(is_decided),
    undecided = sum(is_answered & !is_decided),
    unanswered = sum(!is_answered), cancelled = sum(said$is_cancelled),
    annotators = length(unique(said$annotator))
  )
  shown <- as.list(format_count(counts))
  names(shown) <- names(counts)
  agreement <- if (!is.na(alpha)) format_number(alpha, digits = 2)
  inform_datamap(
    c(
      i = paste(
        "{shown$decided} of {shown$samples} sample{cli::qty(nrow(review))}{?s}",
        "decided, {shown$undecided} undecided, {shown$unanswered} without an",
        "answer; answers cancelled: {shown$cancelled}."
      ),
      i = if (!is.null(agreement)) {
        paste(
          "{shown$annotators} annotators, whose agreement is {agreement}",
          "(Krippendorff's alpha)."
        )
      }
    ),
    class = "review", counts = counts, alpha = alpha
  )
}

# --- into the table ---

need_given_labels <- function(review, old, ids, call) {
  given <- id_text(review[["label"]])
  differs <- which(given != old)
  if (length(differs) > 0) {
    at <- differs[[1]]
    first <- id_text(ids[[at]])
    was <- given[[at]]
    is <- old[[at]]
    abort_datamap(
      c(
        "{.arg review} must be of the labels that {.arg data} has.",
        x = paste(
          "The label of id {.val {first}} was {.val {was}} when it was",
          "checked, and is {.val {is}}."
        ),
        i = if (length(differs) > 1) {
          "So it is for {length(differs)} of {length(ids)} samples."
        }
      ),
      class = "input", key = first, line = at, call = call
    )
  }
}

need_new_labels <- function(odd, values, call) {
  if (length(odd) > 0) {
    found <- odd[[1]]
    known <- first_few(values, 20)
    abort_datamap(
      c(
        "Every new label must be one that {.arg data} has.",
        x = "{.val {found}} is none of them.",
        i = "They are: {known}."
      ),
      class = "input", key = found, similar = similar_names(found, values),
      call = call
    )
  }
}
