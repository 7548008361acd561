names_drawn <- function(plot) {
  n <- length(ggplot2::ggplot_build(plot)$data)
  trimws(ggplot2::layer_data(plot, n - 1)$label)
}

lines_drawn <- function(plot) {
  layers <- ggplot2::ggplot_build(plot)$data
  Find(function(layer) "xend" %in% names(layer), layers)
}

# The region of one sample, by the words of the help page.
naive_region <- function(avg, var, variability = 0.2, confidence = 0.5) {
  if (is.na(avg) || is.na(var)) {
    NA_character_
  } else if (sqrt(var) >= variability) {
    "ambiguous"
  } else if (avg >= confidence) {
    "easy-to-learn"
  } else {
    "hard-to-learn"
  }
}

point_map <- function(avg, sd) {
  as_datamap(data.frame(
    id = seq_along(avg), avg_probs = avg, label_var = sd^2,
    correct_ratio = 0.5
  ))
}

test_that("cut-offs part easy, ambiguous and hard samples", {
  # On the cut-offs: they belong to what lies above
  map <- point_map(
    c(0.9, 0.5, 0.4, 0.1, 0.9, 0.5, 0.1, 0.1),
    c(0.0, 0.1, 0.1, 0.0, 0.2, 0.4, 0.2, 0.199)
  )
  regions <- datamap_regions(map)
  expect_identical(regions$id, map$id)
  expect_identical(
    as.character(regions$region),
    c("easy-to-learn", "easy-to-learn", "hard-to-learn", "hard-to-learn",
      "ambiguous", "ambiguous", "ambiguous", "hard-to-learn")
  )
  expect_identical(
    counts_of(regions),
    c("hard-to-learn" = 3L, "ambiguous" = 3L, "easy-to-learn" = 2L)
  )
  expect_identical(
    attr(regions, "cutoffs"), c(variability = 0.2, confidence = 0.5)
  )
})

test_that("every map and cut-off follows the rule", {
  map <- random_map(300)
  map$avg_probs[[3]] <- NA
  map$label_var[[4]] <- NaN
  for (v in c(0, 0.25, 0.3, 0.5)) {
    for (k in c(0, 0.45, 0.5, 1)) {
      regions <- datamap_regions(
        map, cutoffs = c(confidence = k, variability = v)
      )
      expect_identical(
        as.character(regions$region),
        mapply(naive_region, map$avg_probs, map$label_var, v, k)
      )
      expect_identical(sum(counts_of(regions)), 298L)
      expect_identical(
        levels(regions$region),
        c("hard-to-learn", "ambiguous", "easy-to-learn")
      )
    }
  }
  expect_identical(nrow(datamap_regions(map[0, ])), 0L)
  expect_identical(unname(counts_of(datamap_regions(map[0, ]))), c(0L, 0L, 0L))
})

test_that("the layers lie at the cut-offs, on every pair of axes", {
  map <- random_map(100)
  map$confidence <- map$avg_probs
  map$variability <- sqrt(map$label_var)
  cutoffs <- c(variability = 0.3, confidence = 0.4)
  for (confidence in c("avg_probs", "confidence")) {
    for (variability in c("label_var", "variability")) {
      cut <- if (variability == "label_var") 0.3^2 else 0.3
      plot <- datamap_plot(map, confidence, variability) +
        geom_datamap_regions(confidence, variability, cutoffs = cutoffs)
      lines <- lines_drawn(plot)
      # In each of the three panels, an upright and a level one
      expect_identical(nrow(lines), 6L)
      expect_equal(lines$x, rep(c(cut, -Inf), 3))
      expect_equal(lines$xend, rep(cut, 6))
      expect_equal(lines$y, rep(c(-Inf, 0.4), 3))
      expect_equal(lines$yend, rep(c(Inf, 0.4), 3))

      plot <- datamap_plot(map, variability, confidence, facet = NULL) +
        geom_datamap_regions(variability, confidence, cutoffs = cutoffs)
      lines <- lines_drawn(plot)
      expect_equal(lines$y, c(cut, -Inf))
      expect_equal(lines$x, c(-Inf, 0.4))
      expect_equal(lines$yend, c(cut, cut))
      expect_equal(lines$xend, c(Inf, 0.4))
    }
  }
})

