// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/statement_trace.hpp>

#include <any>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <unistd.h>

#include <greenway/base/detail/json_string.hpp>
#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/db/telemetry.hpp>

namespace greenway {

namespace {

double microseconds(Duration length) { return std::chrono::duration<double, std::micro>(length).count(); }

}  // namespace

struct StatementTrace::Recording {
  struct Statement {
    int session;
    TimePoint started;
    Duration duration;
    std::string name;
    SpanAttributes attributes;
  };
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  // Kept with the session: another one may come to lie at the same address. 0 when it has been given up.
  static int number_of(Connection& connection) {
    static std::atomic<int> last{0};
    if (connection.invalidated()) {
      return 0;
    }
    std::any& kept = connection.info()["greenway.statement_trace"];
    if (!kept.has_value()) {
      kept = ++last;
    }
    return std::any_cast<int>(kept);
  }

  void add(Connection& connection, const StatementContext& context, const SpanAttributes& outcome) {
    Statement statement{0, context.started, context.duration, span_name(context), span_attributes(context)};
    statement.attributes.insert(statement.attributes.end(), outcome.begin(), outcome.end());
    statement.session = number_of(connection);
    const std::lock_guard lock(mutex);
    sessions.insert(statement.session);
    statements.push_back(std::move(statement));
  }

  void write() {
    const std::lock_guard lock(mutex);
    const int process = getpid();
    std::fprintf(file.get(), "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    const char* comma = "";
    for (const int session : sessions) {
      std::fprintf(file.get(), "%s\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":%s}}",
                   std::exchange(comma, ","), process, session,
                   detail::json_string(session == 0 ? "broken sessions" : "session " + std::to_string(session)).c_str());
    }
    for (const Statement& it : statements) {
      std::fprintf(file.get(), ",\n{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"name\":%s,\"ts\":%.3f,\"dur\":%.3f,\"args\":{",
                   process, it.session, detail::json_string(it.name).c_str(), microseconds(it.started - began), microseconds(it.duration));
      const char* separator = "";
      for (const auto& [name, value] : it.attributes) {
        std::fprintf(file.get(), "%s%s:%s", std::exchange(separator, ","), detail::json_string(name).c_str(), detail::json_string(value).c_str());
      }
      std::fputs("}}", file.get());
    }
    std::fputs("\n]}\n", file.get());
    if (std::ferror(file.get()) != 0 || std::fflush(file.get()) != 0) {
      throw ResourceExhausted("the trace '" + path + "' could not be written: " + std::strerror(errno));
    }
  }

  std::string path;
  std::unique_ptr<std::FILE, Close> file;
  TimePoint began = Clock::now();
  std::uint64_t after = 0;  // numbers of the handlers
  std::uint64_t error = 0;
  std::mutex mutex;
  std::set<int> sessions;
  std::vector<Statement> statements;
};

StatementTrace::StatementTrace(const Engine& engine, std::string file)
    : engine_(engine), recording_(std::make_shared<Recording>()) {
  recording_->file.reset(std::fopen(file.c_str(), "we"));
  if (recording_->file == nullptr) {
    throw ArgumentError("the trace '" + file + "' cannot be written: " + std::strerror(errno));
  }
  recording_->path = std::move(file);
  const auto shared = recording_;
  recording_->after = engine_.events().after_cursor_execute.listen(
      [shared](Connection& connection, StatementContext& context) { shared->add(connection, context, {}); });
  recording_->error = engine_.events().handle_error.listen([shared](ErrorContext& context) {
    if (context.statement != nullptr) {
      shared->add(*context.connection, *context.statement, error_attributes(context.error));
    }
  });
}

StatementTrace::~StatementTrace() {
  try {
    stop();
  } catch (const std::exception& error) {
    log(LogLevel::error, "greenway.engine", error.what());
  }
}

void StatementTrace::stop() {
  if (const auto recording = std::exchange(recording_, nullptr)) {
    engine_.events().after_cursor_execute.remove(recording->after);
    engine_.events().handle_error.remove(recording->error);
    recording->write();
  }
}

}  // namespace greenway
