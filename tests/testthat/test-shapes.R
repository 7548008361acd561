# Data frames of every shape: each gives the right map or an error of the
# package's own, at every function that reads columns.

n <- 6L
id <- rep(1:3, 2)
p <- c(0.5, 0.25, 0.75, 0.25, 0.5, 0.125)

# What a column may be but should not, or in another type, by name.
odd_columns <- function(x) {
  latin <- "\xfc"
  Encoding(latin) <- "latin1"
  bytes <- "\xff"
  Encoding(bytes) <- "bytes"
  wrong <- "\xe9\xff"
  Encoding(wrong) <- "UTF-8"
  int64 <- structure(as.double(x) * 2^-1074, class = "integer64")
  list(
    empty = x[0], short = x[-1], one = x[1], long = c(x, x),
    null = NULL, matrix = matrix(x, n, 2), wide = matrix(x, 1),
    column = matrix(x), array = array(x, c(n, 1, 1)),
    cube = array(x, c(n, 2, 2)), line = array(x, n),
    character = as.character(x), factor = factor(x),
    logical = rep(TRUE, n), double = as.double(x), integer = as.integer(x),
    complex = complex(real = x), raw = as.raw(1:n), int64 = int64,
    int64_short = structure(unclass(int64)[-1], class = "integer64"),
    date = as.Date("2024-01-01") + 0:5, time = Sys.time() + 0:5,
    posixlt = as.POSIXlt(Sys.time() + 0:5),
    difftime = as.difftime(as.double(x), units = "secs"),
    list = as.list(x), nested = list(list(1), 2, 3, 4, 5, 6),
    list_short = list(1), named = stats::setNames(x, letters[1:n]),
    frame = data.frame(a = x), frame_two = data.frame(a = x, b = x),
    frame_short = data.frame(a = x[-1]),
    frame_none = data.frame(row.names = seq_len(n)),
    frame_odd = structure(
      list(a = 1:2), row.names = c(NA, -n), class = "data.frame"
    ),
    frame_text = data.frame(a = letters[1:n], b = letters[1:n]),
    as_is = I(x), as_is_list = I(as.list(x)), as_is_matrix = I(matrix(x, n, 2)),
    compact = seq_len(n), compact_long = seq_len(2 * n),
    bad_factor = structure(c(1L, 9L, NA, -3L, 1L, 1L), levels = "1",
                           class = "factor"),
    broken_factor = structure(as.double(x) + 0.5, levels = "1",
                              class = "factor"),
    bare_factor = structure(rep(1L, n), class = "factor"),
    missing = rep(NA, n), missing_number = rep(NA_real_, n),
    missing_text = rep(NA_character_, n), not_a_number = rep(NaN, n),
    infinite = rep(Inf, n), huge = rep(1e300, n), tiny = rep(5e-324, n),
    half = x + 0.5, minus_zero = rep(-0, n),
    latin = rep(latin, n), bytes = rep(bytes, n), wrong = rep(wrong, n),
    blank = rep("", n), function_ = mean, environment = globalenv(),
    language = quote(a + b), expression = expression(a, b, c, d, e, f),
    classed = structure(as.list(x), class = "unknown_class"),
    classed_number = structure(x, class = "unknown_class"),
    record = structure(list(u = x, v = x), class = c("rcrd", "vctrs_vctr")),
    date_matrix = structure(matrix(as.double(x), n, 2), class = "Date"),
    int64_matrix = structure(
      unclass(int64)[rep(seq_len(n), 2)], dim = c(n, 2L), class = "integer64"
    ),
    character_matrix = matrix("a", n, 2), logical_matrix = matrix(NA, n, 2)
  )
}

