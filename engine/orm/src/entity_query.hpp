// SPDX-License-Identifier: BSL-1.0
#pragma once

// The SELECT that loads entities by their plans, and the entities that its rows hold.

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <greenway/orm/entity_select.hpp>

#include "instance.hpp"
#include "load_plan.hpp"

namespace greenway::detail {

struct JoinedColumns;
class SessionState;

// The columns of a row that make an entity: one behind the other, without those that are left out.
struct EntityColumns {
  const Mapper* mapper;
  std::shared_ptr<const LoadPlan> plan = {};
  std::size_t first = 0;
  bool overwrites = false;  // what the session has
  std::vector<JoinedColumns> joined = {};
  std::vector<Instance*> met = {};            // where there is a plan: by rows, since finish()
  boost::intrusive_ptr<RowCursor> rows = {};  // those that are read

  bool is_left_out(std::size_t attribute) const noexcept {
    return plan != nullptr && !plan->deferred.empty() && plan->deferred[attribute];
  }
  std::size_t column(std::size_t attribute) const noexcept;

  // The entity of a row, or null where there is none.
  Instance* read(SessionState& session, const Row& row);
  // What could not be loaded before all rows were there.
  void finish(SessionState& session);
};

// What belongs to an entity of the same row.
struct JoinedColumns {
  std::size_t relationship;
  EntityColumns target;
  std::unordered_map<Instance*, std::vector<std::shared_ptr<void>>> found = {};
  std::set<std::pair<const Instance*, const Instance*>> pairs = {};  // those found
};

// A SELECT and what its rows are made of.
struct EntityQuery {
  // Throws ArgumentError where an option is about none of the statement's classes.
  explicit EntityQuery(const EntityStatement& statement);
  // Of one class, found by a SELECT of its columns, and of other columns besides.
  EntityQuery(const Select& its_select, const Mapper& mapper, std::shared_ptr<const LoadPlan> plan,
              const std::vector<ColumnElement>& besides = {});

  Select select;
  std::vector<EntityColumns> entities = {};
  std::vector<std::size_t> columns = {};  // of the row, that are of no entity
  bool needs_unique = false;              // an entity may be in several rows
  bool loads_more = false;                // than its rows say
};

// What is joined to an owner's table to have its targets'.
struct RelatedJoin {
  FromClause to;
  ColumnElement on;
};

// `mine` gives the owner's columns; the target's are those of its table, or of an alias.
std::vector<RelatedJoin> joins_of(const Relationship& relationship,
                                  const std::function<ColumnElement(std::size_t)>& mine, const FromClause* to);

// An attribute's column, in another name of its table.
ColumnElement column_in(const Mapper& mapper, const Attribute& attribute, const FromClause& alias);

// An expression with columns of a table replaced by those of an alias of it.
ColumnElement rebased(const ColumnElement& element, const FromClause& table, const FromClause& alias);

}  // namespace greenway::detail
