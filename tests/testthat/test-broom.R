test_that("a data map is told and glanced at", {
  map <- random_map(40)
  expect_identical(tidy.datamap(map), as.data.frame(map))
  row <- glance.datamap(map)
  expect_identical(nrow(row), 1L)
  expect_equal(row$samples, 40)
  expect_equal(row$avg_probs, mean(map$avg_probs))
  expect_equal(row$never_right, sum(map$correct_times == 0))
  expect_equal(row$always_right, sum(map$correct_times == map$evaluations))
  expect_equal(c(row$evaluations_min, row$evaluations_max), c(10, 10))
  expect_equal(row$labels, 3)
  expect_identical(row$runs, NA_integer_)
  expect_identical(
    glance.datamap(datamap_average(random_runs(4, 10)))$runs, 4L
  )
  plain <- map[c("id", "correct_ratio", "avg_probs", "label_var")]
  expect_true(is.na(glance.datamap(plain)$labels))
  expect_true(is.na(glance.datamap(plain)$evaluations_min))
  expect_error(tidy.datamap(map, 1), class = "datamap_error_input")
})

test_that("the training table gets the columns of the map", {
  map <- random_map(10)
  data <- data.frame(
    text = letters[1:12], id = as.character(c(12, 3:11, 1, 2)), label = "mine"
  )
  message <- expect_message(
    joined <- augment.datamap(map, data), "2 rows",
    class = "datamap_message_alone"
  )
  expect_equal(message$counts, c(data = 2))
  expect_identical(joined[1:3], data)
  expected <- merge(
    data.frame(id = as.integer(data$id), at = 1:12), as.data.frame(map),
    all.x = TRUE
  )
  expected <- expected[order(expected$at), ]
  for (name in setdiff(names(map), "id")) {
    expect_identical(joined[[paste0(".", name)]], expected[[name]],
                     label = name)
  }
  # of whichever class the table is
  class(data) <- c("tbl_df", "tbl", "data.frame")
  data <- data[data$id %in% map$id, ]
  names(data)[[2]] <- "guid"
  expect_message(joined <- augment.datamap(map, data), NA)
  expect_identical(class(joined), class(data))
  map$both <- matrix(1:20, 10)
  joined <- augment.datamap(map, data)
  expect_identical(dim(joined$.both), c(10L, 2L))
})

test_that("keys that do not fit are told", {
  map <- random_map(5)
  data <- data.frame(id = 1:5)
  again <- augment.datamap(map, data)
  for (wrong in list(
    quote(augment.datamap(map)),
    quote(augment.datamap(map, 1)),
    quote(augment.datamap(map, data.frame(key = 1:5))),
    quote(augment.datamap(map, data.frame(id = 1:4))),
    quote(augment.datamap(map, data.frame(id = c(1:5, 2)))),
    quote(augment.datamap(map, data.frame(id = I(as.list(1:5))))),
    quote(augment.datamap(map[c(1, 1, 2), ], data)),
    quote(augment.datamap(map, again)),
    quote(augment.datamap(map, data, by = "id"))
  )) {
    expect_error(eval(wrong), class = "datamap_error_input", label = wrong)
  }
})

test_that("a detection is told and glanced at", {
  map <- random_map(60)
  found <- suppressMessages(datamap_detect(map))
  expect_identical(class(tidy.datamap_detection(found)), "data.frame")
  row <- glance.datamap_detection(found)
  expect_identical(row$best, found$metric[[1]])
  expect_equal(row$auroc, found$auroc[[1]])
  expect_identical(row$runs, 1L)
  none <- suppressMessages(datamap_detect(map, truth = id > 100))
  expect_true(is.na(glance.datamap_detection(none)$best))
  both <- suppressMessages(datamap_detect(list(map, map)))
  expect_identical(glance.datamap_detection(both)$runs, 2L)
})

test_that("generics finds all of them", {
  skip_if_not_installed("generics")
  map <- random_map(5)
  expect_identical(generics::tidy(map), as.data.frame(map))
  expect_identical(generics::glance(map)$samples, 5L)
  expect_named(generics::augment(map, data.frame(id = 1:5))[1:2],
               c("id", ".label"))
})
