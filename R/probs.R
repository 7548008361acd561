#' Class probabilities of each sample
#'
#' One class vector per sample, as tools that look for wrong labels by class
#' probabilities want them: the mean over the evaluations, or the last one.
#'
#' The mean is made of sums that are kept while the signals are read: memory
#' grows with samples times classes, as it does for the last vectors, and not
#' with evaluations. Both are read as [datamap_summarise()] reads, with the same
#' order of the rows, the same warnings and the same errors.
#'
#' # For other tools
#' Confident learning takes the labels and a matrix of probabilities, best of
#' predictions that were made out of sample (see [datamap_stages()]):
#'
#' ```r
#' # CRAN's labelnoise; written from its manual, not run
#' labelnoise::find_label_issues(
#'   factor(map$label, colnames(probs)), pred_probs = probs
#' )
#'
#' # Python's cleanlab; written from its manual, not run. Classes count from 0
#' cleanlab <- reticulate::import("cleanlab")
#' cleanlab$filter$find_label_issues(
#'   labels = match(map$label, colnames(probs)) - 1L, pred_probs = probs
#' )
#' ```
#'
#' Neither takes rows that are `NA`: leave these out of both.
#'
#' @inheritParams datamap_summarise
#' @param x Where the signals are, as in [datamap_summarise()], or what
#'   [datamap_stages()] returned. A [datamap_state()] or a [datamap_recorder()]
#'   has the means at hand if it was made with a metric that needs the class
#'   vectors, such as `metrics = "suggested_label"`; it has no last vectors, and
#'   those of a recorder are read from its file, if it writes one.
#' @param which `"mean"`, the mean over the class vectors of the evaluations
#'   that count, or `"last"`, the last of these.
#'
#' @return A matrix with a row for each sample, in the order of the rows of the
#'   data map, and a column for each class, in the order of the class vectors.
#'   Row names are the ids. Column names are the labels that were said to stand
#'   for the classes, else their places, from 0; the place of a class that has
#'   no sample, where its number is the label of another one, is called
#'   `place <number>`. A sample without class vectors is a row of `NA`.
#' @seealso [datamap-columns] for the metrics `suggested_label` and
#'   `suggested_margin`, which are made of the means; [datamap_confusions()].
#' @export
#' @examples
#' satellite <- datamap_example("satellite_signals.json.gz")
#' probs <- datamap_probs(satellite)
#' head(round(probs, 3))
#'
#' # how sure the model is of the given label, and of the best other one
#' map <- datamap_summarise(satellite)
#' place <- cbind(seq_len(nrow(map)), match(map$label, colnames(probs)))
#' all.equal(probs[place], map$avg_probs)
#' others <- replace(probs, place, 0)
#' head(map$id[probs[place] < apply(others, 1, max)])
#'
#' # at the end of the training
#' head(round(datamap_probs(satellite, "last"), 3))
datamap_probs <- function(x,
                          which = c("mean", "last"),
                          ...,
                          burn_out = NULL,
                          steps = NULL,
                          fields = NULL,
                          classes = NULL,
                          format = c("auto", "json", "python"),
                          on_error = c("stop", "skip"),
                          partial_last = c("error", "ignore"),
                          max_line = 64 * 2^20,
                          threads = NULL,
                          progress = rlang::is_interactive()) {
  check_dots()
  call <- rlang::current_env()
  which <- check_choice(which)
  reading <- check_reading(
    format, on_error, partial_last, max_line, threads, progress
  )
  reading$naming <- check_naming(fields, classes)
  window <- check_window(burn_out, steps, call = call)
  source <- take_source(x, c("summary", "lines", "columns"))
  read <- if (!is.null(source$probs)) {
    source$probs(which, window, reading$naming)
  }
  if (is.null(read)) {
    read <- read_probs(source, which, window, reading, call)
  }
  probs_from_core(read$result, read$paths, call)
}

read_probs <- function(source, which, window, reading, call) {
  # any metric that needs the sums
  request <- check_request(NULL, "suggested_prob", include_ci = FALSE, call)
  options <- c(reader_options(request, reading, window), probs = which)
  summarise_source(source, request, reading, options, call)
}

# Of a state, checked; NULL where it has no class sums.
kept_probs <- function(state, arg, call) {
  if (is.null(state$class_sums)) {
    return(NULL)
  }
  options <- c(state_options(state), probs = "mean")
  result <- .Call(ffi_summarise_state, list(state), options)
  if (inherits(result, "dm_error")) {
    abort_state(result, arg, call)
  }
  list(result = result, paths = state$files)
}

state_probs <- function(x, which, window, arg, call) {
  state <- check_state(x, arg, call)
  check_same_window(window, state, call)
  kept <- if (which == "mean") kept_probs(state, arg, call)
  if (is.null(kept)) {
    abort_datamap(
      c(
        if (which == "mean") {
          "{.arg {arg}} must have kept sums of the class vectors."
        } else {
          "{.arg {arg}} must have the class vectors, not their sums."
        },
        "x" = if (which == "mean") {
          "It is a state whose metrics need none."
        } else {
          "It is a state, which keeps no last ones."
        },
        "i" = if (which == "mean") {
          paste(
            "Make it with {.code metrics = \"suggested_label\"}, or give the",
            "files that it was read from."
          )
        } else {
          "Give the files that it was read from."
        }
      ),
      class = "input", key = arg, instead = "datamap_state", call = call
    )
  }
  kept
}

# NULL where its file has to tell.
recorder_probs <- function(rec, which, window, naming, arg, call) {
  if (which == "last" || has_window(window) || has_naming(naming)) {
    return(NULL)
  }
  request <- check_request(NULL, NULL, include_ci = FALSE, call)
  state <- recorder_running(rec, request, window, call)
  kept_probs(check_state(state, arg, call), arg, call)
}

# The matrix of what the core found, after a warning of what was wrong.
probs_from_core <- function(result, paths, call) {
  problems <- problems_from_core(result, paths)
  warn_empty(result$counts, paths, call)
  warn_problems(problems, call)
  columns <- result$columns
  n <- length(columns$id)
  if (n > 0 && length(result$classes) == 0) {
    abort_datamap(
      c(
        "There must be class vectors.",
        "x" = "No evaluation that counts has {.field probs} or {.field logits}."
      ),
      class = "input", key = "probs", call = call
    )
  }
  matrix(
    columns$probs, n, length(result$classes),
    dimnames = list(id_text(columns$id), names_of_places(result$classes))
  )
}

# `labels` are those of the places, the place itself where none was said to
# stand there; that must not look like the label of another one.
names_of_places <- function(labels) {
  names <- id_text(labels)
  places <- id_text(seq_along(names) - 1)
  is_taken <- names == places &
    (duplicated(names) | duplicated(names, fromLast = TRUE))
  replace(names, is_taken, paste("place", places[is_taken]))
}
