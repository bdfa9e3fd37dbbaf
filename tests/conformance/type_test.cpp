// SPDX-License-Identifier: BSL-1.0
//
// One suite over both databases, called by a thread and by a greenlet; after the classes of SQLAlchemy's
// testing/suite/test_types.py.
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/enum.hpp>
#include <boost/json.hpp>
#include <boost/uuid/uuid.hpp>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/compiler.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/enum.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/json.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"

namespace gw = greenway;
namespace json = boost::json;
using database::error_of;
using database::everywhere;
using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::year;
using Moment = std::chrono::sys_time<microseconds>;
using Local = std::chrono::local_time<microseconds>;

namespace {

BOOST_DEFINE_ENUM_CLASS(Mood, sad, happy)

/// A type of the user's own.
struct Celsius {
  double degrees;
  friend bool operator==(const Celsius&, const Celsius&) = default;
};

boost::uuids::uuid uuid_of(int last) {
  boost::uuids::uuid uuid{};
  uuid.data[0] = 0xA0;
  uuid.data[15] = static_cast<std::uint8_t>(last);
  return uuid;
}

/// A statement that has been prepared is of one table for good.
std::string new_table_name() {
  static int count = 0;
  return "t" + std::to_string(++count);
}

/// Stores each value in a column of a type, alone; each has to come back equal, to be found by a comparison, and to
/// leave NULL apart.
template <class T>
void round_trip(gw::Connection& connection, const gw::Type& type, const std::vector<T>& values) {
  gw::MetaData metadata;
  const gw::Table t(new_table_name(), metadata, gw::Column("id", gw::Integer(), gw::primary_key),
                    gw::Column("x", type));
  metadata.create_all(connection);
  int id = 0;
  for (const T& value : values) {
    connection.execute(gw::insert(t).values("id", ++id, "x", value));
    CHECK(connection.scalar<T>(gw::select(t.c("x")).where(t.c("id") == id)) == value);
    CHECK(connection.scalar<std::optional<T>>(gw::select(t.c("x")).where(t.c("id") == id)) == value);
    CHECK(gw::Value(connection.scalar<T>(gw::select(gw::literal(value, type).label("y")))) == gw::Value(value));
    if constexpr (!std::is_same_v<T, json::value> && !gw::detail::is_list<T>) {
      CHECK(connection.scalar<int>(gw::select(t.c("id")).where(t.c("x") == value)) == id);
    }
  }
  connection.execute(gw::insert(t).values("id", ++id, "x", nullptr));
  CHECK_FALSE(connection.scalar<std::optional<T>>(gw::select(t.c("x")).where(t.c("id") == id)).has_value());
  CHECK(connection.scalar<gw::Value>(gw::select(t.c("x")).where(t.c("id") == id)).is_null());
  metadata.drop_all(connection);
}

}  // namespace

template <>
struct gw::TypeDecorator<Celsius> {
  using Impl = double;
  static double process_bind_param(const Celsius& celsius) { return celsius.degrees; }
  static Celsius process_result_value(double degrees) { return {degrees}; }
};

TEST_CASE("integers of each size come back from their columns up to their limits") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    round_trip<std::int16_t>(connection, gw::SmallInteger(), {0, -32768, 32767});
    round_trip<std::int32_t>(connection, gw::Integer(), {-1, std::numeric_limits<std::int32_t>::min(), 2147483647});
    round_trip<std::int64_t>(connection, gw::BigInteger(),
                             {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
  });
}

TEST_CASE("truth values, floating point, texts and blobs come back from their columns") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    round_trip<bool>(connection, gw::Boolean(), {true, false});
    round_trip<double>(connection, gw::Double(), {0.1, -1e300, 5e-324, 15.7563});
    round_trip<double>(connection, gw::Float(), {8.5, -0.25});
    round_trip<std::string>(connection, gw::String(40),
                            {"", "some text", "méil 水 😀", "'; DROP TABLE x; --", "\\ %s \" {}"});
    round_trip<std::string>(connection, gw::Text(), {std::string(100'000, 'x'), "line\nline\t"});
    round_trip<gw::Bytes>(connection, gw::LargeBinary(), {{}, {std::byte{0}, std::byte{255}, std::byte{0}}});
  });
}

