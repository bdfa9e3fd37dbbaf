// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/async.hpp>

void use(greenway::AsyncConnection& connection) {
  connection.begin([] {});
}
