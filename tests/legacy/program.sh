#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
#
# Runs the example on the servers that scripts/test.sh has started.
#
#   program.sh PROGRAM

set -eu
server=${GREENWAY_TEST_POSTGRESQL_URL#*@}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"$1" --visitors 10 --sqlite "$folder/accounts.db" \
  --postgresql "host=127.0.0.1 port=$(expr "$server" : '.*:\([0-9]*\)') user=greenway dbname=${server##*/}" \
  --mariadb "$GREENWAY_TEST_MARIADB_HOST:$GREENWAY_TEST_MARIADB_PORT" \
  --redis "$GREENWAY_TEST_REDIS_HOST:$GREENWAY_TEST_REDIS_PORT"
