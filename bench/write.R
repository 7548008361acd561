# Keeps what was measured: a table per part as results/PART.csv, the machine as
# results/PART.txt, and all of it as a report with a plot.

# Columns that say which measurement a row is; the others are what it gave.
keys <- list(
  peers = c("data", "tool", "threads"),
  forms = c("data", "tool", "threads"),
  tables = c("summary", "what"),
  maps = "what",
  growth = c("against", "ids", "samples", "lines")
)

# Puts rows in the place of those that the same measurement gave before. What
# another machine gave, or other versions, is dropped.
write_rows <- function(part, rows, tools, place) {
  if (is.null(rows)) {
    return(invisible())
  }
  file <- function(suffix) file.path(place$results, paste0(part, suffix))
  missing <- unique(tools$name[!tools$is_there])
  machine <- c(
    describe_machine(place),
    if (part == "peers" && length(missing)) {
      paste0("Not installed: ", toString(missing), ".")
    }
  )
  is_same <- file.exists(file(".txt")) && file.exists(file(".csv")) &&
    identical(readLines(file(".txt")), machine)
  if (is_same) {
    old <- utils::read.csv(file(".csv"))
    key <- function(rows) do.call(paste, c(rows[keys[[part]]], sep = "\r"))
    is_again <- key(old) %in% key(rows)
    place_of_new <- c(which(is_again), nrow(old) + 1)[1]
    before <- seq_len(nrow(old)) < place_of_new
    rows <- rbind(
      old[!is_again & before, ], rows, old[!is_again & !before, ]
    )
  }
  if (part == "growth") {
    rows <- rows[do.call(order, unname(rows[keys$growth])), ]
  }
  utils::write.csv(rows, file(".csv"), row.names = FALSE)
  writeLines(machine, file(".txt"))
  write_report(place)
}

write_report <- function(place) {
  parts <- Filter(function(part) {
    all(file.exists(file.path(place$results, paste0(part, c(".csv", ".txt")))))
  }, names(keys))
  read <- function(part) {
    utils::read.csv(file.path(place$results, paste0(part, ".csv")))
  }
  text <- c(
    "# Measured speed and memory", "",
    paste(
      "Files in the page cache, each run of a tool a process of its own, times",
      "without its start, medians. `load`: of the machine before."
    ), "",
    unlist(lapply(parts, function(part) {
      machine <- readLines(file.path(place$results, paste0(part, ".txt")))
      c(titles[[part]], "", machine, "", markdown(read(part)), "")
    }))
  )
  if ("growth" %in% parts) {
    plot_growth(read("growth"), file.path(place$results, "growth.png"))
    folder <- sub(dirname(place$report), "", place$results, fixed = TRUE)
    text <- c(text, paste0(
      "![Time and memory against lines and samples](",
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
  tables = c(
    "## A summary of a million rows, in seconds", "",
    paste(
      "`ratio`: datacarto's time to that of `fwrite()` or `fread()` with one",
      "thread, by the clock; `cpu_ratio`: of the processor. datacarto waits",
      "until the disk has the file, so it is also set beside `fwrite()` and",
      "`sync`."
    )
  ),
  maps = "## A map of ten million samples, in seconds, beside data.table",
  growth = c(
    "## Growth, with two threads", "",
    paste(
      "Against lines: 10,000 samples, one file again and again. Against",
      "samples: three lines each, through a FIFO, as fast as they are made.",
      "`limit_mb`: 240 bytes a sample, twice the column of string ids, 64 MB."
    )
  )
)

describe_machine <- function(place) {
  cpu <- grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)
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
    sub(".*: ", "", cpu[1]), ", ", length(cpu), " cores, ",
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
