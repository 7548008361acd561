# The schemes of groups, one sample at a time.
naive_ratio_group <- function(ratio) {
  if (ratio == 1) return("correct_ratio_1.0")
  if (ratio >= 0.8) return("correct_ratio_0.8")
  if (ratio >= 0.6) return("correct_ratio_0.6")
  if (ratio >= 0.4) return("correct_ratio_0.4")
  if (ratio >= 0.2) return("correct_ratio_0.2")
  "correct_ratio_0.0"
}

naive_event_group <- function(times, ratio, prefix, between) {
  if (times >= 3) return(paste0(prefix, ">=3"))
  if (times >= 1) return(paste0(prefix, "=", times))
  if (ratio == 0) return(paste0(prefix, "-"))
  if (ratio == 1) return(paste0(prefix, "=0"))
  paste0(prefix, between)
}

naive_counts <- function(groups, levels) {
  counts <- stats::setNames(rep(0L, length(levels)), levels)
  for (group in groups) counts[[group]] <- counts[[group]] + 1L
  counts
}

ratio_levels <- paste0(
  "correct_ratio_", c("0.0", "0.2", "0.4", "0.6", "0.8", "1.0")
)

test_that("the default groups are the six intervals of correct_ratio", {
  map <- random_map(300)
  groups <- datamap_groups(map)
  expect_identical(class(groups), "data.frame")
  expect_identical(names(groups), c("id", "group"))
  expect_identical(groups$id, map$id)
  expect_identical(levels(groups$group), ratio_levels)
  naive <- vapply(map$correct_ratio, naive_ratio_group, "")
  expect_identical(as.character(groups$group), naive)
  expect_identical(counts_of(groups), naive_counts(naive, ratio_levels))
  expect_true(all(counts_of(groups) > 0))
})

test_that("k right of T falls where integers say, for every T to 1000", {
  skip_if_long()
  for (times in 1:1000) {
    k <- 0:times
    # In fifths, by integers alone
    expected <- ratio_levels[(5L * k) %/% times + 1L]
    found <- as.character(datamap_groups(ratio_map(k / times))$group)
    if (!identical(found, expected)) {
      fail(paste("Wrong groups for T =", times))
    }
  }
  succeed()
})

test_that("use_f_times and use_l_times group by events", {
  map <- random_map(400)
  forgotten <- paste0(
    "forgotten_times", c("-", "-+", "=0", "=1", "=2", ">=3")
  )
  learnt <- paste0("learnt_times", c("-", "+-", "=0", "=1", "=2", ">=3"))

  groups <- datamap_groups(map, use_f_times = 0)
  naive <- mapply(
    naive_event_group, map$forgetting_times, map$correct_ratio,
    "forgotten_times", "-+"
  )
  expect_identical(levels(groups$group), forgotten)
  expect_identical(as.character(groups$group), unname(naive))
  expect_identical(counts_of(groups), naive_counts(naive, forgotten))
  expect_true(all(counts_of(groups) > 0))

  groups <- datamap_groups(map, use_l_times = 0)
  naive <- mapply(
    naive_event_group, map$learnt_times, map$correct_ratio,
    "learnt_times", "+-"
  )
  expect_identical(levels(groups$group), learnt)
  expect_identical(as.character(groups$group), unname(naive))
  expect_identical(counts_of(groups), naive_counts(naive, learnt))

  # Levels stay, their counts are zero
  groups <- datamap_groups(map, use_l_times = 2)
  expect_identical(levels(groups$group), learnt)
  expect_identical(
    unname(counts_of(groups)),
    c(0L, 0L, 0L, 0L, sum(map$learnt_times == 2), sum(map$learnt_times > 2))
  )
})

test_that("dirty labels are set apart from the rest", {
  map <- random_map(100)
  groups <- datamap_groups(map, dirty_label = TRUE)
  expect_identical(
    counts_of(groups),
    c(
      "the rest" = sum(map$s_label != 2L),
      "dirty (s_label 2)" = sum(map$s_label == 2L)
    )
  )
  expect_identical(groups$group == "dirty (s_label 2)", map$s_label == 2L)
})

