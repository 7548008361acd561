# Parts of a report as HTML. All text is escaped here, and pandoc is told to
# leave it alone: in its Markdown a text could become a link or a formula.

#' @exportS3Method knitr::knit_print
knit_print.datamap_report_part <- function(x, ...) {
  knitr::asis_output(paste0("\n\n```{=html}\n", html_part(x), "\n```\n\n"))
}

html_part <- function(part) {
  paste(
    c(
      switch(part$style,
        words = sprintf("<p>%s</p>", html_words(part$words)),
        list = c(
          "<ul>", sprintf("<li>%s</li>", html_words(part$words)), "</ul>"
        ),
        lines = c("<pre>", html_text(part$words), "</pre>")
      ),
      if (length(part$table) > 0) html_table(part$table)
    ),
    collapse = "\n"
  )
}

# Text as it is shown: no character of it is markup, and what can't be seen, or
# turns the direction, is written out. Its lines stay.
html_text <- function(x) {
  x <- valid_text(x)
  x <- vapply(strsplit(x, "\r\n|\r|\n"), function(lines) {
    paste(show_text(lines), collapse = "\n")
  }, "")
  for (mark in names(html_marks)) {
    x <- gsub(mark, html_marks[[mark]], x, fixed = TRUE)
  }
  x
}

# The ampersand first: the others have it.
html_marks <- c(
  "&" = "&amp;", "<" = "&lt;", ">" = "&gt;", "\"" = "&quot;", "'" = "&#39;",
  "`" = "&#96;"
)

# Our own words have code between backticks.
html_words <- function(x) {
  gsub("&#96;(.+?)&#96;", "<code>\\1</code>", html_text(x), perl = TRUE)
}

html_table <- function(table) {
  names <- html_text(names(table))
  cells <- Map(cell_text, as.list(table), names(table))
  class <- mapply(cell_class, as.list(table), cells)
  head <- sprintf("<th scope=\"col\" class=\"%s\">%s</th>", class, names)
  columns <- Map(function(text, name, class) {
    sprintf(
      "<td class=\"%s\" data-name=\"%s\" dir=\"auto\">%s</td>", class, name,
      html_text(text)
    )
  }, cells, names, class)
  rows <- do.call(paste0, unname(columns))
  paste(
    c(
      "<table>",
      paste0("<thead><tr>", paste(head, collapse = ""), "</tr></thead>"),
      "<tbody>", paste0("<tr>", rows, "</tr>")[seq_len(nrow(table))],
      "</tbody>", "</table>"
    ),
    collapse = "\n"
  )
}

# Counts with commas, shares in per cent, other numbers with three digits.
cell_text <- function(x, name) {
  text <- if (!is.numeric(x)) {
    id_text(x)
  } else if (name == "share") {
    sprintf("%.1f %%", 100 * x)
  } else if (all(is.na(x) | x == trunc(x))) {
    formatC(x, format = "f", digits = 0, big.mark = ",", decimal.mark = ".")
  } else {
    vapply(x, format_number, "", digits = 3)
  }
  text[is.na(x)] <- "-"
  text
}

# Long texts may be broken anywhere, and take the room that others leave.
cell_class <- function(x, text) {
  if (is.numeric(x)) {
    "number"
  } else if (any(nchar(text) > 25)) {
    "text"
  } else {
    "short"
  }
}
