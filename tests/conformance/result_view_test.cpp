// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <boost/describe/class.hpp>

#include <greenway/db/row_struct.hpp>
#include <greenway/sql/schema.hpp>

#include "ways.hpp"

namespace conformance {

using database::error_of;

namespace {

struct Base {
  std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id))

struct Named : Base {
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(Named, (Base), (name))

struct Strict {
  std::int64_t id = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Strict, (), (id, name))

struct Missing {
  std::int64_t nobody = 0;
};
BOOST_DESCRIBE_STRUCT(Missing, (), (nobody))

// 1 'a', 2 'b', 1 'a', 3 NULL, 2 'c'; buffered or streaming.
Result five(Connection& connection, bool streams) {
  ExecutionOptions options;
  if (streams) {
    options.yield_per = 2;
  }
  return connection.execute(
      text("SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (1, 'a'), (3, NULL), (2, 'c')) AS v"), options);
}

using Numbers = std::vector<std::int64_t>;
using Names = std::vector<std::optional<std::string>>;

// Runs `body(make)`, where make() executes the five rows, on each database, in a thread and a greenlet, buffered and
// streaming.
template <class F>
void with_five(F&& body) {
  const bool streams = GENERATE(false, true);
  everywhere([&](const Engine& engine) {
    Connection connection = engine.connect();
    body([&] { return five(connection, streams); });
  });
}

template <class T>
std::string printed(const T& what) {
  std::ostringstream out;
  out << what;
  return out.str();
}

}  // namespace

TEST_CASE("scalars are one column of each row, by all the fetches, and leave the result closed") {
  with_five([](auto make) {
    CHECK(make().template scalars<std::int64_t>().all() == Numbers{1, 2, 1, 3, 2});
    CHECK(make().template scalars<std::optional<std::string>>(1).all() == Names{"a", "b", "a", std::nullopt, "c"});
    Numbers read;
    for (const std::int64_t number : make().template scalars<std::int64_t>()) {
      read.push_back(number);
    }
    CHECK(read == Numbers{1, 2, 1, 3, 2});

    Result result = make();
    auto scalars = result.template scalars<std::int64_t>();
    CHECK(result.closed());
    CHECK(error_of<ResourceClosedError>([&] { return result.fetchone(); }) == "This result object is closed.");
    CHECK(scalars.fetchone() == 1);
    CHECK(scalars.fetchmany(2) == Numbers{2, 1});
    CHECK(scalars.fetchall() == Numbers{3, 2});
    CHECK(scalars.fetchone() == std::nullopt);
    CHECK(make().template scalars<std::int64_t>().first() == 1);
    CHECK_THROWS_AS(make().template scalars<std::int64_t>().one(), MultipleResultsFound);
    CHECK_THROWS_AS(make().scalars(2), NoSuchColumnError);
  });
}

TEST_CASE("unique leaves out what has been read before") {
  with_five([](auto make) {
    CHECK(make().unique().template scalars<std::int64_t>().all() == Numbers{1, 2, 3, 2});
    CHECK(make().template scalars<std::int64_t>().unique().all() == Numbers{1, 2, 3});
    CHECK(make().columns(0).unique().all().size() == 3);
    CHECK(make().unique([](const Row& row) { return std::to_string(row.get<int>(0) % 2); })
              .template scalars<std::int64_t>()
              .all() == Numbers{1, 2});

    Result result = make();
    CHECK(result.fetchone()->template get<int>(0) == 1);
    result.unique();
    CHECK(result.template scalars<std::int64_t>().all() == Numbers{2, 1, 3, 2});  // it remembers from now on
  });
}

TEST_CASE("columns are chosen by number, name and Column, also in the middle of a result") {
  with_five([](auto make) {
    const std::vector<std::string> names = make().keys();
    Result result = make();
    CHECK(result.fetchone()->size() == 2);
    result.columns(names[1], 0, std::size_t{1});
    CHECK(result.keys() == std::vector<std::string>{names[1], names[0], names[1]});
    CHECK(printed(*result.fetchone()) == "('b', 2, 'b')");
    result.columns(1);
    CHECK(result.template scalars<std::int64_t>().all() == Numbers{1, 3, 2});
    CHECK_THROWS_AS(make().columns("nobody"), NoSuchColumnError);
    CHECK_THROWS_AS(make().columns(7), NoSuchColumnError);
  });
}

TEST_CASE("partitions are vectors of rows, the last one shorter") {
  with_five([](auto make) {
    std::vector<std::size_t> sizes;
    Result result = make();
    for (const std::vector<Row>& rows : result.partitions(2)) {
      sizes.push_back(rows.size());
    }
    CHECK(sizes == std::vector<std::size_t>{2, 2, 1});

    Result said = make();
    said.yield_per(3);
    CHECK(said.partition().size() == 3);
    auto scalars = said.template scalars<std::int64_t>();
    for (const Numbers& numbers : scalars.partitions()) {
      CHECK(numbers == Numbers{3, 2});
    }
  });
}

TEST_CASE("a frozen result is read again and again, without its connection") {
  const bool streams = GENERATE(false, true);
  everywhere([&](const Engine& engine) {
    std::optional<FrozenResult> frozen;
    {
      Connection connection = engine.connect();
      Result result = five(connection, streams);
      CHECK(result.fetchone().has_value());
      frozen = result.columns(0).freeze();
      CHECK(result.closed());
    }
    CHECK((*frozen)().scalars<std::int64_t>().all() == Numbers{2, 1, 3, 2});
    CHECK((*frozen)().rowcount() == 4);
    CHECK((*frozen)().unique().scalars<std::int64_t>().all() == Numbers{2, 1, 3});
  });
}

TEST_CASE("mappings are asked by name") {
  with_five([](auto make) {
    const std::vector<std::string> names = make().keys();
    const std::optional<RowMapping> mapping = make().mappings().first();
    REQUIRE(mapping.has_value());
    CHECK((*mapping)[names[0]] == Value(1));
    CHECK(mapping->template get<std::string>(names[1]) == "a");
    CHECK(mapping->contains(names[1]));
    CHECK_FALSE(mapping->contains("nobody"));
    CHECK(mapping->values() == std::vector<Value>{1, "a"});
    CHECK(mapping->items()[1].first == names[1]);
    CHECK(printed(*mapping) == "{" + names[0] + ": 1, " + names[1] + ": 'a'}");
    CHECK_THROWS_AS((*mapping)["nobody"], NoSuchColumnError);
  });
}

TEST_CASE("a row is read as a tuple of its columns") {
  with_five([](auto make) {
    std::string text;
    for (const auto& [number, name] : make().template tuples<int, std::optional<std::string>>()) {
      text += std::to_string(number) + name.value_or("-");
    }
    CHECK(text == "1a2b1a3-2c");
    CHECK(make().first()->template as<std::pair<int, std::string>>() == std::pair<int, std::string>(1, "a"));
    const std::vector<std::string> names = make().keys();
    CHECK(error_of<InvalidRequestError>([&] { return make().first()->template as<std::tuple<int>>(); }) ==
          "the row has 2 columns (" + names[0] + ", " + names[1] + ") and cannot be read as a tuple of 1");
  });
}

TEST_CASE("a row is read as a described struct, its columns found by the members' names") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    const auto select = [&](const char* what) {
      return connection.execute(text(std::string("SELECT ") + what + " FROM t ORDER BY id"));
    };

