// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/sql/compiler.hpp>

#include "statement_nodes.hpp"

namespace greenway::detail {

/// One statement on its way to SQL text.
class Compilation {
 public:
  Compilation(const Dialect& dialect, const StatementShape& shape);
  Compiled run(const Node& root);

  /// An expression, in parentheses where `least` binds more tightly.
  void expression(const Node& node, Precedence least = Precedence::none);

  [[nodiscard]] std::string take() noexcept { return std::move(out_); }

 private:
  /// What a select has in its FROM, for those inside of it.
  struct Scope {
    const Scope* outer;
    std::vector<const Node*> froms;  ///< Those in joins as well.
  };
  /// Where a select stands, which decides whether it may leave tables to an enclosing one.
  enum class Place : std::uint8_t { statement, from, expression };

  // compile_expression.cpp
  void operands(const Node& node, const char* separator);
  void list(const NodeList& nodes, const char* separator = ", ", Precedence least = Precedence::none);
  void binary(const Node& node);
  void bind(const BindNode& bind);
  void cast(const Node& node);
  void column(const Node& node);
  void function(const Node& node, const Node* order = nullptr);
  void postgresql_only(const char* what_sqlite_lacks) const;
  [[nodiscard]] std::string_view spelling_of(const Node& binary) const;
  [[nodiscard]] std::string collation(const std::string& name) const;
  void in_values(const Node& node);
  void like(const Node& node);
  void case_when(const Node& node);
  void over(const Node& node);
  void index(const Node& node);
  void extract(const Node& node);
  void number(const Node& bind);

  // compile_from.cpp
  std::vector<const Node*> froms_of(const SelectNode& node, Place place);
  void from_item(const Node& node);
  void aliased(const Node& node);
  void table_function(const Node& node, const std::string& name);
  void values(const Node& node, const std::string& name);
  void cte(const Node& node);
  const std::string& name_of_selectable(const Node& node);
  std::string made_up(const std::string& base);

  // compile_select.cpp
  void statement(const Node& node, Place place);
  void select(const SelectNode& node, Place place);
  void compound(const SelectNode& node, Place place);
  void select_columns(const NodeList& columns);
  [[nodiscard]] bool is_of_function(const Node& column) const noexcept;
  void order_and_limit(const SelectNode& node);
  void for_update(const SelectNode& node);
  void ordering(const NodeList& elements, const NodeList& columns);
  void grouping(const NodeList& elements, const NodeList& columns);
  [[nodiscard]] const Node& labelled(const std::string& name, const NodeList& columns) const;

  // compile_data.cpp
  void insert(const DataNode& node);
  void update(const DataNode& node);
  void delete_(const DataNode& node);
  void conflict(const DataNode& node);
  void returning(const DataNode& node);
  void assignments(const std::vector<DataNode::Assignment>& set);
  void other_froms(const DataNode& node, const char* keyword);
  void table_name(const Node& table);

  const Dialect& dialect_;
  bool is_sqlite_;
  const StatementShape& shape_;
  std::string out_;
  const Scope* scope_ = nullptr;
  bool leaves_out_tables_ = false;  // names of columns stand alone
  std::map<const Node*, std::string> names_;  // of selectables
  std::map<std::string, int> made_up_;
  struct Definition {
    const Node* node;
    std::string text;
  };
  std::map<const Node*, std::size_t> known_ctes_;  // by anchor: the number of its definition
  std::vector<Definition> ctes_;
  std::vector<std::size_t> cte_order_;
  bool is_recursive_ = false;
};

/// Adds what is in FROM because `node` names it; selects inside it keep theirs.
void collect_froms(const Node& node, std::vector<const Node*>& froms);

/// The selectables that a join consists of.
void collect_joined(const Node& from, std::vector<const Node*>& parts);

}  // namespace greenway::detail
