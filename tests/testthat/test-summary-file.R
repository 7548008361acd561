# A new file of R's temporary folder, with this text in it or absent.
new_file <- function(text = NULL) {
  file <- tempfile(fileext = ".result")
  if (!is.null(text)) {
    writeBin(charToRaw(text), file)
  }
  file
}

small_map <- function(...) {
  columns <- list(
    id = 1:3, correct_ratio = c(1, 0.5, 0), avg_probs = c(0.9, 0.5, 0.1),
    label_var = c(0, 0.04, 0.01)
  )
  as_datamap(as.data.frame(c(columns, list(...))))
}

random_map <- function(n, id) {
  # any bits, but for NaN, which differ in nothing that R can see
  doubles <- function() {
    x <- readBin(as.raw(sample(0:255, 8 * n, TRUE)), "double", n)
    ifelse(is.nan(x), 0.5, x)
  }
  counts <- function() sample(c(0:9, NA, .Machine$integer.max), n, TRUE)
  new_datamap(list(
    id = id, label = sample(c("NA", "\"q\"", "caf\u00e9", "a b", "'"), n, TRUE),
    s_label = sample(0:2, n, TRUE), correct_times = counts(),
    correct_ratio = rep(c(0, 1), length.out = n),
    avg_probs = ifelse(seq_len(n) %% 7 == 0, NaN, doubles()),
    label_var = abs(doubles()),
    max_label_probs = ifelse(seq_len(n) %% 5 == 0, NA, doubles()),
    min_label_probs = doubles(), forgetting_times = counts(),
    learnt_times = counts(), first_forget = counts(), first_learn = counts(),
    evaluations = rep(8L, n), loss_mean = doubles(), loss_max = rep(2, n),
    note = sample(c("x", "\U0001F600", NA, ""), n, TRUE)
  ))
}

test_that("what is written reads back identical", {
  ids <- list(
    integer = sample(1e6, 500),
    big = 4734364254410 + sample(1e6, 500),
    exact = paste0("90071992547409930", 1:500),
    string = paste0("id \"", 1:500, "' \u4e2d"),
    na = c("NA", "", as.character(1:498))
  )
  file <- new_file()
  for (id in ids) {
    map <- random_map(500, id)
    expect_invisible(datamap_write_summary(map, file))
    expect_identical(datamap_read_summary(file), map)
  }
})

test_that("a map without rows reads back", {
  file <- new_file()
  datamap_write_summary(small_map(label = "a")[0, ], file)
  map <- datamap_read_summary(file)
  expect_s3_class(map, "datamap")
  expect_equal(dim(map), c(0, 5))
})

test_that("the file is as described, in its order of columns", {
  map <- small_map(
    extra = c(TRUE, NA, FALSE), evaluations = 2L,
    label = factor(c("b", "a", "b"))
  )
  file <- new_file()
  datamap_write_summary(map, file)
  expect_identical(
    readChar(file, 1000, useBytes = TRUE),
    paste0(
      "id\tlabel\tcorrect_ratio\tavg_probs\tlabel_var\tevaluations\textra\n",
      "1\tb\t1\t0.9\t0\t2\tTRUE\n2\ta\t0.5\t0.5\t0.04\t2\tNA\n",
      "3\tb\t0\t0.1\t0.01\t2\tFALSE\n"
    )
  )
  back <- datamap_read_summary(file)
  expect_identical(back$label, c("b", "a", "b"))
  expect_identical(back$extra, c(TRUE, NA, FALSE))
})

