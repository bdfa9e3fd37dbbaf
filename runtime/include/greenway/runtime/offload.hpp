// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/offload.hpp
/// @brief Blocking work on another thread while the caller, greenlet or thread, waits.
///
/// Layer: runtime. Source of ThreadWorker: `sqlalchemy_aio.base.ThreadWorker`.

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/outcome.hpp>

namespace greenway {

namespace detail {

/// A piece of work that a helper thread runs once. Counted by its owner.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() noexcept = 0;
};

/// Hands `job` to a helper thread of the process and waits, shielded, until it has run: its stack is the caller's.
void run_on_helper(Job& job);
/// Hands `job` to a helper thread; waits until it has run or the wait ends, when the helper keeps the job alone.
/// @return Whether it has run.
bool run_on_helper_detached(const std::shared_ptr<Job>& job, Deadline deadline);

/// A function and its outcome.
template <class F>
class FunctionJob final : public Job {
 public:
  template <class G>
  explicit FunctionJob(G&& fn) : fn_(std::forward<G>(fn)) {}
  void run() noexcept override { outcome_.capture(fn_); }
  auto take() { return std::move(outcome_).get(); }

 private:
  F fn_;
  Outcome<std::invoke_result_t<F&>> outcome_;
};

}  // namespace detail

/// Runs `fn` on a helper thread and waits for it. The wait is not cut short by cancellation, since `fn` may use the
/// caller's stack: bound `fn` itself. Cancellation shows at the next suspension point.
/// @param fn  Called once, on a thread that is nobody's loop; what it waits for blocks that thread.
/// @return What `fn` returns; its exception is rethrown here.
/// @throws Cancelled          The caller was cancelled before `fn` began; it has not run.
/// @throws ResourceExhausted  No helper thread can be had.
template <class F>
std::invoke_result_t<F&> offload(F&& fn) {
  checkpoint();
  detail::FunctionJob<std::remove_reference_t<F>&> job(fn);
  detail::run_on_helper(job);
  return job.take();
}

/// Runs `fn` on a helper thread and waits for it, but no longer than the deadline: after that the helper goes on alone
/// and destroys what `fn` returns. At most 64 calls are abandoned so at a time.
/// @param fn        Owns all that it uses.
/// @param deadline  Until when at most the caller waits.
/// @return What `fn` returns; its exception is rethrown here.
/// @throws TimeoutError       The deadline passed.
/// @throws Cancelled          The caller was cancelled.
/// @throws ResourceExhausted  No helper thread can be had, or too many are abandoned already.
template <class F>
std::invoke_result_t<std::decay_t<F>&> offload_detached(F&& fn, Deadline deadline) {
  checkpoint();
  auto job = std::make_shared<detail::FunctionJob<std::decay_t<F>>>(std::forward<F>(fn));
  if (!detail::run_on_helper_detached(job, deadline)) {
    throw TimeoutError("the work on a helper thread took longer than its deadline; it was left to end by itself");
  }
  return job->take();
}

/// A thread of one's own that runs functions one after the other, in the order they were handed to it.
///
/// @par Threads
/// run() may be called from any greenlet or thread; callers queue. quit() from any, once.
class ThreadWorker {
 public:
  /// Starts the thread.
  /// @param name  At most 15 characters, for debuggers.
  /// @throws ResourceExhausted  The system refused a thread.
  explicit ThreadWorker(std::string name = "gw-worker");
  /// As quit(); waits for the function that is running.
  ~ThreadWorker();
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  /// Runs `fn` on the worker and waits for it, not cut short by cancellation: see offload().
  /// @param fn  Called once on the worker's thread.
  /// @return What `fn` returns; its exception is rethrown here.
  /// @throws AlreadyQuit  The worker has quit; `fn` has not run.
  /// @throws Cancelled    The caller was cancelled before `fn` was handed over.
  template <class F>
  std::invoke_result_t<F&> run(F&& fn) {
    checkpoint();
    return run_always(std::forward<F>(fn));
  }

  /// As run(), but for clean-up: begins even when the caller has been cancelled.
  /// @param fn  As run().
  /// @return As run().
  /// @throws AlreadyQuit  As run().
  template <class F>
  std::invoke_result_t<F&> run_always(F&& fn) {
    detail::FunctionJob<std::remove_reference_t<F>&> job(fn);
    submit(job);
    return job.take();
  }

  /// As run(), for work that can be asked to end: a caller that is cancelled asks, and waits on until it has ended.
  /// @param fn         As run(). Once asked, it should throw soon; if it returns all the same, its value is not lost, and
  ///                   the cancellation shows at the next suspension point.
  /// @param interrupt  Called at most once, on the caller's side, while `fn` is queued or runs. Must not throw or wait.
  /// @return As run().
  /// @throws AlreadyQuit, Cancelled  As run().
  template <class F>
  std::invoke_result_t<F&> run_interruptible(F&& fn, const std::function<void()>& interrupt) {
    checkpoint();
    detail::FunctionJob<std::remove_reference_t<F>&> job(fn);
    submit(job, interrupt);
    return job.take();
  }

  /// Hands over a last piece of work and lets the thread end after it. Never waits.
  /// @param last  Owns all that it uses; empty for nothing.
  void quit(std::function<void()> last = {}) noexcept;

  /// As quit(), and lets the thread end by itself: the destructor will not wait for the function that is running.
  /// @param last  As quit().
  void abandon(std::function<void()> last = {}) noexcept;

 private:
  struct Shared;
  void submit(detail::Job& job, const std::function<void()>& interrupt = {});
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace greenway
