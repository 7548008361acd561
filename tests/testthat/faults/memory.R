# M: memory, interrupts, and what R does meanwhile.

a <- record()
# As deep as this, the record being the first.
nested <- function(depth) {
  n <- depth - 1
  record(2, "0.25", paste0(", \"x\": ", strrep("[", n), strrep("]", n)))
}
deep <- list(id = 1:2, avg_probs = c(0.5, 0.25))
too_deep <- function(depth) {
  # that of the first bracket too many
  fault_case(lines_of(a, nested(depth), a),
    error = fault_error("limit", 2, 62 + 1024, "x", "1024")
  )
}
# Runs code that reads a connection 50 bytes at a time; `hook` is told the
# number of each read before it is made.
with_reads <- function(path, hook, code) {
  reader <- function(con) {
    k <- 0
    function(n) {
      k <<- k + 1
      hook(k)
      readBin(con, "raw", min(n, 50))
    }
  }
  with_binding("binary_reader", reader, code)
}
some_lines <- function() vapply(1:40, record, "", p = "0.5")

list(
  fault("M1", "every allocation fails once", program = "test_out_of_memory"),
  fault("M2", "every read fails once", program = "test_out_of_memory"),
  fault("M3", "R has no memory left",
    function() {
      skip_on_os(c("windows", "mac"))
      skip_if_not(nzchar(Sys.which("prlimit")), "prlimit is not here")
      skip_if_sanitized()
      path <- write_signals(a)
      code <- "
        bytes <- charToRaw(paste0(
          '{\"id\": \"', strrep('x', 1e5), 1:600,
          '\", \"label\": 0, \"correct\": 1, \"label_probs\": 1}\n',
          collapse = ''
        ))
        frame <- data.frame(
          id = 1:1e6, label = 0L, correct = 1, label_probs = 1
        )
        small <- datamap_summarise(args[[1]])
        try_both <- function() {
          for (x in list(bytes, frame)) {
            e <- tryCatch(datamap_summarise(x), error = identity)
            is_ours <- inherits(e, 'datamap_error')
            said <- conditionMessage(e)
            is_of_r <- grepl('cannot allocate|vector memory', said)
            after <- datamap_summarise(args[[1]])
            cat(is_ours || is_of_r, identical(after, small), '\\n')
          }
        }
        limit_space <- function(text) {
          system2('prlimit', c('--pid', Sys.getpid(), paste0('--as=', text)))
        }
        size <- grep('^VmSize', readLines('/proc/self/status'), value = TRUE)
        now <- 1024 * as.numeric(gsub('[^0-9]', '', size))
        limit_space(sprintf('%.0f:', now + 2e7))
        try_both()
        limit_space('unlimited:')
        invisible(mem.maxVSize(gc()[2, 4] + 10))
        e <- tryCatch(
          lapply(1:20, function(i) datamap_summarise(frame)),
          error = identity
        )
        invisible(mem.maxVSize(Inf))
        cat(inherits(e, 'error'), nrow(datamap_summarise(frame)) == 1e6, '\\n')"
      child <- run_child(code, path)
      expect_identical(child$output, rep("TRUE TRUE ", 3))
      expect_identical(child$status, 0L, info = child$said)
    },
    is_heavy = TRUE
  ),
  fault("M4", "Ctrl-C at 20 points",
    function() {
      skip_on_os("windows")
      path <- write_signals(some_lines())
      whole <- datamap_summarise(path)
      n_open <- nrow(showConnections())
      for (point in 1:20) {
        press <- function(k) {
          if (k == point) tools::pskill(Sys.getpid(), tools::SIGINT)
        }
        how <- tryCatch(
          with_reads(path, press, datamap_summarise(file(path))),
          interrupt = function(e) "interrupted"
        )
        expect_identical(how, "interrupted")
        expect_same_map(datamap_summarise(path), whole)
      }
      expect_identical(nrow(showConnections()), n_open)
    },
    is_heavy = TRUE
  ),
  fault("M5", "a time limit",
    function() {
      path <- write_signals(some_lines())
      whole <- datamap_summarise(path)
      on.exit(setTimeLimit())
      expect_error(
        {
          setTimeLimit(elapsed = 0.05, transient = TRUE)
          with_reads(path, function(k) Sys.sleep(0.2), {
            datamap_summarise(file(path))
          })
        },
        "time limit"
      )
      setTimeLimit()
      expect_same_map(datamap_summarise(path), whole)
    }
  ),
  fault("M6", "gctorture2(1) over every entry of .Call",
    function() {
      skip_if_sanitized()
      covered <- character()
      plainly <- function(entry, ...) {
        covered <<- c(covered, entry)
        .Call(get(entry, asNamespace("datacarto")), ...)
      }
      want <- call_entries(plainly)
      expect_identical(
        which(vapply(want, inherits, NA, "dm_error")),
        c(2L, 5L, 9L, 10L, 14L, 20L, 24L, 38L)
      )
      expect_identical(call_entries_tortured(), want)
      entries <- names(getDLLRegisteredRoutines("datacarto")$.Call)
      expect_setequal(covered, entries)
    },
    is_heavy = TRUE
  ),
  fault("M7", "a fork after a call with threads",
    function() {
      skip_on_os("windows")
      path <- write_signals(rep(some_lines(), 500)) # several blocks
      whole <- datamap_summarise(path, threads = 4)
      maps <- parallel::mclapply(1:4, function(i) {
        datamap_summarise(path, threads = i)
      }, mc.cores = 2)
      for (map in maps) {
        expect_same_map(map, whole)
      }
      expect_same_map(datamap_summarise(path, threads = 4), whole)
    }
  ),
  fault("M8", "two readings at once",
    function() {
      path <- write_signals(some_lines())
      whole <- datamap_summarise(path)
      inner <- 0
      again <- function(k) {
        inner <<- inner + identical(datamap_summarise(path)$id, whole$id)
        if (k == 5) {
          expect_error(datamap_summarise(I("{")), class = "datamap_error")
        }
      }
      outer <- with_reads(path, again, datamap_summarise(file(path)))
      expect_same_map(outer, whole)
      expect_gt(inner, 40)
    }
  ),
  fault("M9", "the session ends",
    function() {
      path <- write_signals(some_lines())
      # in a finalizer at the very end, and in the middle of a reading
      child <- run_child(
        "invisible(reg.finalizer(globalenv(), function(e) {
           writeLines(paste(nrow(datamap_summarise(args[[1]]))))
         }, onexit = TRUE))
         namespace <- asNamespace('datacarto')
         unlockBinding('binary_reader', namespace)
         namespace$binary_reader <- function(con) {
           function(n) {
             bytes <- readBin(con, 'raw', min(n, 50))
             if (length(bytes) == 0) quit(status = 7)
             bytes
           }
         }
         datamap_summarise(file(args[[1]]))
         writeLines('not here')",
        path
      )
      expect_identical(child$output, "40")
      expect_identical(child$status, 7L, info = child$said)
    },
    is_heavy = TRUE
  ),
  fault("M10", "the package is unloaded in the middle",
    function() {
      path <- write_signals(some_lines())
      child <- run_child(
        "whole <- datamap_summarise(args[[1]])
         namespace <- asNamespace('datacarto')
         unlockBinding('binary_reader', namespace)
         namespace$binary_reader <- function(con) {
           function(n) {
             if (isNamespaceLoaded('datacarto')) unloadNamespace('datacarto')
             gc()
             readBin(con, 'raw', min(n, 50))
           }
         }
         map <- datamap_summarise(file(args[[1]]))
         writeLines(paste(isNamespaceLoaded('datacarto')))
         writeLines(paste(identical(map, whole)))
         library(datacarto)
         writeLines(paste(nrow(datamap_summarise(args[[1]]))))",
        path
      )
      expect_identical(child$output, c("FALSE", "TRUE", "40"))
      expect_identical(child$status, 0L, info = child$said)
    },
    is_heavy = TRUE
  ),
  fault("M11", "1,023 levels",
    fault_case(lines_of(a, nested(1023)), map = deep)
  ),
  fault("M12", "1,024 levels",
    fault_case(lines_of(a, nested(1024)), map = deep)
  ),
  fault("M13", "1,025 levels", too_deep(1025)),
  fault("M14", "100,000 levels", too_deep(100000), is_common = TRUE),
  fault("M15", "from one sample to 10 million",
    function() {
      # the largest only where asked for: it takes 2 GB
      most <- if (nzchar(Sys.getenv("DATACARTO_LARGE"))) 7 else 5
      for (digits in 0:most) {
        n <- 10^digits
        map <- summarise_many(n)
        expect_identical(nrow(map), as.integer(n))
        expect_identical(range(map$id), c(0L, as.integer(n) - 1L))
        expect_false(is.unsorted(map$id, strictly = TRUE))
        expect_true(all(map$evaluations == 1L))
        expect_true(all(map$avg_probs == 0.5))
        expect_identical(attr(map, "line_counts")[["good"]], n)
      }
    },
    is_heavy = TRUE
  ),
  fault("M16", "ids that collide", program = "test_catalogue"),
  fault("M17", "OMP_THREAD_LIMIT=1",
    function() {
      path <- write_signals(rep(some_lines(), 500))
      limit <- Sys.getenv("OMP_THREAD_LIMIT", NA)
      on.exit(
        if (is.na(limit)) {
          Sys.unsetenv("OMP_THREAD_LIMIT")
        } else {
          Sys.setenv(OMP_THREAD_LIMIT = limit)
        }
      )
      Sys.setenv(OMP_THREAD_LIMIT = "1")
      expect_identical(default_threads(), 1L)
      one <- datamap_summarise(path)
      Sys.unsetenv("OMP_THREAD_LIMIT")
      expect_gte(default_threads(), 1L)
      for (threads in c(1, 2, 3, 8)) {
        expect_same_map(datamap_summarise(path, threads = threads), one)
      }
    }
  )
)
