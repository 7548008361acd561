#!/bin/sh
# Usage: install-package.sh [--vignettes] [LIBRARY]
#
# Builds the package from the sources and installs it into LIBRARY, by default the first
# one that this user may write to, with its vignettes if these are asked for and pandoc is
# there. The sources stay as they are: R works on copies under .build/.
set -eu
cd "$(dirname "$0")/.."
without=--no-build-vignettes
if [ "${1:-}" = --vignettes ]; then
  shift
  if Rscript --no-init-file -e 'quit(status = !rmarkdown::pandoc_available("1.14"))'; then
    without=
    echo "== Making the vignettes, which takes some minutes"
  else
    echo "== The vignettes are left out, since there is no pandoc to make them"
  fi
fi
library=${1:-$(Rscript --no-init-file tools/deps.R library)}
log=.build/install.log

run() {
  if ! "$@" >>"$log" 2>&1 </dev/null; then
    cat "$log"
    echo "Failed: $*" >&2
    exit 1
  fi
}

mkdir -p .build "$library"
: >"$log"
rm -f .build/datacarto_*.tar.gz
library=$(cd "$library" && pwd)
echo "== Building datacarto and installing it into $library"
top=$(pwd)
(cd .build && log=install.log && run R CMD build $without --no-manual "$top")
run R CMD INSTALL --library="$library" .build/datacarto_*.tar.gz
