# The kinds of workers; what a pool of them must do is said in workers.R.

# A cluster of parallel's -------------------------------------------------

# Its functions wait for all workers, so its few messages are written here. A
# worker that is not waited for any longer is stopped as by Ctrl-C, which it
# survives, if it runs on this machine. What it has sent must not be taken for
# an answer to the next who uses it: if that can't be had out of the way, the
# connection is closed, and the worker ends by itself when it notices. That of a
# worker that is gone stays open, else stopCluster() would stop there.
cluster_pool <- function(cluster, call = rlang::caller_env()) {
  cons <- check_nodes(cluster, call)
  pids <- rep(NA_integer_, length(cons))
  free <- seq_along(cons) # who has been free for longest comes first
  begin <- function(i, job) {
    sent <- tryCatch(send_job(cons[[i]], job), error = function(error) FALSE)
    list(node = i, is_sent = !isFALSE(sent))
  }
  are_ready <- function(tasks, wait = 0.1) {
    are_lost <- !vapply(tasks, `[[`, NA, "is_sent")
    if (any(are_lost)) {
      return(are_lost)
    }
    nodes <- vapply(tasks, `[[`, 1L, "node")
    socketSelect(cons[nodes], FALSE, wait)
  }
  list(
    start_all = function(job) {
      free <<- integer()
      lapply(seq_along(cons), begin, job)
    },
    start = function(job) {
      if (length(free) > 0) {
        task <- begin(free[[1]], job)
        free <<- free[-1]
        task
      }
    },
    are_ready = are_ready,
    answer = function(task) {
      i <- task$node
      told <- if (task$is_sent) {
        tryCatch(read_answer(cons[[i]]), error = function(error) NULL)
      }
      if (is.null(told)) {
        return(NULL)
      }
      free <<- c(free, i)
      if (!isTRUE(told$success)) {
        return(list(failure = paste(told$value)))
      }
      if (is_here(told$value$host, cons[[i]])) {
        pids[[i]] <<- told$value$pid
      }
      told$value
    },
    give_up = function(task) {
      i <- task$node
      if (!task$is_sent) {
        return(invisible())
      }
      if (is_cleared(cons[[i]], pids[[i]])) {
        free <<- c(free, i)
      } else {
        close(cons[[i]])
      }
    }
  )
}

# The connections of the workers.
check_nodes <- function(cluster, call = rlang::caller_env()) {
  cons <- lapply(unclass(cluster), function(node) {
    if (is.list(node) || is.environment(node)) node[["con"]]
  })
  is_open <- vapply(cons, function(con) {
    inherits(con, "sockconn") &&
      tryCatch(isOpen(con), error = function(error) FALSE)
  }, NA)
  if (length(cons) == 0 || !all(is_open)) {
    closed <- format_count(which(!is_open))
    abort_datamap(
      c(
        "{.arg workers} must be a cluster of open sockets.",
        "x" = if (length(cons) == 0) "It has no workers.",
        "x" = if (length(closed) > 0) {
          paste(
            "{cli::qty(closed)}Worker{?s} {closed} {?is not/are not}, or no",
            "more."
          )
        },
        "i" = "{.code parallel::makeCluster()} makes one."
      ),
      class = "input", key = "workers", call = call
    )
  }
  cons
}

# The messages of package parallel.
send_job <- function(con, job, tag = "datacarto") {
  data <- list(fun = job$run, args = job$given, return = TRUE, tag = tag)
  serialize(list(type = "EXEC", data = data, tag = NULL), con)
  TRUE
}

# It may be long, but must not pause for long.
read_answer <- function(con, pause = 60) {
  usual <- socketTimeout(con, pause)
  on.exit(socketTimeout(con, usual))
  unserialize(con)
}

# Whether a worker on `host` at the other end of `con` is one of this machine,
# and not in a container, say, that has its name.
is_here <- function(host, con) {
  here <- Sys.info()[["nodename"]]
  from <- gsub("^(<-|->)|:[0-9]+$", "", summary(con)$description)
  .Platform$OS.type == "unix" && identical(host, here) &&
    from %in% c("localhost", "127.0.0.1", here)
}

