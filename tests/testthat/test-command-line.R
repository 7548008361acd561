# Runs the installed program in `folder`, as a user does; gives what it wrote
# to either stream, and the exit status.
run_program <- function(folder, ...) {
  old <- setwd(folder)
  on.exit(setwd(old))
  streams <- c(tempfile(), tempfile())
  on.exit(unlink(streams), add = TRUE)
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  status <- system2(
    file.path(R.home("bin"), "Rscript"),
    shQuote(c(
      "--no-init-file", system.file("bin", "datamap", package = "datacarto"),
      ...
    )),
    env = paste0("R_LIBS=", shQuote(libraries)),
    stdout = streams[[1]], stderr = streams[[2]]
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

skip_if_no_program <- function() {
  skip_on_cran()
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
  for (name in c("summary", "plot", "filter")) {
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
    c("plot", "--dirty_label=no")
  )
  for (case in cases) {
    run <- run_here(case)
    expect_identical(run$status, 2L)
    expect_match(run$err, "^datamap: .*--help\"[.]$")
    expect_identical(run$out, character())
  }
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
