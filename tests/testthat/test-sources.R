test_that("files of a folder are read in natural order", {
  folder <- signal_folder(
    c("part10.jsonl", "part2.jsonl", "part1.json", "a03.ndjson", "a3b.json",
      "b1x20.jsonl", "b1x3.jsonl", "part02.jsonl"),
    ids = c("part10", "part2", "part1", "a03", "a3b", "b1x20", "b1x3", "part02")
  )
  order <- read_order(folder)
  expect_setequal(order, c(
    "part10", "part2", "part1", "a03", "a3b", "b1x20", "b1x3", "part02"
  ))
  at <- function(x) match(x, order)
  expect_lt(at("part1"), at("part2"))
  expect_lt(at("part2"), at("part10"))
  expect_lt(at("part02"), at("part10"))
  expect_lt(at("b1x3"), at("b1x20"))
  expect_lt(at("a3b"), at("b1x3"))
  expect_lt(at("b1x20"), at("part1"))
  # with and without a slash behind it
  expect_identical(read_order(paste0(folder, "/")), order)
})

test_that("files of epochs stand alone and are read in the order of N", {
  folder <- signal_folder(
    c(paste0("dynamics_epoch_", c(10, 9, 100, 0), ".jsonl"), "other.jsonl",
      "dynamics_epoch_x.jsonl", "dynamics_epoch_.jsonl",
      "xdynamics_epoch_1.jsonl", "dynamics_epoch_1.json"),
    ids = c("ten", "nine", "hundred", "zero", rep("other", 5))
  )
  expect_identical(read_order(folder), c("zero", "nine", "ten", "hundred"))
})

test_that("other files and subfolders are left out", {
  folder <- signal_folder(
    c("a.jsonl", "b.txt", "c.jsonl.bak", "jsonl", "d.csv", "sub/e.jsonl",
      "f.JSON.txt"),
    ids = letters[1:7]
  )
  dir.create(file.path(folder, "g.jsonl"))
  expect_identical(read_order(folder), "a")
  dir.create(file.path(folder, "dynamics_epoch_1.jsonl"))
  expect_identical(read_order(folder), "a")
})

test_that("compressed files count in a folder", {
  folder <- signal_folder(c("b.jsonl", "plain.json.gz"))
  con <- gzfile(file.path(folder, "a.jsonl.gz"), "wb")
  writeLines(signal_line("\"zip\""), con)
  close(con)
  expect_identical(read_order(folder), c("zip", "1", "2"))
  con <- gzfile(file.path(folder, "dynamics_epoch_3.jsonl.gz"), "wb")
  writeLines(signal_line("\"epoch\""), con)
  close(con)
  expect_identical(read_order(folder), "epoch")
})

test_that("compressed files side by side are read in their order", {
  lines <- readLines(datamap_example("spam_signals.jsonl.gz"))
  part <- cut(seq_along(lines), 7, labels = FALSE)
  names <- paste0("part-", 1:7, ".gz")
  paths <- file.path(signal_folder(names), names)
  for (i in 1:7) {
    con <- if (i == 4) file(paths[[i]], "wb") else gzfile(paths[[i]], "wb")
    writeLines(lines[part == i], con)
    close(con)
  }
  map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
  for (threads in 1:4) {
    expect_identical(datamap_summarise(paths, threads = threads), map)
  }
  bytes <- readBin(paths[[6]], "raw", 1e6)
  writeBin(bytes[seq_len(length(bytes) - 9)], paths[[6]])
  for (threads in 1:4) {
    error <- expect_error(
      datamap_summarise(paths, threads = threads),
      class = "datamap_error_io"
    )
    expect_identical(basename(error$path), "part-6.gz")
    expect_match(conditionMessage(error), "gzip", fixed = TRUE)
  }
})

test_that("paths are read in the order given, files of epochs in that of N", {
  folder <- signal_folder(
    c("b.jsonl", "a.jsonl", "dynamics_epoch_2.jsonl",
      "dynamics_epoch_10.jsonl"),
    ids = c("b", "a", "two", "ten")
  )
  paths <- file.path(folder, c("b.jsonl", "a.jsonl"))
  expect_identical(read_order(paths), c("b", "a"))
  expect_identical(read_order(rev(paths)), c("a", "b"))
  expect_identical(read_order(rep(paths, 3)), c("b", "a"))
  epochs <- file.path(folder, paste0("dynamics_epoch_", c(10, 2), ".jsonl"))
  expect_identical(read_order(epochs), c("two", "ten"))
  expect_identical(
    read_order(c(epochs[[1]], paths[[1]], epochs[[2]])), c("two", "b", "ten")
  )
})

