#!/bin/sh
# Usage: instructions.sh [record]
#
# Counts by callgrind how many instructions a line takes in the core, from its bytes to
# the sample's state, for three inputs that the repository keeps, and holds the counts
# against instructions.txt: more than 3 % above one of them fails. With "record" writes
# that file anew. Counts are those of one compiler; with another they are only shown.
set -eu
cd "$(dirname "$0")/.."
kept=bench/instructions.txt
work=.build/instructions
mkdir -p "$work"
compiler=$(gcc --version | head -n 1)

# The flags that R builds packages with on Debian, but for debugging and hardening.
gcc -O2 -DNDEBUG -Isrc/core -o "$work/instructions" bench/instructions.c src/core/*/*.c \
  $(sh configure --show cppflags) $(sh configure --show libs) -lz -lm -lpthread

# count NAME FILE TIMES
count() {
  lines=$(valgrind --tool=callgrind --callgrind-out-file="$work/$1.out" \
    --toggle-collect=count_here "$work/instructions" "$2" "$3" 2>"$work/$1.log")
  total=$(sed -n 's/.*Collected : //p' "$work/$1.log")
  echo "$1 $((total / lines))"
}

gzip -dc inst/extdata/spam_signals.jsonl.gz >"$work/spam"
gzip -dc inst/extdata/satellite_signals.json.gz >"$work/satellite"
{
  echo "# instructions per line, $compiler"
  count lines bench/lines.jsonl 20 # JSON, 3 classes, 16 to 17 digits
  count spam "$work/spam" 1        # JSON, 2 classes, 5 digits
  count satellite "$work/satellite" 1 # a Python dict, 6 classes, 5 digits
} >"$work/counts"

if [ "${1:-}" = record ]; then
  cp "$work/counts" "$kept"
  cat "$kept"
  exit
fi
if [ "$(head -n 1 "$work/counts")" != "$(head -n 1 "$kept")" ]; then
  cat "$work/counts"
  echo "Not compared: $kept was counted with another compiler."
  exit
fi
awk '
  /^#/ { next }
  NR == FNR { kept[$1] = $2; next }
  {
    is_more = $2 > 1.03 * kept[$1]
    failed += is_more
    passed += !is_more
    printf "%s: %d instructions per line, kept %d%s\n", $1, $2, kept[$1],
      is_more ? ": MORE" : ""
  }
  END {
    print passed " passed, " failed " failed"
    exit failed > 0
  }
' "$kept" "$work/counts"
