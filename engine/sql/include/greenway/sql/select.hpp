// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/select.hpp
/// @brief SELECT, and what sets of rows can be combined with.
///
/// Layer: sql. Source: SQLAlchemy's `Select`, `CompoundSelect` and `select()`.
///
/// ```cpp
/// const auto rich = gw::select(account.c("owner"), gw::func::sum(account.c("cents")).label("total"))
///                       .where(account.c("cents") > 0)
///                       .group_by(account.c("owner"))
///                       .order_by(account.c("owner"))
///                       .limit(10);
/// ```

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <greenway/sql/constructors.hpp>
#include <greenway/sql/selectable.hpp>
#include <greenway/sql/statement.hpp>

namespace greenway {

/// How FOR UPDATE locks. Plain data: start from the defaults, set what differs.
struct ForUpdate {
  bool read = false;                   ///< FOR SHARE.
  bool key_share = false;              ///< FOR NO KEY UPDATE; with `read` FOR KEY SHARE.
  bool nowait = false;                 ///< NOWAIT.
  bool skip_locked = false;            ///< SKIP LOCKED.
  std::vector<FromClause> of = {};     ///< Whose rows alone.
};

/// What may be selected: an expression, or all columns of something.
class Selected {
 public:
  /// @param element  An expression.
  Selected(const ColumnElement& element) noexcept : element_(element) {}
  /// @param from  All its columns.
  Selected(const FromClause& from) noexcept : element_(detail::NodeRef()), columns_(from.columns_) {}
  /// @return The expressions.
  [[nodiscard]] std::span<const ColumnElement> elements() const noexcept {
    return columns_ == nullptr ? std::span(&element_, 1) : std::span(*columns_);
  }

 private:
  ColumnElement element_;                                      // where it is one
  std::shared_ptr<const std::vector<ColumnElement>> columns_;  // else these
};

/// A SELECT, or several combined by UNION and the like. Every method returns a statement that has what it says besides.
///
/// FROM follows from the columns and conditions; tables that an enclosing select has in its FROM are left to it
/// (correlation), if the inner one has others of its own. select_from() and join() say more.
class Select : public Statement {
 public:
  /// @param selected  At least one.
  explicit Select(std::span<const Selected> selected);

