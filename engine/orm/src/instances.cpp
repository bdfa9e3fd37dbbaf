// SPDX-License-Identifier: BSL-1.0
#include "instances.hpp"

#include <algorithm>

namespace greenway::detail {

Instance* Instances::find(const void* object) const noexcept {
  if (!is_by_object_ && !index_by_object()) [[unlikely]] {
    const auto found = std::ranges::find(all_, object, [](const Instance* instance) { return instance->object.get(); });
    return found == all_.end() ? nullptr : *found;
  }
  const auto found = by_object_.find(object);
  return found == by_object_.end() ? nullptr : found->second;
}

// False where there is no memory for it.
bool Instances::index_by_object() const noexcept {
  try {
    by_object_.reserve(all_.size());
    for (Instance* const instance : all_) {
      by_object_.emplace(instance->object.get(), instance);
    }
    is_by_object_ = true;
  } catch (const std::bad_alloc&) {
    by_object_.clear();
  }
  return is_by_object_;
}

Instance& Instances::emplace(const Mapper& mapper, std::size_t number, std::shared_ptr<void> object,
                             SessionState& session) {
  const void* const address = object.get();
  void* const memory = memory_.malloc();
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  auto* const instance = new (memory) Instance(mapper, number, std::move(object), session);
  instance->place = all_.size();
  try {
    all_.push_back(instance);
    if (is_by_object_) {
      by_object_.emplace(address, instance);
    }
  } catch (...) {
    all_.resize(instance->place);
    std::destroy_at(instance);
    memory_.free(memory);
    throw;
  }
  return *instance;
}

// The last one takes its place.
void Instances::erase(Instance& instance) noexcept {
  by_object_.erase(instance.object.get());
  Instance* const last = all_.back();
  all_[instance.place] = last;
  last->place = instance.place;
  all_.pop_back();
  std::destroy_at(&instance);
  memory_.free(&instance);
}

void Instances::clear() noexcept {
  by_object_.clear();
  is_by_object_ = false;
  for (Instance* const instance : std::exchange(all_, {})) {
    std::destroy_at(instance);
  }
  memory_.purge_memory();
}

}  // namespace greenway::detail