test_that("a summary of the original is read", {
  file <- test_path("fixtures", "original.result")
  map <- datamap_read_summary(file)
  expect_s3_class(map, "datamap")
  expect_identical(
    vapply(map, typeof, ""),
    c(
      id = "integer", label = "integer", s_label = "integer",
      correct_times = "integer", correct_ratio = "double",
      avg_probs = "double", label_var = "double", max_label_probs = "double",
      min_label_probs = "double", forgetting_times = "integer",
      learnt_times = "integer", first_forget = "integer",
      first_learn = "integer", pred_label = "character",
      pred_dist = "character"
    )
  )
  expect_identical(nrow(map), 24L)
  expect_identical(map$avg_probs[[1]], 0.8432648103854323)
  expect_identical(
    map$pred_dist[[2]], "{'0': 0, '1': 1, '2': 7, '3': 0, '4': 0}"
  )
  copy <- new_file()
  datamap_write_summary(map, copy)
  expect_identical(datamap_read_summary(copy), map)
})

test_that("Python's csv module reads the same", {
  python <- Sys.which("python3")
  skip_if(!nzchar(python), "python3 is missing")
  map <- random_map(200, paste0("id \"", 1:200, "' \u4e2d"))
  file <- new_file()
  out <- new_file()
  datamap_write_summary(map, file)
  script <- new_file(paste0(
    "import csv, struct, sys\n",
    "with open(sys.argv[1], encoding='utf-8', newline='') as f, ",
    "open(sys.argv[2], 'wb') as out:\n",
    "  rows = csv.DictReader(f, delimiter='\\t', quoting=csv.QUOTE_NONE)\n",
    "  for row in rows:\n",
    "    out.write(row['id'].encode('utf-8') + b'\\n')\n",
    "    out.write(row['label_var'].encode() + b' ' + ",
    "struct.pack('>d', float(row['label_var'])).hex().encode() + b'\\n')\n"
  ))
  expect_identical(system2(python, shQuote(c(script, file, out))), 0L)
  lines <- readLines(out, encoding = "UTF-8")
  expect_identical(lines[c(TRUE, FALSE)], map$id)
  bits <- vapply(map$label_var, function(x) {
    paste(format(writeBin(x, raw(), endian = "big")), collapse = "")
  }, "")
  expect_identical(sub(".* ", "", lines[c(FALSE, TRUE)]), bits)
})

test_that("gzip, Windows' line ends and a missing last newline are read", {
  map <- small_map(note = c("x", "y", "z"))
  file <- new_file()
  datamap_write_summary(map, file)
  text <- readChar(file, 1000)
  writeBin(charToRaw(paste0("\ufeff", gsub("\n", "\r\n", text))), file)
  expect_identical(datamap_read_summary(file), map)
  writeBin(charToRaw(sub("\n$", "", text)), file)
  expect_identical(datamap_read_summary(file), map)
  con <- gzfile(file, "wb")
  writeBin(charToRaw(text), con)
  close(con)
  expect_identical(datamap_read_summary(file), map)
})

test_that("names of files may be in UTF-8, with spaces and braces", {
  folder <- tempfile("{x} caf\u00e9 ")
  skip_if(!dir.create(folder, showWarnings = FALSE))
  on.exit(unlink(folder, recursive = TRUE))
  file <- file.path(folder, "\u5730\u56fe {y}.result")
  map <- small_map()
  datamap_write_summary(map, file)
  expect_identical(datamap_read_summary(file), map)
  expect_length(list.files(folder, all.files = TRUE, no.. = TRUE), 1)
  unlink(file)
  error <- expect_error(datamap_read_summary(file), class = "datamap_error_io")
  expect_identical(error$path, enc2utf8(file))
})

