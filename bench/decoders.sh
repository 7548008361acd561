#!/bin/sh
# Usage: decoders.sh ROUNDS FILE.jsonl FILE.jsonl.gz [FILE.jsonl.zst]
#
# Reads the same lines plain, from gzip by zlib and by ISA-L's igzip, and from zstd, with
# one thread and with two, all in turns. A line for each round and each of them: how, how
# many threads, the seconds by the clock, and those of all processors. Nothing but an error
# where configure does not find ISA-L. `run.R decoders` makes the files.
set -eu
rounds=$1
plain=$2
gzip=$3
zstd=${4-}
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/bench/reader.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $(cd "$top" && sh configure --show cppflags) in
  *DM_HAS_ISAL*) ;;
  *) echo 'decoders.sh: without ISA-L there is nothing to compare' >&2 ; exit 1 ;;
esac
build_reader "$work/all"
DATACARTO_WITHOUT=isal build_reader "$work/zlib"

# measure HOW PROGRAM FILE
measure() {
  for threads in 1 2; do
    took=$("$work/$2" "$3" "$threads" 0)
    echo "$1 $threads ${took% *}"
  done
}

round=0
while [ "$round" -lt "$rounds" ]; do
  measure plain all "$plain"
  measure zlib zlib "$gzip"
  measure igzip all "$gzip"
  [ -z "$zstd" ] || measure zstd all "$zstd"
  round=$((round + 1))
done
