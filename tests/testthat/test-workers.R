test_that("files are merged in their order, whoever is done first", {
  files <- step_files(0:8)
  whole <- datamap_summarise(files)
  states <- lapply(files, datamap_state)
  orders <- list(1:9, 9:1, c(5, 1, 9, 2, 8, 3, 7, 4, 6))
  found <- lapply(orders, function(order) {
    tree <- merging_tree(files, NULL)
    for (i in order) tree$add(i, states[[i]])
    tree$finish()
  })
  expect_identical(found[[2]], found[[1]])
  expect_identical(found[[3]], found[[1]])
  expect_close_map(datamap_summarise(found[[1]]), whole)
  same <- setdiff(names(found[[1]]), "samples")
  expect_identical(
    found[[1]][same], unclass(do.call(datamap_merge, states))[same]
  )
  for (n in 1:7) {
    state <- with_pool(instant_pool(), datamap_state(files[1:n], workers = 1))
    expect_close_map(datamap_summarise(state), datamap_summarise(files[1:n]))
    expect_identical(state$files, files[1:n])
  }
  share <- with_pool(
    instant_pool(), datamap_state(files, workers = 1, ids = c(1, 2))
  )
  expect_identical(
    share$ids, datamap_state(files, ids = c(1, 2))$ids
  )
})

test_that("arguments of the reading reach the workers", {
  files <- step_files(0:3)
  write(
    "{\"id\": \"s1\", \"label\": 1, \"probs\": [0.5], \"step\": 9}", files[[4]],
    append = TRUE
  )
  write("no line", files[[2]], append = TRUE)
  args <- list(
    files, metrics = "all", include_ci = TRUE, steps = c(0, 2),
    on_error = "skip"
  )
  read <- function(...) {
    warned <- list()
    map <- withCallingHandlers(
      do.call(datamap_summarise, c(args, ...)),
      warning = function(warning) {
        warned <<- c(warned, list(warning))
        invokeRestart("muffleWarning")
      }
    )
    list(map = map, warned = warned)
  }
  whole <- read()
  map <- with_pool(instant_pool(), read(list(workers = 1)))
  expect_close_map(map$map, whole$map)
  classes <- lapply(map$warned, class)
  expect_identical(classes, lapply(whole$warned, class))
  expect_s3_class(map$warned[[1]], "datamap_warning_skipped")
  problems <- datamap_problems(map$map)
  expect_identical(problems, datamap_problems(whole$map))
  expect_identical(unique(problems$file), files[c(2, 4)])
  expect_identical(attr(map$map, "sources"), files)
})

test_that("what a worker says is said by the caller", {
  files <- step_files(0:2)
  job <- function(condition) {
    function(job, n) {
      answer <- do_here(job)
      if (!is.null(answer$state) && answer$state$steps$first[[1]] == 1) {
        answer$said <- list(condition)
      }
      answer
    }
  }
  warning <- strip_condition(tryCatch(
    warn_datamap("Hm.", class = "own", n = 3, call = NULL),
    warning = identity
  ))
  said <- expect_warning(
    with_pool(
      instant_pool(job(warning)), datamap_state(files, workers = 1)
    ),
    class = "datamap_warning_own"
  )
  expect_identical(said$n, 3)
  expect_identical(as.character(said$call[[1]]), "datamap_state")
  message <- simpleMessage("Growing.\n")
  expect_message(
    with_pool(instant_pool(job(message)), datamap_state(files, workers = 1)),
    "Growing"
  )

  # and kept there
  tell <- function(...) {
    warning("first")
    message("second")
    "state"
  }
  ask <- function() worker_state(files[[1]], NULL, NULL, check_reading())
  answer <- with_binding("read_state", tell, ask())
  expect_identical(answer$state, "state")
  expect_identical(
    vapply(answer$said, conditionMessage, ""), c("first", "second\n")
  )
  answer <- with_binding("read_state", function(...) stop("third"), ask())
  expect_identical(conditionMessage(answer$failure), "third")
})

