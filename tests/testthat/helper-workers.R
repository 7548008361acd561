# Signal files, real workers and one that is none, and maps that differ by
# rounding.

# A file for each of `steps`, in one folder, of the same samples.
step_files <- function(steps, n = 30, envir = parent.frame()) {
  first <- write_signals("", "none.txt", envir)
  files <- file.path(dirname(first), paste0("part_", seq_along(steps)))
  for (i in seq_along(steps)) {
    writeLines(lines_at(steps[[i]], n), files[[i]])
  }
  files
}

lines_at <- function(step, n = 30) {
  p <- round(stats::runif(n), 3)
  id <- sample(n)
  sprintf(
    "{\"id\": \"s%d\", \"label\": %d, \"probs\": [%.3f, %.3f], \"step\": %s}",
    id, id %% 2L, p, 1 - p, step
  )
}

# A FIFO, which a worker that reads it waits for; of what is written to it, the
# shell's `writer` says.
waiting_file <- function(writer, envir = parent.frame()) {
  testthat::skip_on_os("windows")
  fifo <- file.path(dirname(write_signals("", "none.txt", envir)), "fifo")
  testthat::skip_if(
    system2("mkfifo", shQuote(fifo)) != 0, "mkfifo is not here"
  )
  writer <- gsub("FIFO", shQuote(fifo), writer, fixed = TRUE)
  # without the output of this process, and not for ever
  system2(
    "timeout", c("60", "sh", "-c", shQuote(writer)),
    wait = FALSE, stdout = FALSE, stderr = FALSE
  )
  fifo
}

# Two workers of a kind: what is given as `workers`, a function that has each of
# them call a function and one that ends them.
start_workers <- function(kind) {
  switch(kind,
    cluster = {
      cluster <- parallel::makeCluster(2)
      on_all <- function(fun, ...) parallel::clusterCall(cluster, fun, ...)
      # one of a worker that is gone is an error
      stop <- function() {
        for (i in 1:2) try(parallel::stopCluster(cluster[i]), silent = TRUE)
      }
      workers <- cluster
    },
    mirai = {
      testthat::skip_if_not_installed("mirai")
      old <- Sys.getenv("R_LIBS")
      Sys.setenv(R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep))
      on.exit(Sys.setenv(R_LIBS = old))
      workers <- "datacarto-test"
      mirai::daemons(2, .compute = workers)
      expr <- quote(do.call(fun, args))
      on_all <- function(fun, ...) {
        args <- list(fun = fun, args = list(...))
        mirai::everywhere(expr, .args = args, .compute = workers)[]
      }
      stop <- function() mirai::daemons(0, .compute = workers)
    },
    future = {
      testthat::skip_if_not_installed("future")
      workers <- "future"
      old <- future::plan("multisession", workers = 2)
      on_all <- function(fun, ...) {
        lapply(
          lapply(1:2, function(i) {
            future::future(
              quote(do.call(fun, args)),
              substitute = FALSE, packages = NULL,
              globals = list(fun = fun, args = list(...))
            )
          }),
          future::value
        )
      }
      stop <- function() future::plan(old)
    }
  )
  pids <- unlist(on_all(Sys.getpid))
  on_all(.libPaths, .libPaths())
  list(workers = workers, pids = pids, on_all = on_all, stop = stop)
}

# A pool that does each job in this process, at once. `act` gets the job and how
# many there were, and returns the answer, NULL of a worker that is gone, or
# "never".
instant_pool <- function(act = function(job, n) do_here(job), size = 2) {
  n <- 0
  given_up <- list()
  start <- function(job) {
    n <<- n + 1
    list(number = n, answer = act(job, n))
  }
  list(
    start_all = function(job) lapply(seq_len(size), function(i) start(job)),
    start = start,
    are_ready = function(tasks) {
      Sys.sleep(0.01)
      !vapply(tasks, function(task) identical(task$answer, "never"), NA)
    },
    answer = function(task) task$answer,
    give_up = function(task) given_up <<- c(given_up, task$number),
    given_up = function() given_up
  )
}

do_here <- function(job) do.call(job$run, job$given)

with_pool <- function(pool, code) {
  with_binding("take_workers", function(workers, call) pool, code)
}

# What counts, or is one of the values, is the same, means and variances are
# within 1e-12; rows in any order where ids are strings.
rounded_columns <- paste0(
  "^(avg_probs|label_var|.*_mean|.*_var|confidence|variability|aum|el2n|bald|",
  "threshold_closeness|prob_margin|loss_ema|.*entropy.*|aleatoric|pvi|",
  "adj_confidence|suggested_prob|suggested_margin)$"
)

expect_close_map <- function(map, whole, any_order = FALSE) {
  expect_identical(names(map), names(whole))
  if (any_order) {
    map <- map[match(whole$id, map$id), ]
  }
  is_rounded <- grepl(rounded_columns, names(map))
  exact <- names(map)[!is_rounded]
  same <- vapply(exact, function(name) {
    identical(map[[name]], whole[[name]])
  }, NA)
  expect_identical(exact[!same], character())
  far <- vapply(names(map)[is_rounded], function(name) {
    !identical(is.na(map[[name]]), is.na(whole[[name]])) ||
      any(abs(map[[name]] - whole[[name]]) > 1e-12, na.rm = TRUE)
  }, NA)
  expect_identical(names(far)[far], character())
}