test_that("folders may stand among the paths", {
  one <- signal_folder(c("x2.jsonl", "x10.jsonl"), ids = c("x2", "x10"))
  two <- signal_folder("y.jsonl", ids = "y")
  expect_identical(
    read_order(c(file.path(two, "y.jsonl"), one)), c("y", "x2", "x10")
  )
  expect_identical(read_order(c(one, two)), c("x2", "x10", "y"))
})

test_that("however the lines are cut into files, the map is the same", {
  signals <- random_signals(n = 60, times = 5, classes = 3, ids = "huge")
  lines <- signal_lines(signals, c(
    id = "id", label = "label", correct = "correct", probs = "probs",
    label_probs = "label_probs", step = "epoch", loss = "loss"
  ))
  whole <- datamap_summarise(write_signals(lines), signals = "loss")
  for (n in c(2, 7, 40)) {
    pieces <- split(lines, sort(rep_len(seq_len(n), length(lines))))
    paths <- vapply(pieces, write_signals, "", envir = environment())
    map <- datamap_summarise(unname(paths), signals = "loss")
    expect_same_map(map, whole)
  }
  expect_same_map(datamap_summarise(I(lines), signals = "loss"), whole)
  bytes <- charToRaw(paste(lines, collapse = "\n"))
  expect_same_map(datamap_summarise(bytes, signals = "loss"), whole)
  windows <- charToRaw(paste0("\ufeff", paste(lines, collapse = "\r\n")))
  expect_same_map(datamap_summarise(windows, signals = "loss"), whole)
})

test_that("connections of every kind are read to their end", {
  lines <- c(signal_line("\"\u00fc\""), signal_line(2), signal_line(2))
  path <- write_signals(lines)
  map <- datamap_summarise(path)
  before <- nrow(showConnections())
  kinds <- list(
    function() file(path), function() gzfile(path),
    function() file(path, "rb"), function() gzcon(file(path, "rb")),
    function() rawConnection(readBin(path, "raw", 1e4)),
    function() textConnection(lines, encoding = "UTF-8")
  )
  if (l10n_info()[["UTF-8"]]) { # else R itself loses the letter on its way
    kinds <- c(kinds, function() file(path, "r", encoding = "UTF-8"))
  }
  for (open in kinds) {
    con <- open()
    was_open <- isOpen(con)
    expect_same_map(datamap_summarise(con), map)
    if (was_open) close(con) # others are closed already
  }
  expect_identical(nrow(showConnections()), before)
})

test_that("an open connection goes on where it stands", {
  path <- write_signals(c("no signals here", signal_line(1)))
  con <- file(path, "r")
  on.exit(close(con))
  readLines(con, 1)
  expect_identical(datamap_summarise(con)$id, 1L)
  expect_true(isOpen(con))
})

test_that("compressed files are known by their content or name", {
  lines <- signal_line(1:3)
  plain <- write_signals(lines)
  map <- datamap_summarise(plain)
  folder <- dirname(plain)
  openers <- list(
    a.gz = gzfile, b.jsonl = gzfile, c.bz2 = bzfile, d.xz = xzfile
  )
  for (name in names(openers)) {
    con <- openers[[name]](file.path(folder, name), "wb")
    writeLines(lines, con)
    close(con)
    expect_same_map(datamap_summarise(file.path(folder, name)), map)
  }
  file.rename(plain, file.path(folder, "plain.gz"))
  expect_same_map(datamap_summarise(file.path(folder, "plain.gz")), map)
})

test_that("no connection stays open behind a bad line", {
  folder <- dirname(write_signals(""))
  path <- file.path(folder, "bad.jsonl.bz2")
  con <- bzfile(path, "wb")
  writeLines(c(signal_line(1), "{", rep(signal_line(1), 9000)), con)
  close(con)
  before <- nrow(showConnections())
  for (paths in list(path, c(path, path), c(path, "missing"))) {
    error <- expect_error(
      datamap_summarise(paths),
      class = "datamap_error_syntax"
    )
    expect_identical(error$path, path)
    expect_identical(nrow(showConnections()), before)
  }
  expect_error(datamap_summarise(file(path)), class = "datamap_error_syntax")
  expect_identical(nrow(showConnections()), before)
})

test_that("what R can't decompress is an error that names the file", {
  folder <- dirname(write_signals(""))
  path <- file.path(folder, "cut.xz")
  con <- xzfile(path, "wb")
  writeLines(paste(signal_line(1:5000), stats::runif(5000)), con)
  close(con)
  bytes <- readBin(path, "raw", 1e7)
  writeBin(bytes[seq_len(length(bytes) / 2)], path)
  error <- expect_error(
    datamap_summarise(path, on_error = "skip"),
    class = "datamap_error_io"
  )
  expect_identical(error$path, path)
})

