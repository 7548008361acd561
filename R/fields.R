# Which columns or keys the fields are, where the user says it: the arguments
# `fields` and `classes` of all readers, checked here, and what they mean.
#
# A naming is a list of `fields`, a character vector of columns or keys named by
# the fields that they are, and `classes`, the names of the classes in the order
# of the class vectors; both NULL where nothing is said. A field that is named
# stands there and nowhere else: its usual names are no names of it.

check_naming <- function(fields, classes, call = rlang::caller_env()) {
  list(
    fields = check_fields(fields, call), classes = check_classes(classes, call)
  )
}

# As the labels of the classes are written.
check_classes <- function(x, call = rlang::caller_env()) {
  force_name(x, "classes", call)
  if (is.null(x)) {
    return(NULL)
  }
  names <- if (is.logical(x)) as.integer(x) else plain_ids(x)
  is_fine <- is_ident_type(names) && is.null(dim(x)) && length(x) > 1 &&
    !anyNA(x) && !anyDuplicated(names) && (!is.character(x) || is_text(x)) &&
    if (is.character(names)) all(nzchar(names)) else all(names == trunc(names))
  if (!is_fine) {
    abort_argument(
      x, "the different labels of two or more classes, in their order",
      "classes", call
    )
  }
  enc2utf8(id_text(names))
}

check_fields <- function(x, call = rlang::caller_env()) {
  force_name(x, "fields", call)
  if (is.null(x)) {
    return(NULL)
  }
  expected <- paste(
    "names of columns or keys, named by the fields that they are, as in",
    "{.code c(id = \"row\", label = \"y\")}"
  )
  if (!is.character(x) || length(x) == 0 || !all(nzchar(rlang::names2(x)))) {
    abort_argument(x, expected, "fields", call)
  }
  names <- names(x)
  unknown <- setdiff(names, names(field_names))
  if (length(unknown) > 0) {
    similar <- similar_names(unknown, names(field_names))
    abort_fields(
      "There is no field {.val {unknown[[1]]}}.", unknown[[1]], call,
      c(
        i = "The fields are {.val {names(field_names)}}.",
        did_you_mean(similar)
      ),
      similar
    )
  }
  x <- as.vector(x)
  empty <- which(
    is.na(x) | !nzchar(x) | !validUTF8(x) | Encoding(x) == "bytes"
  )
  if (length(empty) > 0) {
    abort_fields(
      "The name of {.val {names[[empty[[1]]]]}} is empty, or no text.",
      names[[empty[[1]]]], call
    )
  }
  x <- stats::setNames(enc2utf8(x), names)
  again <- c(names[duplicated(names)], x[duplicated(x)])
  if (length(again) > 0) {
    abort_fields("{.val {again[[1]]}} is there twice.", again[[1]], call)
  }
  x
}

abort_fields <- function(problem, key, call, hint = NULL, similar = NULL,
                         .envir = rlang::caller_env()) {
  abort_datamap(
    c(
      "{.arg fields} must say for each field which column or key it is.",
      "x" = problem, hint
    ),
    class = "input", key = key, similar = similar, call = call, .envir = .envir
  )
}

# The names that a field may stand under.
names_of_field <- function(field, naming = NULL) {
  given <- naming$fields
  if (field %in% names(given)) given[[field]] else field_names[[field]]
}

# What the class vectors are called, named by their fields.
class_keys <- function(naming) {
  keys <- stats::setNames(nm = class_fields)
  given <- intersect(class_fields, names(naming$fields))
  keys[given] <- naming$fields[given]
  keys
}

# Those of the columns that have the own name of a field which stands elsewhere:
# what is read of the field is called so, and so they are no signals.
taken_names <- function(naming) {
  given <- naming$fields
  setdiff(names(given), given)
}

# Every column that is named must be among the `found` ones; class vectors may
# have a column for each class.
need_named_columns <- function(found, naming, call) {
  for (field in names(naming$fields)) {
    name <- naming$fields[[field]]
    is_there <- name %in% found ||
      (field %in% class_fields && any(startsWith(found, paste0(name, "_"))))
    if (!is_there) {
      abort_absent(
        field, name, "There is no column {.field {name}}.", found, call
      )
    }
  }
}

# And every key must stand in some line: `had` are the fields that any line had,
# `paths` and `inputs` where they were.
need_named_keys <- function(had, naming, paths, inputs, call) {
  absent <- setdiff(names(naming$fields), had)
  if (length(absent) == 0 || length(had) == 0) {
    return(invisible())
  }
  field <- absent[[1]]
  name <- naming$fields[[field]]
  abort_absent(
    field, name, "No line has the key {.field {name}}.",
    first_keys(paths, inputs), call
  )
}

# The keys of the first line.
first_keys <- function(paths, inputs) {
  input <- if (length(inputs) > 0) inputs[[1]]
  if (is.raw(input)) {
    keys_of_line(first_line(utils::head(input, 4096)))
  } else if (is.character(input)) {
    keys_of_line(first_line(first_bytes(paths[[1]])))
  } else {
    character() # a connection is read once
  }
}

abort_absent <- function(field, name, problem, found, call) {
  similar <- similar_names(name, found)
  shown <- first_few(found, 20)
  abort_datamap(
    c(
      "Can't find the field {.val {field}}, which {.arg fields} names.",
      "x" = problem,
      "i" = if (length(found) > 0) "There are: {shown}.",
      did_you_mean(similar)
    ),
    class = "input", key = name, columns = found, similar = similar,
    call = call
  )
}

# Signals of the user's must not be fields.
check_signals_named <- function(signals, naming, call = rlang::caller_env()) {
  taken <- intersect(signals, naming$fields)
  if (length(taken) > 0) {
    field <- names(naming$fields)[[match(taken[[1]], naming$fields)]]
    abort_datamap(
      c(
        "{.arg signals} must name {.val loss} or signals of your own.",
        "x" = paste(
          "{.val {taken[[1]]}} is the field {.val {field}}, as {.arg fields}",
          "says."
        )
      ),
      class = "input", key = "signals", call = call
    )
  }
}

has_naming <- function(naming) !all(vapply(naming, is.null, NA))

# A summary that is at hand was made of fields that were known then, and stages
# have them.
need_no_naming <- function(naming, x, arg, call) {
  if (has_naming(naming)) {
    found <- describe(x)
    abort_datamap(
      c(
        "{.arg fields} and {.arg classes} are for what has columns or keys.",
        "x" = "{.arg {arg}} is {found}, whose fields are known."
      ),
      class = "input", key = arg, call = call
    )
  }
}

# The columns of a data frame under the own names of the fields; others that are
# called so are left out.
rename_fields <- function(x, naming, call) {
  need_named_columns(rlang::names2(x), naming, call)
  given <- naming$fields
  usual <- setdiff(unlist(field_names[names(given)]), given)
  columns <- unclass(x)
  columns <- columns[!names(columns) %in% usual]
  # one of the usual names stays, since it may have a meaning of its own
  given <- given[!given %in% unlist(field_names[names(given)])]
  at <- match(given, names(columns))
  names(columns)[at[!is.na(at)]] <- names(given)[!is.na(at)]
  structure(
    columns,
    names = names(columns), row.names = .set_row_names(.row_names_info(x, 2L)),
    class = "data.frame"
  )
}
