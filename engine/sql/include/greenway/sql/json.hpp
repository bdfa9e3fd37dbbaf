// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/json.hpp
/// @brief `boost::json::value` as a value of a database. Link Boost.JSON (`Boost::json`) where this is included.
///
/// Layer: sql. Include it where documents are made or read, not in headers that many include: <boost/json.hpp> alone
/// takes most of a second to compile.

#include <boost/json.hpp>

#include <greenway/sql/type_decorator.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

/// A document. `boost::json::value(nullptr)` is JSON's null, and a value; SQL's NULL is `nullptr`, read as
/// std::optional.
template <>
struct TypeDecorator<boost::json::value> {
  using Impl = JSONText;  ///< What it is sent as.
  /// @param document  Any.
  /// @return Its text.
  static JSONText process_bind_param(const boost::json::value& document) { return {boost::json::serialize(document)}; }
  /// @param stored  A text.
  /// @return The document.
  /// @throws DataError  It is no JSON.
  static boost::json::value process_result_value(const JSONText& stored) {
    boost::json::error_code error;
    boost::json::value document = boost::json::parse(stored.text, error);
    if (error) {
      Diagnostics fields;
      fields.message = "a value read as boost::json::value is no JSON: " + error.message();
      throw DataError(std::move(fields));
    }
    return document;
  }
};

}  // namespace greenway