test_that("broken files are errors that say where", {
  head <- "id\tcorrect_ratio\tavg_probs\tlabel_var\n"
  file <- new_file()
  fails <- function(text, class, line, column, key = NULL) {
    writeBin(charToRaw(text), file)
    error <- expect_error(
      datamap_read_summary(file),
      class = paste0("datamap_error_", class)
    )
    expect_s3_class(error, "datamap_error")
    expect_identical(error$path, file)
    expect_equal(error$line, line)
    expect_equal(error$column, column)
    expect_identical(error$key, key)
  }
  fails("", "syntax", NULL, NULL)
  fails(paste0(head, "1\t1\t0.5\n"), "syntax", 2, 8)
  fails(paste0(head, "1\t1\t0.5\t0\n1\t1\t0.5\t0\t9\n"), "syntax", 3, 11)
  fails(paste0(head, "1\t1\tabc\t0\n"), "field", 2, 5, "avg_probs")
  fails(paste0(head, "1\t1\t1e999\t0\n"), "range", 2, 5, "avg_probs")
  fails("id\tid\n", "field", 1, 4, "id")
  fails("id\tcorrect_ratio\tlabel_var\n", "field", 1, NULL, "avg_probs")
  fails(paste0(head, "a\xff\t1\t1\t0\n"), "syntax", 2, 2)
  fails(paste0(head, "7\t1\t1\t0\n7\t1\t1\t0\n"), "field", NULL, NULL, "id")
})

test_that("messages are sentences that name the place", {
  file <- new_file("id\tcorrect_ratio\tavg_probs\tlabel_var\n1\t{1}\t1\t0\n")
  text <- expect_error(datamap_read_summary(file))
  expect_match(conditionMessage(text), "line 2", fixed = TRUE)
  expect_match(conditionMessage(text), "\"{1}\"", fixed = TRUE)
  expect_match(conditionMessage(text), "correct_ratio", fixed = TRUE)
  map <- small_map(label = c("a", "b\tc", "d"))
  text <- expect_error(datamap_write_summary(map, file))
  expect_match(conditionMessage(text), "Can't write row 2", fixed = TRUE)
  expect_match(conditionMessage(text), "label", fixed = TRUE)
})

test_that("what can't be written leaves the old file as it was", {
  file <- new_file("old")
  fails <- function(map, class, key = NULL, line = NULL) {
    error <- expect_error(
      datamap_write_summary(map, file),
      class = paste0("datamap_error_", class)
    )
    expect_identical(error$key, key)
    expect_equal(error$line, line)
    expect_identical(readChar(file, 100), "old")
    expect_length(Sys.glob(paste0(file, "*")), 1)
  }
  fails(small_map(label = c("a", "b\tc", "d")), "input", "label", 2)
  fails(small_map(note = c("a", "b", "d\n")), "input", "note", 3)
  fails(small_map(label = c("a", NA, "d")), "input", "label", 2)
  fails(small_map(label = c(1, 1.5, 2)), "input", "label", 2)
  list_column <- small_map()
  list_column$history <- list(1, 2, 3)
  fails(list_column, "input", "history")
  expect_error(
    datamap_write_summary(data.frame(id = 1), file),
    class = "datamap_error_input"
  )
})

