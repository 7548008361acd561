test_that("a filter of a lazy data map keeps what that of the map keeps", {
  lazy <- whole_map()$lazy
  core <- whole_map()$core
  least <- 0.02
  found <- dplyr::collect(
    datamap_filter(lazy, avg_probs < 0.5, label_var >= !!least, use_f_times = 1)
  )
  expected <- datamap_filter(
    core, avg_probs < 0.5, label_var >= least, use_f_times = 1
  )
  expect_identical(found$id, expected$id)
  expect_identical(attr(found, "samples"), as.double(nrow(core)))
  expect_identical(
    attr(found, "filter")[c(1, 3)], attr(expected, "filter")[c(1, 3)]
  )
  by_place <- datamap_filter(lazy, "label_var", 0.05)
  expect_s3_class(by_place, "datamap_lazy")
  expect_identical(
    dplyr::collect(by_place)$id, datamap_filter(core, "label_var", 0.05)$id
  )
  expect_identical(datamap_filter(lazy), lazy)
  error <- expect_error(
    datamap_filter(lazy, criterion = "avg_prob"), class = "datamap_error_input"
  )
  expect_identical(error$similar, "avg_probs")
})

test_that("groups are those of the map", {
  lazy <- whole_map()$lazy
  core <- whole_map()$core
  cases <- list(
    list(), list(use_f_times = 1), list(dirty_label = TRUE),
    list(group_by = "avg_probs", criterion = "label_var", threshold = 0.03),
    list(group_by = "correct_times"), list(group_by = "evaluations"),
    list(use_l_times = 0), list(group_by = "label")
  )
  for (case in cases[seq_len(if (in_detail()) 8 else 3)]) {
    found <- do.call(datamap_groups, c(list(lazy), case))
    expected <- do.call(datamap_groups, c(list(core), case))
    expect_identical(attr(found, "counts"), attr(expected, "counts"))
    rows <- dplyr::collect(found)
    rows <- rows[order(rows$id), ]
    expect_identical(as.integer(rows$id), expected$id)
    expect_identical(rows$group, as.character(expected$group))
  }
  error <- expect_error(
    datamap_groups(lazy, group_by = "no"), class = "datamap_error_input"
  )
  expect_identical(error$key, "no")
})

test_that("more texts than can be groups are refused", {
  skip_unless_in_detail()
  frame <- data.frame(
    id = 1:40, step = 1, label = paste0("l", 1:40), correct = 1L,
    label_probs = 0.5
  )
  lazy <- datamap_summarise(lazy_table(frame), check = FALSE)
  error <- expect_error(
    datamap_groups(lazy, group_by = "label"), class = "datamap_error_input"
  )
  expect_identical(error$key, "label")
})

test_that("regions are those of the map", {
  cutoffs <- c(variability = 0.25, confidence = 0.3)
  found <- datamap_regions(whole_map()$lazy, cutoffs = cutoffs)
  expected <- datamap_regions(whole_map()$core, cutoffs = cutoffs)
  expect_identical(attr(found, "counts"), attr(expected, "counts"))
  expect_identical(attr(found, "cutoffs"), attr(expected, "cutoffs"))
  rows <- dplyr::collect(found)
  rows <- rows[order(rows$id), ]
  expect_identical(rows$region, as.character(expected$region))
})

test_that("what takes samples in R says how to fetch them", {
  lazy <- whole_map()$lazy
  error <- expect_error(
    datamap_select(lazy, fraction = 0.5), class = "datamap_error_input"
  )
  expect_identical(error$instead, "collect")
})
