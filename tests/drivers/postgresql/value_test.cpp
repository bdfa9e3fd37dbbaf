// SPDX-License-Identifier: BSL-1.0
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/sql/value.hpp>

#include "server.hpp"
#include "support/catch.hpp"

namespace gw = greenway;

using server::execute;
using server::scalar;

namespace {

gw::Bytes bytes(std::initializer_list<int> values) {
  gw::Bytes all;
  for (const int value : values) {
    all.push_back(static_cast<std::byte>(value));
  }
  return all;
}

/// What a parameter comes back as, prepared or not.
gw::Value round_trip(gw::DriverConnection& connection, const std::string& type, const gw::Value& value) {
  const std::string sql = "SELECT $1::" + type;
  const gw::Value unprepared = scalar(connection, sql, {value});
  const gw::Value prepared = scalar(connection, sql, {value});
  CHECK(unprepared == prepared);
  return prepared;
}

}  // namespace

TEST_CASE("integers come back as they were sent, extremes included") {
  const auto connection = server::connect();

  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                               std::numeric_limits<std::int64_t>::max()}) {
    CHECK(round_trip(*connection, "int8", n) == gw::Value(n));
  }
  CHECK(round_trip(*connection, "int4", -2147483648LL) == gw::Value(-2147483648LL));
  CHECK(round_trip(*connection, "int2", -32768) == gw::Value(-32768));
  CHECK(round_trip(*connection, "oid", 4294967295LL) == gw::Value(4294967295LL));
}

