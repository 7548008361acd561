# Random signals in all the types that people have them in, given to every
# entrance of the package, and what must come of them by loops of its own.

# --- a case: what a training says, before any form of it ---

# How labels and classes are given: the labels of the classes 0, 1, ... and
# the names of the columns in the same order, NULL for none.
label_kinds <- list(
  counts = function(k) list(labels = seq_len(k) - 1L),
  doubles = function(k) list(labels = seq_len(k) - 1),
  counts_named = function(k) {
    list(labels = seq_len(k) - 1L, names = as.character(seq_len(k) - 1))
  },
  from_one = function(k) list(labels = seq_len(k), names = paste(seq_len(k))),
  any_whole = function(k) {
    whole <- c(10L, -3L, 7L, 2L, 40000000L)[seq_len(k)]
    list(labels = whole, names = format_whole(whole))
  },
  whole_strings = function(k) {
    list(labels = paste(seq_len(k)), names = paste(seq_len(k)))
  },
  strings = function(k) {
    names <- c("no", "yes", "it's \"odd\"", "\u00fcber", "5 %")[seq_len(k)]
    list(labels = names, names = names)
  },
  factor = function(k) {
    names <- c("ham", "spam", "egg", "bean", "toast")[seq_len(k)]
    list(labels = factor(names, levels = sample(names)), names = names)
  },
  factor_unnamed = function(k) {
    names <- c("w", "z", "x", "a", "k")[seq_len(k)]
    list(labels = factor(names, levels = names))
  },
  factor_of_counts = function(k) {
    names <- paste(seq_len(k) - 1)
    list(labels = factor(names, levels = rev(names)), names = names)
  },
  logical = function(k) list(labels = c(FALSE, TRUE)),
  logical_named = function(k) {
    list(labels = c(FALSE, TRUE), names = c("FALSE", "TRUE"))
  }
)

# Some lines have none, and some samples.
random_losses <- function(sample) {
  loss <- stats::rexp(length(sample))
  loss[stats::runif(length(sample)) < 0.3] <- NA
  loss[sample == sample[[1]]] <- NA
  loss
}

format_whole <- function(x) format(x, scientific = FALSE, trim = TRUE)

id_kinds <- list(
  integer = function(n) sample.int(1000L, n),
  double = function(n) sample(c(1e5, 2e5, 3e9, 2^53, -7, 12, 1e15, 5), n),
  strings = function(n) sample(awkward_texts, n),
  whole_strings = function(n) paste(sample.int(1e6, n) + 1e5),
  factor = function(n) factor(sample(letters, n), levels = rev(letters)),
  integer64 = function(n) {
    bit64::as.integer64(c(
      "9007199254740992", "9007199254740993", "9223372036854775807",
      "-9007199254740993", "5", "-1", "0", "100000"
    ))[sample.int(8, n)]
  }
)

random_case <- function(seed) {
  set.seed(seed)
  label_kind <- sample(names(label_kinds), 1)
  kinds <- names(id_kinds)
  if (!requireNamespace("bit64", quietly = TRUE)) {
    kinds <- setdiff(kinds, "integer64")
  }
  id_kind <- sample(kinds, 1)
  k <- if (startsWith(label_kind, "logical")) 2L else sample(2:5, 1)
  n <- sample(k:7, 1)
  given <- label_kinds[[label_kind]](k)
  # the classes in any order, where names tell which is which
  turned <- if (is.null(given$names)) seq_len(k) else sample.int(k)
  labels <- given$labels[turned]
  samples <- list(
    id = id_kinds[[id_kind]](n),
    place = sample(c(seq_len(k), sample.int(k, n - k, replace = TRUE)))
  )
  times <- sample(1:5, 1)
  rows <- do.call(rbind, lapply(seq_len(times), function(t) {
    who <- sample.int(n)
    if (t > 1) who <- who[stats::runif(n) > 0.15]
    data.frame(sample = who, step = rep(t, length(who)))
  }))
  scores <- matrix(stats::rnorm(nrow(rows) * k, sd = 2), ncol = k)
  is_logits <- stats::runif(1) < 0.5
  if (!is_logits) scores <- naive_softmax(scores)
  has_nan <- stats::runif(1) < 0.15
  if (has_nan) scores[sample.int(length(scores), 1)] <- NaN
  colnames(scores) <- given$names[turned]
  list(
    seed = seed, label_kind = label_kind, id_kind = id_kind, k = k,
    id = samples$id[rows$sample], sample = rows$sample,
    label = labels[samples$place[rows$sample]], labels = labels,
    place = samples$place[rows$sample] - 1L,
    scores = scores, is_logits = is_logits, has_nan = has_nan,
    step = if (stats::runif(1) < 0.7) rows$step,
    s_label = if (stats::runif(1) < 0.5) {
      sample(0:2, n, replace = TRUE)[rows$sample]
    },
    loss = if (stats::runif(1) < 0.5) random_losses(rows$sample),
    correct = if (stats::runif(1) < 0.2) stats::runif(nrow(rows)) < 0.5,
    g = ifelse(stats::runif(nrow(rows)) < 0.3, NA, stats::rnorm(nrow(rows))),
    batches = sample(1:3, 1)
  )
}

