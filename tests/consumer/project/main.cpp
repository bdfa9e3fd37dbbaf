// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstring>

#include <greenway/base/version.hpp>
#include <greenway/sql/value.hpp>

int main() {
  const greenway::Value value = 42;
  std::printf("greenway %s, a value of kind %.*s\n", greenway::version(),
              static_cast<int>(greenway::name(value.kind()).size()), greenway::name(value.kind()).data());
  return std::strcmp(greenway::version(), GREENWAY_VERSION) == 0 && value.kind() == greenway::ValueKind::integer ? 0
                                                                                                                 : 1;
}
