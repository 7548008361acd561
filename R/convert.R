#' Signals into a Parquet, an Arrow or one JSON Lines file
#'
#' Reads signal files and writes all their lines into one file, in the form that
#' other programs ask for: Parquet for databases, Arrow for other languages,
#' JSON Lines for whatever reads text.
#'
#' # What is written
#' The columns of [datamap_read_signals()] with those of `probs` and `logits`,
#' each with one type for all lines; `NA` is null in Parquet and Arrow, and left
#' out of JSON Lines, in which the classes are lists. Three things differ, all
#' of which can be told from what is written: `pred_label` is what the lines
#' give and is not derived; there is no `label_probs` where all lines have
#' `sum_logp` in its place; and the time is called `epoch` where the lines call
#' it so.
#'
#' [datamap_summarise()] of what was written is that of the files, to the last
#' bit: of a Parquet file by the data frame of `nanoparquet::read_parquet()`, of
#' an Arrow file by the stream of `nanoarrow::read_nanoarrow()`, of JSON Lines
#' by its path.
#'
#' # How it is written
#' The files are read twice: once to see what types the columns have, then part
#' by part. So memory grows with the samples and not with the lines. A file that
#' changes meanwhile is an error of class `datamap_error_io`.
#'
#' The new file is written beside the old one and takes its place at the end.
#' Where that fails, as on a disk that is full, the error is of class
#' `datamap_error_io`, and an old file is left as it was.
#'
#' @inheritParams datamap_summarise
#' @param files Paths of files or of one folder, a raw vector or literal text in
#'   `I()`, as for [datamap_read_signals()]. Several files are read in the order
#'   given.
#' @param to The path of the file to write, a string.
#' @param format What is written. `"parquet"` needs the package nanoparquet,
#'   `"arrow"` (the stream format of Arrow IPC) the package nanoarrow.
#'   `"ndjson"` is JSON Lines, compressed where the name ends in `.gz` or
#'   `.zst`. `"auto"` goes by the ending of `to`: `.parquet`; `.arrows`,
#'   `.arrow` or `.ipc`; `.jsonl`, `.ndjson` or `.json`, compressed or not. The
#'   dialect of what is read is told by its lines.
#'
#' @return `to`, invisibly, with problems for [datamap_problems()] and the
#'   attribute `line_counts`, as [datamap_read_signals()] has them.
#' @seealso [datamap_read_signals()], [datamap_write_signals()]
#' @export
#' @examples
#' spam <- datamap_example("spam_signals.jsonl.gz")
#' file <- tempfile(fileext = ".jsonl")
#' datamap_convert(spam, file)
#' readLines(file, 1)
#' unlink(file)
#' @examplesIf requireNamespace("nanoparquet", quietly = TRUE)
#' file <- tempfile(fileext = ".parquet")
#' datamap_convert(spam, file)
#' datamap_summarise(nanoparquet::read_parquet(file))
#' unlink(file)
datamap_convert <- function(files,
                            to,
                            ...,
                            fields = NULL,
                            classes = NULL,
                            format = c("auto", "parquet", "arrow", "ndjson"),
                            on_error = c("stop", "skip"),
                            partial_last = c("error", "ignore"),
                            max_line = 64 * 2^20,
                            threads = NULL,
                            progress = rlang::is_interactive()) {
  check_dots()
  call <- rlang::current_env()
  reading <- check_reading(
    "auto", on_error, partial_last, max_line, threads, progress
  )
  reading$naming <- check_naming(fields, classes)
  path <- output_path(to, arg = "to")
  format <- format_of(path, check_choice(format), call)
  source <- take_source(files, c("lines", "columns"))
  is_connection <- inherits(files, "connection")
  if (is.null(source$lines) || is_connection) {
    abort_misplaced(
      files, "paths, a raw vector or text in I(), which is read twice", "files",
      call, if (!is_connection) "datamap_write_signals",
      if (is_connection) {
        "Give the path of what it reads."
      } else {
        "It is a table already: datamap_write_signals() writes it."
      }
    )
  }
  result <- convert_lines(source, path, format, reading, call)
  invisible(structure(to, problems = result$problems, line_counts = result$n))
}

format_endings <- c(
  parquet = "[.]parquet$",
  arrow = "[.](arrows?|ipc)$",
  ndjson = "[.](jsonl|ndjson|json)([.][[:alnum:]]+)?$"
)