# A case whose lines give what stands for other fields: a margin, which is two
# logits, or the log-probability of a sequence, whose label may be anything.
random_stand_in <- function(seed) {
  case <- random_case(seed)
  n <- length(case$id)
  case$correct <- stats::runif(n) < 0.5
  case$stand_in <- sample(c("margin", "sequence"), 1)
  if (case$stand_in == "sequence") {
    case$n_tok <- sample.int(50, n, replace = TRUE)
    case$sum_logp <- -stats::rexp(n, sample(c(1e-3, 1), 1)) * case$n_tok
    case$has_nan <- stats::runif(1) < 0.15
    if (case$has_nan) case$sum_logp[[sample.int(n, 1)]] <- NaN
    return(case)
  }
  has_label <- stats::runif(1) < 0.5
  case$label_kind <- "counts"
  case$labels <- 0:1
  case$place <- sample(0:has_label, max(case$sample), replace = TRUE)
  case$place <- case$label <- case$place[case$sample]
  case$scores <- cbind(stats::rnorm(n, sd = 2), 0)
  case$scores[sample.int(n, 1), 1] <- sample(c(0, 1e308, -1e308, NaN), 1)
  case$has_nan <- anyNA(case$scores)
  case$is_logits <- TRUE
  case$has_no_label <- all(case$label == 0) && stats::runif(1) < 0.5
  if (stats::runif(1) < 0.5) case["correct"] <- list(NULL)
  case
}

# --- what must come of it ---

naive_probs <- function(case) {
  if (!is.null(case$stand_in)) {
    return(stats::plogis(cbind(case$scores[, 1], -case$scores[, 1])))
  }
  if (case$is_logits) naive_softmax(case$scores) else unname(case$scores)
}

expected_of <- function(case) {
  probs <- naive_probs(case)
  y <- cbind(seq_along(case$place), case$place + 1L)
  of_label <- probs[y]
  best <- vapply(seq_len(nrow(probs)), function(i) {
    if (anyNA(case$scores[i, ])) NA else which.max(case$scores[i, ]) - 1L
  }, 1L)
  right <- case$correct %||% (!is.na(best) & best == case$place)
  others <- function(scores) {
    scores[y] <- -Inf
    apply(scores, 1, max)
  }
  log_margin <- if (case$is_logits) {
    case$scores[y] - others(case$scores)
  } else {
    log(of_label) - log(others(probs))
  }
  target <- probs * 0
  target[y] <- 1
  error <- sqrt(rowSums((probs - target)^2))
  given <- case$loss %||% rep(NA, length(of_label))
  # a margin of 1e308 the wrong way round is a loss of 1e308, not of infinity
  derived <- if (is.null(case$stand_in)) {
    -log(of_label)
  } else {
    -stats::plogis(case$scores[, 1] * (1 - 2 * case$place), log.p = TRUE)
  }
  names <- label_texts(case$labels)
  # with margins there are no labels but those that samples have, or get
  seen <- if (!is.null(case$stand_in)) names[c(case$place, best) + 1L]
  rows <- split(seq_along(case$sample), factor(
    case$sample,
    levels = unique(case$sample)
  ))
  columns <- do.call(rbind, lapply(rows, function(lines) {
    data.frame(
      label = label_texts(case$label[lines[[1]]]),
      s_label = if (is.null(case$s_label)) 0 else case$s_label[lines[[1]]],
      t(naive_counts_of(right[lines])),
      t(naive_moments(of_label[lines])),
      aum = mean(log_margin[lines]),
      prob_margin = mean(of_label[lines] - others(probs)[lines]),
      el2n = mean(error[lines]),
      el2n_last = error[lines][[length(lines)]],
      aleatoric = mean((of_label * (1 - of_label))[lines]),
      naive_losses(given[lines], derived[lines]),
      pred_dist = naive_pred_dist(
        names[best[lines] + 1L], setdiff(seen %||% names, NA)
      )
    )
  }))
  columns$id <- id_texts(case$id[vapply(rows, `[[`, 1L, 1)])
  columns
}

