#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Makes the reference manual in build/docs/html; a warning of Doxygen is an error.
#
#   scripts/docs.sh

source "$(dirname "$0")/steps.sh"

scripts/setup.sh test
mkdir -p build/docs
step 'running doxygen' doxygen
outcome='the manual is build/docs/html/index.html'
