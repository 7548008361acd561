test_that("10,000 random records read back as Python prints and dumps them", {
  skip_without_python()
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  at <- function(name) file.path(folder, name)
  run_python(random_records, folder, "10000")
  ids <- readLines(at("ids"))
  numbers <- matrix(readBin(at("numbers"), "double", 20000), 2)
  hex <- function(text) paste(charToRaw(text), collapse = "")
  for (name in c("printed", "dumped")) {
    map <- datamap_summarise(at(name), signals = "x")
    expect_identical(vapply(map$id, hex, "", USE.NAMES = FALSE), ids)
    expect_true(same_bits(map$avg_probs, numbers[1, ]))
    expect_true(same_bits(map$x_last, numbers[2, ]))
    expect_true(all(map$evaluations == 1))
    expect_identical(attr(map, "line_counts")[["good"]], 10000)
  }
})