# Of the losses that are given, or else of those that follow.
naive_losses <- function(given, derived) {
  loss <- if (all(is.na(given))) derived else given[!is.na(given)]
  data.frame(
    loss_last = loss[[length(loss)]],
    loss_ema = Reduce(function(a, b) 0.9 * a + 0.1 * b, loss)
  )
}

# naive_counts() for one evaluation as well.
naive_counts_of <- function(right) {
  if (length(right) > 1) {
    return(naive_counts(right))
  }
  c(
    correct_times = sum(right), correct_ratio = sum(right),
    forgetting_times = 0, learnt_times = 0, first_forget = 0, first_learn = 0,
    evaluations = 1
  )
}

# All labels, whole ones by value, then strings by their bytes.
naive_pred_dist <- function(predicted, names) {
  names <- unique(names)
  is_whole <- grepl("^-?[0-9]+$", names)
  up <- c(
    names[is_whole][order(as.numeric(names[is_whole]))],
    sort(names[!is_whole], method = "radix")
  )
  counts <- vapply(up, function(name) sum(predicted == name, na.rm = TRUE), 1)
  if (sum(counts) == 0) {
    return(NA)
  }
  shown <- gsub("'", "\\'", up, fixed = TRUE)
  paste0("{", paste0("'", shown, "': ", counts, collapse = ", "), "}")
}

label_texts <- function(labels) {
  if (is.logical(labels)) {
    return(as.character(as.integer(labels)))
  }
  if (is.numeric(labels)) format_whole(labels) else as.character(labels)
}

id_texts <- function(ids) {
  if (inherits(ids, "integer64") || is.factor(ids)) {
    return(as.character(ids))
  }
  if (is.double(ids)) sprintf("%.0f", ids) else as.character(ids)
}

# --- the doors: each makes a map of the case ---

quietly <- function(expr) {
  suppressMessages(suppressWarnings(expr, "datamap_warning"), "datamap_message")
}

map_of <- function(x) {
  datamap_summarise(x, signals = "g", metrics = door_metrics, threads = 1)
}

door_metrics <- c(
  "aum", "prob_margin", "el2n", "el2n_last", "aleatoric", "entropy_of_mean",
  "mean_entropy", "pvi", "pred_dist", "learned_for_good", "loss_last",
  "loss_ema"
)

# The arguments of datamap_record() for some rows of the case.
recorded <- function(case, rows) {
  part <- function(x) if (!is.null(x)) x[rows]
  scores <- case$scores[rows, , drop = FALSE]
  scores <- switch(case$stand_in %||% "none",
    margin = list(margin = scores[, 1]),
    sequence = list(sum_logp = part(case$sum_logp), n_tok = part(case$n_tok)),
    list(
      probs = if (!case$is_logits) scores, logits = if (case$is_logits) scores
    )
  )
  c(
    list(id = case$id[rows]),
    if (!isTRUE(case$has_no_label)) list(label = case$label[rows]),
    scores,
    list(
      step = part(case$step), s_label = part(case$s_label),
      loss = part(case$loss), correct = part(case$correct), g = case$g[rows]
    )
  )
}

record_case <- function(case, file) {
  rec <- datamap_recorder(file, signals = "g", metrics = door_metrics)
  for (rows in case_batches(case)) {
    do.call(datamap_record, c(list(rec), recorded(case, rows)))
  }
  close(rec)
  rec
}

# The rows of each call.
case_batches <- function(case) {
  evaluations <- split(seq_along(case$id), case_evaluation(case))
  batches <- lapply(evaluations, function(rows) {
    split(rows, sort(rep_len(seq_len(case$batches), length(rows))))
  })
  unlist(batches, recursive = FALSE)
}

