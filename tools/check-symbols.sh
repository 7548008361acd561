#!/bin/sh
# Usage: check-symbols.sh
#
# Compiles the package in a folder of its own and holds what the library takes from
# outside against tools/symbols.txt; then that it gives nothing but R_init_datacarto(),
# and that src/core takes nothing from R. The last line is "N passed, N failed"; the exit
# status is 0 only if all held.
set -eu
cd "$(dirname "$0")/.."
allowed=tools/symbols.txt
work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-symbols.XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir "$work/package" "$work/library"
cp -R DESCRIPTION NAMESPACE configure src "$work/package"
find "$work/package/src" \( -name '*.o' -o -name '*.so' \) -exec rm -f {} +
if ! R CMD INSTALL --libs-only --no-test-load --library="$work/library" \
  "$work/package" >"$work/log" 2>&1; then
  cat "$work/log"
  exit 1
fi
library=$work/library/datacarto/libs/datacarto.so

# Names as they stand in the sources: without version, fortification and file size.
plain_names() {
  awk '{ print $NF }' | sed 's/@.*//
    s/^__\(.*\)_chk$/\1/
    s/^_setjmp$/setjmp/
    s/^\(open\|stat\|fstat\|lstat\|lseek\|pread\|ftruncate\|fcntl\)64$/\1/' | sort -u
}

passed=0
failed=0
check() { # check STATUS WHAT
  if [ "$1" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $2"
  fi
}

nm -D --undefined-only "$library" | plain_names >"$work/imported"
sed 's/ *#.*//; /^\[/d; /^$/d' "$allowed" | sort >"$work/allowed"
[ -s "$work/imported" ]
while read -r symbol; do
  status=0
  grep -qx "$symbol" "$work/allowed" || status=1
  check $status "$symbol is taken from outside and not in $allowed"
done <"$work/imported"

# In words, for whoever adds one of these to the list.
for symbol in abort exit _exit printf puts putchar vprintf fprintf fputs perror rand \
  srand random strtod strtof atof sprintf vsprintf setlocale localeconv gets system \
  __assert_fail signal sigaction fork mmap isspace tolower toupper isdigit strtok \
  __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc Rprintf REprintf \
  SETLENGTH SET_TRUELENGTH TRUELENGTH ATTRIB DATAPTR STRING_PTR R_GetConnection; do
  status=0
  if grep -qx "$symbol" "$work/imported" "$work/allowed"; then
    status=1
  fi
  check $status "$symbol is used or allowed, and must not be"
done

exported=$(nm -D --defined-only "$library" | awk '{ print $NF }')
status=0
[ "$exported" = R_init_datacarto ] || status=1
check $status "only R_init_datacarto is given, not: $exported"

# The core knows no R: neither by name nor by header.
sed -n '/^\[R\]/,/^\[C/p' "$allowed" | sed '/^\[/d; /^$/d' >"$work/of-r"
for object in "$work"/package/src/core/*/*.o; do
  status=0
  if nm --undefined-only "$object" | plain_names |
    grep -x -f "$work/of-r" -e 'Rf_.*' -e 'R_.*'; then
    status=1
  fi
  source=${object#*/src/core/}
  check $status "src/core/${source%.o}.c takes something from R"
done
status=0
if grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](R[a-z]*\.h|R_ext/)' \
  src/core/*/*.c src/core/*/*.h; then
  status=1
fi
check $status "src/core includes a header of R"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
