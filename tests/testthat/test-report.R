report_of <- function(map, ...) {
  datamap_report(map, ..., file = NULL)
}

said_in <- function(part) paste(part$words, collapse = " ")

value_of <- function(report, what) {
  table <- report$provenance$table
  table$value[table$what == what]
}

test_that("suspects come by the metric, with their texts and suggestions", {
  map <- suggesting_map()
  # in another order, ids as strings, with rows that the map does not have
  data <- data.frame(
    key = rev(c(map$id, 99)), label = "not shown", text = "", more = 1
  )
  data$text <- paste("text of", data$key)
  report <- report_of(map, data, n = 5, id_column = "key")
  worst <- map[order(map$avg_probs), ][1:5, ]
  table <- report$suspects$table
  expect_identical(
    names(table),
    c("rank", "id", "label", "suggested_label", "avg_probs", "text", "more")
  )
  expect_identical(table$id, id_text(worst$id))
  expect_identical(table$avg_probs, worst$avg_probs)
  expect_identical(table$suggested_label, id_text(worst$suggested_label))
  expect_identical(table$text, paste("text of", worst$id))
  # of a metric whose high end is suspect, its own values
  by_other <- report_of(map, by = "label_var", n = 1)$suspects$table
  expect_identical(by_other$label_var, max(map$label_var))
  expect_match(
    said_in(report$suspects), "`avg_probs`, the mean probability",
    fixed = TRUE
  )
})

test_that("a training table is matched by its ids, or refused", {
  map <- random_map(20)
  data <- data.frame(id = 1:20, text = "a")
  worst <- map$id[which.min(map$avg_probs)]
  refused <- list(
    lost = data[-worst, ], doubled = data[c(1:20, worst), ],
    without_texts = data["id"], without_ids = data["text"], no_table = 1:3
  )
  for (name in names(refused)) {
    expect_error(
      report_of(map, refused[[name]]),
      class = "datamap_error_input", label = name
    )
  }
})

test_that("regions, groups and losses are counted", {
  map <- random_map(100)
  report <- report_of(map, top = 0.2)
  expect_identical(
    report$regions$table$samples,
    as.vector(counts_of(datamap_regions(map)))
  )
  groups <- counts_of(datamap_groups(map))
  expect_identical(report$groups$table$samples, as.vector(groups))
  expect_equal(report$groups$table$share, as.vector(groups) / 100)

  gone <- order(map$avg_probs)[1:20]
  lost <- report$lost$table
  expect_identical(sum(lost$samples), 100L)
  for (label in 0:2) {
    row <- lost[lost$label == label, ]
    expect_identical(row$samples, sum(map$label == label))
    expect_identical(row$lost, sum(map$label[gone] == label))
    expect_equal(row$share, row$lost / row$samples)
  }
  expect_false(is.unsorted(-lost$share))

  map$label <- factor(ifelse(seq_len(100) %in% gone[1:3], "rare", "usual"))
  words <- said_in(report_of(map, top = 0.2)$lost)
  expect_match(words, "whole: rare. Look", fixed = TRUE)
  map$label <- "one"
  expect_match(said_in(report_of(map)$lost), "No label would lose more")
})

test_that("what is not there is said, and how to have it", {
  map <- random_map(30)
  map$label <- NULL
  report <- report_of(map)
  expect_match(said_in(report$suspects), "datamap_report(data = )",
               fixed = TRUE)
  expect_match(said_in(report$suspects), "no suggested labels")
  expect_match(said_in(report$confusions), "no suggested labels")
  expect_match(said_in(report$lost), "has no labels")
  expect_match(said_in(report$reliability), "One run can't tell")
  for (part in report[c("confusions", "lost", "reliability")]) {
    expect_null(part$table)
    expect_null(part$plot)
  }
  for (what in c("read from", "lines", "problems", "predicted")) {
    expect_identical(value_of(report, what), "the data map does not say")
  }
})

test_that("labels that look like others are listed, the most frequent first", {
  map <- suggesting_map(400, 6)
  part <- report_of(map)$confusions
  found <- datamap_confusions(map)
  others <- found[found$label != found$suggested_label, ]
  expect_identical(part$table$samples, sort(others$samples, TRUE)[1:20])
  expect_match(said_in(part), paste("20 most frequent of", nrow(others)))
  expect_s3_class(part$plot, "datamap_ggplot")
  # a map that only has a part of what it takes
  map$suggested_prob <- NULL
  expect_match(said_in(report_of(map)$confusions), "suggested_prob")
})

