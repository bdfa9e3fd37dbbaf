// SPDX-License-Identifier: BSL-1.0
#include "entity_writing.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/sql/detail/row_source.hpp>
#include <greenway/sql/dml.hpp>

#include "entity_key.hpp"

namespace greenway::detail {

namespace {

// SQLite's own limit is 32,766, and PostgreSQL's needs none where arrays are sent.
constexpr std::size_t most_parameters = 7000;

void check_rowcount(const char* what, const Table& table, std::size_t expected, std::int64_t met) {
  if (met != static_cast<std::int64_t>(expected)) {
    throw StaleDataError(std::string(what) + " statement on table '" + table.data().name + "' expected to match " +
                         std::to_string(expected) + " row(s); " + std::to_string(met) + " were matched.");
  }
}

void write_down(Instance& instance) {
  const std::size_t count = instance.mapper.attributes.size();
  std::vector<Value>& written = instance.own_rest().written;
  instance.loaded.reset();
  written.clear();
  written.reserve(count);
  for (std::size_t i = 0; i != count; ++i) {
    written.push_back(instance.value(i));
  }
  for (const std::size_t attribute : instance.mapper.deferred) {
    if (instance.is_unloaded(attribute) && instance.is_assigned(attribute)) {
      DeferredAccess::settle(*instance.mapper.attributes[attribute].type->deferred(instance.member(attribute)));
      instance.own_rest().unloaded[attribute] = false;
    }
  }
}

/// Lets the next row that is met say some attributes.
void leave_out(Instance& instance, const std::vector<std::size_t>& attributes) {
  if (!attributes.empty()) {
    std::vector<bool>& unloaded = instance.own_rest().unloaded;
    unloaded.resize(instance.mapper.attributes.size());
    for (const std::size_t attribute : attributes) {
      unloaded[attribute] = true;
    }
    instance.mark_deferred();
  }
}

/// How many rows one statement can be given.
std::size_t page_of(const std::vector<Type>& types, const Dialect& dialect) {
  return sends_arrays(types, dialect) ? std::numeric_limits<std::size_t>::max()
                                      : std::max<std::size_t>(most_parameters / types.size(), 1);
}

/// How many lists of values a condition is given: SQLite compares each with each where they are of several columns.
std::size_t lists_of(std::size_t columns, const Dialect& dialect) {
  return columns > 1 && dialect.kind() == Dialect::Kind::sqlite ? 500 : std::numeric_limits<std::size_t>::max();
}

/// What tells a row from others, and from other versions of itself.
std::vector<std::size_t> identity_of(const Mapper& mapper) {
  std::vector<std::size_t> identity = mapper.key;
  if (mapper.version) {
    identity.push_back(*mapper.version);
  }
  return identity;
}

}  // namespace

// INSERT.

void EntityWriter::insert(const Mapper& mapper, std::span<Instance* const> instances) {
  std::map<Mask, std::vector<Instance*>> groups;
  for (Instance* const instance : instances) {
    if (mapper.version && mapper.attributes[*mapper.version].type->is_unset(instance->member(*mapper.version))) {
      mapper.attributes[*mapper.version].type->assign(instance->member(*mapper.version), Value(1));
    }
    Mask says(mapper.attributes.size());
    for (std::size_t i = 0; i != says.size(); ++i) {
      const Attribute& attribute = mapper.attributes[i];
      const bool is_said = std::ranges::find(instance->rest().said, i) != instance->rest().said.end();
      says[i] = !attribute.expression &&
                (is_said || !attribute.has_default || !attribute.type->is_unset(instance->member(i)));
    }
    groups[std::move(says)].push_back(instance);
  }
  for (const auto& [mask, some] : groups) {
    insert_some(mapper, mask, some);
  }
}

void EntityWriter::insert_some(const Mapper& mapper, const Mask& mask, std::span<Instance* const> instances) {
  std::vector<std::size_t> made;  // by the database; or the key, so that there is an answer
  std::vector<std::size_t> left;  // to the next row that is met
  std::vector<Selected> returned;
  for (std::size_t i = 0; i != mask.size(); ++i) {
    const Attribute& attribute = mapper.attributes[i];
    if (mask[i] || attribute.expression) {
      continue;
    }
    if (mapper.eager_defaults == EagerDefaults::false_ && !attribute.column.data().primary_key) {
      left.push_back(i);
    } else {
      made.push_back(i);
      returned.emplace_back(attribute.column);
    }
  }
  if (returned.empty()) {
    returned.emplace_back(mapper.attributes[mapper.key.front()].column);
  }
  std::vector<Parameters> sets;
  sets.reserve(instances.size());
  for (const Instance* const instance : instances) {
    Parameters& set = sets.emplace_back();
    for (std::size_t i = 0; i != mask.size(); ++i) {
      if (mask[i]) {
        set.add(mapper.attributes[i].column.name(), instance->value(i));
      }
    }
  }
  Result result =
      session_.connection().execute(greenway::insert(*mapper.table).returning(returned), rows(std::move(sets)));
  for (Instance* const instance : instances) {
    const std::optional<Row> row = result.fetchone();
    if (!row) {
      throw StaleDataError("INSERT into table '" + mapper.table->data().name +
                           "' returned fewer rows than it was given");
    }
    for (std::size_t i = 0; i != made.size(); ++i) {
      mapper.attributes[made[i]].type->read(instance->member(made[i]), *row, i);
    }
    instance->own_rest().said.clear();
    std::vector<std::size_t>& generated = instance->own_rest().generated;
    generated.insert(generated.end(), made.begin(), made.end());
    generated.insert(generated.end(), left.begin(), left.end());
    become_persistent(*instance);
    leave_out(*instance, left);
  }
}

void EntityWriter::become_persistent(Instance& instance) {
  instance.state = EntityState::persistent;
  instance.is_new = true;
  instance.key = session_.key_of(instance);
  write_down(instance);
  leave_out(instance, instance.mapper.computed);
  if (!session_.identity_map_[&instance.mapper].insert(instance)) {
    throw InvalidRequestError("New instance of " + instance.mapper.name +
                              " with its primary key conflicts with a persistent instance of this Session");
  }
}

// UPDATE.

void EntityWriter::update(const Mapper& mapper, std::span<Instance* const> instances) {
  std::vector<Instance*> in_order(instances.begin(), instances.end());
  std::ranges::sort(in_order, {}, &Instance::key);  // so that two sessions lock rows in the same order
  std::map<Mask, std::vector<Instance*>> groups;
  for (Instance* const instance : in_order) {
    Mask changed(mapper.attributes.size());
    for (std::size_t i = 0; i != changed.size(); ++i) {
      changed[i] = !instance->is_unchanged(i);
    }
    if (std::ranges::find(changed, true) == changed.end()) {
      continue;
    }
    if (std::ranges::any_of(mapper.key, [&](std::size_t attribute) { return changed[attribute]; })) {
      throw InvalidRequestError("a member of the primary key of " + mapper.name +
                                " was changed: delete the entity, and add another one");
    }
    if (mapper.version) {
      const Value next(*instance->row_value(*mapper.version).get_if<std::int64_t>() + 1);
      mapper.attributes[*mapper.version].type->assign(instance->member(*mapper.version), next);
      changed[*mapper.version] = true;
    }
    groups[std::move(changed)].push_back(instance);
  }
  for (const auto& [mask, some] : groups) {
    std::vector<std::size_t> made;
    for (std::size_t i = 0; i != mask.size(); ++i) {
      if (!mask[i] && mapper.attributes[i].changes_by_update) {
        made.push_back(i);
      }
    }
    std::vector<std::size_t> left;
    if (mapper.eager_defaults != EagerDefaults::true_) {
      std::swap(made, left);
    }
    for (Instance* const instance : some) {
      session_.keep_before(*instance);
    }
    update_all(mapper, mask, made, some);
    for (Instance* const instance : some) {
      leave_out(*instance, left);
    }
  }
}

void EntityWriter::update_all(const Mapper& mapper, const Mask& mask, const std::vector<std::size_t>& made,
                              std::span<Instance* const> instances) {
  if (instances.size() == 1) {
    return update_one(*instances.front(), mask, made);
  }
  std::vector<Type> types;
  for (const std::size_t attribute : identity_of(mapper)) {
    types.push_back(mapper.attributes[attribute].column.data().type);
  }
  for (std::size_t i = 0; i != mask.size(); ++i) {
    if (mask[i]) {
      types.push_back(mapper.attributes[i].column.data().type);
    }
  }
  const std::size_t page = page_of(types, dialect());
  for (std::size_t first = 0; first < instances.size(); first += std::min(page, instances.size())) {
    update_some(mapper, mask, made, instances.subspan(first, std::min(page, instances.size() - first)));
  }
}

void EntityWriter::update_one(Instance& instance, const Mask& mask, const std::vector<std::size_t>& made) {
  const Mapper& mapper = instance.mapper;
  Assignments set;
  std::vector<Selected> returned;
  for (std::size_t i = 0; i != mask.size(); ++i) {
    if (mask[i]) {
      set.emplace_back(mapper.attributes[i].column.name(), instance.value(i));
    }
  }
  for (const std::size_t attribute : made) {
    returned.emplace_back(mapper.attributes[attribute].column);
  }
  Update update = greenway::update(*mapper.table).values(set);
  for (const std::size_t attribute : identity_of(mapper)) {
    update = update.where(mapper.attributes[attribute].column == instance.row_value(attribute));
  }
  Result result = session_.connection().execute(returned.empty() ? update : update.returning(returned));
  const std::optional<Row> row = returned.empty() ? std::nullopt : result.fetchone();
  check_rowcount("UPDATE", *mapper.table, 1, result.rowcount());
  for (std::size_t i = 0; i != made.size(); ++i) {
    mapper.attributes[made[i]].type->read(instance.member(made[i]), *row, i);
  }
  write_down(instance);
}

// Rows come back in any order, and so with their keys.
void EntityWriter::update_some(const Mapper& mapper, const Mask& mask, const std::vector<std::size_t>& made,
                               std::span<Instance* const> instances) {
  const std::vector<std::size_t> identity = identity_of(mapper);
  std::vector<Type> types;
  std::vector<std::vector<Value>> columns;
  const auto add_column = [&](std::size_t attribute, bool as_in_row) {
    types.push_back(mapper.attributes[attribute].column.data().type);
    std::vector<Value>& column = columns.emplace_back();
    column.reserve(instances.size());
    for (const Instance* const instance : instances) {
      column.push_back(as_in_row ? instance->row_value(attribute) : instance->value(attribute));
    }
  };
  for (const std::size_t attribute : identity) {
    add_column(attribute, true);
  }
  for (std::size_t i = 0; i != mask.size(); ++i) {
    if (mask[i]) {
      add_column(i, false);
    }
  }
  const FromClause source = row_source(types, std::move(columns), dialect(), "changed");
  std::size_t next = 0;
  Update update = greenway::update(*mapper.table);
  for (const std::size_t attribute : identity) {
    update = update.where(mapper.attributes[attribute].column == source.columns()[next++]);
  }
  Assignments set;
  for (std::size_t i = 0; i != mask.size(); ++i) {
    if (mask[i]) {
      set.emplace_back(mapper.attributes[i].column.name(), source.columns()[next++]);
    }
  }
  update = update.values(set);
  if (made.empty()) {
    check_rowcount("UPDATE", *mapper.table, instances.size(), session_.connection().execute(update).rowcount());
  } else {
    std::vector<Selected> returned;
    for (const std::size_t attribute : mapper.key) {
      returned.emplace_back(mapper.attributes[attribute].column);
    }
    for (const std::size_t attribute : made) {
      returned.emplace_back(mapper.attributes[attribute].column);
    }
    const IdentityMap& known = session_.identity_map_[&mapper];
    const std::vector<Row> answers = session_.connection().execute(update.returning(returned)).all();
    check_rowcount("UPDATE", *mapper.table, instances.size(), static_cast<std::int64_t>(answers.size()));
    for (const Row& row : answers) {
      std::string key;
      for (std::size_t i = 0; i != mapper.key.size(); ++i) {
        append_key(key, row.get<Value>(i));
      }
      Instance& instance = *known.find(key);
      for (std::size_t i = 0; i != made.size(); ++i) {
        mapper.attributes[made[i]].type->read(instance.member(made[i]), row, mapper.key.size() + i);
      }
    }
  }
  for (Instance* const instance : instances) {
    write_down(*instance);
  }
}

// DELETE.

void EntityWriter::remove(const Mapper& mapper, std::vector<Instance*> instances) {
  std::ranges::sort(instances, {}, &Instance::key);
  const std::vector<std::size_t> identity = identity_of(mapper);
  std::vector<std::vector<Value>> rows;
  rows.reserve(instances.size());
  for (const Instance* const instance : instances) {
    std::vector<Value>& row = rows.emplace_back();
    for (const std::size_t attribute : identity) {
      row.push_back(instance->row_value(attribute));
    }
  }
  const std::size_t page = lists_of(identity.size(), dialect());
  for (std::size_t first = 0; first < rows.size(); first += std::min(page, rows.size())) {
    const auto some = std::span(rows).subspan(first, std::min(page, rows.size() - first));
    const Result result = session_.connection().execute(
        delete_(*mapper.table).where(mapper.is_among(identity, {some.begin(), some.end()})));
    check_rowcount("DELETE", *mapper.table, some.size(), result.rowcount());
  }
  for (Instance* const instance : instances) {
    session_.keep_before(*instance);
    instance->is_to_delete = false;
    instance->state = EntityState::deleted;
    session_.identity_map_[&mapper].erase(*instance);
  }
}

// Secondary tables.

void EntityWriter::link(const Relationship& relationship, const Links& links) {
  std::vector<std::string> names;
  std::vector<Type> types;
  for (const auto* const pairs : {&relationship.owner_pairs, &relationship.target_pairs}) {
    for (const auto& [attribute, column] : *pairs) {
      names.push_back(column.name());
      types.push_back(column.data().type);
    }
  }
  const std::size_t page = page_of(types, dialect());
  for (std::size_t first = 0; first < links.size(); first += std::min(page, links.size())) {
    const auto some = std::span(links).subspan(first, std::min(page, links.size() - first));
    std::vector<std::vector<Value>> columns(types.size());
    for (const auto& [owner, target] : some) {
      std::size_t i = 0;
      for (const auto& [attribute, column] : relationship.owner_pairs) {
        columns[i++].push_back(owner->value(attribute));
      }
      for (const auto& [attribute, column] : relationship.target_pairs) {
        columns[i++].push_back(target->value(attribute));
      }
    }
    const FromClause source = row_source(types, std::move(columns), dialect(), "linked");
    const Select select = greenway::select(source.columns());
    (void)session_.connection().execute(greenway::insert(*relationship.secondary).from_select(names, select));
  }
}

void EntityWriter::unlink(const Relationship& relationship, const Links& links) {
  std::vector<ColumnElement> columns;
  for (const auto* const pairs : {&relationship.owner_pairs, &relationship.target_pairs}) {
    for (const auto& [attribute, column] : *pairs) {
      columns.push_back(column);
    }
  }
  std::vector<std::vector<Value>> rows;
  for (const auto& [owner, target] : links) {
    std::vector<Value>& row = rows.emplace_back();
    for (const auto& [attribute, column] : relationship.owner_pairs) {
      row.push_back(owner->row_value(attribute));
    }
    for (const auto& [attribute, column] : relationship.target_pairs) {
      row.push_back(target->row_value(attribute));
    }
  }
  const std::size_t page = lists_of(columns.size(), dialect());
  for (std::size_t first = 0; first < rows.size(); first += std::min(page, rows.size())) {
    const auto some = std::span(rows).subspan(first, std::min(page, rows.size() - first));
    const Result result = session_.connection().execute(
        delete_(*relationship.secondary).where(tuple_(columns).in_rows({some.begin(), some.end()})));
    check_rowcount("DELETE", *relationship.secondary, some.size(), result.rowcount());
  }
}

void EntityWriter::unlink_all(const Relationship& relationship, std::span<const Instance* const> owners) {
  std::vector<ColumnElement> columns;
  for (const auto& [attribute, column] : relationship.owner_pairs) {
    columns.push_back(column);
  }
  std::vector<std::vector<Value>> rows;
  for (const Instance* const owner : owners) {
    std::vector<Value>& row = rows.emplace_back();
    for (const auto& [attribute, column] : relationship.owner_pairs) {
      row.push_back(owner->row_value(attribute));
    }
  }
  (void)session_.connection().execute(delete_(*relationship.secondary).where(is_among(columns, rows)));
}

}  // namespace greenway::detail
