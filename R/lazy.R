# Signals in a database: tables of dbplyr, summarised where they are. The data
# map is a table of dbplyr as well, until collect() fetches it.

# --- what is given ---

# A table of dbplyr, or a list of them.
is_lazy <- function(x) {
  if (is.list(x) && !is.object(x) && length(x) > 0) {
    return(all(vapply(x, inherits, NA, "tbl_lazy")))
  }
  inherits(x, "tbl_lazy")
}

is_lazy_map <- function(x) inherits(x, "datamap_lazy")

# What is in a database has a summary and nothing else: rows stay there.
#' @export
signal_source.tbl_lazy <- function(x, arg, call) {
  check_dbplyr(x, arg, call)
  if (is_lazy_map(x)) {
    abort_misplaced(
      x, "signals, with a row per evaluation and sample", arg, call,
      "datamap_plot", "It is a data map already: datamap_plot() draws it."
    )
  }
  lazy_source(list(x), call)
}

# Tables in a database, each of which has samples of its own.
#' @export
signal_source.list <- function(x, arg, call) {
  if (!is_lazy(x)) {
    return(signal_source.default(x, arg, call))
  }
  check_dbplyr(x, arg, call)
  lazy_source(unname(x), call)
}

lazy_source <- function(tables, call) {
  new_source(at_hand = list(summary = function(request, window, naming) {
    lazy_map(tables, request, window, naming, call)
  }))
}

check_dbplyr <- function(x,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  need_package(
    "dbplyr", "Tables in a database are read by means of {.pkg dbplyr}.", arg,
    call
  )
  invisible(x)
}

# The arguments of datamap_summarise() that are for databases only.
check_database <- function(x, order_by, check, call = rlang::caller_env()) {
  check_flag(check, call = call)
  is_fine <- is.null(order_by) ||
    (is_text(order_by) && length(order_by) > 0 && all(nzchar(order_by)))
  if (!is_fine) {
    abort_argument(
      order_by, "the names of columns, or {.code NULL}", "order_by", call
    )
  }
  if (!is.null(order_by) && !is_lazy(x)) {
    abort_datamap(
      c(
        "{.arg order_by} is for tables in a database.",
        "x" = "{.arg x} is {describe(x)}, whose lines have an order."
      ),
      class = "input", key = "order_by", call = call
    )
  }
  list(order_by = order_by, check = check)
}

# Whatever a database, or what talks with it, says of a failure. What dbplyr
# warns of is an order that windows over all lines of a sample do not need.
from_database <- function(expr, call) {
  withCallingHandlers(
    tryCatch(expr, error = function(error) {
      if (inherits(error, "datamap_error") || is_time_limit(error)) {
        stop(error)
      }
      said <- conditionMessage(error)
      parent <- error$parent
      if (!is.null(parent)) {
        said <- paste(said, conditionMessage(parent))
      }
      abort_datamap(
        c("The database can't do it.", "x" = cli_verbatim(show_text(said))),
        class = "io", call = call
      )
    }),
    warning = function(warning) {
      said <- conditionMessage(warning)
      # the second is a driver's, of sums
      if (grepl("not have explicit order|imported as numeric$", said)) {
        rlang::cnd_muffle(warning)
      }
    }
  )
}

# --- the data map ---

lazy_map <- function(tables, request, window, naming, call) {
  plans <- lapply(tables, function(x) {
    lazy_plan(x, column_types(x, call), request, window, naming, call)
  })
  need_one_database(plans, call)
  problems <- if (window$database$check) {
    found <- lazy_problems(tables, plans, call)
    judge_problems(found, plans[[1]], call)
    need_own_samples(tables, plans, call)
    found$problems
  }
  known <- list(
    plans = plans, tables = tables, problems = problems,
    has_vectors = all(lengths(lapply(plans, `[[`, "classes")) > 0)
  )
  new_lazy_map(lazy_summarise(tables, plans, call), known)
}