class_lists <- function() {
  list(
    rows = lapply(p, function(q) c(1 - q, q)),
    named_rows = lapply(p, function(q) c("0" = 1 - q, "1" = q)),
    ragged = list(c(1, 0), 1:3, NULL, NA, numeric(), c(0.5, 0.5)),
    functions = rep(list(mean), n), strings = rep(list(c("a", "b")), n),
    frames = rep(list(data.frame(a = 1, b = 2)), n),
    matrices = rep(list(matrix(1:4, 2)), n),
    of_lists = rep(list(list(0.5, 0.5)), n),
    no_columns = matrix(numeric(), n, 0), no_rows = matrix(numeric(), 0, 2),
    tall = cbind(1 - p, p)[rep(seq_len(n), 2), ],
    packed_short = data.frame(a = 1 - p, b = p)[-1, ],
    packed_none = data.frame(row.names = seq_len(n)),
    packed_lists = structure(
      list(a = as.list(p), b = p), row.names = c(NA, -n), class = "data.frame"
    ),
    packed_functions = structure(
      list(a = mean), row.names = c(NA, -n), class = "data.frame"
    ),
    packed_deep = structure(
      list(a = data.frame(u = p, v = p), b = p),
      row.names = c(NA, -n), class = "data.frame"
    ),
    packed_unnamed = structure(
      list(1 - p, p), row.names = c(NA, -n), class = "data.frame"
    ),
    packed_twice = structure(
      list(a = 1 - p, a = p), row.names = c(NA, -n), class = "data.frame"
    )
  )
}

# A data frame by its class and attributes only: nothing is checked.
bare_frame <- function(columns, rows = n, names = NULL) {
  out <- structure(list(), class = "data.frame", row.names = c(NA, -rows))
  out <- unclass(out)
  for (name in base::names(columns)) out[name] <- list(columns[[name]])
  if (!is.null(names)) attr(out, "names") <- names
  structure(out, class = "data.frame", row.names = .set_row_names(rows))
}

plain <- function() {
  list(id = id, label = rep(c(0, 1, 1), 2), probs = cbind(1 - p, p))
}

fields <- c(
  "id", "label", "pred_label", "s_label", "correct", "loss", "probs",
  "logits", "label_probs", "label_index", "step", "epoch", "own"
)

all_shapes <- function() {
  shapes <- list()
  for (field in fields) {
    odd <- odd_columns(if (field %in% c("probs", "logits")) p else id)
    if (!field %in% c("id", "probs", "own")) {
      # some of them, others for each field
      odd <- odd[seq_along(odd) %% 8 == match(field, fields) %% 8]
    }
    if (field %in% c("probs", "logits")) odd <- c(odd, class_lists())
    for (kind in names(odd)) {
      columns <- plain()
      if (field == "logits") columns$probs <- NULL
      columns[field] <- list(odd[[kind]])
      shapes[[paste(field, kind)]] <- bare_frame(columns)
    }
  }
  columns <- plain()
  shapes$no_names <- bare_frame(columns)
  attr(shapes$no_names, "names") <- NULL
  shapes$missing_name <- bare_frame(columns, names = c("id", NA, "probs"))
  shapes$blank_name <- bare_frame(columns, names = c("id", "", "probs"))
  shapes$bytes_name <- bare_frame(
    columns, names = c("id", "label", odd_columns(1:6)$bytes[[1]])
  )
  shapes$twice <- bare_frame(columns, names = c("id", "id", "probs"))
  shapes$no_rows_said <- structure(columns, class = "data.frame")
  shapes$more_rows <- bare_frame(columns, rows = 99L)
  shapes$fewer_rows <- bare_frame(columns, rows = 2L)
  shapes$vector <- structure(1:3, class = "data.frame")
  shapes$text <- structure("a", class = "data.frame", row.names = 1L)
  shapes$nothing <- structure(list(), class = "data.frame")
  shapes$tall <- structure(
    list(), class = "data.frame", row.names = c(NA, -5L)
  )
  shapes
}

