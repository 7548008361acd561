# Signals of three classes, right by hand: the label's class has the
# probabilities p[label], whatever order or form the class vectors have.
p <- rbind(
  c(0.5, 0.3, 0.2), c(0.1, 0.6, 0.3), c(0.2, 0.2, 0.6), c(0.7, 0.2, 0.1)
)
place <- c(0, 1, 2, 1) # of each sample's label
samples <- c("a", "b", "c", "d")
right <- list(
  avg_probs = c(0.5, 0.6, 0.6, 0.2), correct_times = c(1L, 1L, 1L, 0L),
  prob_margin = c(0.5 - 0.3, 0.6 - 0.3, 0.6 - 0.2, 0.2 - 0.7),
  el2n = sqrt(c(0.25 + 0.09 + 0.04, 0.01 + 0.16 + 0.09, 0.04 + 0.04 + 0.16,
                0.49 + 0.64 + 0.01)),
  aum = log(c(0.5 / 0.3, 0.6 / 0.3, 0.6 / 0.2, 0.2 / 0.7))
)

expect_right <- function(map, what) {
  map <- map[match(samples, map$id), ]
  for (name in names(right)) {
    expect_equal(
      map[[name]], right[[name]], tolerance = 1e-12, label = paste(what, name)
    )
  }
}

metrics <- c("prob_margin", "el2n", "aum")

# The same signals at every door: as a data frame, in a state, recorded, and as
# the files of both.
all_doors <- function(frame, what) {
  record <- function(file) {
    rec <- datamap_recorder(file, metrics = metrics)
    columns <- lapply(unclass(frame), identity)
    attributes(columns) <- list(names = names(columns))
    do.call(datamap_record, c(list(rec), columns))
    rec
  }
  written <- tempfile(fileext = ".jsonl")
  recorded <- tempfile(fileext = ".jsonl")
  on.exit(unlink(c(written, recorded)))
  maps <- suppressMessages({
    datamap_write_signals(frame, written)
    rec <- record(if (any(grepl("^(probs_|logits_|[.])", names(frame)))) {
      NULL
    } else {
      recorded
    })
    close(rec)
    list(
      frame = datamap_summarise(frame, metrics = metrics),
      state = datamap_summarise(datamap_state(frame, metrics = metrics)),
      written = datamap_summarise(written, metrics = metrics),
      recorder = if (file.exists(recorded)) datamap_summarise(rec),
      recorded = if (file.exists(recorded)) {
        datamap_summarise(recorded, metrics = metrics)
      }
    )
  })
  maps <- maps[lengths(maps) > 0]
  for (door in names(maps)) {
    expect_right(maps[[door]], paste(what, door))
    same <- c(names(right), "evaluations")
    expect_identical(
      as.list(maps[[door]])[same], as.list(maps[[1]])[same],
      label = paste(what, door)
    )
  }
  maps
}

frame_of <- function(id, label, probs) {
  structure(
    list(id = id, label = label, probs = probs),
    class = "data.frame", row.names = seq_along(id)
  )
}

# A frame with class vectors of this form, and classes called so, in this order.
frame_with <- function(label, names, form, field = "probs", order = 1:3) {
  values <- if (field == "logits") log(p) else p
  values <- values[, order]
  colnames(values) <- names[order]
  frame <- list(id = samples, label = label)
  frame <- c(frame, switch(form,
    matrix = stats::setNames(list(values), field),
    packed = stats::setNames(list(as.data.frame(values)), field),
    list = stats::setNames(
      list(lapply(1:4, function(row) values[row, ])), field
    ),
    columns = stats::setNames(
      as.list(as.data.frame(values)), paste0(field, "_", names[order])
    ),
    tidy = stats::setNames(
      as.list(as.data.frame(values)), paste0(".pred_", names[order])
    )
  ))
  structure(frame, class = "data.frame", row.names = 1:4)
}

