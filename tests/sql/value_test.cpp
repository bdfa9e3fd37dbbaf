// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/sql/value.hpp>

#include "support/catch.hpp"

using namespace greenway;

TEST_CASE("a value knows what it was made from") {
  CHECK(Value().kind() == ValueKind::null);
  CHECK(Value(nullptr).is_null());
  CHECK(Value(std::nullopt).is_null());
  CHECK(Value(std::optional<int>()).is_null());
  CHECK(Value(static_cast<const char*>(nullptr)).is_null());
  CHECK(Value(true).kind() == ValueKind::boolean);
  CHECK(Value(1).kind() == ValueKind::integer);
  CHECK(Value('a').kind() == ValueKind::integer);
  CHECK(Value(1.0F).kind() == ValueKind::real);
  CHECK(Value("").kind() == ValueKind::text);
  CHECK(Value(Bytes()).kind() == ValueKind::bytes);
  CHECK(Value(std::optional<std::string>("x")).kind() == ValueKind::text);
}

TEST_CASE("a pointer to characters is text, never a truth value") {
  const char* const pointer = "false";

  CHECK(*Value(pointer).get_if<std::string>() == "false");
}

TEST_CASE("integers up to the extremes of 64 bits are kept, above they are refused") {
  CHECK(*Value(std::numeric_limits<std::int64_t>::min()).get_if<std::int64_t>() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(*Value(std::uint64_t{1} << 62U).get_if<std::int64_t>() == std::int64_t{1} << 62);
  CHECK_THROWS_AS(Value(std::uint64_t{1} << 63U), DataError);
}

TEST_CASE("text keeps what is in it, zero bytes included") {
  const std::string text("a\0b", 3);

  CHECK(*Value(text).get_if<std::string>() == text);
}
