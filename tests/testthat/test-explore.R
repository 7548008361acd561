# The packed parts of a page, in their order.
page_parts <- function(file) {
  lines <- readLines(file, encoding = "UTF-8")
  mark <- "<script type=\"text/plain\" class=\"datamap-part\">"
  lines <- lines[startsWith(lines, mark)]
  sub("</script>", "", substring(lines, nchar(mark) + 1), fixed = TRUE)
}

explore_page <- function(map, ...) {
  file <- tempfile(fileext = ".html")
  datamap_explore(map, ..., file = file)
  page_parts(file)
}

small_map <- function() {
  map <- datamap_summarise(I(paste0(
    "{\"id\": ", c(1, 2, 3, 1, 2, 3), ", \"label\": ", c(0, 1, 1),
    ", \"s_label\": ", c(0, 2, 0), ", \"probs\": [", c(0.2, 0.5, 0.9), ", ",
    c(0.8, 0.5, 0.1), "]}"
  )))
  map
}

test_that("a page has everything in it, and says what was written", {
  map <- small_map()
  file <- tempfile(fileext = ".html")
  expect_identical(
    withVisible(datamap_explore(map, file = file)),
    list(value = file, visible = FALSE)
  )
  page <- paste(readLines(file), collapse = "\n")
  expect_match(page, "^<!DOCTYPE html>")
  expect_match(page, "<title>Data map of 3 samples</title>", fixed = TRUE)
  expect_no_match(page, "(src|href)=\"(http|/|[.])")
  # The script and the style end where they should
  expect_length(gregexpr("</script", page)[[1]], 2 + length(page_parts(file)))
  expect_length(gregexpr("</style", page)[[1]], 1)
})

test_that("no text of the user's stands in the HTML", {
  map <- small_map()
  hostile <- "</script><script>pwned"
  map$own <- c(hostile, "b", "c")
  names(map)[[which(names(map) == "own")]] <- "</style><b>"
  file <- tempfile(fileext = ".html")
  datamap_explore(
    map, data.frame(id = 1:3, text = c(hostile, "<!--<script>", NA)),
    group_by = "</style><b>", file = file
  )
  page <- paste(readLines(file), collapse = "\n")
  expect_no_match(page, "pwned")
  expect_no_match(page, "</style><b>", fixed = TRUE)
  expect_no_match(page, "<!--<script>", fixed = TRUE)
})

test_that("groups, colours and shapes are those of the plot", {
  map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
  map$own <- rep_len(c("x", "y", "z"), nrow(map))
  asked <- list(list(), list(group_by = "own"), list(dirty_label = TRUE))
  for (given in asked) {
    plot <- rlang::inject(datamap_plot(map, !!!given, facet = NULL))
    layer <- ggplot2::layer_data(plot)
    group <- strip_count(as.character(plot$data$.group))
    drawn <- unique(data.frame(group, layer[c("colour", "shape")]))
    map_scheme <- find_scheme(
      map, filter_conditions(map, NULL, 0, NULL, NULL),
      isTRUE(given$dirty_label), given$group_by
    )
    shown <- explore_columns(map, NULL, map_scheme, "id")[[2]]
    at <- match(drawn$group, unlist(shown$levels))
    expect_false(anyNA(at))
    expect_identical(unlist(shown$colours)[at], drawn$colour)
    expect_identical(unlist(shown$shapes)[at], as.integer(drawn$shape))
  }
})

test_that("numbers lose no digit, and are small where they can be", {
  back <- function(column) {
    bytes <- memDecompress(unbase64(column$bytes), "gzip")
    if (column$store == "i32") {
      return(readBin(bytes, "integer", 1e6, endian = "little"))
    }
    bytes <- as.vector(t(matrix(bytes, ncol = 8)))
    readBin(bytes, "double", 1e6, endian = "little")
  }
  for (x in list(c(0.1, 1 / 3, NaN, Inf, -1e-308), 2^40 + 0:3)) {
    expect_identical(back(explore_numbers(x)), x)
  }
  for (x in list(c(1L, NA, -5L), c(2, NA, 7))) {
    column <- explore_numbers(x)
    expect_identical(column$store, "i32")
    expect_identical(back(column), as.integer(x))
  }
})

