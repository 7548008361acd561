#!/bin/sh
# The same on one machine without Slurm, by GNU parallel: sh parallel.sh FILES OUTPUT
set -eu
mkdir -p states
parallel --halt now,fail=1 datamap state {} --threads 1 -o states/{#}.state :::: "$1"
datamap merge $(awk '{ print "states/" NR ".state" }' "$1") -o states/all
datamap summary states/all -o "$2"
