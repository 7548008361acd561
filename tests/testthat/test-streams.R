signals_frame <- function(n = 12) {
  data.frame(
    id = rep(seq_len(n / 2), 2), label = rep_len(0:1, n),
    probs_0 = seq(0.1, 0.9, length.out = n),
    probs_1 = 1 - seq(0.1, 0.9, length.out = n),
    g = ifelse(seq_len(n) %% 5 == 0, NA, seq_len(n)),
    step = rep(1:2, each = n / 2)
  )
}

test_that("batches of any size and offset are the data frame to the bit", {
  skip_without_nanoarrow()
  for (seed in 201:206) {
    case <- random_case(seed)
    frame <- quietly(doors$frame(case))
    for (form in stream_forms(case)) {
      for (size in c(1, 7, 2048)) {
        found <- quietly(map_of(case_stream(case, form, size)))
        expect_identical(columns_that_differ(found, frame), character(),
          info = paste(seed, form, size)
        )
      }
    }
  }
})

test_that("every type of integer and string gives the same map", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  frame$label <- c("no", "yes")[frame$label + 1]
  names(frame)[3:4] <- c("probs_no", "probs_yes")
  whole <- datamap_summarise(frame)
  for (integer in c("int8", "uint8", "int16", "uint16", "uint32", "int64")) {
    for (character in c("large_string", "string_view")) {
      stream <- arrow_stream(frame, 5, c(
        integer = integer, character = character
      ))
      found <- datamap_summarise(stream)
      expect_identical(columns_that_differ(found, whole), character())
    }
  }
  frame$label <- factor(frame$label)
  found <- datamap_summarise(arrow_stream(frame, 5))
  expect_identical(found, datamap_summarise(frame))
  expect_s3_class(found$label, "factor")
})

test_that("lists of lists' types, floats and logical columns are read", {
  skip_without_nanoarrow()
  frame <- data.frame(
    id = 1:4, label = c(TRUE, FALSE, TRUE, FALSE),
    correct = c("true", "True", "1", "0"), s_label = c(0, 2, NA, 1)
  )
  frame$probs <- list(c(0.25, 0.75), c(0.75, 0.25), NULL, c(0, 1))
  frame$label_probs <- c(NA, NA, 0.5, NA)
  whole <- datamap_summarise(frame)
  types <- list(character(), c(list = "large_list"), c(double = "float"))
  for (type in types) {
    found <- datamap_summarise(arrow_stream(frame, 3, type))
    expect_identical(columns_that_differ(found, whole), character())
  }
})

test_that("a column of probabilities is that of the second class", {
  skip_without_nanoarrow()
  q <- c(0.3, NA, 0.2, 0.875)
  labels <- list(
    c(0L, 1L, 1L, 0L), c(FALSE, TRUE, TRUE, FALSE),
    factor(c("no", "yes", "yes", "no"))
  )
  for (label in labels) {
    frame <- data.frame(
      id = 1:4, label = label, probs = q, label_probs = c(NA, 0.5, NA, NA),
      correct = c(NA, TRUE, NA, NA)
    )
    whole <- quietly(datamap_summarise(frame, metrics = "aum"))
    for (size in c(1, 3, Inf)) {
      found <- quietly(datamap_summarise(
        arrow_stream(frame, size), metrics = "aum"
      ))
      expect_identical(columns_that_differ(found, whole), character())
    }
    read <- quietly(datamap_read_signals(
      arrow_stream(frame, 3), columns = c("id", "probs")
    ))
    expect_identical(read$probs_1, q)
  }
  frame$label <- c(1L, 2L, 1L, 2L)
  error <- expect_error(
    datamap_summarise(arrow_stream(frame, 3)), class = "datamap_error_field"
  )
  expect_match(conditionMessage(error), "second of two classes")
})

test_that("nothing but missing values fits any field", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  frame$s_label <- NA
  frame$label_probs <- NA
  expect_identical(
    datamap_summarise(arrow_stream(frame, 5)), datamap_summarise(frame)
  )
  frame$label_probs[[8]] <- TRUE
  error <- expect_error(
    datamap_summarise(arrow_stream(frame, 5)),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 8L)
  expect_identical(error$key, "label_probs")
})

test_that("files, arrays and tables are streams, and are left as they were", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  whole <- datamap_summarise(frame)
  array <- nanoarrow::as_nanoarrow_array(frame)
  expect_identical(datamap_summarise(array), whole)
  expect_identical(datamap_summarise(array), whole)
  file <- tempfile()
  nanoarrow::write_nanoarrow(frame, file)
  expect_identical(datamap_summarise(nanoarrow::read_nanoarrow(file)), whole)
  unlink(file)
})