TEST_CASE("doubles come back bit by bit, infinities and NaN included") {
  const auto connection = server::connect();

  for (const double x : {0.1, -0.0, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max(),
                         std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    const gw::Value back = round_trip(*connection, "float8", x);
    CHECK(back == gw::Value(x));
    CHECK(std::signbit(*back.get_if<double>()) == std::signbit(x));
  }
  CHECK(std::isnan(*scalar(*connection, "SELECT $1::float8", {std::nan("")}).get_if<double>()));
  CHECK(scalar(*connection, "SELECT 0.5::float4") == gw::Value(0.5));
}

TEST_CASE("booleans, NULLs and empty values keep apart") {
  const auto connection = server::connect();

  CHECK(round_trip(*connection, "bool", true) == gw::Value(true));
  CHECK(round_trip(*connection, "bool", false) == gw::Value(false));
  for (const char* type : {"bool", "int8", "float8", "text", "bytea", "numeric", "timestamptz"}) {
    CHECK(round_trip(*connection, type, nullptr).is_null());
  }
  CHECK(round_trip(*connection, "text", "") == gw::Value(""));
  CHECK(round_trip(*connection, "bytea", gw::Bytes()) == gw::Value(gw::Bytes()));
}

TEST_CASE("text comes back as the same UTF-8") {
  const auto connection = server::connect();

  for (const std::string text : {"naïve €uro 😀 \xE4\xB8\xAD", "it's \"quoted\" \\ $1 %s ;--", "\x01\t\r\n"}) {
    CHECK(round_trip(*connection, "text", text) == gw::Value(text));
    CHECK(round_trip(*connection, "varchar", text) == gw::Value(text));
  }
  const std::string large(3'000'000, 'x');
  CHECK(round_trip(*connection, "text", large) == gw::Value(large));
}

TEST_CASE("blobs come back byte by byte, NULs included") {
  const auto connection = server::connect();

  CHECK(round_trip(*connection, "bytea", bytes({0})) == gw::Value(bytes({0})));
  gw::Bytes all;
  for (int i = 0; i < 70'000; ++i) {
    all.push_back(static_cast<std::byte>(i));
  }
  CHECK(round_trip(*connection, "bytea", all) == gw::Value(all));
}

TEST_CASE("numerics come back exactly, as text") {
  const auto connection = server::connect();

  for (const std::string digits :
       {"0", "0.00", "1", "-1", "10000", "0.0001", "-0.00010", "123456789.987654321", "9999999999999999999999999999",
        "1000000000000000000000000000000.000000000000000000000001", "NaN", "Infinity", "-Infinity",
        "79228162514264337593543950336.5", "0.000000000000000000000000000000000000000000000000000000000001"}) {
    INFO(digits);
    CHECK(round_trip(*connection, "numeric", digits) == gw::Value(digits));
  }
  const std::string widest = std::string(131'072, '9') + '.' + std::string(16'383, '9');
  CHECK(scalar(*connection, "SELECT $1::numeric", {widest}) == gw::Value(widest));
  const auto cursor = execute(*connection, "SELECT 1.50::numeric");
  CHECK(cursor->next()->cell(0, 0).kind == gw::ValueKind::numeric);
}

TEST_CASE("dates, times, intervals and uuids read as the server itself prints them") {
  const auto connection = server::connect("options=-c%20TimeZone%3DUTC%20-c%20DateStyle%3DISO");

  const std::vector<std::pair<std::string, std::vector<std::string>>> samples = {
      {"date",
       {"2000-01-01", "1999-12-31", "2024-02-29", "1900-03-01", "0001-01-01", "0001-12-31 BC", "0005-02-28 BC",
        "4713-01-01 BC", "5874897-12-31", "10000-01-01", "infinity", "-infinity"}},
      {"time", {"00:00:00", "12:34:56.789", "23:59:59.999999", "24:00:00", "00:00:00.000001"}},
      {"timetz", {"12:34:56+02", "12:34:56.5-03:30", "00:00:00+05:30:15"}},
      {"timestamp",
       {"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC", "294276-12-31 23:59:59.999999",
        "4713-01-01 00:00:00 BC", "infinity", "-infinity"}},
      {"timestamptz", {"2024-06-30 12:00:00+02", "1970-01-01 00:00:00.5+00", "0001-01-01 00:00:00+00 BC", "infinity"}},
      {"interval",
       {"0", "1 year", "-1 year", "1 year -2 mons", "-1 mon 3 days", "1 day -00:00:01", "-1 day 00:00:01.5",
        "12345:06:07.000001", "-12345:06:07.000001", "178000000 years", "25 mons 40 days 1 usec"}},
      {"uuid", {"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
  };
  for (const auto& [type, texts] : samples) {
    for (const std::string& text : texts) {
      INFO(type << ' ' << text);
      const auto row = server::rows(*connection, "SELECT $1::" + type + ", $1::" + type + "::text", {text});
      CHECK(row[0][0] == row[0][1]);
    }
  }
}

TEST_CASE("random dates, numerics and intervals read as the server itself prints them") {
  const auto connection = server::connect("options=-c%20TimeZone%3DUTC");

  const auto all = server::rows(
      *connection,
      "SELECT t, t::text, t::timestamptz, t::timestamptz::text, t::date, t::date::text, i, i::text, n, n::text FROM "
      "(SELECT '4700-01-01 BC'::timestamp + random() * 12000 * interval '1 year' AS t, "
      "  make_interval(months => (random() * 400 - 200)::int, days => (random() * 60 - 30)::int, "
      "                secs => random() * 200000 - 100000) AS i, "
      "  (random() - 0.5)::numeric * (10::numeric ^ (random() * 40 - 20)::int) AS n FROM generate_series(1, 5000)) AS "
      "r");

  REQUIRE(all.size() == 5000);
  for (const auto& row : all) {
    for (std::size_t i = 0; i < row.size(); i += 2) {
      if (row[i] != row[i + 1]) {
        FAIL_CHECK(*row[i].get_if<std::string>() << " should be " << *row[i + 1].get_if<std::string>());
      }
    }
  }
}

TEST_CASE("json, xml, names, enums and void are text") {
  const auto connection = server::connect();
  const std::string type = server::unique_name("mood");
  execute(*connection, "CREATE TYPE pg_temp." + type + " AS ENUM ('sad', 'very happy')");

  CHECK(scalar(*connection, R"(SELECT '{"a": [1, null]}'::jsonb)") == gw::Value(R"({"a": [1, null]})"));
  CHECK(scalar(*connection, R"(SELECT '{"a":1}'::json)") == gw::Value(R"({"a":1})"));
  CHECK(scalar(*connection, "SELECT '$.a'::jsonpath") == gw::Value(R"($."a")"));
  CHECK(scalar(*connection, "SELECT relname FROM pg_class WHERE oid = 'pg_class'::regclass") == gw::Value("pg_class"));
  CHECK(scalar(*connection, "SELECT 'ab'::char(4)") == gw::Value("ab  "));
  CHECK(scalar(*connection, "SELECT 'r'::\"char\"") == gw::Value("r"));
  CHECK(scalar(*connection, "SELECT 'very happy'::pg_temp." + type) == gw::Value("very happy"));
  CHECK(scalar(*connection, "SELECT pg_sleep(0)") == gw::Value(""));
}

TEST_CASE("a value of a type that the driver does not know is bytes unless it is printable") {
  const auto connection = server::connect();

  const auto cursor = execute(*connection, "SELECT ARRAY[1,2], '10.0.0.1'::inet");
  CHECK((*cursor->columns())[0].type_name == "_int4");
  const auto batch = cursor->next();
  CHECK(batch->cell(0, 0).kind == gw::ValueKind::array);
  CHECK(batch->cell(0, 1).kind == gw::ValueKind::bytes);
}

TEST_CASE("columns have their names and types") {
  const auto connection = server::connect();

  const auto cursor = execute(*connection, "SELECT 1 AS a, 'x'::varchar AS \"B c\", now() AS t, NULL AS n, 1.5 AS d");

  const gw::ColumnList& columns = *cursor->columns();
  REQUIRE(columns.size() == 5);
  CHECK(columns[0].name == "a");
  CHECK(columns[0].type_name == "int4");
  CHECK(columns[1].name == "B c");
  CHECK(columns[1].type_name == "varchar");
  CHECK(columns[2].type_name == "timestamptz");
  CHECK(columns[3].type_name == "text");
  CHECK(columns[4].type_name == "numeric");
}

TEST_CASE("a string is taken as what its place in the statement needs") {
  const auto connection = server::connect();

  CHECK(scalar(*connection, "SELECT timestamptz '2024-01-01 00:00+00' < $1", {"2024-06-01"}) == gw::Value(true));
  CHECK(scalar(*connection, "SELECT 5::int4 = $1", {"5"}) == gw::Value(true));
  CHECK(scalar(*connection, "SELECT $1", {"just text"}) == gw::Value("just text"));
}

TEST_CASE("an integer fits columns and comparisons of every integer type") {
  const auto connection = server::connect();
  execute(*connection, "CREATE TEMP TABLE narrow (a int2, b int4, c int8, d numeric, e float8)");

  execute(*connection, "INSERT INTO narrow VALUES ($1, $1, $1, $1, $1)", {7});

  CHECK(server::rows(*connection, "SELECT a, b, c, d, e FROM narrow WHERE a = $1 AND b = $1 AND c = $1 AND d = $1",
                     {7}) == server::Rows{{7, 7, 7, "7", 7.0}});
  CHECK(server::rows(*connection, "SELECT 1 FROM generate_series(1, $1) LIMIT $2", {10, 3}).size() == 3);
}

TEST_CASE("many parameters go with one statement, and too many are refused before they are sent") {
  const auto connection = server::connect();
  std::string list = "SELECT count(*) FROM (VALUES ($1::int8)";
  std::vector<gw::Value> values = {1};
  for (int i = 2; i <= 65'535; ++i) {
    list += ",($" + std::to_string(i) + ")";
    values.emplace_back(1);
  }

  CHECK(scalar(*connection, list + ") AS v", values) == gw::Value(65'535));

  values.emplace_back(1);
  CHECK_THROWS_AS(execute(*connection, "SELECT 1", values), gw::InterfaceError);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("text with a NUL in it is refused before it is sent") {
  const auto connection = server::connect();

  CHECK_THROWS_AS(execute(*connection, "SELECT $1", {std::string("a\0b", 3)}), gw::DataError);
  CHECK_THROWS_AS(execute(*connection, std::string("SELECT 1\0", 9)), gw::ArgumentError);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("text that is not UTF-8 is refused, and the connection stays usable") {
  const auto connection = server::connect();

  CHECK_THROWS_AS(execute(*connection, "SELECT $1::text", {"\xFF\xFE"}), gw::DataError);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a result larger than every buffer arrives whole") {
  const auto connection = server::connect();

  const auto cursor = execute(*connection, "SELECT i, repeat('x', 100) FROM generate_series(1, 200000) AS i");

  CHECK(cursor->rowcount() == 200'000);
  const auto batch = cursor->next();
  REQUIRE(batch->size() == 200'000);
  std::int64_t sum = 0;
  for (std::size_t row = 0; row < batch->size(); ++row) {
    sum += batch->cell(row, 0).integer;
  }
  CHECK(sum == 20'000'100'000);
  CHECK(batch->cell(199'999, 1).view() == std::string(100, 'x'));
  CHECK(cursor->next() == nullptr);
  CHECK(cursor->next() == nullptr);
}

TEST_CASE("rows outlive their cursor and their connection") {
  auto connection = server::connect();
  auto cursor = execute(*connection, "SELECT 'kept', 1.5::numeric");
  const auto batch = cursor->next();
  cursor.reset();
  connection.reset();

  CHECK(batch->cell(0, 0).view() == "kept");
  CHECK(batch->cell(0, 1).text() == "1.5");
}

TEST_CASE("rowcount counts what a statement changed") {
  const auto connection = server::connect();
  CHECK(execute(*connection, "CREATE TEMP TABLE t (i int)")->rowcount() == -1);

  CHECK(execute(*connection, "INSERT INTO t SELECT generate_series(1, 10)")->rowcount() == 10);
  CHECK(execute(*connection, "UPDATE t SET i = i WHERE i > 4")->rowcount() == 6);
  CHECK(execute(*connection, "DELETE FROM t WHERE i > 100")->rowcount() == 0);
  CHECK(execute(*connection, "UPDATE t SET i = i WHERE i < 3 RETURNING i")->rowcount() == 2);
  const auto none = execute(*connection, "DELETE FROM t");
  CHECK(none->columns()->empty());
  CHECK(none->next() == nullptr);
}

TEST_CASE("statements that run only by themselves do") {
  const auto connection = server::connect();

  for (int i = 0; i < 3; ++i) {
    CHECK_NOTHROW(execute(*connection, "VACUUM pg_catalog.pg_aggregate"));
  }
  CHECK_NOTHROW(execute(*connection, ""));
}