test_that("a sample lies on that side of the line that its region says", {
  map <- random_map(200)
  cutoffs <- c(variability = 0.28, confidence = 0.45)
  plot <- datamap_plot(map, facet = NULL) +
    geom_datamap_regions(cutoffs = cutoffs)
  points <- ggplot2::layer_data(plot, 1)
  lines <- lines_drawn(plot)
  regions <- datamap_regions(map, cutoffs = cutoffs)$region
  at <- match(points$x, map$label_var)
  expect_identical(regions[at] == "ambiguous", points$x >= lines$x[[1]])
  is_left <- points$x < lines$x[[1]]
  expect_identical(
    (regions[at] == "easy-to-learn")[is_left],
    (points$y >= lines$y[[2]])[is_left]
  )
})

test_that("regions are named, by names of one's own, or not", {
  map <- random_map(50)
  plot <- datamap_plot(map, facet = NULL)
  expect_identical(
    names_drawn(plot + geom_datamap_regions()),
    c("hard-to-learn", "ambiguous", "easy-to-learn")
  )
  own <- c("{a}", "b", "c")
  expect_identical(
    names_drawn(plot + geom_datamap_regions(labels = own)), own
  )
  n_layers <- function(plot) length(ggplot2::ggplot_build(plot)$data)
  none <- plot + geom_datamap_regions(labels = NULL)
  expect_identical(
    n_layers(plot + geom_datamap_regions()) - n_layers(none), 1L
  )
  expect_no_warning(as_draw(ggplot2::ggplotGrob(none)))
})

test_that("the region beyond a cut-off has room, and what is drawn its look", {
  map <- point_map(c(0.9, 0.8), c(0.01, 0.02))
  plot <- datamap_plot(map) +
    geom_datamap_regions(
      cutoffs = c(variability = 0.4), colour = "red", linetype = 3,
      linewidth = 1
    )
  build <- ggplot2::ggplot_build(plot)
  expect_gt(build$layout$panel_params[[1]]$x.range[[2]], 1.4 * 0.16)
  lines <- lines_drawn(plot)
  expect_identical(unique(lines$colour), "red")
  expect_identical(unique(lines$linetype), 3)
  expect_identical(unique(lines$linewidth), 1)
})

test_that("wrong cut-offs, axes and names are errors", {
  map <- random_map(5)
  for (bad in list(-0.1, 0.6, NA_real_)) {
    error <- expect_error(
      datamap_regions(map, cutoffs = c(variability = bad)),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "variability")
  }
  for (bad in list(-0.1, 1.1, NA_real_)) {
    error <- expect_error(
      geom_datamap_regions(cutoffs = c(confidence = bad)),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "confidence")
    expect_identical(as.character(error$call[[1]]), "geom_datamap_regions")
  }
  odd <- list(
    0.2, c(0.1, 0.2), NULL, numeric(), list(variability = 0.2),
    c(variability = "0.2"), c(variability = NA), c(confidence = 0.5, 0.2),
    c(variability = 0.1, variability = 0.2), c(variabilty = 0.1)
  )
  for (bad in odd) {
    error <- expect_error(
      datamap_regions(map, cutoffs = bad), class = "datamap_error_input"
    )
    expect_identical(error$key, "cutoffs")
  }
  error <- expect_error(
    geom_datamap_regions(attr1 = "{loss}"),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "{loss}")
  expect_match(conditionMessage(error), "{loss}", fixed = TRUE)
  for (axes in list(c("avg_probs", "confidence"), c("label_var", "id"))) {
    expect_error(
      geom_datamap_regions(attr1 = axes[[1]], attr2 = axes[[2]]),
      class = "datamap_error_input"
    )
  }
  expect_error(
    geom_datamap_regions(labels = c("a", "b")),
    class = "datamap_error_input"
  )
  expect_error(
    datamap_regions(random_frame(5)["id"]), class = "datamap_error_input"
  )
  expect_error(
    geom_datamap_regions(color = "red"),
    class = "datamap_error_input"
  )
})

test_that("a cut-off that is not given is the default of all functions", {
  map <- random_map(40)
  with_cutoffs <- list(
    datamap_regions, geom_datamap_regions, datamap_plot, datamap_plot_compare
  )
  for (f in with_cutoffs) {
    expect_identical(
      eval(formals(f)$cutoffs), c(variability = 0.2, confidence = 0.5)
    )
  }
  expect_identical(
    attr(datamap_regions(map, cutoffs = c(confidence = 0.3)), "cutoffs"),
    c(variability = 0.2, confidence = 0.3)
  )
  expect_identical(
    attr(datamap_regions(map, cutoffs = c(variability = 0L)), "cutoffs"),
    c(variability = 0, confidence = 0.5)
  )
  # What one function gives, the others take
  cutoffs <- attr(datamap_regions(map), "cutoffs")
  expect_s3_class(
    datamap_plot(map, style = "cartography", cutoffs = cutoffs), "ggplot"
  )
})
