test_that("chosen samples are marked and named, in their panel", {
  map <- random_map(60)
  for (with_ggrepel in c(FALSE, rlang::is_installed("ggrepel"))) {
    for (ids in list(c(7, 12, 7), c("12", "7"))) {
      plot <- with_packages(with_ggrepel, datamap_plot(map, ids = ids))
      rings <- ggplot2::layer_data(plot, 2)
      expect_setequal(rings$x, map$label_var[c(7, 12)])
      expect_setequal(rings$y, map$avg_probs[c(7, 12)])
      panels <- sort(unique(map$s_label))
      expect_setequal(as.integer(rings$PANEL),
                      unique(match(map$s_label[c(7, 12)], panels)))
      expect_setequal(ggplot2::layer_data(plot, 3)$label, c("7", "12"))
      expect_match(
        ggplot2::get_alt_text(plot), "Marked: (7, 12|12, 7)\\."
      )
      expect_no_warning(as_draw(ggplot2::ggplotGrob(plot)))
    }
  }
  # Still one point each, and no mark without ids
  expect_identical(nrow(drawn(plot)), 60L)
  n_layers <- function(plot) length(ggplot2::ggplot_build(plot)$data)
  expect_identical(n_layers(plot) - n_layers(datamap_plot(map)), 2L)
})

test_that("marked samples that are not drawn are counted", {
  map <- random_map(60)
  ids <- c(which.max(map$avg_probs), which.min(map$avg_probs))
  least <- max(map$avg_probs)
  plot <- datamap_plot(map, criterion = "avg_probs", threshold = least,
                       ids = ids)
  expect_match(
    ggplot2::get_alt_text(plot),
    paste0("Marked: ", ids[[1]], " (1 more is not drawn)."),
    fixed = TRUE
  )
  none <- datamap_plot(map, criterion = "avg_probs", threshold = 2,
                       ids = ids)
  expect_true(any(grepl(
    "Marked: none (2 are not drawn)", as_draw(texts(none)),
    fixed = TRUE
  )))
})

test_that("ids to mark must be ids", {
  map <- random_map(5)
  error <- expect_error(
    datamap_plot(map, ids = c(1, 99, "{x}")),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "99")
  expect_match(conditionMessage(error), "no samples 99, {x}.", fixed = TRUE)
  for (bad in list(NA, list(1), mean)) {
    expect_error(
      datamap_plot(map, ids = bad),
      class = "datamap_error_input"
    )
  }
})

test_that("of many marked samples the first are named, and the number said", {
  map <- random_map(80)
  plot <- datamap_plot(map, ids = 60:11)
  expect_identical(nrow(ggplot2::layer_data(plot, 2)), 50L)
  expect_setequal(ggplot2::layer_data(plot, 3)$label, as.character(60:41))
  expect_match(
    ggplot2::get_alt_text(plot),
    "Marked: 50 samples, of which the first 20 are named.", fixed = TRUE
  )
})