test_that("the error of a file has its class and place", {
  files <- step_files(0:2)
  write("oops", files[[2]], append = TRUE)
  pool <- instant_pool()
  error <- expect_error(
    with_pool(pool, datamap_summarise(files, workers = 1)),
    class = "datamap_error_syntax"
  )
  whole <- expect_error(datamap_summarise(files))
  same <- c("path", "line", "column", "key", "found", "expected")
  expect_identical(unclass(error)[same], unclass(whole)[same])
  expect_identical(conditionMessage(error), conditionMessage(whole))
  expect_identical(as.character(error$call[[1]]), "datamap_summarise")

  # relative paths are those of this process
  old <- setwd(dirname(files[[1]]))
  on.exit(setwd(old))
  error <- expect_error(
    with_pool(pool, datamap_state("part_2", workers = 1)),
    class = "datamap_error_syntax"
  )
  expect_identical(error$path, "part_2")
  state <- with_pool(pool, datamap_state("part_1", workers = 1))
  expect_identical(state$files, "part_1")
  # others become ours
  for (failure in list(simpleError("odd {x}"), "odd {x}")) {
    error <- expect_error(
      with_pool(
        instant_pool(function(job, n) {
          if (n < 3) do_here(job) else list(failure = failure)
        }),
        datamap_state(files, workers = 1)
      ),
      "odd {x}", fixed = TRUE, class = "datamap_error_io"
    )
    expect_identical(error$path, files[[1]])
  }
})

test_that("stretches out of order name their files", {
  files <- step_files(c(0, 1, 5, 3))
  error <- expect_error(
    with_pool(instant_pool(), datamap_state(files, workers = 1)),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "step")
  expect_match(conditionMessage(error), files[[4]], fixed = TRUE)
  files <- step_files(c(2, 3, 0, 1))
  error <- expect_error(
    with_pool(instant_pool(), datamap_state(files, workers = 1)),
    class = "datamap_error_field"
  )
  expect_match(
    conditionMessage(error),
    paste0("What was read from '", files[[3]], "' to '", files[[4]]),
    fixed = TRUE
  )
})

test_that("a file that is missing in the middle is a warning", {
  read <- function(steps) {
    files <- step_files(steps)
    warned <- list()
    withCallingHandlers(
      with_pool(instant_pool(), datamap_state(files, workers = 1)),
      datamap_warning_gap = function(warning) {
        expect_match(conditionMessage(warning), "part_", fixed = TRUE)
        found <- unlist(unclass(warning)[c("last", "first", "usual")])
        warned <<- c(warned, list(unname(found)))
        invokeRestart("muffleWarning")
      }
    )
    warned
  }
  expect_identical(read(0:5), list())
  expect_identical(read(500 * 0:5), list())
  expect_identical(read(0.1 * 0:3), list())
  expect_identical(read(c(0, 7)), list())
  expect_identical(
    read(c(0, 2, 4, 10, 12, 18)), list(c(4, 10, 2), c(12, 18, 2))
  )
})

test_that("a file whose worker is gone or late is tried again", {
  files <- step_files(0:2)
  whole <- datamap_state(files, threads = 1)
  # the checks are jobs 1 and 2
  pool <- instant_pool(function(job, n) {
    if (n == 4) NULL else if (n == 5) "never" else do_here(job)
  })
  state <- with_pool(
    pool, datamap_state(files, workers = 1, timeout = 0.1, retry = 1)
  )
  expect_close_map(datamap_summarise(state), datamap_summarise(whole))
  expect_identical(pool$given_up(), list(5))

  gone <- instant_pool(function(job, n) if (n < 3) do_here(job))
  error <- expect_error(
    with_pool(gone, datamap_state(files[2:3], workers = 1)),
    class = "datamap_error_io"
  )
  expect_identical(error$path, files[[2]])
  expect_identical(error$tries, 2L)
  expect_match(
    conditionMessage(error), "2 workers have ended", fixed = TRUE
  )
  late <- instant_pool(function(job, n) if (n < 3) do_here(job) else "never")
  error <- expect_error(
    with_pool(
      late, datamap_state(files[2], workers = 1, timeout = 0.1, retry = 0)
    ),
    class = "datamap_error_limit"
  )
  expect_identical(error$path, files[[2]])
  expect_match(
    conditionMessage(error), "1 worker took longer than 0.1 seconds",
    fixed = TRUE
  )
  none <- instant_pool()
  none$start <- function(job) NULL
  error <- expect_error(
    with_pool(none, datamap_state(files, workers = 1)),
    "No worker is left", class = "datamap_error_io"
  )
  expect_identical(error$path, files[[1]])
  expect_identical(error$key, "workers")
})

