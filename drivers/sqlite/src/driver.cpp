// SPDX-License-Identifier: BSL-1.0
#include <greenway/sqlite/driver.hpp>

#include <memory>
#include <optional>

#include <sqlite3.h>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>

#include "connection.hpp"
#include "options.hpp"

namespace greenway {

namespace detail {

namespace {

class SQLiteDriver final : public Driver {
 public:
  explicit SQLiteDriver(const URL& url) : options_(url) {
    if (sqlite3_threadsafe() == 0) {
      throw ArgumentError("this SQLite library was built for a single thread (SQLITE_THREADSAFE=0): link another");
    }
    if (options_.is_in_memory) {
      // The database is there as long as somebody has it open.
      anchor_.emplace(options_);
      (void)anchor_->open();
    }
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "sqlite"; }
  [[nodiscard]] ParameterStyle parameter_style() const noexcept override { return ParameterStyle::question; }

  std::unique_ptr<DriverConnection> connect(Deadline deadline) override {
    auto connection = std::make_unique<SQLiteConnection>(options_);
    connection->open(deadline);
    return connection;
  }

 private:
  const SQLiteOptions options_;
  std::optional<SQLiteDatabase> anchor_;
};

}  // namespace

}  // namespace detail

void register_sqlite() {
  register_driver("sqlite", [](const URL& url) { return std::make_unique<detail::SQLiteDriver>(url); });
}

}  // namespace greenway
