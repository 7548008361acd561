chosen_ids <- function(...) suppressMessages(datamap_select(...))$id

test_that("the highest or the lowest values are chosen, in the map's order", {
  map <- random_map(50)
  by_hand <- function(value, n) sort(utils::head(map$id[order(value)], n))
  expect_identical(chosen_ids(map, 0.2), by_hand(-map$label_var, 10))
  expect_identical(
    chosen_ids(map, n = 7, by = "avg_probs", order = "increasing"),
    by_hand(map$avg_probs, 7)
  )
  expect_identical(chosen_ids(map, 1), map$id)
  expect_identical(chosen_ids(map, n = 1000), map$id)
  # half a sample and more is one
  expect_length(chosen_ids(map, 0.05), 3)
  expect_length(chosen_ids(map, 0.049), 2)
  part <- suppressMessages(datamap_select(map, 0.5))
  expect_true(is_datamap(part))
  expect_identical(rownames(part), as.character(seq_len(25)))
})

test_that("equal values are chosen in the order of the map", {
  map <- ratio_map(c(0.5, 1, 0.5, 1, 0.5))
  expect_identical(
    chosen_ids(map, n = 2, by = "correct_ratio", order = "increasing"),
    c(1L, 3L)
  )
  expect_identical(chosen_ids(map, n = 3, by = "correct_ratio"), c(1L, 2L, 4L))
})

test_that("both ends are chosen in the share that was asked for", {
  map <- ratio_map(0:19 / 19)
  both <- function(...) {
    chosen_ids(
      map, ..., by = "correct_ratio", order = "increasing", both_ends = 0.7
    )
  }
  expect_identical(both(n = 10), c(1:7, 18:20))
  expect_identical(both(0.5), c(1:7, 18:20))
  expect_identical(both(n = 20), 1:20)
  expect_identical(both(n = 1), 1L)
  expect_identical(
    chosen_ids(map, n = 4, by = "correct_ratio", both_ends = 0.25),
    c(1:3, 20L)
  )
})

test_that("per holds for each value of a column", {
  map <- random_map(60)
  map$label <- rep(c("a", "b", NA), c(40, 10, 10))
  count <- function(...) {
    part <- suppressMessages(datamap_select(map, ..., per = "label"))
    as.vector(table(part$label, useNA = "always"))
  }
  expect_identical(count(0.5), c(20L, 5L, 5L))
  expect_identical(count(n = 15), c(15L, 10L, 10L))
  part <- suppressMessages(datamap_select(map, n = 3, per = "label"))
  in_a <- map[1:40, ]
  expect_identical(
    part$id[1:3], sort(in_a$id[order(-in_a$label_var)][1:3])
  )
})

test_that("a seed gives the same choice and leaves the generator alone", {
  map <- random_map(100)
  at_random <- function(seed) {
    chosen_ids(map, n = 20, by = "random", seed = seed)
  }
  set.seed(5)
  before <- .Random.seed
  first <- at_random(1)
  expect_identical(.Random.seed, before)
  expect_identical(at_random(1), first)
  expect_false(identical(at_random(2), first))
  expect_length(unique(first), 20)
  suppressWarnings(RNGkind(sample.kind = "Rounding"))
  expect_identical(at_random(1), first)
  RNGkind(sample.kind = "Rejection")
  set.seed(5)
  free <- at_random(NULL)
  expect_false(identical(.Random.seed, before))
  set.seed(5)
  expect_identical(at_random(NULL), free)
})

test_that("every sample has the same chance", {
  skip_if_long()
  map <- ratio_map(rep(0.5, 10))
  times <- tabulate(unlist(lapply(1:2000, function(seed) {
    chosen_ids(map, n = 3, by = "random", seed = seed)
  })))
  # 600 expected; the 0.9999 quantile of chi-squared with 9 degrees is 33.7,
  # and drawing without putting back makes the statistic smaller
  expect_lt(sum((times - 600)^2 / 600), 33.7)
})

