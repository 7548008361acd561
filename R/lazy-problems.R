# What is wrong with signals in a database, counted in one scan: the query is
# that of a summary up to the lines, by the names of lazy-sql.R.

# The counts of each problem of tables, as a list of `counts`, by what they are
# of, the number of `lines`, and the `problems` as datamap_problems() gives
# them.
lazy_problems <- function(tables, plans, call) {
  all <- c(names(problem_texts), "bad", "lines")
  counts <- Map(count_in_database, tables, plans, list(all), list(call))
  counts <- Reduce(`+`, counts)
  found <- names(problem_texts)[counts[names(problem_texts)] > 0]
  kinds <- sub("^bad_.*", "bad_line", found)
  total <- 0 * lengths(problem_kinds)
  for (kind in setdiff(kinds, "bad_line")) {
    total[[kind]] <- counts[[kind]]
  }
  total[["bad_line"]] <- counts[["bad"]]
  n <- counts[found]
  problems <- new_problems(
    rep(NA_real_, length(found)), rep(NA_real_, length(found)),
    vapply(problem_texts[found], `[[`, "", "expected"),
    paste(
      vapply(problem_texts[found], `[[`, "", "actual"), "in",
      vapply(n, plural_count, "", "line"),
      recycle0 = TRUE
    ),
    rep(NA_character_, length(found)), total
  )
  list(
    problems = problems, counts = counts[found], lines = counts[["lines"]],
    columns = plans[[1]]$order_columns
  )
}

count_in_database <- function(x, plan, names, call) {
  query <- flat_query(problem_query(x, plan), plan, call)
  found <- from_database(dplyr::collect(query), call)
  # not looked for, or of no line
  counts <- stats::setNames(numeric(length(names)), names)
  found <- unlist(as_doubles(found))
  found[is.na(found)] <- 0
  counts[names(found)] <- found
  counts
}

# By the names of the counts: those of bad lines, then the kinds of
# disagreements.
problem_texts <- list(
  bad_id = c(expected = "an id", actual = "none"),
  bad_label = c(expected = "a label", actual = "none"),
  bad_order = c(expected = "a step", actual = "none"),
  bad_correct = c(
    expected = "whether the prediction is right", actual = "none"
  ),
  bad_probs = c(expected = "a probability of the label", actual = "none"),
  step = c(expected = "another step for each line of an id",
           actual = "that of another line"),
  label = c(expected = "the label that the id had first", actual = "another"),
  s_label = c(
    expected = "the s_label that the id had first", actual = "another"
  ),
  correct = c(
    expected = "what the prediction and the label say", actual = "another"
  ),
  prob_range = c(
    expected = "a probability between 0 and 1", actual = "another number"
  ),
  prob_sum = c(expected = "probs that sum to 1", actual = "another sum"),
  not_finite = c(
    expected = "a finite probability of the label", actual = "another number"
  ),
  label_probs = c(
    expected = "the probability of the label's class", actual = "another"
  )
)

# What a bad line lacks.
bad_fields <- c(
  bad_id = "id", bad_label = "label", bad_order = "step",
  bad_correct = "correct", bad_probs = "label_probs"
)

# What makes a line bad, by what is said of it.
bad_lines <- function(plan) {
  is_missing <- function(names) {
    any_of(lapply(rlang::syms(names), function(name) call("is.na", name)))
  }
  list(
    bad_id = is_missing("dm_id"), bad_label = is_missing("dm_label"),
    bad_order = is_missing(plan$order), bad_correct = is_missing("dm_c"),
    bad_probs = is_missing("dm_p")
  )
}

is_bad_line <- function(plan) any_of(bad_lines(plan))

