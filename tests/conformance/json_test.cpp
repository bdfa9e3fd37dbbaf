// SPDX-License-Identifier: BSL-1.0
//
// After SQLAlchemy's JSONTest and ArrayTest.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/compiler.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/json.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"

namespace gw = greenway;
namespace json = boost::json;
using database::everywhere;

TEST_CASE("elements of a document are read by key, index and path as JSON, text, number and truth value") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::MetaData metadata;
    const gw::Type type = GENERATE(as<gw::Type>(), gw::JSON(), gw::JSONB());
    const gw::Table t("docs" + std::to_string(static_cast<int>(type.kind())), metadata,
                      gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("doc", type));
    metadata.create_all(connection);
    const json::value document = {{"key", "value"},
                                  {"n", 45},
                                  {"real", 1.25},
                                  {"yes", true},
                                  {"no", false},
                                  {"nothing", nullptr},
                                  {"list", {1, "two", {{"x", 3}}}},
                                  {"a.b \\[c]", "odd"},
                                  {"q\"", "quoted"},
                                  {"1", "digit"}};
    connection.execute(gw::insert(t).values("id", 1, "doc", document));
    const gw::Column& doc = t.c("doc");
    const auto element = [&](const gw::ColumnElement& what) {
      return connection.execute(gw::select(what.label("x"))).one();
    };

    CHECK(element(doc["key"]).get<json::value>(0) == "value");
    CHECK(element(doc["list"]).get<json::value>(0) == document.at("list"));
    CHECK(element(doc["list"][1]).get<json::value>(0) == "two");
    CHECK(element(doc.path({"list", 2, "x"})).get<json::value>(0) == 3);
    CHECK(element(doc["n"]).get<gw::Value>(0) == gw::Value(gw::JSONText{"45"}));
    CHECK_FALSE(element(doc["missing"]).get<std::optional<json::value>>(0).has_value());

    CHECK(element(doc["key"].as_string()).get<std::string>(0) == "value");
    CHECK(element(doc["a.b \\[c]"].as_string()).get<std::string>(0) == "odd");
    if (connection.dialect().kind() == gw::Dialect::Kind::sqlite) {
      CHECK_THROWS_AS(element(doc["q\""].as_string()), gw::DataError);
    } else {
      CHECK(element(doc["q\""].as_string()).get<std::string>(0) == "quoted");
    }
    CHECK(element(doc["1"].as_string()).get<std::string>(0) == "digit");
    CHECK(element(doc.path({"list", 1}).as_string()).get<std::string>(0) == "two");
    CHECK(element(doc["n"].as_integer()).get<int>(0) == 45);
    CHECK(element(doc["real"].as_float()).get<double>(0) == 1.25);
    CHECK(element(doc["real"].as_numeric(10, 2)).get<gw::Decimal>(0) == gw::Decimal("1.25"));
    CHECK(element(doc["yes"].as_boolean()).get<bool>(0));
    CHECK_FALSE(element(doc["no"].as_boolean()).get<bool>(0));
    CHECK_FALSE(element(doc["nothing"].as_string()).get<std::optional<std::string>>(0).has_value());

    const auto count = [&](const gw::ColumnElement& condition) {
      return connection.scalar<int>(gw::select(gw::func::count()).select_from(t).where(condition));
    };
    CHECK(count(doc["key"].as_string() == "value") == 1);
    CHECK(count(doc["n"].as_integer() > 44 && doc["yes"].as_boolean()) == 1);
    CHECK(count(doc["list"][0].as_integer() == 2) == 0);
    CHECK(count("some " + doc["key"].as_string() == "some value") == 1);
    metadata.drop_all(connection);
  });
}

TEST_CASE("a text bound to JSON is a JSON string, and JSON's null is not SQL's") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::MetaData metadata;
    const gw::Table t("docs", metadata, gw::Column("id", gw::Integer(), gw::primary_key),
                      gw::Column("doc", gw::JSON()));
    metadata.create_all(connection);
    connection.execute(gw::insert(t).values("id", 1, "doc", "[text]"));
    connection.execute(gw::insert(t).values("id", 2, "doc", gw::JSONText{"[\"text\"]"}));
    connection.execute(gw::insert(t).values("id", 3, "doc", json::value(nullptr)));
    connection.execute(gw::insert(t).values("id", 4, "doc", nullptr));
    const auto doc = [&](int id) {
      return connection.scalar<std::optional<json::value>>(gw::select(t.c("doc")).where(t.c("id") == id));
    };
    CHECK(doc(1) == json::value("[text]"));
    CHECK(doc(2) == json::value(json::array{"text"}));
    CHECK(doc(3) == json::value(nullptr));
    CHECK(doc(4) == std::nullopt);
    CHECK(connection.scalar<int>(gw::select(t.c("id")).where(t.c("doc") == nullptr)) == 4);
    metadata.drop_all(connection);
  });
}

