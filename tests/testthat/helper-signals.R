# Random signals, written in every form, and their summary by loops that follow
# the definitions to the letter and share no code with the package.

# --- signals: a data frame, one row per evaluation and sample ---

# Texts that a writer of strings can get wrong.
awkward_texts <- c(
  "plain ", "\u00fcn\u00ef-", "\u65e5\u672c", "\U0001f600", "it's ",
  "say \"hi\" ", "back\\slash", "{brace} ", "[a, b]: ", "tab\t", "line\n",
  "\\u0041", "'\"", "%s ", "#", " ", "\u2028", "\u007f"
)

# The texts of n different ids.
random_ids <- function(n, kind) {
  whole <- function(x) sprintf("%.0f", x)
  switch(kind,
    sequential = whole(seq_len(n) - 1),
    gaps = whole(sort(sample.int(1e6, n)) - 5e5),
    wide = whole(4734364254410 + sample.int(1e6, n) * (-1)^seq_len(n)),
    huge = paste0(
      c("", "-"), c("9007199254740993", "1844674407370955", "12", "9223372"),
      whole(1e6 + sample.int(1e5, n))
    ),
    strings = paste0(rep_len(awkward_texts, n), sample.int(n))
  )
}

# Shuffled within each evaluation; a share `missing` of the lines is left out.
random_signals <- function(n = 1000, times = 8, classes = 2,
                           ids = "sequential", missing = 0.1, seed = 1) {
  set.seed(seed)
  samples <- data.frame(
    id = random_ids(n, ids),
    label = sample.int(classes, n, replace = TRUE) - 1L,
    s_label = sample(c(NA, 0L, 1L, 2L, 7L), n, replace = TRUE),
    skill = stats::rnorm(n, sd = 2)
  )
  evaluations <- lapply(seq_len(times) - 1L, function(t) {
    rows <- samples[sample.int(n), ]
    logits <- matrix(stats::rnorm(n * classes, sd = 1.5), n)
    at <- cbind(seq_len(n), rows$label + 1L)
    logits[at] <- logits[at] + rows$skill + 0.4 * t
    rows$skill <- NULL
    rows$epoch <- t
    rows$logits <- logits
    rows[stats::runif(n) >= missing, ]
  })
  signals <- do.call(rbind, evaluations)
  rownames(signals) <- NULL
  signals$probs <- naive_softmax(signals$logits)
  signals$pred_label <- naive_first_maximum(signals$probs)
  signals$correct <- signals$pred_label == signals$label
  signals$label_probs <- naive_at(signals$probs, signals$label)
  signals$loss <- -log(signals$label_probs)
  signals$grad_norm <- stats::rexp(nrow(signals))
  signals$grad_norm[stats::runif(nrow(signals)) < 0.4] <- NA
  # only some lines say what the s_label is
  signals$s_label[stats::runif(nrow(signals)) < 0.3] <- NA
  attr(signals, "are_strings") <- ids == "strings"
  signals
}

naive_softmax <- function(logits) exp(logits) / rowSums(exp(logits))

# Counted from 0.
naive_first_maximum <- function(scores) {
  best <- rep(1L, nrow(scores))
  for (k in seq_len(ncol(scores))) {
    is_more <- scores[, k] > scores[cbind(seq_along(best), best)]
    best[is_more] <- k
  }
  best - 1L
}

naive_at <- function(scores, label) {
  scores[cbind(seq_along(label), label + 1L)]
}

# --- summary ---

naive_summary <- function(signals) {
  ids <- unique(signals$id)
  if (!attr(signals, "are_strings")) {
    ids <- ids[order_whole_texts(ids)]
  }
  lines_of <- split(seq_len(nrow(signals)), factor(signals$id, levels = ids))
  rows <- lapply(unname(lines_of), function(lines) {
    s_label <- signals$s_label[lines]
    c(
      label = signals$label[[lines[[1]]]],
      s_label = c(s_label[!is.na(s_label)], 0)[[1]],
      naive_counts(signals$correct[lines]),
      naive_moments(signals$label_probs[lines]),
      loss = naive_signal(signals$loss[lines]),
      grad_norm = naive_signal(signals$grad_norm[lines])
    )
  })
  columns <- as.data.frame(do.call(rbind, rows))
  counts <- c(
    "label", "s_label", "correct_times", "forgetting_times", "learnt_times",
    "first_forget", "first_learn", "evaluations"
  )
  columns[counts] <- lapply(columns[counts], as.integer)
  columns$id <- naive_id_column(ids, attr(signals, "are_strings"))
  columns
}

