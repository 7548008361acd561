# The summary of signals in a database as one query: what the core computes, by
# dbplyr's verbs on tables whose columns all have names of ours, dm_*, so that
# no column of the user's is taken for another.
#
# Every statement stands as a formula, a side of R's syntax that dbplyr turns
# into the dialect of the database. Four kinds of rows follow each other: lines
# (the fields, and what is derived of them), lines among those of their sample
# (places, counts, means), samples, and samples among all others. What dialects
# understand differently is kept out: LAG() has no third argument and never
# decides alone, nothing is divided as whole numbers, sums that are spliced have
# brackets, frames of windows are never set, logarithms are of what is above 0.

# --- what differs between databases ---

# Values that only some of them have: NULL in others.
dialect_of <- function(con) {
  if (inherits(con, c(
    "PostgreSQLConnection", "PqConnection", "duckdb_connection",
    "PostgreSQL"
  ))) {
    as_double <- function(x) paste0("CAST('", x, "' AS DOUBLE PRECISION)")
    list(
      above = dbplyr::sql(as_double("Infinity")),
      below = dbplyr::sql(as_double("-Infinity")),
      nan = dbplyr::sql(as_double("NaN"))
    )
  } else if (inherits(con, c("SQLiteConnection", "SQLite"))) {
    list(above = dbplyr::sql("9e999"), below = dbplyr::sql("-9e999"))
  } else {
    list()
  }
}

# One of dbplyr's simulate_*(), which writes queries only.
is_simulated <- function(con) inherits(con, "TestConnection")

# Natural logarithms: SQLite's own log() is of base 10, that of RSQLite is not.
log_factor <- function(con) {
  if (!inherits(con, "SQLiteConnection") || is_simulated(con)) {
    return(1)
  }
  found <- DBI::dbGetQuery(con, "SELECT LOG(2.718281828459045) AS l")$l
  if (abs(found - 1) < 1e-6) 1 else log(10)
}

quoted_names <- function(x, con) {
  as.character(dbplyr::escape(dbplyr::ident(x), con = con))
}

# By which a text is its bytes, where a database takes "a" for "A", and for "a "
# unless it is MariaDB and told; NULL in others.
exact_collation <- function(con) {
  if (!inherits(con, c("MySQLConnection", "MariaDBConnection"))) {
    return(NULL)
  }
  said <- if (!is_simulated(con)) {
    DBI::dbGetQuery(con, "SELECT VERSION() AS version")$version
  }
  if (any(grepl("MariaDB", said))) "utf8mb4_nopad_bin" else "utf8mb4_bin"
}

# A column; one of texts so that no two of them are equal.
exact_column <- function(name, type, plan) {
  if (is.null(plan$collation) || !is.character(type)) {
    return(rlang::sym(name))
  }
  dbplyr::sql(paste0(
    "CONVERT(", quoted_names(name, plan$con), " USING utf8mb4) COLLATE ",
    plan$collation
  ))
}

# What SQL says of a line among those of its sample, in their `order`. Written
# here, since dbplyr has another order for some of these in some dialects.
in_order <- function(said, order, con, frame = "") {
  listed <- function(x) paste(quoted_names(x, con), collapse = ", ")
  dbplyr::sql(paste0(
    said, " OVER (PARTITION BY ", listed(order$within), " ORDER BY ",
    listed(order$by), frame, ")"
  ))
}

row_in_order <- function(order, con) in_order("ROW_NUMBER()", order, con)

# The value of the line before.
value_before <- function(column, order, con) {
  in_order(paste0("LAG(", quoted_names(column, con), ")"), order, con)
}

# SQL's function of a column of the lines up to this one.
so_far <- function(name, column, order, con) {
  said <- paste0(name, "(", quoted_names(column, con), ")")
  in_order(said, order, con, " ROWS UNBOUNDED PRECEDING")
}

# --- statements ---

# The right side of a formula, with what stands in .( ) put in, from `with`.
statement <- function(formula, with = list()) {
  put_in <- function(x) {
    if (!is.call(x)) {
      return(x)
    }
    if (identical(x[[1]], quote(.))) {
      return(with[[rlang::as_string(x[[2]])]])
    }
    as.call(lapply(as.list(x), put_in))
  }
  put_in(formula[[2]])
}

statements <- function(formulas, with = list()) {
  lapply(formulas, statement, with)
}

