# The condition of a call that must fail.
error_of <- function(expr, class = "datamap_error_input") {
  expect_error(expr, class = class)
}

spam <- function() datamap_example("spam_signals.jsonl.gz")

few_signals <- function() {
  utils::head(datamap_read_signals(spam(), columns = c(
    "id", "label", "step", "correct", "label_probs"
  )), 30)
}

test_that("a data map, or a summary, is not summarised again", {
  map <- random_map(5)
  calls <- list(
    function(x) datamap_summarise(x),
    function(x) datamap_state(x),
    function(x) datamap_update(datamap_state(I(character())), x),
    function(x) datamap_read_signals(x)
  )
  for (call in calls) {
    error <- error_of(call(map))
    expect_identical(error$key, "x")
    expect_identical(error$instead, "datamap_plot")
    expect_match(conditionMessage(error), "datamap_plot()", fixed = TRUE)
    error <- error_of(call(as.data.frame(map)))
    expect_identical(error$key, "x")
    expect_identical(error$instead, "as_datamap")
    expect_match(conditionMessage(error), "as_datamap()", fixed = TRUE)
  }
  error <- error_of(datamap_plot_trajectories(map))
  expect_identical(error[c("key", "instead")],
                   list(key = "x", instead = "datamap_plot"))
})

test_that("signals whose columns are also those of a summary stay signals", {
  signals <- cbind(few_signals(), avg_probs = 1, label_var = 2)
  expect_s3_class(datamap_summarise(signals), "datamap")
})

test_that("a table of signals is no summary, and no paths", {
  signals <- few_signals()
  error <- error_of(datamap_read_signals(signals))
  expect_identical(error$instead, "datamap_summarise")
  error <- error_of(datamap_read_summary(signals))
  expect_identical(error$key, "file")
  expect_identical(error$instead, "datamap_summarise")
  error <- error_of(as_datamap(signals))
  expect_identical(error$instead, "datamap_summarise")
  expect_match(conditionMessage(error), "datamap_summarise()", fixed = TRUE)
})

test_that("datamap_read_summary() reads no data frame", {
  error <- error_of(datamap_read_summary(random_map(5)))
  expect_identical(error[c("key", "instead")],
                   list(key = "file", instead = "datamap_plot"))
  error <- error_of(datamap_read_summary(random_frame(5)))
  expect_identical(error[c("key", "instead")],
                   list(key = "file", instead = "as_datamap"))
  error <- error_of(datamap_read_summary(mtcars))
  expect_identical(error$instead, "as_datamap")
})

test_that("as_datamap() reads no file", {
  error <- error_of(as_datamap("a.result"))
  expect_identical(error[c("key", "instead")],
                   list(key = "x", instead = "datamap_read_summary"))
})

test_that("files of another kind name the function that reads them", {
  skip_if_long()
  folder <- tempfile("kinds")
  dir.create(folder)
  at <- function(name) file.path(folder, name)
  signals <- few_signals()
  datamap_write_summary(random_map(5), at("a.result"))
  gz <- gzfile(at("b.result.gz"), "wb")
  writeLines(readLines(at("a.result")), gz)
  close(gz)
  writeLines("{'guid': 1, 'confidence': 0.5, 'variability': 0.1}", at("dict"))
  writeLines(
    "{\"id\": 1, \"label\": 0, \"avg_probs\": 0.5, \"label_var\": 0.1}",
    at("s.jsonl")
  )
  utils::write.csv(signals, at("a.csv"), row.names = FALSE)
  utils::write.csv2(signals, at("numbered.csv"))
  utils::write.csv(as.data.frame(random_map(5)), at("summary.csv"))
  utils::write.table(signals, at("a.tsv"), sep = "\t", quote = FALSE)
  bz <- bzfile(at("a.csv.bz2"), "wb")
  writeLines(readLines(at("a.csv")), bz)
  close(bz)
  datamap_save_state(datamap_state(spam()), at("a.state"))
  saveRDS(signals, at("a.rds"))
  save(signals, file = at("a.rda"))
  writeBin(c(charToRaw("PAR1"), as.raw(c(0x15, 0x04, 0x0a))), at("a.parquet"))
  # As each message of a stream begins, and the length of the first.
  writeBin(as.raw(c(rep(0xff, 4), 0xf0, 1, 0, 0)), at("a.arrows"))

  reads <- c(
    a.result = "datamap_read_summary", b.result.gz = "datamap_read_summary",
    dict = "datamap_read_summary", s.jsonl = "datamap_read_summary",
    summary.csv = "datamap_read_summary",
    a.csv = "read.csv", numbered.csv = "read.csv", a.tsv = "read.csv",
    a.csv.bz2 = "read.csv", a.state = "datamap_load_state",
    a.rds = "readRDS", a.rda = "load", a.parquet = "read_parquet",
    a.arrows = "read_nanoarrow"
  )
  for (name in names(reads)) {
    error <- error_of(datamap_summarise(at(name)), "datamap_error")
    expect_identical(error$instead, reads[[name]], label = name)
    expect_match(conditionMessage(error), reads[[name]], fixed = TRUE)
    expect_identical(error$path, at(name))
    expect_identical(error$line, 1L)
  }
  # From any function that reads signals, and from text
  for (read in list(
    datamap_read_signals, datamap_state, datamap_plot_trajectories,
    function(x) datamap_update(datamap_state(spam()), x),
    function(x) datamap_summarise(I(readLines(x)))
  )) {
    error <- error_of(read(at("a.csv")), "datamap_error_syntax")
    expect_identical(error$instead, "read.csv")
  }
  # Of lines that are bad otherwise nothing is said
  for (line in c("id", "", "{", "1,2", "{\"id\": 1}", "\xff,a", "<a>, <b>")) {
    writeLines(c(line, "oops"), at("other"), useBytes = TRUE)
    error <- error_of(datamap_summarise(at("other")), "datamap_error")
    expect_null(error$instead, label = line)
  }
  unlink(folder, recursive = TRUE)
})

