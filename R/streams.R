# Arrow streams: whatever the package nanoarrow makes one of. The core reads the
# batches by itself; here is told, once, which column is what. To be a long
# table, or text, a stream is written as lines, a part of a batch after another.

# What is a stream, or a table that can be one, before it is asked for: by its
# class alone, so that none has to be made to find out.
is_stream <- function(x) {
  classes <- .class2(x)
  if (any(stream_classes %in% classes)) {
    return(TRUE)
  }
  has_package("nanoarrow") && any(vapply(classes, function(class) {
    !is.null(utils::getS3method(
      "as_nanoarrow_array_stream", class,
      optional = TRUE, envir = asNamespace("nanoarrow")
    ))
  }, NA))
}

# Those of nanoarrow and arrow, known without them.
stream_classes <- c(
  "nanoarrow_array_stream", "nanoarrow_array", "RecordBatchReader",
  "ArrowTabular", "Dataset", "Scanner", "arrow_dplyr_query"
)

stream_source <- function(x, arg, call) {
  levels <- NULL
  new_source(
    columns = function(request, naming) {
      stream <- open_stream(x, arg, call)
      # whatever goes wrong before the core has it
      on.exit(nanoarrow::nanoarrow_pointer_release(stream))
      plan <- stream_plan(stream, request, naming, call)
      levels <<- plan$levels
      on.exit()
      c(plan$input, close = list(list(function() {
        nanoarrow::nanoarrow_pointer_release(stream)
      })))
    },
    levels = function(naming) levels,
    written = function(naming) {
      stream_lines(open_stream(x, arg, call), naming, call)
    }
  )
}

open_stream <- function(x, arg, call) {
  check_nanoarrow(x, arg, call)
  stream <- from_stream(nanoarrow::as_nanoarrow_array_stream(x), call)
  schema <- from_stream(stream$get_schema(), call)
  if (schema$format != "+s") {
    nanoarrow::nanoarrow_pointer_release(stream)
    abort_datamap(
      c(
        "An Arrow stream of signals must be one of tables.",
        "x" = "This is one of {format(schema)}."
      ),
      class = "input", key = arg, call = call
    )
  }
  stream
}

check_nanoarrow <- function(x,
                            arg = rlang::caller_arg(x),
                            call = rlang::caller_env()) {
  need_package(
    "nanoarrow",
    "Arrow streams are read by means of the package {.pkg nanoarrow}.", arg,
    call
  )
  invisible(x)
}

# What whoever makes the stream says of a failure.
from_stream <- function(expr, call) {
  tryCatch(expr, error = function(error) {
    if (inherits(error, "datamap_error") || is_time_limit(error)) {
      stop(error)
    }
    said <- sentence(sub("[.]$", "", conditionMessage(error)))
    abort_datamap(
      c("Can't read the Arrow stream.", "x" = cli_verbatim(said)),
      class = "io", call = call
    )
  })
}

# --- for the core ---

# Rows that are looked at to tell what the columns are.
peek_rows <- 1000

# What ffi_read_stream() takes, and the levels of the labels. The first batch
# with rows is got from the stream to see them.
stream_plan <- function(stream, request, naming, call) {
  schema <- from_stream(stream$get_schema(), call)
  names <- names(schema$children)
  check_table_names(stats::setNames(as.list(names), names), "x", call)
  batches <- list()
  repeat {
    batch <- from_stream(stream$get_next(schema), call)
    if (is.null(batch)) {
      break
    }
    batches <- c(batches, list(batch))
    if (batch$length > 0) {
      break
    }
  }
  need_named_columns(names, naming, call)
  x <- peek_table(schema, batch, naming, call)
  fields <- pick_fields(x)
  memory <- new.env()
  found <- find_classes(x, fields, call, memory)
  at <- function(name) {
    if (is.null(name)) NA_integer_ else match(name, names)
  }
  core <- setdiff(names(field_names), class_fields)
  input <- list(
    stream = stream,
    batches = batches,
    fields = lapply(stats::setNames(nm = core), function(field) {
      at(fields[[field]])
    }),
    is_epoch = identical(fields$step, "epoch"),
    signals = vapply(request$core_signals, find_signal, 1L,
      names = names, fields = fields, request = request, call = call,
      USE.NAMES = FALSE
    ),
    classes = found$names %||% character(),
    is_predicting = !is.null(found$names) && is_predicting(fields, found$names)
  )
  vectors <- class_places(x, names, found, memory, call)
  list(input = c(input, vectors), levels = table_levels(x))
}

# Where the class vectors are, in the order of the classes: told by the code
# that tables of numbers go through, on a table whose numbers are places.
class_places <- function(x, names, found, memory, call) {
  probe <- lapply(seq_along(x), function(i) {
    if (is.data.frame(x[[i]])) {
      as.data.frame(as.list(stats::setNames(seq_along(x[[i]]), names(x[[i]]))),
        optional = TRUE
      )
    } else if (is.list(x[[i]])) {
      list(numeric())
    } else if (is.matrix(x[[i]])) {
      matrix(NA_real_, 1, ncol(x[[i]]))
    } else {
      i
    }
  })
  # labels are no places: plain columns were found by them before
  naming <- naming_of(x)
  naming$classes <- naming$classes %||% found$scores$plain
  probe <- structure(
    stats::setNames(probe, names),
    n_rows = 1L, naming = naming
  )
  scores <- class_scores(
    probe, is.character(found$label), is.null(found$given), memory, call
  )
  keys <- class_keys(naming_of(x))
  lapply(stats::setNames(nm = class_fields), function(field) {
    name <- keys[[field]]
    is_whole <- name %in% names
    is_second <- is_whole && is_second_class(x[[name]], field)
    parts <- if (is_second) match(name, names) else scores[[field]]
    has_parts <- !is.null(parts) && (!is_whole || is.data.frame(x[[name]]))
    list(
      column = if (is_whole && !is_second) match(name, names) else NA_integer_,
      parts = if (has_parts || is_second) as.integer(parts) else integer(),
      is_second = is_second
    )
  })
}