# Many expressions as one: a sum, in brackets, which dbplyr drops around what is
# spliced, and in halves, since a parser's stack is not deep; or the first
# choice that holds.
sum_of <- function(terms) call("(", halves_of(terms, "+"))

any_of <- function(terms) call("(", halves_of(terms, "|"))

halves_of <- function(terms, operator) {
  n <- length(terms)
  if (n == 1) {
    return(terms[[1]])
  }
  first <- seq_len(n %/% 2)
  call(
    operator, halves_of(terms[first], operator),
    halves_of(terms[-first], operator)
  )
}

first_that <- function(conditions, values) {
  cases <- Map(function(a, b) call("~", a, b), conditions, values)
  rlang::call2("case_when", !!!unname(cases))
}

largest_of <- function(terms) {
  if (length(terms) == 1) {
    return(terms[[1]])
  }
  rlang::call2("pmax", !!!unname(terms), na.rm = TRUE)
}

# -x ln x, and the logarithm of what may be 0.
ln <- function(x, plan) {
  if (plan$log_factor == 1) {
    return(call("log", x))
  }
  call("(", call("*", call("log", x), plan$log_factor))
}

ln_or_below <- function(x, plan) {
  below <- plan$dialect$below
  has_below <- !is.null(below)
  first_that(
    list(call(">", x, 0), call("==", x, 0))[c(TRUE, has_below)],
    list(ln(x, plan), below)[c(TRUE, has_below)]
  )
}

# A value of a sample that is infinite where one of these probabilities was 0:
# none, where a database has no such number.
unless_infinite <- function(value, logs, plan, otherwise = NULL) {
  if (!is.null(plan$dialect$below) || length(logs) == 0) {
    return(value)
  }
  above <- lapply(rlang::syms(logs), function(p) {
    bquote(min(.(p), na.rm = TRUE) > 0)
  })
  is_finite <- halves_of(above, "&")
  if (!is.null(otherwise)) {
    is_finite <- call("|", is_finite, otherwise)
  }
  bquote(case_when(.(is_finite) ~ .(value)))
}

entropy_term <- function(x, plan) {
  first_that(
    list(call(">", x, 0), call("<=", x, 0)),
    list(call("*", x, ln(x, plan)), 0)
  )
}

# The columns of `x` from a list of statements. `.keep` FALSE: only these.
mutate_by <- function(x, columns, keep = TRUE) {
  verb <- if (keep) dplyr::mutate else dplyr::transmute
  if (length(columns) == 0) x else verb(x, !!!columns)
}

# --- lines ---

# The fields of each line under our names; then the place of the label's class
# and the largest probability; then what is derived of these. Few steps, since
# each is a query around the one before.
lazy_lines <- function(x, plan) {
  lines <- mutate_by(x, plan$fields, keep = FALSE)
  p <- class_symbols(plan)
  if (length(p) > 0) {
    lines <- mutate_by(lines, list(
      dm_place = label_place(plan),
      dm_most = bquote(case_when(!is.na(.(sum_of(p))) ~ .(largest_of(p))))
    ))
  }
  mutate_by(lines, derived_columns(plan))
}

class_symbols <- function(plan) {
  rlang::syms(sprintf("dm_k%d", seq_along(plan$classes)))
}

place_numbers <- function(plan) as.list(seq_along(plan$classes) - 1L)

label_place <- function(plan) {
  places <- place_numbers(plan)
  conditions <- lapply(plan$classes, function(key) bquote(dm_label == .(key)))
  if ("dm_index" %in% names(plan$fields)) {
    conditions <- c(quote(!is.na(dm_index)), conditions)
    places <- c(quote(dm_index), places)
  }
  first_that(conditions, places)
}

# What is not given as such: dm_own_p is the probability of the label's class
# and dm_right whether the prediction is right.
derived_columns <- function(plan) {
  has <- function(name) name %in% names(plan$fields)
  p <- class_symbols(plan)
  places <- place_numbers(plan)
  own <- if (length(p) > 0) {
    first_that(lapply(places, function(k) bquote(dm_place == .(k))), p)
  }
  right <- c(
    if (has("dm_pred")) {
      quote(case_when(dm_pred == dm_label ~ 1L, !is.na(dm_pred) ~ 0L))
    },
    if (length(p) > 0) {
      first <- lapply(p, function(one) call("==", one, quote(dm_most)))
      predicted <- first_that(first, places)
      bquote(case_when(
        .(predicted) == dm_place ~ 1L, !is.na(dm_most) ~ 0L
      ))
    }
  )
  label_probs <- coalesce_of(c(if (has("dm_p")) quote(dm_p), own))
  correct <- coalesce_of(c(if (has("dm_c")) quote(dm_c), right))
  c(
    line_measures(plan, label_probs),
    if (plan$is_checked) {
      Filter(Negate(is.null), list(
        dm_own_p = own,
        dm_right = if (length(right) > 0) coalesce_of(right)
      ))
    },
    # last, since what is derived looks at those that are given
    list(dm_p = label_probs, dm_c = correct)
  )
}

