#!/bin/sh
# Usage: long-run.sh HOURS [TARGET...]
#
# Runs the targets for so many hours together, JOBS (2) side by side, in rounds of ten
# minutes each, so that all get their share. What reaches new code is kept in ../build/fuzz/new/
# and used by later rounds and later runs. At the end that is reduced to the inputs which
# reach more than the kept corpus does, in ../build/fuzz/better/: copy from there into
# corpus/ what is worth keeping (small, and one for each thing). Stops at the first
# failure; its input is ../build/fuzz/crash-TARGET-*.
set -eu
cd "$(dirname "$0")"
hours=$1
shift
build=../build/fuzz
jobs=${JOBS:-2}
if [ $# -eq 0 ]; then
  set -- fuzz_*.c
  targets=$(printf '%s\n' "$@" | sed 's/^fuzz_//; s/\.c$//')
else
  targets=$*
fi
# shellcheck disable=SC2086
make TARGETS="$(echo $targets)"
end=$(awk -v now="$(date +%s)" -v hours="$hours" 'BEGIN { print int(now + hours * 3600) }')
round=0
total=0
while left=$((end - $(date +%s))) && [ "$left" -gt 0 ]; do
  round=$((round + 1))
  count=$(echo "$targets" | wc -w)
  each=$((jobs * left / count))
  [ "$each" -le 600 ] || each=600
  [ "$each" -ge 10 ] || each=10
  echo "== round $round: $each s each"
  # shellcheck disable=SC2086
  sh run.sh "$build" "$each" "$jobs" $targets
  executed=$(cat "$build"/results/*.log |
    awk '/^stat::number_of_executed_units:/ { sum += $2 } END { print sum + 0 }')
  total=$((total + executed))
  echo "== $total executed so far"
done
for target in $targets; do
  mkdir -p "$build/better/$target"
  cp corpus/"$target"/* "$build/better/$target"
  "$build/$target" -merge=1 "$build/better/$target" "$build/new/$target" \
    >"$build/results/merge-$target.log" 2>&1
  for file in corpus/"$target"/*; do
    rm -f "$build/better/$target/${file##*/}"
  done
  echo "$target: $(find "$build/better/$target" -type f | wc -l) inputs to look at"
done
