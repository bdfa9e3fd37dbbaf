// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <map>
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/sql/ddl.hpp>

#include "shapes.hpp"
#include "support/catch.hpp"

using namespace greenway;

namespace {

std::string text_of(const Statement& statement, const Dialect& dialect) { return statement.str(dialect); }

/// The statements that define a table, each ended by a semicolon.
std::string text_of(const Table& table, const Dialect& dialect) {
  std::string text = create_table_sql(table, dialect) + ";";
  for (const std::string& more : create_index_sql(table, dialect)) {
    text += "\n" + more + ";";
  }
  return text;
}

template <class S>
std::string text_or_error(const S& statement, const Dialect& dialect) {
  try {
    return text_of(statement, dialect);
  } catch (const CompileError& error) {
    return std::string("!") + error.what();
  }
}

/// Says that a text is what was expected, or that an error begins like it.
void check(const std::string& text, const std::string& expected) {
  CHECK((expected.starts_with("!") ? text.substr(0, expected.size()) : text) == expected);
}

void check(const std::vector<shapes::Shape>& all) {
  for (const shapes::Shape& shape : all) {
    INFO(shape.name);
    check(text_or_error(shape.statement, Dialect::postgresql()), shape.postgresql);
    std::string on_sqlite = shape.sqlite.empty() ? shape.postgresql : shape.sqlite;
    std::ranges::replace(on_sqlite, '$', '?');
    check(text_or_error(shape.statement, Dialect::sqlite()), on_sqlite);
  }
}

std::string key_of(const Statement& statement) {
  StatementShape shape;
  shape.read(*statement.node());
  return std::string(shape.key());
}

}  // namespace

TEST_CASE("each operator compiles to the SQL of each database") { check(shapes::operators()); }

TEST_CASE("texts are matched in the SQL of each database") { check(shapes::matches()); }

TEST_CASE("parentheses stand where SQLAlchemy's precedences or one of the databases needs them") { check(shapes::precedences()); }

TEST_CASE("functions compile to the SQL of each database") { check(shapes::functions()); }

TEST_CASE("windows and their frames compile to the SQL of each database") { check(shapes::windows()); }

TEST_CASE("casts, literals and cases compile to the SQL of each database") { check(shapes::casts()); }

TEST_CASE("each clause of a select compiles to the SQL of each database") { check(shapes::selects()); }

TEST_CASE("locks compile to the SQL of each database") { check(shapes::locks()); }

TEST_CASE("subqueries leave to the outside what is there, in the SQL of each database") { check(shapes::subqueries()); }

TEST_CASE("common table expressions compile to the SQL of each database") { check(shapes::ctes()); }

TEST_CASE("sets of rows are combined in the SQL of each database") { check(shapes::compounds()); }

TEST_CASE("rows of functions and values compile to the SQL of each database") { check(shapes::row_sources()); }

TEST_CASE("each change of data compiles to the SQL of each database") { check(shapes::changes()); }

TEST_CASE("each way to meet a row that is there compiles to the SQL of each database") { check(shapes::upserts()); }

TEST_CASE("each definition compiles to the SQL of each database") {
  for (const shapes::Definition& definition : shapes::definitions()) {
    INFO(definition.name);
    check(text_or_error(definition.table, Dialect::postgresql()), definition.postgresql);
    const std::string& on_sqlite = definition.sqlite.empty() ? definition.postgresql : definition.sqlite;
    check(text_or_error(definition.table, Dialect::sqlite()), on_sqlite);
  }
}

TEST_CASE("a collation is quoted where it is an identifier") {
  const Column& name = shapes::metadata().find("person")->c("name");
  CHECK(select(name.collate("C")).str(Dialect::postgresql()) == "SELECT person.name COLLATE \"C\" AS anon_1 FROM person");
  CHECK(select(name.collate("NOCASE")).str(Dialect::sqlite()) == "SELECT person.name COLLATE NOCASE AS anon_1 FROM person");
  CHECK(select(name.collate("C; --")).str(Dialect::sqlite()) == "SELECT person.name COLLATE \"C; --\" AS anon_1 FROM person");
}

TEST_CASE("no two statements of different text have the same shape, and no two shapes the same text") {
  const std::vector<shapes::Shape> all = shapes::all();
  std::map<std::string, std::string> by_key;
  std::map<std::string, std::string> by_text;
  for (const shapes::Shape& shape : all) {
    INFO(shape.name);
    const auto known = by_key.emplace(key_of(shape.statement), shape.postgresql);
    CHECK((known.second || known.first->second == shape.postgresql));
    by_text.emplace(shape.postgresql, shape.name);
  }
  CHECK(all.size() + shapes::definitions().size() >= 300);
  CHECK(by_text.size() * 100 > all.size() * 90);
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

TEST_CASE("a mistake in a part is told when that part is written") {
  MetaData metadata;
  const Table t("t", metadata, Column("a", Text()));
  CHECK_THROWS_AS(t.c("a").regexp_match("x", "n"), ArgumentError);
  CHECK_THROWS_AS(extract("year FROM a); --", t.c("a")), ArgumentError);
  CHECK_THROWS_AS(FrameClause::rows(1, -1), ArgumentError);
  CHECK_THROWS_AS(values({}), ArgumentError);
  CHECK_THROWS_AS(values({column("a"), column("b")}).data({{1, 2}, {3}}), ArgumentError);
}

TEST_CASE("what lacks a part, or names one that is not there, does not compile") {
  MetaData metadata;
  const Table t("t", metadata, Column("a", Integer()));
  CHECK_THROWS_AS(update(t).str(), CompileError);
  CHECK_THROWS_AS(select(values({column("a")})).str(), CompileError);
  CHECK_THROWS_WITH(select(t).order_by("b").str(), Catch::Matchers::Contains("the select has no such column"));
  CHECK_THROWS_AS(select(t).group_by("b").str(), CompileError);
  CHECK_THROWS_AS(select(t).where(label_reference("a") == 1).str(), CompileError);
}

TEST_CASE("a column object may serve two tables, one of them with it in the primary key") {
  MetaData metadata;
  const Column a("a", Integer());
  const Table t("t", metadata, a, PrimaryKeyConstraint({"a"}));
  const Table u("u", metadata, a);
  CHECK(t.primary_key().size() == 1);
  CHECK(u.primary_key().empty());
  CHECK(select(t.c("a"), u.c("a")).str() == "SELECT t.a, u.a AS a_1 FROM t, u");
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
