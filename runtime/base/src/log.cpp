// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

#include <greenway/base/log.hpp>

namespace greenway {

namespace {

void to_stderr(LogLevel level, std::string_view logger, std::string_view text) {
  static constexpr const char* names[] = {"INFO", "WARNING", "ERROR"};
  std::fprintf(stderr, "%s %.*s %.*s\n", names[static_cast<int>(level)], static_cast<int>(logger.size()),
               logger.data(), static_cast<int>(text.size()), text.data());
}

std::mutex sink_mutex;

std::shared_ptr<const LogSink>& sink() {
  static auto current = std::make_shared<const LogSink>(to_stderr);
  return current;
}

}  // namespace

void set_log_sink(LogSink replacement) {
  auto next = std::make_shared<const LogSink>(replacement ? std::move(replacement) : LogSink(to_stderr));
  const std::lock_guard lock(sink_mutex);
  sink() = std::move(next);
}

void log(LogLevel level, std::string_view logger, std::string_view text) noexcept {
  try {
    // The sink runs outside the lock: it may suspend, or log.
    std::shared_ptr<const LogSink> current;
    {
      const std::lock_guard lock(sink_mutex);
      current = sink();
    }
    (*current)(level, logger, text);
  } catch (const std::exception&) {
  }
}

}  // namespace greenway
