// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <greenway/sql/schema.hpp>
#include <greenway/sql/statement.hpp>

/// The nodes that say more than an operator does.
namespace greenway::detail {

/// Some table: what its columns are called by in foreign keys.
class TableNode final : public Node {
 public:
  TableNode(std::string name, std::string schema_name) : Node(NodeKind::table, std::move(name), {}), schema(std::move(schema_name)) {}
  [[nodiscard]] std::string key() const { return schema.empty() ? text : schema + "." + text; }

  std::string schema;
  std::weak_ptr<const Table::Data> data;  ///< Gone when the last Table object is.
  bool has_defaults = false;              ///< Some column has a default_.
  bool has_onupdates = false;             ///< Some column has an onupdate.
};

/// A statement of a node that was made in the place of another's.
struct Rewritten : Statement {
  explicit Rewritten(NodeRef node) noexcept : Statement(std::move(node)) {}
};

/// A definition, of a table that it keeps.
class DdlNode final : public Node {
 public:
  DdlNode(const Table& defined, bool drops) : Node(NodeKind::ddl, {}, {defined.node()}), table(defined) { flags = drops ? 1 : 0; }

  Table table;
};

/// A column of a table, or of an alias of one.
class ColumnNode final : public Node {
 public:
  /// That a constraint of the table makes it refer to a column.
  struct Reference {
    int constraint;      ///< Its number among the table's.
    std::string target;  ///< "table.column".
  };

  ColumnNode(std::string name, NodeRef selectable, Type of_value)
      : Node(NodeKind::column, std::move(name), {std::move(selectable)}, std::move(of_value)) {}

  std::vector<Reference> references;
};

/// SELECT, and with several `children` what combines them by `symbol`.
class SelectNode final : public Node {
 public:
  explicit SelectNode(NodeKind node_kind) : Node(node_kind, {}, {}) { precedence = Precedence::none; }

  NodeList columns;
  NodeList froms;  ///< Said; others follow from the columns.
  NodeRef where;
  NodeList group_by;
  NodeRef having;
  NodeList order_by;
  NodeList distinct_on;
  NodeRef limit;
  NodeRef offset;
  NodeList correlate;
  NodeList ctes;  ///< That stand in WITH whether something names them or not.
  NodeList for_update_of;
  std::string prefix;
  bool is_distinct = false;
  bool is_fetch = false;
  bool with_ties = false;
  bool says_correlate = false;
  bool correlates_others = false;  ///< Than those in `correlate`.
  bool is_for_update = false;
  bool is_read = false;
  bool is_key_share = false;
  bool is_nowait = false;
  bool skips_locked = false;
};

/// What a table_function says besides.
enum TableFunctionFlags : std::uint8_t {
  is_derived = 1,       ///< AS name (columns).
  has_types = 2,        ///< And their types.
  has_ordinality = 4,   ///< WITH ORDINALITY, the last column.
  is_lateral = 8,       ///< LATERAL.
  is_column = 16,       ///< Its name is that of its one column.
};

/// What INSERT does where a row is there already.
enum class OnConflict : std::uint8_t { fail, do_nothing, do_update };

/// INSERT, UPDATE or DELETE.
class DataNode final : public Node {
 public:
  /// A column and what it is set to.
  using Assignment = std::pair<std::string, NodeRef>;

  DataNode(NodeKind node_kind, NodeRef of_table) : Node(node_kind, {}, {}), table(std::move(of_table)) {
    precedence = Precedence::none;
  }

  NodeRef table;
  NodeList ctes;  ///< As SelectNode's.
  std::vector<std::string> names;  ///< INSERT: of the columns.
  std::vector<NodeList> rows;      ///< INSERT: each as long as `names`.
  NodeRef select;                  ///< INSERT: instead of rows.
  std::vector<Assignment> set;     ///< UPDATE.
  NodeRef where;                   ///< UPDATE, DELETE.
  bool is_inline = false;          ///< INSERT: nothing is asked back.
  NodeList returning;
  OnConflict on_conflict = OnConflict::fail;
  std::vector<std::string> conflict_columns;
  NodeRef conflict_index_where;
  std::string conflict_constraint;
  std::vector<Assignment> conflict_set;
  NodeRef conflict_where;
};

template <class N>
const N& as(const Node& node) noexcept {
  return static_cast<const N&>(node);
}

}  // namespace greenway::detail
