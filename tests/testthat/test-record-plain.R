# Plain calls of datamap_record(). I() makes a vector that is no plain one, and
# the same to the longer way.

# The bytes of the last call and what was said, of one that comes after an
# `opening` call.
outcome <- function(args, opening, wrap, nan = "NaN") {
  file <- tempfile(fileext = ".jsonl")
  rec <- datamap_recorder(file, nan = nan)
  on.exit({
    close(rec)
    unlink(file)
  })
  suppressMessages(do.call(datamap_record, c(list(rec), opening)))
  before <- file.size(file)
  args$id <- wrap(args$id)
  said <- tryCatch(
    {
      do.call(datamap_record, c(list(rec), args))
      NULL
    },
    message = conditionMessage,
    error = function(error) {
      list(class(error), conditionMessage(error), error$key, error$line)
    }
  )
  list(utils::tail(readBin(file, "raw", 1e6), -before), said)
}

is_plain <- function(args, opening) {
  memory <- list2env(list(saw_labels = TRUE, saw_scores = TRUE))
  fields <- args[intersect(names(datacarto:::field_names), names(args))]
  if (length(fields$step) == 1) {
    fields$step <- rep(fields$step, length(args$id))
  }
  own <- args[setdiff(names(args), names(fields))]
  memory$own_names <- "own"
  !is.null(datacarto:::plain_call(fields, own, length(args$id), memory))
}

probs <- matrix(c(0.25, 1, 0.125, 0.75, 0, 0.875), 3)
opening <- list(
  id = 7, label = 0, probs = matrix(0.5, 1, 2), step = 0, own = "a"
)
usual <- list(
  id = 3:1, label = c(0L, 1L, 0L), pred_label = c(1L, 0L, 1L),
  correct = c(FALSE, TRUE, NA), loss = c(0.1, -Inf, NaN), probs = probs,
  label_probs = c(0.25, 0, NA), step = 1
)

test_that("plain calls write what others write", {
  changes <- list(
    list(), list(id = c(3, 2, 1)), list(id = c("a", "1", "caf\u00e9")),
    list(label = c(0, 1, 0)), list(label = c(0L, NA, 5L)), list(step = 1:3),
    list(step = 2L), list(step = c(-0.5, 1e300, 2)), list(step = NULL),
    list(loss = 1:3), list(loss = c(NA, 2L, 3L)), list(label_probs = 0:2),
    list(pred_label = c("x", "y", "0")), list(pred_label = c(0, 1, 1)),
    list(s_label = 0:2), list(s_label = c(0, 2, 1)), list(probs = NULL),
    list(probs = replace(probs, 2, NaN)), list(probs = replace(probs, 2, NA)),
    list(probs = NULL, logits = probs), list(logits = -probs),
    list(label = c("x", "y", "0"), probs = NULL),
    list(label_probs = NULL), list(correct = NULL, pred_label = NULL),
    list(own = 1), list(own = c("\u00e9", "", "\"")), list(own = 3:1),
    list(own = c(TRUE, NA, FALSE)), list(own = c(NaN, NA, Inf))
  )
  for (change in changes) {
    args <- utils::modifyList(usual, change)
    first <- opening
    if (is.null(args$step)) {
      first$step <- NULL
    }
    for (nan in if (length(change) == 0) c("NaN", "null") else "NaN") {
      plain <- outcome(args, first, identity, nan)
      expect_identical(plain, outcome(args, first, I, nan))
      expect_gt(length(plain[[1]]) + length(plain[[2]]), 0)
    }
    expect_true(is_plain(args, first))
  }
  expect_identical(
    rawToChar(outcome(usual, opening, identity)[[1]]),
    paste0(
      '{"id":3,"label":0,"pred_label":1,"correct":false,"loss":0.1,',
      '"probs":[0.25,0.75],"label_probs":0.25,"step":1}\n',
      '{"id":2,"label":1,"pred_label":0,"correct":true,"loss":-Infinity,',
      '"probs":[1,0],"label_probs":0,"step":1}\n',
      '{"id":1,"label":0,"pred_label":1,"loss":NaN,',
      '"probs":[0.125,0.875],"step":1}\n'
    )
  )
})

