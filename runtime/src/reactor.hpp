// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

namespace greenway {

/// A wait with a bound, in the reactor's heap. Lives on the waiter's stack.
struct Timer {
  static constexpr std::size_t not_queued = ~std::size_t{0};

  TimePoint when;
  Waiter* waiter = nullptr;
  std::size_t index = not_queued;
  bool has_fired = false;
};

/// One descriptor that somebody waits for among others, or beside others. Lives with the waiter.
struct Watch {
  Waiter* waiter = nullptr;
  int fd = -1;
  std::uint32_t events = 0;  // as epoll has them, and poll() too
  bool is_watched = false;
  bool is_closed = false;    // by this thread, meanwhile
  bool is_assumed = false;   // a registration of before stands, unless the descriptor was closed unseen
  std::uint32_t ready = 0;   // what the last event said
  std::uint64_t told_at = 0; // how many had run by then
  Watch* next = nullptr;
};

/// Descriptors and timers of one host behind one epoll descriptor, which is readable when there is something to do.
///
/// Descriptors are registered once, level-triggered: libpq does not always read all there is, so an edge could be lost.
/// What is ready while nobody waits for it is masked until somebody does; in the steady course of a client (send, wait,
/// read) that never happens, and a wait makes no system call.
///
/// Invariants: (1) slots belong to the loop's thread; another thread only removes the descriptor from the epoll set and
/// leaves a note; (2) an event carries the generation of the registration that it is for, and one of an earlier
/// generation is dropped, so that a descriptor's number may be reused at any time.
class Reactor : public std::enable_shared_from_this<Reactor> {
 public:
  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  [[nodiscard]] int native_handle() const noexcept { return epoll_; }

  /// Lets writes to an eventfd, which nobody reads, end poll().
  bool add_wake(int fd) noexcept;

  /// Registers a descriptor; returns its generation.
  std::uint32_t bind(int fd);
  /// Ends the registration. Any thread.
  void forget(int fd, std::uint32_t generation) noexcept;
  /// Waits for a bound descriptor.
  Interest wait(int fd, Interest interest, Deadline deadline);
  /// Waits for a descriptor that somebody else may close: registers it for this once.
  Interest wait_once(int fd, Interest interest, Deadline deadline);

  /// Begins to watch a descriptor that somebody else may close.
  /// @param changes  Counts the closes of descriptors that are seen, by any thread. A registration made since the last one is
  ///                 taken to stand, which saves a system call; one that a close unseen has taken away stays silent until
  ///                 distrust().
  /// @return 0, or an error: nothing is watched.
  int watch(Watch& watch, std::uint32_t changes);
  /// The next watch() of that descriptor registers it.
  void distrust(const Watch& watch) noexcept;
  /// Something runs that may use descriptors: what events said is no news any more.
  void count_run() noexcept { ++runs_; }
  /// @return What is ready, as the event said that ended the wait; 0 when anything has run since, or it was no event.
  [[nodiscard]] std::uint32_t news(const Watch& watch) const noexcept { return watch.told_at == runs_ ? watch.ready : 0; }
  /// Ends it, where it has begun. The registration stays, for the next time.
  void unwatch(Watch& watch) noexcept;
  /// The descriptor is about to be closed on this thread: ends its registration, and all waits for it.
  void closing(int fd) noexcept;

  void add(Timer& timer);
  void remove(Timer& timer) noexcept;
  /// Sets the timer descriptor if the earliest timer is earlier than what it is set to.
  void arm_timer() noexcept;
  /// Leaves the timer descriptor alone from now on: somebody else says what the time is, and calls fire_due_timers().
  void simulate() noexcept { armed_at_ = TimePoint::min(); }
  /// @return When the earliest timer is due; `TimePoint::max()` if there is none.
  [[nodiscard]] TimePoint next_timer() const noexcept { return timers_.empty() ? TimePoint::max() : timers_.front()->when; }
  /// @return When that waiter's timer is due; `TimePoint::max()` if it has none.
  [[nodiscard]] TimePoint timer_of(const Waiter& waiter) const noexcept;
  /// Wakes those whose time has come.
  void fire_due_timers() noexcept;

  /// Takes in what is ready and wakes its waiters. `timeout` in milliseconds, -1 for ever.
  /// @return How many events there were.
  int poll(int timeout) noexcept;

 private:
  struct Slot {
    Waiter* reader = nullptr;
    Waiter* writer = nullptr;
    Watch* watches = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t armed = 0;          // the events that epoll reports
    std::uint32_t changes = 0;        // as watch() was told when the registration was made
    bool is_registered = false;
    Interest ready = Interest::both;  // what the last event said
  };
  class Claim;

  static std::uint32_t wanted_events(const Slot& slot) noexcept;
  Slot& slot(int fd);
  int control(int fd, Slot& slot, std::uint32_t events) noexcept;
  void dispatch(const epoll_event& event) noexcept;
  void fire_timers() noexcept;
  void take_forgotten() noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;
  void place(std::size_t index, Timer* timer) noexcept;

  const pid_t process_ = getpid();
  int epoll_ = -1;
  int timer_ = -1;
  std::uint64_t runs_ = 1;
  std::vector<std::unique_ptr<Slot[]>> slots_;
  std::vector<Timer*> timers_;
  TimePoint armed_at_ = TimePoint::max();

  std::atomic<bool> has_forgotten_{false};
  std::mutex forgotten_mutex_;
  std::vector<std::pair<int, std::uint32_t>> forgotten_;
};

/// poll() on the calling thread.
/// @return What is ready; the empty set (0) when the deadline passed first.
Interest poll_descriptor(int fd, Interest interest, TimePoint until);

}  // namespace greenway