# Which evaluation a row is of: its place among those of its sample.
case_evaluation <- function(case) {
  case$step %||% stats::ave(case$sample, case$sample, FUN = seq_along)
}

# In the forms that a data frame can have.
case_frame <- function(case, form) {
  if (form != "stand_in") case$stand_in <- NULL
  name <- if (case$is_logits) "logits" else "probs"
  fields <- recorded(case, seq_along(case$id))
  scores <- fields[[name]]
  fields <- fields[!vapply(fields, is.null, NA)]
  fields[[name]] <- NULL
  frame <- structure(
    fields,
    row.names = seq_along(case$id), class = "data.frame"
  )
  if (form == "stand_in") {
    return(frame)
  }
  frame$label <- case$label
  if (form == "matrix") {
    frame[[name]] <- scores
  } else if (form == "packed") {
    frame[[name]] <- as.data.frame(scores)
    names(frame[[name]]) <- colnames(scores)
  } else if (form == "list") {
    frame[[name]] <- lapply(seq_len(nrow(scores)), function(i) scores[i, ])
  } else {
    prefix <- if (form == "tidymodels") ".pred_" else paste0(name, "_")
    suffix <- colnames(scores) %||% (seq_len(ncol(scores)) - 1L)
    for (k in seq_len(ncol(scores))) {
      frame[[paste0(prefix, suffix[[k]])]] <- unname(scores[, k])
    }
  }
  frame
}

case_forms <- function(case) {
  if (identical(case$stand_in, "sequence")) {
    return("stand_in")
  }
  has_names <- !is.null(colnames(case$scores))
  c(
    if (!is.null(case$stand_in)) "stand_in",
    "matrix", "list", "columns", if (has_names) "packed",
    if (has_names && !case$is_logits) "tidymodels"
  )
}

# The classes in the order that they have in a file: those that are numbers
# ascend.
in_file_order <- function(case) {
  names <- colnames(case$scores)
  if (!is.null(names) && all(grepl("^-?[0-9]+$", names))) {
    order <- order(as.numeric(names))
    case$scores <- case$scores[, order]
    case$place <- match(case$place + 1L, order) - 1L
  }
  case
}

# Lines as any program may write them, by the documents of the format only.
case_lines <- function(case, python) {
  if (is.null(case$stand_in)) case <- in_file_order(case)
  quote <- if (python) python_string else json_string
  text <- function(x) {
    if (inherits(x, "integer64")) {
      as.character(x)
    } else if (is.logical(x)) {
      c("false", "true")[x + 1L]
    } else if (is.numeric(x)) {
      format_whole(x)
    } else {
      quote(enc2utf8(as.character(x)))
    }
  }
  number <- function(x) {
    out <- sprintf("%.17g", x)
    out[is.nan(x)] <- if (python) "nan" else "NaN"
    out
  }
  number_or_null <- function(x) {
    null <- if (python) "None" else "null"
    ifelse(is.na(x), null, number(x))
  }
  says_itself <- is.numeric(case$label) & case$label == case$place
  list_scores <- function() {
    paste0("[", apply(case$scores, 1, function(row) {
      paste(number(row), collapse = ", ")
    }), "]")
  }
  has_index <- is.null(case$stand_in) && !all(says_itself)
  members <- list(
    id = text(case$id),
    label = if (isTRUE(case$has_no_label)) {
      NULL
    } else if (python && is.logical(case$label)) {
      c("False", "True")[case$label + 1L]
    } else {
      text(case$label)
    },
    label_index = if (has_index) paste(case$place),
    scores = if (is.null(case$stand_in)) list_scores(),
    margin = if (identical(case$stand_in, "margin")) number(case$scores[, 1]),
    sum_logp = if (!is.null(case$sum_logp)) number(case$sum_logp),
    n_tok = if (!is.null(case$n_tok)) paste(case$n_tok),
    step = if (!is.null(case$step)) paste(case$step),
    s_label = if (!is.null(case$s_label)) paste(case$s_label),
    loss = if (!is.null(case$loss)) number_or_null(case$loss),
    correct = if (!is.null(case$correct)) {
      c("\"false\"", "\"true\"")[case$correct + 1L]
    },
    g = number(case$g)
  )
  names(members)[names(members) == "scores"] <-
    if (case$is_logits) "logits" else "probs"
  members <- members[!vapply(members, is.null, NA)]
  mark <- if (python) "'" else "\""
  parts <- Map(function(name, values) {
    part <- paste0(mark, name, mark, ": ", values)
    if (name == "correct" && python) part <- gsub("\"", "'", part)
    if (name == "g") part[is.na(case$g)] <- ""
    part
  }, names(members), members)
  lines <- do.call(paste, c(parts, sep = ", "))
  paste0("{", sub(", $", "", lines), "}")
}

