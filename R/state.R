#' Running state of a summary
#'
#' For signals that come in parts, from several machines or while a training
#' goes on. Each line of signals adds to a small state of its sample:
#' `datamap_state()` returns these states as a plain R object, in place of the
#' finished summary. States of parts, computed anywhere, are joined by
#' `datamap_merge()`; `datamap_update()` goes on with more signals;
#' `datamap_summarise(state)` finishes.
#'
#' A state is a list of vectors without any pointer, of a size that follows
#' the number of samples: `saveRDS()`, a worker of the parallel or mirai
#' package, or targets can carry it.
#'
#' A state does not warn of skipped lines and disagreements: it keeps them, and
#' `datamap_summarise(state)` warns of all of them. [datamap_problems()] returns
#' them at any time.
#'
#' # Merging
#' `b` goes on where `a` ends: of a sample that is in both, the evaluations in
#' `b` are counted behind those in `a`, and what happens at the border (right in
#' the last evaluation in `a`, wrong in the first in `b`) is an event like any
#' other. Samples that are in one of them only stay as they are. So `a` and
#' `b` may be stretches of time, sets of samples, or any mixture in which each
#' sample's stretches come in the order of time.
#'
#' Counts, `max_label_probs`, `min_label_probs` and last values are the same as
#' of all signals read at once. Means and variances are joined by the formulas
#' of Chan, Golub and LeVeque: with \eqn{n_a}, \eqn{n_b} evaluations, means
#' \eqn{m_a}, \eqn{m_b}, sums of squared deviations \eqn{S_a}, \eqn{S_b},
#' \eqn{n = n_a + n_b} and \eqn{d = m_b - m_a}
#' \deqn{m = m_a + d\, n_b / n, \qquad S = S_a + S_b + d^2 n_a n_b / n,}{
#'   m = m_a + d n_b / n,  S = S_a + S_b + d^2 n_a n_b / n,}
#' which differs from one reading by rounding only, in the last digits.
#' Updating differs in no bit.
#'
#' Where lines have a `step`:
#'
#' * the steps of a sample in `b` must not lie before its last one in `a`, else
#'   the error names the sample and both steps;
#' * a first step in `b` that equals the last one in `a` counts, and is a
#'   disagreement unless it was given as `epoch`, as within a file;
#' * if the smallest step in `b` of the samples that are in both is further from
#'   the largest in `a` than any two steps that follow each other within `a` or
#'   within `b` (than 1, where each has one step only), there is a warning of
#'   class `datamap_warning_gap`: a part may be missing;
#' * a sample that has steps in one of them only is an error.
#'
#' Without steps nothing of this can be seen, and the order of the arguments is
#' all that tells the order of time. A `label`, `s_label` or number of classes
#' that changes from `a` to `b` is a disagreement, reported once for a sample
#' and without a line.
#'
#' Where only a part of the evaluations counts, of a sample that is in both,
#' `burn_out` and `steps` mean the same as of all signals read at once, as long
#' as that can be known: the `burn_out` must be over in `a`, or not reached in
#' `b`; and `steps` must be steps that the lines have, or be over in `a`. Else
#' the error says so: where an order of occurrence counts, a later stretch does
#' not know at which number it begins. Disjoint sets of samples, and
#' `datamap_update()`, have no such limit.
#'
#' # Shares of the ids
#' The memory that a state takes follows the number of samples. Where that is
#' too much for one machine, or where several processes are to share the work
#' on the same files, `ids = c(share, of)` makes the state of one of `of` parts
#' of the ids: each id belongs to one of them, by a hash of its value that is
#' the same on every machine. Lines of other ids are left out as if they were
#' in no file. Each process reads all files, so this saves memory and the work
#' behind reading, not reading itself.
#'
#' `datamap_merge()`, given the states of all shares in one call, makes what one
#' reading makes, but for the order of rows where ids are texts. Where that is
#' too large, the summaries of the shares, which have no sample in common, go
#' into one map by `rbind()`; only `pvi` and `adj_confidence`, which compare a
#' sample with all others of its label, are then of its share's. States of one
#' share are merged and updated as any others, those of different shares only
#' when all are there. A line that can't be read, or that tells no id, stops
#' every share where `on_error` is `"stop"`; where such lines are skipped, the
#' first share alone reports them.
#'
#' Where all ids are integers, rows of the summary are in their order. Else
#' they are in the order of first appearance, those of `a` before the new ones
#' of `b`.
#'
#' # Structure
#' A list of class `datamap_state` with the elements
#'
#' * `version`: the version of this structure, an integer; `package`: the
#'   version of the package that made it;
#' * `request`: the `signals` and `metrics` that were asked for; `window`: the
#'   `burn_out` (0: none), `steps` and `ids`;
#' * `files`: the sources so far, which `file` below counts from 1;
#' * `line_counts`, `problem_counts`, `problems`: what became of the lines;
#' * `ids`, `labels`, `s_labels`: each a list of the different `values` in the
#'   order of first appearance, and of `has_text`, whether one was given as a
#'   string;
#' * `samples`: a list of vectors with an element for each id: the place of its
#'   `label` and `s_label` among their values (0 for none), the length of its
#'   class vectors, counts, the `mean` and `sum_of_squares` of the deviations
#'   of its `label_probs`, and so on;
#' * `steps`: such a list of first and last steps, `NULL` where no line has a
#'   step; `step_distance`: the largest distance between steps that follow each
#'   other;
#' * `signals`: such a list for each signal, and for each quantity of a line
#'   that a metric is the mean of, where `sum_of_squares`, `min` and `max` mean
#'   nothing, nor does `last` unless a metric is it; `metrics`: such a list for
#'   those that are no means;
#' * `seen`: with a window, how many `lines` each id had, counted or not;
#' * `class_sums`, `predicted`, `predictions`: for some metrics, the sums of the
#'   class vectors, the labels that were predicted and how often each was, both
#'   column by column with a row for each id; `places`: the same of predictions
#'   of which only the place in the class vector is known;
#' * `class_labels`: of each place in the class vectors, which of `labels`
#'   stands there by `label_index` (0 for none, -1 for several).
#'
#' It is for reading; to change it by hand is at one's own risk, but what is
#' inconsistent is found and refused with an error of class
#' `datamap_error_input`.
#'
#' @inheritParams datamap_summarise
#' @param x Where the signals are, as for [datamap_summarise()]: paths, a
#'   folder, a connection, a raw vector, literal text, a data frame, an Arrow
#'   stream; or a
#'   [datamap_recorder()], whose state is at hand, and whose file
#'   `datamap_update()` reads. For the methods, a state.
#' @param ... For `datamap_merge()` further states, each of which goes on where
#'   those before it end. Else must be empty.
#' @param ids `NULL` for all ids, or two whole numbers `c(share, of)`, `share`
#'   from 1 to `of`: only ids of this share, see below.
#' @param state,a,b States, made with the same `signals`, `metrics`,
#'   `burn_out`, `steps` and `ids`.
#'
#' @return A state, of class `datamap_state`.
#' @references
#' Chan, T. F., Golub, G. H. and LeVeque, R. J. (1979). Updating Formulae and a
#' Pairwise Algorithm for Computing Sample Variances. Technical Report
#' STAN-CS-79-773, Stanford University.
#'
#' Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). Algorithms for Computing
#' the Sample Variance: Analysis and Recommendations. *The American
#' Statistician*, 37(3), 242-247. \doi{10.1080/00031305.1983.10483115}
#' @seealso [datamap_summarise()]; [datamap_save_state()] keeps a state in a
#'   file.
#' @export
#' @examples
#' # Two halves of a file, one after the other
#' lines <- readLines(datamap_example("spam_signals.jsonl.gz"))
#' half <- length(lines) / 2
#' a <- datamap_state(I(head(lines, half)))
#' b <- datamap_state(I(tail(lines, half)))
#' a
#' both <- datamap_merge(a, b)
#' map <- datamap_summarise(both)
#' all.equal(map, datamap_summarise(I(lines)))
#'
#' # Going on with what came later gives the very same
#' both <- datamap_update(a, I(tail(lines, half)))
#' identical(
#'   datamap_summarise(both)$avg_probs,
#'   datamap_summarise(I(lines))$avg_probs
#' )
#'
#' # Files read by two workers
#' \donttest{
#' files <- c(tempfile(), tempfile())
#' writeLines(head(lines, half), files[[1]])
#' writeLines(tail(lines, half), files[[2]])
#' workers <- parallel::makeCluster(2)
#' datamap_state(files, workers = workers)
#' parallel::stopCluster(workers)
#' unlink(files)
#' }
datamap_state <- function(x,
                          ...,
                          signals = NULL,
                          metrics = NULL,
                          burn_out = NULL,
                          steps = NULL,
                          ids = NULL,
                          fields = NULL,
                          classes = NULL,
                          format = c("auto", "json", "python"),
                          on_error = c("stop", "skip"),
                          partial_last = c("error", "ignore"),
                          max_line = 64 * 2^20,
                          threads = NULL,
                          workers = NULL,
                          timeout = NULL,
                          retry = 1,
                          progress = rlang::is_interactive()) {
  check_dots()
  call <- rlang::current_env()
  reading <- check_reading(
    format, on_error, partial_last, max_line, threads, progress
  )
  reading$naming <- check_naming(fields, classes)
  request <- check_request(signals, metrics, include_ci = FALSE, call)
  check_signals_named(request$signals, reading$naming, call)
  window <- check_window(burn_out, steps, ids, call)
  asked <- check_workers(workers, timeout, retry)
  if (!is.null(asked)) {
    how <- list(request = request, window = window, reading = reading)
    return(state_from_workers(x, asked, how, call))
  }
  source <- take_source(x, c("state", "lines", "columns"))
  if (!is.null(source$state)) {
    return(source$state(request, window, reading$naming))
  }
  read_state(source, NULL, request, window, reading, call)
}