naive_counts <- function(right) {
  times <- length(right)
  forgetting <- learnt <- first_forget <- first_learn <- 0
  for (t in seq_len(times - 1)) { # evaluations count from 0
    before <- right[[t]]
    now <- right[[t + 1]]
    if (before && !now) {
      forgetting <- forgetting + 1
      if (first_forget == 0) first_forget <- t
    }
    if (!before && now) {
      learnt <- learnt + 1
      if (first_learn == 0) first_learn <- t
    }
  }
  c(
    correct_times = sum(right), correct_ratio = sum(right) / times,
    forgetting_times = forgetting, learnt_times = learnt,
    first_forget = first_forget, first_learn = first_learn,
    evaluations = times
  )
}

naive_moments <- function(prob) {
  mean <- sum(prob) / length(prob)
  c(
    avg_probs = mean,
    label_var = sum((prob - mean)^2) / length(prob),
    max_label_probs = max(prob), min_label_probs = min(prob)
  )
}

naive_signal <- function(values) {
  values <- values[!is.na(values)]
  if (length(values) == 0) {
    return(c(mean = NA, var = NA, min = NA, max = NA, last = NA))
  }
  moments <- naive_moments(values)[c(1, 2, 4, 3)]
  c(
    stats::setNames(moments, c("mean", "var", "min", "max")),
    last = values[[length(values)]]
  )
}

# Integers of any length, written in decimal, in ascending order.
order_whole_texts <- function(texts) {
  digits <- sub("^-", "", texts)
  up <- order(nchar(digits), digits, method = "radix")
  is_negative <- startsWith(texts, "-")[up]
  c(rev(up[is_negative]), up[!is_negative])
}

naive_id_column <- function(texts, are_strings) {
  if (are_strings) {
    return(enc2utf8(texts))
  }
  if (all(abs(as.numeric(texts)) < 2^31)) {
    return(as.integer(texts))
  }
  if (all(nchar(sub("^-", "", texts)) < 16)) as.numeric(texts) else texts
}

expect_summary <- function(map, expected, tolerance = 1e-12) {
  expect_s3_class(map, c("datamap", "data.frame"), exact = TRUE)
  # not each by itself: a report on thousands of rows helps nobody
  counts <- c(
    "id", "label", "s_label", "correct_times", "forgetting_times",
    "learnt_times", "first_forget", "first_learn", "evaluations"
  )
  same <- vapply(counts, function(name) {
    identical(map[[name]], expected[[name]])
  }, NA)
  expect_identical(counts[!same], character())
  dotted <- sub("_(mean|var|min|max|last)$", ".\\1", names(map))
  numbers <- which(!names(map) %in% counts)
  close <- vapply(numbers, function(k) {
    right <- expected[[if (k <= 14) names(map)[[k]] else dotted[[k]]]]
    identical(is.na(map[[k]]), is.na(right)) &&
      !any(abs(map[[k]] - right) > tolerance, na.rm = TRUE)
  }, NA)
  expect_identical(names(map)[numbers[!close]], character())
}

# The columns of a map without what it remembers of its source.
columns_of <- function(map) {
  lapply(stats::setNames(nm = names(map)), function(name) map[[name]])
}

expect_same_map <- function(map, other) {
  expect_identical(names(map), names(other))
  same <- vapply(names(map), function(name) {
    identical(map[[name]], other[[name]], num.eq = FALSE)
  }, NA)
  expect_identical(names(map)[!same], character())
}

# --- writers ---

