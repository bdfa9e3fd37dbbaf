// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/detail/node.hpp
/// @brief What expressions and statements are made of: an immutable tree whose parts are shared.
///
/// A node is never changed once another refers to it, so statements can be read by several threads and share what they
/// have in common. What a node says beside its kind is in `text`, `symbol` and its children; what each kind means is told
/// at its enumerator, children in their order.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// What a node is. `?` marks a child that may be missing.
enum class NodeKind : std::uint8_t {
  // Operands
  column,          ///< A column `text` of a selectable, or of none that is known: [selectable] or [].
  label_reference, ///< What the select calls `text`.
  literal_column,  ///< SQL `text` as it stands.
  bind,            ///< A parameter, BindNode.
  null_value,      ///< NULL.
  true_value,      ///< true.
  false_value,     ///< false.
  star,            ///< `*`: [selectable?].
  unary,           ///< `symbol` before its operand: [operand].
  postfix,         ///< `symbol` behind its operand: [operand].
  binary,          ///< `symbol` between: [left, right].
  junction,        ///< AND or OR: [operand, operand …].
  between,         ///< `symbol` is BETWEEN or NOT BETWEEN: [operand, low, high].
  like,            ///< `symbol` is LIKE and the like: [operand, pattern, escape?].
  in_values,       ///< IN or NOT IN a list that is one parameter: [operand, bind].
  grouping,        ///< Parentheses: [operand].
  tuple,           ///< (a, b): [element …].
  list,            ///< a, b: [element …].
  function,        ///< text(arguments): [argument …].
  distinct,        ///< DISTINCT inside of a function: [operand].
  cast,            ///< CAST to `type`: [operand].
  type_coerce,     ///< Taken to be of `type`, nothing is sent: [operand].
  case_when,       ///< [value?, else?, condition, result …].
  label,           ///< AS `text`: [operand].
  collate,         ///< COLLATE `text`: [operand].
  over,            ///< A window: [function, partition list?, order list?]; `text` is its frame.
  filter,          ///< FILTER (WHERE …): [function, condition].
  within_group,    ///< WITHIN GROUP (ORDER BY …): [function, order list].
  ordered,         ///< aggregate(… ORDER BY …): [function, order list].
  exists,          ///< EXISTS (…): [select].
  quantified,      ///< ANY or ALL: [array or select].
  index,           ///< a[i], or of JSON `symbol` between: [array or document, index or path].
  excluded,        ///< excluded.`text`, in an upsert.
  extract,         ///< EXTRACT(`text` FROM …): [operand].

  // Selectables
  table,     ///< `text`, of schema `symbol`.
  alias,     ///< `text`; empty for one that is named when compiled: [selectable].
  subquery,  ///< (…) AS `text`: [select].
  lateral,   ///< LATERAL (…) AS `text`: [select].
  cte,       ///< `text`: [select or data-changing statement, recursive part?].
  join,      ///< [left, right, condition?]; `symbol` is JOIN and the like.
  table_function,  ///< A function in FROM, AS `text`: [function, column …]; flags are TableFunctionFlags.
  values,    ///< VALUES (…) AS `text`: [list of columns, tuple …].

  // Statements
  select,    ///< SelectNode.
  compound,  ///< `symbol` is UNION and the like, SelectNode.
  insert,    ///< DataNode.
  update,    ///< DataNode.
  delete_,   ///< DataNode.
  ddl,       ///< CREATE TABLE, or DROP TABLE if a flag is set: [table].
};

class Node;

/// A counted reference to a node, or none.
class NodeRef {
 public:
  NodeRef() noexcept = default;
  NodeRef(std::nullptr_t) noexcept {}
  explicit NodeRef(const Node* node) noexcept;
  NodeRef(const NodeRef& other) noexcept;
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef();

  const Node* get() const noexcept { return node_; }
  const Node* operator->() const noexcept { return node_; }
  const Node& operator*() const noexcept { return *node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }
  friend bool operator==(const NodeRef&, const NodeRef&) noexcept = default;

 private:
  const Node* node_ = nullptr;
};

using NodeList = std::vector<NodeRef>;

/// How tightly an operator binds, from loosest to tightest; PostgreSQL manual, 4.1.6.
enum class Precedence : std::uint8_t { none, list, disjunction, conjunction, negation, comparison, other, sum, product, power,
                                       prefix, collation, primary };

/// One part of a statement.
class Node {
 public:
  Node(NodeKind node_kind, std::string node_text, NodeList node_children, Type node_type = {})
      : kind(node_kind), type(std::move(node_type)), text(std::move(node_text)), children(std::move(node_children)) {}
  virtual ~Node() = default;
  Node(const Node& other)
      : kind(other.kind), flags(other.flags), precedence(other.precedence), symbol(other.symbol), type(other.type),
        text(other.text), children(other.children) {}
  Node& operator=(const Node&) = delete;

  [[nodiscard]] const NodeRef& child(std::size_t index) const noexcept { return children[index]; }

  NodeKind kind;
  mutable std::atomic<bool> was_executed{false};  ///< Of a statement: it may come again.
  std::uint8_t flags = 0;                        ///< Bits whose meaning is the kind's.
  Precedence precedence = Precedence::primary;   ///< Of the operator.
  const char* symbol = "";                       ///< The operator or keyword: a literal, or of a schema the name in `text`.
  Type type;                                     ///< Of its value; unknown for what has none.
  std::string text;
  NodeList children;

 private:
  friend class NodeRef;
  mutable std::atomic<std::uint32_t> references_{0};
};

/// A parameter: an anonymous one with its value, or a named one that may have a value besides.
class BindNode final : public Node {
 public:
  BindNode(Value bound, Type bound_type) : Node(NodeKind::bind, {}, {}, std::move(bound_type)), value(std::move(bound)), has_value(true) {}
  BindNode(std::string name, Type bound_type) : Node(NodeKind::bind, std::move(name), {}, std::move(bound_type)) {}

  Value value;
  bool has_value = false;
};

inline NodeRef::NodeRef(const Node* node) noexcept : node_(node) {
  if (node_ != nullptr) {
    node_->references_.fetch_add(1, std::memory_order_relaxed);
  }
}
inline NodeRef::NodeRef(const NodeRef& other) noexcept : NodeRef(other.node_) {}
inline NodeRef::~NodeRef() {
  if (node_ != nullptr && node_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete node_;
  }
}

}  // namespace greenway::detail
