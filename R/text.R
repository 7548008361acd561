# Text that comes from data, paths and arguments, in messages and on plots.

# As it can be shown on one line: control characters, and those that turn the
# direction of writing, are escaped, and bytes that are no text shown as such.
show_text <- function(x) {
  vapply(valid_text(x), escape_controls, "", USE.NAMES = FALSE)
}

valid_text <- function(x) {
  x <- enc2utf8(as.character(x))
  is_odd <- !is.na(x) & (Encoding(x) == "bytes" | !validUTF8(x))
  if (any(is_odd)) {
    odd <- x[is_odd]
    Encoding(odd) <- "UTF-8"
    x[is_odd] <- iconv(odd, "UTF-8", "UTF-8", sub = "byte")
  }
  x
}

escape_controls <- function(text) {
  if (is.na(text)) {
    return(text)
  }
  code <- utf8ToInt(text)
  is_control <- code < 32 | (code >= 127 & code < 160) | code %in% turning
  if (!any(is_control)) {
    return(text)
  }
  letters <- intToUtf8(code, multiple = TRUE)
  at <- code[is_control]
  escaped <- ifelse(at < 256, sprintf("\\x%02x", at), sprintf("\\u%04x", at))
  known <- match(at, c(9L, 10L, 13L))
  escaped[!is.na(known)] <- c("\\t", "\\n", "\\r")[known[!is.na(known)]]
  letters[is_control] <- escaped
  paste(letters, collapse = "")
}

# Marks of direction, separators of lines and paragraphs, byte order mark.
turning <- c(0x200e, 0x200f, 0x2028:0x202e, 0x2066:0x2069, 0xfeff)