coalesce_of <- function(choices) {
  if (length(choices) == 1) {
    choices[[1]]
  } else {
    rlang::call2("coalesce", !!!choices)
  }
}

# What metrics need of each line: of those that have a class vector, and a
# class for their label.
line_measures <- function(plan, label_probs) {
  p <- class_symbols(plan)
  is_own <- lapply(place_numbers(plan), function(k) bquote(dm_place == .(k)))
  in_each <- function(own, other) {
    Map(function(is_it, one) {
      first_that(list(is_it, TRUE), list(own(one), other(one)))
    }, is_own, p)
  }
  where_told <- function(value) {
    bquote(case_when(!is.na(dm_most) & !is.na(dm_place) ~ .(value)))
  }
  measures <- list(
    dm_own = function() where_told(first_that(is_own, p)),
    # never NULL, which some leave out of the largest and others do not
    dm_rival = function() {
      where_told(largest_of(in_each(function(one) -1, identity)))
    },
    dm_error = function() {
      where_told(call("sqrt", sum_of(in_each(
        function(one) bquote((.(one) - 1) * (.(one) - 1)),
        function(one) bquote(.(one) * .(one))
      ))))
    },
    dm_entropy = function() {
      call("-", 0, sum_of(lapply(p, entropy_term, plan)))
    },
    dm_ln = function() ln_or_below(label_probs, plan)
  )
  columns <- lapply(
    measures[intersect(names(measures), plan$measures)],
    function(measure) measure()
  )
  if (plan$has_no_loss) {
    columns[[plan$loss]] <- call("-", 0, columns$dm_ln)
  }
  if ("dm_class" %in% plan$measures) {
    columns[plan$class_columns] <- lapply(p, function(one) {
      bquote(case_when(!is.na(dm_most) ~ .(one)))
    })
  }
  columns
}

# --- lines among those of their sample ---

# Which lines count, if not all do, as dm_in; what does not count is NULL then.
lazy_window <- function(lines, plan) {
  lines <- dplyr::group_by(lines, !!rlang::sym("dm_id"))
  if (!plan$is_windowed) {
    return(lines)
  }
  step <- rlang::sym(plan$order[[1]])
  first <- plan$steps[[1]]
  last <- plan$steps[[2]]
  lines <- mutate_by(lines, list(dm_in = if (is.null(plan$steps)) {
    1L
  } else {
    bquote(case_when(
      .(step) >= .(first) & .(step) <= .(last) ~ 1L, TRUE ~ 0L
    ))
  }))
  if (plan$burn_out > 0) {
    order <- list(within = "dm_id", by = plan$order)
    lines <- mutate_by(lines, list(
      dm_nth = so_far("SUM", "dm_in", order, plan$con)
    ))
    lines <- mutate_by(lines, list(dm_in = bquote(
      case_when(dm_in == 1L & dm_nth <= .(as.integer(plan$burn_out)) ~ 1L,
                TRUE ~ 0L)
    )))
  }
  counted <- setdiff(
    c("dm_p", "dm_c", plan$valued, plan$measures, plan$class_columns),
    "dm_class"
  )
  mutate_by(lines, lapply(stats::setNames(nm = counted), function(name) {
    bquote(case_when(dm_in == 1L ~ .(rlang::sym(name))))
  }))
}

