// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/greenlet_local.hpp>

namespace greenway::detail {

/// The values of one context.
struct ContextValues {
  std::mutex mutex;
  std::map<std::uint64_t, std::shared_ptr<const void>> values;
};

/// What a greenlet, or the thread outside of them, has besides its stack: made when it is first needed.
struct Storage {
  std::vector<std::pair<std::uint64_t, std::unique_ptr<LocalValue>>> locals;
  std::shared_ptr<ContextValues> context;         // put in force; null: the thread's holds
  std::shared_ptr<ContextValues> thread_context;  // of a main greenlet only
};

/// Destroys what `greenlet` has; on its own stack, or when it has none.
void drop_storage(GreenletRecord& greenlet) noexcept;

/// Gives a new greenlet the context that holds where it is spawned.
void share_context(const GreenletRecord& spawner, GreenletRecord& spawned);

/// @return The context that was put in force here; null if none was.
[[nodiscard]] std::shared_ptr<ContextValues> context_in_force() noexcept;

}  // namespace greenway::detail
