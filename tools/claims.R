# Usage: Rscript claims.R
#
# Every claim of speed, size and count in README.md, the vignettes and the help
# pages, with the figures that it is made from: those that are kept in bench/,
# or what the sources say. A document must have the sentence as it comes out
# here. And a number of seconds, bytes or times in these documents that is in
# no such sentence is a claim that nobody keeps. Run from the top folder, with
# the package installed. The last line is "N passed, N failed".

suppressPackageStartupMessages({
  library(testthat)
  library(datacarto)
})

# --- what is kept ---

# The tables of a file of results.
tables_of <- function(path) {
  lines <- readLines(path)
  is_row <- startsWith(lines, "|")
  rows <- split(lines[is_row], cumsum(diff(c(0, is_row)) == 1)[is_row])
  lapply(rows, function(rows) {
    cells <- strsplit(gsub("^\\| | \\|$", "", rows), " ?\\| ?")
    cells <- lapply(cells, `length<-`, length(cells[[1]]))
    table <- as.data.frame(do.call(rbind, cells[-(1:2)]))
    names(table) <- cells[[1]]
    table
  })
}

number <- function(x) as.numeric(gsub("[, A-Z]|minutes", "", x))

# Of several machines the one that measured it last, whose row is the first.
peers <- utils::read.csv("bench/results/peers.csv")
peer <- function(column, tool, data, threads = 1) {
  row <- peers$tool == tool & peers$data == data & peers$threads == threads
  peers[row, column][1]
}
growth <- utils::read.csv("bench/results/growth.csv")
grown <- function(column, ids, samples, lines) {
  row <- growth$ids == ids & growth$samples == samples & growth$lines == lines
  growth[row, column][1]
}
scale <- tables_of("bench/results-scale.md")
scaled <- function(column, what) {
  rows <- scale[[1]]
  n <- number(rows$n)
  number(rows[rows$what == what & n == max(n[rows$what == what]), column])
}
workers <- tables_of("bench/results-workers.md")[[1]]
cost <- function(of) {
  number(scale[[2]]$cost[scale[[2]]$of == of])
}
source_of <- function(path, pattern) {
  line <- grep(pattern, readLines(path), value = TRUE)
  number(sub(pattern, "\\1", line))
}
# The cases of the catalogue, as the tests read it.
n_faults <- local({
  catalogue <- new.env()
  catalogue$test_path <- function(...) file.path("tests/testthat", ...)
  for (file in list.files("tests/testthat", "^helper.*R$", full.names = TRUE)) {
    sys.source(file, catalogue)
  }
  length(catalogue$read_faults())
})

# --- how it is said ---

words <- c(
  "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"
)
parts <- c(
  "", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth",
  "ninth", "tenth"
)
word <- function(x) words[[round(x)]]
part <- function(x) parts[[round(1 / x)]]
digits <- function(x, n = 2) format(signif(x, n), big.mark = ",")
whole <- function(x) digits(round(x), 15)
giga <- function(mb, n = 2) digits(mb / 1000, n)

# --- the claims: where, and the sentence ---

