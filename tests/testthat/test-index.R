test_that("the index of the help pages has every page, and no other", {
  pages <- tools::Rd_db("datacarto")
  skip_if(length(pages) == 0, "installed without help")
  aliases <- lapply(pages, function(page) {
    tags <- vapply(page, attr, "", which = "Rd_tag")
    unlist(page[tags == "\\alias"])
  })
  lines <- readLines(system.file("_pkgdown.yml", package = "datacarto"))
  lines <- lines[seq_len(grep("^articles:", lines))]
  index <- sub("^  - ", "", grep("^  - ", lines, value = TRUE))

  is_listed <- vapply(aliases, function(x) sum(x %in% index) == 1, NA)
  expect_identical(names(which(!is_listed)), character())
  expect_identical(setdiff(index, unlist(aliases)), character())
})

test_that("the page of the package has every function", {
  pages <- tools::Rd_db("datacarto")
  skip_if(length(pages) == 0, "installed without help")
  page <- paste(as.character(pages[["datacarto-package.Rd"]]), collapse = "")
  is_there <- vapply(getNamespaceExports("datacarto"), function(name) {
    grepl(paste0("=", name, "]{", name, "()}"), page, fixed = TRUE)
  }, NA)
  expect_identical(sort(names(which(!is_there))), character())
})

test_that("the citation has the package and its two papers", {
  citations <- citation("datacarto")
  expect_identical(
    unlist(lapply(citations, function(x) x$key)),
    c("datacarto", "swayamdipta2020", "toneva2019")
  )
  expect_match(citations[[1]]$title, "Dataset Cartography", fixed = TRUE)
  expect_match(citations[[1]]$year, "^20[0-9]{2}$")
})
