// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rivals/libpq_pipeline.hpp
/// @brief Rows inserted through libpq alone, with a prepared statement in a pipeline.

#include <cstdint>
#include <memory>
#include <string>

struct pg_conn;

namespace greenway::bench {

/// A connection that inserts into a table of t1's shape.
class LibpqPipeline {
 public:
  /// @param url    Of the server.
  /// @param table  The table's name.
  /// @throws std::runtime_error  As libpq says.
  LibpqPipeline(const std::string& url, const std::string& table);

  /// Inserts in one transaction, by binary parameters.
  /// @param first  The least id.
  /// @param count  How many rows.
  /// @throws std::runtime_error  As libpq says.
  void insert(std::int64_t first, int count);

 private:
  void read_results(int count);

  std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
};

}  // namespace greenway::bench
