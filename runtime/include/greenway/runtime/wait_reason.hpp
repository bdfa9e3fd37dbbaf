// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/wait_reason.hpp
/// @brief What somebody waits for, kept for whoever looks at a running program.
///
/// Layer: runtime. Whoever makes a Waiter says so in one word; nothing is looked up or formatted before somebody asks.

#include <cstdint>
#include <string>

namespace greenway {

/// The kinds of things that are waited for. A debugger knows the numbers: new kinds go to the end.
enum class WaitKind : std::uint8_t {
  other,                 ///< Whoever made the Waiter did not say.
  readable,              ///< A descriptor, to read from.
  writable,              ///< A descriptor, to write to.
  readable_or_writable,  ///< A descriptor, for either.
  timer,                 ///< Time.
  mutex,                 ///< A Mutex.
  condition,             ///< A Condition.
  semaphore,             ///< A Semaphore.
  event,                 ///< An Event.
  channel_send,          ///< Room in a Channel.
  channel_receive,       ///< A value from a Channel.
  operation,             ///< An Operation, a Task or another awaitable.
  future,                ///< A Future.
  task_group,            ///< The children of a TaskGroup.
  offload,               ///< A function on a helper thread.
  worker,                ///< A function on a ThreadWorker.
  connection,            ///< A connection from a pool.
  write_turn,            ///< The turn to write to a database file.
  descriptors,           ///< Several descriptors.
};

/// What a wait is for: its kind, and which descriptor or object. One word.
class WaitReason {
 public:
  /// @param kind  Of an object that is not known.
  constexpr WaitReason(WaitKind kind = WaitKind::other) noexcept : word_(kind_word(kind)) {}
  /// @param kind    Of an object.
  /// @param object  Its address. Not followed, only shown.
  WaitReason(WaitKind kind, const void* object) noexcept
      : word_(kind_word(kind) | (reinterpret_cast<std::uintptr_t>(object) & subject_mask)) {}
  /// @param kind        readable, writable, or readable_or_writable.
  /// @param descriptor  Which.
  constexpr WaitReason(WaitKind kind, int descriptor) noexcept
      : word_(kind_word(kind) | static_cast<std::uint32_t>(descriptor)) {}

  /// @return The kind.
  [[nodiscard]] constexpr WaitKind kind() const noexcept { return static_cast<WaitKind>(word_ >> kind_shift); }
  /// @return The descriptor; -1 when it is not a descriptor that is waited for.
  [[nodiscard]] constexpr int descriptor() const noexcept {
    return is_descriptor() ? static_cast<int>(static_cast<std::uint32_t>(word_)) : -1;
  }
  /// @return The object's address; null when there is none.
  [[nodiscard]] const void* object() const noexcept {
    return is_descriptor() ? nullptr : reinterpret_cast<const void*>(static_cast<std::uintptr_t>(word_ & subject_mask));
  }

  /// @return Whether both say the same.
  friend constexpr bool operator==(WaitReason, WaitReason) noexcept = default;

 private:
  static constexpr unsigned kind_shift = 56;
  static constexpr std::uint64_t subject_mask = (std::uint64_t{1} << kind_shift) - 1;

  static constexpr std::uint64_t kind_word(WaitKind kind) noexcept { return static_cast<std::uint64_t>(kind) << kind_shift; }
  [[nodiscard]] constexpr bool is_descriptor() const noexcept {
    return kind() >= WaitKind::readable && kind() <= WaitKind::readable_or_writable;
  }

  std::uint64_t word_;  // kind in the highest byte, descriptor or address below: no address of a program reaches there
};

/// @param reason  Any.
/// @return For people: "readable, descriptor 7", "timer", "mutex 0x7f00c0de".
[[nodiscard]] std::string describe(WaitReason reason);

}  // namespace greenway
