# A report of a data map: what is in it, and the page.

#' Report of a data map
#'
#' One call, one HTML page: where the signals are from, the map with its regions
#' and groups, the most suspect samples with their texts, which labels look like
#' which others, what would be lost per label if the most suspect samples went,
#' how far several runs agree, and what all of that cannot say.
#'
#' The page has all that it needs in it. It takes the package rmarkdown and
#' pandoc, which RStudio and Quarto bring. What a text contains is shown, and
#' never run.
#'
#' # Template
#' The page is made from the R Markdown template "Data map report" of this
#' package, which RStudio has under "From Template", and
#' `rmarkdown::draft("report.Rmd", template = "datamap_report", package =
#' "datacarto")` copies: change it as you like. Its parameters are the arguments
#' above; `map` may also be the path of signals, and `data` that of a
#' tab-separated table. So the report of a month is
#'
#' ```r
#' rmarkdown::render("report.Rmd", params = list(
#'   map = "2026-11/signals.jsonl", data = "2026-11/train.tsv"
#' ))
#' ```
#'
#' @param map A data map, or a list of data maps, one per run of the training
#'   (see [datamap_runs()]): the maps are then of the means over the runs. Or
#'   what `datamap_report(file = NULL)` returned.
#' @param data The training table, a data frame or the path of a tab-separated
#'   file as in [datamap_write_selection()], which has the texts of the suspects
#'   in all columns that the map does not have. `NULL`, the default, for none.
#' @param file The path of the HTML file to write, which is replaced as a whole
#'   or not at all. `NULL` for the parts of the report.
#' @param ... Must be empty; for `print()` not used.
#' @param n How many suspects are listed.
#' @param by The name of the metric that says which samples are suspect, as in
#'   [datamap_audit_sample()].
#' @param top The share of the samples, most suspect first, of which the report
#'   says what would be lost without them.
#' @param id_column The name of the column of `data` with the ids.
#' @param x What `datamap_report(file = NULL)` returned, or a part of it.
#'
#' @return The path of the file, invisibly. With `file = NULL` a list of class
#'   `datamap_report` with the parts `provenance`, `map`, `regions`, `groups`,
#'   `suspects`, `confusions`, `lost`, `reliability`, `limits` and `session`.
#'   Each has `words`, strings; `table`, a data frame, and `plot`, a ggplot, or
#'   `NULL` where it has none; of several runs the part `map` also has `runs`, a
#'   plot with a panel for each. In documents of R Markdown that become HTML,
#'   the words and the table of a part show themselves.
#' @seealso [datamap_explore()] for a page on which samples are looked up,
#'   [datamap_review()] to have suspects checked.
#' @export
#' @examples
#' map <- datamap_summarise(
#'   datamap_example("satellite_signals.json.gz"),
#'   metrics = c("suggested_label", "suggested_prob")
#' )
#' report <- datamap_report(map, file = NULL, n = 5)
#' report$suspects
#' report$lost
#'
#' if (requireNamespace("rmarkdown", quietly = TRUE) &&
#'       rmarkdown::pandoc_available("1.14")) {
#'   file <- datamap_report(map, file = tempfile(fileext = ".html"))
#'   if (interactive()) {
#'     utils::browseURL(file)
#'   }
#' }
datamap_report <- function(map,
                           data = NULL,
                           file = "report.html",
                           ...,
                           n = 25,
                           by = "avg_probs",
                           top = 0.05,
                           id_column = "id") {
  check_dots()
  call <- rlang::current_env()
  force_argument(map, "map", call)
  path <- if (!is.null(file)) output_path(file)
  check_number(n, min = 1, whole = TRUE)
  check_string(id_column)
  if (!is.null(path)) {
    need_package("rmarkdown", "A report takes the package rmarkdown.",
                 "file", call)
    need_pandoc(call)
  }
  report <- if (inherits(map, "datamap_report")) {
    map
  } else {
    make_report(map, data, list(n = n, by = by, top = top), id_column, call)
  }
  if (is.null(path)) {
    return(report)
  }
  write_whole(render_report(report), path, call)
  invisible(file)
}

# The page --------------------------------------------------------------

# Is pandoc there, as rmarkdown finds it? A function of its own, for the tests.
has_pandoc <- function() {
  rmarkdown::pandoc_available("1.14")
}