# `fields` maps keys of the lines to columns: c(guid = "id", gold = "label").
# What is NA is left out.
signal_lines <- function(signals, fields, python = FALSE) {
  quote <- if (python) "'" else "\""
  members <- lapply(names(fields), function(key) {
    column <- signals[[fields[[key]]]]
    are_strings <- fields[[key]] == "id" && attr(signals, "are_strings")
    comma <- if (key != names(fields)[[1]]) ", "
    member <- paste0(
      comma, quote, key, quote, ": ", value_texts(column, are_strings, python)
    )
    if (!is.matrix(column)) {
      member[is.na(column)] <- ""
    }
    member
  })
  do.call(paste0, c("{", members, "}"))
}

value_texts <- function(column, are_strings, python) {
  if (is.matrix(column)) {
    return(matrix_texts(column))
  }
  if (are_strings) {
    return(if (python) python_string(column) else json_string(column))
  }
  if (is.logical(column)) {
    text <- ifelse(column, "true", "false")
    return(if (python) paste0("'", text, "'") else paste0("\"", text, "\""))
  }
  if (is.double(column)) digits17(column) else as.character(column)
}

# The last texts are kept: signals are written in several forms.
matrix_texts <- local({
  last <- list()
  function(matrix) {
    known <- vapply(last, function(one) identical(one$matrix, matrix), NA)
    if (any(known)) {
      return(last[[which(known)[[1]]]]$texts)
    }
    columns <- lapply(seq_len(ncol(matrix)), function(k) digits17(matrix[, k]))
    texts <- paste0("[", do.call(paste, c(columns, sep = ", ")), "]")
    last <<- utils::head(c(list(list(matrix = matrix, texts = texts)), last), 2)
    texts
  }
})

digits17 <- function(x) sprintf("%.17g", x)

json_string <- function(text) {
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  text <- gsub("\"", "\\\"", text, fixed = TRUE)
  text <- gsub("\n", "\\n", text, fixed = TRUE)
  text <- gsub("\t", "\\u0009", text, fixed = TRUE)
  # one character beyond the first plane as its two halves
  text <- gsub("\U0001f600", "\\ud83d\\ude00", text, fixed = TRUE)
  paste0("\"", text, "\"")
}

python_string <- function(text) {
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  text <- gsub("\n", "\\n", text, fixed = TRUE)
  text <- gsub("\t", "\\t", text, fixed = TRUE)
  text <- gsub("\u2028", "\\u2028", text, fixed = TRUE)
  text <- gsub("\u007f", "\\x7f", text, fixed = TRUE)
  ifelse(
    grepl("'", text, fixed = TRUE) & !grepl("\"", text, fixed = TRUE),
    paste0("\"", text, "\""),
    paste0("'", gsub("'", "\\'", text, fixed = TRUE), "'")
  )
}

# Into a file that goes when the test ends.
write_signals <- function(lines, name = "signals.jsonl",
                          envir = parent.frame()) {
  folder <- tempfile("signals")
  dir.create(folder)
  do.call(
    on.exit, list(bquote(unlink(.(folder), recursive = TRUE)), add = TRUE),
    envir = envir
  )
  path <- file.path(folder, name)
  write_bytes(lines, path)
  path
}

write_bytes <- function(lines, path) {
  con <- file(path, "wb")
  on.exit(close(con))
  writeLines(enc2utf8(lines), con, sep = "\n", useBytes = TRUE)
}

summarise_text <- function(..., format = "auto", on_error = "stop",
                           signals = NULL, partial_last = "error") {
  datamap_summarise(
    I(c(...)),
    format = format, on_error = on_error, signals = signals,
    partial_last = partial_last
  )
}

# The map of a text with its warnings set aside.
quiet_map <- function(...) suppressWarnings(summarise_text(...))

# --- other programs ---

has_python <- local({
  found <- NULL # it takes a while to ask
  function() {
    if (is.null(found)) {
      found <<- nzchar(Sys.which("python3")) &&
        suppressWarnings(
          system2("python3", "-V", stdout = FALSE, stderr = FALSE)
        ) == 0
    }
    found
  }
})

