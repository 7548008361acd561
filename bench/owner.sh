#!/bin/sh
# Usage: owner.sh ROUNDS FILE...
#
# How much of the work the thread that owns a run has for itself, which bounds what any
# number of threads can gain: its processor time with two threads, without what it does in
# the workers' place, beside that of one thread alone. And how much faster, by the clock,
# two threads read than one, beside two processes that read the file at the same time and
# share nothing but the machine. All take turns in each round, and the median within a
# round counts. A line for each file of signals, and two more for the first, with 4 and
# with all metrics: which file, how many metrics, the share, and how many times as fast two
# threads and two processes are. `run.R owner` makes the files.
set -eu
rounds=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/bench/reader.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build_reader "$work/owner"

# Reads FILE, with METRICS, in two processes at the same time.
# two_processes FILE METRICS
two_processes() {
  "$work/owner" "$1" 1 "$2" >"$work/beside" &
  "$work/owner" "$1" 1 "$2"
  wait "$!"
  cat "$work/beside"
}

# median_of COLUMN
median_of() {
  sort -n -k "$1,$1" "$work/rounds" |
    awk -v at="$1" '{ of[NR] = $at } END { print of[int((NR + 1) / 2)] }'
}

# measure NUMBER FILE METRICS
measure() {
  round=0
  while [ "$round" -lt "$rounds" ]; do
    # shellcheck disable=SC2046
    echo $("$work/owner" "$2" 1 "$3") $("$work/owner" "$2" 2 "$3") \
      $(two_processes "$2" "$3")
    round=$((round + 1))
  done | awk '{
    if (NF != 12) {
      print "owner.sh: a run failed" >"/dev/stderr"
      exit 1
    }
    slower = $7 > $10 ? $7 : $10
    print $6 / $2, $1 / $4, 2 * $1 / slower
  }' >"$work/rounds"
  echo "$1 $3 $(median_of 1) $(median_of 2) $(median_of 3)"
}

file=0
for path; do
  file=$((file + 1))
  measure "$file" "$path" 0
  if [ "$file" -eq 1 ]; then
    measure 1 "$path" 4
    measure 1 "$path" 15
  fi
done