test_that("what no plain call may have is refused or read as before", {
  bytes <- rawToChar(as.raw(c(0x61, 0xff)))
  changes <- list(
    list(id = c(1, 2.5, 3)), list(id = c(1, NaN, 3)), list(id = c(1, NA, 3)),
    list(id = c(1, 2^54, 3)), list(id = c("a", NA, "b")),
    list(id = c("a", bytes, "b")), list(id = factor(c("b", "a", "c"))),
    list(label = c(0, 0.5, 1)), list(label = c(TRUE, FALSE, NA)),
    list(label = factor(c("x", "y", "x"))), list(label = c("x", "y", "x")),
    list(probs = probs[, 1]), list(probs = probs[1:2, ]),
    list(probs = probs[, 1, drop = FALSE]), list(probs = as.data.frame(probs)),
    list(probs = `colnames<-`(probs, c("1", "0"))),
    list(probs = round(probs) == 1), list(probs = array(probs, c(3, 2, 1))),
    list(step = c(1, NA, 2)), list(step = c(1, Inf, 2)), list(step = "1"),
    list(step = 1:2), list(loss = c("a", "b", "c")), list(loss = NA),
    list(loss = c(NA, NA, NA)), list(loss = 1:2), list(correct = 0:2),
    list(correct = c("true", "false", "0")), list(s_label = c(1, 1.5, 2)),
    list(id = c("a", "1", iconv("caf\u00e9", "UTF-8", "latin1"))),
    list(label_index = c(0L, 1L, 0L)), list(margin = 1:3),
    list(pred_label = bytes), list(pred_label = matrix(0:2)),
    list(own = c("a", bytes, NA)), list(own = c("a", NA, "b")),
    list(own = 1:2), list(own = matrix(1:3)), list(own = list(1, 2, 3)),
    list(own = NULL, another = 1), list(own = Sys.Date()),
    list(own = 1, own2 = 2), list(probs_0 = 1), list(guid = 1:3),
    list(gold = 1:3, label = 0:2), list(logits_0 = 1:3, logits_1 = 3:1),
    list(own = 1, probs = NULL), list(margin = 1:3, own = 1),
    list(loss = structure(1:3, class = "odd"))
  )
  for (change in changes) {
    args <- utils::modifyList(usual, change)
    expect_identical(
      outcome(args, opening, identity), outcome(args, opening, I)
    )
    expect_false(is_plain(args, opening))
  }
  # ids that are there twice are told by the core, whichever way it was asked
  again <- utils::modifyList(usual, list(id = c(7L, 3L, 3L), step = 0))
  expect_identical(
    outcome(again, opening, identity), outcome(again, opening, I)
  )
  expect_match(outcome(again, opening, identity)[[2]][[2]], "row 1")
})

test_that("hints are given at the first call, plain or not", {
  file <- tempfile(fileext = ".jsonl")
  rec <- datamap_recorder(file)
  on.exit({
    close(rec)
    unlink(file)
  })
  datamap_record(rec, id = 1:2, label = c("a", "b"), label_probs = c(0.5, 1),
    correct = c(TRUE, FALSE), step = 1
  )
  # the first with numbers that count, and with class vectors
  expect_message(
    expect_message(
      datamap_record(
        rec, id = 1:3, label = c(1L, 2L, 1L),
        probs = cbind(probs, 3 - rowSums(probs)) * 100 / 3, step = 2
      ),
      class = "datamap_message_labels_from_one"
    ),
    class = "datamap_message_like_percent"
  )
  expect_no_message(
    datamap_record(
      rec, id = 1:3, label = c(1L, 2L, 1L), probs = cbind(probs, 0) * 100,
      step = 3
    )
  )
})
