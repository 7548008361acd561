# Usage: Rscript data-raw/cheatsheet.R
#
# Draws the sheet with all of the package on one page, datacarto.pdf and
# datacarto.png in cheatsheet/, from the code and the words below. From the top
# folder, with the package installed. Each line of code is parsed, so that none
# is broken.

suppressPackageStartupMessages(library(datacarto))
library(ggplot2)
library(grid)

# --- what stands there: a line that begins with ">" is code ---

columns <- list(
  list(
    "1  Have signals" = c(
      "Record them, once after every evaluation or batch:",
      "> rec <- datamap_recorder(\"signals.jsonl\")",
      "> datamap_record(rec, id = id, label = label,",
      ">                probs = probs, step = epoch)",
      "In Python the same: datamap_python_path() tells",
      "where its recorder is.",
      "",
      "Or take a model that has stages of its own: gbm, ranger,",
      "randomForest, glmnet, nnet, xgboost, lightgbm, caret,",
      "tidymodels, mlr3, or arrays of probabilities:",
      "> signals <- datamap_stages(model, data = training)",
      "",
      "Or files that somebody wrote: JSON Lines, printed Python",
      "dicts, a folder with a file per epoch; .gz, .bz2, .xz, .zst;",
      "data frames, Arrow streams, tables in a database.",
      "> datamap_read_signals(files)        # as a data frame",
      "> datamap_convert(files, \"all.parquet\")",
      "> datamap_problems(map)              # what was wrong"
    ),
    "In parts, and past one machine" = c(
      "> a <- datamap_state(\"monday.jsonl\")",
      "> b <- datamap_update(a, \"tuesday.jsonl\")",
      "> datamap_merge(a, b)",
      "> datamap_save_state(b, \"run.state\")",
      "> datamap_summarise(files, workers = cluster)",
      "> datamap_summarise(dplyr::tbl(con, \"signals\"))",
      "On the command line: datamap state FILE -o A,",
      "datamap merge A B -o C, datamap summary C."
    )
  ),
  list(
    "2  Make the map and draw it" = c(
      "> map <- datamap_summarise(signals)",
      "> datamap_plot(map)"
    ),
    "What is where" = c(
      "High and left   easy: believed at once",
      "Right           ambiguous: the model changes its mind",
      "Low and left    hard, or the label is wrong",
      "> datamap_plot(map, criterion = \"forgetting_times\",",
      ">              threshold = 1)       # forgotten once",
      "> datamap_plot(map, use_l_times = 0)",
      "> datamap_plot(map, group_by = \"label\")",
      "> datamap_plot_trajectories(signals)",
      "> datamap_explore(map, texts)        # in a browser",
      "> datamap_report(map, texts, \"report.html\")"
    ),
    "A row per sample" = c(
      "avg_probs, label_var      mean and variance of the",
      "                          label's probability",
      "correct_times, _ratio     how often it was right",
      "forgetting_times          right, then wrong",
      "learnt_times              wrong, then right",
      "metrics = \"aum\", ...      more: ?datamap_summarise"
    )
  ),
  list(
    "3  Use it" = c(
      "> datamap_filter(map, avg_probs >= 0.3)",
      "> datamap_groups(map); datamap_regions(map)",
      "> datamap_select(map, 0.33)           # the ambiguous",
      "> datamap_write_selection(map, training, \"part.csv\")",
      "> datamap_write_summary(map, \"run.result\")",
      "It is a data frame: dplyr, data.table and broom take it."
    ),
    "Find wrong labels" = c(
      "> datamap_detect(map)       # where they are known",
      "> datamap_confusions(map)   # which look like which",
      "> datamap_review(map, training, \"check.csv\", n = 200)",
      "> reviewed <- datamap_read_review(\"check.csv\")",
      "> datamap_relabel(training, reviewed)",
      "How many are wrong, with a bound on the error:",
      "> checked <- datamap_audit_sample(map, n = 200)",
      "> datamap_audit(map, checked)"
    ),
    "Several runs" = c(
      "> runs <- datamap_runs(list(map1, map2, map3))",
      "> datamap_average(runs)",
      "> datamap_reliability(runs)   # what can be believed",
      "> datamap_intervals(runs, \"avg_probs\")",
      "> datamap_compare(runs_a, runs_b)",
      "> datamap_survival(signals, \"learn\")"
    ),
    "Where to read on" = c(
      "> vignette(\"first-data-map\", \"datacarto\")",
      "> ?datacarto    # all functions, by task"
    )
  )
)