  /// @param condition  Joined to those there are by AND.
  /// @return See Select.
  [[nodiscard]] Select where(const ColumnElement& condition) const&;
  /// As above, in place.
  /// @param condition  As above.
  /// @return As above.
  [[nodiscard]] Select where(const ColumnElement& condition) &&;
  /// @param from  In FROM, whether a column says so or not.
  /// @return See Select.
  [[nodiscard]] Select select_from(const FromClause& from) const;
  /// Joins something to the first of FROM, or to what has been joined already.
  /// @param right    Any.
  /// @param on       As FromClause::join.
  /// @param isouter  As FromClause::join.
  /// @param full     As FromClause::join.
  /// @return See Select.
  /// @throws ArgumentError  As FromClause::join.
  [[nodiscard]] Select join(const FromClause& right, const std::optional<ColumnElement>& on = {}, bool isouter = false,
                            bool full = false) const;
  /// As join(), LEFT OUTER.
  /// @param right  As join().
  /// @param on     As join().
  /// @return See Select.
  /// @throws ArgumentError  As join().
  [[nodiscard]] Select outerjoin(const FromClause& right, const std::optional<ColumnElement>& on = {}) const {
    return join(right, on, true);
  }
  /// @param left     Joined to nothing as yet.
  /// @param right    As join().
  /// @param on       As join().
  /// @param isouter  As join().
  /// @param full     As join().
  /// @return As join(), with `left` and not what the columns say on the left.
  /// @throws ArgumentError  As join().
  [[nodiscard]] Select join_from(const FromClause& left, const FromClause& right, const std::optional<ColumnElement>& on = {},
                                 bool isouter = false, bool full = false) const;
  /// @param elements  Expressions, or what the select calls its columns; added to those there are.
  /// @return See Select.
  template <class... E>
  [[nodiscard]] Select group_by(const E&... elements) const {
    return with_list(List::group_by, std::array<ColumnElement, sizeof...(E)>{element_of(elements)...});
  }
  /// @param condition  Joined to those there are by AND.
  /// @return See Select.
  [[nodiscard]] Select having(const ColumnElement& condition) const;
  /// @param elements  As group_by(). A label of the select's own is written as its name.
  /// @return See Select.
  template <class... E>
  [[nodiscard]] Select order_by(const E&... elements) const {
    return with_list(List::order_by, std::array<ColumnElement, sizeof...(E)>{element_of(elements)...});
  }
  /// @param count  Rows at most.
  /// @return See Select.
  [[nodiscard]] Select limit(const Operand& count) const;
  /// @param count  Rows to leave out.
  /// @return See Select.
  [[nodiscard]] Select offset(const Operand& count) const;
  /// @param count      Rows at most.
  /// @param with_ties  And those that are equal to the last by ORDER BY.
  /// @return `FETCH FIRST count ROWS ONLY`.
  [[nodiscard]] Select fetch(const Operand& count, bool with_ties = false) const;
  /// @return `SELECT DISTINCT`.
  [[nodiscard]] Select distinct() const;
  /// @param elements  At least one.
  /// @return `SELECT DISTINCT ON (…)`, PostgreSQL's.
  template <class... E>
  [[nodiscard]] Select distinct_on(const E&... elements) const {
    return with_list(List::distinct_on, std::array<ColumnElement, sizeof...(E)>{ColumnElement(elements)...});
  }
  /// @param how  See there.
  /// @return `… FOR UPDATE`; nothing on SQLite, where the writer has the database to itself.
  [[nodiscard]] Select with_for_update(const ForUpdate& how = {}) const;
  /// Says what is left to an enclosing select, where the rule does not fit.
  /// @param froms  Left out of this FROM; none: nothing is.
  /// @return See Select.
  [[nodiscard]] Select correlate(const std::vector<FromClause>& froms) const;
  /// As correlate(), the other way round.
  /// @param froms  Not left out of this FROM; all others are that an enclosing select has.
  /// @return See Select.
  [[nodiscard]] Select correlate_except(const std::vector<FromClause>& froms) const;
  /// @param cte  In WITH even if nothing selects from it: a DELETE whose rows nobody asks for.
  /// @return See Select.
  [[nodiscard]] Select add_cte(const CTE& cte) const;
  /// @param selected  Added to what is selected.
  /// @return See Select.
  [[nodiscard]] Select add_columns(const std::vector<Selected>& selected) const;
  /// @param selected  Instead of what is selected.
  /// @return See Select.
  [[nodiscard]] Select with_only_columns(const std::vector<Selected>& selected) const;
  /// @param sql  Behind SELECT; part of the SQL text.
  /// @return See Select.
  [[nodiscard]] Select prefix_with(const std::string& sql) const;

  /// @param name  Any; empty for one that the compiler makes up.
  /// @return This in parentheses, to select from.
  [[nodiscard]] Subquery subquery(std::string name = {}) const;
  /// As subquery().
  /// @param name  As subquery().
  /// @return As subquery().
  [[nodiscard]] Subquery alias(std::string name = {}) const { return subquery(std::move(name)); }
  /// @param name  As subquery().
  /// @return This as LATERAL, which sees what stands before it in FROM.
  [[nodiscard]] Subquery lateral(std::string name = {}) const;
  /// @param name       As subquery().
  /// @param recursive  Whether it will refer to itself.
  /// @return This as a common table expression.
  [[nodiscard]] CTE cte(std::string name = {}, bool recursive = false) const { return make_cte(std::move(name), recursive); }
  /// @return This in parentheses, as a value.
  [[nodiscard]] ColumnElement scalar_subquery() const;
  /// @return `EXISTS (…)`.
  [[nodiscard]] ColumnElement exists() const { return greenway::exists(*this); }
  /// @param name  Any.
  /// @return scalar_subquery() with a label.
  [[nodiscard]] ColumnElement label(std::string name) const { return scalar_subquery().label(std::move(name)); }
  /// @param other  Of as many columns.
  /// @return `… UNION other`.
  [[nodiscard]] Select union_(const Select& other) const;
  /// @param other  As union_().
  /// @return `… UNION ALL other`.
  [[nodiscard]] Select union_all(const Select& other) const;
  /// @param other  As union_().
  /// @return `… INTERSECT other`.
  [[nodiscard]] Select intersect(const Select& other) const;
  /// @param other  As union_().
  /// @return `… EXCEPT other`.
  [[nodiscard]] Select except_(const Select& other) const;
  /// @return What is selected.
  [[nodiscard]] std::vector<ColumnElement> selected_columns() const;

