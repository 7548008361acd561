test_that("a misspelt name gives what was meant", {
  names <- c("id", "avg_probs", "label_var", "forgetting_times", "learnt_times")
  meant <- list(
    avg_prob = "avg_probs", AVG_PROBS = "avg_probs", avgprobs = "avg_probs",
    label_vra = "label_var", forget = "forgetting_times",
    confidence = "avg_probs", variability = "label_var",
    times = c("forgetting_times", "learnt_times"),
    avg_propbs = "avg_probs",
    Id = "id", q = character(), xyz = character(), al = character()
  )
  for (name in names(meant)) {
    expect_identical(similar_names(name, names), meant[[name]], label = name)
  }
  expect_identical(
    similar_names(c("avg_prob", "nothing", "label_vra"), names),
    c("avg_probs", "label_var")
  )
  # Whatever was given, and whatever there is
  odd <- list(NULL, NA, 1, NA_character_, "", "\xff", strrep("a", 1e5), list())
  for (x in odd) {
    expect_identical(similar_names(x, names), character())
    expect_identical(similar_names("a", x), character())
  }
})

test_that("every error that lists names says which may have been meant", {
  skip_if_long()
  map <- random_map(20)
  signals <- datamap_read_signals(datamap_example("spam_signals.jsonl.gz"))
  state <- datamap_state(signals, signals = "loss", metrics = "aum")
  rec <- datamap_recorder(metrics = "aum")
  cases <- list(
    avg_probs = quote(datamap_plot(map, "avg_prob")),
    label_var = quote(datamap_plot(map, attr2 = "labelvar")),
    learnt_times = quote(datamap_plot(map, criterion = "learn_times")),
    label = quote(datamap_plot(map, group_by = "lable")),
    label = quote(datamap_plot(map, facet = "Label")),
    label = quote(datamap_groups(map, group_by = "lable")),
    forgetting_times = quote(datamap_filter(map, "forgetting")),
    label_var = quote(datamap_plot_signals(map, signals = "label_vars")),
    label_var = quote(datamap_select(map, 0.5, by = "label_vars")),
    label = quote(datamap_select(map, 0.5, per = "labels")),
    id = quote(datamap_write_selection(
      map, signals, tempfile(), id_column = "ids"
    )),
    loss = quote(datamap_plot_trajectories(signals, signal = "losss")),
    label = quote(datamap_plot_trajectories(signals, group_by = "labels")),
    aum = quote(datamap_summarise(signals, metrics = "AUM")),
    loss = quote(datamap_summarise(signals, signals = "Loss")),
    aum = quote(datamap_summarise(state, metrics = "aumm")),
    loss = quote(datamap_summarise(state, signals = "los")),
    aum = quote(datamap_summarise(rec, metrics = "AuM")),
    loss = quote(datamap_read_signals(
      datamap_example("spam_signals.jsonl.gz"), columns = c("id", "losss")
    )),
    avg_prob = quote(as_datamap(stats::setNames(
      random_frame(5)[c("id", "correct_ratio", "avg_probs", "label_var")],
      c("id", "correct_ratio", "avg_prob", "label_var")
    ))),
    spam_signals.jsonl.gz = quote(datamap_example("spam_signal.jsonl.gz")),
    use_f_times = quote(datamap_palette("use_ftimes")),
    probs = quote(datamap_record(rec, 1:2, 0:1, prob = diag(2))),
    forgettings_times = quote(datamap_filter(
      as_datamap(stats::setNames(
        random_frame(5)[c(1, 5:7, 10)],
        c("id", "correct_ratio", "avg_probs", "label_var", "forgettings_times")
      )),
      use_f_times = 1
    )),
    # choices, and arguments themselves
    cartography = quote(datamap_plot(map, style = "Cartografy")),
    density = quote(datamap_plot(map, points = "dens")),
    avg_probs = quote(datamap_filter(map, avg_prob < 0.5)),
    criterion = quote(datamap_filter(map, criterium = "avg_probs")),
    forgetting_times = quote(datamap_detect(map, forgeting_times > 1)),
    skip = quote(datamap_summarise(signals, on_error = "skpi")),
    increasing = quote(datamap_select(map, 0.5, order = "inc")),
    metrics = quote(datamap_summarise(signals, metric = "aum")),
    fraction = quote(datamap_select(map, fractoin = 0.5)),
    group_by = quote(datamap_plot(map, groupby = "label")),
    linetype = quote(geom_datamap_regions(line_type = 1))
  )
  for (i in seq_along(cases)) {
    text <- paste(deparse(cases[[i]]), collapse = " ")
    error <- expect_error(
      eval(cases[[i]]), class = "datamap_error_input", label = text
    )
    expect_identical(error$similar, names(cases)[[i]], label = text)
    expect_match(
      conditionMessage(error),
      paste0("Did you mean \"", names(cases)[[i]], "\"?"), fixed = TRUE
    )
  }
})

