// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <fstream>
#include <string>

#include <greenway/greenway.hpp>

#include "database.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

constexpr const char* lines =
    "Username: Dan Rydell\n"
    "Username: Dana Whitaker\n";

std::string on_each_loop() { return GENERATE(as<std::string>(), "", " --asio"); }

std::int64_t count_users(const std::string& url) {
  return greenway::create_engine(url).connect().scalar<std::int64_t>(greenway::text("SELECT count(*) FROM users"));
}

/// How often a file was committed to, by SQLite's manual, "Database File Format", 1.3.7.
std::uint32_t commits_of(const std::string& file) {
  std::ifstream header(file, std::ios::binary);
  header.seekg(24);
  std::uint32_t commits = 0;
  for (int byte = 0; byte != 4; ++byte) {
    commits = commits << 8U | static_cast<std::uint32_t>(header.get());
  }
  return commits;
}

}  // namespace

TEST_CASE("seed_thread_worker prints what sqlalchemy_aio's example does, on either loop, and leaves no table") {
  const Shell shell;
  const std::string url = "sqlite:///" + shell.file("test.db").string() + "?strategy=thread";
  const std::string command = std::string(SEED_THREAD_WORKER_PROGRAM) + on_each_loop() + " '" + url + "'";
  for (int turn = 0; turn != 2; ++turn) {
    const Ended seed = shell.run(command);
    CHECK(seed.err.empty());
    CHECK(seed.exit_code == 0);
    CHECK(seed.out == lines);
  }
}

TEST_CASE("seed_thread_worker commits each of its statements, as another connection sees") {
  const Shell shell;
  const std::string file = shell.file("test.db").string();
  const std::string url = "sqlite:///" + file + "?strategy=thread&journal_mode=delete";
  CHECK(shell.run(std::string(SEED_THREAD_WORKER_PROGRAM) + on_each_loop() + " --keep '" + url + "'").out == lines);
  CHECK(count_users(url) == 5);
  // That of CREATE TABLE, and five.
  CHECK(commits_of(file) == 6);
}

TEST_CASE("seed_thread_worker does the same on PostgreSQL") {
  const Shell shell;
  const Database database;
  const std::string loop = on_each_loop();
  CHECK(shell.run(std::string(SEED_THREAD_WORKER_PROGRAM) + loop + " '" + database.url() + "'").out == lines);
  CHECK(shell.run(std::string(SEED_THREAD_WORKER_PROGRAM) + loop + " --keep '" + database.url() + "'").out == lines);
  CHECK(count_users(database.url()) == 5);
}
