// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/detail/sanitizer.hpp>

#if defined(GREENWAY_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(bottom, top) 0
#define VALGRIND_STACK_DEREGISTER(stack)
#endif

namespace greenway::detail {

void annotate_new_stack(StackAnnotation& stack, void* bottom, std::size_t size) noexcept {
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
  __asan_unpoison_memory_region(stack.bottom, stack.size);
#endif
#if defined(GREENWAY_TSAN)
  __tsan_destroy_fiber(stack.fiber);
#endif
  VALGRIND_STACK_DEREGISTER(stack.valgrind);
}

void annotate_thread_stack([[maybe_unused]] StackAnnotation& stack) noexcept {
#if defined(GREENWAY_TSAN)
  stack.fiber = __tsan_get_current_fiber();
#endif
}

}  // namespace greenway::detail
