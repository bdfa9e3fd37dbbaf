// SPDX-License-Identifier: BSL-1.0
#include "named_column.hpp"

#include <algorithm>

#include "statement_nodes.hpp"

namespace greenway::detail {

std::vector<std::string> result_names(const NodeList& elements) {
  std::vector<std::string> names;
  names.reserve(elements.size());
  for (const NodeRef& element : elements) {
    const std::string_view own = name_of(*element);
    const std::string base(!own.empty() ? own : element->kind == NodeKind::function ? std::string_view(element->text) : "anon");
    std::string name = own.empty() && element->kind != NodeKind::star ? base + "_1" : base;
    for (int number = own.empty() ? 2 : 1; std::ranges::find(names, name) != names.end(); ++number) {
      name = base + "_" + std::to_string(number);
    }
    names.push_back(std::move(name));
  }
  return names;
}

namespace {

/// The columns of a select, of the first of several combined ones, or what RETURNING says.
const NodeList& elements_of(const NodeRef& statement) {
  const Node* node = statement.get();
  while (node->kind == NodeKind::compound) {
    node = node->child(0).get();
  }
  return node->kind == NodeKind::select ? as<SelectNode>(*node).columns : as<DataNode>(*node).returning;
}

}  // namespace

std::shared_ptr<const std::vector<ColumnElement>> columns_of_statement(const NodeRef& statement, const NodeRef& selectable) {
  auto columns = std::make_shared<std::vector<ColumnElement>>();
  const NodeList& elements = elements_of(statement);
  const std::vector<std::string> names = result_names(elements);
  for (std::size_t i = 0; i != elements.size(); ++i) {
    columns->emplace_back(NodeRef(new ColumnNode(names[i], selectable, elements[i]->type)));
  }
  return columns;
}

std::shared_ptr<const std::vector<ColumnElement>> columns_of_selectable(const NodeRef& selectable) {
  const Node& node = *selectable;
  switch (node.kind) {
    case NodeKind::table: {
      auto columns = std::make_shared<std::vector<ColumnElement>>();
      if (const auto data = as<TableNode>(node).data.lock()) {
        columns->assign(data->columns.begin(), data->columns.end());
      }
      return columns;
    }
    case NodeKind::join: {
      auto columns = std::make_shared<std::vector<ColumnElement>>(*columns_of_selectable(node.child(0)));
      const auto right = columns_of_selectable(node.child(1));
      columns->insert(columns->end(), right->begin(), right->end());
      return columns;
    }
    case NodeKind::subquery:
    case NodeKind::lateral:
      return columns_of_statement(node.child(0), selectable);
    case NodeKind::cte:
      return columns_of_statement(node.child(1), selectable);
    case NodeKind::alias: {
      auto columns = std::make_shared<std::vector<ColumnElement>>();
      const auto originals = columns_of_selectable(node.child(0));
      for (const ColumnElement& column : *originals) {
        auto* const renamed = new ColumnNode(std::string(name_of(*column.node())), selectable, column.type());
        columns->emplace_back(NodeRef(renamed));
        if (const auto* const original = dynamic_cast<const ColumnNode*>(column.node().get())) {
          renamed->references = original->references;
        }
      }
      return columns;
    }
    case NodeKind::table_function:
    case NodeKind::values: {
      auto columns = std::make_shared<std::vector<ColumnElement>>();
      const bool is_values = node.kind == NodeKind::values;
      const NodeList& named = is_values ? node.child(0)->children : node.children;
      for (std::size_t i = is_values ? 0 : 1; i != named.size(); ++i) {
        columns->emplace_back(NodeRef(new ColumnNode(named[i]->text, selectable, named[i]->type)));
      }
      return columns;
    }
    default:
      return std::make_shared<const std::vector<ColumnElement>>();
  }
}

}  // namespace greenway::detail
