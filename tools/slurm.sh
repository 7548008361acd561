#!/bin/sh
# Usage: slurm.sh [sbatch|batchtools|mirai|parallel|killed ...]
#
# Runs the recipes of inst/examples/slurm/, all if none is named, on a Slurm of two nodes.
# It is started here on the loopback interface, with all that it keeps in a temporary
# folder, and stopped at the end. Each recipe must give the data map that one process
# makes of all files; and a task that is killed, or whose node goes down, must leave
# nothing wrong. The last line is "N passed, N failed"; a recipe that can't run has
# failed. Needs the Debian packages slurmctld, slurmd, slurm-client, munge, parallel and
# r-cran-batchtools, CRAN's mirai, and the package itself in R's library
# (tools/install-package.sh).
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/tools
[ $# -gt 0 ] || set -- sbatch batchtools mirai parallel killed

work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-slurm.XXXXXX")
chmod 755 "$work"
# By this all that is started here is known: it hands its environment on.
export SLURM_CONF="$work/slurm.conf"
# As in a container or a service; the recipe for batchtools has to care.
unset USER
trap 'stop || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# --- Slurm ---

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A job that is requeued waits until the permission for its first start has expired.
write_conf() {
  cat >"$SLURM_CONF" <<CONF
ClusterName=datacarto
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1 RealMemory=1000
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1 RealMemory=1000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=60 State=UP
CONF
}

# Waits for a command to succeed, at most a minute; says what for if it does not.
wait_for() {
  awaited=$1
  shift
  until=$(($(date +%s) + 60))
  while [ "$(date +%s)" -lt "$until" ]; do
    ! "$@" || return 0
    sleep 0.3
  done
  echo "Waited a minute for $awaited" >&2
  timeout 5 squeue >&2 || true
  show_logs >&2
  return 1
}

# Of the servers and the jobs.
show_logs() {
  find "$work" \( -name '*.log' -o -name 'slurm-*.out' \) -exec tail -v -n 20 {} +
}

is_up() {
  [ "$(sinfo -h -o '%t %D' 2>/dev/null)" = 'idle 2' ]
}

is_idle() {
  queue=$(timeout 5 squeue -h 2>/dev/null) && [ -z "$queue" ]
}

start() {
  mkdir "$work/state" "$work/spool-n1" "$work/spool-n2"
  write_conf
  head -c 1024 /dev/urandom >"$work/munge.key"
  chmod 400 "$work/munge.key"
  munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
    --pid-file="$work/munged.pid" --log-file="$work/munged.log" \
    --seed-file="$work/munge.seed" --num-threads=1
  slurmctld
  slurmd -N n1
  slurmd -N n2
  wait_for 'two idle nodes' is_up
}

marked() {
  python3 "$tools/marked.py" "$@"
}

is_ended() {
  [ -z "$(marked processes "$work")" ]
}

# The jobs first, as nobody ends them without the servers; then these. What is left after
# that should not be: it is ended all the same, but that is a failure.
recipe_process=
stop() {
  [ -z "$recipe_process" ] || kill "$recipe_process" 2>/dev/null || true
  if [ -e "$work/slurmctld.pid" ]; then
    scancel --me >/dev/null 2>&1 || true
    wait_for 'the jobs to end' is_idle || true
  fi
  for server in slurmd-n1 slurmd-n2 slurmctld munged; do
    [ ! -e "$work/$server.pid" ] || kill "$(cat "$work/$server.pid")" || true
  done
  wait_for 'the servers to end' is_ended || {
    kill -9 $(marked processes "$work")
    return 1
  }
}

# --- the recipes: each in a folder of its own, with the files of the package ---

recipe() {
  echo "== $1"
  mkdir "$work/$1"
  cp "$package"/examples/slurm/* "$work/$1"
  cd "$work/$1"
  last_job=$(newest_job)
}

newest_job() {
  scontrol -o show jobs | sed -n 's/^JobId=\([0-9]*\) .*/\1/p' | sort -n | tail -n 1
}

# Whether the jobs since the recipe began ran on both nodes.
used_both_nodes() {
  nodes=$(scontrol -o show jobs |
    awk -F '[= ]' -v last="${last_job:-0}" '$1 == "JobId" && $2 > last' |
    grep -o ' BatchHost=n[12] ' | sort -u | wc -l)
  [ "$nodes" -eq 2 ]
}

passed=0
failed=0
check() {
  what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    echo "FAILED: $what"
  fi
}

listens_on_loopback() {
  outside=$(marked listening "$work") && [ -z "$outside" ] || {
    echo "$outside"
    return 1
  }
}

run_sbatch() {
  recipe sbatch
  sh submit.sh "$work/files.txt" result
  wait_for 'the jobs' is_idle
  check 'ran on both nodes' used_both_nodes
}

run_batchtools() {
  recipe batchtools
  Rscript batchtools.R "$work/files.txt" result
  check 'ran on both nodes' used_both_nodes
}

run_mirai() {
  recipe mirai
  Rscript mirai.R "$work/files.txt" result tls+tcp://127.0.0.1:0 &
  recipe_process=$!
  wait_for 'the workers' used_both_nodes
  check 'listens on loopback only' listens_on_loopback
  wait "$recipe_process"
  recipe_process=
  check 'ran on both nodes' used_both_nodes
}

run_parallel() {
  recipe parallel
  sh parallel.sh "$work/files.txt" result
}

# --- a task that is killed, and one whose node goes down ---

# One of the files is a pipe, so its task is in the midst of reading for as long as we
# hold the other end (9), which nothing started here may inherit. It gets half of the
# lines.
open_pipe() {
  exec 9<>pipe.jsonl
  head -n 100 whole.jsonl >&9
}

# Waits until the task reads the pipe; sets `reader`.
is_read() {
  reader=$(marked readers "$work" pipe.jsonl 9>&-) && [ -n "$reader" ]
}

run_killed() {
  recipe killed
  gzip -dc "$(sed -n 2p "$work/files.txt")" >whole.jsonl
  mkfifo pipe.jsonl
  sed '2s|.*|pipe.jsonl|' "$work/files.txt" >files.txt

  open_pipe
  sh submit.sh files.txt result 9>&-
  wait_for 'the second task' is_read
  kill -9 $reader
  exec 9>&-
  wait_for 'the jobs' is_idle
  check 'without all states there is no result' [ ! -e result ]
  check 'the killed task left nothing' \
    [ "$(ls states | tr '\n' ' ')" = '1.state 3.state list ' ]
  ! sh merge.sh files.txt result 2>error
  check 'the merge says which state is missing' grep -q 'states/2\.state' error

  # Only that one is made again. Its node goes down, and Slurm takes the other.
  open_pipe
  sh submit.sh files.txt result 9>&-
  wait_for 'the second task again' is_read
  first_reader=$reader
  node=$(squeue -h -r -t RUNNING -o %N)
  scontrol update nodename="$node" state=down reason=test
  is_read_again() {
    is_read && [ "$reader" != "$first_reader" ]
  }
  wait_for 'the task to be read again' is_read_again
  check 'one task was made again' [ "$(ls slurm-*_*.out | wc -l)" -eq 4 ]
  cat whole.jsonl >&9
  exec 9>&-
  wait_for 'the jobs' is_idle
}

# --- all of it ---

package=$(Rscript -e 'cat(system.file(package = "datacarto", mustWork = TRUE))')
PATH=$package/bin:$PATH
# Files whose names a * would put in another order than that of time.
for epoch in 9 10 11; do
  echo "$package/extdata/dynamics/dynamics_epoch_$epoch.jsonl.gz"
done >"$work/files.txt"
# Unquoted, since it is a list.
datamap state $(cat "$work/files.txt") -o "$work/one.state"
datamap summary "$work/one.state" -o "$work/one"

start
check 'listens on loopback only' listens_on_loopback
for recipe in "$@"; do
  "run_$recipe"
done

cd "$work"
Rscript "$tools/slurm.R" one $(printf '%s/result ' "$@") | tee counts
grep -q ' 0 failed$' counts || show_logs
check 'nothing runs any more' stop
awk -v passed="$passed" -v failed="$failed" '
  / passed, / { passed += $1; failed += $3; n++ }
  END {
    if (n == 0) failed++
    print passed " passed, " failed + 0 " failed"
    exit failed > 0
  }
' counts