test_that("names of classes tell them in any order and form, at every door", {
  skip_if_long()
  words <- c("cat", "dog", "eel")
  labels <- list(
    factor = list(factor(words[place + 1], rev(words)), words),
    string = list(words[place + 1], words),
    from_0 = list(place, c("0", "1", "2")),
    from_1 = list(place + 1, c("1", "2", "3")),
    far = list(c(70, 4, -3)[place + 1], c("70", "4", "-3")),
    digits = list(c("7", "8", "9")[place + 1], c("7", "8", "9"))
  )
  orders <- list(1:3, 3:1, c(2, 3, 1))
  forms <- c("matrix", "packed", "list", "columns", "tidy")
  at <- 0
  for (kind in names(labels)) {
    for (form in forms) {
      at <- at + 1
      field <- if (at %% 3 == 0 && form != "tidy") "logits" else "probs"
      frame <- frame_with(
        labels[[kind]][[1]], labels[[kind]][[2]], form, field,
        orders[[at %% 3 + 1]]
      )
      all_doors(frame, paste(kind, form, field))
    }
  }
})

test_that("without names labels count from 0", {
  skip_if_long()
  none <- function(label) {
    structure(
      list(id = samples, label = label, probs = p),
      class = "data.frame", row.names = 1:4
    )
  }
  all_doors(none(place), "number")
  all_doors(none(as.integer(place)), "integer")
  all_doors(none(as.character(place)), "digits")
  frame <- none(place)
  frame$probs <- lapply(1:4, function(row) p[row, ])
  all_doors(frame, "list")
  colnames(p) <- c("no", "maybe", "yes")
  frame$probs <- p
  all_doors(frame, "other names")
})

test_that("TRUE is 1, by names too", {
  two <- cbind(p[, 1] + p[, 3], p[, 2])
  read <- function(label, names = NULL, order = 1:2) {
    frame <- data.frame(id = samples, label = 0)
    frame$label <- label
    frame$probs <- two[, order]
    colnames(frame$probs) <- names[order]
    file <- tempfile(fileext = ".jsonl")
    on.exit(unlink(file))
    suppressMessages(datamap_write_signals(frame, file))
    map <- suppressMessages(datamap_summarise(frame))
    expect_same_map(datamap_summarise(file)[-2], map[-2])
    map
  }
  yes <- c(FALSE, TRUE, TRUE, FALSE)
  expected <- c(0.7, 0.6, 0.2, 0.8)
  same <- c(yes, as.numeric(yes))
  for (label in list(yes, as.numeric(yes), as.integer(yes))) {
    for (names in list(NULL, c("0", "1"), c("FALSE", "TRUE"))) {
      for (order in if (is.null(names)) list(1:2) else list(1:2, 2:1)) {
        map <- read(label, names, order)
        expect_equal(map$avg_probs, expected, tolerance = 1e-12)
        expect_identical(map$label, as.integer(yes))
      }
    }
  }
  for (label in list(as.character(as.numeric(yes)), factor(as.numeric(yes)))) {
    expect_equal(read(label)$avg_probs, expected, tolerance = 1e-12)
    expect_equal(
      read(label, c("0", "1"), 2:1)$avg_probs, expected, tolerance = 1e-12
    )
  }
  expect_equal(
    read(factor(yes), c("FALSE", "TRUE"), 2:1)$avg_probs, expected,
    tolerance = 1e-12
  )
})

test_that("half a name is none", {
  q <- p[, 2]
  frame <- data.frame(id = samples, label = c(0, 1, 0, 1))
  frame$probs <- cbind(1 - q, q)
  expect_identical(colnames(frame$probs), c("", "q"))
  map <- datamap_summarise(frame)
  expect_equal(map$avg_probs, c(0.7, 0.6, 0.8, 0.2), tolerance = 1e-12)
  rec <- datamap_recorder(NULL)
  datamap_record(rec, samples, frame$label, probs = cbind(1 - q, q))
  expect_same_map(datamap_summarise(rec), map)
})

