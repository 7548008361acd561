# Each kind of real workers reads, fails, hangs and dies.

for (kind in names(worker_kinds)) {
  test_that(paste("files are read by workers of kind", kind), {
    skip_on_cran()
    skip_on_covr() # which waits for what ended processes have to say
    real <- start_workers(kind)
    on.exit(real$stop())
    files <- step_files(0:4)
    whole <- datamap_summarise(files)
    map <- datamap_summarise(files, workers = real$workers)
    expect_close_map(map, whole)
    expect_identical(attr(map, "sources"), files)
    states <- lapply(1:2, function(i) {
      datamap_state(files, workers = real$workers, metrics = "all")
    })
    expect_identical(states[[1]], states[[2]])

    # an error keeps its class and place, and harms nobody
    write("oops", files[[2]], append = TRUE)
    error <- expect_error(
      datamap_summarise(files, workers = real$workers),
      class = "datamap_error_syntax"
    )
    expect_identical(error$path, files[[2]])
    expect_identical(error$line, 31L)
    expect_identical(error$column, 1L)
    expect_setequal(unlist(real$on_all(Sys.getpid)), real$pids)
    expect_warning(
      map <- datamap_summarise(
        files, workers = real$workers, on_error = "skip"
      ),
      class = "datamap_warning_skipped"
    )
    expect_identical(datamap_problems(map)$file, files[[2]])

    # one that hangs
    fifo <- waiting_file("exec sleep 2 > FIFO")
    error <- expect_error(
      datamap_state(
        c(files[[1]], fifo), workers = real$workers, timeout = 1, retry = 0
      ),
      class = "datamap_error_limit"
    )
    expect_identical(error$path, fifo)
    expect_identical(error$key, "timeout")
    if (kind == "future") { # whose older versions can't stop it
      until <- seconds() + 30
      while (n_free_futures() < 2 && seconds() < until) Sys.sleep(0.1)
    }
    expect_setequal(unlist(real$on_all(Sys.getpid)), real$pids)

    # one that is killed
    skip_if_not(dir.exists("/proc/self/fd"))
    # The shell waits for a reader, kills that one and writes for the next.
    fifo <- waiting_file(paste(
      "exec 3> FIFO; for p in", paste(real$pids, collapse = " "),
      "; do ls -l /proc/$p/fd | grep -q fifo && kill -9 $p; done;",
      "exec 3>&-; sleep 0.3; cat", shQuote(files[[3]]), "> FIFO"
    ))
    state <- datamap_state(
      c(fifo, files[4:5]), workers = real$workers, timeout = 60
    )
    expect_identical(state$files, c(fifo, files[4:5]))
    expect_close_map(
      datamap_summarise(state), datamap_summarise(files[3:5])
    )

    # and none is left
    tools::pskill(real$pids, tools::SIGKILL)
    expect_error(
      datamap_state(files, workers = real$workers),
      class = "datamap_error_io"
    )
  })
}

test_that("a cluster must have open sockets", {
  node <- structure(list(con = 1), class = "SOCKnode")
  for (nodes in list(list(), list(node), list(node, node))) {
    cluster <- structure(nodes, class = c("SOCKcluster", "cluster"))
    expect_error(
      datamap_state("a", workers = cluster), "open sockets",
      class = "datamap_error_input"
    )
  }
})

test_that("workers of parallel are told apart, and are used again", {
  skip_on_cran()
  skip_on_covr()
  real <- start_workers("cluster")
  on.exit(real$stop())
  cluster <- real$workers
  files <- step_files(0)
  bare <- parallel::clusterCall(cluster[2], function() {
    .libPaths(character(), include.site = FALSE)
    requireNamespace("datacarto", quietly = TRUE)
  })
  if (!bare[[1]]) {
    error <- expect_error(
      datamap_state(files, workers = cluster), class = "datamap_error_input"
    )
    expect_identical(error$key, "workers")
    expect_match(
      conditionMessage(error), paste("Process", real$pids[[2]], "on .*not find")
    )
  }
  parallel::clusterCall(cluster[2], .libPaths, .libPaths())

  # a failure that was not caught there; then what a worker has still to say is
  # not left in the way
  pool <- cluster_pool(cluster)
  check_pool(pool, 60)
  odd <- list(run = function() stop("odd"), given = list())
  environment(odd$run) <- baseenv()
  task <- pool$start(odd)
  while (!pool$are_ready(list(task))) NULL
  answer <- pool$answer(task)
  expect_match(answer$failure, "odd")
  task <- pool$start(new_job("worker_ready"))
  Sys.sleep(0.2)
  pool$give_up(task)
  slow <- list(run = function() Sys.sleep(30), given = list())
  environment(slow$run) <- baseenv()
  task <- pool$start(slow)
  pool$give_up(task)
  expect_identical(unlist(real$on_all(Sys.getpid)), real$pids)

  # one that can't be stopped is cut off
  task <- pool$start(slow)
  with_binding("answers", function(...) FALSE, pool$give_up(task))
  expect_error(
    datamap_state(files, workers = cluster), "Worker [12] is not",
    class = "datamap_error_input"
  )
})

test_that("a compute profile must have daemons", {
  skip_if_not_installed("mirai")
  error <- expect_error(
    datamap_state("a", workers = "none-such"), class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "mirai::daemons()", fixed = TRUE)
})
