# Factors and their levels, without the checks and the time of factor().

as_levels <- function(code, levels) {
  structure(as.integer(code), levels = levels, class = "factor")
}

# Like droplevels(), in a fraction of its time for millions of values.
drop_levels <- function(x) {
  is_used <- group_counts(x) > 0
  as_levels(cumsum(is_used)[as.integer(x)], levels(x)[is_used])
}

# How many there are of each level, zeros kept.
group_counts <- function(group) {
  stats::setNames(tabulate(group, nlevels(group)), levels(group))
}

# The levels of a factor of labels, NULL where they can't be those of one.
factor_levels <- function(x) {
  levels <- attr(x, "levels", exact = TRUE)
  is_fine <- is.character(levels) && !anyNA(levels) && !anyDuplicated(levels)
  if (is_fine) enc2utf8(levels)
}

# Labels as a factor again, where all are among the levels.
with_levels <- function(label, levels) {
  if (is.null(levels)) {
    return(label)
  }
  code <- match(id_text(label), levels)
  if (anyNA(code[!is.na(label)])) label else as_levels(code, levels)
}

# As names that a legend has room for; never two the same.
shorten_levels <- function(levels, width = 30L) {
  levels <- show_text(levels)
  is_long <- !is.na(levels) & nchar(levels) > width
  levels[is_long] <- paste0(substr(levels[is_long], 1L, width - 3L), "...")
  is_known <- !is.na(levels)
  levels[is_known] <- make.unique(levels[is_known], sep = " ~")
  levels
}

# "2" -> "dirty (s_label 2)"
s_label_words <- function(x) {
  words <- c("0" = "ordinary", "1" = "hard", "2" = "dirty")
  text <- paste0(rep("s_label ", length(x)), x)
  known <- x %in% names(words)
  text[known] <- paste0(words[x[known]], " (", text[known], ")")
  text
}
