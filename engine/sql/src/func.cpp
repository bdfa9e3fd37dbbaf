// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/func.hpp>

#include "make_node.hpp"
#include "statement_nodes.hpp"

namespace greenway {

namespace {

constexpr std::span<const Operand> none;

std::span<const Operand> one(const Operand& operand) noexcept { return {&operand, 1}; }

}  // namespace

func::func(std::span<const Operand> arguments, std::string name, const Type& type) {
  detail::NodeList nodes;
  nodes.reserve(arguments.size());
  for (const Operand& argument : arguments) {
    nodes.push_back(argument.node());
  }
  const bool is_postgresql = type.kind() == TypeKind::array;
  node_ = detail::make_function(std::move(name), std::move(nodes), type, is_postgresql);
}

ColumnElementOf<std::int64_t> func::count() { return count(ColumnElement(detail::make_node(detail::NodeKind::star, {}, {}))); }

ColumnElementOf<std::int64_t> func::count(const Operand& operand) {
  return ColumnElementOf<std::int64_t>(func(one(operand), "count", BigInteger()));
}

func func::sum(const Operand& operand) { return {one(operand), "sum", operand.node()->type}; }

func func::avg(const Operand& operand) { return {one(operand), "avg", Numeric()}; }

func func::min(const Operand& operand) { return {one(operand), "min", operand.node()->type}; }

func func::max(const Operand& operand) { return {one(operand), "max", operand.node()->type}; }

func func::lower(const Operand& operand) { return {one(operand), "lower", Text()}; }

func func::upper(const Operand& operand) { return {one(operand), "upper", Text()}; }

func func::length(const Operand& operand) { return {one(operand), "length", Integer()}; }

func func::abs(const Operand& operand) { return {one(operand), "abs", operand.node()->type}; }

func func::row_number() { return {none, "row_number", BigInteger()}; }

func func::rank() { return {none, "rank", BigInteger()}; }

func func::dense_rank() { return {none, "dense_rank", BigInteger()}; }

func func::string_agg(const Operand& operand, const Operand& separator) {
  return {std::array{operand, separator}, "string_agg", Text()};
}

func func::array_agg(const Operand& operand) { return {one(operand), "array_agg", ARRAY(operand.node()->type)}; }

func func::now() { return {none, "now", DateTime(true)}; }

func func::current_date() { return {none, "current_date", Date()}; }

ColumnElement func::column_valued(const std::string& name) const {
  const std::string& known = name.empty() ? node_->text : name;
  const TableValuedAlias rows = TableValuedAlias(node_, {column(known, type())}).alias(known).with_flag(detail::is_column);
  return rows.c(known);
}

}  // namespace greenway
