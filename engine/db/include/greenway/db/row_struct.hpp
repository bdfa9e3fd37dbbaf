// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/row_struct.hpp
/// @brief Reads a row as a struct: `row.as<Account>()`, `result.as<Account>()`.
///
/// Layer: db. The struct is described once, with Boost.Describe:
///
/// ```cpp
/// struct Account {
///   std::int64_t id = 0;
///   std::optional<std::string> owner;
/// };
/// BOOST_DESCRIBE_STRUCT(Account, (), (id, owner))
/// ```
///
/// Each public member, inherited ones included, is read from the column of its name; columns without a member are left
/// alone. The struct is default-constructible.

#include <type_traits>

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <greenway/db/row.hpp>

namespace greenway::detail {

template <class T>
  requires boost::describe::has_describe_members<T>::value
struct RowReader<T> {
  static T read(const Row& row) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;
    T made{};
    boost::mp11::mp_for_each<Members>([&](auto member) {
      using Type = std::remove_reference_t<decltype(made.*member.pointer)>;
      static_assert(!is_view<Type>, "the view would outlive its row: make the member a std::string");
      made.*member.pointer = row.get<Type>(std::string_view(member.name));
    });
    return made;
  }
};

}  // namespace greenway::detail
