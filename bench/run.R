# Runs datacarto beside other tools on files of the project's own making:
#
#   Rscript bench/run.R [PART...] [sizes=S,M,L] [rounds=5] [tools=NAME,...]
#                       [samples=1e4,1e5,1e6,1e7] [lines=1e5,...,1e8] [keep]
#
# PART is peers, forms, decoders, owner, tables, maps or growth; without one all
# run. Each run is a process of its own, and all tools take turns within a
# round, so that a machine that slows down slows all of them. What has been
# measured is written down at once, beside what there was before: in out/, with
# `keep` in results/ and results.md. README.md says more.

here <- dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(trailingOnly = FALSE),
  value = TRUE
)))
source(file.path(here, "setup.R"))
source(file.path(here, "measure.R"))
source(file.path(here, "maps.R"))
source(file.path(here, "write.R"))

settings <- parse_arguments(commandArgs(trailingOnly = TRUE))
place <- set_up(here, settings$keep)
tools <- available_tools(place, settings$tools)

# A small set, one as large as SNLI, and a large one.
sizes <- list(
  S = shape(samples = 1e5, evaluations = 10),
  M = shape(samples = 550e3, evaluations = 6),
  L = shape(samples = 1e6, evaluations = 20)
)

# The same job on other lines: datacarto, and others where they can follow.
hundred <- function(...) shape(1e5, 3, classes = 100, ...)
forms <- list(
  "M" = shape(),
  "M, string ids" = shape(ids = "string"),
  "M, Python dicts" = shape(form = "python"),
  "M, keys rotated" = shape(form = "rotated"),
  "M, 2 classes" = shape(classes = 2),
  "M, all from probs" = shape(form = "derived"),
  "M, one gzip file" = shape(files = 1),
  "M, 6 gzip files" = shape(files = 6),
  "100 classes" = hundred(),
  "100 classes, string ids" = hundred(ids = "string"),
  "100 classes, all from probs" = hundred(form = "derived")
)

for (part in settings$parts) {
  keep <- function(rows) write_rows(part, rows, tools, place)
  switch(part,
    peers = for (size in settings$sizes) {
      is_suited <- tools$large | size == "S"
      keep(measure_lines(
        size, sizes[[size]], tools[is_suited, ], settings$rounds, place
      ))
    },
    forms = for (form in names(forms)) {
      is_suited <- form_suits(tools, forms[[form]])
      keep(measure_lines(
        form, forms[[form]], tools[is_suited, ], settings$rounds, place
      ))
    },
    decoders = keep(measure_decoders(settings$rounds, place)),
    owner = keep(measure_owner(
      Filter(function(shape) is.null(shape$files), forms), settings$rounds,
      place
    )),
    tables = measure_tables(settings$rounds, place, keep),
    maps = measure_maps(settings$rounds, place, keep),
    growth = measure_growth(settings, tools, place, keep)
  )
}
say("done: ", place$report)
