// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <greenway/db/driver.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/sqlite/driver.hpp>

#include "support/catch.hpp"

/// What the tests of the SQLite driver share: a folder of their own, and short ways to execute and read.
namespace scratch {

namespace gw = greenway;
using namespace std::chrono_literals;

using Rows = std::vector<std::vector<gw::Value>>;
using Parameters = std::vector<gw::Value>;

/// Closes, so that nothing is left to the connection's thread when the folder goes.
struct Close {
  void operator()(gw::DriverConnection* connection) const {
    connection->close(gw::Deadline::in(30s));
    delete connection;
  }
};
using Connection = std::unique_ptr<gw::DriverConnection, Close>;

/// A folder that goes away with all that is in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "greenway-sqlite-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::filesystem::path file(const std::string& name = "test.db") const { return path_ / name; }
  [[nodiscard]] std::string url(const std::string& options = "") const {
    return "sqlite:///" + file().string() + (options.empty() ? "" : "?" + options);
  }

 private:
  std::filesystem::path path_;
};

inline gw::Deadline soon() { return gw::Deadline::in(30s); }

inline std::unique_ptr<gw::Driver> driver(const std::string& url) {
  gw::register_sqlite();
  return gw::make_driver(gw::URL(url));
}

inline Connection connect(gw::Driver& driver) { return Connection(driver.connect(soon()).release()); }

inline Connection connect(const std::string& url) { return connect(*driver(url)); }

inline std::unique_ptr<gw::Cursor> execute(gw::DriverConnection& connection, const std::string& sql,
                                           const Parameters& parameters = {}, gw::Deadline deadline = soon(),
                                           std::size_t stream = 0) {
  gw::ExecuteOptions options;
  options.deadline = deadline;
  options.stream = stream;
  return connection.execute(gw::SQLText(sql), parameters, options);
}

inline gw::Value value_of(const gw::Cell& cell) {
  switch (cell.kind) {
    case gw::ValueKind::null:
      return {};
    case gw::ValueKind::boolean:
      return cell.boolean;
    case gw::ValueKind::integer:
      return cell.integer;
    case gw::ValueKind::real:
      return cell.real;
    case gw::ValueKind::bytes: {
      const auto* begin = reinterpret_cast<const std::byte*>(cell.data);
      return gw::Bytes(begin, begin + cell.size);
    }
    default:
      return cell.view();
  }
}

/// Adds the rows of one batch.
inline void append(Rows& rows, const gw::RowBatch& batch, std::size_t columns) {
  for (std::size_t row = 0; row < batch.size(); ++row) {
    auto& values = rows.emplace_back();
    for (std::size_t column = 0; column < columns; ++column) {
      values.push_back(value_of(batch.cell(row, column)));
    }
  }
}

inline Rows rows_of(gw::Cursor& cursor) {
  Rows rows;
  while (const auto batch = cursor.next()) {
    append(rows, *batch, cursor.columns()->size());
  }
  return rows;
}

inline Rows query(gw::DriverConnection& connection, const std::string& sql, const Parameters& parameters = {}) {
  return rows_of(*execute(connection, sql, parameters));
}

/// The one value of the one row.
inline gw::Value scalar(gw::DriverConnection& connection, const std::string& sql, const Parameters& parameters = {}) {
  return query(connection, sql, parameters).at(0).at(0);
}

/// The error that `body` throws, of exactly that type.
template <class Error, class F>
Error error_of(F&& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(typeid(error) == typeid(Error));
    return error;
  }
  throw std::logic_error("nothing was thrown");
}

/// Runs the body both ways, since one code serves both.
template <class F>
void in_thread_and_greenlet(F&& body) {
  SECTION("called by a thread") { body(); }
  SECTION("called by a greenlet") { gw::run(body); }
}

}  // namespace scratch
