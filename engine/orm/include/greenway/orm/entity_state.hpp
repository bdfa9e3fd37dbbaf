// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/entity_state.hpp
/// @brief Where an entity stands.
///
/// Layer: orm. Source: SQLAlchemy's states of an object.

#include <cstdint>

namespace greenway {

/// Where an entity stands, by SQLAlchemy's names. `transient` is one that no session knows.
enum class EntityState : std::uint8_t {
  transient,   ///< Not in a session, and not in the database as far as one knows.
  pending,     ///< Will be inserted by the next flush.
  persistent,  ///< Stands for a row.
  deleted,     ///< Its row has been deleted in this transaction, or will be by the next flush.
  detached,    ///< Stands for a row, and its session is gone.
};

}  // namespace greenway
