test_that("the plot is that of the map by its bins, and holds no samples", {
  lazy <- whole_map()$lazy
  core <- whole_map()$core
  cases <- list(
    list(use_l_times = 1), list(
      criterion = "label_var", threshold = 0.04, facet = "label",
      attr1 = "forgetting_times"
    ),
    list(), list(facet = NULL, group_by = "avg_probs"),
    list(criterion = "label_var", threshold = 9)
  )
  for (case in cases[if (in_detail()) 1:5 else 2]) {
    found <- do.call(datamap_plot, c(list(lazy), case))
    expected <- do.call(datamap_plot, c(list(core), case, points = "density"))
    said <- c("title", "subtitle", "caption", "alt", "x", "y")
    expect_identical(found$labels[said], expected$labels[said])
    expect_equal(
      ggplot2::layer_data(found), ggplot2::layer_data(expected)
    )
    expect_false("id" %in% names(found$data))
  }
})

test_that("the filter of a map before is told", {
  skip_unless_in_detail()
  lazy <- datamap_filter(whole_map()$lazy, avg_probs < 0.4)
  core <- datamap_filter(whole_map()$core, avg_probs < 0.4)
  found <- datamap_plot(lazy)
  expected <- datamap_plot(core, points = "density")
  expect_identical(found$labels$title, expected$labels$title)
  expect_identical(found$labels$caption, expected$labels$caption)
})

test_that("what needs each sample is refused", {
  lazy <- whole_map()$lazy
  cases <- list(
    points = list(points = "points"), style = list(style = "cartography"),
    ids = list(ids = 1)
  )
  for (key in names(cases)) {
    error <- expect_error(
      do.call(datamap_plot, c(list(lazy), cases[[key]])),
      class = "datamap_error_input"
    )
    expect_identical(error$key, key)
  }
  error <- expect_error(
    datamap_plot(lazy, attr1 = "no"), class = "datamap_error_input"
  )
  expect_identical(error$key, "no")
})