TEST_CASE("casts to each type give values of that type") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    using namespace std::chrono_literals;
    const std::chrono::sys_days day(std::chrono::year(2024) / 2 / 29);
    const auto cast = [&](const gw::Operand& what, const gw::Type& type) {
      return connection.execute(gw::select(gw::cast(what, type).label("x"))).one();
    };
    CHECK(cast("12", gw::Integer()).get<int>(0) == 12);
    CHECK(cast("12", gw::BigInteger()).get<std::int64_t>(0) == 12);
    CHECK(cast(12, gw::Text()).get<std::string>(0) == "12");
    CHECK(cast(12, gw::String(5)).get<std::string>(0) == "12");
    CHECK(cast("1.5", gw::Double()).get<double>(0) == 1.5);
    CHECK(cast("1.5", gw::Numeric(10, 2)).get<gw::Decimal>(0) == gw::Decimal("1.5"));
    CHECK(cast("2024-02-29", gw::Date()).get<std::chrono::sys_days>(0) == day);
    CHECK(cast(std::chrono::sys_time<std::chrono::microseconds>(day + 1h), gw::Date()).get<std::chrono::sys_days>(0) ==
          day);
    CHECK(cast("01:02:03", gw::Time()).get<gw::TimeOfDay>(0) == gw::TimeOfDay(1h + 2min + 3s));
    CHECK(cast("2024-02-29 01:00:00", gw::DateTime()).get<std::chrono::sys_time<std::chrono::microseconds>>(0) ==
          day + 1h);
    CHECK(cast(90s, gw::Interval()).get<std::chrono::seconds>(0) == 90s);
    CHECK(cast(gw::JSONText{"[1]"}, gw::JSON()).get<json::value>(0) == json::array{1});
    CHECK(cast("12ab0000-0000-0000-0000-000000000000", gw::Uuid()).get<gw::UUIDBytes>(0) ==
          gw::UUIDBytes{{0x12, 0xAB}});
    CHECK(cast(gw::type_coerce(1, gw::Boolean()), gw::Integer()).get<int>(0) == 1);
    CHECK(connection.scalar(gw::select(gw::type_coerce(gw::literal_column("1"), gw::Boolean()).label("x"))) ==
          gw::Value(true));
  });
}

TEST_CASE("arrays of PostgreSQL are indexed and compared with any and all of their items") {
  const database::Scratch scratch = database::Scratch::postgresql();
  gw::Connection connection = gw::create_engine(scratch.url()).connect();
  gw::MetaData metadata;
  const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key),
                    gw::Column("tags", gw::ARRAY(gw::Text())), gw::Column("numbers", gw::ARRAY(gw::Integer())));
  metadata.create_all(connection);
  connection.execute(
      gw::insert(t).values("id", 1, "tags", std::vector<std::string>{"a", "b"}, "numbers", std::vector<int>{5, 7}));
  const auto count = [&](const gw::ColumnElement& condition) {
    return connection.scalar<int>(gw::select(gw::func::count()).select_from(t).where(condition));
  };
  CHECK(connection.scalar<std::string>(gw::select(t.c("tags")[2].label("x"))) == "b");
  CHECK(count(t.c("numbers")[1] == 5) == 1);
  CHECK(count("b" == gw::any_(t.c("tags"))) == 1);
  CHECK(count("c" == gw::any_(t.c("tags"))) == 0);
  CHECK(count(!("b" == gw::any_(t.c("tags")))) == 0);
  CHECK(count(4 < gw::all_(t.c("numbers"))) == 1);
  CHECK(count(!(6 < gw::all_(t.c("numbers")))) == 1);
  CHECK(count(t.c("id") == gw::any_(gw::literal(std::vector<int>{3, 1}))) == 1);
  CHECK(count(t.c("tags") == std::vector<std::string>{"a", "b"}) == 1);
  CHECK(connection.scalar<std::vector<std::string>>(gw::select(gw::func::array_agg(t.c("tags")[1]).label("x"))) ==
        std::vector<std::string>{"a"});
  metadata.drop_all(connection);
}
