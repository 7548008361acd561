# The bytes of an interactive data map, and the page or widget around them.
#
# Columns are binary, deflated and in base64, and so is all that is known of
# them: no text of the user's stands in the HTML. inst/htmlwidgets/
# datamap_explore.js is the other side.

# Columns ---------------------------------------------------------------

# How many texts are one part of the page, which is split when it is looked at.
# A power of two, as the script has it.
texts_in_part <- 65536L

is_whole_int <- function(x) {
  !is.na(x) & x == trunc(x) & abs(x) <= .Machine$integer.max
}

# As 32-bit integers where they are such, else as doubles: no digit is lost. The
# bytes of doubles come by their place, which deflates better.
explore_numbers <- function(x) {
  if (is.integer(x) || all(is_whole_int(x) | (is.na(x) & !is.nan(x)))) {
    bytes <- writeBin(as.integer(x), raw(), endian = "little")
    store <- "i32"
  } else {
    bytes <- writeBin(as.double(x), raw(), endian = "little")
    bytes <- as.vector(t(matrix(bytes, nrow = 8)))
    store <- "f64"
  }
  list(type = "number", store = store, bytes = deflate(bytes))
}

explore_factor <- function(x, name, levels, title, panels, colours, shapes) {
  codes <- as.integer(x)
  codes[is.na(codes)] <- 0L
  list(
    type = "factor", store = "i32", name = name, title = title,
    levels = as.list(levels), panels = as.list(panels),
    colours = as.list(colours), shapes = as.list(shapes),
    bytes = deflate(writeBin(codes - 1L, raw(), endian = "little"))
  )
}

# Each text ends with a zero byte, which none can have in it.
explore_text <- function(x, name = "", title = show_text(name)) {
  part <- (seq_along(x) - 1L) %/% texts_in_part
  blocks <- lapply(split(x, part), function(block) {
    deflate(writeBin(enc2utf8(block), raw()))
  })
  list(
    type = "text", name = name, title = title,
    bytes = unlist(blocks, use.names = FALSE) %||% character()
  )
}

# In the zlib format, whatever R calls it.
deflate <- function(bytes) {
  base64(memCompress(bytes, "gzip"))
}

deflate_text <- function(text) {
  deflate(charToRaw(enc2utf8(text)))
}

# Without line breaks; in pieces, since each byte takes an integer.
base64 <- function(bytes) {
  letters64 <- charToRaw(paste0(
    paste(c(LETTERS, letters, 0:9), collapse = ""), "+/"
  ))
  size <- 3L * 2L^18L
  starts <- seq(1L, max(length(bytes), 1L), by = size)
  pieces <- vapply(starts, function(start) {
    piece <- bytes[start:min(start + size - 1L, length(bytes))]
    if (length(bytes) == 0) piece <- raw()
    missing <- -length(piece) %% 3L
    at <- matrix(as.integer(c(piece, raw(missing))), nrow = 3)
    sixes <- rbind(
      at[1, ] %/% 4L,
      at[1, ] %% 4L * 16L + at[2, ] %/% 16L,
      at[2, ] %% 16L * 4L + at[3, ] %/% 64L,
      at[3, ] %% 64L
    )
    out <- letters64[sixes + 1L]
    if (missing > 0) {
      out[length(out) + 1L - seq_len(missing)] <- charToRaw("=")
    }
    rawToChar(out)
  }, "")
  paste(pieces, collapse = "")
}

# The page --------------------------------------------------------------

# One HTML file with the script, its style and the parts.
write_page <- function(parts, title, file, call = rlang::caller_env()) {
  path <- output_path(file, call = call)
  warn_large(sum(nchar(parts, "bytes")), call)
  lines <- c(
    "<!DOCTYPE html>", "<html lang=\"en\">", "<head>",
    "<meta charset=\"utf-8\">",
    paste0(
      "<meta name=\"viewport\" ",
      "content=\"width=device-width, initial-scale=1\">"
    ),
    "<link rel=\"icon\" href=\"data:,\">",
    paste0("<title>", title, "</title>"),
    "<style>", page_file("css"), "</style>", "</head>",
    "<body class=\"datamap-page\">", "<main id=\"datamap\"></main>",
    paste0("<script type=\"text/plain\" class=\"datamap-part\">", parts,
           "</script>"),
    "<script>", page_file("js"), "</script>",
    "<script>datamapExplore.page();</script>", "</body>", "</html>"
  )
  write_whole(lines, path, call)
}

# Browsers take long for files of hundreds of megabytes.
warn_large <- function(size, call) {
  if (size > 1e8) {
    megabytes <- format_count(round(size / 1e6))
    warn_datamap(
      c(
        "The page has {megabytes} MB, for which browsers take long.",
        i = "Give fewer {.arg columns}, or no {.arg text}."
      ),
      class = "size", size = size, call = call
    )
  }
}

# The lines of the script or its style.
page_file <- function(extension) {
  readLines(
    system.file(
      "htmlwidgets", paste0("datamap_explore.", extension),
      package = "datacarto", mustWork = TRUE
    ),
    encoding = "UTF-8"
  )
}

# The widget ------------------------------------------------------------

need_htmlwidgets <- function(is_there, call) {
  if (!is_there) {
    abort_datamap(
      c(
        "A widget needs the package {.pkg htmlwidgets}.",
        i = paste(
          "Install it, or give {.arg file} for a page, which needs no other",
          "package."
        )
      ),
      class = "input", key = "file", call = call
    )
  }
}

explore_widget <- function(parts,
                           width,
                           height,
                           call = rlang::caller_env()) {
  need_htmlwidgets(has_package("htmlwidgets"), call)
  htmlwidgets::createWidget(
    "datamap_explore", list(parts = as.list(parts)),
    width = width, height = height, package = "datacarto",
    sizingPolicy = htmlwidgets::sizingPolicy(
      defaultWidth = "100%", defaultHeight = 780, padding = 0,
      browser.fill = TRUE, viewer.fill = TRUE, knitr.figure = FALSE,
      knitr.defaultWidth = "100%", knitr.defaultHeight = 780
    )
  )
}