test_that("signals that are read as a summary name datamap_summarise()", {
  file <- tempfile()
  signals <- few_signals()
  datamap_write_signals(signals, file)
  inputs <- list(
    file, datamap_example("spam_signals.jsonl.gz"),
    datamap_example("satellite_signals.json.gz")
  )
  for (input in inputs) {
    error <- error_of(datamap_read_summary(input), "datamap_error")
    expect_identical(error$instead, "datamap_summarise", label = input)
    expect_match(conditionMessage(error), "datamap_summarise()", fixed = TRUE)
    expect_identical(as.integer(error$line), 1L)
  }
  utils::write.csv(signals, file, row.names = FALSE)
  error <- error_of(datamap_read_summary(file), "datamap_error_field")
  expect_identical(error$instead, "datamap_summarise")
  unlink(file)
})

test_that("what takes a data map names what makes one", {
  makes <- list(
    datamap_read_summary = "a.result", datamap_summarise = datamap_recorder(),
    datamap_summarise = datamap_state(few_signals()),
    datamap_summarise = few_signals()
  )
  for (i in seq_along(makes)) {
    for (take in c(datamap_plot, datamap_filter, datamap_regions)) {
      error <- error_of(take(makes[[i]]))
      expect_identical(error$instead, names(makes)[[i]])
    }
  }
})

test_that("addresses are told from paths", {
  skip_if_long()
  calls <- list(
    datamap_summarise, datamap_read_signals, datamap_state,
    datamap_read_summary, datamap_load_state, datamap_recorder,
    function(x) datamap_summarise(c(spam(), x)),
    function(x) datamap_write_summary(random_map(5), x),
    function(x) datamap_write_selection(random_map(5), x, tempfile())
  )
  addresses <- c(
    "https://example.org/a.jsonl", "http://example.org/", "s3://bucket/a.jsonl",
    "gs://bucket/a", "file:///tmp/a.jsonl", "hdfs://a/b"
  )
  for (call in calls) {
    for (address in addresses) {
      error <- error_of(call(address))
      expect_identical(error$instead, "download.file")
      expect_match(conditionMessage(error), address, fixed = TRUE)
    }
  }
  message <- conditionMessage(error_of(datamap_summarise(addresses[[1]])))
  expect_match(message, "download.file()", fixed = TRUE)
  expect_match(message, "url(\"...\")", fixed = TRUE)
})

test_that("an address may be given as a connection", {
  skip_on_os("windows")
  file <- tempfile()
  datamap_write_signals(few_signals(), file)
  map <- datamap_summarise(url(paste0("file://", file)))
  expect_identical(map$id, datamap_summarise(file)$id)
  unlink(file)
})

test_that("text is told from paths", {
  line <- "{\"id\": 1, \"label\": 0, \"probs\": [0.9, 0.1]}"
  for (text in list(
    line, c(line, line), paste0(" ", line), paste0("\n", line, "\n"),
    "[1, 2]", "a\nb"
  )) {
    error <- error_of(datamap_summarise(text))
    expect_identical(error[c("key", "instead")],
                     list(key = "x", instead = "I"))
    expect_match(conditionMessage(error), "I(text)", fixed = TRUE)
  }
  error <- error_of(datamap_read_summary("id\tlabel\n1\t2\n"))
  expect_identical(error[c("key", "instead")],
                   list(key = "file", instead = "I"))
})

test_that("a file under the name of a text or an address is read", {
  skip_on_os("windows")
  folder <- tempfile("odd")
  dir.create(folder)
  old <- setwd(folder)
  on.exit(setwd(old))
  lines <- "{\"id\": 1, \"label\": 0, \"probs\": [0.9, 0.1]}"
  dir.create("http:")
  for (name in c("{a}.jsonl", "[b].jsonl", "http://c.jsonl")) {
    writeLines(lines, "plain")
    file.rename("plain", name)
    expect_identical(datamap_summarise(name)$id, 1L)
  }
  setwd(old)
  on.exit()
  unlink(folder, recursive = TRUE)
})
