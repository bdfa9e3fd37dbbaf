// SPDX-License-Identifier: BSL-1.0
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "ways.hpp"

namespace conformance {

using database::count;
using database::error_of;

namespace {

const std::string begun =
    "This connection has already initialized a Transaction() object via begin() or autobegin; can't call begin() here "
    "unless rollback() or commit() is called first.";
const std::string over =
    "Can't operate on closed transaction inside context manager.  Please complete the context manager before emitting "
    "further commands.";

template <class C>
void insert(C& connection, int id) {
  connection.execute(text("INSERT INTO t (id) VALUES (:id)").bind("id", id));
}

// What the tests below share: `t` with three rows.
template <class F>
void with_table(F&& body) {
  everywhere([&](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    body(engine, connection);
  });
}

}  // namespace

TEST_CASE("the first statement begins a transaction, which commit and rollback end") {
  with_table([](const Engine& engine, Connection& connection) {
    CHECK_FALSE(connection.in_transaction());
    insert(connection, 4);
    CHECK(connection.in_transaction());
    CHECK(count(engine) == 3);
    connection.commit();
    CHECK_FALSE(connection.in_transaction());
    CHECK(count(engine) == 4);

    insert(connection, 5);
    connection.rollback();
    CHECK_FALSE(connection.in_transaction());
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("commit and rollback without a transaction do nothing") {
  with_table([](const Engine&, Connection& connection) {
    connection.commit();
    connection.rollback();
    connection.commit();

    CHECK_FALSE(connection.in_transaction());
  });
}

TEST_CASE("closing a connection, or dropping it, rolls back") {
  const bool is_closed = GENERATE(true, false);
  with_table([&](const Engine& engine, Connection&) {
    {
      Connection connection = engine.connect();
      insert(connection, 4);
      if (is_closed) {
        connection.close();
        CHECK(connection.closed());
        connection.close();
      }
    }

    CHECK(count(engine) == 3);
  });
}

TEST_CASE("a transaction that is not committed rolls back when it goes") {
  with_table([](const Engine& engine, Connection& connection) {
    {
      Transaction transaction = connection.begin();
      insert(connection, 4);
    }
    CHECK_FALSE(connection.in_transaction());
    CHECK(count(engine) == 3);

    {
      Transaction transaction = connection.begin();
      insert(connection, 4);
      transaction.commit();
    }
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("an exception that leaves the function rolls its transaction back") {
  with_table([](const Engine& engine, Connection& connection) {
    CHECK_THROWS_AS(
        [&] {
          Transaction transaction = connection.begin();
          insert(connection, 4);
          throw std::logic_error("on the way");
        }(),
        std::logic_error);

    CHECK(count(engine) == 3);
    CHECK_FALSE(connection.in_transaction());
  });
}

TEST_CASE("a transaction begins once") {
  with_table([](const Engine&, Connection& connection) {
    Transaction transaction = connection.begin();
    CHECK(error_of<InvalidRequestError>([&] { return connection.begin(); }) == begun);
    transaction.rollback();

    insert(connection, 4);
    CHECK(error_of<InvalidRequestError>([&] { return connection.begin(); }) == begun);
    connection.rollback();

    CHECK(connection.begin().is_active());
  });
}

TEST_CASE("an ended transaction can be rolled back again, but not committed") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction transaction = connection.begin();
    CHECK(transaction.is_active());
    insert(connection, 4);
    transaction.commit();

    CHECK_FALSE(transaction.is_active());
    CHECK(error_of<InvalidRequestError>([&] { return transaction.commit(); }) == "This transaction is inactive");
    transaction.rollback();
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("a transaction that is closed is rolled back, and one that is over stays as it ended") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction first = connection.begin();
    insert(connection, 4);
    first.close();
    CHECK_FALSE(first.is_active());
    CHECK(count(engine) == 3);
    Transaction second = connection.begin();
    insert(connection, 4);
    second.commit();
    second.close();
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("an ended transaction says nothing about the one that comes after it") {
  with_table([](const Engine& engine, Connection& connection) {
    {
      Transaction first = connection.begin();
      first.rollback();
      insert(connection, 4);

      CHECK_FALSE(first.is_active());
      CHECK_THROWS_AS(first.commit(), InvalidRequestError);
      first.rollback();
      CHECK(connection.in_transaction());
    }
    CHECK(connection.in_transaction());
    connection.commit();

    CHECK(count(engine) == 4);
  });
}

TEST_CASE("connection commit and rollback end the transaction of begin") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction first = connection.begin();
    insert(connection, 4);
    connection.commit();
    CHECK_FALSE(first.is_active());
    CHECK(count(engine) == 4);

    Transaction second = connection.begin();
    insert(connection, 5);
    connection.rollback();
    CHECK_FALSE(second.is_active());
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("whether a transaction is open is asked of the database") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction transaction = connection.begin();
    insert(connection, 4);
    connection.exec_driver_sql("COMMIT");

    CHECK_FALSE(connection.in_transaction());
    CHECK_FALSE(transaction.is_active());
    CHECK_THROWS_AS(transaction.commit(), InvalidRequestError);
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("a transaction can be moved, and replaced, which rolls it back") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction first = connection.begin();
    insert(connection, 4);
    Transaction second = std::move(first);
    CHECK(second.is_active());

    Connection other = engine.connect();
    second = other.begin();
    CHECK_FALSE(connection.in_transaction());
    CHECK(second.is_active());
  });
}

TEST_CASE("a savepoint that is rolled back leaves the transaction around it as it was") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction transaction = connection.begin();
    insert(connection, 4);
    Transaction savepoint = connection.begin_nested();
    CHECK(connection.in_nested_transaction());
    insert(connection, 5);
    savepoint.rollback();
    CHECK_FALSE(savepoint.is_active());
    CHECK_FALSE(connection.in_nested_transaction());
    insert(connection, 6);
    transaction.commit();

    CHECK(engine.connect().scalar<int>(text("SELECT sum(id) FROM t WHERE id > 3")) == 10);
  });
}

TEST_CASE("a savepoint that is committed belongs to the transaction around it") {
  with_table([](const Engine& engine, Connection& connection) {
    {
      Transaction transaction = connection.begin();
      Transaction savepoint = connection.begin_nested();
      insert(connection, 4);
      savepoint.commit();
      CHECK(transaction.is_active());
      CHECK(error_of<InvalidRequestError>([&] { return savepoint.commit(); }) == "This nested transaction is inactive");
    }
    CHECK(count(engine) == 3);
  });
}

TEST_CASE("a savepoint that goes rolls back to itself, and lets the statement that failed be forgotten") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction transaction = connection.begin();
    insert(connection, 4);
    {
      Transaction savepoint = connection.begin_nested();
      CHECK_THROWS_AS(insert(connection, 4), IntegrityError);
    }
    insert(connection, 5);
    transaction.commit();