#' @rdname datamap_state
#' @export
datamap_update <- function(state,
                           x,
                           ...,
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
  state <- check_state(state)
  reading <- check_reading(
    format, on_error, partial_last, max_line, threads, progress
  )
  reading$naming <- check_naming(fields, classes)
  check_signals_named(state$request$signals, reading$naming, call)
  source <- take_source(x, c("lines", "columns"))
  read_state(source, state, state_request(state), state$window, reading, call)
}

#' @rdname datamap_state
#' @export
datamap_merge <- function(a, b, ...) {
  call <- rlang::current_env()
  more <- rlang::list2(...)
  states <- c(
    list(check_state(a), check_state(b)),
    lapply(more, check_state, arg = "...", call = call)
  )
  names <- c("a", "b", sprintf("..%d", seq_along(more)))
  names <- vapply(
    names, function(name) fill_in("{.arg {name}}"), "",
    USE.NAMES = FALSE
  )
  merge_states(states, names, call)
}

# `states` were checked; `names` are finished texts that say what each is
# called.
merge_states <- function(states, names, call = rlang::caller_env()) {
  joined <- join_states(states, names, call)
  for (i in which(lengths(joined$gaps) > 0)) {
    warn_gap(joined$gaps[[i]], names[[i + 1]], call)
  }
  joined$state
}

