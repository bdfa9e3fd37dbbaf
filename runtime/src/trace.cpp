// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/trace.hpp>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <unistd.h>

#include <greenway/base/detail/json_string.hpp>
#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/runtime/host.hpp>
#include <greenway/runtime/live.hpp>

#include "census.hpp"
#include "hub.hpp"
#include "ticks.hpp"
#include "trace_recorder.hpp"

namespace greenway {

namespace {

using detail::json_string;
using detail::TraceEvent;
using detail::TraceRecorder;

/// Writes Chrome's JSON trace event format.
class TraceFile {
 public:
  explicit TraceFile(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "we")) {
    if (file_ == nullptr) {
      throw ArgumentError("the trace '" + path_ + "' cannot be written: " + std::strerror(errno));
    }
  }

  void begin() { std::fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", file_.get()); }

  /// @param fields  Of one event, from the second on.
  void event(char phase, pid_t thread, const std::string& fields) {
    std::fprintf(file_.get(), "%s\n{\"ph\":\"%c\",\"pid\":%d,\"tid\":%d,%s}", std::exchange(separator_, ","), phase, getpid(),
                 thread, fields.c_str());
  }

  void end(std::size_t dropped) {
    std::fprintf(file_.get(), "\n],\"otherData\":{\"dropped events\":%zu}}\n", dropped);
    if (std::ferror(file_.get()) != 0 || std::fflush(file_.get()) != 0) {
      throw ResourceExhausted("the trace '" + path_ + "' could not be written: " + std::strerror(errno));
    }
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  const char* separator_ = "";
};

/// One recording.
class Trace {
 public:
  explicit Trace(std::string file) : file_(std::move(file)) {}

  /// On the thread to be observed, once.
  void observe(detail::Hub& hub) {
    auto recorder = std::make_shared<TraceRecorder>();
    {
      const std::lock_guard lock(mutex_);
      if (is_over_) {
        return;
      }
      recorders_.push_back(recorder);
    }
    hub.observers.push_back(std::move(recorder));
    update_tracing(hub);
  }

  /// Ends it.
  void write() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    for (const auto& recorder : recorders_) {
      recorder->stop();
    }
    scale_ = detail::TickScale();
    std::size_t dropped = 0;
    file_.begin();
    file_.event('M', 0, "\"name\":\"process_name\",\"args\":{\"name\":" + json_string(program_invocation_short_name) + "}");
    for (const auto& recorder : recorders_) {
      file_.event('M', recorder->thread(),
                  "\"name\":\"thread_name\",\"args\":{\"name\":" + json_string(recorder->thread_name()) + "}");
      for (const TraceEvent& event : recorder->events()) {
        write(*recorder, event);
      }
      dropped += recorder->dropped();
    }
    file_.end(dropped);
  }

 private:
  /// A number of microseconds, as the format wants them.
  [[nodiscard]] std::string time(const char* field, std::uint64_t from, std::uint64_t to) const {
    char text[64];
    std::snprintf(text, sizeof text, ",\"%s\":%.3f", field, scale_.nanoseconds(from, to) / 1000);
    return text;
  }

  void write(const TraceRecorder& recorder, const TraceEvent& event) {
    const std::string number = std::to_string(event.greenlet);
    const std::string& given = recorder.name_of(event.greenlet);
    const std::string name = json_string(given.empty() ? "greenlet " + number : given);
    const std::string when = time("ts", began_, event.since);
    // A greenlet's own track is found by category and id.
    const std::string track = "\"cat\":\"greenlet\",\"id\":" + number + ",\"name\":";
    const std::string reason = json_string(describe(event.reason));
    switch (event.kind) {
      case TraceEvent::Kind::run:
        file_.event('X', recorder.thread(),
                    "\"cat\":\"run\",\"name\":" + name + when + time("dur", event.since, event.until) +
                        ",\"args\":{\"greenlet\":" + number + "}");
        break;
      case TraceEvent::Kind::begin:
        file_.event('b', recorder.thread(),
                    track + name + when + ",\"args\":{\"spawned at\":" + json_string(describe_code(event.spawned_at)) + "}");
        break;
      case TraceEvent::Kind::end:
        file_.event('e', recorder.thread(), track + name + when);
        break;
      case TraceEvent::Kind::wait_begin:
        file_.event('b', recorder.thread(), track + reason + when);
        break;
      case TraceEvent::Kind::wait_end:
        file_.event('e', recorder.thread(), track + reason + when);
        break;
    }
  }

  std::mutex mutex_;
  TraceFile file_;
  const std::uint64_t began_ = detail::ticks();
  detail::TickScale scale_;
  bool is_over_ = false;
  std::vector<std::shared_ptr<TraceRecorder>> recorders_;
};

/// The recording that is under way. Never destroyed: threads come and go while the program ends.
struct Current {
  std::mutex mutex;
  std::shared_ptr<Trace> trace;
  std::atomic<bool> is_recording{false};
};

Current& current() {
  static auto* one = new Current;
  return *one;
}

std::shared_ptr<Trace> current_trace() {
  const std::lock_guard lock(current().mutex);
  return current().trace;
}

std::shared_ptr<Trace> begin_trace(std::string file) {
  const std::lock_guard lock(current().mutex);
  if (current().trace != nullptr) {
    throw InvalidRequestError("a trace is being recorded already: stop_trace() ends it");
  }
  current().trace = std::make_shared<Trace>(std::move(file));
  current().is_recording = true;
  return current().trace;
}

void stop_at_exit() {
  try {
    stop_trace();
  } catch (const Error& error) {
    log(LogLevel::error, "greenway.trace", error.what());
  }
}

/// What GREENWAY_TRACE asks for; once.
void begin_as_environment_says() noexcept {
  const char* const file = std::getenv("GREENWAY_TRACE");
  if (file == nullptr || *file == '\0') {
    return;
  }
  try {
    begin_trace(file);
    std::atexit(&stop_at_exit);
  } catch (const Error& error) {
    log(LogLevel::error, "greenway.trace", error.what());
  }
}

}  // namespace

namespace detail {

void trace_new_hub(Hub& hub) noexcept {
  static std::once_flag once;
  std::call_once(once, &begin_as_environment_says);
  if (current().is_recording.load(std::memory_order_acquire)) {
    if (const auto trace = current_trace()) {
      trace->observe(hub);
    }
  }
}

}  // namespace detail

void start_trace(std::string file) {
  detail::Hub& own = detail::this_hub();
  const auto trace = begin_trace(std::move(file));
  trace->observe(own);
  detail::for_each_host([&](Host& host, pid_t) {
    if (!host.is_own_thread()) {
      host.post([trace] { trace->observe(detail::this_hub()); });
    }
  });
}

void stop_trace() {
  std::shared_ptr<Trace> trace;
  {
    const std::lock_guard lock(current().mutex);
    trace.swap(current().trace);
    current().is_recording = false;
  }
  if (trace != nullptr) {
    trace->write();
  }
}

bool is_tracing() noexcept { return current().is_recording.load(std::memory_order_acquire); }

}  // namespace greenway
