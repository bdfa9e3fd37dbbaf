#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Cross-builds the runtime and its tests for AArch64 and runs them under qemu, twice: optimised, and not optimised with
# frame pointers, signed return addresses and landing pads.
#
#   scripts/aarch64.sh [arguments of the test programs]

source "$(dirname "$0")/steps.sh"

# build_and_run NAME CMAKE_VARIABLE…
build_and_run() {
  local name=$1 folder=build/aarch64-$1 program
  shift
  step "configuring $name" cmake -S tests/aarch64/project -B "$folder" -G Ninja --toolchain "$PWD/cmake/aarch64.cmake" \
    -DGREENWAY_WERROR=ON "${@/#/-D}"
  step "building $name" cmake --build "$folder"
  # Not case by case with ctest: qemu takes longer to start than most cases to run.
  # A million spawns ask about memory, not about the processor, and take a minute there.
  for program in base runtime; do
    step "running $name, $program" timeout 600 qemu-aarch64 "$folder/${program}_test/${program}_test" -d yes \
      "${arguments[@]:-~[.]~1000000 spawns*}"
  done
}

arguments=("$@")
scripts/setup.sh aarch64
# All extensions that qemu knows.
export QEMU_CPU=max
build_and_run optimised CMAKE_BUILD_TYPE=RelWithDebInfo
build_and_run protected CMAKE_BUILD_TYPE=Debug CMAKE_CXX_FLAGS=-mbranch-protection=standard
outcome='both builds passed'
