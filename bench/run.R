# Runs datacarto beside other tools on files of the project's own making:
#
#   Rscript bench/run.R [PART...] [sizes=S,M,L] [rounds=5] [tools=NAME,...]
#                       [samples=1e4,1e5,1e6,1e7] [lines=1e5,...,1e8] [keep]
#
# PART is peers, forms, tables or growth; without one all run. Each run is a
# process of its own, and all tools take turns within a round, so that a
# machine that slows down slows all of them. README.md says more. `keep` puts
# the result into results.md.

here <- dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(trailingOnly = FALSE),
  value = TRUE
)))
source(file.path(here, "setup.R"))
source(file.path(here, "measure.R"))
source(file.path(here, "write.R"))

settings <- parse_arguments(commandArgs(trailingOnly = TRUE))
place <- set_up(here)
tools <- available_tools(place, settings$tools)

# Sizes as (samples, evaluations): a small set, SNLI's, a large one.
sizes <- list(S = c(1e5, 10), M = c(550e3, 6), L = c(1e6, 20))

# The same job on other lines, datacarto with one thread and what can follow.
forms <- list(
  "M" = list(550e3, 6, 3, "json", "integer"),
  "M, string ids" = list(550e3, 6, 3, "json", "string"),
  "M, Python dicts" = list(550e3, 6, 3, "python", "integer"),
  "M, keys rotated" = list(550e3, 6, 3, "rotated", "integer"),
  "M, 2 classes" = list(550e3, 6, 2, "json", "integer"),
  "100,000 x 3, 100 classes" = list(1e5, 3, 100, "json", "integer"),
  "M, all from probs" = list(550e3, 6, 3, "derived", "integer"),
  "100,000 x 3, 100 classes, all from probs" =
    list(1e5, 3, 100, "derived", "integer")
)

results <- list()
for (part in settings$parts) {
  results[[part]] <- switch(part,
    peers = do.call(rbind, lapply(settings$sizes, function(size) {
      n <- sizes[[size]]
      measure_lines(
        size, signals(place, list(n[1], n[2], 3, "json", "integer")),
        tools, settings$rounds, place,
        is_large = size != "S"
      )
    })),
    forms = do.call(rbind, lapply(names(forms), function(form) {
      suited <- tools[form_suits(tools, forms[[form]]), ]
      measure_lines(
        form, signals(place, forms[[form]]), suited, settings$rounds, place,
        is_large = TRUE, ids = forms[[form]][[5]]
      )
    })),
    tables = measure_tables(settings$rounds, place),
    growth = measure_growth(settings, place)
  )
}
write_results(results, tools, place, settings)
