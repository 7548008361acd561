# F: where the bytes are, and what happens to them meanwhile.

a <- record()
b <- record(2, "0.25")
two <- list(id = 1:2, avg_probs = c(0.5, 0.25), evaluations = c(1L, 1L))
expect_two <- function(map) {
  for (name in names(two)) {
    expect_identical(map[[name]], two[[name]], label = name)
  }
}
# A file under this name, read alone and with another.
reads_as <- function(name) {
  function() {
    folder <- new_folder()
    on.exit(unlink(folder, recursive = TRUE))
    path <- write_raw(lines_of(a, b), name, folder)
    skip_if_not(file.exists(path), "the system has no such names")
    expect_two(datamap_summarise(path))
    expect_identical(datamap_summarise(c(path, path))$evaluations, c(2L, 2L))
    write_raw(lines_of(a, "{"), name, folder)
    expect_identical(source_error(path, "syntax")$path, enc2utf8(path))
  }
}
# Whole and skipping alike; `reason` is what the system says.
fails <- function(path, reason, class = "io") {
  for (on_error in c("stop", "skip")) {
    error <- source_error(path, class, on_error = on_error)
    expect_identical(error$path, path)
    expect_null(error$line)
    expect_match(conditionMessage(error), reason)
  }
}
# 2 MB of lines, far more than is read before the file is touched.
many <- function() {
  write_signals(
    vapply(seq_len(20000), function(i) record(i, i / 32768), ""),
    envir = parent.frame()
  )
}
all_of_them <- function(map) {
  expect_identical(map$id, 1:20000)
  expect_identical(map$avg_probs, (1:20000) / 32768)
}

