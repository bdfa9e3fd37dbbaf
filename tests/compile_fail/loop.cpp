// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/async.hpp>

void use(greenway::AsyncResult& result) {
  for (auto& row : result) {
    static_cast<void>(row);
  }
}