test_that("columns of one's own come back as they were, or are refused", {
  skip_if_long()
  file <- new_file()
  map_with <- function(column) {
    map <- as_datamap(data.frame(
      id = seq_along(column), correct_ratio = 1, avg_probs = 0.5, label_var = 0
    ))
    map$own <- column
    map
  }
  comes_back <- function(column) {
    datamap_write_summary(map_with(column), file)
    expect_identical(datamap_read_summary(file)$own, column)
  }
  is_refused <- function(column, line = NULL) {
    error <- expect_error(
      datamap_write_summary(map_with(column), file),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "own")
    expect_equal(error$line, line)
  }
  comes_back(c("007", "12"))
  comes_back(c("12e3", "1"))
  comes_back(c("inf", "1", NA))
  comes_back(c("1.50", "1.10"))
  comes_back(strrep("9", 30))
  comes_back("12345678901234567891")
  comes_back(c("TRUE", "1"))
  comes_back(c("", "x"))
  comes_back(c(TRUE, NA))
  comes_back(c(0, -0, NaN, NA, Inf, 1e5, 1e-5, 1e20, 2^53))
  comes_back(c(1, 2))
  is_refused(c("1", "2"))
  is_refused(c("1e5", NA))
  is_refused("1e-05")
  is_refused(c("TRUE", NA, "FALSE"))
  is_refused(c("x", "NA"), 2)
  is_refused(factor(c("a", "b")))
  is_refused(as.Date("2024-02-29"))
  is_refused(as.POSIXct("2024-02-29", tz = "UTC"))
  is_refused(I("x"))
  # 2^53 + 1 is no number of R's, and a smaller one is
  int64 <- function(...) {
    structure(c(...) * 2^-1074, class = "integer64")
  }
  is_refused(structure(
    unclass(int64(2^52))[[1]] * 2 + 2^-1074, class = "integer64"
  ))
  datamap_write_summary(map_with(int64(2, 2^40)), file)
  expect_identical(datamap_read_summary(file)$own, c(2, 2^40))
  # of any type; what is not refused comes back
  texts <- c(
    "NA", "007", "12e3", "1e5", "inf", "Inf", "NaN", "nan", "TRUE", "FALSE",
    "T", "1", "1.0", "1.50", "0.1", "-0", "+1", "1e-05", "", "x", "\u00e9",
    " 1", strrep("9", 30), "\"q\"", "0x10", "1,5", "{", "12345678901234567890",
    "100000000000000000", "-", "1e400", "1.", "1e22", "-1e+05", NA
  )
  numbers <- c(
    0, -0, 1, -1, 0.1, 1e5, 1e-5, 1e22, 2^53, 2^53 + 2, 1e300, 5e-324, 1 / 3,
    123456789012345678, Inf, -Inf, NaN, NA
  )
  make <- list(
    function(n) sample(texts, n, TRUE),
    function(n) sample(numbers, n, TRUE),
    function(n) sample(c(0L, -1L, .Machine$integer.max, NA), n, TRUE),
    function(n) sample(c(TRUE, FALSE, NA), n, TRUE),
    function(n) factor(sample(texts, n, TRUE)),
    function(n) as.Date("2024-02-29") + sample(1e4, n)
  )
  set.seed(12)
  refused <- integer(length(make))
  for (i in seq_len(300)) {
    kind <- (i - 1) %% length(make) + 1
    column <- make[[kind]](sample(4, 1))
    written <- tryCatch(
      is.data.frame(datamap_write_summary(map_with(column), file)),
      datamap_error_input = function(error) {
        expect_identical(error$key, "own")
        FALSE
      }
    )
    refused[[kind]] <- refused[[kind]] + !written
    if (written) {
      is_empty <- all(is.na(column)) && !any(is.nan(column))
      back <- datamap_read_summary(file)$own
      expect_identical(
        back, if (is_empty) rep(NA_integer_, length(column)) else column
      )
    }
  }
  expect_identical(refused[2:4], c(0L, 0L, 0L))
  expect_identical(refused[5:6], c(50L, 50L))
  expect_true(refused[[1]] > 0 && refused[[1]] < 40)
})

test_that("columns of the summary are written as what they are", {
  file <- new_file()
  map <- small_map()
  map$label <- structure(c(1, 2, 3) * 2^-1074, class = "integer64")
  datamap_write_summary(map, file)
  expect_identical(datamap_read_summary(file)$label, 1:3)
  for (name in c("s_label", "correct_times")) {
    map <- small_map()
    map[[name]] <- c("a", "b", "c")
    error <- expect_error(
      datamap_write_summary(map, file), class = "datamap_error_input"
    )
    expect_identical(error$key, name)
  }
})

# The columns of a map whose columns have other names.
alias_text <- function(separator, quote = "") {
  q <- function(x) paste0(quote, x, quote)
  paste0(
    paste(q(c("guid", "confidence", "variability", "correctness",
              "evaluations", "note")), collapse = separator), "\n",
    paste(q("a"), "0.89", "0.5", "5", "10", q("x"), sep = separator), "\n",
    paste(q("b"), "0.92", "0.25", "0", "10", q("y"), sep = separator), "\n"
  )
}

