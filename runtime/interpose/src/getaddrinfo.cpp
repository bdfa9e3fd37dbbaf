// SPDX-License-Identifier: BSL-1.0
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "door.hpp"
#include "libc.hpp"

namespace greenway::interpose {

namespace {

/// A lookup that its caller may leave before it has ended: it owns all that it uses, in one block.
struct Lookup {
  addrinfo hints{};
  const char* node = nullptr;
  const char* service = nullptr;
  bool has_hints = false;
  addrinfo* found = nullptr;
  int result = EAI_SYSTEM;
  int error = 0;

  static Lookup* make(const char* node, const char* service, const addrinfo* hints) noexcept {
    const std::size_t node_size = node == nullptr ? 0 : std::strlen(node) + 1;
    const std::size_t service_size = service == nullptr ? 0 : std::strlen(service) + 1;
    void* const block = std::malloc(sizeof(Lookup) + node_size + service_size);
    if (block == nullptr) {
      return nullptr;
    }
    auto* const lookup = new (block) Lookup;
    char* const strings = reinterpret_cast<char*>(lookup + 1);
    if (node != nullptr) {
      lookup->node = static_cast<const char*>(std::memcpy(strings, node, node_size));
    }
    if (service != nullptr) {
      lookup->service = static_cast<const char*>(std::memcpy(strings + node_size, service, service_size));
    }
    if (hints != nullptr) {
      lookup->hints = *hints;
      lookup->has_hints = true;
    }
    return lookup;
  }

  static void run(void* argument) noexcept {
    auto& self = *static_cast<Lookup*>(argument);
    self.result = libc::getaddrinfo(self.node, self.service, self.has_hints ? &self.hints : nullptr, &self.found);
    self.error = errno;
  }

  static void discard(void* argument) noexcept {
    auto* const self = static_cast<Lookup*>(argument);
    if (self->found != nullptr) {
      freeaddrinfo(self->found);
    }
    std::free(self);
  }
};

bool is_number(const char* text) noexcept { return text == nullptr || std::strspn(text, "0123456789") == std::strlen(text); }

}  // namespace

/// What becomes of the calls of a greenlet that is marked.
namespace suspending {

[[gnu::noinline]] int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  if (is_libcs("getaddrinfo")) {
    return libc::getaddrinfo(node, service, hints, found);
  }
  // Numbers need nobody to be asked.
  if (is_number(service)) {
    addrinfo numeric = hints != nullptr ? *hints : addrinfo{};
    numeric.ai_flags = hints != nullptr ? hints->ai_flags | AI_NUMERICHOST : AI_NUMERICHOST | AI_V4MAPPED | AI_ADDRCONFIG;
    if (const int result = libc::getaddrinfo(node, service, &numeric, found); result != EAI_NONAME) {
      return result;
    }
  }
  const KeepErrno keep;
  Lookup* const lookup = Lookup::make(node, service, hints);
  if (lookup == nullptr) {
    return EAI_MEMORY;
  }
  if (const int error = runtime->run_detached(Lookup::run, Lookup::discard, lookup); error == EAGAIN) {
    return EAI_AGAIN;
  } else if (error != 0) {
    errno = error;
    return EAI_SYSTEM;
  }
  const int result = lookup->result;
  if (result == 0) {
    *found = std::exchange(lookup->found, nullptr);
  }
  const int error = lookup->error;
  Lookup::discard(lookup);
  if (result == EAI_SYSTEM) {
    errno = error;
    return result;
  }
  keep(0);
  return result;
}

}  // namespace suspending

}  // namespace greenway::interpose

using namespace greenway::interpose;

GREENWAY_INTERPOSED int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  return is_marked() ? suspending::getaddrinfo(node, service, hints, found) : libc::getaddrinfo(node, service, hints, found);
}
