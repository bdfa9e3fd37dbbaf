// SPDX-License-Identifier: BSL-1.0
#include "door.hpp"

#include <cstdio>
#include <cstdlib>

#include <pthread.h>
#include <unistd.h>

#include "bindings.hpp"
#include "descriptor.hpp"

namespace greenway::interpose {

constinit thread_local GreenletRecord* const* running = nullptr;
const detail::Interposition* runtime = nullptr;

namespace {

void enter_thread(GreenletRecord* const* current) noexcept { running = current; }

/// The loop's descriptors are shared with the parent, and its greenlets wait there: here everything is libc's.
void leave_in_child() noexcept { running = nullptr; }

void first_use() noexcept { warn_of_bypassing_library("libpq.so"); }

constinit detail::Interposer self{enter_thread, first_use, false, &changes};

const detail::Interposer* attach(const detail::Interposition& to) noexcept {
  if (runtime != nullptr) {
    to.warn("the program contains the runtime twice; calls suspend the greenlets of one of them only");
    return nullptr;
  }
  if (to.layout != detail::Interposition::current_layout || to.record_size != sizeof(GreenletRecord)) {
    to.warn("libgreenway_interpose.so is of another version of Greenway than the program; calls are libc's");
    return nullptr;
  }
  const char* const trace = std::getenv("GREENWAY_INTERPOSE_TRACE");
  self.is_traced = trace != nullptr && *trace != '\0' && *trace != '0';
  runtime = &to;
  pthread_atfork(nullptr, nullptr, leave_in_child);
  return &self;
}

}  // namespace

void tell(const char* call, int fd, const char* what) noexcept {
  if (self.is_traced) {
    const int error = errno;
    if (fd >= 0) {
      dprintf(STDERR_FILENO, "greenway.interpose: %s(%d): %s\n", call, fd, what);
    } else {
      dprintf(STDERR_FILENO, "greenway.interpose: %s: %s\n", call, what);
    }
    errno = error;
  }
}

[[gnu::hot]] bool passes_on(const GreenletRecord& greenlet, const char* call, int fd) noexcept {
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
  return greenway::interpose::attach(runtime);
}