need_pandoc <- function(call) {
  if (!has_pandoc()) {
    abort_datamap(
      c(
        "A report takes pandoc, version 1.14 or newer.",
        x = "rmarkdown does not find it.",
        i = paste(
          "RStudio and Quarto bring it, and {.url https://pandoc.org} has it.",
          "{.code file = NULL} gives the parts of the report without it."
        )
      ),
      class = "input", key = "file", call = call
    )
  }
}

# The lines of the page. All is made in a folder of its own: the template may
# stand where nothing can be written.
render_report <- function(report) {
  folder <- tempfile("report")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  template <- system.file(
    "rmarkdown", "templates", "datamap_report", "skeleton", "skeleton.Rmd",
    package = "datacarto", mustWork = TRUE
  )
  input <- file.path(folder, "report.Rmd")
  file.copy(template, input)
  page <- rmarkdown::render(
    input,
    params = list(map = report), quiet = TRUE,
    envir = new.env(parent = globalenv())
  )
  readLines(page, encoding = "UTF-8", warn = FALSE)
}

# The parts -------------------------------------------------------------

# A part: words, a table and a plot. Strings of the user's are text in all of
# them, whatever they contain. `style` is what the words are shown as: "words",
# a paragraph each, items of a "list" or "lines" of output.
new_part <- function(words, table = NULL, plot = NULL, style = "words") {
  structure(
    list(words = words, table = table, plot = plot, style = style),
    class = "datamap_report_part"
  )
}

# `asked` is the list of `n`, `by` and `top`.
make_report <- function(map, data, asked, id_column, call) {
  notes <- character()
  parts <- withCallingHandlers(
    make_parts(map, data, asked, id_column, call),
    datamap_message = function(message) {
      notes <<- c(notes, plain_message(message))
      tryInvokeRestart("muffleMessage")
    }
  )
  if (length(notes) > 0) {
    notes <- paste("What the package noted:", unique(notes))
    parts$limits$words <- c(parts$limits$words, notes)
  }
  structure(parts, class = "datamap_report")
}

make_parts <- function(map, data, asked, id_column, call) {
  runs <- take_runs(map, call = call)
  # What the maps of all runs, and the regions and groups, are made of
  whole <- if (length(runs$maps) > 1) datamap_average(map) else runs$maps[[1]]
  suspects <- audit_pool(runs, asked$by, 1, call)
  gone <- audit_pool(runs, asked$by, asked$top, call)
  texts <- suspect_texts(runs, suspects, data, asked$n, id_column, call)
  list(
    provenance = report_provenance(runs, whole, data),
    map = report_map(runs, whole, map),
    regions = report_regions(whole),
    groups = report_groups(whole),
    suspects = report_suspects(runs, suspects, asked$n, texts),
    confusions = report_confusions(runs),
    lost = report_lost(runs, gone),
    reliability = report_reliability(runs, map),
    limits = report_limits(runs, whole),
    session = report_session()
  )
}

# A message on one line, without marks and colours.
plain_message <- function(message) {
  text <- cli::ansi_strip(conditionMessage(message))
  text <- gsub("(^|\n)([^[:alnum:]]+|[ix] )", "\\1", text)
  gsub("\n", " ", trimws(text), fixed = TRUE)
}

# Shares of all, as the tables of regions and groups have it.
count_table <- function(counts, name) {
  columns <- list(
    names(counts), as.vector(counts), as.vector(counts) / max(sum(counts), 1)
  )
  names(columns) <- c(name, "samples", "share")
  list2DF(columns)
}

#' @rdname datamap_report
#' @export
print.datamap_report <- function(x, ...) {
  cat_wrapped(c(
    paste0("A report of a data map: ", toString(names(x))),
    "datamap_report() makes a page of it"
  ))
  invisible(x)
}

#' @rdname datamap_report
#' @export
print.datamap_report_part <- function(x, ...) {
  cat_wrapped(show_text(x$words))
  if (length(x$table) > 0) {
    print_head(x$table, min(10L, nrow(x$table)))
  }
  if (!is.null(x$plot)) {
    cat_wrapped("It has a plot")
  }
  invisible(x)
}
