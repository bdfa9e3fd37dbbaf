// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>

#include "hub.hpp"
#include "overflow.hpp"
#include "shadow_stack.hpp"

namespace greenway {

namespace detail {

namespace {

std::atomic<std::size_t> idle_limit{StackLimits{}.idle_kept};

// Reservations double up to this: a thread with one greenlet claims little, and a million stacks are few reservations.
constexpr std::size_t smallest_slab = std::size_t{2} << 20;
constexpr std::size_t largest_slab = std::size_t{64} << 20;

#if !defined(GREENWAY_SWITCH_NATIVE)
/// Boost's entry function is told who entered; ours is not.
template <int = 0>
struct BoostEntry {
  static inline StackPool::Entry entry = nullptr;
  static void enter(boost::context::detail::transfer_t arrival) {
    note_left(arrival);
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

[[noreturn]] void throw_exhausted(const MappingRefused& refusal, std::size_t size) {
  std::string text = "no stack of " + std::to_string(size / 1024) + " KiB for a greenlet: ";
  text += refusal.call == nullptr ? "the memory maps for guard pages are used up"
                                  : refusal.call + std::string(" failed: ") + std::strerror(refusal.error);
  if (refusal.error == ENOMEM) {
    text += stack_guard() == StackGuard::mprotect
                ? "; each stack takes two memory maps here, so raise the limit with: sysctl -w vm.max_map_count=1000000"
                : "; it is bounded by ulimit -v, vm.overcommit_memory and vm.max_map_count";
  }
  throw ResourceExhausted(text);
}

}  // namespace

StackPool::~StackPool() {
  give_back_idle();
  for (std::size_t index = 0; index != class_count; ++index) {
    for (StackSlab& slab : shelves_[index].slabs) {
      slab.abandon();
    }
  }
}

void StackPool::throw_too_large() { throw ArgumentError("StackOptions::size_bytes is too large: at most 1 GiB is possible"); }

Carrier& StackPool::acquire_slowly(std::size_t index) {
  Shelf& shelf = shelves_[index];
  if (shelf.newest != nullptr) {
    Carrier* const batch = take_batch(shelf, shelf.newest);
    magazines_[index].idle = batch->next;
    magazines_[index].room -= batch_size - 1;
    return *batch;
  }
  if (Carrier* const carrier = shelf.sampled) {
    shelf.sampled = carrier->next;
    --shelf.count;
    return *carrier;
  }
  return make(index);
}

Carrier& StackPool::make(std::size_t index) {
  refuse_shadow_stack();
  prepare_overflow_report();
  try {
    return place(index);
  } catch (const MappingRefused&) {
    give_back_idle();
  }
  try {
    return place(index);
  } catch (const MappingRefused& refusal) {
    throw_exhausted(refusal, size_of(index));
  }
}

Carrier& StackPool::place(std::size_t index) {
  const std::size_t size = size_of(index);
  std::list<StackSlab>& slabs = shelves_[index].slabs;
  if (slabs.empty() || slabs.front().is_full()) {
    slabs.emplace_front(size, std::min(smallest_slab << std::min<std::size_t>(slabs.size(), 10), largest_slab));
    slabs.front().position = slabs.begin();
  }
  StackSlab& slab = slabs.front();
  char* const guard = slab.guard_of(slab.take());
  if (slab.is_full()) {
    slabs.splice(slabs.end(), slabs, slab.position);
  }

  char* const bottom = guard + page_size();
  // Without a colour the tops of all stacks share one set of the cache. It stays within a page, of which a greenlet that
  // rests has one.
  const std::size_t colour = (mapped_.value() % 16) * 64;
  char* const top = bottom + size - colour - ((sizeof(Carrier) + 63) & ~std::size_t{63});
  auto* const carrier = new (top) Carrier;
  carrier->size_class = static_cast<std::uint32_t>(index);
  carrier->size = size;
  carrier->mapping = guard;
  carrier->slab = &slab;
  static_cast<ResumePoint&>(*carrier) = make_resting_stack(top, static_cast<std::size_t>(top - bottom), entry_);
  annotate_new_stack(carrier->annotation, bottom, size);
  ++mapped_;
  return *carrier;
}

void StackPool::stow(std::size_t index) noexcept {
  if (magazine_size_.value() == 1) {
    measure(index);
    return;
  }
  Carrier* last_kept = magazines_[index].idle;
  for (std::size_t i = 1; i != batch_size; ++i) {
    last_kept = last_kept->next;
  }
  Carrier* const batch = std::exchange(last_kept->next, nullptr);
  magazines_[index].room += batch_size;

  Shelf& shelf = shelves_[index];
  batch->newer_batch = nullptr;
  batch->older_batch = shelf.newest;
  (shelf.newest != nullptr ? shelf.newest->newer_batch : shelf.oldest) = batch;
  shelf.newest = batch;
  shelf.count += batch_size;

  // Two at most, so that a limit that was lowered is reached soon and yet nobody is held up for long.
  for (int i = 0; i != 2 && shelf.count.value() > idle_limit.load(std::memory_order_relaxed); ++i) {
    give_back(shelf, take_batch(shelf, shelf.oldest));
  }
}

Carrier* StackPool::take_batch(Shelf& shelf, Carrier* batch) noexcept {
  (batch->newer_batch != nullptr ? batch->newer_batch->older_batch : shelf.newest) = batch->older_batch;
  (batch->older_batch != nullptr ? batch->older_batch->newer_batch : shelf.oldest) = batch->newer_batch;
  shelf.count -= batch_size;
  return batch;
}

void StackPool::give_back_idle() noexcept {
  for (std::size_t index = 0; index != class_count; ++index) {
    Shelf& shelf = shelves_[index];
    give_back(shelf, std::exchange(magazines_[index].idle, nullptr));
    magazines_[index].room = magazine_size_.value();
    while (shelf.oldest != nullptr) {
      give_back(shelf, take_batch(shelf, shelf.oldest));
    }
    if (shelf.sampled != nullptr) {
      shelf.count = 0;
      give_back(shelf, std::exchange(shelf.sampled, nullptr));
    }
  }
}

void StackPool::give_back(Shelf& shelf, Carrier* idle) noexcept {
  std::list<StackSlab>& slabs = shelf.slabs;
  while (idle != nullptr) {
    Carrier& carrier = *std::exchange(idle, idle->next);
    StackSlab& slab = *carrier.slab;
    if (!slab.has_given_up()) {
      slabs.splice(slabs.begin(), slabs, slab.position);
    }
    annotate_dead_stack(carrier.annotation);
    slab.give_up(carrier.mapping);
    --mapped_;
  }
  for (auto slab = slabs.begin(); slab != slabs.end() && slab->has_given_up();) {
    if (slab->is_idle()) {
      slab = slabs.erase(slab);
    } else {
      slab->discard();
      ++slab;
    }
  }
}

void StackPool::set_magazine_size(std::size_t size) noexcept {
  magazine_size_ = size;
  for (Magazine& magazine : magazines_) {
    magazine.room = size;
  }
}

StackUsage StackPool::usage() const noexcept {
  std::int64_t idle = 0;
  for (std::size_t index = 0; index != class_count; ++index) {
    idle += static_cast<std::int64_t>(magazine_size_.value() - magazines_[index].room.value() + shelves_[index].count.value());
  }
  // To another thread the parts of the sum may be of different moments.
  return {mapped_.value(), static_cast<std::size_t>(std::max<std::int64_t>(idle, 0))};
}

}  // namespace detail

void set_stack_limits(StackLimits limits) noexcept { detail::idle_limit.store(limits.idle_kept, std::memory_order_relaxed); }

StackLimits stack_limits() noexcept { return {detail::idle_limit.load(std::memory_order_relaxed)}; }

void release_idle_stacks() noexcept { detail::this_hub().stacks.give_back_idle(); }

}  // namespace greenway
