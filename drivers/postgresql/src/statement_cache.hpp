// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <greenway/db/driver.hpp>

#include "libpq.hpp"
#include "parameters.hpp"
#include "row_shape.hpp"

namespace greenway::detail::postgresql {

/// A statement with the types of its parameters, which a connection has executed and may have prepared.
struct CachedStatement {
  std::string text;
  std::size_t hash = 0;
  std::vector<Oid> types;
  std::string name;                       ///< On the server; empty while it has not been prepared.
  std::shared_ptr<const RowShape> shape;  ///< Of its last result; null until there is one.
};

/// The statements of one connection, the least recently used of which goes when there are too many.
class StatementCache {
 public:
  /// @param capacity  At least 1.
  explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

  /// Looks a statement up and makes it the most recently used.
  /// @return One that has the text and can take the parameters, or null.
  CachedStatement* find(const SQLText& sql, const Parameters& parameters);

  /// Adds a statement that find() did not find.
  /// @return The new one; valid until another one is added, or it is erased.
  CachedStatement& add(const SQLText& sql, const Parameters& parameters);

  /// Takes a statement out.
  void erase(const CachedStatement& statement);

  /// @return Names that are prepared on the server and no longer wanted; the caller deallocates and clears them.
  std::vector<std::string>& unwanted() noexcept { return unwanted_; }

  /// @return A name that no other process has chosen, nor this one before: behind a pooler, processes share sessions.
  static std::string new_name();

 private:
  using Statements = std::list<CachedStatement>;
  using Index = std::unordered_multimap<std::size_t, Statements::iterator>;

  std::size_t capacity_;
  Statements statements_;  // most recently used first
  Index index_;            // by the hash of the text
  std::vector<std::string> unwanted_;
};

}  // namespace greenway::detail::postgresql
