// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace greenway::detail {

class SessionState;

/// One call on a session, and the calls that it makes in turn; refuses another greenlet or thread meanwhile.
class SessionUse {
 public:
  explicit SessionUse(SessionState& session);
  ~SessionUse();
  SessionUse(const SessionUse&) = delete;
  SessionUse& operator=(const SessionUse&) = delete;
  SessionState* operator->() const noexcept { return &session_; }

 private:
  SessionState& session_;
  bool is_outermost_;
};

}  // namespace greenway::detail