test_that("other names, commas, quotes and JSON Lines are read", {
  expected <- as_datamap(data.frame(
    guid = c("a", "b"), confidence = c(0.89, 0.92), variability = c(0.5, 0.25),
    correctness = c(5L, 0L), evaluations = c(10L, 10L), note = c("x", "y")
  ))
  json <- paste0(
    "{\"guid\": \"", c("a", "b"), "\", \"confidence\": ", c(0.89, 0.92),
    ", \"variability\": ", c(0.5, 0.25), ", \"correctness\": ", c(5, 0),
    ", \"evaluations\": 10, \"note\": \"", c("x", "y"), "\"}\n",
    collapse = ""
  )
  texts <- c(
    alias_text("\t"), alias_text(","), alias_text("\t", "\""),
    alias_text(",", "\""), json, gsub("\n", "\r\n", json)
  )
  for (text in texts) {
    file <- new_file(text)
    expect_identical(datamap_read_summary(file), expected)
    for (open in list(gzfile, bzfile, xzfile)) {
      con <- open(file, "wb")
      writeBin(charToRaw(text), con)
      close(con)
      expect_identical(datamap_read_summary(file), expected)
    }
  }
  # what R itself writes
  frame <- as.data.frame(expected)
  frame$note <- c("say \"x\", twice", "007")
  for (separator in c(",", "\t")) {
    utils::write.table(frame, file,
      sep = separator, row.names = FALSE, qmethod = "double"
    )
    expect_identical(as.data.frame(datamap_read_summary(file)), frame)
  }
  # beside its counterpart a name is one of the user's own
  file <- new_file(paste0(
    "id\tguid\tconfidence\tavg_probs\tcorrect_ratio\tlabel_var\n",
    "1\tx\thigh\t0.5\t1\t0\n"
  ))
  map <- datamap_read_summary(file)
  expect_identical(map$id, 1L)
  expect_identical(map$guid, "x")
  expect_identical(map$confidence, "high")
  # ids are typed as ever
  ids <- function(...) {
    datamap_read_summary(new_file(paste0(
      "{\"id\": ", c(...), ", \"correct_ratio\": 1, \"avg_probs\": 1, ",
      "\"label_var\": 0}\n", collapse = ""
    )))$id
  }
  expect_identical(ids(2, 1), c(2L, 1L))
  expect_identical(ids("4734364254410"), 4734364254410)
  expect_identical(ids("1", "\"b\""), c("1", "b"))
  expect_identical(ids("9007199254740993"), "9007199254740993")
})

test_that("errors name the columns as they stand in the file", {
  fails <- function(text, class, key, line = NULL) {
    file <- new_file(text)
    error <- expect_error(
      datamap_read_summary(file), class = paste0("datamap_error_", class)
    )
    expect_identical(error$key, key)
    expect_equal(error$line, line)
    expect_match(conditionMessage(error), key, fixed = TRUE)
    error
  }
  text <- alias_text("\t")
  error <- fails(sub("\tevaluations", "\tindex", text), "field",
                 "correct_ratio", 1)
  expect_match(conditionMessage(error), "guid, confidence", fixed = TRUE)
  expect_match(conditionMessage(error), "how often", fixed = TRUE)
  fails(sub("0.89", "high", text), "field", "confidence", 2)
  fails(sub("\nb", "\na", text), "field", "guid")
  fails(sub("\t5\t", "\t-5\t", text), "range", "correctness", 1)
  fails(sub("0.25", "-1", text), "range", "variability", 2)
  fails("{\"guid\": null, \"confidence\": 1}\n", "field", "correct_ratio", 1)
  fails(paste0(
    "{\"guid\": 1, \"confidence\": 1, \"correct_ratio\": 1, ",
    "\"variability\": 0}\n{\"guid\": null}\n"
  ), "field", "guid")
  fails("{\"guid\": 1, \"probs\": [0.5, 0.5]}\n", "field", "probs", 1)
  fails("{\"id\": 1, \"a\\u0000\": 1}\n", "field", "a\\x00", 1)
  long <- strrep("k", 10001)
  error <- expect_error(
    datamap_read_summary(new_file(paste0("id\t", long, "\n"))),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 1L)
  expect_identical(error$column, 4L)
})

