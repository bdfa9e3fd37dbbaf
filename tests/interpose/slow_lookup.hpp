// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <semaphore>

/// A getaddrinfo() between Greenway's and libc's, in a library of its own: a lookup of "slow.test" lasts until it is let go,
/// and finds 127.0.0.1.
namespace slow_lookup {

extern std::counting_semaphore<> has_begun;
extern std::counting_semaphore<> may_end;
extern std::counting_semaphore<> has_ended;

}  // namespace slow_lookup
