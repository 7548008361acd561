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
      "xdynamics_epoch_1.jsonl", "dynamics_epoch_1.txt",
      "dynamics_epoch_1.jsonlines"),
    ids = c("ten", "nine", "hundred", "zero", rep("other", 6))
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

# A file of one line, compressed as its name says.
write_packed <- function(folder, name, id) {
  open <- switch(sub(".*[.]", "", name), gz = gzfile, bz2 = bzfile, xz = xzfile,
                 file)
  con <- open(file.path(folder, name), "wb")
  writeLines(signal_line(dQuote(id, FALSE)), con)
  close(con)
}

test_that("epochs come in the order of N, however they are compressed", {
  skip_if_long()
  skip_if_sanitized("the order is R's, and other tests read such files")
  packings <- list(
    rep(".jsonl.gz", 12), rep(".jsonl.bz2", 12), rep(".jsonl.xz", 12),
    rep(c(".jsonl", ".jsonl.xz", ".jsonl.gz", ".jsonl.bz2"), 3)
  )
  for (endings in packings) {
    folder <- signal_folder(character())
    for (n in 0:11) {
      name <- paste0("dynamics_epoch_", n, endings[[n + 1]])
      write_packed(folder, name, paste0("e", n))
    }
    in_order <- paste0("e", 0:11)
    expect_identical(read_order(folder), in_order)
    # as paths in any order, and among others
    paths <- list.files(folder, full.names = TRUE)
    expect_identical(read_order(paths), in_order)
    expect_identical(read_order(rev(paths)), in_order)
    write_packed(folder, "b.jsonl.bz2", "b")
    expect_identical(read_order(folder), in_order)
    b <- file.path(folder, "b.jsonl.bz2")
    expect_identical(
      read_order(c(paths[12], b, paths[-12])), append(in_order, "b", 1)
    )
  }
})

test_that("paths of epochs are put in the order of N whatever their ending", {
  ids <- c("two", "ten", "three", "one")
  names <- paste0("dynamics_epoch_", c("2.json", "10.txt", "3", "1.log.txt"))
  folder <- signal_folder(names, ids = ids)
  paths <- file.path(folder, names)
  expect_identical(read_order(paths), c("one", "two", "three", "ten"))
})

test_that("what looks like an epoch and can't be read is named", {
  skip_on_cran()
  odd <- c(".br", ".7z", ".tar.gz", ".zip", ".lz4", ".GZ", ".tmp", "~")
  for (ending in odd) {
    folder <- signal_folder(c(
      "dynamics_epoch_0.jsonl", paste0("dynamics_epoch_12.jsonl", ending),
      paste0("dynamics_epoch_3.jsonl", ending), "x.jsonl", "x.jsonl.br"
    ))
    error <- source_error(folder, "input")
    expect_identical(error$path, folder)
    expect_identical(
      error$files, paste0("dynamics_epoch_", c(3, 12), ".jsonl", ending)
    )
    expect_match(conditionMessage(error), error$files[[1]], fixed = TRUE)
    # also where no epoch can be read
    file.remove(file.path(folder, "dynamics_epoch_0.jsonl"))
    expect_identical(source_error(folder, "input")$files, error$files)
  }
  # these are read where all are so called, and beside others an epoch is lost
  folder <- signal_folder(
    paste0("dynamics_epoch_", c(10, 9), ".json"), ids = c("ten", "nine")
  )
  expect_identical(read_order(folder), c("nine", "ten"))
  write_packed(folder, "dynamics_epoch_11.jsonl.xz", "eleven")
  error <- source_error(folder, "input")
  expect_identical(error$files, paste0("dynamics_epoch_", 9:10, ".json"))
})