# Tables of several databases can't be one table of dbplyr's.
need_one_database <- function(plans, call) {
  is_same <- vapply(plans, function(plan) {
    identical(plan$con, plans[[1]]$con)
  }, NA)
  if (!all(is_same)) {
    abort_datamap(
      c(
        "Tables that are summarised together must be in one database.",
        "x" = "Table {which(!is_same)[[1]]} has another connection.",
        "i" = paste(
          "Give foreign tables of one server, or summarise each and bind what",
          "{.code dplyr::collect()} makes of them by {.fn rbind}."
        )
      ),
      class = "input", key = "x", call = call
    )
  }
}

# A table of dbplyr with one row per sample, and what is known of it.
new_lazy_map <- function(x, known) {
  class(x) <- c("datamap_lazy", setdiff(class(x), "datamap_lazy"))
  attr(x, "datamap") <- known
  x
}

lazy_known <- function(x) attr(x, "datamap", exact = TRUE)

# Registered when dplyr is loaded.
#' @exportS3Method dplyr::collect
collect.datamap_lazy <- function(x, ...) {
  call <- rlang::caller_env()
  known <- lazy_known(x)
  data <- from_database(NextMethod(), call)
  columns <- collected_types(data)
  if (!has_datamap_columns(columns)) {
    return(data)
  }
  columns <- collected_columns(columns)
  request <- known$plans[[1]]$request
  need_disjoint(columns$id, known, call)
  metrics <- intersect(request$metrics, names(columns))
  signals <- request$signals[
    paste0(request$signals, rep("_last", length(request$signals))) %in%
      names(columns)
  ]
  inform_absent(
    absent_reasons(columns, metrics, known$has_vectors),
    absent_signals(columns, signals)
  )
  map <- new_datamap(
    columns, problems = known$problems %||% new_problems()
  )
  attr(map, "samples") <- samples_of_whole(x, call) %||% nrow(map)
  attr(map, "filter") <- known$filter
  map
}

#' @exportS3Method dplyr::compute
compute.datamap_lazy <- function(x, ...) {
  known <- lazy_known(x)
  new_lazy_map(from_database(NextMethod(), rlang::caller_env()), known)
}

# A sample must be in one of several tables only: looked for before anything is
# made of them, and among what was fetched, since `check` may be FALSE. Tables
# of other servers count their ids there, and only these are sent.
need_own_samples <- function(tables, plans, call) {
  if (length(tables) == 1) {
    return(invisible())
  }
  ids <- Map(function(x, plan) {
    lines <- if (plan$is_skipping) {
      good_lines(x, plan)
    } else {
      mutate_by(x, plan$fields["dm_id"], keep = FALSE)
    }
    dplyr::summarise(
      dplyr::group_by(lines, !!rlang::sym("dm_id")), dm_n = !!quote(n())
    )
  }, tables, plans)
  all <- dplyr::group_by(
    Reduce(dplyr::union_all, ids), !!rlang::sym("dm_id")
  )
  all <- dplyr::summarise(all, dm_tables = !!quote(n()))
  again <- dplyr::filter(all, !!quote(dm_tables > 1))
  found <- from_database(dplyr::collect(utils::head(again, 1)), call)
  if (nrow(found) > 0) {
    abort_shared_id(plain_integer64(found$dm_id), call)
  }
}

need_disjoint <- function(id, known, call) {
  row <- if (length(known$tables) > 1) repeated_id(id) else 0L
  if (row > 0) {
    abort_shared_id(id[[row]], call)
  }
}

abort_shared_id <- function(id, call) {
  id <- id_text(id)
  abort_datamap(
    c(
      "All lines of an id must be in one of the tables.",
      "x" = "The id {.val {id}} is in several."
    ),
    class = "field", key = "id", call = call
  )
}

# How many samples there were before a filter; NULL where there was none.
samples_of_whole <- function(map, call) {
  whole <- lazy_known(map)$whole
  if (!is.null(whole)) {
    found <- from_database(
      dplyr::collect(dplyr::summarise(whole, n = !!quote(n()))), call
    )
    as.double(plain_numbers(found$n))
  }
}

# Columns as the core gives them: whole numbers as such, whatever the driver
# makes of counts, and missing values of columns that have nothing else.
whole_columns <- function(names) {
  intersect(
    names, c("s_label", datamap_counts, "correctness", times_of_learning,
             "forgetfulness", "forgetting_events")
  )
}