test_that("levels tell the classes where there are no names, and it is said", {
  label <- factor(c("eel", "ant", "dog", "ant"), c("eel", "ant", "dog"))
  frame <- structure(
    list(id = samples, label = label, probs = p),
    class = "data.frame", row.names = 1:4
  )
  maps <- all_doors(frame, "levels")
  expect_identical(maps$frame$label, label)
  expect_identical(maps$recorder$label, label)
  expect_identical(maps$recorded$label, as.character(label))
  message <- expect_message(
    datamap_summarise(frame), class = "datamap_message_level_order"
  )
  expect_identical(message$levels, levels(label))
  expect_match(conditionMessage(message), "have no names")
  # numbers as levels, and other names than these
  other <- frame
  other$label <- factor(c(2, 0, 1, 0), c(2, 0, 1))
  colnames(other$probs) <- c("u", "v", "w")
  message <- expect_message(
    datamap_summarise(other), class = "datamap_message_level_order"
  )
  expect_match(conditionMessage(message), "\"u\".* are no labels")
  # once per recorder
  rec <- datamap_recorder(NULL)
  expect_message(
    datamap_record(rec, samples, label, probs = p),
    class = "datamap_message_level_order"
  )
  expect_no_message <- function(expr) expect_message(expr, NA)
  expect_no_message(datamap_record(rec, samples, label, probs = p))
  # more levels than classes: no order of theirs
  error <- expect_error(
    datamap_record(rec, "a", factor("u", letters), probs = p[1, ]),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "label")
  # probs_0, ... are places, or the levels themselves
  columns <- frame_with(label, c("0", "1", "2"), "columns", order = 3:1)
  all_doors(columns, "places")
  columns$label <- factor(place, c("2", "0", "1"))
  all_doors(columns, "levels as names")
})

test_that("strings without names are an error with the next step", {
  frame <- structure(
    list(id = samples, label = samples, probs = p),
    class = "data.frame", row.names = 1:4
  )
  error <- expect_error(datamap_summarise(frame), class = "datamap_error_field")
  expect_identical(error[c("key", "line")], list(key = "label", line = 1L))
  expect_match(conditionMessage(error), "label_index", fixed = TRUE)
  frame$label_probs <- c(0.5, 0.6, 0.6, 0.2)
  frame$correct <- c(TRUE, TRUE, TRUE, FALSE)
  expect_identical(datamap_summarise(frame)$avg_probs, frame$label_probs)
})

test_that("a label that is no class is named, with the classes", {
  for (label in list(c(1, 2, 9, 1), c("x", "y", "?", "x"))) {
    frame <- data.frame(id = samples, label = label)
    frame$probs <- p
    colnames(frame$probs) <- c(unique(label)[1:2], "z")
    if (is.numeric(label)) colnames(frame$probs) <- 0:2
    error <- expect_error(
      datamap_summarise(frame), class = "datamap_error_range"
    )
    expect_identical(error[c("key", "line")], list(key = "label", line = 3L))
  }
})

test_that("names must differ, and be those of all rows", {
  frame <- data.frame(id = 1:2, label = 0)
  frame$probs <- matrix(0.5, 2, 2, dimnames = list(NULL, c("0", "0")))
  table_error(frame, key = "probs")
  frame$probs <- list(c("0" = 0.5, "1" = 0.5), c("0" = 0.5, "2" = 0.5))
  table_error(frame, key = "probs", line = 2L)
  frame$probs <- list(c("0" = 0.5, "1" = 0.5), c(0.5, 0.5))
  table_error(frame, key = "probs", line = 2L)
  frame$probs <- NULL
  frame$probs <- matrix(0.5, 2, 2, dimnames = list(NULL, c("0", "1")))
  frame$logits <- matrix(0.5, 2, 2, dimnames = list(NULL, c("0", "2")))
  table_error(frame, key = "logits")
  names <- c("0", "\xff")
  Encoding(names) <- "bytes"
  frame$logits <- NULL
  colnames(frame$probs) <- names
  table_error(frame, key = "probs")
})

