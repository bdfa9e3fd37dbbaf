// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#if defined(GREENWAY_BENCH_BANK)

#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>

#include "bank/bank_dao.hpp"
#include "bank/transfers.hpp"
#include "rivals/asio.hpp"
#include "rivals/pgbench.hpp"
#include "rows/one_cpu.hpp"
#include "rows/postgresql_server.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace asio = boost::asio;

namespace {

constexpr int clients = 10;
constexpr int least_scale = 10;
constexpr double run_seconds = 1;

/// The database that both sides work on.
struct BankDatabase {
  std::string url;
  Engine engine;
  std::int64_t branches;

  BankDatabase() : url(url_of_server()), engine(create_engine(url, {.pool_size = clients})), branches(0) {
    auto conn = engine.connect();
    if (!conn.scalar<bool>(text("SELECT to_regclass('pgbench_branches') IS NOT NULL"))) {
      initialise_pgbench(url, least_scale);
    }
    branches = conn.scalar<std::int64_t>(text("SELECT count(*) FROM pgbench_branches"));
    if (branches < least_scale) {
      throw NotMeasured(fmt::format("the bank in the database has {} branches; {} are needed", branches, least_scale));
    }
  }
};

const BankDatabase& the_bank() {
  static const BankDatabase bank;
  return bank;
}

/// The turns of a state's loop, shared by several coroutines.
class SharedTurns {
 public:
  explicit SharedTurns(benchmark::State& state) noexcept : state_(state) {}
  bool next() {
    has_more_ = has_more_ && state_.KeepRunning();
    return has_more_;
  }

 private:
  benchmark::State& state_;
  bool has_more_ = true;
};

asio::awaitable<void> make_transfers(AsyncEngine engine, std::int64_t branches, SharedTurns& turns,
                                     std::size_t client) {
  auto conn = co_await engine.connect();
  ::bank::Transfers transfers(branches, client);
  while (turns.next()) {
    const ::bank::Transfer order = transfers.next();
    co_await conn.run_sync(::bank::transfer, order);
  }
  co_await conn.close();
}

void transfer(benchmark::State& state) {
  const OneCpu pinned;
  const BankDatabase& bank = the_bank();
  SharedTurns turns(state);
  asio::io_context context;
  for (std::size_t client = 0; client < clients; ++client) {
    asio::co_spawn(context, make_transfers(AsyncEngine(bank.engine), bank.branches, turns, client), rethrow);
  }
  context.run();
}

Sample transfer_by_pgbench() {
  const OneCpu pinned;
  return run_pgbench(the_bank().url);
}

}  // namespace

Family bank_rows() {
  return {
      timed_row("bank/postgresql_c10/greenway", transfer, run_seconds),
      Row{.name = "bank/postgresql_c10/pgbench", .sample = transfer_by_pgbench},
  };
}

}  // namespace greenway::bench

#else

namespace greenway::bench {

Family bank_rows() {
  constexpr auto why = "greenway-bench was built without the examples, and so without the bank";
  return {
      unmeasured_row("bank/postgresql_c10/greenway", why),
      unmeasured_row("bank/postgresql_c10/pgbench", why),
  };
}

}  // namespace greenway::bench

#endif
