# What stands in the parts of a report: words for who has never seen a data map,
# and tables.

# Where it is from ------------------------------------------------------

report_provenance <- function(runs, whole, data) {
  maps <- runs$maps
  of_runs <- function(f) per_run(runs$names, vapply(maps, f, ""))
  k <- length(maps)
  rows <- c(
    samples = paste0(
      plural_count(nrow(whole), "sample"),
      filter_note(attr(whole, "filter", exact = TRUE), samples_before(whole))
    ),
    if (k > 1) c(runs = paste0(k, ": ", toString(runs$names))),
    evaluations = of_runs(function(map) {
      evaluations <- evaluations_range(map)
      if (is.null(evaluations)) not_said else evaluations_text(evaluations)
    }),
    `read from` = of_runs(function(map) {
      sources <- attr(map, "sources", exact = TRUE)
      if (!is_text(sources)) not_said else first_few(basename(sources), 20)
    }),
    lines = of_runs(function(map) {
      line_words(attr(map, "line_counts", exact = TRUE))
    }),
    problems = of_runs(function(map) {
      problem_words(attr(map, "problems", exact = TRUE))
    }),
    predicted = of_runs(function(map) predicted_words(map) %||% not_said),
    `training table` = if (is.null(data)) "not given" else "given",
    datacarto = format(utils::packageVersion("datacarto")),
    R = paste(R.version$major, R.version$minor, sep = "."),
    `made at` = format(Sys.time(), "%Y-%m-%d %H:%M UTC", tz = "UTC")
  )
  new_part(
    paste(
      "What the report was made of. \"Predicted\" says how the model met the",
      "samples when it was evaluated: in-sample is on samples that it was",
      "being trained on, out-of-bag or out-of-fold on samples that it was not."
    ),
    list2DF(list(what = names(rows), value = unname(rows)))
  )
}

not_said <- "the data map does not say"

filter_note <- function(filter, before) {
  if (is_text(filter) && length(filter) > 0) {
    paste0(
      " of ", format_count(before), " (", paste(filter, collapse = " and "), ")"
    )
  }
}

# One value where all runs have the same, else each with the run's name.
per_run <- function(names, values) {
  if (length(unique(values)) == 1) {
    return(values[[1]])
  }
  paste(names, values, sep = ": ", collapse = "; ")
}

line_words <- function(counts) {
  if (!is.numeric(counts) || !"lines" %in% names(counts)) {
    return(not_said)
  }
  others <- counts[setdiff(names(counts), c("lines", "good"))]
  others <- others[!is.na(others) & others > 0]
  paste0(
    format_count(counts[["lines"]]),
    if (length(others) > 0) paste0(", of which ", list_counts(others))
  )
}

problem_words <- function(problems) {
  if (is.null(problems)) {
    return(not_said)
  }
  counts <- attr(problems, "counts", exact = TRUE)
  n <- count_problems(problems)
  if (n == 0) {
    return("none")
  }
  paste0(
    format_count(n),
    if (is.numeric(counts) && any(counts > 0)) {
      paste0(" (", list_counts(counts), ")")
    },
    ": datamap_problems() has them"
  )
}

# The maps --------------------------------------------------------------

report_map <- function(runs, whole, map) {
  part <- new_part(
    c(
      paste(
        "Each point is a sample. The higher it lies, the more probable the",
        "model found the label that the sample has, on average over its",
        "evaluations; the further to the right, the more that changed from one",
        "evaluation to the next."
      ),
      paste(
        "Samples at the top left are easy. On the right are those of which the",
        "model changed its mind. Those at the bottom left it never believed:",
        "wrong labels gather there, and right ones that are rare or hard."
      ),
      if (length(runs$maps) > 1) {
        paste(
          "The map is of the means over the runs, and each run has a map of",
          "its own below."
        )
      }
    ),
    plot = datamap_plot(whole)
  )
  if (length(runs$maps) > 1) {
    part$runs <- datamap_plot(map)
  }
  part
}

report_regions <- function(whole) {
  counts <- attr(datamap_regions(whole), "counts", exact = TRUE)
  new_part(
    paste(
      "Three regions of the map by fixed limits. Ambiguous: the probability of",
      "the label has a standard deviation of 0.2 or more. Of the others, those",
      "with a mean of 0.5 or more are easy to learn, and the rest are hard."
    ),
    count_table(counts, "region"),
    datamap_plot(whole, style = "cartography")
  )
}

