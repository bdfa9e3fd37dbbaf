// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ways.hpp"

namespace conformance {

using database::error_of;

namespace {

// Numbers 1 to `size`, with a column of text.
Result numbers(Connection& connection, int size, const ExecutionOptions& options = {}) {
  return connection.execute(text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :size) "
                                 "SELECT i, 'row ' || i AS label FROM n ORDER BY i")
                                .bind("size", size),
                            options);
}

std::vector<std::int64_t> firsts(const std::vector<Row>& rows) {
  std::vector<std::int64_t> values;
  for (const Row& row : rows) {
    values.push_back(row.get<std::int64_t>(0));
  }
  return values;
}

ExecutionOptions streaming(std::size_t yield_per) {
  ExecutionOptions options;
  options.stream_results = true;
  options.yield_per = yield_per;
  return options;
}

const std::string closed = "This result object is closed.";

}  // namespace

TEST_CASE("the fetches share one pass over the rows, buffered or streaming") {
  const std::size_t yield_per = GENERATE(0U, 1U, 3U, 100U);
  everywhere([&](const Engine& engine) {
    Connection connection = engine.connect();
    Result result = numbers(connection, 10, yield_per == 0 ? ExecutionOptions() : streaming(yield_per));

    CHECK(result.fetchone()->get<std::int64_t>(0) == 1);
    CHECK(firsts(result.fetchmany(4)) == std::vector<std::int64_t>{2, 3, 4, 5});
    CHECK(firsts(result.fetchmany()) == std::vector<std::int64_t>{6});
    for (const Row& row : result) {
      CHECK(row.get<std::int64_t>(0) == 7);
      break;
    }
    CHECK(firsts(result.all()) == std::vector<std::int64_t>{8, 9, 10});
    CHECK_FALSE(result.fetchone().has_value());
    CHECK(result.fetchall().empty());
    CHECK(result.fetchmany(5).empty());
    CHECK_FALSE(result.closed());
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("a stream whose rows could not all be fetched does not end as if they had been") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
    Result result = connection.execute(text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) "
                                            "SELECT i, abs(:smallest + abs(i - 3)) FROM n")
                                           .bind("smallest", smallest),
                                       streaming(1));
    CHECK(result.fetchone()->get<std::int64_t>(0) == 1);
    CHECK(result.fetchone()->get<std::int64_t>(0) == 2);
    CHECK_THROWS_AS(result.fetchone(), DBAPIError);
    CHECK_THROWS_AS(result.fetchone(), ResourceClosedError);
    connection.rollback();
    CHECK_THROWS_AS(result.fetchone(), ResourceClosedError);
  });
}

TEST_CASE("a loop visits each row once and the rows copied from it stay readable") {
  everywhere([](const Engine& engine) {
    std::vector<Row> kept;
    {
      Connection connection = engine.connect();
      Result result = numbers(connection, 3, streaming(2));
      for (const Row& row : result) {
        kept.push_back(row);
      }
    }

    CHECK(firsts(kept) == std::vector<std::int64_t>{1, 2, 3});
    CHECK(kept[2].get<std::string_view>("label") == "row 3");
  });
}

TEST_CASE("a result knows its columns and its rows") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();

    const Result rows = connection.execute(text("SELECT id, name FROM t"));
    CHECK(rows.returns_rows());
    CHECK(rows.keys() == std::vector<std::string>{"id", "name"});
    CHECK(rows.rowcount() == 3);
    CHECK(connection.execute(text("SELECT 1 WHERE 1 = 0")).returns_rows());
    CHECK(connection.execute(text("UPDATE t SET name = 'x' WHERE id > 1")).rowcount() == 2);
    CHECK(connection.execute(text("DELETE FROM t WHERE id = 4")).rowcount() == 0);
  });
}

