// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/dml.hpp
/// @brief INSERT, UPDATE and DELETE.
///
/// Layer: sql. Source: SQLAlchemy's `Insert`, `Update`, `Delete`, and the ON CONFLICT of its PostgreSQL and SQLite dialects.
///
/// ```cpp
/// gw::insert(account).values("owner", "x", "cents", 5).returning(account.c("id"))
/// gw::update(account).where(account.c("id") == 1).values("cents", account.c("cents") + 5)
/// gw::delete_(account).where(account.c("cents") == 0)
/// ```

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>
#include <greenway/sql/statement.hpp>
#include <greenway/sql/text.hpp>

namespace greenway {

/// Columns and what they are set to.
using Assignments = std::vector<std::pair<std::string, Operand>>;

namespace detail {

Assignments room_for(std::size_t size);
void assign(Assignments& all, std::string_view name, const Operand& value);

template <class V, class... A>
void assign_all(Assignments& all, std::string_view name, const V& value, const A&... rest) {
  assign(all, name, Operand(value));
  if constexpr (sizeof...(A) != 0) {
    assign_all(all, rest...);
  }
}

template <class... A>
Assignments assignments(const A&... names_and_values) {
  static_assert(sizeof...(A) % 2 == 0, "give a name and a value, a name and a value, and so on");
  Assignments all = room_for(sizeof...(A) / 2);
  if constexpr (sizeof...(A) != 0) {
    assign_all(all, names_and_values...);
  }
  return all;
}

}  // namespace detail

/// Which constraint ON CONFLICT is about. Plain data; empty for any.
struct ConflictTarget {
  std::vector<std::string> index_elements = {};    ///< The columns of the unique index.
  std::optional<ColumnElement> index_where = {};   ///< The condition of a partial one.
  std::string constraint = {};                     ///< Or a constraint by name; PostgreSQL only.
};

/// INSERT. Every method returns a statement that has what it says besides.
class Insert : public Statement {
 public:
  /// @param table  Into which.
  explicit Insert(const Table& table);

  /// @param names_and_values  Alternately a column's name and a value or expression; one row.
  /// @return See Insert.
  /// @throws ArgumentError  The table has no such column.
  template <class... A>
  [[nodiscard]] Insert values(const A&... names_and_values) const {
    return values(detail::assignments(names_and_values...));
  }
  /// @param row  One row.
  /// @return See Insert.
  /// @throws ArgumentError  As above.
  [[nodiscard]] Insert values(const Assignments& row) const;
  /// @param rows  All of the same columns: `VALUES (…), (…)`.
  /// @return See Insert.
  /// @throws ArgumentError  As above, or the rows have different columns.
  [[nodiscard]] Insert values(const std::vector<Parameters>& rows) const;
  /// @param names   Of the columns.
  /// @param select  Of as many.
  /// @return `INSERT … SELECT`.
  /// @throws ArgumentError  As above.
  [[nodiscard]] Insert from_select(const std::vector<std::string>& names, const Select& select) const;
  /// @param selected  Of the rows inserted.
  /// @return `… RETURNING …`.
  template <class... E>
  [[nodiscard]] Insert returning(const E&... selected) const {
    return with_returning(std::array<Selected, sizeof...(E)>{Selected(selected)...});
  }
  /// @param selected  As above.
  /// @return As above.
  [[nodiscard]] Insert returning(const std::vector<Selected>& selected) const { return with_returning(selected); }
  /// For a role that may insert and not read: Result::inserted_primary_key then knows nothing.
  /// @return The statement without the RETURNING that PostgreSQL is asked for the new key with.
  [[nodiscard]] Insert inline_() const;
  /// @param target  See there.
  /// @return `… ON CONFLICT … DO NOTHING`.
  [[nodiscard]] Insert on_conflict_do_nothing(const ConflictTarget& target = {}) const;
  /// @param target  See there; one has to be named.
  /// @param set     What the row that is there is set to; excluded() is the row that could not be inserted.
  /// @param where   Which rows alone.
  /// @return `… ON CONFLICT … DO UPDATE SET …`.
  /// @throws ArgumentError  As values().
  [[nodiscard]] Insert on_conflict_do_update(const ConflictTarget& target, const Assignments& set,
                                             const std::optional<ColumnElement>& where = {}) const;
  /// @param name  Of a column.
  /// @return `excluded.name`.
  /// @throws ArgumentError  As values().
  [[nodiscard]] ColumnElement excluded(std::string_view name) const;
  /// @param name  In the statement that uses it.
  /// @return This, with its RETURNING, as a common table expression.
  [[nodiscard]] CTE cte(std::string name = {}) const { return make_cte(std::move(name), false); }
  /// @param cte  As Select::add_cte.
  /// @return See Insert.
  [[nodiscard]] Insert add_cte(const CTE& cte) const;

