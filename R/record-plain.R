# Calls of datamap_record() that are plain: columns of the usual types, labels
# that count from 0. A training that records batches makes thousands of these,
# and most of the time of a small one would go to finding out that it is nothing
# else. What a plain call may not have, record_columns() looks at and words.

# How the core writes a field that comes as a plain vector or matrix of a type.
plain_kinds <- c(
  "id integer" = "int32", "id double" = "whole", "id character" = "text",
  "label integer" = "int32", "label double" = "whole",
  "label character" = "text",
  "pred_label integer" = "int32", "pred_label double" = "whole",
  "pred_label character" = "text",
  "s_label integer" = "int32", "s_label double" = "whole",
  "correct logical" = "bool",
  "loss double" = "double", "loss integer" = "double",
  "probs double" = "list", "logits double" = "list",
  "label_probs double" = "double", "label_probs integer" = "double",
  "step double" = "double", "step integer" = "double"
)

# What record_columns() makes of these fields, which stand in the order of a
# line; NULL where it has to look at them itself. `memory` is a recorder's.
plain_columns_of <- function(fields, n, memory) {
  types <- vapply(fields, typeof, "")
  kinds <- unname(plain_kinds[paste(names(fields), types)])
  if (anyNA(kinds) || n == 0 || !said_all(fields, memory)) {
    return(NULL)
  }
  for (i in seq_along(fields)) {
    column <- plain_column(fields[[i]], kinds[[i]], n)
    if (is.null(column)) {
      return(NULL)
    }
    fields[[i]] <- column
  }
  if (!all(is.finite(fields$step))) {
    return(NULL)
  }
  list(columns = fields, kinds = kinds)
}

# Whether nothing is left to be said of labels that count, and of probs, which
# is so after the first call. Other labels are looked up among names.
said_all <- function(fields, memory) {
  has_scores <- !is.null(fields$probs) || !is.null(fields$logits)
  !has_scores || (!is.character(fields$label) && !is.null(memory$saw_labels) &&
    (is.null(fields$probs) || !is.null(memory$saw_scores)))
}

# As the core takes it; NULL where it may be no column of its kind.
plain_column <- function(x, kind, n) {
  if (kind == "list") {
    dim <- dim(x)
    is_fine <- identical(names(attributes(x)), "dim") && length(dim) == 2 &&
      dim[[1]] == n && dim[[2]] > 1
    return(if (is_fine) x)
  }
  is_fine <- is.null(attributes(x)) && length(x) == n && switch(kind,
    whole = isTRUE(all(x == trunc(x) & abs(x) <= 2^53)),
    text = is_text(x),
    TRUE
  )
  if (!is_fine) {
    return(NULL)
  }
  switch(kind,
    double = as.double(x),
    text = enc2utf8(x),
    x
  )
}
