#!/bin/sh
# Usage: owner.sh [SAMPLES [ROUNDS]]
#
# How much of the work the thread that owns a run has for itself, which bounds what any
# number of threads can gain: its processor time with two threads, without what it does in
# the workers' place, beside that of one thread alone. 200,000 samples with 6 evaluations
# each and 15 rounds, in which both take turns; the table has the medians within a round.
set -eu
cd "$(dirname "$0")/.."
samples=${1:-200000}
rounds=${2:-15}
work=.build/owner
mkdir -p "$work"
flags="-O2 -DNDEBUG -Isrc/core $(sh configure --show cppflags)"
libs="$(sh configure --show libs) -lz -lm -lpthread"
# shellcheck disable=SC2086
gcc $flags -o "$work/generate" bench/generate.c src/core/*/*.c $libs
# shellcheck disable=SC2086
gcc $flags -Wl,--wrap=dm_crew_help -o "$work/owner" bench/owner.c src/core/*/*.c $libs
"$work/generate" "$samples" 6 >"$work/integer"
"$work/generate" "$samples" 6 3 json string >"$work/string"

# share NAME FILE METRICS
share() {
  round=0
  while [ "$round" -lt "$rounds" ]; do
    echo "$("$work/owner" "$work/$2" 1 "$3") $("$work/owner" "$work/$2" 2 "$3")"
    round=$((round + 1))
  done | awk '{ print $4 / $1 }' | sort -n | awk -v name="$1" '
    { share[NR] = $1 }
    END {
      own = share[int((NR + 1) / 2)]
      printf "| %s | %.0f %% | %.1f |\n", name, 100 * own, 1 / own
    }'
}

echo "| signals | owner's share | at most times faster |"
echo "| --- | ---: | ---: |"
share "integer ids" integer 0
share "string ids" string 0
share "integer ids, 4 metrics" integer 4
share "integer ids, all metrics" integer 15
rm -f "$work/integer" "$work/string"
