// SPDX-License-Identifier: BSL-1.0

// When a session writes, and who is told of it; what it writes is the unit of work's business.

#include "session_state.hpp"

namespace greenway::detail {

namespace {

class Flushing {
 public:
  explicit Flushing(bool& is_flushing) noexcept : is_flushing_(is_flushing) { is_flushing_ = true; }
  ~Flushing() { is_flushing_ = false; }
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

 private:
  bool& is_flushing_;
};

}  // namespace

void SessionState::flush() {
  check_usable();
  if (is_flushing_) {
    return;
  }
  tell_news();
  const bool is_told = tells_of_flush();
  {
    const Flushing flushing(is_flushing_);
    if (is_told) {
      tell(&SessionEvents::before_flush);
    }
    validate();
    try {
      write_changes();
      after_writing();
    } catch (...) {
      has_failed_ = true;
      throw;
    }
  }
  if (is_told) {
    tell(&SessionEvents::after_flush);
  }
  tell_news();
}

void SessionState::autoflush() {
  if (options_.autoflush && no_autoflush_ == 0 && !is_flushing_) {
    flush();
  }
}

// What its row said before this transaction changed it.
void SessionState::keep_before(Instance& instance) {
  if (!instance.rest().before && !instance.is_new) {
    instance.own_rest().before = instance.row_values();
  }
}

}  // namespace greenway::detail