test_that("states and updates take streams", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  state <- datamap_state(arrow_stream(frame[1:6, ], 4), signals = "g")
  state <- datamap_update(state, arrow_stream(frame[7:12, ], 4))
  expect_identical(
    datamap_summarise(state), datamap_summarise(frame, signals = "g")
  )
})

test_that("a stream is a long table by way of its lines", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  file <- tempfile()
  datamap_write_signals(frame, file)
  from_file <- datamap_read_signals(file)
  unlink(file)
  found <- datamap_read_signals(arrow_stream(frame, 5))
  expect_identical(found, from_file)
  plot <- datamap_plot_trajectories(arrow_stream(frame, 5), ids = 1:2)
  expect_identical(
    ggplot2::layer_data(plot),
    ggplot2::layer_data(datamap_plot_trajectories(from_file, ids = 1:2))
  )
  # as files, in whatever order steps come
  for (seed in 211:214) {
    case <- random_case(seed)
    form <- sample(stream_forms(case), 1)
    columns <- c("id", "label", "probs", "logits", "label_probs", "g")
    table <- quietly(datamap_read_signals(case_stream(case, form, 7)))
    expect_equal(nrow(table), length(case$id))
  }
})

test_that("lines of later parts of a stream say their row", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  frame$id[[9]] <- NA
  error <- expect_error(
    datamap_read_signals(arrow_stream(frame, 5)),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 9L)
  expect_identical(error$path, "Arrow stream")
  found <- quietly(
    datamap_read_signals(arrow_stream(frame, 5), on_error = "skip")
  )
  expect_identical(datamap_problems(found)$row, 9L)
  # what R finds while it writes the lines
  frame <- signals_frame()
  frame$id <- frame$id + ifelse(seq_len(12) == 8, 0.5, 0)
  error <- expect_error(
    datamap_read_signals(arrow_stream(frame, 5)),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 8L)
  expect_match(conditionMessage(error), "from row 6 of the stream")
})

test_that("problems have the rows of the stream, and bad ones can be skipped", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  frame$label[[11]] <- 1L - frame$label[[11]]
  warning <- expect_warning(
    map <- datamap_summarise(arrow_stream(frame, 5)),
    class = "datamap_warning_disagreement"
  )
  expect_identical(datamap_problems(map)$row, 11L)
  frame$id[[3]] <- NA
  frame$step[[8]] <- Inf
  error <- expect_error(
    datamap_summarise(arrow_stream(frame, 5)),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 3L)
  map <- quietly(datamap_summarise(arrow_stream(frame, 5), on_error = "skip"))
  expect_identical(datamap_problems(map)$row, c(3L, 8L, 11L))
  expect_identical(attr(map, "line_counts")[["bad"]], 2)
})

test_that("steps must ascend, as in a file", {
  skip_without_nanoarrow()
  frame <- signals_frame()[12:1, ]
  error <- expect_error(
    datamap_summarise(arrow_stream(frame, 5)),
    class = "datamap_error_field"
  )
  expect_identical(error$line, 7L)
})

test_that("a label that is no class is a bad row", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  frame$label <- c("a", "b")[frame$label + 1]
  names(frame)[3:4] <- c("probs_a", "probs_b")
  frame$label[[7]] <- "c"
  stream <- arrow_stream(frame, 5)
  error <- expect_error(
    datamap_summarise(stream),
    class = "datamap_error_range"
  )
  expect_identical(error$line, 7L)
  expect_false(nanoarrow::nanoarrow_pointer_is_valid(stream))
})

test_that("columns of other types are named, and what to do", {
  skip_without_nanoarrow()
  frame <- signals_frame()
  frame$when <- .POSIXct(seq_len(12), tz = "UTC")
  map <- datamap_summarise(arrow_stream_of(frame)) # nobody's
  expect_identical(map, datamap_summarise(signals_frame()))
  stream <- arrow_stream_of(frame)
  error <- expect_error(
    datamap_summarise(stream, signals = "when"),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "when")
  expect_match(conditionMessage(error), "timestamp")
  expect_match(conditionMessage(error), "cast", ignore.case = TRUE)
  expect_false(nanoarrow::nanoarrow_pointer_is_valid(stream))
  names(frame)[names(frame) == "when"] <- "probs_2"
  expect_error(
    datamap_summarise(arrow_stream_of(frame)),
    class = "datamap_error_field"
  )
  # one that even R can't have
  array <- nanoarrow::nanoarrow_array_init(
    nanoarrow::na_struct(list(
      id = nanoarrow::na_int32(), label = nanoarrow::na_int32(),
      probs = nanoarrow::na_interval_months()
    ))
  )
  array <- nanoarrow::nanoarrow_array_modify(array, list(
    length = 1, null_count = 0,
    children = list(
      id = nanoarrow::as_nanoarrow_array(1L),
      label = nanoarrow::as_nanoarrow_array(1L),
      probs = nanoarrow::nanoarrow_array_modify(
        nanoarrow::nanoarrow_array_init(nanoarrow::na_interval_months()),
        list(length = 1, null_count = 0, buffers = list(NULL, 1L))
      )
    )
  ))
  error <- expect_error(
    datamap_summarise(array),
    class = "datamap_error_field"
  )
  expect_identical(error$key, "probs")
})

