# Usage: Rscript pages.R FOLDER
#
# Writes what test_explore.py opens: pages of datamap_explore(), a document of R
# Markdown with the widget, an app of Shiny, and the rows that a CSV must have;
# and a page of datamap_report() of the same texts, which are suspects there.

library(datacarto)

args <- commandArgs(TRUE)
folder <- args[[1]]
map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
texts <- data.frame(id = map$id, text = paste("message", map$id, "of them"))
texts$text[1:8] <- c(
  "<script>window.pwned = 1</script>", "</script><script>window.pwned = 2",
  "<!--<script>", "<img src=x onerror='window.pwned = 3'>",
  "right \u202e to left \u2028 line", "=cmd|' /C calc'!A0",
  "quote \" comma, \n line",
  "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u4e2d\u6587"
)
map$share <- 1 / (seq_len(nrow(map)) + 2)
# where no other sample lies over them
map$avg_probs[1:8] <- 1:8 / 9
map$label_var[1:8] <- 0.24
datamap_explore(map, texts, file = file.path(folder, "texts.html"))
con <- file(file.path(folder, "texts.csv"), "wb")
rows <- data.frame(
  id = map$id[1:8], text = texts$text[1:8],
  share = vapply(map$share[1:8], format, "", digits = 17)
)
write.csv(rows, con, row.names = FALSE, fileEncoding = "UTF-8")
close(con)

suspects <- map
suspects$avg_probs[1:8] <- 0
datamap_report(suspects, texts, file.path(folder, "report.html"))

many <- data.frame(
  id = 1:250000, avg_probs = (1:250000 * 0.618034) %% 1,
  label_var = (1:250000 * 0.414214) %% 0.25, correct_ratio = 1
)
names <- setdiff(names(map), c(names(many), "share"))
many[names] <- lapply(map[names], rep_len, nrow(many))
datamap_explore(
  as_datamap(many), facet = NULL, columns = "avg_probs",
  file = file.path(folder, "many.html")
)

saveRDS(map, file.path(folder, "map.rds"))
writeLines(c(
  "---", "title: A map", "output:", "  html_document:",
  "    self_contained: false", "    mathjax: null", "---", "",
  "```{r, echo=FALSE}",
  "datacarto::datamap_explore(readRDS(\"map.rds\"))", "```"
), file.path(folder, "document.Rmd"))
rmarkdown::render(file.path(folder, "document.Rmd"), quiet = TRUE)

writeLines(c(
  "library(datacarto)",
  "map <- readRDS(\"map.rds\")",
  "shiny::shinyApp(",
  "  shiny::fluidPage(",
  "    datamap_explore_output(\"map\"), shiny::verbatimTextOutput(\"ids\")",
  "  ),",
  "  function(input, output, session) {",
  "    output$map <- datamap_explore_render(datamap_explore(map))",
  "    output$ids <- shiny::renderText(paste(input$map_selected))",
  "  }",
  ")"
), file.path(folder, "app.R"))
