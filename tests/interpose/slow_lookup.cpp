// SPDX-License-Identifier: BSL-1.0
#include "slow_lookup.hpp"

#include <cstring>

#include <dlfcn.h>
#include <netdb.h>

namespace slow_lookup {

std::counting_semaphore<> has_begun{0};
std::counting_semaphore<> may_end{0};
std::counting_semaphore<> has_ended{0};

}  // namespace slow_lookup

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  static auto* const next = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool is_number = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (node == nullptr || std::strcmp(node, "slow.test") != 0 || is_number) {
    return next(node, service, hints, found);
  }
  slow_lookup::has_begun.release();
  slow_lookup::may_end.acquire();
  const int result = next("127.0.0.1", service, hints, found);
  slow_lookup::has_ended.release();
  return result;
}
