// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/sql/struct_parameters.hpp>
#include <greenway/sql/text.hpp>

#include "support/catch.hpp"

using namespace greenway;

namespace {

using Names = std::vector<std::string>;

struct Named {
  int id;
  std::optional<std::string> name;
  double ratio;
};
BOOST_DESCRIBE_STRUCT(Named, (), (id, name, ratio))

std::string dollar(std::string_view sql) { return text(sql).sql(ParameterStyle::dollar).text; }

}  // namespace

TEST_CASE("a parameter becomes a placeholder of the database's style") {
  const TextClause statement = text("SELECT a FROM t WHERE b = :b AND c < :c");

  CHECK(statement.names() == Names{"b", "c"});
  CHECK(statement.sql(ParameterStyle::dollar).text == "SELECT a FROM t WHERE b = $1 AND c < $2");
  CHECK(statement.sql(ParameterStyle::question).text == "SELECT a FROM t WHERE b = ?1 AND c < ?2");
}

TEST_CASE("a name that occurs twice is one parameter") {
  const TextClause statement = text(":a + :b + :a");

  CHECK(statement.names() == Names{"a", "b"});
  CHECK(statement.sql(ParameterStyle::question).text == "?1 + ?2 + ?1");
}

TEST_CASE("names may hold underscores and digits, but not begin with a digit") {
  CHECK(text("(:_a1,:B)").names() == Names{"_a1", "B"});
  CHECK(dollar("(:_a1,:B)") == "($1,$2)");
  CHECK(text("ARRAY[1,2][ :1 ]").names().empty());
}

TEST_CASE("what only looks like a parameter is left alone") {
  const std::string sql = GENERATE(as<std::string>(),                       //
                                   "SELECT '12:30', 'it''s :no'",           // a literal
                                   "SELECT \":no\", \"a\"\":no\"",          // a quoted identifier
                                   "SELECT `:no`",                          // SQLite's other quotes
                                   "SELECT 1 -- :no",                       // a comment
                                   "SELECT 1 /* :no /* :nested */ :no */",  // nested comments
                                   "SELECT $$ :no $$, $q$ :no $$ :no $q$",  // dollar quotes
                                   "SELECT E'\\' :no', e'\\\\'",            // escapes
                                   "SELECT a::int, '1'::text",              // casts
                                   "SELECT a[1:2], a[i:j]",                 // slices
                                   "SELECT f(x := 1)",                      // named arguments
                                   "SELECT 'unfinished :no", "SELECT /* unfinished :no", "SELECT $x$ :no", ":", "");

  CHECK(text(sql).names().empty());
  CHECK(dollar(sql) == sql);
}

TEST_CASE("parameters are found next to literals, comments and casts") {
  CHECK(dollar("SELECT ':a', :a::int, E'\\'', :b -- :c\n, :c /* :d */ , :d, $1$, ':e'") ==
        "SELECT ':a', $1::int, E'\\'', $2 -- :c\n, $3 /* :d */ , $4, $1$, ':e'");
}

TEST_CASE("a backslash makes a colon a colon") {
  const TextClause statement = text("SELECT a\\:b, \\:c, :d, '\\:e'");

  CHECK(statement.names() == Names{"d"});
  CHECK(statement.sql(ParameterStyle::dollar).text == "SELECT a:b, :c, $1, '\\:e'");
}

TEST_CASE("the source and characters beyond ASCII stay as they were written") {
  const TextClause statement = text("SELECT 'é' AS größe WHERE x = :x");

  CHECK(statement.source() == "SELECT 'é' AS größe WHERE x = :x");
  CHECK(statement.sql(ParameterStyle::dollar).text == "SELECT 'é' AS größe WHERE x = $1");
}

TEST_CASE("values come in the order of the parameters, whatever the order of binding") {
  const TextClause statement = text(":a :b :c").bind("c", 3).bind("a", "one").bind("b", nullptr);

  REQUIRE(statement.values().size() == 3);
  CHECK(statement.values()[0] == Value("one"));
  CHECK(statement.values()[1].is_null());
  CHECK(statement.values()[2] == Value(3));
}

