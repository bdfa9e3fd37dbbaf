// SPDX-License-Identifier: BSL-1.0
#include "bank/callback_clients.hpp"

#include <cstdint>
#include <memory>
#include <utility>

#include <greenway/runtime/bridge.hpp>

#include "bank/bank_dao.hpp"
#include "bank/transfers.hpp"

namespace bank {

namespace {

/// What a client does: synchronous from first to last.
void make_transfers(const greenway::Engine& engine, Run& run, std::size_t client) {
  greenway::Connection conn = engine.connect();
  Transfers transfers(run.branches(), client);
  for (std::int64_t done = 0; run.goes_on(done); ++done) {
    transfer(conn, transfers.next());
    run.count();
  }
}

}  // namespace

void start_clients(greenway::Host& host, const greenway::Engine& engine, Run& run, std::function<void()> all_done) {
  greenway::GreenletOptions options;
  options.host = &host;
  const auto busy = std::make_shared<std::size_t>(run.clients());
  for (std::size_t client = 0; client < run.clients(); ++client) {
    greenway::greenlet_spawn(options, [&engine, &run, client] { make_transfers(engine, run, client); })
        .start([busy, &run, all_done](greenway::Outcome<void>&& outcome) {
          if (const auto error = outcome.error()) {
            run.fail(error);
          }
          if (--*busy == 0) {
            all_done();
          }
        });
  }
}

}  // namespace bank
