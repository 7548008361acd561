# Pictures of a few plots, to see what their looks change into: the tests of
# each plot's layers, labels and scales are the gate. They were made with one
# version of ggplot2 and are only compared with that.
expect_picture <- function(plot, name) {
  skip_on_cran()
  skip_if_not_installed("vdiffr")
  version <- "3.4.1"
  skip_if(
    utils::packageVersion("ggplot2") != version,
    paste("pictures are those of ggplot2", version)
  )
  vdiffr::expect_doppelganger(name, plot)
}

test_that("maps look as they did", {
  map <- random_map(24)
  expect_picture(datamap_plot(map, use_l_times = 0), "map-in-panels")
  expect_picture(datamap_plot(map, style = "cartography"), "cartography")
})

test_that("the other plots look as they did", {
  map <- random_map(24)
  expect_picture(
    datamap_plot_trajectories(random_steps(), group = "s_label"), "bands"
  )
  expect_picture(
    datamap_plot_compare(map, random_map(24, seed = 2), variability = 0.28),
    "arrows"
  )
  expect_picture(
    datamap_plot_signals(map, signals = c("avg_probs", "learnt_times")),
    "signals"
  )
})
