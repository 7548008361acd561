# A case of helper-doors.R as two files, converted in parts of a few lines.
converted_map <- function(case, format, python = FALSE, rows = 5) {
  lines <- case_lines(case, python)
  files <- c(tempfile(), tempfile())
  to <- tempfile()
  on.exit(unlink(c(files, to)))
  half <- seq_along(lines) <= length(lines) / 2
  writeLines(enc2utf8(lines[half]), files[[1]], useBytes = TRUE)
  writeLines(enc2utf8(lines[!half]), files[[2]], useBytes = TRUE)
  convert_files(files, to, format, rows)
  map_of(read_converted(to, format))
}

convert_files <- function(files, to, format, rows) {
  reading <- check_reading(threads = 1, progress = FALSE)
  convert_lines(take_source(files, "lines"), to, format, reading, NULL, rows)
}

read_converted <- function(path, format) {
  switch(format,
    parquet = nanoparquet::read_parquet(path),
    arrow = nanoarrow::read_nanoarrow(path),
    ndjson = path
  )
}

formats_here <- function() {
  packages <- c(parquet = "nanoparquet", arrow = "nanoarrow")
  is_here <- vapply(packages, requireNamespace, NA, quietly = TRUE)
  c("ndjson", names(packages)[is_here])
}

n_converted <- if (nzchar(Sys.getenv("DATACARTO_LARGE"))) 6 else 3

test_that("what was converted has the map of the files, to the last bit", {
  cases <- c(
    lapply(seq_len(n_converted), random_case),
    lapply(seq_len(n_converted), random_stand_in)
  )
  for (case in cases) {
    map <- quietly(doors$lines(case))
    for (format in formats_here()) {
      found <- quietly(converted_map(case, format, sample(c(TRUE, FALSE), 1)))
      # a frame has no order of ids beyond 2^53, which are text there
      if (case$id_kind == "integer64" && is.character(found$id)) {
        found <- found[order_whole_texts(found$id), ]
      }
      expect_identical(columns_that_differ(found, map), character(),
        info = paste(format, case$label_kind, case$id_kind, case$stand_in)
      )
    }
  }
})

# What a first part does not show: ids that are texts, a signal of several
# types, more classes, labels with places.
late_lines <- c(
  '{"id": 7, "label": 0, "probs": [0.25, 0.75], "a": 1, "b": true}',
  '{"id": 8, "label": 1, "label_probs": NaN, "correct": 1, "a": 1.50}',
  '{"id": "x", "label": 1, "probs": [0.5, 0.25, 0.25], "b": "so", "c": null}',
  '{"id": 7, "label": 0, "s_label": 2, "logits": [1, -1], "a": 2, "loss": 3}',
  '{"id": 8, "label": "one", "label_index": 1, "probs": [0, 1], "t": "\u00fc"}'
)

test_that("columns have the types that all lines give them", {
  file <- write_signals(late_lines)
  for (format in setdiff(formats_here(), "ndjson")) {
    to <- tempfile()
    quietly(convert_files(file, to, format, 2))
    found <- as.data.frame(read_converted(to, format))
    expect_identical(found$id, c("7", "8", "x", "7", "8"))
    expect_identical(found$label, c("0", "1", "1", "0", "one"))
    expect_identical(found$label_index, c(NA, NA, NA, NA, 1L))
    expect_identical(found$step, c(0, 0, 0, 1, 1))
    expect_identical(found$s_label, c(NA, NA, NA, 2L, NA))
    expect_identical(found$correct, c(FALSE, TRUE, FALSE, TRUE, TRUE))
    expect_identical(found$pred_label, rep(NA_integer_, 5))
    expect_identical(found$loss, c(NA, NA, NA, 3, NA))
    expect_identical(is_na(found$label_probs), logical(5))
    expect_identical(is.nan(found$label_probs), c(FALSE, TRUE, rep(FALSE, 3)))
    expect_identical(found$probs_1, c(0.75, NA, 0.25, found$probs_1[[4]], 1))
    expect_identical(found$probs_2, c(NA, NA, 0.25, NA, NA))
    expect_identical(found$logits_0, c(NA, NA, NA, 1, NA))
    expect_identical(found$a, c(1, 1.5, NA, 2, NA))
    expect_identical(found$b, c("true", NA, "so", NA, NA))
    expect_identical(found$t, c(NA, NA, NA, NA, "\u00fc"))
    expect_false("c" %in% names(found))
    unlink(to)
  }
  to <- tempfile(fileext = ".jsonl")
  quietly(convert_files(file, to, "ndjson", 2))
  expect_identical(readLines(to, encoding = "UTF-8")[c(1, 2, 5)], c(
    paste0(
      '{"id":"7","label":"0","correct":false,"probs":[0.25,0.75],',
      '"label_probs":0.25,"step":0,"a":1,"b":"true"}'
    ),
    '{"id":"8","label":"1","correct":true,"label_probs":NaN,"step":0,"a":1.5}',
    paste0(
      '{"id":"8","label":"one","label_index":1,"correct":true,"probs":[0,1]',
      ',"label_probs":1,"step":1,"t":"\u00fc"}'
    )
  ))
  unlink(to)
})

test_that("an epoch stays one, with as many evaluations as it has", {
  line <- '{"id": 1, "label": 0, "epoch": %d, "probs": [%s]}'
  text <- sprintf(line, c(3, 3, 4), c("0.1, 0.9", "0.7, 0.3", "1, 0"))
  to <- tempfile(fileext = ".ndjson")
  expect_identical(c(datamap_convert(I(text), to)), to)
  lines <- readLines(to)
  expect_match(lines, '"epoch":[34]')
  expect_no_match(lines, "step")
  expect_identical(
    columns_of(datamap_summarise(to)), columns_of(datamap_summarise(I(text)))
  )
  unlink(to)
})