test_that("a file and its compressed copy are named", {
  skip_on_cran()
  for (ending in names(compressions)) {
    for (name in c("run1.jsonl", "run1.json", "dynamics_epoch_1.jsonl")) {
      folder <- signal_folder(c("a.jsonl", name, "run2.jsonl"))
      write_packed(folder, paste0(name, ".", ending), "copy")
      error <- source_error(folder, "input")
      expect_identical(error$path, folder)
      expect_identical(error$files, paste0(name, c("", paste0(".", ending))))
      for (copy in error$files) {
        expect_match(conditionMessage(error), copy, fixed = TRUE)
      }
      # given by name they are what the user wants
      paths <- file.path(folder, error$files)
      expect_identical(datamap_summarise(rev(paths))$id, c("copy", "2"))
    }
  }
  folder <- signal_folder(character())
  write_packed(folder, "a.json.xz", "a")
  write_packed(folder, "a.json.gz", "a")
  expect_identical(
    source_error(folder, "input")$files, c("a.json.gz", "a.json.xz")
  )
  # names that differ otherwise are two files
  folder <- signal_folder(c("a.json", "a.jsonl"), ids = c("a", "b"))
  expect_identical(read_order(folder), c("a", "b"))
})

test_that("archives are named as what they are", {
  skip_if(!nzchar(Sys.which("tar")), "tar is missing")
  folder <- signal_folder(c("a.jsonl", "b.jsonl"))
  plain <- file.path(folder, "signals.tar")
  system2("tar", c("-C", shQuote(folder), "-cf", shQuote(plain), "a.jsonl"))
  bytes <- readBin(plain, "raw", 1e6)
  for (open in list(file, gzfile, bzfile, xzfile)) {
    archive <- file.path(folder, "signals.tar.gz")
    con <- open(archive, "wb")
    writeBin(bytes, con)
    close(con)
    for (on_error in c("stop", "skip")) {
      error <- source_error(archive, "io", on_error = on_error)
      expect_identical(error$path, archive)
      expect_match(error$found, "tar archive", fixed = TRUE)
      expect_match(conditionMessage(error), "Unpack it first", fixed = TRUE)
    }
  }
  heads <- list(
    zip = c(charToRaw("PK"), as.raw(c(3, 4))),
    "7z" = c(charToRaw("7z"), as.raw(c(0xbc, 0xaf, 0x27, 0x1c))),
    lz4 = as.raw(c(0x04, 0x22, 0x4d, 0x18)), lzma = as.raw(c(0x5d, 0, 0)),
    compress = as.raw(c(0x1f, 0x9d))
  )
  for (kind in names(heads)) {
    error <- source_error(c(heads[[kind]], as.raw(rep(1, 300))), "io")
    expect_match(error$found, kind, fixed = TRUE)
  }
})

