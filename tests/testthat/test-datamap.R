test_that("a data frame with the needed columns is a data map", {
  frame <- random_frame(20)
  map <- as_datamap(frame)
  expect_identical(class(map), c("datamap", "data.frame"))
  expect_true(is_datamap(map))
  expect_false(is_datamap(frame))
  expect_identical(as.data.frame(map), frame)
  expect_identical(as_datamap(map), map)

  least <- frame[c("id", "correct_ratio", "avg_probs", "label_var")]
  expect_true(is_datamap(as_datamap(least)))
  expect_identical(names(as_datamap(least)), names(least))
})

test_that("a map without rows is a map", {
  map <- as_datamap(random_frame(5)[0, ])
  expect_identical(nrow(map), 0L)
  expect_output(print(map), "0 samples", fixed = TRUE)
  expect_identical(sum(summary(map)$groups), 0L)
})

test_that("a tibble loses its own classes", {
  skip_if_not_installed("dplyr")
  map <- as_datamap(dplyr::as_tibble(random_frame(5)))
  expect_identical(class(map), c("datamap", "data.frame"))
})

test_that("a missing column is an error that says which, and what there is", {
  for (name in c("id", "correct_ratio", "avg_probs", "label_var")) {
    frame <- random_frame(3)
    frame[["evaluations"]] <- NULL
    frame[[name]] <- NULL
    error <- expect_error(as_datamap(frame), class = "datamap_error_input")
    expect_identical(error$key, name)
    expect_identical(error$columns, names(frame))
    expect_match(conditionMessage(error), name, fixed = TRUE)
    expect_match(conditionMessage(error), "first_learn", fixed = TRUE)
  }
  expect_error(as_datamap(1:3), class = "datamap_error_input")
  expect_error(as_datamap(NULL), class = "datamap_error_input")
})

test_that("other names in the field are taken as their counterparts", {
  map <- as_datamap(data.frame(
    guid = c("a", "b"),
    confidence = c(0.25, 0.75),
    variability = c(0.5, 0.25),
    correctness = c(3, 6),
    evaluations = 6
  ))
  expect_identical(map$id, c("a", "b"))
  expect_identical(map$avg_probs, c(0.25, 0.75))
  expect_identical(map$label_var, c(0.25, 0.0625))
  expect_identical(map$correct_times, c(3, 6))
  expect_identical(map$correct_ratio, c(0.5, 1))
  expect_false(any(names(datamap_aliases()) %in% names(map)))
})

test_that("ids have the other names that they have in signals", {
  frame <- random_frame(3)
  for (name in field_names$id) {
    other <- frame
    names(other)[names(frame) == "id"] <- name
    expect_identical(as_datamap(other)$id, frame$id)
  }
  both <- cbind(uuid = c("x", "y", "z"), frame)
  expect_identical(as_datamap(both)$uuid, c("x", "y", "z"))
  names(both)[names(both) == "id"] <- "idx"
  map <- as_datamap(both)
  expect_identical(map$id, c("x", "y", "z"))
  expect_identical(map$idx, frame$id)
})

test_that("an alias beside its counterpart is left alone", {
  frame <- random_frame(3)
  frame$confidence <- "mine"
  map <- as_datamap(frame)
  expect_identical(map$avg_probs, frame$avg_probs)
  expect_identical(map$confidence, frame$confidence)
})

test_that("values that no summary has are errors that say where", {
  bad <- list(
    correct_ratio = c(0.5, 1.5), correct_ratio = c(0.5, -0.1),
    label_var = c(0, -1), correct_times = c(1, 1.5),
    forgetting_times = c(0, -1), s_label = c(1, 0.5)
  )
  for (i in seq_along(bad)) {
    frame <- random_frame(2)
    frame[[names(bad)[[i]]]] <- bad[[i]]
    error <- expect_error(as_datamap(frame), class = "datamap_error_range")
    expect_identical(error$key, names(bad)[[i]])
    expect_identical(error$line, 2L)
  }
  frame <- random_frame(2)
  frame$correct_times <- c(1, 1)
  frame$evaluations <- c(1, -1)
  expect_error(as_datamap(frame), class = "datamap_error_range")
})

test_that("a sample without an evaluation that counts has missing signals", {
  frame <- random_frame(2)
  frame[2, c("avg_probs", "label_var")] <- NA
  frame$correct_ratio <- NULL
  frame$correct_times <- c(1, 0)
  frame$evaluations <- c(2, 0)
  expect_identical(as_datamap(frame)$correct_ratio, c(0.5, NA))
})

