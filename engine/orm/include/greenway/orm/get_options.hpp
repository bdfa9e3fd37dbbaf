// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/get_options.hpp
/// @brief How an entity is looked up by its key.
///
/// Layer: orm. Source: the arguments of SQLAlchemy's `Session.get`.

#include <optional>
#include <vector>

#include <greenway/orm/entity_select.hpp>
#include <greenway/sql/select.hpp>

namespace greenway {

/// Options of Session::get. Plain data; start from the defaults.
struct GetOptions {
  /// What is loaded with it.
  std::vector<LoaderOption> options = {};
  /// Selects it although the session has it, and overwrites that.
  bool populate_existing = false;
  /// Selects it although the session has it, and locks its row.
  std::optional<ForUpdate> with_for_update = {};
};

}  // namespace greenway