test_that("the rows are those of the filter", {
  map <- random_map(200)
  groups <- datamap_groups(map, "forgetting_times", 1, use_l_times = 1)
  kept <- datamap_filter(map, "forgetting_times", 1, use_l_times = 1)
  expect_identical(groups$id, kept$id)
  expect_identical(sum(counts_of(groups)), nrow(kept))

  none <- datamap_groups(map, "avg_probs", 2)
  expect_identical(nrow(none), 0L)
  expect_identical(counts_of(none), naive_counts(character(), ratio_levels))
})

test_that("factors and few values are groups as they are", {
  map <- random_map(6)
  map$kind <- factor(
    c("b", "a", "b", "b", "a", "b"),
    levels = c("c", "b", "a"), ordered = TRUE
  )
  groups <- datamap_groups(map, group_by = "kind")
  expect_identical(counts_of(groups), c(c = 0L, b = 4L, a = 2L))

  map$text <- c("y", "x", "y", "x", "y", "y")
  expect_identical(
    counts_of(datamap_groups(map, group_by = "text")), c(x = 2L, y = 4L)
  )
  map$flag <- rep(c(TRUE, FALSE), 3)
  expect_identical(
    counts_of(datamap_groups(map, group_by = "flag")),
    c("FALSE" = 3L, "TRUE" = 3L)
  )
  map$number <- c(10, 2.5, -1, 10, 100000, 2.5)
  expect_identical(
    counts_of(datamap_groups(map, group_by = "number")),
    c("-1" = 1L, "2.5" = 2L, "10" = 2L, "100000" = 1L)
  )
  map$close <- c(0.3, 0.1 + 0.2, 0.3, 0.3, 0.3, 0.3)
  expect_identical(
    unname(counts_of(datamap_groups(map, group_by = "close"))), c(5L, 1L)
  )
})

test_that("whole numbers are put into at most six classes", {
  map <- ratio_map(rep(0.5, 13), correct_times = 0:12)
  groups <- datamap_groups(map, group_by = "correct_times")
  expect_identical(
    counts_of(groups),
    c("0 to 2" = 3L, "3 to 5" = 3L, "6 to 8" = 3L, "9 to 11" = 3L, "12" = 1L)
  )
  for (seed in 1:50) {
    set.seed(seed)
    x <- round(stats::rnorm(40) * 10^sample(1:6, 1))
    map <- ratio_map(rep(0.5, 40), x = x)
    groups <- datamap_groups(map, group_by = "x")
    expect_lte(nlevels(groups$group), 6)
    expect_false(anyNA(groups$group))
    # The limits in the level's name hold its values
    limits <- strsplit(levels(groups$group), " to ")
    low <- vapply(limits, function(x) as.numeric(x[[1]]), 1)
    high <- vapply(limits, function(x) as.numeric(x[[length(x)]]), 1)
    code <- as.integer(groups$group)
    expect_true(all(x >= low[code] & x <= high[code]))
  }
})

test_that("other numbers are put into at most six classes with limits", {
  x <- seq(0, 1, 0.05)
  groups <- datamap_groups(ratio_map(x, x = x), group_by = "x")
  expect_identical(
    levels(groups$group),
    c("[0, 0.2)", "[0.2, 0.4)", "[0.4, 0.6)", "[0.6, 0.8)", "[0.8, 1]")
  )
  for (seed in 1:50) {
    set.seed(seed)
    x <- stats::rnorm(40) * 10^sample(-6:6, 1)
    groups <- datamap_groups(ratio_map(rep(0, 40), x = x), group_by = "x")
    expect_lte(nlevels(groups$group), 6)
    expect_gte(nlevels(groups$group), 2)
    limits <- strsplit(gsub("[][)]", "", levels(groups$group)), ", ")
    low <- vapply(limits, function(x) as.numeric(x[[1]]), 1)
    high <- vapply(limits, function(x) as.numeric(x[[2]]), 1)
    code <- as.integer(groups$group)
    expect_true(all(x >= low[code] & x <= high[code]))
  }
  tight <- 1 + 0:9 * .Machine$double.eps
  groups <- datamap_groups(ratio_map(rep(0, 10), x = tight), group_by = "x")
  expect_false(anyNA(groups$group))
})

