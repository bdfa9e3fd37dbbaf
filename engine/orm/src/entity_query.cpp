// SPDX-License-Identifier: BSL-1.0
#include "entity_query.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/sql/detail/node.hpp>

#include "session_state.hpp"

namespace greenway::detail {

namespace {

// What has parts of its own kind alone: the others say more than a Node does.
bool is_operation(const Node& node) noexcept {
  return node.kind > NodeKind::column && node.kind < NodeKind::table && node.kind != NodeKind::bind;
}

bool has_select(const Node& node) {
  return node.kind == NodeKind::select || node.kind == NodeKind::compound ||
         std::ranges::any_of(node.children, [](const NodeRef& child) { return child && has_select(*child); });
}

// A copy with some parts replaced: those that `by` returns something for.
NodeRef replaced(const NodeRef& node, const std::function<NodeRef(const Node&)>& by) {
  if (NodeRef other = by(*node)) {
    return other;
  }
  if (!is_operation(*node)) {
    return node;
  }
  NodeList children;
  for (const NodeRef& child : node->children) {
    children.push_back(child ? replaced(child, by) : child);
  }
  if (children == node->children) {
    return node;
  }
  auto* const copy = new Node(*node);
  copy->children = std::move(children);
  return NodeRef(copy);
}

// What is ordered by, without DESC and the like.
const NodeRef& core_of(const NodeRef& element) noexcept {
  return element->kind == NodeKind::postfix ? core_of(element->child(0)) : element;
}

// Builds an EntityQuery, in it.
class Builder {
 public:
  Builder(EntityQuery& query, const std::vector<ColumnElement>& order_by) : query_(query), order_by_(order_by) {}

  void add_entity(EntityColumns& entity, const FromClause* alias) {
    entity.first = columns_.size();
    for (std::size_t i = 0; i != entity.mapper->attributes.size(); ++i) {
      if (!entity.is_left_out(i)) {
        const Attribute& attribute = entity.mapper->attributes[i];
        columns_.push_back(alias == nullptr ? ColumnElement(attribute.column)
                                            : column_in(*entity.mapper, attribute, *alias));
      }
    }
  }

  void add_column(const ColumnElement& column) {
    query_.columns.push_back(columns_.size());
    columns_.push_back(column);
  }

  // The columns of tables that the statement joins by itself.
  void add_contained(EntityColumns& entity) {
    add(entity, LazyLoad::contains_eager, [this](const LoadPlan::Branch&, EntityColumns& target) {
      add_entity(target, nullptr);
      add_contained(target);
    });
  }

  // LIMIT counts rows, of which an entity has several once its collections are joined.
  void wrap() {
    std::vector<ColumnElement> inner;
    for (const ColumnElement& column : columns_) {
      inner.push_back(column.label("c" + std::to_string(inner.size())));
    }
    std::vector<std::size_t> order;
    for (const ColumnElement& element : order_by_) {
      const NodeRef& core = core_of(element.node());
      const auto known = std::ranges::find(columns_, core, &ColumnElement::node);
      order.push_back(static_cast<std::size_t>(known - columns_.begin()));
      if (known == columns_.end()) {
        order.back() = inner.size();
        inner.push_back(ColumnElement(core).label("c" + std::to_string(inner.size())));
      }
    }
    const Subquery subquery = query_.select.with_only_columns({inner.begin(), inner.end()}).subquery();
    const auto& outer = subquery.columns();
    columns_.assign(outer.begin(), outer.begin() + static_cast<std::ptrdiff_t>(columns_.size()));
    query_.select = greenway::select(columns_);
    for (std::size_t i = 0; i != order.size(); ++i) {
      const NodeRef core = core_of(order_by_[i].node());
      query_.select = query_.select.order_by(ColumnElement(replaced(order_by_[i].node(), [&](const Node& node) {
        return &node == core.get() ? outer[order[i]].node() : NodeRef();
      })));
    }
  }

