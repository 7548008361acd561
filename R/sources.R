# Where signals come from. Each kind of `x` has a method of signal_source(), the
# one place that has to know it; the readers take what the method gives.

# What a source can do; NULL for what it can't:
#
# lines    a function of the naming (see fields.R) that opens it for the core
#          and gives a list of `inputs`
#          (each a path, a raw vector, or a function(n) that returns raw bytes),
#          of `paths`, the names that errors call them by, and of functions to
#          `close` them
# written  the same, of the lines that it can be written as
# columns  a function of the request and the naming: its evaluations as columns
#          for the core, with functions to `close` them if there is anything to;
#          or a function that gives it such columns, stage after stage
# frame    a function of the naming: the data frame that it is
# levels   a function of the naming: the levels of its labels, if they are a
#          factor
# at_hand  a list of what is there already, each a function of the request, the
#          window and the naming: its `summary`, and its running `state`;
#          `probs`, of which ones, the window and the naming: what
#          datamap_probs() makes its matrix of, NULL where the other members
#          have to tell
# errors   a list of what is said of `columns`: `paths`, the names that errors
#          call the stages by, and `problem`, what can't be done, a function of
#          the place
#
# The members of the last two are members of the source.
new_source <- function(lines = NULL,
                       written = NULL,
                       columns = NULL,
                       frame = NULL,
                       levels = NULL,
                       at_hand = list(),
                       errors = list()) {
  list(
    lines = lines, written = written, columns = columns, frame = frame,
    levels = levels, summary = at_hand$summary, state = at_hand$state,
    probs = at_hand$probs, paths = errors$paths, problem = errors$problem
  )
}

# The source that `x` is; it must be able to do one of `can`.
take_source <- function(x,
                        can,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  force_argument(x, arg, call)
  force(call) # what a source gives may be asked for after this has ended
  source <- signal_source(x, arg, call)
  if (all(vapply(source[can], is.null, NA))) {
    abort_source(x, arg, call)
  }
  source
}

signal_source <- function(x, arg, call) {
  UseMethod("signal_source")
}

# Of any class, texts are paths, and bytes lines.
#' @export
signal_source.default <- function(x, arg, call) {
  if (is.character(x)) {
    return(signal_source.character(x, arg, call))
  }
  if (is.raw(x)) {
    return(signal_source.raw(x, arg, call))
  }
  if (is_stream(x)) {
    return(stream_source(x, arg, call))
  }
  abort_source(x, arg, call)
}

abort_source <- function(x, arg, call) {
  expected <- paste(
    "paths, a connection, a raw vector, text in {.fn I}, a data frame or an",
    "Arrow stream"
  )
  if (has_stages(x)) {
    abort_misplaced(
      x, fill_in(expected), arg, call, "datamap_stages",
      "datamap_stages() makes evaluations of it, which are taken here."
    )
  }
  abort_argument(x, expected, arg, call)
}

# Whether datamap_stages() has a method for it: arrays, lists of them, models.
has_stages <- function(x) {
  length(x) > 0 && any(vapply(.class2(x), function(class) {
    !is.null(utils::getS3method(
      "datamap_stages", class,
      optional = TRUE, envir = rlang::ns_env("datacarto")
    )) && class != "default"
  }, NA))
}

#' @export
signal_source.character <- function(x, arg, call) {
  if (length(x) == 0 || anyNA(x) || !all(nzchar(x))) {
    abort_source(x, arg, call)
  }
  check_paths(x, arg = arg, call = call)
  new_source(lines = function(naming) {
    paths <- expand_path(x)
    # warns of paths that are too long
    is_folder <- suppressWarnings(dir.exists(paths))
    paths <- as.list(paths)
    paths[is_folder] <- lapply(paths[is_folder], folder_files, call = call)
    path_sources(order_epochs(unlist(paths)), call)
  })
}

#' @export
signal_source.connection <- function(x, arg, call) {
  new_source(lines = function(naming) connection_source(x, call))
}

#' @export
signal_source.raw <- function(x, arg, call) {
  new_source(lines = function(naming) {
    list(inputs = list(x), paths = "raw vector")
  })
}

