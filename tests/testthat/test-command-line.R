# Runs the installed program in `folder`, as a user does; gives what it wrote
# to either stream, and the exit status. `out` is where its output goes, `input`
# the file that is its standard input.
run_program <- function(folder, ..., out = NULL, input = "") {
  old <- setwd(folder)
  on.exit(setwd(old))
  streams <- c(tempfile(), tempfile())
  file.create(streams[[1]])
  on.exit(unlink(streams), add = TRUE)
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  status <- system2(
    file.path(R.home("bin"), "Rscript"),
    shQuote(c(
      "--no-init-file", system.file("bin", "datamap", package = "datacarto"),
      ...
    )),
    env = paste0("R_LIBS=", shQuote(libraries)),
    stdin = input, stdout = out %||% streams[[1]], stderr = streams[[2]]
  )
  list(
    out = readLines(streams[[1]]),
    err = paste(readLines(streams[[2]]), collapse = " "),
    status = status
  )
}

# A folder as a training leaves it: outputs/output_data.json.
training_folder <- function() {
  folder <- tempfile("training")
  dir.create(file.path(folder, "outputs"), recursive = TRUE)
  lines <- readLines(datamap_example("spam_signals.jsonl.gz"), n = 5000)
  writeLines(lines, file.path(folder, "outputs", "output_data.json"))
  folder
}

is_png <- function(file) {
  identical(readBin(file, "raw", 4), as.raw(c(0x89, 0x50, 0x4e, 0x47)))
}

# Under covr each program counts lines for itself, which takes it ten seconds.
skip_if_no_program <- function() {
  skip_if_long()
  skip_on_os("windows")
}

test_that("the commands of the method run on their default paths", {
  skip_if_no_program()
  folder <- training_folder()
  signals <- file.path(folder, "outputs", "output_data.json")
  result <- file.path(folder, "outputs", "output_data.json.result")

  run <- run_program(folder, "summary")
  expect_identical(run$status, 0L)
  map <- datamap_summarise(signals)
  expect_equal(
    as.data.frame(datamap_read_summary(result)), as.data.frame(map)
  )
  expect_identical(
    run$out,
    paste0("Wrote ./outputs/output_data.json.result (",
           format_count(nrow(map)), " samples)")
  )

  commands <- list(
    character(),
    c("--criterion", "forgetting_times", "--threshold", "1"),
    c("--use_l_times", "0")
  )
  for (options in commands) {
    run <- do.call(run_program, as.list(c(folder, "plot", options)))
    expect_identical(run$status, 0L)
    expect_identical(run$err, "")
  }
  pictures <- list.files(file.path(folder, "outputs"), "[.]png$",
                         full.names = TRUE)
  expect_setequal(
    basename(pictures),
    c("datamap.png", "datamap-criterion-forgetting_times-threshold-1.png",
      "datamap-use_l_times-0.png")
  )
  expect_true(all(vapply(pictures, is_png, NA)))

  run <- run_program(folder, "filter", "--use-f-times=2")
  expect_identical(run$status, 0L)
  expect_identical(
    datamap_read_summary(paste0(result, ".filtered"))$id,
    map$id[map$forgetting_times >= 2]
  )
  unlink(folder, recursive = TRUE)
})

test_that("paths may be given, and what can't be done is told", {
  skip_if_no_program()
  folder <- training_folder()
  run <- run_program(
    folder, "summary", "outputs/output_data.json", "--output", "new/a b.tsv"
  )
  expect_identical(run$status, 0L)
  expect_identical(run$out, "Wrote new/a b.tsv (2,400 samples)")
  run <- run_program(
    folder, "plot", "new/a b.tsv", "--facet", "none", "--style=cartography",
    "--output=b.png"
  )
  expect_identical(run$status, 0L)
  expect_true(is_png(file.path(folder, "b.png")))

  run <- run_program(folder, "plot", "none.result")
  expect_identical(run$status, 1L)
  expect_match(run$err, "datamap: Can't read 'none.result'")
  expect_identical(run$out, character())
  run <- run_program(folder, "plot", "--colour", "red")
  expect_identical(run$status, 2L)
  expect_match(run$err, "no option \"--colour\"", fixed = TRUE)
  unlink(folder, recursive = TRUE)
})

