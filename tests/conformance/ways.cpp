// SPDX-License-Identifier: BSL-1.0
#include "ways.hpp"

#include <exception>
#include <stdexcept>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <greenway/asio/asio.hpp>

namespace asio = boost::asio;
namespace gw = greenway;

namespace {

template <class F>
void run_coroutine(F coroutine) {
  thread_local asio::io_context context;
  asio::cancellation_signal cancel;
  asio::steady_timer timer(context);
  if (const gw::Deadline deadline = gw::current_deadline(); deadline.is_set()) {
    timer.expires_at(deadline.time());
    timer.async_wait([&](boost::system::error_code is_off) {
      if (!is_off) {
        cancel.emit(asio::cancellation_type::terminal);
      }
    });
  }
  std::exception_ptr error;
  bool has_ended = false;
  const auto end = [&](std::exception_ptr result) {
    error = result;
    has_ended = true;
    timer.cancel();
  };
  asio::co_spawn(context, std::move(coroutine), asio::bind_cancellation_slot(cancel.slot(), end));
  context.restart();
  context.run();
  if (!has_ended) {
    throw std::logic_error("the loop has nothing left to do, and the coroutine has not ended");
  }
  if (error != nullptr) {
    gw::checkpoint();  // what was cancelled because the scope around was
    std::rethrow_exception(error);
  }
}

}  // namespace

#ifdef GREENWAY_FACADE

void facade::run(gw::Task<> task) {
  run_coroutine([&]() -> asio::awaitable<void> { co_await std::move(task); });
}

bool facade::Connection::streams(const gw::ExecutionOptions& options) const {
  const bool is_said = options.stream_results || options.yield_per;
  const gw::ExecutionOptions& from = is_said || closed() ? options : get_execution_options();
  return from.stream_results.value_or(from.yield_per.has_value());
}

#else

void conformance::run_in_greenlet(const std::function<void()>& body) {
  run_coroutine([&]() -> asio::awaitable<void> { co_await gw::greenlet_spawn(std::cref(body)); });
}

#endif
