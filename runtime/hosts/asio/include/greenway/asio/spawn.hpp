// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/asio/spawn.hpp
/// @brief Operations take `asio::yield_context` too: `auto value = op(yield)`.
///
/// Layer: host. Asio's own code for a completion with an exception and a value does not compile in `asio::spawn` before
/// Boost 1.82; including this header instead of `<boost/asio/spawn.hpp>` repairs it.

#include <exception>
#include <utility>

#include <boost/asio/spawn.hpp>
#include <boost/version.hpp>

#include <greenway/asio/completion_token.hpp>

#if BOOST_VERSION < 108200

namespace boost::asio::detail {

/// Resumes a coroutine of `asio::spawn` with a value or an exception.
template <typename Executor, typename T>
class spawn_handler<Executor, void(std::exception_ptr, T)> : public spawn_handler_base<Executor> {
 public:
  using return_type = T;

  struct result_type {
    std::exception_ptr* error = nullptr;
    T* value = nullptr;
  };

  spawn_handler(const basic_yield_context<Executor>& yield, result_type& result)
      : spawn_handler_base<Executor>(yield), result_(result) {}

  void operator()(std::exception_ptr error, T value) {
    result_.error = &error;
    result_.value = &value;
    this->resume();
  }

  static T on_resume(result_type& result) {
    if (*result.error != nullptr) {
      std::rethrow_exception(std::exchange(*result.error, nullptr));
    }
    return std::move(*result.value);
  }

 private:
  result_type& result_;
};

}  // namespace boost::asio::detail

#endif