TEST_CASE("a result without rows says so when it is read") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    const std::size_t yield_per = GENERATE(0U, 10U);
    Result result = connection.execute(text("DELETE FROM t WHERE id = 1"),
                                       yield_per == 0 ? ExecutionOptions() : streaming(yield_per));
    const std::string message = "This result object does not return rows. It has been closed automatically.";

    CHECK_FALSE(result.returns_rows());
    CHECK(result.closed());
    CHECK(result.rowcount() == 1);
    CHECK(error_of<ResourceClosedError>([&] { return result.fetchone(); }) == message);
    CHECK(error_of<ResourceClosedError>([&] { return result.all(); }) == message);
    CHECK(error_of<ResourceClosedError>([&] { return result.keys(); }) == message);
    CHECK(error_of<ResourceClosedError>([&] { return result.begin(); }) == message);
  });
}

TEST_CASE("SQLite tells the rowid of the last insert") {
  on_sqlite([](const Engine& engine) {
    database::run_sql(engine, "CREATE TABLE t (id integer PRIMARY KEY)");
    Connection connection = engine.connect();

    CHECK(connection.execute(text("INSERT INTO t VALUES (77)")).lastrowid() == 77);
  });
}

TEST_CASE("first gives the next row and closes the result") {
  const std::size_t yield_per = GENERATE(0U, 1U);
  everywhere([&](const Engine& engine) {
    Connection connection = engine.connect();
    Result result = numbers(connection, 3, yield_per == 0 ? ExecutionOptions() : streaming(yield_per));

    CHECK(result.fetchone()->get<int>(0) == 1);
    CHECK(result.first()->get<int>(0) == 2);
    CHECK(result.closed());
    CHECK(error_of<ResourceClosedError>([&] { return result.fetchone(); }) == closed);
    CHECK_FALSE(numbers(connection, 1).fetchmany(0).size() == 1);
    CHECK_FALSE(connection.execute(text("SELECT 1 WHERE 1 = 0")).first().has_value());
  });
}

TEST_CASE("one insists on one row, one_or_none on at most one") {
  const std::size_t yield_per = GENERATE(0U, 1U);
  everywhere([&](const Engine& engine) {
    Connection connection = engine.connect();
    const auto rows = [&](int n) {
      return connection.execute(
          text("SELECT i FROM (SELECT 1 AS i UNION ALL SELECT 2) AS x WHERE i <= :n ORDER BY i").bind("n", n),
          yield_per == 0 ? ExecutionOptions() : streaming(yield_per));
    };

    CHECK(rows(1).one().get<int>(0) == 1);
    CHECK(error_of<NoResultFound>([&] { return rows(0).one(); }) == "No row was found when one was required");
    CHECK(error_of<MultipleResultsFound>([&] { return rows(2).one(); }) ==
          "Multiple rows were found when exactly one was required");
    CHECK(rows(1).one_or_none()->get<int>(0) == 1);
    CHECK_FALSE(rows(0).one_or_none().has_value());
    CHECK(error_of<MultipleResultsFound>([&] { return rows(2).one_or_none(); }) ==
          "Multiple rows were found when one or none was required");
    CHECK(rows(2).scalar<int>() == 1);
    CHECK(rows(0).scalar().is_null());
    CHECK(rows(0).scalar<std::optional<int>>() == std::nullopt);
    CHECK_THROWS_AS(rows(0).scalar<int>(), NoResultFound);
    CHECK(rows(1).scalar_one<int>() == 1);
    CHECK_THROWS_AS(rows(2).scalar_one<int>(), MultipleResultsFound);
    CHECK_THROWS_AS(rows(0).scalar_one(), NoResultFound);
    CHECK(rows(1).scalar_one_or_none<int>() == 1);
    CHECK(rows(0).scalar_one_or_none<int>() == std::nullopt);
  });
}

