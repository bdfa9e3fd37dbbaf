// SPDX-License-Identifier: BSL-1.0
#include "shadow_stack.hpp"

#include <atomic>
#include <cstdint>

#include <greenway/base/error.hpp>

namespace greenway::detail {

namespace {

std::atomic<bool> is_pretended{false};

/// Both instructions do nothing on processors that do not know them.
bool has_shadow_stack() noexcept {
#if defined(__x86_64__)
  std::uint64_t pointer = 0;
  asm volatile("rdsspq %0" : "+r"(pointer));
  return pointer != 0;
#elif defined(__aarch64__)
  // chkfeat clears the bit of each feature that is in force; the lowest one is the guarded control stack.
  register std::uint64_t features asm("x16") = 1;
  asm volatile("hint #40" : "+r"(features));
  return features == 0;
#else
  return false;
#endif
}

}  // namespace

void refuse_shadow_stack() {
  if (has_shadow_stack() || is_pretended.load(std::memory_order_relaxed)) {
    throw ShadowStackError(
        "greenlets cannot run on a thread that has a user shadow stack: start the program with "
#if defined(__aarch64__)
        "GLIBC_TUNABLES=glibc.cpu.aarch64_gcs=0, or link it with -z gcs=never"
#else
        "GLIBC_TUNABLES=glibc.cpu.x86_shstk=off, or compile it with -fcf-protection=branch"
#endif
    );
  }
}

void pretend_shadow_stack(bool is_there) noexcept { is_pretended.store(is_there, std::memory_order_relaxed); }

}  // namespace greenway::detail
