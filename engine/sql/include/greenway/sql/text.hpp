// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/text.hpp
/// @brief SQL written by hand, with `:name` parameters.
///
/// Layer: sql. Needs base only. Source: SQLAlchemy's `text()` and `TextClause`.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/sql/sql_text.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

/// Values by name, in the order they were given: `params("name", "a", "n", 5)`.
class Parameters {
 public:
  /// None.
  Parameters() noexcept = default;
  /// @param other  Copied.
  Parameters(const Parameters& other);
  /// @param other  Taken from; it has none then.
  Parameters(Parameters&& other) noexcept = default;
  /// @param other  Copied, or taken from.
  /// @return This.
  Parameters& operator=(Parameters other) noexcept {
    items_.swap(other.items_);
    return *this;
  }
  /// Frees the values.
  ~Parameters();

  /// Makes room.
  /// @param size  For so many in all.
  void reserve(std::size_t size);
  /// Appends one.
  /// @param name   Without the colon.
  /// @param value  What it stands for.
  void add(std::string_view name, Value value);

  /// @return Names and values, in their order.
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& items() const noexcept { return items_; }

 private:
  std::vector<std::pair<std::string, Value>> items_;
};

namespace detail {

template <class V, class... A>
void add_all(Parameters& all, std::string_view name, V&& value, A&&... rest) {
  all.add(name, Value(std::forward<V>(value)));
  if constexpr (sizeof...(A) != 0) {
    add_all(all, std::forward<A>(rest)...);
  }
}

}  // namespace detail

/// @param names_and_values  Alternately a name and what it stands for.
/// @return The set of them.
template <class... A>
[[nodiscard]] Parameters params(A&&... names_and_values) {
  static_assert(sizeof...(A) % 2 == 0, "params() takes a name and a value, a name and a value, and so on");
  Parameters all;
  all.reserve(sizeof...(A) / 2);
  if constexpr (sizeof...(A) != 0) {
    detail::add_all(all, std::forward<A>(names_and_values)...);
  }
  return all;
}

namespace detail {

/// @throws ArgumentError  There are not as many names as values.
void check_names(std::size_t names, std::size_t values);

}  // namespace detail

/// The values of a statement's parameters, once for each time that it is to be executed; see rows().
class ParameterSets {
 public:
  /// @param sets  All name the same parameters.
  explicit ParameterSets(std::vector<Parameters> sets) noexcept : sets_(std::move(sets)) {}

  /// @return In the order of execution.
  [[nodiscard]] const std::vector<Parameters>& sets() const noexcept { return sets_; }

 private:
  std::vector<Parameters> sets_;
};

/// @param sets  One params() for each time.
/// @return All of them: `conn.execute(gw::insert(t), gw::rows(gw::params("name", "a"), gw::params("name", "b")))`.
template <class... P>
  requires(std::is_same_v<P, Parameters> && ...)
[[nodiscard]] ParameterSets rows(P... sets) {
  std::vector<Parameters> all;
  all.reserve(sizeof...(P));
  (all.push_back(std::move(sets)), ...);
  return ParameterSets(std::move(all));
}
/// @param sets  As above.
/// @return As above.
[[nodiscard]] inline ParameterSets rows(std::vector<Parameters> sets) { return ParameterSets(std::move(sets)); }

namespace detail {

/// Makes Parameters of a struct: in greenway/sql/struct_parameters.hpp.
template <class T>
struct StructParameters {
  static_assert(!std::is_same_v<T, T>, "to take parameters from a struct, describe it with BOOST_DESCRIBE_STRUCT and include "
                                       "<greenway/sql/struct_parameters.hpp>");
};

}  // namespace detail

/// @param names  Of the columns or parameters.
/// @param items  Tuples or pairs, with a value for each name.
/// @return One set of parameters for each: `conn.execute(gw::insert(t), gw::rows(names, items))`.
template <class... T>
[[nodiscard]] ParameterSets rows(const std::vector<std::string>& names, const std::vector<std::tuple<T...>>& items) {
  detail::check_names(names.size(), sizeof...(T));
  std::vector<Parameters> all(items.size());
  for (std::size_t i = 0; i != items.size(); ++i) {
    std::size_t next = 0;
    std::apply([&](const T&... values) { (all[i].add(names[next++], Value(values)), ...); }, items[i]);
  }
  return ParameterSets(std::move(all));
}
/// @param items  Described structs: a set of each, with the names and values of its members.
/// @return As above.
template <class S>
  requires(!std::is_same_v<S, Parameters>)
[[nodiscard]] ParameterSets rows(const std::vector<S>& items) {
  std::vector<Parameters> all;
  all.reserve(items.size());
  for (const S& item : items) {
    all.push_back(detail::StructParameters<S>::of(item));
  }
  return ParameterSets(std::move(all));
}