# The same without a warning: the state, and the gap before each but the first.
join_states <- function(states, names, call) {
  states <- without_shares(states)
  for (i in seq_along(states)[-1]) {
    check_made_alike(states[[1]], states[[i]], names[c(1, i)], call)
  }
  result <- .Call(ffi_merge_states, states, state_options(states[[1]]))
  if (inherits(result, "dm_error")) {
    abort_merge(result, names, call)
  }
  files <- unlist(lapply(states, `[[`, "files"))
  request <- state_request(states[[1]])
  state <- new_state(result$state, request, states[[1]]$window, files)
  list(state = state, gaps = result$gaps)
}

#' @rdname datamap_state
#' @export
format.datamap_state <- function(x, ...) {
  x <- check_shown(x)
  n_problems <- sum(x$problem_counts)
  files <- unique(x$files)
  c(
    paste0(
      "A running state: ", plural_count(length(x$ids$values), "sample"), ", ",
      plural_count(sum(as.double(x$samples$evaluations)), "evaluation")
    ),
    if (length(x$request$signals) > 0) {
      paste("signals:", first_few(x$request$signals))
    },
    if (length(x$request$metrics) > 0) {
      paste("metrics:", first_few(x$request$metrics, 3))
    },
    if (x$window$burn_out > 0) {
      paste(
        "counted: the first", plural_count(x$window$burn_out, "evaluation"),
        "of each sample"
      )
    },
    if (!is.null(x$window$steps)) {
      paste("counted: steps from", paste(x$window$steps, collapse = " to "))
    },
    if (!is.null(x$window$ids)) {
      paste("ids: of share", share_text(x$window$ids))
    },
    if (!is.null(x$steps) && any(x$steps$is_given)) {
      given <- x$steps$is_given
      paste(
        "steps:", format(min(x$steps$first[given]), digits = 15), "to",
        format(max(x$steps$last[given]), digits = 15)
      )
    },
    if (length(files) > 0) paste("read from:", first_few(files, 3)),
    if (n_problems > 0) {
      paste0(plural_count(n_problems, "problem"), ": see datamap_problems()")
    }
  )
}