TEST_CASE("values are read as what they are, and as what they fit into") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    const Row row =
        connection
            .execute(text("SELECT CAST(:big AS bigint), :text, :blob, CAST(:real AS double precision), NULL, "
                          "CAST(:small AS bigint), :empty")
                         .bind("big", std::numeric_limits<std::int64_t>::min())
                         .bind("text", "Grüße, 世界")
                         .bind("blob", Bytes{std::byte{0}, std::byte{255}})
                         .bind("real", 0.1)
                         .bind("small", 200)
                         .bind("empty", ""))
            .one();

    CHECK(row.size() == 7);
    CHECK(row.get<std::int64_t>(0) == std::numeric_limits<std::int64_t>::min());
    CHECK(row.get<std::string>(1) == "Grüße, 世界");
    CHECK(row.get<std::string_view>(1) == "Grüße, 世界");
    CHECK(row.get<Bytes>(2) == Bytes{std::byte{0}, std::byte{255}});
    CHECK(row.get<std::span<const std::byte>>(2).size() == 2);
    CHECK(row.get<double>(3) == 0.1);
    CHECK(row.get<float>(3) == 0.1F);
    CHECK(row.get<std::optional<int>>(4) == std::nullopt);
    CHECK(row.get<std::optional<std::string_view>>(4) == std::nullopt);
    CHECK(row.get<Value>(4).is_null());
    CHECK(row.is_null(4));
    CHECK_FALSE(row.is_null(5));
    CHECK(row.get<std::uint8_t>(5) == 200);
    CHECK(row.get<std::optional<short>>(5) == 200);
    CHECK(row.get<double>(5) == 200.0);
    CHECK(row.get<Value>(5) == Value(200));
    CHECK(row.get<std::string>(6).empty());
    CHECK_FALSE(row.is_null(6));
  });
}

TEST_CASE("truth values are read as bool, SQLite's 0 and 1 too") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    const Row row = connection.execute(text("SELECT CAST(1 AS boolean), CAST(0 AS boolean)")).one();

    CHECK(row.get<bool>(0));
    CHECK_FALSE(row.get<bool>(1));
    CHECK_THROWS_AS(connection.scalar<bool>(text("SELECT 'true'")), InvalidRequestError);
  });
}

TEST_CASE("exact decimals are read as text, as floating point, and as integers when they are whole") {
  on_postgresql([](const Engine& engine) {
    Connection connection = engine.connect();
    const Row row =
        connection.execute(text("SELECT 12.50::numeric, sum(n), 1e30::numeric FROM (VALUES (2::bigint)) AS x(n)")).one();

    CHECK(row.get<std::string>(0) == "12.50");
    CHECK(row.get<double>(0) == 12.5);
    CHECK(row.get<int>(1) == 2);
    CHECK_THROWS_AS(row.get<int>(0), DataError);
    CHECK_THROWS_AS(row.get<std::int64_t>(2), DataError);
  });
}

TEST_CASE("a value of another type, out of range or NULL is refused, naming the column and both types") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    const Row row =
        connection.execute(text("SELECT CAST(300 AS bigint) AS n, 'x' AS s, CAST(NULL AS bigint) AS z")).one();

    CHECK_THAT(error_of<InvalidRequestError>([&] { return row.get<std::string>("n"); }),
               Catch::Matchers::StartsWith("column 'n' holds integer") &&
                   Catch::Matchers::EndsWith("cannot be read as std::string"));
    CHECK_THAT(error_of<InvalidRequestError>([&] { return row.get<int>("s"); }),
               Catch::Matchers::StartsWith("column 's' holds text") &&
                   Catch::Matchers::EndsWith("cannot be read as std::int32_t"));
    CHECK_THAT(error_of<InvalidRequestError>([&] { return row.get<Bytes>("s"); }),
               Catch::Matchers::EndsWith("cannot be read as greenway::Bytes"));
    CHECK_THAT(error_of<InvalidRequestError>([&] { return row.get<double>("z"); }),
               Catch::Matchers::StartsWith("column 'z' holds null") &&
                   Catch::Matchers::EndsWith("read it as std::optional<double>"));
    CHECK_THAT(error_of<DataError>([&] { return row.get<std::uint8_t>("n"); }),
               Catch::Matchers::StartsWith("column 'n' holds integer") &&
                   Catch::Matchers::EndsWith("does not fit into std::uint8_t"));
    CHECK_THROWS_AS(connection.scalar<std::uint64_t>(text("SELECT -1")), DataError);
    CHECK_THROWS_AS(connection.scalar<float>(text("SELECT CAST(1e300 AS double precision)")), DataError);
    CHECK_THROWS_AS(row.get<bool>("n"), InvalidRequestError);
  });
}

