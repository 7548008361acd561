# Values as JSON.

# A named list is an object, another list an array, and anything else one value.
json <- function(x) {
  if (!is.list(x)) {
    return(if (is.character(x)) json_string(x) else json_number(x))
  }
  inner <- vapply(x, json, "")
  if (is.null(names(x))) {
    return(paste0("[", paste(inner, collapse = ","), "]"))
  }
  paste0("{", paste0(json_string(names(x)), ":", inner, collapse = ","), "}")
}

# Read back as the same double.
json_number <- function(x) {
  text <- format_number(x)
  if (as.numeric(text) == x) text else format_number(x, 17)
}

json_string <- function(x) {
  x <- gsub("\\", "\\\\", enc2utf8(x), fixed = TRUE)
  x <- gsub("\"", "\\\"", x, fixed = TRUE)
  for (code in 1:31) {
    x <- gsub(intToUtf8(code), sprintf("\\u%04x", code), x, fixed = TRUE)
  }
  paste0("\"", x, "\"")
}