#' @rdname datamap_state
#' @export
print.datamap_state <- function(x, ...) {
  cat_wrapped(format(x, ...))
  invisible(x)
}

# The states of all shares of the ids are those of all ids.
without_shares <- function(states) {
  ids <- lapply(states, function(state) state$window$ids)
  of <- vapply(ids, function(pair) pair[2] %||% NA_real_, 0)
  share <- vapply(ids, function(pair) pair[1] %||% NA_real_, 0)
  if (!anyNA(of) && all(of == length(ids)) && !anyDuplicated(share)) {
    states <- lapply(states, function(state) {
      state$window["ids"] <- list(NULL)
      state
    })
  }
  states
}

share_text <- function(ids) paste(whole_numbers(ids), collapse = " of ")

# Reads on from `start`, or from the beginning where that is NULL.
read_state <- function(source, start, request, window, reading, call) {
  options <- reader_options(request, reading, window)
  read <- read_with(source, request, reading, function(input, is_table, show) {
    .Call(ffi_read_state, input, options, show, is_table, start)
  })
  check_result(read, start, call)
  new_state(read$result$state, request, window, c(start$files, read$paths))
}

recorder_running <- function(rec, request, window, call) {
  check_no_window(window, "state", call)
  made_request(request, rec$request, "the recorder was opened", call)
  state <- .Call(ffi_recorder_running, rec$pointer)
  if (inherits(state, "dm_error")) {
    abort_recorder(state, rec$path, call)
  }
  new_state(state, rec$request, window, rec$path)
}

#' @export
signal_source.datamap_state <- function(x, arg, call) {
  new_source(at_hand = list(
    summary = function(request, window, naming) {
      need_no_naming(naming, x, arg, call)
      summarise_state(x, request, window, arg, call)
    },
    probs = function(which, window, naming) {
      need_no_naming(naming, x, arg, call)
      state_probs(x, which, window, arg, call)
    }
  ))
}

summarise_state <- function(x, request, window, arg, call) {
  state <- check_state(x, arg, call)
  check_same_window(window, state, call)
  own <- made_request(
    request, state_request(state), "the state was made", call
  )
  result <- .Call(ffi_summarise_state, list(state), state_options(state))
  if (inherits(result, "dm_error")) {
    abort_state(result, arg, call)
  }
  datamap_from_core(result, own, state$files, call, ids = state$window$ids)
}

has_window <- function(window) {
  has_evaluations_window(window) || !is.null(window$ids)
}

has_evaluations_window <- function(window) {
  window$burn_out > 0 || !is.null(window$steps)
}

