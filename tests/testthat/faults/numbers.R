# N: numbers, to the last bit, and what only looks like one. The bits of the
# doubles are those that Python gives to the same text.

a <- record()
# The signal x, by both dialects.
reads <- function(text, hex) {
  last <- list(x_last = double_of(hex))
  list(
    fault_case(
      lines_of(record(1, "0.5", paste0(", \"x\": ", text))),
      signals = "x", map = last
    ),
    fault_case(
      lines_of(printed(1, "0.5", paste0(", 'x': ", text))),
      signals = "x", map = last
    )
  )
}
# As a signal, as a label_probs and where nobody reads it.
refuses <- function(text, says = NULL) {
  line <- paste0("\"x\": ", text)
  list(
    fault_case(lines_of(a, record(2, "0.25", paste0(", ", line)), a),
      signals = "x", error = fault_error("syntax", 2, 63, "x", says)
    ),
    fault_case(lines_of(a, record(2, "0.25", paste0(", \"y\": [", text, "]"))),
      error = fault_error("syntax", 2, 64, "y", says)
    ),
    fault_case(lines_of(printed(2, "0.25", paste0(", 'x': ", text)), a),
      error = fault_error("syntax", 1, 66, "x", says)
    ),
    fault_case(lines_of(a, record(2, text)),
      error = fault_error("syntax", 2, 52, "label_probs", says)
    )
  )
}
overflows <- function(text) {
  fault_case(
    lines_of(a, record(2, "0.25", paste0(", \"x\": ", text)), a),
    signals = "x", error = fault_error("range", 2, 63, "x", text)
  )
}
ids <- function(..., want) {
  fault_case(
    lines_of(record(c(...), "0.5")),
    map = list(id = want, evaluations = rep(1L, length(want)))
  )
}
word <- function(json, python) {
  nothing <- list(id = 1:2, avg_probs = c(0.5, NaN), label_var = c(0, NaN))
  list(
    fault_case(lines_of(a, record(2, json)),
      map = nothing, disagreements = c(not_finite = 1), at = c(2, 52)
    ),
    fault_case(lines_of(a, printed(2, python)),
      map = nothing, disagreements = c(not_finite = 1), at = c(2, 55)
    ),
    # neither dialect has the other's words
    fault_case(lines_of(a, record(2, python)),
      error = fault_error("syntax", 2, 52, "label_probs")
    ),
    fault_case(lines_of(a, printed(2, json)),
      error = fault_error("syntax", 2, 55, "label_probs")
    )
  )
}
tag <- function(tag, title, cases, ...) {
  do.call(fault, c(list(tag, title), cases, ...))
}
# Halfway between 1 and the next double.
half <- "1.00000000000000011102230246251565404236316680908203125"

