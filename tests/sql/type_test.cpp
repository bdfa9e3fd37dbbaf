// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe/enum.hpp>
#include <boost/uuid/uuid.hpp>

#include <greenway/base/error.hpp>
#include <greenway/sql/compiler.hpp>
#include <greenway/sql/detail/bind_processing.hpp>
#include <greenway/sql/detail/value_text.hpp>
#include <greenway/sql/enum.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "support/catch.hpp"

using namespace greenway;
using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::year;
using Moment = std::chrono::sys_time<microseconds>;
using Local = std::chrono::local_time<microseconds>;

namespace {

BOOST_DEFINE_ENUM_CLASS(Mood, sad, happy)

struct Metres {
  double count;
};

std::string text_of(const Value& value) {
  std::string text;
  detail::append_text(text, value);
  return text;
}

Value on_sqlite(const Value& value, const Type& type) { return detail::bound_to(value, type, Dialect::Kind::sqlite); }
Value on_postgresql(const Value& value, const Type& type) {
  return detail::bound_to(value, type, Dialect::Kind::postgresql);
}

/// The expression alone, as a select has it.
std::string sql_of(const ColumnElement& element, const Dialect& dialect) {
  const std::string sql = select(element.label("x")).str(dialect);
  return sql.substr(7, sql.find(" AS x") - 7);
}

}  // namespace

template <>
struct greenway::TypeDecorator<Metres> {
  using Impl = Decimal;
  static Decimal process_bind_param(const Metres& length) { return Decimal::of_double(length.count); }
  static Metres process_result_value(const Decimal& stored) { return {stored.to_double()}; }
};

TEST_CASE("each C++ type becomes a value of its own kind") {
  CHECK(Value(Decimal("1.5")).kind() == ValueKind::numeric);
  CHECK(Value(year(2024) / 2 / 29).kind() == ValueKind::date);
  CHECK(Value(sys_days(year(2024) / 2 / 29)) == Value(year(2024) / 2 / 29));
  CHECK(Value(TimeOfDay(1h)).kind() == ValueKind::time);
  CHECK(Value(Local(1us)).kind() == ValueKind::datetime);
  CHECK(Value(Moment(1us)).kind() == ValueKind::timestamptz);
  CHECK(Value(std::chrono::system_clock::time_point(1999ns)) == Value(Moment(1us)));
  CHECK(Value(CalendarInterval{.months = 1}).kind() == ValueKind::interval);
  CHECK(Value(90min) == Value(CalendarInterval{.microseconds = 90min}));
  CHECK(Value(boost::uuids::uuid{}) == Value(UUIDBytes{}));
  CHECK(Value(JSONText{"{}"}).kind() == ValueKind::json);
  CHECK(Value(std::vector<int>{1, 2}) == Value(std::vector<Value>{1, 2}));
  CHECK(Value(std::vector<std::vector<int>>{{1}}).kind() == ValueKind::array);
  CHECK(Value(Mood::happy) == Value("happy"));
  CHECK(Value(Metres{1.25}) == Value(Decimal("1.25")));
  CHECK(Value(std::optional<Mood>()).is_null());
  CHECK_THROWS_AS(Value(year(2023) / 2 / 29), DataError);
  CHECK_THROWS_AS(Value(Mood(7)), DataError);
  CHECK_THROWS_AS(TimeOfDay(-1us), ArgumentError);
  CHECK_THROWS_AS(TimeOfDay(24h + 1us), ArgumentError);
}

TEST_CASE("values print as PostgreSQL prints them") {
  const sys_days day(year(2024) / 2 / 29);
  CHECK(text_of(day) == "2024-02-29");
  CHECK(text_of(sys_days(year(0) / 12 / 31)) == "0001-12-31 BC");
  CHECK(text_of(TimeOfDay(1h + 2min + 3s + 40ms)) == "01:02:03.04");
  CHECK(text_of(Local(-1us)) == "1969-12-31 23:59:59.999999");
  CHECK(text_of(Moment(day)) == "2024-02-29 00:00:00+00");
  CHECK(text_of(Moment(microseconds::min())).ends_with("BC"));
  CHECK(text_of(UUIDBytes{{0x12, 0xAB}}) == "12ab0000-0000-0000-0000-000000000000");
  CHECK(text_of(std::vector<int>{1, 2}) == "{1,2}");
  std::ostringstream out;
  out << TimeOfDay(90s) << ' ' << CalendarInterval{.months = 14, .days = -3, .microseconds = 4h};
  CHECK(out.str() == "00:01:30 1 year 2 mons -3 days +04:00:00");
}

