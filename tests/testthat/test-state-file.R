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

test_that("a cut or damaged file is refused with its name", {
  state <- small_state()
  file <- new_state_path()
  datamap_save_state(state, file)
  bytes <- readBin(file, "raw", file.size(file))
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
  expect_error(
    datamap_load_state(file.path(tempdir(), "missing.state")),
    class = "datamap_error_io"
  )
})

test_that("a whole file may hold something else, or what is newer", {
  file <- new_state_path()
  write <- function(object, version = 1L) {
    .Call(ffi_save_state, file, version, serialize(object, NULL))
  }
  write(list(a = 1))
  error <- expect_error(
    datamap_load_state(file),
    class = "datamap_error_syntax"
  )
  expect_identical(error$path, file)
  state <- small_state()
  state$package <- "9.9.9"
  write(state, 2L)
  expect_error(
    datamap_load_state(file), "9\\.9\\.9",
    class = "datamap_error_input"
  )
  .Call(ffi_save_state, file, 1L, as.raw(1:50))
  expect_error(datamap_load_state(file), class = "datamap_error_syntax")
})