test_that("it says where all of it is from", {
  file <- tempfile("signals", fileext = ".jsonl")
  line <- paste0(
    "{\"id\": ", c(1:6, 1:6), ", \"label\": 0, \"label_probs\": ",
    rep(c(0.5, 0.9), each = 6), ", \"correct\": true}"
  )
  line[[3]] <- "no signal"
  line[[4]] <- sub("0.5", "1.5", line[[4]], fixed = TRUE)
  writeLines(line, file)
  map <- suppressWarnings(datamap_summarise(file, on_error = "skip"))
  report <- report_of(datamap_filter(map, evaluations > 0))
  expect_identical(value_of(report, "read from"), basename(file))
  expect_identical(value_of(report, "lines"), "12, of which bad: 1")
  expect_identical(value_of(report, "evaluations"), "1 to 2 evaluations each")
  expect_match(value_of(report, "problems"), "^2 [(]bad_line: 1, prob_range: 1")
  expect_match(value_of(report, "samples"), "6 samples of 6 (evaluations > 0)",
               fixed = TRUE)
  expect_match(said_in(report$limits), "1 evaluation only")
  expect_identical(
    value_of(report, "datacarto"),
    format(utils::packageVersion("datacarto"))
  )

  probs <- matrix(stats::runif(40), 8)
  stages <- datamap_stages(probs, label = rep(0:1, 4))
  map <- datamap_summarise(stages)
  attr(map, "predicted") <- "out-of-fold"
  report <- report_of(map)
  expect_identical(value_of(report, "predicted"), "out-of-fold")
  expect_identical(value_of(report, "problems"), "none")
  expect_no_match(said_in(report$limits), "by heart")
})

test_that("of several runs it has the means, each run, and how they agree", {
  runs <- random_runs(3, 40)
  names(runs) <- c("a", "b", "<i>c")
  attr(runs[[2]], "predicted") <- "in-sample"
  report <- report_of(runs, n = 4)
  expect_identical(value_of(report, "runs"), "3: a, b, <i>c")
  expect_identical(
    value_of(report, "predicted"),
    paste0("a: ", not_said, "; b: in-sample; <i>c: ", not_said)
  )
  average <- datamap_average(runs)
  expect_equal(
    report$suspects$table$avg_probs, sort(average$avg_probs)[1:4]
  )
  expect_match(report$map$plot$labels$caption, "means over 3 runs")
  expect_length(unique(report$map$runs$data$run), 3)
  found <- datamap_reliability(runs)
  expect_identical(
    report$reliability$table[["ICC(A,1)"]],
    found$estimate[found$term == "ICC(A,1)"]
  )
  expect_s3_class(report$reliability$plot, "ggplot")
  # too few samples for it
  few <- lapply(runs, function(run) run[1:2, ])
  expect_match(said_in(report_of(few)$reliability), "at least 3 samples")

  suggesting <- list(suggesting_map(seed = 1), suggesting_map(seed = 1))
  report <- report_of(suggesting)
  expect_match(said_in(report$suspects), "those of run 1")
  expect_match(said_in(report$confusions), "Of run 1", fixed = TRUE)
})

test_that("messages of what it computes stand in it", {
  map <- random_map(30)
  map$avg_probs[[1]] <- NA
  expect_no_message(report <- report_of(map))
  expect_match(said_in(report$limits), "noted: In no pool: 1 sample")
  expect_no_match(said_in(report$limits), "\033")
})

test_that("a part prints its words and its table", {
  report <- report_of(random_map(30))
  expect_output(print(report), "A report of a data map: provenance")
  expect_output(print(report$regions), "hard-to-learn.*It has a plot")
  expect_identical(datamap_report(report, file = NULL), report)
})

hostile <- c(
  "<script>window.pwned = 1</script>", "<img src=x onerror='pwned()'>",
  "```\n</td></table><b>bold", "`r stop('run')` \u202e $x$ [a](b)", "\033[1m"
)

test_that("texts of the user's are shown, and never markup", {
  map <- random_map(5)
  map$label <- hostile
  map$id <- paste0(hostile, 1:5)
  data <- data.frame(id = map$id, text = hostile)
  names(data)[[2]] <- hostile[[2]]
  report <- report_of(map, data)
  for (part in report) {
    html <- html_part(part)
    tags <- unique(regmatches(html, gregexpr("<[^>]*>", html))[[1]])
    tags <- sub("data-name=\"[^\"]*\"", "data-name", tags)
    expect_identical(
      grep("^</?(p|ul|li|pre|code|table|thead|tbody|tr|th|td)[ >]", tags,
           invert = TRUE, value = TRUE),
      character()
    )
    expect_no_match(html, "`", fixed = TRUE)
    expect_no_match(html, "\033", fixed = TRUE)
  }
  html <- html_part(report$suspects)
  expect_match(html, "&lt;script&gt;window.pwned", fixed = TRUE)
  expect_match(html, "&#96;&#96;&#96;\n&lt;/td&gt;", fixed = TRUE)
  expect_match(html, "\\u202e", fixed = TRUE)
  expect_match(html, "data-name=\"&lt;img src=x onerror=&#39;", fixed = TRUE)
})

