# Usage: Rscript layers.R draw FILE         keep what every kind of plot draws
#        Rscript layers.R compare OLD NEW   hold two such files together
#
# What is drawn is each layer's data after all statistics and scales: it must
# be the same under every version of ggplot2. Run from the top folder; `draw`
# needs the package installed. `compare` ends with "N passed, N failed".

# Columns that older versions of ggplot2 do not have, with what they drew.
newer_columns <- list(nudge_x = 0, nudge_y = 0)

draw <- function(file) {
  place <- new.env(parent = asNamespace("datacarto"))
  for (helper in c("helper-maps.R", "helper-plots.R")) {
    sys.source(file.path("tests", "testthat", helper), place)
  }
  kinds <- place$plot_kinds()
  layers <- lapply(kinds, function(kind) {
    plot <- kind()
    built <- ggplot2::ggplot_build(plot)
    lapply(seq_along(built$data), function(i) {
      as.data.frame(ggplot2::layer_data(plot, i))
    })
  })
  version <- as.character(utils::packageVersion("ggplot2"))
  saveRDS(list(version = version, layers = layers), file)
  cat(sum(lengths(layers)), "layers drawn by ggplot2", version, "\n")
}

# What differs between two layers, as text; NULL if nothing does.
difference <- function(old, new) {
  if (nrow(old) != nrow(new)) {
    return(paste(nrow(old), "rows and", nrow(new)))
  }
  added <- setdiff(intersect(names(newer_columns), names(new)), names(old))
  old[added] <- lapply(newer_columns[added], rep, nrow(old))
  columns <- union(names(old), names(new))
  missing <- setdiff(columns, intersect(names(old), names(new)))
  if (length(missing) > 0) {
    return(paste("only one has", toString(missing)))
  }
  is_same <- vapply(columns, function(column) {
    same_values(old[[column]], new[[column]])
  }, logical(1))
  if (!all(is_same)) {
    paste("other values of", toString(columns[!is_same]))
  }
}

same_values <- function(old, new) {
  if (is.factor(old)) old <- as.character(old)
  if (is.factor(new)) new <- as.character(new)
  if (is.numeric(old) && is.numeric(new)) {
    old <- as.numeric(old)
    new <- as.numeric(new)
    is_same <- abs(old - new) <= 1e-8 * pmax(1, abs(old)) | old == new
    return(identical(is.na(old), is.na(new)) && all(is_same, na.rm = TRUE))
  }
  identical(as.character(old), as.character(new))
}

compare <- function(files) {
  files <- lapply(files, readRDS)
  old <- files[[1]]$layers
  new <- files[[2]]$layers
  stopifnot(identical(names(old), names(new)), length(old) > 0)
  cat("ggplot2", files[[1]]$version, "and", files[[2]]$version, "\n")
  passed <- 0
  failed <- 0
  for (kind in names(old)) {
    if (length(old[[kind]]) != length(new[[kind]])) {
      cat(kind, ": other numbers of layers\n", sep = "")
      failed <- failed + 1
      next
    }
    for (i in seq_along(old[[kind]])) {
      found <- difference(old[[kind]][[i]], new[[kind]][[i]])
      if (is.null(found)) {
        passed <- passed + 1
      } else {
        cat(kind, ", layer ", i, ": ", found, "\n", sep = "")
        failed <- failed + 1
      }
    }
  }
  cat(passed, "passed,", failed, "failed\n")
  failed == 0
}

args <- commandArgs(trailingOnly = TRUE)
switch(args[1],
  draw = draw(args[2]),
  compare = quit(status = !compare(args[2:3])),
  stop("unknown command: ", args[1])
)
