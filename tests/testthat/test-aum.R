# Fifty samples, measured four times, as the package aum writes them.
aum_tables <- function() {
  set.seed(5)
  n <- 50
  records <- data.frame(
    sample_id = rep(seq_len(n), each = 4), num_measurements = rep(1:4, n),
    target_logit = rep(sample(0:2, n, TRUE), each = 4),
    target_val = stats::rnorm(4 * n), other_logit = 0L,
    other_val = stats::rnorm(4 * n)
  )
  records$margin <- records$target_val - records$other_val
  mean_so_far <- function(x) cumsum(x) / seq_along(x)
  records$aum <- stats::ave(
    records$margin, records$sample_id,
    FUN = mean_so_far
  )
  last <- records[records$num_measurements == 4, c("sample_id", "aum")]
  list(
    records = records[order(records$sample_id, records$num_measurements), ],
    values = last[order(-last$aum), ]
  )
}

expect_records <- function(map, records) {
  by_sample <- split(records$margin, records$sample_id)
  expect_identical(map$id, seq_along(by_sample))
  naive <- function(f) unname(vapply(by_sample, f, 1))
  expect_equal(map$aum, naive(mean), tolerance = 1e-14)
  expect_equal(map$aum, records$aum[records$num_measurements == 4])
  expect_equal(map$margin_var, naive(function(x) mean((x - mean(x))^2)))
  expect_equal(map$correct_times, naive(function(x) sum(x > 0)))
  expect_equal(
    map$forgetting_times, naive(function(x) sum(x[-1] <= 0 & x[-length(x)] > 0))
  )
  is_last <- records$num_measurements == 4
  expect_identical(map$label, records$target_logit[is_last])
  expect_true(all(is.na(map$avg_probs)) && all(is.na(map$label_var)))
}

test_that("records of aum are folded, and drawn by the area", {
  tables <- aum_tables()
  expect_records(as_datamap(tables$records), tables$records)
  shuffled <- tables$records[rev(seq_len(nrow(tables$records))), ]
  expect_records(as_datamap(shuffled), tables$records)
  file <- tempfile(fileext = ".csv")
  utils::write.csv(tables$records, file, row.names = FALSE)
  map <- datamap_read_summary(file)
  expect_records(map, tables$records)
  plot <- datamap_plot(map, attr1 = "aum", attr2 = "margin_var")
  expect_identical(nrow(ggplot2::layer_data(plot, 1)), 50L)
  bad <- tables$records
  bad$margin <- "a"
  error <- expect_error(as_datamap(bad), class = "datamap_error_input")
  expect_identical(error$key, "margin")
})

test_that("values of aum are a map without probabilities", {
  values <- aum_tables()$values
  file <- tempfile(fileext = ".csv")
  utils::write.csv(values, file, row.names = FALSE)
  for (map in list(as_datamap(values), datamap_read_summary(file))) {
    expect_identical(map$id, values$sample_id)
    expect_equal(map$aum, values$aum)
    expect_true(all(is.na(map$avg_probs)))
  }
  expect_false("aum" %in% names(as_datamap(data.frame(
    id = 1, correct_ratio = 1, avg_probs = 1, label_var = 0
  ))))
  values <- rbind(values, values[1, ])
  expect_error(as_datamap(values), class = "datamap_error_input")
  utils::write.csv(values, file, row.names = FALSE)
  error <- expect_error(
    datamap_read_summary(file),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "sample_id")
})

test_that("signals are not what these tables hold", {
  tables <- aum_tables()
  for (x in tables) {
    error <- expect_error(datamap_summarise(x), class = "datamap_error_input")
    expect_identical(error$instead, "as_datamap")
    file <- tempfile(fileext = ".csv")
    utils::write.csv(x, file, row.names = FALSE)
    error <- expect_error(datamap_summarise(file), class = "datamap_error")
    expect_identical(error$instead, "datamap_read_summary")
  }
})