  void add_joined(EntityColumns& entity, bool is_inner) {
    for (JoinedColumns& contained : entity.joined) {
      add_joined(contained.target, false);
    }
    add(entity, LazyLoad::joined, [&](const LoadPlan::Branch& branch, EntityColumns& target) {
      const Relationship& relationship = entity.mapper->relationships[branch.relationship];
      const FromClause alias = target.mapper->table->alias();
      add_entity(target, &alias);
      const bool stays_inner = is_inner && branch.is_inner;
      const auto mine = [&](std::size_t attribute) { return columns_[entity.column(attribute)]; };
      for (const RelatedJoin& join : joins_of(relationship, mine, &alias)) {
        query_.select = query_.select.join(join.to, join.on, !stays_inner);
      }
      for (const ColumnElement& element : relationship.order_by) {
        query_.select = query_.select.order_by(rebased(element, *target.mapper->table, alias));
      }
      add_joined(target, stays_inner);
    });
  }

  void finish() { query_.select = query_.select.with_only_columns({columns_.begin(), columns_.end()}); }

 private:
  template <class F>
  void add(EntityColumns& entity, LazyLoad how, F&& add_target) {
    if (entity.plan == nullptr) {
      return;
    }
    for (const LoadPlan::Branch& branch : entity.plan->branches) {
      if (branch.how == how) {
        const Relationship& relationship = entity.mapper->relationships[branch.relationship];
        query_.needs_unique |= relationship.is_many;
        entity.joined.push_back({branch.relationship, {relationship.target, branch.plan, 0, entity.overwrites}});
        add_target(branch, entity.joined.back().target);
      }
    }
  }

