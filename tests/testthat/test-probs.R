# What each entrance makes of a case of helper-doors.R.
probs_at_doors <- function(case, which) {
  file <- tempfile(fileext = ".jsonl")
  on.exit(unlink(file))
  lines <- I(case_lines(case, python = FALSE))
  half <- case_evaluation(case) <= 2
  found <- list(
    recorder = datamap_probs(record_case(case, file), which),
    file = datamap_probs(file, which),
    lines = datamap_probs(lines, which),
    frame = datamap_probs(case_frame(case, "matrix"), which)
  )
  if (which == "mean") {
    found$kept <- datamap_probs(record_case(case, NULL))
    state <- datamap_state(I(lines[half]), metrics = "suggested_prob")
    found$state <- datamap_probs(datamap_update(state, I(lines[!half])))
  }
  if (requireNamespace("nanoarrow", quietly = TRUE)) {
    form <- stream_forms(case)[[1]]
    found$stream <- datamap_probs(case_stream(case, form, 7), which)
  }
  found
}

naive_case_probs <- function(case, which) {
  case <- in_file_order(case)
  probs <- naive_probs(case)
  rows <- split(seq_along(case$sample), factor(
    id_texts(case$id), unique(id_texts(case$id))
  ))
  t(vapply(rows, function(lines) {
    if (which == "last") lines <- lines[[length(lines)]]
    colMeans(probs[lines, , drop = FALSE])
  }, double(case$k)))
}

test_that("all doors give the same probabilities, and the right ones", {
  skip_if_long()
  for (seed in 1:10) {
    case <- random_case(seed)
    for (which in c("mean", "last")) {
      found <- quietly(probs_at_doors(case, which))
      at <- paste("case", seed, which, case$label_kind, case$id_kind)
      for (door in names(found)[-1]) {
        expect_identical(found[[door]], found[[1]], info = paste(door, at))
      }
      right <- naive_case_probs(case, which)
      ours <- found[[1]][rownames(right), , drop = FALSE]
      expect_equal(unname(ours), unname(right), tolerance = 1e-12, info = at)
      labels <- label_texts(case$label)
      expect_true(all(labels %in% colnames(found[[1]])), info = at)
    }
  }
})

lines_of_three <- function() {
  I(c(
    "{\"id\": \"b\", \"label\": 1, \"probs\": [0.25, 0.75]}",
    "{\"id\": \"a\", \"label\": 0, \"probs\": [0.5, 0.5]}",
    "{\"id\": \"c\", \"label\": 0, \"label_probs\": 0.1, \"correct\": false}",
    "{\"id\": \"b\", \"label\": 1, \"probs\": [0.75, 0.25]}",
    "{\"id\": \"a\", \"label\": 0, \"label_probs\": 0.1, \"correct\": false}"
  ))
}

test_that("a sample without class vectors is NA, one with some has those", {
  mean <- rbind(b = c(0.5, 0.5), a = c(0.5, 0.5), c = NA_real_)
  colnames(mean) <- c("0", "1")
  expect_identical(datamap_probs(lines_of_three()), mean)
  last <- mean
  last["b", ] <- c(0.75, 0.25)
  expect_identical(datamap_probs(lines_of_three(), "last"), last)
})

test_that("only evaluations that count do", {
  first <- rbind(b = c(0.25, 0.75), a = c(0.5, 0.5), c = NA_real_)
  colnames(first) <- c("0", "1")
  for (which in c("mean", "last")) {
    expect_identical(
      datamap_probs(lines_of_three(), which, burn_out = 1), first
    )
    expect_identical(
      datamap_probs(lines_of_three(), which, steps = c(0, 0)), first
    )
  }
})