collected_types <- function(data) {
  columns <- without_integer64(plain_columns_of(data))
  for (name in names(columns)) {
    x <- columns[[name]]
    if (is.logical(x) && all(is.na(x)) && !name %in% ident_columns()) {
      columns[[name]] <- as.double(x)
    }
  }
  list2DF(columns)
}

# What collected_types() gave, with whole numbers as such, in the core's order.
collected_columns <- function(columns) {
  columns <- as.list(columns)
  whole <- c(whole_columns(names(columns)), ident_columns())
  for (name in intersect(whole, names(columns))) {
    x <- columns[[name]]
    if (is.double(x) && all(is.na(x) | x == trunc(x))) {
      columns[[name]] <- whole_numbers(x)
    }
  }
  order <- sample_order(columns$id)
  lapply(columns, function(x) x[order])
}

# Ids that are all written as integers ascend as these; texts by their bytes,
# which no collation of a database decides, since its rows have no first.
sample_order <- function(id) {
  if (!is.character(id)) {
    return(order(id))
  }
  if (!all(is_whole_text(id))) {
    return(order(id, method = "radix"))
  }
  is_minus <- startsWith(id, "-")
  sign <- ifelse(is_minus, -1, 1)
  digits <- sub("-", "", id, fixed = TRUE)
  longest <- max(nchar(digits), 0L)
  padded <- paste0(strrep("0", longest - nchar(digits)), digits)
  rank <- match(padded, sort(unique(padded), method = "radix"))
  order(sign * rank)
}

# --- what is where ---

# Which columns are which fields, and what of them the summary needs: see
# lazy-sql.R for the names.
lazy_plan <- function(x, types, request, window, naming, call) {
  need_metrics(request, call)
  con <- dbplyr::remote_con(x)
  table <- signal_table(types, call, naming = naming)
  fields <- pick_fields(table)
  need_field(fields$id, "id", names(table), call)
  need_field(fields$label, "label", names(table), call)
  plan <- c(
    list(
      con = con, dialect = dialect_of(con),
      collation = from_database(exact_collation(con), call),
      request = request,
      burn_out = window$burn_out, steps = window$steps,
      is_windowed = window$burn_out > 0 || !is.null(window$steps),
      is_skipping = window$database$is_skipping, is_checked = FALSE,
      has_index = !is.null(fields$label_index)
    ),
    class_plan(table, fields, call),
    order_plan(table, fields, window, call),
    needed_parts(request),
    signal_plan(table, fields, request, call)
  )
  need_class_columns(request, plan, call)
  plan$fields <- c(field_statements(table, fields, plan, call), plan$fields)
  takes_logarithm <- length(plan$kept) > 0 || length(plan$measures) > 0
  plan$log_factor <- if (takes_logarithm) {
    from_database(log_factor(con), call)
  } else {
    1
  }
  plan$class_columns <- if ("dm_class" %in% plan$measures) {
    sprintf("dm_k%d", seq_along(plan$classes))
  }
  plan$valued <- c(unlist(plan$signals, use.names = FALSE), plan$valued)
  plan
}

# One row with the types of the columns. A database that knows the types of
# values only, not of expressions, tells them by the first rows.
column_types <- function(x, call) {
  first <- function(n) {
    from_database(dplyr::collect(utils::head(x, n)), call)
  }
  found <- first(0)
  if (any(vapply(found, is.logical, NA))) {
    found <- first(100)
  }
  types_of(found, call)
}

types_of <- function(data, call) {
  columns <- without_integer64(plain_columns_of(data))
  check_table_names(columns, "x", call)
  structure(
    lapply(columns, function(column) {
      if (is.list(column)) list(NULL) else column[NA_integer_]
    }),
    row.names = 1L, class = "data.frame"
  )
}

need_field <- function(column, field, found, call, of = field) {
  if (!is.null(column)) {
    return(invisible())
  }
  similar <- similar_names(of, found)
  abort_datamap(
    c(
      "The table must have a column {.or {.field {of}}}.",
      "x" = "Its columns are {.field {found}}.",
      did_you_mean(similar),
      "i" = "{.arg fields} tells which columns are which fields."
    ),
    class = "field", key = field, columns = found, similar = similar,
    call = call
  )
}

