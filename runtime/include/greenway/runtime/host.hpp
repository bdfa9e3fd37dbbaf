// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/host.hpp
/// @brief What a greenlet needs of the event loop it lives in, and all of it.
///
/// Layer: runtime. A host for one loop derives from Host and implements four functions; everything else (queue of ready
/// greenlets, descriptors, timers, wake-ups from other threads) is here, behind one descriptor that the loop watches.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <greenway/base/clock.hpp>
#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

namespace greenway {

/// One event loop, as greenlets see it.
///
///     idle      --something is ready, posted or due-->  scheduled    calls schedule() once
///     scheduled --the loop calls poll()-------------->  draining     resumes what is ready, a bounded number
///     draining  --nothing is left-------------------->  idle
///     draining  --the bound is reached--------------->  scheduled
///
/// And, once:
///
///     open    --shutdown(), destructor-->  closing   each greenlet's next wait throws Cancelled, none can be spawned
///     closing --the loop goes----------->  ended
///
/// Invariants: (1) greenlets of a host run on its thread only, and only inside poll(), or inside the call that starts
/// them; (2) poll() does not nest; (3) while something is waited for, watch(true) is in force.
///
/// @par Threads
/// post() and wake-ups may come from any thread; everything else belongs to the loop's thread.
///
/// @par Lifetime
/// A host outlives its greenlets: its destructor ends those that are left, in three steps. It shuts the host down, for two
/// seconds at most. What has not ended by then is logged by name, and cancelled shields or not. Whoever even then waits for
/// a function that uses its stack, on another thread, is waited for, however long that takes: no stack is taken away from
/// under anybody. Operations, futures and cancellers may be used after the host has gone.
///
/// Only the host's own thread can end them. A thread that ends before has lost what was suspended on it, which is logged by
/// name: shut the host down there, or from another thread while it runs.
class Host {
 public:
  virtual ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// @return The host of the running greenlet; else of the loop that runs on this thread; else null.
  [[nodiscard]] static Host* current() noexcept;

  /// Runs `fn` on the loop's thread, in poll(), outside any greenlet. May be called from any thread.
  /// @param fn  Must not throw.
  void post(std::function<void()> fn);

  /// Ends all greenlets of the loop: each is cancelled, from its outermost scope, and so is what it waits for; nothing new
  /// is spawned meanwhile (HostClosed). The loop is driven until all have unwound.
  ///
  /// To be called on the loop's thread while the loop does not run, or on another thread while it does. May be called again.
  /// @param deadline  Until when at most. A greenlet may need longer: inside a Shield, for a function that another thread
  ///                  runs on its stack, or because it goes on after a cancellation.
  /// @return A line for each greenlet that is still there, as describe() makes it, which is logged too; normally none.
  /// @throws WouldBlockLoop       The loop is running further up this stack.
  /// @throws InvalidRequestError  In a greenlet of this very loop.
  /// @throws TimeoutError         On another thread: the loop did not run before the deadline. It closes as soon as it does.
  std::vector<std::string> shutdown(Deadline deadline = {});

  /// @return Whether this is the thread that the loop's greenlets run on.
  [[nodiscard]] bool is_own_thread() const noexcept {
    return thread_.load(std::memory_order_relaxed) == detail::thread_identity();
  }

  /// @return Whether the loop has gone, and only its destructor looks after the greenlets still. On the loop's thread.
  [[nodiscard]] bool has_ended() const noexcept { return phase_ == Phase::ended; }

  /// @return Whether the loop is running now, further up this very thread's stack: blocking here would stop it.
  [[nodiscard]] virtual bool is_running_here() const noexcept = 0;

 protected:
  /// The loop's thread is the one that first starts a greenlet or polls.
  Host();

  /// Sees to it that poll() is called on the loop's thread soon. Called from any thread, at most once until then.
  virtual void schedule() noexcept = 0;

  /// Begins or ends to watch native_handle(): while watched, the loop calls poll() when it is readable, and counts this as
  /// outstanding work. Called on the loop's thread.
  /// @param on  Begins when true.
  virtual void watch(bool on) noexcept = 0;

  /// @return The descriptor to watch: readable while poll() has something to do.
  [[nodiscard]] int native_handle() const noexcept;

  /// Takes in what the descriptor has to say, then resumes what is ready; looks again, a bounded number of times, while that
  /// has been finding something. Never waits.
  void poll();

  /// Resumes what is ready, without looking at the descriptor.
  void drain();

  /// Waits for the descriptor, then does as poll(). For hosts that have no loop besides.
  void wait_and_poll();

  /// Runs the loop for one turn, on its own thread, to shut it down. By default the greenlets alone have their turn, without
  /// the loop around them.
  /// @param length  So long at most it waits for something to do.
  virtual void turn(Duration length) noexcept;

  /// Ends what is left: see Lifetime. For the destructor of each class that implements schedule() and watch().
  void end() noexcept;

  /// The loop around the host has gone: nobody can be told of an end any more.
  void set_ended() noexcept { phase_ = Phase::ended; }

  /// @return Whether no greenlet waits or is ready. On the loop's thread, or while the loop does not run.
  [[nodiscard]] bool is_idle() const noexcept { return waiting_ == 0 && ready_head_ == nullptr && !is_draining_; }

  /// This thread is the loop's from now on.
  void adopt_thread() noexcept;

  /// The loop does not run any more, and others who look at all loops of the program must not call schedule(). To be called
  /// before the derived class begins to be destroyed, on any thread.
  void leave_thread() noexcept;

  /// Counts work that keeps the loop watching, besides waits: an operation that another thread will end.
  void work_started() noexcept;
  /// The work is over.
  void work_finished() noexcept;

 private:
  enum class Phase : std::uint8_t { open, closing, ended };

  friend struct HostAccess;
  friend class Waiter;
  friend class Descriptor;

  void enqueue(detail::Ready& item) noexcept;
  void unqueue(GreenletRecord& greenlet) noexcept;
  void turn_nested(Duration length) noexcept;
  void enqueue_from_afar(Waiter& waiter) noexcept;
  void remove_from_inbox(Waiter& waiter) noexcept;
  void request_schedule() noexcept;
  void take_inbox() noexcept;
  int run_ready(int limit);
  void end_drain() noexcept;
  bool is_worth_a_look() noexcept;
  void update_watch() noexcept;
  void end_by_force() noexcept;

  std::shared_ptr<Reactor> reactor_;
  std::shared_ptr<std::atomic<Host*>> self_;  // shared with the thread that the loop runs on
  std::atomic<void*> thread_{nullptr};
  detail::Ready* ready_head_ = nullptr;
  detail::Ready* ready_tail_ = nullptr;
  std::size_t waiting_ = 0;      // waits and operations that only an event can end
  unsigned fruitless_looks_ = 0;  // in a row
  unsigned skipped_looks_ = 0;
  bool is_draining_ = false;
  bool is_watched_ = false;
  Phase phase_ = Phase::open;    // unless open, no greenlet starts

  std::vector<const GreenletRecord*> supervisors_;  // the greenlets that see to the end of the others

  std::atomic<bool> is_scheduled_{false};
  std::atomic<bool> has_inbox_{false};
  std::mutex inbox_mutex_;
  Waiter* inbox_ = nullptr;
  std::vector<std::function<void()>> posted_;
};

}  // namespace greenway
