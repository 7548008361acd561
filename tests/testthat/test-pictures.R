# Pictures of a few plots, to see what their looks change into: the tests of
# each plot's layers, labels and scales are the gate. They were made with one
# version of ggplot2 and are only compared with that.
#
# One picture a test: a test that is skipped announces its own, which would be
# deleted as unused otherwise.
expect_picture <- function(plot, name) {
  announce_snapshot_file(name = paste0(name, ".svg"))
  skip_on_cran()
  skip_if_not_installed("vdiffr")
  version <- "3.4.1"
  skip_if(
    utils::packageVersion("ggplot2") != version,
    paste("pictures are those of ggplot2", version)
  )
  vdiffr::expect_doppelganger(name, plot)
}

test_that("a map in panels looks as it did", {
  expect_picture(datamap_plot(random_map(24), use_l_times = 0), "map-in-panels")
})

test_that("a map in the cartography style looks as it did", {
  expect_picture(
    datamap_plot(random_map(24), style = "cartography"), "cartography"
  )
})

test_that("bands of trajectories look as they did", {
  expect_picture(
    datamap_plot_trajectories(random_steps(), group_by = "s_label"), "bands"
  )
})

test_that("arrows between two maps look as they did", {
  maps <- list(random_map(24), random_map(24, seed = 2))
  expect_picture(
    datamap_plot_compare(
      maps[[1]], maps[[2]], cutoffs = c(variability = 0.28)
    ),
    "arrows"
  )
})

test_that("distributions of signals look as they did", {
  signals <- c("avg_probs", "learnt_times")
  expect_picture(
    datamap_plot_signals(random_map(24), signals = signals), "signals"
  )
})
