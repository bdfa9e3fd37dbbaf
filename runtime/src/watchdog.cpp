// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/watchdog.hpp>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <system_error>

#include <pthread.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/runtime/counters.hpp>
#include <greenway/runtime/host.hpp>
#include <greenway/runtime/live.hpp>

#include "thread_look.hpp"

namespace greenway {

namespace {

// A thread that is found between two stacks is looked at again, so often and so soon.
constexpr int look_attempts = 10;
constexpr std::chrono::milliseconds look_pause{1};

}  // namespace

/// Shared with what has been posted to the loop, which may run when the watchdog has gone.
struct Watchdog::Watch {
  Host& host;
  const Callback callback;
  const WatchdogOptions options;

  std::mutex mutex;
  std::condition_variable changed;
  bool has_ended = false;
  bool is_answered = true;
  std::uint64_t answers = 0;
  pid_t thread = 0;           // the loop's, once known
  std::uint64_t resumed = 0;  // its count when it answered last

  Watch(Host& watched, Callback fn, WatchdogOptions how)
      : host(watched), callback(std::move(fn)), options(how) {
    if (host.is_own_thread()) {
      note_thread();
    }
  }

  void note_thread() {
    thread = gettid();
    resumed = thread_counters().resumed;
  }

  /// On the loop.
  void answer() {
    const std::lock_guard lock(mutex);
    note_thread();
    is_answered = true;
    ++answers;
    changed.notify_one();
  }

  [[nodiscard]] bool is_over() const noexcept { return has_ended || is_answered; }

  void run(const std::shared_ptr<Watch>& self) noexcept {
    pthread_setname_np(pthread_self(), "gw-watchdog");
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the application's handlers run on the application's threads
    std::unique_lock lock(mutex);
    while (!has_ended) {
      is_answered = false;
      lock.unlock();
      host.post([self] { self->answer(); });
      lock.lock();
      await_answer(lock);
      changed.wait_for(lock, options.interval, [this] { return has_ended; });
    }
  }

  void await_answer(std::unique_lock<std::mutex>& lock) {
    TimePoint since = Clock::now();
    bool is_reported = false;
    bool has_been_idle = false;
    while (!is_over()) {
      if (is_reported) {
        changed.wait(lock, [this] { return is_over(); });
      } else if (!changed.wait_until(lock, since + options.threshold, [this] { return is_over(); })) {
        // One that has begun to run is given as long as any other.
        const Finding found = look(lock, since, !has_been_idle);
        is_reported = found == Finding::held && !has_been_idle;
        has_been_idle = found == Finding::idle;
        if (!is_reported) {
          since = Clock::now();
        }
      }
    }
  }

  /// What a look finds: nobody runs the loop, or it has answered meanwhile; or somebody holds it.
  enum class Finding : std::uint8_t { idle, held };

  /// Looks, and reports what it finds if that is wanted.
  Finding look(std::unique_lock<std::mutex>& lock, TimePoint since, bool report_it) {
    detail::ThreadLook seen;
    for (int attempt = 0; attempt < look_attempts && seen.frame_count == 0; ++attempt) {
      const pid_t watched = thread;
      lock.unlock();
      const bool has_looked = watched != 0 && detail::look_at_thread(watched, host, seen);
      lock.lock();
      if (!has_looked || !seen.is_running_loop || is_over()) {
        return Finding::idle;
      }
      if (seen.frame_count == 0) {
        changed.wait_for(lock, look_pause, [this] { return is_over(); });
      }
    }
    if (!report_it) {
      return Finding::held;
    }
    Stall stall;
    stall.greenlet = seen.name.data();
    stall.id = seen.greenlet;
    stall.thread = thread;
    stall.held = Clock::now() - since;
    stall.resumed = seen.resumed - resumed;
    stall.frames.assign(seen.frames.begin(), seen.frames.begin() + static_cast<std::ptrdiff_t>(seen.frame_count));
    lock.unlock();
    if (callback) {
      callback(stall);
    } else {
      log(LogLevel::warning, "greenway.watchdog", describe(stall));
    }
    lock.lock();
    return Finding::held;
  }
};

Watchdog::Watchdog(Host& host, Callback callback, WatchdogOptions options) {
  if (options.threshold <= Duration::zero()) {
    throw ArgumentError("WatchdogOptions::threshold is not positive: a loop always takes some time");
  }
  if (options.interval <= Duration::zero()) {
    options.interval = options.threshold / 4;
  }
  detail::prepare_looks(options.signal);
  watch_ = std::make_shared<Watch>(host, std::move(callback), options);
  try {
    thread_ = std::thread([watch = watch_] { watch->run(watch); });
  } catch (const std::system_error& error) {
    throw ResourceExhausted(std::string("no thread for a watchdog can be had: ") + error.what() + "; see ulimit -u");
  }
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(watch_->mutex);
    watch_->has_ended = true;
  }
  watch_->changed.notify_one();
  thread_.join();
}

std::uint64_t Watchdog::answers() const noexcept {
  const std::lock_guard lock(watch_->mutex);
  return watch_->answers;
}

std::string describe(const Stall& stall) {
  char line[256];
  std::snprintf(line, sizeof line, "the loop on thread %d has been held for %.3f s by %s%s%s; %llu greenlet(s) were resumed",
                stall.thread, std::chrono::duration<double>(stall.held).count(),
                stall.id == nullptr ? "its own stack" : "greenlet", stall.greenlet.empty() ? "" : " ",
                stall.greenlet.c_str(), static_cast<unsigned long long>(stall.resumed));
  std::string text = line;
  for (std::size_t i = 0; i < stall.frames.size(); ++i) {
    text += "\n  #" + std::to_string(i) + " " + describe_code(stall.frames[i], i != 0);
  }
  return text;
}

}  // namespace greenway
