# Runs processes in turn and gathers what they report.

# No run takes longer; of a tool that takes more than SECONDS_REPEATED, one
# counts.
SECONDS_MOST <- 900
SECONDS_REPEATED <- 60

# One run: seconds by the clock and of all processors, the process's memory
# before the job and at its peak. NA where it failed or took too long.
run_once <- function(tool, file, env = NULL, out = NULL) {
  command <- tool$command[[1]]
  args <- shQuote(c(command[-1], file, out))
  said <- suppressWarnings(system2(command[1], args,
    stdout = TRUE, stderr = FALSE, env = c(tool$env[[1]], env),
    timeout = SECONDS_MOST
  ))
  values <- suppressWarnings(as.numeric(strsplit(
    c(said, "")[1], " ", fixed = TRUE
  )[[1]]))
  if (length(values) != 4 || anyNA(values)) {
    values <- rep(NA_real_, 4)
  }
  stats::setNames(values, c("seconds", "cpu", "before", "peak"))
}

# Load of the machine before a measurement: what else uses it.
load_now <- function() {
  as.numeric(strsplit(readLines("/proc/loadavg"), " ")[[1]][1])
}

# All tools on one file: a first round, not counted, whose summaries are
# compared, then the counted rounds.
measure_lines <- function(label, shape, tools, rounds, place) {
  tools <- tools[tools$is_there, ]
  file <- signals(place, shape)
  load <- load_now()
  env <- if (shape$ids == "string") "IDS=VARCHAR"
  agrees <- rep("", nrow(tools))
  reference <- NULL
  for (i in seq_len(nrow(tools))) {
    say(label, ", summaries: ", tools$name[i], ", threads: ", tools$threads[i])
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
  runs <- data.frame()
  for (round in seq_len(rounds)) {
    say(label, ", round ", round, " of ", rounds)
    for (i in which(agrees != "failed")) {
      slow <- any(runs$seconds[runs$tool == i] > SECONDS_REPEATED)
      if (!slow %in% TRUE) {
        run <- run_once(tools[i, ], file, env)
        runs <- rbind(runs, data.frame(
          tool = i, round = round, as.list(run)
        ))
      }
    }
  }
  lines <- shape$samples * shape$evaluations
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
      gb_per_second = bytes_in(file) / stats::median(mine$seconds) / 1e9,
      times_datacarto = versus(own[1], "seconds"),
      cpu_times_datacarto = versus(own[1], "cpu"),
      times_scan = if (length(scan)) versus(scan, "seconds") else NA,
      cpu_times_scan = if (length(scan)) versus(scan, "cpu") else NA,
      memory_mb = (stats::median(mine$peak - mine$before)) / 1024,
      summary = agrees[i], load = load
    )
  }))
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

# Seconds of the jobs, which take turns, within this process: one row per job
# and round, with the seconds by the clock and of all processors.
time_jobs <- function(jobs, rounds) {
  times <- lapply(seq_len(rounds + 1), function(round) {
    do.call(rbind, lapply(names(jobs), function(name) {
      gc()
      time <- system.time(jobs[[name]]())
      data.frame(
        job = name, round = round, seconds = time[["elapsed"]],
        cpu = sum(time[c("user.self", "sys.self")])
      )
    }))
  })
  do.call(rbind, times[-1])
}

# The job "own" beside the job "other", as columns of a result.
compare_jobs <- function(times, own, other) {
  of <- function(job, what) times[[what]][times$job == job]
  data.frame(
    datacarto = stats::median(of(own, "seconds")),
    other = stats::median(of(other, "seconds")),
    ratio = stats::median(of(own, "seconds") / of(other, "seconds")),
    cpu_ratio = stats::median(of(own, "cpu") / of(other, "cpu"))
  )
}

# Writing and reading a summary of a million rows. datamap_write_summary() has
# the disk confirm that it has all, which is what `sync` is beside.
measure_tables <- function(rounds, place, keep) {
  if (!requireNamespace("data.table", quietly = TRUE)) {
    return(invisible())
  }
  data.table::setDTthreads(1)
  million <- shape(samples = 1e6, evaluations = 3)
  shapes <- list(
    "integer ids" = million,
    "shuffled integer ids" = million,
    "string ids" = utils::modifyList(million, list(ids = "string"))
  )
  for (name in names(shapes)) {
    say("tables: ", name)
    map <- datacarto::datamap_summarise(
      signals(place, shapes[[name]]),
      progress = FALSE
    )
    if (startsWith(name, "shuffled")) {
      set.seed(1)
      map <- map[sample(nrow(map)), ]
    }
    load <- load_now()
    own <- tempfile(fileext = ".tsv")
    other <- tempfile(fileext = ".tsv")
    times <- time_jobs(list(
      write = function() datacarto::datamap_write_summary(map, own),
      fwrite = function() data.table::fwrite(map, other, sep = "\t"),
      sync = function() {
        data.table::fwrite(map, other, sep = "\t")
        system2("sync", other)
      },
      read = function() datacarto::datamap_read_summary(own),
      fread = function() data.table::fread(other)
    ), rounds)
    unlink(c(own, other))
    keep(data.frame(
      summary = name,
      what = c("written", "written, with sync", "read"),
      rbind(
        compare_jobs(times, "write", "fwrite"),
        compare_jobs(times, "write", "sync"),
        compare_jobs(times, "read", "fread")
      ),
      load = load
    ))
  }
}

