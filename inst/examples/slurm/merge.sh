#!/bin/sh
#SBATCH --job-name=datamap-merge
#SBATCH --time=01:00:00
# All states, in the order of the list. Each is named, so none is left out
# unseen; a * would also put 10 before 2.
set -eu
datamap merge $(awk '{ print "states/" NR ".state" }' "$1") -o states/all
datamap summary states/all -o "$2"
