// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/host.hpp>

/// An event loop that a conformance case can use: made for the case, and run by the thread that made it.
class LoopUnderTest {
 public:
  virtual ~LoopUnderTest() = default;

  /// @return The host of the loop.
  virtual greenway::Host& host() = 0;

  /// Runs the loop until `is_done` is set, by something that the loop runs. May be called again.
  virtual void run_until(const bool& is_done) = 0;
};

/// Something that runs synchronous code and that the suite is held against.
struct HostUnderTest {
  const char* name;
  /// Makes a loop, hands it to `use`, and destroys it; on a thread of its own if that kind of loop needs one. Null for the
  /// one that has no loop: the blocking thread.
  void (*with_loop)(const std::function<void(LoopUnderTest&)>& use);
  /// For the few cases that one host is excepted from; each says why.
  [[nodiscard]] bool is(std::string_view other) const noexcept { return other == name; }
};

/// @return Every host: what is said of synchronous code holds for all. Only the one that GREENWAY_TEST_HOST names, if it
///         is set.
std::vector<HostUnderTest> every_host();

/// @return Every host that has a loop.
std::vector<HostUnderTest> every_loop();

/// Runs `body` to its end: in a greenlet of a new loop, or on this thread.
void run(const HostUnderTest& host, const std::function<void()>& body);

/// Runs `body` in a greenlet of `loop`, and the loop until it has ended.
void run(LoopUnderTest& loop, const std::function<void()>& body);

/// @return Options that name the host of `loop`.
greenway::GreenletOptions on(LoopUnderTest& loop);

/// Runs beside its maker: in a greenlet of the same loop or, where the maker has no loop, in another thread.
class Companion {
 public:
  explicit Companion(std::function<void()> fn);
  /// As join(), and drops the exception.
  ~Companion();
  Companion(const Companion&) = delete;
  Companion& operator=(const Companion&) = delete;

  /// Waits for the end.
  /// @throws what `fn` threw.
  void join();

 private:
  struct Thread;
  std::optional<greenway::Future<void>> greenlet_;
  std::unique_ptr<Thread> thread_;
};
