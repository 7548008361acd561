# Tables of the Python package aum: the area under the margin of each sample, or
# a record of each sample and measurement. They hold no probability.

# Columns of a summary, where a table is one of these; else as they are.
from_aum <- function(columns, call) {
  names <- names(columns)
  if (!is_aum(names)) {
    return(columns)
  }
  if (all(aum_record %in% names)) {
    columns <- fold_records(columns, call)
  }
  n <- length(columns[[1]])
  columns[setdiff(datamap_needs[-1], names(columns))] <- list(rep(NA_real_, n))
  columns
}

is_aum <- function(names) {
  others <- c(datamap_needs[-1], "confidence", "variability")
  "aum" %in% names && any(field_names$id %in% names) && !any(others %in% names)
}

# What a record has, and a value of a sample has not.
aum_record <- c("num_measurements", "target_logit", "margin")

# A prediction is right where the margin is positive: the target's logit is the
# largest. The mean of the margins is the area under them.
fold_records <- function(columns, call) {
  id <- columns[[intersect(field_names$id, names(columns))[[1]]]]
  check_signal(columns$margin, "margin", -Inf, Inf, FALSE, call)
  signals <- structure(
    list(
      id = id, label = columns$target_logit, step = columns$num_measurements,
      correct = columns$margin > 0, label_probs = rep(0, length(id)),
      margin = columns$margin
    ),
    row.names = .set_row_names(length(id)), class = "data.frame"
  )
  map <- datamap_summarise(signals, signals = "margin", progress = FALSE)
  columns <- plain_columns_of(map)
  unknown <- c("avg_probs", "label_var", "max_label_probs", "min_label_probs")
  columns[unknown] <- list(rep(NA_real_, nrow(map)))
  names(columns)[names(columns) == "margin_mean"] <- "aum"
  columns
}
