# The catalogue of faults: what signal files can suffer, and what each must get.
# The tables are in faults/, one per class, and say the input's bytes and what
# must come of them; what is no matter of bytes is a function. Each fault has
# the letter of its class and a number.

fault_classes <- c(
  S = "structure", K = "keys", N = "numbers", U = "text", P = "python",
  F = "files", Z = "compression", M = "memory", D = "data", W = "writing"
)

# How many there are of each.
fault_counts <- c(
  S = 20, K = 17, N = 32, U = 27, P = 30, F = 26, Z = 14, M = 17, D = 10, W = 8
)

# `...` are cases, or functions of no argument that check for themselves. A
# fault without any is checked by the C program `program`. `is_common` marks
# those that any reader of JSON Lines meets; `is_heavy` what takes seconds or
# other programs, and is left to machines that are there for tests.
fault <- function(tag, title, ..., is_common = FALSE, is_heavy = FALSE,
                  program = NULL) {
  list(
    tag = tag, title = title, cases = list(...), is_common = is_common,
    is_heavy = is_heavy, program = program
  )
}

# Bytes and what they must give: columns of the map (all or some, to the last
# bit), how many lines were `blank`, and the `disagreements` by kind with the
# line and column of the first, `at`; or an error. `bad` are the lines that
# on_error = "skip" leaves out, `cut` tells that the last one was accepted as
# incomplete. `...` are arguments of datamap_summarise().
fault_case <- function(bytes, ..., map = NULL, blank = 0, error = NULL,
                       bad = error$line, cut = FALSE, disagreements = NULL,
                       at = NULL) {
  list(
    bytes = as_bytes(bytes), args = list(...), map = map, blank = blank,
    error = error, bad = bad, cut = cut, disagreements = disagreements, at = at
  )
}

# What an error must say. One without a line is of the whole file, and so is one
# that `is_whole`: those stop the reading whatever on_error says. `says` is a
# part of the message.
fault_error <- function(class, line = NULL, column = NULL, key = NULL,
                        says = NULL, is_whole = is.null(line)) {
  whole <- function(x) if (!is.null(x)) as.integer(x)
  list(
    class = class, line = whole(line), column = whole(column), key = key,
    says = says, is_whole = is_whole
  )
}

# Of the folder faults/.
read_faults <- function() {
  faults <- lapply(names(fault_classes), function(letter) {
    file <- test_path("faults", paste0(fault_classes[[letter]], ".R"))
    source(file, local = new.env(parent = parent.frame(2)), encoding = "UTF-8")
  })
  unlist(lapply(faults, `[[`, "value"), recursive = FALSE)
}

check_fault <- function(fault) {
  if (!is.null(fault$program)) {
    skip(paste("the C program", fault$program, "checks it"))
  }
  if (fault$is_heavy) {
    skip_on_cran()
  }
  for (case in fault$cases) {
    if (is.function(case)) case() else check_case(case)
  }
}

check_case <- function(case) {
  path <- write_raw(case$bytes)
  on.exit(unlink(dirname(path), recursive = TRUE))
  read <- function(on_error, x = path) {
    args <- c(list(x, on_error = on_error), case$args)
    warnings <- character()
    out <- withCallingHandlers(
      tryCatch(do.call(datamap_summarise, args), datamap_error = identity),
      datamap_warning = function(warning) {
        warnings <<- c(warnings, class(warning)[[1]])
        invokeRestart("muffleWarning")
      }
    )
    list(out = out, warnings = sub("datamap_warning_", "", warnings))
  }
  for (on_error in c("stop", "skip")) {
    result <- read(on_error)
    is_error <- !is.null(case$error) &&
      (on_error == "stop" || case$error$is_whole)
    if (is_error) {
      check_fault_error(result$out, case, path)
    } else {
      check_fault_map(result, case, path, on_error)
    }
  }
  # bytes in memory are no others
  again <- read("skip", case$bytes)$out
  expect_identical(class(again), class(result$out))
  expect_identical(attr(again, "line_counts"), attr(result$out, "line_counts"))
}

