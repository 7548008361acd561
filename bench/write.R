# Keeps what was measured: a table per part as results/PART.csv, the machines as
# results/PART.txt, the last one first, and all of it as a report with a plot.

# The parts, in the order in which they run, and the columns that say which
# measurement a row is; the others are what it gave. Rows of one value of the
# first stand together.
keys <- list(
  peers = c("data", "tool", "threads"),
  forms = c("data", "tool", "threads"),
  decoders = c("decoder", "threads"),
  owner = c("data", "metrics"),
  tables = c("summary", "what"),
  maps = c("what", "beside"),
  growth = c("against", "ids", "samples", "lines")
)

# Puts rows in the place of those that the same measurement gave before on this
# machine, and beside those of others. What other versions of the tools gave on
# this one is dropped.
write_rows <- function(part, rows, tools, place) {
  if (is.null(rows)) {
    return(invisible())
  }
  file <- function(suffix) file.path(place$results, paste0(part, suffix))
  missing <- unique(tools$name[!tools$is_there])
  machine <- paste0(describe_machine(place), if (
    part == "peers" && length(missing)
  ) paste0(" Not installed: ", toString(missing), "."))
  rows <- cbind(machine = machine_name(), rows, commit = commit_of(place))
  machines <- machine
  if (file.exists(file(".csv"))) {
    machines <- union(machine, readLines(file(".txt")))
    rows <- beside_old_rows(
      rows, read_rows(file(".csv")), keys[[part]],
      is_same = machine %in% readLines(file(".txt"))
    )
  }
  is_named <- names_of(machines) %in% rows$machine
  is_first <- !duplicated(names_of(machines))
  utils::write.csv(rows, file(".csv"), row.names = FALSE)
  writeLines(machines[is_named & is_first], file(".txt"))
  write_report(place)
}

# The rows of all machines, those of one measurement one below the other, this
# machine's first. Older rows lack what has been measured only since.
beside_old_rows <- function(rows, old, keys, is_same) {
  key <- function(rows, of) do.call(paste, c(rows[of], sep = "\r"))
  old[setdiff(names(rows), names(old))] <- NA
  is_own <- old$machine == rows$machine[1]
  known <- rbind(old[keys], rows[keys])
  is_again <- key(old, keys) %in% key(rows, keys) | !is_same
  rows <- rbind(rows, old[is_own & !is_again, ], old[!is_own, ])
  place_in <- function(of) match(key(rows, of), unique(key(known, of)))
  rows[order(place_in(keys[1]), place_in(keys)), ]
}

# A commit may look like a number.
read_rows <- function(file) {
  utils::read.csv(file, colClasses = c(commit = "character"))
}

names_of <- function(machines) sub(": .*", "", machines)

# The commit of the checkout, whose code was measured.
commit_of <- function(place) {
  said <- tryCatch(
    suppressWarnings(system2(
      "git", c("-C", shQuote(place$here), "rev-parse", "--short=7", "HEAD"),
      stdout = TRUE, stderr = FALSE
    )),
    error = function(e) NULL
  )
  c(said, "")[1]
}

write_report <- function(place) {
  parts <- Filter(function(part) {
    all(file.exists(file.path(place$results, paste0(part, c(".csv", ".txt")))))
  }, names(keys))
  machines <- function(part) {
    readLines(file.path(place$results, paste0(part, ".txt")))
  }
  read <- function(part) {
    read_rows(file.path(place$results, paste0(part, ".csv")))
  }
  text <- c(
    "# Measured speed and memory", "",
    paste(
      "Files in the page cache, each run of a tool a process of its own, times",
      "without its start, medians. `load`: of the machine before. `commit`: of",
      "the code that was measured. The same measurement on several machines",
      "stands one below the other: what differs in seconds should not in",
      "ratios, but those to the newline scan differ, and those between rows of",
      "two commits may by the code."
    ), "",
    unlist(lapply(parts, function(part) {
      c(titles[[part]], "", paste("-", machines(part)), "",
        markdown(read(part)), "")
    }))
  )
  if ("growth" %in% parts) {
    growth <- read("growth")
    last <- names_of(machines("growth"))[1]
    plot_growth(
      growth[growth$machine == last, ], file.path(place$results, "growth.png")
    )
    folder <- sub(dirname(place$report), "", place$results, fixed = TRUE)
    text <- c(text, paste0(
      "![Time and memory against lines and samples, of ", last, "](",
      sub("^/", "", file.path(folder, "growth.png")), ")"
    ), "")
  }
  writeLines(text[-length(text)], place$report)
}

