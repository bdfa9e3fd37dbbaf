// SPDX-License-Identifier: BSL-1.0
#include <thread>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

namespace {

constexpr int writers = 16;
constexpr int rounds = 25;

gw::BeginOptions immediate() {
  gw::BeginOptions options;
  options.immediate = true;
  return options;
}

/// While the connection is open, those that come do not have to recover the WAL, for which they would wait for each other.
Connection create_counter(const std::string& url) {
  Connection connection = connect(url);
  execute(*connection, "CREATE TABLE counter (n INTEGER)");
  execute(*connection, "INSERT INTO counter VALUES (0)");
  return connection;
}

/// Reads, adds one and writes, in a transaction of its own: two that overlap would lose an addition.
void increment(gw::DriverConnection& connection) {
  connection.begin(immediate(), soon());
  const std::int64_t n = *scalar(connection, "SELECT n FROM counter").get_if<std::int64_t>();
  execute(connection, "UPDATE counter SET n = ?1", {n + 1});
  connection.commit(soon());
}

}  // namespace

TEST_CASE("sixteen threads that write one file never meet SQLITE_BUSY and lose nothing") {
  const Folder folder;
  // Waiting for each other is the queue's business alone: SQLite itself may not wait at all.
  const std::string url = folder.url("busy_timeout=0&synchronous=off");
  const Connection anchor = create_counter(url);
  std::vector<std::thread> threads;
  std::vector<std::string> failures(writers);
  for (int i = 0; i < writers; ++i) {
    threads.emplace_back([&, &failure = failures[static_cast<std::size_t>(i)]] {
      try {
        const Connection connection = connect(url);
        for (int round = 0; round < rounds; ++round) {
          increment(*connection);
          execute(*connection, "UPDATE counter SET n = n + 1");
        }
      } catch (const gw::Error& error) {
        failure = error.what();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(failures == std::vector<std::string>(writers));
  CHECK(scalar(*connect(url), "SELECT n FROM counter") == 2 * writers * rounds);
}

TEST_CASE("sixteen greenlets of one loop that write one file never meet SQLITE_BUSY and lose nothing") {
  const Folder folder;
  const std::string url = folder.url("busy_timeout=0&synchronous=off");
  const Connection anchor = create_counter(url);
  gw::run([&] {
    std::vector<gw::Future<void>> futures;
    for (int i = 0; i < writers; ++i) {
      futures.push_back(gw::greenlet_spawn([&] {
                          const Connection connection = connect(url);
                          for (int round = 0; round < rounds; ++round) {
                            increment(*connection);
                          }
                        }).to_future());
    }
    for (auto& future : futures) {
      future.get();
    }
  });
  CHECK(scalar(*connect(url), "SELECT n FROM counter") == writers * rounds);
}

TEST_CASE("writers are served in the order of their arrival, threads and greenlets alike") {
  const Folder folder;
  create_counter(folder.url());
  std::vector<int> order;
  gw::run([&] {
    const Connection holder = connect(folder.url());
    std::vector<Connection> connections;
    std::vector<gw::Future<void>> futures;
    for (int i = 0; i < 5; ++i) {
      connections.push_back(connect(folder.url()));
    }
    holder->begin(immediate(), soon());
    for (int i = 0; i < 5; ++i) {
      // Runs at once up to its wait for the place.
      futures.push_back(gw::greenlet_spawn([&, i] {
                          connections[static_cast<std::size_t>(i)]->begin(immediate(), soon());
                          order.push_back(i);
                          execute(*connections[static_cast<std::size_t>(i)], "UPDATE counter SET n = n + 1");
                          connections[static_cast<std::size_t>(i)]->commit(soon());
                        }).to_future());
    }
    holder->commit(soon());
    // Whoever held the place does not overtake those who wait for it.
    holder->begin(immediate(), soon());
    order.push_back(99);
    holder->rollback(soon());
    for (auto& future : futures) {
      future.get();
    }
  });
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 99});
}

TEST_CASE("a writer that gives up waiting leaves the queue to the others") {
  const Folder folder;
  create_counter(folder.url());
  gw::run([&] {
    const Connection holder = connect(folder.url());
    const Connection impatient = connect(folder.url());
    const Connection cancelled = connect(folder.url());
    const Connection patient = connect(folder.url());
    holder->begin(immediate(), soon());

    auto operation = gw::greenlet_spawn([&] { execute(*cancelled, "UPDATE counter SET n = n + 10"); });
    const auto cancel = operation.canceller();
    auto first = operation.to_future();
    auto last = gw::greenlet_spawn([&] { execute(*patient, "UPDATE counter SET n = n + 1"); }).to_future();
    CHECK_THROWS_AS(execute(*impatient, "UPDATE counter SET n = n + 100", {}, gw::Deadline::in(20ms)),
                    gw::TimeoutError);
    cancel();
    CHECK_THROWS_AS(first.get(), gw::OperationCancelled);
    CHECK_FALSE(last.wait_for(20ms));
    holder->rollback(soon());
    last.get();

    for (gw::DriverConnection* connection : {impatient.get(), cancelled.get()}) {
      CHECK(connection->is_usable());
      CHECK(connection->transaction_state() == gw::TransactionState::idle);
      execute(*connection, "UPDATE counter SET n = n + 1");
    }
    CHECK(scalar(*holder, "SELECT n FROM counter") == 3);
  });
}

TEST_CASE("a begin that gives up waiting has begun nothing") {
  const Folder folder;
  create_counter(folder.url());
  const Connection holder = connect(folder.url());
  const Connection other = connect(folder.url("begin=immediate"));
  holder->begin(immediate(), soon());
  CHECK_THROWS_AS(other->begin({}, gw::Deadline::in(20ms)), gw::TimeoutError);
  CHECK(other->transaction_state() == gw::TransactionState::idle);
  holder->rollback(soon());
  increment(*other);
}

TEST_CASE("readers do not wait for a writer of a file") {
  const Folder folder;
  create_counter(folder.url());
  const Connection writer = connect(folder.url());
  const Connection reader = connect(folder.url());
  writer->begin({}, soon());
  execute(*writer, "UPDATE counter SET n = 1");
  CHECK(scalar(*reader, "SELECT n FROM counter") == 0);
  writer->commit(soon());
  CHECK(scalar(*reader, "SELECT n FROM counter") == 1);
}

TEST_CASE("a file reached by another path is the same file to its writers") {
  const Folder folder;
  create_counter(folder.url());
  std::filesystem::create_symlink(folder.file(), folder.file("link.db"));
  const Connection writer = connect(folder.url());
  writer->begin(immediate(), soon());
  const Connection other = connect("sqlite:///" + folder.file("link.db").string() + "?begin=immediate");
  CHECK_THROWS_AS(other->begin({}, gw::Deadline::in(20ms)), gw::TimeoutError);
}

TEST_CASE("sixteen connections that open a new file at once all find it in its journal mode") {
  const Folder folder;
  std::vector<std::thread> threads;
  std::vector<std::string> failures(writers);
  for (int i = 0; i < writers; ++i) {
    threads.emplace_back([&, &failure = failures[static_cast<std::size_t>(i)]] {
      try {
        const Connection connection = connect(folder.url());
        if (scalar(*connection, "PRAGMA journal_mode") != gw::Value("wal")) {
          failure = "not wal";
        }
      } catch (const gw::Error& error) {
        failure = error.what();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(failures == std::vector<std::string>(writers));
}
