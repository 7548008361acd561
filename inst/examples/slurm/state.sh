#!/bin/sh
#SBATCH --job-name=datamap-state
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --requeue
# One task: the state of the file on the line of the list that has its number.
set -eu
file=$(sed -n "${SLURM_ARRAY_TASK_ID}p" "$1")
datamap state "$file" --threads "$SLURM_CPUS_PER_TASK" \
  -o "states/$SLURM_ARRAY_TASK_ID.state"
