// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/wait.hpp
/// @brief Waiting for a descriptor or for time: inside a greenlet the greenlet is set aside, elsewhere the thread blocks.
///
/// Layer: runtime. Every function here is a suspension point: it throws Cancelled when the scope around it is cancelled.

#include <cstdint>
#include <memory>

#include <greenway/runtime/deadline.hpp>

namespace greenway {

class Reactor;

/// What a descriptor is waited for, and what it was found ready for. Hang-up and error count as both.
enum class Interest : std::uint8_t {
  read = 1,   ///< Data, end of file or an error can be read.
  write = 2,  ///< There is room to write.
  both = 3,   ///< Either.
};

/// @param set  Any.
/// @param bit  `read` or `write`.
/// @return Whether `set` includes `bit`.
[[nodiscard]] constexpr bool includes(Interest set, Interest bit) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(bit)) != 0;
}

/// The registration of one descriptor with the loop that waits for it. Does not own the descriptor.
///
///     unbound  --wait() in a greenlet-->            bound to that greenlet's host
///     bound    --wait() under another host-->       bound to that one
///     bound    --forget(), destructor-->            unbound
///
/// While bound, a wait makes no system call of its own. A wait outside a greenlet is a poll() and changes nothing.
///
/// @par Threads
/// Used by one greenlet or thread at a time; it may be a different one each time, of any loop.
///
/// @par Lifetime
/// forget() it before the descriptor is closed: the number may be reused at once.
class Descriptor {
 public:
  /// Refers to no descriptor.
  Descriptor() noexcept = default;
  /// @param fd  An open, non-blocking, pollable descriptor that outlives the registration.
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  /// Forgets.
  ~Descriptor() { forget(); }
  /// @param other  Left referring to nothing.
  Descriptor(Descriptor&& other) noexcept;
  /// @param other  Left referring to nothing.
  /// @return This.
  Descriptor& operator=(Descriptor&& other) noexcept;

  /// Waits until the descriptor is ready. It may be ready no more, or not yet, when the caller looks: try the I/O again.
  /// @param interest  For what.
  /// @param deadline  Until when at most.
  /// @return What it is ready for; never empty.
  /// @throws TimeoutError       The deadline passed.
  /// @throws Cancelled          The scope around the caller was cancelled. The descriptor stays as it is.
  /// @throws InvalidRequestError  Another greenlet waits for the same direction already.
  /// @throws ResourceExhausted  The system refused the registration.
  Interest wait(Interest interest, Deadline deadline = {});

  /// Ends the registration. Nothing waits now, by contract.
  void forget() noexcept;

  /// @return The descriptor, or -1.
  [[nodiscard]] int native_handle() const noexcept { return fd_; }

 private:
  int fd_ = -1;
  std::uint32_t generation_ = 0;
  std::shared_ptr<Reactor> reactor_;
};

/// Waits for a descriptor that belongs to somebody else and may be closed at any time by him: costs a system call more
/// than Descriptor::wait, since the registration is checked anew each time.
/// @param fd        An open, pollable descriptor. Its blocking mode does not matter.
/// @param interest  For what.
/// @param deadline  Until when at most.
/// @return What it is ready for, confirmed by a poll() that does not wait.
/// @throws TimeoutError, Cancelled, InvalidRequestError, ResourceExhausted  As Descriptor::wait.
Interest wait_for(int fd, Interest interest, Deadline deadline = {});

/// wait_for(fd, Interest::read, deadline).
/// @param fd        As there.
/// @param deadline  As there.
inline void wait_readable(int fd, Deadline deadline = {}) { wait_for(fd, Interest::read, deadline); }

/// wait_for(fd, Interest::write, deadline).
/// @param fd        As there.
/// @param deadline  As there.
inline void wait_writable(int fd, Deadline deadline = {}) { wait_for(fd, Interest::write, deadline); }

/// Waits that long, at least.
/// @param length  Zero or less only checks for cancellation.
/// @throws Cancelled  The scope around the caller was cancelled.
void sleep_for(Duration length);

/// Lets everything that is ready run first: in a greenlet it goes to the end of the loop's queue, in a thread it is
/// `std::this_thread::yield()`.
/// @throws Cancelled  The scope around the caller was cancelled.
void yield();

}  // namespace greenway
