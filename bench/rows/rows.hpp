// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rows/rows.hpp
/// @brief Every family of rows, each defined in a file named after it.

#include <vector>

#include "row.hpp"

namespace greenway::bench {

Family switch_rows();             ///< A round trip between two stacks.
Family switch_10k_rows();         ///< The same with 10,000 stacks in turn.
Family spawn_rows();              ///< Make, run and finish an empty greenlet.
Family spawn_suspend_rows();      ///< From a coroutine: spawn a function that waits once.
Family wakeup_rows();             ///< Woken by a byte in a socket.
Family memory_rows();             ///< What a greenlet at rest takes.
Family interpose_outside_rows();  ///< poll() and read() outside of greenlets.
Family interpose_pqxx_rows();     ///< libpqxx, unchanged: one row by its key, by greenlets and by threads.
Family interpose_mariadb_rows();  ///< The same with libmariadb.
Family bank_rows();               ///< pgbench's transaction, 10 clients on one thread.
Family sleep_rows();              ///< 100 clients on one thread that wait in the server.
Family execute_cached_rows();     ///< One row by its key, by a statement that was executed before.
Family find_rows();               ///< A statement that was compiled before.
Family orm_rows();                ///< 10,000 entities, selected and inserted.
Family compile_time_rows();       ///< The compiler, on a program that uses the SQL layer.

/// @return All of them, in the order of the targets file.
inline std::vector<Family> all_rows() {
  return {switch_rows(),
          switch_10k_rows(),
          spawn_rows(),
          spawn_suspend_rows(),
          wakeup_rows(),
          memory_rows(),
          interpose_outside_rows(),
          interpose_pqxx_rows(),
          interpose_mariadb_rows(),
          bank_rows(),
          sleep_rows(),
          execute_cached_rows(),
          find_rows(),
          orm_rows(),
          compile_time_rows()};
}

}  // namespace greenway::bench
