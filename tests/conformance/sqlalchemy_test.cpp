// SPDX-License-Identifier: BSL-1.0
//
// Files of SQLite that are written by SQLAlchemy are read here, and the other way round; sqlalchemy_file.py is the
// other side, and has the same rows.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <boost/describe/enum.hpp>
#include <boost/json.hpp>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/enum.hpp>
#include <greenway/sql/json.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"

namespace gw = greenway;
namespace json = boost::json;
using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;
using Local = std::chrono::local_time<microseconds>;

namespace {

BOOST_DEFINE_ENUM_CLASS(Mood, sad, happy)

using Thing =
    std::tuple<int, std::optional<bool>, std::optional<std::int64_t>, std::optional<double>, std::optional<gw::Decimal>,
               std::optional<std::string>, std::optional<gw::Bytes>, std::optional<year_month_day>,
               std::optional<gw::TimeOfDay>, std::optional<Local>, std::optional<microseconds>,
               std::optional<json::value>, std::optional<gw::UUIDBytes>, std::optional<Mood>>;

struct Things {
  gw::MetaData metadata;
  gw::Table table{"thing",
                  metadata,
                  gw::Column("id", gw::Integer(), gw::primary_key),
                  gw::Column("flag", gw::Boolean()),
                  gw::Column("big", gw::BigInteger()),
                  gw::Column("real", gw::Float()),
                  gw::Column("price", gw::Numeric(15, 5)),
                  gw::Column("name", gw::String(40)),
                  gw::Column("blob", gw::LargeBinary()),
                  gw::Column("day", gw::Date()),
                  gw::Column("time", gw::Time()),
                  gw::Column("at", gw::DateTime()),
                  gw::Column("length", gw::Interval()),
                  gw::Column("doc", gw::JSON()),
                  gw::Column("key", gw::Uuid()),
                  gw::Column("mood", gw::enum_of<Mood>("mood"))};
};

Local local(year_month_day day, microseconds time) { return Local((sys_days(day) + time).time_since_epoch()); }

gw::UUIDBytes uuid(std::uint8_t first, std::uint8_t last) {
  gw::UUIDBytes uuid;
  uuid.bytes.fill(first == 0xFF ? 0xFF : 0);
  uuid.bytes.front() = first;
  uuid.bytes.back() = last;
  return uuid;
}

std::vector<Thing> rows() {
  using Big = std::numeric_limits<std::int64_t>;
  const auto byte = [](int value) { return static_cast<std::byte>(value); };
  return {
      {1, true, Big::max(), 0.1, gw::Decimal("15.75630"), "méil 😀", gw::Bytes{byte(0), byte(255)}, year(2024) / 2 / 29,
       gw::TimeOfDay(12h + 57min + 18s + 396us), local(year(2012) / 10 / 15, 12h + 57min + 18s + 396us), 76h + 5us,
       json::value({{"a", {1, 2.5, nullptr, "é"}}}), uuid(0xA0, 1), Mood::happy},
      {2, false, Big::min(), -1e300, gw::Decimal("-9999999999.99999"), "", gw::Bytes(), year(1) / 1 / 1,
       gw::TimeOfDay(), local(year(9999) / 12 / 31, 24h - 1us), -24h + 1s, json::value("text"), uuid(0, 0), Mood::sad},
      {3, true, 0, 5.0, gw::Decimal(7), "it's", gw::Bytes{byte('x')}, year(9999) / 12 / 31, gw::TimeOfDay(24h - 1us),
       local(year(1969) / 12 / 31, 0us), 0us, json::value(5), uuid(0xFF, 0xFF), Mood::sad},
      {4, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}},
  };
}

/// Runs the other side; 0 is success.
int python(const std::string& what, const std::string& file) {
  return std::system((GREENWAY_SQLALCHEMY + what + " " + file).c_str());
}

/// The file of a database's URL.
std::string file_of(const database::Scratch& scratch) { return scratch.url().substr(std::string("sqlite:///").size()); }

}  // namespace

TEST_CASE("a file that SQLAlchemy has written is read with equal values") {
  const database::Scratch scratch = database::Scratch::sqlite();
  REQUIRE(python("write", file_of(scratch)) == 0);
  const Things things;
  gw::Connection connection = gw::create_engine(scratch.url()).connect();

  std::vector<Thing> found;
  for (const gw::Row& row : connection.execute(gw::select(things.table).order_by(things.table.c("id")))) {
    found.push_back(row.as<Thing>());
  }

  CHECK(found == rows());
  const auto mood = gw::select(things.table.c("id")).where(things.table.c("day") == year(2024) / 2 / 29);
  CHECK(connection.scalar<int>(mood) == 1);
}

TEST_CASE("a file that is written here is read by SQLAlchemy with equal values, and is stored as its own are") {
  const database::Scratch scratch = database::Scratch::sqlite();
  const Things things;
  gw::Connection connection = gw::create_engine(scratch.url()).connect();
  things.metadata.create_all(connection);
  for (const Thing& thing : rows()) {
    const std::vector<gw::Column>& columns = things.table.data().columns;
    std::size_t i = 0;
    gw::Assignments set;
    std::apply([&](const auto&... value) { (set.emplace_back(columns[i++].name(), gw::Value(value)), ...); }, thing);
    connection.execute(gw::insert(things.table).values(set));
  }
  connection.commit();
  connection.close();

  CHECK(python("read", file_of(scratch)) == 0);
}
