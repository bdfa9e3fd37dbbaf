// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/constructors.hpp>

#include <algorithm>

#include <greenway/base/error.hpp>
#include <greenway/sql/select.hpp>

#include "make_node.hpp"
#include "type_of_value.hpp"

namespace greenway {

using detail::NodeKind;
using detail::NodeList;
using detail::NodeRef;
using detail::Precedence;
using detail::make_node;

namespace {

ColumnElement joined(bool by_and, const std::vector<ColumnElement>& conditions) {
  if (conditions.empty()) {
    return by_and ? true_() : false_();
  }
  ColumnElement all = conditions.front();
  for (std::size_t i = 1; i != conditions.size(); ++i) {
    all = detail::join_conditions(by_and, all, conditions[i]);
  }
  return all;
}

}  // namespace

ColumnElement and_(const std::vector<ColumnElement>& conditions) { return joined(true, conditions); }
ColumnElement or_(const std::vector<ColumnElement>& conditions) { return joined(false, conditions); }

ColumnElement null() { return ColumnElement(make_node(NodeKind::null_value, {}, {})); }
ColumnElement true_() { return ColumnElement(make_node(NodeKind::true_value, {}, {}, Boolean())); }
ColumnElement false_() { return ColumnElement(make_node(NodeKind::false_value, {}, {}, Boolean())); }

ColumnElement literal(Value value, Type type) {
  Type of_value = type.kind() == TypeKind::unknown ? detail::type_of(value) : std::move(type);
  return ColumnElement(NodeRef(new detail::BindNode(std::move(value), std::move(of_value))));
}

ColumnElement bindparam(std::string name, Type type) {
  return ColumnElement(NodeRef(new detail::BindNode(std::move(name), std::move(type))));
}

ColumnElement literal_column(std::string sql, Type type) {
  return ColumnElement(make_node(NodeKind::literal_column, std::move(sql), {}, std::move(type)));
}

ColumnElement cast(const Operand& operand, const Type& type) {
  return ColumnElement(make_node(NodeKind::cast, {}, {operand.node(type)}, type));
}

ColumnElement type_coerce(const Operand& operand, const Type& type) {
  return ColumnElement(make_node(NodeKind::type_coerce, {}, {operand.node(type)}, type));
}

ColumnElement label_reference(std::string name) {
  return ColumnElement(make_node(NodeKind::label_reference, std::move(name), {}));
}

ColumnElement column(std::string name, Type type) {
  return ColumnElement(make_node(NodeKind::column, std::move(name), {}, std::move(type)));
}

ColumnElement extract(std::string field, const Operand& operand) {
  if (field.empty() || !std::ranges::all_of(field, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) {
    throw ArgumentError("extract() takes a field such as \"year\", and not '" + field + "'");
  }
  return ColumnElement(make_node(NodeKind::extract, std::move(field), {operand.node()}, Integer()));
}

ColumnElement tuple_(const std::vector<ColumnElement>& elements) {
  NodeList nodes;
  for (const ColumnElement& element : elements) {
    nodes.push_back(element.node());
  }
  return ColumnElement(make_node(NodeKind::tuple, {}, std::move(nodes)));
}

ColumnElement exists(const Select& select) {
  return ColumnElement(make_node(NodeKind::exists, "EXISTS", Precedence::negation, {select.node()}, Boolean()));
}

ColumnElement any_(const Operand& array) {
  return ColumnElement(make_node(NodeKind::quantified, "ANY", Precedence::primary, {array.node()}));
}

ColumnElement all_(const Operand& array) {
  return ColumnElement(make_node(NodeKind::quantified, "ALL", Precedence::primary, {array.node()}));
}

namespace {

ColumnElement make_case(NodeRef value, const std::vector<When>& whens, const std::optional<Operand>& else_) {
  if (whens.empty()) {
    throw ArgumentError("case_() needs at least one branch");
  }
  const Type of_value = value ? value->type : Type();
  const Type of_result = whens.front().result.node()->type;
  NodeList children{std::move(value), else_ ? else_->node(of_result) : NodeRef()};
  for (const When& when : whens) {
    children.push_back(when.condition.node(of_value));
    children.push_back(when.result.node());
  }
  return ColumnElement(make_node(NodeKind::case_when, {}, std::move(children), of_result));
}

}  // namespace

ColumnElement case_(const std::vector<When>& whens, const std::optional<Operand>& else_) {
  return make_case({}, whens, else_);
}

ColumnElement case_(const Operand& value, const std::vector<When>& whens, const std::optional<Operand>& else_) {
  return make_case(value.node(), whens, else_);
}

}  // namespace greenway
