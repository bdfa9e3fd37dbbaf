#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# A private MariaDB in a temporary folder, for tests of programs that use libmariadb: it listens on a free port of
# 127.0.0.1, trusts everybody, keeps nothing on disk for good, and is gone afterwards.
#
#   scripts/mariadb.sh run COMMAND…     runs COMMAND with the variables below set
#
# Sourced it gives mariadb_start, which sets them, and mariadb_stop:
#
#   GREENWAY_TEST_MARIADB_HOST, GREENWAY_TEST_MARIADB_PORT, GREENWAY_TEST_MARIADB_DATABASE

source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"
source scripts/private_server.sh

mariadb_program=/usr/sbin/mariadbd

mariadb_serve() {
  local folder=${server_folder[mariadb]}
  # Without accounts an empty folder is enough, and takes a second instead of five.
  server_serve mariadb "$mariadb_program" --no-defaults --skip-grant-tables \
    --datadir="$folder/data" --tmpdir="$folder" --socket="$folder/socket" --pid-file="$folder/pid" \
    --bind-address=127.0.0.1 --port="${server_port[mariadb]}" --skip-name-resolve \
    --max-connections=300 --performance-schema=off \
    --innodb-flush-log-at-trx-commit=0 --innodb-log-file-size=8M --innodb-buffer-pool-size=16M
}

mariadb_start() {
  [[ -x $mariadb_program ]] || fail "no $mariadb_program; scripts/setup.sh test installs it"
  # With KILL: an orderly end writes back what is thrown away.
  server_prepare mariadb nobody KILL
  (as_server mariadb mkdir -p data/greenway)
  server_start mariadb mariadb_serve
  export GREENWAY_TEST_MARIADB_HOST=127.0.0.1
  export GREENWAY_TEST_MARIADB_PORT=${server_port[mariadb]}
  export GREENWAY_TEST_MARIADB_DATABASE=greenway
  say "a private MariaDB listens on 127.0.0.1:${server_port[mariadb]}"
}

mariadb_stop() { server_stop mariadb; }

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  clean_up() { mariadb_stop; }
  server_run mariadb "$@"
fi