# What is in I(): text, or else what it would be without.
#' @export
signal_source.AsIs <- function(x, arg, call) {
  if (!is.character(x)) {
    return(NextMethod())
  }
  if (anyNA(x)) {
    abort_datamap(
      c(
        "Text in {.fn I} must have no missing line.",
        "x" = "Element {which(is.na(x))[[1]]} is missing."
      ),
      class = "input", key = arg, call = call
    )
  }
  new_source(lines = function(naming) {
    list(inputs = list(text_bytes(unclass(x))), paths = "literal text")
  })
}

# In UTF-8, for the core. path.expand() would cut what is too long for it.
expand_path <- function(path) {
  is_home <- startsWith(path, "~")
  path[is_home] <- path.expand(path[is_home])
  enc2utf8(path)
}

# The compressions that can be read, by the ending that a file's name has. The
# core knows and reads those without a magic, and says what to do where it was
# built without zstd; the others, known by their first bytes as well, come
# through R.
compressions <- list(
  gz = list(kind = "gzip", magic = NULL),
  zst = list(kind = "zstd", magic = NULL),
  bz2 = list(kind = "bzip2", magic = charToRaw("BZh")),
  xz = list(
    kind = "xz", magic = as.raw(c(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00))
  )
)

# A file is opened when its turn comes and closed at its end, or when all is
# over.
path_sources <- function(paths, call) {
  inputs <- as.list(paths)
  kinds <- vapply(paths, foreign_compression, "")
  readers <- Map(compressed_reader, paths, kinds, list(call))[nzchar(kinds)]
  inputs[nzchar(kinds)] <- lapply(readers, `[[`, "read")
  list(inputs = inputs, paths = paths, close = lapply(readers, `[[`, "close"))
}

foreign_compression <- function(path) {
  # 0 for what must not be opened twice, as a FIFO
  size <- suppressWarnings(file.size(path))
  if (is.na(size) || size < 6) {
    return("")
  }
  start <- tryCatch(
    suppressWarnings(readBin(path, "raw", 6)),
    error = function(e) raw(6) # the core says why
  )
  for (compression in compressions) {
    magic <- compression$magic
    if (!is.null(magic) && identical(start[seq_along(magic)], magic)) {
      return(compression$kind)
    }
  }
  ""
}

# R's connections may end without a word where such a file is cut or damaged.
# So a copy is read that has a compressed mark behind it: only who gets through
# the whole file gets to see that.
compressed_reader <- function(path, kind, call) {
  mark <- charToRaw("the end of the file, says datacarto")
  con <- NULL
  copy <- NULL
  held <- raw()
  fail <- function(reason) {
    abort_datamap(
      c("Can't read {.file {path}}.", "x" = "{reason}."),
      class = "io", path = path, call = call
    )
  }
  open_copy <- function() {
    copy <<- tempfile("datacarto")
    if (!file.copy(path, copy, copy.mode = FALSE)) {
      fail(paste("It can't be copied to", dirname(copy)))
    }
    end <- file(copy, "ab")
    on.exit(close(end))
    writeBin(memCompress(mark, kind), end)
    close(end)
    on.exit()
    con <<- gzfile(copy, "rb") # knows bzip2 and xz by their content
  }
  close_copy <- function() {
    if (!is.null(con)) {
      close(con)
    }
    unlink(copy)
    con <<- copy <<- NULL
  }
  read <- function(n) {
    if (is.null(con)) {
      open_copy()
    }
    repeat {
      bytes <- readBin(con, "raw", n)
      held <<- c(held, bytes)
      n_ready <- length(held) - length(mark)
      if (length(bytes) == 0) {
        break
      }
      if (n_ready > 0) {
        ready <- held[seq_len(n_ready)]
        held <<- held[-seq_len(n_ready)]
        return(ready)
      }
    }
    close_copy()
    if (!identical(held, mark)) {
      fail(paste("Expected a whole", kind, "stream, found one cut or damaged"))
    }
    raw()
  }
  # R only warns of what it can't open or decompress.
  list(
    read = function(n) {
      withCallingHandlers(read(n), warning = function(warning) {
        fail(conditionMessage(warning))
      })
    },
    close = close_copy
  )
}

