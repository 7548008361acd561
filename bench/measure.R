# Runs processes in turn and gathers what they report.

# One run: seconds by the clock and of all processors, the process's memory
# before the job and at its peak.
run_once <- function(tool, file, env = NULL, out = NULL) {
  command <- tool$command[[1]]
  args <- shQuote(c(command[-1], file, out))
  said <- suppressWarnings(system2(command[1], args,
    stdout = TRUE, stderr = FALSE, env = c(tool$env[[1]], env)
  ))
  values <- suppressWarnings(as.numeric(strsplit(
    c(said, "")[1], " ", fixed = TRUE
  )[[1]]))
  if (length(values) != 4 || anyNA(values)) {
    values <- rep(NA_real_, 4)
  }
  stats::setNames(values, c("seconds", "cpu", "before", "peak"))
}

# All tools on one file: a first round, not counted, whose summaries are
# compared, then the counted rounds.
measure_lines <- function(label, file, tools, rounds, place, is_large,
                          ids = "integer") {
  tools <- tools[tools$is_there & (tools$large | !is_large), ]
  message(label, ": ", basename(file))
  env <- if (ids == "string") "IDS=VARCHAR"
  agrees <- rep("", nrow(tools))
  reference <- NULL
  for (i in seq_len(nrow(tools))) {
    out <- tempfile(fileext = ".tsv")
    has_summary <- tools$name[i] != "newline scan"
    run_once(tools[i, ], file, env, if (has_summary) out)
    if (file.exists(out)) {
      summary <- read_summary(out)
      reference <- if (is.null(reference)) summary else reference
      agrees[i] <- difference(reference, summary)
    } else if (has_summary) {
      agrees[i] <- "failed"
    }
    unlink(out)
  }
  # A tool that takes minutes is run once.
  runs <- list()
  for (round in seq_len(rounds)) {
    for (i in seq_len(nrow(tools))) {
      slow <- round > 1 && runs[[i]]$seconds > 60
      if (!slow %in% TRUE) {
        run <- run_once(tools[i, ], file, env)
        runs[[length(runs) + 1]] <- data.frame(
          tool = i, round = round, as.list(run)
        )
      }
    }
  }
  runs <- do.call(rbind, runs)
  lines <- count_lines(file)
  do.call(rbind, lapply(seq_len(nrow(tools)), function(i) {
    mine <- runs[runs$tool == i, ]
    versus <- function(other, what) {
      other <- runs[runs$tool == other, ]
      both <- intersect(mine$round, other$round)
      stats::median(
        mine[[what]][match(both, mine$round)] /
          other[[what]][match(both, other$round)]
      )
    }
    own <- which(tools$name == "datacarto" & tools$threads == tools$threads[i])
    scan <- which(tools$name == "newline scan")
    data.frame(
      data = label, tool = tools$name[i], threads = tools$threads[i],
      lines = lines, seconds = stats::median(mine$seconds),
      cpu = stats::median(mine$cpu),
      gb_per_second = file.size(file) / stats::median(mine$seconds) / 1e9,
      times_datacarto = versus(own[1], "seconds"),
      cpu_times_datacarto = versus(own[1], "cpu"),
      cpu_times_scan = if (length(scan)) versus(scan, "cpu") else NA,
      memory_mb = (stats::median(mine$peak - mine$before)) / 1024,
      summary = agrees[i]
    )
  }))
}

count_lines <- function(file) {
  shape <- as.numeric(strsplit(basename(file), "-", fixed = TRUE)[[1]][1:2])
  prod(shape)
}

read_summary <- function(file) {
  first <- readLines(file, 1)
  summary <- utils::read.table(file,
    header = TRUE, sep = if (grepl("\t", first)) "\t" else ",",
    quote = "", comment.char = ""
  )
  summary[order(summary$id, method = "radix"), ]
}

# Numbers are compared at 1e-12: the order of additions is each tool's own.
difference <- function(reference, summary) {
  columns <- c(
    "id", "label", "s_label", "correct_times", "correct_ratio", "avg_probs",
    "label_var", "max_label_probs", "min_label_probs", "forgetting_times",
    "learnt_times", "first_forget", "first_learn"
  )
  if (nrow(reference) != nrow(summary)) {
    return(paste(nrow(summary), "rows"))
  }
  same <- vapply(columns, function(column) {
    a <- reference[[column]]
    b <- summary[[column]]
    if (is.numeric(a)) all(abs(a - b) <= 1e-12) else all(a == b)
  }, logical(1))
  if (all(same)) "agrees" else paste("differs in", toString(columns[!same]))
}

# Writing and reading a summary of a million rows, within this process.
measure_tables <- function(rounds, place) {
  if (!requireNamespace("data.table", quietly = TRUE)) {
    return(NULL)
  }
  data.table::setDTthreads(1)
  shapes <- list(
    "integer ids" = list(1e6, 3, 3, "json", "integer"),
    "string ids" = list(1e6, 3, 3, "json", "string")
  )
  do.call(rbind, lapply(c(names(shapes), "shuffled integer ids"), function(n) {
    shape <- shapes[[if (n == "string ids") n else "integer ids"]]
    message("Tables: ", n)
    map <- datacarto::datamap_summarise(signals(place, shape), progress = FALSE)
    if (n == "shuffled integer ids") {
      set.seed(1)
      map <- map[sample(nrow(map)), ]
    }
    own <- tempfile(fileext = ".tsv")
    other <- tempfile(fileext = ".tsv")
    elapsed <- function(expr) system.time(expr)[["elapsed"]]
    times <- vapply(seq_len(rounds + 1), function(round) {
      c(
        elapsed(datacarto::datamap_write_summary(map, own)),
        elapsed(data.table::fwrite(map, other, sep = "\t")),
        elapsed(datacarto::datamap_read_summary(own)),
        elapsed(data.table::fread(other))
      )
    }, numeric(4))[, -1, drop = FALSE]
    unlink(c(own, other))
    data.frame(
      summary = n, what = c("written", "read"),
      datacarto = apply(times[c(1, 3), , drop = FALSE], 1, stats::median),
      data.table = apply(times[c(2, 4), , drop = FALSE], 1, stats::median),
      ratio = c(
        stats::median(times[1, ] / times[2, ]),
        stats::median(times[3, ] / times[4, ])
      )
    )
  }))
}

# Time and memory against lines (one file read again and again) and against
# samples (a file for up to a million, a FIFO for more).
measure_growth <- function(settings, place) {
  tool <- available_tools(place, "datacarto")[2, ]
  point <- function(kind, samples, lines, run) {
    message(kind, ": ", samples, " samples, ", lines, " lines")
    data.frame(
      against = kind, samples = samples, lines = lines,
      seconds = run[["seconds"]],
      memory_mb = (run[["peak"]] - run[["before"]]) / 1024
    )
  }
  by_lines <- lapply(settings$lines, function(lines) {
    file <- signals(place, list(1e4, 10, 3, "json", "integer"))
    run <- run_once(tool, file, paste0("TIMES=", round(lines / 1e5)))
    point("lines", 1e4, lines, run)
  })
  by_samples <- lapply(settings$samples, function(samples) {
    shape <- c(format(samples, scientific = FALSE), "3")
    fifo <- tempfile(fileext = ".jsonl")
    run_quietly("mkfifo", fifo)
    system2(file.path(place$cache, "generate"), shape,
      stdout = fifo, wait = FALSE
    )
    run <- run_once(tool, fifo)
    unlink(fifo)
    point("samples", samples, 3 * samples, run)
  })
  do.call(rbind, c(by_lines, by_samples))
}
