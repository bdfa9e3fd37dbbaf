# SPDX-License-Identifier: BSL-1.0
# shellcheck shell=bash disable=SC2034,SC2154 # what is set here or in steps.sh is used by those that source it
#
# What private servers for tests and benchmarks have in common: each has a temporary folder with all that it writes,
# listens on a free port of 127.0.0.1, and is gone afterwards. Sourced after steps.sh.

declare -A server_folder server_user server_signal server_pid server_port

# server_prepare NAME USER SIGNAL: makes ${server_folder[NAME]}. Started by root the server runs as USER; SIGNAL ends it
# at once.
server_prepare() {
  server_user[$1]=$2
  server_signal[$1]=$3
  server_folder[$1]=$(mktemp --directory --tmpdir "greenway-$1.XXXXXX")
  ((EUID != 0)) || chown "$2": "${server_folder[$1]}"
  # Who is root only in a namespace of his own has to pass.
  chmod 755 "${server_folder[$1]}"
}

# as_server NAME COMMAND…: replaces this shell by COMMAND, in the server's folder and as its user, ended by the kernel
# should the script be killed.
as_server() {
  local name=$1 user=()
  shift
  ((EUID != 0)) ||
    user=(--reuid "${server_user[$name]}" --regid "$(id --group "${server_user[$name]}")" --init-groups)
  cd "${server_folder[$name]}" || exit
  exec setpriv --pdeathsig "${server_signal[$name]}" "${user[@]}" "$@"
}

# server_serve NAME COMMAND…: starts the server; true when it says that it is ready.
server_serve() {
  local name=$1 log=${server_folder[$1]}/log
  shift
  : >"$log"
  # In a session of its own Ctrl-C does not reach it: it is stopped when all its clients have ended.
  (as_server "$name" setsid "$@" >"$log" 2>&1) &
  server_pid[$name]=$!
  for _ in {1..600}; do
    kill -0 "${server_pid[$name]}" 2>/dev/null || return 1
    ! grep --quiet --ignore-case --extended-regexp 'ready (to accept|for) connections' "$log" || return 0
    sleep 0.1
  done
  return 1
}

# server_start NAME SERVE: calls SERVE, which calls server_serve with ${server_port[NAME]}, a port below those that the
# kernel hands out; with another one when it is taken.
server_start() {
  for _ in {1..10}; do
    server_port[$1]=$((20000 + RANDOM % 12000))
    ! "$2" || return 0
    grep --quiet 'Address already in use' "${server_folder[$1]}/log" || break
  done
  tail -n 20 "${server_folder[$1]}/log" >&2
  fail "$1 does not start: see above"
}

# server_stop NAME: at once, since nothing in it is worth keeping.
server_stop() {
  [[ -n ${server_folder[$1]:-} ]] || return 0
  [[ -z ${server_pid[$1]:-} ]] || kill -"${server_signal[$1]}" "${server_pid[$1]}" 2>/dev/null
  wait "${server_pid[$1]:-}" 2>/dev/null
  rm -rf "${server_folder[$1]}"
}

# server_run NAME COMMAND…: what a server's script does when it is called and not sourced.
server_run() {
  local name=$1
  shift
  [[ ${1:-} == run && $# -ge 2 ]] || fail "usage: scripts/$name.sh run COMMAND…" 2
  shift
  "${name}_start"
  step "running $1" env --chdir "$called_from" "$@"
  outcome="$1 succeeded"
}
