// SPDX-License-Identifier: BSL-1.0
#include "connect.hpp"

#include <exception>
#include <new>
#include <string>
#include <vector>

#include <greenway/base/log.hpp>
#include <greenway/runtime/wait.hpp>

#include "error.hpp"

namespace greenway::detail::postgresql {

namespace {

/// Called by libpq in the middle of reading: nothing may leave it.
void receive_notice(void*, const PGresult* notice) noexcept {
  try {
    const auto field = [&](int code) -> std::string {
      const char* const text = PQresultErrorField(notice, code);
      return text == nullptr ? "" : text;
    };
    const std::string severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
    log(severity == "WARNING" ? LogLevel::warning : LogLevel::info, "greenway.postgresql",
        single_line(severity + ": " + field(PG_DIAG_MESSAGE_PRIMARY)));
  } catch (const std::exception&) {
  }
}

ConnectionHandle start(const Settings& settings) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : settings.keywords) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  ConnectionHandle session(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (session == nullptr) {
    throw std::bad_alloc();
  }
  PQsetNoticeReceiver(session.get(), receive_notice, nullptr);
  return session;
}

}  // namespace

ConnectionHandle open_session(const Settings& settings, Deadline deadline) {
  ConnectionHandle session = start(settings);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (PQstatus(session.get()) != CONNECTION_BAD && next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
    // The socket is asked for each time: libpq opens another one for the next address or without TLS.
    wait_for(PQsocket(session.get()), next == PGRES_POLLING_READING ? Interest::read : Interest::write, deadline);
    next = PQconnectPoll(session.get());
  }
  if (next != PGRES_POLLING_OK || PQsetnonblocking(session.get(), 1) != 0) {
    throw_client_error<OperationalError>(PQerrorMessage(session.get()), {}, true);
  }
  return session;
}

}  // namespace greenway::detail::postgresql
