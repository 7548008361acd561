# Several files of signals, read side by side on workers that the user runs.
# Nothing is started here. Each worker makes a state of one file at a time; the
# states are merged in the order of the files, whoever is done first.
#
# A kind of workers is a function that makes a pool of them, a list of
#
# start_all  a function of a job (see new_job()) that starts it once on every
#            worker, and gives the list of the tasks
# start      a function of a job that starts it on a free worker, and gives the
#            task, or NULL where no worker is free
# are_ready  a function of tasks that waits for a moment and says of each
#            whether it has ended, well or not
# answer     a function of such a task that gives what the job returned, a list
#            with `failure` where it stopped, or NULL where the worker is gone
# give_up    a function of a task that is not waited for any longer: its worker
#            must not come to harm, nor must who uses it next
worker_kinds <- list(
  cluster = function(workers, call) cluster_pool(workers, call),
  mirai = function(workers, call) mirai_pool(workers, call),
  future = function(workers, call) future_pool(call)
)

# How long all workers may take to say that they are there, in seconds. The
# first thing that they do is to load the package.
answer_within <- 60

# The pool that `workers` are.
take_workers <- function(workers, call = rlang::caller_env()) {
  kind <- if (inherits(workers, "cluster")) {
    "cluster"
  } else if (identical(workers, "future")) {
    "future"
  } else if (rlang::is_string(workers) && nzchar(workers)) {
    "mirai"
  } else {
    abort_workers(workers, call)
  }
  worker_kinds[[kind]](workers, call)
}

abort_workers <- function(workers, call) {
  hint <- if (is.numeric(workers)) {
    "Nothing is started here: {.code parallel::makeCluster()} does."
  } else if (inherits(workers, "FutureStrategy")) {
    "{.code workers = \"future\"} takes the plan that is in force."
  }
  abort_argument(
    workers,
    paste(
      "a cluster of the package parallel, the name of a compute profile of",
      "mirai, or {.val future}"
    ),
    "workers", call, c("i" = hint)
  )
}

# The arguments about workers, checked; NULL without workers.
check_workers <- function(workers,
                          timeout,
                          retry,
                          call = rlang::caller_env()) {
  force_argument(workers, "workers", call)
  check_number(timeout, min = 0.1, allow_null = TRUE, call = call)
  check_number(retry, min = 0, max = 100, whole = TRUE, call = call)
  if (!is.null(workers)) {
    list(workers = workers, timeout = timeout %||% Inf, retry = retry)
  }
}

# The state of the files that `x` names. `asked` is what check_workers() gave,
# `how` a list of the request, the window and the reading, checked.
state_from_workers <- function(x, asked, how, call) {
  if (!is.character(x) || inherits(x, "AsIs")) {
    abort_argument(x, "paths of files where there are {.arg workers}", "x",
                   call)
  }
  files <- take_source(x, "lines", "x", call)$lines(how$reading$naming)$paths
  pool <- take_workers(asked$workers, call)
  check_pool(pool, answer_within, call)
  show <- if (how$reading$progress) progress_bar(files)
  tree <- merging_tree(files, call)
  sizes <- file.size(files)
  said <- vector("list", length(files))
  bytes <- 0
  run_jobs(pool, files, file_jobs(files, how), asked, function(i, answer) {
    if (!is.null(answer$failure)) {
      pass_on_failure(answer$failure, files[[i]], call)
    }
    said[[i]] <<- answer$said
    answer$state$files <- rep_len(files[[i]], length(answer$state$files))
    tree$add(i, answer$state)
    bytes <<- bytes + sizes[[i]]
    if (!is.null(show) && !is.na(bytes)) show(bytes)
  }, call)
  for (condition in unlist(said, recursive = FALSE)) {
    pass_on(condition, call)
  }
  tree$finish()
}

# What is run on a worker ------------------------------------------------------

# What a worker is asked to do: the function `name` of this package with the
# arguments `given`. The function that is sent knows nothing of the package,
# which may not be there, or be another.
new_job <- function(name, given = list()) {
  run <- function(name, given, version) {
    about <- list(
      host = Sys.info()[["nodename"]], pid = Sys.getpid(), version = NA
    )
    if (requireNamespace("datacarto", quietly = TRUE)) {
      about$version <- getNamespaceVersion("datacarto")[["version"]]
      if (about$version == version) {
        run <- get(name, envir = asNamespace("datacarto"))
        about <- c(about, do.call(run, given, quote = TRUE))
      }
    }
    about
  }
  environment(run) <- baseenv()
  version <- installed_version()
  list(run = run, given = list(name = name, given = given, version = version))
}

worker_ready <- function() list()

file_jobs <- function(files, how) {
  how$reading$progress <- FALSE
  lapply(files, function(file) {
    # a worker may stand in another folder
    path <- normalizePath(file, mustWork = FALSE)
    new_job("worker_state", c(list(path = path), how))
  })
}

