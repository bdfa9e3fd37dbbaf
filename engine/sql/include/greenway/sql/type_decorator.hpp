// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/type_decorator.hpp
/// @brief Types of the user's own as values of a database.
///
/// Layer: sql. Source: SQLAlchemy's `TypeDecorator`.

#include <concepts>

namespace greenway {

/// How a C++ type is stored as another. Specialise it for a type of yours, and that can be sent and read like any
/// other:
///
/// ```cpp
/// template <>
/// struct gw::TypeDecorator<Celsius> {
///   using Impl = double;                                                 // anything that is a value already
///   static double process_bind_param(const Celsius& t) { return t.degrees; }
///   static Celsius process_result_value(double degrees) { return {degrees}; }
/// };
/// ```
///
/// NULL never comes here: read std::optional of your type. What process_result_value() throws leaves Row::get.
/// @tparam T  The type.
template <class T>
struct TypeDecorator {};

/// A type that has a TypeDecorator.
template <class T>
concept Decorated = requires(const T& value, typename TypeDecorator<T>::Impl stored) {
  { TypeDecorator<T>::process_bind_param(value) } -> std::convertible_to<typename TypeDecorator<T>::Impl>;
  { TypeDecorator<T>::process_result_value(stored) } -> std::convertible_to<T>;
};

}  // namespace greenway
