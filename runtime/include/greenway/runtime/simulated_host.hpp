// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/simulated_host.hpp
/// @brief A loop for tests: its time passes at once, its order comes from a seed, and it lets things go wrong.
///
/// Layer: runtime.

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/loop_host.hpp>

namespace greenway {

/// What can befall a wait in a simulation: nothing that could not befall it in earnest.
enum class Fault : std::uint8_t {
  cancelled,    ///< The greenlet is cancelled while it waits, from the outermost scope that it feels there.
  timed_out,    ///< The wait's deadline passes first. Befalls waits that have one.
  woken_early,  ///< A descriptor is reported ready that is not. Befalls waits for one.
  woken_late,   ///< What ends the wait is noticed up to `longest_delay` later.
};

/// @param fault  Which.
/// @return Its name, as in a trace.
[[nodiscard]] std::string_view name_of(Fault fault) noexcept;

/// How a simulation goes. Plain data: start from the defaults, set what differs.
struct SimulationOptions {
  std::uint64_t seed = 0;              ///< Decides all that is left to chance.
  bool shuffle = true;                 ///< What is ready is resumed in an order of chance; else as it became ready.
  unsigned faults_per_thousand = 0;    ///< So many of a thousand waits meet a fault, of a kind of chance.
  Duration longest_delay = std::chrono::seconds(1);  ///< Of Fault::woken_late.
  Duration patience{0};                ///< How long, in real time, the world outside may take before time passes it by.
};

/// A loop in which time passes only when nothing is ready, and then at once to the next deadline. The same seed gives the same
/// course, and trace() tells it.
///
///     for (std::uint64_t seed = 0; seed < 1000; ++seed) {
///       greenway::SimulatedHost host(greenway::SimulationOptions{.seed = seed, .faults_per_thousand = 50});
///       host.run([] { my_test(); });   // throws: print seed and host.trace()
///     }
///
/// @par Time
/// From the constructor to the destructor Clock::now() on this thread is the simulation's. It begins an hour after Clock's
/// epoch. It passes as well when 10,000 resumptions have not let it: somebody spins on it. Outside greenlets a bounded wait on this thread passes its bound at once. Other threads keep the real time.
///
/// @par Order
/// A spawned greenlet runs at once up to its first wait, as with any host. Whenever more than one is ready, the seed decides.
///
/// @par The world outside
/// Descriptors are real, as are helper threads: they are looked at before each step, without waiting. One that is not ready
/// when nothing else is, is taken not to become so before the next deadline, unless `patience` gives it real time. When there
/// is no deadline left either it is waited for in earnest. With such waits the course depends on more than the seed.
///
/// After fork() the child has the real time again, for loops of its own.
///
/// @par Deadlock
/// When nothing is ready, no deadline is left and nobody waits for the world outside, run() throws.
///
/// @par Threads
/// Belongs to the thread that makes it; one at a time for each thread.
class SimulatedHost final : public LoopHost {
 public:
  /// Begins a simulation.
  /// @param options  How it goes.
  /// @throws InvalidRequestError  The thread is in a simulation already.
  /// @throws ResourceExhausted    The system refused a descriptor.
  explicit SimulatedHost(SimulationOptions options = {});
  ~SimulatedHost() override;

  /// Runs `fn` in a greenlet named "main", and the loop until it has ended.
  /// @param fn  Called once.
  /// @return What it returns; its exception is rethrown here.
  /// @throws InvalidRequestError  A deadlock: the message names those that wait.
  template <class F>
  std::invoke_result_t<F&> run(F&& fn) {
    using T = std::invoke_result_t<F&>;
    struct End {
      bool is_done = false;
      Outcome<T> outcome;
    };
    const auto end = std::make_shared<End>();  // the greenlet may outlive this call, if it throws
    GreenletOptions options;
    options.host = this;
    options.name = "main";
    greenlet_spawn(std::move(options), std::forward<F>(fn)).start([end](Outcome<T>&& outcome) {
      end->outcome = std::move(outcome);
      end->is_done = true;
    });
    run_until(end->is_done);
    return std::move(end->outcome).get();
  }

  /// Lets a fault befall a wait, whatever chance says; if it cannot befall that one, the next that it can.
  /// @param fault  Which.
  /// @param wait   Counted from 1, over all greenlets, in the order in which they began.
  void inject(Fault fault, std::uint64_t wait) { injected_.emplace(wait, fault); }

  /// @return How many waits have begun.
  [[nodiscard]] std::uint64_t waits() const noexcept { return waits_; }

  /// @return How much time has passed.
  [[nodiscard]] Duration elapsed() const noexcept { return now_ - start; }

  /// @return What happened, a line each: who ran, what began to wait, and which fault befell whom.
  [[nodiscard]] const std::vector<std::string>& trace() const noexcept { return trace_; }

 protected:
  void schedule() noexcept override;
  void turn(Duration length) noexcept override;
  void step() override;

 private:
  struct Held {
    GreenletRecord* greenlet;
    TimePoint until;
  };

  static constexpr TimePoint start{std::chrono::hours(1)};

  std::uint64_t random() noexcept;
  void step_until(TimePoint limit);
  void pass_time(TimePoint limit);
  bool wait_outside(TimePoint next, TimePoint limit);
  void run_one();
  bool hold_back(GreenletRecord& greenlet);
  void release_held() noexcept;
  void look_for_waits(GreenletRecord* resumed = nullptr);
  void befall(GreenletRecord& greenlet);
  bool apply(Fault fault, GreenletRecord& greenlet);
  void note(const GreenletRecord& greenlet, std::string_view what);

  SimulationOptions options_;
  TimePoint now_ = start;
  std::uint64_t random_state_;
  std::uint64_t waits_ = 0;
  bool has_looked_ = false;  // for what other threads have left, since something happened
  unsigned resumed_at_once_ = 0;
  std::uint64_t last_look_;  // the processor's counter
  std::uint64_t suspended_ = 0;  // so often greenlets of the thread had been then
  std::multimap<std::uint64_t, Fault> injected_;
  std::map<GreenletRecord*, Duration> late_;  // by how much the end of its wait will be
  std::vector<Held> held_;
  std::vector<std::string> trace_;
};

}  // namespace greenway
