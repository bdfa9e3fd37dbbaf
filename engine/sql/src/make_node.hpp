// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <utility>

#include <greenway/sql/detail/node.hpp>

namespace greenway::detail {

inline NodeRef make_node(NodeKind kind, std::string text, NodeList children, Type type = {}) {
  return NodeRef(new Node(kind, std::move(text), std::move(children), std::move(type)));
}

/// An operator's. `symbol` is a literal.
inline NodeRef make_node(NodeKind kind, const char* symbol, Precedence precedence, NodeList children, Type type = {}) {
  auto* const node = new Node(kind, {}, std::move(children), std::move(type));
  node->symbol = symbol;
  node->precedence = precedence;
  return NodeRef(node);
}

/// @param is_postgresql  Nothing of the kind exists elsewhere.
inline NodeRef make_function(std::string name, NodeList arguments, Type type, bool is_postgresql = false) {
  auto* const node = new Node(NodeKind::function, std::move(name), std::move(arguments), std::move(type));
  node->flags = is_postgresql ? 1 : 0;
  return NodeRef(node);
}

inline NodeRef make_binary(const char* symbol, Precedence precedence, const NodeRef& left, const NodeRef& right, Type type) {
  return make_node(NodeKind::binary, symbol, precedence, {left, right}, std::move(type));
}

/// A copy with something changed.
/// @tparam N       What the node is.
/// @param  change  Called with the copy.
template <class N, class F>
NodeRef changed(const NodeRef& node, F&& change) {
  auto* const copy = new N(static_cast<const N&>(*node));
  NodeRef result(copy);
  change(*copy);
  return result;
}

}  // namespace greenway::detail
