# U: the bytes of strings, and files in other encodings. All strings of the
# table are written as bytes, so that no reader of R sees them before.

a <- record()
# The bytes inside a string: as id, as a key, and in a value that nobody reads.
# `at` is the character within the string where the trouble starts.
refuses <- function(bytes, at = 1, says = NULL, keys = TRUE) {
  before <- "{\"id\": \""
  after <- "\", \"label\": 0, \"correct\": 1, \"label_probs\": 0.5}"
  value <- list("{\"x\": [\"", bytes, "\"], \"id\": 1}")
  c(
    list(
      fault_case(lines_of(a, list(before, bytes, after), a),
        error = fault_error("syntax", 2, 8 + at, "id", says)
      ),
      fault_case(lines_of(a, value, a),
        error = fault_error("syntax", 2, 8 + at, "x", says)
      )
    ),
    if (keys) {
      list(fault_case(lines_of(list("{\"", bytes, "\": 1}"), a),
        error = fault_error("syntax", 1, 2 + at, NULL, says)
      ))
    }
  )
}
# The ids come back as they are, marked as UTF-8.
keeps <- function(...) {
  ids <- c(...)
  function() {
    bytes <- do.call(lines_of, lapply(ids, function(id) {
      list("{\"id\": \"", charToRaw(id),
           "\", \"label\": 0, \"correct\": 1, \"label_probs\": 0.5}")
    }))
    check_case(fault_case(bytes, map = list(id = ids)))
    got <- datamap_summarise(bytes)$id
    expect_identical(lapply(got, charToRaw), lapply(ids, charToRaw))
    expect_true(all(Encoding(got[got != iconv(got, to = "ASCII", sub = "?")]) ==
                      "UTF-8"))
  }
}
# Whole files, which stop the reading whatever on_error says.
encoded <- function(units, says) {
  fault_case(units,
    error = fault_error("syntax", 1, 1, NULL, says, is_whole = TRUE)
  )
}
# Every byte as a unit of 2 or 4 bytes, the mark before them or not.
wide <- function(text, size, is_big, mark = FALSE) {
  units <- as.integer(charToRaw(text))
  if (mark) units <- c(0xfeffL, units)
  rows <- rbind(units %% 256L, units %/% 256L, 0L, 0L)[seq_len(size), ]
  if (is_big) rows <- rows[rev(seq_len(size)), ]
  as.raw(rows)
}
tag <- function(tag, title, cases, ...) {
  do.call(fault, c(list(tag, title), cases, ...))
}
lines <- paste0(a, "\n", a, "\n")
utf16 <- "looks like UTF-16"

