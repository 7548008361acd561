line <- "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}"

# The readers, and what they read.
readers <- function() {
  list(
    datamap_summarise = list(I(line)),
    datamap_state = list(I(line)),
    datamap_update = list(datamap_state(I(line)), I(line)),
    datamap_read_signals = list(I(line))
  )
}

test_that("every reader checks how it is to read, by its own name", {
  skip_if_long()
  wrong <- list(
    format = "yaml", on_error = "go on", partial_last = NA, max_line = 0,
    threads = 0.5, progress = "yes"
  )
  expect_setequal(names(wrong), setdiff(names(formals(check_reading)), "call"))
  given <- readers()
  for (name in names(given)) {
    for (arg in names(wrong)) {
      error <- expect_error(
        do.call(name, c(given[[name]], wrong[arg])),
        class = "datamap_error_input"
      )
      expect_identical(error$key, arg)
      expect_match(
        conditionMessage(error), paste0("`", arg, "` must be"),
        fixed = TRUE
      )
      expect_identical(as.character(error$call[[1]]), name)
    }
  }
})

test_that("what readers take is the same everywhere", {
  for (name in names(readers())) {
    choices <- formals(get(name))[names(reading_choices)]
    expect_identical(lapply(choices, eval), reading_choices)
  }
  expect_identical(
    check_reading()[names(reading_choices)],
    list(format = "auto", on_error = "stop", partial_last = "error")
  )
  expect_identical(check_reading(threads = 3)$threads, 3L)
})
