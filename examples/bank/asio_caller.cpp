// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstddef>
#include <exception>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/db/async.hpp>

#include "bank/bank_dao.hpp"
#include "bank/caller.hpp"
#include "bank/transfers.hpp"

namespace bank {

namespace {

namespace asio = boost::asio;

asio::awaitable<void> make_transfers(greenway::AsyncEngine engine, Run& run, std::size_t client) {
  auto conn = co_await engine.connect();
  Transfers transfers(run.branches(), client);
  for (std::int64_t done = 0; run.goes_on(done); ++done) {
    const Transfer order = transfers.next();
    co_await conn.run_sync(transfer, order);
    run.count();
  }
  co_await conn.close();
}

/// Asks the loop to come back in a millisecond, again and again, and notes by how much it is late.
class Ticker {
 public:
  Ticker(asio::io_context& loop, Run& run) : timer_(loop), run_(run) { tick(); }
  void stop() {
    is_stopped_ = true;  // when the timer has expired already, it cannot be cancelled any more
    timer_.cancel();
  }

 private:
  void tick() {
    timer_.expires_after(std::chrono::milliseconds(1));
    timer_.async_wait([this](const boost::system::error_code&) {
      if (!is_stopped_) {
        run_.held(greenway::Clock::now() - timer_.expiry());
        tick();
      }
    });
  }

  asio::steady_timer timer_;
  Run& run_;
  bool is_stopped_ = false;
};

}  // namespace

void call_from_asio(const greenway::Engine& engine, Run& run) {
  asio::io_context loop(1);
  Ticker ticker(loop, run);
  std::size_t busy = run.clients();
  for (std::size_t client = 0; client < run.clients(); ++client) {
    asio::co_spawn(loop, make_transfers(greenway::AsyncEngine(engine), run, client), [&](std::exception_ptr error) {
      if (error != nullptr) {
        run.fail(error);
      }
      if (--busy == 0) {
        ticker.stop();
      }
    });
  }
  loop.run();
}

}  // namespace bank