connection_source <- function(con, call) {
  name <- "connection"
  fail <- function(reason) {
    abort_datamap(
      c("Can't read {.file {name}}.", "x" = cli_verbatim(sentence(reason))),
      class = "io", path = name, call = call
    )
  }
  name <- connected(summary(con)$description, fail)
  was_open <- isOpen(con)
  if (!was_open && inherits(con, c("gzfile", "bzfile", "xzfile"))) {
    # as a path it is checked to its end, which R does not do
    sources <- path_sources(expand_path(name), call)
    sources$close <- c(sources$close, function() close(con))
    return(sources)
  }
  if (!was_open) {
    connected(open(con, "rb"), fail)
  }
  is_text <- was_open && summary(con)$text == "text"
  reader <- if (is_text) text_reader(con, fail) else binary_reader(con)
  read <- function(n) {
    repeat {
      bytes <- connected(reader(n), fail)
      if (length(bytes) > 0 || !isIncomplete(con)) {
        break
      }
      Sys.sleep(0.01) # one that does not block, and has nothing yet
    }
    if (length(bytes) == 0 && !was_open) {
      end()
    }
    bytes
  }
  # Once only. A program that failed has not written all that it should have.
  end <- function() {
    status <- if (!is.null(con)) close(con)
    con <<- NULL
    if (!is.null(status) && status != 0) {
      fail(paste("The command failed with status", exit_status(status)))
    }
  }
  close_quietly <- function() {
    if (!is.null(con)) close(con)
  }
  list(
    inputs = list(read), paths = name,
    close = if (!was_open) list(close_quietly)
  )
}

# What R says of a connection becomes an error; the warning that comes before
# one of R's says more than that itself.
connected <- function(expr, fail) {
  withCallingHandlers(
    expr,
    warning = function(warning) {
      fail(sub("[.]$", "", conditionMessage(warning)))
    },
    error = function(error) {
      is_ours <- inherits(error, "datamap_error")
      if (!is_ours && !is_time_limit(error)) fail(conditionMessage(error))
    }
  )
}

# R's own error where setTimeLimit() ends a reading.
is_time_limit <- function(error) {
  said <- c(
    "reached elapsed time limit", "reached CPU time limit",
    "reached session elapsed time limit", "reached session CPU time limit"
  )
  conditionMessage(error) %in% vapply(said, gettext, "", domain = "R")
}

# As the shell counts it: what wait() gives holds the signal as well.
exit_status <- function(status) {
  if (status > 255) status %/% 256 else status
}

binary_reader <- function(con) {
  function(n) readBin(con, "raw", n)
}

# A connection that was opened for text gives lines only.
text_reader <- function(con, fail) {
  left <- raw()
  function(n) {
    if (length(left) == 0) {
      lines <- read_lines(con)
      if (length(lines) == 0) {
        # the rest of a line, or a wait: the two can't be told apart
        if (isIncomplete(con)) {
          fail(paste(
            "It ends within a line; a connection that does not block must be",
            "opened with open = \"rb\""
          ))
        }
        return(raw())
      }
      left <<- c(text_bytes(lines), charToRaw("\n"))
    }
    bytes <- utils::head(left, n)
    left <<- utils::tail(left, -n)
    bytes
  }
}

# R warns of a last line without a newline, and of a NUL, behind which it loses
# the rest of a line.
read_lines <- function(con) {
  usual <- gettextf(
    "incomplete final line found on '%s'", summary(con)$description,
    domain = "R"
  )
  withCallingHandlers(readLines(con, 1000), warning = function(warning) {
    if (identical(conditionMessage(warning), usual)) {
      invokeRestart("muffleWarning")
    }
  })
}

# Lines in UTF-8. A string of unknown encoding is UTF-8 where it can be, since
# signals are, and else in the locale's; what is no text of that either stays
# as it is, for the core to refuse.
text_bytes <- function(lines) {
  if (length(lines) == 0) {
    return(raw())
  }
  is_unknown <- Encoding(lines) == "unknown"
  is_utf8 <- validUTF8(lines)
  Encoding(lines)[is_unknown & is_utf8] <- "UTF-8"
  odd <- which(is_unknown & !is_utf8)
  translated <- iconv(lines[odd], "", "UTF-8")
  lines[odd] <- ifelse(is.na(translated), lines[odd], translated)
  other <- which(!is_unknown & Encoding(lines) != "bytes")
  lines[other] <- enc2utf8(lines[other])
  Encoding(lines) <- "bytes" # or paste() would translate once more
  charToRaw(paste(lines, collapse = "\n"))
}