TEST_CASE("exact numbers come back exactly") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const auto of = [](const char* text) { return gw::Decimal(text); };
    round_trip<gw::Decimal>(connection, gw::Numeric(15, 5),
                            {of("0"), of("15.75630"), of("-0.00001"), of("9999999999.99999")});
    round_trip<gw::Decimal>(connection, gw::Numeric(20), {of("9007199254740993"), of("-123456789012345678")});
    const auto typed = gw::select(gw::literal(of("12.3"), gw::Numeric(10, 2)).cast(gw::Numeric(10, 2)).label("x"));
    CHECK(connection.scalar<gw::Decimal>(typed) == of("12.30"));
    CHECK(connection.execute(typed).one().get<gw::Value>("x") == gw::Value(of("12.30")));
    CHECK(connection.scalar<double>(typed) == 12.3);

    gw::MetaData metadata;
    const gw::Table t("scaled", metadata, gw::Column("x", gw::Numeric(10, 2)));
    metadata.create_all(connection);
    connection.execute(gw::insert(t).values("x", of("1.005")));
    CHECK(connection.scalar<gw::Decimal>(gw::select(t)) == of("1.01"));
    CHECK(connection.scalar<double>(gw::select(t)) == 1.01);
    metadata.drop_all(connection);
  });
}

TEST_CASE("numbers that only PostgreSQL holds exactly are refused by SQLite rather than rounded") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const gw::Decimal precise("12345678901234567890.0987654321");
    const auto statement = gw::select(gw::literal(precise).label("x"));
    if (connection.dialect().kind() == gw::Dialect::Kind::postgresql) {
      CHECK(connection.scalar<gw::Decimal>(statement) == precise);
    } else {
      CHECK_THAT(
          error_of<gw::DataError>([&] { return connection.scalar<gw::Decimal>(statement); }),
          Catch::Contains("parameter 1 is the decimal 12345678901234567890.0987654321, which SQLite would round"));
    }
  });
}

TEST_CASE("dates, times and moments come back to the microsecond") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const std::vector<std::chrono::year_month_day> days = {year(2012) / 10 / 15, year(1) / 1 / 1, year(9999) / 12 / 31,
                                                           year(2024) / 2 / 29};
    round_trip<std::chrono::year_month_day>(connection, gw::Date(), days);
    round_trip<sys_days>(connection, gw::Date(), {sys_days(year(1727) / 4 / 1)});
    round_trip<gw::TimeOfDay>(connection, gw::Time(),
                              {gw::TimeOfDay(), gw::TimeOfDay(12h + 57min + 18s + 396us), gw::TimeOfDay(24h - 1us)});
    const sys_days day(year(2012) / 10 / 15);
    round_trip<Moment>(connection, gw::DateTime(true),
                       {Moment(day + 12h + 57min + 18s + 396us), Moment(sys_days(year(1) / 1 / 1)),
                        Moment(sys_days(year(10'000) / 1 / 1) - 1us), Moment(-1us)});
    round_trip<Local>(connection, gw::DateTime(), {Local(Moment(day + 1s).time_since_epoch()), Local(-1us)});
    round_trip<std::chrono::system_clock::time_point>(connection, gw::DateTime(true), {day + 5us});
  });
}

TEST_CASE("a moment is taken for a local time as if that were in UTC, whatever the session's zone") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    if (connection.dialect().kind() == gw::Dialect::Kind::postgresql) {
      connection.execute(gw::text("SET TIME ZONE 'America/New_York'"));
    }
    const Moment moment(sys_days(year(2024) / 7 / 1) + 12h);
    const Local local(moment.time_since_epoch());
    round_trip<Moment>(connection, gw::DateTime(), {moment});
    round_trip<Local>(connection, gw::DateTime(true), {local});
    round_trip<Moment>(connection, gw::DateTime(true), {moment});
  });
}

TEST_CASE("intervals come back, with months where the database has such") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    round_trip<gw::CalendarInterval>(connection, gw::Interval(),
                                     {{}, {.days = 3, .microseconds = 4h + 5us}, {.days = -1, .microseconds = 23h}});
    const gw::CalendarInterval with_months{.months = -14, .days = 3, .microseconds = -5us};
    if (connection.dialect().kind() == gw::Dialect::Kind::postgresql) {
      round_trip<gw::CalendarInterval>(connection, gw::Interval(), {with_months});
      CHECK_THROWS_AS(connection.scalar<microseconds>(gw::select(gw::literal(with_months).label("x"))), gw::DataError);
    } else {
      CHECK_THROWS_AS(connection.execute(gw::select(gw::literal(with_months).label("x"))), gw::DataError);
    }
    round_trip<std::chrono::seconds>(connection, gw::Interval(), {90s, -1s, 48h});
    CHECK_THROWS_AS(connection.scalar<std::chrono::seconds>(gw::select(gw::literal(1500ms).label("x"))), gw::DataError);
  });
}