test_that("class vectors may have different lengths", {
  lines <- I(c(
    "{\"id\": 1, \"label\": 1, \"probs\": [0.25, 0.25, 0.5, 0]}",
    "{\"id\": 1, \"label\": 1, \"probs\": [0.75, 0.25]}",
    "{\"id\": 2, \"label\": 1, \"probs\": [0.25, 0.75]}"
  ))
  expect_warning(
    mean <- datamap_probs(lines),
    class = "datamap_warning_disagreement"
  )
  expect_identical(unname(mean["1", ]), c(0.5, 0.25, 0.25, 0))
  expect_identical(unname(mean["2", ]), c(0.25, 0.75, 0, 0))
  last <- suppressWarnings(datamap_probs(lines, "last"))
  expect_identical(unname(last["1", ]), c(0.75, 0.25, 0, 0))
  state <- suppressWarnings(
    datamap_state(lines, metrics = "suggested_label")
  )
  expect_identical(suppressWarnings(datamap_probs(state)), mean)
})

test_that("columns are called by labels, each by its own", {
  line <- paste0(
    "{\"id\": ", 1:3, ", \"label\": ", c(1, 2, 1), ", \"label_index\": ",
    c(0, 1, 0), ", \"probs\": [0.25, 0.5, 0.25]}"
  )
  # that of place 2 is not label 2
  expect_identical(
    colnames(datamap_probs(I(line))), c("1", "2", "place 2")
  )
  frame <- data.frame(
    id = 1:2, label = c("yes", "no"), .pred_no = c(0.1, 0.6),
    .pred_yes = c(0.9, 0.4)
  )
  expect_identical(
    datamap_probs(frame),
    rbind("1" = c(no = 0.1, yes = 0.9), "2" = c(0.6, 0.4))
  )
})

test_that("stages, merged states and saved ones give theirs", {
  p <- array(
    c(.5, .2, .5, .8, .7, .4, .3, .6, .9, .8, .1, .2), c(2, 2, 3),
    dimnames = list(c("x", "y"), c("no", "yes"), NULL)
  )
  stages <- datamap_stages(p, label = c("no", "yes"))
  expect_equal(
    datamap_probs(stages), apply(p, 1:2, mean),
    tolerance = 1e-15
  )
  expect_identical(datamap_probs(stages, "last"), p[, , 3])
  lines <- lines_of_three()
  part <- function(rows) {
    datamap_state(I(lines[rows]), metrics = "suggested_label")
  }
  both <- datamap_merge(part(1:3), part(4:5))
  expect_identical(datamap_probs(both), datamap_probs(lines))
  file <- tempfile()
  on.exit(unlink(file))
  datamap_save_state(both, file)
  expect_identical(datamap_probs(datamap_load_state(file)), datamap_probs(both))
})

test_that("what a state or recorder has not kept is an error", {
  lines <- lines_of_three()
  expect_error(
    datamap_probs(datamap_state(lines)),
    class = "datamap_error_input"
  )
  kept <- datamap_state(lines, metrics = "suggested_label")
  error <- expect_error(
    datamap_probs(kept, "last"),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "x")
  expect_error(
    datamap_probs(kept, burn_out = 1),
    class = "datamap_error_input"
  )
  kept$class_sums[[1]] <- Inf
  kept$metrics$n_probs[[1]] <- -1L
  expect_error(datamap_probs(kept), class = "datamap_error_input")
  rec <- datamap_recorder()
  datamap_record(rec, id = 1, label = 0, probs = cbind(0.5, 0.5))
  error <- expect_error(datamap_probs(rec), class = "datamap_error_input")
  expect_identical(error$instead, "datamap_recorder")
})

test_that("signals without class vectors are an error, no signals a warning", {
  line <- "{\"id\": 1, \"label\": 0, \"label_probs\": 0.5, \"correct\": true}"
  error <- expect_error(
    datamap_probs(I(line)),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "probs")
  expect_warning(
    none <- datamap_probs(I("")),
    class = "datamap_warning_empty"
  )
  expect_identical(dim(none), c(0L, 0L))
})
