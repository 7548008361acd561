#' States in files
#'
#' `datamap_save_state()` writes a [datamap_state()] to a file,
#' `datamap_load_state()` reads it back. A state is small beside the signals
#' that it was made of, so a training that may be interrupted can save one after
#' each evaluation.
#'
#' # What is promised
#'
#' * **The same state.** `identical(datamap_load_state(file), state)` holds for
#'   every state that this package made: the same numbers to the last bit, the
#'   same texts and types. (Names in `files` that are no UTF-8 come back with
#'   those bytes spelt out; what somebody added to the object by hand is not
#'   kept.)
#' * **Everywhere.** The bytes are the same on every machine, whatever its word
#'   size, byte order or locale.
#' * **Later versions.** A file tells the version of its format. Later versions
#'   of this package read the files of every released version since the first;
#'   an earlier one refuses them with an error that names both. Files that were
#'   written before there was a release are not read: make the state again.
#' * **Nothing is believed, nothing is run.** A file holds tables of numbers and
#'   texts, no objects of R, and nothing in it is ever evaluated: reading one
#'   that somebody else sent runs none of their code. A checksum (CRC-32) finds
#'   a file that was cut or damaged. It keeps nobody from forging one, so every
#'   number is checked as well: what no state can be like is an error. Memory
#'   follows the bytes that are there, not those that the file claims to have.
#' * **A file is replaced as a whole or not at all**, as by
#'   [datamap_write_summary()].
#'
#' A file whose name ends in `.gz` or `.zst` is compressed, as by
#' [datamap_write_summary()]; whatever its name, a compressed one is read.
#'
#' That holds for these two functions. A state is an object of R like any other,
#' and `saveRDS()` or [save()] will do for it too; but what [readRDS()] and
#' [unserialize()] do with the bytes of strangers is up to R.
#'
#' # The format
#' All numbers have their lowest byte first. A file is the 8 bytes `datamap` and
#' a newline, the version of the format in 4 bytes (4 in this version), tables,
#' the number of all bytes so far in 8 and the CRC-32 of all bytes so far in 4.
#'
#' A table is its name, the number of its columns in 4 bytes, for each column
#' its type in 1 byte, its name and in 4 bytes the number of values in a row;
#' the number of rows in 8 bytes; and rows in groups. A name is its length in 1
#' byte and the bytes. The types are `f` (a flag, 1 byte), `i` and `l` (integers
#' of 4 and 8 bytes), `d` (a double, 8 bytes) and `t` (a text in UTF-8, for
#' which its length stands in 4 bytes). A group is as many rows as make 262,144
#' bytes, at least one: column by column, value by value, row by row, and then
#' the bytes of its texts in the same order.
#'
#' The tables are, in this order, `package`, `files`, `asked_signals`,
#' `asked_metrics`, `run_signals`, `run_metrics`, `run` (what there is one of),
#' `ids`, `labels`, `s_labels`, `predicted`; those of `samples`, `steps`,
#' `signal` (one for each), `metrics`, `seen`, `class_sums`, `predictions` and
#' `places` that the state has; `class_labels`, `problem_counts` and `problems`.
#' What they mean is told in [datamap_state()].
#'
#' @param state A state, made by [datamap_state()], [datamap_update()] or
#'   [datamap_merge()].
#' @param file The path of the file, a string.
#'
#' @return `datamap_save_state()` returns `state`, invisibly.
#'   `datamap_load_state()` returns the state. A file that is no state is an
#'   error of class `datamap_error_syntax`, a cut or damaged one of class
#'   `datamap_error_io`, one of another version of the format of class
#'   `datamap_error_input`.
#' @seealso [datamap_state()]
#' @export
#' @examples
#' state <- datamap_state(datamap_example("spam_signals.jsonl.gz"))
#' file <- tempfile(fileext = ".state")
#' datamap_save_state(state, file)
#' identical(datamap_load_state(file), state)
#' unlink(file)
datamap_save_state <- function(state, file) {
  call <- rlang::current_env()
  checked <- check_state(state)
  path <- output_path(file)
  about <- list(
    package = enc2utf8(checked$package),
    files = spell_bytes(checked$files),
    signals = enc2utf8(checked$request$signals),
    metrics = enc2utf8(checked$request$metrics)
  )
  options <- state_options(checked)
  error <- .Call(ffi_save_state, path, checked, about, options)
  if (is.null(error)) {
    return(invisible(state))
  }
  if (is.na(error$file)) {
    abort_state(error, "state", call)
  }
  abort_core(error, path, call, fill_in("Can't write {.file {path}}."))
}

#' @rdname datamap_save_state
#' @export
datamap_load_state <- function(file) {
  call <- rlang::current_env()
  path <- output_path(file, is_read = TRUE)
  found <- .Call(ffi_load_state, path)
  if (inherits(found, "dm_error")) {
    abort_core(found, path, call, function(place) {
      if (is.null(place$line)) {
        fill_in("Can't read {.file {path}}.")
      } else {
        fill_in("Can't use row {place$line} of a table in {.file {path}}.")
      }
    })
  }
  if (!is.null(found$is_newer)) {
    abort_version(found, path, call)
  }
  loaded_state(found, path, call)
}

# A state of what the core read, if what R added fits what the core was asked
# for.
loaded_state <- function(found, path, call) {
  about <- found$about
  window <- found[c("burn_out", "steps", "ids")]
  request <- tryCatch(
    check_request(about$signals, about$metrics, include_ci = FALSE, call),
    datamap_error = function(error) NULL
  )
  expected <- list(about$signals, about$metrics, found$signals)
  needed <- c("signals", "metrics", "core_signals")
  is_asked <- identical(unname(request[needed]), expected) &&
    setequal(request$core_metrics, found$metrics)
  if (!is_asked || !is_window(window)) {
    abort_datamap(
      c(
        "Can't use what {.file {path}} holds.",
        "x" = paste(
          "The signals and metrics that were asked for are not those",
          "that it has."
        )
      ),
      class = "syntax", path = path, key = "asked_metrics", call = call
    )
  }
  new_state(found$state, request, window, about$files, about$package)
}

abort_version <- function(found, path, call) {
  if (found$is_newer) {
    abort_newer_state(found, fill_in("{.file {path}}"), call, path = path)
  }
  abort_datamap(
    c(
      paste(
        "{.file {path}} was made by an older, unreleased version of",
        "datacarto."
      ),
      "i" = "Make the state again, from its signals."
    ),
    class = "input", path = path, call = call
  )
}

# Names of files in UTF-8. They are there to be shown, so bytes that are none
# may become text.
spell_bytes <- function(x) {
  are_marked <- Encoding(x) == "bytes"
  Encoding(x[are_marked]) <- "unknown"
  x <- enc2utf8(x)
  are_bad <- !validUTF8(x)
  x[are_bad] <- iconv(x[are_bad], "UTF-8", "UTF-8", sub = "byte")
  x
}
