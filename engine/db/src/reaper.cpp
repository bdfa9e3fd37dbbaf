// SPDX-License-Identifier: BSL-1.0
#include "reaper.hpp"

#include <exception>
#include <utility>

namespace greenway::detail {

Reaper::~Reaper() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Reaper::take(std::unique_ptr<PoolLink> link) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { run(); });
    }
    queue_.push_back(std::move(link));
    changed_.notify_one();
  } catch (const std::exception&) {
    pool_.discard(std::move(link));
  }
}

void Reaper::run() noexcept {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
    if (queue_.empty()) {
      return;
    }
    std::unique_ptr<PoolLink> link = std::move(queue_.front());
    queue_.pop_front();
    const bool is_stopping = is_stopping_;
    lock.unlock();
    if (is_stopping) {
      pool_.discard(std::move(link));
    } else {
      pool_.give_back(std::move(link));
    }
  }
}

}  // namespace greenway::detail
