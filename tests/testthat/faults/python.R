# P: dicts as Python prints them. What is accepted must be what Python's own
# ast.literal_eval() makes of it, where that can read it: NumPy's scalars are
# beyond it.

plain <- printed()
end <- function(more) printed(2, "0.25", paste0(", ", more))

# `is_literal`: whether literal_eval() reads the line. The id and the signal x
# are compared with what it says.
accepts <- function(line, ..., is_literal = TRUE) {
  case <- fault_case(lines_of(plain, line), ..., signals = "x")
  function() {
    check_case(case)
    if (is_literal && has_python()) {
      map <- datamap_summarise(case$bytes, signals = "x")
      expect_identical(python_literal(line), list(
        id = as.character(tail(map$id, 1)), x = tail(map$x_last, 1)
      ))
    }
  }
}
as_string <- function(text, id) {
  accepts(sub("2", text, printed(2), fixed = TRUE), map = list(id = c("1", id)))
}
as_signal <- function(text, value, ...) {
  accepts(end(paste0("'x': ", text)), map = list(x_last = c(NA, value)), ...)
}
refuses <- function(text, says = "convert with .item(), .tolist() or str()",
                    at = 0) {
  list(
    fault_case(lines_of(plain, end(paste0("'x': ", text)), plain),
      error = fault_error("syntax", 2, 66 + at, "x", says)
    ),
    fault_case(lines_of(plain, end(paste0("'y': [1, ", text, "]"))),
      error = fault_error("syntax", 2, 70 + at, "y", says)
    )
  )
}
tag <- function(tag, title, cases) {
  do.call(fault, c(list(tag, title), cases))
}

list(
  fault("P1", "a dict as str() shows it",
    accepts(end("'x': 0.125"), map = list(id = 1:2, x_last = c(NA, 0.125)))
  ),
  fault("P2", "double quotes around an apostrophe",
    as_string("\"it's\"", "it's")
  ),
  fault("P3", "True",
    accepts(printed(2), map = list(correct_times = c(1L, 1L)))
  ),
  fault("P4", "False",
    accepts(sub("True", "False", printed(2)),
      map = list(correct_times = c(1L, 0L))
    )
  ),
  fault("P5", "None",
    accepts(end("'s_label': None, 'x': None"), map = list(
      s_label = c(0L, 0L), x_last = c(NA_real_, NA)
    )),
    fault_case(lines_of(plain, sub("'label': 0", "'label': None", plain)),
      error = fault_error("field", 2, 20, "label", "None")
    )
  ),
  fault("P6", "\\x", as_string("'caf\\xe9'", "caf\u00e9")),
  fault("P7", "\\u", as_string("'\\u65e5\\u672c'", "\u65e5\u672c")),
  fault("P8", "\\U", as_string("'\\U0001f600'", "\U0001f600")),
  fault("P9", "\\' and \\\"", as_string("'a\\'b\\\"'", "a'b\"")),
  fault("P10", "\\\\", as_string("'a\\\\nb'", "a\\nb")),
  fault("P11", "\\n, \\r, \\t", as_string("'a\\nb\\rc\\td'", "a\nb\rc\td")),
  fault("P12", "tuples",
    accepts(
      "{'id': 2, 'label': 1, 'probs': (0.25, 0.75), 'y': ((), (1,))}",
      map = list(id = 1:2, avg_probs = c(0.5, 0.75))
    )
  ),
  fault("P13", "trailing commas",
    accepts(
      "{'id': 2, 'label': 1, 'probs': [0.25, 0.75, ], 'y': {'z': 1, }, }",
      map = list(avg_probs = c(0.5, 0.75))
    )
  ),
  fault("P14", "1e-05", as_signal("1e-05", double_of("3ee4f8b588e368f1"))),
  # the word is none for literal_eval()
  fault("P15", "nan", as_signal("nan", NaN, is_literal = FALSE)),
  fault("P16", "inf", as_signal("inf", Inf, is_literal = FALSE)),
  fault("P17", "-inf", as_signal("-inf", -Inf, is_literal = FALSE)),
  fault("P18", "np.float64(0.1)",
    as_signal("np.float64(0.1)", 0.1, is_literal = FALSE),
    as_signal("np.float64(-inf)", -Inf, is_literal = FALSE),
    as_signal("np.float64(nan)", NaN, is_literal = FALSE)
  ),
  fault("P19", "np.float32(0.1)",
    as_signal("np.float32(0.1)", 0.1, is_literal = FALSE)
  ),
  fault("P20", "np.int64(7)",
    accepts(sub("2", "np.int64(7)", printed(2), fixed = TRUE),
      map = list(id = c(1L, 7L)), is_literal = FALSE
    ),
    as_signal("np.int64(-7)", -7, is_literal = FALSE)
  ),
  fault("P21", "np.True_ and np.False_",
    accepts(sub("True", "np.True_", printed(2)),
      map = list(correct_times = c(1L, 1L)), is_literal = FALSE
    ),
    accepts(sub("True", "np.False_", printed(2)),
      map = list(correct_times = c(1L, 0L)), is_literal = FALSE
    )
  ),
  tag("P22", "tensor(0.5)", c(
    refuses("tensor(0.5)"), refuses("tensor(0.5, device='cuda:0')")
  )),
  tag("P23", "array([0.5])", c(
    refuses("array([0.5, 0.5])"), refuses("array([1, 2], dtype=int32)")
  )),
  tag("P24", "bytes", c(refuses("b'abc'"), refuses("b\"it's\""))),
  tag("P25", "a set", c(
    refuses("{1, 2}", "A set can't be read", at = 2), refuses("set()")
  )),
  tag("P26", "a complex number", c(
    refuses("1j", "`1j`"), refuses("0.5+2j", "`0.5+2j`")
  )),
  tag("P27", "strings with a prefix", c(
    refuses("r'a'"), refuses("f'a'"), refuses("u'a'"), refuses("R\"a\"")
  )),
  fault("P28", "two strings side by side",
    fault_case(lines_of(plain, end("'x': 'a' 'b'"), plain),
      error = fault_error("syntax", 2, 70)
    ),
    fault_case(lines_of(plain, sub("2", "'a''b'", printed(2), fixed = TRUE)),
      error = fault_error("syntax", 2, 11)
    )
  ),
  tag("P29", "calls and operators", c(
    refuses("dict()"), refuses("float('nan')"), refuses("1+1", "`1+1`"),
    refuses("__import__('os')"), refuses("not True", NULL),
    refuses("lambda: 0", NULL),
    list(fault_case(lines_of(plain, end("'x': 2**3")),
      error = fault_error("syntax", 2, 67, says = "`*`")
    ))
  )),
  fault("P30", "JSON and Python in one file",
    fault_case(lines_of(record(), plain, record(2), printed("\"3\"")),
      map = list(id = c("1", "2", "3"), evaluations = c(2L, 1L, 1L))
    ),
    # decided by the quote alone
    fault_case(lines_of(plain, sub("1,", "true,", record("\"1\""))),
      map = list(id = "1", evaluations = 2L)
    ),
    fault_case(lines_of(plain, sub("1,", "True,", record("\"1\""))),
      error = fault_error("syntax", 2, 36, "correct", "`True`")
    ),
    fault_case(lines_of(plain, sub("1,", "true,", record("\"1\""))),
      format = "python",
      error = fault_error("syntax", 2, 36, "correct", "`true`")
    )
  )
)