# Whether a worker that was to do something can be used again, after 8 seconds
# at most: it has answered to the question that was asked last. A signal that
# comes while it is not yet at work is lost, and so may be a question.
is_cleared <- function(con, pid) {
  for (within in c(3, 5)) {
    # not while it is still reading what to do
    if (!is.na(pid) && !socketSelect(list(con), FALSE, 0.4)) {
      tools::pskill(pid, tools::SIGINT)
      Sys.sleep(0.1)
    }
    has_answered <- tryCatch(
      answers(con, paste("datacarto", within), within),
      error = function(error) FALSE
    )
    if (has_answered) {
      return(TRUE)
    }
  }
  FALSE
}

answers <- function(con, tag, within) {
  send_job(con, list(run = Sys.getpid, given = list()), tag)
  until <- seconds() + within
  while (socketSelect(list(con), FALSE, max(0, until - seconds()))) {
    if (identical(read_answer(con, within)$tag, tag)) {
      return(TRUE)
    }
  }
  FALSE
}

# A compute profile of mirai's ----------------------------------------------

mirai_pool <- function(profile, call = rlang::caller_env()) {
  need_package(
    "mirai", "{.arg workers} names a compute profile of the package mirai.",
    "workers", call
  )
  if (profile == "mirai") {
    profile <- "default"
  }
  check_profile(profile, call)
  expr <- quote(do.call(run, given))
  n_running <- 0L
  list(
    start_all = function(job) {
      tasks <- mirai::everywhere(expr, .args = job, .compute = profile)
      n_running <<- length(tasks)
      unclass(tasks)
    },
    start = function(job) {
      if (n_running < mirai::status(profile)$connections) {
        n_running <<- n_running + 1L
        mirai::mirai(expr, .args = job, .compute = profile)
      }
    },
    are_ready = function(tasks) {
      wait_for_some(tasks, function(task) !mirai::unresolved(task))
    },
    answer = function(task) {
      n_running <<- n_running - 1L
      told <- task$data
      if (mirai::is_mirai_error(told)) {
        list(failure = paste(told))
      } else if (!mirai::is_error_value(told)) {
        told
      }
    },
    give_up = function(task) {
      n_running <<- n_running - 1L
      mirai::stop_mirai(task)
    }
  )
}

check_profile <- function(profile, call = rlang::caller_env()) {
  if (!mirai::daemons_set(profile)) {
    abort_datamap(
      c(
        "{.arg workers} must be a compute profile of mirai that has daemons.",
        "x" = "{.val {profile}} has none.",
        "i" = "{.code mirai::daemons()} starts them, or waits for them.",
        did_you_mean(similar_names(profile, c("mirai", "future")))
      ),
      class = "input", key = "workers", call = call
    )
  }
}

# Whether each of `tasks` `is_done`, after a moment if none is.
wait_for_some <- function(tasks, is_done) {
  are_done <- vapply(tasks, is_done, NA)
  if (!any(are_done)) {
    Sys.sleep(0.02)
  }
  are_done
}

# The plan of the package future ----------------------------------------------

# What can't be started is a task whose worker is gone. Older versions can't
# stop a future: its worker is not free until it was asked whether it has ended.
left_futures <- new.env(parent = emptyenv())

n_free_futures <- function() {
  is_left <- vapply(left_futures$all, function(task) {
    !tryCatch(future::resolved(task), error = function(error) TRUE)
  }, NA)
  left_futures$all <- left_futures$all[is_left]
  future::nbrOfFreeWorkers()
}

future_pool <- function(call = rlang::caller_env()) {
  need_package(
    "future", "{.arg workers} asks for the plan of the package future.",
    "workers", call
  )
  begin <- function(job) {
    tryCatch(
      future::future(
        quote(do.call(run, given)),
        substitute = FALSE, globals = job, packages = NULL, seed = NULL,
        stdout = NA, conditions = character()
      ),
      error = identity
    )
  }
  list(
    start_all = function(job) {
      n <- n_free_futures()
      lapply(seq_len(if (is.finite(n)) n else 1), function(i) begin(job))
    },
    start = function(job) {
      if (n_free_futures() > 0) begin(job)
    },
    are_ready = function(tasks) {
      wait_for_some(tasks, function(task) {
        tryCatch(future::resolved(task), error = function(error) TRUE)
      })
    },
    answer = function(task) {
      if (inherits(task, "error")) {
        return(NULL)
      }
      tryCatch(future::value(task), error = function(error) {
        if (!inherits(error, "FutureError")) {
          list(failure = conditionMessage(error))
        }
      })
    },
    give_up = function(task) {
      left_futures$all <- c(left_futures$all, list(task))
      if ("cancel" %in% getNamespaceExports("future")) {
        getExportedValue("future", "cancel")(task)
      }
    }
  )
}
