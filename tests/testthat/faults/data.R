# D: signals that are well formed and contradict each other.

a <- record()
more <- function(...) record(1, "0.5", paste0(", ", c(...)))
probs <- function(..., label = 0) {
  paste0(
    "{\"id\": 1, \"label\": ", label, ", \"probs\": [",
    paste(c(...), collapse = ", "), "]}"
  )
}
right <- function(text, python = FALSE) {
  line <- if (python) printed(more = "") else a
  sub("\"correct\": 1|'correct': True",
    paste0(if (python) "'correct': " else "\"correct\": ", text), line
  )
}

list(
  fault("D1", "an id twice in one evaluation",
    fault_case(lines_of(more("\"step\": 1"), more("\"step\": 1")),
      map = list(evaluations = 2L), disagreements = c(step = 1), at = c(2, 65)
    ),
    # an epoch may have several evaluations
    fault_case(lines_of(more("\"epoch\": 1"), more("\"epoch\": 1")),
      map = list(evaluations = 2L)
    )
  ),
  fault("D2", "an id that misses some evaluations",
    fault_case(lines_of(a, record(2), a, record(2), a),
      map = list(id = 1:2, evaluations = 3:2)
    )
  ),
  fault("D3", "a label that changes",
    fault_case(lines_of(a, sub("\"label\": 0", "\"label\": 7", a)),
      map = list(label = 0L, evaluations = 2L), disagreements = c(label = 1),
      at = c(2, 20)
    ),
    fault_case(lines_of(more("\"s_label\": 1"), more("\"s_label\": 2")),
      map = list(s_label = 1L), disagreements = c(s_label = 1), at = c(2, 68)
    )
  ),
  fault("D4", "probs of another length",
    fault_case(lines_of(probs(0.75, 0.25), probs(0.5, 0.25, 0.25)),
      map = list(avg_probs = 0.625), disagreements = c(prob_count = 1),
      at = c(2, 32)
    )
  ),
  fault("D5", "probs that do not sum to 1",
    fault_case(lines_of(probs(0.75, 0.5)),
      map = list(avg_probs = 0.75), disagreements = c(prob_sum = 1),
      at = c(1, 32)
    ),
    fault_case(lines_of(probs(0.75, 0.2505)), map = list(avg_probs = 0.75))
  ),
  fault("D6", "two classes that share the maximum",
    fault_case(lines_of(probs(0.5, 0.5)), map = list(correct_times = 1L)),
    fault_case(lines_of(probs(0.5, 0.5, label = 1)),
      map = list(correct_times = 0L)
    )
  ),
  fault("D7", "correct against the maximum",
    fault_case(lines_of(sub("}", ", \"correct\": 0}", probs(0.75, 0.25))),
      map = list(correct_times = 0L), disagreements = c(correct = 1),
      at = c(1, 57)
    )
  ),
  fault("D8", "correct in every spelling",
    fault_case(
      lines_of(
        right("\"true\""), right("true"), right("1"), right("1.0"),
        right("\"false\""), right("false"), right("0"),
        right("True", TRUE), right("'true'", TRUE), right("False", TRUE)
      ),
      map = list(evaluations = 10L, correct_times = 6L)
    )
  ),
  fault("D9", "a single evaluation",
    fault_case(lines_of(record(1, "0.1")),
      map = list(
        evaluations = 1L, avg_probs = 0.1, label_var = 0, correct_ratio = 1,
        forgetting_times = 0L, learnt_times = 0L, first_forget = 0L,
        first_learn = 0L
      )
    )
  ),
  fault("D10", "a million evaluations of one id",
    function() {
      # 0, 1, 1, 0, 1, 1, ...: forgotten and learnt each time
      three <- c(
        right("0"), sub("0.5", "0.25", a, fixed = TRUE),
        sub("0.5", "0.75", a, fixed = TRUE)
      )
      path <- write_signals(rep(three, length.out = 1e6))
      map <- datamap_summarise(path)
      expect_identical(map$evaluations, 1000000L)
      expect_identical(map$correct_times, 666666L)
      expect_identical(map$learnt_times, 333333L)
      expect_identical(map$forgetting_times, 333333L)
      expect_identical(map$first_learn, 1L)
      expect_identical(map$first_forget, 3L)
      # one more 0.5 than there are of 0.25 and 0.75
      expect_identical(map$avg_probs, 0.5)
      expect_equal(map$label_var, 666666 * 0.0625 / 1e6, tolerance = 1e-13)
      expect_identical(attr(map, "line_counts")[["good"]], 1e6)
    },
    is_heavy = TRUE
  )
)