test_that("a bare name where a string is wanted is told to need quotes", {
  skip_if_long()
  map <- random_map(20)
  signals <- data.frame(id = 1:2, label = 0, label_probs = 0.5, correct = TRUE)
  of_user <- function(name) datamap_plot(map, criterion = name)
  cases <- list(
    attr1 = quote(datamap_plot(map, bare)),
    attr2 = quote(datamap_plot(map, attr2 = bare)),
    criterion = quote(datamap_plot(map, criterion = bare)),
    group_by = quote(datamap_plot(map, group_by = bare)),
    facet = quote(datamap_plot(map, facet = bare)),
    style = quote(datamap_plot(map, style = bare)),
    points = quote(datamap_plot(map, points = bare)),
    criterion = quote(of_user(bare)),
    criterion = quote(datamap_groups(map, bare)),
    criterion = quote(datamap_filter(map, criterion = bare)),
    group_by = quote(datamap_groups(map, group_by = bare)),
    signals = quote(datamap_plot_signals(map, signals = bare)),
    signals = quote(datamap_plot_signals(map, signals = c("id", bare))),
    criterion = quote(datamap_plot_signals(map, criterion = bare)),
    by = quote(datamap_select(map, 0.5, by = bare)),
    per = quote(datamap_select(map, 0.5, per = bare)),
    order = quote(datamap_select(map, 0.5, order = bare)),
    id_column = quote(
      datamap_write_selection(map, map, tempfile(), id_column = bare)
    ),
    signal = quote(datamap_plot_trajectories(signals, signal = bare)),
    group_by = quote(datamap_plot_trajectories(signals, group_by = bare)),
    type = quote(datamap_plot_compare(map, map, type = bare)),
    signals = quote(datamap_summarise(signals, signals = bare)),
    metrics = quote(datamap_summarise(signals, metrics = bare)),
    on_error = quote(datamap_summarise(signals, on_error = bare)),
    signals = quote(datamap_state(signals, signals = bare)),
    metrics = quote(datamap_state(signals, metrics = bare)),
    metrics = quote(datamap_recorder(metrics = bare)),
    existing = quote(datamap_recorder(existing = bare)),
    columns = quote(datamap_read_signals(I(""), columns = bare)),
    attr1 = quote(geom_datamap_regions(attr1 = bare)),
    scheme = quote(datamap_palette(bare)),
    name = quote(datamap_example(bare)),
    base_family = quote(theme_datamap(base_family = bare))
  )
  for (i in seq_along(cases)) {
    text <- paste(deparse(cases[[i]]), collapse = " ")
    error <- expect_error(
      eval(cases[[i]]), class = "datamap_error_input", label = text
    )
    expect_identical(error$key, names(cases)[[i]], label = text)
    expect_identical(error$similar, "bare")
    expect_match(conditionMessage(error), "\"bare\"", fixed = TRUE)
  }
  # An error of the user's own stays what it is
  expect_error(datamap_plot(map, stop("mine")), "mine", class = "simpleError")
})

test_that("what R says of names and arguments is known in any language", {
  said <- simpleError(gettextf("object '%s' not found", "a b", domain = "R"))
  expect_identical(name_in(said, "object '%s' not found"), "a b")
  expect_null(name_in(said, "argument \"%s\" is missing, with no default"))
  expect_null(name_in(simpleError(""), "object '%s' not found"))
})

test_that("an argument that is missing is named", {
  map <- random_map(5)
  cases <- list(
    map = quote(datamap_plot()), map = quote(datamap_filter()),
    x = quote(datamap_summarise()), x = quote(datamap_read_signals()),
    x = quote(datamap_state()), x = quote(as_datamap()),
    file = quote(datamap_read_summary()),
    file = quote(datamap_write_summary(map)),
    rec = quote(datamap_record()),
    id = quote(datamap_record(datamap_recorder())),
    label = quote(datamap_record(datamap_recorder(), 1)),
    x = quote(datamap_plot_trajectories()),
    map2 = quote(datamap_plot_compare(map)), state = quote(datamap_update()),
    x = quote(datamap_update(datamap_state(I("{}"), on_error = "skip"))),
    b = quote(datamap_merge(datamap_state(I("{}"), on_error = "skip")))
  )
  for (i in seq_along(cases)) {
    text <- paste(deparse(cases[[i]]), collapse = " ")
    error <- expect_error(
      suppressWarnings(eval(cases[[i]])),
      class = "datamap_error_input", label = text
    )
    expect_identical(error$key, names(cases)[[i]], label = text)
  }
})

