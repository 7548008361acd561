# Text that comes from data, paths and arguments, and numbers as text, in
# messages and on plots.

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

# Titles and labels must hold on a device of 4 by 3 inches (see fitting_size()):
# what is longer has several lines, of at most so many letters.
line_width <- c(
  title = 42, subtitle = 54, caption = 74, x = 40, y = 26, legend = 24,
  strip = 14, narrow_strip = 11
)

# Broken into lines; words that are longer than a line too. What goes beyond
# `lines` is left out.
wrap_text <- function(text, where, lines = 4L) {
  width <- line_width[[where]]
  wrapped <- vapply(show_text(text), function(one) {
    words <- strsplit(one, " ", fixed = TRUE)[[1]]
    words <- gsub(paste0("(.{", width, "})(?=.)"), "\\1 ", words, perl = TRUE)
    broken <- strwrap(paste(words, collapse = " "), width + 1L)
    if (length(broken) > lines) {
      broken <- broken[seq_len(lines)]
      broken[[lines]] <- paste0(
        substr(broken[[lines]], 1L, width - 3L), "..."
      )
    }
    paste(broken, collapse = "\n")
  }, "")
  unname(wrapped)
}

# What stands in brackets, on a line of its own.
wrap_strip <- function(labels) {
  parts <- strsplit(show_text(labels), " (?=[(])", perl = TRUE)
  vapply(parts, function(part) {
    paste(wrap_text(part, "strip", 3L), collapse = "\n")
  }, "")
}

# Names of columns, broken behind underscores, above `n_panels` panels.
wrap_names <- function(names, n_panels) {
  spaced <- gsub("_", "_ ", show_text(names), fixed = TRUE)
  where <- if (n_panels > 9) "narrow_strip" else "strip"
  gsub("_ ", "_", wrap_text(spaced, where, 3L), fixed = TRUE)
}

# A fragment, as those of the core are, as a sentence.
sentence <- function(text) {
  paste0(toupper(substr(text, 1, 1)), substring(text, 2), ".")
}

# Numbers as text, each as short as it can be without being another's.
number_text <- function(x) {
  text <- vapply(x, format_number, "")
  if (anyDuplicated(text)) {
    text <- vapply(x, format_number, "", digits = 17)
  }
  text
}

format_number <- function(x, digits = 15) {
  size <- abs(x)
  is_usual <- is.finite(x) && (size == 0 || (size >= 1e-4 && size < 1e15))
  format(
    x,
    digits = digits, scientific = !is_usual, decimal.mark = ".", trim = TRUE
  )
}

# 12345 -> "12,345", in every locale.
format_count <- function(x) {
  formatC(x, format = "d", big.mark = ",", decimal.mark = ".")
}

# 0.2 -> "20 %"
percent <- function(x, digits = 3) {
  paste(vapply(100 * x, format_number, "", digits = digits), "%")
}

plural_count <- function(n, what) {
  paste0(format_count(n), " ", what, if (n != 1) "s")
}

# At most `n` of `x`, then how many more there are: a character vector that
# is put into a message with `{.val {first_few(x)}}` and the like would quote
# the rest as well, so this gives the finished, unquoted text.
first_few <- function(x, n = 5L) {
  x <- id_text(x)
  shown <- utils::head(x, n)
  more <- length(x) - length(shown)
  text <- paste(shown, collapse = ", ")
  if (more > 0) {
    text <- paste0(text, " and ", format_count(more), " more")
  }
  text
}

# The first letters of a text, on one line.
excerpt <- function(x, width = 40L) {
  x <- show_text(x)
  if (nchar(x) > width) paste0(substr(x, 1L, width - 3L), "...") else x
}

cat_wrapped <- function(text) {
  cat(strwrap(text, getOption("width"), prefix = "# ", exdent = 2), sep = "\n")
}

is_text <- function(x) {
  is.character(x) && !anyNA(x) && all(validUTF8(x) & Encoding(x) != "bytes")
}
