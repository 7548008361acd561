# Writes what a training run recorded, in the three forms in which such signals
# are found. Lines are put together as text rather than by a JSON package: the
# Python form needs text anyhow, and the same bytes must come out again.

# Five significant digits keep the files small and still tell 1e-07 from 0.
# The text is what Python prints for the number that it stands for: an exponent
# below 1e-4, and always a point or an exponent ("1.0").
as_python_float <- function(x) {
  stopifnot(is.finite(x))
  text <- sprintf("%.5g", x)
  whole <- !grepl("[.e]", text)
  text[whole] <- paste0(text[whole], ".0")
  dim(text) <- dim(x)
  text
}

as_fixed_decimals <- function(x, digits = 4) {
  stopifnot(is.finite(x))
  text <- sub("0+$", "", sprintf("%.*f", digits, x))
  text <- sub("[.]$", ".0", text)
  text[text == "-0.0"] <- "0.0"
  dim(text) <- dim(x)
  text
}

paste_columns <- function(text) {
  do.call(paste, c(asplit(text, 2), sep = ", "))
}

# What a reader of the file will see of one evaluation: everything that follows
# from the probabilities follows from them as they are printed, so that no line
# contradicts itself, not even where two classes print the same.
observe <- function(run, logits) {
  log_probs <- log_softmax(logits)
  of_label <- cbind(seq_along(run$label), run$label + 1L)
  printed <- as_python_float(exp(log_probs))
  probs <- array(as.numeric(printed), dim(printed))
  pred_label <- max.col(probs, ties.method = "first") - 1L
  list(
    pred_label = pred_label,
    correct = pred_label == run$label,
    # "+ 0" makes the zero of a certain prediction a positive one.
    loss = as_python_float(-log_probs[of_label] + 0),
    probs = printed,
    label_probs = printed[of_label]
  )
}

line_template <- c(
  "id" = "%d", "label" = "%d", "pred_label" = "%d", "s_label" = "%d",
  "correct" = "\"%s\"", "loss" = "%s", "probs" = "[%s]", "label_probs" = "%s"
)

signal_lines <- function(run, seen, python = FALSE) {
  template <- line_template
  if (python) {
    # The collector that writes printed dicts calls the field by this name.
    names(template) <- sub("^s_label$", "noisy_label", names(template))
  }
  template <- sprintf("\"%s\": %s", names(template), template)
  template <- paste0("{", paste(template, collapse = ", "), "}")
  if (python) {
    template <- gsub("\"", "'", template)
  }
  sprintf(
    template, run$id, run$label, seen$pred_label, run$s_label,
    ifelse(seen$correct, "true", "false"), seen$loss,
    paste_columns(seen$probs), seen$label_probs
  )
}

# gzfile() puts neither a name nor a time into the header, so the bytes depend
# on the lines alone.
write_signals <- function(run, file, python = FALSE) {
  con <- gzfile(file, "wb", compression = 9)
  on.exit(close(con))
  for (evaluation in run$evaluations) {
    lines <- signal_lines(run, evaluation$seen, python)
    writeLines(lines[evaluation$order], con, sep = "\n")
  }
}

# One file per epoch, logits in place of probabilities, and no s_label: the
# form in which the cartography paper's code records.
write_dynamics <- function(run, chosen, folder) {
  unlink(folder, recursive = TRUE)
  dir.create(folder)
  for (epoch in seq_along(run$evaluations) - 1L) {
    evaluation <- run$evaluations[[epoch + 1L]]
    rows <- evaluation$order[evaluation$order %in% chosen]
    logits <- as_fixed_decimals(evaluation$logits[rows, ])
    con <- file(
      file.path(folder, sprintf("dynamics_epoch_%d.jsonl", epoch)), "wb"
    )
    lines <- sprintf(
      "{\"guid\": %d, \"logits_epoch_%d\": [%s], \"gold\": %d}",
      run$id[rows], epoch, paste_columns(logits), run$label[rows]
    )
    writeLines(lines, con, sep = "\n")
    close(con)
  }
}
