#!/bin/sh
# Runs all tests, against the package as built and installed into a library of its own
# under .build/: the C unit tests of the core as an optimised build, then the testthat
# suite. The last line is "N passed, N failed" over both; the exit status is 0 only if
# both ran and nothing failed. What came of each R test is left in .build/tested.rds.
set -u
cd "$(dirname "$0")/.."
library=.build/library
counts=.build/test-counts
tested=.build/tested.rds

sh tools/install-package.sh "$library" || exit 1
library=$(cd "$library" && pwd)
: >"$counts"
rm -f "$tested"

# Runs a suite, whose last line is its count, and keeps that line. A suite that ends
# without one, or badly in spite of a good count, is one failure more.
suite() {
  echo "== $1"
  shift
  { "$@" </dev/null; echo "status $?"; } 2>&1 | awk -v counts="$counts" '
    /^status [0-9]+$/ { status = $2; next }
    { print; fflush() }
    /^[0-9]+ passed, [0-9]+ failed$/ { passed = $1; failed = $3 }
    END {
      if (passed == "" || (status != 0 && failed == 0)) {
        print "This suite ended with exit status " status "."
        failed++
      }
      print passed + 0, failed + 0 >>counts
    }'
}

suite "C unit tests of the core" \
  make --no-print-directory -C tests/core -j2 check-plain
suite "R tests" \
  env R_LIBS="$library${R_LIBS:+:$R_LIBS}" DATACARTO_TESTED="$tested" \
  Rscript --no-init-file tools/test.R

awk '
  { passed += $1; failed += $2; if ($1 + $2 == 0) empty++ }
  END {
    failed += empty
    print passed " passed, " failed " failed"
    exit failed > 0 || passed == 0
  }' "$counts"
