# Numbers with a comma, letters of one byte, letters whose second byte is a
# backslash or a brace: none of it may change what is read or said.
for (locale in c("C", "de_DE", "de_DE.UTF-8", "fr_CA.ISO-8859-1",
                 "zh_CN.GB18030")) {
  test_that(paste("maps and errors are the same in the locale", locale), {
    signals <- random_signals(n = 100, times = 4, ids = "strings")
    signals$id <- gsub("[\t\n]", "_", signals$id) # no summary file holds those
    lines <- signal_lines(signals, given_fields)
    path <- write_signals(c(lines, record("\"\u00e9\"", "77.87"), "{"))
    bad <- write_signals("{\"id\": \"\u65e5\u00fc\", \"label\": 0, \"\u00e9 }")
    file <- file.path(dirname(path), "map.result")
    results <- function() {
      map <- suppressWarnings(
        datamap_summarise(path, signals = both_signals, on_error = "skip")
      )
      datamap_write_summary(map, file)
      error <- expect_error(datamap_summarise(bad), class = "datamap_error")
      fields <- c(
        "path", "line", "column", "key", "byte", "found", "expected"
      )
      list(
        map = columns_of(map), problems = as.list(datamap_problems(map)),
        file = readBin(file, "raw", 1e6), back = datamap_read_summary(file),
        class = class(error), error = unclass(error)[fields]
      )
    }
    here <- results()
    expect_identical(here$error$column, 30L)
    local_locale(locale)
    there <- results()
    for (name in names(here)) {
      expect_true(identical(there[[name]], here[[name]], num.eq = FALSE),
        label = name
      )
    }
  })
}
