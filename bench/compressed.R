# What it costs to write compressed, beside writing plain, and beside fwrite()
# with its own gzip (one thread). From the top folder, with datacarto and
# data.table installed:
#
#   Rscript bench/compressed.R
#
# Signals of 20,000 samples and 10 evaluations with 3 classes, the summary and
# the state of 200,000 samples, and a recorder with calls of 10,000 and of 100
# rows. Prints for each file megabytes and seconds of the processor (medians of
# 3 alternated rounds), and the ratios to the plain file within a round. Stops
# where a file does not read back to what the plain one does.

library(datacarto)
data.table::setDTthreads(1)

endings <- c("", ".gz", if (datamap_features()[["zstd"]]) ".zst")
folder <- tempfile()
dir.create(folder)

set.seed(1)
samples <- 20000L
evaluations <- 10L
draw <- function(samples) {
  probs <- matrix(stats::rexp(3 * samples), samples)
  probs <- probs / rowSums(probs)
  id <- sample.int(samples)
  label <- id %% 3L
  list(
    id = id, label = label, probs = probs,
    loss = -log(probs[cbind(seq_len(samples), label + 1L)])
  )
}
run <- lapply(seq_len(evaluations), function(t) draw(samples))
signals <- do.call(rbind, lapply(seq_along(run), function(t) {
  data.frame(run[[t]][c("id", "label", "loss")], step = t)
}))
signals$probs <- do.call(rbind, lapply(run, `[[`, "probs"))
flat <- data.frame(signals[c("id", "label", "loss", "step")], signals$probs)
wide <- do.call(rbind, lapply(1:3, function(t) {
  data.frame(draw(200000L)[c("id", "label", "loss")], correct = TRUE)
}))
wide$label_probs <- exp(-wide$loss)
map <- datamap_summarise(wide)
state <- datamap_state(wide)

record <- function(file, size) {
  rec <- datamap_recorder(file, existing = "overwrite")
  for (t in seq_along(run)) {
    for (start in seq(1, samples, by = size)) {
      rows <- start:(start + size - 1)
      now <- run[[t]]
      datamap_record(
        rec,
        id = now$id[rows], label = now$label[rows],
        probs = now$probs[rows, ], loss = now$loss[rows], step = t
      )
    }
  }
  close(rec)
}

with_fwrite <- function(table) {
  function(file) {
    compress <- if (endsWith(file, ".gz")) "gzip" else "none"
    data.table::fwrite(table, file, compress = compress)
  }
}

writers <- list(
  signals = function(file) datamap_write_signals(signals, file),
  "signals by fwrite()" = with_fwrite(flat),
  summary = function(file) datamap_write_summary(map, file),
  "summary by fwrite()" = with_fwrite(as.data.frame(map)),
  state = function(file) datamap_save_state(state, file),
  "recorder, calls of 10,000" = function(file) record(file, 10000L),
  "recorder, calls of 100" = function(file) record(file, 100L)
)

seconds <- function(write, file) {
  unlink(file)
  time <- system.time(write(file))
  sum(time[c(1, 2)])
}

place <- function(what, ending) {
  number <- match(what, names(writers))
  file.path(folder, paste0("file", number, ".csv", ending))
}

is_done <- function(what, ending) {
  !(grepl("fwrite", what) && ending == ".zst")
}

rounds <- lapply(1:3, function(round) {
  do.call(rbind, lapply(names(writers), function(what) {
    own <- Filter(function(ending) is_done(what, ending), endings)
    time <- vapply(own, function(ending) {
      seconds(writers[[what]], place(what, ending))
    }, 1)
    data.frame(what = what, ending = own, seconds = time)
  }))
})

readers <- list(
  signals = datamap_summarise,
  summary = datamap_read_summary,
  state = function(file) datamap_summarise(datamap_load_state(file)),
  "recorder, calls of 10,000" = datamap_summarise,
  "recorder, calls of 100" = datamap_summarise
)
for (what in names(readers)) {
  read <- lapply(endings, function(ending) {
    map <- readers[[what]](place(what, ending))
    list(map$id, map$label, map$avg_probs, map$evaluations)
  })
  stopifnot(vapply(read, identical, NA, read[[1]]))
}

table <- rounds[[1]]
all_seconds <- vapply(rounds, `[[`, numeric(nrow(table)), "seconds")
first <- match(table$what, table$what)
table$seconds <- apply(all_seconds, 1, stats::median)
table$times_plain <- apply(
  all_seconds / all_seconds[first, ], 1, stats::median
)
fwrites <- match(
  paste(table$what, "by fwrite()", table$ending),
  paste(table$what, table$ending)
)
table$times_fwrite <- apply(
  all_seconds / all_seconds[fwrites, ], 1, stats::median
)
table$mb <- mapply(function(what, ending) {
  file.size(place(what, ending)) / 1e6
}, table$what, table$ending)
table$of_plain_size <- table$mb / table$mb[first]
cat("load ", readLines("/proc/loadavg"), "\n", sep = "")
print(table, digits = 3, row.names = FALSE)
unlink(folder, recursive = TRUE)
