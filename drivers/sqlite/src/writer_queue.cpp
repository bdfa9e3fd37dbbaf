// SPDX-License-Identifier: BSL-1.0
#include "writer_queue.hpp"

#include <unordered_map>

namespace greenway::detail {

std::shared_ptr<SQLiteWriterQueue> SQLiteWriterQueue::of(const std::string& database) {
  struct Registry {
    std::mutex mutex;
    std::unordered_map<std::string, std::weak_ptr<SQLiteWriterQueue>> queues;
  };
  // Never destroyed: a connection may be closed by its own thread while the process exits.
  static auto& registry = *new Registry;

  const std::lock_guard lock(registry.mutex);
  std::erase_if(registry.queues, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<SQLiteWriterQueue>& known = registry.queues[database];
  auto queue = known.lock();
  if (queue == nullptr) {
    queue = std::make_shared<SQLiteWriterQueue>();
    known = queue;
  }
  return queue;
}

bool SQLiteWriterQueue::try_take() noexcept {
  const std::lock_guard lock(mutex_);
  return !std::exchange(is_taken_, true);
}

bool SQLiteWriterQueue::take(Deadline deadline) {
  Entry self;
  std::list<Entry*>::iterator place_in_line;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(is_taken_, true)) {
      return true;
    }
    place_in_line = waiting_.insert(waiting_.end(), &self);
  }
  // Whoever hands the place over does so under the mutex: after this either it is ours, or nobody knows of us.
  const auto leave = [&] {
    const std::lock_guard lock(mutex_);
    if (!self.has_place) {
      waiting_.erase(place_in_line);
    }
    return self.has_place;
  };
  try {
    self.waiter.wait(deadline);
  } catch (...) {
    if (leave()) {
      release();
    }
    throw;
  }
  return leave();
}

void SQLiteWriterQueue::release() noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    is_taken_ = false;
    return;
  }
  Entry& next = *waiting_.front();
  waiting_.pop_front();
  next.has_place = true;
  next.waiter.wake();
}

}  // namespace greenway::detail
