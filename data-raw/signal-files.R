# The forms of signal files that the recorder does not write, made from its
# lines.

# gzfile() puts neither a name nor a time into the header, so the bytes depend
# on the lines alone.
# What is shipped has been compressed once more, by `zopfli --i5`, which makes
# it a tenth smaller and changes nothing of the content.
write_gzip <- function(lines, file) {
  con <- gzfile(file, "wb", compression = 9)
  on.exit(close(con))
  writeLines(lines, con, sep = "\n")
}

# A table that a vignette shows; `...` as of write.csv().
write_csv_gzip <- function(x, file, ...) {
  con <- gzfile(file, "wb", compression = 9)
  on.exit(close(con))
  utils::write.csv(x, con, row.names = FALSE, ...)
}

# As Python prints a number: an exponent below 1e-4, and always a point or an
# exponent ("1.0"). Five significant digits are what was recorded.
as_python_float <- function(x) {
  text <- sprintf("%.5g", x)
  whole <- !grepl("[.e]", text)
  text[whole] <- paste0(text[whole], ".0")
  dim(text) <- dim(x)
  text
}

paste_columns <- function(text) {
  do.call(paste, c(asplit(text, 2), sep = ", "))
}

# What a collector that prints Python dicts would have written of a recorded
# file. Such collectors call s_label by another name, and write the truth
# values as strings.
as_python_dicts <- function(file) {
  signals <- datamap_read_signals(file)
  probs <- as.matrix(datamap_read_signals(file, columns = "probs"))
  sprintf(
    paste0(
      "{'id': %d, 'label': %d, 'pred_label': %d, 'noisy_label': %d, ",
      "'correct': '%s', 'loss': %s, 'probs': [%s], 'label_probs': %s}"
    ),
    signals$id, signals$label, signals$pred_label, signals$s_label,
    tolower(signals$correct), as_python_float(signals$loss),
    paste_columns(as_python_float(probs)), as_python_float(signals$label_probs)
  )
}

# The form in which the cartography paper's code records: one file per epoch,
# logits in place of probabilities, and no s_label.
write_dynamics <- function(file, folder) {
  unlink(folder, recursive = TRUE)
  dir.create(folder)
  parts <- utils::strcapture(
    "\"id\":([0-9]+),\"label\":([0-9]+),\"logits\":(.*),\"step\":([0-9]+)",
    readLines(file),
    data.frame(id = "", label = "", logits = "", step = 0L)
  )
  lines <- sprintf(
    "{\"guid\": %s, \"logits_epoch_%d\": %s, \"gold\": %s}",
    parts$id, parts$step, gsub(",", ", ", parts$logits, fixed = TRUE),
    parts$label
  )
  for (epoch in unique(parts$step)) {
    path <- file.path(folder, sprintf("dynamics_epoch_%d.jsonl.gz", epoch))
    write_gzip(lines[parts$step == epoch], path)
  }
}
