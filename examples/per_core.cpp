// SPDX-License-Identifier: BSL-1.0
//
// One io_context for each core, each run by one thread: the shape for programs that use several cores. Greenlets stay on
// their core, where nothing is locked; work goes from core to core through channels, which wake a greenlet wherever it is.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/wait.hpp>

namespace asio = boost::asio;
namespace gw = greenway;

namespace {

constexpr int jobs_per_core = 100;
constexpr int greenlets_per_core = 4;

struct Job {
  int number = 0;
};

/// What one core has, and what it did. Only its own thread touches the latter.
struct Core {
  asio::io_context context{1};
  gw::Channel<Job> jobs{16};
  int done = 0;
  long sum = 0;
};

/// Synchronous: knows no event loop, and no other core.
void work(Core& core) {
  while (const auto job = core.jobs.receive()) {
    gw::sleep_for(std::chrono::microseconds(100));  // a query, say
    ++core.done;
    core.sum += job->number;
  }
}

/// Runs on the first core and hands out to all.
void hand_out(std::vector<Core>& cores) {
  for (int number = 0; number < jobs_per_core * static_cast<int>(cores.size()); ++number) {
    cores[static_cast<std::size_t>(number) % cores.size()].jobs.send(Job{number});
  }
  for (Core& core : cores) {
    core.jobs.close();
  }
}

void rethrow(std::exception_ptr error) {
  if (error != nullptr) {
    std::rethrow_exception(std::move(error));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : static_cast<int>(std::thread::hardware_concurrency());
  std::vector<Core> cores(static_cast<std::size_t>(std::max(count, 1)));
  for (Core& core : cores) {
    for (int i = 0; i < greenlets_per_core; ++i) {
      gw::greenlet_spawn(work, std::ref(core))(asio::bind_executor(core.context, rethrow));
    }
  }
  gw::greenlet_spawn(hand_out, std::ref(cores))(asio::bind_executor(cores.front().context, rethrow));

  std::vector<std::thread> threads;
  for (Core& core : cores) {
    threads.emplace_back([&core] { core.context.run(); });  // returns when its greenlets have ended
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (std::size_t i = 0; i < cores.size(); ++i) {
    std::cout << "core " << i << ": " << cores[i].done << " jobs, sum " << cores[i].sum << '\n';
  }
}
