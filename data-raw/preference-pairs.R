# Makes vignettes/preference-pairs.csv.gz and
# inst/extdata/preference_signals.jsonl.gz: pairs of answers of real text, some
# of them swapped on purpose, and what a small causal language model says of
# them while it is trained by direct preference optimisation. Run it from the
# root of the package, with the package installed:
#
#   Rscript data-raw/preference-pairs.R [python]
#
# It takes some minutes, needs the package janeaustenr for its text and a Python
# with torch, and prints the figures of the training. Made with R 4.2.2,
# janeaustenr 1.0.0 and torch 1.13.1 on one thread: run again there, it gives
# the same lines. Another build of torch differs in the last digits, which in
# the end shows.

library(datacarto)
source("data-raw/signal-files.R")

n_pairs <- 420
share_swapped <- 0.15
n_prompt <- 5
n_answer <- 8
signals_file <- "inst/extdata/preference_signals.jsonl.gz"
pairs_file <- tempfile(fileext = ".csv") # for Python
kept_file <- "vignettes/preference-pairs.csv.gz"

# Text -------------------------------------------------------------------------

# The sentences of a novel, in lower case, as words without punctuation.
sentences_of <- function(lines) {
  is_head <- grepl("^(chapter|volume|the end|finis)", lines, ignore.case = TRUE)
  text <- tolower(paste(lines[nzchar(lines) & !is_head], collapse = " "))
  text <- gsub("\\b(mr|mrs|dr|st)[.]", "\\1", text)
  parts <- strsplit(text, "[.!?;:]|--")[[1]]
  words <- strsplit(gsub("[^a-z' ]", " ", parts), " +")
  words <- lapply(words, function(x) gsub("^'+|'+$", "", x))
  lapply(words, function(x) x[nzchar(x)])
}

novels <- list(
  janeaustenr::sensesensibility, janeaustenr::mansfieldpark, janeaustenr::emma,
  janeaustenr::northangerabbey, janeaustenr::persuasion
)
others <- unlist(lapply(novels, sentences_of), recursive = FALSE)
sentences <- sentences_of(janeaustenr::prideprejudice)

# Pairs ------------------------------------------------------------------------

# The other answer, by what is wrong with it: the words of the real one in any
# order, the end of another sentence, or two neighbours exchanged.
worse <- list(
  shuffled = function(answer, other) {
    repeat {
      turned <- sample(answer)
      if (sum(turned != answer) > 4) {
        return(turned)
      }
    }
  },
  another = function(answer, other) other,
  exchanged = function(answer, other) {
    at <- sample(which(answer[-1] != answer[-length(answer)]), 1)
    replace(answer, c(at, at + 1), answer[c(at + 1, at)])
  }
)

set.seed(1)
usable <- sentences[lengths(sentences) >= n_prompt + n_answer]
chosen <- sample(usable, 2 * n_pairs)
kind <- rep(names(worse), length.out = n_pairs)
prompts <- lapply(chosen[seq_len(n_pairs)], utils::head, n_prompt)
real <- lapply(chosen[seq_len(n_pairs)], `[`, n_prompt + seq_len(n_answer))
ends <- lapply(chosen[-seq_len(n_pairs)], utils::tail, n_answer)
bad <- Map(function(kind, answer, other) worse[[kind]](answer, other),
  kind, real, ends
)
is_swapped <- seq_len(n_pairs) %in% sample(n_pairs, share_swapped * n_pairs)
one_text <- function(words) vapply(words, paste, "", collapse = " ")
pairs <- data.frame(
  id = seq_len(n_pairs),
  kind = kind,
  s_label = ifelse(is_swapped, 2, ifelse(kind == "exchanged", 1, 0)),
  prompt = one_text(prompts),
  chosen = ifelse(is_swapped, one_text(bad), one_text(real)),
  rejected = ifelse(is_swapped, one_text(real), one_text(bad))
)

# Training ---------------------------------------------------------------------

python <- c(commandArgs(TRUE), "python3")[[1]]
work <- tempfile()
dir.create(work)
text <- file.path(work, "text")
writeLines(one_text(others[lengths(others) > 3]), text)
utils::write.csv(pairs, pairs_file, row.names = FALSE, quote = FALSE)
write_csv_gzip(pairs, kept_file, quote = FALSE)
signals <- file.path(work, "signals.jsonl")
status <- system2(python, c(
  "data-raw/preference-pairs.py", text, pairs_file, signals,
  dirname(datamap_python_path())
))
stopifnot(status == 0)
con <- gzfile(signals_file, "wb", compression = 9)
writeLines(readLines(signals), con, sep = "\n")
close(con)

# Figures ----------------------------------------------------------------------

map <- datamap_summarise(signals_file, metrics = "loss_last")
stopifnot(identical(map$id, pairs$id))
print(datamap_detect(map, s_label == 2))
map$kind <- pairs$kind
print(datamap_detect(map, s_label == 2, by = "kind"))
print(file.size(c(signals_file, kept_file)))
