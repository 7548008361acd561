# What one does with a data map that is in a database: filter, groups and
# regions, by the same checks and schemes as of one in R, on its columns' types.

# The data map without its rows, for checks and conditions.
lazy_types <- function(map, call) {
  types <- from_database(dplyr::collect(utils::head(as_query(map), 0)), call)
  columns <- collected_types(types)
  check_needed(columns, names(columns), "map", call)
  new_datamap(columns)
}

# As a table of dbplyr only.
as_query <- function(map) {
  class(map) <- setdiff(class(map), "datamap_lazy")
  attr(map, "datamap") <- NULL
  map
}

filter_lazy <- function(map, dots, arguments, free, call) {
  types <- lazy_types(map, call)
  given <- filter_dots(types, dots, free, call)
  arguments[names(given$values)] <- given$values
  conditions <- filter_conditions(
    types, arguments$criterion, arguments$threshold, arguments$use_f_times,
    arguments$use_l_times, call
  )
  words <- c(names(given$meets), condition_words(conditions))
  if (length(words) == 0) {
    return(map)
  }
  known <- lazy_known(map)
  known$whole <- known$whole %||% as_query(map)
  known$filter <- c(known$filter, words)
  kept <- filter_by(
    as_query(map), c(unname(given$dots), at_least(conditions))
  )
  new_lazy_map(kept, known)
}

# The conditions of filter_conditions().
at_least <- function(conditions) {
  unname(Map(
    function(column, least) call(">=", rlang::sym(column), least),
    conditions$column, conditions$least
  ))
}

# dbplyr's verb need not take an empty list of conditions.
filter_by <- function(x, conditions) {
  if (length(conditions) == 0) x else dplyr::filter(x, !!!conditions)
}

groups_lazy <- function(map, arguments, call) {
  types <- lazy_types(map, call)
  conditions <- filter_conditions(
    types, arguments$criterion, arguments$threshold, arguments$use_f_times,
    arguments$use_l_times, call
  )
  scheme <- find_scheme(
    types, conditions, arguments$dirty_label, arguments$group_by, call
  )
  # of the whole map, as its classes are
  codes <- scheme_codes(map, types, scheme, call)
  kept <- filter_by(as_query(map), at_least(conditions))
  coded_table(kept, "group", codes, call)
}

regions_lazy <- function(map, cutoffs, call) {
  types <- lazy_types(map, call)
  deviation <- quote(sqrt(label_var))
  codes <- list(
    code = first_that(
      list(
        quote(is.na(avg_probs) | is.na(label_var)),
        call(">=", deviation, cutoffs[["variability"]]),
        call(">=", quote(avg_probs), cutoffs[["confidence"]]), TRUE
      ),
      list(NA, 2L, 3L, 1L)
    ),
    levels = datamap_region_names
  )
  regions <- coded_table(as_query(map), "region", codes, call)
  attr(regions, "cutoffs") <- cutoffs
  regions
}

# A table of ids and of the names of what their codes stand for, with the
# `counts` of each, which one more query tells.
coded_table <- function(x, name, codes, call) {
  coded <- dplyr::transmute(
    x, id = !!rlang::sym("id"), dm_code = !!codes$code
  )
  found <- from_database(plain_columns_of(dplyr::collect(
    dplyr::summarise(
      dplyr::group_by(coded, !!rlang::sym("dm_code")), dm_n = !!quote(n())
    )
  )), call)
  at <- match(seq_along(codes$levels), as.double(found$dm_code))
  n <- as.integer(plain_numbers(found$dm_n))[at]
  out <- dplyr::transmute(coded, !!!stats::setNames(
    list(rlang::sym("id"), first_that(
      lapply(seq_along(codes$levels), function(i) bquote(dm_code == .(i))),
      as.list(codes$levels)
    )), c("id", name)
  ))
  attr(out, "counts") <- stats::setNames(
    replace(n, is.na(n), 0L), codes$levels
  )
  out
}

# --- schemes of groups ---

# The `code` of each sample, a statement, and the `levels` that it stands for.
scheme_codes <- function(map, types, scheme, call) {
  if (scheme$name == "group_by") {
    return(value_codes(map, types, scheme$signal, call))
  }
  list(code = scheme$statement(rlang::sym(scheme$signal)),
       levels = scheme$levels)
}

# The values of a column as groups: those of group_values().
value_codes <- function(map, types, column, call, most = max_classes) {
  x <- rlang::sym(column)
  is_number <- is_number(types[[column]])
  n <- if (is_number) most else max_values
  values <- one_column(dplyr::distinct(dplyr::select(
    dplyr::filter(as_query(map), !is.na(!!x)), !!x
  )), n + 1L, call)
  if (length(values) <= n) {
    values <- ordered_values(values)
    return(list(
      code = if (length(values) > 0) {
        first_that(
          lapply(values, function(value) call("==", x, value)),
          as.list(seq_along(values))
        )
      } else {
        NA_integer_
      },
      levels = if (is_number) number_text(values) else id_text(values),
      values = values
    ))
  }
  if (!is_number) {
    check_groupable(values, column, "group_by", call)
  }
  range <- column_range(as_query(map), x, call)
  classes <- if (range$is_whole) whole_classes else number_classes
  classes <- classes(range$least, range$most)
  from <- rev(classes$from)
  list(
    code = first_that(
      lapply(from, function(least) call(">=", x, least)),
      as.list(rev(seq_along(from)))
    ),
    levels = classes$text
  )
}

one_column <- function(x, n, call) {
  found <- from_database(dplyr::collect(utils::head(x, n)), call)
  plain_integer64(found[[1]])
}

# The least and the largest finite value of an expression, and whether all are
# whole numbers.
column_range <- function(x, value, call) {
  found <- from_database(dplyr::collect(dplyr::summarise(
    x, !!!range_statements(value)
  )), call)
  found_range(as_doubles(found))
}

# What came of range_statements(), as of several by their `prefix`.
found_range <- function(found, prefix = "") {
  of <- function(name) found[[paste0(prefix, name)]]
  list(
    least = of("least"), most = of("most"), is_whole = of("broken") %in% 0
  )
}

# The columns of a table that was fetched, all of them numbers.
as_doubles <- function(found) {
  lapply(plain_columns_of(found), function(x) as.double(plain_numbers(x)))
}

range_statements <- function(value) {
  statements(list(
    least = ~ min(case_when(abs(.(x)) < 1e300 ~ .(x)), na.rm = TRUE),
    most = ~ max(case_when(abs(.(x)) < 1e300 ~ .(x)), na.rm = TRUE),
    broken = ~ sum(case_when(
      abs(.(x)) < 1e300 & .(x) != floor(.(x)) ~ 1L, TRUE ~ 0L
    ), na.rm = TRUE)
  ), list(x = value))
}