TEST_CASE("parameter sets bind several names at once") {
  const TextClause statement = text(":a :b").bind(params("b", 2, "a", std::string("x")));

  CHECK(statement.values()[0] == Value("x"));
  CHECK(statement.values()[1] == Value(2));
  CHECK(params().items().empty());
}

TEST_CASE("binding leaves the statement as it was and shares its text") {
  static const TextClause statement = text("SELECT :a");

  const TextClause one = statement.bind("a", 1);
  const TextClause two = statement.bind("a", 2);

  CHECK(one.values()[0] == Value(1));
  CHECK(two.values()[0] == Value(2));
  CHECK(&one.sql(ParameterStyle::dollar) == &two.sql(ParameterStyle::dollar));
  CHECK_THROWS_AS(statement.values(), ArgumentError);
}

TEST_CASE("a parameter without a value, a surplus one and one given twice each name both sides") {
  const TextClause statement = text(":a :b");

  CHECK_THROWS_WITH(statement.bind("a", 1).values(),
                    "parameter 'b' has no value (parameters of the statement: a, b; with a value so far: a)");
  CHECK_THROWS_WITH(statement.bind("a", 1).bind("c", 1),
                    "the statement has no parameter 'c' (parameters of the statement: a, b; with a value so far: a)");
  CHECK_THROWS_WITH(statement.bind("a", 1).bind("a", 1),
                    "parameter 'a' is given twice (parameters of the statement: a, b; with a value so far: a)");
  CHECK_THROWS_WITH(statement.bind(params("b", 1, "b", 2)),
                    "parameter 'b' is given twice (parameters of the statement: a, b; with a value so far: b)");
  CHECK_THROWS_WITH(
      text("SELECT 1").bind("a", 1),
      "the statement has no parameter 'a' (parameters of the statement: none; with a value so far: none)");
  CHECK_THROWS_AS(statement.bind("", 1), ArgumentError);
}

TEST_CASE("values are bound in the order of the parameters, or from the members of a struct") {
  const TextClause statement = text("INSERT INTO t VALUES (:id, :name, :id)");
  CHECK(std::ranges::equal(statement.bind_all(1, "a").values(), std::vector<Value>{1, "a"}));
  CHECK(std::ranges::equal(statement.bind("id", 1).bind_all("a").values(), std::vector<Value>{1, "a"}));
  CHECK_THROWS_AS(statement.bind_all(1), ArgumentError);
  CHECK_THROWS_AS(statement.bind_all(1, "a", 3), ArgumentError);

  const Named named{7, "g", 1.5};
  CHECK(std::ranges::equal(statement.bind_struct(named).values(), std::vector<Value>{7, "g"}));
  CHECK_THROWS_AS(statement.bind("id", 1).bind_struct(named), ArgumentError);
}

TEST_CASE("sets of parameters are made of structs and of tuples") {
  const ParameterSets of_structs = rows(std::vector{Named{1, "a", 0.5}, Named{2, std::nullopt, 1.5}});
  REQUIRE(of_structs.sets().size() == 2);
  CHECK(of_structs.sets()[1].items() ==
        std::vector<std::pair<std::string, Value>>{{"id", 2}, {"name", Value()}, {"ratio", 1.5}});
  const ParameterSets of_tuples = rows({"id", "name"}, std::vector{std::tuple(1, "a"), std::tuple(2, "b")});
  REQUIRE(of_tuples.sets().size() == 2);
  CHECK(of_tuples.sets()[1].items() == std::vector<std::pair<std::string, Value>>{{"id", 2}, {"name", "b"}});
  CHECK_THROWS_AS(rows({"id"}, std::vector{std::tuple(1, "a")}), ArgumentError);
}

TEST_CASE("one statement is rendered once, however many threads ask first") {
  static const TextClause statement = text("SELECT :a, :b");
  std::vector<const SQLText*> seen(8);

  std::vector<std::thread> threads;
  for (const SQLText*& slot : seen) {
    threads.emplace_back([&slot] { slot = &statement.bind("a", 1).sql(ParameterStyle::question); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }

  CHECK(seen[0]->text == "SELECT ?1, ?2");
  CHECK(seen == std::vector<const SQLText*>(8, seen[0]));
}