check_fault_error <- function(error, case, path) {
  want <- case$error
  expect_s3_class(
    error, c(paste0("datamap_error_", want$class), "datamap_error")
  )
  if (!inherits(error, "datamap_error")) {
    return(invisible())
  }
  expect_identical(class(error)[[1]], paste0("datamap_error_", want$class))
  expect_identical(error$path, path)
  expect_identical(error$line, want$line)
  expect_identical(error$column, want$column)
  expect_identical(error$key, want$key)
  text <- gsub("[[:space:]]+", " ", conditionMessage(error))
  expect_match(text, basename(path), fixed = TRUE)
  if (!is.null(want$says)) {
    expect_match(text, want$says, fixed = TRUE)
  }
  if (!is.null(want$line) && !want$is_whole) {
    before <- bytes_between(case$bytes, want$line, error$byte)
    expect_identical(count_characters(before), want$column - 1L)
  }
}

check_fault_map <- function(result, case, path, on_error) {
  map <- result$out
  expect_s3_class(map, "datamap")
  if (!is_datamap(map)) {
    return(invisible())
  }
  for (name in names(case$map)) {
    expect_identical(map[[name]], case$map[[name]], label = name)
    expect_true(same_bits(map[[name]], case$map[[name]]), label = name)
  }
  problems <- datamap_problems(map)
  counts <- attr(map, "line_counts")
  found <- attr(problems, "counts")
  n_lines <- length(raw_lines(case$bytes))
  n_bad <- as.numeric(if (on_error == "skip") length(case$bad) else 0)
  expect_identical(counts[["lines"]], as.numeric(n_lines))
  expect_identical(counts[["bad"]], n_bad)
  expect_identical(counts[["blank"]], as.numeric(case$blank))
  # what may be cut is bad where bad lines are asked to be skipped
  expect_identical(counts[["cut"]], as.numeric(case$cut))
  expect_identical(
    counts[["good"]] + counts[["bad"]] + counts[["blank"]] + counts[["cut"]],
    counts[["lines"]]
  )
  expect_identical(sum(map$evaluations), as.integer(counts[["good"]]))
  want <- c(if (n_bad > 0) c(bad_line = n_bad), case$disagreements)
  expect_identical(found[found > 0], want %||% none)
  expect_identical(
    result$warnings,
    c(
      if (identical(case$map$evaluations, integer())) "empty",
      if (n_bad > 0) "skipped", if (length(case$disagreements)) "disagreement"
    ) %||% character()
  )
  if (n_bad > 0) {
    check_skipped(problems, case, path)
    without <- raw_lines(case$bytes)[-case$bad]
    expect_same_map(
      map, suppressWarnings(do.call(
        datamap_summarise, c(list(unlist(c(without, list(raw())))), case$args)
      ))
    )
  }
  if (!is.null(case$at)) {
    expect_identical(c(problems$row[[1]], problems$col[[1]]),
      as.integer(case$at),
      label = "place of the first disagreement"
    )
  }
}

# A row for each bad line; that of the error says what the error said.
check_skipped <- function(problems, case, path) {
  expect_true(all(case$bad %in% problems$row))
  first <- problems[problems$row == case$error$line, ]
  expect_identical(first$col, case$error$column)
  expect_identical(first$file, path)
  expect_true(nzchar(first$expected))
}

# --- bytes ---

# Texts as they are written, bytes as they are, integers as bytes; joined.
as_bytes <- function(x) {
  if (is.raw(x)) {
    return(x)
  }
  if (is.list(x)) {
    return(do.call(c, lapply(x, as_bytes)))
  }
  if (is.numeric(x)) as.raw(x) else charToRaw(paste(x, collapse = ""))
}

# Each with a newline behind it.
lines_of <- function(...) {
  lines <- unlist(lapply(list(...), function(x) {
    if (is.list(x) || is.raw(x)) list(as_bytes(x)) else lapply(x, charToRaw)
  }), recursive = FALSE)
  do.call(c, lapply(lines, c, as.raw(10)))
}

