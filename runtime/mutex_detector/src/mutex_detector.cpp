// SPDX-License-Identifier: BSL-1.0
#include <greenway/mutex_detector/mutex_detector.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <mutex>

#include <pthread.h>
#include <time.h>

#include <greenway/base/log.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/waiter.hpp>

#include "hub.hpp"

namespace greenway {

namespace {

using detail::Hub;

/// A lock that this thread holds.
struct Holding {
  const void* mutex;
  const void* locked_at;
  const GreenletRecord* holder;  // null: no greenlet was ever used here
  bool is_reported;
};

/// What this thread holds, in the order of locking. What is more than fits is not watched.
struct Holdings {
  std::array<Holding, 64> all;
  std::size_t count;
};

constinit thread_local Holdings holdings{};

void note_lock(const void* mutex, const void* locked_at) noexcept {
  Holdings& own = holdings;
  if (own.count < own.all.size()) {
    const auto* const hub = detail::known_hub;
    own.all[own.count++] = {mutex, locked_at, hub != nullptr ? hub->current : nullptr, false};
  }
}

void note_unlock(const void* mutex) noexcept {
  Holdings& own = holdings;
  for (std::size_t i = own.count; i-- != 0;) {
    if (own.all[i].mutex == mutex) {
      std::move(own.all.begin() + static_cast<std::ptrdiff_t>(i) + 1, own.all.begin() + static_cast<std::ptrdiff_t>(own.count),
                own.all.begin() + static_cast<std::ptrdiff_t>(i));
      --own.count;
      return;
    }
  }
}

struct Callback {
  std::mutex mutex;
  std::function<void(const HeldMutex&)> fn;
};

Callback& callback() {
  static auto* one = new Callback;
  return *one;
}

void report(const HeldMutex& held) {
  std::function<void(const HeldMutex&)> fn;
  {
    const std::lock_guard lock(callback().mutex);
    fn = callback().fn;
  }
  if (fn) {
    fn(held);
  } else {
    log(LogLevel::warning, "greenway.mutex_detector", describe(held));
  }
}

/// Looks, whenever a greenlet has been left, what it has taken with it.
class Detector final : public detail::SwitchObserver {
 public:
  bool switched(const GreenletRecord& origin, const GreenletRecord&) noexcept override {
    const bool has_ended = origin.state == GreenletRecord::State::dead;
    const Waiter* const waiter = origin.scopes.waiting;
    // Who has only spawned another runs on before anybody else does.
    if (has_ended || waiter != nullptr || origin.is_queued) {
      for (std::size_t i = 0; i < holdings.count; ++i) {
        if (Holding& holding = holdings.all[i]; holding.holder == &origin && !holding.is_reported) {
          holding.is_reported = true;
          report({holding.mutex, holding.locked_at, origin.name, waiter != nullptr ? waiter->reason() : WaitReason(), has_ended});
        }
      }
    }
    return true;
  }
};

void observe(Hub& hub) {
  hub.observers.push_back(std::make_shared<Detector>());
  update_tracing(hub);
}

/// Threads that use greenlets from now on are watched, and this one.
struct Installation {
  Installation() {
    detail::observe_new_hub = &observe;
    if (detail::known_hub != nullptr) {
      observe(detail::this_hub());
    }
  }
};
const Installation installation;

}  // namespace

void set_held_mutex_callback(std::function<void(const HeldMutex&)> fn) {
  const std::lock_guard lock(callback().mutex);
  callback().fn = std::move(fn);
}

std::string describe(const HeldMutex& held) {
  char mutex[32];
  std::snprintf(mutex, sizeof mutex, "%p", held.mutex);
  return "greenlet '" + held.greenlet + (held.has_ended ? "' has ended" : "' waits (" + describe(held.reason) + ")") +
         " and holds the thread mutex " + mutex + ", locked at " + describe_code(held.locked_at) +
         ": whoever wants it on this thread stops the loop for good; use greenway::Mutex";
}

}  // namespace greenway

// The linker sends calls of `f` to `__wrap_f`, and calls of `__real_f` to `f`.
#define GREENWAY_WRAP_LOCK(name, parameters, arguments)                    \
  extern "C" int __real_##name parameters;                                 \
  extern "C" int __wrap_##name parameters;                                 \
  extern "C" int __wrap_##name parameters {                                \
    const int result = __real_##name arguments;                            \
    if (result == 0) {                                                     \
      greenway::note_lock(mutex, __builtin_return_address(0));             \
    }                                                                      \
    return result;                                                         \
  }
#define GREENWAY_WRAP_UNLOCK(name, type)                                   \
  extern "C" int __real_##name(type* mutex);                               \
  extern "C" int __wrap_##name(type* mutex);                               \
  extern "C" int __wrap_##name(type* mutex) {                              \
    greenway::note_unlock(mutex);                                          \
    return __real_##name(mutex);                                           \
  }

GREENWAY_WRAP_LOCK(pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
GREENWAY_WRAP_LOCK(pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
GREENWAY_WRAP_LOCK(pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* until), (mutex, until))
GREENWAY_WRAP_LOCK(pthread_mutex_clocklock,
                   (pthread_mutex_t * mutex, clockid_t clock, const timespec* until), (mutex, clock, until))
GREENWAY_WRAP_UNLOCK(pthread_mutex_unlock, pthread_mutex_t)
GREENWAY_WRAP_LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * mutex), (mutex))
GREENWAY_WRAP_LOCK(pthread_rwlock_tryrdlock, (pthread_rwlock_t * mutex), (mutex))
GREENWAY_WRAP_LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * mutex), (mutex))
GREENWAY_WRAP_LOCK(pthread_rwlock_trywrlock, (pthread_rwlock_t * mutex), (mutex))
GREENWAY_WRAP_UNLOCK(pthread_rwlock_unlock, pthread_rwlock_t)
