#!/bin/sh
# Usage: engines.sh [agree SAMPLES] [sqlite|postgresql|mariadb|duckdb|shards ...]
#
# Runs the tests of R/lazy*.R against real databases, all of them if none is named, and
# test-shards.R against three servers of PostgreSQL; then tools/agree.R, which compares
# each database with the core on 1,000 samples of 20 evaluations. By `agree` nothing else
# is done, on that many samples: 100,000 is what bench/results-engines.md tells of.
#
# Each server is started here, on the loopback interface, with its data in a temporary
# folder, and stopped at the end; nothing of the machine's own servers is used. The last
# line is "N passed, N failed"; a test that was skipped has failed. Needs the Debian
# packages postgresql, mariadb-server, r-cran-dbplyr, r-cran-rsqlite, r-cran-rpostgresql
# and r-cran-rmysql, npm, and the package itself in R's library (tools/install-package.sh).
# As root, the servers run as the users of their packages.
#
# DuckDB's library comes by npm, and the R packages that talk to it from CRAN: they are
# kept in ${XDG_CACHE_HOME:-~/.cache}/datacarto-engines and used again.
set -eu
cd "$(dirname "$0")/.."
samples=
if [ "${1:-}" = agree ]; then
  samples=$2
  shift 2
fi
[ $# -gt 0 ] || set -- sqlite postgresql mariadb duckdb shards

work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-engines.XXXXXX")
chmod 755 "$work"
stop=
trap 'for one in $stop; do stop_$one || true; done; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# A port of the loopback interface that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# As the user that a server runs as, where root must not be it.
run_as() {
  user=$1
  shift
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u "$user" -- "$@"
  else
    "$@"
  fi
}

# A folder of that user's.
folder_of() {
  mkdir "$work/$2"
  [ "$(id -u)" -ne 0 ] || chown "$1" "$work/$2"
}

# --- each engine: start, a file of R that connects, stop ---

start_sqlite() {
  echo 'DBI::dbConnect(RSQLite::SQLite(), ":memory:")' >"$work/sqlite.R"
}

postgresql_programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)

# Starts a cluster in the folder $1, whose port goes to the file $1.port.
start_cluster() {
  folder_of postgres "$1"
  free_port >"$work/$1.port"
  run_as postgres "$postgresql_programs/initdb" -D "$work/$1" -U postgres -A trust \
    --no-sync --no-locale -E UTF8 >"$work/$1.log" 2>&1
  run_as postgres "$postgresql_programs/pg_ctl" -D "$work/$1" -w -t 60 -l "$work/$1/log" \
    -o "-p $(cat "$work/$1.port") -c listen_addresses=127.0.0.1" \
    -o "-c unix_socket_directories='' -c fsync=off -c jit=off" \
    start >>"$work/$1.log" 2>&1 </dev/null || { cat "$work/$1.log" "$work/$1/log"; exit 1; }
}

stop_cluster() {
  run_as postgres "$postgresql_programs/pg_ctl" -D "$work/$1" -m fast stop >/dev/null
}

# R that connects with the cluster in the folder $1.
connect_cluster() {
  cat <<END
DBI::dbConnect(
  RPostgreSQL::PostgreSQL(), host = "127.0.0.1", port = $(cat "$work/$1.port"),
  user = "postgres", dbname = "postgres"
)
END
}

start_postgresql() {
  start_cluster pg
  stop="$stop postgresql"
  connect_cluster pg >"$work/postgresql.R"
}

stop_postgresql() {
  stop_cluster pg
}

start_mariadb() {
  folder_of mysql my
  port=$(free_port)
  run_as mysql mariadb-install-db --no-defaults --datadir="$work/my/data" --skip-test-db \
    --auth-root-authentication-method=normal >"$work/my.log" 2>&1
  run_as mysql mariadbd --no-defaults --datadir="$work/my/data" --port="$port" \
    --bind-address=127.0.0.1 --socket="$work/my/socket" --pid-file="$work/my/pid" \
    --log-error="$work/my/log" --skip-log-bin --innodb-flush-log-at-trx-commit=0 \
    </dev/null >/dev/null 2>&1 &
  stop="$stop mariadb"
  for _ in $(seq 120); do
    mariadb-admin --no-defaults -h127.0.0.1 -P"$port" -uroot ping >/dev/null 2>&1 && break
    sleep 0.5
  done
  mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot -e 'CREATE DATABASE signals'
  cat >"$work/mariadb.R" <<END
DBI::dbConnect(
  RMySQL::MySQL(), host = "127.0.0.1", port = $port, user = "root",
  dbname = "signals"
)
END
}

