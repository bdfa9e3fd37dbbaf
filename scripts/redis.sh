#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# A private Redis in a temporary folder, for tests of programs that use hiredis: it listens on a free port of 127.0.0.1,
# keeps nothing on disk, and is gone afterwards.
#
#   scripts/redis.sh run COMMAND…     runs COMMAND with the variables below set
#
# Sourced it gives redis_start, which sets them, and redis_stop:
#
#   GREENWAY_TEST_REDIS_HOST, GREENWAY_TEST_REDIS_PORT

source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"
source scripts/private_server.sh

redis_program=/usr/bin/redis-server

redis_serve() {
  server_serve redis "$redis_program" --bind 127.0.0.1 --port "${server_port[redis]}" --save '' --appendonly no
}

redis_start() {
  [[ -x $redis_program ]] || fail "no $redis_program; scripts/setup.sh test installs it"
  server_prepare redis nobody KILL
  server_start redis redis_serve
  export GREENWAY_TEST_REDIS_HOST=127.0.0.1
  export GREENWAY_TEST_REDIS_PORT=${server_port[redis]}
  say "a private Redis listens on 127.0.0.1:${server_port[redis]}"
}

redis_stop() { server_stop redis; }

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  clean_up() { redis_stop; }
  server_run redis "$@"
fi