test_that("label_index decides, and the label is only a name", {
  frame <- structure(
    list(id = samples, label = c(5, 6, 7, 6), label_index = place, probs = p),
    class = "data.frame", row.names = 1:4
  )
  all_doors(frame, "index")
  colnames(frame$probs) <- c("2", "1", "0") # as they stand, not as called
  all_doors(frame, "index before names")
  frame$label <- samples
  all_doors(frame, "strings")
  frame$label_index <- c(0, 1, 3, 1)
  table_error(frame, class = "range", key = "label_index", line = 3L)
  frame$label_index <- c(0, 1, 0.5, 1)
  table_error(frame, key = "label_index", line = 3L)
  frame$label_index <- c(0, 1, 2^31, 1)
  table_error(frame, key = "label_index", line = 3L)
})

test_that("the place is written where the label does not say it", {
  line <- function(label, names) {
    probs <- t(c(0.25, 0.75))
    colnames(probs) <- names
    file <- tempfile(fileext = ".jsonl")
    on.exit(unlink(file))
    rec <- datamap_recorder(file)
    suppressMessages(datamap_record(rec, 1, label, probs = probs))
    close(rec)
    readLines(file)
  }
  expect_identical(line(1, NULL), '{"id":1,"label":1,"probs":[0.25,0.75]}')
  expect_identical(
    line(1, c("0", "1")), '{"id":1,"label":1,"probs":[0.25,0.75]}'
  )
  expect_identical(
    line(1, c("1", "0")), '{"id":1,"label":1,"probs":[0.75,0.25]}'
  )
  expect_identical(
    line(1, c("1", "2")),
    '{"id":1,"label":1,"label_index":0,"pred_label":2,"probs":[0.25,0.75]}'
  )
  expect_identical(
    line("u", c("v", "u")),
    '{"id":1,"label":"u","label_index":1,"pred_label":"u","probs":[0.25,0.75]}'
  )
})

test_that("a recorder keeps the classes of its first call, in that order", {
  frame <- frame_with(c("x", "y", "z", "y"), c("x", "y", "z"), "matrix")
  rec <- datamap_recorder(NULL, metrics = metrics)
  datamap_record(rec, frame$id, frame$label, probs = frame$probs)
  datamap_record(rec, frame$id, frame$label, probs = frame$probs[, 3:1])
  map <- datamap_summarise(rec)
  expect_equal(map$avg_probs, right$avg_probs)
  expect_equal(map$el2n, right$el2n)
})

test_that("a prediction with NaN is none", {
  frame <- frame_with(c("x", "y", "z", "y"), c("x", "y", "z"), "matrix")
  frame$probs[2, ] <- NaN
  expect_warning(
    map <- datamap_summarise(frame), class = "datamap_warning_disagreement"
  )
  expect_identical(map$correct_times, c(1L, 0L, 1L, 0L))
  expect_identical(first_maximum(rbind(
    c(1, 2, NA), c(1, NaN, 2), c(NA, NA, NA), c(3, 3, 1), c(-Inf, -Inf, NA),
    c(NA, 1, 0), c(1, 2, NaN)
  )), c(2L, NA, NA, 1L, 1L, NA, NA))
})

test_that("tidymodels' predicted class is the prediction", {
  frame <- frame_with(factor(c("x", "y", "z", "y")), c("x", "y", "z"), "tidy")
  frame$.pred_class <- factor(c("x", "x", "x", "y"), c("x", "y", "z"))
  expect_warning(map <- datamap_summarise(frame), NA)
  expect_identical(map$correct_times, c(1L, 0L, 0L, 1L))
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  datamap_write_signals(frame, file)
  expect_identical(datamap_summarise(file)$correct_times, map$correct_times)
  expect_false(any(grepl(".pred", readLines(file), fixed = TRUE)))
})