stop_mariadb() {
  kill "$(cat "$work/my/pid")"
  for _ in $(seq 60); do
    [ -e "$work/my/pid" ] || return 0
    sleep 0.5
  done
}

# The library of DuckDB's build for Node has the interface ADBC. dbplyr knows its SQL by
# a package that takes an hour to compile; it is written as PostgreSQL's.
start_duckdb() {
  kept=${XDG_CACHE_HOME:-$HOME/.cache}/datacarto-engines
  library_of_duckdb() {
    ls "$kept"/node_modules/@duckdb/node-bindings-*/libduckdb.so 2>/dev/null
  }
  mkdir -p "$kept/R"
  library_of_duckdb >/dev/null || npm install --silent --no-audit --no-fund \
    --prefix "$kept" @duckdb/node-api </dev/null
  duckdb=$(library_of_duckdb | head -n 1)
  R_LIBS=$kept/R:${R_LIBS:-}
  export R_LIBS
  Rscript -e 'if (!requireNamespace("adbi", quietly = TRUE)) {
    if (identical(getOption("repos")[["CRAN"]], "@CRAN@")) {
      utils::chooseCRANmirror(ind = 1, local.only = TRUE)
    }
    utils::install.packages("adbi", commandArgs(TRUE), quiet = TRUE)
  }' "$kept/R"
  cat >"$work/duckdb.R" <<END
loadNamespace("adbi")
methods::setClass("PqConnection", contains = "DBIConnection")
methods::setClass("DuckDB", contains = c("AdbiConnection", "PqConnection"))
methods::new("DuckDB", DBI::dbConnect(
  adbi::adbi(adbcdrivermanager::adbc_driver("$duckdb", "duckdb_adbc_init")),
  path = ":memory:"
))
END
}

# A server that has the tables of two others as foreign ones, and R with functions that
# connect with each (0, 1, 2) and that end the second by force.
start_shards() {
  stop="$stop shards"
  for n in 0 1 2; do
    start_cluster "shard$n"
  done
  psql_coordinator() {
    psql -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(cat "$work/shard0.port")" -U postgres "$@"
  }
  psql_coordinator -c 'CREATE EXTENSION postgres_fdw'
  for n in 1 2; do
    psql_coordinator -c "CREATE SERVER shard$n FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
        host '127.0.0.1', port '$(cat "$work/shard$n.port")', dbname 'postgres')" \
      -c "CREATE USER MAPPING FOR postgres SERVER shard$n OPTIONS (user 'postgres')"
  done
  cat >"$work/stop-shard" <<END
[ "\$(id -u)" -ne 0 ] || as="runuser -u postgres --"
\$as "$postgresql_programs/pg_ctl" -D "$work/shard2" -m immediate stop
END
  connect_cluster shard0 >"$work/shards.R"
  cat >"$work/servers.R" <<END
list(
  ports = c($(cat "$work/shard0.port" "$work/shard1.port" "$work/shard2.port" | paste -sd,)),
  connect = list(
    function() $(connect_cluster shard0),
    function() $(connect_cluster shard1),
    function() $(connect_cluster shard2)
  ),
  stop_last = function() {
    system2("sh", "$work/stop-shard", stdout = FALSE)
  }
)
END
}

stop_shards() {
  for n in 0 1 2; do
    stop_cluster "shard$n" 2>/dev/null || true
  done
}

# --- the tests ---

# Runs R with the connection of $engine; one that ended before its end has counted
# nothing.
failed=0
run_r() {
  DATACARTO_DATABASE=$work/$engine.R Rscript "$@" | tee "$work/$engine-$(basename "$1").counts"
  grep -q ' passed, ' "$work/$engine-$(basename "$1").counts" || failed=1
}

for engine in "$@"; do
  "start_$engine"
  echo "== $engine"
  if [ "$engine" = shards ]; then
    DATACARTO_SHARDS=$work/servers.R run_r tools/engines.R '^shards$'
  elif [ -n "$samples" ]; then
    run_r tools/agree.R "$samples"
  else
    run_r tools/engines.R '^lazy'
    run_r tools/agree.R 1000
  fi
done
awk -v failed="$failed" '
  / passed, / { passed += $1; failed += $3 }
  END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }
' "$work"/*.counts
