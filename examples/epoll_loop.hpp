// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <vector>

/// An event loop such as many a program has: descriptors with callbacks, and functions that other threads hand over. It
/// knows nothing of Greenway.
class EpollLoop {
 public:
  /// Throws std::system_error, as all functions here.
  EpollLoop();
  ~EpollLoop();
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;

  /// Calls `callback` whenever the descriptor is readable, until it is forgotten.
  void watch(int fd, std::function<void()> callback);
  /// One that is not watched is none.
  void forget(int fd) noexcept;

  /// Runs `fn` in the loop. Any thread.
  void post(std::function<void()> fn);

  /// Waits for something to do, and does it.
  void run_one();
  /// Runs until stop() is called, in the loop.
  void run();
  void stop() noexcept { is_stopped_ = true; }
  [[nodiscard]] bool is_running() const noexcept { return is_running_; }

 private:
  void run_posted();

  int epoll_;
  int wake_;
  std::map<int, std::function<void()>> callbacks_;
  bool is_running_ = false;
  bool is_stopped_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};
