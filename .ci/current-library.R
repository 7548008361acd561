# Usage: Rscript current-library.R FOLDER
#
# Makes FOLDER a library with CRAN's current versions of what DESCRIPTION
# imports and suggests and of all that they need: the distribution's older
# dplyr, say, does not work with the current vctrs. What is there and current
# already stays. Without a network an existing library is used as it is.

lib <- commandArgs(trailingOnly = TRUE)[1]
fields <- read.dcf("DESCRIPTION", fields = c("Imports", "Suggests"))
wanted <- trimws(sub("\\(.*", "", unlist(strsplit(fields, ","))))
# What came with R is as old as R.
own <- rownames(utils::installed.packages(priority = "high"))
wanted <- setdiff(wanted, own)

dir.create(lib, recursive = TRUE, showWarnings = FALSE)
lib <- normalizePath(lib)
# Package fs brings libuv along, but wants to be told to use it.
Sys.setenv(R_LIBS = lib, USE_BUNDLED_LIBUV = "1")
.libPaths(lib)
# Compiled for use in tests, not for speed: that takes half the time.
makevars <- tempfile("Makevars")
languages <- c("C", "CXX", "CXX11", "CXX14", "CXX17", "CXX20")
writeLines(paste0(languages, "FLAGS = -O1 -g0"), makevars)
Sys.setenv(R_MAKEVARS_USER = makevars)
if (identical(getOption("repos")[["CRAN"]], "@CRAN@")) {
  utils::chooseCRANmirror(ind = 1, local.only = TRUE)
}

installed <- function() {
  utils::installed.packages(lib.loc = lib, noCache = TRUE)[, "Version"]
}

# A mirror may lack one form of the index and have another: no warning.
db <- suppressWarnings(utils::available.packages())
if (nrow(db) == 0) {
  message("No package index: using the library as it is.")
} else {
  needs <- tools::package_dependencies(
    wanted, db, which = c("Depends", "Imports", "LinkingTo"), recursive = TRUE
  )
  all <- unique(c(wanted, unlist(needs)))
  all <- setdiff(intersect(all, rownames(db)), own)
  have <- installed()
  stale <- all[is.na(have[all]) | have[all] != db[all, "Version"]]
  if (length(stale)) {
    message("Installing ", length(stale), " packages: ", toString(stale))
    utils::install.packages(
      stale, lib = lib, dependencies = FALSE, available = db, quiet = TRUE,
      INSTALL_opts = "--no-test-load",
      Ncpus = parallel::detectCores()
    )
  }
}

have <- installed()
missing <- setdiff(wanted, names(have))
if (length(missing)) {
  stop("could not be installed: ", toString(missing))
}
for (package in wanted) {
  # Loading shows that the whole chain of dependencies works together.
  loadNamespace(package, lib.loc = lib)
  cat(package, have[[package]], "\n")
}