test_that("the standard input is read, and its summary goes on", {
  skip_if_no_program()
  folder <- training_folder()
  signals <- file.path(folder, "outputs", "output_data.json")
  map <- datamap_summarise(signals, metrics = "variability")
  run <- run_program(
    folder, "summary", "-", "--metrics=variability", input = signals
  )
  expect_identical(run$status, 0L)
  result <- file.path(folder, "a.result")
  writeLines(run$out, result)
  expect_equal(as.data.frame(datamap_read_summary(result)), as.data.frame(map))

  run <- run_program(
    folder, "filter", "--use_f_times", "2", "-", input = result
  )
  expect_identical(run$status, 0L)
  expect_identical(length(run$out), sum(map$forgetting_times >= 2) + 1L)
  run <- run_program(
    folder, "plot", "--output", "a.png", "-", input = signals
  )
  expect_identical(run$status, 0L)
  expect_true(is_png(file.path(folder, "a.png")))
  unlink(folder, recursive = TRUE)
})

expect_full <- function(folder, ...) {
  run <- run_program(folder, ..., out = "/dev/full")
  expect_identical(run$status, 1L, label = toString(c(...)))
  expect_match(run$err, "datamap: Can't write to the standard output")
}

test_that("an output that is full is an error", {
  skip_on_cran()
  skip_if_not(file.exists("/dev/full"), "no /dev/full")
  expect_full(tempdir(), "--version")
})

test_that("any output that is full or closed is an error", {
  skip_if_no_program()
  skip_if_not(file.exists("/dev/full"), "no /dev/full")
  folder <- training_folder()
  calls <- list(
    "--help", c("plot", "--help"), "summary", c("summary", "--output", "-"),
    c("filter", "--output=-")
  )
  for (call in calls) {
    expect_full(folder, call)
  }
  # Closed, or a pipe that nobody reads, by a shell
  program <- paste(
    paste0("R_LIBS=", shQuote(paste(.libPaths(), collapse = ":"))),
    shQuote(file.path(R.home("bin"), "Rscript")), "--no-init-file",
    shQuote(system.file("bin", "datamap", package = "datacarto"))
  )
  shell <- function(...) {
    suppressWarnings(system2("bash", c("-c", shQuote(paste(...)))))
  }
  expect_identical(shell(program, "--version >&- 2>/dev/null"), 1L)
  signals <- shQuote(file.path(folder, "outputs", "output_data.json"))
  expect_identical(
    shell(program, "summary - <", signals, "2>/dev/null | head -1 >/dev/null;",
          "exit ${PIPESTATUS[0]}"),
    1L
  )
  unlink(folder, recursive = TRUE)
})

test_that("states go through pipes", {
  skip_if_no_program()
  folder <- training_folder()
  signals <- file.path(folder, "outputs", "output_data.json")
  lines <- readLines(signals)
  at <- function(name) file.path(folder, name)
  writeLines(head(lines, 2000), at("a.jsonl"))
  writeLines(tail(lines, 3000), at("b.jsonl"))
  # a state is no text, so it may not go through R's own output
  run <- run_program(folder, "state", "-", input = at("a.jsonl"),
                     out = at("a.state"))
  expect_identical(run$status, 0L)
  expect_identical(run$err, "")
  run_program(folder, "state", "b.jsonl")
  run <- run_program(
    folder, "merge", "-", "b.jsonl.state", "-o", "-", input = at("a.state"),
    out = at("all.state")
  )
  expect_identical(run$status, 0L)
  map <- datamap_summarise(datamap_load_state(at("all.state")))
  expect_identical(attr(map, "sources"), c("stdin", "b.jsonl"))
  expect_equal(as.data.frame(map), as.data.frame(datamap_summarise(signals)))
  run <- run_program(folder, "merge", "-", "-o", "x", input = at("a.jsonl"))
  expect_identical(run$status, 1L)
  expect_match(run$err, "standard-input-")
  expect_identical(file.exists(at("x")), FALSE)
  unlink(folder, recursive = TRUE)
})

# The rest without starting R again --------------------------------------

run_here <- function(...) {
  err <- tempfile()
  on.exit(unlink(err))
  status <- NULL
  con <- file(err, "w")
  sink(con, type = "message")
  out <- tryCatch(
    utils::capture.output(status <- command_line(c(...))),
    finally = {
      sink(type = "message")
      close(con)
    }
  )
  list(out = out, err = paste(readLines(err), collapse = " "), status = status)
}

test_that("help tells every command and option", {
  main <- run_here("--help")
  expect_identical(main$status, 0L)
  expect_true(any(grepl("^  plot +draws", main$out)))
  for (name in names(command_list)) {
    help <- run_here(name, "--help")
    expect_identical(help$status, 0L)
    expect_match(help$out[[1]], paste("Usage: datamap", name), fixed = TRUE)
    options <- c(names(command_list[[name]]$options), "output")
    for (option in options) {
      expect_true(any(grepl(paste0("^  --", option, " "), help$out)))
    }
    expect_true(all(nchar(help$out) <= 80))
  }
  # The options that the method's own scripts have
  plot <- paste(run_here("plot", "-h")$out, collapse = "\n")
  for (option in c("attr1", "attr2", "criterion", "threshold", "use_f_times",
                   "use_l_times")) {
    expect_match(plot, paste0("--", option), fixed = TRUE)
  }
  expect_match(run_here("--version")$out, "^datamap [0-9.]+")
})