# What takes long and reaches no line that quick tests do not.
skip_if_long <- function() {
  skip_on_cran()
  skip_on_covr()
}

skip_without_python <- function() {
  skip_if_not(has_python(), "python3 is not here")
}

run_python <- function(code, ...) {
  script <- tempfile(fileext = ".py")
  on.exit(unlink(script))
  writeLines(code, script)
  status <- system2("python3", shQuote(c(script, ...)))
  expect_identical(status, 0L)
}

# The reference of the design, beside a checkout or where DATACARTO_SHARED says.
reference_script <- function() {
  shared <- Sys.getenv("DATACARTO_SHARED")
  folders <- if (nzchar(shared)) shared
  at <- normalizePath(".")
  while (dirname(at) != at) {
    folders <- c(folders, file.path(at, "shared"))
    at <- dirname(at)
  }
  scripts <- file.path(folders, "design", "reference.py")
  scripts <- scripts[file.exists(scripts)]
  if (length(scripts) == 0) {
    skip("reference.py is not here (DATACARTO_SHARED says where)")
  }
  scripts[[1]]
}

# Its table, with every number read from 17 digits by R.
reference_summary <- function(path) {
  script <- reference_script()
  out <- tempfile(fileext = ".tsv")
  on.exit(unlink(out))
  run_python(readLines(script), path, out)
  utils::read.delim(
    out,
    colClasses = "character", quote = "", encoding = "UTF-8",
    na.strings = character()
  )
}

# --- data frames ---

# The lines of these fields as a data frame.
signal_frame <- function(signals, fields) {
  columns <- lapply(fields, function(name) signals[[name]])
  names(columns) <- names(fields)
  id <- if ("id" %in% fields) names(fields)[fields == "id"]
  if (!is.null(id) && !attr(signals, "are_strings")) {
    # as text where no number holds them; such ids are strings then
    numbers <- as.numeric(signals$id)
    if (all(abs(numbers) <= 2^53)) columns[[id]] <- numbers
  }
  frame <- data.frame(row.names = seq_len(nrow(signals)))
  for (name in names(columns)) frame[[name]] <- columns[[name]]
  frame
}

# --- forms ---

# Signals as a form carries them, and the map that must come of any form.

given_fields <- c(
  id = "id", label = "label", pred_label = "pred_label",
  noisy_label = "s_label", correct = "correct", loss = "loss",
  probs = "probs", label_probs = "label_probs", grad_norm = "grad_norm"
)

derived_fields <- c(
  probs = "probs", s_label = "s_label", grad_norm = "grad_norm",
  gold = "label", loss = "loss", guid = "id"
)

logits_fields <- c(
  epoch = "epoch", id = "id", loss = "loss", logits = "logits",
  label = "label", s_label = "s_label", grad_norm = "grad_norm"
)

both_signals <- c("grad_norm", "loss")

# Whatever a line gives or leaves to be derived, JSON or Python.
expect_all_forms <- function(signals) {
  expected <- naive_summary(signals)
  for (fields in list(given_fields, derived_fields, logits_fields)) {
    json <- datamap_summarise(
      write_signals(signal_lines(signals, fields)),
      signals = both_signals
    )
    expect_summary(json, expected)
    expect_identical(sum(attr(datamap_problems(json), "counts")), 0)
    python <- datamap_summarise(
      write_signals(signal_lines(signals, fields, python = TRUE)),
      signals = both_signals
    )
    expect_same_map(python, json)
    table <- datamap_summarise(
      signal_frame(signals, fields),
      signals = both_signals
    )
    # ids that no number holds are strings there, which come as they appear
    expect_same_map(table[match(json$id, table$id), ], json)
  }
  json
}

# The same signals as dicts, by Python itself.
print_dicts <- function(json) {
  python <- file.path(dirname(json), "printed.json")
  run_python(
    c(
      "import json, sys",
      "with open(sys.argv[2], 'w', encoding='utf-8') as out:",
      "    for line in open(sys.argv[1], encoding='utf-8'):",
      "        print(json.loads(line), file=out)"
    ),
    json, python
  )
  python
}

