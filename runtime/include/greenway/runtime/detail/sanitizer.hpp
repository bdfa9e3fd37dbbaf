// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/sanitizer.hpp
/// @brief Everything that AddressSanitizer, ThreadSanitizer, LeakSanitizer and valgrind are told about stacks and switches.
///
/// Debian's Boost.Context has the assembly switch only, so its own annotations cannot be had. Without a sanitizer
/// everything here compiles to nothing, valgrind's requests apart, which are made once a stack.

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
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(GREENWAY_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace greenway::detail {

#if defined(GREENWAY_ASAN) || defined(GREENWAY_TSAN)
/// Frames are larger under a sanitizer.
inline constexpr std::size_t stack_size_factor = 4;
#else
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
#endif
};

/// A new stack of `size` bytes at `bottom`. LeakSanitizer will look for pointers on it.
inline void annotate_new_stack([[maybe_unused]] StackAnnotation& stack, [[maybe_unused]] void* bottom,
                               [[maybe_unused]] std::size_t size) noexcept {
#if defined(GREENWAY_ASAN)
  stack.bottom = bottom;
  stack.size = size;
  __lsan_register_root_region(bottom, size);
#endif
#if defined(GREENWAY_TSAN)
  stack.fiber = __tsan_create_fiber(0);
#endif
}

/// The stack is about to be unmapped.
inline void annotate_dead_stack([[maybe_unused]] StackAnnotation& stack) noexcept {
#if defined(GREENWAY_ASAN)
  __lsan_unregister_root_region(stack.bottom, stack.size);
  __asan_unpoison_memory_region(stack.bottom, stack.size);
#endif
#if defined(GREENWAY_TSAN)
  __tsan_destroy_fiber(stack.fiber);
#endif
}

/// The thread's own stack, before its first switch.
inline void annotate_thread_stack([[maybe_unused]] StackAnnotation& stack) noexcept {
#if defined(GREENWAY_TSAN)
  stack.fiber = __tsan_get_current_fiber();
#endif
}

/// Immediately before the jump from one stack to another. Inlined: TSan's shadow stack must not be in a callee here.
[[gnu::always_inline]] inline void annotate_leave([[maybe_unused]] StackAnnotation& from,
                                                  [[maybe_unused]] StackAnnotation& to) noexcept {
#if defined(GREENWAY_ASAN)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.size);
#endif
#if defined(GREENWAY_TSAN)
  __tsan_switch_to_fiber(to.fiber, 0);
#endif
}

/// Immediately after the jump, on the stack that was entered. `previous` is the one that was left.
[[gnu::always_inline]] inline void annotate_enter([[maybe_unused]] StackAnnotation& here,
                                                  [[maybe_unused]] StackAnnotation& previous) noexcept {
#if defined(GREENWAY_ASAN)
  __sanitizer_finish_switch_fiber(here.fake_stack, &previous.bottom, &previous.size);
#endif
}

}  // namespace greenway::detail
