// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>

#include <greenway/base/clock.hpp>

#include "bank/options.hpp"
#include "bank/progress.hpp"

namespace bank {

/// One caller at work, on one thread: what is asked of it, and what it has done so far.
class Run {
 public:
  /// Starts the clock.
  /// @param caller    For the progress line.
  /// @param options   How much is asked.
  /// @param branches  How many the bank has.
  Run(std::string_view caller, const Options& options, std::int64_t branches);

  [[nodiscard]] std::size_t clients() const noexcept { return clients_; }
  [[nodiscard]] std::int64_t branches() const noexcept { return branches_; }

  /// @param done  Transactions of the client that asks.
  /// @return Whether it is to make another one.
  [[nodiscard]] bool goes_on(std::int64_t done);
  /// A transaction has been committed.
  void count() noexcept { ++transactions_; }
  /// A client has failed. The first error counts, and no client goes on.
  void fail(std::exception_ptr error) noexcept;
  /// The event loop came back that much later than it was asked to.
  void held(greenway::Duration length) noexcept;
  /// Stops the clock.
  void finish() noexcept;

  [[nodiscard]] std::int64_t transactions() const noexcept { return transactions_; }
  [[nodiscard]] double seconds() const noexcept;
  /// @return The longest time that the event loop was held, if there is a loop.
  [[nodiscard]] std::optional<greenway::Duration> longest_hold() const noexcept { return longest_hold_; }
  /// @return The first error, or null.
  [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  std::size_t clients_;
  std::int64_t branches_;
  std::int64_t transactions_per_client_;
  greenway::TimePoint start_ = greenway::Clock::now();
  greenway::TimePoint end_;
  std::int64_t transactions_ = 0;
  std::optional<greenway::Duration> longest_hold_;
  std::exception_ptr failure_;
  Progress progress_;
};

}  // namespace bank
