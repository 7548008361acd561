# Usage: Rscript faults.R [keep]
#
# The faults that any reader of JSON Lines meets (those marked common in the
# catalogue, tests/testthat/faults/), given to datacarto, jsonlite and yyjsonr.
# Each reading is a process of its own that may crash or hang. What came of it:
#
#   right    the values of the file, to the last bit
#   error    an error of R
#   warned   other values or fewer lines, with a warning
#   silent   the same without one: data is lost and nobody is told
#   crashed  R itself ended
#   hung     it did not come back
#
# Only the first two are safe. A reader that is not installed is named as
# missing. With `keep` the table replaces bench/faults.md.

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
here <- normalizePath(dirname(script))
source(file.path(here, "setup.R"))
library(testthat)

seconds_limit <- 20
readers <- c("datacarto", "jsonlite", "yyjsonr")
all_outcomes <- c("right", "error", "warned", "silent", "crashed", "hung")

# What a process does: reads PATH with READER, after the shell COMMAND has been
# started beside it, and keeps how it went. Ids as text, as exact as they are.
child_code <- '
args <- commandArgs(TRUE)
names(args) <- c("reader", "path", "out", "locale", "command")
if (nzchar(args[["locale"]])) {
  stopifnot(nzchar(Sys.setlocale("LC_NUMERIC", args[["locale"]])))
}
read <- switch(args[["reader"]],
  datacarto = function(path) datacarto::datamap_read_signals(path),
  jsonlite = function(path) {
    con <- file(path, "r")
    on.exit(close(con))
    jsonlite::stream_in(con, verbose = FALSE)
  },
  yyjsonr = function(path) {
    yyjsonr::read_ndjson_file(path, type = "df", nprobe = -1)
  }
)
loadNamespace(args[["reader"]])
if (nzchar(args[["command"]])) system(args[["command"]], wait = FALSE)
n_warnings <- 0
start <- proc.time()[["elapsed"]]
result <- tryCatch(
  withCallingHandlers(read(args[["path"]]), warning = function(w) {
    n_warnings <<- n_warnings + 1
    invokeRestart("muffleWarning")
  }),
  error = function(e) conditionMessage(e)
)
text <- function(x) {
  if (is.double(x) && !is.object(x)) {
    format(x, digits = 22, scientific = FALSE, trim = TRUE)
  } else {
    as.character(x)
  }
}
saveRDS(list(
  error = if (!is.data.frame(result)) result,
  id = if (is.data.frame(result)) text(result$id),
  p = if (is.data.frame(result)) result$label_probs,
  n_warnings = n_warnings,
  seconds = proc.time()[["elapsed"]] - start
), args[["out"]])
'

# How a process ended: what it kept, or "crashed" or "hung".
read_in_process <- function(reader, path, locale = "", command = "") {
  out <- tempfile(fileext = ".rds")
  code <- tempfile(fileext = ".R")
  on.exit(unlink(c(out, code)))
  writeLines(child_code, code)
  status <- suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"),
    c("--vanilla", shQuote(c(code, reader, path, out, locale, command))),
    stdout = FALSE, stderr = FALSE, timeout = seconds_limit
  ))
  if (file.exists(out)) {
    return(readRDS(out))
  }
  if (status == 124) "hung" else "crashed"
}

outcome <- function(got, want) {
  if (is.character(got)) {
    return(got)
  }
  if (!is.null(got$error)) {
    return("error")
  }
  number <- function(x) {
    x <- as.double(x)
    replace(x, is.na(x), NA) # not every reader tells NaN from it
  }
  is_right <- is.null(want$error) && identical(got$id, want$id) &&
    identical(number(got$p), number(want$p))
  if (is_right) "right" else if (got$n_warnings > 0) "warned" else "silent"
}

# The worst of several.
worst <- function(outcomes) {
  all_outcomes[[max(match(outcomes, all_outcomes))]]
}

catalogue <- function() {
  env <- new.env(parent = asNamespace("datacarto"))
  before <- setwd(file.path(here, "..")) # where test_path() looks
  on.exit(setwd(before))
  source_test_helpers(file.path("tests", "testthat"), env)
  faults <- env$read_faults()
  Filter(function(fault) fault$is_common, faults)
}

write_bytes <- function(bytes, name = "signals.jsonl") {
  folder <- tempfile("fault")
  dir.create(folder)
  path <- file.path(folder, name)
  writeBin(bytes, path)
  path
}

good_lines <- function(n) {
  charToRaw(paste0(
    "{\"id\": ", seq_len(n), ", \"label\": 0, \"correct\": 1, ",
    "\"label_probs\": ", seq_len(n) / 2^20, "}\n",
    collapse = ""
  ))
}