    CHECK(count(engine) == 5);
  });
}

TEST_CASE("savepoints nest, and an outer one takes the inner ones with it") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction transaction = connection.begin();
    Transaction outer = connection.begin_nested();
    insert(connection, 4);
    Transaction inner = connection.begin_nested();
    insert(connection, 5);
    outer.rollback();

    CHECK_FALSE(inner.is_active());
    CHECK_FALSE(connection.in_nested_transaction());
    CHECK_THROWS_AS(inner.commit(), InvalidRequestError);
    transaction.commit();
    CHECK(count(engine) == 3);
  });
}

TEST_CASE("the end of the transaction is the end of its savepoints") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction transaction = connection.begin();
    Transaction savepoint = connection.begin_nested();
    insert(connection, 4);
    transaction.commit();

    CHECK_FALSE(savepoint.is_active());
    CHECK(count(engine) == 4);
  });
}

TEST_CASE("a savepoint begins a transaction when there is none") {
  with_table([](const Engine& engine, Connection& connection) {
    Transaction savepoint = connection.begin_nested();
    insert(connection, 4);
    savepoint.commit();
    CHECK(connection.in_transaction());
    CHECK(count(engine) == 3);
    connection.commit();

    CHECK(count(engine) == 4);
  });
}

TEST_CASE("a function in a transaction commits when it returns and rolls back when it throws") {
  with_table([](const Engine& engine, Connection& connection) {
    CHECK(connection.begin([&] {
      insert(connection, 4);
      return std::make_unique<int>(7);
    }) != nullptr);
    CHECK(count(engine) == 4);

    CHECK_THROWS_AS(connection.begin([&] {
      insert(connection, 5);
      throw std::logic_error("on the way");
    }),
                    std::logic_error);
    CHECK(count(engine) == 4);

    engine.begin([](gw::Connection& own) { insert(own, 5); });
    CHECK(count(engine) == 5);
    CHECK(engine.connect([](gw::Connection& own) { return own.scalar<int>(text("SELECT 7")); }) == 7);
  });
}

