// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/channel.hpp
/// @brief A bounded queue between greenlets and threads.
///
/// Layer: runtime.

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/detail/wait_queue.hpp>

namespace greenway {

namespace detail {
[[noreturn]] void throw_channel_closed();
[[noreturn]] void throw_channel_timed_out();
}  // namespace detail

/// Values in the order they were sent, each received once.
///
///     open   --close()-->  closed       what was sent can still be received; then receive() says so
///
/// @par Threads
/// Any number of senders and receivers, greenlets and threads, of any loops.
template <class T>
class Channel {
 public:
  /// @param capacity  How many values wait at most before send() does; at least 1.
  explicit Channel(std::size_t capacity = 1) noexcept : capacity_(capacity == 0 ? 1 : capacity) {}

  /// Sends a value; waits while the channel is full.
  /// @param value     Moved in.
  /// @param deadline  Until when at most.
  /// @throws ResourceClosedError      The channel is closed, or was closed meanwhile.
  /// @throws TimeoutError, Cancelled  The value was not sent.
  void send(T value, Deadline deadline = {}) {
    std::unique_lock lock(mutex_);
    while (!is_closed_ && values_.size() >= capacity_) {
      if (!senders_.wait(lock, deadline, WaitReason(WaitKind::channel_send, this))) {
        detail::throw_channel_timed_out();
      }
    }
    if (is_closed_) {
      detail::throw_channel_closed();
    }
    values_.push_back(std::move(value));
    receivers_.serve_one();
  }

  /// Receives a value; waits while the channel is empty.
  /// @param deadline  Until when at most.
  /// @return The value; none when the channel is closed and everything sent has been received.
  /// @throws TimeoutError, Cancelled  Nothing was received.
  std::optional<T> receive(Deadline deadline = {}) {
    std::unique_lock lock(mutex_);
    while (!is_closed_ && values_.empty()) {
      if (!receivers_.wait(lock, deadline, WaitReason(WaitKind::channel_receive, this))) {
        detail::throw_channel_timed_out();
      }
    }
    if (values_.empty()) {
      return std::nullopt;
    }
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    senders_.serve_one();
    return value;
  }

  /// Ends the channel: senders fail, receivers get what is left. Closing twice does nothing.
  void close() noexcept {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    while (senders_.serve_one()) {
    }
    while (receivers_.serve_one()) {
    }
  }

 private:
  std::mutex mutex_;
  std::size_t capacity_;
  bool is_closed_ = false;
  std::deque<T> values_;
  detail::WaitQueue senders_;
  detail::WaitQueue receivers_;
};

}  // namespace greenway
