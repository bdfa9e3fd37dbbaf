// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/func.hpp>

#include "make_node.hpp"

namespace greenway {

func::func(std::string name, const Type& type, const std::vector<Operand>& arguments) {
  detail::NodeList nodes;
  nodes.reserve(arguments.size());
  for (const Operand& argument : arguments) {
    nodes.push_back(argument.node());
  }
  node_ = detail::make_node(detail::NodeKind::function, std::move(name), std::move(nodes), type);
}

func func::count() { return {"count", BigInteger(), {ColumnElement(detail::make_node(detail::NodeKind::star, {}, {}))}}; }

func func::now() { return {"now", DateTime(true), {}}; }

func func::current_date() { return {"current_date", Date(), {}}; }

}  // namespace greenway
