#!/bin/sh
# Usage: asan-tests.sh [gcc|clang]
#
# Runs the testthat suite with the package's C compiled by gcc, or by clang, under the
# address and the undefined-behaviour sanitizer, inside an R that knows nothing of either.
# What R itself leaves behind at its end is not looked at. The last line is that of
# tools/test.R, "N passed, N failed".
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-asan.XXXXXX")
trap 'rm -rf "$work"' EXIT

case ${1:-gcc} in
gcc)
  shared=
  libraries="$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)"
  ;;
clang)
  shared=-shared-libsan
  libraries=$(clang -print-file-name="libclang_rt.asan-$(uname -m).so")
  ;;
*)
  sed -n 's/^# Usage: //p' "$0" >&2
  exit 2
  ;;
esac

cat >"$work/Makevars" <<END
CC = ${1:-gcc}
CFLAGS = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS = $shared
END
mkdir "$work/library"
(
  cd "$work"
  R CMD build --no-build-vignettes --no-manual "$top" >log 2>&1 &&
    R_MAKEVARS_USER=$work/Makevars R CMD INSTALL --no-test-load \
      --library="$work/library" datacarto_*.tar.gz >>log 2>&1
) || {
  cat "$work/log"
  exit 1
}

# R must find the sanitizer's library in place before it loads the package's.
LD_PRELOAD=$libraries
# Shadows are cleared in place, which takes half as long as new pages for each large block.
ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0:allocator_may_return_null=1
ASAN_OPTIONS=$ASAN_OPTIONS:clear_shadow_mmap_threshold=100000000
UBSAN_OPTIONS=print_stacktrace=1
R_LIBS=$work/library${R_LIBS:+:$R_LIBS}
export LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS R_LIBS
# What draws, counts and checks in R alone is left out, and the catalogue of faults, most of
# whose readings the core's own tests and fuzz targets do under the same sanitizers.
Rscript --no-init-file tools/test.R \
  '^(arguments|audit|average|bins|broom|cartography|checks|command-line|compare|confusions|conditions|datamap.*|density|detect|explore.*|faults|filter|groups|inputs|intervals|knit|lazy.*|levels|marked|misplaced|panels|pictures|plot.*|python-path|region-probs|regions|reliability|report|review|runs|scales|select|stages-.*|survival|text|theme|workers.*)$'
