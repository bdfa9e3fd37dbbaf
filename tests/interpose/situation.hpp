// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <functional>
#include <ostream>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/counters.hpp>
#include <greenway/runtime/interpose_scope.hpp>

#include <support/catch.hpp>

/// What a call returned, what it left in errno, and what it has written.
struct Seen {
  long result = 0;
  int error = 0;
  std::string data = {};

  friend bool operator==(const Seen&, const Seen&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << seen.result << ", errno " << seen.error << ", '" << seen.data << "'";
  }
};

/// Calls with a known errno, which a call that succeeds must leave alone.
template <class Call>
Seen seen(Call&& call) {
  errno = ENOTTY;
  const auto result = static_cast<long>(call());
  return {result, errno};
}

/// As seen(), with what is in the buffer then.
template <class Call>
Seen seen_reading(char* buffer, Call&& call) {
  Seen outcome = seen(call);
  outcome.data = outcome.result > 0 ? std::string(buffer, static_cast<std::size_t>(outcome.result)) : "";
  return outcome;
}

/// Runs a function in a greenlet whose calls are intercepted.
/// @param suspensions  Set to how often a greenlet suspended meanwhile.
inline Seen inside(const std::function<Seen()>& situation, std::uint64_t& suspensions) {
  const std::uint64_t before = greenway::thread_counters().suspended;
  Seen outcome = greenway::greenlet_spawn({.interpose = true}, std::cref(situation)).get();
  suspensions = greenway::thread_counters().suspended - before;
  return outcome;
}

/// Two sockets that are connected with each other.
struct Sockets {
  explicit Sockets(int type = SOCK_STREAM) { REQUIRE(socketpair(AF_UNIX, type, 0, ends) == 0); }
  ~Sockets() {
    close(ends[0]);
    close(ends[1]);
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  int ends[2];
};

/// A pipe: read from the first, write to the second.
struct Pipe {
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int ends[2];
};
