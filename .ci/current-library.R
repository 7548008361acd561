# Usage: Rscript current-library.R FOLDER
#
# Makes FOLDER a library with CRAN's current versions of what DESCRIPTION
# imports and suggests and of all that they need: the distribution's older
# dplyr, say, does not work with the current vctrs. What is there and current
# already stays. Without a network an existing library is used as it is.
#
# The packages of models in `models` come along, for the tests that ask them.
# They need many others, of which the distribution's will do where they are new
# enough. xgboost is left out, since its current version needs a newer R.

lib <- commandArgs(trailingOnly = TRUE)[1]
fields <- read.dcf("DESCRIPTION", fields = c("Imports", "Suggests"))
wanted <- trimws(sub("\\(.*", "", unlist(strsplit(fields, ","))))
# What came with R is as old as R.
own <- rownames(utils::installed.packages(priority = "high"))
wanted <- setdiff(wanted, own)

# checkmate is there since mlr3 needs a newer one than it says.
models <- c(
  "bonsai", "checkmate", "lightgbm", "mlr3", "mlr3learners", "parsnip", "tune",
  "workflows"
)

# Takes minutes to compile, and a third of them by clang and not optimised.
large <- "lightgbm"

# What tune needs for a kind of search that no test asks for, and that compiles
# for ten minutes: a package without anything in it stands for it.
empty <- "GauPro"

# What takes long to compile and has been the same for years: the distribution's
# will do where it is new enough for all that need it.
settled <- c(
  "bit", "bit64", "bslib", "digest", "fs", "httpuv", "isoband", "later",
  "Rcpp", "RSQLite", "sass", "shiny", "stringi", "xml2"
)

dir.create(lib, recursive = TRUE, showWarnings = FALSE)
lib <- normalizePath(lib)
# Package fs brings libuv along, but wants to be told to use it.
Sys.setenv(R_LIBS = lib, USE_BUNDLED_LIBUV = "1")
.libPaths(lib)
# Compiled for use in tests, not for speed: that takes half the time.
languages <- c("C", "CXX", "CXX11", "CXX14", "CXX17", "CXX20")
plainly <- paste0(languages, "FLAGS = -O1 -g0")
# Without its threads, since clang has no library for them here.
hastily <- c(
  paste0(languages, "FLAGS = -O0 -g0"), paste(languages[-1], "= clang++"),
  "SHLIB_OPENMP_CXXFLAGS ="
)
makevars <- tempfile("Makevars")
Sys.setenv(R_MAKEVARS_USER = makevars)
install <- function(packages, how) {
  writeLines(how, makevars)
  utils::install.packages(
    packages, lib = lib, dependencies = FALSE, available = db, quiet = TRUE,
    INSTALL_opts = "--no-test-load",
    Ncpus = parallel::detectCores()
  )
}
if (identical(getOption("repos")[["CRAN"]], "@CRAN@")) {
  utils::chooseCRANmirror(ind = 1, local.only = TRUE)
}

make_empty <- function(package) {
  folder <- file.path(tempfile("empty"), package)
  dir.create(folder, recursive = TRUE)
  about <- c(
    Package = package, Version = "9999.0", Title = "Nothing", License = "none",
    Description = "Nothing.", Author = "none", Maintainer = "none <none@none>"
  )
  write.dcf(t(about), file.path(folder, "DESCRIPTION"))
  file.create(file.path(folder, "NAMESPACE"))
  utils::install.packages(
    folder, lib, repos = NULL, type = "source", quiet = TRUE
  )
}

installed <- function() {
  utils::installed.packages(lib.loc = lib, noCache = TRUE)[, "Version"]
}

# What a package in the index needs, as the lowest versions that will do.
requirements <- function(package) {
  entries <- db[package, c("Depends", "Imports", "LinkingTo")]
  entries <- trimws(unlist(strsplit(entries[!is.na(entries)], ",")))
  version <- sub(".*>=[[:space:]]*([0-9.-]+).*", "\\1", entries)
  version[!grepl(">=", entries)] <- "0"
  names(version) <- sub("[[:space:]]*\\(.*", "", entries)
  version[!names(version) %in% c("R", own)]
}

has_distribution <- function(package, version) {
  file <- system.file("DESCRIPTION", package = package, lib.loc = .Library.site)
  nzchar(file) && package_version(read.dcf(file)[, "Version"]) >= version
}

# Those of `packages` that the distribution has not spared us.
unspared <- function(packages) {
  is_spared <- packages %in% settled &
    vapply(packages, has_distribution, NA, version = "0")
  packages[!is_spared]
}

# `packages` and what they need: of `spared`, only what the distribution does
# not have, and nothing that is `there`.
with_needs <- function(packages, spared, there = character()) {
  found <- character()
  while (length(packages)) {
    found <- c(found, packages)
    needs <- unlist(lapply(packages, requirements))
    needs <- needs[names(needs) %in% rownames(db)]
    is_spared <- names(needs) %in% spared &
      as.logical(mapply(has_distribution, names(needs), needs))
    packages <- setdiff(names(needs)[!is_spared], c(found, there))
  }
  found
}

# A mirror may lack one form of the index and have another: no warning.
db <- suppressWarnings(utils::available.packages())
if (nrow(db) == 0) {
  message("No package index: using the library as it is.")
} else {
  all <- with_needs(intersect(unspared(wanted), rownames(db)), settled)
  # their current versions may need a newer R
  models_here <- intersect(models, rownames(db))
  all <- c(all, with_needs(models_here, rownames(db), c(all, empty)))
  if (!empty %in% names(installed())) make_empty(empty)
  find_stale <- function() {
    have <- installed()
    all[is.na(have[all]) | have[all] != db[all, "Version"]]
  }
  # What was compiled for the distribution's set-up is compiled already.
  for (package in find_stale()) {
    if (has_distribution(package, db[package, "Version"])) {
      there <- find.package(package, lib.loc = .Library.site)
      unlink(file.path(lib, package), recursive = TRUE)
      file.copy(there, lib, recursive = TRUE)
    }
  }
  stale <- find_stale()
  if (length(stale)) {
    message("Installing ", length(stale), " packages: ", toString(stale))
    install(setdiff(stale, large), plainly)
    install(intersect(stale, large), hastily)
  }
}

have <- installed()
missing <- setdiff(unspared(wanted), names(have))
if (length(missing)) {
  stop("could not be installed: ", toString(missing))
}
for (package in c(wanted, intersect(models, names(have)))) {
  # Loading shows that the whole chain of dependencies works together.
  loadNamespace(package, lib.loc = c(lib, .Library.site))
  cat(package, getNamespaceVersion(package), "\n")
}
missing <- setdiff(models, names(have))
if (length(missing)) {
  cat("Not for this R:", toString(missing), "\n")
}
