# Every kind of plot that the package draws, and odd ones, each from a function
# of no arguments: drawn on demand, by name. tools/layers.R draws them under two
# versions of ggplot2.
plot_kinds <- function() {
  map <- random_map(120)
  other <- random_map(120, seed = 2)
  steps <- random_steps()
  cutoffs <- c(variability = 0.28)
  spam <- datamap_example("spam_signals.jsonl.gz")
  learned <- map
  learned$first_correct <- ifelse(
    map$correct_times > 0, 10L - map$correct_times, NA
  )
  changes_of <- function(...) {
    force(list(...))
    function() {
      ggplot2::autoplot(datamap_compare(...))
    }
  }
  times_of <- function(data, ...) {
    function() ggplot2::autoplot(datamap_survival(data, ...))
  }
  map_of <- function(..., data = map) {
    force(data)
    function() datamap_plot(data, ...)
  }
  signals_of <- function(data, ...) function() datamap_plot_signals(data, ...)
  steps_of <- function(data, ...) {
    function() datamap_plot_trajectories(data, ...)
  }
  compared <- function(data, ...) {
    function() datamap_plot_compare(data, other, cutoffs = cutoffs, ...)
  }
  runs <- random_runs(3, 60)
  drawn <- suppressMessages(datamap_audit_sample(map, n = 40, seed = 1))
  drawn$is_wrong <- rep_len(c(TRUE, FALSE), 40)
  found <- function(...) function() ggplot2::autoplot(suppressMessages(...))
  list(
    map = map_of(),
    forgotten = map_of(criterion = "forgetting_times", threshold = 1),
    f_times = map_of(use_f_times = 0),
    l_times = map_of(use_l_times = 0, facet = NULL),
    dirty = map_of(dirty_label = TRUE, facet = NULL),
    axes = map_of("max_label_probs", "id",
      group_by = "label_var", facet = "label", scales = "free"
    ),
    marked = map_of(facet = NULL, ids = c(3, 50)),
    cartography = map_of(style = "cartography"),
    cartography_panels = map_of(style = "cartography", facet = "s_label"),
    density = map_of(points = "density"),
    density_cartography = map_of(points = "density", style = "cartography"),
    raster = map_of(points = "raster"),
    regions = function() {
      datamap_plot(map, facet = NULL) +
        geom_datamap_regions(cutoffs = cutoffs)
    },
    added = function() {
      datamap_plot(map, facet = NULL) + theme_datamap(9) +
        ggplot2::facet_wrap("label") + ggplot2::scale_x_sqrt() +
        ggplot2::labs(title = "Mine")
    },
    signals = signals_of(map, dirty_label = TRUE),
    trajectories = steps_of(steps, ids = 3:5),
    bands = steps_of(steps, group_by = "s_label"),
    average = map_of(data = datamap_average(list(map, map))),
    runs = map_of(data = list(a = map, b = other)),
    region_probs = function() {
      runs <- lapply(1:3, function(seed) random_map(200, seed = seed))
      runs <- lapply(runs, `[[<-`, "label", value = 0L)
      ggplot2::autoplot(datamap_region_probs(runs))
    },
    confusions = found(datamap_confusions(suggesting_map())),
    changes = changes_of(random_runs(2), random_runs(3, seed = 2)),
    changes_of_two = changes_of(map, other),
    learn = times_of(learned),
    forget = times_of(spam, "forget"),
    arrows = compared(map),
    flow = compared(map, type = "flow"),
    reliability = found(datamap_reliability(runs)),
    reliability_two = found(datamap_reliability(runs[1:2])),
    intervals = found(datamap_intervals(runs)),
    intervals_counts = found(datamap_intervals(runs, "correct_times")),
    audit = found(datamap_audit(map, drawn)),
    empty = map_of(data = map[0, ]),
    empty_cartography = map_of(data = map[0, ], style = "cartography"),
    empty_signals = signals_of(map[0, ]),
    empty_bands = steps_of(steps[0, ]),
    empty_flow = compared(map[0, ], type = "flow"),
    one = map_of(data = map[1, ]),
    one_evaluation = map_of(data = random_map(30, times = 1)),
    one_step = steps_of(steps[1:40, ])
  )
}

# Signals of samples over evaluations, numbers without a rule.
random_steps <- function(n = 40, times = 6) {
  set.seed(3)
  data.frame(
    id = rep(seq_len(n), times),
    epoch = rep(seq_len(times), each = n) * 10,
    label_probs = stats::runif(n * times),
    s_label = rep(rep_len(c(0, 0, 2), n), times)
  )
}

# What is drawn depends on no package that is only suggested: what takes long is
# looked at where those are, in the distribution's versions and in current ones.
skip_without_suggests <- function() {
  skip_if(
    tolower(Sys.getenv("_R_CHECK_DEPENDS_ONLY_")) == "true",
    "Drawn the same with the suggested packages"
  )
}