list(
  tag("U1", "a byte that is no UTF-8", c(
    refuses(0xff), refuses(list("ab", 0x80), 3),
    refuses(list("a", 0xc0, "b"), 2)
  ), is_common = TRUE),
  tag("U2", "a character cut short", c(
    refuses(list("a", 0xc3), 2), refuses(list(0xe6, 0x97), 1),
    refuses(list(0xf0, 0x9f, 0x98), 1), refuses(list(0xe6, "a"), 1)
  )),
  tag("U3", "two bytes for one of ASCII", refuses(c(0xc1, 0x81))),
  tag("U4", "three bytes where two do", refuses(c(0xe0, 0x83, 0xa9))),
  tag("U5", "four bytes where three do", refuses(c(0xf0, 0x86, 0x97, 0xa5))),
  tag("U6", "a surrogate in UTF-8", refuses(c(0xed, 0xa0, 0x80))),
  tag("U7", "beyond U+10FFFF", c(
    refuses(c(0xf4, 0x90, 0x80, 0x80)), refuses(c(0xf8, 0x88, 0x80, 0x80))
  )),
  tag("U8", "a high surrogate alone", c(
    refuses("\\ud800", 1, "surrogate"), refuses("a\\uDBFFb", 2, "surrogate")
  ), is_common = TRUE),
  tag("U9", "a low surrogate alone", refuses("\\udc00", 1, "surrogate")),
  tag("U10", "a pair the wrong way round",
    refuses("\\ude00\\ud83d", 1, "surrogate")
  ),
  fault("U11", "U+0000 in an id",
    fault_case(lines_of(a, record("\"a\\u0000b\""), a),
      error = fault_error("syntax", 2, 8, "id")
    ),
    fault_case(lines_of(a, printed("'a\\x00b'"), a),
      error = fault_error("syntax", 2, 8, "id")
    ),
    # where nobody reads it, it is a character like any other
    fault_case(lines_of(record(1, "0.5", ", \"x\": \"a\\u0000b\"")),
      map = list(id = 1L)
    ),
    is_common = TRUE
  ),
  tag("U12", "a NUL", c(
    refuses(list("a", 0x00, "b"), 2),
    list(fault_case(lines_of(a, list(a, 0x00)),
      error = fault_error("syntax", 2, 56)
    ))
  )),
  tag("U13", "a control character", c(
    refuses(0x01), refuses(list("ab", 0x1f), 3), refuses(0x09)
  )),
  fault("U14", "DEL", keeps("a\x7f", "\x7f")),
  fault("U15", "U+2028 and U+2029", keeps("a\u2028b", "\u2029")),
  fault("U16", "two ways to write one letter are two ids",
    keeps("\u00e9", "e\u0301")
  ),
  tag("U17", "an id in Latin-1", refuses(list("caf", 0xe9), 4)),
  fault("U18", "UTF-16, little end first, marked",
    encoded(wide(lines, 2, FALSE, TRUE), utf16), is_common = TRUE
  ),
  fault("U19", "UTF-16, little end first",
    encoded(wide(lines, 2, FALSE), utf16)
  ),
  fault("U20", "UTF-16, big end first, marked",
    encoded(wide(lines, 2, TRUE, TRUE), utf16)
  ),
  fault("U21", "UTF-16, big end first", encoded(wide(lines, 2, TRUE), utf16)),
  fault("U22", "UTF-32",
    encoded(wide(lines, 4, FALSE), "looks like UTF-32"),
    encoded(wide(lines, 4, FALSE, TRUE), "looks like UTF-32"),
    encoded(wide(lines, 4, TRUE), "looks like UTF-32"),
    encoded(wide(lines, 4, TRUE, TRUE), "looks like UTF-32")
  ),
  fault("U23", "an emoji as id",
    keeps("\U0001f600", "x\U0001f468\u200d\U0001f469"),
    fault_case(
      list(
        lines_of(record("\"\\ud83d\\ude00\"")),
        "{\"id\": \"", c(0xf0, 0x9f, 0x98, 0x80), "\", \"label\": 0, ",
        "\"correct\": 1, \"label_probs\": 0.5}\n",
        lines_of(printed("'\\U0001f600'"))
      ),
      map = list(id = "\U0001f600", evaluations = 3L)
    )
  ),
  fault("U24", "an id from right to left",
    keeps("\u0645\u0631\u062d\u0628\u0627", "\u202eabc")
  ),
  fault("U25", "an id of four bytes in the C locale",
    function() {
      id <- "\U0001f600"
      bytes <- lines_of(list("{\"id\": \"", charToRaw(id), "\", \"label\": \"",
        charToRaw(id), "\", \"correct\": 1, \"label_probs\": 0.5}"
      ))
      local_locale("C")
      map <- datamap_summarise(bytes)
      for (column in c("id", "label")) {
        expect_identical(Encoding(map[[column]]), "UTF-8")
        expect_identical(charToRaw(map[[column]]), charToRaw(id))
      }
      file <- tempfile(fileext = ".result")
      on.exit(unlink(file), add = TRUE)
      datamap_write_summary(map, file)
      expect_identical(charToRaw(datamap_read_summary(file)$id), charToRaw(id))
    }
  ),
  fault("U26", "the id NA",
    fault_case(lines_of(record("\"NA\""), record("\"b\"")),
      map = list(id = c("NA", "b"))
    ),
    function() {
      expect_false(anyNA(summarise_text(record("\"NA\""))$id))
    }
  ),
  fault("U27", "an empty id",
    fault_case(lines_of(record("\"\""), record(1), record("\"\"")),
      map = list(id = c("", "1"), evaluations = 2:1)
    )
  )
)
