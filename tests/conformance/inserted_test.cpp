// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/select.hpp>

#include "ways.hpp"

namespace conformance {

namespace {

struct Tables {
  gw::MetaData metadata;
  gw::Table counted{"counted", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::Text(), gw::unique)};
  gw::Table named{"named", metadata, gw::Column("name", gw::Text(), gw::primary_key), gw::Column("x", gw::Integer())};
  gw::Table made{"made", metadata, gw::Column("code", gw::Text(), gw::primary_key, gw::server_default("none")),
                 gw::Column("part", gw::Integer(), gw::primary_key), gw::Column("x", gw::Integer())};
  gw::Table keyless{"keyless", metadata, gw::Column("x", gw::Integer())};
};

using Key = std::vector<gw::Value>;

std::vector<gw::Parameters> names(int count) {
  std::vector<gw::Parameters> sets;
  for (int i = 1; i <= count; ++i) {
    sets.push_back(gw::params("name", "name " + std::to_string(i)));
  }
  return sets;
}

/// How many statements were sent meanwhile.
template <class F>
int sent_by(const Engine& engine, F&& body) {
  int count = 0;
  auto& event = engine.events().before_cursor_execute;
  const auto listening = event.listen([&](gw::Connection&, gw::StatementContext&) { ++count; });
  body();
  event.remove(listening);
  return count;
}

void create_all(Connection& connection, const gw::MetaData& metadata) {
  run_sync(connection, [&](gw::Connection& sync) { metadata.create_all(sync); });
}

}  // namespace

TEST_CASE("the result of an insert knows the primary key of the new row, whoever made it") {
  everywhere([](const Engine& engine) {
    Tables t;
    Connection connection = engine.connect();
    create_all(connection, t.metadata);
    const auto key = [&](const gw::Statement& statement, const gw::Parameters& parameters = {}) {
      const Result result = connection.execute(statement, parameters);
      CHECK_FALSE(result.returns_rows());
      CHECK(result.rowcount() == 1);
      CHECK(result.inserted_primary_key_rows() == std::vector<Key>{result.inserted_primary_key()});
      return result.inserted_primary_key();
    };
    CHECK(key(gw::insert(t.counted).values("name", "a")) == Key{1});
    CHECK(key(gw::insert(t.counted), gw::params("name", "b")) == Key{2});
    CHECK(key(gw::insert(t.counted).values("id", 10, "name", "c")) == Key{10});
    CHECK(key(gw::insert(t.counted).values("id", gw::bindparam("id"), "name", "d"), gw::params("id", 11)) == Key{11});
    CHECK(key(gw::insert(t.counted).values("id", gw::literal(10) + 2, "name", "e")) == Key{12});
    CHECK(key(gw::insert(t.named).values("name", "f")) == Key{"f"});
    CHECK(key(gw::insert(t.made).values("part", 3)) == Key{"none", 3});
    // The same statement again, from the cache.
    CHECK(key(gw::insert(t.made).values("part", 4)) == Key{"none", 4});
  });
}

TEST_CASE("an insert that finds its row there has no key, whatever was inserted before") {
  everywhere([](const Engine& engine) {
    Tables t;
    Connection connection = engine.connect();
    create_all(connection, t.metadata);
    const auto careful = gw::insert(t.counted).values("name", "a").on_conflict_do_nothing();
    CHECK(connection.execute(careful).inserted_primary_key() == Key{1});
    const Result second = connection.execute(careful);
    CHECK(second.rowcount() == 0);
    CHECK(second.inserted_primary_key() == Key{gw::Value()});
  });
}

TEST_CASE("the key is asked for in a statement of its own making, and not of what has none to tell") {
  everywhere([](const Engine& engine) {
    Tables t;
    Connection connection = engine.connect();
    create_all(connection, t.metadata);
    std::string sql;
    engine.events().before_cursor_execute.listen(
        [&](gw::Connection&, gw::StatementContext& it) { sql = it.statement; });
    connection.execute(gw::insert(t.counted).values("name", "a"));
    CHECK(sql.ends_with(" RETURNING counted.id") == (engine.name() == "postgresql"));
    connection.execute(gw::insert(t.counted).values("name", "b").inline_());
    CHECK(sql.find("RETURNING") == std::string::npos);

    for (const gw::Statement& statement :
         std::vector<gw::Statement>{gw::insert(t.counted).values("name", "c").inline_(), gw::insert(t.keyless).values("x", 1),
                                    gw::insert(t.counted).values(names(2)), gw::update(t.keyless).values("x", 2),
                                    gw::insert(t.counted).values("name", "d").returning(t.counted.c("id"))}) {
      CHECK_THROWS_AS(connection.execute(statement).inserted_primary_key(), gw::InvalidRequestError);
    }
    CHECK_THROWS_AS(connection.execute(gw::insert(t.counted), gw::rows(gw::params("name", "e"))).inserted_primary_key(),
                    gw::InvalidRequestError);
  });
}

