#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# A private PostgreSQL 15 cluster in a temporary folder, for tests and benchmarks: it listens on a free port of
# 127.0.0.1 and on a socket in that folder, trusts everybody, keeps nothing on disk for good, and is gone afterwards.
#
#   scripts/postgresql.sh run COMMAND…     runs COMMAND with the variables below set
#
# Sourced it gives postgresql_start, which sets them, and postgresql_stop:
#
#   GREENWAY_TEST_POSTGRESQL_URL           through TCP
#   GREENWAY_BENCH_POSTGRESQL_URL          through the socket
#   TMPDIR                                 a folder that goes with the cluster, for what COMMAND would leave behind

source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"
source scripts/private_server.sh

postgresql_bin=/usr/lib/postgresql/15/bin

postgresql_serve() {
  server_serve postgresql postgres -D data \
    -c listen_addresses=127.0.0.1 -c port="${server_port[postgresql]}" \
    -c unix_socket_directories="${server_folder[postgresql]}" \
    -c max_connections=300 -c max_prepared_transactions=10 \
    -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c jit=off
}

postgresql_start() {
  local folder port
  [[ -x $postgresql_bin/postgres ]] || fail "no PostgreSQL 15 in $postgresql_bin; scripts/setup.sh test installs it"
  PATH=$postgresql_bin:$PATH
  unset "${!PG@}" # the caller's server is not ours
  # The server itself kills children that do not end within 5 s of SIGQUIT.
  server_prepare postgresql postgres QUIT
  folder=${server_folder[postgresql]}
  (as_server postgresql initdb -D data --username greenway --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync \
    >"$folder/log" 2>&1) || fail "initdb: $(tail -n 1 "$folder/log")"
  server_start postgresql postgresql_serve
  port=${server_port[postgresql]}
  createdb --host "$folder" --port "$port" --username greenway greenway
  export GREENWAY_TEST_POSTGRESQL_URL="postgresql://greenway@127.0.0.1:$port/greenway"
  export GREENWAY_BENCH_POSTGRESQL_URL="postgresql://greenway@/greenway?host=$folder&port=$port"
  export TMPDIR=$folder/tmp
  mkdir "$TMPDIR"
  say "a private $(postgres --version) listens on 127.0.0.1:$port"
}

postgresql_stop() { server_stop postgresql; }

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  clean_up() { postgresql_stop; }
  server_run postgresql "$@"
fi
