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