doors <- list(
  recorder = function(case) map_of(record_case(case, NULL)),
  recording = function(case) {
    file <- tempfile(fileext = ".jsonl")
    on.exit(unlink(file))
    record_case(case, file)
    map_of(file)
  },
  lines = function(case) map_of(I(case_lines(case, python = FALSE))),
  dicts = function(case) map_of(I(case_lines(case, python = TRUE))),
  frame = function(case) {
    maps <- lapply(case_forms(case), function(form) {
      map_of(case_frame(case, form))
    })
    for (map in maps[-1]) {
      expect_identical(columns_that_differ(map, maps[[1]]), character())
    }
    maps[[1]]
  },
  written = function(case) {
    file <- tempfile(fileext = ".jsonl")
    on.exit(unlink(file))
    datamap_write_signals(case_frame(case, sample(case_forms(case), 1)), file)
    map_of(file)
  },
  table = function(case) {
    lines <- I(case_lines(case, python = FALSE))
    columns <- c(
      "id", "label", "pred_label", "s_label", "correct", "loss",
      "label_probs", "step", "probs", "logits", "g"
    )
    if (any(grepl("label_index", lines, fixed = TRUE))) {
      columns <- c(columns, "label_index")
    }
    if (identical(case$stand_in, "sequence")) {
      columns <- setdiff(columns, "label_probs")
      columns <- c(columns, "sum_logp", "n_tok")
    }
    map <- map_of(datamap_read_signals(lines, columns = columns))
    # beyond 2^53 ids are text in a table, and text keeps its order
    if (case$id_kind == "integer64" && is.character(map$id)) {
      map <- map[order_whole_texts(map$id), ]
    }
    map
  },
  state = function(case) {
    half <- case_evaluation(case) <= 2
    lines <- case_lines(case, python = FALSE)
    state <- function(x) {
      datamap_state(x, signals = "g", metrics = door_metrics)
    }
    updated <- datamap_update(state(I(lines[half])), I(lines[!half]))
    map_of(updated)
  }
)

if (requireNamespace("nanoarrow", quietly = TRUE)) {
  doors$stream <- function(case) {
    form <- sample(stream_forms(case), 1)
    map_of(case_stream(case, form, sample(c(1, 7, 2048), 1)))
  }
}

# --- the same calls in Python ---

# The files that Python's recorder writes of the cases, all in one process. The
# names of classes are given to it or, every second time, are those of the
# columns, in another order at each call.
record_in_python <- function(cases, folder) {
  files <- file.path(folder, sprintf("case%d.jsonl", seq_along(cases)))
  run_recorder(code = c(
    "import warnings",
    "warnings.simplefilter('ignore', SignalWarning)",
    "nan = float('nan')",
    "class Frame:",
    "    def __init__(self, rows, names, turn):",
    "        turn %= len(names)",
    "        turned = lambda x: x[turn:] + x[:turn]",
    "        self.columns = turned(names)",
    "        self.rows = [turned(row) for row in rows]",
    "    def to_numpy(self): return self.rows",
    "cases = [",
    vapply(cases, python_case, ""),
    "]",
    "for path, (names, is_frame, calls) in zip(sys.argv[1:], cases):",
    "    classes = None if is_frame else names",
    "    with Recorder(path, classes=classes) as rec:",
    "        for turn, call in enumerate(calls):",
    "            if is_frame:",
    "                scores = 'probs' if 'probs' in call else 'logits'",
    "                call[scores] = Frame(call[scores], names, turn)",
    "            rec.record(**call)"
  ), files)
  files
}

python_case <- function(case) {
  names <- colnames(case$scores) %||% levels(case$labels)
  is_frame <- is.null(case$stand_in) && !is.null(names) && case$seed %% 2 == 1
  if (is.numeric(case$labels) && !is_frame) names <- as.numeric(names)
  names <- if (length(names) > 0) python_list(python_texts(names)) else "None"
  calls <- vapply(case_batches(case), python_call, "", case = case)
  sprintf(
    "(%s, %s, %s),",
    names, if (is_frame) "True" else "False", python_list(calls)
  )
}