# Everything that takes columns of signals, of this frame.
uses <- list(
  summarise = function(x) datamap_summarise(x, signals = "loss"),
  own = function(x) {
    datamap_summarise(
      x, signals = if ("own" %in% names(x)) "own", metrics = "all"
    )
  },
  state = function(x) datamap_summarise(datamap_state(x)),
  update = function(x) {
    one <- datamap_state(bare_frame(list(
      id = 9, label = 0, probs = matrix(c(0.5, 0.5), 1)
    ), 1L))
    datamap_summarise(datamap_update(one, x))
  },
  write = function(x) {
    file <- tempfile(fileext = ".jsonl")
    on.exit(unlink(file))
    datamap_write_signals(x, file)
    datamap_summarise(file)
  },
  record = function(x) {
    rec <- datamap_recorder(NULL)
    columns <- lapply(unclass(x), identity)
    attributes(columns) <- list(names = names(columns))
    do.call(datamap_record, c(list(rec), columns), quote = TRUE)
    datamap_summarise(rec)
  }
)

# The map, or the error; anything but an error of the package's own fails.
outcome <- function(use, x, name) {
  muffle <- function(cnd) {
    expect_s3_class(cnd, if (inherits(cnd, "message")) {
      "datamap_message"
    } else {
      "datamap_warning"
    })
    rlang::cnd_muffle(cnd)
  }
  tryCatch(
    withCallingHandlers(use(x), warning = muffle, message = muffle),
    error = function(error) {
      is_own <- inherits(error, "datamap_error")
      # a call of datamap_record() without its arguments, as in any function
      is_missing <- inherits(error, "simpleError") &&
        grepl("is missing, with no default", conditionMessage(error))
      expect_true(
        is_own || is_missing, label = paste(name, conditionMessage(error))
      )
      NULL
    }
  )
}

test_that("every shape of a data frame is read as it is, or refused in words", {
  skip_if_long()
  shapes <- all_shapes()
  expect_gt(length(shapes), 200)
  for (i in seq_along(shapes)) {
    name <- names(shapes)[[i]]
    # every shape at one function, and at another one each time
    for (use in unique(c("summarise", names(uses)[[i %% length(uses) + 1]]))) {
      outcome(uses[[use]], shapes[[i]], paste(use, name))
    }
  }
})

test_that("a packed data frame is the matrix that its columns make", {
  # closed: the label's probabilities of sample 1 are 0.75 and 0.25
  frame <- data.frame(id = c(1, 2, 1), label = c(0, 1, 0))
  probs <- data.frame(a = c(0.75, 0.25, 0.25), b = c(0.25, 0.75, 0.75))
  for (field in c("probs", "logits")) {
    packed <- frame
    packed[[field]] <- if (field == "probs") probs else log(probs)
    file <- tempfile(fileext = ".jsonl")
    datamap_write_signals(packed, file)
    rec <- datamap_recorder(NULL)
    datamap_record(
      rec, packed$id, packed$label,
      step = 1:3, probs = packed$probs, logits = packed$logits
    )
    maps <- list(
      datamap_summarise(packed), datamap_summarise(datamap_state(packed)),
      datamap_summarise(
        datamap_update(datamap_state(packed[1:2, ]), packed[3, ])
      ),
      datamap_summarise(file), datamap_summarise(rec)
    )
    unlink(file)
    for (map in maps) {
      expect_equal(map$avg_probs, c(0.5, 0.75), tolerance = 1e-15)
      expect_identical(map$correct_times, c(1L, 1L))
    }
  }
})

test_that("columns must have as many values as there are rows", {
  right <- bare_frame(plain())
  expect_identical(datamap_summarise(right)$evaluations, rep(2L, 3))
  for (name in names(right)) {
    for (size in c(0, 1, 5, 7, 12)) {
      columns <- plain()
      columns[[name]] <- rep_len(as.vector(columns[[name]]), size)
      error <- expect_error(
        datamap_summarise(bare_frame(columns)), class = "datamap_error_input"
      )
      expect_identical(error$key, name)
    }
  }
})

