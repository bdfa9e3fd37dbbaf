// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/detail/sanitizer.hpp>

#if defined(GREENWAY_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(GREENWAY_TSAN)
#include <pthread.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(bottom, top) 0
#define VALGRIND_STACK_DEREGISTER(stack)
#endif

#if defined(GREENWAY_ASAN)
#include "stack_mapping.hpp"
#endif

namespace greenway::detail {

#if defined(GREENWAY_ASAN)
namespace {

/// Frees the fake stack of a stack at rest. ASan does that only for a stack that is left for good, so it is told that this
/// one runs for a moment and is; meanwhile nothing instrumented may run.
[[gnu::no_sanitize("address")]] void free_fake_stack(const StackAnnotation& stack) noexcept {
  void* own = nullptr;
  const void* bottom = nullptr;
  std::size_t size = 0;
  __sanitizer_start_switch_fiber(&own, stack.bottom, stack.size);
  __sanitizer_finish_switch_fiber(stack.fake_stack, &bottom, &size);
  __sanitizer_start_switch_fiber(nullptr, bottom, size);
  __sanitizer_finish_switch_fiber(own, nullptr, nullptr);
}

}  // namespace
#endif

#if defined(GREENWAY_TSAN)
extern "C" {
void __tsan_ignore_thread_begin();
void AnnotateIgnoreSyncBegin(const char* file, int line);
}

bool is_forked_child = false;

namespace {

/// Each stack counts as a thread with TSan, and in the child of a process with threads it looks away, on the one that has
/// called fork(): it neither checks what is done there nor sees that anything follows from it. Then what any other stack does
/// would seem to race with all that was done before, so that it has to look away there as well.
///
/// With a stack that is never destroyed there are always two, so that it always does.
void follow_forks() noexcept {
  [[maybe_unused]] static void* const second_stack = __tsan_create_fiber(0);
  // After TSan's own handler, which was there before main().
  [[maybe_unused]] static const int error = pthread_atfork(nullptr, nullptr, [] { is_forked_child = true; });
}

}  // namespace

void ignore_in_forked_child(StackAnnotation& stack) noexcept {
  stack.is_ignored = true;
  __tsan_ignore_thread_begin();
  AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
}
#endif

void annotate_new_stack(StackAnnotation& stack, [[maybe_unused]] void* bottom, [[maybe_unused]] std::size_t size) noexcept {
#if defined(GREENWAY_ASAN)
  stack.bottom = bottom;
  stack.size = size;
  __lsan_register_root_region(bottom, size);
#endif
#if defined(GREENWAY_TSAN)
  stack.fiber = __tsan_create_fiber(0);
#endif
  stack.valgrind = VALGRIND_STACK_REGISTER(bottom, static_cast<char*>(bottom) + size);
}

void annotate_dead_stack([[maybe_unused]] StackAnnotation& stack) noexcept {
#if defined(GREENWAY_ASAN)
  __lsan_unregister_root_region(stack.bottom, stack.size);
  if (stack.fake_stack != nullptr) {
    free_fake_stack(stack);
  }
  // No more than was used: each page of a stack has an eighth of a page of shadow.
  const char* const bottom = static_cast<const char*>(stack.bottom);
  const std::size_t touched = touched_bytes(bottom, stack.size);
  __asan_unpoison_memory_region(bottom + stack.size - touched, touched);
#endif
#if defined(GREENWAY_TSAN)
  __tsan_destroy_fiber(stack.fiber);
#endif
  VALGRIND_STACK_DEREGISTER(stack.valgrind);
}

void annotate_thread_stack([[maybe_unused]] StackAnnotation& stack) noexcept {
#if defined(GREENWAY_TSAN)
  follow_forks();
  stack.fiber = __tsan_get_current_fiber();
#endif
}

void annotate_foreign_stack([[maybe_unused]] StackAnnotation& stack, [[maybe_unused]] const void* bottom,
                            [[maybe_unused]] std::size_t size) noexcept {
#if defined(GREENWAY_ASAN)
  stack.bottom = bottom;
  stack.size = size;
#endif
#if defined(GREENWAY_TSAN)
  stack.fiber = __tsan_create_fiber(0);
#endif
}

void annotate_dead_foreign_stack([[maybe_unused]] StackAnnotation& stack) noexcept {
#if defined(GREENWAY_ASAN)
  if (stack.fake_stack != nullptr) {
    free_fake_stack(stack);
  }
#endif
#if defined(GREENWAY_TSAN)
  __tsan_destroy_fiber(stack.fiber);
#endif
}

}  // namespace greenway::detail
