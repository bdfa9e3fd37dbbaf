// SPDX-License-Identifier: BSL-1.0
#include "bank/bank_dao.hpp"
#include "bank/caller.hpp"
#include "bank/transfers.hpp"

namespace bank {

void call_from_thread(const greenway::Engine& engine, Run& run) {
  greenway::Connection conn = engine.connect();
  Transfers transfers(run.branches(), 0);
  for (std::int64_t done = 0; run.goes_on(done); ++done) {
    transfer(conn, transfers.next());
    run.count();
  }
}

}  // namespace bank
