// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/constructors.hpp
/// @brief Expressions that no operator makes: literal, bindparam, cast, case_, tuple_, exists.
///
/// Layer: sql. Source: the functions of `sqlalchemy.sql.expression`, whose names these are.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <greenway/sql/expression.hpp>

namespace greenway {

/// @param conditions  Any number; none is true.
/// @return All joined by AND.
[[nodiscard]] ColumnElement and_(const std::vector<ColumnElement>& conditions);
/// @param conditions  Any number; none is false.
/// @return All joined by OR.
[[nodiscard]] ColumnElement or_(const std::vector<ColumnElement>& conditions);
/// @param condition  Any.
/// @return As `!condition`.
[[nodiscard]] inline ColumnElement not_(const ColumnElement& condition) { return !condition; }

/// @return NULL.
[[nodiscard]] ColumnElement null();
/// @return true.
[[nodiscard]] ColumnElement true_();
/// @return false.
[[nodiscard]] ColumnElement false_();

/// A value as a parameter of its own.
/// @param value  Any.
/// @param type   Of the value; unknown is what the database makes of it.
/// @return The parameter.
[[nodiscard]] ColumnElement literal(Value value, Type type = {});
/// A parameter whose value is given when the statement is executed.
/// @param name  Letters, digits and underscores.
/// @param type  As literal(); left out it is that of the column that it is compared with or assigned to.
/// @return The parameter; one name is one parameter, wherever it occurs.
[[nodiscard]] ColumnElement bindparam(std::string name, Type type = {});
/// SQL as it stands.
/// @param sql   An expression; never made from what users say.
/// @param type  Of its value.
/// @return The expression.
[[nodiscard]] ColumnElement literal_column(std::string sql, Type type = {});

/// A column of what is described nowhere else: of the rows of values() and table functions, of text.
/// @param name  Quoted if need be.
/// @param type  Of its value.
/// @return The name, without that of a table.
[[nodiscard]] ColumnElement column(std::string name, Type type = {});

/// @param operand  Any.
/// @param type     Any.
/// @return `CAST(operand AS type)`.
[[nodiscard]] ColumnElement cast(const Operand& operand, const Type& type);
/// @param operand  Any.
/// @param type     Of which its value is taken to be, without a word to the database.
/// @return The operand with another type.
[[nodiscard]] ColumnElement type_coerce(const Operand& operand, const Type& type);
/// @param field    "year", "epoch", …
/// @param operand  A date, time or interval.
/// @return `EXTRACT(field FROM operand)`, or the dialect's equivalent.
[[nodiscard]] ColumnElement extract(std::string field, const Operand& operand);
/// @param elements  Two or more.
/// @return `(a, b, …)`, to be compared as one.
[[nodiscard]] ColumnElement tuple_(const std::vector<ColumnElement>& elements);
/// @param select  Any.
/// @return `EXISTS (select)`.
[[nodiscard]] ColumnElement exists(const Select& select);
/// @param array  An array or a select of one column.
/// @return `ANY (array)`, for the right side of a comparison.
[[nodiscard]] ColumnElement any_(const Operand& array);
/// @param array  As any_().
/// @return `ALL (array)`.
[[nodiscard]] ColumnElement all_(const Operand& array);
/// @param operand  Any.
/// @return `DISTINCT operand`.
[[nodiscard]] inline ColumnElement distinct(const ColumnElement& operand) { return operand.distinct(); }
/// @param name  Of a column of the select whose order this is part of: its label, where it has one.
/// @return What order_by() and group_by() make of that name.
[[nodiscard]] ColumnElement label_reference(std::string name);
/// @param operand  Any.
/// @return As its asc().
[[nodiscard]] inline ColumnElement asc(const ColumnElement& operand) { return operand.asc(); }
/// @param operand  Any.
/// @return As its desc().
[[nodiscard]] inline ColumnElement desc(const ColumnElement& operand) { return operand.desc(); }
/// @param name  As label_reference().
/// @return Its asc().
[[nodiscard]] inline ColumnElement asc(std::string name) { return label_reference(std::move(name)).asc(); }
/// @param name  As label_reference().
/// @return Its desc().
[[nodiscard]] inline ColumnElement desc(std::string name) { return label_reference(std::move(name)).desc(); }
/// @param operand  Any.
/// @return As its nulls_first().
[[nodiscard]] inline ColumnElement nulls_first(const ColumnElement& operand) { return operand.nulls_first(); }
/// @param operand  Any.
/// @return As its nulls_last().
[[nodiscard]] inline ColumnElement nulls_last(const ColumnElement& operand) { return operand.nulls_last(); }

/// One branch of case_().
struct When {
  /// @param when  A condition, or what the value is compared with.
  /// @param then  The result.
  When(const Operand& when, const Operand& then) : condition(when), result(then) {}
  Operand condition;  ///< See above.
  Operand result;     ///< See above.
};
/// @param whens  The branches, at least one.
/// @param else_  The result of none of them; left out it is NULL.
/// @return `CASE WHEN … THEN … ELSE … END`.
[[nodiscard]] ColumnElement case_(const std::vector<When>& whens, const std::optional<Operand>& else_ = {});
/// @param value  Compared with each branch's.
/// @param whens  The branches, at least one.
/// @param else_  As above.
/// @return `CASE value WHEN … THEN … ELSE … END`.
[[nodiscard]] ColumnElement case_(const Operand& value, const std::vector<When>& whens,
                                  const std::optional<Operand>& else_ = {});

}  // namespace greenway
