#!/bin/sh
# A data map of many files, one job for each: sh submit.sh FILES OUTPUT
#
# FILES lists the signal files, in the order of time, one a line. Makes a state of
# each in the folder states/, then merges them into the summary OUTPUT. After a
# failure, run it again: only what is missing is made.
set -eu
mkdir -p states

# States have the numbers of the list's lines, so one may only be added to
if [ -e states/list ]; then
  head -n "$(wc -l <states/list)" "$1" | cmp -s - states/list || rm -f states/*.state
fi
cp "$1" states/list

# Which lines of the list have no state that is newer than the file
todo=$(awk '{ print NR, $0 }' "$1" | while read -r number file; do
  [ "states/$number.state" -nt "$file" ] || echo "$number"
done | paste -sd, -)

after=
if [ -n "$todo" ]; then
  array=$(sbatch --parsable --array="$todo" state.sh "$1")
  after="--dependency=afterok:$array --kill-on-invalid-dep=yes"
fi
# Unquoted: two options, or none
sbatch $after merge.sh "$1" "$2"
