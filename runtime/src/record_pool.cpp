// SPDX-License-Identifier: BSL-1.0
#include "record_pool.hpp"

namespace greenway::detail {

void RecordSlab::free() noexcept {
  for_each([](GreenletRecord& record) { record.~GreenletRecord(); });
  ::operator delete(this, std::align_val_t{size});
}

GreenletRecord& RecordPool::make(ThreadHub& hub) {
  if (slabs_.empty() || slabs_.back()->is_full()) {
    slabs_.reserve(2 * slabs_.size() + 1);
    slabs_.push_back(RecordSlab::make());
  }
  GreenletRecord& record = slabs_.back()->add();
  record.hub = &hub;
  record.thread.store(thread_identity(), std::memory_order_relaxed);
  return record;
}

}  // namespace greenway::detail