# The format asked for, or that of the ending; what writes it must be there.
format_of <- function(path, format, call) {
  if (format == "auto") {
    is_it <- vapply(format_endings, grepl, NA, path, ignore.case = TRUE)
    if (!any(is_it)) {
      abort_datamap(
        c(
          "Can't tell the format by the name of {.file {path}}.",
          "x" = paste(
            "It ends neither in {.file .parquet}, nor in {.file .arrows},",
            "nor in {.file .jsonl}."
          ),
          "i" = paste(
            "Use another name, or {.arg format}:",
            "{.or {.val {names(format_endings)}}}."
          )
        ),
        class = "input", key = "to", path = path, call = call
      )
    }
    format <- names(format_endings)[is_it][[1]]
  }
  packages <- c(parquet = "nanoparquet", arrow = "nanoarrow")
  if (format %in% names(packages)) {
    package <- packages[[format]]
    need_package(
      package,
      paste0(
        "Files of the format {.val ", format, "} are written by means of the ",
        "package {.pkg ", package, "}."
      ),
      "format", call
    )
  }
  format
}

# So many rows are held at a time.
part_rows <- 1e5

# Reads a source part by part into a file: the problems, and the counts of
# lines.
convert_lines <- function(source, path, format, reading, call,
                          rows = part_rows) {
  first <- read_parts(source, reading, rows, call, list(keeps_sums = TRUE))
  types <- part_types(first$result$columns, call)
  writers <- list(
    parquet = parquet_writer, arrow = arrow_writer, ndjson = ndjson_writer
  )
  writer <- writers[[format]](path, types, call)
  on.exit(writer$drop())
  take <- function(columns) writer$add(as_types(columns, types, call))
  read <- read_parts(source, reading, rows, call, list(
    take = take, keeps_sums = is.null(types$label_probs),
    texts = names(types)[vapply(types, is.character, NA)]
  ))
  take(read$result$columns)
  if (!identical(read$result$counts, first$result$counts)) {
    abort_changed(call)
  }
  writer$keep()
  problems <- problems_from_core(read$result, read$paths)
  warn_empty(read$result$counts, read$paths, call)
  warn_problems(problems, call)
  list(problems = problems, n = read$result$counts)
}

# The core's result, whose columns are those of the last part. `how` are the
# members of `wanted` that ffi_read_signals() has for parts.
read_parts <- function(source, reading, rows, call, how) {
  fields <- setdiff(names(field_names), names(stand_ins))
  wanted <- c(
    list(fields = fields, all = TRUE, own = character(), part = rows), how
  )
  options <- reader_options(NULL, reading)
  read <- read_with(source, NULL, reading, function(input, is_table, show) {
    .Call(ffi_read_signals, input, options, show, wanted)
  })
  check_result(read, call = call)
  read
}

# An element of each column that was found, of its type, in a named list.
part_types <- function(columns, call) {
  found <- columns$columns
  found <- found[!vapply(found, is.null, NA)]
  if (columns$has_epoch) {
    names(found)[names(found) == "step"] <- "epoch"
  }
  check_unique_names(names(found), "files", call)
  types <- lapply(found, `[`, NA_integer_)
  types$label_index <- if ("label_index" %in% names(types)) NA_integer_
  types
}

# A part as a data frame with all columns. Ids and labels may not be of their
# type yet.
as_types <- function(columns, types, call) {
  found <- columns$columns
  found <- found[!vapply(found, is.null, NA)]
  if ("epoch" %in% names(types)) {
    names(found)[names(found) == "step"] <- "epoch"
  }
  n <- length(found$id)
  part <- lapply(names(types), function(name) {
    x <- found[[name]]
    type <- types[[name]]
    if (is.null(x)) {
      rep(type, n)
    } else if (is.character(type)) {
      id_text(x)
    } else if (is.double(type) && is.integer(x)) {
      as.double(x)
    } else if (name == "label_index") {
      as.integer(x)
    } else {
      x
    }
  })
  is_same <- all(names(found) %in% names(types)) &&
    identical(vapply(part, typeof, ""), unname(vapply(types, typeof, "")))
  if (!is_same) {
    abort_changed(call)
  }
  structure(
    part,
    names = names(types), row.names = .set_row_names(n), class = "data.frame"
  )
}

abort_changed <- function(call) {
  abort_datamap(
    c(
      "Can't convert signals that change while they are read.",
      "x" = "What was read twice was not the same.",
      "i" = "Is a training still writing? Convert what it has finished."
    ),
    class = "io", call = call
  )
}

