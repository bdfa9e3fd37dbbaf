// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/listeners.hpp
/// @brief Who wants to be told when something happens.
///
/// Layer: db. Source: SQLAlchemy's `event.listen()`. What happens is in greenway/db/events.hpp.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace greenway {

/// A list of functions that are called when something happens.
///
/// They are plain functions: they run where it happens, in the greenlet or thread of whoever made it happen, and may wait
/// there. What they throw is thrown there, unless the event says otherwise.
///
/// @par Threads
/// listen() and remove() may be called at any time from any thread; handlers are called from any, also from several at once.
///
/// @par Cost
/// Nothing but reading a number when nobody listens.
template <class... A>
class Listeners {
 public:
  /// What is called.
  using Handler = std::function<void(A...)>;

  /// @param handler  Called from now on, after those that listen already.
  /// @return What remove() takes.
  std::uint64_t listen(Handler handler) {
    const std::lock_guard lock(mutex_);
    auto more = handlers_ != nullptr ? std::make_shared<Handlers>(*handlers_) : std::make_shared<Handlers>();
    more->emplace_back(++last_, std::move(handler));
    set(std::move(more));
    return last_;
  }

  /// @param number  From listen(). A call that is under way goes on.
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    if (handlers_ != nullptr) {
      auto fewer = std::make_shared<Handlers>(*handlers_);
      std::erase_if(*fewer, [&](const auto& entry) { return entry.first == number; });
      set(std::move(fewer));
    }
  }

  /// @return Whether anybody listens.
  [[nodiscard]] bool is_heard() const noexcept { return count_.load(std::memory_order_relaxed) != 0; }

  /// It happens: calls the handlers in their order.
  /// @param arguments  For each of them.
  void operator()(A... arguments) const {
    if (!is_heard()) {
      return;
    }
    std::shared_ptr<const Handlers> handlers;
    {
      const std::lock_guard lock(mutex_);
      handlers = handlers_;
    }
    for (const auto& [number, handler] : *handlers) {
      handler(arguments...);
    }
  }

 private:
  using Handlers = std::vector<std::pair<std::uint64_t, Handler>>;

  void set(std::shared_ptr<const Handlers> handlers) {
    handlers_ = std::move(handlers);
    count_.store(handlers_->size(), std::memory_order_relaxed);
  }

  mutable std::mutex mutex_;
  std::atomic<std::size_t> count_ = 0;
  std::uint64_t last_ = 0;
  std::shared_ptr<const Handlers> handlers_;
};

}  // namespace greenway
