test_that("runs stand below each other, matched by id", {
  maps <- random_runs(3, 20)
  shuffled <- list(
    a = maps[[1]][c(5:20, 1:4), ], b = maps[[2]][20:1, ], c = maps[[3]]
  )
  d <- datamap_runs(shuffled)
  expect_identical(class(d), "data.frame")
  expect_identical(levels(d$run), c("a", "b", "c"))
  expect_identical(d$id, rep(c(5:20, 1:4), 3))
  expect_identical(attr(d, "left_out"), c(a = 0L, b = 0L, c = 0L))
  # put together by merge()
  expected <- do.call(rbind, Map(function(run, map) {
    columns <- setdiff(names(map), "label")
    merged <- merge(
      data.frame(id = maps[[1]]$id, label = maps[[1]]$label),
      as.data.frame(map)[columns]
    )
    cbind(run = run, merged)
  }, names(shuffled), shuffled))
  mine <- d[order(d$run, d$id), ]
  mine$run <- as.character(mine$run)
  expect_setequal(names(d), names(expected))
  expect_identical(
    names(d)[1:4], c("run", "id", "label", "evaluations")
  )
  for (name in names(expected)) {
    expect_identical(mine[[name]], expected[[name]], label = name)
  }
})

test_that("ids of any type are the same id, whole beyond 2^53", {
  maps <- lapply(random_runs(2, 3), function(map) {
    map$label <- "a"
    map
  })
  ids <- c("9007199254740993", "9007199254740995", "07")
  maps[[1]]$id <- ids
  maps[[2]]$id <- factor(rev(ids))
  values <- maps[[2]]$avg_probs[3:1]
  d <- datamap_runs(maps)
  expect_identical(d$id, rep(ids, 2))
  expect_identical(d$avg_probs[4:6], values)
  maps <- random_runs(2, 3)
  maps[[2]]$id <- as.character(maps[[2]]$id)
  expect_identical(datamap_runs(maps)$id, rep(1:3, 2))
})

test_that("only samples of all runs stay, and the others are counted", {
  maps <- random_runs(3, 20)
  maps[[2]] <- maps[[2]][-(1:2), ]
  maps[[3]] <- maps[[3]][-20, ]
  message <- expect_message(
    d <- datamap_runs(maps), "3 of run 1, 1 of run 2, 2 of run 3",
    class = "datamap_message_alone"
  )
  expect_identical(message$counts, c("1" = 3L, "2" = 1L, "3" = 2L))
  expect_identical(attr(d, "left_out"), message$counts)
  expect_identical(unique(d$id), 3:19)
  maps[[3]]$id <- maps[[3]]$id + 100L
  error <- expect_error(datamap_runs(maps), class = "datamap_error_input")
  expect_identical(error$key, "id")
})

test_that("an id that stands twice is told with the run it is in", {
  maps <- random_runs(2, 5)
  maps[[2]] <- maps[[2]][c(1:5, 2), ]
  error <- expect_error(
    datamap_runs(maps), "map[[2]]", fixed = TRUE, class = "datamap_error_input"
  )
  expect_identical(error$key, "2")
  expect_identical(error$line, 6L)
  error <- expect_error(
    datamap_runs(maps[[2]]), class = "datamap_error_input"
  )
  expect_identical(error$key, "2")
})

test_that("labels must be the same unless they are what is compared", {
  maps <- random_runs(3, 20)
  maps[[2]]$label <- factor(maps[[2]]$label)
  d <- datamap_runs(maps)
  expect_identical(d$label, rep(maps[[1]]$label, 3))
  maps[[3]]$label[1:3] <- c("x", NA, "y")
  error <- expect_error(
    datamap_runs(maps), "3 of 20 samples have another label in run 3",
    class = "datamap_error_input"
  )
  expect_identical(error[c("key", "run", "n")],
                   list(key = "label", run = "3", n = 3L))
  d <- datamap_runs(maps, same_labels = FALSE)
  expect_identical(d$label[41:44], maps[[3]]$label[1:4])
  # factors of all runs have all levels
  maps <- lapply(maps, function(map) {
    map$label <- factor(map$label)
    map
  })
  d <- datamap_runs(maps, same_labels = FALSE)
  expect_setequal(levels(d$label), c("a", "b", "x", "y"))
  expect_identical(as.character(d$label[41:42]), c("x", NA))
  # numbers and text
  maps[[1]]$label <- 1:20
  d <- datamap_runs(maps, same_labels = FALSE)
  expect_identical(d$label[c(1, 20)], c("1", "20"))
  maps[[2]]$label <- NULL
  expect_null(datamap_runs(maps)[["label"]])
})

test_that("metrics are those that every run has, or those named", {
  maps <- random_runs(2, 10)
  maps[[1]]$own <- seq_len(10) / 3
  maps[[1]]$text <- "a"
  maps[[2]]$text <- 1
  expect_false(any(c("own", "text") %in% names(datamap_runs(maps))))
  d <- datamap_runs(maps, metrics = "avg_probs")
  expect_named(d, c("run", "id", "label", "evaluations", "avg_probs"))
  error <- expect_error(
    datamap_runs(maps, metrics = c("avg_probs", "own")), "Run 2 lacks \"own\"",
    class = "datamap_error_input"
  )
  expect_identical(error$key, "own")
  error <- expect_error(
    datamap_runs(maps, metrics = "avg_prob"), "Did you mean"
  )
  expect_identical(error$similar, "avg_probs")
  for (wrong in list("id", "evaluations", 1, character(), NA_character_)) {
    expect_error(
      datamap_runs(maps, metrics = wrong), class = "datamap_error_input"
    )
  }
})