test_that("a command line that can't be understood has status 2", {
  cases <- list(
    character(), "draw", c("plot", "--none"), c("plot", "a", "b"),
    c("plot", "-x"), c("plot", "--attr1"), c("plot", "--threshold", "much"),
    c("summary", "--use_f_times", "1"), c("summary", "--steps", "1"),
    c("summary", "--steps=1,b"), c("summary", "--metrics"),
    c("plot", "--dirty_label=no"), c("plot", "--output", "-"),
    c("plot", "-", "-"), c("summary", "a", "b"), c("plot", "-o"),
    c("plot", "-ofile"), c("state", "a", "b"), c("state", "a", "-", "-o", "b"),
    c("state", "a", "--include_ci"), "merge", c("merge", "-o", "a"),
    c("merge", "a", "b"), c("merge", "-", "-", "-o", "a"),
    c("merge", "a", "--threads", "2"), c("filter", "a", "--", "--b"),
    c("convert", "a"), c("convert", "-", "-o", "a.jsonl"), "convert",
    c("plot", "-help")
  )
  for (case in cases) {
    run <- run_here(case)
    expect_identical(run$status, 2L)
    expect_match(run$err, "^datamap: .*--help\"[.]$")
    expect_identical(run$out, character())
  }
})

test_that("a misspelt command or option gives what was meant", {
  cases <- list(
    "summary" = "sumary", "merge" = "merg", "plot" = "plt",
    "filter" = c("Filter", "a"),
    "--threshold" = c("filter", "--treshold", "1"),
    "--use_f_times" = c("plot", "--use-ftimes=1"),
    "--dirty_label" = c("plot", "--dirty"), "--format" = c("plot", "-format")
  )
  for (meant in names(cases)) {
    run <- run_here(cases[[meant]])
    expect_identical(run$status, 2L)
    expect_match(
      run$err, paste0("; did you mean \"", meant, "\"?"), fixed = TRUE
    )
  }
})

test_that("behind -- there are no options", {
  folder <- tempfile("dashes")
  dir.create(folder)
  old <- setwd(folder)
  on.exit(setwd(old))
  map <- random_map(20)
  datamap_write_summary(map, "--help")
  run <- run_here("filter", "--output", "a", "--", "--help")
  expect_identical(run$status, 0L)
  expect_identical(datamap_read_summary("a")$id, map$id)
  expect_match(run_here("filter", "--help", "--")$out[[1]], "Usage")
  setwd(old)
  on.exit()
  unlink(folder, recursive = TRUE)
})

test_that("plot and filter take signals as they take a summary", {
  folder <- tempfile("straight")
  dir.create(folder)
  at <- function(name) file.path(folder, name)
  spam <- datamap_example("spam_signals.jsonl.gz")
  lines <- readLines(spam, n = 5000)
  writeLines(c("\ufeff", lines), at("bom.jsonl"), useBytes = TRUE)
  map <- datamap_summarise(I(lines))
  for (input in c(at("bom.jsonl"), spam, datamap_example("dynamics"))) {
    run <- run_here("filter", input, "--criterion=avg_probs", "--threshold",
                    "0.5", "--output", at("a"))
    expect_identical(run$status, 0L)
    map <- datamap_summarise(input)
    expect_identical(
      datamap_read_summary(at("a"))$id, map$id[map$avg_probs >= 0.5]
    )
  }
  run <- run_here("plot", spam, "--attr1", "aum", "--metrics", "aum",
                  "--steps", "0,5", "--output", at("a.png"))
  expect_identical(run$status, 0L)
  expect_true(is_png(at("a.png")))

  datamap_write_summary(map, at("a.result"))
  run <- run_here("filter", at("a.result"), "--metrics", "aum")
  expect_identical(run$status, 2L)
  expect_match(run$err, "\"--metrics\" is for signals", fixed = TRUE)
  unlink(folder, recursive = TRUE)
})

test_that("pictures are named by all their options", {
  expect_identical(
    picture_name(list(attr1 = "a/b", metrics = c("aum", "bald"))),
    "./outputs/datamap-attr1-a_b-metrics-aum_bald.png"
  )
})

