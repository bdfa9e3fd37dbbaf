// SPDX-License-Identifier: BSL-1.0
#pragma once

// What all handles of one engine share.

#include <memory>
#include <mutex>
#include <optional>

#include <greenway/db/driver.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/events.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/url.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/operation.hpp>

#include "compiled_cache.hpp"
#include "pool.hpp"
#include "reaper.hpp"

namespace greenway::detail {

struct EngineState {
  EngineState(const URL& where, const EngineOptions& how)
      : url(where), options(how), driver(make_driver(url)), pool(url, *driver, options, events), reaper(pool) {}

  /// @throws ArgumentError  The driver's database has no dialect.
  CompiledCache& compiled() {
    std::call_once(compiled_once, [this] { compiled_cache.emplace(Dialect::of(driver->name()), options.query_cache_size); });
    return *compiled_cache;
  }

  /// Gives a link back from where it may have been dropped outside a greenlet, by somebody who may not wait there.
  void give_back(Facade facade, std::unique_ptr<PoolLink> link) noexcept {
    if (facade == Facade::async && !in_greenlet() && !is_unwinding()) {
      reaper.take(std::move(link));
    } else {
      pool.give_back(std::move(link));
    }
  }

  const URL url;
  const EngineOptions options;
  const std::unique_ptr<Driver> driver;
  EngineEvents events;
  Pool pool;
  std::once_flag compiled_once;
  std::optional<CompiledCache> compiled_cache;
  Reaper reaper;  // ends first: it gives links back to the pool
};

}  // namespace greenway::detail
