// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/exception_state.hpp
/// @brief The C++ runtime's per-thread exception state, which belongs to a stack and so has to travel with it.
///
/// Boost.Context before 1.88 leaves it behind: two stacks suspended in `catch` then rethrow each other's exceptions.

#include <cstdint>

#include <cxxabi.h>

namespace greenway::detail {

#if defined(__ARM_EABI_UNWINDER__)
#error "the exception state has a third word under the 32-bit ARM EHABI, which is not carried"
#endif

/// The layout of `__cxa_eh_globals` (Itanium C++ ABI, exception handling, 2.2.2), the same in libstdc++ and libc++abi.
struct ExceptionState {
  void* caught = nullptr;     ///< Exceptions that are being handled, innermost first.
  unsigned uncaught = 0;      ///< What std::uncaught_exceptions() returns.

  /// @return Whether no exception is on its way or being handled.
  [[nodiscard]] bool is_empty() const noexcept { return reinterpret_cast<std::uintptr_t>(caught) + uncaught == 0; }
};

/// @return This thread's. Its address never changes while the thread lives.
inline ExceptionState* thread_exception_state() noexcept {
  return reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

}  // namespace greenway::detail
