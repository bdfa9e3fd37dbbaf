// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/stack_use.hpp>

#include <algorithm>
#include <utility>

#include <sys/mman.h>

#include "hub.hpp"

namespace greenway {

namespace detail {

namespace {

/// Gives back what lies below the frames in use of the stack that runs, so that its next greenlet begins with nothing.
[[gnu::noinline]] void discard_below(const Carrier& running) noexcept {
  // What is in use below this frame is that of madvise itself.
  constexpr std::size_t frames_below = 1024 * stack_size_factor;
  char* const bottom = running.mapping + page_size();
  const auto here = static_cast<std::size_t>(static_cast<char*>(__builtin_frame_address(0)) - bottom);
  if (here > frames_below && here < running.size) {
    madvise(bottom, (here - frames_below) / page_size() * page_size(), MADV_DONTNEED);
  }
}

}  // namespace

void StackPool::sample(bool on) noexcept {
  give_back_idle();
  if (on) {
    samples_.clear();
  }
  // A magazine of one is full at each release, and the shelf is asked at each acquire.
  set_magazine_size(on ? 1 : 2 * batch_size);
}

void StackPool::measure(std::size_t index) noexcept {
  Carrier& carrier = *std::exchange(magazines_[index].idle, nullptr);
  magazines_[index].room = 1;
  const std::size_t touched = touched_bytes(carrier.mapping + page_size(), carrier.size);
  // Its record still says where it was made: no other greenlet has been since.
  const void* const spawned_at = this_hub().switch_origin->spawned_at;
  try {
    StackUse& use = samples_[spawned_at];
    use.spawned_at = spawned_at;
    ++use.greenlets;
    use.size_bytes = std::max(use.size_bytes, carrier.size);
    use.high_water_bytes = std::max(use.high_water_bytes, touched);
  } catch (...) {
    // Out of memory: this one is not counted.
  }
  discard_below(carrier);
  Shelf& shelf = shelves_[index];
  carrier.next = shelf.sampled;
  shelf.sampled = &carrier;
  ++shelf.count;
}

}  // namespace detail

std::size_t stack_high_water(const Greenlet& greenlet) {
  const GreenletRecord* const record = GreenletAccess::record(greenlet);
  if (record == nullptr) {
    return 0;
  }
  if (!detail::is_own(*record)) {
    throw GreenletError("the stack of a greenlet is measured on its own thread");
  }
  if (record->carrier == nullptr) {
    return 0;
  }
  return detail::touched_bytes(record->carrier->mapping + detail::page_size(), record->carrier->size);
}

void sample_stack_use(bool on) { detail::this_hub().stacks.sample(on); }

std::vector<StackUse> stack_use() {
  std::vector<StackUse> uses;
  for (const auto& [site, use] : detail::this_hub().stacks.samples()) {
    uses.push_back(use);
  }
  std::stable_sort(uses.begin(), uses.end(),
                   [](const StackUse& a, const StackUse& b) { return a.high_water_bytes > b.high_water_bytes; });
  return uses;
}

}  // namespace greenway
