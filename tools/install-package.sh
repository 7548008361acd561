#!/bin/sh
# Usage: install-package.sh [LIBRARY]
#
# Builds the package from the sources and installs it into LIBRARY, by default the first
# one that this user may write to. The sources stay as they are: R works on copies under
# .build/.
set -eu
cd "$(dirname "$0")/.."
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
(cd .build && log=install.log && run R CMD build --no-build-vignettes --no-manual "$top")
run R CMD INSTALL --library="$library" .build/datacarto_*.tar.gz
