# The R code's style, as .lintr and this file say it; any lint fails. Run from
# the top folder.

library(lintr)

no_side_effects <- undesirable_function_linter(
  fun = c(
    library = "use importFrom or ::",
    require = "use requireNamespace()",
    attach = NA,
    options = "a package leaves the user's options alone",
    setwd = "paths are arguments",
    source = NA,
    sapply = "use vapply()"
  ),
  # A variable may have such a name, only calls are meant.
  symbol_is_undesirable = FALSE
)
settings <- eval(parse(text = read.dcf(".lintr", fields = "linters")[[1]]))

folders <- c("R", "inst", "tests", "tools", "data-raw", ".ci", "bench")
files <- list.files(
  folders, pattern = "[.]R$", recursive = TRUE, full.names = TRUE
)
lints <- lapply(files, function(file) {
  linters <- settings
  if (startsWith(file, "R/")) {
    linters <- c(linters, list(undesirable_function_linter = no_side_effects))
  }
  lint(file, linters = linters, parse_settings = FALSE)
})
for (found in lints[lengths(lints) > 0]) {
  print(found)
}
cat(length(files), "files,", sum(lengths(lints)), "lints\n")
quit(status = as.integer(sum(lengths(lints)) > 0 || length(files) == 0))
