# The table of CONTRIBUTING.md: a row for each argument, with its place and the
# functions that have it, by their full names. NULL where there is no checkout.
argument_table <- function() {
  file <- test_path("..", "..", "CONTRIBUTING.md")
  if (!file.exists(file)) {
    return(NULL)
  }
  lines <- readLines(file, encoding = "UTF-8")
  section <- cumsum(startsWith(lines, "## "))
  lines <- lines[section == section[[match("## Arguments", lines)]]]
  rows <- strsplit(grep("^[|] `", lines, value = TRUE), " *[|] *")
  exports <- getNamespaceExports("datacarto")
  do.call(rbind, lapply(rows, function(row) {
    names <- gsub("`", "", strsplit(row[[2]], ", ", fixed = TRUE)[[1]])
    functions <- strsplit(row[[5]], ", ", fixed = TRUE)[[1]]
    short <- !functions %in% exports
    functions[short] <- paste0("datamap_", functions[short])
    expand.grid(
      fun = functions, argument = names, place = row[[3]],
      stringsAsFactors = FALSE
    )
  }))
}

exported_formals <- function() {
  exports <- sort(getNamespaceExports("datacarto"))
  formals <- lapply(exports, function(name) {
    names(formals(getExportedValue("datacarto", name)))
  })
  stats::setNames(formals, exports)
}

test_that("every argument has its row in the table, and no row lies", {
  table <- argument_table()
  skip_if(is.null(table), "no CONTRIBUTING.md here")
  formals <- exported_formals()
  said <- paste0(table$fun, "(", table$argument, ")")
  found <- paste0(
    rep(names(formals), lengths(formals)), "(", unlist(formals), ")"
  )
  expect_identical(setdiff(found, said), character())
  expect_identical(setdiff(said, found), character())
  expect_identical(anyDuplicated(said), 0L)
})

test_that("arguments stand in one order: data, the usual, `...`, the rest", {
  table <- argument_table()
  skip_if(is.null(table), "no CONTRIBUTING.md here")
  order <- unique(table$argument)
  place <- table$place[match(order, table$argument)]
  expect_false(is.unsorted(match(place, c("data", "usual", "", "rest"))))
  formals <- exported_formals()
  # Its conditions are in `...`, right behind the data
  filter <- formals$datamap_filter
  formals$datamap_filter <- c(
    setdiff(filter, "..."), intersect(filter, "...")
  )
  # Its file need not be: it stands behind all
  explore <- formals$datamap_explore
  expect_identical(explore[[length(explore)]], "file")
  formals$datamap_explore <- append(setdiff(explore, "file"), "file", 2)
  for (name in names(formals)) {
    at <- match(formals[[name]], order)
    expect_identical(formals[[name]][order(at)], formals[[name]], label = name)
  }
  # Nothing that is rarely given is had by its place
  has_rest <- vapply(formals, function(names) {
    any(place[match(names, order)] == "rest") && !"..." %in% names
  }, NA)
  expect_identical(names(formals)[has_rest], character())
})

test_that("`...` is checked to be empty where it takes nothing", {
  skip_if_long()
  takes <- c(
    "datamap_filter", "datamap_merge", "datamap_record", "scale_color_datamap",
    "scale_colour_datamap", "scale_fill_datamap", "scale_shape_datamap"
  )
  old <- setwd(tempdir())
  on.exit(setwd(old))
  working <- working_calls()
  formals <- exported_formals()
  has_dots <- vapply(formals, function(names) "..." %in% names, NA)
  for (name in setdiff(names(formals)[has_dots], takes)) {
    fun <- getExportedValue("datacarto", name)
    error <- expect_error(
      do.call(fun, c(working[[name]], list(none_such = 1)), quote = TRUE),
      class = "datamap_error_input", label = name
    )
    expect_identical(error$key, "none_such", label = name)
  }
})

test_that("only what users call takes more than seven parameters", {
  namespace <- asNamespace("datacarto")
  exports <- getNamespaceExports("datacarto")
  # a row of a table, by whose columns its parameters are called
  internal <- setdiff(ls(namespace, all.names = TRUE), c(exports, "measure"))
  functions <- Filter(is.function, mget(internal, envir = namespace))
  expect_gt(length(functions), 500)
  sizes <- vapply(functions, function(f) length(formals(f)), 1L)
  expect_identical(names(sizes)[sizes > 7], character())
})

# The class of a result, how much of it there is, and its columns
shape_of <- function(x) {
  if (inherits(x, "ggplot")) {
    return("ggplot")
  }
  class_of <- function(x) class(x)[[1]]
  if (!is.data.frame(x)) {
    return(paste(class_of(x), "of", length(x)))
  }
  columns <- paste(names(x), vapply(x, class_of, ""))
  paste0(class_of(x), " of ", nrow(x), " rows: ", toString(columns))
}

test_that("every result has its class, size and columns", {
  skip_on_cran()
  old <- setwd(tempdir())
  on.exit(setwd(old))
  calls <- working_calls()
  # What ggplot2 and Shiny make is theirs
  of_others <- grepl("^(scale|theme|geom)_|explore_", names(calls))
  calls <- calls[!of_others]
  shapes <- vapply(names(calls), function(name) {
    given <- calls[[name]]
    given <- if (is.function(given)) given() else given
    fun <- getExportedValue("datacarto", name)
    result <- suppressWarnings(suppressMessages(do.call(fun, given)))
    paste0(name, "(): ", shape_of(result))
  }, "")
  setwd(old)
  expect_snapshot(writeLines(strwrap(shapes, 79, exdent = 2)))
})
