// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <vector>

#include <greenway/sql/detail/node.hpp>
#include <greenway/sql/type.hpp>

namespace greenway::detail {

/// What a statement says of the columns of its rows, in their order.
struct StatementColumns {
  std::vector<Type> types = {};
  NodeList elements = {};  ///< What was selected; may be empty.
};

}  // namespace greenway::detail