check_same_window <- function(window, state, call = rlang::caller_env()) {
  evaluations <- c("burn_out", "steps")
  if (has_evaluations_window(window) &&
        !identical(window[evaluations], state$window[evaluations])) {
    abort_datamap(
      c(
        "{.arg burn_out} and {.arg steps} must be those of the state.",
        "i" = "They are chosen where {.fn datamap_state} makes it."
      ),
      class = "input", key = "x", call = call
    )
  }
}

# Changes where what is kept of a sample does: the number of the core's files.
state_version <- function() .Call(ffi_state_version)

# `columns` are what the core gave, `package` is the version that made it.
new_state <- function(columns, request, window, files,
                      package = installed_version()) {
  structure(
    c(
      list(
        version = state_version(),
        package = package,
        request = request[c("signals", "metrics")],
        window = window,
        files = as.character(files)
      ),
      columns
    ),
    class = "datamap_state"
  )
}

installed_version <- function() {
  as.character(utils::packageVersion("datacarto"))
}

# What a checked state was made with.
state_request <- function(state) {
  request <- state$request
  check_request(
    request$signals, request$metrics,
    include_ci = FALSE, rlang::caller_env()
  )
}

state_options <- function(state) {
  reader_options(state_request(state), window = state$window)
}

# Checks what R needs of a state, and gives it without its class; the core
# checks the rest when it takes it, also that texts are UTF-8.
check_state <- function(x,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  force(arg) # is told by what `x` was
  force_argument(x, arg, call)
  if (!inherits(x, "datamap_state") || !is.list(x)) {
    abort_argument(x, "a state made by {.fn datamap_state}", arg, call)
  }
  x <- unclass(x)
  is_versioned <- is.numeric(x$version) && length(x$version) == 1 &&
    is.finite(x$version)
  if (is_versioned && x$version > state_version()) {
    abort_newer_state(x, fill_in("{.arg {arg}}"), call, arg = arg)
  }
  are_fine <- is_versioned && x$version == state_version() &&
    is_text(x$package) && length(x$package) == 1 && is_request(x$request) &&
    is_window(x$window) && is.character(x$files) && !anyNA(x$files)
  if (!are_fine) {
    abort_datamap(
      c(
        "{.arg {arg}} must be a whole state.",
        "x" = paste(
          "Its {.field version}, {.field package}, {.field request},",
          "{.field window} or {.field files} is missing or damaged."
        )
      ),
      class = "input", key = arg, call = call
    )
  }
  x
}

# A state of which only a part is shown, which takes no time: of all that is
# looked at, R's part.
check_shown <- function(x,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  force(arg)
  x <- check_state(x, arg, call)
  for (part in names(shown_parts)) {
    if (!isTRUE(shown_parts[[part]](x[[part]], x))) {
      abort_datamap(
        c(
          "{.arg {arg}} must be a whole state.",
          "x" = "Its {.field {part}} is missing or damaged."
        ),
        class = "input", key = part, call = call
      )
    }
  }
  x
}

# Whether each part is as format() and datamap_problems() need it.
shown_parts <- list(
  problem_counts = function(part, state) {
    are_numbers(part, length(problem_kinds)) && !anyNA(part)
  },
  problems = function(part, state) {
    if (!is.list(part)) {
      return(FALSE)
    }
    n <- length(part$row)
    are_numbers(part$row, n) && are_numbers(part$col, n) &&
      is_text(part$expected) && length(part$expected) == n &&
      is_text(part$actual) && length(part$actual) == n &&
      are_numbers(part$file, n) &&
      all(is.na(part$file) | part$file %in% seq_along(state$files))
  },
  ids = function(part, state) is.list(part),
  samples = function(part, state) {
    is.list(part) &&
      are_numbers(part$evaluations, length(state$ids$values)) &&
      !anyNA(part$evaluations)
  },
  steps = function(part, state) {
    if (!is.list(part)) {
      return(is.null(part))
    }
    n <- length(state$ids$values)
    is.logical(part$is_given) && length(part$is_given) == n &&
      !anyNA(part$is_given) && are_numbers(part$first, n) &&
      are_numbers(part$last, n)
  }
)

are_numbers <- function(x, n) is_number(x) && length(x) == n

