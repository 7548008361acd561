#!/bin/sh
# Usage: faults.sh [tested]
#
# Runs the catalogue of faults and prints it by class, see tools/faults.R: the package as
# built and installed into .build/library, and the C programs that check what R can't. With
# "tested" it takes what the last `make test` has found instead of running the tests again.
set -eu
cd "$(dirname "$0")/.."
library=.build/library
if [ "${1:-}" != tested ]; then
  sh tools/install-package.sh "$library"
fi
programs='build/plain/test_out_of_memory build/plain/test_catalogue build/plain/test_path'
# shellcheck disable=SC2086
make --no-print-directory -C tests/core $programs
if [ -z "${LOCPATH:-}" ] && command -v localedef >/dev/null; then
  LOCPATH=$(pwd)/.build/locales
  export LOCPATH
  [ -d "$LOCPATH" ] || sh tools/make-locales.sh "$LOCPATH"
fi
# Names of files may be anything where the locale is UTF-8.
export LC_ALL=C.UTF-8
library=$(cd "$library" && pwd)
tested=-
if [ "${1:-}" = tested ]; then
  tested=.build/tested.rds
fi
set -- "$tested"
for program in $programs; do
  set -- "$@" "tests/core/$program"
done
R_LIBS=$library${R_LIBS:+:$R_LIBS} exec Rscript --no-init-file tools/faults.R "$@"
