#' What the package was built with
#'
#' Some libraries are used where they were found when the package was
#' installed. `datamap_features()` tells which.
#'
#' * `zstd`: files compressed by zstd (`signals.jsonl.zst`) can be read and
#'   written. Without it they are an error that says so.
#' * `igzip`: files compressed by gzip are read by ISA-L, which is faster.
#'   Without it zlib reads them; what is read is the same.
#'
#' The package finds them by `pkg-config`: install the library with its headers
#' (Debian and Ubuntu: `libzstd-dev`, `libisal-dev`; Fedora: `libzstd-devel`,
#' `isa-l-devel`; Homebrew: `zstd`, `isa-l`) and then this package again.
#'
#' @return A named logical vector.
#' @seealso [datamap_summarise()] tells what can be read.
#' @export
#' @examples
#' datamap_features()
datamap_features <- function() {
  .Call(ffi_features)
}
