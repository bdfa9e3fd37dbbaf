// SPDX-License-Identifier: BSL-1.0
#include "storage.hpp"

#include <atomic>

#include <greenway/runtime/context.hpp>

#include "hub.hpp"

namespace greenway {

namespace detail {

namespace {

Storage& storage_of(GreenletRecord& greenlet) {
  if (greenlet.storage == nullptr) {
    greenlet.storage = new Storage;
  }
  return *greenlet.storage;
}

std::shared_ptr<ContextValues> context_here() {
  if (auto context = context_in_force()) {
    return context;
  }
  auto& context = storage_of(*this_hub().main).thread_context;
  if (context == nullptr) {
    context = std::make_shared<ContextValues>();
  }
  return context;
}

}  // namespace

std::uint64_t make_local_key() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

LocalValue* find_local(std::uint64_t key) noexcept {
  if (const Storage* const storage = this_hub().current->storage) {
    for (const auto& [name, value] : storage->locals) {
      if (name == key) {
        return value.get();
      }
    }
  }
  return nullptr;
}

void keep_local(std::uint64_t key, std::unique_ptr<LocalValue> value) {
  storage_of(*this_hub().current).locals.emplace_back(key, std::move(value));
}

void drop_storage(GreenletRecord& greenlet) noexcept {
  // A destructor may ask for values, and so make new ones.
  while (!greenlet.storage->locals.empty()) {
    const std::unique_ptr<LocalValue> last = std::move(greenlet.storage->locals.back().second);
    greenlet.storage->locals.pop_back();
  }
  delete std::exchange(greenlet.storage, nullptr);
}

void share_context(const GreenletRecord& spawner, GreenletRecord& spawned) {
  if (spawner.storage->context != nullptr) {
    spawned.storage = new Storage;
    spawned.storage->context = spawner.storage->context;
  }
}

std::shared_ptr<ContextValues> context_in_force() noexcept {
  const Storage* const storage = this_hub().current->storage;
  return storage == nullptr ? nullptr : storage->context;
}

std::shared_ptr<const void> find_in_context(std::uint64_t key) {
  const std::shared_ptr<ContextValues> context = context_here();
  const std::lock_guard lock(context->mutex);
  const auto found = context->values.find(key);
  return found == context->values.end() ? nullptr : found->second;
}

void put_into_context(std::uint64_t key, std::shared_ptr<const void> value) {
  const std::shared_ptr<ContextValues> context = context_here();
  const std::lock_guard lock(context->mutex);
  // What was there is let go of outside the lock.
  context->values[key].swap(value);
}

}  // namespace detail

GreenletContext::GreenletContext() : values_(std::make_shared<detail::ContextValues>()) {}

GreenletContext GreenletContext::current() { return GreenletContext(detail::context_here()); }

GreenletContext GreenletContext::copy() const {
  GreenletContext made;
  const std::lock_guard lock(values_->mutex);
  made.values_->values = values_->values;
  return made;
}

GreenletContext::InForce::InForce(std::shared_ptr<detail::ContextValues> values)
    : outer_(std::exchange(detail::storage_of(*detail::this_hub().current).context, std::move(values))) {}

GreenletContext::InForce::~InForce() { detail::this_hub().current->storage->context = std::move(outer_); }

}  // namespace greenway
