test_that("the class and the problems stay as long as the columns do", {
  map <- random_map(10)
  attr(map, "problems") <- data.frame(row = 1L)
  keeps <- list(
    map[1:3, ], map[-1, ], map[map$label == 1, ], map[names(map)],
    map[c("id", "correct_ratio", "avg_probs", "label_var")],
    head(map, 2), subset(map, label == 1), map[0, ],
    map[order(map$avg_probs), ], map[, 1:8]
  )
  for (part in keeps) {
    expect_identical(class(part), c("datamap", "data.frame"))
    expect_identical(attr(part, "problems"), data.frame(row = 1L))
  }
  plain <- list(
    map["id"], map[, 1:3], map[setdiff(names(map), "label_var")], map[1:2, -1],
    as.data.frame(map)
  )
  for (part in plain) {
    expect_identical(class(part), "data.frame")
    expect_null(attr(part, "problems"))
  }
  expect_identical(map[["id"]], 1:10)
  expect_identical(map[1:2, "id"], 1:2)
  expect_identical(map[3, "id", drop = TRUE], 3L)
})

test_that("assignments keep the class as long as the columns are right", {
  map <- random_map(5)
  map$mine <- 1
  map[["yours"]] <- letters[1:5]
  map["ours"] <- 2
  map[2, "label"] <- 7L
  expect_identical(class(map), c("datamap", "data.frame"))
  expect_identical(map$label[[2]], 7L)
  expect_identical(map$yours, letters[1:5])

  lost <- map
  lost$avg_probs <- NULL
  expect_identical(class(lost), "data.frame")
  lost <- map
  lost[["label_var"]] <- letters[1:5]
  expect_identical(class(lost), "data.frame")
  lost <- map
  names(lost)[names(lost) == "id"] <- "key"
  expect_identical(class(lost), "data.frame")
  lost <- map
  lost["correct_ratio"] <- "a"
  expect_identical(class(lost), "data.frame")
})

test_that("dplyr's row verbs keep the class", {
  skip_if_not_installed("dplyr")
  map <- random_map(10)
  attr(map, "problems") <- data.frame(row = 1L)
  keeps <- list(
    dplyr::filter(map, .data$label == 1), dplyr::slice(map, 2:4),
    dplyr::arrange(map, .data$avg_probs), dplyr::mutate(map, mine = 1),
    dplyr::left_join(map, data.frame(id = 1:3, text = "a"), by = "id"),
    dplyr::distinct(map)
  )
  for (part in keeps) {
    expect_identical(class(part), c("datamap", "data.frame"))
    expect_identical(attr(part, "problems"), data.frame(row = 1L))
  }
  plain <- list(
    dplyr::select(map, "id", "label"), dplyr::rename(map, p = "avg_probs"),
    dplyr::mutate(map, label_var = NULL)
  )
  for (part in plain) {
    expect_identical(class(part), "data.frame")
  }
  expect_false(is_datamap(dplyr::group_by(map, .data$label)))
})

test_that("added rows are a map while every sample has one", {
  map <- random_map(10)
  attr(map, "problems") <- data.frame(row = 1L)
  other <- map
  other$id <- other$id + 100L
  half <- as.data.frame(other)[1:5, ]
  expected <- rbind(as.data.frame(map), half)
  kept <- list(rbind(map, half), rbind(map, other[1:5, ]))
  doubled <- list(rbind(map, map), rbind(map, half, map[3, ]))
  if (rlang::is_installed("dplyr")) {
    kept <- c(kept, list(dplyr::bind_rows(map, half)))
    many <- data.frame(id = map$id[c(1, 1, 2)])
    doubled <- c(doubled, list(
      dplyr::bind_rows(map, map[2, ]),
      dplyr::left_join(
        map, rbind(many, data.frame(id = map$id)), by = "id"
      )
    ))
  }
  for (x in kept) {
    expect_identical(class(x), c("datamap", "data.frame"))
    expect_identical(as.data.frame(x), expected)
    # what was wrong with the first files says nothing of these rows
    expect_identical(nrow(datamap_problems(x)), 0L)
  }
  for (x in doubled) {
    expect_identical(class(x), "data.frame")
    expect_null(attr(x, "problems"))
  }
  parts <- do.call(rbind, c(split(map, map$label), make.row.names = FALSE))
  expect_identical(class(parts), class(map))
  expect_identical(sort(parts$id), sort(map$id))
  # a bootstrap's sample is a map
  again <- map[c(1, 1, 2), ]
  expect_identical(class(again), class(map))
  expect_identical(again$id, map$id[c(1, 1, 2)])
})

test_that("vctrs, purrr and tidyr bind maps as rbind() does", {
  skip_if_not_installed("vctrs")
  map <- random_map(6)
  map$label <- factor(map$label, c(2, 0, 1))
  attr(map, "problems") <- data.frame(row = 1L)
  other <- map
  other$id <- other$id + 10L
  frame <- as.data.frame(other)
  both <- rbind(map, other)
  ways <- list(
    vctrs::vec_rbind(map, other), vctrs::vec_c(map, other),
    vctrs::vec_rbind(map, frame),
    vctrs::vec_rbind(as.data.frame(map), other),
    vctrs::list_unchop(list(map, other))
  )
  tibble <- structure(frame, class = c("tbl_df", "tbl", "data.frame"))
  ways <- c(ways, list(
    vctrs::vec_rbind(map, tibble)
  ))
  if (rlang::is_installed("purrr", version = "1.0.0")) {
    bind <- getExportedValue("purrr", "list_rbind")
    ways <- c(ways, list(bind(list(map, other))))
  }
  for (way in ways) {
    expect_identical(class(way), c("datamap", "data.frame"))
    expect_identical(as.data.frame(way), as.data.frame(both))
    expect_null(attr(way, "problems"))
  }
  for (way in list(
    function() rbind(map, map), function() vctrs::vec_rbind(map, map),
    function() vctrs::vec_c(map, other, map[2, ]),
    function() vctrs::vec_rbind(map, as.data.frame(map))
  )) {
    message <- expect_message(x <- way(), class = "datamap_message_repeated_id")
    expect_identical(class(x), "data.frame")
    expect_identical(sum(x$id == 2), 2L)
    expect_true(message$key %in% c("1", "2"))
  }
  # Other rows of one map are its rows
  some <- vctrs::vec_slice(map, c(2, 2, 5))
  expect_identical(some$id, c(2L, 2L, 5L))
  expect_identical(class(some), class(map))
  expect_identical(attr(some, "problems"), data.frame(row = 1L))
  lost <- map["id"]
  expect_identical(class(vctrs::vec_rbind(map[1:2, ], lost)), "data.frame")
})

test_that("unnested maps have the rows that they had", {
  skip_if_not_installed("tidyr")
  unnest <- getExportedValue("tidyr", "unnest")
  map <- random_map(4)
  other <- map
  other$id <- other$id + 10L
  nested <- dplyr::as_tibble(list(run = 1:2, maps = list(map, other)))
  long <- unnest(nested, "maps")
  expect_identical(long$id, c(map$id, other$id))
  expect_identical(as_datamap(long)$avg_probs, c(map$avg_probs, map$avg_probs))
})
