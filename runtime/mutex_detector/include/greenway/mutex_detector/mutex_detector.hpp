// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/mutex_detector/mutex_detector.hpp
/// @brief Finds thread mutexes that are held across a suspension: a debugging aid, linked by those who want it.
///
/// Layer: runtime, target `greenway::mutex_detector`. A `std::mutex` that a greenlet holds while it waits stops the whole
/// loop as soon as another greenlet of that thread wants it, and the one that would unlock it never runs again; use
/// greenway::Mutex there.
///
/// Linking the target is all: the linker then sends the program's calls of `pthread_mutex_lock`, `pthread_rwlock_wrlock` and
/// their like through the detector (`--wrap`), `std::mutex` and `std::shared_mutex` in the program and its static libraries
/// included. Calls from shared libraries, the C++ and C libraries' own among them, are not seen. Nothing is interposed, so
/// that allocators and the dynamic linker are as ever. Costs some nanoseconds a lock, and all switches are traced.

#include <functional>
#include <string>

#include <greenway/runtime/wait_reason.hpp>

namespace greenway {

/// A thread mutex that a greenlet took into a wait, or into its grave.
struct HeldMutex {
  const void* mutex = nullptr;      ///< The `pthread_mutex_t` or `pthread_rwlock_t`, which is the address of its `std::mutex`.
  const void* locked_at = nullptr;  ///< The code that locked it: see describe_code().
  std::string greenlet = {};        ///< The name of the greenlet that holds it; empty if it has none.
  WaitReason reason = {};           ///< What that greenlet waits for.
  bool has_ended = false;           ///< It does not wait: it has ended.
};

/// @param held  Any.
/// @return One line for people.
[[nodiscard]] std::string describe(const HeldMutex& held);

/// Sets what is told of each mutex that is found, once each time it is locked. Defined in `greenway::mutex_detector` alone.
/// @param callback  Called on the thread of the greenlet, on its loop's stack; must not wait or throw. Empty, as at the
///                  beginning: it is logged as a warning of "greenway.mutex_detector".
void set_held_mutex_callback(std::function<void(const HeldMutex&)> callback);

}  // namespace greenway