list(
  tag("N1", "-0", reads("-0", "8000000000000000")),
  tag("N2", "0.1", reads("0.1", "3fb999999999999a")),
  tag("N3", "1e-05", reads("1e-05", "3ee4f8b588e368f1")),
  tag("N4", "1E5", reads("1E5", "40f86a0000000000")),
  tag("N5", "5e-324, the smallest", reads("5e-324", "0000000000000001")),
  tag(
    "N6", "2.2250738585072011e-308, the largest subnormal",
    reads("2.2250738585072011e-308", "000fffffffffffff")
  ),
  tag(
    "N7", "1.7976931348623157e308, the largest",
    reads("1.7976931348623157e308", "7fefffffffffffff")
  ),
  fault("N8", "1e309", overflows("1e309"), overflows("-1e309")),
  fault("N9", "1e400", overflows("1e400"), overflows("-1e400"),
    fault_case(lines_of(a, record(2, "1e400")),
      error = fault_error("range", 2, 52, "label_probs", "1e400")
    ),
    is_common = TRUE
  ),
  tag("N10", "1e-400", c(
    reads("1e-400", "0000000000000000"), reads("-1e-400", "8000000000000000")
  )),
  tag(
    "N11", "20 digits",
    reads("0.12345678901234567890", "3fbf9add3746f65f")
  ),
  tag("N12", "800 digits", c(
    reads(paste0("1.", strrep("3", 799)), "3ff5555555555555"),
    reads(paste0(half, strrep("0", 746), "1"), "3ff0000000000001")
  )),
  tag("N13", "exactly halfway between two doubles", c(
    reads(half, "3ff0000000000000"),
    reads(
      "1.00000000000000033306690738754696212708950042724609375",
      "3ff0000000000002"
    ),
    reads("9007199254740993", "4340000000000000"),
    reads("9007199254740995", "4340000000000002")
  )),
  fault("N14", "2^53 as id",
    ids("9007199254740992", "9007199254740991", want = c(2^53 - 1, 2^53))
  ),
  fault("N15", "2^53 + 1 as id",
    ids("9007199254740993", "9007199254740992",
      want = c("9007199254740992", "9007199254740993")
    ),
    is_common = TRUE
  ),
  fault("N16", "-2^63 as id",
    ids("-9223372036854775807", "-9223372036854775808", "0",
      want = c("-9223372036854775808", "-9223372036854775807", "0")
    )
  ),
  fault("N17", "2^63 as id",
    ids("9223372036854775808", "9223372036854775807", "9223372036854775809",
      want = c(
        "9223372036854775807", "9223372036854775808", "9223372036854775809"
      )
    )
  ),
  fault("N18", "2^64 as id",
    ids("18446744073709551617", "18446744073709551616", "1",
      want = c("1", "18446744073709551616", "18446744073709551617")
    )
  ),
  fault("N19", "10^30 as id",
    ids("1000000000000000000000000000001", "1000000000000000000000000000000",
      want = c(
        "1000000000000000000000000000000", "1000000000000000000000000000001"
      )
    ),
    # as text it is the same sample
    fault_case(
      lines_of(record(c(strrep("9", 30), paste0("\"", strrep("9", 30), "\"")))),
      map = list(id = strrep("9", 30), evaluations = 2L)
    )
  ),
  fault("N20", "1.0 as id",
    fault_case(lines_of(a, record("1.0"), a),
      error = fault_error("field", 2, 8, "id", "`1.0`")
    ),
    fault_case(lines_of(record("1e0"), a),
      error = fault_error("field", 1, 8, "id")
    )
  ),
  tag("N21", "01", refuses("01", "`01`")),
  tag("N22", "+1", refuses("+1", "`+1`")),
  tag("N23", ".5", refuses(".5", "`.5`")),
  tag("N24", "5.", refuses("5.", "`5.`")),
  tag("N25", "0x10", refuses("0x10", "`0x10`")),
  tag("N26", "1_000", refuses("1_000", "`1_000`")),
  tag("N27", "NaN", word("NaN", "nan"), is_common = TRUE),
  tag("N28", "Infinity", word("Infinity", "inf")),
  tag("N29", "-Infinity", word("-Infinity", "-inf")),
  fault("N30", "a probability above 1",
    fault_case(lines_of(a, record(1, "1.5")),
      map = list(avg_probs = 1, max_label_probs = 1.5),
      disagreements = c(prob_range = 1), at = c(2, 52)
    ),
    fault_case(lines_of(record(1, "1.0000005")),
      map = list(max_label_probs = 1.0000005)
    )
  ),
  fault("N31", "a probability below 0",
    fault_case(lines_of(a, record(1, "-0.5")),
      map = list(avg_probs = 0, min_label_probs = -0.5),
      disagreements = c(prob_range = 1), at = c(2, 52)
    ),
    fault_case(lines_of(record(1, "-0.0000005")),
      map = list(min_label_probs = -0.0000005)
    )
  ),
  fault("N32", "a German locale",
    function() {
      signals <- random_signals(n = 50, times = 4)
      path <- write_signals(c(
        signal_lines(signals, given_fields),
        record("\"x\"", "0.7787", ", \"loss\": 77.87")
      ))
      map <- datamap_summarise(path, signals = "loss")
      expect_identical(tail(map$loss_last, 1), double_of("405377ae147ae148"))
      local_locale("de_DE.UTF-8")
      expect_identical(sprintf("%.1f", 0.5), "0,5")
      expect_same_map(datamap_summarise(path, signals = "loss"), map)
    },
    is_common = TRUE
  )
)