TEST_CASE("UUIDs, documents and a user's own types come back") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    round_trip<boost::uuids::uuid>(connection, gw::Uuid(), {uuid_of(0), uuid_of(255)});
    const std::vector<json::value> documents = {json::value({{"key", "value"}, {"numbers", {1, 2.5, true, nullptr}}}),
                                                5,
                                                1.5,
                                                "a \"text\"",
                                                true,
                                                json::value(nullptr),
                                                json::array{}};
    round_trip<json::value>(connection, gw::JSON(), documents);
    round_trip<json::value>(connection, gw::JSONB(), documents);
    round_trip<Celsius>(connection, gw::Double(), {{36.6}, {-273.15}});
  });
}

TEST_CASE("an enum is a type of its own where there are such, and refuses other labels everywhere") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    round_trip<Mood>(connection, gw::enum_of<Mood>("mood"), {Mood::sad, Mood::happy});
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("x", gw::Enum("mood", {"sad", "very 'happy'"})));
    metadata.create_all(connection);
    metadata.create_all(connection);
    connection.execute(gw::insert(t).values("x", "very 'happy'"));
    CHECK(connection.scalar<std::string>(gw::select(t)) == "very 'happy'");
    CHECK_THROWS_AS(connection.scalar<Mood>(gw::select(t)), gw::DataError);
    connection.commit();
    CHECK_THROWS_AS(connection.execute(gw::insert(t).values("x", "furious")), gw::DatabaseError);
    connection.rollback();
    metadata.drop_all(connection);
    metadata.drop_all(connection);
  });
}

TEST_CASE("a named parameter takes on the type of the column that it is compared with or assigned to") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("key", gw::Uuid()),
                      gw::Column("doc", gw::JSON()), gw::Column("at", gw::DateTime()));
    metadata.create_all(connection);
    const auto insert =
        gw::insert(t).values("key", gw::bindparam("key"), "doc", gw::bindparam("doc"), "at", gw::bindparam("at"));
    const Moment moment(sys_days(year(2024) / 2 / 29) + 12h);
    connection.execute(insert, gw::params("key", "A0000000-0000-0000-0000-000000000001", "doc", "text", "at", moment));
    connection.execute(insert, gw::params("key", nullptr, "doc", 5, "at", nullptr));
    const auto by_key = gw::select(t.c("doc")).where(t.c("key") == gw::bindparam("key"));
    CHECK(connection.scalar<json::value>(by_key, gw::params("key", uuid_of(1))) == "text");
    CHECK(connection.scalar<json::value>(by_key, gw::params("key", "A0000000-0000-0000-0000-000000000001")) == "text");
    const auto later = gw::select(t.c("at")).where(gw::bindparam("moment") <= t.c("at"));
    CHECK(connection.scalar<Moment>(later, gw::params("moment", moment)) == moment);
    metadata.drop_all(connection);
  });
}

TEST_CASE("lists of values are found by in_, whatever their type") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("day", gw::Date()),
                      gw::Column("price", gw::Numeric(10, 2)), gw::Column("key", gw::Uuid()),
                      gw::Column("at", gw::DateTime(true)), gw::Column("mood", gw::enum_of<Mood>("mood")));
    metadata.create_all(connection);
    const sys_days day(year(2024) / 2 / 29);
    connection.execute(gw::insert(t).values("id", 1, "day", day, "price", gw::Decimal("1.50"), "key", uuid_of(1), "at",
                                            Moment(day + 1us), "mood", Mood::sad));
    const auto count = [&](const gw::ColumnElement& condition) {
      return connection.scalar<int>(gw::select(gw::func::count()).select_from(t).where(condition));
    };
    CHECK(count(t.c("day").in_(std::vector{day, day + std::chrono::days(1)})) == 1);
    CHECK(count(t.c("price").in_(std::vector{gw::Decimal("1.5")})) == 1);
    CHECK(count(t.c("key").in_(std::vector{uuid_of(2), uuid_of(1)})) == 1);
    CHECK(count(t.c("key").in_(std::vector{uuid_of(2)})) == 0);
    CHECK(count(t.c("at").in_(std::vector{Moment(day + 1us)})) == 1);
    CHECK(count(t.c("mood").in_(std::vector{Mood::sad, Mood::happy})) == 1);
    metadata.drop_all(connection);
  });
}