lazy_places <- function(lines, plan) {
  if (plan$derives_loss) {
    lines <- derive_losses(lines, rlang::sym(plan$loss))
  }
  order <- list(within = "dm_id", by = plan$order)
  of_values <- function(formulas) {
    columns <- lapply(plan$valued, function(name) {
      found <- statements(formulas, list(
        s = rlang::sym(name), so_far = so_far("COUNT", name, order, plan$con)
      ))
      stats::setNames(found, paste0(name, names(found)))
    })
    unlist(columns, recursive = FALSE)
  }
  is_in <- if (plan$is_windowed) quote(dm_in) else 1L
  lines <- mutate_by(lines, c(
    list(
      dm_m = quote(mean(dm_p, na.rm = TRUE)),
      dm_n = bquote(sum(.(is_in), na.rm = TRUE)),
      dm_odd = is_odd(quote(dm_p))
    ),
    of_values(list(
      m = ~ mean(.(s), na.rm = TRUE),
      t = ~ sum(case_when(is.na(.(s)) ~ 0L, TRUE ~ 1L), na.rm = TRUE)
    ))
  ))
  mutate_by(lines, c(
    list(
      dm_row = row_in_order(order, plan$con),
      dm_was = value_before("dm_c", order, plan$con)
    ),
    if ("dm_s" %in% names(plan$fields)) {
      list(dm_ns = so_far("COUNT", "dm_s", order, plan$con))
    },
    if (plan$is_windowed) {
      list(dm_nth = so_far("SUM", "dm_in", order, plan$con))
    },
    of_values(list(n = ~ .(so_far)))
  ))
}

# A sample of which no line that counts has a loss has that of its
# probabilities.
derive_losses <- function(lines, loss) {
  lines <- mutate_by(lines, statements(list(
    dm_given = ~ sum(case_when(is.na(.(loss)) ~ 0L, TRUE ~ 1L), na.rm = TRUE)
  ), list(loss = loss)))
  derived <- statement(
    ~ case_when(dm_given > 0L ~ .(loss), TRUE ~ 0 - dm_ln), list(loss = loss)
  )
  mutate_by(lines, stats::setNames(list(derived), rlang::as_string(loss)))
}

# 1 where a number is NaN or infinite.
is_odd <- function(x) {
  bquote(case_when(is.na(.(x)) ~ 0L, .(x) - .(x) == 0 ~ 0L, TRUE ~ 1L))
}

# --- samples ---

# A NaN or infinite probability makes these NaN, and NULL where there is none.
unless_odd <- function(value, x, odd) {
  bquote(case_when(
    sum(.(odd), na.rm = TRUE) == 0L ~ .(value),
    TRUE ~ max(case_when(.(odd) == 1L ~ .(x) - .(x)), na.rm = TRUE)
  ))
}

# Formulas of the fixed columns; dm_in is 1 where all lines count.
lazy_summary <- list(
  label = ~ max(case_when(dm_row == 1L ~ dm_label), na.rm = TRUE),
  s_label = ~ coalesce(
    max(case_when(dm_ns == 1L & !is.na(dm_s) ~ dm_s), na.rm = TRUE), 0L
  ),
  correct_times = ~ coalesce(sum(dm_c, na.rm = TRUE), 0L),
  # not whole numbers by each other, which some would round
  correct_ratio = ~ case_when(
    max(dm_n, na.rm = TRUE) > 0L ~
      sum(dm_c, na.rm = TRUE) * .(one) / max(dm_n, na.rm = TRUE)
  ),
  avg_probs = ~ mean(dm_p, na.rm = TRUE),
  label_var = ~ mean((dm_p - dm_m) * (dm_p - dm_m), na.rm = TRUE),
  max_label_probs = ~ max(dm_p, na.rm = TRUE),
  min_label_probs = ~ min(dm_p, na.rm = TRUE),
  forgetting_times = ~ sum(case_when(.(forgets) ~ 1L, TRUE ~ 0L), na.rm = TRUE),
  learnt_times = ~ sum(case_when(.(learns) ~ 1L, TRUE ~ 0L), na.rm = TRUE),
  first_forget = ~ coalesce(
    min(case_when(.(forgets) ~ .(t)), na.rm = TRUE), 0L
  ),
  first_learn = ~ coalesce(min(case_when(.(learns) ~ .(t)), na.rm = TRUE), 0L),
  evaluations = ~ max(dm_n, na.rm = TRUE)
)

# A line that does not count has no dm_c, and what comes before the first is
# none of ours, whatever LAG() gives there.
lazy_events <- list(
  forgets = ~ .(t) > 0L & dm_was == 1L & dm_c == 0L,
  learns = ~ .(t) > 0L & dm_was == 0L & dm_c == 1L,
  t = ~ .(t)
)

# The place of a line among those of its sample that count, from 0.
lazy_time <- function(plan) {
  call("(", call(
    "-", if (plan$is_windowed) quote(dm_nth) else quote(dm_row), 1L
  ))
}