test_that("runs of other lengths are told", {
  maps <- random_runs(2, 10)
  maps[[2]]$evaluations[4:5] <- 7L
  message <- expect_message(
    datamap_runs(maps), class = "datamap_message_evaluations"
  )
  expect_identical(message$n, 2L)
  # by every function of runs
  maps <- random_runs(3, 220)
  maps[[2]]$evaluations[4:5] <- 7L
  drawn <- data.frame(id = 1:20, is_wrong = FALSE)
  for (told in list(
    quote(datamap_reliability(maps)), quote(datamap_intervals(maps)),
    quote(datamap_audit_sample(maps, n = 100, top = 0.5)),
    quote(datamap_audit(maps, drawn)), quote(datamap_average(maps)),
    quote(datamap_region_probs(maps)), quote(datamap_compare(maps, maps[2:3]))
  )) {
    expect_message(
      eval(told), "2 samples were not", class = "datamap_message_evaluations",
      label = deparse(told)
    )
  }
  maps[[2]]$evaluations <- NULL
  expect_message(d <- datamap_runs(maps), NA)
  expect_null(d$evaluations)
})

test_that("one map is a list of one, names of runs are names", {
  map <- random_runs(1, 10)[[1]]
  d <- datamap_runs(map)
  expect_identical(levels(d$run), "1")
  expect_identical(d$avg_probs, map$avg_probs)
  maps <- random_runs(3, 5)
  expect_identical(
    levels(datamap_runs(list(maps[[1]], b = maps[[2]], maps[[3]]))$run),
    c("1", "b", "3")
  )
  for (wrong in list(
    list(a = map, a = map), list("2" = map, map), list(), 1, list(map, 1)
  )) {
    expect_error(datamap_runs(wrong), class = "datamap_error_input")
  }
})

test_that("runs with labels of their own are refused, others are not", {
  files <- sprintf("symmetric-%d.jsonl.gz", 1:2)
  maps <- lapply(files, function(file) {
    datamap_summarise(test_path("fixtures", "runs", file))
  })
  error <- expect_error(
    datamap_runs(maps), "397 of 2,100 samples have another label in run 2",
    class = "datamap_error_input"
  )
  expect_identical(error$n, 397L)
  d <- datamap_runs(maps, same_labels = FALSE)
  expect_identical(nrow(d), 4200L)
  same <- same_runs()
  expect_identical(nrow(datamap_runs(same)), 5000L)
  # what the labels do to the reliability
  icc <- function(maps) {
    values <- do.call(cbind, lapply(maps, `[[`, "avg_probs"))
    icc_values(anova_of(mean_squares(values)))[["ICC(A,1)"]]
  }
  expect_gt(icc(same), 0.9)
  expect_lt(icc(maps), 0.5)
})

test_that("ends of bins are the quantiles, to the last bit", {
  set.seed(1)
  all <- list(
    stats::rnorm(1e4), stats::rpois(5e3, 1), 3, c(2, 2), 1:7 / 3,
    rep(0.1, 500), round(stats::rbeta(3e3, 1, 5), 2)
  )
  for (values in all) {
    for (n in c(1, 3, 8, 50)) {
      breaks <- unique(
        stats::quantile(values, 0:n / n, names = FALSE, type = 7)
      )
      if (length(breaks) == 1) {
        breaks <- breaks + c(0, 1)
      }
      expect_identical(quantile_breaks(as.double(values), n), breaks)
    }
  }
  values <- sample(1000)
  expect_identical(values_at(values, seq(1L, 1000L, 7L)), seq(1L, 1000L, 7L))
  expect_identical(values_at(values, 1:1000), 1:1000)
})

test_that("a missing value makes nothing missing but what is made of it", {
  runs <- random_runs(3, 60)
  runs[[2]]$avg_probs[[7]] <- NA
  quietly <- function(x) as.data.frame(suppressMessages(x))
  intervals <- quietly(datamap_intervals(runs))
  expect_identical(nrow(intervals), 59L)
  expect_false(anyNA(intervals))
  reliability <- quietly(datamap_reliability(runs, metrics = "avg_probs"))
  expect_identical(unique(reliability$samples), 59L)
  expect_false(anyNA(reliability$estimate))
  average <- suppressMessages(datamap_average(runs))
  expect_identical(which(is.na(average$avg_probs)), 7L)
  compared <- quietly(datamap_compare(runs, random_runs(3, 60, seed = 2)))
  expect_false(anyNA(compared$estimate))

  one <- runs[[2]]
  one$s_label <- rep_len(c(0L, 0L, 2L), 60)
  expect_false(anyNA(quietly(datamap_detect(one))$auroc))
  expect_false(anyNA(summary(one)$signals))
  audit <- suppressMessages(datamap_audit_sample(one, n = 20, seed = 1))
  expect_false(7 %in% audit$id)
  steps <- random_steps()
  steps$label_probs[[5]] <- NA
  drawn <- ggplot2::layer_data(datamap_plot_trajectories(steps), 1)
  expect_identical(anyNA(drawn[["ymin"]]), FALSE)
  expect_gt(length(drawn[["ymin"]]), 0)
})
