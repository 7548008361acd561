# Where signals come from: turns what the user gave into a list of inputs for
# the core (a path, a raw vector, or a function(n) that returns raw bytes),
# with the name that errors call each by.

signal_sources <- function(x, call) {
  if (inherits(x, "connection")) {
    return(connection_source(x, call))
  }
  if (is.raw(x)) {
    return(list(inputs = list(x), paths = "raw vector"))
  }
  if (inherits(x, "AsIs") && is.character(x)) {
    text <- paste(enc2utf8(unclass(x)), collapse = "\n")
    return(list(inputs = list(charToRaw(text)), paths = "literal text"))
  }
  if (!is.character(x) || length(x) == 0 || anyNA(x) || !all(nzchar(x))) {
    abort_argument(
      x,
      "paths, a connection, a raw vector, text in {.fun I} or a data frame",
      "x", call
    )
  }
  paths <- expand_path(x)
  is_folder <- suppressWarnings(dir.exists(paths)) # of paths that are too long
  paths <- as.list(paths)
  paths[is_folder] <- lapply(paths[is_folder], folder_files, call = call)
  paths <- order_epochs(unlist(paths))
  path_sources(paths, call)
}

# In UTF-8, for the core. path.expand() would cut what is too long for it.
expand_path <- function(path) {
  is_home <- startsWith(path, "~")
  path[is_home] <- path.expand(path[is_home])
  enc2utf8(path)
}

# The core reads gzip; bzip2 and xz, known by their first bytes as well, come
# through R. A file is opened when its turn comes and closed at its end, or
# when all is over.
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
  magic <- tryCatch(
    suppressWarnings(readBin(path, "raw", 6)),
    error = function(e) raw(6) # the core says why
  )
  if (identical(magic[1:3], charToRaw("BZh"))) {
    "bzip2"
  } else if (identical(magic, as.raw(c(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)))) {
    "xz"
  } else {
    ""
  }
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
  name <- summary(con)$description
  was_open <- isOpen(con)
  if (!was_open && inherits(con, c("gzfile", "bzfile", "xzfile"))) {
    # as a path it is checked to its end, which R does not do
    sources <- path_sources(expand_path(name), call)
    sources$close <- c(sources$close, function() close(con))
    return(sources)
  }
  if (!was_open) {
    open(con, "rb")
  }
  is_text <- summary(con)$text == "text" && was_open
  list(
    inputs = list(if (is_text) text_reader(con) else binary_reader(con)),
    paths = name,
    close = if (!was_open) list(function() close(con))
  )
}

binary_reader <- function(con) {
  function(n) readBin(con, "raw", n)
}

# A connection that was opened for text gives lines only.
text_reader <- function(con) {
  left <- raw()
  function(n) {
    if (length(left) == 0) {
      lines <- readLines(con, 1000, warn = FALSE)
      if (length(lines) == 0) {
        return(raw())
      }
      # UTF-8, whatever the locale; else R has translated it to the locale's
      Encoding(lines)[validUTF8(lines)] <- "UTF-8"
      left <<- charToRaw(paste0(enc2utf8(lines), "\n", collapse = ""))
    }
    bytes <- utils::head(left, n)
    left <<- utils::tail(left, -n)
    bytes
  }
}

close_sources <- function(sources) {
  for (close_source in sources$close) {
    close_source()
  }
}

epoch_pattern <- "(^|[/\\\\])dynamics_epoch_([0-9]+)[.]jsonl([.]gz)?$"

# The signal files of a folder.
folder_files <- function(folder, call) {
  files <- list.files(folder)
  files <- files[!dir.exists(file.path(folder, files))]
  epochs <- grepl(epoch_pattern, files)
  if (any(epochs)) {
    return(file.path(folder, files[epochs]))
  }
  files <- files[grepl("[.](jsonl|json|ndjson)([.]gz)?$", files)]
  if (length(files) == 0) {
    abort_datamap(
      c(
        "Can't find signals in {.file {folder}}.",
        "x" = paste(
          "It has neither {.file dynamics_epoch_N.jsonl} nor any",
          "{.file .jsonl}, {.file .json} or {.file .ndjson} file."
        )
      ),
      class = "input", path = folder, call = call
    )
  }
  file.path(folder, files[natural_order(files)])
}

# Files of epochs among the paths, put into the order of their epochs.
order_epochs <- function(paths) {
  epochs <- which(grepl(epoch_pattern, paths)) # basename() fails on long ones
  number <- sub(paste0(".*", epoch_pattern), "\\2", paths[epochs])
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
