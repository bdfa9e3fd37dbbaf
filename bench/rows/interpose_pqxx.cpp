// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#if defined(GREENWAY_BENCH_PQXX)
#include "legacy/pqxx_dao.hpp"
#include "rows/postgresql_server.hpp"
#endif
#include "rows/point_select.hpp"

namespace greenway::bench {

Family interpose_pqxx_rows() {
  constexpr auto name = "interpose/pqxx_point_select";
#if defined(GREENWAY_BENCH_PQXX)
  return PointSelect<PqxxDao>::rows(name, [] { return std::make_unique<PqxxDao>(url_of_server()); });
#else
  return unmeasured_point_select(name, "greenway-bench was built without the examples, or without libpqxx");
#endif
}

}  // namespace greenway::bench
