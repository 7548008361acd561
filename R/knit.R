# Alternative text of figures in knitted documents. Before knitr 1.53 no plot
# can tell knitr its own, and `fig.alt` of a chunk is settled before the chunk
# draws. So plots are told apart from other ggplots by a class, printing one
# notes its text, and knitr's plot hook, which is called for each figure once
# the chunk has been run, hands the texts out.

# The plot with the class whose print method notes the text, and another where
# its legend stands below several panels.
as_map_plot <- function(plot, has_panels = FALSE) {
  class(plot) <- c(
    if (has_panels) "datamap_panels", "datamap_ggplot", class(plot)
  )
  plot
}

#' @export
print.datamap_ggplot <- function(x, ...) {
  if (isTRUE(getOption("knitr.in.progress"))) {
    note_alt(ggplot2::get_alt_text(x))
  }
  NextMethod()
}

# The texts of the chunk that is being run, and the hook that they are for.
knitted <- new.env(parent = emptyenv())

note_alt <- function(text) {
  label <- knitr::opts_current$get("label")
  hook <- knitr::knit_hooks$get("plot")
  is_noted <- inherits(hook, "datamap_hook")
  if (!is_noted) {
    knitr::knit_hooks$set(plot = hook_with_alt(hook))
  }
  if (!is_noted || !identical(label, knitted$label)) {
    knitted$label <- label
    knitted$texts <- character()
  }
  knitted$texts <- c(knitted$texts, text)
}

# The plot hook with the alternative text added where the chunk has none and
# it is certain which is whose: all its figures are ours. After the chunk's
# last figure the old hook takes its place again.
hook_with_alt <- function(hook) {
  with_alt <- function(x, options) {
    is_ours <- identical(options$label, knitted$label) &&
      isTRUE(options$fig.num == length(knitted$texts))
    if (is_ours && is.null(options$fig.alt) && takes_alt()) {
      options$fig.alt <- knitted$texts[[options$fig.cur]]
    }
    if (isTRUE(options$fig.cur == options$fig.num)) {
      knitr::knit_hooks$set(plot = hook)
    }
    hook(x, options)
  }
  structure(with_alt, class = "datamap_hook")
}

# Into HTML only: knitr can put no text into other formats, and warns.
takes_alt <- function() {
  if (is.null(knitr::opts_knit$get("rmarkdown.pandoc.to"))) {
    knitr::opts_knit$get("out.format") %in% c("markdown", "html")
  } else {
    knitr::is_html_output()
  }
}
