# Draws maps of made-up samples with datacarto and with what is used in its
# place, as PNG and as PDF:
#
#   Rscript bench/plots.R [samples=55e3,1e6,1e7] [rounds=3] [keep]
#
# Each picture is made by a process of its own, and all tools take turns within
# a round. Seconds count from the samples in memory to the file on the disk;
# README.md says more. `keep` puts the result into results-plots.md.

here <- dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(trailingOnly = FALSE),
  value = TRUE
)))
source(file.path(here, "setup.R"))
source(file.path(here, "measure.R"))
source(file.path(here, "write.R"))

# Up to so many samples a tool is run: beyond, a picture takes many minutes or
# gigabytes.
limits <- list(
  "datacarto" = c(png = Inf, pdf = Inf),
  "datacarto, cartography" = c(png = Inf, pdf = Inf),
  "datacarto, points = \"raster\"" = c(png = 1e6, pdf = 1e6),
  "geom_point()" = c(png = 1e7, pdf = 1e6),
  "matplotlib" = c(png = 1e7, pdf = 1e6),
  "seaborn" = c(png = 1e6, pdf = 1e5)
)

available_drawers <- function() {
  peer <- function(name) file.path(here, "peers", name)
  python <- python_with("matplotlib")
  drawer <- function(name, command, is_there = TRUE) {
    data.frame(
      name = name, is_there = is_there, command = I(list(command)),
      env = I(list(NULL))
    )
  }
  rscript <- function(file, kind) c("Rscript", peer(file), kind)
  rbind(
    drawer("datacarto", rscript("plot-datacarto.R", "auto")),
    drawer(
      "datacarto, cartography", rscript("plot-datacarto.R", "cartography")
    ),
    drawer(
      "datacarto, points = \"raster\"", rscript("plot-datacarto.R", "raster"),
      requireNamespace("scattermore", quietly = TRUE)
    ),
    drawer("geom_point()", rscript("plot-ggplot2.R", "points")),
    drawer(
      "matplotlib", c(python, peer("plot-matplotlib.py"), "scatter"),
      nzchar(python)
    ),
    drawer(
      "seaborn",
      c(python_with("seaborn"), peer("plot-matplotlib.py"), "scatterplot"),
      nzchar(python_with("seaborn"))
    )
  )
}

# Most samples easy, the others along an arch: where real maps have them.
samples_file <- function(place, n) {
  name <- paste0("samples-", format(n, scientific = FALSE))
  file <- file.path(place$cache, "data", name)
  if (!file.exists(file)) {
    say("generating ", name)
    set.seed(1)
    mean <- stats::rbeta(n, 4, 1.2)
    right <- stats::rbinom(n, 10, stats::pnorm((mean - 0.5) * 6)) / 10
    part <- paste0(file, ".part")
    con <- file(part, "wb")
    writeBin(mean, con)
    writeBin(mean * (1 - mean) * stats::rbeta(n, 1.5, 6), con)
    writeBin(right, con)
    close(con)
    file.rename(part, file)
  }
  file
}

# All tools on one number of samples and one format of the picture.
measure_pictures <- function(n, format, drawers, rounds, place) {
  fits <- vapply(drawers$name, function(name) n <= limits[[name]][[format]], NA)
  drawers <- drawers[drawers$is_there & fits, ]
  file <- samples_file(place, n)
  say(format(n, big.mark = ",", scientific = FALSE), " samples as ", format)
  load <- load_now()
  runs <- list()
  for (round in seq_len(rounds)) {
    for (i in seq_len(nrow(drawers))) {
      # A picture that takes a minute is made once
      slow <- round > 1 && runs[[i]]$seconds > 60
      if (!slow %in% TRUE) {
        picture <- tempfile(fileext = paste0(".", format))
        run <- run_once(drawers[i, ], file, out = picture)
        runs[[length(runs) + 1]] <- data.frame(
          tool = i, round = round, as.list(run),
          size = file.size(picture)
        )
        unlink(picture)
      }
    }
  }
  runs <- do.call(rbind, runs)
  do.call(rbind, lapply(seq_len(nrow(drawers)), function(i) {
    mine <- runs[runs$tool == i, ]
    own <- runs[runs$tool == 1, ]
    data.frame(
      samples = n, format = format, tool = drawers$name[i],
      seconds = stats::median(mine$seconds), cpu = stats::median(mine$cpu),
      cpu_times_datacarto = stats::median(
        mine$cpu / own$cpu[match(mine$round, own$round)]
      ),
      memory_mb = stats::median(mine$peak - mine$before) / 1024,
      file_kb = stats::median(mine$size) / 1024, load = load
    )
  }))
}

# samples=..., rounds=... and keep, in any order.
drawing_arguments <- function(args) {
  is_known <- grepl("^(samples=|rounds=|keep$)", args)
  if (!all(is_known)) {
    stop("unknown argument: ", args[!is_known][1])
  }
  list(
    samples = as.numeric(argument(args, "samples", c(55e3, 1e6, 1e7))),
    rounds = as.integer(argument(args, "rounds", 3)),
    keep = "keep" %in% args
  )
}

write_pictures <- function(table, drawers, file) {
  versions <- c("ggplot2", "scattermore")
  versions <- versions[vapply(versions, requireNamespace, NA, quietly = TRUE)]
  versions <- paste(versions, vapply(versions, function(package) {
    format(utils::packageVersion(package))
  }, ""))
  for (module in c("matplotlib", "seaborn")) {
    python <- python_with(module)
    if (nzchar(python)) {
      code <- paste0("import ", module, " as m; print(m.__version__)")
      version <- system2(python, c("-c", shQuote(code)), stdout = TRUE)
      versions <- c(versions, paste(module, version))
    }
  }
  missing <- drawers$name[!drawers$is_there]
  writeLines(c(
    "# Measured pictures", "",
    paste0(describe_machine(place), " ", toString(versions), "."),
    if (length(missing)) {
      c("", paste0("Not installed: ", toString(missing), "."))
    },
    "",
    paste(
      "Pictures of 7 by 5 inches, PNG with 150 dots per inch. `seconds` by the",
      "clock and `cpu` count from the samples in memory to the file, medians;",
      "`cpu_times_datacarto` is the median of the ratios within a round.",
      "`memory_mb`: the most that drawing added to the process. `load`: how",
      "many processes were running or waiting, on average of a minute, when",
      "the pictures of so many samples and one format were begun."
    ), "",
    markdown(table)
  ), file)
}

settings <- drawing_arguments(commandArgs(trailingOnly = TRUE))
place <- list(here = here, cache = cache_folder())
place$library <- file.path(place$cache, "library")
place$modules <- file.path(place$cache, "node_modules")
install_checkout(place)
install_debian(c(
  if (!nzchar(python_with("matplotlib"))) "python3-matplotlib",
  if (!nzchar(python_with("seaborn"))) "python3-seaborn"
))
drawers <- available_drawers()
folder <- if (settings$keep) here else file.path(here, "out")
file <- file.path(folder, "results-plots.md")
dir.create(folder, showWarnings = FALSE)
table <- NULL
for (n in settings$samples) {
  for (format in c("png", "pdf")) {
    rows <- measure_pictures(n, format, drawers, settings$rounds, place)
    table <- rbind(table, rows)
    # What is measured is kept, whatever becomes of the rest
    write_pictures(table, drawers, file)
  }
}
say("written to ", file)
