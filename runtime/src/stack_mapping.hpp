// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

/// Address space for stacks, and what is known of the memory under it.
namespace greenway::detail {

[[nodiscard]] std::size_t page_size() noexcept;

/// What stops a stack that grows too far.
enum class StackGuard : std::uint8_t {
  madvise,   ///< A mark in the page table (MADV_GUARD_INSTALL, Linux 6.13): takes no memory map.
  mprotect,  ///< A page without access: a memory map of its own, and another for the stack above it.
};

/// @return What this process uses: what GREENWAY_STACK_GUARD says, else the best that the kernel has.
/// @throws ArgumentError  The variable says something else, or what the kernel does not have. The next call looks again.
[[nodiscard]] StackGuard stack_guard();

/// The system refused a mapping or a guard; nothing is left behind.
struct MappingRefused {
  const char* call;  ///< Null: the maps that are left are for the rest of the program.
  int error;         ///< errno.
};

/// A stretch of address space that is cut into stacks of one size, each with a guard page below it. Neighbouring slabs
/// are one memory map to the kernel, unless the guards are such maps themselves.
///
/// A place is untouched, then taken, given up and discarded, then taken again: once cut it keeps its guard.
class StackSlab {
 public:
  /// @param stack_size   A power of two.
  /// @param reservation  Bytes wanted; less where the system refuses so much, at least one stack.
  /// @throws MappingRefused
  StackSlab(std::size_t stack_size, std::size_t reservation);
  ~StackSlab();
  StackSlab(const StackSlab&) = delete;
  StackSlab& operator=(const StackSlab&) = delete;

  /// @return The number of a place that is free. Not between give_up() and discard().
  /// @throws MappingRefused
  [[nodiscard]] std::size_t take();

  /// What lies at the place that begins with this guard page is not wanted any more.
  void give_up(const char* guard) noexcept;
  /// Gives the memory of the places that were given up back to the system.
  void discard() noexcept;
  /// Stacks in it are lost: it stays mapped for good.
  void abandon() noexcept { base_ = nullptr; }

  /// @return The guard page of a place, with which it begins.
  [[nodiscard]] char* guard_of(std::size_t place) const noexcept { return base_ + place * stride_; }
  [[nodiscard]] bool is_full() const noexcept { return cut_ == capacity_ && vacant_.empty(); }
  [[nodiscard]] bool is_idle() const noexcept { return cut_ == vacant_.size(); }
  [[nodiscard]] bool has_given_up() const noexcept { return discarded_ != vacant_.size(); }

  std::list<StackSlab>::iterator position;  ///< In its pool's list.

 private:
  char* base_ = nullptr;
  std::size_t stride_;
  std::size_t capacity_;
  std::size_t cut_ = 0;                // so many places, the lowest, have been taken at least once
  std::size_t protected_ = 0;          // guards among them that are memory maps
  std::vector<std::uint32_t> vacant_;  // those of them that are free: the discarded ones first
  std::size_t discarded_ = 0;
};

/// @return How many bytes lie between the lowest page of a stack that was ever touched and the stack's top. Where
///         /proc/self/pagemap cannot be read, pages that are swapped out count as untouched.
[[nodiscard]] std::size_t touched_bytes(const char* bottom, std::size_t size) noexcept;

}  // namespace greenway::detail
