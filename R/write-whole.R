# Lines in UTF-8 to a file, as the core writes all files: as a whole or not at
# all, through links, to devices, and compressed where the name asks for it.
write_whole <- function(lines, path, call) {
  error <- .Call(ffi_write_text, enc2utf8(lines), path)
  if (!is.null(error)) {
    error$file <- 1L
    abort_core(error, path, call, fill_in("Can't write {.file {path}}."))
  }
}