test_that("cells are as short as can be read", {
  expect_identical(cell_text(c(1234, NA), "samples"), c("1,234", "-"))
  expect_identical(cell_text(c(0.5, 1 / 3), "share"), c("50.0 %", "33.3 %"))
  expect_identical(cell_text(c(0.12345, NA, Inf), "x"), c("0.123", "-", "Inf"))
  expect_identical(cell_text(c("a", NA), "x"), c("a", "-"))
  expect_identical(cell_text(factor("b"), "x"), "b")
  long <- shorten_texts(c(strrep("a", 1002), NA, "b"))
  expect_match(long[[1]], "a [.]{3} [(]2 more letters[)]$")
  expect_identical(long[-1], c(NA, "b"))
})

test_that("it is said what a page takes, and nothing is written without", {
  map <- random_map(10)
  file <- tempfile(fileext = ".html")
  error <- expect_error(
    with_packages(FALSE, datamap_report(map, file = file)),
    class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "rmarkdown", fixed = TRUE)
  error <- expect_error(
    with_binding(
      "has_pandoc", function() FALSE,
      with_packages(TRUE, datamap_report(map, file = file))
    ),
    class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "pandoc", fixed = TRUE)
  expect_identical(error$key, "file")
  expect_false(file.exists(file))
})

skip_without_pandoc <- function() {
  skip_on_cran()
  skip_if_not_installed("rmarkdown")
  skip_if_not(has_pandoc(), "pandoc is there")
}

test_that("a page has all in it, with alternative texts, and runs no text", {
  skip_without_pandoc()
  map <- suggesting_map(60)
  data <- data.frame(id = 1:60, text = rep_len(hostile, 60))
  file <- tempfile(fileext = ".html")
  expect_identical(
    withVisible(datamap_report(map, data, file)),
    list(value = file, visible = FALSE)
  )
  page <- paste(readLines(file, encoding = "UTF-8"), collapse = "\n")
  expect_match(page, "^<!DOCTYPE html>")
  expect_no_match(page, "(src|href)=\"(http|/|[.])")
  expect_match(page, "&lt;script&gt;window.pwned = 1", fixed = TRUE)
  expect_no_match(page, "<script>window.pwned", fixed = TRUE)
  expect_no_match(page, "<img src=x", fixed = TRUE)
  images <- regmatches(page, gregexpr("<img [^>]*>", page))[[1]]
  expect_length(images, 3)
  expect_true(all(grepl("src=\"data:image/png", images, fixed = TRUE)))
  expect_match(images[1:2], "alt=\"A data map, a scatter plot of 60 samples")
  expect_match(images[[3]], "alt=\"Which labels look like which others")

  # As a whole or not at all, and only where it can be
  expect_error(
    datamap_report(map, file = file.path(tempdir(), "none", "a.html")),
    class = "datamap_error_io"
  )
  expect_error(
    datamap_report(map, file = file, by = "none"),
    class = "datamap_error_input"
  )
  again <- paste(readLines(file, encoding = "UTF-8"), collapse = "\n")
  expect_identical(again, page)
})

test_that("the template is found, and takes paths as its parameters", {
  skip_without_pandoc()
  folder <- tempfile()
  dir.create(folder)
  rmd <- rmarkdown::draft(
    file.path(folder, "month.Rmd"),
    template = "datamap_report", package = "datacarto", edit = FALSE
  )
  table <- file.path(folder, "train.tsv")
  map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
  write.table(
    data.frame(id = map$id, text = paste("mail", map$id)), table,
    sep = "\t", quote = FALSE, row.names = FALSE
  )
  page <- rmarkdown::render(
    rmd,
    params = list(
      map = datamap_example("spam_signals.jsonl.gz"), data = table, n = 3
    ),
    quiet = TRUE, envir = new.env()
  )
  page <- paste(readLines(page, encoding = "UTF-8"), collapse = "\n")
  expect_match(page, "spam_signals.jsonl.gz", fixed = TRUE)
  worst <- map$id[which.min(map$avg_probs)]
  expect_match(page, paste0(">mail ", worst, "<"), fixed = TRUE)
})
