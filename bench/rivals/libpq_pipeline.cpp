// SPDX-License-Identifier: BSL-1.0
#include "rivals/libpq_pipeline.hpp"

#include <array>
#include <bit>
#include <string>
#include <utility>
#include <stdexcept>

#include <libpq-fe.h>

namespace greenway::bench {

namespace {

// Two chunks are under way at a time: more answers than fit into a socket would stop the server, and then us.
constexpr int chunk = 500;

std::array<char, 8> big_endian(std::uint64_t number) {
  std::array<char, 8> bytes{};
  for (int i = 0; i != 8; ++i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(number >> (56 - 8 * i));
  }
  return bytes;
}

void check(bool holds, pg_conn* connection) {
  if (!holds) {
    throw std::runtime_error(std::string("libpq: ") + PQerrorMessage(connection));
  }
}

}  // namespace

LibpqPipeline::LibpqPipeline(const std::string& url, const std::string& table)
    : connection_(PQconnectdb(url.c_str()), &PQfinish) {
  pg_conn* const connection = connection_.get();
  check(PQstatus(connection) == CONNECTION_OK, connection);
  const std::string sql = "INSERT INTO " + table + " (id, name, ts, val) VALUES ($1::int8, $2::text, $3::timestamptz, $4::float8)";
  PGresult* const prepared = PQprepare(connection, "insert", sql.c_str(), 0, nullptr);
  const bool is_prepared = PQresultStatus(prepared) == PGRES_COMMAND_OK;
  PQclear(prepared);
  check(is_prepared, connection);
}

void LibpqPipeline::insert(std::int64_t first, int count) {
  pg_conn* const connection = connection_.get();
  check(PQenterPipelineMode(connection) == 1, connection);
  check(PQsendQueryParams(connection, "BEGIN", 0, nullptr, nullptr, nullptr, nullptr, 1) == 1, connection);
  int unread = 1;  // of the chunk before
  int sent = 0;    // of this one
  for (int i = 0; i != count; ++i) {
    const auto id = big_endian(static_cast<std::uint64_t>(first + i));
    const std::string name = "name " + std::to_string(first + i);
    const auto ts = big_endian(static_cast<std::uint64_t>(700'000'000'000'000 + i));
    const auto val = big_endian(std::bit_cast<std::uint64_t>(static_cast<double>(i) / 7));
    const char* const values[] = {id.data(), name.c_str(), ts.data(), val.data()};
    const int lengths[] = {8, static_cast<int>(name.size()), 8, 8};
    const int formats[] = {1, 1, 1, 1};
    check(PQsendQueryPrepared(connection, "insert", 4, values, lengths, formats, 1) == 1, connection);
    if (++sent == chunk) {
      check(PQsendFlushRequest(connection) == 1 && PQflush(connection) == 0, connection);
      read_results(unread);
      unread = std::exchange(sent, 0);
    }
  }
  check(PQsendQueryParams(connection, "COMMIT", 0, nullptr, nullptr, nullptr, nullptr, 1) == 1, connection);
  check(PQpipelineSync(connection) == 1, connection);
  read_results(unread + sent + 1);
  PGresult* const end = PQgetResult(connection);
  const bool is_end = PQresultStatus(end) == PGRES_PIPELINE_SYNC;
  PQclear(end);
  check(is_end && PQexitPipelineMode(connection) == 1, connection);
}

void LibpqPipeline::read_results(int count) {
  for (int i = 0; i != count; ++i) {
    PGresult* const result = PQgetResult(connection_.get());
    const bool is_done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    check(is_done && PQgetResult(connection_.get()) == nullptr, connection_.get());
  }
}

}  // namespace greenway::bench
