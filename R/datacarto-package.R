#' @keywords internal
#' @details
#' The way from a training run to a data map:
#'
#' 1. [datamap_summarise()] reads the signals that the model gave about every
#'    training sample at every evaluation, and condenses them into one row per
#'    sample, a data map; [datamap_read_summary()] and [as_datamap()] take a
#'    summary that exists already. [datamap-columns] tells what its columns
#'    mean.
#' 2. [datamap_filter()] and [datamap_groups()] choose and group samples.
#' 3. [datamap_plot()] draws the map.
#'
#' [datamap_example()] has signals of real trainings to try it on.
"_PACKAGE"

#' @useDynLib datacarto, .registration = TRUE
#' @importFrom ggplot2 .data
#' @importFrom ggplot2 aes
#' @importFrom rlang %||%
NULL

# A column that datamap_detect() looks for by default.
utils::globalVariables("s_label")
