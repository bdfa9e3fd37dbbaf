// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/sanitizer.hpp
/// @brief Everything that AddressSanitizer, ThreadSanitizer, LeakSanitizer and valgrind are told about stacks and switches.
///
/// Debian's Boost.Context has the assembly switch only, so its own annotations cannot be had. Without a sanitizer
/// a switch tells nobody anything. What is said once a stack, to valgrind too, is in sanitizer.cpp.

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GREENWAY_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define GREENWAY_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GREENWAY_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define GREENWAY_TSAN 1
#endif

#if defined(GREENWAY_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(GREENWAY_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace greenway::detail {

#if defined(GREENWAY_ASAN) || defined(GREENWAY_TSAN)
/// Frames are larger under a sanitizer.
inline constexpr std::size_t stack_size_factor = 4;
/// Each switch is told to a sanitizer.
inline constexpr bool is_annotated = true;
#else
/// A switch tells nobody anything.
inline constexpr bool is_annotated = false;
/// Frames are as compiled.
inline constexpr std::size_t stack_size_factor = 1;
#endif

/// What the sanitizers know of one stack.
struct StackAnnotation {
#if defined(GREENWAY_ASAN)
  const void* bottom = nullptr;   ///< Lowest usable address; of a thread's own stack known after its first switch.
  std::size_t size = 0;           ///< Usable bytes.
  void* fake_stack = nullptr;     ///< ASan's, while the stack rests.
#endif
#if defined(GREENWAY_TSAN)
  void* fiber = nullptr;          ///< TSan's.
  bool is_ignored = false;        ///< TSan looks away there, in a forked child.
#endif
  unsigned valgrind = 0;          ///< Valgrind's number of the stack.
};

/// A new stack of `size` bytes at `bottom`. LeakSanitizer will look for pointers on it.
/// @param stack   To be filled in.
/// @param bottom  Lowest usable address.
/// @param size    Usable bytes.
void annotate_new_stack(StackAnnotation& stack, void* bottom, std::size_t size) noexcept;

/// The stack is at rest and is about to be unmapped, or to lose its memory.
/// @param stack  Its annotation.
void annotate_dead_stack(StackAnnotation& stack) noexcept;

/// The thread's own stack, before its first switch.
/// @param stack  To be filled in.
void annotate_thread_stack(StackAnnotation& stack) noexcept;

/// A stack that another library has made and will switch to.
/// @param stack   To be filled in.
/// @param bottom  Lowest address that surely belongs to it.
/// @param size    Bytes above.
void annotate_foreign_stack(StackAnnotation& stack, const void* bottom, std::size_t size) noexcept;

/// Nothing runs on that stack any more.
/// @param stack  Its annotation.
void annotate_dead_foreign_stack(StackAnnotation& stack) noexcept;

#if defined(GREENWAY_TSAN)
/// Set in a child after fork().
extern bool is_forked_child;

/// In a forked child, on the stack that TSan was told of last: TSan looks away there too.
/// @param stack  Its annotation.
void ignore_in_forked_child(StackAnnotation& stack) noexcept;

/// TSan is told, and the caller jumps, with nothing that is instrumented in between but in a forked child.
/// @param to  Where control goes.
[[gnu::always_inline]] inline void tell_thread_sanitizer(StackAnnotation& to) noexcept {
  __tsan_switch_to_fiber(to.fiber, 0);
  if (is_forked_child && !to.is_ignored) [[unlikely]] {
    ignore_in_forked_child(to);
  }
}
#endif

/// Immediately before the jump from one stack to another. Inlined: TSan's shadow stack must not be in a callee here.
/// @param left  Set to `from`, for whoever is entered.
[[gnu::always_inline]] inline void annotate_leave([[maybe_unused]] StackAnnotation* from, [[maybe_unused]] StackAnnotation* to,
                                                  [[maybe_unused]] StackAnnotation*& left) noexcept {
#if defined(GREENWAY_ASAN)
  left = from;
  __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
#endif
#if defined(GREENWAY_TSAN)
  tell_thread_sanitizer(*to);
#endif
}

/// Immediately after the jump, on the stack that was entered. `previous` is the one that was left.
[[gnu::always_inline]] inline void annotate_enter([[maybe_unused]] StackAnnotation* here,
                                                  [[maybe_unused]] StackAnnotation* const& previous) noexcept {
#if defined(GREENWAY_ASAN)
  __sanitizer_finish_switch_fiber(here->fake_stack, &previous->bottom, &previous->size);
#endif
}

}  // namespace greenway::detail