test_that("the values behind the first thousand count as well", {
  map <- ratio_map(rep(0.5, 2010))
  map$x <- c(rep(3, 2000), 1:5, NA, 3, 2, 2, 1)
  expect_identical(
    counts_of(datamap_groups(map, group_by = "x")),
    c("1" = 2L, "2" = 3L, "3" = 2002L, "4" = 1L, "5" = 1L)
  )
  map$x <- c(rep(3, 2000), 1:10)
  expect_identical(
    counts_of(datamap_groups(map, group_by = "x")),
    c("1" = 1L, "2 to 3" = 2002L, "4 to 5" = 2L, "6 to 7" = 2L,
      "8 to 9" = 2L, "10" = 1L)
  )
})

test_that("the classes don't change with the filter", {
  map <- random_map(100)
  all <- datamap_groups(map, group_by = "avg_probs")
  some <- datamap_groups(map, "avg_probs", 0.5, group_by = "avg_probs")
  expect_identical(levels(some$group), levels(all$group))
  expect_identical(some$group, all$group[map$avg_probs >= 0.5])
})

test_that("a missing signal gives a missing group", {
  map <- random_map(10)
  map$correct_ratio[[2]] <- NA
  map$s_label[[3]] <- NA
  map$learnt_times[[4]] <- NA
  map$x <- c(NA, NaN, Inf, 4:10 / 3)
  expect_identical(which(is.na(datamap_groups(map)$group)), 2L)
  groups <- datamap_groups(map, dirty_label = TRUE)
  expect_identical(which(is.na(groups$group)), 3L)
  groups <- suppressMessages(datamap_groups(map, use_l_times = 0))
  expect_false(4 %in% groups$id)
  groups <- datamap_groups(map, group_by = "x")
  expect_identical(which(is.na(groups$group)), 1:3)
  expect_identical(sum(counts_of(groups)), 7L)
})

test_that("more than one way of grouping is an error", {
  map <- random_map(5)
  ways <- list(
    list(use_f_times = 0, dirty_label = TRUE),
    list(use_l_times = 0, group_by = "label"),
    list(dirty_label = TRUE, group_by = "label"),
    list(use_f_times = 0, use_l_times = 0)
  )
  for (way in ways) {
    expect_error(
      do.call(datamap_groups, c(list(map), way)),
      class = "datamap_error_input"
    )
  }
  expect_identical(
    datamap_groups(map, use_f_times = -1, dirty_label = TRUE),
    datamap_groups(map, dirty_label = TRUE)
  )
})

test_that("columns that can't be groups are errors", {
  map <- random_map(40)
  map$many <- paste0("v", 1:40)
  map$parts <- as.list(1:40)
  for (column in c("none", "many", "parts")) {
    error <- expect_error(
      datamap_groups(map, group_by = column),
      class = "datamap_error_input"
    )
    expect_identical(error$key, column)
  }
  expect_error(
    datamap_groups(map, dirty_label = NA),
    class = "datamap_error_input"
  )
  error <- expect_error(
    datamap_groups(ratio_map(1), dirty_label = TRUE),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "s_label")
})

test_that("values are counted in their order, whatever they are", {
  ends <- c(-1L, 1L) * .Machine$integer.max
  columns <- list(
    sample(-5:5, 100, TRUE), ends, ends[[1]] + 0:2, ends[[2]], integer(),
    c(1L, NA, 1L), c(2.5, 1, 1), c("a10", "a2", NA), c(TRUE, NA, FALSE)
  )
  for (x in columns) {
    counted <- count_values(x)
    expect_identical(counted$values, ordered_values(x))
    each <- vapply(seq_along(counted$values), function(i) {
      sum(x %in% counted$values[[i]])
    }, 1L)
    expect_identical(counted$counts, each)
  }
})
