# For each exported function a call that works, and what may be given to its
# arguments instead: every answer has to be a value or an error of ours.

# Each takes minutes over all arguments, so that a run tries two of them; with
# DATACARTO_LARGE it tries a twelfth, another one for the next argument, and
# with "all" in it every one.
odd_values <- function(place = 0L) {
  values <- list(
    null = NULL, na = NA, list = list(), factor = factor("a"), fun = mean,
    huge = 1e10, none = character(), two = c("a", "b"), nan = NaN, minus = -1,
    env = new.env(), empty = "", text = "a", true = TRUE, frame = data.frame(),
    matrix = matrix(1:4, 2), complex = 1i, raw = as.raw(1), date = Sys.Date(),
    numbers = c(0.5, NA), nested = list(a = 1, list(2)), bytes = "\xff",
    infinite = Inf, call = quote(x + y), formula = y ~ x
  )
  switch(Sys.getenv("DATACARTO_LARGE", "no"),
    no = values[c("na", "two")],
    all = values,
    values[seq(1 + place %% 12, length(values), by = 12)]
  )
}

working_calls <- function() {
  line <- paste0(
    "{\"id\": ", c(1, 2, 3, 1, 2, 3), ", \"label\": ", c(0, 1, 1, 0, 1, 1),
    ", \"s_label\": ", c(0, 2, 0), ", \"loss\": 0.1, \"step\": ",
    c(1, 1, 1, 2, 2, 2), ", \"probs\": [", c(0.2, 0.5, 0.9), ", ",
    c(0.8, 0.5, 0.1), "]}"
  )
  map <- datamap_summarise(I(line))
  signals <- datamap_read_signals(I(line))
  state <- datamap_state(I(line))
  write <- tempfile(tmpdir = ".")
  saved <- tempfile(tmpdir = ".")
  datamap_save_state(state, saved)
  result <- tempfile(tmpdir = ".")
  datamap_write_summary(map, result)
  rec <- datamap_recorder()
  step <- 0
  new_step <- function() step <<- step + 1
  table <- data.frame(id = 1:3, label = c(0, 1, 1), text = letters[1:3])
  csv <- tempfile(tmpdir = ".", fileext = ".csv")
  writeLines(c("id,new_label", "1,0", "2,1"), csv)
  list(
    as_datamap = list(x = as.data.frame(map)),
    is_datamap = list(x = map),
    datamap_audit = list(
      map = map, audit = data.frame(id = 1:3, is_wrong = c(TRUE, FALSE, NA))
    ),
    datamap_audit_sample = list(map = map, n = 2),
    datamap_average = list(map = list(map, map)),
    datamap_compare = list(map1 = list(map, map), map2 = list(map, map)),
    datamap_confusions = list(map = suggesting_map()),
    datamap_convert = list(files = I(line), to = paste0(write, ".jsonl")),
    datamap_detect = list(map = map),
    datamap_example = list(),
    datamap_explore = list(map = map, file = write),
    datamap_explore_output = list(output_id = "map"),
    datamap_explore_render = list(expr = 1),
    datamap_features = list(),
    datamap_filter = list(map = map),
    datamap_groups = list(map = map),
    datamap_intervals = list(map = rep(list(random_map(25)), 2)),
    datamap_load_state = list(file = saved),
    datamap_merge = list(a = state, b = datamap_state(I(sub(
      "\"step\": ", "\"step\": 1", line, fixed = TRUE
    )))),
    datamap_palette = list(),
    datamap_plot = list(map = map),
    datamap_plot_compare = list(map1 = map, map2 = map),
    datamap_plot_signals = list(map = map),
    datamap_plot_trajectories = list(x = signals),
    datamap_problems = list(x = map),
    datamap_probs = list(x = I(line)),
    datamap_python_path = list(),
    datamap_read_signals = list(x = I(line)),
    datamap_read_summary = list(file = result),
    datamap_record = function() {
      list(
        rec = rec, id = 1:2, label = 0:1, step = new_step(),
        probs = matrix(0.5, 2, 2)
      )
    },
    datamap_recorder = list(),
    datamap_region_probs = list(map = rep(list(random_map(200)), 2)),
    datamap_regions = list(map = map),
    datamap_read_review = list(file = csv),
    datamap_relabel = list(
      data = table, review = data.frame(id = 1:2, new_label = c("1", NA))
    ),
    datamap_reliability = list(map = list(map, map)),
    datamap_report = list(map = map, file = NULL),
    datamap_review = list(map = map, data = table, file = write, n = 2),
    datamap_runs = list(map = list(map, map)),
    datamap_save_state = list(state = state, file = write),
    datamap_select = list(map = map, fraction = 0.5),
    datamap_stages = list(x = matrix(c(0.2, 0.7, 0.4, 0.9), 2), label = 0:1),
    datamap_state = list(x = I(line)),
    datamap_summarise = list(x = I(line)),
    datamap_survival = list(x = datamap_summarise(
      I(line), metrics = "first_correct"
    )),
    datamap_update = list(state = state, x = I(sub(
      "\"step\": ", "\"step\": 1", line, fixed = TRUE
    ))),
    datamap_write_selection = list(
      map = map, data = data.frame(id = 1:3, text = "a"), file = write
    ),
    datamap_write_signals = list(x = signals, file = write),
    datamap_write_summary = list(map = map, file = write),
    geom_datamap_regions = list(),
    scale_color_datamap = list(),
    scale_colour_datamap = list(),
    scale_fill_datamap = list(),
    scale_shape_datamap = list(),
    theme_datamap = list()
  )
}

# Calls `name` with each odd value in the place of each argument, and gives the
# errors that are not of this package, named by argument and value.
foreign_errors <- function(name, working, except = character()) {
  fun <- getExportedValue("datacarto", name)
  args <- setdiff(names(formals(fun)), c("...", except))
  found <- lapply(args, function(arg) {
    place <- sum(utf8ToInt(paste(name, arg)))
    errors <- foreign_errors_of(place = place, f = function(value) {
      given <- if (is.function(working)) working() else working
      given[arg] <- list(value)
      out <- do.call(fun, given, quote = TRUE)
      if (inherits(out, "ggplot")) ggplot2::ggplot_build(out)
    })
    stats::setNames(errors, paste(rep(arg, length(errors)), names(errors)))
  })
  unlist(found) %||% character()
}

# The same of a function of one argument.
foreign_errors_of <- function(f, place = 0L) {
  found <- lapply(odd_values(place), function(value) {
    error <- tryCatch(
      {
        suppressMessages(suppressWarnings(f(value)))
        NULL
      },
      error = identity
    )
    if (!is.null(error) && !inherits(error, "datamap_error")) {
      conditionMessage(error)
    }
  })
  found <- unlist(found)
  if (is.null(found)) character() else found
}
