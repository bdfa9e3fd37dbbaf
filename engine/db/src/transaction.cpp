// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/transaction.hpp>

#include <utility>

#include <greenway/base/error.hpp>

#include "connection_state.hpp"

namespace greenway {

Transaction::Transaction(std::shared_ptr<detail::ConnectionState> connection, detail::TransactionKey key) noexcept
    : connection_(std::move(connection)), key_(key) {}

Transaction& Transaction::operator=(Transaction&& other) noexcept {
  const Transaction gone(std::move(*this));
  connection_ = std::move(other.connection_);
  key_ = other.key_;
  return *this;
}

Transaction::~Transaction() {
  if (connection_ != nullptr) {
    connection_->drop(key_);
  }
}

void Transaction::commit() {
  if (connection_ == nullptr) {
    throw InvalidRequestError("This transaction is inactive");
  }
  connection_->commit(key_);
}

void Transaction::rollback() {
  if (connection_ != nullptr) {
    connection_->rollback(key_);
  }
}

bool Transaction::is_active() const noexcept { return connection_ != nullptr && connection_->is_active(key_); }

}  // namespace greenway