test_that("base64 is that of the standard, in pieces of any size", {
  expect_identical(base64(charToRaw("f")), "Zg==")
  expect_identical(base64(charToRaw("fo")), "Zm8=")
  expect_identical(base64(charToRaw("foobar")), "Zm9vYmFy")
  expect_identical(base64(raw()), "")
  bytes <- as.raw(seq_len(3 * 2^18 + 5) %% 251)
  expect_identical(unbase64(base64(bytes)), bytes)
})

test_that("JSON escapes what has to be", {
  expect_identical(
    json(list(a = "q\"\\\n\001", b = list(1, 0.1, 1 / 3), c = list())),
    paste0(
      "{\"a\":\"q\\\"\\\\\\u000a\\u0001\",",
      "\"b\":[1,0.1,0.33333333333333331],\"c\":[]}"
    )
  )
})

test_that("columns are numbers, groups or texts", {
  type <- function(x) explore_values(x, "own")$type
  expect_identical(type(1:3), "number")
  expect_identical(type(c(TRUE, NA)), "factor")
  expect_identical(type(factor("a")), "factor")
  expect_identical(type(as.character(1:40)), "text")
  expect_identical(type(as.Date("2024-01-01") + 0:2), "factor")
  expect_identical(type(c(NA_character_, NA)), "text")
  expect_null(explore_values(list(1), "own"))
  expect_null(explore_values(matrix(1, 2, 2), "own"))
  expect_null(explore_values(c(NA_real_, Inf), "own")$levels)
  numbers <- explore_values(c(0.05, 0.95, 0.5, 0.31, 0.72, 0.11, 0.2), "own")
  expect_identical(unlist(numbers$from), c(0.05, 0.2, 0.5, 0.72, 0.95))
  expect_length(numbers$levels, 5)
})

test_that("ids are numbers where they can be, and else their text", {
  expect_identical(explore_id(c(5, 2))$type, "number")
  expect_identical(explore_id(c("b", "a"))$type, "text")
  expect_identical(explore_id(2^50)$type, "text")
})

test_that("texts are a column or are matched by id", {
  map <- small_map()
  map$words <- c("a", NA, "c")
  expect_identical(find_texts("words", map), list(words = c("a", "", "c")))
  texts <- data.frame(id = c("3", "1", "9"), text = c("three", "one", "-"))
  expect_identical(find_texts(texts, map), list(text = c("one", "", "three")))
  expect_null(find_texts(NULL, map))
  head <- explore_page(map, texts)
  expect_gt(length(head), length(explore_page(map)))
})

test_that("what is no text is refused", {
  map <- small_map()
  go <- function(text) datamap_explore(map, text, file = tempfile())
  input <- "datamap_error_input"
  expect_error(go("none_such"), class = input)
  expect_error(go(data.frame(id = 1:3)), class = input)
  twice <- data.frame(id = c(1, 2, 1), text = "a")
  expect_identical(expect_error(go(twice), class = input)$line, 3L)
  expect_error(go(data.frame(id = 7:9, text = "a")), class = input)
  odd <- data.frame(id = 1:3)
  odd$text <- list(1, 2, 3)
  expect_error(go(odd), class = input)
  expect_error(datamap_explore(map, width = -1), class = input)
  expect_error(datamap_explore(map, columns = 1), class = input)
  expect_error(datamap_explore(map, columns = "none_such"), class = input)
})

test_that("a file that can't be written and one that is large are told", {
  map <- small_map()
  file <- file.path(tempfile(), "a.html")
  error <- expect_error(
    datamap_explore(map, file = file), class = "datamap_error_io"
  )
  expect_identical(error$path, file)
  expect_warning(warn_large(2e8, NULL), class = "datamap_warning_size")
  expect_no_warning(warn_large(1e6, NULL))
})

test_that("a widget needs htmlwidgets, a page does not", {
  error <- expect_error(
    need_htmlwidgets(FALSE, NULL), class = "datamap_error_input"
  )
  expect_identical(error$key, "file")
  skip_if_not_installed("htmlwidgets")
  map <- small_map()
  widget <- datamap_explore(map, width = 300, height = "50vh")
  expect_s3_class(widget, c("datamap_explore", "htmlwidget"), exact = TRUE)
  expect_identical(widget$width, 300)
  # The same as in a page
  expect_identical(unlist(widget$x$parts), explore_page(map))
})