# --- lines by hand ---

hand_lines <- function(correct, probs, id = 0) {
  paste0(
    "{\"id\": ", id, ", \"label\": 1, \"correct\": ", correct,
    ", \"label_probs\": ", probs, "}"
  )
}

# One map row of lines that are given without braces.
row_of <- function(..., on_error = "stop", signals = NULL) {
  map <- quiet_map(
    paste0("{", c(...), "}"),
    on_error = on_error, signals = signals
  )
  expect_identical(nrow(map), 1L)
  columns_of(map)
}

field_error <- function(class, key, ..., signals = NULL) {
  error <- expect_error(
    summarise_text(paste0("{", c(...), "}"), signals = signals),
    class = paste0("datamap_error_", class)
  )
  expect_identical(error$key, key)
  expect_identical(error$path, "literal text")
  error
}

ids_of <- function(ids, format = "auto") {
  quiet_map(paste0(
    "{\"id\": ", ids, ", \"label\": 1, \"correct\": 1, \"label_probs\": 0.5}"
  ))$id
}

labels_of <- function(labels) {
  quiet_map(paste0(
    "{\"id\": ", seq_along(labels), ", \"label\": ", labels,
    ", \"correct\": 1, \"label_probs\": 0.5}"
  ))$label
}

step_lines <- function(steps, key = "step", id = 7) {
  paste0(
    "{\"id\": ", id, ", \"label\": 1, \"correct\": 1, \"label_probs\": 0.5",
    ifelse(is.na(steps), "", paste0(", \"", key, "\": ", steps)), "}"
  )
}

# --- tables by hand ---

# A small table and the same as lines: two samples, three evaluations.
small_frame <- function() {
  data.frame(
    id = c(1, 2, 1, 2, 1),
    label = c(0, 1, 0, 1, 0),
    probs_0 = c(0.75, 0.5, 0.25, 0.125, 0.5),
    probs_1 = c(0.25, 0.5, 0.75, 0.875, 0.5)
  )
}

small_map <- function() {
  frame <- small_frame()
  summarise_text(paste0(
    "{\"id\": ", frame$id, ", \"label\": ", frame$label,
    ", \"probs\": [", frame$probs_0, ", ", frame$probs_1, "]}"
  ))
}

small_matrix <- function() as.matrix(small_frame()[3:4])

table_error <- function(frame, class = "field", key, line = NULL, ...) {
  error <- expect_error(
    datamap_summarise(frame, ...),
    class = paste0("datamap_error_", class)
  )
  expect_identical(error$key, key)
  expect_identical(error$line, line)
  error
}

# --- sources ---

signal_line <- function(id, more = "") {
  paste0("{\"id\": ", id, ", \"label\": 0, \"probs\": [0.7, 0.3]", more, "}")
}

# A folder with these files, each of one line that says which it is.
signal_folder <- function(names, ids = seq_along(names),
                          envir = parent.frame()) {
  path <- write_signals(character(), "unrelated", envir = envir)
  folder <- dirname(path)
  for (i in seq_along(names)) {
    dir.create(
      dirname(file.path(folder, names[[i]])),
      showWarnings = FALSE, recursive = TRUE
    )
    write_bytes(
      signal_line(paste0("\"", ids[[i]], "\"")), file.path(folder, names[[i]])
    )
  }
  folder
}

source_error <- function(x, class, ...) {
  error <- expect_error(
    datamap_summarise(x, ...),
    class = paste0("datamap_error_", class)
  )
  expect_s3_class(error, "datamap_error")
  error
}

# The order in which files were read: that of their ids' first appearance.
read_order <- function(x) datamap_summarise(x)$id

# --- problems ---

base_line <- function(..., id = 1, label = 0) {
  more <- paste0(c(...), collapse = ", ")
  paste0(
    "{\"id\": ", id, ", \"label\": ", label, if (nzchar(more)) ", ", more, "}"
  )
}

