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

# And a signal of the user's.
plain_own_kinds <- c(
  integer = "int32", double = "double", logical = "bool", character = "text"
)

# What record_columns() makes of these fields, which stand in the order of a
# line, and of signals; NULL where it has to look at them itself. `memory` is a
# recorder's.
plain_call <- function(fields, own, n, memory) {
  types <- paste(names(fields), vapply(fields, typeof, ""))
  own_types <- vapply(own, typeof, "")
  kinds <- unname(c(plain_kinds[types], plain_own_kinds[own_types]))
  is_plain <- !anyNA(kinds) && n > 0 && said_all(fields, memory) &&
    are_known(own, fields, memory) && all(is.finite(fields$step))
  columns <- if (is_plain) c(fields, lapply(own, one_for_all, n = n))
  for (i in seq_along(columns)) {
    column <- plain_column(columns[[i]], kinds[[i]], n)
    if (is.null(column)) {
      return(NULL)
    }
    columns[[i]] <- column
  }
  if (is_plain) list(columns = columns, kinds = kinds)
}

# Whether signals of these names were taken before, and are not looked through
# for class vectors.
are_known <- function(own, fields, memory) {
  length(own) == 0 || (!is.null(memory$own_names) &&
    identical(names(own), memory$own_names) &&
    !(is.null(fields$probs) && is.null(fields$logits)))
}

# After a call that took them; not those that may be more than signals, which
# depends on the rest of a call.
keep_own_names <- function(names, memory) {
  is_odd <- grepl("^(probs|logits|[.]pred)", names) |
    names %in% c(names(stand_ins), names(all_other_names))
  memory$own_names <- if (!any(is_odd)) names
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