# What the file says, or that it has to be an error: by the package itself, of
# which the catalogue holds every case to what is expected.
right_answer <- function(path) read_in_process("datacarto", path)

# Those whose fault is in the bytes: all cases of the fault.
try_bytes <- function(reader, fault) {
  worst(vapply(fault$cases, function(case) {
    path <- write_bytes(case$bytes)
    on.exit(unlink(dirname(path), recursive = TRUE))
    want <- right_answer(path)
    if (is.character(case$args$partial_last)) { # no other reader is told so
      want <- list(error = "cut")
    }
    outcome(read_in_process(reader, path), want)
  }, ""))
}

try_missing <- function(reader) {
  path <- file.path(tempdir(), "absent.jsonl")
  outcome(read_in_process(reader, path), list(error = "missing"))
}

try_folder <- function(reader) {
  folder <- tempfile("folder")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  outcome(read_in_process(reader, folder), list(error = "a folder"))
}

try_locale <- function(reader) {
  path <- write_bytes(good_lines(100))
  on.exit(unlink(dirname(path), recursive = TRUE))
  outcome(
    read_in_process(reader, path, locale = "de_DE.UTF-8"), right_answer(path)
  )
}

try_fifo <- function(reader) {
  path <- write_bytes(good_lines(100))
  on.exit(unlink(dirname(path), recursive = TRUE))
  fifo <- file.path(dirname(path), "fifo")
  stopifnot(system2("mkfifo", shQuote(fifo)) == 0)
  write <- sprintf(
    "timeout %d cat %s > %s", seconds_limit, shQuote(path), shQuote(fifo)
  )
  got <- read_in_process(reader, fifo, command = write)
  outcome(got, right_answer(path))
}

# Twenty readings of a file that is cut in half meanwhile, the moments spread
# over the time that a reading takes. All of it, as it was before, is right.
try_truncated <- function(reader) {
  bytes <- good_lines(200000)
  path <- write_bytes(bytes)
  on.exit(unlink(dirname(path), recursive = TRUE))
  want <- read_in_process(reader, path)
  if (is.character(want)) {
    return(want)
  }
  cut <- sprintf("truncate -s %d %s", length(bytes) %/% 2L, shQuote(path))
  worst(vapply(1:20, function(i) {
    writeBin(bytes, path)
    wait <- sprintf("sleep %.3f; %s", want$seconds * (i - 0.5) / 20, cut)
    outcome(read_in_process(reader, path, command = wait), want)
  }, ""))
}

try_fault <- function(reader, fault) {
  switch(fault$tag,
    F1 = try_missing(reader),
    F2 = try_folder(reader),
    F4 = try_fifo(reader),
    F19 = try_truncated(reader),
    N32 = try_locale(reader),
    try_bytes(reader, fault)
  )
}

markdown <- function(faults, found) {
  titles <- vapply(faults, function(x) paste(x$tag, x$title), "")
  rows <- c(
    paste(c("| fault", colnames(found)), collapse = " | "),
    paste(c("| ---", rep("---", ncol(found))), collapse = " | "),
    paste("|", titles, "|", apply(found, 1, paste, collapse = " | ")),
    paste(
      "| safe, of", length(faults), "|",
      paste(colSums(found == "right" | found == "error"), collapse = " | ")
    )
  )
  paste(rows, "|")
}

keep <- identical(commandArgs(TRUE), "keep")
cache <- cache_folder()
library_path <- file.path(cache, "library")
install <- file.path(here, "..", "tools", "install-package.sh")
stopifnot(run_quietly("sh", c(install, shQuote(library_path))))
.libPaths(c(library_path, .libPaths()))
locales <- file.path(cache, "locales")
make_locales <- file.path(here, "..", "tools", "make-locales.sh")
stopifnot(
  dir.exists(locales) || run_quietly("sh", c(make_locales, shQuote(locales)))
)
Sys.setenv(R_LIBS = library_path, LOCPATH = locales, LC_ALL = "")
is_there <- vapply(readers, requireNamespace, NA, quietly = TRUE)
for (reader in readers[!is_there]) {
  say(reader, " is not installed")
}

faults <- catalogue()
found <- vapply(readers[is_there], function(reader) {
  say(reader)
  vapply(faults, try_fault, "", reader = reader)
}, character(length(faults)))
versions <- vapply(readers[is_there], function(reader) {
  paste(reader, utils::packageVersion(reader))
}, "")
colnames(found) <- versions
table <- markdown(faults, found)
writeLines(table)
if (keep) {
  writeLines(c(
    "# What three readers make of the same 25 faults", "",
    "Made by `Rscript bench/faults.R keep`, which says what the words mean.",
    "Where a fault has several cases it is the worst of what came of them.",
    "", table
  ), file.path(here, "faults.md"))
}
