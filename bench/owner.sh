#!/bin/sh
# Usage: owner.sh ROUNDS FILE...
#
# How much of the work the thread that owns a run has for itself, which bounds what any
# number of threads can gain: its processor time with two threads, without what it does in
# the workers' place, beside that of one thread alone. Both take turns in each round, and
# the median within a round counts. A line for each file of signals, and two more for the
# first, with 4 and with all metrics: which file, how many metrics, the share.
# `run.R owner` makes the files.
set -eu
rounds=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd)
flags="-O2 -DNDEBUG -I$top/src/core $(cd "$top" && sh configure --show cppflags)"
libs="$(cd "$top" && sh configure --show libs) -lz -lm -lpthread"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
gcc $flags -Wl,--wrap=dm_crew_help -o "$work/owner" "$top/bench/owner.c" \
  "$top"/src/core/*/*.c $libs

# share NUMBER FILE METRICS
share() {
  round=0
  while [ "$round" -lt "$rounds" ]; do
    echo "$("$work/owner" "$2" 1 "$3") $("$work/owner" "$2" 2 "$3")"
    round=$((round + 1))
  done | awk '{ print $4 / $1 }' | sort -n | awk -v of="$1 $3" '
    { share[NR] = $1 }
    END { print of, share[int((NR + 1) / 2)] }'
}

file=0
for path; do
  file=$((file + 1))
  share "$file" "$path" 0
  if [ "$file" -eq 1 ]; then
    share 1 "$path" 4
    share 1 "$path" 15
  fi
done
