test_that("the widget has a place and a function in Shiny", {
  input <- "datamap_error_input"
  expect_error(datamap_explore_output(1), class = input)
  expect_error(datamap_explore_render(1, env = 1), class = input)
  expect_error(datamap_explore_render(1, quoted = NA), class = input)
  skip_if_not_installed("htmlwidgets")
  skip_if_not_installed("shiny")
  place <- datamap_explore_output("map", height = "300px")
  expect_match(as.character(place), "id=\"map\"")
  expect_match(as.character(place), "height:300px")
  expect_type(datamap_explore_render(1), "closure")
})
