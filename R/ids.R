# Ids and labels: integers, whole doubles, strings, factors and the 64-bit
# integers of the package bit64 (doubles by their type, whose bits are the
# integer). Every function that takes, matches or shows them does it by these.

is_integer64 <- function(x) inherits(x, "integer64") && is.double(x)

# As an integer, double or character vector: factors by their labels, 64-bit
# integers as numbers up to 2^53, else as their digits. All else as it is.
plain_ids <- function(x) {
  if (is.factor(x)) {
    factor_labels(x)
  } else if (is_integer64(x)) {
    numbers <- integer64_numbers(x)
    if (all(is.na(numbers) | abs(numbers) < 2^53)) numbers else digits_of(x)
  } else if (is.character(x)) {
    x <- as.vector(x)
    if (.Call(ffi_is_ascii, x)) x else enc2utf8(x)
  } else {
    x
  }
}

# 64-bit integers as they are read from a file; factors stay what they are.
plain_integer64 <- function(x) {
  if (is_integer64(x)) plain_ids(x) else x
}

# The columns of ids and labels, of signals and of data maps.
ident_columns <- function() {
  unlist(field_names[c("id", "label", "pred_label")], use.names = FALSE)
}

# Data, or a list of columns, with all 64-bit integers as such: those of `ids`
# keep every digit, the others are numbers.
without_integer64 <- function(data, ids = ident_columns()) {
  for (name in names(data)[vapply(unclass(data), is_integer64, NA)]) {
    convert <- if (name %in% ids) plain_ids else plain_numbers
    data[[name]] <- convert(data[[name]])
  }
  data
}

# NA for what is no label of it.
factor_labels <- function(x) {
  codes <- suppressWarnings(as.integer(unclass(x)))
  labels <- attr(x, "levels", exact = TRUE)
  labels <- if (is.character(labels)) labels else as.character(labels)
  codes[codes < 1L] <- NA
  enc2utf8(labels)[codes]
}

# 64-bit integers as doubles, rounded beyond 2^53; all else as it is.
plain_numbers <- function(x) {
  if (is_integer64(x)) array_like(integer64_numbers(x), x) else x
}

array_like <- function(values, x) {
  dim(values) <- dim(x)
  values
}

integer64_numbers <- function(x) {
  .Call(ffi_integer64, as.vector(unclass(x)), FALSE)
}

digits_of <- function(x) {
  .Call(ffi_integer64, as.vector(unclass(x)), TRUE)
}

# As text that is the same for the same id, whatever its type: 100000 is
# "100000" and not "1e+05".
id_text <- function(x) {
  if (is_integer64(x)) {
    return(digits_of(x))
  }
  x <- plain_ids(x)
  if (!is.double(x) || is.object(x)) {
    return(valid_text(x))
  }
  text <- rep(NA_character_, length(x))
  known <- !is.na(x)
  is_whole <- known & x == trunc(x) & abs(x) < 2^64
  text[is_whole] <- sprintf("%.0f", x[is_whole] + 0) # no minus zero
  rest <- known & !is_whole
  text[rest] <- vapply(x[rest], format_number, "")
  text
}

# Where the ids stand in `table`: 1 and "1" are the same id.
match_ids <- function(ids, table) {
  ids <- plain_ids(ids)
  table <- plain_ids(table)
  if (is.numeric(ids) != is.numeric(table)) {
    ids <- whole_ids(ids)
    table <- whole_ids(table)
  }
  if (is.numeric(ids) && is.numeric(table)) {
    match(ids, table)
  } else {
    match(id_text(ids), id_text(table))
  }
}

# Texts of whole numbers as these, which are found faster, where all of them
# are; else as they are.
whole_ids <- function(ids) {
  if (is.character(ids)) .Call(ffi_whole_numbers, ids) %||% ids else ids
}

# The number of the first row whose id was there before, 0 for none.
repeated_id <- function(id) {
  id <- plain_ids(id)
  ascends <- is.numeric(id) && isFALSE(is.unsorted(id, strictly = TRUE))
  if (ascends) 0L else anyDuplicated(id)
}

# A vector of ids that the user gives, plain.
check_id_vector <- function(x,
                            expected,
                            arg = rlang::caller_arg(x),
                            call = rlang::caller_env()) {
  is_vector <- is.atomic(x) && !is.null(x) && is.null(dim(x)) &&
    (is.numeric(x) || is.character(x) || is.factor(x) || is.logical(x))
  ids <- if (is_vector) plain_ids(x)
  if (!is_vector || anyNA(ids)) {
    abort_argument(x, expected, arg, call)
  }
  if (is.character(ids) && !is_text(ids)) {
    row <- which(!validUTF8(ids) | Encoding(ids) == "bytes")[[1]]
    value <- id_text(ids[[row]])
    abort_datamap(
      c(
        paste0("{.arg {arg}} must be ", expected, "."),
        x = "Element {row} is {.val {value}}, which is not valid UTF-8."
      ),
      class = "input", key = arg, line = row, call = call
    )
  }
  ids
}
