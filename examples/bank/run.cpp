// SPDX-License-Identifier: BSL-1.0
#include "bank/run.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace bank {

namespace {

constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();

using Seconds = std::chrono::duration<double>;

double in_seconds(greenway::Duration length) { return Seconds(length).count(); }

greenway::TimePoint end_of(const Options& options, greenway::TimePoint start) {
  return options.transactions != 0 ? greenway::TimePoint::max()
                                   : start + std::chrono::duration_cast<greenway::Duration>(Seconds(options.seconds));
}

}  // namespace

Run::Run(std::string_view caller, const Options& options, std::int64_t branches)
    : clients_(options.clients),
      branches_(branches),
      transactions_per_client_(options.transactions != 0 ? options.transactions : no_limit),
      end_(end_of(options, start_)),
      progress_(caller) {}

bool Run::goes_on(std::int64_t done) {
  const greenway::TimePoint now = greenway::Clock::now();
  if (progress_.is_due(now)) {
    const double seconds = in_seconds(now - start_);
    progress_.show(now, fmt::format("{:.1f} s, {} transactions, {:.0f} a second", seconds, transactions_,
                                    static_cast<double>(transactions_) / seconds));
  }
  return done < transactions_per_client_ && now < end_ && failure_ == nullptr;
}

void Run::fail(std::exception_ptr error) noexcept {
  if (failure_ == nullptr) {
    failure_ = std::move(error);
  }
}

void Run::held(greenway::Duration length) noexcept {
  longest_hold_ = std::max(longest_hold_.value_or(greenway::Duration::zero()), length);
}

void Run::finish() noexcept { end_ = greenway::Clock::now(); }

double Run::seconds() const noexcept { return in_seconds(end_ - start_); }

}  // namespace bank
