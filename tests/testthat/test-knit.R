# Knits chunks, given by their code and named by their options, as Markdown in
# a folder that is gone afterwards. Returns the alternative texts of the
# figures in their order, NA for those without.
knit_alt <- function(..., pandoc_to = NULL) {
  skip_if_not_installed("knitr")
  folder <- tempfile()
  dir.create(folder)
  old <- setwd(folder)
  on.exit({
    setwd(old)
    unlink(folder, recursive = TRUE)
  })
  code <- c(...)
  chunks <- paste0("```{r ", names(code), "}\n", code, "\n```\n")
  place <- new.env(parent = globalenv())
  place$map <- random_map(60)
  knitr::opts_knit$set(rmarkdown.pandoc.to = pandoc_to)
  on.exit(knitr::opts_knit$set(rmarkdown.pandoc.to = NULL), add = TRUE)
  text <- paste(
    knitr::knit(text = chunks, envir = place, quiet = TRUE), collapse = "\n"
  )
  figures <- regmatches(text, gregexpr("<img [^>]*>|!\\[", text))[[1]]
  has_alt <- grepl(" alt=\"", figures, fixed = TRUE)
  ifelse(has_alt, sub("\".*", "", sub(".* alt=\"", "", figures)), NA)
}

# As it stands in HTML.
alt_of <- function(plot) {
  text <- gsub("&", "&amp;", ggplot2::get_alt_text(plot), fixed = TRUE)
  gsub(">", "&gt;", text, fixed = TRUE)
}

test_that("a figure has its plot's own text in the first chunk and others", {
  skip_if_long()
  map <- random_map(60)
  alt <- knit_alt(
    first = "datacarto::datamap_plot(map)",
    several = paste(
      "datacarto::datamap_plot(map, use_l_times = 0)",
      "plot(map, facet = NULL)",
      "for (k in 1:2) print(datacarto::datamap_plot_signals(map, 'id', k))",
      sep = "\n"
    ),
    other = "plot(1)",
    "added, fig.cap = 'A caption'" =
      "ggplot2::autoplot(map) + ggplot2::labs(alt = 'Mine')"
  )
  expect_identical(alt, c(
    alt_of(datamap_plot(map)),
    alt_of(datamap_plot(map, use_l_times = 0)),
    alt_of(datamap_plot(map, facet = NULL)),
    alt_of(datamap_plot_signals(map, "id", 1)),
    alt_of(datamap_plot_signals(map, "id", 2)),
    NA, "Mine"
  ))
})

test_that("a text of the chunk's comes first, and none is another's", {
  alt <- knit_alt(
    "given, fig.alt = 'Given'" = "datacarto::datamap_plot(map)",
    mixed = "plot(1)\ndatacarto::datamap_plot(map)",
    "hidden, fig.show = 'hide'" = "datacarto::datamap_plot(map)",
    after = "plot(1)",
    again = "datacarto::datamap_plot(map, use_f_times = 1)"
  )
  expect_identical(alt[-5], c("Given", NA, NA, NA))
  expect_match(alt[[5]], "Filter: forgetting_times at least 1", fixed = TRUE)
})

test_that("formats that take no text get none, and knitr's hook is back", {
  skip_if_not_installed("knitr")
  before <- knitr::knit_hooks$get("plot")
  code <- c(one = "datacarto::datamap_plot(map)")
  expect_no_warning(word <- knit_alt(code, pandoc_to = "docx"))
  expect_identical(word, NA)
  html <- knit_alt(code, pandoc_to = "html")
  expect_identical(html, alt_of(datamap_plot(random_map(60))))
  expect_identical(knitr::knit_hooks$get("plot"), before)
})

test_that("nothing is noted outside of documents, and plots stay ggplots", {
  knitted <- get("knitted", asNamespace("datacarto"))
  label <- knitted$label
  plot <- datamap_plot(random_map(20))
  expect_identical(as_draw(withVisible(print(plot)))$visible, FALSE)
  expect_identical(knitted$label, label)
  expect_s3_class(plot, c("datamap_ggplot", "ggplot"))
  expect_s3_class(plot + ggplot2::theme_grey(), "datamap_ggplot")
})
