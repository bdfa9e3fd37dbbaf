// SPDX-License-Identifier: BSL-1.0
#include "pool_fsm.hpp"

#include <algorithm>

namespace greenway::detail {

PoolFsm::Acquired PoolFsm::acquire(PoolTicket* ticket) {
  if (!idle_.empty()) {
    PoolLink* const link = newest_first_ ? idle_.back() : idle_.front();
    newest_first_ ? idle_.pop_back() : idle_.pop_front();
    ++taken_;
    return {Step::use, link};
  }
  if (taken_ < maximum_) {
    ++taken_;
    return {Step::open, nullptr};
  }
  queue_.push_back(ticket);
  return {Step::wait, nullptr};
}

bool PoolFsm::withdraw(PoolTicket* ticket) noexcept {
  const auto found = std::find(queue_.begin(), queue_.end(), ticket);
  if (found == queue_.end()) {
    return false;
  }
  queue_.erase(found);
  return true;
}

PoolFsm::Returned PoolFsm::give_back(PoolLink* link) {
  if (PoolTicket* const next = next_in_queue()) {
    return {Fate::handed_on, next};
  }
  if (idle_.size() >= size_) {
    return {Fate::surplus, nullptr};
  }
  idle_.push_back(link);
  --taken_;
  return {Fate::kept, nullptr};
}

PoolTicket* PoolFsm::free_place() noexcept {
  PoolTicket* const next = next_in_queue();
  if (next == nullptr) {
    --taken_;
  }
  return next;
}

std::vector<PoolLink*> PoolFsm::take_idle() {
  std::vector<PoolLink*> links(idle_.begin(), idle_.end());
  taken_ += links.size();
  idle_.clear();
  return links;
}

PoolTicket* PoolFsm::next_in_queue() noexcept {
  if (queue_.empty()) {
    return nullptr;
  }
  PoolTicket* const next = queue_.front();
  queue_.pop_front();
  return next;
}

}  // namespace greenway::detail
