// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"
#include "expression_tree.hpp"

using namespace trees;

namespace {

constexpr std::size_t batch_size = 40;

/// A number from the environment: GREENWAY_TEST_TREES=20000 tries as many trees, GREENWAY_TEST_SEED others.
std::uint64_t option(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

gw::Table make_table(gw::MetaData& metadata) {
  return gw::Table("trees", metadata, gw::Column("id", gw::BigInteger(), gw::primary_key), gw::Column("i", gw::BigInteger()),
                   gw::Column("j", gw::BigInteger()), gw::Column("big", gw::BigInteger()), gw::Column("p", gw::Boolean()),
                   gw::Column("q", gw::Boolean()), gw::Column("s", gw::Text()), gw::Column("t", gw::Text()),
                   gw::Column("x", gw::Double()), gw::Column("y", gw::Double()), gw::Column("n", gw::Numeric()),
                   gw::Column("m", gw::Numeric()));
}

void insert_rows(gw::Connection& connection, const gw::Table& table) {
  std::vector<gw::Parameters> all;
  for (std::size_t row = 0; row != rows().size(); ++row) {
    gw::Parameters values = gw::params("id", row);
    for (std::size_t i = 0; i != columns().size(); ++i) {
      values.add(columns()[i].name, value_of(rows()[row][i], columns()[i].kind));
    }
    all.push_back(std::move(values));
  }
  connection.execute(gw::insert(table), gw::rows(all));
}

Datum read(const gw::Row& row, std::size_t column, Kind kind) {
  if (row.is_null(column)) {
    return {};
  }
  switch (kind) {
    case Kind::boolean: return row.get<bool>(column);
    case Kind::integer: return row.get<std::int64_t>(column);
    case Kind::real: return row.get<double>(column);
    case Kind::numeric: return row.get<gw::Decimal>(column).to_double();
    case Kind::text: break;
  }
  return row.get<std::string>(column);
}

/// Selects trees from the table and compares.
class Trial {
 public:
  Trial(gw::Connection& connection, const gw::Table& table)
      : connection_(&connection), table_(&table), dialect_(connection.dialect().kind()) {}

  /// The first difference that these trees make, as small as it can be shown; empty when there is none.
  std::string difference(const std::vector<Tree>& all) const {
    if (failure(all).empty()) {
      return aggregate_failure(all);
    }
    for (const Tree& tree : all) {
      if (!failure({tree}).empty()) {
        const Tree smaller = smallest(tree);
        const gw::Compiled compiled = gw::compile(gw::select(build(smaller, *table_)), connection_->dialect());
        return failure({smaller}) + "\n  " + print(smaller) + "\n  " + compiled.sql.text + "\nof " + print(tree);
      }
    }
    return "only together: " + failure(all);
  }

 private:
  /// Of the trees inside a tree that fails the smallest that does.
  Tree smallest(const Tree& tree) const {
    for (const Tree& operand : tree.operands) {
      if (!failure({operand}).empty()) {
        return smallest(operand);
      }
    }
    return tree;
  }

  std::string failure(const std::vector<Tree>& all) const try {
    std::vector<gw::ColumnElement> selected = {table_->c("id")};
    for (const Tree& tree : all) {
      selected.push_back(build(tree, *table_));
    }
    const auto savepoint = connection_->begin_nested();
    std::size_t at = 0;
    for (const gw::Row& row : connection_->execute(gw::select(selected).order_by(table_->c("id")))) {
      for (std::size_t i = 0; i != all.size(); ++i) {
        const Datum expected = evaluate(all[i], rows()[at], dialect_);
        const Datum found = read(row, i + 1, all[i].kind);
        if (found != expected) {
          return print(found) + " instead of " + print(expected) + " in row " + std::to_string(at);
        }
      }
      ++at;
    }
    return at == rows().size() ? "" : std::to_string(at) + " rows";
  } catch (const gw::Error& error) {
    return error.what();
  }

  /// The same trees as conditions and arguments of aggregates.
  std::string aggregate_failure(const std::vector<Tree>& all) const try {
    std::vector<gw::ColumnElement> found;
    for (const Tree& tree : all) {
      const gw::ColumnElement element = build(tree, *table_);
      found.push_back(tree.kind == Kind::boolean ? gw::func::count().filter(element) : gw::func::min(element));
      found.push_back(tree.kind == Kind::boolean ? gw::ColumnElement(gw::func::count(element)) : gw::func::max(element));
    }
    const auto savepoint = connection_->begin_nested();
    const gw::Row row = connection_->execute(gw::select(found).select_from(*table_)).one();
    for (std::size_t i = 0; i != all.size(); ++i) {
      const Kind kind = all[i].kind == Kind::boolean ? Kind::integer : all[i].kind;
      const auto [first, second] = aggregates(all[i]);
      if (read(row, 2 * i, kind) != first || read(row, 2 * i + 1, kind) != second) {
        return "as an aggregate " + print(read(row, 2 * i, kind)) + ", " + print(read(row, 2 * i + 1, kind)) + " instead of " +
               print(first) + ", " + print(second) + "\n  " + print(all[i]);
      }
    }
    return "";
  } catch (const gw::Error& error) {
    return error.what();
  }

  /// Of a condition in how many rows it holds and is known, of others the least and greatest value.
  std::pair<Datum, Datum> aggregates(const Tree& tree) const {
    std::vector<Datum> known;
    for (const Row& row : rows()) {
      if (Datum value = evaluate(tree, row, dialect_); !is_null(value)) {
        known.push_back(std::move(value));
      }
    }
    if (tree.kind == Kind::boolean) {
      return {std::int64_t{std::ranges::count(known, Datum(true))}, static_cast<std::int64_t>(known.size())};
    }
    if (known.empty()) {
      return {};
    }
    const auto [least, greatest] = std::ranges::minmax_element(known);
    return {*least, *greatest};
  }

  gw::Connection* connection_;
  const gw::Table* table_;
  gw::Dialect::Kind dialect_;
};

/// The first difference, and how to see it again.
std::string first_difference(gw::Connection& connection) {
  gw::MetaData metadata;
  const gw::Table table = make_table(metadata);
  metadata.create_all(connection);
  insert_rows(connection, table);
  const Trial trial(connection, table);
  const std::uint64_t seed = option("GREENWAY_TEST_SEED", 1);
  const std::uint64_t count = option("GREENWAY_TEST_TREES", 2000);
  Generator generator(seed);
  for (std::uint64_t done = 0; done < count; done += batch_size) {
    std::vector<Tree> batch;
    for (std::size_t i = 0; i != batch_size; ++i) {
      batch.push_back(generator.next());
    }
    if (const std::string difference = trial.difference(batch); !difference.empty()) {
      return "GREENWAY_TEST_SEED=" + std::to_string(seed) + ", tree " + std::to_string(done) + " or later: " + difference;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("two thousand random expressions are worth on the databases what they are worth by themselves") {
  database::everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    CHECK(first_difference(connection) == "");
  });
}