TEST_CASE("a column that is not there, or is there twice, is named in the error") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    const Row row = connection.execute(text("SELECT 1 AS a, 2 AS b, 3 AS b")).one();

    CHECK(error_of<NoSuchColumnError>([&] { return row.get<int>("c"); }) ==
          "Could not locate column in row for column 'c'; its columns are: a, b, b");
    CHECK(error_of<NoSuchColumnError>([&] { return row.get<int>(3); }) ==
          "Could not locate column in row for column 3; it has 3, counted from 0");
    CHECK_THAT(error_of<InvalidRequestError>([&] { return row.get<int>("b"); }),
               Catch::Matchers::StartsWith("Ambiguous column name 'b' in result set column descriptions"));
    CHECK(row.get<int>(2) == 3);
    CHECK(row.keys() == std::vector<std::string>{"a", "b", "b"});
  });
}

TEST_CASE("rows and results print themselves") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    Result result = connection.execute(text("SELECT id, name FROM t ORDER BY id"));
    CHECK(result.fetchone().has_value());
    std::ostringstream out;

    out << result << '\n'
        << *connection.execute(text("SELECT 1.5e0, 'it''s', :b").bind("b", Bytes{std::byte{10}})).first();

    CHECK(out.str() == "id | name\n(2, NULL)\n(3, 'three')\n(1.5, 'it''s', x'0a')");
    CHECK(result.all().size() == 2);
  });
}

TEST_CASE("while a result streams its connection executes nothing else") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    Result result = numbers(connection, 1000, streaming(10));
    CHECK(result.fetchone()->get<int>(0) == 1);

    CHECK_THAT(error_of<InvalidRequestError>([&] { return connection.execute(text("SELECT 1")); }),
               Catch::Matchers::StartsWith("a streaming result is still open on this connection"));

    CHECK(result.fetchall().size() == 999);
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("a stream that is closed or dropped early leaves its connection usable") {
  const bool is_closed = GENERATE(true, false);
  everywhere([&](const Engine& engine) {
    Connection connection = engine.connect();
    {
      Result result = numbers(connection, 1000, streaming(10));
      CHECK(result.fetchone()->get<int>(0) == 1);
      if (is_closed) {
        result.close();
        result.close();
        CHECK(error_of<ResourceClosedError>([&] { return result.fetchone(); }) == closed);
      }
    }

    CHECK(connection.scalar<int>(text("SELECT 2")) == 2);
  });
}

TEST_CASE("a stream ends with its transaction, its connection, or the next result's place") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    Result committed = numbers(connection, 1000, streaming(10));
    CHECK(committed.fetchmany(10).size() == 10);
    connection.commit();
    CHECK_THROWS_AS(committed.fetchone(), ResourceClosedError);

    Result rolled_back = numbers(connection, 1000, streaming(10));
    connection.rollback();
    CHECK_THROWS_AS(rolled_back.fetchone(), ResourceClosedError);

    Result left = numbers(connection, 1000, streaming(10));
    connection.close();
    CHECK_THROWS_AS(left.fetchone(), ResourceClosedError);
    CHECK(engine.pool_status().idle == 1);
  });
}

TEST_CASE("a stream that is moved or replaced is read by its new owner, or given up") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    Result first = numbers(connection, 100, streaming(10));
    CHECK(first.fetchone()->get<int>(0) == 1);

    Result second = std::move(first);
    CHECK(second.fetchone()->get<int>(0) == 2);

    Connection other = engine.connect();
    second = numbers(other, 1);
    CHECK(second.fetchone()->get<int>(0) == 1);
    CHECK(connection.scalar<int>(text("SELECT 3")) == 3);
  });
}

}  // namespace conformance