test_that("a matrix of more columns is no column, and is never cut", {
  columns <- c(plain(), list(
    correct = rep(TRUE, n), label_probs = p, loss = p,
    step = rep(1:2, each = 3),
    s_label = rep(0L, n), pred_label = rep(0L, n), label_index = rep(0L, n)
  ))
  for (name in setdiff(names(columns), "probs")) {
    for (wide in list(cbind, data.frame)) {
      frame <- columns
      frame[[name]] <- wide(columns[[name]], columns[[name]])
      error <- expect_error(
        datamap_summarise(bare_frame(frame)), class = "datamap_error"
      )
      expect_identical(error$key, name)
    }
  }
})

test_that("what R let through is found in the glue and not read", {
  good <- list(
    id = 1:2, label = 0:1, correct = c(TRUE, FALSE), label_probs = c(0.5, 0.5),
    step = c(1, 2), probs = cbind(c(0.5, 0.5), c(0.5, 0.5)),
    logits = list(c(1, 2), c(2, 1)), signals = list(), order = 1:2
  )
  read <- function(columns) {
    .Call(ffi_summarise_table, columns, reader_options(), NULL)
  }
  expect_type(read(good), "list")
  bad <- list(
    id = 1, id = 1:3, id = list(1, 2), label = mean, correct = TRUE,
    correct = c(1, 0), label_probs = 1:2, label_probs = 0.5, step = 1,
    probs = c(0.5, 0.5), probs = diag(3), probs = list(1, 2, 3),
    logits = list(1, "a"), logits = list(1), signals = list(1),
    order = 1:3, order = c(1L, 3L), order = c(0L, 1L), order = c(1, 2),
    order = c(1L, NA)
  )
  for (i in seq_along(bad)) {
    columns <- good
    columns[[names(bad)[[i]]]] <- bad[[i]]
    result <- read(columns)
    expect_s3_class(result, "dm_error")
    expect_error(
      check_result(list(result = result, paths = character()), NULL),
      class = "datamap_error_input"
    )
  }
  # a list whose names are others' or none
  expect_s3_class(read(unname(good)), "dm_error")

  file <- tempfile()
  write <- function(columns, kinds, n = 2) {
    .Call(ffi_write_lines, file, columns, kinds, n, FALSE)
  }
  record <- function(columns, kinds, n = 2) {
    rec <- datamap_recorder(NULL)
    .Call(ffi_recorder_add, rec$pointer, columns, kinds, n, FALSE)
  }
  for (call in list(write, record)) {
    expect_s3_class(call(list(id = 1L), "int32"), "dm_error")
    expect_s3_class(call(list(id = 1:2), "whole"), "dm_error")
    expect_s3_class(call(list(id = 1:2), "none"), "dm_error")
    expect_s3_class(call(list(id = 1:2), NA_character_), "dm_error")
    expect_s3_class(call(list(id = 1:2), c("int32", "int32")), "dm_error")
    expect_s3_class(call(list(id = 1:2), 0), "dm_error")
    expect_s3_class(call(list(1:2), "int32"), "dm_error")
    expect_s3_class(call(1:2, "int32"), "dm_error")
    expect_s3_class(call(list(probs = c(1, 2)), "list"), "dm_error")
    expect_s3_class(call(list(probs = diag(3)), "list"), "dm_error")
    expect_s3_class(call(list(id = mean), "text"), "dm_error")
  }
  summary <- function(columns) {
    .Call(ffi_write_summary, columns, file, "summary")
  }
  expect_s3_class(summary(list(id = 1:2, label = 1)), "dm_error")
  expect_s3_class(summary(list(id = 1:2, label = list(1, 2))), "dm_error")
  expect_s3_class(summary(list(1:2)), "dm_error")
  for (style in list("no such", TRUE, character(), NULL)) {
    expect_s3_class(
      .Call(ffi_write_summary, list(id = 1:2), file, style), "dm_error"
    )
  }
  expect_s3_class(
    .Call(ffi_recorder_open, NULL, "error", list(1), reader_options()),
    "dm_error"
  )
  expect_false(file.exists(file))
})