test_that("columns beside counted classes are signals of the user's", {
  frame <- small_frame()
  map <- datamap_summarise(frame)
  frame$probs_mean <- "none"
  frame$logits_epoch_1 <- 7
  expect_same_map(datamap_summarise(frame), map)
})

test_that("labels that count from 1 are pointed to, once", {
  frame <- data.frame(id = 1:2, label = 1:2)
  frame$probs <- rbind(c(0.5, 0.3, 0.2), c(0.2, 0.2, 0.6))
  expect_message(
    datamap_summarise(frame), class = "datamap_message_labels_from_one"
  )
  rec <- datamap_recorder(NULL)
  expect_message(
    datamap_record(rec, 1:2, 1:2, probs = frame$probs),
    class = "datamap_message_labels_from_one"
  )
  expect_message(datamap_record(rec, 1:2, 1:2, probs = frame$probs), NA)
  frame$label <- 0:1
  expect_message(datamap_summarise(frame), NA)
})

test_that("logits and percent among probs are pointed to, once", {
  logits <- rbind(c(2, -1), c(-3, 1))
  percent <- rbind(c(20, 80), c(70.2, 29.9))
  for (door in list(
    function(rec, x) suppressWarnings(datamap_record(rec, 1:2, 0:1, probs = x)),
    function(rec, x) {
      frame <- data.frame(id = 1:2, label = 0:1)
      frame$probs <- x
      suppressWarnings(datamap_summarise(frame))
    }
  )) {
    rec <- datamap_recorder(NULL)
    expect_message(door(rec, logits), class = "datamap_message_like_logits")
    rec <- datamap_recorder(NULL)
    expect_message(door(rec, percent), class = "datamap_message_like_percent")
  }
  rec <- datamap_recorder(NULL)
  first <- function() {
    suppressWarnings(datamap_record(rec, 1:2, 0:1, probs = percent))
  }
  expect_message(first(), class = "datamap_message_like_percent")
  expect_message(first(), NA)
})

test_that("a vector is of the second of two classes, as in glm()", {
  q <- c(0.3, 0.6, 0.2, 0.875)
  y <- c(0, 1, 1, 0)
  both <- frame_of(samples, y, cbind(1 - q, q))
  by_hand <- ifelse(y == 1, q, 1 - q)
  expected <- datamap_summarise(both, metrics = c("aum", "pred_dist"))
  expect_identical(expected$avg_probs, by_hand)
  expect_identical(expected$correct_times, as.integer((q > 0.5) == (y == 1)))
  labels <- list(y, as.integer(y), y == 1, as.character(y))
  for (label in c(labels, list(factor(y), factor(c("no", "yes")[y + 1])))) {
    for (probs in list(q, matrix(q))) {
      frame <- frame_of(samples, label, probs)
      file <- tempfile(fileext = ".jsonl")
      rec <- datamap_recorder(file)
      quietly(datamap_record(rec, samples, label, probs = probs))
      close(rec)
      inputs <- list(frame, rec, file, quietly(datamap_state(frame)))
      for (input in inputs) {
        map <- quietly(datamap_summarise(input))
        expect_identical(map$avg_probs, by_hand)
        expect_identical(map$correct_times, expected$correct_times)
      }
      unlink(file)
    }
  }
  frame <- frame_of(samples, y == 1, q)
  found <- datamap_summarise(frame, metrics = c("aum", "pred_dist"))
  expect_identical(found$aum, expected$aum)
  expect_identical(found$pred_dist, expected$pred_dist)
  # one sample, and none of whose probability is known
  rec <- datamap_recorder(NULL)
  datamap_record(rec, "a", 1, probs = 0.25)
  expect_identical(datamap_summarise(rec)$avg_probs, 0.25)
  frame <- frame_of(samples, y, c(NA, q[-1]))
  frame$label_probs <- c(0.5, NA, NA, NA)
  frame$correct <- c(TRUE, NA, NA, NA)
  expect_identical(datamap_summarise(frame)$avg_probs, c(0.5, by_hand[-1]))
  frame$probs <- NA
  frame$label_probs <- by_hand
  frame$correct <- TRUE
  expect_identical(datamap_summarise(frame)$avg_probs, by_hand)
  # a place tells the class of any label
  frame <- frame_of(samples, c("u", "v", "v", "u"), q)
  frame$label_index <- y
  expect_identical(datamap_summarise(frame)$avg_probs, by_hand)
})

