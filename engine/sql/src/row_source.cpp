// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/row_source.hpp>

#include <algorithm>
#include <utility>

#include <greenway/sql/constructors.hpp>
#include <greenway/sql/table_valued.hpp>

#include "make_node.hpp"
#include "named_column.hpp"
#include "statement_nodes.hpp"

namespace greenway::detail {

namespace {

class Arrays final : public FromClause {
 public:
  explicit Arrays(const NodeRef& node) : FromClause(node, columns_of_selectable(node)) {}
};

FromClause arrays(const std::vector<Type>& types, const std::vector<ColumnElement>& names,
                  std::vector<std::vector<Value>> columns, std::string name) {
  NodeList arguments;
  NodeList children(1);
  for (std::size_t i = 0; i != types.size(); ++i) {
    const ARRAY type(types[i]);
    arguments.push_back(cast(literal(Value(std::move(columns[i])), type), type).node());
    children.push_back(names[i].node());
  }
  children.front() = make_function("unnest", std::move(arguments), {}, true);
  auto* const node = new Node(NodeKind::table_function, std::move(name), std::move(children), {});
  const NodeRef source(node);
  node->flags = is_derived;
  return Arrays(source);
}

}  // namespace

bool sends_arrays(const std::vector<Type>& types, const Dialect& dialect) noexcept {
  return dialect.kind() == Dialect::Kind::postgresql && !types.empty() &&
         std::ranges::none_of(types, [](const Type& type) {
           return type.kind() == TypeKind::array || type.kind() == TypeKind::unknown;
         });
}

FromClause row_source(const std::vector<Type>& types, std::vector<std::vector<Value>> columns, const Dialect& dialect,
                      std::string name) {
  std::vector<ColumnElement> names;
  for (std::size_t i = 0; i != types.size(); ++i) {
    names.push_back(column("c" + std::to_string(i), types[i]));
  }
  if (sends_arrays(types, dialect)) {
    return arrays(types, names, std::move(columns), std::move(name));
  }
  std::vector<std::vector<Value>> rows(columns.front().size());
  for (std::vector<Value>& column : columns) {
    for (std::size_t i = 0; i != rows.size(); ++i) {
      rows[i].push_back(std::move(column[i]));
    }
  }
  return values(names, std::move(name)).data(rows);
}

}  // namespace greenway::detail