# Time and memory against lines, one file read again and again, and against
# samples, with a file for each point, which is gone after it: the largest two
# have 7 GB.
measure_growth <- function(settings, tools, place, keep) {
  tool <- tools[tools$name == "datacarto" & tools$threads == 2, ]
  point <- function(against, shape, times = 1) {
    lines <- shape$samples * shape$evaluations * times
    say("growth: ", shape$samples, " samples, ", lines, " lines, ", shape$ids,
      " ids")
    file <- signals(place, shape)
    # so that the disk is at rest when the clock starts
    run_quietly("sync", shQuote(file))
    load <- load_now()
    runs <- data.frame()
    while (nrow(runs) < settings$rounds &&
      !any(runs$seconds > SECONDS_REPEATED)) {
      run <- run_once(tool, file, paste0("TIMES=", times))
      runs <- rbind(runs, as.list(run))
    }
    keep(data.frame(
      against = against, ids = shape$ids, samples = shape$samples,
      lines = lines, seconds = stats::median(runs$seconds),
      ns_per_line = stats::median(runs$seconds) / lines * 1e9,
      memory_mb = stats::median(runs$peak - runs$before) / 1024,
      limit_mb = memory_limit(shape), load = load
    ))
    file
  }
  again <- shape(samples = 1e4, evaluations = 10)
  for (lines in settings$lines) {
    point("lines", again, round(lines / (again$samples * again$evaluations)))
  }
  for (ids in c("integer", "string")) {
    for (samples in settings$samples) {
      unlink(point("samples", shape(samples, evaluations = 3, ids = ids)))
    }
  }
}

# Which share of the work the thread that owns a run has for itself, and how
# much faster two threads and two processes are than one, by form of the lines,
# and with metrics for the first form.
measure_owner <- function(forms, rounds, place) {
  files <- vapply(forms, signals, "", place = place)
  say("owner: ", length(files), " files")
  load <- load_now()
  said <- system2("sh", shQuote(
    c(file.path(place$here, "owner.sh"), rounds, files)
  ), stdout = TRUE)
  shares <- utils::read.table(
    text = said,
    col.names = c(
      "file", "metrics", "owner_share", "two_threads", "two_processes"
    )
  )
  data.frame(
    data = names(forms)[shares$file], metrics = shares$metrics,
    owner_share = shares$owner_share,
    at_most_times_faster = 1 / shares$owner_share,
    two_threads = shares$two_threads, two_processes = shares$two_processes,
    load = load
  )
}

# M's lines plain and compressed, read by the core alone. NULL without ISA-L.
measure_decoders <- function(rounds, place) {
  plain <- signals(place, shape())
  gzip <- list.files(signals(place, shape(files = 1)), full.names = TRUE)
  zstd <- tempfile(fileext = ".jsonl.zst")
  on.exit(unlink(zstd))
  has_zstd <- run_quietly("zstd", c("-q", shQuote(plain), "-o", zstd))
  say("decoders")
  load <- load_now()
  said <- system2("sh", shQuote(c(
    file.path(place$here, "decoders.sh"), rounds, plain, gzip,
    if (has_zstd) zstd
  )), stdout = TRUE)
  if (length(said) == 0) {
    return(NULL)
  }
  runs <- utils::read.table(
    text = said, col.names = c("decoder", "threads", "seconds", "cpu")
  )
  bytes <- c(
    plain = file.size(plain), zlib = file.size(gzip), igzip = file.size(gzip),
    zstd = file.size(zstd)
  )
  ways <- unique(runs[c("decoder", "threads")])
  do.call(rbind, lapply(seq_len(nrow(ways)), function(i) {
    of <- function(what, decoder, threads = ways$threads[i]) {
      runs[runs$decoder == decoder & runs$threads == threads, what]
    }
    own <- function(what) of(what, ways$decoder[i])
    data.frame(
      ways[i, ],
      size = bytes[[ways$decoder[i]]] / bytes[["plain"]],
      seconds = stats::median(own("seconds")), cpu = stats::median(own("cpu")),
      times_zlib = stats::median(own("seconds") / of("seconds", "zlib")),
      cpu_times_zlib = stats::median(own("cpu") / of("cpu", "zlib")),
      times_zlib_alone = stats::median(
        own("seconds") / of("seconds", "zlib", threads = 1)
      ),
      load = load
    )
  }))
}

# The most that the job may add to the process: 240 bytes a sample, twice the
# column of string ids, and 64 MB.
memory_limit <- function(shape) {
  bytes <- 240 * shape$samples
  if (shape$ids == "string") {
    some <- 1000
    ids <- sprintf("train-%08d", seq_len(some))
    bytes <- bytes + 2 * as.numeric(utils::object.size(ids)) / some *
      shape$samples
  }
  64 + bytes / 2^20
}
