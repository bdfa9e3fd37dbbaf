// SPDX-License-Identifier: BSL-1.0
#include <cerrno>
#include <cstring>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <greenway/base/error.hpp>

#include "shadow_stack.hpp"
#include "stack_pool.hpp"

namespace greenway::detail {

namespace {

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

#if !defined(GREENWAY_SWITCH_NATIVE)
/// Boost's entry function is told who entered; ours is not.
template <int = 0>
struct BoostEntry {
  static inline StackPool::Entry entry = nullptr;
  static void enter(boost::context::detail::transfer_t arrival) {
    static_cast<Context*>(arrival.data)->context = arrival.fctx;
    entry();
  }
};
#endif

/// @return Where a stack rests that calls `entry` when it is entered.
ResumePoint make_resting_stack(void* top, [[maybe_unused]] std::size_t size, StackPool::Entry entry) noexcept {
#if defined(GREENWAY_SWITCH_NATIVE)
  return make_native_stack(top, entry);
#else
  BoostEntry<>::entry = entry;
  return ResumePoint{boost::context::detail::make_fcontext(top, size, &BoostEntry<>::enter)};
#endif
}

[[noreturn]] void throw_exhausted(const char* what, std::size_t size) {
  const int error = errno;
  std::string text = "no stack of " + std::to_string(size / 1024) + " KiB for a greenlet: " + what +
                     " failed: " + std::strerror(error);
  if (error == ENOMEM) {
    text += "; each guarded stack takes two memory maps, so raise the limit with: sysctl -w vm.max_map_count=1000000";
  }
  throw ResourceExhausted(text);
}

}  // namespace

StackPool::~StackPool() {
  for (Carrier* carrier : idle_) {
    while (carrier != nullptr) {
      Carrier* next = carrier->next;
      char* mapping = carrier->mapping;
      const std::size_t mapped = carrier->size + page_size();
      annotate_dead_stack(carrier->annotation);
      munmap(mapping, mapped);
      carrier = next;
    }
  }
}

void StackPool::throw_too_large(std::size_t size) {
  throw ArgumentError("StackOptions::size_bytes is " + std::to_string(size / stack_size_factor) +
                      "; at most 1 GiB is possible");
}

Carrier& StackPool::map(std::size_t size) {
  refuse_shadow_stack();
  const std::size_t guard = page_size();
  void* memory = mmap(nullptr, size + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
                      -1, 0);
  if (memory == MAP_FAILED) {
    throw_exhausted("mmap", size);
  }
  if (mprotect(memory, guard, PROT_NONE) != 0) {
    const int error = errno;
    munmap(memory, size + guard);
    errno = error;
    throw_exhausted("mprotect", size);
  }
  // A huge page would commit the whole stack at its first touch.
  madvise(memory, size + guard, MADV_NOHUGEPAGE);

  char* const mapping = static_cast<char*>(memory);
  char* const bottom = mapping + guard;
  // Without a colour the tops of all stacks share one set of the cache.
  const std::size_t colour = (mapped_.value() % 16) * 64;
  char* const top = bottom + size - colour - ((sizeof(Carrier) + 63) & ~std::size_t{63});
  auto* carrier = new (top) Carrier;
  carrier->mapping = mapping;
  carrier->size = size;
  static_cast<ResumePoint&>(*carrier) = make_resting_stack(top, static_cast<std::size_t>(top - bottom), entry_);
  annotate_new_stack(carrier->annotation, bottom, size);
  ++mapped_;
  return *carrier;
}

}  // namespace greenway::detail