test_that("a connection that fails is an error with its name", {
  path <- write_signals(signal_line(1))
  n_open <- nrow(showConnections())
  absent <- file(file.path(dirname(path), "absent"))
  error <- source_error(absent, "io")
  expect_identical(error$path, summary(absent)$description)
  expect_match(conditionMessage(error), "No such file")
  close(absent)
  only_written <- file(file.path(dirname(path), "new"), "wb")
  expect_match(conditionMessage(source_error(only_written, "io")), "read from")
  close(only_written)
  expect_match(conditionMessage(source_error(only_written, "io")), "nvalid")
  expect_identical(nrow(showConnections()), n_open)
})

test_that("a program that fails has not said all", {
  skip_on_os("windows")
  path <- write_signals(signal_line(1:3))
  n_open <- nrow(showConnections())
  expect_identical(
    datamap_summarise(pipe(paste("cat", shQuote(path))))$id, 1:3
  )
  for (command in c("head -n 2 %s; exit 3", "exit 3")) {
    for (on_error in c("stop", "skip")) {
      command <- sub("%s", shQuote(path), command, fixed = TRUE)
      error <- source_error(pipe(command), "io", on_error = on_error)
      expect_identical(error$path, command)
      expect_match(conditionMessage(error), "status 3", fixed = TRUE)
    }
  }
  expect_identical(nrow(showConnections()), n_open)
})

test_that("a line that R can't give whole is an error", {
  path <- write_raw(c(
    charToRaw(signal_line(1)), as.raw(c(0, 10)), charToRaw(signal_line(2))
  ))
  con <- file(path, "r")
  on.exit(close(con))
  error <- source_error(con, "io")
  expect_match(conditionMessage(error), "nul")
})

test_that("a connection that does not block is waited for", {
  skip_on_os("windows")
  bytes <- charToRaw(paste0(signal_line(1:2), "\n", collapse = ""))
  for (open in c("rb", "r")) {
    server <- free_socket()
    con <- socketConnection(port = server$port, open = open, blocking = FALSE)
    writer <- socketAccept(server$socket, open = "wb")
    job <- parallel::mcparallel({
      for (part in list(bytes[1:50], bytes[-(1:50)])) {
        Sys.sleep(0.3)
        writeBin(part, writer)
      }
      close(writer)
    }, silent = TRUE)
    close(writer)
    if (open == "rb") {
      expect_identical(datamap_summarise(con)$id, 1:2)
    } else {
      # R does not say whether more will come
      error <- source_error(con, "io")
      expect_match(conditionMessage(error), "open = \"rb\"", fixed = TRUE)
    }
    parallel::mccollect(job)
    close(con)
    close(server$socket)
  }
})

test_that("text is read in its encoding, and refused where it has none", {
  line <- "{\"id\": \"\u00e9\", \"label\": 0, \"probs\": [1, 0]}"
  latin <- iconv(line, "UTF-8", "latin1")
  unknown <- line
  Encoding(unknown) <- "unknown"
  broken <- latin
  Encoding(broken) <- "unknown"
  read <- function() {
    for (text in list(line, latin, unknown, c(latin, line))) {
      id <- datamap_summarise(I(text))$id
      expect_identical(charToRaw(id), charToRaw("\u00e9"))
    }
    expect_identical(source_error(I(broken), "syntax")$column, 9L)
  }
  read()
  local_locale("C")
  read()
  error <- source_error(I(c(line, NA)), "input")
  expect_match(conditionMessage(error), "Element 2 is missing", fixed = TRUE)
})

test_that("names of files may be anything", {
  names <- c("a b.jsonl", "{x}.jsonl", "it's.jsonl")
  if (l10n_info()[["UTF-8"]]) {
    names <- c(names, "\u00fc\u65e5.jsonl")
  }
  for (name in names) {
    path <- write_signals(c(signal_line(1), "["), name)
    error <- expect_error(
      datamap_summarise(path),
      class = "datamap_error_syntax"
    )
    expect_identical(error$path, enc2utf8(path))
    expect_match(conditionMessage(error), name, fixed = TRUE)
  }
})

test_that("a line that is cut names its place", {
  path <- write_signals(c(
    signal_line(1), "", substr(signal_line(22), 1, 30), signal_line(3)
  ))
  error <- source_error(path, "syntax")
  expect_identical(error$path, path)
  expect_identical(error$line, 3L)
  expect_identical(error$column, 31L)
  expect_match(conditionMessage(error), "line 3", fixed = TRUE)
  expect_match(conditionMessage(error), basename(path), fixed = TRUE)
})

test_that("columns are counted in characters", {
  error <- source_error(
    I("{\"id\": \"\u65e5\u672c\U0001f600\", \"label\": x}"), "syntax"
  )
  expect_identical(error$column, 24L)
  expect_identical(error$key, "label")
  error <- source_error(
    I(c("", "  {\"id\": 1, \"loss\": \"a\"}")), "field"
  )
  expect_identical(error$column, 21L)
  expect_identical(error$line, 2L)
  expect_identical(error$key, "loss")
})

