// SPDX-License-Identifier: BSL-1.0
// Compiled for its machine code, which switch_code.cmake reads.
#include <greenway/runtime/greenlet.hpp>

/// The switch that programs inline.
extern "C" void greenway_probe_switch(const greenway::Greenlet& greenlet) { greenlet.switch_to(); }
