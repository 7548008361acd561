# S: lines, their ends, and what holds them together.

two <- list(id = c(1L, 2L), avg_probs = c(0.5, 0.25))
a <- record()
b <- record(2, "0.25")
long <- function(n) {
  record(2, "0.25", paste0(", \"x\": \"", strrep("x", n), "\""))
}

list(
  fault("S1", "an empty file",
    fault_case(raw(), map = list(evaluations = integer())),
    is_common = TRUE
  ),
  fault("S2", "only blank lines",
    fault_case("\n \t\n\r\n   ", map = list(evaluations = integer()), blank = 4)
  ),
  fault("S3", "no newline at the end",
    fault_case(list(lines_of(a), b), map = two),
    is_common = TRUE
  ),
  fault("S4", "lines that end in CR LF",
    fault_case(c(a, "\r\n", b, "\r\n"), map = two),
    is_common = TRUE
  ),
  fault("S5", "lone CR",
    fault_case(c(gsub(" ", "\r", a), "\n", b, "\r"), map = two),
    fault_case(c(a, "\r", b, "\r"),
      error = fault_error("syntax", 1, 57, says = "carriage return")
    )
  ),
  fault("S6", "line ends of both kinds",
    fault_case(c(a, "\r\n", b, "\n", a, "\r\n\n\r\n", b),
      map = list(id = 1:2, evaluations = c(2L, 2L)), blank = 2
    )
  ),
  fault("S7", "a byte order mark",
    fault_case(list(0xef, 0xbb, 0xbf, lines_of(a, b)), map = two),
    # only at the front
    fault_case(list(lines_of(a), 0xef, 0xbb, 0xbf, lines_of(b)),
      error = fault_error("syntax", 2, 1)
    ),
    is_common = TRUE
  ),
  fault("S8", "a byte order mark alone",
    fault_case(list(0xef, 0xbb, 0xbf), map = list(evaluations = integer()))
  ),
  fault("S9", "blanks around records",
    fault_case(c("  ", a, "   \n\t", b, " \t \n"), map = two)
  ),
  fault("S10", "a blank line between records",
    fault_case(lines_of(a, "", b, "  "), map = two, blank = 2)
  ),
  fault("S11", "a bad line between good ones",
    fault_case(lines_of(a, "{\"id\": 2, \"label\" 0}", b),
      error = fault_error("syntax", 2, 19, says = "':'")
    ),
    fault_case(lines_of(a, "oops", b, "{}}", a),
      error = fault_error("syntax", 2, 1), bad = c(2L, 4L)
    ),
    is_common = TRUE
  ),
  fault("S12", "the last line cut off",
    fault_case(c(a, "\n", substr(b, 1, 30)),
      error = fault_error("syntax", 2, 31)
    ),
    fault_case(c(a, "\n", substr(b, 1, 30)),
      partial_last = "ignore", map = list(id = 1L, evaluations = 1L), cut = TRUE
    ),
    is_common = TRUE
  ),
  fault("S13", "two records on one line",
    fault_case(lines_of(b, paste(a, b), a),
      error = fault_error("syntax", 2, 57, says = "end of the line")
    ),
    fault_case(lines_of(paste0(a, b)), error = fault_error("syntax", 1, 56)),
    is_common = TRUE
  ),
  fault("S14", "an array around all records",
    fault_case(c("[\n", a, ",\n", b, "\n]\n"),
      error = fault_error("syntax", 1, 1, says = "`[`"), bad = c(1L, 2L, 4L)
    )
  ),
  fault("S15", "a line that is one value",
    fault_case(lines_of(a, "42"), error = fault_error("syntax", 2, 1)),
    fault_case(lines_of("\"text\"", a), error = fault_error("syntax", 1, 1)),
    fault_case(lines_of("null", a), error = fault_error("syntax", 1, 1))
  ),
  fault("S16", "a record over two lines",
    fault_case(lines_of(b, "{\"id\": 1,", substring(a, 10), b),
      error = fault_error("syntax", 2, 10), bad = 2:3
    ),
    is_common = TRUE
  ),
  fault("S17", "a comment",
    fault_case(lines_of("# by run 7", a), error = fault_error("syntax", 1, 1)),
    fault_case(lines_of(a, "// by run 7"), error = fault_error("syntax", 2, 1)),
    fault_case(lines_of(a, paste(b, "/* x */")),
      error = fault_error("syntax", 2, 58)
    )
  ),
  fault("S18", "a trailing comma in JSON",
    fault_case(lines_of(a, sub("}", ",}", b, fixed = TRUE)),
      error = fault_error("syntax", 2, 57)
    ),
    fault_case(lines_of(record(1, "0.5", ", \"x\": [1, 2, ]"), b),
      error = fault_error("syntax", 1, 69, "x")
    )
  ),
  fault("S19", "a line of 200 KB",
    fault_case(lines_of(a, long(2e5)), map = two),
    is_common = TRUE
  ),
  fault("S20", "a line of 100 MB",
    function() {
      path <- write_raw(lines_of(a, long(1e8), b))
      on.exit(unlink(dirname(path), recursive = TRUE))
      error <- source_error(path, "limit")
      expect_identical(error$path, path)
      expect_identical(error$line, 2L)
      expect_match(conditionMessage(error), "Raise max_line", fixed = TRUE)
      expect_warning(
        map <- datamap_summarise(path, on_error = "skip"),
        class = "datamap_warning_skipped"
      )
      expect_identical(attr(map, "line_counts")[["bad"]], 1)
      expect_identical(map$avg_probs, two$avg_probs)
      map <- datamap_summarise(path, max_line = 2e8)
      expect_identical(map$evaluations, 1:2)
    },
    is_heavy = TRUE
  )
)