test_that("what still runs is given up when reading ends early", {
  files <- step_files(0:2)
  write("oops", files[[3]], append = TRUE)
  pool <- instant_pool(function(job, n) {
    if (n %in% 3:4) "never" else do_here(job)
  })
  expect_error(
    with_pool(pool, datamap_state(files, workers = 1)),
    class = "datamap_error_syntax"
  )
  expect_identical(pool$given_up(), list(3, 4))
})

test_that("every worker must answer and have this version", {
  ask <- function(act, size = 3) {
    expect_error(
      check_pool(instant_pool(act, size), 0.1), class = "datamap_error"
    )
  }
  error <- ask(function(job, n) if (n == 2) "never" else do_here(job))
  expect_s3_class(error, "datamap_error_io")
  expect_identical(error$key, "workers")
  expect_match(
    conditionMessage(error),
    "Of 3 workers, number 2 has not[ \n]answered within 0.1 sec"
  )
  error <- ask(function(job, n) NULL)
  expect_match(
    conditionMessage(error), "Of 3 workers, numbers 1, 2, and 3 have ended"
  )
  error <- ask(do_here, 0)
  expect_match(conditionMessage(error), "There is none")
  error <- ask(function(job, n) list(failure = "odd"))
  expect_identical(error$key, "workers")
  expect_match(conditionMessage(error), "One said: odd", fixed = TRUE)

  with_binding("installed_version", function() "99.1", {
    error <- ask(function(job, n) do_here(job))
  })
  expect_s3_class(error, "datamap_error_input")
  expect_identical(error$version, installed_version())
  error <- ask(function(job, n) {
    list(host = "far", pid = 12L, version = NA)
  })
  expect_match(conditionMessage(error), "12 on .far. does not find it")
})

test_that("what are no workers, and what they can't read, is refused", {
  files <- step_files(0)
  for (workers in list(2, "", NA, list(), mean, c("a", "b"), quote(x))) {
    error <- expect_error(
      datamap_summarise(files, workers = workers), class = "datamap_error_input"
    )
    expect_identical(error$key, "workers")
    expect_identical(as.character(error$call[[1]]), "datamap_summarise")
  }
  plan <- structure(identity, class = c("FutureStrategy", "function"))
  expect_error(datamap_state(files, workers = plan), "plan that is in force")
  for (cluster in list(list(), list(list(con = 1)), list(new.env()))) {
    expect_error(
      datamap_state(files, workers = structure(cluster, class = "cluster")),
      "open sockets", class = "datamap_error_input"
    )
  }
  for (wrong in list(list(timeout = 0), list(retry = -1), list(retry = 0.5))) {
    error <- expect_error(
      do.call(datamap_state, c(list(files), wrong)),
      class = "datamap_error_input"
    )
    expect_identical(error$key, names(wrong))
  }
  for (x in list(I("{}"), data.frame(id = 1), charToRaw("a"))) {
    error <- expect_error(
      datamap_state(x, workers = "future"), class = "datamap_error_input"
    )
    expect_identical(error$key, "x")
  }
  with_packages(FALSE, {
    for (workers in c("future", "mirai")) {
      error <- expect_error(
        datamap_state(files, workers = workers), class = "datamap_error_input"
      )
      expect_match(conditionMessage(error), "install.packages", fixed = TRUE)
    }
  })
})

test_that("a bar shows how much of all files has been read", {
  files <- step_files(0:2)
  shown <- numeric()
  with_binding("progress_bar", function(paths) {
    expect_identical(paths, files)
    function(bytes) shown <<- c(shown, bytes)
  }, with_pool(
    instant_pool(), datamap_state(files, workers = 1, progress = TRUE)
  ))
  expect_identical(shown, cumsum(file.size(files)))
})
