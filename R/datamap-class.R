# Keeping the class: what verbs that know nothing of data maps make of one.

has_datamap_columns <- function(x) {
  # Two columns of one name: no way to tell which is meant
  is.data.frame(x) &&
    all(datamap_needs %in% names(x)) &&
    !anyDuplicated(names(x)) &&
    all(datamap_needs[-1] %in% numeric_columns(x))
}

# `out` was made from the data map `map`: a data map with the attributes of
# `map` as long as it has what a data map needs, a plain data frame if not.
datamap_restore <- function(out, map) {
  if (!is.data.frame(out)) {
    return(out)
  }
  own <- setdiff(names(attributes(map)), c("names", "row.names", "class"))
  if (has_datamap_columns(out)) {
    for (name in own) {
      attr(out, name) <- attr(map, name, exact = TRUE)
    }
    class(out) <- c("datamap", "data.frame")
  } else {
    for (name in own) {
      attr(out, name) <- NULL
    }
    class(out) <- "data.frame"
  }
  out
}

# The data frame behind an object of ours, without class and attributes.
plain_frame <- function(x) {
  own <- setdiff(names(attributes(x)), c("names", "row.names", "class"))
  for (name in own) {
    attr(x, name) <- NULL
  }
  class(x) <- "data.frame"
  x
}

# Its columns as a plain named list.
plain_columns_of <- function(x) {
  columns <- unclass(x)
  attributes(columns) <- list(names = names(columns))
  columns
}

#' @export
`[.datamap` <- function(x, ...) {
  datamap_restore(NextMethod(), x)
}

#' @export
`[<-.datamap` <- function(x, ..., value) {
  datamap_restore(NextMethod(), x)
}

#' @export
`[[<-.datamap` <- function(x, ..., value) {
  datamap_restore(NextMethod(), x)
}

#' @export
`$<-.datamap` <- function(x, name, value) {
  datamap_restore(NextMethod(), x)
}

#' @export
`names<-.datamap` <- function(x, value) {
  datamap_restore(NextMethod(), x)
}

#' @export
as.data.frame.datamap <- function(x, ...) {
  as.data.frame(plain_frame(x), ...)
}

# Of rows that were not all in one data map: the attributes of none hold, and
# where an id stands twice the rows are those of no data map.
datamap_of_rows <- function(out) {
  out <- plain_frame(out)
  if (!has_datamap_columns(out)) {
    return(out)
  }
  row <- repeated_id(out$id)
  if (row == 0) {
    class(out) <- c("datamap", "data.frame")
    return(out)
  }
  id <- id_text(out$id[[row]])
  inform_datamap(
    c(i = paste(
      "A plain data frame, no data map: the id {.val {id}} stands in more",
      "than one row."
    ), i = paste(
      "Of runs of one training, {.fn datamap_runs} makes a table that tells",
      "them apart, {.fn datamap_average} the data map of their means."
    )),
    class = "repeated_id",
    key = id,
    line = row
  )
  out
}

#' @export
rbind.datamap <- function(...) {
  parts <- lapply(list(...), function(x) {
    if (is_datamap(x)) plain_frame(x) else x
  })
  datamap_of_rows(do.call(rbind, parts))
}

# Registered when dplyr is loaded; dplyr's verbs end here, and bind_rows()
# with its first data frame as template.
#' @exportS3Method dplyr::dplyr_reconstruct
dplyr_reconstruct.datamap <- function(data, template) {
  if (nrow(data) > nrow(template)) {
    return(datamap_of_rows(data))
  }
  datamap_restore(data, template)
}

# Registered when vctrs is loaded: what it, purrr and tidyr bind is what rbind()
# gives. Data maps among each other and with data frames have a data map as
# their common type, of no rows and of nobody's attributes; the rows that are
# put into that make a new data map. What has rows already gets some of its own.
#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.datamap.datamap <- function(x, y, ...) {
  datamap_ptype(x, y, ...)
}

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.datamap.data.frame <- vec_ptype2.datamap.datamap

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.data.frame.datamap <- vec_ptype2.datamap.datamap

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.datamap.tbl_df <- vec_ptype2.datamap.datamap

#' @exportS3Method vctrs::vec_ptype2
vec_ptype2.tbl_df.datamap <- vec_ptype2.datamap.datamap

datamap_ptype <- function(x, y, ...) {
  new_datamap(vctrs::df_ptype2(as_bare(x), as_bare(y), ...))
}

#' @exportS3Method vctrs::vec_cast
vec_cast.datamap.datamap <- function(x, to, ...) {
  new_datamap(vctrs::df_cast(as_bare(x), as_bare(to), ...))
}

#' @exportS3Method vctrs::vec_cast
vec_cast.datamap.data.frame <- vec_cast.datamap.datamap

#' @exportS3Method vctrs::vec_cast
vec_cast.datamap.tbl_df <- vec_cast.datamap.datamap

#' @exportS3Method vctrs::vec_cast
vec_cast.data.frame.datamap <- function(x, to, ...) {
  vctrs::df_cast(as_bare(x), to, ...)
}

#' @exportS3Method vctrs::vec_cast
vec_cast.tbl_df.datamap <- function(x, to, ...) {
  vctrs::tib_cast(as_bare(x), to, ...)
}

#' @exportS3Method vctrs::vec_restore
vec_restore.datamap <- function(x, to, ...) {
  # Rows without ids are yet to be filled
  is_bound <- nrow(to) == 0 && !all(is.na(x[["id"]]))
  if (is_bound) {
    return(datamap_of_rows(x))
  }
  datamap_restore(x, to)
}

as_bare <- function(x) {
  if (is.data.frame(x)) plain_frame(x) else x
}
