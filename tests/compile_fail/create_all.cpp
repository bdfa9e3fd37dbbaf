// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/async.hpp>
#include <greenway/sql/schema.hpp>

void use(greenway::AsyncConnection& connection, const greenway::MetaData& metadata) { metadata.create_all(connection); }
