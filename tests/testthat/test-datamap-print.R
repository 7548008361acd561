test_that("printing shows size, labels and the rows that fit", {
  map <- random_map(30, times = 8)
  map$`{odd}` <- "{stop()}"
  rlang::local_options(width = 60)
  lines <- utils::capture.output(returned <- withVisible(print(map)))
  expect_identical(returned$value, map)
  expect_false(returned$visible)
  expect_identical(lines[[1]], "# A data map: 30 samples, 8 evaluations each")
  expect_match(lines[[2]], "ordinary (s_label 0): ", fixed = TRUE)
  text <- paste(lines, collapse = " ")
  expect_match(text, "20 more rows and", fixed = TRUE)
  expect_match(text, "{odd}", fixed = TRUE)
  expect_true(all(nchar(lines) <= 60))

  expect_output(print(map[1, ]), "1 sample, 8 evaluations each", fixed = TRUE)
  map$evaluations[[1]] <- 5L
  expect_output(print(map), "5 to 8 evaluations each", fixed = TRUE)
  expect_length(utils::capture.output(print(map, n = 3)), length(lines) - 7)
  expect_error(print(map, n = -1), class = "datamap_error_input")
})

test_that("the summary counts groups and labels", {
  map <- random_map(50)
  map$avg_probs[1:3] <- NA
  s <- summary(map)
  expect_s3_class(s, "summary_datamap")
  expect_identical(s$samples, 50L)
  expect_identical(s$evaluations, c(10L, 10L))
  expect_identical(s$groups, counts_of(datamap_groups(map)))
  expect_identical(
    unname(s$s_label),
    vapply(0:2, function(x) sum(map$s_label == x), 1L)
  )
  expect_identical(s$label, c("0" = 17L, "1" = 17L, "2" = 16L))
  expect_identical(s$signals["avg_probs", "missing"], 3)
  expect_identical(
    s$signals["label_var", "median"], stats::median(map$label_var)
  )
  expect_output(print(s), "correct_ratio_0.2", fixed = TRUE)
  expect_output(print(s), "dirty (s_label 2)", fixed = TRUE)

  labelled <- function(label) {
    summary(ratio_map(rep(0, length(label)), label = label))$label
  }
  expect_identical(
    labelled(c("c", "a", "b", "a", NA, "c")),
    c(a = 2L, c = 2L, b = 1L, "NA" = 1L)
  )
  expect_identical(
    labelled(factor(c("y", NA, "y", "x"), c("z", "y", "x"))),
    c(z = 0L, y = 2L, x = 1L, "NA" = 1L)
  )
  expect_identical(
    labelled(c(10, 9, NA, 10, 10)), c("9" = 1L, "10" = 3L, "NA" = 1L)
  )

  bare <- summary(ratio_map(c(0, 1)))
  expect_null(bare$label)
  expect_null(bare$evaluations)
  expect_output(print(bare), "2 samples", fixed = TRUE)
})

test_that("the summary shows the class of each column", {
  map <- random_map(50)
  map$label <- factor(map$label)
  map$forgetting_times <- rep(0:4, 10)
  rlang::local_options(width = 80)
  s <- summary(map)
  expect_identical(
    s$classes[c("s_label", "label", "avg_probs", "forgetting_times")],
    c(
      s_label = class(map$s_label), label = "factor", avg_probs = "numeric",
      forgetting_times = "integer"
    )
  )
  expect_identical(
    names(s$classes), c("s_label", "label", rownames(s$signals))
  )
  lines <- utils::capture.output(print(s))
  expect_true("label <factor>" %in% lines)
  expect_match(lines, "^ +class +min +25% +median", all = FALSE)
  expect_match(lines, "^avg_probs +numeric 0[.]", all = FALSE)
  expect_match(lines, "^forgetting_times integer 0[.]", all = FALSE)
  expect_true(all(nchar(lines) <= 80))

  class(map$label) <- c(strrep("\n", 30), "factor")
  lines <- utils::capture.output(print(summary(map)))
  expect_match(lines, "^label <.{1,20}[.]{3}>$", all = FALSE)
  lines <- utils::capture.output(print(summary(map[0, ])))
  expect_false(any(startsWith(lines, "s_label")))
})

test_that("numbers have as many digits as are asked for", {
  map <- random_map(20)
  map$avg_probs[[1]] <- 0.123456789
  line <- function(...) {
    lines <- utils::capture.output(print(...))
    lines[grepl("0.12", lines, fixed = TRUE)]
  }
  shown <- map[c(1, 1), c("id", "avg_probs", "label_var", "correct_ratio")]
  expect_match(line(shown), "0.123 ", fixed = TRUE, all = FALSE)
  expect_match(line(shown, digits = 7), "0.1234568 ", fixed = TRUE, all = FALSE)
  s <- summary(shown)
  expect_match(line(s), "avg_probs +numeric 0[.]1230* ", all = FALSE)
  expect_match(
    line(s, digits = 8), "avg_probs +numeric 0[.]123456790* ", all = FALSE
  )
  for (wrong in list(0, 23, 1.5, "3", NULL, NA)) {
    expect_error(print(map, digits = wrong), class = "datamap_error_input")
    expect_error(print(s, digits = wrong), class = "datamap_error_input")
  }
})

test_that("long ids are shortened where they are printed", {
  map <- random_map(3)
  map$id <- c("a", strrep("b", 300), strrep("\u4e2d", 40))
  map$label <- factor(c("x", strrep("y", 200), "z"))
  rlang::local_options(width = 80)
  lines <- utils::capture.output(print(map))
  expect_true(all(nchar(lines, type = "width") <= 80))
  expect_match(lines[[5]], paste0(strrep("b", 27), "..."), fixed = TRUE)
  expect_identical(nchar(map$id[[2]]), 300L)
})