score <- "\"correct\": 1, \"label_probs\": 0.5"

# What was found in these lines: the kinds and how often, by name.
found <- function(...) {
  counts <- attr(datamap_problems(quiet_map(...)), "counts")
  counts[counts > 0]
}

# One disagreement, in the last line; where, and what stands there.
expect_problem <- function(kind, lines, at, actual, expected) {
  path <- write_signals(lines)
  warning <- expect_warning(
    map <- datamap_summarise(path),
    class = "datamap_warning_disagreement"
  )
  expect_s3_class(warning, "datamap_warning")
  problems <- datamap_problems(map)
  expect_identical(nrow(problems), 1L, label = kind)
  expect_identical(problems$row, length(lines))
  expect_identical(
    problems$col, regexpr(at, lines[[length(lines)]], fixed = TRUE)[[1]],
    label = kind
  )
  expect_identical(problems$file, path)
  expect_match(problems$actual, actual, fixed = TRUE)
  expect_match(problems$expected, expected, fixed = TRUE)
  counts <- attr(problems, "counts")
  expect_identical(counts[counts > 0], stats::setNames(1, kind))
  # read and counted all the same
  expect_identical(sum(map$evaluations), length(lines))
  map
}

# How often a condition of this class is signalled.
count_warnings <- function(class, expr) {
  n <- 0
  withCallingHandlers(expr, warning = function(w) {
    n <<- n + inherits(w, class)
    expect_s3_class(w, "datamap_warning")
    invokeRestart("muffleWarning")
  })
  n
}

none <- stats::setNames(double(), character())

# --- a child process ---

# Another R reads, gets a signal, and tells how long it took to come back.

# What it does: with its sources in the order given, reads each until it is
# interrupted, and a small file after that, in the same session.
child_code <- '
  args <- commandArgs(TRUE)
  folder <- args[[2]]
  at <- function(name) file.path(folder, name)
  cat(Sys.getpid(), file = at("pid"))
  library(datacarto, lib.loc = args[[1]])
  for (kind in args[-(1:2)]) {
    x <- switch(kind,
      files = rep(at("large.jsonl"), 1000),
      connection = fifo(at(kind), "rb", blocking = TRUE),
      at(kind)
    )
    file.create(at(paste0(kind, "-ready")))
    how <- tryCatch(
      {
        datamap_summarise(x)
        "the end"
      },
      interrupt = function(e) "interrupt",
      error = function(e) conditionMessage(e)
    )
    back <- as.numeric(Sys.time())
    map <- datamap_summarise(at("small.jsonl"))
    saveRDS(list(how = how, back = back, map = map), at("part"))
    file.rename(at("part"), at(paste0(kind, "-done")))
  }
'

# Records, with an interrupt underway that comes while it does so or after that,
# and counts the lines of the file and those of the summary after each call.
recording_code <- '
  args <- commandArgs(TRUE)
  library(datacarto, lib.loc = args[[1]])
  at <- function(name) file.path(args[[2]], name)
  n <- 1000
  probs <- matrix(stats::rexp(5 * n), n)
  probs <- probs / rowSums(probs)
  text <- strrep("x", 10000) # so that much of the time goes into writing
  rec <- datamap_recorder(at("run.jsonl"))
  step <- 0
  record <- function() {
    step <<- step + 1
    datamap_record(
      rec, seq_len(n), rep(0:4, n / 5),
      probs = probs, step = step, note = text
    )
  }
  count <- function() {
    c(
      sum(datamap_summarise(at("run.jsonl"))$evaluations),
      sum(datamap_summarise(rec)$evaluations)
    )
  }
  for (i in 1:3) time <- system.time(record())[["elapsed"]]
  at_first <- count()[[1]]
  delays <- c(seq(0, 1.5, length.out = 19) * time, 10 * time + 0.2)
  counts <- vapply(delays, function(delay) {
    tryCatch(
      {
        system(sprintf("(sleep %.3f; kill -INT %d) &", delay, Sys.getpid()))
        record()
        Sys.sleep(5) # until it comes, if it has not been lost
      },
      interrupt = function(e) NULL
    )
    as.double(count())
  }, c(0, 0))
  close(rec)
  saveRDS(datamap_summarise(rec), at("map"))
  saveRDS(
    list(
      lines = counts[1, ], in_memory = counts[2, ], at_first = at_first,
      per_call = n
    ),
    at("counts")
  )
