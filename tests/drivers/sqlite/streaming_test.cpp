// SPDX-License-Identifier: BSL-1.0
#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

namespace {

const std::string ten_rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10) SELECT i FROM n";

}  // namespace

TEST_CASE("a streaming cursor fetches batches as it is asked for them") {
  in_thread_and_greenlet([] {
    const Connection connection = connect("sqlite://");
    const auto cursor = execute(*connection, ten_rows, {}, soon(), 4);
    std::vector<std::size_t> sizes;
    Rows rows;
    CHECK(cursor->rowcount() == -1);
    while (const auto batch = cursor->next()) {
      sizes.push_back(batch->size());
      append(rows, *batch, 1);
    }
    CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
    CHECK(rows.size() == 10);
    CHECK(rows.back().front() == 10);
    CHECK(cursor->rowcount() == 10);
    CHECK(cursor->next() == nullptr);
    cursor->close();
  });
}

TEST_CASE("a streaming cursor keeps its own copy of the parameters") {
  const Connection connection = connect("sqlite://");
  std::unique_ptr<gw::Cursor> cursor;
  {
    const Parameters parameters = {std::string(1000, 'p'), gw::Bytes(1000, std::byte{1})};
    cursor = execute(*connection, "SELECT ?1, ?2 UNION ALL SELECT ?1, ?2", parameters, soon(), 1);
  }
  const gw::Value text(std::string(1000, 'p'));
  const gw::Value blob(gw::Bytes(1000, std::byte{1}));
  CHECK(rows_of(*cursor) == Rows{{text, blob}, {text, blob}});
}

TEST_CASE("while rows are unread nothing else is executed") {
  const Connection connection = connect("sqlite://");
  const auto cursor = execute(*connection, ten_rows, {}, soon(), 4);
  CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::InvalidRequestError);
  CHECK(rows_of(*cursor).size() == 10);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a closed cursor gives up its rows and the connection executes the next statement") {
  const Connection connection = connect("sqlite://");
  const auto cursor = execute(*connection, ten_rows, {}, soon(), 4);
  cursor->close();
  CHECK(cursor->next() == nullptr);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
  cursor->close();
}

TEST_CASE("an abandoned cursor is cleaned up by the next statement, or by reset") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");
  const auto abandon = [&] { execute(*connection, "INSERT INTO t VALUES (1), (2), (3) RETURNING a", {}, soon(), 1); };

  abandon();
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == 3);
  abandon();
  connection->reset(soon());
  CHECK(connection->transaction_state() == gw::TransactionState::idle);

  // The writer's place is free again.
  execute(*connect(folder.url()), "INSERT INTO t VALUES (4)");
}

TEST_CASE("a rollback takes unread rows away, and the cursor says so") {
  const Connection connection = connect("sqlite://");
  connection->begin({}, soon());
  const auto cursor = execute(*connection, ten_rows, {}, soon(), 4);
  CHECK(cursor->next()->size() == 4);

  connection->rollback(soon());

  CHECK_THROWS_AS(cursor->next(), gw::ResourceClosedError);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("rows that were fetched outlive the connection's next statements") {
  const Connection connection = connect("sqlite://");
  const auto cursor = execute(*connection, ten_rows);
  const auto batch = cursor->next();
  execute(*connection, "SELECT 'something else'");
  connection->close(soon());
  CHECK(batch->cell(9, 0).integer == 10);
}

TEST_CASE("closing a streaming INSERT commits it, and says when that fails") {
  const Folder folder;
  const std::string url = folder.url("journal_mode=delete&busy_timeout=20");
  const Connection writer = connect(url);
  execute(*writer, "CREATE TABLE t (a)");
  execute(*writer, "INSERT INTO t VALUES (1), (2)");
  const Connection reader = connect(url);
  const auto reading = execute(*reader, "SELECT a FROM t", {}, soon(), 1);

  const auto writing = execute(*writer, "INSERT INTO t VALUES (3), (4) RETURNING a", {}, soon(), 1);
  CHECK(error_of<gw::OperationalError>([&] { writing->close(); }).code() == 5);

  reading->close();
  writer->reset(soon());
  CHECK(scalar(*writer, "SELECT count(*) FROM t") == 2);
}
