// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>

#include <greenway/base/error.hpp>

#include "shapes.hpp"
#include "support/catch.hpp"

using namespace greenway;

namespace {

std::string text_or_error(const Statement& statement, const Dialect& dialect) {
  try {
    return statement.str(dialect);
  } catch (const CompileError& error) {
    return std::string("!") + error.what();
  }
}

void check(const std::vector<shapes::Shape>& all) {
  for (const shapes::Shape& shape : all) {
    INFO(shape.name);
    CHECK(text_or_error(shape.statement, Dialect::postgresql()) == shape.postgresql);
    const std::string on_sqlite = text_or_error(shape.statement, Dialect::sqlite());
    if (shape.sqlite.starts_with("!")) {
      CHECK(on_sqlite.substr(0, shape.sqlite.size()) == shape.sqlite);
      continue;
    }
    std::string expected = shape.sqlite.empty() ? shape.postgresql : shape.sqlite;
    std::ranges::replace(expected, '$', '?');
    CHECK(on_sqlite == expected);
  }
}

std::string key_of(const Statement& statement) {
  StatementShape shape;
  shape.read(*statement.node());
  return std::string(shape.key());
}

}  // namespace

TEST_CASE("each expression compiles to the SQL of each database") { check(shapes::expressions()); }

TEST_CASE("each select compiles to the SQL of each database") { check(shapes::selects()); }

TEST_CASE("each change of data compiles to the SQL of each database") { check(shapes::changes()); }

TEST_CASE("a collation is quoted where it is an identifier") {
  const Column& name = shapes::metadata().find("person")->c("name");
  CHECK(select(name.collate("C")).str(Dialect::postgresql()) == "SELECT person.name COLLATE \"C\" AS anon_1 FROM person");
  CHECK(select(name.collate("NOCASE")).str(Dialect::sqlite()) == "SELECT person.name COLLATE NOCASE AS anon_1 FROM person");
}

TEST_CASE("no two statements of different text have the same shape") {
  std::vector<shapes::Shape> all = shapes::expressions();
  for (const auto& more : {shapes::selects(), shapes::changes()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  for (const shapes::Shape& a : all) {
    for (const shapes::Shape& b : all) {
      if (a.postgresql != b.postgresql) {
        INFO(a.name << " and " << b.name);
        CHECK(key_of(a.statement) != key_of(b.statement));
      }
    }
  }
}

TEST_CASE("statements that differ in values alone, or in the length of a list, have the same shape") {
  MetaData metadata;
  const Table t("t", metadata, Column("a", Integer()), Column("b", Text()));
  CHECK(key_of(select(t).where(t.c("a") == 1)) == key_of(select(t).where(t.c("a") == 2)));
  CHECK(key_of(select(t).where(t.c("a").in_({1, 2}))) == key_of(select(t).where(t.c("a").in_({3}))));
  CHECK(key_of(select(t).where(t.c("a") == 1)) != key_of(select(t).where(t.c("a") == nullptr)));
  CHECK(key_of(select(t).where(t.c("a") == 1)) != key_of(select(t).where(t.c("b") == "1")));
  const ColumnElement once = literal(1);
  CHECK(key_of(select(t).where(t.c("a") == once && t.c("a") == once)) !=
        key_of(select(t).where(t.c("a") == literal(1) && t.c("a") == literal(1))));
}

TEST_CASE("a statement that is built on stays as it was") {
  MetaData metadata;
  const Table t("t", metadata, Column("a", Integer()));
  const Select all = select(t);
  const Select some = all.where(t.c("a") > 1);
  CHECK(all.str() == "SELECT t.a FROM t");
  CHECK(some.limit(3).str() == "SELECT t.a FROM t WHERE t.a > $1 LIMIT $2");
  CHECK(some.str() == "SELECT t.a FROM t WHERE t.a > $1");
}

TEST_CASE("a mistake is told when the statement is written") {
  MetaData metadata;
  const Table t("t", metadata, Column("a", Integer()));
  const Table u("u", metadata, Column("b", Integer()));
  CHECK_THROWS_WITH(t.c("nothing"), Catch::Matchers::Contains("has no column 'nothing'; it has: a"));
  CHECK_THROWS_WITH(insert(t).values("nothing", 1), Catch::Matchers::Contains("has no column 'nothing'"));
  CHECK_THROWS_WITH(t.join(u), Catch::Matchers::Contains("no foreign key between both sides"));
  CHECK_THROWS_AS(Table("t", metadata, Column("a", Integer())), InvalidRequestError);
  CHECK_THROWS_AS(Table("v", metadata, Column("a", Integer()), Column("a", Integer())), ArgumentError);
  CHECK_THROWS_AS(Table("w", metadata, Column("a", Integer()), UniqueConstraint({"b"})), ArgumentError);
}

TEST_CASE("identifiers are quoted where they have to be") {
  const Dialect& dialect = Dialect::postgresql();
  CHECK(dialect.quote("plain_1") == "plain_1");
  CHECK(dialect.quote("Capital") == "\"Capital\"");
  CHECK(dialect.quote("select") == "\"select\"");
  CHECK(dialect.quote("1st") == "\"1st\"");
  CHECK(dialect.quote("a\"b") == "\"a\"\"b\"");
  CHECK_THROWS_AS(dialect.quote(""), ArgumentError);
  CHECK_THROWS_AS(dialect.quote(std::string("a\0b", 3)), ArgumentError);
}
