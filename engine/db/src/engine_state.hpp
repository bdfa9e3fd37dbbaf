// SPDX-License-Identifier: BSL-1.0
#pragma once

// What all handles of one engine share.

#include <memory>

#include <greenway/db/driver.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/url.hpp>

#include "pool.hpp"
#include "reaper.hpp"

namespace greenway::detail {

struct EngineState {
  EngineState(const URL& where, const EngineOptions& how)
      : url(where), options(how), driver(make_driver(url)), pool(*driver, options), reaper(pool) {}

  const URL url;
  const EngineOptions options;
  const std::unique_ptr<Driver> driver;
  Pool pool;
  Reaper reaper;  // ends first: it gives links back to the pool
};

}  // namespace greenway::detail