# The lines with their newlines, without a byte order mark before the first.
raw_lines <- function(bytes) {
  bytes <- utils::tail(bytes, length(bytes) - bom_length(bytes))
  if (length(bytes) == 0) {
    return(list())
  }
  ends <- which(bytes == as.raw(10))
  if (length(ends) == 0 || ends[[length(ends)]] < length(bytes)) {
    ends <- c(ends, length(bytes))
  }
  starts <- c(1, ends[-length(ends)] + 1)
  Map(function(start, end) bytes[start:end], starts, ends)
}

bom_length <- function(bytes) {
  if (identical(bytes[1:3], as.raw(c(0xef, 0xbb, 0xbf)))) 3L else 0L
}

# From the beginning of a line up to a place in the file, which counts from 0.
bytes_between <- function(bytes, line, byte) {
  before <- raw_lines(bytes)[seq_len(line - 1)]
  start <- bom_length(bytes) + sum(lengths(before))
  bytes[start + seq_len(byte - start)]
}

# Of UTF-8: the bytes that follow another within a character do not count.
count_characters <- function(bytes) {
  sum(as.integer(bytes) %/% 64L != 2L)
}

write_raw <- function(bytes, name = "signals.jsonl", folder = NULL) {
  if (is.null(folder)) {
    folder <- tempfile("fault")
    dir.create(folder)
  }
  path <- file.path(folder, name)
  writeBin(bytes, path)
  path
}

# Tells 0 from -0; what is no double is compared as it is.
same_bits <- function(x, y) {
  identical(x, y, num.eq = FALSE, single.NA = TRUE)
}

# --- records ---

record <- function(id = "1", p = "0.5", more = "") {
  paste0(
    "{\"id\": ", id, ", \"label\": 0, \"correct\": 1, \"label_probs\": ", p,
    more, "}"
  )
}

printed <- function(id = "1", p = "0.5", more = "") {
  paste0(
    "{'id': ", id, ", 'label': 0, 'correct': True, 'label_probs': ", p,
    more, "}"
  )
}

# A double from its sixteen hexadecimal digits.
double_of <- function(hex) {
  digits <- substring(hex, seq(1, 15, 2), seq(2, 16, 2))
  readBin(as.raw(strtoi(digits, 16L)), "double", endian = "big")
}

# --- the session ---

# Until the caller ends. LC_ALL leaves out the category that counts most here.
local_locale <- function(locale, envir = parent.frame()) {
  names <- c("LC_CTYPE", "LC_COLLATE", "LC_MONETARY", "LC_TIME", "LC_NUMERIC")
  set <- function(values) {
    suppressWarnings(mapply(Sys.setlocale, names, values))
  }
  before <- vapply(names, Sys.getlocale, "")
  do.call(on.exit, list(bquote(.(set)(.(before))), add = TRUE), envir = envir)
  if (!all(nzchar(set(locale)))) {
    skip(paste("there is no locale", locale))
  }
}

# --- other programs ---

gzip_bytes <- function(bytes) {
  path <- tempfile()
  on.exit(unlink(path))
  con <- gzfile(path, "wb")
  writeBin(bytes, con)
  close(con)
  readBin(path, "raw", file.size(path))
}

# A frame of zstd whose blocks are stored as they are: what any reader of zstd
# takes, made without its library.
zstd_bytes <- function(bytes) {
  number <- function(x, n) as.raw(x %/% 256^(seq_len(n) - 1) %% 256)
  magic <- as.raw(c(0x28, 0xb5, 0x2f, 0xfd))
  size <- number(length(bytes), 4)
  starts <- seq(1, max(length(bytes), 1), by = 1e5)
  blocks <- lapply(starts, function(start) {
    block <- bytes[seq_len(min(1e5, length(bytes) - start + 1)) + start - 1]
    is_last <- start == starts[[length(starts)]]
    c(number(length(block) * 8 + is_last, 3), block)
  })
  c(magic, as.raw(0xa0), size, unlist(blocks))
}

# A frame that is to be skipped.
zstd_skipped <- function(n = 10) {
  c(as.raw(c(0x5e, 0x2a, 0x4d, 0x18, n, 0, 0, 0)), raw(n))
}