titles <- list(
  peers = c(
    "## Tools on the same files", "",
    paste(
      "`seconds` by the clock, `cpu` of all processors.",
      "`times_datacarto`: how many times datacarto's time with as many threads",
      "(median of the ratios within a round); `times_scan`: the same against",
      "counting newlines. Where others use the machine, `cpu` says more.",
      "`memory_mb`: the most that the job added to the process."
    )
  ),
  forms = c(
    "## Other lines, same job", "",
    paste(
      "M: 550,000 samples, 6 evaluations, 3 classes; with 100 classes: 100,000",
      "samples, 3 evaluations. `gb_per_second`: of the files as they are on",
      "the disk."
    )
  ),
  decoders = c(
    "## Compressed files", "",
    paste(
      "M's lines in one file each, read by the core alone. `size`: of the file",
      "beside the plain one. `times_zlib`: beside gzip read by zlib with as",
      "many threads, within a round; `times_zlib_alone`: with one thread."
    )
  ),
  owner = c(
    "## What threads can't share", "",
    paste(
      "`owner_share`: the processor time that the thread which owns a run has",
      "for itself with two threads, reading plain files, beside that of one",
      "thread alone (`owner.sh`); `at_most_times_faster`: what any number of",
      "threads could gain by it. `two_threads`: how many times as fast as one",
      "they read, by the clock; `two_processes`: the same for two processes",
      "that read the file side by side, with a thread each, and share nothing",
      "but the machine. `metrics`: how many, 15 are all of the core."
    )
  ),
  tables = c(
    "## A summary of a million rows, in seconds", "",
    paste(
      "`ratio`: datacarto's time to that of `fwrite()` or `fread()` with one",
      "thread, by the clock; `cpu_ratio`: of the processor. datacarto waits",
      "until the disk has the file, so it is also set beside `fwrite()` and",
      "`sync`."
    )
  ),
  maps = c(
    "## A map of ten million samples, in seconds", "",
    paste(
      "One thread each where no other is said, `ratio` by the clock,",
      "`cpu_ratio` of the processor. `beside`: what `other` is; the results",
      "are the same. datamap_detect() is beside the one of its three scores",
      "that ranks give alone. datamap_write_selection() takes a third of a",
      "table of a million rows, from a path, and waits until the disk has it."
    )
  ),
  growth = c(
    "## Growth, with two threads", "",
    paste(
      "Against lines: 10,000 samples, one file of 22 MB again and again.",
      "Against samples: three lines each, from a file that was made before;",
      "no seconds where they came through a FIFO, which told the generator's.",
      "`limit_mb`: 240 bytes a sample, twice the column of string ids, 64 MB."
    )
  )
)

# The processor. Clouds leave its model out of its name.
machine_name <- function() {
  lines <- readLines("/proc/cpuinfo")
  field <- function(name) {
    line <- grep(paste0("^", name, "\\s*:"), lines, value = TRUE)
    sub(".*: ", "", c(line, "unknown")[1])
  }
  paste0(
    field("model name"), " (family ", field("cpu family"), ", model ",
    field("model"), ")"
  )
}

