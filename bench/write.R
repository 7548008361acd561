# Tables and plots of the results, into out/ and, if asked, into results.md.

write_results <- function(results, tools, place, settings) {
  results <- Filter(Negate(is.null), results)
  for (part in names(results)) {
    utils::write.csv(results[[part]],
      file.path(place$out, paste0(part, ".csv")),
      row.names = FALSE
    )
  }
  missing <- tools$name[!tools$is_there]
  text <- c(
    "# Measured speed and memory", "", describe_machine(place), "",
    if (length(missing)) {
      c(paste0("Not installed: ", toString(unique(missing)), "."), "")
    },
    unlist(lapply(names(results), function(part) {
      c(titles[[part]], "", markdown(results[[part]]), "")
    }))
  )
  writeLines(text[-length(text)], file.path(place$out, "results.md"))
  if (settings$keep) {
    file.copy(file.path(place$out, "results.md"),
      file.path(place$here, "results.md"),
      overwrite = TRUE
    )
  }
  plot_growth(results$growth, place$out)
  message("Written to ", place$out)
}

titles <- list(
  peers = c(
    "## Tools on the same files", "",
    paste(
      "`seconds` by the clock, `cpu` of all processors, medians.",
      "`times_datacarto`: how many times datacarto's time with as many threads",
      "(median of the ratios within a round); `cpu_times_scan`: the same for",
      "`cpu` against counting newlines. Where others use the machine, `cpu`",
      "says more. `memory_mb`: the most that the job added to the process."
    )
  ),
  forms = "## Other lines, same job",
  tables = "## A summary of a million rows, in seconds",
  growth = "## Growth, with two threads"
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
  modules <- c("@duckdb/node-api", "nodejs-polars")
  files <- file.path(place$modules, modules, "package.json")
  npm <- vapply(files[file.exists(files)], function(file) {
    lines <- readLines(file, warn = FALSE)
    line <- grep('^ *"version":', lines, value = TRUE)[1]
    gsub('[^0-9a-z.-]|"version":', "", line)
  }, "")
  paste0(
    "Machine: ", sub(".*: ", "", cpu[1]), ", ", length(cpu), " cores, ",
    round(as.numeric(gsub("[^0-9]", "", memory)) / 2^20), " GB, ",
    Sys.info()[["sysname"]], "; load before: ",
    strsplit(readLines("/proc/loadavg"), " ")[[1]][1], ". ",
    R.version.string, ", ", version("cc", "--version"), "; ",
    paste(c(
      paste(packages[has], vapply(packages[has], function(package) {
        format(utils::packageVersion(package))
      }, "")),
      paste(modules[file.exists(files)], npm)
    ), collapse = ", "),
    ". Files in the page cache, each run a process of its own, times without ",
    "its start."
  )
}

markdown <- function(table) {
  cells <- vapply(table, function(column) {
    if (!is.numeric(column)) {
      return(ifelse(is.na(column), "", as.character(column)))
    }
    whole <- all(column == round(column), na.rm = TRUE)
    text <- if (whole) {
      format(column, big.mark = ",", scientific = FALSE, trim = TRUE)
    } else {
      formatC(column, digits = 3, format = "fg", flag = "#", big.mark = ",")
    }
    ifelse(is.na(column), "", sub("[.]$", "", trimws(text)))
  }, character(nrow(table)))
  cells <- matrix(cells, nrow = nrow(table))
  row <- function(x) paste0("| ", paste(x, collapse = " | "), " |")
  align <- ifelse(vapply(table, is.numeric, logical(1)), "---:", "---")
  c(row(names(table)), row(align), apply(cells, 1, row))
}

plot_growth <- function(growth, out) {
  if (is.null(growth)) {
    return(invisible())
  }
  draw <- function(data, x, y, file, labels) {
    plot <- ggplot2::ggplot(data, ggplot2::aes(.data[[x]], .data[[y]])) +
      ggplot2::geom_line() +
      ggplot2::geom_point() +
      ggplot2::scale_x_log10() +
      ggplot2::scale_y_log10() +
      ggplot2::labs(x = labels[1], y = labels[2]) +
      ggplot2::theme_minimal()
    if ("against" %in% names(data)) {
      plot <- plot + ggplot2::facet_wrap("against", scales = "free_x")
    }
    ggplot2::ggsave(file.path(out, file), plot,
      width = 6, height = 4, dpi = 150, bg = "white"
    )
  }
  .data <- rlang::.data
  draw(
    growth[growth$against == "lines", c("lines", "seconds")],
    "lines", "seconds", "time.png", c("lines", "seconds")
  )
  is_lines <- growth$against == "lines"
  growth$count <- ifelse(is_lines, growth$lines, growth$samples)
  draw(growth, "count", "memory_mb", "memory.png", c(
    "lines of 10,000 samples | samples of 3 lines each",
    "memory of the job, MB"
  ))
}
