# A path of a file that goes when the test ends.
new_state_path <- function(envir = parent.frame()) {
  path <- tempfile(fileext = ".state")
  do.call(on.exit, list(bquote(unlink(.(path))), add = TRUE), envir = envir)
  path
}

small_state <- function() {
  signals <- random_signals(n = 15, times = 3, ids = "strings")
  datamap_state(
    I(signal_lines(signals, c(
      id = "id", label = "label", probs = "probs", loss = "loss"
    ))),
    signals = "loss"
  )
}

test_that("a state that was saved is loaded as it was", {
  state <- small_state()
  file <- new_state_path()
  expect_identical(expect_invisible(datamap_save_state(state, file)), state)
  expect_identical(datamap_load_state(file), state)
  expect_identical(
    datamap_summarise(datamap_load_state(file)), datamap_summarise(state)
  )
  # gzip changes nothing
  bytes <- readBin(file, "raw", file.size(file))
  con <- gzfile(file, "wb")
  writeBin(bytes, con)
  close(con)
  expect_identical(datamap_load_state(file), state)
})

test_that("a file is replaced as a whole or not at all", {
  folder <- tempfile("states")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  file <- file.path(folder, "run.state")
  state <- small_state()
  datamap_save_state(state, file)
  broken <- state
  broken$samples$label[[1]] <- 99L
  expect_error(
    datamap_save_state(broken, file),
    class = "datamap_error_input"
  )
  expect_identical(datamap_load_state(file), state)
  expect_identical(
    list.files(folder, all.files = TRUE, no.. = TRUE), "run.state"
  )
  error <- expect_error(
    datamap_save_state(state, file.path(folder, "no", "run.state")),
    class = "datamap_error_io"
  )
  expect_identical(basename(error$path), "run.state")
  expect_error(
    datamap_save_state(state, folder),
    class = "datamap_error_io"
  )
})


read_bytes <- function(file) readBin(file, "raw", file.size(file))

# CRC-32 as gzip's, which memCompress() does not tell but gzfile() writes.
crc32_of <- function(bytes) {
  file <- tempfile()
  on.exit(unlink(file))
  con <- gzfile(file, "wb")
  writeBin(bytes, con)
  close(con)
  utils::head(utils::tail(read_bytes(file), 8), 4)
}

# The bytes with a trailer that fits, whatever they are.
sealed <- function(bytes) {
  size <- as.raw(length(bytes) %/% 256^(0:7) %% 256)
  bytes <- c(bytes, size)
  c(bytes, crc32_of(bytes))
}

body_of <- function(state) {
  file <- new_state_path()
  datamap_save_state(state, file)
  utils::head(read_bytes(file), -12)
}

# The bytes with `from` in place of the last `to`, both as long.
swap <- function(bytes, from, to) {
  from <- if (is.raw(from)) from else charToRaw(from)
  to <- if (is.raw(to)) to else charToRaw(to)
  stopifnot(length(from) == length(to))
  n <- length(from)
  starts <- seq_len(length(bytes) - n + 1)
  found <- vapply(starts, function(i) {
    identical(bytes[seq(i, length.out = n)], from)
  }, NA)
  replace(bytes, seq(max(starts[found]), length.out = n), to)
}

test_that("states of every kind come back to the last bit", {
  numbers <- c(0.1, 1 / 3, 1e308, 5e-324)
  lines <- paste0(
    '{"id": ', 1:4, ', "label": 0, "correct": 1, "label_probs": ', numbers,
    ', "loss": ', rev(numbers), "}"
  )
  cases <- list(
    datamap_state(I(character())),
    datamap_state(I(lines), signals = "loss"),
    datamap_state(I(c(lines, lines)), burn_out = 1),
    datamap_state(I(lines), ids = c(2, 3)),
    datamap_state(I(c(lines, lines)), steps = c(0.5, Inf)),
    datamap_state(I(paste0(
      '{"id": "\u00e9\U1F600", "label": "\u00fc", "correct": 1, ',
      '"label_probs": 1}'
    ))),
    datamap_state(I(paste0(
      '{"id": ', c("1", "12345678901234567890", "9007199254740993"),
      ', "label": 5000000000, "correct": 1, "label_probs": 0.5}'
    ))),
    suppressMessages(datamap_state(
      I(paste0(
        '{"id": "', c("a", "7", "a"), '", "label": 1, "probs": [0.2, 0.5, 0.3]',
        ', "step": ', c(1, 1, 2.5), ', "loss": ', c("NaN", "Infinity", "0"), "}"
      )),
      signals = c("loss", "l\u00f6ss"), metrics = "all", burn_out = 2
    )),
    datamap_state(
      I(c("bad", lines, '{"id": 1, "label": 1, "probs": [0.7, 0.7]}')),
      on_error = "skip"
    ),
    datamap_state(data.frame(
      id = c("x", "y"), label = 0:1, correct = TRUE, label_probs = 0.5
    ))
  )
  for (state in cases) {
    file <- new_state_path()
    datamap_save_state(state, file)
    expect_identical(datamap_load_state(file), state)
  }
  merged <- datamap_merge(cases[[2]], cases[[2]])
  file <- new_state_path()
  datamap_save_state(merged, file)
  expect_identical(datamap_load_state(file), merged)
  later <- I(lines)
  expect_identical(
    datamap_update(datamap_load_state(file), later),
    datamap_update(merged, later)
  )
})