# Of each signal .(s), whose mean is .(m), and of whose .(t) values .(n) stand
# up to a line.
lazy_statistics <- list(
  mean = ~ mean(.(s), na.rm = TRUE),
  var = ~ mean((.(s) - .(m)) * (.(s) - .(m)), na.rm = TRUE),
  min = ~ min(.(s), na.rm = TRUE),
  max = ~ max(.(s), na.rm = TRUE),
  last = ~ max(case_when(.(n) == .(t) ~ .(s)), na.rm = TRUE),
  ema = ~ sum(
    case_when(.(n) == 1L ~ 1, TRUE ~ 0.1) * 0.9^(.(t) - .(n)) * .(s),
    na.rm = TRUE
  )
)

# --- samples among all others ---

# A row for each sample, as columns of the summary and parts of metrics; then
# the metrics, and what else there is of that left out.
lazy_samples <- function(lines, plan) {
  one <- dbplyr::sql("1e0")
  events <- statements(lazy_events, list(t = lazy_time(plan)))
  fixed <- statements(lazy_summary, c(list(one = one), events))
  if (!"dm_s" %in% names(plan$fields)) {
    fixed$s_label <- 0L
  }
  for (name in c(
    "avg_probs", "label_var", "max_label_probs", "min_label_probs"
  )) {
    fixed[[name]] <- unless_odd(fixed[[name]], quote(dm_p), quote(dm_odd))
  }
  dplyr::summarise(lines, !!!c(
    fixed, signal_statements(plan), part_statements(plan)
  ))
}

# Those that are asked for, by their names in the data map.
signal_statements <- function(plan) {
  of_signal <- function(name, which) {
    column <- plan$signals[[name]]
    parts <- lapply(
      c(s = "", m = "m", n = "n", t = "t"),
      function(end) rlang::sym(paste0(column, end))
    )
    found <- statements(lazy_statistics[which], parts)
    for (one in intersect(which, c("var", "min"))) {
      found[[one]] <- numbers_only(found[[one]], one, parts$s, plan)
    }
    if (name == "loss") {
      others <- setdiff(which, "min")
      found[others] <- lapply(found[others], finite_loss, plan)
    }
    stats::setNames(found, paste0(name, "_", which))
  }
  asked <- plan$request$signals
  columns <- unlist(
    lapply(asked, of_signal, signal_statistics),
    recursive = FALSE
  )
  metrics <- intersect(
    plan$request$metrics, c("loss_mean", "loss_last", "loss_ema")
  )
  more <- setdiff(metrics, names(columns))
  c(columns, unlist(
    lapply(sub("loss_", "", more), of_signal, name = "loss"),
    recursive = FALSE
  ))
}

# A variance is NaN where a value is not finite, the least where one is NaN.
numbers_only <- function(value, which, s, plan) {
  if (which == "var") {
    return(unless_odd(value, s, is_odd(s)))
  }
  nan <- plan$dialect$nan
  if (is.null(nan)) {
    return(value)
  }
  bquote(case_when(
    max(.(s), na.rm = TRUE) == .(nan) ~ .(nan), TRUE ~ .(value)
  ))
}

# Of a loss that follows from probabilities; the least is not one of 0.
finite_loss <- function(value, plan) {
  is_given <- if (plan$derives_loss) quote(max(dm_given, na.rm = TRUE) > 0L)
  unless_infinite(value, "dm_p", plan, is_given)
}

# What is kept for metrics.
part_statements <- function(plan) {
  logarithms <- lapply(
    list(ln_own = quote(dm_own), ln_rival = quote(dm_rival)), ln_or_below, plan
  )
  with <- c(logarithms, list(t = lazy_time(plan)))
  kept <- lapply(metric_queries[plan$kept], function(query) {
    unless_infinite(statement(query$sample, with), query$logs, plan)
  })
  names(kept) <- kept_names(plan$kept)
  means <- lapply(stats::setNames(nm = plan$class_columns), function(name) {
    bquote(mean(.(rlang::sym(name)), na.rm = TRUE))
  })
  c(kept, means, if (length(means) > 0 && plan$has_index) {
    list(dm_first_place = quote(
      max(case_when(dm_row == 1L ~ dm_place), na.rm = TRUE)
    ))
  })
}

kept_names <- function(metrics) paste0("dm_", metrics, recycle0 = TRUE)