'

start_in_shell <- function(command) {
  system2("sh", c("-c", shQuote(command)), wait = FALSE, stderr = FALSE)
}

wait_for <- function(path, seconds = 60) {
  end <- Sys.time() + seconds
  while (!file.exists(path) && Sys.time() < end) Sys.sleep(0.02)
  expect_true(file.exists(path), label = basename(path))
}

# Writes records with values of every kind: as str() and as json.dumps() give
# them, their ids in hexadecimal, and of each its label_probs and its x.
random_records <- c(
  "import json, math, random, struct, sys",
  "from pathlib import Path",
  "folder, n = Path(sys.argv[1]), int(sys.argv[2])",
  "random.seed(20200920)",
  "",
  "def character():",
  "    low, high = random.choice([",
  "        (1, 31), (32, 126), (32, 126), (39, 39), (34, 34), (92, 92),",
  "        (127, 255), (256, 0xd7ff), (0xe000, 0xffff), (0x10000, 0x10ffff),",
  "        (0x2028, 0x2029), (0xfeff, 0xfeff)])",
  "    return chr(random.randint(low, high))",
  "",
  "def text():",
  "    return ''.join(character() for _ in range(random.randint(0, 8)))",
  "",
  "def number():",
  "    kind = random.randrange(6)",
  "    if kind == 0:",
  "        return random.random()",
  "    if kind == 1:",
  "        return random.randint(-100, 100)",
  "    if kind == 2:",
  "        return random.choice([-1, 1]) * random.getrandbits(",
  "            random.randint(1, 900))",
  "    if kind == 3:",
  "        return random.choice([math.nan, math.inf, -math.inf, 0.0, -0.0])",
  "    while True:",
  "        x, = struct.unpack('<d', random.randbytes(8))",
  "        if math.isfinite(x):",
  "            return x",
  "",
  "def anything(depth):",
  "    kind = random.randrange(8 if depth else 5)",
  "    some = range(random.randrange(4))",
  "    if kind < 3:",
  "        return [text() + '\\0', number(), text()][kind]",
  "    if kind < 5:",
  "        return [None, True, False][random.randrange(3)]",
  "    if kind == 5:",
  "        return {text(): anything(depth - 1) for _ in some}",
  "    items = [anything(depth - 1) for _ in some]",
  "    return items if kind == 6 else tuple(items)",
  "",
  "def create(name):",
  "    return open(folder / name, 'w', encoding='utf-8', newline='')",
  "",
  "with create('printed') as printed, create('dumped') as dumped, \\",
  "     create('ids') as ids, open(folder / 'numbers', 'wb') as numbers:",
  "    for i in range(n):",
  "        big = random.randint(1, 10 ** random.randint(1, 30)) * n + i",
  "        id = random.choice([big, -big, 'of ' + text() + str(i)])",
  "        x, p = number(), random.random()",
  "        items = [('id', id), ('label', random.choice([0, 1, text()])),",
  "                 ('correct', random.choice([True, False, 0, 1, 'true'])),",
  "                 ('label_probs', p), ('x', x)]",
  "        # the quote of the first key tells the two forms apart",
  "        first = items.pop(random.randrange(len(items)))",
  "        items += [('my ' + text(), anything(4))",
  "                  for _ in range(random.randrange(3))]",
  "        random.shuffle(items)",
  "        record = dict([first] + items)",
  "        print(record, file=printed)",
  "        print(json.dumps(record, ensure_ascii=random.random() < 0.5),",
  "              file=dumped)",
  "        print(str(id).encode('utf-8').hex(), file=ids)",
  "        numbers.write(struct.pack('=dd', p, x))"
)