test_that("a file is the same whatever the names of its sources look like", {
  state <- small_state()
  state$files <- c("a\u00e9", "{b}", "caf\xe9", "")
  Encoding(state$files) <- c("UTF-8", "unknown", "bytes", "unknown")
  file <- new_state_path()
  datamap_save_state(state, file)
  expect_identical(
    datamap_load_state(file)$files, c("a\u00e9", "{b}", "caf<e9>", "")
  )
  state$files <- `Encoding<-`("\xe9", "latin1")
  datamap_save_state(state, file)
  expect_identical(datamap_load_state(file)$files, "\u00e9")
})

test_that("a cut or damaged file is refused with its name", {
  skip_if_long()
  state <- small_state()
  file <- new_state_path()
  datamap_save_state(state, file)
  bytes <- read_bytes(file)
  n <- length(bytes)
  refused <- function(bytes, class) {
    writeBin(bytes, file)
    error <- expect_error(datamap_load_state(file), class = class)
    expect_identical(error$path, file)
  }
  for (cut in c(1, 7, 8, 12, 23, 24, 25, n %/% 2, n - 1)) {
    refused(bytes[seq_len(cut)], "datamap_error_io")
  }
  refused(c(bytes, as.raw(0)), "datamap_error_io")
  for (at in c(9, 13, 19, 21, 24, 25, n %/% 3, n)) {
    refused(replace(bytes, at, xor(bytes[at], as.raw(4))), "datamap_error_io")
  }
  refused(replace(bytes, 1, as.raw(0)), "datamap_error_syntax")
  refused(raw(), "datamap_error_syntax")
  refused(charToRaw("id\tlabel\n"), "datamap_error_syntax")
  refused(serialize(state, NULL), "datamap_error_syntax")
  expect_error(
    datamap_load_state(file.path(tempdir(), "missing.state")),
    class = "datamap_error_io"
  )
})

test_that("a whole file may hold what can be no state", {
  file <- new_state_path()
  bytes <- body_of(small_state())
  writeBin(sealed(bytes), file)
  expect_identical(datamap_load_state(file), small_state())
  refused <- function(bytes, key, line = NULL) {
    writeBin(sealed(bytes), file)
    error <- expect_error(
      datamap_load_state(file),
      class = "datamap_error_syntax"
    )
    expect_identical(error$path, file)
    expect_identical(error$key, key)
    expect_identical(error$line, line)
  }
  refused(utils::head(bytes, -1), "problems")
  refused(c(bytes, as.raw(0)), "problems")
  refused(swap(bytes, "samples", "simples"), "samples")
  refused(swap(bytes, "min", "max"), "min")
  id <- small_state()$ids$values[[2]]
  refused(swap(bytes, id, rep(as.raw(0), nchar(id))), "ids", 2L)
  refused(swap(bytes, id, rep(as.raw(0xE9), nchar(id))), "ids", 2L)
  # the signals that the core has are not those that were asked for
  line <- I(signal_line(1, ", \"mine\": 2"))
  bytes <- body_of(datamap_state(line, signals = "mine"))
  refused(swap(bytes, "mine", "wine"), "asked_metrics")
  # a loss that is asked for takes a table more, which is derived
  bytes <- body_of(datamap_state(line, signals = "loss"))
  refused(swap(bytes, "loss", "lass"), "class_labels")
})

test_that("a file of another version says what to do", {
  file <- new_state_path()
  state <- small_state()
  state$package <- "9.9.9"
  bytes <- body_of(state)
  for (version in list(c(5, 0, 0, 0), c(0, 0, 0, 2))) {
    writeBin(sealed(replace(bytes, 9:12, as.raw(version))), file)
    error <- expect_error(
      datamap_load_state(file), "9\\.9\\.9",
      class = "datamap_error_input"
    )
    expect_identical(error$path, file)
    expect_match(
      conditionMessage(error), installed_version(),
      fixed = TRUE
    )
  }
  # one that does not name a package where it is looked for
  writeBin(sealed(replace(utils::head(bytes, 40), 9, as.raw(5))), file)
  expect_error(datamap_load_state(file), class = "datamap_error_input")
  # what was written before, an object of R, is not even looked at
  n <- as.raw(c(3, rep(0, 7)))
  old <- c(utils::head(bytes, 8), as.raw(c(1, 0, 0, 0)), n, as.raw(1:7))
  writeBin(old, file)
  error <- expect_error(
    datamap_load_state(file), "older",
    class = "datamap_error_input"
  )
  expect_identical(error$path, file)
})

test_that("nothing in a file is run, and no object of R is read", {
  # by the code that saves and loads, and all that it calls
  found <- character()
  look <- function(name) {
    if (!name %in% found && exists(name, asNamespace("datacarto"))) {
      found <<- c(found, name)
      for (inner in all.names(body(get(name, asNamespace("datacarto"))))) {
        object <- get0(inner, asNamespace("datacarto"), inherits = FALSE)
        if (is.function(object)) look(inner)
      }
    }
  }
  look("datamap_load_state")
  look("datamap_save_state")
  expect_gt(length(found), 5)
  called <- unlist(lapply(found, function(name) {
    all.names(body(get(name, asNamespace("datacarto"))))
  }))
  expect_false(any(c("unserialize", "readRDS", "load", "parse") %in% called))
})

test_that("what is no whole state is not saved", {
  file <- new_state_path()
  state <- small_state()
  for (broken in list(
    `[[<-`(state, "package", value = 1), `[[<-`(state, "package", value = NA),
    `[[<-`(state, "files", value = NA_character_),
    `[[<-`(state, "window", value = NULL),
    `[[<-`(state, c("request", "signals"), value = "\xff"),
    `[[<-`(state, c("samples", "label"), value = 99L)
  )) {
    error <- expect_error(
      datamap_save_state(broken, file),
      class = "datamap_error_input"
    )
    expect_match(conditionMessage(error), "state")
  }
  expect_false(file.exists(file))
})