vignette <- "vignettes/when-one-machine-is-not-enough.Rmd"
claims <- list(
  c("README.md", sprintf(
    paste(
      "20 million lines (%s GB) take %s s with one thread and %s MB, %s times",
      "as long as counting their newlines and a %s of the time of DuckDB"
    ),
    digits(peer("gb_per_second", "datacarto", "L") *
             peer("seconds", "datacarto", "L")),
    digits(peer("seconds", "datacarto", "L")),
    digits(peer("memory_mb", "datacarto", "L")),
    word(peer("times_scan", "datacarto", "L")),
    part(1 / peer("times_datacarto", "DuckDB, window", "L"))
  )),
  c("README.md", sprintf(
    paste(
      "Seconds for a summary of a million lines: datacarto %s, DuckDB %s,",
      "ClickHouse %s, yyjsonr with data.table %s, Python's json and pandas %s,",
      "jsonlite with data.table %s; counting their newlines alone takes %s."
    ),
    digits(peer("seconds", "datacarto", "S")),
    digits(peer("seconds", "DuckDB, window", "S")),
    digits(peer("seconds", "ClickHouse", "S")),
    digits(peer("seconds", "yyjsonr + data.table", "S")),
    digits(peer("seconds", "json.loads() + pandas", "S")),
    digits(peer("seconds", "jsonlite + data.table", "S")),
    digits(peer("seconds", "newline scan", "S"))
  )),
  c(vignette, sprintf(
    paste(
      "a hundred million of them, of ten thousand samples, were read in %s",
      "seconds by two threads, in %s MB of memory"
    ),
    whole(grown("seconds", "integer", 1e4, 1e8)),
    whole(grown("memory_mb", "integer", 1e4, 1e8))
  )),
  c(vignette, sprintf(
    "ten million took %s GB with whole numbers as ids, and %s GB with texts",
    giga(grown("memory_mb", "integer", 1e7, 3e7)),
    giga(grown("memory_mb", "string", 1e7, 3e7))
  )),
  c(vignette, sprintf(
    paste(
      "one core reads %s million lines of JSON a second, and %s million rows",
      "of an Arrow stream"
    ),
    digits(scaled("per_cpu_second", "lines") / 1e6, 1),
    whole(scaled("per_cpu_second", "stream") / 1e6)
  )),
  c(vignette, sprintf(
    "a state takes %s bytes for each sample",
    whole(scaled("size_mb", "state") * 2^20 / scaled("n", "state"))
  )),
  c(vignette, sprintf(
    paste(
      "two states of ten million samples are merged in %s seconds where they",
      "have the same ids, and in %s where they have none in common; with both",
      "of them, the process that merges takes %s and %s GB"
    ),
    whole(scaled("cpu", "merged")), whole(scaled("cpu", "disjoint")),
    giga(scaled("memory_mb", "merged") + scaled("before_mb", "merged")),
    giga(scaled("memory_mb", "disjoint") + scaled("before_mb", "disjoint"))
  )),
  c(vignette, sprintf(
    paste(
      "The state of all samples is %s GB, and merging two of them would take",
      "%s GB"
    ),
    whole(cost("the state of all samples")),
    whole(cost("of one that merges two states"))
  )),
  c(vignette, sprintf(
    "it is ten shares of the ids that make this possible: %s GB for each",
    digits(cost("one of ten shares of the ids: most memory"))
  )),
  c(vignette, sprintf(
    "Two workers on one machine with two cores are %s times as fast as one",
    workers$times_one_worker[workers$what == "two workers"]
  )),
  c("R/state-file.R", sprintf(
    "the version of the format in 4 bytes (%s in this version)",
    source_of(
      "src/core/files/dm_state_file.h",
      ".*DM_STATE_FILE_VERSION[ =]+([0-9]+).*"
    )
  )),
  c("README.md", sprintf("%s ways to break a signal file", n_faults)),
  c("CONTRIBUTING.md", sprintf(
    "what signal files can suffer, %s cases", n_faults
  ))
)

# --- the documents ---

# The text of a document, a line each: of sources the help pages; without code
# unless that is wanted.
prose <- function(path, with_code = FALSE) {
  lines <- readLines(path)
  if (grepl("[.]R$", path)) {
    is_example <- cumsum(grepl("^#' @examples", lines)) > 0 &
      startsWith(lines, "#'")
    lines[!startsWith(lines, "#'") | is_example] <- ""
    return(sub("^#' ?", "", lines))
  }
  if (with_code) {
    return(lines)
  }
  is_fence <- startsWith(lines, "```")
  lines[is_fence | cumsum(is_fence) %% 2 == 1] <- ""
  gsub("`r [^`]*`", "", lines)
}

in_one <- function(lines) gsub("[ \n]+", " ", paste(lines, collapse = " "))

said <- paste0(
  "\\b([0-9][0-9.,]*|", paste(words[-1], collapse = "|"), "|million) ?"
)
claimed <- paste0(
  said, "(million|billion|times as|[GMK]B)\\b|",
  said, "(s|ms|seconds|minutes|hours|microseconds)\\b|",
  "(", paste(parts[-1], collapse = "|"), ") of the time"
)
# What is no claim of what was measured.
no_claims <- c(
  "times as readily"
)

documents <- c(
  "README.md", list.files("vignettes", "[.]Rmd$", full.names = TRUE),
  list.files("R", "[.]R$", full.names = TRUE)
)

failed <- character()
tell <- function(holds, ...) {
  cat(if (holds) "ok: " else "FAILED: ", ..., "\n", sep = "")
  if (!holds) failed <<- c(failed, paste0(...))
}
for (claim in claims) {
  text <- in_one(prose(claim[[1]], with_code = TRUE))
  tell(grepl(claim[[2]], text, fixed = TRUE), claim[[1]], ": ", claim[[2]])
}
kept <- in_one(vapply(claims, `[[`, "", 2))
n_numbers <- 0
for (path in documents) {
  text <- in_one(prose(path))
  for (no_claim in no_claims) text <- gsub(no_claim, "", text, fixed = TRUE)
  found <- regmatches(text, gregexpr(claimed, text, perl = TRUE))[[1]]
  is_kept <- vapply(found, grepl, NA, x = kept, fixed = TRUE)
  n_numbers <- n_numbers + length(found)
  for (one in found[!is_kept]) tell(FALSE, path, ": nobody keeps: ", one)
}
cat(length(claims) + n_numbers - length(failed), " passed, ", length(failed),
    " failed\n", sep = "")
quit(status = length(failed) > 0)