TEST_CASE("a function in a savepoint keeps or undoes its own part") {
  with_table([](const Engine& engine, Connection& connection) {
    connection.begin([&] {
      connection.begin_nested([&] { insert(connection, 4); });
      CHECK_THROWS_AS(connection.begin_nested([&] {
        insert(connection, 5);
        insert(connection, 5);
      }),
                      IntegrityError);
    });

    CHECK(count(engine) == 4);
  });
}

TEST_CASE("a function that ends its own transaction can execute nothing more") {
  const bool is_nested = GENERATE(false, true);
  const bool is_committed = GENERATE(true, false);
  with_table([&](const Engine& engine, Connection& connection) {
    const auto body = [&] {
      insert(connection, 4);
      is_committed ? connection.commit() : connection.rollback();
      CHECK(error_of<InvalidRequestError>([&] { return connection.execute(text("SELECT 1")); }) == over);
      CHECK(error_of<InvalidRequestError>([&] { return connection.begin(); }) == over);
      CHECK(error_of<InvalidRequestError>([&] { return connection.begin_nested(); }) == over);
    };
    is_nested ? connection.begin_nested(body) : connection.begin(body);

    CHECK(count(engine) == (is_committed ? 4 : 3));
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("with AUTOCOMMIT each statement is kept, and commit and rollback are harmless") {
  EngineOptions options;
  options.isolation_level = "AUTOCOMMIT";
  everywhere(options, [](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    insert(connection, 4);
    CHECK_FALSE(connection.in_transaction());
    CHECK(count(engine) == 4);
    connection.rollback();
    CHECK(count(engine) == 4);

    Transaction transaction = connection.begin();
    CHECK(error_of<InvalidRequestError>([&] { return connection.begin(); }) == begun);
    insert(connection, 5);
    CHECK(transaction.is_active());
    transaction.rollback();
    CHECK_FALSE(transaction.is_active());
    CHECK(count(engine) == 5);
    CHECK(connection.begin([&] { return connection.scalar<int>(text("SELECT 1")); }) == 1);
  });
}

TEST_CASE("the isolation level is a connection's too, while no transaction is open") {
  with_table([](const Engine& engine, Connection& connection) {
    ExecutionOptions options;
    options.isolation_level = "AUTOCOMMIT";
    connection.execute(text("SELECT 1"));
    CHECK_THROWS_AS(connection.execution_options(options), InvalidRequestError);
    connection.rollback();
    connection.execution_options(options);

    insert(connection, 4);

    CHECK(count(engine) == 4);
    CHECK_THROWS_AS(connection.execute(text("SELECT 1"), options), ArgumentError);
    connection.close();
    Connection next = engine.connect();
    next.execute(text("SELECT 1"));
    CHECK(next.in_transaction());
  });
}

TEST_CASE("a server knows the isolation level that was asked for") {
  EngineOptions options;
  options.isolation_level = "SERIALIZABLE";
  on_postgresql(options, [](const Engine& engine) {
    CHECK(engine.connect().scalar<std::string>(text("SHOW transaction_isolation")) == "serializable");
  });
}

TEST_CASE("a commit that fails says why, commits nothing, and leaves the connection usable after a rollback") {
  with_table([](const Engine& engine, Connection& connection) {
    database::run_sql(engine, "CREATE TABLE child (t_id bigint REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)");
    Transaction transaction = connection.begin();
    connection.execute(text("INSERT INTO child VALUES (99)"));

    CHECK_THROWS_AS(transaction.commit(), IntegrityError);
    CHECK(transaction.is_active() == (engine.url().drivername() == "sqlite"));
    transaction.rollback();

    CHECK_FALSE(transaction.is_active());
    CHECK_FALSE(connection.in_transaction());
    CHECK(connection.scalar<int>(text("SELECT count(*) FROM child")) == 0);
  });
}

TEST_CASE("a failed statement fails its transaction on PostgreSQL, whose commit then throws") {
  on_postgresql([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    Transaction transaction = connection.begin();
    insert(connection, 4);
    CHECK_THROWS_AS(insert(connection, 4), IntegrityError);
    CHECK_THROWS_AS(connection.execute(text("SELECT 1")), DBAPIError);
    CHECK(transaction.is_active());

    CHECK_THROWS_AS(transaction.commit(), DBAPIError);

    CHECK_FALSE(transaction.is_active());
    CHECK(count(engine) == 3);
  });
}

}  // namespace conformance