TEST_CASE("a Value tells a column's own type, on SQLite as well") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("flag", gw::Boolean()), gw::Column("price", gw::Numeric(10, 2)),
                      gw::Column("day", gw::Date()), gw::Column("at", gw::DateTime(true)),
                      gw::Column("key", gw::Uuid()), gw::Column("doc", gw::JSON()), gw::Column("time", gw::Time()));
    metadata.create_all(connection);
    const sys_days day(year(2024) / 2 / 29);
    connection.execute(gw::insert(t).values("flag", true, "price", gw::Decimal("1.50"), "day", day, "at", Moment(day),
                                            "key", uuid_of(1), "doc", gw::JSONText{"[1]"}, "time", gw::TimeOfDay(1h)));
    const gw::Row row = connection.execute(gw::select(t)).one();
    CHECK(row.get<gw::Value>("flag") == gw::Value(true));
    CHECK(row.get<gw::Value>("price") == gw::Value(gw::Decimal("1.5")));
    CHECK(row.get<gw::Value>("price").get_if<gw::Decimal>()->str() == "1.50");
    CHECK(row.get<gw::Value>("day") == gw::Value(day));
    CHECK(row.get<gw::Value>("at") == gw::Value(Moment(day)));
    CHECK(row.get<gw::Value>("key") == gw::Value(uuid_of(1)));
    CHECK(row.get<gw::Value>("doc") == gw::Value(gw::JSONText{"[1]"}));
    CHECK(row.get<gw::Value>("time") == gw::Value(gw::TimeOfDay(1h)));
    CHECK(connection.scalar(gw::select((t.c("price") > 1).label("x"))) == gw::Value(true));
    const auto typed = gw::text("SELECT flag AS f, price, day FROM t").columns("f", gw::Boolean(), "day", gw::Date());
    const gw::Row by_text = connection.execute(typed).one();
    CHECK(by_text.get<gw::Value>("f") == gw::Value(true));
    CHECK(by_text.get<gw::Value>("day") == gw::Value(day));
    CHECK(by_text.get<gw::Decimal>("price") == gw::Decimal("1.5"));
    metadata.drop_all(connection);
  });
}

TEST_CASE("what is no value of the type asked for is refused, naming the column and both types") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const gw::Row row = connection.execute(gw::text("SELECT 'no date' AS t, CAST(1 AS bigint) AS n")).one();
    CHECK_THAT(
        error_of<gw::InvalidRequestError>([&] { return row.get<sys_days>("t"); }),
        Catch::StartsWith("column 't' holds text") && Catch::EndsWith("cannot be read as std::chrono::sys_days"));
    CHECK_THROWS_AS(row.get<Moment>("t"), gw::InvalidRequestError);
    CHECK_THROWS_AS(row.get<gw::Decimal>("t"), gw::InvalidRequestError);
    CHECK_THROWS_AS(row.get<boost::uuids::uuid>("t"), gw::InvalidRequestError);
    CHECK_THROWS_AS(row.get<gw::TimeOfDay>("t"), gw::InvalidRequestError);
    CHECK_THROWS_AS(row.get<gw::CalendarInterval>("t"), gw::InvalidRequestError);
    CHECK_THROWS_AS(row.get<std::vector<int>>("t"), gw::InvalidRequestError);
    CHECK_THROWS_AS(row.get<json::value>("t"), gw::DataError);
    CHECK_THROWS_AS(row.get<sys_days>("n"), gw::InvalidRequestError);
    CHECK(row.get<gw::Decimal>("n") == 1);
  });
}