test_that("a missing id names its place", {
  path <- write_signals(c(signal_line(1), sub("id", "ident", signal_line(2))))
  error <- source_error(path, "field")
  expect_identical(error$path, path)
  expect_identical(error$line, 2L)
  expect_identical(error$key, "id")
})

test_that("a number beyond every double names its place", {
  path <- write_signals(signal_line(1, ", \"loss\": 1e400"))
  error <- source_error(path, "range")
  expect_identical(error$line, 1L)
  expect_identical(error$key, "loss")
})

test_that("of several files, the error names the right one and its line", {
  good <- write_signals(signal_line(1:10), "good.jsonl")
  bad <- write_signals(c(signal_line(1), "{]"), "bad.jsonl")
  error <- source_error(c(good, bad, good), "syntax")
  expect_identical(error$path, bad)
  expect_identical(error$line, 2L)
  error <- source_error(c(good, good, "missing.jsonl"), "io")
  expect_identical(error$path, "missing.jsonl")
  expect_null(error$line)
})

test_that("a missing file is named, with the system's words", {
  missing <- file.path(tempdir(), "no such {file}.jsonl")
  error <- source_error(missing, "io")
  expect_identical(error$path, missing)
  expect_null(error$line)
  expect_null(error$column)
  expect_null(error$key)
  expect_match(conditionMessage(error), "no such {file}.jsonl", fixed = TRUE)
  expect_error(datamap_summarise(file.path(missing, "deeper")),
    class = "datamap_error_io"
  )
  for (name in c("missing.bz2", "missing.gz")) {
    error <- source_error(file.path(tempdir(), name), "io")
    expect_identical(basename(error$path), name)
  }
})

test_that("a path that is too long is an error without warnings", {
  path <- paste(c(tempdir(), rep(strrep("d", 200), 25)), collapse = "/")
  expect_no_warning(error <- source_error(path, "io"))
  expect_identical(error$path, path)
})

test_that("a folder without signals is named", {
  folder <- signal_folder(c("a.txt", "sub/b.jsonl"))
  error <- source_error(folder, "input")
  expect_identical(error$path, folder)
  expect_null(error$line)
  # also among files
  good <- write_signals(signal_line(1))
  error <- source_error(c(good, folder), "input")
  expect_identical(error$path, folder)
})

test_that("what is no source is refused", {
  for (x in list(character(), NA_character_, "", c("a", NA), 1, NULL, TRUE,
                 list("a"), mean)) {
    error <- source_error(x, "input")
    expect_identical(error$key, "x")
  }
})

test_that("every family of errors says what and where", {
  local_reproducible_output(unicode = FALSE)
  # not the error itself: each version of the test package heads it otherwise
  show_error <- function(x, ...) {
    error <- tryCatch(datamap_summarise(x, ...), datamap_error = identity)
    text <- gsub("'[^']*/([^/']*)'", "'\\1'", conditionMessage(error))
    cat(class(error)[[1]], text, sep = "\n")
  }
  cut <- write_signals(c(signal_line(1), "{\"id\": 2, \"lab"), "cut.jsonl")
  no_id <- write_signals("{\"label\": 1, \"probs\": [1, 0]}", "no-id.jsonl")
  typed <- write_signals(signal_line(1, ", \"loss\": \"{x}\""), "typed.jsonl")
  range <- write_signals(sub("0,", "7,", signal_line(1)), "range.jsonl")
  long <- write_signals(signal_line(1), "long.jsonl")
  back <- write_signals(
    c(signal_line(1, ", \"step\": 2"), signal_line(1, ", \"step\": 1.5")),
    "back.jsonl"
  )
  folder <- signal_folder("a.txt")
  file.rename(folder, empty <- file.path(dirname(folder), "empty-folder"))
  on.exit(unlink(empty, recursive = TRUE))
  missing <- file.path(tempdir(), "missing.jsonl")
  frame <- data.frame(id = 1, label = 3, probs_0 = 0.5, probs_1 = 0.5)
  expect_snapshot(show_error(cut))
  expect_snapshot(show_error(no_id))
  expect_snapshot(show_error(typed))
  expect_snapshot(show_error(range))
  expect_snapshot(show_error(long, max_line = 20))
  expect_snapshot(show_error(back))
  expect_snapshot(show_error(empty))
  expect_snapshot(show_error(missing))
  expect_snapshot(show_error(frame))
  expect_snapshot(show_error(character()))
})

test_that("no line of text is an empty source", {
  expect_identical(nrow(datamap_summarise(I(character()))), 0L)
})
