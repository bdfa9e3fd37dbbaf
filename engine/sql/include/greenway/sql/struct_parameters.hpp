// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/struct_parameters.hpp
/// @brief Parameters by the names of a struct's members: TextClause::bind_struct, and rows() of structs.
///
/// Layer: sql. The struct is described once, with Boost.Describe, as for greenway/db/row_struct.hpp:
///
/// ```cpp
/// BOOST_DESCRIBE_STRUCT(Account, (), (id, owner))
/// conn.execute(gw::text("INSERT INTO account VALUES (:id, :owner)").bind_struct(account));
/// conn.execute(gw::insert(table), gw::rows(accounts));
/// ```
///
/// Public members count, inherited ones included.

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <greenway/sql/text.hpp>

namespace greenway::detail {

template <class T>
  requires boost::describe::has_describe_members<T>::value
struct StructParameters<T> {
  static Parameters of(const T& values) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;
    Parameters all;
    boost::mp11::mp_for_each<Members>([&](auto member) { all.add(member.name, Value(values.*member.pointer)); });
    return all;
  }
};

}  // namespace greenway::detail
