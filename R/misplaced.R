# What was given to a function that is not for it, and which one is: told by
# the names of columns or keys, or by the first bytes of a file.

# What these columns, or keys, are those of: "signals", a "summary", a "log" of
# a training, which has a row per epoch and none per sample, or NA.
kind_of_names <- function(names) {
  is_sample <- any(unlist(field_names[c("id", "label")]) %in% names)
  if (!is_sample && "epoch" %in% names && any(grepl(log_names, names))) {
    return("log")
  }
  are_signals <- grepl(
    "^(label_probs|correct|loss|sum_logp|((probs|logits)(_.+)?))$|^[.]pred_",
    names
  )
  is_summary <- is_aum(names) || (
    any(c("avg_probs", "confidence") %in% names) &&
      any(c("label_var", "variability") %in% names))
  if (any(are_signals)) {
    "signals"
  } else if (is_summary) {
    "summary"
  } else {
    NA_character_
  }
}

log_names <- "^(loss|acc|accuracy|val_.+|train_.+|lr|learning_rate)$"

log_advice <- paste(
  "it looks like the log of a training, with a row per epoch and nothing of",
  "the samples: record these by datamap_record() in a callback, or by the",
  "recorder for Python, see datamap_python_path()"
)

# What is to be read as signals must not be a data map, or a summary.
check_no_summary <- function(x,
                             arg = rlang::caller_arg(x),
                             call = rlang::caller_env()) {
  if (is_datamap(x)) {
    abort_misplaced(
      x, "signals, with a row per evaluation and sample", arg, call,
      "datamap_plot", "It is a data map already: datamap_plot() draws it."
    )
  }
  if (is.data.frame(x) && kind_of_names(names(x)) %in% "summary") {
    abort_misplaced(
      x, "signals, with a row per evaluation and sample", arg, call,
      "as_datamap", "It is a summary already: as_datamap() makes a map of it."
    )
  }
  if (is.data.frame(x) && kind_of_names(names(x)) %in% "log") {
    abort_misplaced(
      x, "signals, with a row per evaluation and sample", arg, call,
      "datamap_record", sentence(log_advice)
    )
  }
  invisible(x)
}

#' @export
signal_source.datamap <- function(x, arg, call) check_no_summary(x, arg, call)

# What is to be the path of a summary file must not be what one reads from it,
# or summarises.
check_no_frame <- function(x,
                           arg = rlang::caller_arg(x),
                           call = rlang::caller_env()) {
  if (!is.data.frame(x)) {
    return(invisible(x))
  }
  kind <- if (is_datamap(x)) "map" else kind_of_names(names(x))
  instead <- c(
    map = "datamap_plot", signals = "datamap_summarise", log = "datamap_record"
  )[kind]
  if (is.na(instead)) {
    instead <- "as_datamap"
  }
  advice <- switch(instead,
    datamap_plot = "It is a data map already: datamap_plot() draws it.",
    datamap_summarise = "It holds signals: datamap_summarise() takes them.",
    datamap_record = sentence(log_advice),
    as_datamap = "If it is a summary, as_datamap() makes a data map of it."
  )
  abort_misplaced(
    x, "the path of a summary file", arg, call, unname(instead), advice
  )
}

# `expected` and `advice` are finished text, `instead` the function that is
# meant.
abort_misplaced <- function(x, expected, arg, call, instead, advice) {
  found <- describe(x)
  abort_datamap(
    c(
      "{.arg {arg}} must be {expected}.",
      x = "You gave {found}.",
      i = cli_verbatim(advice)
    ),
    class = "input", key = arg, instead = instead, call = call
  )
}

# Strings that are no paths: addresses of the net, and text to read that was not
# put into I(). What is there under such a name is a path nevertheless.
check_paths <- function(x,
                        is_read = TRUE,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  is_url <- grepl("^[[:alpha:]][[:alnum:]+.-]+://", x)
  is_text <- is_read &
    (grepl("\n", x, fixed = TRUE) | grepl("^[[:space:]]*[{[]", x))
  at <- which(is_url | is_text)
  at <- at[!suppressWarnings(file.exists(x[at]))]
  if (length(at) == 0) {
    return(invisible(x))
  }
  value <- excerpt(x[[at[[1]]]])
  if (is_text[[at[[1]]]]) {
    found <- "text"
    instead <- "I"
    advice <- "Literal text is given as I(text)."
  } else {
    found <- "an address of the net"
    instead <- "download.file"
    advice <- if (grepl("^(https?|ftps?|file)://", x[[at[[1]]]])) {
      "Get it by download.file() first, or give the connection url(\"...\")."
    } else {
      "Copy the file to this machine first, by the storage's own tool."
    }
  }
  abort_datamap(
    c(
      "{.arg {arg}} must be a path.",
      x = "{.val {value}} is {found}.",
      i = cli_verbatim(advice)
    ),
    class = "input", key = arg, instead = instead, call = call
  )
}

