// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include <greenway/fiber/fiber_host.hpp>

#include "bank/bank_dao.hpp"
#include "bank/caller.hpp"
#include "bank/transfers.hpp"

namespace bank {

namespace {

/// As in a plain thread: what suspends the fiber lies below.
void make_transfers(const greenway::Engine& engine, Run& run, std::size_t client) {
  try {
    greenway::Connection conn = engine.connect();
    Transfers transfers(run.branches(), client);
    for (std::int64_t done = 0; run.goes_on(done); ++done) {
      transfer(conn, transfers.next());
      run.count();
    }
  } catch (const std::exception&) {
    run.fail(std::current_exception());  // what leaves a fiber ends the program
  }
}

/// Comes back in a millisecond, again and again, and notes by how much it is late.
void tick(Run& run, const bool& is_over) {
  while (!is_over) {
    const auto due = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
    boost::this_fiber::sleep_until(due);
    if (!is_over) {
      run.held(std::chrono::steady_clock::now() - due);
    }
  }
}

}  // namespace

void call_from_fiber(const greenway::Engine& engine, Run& run) {
  const greenway::FiberHost host;
  bool is_over = false;
  boost::fibers::fiber ticker([&] { tick(run, is_over); });
  std::vector<boost::fibers::fiber> clients;
  for (std::size_t client = 0; client < run.clients(); ++client) {
    clients.emplace_back([&engine, &run, client] { make_transfers(engine, run, client); });
  }
  for (boost::fibers::fiber& client : clients) {
    client.join();
  }
  is_over = true;
  ticker.join();
}

}  // namespace bank
