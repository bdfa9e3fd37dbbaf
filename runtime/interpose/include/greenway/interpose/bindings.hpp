// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/interpose/bindings.hpp
/// @brief Which calls of the libraries of a program are intercepted.
///
/// Layer: interpose. Linking `greenway::interpose` is all that is needed to intercept libc's blocking calls; nothing has to be
/// included or called. When they suspend is said by greenway/runtime/interpose_scope.hpp.

#include <cstddef>

namespace greenway {

/// How a library calls one function.
struct Binding {
  const char* library;   ///< The library's file name; valid as long as it is loaded.
  const char* function;  ///< The name of the function.
  bool is_intercepted;   ///< Its calls come to Greenway.
};

/// Looks how the loaded libraries call what can be intercepted. A library that calls a function by another way than its table
/// of symbols (its own copy of it, a raw system call) is not seen.
/// @param library   How its file name begins, "libpq.so"; empty for all libraries.
/// @param bindings  Where they are put; null when `room` is 0.
/// @param room      For how many there is room.
/// @return How many there are, also if there is not room for all.
std::size_t list_bindings(const char* library, Binding* bindings, std::size_t room) noexcept;

}  // namespace greenway