problem_query <- function(x, plan) {
  plan$measures <- character()
  plan$is_checked <- TRUE
  plan$has_no_loss <- FALSE
  yes <- function(condition) {
    bquote(case_when(.(condition) ~ 1L, TRUE ~ 0L))
  }
  of_lines <- line_problems(plan)
  lines <- mutate_by(lazy_lines(x, plan), list(
    dm_bad = yes(is_bad_line(plan))
  ))
  lines <- dplyr::group_by(
    lines, !!rlang::sym("dm_id"), !!rlang::sym("dm_bad")
  )
  order <- list(within = c("dm_id", "dm_bad"), by = plan$order)
  before <- lapply(plan$order, value_before, order, plan$con)
  has_s <- "dm_s" %in% names(plan$fields)
  lines <- mutate_by(lines, c(
    list(dm_row = row_in_order(order, plan$con)),
    stats::setNames(before, paste0(plan$order, "_before")),
    if (has_s) {
      list(dm_ns = so_far("COUNT", "dm_s", order, plan$con))
    }
  ))
  lines <- mutate_by(lines, c(
    list(dm_first = quote(
      max(case_when(dm_row == 1L ~ dm_label), na.rm = TRUE)
    )),
    if (has_s) {
      list(dm_first_s = quote(
        max(case_when(dm_ns == 1L & !is.na(dm_s) ~ dm_s), na.rm = TRUE)
      ))
    }
  ))
  same <- Map(function(name, before) {
    call("==", rlang::sym(name), rlang::sym(before))
  }, plan$order, paste0(plan$order, "_before"))
  same <- halves_of(unname(same), "&")
  among <- c(
    list(
      step = bquote(dm_row > 1L & .(same)),
      label = quote(dm_label != dm_first)
    ),
    if (has_s) list(s_label = quote(dm_s != dm_first_s)),
    of_lines
  )
  among <- lapply(among, function(condition) {
    bquote(dm_bad == 0L & .(call("(", condition)))
  })
  counts <- lapply(c(among, bad_lines(plan)), function(condition) {
    bquote(sum(.(yes(condition)), na.rm = TRUE))
  })
  dplyr::summarise(dplyr::ungroup(lines), !!!c(
    counts, list(bad = quote(sum(dm_bad, na.rm = TRUE)), lines = quote(n()))
  ))
}

# What a line by itself can have wrong and count all the same.
line_problems <- function(plan) {
  p <- class_symbols(plan)
  has <- function(name) name %in% names(plan$fields)
  outside <- lapply(c(list(quote(dm_p)), p), function(one) {
    bquote((.(one) < -1e-6 | .(one) > 1.000001))
  })
  predicts <- has("dm_pred") || length(p) > 0
  c(
    if (has("dm_c") && predicts) list(correct = quote(dm_c != dm_right)),
    list(
      prob_range = any_of(outside),
      not_finite = call("==", is_odd(quote(dm_p)), 1L)
    ),
    if (length(p) > 0) {
      list(prob_sum = bquote(abs(.(sum_of(p)) - 1) > 1e-3))
    },
    if (has("dm_p") && length(p) > 0) {
      list(label_probs = quote(abs(dm_p - dm_own_p) > 1e-6))
    }
  )
}

# Bad lines stop, unless they are skipped; lines in no order always do.
judge_problems <- function(found, plan, call) {
  problems <- found$problems
  counts <- attr(problems, "counts")
  if (found$lines == 0) {
    warn_empty(c(good = 0, bad = 0), character(), call)
  }
  if (counts[["bad_line"]] > 0 && !plan$is_skipping) {
    n <- counts[["bad_line"]]
    first <- problems$expected[[1]]
    abort_datamap(
      c(
        paste(
          "{cli::qty(n)}The table has {format_count(n)} bad line{?s}."
        ),
        "x" = "Expected {first}, found none in {cli::qty(n)}{?it/some}.",
        "i" = "{.code on_error = \"skip\"} leaves them out."
      ),
      class = "field", key = bad_fields[[names(found$counts)[[1]]]], n = n,
      problems = problems, call = call
    )
  }
  if (counts[["step"]] > 0) {
    n <- counts[["step"]]
    columns <- found$columns
    abort_datamap(
      c(
        "The lines of each sample must have an order.",
        "x" = paste(
          "{cli::qty(n)}{format_count(n)} line{?s} {?has/have} the same",
          "{.field {columns}} as another line of {?its/their} id."
        ),
        "i" = paste(
          "A database keeps no order of lines: name more columns that tell it",
          "as {.arg order_by}."
        )
      ),
      class = "field", key = columns[[1]], n = n, problems = problems,
      call = call
    )
  }
  warn_problems(problems, call)
}

# Of a data map the same lines in the same order as it was made of; a table is
# taken as datamap_summarise() takes it.
problems_of_lazy <- function(x, call) {
  check_dbplyr(x, "x", call)
  known <- lazy_known(x)
  if (is.null(known)) {
    window <- check_window(NULL, NULL)
    window$database <- list(order_by = NULL, is_skipping = FALSE)
    request <- check_request(NULL, NULL, FALSE)
    naming <- check_naming(NULL, NULL)
    tables <- if (inherits(x, "tbl_lazy")) list(x) else unname(x)
    known <- list(tables = tables, plans = lapply(tables, function(x) {
      lazy_plan(x, column_types(x, call), request, window, naming, call)
    }))
  }
  lazy_problems(known$tables, known$plans, call)$problems
}