report_groups <- function(whole) {
  counts <- attr(datamap_groups(whole), "counts", exact = TRUE)
  names(counts) <- scheme_of("correct_ratio")$words
  new_part(
    paste(
      "In which share of the evaluations the model was right. The colours and",
      "shapes of the maps are those of these groups."
    ),
    count_table(counts, "correct_ratio")
  )
}

# Suspects --------------------------------------------------------------

# The columns of the training table that the map does not have, for the `n`
# first of the pool; NULL without a table.
suspect_texts <- function(runs, pool, data, n, id_column, call) {
  if (is.null(data)) {
    return(NULL)
  }
  data <- take_table(data, call)
  check_column_choice(id_column, data, of = "{.arg data}", call = call)
  ids <- runs$ids[utils::head(pool$rows, n)]
  rows <- find_rows(ids, data[[id_column]], id_column, call)
  own <- unique(unlist(lapply(runs$maps, names)))
  texts_to_review(data, rows, id_column, own, call)
}

report_suspects <- function(runs, pool, n, texts) {
  at <- utils::head(pool$rows, n)
  first <- runs$maps[[1]]
  of_first <- runs$rows[[1]][at]
  score <- suspect_ends[[pool$by]] * utils::head(pool$score, n)
  columns <- c(
    list(rank = seq_along(at), id = id_text(runs$ids[at])),
    labels_shown(first[["label"]], of_first, "label"),
    labels_shown(first[["suggested_label"]], of_first, "suggested_label"),
    stats::setNames(list(score), pool$by),
    lapply(texts, shorten_texts)
  )
  new_part(
    c(
      paste0(
        "The ", plural_count(length(at), "sample"), " that ",
        if (length(at) == 1) "is" else "are", " most suspect by `", pool$by,
        "`", metric_words(pool$by, length(runs$maps)), ". Suspect does not ",
        "mean wrong: have them checked, as by `datamap_review()`."
      ),
      if (is.null(texts)) {
        paste(
          "The texts are not shown: `datamap_report(data = )` takes the",
          "training table."
        )
      },
      if (is.null(columns$suggested_label)) {
        no_suggestion
      } else if (length(runs$maps) > 1) {
        paste("Suggested labels are those of run", runs$names[[1]])
      }
    ),
    list2DF(columns)
  )
}

# ", the mean probability of the label"
metric_words <- function(by, k) {
  words <- if (by %in% names(signal_words)) signal_words[[by]]
  paste0(
    if (length(words) == 1) {
      paste0(", the ", tolower(substr(words, 1, 1)), substring(words, 2))
    },
    if (k > 1) ", in the mean over the runs"
  )
}

no_suggestion <- paste(
  "The map has no suggested labels: `datamap_summarise(metrics =",
  "c(\"suggested_label\", \"suggested_prob\"))` makes them of class vectors."
)

labels_shown <- function(labels, rows, name) {
  if (!is.null(labels) && is.null(dim(labels))) {
    stats::setNames(list(id_text(labels[rows])), name)
  }
}

# Of very long texts the first part.
shorten_texts <- function(x, most = 1000L) {
  n <- nchar(x)
  is_long <- !is.na(x) & n > most
  x[is_long] <- paste0(
    substr(x[is_long], 1L, most), " ... (",
    format_count(n[is_long] - most), " more letters)"
  )
  x
}

# Labels ----------------------------------------------------------------

report_confusions <- function(runs) {
  first <- runs$maps[[1]]
  found <- or_reason(
    if ("suggested_label" %in% names(first)) datamap_confusions(first)
  )
  if (is.null(found)) {
    return(new_part(no_suggestion))
  }
  if (is.character(found)) {
    return(new_part(found))
  }
  others <- plain_frame(found)
  others <- others[others$label != others$suggested_label, , drop = FALSE]
  others <- others[order(-others$samples), , drop = FALSE]
  shown <- utils::head(others, 20)
  attr(shown, "row.names") <- .set_row_names(nrow(shown))
  new_part(
    c(
      paste0(
        "How many samples of a label look like another one to the model: ",
        others_words(attr(found, "summary", exact = TRUE)), ". A pair with ",
        "many is hard to tell apart, or who labelled confused the two; the ",
        "counts can't say which."
      ),
      if (length(runs$maps) > 1) paste0("Of run ", runs$names[[1]], "."),
      if (nrow(others) > nrow(shown)) {
        paste0(
          "The ", nrow(shown), " most frequent of ",
          format_count(nrow(others)), " pairs:"
        )
      }
    ),
    if (nrow(shown) > 0) shown,
    if (nlevels(found$label) <= max_values) ggplot2::autoplot(found)
  )
}

# What the code gives, or in words why it can't.
or_reason <- function(code) {
  tryCatch(code, datamap_error = plain_message)
}

