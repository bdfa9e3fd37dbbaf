// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/dump.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <ostream>
#include <sstream>
#include <system_error>
#include <thread>

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/host.hpp>
#include <greenway/runtime/waiter.hpp>

#include "census.hpp"

namespace greenway {

namespace {

/// A look that several loops have been asked to take. Shared, since they may answer when nobody waits any more.
struct Survey {
  std::mutex mutex;
  Waiter* asker = nullptr;  // null: nobody waits any more
  std::vector<LiveThread> threads;
  std::size_t pending = 0;

  void answer_here(std::size_t index) {
    std::vector<LiveGreenlet> seen = live_greenlets();
    const std::lock_guard lock(mutex);
    threads[index].greenlets = std::move(seen);
    threads[index].has_answered = true;
    if (--pending == 0 && asker != nullptr) {
      asker->wake();
    }
  }
};

bool includes_thread(const std::vector<LiveThread>& all, int thread) {
  return std::any_of(all.begin(), all.end(), [thread](const LiveThread& one) { return one.thread == thread; });
}

/// Writes everything, whatever the descriptor is.
void write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

/// The thread that dumps when a signal has come.
class Dumper {
 public:
  static Dumper& instance() {
    static auto* dumper = new Dumper;
    return *dumper;
  }

  void handle(int signal, int descriptor) {
    descriptors_[static_cast<std::size_t>(signal)].store(descriptor, std::memory_order_relaxed);
    struct sigaction action{};
    action.sa_handler = &Dumper::on_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    if (sigaction(signal, &action, nullptr) != 0) {
      throw ArgumentError("signal " + std::to_string(signal) + " cannot be handled: " + std::strerror(errno));
    }
  }

 private:
  Dumper() : wake_(eventfd(0, EFD_CLOEXEC)) {
    if (wake_ < 0) {
      throw ResourceExhausted(std::string("no descriptor for dumps can be had: ") + std::strerror(errno) + "; see ulimit -n");
    }
    wake_of_handler = wake_;
    try {
      std::thread([this] { serve(); }).detach();
    } catch (const std::system_error& error) {
      close(wake_);
      throw ResourceExhausted(std::string("no thread for dumps can be had: ") + error.what() + "; see ulimit -u");
    }
  }

  static void on_signal(int signal) noexcept {
    const int error = errno;
    asked[static_cast<std::size_t>(signal)].store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_of_handler, &one, sizeof one);
    errno = error;
  }

  void serve() noexcept {
    pthread_setname_np(pthread_self(), "gw-dump");
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the application's handlers run on the application's threads
    for (std::uint64_t count = 0;;) {
      if (read(wake_, &count, sizeof count) < 0) {
        continue;
      }
      for (std::size_t signal = 0; signal < asked.size(); ++signal) {
        if (asked[signal].exchange(false, std::memory_order_acq_rel)) {
          std::ostringstream text;
          dump_greenlets(text);
          write_all(descriptors_[signal].load(std::memory_order_relaxed), text.str());
        }
      }
    }
  }

  static constexpr std::size_t signal_count = NSIG;
  static inline std::array<std::atomic<bool>, signal_count> asked{};
  static inline std::atomic<int> wake_of_handler{-1};

  int wake_;
  std::array<std::atomic<int>, signal_count> descriptors_{};
};

}  // namespace

std::vector<LiveThread> live_threads(Duration patience) {
  Waiter waiter;
  const auto survey = std::make_shared<Survey>();
  survey->asker = &waiter;
  struct Leave {
    Survey& survey;
    ~Leave() {
      const std::lock_guard lock(survey.mutex);
      survey.asker = nullptr;
    }
  };
  const Leave leave{*survey};
  survey->threads.push_back({gettid(), true, live_greenlets()});
  std::unique_lock lock(survey->mutex);
  detail::for_each_host([&](Host& host, pid_t thread) {
    if (!includes_thread(survey->threads, thread)) {
      const std::size_t index = survey->threads.size();
      survey->threads.push_back({thread});
      ++survey->pending;
      host.post([survey, index] { survey->answer_here(index); });
    }
  });
  if (survey->pending != 0) {
    lock.unlock();
    waiter.wait(Deadline::in(patience));
    lock.lock();
  }
  return survey->threads;
}

void dump_greenlets(std::ostream& out) {
  const auto begin = Clock::now();
  for (const LiveThread& thread : live_threads()) {
    if (!thread.has_answered) {
      const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
      out << "thread " << thread.thread << ": no answer in " << waited.count()
          << " ms: its loop does not run, or somebody holds it\n";
    } else if (!thread.greenlets.empty()) {
      out << "thread " << thread.thread << ": " << thread.greenlets.size() << " greenlet(s)\n";
    }
    for (const LiveGreenlet& greenlet : thread.greenlets) {
      out << "  " << describe(greenlet) << "\n";
    }
  }
  out.flush();
}

void dump_greenlets_on(int signal, int descriptor) {
  if (signal <= 0 || signal >= NSIG) {
    throw ArgumentError("there is no signal " + std::to_string(signal));
  }
  Dumper::instance().handle(signal, descriptor);
}

}  // namespace greenway