# What Python makes of a dict: its id as text and x, NA where it is none.
python_literal <- function(line) {
  out <- tempfile()
  on.exit(unlink(out))
  run_python(
    c(
      "import ast, sys",
      "record = ast.literal_eval(sys.argv[1])",
      "x = record.get('x')",
      "with open(sys.argv[2], 'wb') as out:",
      "    out.write(str(record['id']).encode('utf-8') + b'\\0')",
      "    out.write(b'' if x is None else float(x).hex().encode())"
    ),
    line, out
  )
  bytes <- readBin(out, "raw", 1e4)
  end <- which(bytes == as.raw(0))
  id <- rawToChar(bytes[seq_len(end - 1)])
  Encoding(id) <- "UTF-8"
  # R reads the notation exactly
  list(id = id, x = as.numeric(rawToChar(bytes[-seq_len(end)])))
}

new_folder <- function() {
  folder <- tempfile("fault")
  dir.create(folder)
  folder
}

# Of a path that is open already: R's own connections would make it anew.
truncate_file <- function(path, size) {
  con <- file(path, "r+b")
  on.exit(close(con))
  seek(con, size, rw = "write")
  truncate(con)
}

# The map of a file, to which `change` happens once it is open and nothing but
# its first bytes is read.
while_reading <- function(path, change, on_error = "stop") {
  is_done <- FALSE
  hook <- function(bytes) {
    if (!is_done) change()
    is_done <<- TRUE
  }
  map <- with_binding("progress_bar", function(paths) hook, {
    datamap_summarise(path, on_error = on_error, progress = TRUE)
  })
  expect_true(is_done)
  map
}

# An R of its own, with the package loaded and `args`. `shell` is what the shell
# does before, `input` the file of its standard input, `run_as` a command that
# runs another.
run_child <- function(code, ..., shell = "true", input = "/dev/null",
                      env = NULL, library = package_library(), run_as = NULL) {
  skip_on_os("windows")
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  Sys.chmod(c(dirname(folder), folder), "755")
  script <- child_script(code, library, folder)
  libraries <- paste(c(library, .libPaths()), collapse = ":")
  command <- paste(
    shell, "&& exec", run_as, "env", shQuote(paste0("R_LIBS=", libraries)),
    shQuote(env %||% "TZ=UTC"), shQuote(file.path(R.home("bin"), "Rscript")),
    "--vanilla", paste(shQuote(c(script, ...)), collapse = " "), "<",
    shQuote(input), "2>", shQuote(file.path(folder, "said"))
  )
  output <- suppressWarnings(
    system2("sh", c("-c", shQuote(command)), stdout = TRUE)
  )
  status <- attr(output, "status") %||% 0L
  list(
    output = as.vector(output), status = as.integer(status),
    said = readLines(file.path(folder, "said"), warn = FALSE)
  )
}

child_script <- function(code, library, folder) {
  script <- file.path(folder, "child.R")
  writeLines(c(
    "args <- commandArgs(TRUE)",
    paste0("library(datacarto, lib.loc = ", deparse(library), ")"), code
  ), script)
  script
}

# The same in the background, its script left to the end of the session.
start_child <- function(code, ...) {
  skip_on_os("windows")
  script <- child_script(code, package_library(), new_folder())
  system2(
    file.path(R.home("bin"), "Rscript"),
    c("--vanilla", shQuote(c(script, ...))),
    wait = FALSE, stdout = FALSE, stderr = FALSE,
    env = paste0("R_LIBS=", shQuote(paste(.libPaths(), collapse = ":")))
  )
}

# As a user to whom permissions apply, which they do not to root; what it said.
run_unprivileged <- function(code, ...) {
  skip_on_os("windows")
  is_root <- identical(system2("id", "-u", stdout = TRUE), "0")
  if (!is_root) {
    return(run_child(code, ...)$output)
  }
  skip_if(!nzchar(Sys.which("runuser")), "runuser is not here")
  library <- new_folder()
  on.exit(unlink(library, recursive = TRUE))
  file.copy(find.package("datacarto"), library, recursive = TRUE)
  child <- run_child(
    code, ..., library = library, run_as = "runuser -u nobody --"
  )
  if (length(child$output) == 0) {
    skip(paste("R can't run as nobody:", child$said[1]))
  }
  child$output
}