 private:
  explicit Insert(detail::NodeRef node, Table table) noexcept : Statement(std::move(node)), table_(std::move(table)) {}
  [[nodiscard]] Insert with_returning(std::span<const Selected> selected) const;
  Table table_;
};

/// UPDATE. Every method returns a statement that has what it says besides. Other tables that its conditions or values name
/// stand in its FROM.
class Update : public Statement {
 public:
  /// @param table  Which.
  explicit Update(const Table& table);

  /// @param condition  Joined to those there are by AND.
  /// @return See Update.
  [[nodiscard]] Update where(const ColumnElement& condition) const;
  /// @param names_and_values  Alternately a column's name and a value or expression.
  /// @return See Update.
  /// @throws ArgumentError  The table has no such column.
  template <class... A>
  [[nodiscard]] Update values(const A&... names_and_values) const {
    return values(detail::assignments(names_and_values...));
  }
  /// @param set  As above.
  /// @return See Update.
  /// @throws ArgumentError  As above.
  [[nodiscard]] Update values(const Assignments& set) const;
  /// @param selected  Of the rows updated.
  /// @return `… RETURNING …`.
  template <class... E>
  [[nodiscard]] Update returning(const E&... selected) const {
    return with_returning(std::array<Selected, sizeof...(E)>{Selected(selected)...});
  }
  /// @param selected  As above.
  /// @return As above.
  [[nodiscard]] Update returning(const std::vector<Selected>& selected) const { return with_returning(selected); }
  /// @param name  In the statement that uses it.
  /// @return This, with its RETURNING, as a common table expression.
  [[nodiscard]] CTE cte(std::string name = {}) const { return make_cte(std::move(name), false); }
  /// @param cte  As Select::add_cte.
  /// @return See Update.
  [[nodiscard]] Update add_cte(const CTE& cte) const;

 private:
  explicit Update(detail::NodeRef node, Table table) noexcept : Statement(std::move(node)), table_(std::move(table)) {}
  [[nodiscard]] Update with_returning(std::span<const Selected> selected) const;
  Table table_;
};

/// DELETE. Every method returns a statement that has what it says besides.
class Delete : public Statement {
 public:
  /// @param table  Which.
  explicit Delete(const Table& table);

  /// @param condition  Joined to those there are by AND.
  /// @return See Delete.
  [[nodiscard]] Delete where(const ColumnElement& condition) const;
  /// @param selected  Of the rows deleted.
  /// @return `… RETURNING …`.
  template <class... E>
  [[nodiscard]] Delete returning(const E&... selected) const {
    return with_returning(std::array<Selected, sizeof...(E)>{Selected(selected)...});
  }
  /// @param selected  As above.
  /// @return As above.
  [[nodiscard]] Delete returning(const std::vector<Selected>& selected) const { return with_returning(selected); }
  /// @param name  In the statement that uses it.
  /// @return This, with its RETURNING, as a common table expression.
  [[nodiscard]] CTE cte(std::string name = {}) const { return make_cte(std::move(name), false); }
  /// @param cte  As Select::add_cte.
  /// @return See Delete.
  [[nodiscard]] Delete add_cte(const CTE& cte) const;

 private:
  explicit Delete(detail::NodeRef node, Table table) noexcept : Statement(std::move(node)), table_(std::move(table)) {}
  [[nodiscard]] Delete with_returning(std::span<const Selected> selected) const;
  Table table_;
};

/// @param table  Into which.
/// @return `INSERT INTO table`.
[[nodiscard]] inline Insert insert(const Table& table) { return Insert(table); }
/// @param table  Which.
/// @return `UPDATE table`.
[[nodiscard]] inline Update update(const Table& table) { return Update(table); }
/// @param table  Which.
/// @return `DELETE FROM table`.
[[nodiscard]] inline Delete delete_(const Table& table) { return Delete(table); }

}  // namespace greenway