/// One hand-written statement, and the values of its parameters so far.
///
/// A parameter is a colon and a name: a letter or underscore, then letters, digits and underscores. No parameters are
/// looked for in string literals (`'…'`, `E'…'`, `$tag$…$tag$`), quoted identifiers (`"…"`, `` `…` ``) and comments
/// (`-- …`, `/* … */`, nested as in PostgreSQL); `::` is a cast, `a[i:j]` a slice, and a colon after a backslash just a
/// colon. A name that occurs several times is one parameter.
///
/// bind() leaves the statement it is called on as it is and returns one that knows the value as well, so that one
/// `static const` statement serves all callers: what was parsed and rendered is shared by all copies.
///
/// @par Threads
/// A statement may be read, copied and bound from several threads at once.
///
/// @par Cost
/// Parsing is one pass over the text, rendering one more for each style of placeholder, once for all copies.
class TextClause {
 public:
  /// @param sql  One statement.
  explicit TextClause(std::string_view sql);

  /// @param name   A parameter of the statement, without the colon.
  /// @param value  What it stands for.
  /// @return The statement with that value.
  /// @throws ArgumentError  The statement has no such parameter, or its value is known already. The message lists the
  ///                        statement's parameters and those that have values.
  [[nodiscard]] TextClause bind(std::string_view name, Value value) const&;
  /// As above, without a copy.
  /// @param name   As above.
  /// @param value  As above.
  /// @return As above.
  [[nodiscard]] TextClause bind(std::string_view name, Value value) &&;
  /// Binds several.
  /// @param parameters  Each as by the other bind().
  /// @return The statement with those values.
  /// @throws ArgumentError  As the other bind().
  [[nodiscard]] TextClause bind(const Parameters& parameters) const;

  /// Binds values to the parameters that have none yet, in the order of names().
  /// @param values  One for each.
  /// @return The statement with those values.
  /// @throws ArgumentError  There are more or fewer of them.
  template <class... V>
  [[nodiscard]] TextClause bind_all(const V&... values) const {
    return bind_in_order({Value(values)...});
  }
  /// Binds the members of a struct to the parameters of their names; members without a parameter are left alone. Needs
  /// greenway/sql/struct_parameters.hpp.
  /// @param values  Described.
  /// @return The statement with those values.
  /// @throws ArgumentError  A member's parameter has a value already.
  template <class S>
  [[nodiscard]] TextClause bind_struct(const S& values) const {
    return bind_known(detail::StructParameters<S>::of(values));
  }

  /// Says of which types columns of the result are, so that Row::get gives a Value of that type on every database.
  /// @param names_and_types  Alternately a column's name and its type; columns that are not named stay as they are.
  /// @return The statement that knows them as well.
  template <class... A>
  [[nodiscard]] TextClause columns(const A&... names_and_types) const {
    static_assert(sizeof...(A) % 2 == 0, "columns() takes a name and a type, a name and a type, and so on");
    std::vector<std::pair<std::string, Type>> all;
    const auto given = std::tie(names_and_types...);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (all.emplace_back(std::get<2 * I>(given), std::get<2 * I + 1>(given)), ...);
    }(std::make_index_sequence<sizeof...(A) / 2>());
    TextClause typed = *this;
    typed.columns_ = std::make_shared<const std::vector<std::pair<std::string, Type>>>(std::move(all));
    return typed;
  }
  /// @return What columns() was told; null if nothing.
  [[nodiscard]] const std::shared_ptr<const std::vector<std::pair<std::string, Type>>>& column_types() const noexcept {
    return columns_;
  }

  /// @return The text as it was written.
  [[nodiscard]] const std::string& source() const noexcept;
  /// @return The names of the parameters, each once, in the order of their first occurrence.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept;

  /// @param style  How placeholders are written.
  /// @return The text to send: the n-th of names() is placeholder n. Valid as long as a copy of the statement.
  [[nodiscard]] const SQLText& sql(ParameterStyle style) const;
  /// @return The values, in the order of names(). Valid as long as this object is not assigned to.
  /// @throws ArgumentError  Some have no value; the message lists both sides.
  [[nodiscard]] std::span<const Value> values() const;

 private:
  class Template;
  [[nodiscard]] TextClause bind_in_order(std::vector<Value> values) const;
  [[nodiscard]] TextClause bind_known(const Parameters& parameters) const;

  void set(std::string_view name, Value value);
  [[noreturn]] void throw_mismatch(std::string_view what) const;

  std::shared_ptr<const Template> template_;
  std::vector<Value> values_;
  std::vector<bool> is_bound_;
  std::shared_ptr<const std::vector<std::pair<std::string, Type>>> columns_;
};

/// @param sql  One statement, see TextClause.
/// @return The statement, none of its parameters bound.
[[nodiscard]] inline TextClause text(std::string_view sql) { return TextClause(sql); }

}  // namespace greenway