test_that("an unknown signal is told with the columns", {
  skip_without_nanoarrow()
  error <- expect_error(
    datamap_summarise(arrow_stream(signals_frame()), signals = "gg"),
    class = "datamap_error_input"
  )
  expect_identical(error$similar, "g")
})

test_that("columns need names, and a stream columns", {
  skip_without_nanoarrow()
  frame <- stats::setNames(signals_frame()[1:2], c("id", "id"))
  expect_error(
    datamap_summarise(arrow_stream_of(frame)),
    class = "datamap_error_input"
  )
  stream <- nanoarrow::as_nanoarrow_array_stream(
    nanoarrow::as_nanoarrow_array(1:3)
  )
  error <- expect_error(
    datamap_summarise(stream),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
  expect_false(nanoarrow::nanoarrow_pointer_is_valid(stream))
})

test_that("no rows are no signals", {
  skip_without_nanoarrow()
  for (frame in list(signals_frame()[0, ], signals_frame()[0, 1:2])) {
    stream <- nanoarrow::basic_array_stream(
      list(),
      schema = nanoarrow::infer_nanoarrow_schema(frame)
    )
    expect_warning(
      map <- datamap_summarise(stream),
      class = "datamap_warning_empty"
    )
    expect_identical(nrow(map), 0L)
  }
})

test_that("a stream that fails is an error of reading, whatever it says", {
  skip_without_nanoarrow()
  frame <- signals_frame(60000)
  file <- tempfile()
  nanoarrow::write_nanoarrow(frame, file)
  bytes <- readBin(file, "raw", file.size(file))
  writeBin(utils::head(bytes, length(bytes) %/% 2), file)
  for (read in list(datamap_summarise, datamap_read_signals)) {
    stream <- nanoarrow::read_nanoarrow(file)
    expect_error(read(stream), class = "datamap_error_io")
    expect_false(nanoarrow::nanoarrow_pointer_is_valid(stream))
    # it has been read
    expect_error(read(stream), class = "datamap_error_io")
  }
  unlink(file)
})

test_that("an error in a later batch is the core's", {
  skip_without_nanoarrow()
  whole <- nanoarrow::as_nanoarrow_array(signals_frame())
  cut <- nanoarrow::nanoarrow_array_modify(
    whole, list(length = 100),
    validate = FALSE
  )
  stream <- nanoarrow::basic_array_stream(list(whole, cut), validate = FALSE)
  error <- expect_error(
    datamap_summarise(stream),
    class = "datamap_error_io"
  )
  expect_identical(error$key, "id")
  expect_false(nanoarrow::nanoarrow_pointer_is_valid(stream))
})

test_that("the core believes no plan", {
  skip_without_nanoarrow()
  options <- reader_options()
  plan <- function(...) {
    stream <- arrow_stream(signals_frame(), 5)
    request <- check_request(NULL, NULL, FALSE, environment())
    input <- stream_plan(stream, request, environment())$input
    changed <- list(...)
    input[names(changed)] <- changed
    input
  }
  summarise <- function(input) .Call(ffi_summarise_table, input, options, NULL)
  expect_identical(summarise(plan(fields = list()))$class, "input")
  expect_identical(summarise(plan(probs = list()))$class, "input")
  expect_identical(summarise(plan(signals = "g"))$class, "input")
  expect_identical(summarise(plan(classes = 1))$class, "input")
  expect_identical(summarise(plan(stream = 1))$class, "io")
  expect_identical(summarise(plan(batches = list(1)))$class, "io")
})

test_that("without nanoarrow the error says what to install", {
  error <- with_packages(FALSE, expect_error(
    datamap_summarise(structure(list(), class = "nanoarrow_array_stream")),
    class = "datamap_error_input"
  ))
  expect_match(conditionMessage(error), "nanoarrow")
  expect_error(
    datamap_summarise(structure(list(), class = "something")),
    class = "datamap_error_input"
  )
})