test_that("compressed files, several and a folder are read in their order", {
  text <- sprintf(
    '{"id": %d, "label": 1, "probs": [0.5, 0.5], "step": %d}', 1:3, rep(1:2, 3)
  )
  folder <- tempfile("parts")
  dir.create(folder)
  at <- function(name) file.path(folder, name)
  write_packed <- function(lines, name) {
    con <- gzfile(at(name), "w")
    on.exit(close(con))
    writeLines(lines, con)
  }
  write_packed(text[c(1, 3)], "a.jsonl.gz")
  con <- bzfile(at("b.jsonl.bz2"), "w")
  writeLines(text[c(2, 4)], con)
  close(con)
  to <- tempfile(fileext = ".jsonl.gz")
  datamap_convert(folder, to)
  expect_identical(readBin(to, "raw", 2), as.raw(c(0x1f, 0x8b)))
  expect_identical(
    datamap_read_signals(to), datamap_read_signals(folder),
    ignore_attr = "problems"
  )
  expect_identical(datamap_read_signals(to)$id, c(1L, 3L, 2L, 1L))
  unlink(c(to, folder), recursive = TRUE)
})

test_that("bad lines are skipped and told, or end it before it is written", {
  text <- c(late_lines[1:2], "{", late_lines[4])
  to <- tempfile(fileext = ".jsonl")
  error <- expect_error(
    datamap_convert(I(text), to), class = "datamap_error_syntax"
  )
  expect_identical(error$line, 3L)
  expect_false(file.exists(to))
  expect_warning(
    expect_warning(
      done <- datamap_convert(I(text), to, on_error = "skip"),
      class = "datamap_warning_skipped"
    ),
    class = "datamap_warning_disagreement"
  )
  expect_identical(datamap_problems(done)$row[[2]], 3L)
  expect_identical(attr(done, "line_counts")[["good"]], 3)
  expect_length(readLines(to), 3)
  expect_warning(
    datamap_convert(I(character()), to), class = "datamap_warning_empty"
  )
  expect_identical(file.size(to), 0)
  unlink(to)
})

test_that("what is no file of signals, or can't be one, is told", {
  text <- I(late_lines[[1]])
  to <- tempfile(fileext = ".jsonl")
  con <- file(to)
  error <- expect_error(
    datamap_convert(con, to), class = "datamap_error_input"
  )
  close(con)
  expect_match(conditionMessage(error), "Give the path")
  error <- expect_error(
    datamap_convert(data.frame(id = 1, label = 0), to),
    class = "datamap_error_input"
  )
  expect_identical(error$instead, "datamap_write_signals")
  error <- expect_error(
    datamap_convert(text, "signals.foo"), class = "datamap_error_input"
  )
  expect_identical(error$key, "to")
  expect_match(conditionMessage(error), "foo")
  for (format in c("parquet", "arrow")) {
    error <- expect_error(
      with_packages(FALSE, datamap_convert(text, to, format = format)),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "format")
  }
  for (to in c(file.path(to, "a.jsonl"), "a.jsonl.bz2")) {
    expect_error(datamap_convert(text, to), class = "datamap_error_io")
  }
  error <- expect_error(
    parquet_writer(tempfile(fileext = ".gz"), list(), NULL),
    class = "datamap_error_io"
  )
  expect_match(conditionMessage(error), "compresses by itself")
})

test_that("signals that change while they are converted are an error", {
  file <- write_signals(late_lines[1:2])
  to <- tempfile(fileext = ".jsonl")
  writeLines("old", to)
  before <- part_types
  for (line in c(late_lines[[1]], late_lines[[5]])) {
    writeLines(late_lines[1:2], file)
    change <- function(columns, call) {
      cat(line, "\n", file = file, append = TRUE)
      before(columns, call)
    }
    expect_error(
      with_binding("part_types", change, quietly(datamap_convert(file, to))),
      class = "datamap_error_io"
    )
    expect_identical(readLines(to), "old")
    expect_length(dir(dirname(to), basename(to)), 1)
  }
  unlink(to)
})

test_that("a full disk leaves nothing behind", {
  skip_on_os("windows")
  skip_if_not(file.exists("/dev/full"), "no /dev/full")
  for (format in intersect(formats_here(), c("ndjson", "arrow"))) {
    error <- expect_error(
      datamap_convert(I(late_lines[[1]]), "/dev/full", format = format),
      class = "datamap_error_io"
    )
    expect_match(conditionMessage(error), "space")
  }
})

# A limit on the size of files does to a program what a full disk does.
test_that("a Parquet file that was cut is noticed", {
  skip_on_os("windows")
  skip_on_covr() # whose own files would be cut as well
  skip_if_not_installed("nanoparquet")
  folder <- tempfile("limit")
  dir.create(folder)
  code <- paste0(
    "x <- tryCatch(datacarto::datamap_convert(",
    "datacarto::datamap_example('spam_signals.jsonl.gz'), '",
    file.path(folder, "a.parquet"), "'), error = function(e) e); ",
    "cat(class(x)[[1]], conditionMessage(x))"
  )
  program <- shQuote(file.path(R.home("bin"), "Rscript"))
  command <- paste(
    "trap '' XFSZ; ulimit -f 200;", program, "--no-init-file -e", shQuote(code)
  )
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  said <- system2(
    "sh", c("-c", shQuote(command)),
    stdout = TRUE, env = paste0("R_LIBS=", shQuote(libraries))
  )
  expect_match(said[[1]], "^datamap_error_io Can't write")
  expect_match(paste(said, collapse = " "), "in full")
  expect_identical(dir(folder, all.files = TRUE, no.. = TRUE), character())
  unlink(folder, recursive = TRUE)
})