python_call <- function(rows, case) {
  given <- recorded(case, rows)
  given <- given[!vapply(given, is.null, NA)]
  texts <- lapply(given, python_texts)
  if (is.double(given$label)) texts$label <- sprintf("%.1f", given$label)
  paste0("dict(", paste0(
    names(texts), "=", vapply(texts, python_list, ""),
    collapse = ", "
  ), ")")
}

python_texts <- function(x) {
  if (is.matrix(x)) {
    return(apply(x, 1, function(row) python_list(python_texts(row))))
  }
  if (inherits(x, "integer64")) {
    return(as.character(x))
  }
  if (is.numeric(x)) {
    text <- sprintf("%.17g", x)
    return(ifelse(is.nan(x), "nan", ifelse(is.na(x), "None", text)))
  }
  if (is.logical(x)) {
    return(c("False", "True")[x + 1L])
  }
  python_string(enc2utf8(as.character(x)))
}

python_list <- function(texts) {
  paste0("[", paste(texts, collapse = ", "), "]")
}

# The columns that are not the same to the last bit, or that only one of two
# maps has; a factor is its labels.
columns_that_differ <- function(map, other) {
  plain <- function(map) {
    lapply(columns_of(map), function(column) {
      if (is.factor(column)) as.character(column) else column
    })
  }
  map <- plain(map)
  other <- plain(other)
  if (!identical(names(map), names(other))) {
    return(c("the columns", names(map), "and", names(other)))
  }
  same <- vapply(names(map), function(name) {
    identical(map[[name]], other[[name]], num.eq = FALSE)
  }, NA)
  names(map)[!same]
}

# The same of sequences: those of lines of label_probs alone.
expect_sequences <- function(map, case) {
  lines <- data.frame(
    id = id_texts(case$id), p = exp(case$sum_logp / case$n_tok),
    loss = case$loss %||% rep(NA, length(case$id)),
    nats = -case$sum_logp / case$n_tok, correct = case$correct
  )
  at <- paste("case", case$seed, case$label_kind, case$id_kind)
  for (sample in split(lines, lines$id)) {
    row <- match(sample$id[[1]], id_texts(map$id))
    given <- sample$loss[!is.na(sample$loss)]
    loss <- if (length(given) > 0) given else sample$nats
    close <- function(x, y) {
      is_far <- abs(x - y) > 1e-12 * max(1, abs(y))
      identical(is.na(x), is.na(y)) && !isTRUE(is_far)
    }
    expect_true(close(map$avg_probs[[row]], mean(sample$p)), info = at)
    expect_true(close(map$loss_last[[row]], loss[[length(loss)]]), info = at)
    counts <- c(map$evaluations[[row]], map$correct_times[[row]])
    expect_identical(counts, c(nrow(sample), sum(sample$correct)), info = at)
  }
}

# A map against the loops' results.
expect_case <- function(map, expected, case) {
  rows <- match(expected$id, id_texts(map$id))
  expect_identical(sort(rows), seq_len(nrow(map)))
  map <- map[rows, ]
  at <- paste("case", case$seed, case$label_kind, case$id_kind)
  counts <- c(
    "s_label", "correct_times", "forgetting_times", "learnt_times",
    "first_forget", "first_learn", "evaluations"
  )
  expect_identical(label_texts(map$label), expected$label, info = at)
  expect_identical(map$pred_dist, expected$pred_dist, info = at)
  for (name in counts) {
    expect_true(all(map[[name]] == expected[[name]]), info = paste(at, name))
  }
  numbers <- c(
    "correct_ratio", "avg_probs", "label_var", "max_label_probs",
    "min_label_probs", "aleatoric", "loss_last", "loss_ema",
    if (!case$has_nan) c("aum", "prob_margin", "el2n", "el2n_last")
  )
  for (name in numbers) {
    right <- expected[[name]]
    close <- identical(is.na(map[[name]]), is.na(right)) &&
      !any(abs(map[[name]] - right) > 1e-12 * pmax(abs(right), 1), na.rm = TRUE)
    expect_true(close, info = paste(at, name))
  }
}
