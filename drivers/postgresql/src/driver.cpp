// SPDX-License-Identifier: BSL-1.0
#include <greenway/postgresql/driver.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/db/threaded_driver.hpp>
#include <greenway/runtime/offload.hpp>

#include "connect.hpp"
#include "connection.hpp"
#include "error.hpp"
#include "settings.hpp"

namespace greenway {

namespace {

using namespace detail::postgresql;

class PostgreSQLDriver final : public Driver {
 public:
  explicit PostgreSQLDriver(Settings settings) : settings_(std::make_shared<const Settings>(std::move(settings))) {}

  std::string_view name() const noexcept override { return "postgresql"; }
  ParameterStyle parameter_style() const noexcept override { return ParameterStyle::dollar; }

  std::unique_ptr<DriverConnection> connect(Deadline deadline) override {
    const TimePoint start = Clock::now();
    const Deadline limit = earlier(deadline, Deadline::in(settings_->connect_timeout));
    try {
      auto open = [settings = settings_, limit] { return open_session(*settings, limit); };
      return std::make_unique<PostgreSQLConnection>(offload_detached(std::move(open), limit), settings_);
    } catch (const TimeoutError&) {
      const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
      throw_client_error<OperationalError>(
          "no connection to PostgreSQL at " + settings_->where + " within " + std::to_string(waited.count()) + " ms",
          {}, true);
    }
  }

 private:
  std::shared_ptr<const Settings> settings_;
};

}  // namespace

void register_postgresql() {
  register_driver("postgresql", [](const URL& url) -> std::unique_ptr<Driver> {
    Settings settings = make_settings(url);
    const bool has_threads = settings.has_threads;
    auto driver = std::make_unique<PostgreSQLDriver>(std::move(settings));
    return has_threads ? make_threaded_driver(std::move(driver)) : std::move(driver);
  });
}

}  // namespace greenway
