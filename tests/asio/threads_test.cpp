// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <greenway/asio/asio.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using greenway::greenlet_spawn;

constexpr int thread_count = 4;

/// Runs `context` on several threads until it has nothing to do.
void run_on_threads(asio::io_context& context) {
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] { context.run(); });
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

/// Holds a context's threads until all of them are there, so that none does the work of all.
class Barrier {
 public:
  void arrive_and_wait() {
    ++arrived_;
    while (arrived_ < thread_count) {
      std::this_thread::yield();
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

/// Lets each of the context's threads run one handler at the same time.
void post_barrier(asio::io_context& context, Barrier& barrier) {
  for (int i = 0; i < thread_count; ++i) {
    asio::post(context, [&] { barrier.arrive_and_wait(); });
  }
}

/// Waits in each way there is, on sockets and timers of `context`.
int wait_in_each_way(asio::io_context& context, int n) {
  greenway::sleep_for(std::chrono::microseconds(n % 5 * 100));
  asio::steady_timer timer(context, 200us);
  greenway::await_only(timer.async_wait(asio::deferred));
  asio::local::stream_protocol::socket a(context);
  asio::local::stream_protocol::socket b(context);
  asio::local::connect_pair(a, b);
  const std::string sent = std::to_string(n);
  greenway::await_only(asio::async_write(a, asio::buffer(sent), asio::deferred));
  a.close();
  greenway::wait_readable(b.native_handle());
  std::string received(sent.size(), '\0');
  greenway::await_only(asio::async_read(b, asio::buffer(received), asio::deferred));
  greenway::yield();
  return greenway::offload([&] { return std::stoi(received); });
}

void use_from_several_threads(asio::io_context& context) {
  constexpr int count = 200;
  Barrier barrier;
  std::atomic<int> right{0};
  std::atomic<int> on_strand{0};
  greenway::Mutex mutex;
  std::set<std::thread::id> threads;
  int under_lock = 0;
  post_barrier(context, barrier);
  for (int i = 0; i < count; ++i) {
    asio::post(context, [&, i] {
      const auto strand = asio::make_strand(context);
      auto handler = [&, i, strand](std::exception_ptr error, int n) {
        right += error == nullptr && n == i ? 1 : 0;
        on_strand += strand.running_in_this_thread() ? 1 : 0;
      };
      greenlet_spawn([&, i] {
        const int n = wait_in_each_way(context, i);
        const std::lock_guard lock(mutex);
        ++under_lock;
        threads.insert(std::this_thread::get_id());
        return n;
      })(asio::bind_executor(strand, std::move(handler)));
    });
  }
  run_on_threads(context);
  CHECK(right == count);
  CHECK(on_strand == count);
  CHECK(under_lock == count);
  CHECK(threads.size() <= 2);
}

}  // namespace

TEST_CASE("greenlets of a context made for several threads run on one thread, and complete on the caller's strand") {
  asio::io_context context(thread_count);
  use_from_several_threads(context);
}

TEST_CASE("so do they when the threads show only as they come, but for those that live in place") {
  asio::io_context context;
  use_from_several_threads(context);
}

TEST_CASE("greenlets of a context with several threads share one thread, which runs none of its handlers") {
  asio::io_context context(thread_count);
  std::mutex mutex;
  std::set<std::thread::id> greenlet_threads;
  std::set<std::thread::id> handler_threads;
  Barrier barrier;
  post_barrier(context, barrier);
  for (int i = 0; i < 50; ++i) {
    asio::post(context, [&] {
      greenlet_spawn([&] {
        greenway::sleep_for(1ms);
        const std::lock_guard lock(mutex);
        greenlet_threads.insert(std::this_thread::get_id());
      })(asio::bind_executor(context, [&](std::exception_ptr) {
        const std::lock_guard lock(mutex);
        handler_threads.insert(std::this_thread::get_id());
      }));
    });
  }
  run_on_threads(context);
  REQUIRE(greenlet_threads.size() == 1);
  CHECK(handler_threads.count(*greenlet_threads.begin()) == 0);
}

TEST_CASE("one thread that runs a context runs its greenlets too") {
  asio::io_context context;
  bool is_same_thread = false;
  asio::post(context, [&] {
    const auto here = std::this_thread::get_id();
    greenlet_spawn([&, here] {
      greenway::sleep_for(1ms);
      is_same_thread = std::this_thread::get_id() == here;
    })(asio::bind_executor(context, asio::detached));
  });
  context.run();
  CHECK(is_same_thread);
}

TEST_CASE("a greenlet that lives in place ends there after a second thread has come, and new ones run elsewhere") {
  asio::io_context context;
  const auto work = asio::make_work_guard(context);
  std::atomic<bool> has_begun{false};
  std::atomic<bool> may_end{false};
  std::atomic<bool> has_ended{false};
  std::thread::id place;
  asio::post(context, [&] {
    greenlet_spawn([&] {
      place = std::this_thread::get_id();
      has_begun = true;
      while (!may_end) {
        greenway::sleep_for(100us);
      }
      has_ended = std::this_thread::get_id() == place;
    })(asio::bind_executor(context, asio::detached));
  });
  std::thread first([&] { context.run(); });
  while (!has_begun) {
    std::this_thread::yield();
  }
  std::thread second([&] { context.run(); });
  std::atomic<bool> was_elsewhere{false};
  Barrier barrier;
  for (int i = 0; !was_elsewhere; ++i) {
    std::atomic<int> done{0};
    for (int k = 0; k < 2; ++k) {
      asio::post(context, [&] {
        greenlet_spawn([&] {
          if (std::this_thread::get_id() != place) {
            was_elsewhere = true;
          }
        })(asio::bind_executor(context, [&](std::exception_ptr) { ++done; }));
        std::this_thread::sleep_for(1ms);
      });
    }
    while (done != 2) {
      std::this_thread::yield();
    }
  }
  may_end = true;
  while (!has_ended) {
    std::this_thread::yield();
  }
  context.stop();
  first.join();
  second.join();
  CHECK(has_ended);
}

TEST_CASE("a cancellation slot reaches a greenlet that runs elsewhere") {
  asio::io_context context(thread_count);
  std::atomic<int> aborted{0};
  std::atomic<int> unwound{0};
  constexpr int count = 40;
  Barrier barrier;
  post_barrier(context, barrier);
  for (int i = 0; i < count; ++i) {
    asio::co_spawn(
        asio::make_strand(context),
        [&, i]() -> asio::awaitable<void> {
          asio::cancellation_signal signal;
          asio::steady_timer timer(co_await asio::this_coro::executor);
          bool has_ended = false;
          std::atomic<bool> has_begun{false};
          greenlet_spawn([&context, &unwound, &has_begun, i] {
            struct Guard {
              std::atomic<int>& count;
              ~Guard() { ++count; }
            } guard{unwound};
            has_begun = true;
            if (i % 2 == 0) {
              greenway::sleep_for(1h);
            }
            asio::steady_timer never(context, 1h);
            greenway::await_only(never.async_wait(asio::deferred));
          })(asio::bind_cancellation_slot(
              signal.slot(), asio::bind_executor(co_await asio::this_coro::executor, [&](std::exception_ptr error) {
                try {
                  std::rethrow_exception(error);
                } catch (const boost::system::system_error& failure) {
                  aborted += failure.code() == asio::error::operation_aborted ? 1 : 0;
                }
                has_ended = true;
                timer.cancel();
              })));
          boost::system::error_code ignored;
          do {
            timer.expires_after(std::chrono::microseconds(i * 10));
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
          } while (!has_begun);
          signal.emit(asio::cancellation_type::terminal);
          while (!has_ended) {
            timer.expires_after(1h);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
          }
        },
        asio::detached);
  }
  run_on_threads(context);
  CHECK(aborted == count);
  CHECK(unwound == count);
}

TEST_CASE("a context that is stopped and destroyed with greenlets suspended elsewhere unwinds them") {
  int unwound = 0;
  constexpr int count = 30;
  {
    asio::io_context context(thread_count);
    Barrier barrier;
    std::atomic<int> begun{0};
    post_barrier(context, barrier);
    for (int i = 0; i < count; ++i) {
      asio::post(context, [&, i] {
        greenlet_spawn([&, i] {
          struct Guard {
            int& unwound;
            ~Guard() { ++unwound; }
          } guard{unwound};
          asio::steady_timer timer(context, 1h);
          ++begun;
          i % 3 == 0   ? greenway::sleep_for(1h)
          : i % 3 == 1 ? greenway::await_only(timer.async_wait(asio::deferred))
                       : greenway::await_only([](asio::io_context& ctx) -> asio::awaitable<void> {
                           asio::steady_timer inner(ctx, 1h);
                           co_await inner.async_wait(asio::use_awaitable);
                         }(context));
        })(asio::bind_executor(context, asio::detached));
      });
    }
    std::thread stopper([&] {
      while (begun != count) {
        std::this_thread::yield();
      }
      context.stop();
    });
    run_on_threads(context);
    stopper.join();
    CHECK(unwound == 0);
  }
  CHECK(unwound == count);
}

TEST_CASE("another thread shuts down the greenlets of a context with several threads") {
  asio::io_context context(thread_count);
  auto work = asio::make_work_guard(context);
  std::atomic<int> aborted{0};
  std::atomic<int> begun{0};
  for (int i = 0; i < 20; ++i) {
    asio::post(context, [&, i] {
      greenlet_spawn([&, i] {
        asio::steady_timer timer(context, 1h);
        ++begun;
        i % 2 == 0 ? greenway::sleep_for(1h) : greenway::await_only(timer.async_wait(asio::deferred));
      })(asio::bind_executor(context, [&](std::exception_ptr error) { aborted += error != nullptr ? 1 : 0; }));
    });
  }
  std::thread runner([&] { run_on_threads(context); });
  while (begun != 20) {
    std::this_thread::yield();
  }
  CHECK(greenway::AsioHost::of(context).shutdown(greenway::Deadline::in(10s)).empty());
  work.reset();
  runner.join();
  CHECK(aborted == 20);
}

namespace {

/// A thread that wakes whoever asks it to, after a while that differs from time to time.
class Waker {
 public:
  Waker() : thread_([this] { serve(); }) {}
  ~Waker() {
    is_over_ = true;
    thread_.join();
  }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Has itself wake the greenlet that calls, and waits for that.
  void wake_me(int after) {
    Wanted wanted{greenway::Waiter(greenway::WaitKind::worker), after, {}};
    wanted_ = &wanted;
    wanted.waiter.wait();
    const std::lock_guard is_done(wanted.mutex);
  }

 private:
  struct Wanted {
    greenway::Waiter waiter;
    int after;
    std::mutex mutex;
  };

  void serve() {
    while (!is_over_) {
      if (Wanted* const wanted = wanted_.exchange(nullptr)) {
        const std::lock_guard lock(wanted->mutex);
        for (std::atomic<int> turn = 0; turn < wanted->after; ++turn) {
        }
        wanted->waiter.wake();
      }
    }
  }

  std::atomic<Wanted*> wanted_{nullptr};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a wait that is over while it begins leaves the context nothing to run for") {
  Waker waker;
  asio::io_context context;
  for (int turn = 0; turn != 20'000; ++turn) {
    bool has_ended = false;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          co_await greenlet_spawn(&Waker::wake_me, &waker, turn % 100);
          has_ended = true;
        },
        asio::detached);
    context.restart();
    context.run_for(10s);
    REQUIRE(has_ended);
    REQUIRE(context.stopped());
  }
}

TEST_CASE("threads that use greenlets of a new context at the same time close nobody's descriptors") {
  for (int turn = 0; turn != 500; ++turn) {
    asio::io_context context;
    Barrier barrier;
    std::atomic<int> open_files{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([&] {
        barrier.arrive_and_wait();
        (void)greenway::AsioHost::of(context);
        // Each takes the numbers that were closed last.
        std::array<int, 8> files{};
        for (int& file : files) {
          file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
        std::this_thread::yield();
        for (const int file : files) {
          open_files += close(file) == 0 ? 1 : 0;
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    REQUIRE(open_files == thread_count * 8);
  }
}
