// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <random>

#include "bank/bank_dao.hpp"

namespace bank {

/// The orders of one client, drawn as pgbench draws them.
class Transfers {
 public:
  /// @param branches  How many the bank has.
  /// @param client    Each draws a row of its own, the same one in every run.
  Transfers(std::int64_t branches, std::size_t client) : branches_(branches), random_(client + 1) {}

  Transfer next() {
    Transfer order;
    order.account = draw(1, branches_ * accounts_per_branch);
    order.branch = draw(1, branches_);
    order.teller = draw(1, branches_ * tellers_per_branch);
    order.delta = draw(-5000, 5000);
    return order;
  }

 private:
  std::int64_t draw(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }

  std::int64_t branches_;
  std::mt19937_64 random_;
};

}  // namespace bank