TEST_CASE("many rows come back from one insert with RETURNING, in the order of their parameters") {
  everywhere([](const Engine& engine) {
    Tables t;
    Connection connection = engine.connect();
    create_all(connection, t.metadata);
    const auto statement = gw::insert(t.counted).returning(t.counted.c("id"), t.counted.c("name"));
    std::vector<std::tuple<int, std::string>> rows;
    const auto insert = [&](const gw::ExecutionOptions& options) {
      Result result = connection.execute(statement, gw::rows(names(2500)), options);
      CHECK(result.rowcount() == 2500);
      rows = result.tuples<int, std::string>().all();
      connection.rollback();
      create_all(connection, t.metadata);
    };
    CHECK(sent_by(engine, [&] { insert({}); }) >= 3);
    REQUIRE(rows.size() == 2500);
    for (int i = 0; i != 2500; ++i) {
      REQUIRE(rows[static_cast<std::size_t>(i)] == std::tuple(i + 1, "name " + std::to_string(i + 1)));
    }
    gw::ExecutionOptions small;
    small.insertmanyvalues_page_size = 2;
    small.stream_results = true;
    CHECK(connection.execute(statement, gw::rows(names(5)), small).all().size() == 5);
    connection.execute(gw::delete_(t.counted));
    gw::ExecutionOptions one_by_one;
    one_by_one.use_insertmanyvalues = false;
    CHECK(sent_by(engine, [&] {
            CHECK(connection.execute(statement, gw::rows(names(5)), one_by_one).all().size() == 5);
          }) == 5);
    connection.execute(gw::delete_(t.counted));
    CHECK(connection.execute(statement, gw::rows(std::vector<gw::Parameters>())).rowcount() == 0);
    CHECK_THROWS_AS(connection.execute(statement, gw::rows(gw::params("name", "a"), gw::params("id", 1))), gw::ArgumentError);
    CHECK(connection.scalar<std::int64_t>(gw::select(gw::func::count()).select_from(t.counted)) == 0);
  });
}

TEST_CASE("rows that say nothing are inserted one by one, each with its own key") {
  everywhere([](const Engine& engine) {
    Tables t;
    Connection connection = engine.connect();
    create_all(connection, t.metadata);
    const std::vector<gw::Parameters> sets(3);
    const int sent = sent_by(engine, [&] {
      const auto rows = connection.execute(gw::insert(t.counted).returning(t.counted.c("id")), gw::rows(sets)).all();
      REQUIRE(rows.size() == 3);
      CHECK(rows[2].get<int>(0) == 3);
    });
    CHECK(sent == 3);
  });
}

TEST_CASE("a page of rows has as many parameters as every server takes") {
  everywhere([](const Engine& engine) {
    gw::MetaData metadata;
    std::vector<gw::Column> columns{gw::Column("id", gw::Integer(), gw::primary_key)};
    gw::Parameters set;
    for (int i = 0; i != 99; ++i) {
      columns.emplace_back("c" + std::to_string(i), gw::Integer());
      set.add("c" + std::to_string(i), gw::Value(i));
    }
    const gw::Table wide("wide", metadata, columns);
    Connection connection = engine.connect();
    create_all(connection, metadata);
    const int statements = sent_by(engine, [&] {
      CHECK(connection.execute(gw::insert(wide).returning(wide.c("id")), gw::rows(std::vector(200, set))).all().size() == 200);
    });
    CHECK(statements == 3);  // 70, 70 and 60 rows of 99 parameters
  });
}

TEST_CASE("a column is read by what was selected, where several have its name") {
  everywhere([](const Engine& engine) {
    Tables t;
    Connection connection = engine.connect();
    create_all(connection, t.metadata);
    connection.execute(gw::insert(t.counted).values("name", "counted"));
    connection.execute(gw::insert(t.named).values("name", "named", "x", 5));
    const auto doubled = (t.named.c("x") * 2).label("twice");
    auto result = connection.execute(gw::select(t.counted.c("name"), t.named.c("name"), doubled, t.named.c("x") + 1)
                                         .select_from(t.counted).select_from(t.named));
    const gw::Row row = result.one();
    CHECK(row.get<std::string>(t.counted.c("name")) == "counted");
    CHECK(row.get<std::string>(t.named.c("name")) == "named");
    CHECK(row.get<int>(doubled) == 10);
    CHECK(row.get<int>("twice") == 10);
    CHECK_FALSE(row.is_null(t.named.c("name")));
    CHECK_THROWS_AS(row.get<int>(t.named.c("x") + 1), gw::NoSuchColumnError);
    CHECK_THROWS_AS(row.get<int>(t.named.c("x")), gw::NoSuchColumnError);

    // After columns() as well, and where the text says the names.
    auto some = connection.execute(gw::select(t.counted.c("name"), t.named.c("name")).select_from(t.counted).select_from(t.named));
    CHECK(some.columns(t.named.c("name")).one().get<std::string>(t.named.c("name")) == "named");
    CHECK(connection.execute(gw::text("SELECT 'text' AS name")).one().get<std::string>(t.named.c("name")) == "text");
  });
}

}  // namespace conformance
