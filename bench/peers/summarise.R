# The summary in data.table, from the lines' columns in file order.
suppressPackageStartupMessages(library(data.table))
setDTthreads(as.integer(Sys.getenv("THREADS", "1")))

summarise <- function(lines) {
  d <- data.table(
    id = lines$id, label = lines$label, s_label = lines$noisy_label,
    p = lines$label_probs, correct = lines$correct == "true"
  )
  d[, step := rowid(id) - 1L]
  setkey(d, id)
  n <- nrow(d)
  same <- c(FALSE, d$id[-1] == d$id[-n])
  was <- c(FALSE, d$correct[-n])
  never <- .Machine$integer.max
  d[, forgets := same & was & !correct]
  d[, learns := same & !was & correct]
  d[, forget_step := fifelse(forgets, step, never)]
  d[, learn_step := fifelse(learns, step, never)]
  out <- d[, .(
    label = label[1], s_label = s_label[1], correct_times = sum(correct),
    n = .N, avg_probs = mean(p), label_var = var(p), max_label_probs = max(p),
    min_label_probs = min(p), forgetting_times = sum(forgets),
    learnt_times = sum(learns), first_forget = min(forget_step),
    first_learn = min(learn_step)
  ), by = id]
  out[, correct_ratio := correct_times / n]
  out[, label_var := fifelse(n > 1, label_var * (n - 1) / n, 0)]
  out[first_forget == never, first_forget := 0L]
  out[first_learn == never, first_learn := 0L]
  out[]
}

write_summary <- function(summary, file) {
  fwrite(summary, file, sep = "\t")
}