# --- writers ---
#
# Each is a list of functions: `add` a part, `keep` the file as it is now, and
# `drop` it, which after `keep` does nothing.

# The core's writer, with the errors that it gives raised.
open_writer <- function(path, call) {
  check <- function(error) {
    if (inherits(error, "dm_error")) {
      error$file <- 1L
      abort_core(error, path, call, fill_in("Can't write {.file {path}}."))
    }
    error
  }
  writer <- check(.Call(ffi_writer_open, path))
  list(
    add = function(bytes) check(.Call(ffi_writer_add, writer, bytes)),
    place = function() .Call(ffi_writer_place, writer),
    keep = function() check(.Call(ffi_writer_close, writer, TRUE)),
    drop = function() .Call(ffi_writer_close, writer, FALSE)
  )
}

bytes_writer <- function(path, call, as_bytes, end = raw()) {
  writer <- open_writer(path, call)
  list(
    add = function(part) writer$add(as_bytes(part)),
    keep = function() {
      writer$add(end)
      writer$keep()
    },
    drop = writer$drop
  )
}

ndjson_writer <- function(path, types, call) {
  bytes_writer(path, call, function(part) {
    n <- nrow(part)
    part <- as.list(part)
    for (field in class_fields) {
      of_classes <- grepl(paste0("^", field, "_[0-9]+$"), names(part))
      if (any(of_classes)) {
        scores <- do.call(cbind, unname(part[of_classes]))
        part <- c(part[!of_classes], stats::setNames(list(scores), field))
      }
    }
    record_lines(record_fields(part), n, call)
  })
}

# A stream of Arrow is a message with the schema, one for each part, and an end.
# What nanoarrow writes of a part has all three.
arrow_writer <- function(path, types, call) {
  end <- as.raw(c(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
  n <- 0
  bytes_writer(path, call, function(part) {
    con <- rawConnection(raw(), "wb")
    on.exit(close(con))
    nanoarrow::write_nanoarrow(arrow_batch(part), con)
    bytes <- rawConnectionValue(con)
    size <- readBin(bytes[5:8], "integer", endian = "little")
    from <- if (n > 0) 8 + size else 0
    n <<- n + 1
    gc(FALSE) # R would wait until nanoarrow holds many of them
    bytes[seq(from + 1, length(bytes) - length(end))]
  }, end)
}

# nanoarrow takes NaN for missing.
arrow_batch <- function(part) {
  batch <- nanoarrow::as_nanoarrow_array(part)
  children <- Map(function(x, column) {
    if (!is.double(x) || !any(is.nan(x))) {
      return(column)
    }
    is_given <- !is.na(x) | is.nan(x)
    bits <- packBits(c(is_given, logical(-length(x) %% 8)), "raw")
    nanoarrow::nanoarrow_array_modify(column, list(
      null_count = sum(!is_given),
      buffers = list(nanoarrow::as_nanoarrow_buffer(bits), column$buffers[[2]])
    ))
  }, part, batch$children)
  nanoarrow::nanoarrow_array_modify(batch, list(children = children))
}

# nanoparquet writes what becomes the file. It does not notice where a disk is
# full: then what it wrote can't be read, since a Parquet file ends with the
# list of what is in it.
parquet_writer <- function(path, types, call) {
  writer <- open_writer(path, call)
  place <- writer$place()
  fail <- function(reason) {
    writer$drop()
    abort_datamap(
      c("Can't write {.file {path}}.", "x" = cli_verbatim(reason)),
      class = "io", path = path, call = call
    )
  }
  if (is.null(place)) {
    fail("Parquet needs a file, and compresses by itself.")
  }
  in_full <- function(expr) {
    tryCatch(expr, error = function(error) {
      fail("It could not be written in full. Is the disk full?")
    })
  }
  columns <- data.frame(types, check.names = FALSE)
  schema <- nanoparquet::infer_parquet_schema(columns)
  schema$repetition_type[] <- "OPTIONAL"
  options <- nanoparquet::parquet_options(keep_row_groups = TRUE)
  n <- 0
  list(
    add = function(part) {
      if (n == 0) {
        in_full(nanoparquet::write_parquet(part, place, schema = schema))
      } else if (nrow(part) > 0) { # none would leave a broken file
        in_full(nanoparquet::append_parquet(part, place, options = options))
      }
      n <<- n + nrow(part)
    },
    keep = function() {
      in_full(stopifnot(nanoparquet::read_parquet_info(place)$num_rows == n))
      writer$keep()
    },
    drop = writer$drop
  )
}