# The first rows as signal_table() has them, but that only what tells classes
# has its values.
peek_table <- function(schema, batch, naming, call) {
  names <- names(schema$children)
  n <- if (is.null(batch)) 0L else as.integer(min(batch$length, peek_rows))
  label <- intersect(names_of_field("label", naming), names)[1]
  keys <- class_keys(naming)
  whole <- c(label, names_of_field("label_index", naming), keys)
  is_needed <- names %in% whole | startsWith(names, ".pred_")
  for (key in keys) {
    is_needed <- is_needed | startsWith(names, paste0(key, "_"))
  }
  columns <- lapply(seq_along(names), function(i) {
    if (n > 0 && is_needed[[i]]) {
      stream_column(schema, batch, i, 0L, n, call)
    } else {
      rep(NA, n)
    }
  })
  structure(stats::setNames(columns, names), n_rows = n, naming = naming)
}

# --- as columns of R ---

# Rows first + 1 to first + n of column i of a batch.
stream_column <- function(schema, batch, i, first, n, call) {
  column <- schema$children[[i]]
  tryCatch(arrow_vector(column, batch, i, first, n), error = function(error) {
    type <- format(column)
    name <- names(schema$children)[[i]]
    abort_column(
      c(
        "No signal is of its Arrow type, {type}.",
        "i" = "Cast the column to numbers or strings, or leave it out."
      ),
      name, call
    )
  })
}

arrow_vector <- function(schema, of, i, first, n) {
  array <- of$children[[i]]
  first <- first + of$offset
  type <- nanoarrow::nanoarrow_schema_parse(schema)
  if (type$type == "struct") {
    parts <- lapply(seq_along(schema$children), function(k) {
      arrow_vector(schema$children[[k]], array, k, first, n)
    })
    return(structure(
      parts,
      names = names(schema$children), row.names = .set_row_names(n),
      class = "data.frame"
    ))
  }
  array <- nanoarrow::nanoarrow_array_modify(
    array, list(offset = array$offset + first, length = n),
    validate = FALSE
  )
  if (type$type == "dictionary") {
    levels <- nanoarrow::convert_array(array$dictionary)
    values <- nanoarrow::convert_array(array)
    is_factor <- is.character(levels) && !anyNA(levels) &&
      !anyDuplicated(levels)
    return(if (is_factor) as_levels(match(values, levels), levels) else values)
  }
  if (type$type == "int64") {
    whole <- structure(numeric(), class = "integer64")
    return(nanoarrow::convert_array(array, whole))
  }
  if (type$type == "fixed_size_list") {
    empty <- matrix(numeric(), ncol = type$fixed_size)
    return(nanoarrow::convert_array(array, empty))
  }
  values <- nanoarrow::convert_array(array)
  if (type$type %in% c("list", "large_list")) {
    values <- lapply(seq_along(values), function(row) values[[row]])
  }
  values
}

# --- as lines ---

# A source of lines, see new_source(): line i is row i.
stream_lines <- function(stream, naming, call) {
  schema <- from_stream(stream$get_schema(), call)
  check_table_names(
    stats::setNames(as.list(names(schema$children)), names(schema$children)),
    "x", call
  )
  memory <- new.env()
  batch <- NULL
  row <- 0 # of the batch
  n_before <- 0 # rows before the batch
  next_lines <- function() {
    while (is.null(batch) || row == batch$length) {
      n_before <<- n_before + if (is.null(batch)) 0 else batch$length
      batch <<- from_stream(stream$get_next(schema), call)
      row <<- 0
      if (is.null(batch)) {
        return(raw())
      }
    }
    n <- min(rows_at_once, batch$length - row)
    x <- stream_frame(schema, batch, row, n, call)
    text <- in_batch(
      record_lines(record_columns(x, call, memory, naming), n, call),
      n_before + row, call
    )
    row <<- row + n
    text
  }
  list(
    inputs = list(line_reader(next_lines)), paths = "Arrow stream",
    close = list(function() nanoarrow::nanoarrow_pointer_release(stream))
  )
}

stream_frame <- function(schema, batch, first, n, call) {
  columns <- lapply(seq_along(schema$children), function(i) {
    stream_column(schema, batch, i, first, n, call)
  })
  structure(
    columns,
    names = names(schema$children), row.names = .set_row_names(n),
    class = "data.frame"
  )
}

# Rows that are counted from the start of a part of the stream.
in_batch <- function(expr, n_before, call) {
  withCallingHandlers(expr, datamap_error = function(error) {
    if (!is.null(error$line) && n_before > 0) {
      error$line <- whole_numbers(error$line + n_before)
      from <- whole_numbers(n_before + 1)
      error$body <- c(
        error$body,
        "i" = paste0("Rows are counted from row ", from, " of the stream.")
      )
      stop(error)
    }
  })
}