lazy_results <- function(samples, plan) {
  metrics <- plan$request$metrics
  queries <- metric_queries[metrics]
  needs <- unlist(lapply(queries, `[[`, "of_label"))
  q <- rlang::syms(plan$class_columns)
  suggests <- any(startsWith(metrics, "suggested_"))
  classes <- plan$classes
  if (suggests) {
    said <- if (plan$has_index) said_labels(plan)
    samples <- mutate_by(
      samples, c(list(dm_suggested = largest_of(q)), said)
    )
    classes <- if (plan$has_index) rlang::syms(names(said)) else classes
  }
  if (length(needs) > 0) {
    samples <- dplyr::group_by(samples, !!rlang::sym("label"))
    samples <- dplyr::ungroup(mutate_by(samples, c(list(
      dm_label_n = quote(n()),
      # of those that are numbers, as in R; of none, that it is none
      dm_label_mean = quote(coalesce(mean(
        case_when(avg_probs - avg_probs == 0 ~ avg_probs), na.rm = TRUE
      ), avg_probs))
    )[needs], list(dm_all_n = dbplyr::sql("COUNT(*) OVER ()")))))
  }
  share <- statement(
    ~ (dm_label_n * .(one) / dm_all_n), list(one = dbplyr::sql("1e0"))
  )
  with <- list(
    deviation = if (plan$request$include_ci) {
      quote(case_when(evaluations > 1L ~ sqrt(
        label_var + label_var * label_var / (evaluations - 1)
      )))
    } else {
      quote(sqrt(label_var))
    },
    entropy_of_mean = if (length(q) > 0) {
      call("-", 0, sum_of(lapply(q, entropy_term, plan)))
    },
    ln_share = ln(share, plan), ln2 = log(2),
    suggested = if (suggests) {
      first_that(
        lapply(q, function(one) call("==", one, quote(dm_suggested))),
        classes
      )
    }
  )
  values <- lapply(stats::setNames(nm = metrics), function(metric) {
    query <- queries[[metric]]
    if (!is.null(query$value)) {
      statement(query$value, with)
    } else if (!is.null(query$sample)) {
      rlang::sym(kept_names(metric))
    }
  })
  values <- Filter(Negate(is.null), values)
  columns <- unique(c(
    summary_columns, signal_column_names(plan$request$signals), metrics
  ))
  renamed <- stats::setNames(rlang::syms(columns), columns)
  renamed$id <- quote(dm_id)
  dplyr::select(mutate_by(samples, values), !!!renamed)
}

# Where lines tell the place of their label's class, what labels stand at each
# place, and its number where none does.
said_labels <- function(plan) {
  k <- seq_along(plan$classes)
  stats::setNames(lapply(k, function(i) {
    bquote(coalesce(
      max(case_when(dm_first_place == .(i - 1L) ~ label), na.rm = TRUE),
      .(plan$classes[[i]])
    ))
  }), sprintf("dm_l%d", k))
}

good_lines <- function(x, plan) {
  lines <- lazy_lines(x, plan)
  if (plan$is_skipping) {
    lines <- dplyr::filter(lines, !!call("!", is_bad_line(plan)))
  }
  lines
}

# The whole of it, of tables with samples of their own each.
lazy_summarise <- function(tables, plans, call) {
  plan <- plans[[1]]
  samples <- Map(function(x, plan) {
    lines <- lazy_window(good_lines(x, plan), plan)
    samples <- lazy_samples(lazy_places(lines, plan), plan)
    if (length(tables) > 1) flat_query(samples, plan, call) else samples
  }, tables, plans)
  all <- Reduce(dplyr::union_all, samples)
  flat_query(lazy_results(all, plan), plan, call)
}

# Written once, since dbplyr writes it anew whenever it is asked for a part of
# it. SQLite's parser takes no query within a query within a query, and so on,
# as deep as this one: there they stand one after the other.
flat_query <- function(x, plan, call) {
  if (is_simulated(plan$con)) {
    return(x)
  }
  is_sqlite <- inherits(plan$con, "SQLiteConnection")
  query <- as.character(query_of(x, is_sqlite))
  if (is_sqlite) {
    query <- paste0("SELECT * FROM (", query, ")")
  }
  from_database(
    dplyr::tbl(plan$con, dbplyr::sql(query), vars = colnames(x)), call
  )
}

# How a query is asked for one part after the other has changed with dbplyr.
query_of <- function(x, cte) {
  if (utils::packageVersion("dbplyr") < "2.4.0") {
    return(dbplyr::remote_query(x, cte = cte))
  }
  sql_options <- getExportedValue("dbplyr", "sql_options")
  dbplyr::remote_query(x, sql_options = sql_options(cte = cte))
}
