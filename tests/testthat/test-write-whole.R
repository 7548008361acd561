test_that("a file is replaced as a whole, and nothing stays beside it", {
  folder <- tempfile("whole")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  path <- file.path(folder, "page.html")
  write_whole("one", path, NULL)
  write_whole(c("two", "\u00e4"), path, NULL)
  expect_identical(readBin(path, "raw", 99), charToRaw("two\n\u00e4\n"))
  expect_identical(dir(folder, all.files = TRUE, no.. = TRUE), "page.html")
  packed <- paste0(path, ".gz")
  write_whole("one", packed, NULL)
  expect_identical(readBin(packed, "raw", 2), as.raw(c(0x1f, 0x8b)))
  expect_identical(readLines(packed), "one")
})

test_that("what can't be written says why", {
  for (bad in c("no/such/page.html", "page.html.bz2")) {
    path <- file.path(tempdir(), bad)
    error <- expect_error(
      write_whole("one", path, NULL), class = "datamap_error_io"
    )
    expect_identical(error$path, path)
    expect_false(file.exists(path))
  }
})
