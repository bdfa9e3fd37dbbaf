// SPDX-License-Identifier: BSL-1.0
#include "door.hpp"

#include <cstdio>
#include <cstdlib>

#include <pthread.h>
#include <unistd.h>

#include "bindings.hpp"

namespace greenway::interpose {

constinit thread_local GreenletRecord* const* running = nullptr;
const detail::Interposition* runtime = nullptr;

namespace {

bool is_traced() noexcept {
  static const bool is_wanted = [] {
    const char* const value = std::getenv("GREENWAY_INTERPOSE_TRACE");
    return value != nullptr && *value != '\0' && *value != '0';
  }();
  return is_wanted;
}

void enter_thread(GreenletRecord* const* current) noexcept { running = current; }

/// The loop's descriptors are shared with the parent, and its greenlets wait there: here everything is libc's.
void leave_in_child() noexcept { running = nullptr; }

void first_use() noexcept { warn_of_bypassing_library("libpq.so"); }

}  // namespace

void tell(const char* call, int fd, const char* what) noexcept {
  if (is_traced()) {
    const int error = errno;
    if (fd >= 0) {
      dprintf(STDERR_FILENO, "greenway.interpose: %s(%d): %s\n", call, fd, what);
    } else {
      dprintf(STDERR_FILENO, "greenway.interpose: %s: %s\n", call, what);
    }
    errno = error;
  }
}

bool passes_on(const GreenletRecord& greenlet, const char* call, int fd) noexcept {
  if (greenlet.interposing == detail::Interposing::on && greenlet.host != nullptr) {
    tell(call, fd, "intercepted");
    return false;
  }
  tell(call, fd,
       greenlet.host == nullptr ? "libc's: not in a greenlet of a loop"
                                : "libc's: the greenlet does not allow it (InterposeScope, GreenletOptions::interpose)");
  return true;
}

}  // namespace greenway::interpose

GREENWAY_INTERPOSED const greenway::detail::Interposer* greenway_interpose_attach(
    const greenway::detail::Interposition& runtime) noexcept {
  using greenway::GreenletRecord;
  namespace interpose = greenway::interpose;
  static const greenway::detail::Interposer interposer{interpose::enter_thread, interpose::first_use, interpose::is_traced()};
  if (interpose::runtime != nullptr) {
    runtime.warn("the program contains the runtime twice; calls suspend the greenlets of one of them only");
    return nullptr;
  }
  if (runtime.layout != greenway::detail::Interposition::current_layout || runtime.record_size != sizeof(GreenletRecord)) {
    runtime.warn("libgreenway_interpose.so is of another version of Greenway than the program; calls are libc's");
    return nullptr;
  }
  interpose::runtime = &runtime;
  pthread_atfork(nullptr, nullptr, interpose::leave_in_child);
  return &interposer;
}