is_line_of_signals <- function(path) {
  line <- first_line(first_bytes(path))
  kind_of_names(keys_of_line(line)) %in% "signals" &&
    !kind_of_line(line) %in% "summary"
}

file_kinds <- list(
  summary = list(
    instead = "datamap_read_summary",
    advice = "it looks like a summary: datamap_read_summary() reads it"
  ),
  table = list(
    instead = "read.csv",
    advice = paste(
      "it looks like a table with a header: read it by read.csv(),",
      "readr::read_csv() or data.table::fread(), and give the data frame"
    )
  ),
  log = list(instead = "datamap_record", advice = log_advice),
  state = list(
    instead = "datamap_load_state",
    advice = "it looks like a saved state: datamap_load_state() reads it"
  ),
  rds = list(
    instead = "readRDS",
    advice = "it looks like an R object: give what readRDS() reads"
  ),
  rdata = list(
    instead = "load",
    advice = "it looks like R objects: load() them, and give the one"
  ),
  parquet = list(
    instead = "read_parquet",
    advice = paste(
      "it looks like a Parquet file: read it by nanoparquet::read_parquet()",
      "or the like, and give the data frame"
    )
  ),
  arrow = list(
    instead = "read_nanoarrow",
    advice = paste(
      "it looks like an Arrow stream: give",
      "what nanoarrow::read_nanoarrow() reads"
    )
  )
)

# The first bytes of a file, as they were before gzip, bzip2 or xz; none of
# what must not be opened twice, as a FIFO.
first_bytes <- function(path, n = 4096L) {
  if (!isTRUE(suppressWarnings(file.size(path)) > 0)) {
    return(raw())
  }
  con <- gzfile(path, "rb")
  on.exit(close(con))
  tryCatch(
    suppressWarnings(readBin(con, "raw", n)),
    error = function(error) raw()
  )
}

# Which of `file_kinds` it is, or NA.
kind_of_bytes <- function(bytes) {
  starts <- function(magic) {
    identical(utils::head(bytes, length(magic)), magic)
  }
  magic <- lapply(
    c(state = "datamap\n", rds = "X\n", rdata = "RDX", parquet = "PAR1"),
    charToRaw
  )
  magic$arrow <- rep(as.raw(0xff), 4)
  found <- names(magic)[vapply(magic, starts, NA)]
  if (length(found) > 0) {
    return(found[[1]])
  }
  kind_of_line(first_line(bytes))
}

# "" where it is no text.
first_line <- function(bytes) {
  end <- which(bytes %in% charToRaw("\r\n"))
  line <- utils::head(bytes, c(end, 4097L)[[1]] - 1L)
  line <- rawToChar(line[line != 0])
  if (!validUTF8(line)) {
    return("")
  }
  # Whatever the locale's encoding is.
  Encoding(line) <- "UTF-8"
  line
}

# Of JSON or of a printed dict.
keys_of_line <- function(line) {
  pattern <- "[\"'][^\"':]*[\"'](?=\\s*:)"
  keys <- regmatches(line, gregexpr(pattern, line, perl = TRUE))[[1]]
  gsub("[\"']", "", keys)
}

kind_of_line <- function(line) {
  if (grepl("^\\s*[{[]", line)) {
    kind <- kind_of_names(keys_of_line(line))
    return(if (kind %in% "summary") kind else NA_character_)
  }
  separator <- if (grepl("\t", line, fixed = TRUE)) "\t" else "[,;]"
  names <- gsub("^\\s*\"?|\"?\\s*$", "", strsplit(line, separator)[[1]])
  are_names <- length(names) > 1 &&
    all(grepl("^[[:alpha:]._][^{}]*$|^$", names))
  if (!are_names) {
    return(NA_character_)
  }
  kind <- kind_of_names(names)
  if (kind %in% c("summary", "log")) kind else "table"
}
