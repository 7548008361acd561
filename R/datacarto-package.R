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
#' [datamap_example()] has signals of real trainings to try it on, and
#' `vignette("first-data-map")` goes the way with them;
#' `browseVignettes("datacarto")` lists the others.
#'
#' @section Training and test data:
#' A data map is of *training* data: the samples that a model is fitted to, and
#' the labels that it was given. *Test* data, on which the model is judged, have
#' no place on it: to look at them while labels are corrected or samples chosen
#' would make the model seem better than it is. An out-of-sample map of
#' [datamap_stages()] is of training data too, of each sample by models that
#' were not fitted to it.
#'
#' @section Names:
#' Names of columns, metrics and choices count upper and lower case:
#' `"Avg_probs"` is an error that says what may be meant.
#'
#' @section All functions, by task:
#' **From signals to a data map.** [datamap_summarise()] condenses signals,
#' [datamap_problems()] tells what was wrong with them, [datamap_stages()] takes
#' fitted models, arrays and resamplings in their place.
#'
#' **Recording.** [datamap_recorder()] and [datamap_record()] write the signals
#' of a training loop in R; [datamap_python_path()] tells where the recorder for
#' Python is.
#'
#' **Parts.** [datamap_state()], [datamap_update()] and [datamap_merge()]
#' summarise in parts; [datamap_save_state()] and [datamap_load_state()] keep
#' them.
#'
#' **Signals as a table.** [datamap_read_signals()] and
#' [datamap_write_signals()]; [datamap_convert()] makes other files of files.
#'
#' **Data maps as data.** [as_datamap()] and [is_datamap()],
#' [datamap_write_summary()] and [datamap_read_summary()]; [datamap_filter()]
#' keeps samples, [datamap_groups()] and [datamap_regions()] say where they
#' belong, [datamap_probs()] has their mean class vectors.
#'
#' **Drawing.** [datamap_plot()] draws the map, [datamap_explore()] shows it in
#' a browser ([datamap_explore_output()] and [datamap_explore_render()] in
#' Shiny), [datamap_plot_signals()], [datamap_plot_trajectories()] and
#' [datamap_plot_compare()] draw what is behind it. Parts for plots of your own
#' are [geom_datamap_regions()], [scale_colour_datamap()],
#' [scale_color_datamap()], [scale_fill_datamap()], [scale_shape_datamap()],
#' [datamap_palette()] and [theme_datamap()].
#'
#' **What to do with it.** [datamap_detect()] measures what finds known wrong
#' labels, [datamap_confusions()] shows which labels look like which,
#' [datamap_select()] and [datamap_write_selection()] choose a part of the
#' training data, [datamap_review()], [datamap_read_review()] and
#' [datamap_relabel()] have people check labels, [datamap_report()] writes a
#' page about all of it.
#'
#' **Several runs.** [datamap_runs()] and [datamap_average()] put them together,
#' [datamap_reliability()], [datamap_intervals()], [datamap_region_probs()] and
#' [datamap_compare()] tell what differs, [datamap_audit_sample()] and
#' [datamap_audit()] what may be said of wrong labels, [datamap_survival()] when
#' samples are learned and forgotten.
#'
#' [datamap_example()] has example files, [datamap_features()] what this build
#' can read.
"_PACKAGE"

#' @useDynLib datacarto, .registration = TRUE
#' @importFrom ggplot2 .data
#' @importFrom ggplot2 aes
#' @importFrom rlang %||%
NULL

# A column that datamap_detect() looks for by default.
utils::globalVariables("s_label")
