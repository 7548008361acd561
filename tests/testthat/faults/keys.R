# K: which keys a record has, and of what type their values are.

a <- record()
b <- record(2, "0.25")
two <- list(id = c(1L, 2L), avg_probs = c(0.5, 0.25))
between <- function(line, class, column, key, ...) {
  fault_case(lines_of(a, line, b),
    error = fault_error(class, 2, column, key, ...)
  )
}
# A record whose value of the key is this one.
with_value <- function(key, value) {
  sub(paste0("(\"", key, "\": )[^,}]*"), paste0("\\1", value), b)
}

list(
  fault("K1", "no id",
    between(sub("id", "ident", b), "field", 1, "id"),
    between("{}", "field", 1, "id")
  ),
  fault("K2", "no label",
    between(sub("label", "lable", b), "field", 1, "label")
  ),
  fault("K3", "no s_label or noisy_label",
    fault_case(lines_of(a, b), map = c(two, list(s_label = c(0L, 0L)))),
    fault_case(
      lines_of(a, record(1, "0.5", ", \"noisy_label\": 2"), b, a),
      map = list(id = 1:2, s_label = c(2L, 0L))
    )
  ),
  fault("K4", "a key twice, with one value",
    between(record(2, "0.25", ", \"id\": 2"), "field", 64, "id", "once"),
    between(record(2, "0.25", ", \"label\": 0"), "field", 67, "label"),
    # in values that nobody reads anything goes
    fault_case(
      lines_of(a, record(2, "0.25", ", \"x\": {\"id\": 1, \"id\": 1}")),
      map = two
    )
  ),
  fault("K5", "a key twice, with different values",
    between(record(2, "0.25", ", \"id\": 3"), "field", 64, "id", "once"),
    between(
      record(2, "0.25", ", \"l\\u0061bel\": 1"), "field", 72, "l\\u0061bel",
      "once"
    ),
    is_common = TRUE
  ),
  fault("K6", "a key with an escape",
    fault_case(
      lines_of(a, sub("\"label\"", "\"l\\u0061bel\"", b, fixed = TRUE)),
      map = c(two, list(label = c(0L, 0L)))
    ),
    fault_case(
      lines_of(a, sub("'id'", "'\\x69d'", printed(2, "0.25"), fixed = TRUE)),
      map = two
    )
  ),
  fault("K7", "keys that a known one begins or ends",
    fault_case(
      lines_of(a, record(2, "0.25", paste0(
        ", \"i\": [], \"ids\": 9, \"id \": 8, \"labels\": 1, \"abel\": {}, ",
        "\"label_prob\": 7, \"label_probs_\": 6, \"my_id\": 5"
      ))),
      map = two
    )
  ),
  fault("K8", "unknown keys with nested values",
    fault_case(
      lines_of(a, record(2, "0.25", paste0(
        ", \"x\": {\"id\": [7, {\"label\": \"}\"}], \"y\": \"{[\\\"\"}, ",
        "\"z\": [[], {}, [[null]]]"
      ))),
      map = two
    ),
    # which are checked all the same
    between(
      record(2, "0.25", ", \"x\": {\"y\": [1, {\"z\" 2}]}"), "syntax", 78, "x"
    )
  ),
  fault("K9", "keys in any order",
    fault_case(
      lines_of(
        a, "{\"label_probs\": 0.25, \"label\": 0, \"correct\": 1, \"id\": 2}",
        "{\"correct\": 1, \"id\": 2, \"label_probs\": 0.25, \"label\": 0}"
      ),
      map = c(two, list(evaluations = 1:2))
    )
  ),
  fault("K10", "an empty key",
    fault_case(lines_of(a, record(2, "0.25", ", \"\": 1")), map = two)
  ),
  fault("K11", "a key that is no string",
    between(record(2, "0.25", ", 7: 1"), "syntax", 58, NULL),
    between(record(2, "0.25", ", x: 1"), "syntax", 58, NULL),
    between("{id: 1}", "syntax", 2, NULL, "a key in double quotes")
  ),
  fault("K12", "null where a value is required",
    between(with_value("id", "null"), "field", 8, "id", "`null`"),
    between(with_value("label", "null"), "field", 20, "label"),
    between(with_value("correct", "null"), "field", 34, "correct"),
    between(with_value("label_probs", "null"), "field", 52, "label_probs")
  ),
  fault("K13", "an id of the wrong type",
    between(with_value("id", "true"), "field", 8, "id", "`true`"),
    between(with_value("id", "2.5"), "field", 8, "id"),
    between(with_value("id", "{}"), "field", 8, "id")
  ),
  fault("K14", "a label of the wrong type",
    between(with_value("label", "1.5"), "field", 20, "label"),
    between(with_value("label", "0.5"), "field", 20, "label"),
    between(with_value("label", "[]"), "field", 20, "label")
  ),
  fault("K15", "a correct of the wrong type",
    between(with_value("correct", "2"), "field", 34, "correct"),
    between(with_value("correct", "\"yes\""), "field", 34, "correct"),
    between(with_value("correct", "[]"), "field", 34, "correct")
  ),
  fault("K16", "a label_probs of the wrong type",
    between(with_value("label_probs", "\"0.5\""), "field", 52, "label_probs"),
    between(with_value("label_probs", "true"), "field", 52, "label_probs"),
    between(with_value("label_probs", "[]"), "field", 52, "label_probs")
  ),
  fault("K17", "probs of the wrong type",
    between(record(2, "0.25", ", \"probs\": 1"), "field", 67, "probs"),
    between(record(2, "0.25", ", \"probs\": {}"), "field", 67, "probs"),
    between(record(2, "0.25", ", \"probs\": [1, \"0\"]"), "field", 71, "probs"),
    between(record(2, "0.25", ", \"probs\": [[1]]"), "field", 68, "probs")
  )
)
