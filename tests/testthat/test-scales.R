# Colours as linear RGB, in Lab, under colour-blindness (Machado et al. 2009,
# full severity), and their contrast.
linear_rgb <- function(colours) {
  v <- t(grDevices::col2rgb(colours)) / 255
  ifelse(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055)^2.4)
}

vision <- list(
  normal = diag(3),
  deuteranopia = rbind(
    c(0.367322, 0.860646, -0.227968),
    c(0.280085, 0.672501, 0.047413),
    c(-0.011820, 0.042940, 0.968881)
  ),
  protanopia = rbind(
    c(0.152286, 1.052583, -0.204868),
    c(0.114503, 0.786281, 0.099216),
    c(-0.003882, -0.048116, 1.051998)
  ),
  tritanopia = rbind(
    c(1.255528, -0.076749, -0.178779),
    c(-0.078411, 0.930809, 0.147602),
    c(0.004733, 0.691367, 0.303900)
  )
)

lab <- function(colours, vision) {
  v <- pmin(pmax(linear_rgb(colours) %*% t(vision), 0), 1)
  srgb <- ifelse(v <= 0.0031308, v * 12.92, 1.055 * v^(1 / 2.4) - 0.055)
  grDevices::convertColor(srgb, "sRGB", "Lab")
}

luminance <- function(colours) {
  drop(linear_rgb(colours) %*% c(0.2126, 0.7152, 0.0722))
}

test_that("any two colours differ, for colour-blind eyes too", {
  for (kind in names(vision)) {
    distances <- stats::dist(lab(datamap_colours, vision[[kind]]))
    expect_gt(min(distances), 20, label = kind)
  }
})

test_that("the colours are in order in grey, and stand out from white", {
  lightness <- lab(datamap_colours, diag(3))[, 1]
  expect_true(all(diff(lightness) > 6))
  expect_true(all(1.05 / (luminance(datamap_colours) + 0.05) > 2.3))
})

test_that("marks and texts stand out from white and from theme_dark()", {
  contrast <- function(colour, ground) {
    l <- sort(luminance(c(colour, ground)) + 0.05)
    l[[2]] / l[[1]]
  }
  kinds <- plot_kinds()
  n <- 0
  for (name in c(
    "marked", "cartography", "regions", "arrows", "flow", "reliability",
    "intervals", "audit"
  )) {
    for (layer in kinds[[name]]()$layers) {
      is_text <- inherits(layer$geom, c("GeomText", "GeomLabel"))
      colour <- layer$aes_params$colour %||% if (is_text) "black"
      if (is.null(colour) || colour %in% datamap_palette()) next
      n <- n + 1
      # 4.5 for text and 3 for marks is what WCAG 2 asks for
      for (ground in c("white", "grey50")) {
        expect_gt(
          contrast(colour, ground), if (is_text) 4.5 else 3,
          label = paste(name, class(layer$geom)[[1]], colour, "on", ground)
        )
      }
    }
  }
  expect_gt(n, 10)
})

test_that("the palette gives schemes by name, and any number of colours", {
  for (scheme in c("correct_ratio", "use_f_times", "use_l_times",
                   "dirty_label")) {
    colours <- datamap_palette(scheme)
    shapes <- datamap_palette(scheme, what = "shape")
    expect_identical(names(colours), group_schemes[[scheme]]$levels)
    expect_identical(names(shapes), group_schemes[[scheme]]$levels)
    expect_false(anyDuplicated(colours) > 0)
    expect_false(anyDuplicated(shapes) > 0)
  }
  for (n in c(0:6, 10, 30)) {
    colours <- datamap_palette(n)
    expect_length(colours, n)
    expect_false(anyDuplicated(colours) > 0)
    expect_length(datamap_palette(n, what = "shape"), n)
  }
  expect_identical(datamap_palette(6), unname(datamap_palette()))
})

test_that("what is never right and always right looks the same everywhere", {
  for (what in c("colour", "shape")) {
    ratio <- datamap_palette("correct_ratio", what = what)
    f <- datamap_palette("use_f_times", what = what)
    l <- datamap_palette("use_l_times", what = what)
    expect_identical(ratio[["correct_ratio_0.0"]], f[["forgotten_times-"]])
    expect_identical(ratio[["correct_ratio_1.0"]], f[["forgotten_times=0"]])
    expect_identical(unname(f), unname(l))
  }
})

test_that("a palette that there is not is an error", {
  for (x in list("viridis", c("a", "b"), -1, 1.5, NULL, NA)) {
    expect_error(datamap_palette(x), class = "datamap_error_input")
  }
})

test_that("the scales know levels by name, others by their order", {
  point_colours <- function(group) {
    data <- data.frame(x = 1, y = 1, group = group)
    plot <- ggplot2::ggplot(
      data, aes(.data$x, .data$y, colour = .data$group, shape = .data$group)
    ) +
      ggplot2::geom_point() +
      scale_colour_datamap(na.value = "red") +
      scale_shape_datamap(na.value = 8L)
    ggplot2::layer_data(plot)[c("colour", "shape")]
  }
  known <- c("correct_ratio_0.8", "correct_ratio_0.0")
  expect_identical(
    point_colours(known)$colour, unname(datamap_palette()[known])
  )
  expect_identical(
    point_colours(add_count(known, c(12345, 0)))$colour,
    unname(datamap_palette()[known])
  )
  expect_identical(
    as.integer(point_colours(known)$shape),
    unname(datamap_palette("correct_ratio", what = "shape")[known])
  )
  expect_identical(
    point_colours(c("a", "b", "c", NA))$colour, c(datamap_palette(3), "red")
  )
  many <- sprintf("v%02d", 1:30)
  expect_identical(point_colours(many)$colour, datamap_palette(30))
})

test_that("color is colour, and other aesthetics can be asked for", {
  expect_identical(scale_color_datamap, scale_colour_datamap)
  scale <- scale_colour_datamap(aesthetics = c("colour", "fill"), name = "N")
  expect_s3_class(scale, "ScaleDiscrete")
  expect_identical(scale_fill_datamap()$aesthetics, "fill")
  expect_identical(scale_fill_datamap()$map(c("a", "b"), c("a", "b")),
                   datamap_palette(2))
  expect_identical(scale$aesthetics, c("colour", "fill"))
  expect_identical(scale$name, "N")
})

test_that("counts are added to levels and taken off again", {
  levels <- c("learnt_times>=3", "dirty (s_label 2)", "a (n = b)")
  counted <- add_count(levels, c(0, 1234567, 3))
  expect_identical(counted[[1]], "learnt_times>=3 (n = 0)")
  expect_identical(counted[[2]], "dirty (s_label 2) (n = 1,234,567)")
  expect_identical(strip_count(counted), levels)
})