# What load_all() loads is nowhere installed.
package_library <- function() {
  package <- find.package("datacarto")
  skip_if_not(
    file.exists(file.path(package, "Meta", "package.rds")),
    "the package is not installed"
  )
  dirname(package)
}

free_socket <- function() {
  for (port in 20011 + 37 * (Sys.getpid() %% 500) + 0:99) {
    socket <- tryCatch(serverSocket(port), error = function(e) NULL)
    if (!is.null(socket)) {
      return(list(socket = socket, port = port))
    }
  }
  skip("no port is free")
}

wait_until <- function(is_so, seconds = 60) {
  end <- Sys.time() + seconds
  while (!isTRUE(is_so()) && Sys.time() < end) Sys.sleep(0.02)
  expect_true(is_so())
}

# Under sanitizers memory is another: a limit of it ends the process, and what
# R's garbage collector frees is hidden from them.
skip_if_sanitized <- function(why = "memory is the sanitizers'") {
  skip_if(is_sanitized(), why)
}

is_sanitized <- function() nzchar(Sys.getenv("ASAN_OPTIONS"))

# A disk of 1 MB, as long as the caller runs; root may make one.
local_small_disk <- function(envir = parent.frame()) {
  skip_on_os(c("windows", "mac"))
  folder <- new_folder()
  status <- suppressWarnings(system2(
    "mount", c("-t", "tmpfs", "-o", "size=1m", "tmpfs", shQuote(folder)),
    stdout = FALSE, stderr = FALSE
  ))
  skip_if(status != 0, "no disk can be mounted here")
  end <- function() {
    system2("umount", shQuote(folder))
    unlink(folder, recursive = TRUE)
  }
  do.call(on.exit, list(bquote(.(end)()), add = TRUE), envir = envir)
  folder
}

# n samples, each with one line, read from a connection that makes them up:
# parts of up to a thousand lines, in which only the digits of an id before the
# last three differ.
summarise_many <- function(n) {
  size <- min(n, 1000)
  text <- function(ids) charToRaw(paste0(record(ids), "\n", collapse = ""))
  bytes <- text(sprintf("%8.0f", seq_len(size) - 1))
  template <- text(sprintf("     %03.0f", seq_len(size) - 1))
  at <- seq(8, by = length(template) / size, length.out = size)
  part <- 0
  reader <- function(con) {
    function(most) {
      if (length(bytes) == 0 && part + 1 < n / size) {
        part <<- part + 1
        digits <- charToRaw(sprintf("%5.0f", part))
        bytes <<- template
        for (k in 1:5) bytes[at + k - 1] <<- digits[[k]]
      }
      out <- utils::head(bytes, most)
      bytes <<- utils::tail(bytes, -length(out))
      out
    }
  }
  con <- rawConnection(raw())
  on.exit(close(con))
  with_binding("binary_reader", reader, datamap_summarise(con))
}

