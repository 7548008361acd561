#!/bin/sh
# Makes NAMESPACE and man/ from the roxygen comments in R/. Works on the package as
# installed under .build/, which needs no other development tool than roxygen2.
set -eu
cd "$(dirname "$0")/.."
sh tools/install-package.sh .build/library
# ggplot2 is attached so that roxygen2 knows its generics when it sees a method.
R_LIBS=.build/library${R_LIBS:+:$R_LIBS} Rscript --no-init-file -e '
  library(ggplot2)
  stopifnot(packageVersion("roxygen2") == "7.2.3")
  roxygen2::roxygenise(load_code = "installed")'