list(
  fault("F1", "no such file",
    function() {
      fails(file.path(tempdir(), "absent.jsonl"), "No such file")
      fails(file.path(tempdir(), "absent", "signals.jsonl"), "No such file")
    },
    is_common = TRUE
  ),
  fault("F2", "a folder",
    function() {
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      fails(folder, "Can't find signals", "input")
      # one that becomes a folder when it has been looked at already
      path <- file.path(folder, "a.jsonl")
      dir.create(path)
      entry <- asNamespace("datacarto")$ffi_summarise
      result <- .Call(entry, list(path), reader_options(NULL), NULL)
      expect_s3_class(result, "dm_error")
      expect_identical(result$reason, "Is a directory")
      write_raw(lines_of(a, b), "b.jsonl", folder)
      expect_two(datamap_summarise(folder))
    },
    is_common = TRUE
  ),
  fault("F3", "no permission",
    function() {
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      path <- write_raw(lines_of(a, b), folder = folder)
      Sys.chmod(path, "0")
      said <- run_unprivileged(
        "e <- tryCatch(datamap_summarise(args[[1]]), error = identity)
         writeLines(c(class(e)[[1]], conditionMessage(e)))",
        path
      )
      expect_identical(said[[1]], "datamap_error_io")
      expect_match(said, "Permission denied", fixed = TRUE, all = FALSE)
    },
    is_heavy = TRUE
  ),
  fault("F4", "a FIFO",
    function() {
      skip_on_os("windows")
      path <- write_signals(c(a, b))
      packed <- write_raw(gzip_bytes(lines_of(a, b)), folder = dirname(path),
                          name = "packed")
      pipe <- file.path(dirname(path), "pipe")
      skip_if(system2("mkfifo", shQuote(pipe)) != 0, "mkfifo is not here")
      for (from in c(path, packed)) {
        # who opened it twice would wait forever
        start_in_shell(sprintf("cat %s > %s", shQuote(from), shQuote(pipe)))
        expect_two(datamap_summarise(pipe))
      }
    },
    is_common = TRUE, is_heavy = TRUE
  ),
  fault("F5", "the standard input",
    function() {
      path <- write_signals(c(a, b))
      code <- "map <- datamap_summarise(%s)
               writeLines(c(map$id, format(map$avg_probs), map$evaluations))"
      said <- c("1", "2", "0.50", "0.25", "1", "1")
      for (x in c("file(\"stdin\")", "\"/dev/stdin\"")) {
        child <- run_child(sprintf(code, x), input = path)
        expect_identical(child$output, said)
        expect_identical(child$status, 0L)
      }
    },
    is_heavy = TRUE
  ),
  fault("F6", "/dev/null",
    function() {
      skip_if_not(file.exists("/dev/null"), "there is no /dev/null")
      expect_warning(
        map <- datamap_summarise("/dev/null"), class = "datamap_warning_empty"
      )
      expect_identical(nrow(map), 0L)
      path <- write_signals(c(a, b))
      expect_two(datamap_summarise(c("/dev/null", path)))
    }
  ),
  fault("F7", "a socket and a URL",
    function() {
      path <- write_signals(c(a, b))
      expect_two(datamap_summarise(url(paste0("file://", path))))
      server <- free_socket()
      on.exit(close(server$socket))
      start_child(
        "con <- socketConnection(port = as.integer(args[[2]]), open = 'wb')
         writeBin(readBin(args[[1]], 'raw', 1e4), con)
         close(con)",
        path, server$port
      )
      con <- socketAccept(server$socket, blocking = TRUE, open = "rb")
      on.exit(close(con), add = TRUE)
      expect_two(datamap_summarise(con))
    },
    is_heavy = TRUE
  ),
  fault("F8", "a file under /proc, which calls itself empty",
    function() {
      skip_if_not(file.exists("/proc/version"), "there is no /proc")
      expect_identical(file.size("/proc/version"), 0)
      error <- source_error("/proc/version", "syntax")
      expect_identical(error$line, 1L)
      skip_if(!nzchar(Sys.which("bash")), "bash is not here")
      # a process whose name is two lines; a NUL stands behind it
      pid <- tempfile()
      on.exit(unlink(pid))
      start_in_shell(sprintf(
        "exec bash -c 'echo $$ > %s; exec -a \"$0\" cat' %s < %s",
        pid, shQuote(paste0(a, "\n", b, "\n")), "/dev/zero > /dev/null"
      ))
      wait_for(pid)
      process <- ""
      while (!nzchar(process)) process <- readLines(pid)
      on.exit(tools::pskill(as.integer(process), tools::SIGKILL), add = TRUE)
      path <- file.path("/proc", process, "cmdline")
      wait_until(function() grepl("^.\"id", readLines(path, 1, warn = FALSE)))
      map <- suppressWarnings(datamap_summarise(path, on_error = "skip"))
      expect_two(map)
      expect_identical(attr(map, "line_counts")[["bad"]], 1)
    },
    is_heavy = TRUE
  ),
  fault("F9", "spaces in a path", reads_as(" a  b .jsonl ")),
  fault("F10", "a path beyond ASCII",
    function() {
      skip_if_not(l10n_info()[["UTF-8"]], "the locale is not UTF-8")
      reads_as("\u00fc\u65e5\U0001f600.jsonl")()
      reads_as("e\u0301.jsonl")()
    }
  ),
  fault("F11", "a path of 4,000 characters",
    function() {
      skip_on_os("windows")
      top <- new_folder()
      before <- setwd(top)
      on.exit(setwd(before))
      on.exit(unlink(top, recursive = TRUE), add = TRUE)
      path <- top
      name <- strrep("d", 200)
      while (nchar(path) < 3750) {
        dir.create(name)
        setwd(name)
        path <- file.path(path, name)
      }
      last <- strrep("f", 4000 - nchar(path) - 1)
      writeBin(lines_of(a, b), last)
      setwd(before)
      path <- file.path(path, last)
      expect_identical(nchar(path), 4000L)
      expect_two(datamap_summarise(path))
      fails(file.path(path, strrep("x", 200)), "File name too long|Not a dir")
    }
  ),
  fault("F12", "a path with ~",
    function() {
      skip_on_os("windows")
      path <- write_signals(c(a, b))
      child <- run_child(
        "writeLines(paste(datamap_summarise('~/signals.jsonl')$id))",
        env = paste0("HOME=", dirname(path))
      )
      expect_identical(child$output, c("1", "2"))
    },
    is_heavy = TRUE
  ),
  fault("F13", "a path with a NUL",
    function() {
      # no string of R holds one, so none can get as far as the system
      path <- c(charToRaw(tempdir()), as.raw(0), charToRaw("a.jsonl"))
      expect_error(datamap_summarise(rawToChar(path)), "nul")
      # as raw vector they are signals, and no good ones
      expect_identical(source_error(path, "syntax")$line, 1L)
    }
  ),
  fault("F14", "Windows: backslashes", program = "test_path"),
  fault("F15", "Windows: a server's share", program = "test_path"),
  fault("F16", "Windows: a long path", program = "test_path"),
  fault("F17", "links in a circle",
    function() {
      skip_on_os("windows")
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      at <- file.path(folder, c("a.jsonl", "b.jsonl"))
      file.symlink(at[[1]], at[[2]])
      file.symlink(at[[2]], at[[1]])
      fails(at[[1]], "Too many levels of symbolic links")
      unlink(at[[2]])
      write_raw(lines_of(a, b), "b.jsonl", folder)
      expect_two(datamap_summarise(at[[1]]))
    }
  ),
  fault("F18", "a file deleted after it was opened",
    function() {
      skip_on_os("windows")
      path <- many()
      all_of_them(while_reading(path, function() unlink(path)))
      expect_false(file.exists(path))
    }
  ),
  fault("F19", "a file truncated while it is read",
    function() {
      skip_on_os("windows")
      path <- many()
      bytes <- readBin(path, "raw", 1e7)
      packed <- gzip_bytes(bytes)
      for (content in list(bytes, packed)) {
        n <- length(content)
        for (i in 0:19) {
          writeBin(content, path)
          # at first to what has been read already
          cut <- function() truncate_file(path, max(6, i * n %/% 20))
          error <- expect_error(
            while_reading(path, cut, c("stop", "skip")[[i %% 2 + 1]]),
            class = "datamap_error_io"
          )
          expect_identical(error$path, path)
          expect_match(conditionMessage(error), "shrank")
        }
      }
      writeBin(bytes, path)
      all_of_them(datamap_summarise(path))
    },
    is_common = TRUE
  ),
  fault("F20", "a file that grows while it is read",
    function() {
      path <- many()
      size <- file.size(path)
      grow <- function() {
        cat(a, "\n{\"id\": ", sep = "", file = path, append = TRUE)
      }
      expect_message(
        map <- while_reading(path, grow),
        class = "datamap_message_grown"
      )
      all_of_them(map)
      expect_identical(attr(map, "line_counts")[["lines"]], 20000)
      expect_gt(file.size(path), size)
    }
  ),
  fault("F21", "a file replaced while it is read",
    function() {
      skip_on_os("windows")
      path <- many()
      replace <- function() {
        other <- write_raw(lines_of(b), "other", dirname(path))
        file.rename(other, path)
      }
      all_of_them(while_reading(path, replace))
      expect_identical(datamap_summarise(path)$id, 2L)
    }
  ),
  fault("F22", "an error of the device",
    function() {
      # address 0 of a process is not there
      skip_if_not(file.exists("/proc/self/mem"), "there is no /proc/self/mem")
      fails("/proc/self/mem", "Input/output error")
      path <- write_signals(c(a, b))
      fails_second <- source_error(c(path, "/proc/self/mem"), "io")
      expect_identical(fails_second$path, "/proc/self/mem")
    }
  ),
  fault("F23", "a file of more than 4 GiB",
    function() {
      skip_on_os(c("windows", "mac"))
      path <- write_signals(a)
      # a hole, which reads as one long line of NUL
      con <- file(path, "r+b")
      seek(con, 2^32 + 1e5, rw = "write")
      writeBin(as_bytes(c("\n", b, "\n{\"id\" 7}\n")), con)
      close(con)
      skip_if_not(file.size(path) > 2^32, "the system has no such files")
      error <- source_error(path, "limit", max_line = 1e5)
      expect_identical(error$line, 2L)
      map <- suppressWarnings(
        datamap_summarise(path, on_error = "skip", max_line = 1e5)
      )
      expect_two(map)
      problems <- datamap_problems(map)
      expect_identical(problems$row, c(2L, 4L))
      expect_identical(problems$col, c(1L, 7L))
      expect_identical(attr(map, "line_counts")[["lines"]], 4)
    },
    is_heavy = TRUE
  ),
  fault("F24", "more than 2^31 lines", program = "test_catalogue"),
  fault("F25", "a file given twice",
    function() {
      path <- write_signals(c(a, b))
      map <- datamap_summarise(c(path, path))
      expect_identical(map$evaluations, c(2L, 2L))
      expect_identical(map$avg_probs, two$avg_probs)
      # where lines have steps, it is seen
      path <- write_signals(record(1, "0.5", ", \"step\": 3"))
      expect_warning(
        datamap_summarise(c(path, path)),
        class = "datamap_warning_disagreement"
      )
    }
  ),
  fault("F26", "10,000 files",
    function() {
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      # of a hundred contents, under a hundred names each
      first <- vapply(1:100, function(i) {
        write_raw(lines_of(record(i)), paste0("part", i, ".jsonl"), folder)
      }, "")
      names <- file.path(folder, paste0("part", 101:10000, ".jsonl"))
      file.link(rep_len(first, 9900), names)
      expect_length(dir(folder), 10000)
      child <- run_child(
        "map <- datamap_summarise(args[[1]])
         writeLines(paste(dim(map)[[1]], sum(map$evaluations)))",
        folder, shell = "ulimit -n 256"
      )
      expect_identical(child$output, "100 10000")
      expect_identical(child$status, 0L)
    },
    is_heavy = TRUE
  )
)