test_that("a file without first bytes of its own is told by its name", {
  path <- file.path(signal_folder("a.jsonl.br"), "a.jsonl.br")
  error <- source_error(path, "io")
  expect_identical(error$path, path)
  expect_match(error$found, "brotli compression", fixed = TRUE)
  expect_match(conditionMessage(error), "Decompress it first", fixed = TRUE)
  expect_error(datamap_read_summary(path), class = "datamap_error_io")
  expect_error(
    datamap_write_signals(small_frame(), path), class = "datamap_error_io"
  )
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
  expect_identical(
    attr(map, "sources"), datamap_example("spam_signals.jsonl.gz")
  )
  attr(map, "sources") <- paths
  # CRAN allows two
  counts <- if (identical(Sys.getenv("NOT_CRAN"), "true")) 1:4 else 1:2
  for (threads in counts) {
    expect_identical(datamap_summarise(paths, threads = threads), map)
  }
  bytes <- readBin(paths[[6]], "raw", 1e6)
  writeBin(bytes[seq_len(length(bytes) - 9)], paths[[6]])
  for (threads in counts) {
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
  if (datamap_features()[["zstd"]]) {
    for (name in c("e.zst", "f.jsonl")) {
      bytes <- zstd_bytes(text_bytes(lines))
      expect_same_map(datamap_summarise(bytes), map)
      path <- write_raw(bytes, name, folder)
      expect_same_map(datamap_summarise(path), map)
      expect_same_map(datamap_summarise(file(path)), map)
      expect_identical(datamap_read_signals(path)$id, 1:3)
    }
  }
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
  skip_if_long()
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
  skip_on_cran()
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
  folder <- signal_folder(c("a.txt", "c.jsonl.br"))
  error <- source_error(folder, "input")
  expect_identical(error$files, "c.jsonl.br")
  expect_match(conditionMessage(error), "c.jsonl.br", fixed = TRUE)
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
  expect_warning(
    map <- datamap_summarise(I(character())), class = "datamap_warning_empty"
  )
  expect_identical(nrow(map), 0L)
})

test_that("each kind of source does what it can", {
  path <- tempfile(fileext = ".jsonl")
  line <- "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}"
  writeLines(line, path)
  frame <- data.frame(id = 1, label = 0, correct = TRUE, label_probs = 0.5)
  con <- file(path)
  kinds <- list(
    lines = list(
      path, structure(path, class = c("fs_path", "character")),
      structure(path, class = "odd"), con, charToRaw(line), I(line),
      I(charToRaw(line)), structure(charToRaw(line), class = "odd")
    ),
    columns = list(
      frame, I(frame),
      structure(frame, class = c("tbl_df", "tbl", "data.frame"))
    ),
    summary = list(datamap_state(I(line)))
  )
  able <- function(x) {
    source <- signal_source(x, "x", NULL)
    names(source)[!vapply(source, is.null, NA)]
  }
  for (x in kinds$lines) {
    expect_identical(able(x), "lines")
    expect_identical(nrow(datamap_read_signals(x)), 1L)
  }
  for (x in kinds$columns) {
    expect_identical(able(x), c("columns", "frame", "levels"))
    expect_identical(nrow(datamap_summarise(x)), 1L)
  }
  expect_identical(able(kinds$summary[[1]]), c("summary", "probs"))
  expect_identical(
    able(datamap_recorder()), c("lines", "summary", "state", "probs")
  )
  for (x in list(NULL, 1, list(path), factor(path), mean, NA, Sys.Date())) {
    error <- expect_error(able(x), class = "datamap_error_input")
    expect_match(conditionMessage(error), "paths, a connection", fixed = TRUE)
  }
  unlink(path)
})

test_that("a new kind of source is one method, for all readers", {
  lines <- paste0(
    "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5, ",
    "\"step\": ", 1:2, "}"
  )
  registerS3method(
    "signal_source", "datamap_kind_of_a_test",
    function(x, arg, call) signal_source(I(x$lines), arg, call),
    envir = asNamespace("datacarto")
  )
  x <- structure(list(lines = lines[[2]]), class = "datamap_kind_of_a_test")
  expect_identical(datamap_summarise(x)$evaluations, 1L)
  expect_identical(datamap_read_signals(x)$step, 2)
  expect_identical(datamap_state(x)$line_counts[["good"]], 1)
  state <- datamap_update(datamap_state(I(lines[[1]])), x)
  expect_identical(datamap_summarise(state)$evaluations, 2L)
})

test_that("a state goes on with the file of a recorder", {
  file <- tempfile(fileext = ".jsonl")
  rec <- datamap_recorder(file)
  datamap_record(rec, 1:2, 0:1, correct = c(TRUE, TRUE), label_probs = 1:0)
  state <- datamap_update(datamap_state(file), rec)
  close(rec)
  expect_identical(state, datamap_update(datamap_state(file), file))
  expect_identical(datamap_summarise(state)$evaluations, c(2L, 2L))
  unlink(file)
  error <- expect_error(
    datamap_update(state, datamap_recorder()), class = "datamap_error_input"
  )
  expect_identical(error$instead, "datamap_recorder")
})

test_that("an array is told what makes signals of it, in words", {
  error <- expect_error(
    datamap_summarise(array(0.5, c(2, 2, 2))),
    class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "text in `I()`", fixed = TRUE)
  expect_identical(error$instead, "datamap_stages")
})