# What small calls of every entry give; `call(entry, ...)` makes each.
call_entries <- function(call) {
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  at <- function(name) file.path(folder, name)
  bytes <- lines_of(
    record("\"a\"", "1.5", ", \"loss\": 0.5"), printed("'\\xe9'"), "",
    "{\"id\": 3, \"label\": \"x\", \"probs\": [0.25", record("\"a\"")
  )
  reader <- function(n) {
    out <- bytes[seq_len(min(n, 20, length(bytes)))]
    bytes <<- utils::tail(bytes, -length(out))
    out
  }
  path <- write_raw(bytes, folder = folder)
  packed <- write_raw(gzip_bytes(lines_of(record())), "packed", folder)
  request <- check_request("loss", "all", FALSE, NULL)
  strict <- reader_options(request)
  skipping <- reader_options(
    request, check_reading(on_error = "skip", threads = 2L)
  )
  frame <- data.frame(
    id = c("a", "\u00e9", "a"), label = c(0, 1, 1), probs_0 = c(0.5, 2, NA),
    probs_1 = 0.5, loss = c(1, NA, 2)
  )
  map <- as.list(ratio_map(c(0, 1), note = c("\u00e9", NA)))
  lines <- record_columns(frame[-3, ], NULL)
  recorder <- call(
    "ffi_recorder_open", at("new"), "error", frame$id[-3], strict
  )
  add <- function() {
    call("ffi_recorder_add", recorder, lines$columns, lines$kinds, 2, FALSE)
  }
  writer <- call("ffi_writer_open", at("written"))
  made <- call("ffi_read_state", list(path), skipping, NULL, FALSE, NULL)
  state <- unclass(new_state(made$state, request, list(burn_out = 0), "a"))
  about <- list(package = "1", files = "a", signals = "loss", metrics = "aum")
  list(
    call("ffi_summarise", list(path, packed), skipping, NULL),
    call("ffi_summarise", list(path), strict, NULL),
    call("ffi_summarise", list(bytes), skipping, function(bytes) bytes),
    call("ffi_summarise", list(reader), skipping, NULL),
    call("ffi_summarise", list(at("absent")), strict, NULL),
    call("ffi_summarise_table", signal_columns(frame, request, NULL),
         strict, NULL),
    call("ffi_write_summary", map, at("result"), "summary"),
    call("ffi_read_summary", at("result"), FALSE),
    call("ffi_write_summary", map, at("absent/result"), "summary"),
    call("ffi_read_summary", path, FALSE),
    call("ffi_read_summary", at("result"), TRUE),
    call("ffi_write_lines", at("signals"), lines$columns, lines$kinds, 2,
         FALSE),
    call("ffi_read_signals", list(path), skipping, NULL, long_wanted(NULL)),
    call("ffi_recorder_open", path, "error", NULL, strict), # is there
    add(),
    call("ffi_recorder_state", recorder),
    call("ffi_recorder_summary", recorder),
    call("ffi_recorder_running", recorder),
    call("ffi_recorder_close", recorder),
    add(),
    made,
    call("ffi_read_state", list(path), skipping, NULL, FALSE, state),
    call("ffi_merge_states", list(state, state), skipping),
    call("ffi_merge_states", list(state, state[-1][-7]), skipping),
    call("ffi_summarise_state", list(state), skipping),
    call("ffi_save_state", at("state"), state, about, skipping),
    call("ffi_load_state", at("state")),
    call("ffi_read_signals", list(path), skipping, NULL,
         long_wanted(c("id", "pred_label", "loss", "probs"))),
    call("ffi_signal_lines", lines$columns, lines$kinds, 2),
    call("ffi_integer64", c(0, 5e-324), TRUE),
    call("ffi_field_names"),
    call("ffi_features"),
    call("ffi_column_names"),
    call("ffi_write_text", c("a", "\u00e9"), at("text")),
    readLines(at("text"), encoding = "UTF-8"),
    readLines(at("new")),
    call("ffi_state_version"),
    call("ffi_writer_open", at("absent/written")),
    call("ffi_writer_add", writer, bytes),
    is.character(call("ffi_writer_place", writer)),
    call("ffi_writer_close", writer, TRUE),
    identical(readBin(at("written"), "raw", 1e6), bytes),
    call("ffi_is_ascii", c("a", NA, "\u00e9")),
    call("ffi_whole_numbers", c("-3", "9007199254740992")),
    call("ffi_whole_numbers", call("ffi_read_summary", at("result"), TRUE)$id)
  )
}

# The same with a garbage collection at every allocation, in an R of its own: a
# collection takes as long as there is much in memory.
call_entries_tortured <- function() {
  result <- tempfile()
  on.exit(unlink(result))
  helpers <- list.files(test_path(), "^helper.*[.]R$", full.names = TRUE)
  child <- run_child(
    c(
      "library(testthat)",
      "env <- new.env(parent = asNamespace(\"datacarto\"))",
      "for (file in args[-1]) sys.source(file, env)",
      "saveRDS(env$call_entries(env$call_tortured), args[[1]])"
    ),
    result, normalizePath(helpers)
  )
  if (child$status != 0) stop(paste(child$said, collapse = "\n"))
  readRDS(result)
}

call_tortured <- function(entry, ...) {
  args <- list(get(entry, asNamespace("datacarto")), ...)
  on.exit(gctorture2(0))
  gctorture2(1)
  do.call(.Call, args)
}