test_that("dots are empty but for what is nothing", {
  map <- random_map(5)
  expect_identical(nrow(datamap_select(map, 1, )), 5L)
  error <- expect_error(
    datamap_summarise("a.jsonl", "b.jsonl"), class = "datamap_error_input"
  )
  expect_identical(error$key, "...")
  expect_match(conditionMessage(error), "c(\"a.jsonl\"", fixed = TRUE)
  error <- expect_error(
    datamap_plot(map, "avg_probs", "label_var", NULL, 0, NULL, NULL, TRUE),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "...")
})

test_that("no argument of any function gets an error of R's through", {
  skip_if_long()
  folder <- tempfile("arguments")
  dir.create(folder)
  old <- setwd(folder)
  on.exit({
    setwd(old)
    unlink(folder, recursive = TRUE)
  })
  working <- working_calls()
  # A new function needs a call that works
  expect_setequal(names(working), getNamespaceExports("datacarto"))
  # Handed on to ggplot2, whose errors they are
  of_ggplot2 <- c("na.value", "aesthetics")
  for (name in names(working)) {
    found <- as_draw(foreign_errors(name, working[[name]], of_ggplot2))
    expect_identical(found, character(), label = name)
  }
})

test_that("no signal of one's own gets an error of R's through", {
  skip_on_cran()
  rec <- datamap_recorder()
  step <- 0
  record <- function(own) {
    step <<- step + 1
    datamap_record(
      rec, 1:2, 0:1, probs = matrix(0.5, 2, 2), step = step, own = own
    )
  }
  expect_identical(foreign_errors_of(record), character())
  state <- datamap_state(I(character()))
  expect_identical(
    foreign_errors_of(function(x) datamap_merge(state, state, x)), character()
  )
})

test_that("no column of a table gets an error of R's through", {
  skip_if_long()
  signals <- data.frame(
    id = c(1, 2, 1, 2), label = c(0, 1), pred_label = 0, s_label = 0,
    loss = 0.5, label_probs = 0.5, probs_0 = 0.5, probs_1 = 0.5, step = 1:4
  )
  reads <- list(
    datamap_summarise = function(x) datamap_summarise(x, signals = "loss"),
    datamap_write_signals = function(x) datamap_write_signals(x, tempfile()),
    datamap_plot_trajectories = function(x) {
      ggplot2::ggplot_build(datamap_plot_trajectories(x))
    }
  )
  for (name in c(names(signals), "correct", "probs", "logits")) {
    for (read in names(reads)) {
      found <- foreign_errors_of(function(value) {
        columns <- unclass(signals)
        is_one <- is.atomic(value) && length(value) == 1
        columns[[name]] <- if (is_one) rep(value, 4) else value
        x <- structure(columns, class = "data.frame", row.names = 1:4)
        reads[[read]](x)
      })
      expect_identical(found, character(), label = paste(read, name))
    }
  }
})

test_that("all that checks has one shape", {
  package <- asNamespace("datacarto")
  names <- grep("^check_", ls(package, all.names = TRUE), value = TRUE)
  expect_gt(length(names), 40)
  # check_x(x, ..., arg = rlang::caller_arg(x), call = rlang::caller_env());
  # without `arg` where no argument is named, or several are
  is_in_shape <- function(check) {
    args <- formals(check)
    n <- length(args)
    if (!identical(args["call"], list(call = quote(rlang::caller_env()))) ||
          names(args)[[n]] != "call") {
      return(FALSE)
    }
    !"arg" %in% names(args) || (
      identical(args[n - 1], list(arg = quote(rlang::caller_arg(x)))) &&
        names(args)[[1]] == "x"
    )
  }
  expect_true(is_in_shape(
    function(x, n, arg = rlang::caller_arg(x), call = rlang::caller_env()) 1
  ))
  for (odd in list(
    function(x, call) 1, function(x, arg, call = rlang::caller_env()) 1,
    function(x, call = rlang::caller_env(), arg = rlang::caller_arg(x)) 1,
    function(y, arg = rlang::caller_arg(x), call = rlang::caller_env()) 1
  )) {
    expect_false(is_in_shape(odd))
  }
  in_shape <- vapply(mget(names, package), is_in_shape, NA)
  expect_identical(names[!in_shape], character())
})

test_that("a bare name tells to write it in quotes", {
  error <- expect_error(
    datamap_plot(random_map(5), avg_probs), class = "datamap_error_input"
  )
  expect_identical(error$similar, "avg_probs")
  expect_match(conditionMessage(error), "\"avg_probs\"", fixed = TRUE)
})
