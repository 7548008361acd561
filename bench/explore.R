# Usage: Rscript bench/explore.R
#
# Pages of datamap_explore(): their size, and how fast they are in a headless
# Chromium without a GPU (bench/explore.py). Writes bench/results-explore.md.

library(datacarto)

# A map of `n` samples by twelve evaluations, most of which are easy.
made_map <- function(n) {
  set.seed(1)
  ease <- stats::rbeta(n, 3, 0.8)
  probs <- vapply(1:12, function(step) {
    round(stats::plogis(stats::qlogis(ease * 0.98 + 0.01) +
                          stats::rnorm(n, 0, 0.7)), 6)
  }, numeric(n))
  data <- data.frame(
    id = seq_len(n), label = sample(0:3, n, TRUE), s_label = 0L,
    correct_times = as.integer(rowSums(probs > 0.5)),
    correct_ratio = rowMeans(probs > 0.5),
    avg_probs = rowMeans(probs),
    label_var = rowMeans((probs - rowMeans(probs))^2),
    max_label_probs = do.call(pmax, as.data.frame(probs)),
    min_label_probs = do.call(pmin, as.data.frame(probs)),
    forgetting_times = stats::rpois(n, 0.5), learnt_times = 1L,
    first_forget = 0L, first_learn = 1L, evaluations = 12L
  )
  as_datamap(data)
}

# Texts of 200 letters on average, of 5,000 words that are rarer and rarer.
made_texts <- function(n) {
  words <- vapply(seq_len(5000), function(k) {
    paste(sample(letters, 3 + k %% 7, TRUE), collapse = "")
  }, "")
  vapply(seq_len(n), function(i) {
    at <- sample(5000, 29, TRUE, 1 / seq_len(5000))
    paste(words[at], collapse = " ")
  }, "")
}

folder <- tempfile("explore")
dir.create(folder)
pages <- list(
  list(n = 50000, what = "50,000 with texts", text = TRUE),
  list(n = 1e6, what = "1,000,000 without texts", text = FALSE)
)
rows <- vapply(pages, function(page) {
  map <- made_map(page$n)
  texts <- if (page$text) {
    data.frame(id = map$id, text = made_texts(page$n))
  }
  columns <- if (!page$text) c("label", "correct_ratio")
  file <- file.path(folder, "page.html")
  seconds <- system.time(
    datamap_explore(map, texts, columns = columns, file = file)
  )[["elapsed"]]
  measured <- system2(
    "python3", c("bench/explore.py", shQuote(file)), stdout = TRUE
  )
  paste(
    "|", page$what, "|", format(file.size(file) / 1e6, digits = 3), "|",
    format(seconds, digits = 2), "|", utils::tail(measured, 1), "|"
  )
}, "")

load <- strsplit(readLines("/proc/loadavg"), " ", fixed = TRUE)[[1]][[1]]
writeLines(c(
  "# Measured pages of datamap_explore()",
  "",
  paste0(
    parallel::detectCores(), " cores, no GPU, load ", load,
    " at the end. ", R.version.string, ", ",
    system2("chromium", "--version", stdout = TRUE), "."
  ),
  "",
  paste(
    "`write_s`: R's time for the page. `draw_ms`: from the start of the",
    "script to the first picture, `ready_ms` to the texts. `brush_ms`: a box",
    "of about 5,000 samples, from the end of the drag to the table. `pan`:",
    "frames a second while the map is dragged in moves of the pointer.",
    "`paint_ms`: one picture. The page of a million has the columns id,",
    "avg_probs, label_var, label and correct_ratio, all digits kept."
  ),
  "",
  paste(
    "| samples | MB | write_s | draw_ms | ready_ms | brushed | brush_ms |",
    "pan | paint_ms |"
  ),
  "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
  rows
), "bench/results-explore.md")