code <- unlist(columns)
code <- sub("^> ", "", code[startsWith(code, ">")])
invisible(parse(text = code))
named <- unique(unlist(regmatches(
  unlist(columns), gregexpr("\\bdatamap_[a-z_]+(?=\\()", unlist(columns),
                            perl = TRUE)
)))
stopifnot(named %in% getNamespaceExports("datacarto"))

# --- how it is drawn, in inches from the upper left corner ---

page <- c(width = 11.69, height = 8.27)
margin <- 0.35
gap <- 0.22
width <- (page[["width"]] - 2 * margin - 2 * gap) / 3
line <- 0.172
colour <- "#2B4C7E"

at <- function(x, y) {
  list(x = unit(x, "in"), y = unit(page[["height"]] - y, "in"))
}

draw_text <- function(text, x, y, size = 7.6, ...) {
  place <- at(x, y)
  grid.text(
    text, place$x, place$y,
    just = c("left", "centre"), gp = gpar(fontsize = size, ...)
  )
}

draw_box <- function(x, y, height, ...) {
  place <- at(x, y)
  grid.rect(
    place$x, place$y, unit(width, "in"), unit(height, "in"),
    just = c("left", "top"), gp = gpar(col = NA, ...)
  )
}

draw_block <- function(title, lines, x, y) {
  draw_box(x, y, 0.24, fill = colour)
  draw_text(title, x + 0.08, y + 0.12, 9.5, col = "white", fontface = "bold")
  y <- y + 0.24 + 0.09
  is_code <- startsWith(lines, ">")
  is_table <- grepl("   ", lines) & !is_code
  for (i in seq_along(lines)) {
    if (is_code[[i]]) draw_box(x, y, line, fill = "grey94")
    draw_text(
      sub("^> ", "", lines[[i]]), x + 0.08, y + line / 2,
      fontfamily = if (is_code[[i]] || is_table[[i]]) "mono" else "sans",
      fontsize = if (is_code[[i]] || is_table[[i]]) 7.6 else 8.2
    )
    y <- y + line
  }
  y + 0.12
}

map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
picture <- datamap_plot(map) +
  labs(title = NULL, subtitle = NULL, caption = NULL) +
  theme(
    legend.position = "none", text = element_text(size = 7),
    axis.text = element_text(size = 6), strip.text = element_text(size = 7),
    plot.margin = margin(2, 2, 2, 2)
  )

draw_page <- function() {
  grid.newpage()
  grid.rect(gp = gpar(col = NA, fill = "white"))
  draw_text(
    "datacarto", margin, 0.37, 20,
    fontface = "bold", col = colour
  )
  draw_text(
    paste(
      "data maps from training signals: which samples are easy, which",
      "ambiguous, which mislabelled?"
    ),
    margin + 1.65, 0.4, 10,
    col = "grey30"
  )
  for (k in seq_along(columns)) {
    x <- margin + (k - 1) * (width + gap)
    y <- 0.68
    for (title in names(columns[[k]])) {
      y <- draw_block(title, columns[[k]][[title]], x, y)
      if (startsWith(title, "2 ")) {
        place <- at(x, y)
        pushViewport(viewport(
          place$x, place$y, unit(width, "in"), unit(2.1, "in"),
          just = c("left", "top")
        ))
        print(picture, newpage = FALSE)
        popViewport()
        y <- y + 2.2
      }
    }
  }
}

dir.create("cheatsheet", showWarnings = FALSE)
cairo_pdf("cheatsheet/datacarto.pdf", page[["width"]], page[["height"]])
draw_page()
invisible(dev.off())
png(
  "cheatsheet/datacarto.png", page[["width"]], page[["height"]], "in",
  res = 110, type = "cairo"
)
draw_page()
invisible(dev.off())
