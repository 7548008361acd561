# Usage: Rscript deps.R missing demo|vignettes|test|all|site
#                                           one missing package a line
#        Rscript deps.R install PACKAGE...  from CRAN
#        Rscript deps.R library             the folder to install into
#
# What is needed stands in DESCRIPTION and nowhere else. Run from the top
# folder.

# Packages in one field of DESCRIPTION, with the lowest version that will do.
requirements <- function(field) {
  text <- read.dcf("DESCRIPTION", fields = field)[[1]]
  if (is.na(text)) {
    return(character())
  }
  entries <- trimws(strsplit(text, ",")[[1]])
  entries <- entries[nzchar(entries)]
  package <- sub("[[:space:]]*\\(.*", "", entries)
  version <- sub(".*>=[[:space:]]*([0-9.-]+).*", "\\1", entries)
  version[!grepl(">=", entries)] <- "0"
  names(version) <- package
  version[package != "R"]
}

needed <- function(level) {
  out <- c(requirements("Imports"), requirements("LinkingTo"))
  if (level == "demo") {
    return(out)
  }
  suggested <- requirements("Suggests")
  if (level == "site") {
    return(c(out, suggested, requirements("Config/Needs/website")))
  }
  if (level == "vignettes") {
    # the second half of the demo: what the README draws comes along
    readme <- requirements("Config/Needs/readme")
    return(c(out, suggested[c("knitr", "rmarkdown")], readme))
  }
  if (level == "test") {
    # Tests skip what vignettes need, and pictures and kinds of workers
    spared <- c(
      "future", "janeaustenr", "knitr", "mirai", "rmarkdown", "vdiffr"
    )
    suggested <- suggested[!names(suggested) %in% spared]
  }
  c(out, suggested)
}

missing_packages <- function(level) {
  version <- needed(level)
  is_there <- vapply(names(version), function(package) {
    tryCatch(
      utils::packageVersion(package) >= version[[package]],
      error = function(e) FALSE
    )
  }, logical(1))
  names(version)[!is_there]
}

# The first library that may be written to; else the user's own, made if need
# be.
writable_library <- function() {
  usable <- .libPaths()[file.access(.libPaths(), 2) == 0]
  if (length(usable)) {
    return(usable[1])
  }
  own <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1]
  own <- path.expand(own)
  dir.create(own, recursive = TRUE, showWarnings = FALSE)
  own
}

install <- function(packages) {
  lib <- writable_library()
  .libPaths(c(lib, .libPaths()))
  repos <- getOption("repos")
  if (!"CRAN" %in% names(repos) || repos[["CRAN"]] == "@CRAN@") {
    utils::chooseCRANmirror(ind = 1, local.only = TRUE)
  }
  utils::install.packages(
    packages, lib = lib, quiet = TRUE,
    Ncpus = max(1L, parallel::detectCores(), na.rm = TRUE)
  )
}

args <- commandArgs(trailingOnly = TRUE)
switch(args[1],
  missing = writeLines(missing_packages(args[2])),
  install = install(args[-1]),
  library = writeLines(writable_library()),
  stop("unknown command: ", args[1])
)