TEST_CASE("dates and times are read from the forms of ISO 8601, and from nothing else") {
  const auto at = [](const char* text) { return detail::parse_timestamp(text).value_or(-1); };
  const std::int64_t noon = 12 * 3600 * std::int64_t{1'000'000};
  CHECK(at("2000-01-01") == 0);
  CHECK(at("2000-01-01 12:00:00.000000") == noon);
  CHECK(at("2000-01-01T12:00") == noon);
  CHECK(at("2000-01-01 12:00:00.5Z") == noon + 500'000);
  CHECK(at("2000-01-01 12:00:00.1234567+00") == noon + 123'456);
  CHECK(at("2000-01-01 14:00:00+02") == noon);
  CHECK(at("2000-01-01 08:30:00-03:30") == noon);
  for (const char* text : {"", "2000", "2000-01", "2000-13-01", "2023-02-29", "2000-01-01 ", "2000-01-01 25:00",
                           "2000-01-01 12:60:00", "2000-01-01 12:00:00.", "2000-01-01 12:00:00+",
                           "2000-01-01 12:00:00 x", "x2000-01-01", "2000-01-01 24:00:01"}) {
    INFO(text);
    CHECK_FALSE(detail::parse_timestamp(text).has_value());
  }
  CHECK(detail::parse_date("1999-12-31") == -1);
  CHECK_FALSE(detail::parse_date("1999-12-31 00:00:00").has_value());
  CHECK(detail::parse_time("23:59:59.999999") == 86'399'999'999);
  CHECK(detail::parse_uuid("{12AB0000-0000-0000-0000-000000000000}") == UUIDBytes{{0x12, 0xAB}});
  CHECK(detail::parse_uuid("12ab0000000000000000000000000000") == UUIDBytes{{0x12, 0xAB}});
  CHECK_FALSE(detail::parse_uuid("12ab000000000000000000000000000g").has_value());
  CHECK_FALSE(detail::parse_uuid("12ab").has_value());
}

TEST_CASE("a value takes on the type that it is bound to") {
  const sys_days day(year(2024) / 2 / 29);
  const Moment noon(day + 12h);
  CHECK(on_postgresql(noon, DateTime()) == Value(Local(noon.time_since_epoch())));
  CHECK(on_postgresql(Local(noon.time_since_epoch()), DateTime(true)) == Value(noon));
  CHECK(on_postgresql(day, DateTime(true)) == Value(Moment(day)));
  CHECK(on_postgresql(noon, Date()) == Value(day));
  CHECK(on_postgresql("a \"b\"\n", JSONB()) == Value(JSONText{R"("a \"b\"\u000a")"}));
  CHECK(on_postgresql(true, JSON()) == Value(JSONText{"true"}));
  CHECK(on_postgresql(2.5, JSON()) == Value(JSONText{"2.5"}));
  CHECK(on_postgresql(JSONText{"[]"}, JSON()) == Value(JSONText{"[]"}));
  CHECK(on_postgresql(std::vector<std::string>{"x"}, ARRAY(JSON())) == Value(std::vector<Value>{JSONText{"\"x\""}}));
  CHECK(on_postgresql("today", Date()) == Value("today"));
  CHECK(on_postgresql(nullptr, JSON()).is_null());
  CHECK(on_postgresql("text", Text()) == Value("text"));
}

TEST_CASE("on SQLite a text is read before it is stored, and refused when it is nothing of the type") {
  const sys_days day(year(2024) / 2 / 29);
  CHECK(on_sqlite("2024-02-29", Date()) == Value(day));
  CHECK(on_sqlite("2024-02-29 12:00:00", DateTime()) == Value(Local((day + 12h).time_since_epoch())));
  CHECK(on_sqlite("2024-02-29T14:00:00+02:00", DateTime(true)) == Value(Moment(day + 12h)));
  CHECK(on_sqlite("01:00", Time()) == Value(TimeOfDay(1h)));
  CHECK(on_sqlite("12ab0000-0000-0000-0000-000000000000", Uuid()) == Value(UUIDBytes{{0x12, 0xAB}}));
  CHECK(on_sqlite("1.50", Numeric(10, 2)) == Value(Decimal("1.5")));
  for (const auto& type : std::vector<Type>{Date(), DateTime(), Time(), Uuid(), Numeric()}) {
    CHECK_THROWS_AS(on_sqlite("nothing of the kind", type), DataError);
  }
  CHECK_THROWS_WITH(on_sqlite("x", Uuid()), Catch::Contains("'x' cannot be stored as a UUID"));
}

TEST_CASE("the type of an enum has the labels of the C++ enum") {
  CHECK(enum_of<Mood>("mood") == Enum("mood", {"sad", "happy"}));
  CHECK(Dialect::postgresql().type_name(enum_of<Mood>("mood")) == "mood");
  CHECK(Dialect::sqlite().type_name(enum_of<Mood>("mood")) == "VARCHAR(5)");
}

TEST_CASE("each type has a name in each dialect") {
  const std::vector<std::pair<Type, std::pair<std::string, std::string>>> names = {
      {SmallInteger(), {"SMALLINT", "SMALLINT"}},
      {BigInteger(), {"BIGINT", "BIGINT"}},
      {Boolean(), {"BOOLEAN", "BOOLEAN"}},
      {Float(), {"FLOAT", "FLOAT"}},
      {Float(24), {"FLOAT(24)", "FLOAT(24)"}},
      {Double(), {"DOUBLE PRECISION", "DOUBLE"}},
      {Numeric(), {"NUMERIC", "NUMERIC"}},
      {Numeric(10, 2), {"NUMERIC(10, 2)", "NUMERIC(10, 2)"}},
      {Date(), {"DATE", "DATE"}},
      {Time(), {"TIME WITHOUT TIME ZONE", "TIME"}},
      {DateTime(), {"TIMESTAMP WITHOUT TIME ZONE", "DATETIME"}},
      {DateTime(true), {"TIMESTAMP WITH TIME ZONE", "DATETIME"}},
      {Interval(), {"INTERVAL", "DATETIME"}},
      {LargeBinary(), {"BYTEA", "BLOB"}},
      {JSON(), {"JSON", "JSON"}},
      {JSONB(), {"JSONB", "JSON"}},
      {Uuid(), {"UUID", "CHAR(32)"}},
      {String(), {"VARCHAR", "VARCHAR"}},
      {String(9), {"VARCHAR(9)", "VARCHAR(9)"}},
      {Text(), {"TEXT", "TEXT"}},
  };
  for (const auto& [type, name] : names) {
    CHECK(Dialect::postgresql().type_name(type) == name.first);
    CHECK(Dialect::sqlite().type_name(type) == name.second);
    CHECK(Dialect::postgresql().type_name(ARRAY(type)) == name.first + "[]");
    CHECK_THROWS_AS(Dialect::sqlite().type_name(ARRAY(type)), CompileError);
  }
}

TEST_CASE("elements of JSON and of arrays are reached by key, index and path") {
  MetaData metadata;
  const Table t("t", metadata, Column("doc", JSONB()), Column("tags", ARRAY(Text())), Column("n", Integer()));
  const Column& doc = t.c("doc");
  const std::vector<std::pair<ColumnElement, std::pair<std::string, std::string>>> all = {
      {doc["a"], {"t.doc -> $1", "t.doc -> ?1"}},
      {doc[1], {"t.doc -> CAST($1 AS INTEGER)", "t.doc -> ?1"}},
      {doc["a"]["b"], {"t.doc -> $1 -> $2", "t.doc -> ?1 -> ?2"}},
      {doc.path({"a", 0}), {"t.doc #> CAST($1 AS TEXT[])", "t.doc -> ?1"}},
      {doc["a"].as_string(), {"t.doc ->> $1", "t.doc ->> ?1"}},
      {doc.astext("a"), {"t.doc ->> $1", "t.doc ->> ?1"}},
      {doc.path({"a", 0}).as_string(), {"t.doc #>> CAST($1 AS TEXT[])", "t.doc ->> ?1"}},
      {doc["a"].as_integer(), {"CAST(t.doc ->> $1 AS INTEGER)", "CAST(t.doc ->> ?1 AS INTEGER)"}},
      {doc["a"].as_float(), {"CAST(t.doc ->> $1 AS DOUBLE PRECISION)", "CAST(t.doc ->> ?1 AS DOUBLE)"}},
      {doc["a"].as_numeric(10, 2), {"CAST(t.doc ->> $1 AS NUMERIC(10, 2))", "CAST(t.doc ->> ?1 AS NUMERIC(10, 2))"}},
      {doc["a"].as_boolean(), {"CAST(t.doc ->> $1 AS BOOLEAN)", "CAST(t.doc ->> ?1 AS BOOLEAN)"}},
      {doc["a"].as_string() == "x", {"t.doc ->> $1 = $2", "t.doc ->> ?1 = ?2"}},
      {"x" + doc["a"].as_string(), {"$1 || (t.doc ->> $2)", "?1 || (t.doc ->> ?2)"}},
      {doc["a"] == 5, {"t.doc -> $1 = CAST($2 AS JSONB)", "t.doc -> ?1 = ?2"}},
  };
  for (const auto& [element, sql] : all) {
    CHECK(sql_of(element, Dialect::postgresql()) == sql.first);
    CHECK(sql_of(element, Dialect::sqlite()) == sql.second);
  }
  CHECK(sql_of(t.c("tags")[1], Dialect::postgresql()) == "t.tags[$1]");
  CHECK(sql_of("x" == any_(t.c("tags")), Dialect::postgresql()) == "$1 = ANY (t.tags)");
  CHECK(sql_of(!("x" == any_(t.c("tags"))), Dialect::postgresql()) == "NOT $1 = ANY (t.tags)");
  CHECK(sql_of(t.c("n") < all_(literal(std::vector<int>{1, 2})), Dialect::postgresql()) ==
        "t.n < ALL (CAST($1 AS BIGINT[]))");
  CHECK_THROWS_AS(doc.as_string(), ArgumentError);
  CHECK_THROWS_AS(t.c("tags")[1].as_string(), ArgumentError);
}

TEST_CASE("arithmetic has the type that holds both of its operands") {
  MetaData metadata;
  const Table t("t", metadata, Column("i", Integer()), Column("n", Numeric(10, 2)), Column("x", Double()),
                Column("d", Date()));
  const std::vector<std::pair<ColumnElement, Type>> all = {
      {t.c("i") + 1, Integer()},
      {t.c("i") + 1.5, Double()},
      {1.5 * t.c("i"), Double()},
      {t.c("i") * Decimal("1.5"), Numeric()},
      {t.c("i") + literal(1), BigInteger()},
      {t.c("i") - t.c("n"), Numeric(10, 2)},
      {t.c("n") / t.c("x"), Double()},
      {t.c("x") + t.c("i"), Double()},
      {t.c("d") - 1, Date()},
  };
  for (const auto& [element, type] : all) {
    CHECK(element.type() == type);
  }
}

TEST_CASE("statements that differ in a type are compiled apart") {
  const auto key = [](const ColumnElement& element) {
    StatementShape shape;
    const Select statement = select(element.label("x"));
    shape.read(*statement.node());
    return std::string(shape.key());
  };
  CHECK(key(literal(1, Integer())) != key(literal(1, Text())));
  CHECK(key(literal(Decimal(1), Numeric(10, 2))) != key(literal(Decimal(1), Numeric(10, 3))));
  CHECK(key(type_coerce(literal_column("1"), Boolean())) != key(type_coerce(literal_column("1"), Integer())));
  CHECK(key(literal_column("x", DateTime())) != key(literal_column("x", DateTime(true))));
  CHECK(key(literal(1, Integer())) == key(literal(2, Integer())));
}
