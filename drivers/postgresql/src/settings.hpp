// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <greenway/base/clock.hpp>
#include <greenway/db/url.hpp>

namespace greenway::detail::postgresql {

/// When a statement is prepared under a name.
enum class Prepare : std::uint8_t {
  never,
  first_use,
  second_use,
};

/// What a URL asks for. Immutable once made: every connection of an engine is opened with the same.
struct Settings {
  std::vector<std::pair<std::string, std::string>> keywords;  ///< For PQconnectStartParams.
  std::string where;                                          ///< For messages: host and port.
  Prepare prepare = Prepare::second_use;
  std::size_t statement_cache_size = 100;
  Duration connect_timeout = std::chrono::seconds(10);
  bool has_threads = false;  ///< Each connection is to run on a thread of its own.
  bool is_local = false;  ///< The server is on this machine: what is sent in clear is not seen by others.
};

/// @throws ArgumentError  An option is unknown, has a value that it cannot have, or holds a NUL.
Settings make_settings(const URL& url);

}  // namespace greenway::detail::postgresql
