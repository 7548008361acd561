test_that("each pair of labels is counted as table() counts it", {
  map <- suggesting_map(200, k = 4)
  found <- datamap_confusions(map)
  counts <- table(map$label, map$suggested_label)
  at <- cbind(id_text(found$label), id_text(found$suggested_label))
  expect_identical(found$samples, as.vector(counts[at]))
  expect_identical(sum(found$samples), 200L)
  expect_identical(nrow(found), sum(counts > 0))
  expect_equal(found$share, as.vector(prop.table(counts, 1)[at]))
  means <- tapply(
    map$suggested_prob, list(map$label, map$suggested_label), mean
  )
  expect_equal(found$mean_prob, as.vector(means[at]))
  expect_identical(levels(found$label), levels(found$suggested_label))
  expect_false(is.unsorted(found$label))
  row <- glance.datamap_confusions(found)
  expect_identical(row$samples, 200L)
  expect_identical(row$labels, 4L)
  expect_equal(row$others, mean(map$label != map$suggested_label))
  expect_identical(class(tidy.datamap_confusions(found)), "data.frame")
})

test_that("labels keep their order, and all have a level", {
  map <- suggesting_map(30)
  levels_of <- function(label, suggested) {
    map$label <- rep_len(label, 30)
    map$suggested_label <- rep_len(suggested, 30)
    levels(datamap_confusions(map)$label)
  }
  expect_identical(levels_of(c(10L, 2L), 7L), c("2", "7", "10"))
  expect_identical(levels_of(c(1e5, 2), 2), c("2", "100000"))
  expect_identical(
    levels_of(c("class_10", "class_2"), "other"),
    c("class_2", "class_10", "other")
  )
  kinds <- factor(c("b", "a"), c("c", "b", "a"))
  expect_identical(levels_of(kinds, kinds[1]), c("c", "b", "a"))
  expect_identical(levels_of(c(FALSE, TRUE), TRUE), c("FALSE", "TRUE"))
})

test_that("samples without a suggestion are counted apart", {
  map <- suggesting_map(30)
  map$suggested_label[1:4] <- NA
  message <- expect_message(
    found <- datamap_confusions(map), class = "datamap_message_na"
  )
  expect_identical(message$n, 4L)
  expect_identical(sum(found$samples), 26L)
  map$suggested_label <- NA
  none <- suppressMessages(datamap_confusions(map))
  expect_identical(nrow(none), 0L)
  expect_output(print(none), "0 samples")
  plot <- ggplot2::autoplot(none)
  expect_s3_class(as_draw(ggplot2::ggplotGrob(plot)), "gtable")
})

test_that("a map without suggestions is told how to have them", {
  error <- expect_error(
    datamap_confusions(random_map(5)), class = "datamap_error_input"
  )
  expect_identical(error$key, "suggested_label")
  expect_match(conditionMessage(error), "datamap_summarise(metrics = ",
               fixed = TRUE)
  map <- suggesting_map(5)
  map$suggested_prob <- "a"
  expect_error(datamap_confusions(map), class = "datamap_error_input")
})

test_that("others than the own label are printed, the most frequent first", {
  map <- suggesting_map(200, k = 4)
  found <- datamap_confusions(map)
  text <- capture.output(print(found))
  others <- as.data.frame(found)[found$label != found$suggested_label, ]
  first <- others[which.max(others$samples), ]
  expect_match(
    grep("^1 ", text, value = TRUE),
    paste0("^1 +", first$label, " +", first$suggested_label, " +",
           first$samples)
  )
  expect_length(grep("^[0-9]+ ", text), min(10L, nrow(others)))
  same <- map[map$label == map$suggested_label, ]
  expect_output(print(datamap_confusions(same)), "0 % like another")
  # a part of it is a plain table
  expect_output(print(found[1:2]), "label")
  expect_error(
    glance.datamap_confusions(found[1, ]), class = "datamap_error_input"
  )
})

test_that("the heat map has a cell per pair, with its count", {
  map <- suggesting_map(200, k = 4)
  found <- datamap_confusions(map)
  plot <- ggplot2::autoplot(found)
  tiles <- ggplot2::layer_data(plot, 1)
  expect_identical(nrow(tiles), nrow(found))
  # the first given label on top
  expect_identical(as.integer(tiles$y), 5L - as.integer(found$label))
  expect_identical(as.integer(tiles$x), as.integer(found$suggested_label))
  texts <- ggplot2::layer_data(plot, 2)
  expect_identical(texts$label, format_count(found$samples))
  expect_identical(texts$colour == "white", found$share > 0.5)
  expect_match(ggplot2::get_alt_text(plot), "The most frequent: ")
  many <- suggesting_map(400, k = 13)
  expect_length(ggplot2::autoplot(datamap_confusions(many))$layers, 1)
  pdf(NULL)
  expect_identical(plot(found), found)
  dev.off()
})

test_that("where no sample can be counted there is an empty table and plot", {
  map <- as_datamap(data.frame(
    id = 1:2, label = NA, avg_probs = 0.5, label_var = 0.1,
    correct_ratio = 0.5, suggested_label = 0:1, suggested_prob = 0.6
  ))
  for (some in list(map, map[0, ])) {
    found <- suppressMessages(datamap_confusions(some))
    expect_identical(nrow(found), 0L)
    expect_no_warning(ggplot2::ggplot_build(ggplot2::autoplot(found)))
  }
})
