// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/interposition.hpp
/// @brief What passes between the runtime and whoever intercepts libc's calls.
///
/// Both may be in one program, or the second in a library that was preloaded before the first was known. So neither is linked
/// to the other: the runtime looks for the function `greenway_interpose_attach` and hands it a table. Nothing that is called
/// through it throws, since there is C code on the stack.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <poll.h>

#include <greenway/runtime/detail/greenlet_record.hpp>

namespace greenway::detail {

/// No bound of its own, among moments in nanoseconds of CLOCK_MONOTONIC.
inline constexpr std::int64_t no_bound = INT64_MAX;

/// What the runtime does for the interposer.
struct Interposition {
  /// Changes with the meaning of anything here.
  static constexpr std::uint32_t current_layout = 2;

  std::uint32_t layout = current_layout;
  std::uint32_t record_size = sizeof(GreenletRecord);  ///< As the runtime was compiled.

  /// Suspends the running greenlet until a descriptor may be ready, or for a while. At least once a second it returns, for
  /// what cannot be noticed.
  /// @param items  Descriptors and events as for poll(); of those closed meanwhile `revents` is set to POLLNVAL. Where there is
  ///               one, `revents` is what poll() would say of it, if the kernel has said so and nothing has run here since;
  ///               otherwise 0.
  /// @param count  How many; may be none.
  /// @param until  Until when at most, in nanoseconds.
  /// @return 0: look again. EBADF: some were closed by another greenlet. ECANCELED: the greenlet was cancelled. ETIMEDOUT: a
  ///         bound around it has passed.
  int (*wait)(pollfd* items, std::size_t count, std::int64_t until) noexcept;

  /// Calls `fn(argument)` on a helper thread and suspends the greenlet until it has returned.
  /// @return 0, or EAGAIN: there is no helper thread.
  int (*run_on_helper)(void (*fn)(void*), void* argument) noexcept;

  /// Calls `fn(argument)` on a helper thread and suspends the greenlet until it has returned or the greenlet is cancelled.
  /// `argument` must not be on the stack.
  /// @return 0; else `discard(argument)` is called when `fn` does not use it any more. EAGAIN: `fn` has not run, there is no
  ///         helper thread. Otherwise as wait().
  int (*run_detached)(void (*fn)(void*), void (*discard)(void*), void* argument) noexcept;

  /// This thread is about to close a descriptor: whoever waits for it there looks again.
  void (*closing)(int fd) noexcept;

  /// Writes a line to the log.
  void (*warn)(const char* text) noexcept;
};

/// What the interposer does for the runtime.
struct Interposer {
  /// A thread has a hub from now on: the place where its running greenlet stands; null when it has none any more.
  void (*enter_thread)(GreenletRecord* const* current) noexcept;
  /// The first greenlet that allows it is about to run.
  void (*first_use)() noexcept;
  /// Somebody wants to be told of each call.
  bool is_traced;
  /// Counts the calls, on any thread, that may have changed which file a descriptor's number means.
  const std::atomic<std::uint32_t>* changes;
};

/// The type of `greenway_interpose_attach`, which returns null for a runtime that it cannot serve.
using AttachInterposer = const Interposer*(const Interposition& runtime) noexcept;

/// @return What is attached, which is looked for at the first call; null: nothing.
[[nodiscard]] const Interposer* interposer() noexcept;

/// What holds for a greenlet that begins.
/// @param wanted  As its options say.
[[nodiscard]] Interposing interposing_of(bool wanted) noexcept;
/// @return What holds where calls are to be libc's: told, if somebody wants to be told.
[[nodiscard]] Interposing not_interposing() noexcept;

}  // namespace greenway::detail