is_request <- function(x) {
  is.list(x) && is_text(x$signals) && is_text(x$metrics) &&
    !anyDuplicated(x$metrics)
}

is_window <- function(x) {
  is_number <- function(x, n) is.double(x) && length(x) == n && !anyNA(x)
  is.list(x) && is_number(x$burn_out, 1) && x$burn_out >= 0 &&
    x$burn_out <= .Machine$integer.max && x$burn_out == trunc(x$burn_out) &&
    (is.null(x$steps) || is_number(x$steps, 2)) &&
    (is.null(x$ids) || is_id_share(x$ids))
}

# `what` is the finished text that says what is too new.
abort_newer_state <- function(state, what, call, path = NULL, arg = NULL) {
  made_by <- if (rlang::is_string(state$package)) state$package else "unknown"
  installed <- installed_version()
  abort_datamap(
    c(
      paste(cli_verbatim(what), "was made by a newer version of datacarto."),
      "x" = "It is of version {.val {made_by}}, this is {.val {installed}}.",
      "i" = "Update the package to use it."
    ),
    class = "input", path = path, key = arg, call = call
  )
}

# `names` are finished texts that say what the two states are called.
check_made_alike <- function(a, b, names, call = rlang::caller_env()) {
  has <- function(x, name) {
    if (length(x) > 0) paste0("has {.val {", name, "}}.") else "has none."
  }
  made <- function(x) {
    list(
      signals = x$request$signals, metrics = x$request$metrics,
      burn_out = x$window$burn_out[x$window$burn_out > 0],
      steps = x$window$steps,
      ids = if (!is.null(x$window$ids)) share_text(x$window$ids)
    )
  }
  a <- made(a)
  b <- made(b)
  for (what in names(a)[!mapply(identical, a, b)]) {
    first <- a[[what]]
    other <- b[[what]]
    abort_datamap(
      c(
        paste(
          "States can be merged only if they were made with the same",
          "{.arg {what}}."
        ),
        "x" = paste(cli_verbatim(names[[1]]), has(first, "first")),
        "x" = paste(cli_verbatim(names[[2]]), has(other, "other")),
        "i" = if (what == "ids") {
          "Shares are put together by one call that is given all of them."
        }
      ),
      class = "input", key = what, call = call
    )
  }
}

# Whether an error of the core is about the state that it was given.
is_damage <- function(error) error$class == "input" && is.na(error$file)

# `name` is the finished text that says what the state is called.
abort_state <- function(error, arg, call, name = fill_in("{.arg {arg}}")) {
  where <- if (is.na(error$line)) {
    "Look at {.field {key}}."
  } else {
    "Look at element {line} of {.field {key}}."
  }
  key <- error$key
  line <- if (!is.na(error$line)) whole_numbers(error$line)
  abort_datamap(
    c(
      paste(cli_verbatim(name), "must be a whole state."),
      "x" = core_finding(error),
      "i" = if (nzchar(key)) where
    ),
    class = if (error$class == "input") "input" else "limit",
    key = key, line = line, call = call
  )
}

# `names` are finished texts that say what each state is called.
abort_merge <- function(error, names, call) {
  name <- names[[error$file]]
  error$file <- NA_integer_
  if (error$class != "field") {
    abort_state(error, "", call, name)
  }
  before <- if (name == names[[2]]) {
    paste(names[[1]], "ends.")
  } else {
    "those before it end."
  }
  abort_core(error, NULL, call, paste(name, "can't go on where", before))
}

# `within` says what had its steps closer to each other.
warn_gap <- function(gap, name, call, within = "states") {
  last <- format(gap[[1]], digits = 15)
  first <- format(gap[[2]], digits = 15)
  usual <- format(gap[[3]], digits = 15)
  warn_datamap(
    c(
      paste0(
        "There is a gap in the steps before ", cli_verbatim(name), "."
      ),
      "x" = "Step {first} follows on step {last}.",
      "i" = "Within the {within}, steps are at most {usual} apart.",
      "i" = "Is a part missing?"
    ),
    class = "gap", last = gap[[1]], first = gap[[2]], usual = gap[[3]],
    call = call
  )
}
