// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/enum.hpp
/// @brief C++ enums as values of a database, by the names of their enumerators.
///
/// Layer: sql. Source: SQLAlchemy's `Enum(SomePythonEnum)`, which stores names as well. The enum has to be described:
/// `BOOST_DESCRIBE_ENUM(Mood, sad, happy)`.

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <greenway/base/error.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/type_decorator.hpp>

namespace greenway {

/// A described enum.
template <class E>
concept DescribedEnum = std::is_enum_v<E> && boost::describe::has_describe_enumerators<E>::value;

/// @tparam E    A described enum.
/// @param name  Of the type in the database.
/// @return The type whose labels are the names of the enumerators.
template <DescribedEnum E>
[[nodiscard]] Enum enum_of(std::string name) {
  std::vector<std::string> labels;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto each) { labels.emplace_back(each.name); });
  return Enum(std::move(name), std::move(labels));
}

/// A described enum, as the name of its enumerator.
template <DescribedEnum E>
struct TypeDecorator<E> {
  using Impl = std::string;  ///< What it is sent as.
  /// @param value  One of the enumerators.
  /// @return Its name.
  /// @throws DataError  It is none of them.
  static std::string process_bind_param(E value) {
    const char* found = nullptr;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto each) {
      if (each.value == value) {
        found = each.name;
      }
    });
    return found != nullptr ? found : throw error(std::to_string(static_cast<std::underlying_type_t<E>>(value)));
  }
  /// @param label  As received.
  /// @return The enumerator of that name.
  /// @throws DataError  There is none.
  static E process_result_value(const std::string& label) {
    E value{};
    bool is_found = false;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto each) {
      if (label == each.name) {
        value = each.value;
        is_found = true;
      }
    });
    return is_found ? value : throw error("'" + label + "'");
  }

 private:
  static DataError error(const std::string& what) {
    Diagnostics fields;
    fields.message = what + " is no enumerator of the C++ enum that a column is stored from or read as";
    return DataError(std::move(fields));
  }
};

}  // namespace greenway