test_that("metrics, signals and windows may be asked for", {
  file <- tempfile()
  signals <- datamap_example("spam_signals.jsonl.gz")
  run <- run_here(
    "summary", signals, "--metrics", "aum,variability", "--signals=loss",
    "--burn_out", "3", "--steps", "2,9", "--include_ci", "--output", file
  )
  expect_identical(run$status, 0L)
  map <- datamap_summarise(
    signals, metrics = c("aum", "variability"), signals = "loss", burn_out = 3,
    steps = c(2, 9), include_ci = TRUE
  )
  expect_identical(unique(map$evaluations), 3L)
  expect_equal(as.data.frame(datamap_read_summary(file)), as.data.frame(map))
  run <- run_here("summary", signals, "--metrics", "AUM", "--output", file)
  expect_identical(run$status, 1L)
  expect_match(run$err, "no \"AUM\"", fixed = TRUE)
  unlink(file)
})

test_that("other errors have status 1, and warnings are told", {
  map <- random_map(20)
  file <- tempfile()
  datamap_write_summary(map, file)
  for (case in list(c("--criterion", "none"), c("--width", "-1"),
                    c("--use_f_times", "1", "--use_l_times", "1"))) {
    run <- run_here("plot", file, case, "--output", tempfile())
    expect_identical(run$status, 1L)
    expect_match(run$err, "^datamap: ")
  }
  writeLines(c("{\"id\": 1, \"label\": 0, \"probs\": [0.9, 0.1]}", "oops"),
             file)
  run <- run_here("summary", file, "--on_error", "skip")
  expect_identical(run$status, 0L)
  expect_match(run$err, "Skipped 1 bad line", fixed = TRUE)
  expect_identical(nrow(datamap_read_summary(paste0(file, ".result"))), 1L)
  unlink(paste0(file, c("", ".result")))
})

test_that("the off values of the method's scripts are off here", {
  map <- random_map(20)
  file <- tempfile()
  datamap_write_summary(map, file)
  kept <- paste0(file, ".filtered")
  run <- run_here("filter", file, "--criterion", "", "--threshold", "5",
                  "--use_f_times", "-1", "--use_l_times", "1")
  expect_identical(run$status, 0L)
  expect_identical(
    datamap_read_summary(kept)$id, map$id[map$learnt_times >= 1]
  )
  unlink(c(file, kept))
})

# A training of two evaluations, each in a file of its own.
two_parts <- function(folder, ...) {
  dir.create(folder)
  files <- file.path(folder, c("a.jsonl", "b.jsonl"))
  for (i in 1:2) {
    line <- sprintf(
      '{"id": %d, "label": 0, "probs": [%s, %s], "step": %d}', 1:3,
      c("0.9", "0.4", "0.3"), c("0.1", "0.6", "0.7"), i
    )
    writeLines(c(line, ...), files[[i]])
  }
  files
}

test_that("signals are converted by the ending of the output", {
  folder <- tempfile("jobs")
  files <- two_parts(folder)
  to <- file.path(folder, "new", "all.jsonl.gz")
  run <- run_here("convert", files, "-o", to)
  expect_identical(run$status, 0L)
  expect_identical(run$out, paste0("Wrote ", to, " (6 lines)"))
  expect_identical(
    columns_of(datamap_summarise(to)), columns_of(datamap_summarise(files))
  )
  run <- run_here("convert", files, "-o", file.path(folder, "all"))
  expect_identical(run$status, 1L)
  unlink(folder, recursive = TRUE)
})

test_that("jobs make states, which are merged and summarised", {
  folder <- tempfile("jobs")
  files <- two_parts(folder)
  at <- function(name) file.path(folder, name)
  given <- c("--metrics", "aum", "--burn_out=3")
  for (file in files) {
    run <- run_here("state", file, given)
    expect_identical(run$status, 0L)
    expect_identical(run$out, paste0("Wrote ", file, ".state (3 samples)"))
  }
  expect_identical(
    datamap_load_state(paste0(files[[1]], ".state")),
    datamap_state(files[[1]], metrics = "aum", burn_out = 3)
  )
  run <- run_here("merge", paste0(files, ".state"), "-o", at("new/all"))
  expect_identical(run$status, 0L)
  expect_identical(
    run$out, paste0("Wrote ", at("new/all"), " (3 samples)")
  )
  whole <- datamap_summarise(files, metrics = "aum", burn_out = 3)
  state <- datamap_load_state(at("new/all"))
  expect_equal(datamap_summarise(state), whole)
  # Several files make one state, which is that of one reading
  run <- run_here("state", files, given, "-o", at("both"))
  expect_identical(run$status, 0L)
  expect_identical(
    datamap_load_state(at("both")),
    datamap_state(files, metrics = "aum", burn_out = 3)
  )
  # One alone is what it was
  run <- run_here("merge", at("both"), "-o", at("one"))
  expect_identical(run$status, 0L)
  expect_identical(
    datamap_load_state(at("one")), datamap_load_state(at("both"))
  )
  # A state is taken where signals are
  run <- run_here("summary", at("both"), "-o", at("map"))
  expect_identical(run$status, 0L)
  expect_equal(
    as.data.frame(datamap_read_summary(at("map"))), as.data.frame(whole)
  )
  run <- run_here("filter", at("both"), "--use_l_times", "0", "-o", at("kept"))
  expect_identical(run$status, 0L)
  expect_identical(nrow(datamap_read_summary(at("kept"))), 3L)
  # but what is kept of it is chosen already
  run <- run_here("summary", at("both"), "--metrics", "bald", "-o", at("no"))
  expect_identical(run$status, 1L)
  expect_false(file.exists(at("no")))
  unlink(folder, recursive = TRUE)
})

