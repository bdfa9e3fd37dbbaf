// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file machine.hpp
/// @brief Where figures come from: without it they mean nothing.

#include <map>
#include <string>

namespace greenway::bench {

/// @return What matters of this machine and this build: CPU, kernel, compiler, flags, versions, by name.
std::map<std::string, std::string> describe_machine();

}  // namespace greenway::bench
