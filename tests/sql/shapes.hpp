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
  std::string name;
  greenway::Statement statement;
  std::string postgresql;
  std::string sqlite;  ///< Empty: the same but for the placeholders; beginning with "!": how its CompileError begins.
};

/// @return The tables that they are about.
const greenway::MetaData& metadata();

std::vector<Shape> expressions();
std::vector<Shape> selects();
std::vector<Shape> changes();

}  // namespace shapes
