# Usage: Rscript standards.R
#
# Whether STANDARDS.md is true to the repository: the files, functions and tests
# that it names are there, no standard stands twice, and the counts at its top
# are those of its rows. Run from the top folder. The last line is
# "N passed, N failed".

lines <- readLines("STANDARDS.md")
n_checks <- 0
n_failed <- 0
tell <- function(holds, ...) {
  n_checks <<- n_checks + 1
  if (holds) return(invisible())
  n_failed <<- n_failed + 1
  cat("FAILED: ", ..., "\n", sep = "")
}
found_in <- function(x, pattern) {
  unlist(regmatches(x, gregexpr(pattern, x, perl = TRUE)))
}

# --- the rows ---

rows <- grep("^\\| (G|EA|ML)[0-9]", lines, value = TRUE)
cells <- strsplit(gsub("^\\| | \\|$", "", rows), " | ", fixed = TRUE)
standards <- strsplit(vapply(cells, `[[`, "", 1), ", ", fixed = TRUE)
status <- vapply(cells, `[[`, "", 3)
for (one in unique(status)) {
  tell(one %in% c("holds", "part", "open", "no"), "no such status: ", one)
}
twice <- unlist(standards)[duplicated(unlist(standards))]
tell(length(twice) == 0, "stand twice: ", toString(twice))

n_of <- function(what) sum(lengths(standards)[status == what])
counts <- sprintf(
  "Of %d standards, %s, %d hold, %d hold in part, %d are open and %d do not",
  length(unlist(standards)), "counted with their lettered parts",
  n_of("holds"), n_of("part"), n_of("open"), n_of("no")
)
tell(grepl(counts, paste(lines, collapse = " "), fixed = TRUE), counts)

# --- files, functions and tests ---

code <- unlist(lapply(list.files("R", "[.]R$", full.names = TRUE), readLines))
sources <- list()
for (row in rows) {
  file <- ""
  for (name in found_in(row, "`[^`]+`|\"[^\"]+\"")) {
    what <- substr(name, 2, nchar(name) - 1)
    if (startsWith(name, "\"")) {
      test <- paste0("test_that(\"", what, "\"")
      tell(any(grepl(test, sources[[file]], fixed = TRUE)),
           file, " has no test: ", what)
    } else if (grepl("[(][)]$", what)) {
      start <- paste0(sub("()", "", what, fixed = TRUE), " <- function(")
      tell(any(startsWith(code, start)), "no such function: ", what)
    } else if (grepl("^test-.*[.]R$", what)) {
      file <- what
      path <- file.path("tests/testthat", file)
      tell(file.exists(path), "no such file: ", path)
      sources[[file]] <- if (file.exists(path)) readLines(path) else ""
    } else if (grepl("/|[.](md|R|Rd)$", what)) {
      tell(file.exists(what), "no such file: ", what)
    }
  }
}
cat(n_checks - n_failed, " passed, ", n_failed, " failed\n", sep = "")
quit(status = n_failed > 0)