describe_machine <- function(place) {
  n_cores <- sum(grepl("^processor", readLines("/proc/cpuinfo")))
  memory <- grep("^MemTotal", readLines("/proc/meminfo"), value = TRUE)
  version <- function(command, args) {
    said <- tryCatch(
      suppressWarnings(system2(command, args, stdout = TRUE)),
      error = function(e) "missing"
    )
    said[1]
  }
  packages <- c("data.table", "jsonlite", "yyjsonr")
  has <- vapply(packages, requireNamespace, logical(1), quietly = TRUE)
  modules <- c("@duckdb/node-api", "nodejs-polars", "chdb")
  files <- file.path(place$modules, modules, "package.json")
  npm <- vapply(files[file.exists(files)], function(file) {
    lines <- readLines(file, warn = FALSE)
    line <- grep('^ *"version":', lines, value = TRUE)[1]
    gsub('[^0-9a-z.-]|"version":', "", line)
  }, "")
  paste0(
    machine_name(), ": ", n_cores, " cores, ",
    round(as.numeric(gsub("[^0-9]", "", memory)) / 2^20), " GB, ",
    Sys.info()[["sysname"]], ". ", R.version.string, ", ",
    version("cc", "--version"), "; ",
    paste(c(
      paste(packages[has], vapply(packages[has], function(package) {
        format(utils::packageVersion(package))
      }, "")),
      paste(modules[file.exists(files)], npm)
    ), collapse = ", "), "."
  )
}

markdown <- function(table) {
  cells <- vapply(table, format_cells, character(nrow(table)))
  cells <- matrix(cells, nrow = nrow(table))
  row <- function(x) paste0("| ", paste(x, collapse = " | "), " |")
  align <- ifelse(vapply(table, is.numeric, logical(1)), "---:", "---")
  c(row(names(table)), row(align), apply(cells, 1, row))
}

format_cells <- function(column) {
  text <- as.character(column)
  if (is.numeric(column)) {
    whole <- all(column == round(column), na.rm = TRUE)
    text <- if (whole) {
      format(column, big.mark = ",", scientific = FALSE, trim = TRUE)
    } else {
      formatC(column, digits = 3, format = "fg", flag = "#", big.mark = ",")
    }
    text <- sub("[.]$", "", trimws(text))
  }
  ifelse(is.na(column), "", text)
}

# Seconds and megabytes against lines and samples; dashed: the limit of memory.
plot_growth <- function(growth, file) {
  series <- function(panel, rows, x, y, kind) {
    data.frame(
      panel = rep(panel, nrow(rows)), x = rows[[x]], y = rows[[y]],
      ids = paste(rows$ids, rep("ids", nrow(rows))),
      kind = rep(kind, nrow(rows))
    )
  }
  by_lines <- growth[growth$against == "lines", ]
  by_samples <- growth[growth$against == "samples", ]
  panels <- c(
    "seconds against lines", "MB against lines",
    "seconds against samples", "MB against samples"
  )
  points <- rbind(
    series(panels[1], by_lines, "lines", "seconds", "measured"),
    series(panels[2], by_lines, "lines", "memory_mb", "measured"),
    series(panels[2], by_lines, "lines", "limit_mb", "limit"),
    series(panels[3], by_samples, "samples", "seconds", "measured"),
    series(panels[4], by_samples, "samples", "memory_mb", "measured"),
    series(panels[4], by_samples, "samples", "limit_mb", "limit")
  )
  points <- points[!is.na(points$y), ]
  points$panel <- factor(points$panel, panels)
  measured <- points[points$kind == "measured", ]
  .data <- rlang::.data
  plot <- ggplot2::ggplot(
    points,
    ggplot2::aes(
      .data$x, .data$y,
      colour = .data$ids, linetype = .data$kind
    )
  ) +
    ggplot2::geom_line() +
    ggplot2::geom_point(data = measured) +
    ggplot2::facet_wrap("panel", scales = "free") +
    ggplot2::scale_x_log10() +
    ggplot2::scale_y_log10() +
    ggplot2::scale_linetype_manual(
      values = c(measured = "solid", limit = "dashed")
    ) +
    ggplot2::labs(x = NULL, y = NULL, colour = NULL, linetype = NULL) +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom")
  # that a line of one point is none
  suppressMessages(ggplot2::ggsave(file, plot,
    width = 7, height = 5.5, dpi = 100, bg = "white"
  ))
}
