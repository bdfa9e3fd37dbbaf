// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

#include <greenway/postgresql/driver.hpp>

#include "support/catch.hpp"

namespace gw = greenway;

namespace server {

std::string url(std::string_view options) {
  const char* const given = std::getenv("GREENWAY_TEST_POSTGRESQL_URL");
  if (given == nullptr) {
    FAIL(
        "GREENWAY_TEST_POSTGRESQL_URL names no server: run these tests through scripts/test.sh, or under "
        "scripts/postgresql.sh run");
  }
  std::string text = given;
  if (!options.empty()) {
    text += text.find('?') == std::string::npos ? '?' : '&';
    text += options;
  }
  return text;
}

ConnectionPtr connect(std::string_view options) {
  gw::register_postgresql();
  if (const char* const strategy = std::getenv("GREENWAY_TEST_STRATEGY")) {
    const std::string with_strategy = "strategy=" + std::string(strategy) + (options.empty() ? "" : "&");
    return gw::make_driver(gw::URL(url(with_strategy + std::string(options))))->connect(soon());
  }
  return gw::make_driver(gw::URL(url(options)))->connect(soon());
}

gw::Deadline soon() { return gw::Deadline::in(std::chrono::seconds(60)); }

std::unique_ptr<gw::Cursor> execute(gw::DriverConnection& connection, const std::string& sql,
                                    const std::vector<gw::Value>& parameters, gw::ExecuteOptions options) {
  if (!options.deadline.is_set()) {
    options.deadline = soon();
  }
  return connection.execute(gw::SQLText(sql), parameters, options);
}

Rows rows(gw::DriverConnection& connection, const std::string& sql, const std::vector<gw::Value>& parameters) {
  const auto cursor = execute(connection, sql, parameters);
  Rows all;
  while (const auto batch = cursor->next()) {
    for (std::size_t row = 0; row < batch->size(); ++row) {
      auto& values = all.emplace_back();
      for (std::size_t column = 0; column < cursor->columns()->size(); ++column) {
        values.push_back(to_value(batch->cell(row, column)));
      }
    }
  }
  return all;
}

gw::Value scalar(gw::DriverConnection& connection, const std::string& sql, const std::vector<gw::Value>& parameters) {
  const Rows all = rows(connection, sql, parameters);
  if (all.size() != 1 || all[0].size() != 1) {
    throw std::logic_error("not one value: " + sql);  // no assertion, for threads that are not Catch2's
  }
  return all[0][0];
}

gw::Value to_value(const gw::Cell& cell) {
  switch (cell.kind) {
    case gw::ValueKind::null:
      return nullptr;
    case gw::ValueKind::boolean:
      return cell.boolean;
    case gw::ValueKind::integer:
      return cell.integer;
    case gw::ValueKind::real:
      return cell.real;
    case gw::ValueKind::bytes:
      return std::as_bytes(std::span(cell.view()));
    default:
      return cell.text();
  }
}

std::int64_t backend(gw::DriverConnection& connection) {
  return *scalar(connection, "SELECT pg_backend_pid()").get_if<std::int64_t>();
}

void kill_backend(std::int64_t pid) {
  const auto other = connect();
  scalar(*other, "SELECT pg_terminate_backend($1::int, 10000)", {pid});
}

std::string unique_name(std::string_view stem) {
  static std::atomic<int> count{0};
  return std::string(stem) + '_' + std::to_string(::getpid()) + '_' + std::to_string(++count);
}

}  // namespace server