test_that("jobs that keep a share of the ids each make the whole", {
  folder <- tempfile("shares")
  files <- two_parts(folder)
  states <- file.path(folder, c("1", "2"))
  for (share in 1:2) {
    ids <- paste0("--ids=", share, ",2")
    run <- run_here("state", files, ids, "-o", states[[share]])
    expect_identical(run$status, 0L)
    expect_identical(
      datamap_load_state(states[[share]]),
      datamap_state(files, ids = c(share, 2))
    )
  }
  all <- file.path(folder, "all")
  expect_identical(run_here("merge", states, "-o", all)$status, 0L)
  expect_identical(
    datamap_summarise(datamap_load_state(all)), datamap_summarise(files)
  )
  run <- run_here("state", files, "--ids", "2", "-o", all)
  expect_identical(run$status, 2L)
  expect_match(run$err, "needs two numbers, as in 1,9", all = FALSE)
  unlink(folder, recursive = TRUE)
})

test_that("a compressed state is one whatever it is compressed by", {
  folder <- tempfile("compressed")
  files <- two_parts(folder)
  endings <- c(".state.gz", if (datamap_features()[["zstd"]]) ".state.zst")
  for (ending in endings) {
    state <- paste0(files[[1]], ending)
    expect_identical(run_here("state", files[[1]], "-o", state)$status, 0L)
    run <- run_here("summary", state, "-o", file.path(folder, "map"))
    expect_identical(run$status, 0L)
    expect_identical(
      nrow(datamap_read_summary(file.path(folder, "map"))), 3L
    )
  }
  unlink(folder, recursive = TRUE)
})

test_that("what is wrong with parts is told by the names of their files", {
  folder <- tempfile("parts")
  files <- two_parts(folder, "oops")
  states <- file.path(folder, c("a.state", "b.state"))
  for (i in 1:2) {
    run <- run_here("state", files[[i]], "--on_error=skip", "-o", states[[i]])
    expect_identical(run$status, 0L)
  }
  all <- file.path(folder, "all")
  run <- run_here("merge", states, "-o", all)
  expect_identical(run$status, 0L)
  expect_identical(datamap_problems(datamap_load_state(all))$file, files)
  unlink(all)

  run <- run_here("merge", rev(states), "-o", all)
  expect_identical(run$status, 1L)
  said <- gsub("\\s+", " ", run$err)
  expect_match(
    said, paste0("'", states[[1]], "' can't go on where '", states[[2]], "'"),
    fixed = TRUE
  )
  expect_false(file.exists(all))

  other <- file.path(folder, "other.state")
  run_here("state", files[[2]], "--on_error=skip", "--metrics=aum", "-o", other)
  run <- run_here("merge", states[[1]], other, "-o", all)
  expect_identical(run$status, 1L)
  expect_match(run$err, paste0("'", other, "' has \"aum\""), fixed = TRUE)

  # A part that is missing is warned of, as in R
  late <- file.path(folder, "late.state")
  line <- '{"id": 1, "label": 0, "probs": [0.9, 0.1], "step": 9}'
  writeLines(line, files[[1]])
  run_here("state", files[[1]], "-o", late)
  run <- run_here("merge", states, late, "-o", all)
  expect_identical(run$status, 0L)
  expect_match(
    run$err, paste0("gap in the steps before '", late, "'"), fixed = TRUE
  )
  run <- run_here("merge", states, files[[1]], "-o", all)
  expect_identical(run$status, 1L)
  expect_match(run$err, "Can't read", fixed = TRUE)
  unlink(folder, recursive = TRUE)
})