test_that("glm()'s probabilities are taken as they are", {
  cars <- datasets::mtcars
  fit <- stats::glm(am ~ wt, stats::binomial, cars)
  p <- unname(stats::fitted(fit))
  rec <- datamap_recorder(NULL)
  datamap_record(rec, rownames(cars), cars$am, probs = stats::fitted(fit))
  map <- datamap_summarise(rec)
  expect_identical(map$avg_probs, ifelse(cars$am == 1, p, 1 - p))
  expect_identical(map$correct_times, as.integer((p > 0.5) == (cars$am == 1)))
})

test_that("other labels leave open which class a vector is of", {
  q <- c(0.3, 0.6, 0.2, 0.8)
  three <- factor(c("a", "b", "a", "b"), levels = c("a", "b", "c"))
  cases <- list(
    list(c(1, 2, 1, 2), 2L), list(c("no", "yes", "no", "no"), 1L),
    list(three, 1L), list(c(0, 1, 0.0, 7), 4L)
  )
  for (case in cases) {
    frame <- frame_of(samples, case[[1]], q)
    error <- table_error(frame, key = "label", line = case[[2]])
    expect_match(conditionMessage(error), "second of two classes")
    expect_match(conditionMessage(error), "label_probs")
    rec <- datamap_recorder(NULL)
    expect_error(
      datamap_record(rec, samples, case[[1]], probs = q),
      class = "datamap_error_field"
    )
  }
  # scores have no such rule
  frame <- data.frame(id = 1:2, label = 0:1, logits = c(-1, 1))
  error <- table_error(frame, key = "logits")
  expect_match(conditionMessage(error), "cbind(0, z)", fixed = TRUE)
  rec <- datamap_recorder(NULL)
  error <- expect_error(
    datamap_record(rec, 1:2, 0:1, logits = c(-1, 1)),
    class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "cbind(0, z)", fixed = TRUE)
  expect_error(
    datamap_record(rec, 1:3, c(0, 1, 1), probs = c(0.1, 0.2)),
    class = "datamap_error_input"
  )
  # one column that has a name is one class
  frame <- frame_of(samples, c(0, 1, 1, 0), cbind(yes = q))
  error <- table_error(frame, key = "probs", line = 1L)
  expect_match(conditionMessage(error), "[1 - p, p]", fixed = TRUE)
})

test_that("names of fields are no signals where they would be read as them", {
  frame <- small_frame()
  frame$s_label <- c(1, NA, 1, 2, 1)
  frame$noisy_label <- 7
  error <- expect_error(
    datamap_write_signals(frame, tempfile()), class = "datamap_error_input"
  )
  expect_identical(
    error[c("key", "line")], list(key = "noisy_label", line = 2L)
  )
  # as a table the field is the field of every row
  expect_identical(datamap_summarise(frame)$s_label, 1:2)
  rec <- datamap_recorder(NULL)
  error <- expect_error(
    datamap_record(
      rec, 1:2, 0:1,
      probs = diag(2), step = c(1, NA), epoch = 1:2
    ),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "epoch")
  error <- expect_error(
    datamap_record(rec, 1:2, 0:1, probs = diag(2), logits_epoch_3 = 1:2),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "logits_epoch_3")
})