  /// @param symbol  UNION and the like: a literal.
  /// @param parts   Two or more, of equally many columns.
  /// @return Them combined.
  /// @throws ArgumentError  There are fewer than two.
  static Select combine(const char* symbol, std::span<const Select> parts);

 private:
  friend class Insert;
  friend class CTE;
  enum class List : std::uint8_t { group_by, order_by, distinct_on };

  explicit Select(detail::NodeRef node) noexcept : Statement(std::move(node)) {}
  [[nodiscard]] Select with_correlation(const std::vector<FromClause>& froms, bool excepts) const;
  static const ColumnElement& element_of(const ColumnElement& element) noexcept { return element; }
  static ColumnElement element_of(std::string name) { return label_reference(std::move(name)); }
  [[nodiscard]] Select with_list(List which, std::span<const ColumnElement> elements) const;
};

namespace detail {

/// Whether a SELECT of it is the ORM's: greenway/orm/entity_select.hpp.
template <class T>
inline constexpr bool is_mapped = false;

}  // namespace detail

/// @param selected  Expressions, tables.
/// @return `SELECT …`.
template <class... E>
  requires(std::constructible_from<Selected, const E&> && ...) && (!detail::is_mapped<E> && ...)
[[nodiscard]] Select select(const E&... selected) {
  return Select(std::array<Selected, sizeof...(E)>{Selected(selected)...});
}
/// @param selected  As above, chosen at run time.
/// @return As above.
[[nodiscard]] Select select(const std::vector<ColumnElement>& selected);

/// @param parts  Two or more.
/// @return `… UNION …`.
template <class... S>
[[nodiscard]] Select union_(const S&... parts) {
  return Select::combine("UNION", std::array<Select, sizeof...(S)>{parts...});
}
/// @param parts  Two or more.
/// @return `… UNION ALL …`.
template <class... S>
[[nodiscard]] Select union_all(const S&... parts) {
  return Select::combine("UNION ALL", std::array<Select, sizeof...(S)>{parts...});
}
/// @param parts  Two or more.
/// @return `… INTERSECT …`.
template <class... S>
[[nodiscard]] Select intersect(const S&... parts) {
  return Select::combine("INTERSECT", std::array<Select, sizeof...(S)>{parts...});
}
/// @param parts  Two or more.
/// @return `… INTERSECT ALL …`.
template <class... S>
[[nodiscard]] Select intersect_all(const S&... parts) {
  return Select::combine("INTERSECT ALL", std::array<Select, sizeof...(S)>{parts...});
}
/// @param parts  Two or more.
/// @return `… EXCEPT …`.
template <class... S>
[[nodiscard]] Select except_(const S&... parts) {
  return Select::combine("EXCEPT", std::array<Select, sizeof...(S)>{parts...});
}
/// @param parts  Two or more.
/// @return `… EXCEPT ALL …`.
template <class... S>
[[nodiscard]] Select except_all(const S&... parts) {
  return Select::combine("EXCEPT ALL", std::array<Select, sizeof...(S)>{parts...});
}

}  // namespace greenway
