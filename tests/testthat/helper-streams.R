# Arrow arrays of all the types that signals have, and streams of them in
# batches of any size. nanoarrow takes NaN for missing, here it is a number.

skip_without_nanoarrow <- function() {
  testthat::skip_if_not_installed("nanoarrow")
}

validity <- function(is_given) {
  n <- length(is_given)
  packBits(c(is_given, logical(-n %% 8)), "raw")
}

plain_array <- function(schema, n, is_given, buffers, ...) {
  buffers <- c(list(if (all(is_given)) NULL else validity(is_given)), buffers)
  nanoarrow::nanoarrow_array_modify(
    nanoarrow::nanoarrow_array_init(schema),
    list(
      length = n, null_count = sum(!is_given),
      buffers = lapply(buffers, nanoarrow::as_nanoarrow_buffer), ...
    )
  )
}

# A number is missing where it is R's NA.
is_na <- function(x) is.na(x) & !is.nan(x)

# A column of a data frame as an array. `types` gives another Arrow type for its
# type in R, as c(integer = "int8", character = "string_view").
arrow_array <- function(x, types = character()) {
  type <- function(name, default) {
    if (name %in% names(types)) types[[name]] else default
  }
  make <- function(type) {
    do.call(paste0("na_", type), list(), envir = asNamespace("nanoarrow"))
  }
  if (is.data.frame(x)) {
    parts <- lapply(x, arrow_array, types = types)
    schema <- nanoarrow::na_struct(
      lapply(parts, nanoarrow::infer_nanoarrow_schema)
    )
    array <- nanoarrow::nanoarrow_array_init(schema)
    nanoarrow::nanoarrow_array_modify(
      array, list(length = nrow(x), null_count = 0, children = parts)
    )
  } else if (is.matrix(x)) {
    items <- arrow_array(as.vector(t(x)), types)
    schema <- nanoarrow::na_fixed_size_list(
      nanoarrow::infer_nanoarrow_schema(items), ncol(x)
    )
    plain_array(
      schema, nrow(x), rep(TRUE, nrow(x)), list(),
      children = list(items)
    )
  } else if (is.list(x)) {
    items <- arrow_array(as.double(unlist(x)), types)
    list_type <- type("list", "list")
    schema <- do.call(
      paste0("na_", list_type),
      list(nanoarrow::infer_nanoarrow_schema(items)),
      envir = asNamespace("nanoarrow")
    )
    ends <- cumsum(c(0, lengths(x)))
    offsets <- if (list_type == "list") as.integer(ends) else int64_bytes(ends)
    plain_array(
      schema, length(x), !vapply(x, is.null, NA), list(offsets),
      children = list(items)
    )
  } else if (inherits(x, "integer64")) {
    plain_array(
      nanoarrow::na_int64(), length(x), !is.na(x),
      list(as.vector(unclass(x)))
    )
  } else if (is.factor(x)) {
    nanoarrow::as_nanoarrow_array(x)
  } else if (is.double(x) && type("double", "double") == "double") {
    plain_array(nanoarrow::na_double(), length(x), !is_na(x), list(x + 0))
  } else {
    kind <- type(typeof(x), switch(typeof(x),
      integer = "int32", logical = "bool", character = "string"
    ))
    if (!is.integer(x) || kind == "int32") {
      return(nanoarrow::as_nanoarrow_array(x, schema = make(kind)))
    }
    is_given <- !is.na(x)
    x[!is_given] <- 0L
    bits <- as.integer(sub("[^0-9]*", "", kind))
    values <- if (bits == 64) int64_bytes(x) else writeBin(x, raw(), bits / 8)
    plain_array(make(kind), length(x), is_given, list(values))
  }
}

# The bytes of int64, for whole numbers that fit in 32 bits.
int64_bytes <- function(x) {
  writeBin(as.integer(rbind(x, -(x < 0))), raw(), endian = "little")
}

# A data frame as a stream of batches of `size` rows, all of them parts of the
# same arrays: by the offset of the table, or by those of its columns.
arrow_stream <- function(frame, size = Inf, types = character()) {
  whole <- arrow_array(frame, types)
  schema <- nanoarrow::infer_nanoarrow_schema(whole)
  n <- nrow(frame)
  starts <- if (n == 0) 0 else seq(0, n - 1, by = min(size, n))
  batches <- lapply(seq_along(starts), function(i) {
    part <- list(offset = starts[[i]], length = min(size, n - starts[[i]]))
    if (i %% 2 == 0) {
      children <- lapply(whole$children, nanoarrow::nanoarrow_array_modify,
        part,
        validate = FALSE
      )
      part <- list(length = part$length, children = children)
    }
    nanoarrow::nanoarrow_array_modify(whole, part, validate = FALSE)
  })
  nanoarrow::basic_array_stream(batches, schema = schema, validate = FALSE)
}

# The forms that keep what a case says: a matrix and a list of an Arrow table
# have no names.
stream_forms <- function(case) {
  forms <- case_forms(case)
  if (is.null(colnames(case$scores))) {
    forms
  } else {
    setdiff(forms, c("matrix", "list"))
  }
}

# A case in the order of time, as a stream has it, in one of its types.
case_stream <- function(case, form, size) {
  frame <- case_frame(case, form)
  if (!is.null(case$step)) {
    frame <- frame[order(case$step), , drop = FALSE]
  }
  types <- sample(stream_types, 1)[[1]]
  arrow_stream(frame, size, types)
}

stream_types <- list(
  character(), c(integer = "int64", list = "large_list"),
  c(character = "string_view"), c(character = "large_string")
)

# As nanoarrow itself has it.
arrow_stream_of <- function(frame) {
  nanoarrow::as_nanoarrow_array_stream(frame)
}
