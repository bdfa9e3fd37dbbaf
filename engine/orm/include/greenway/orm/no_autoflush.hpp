// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/no_autoflush.hpp
/// @brief For a while a session writes nothing by itself.
///
/// Layer: orm. Source: SQLAlchemy's `Session.no_autoflush`.

#include <memory>

namespace greenway {

class Session;

namespace detail {

class SessionState;

}  // namespace detail

/// While it exists, statements of a session do not begin with a flush; commit() and flush() write as ever. Several add
/// up.
class [[nodiscard]] NoAutoflush {
 public:
  ~NoAutoflush();
  NoAutoflush(const NoAutoflush&) = delete;
  NoAutoflush& operator=(const NoAutoflush&) = delete;

 private:
  friend class Session;
  explicit NoAutoflush(const std::shared_ptr<detail::SessionState>& session);

  std::weak_ptr<detail::SessionState> session_;
};

}  // namespace greenway