TEST_CASE("what no C++ type can hold throws, and is read as text") {
  const database::Scratch scratch = database::Scratch::postgresql();
  gw::Connection connection = gw::create_engine(scratch.url()).connect();
  const gw::Row row =
      connection
          .execute(gw::text("SELECT 'infinity'::date AS d, '-infinity'::timestamptz AS t, 'NaN'::numeric AS n, "
                            "'294276-12-31'::timestamp AS far, '5874897-12-31'::date AS day"))
          .one();

  CHECK_THAT(error_of<gw::DataError>([&] { return row.get<sys_days>("d"); }),
             Catch::Equals("column 'd' holds date (date) whose value does not fit into std::chrono::sys_days"));
  CHECK_THAT(error_of<gw::DataError>([&] { return row.get<Moment>("t"); }),
             Catch::Contains("column 't' holds timestamp with time zone (timestamptz) whose value does not fit into "
                             "std::chrono::sys_time"));
  CHECK_THROWS_AS(row.get<gw::Decimal>("n"), gw::DataError);
  CHECK(std::isnan(row.get<double>("n")));
  CHECK_THROWS_AS(row.get<Local>("far"), gw::DataError);
  CHECK_THROWS_AS(row.get<std::chrono::year_month_day>("day"), gw::DataError);
  CHECK_THROWS_AS(connection.scalar<microseconds>(gw::text("SELECT '2147483647 days'::interval")), gw::DataError);
  CHECK(row.get<std::string>("d") == "infinity");
  CHECK(row.get<gw::Value>("t") == gw::Value("-infinity"));
  CHECK(row.get<std::string>("n") == "NaN");
  CHECK(row.get<std::string>("far") == "294276-12-31 00:00:00");
  CHECK_THROWS_AS(
      connection.scalar<std::chrono::system_clock::time_point>(gw::text("SELECT '2500-01-01'::timestamptz")),
      gw::DataError);
}

TEST_CASE("arrays of PostgreSQL are vectors, of every type of items, with NULLs and several dimensions") {
  const database::Scratch scratch = database::Scratch::postgresql();
  gw::Connection connection = gw::create_engine(scratch.url()).connect();
  const sys_days day(year(2024) / 2 / 29);
  using Strings = std::vector<std::string>;
  round_trip<std::vector<int>>(connection, gw::ARRAY(gw::Integer()), {{}, {1, -2, 3}});
  round_trip<std::vector<std::int64_t>>(connection, gw::ARRAY(gw::BigInteger()),
                                        {{std::numeric_limits<std::int64_t>::max()}});
  round_trip<std::vector<bool>>(connection, gw::ARRAY(gw::Boolean()), {{true, false}});
  round_trip<std::vector<double>>(connection, gw::ARRAY(gw::Double()), {{0.1, 1e300}});
  round_trip<Strings>(connection, gw::ARRAY(gw::Text()), {{"", "NULL", "a \"b\" \\ {c,d}", "é"}});
  round_trip<std::vector<gw::Bytes>>(connection, gw::ARRAY(gw::LargeBinary()), {{{std::byte{0}}, {}}});
  round_trip<std::vector<gw::Decimal>>(connection, gw::ARRAY(gw::Numeric(10, 2)), {{gw::Decimal("1.5"), 2}});
  round_trip<std::vector<sys_days>>(connection, gw::ARRAY(gw::Date()), {{day}});
  round_trip<std::vector<gw::TimeOfDay>>(connection, gw::ARRAY(gw::Time()), {{gw::TimeOfDay(1h)}});
  round_trip<std::vector<Moment>>(connection, gw::ARRAY(gw::DateTime(true)), {{Moment(day + 1us)}});
  round_trip<std::vector<Local>>(connection, gw::ARRAY(gw::DateTime()), {{Local(1us)}});
  round_trip<std::vector<gw::CalendarInterval>>(connection, gw::ARRAY(gw::Interval()), {{{.months = 1, .days = -1}}});
  round_trip<std::vector<boost::uuids::uuid>>(connection, gw::ARRAY(gw::Uuid()), {{uuid_of(1), uuid_of(2)}});
  round_trip<std::vector<json::value>>(connection, gw::ARRAY(gw::JSONB()), {{json::value({{"a", "b,\"c\""}}), 5}});
  round_trip<std::vector<Mood>>(connection, gw::ARRAY(gw::enum_of<Mood>("mood")), {{Mood::happy, Mood::sad}, {}});
  round_trip<std::vector<std::optional<int>>>(connection, gw::ARRAY(gw::Integer()), {{1, std::nullopt}});
  round_trip<std::vector<Strings>>(connection, gw::ARRAY(gw::Text()), {{{"a", "b"}, {"c", "d"}}});

  const auto square = gw::text("SELECT ARRAY[[1, 2], [3, NULL]] AS x");
  CHECK_THROWS_AS(connection.scalar<std::vector<int>>(square), gw::InvalidRequestError);
  CHECK(connection.scalar<std::string>(square) == "{{1,2},{3,NULL}}");
  CHECK(connection.scalar(square) == gw::Value(std::vector<gw::Value>{gw::Value(std::vector<gw::Value>{1, 2}),
                                                                      gw::Value(std::vector<gw::Value>{3, nullptr})}));
}
