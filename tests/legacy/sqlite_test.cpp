// SPDX-License-Identifier: BSL-1.0
#include "legacy/sqlite_dao.hpp"

#include <greenway/runtime/event.hpp>

#include "scratch_file.hpp"
#include "visitors.hpp"

using namespace visitors;

namespace {

constexpr int patient = 60'000;  // milliseconds

}  // namespace

TEST_CASE("the C API of SQLite does the same from threads and from greenlets") {
  const ScratchFile file;
  SqliteDao(file.path()).create();
  const auto deposit = [&](int client) {
    SqliteDao dao(file.path(), patient);
    for (int i = 0; i < 10; ++i) {
      dao.deposit(client, 1);
    }
    return dao.balance(client);
  };
  CHECK(by_threads(4, deposit) == std::vector<long>{10, 10, 10, 10});
  CHECK(by_greenlets(4, deposit) == std::vector<long>{20, 20, 20, 20});
}

TEST_CASE("a greenlet that waits for SQLite's lock lets the one that holds it go on") {
  const ScratchFile file;
  SqliteDao(file.path()).create();
  long balance = 0;
  gw::run([&] {
    gw::Event is_locked;
    gw::TaskGroup group;
    group.spawn([&] {
      const gw::InterposeScope scope;
      SqliteDao dao(file.path(), patient);
      dao.lock();
      is_locked.set();
      gw::sleep_for(20ms);
      dao.unlock();
    });
    group.spawn([&] {
      const gw::InterposeScope scope;
      SqliteDao dao(file.path(), patient);
      is_locked.wait();
      dao.deposit(1, 100);
      balance = dao.balance(1);
    });
    group.wait();
  });
  CHECK(balance == 100);
}

TEST_CASE("a greenlet whose time ends in SQLite's wait for a lock gets SQLITE_BUSY first, then its own error") {
  const ScratchFile file;
  SqliteDao holder(file.path());
  holder.create();
  holder.lock();
  SqliteDao dao(file.path(), patient);
  const CutShort result = cut_short(50ms, [&] { dao.deposit(1, 100); });
  CHECK(result.library_says == "database is locked");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);

  holder.unlock();
  dao.deposit(1, 100);
  CHECK(dao.balance(1) == 100);
}

TEST_CASE("a greenlet that is cancelled in SQLite's wait for a lock gets SQLITE_BUSY first, then its own error") {
  const ScratchFile file;
  SqliteDao holder(file.path());
  holder.create();
  holder.lock();
  SqliteDao dao(file.path(), patient);
  const CutShort result = cancel_within([&] { dao.deposit(1, 100); });
  CHECK(result.library_says == "database is locked");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.cancelled);

  holder.unlock();
  dao.deposit(1, 100);
  CHECK(dao.balance(1) == 100);
}