test_that("a file that can't be written is an error with the system's reason", {
  fails <- function(file) {
    error <- expect_error(
      datamap_write_summary(small_map(), file),
      class = "datamap_error_io"
    )
    expect_identical(error$path, file)
  }
  fails(tempdir())
  fails(file.path(tempdir(), "absent", "file"))
  skip_if(!file.exists("/dev/full"), "there is no /dev/full")
  fails("/dev/full")
})

test_that("whatever is written is compressed as its name says", {
  signals <- data.frame(
    id = rep(1:200, 2), label = 0:1, label_probs = (1:400) / 400,
    correct = (1:400) > 200, step = rep(1:2, each = 200)
  )
  map <- datamap_summarise(signals)
  state <- datamap_state(signals)
  table <- data.frame(id = 1:200, text = "a text, with a comma")
  doors <- list(
    list(
      ending = ".tsv", write = function(file) datamap_write_summary(map, file),
      read = datamap_read_summary
    ),
    list(
      ending = ".jsonl",
      write = function(file) datamap_write_signals(signals, file),
      read = datamap_read_signals
    ),
    list(
      ending = ".state", write = function(file) datamap_save_state(state, file),
      read = datamap_load_state
    ),
    list(
      ending = ".csv", read = utils::read.csv,
      write = function(file) datamap_write_selection(map, table, file)
    )
  )
  compressions <- list(.gz = as.raw(c(0x1f, 0x8b)))
  if (datamap_features()[["zstd"]]) {
    compressions$.zst <- as.raw(c(0x28, 0xb5))
  }
  for (door in doors) {
    plain <- tempfile(fileext = door$ending)
    door$write(plain)
    want <- door$read(plain)
    for (ending in names(compressions)) {
      file <- paste0(plain, ending)
      door$write(file)
      expect_identical(readBin(file, "raw", 2), compressions[[ending]])
      expect_lt(file.size(file), file.size(plain))
      is_readable <- door$ending != ".csv" || ending == ".gz"
      if (is_readable) {
        expect_equal(door$read(file), want, ignore_attr = TRUE)
      }
      unlink(file)
    }
    for (ending in c(".bz2", ".zip")) {
      file <- paste0(plain, ending)
      error <- expect_error(door$write(file), class = "datamap_error_io")
      expect_match(conditionMessage(error), ending, fixed = TRUE)
      expect_false(file.exists(file))
    }
    unlink(plain)
  }
})

test_that("a path must be one string", {
  for (bad in list(1, character(), c("a", "b"), NA_character_, "")) {
    expect_error(datamap_read_summary(bad), class = "datamap_error_input")
    expect_error(
      datamap_write_summary(small_map(), bad),
      class = "datamap_error_input"
    )
  }
})

test_that("the same file comes out under any locale", {
  map <- small_map()
  file <- new_file()
  datamap_write_summary(map, file)
  want <- readBin(file, "raw", 1000)
  before <- Sys.getlocale("LC_NUMERIC")
  on.exit(suppressWarnings(Sys.setlocale("LC_NUMERIC", before)))
  set <- suppressWarnings(Sys.setlocale("LC_NUMERIC", "de_DE.UTF-8"))
  skip_if(!nzchar(set), "no German locale")
  datamap_write_summary(map, file)
  expect_identical(readBin(file, "raw", 1000), want)
  expect_identical(datamap_read_summary(file), map)
})

test_that("a file that could not be read again is not written", {
  map <- ratio_map(c(0, 0.5, 1))
  file <- tempfile(fileext = ".result")
  error <- expect_error(
    datamap_write_summary(map[c(1, 3, 2, 3), ], file),
    class = "datamap_error_input"
  )
  expect_identical(error$line, 4L)
  expect_identical(error$path, file)
  expect_identical(error$key, "id")
  expect_match(conditionMessage(error), "as row 2 has", fixed = TRUE)
  expect_false(file.exists(file))
})
