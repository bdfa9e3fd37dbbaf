// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>

#include <libpq-fe.h>

namespace greenway::detail::postgresql {

/// Calls a function of libpq that frees something.
template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

using ConnectionHandle = std::unique_ptr<PGconn, Freeing<PQfinish>>;
using ResultHandle = std::unique_ptr<PGresult, Freeing<PQclear>>;
using CancelHandle = std::unique_ptr<PGcancel, Freeing<PQfreeCancel>>;
using NotificationHandle = std::unique_ptr<PGnotify, Freeing<PQfreemem>>;

}  // namespace greenway::detail::postgresql
