#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Installs through apt what is missing on a Debian 12. Asks neither for the network nor for root when all is there.
#
#   scripts/setup.sh [build | test | aarch64 | bench]     default: build

source "$(dirname "$0")/steps.sh"

purpose=${1:-build}
packages=(
  g++ cmake ninja-build ccache mold
  libboost1.81-dev libboost-context1.81-dev libboost-fiber1.81-dev libboost-json1.81-dev
  libpq-dev libsqlite3-dev libuv1-dev libglib2.0-dev pkg-config
  catch2 libbenchmark-dev libcli11-dev libfmt-dev
)
case $purpose in
  build) ;;
  test)
    packages+=(postgresql-15 python3-sqlalchemy doxygen gdb valgrind)
    # What the legacy programs are made of. mariadb-server-core is the server without the service.
    packages+=(libpqxx-dev libsoci-dev libmariadb-dev mariadb-server-core)
    packages+=(libhiredis-dev redis-server libcurl4-openssl-dev)
    ;;
  aarch64) packages+=(g++-aarch64-linux-gnu qemu-user) ;;
  bench)
    packages+=(postgresql-15 python3-asyncpg python3-sqlalchemy valgrind)
    packages+=(libpqxx-dev libmariadb-dev mariadb-server-core)
    ;;
  *) fail 'usage: scripts/setup.sh [build | test | aarch64 | bench]' 2 ;;
esac

# is_installed PACKAGE
is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Status} ' "$1" 2>/dev/null) == installed\ * ]]; }

# as_root COMMAND…
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "only root can install packages, and there is no sudo. As root: apt-get install ${missing[*]}"
  fi
}

# apt_get ARGUMENTS…: removes nothing, asks nothing, waits for another apt to end.
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq --yes --no-remove -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >&2
}

# When postgresql-15 is first installed it makes and starts a cluster "main", unless a file says otherwise.
no_main_cluster=/etc/postgresql-common/createcluster.d/greenway.conf
forbid_main_cluster() {
  say "postgresql-15 shall make no cluster of its own ($no_main_cluster, for the time of the installation)"
  as_root mkdir -p "${no_main_cluster%/*}"
  as_root tee "$no_main_cluster" >/dev/null <<<'create_main_cluster = false'
}

# redis-server starts a service when it is installed, unless a policy says otherwise. One that is there is left alone.
service_policy=/usr/sbin/policy-rc.d
forbid_services() {
  [[ ! -e $service_policy ]] || return 0
  say "nothing shall start as a service ($service_policy, for the time of the installation)"
  has_service_policy=1
  as_root install --mode 755 /dev/stdin "$service_policy" <<<$'#!/bin/sh\nexit 101'
}
has_service_policy=

clean_up() {
  [[ -z $has_service_policy ]] || as_root rm "$service_policy"
  [[ -e $no_main_cluster ]] || return
  as_root rm "$no_main_cluster"
  as_root rmdir --ignore-fail-on-non-empty "${no_main_cluster%/*}"
}

# libpq before 15.19 breaks the connection on a statement of some 7,500 parameters. A newer one is welcome; that there
# is none stops nobody.
upgrade_libpq() {
  local has offered
  has=$(dpkg-query --show --showformat='${Version}' libpq5)
  dpkg --compare-versions "$has" lt 15.19 || return 0
  offered=$(LC_ALL=C apt-cache policy libpq5 | awk '/Candidate:/ { print $2 }')
  dpkg --compare-versions "$has" lt "$offered" || return 0
  say "upgrading libpq5 from $has to $offered"
  apt_get install --only-upgrade libpq5 libpq-dev || say "libpq5 stays at $has"
}

command -v apt-get >/dev/null || fail "no apt-get here; install by other means what corresponds to ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done

if ((${#missing[@]} == 0)); then
  upgrade_libpq
  outcome="all that \"$purpose\" needs is installed"
  exit
fi

! is_installed libboost1.74-dev ||
  fail 'libboost1.74-dev cannot stay beside Boost 1.81, which Greenway needs. First: apt-get remove libboost1.74-dev'

say "installing for \"$purpose\": ${missing[*]}"
apt_get update || say 'apt-get update failed; going on with the package lists that are here'
[[ " ${missing[*]} " != *' postgresql-15 '* ]] || forbid_main_cluster
[[ " ${missing[*]} " != *' redis-server '* ]] || forbid_services
apt_get install --no-install-recommends "${missing[@]}" || fail "apt-get could not install ${missing[*]}"
outcome="installed for \"$purpose\": ${missing[*]}"
