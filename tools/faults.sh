#!/bin/sh
# Runs the catalogue of faults and prints it by class, see tools/faults.R: the package as
# built and installed into .build/library, and the C programs that check what R can't.
set -eu
cd "$(dirname "$0")/.."
library=.build/library
sh tools/install-package.sh "$library"
programs='build/plain/test_fault build/plain/test_faults'
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
set --
for program in $programs; do
  set -- "$@" "tests/core/$program"
done
R_LIBS=$library${R_LIBS:+:$R_LIBS} exec Rscript --no-init-file tools/faults.R "$@"