close_sources <- function(sources) {
  for (close_source in sources$close) {
    close_source()
  }
}

# Names of files within a folder. What looks like an epoch may be in a form
# that can't be read.
packed <- paste0("([.](", paste(names(compressions), collapse = "|"), "))?$")
epoch_file <- paste0("^dynamics_epoch_[0-9]+[.]jsonl", packed)
signal_file <- paste0("[.](jsonl|json|ndjson)", packed)
epoch_like <- "^dynamics_epoch_[0-9]+[.](jsonl|json|ndjson)([^[:alnum:]].*)?$"

# The signal files of a folder.
folder_files <- function(folder, call) {
  files <- list.files(folder)
  files <- files[!dir.exists(file.path(folder, files))]
  found <- grep(epoch_file, files, value = TRUE)
  if (length(found) == 0) {
    found <- grep(signal_file, files, value = TRUE)
  }
  check_epochs_left(setdiff(grep(epoch_like, files, value = TRUE), found),
                    folder, call)
  if (length(found) == 0) {
    abort_no_signals(files, folder, call)
  }
  check_copies(found, folder, call)
  file.path(folder, found[natural_order(found)])
}

check_epochs_left <- function(files, folder, call = rlang::caller_env()) {
  if (length(files) > 0) {
    files <- files[natural_order(files)]
    abort_datamap(
      c(
        "Can't read all epochs of {.file {folder}}.",
        "x" = paste(
          "{.file {files}} {?looks/look} like {?one/some} and",
          "can't be read."
        ),
        "i" = paste(
          "An epoch is {.file dynamics_epoch_N.jsonl}, plain or with",
          "{.file {paste0('.', names(compressions))}} behind it."
        ),
        "i" = "Decompress, rename or remove what is not."
      ),
      class = "input", path = folder, files = files, call = call
    )
  }
}

# A file and its compressed copy would count twice.
check_copies <- function(files, folder, call = rlang::caller_env()) {
  plain <- sub(packed, "", files)
  again <- plain[duplicated(plain)]
  if (length(again) > 0) {
    copies <- files[plain == again[[1]]]
    abort_datamap(
      c(
        "Can't tell which files of {.file {folder}} to read.",
        "x" = "{.file {copies}} differ in their compression only.",
        "i" = "Remove all but one of them, or give the paths of the files."
      ),
      class = "input", path = folder, files = copies, call = call
    )
  }
}

abort_no_signals <- function(files, folder, call) {
  odd <- grep("[.](jsonl|json|ndjson)[.]", files, value = TRUE)
  abort_datamap(
    c(
      "Can't find signals in {.file {folder}}.",
      "x" = paste(
        "It has neither {.file dynamics_epoch_N.jsonl} nor any",
        "{.file .jsonl}, {.file .json} or {.file .ndjson} file."
      ),
      "i" = if (length(odd) > 0) {
        paste(
          "A file such as {.file {odd[[1]]}} must be decompressed or unpacked",
          "first."
        )
      }
    ),
    class = "input", path = folder, files = odd, call = call
  )
}

# Files of epochs among the paths, of whatever ending, put into the order of
# their epochs.
order_epochs <- function(paths) {
  # not by basename(), which fails on long ones
  pattern <- "^(.*[/\\\\])?dynamics_epoch_([0-9]+)([.][^/\\\\]*)?$"
  epochs <- grep(pattern, paths)
  number <- sub(pattern, "\\2", paths[epochs])
  paths[epochs] <- paths[epochs][natural_order(number)]
  paths
}

# Numbers within names compare as numbers: 2 before 10.
natural_order <- function(names) {
  runs <- gregexpr("[0-9]+", names)
  padded <- names
  regmatches(padded, runs) <- lapply(regmatches(names, runs), function(digits) {
    digits <- sub("^0+(?=.)", "", digits, perl = TRUE)
    paste0(sprintf("%05d", nchar(digits)), digits)
  })
  order(padded, names, method = "radix")
}