    const std::vector<Named> rows = select("name, 7 AS other, id").as<Named>().all();
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].id == 1);
    CHECK(rows[0].name == "one");
    CHECK(rows[1].name == std::nullopt);

    Result strict = select("id, name");
    CHECK(strict.fetchone()->as<Strict>().name == "one");
    const std::string message = error_of<InvalidRequestError>([&] { return strict.fetchone()->as<Strict>(); });
    CHECK(message.find("column 'name' holds null") == 0);
    CHECK_THROWS_AS(select("id").first()->as<Missing>(), NoSuchColumnError);
  });
}

TEST_CASE("a column object finds its column") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    const Column id("id", BigInteger());
    const Column other("other", BigInteger());
    Connection connection = engine.connect();
    const Row row = *connection.execute(text("SELECT name, id FROM t ORDER BY id")).first();

    CHECK(row.get<std::int64_t>(id) == 1);
    CHECK(row.get<std::string_view>(Column("name", Text())) == "one");
    CHECK(error_of<NoSuchColumnError>([&] { return row.get<int>(other); }) ==
          "Could not locate column in row for column 'other'; its columns are: name, id");
    CHECK(connection.execute(text("SELECT name, id FROM t ORDER BY id")).columns(id).all()[2].get<int>(0) == 3);
  });
}

TEST_CASE("a stream that is not told how much to fetch begins with one row and takes more each time") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.stream_results = true;
    options.max_row_buffer = 20;
    Result result = connection.execute(
        text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n"), options);

    // A batch shows in how many rows are there without asking the connection, which is closed meanwhile.
    CHECK(result.fetchmany(2).size() == 2);  // the first batch is one row, the second five, of which four are left
    connection.close();
    CHECK(result.fetchmany(4).size() == 4);
    CHECK_THROWS_AS(result.fetchone(), ResourceClosedError);
  });
}

TEST_CASE("scalars are asked of the connection at once") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    CHECK(connection.scalars<std::int64_t>(text("SELECT id FROM t ORDER BY id")).all() == Numbers{1, 2, 3});
    CHECK(connection.scalars<std::int64_t>(text("SELECT id FROM t WHERE id > :id ORDER BY id"), params("id", 1)).all() ==
          Numbers{2, 3});
  });
}

}  // namespace conformance