# Where the class vectors are: statements of the probability of each class, and
# the `classes` as labels. Columns of arrays, and logits, are none.
class_plan <- function(table, fields, call) {
  is_score <- vapply(table, function(x) {
    is_plain_number(x) || (is.logical(x) && is_all_missing(x))
  }, NA)
  keys <- class_keys(naming_of(table))
  left_out <- keys[keys %in% names(table)[!is_score]]
  probe <- table[setdiff(names(table), left_out)]
  places <- match(names(probe), names(table))
  probe <- Map(function(x, place, name) {
    is_place <- is_score[[name]] && !name %in% fields$label
    if (is_place) as.double(place) else x
  }, probe, places, names(probe))
  probe <- structure(probe, n_rows = 1L, naming = naming_of(table))
  label <- label_column(table, fields$label, call)
  scores <- class_scores(probe, is.character(label), TRUE, new.env(), call)
  if (is.null(scores$probs)) {
    return(list(classes = list(), fields = list()))
  }
  names <- scores$classes %||% id_text(seq_len(scores$width) - 1)
  columns <- if (isTRUE(scores$is_second)) {
    column <- as_number(names(table)[[scores$probs[[2]]]])
    list(bquote(1 - .(column)), column)
  } else {
    lapply(names(table)[drop(scores$probs)], as_number)
  }
  classes <- if (is.character(label)) {
    names
  } else if (any(is_whole_text(names))) {
    suppressWarnings(as.integer(names))
  } else {
    seq_len(scores$width) - 1L
  }
  list(
    classes = as.list(classes),
    fields = stats::setNames(columns, sprintf("dm_k%d", seq_along(classes)))
  )
}

# By which columns the lines of a sample are in order of time.
order_plan <- function(table, fields, window, call) {
  columns <- window$database$order_by %||% fields$step
  if (is.null(columns)) {
    found <- names(table)
    abort_datamap(
      c(
        "The lines of a table in a database have no order of their own.",
        "x" = "There is no column {.field step} or {.field epoch}.",
        "i" = paste(
          "Name the column, or columns, of the time as {.arg order_by}.",
          "There are {.field {found}}."
        )
      ),
      class = "field", key = "step", columns = found, call = call
    )
  }
  absent <- setdiff(columns, names(table))
  if (length(absent) > 0) {
    abort_absent_order(absent[[1]], names(table), call)
  }
  if (!is.null(window$steps)) {
    number_column(table, columns[[1]], call)
  }
  list(
    order = sprintf("dm_o%d", seq_along(columns)), order_columns = columns
  )
}

abort_absent_order <- function(name, found, call) {
  similar <- similar_names(name, found)
  abort_datamap(
    c(
      "{.arg order_by} must name columns of the table.",
      "x" = "There is no column {.field {name}}.",
      "i" = "The columns are {.field {found}}.",
      did_you_mean(similar)
    ),
    class = "input", key = "order_by", columns = found, similar = similar,
    call = call
  )
}

# Of which metrics something is kept, and which measures of lines that takes.
needed_parts <- function(request) {
  queries <- metric_queries[request$metrics]
  of_them <- function(what, of) unique(unlist(lapply(of, `[[`, what)))
  all <- metric_queries[union(request$metrics, of_them("of", queries))]
  list(
    kept = names(of_measures("sample", all)),
    valued = of_them("valued", all),
    measures = unique(c(
      of_them("lines", all),
      if ("loss" %in% request$core_signals) "dm_ln"
    ))
  )
}

need_metrics <- function(request, call) {
  others <- setdiff(request$metrics, names(metric_queries))
  if (length(others) > 0) {
    choices <- cli::cli_vec(names(metric_queries), list("vec-trunc" = Inf))
    abort_datamap(
      c(
        "The metric {.val {others}} can't be had from a database.",
        "i" = "The others are {.val {choices}}."
      ),
      class = "input", key = others[[1]], columns = names(metric_queries),
      call = call
    )
  }
}