  EntityQuery& query_;
  const std::vector<ColumnElement>& order_by_;
  std::vector<ColumnElement> columns_;
};

// Whether something is joined to the statement, or at least a collection.
bool joins(const Mapper& mapper, const LoadPlan* plan, bool is_many) {
  return plan != nullptr && std::ranges::any_of(plan->branches, [&](const LoadPlan::Branch& branch) {
           const Relationship& relationship = mapper.relationships[branch.relationship];
           const bool is_joined = branch.how == LazyLoad::joined;
           const bool goes_on = is_joined || branch.how == LazyLoad::contains_eager;
           return (is_joined && (relationship.is_many || !is_many)) ||
                  (goes_on && joins(*relationship.target, branch.plan.get(), is_many));
         });
}

// Whether rows alone do not say all that is to be loaded with them.
bool needs_statements(const LoadPlan* plan) {
  return plan != nullptr && std::ranges::any_of(plan->branches, [](const LoadPlan::Branch& branch) {
           return branch.how == LazyLoad::selectin || branch.how == LazyLoad::immediate ||
                  ((branch.how == LazyLoad::joined || branch.how == LazyLoad::contains_eager) &&
                   needs_statements(branch.plan.get()));
         });
}

void check_options(const EntityStatement& statement) {
  for (const LoaderOption& option : statement.options) {
    for (const std::vector<LoadStep>& path : option.paths()) {
      const Mapper* const first = path.front().mapper;
      if (std::ranges::find(statement.items, first, &EntityStatement::Item::mapper) == statement.items.end()) {
        throw ArgumentError("a loader option is about class " + first->name + ", which is not selected");
      }
    }
  }
}

}  // namespace

std::vector<RelatedJoin> joins_of(const Relationship& relationship,
                                  const std::function<ColumnElement(std::size_t)>& mine, const FromClause* to) {
  const Mapper& target = *relationship.target;
  const auto other = [&](std::size_t attribute) -> ColumnElement {
    const Column& column = target.attributes[attribute].column;
    return to == nullptr ? ColumnElement(column) : to->c(column.name());
  };
  std::vector<RelatedJoin> joins;
  std::vector<ColumnElement> on;
  if (relationship.secondary) {
    const FromClause between = relationship.secondary->alias();
    for (const auto& [attribute, column] : relationship.owner_pairs) {
      on.push_back(mine(attribute) == between.c(column.name()));
    }
    joins.push_back({between, and_(std::exchange(on, {}))});
    for (const auto& [attribute, column] : relationship.target_pairs) {
      on.push_back(between.c(column.name()) == other(attribute));
    }
  }
  for (const auto& [attribute, others] : relationship.pairs) {
    on.push_back(mine(attribute) == other(others));
  }
  joins.push_back({to == nullptr ? FromClause(*target.table) : *to, and_(on)});
  return joins;
}

ColumnElement column_in(const Mapper& mapper, const Attribute& attribute, const FromClause& alias) {
  if (!attribute.expression) {
    return alias.c(attribute.column.name());
  }
  if (has_select(*attribute.column.node())) {
    throw InvalidRequestError(
        "'" + mapper.name + "." + attribute.column.name() + "' is a column_property of a subquery, which " +
        "cannot be loaded under another name of its class: use selectinload() rather than a join, or leave it "
        "out by defer()");
  }
  return rebased(attribute.column, *mapper.table, alias);
}

ColumnElement rebased(const ColumnElement& element, const FromClause& table, const FromClause& alias) {
  return ColumnElement(replaced(element.node(), [&](const Node& node) {
    const bool is_its = node.kind == NodeKind::column && !node.children.empty() && node.child(0) == table.node();
    return is_its ? alias.c(node.text).node() : NodeRef();
  }));
}

std::size_t EntityColumns::column(std::size_t attribute) const noexcept {
  std::size_t at = first + attribute;
  if (plan != nullptr && !plan->deferred.empty()) {
    at -= static_cast<std::size_t>(
        std::count(plan->deferred.begin(), plan->deferred.begin() + static_cast<std::ptrdiff_t>(attribute), true));
  }
  return at;
}

Instance* EntityColumns::read(SessionState& session, const Row& row) {
  Instance* const instance = session.load(*this, row);
  if (plan == nullptr || instance == nullptr) {
    return instance;
  }
  if (met.empty() || met.back() != instance) {
    met.push_back(instance);
  }
  for (JoinedColumns& related : joined) {
    std::vector<std::shared_ptr<void>>& items = related.found[instance];
    const Instance* const target = related.target.read(session, row);
    if (target != nullptr && related.pairs.emplace(instance, target).second) {
      items.push_back(target->object);
    }
  }
  return instance;
}

void EntityColumns::finish(SessionState& session) {
  if (plan == nullptr) {
    return;
  }
  for (JoinedColumns& related : joined) {
    for (auto& [owner, items] : related.found) {
      session.fill(*owner, related.relationship, std::move(items), overwrites);
    }
    related.found.clear();
    related.pairs.clear();
    related.target.finish(session);
  }
  session.load_branches(*mapper, *plan, met, overwrites);
  met.clear();
}

EntityQuery::EntityQuery(const EntityStatement& statement) : select(statement.select) {
  check_options(statement);
  Builder builder(*this, statement.order_by);
  bool is_multiplied = false;
  bool is_joined = false;
  bool is_plain = true;
  entities.reserve(statement.items.size());
  for (const EntityStatement::Item& item : statement.items) {
    if (item.mapper == nullptr) {
      builder.add_column(*item.column);
      continue;
    }
    item.mapper->registry->configure_once();
    EntityColumns& entity = entities.emplace_back(EntityColumns{item.mapper, plan_of(*item.mapper, statement.options)});
    entity.overwrites = statement.overwrites;
    builder.add_entity(entity, item.alias ? &*item.alias : nullptr);
    is_multiplied |= joins(*item.mapper, entity.plan.get(), true);
    is_joined |= joins(*item.mapper, entity.plan.get(), false);
    loads_more |= needs_statements(entity.plan.get());
    is_plain &= entity.plan == nullptr;
  }
  if (is_plain) {
    return;
  }
  for (EntityColumns& entity : entities) {
    builder.add_contained(entity);
  }
  if ((is_multiplied && (statement.is_bounded || statement.items.size() > 1)) || (is_joined && statement.is_grouped)) {
    builder.wrap();
  }
  for (EntityColumns& entity : entities) {
    builder.add_joined(entity, true);
  }
  builder.finish();
}

EntityQuery::EntityQuery(const Select& its_select, const Mapper& mapper, std::shared_ptr<const LoadPlan> plan,
                         const std::vector<ColumnElement>& besides)
    : select(its_select) {
  const std::vector<ColumnElement> no_order;
  Builder builder(*this, no_order);
  EntityColumns& entity = entities.emplace_back(EntityColumns{&mapper, std::move(plan)});
  builder.add_entity(entity, nullptr);
  for (const ColumnElement& column : besides) {
    builder.add_column(column);
  }
  if (entity.plan != nullptr) {
    builder.add_joined(entity, true);
  }
  if (entity.plan != nullptr || !besides.empty()) {
    builder.finish();
  }
}

}  // namespace greenway::detail