worker_state <- function(path, request, window, reading) {
  said <- list()
  keep <- function(restart) {
    function(condition) {
      said <<- c(said, list(strip_condition(condition)))
      invokeRestart(restart)
    }
  }
  tryCatch(
    withCallingHandlers(
      {
        source <- take_source(path, "lines", "x", NULL)
        state <- read_state(source, NULL, request, window, reading, NULL)
        list(state = state, said = said)
      },
      warning = keep("muffleWarning"), message = keep("muffleMessage")
    ),
    error = function(error) list(failure = strip_condition(error))
  )
}

# A condition without what only means something where it arose.
strip_condition <- function(condition) {
  condition$trace <- NULL
  condition["call"] <- list(NULL)
  condition
}

# What goes wrong there --------------------------------------------------------

# A condition of a worker, as if it had arisen here.
pass_on <- function(condition, call) {
  condition$call <- rlang::error_call(call)
  rlang::cnd_signal(condition)
}

# The error of a worker; `file` is how the user named it.
pass_on_failure <- function(failure, file, call) {
  if (inherits(failure, "datamap_error")) {
    if (!is.null(failure$path)) {
      failure$path <- file
    }
    pass_on(failure, call)
  }
  said <- if (is.character(failure)) failure else conditionMessage(failure)
  abort_datamap(
    c(
      "Can't read {.file {file}} on a worker.",
      "x" = cli_verbatim(show_text(said))
    ),
    class = "io", path = file, call = call
  )
}

# Every worker must answer, and have this very version.
check_pool <- function(pool, within, call = rlang::caller_env()) {
  tasks <- pool$start_all(new_job("worker_ready"))
  answers <- vector("list", length(tasks))
  waiting <- seq_along(tasks)
  on.exit(for (i in waiting) pool$give_up(tasks[[i]]))
  until <- seconds() + within
  while (length(waiting) > 0 && seconds() < until) {
    is_ready <- pool$are_ready(tasks[waiting])
    for (i in waiting[is_ready]) {
      waiting <- setdiff(waiting, i)
      answers[i] <- list(pool$answer(tasks[[i]]))
    }
  }
  if (length(tasks) == 0 || any(vapply(answers, is.null, NA))) {
    abort_silent(answers, waiting, within, call)
  }
  failed <- Filter(function(answer) !is.null(answer$failure), answers)
  if (length(failed) > 0) {
    abort_unable(failed[[1]]$failure, call)
  }
  is_other <- vapply(answers, function(answer) {
    !identical(answer$version, installed_version())
  }, NA)
  if (any(is_other)) {
    abort_other_version(answers[[which(is_other)[[1]]]], call)
  }
}

seconds <- function() proc.time()[["elapsed"]]

abort_silent <- function(answers, waiting, within, call) {
  silent <- which(vapply(answers, is.null, NA))
  gone <- format_count(setdiff(silent, waiting))
  late <- format_count(waiting)
  n <- plural_count(length(answers), "worker")
  abort_datamap(
    c(
      "Every worker must answer before files are read.",
      "x" = if (length(answers) == 0) "There is none.",
      "x" = if (length(gone) > 0) {
        "Of {n}, number{cli::qty(gone)}{?s} {gone} {?has/have} ended."
      },
      "x" = if (length(late) > 0) {
        paste(
          "Of {n}, number{cli::qty(late)}{?s} {late} {?has/have} not",
          "answered within {within} seconds."
        )
      }
    ),
    class = "io", key = "workers", call = call
  )
}

# It did not even say that it is there: the package on it is broken, or another
# that calls itself by the same version.
abort_unable <- function(failure, call) {
  said <- if (is.character(failure)) failure else conditionMessage(failure)
  abort_datamap(
    c(
      "Every worker must be able to run datacarto.",
      "x" = cli_verbatim(show_text(paste("One said:", said))),
      "i" = "Is what is installed there the same as here?"
    ),
    class = "io", key = "workers", call = call
  )
}

abort_other_version <- function(answer, call) {
  wanted <- installed_version()
  found <- answer$version
  abort_datamap(
    c(
      "Every worker must have datacarto {wanted}.",
      "x" = if (is.na(found)) {
        "Process {answer$pid} on {.val {answer$host}} does not find it."
      } else {
        "Process {answer$pid} on {.val {answer$host}} has {found}."
      },
      "i" = if (is.na(found)) {
        "Install it there, or tell the worker its library by {.fn .libPaths}."
      } else {
        "Install the same version there, and start the worker again."
      }
    ),
    class = "input", key = "workers", version = found, call = call
  )
}

# Handing out files ------------------------------------------------------------

# Has each of `jobs`, one for each of `files`, done by a worker of the pool, and
# gives each answer to `take`, a function of the number of the file and the
# answer. A file whose worker is gone or takes too long is tried again.
run_jobs <- function(pool, files, jobs, asked, take, call) {
  queue <- seq_along(files)
  losses <- lapply(files, function(file) character())
  running <- list()
  on.exit(for (one in running) pool$give_up(one$task))
  repeat {
    while (length(queue) > 0) {
      task <- pool$start(jobs[[queue[[1]]]])
      if (is.null(task)) break
      one <- list(task = task, file = queue[[1]], start = seconds())
      running <- c(running, list(one))
      queue <- queue[-1]
    }
    if (length(running) == 0) break
    at <- next_ended(pool, running, asked$timeout)
    if (length(at) == 0) next
    one <- running[[at]]
    running <- running[-at]
    answer <- if (names(at) == "ended") pool$answer(one$task)
    if (!is.null(answer)) {
      take(one$file, answer)
      next
    }
    if (names(at) == "late") pool$give_up(one$task)
    losses[[one$file]] <- c(losses[[one$file]], names(at))
    if (length(losses[[one$file]]) > asked$retry) {
      abort_lost(files[[one$file]], losses[[one$file]], asked$timeout, call)
    }
    queue <- c(one$file, queue)
  }
  if (length(queue) > 0) {
    abort_no_worker(files[[queue[[1]]]], unlist(losses), asked$timeout, call)
  }
}

