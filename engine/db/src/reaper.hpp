// SPDX-License-Identifier: BSL-1.0
#pragma once

// Gives links back to the pool on a thread of its own, for those who drop a connection where nothing may wait.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "pool.hpp"

namespace greenway::detail {

class Reaper {
 public:
  // The pool outlives the reaper.
  explicit Reaper(Pool& pool) noexcept : pool_(pool) {}
  // Ends after the link in hand; links still queued are discarded.
  ~Reaper();
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  // Never waits. The first call starts the thread; if the system refuses one, the link is discarded.
  void take(std::unique_ptr<PoolLink> link) noexcept;

 private:
  void run() noexcept;

  Pool& pool_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<PoolLink>> queue_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace greenway::detail
