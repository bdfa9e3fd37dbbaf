// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <vector>

#include <greenway/orm/detail/mapper.hpp>
#include <greenway/sql/schema.hpp>

namespace greenway::detail {

/// Resolves the relationships of all classes of a registry, and ranks the classes.
/// @throws InvalidRequestError  A relationship has no target, no foreign key, or several; or its other side does not
/// know it.
void configure(const std::vector<Mapper*>& mappers, const MetaData& metadata);

}  // namespace greenway::detail