# The place of a task that has `ended`, or is `late`; none after a moment.
next_ended <- function(pool, running, timeout) {
  is_ready <- pool$are_ready(lapply(running, `[[`, "task"))
  is_late <- seconds() - vapply(running, `[[`, 0, "start") > timeout
  c(ended = which(is_ready)[1], late = which(is_late)[1])[
    c(any(is_ready), any(is_late) && !any(is_ready))
  ]
}

# What became of workers, one of `losses` each.
loss_lines <- function(losses, timeout) {
  n_ended <- sum(losses == "ended")
  n_late <- sum(losses == "late")
  c(
    "x" = if (n_ended > 0) {
      fill_in("{n_ended} worker{?s} {?has/have} ended while reading.")
    },
    "x" = if (n_late > 0) {
      fill_in("{n_late} worker{?s} took longer than {timeout} second{?s}.")
    }
  )
}

abort_lost <- function(file, losses, timeout, call) {
  is_late <- utils::tail(losses, 1) == "late"
  abort_datamap(
    c(
      "Can't read {.file {file}} on a worker.",
      loss_lines(losses, timeout),
      "i" = if (is_late) {
        "{.arg timeout} says how long a file may take."
      } else {
        "Is there enough memory for its samples, and for those beside it?"
      }
    ),
    class = if (is_late) "limit" else "io",
    path = file, key = if (is_late) "timeout", tries = length(losses),
    call = call
  )
}

abort_no_worker <- function(file, losses, timeout, call) {
  abort_datamap(
    c(
      "No worker is left to read {.file {file}}.",
      loss_lines(losses, timeout)
    ),
    class = "io", path = file, key = "workers", call = call
  )
}

# Merging ----------------------------------------------------------------------

# Merges states of files two by two, then what comes of that, and so on, as soon
# as both are there. Which are merged with which depends on the number of files
# alone, so that the last digits do not depend on who is done first.
merging_tree <- function(files, call) {
  waiting <- list()
  done <- NULL
  distances <- numeric()
  borders <- list()
  part_name <- function(part) {
    ends <- files[c(part$from, part$to)]
    if (part$from == part$to) {
      fill_in("{.file {ends[[1]]}}")
    } else {
      fill_in("What was read from {.file {ends[[1]]}} to {.file {ends[[2]]}}")
    }
  }
  join <- function(a, b) {
    names <- c(part_name(a), part_name(b))
    joined <- join_states(list(a$state, b$state), names, call)
    if (!is.null(joined$gaps[[1]])) {
      border <- list(steps = joined$gaps[[1]], file = b$from)
      borders <<- c(borders, list(border))
    }
    # any distance at all is then told as a gap
    joined$state$step_distance <- tiny
    list(state = joined$state, from = a$from, to = b$to)
  }
  # `at` is the place of a part among the `n` of its level, from 0.
  put <- function(part, at, n) {
    while (n > 1) {
      beside <- bitwXor(at, 1L)
      if (beside < n) {
        key <- paste(n, beside)
        other <- waiting[[key]]
        if (is.null(other)) {
          waiting[[paste(n, at)]] <<- part
          return(invisible())
        }
        waiting[[key]] <<- NULL
        part <- if (beside < at) join(other, part) else join(part, other)
      }
      at <- at %/% 2L
      n <- (n + 1L) %/% 2L
    }
    done <<- part$state
  }
  list(
    add = function(i, state) {
      distances <<- c(distances, state$step_distance)
      state$step_distance <- tiny
      put(list(state = state, from = i, to = i), i - 1L, length(files))
    },
    finish = function() {
      warn_missing_file(borders, distances, files, call)
      between <- vapply(borders, border_distance, 0)
      done$step_distance <- max(distances, between)
      done
    }
  )
}

tiny <- 1e-300

border_distance <- function(border) border$steps[[2]] - border$steps[[1]]

# Where no file has two steps, the nearest files tell what is usual.
warn_missing_file <- function(borders, distances, files, call) {
  between <- vapply(borders, border_distance, 0)
  usual <- max(distances)
  if (usual == 0 && length(between) > 0) {
    usual <- min(between)
  }
  borders <- borders[between > usual * (1 + 1e-9)]
  at <- vapply(borders, `[[`, 0L, "file")
  for (border in borders[order(at)]) {
    name <- fill_in("{.file {files[[border$file]]}}")
    warn_gap(c(border$steps[1:2], usual), name, call, "files")
  }
}
