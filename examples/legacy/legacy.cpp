// SPDX-License-Identifier: BSL-1.0
//
// Legacy programs, run twice: each visitor on a thread of its own, as such programs are written, and then all of them
// in greenlets of one thread. The object files of the DAOs are the same, and know of neither.
//
//   legacy --postgresql 'host=… dbname=…' --mariadb HOST:PORT --redis HOST:PORT --sqlite FILE

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>

#include "legacy/libpq_dao.hpp"
#include "legacy/mariadb_dao.hpp"
#include "legacy/pqxx_dao.hpp"
#include "legacy/redis_dao.hpp"
#include "legacy/soci_dao.hpp"
#include "legacy/sqlite_dao.hpp"

namespace gw = greenway;

namespace {

struct Program {
  std::string name;
  std::function<void(int)> visit;
};

std::pair<std::string, int> host_and_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  return {text.substr(0, colon), std::stoi(text.substr(colon + 1))};
}

/// Pays in, looks, and lets the server take its time.
template <class Dao>
void visit(Dao dao, int client) {
  dao.create();
  dao.deposit(client, 100);
  dao.nap(0.2);
  if (dao.balance(client) != 100) {
    throw std::logic_error("the books do not balance");
  }
}

void in_threads(int visitors, const Program& program) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < visitors; ++i) {
    threads.emplace_back(program.visit, i);
  }
}

void in_greenlets(int visitors, const Program& program) {
  gw::TaskGroup group;
  for (int i = 0; i < visitors; ++i) {
    group.spawn([&program, i] {
      const gw::InterposeScope scope;
      program.visit(i);
    });
  }
  group.wait();
}

template <class F>
auto milliseconds(F&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

/// What can be run with the servers that were named.
std::vector<Program> programs(const std::string& postgresql, const std::string& mariadb, const std::string& redis,
                              const std::string& sqlite) {
  std::vector<Program> all;
  if (!postgresql.empty()) {
    all.push_back({"libpq", [=](int client) { visit(LibpqDao(postgresql), client); }});
    all.push_back({"libpqxx", [=](int client) { visit(PqxxDao(postgresql), client); }});
    all.push_back({"SOCI", [=](int client) { visit(SociDao("postgresql://" + postgresql), client); }});
  }
  if (!mariadb.empty()) {
    const auto [host, port] = host_and_port(mariadb);
    all.push_back({"libmariadb", [host = host, port = static_cast<unsigned>(port)](int client) {
                     visit(MariadbDao(host, port, "greenway"), client);
                   }});
  }
  if (!redis.empty()) {
    const auto [host, port] = host_and_port(redis);
    all.push_back({"hiredis", [host = host, port = port](int client) {
                     RedisDao dao(host, port);
                     const std::string list = "legacy:" + std::to_string(client);
                     dao.send(list, "a message");
                     dao.receive(list);
                   }});
  }
  if (!sqlite.empty()) {
    SqliteDao(sqlite).create();
    all.push_back({"sqlite3", [=](int client) { SqliteDao(sqlite, 60'000).deposit(client, 100); }});
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Legacy programs on threads, and unchanged in greenlets of one thread.", "legacy");
  std::string postgresql, mariadb, redis, sqlite;
  int visitors = 20;
  app.add_option("--postgresql", postgresql, "For libpq, libpqxx and SOCI")->type_name("CONNINFO");
  app.add_option("--mariadb", mariadb, "For libmariadb; a database \"greenway\" is there")->type_name("HOST:PORT");
  app.add_option("--redis", redis, "For hiredis")->type_name("HOST:PORT");
  app.add_option("--sqlite", sqlite, "For the C API of SQLite")->type_name("FILE");
  app.add_option("--visitors", visitors, "How many at a time")->check(CLI::Range(1, 100))->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  fmt::print("{:<12} {:>4} threads {:>4} greenlets\n", "", visitors, visitors);
  for (const Program& program : programs(postgresql, mariadb, redis, sqlite)) {
    const auto threads = milliseconds([&] { in_threads(visitors, program); });
    const auto greenlets = milliseconds([&] { in_greenlets(visitors, program); });
    fmt::print("{:<12} {:>9} ms {:>11} ms\n", program.name, threads, greenlets);
  }
} catch (const std::exception& error) {
  fmt::print(stderr, "legacy: {}\n", error.what());
  return EXIT_FAILURE;
}