test_that("what is left out is reported by class", {
  map <- ratio_map(c(0, 0, 1, 1), label = c(0L, 1L, 1L, 1L))
  message <- expect_message(
    datamap_select(map, n = 1, by = "correct_ratio"),
    class = "datamap_message_selection"
  )
  expect_identical(
    message$counts,
    data.frame(
      label = 0:1, samples = c(1L, 3L), chosen = 0:1, left_out = c(1L, 2L)
    )
  )
  expect_match(
    conditionMessage(message), "0: 1 of 1, 1: 2 of 3", fixed = TRUE
  )
})

test_that("without labels there is nothing to report by class", {
  map <- ratio_map(c(0, 1))
  expect_false("label" %in% names(map))
  expect_no_message(datamap_select(map, n = 1))
  expect_no_message(datamap_select(random_map(3)[0, ], n = 1))
})

test_that("a sample without a value is not chosen, and counted", {
  map <- ratio_map(c(0.5, 0.6, 0.7), mine = c(3, NA, 1))
  message <- expect_message(
    ids <- datamap_select(map, n = 3, by = "mine")$id,
    class = "datamap_message_na"
  )
  expect_identical(message$n, 1L)
  expect_identical(ids, c(1L, 3L))
})

test_that("wrong arguments are errors", {
  map <- random_map(10)
  for (wrong in list(
    quote(datamap_select(map)),
    quote(datamap_select(map, 0.5, n = 3)),
    quote(datamap_select(map, 0)),
    quote(datamap_select(map, 1.5)),
    quote(datamap_select(map, n = 0)),
    quote(datamap_select(map, n = 2.5)),
    quote(datamap_select(map, 0.5, by = "nothing")),
    quote(datamap_select(map, 0.5, both_ends = 1)),
    quote(datamap_select(map, 0.5, per = "nothing")),
    quote(datamap_select(map, 0.5, seed = "a")),
    quote(datamap_select(data.frame(id = 1), 0.5))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input")
  }
})

test_that("what is chosen is the start and the end of the sorted samples", {
  skip_if_long()
  set.seed(5)
  for (round in 1:60) {
    map <- random_map(sample(40, 1))
    map$signal <- sample(c(0, 0.5, 1, -Inf, Inf, NA), nrow(map), replace = TRUE)
    map$part <- sample(c("a", "b", NA), nrow(map), replace = TRUE)
    decreasing <- runif(1) < 0.5
    share <- if (runif(1) < 0.5) runif(1)
    n <- sample(nrow(map), 1)
    parts <- split(seq_len(nrow(map)), addNA(map$part))
    rows <- unlist(lapply(parts, function(rows) {
      sorted <- order(map$signal[rows], decreasing = decreasing, na.last = NA)
      sorted <- rows[sorted]
      wanted <- min(n, length(sorted))
      first <- floor((if (is.null(share)) 1 else share) * wanted + 0.5)
      c(sorted[seq_len(first)], rev(rev(sorted)[seq_len(wanted - first)]))
    }))
    chosen <- suppressMessages(datamap_select(
      map,
      n = n, by = "signal", per = "part", both_ends = share,
      order = if (decreasing) "decreasing" else "increasing"
    ))
    expect_identical(chosen$id, map$id[sort(rows)])
  }
})

# Writing ----------------------------------------------------------------

write_quietly <- function(...) suppressMessages(datamap_write_selection(...))

test_that("the rows of the chosen samples are written, as the table has them", {
  map <- random_map(20)
  table <- data.frame(
    text_a = paste("caf\u00e9 \"", 20:1), label = rep_len(0:1, 20),
    number = (20:1) / 3, id = 20:1
  )
  part <- suppressMessages(datamap_select(map, 0.4))
  file <- tempfile(fileext = ".tsv")
  written <- write_quietly(part, table, file)
  expected <- table[table$id %in% part$id, ]
  rownames(expected) <- NULL
  expect_identical(written, expected)
  lines <- strsplit(readLines(file, encoding = "UTF-8"), "\t")
  expect_identical(lines[[1]], names(table))
  expect_length(lines, 9)
  expect_identical(vapply(lines[-1], `[[`, "", 1), expected$text_a)
  expect_identical(
    as.double(vapply(lines[-1], `[[`, "", 3)), expected$number
  )
})

test_that("a file is read as text and written as it was", {
  map <- ratio_map(c(0, 0.5, 1))
  lines <- c(
    "key\ttext_a\ttext_b\tlabel", "1\t\"it's #1\"\t NA \t1.0",
    "2\t\t\\n\t0", "3\t1e5\tcaf\u00e9\t007"
  )
  input <- tempfile(fileext = ".tsv")
  writeLines(enc2utf8(lines), input, useBytes = TRUE)
  file <- tempfile(fileext = ".tsv")
  write_quietly(map[c(1, 3), ], input, file, id_column = "key")
  expect_identical(
    readLines(file, encoding = "UTF-8"), enc2utf8(lines[c(1, 2, 4)])
  )
})

test_that("a table from a file is the same as one in R", {
  ids <- c("3", "1", "007", "2", "7", "")
  texts <- data.frame(
    id = ids, text_a = c("", "caf\u00e9", "NA", "a b", "\u65e5", ""),
    label = c("0", "1", "0", "1", "0", "1")
  )
  path <- tempfile(fileext = ".tsv")
  write_tabs <- function(table) {
    rows <- do.call(paste, c(unname(as.list(table)), sep = "\t"))
    lines <- c(paste(names(table), collapse = "\t"), rows)
    writeLines(enc2utf8(lines), path, useBytes = TRUE)
  }
  write_tabs(texts)
  files <- c(tempfile(fileext = ".tsv"), tempfile(fileext = ".tsv"))
  map <- ratio_map(c(0, 0.5, 1, 0.25))
  map$id <- c(3L, 2L, 7L, 1L)
  for (rows in list(1:4, 2, integer())) {
    part <- write_quietly(map[rows, ], path, files[[1]])
    expect_identical(part, write_quietly(map[rows, ], texts, files[[2]]))
    expect_identical(readLines(files[[1]]), readLines(files[[2]]))
  }
  # all ids are whole numbers, and those of the map are text
  numbers <- texts[texts$id %in% as.character(1:7), ]
  row.names(numbers) <- NULL
  write_tabs(numbers)
  expect_identical(write_quietly(map, path, files[[1]]), numbers)
  map$id <- as.character(map$id)
  expect_identical(write_quietly(map, path, files[[1]]), numbers)
  # what was not looked at yet can be changed
  table <- take_table(path, NULL)
  table$text_a[[2]] <- "new"
  expect_identical(table$text_a, replace(numbers$text_a, 2, "new"))
  expect_identical(table$id, numbers$id)
})

test_that("a table that can't be read is an error that names its place", {
  map <- ratio_map(c(0, 0.5, 1))
  file <- tempfile(fileext = ".tsv")
  input <- tempfile(fileext = ".tsv")
  fails <- function(class, path = input) {
    expect_no_warning(error <- expect_error(
      write_quietly(map, path, file),
      class = paste0("datamap_error_", class)
    ))
    expect_identical(error$path, path)
    error
  }
  writeLines(c("id\ta", "1\t2", "2"), input)
  error <- fails("syntax")
  expect_identical(error$line, 3L)
  expect_match(conditionMessage(error), "2 fields, as many as the header has")
  writeLines(c("id\ta", "1\tcaf\xe9"), input, useBytes = TRUE)
  expect_identical(fails("syntax")$line, 2L)
  writeLines(c("id\ta", "1\t2", "", "3\t4"), input)
  expect_identical(fails("syntax")$line, 3L)
  writeLines(c("id\tid", "1\t2"), input)
  expect_identical(fails("field")$key, "id")
  file.create(input)
  fails("syntax")
  error <- fails("io", tempfile())
  expect_match(conditionMessage(error), "No such file")
  fails("io", tempdir())
})

test_that("without a column of ids, rows count from 0 where they can", {
  map <- ratio_map(0:9 / 9)
  map$id <- c(5:9, 0:4)
  table <- data.frame(text = letters[1:10], label = "x")
  part <- suppressMessages(
    datamap_select(map, n = 3, by = "correct_ratio", order = "increasing")
  )
  expect_identical(part$id, 5:7)
  file <- tempfile(fileext = ".tsv")
  expect_message(
    suppressMessages(
      datamap_write_selection(part, table, file),
      classes = "datamap_message_selection"
    ),
    class = "datamap_message_row_ids"
  )
  expect_identical(utils::read.delim(file)$text, letters[6:8])
  # a part that nobody knows the whole of, ids from 1, too short a table
  unknown <- map[1:3, ]
  from_one <- map
  from_one$id <- map$id + 1L
  for (wrong in list(unknown, from_one)) {
    expect_error(
      write_quietly(wrong, table, file), class = "datamap_error_input"
    )
  }
  expect_error(
    write_quietly(part, table[1:5, ], file), class = "datamap_error_input"
  )
})

test_that("rows count from 1 where they are told to", {
  map <- ratio_map(0:9 / 9)
  map$id <- 1:10
  table <- data.frame(text = letters[1:10], label = "x")
  part <- suppressMessages(datamap_select(map, n = 3, by = "correct_ratio"))
  file <- tempfile(fileext = ".tsv")
  error <- expect_error(
    write_quietly(part, table, file), class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "first_id = 1", fixed = TRUE)
  expect_identical(
    write_quietly(part, table, file, first_id = 1)$text, letters[8:10]
  )
  from_zero <- map
  from_zero$id <- 0:9
  expect_error(
    write_quietly(map, table[1:9, ], file, first_id = 1),
    class = "datamap_error_input"
  )
  expect_error(
    write_quietly(from_zero, table, file, first_id = 1),
    class = "datamap_error_input"
  )
})

hostile <- enc2utf8(c(
  "a,b", "say \"so\"", "two\nlines", "\r\n", "a\tb", "", "NA", " blank ", "\\",
  "caf\u00e9", "{\"id\": 1}", "'", "<script>", "\"", ",", "1e5", "TRUE"
))

test_that("a CSV file holds any text, as R reads it", {
  n <- length(hostile)
  map <- ratio_map(seq_len(n) / n)
  table <- data.frame(
    id = seq_len(n), `a, "name"` = hostile, label = c(NA, rep(1.5, n - 1)),
    number = c(NA, NaN, Inf, -Inf, 1 / 3, seq_len(n - 5)),
    is_it = rep_len(c(TRUE, NA, FALSE), n), check.names = FALSE
  )
  file <- tempfile(fileext = ".CSV")
  write_quietly(map, table, file)
  again <- utils::read.csv(
    file, check.names = FALSE, encoding = "UTF-8", na.strings = character(),
    colClasses = "character"
  )
  expect_identical(again[[2]], sub("\r\n", "\n", hostile))
  expect_identical(again$label, c("NA", rep("1.5", n - 1)))
  expect_identical(again$number[1:4], c("NA", "NaN", "Inf", "-Inf"))
  expect_identical(as.double(again$number[-(1:4)]), table$number[-(1:4)])
  expect_identical(as.logical(again$is_it), table$is_it)
  # the package's own reader takes a text for what it was
  is_line <- !grepl("[\r\n]", hostile)
  write_quietly(map[is_line, ], table, file)
  own <- read_columns(file, rlang::current_env())
  expect_identical(own[[2]], hostile[is_line])
  expect_identical(own$is_it, table$is_it[is_line])
  expect_identical(own$number, table$number[is_line])
})

test_that("lines of JSON hold any text, and null for what is missing", {
  n <- length(hostile)
  map <- ratio_map(seq_len(n) / n)
  table <- data.frame(
    id = seq_len(n), text = hostile, nothing = NA, label = factor(hostile),
    number = c(NA, 1 / 3, 1e15, 0, -1.5, seq_len(n - 5)),
    is_it = rep_len(c(TRUE, NA, FALSE), n)
  )
  table$text[[2]] <- NA
  file <- tempfile(fileext = ".jsonl")
  write_quietly(map, table, file)
  lines <- readLines(file, encoding = "UTF-8")
  expect_length(lines, n)
  expect_match(lines, "\"nothing\":null", fixed = TRUE)
  expect_match(lines[[2]], "\"text\":null", fixed = TRUE)
  escaped <- hostile
  for (pair in list(
    c("\\", "\\\\"), c("\"", "\\\""), c("\n", "\\n"), c("\r", "\\r"),
    c("\t", "\\t")
  )) {
    escaped <- gsub(pair[[1]], pair[[2]], escaped, fixed = TRUE)
  }
  text <- replace(paste0("\"", escaped, "\""), 2, "null")
  is_it <- c(`TRUE` = "true", `FALSE` = "false")[as.character(table$is_it)]
  number <- sub(".*\"number\":(.*),\"is_it\".*", "\\1", lines)
  expect_identical(lines, paste0(
    "{\"id\":", seq_len(n), ",\"text\":", text,
    ",\"nothing\":null,\"label\":\"", escaped, "\",\"number\":", number,
    ",\"is_it\":", ifelse(is.na(is_it), "null", is_it), "}"
  ))
  expect_identical(number[[1]], "null")
  expect_identical(as.double(number[-1]), table$number[-1])
})

test_that("what can't stand between tabs is an error that says where it can", {
  map <- ratio_map(c(0, 1))
  table <- data.frame(id = 1:2, text = c("a", "two\nlines"))
  file <- tempfile(fileext = ".tsv")
  error <- expect_error(
    write_quietly(map, table, file), class = "datamap_error_input"
  )
  expect_identical(error$line, 2L)
  expect_match(conditionMessage(error), ".csv or .jsonl", fixed = TRUE)
  expect_false(file.exists(file))
  # and no other fault is
  names(table) <- c("id", "")
  error <- expect_error(
    write_quietly(map, table, file), class = "datamap_error_input"
  )
  expect_no_match(conditionMessage(error), ".csv", fixed = TRUE)
})

test_that("nothing is lost and nothing doubled", {
  map <- ratio_map(c(0, 0.5, 1))
  file <- tempfile(fileext = ".tsv")
  lacking <- data.frame(id = c(1, 3), label = 0)
  error <- expect_error(
    write_quietly(map, lacking, file), class = "datamap_error_input"
  )
  expect_identical(error$key, "2")
  doubled <- data.frame(id = c("1", "2", "3", "2", "9", "9"), label = 0)
  error <- expect_error(
    write_quietly(map, doubled, file), class = "datamap_error_input"
  )
  expect_identical(error$key, "2")
  expect_match(conditionMessage(error), "2 and 4")
  expect_false(file.exists(file))
  # what is doubled elsewhere does not matter
  expect_identical(nrow(write_quietly(map[c(1, 3), ], doubled, file)), 2L)
})

test_that("ids match whether numbers or text, beyond 100000 too", {
  map <- ratio_map(c(0, 1))
  map$id <- c(100000, 4734364254410)
  table <- data.frame(id = c("4734364254410", "100000"), label = 1)
  file <- tempfile(fileext = ".tsv")
  expect_identical(nrow(write_quietly(map, table, file)), 2L)
  expect_identical(match_ids(100000, "100000"), 1L)
  expect_identical(match_ids(c(NA, 1.5), c("1.5", NA)), c(2L, 1L))
})

test_that("what can't be written is an error that names its place", {
  map <- ratio_map(c(0, 1))
  file <- tempfile(fileext = ".tsv")
  table <- data.frame(id = 1:2, text = c("a", "b\tc"))
  expect_error(write_quietly(map[2, ], table, file), "row 2 of `data`")
  error <- expect_error(write_quietly(map, table, file), "row 2 of `data`")
  expect_s3_class(error, "datamap_error")
  table$text <- list(1, 2)
  expect_error(
    write_quietly(map, table, file), "column text of `data`",
    class = "datamap_error_input"
  )
  expect_error(write_quietly(map, 1, file), class = "datamap_error_input")
})
