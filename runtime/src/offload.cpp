// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/offload.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include <pthread.h>

#include <greenway/runtime/std_future.hpp>
#include <greenway/runtime/waiter.hpp>

#include "hub.hpp"

namespace greenway {

namespace {

// Helpers wait for other machines and disks, not for each other; a bound only keeps a runaway from taking the system down.
constexpr int helper_limit = 64;
constexpr int waiting_limit = 1024;
constexpr int abandoned_limit = 64;
constexpr std::chrono::seconds helper_idle_time{10};

[[noreturn]] void throw_no_thread(const std::system_error& error) {
  throw ResourceExhausted(std::string("no helper thread can be had: ") + error.what() + "; see ulimit -u");
}

/// Somebody waits for a job. Shared by both sides where the waiter may give up first.
struct Request {
  detail::Job* job = nullptr;
  std::mutex mutex;
  Waiter* waiter = nullptr;  // null: nobody waits any more
  bool is_done = false;

  void run() noexcept {
    job->run();
    const std::lock_guard lock(mutex);
    is_done = true;
    if (waiter != nullptr) {
      waiter->wake();
    }
  }
};

/// The process's helper threads. They end by themselves when idle, and are never joined: at exit they are abandoned,
/// which is why nothing that they use is ever destroyed.
class Helpers {
 public:
  static Helpers& instance() {
    static auto* helpers = new Helpers("gw-helper", helper_limit);
    return *helpers;
  }

  /// Those that only wait for others: apart, so that what they wait for is never kept from running by them.
  static Helpers& waiting() {
    static auto* helpers = new Helpers("gw-waiting", waiting_limit);
    return *helpers;
  }

  [[nodiscard]] bool are_all_busy() {
    const std::lock_guard lock(mutex_);
    return count_ == limit_ && idle_ <= static_cast<int>(work_.size());
  }

  void submit(std::function<void()> work) {
    std::unique_lock lock(mutex_);
    work_.push_back(std::move(work));
    if (idle_ >= static_cast<int>(work_.size()) || count_ >= limit_) {
      lock.unlock();
      changed_.notify_one();
      return;
    }
    try {
      std::thread([this] { serve(); }).detach();
      ++count_;
    } catch (const std::system_error& error) {
      if (count_ == 0) {
        work_.pop_back();
        throw_no_thread(error);
      }
    }
  }

  std::atomic<int> abandoned{0};

 private:
  Helpers(const char* name, int limit) : name_(name), limit_(limit) {}

  void serve() noexcept {
    pthread_setname_np(pthread_self(), name_);
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      const bool has_work = changed_.wait_for(lock, helper_idle_time, [this] { return !work_.empty(); });
      --idle_;
      if (!has_work) {
        --count_;
        return;
      }
      std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }

  const char* const name_;
  const int limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  int count_ = 0;
  int idle_ = 0;
};

}  // namespace

namespace detail {

void run_on_waiting_thread(std::function<void()> work) {
  Helpers& helpers = Helpers::waiting();
  if (helpers.are_all_busy()) {
    throw ResourceExhausted("1024 helper threads wait for standard futures already; await a greenway::Future instead");
  }
  helpers.submit(std::move(work));
}

void run_on_helper(Job& job) {
  Waiter waiter(WaitReason(WaitKind::offload, &job));
  Request request;
  request.job = &job;
  request.waiter = &waiter;
  ++this_hub().counts.offloaded;
  Helpers::instance().submit([&request] { request.run(); });
  waiter.wait_always();
  // The helper wakes under the lock: once it is free, the helper is done with this stack.
  const std::lock_guard lock(request.mutex);
}

bool run_on_helper_detached(const std::shared_ptr<Job>& job, Deadline deadline) {
  Helpers& helpers = Helpers::instance();
  if (helpers.abandoned.load() >= abandoned_limit) {
    throw ResourceExhausted("64 helper threads are still busy with work that missed its deadline; try again later");
  }
  Waiter waiter(WaitReason(WaitKind::offload, job.get()));
  auto request = std::make_shared<Request>();
  request->job = job.get();
  request->waiter = &waiter;
  ++this_hub().counts.offloaded;
  helpers.submit([&helpers, job, request] {
    request->run();
    if (const std::lock_guard lock(request->mutex); request->waiter == nullptr) {
      --helpers.abandoned;
    }
  });
  const auto leave = [&] {
    const std::lock_guard lock(request->mutex);
    if (!request->is_done) {
      request->waiter = nullptr;
      ++helpers.abandoned;
    }
    return request->is_done;
  };
  try {
    waiter.wait(deadline);
  } catch (...) {
    leave();
    throw;
  }
  return leave();
}

}  // namespace detail

struct ThreadWorker::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> work;
  bool has_quit = false;

  void serve(const std::string& name) noexcept {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return !work.empty() || has_quit; });
      if (work.empty()) {
        return;
      }
      std::function<void()> next = std::move(work.front());
      work.pop_front();
      lock.unlock();
      next();
      next = nullptr;
      lock.lock();
    }
  }
};

ThreadWorker::ThreadWorker(std::string name) : shared_(std::make_shared<Shared>()) {
  try {
    thread_ = std::thread([shared = shared_, name = std::move(name)] { shared->serve(name); });
  } catch (const std::system_error& error) {
    throw_no_thread(error);
  }
}

ThreadWorker::~ThreadWorker() {
  quit();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else if (thread_.joinable()) {
    thread_.join();
  }
}

void ThreadWorker::abandon(std::function<void()> last) noexcept {
  quit(std::move(last));
  if (thread_.joinable()) {
    thread_.detach();
  }
}

void ThreadWorker::submit(detail::Job& job, const std::function<void()>& interrupt) {
  Waiter waiter(WaitReason(WaitKind::worker, shared_.get()));
  Request request;
  request.job = &job;
  request.waiter = &waiter;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->has_quit) {
      throw AlreadyQuit("the worker thread has quit: make a new one");
    }
    shared_->work.emplace_back([&request] { request.run(); });
  }
  ++detail::this_hub().counts.offloaded;
  shared_->changed.notify_one();
  try {
    if (interrupt) {
      waiter.wait();
    }
  } catch (const WouldBlockLoop&) {
    // It is the worker that ends this wait, not the loop.
  } catch (...) {
    interrupt();
  }
  waiter.wait_always();
  const std::lock_guard lock(request.mutex);
}

void ThreadWorker::quit(std::function<void()> last) noexcept {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->has_quit) {
      return;
    }
    shared_->has_quit = true;
    if (last) {
      shared_->work.push_back(std::move(last));
    }
  }
  shared_->changed.notify_one();
}

}  // namespace greenway
