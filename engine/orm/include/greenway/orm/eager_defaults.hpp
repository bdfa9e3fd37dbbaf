// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/eager_defaults.hpp
/// @brief When an entity learns what the database has made of its row.
///
/// Layer: orm. Source: the argument `eager_defaults` of SQLAlchemy's mappers.
///
/// ```cpp
/// registry.map<A>("a", gw::mapped_column(&A::id, "id", gw::primary_key),
///                 gw::mapped_column(&A::changed_at, "changed_at", gw::onupdate(gw::func::now())),
///                 gw::EagerDefaults::auto_);
/// ```

#include <cstdint>

namespace greenway {

/// Among the parts of a mapping: which statements return what the database makes of a row: defaults, onupdate,
/// Computed, server_onupdate. The primary key always comes back. What does not is neither shown nor written until a row
/// says it: Session::refresh, or the next row that is met.
enum class EagerDefaults : std::uint8_t {
  true_,   ///< INSERT and UPDATE; what is said of no mapping.
  auto_,   ///< INSERT only: SQLAlchemy's own default.
  false_,  ///< None.
};

}  // namespace greenway