# Metrics of class vectors, where there are none that can be read.
need_class_columns <- function(request, plan, call) {
  needs <- measure_needs[request$metrics] %in% c("vectors", "class")
  if (!any(needs) || length(plan$classes) > 0) {
    return(invisible())
  }
  metrics <- request$metrics[needs]
  abort_datamap(
    c(
      "{.field {metrics}} need{?s/} class vectors.",
      "x" = "The table has no column for each class, {.field probs_<class>}.",
      "i" = paste(
        "Of a database, neither arrays nor {.field logits} are read: make",
        "columns of them first."
      )
    ),
    class = "field", key = "probs", call = call
  )
}

signal_plan <- function(table, fields, request, call) {
  signals <- request$core_signals
  columns <- sprintf("dm_s%d", seq_along(signals))
  places <- vapply(signals, find_signal, 1L,
    names = names(table), fields = fields, request = request, call = call
  )
  from <- names(table)[places]
  for (name in from[!is.na(from)]) {
    number_column(table, name, call)
  }
  loss <- columns[signals == "loss"]
  is_there <- !is.na(from)
  list(
    signals = as.list(stats::setNames(columns, signals)),
    loss = if (length(loss) > 0) loss,
    has_no_loss = length(loss) > 0 && is.na(from[[match("loss", signals)]]),
    derives_loss = length(loss) > 0 && "loss" %in% signals[is_there],
    signal_fields = stats::setNames(
      lapply(from[is_there], as_number), columns[is_there]
    )
  )
}

# A column as floating point, of whose means no digits are cut, as some do of
# whole and decimal numbers.
as_number <- function(name) {
  call("(", call("*", rlang::sym(name), dbplyr::sql("1e0")))
}

# The columns of the lines, of the table's by our names.
field_statements <- function(table, fields, plan, call) {
  column <- function(field) rlang::sym(fields[[field]])
  k <- length(plan$classes)
  of <- function(field) table[[fields[[field]]]]
  has <- function(field) !is.null(fields[[field]])
  need_field(
    if (has("correct") || has("pred_label") || k > 0) TRUE, "correct",
    names(table), call, c("correct", "pred_label", "probs_<class>")
  )
  need_field(
    if (has("label_probs") || k > 0) TRUE, "label_probs", names(table), call,
    c("label_probs", "probs_<class>")
  )
  for (field in c("label_probs", "label_index")) {
    number_column(table, fields[[field]], call)
  }
  s_label_column(table, fields$s_label, call)
  ident_column(table, fields$id, call)
  as_label <- function(field) {
    label_column(table, fields[[field]], call)
    x <- exact_column(fields[[field]], of(field), plan)
    if (is.logical(of(field))) {
      bquote(case_when(.(x) == TRUE ~ 1L, .(x) == FALSE ~ 0L))
    } else {
      x
    }
  }
  c(
    list(
      dm_id = exact_column(fields$id, of("id"), plan),
      dm_label = as_label("label")
    ),
    if (has("s_label")) list(dm_s = column("s_label")),
    if (has("label_index")) list(dm_index = column("label_index")),
    if (has("pred_label")) list(dm_pred = as_label("pred_label")),
    if (has("correct")) {
      list(dm_c = is_right(column("correct"), of("correct"), table, fields,
                           call))
    },
    if (has("label_probs")) list(dm_p = as_number(fields$label_probs)),
    stats::setNames(rlang::syms(plan$order_columns), plan$order),
    plan$signal_fields
  )
}

# 1 or 0, NULL for anything else.
is_right <- function(column, type, table, fields, call) {
  correct_column(table, fields$correct, call)
  said <- if (is.logical(type)) {
    list(TRUE, FALSE)
  } else if (is.numeric(type)) {
    list(1L, 0L)
  }
  if (!is.null(said)) {
    return(bquote(case_when(
      .(column) == .(said[[1]]) ~ 1L, .(column) == .(said[[2]]) ~ 0L
    )))
  }
  bquote(case_when(
    .(column) %in% c("true", "True", "TRUE", "1") ~ 1L,
    .(column) %in% c("false", "False", "FALSE", "0") ~ 0L
  ))
}
