// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

/// Statements and the SQL text that each has to compile to. Whether that is SQL is for the databases to say: they execute
/// them too, in tests/conformance.
namespace shapes {

/// One of them.
struct Shape {
  Shape(std::string what, const greenway::Statement& how, std::string on_postgresql, std::string on_sqlite = {})
      : name(std::move(what)), statement(how), postgresql(std::move(on_postgresql)), sqlite(std::move(on_sqlite)) {}
  /// @return It, executed with these.
  Shape given(greenway::Parameters values) && {
    parameters = std::move(values);
    return std::move(*this);
  }
  std::string name;
  greenway::Statement statement;
  std::string postgresql;
  std::string sqlite;  ///< Empty: the same but for the placeholders; beginning with "!": how its CompileError begins.
  greenway::Parameters parameters = {};
};

/// A table, and the CREATE TABLE, CREATE INDEX and COMMENT ON that it compiles to, each ended by a semicolon.
struct Definition {
  std::string name;
  greenway::Table table;
  std::string postgresql;
  std::string sqlite;  ///< As of a Shape.
};

/// @return The tables that the statements are about.
const greenway::MetaData& metadata();

std::vector<Shape> operators();
std::vector<Shape> matches();
std::vector<Shape> precedences();
std::vector<Shape> functions();
std::vector<Shape> windows();
std::vector<Shape> casts();
std::vector<Shape> selects();
std::vector<Shape> locks();
std::vector<Shape> subqueries();
std::vector<Shape> ctes();
std::vector<Shape> compounds();
std::vector<Shape> row_sources();
std::vector<Shape> changes();
std::vector<Shape> upserts();

/// @return All of the above.
std::vector<Shape> all();

/// @return Tables that say of constraints, indexes and columns all that there is to say.
const std::vector<Definition>& definitions();

}  // namespace shapes
