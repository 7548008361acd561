#' States in files
#'
#' `datamap_save_state()` writes a [datamap_state()] to a file,
#' `datamap_load_state()` reads it back: the very same object. The file has a
#' checksum, so that one that was cut or damaged is refused with an error; a
#' state is small beside the signals that it was made of, so a training that
#' may be interrupted can save one after each evaluation.
#'
#' A file is replaced as a whole or not at all, as by
#' [datamap_write_summary()]. It holds 24 bytes of header (a mark, the version
#' of the state's structure, the length and a CRC-32 of all that is in the file)
#' and the state as [serialize()] gives it, uncompressed and the same on every
#' machine. A file that was compressed by gzip can be read as well.
#'
#' @param state A state, made by [datamap_state()], [datamap_update()] or
#'   [datamap_merge()].
#' @param file The path of the file, a string.
#'
#' @return `datamap_save_state()` returns `state`, invisibly.
#'   `datamap_load_state()` returns the state. A file that is no state is an
#'   error of class `datamap_error_syntax`, a cut or damaged one of class
#'   `datamap_error_io`, one of a newer version of this package of class
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
  check_whole_state(state, "state", call)
  path <- summary_path(file)
  bytes <- serialize(state, NULL, xdr = TRUE, version = 3)
  error <- .Call(ffi_save_state, path, state_version, bytes)
  if (!is.null(error)) {
    abort_core(error, path, call, "Can't write {.file {path}}.")
  }
  invisible(state)
}

#' @rdname datamap_save_state
#' @export
datamap_load_state <- function(file) {
  call <- rlang::current_env()
  path <- summary_path(file)
  found <- .Call(ffi_load_state, path)
  if (inherits(found, "dm_error")) {
    abort_core(found, path, call)
  }
  state <- tryCatch(unserialize(found$bytes), error = function(error) NULL)
  if (found$version > state_version) {
    abort_newer_state(state, "{.file {path}}", call, path = path)
  }
  rlang::try_fetch(
    check_whole_state(state, "file", call),
    datamap_error = function(error) {
      abort_datamap(
        "Can't use what {.file {path}} holds.",
        class = "syntax", path = path, parent = error, call = call
      )
    }
  )
  state
}

# As check_state(), but of all that is in it.
check_whole_state <- function(state, arg, call) {
  checked <- check_state(state, arg, call)
  error <- .Call(ffi_check_state, list(checked), state_options(checked))
  if (!is.null(error)) {
    abort_state(error, arg, call)
  }
  checked
}
