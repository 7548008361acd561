# --- fields that stand elsewhere ---

named_lines <- function() {
  paste0(
    "{\"row\": ", c(1, 2, 3, 1, 2, 3), ", \"id\": 9, \"y\": ",
    c(0, 1, 1, 0, 1, 1), ", \"label\": \"x\", \"epoch\": ",
    c(1, 1, 1, 2, 2, 2), ", \"nll\": ", c(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    ", \"p\": [",
    c(0.2, 0.5, 0.9, 0.4, 0.3, 0.7), ", ", c(0.8, 0.5, 0.1, 0.6, 0.7, 0.3), "]}"
  )
}

naming <- c(id = "row", label = "y", step = "epoch", loss = "nll", probs = "p")

# As the same lines are read under the usual names.
usual_lines <- function() {
  lines <- gsub("\"id\": 9, ", "", named_lines(), fixed = TRUE)
  lines <- gsub(", \"label\": \"x\"", "", lines, fixed = TRUE)
  for (field in names(naming)) {
    lines <- gsub(
      paste0("\"", naming[[field]], "\""), paste0("\"", field, "\""), lines,
      fixed = TRUE
    )
  }
  gsub("\"step\"", "\"epoch\"", lines, fixed = TRUE)
}

named_frame <- function() {
  frame <- data.frame(
    row = c(1, 2, 3, 1, 2, 3), id = 9, y = c(0, 1, 1, 0, 1, 1), label = "x",
    epoch = c(1, 1, 1, 2, 2, 2), nll = c(0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
  )
  p <- c(0.2, 0.5, 0.9, 0.4, 0.3, 0.7)
  frame$p <- cbind(p, c(0.8, 0.5, 0.1, 0.6, 0.7, 0.3), deparse.level = 0)
  frame
}

columns_of <- function(x) {
  attributes(x) <- attributes(x)["names"]
  x
}

test_that("fields are read where they are said to stand", {
  want <- datamap_summarise(I(usual_lines()), signals = "loss")
  got <- datamap_summarise(I(named_lines()), signals = "loss", fields = naming)
  expect_identical(columns_of(got), columns_of(want))
  frame <- named_frame()
  got <- datamap_summarise(frame, signals = "loss", fields = naming)
  expect_identical(columns_of(got), columns_of(want))
  # a column for each class, and a list
  parts <- frame
  parts$p <- NULL
  parts$p_0 <- frame$p[, 1]
  parts$p_1 <- frame$p[, 2]
  got <- datamap_summarise(parts, signals = "loss", fields = naming)
  expect_identical(columns_of(got), columns_of(want))
  parts <- frame
  parts$p <- lapply(seq_len(6), function(i) frame$p[i, ])
  got <- datamap_summarise(parts, signals = "loss", fields = naming)
  expect_identical(columns_of(got), columns_of(want))
})

test_that("every reader takes them, of files and of data frames", {
  lines <- named_lines()
  file <- tempfile()
  on.exit(unlink(file))
  writeLines(lines, file)
  want <- datamap_read_signals(I(usual_lines()))
  expect_identical(
    columns_of(datamap_read_signals(file, fields = naming)), columns_of(want)
  )
  state <- datamap_state(file, fields = naming)
  map <- columns_of(datamap_summarise(state))
  expect_identical(map, columns_of(datamap_summarise(file, fields = naming)))
  first <- datamap_state(named_frame()[1:3, ], fields = naming)
  both <- datamap_update(first, I(lines[4:6]), fields = naming)
  expect_identical(columns_of(datamap_summarise(both)), map)
  drawn <- datamap_plot_trajectories(file, fields = naming)
  same <- datamap_plot_trajectories(want)
  expect_identical(drawn$layers[[1]]$data, same$layers[[1]]$data)
  frame <- named_frame()
  frame$p <- frame$p[cbind(1:6, frame$y + 1)]
  drawn <- datamap_plot_trajectories(
    frame,
    fields = c(id = "row", step = "epoch", label_probs = "p")
  )
  expect_identical(drawn$layers[[1]]$data, same$layers[[1]]$data)
})

test_that("Arrow streams take them as well", {
  skip_if_not_installed("nanoarrow")
  frame <- named_frame()
  frame$p_0 <- frame$p[, 1]
  frame$p_1 <- frame$p[, 2]
  frame$p <- NULL
  want <- datamap_summarise(I(usual_lines()), signals = "loss")
  stream <- nanoarrow::as_nanoarrow_array_stream(frame)
  got <- datamap_summarise(stream, signals = "loss", fields = naming)
  expect_identical(columns_of(got), columns_of(want))
  stream <- nanoarrow::as_nanoarrow_array_stream(frame)
  expect_identical(
    columns_of(datamap_read_signals(stream, fields = naming)),
    columns_of(datamap_read_signals(I(usual_lines())))
  )
})

test_that("the file of a recorder has fields of one's own, too", {
  file <- tempfile()
  on.exit(unlink(file))
  rec <- datamap_recorder(file)
  for (round in c(3, 1, 2)) {
    datamap_record(
      rec, 1:2, c(0, 1),
      label_probs = c(0.1, 0.2) * round, correct = rep(round > 1, 2),
      round = round
    )
  }
  close(rec)
  got <- datamap_read_signals(rec, fields = c(step = "round"))
  expect_identical(got$step, c(3, 3, 1, 1, 2, 2))
  expect_error(
    datamap_summarise(rec, fields = c(step = "round")),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_state(rec, fields = c(step = "round")),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_summarise(datamap_state(rec), fields = c(step = "round")),
    class = "datamap_error_input"
  )
  stages <- datamap_stages(matrix(0.4, 2, 2), label = c(0, 1))
  error <- expect_error(
    datamap_read_signals(stages, fields = c(id = "a")),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
})

test_that("a field stands where it is said to, and nowhere else", {
  lines <- c(
    "{\"id\": 1, \"guid\": 2, \"label\": 0, \"correct\": true, \"p\": 0.5}",
    "{\"id\": 3, \"label\": 0, \"correct\": true, \"p\": 0.5}"
  )
  fields <- c(id = "guid", label_probs = "p")
  error <- expect_error(
    datamap_summarise(I(lines), fields = fields),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 2L)
  expect_identical(error$key, "guid")
  expect_identical(error$expected, "\"guid\"")
  map <- suppressWarnings(
    datamap_summarise(I(lines), fields = fields, on_error = "skip")
  )
  expect_identical(map$id, 2L)
  problem <- datamap_problems(map)
  expect_identical(problem$row, 2L)
  # the other names are signals of one's own, but for the field's own name
  long <- datamap_read_signals(
    I(lines[1]),
    fields = c(id = "id", label_probs = "p")
  )
  expect_identical(long$guid, 2)
  long <- datamap_read_signals(I(lines[1]), fields = fields)
  expect_identical(long$id, 2L)
  expect_false("guid" %in% names(long))
})

test_that("messages name the user's own columns and keys", {
  bad <- sub("\"y\": 1", "\"y\": 7", named_lines(), fixed = TRUE)
  error <- expect_error(
    datamap_summarise(I(bad), fields = naming),
    class = "datamap_error_range"
  )
  expect_identical(error$key, "y")
  expect_identical(error$line, 2L)
  frame <- named_frame()
  frame$y[[2]] <- 7
  error <- expect_error(
    datamap_summarise(frame, fields = naming),
    class = "datamap_error_range"
  )
  expect_identical(error$key, "y")
  frame$y[[2]] <- 0.5
  error <- expect_error(
    datamap_summarise(frame, fields = naming),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "y")
  back <- named_lines()[c(4, 1)]
  error <- expect_error(
    datamap_summarise(I(back), fields = naming),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "epoch")
})

# --- what they must be ---

test_that("`fields` name fields, once each, and columns, once each", {
  x <- named_frame()
  cases <- list(
    list(fields = "row", key = "fields"),
    list(fields = c(id = 1), key = "fields"),
    list(fields = character(), key = "fields"),
    list(fields = list(id = "row"), key = "fields"),
    list(fields = c(id = "row", "y"), key = "fields"),
    list(fields = c(ids = "row"), key = "ids", similar = "id"),
    list(fields = c(id = "row", id = "y"), key = "id"),
    list(fields = c(id = "row", label = "row"), key = "row"),
    list(fields = c(id = ""), key = "id"),
    list(fields = c(id = NA_character_), key = "id"),
    list(fields = c(id = "\xff"), key = "id")
  )
  for (case in cases) {
    error <- expect_error(
      datamap_summarise(x, fields = case$fields),
      class = "datamap_error_input"
    )
    expect_identical(error$key, case$key)
    expect_equal(c(error$similar), case$similar)
  }
  error <- expect_error(
    datamap_summarise(x, fields = c(id = "row"), signals = "row"),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "signals")
})

test_that("a column or key that is nowhere is an error that says what is", {
  absent <- replace(naming, "step", "epohc")
  file <- tempfile()
  on.exit(unlink(file))
  writeLines(named_lines(), file)
  files <- list(
    named_frame(), I(named_lines()),
    file
  )
  if (requireNamespace("nanoarrow", quietly = TRUE)) {
    frame <- named_frame()
    frame$p <- NULL
    stream <- nanoarrow::as_nanoarrow_array_stream(frame)
    error <- expect_error(
      datamap_summarise(stream, fields = absent[names(absent) != "probs"]),
      class = "datamap_error_input"
    )
    expect_identical(error$similar, "epoch")
  }
  for (x in files) {
    error <- expect_error(
      datamap_summarise(x, fields = absent),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "epohc")
    expect_identical(error$similar, "epoch")
    expect_error(
      datamap_plot_trajectories(x, fields = absent),
      class = "datamap_error_input"
    )
    expect_error(
      datamap_state(x, fields = absent),
      class = "datamap_error_input"
    )
  }
  con <- textConnection(named_lines())
  on.exit(close(con), add = TRUE)
  error <- expect_error(
    datamap_summarise(con, fields = absent),
    class = "datamap_error_input"
  )
  expect_length(error$similar, 0)
  # nothing is nowhere in nothing
  expect_warning(
    datamap_summarise(I(character()), fields = absent),
    class = "datamap_warning_empty"
  )
})

# --- classes ---

# Four evaluations of 30 samples of three classes, with their class vectors.
class_case <- function() {
  set.seed(3)
  classes <- c("no", "yes", "it's")
  probs <- matrix(stats::rexp(360), 120)
  probs <- probs / rowSums(probs)
  list(
    frame = data.frame(
      id = rep(1:30, 4), label = rep(sample(classes, 30, TRUE), 4),
      step = rep(1:4, each = 30)
    ),
    probs = probs, classes = classes
  )
}

# Every number of a map.
all_of <- function(x, ...) {
  columns_of(suppressMessages(datamap_summarise(x, metrics = "all", ...)))
}

test_that("labels that are names find their classes by `classes` everywhere", {
  case <- class_case()
  named <- case$frame
  named$probs <- case$probs
  colnames(named$probs) <- case$classes
  want <- all_of(named)
  same <- function(x) {
    expect_identical(all_of(x, classes = case$classes), want)
  }
  unnamed <- case$frame
  unnamed$probs <- case$probs
  same(unnamed)
  parts <- case$frame
  parts$probs_0 <- case$probs[, 1]
  parts$probs_1 <- case$probs[, 2]
  parts$probs_2 <- case$probs[, 3]
  same(parts)
  parts <- case$frame
  parts$probs <- lapply(1:120, function(i) case$probs[i, ])
  same(parts)
  file <- tempfile()
  on.exit(unlink(file))
  unnamed$label_index <- match(unnamed$label, case$classes) - 1L
  datamap_write_signals(unnamed, file)
  lines <- sub(",\"label_index\":[0-9]", "", readLines(file))
  expect_false(any(grepl("label_index", lines)))
  same(I(lines))
  expect_identical(all_of(I(lines), classes = case$classes, threads = 2), want)
  state <- datamap_state(I(lines), metrics = "all", classes = case$classes)
  expect_identical(columns_of(datamap_summarise(state)), want)
  long <- datamap_read_signals(I(lines), classes = case$classes)
  expect_identical(long$label_index, unnamed$label_index)
  expect_identical(long$pred_label, case$classes[max.col(case$probs, "first")])
  expect_identical(
    datamap_probs(I(lines), classes = case$classes), datamap_probs(named)
  )
  drawn <- datamap_plot_trajectories(I(lines), classes = case$classes)
  expect_identical(
    drawn$layers[[1]]$data,
    datamap_plot_trajectories(long)$layers[[1]]$data
  )
  # where a line says the place, it decides
  odd <- sub("\"label\":\"[^\"]*\"", "\"label\":\"x\",\"label_index\":1", lines)
  map <- datamap_summarise(I(odd), classes = case$classes)
  expect_equal(map$avg_probs, unname(tapply(case$probs[, 2], named$id, mean)),
               ignore_attr = TRUE)
})

test_that("columns that are called as the labels are class vectors", {
  case <- class_case()
  matrix <- case$frame
  matrix$probs <- case$probs
  colnames(matrix$probs) <- case$classes
  want <- all_of(matrix)
  forms <- list(plain = "", probs = "probs_", tidy = ".pred_", own = "p_")
  for (form in names(forms)) {
    x <- cbind(case$frame, case$probs)
    names(x)[4:6] <- paste0(forms[[form]], case$classes)
    fields <- if (form == "own") c(probs = "p")
    expect_identical(all_of(x, fields = fields), want)
    x$.pred_class <- case$classes[max.col(case$probs, "first")]
    expect_identical(all_of(x, fields = fields), want)
  }
  # by the levels of a factor, also where no sample has one
  x <- cbind(case$frame, case$probs)
  names(x)[4:6] <- case$classes
  x$label <- factor(x$label, rev(case$classes))
  matrix$label <- x$label
  expect_identical(all_of(x), all_of(matrix))
  x <- x[x$label != "yes", ]
  expect_identical(all_of(x), all_of(matrix[matrix$label != "yes", ]))
  # whole numbers and logical values
  whole <- cbind(case$frame, case$probs)
  names(whole)[4:6] <- c("1", "2", "3")
  whole$label <- match(whole$label, case$classes)
  expect_identical(all_of(whole)$avg_probs, want$avg_probs)
  two <- data.frame(id = 1:3, label = c(TRUE, FALSE, TRUE))
  two[["FALSE"]] <- c(0.1, 0.7, 0.2)
  two[["TRUE"]] <- 1 - two[["FALSE"]]
  expect_equal(datamap_summarise(two)$avg_probs, c(0.9, 0.7, 0.8))
  # and written they are no signals
  file <- tempfile()
  on.exit(unlink(file))
  datamap_write_signals(x, file)
  expect_false(grepl("\"yes\"", readLines(file, 1)))
  expect_identical(all_of(file)$avg_probs, all_of(x)$avg_probs)
})

test_that("columns are signals where class vectors are not needed", {
  case <- class_case()
  x <- cbind(case$frame, case$probs * 7)
  names(x)[4:6] <- case$classes
  x$label_probs <- 0.5
  x$correct <- TRUE
  map <- datamap_summarise(x, signals = "yes")
  expect_identical(map$avg_probs, rep(0.5, 30))
  expect_equal(max(map$yes_max), 7 * max(case$probs[, 2]))
  # or where they are not of all labels, or of one only
  x$label_probs <- x$correct <- x$yes <- NULL
  error <- expect_error(datamap_summarise(x), class = "datamap_error_field")
  expect_identical(error$line, 1L)
})

test_that("Arrow streams have such columns and classes, too", {
  skip_if_not_installed("nanoarrow")
  case <- class_case()
  x <- cbind(case$frame, case$probs)
  names(x)[4:6] <- case$classes
  stream <- function() nanoarrow::as_nanoarrow_array_stream(x)
  want <- all_of(x)
  expect_identical(all_of(stream()), want)
  expect_identical(all_of(stream(), classes = case$classes), want)
  names(x)[4:6] <- c("p_0", "p_1", "p_2")
  expect_identical(
    all_of(stream(), classes = case$classes, fields = c(probs = "p")), want
  )
})

test_that("classes must be those that there are", {
  case <- class_case()
  x <- case$frame
  x$probs <- case$probs
  bad <- list(
    1, "a", c("a", "a"), c("a", NA), c("a", ""), list("a", "b"), c("a", "\xff"),
    c(1.5, 2), matrix(1:4, 2)
  )
  for (classes in bad) {
    error <- expect_error(
      datamap_summarise(x, classes = classes),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "classes")
  }
  error <- expect_error(
    datamap_summarise(x, classes = c("no", "yes")),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "probs")
  error <- expect_error(
    datamap_summarise(x, classes = c("no", "yes", "other")),
    class = "datamap_error_range"
  )
  expect_identical(error$key, "label")
  x$probs <- lapply(1:120, function(i) if (i == 7) 1:2 / 3 else case$probs[i, ])
  error <- expect_error(
    datamap_summarise(x, classes = case$classes),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 7L)
  x$probs <- case$probs
  colnames(x$probs) <- case$classes
  error <- expect_error(
    datamap_summarise(x, classes = c("no", "yes", "other")),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "probs")
  line <- "{\"id\":1,\"label\":\"no\",\"probs\":[0.5,0.5]}"
  error <- expect_error(
    datamap_summarise(I(line), classes = case$classes),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "probs")
  error <- expect_error(
    datamap_summarise(I(line), classes = c("yes", "maybe")),
    class = "datamap_error_range"
  )
  expect_identical(error$key, "label")
  expect_identical(error$column, 17L)
})

test_that("one vector is that of the second of two classes by `classes`", {
  x <- data.frame(id = 1:3, label = c("no", "yes", "no"))
  x$probs <- c(0.2, 0.7, 0.9)
  map <- datamap_summarise(x, classes = c("no", "yes"))
  expect_equal(map$avg_probs, c(0.8, 0.7, 0.1))
  expect_identical(map$correct_times, c(1L, 1L, 0L))
})

test_that("what stands for other fields may stand elsewhere", {
  frame <- data.frame(id = 1:2, m = c(1, -2), margin = c("own", "own"))
  lines <- I('{"id":1,"m":1,"margin":"own"}\n{"id":2,"margin":"own","m":-2}')
  named <- c(margin = "m")
  map <- datamap_summarise(frame, fields = named, signals = "margin")
  expect_equal(map$avg_probs, stats::plogis(c(1, -2)))
  expect_identical(map$margin_last, c(1, -2))
  same <- datamap_summarise(lines, fields = named, signals = "margin")
  expect_identical(columns_of(same), columns_of(map))
  table <- datamap_read_signals(lines, fields = named)
  expect_identical(table$margin, c(1, -2))
  expect_false("m" %in% names(table))
  chosen <- datamap_read_signals(
    lines, fields = named, columns = c("id", "margin")
  )
  expect_identical(
    columns_of(datamap_summarise(chosen, signals = "margin")), columns_of(map)
  )
  # columns called as the labels are class vectors: beside them it is a signal
  plain <- data.frame(
    id = 1:2, label = c("a", "b"), a = c(0.75, 0.5), b = c(0.25, 0.5),
    margin = 5
  )
  expect_identical(datamap_summarise(plain)$avg_probs, c(0.75, 0.5))
})
