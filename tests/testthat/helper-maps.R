# Data maps for tests, made from random signals by loops that follow the
# definitions to the letter and share no code with the package.

naive_row <- function(right, prob) {
  times <- length(right)
  forgets <- integer()
  learns <- integer()
  for (t in seq_len(times)[-1]) {
    if (right[[t - 1]] == 1 && right[[t]] == 0) forgets <- c(forgets, t - 1L)
    if (right[[t - 1]] == 0 && right[[t]] == 1) learns <- c(learns, t - 1L)
  }
  data.frame(
    correct_times = sum(right),
    correct_ratio = sum(right) / times,
    avg_probs = mean(prob),
    label_var = sum((prob - mean(prob))^2) / times,
    max_label_probs = max(prob),
    min_label_probs = min(prob),
    forgetting_times = length(forgets),
    learnt_times = length(learns),
    first_forget = c(forgets, 0L)[[1]],
    first_learn = c(learns, 0L)[[1]],
    evaluations = times
  )
}

# A fifth of the samples is never right, a fifth always, so that all groups
# of all schemes occur.
random_frame <- function(n = 300, times = 10, seed = 1) {
  set.seed(seed)
  rows <- lapply(seq_len(n), function(i) {
    level <- switch(i %% 5 + 1,
      -1,
      2,
      stats::runif(1),
      stats::runif(1),
      stats::runif(1)
    )
    prob <- stats::runif(times)
    right <- as.integer(stats::runif(times) < level)
    naive_row(right, prob)
  })
  data.frame(
    id = seq_len(n),
    label = rep_len(0:2, n),
    s_label = sample(c(0L, 0L, 0L, 1L, 2L), n, replace = TRUE),
    do.call(rbind, rows)
  )
}

random_map <- function(...) {
  as_datamap(random_frame(...))
}

# A map with suggested labels, of random class vectors.
suggesting_map <- function(n = 60, k = 3, seed = 1) {
  set.seed(seed)
  label <- rep_len(seq_len(k) - 1L, n)
  probs <- matrix(stats::rexp(n * k), n)
  probs[cbind(seq_len(n), label + 1L)] <- 2 * stats::runif(n)
  datamap_summarise(
    data.frame(id = seq_len(n), label, probs = I(probs / rowSums(probs))),
    metrics = c("suggested_label", "suggested_prob")
  )
}

# Runs of one recipe: the same samples and labels, and a difficulty of each
# sample that the runs share.
random_runs <- function(k = 3, n = 60, times = 6, seed = 1) {
  set.seed(seed)
  difficulty <- stats::rnorm(n, 1, 1.5)
  label <- sample(c("a", "b"), n, replace = TRUE)
  lapply(seq_len(k), function(run) {
    rows <- lapply(difficulty, function(level) {
      prob <- stats::plogis(level + stats::rnorm(times, sd = 0.8))
      naive_row(as.integer(stats::runif(times) < prob), prob)
    })
    as_datamap(data.frame(id = seq_len(n), label, do.call(rbind, rows)))
  })
}

# Five runs of one recipe that were trained, with the same wrong labels
# (data-raw/calibration.R).
same_runs <- function(kind = "symmetric") {
  file <- testthat::test_path("fixtures", "same", paste0(kind, ".csv.gz"))
  data <- utils::read.csv(file)
  lapply(split(data, data$run), function(run) as_datamap(run[-1]))
}

# Maps whose avg_probs are the columns of a matrix; the other metrics are equal
# in all runs.
runs_of <- function(values, metric = "avg_probs") {
  lapply(seq_len(ncol(values)), function(j) {
    map <- as_datamap(data.frame(
      id = seq_len(nrow(values)), label = 0, correct_ratio = 0.5,
      avg_probs = 0.5, label_var = 0.01
    ))
    map[[metric]] <- values[, j]
    map
  })
}

# A map of the given correct ratios (and other columns).
ratio_map <- function(correct_ratio, ...) {
  as_datamap(data.frame(
    id = seq_along(correct_ratio),
    correct_ratio = correct_ratio,
    avg_probs = rep(0.5, length(correct_ratio)),
    label_var = rep(0.01, length(correct_ratio)),
    ...
  ))
}

counts_of <- function(groups) attr(groups, "counts")

# Runs code as if the packages of Suggests were there, or not.
with_packages <- function(is_there, code) {
  with_binding("has_package", function(package) is_there, code)
}

# Runs code with another value in the place of one of the package.
with_binding <- function(name, value, code) {
  namespace <- asNamespace("datacarto")
  old <- get(name, namespace)
  set <- function(value) {
    unlockBinding(name, namespace)
    assign(name, value, envir = namespace)
    lockBinding(name, namespace)
  }
  set(value)
  on.exit(set(old))
  force(code)
}

# Runs code that draws, on a device that is closed again.
as_draw <- function(...) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file)
  on.exit({
    grDevices::dev.off()
    unlink(file)
  })
  force(...)
}

# Every text of a drawing, without the breaks of its lines unless `lines`.
texts <- function(plot, lines = FALSE) {
  text <- grob_texts(ggplot2::ggplotGrob(plot))
  if (lines) text else gsub("\n", " ", text)
}

grob_texts <- function(x) {
  c(
    if (inherits(x, "text")) as.character(x$label),
    unlist(lapply(x$children, grob_texts)),
    unlist(lapply(x$grobs, grob_texts))
  )
}

# What ggplot2 of any version draws: never the plot object's own fields.
drawn <- function(plot) ggplot2::layer_data(plot, 1)

# Labels of the legend: those of the scale, trained.
legend_labels <- function(plot, aesthetic = "colour") {
  scales <- ggplot2::ggplot_build(plot)$plot$scales
  scales$get_scales(aesthetic)$get_labels()
}
