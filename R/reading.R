# How signals are read, whatever the reader makes of them: its arguments, and
# the call of the core.

reading_choices <- list(
  format = c("auto", "json", "python"),
  on_error = c("stop", "skip"),
  partial_last = c("error", "ignore")
)

# The arguments on how to read, checked, that all readers have.
check_reading <- function(format = reading_choices$format,
                          on_error = reading_choices$on_error,
                          partial_last = reading_choices$partial_last,
                          max_line = 64 * 2^20,
                          threads = NULL,
                          progress = rlang::is_interactive(),
                          call = rlang::caller_env()) {
  choose <- function(x, arg) {
    check_choice(x, reading_choices[[arg]], arg, call)
  }
  reading <- list(
    format = choose(format, "format"),
    on_error = choose(on_error, "on_error"),
    partial_last = choose(partial_last, "partial_last")
  )
  check_number(max_line, min = 1, max = 2^31 - 257, whole = TRUE, call = call)
  check_flag(progress, call = call)
  threads <- check_threads(threads, call)
  c(reading, list(max_line = max_line, threads = threads, progress = progress))
}

check_threads <- function(threads, call = rlang::caller_env()) {
  threads <- threads %||% getOption("datacarto.threads") %||% default_threads()
  check_number(threads, min = 1, max = 256, whole = TRUE, call = call)
  as.integer(threads)
}

default_threads <- function() {
  limit_cores <- tolower(Sys.getenv("_R_CHECK_LIMIT_CORES_"))
  if (nzchar(limit_cores) && limit_cores != "false") {
    return(1L)
  }
  limit <- suppressWarnings(as.integer(Sys.getenv("OMP_THREAD_LIMIT")))
  if (is.na(limit) || limit < 1) 2L else min(2L, limit)
}

# The core's options: what to read, and how.
reader_options <- function(request = NULL,
                           reading = check_reading(threads = 1L),
                           window = NULL) {
  list(
    format = reading$format,
    is_skipping = reading$on_error == "skip",
    is_cut_allowed = reading$partial_last == "ignore",
    max_line = as.double(reading$max_line),
    block_size = 2^18,
    threads = reading$threads,
    fields = reading$naming$fields,
    classes = reading$naming$classes,
    signals = request$core_signals,
    metrics = request$core_metrics,
    burn_out = window$burn_out %||% 0,
    steps = window$steps,
    ids = window$ids
  )
}

# Has the core read what signal_source() gave: `reader` calls it. What it
# returned, the names of the sources, and the sources as they were given to it.
read_with <- function(source, request, reading, reader) {
  if (is.null(source$lines)) {
    columns <- source$columns(request, reading$naming)
    on.exit(if (is.list(columns)) close_sources(columns), add = TRUE)
    result <- reader(columns, TRUE, NULL)
    return(list(
      result = result, paths = source$paths %||% character(),
      problem = source$problem, naming = reading$naming
    ))
  }
  opened <- source$lines(reading$naming)
  on.exit(close_sources(opened), add = TRUE)
  show <- if (reading$progress) progress_bar(opened$paths)
  list(
    result = reader(opened$inputs, FALSE, show),
    paths = opened$paths, inputs = opened$inputs, problem = source$problem,
    naming = reading$naming
  )
}

# A function of the number of bytes read, for the core to call.
progress_bar <- function(paths) {
  sizes <- file.size(paths)
  total <- if (length(sizes) == 0 || anyNA(sizes)) NA else sum(sizes)
  env <- parent.frame()
  bar <- cli::cli_progress_bar("Reading signals",
    total = total, type = "download", .envir = env
  )
  function(bytes) cli::cli_progress_update(set = bytes, id = bar, .envir = env)
}

# Without a line, good or bad, there is a map without samples, or a table
# without rows; what that breaks is noticed far from its cause. `ids`: the share
# that was asked for, if one was.
warn_empty <- function(counts, paths, call, ids = NULL) {
  if (counts[["good"]] > 0 || counts[["bad"]] > 0) {
    return(invisible())
  }
  paths <- paths[!is.na(paths)]
  where <- if (length(paths) == 0) "{.arg x}" else "{.file {paths}}"
  warn_datamap(
    c(
      paste0("There are no signals in ", where, "."),
      "i" = if (is.null(ids)) {
        "Has the training written, or recorded, anything yet?"
      } else {
        "None for share {ids[[1]]} of {ids[[2]]} of the ids."
      }
    ),
    class = "empty", paths = paths, call = call
  )
}

inform_grown <- function(paths) {
  if (length(paths) > 0) {
    inform_datamap(
      c(
        "i" = paste(
          "{.file {paths}} {cli::qty(length(paths))}{?has/have} grown while",
          "{?it was/they were} read: read to the end that {?it/they} had",
          "when opened."
        )
      ),
      class = "grown", paths = paths
    )
  }
}