test_that("columns of the wrong type are errors", {
  for (name in c("correct_ratio", "avg_probs", "label_var", "s_label")) {
    frame <- random_frame(2)
    frame[[name]] <- c("0", "1")
    error <- expect_error(as_datamap(frame), class = "datamap_error_input")
    expect_identical(error$key, name)
  }
  frame <- random_frame(2)
  frame$id <- list(1, 2)
  expect_error(as_datamap(frame), class = "datamap_error_input")
  names(frame)[[2]] <- "id"
  error <- expect_error(as_datamap(frame), class = "datamap_error_input")
  expect_identical(error$key, "id")
})

test_that("missing signals are allowed, missing and repeated ids are not", {
  frame <- random_frame(3)
  frame$avg_probs <- NA
  frame$label_var[[2]] <- NaN
  expect_true(is_datamap(as_datamap(frame)))

  frame$id <- c(1L, NA, 3L)
  error <- expect_error(as_datamap(frame), class = "datamap_error_input")
  expect_identical(error$line, 2L)
  frame$id <- c("a", "b", "a")
  error <- expect_error(as_datamap(frame), class = "datamap_error_input")
  expect_identical(error$line, 3L)
  expect_match(conditionMessage(error), "Rows 1 and 3", fixed = TRUE)
})

test_that("the constructor takes columns and attributes", {
  map <- new_datamap(
    list(id = 1:2, correct_ratio = 0:1, avg_probs = 0:1, label_var = 0:1),
    problems = "p"
  )
  expect_true(is_datamap(map))
  expect_identical(dim(map), c(2L, 4L))
  expect_identical(attr(map, "problems"), "p")
})

test_that("a map whose columns differ in length is refused", {
  frame <- structure(
    list(id = 1:3, label = 1L), row.names = 1:3, class = "data.frame"
  )
  expect_error(
    datamap_plot(frame), "label has 1 value, and the data frame 3 rows",
    class = "datamap_error"
  )
})

test_that("any data frame with the columns is a map where one is asked for", {
  skip_on_cran()
  frame <- random_frame(30)
  map <- as_datamap(frame)
  frames <- list(
    plain = frame,
    tibble = structure(frame, class = c("tbl_df", "tbl", "data.frame")),
    merged = merge(frame[1:6], frame[c(1, 7:14)], by = "id"),
    of_a_class = structure(frame, class = c("data.table", "data.frame"))
  )
  if (rlang::is_installed("dplyr")) {
    frames$grouped <- dplyr::group_by(frame, .data$label)
    frames$rowwise <- dplyr::rowwise(frame)
    frames$grouped_map <- dplyr::group_by(map, .data$label)
  }
  if (rlang::is_installed("data.table")) {
    as_table <- getExportedValue("data.table", "as.data.table")
    frames$table <- as_table(frame)
  }
  for (frame in frames) {
    expect_identical(as_datamap(frame), map)
    expect_identical(
      datamap_filter(frame, "avg_probs", 0.5),
      datamap_filter(map, "avg_probs", 0.5)
    )
    expect_identical(datamap_groups(frame), datamap_groups(map))
    expect_identical(datamap_regions(frame), datamap_regions(map))
    expect_identical(datamap_select(frame, n = 3), datamap_select(map, n = 3))
  }
  frame <- frames$tibble
  expect_identical(datamap_detect(frame), datamap_detect(map))
  expect_identical(
    datamap_detect(list(frame, map)), datamap_detect(list(map, map))
  )
  expect_identical(drawn(datamap_plot(frame)), drawn(datamap_plot(map)))
  expect_identical(
    drawn(datamap_plot_signals(frame)), drawn(datamap_plot_signals(map))
  )
  expect_identical(
    drawn(datamap_plot_compare(frame, frame)),
    drawn(datamap_plot_compare(map, map))
  )
  files <- tempfile(c("one", "two"))
  datamap_write_summary(frame, files[[1]])
  datamap_write_summary(map, files[[2]])
  expect_identical(readLines(files[[1]]), readLines(files[[2]]))
})

