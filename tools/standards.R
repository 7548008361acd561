# Usage: Rscript standards.R
#
# Whether STANDARDS.md is true to the repository: the files, functions and tests
# that it names are there, no standard stands twice, and the counts at its top
# are those of its rows. And what one of its rows says of all messages: no two
# of them are alike. Run from the top folder. The last line is
# "N passed, N failed".

lines <- readLines("STANDARDS.md")
source("tools/tell.R")
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
  "Of %d standards, %s, %d hold, %d hold in part, %d %s open and %d do not",
  length(unlist(standards)), "counted with their lettered parts",
  n_of("holds"), n_of("part"), n_of("open"),
  if (n_of("open") == 1) "is" else "are", n_of("no")
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
# --- every message stands in one place (G5.2a) ---

# What a call says: the words of abort_argument() are its `expected`. Names in
# their place are words made elsewhere, or an error that is raised again.
raisers <- list(
  abort_datamap = "message", warn_datamap = "message",
  inform_datamap = "message", abort_argument = c("x", "expected"),
  stop = "...", warning = "...", message = "..."
)
words_of <- function(call) {
  name <- if (is.symbol(call[[1]])) as.character(call[[1]]) else ""
  order <- raisers[[name]]
  if (is.null(order)) return(NULL)
  given <- as.list(call)[-1]
  if (!is.null(names(given))) {
    named <- tail(order, 1) %in% names(given)
    given <- if (named) given[tail(order, 1)] else given[names(given) == ""]
  }
  at <- min(length(order), length(given))
  if (at == 0 || is.symbol(given[[at]])) return(NULL)
  paste(deparse(given[[at]]), collapse = " ")
}
messages_in <- function(x) {
  if (!is.call(x) && !is.pairlist(x) && !is.expression(x)) return(NULL)
  here <- if (is.call(x)) words_of(x)
  c(here, unlist(lapply(as.list(x), function(part) {
    if (!missing(part)) messages_in(part)
  })))
}
messages <- messages_in(parse(text = code, encoding = "UTF-8"))
tell(length(messages) > 200, "found only ", length(messages), " messages")
for (one in unique(messages[duplicated(messages)])) {
  tell(FALSE, "a message stands twice: ", one)
}

end_telling()