report_lost <- function(runs, pool) {
  n <- length(pool$rows)
  of <- length(runs$ids)
  what <- paste0(
    "If the ", percent(pool$top), " of the samples that are most suspect by ",
    pool$by, " were left out (", format_count(n), " of ", format_count(of),
    ", with those that are tied at the end), this is what each label would ",
    "lose."
  )
  labels <- runs$maps[[1]][["label"]]
  if (is.null(labels) || all(is.na(labels))) {
    return(new_part(paste(
      "The map has no labels, so that nothing can be said of what each would",
      "lose."
    )))
  }
  labels <- labels[runs$rows[[1]]]
  values <- ordered_values(labels)
  count <- function(x) {
    tabulate(match(id_text(x), id_text(values)), length(values))
  }
  table <- list2DF(list(
    label = id_text(values), samples = count(labels),
    lost = count(labels[pool$rows])
  ))
  table <- table[table$samples > 0, , drop = FALSE]
  table$share <- table$lost / table$samples
  table <- table[order(-table$share), , drop = FALSE]
  attr(table, "row.names") <- .set_row_names(nrow(table))
  new_part(c(what, lost_words(table, n / of)), table)
}

# The labels that would lose more than twice as much as the whole.
lost_words <- function(table, share) {
  much <- table$label[table$share > 2 * share]
  if (length(much) == 0) {
    return("No label would lose more than twice as much as the whole.")
  }
  paste0(
    "Labels that would lose more than twice as much as the whole: ",
    first_few(much, 10), ". Look at them before anything is left out: a hard ",
    "or rare label is not a wrong one."
  )
}

# Several runs ----------------------------------------------------------

report_reliability <- function(runs, map) {
  if (length(runs$maps) == 1) {
    return(new_part(paste(
      "One run can't tell how another would come out. Train again with the",
      "same data, labels and settings and another seed, and give all maps:",
      "`datamap_report(list(run1, run2, run3))`."
    )))
  }
  found <- or_reason(datamap_reliability(map))
  if (is.character(found)) {
    return(new_part(found))
  }
  of <- attr(found, "summary", exact = TRUE)
  pick <- function(term, name) found[[name]][found$term == term]
  new_part(
    c(
      paste(
        "How much of a metric would be the same in another run: ICC(A,1) is",
        "the agreement of single runs, 1 at best, with the ends of its",
        "interval; ICC(A,k) that of the means of these runs, which the report",
        "is of."
      ),
      paste0(
        "runs_needed: so many must be averaged for a reliability of ",
        number_text(of$target[[1]]), ". overlap: how much of the most suspect ",
        "third two runs have in common."
      )
    ),
    list2DF(list(
      metric = of$metric, `ICC(A,1)` = pick("ICC(A,1)", "estimate"),
      low = pick("ICC(A,1)", "conf.low"), high = pick("ICC(A,1)", "conf.high"),
      `ICC(A,k)` = pick("ICC(A,k)", "estimate"),
      runs_needed = of$runs_needed, overlap = of$overlap
    )),
    ggplot2::autoplot(found)
  )
}

# Limits ----------------------------------------------------------------

report_limits <- function(runs, whole) {
  evaluations <- evaluations_range(whole)
  predicted <- unique(unlist(lapply(runs$maps, predicted_words)))
  new_part(c(
    paste(
      "Which labels are wrong. A low probability marks what the model did not",
      "learn: wrong labels, and right ones that are rare, hard or unlike the",
      "others. Only a person who looks can tell."
    ),
    paste(
      "How many labels are wrong. For that some are drawn at random and",
      "checked: `datamap_audit_sample()` and `datamap_audit()`."
    ),
    paste(
      "Which labels are right. What the model believed from the start can be",
      "wrong as well, where many labels are wrong in the same way."
    ),
    if (is.null(predicted) || any(grepl("in-sample", predicted))) {
      paste(
        "What the model would say of samples that it does not know, unless it",
        "was evaluated on such. A model that is evaluated on what it is",
        "trained on learns wrong labels by heart in the end, which hides them."
      )
    },
    if (!is.null(evaluations) && evaluations[[1]] < 5) {
      paste0(
        "Much of the variability: there are samples with ",
        plural_count(evaluations[[1]], "evaluation"), " only."
      )
    },
    if (length(runs$maps) == 1) {
      "How the map of another run would look, with another seed."
    },
    "How the map of another model, or of other data, would look."
  ), style = "list")
}

report_session <- function() {
  new_part(
    utils::capture.output(print(utils::sessionInfo())),
    style = "lines"
  )
}