test_that("a frame without the columns is told what it lacks and has", {
  frame <- random_frame(4)
  frame$avg_probs <- NULL
  for (f in list(datamap_plot, datamap_groups, datamap_regions,
                 datamap_filter, datamap_detect, as_datamap)) {
    error <- expect_error(f(frame), class = "datamap_error_input")
    expect_identical(error$key, "avg_probs")
    expect_identical(error$columns, names(frame))
    expect_null(error$instead)
  }
})

test_that("a table of signals is told to be summarised", {
  skip_if_long()
  tables <- list(
    data.frame(id = c(1, 1), label = 0, probs_0 = 0.5, probs_1 = 0.5),
    data.frame(id = c(1, 2), label_probs = 0.5, correct = TRUE),
    data.frame(id = 1:2, label = "a", .pred_a = 0.5, .pred_b = 0.5),
    data.frame(guid = 1:2, gold = 1, logits = I(matrix(0, 2, 3)))
  )
  for (table in tables) {
    for (f in list(as_datamap, datamap_plot, datamap_select, datamap_filter)) {
      error <- expect_error(f(table), class = "datamap_error_input")
      expect_identical(error$instead, "datamap_summarise")
      expect_match(conditionMessage(error), "datamap_summarise", fixed = TRUE)
    }
  }
})

test_that("labels keep the order of their levels, texts a natural one", {
  label <- c("class_10", "class_2", "class_1", "class_2")
  map <- ratio_map(c(0, 0.5, 1, 1), label = label, s_label = 0L)
  natural <- c("class_1", "class_2", "class_10")
  expect_identical(
    levels(datamap_groups(map, group_by = "label")$group), natural
  )
  plot <- datamap_plot(map, facet = "label")
  expect_identical(
    as.character(ggplot2::ggplot_build(plot)$layout$layout[[4]]), natural
  )
  expect_identical(
    summary(map)$label, c(class_2 = 2L, class_1 = 1L, class_10 = 1L)
  )
  selection <- expect_message(
    datamap_select(map, 0.5), class = "datamap_message_selection"
  )
  expect_identical(selection$counts$label, natural)

  levels <- c("class_2", "unused", "class_10", "class_1")
  map$label <- factor(label, levels)
  expect_identical(
    levels(datamap_groups(map, group_by = "label")$group), levels
  )
  expect_identical(names(summary(map)$label), levels)
  selection <- expect_message(
    datamap_select(map, 0.5), class = "datamap_message_selection"
  )
  expect_identical(as.character(selection$counts$label), levels[-2])
})

test_that("a spoofed map gives a result or an error of ours, never R's", {
  skip_if_long()
  map <- random_map(24)
  spoofs <- spoofed_maps(map)
  functions <- map_functions(random_map(24, seed = 2))
  expect_gt(length(spoofs), 400)
  draws <- grepl("plot|compare|flow", names(functions))
  outcome <- function(spoof, f) {
    tryCatch(
      {
        as_draw(suppressMessages(f(spoof)))
        "result"
      },
      datamap_error = function(error) "refused",
      error = function(error) conditionMessage(error),
      warning = function(warning) conditionMessage(warning)
    )
  }
  # all of them take minutes
  every <- switch(Sys.getenv("DATACARTO_LARGE", "no"), no = 7, all = 1, 5)
  for (i in seq(1, length(spoofs), by = every)) {
    taken <- outcome(spoofs[[i]], take_map)
    # All have the same door: what does not get in is tried at some. Each
    # function gets every second of what does, or draws every ninth.
    tried <- if (taken == "result") {
      (seq_along(functions) + i) %% ifelse(draws, 9, 2) == 0
    } else {
      (seq_along(functions) + i) %% 9 == 0
    }
    found <- vapply(functions[tried], outcome, "", spoof = spoofs[[i]])
    odd <- found[!found %in% c("result", "refused")]
    expect_identical(
      odd, odd[0], info = paste(names(spoofs)[[i]], names(odd))
    )
  }
})

test_that("what can't be a column or a data frame is told", {
  map <- random_map(4)
  map$own <- structure(c(1L, 9L, 1L, 1L), levels = "a", class = "factor")
  error <- expect_error(datamap_plot(map), class = "datamap_error_input")
  expect_identical(error$key, "own")
  expect_match(conditionMessage(error), "codes have levels", fixed = TRUE)
  for (odd in list(1, list(1), structure(1, class = "data.frame"))) {
    error <- expect_error(
      check_frame(odd, "map"), class = "datamap_error_input"
    )
    expect_identical(error$key, "map")
  }
})
