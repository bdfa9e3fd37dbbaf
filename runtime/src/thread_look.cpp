// SPDX-License-Identifier: BSL-1.0
#include "thread_look.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>

#include <semaphore.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/host.hpp>

#include "hub.hpp"

namespace greenway::detail {

namespace {

/// One look, asked for by one thread and taken in the signal's handler on another.
///
///     idle --asker--> asked --handler--> taking --handler--> taken --asker--> idle
///                     asked --asker, tired of waiting------------------------> idle
enum class Stage : int { idle, asked, taking, taken };

std::mutex asker_mutex;
std::atomic<Stage> stage{Stage::idle};
pid_t asked_thread = 0;
const Host* asked_host = nullptr;
ThreadLook taken_look;
sem_t is_taken;
int look_signal = 0;

const char* instruction_of(const ucontext_t& context) noexcept {
#if defined(__x86_64__)
  return reinterpret_cast<const char*>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const char*>(context.uc_mcontext.pc);
#else
  return nullptr;
#endif
}

/// @return Whether the next instruction is one of those of native_switch() at which stack pointer, frame pointer and code
///         do not belong together: there the frames cannot be told. Boost's switch is a function without unwind tables, at
///         which a walk ends by itself.
bool is_between_stacks([[maybe_unused]] const char* instruction) noexcept {
#if defined(GREENWAY_SWITCH_NATIVE) && defined(__x86_64__)
  // mov 8(%rsi), %rbp; jmp *16(%rsi)
  static constexpr char last[] = "\x48\x8b\x6e\x08\xff\x66\x10";
  return std::memcmp(instruction, last, 7) == 0 ||
         (std::memcmp(instruction, last + 4, 3) == 0 && std::memcmp(instruction - 4, last, 4) == 0);
#elif defined(GREENWAY_SWITCH_NATIVE) && defined(__aarch64__)
  // ldr x16, [x0, #16]; mov sp, x2; br x16
  static constexpr std::uint32_t last[] = {0xf9400810, 0x9100005f, 0xd61f0200};
  std::uint32_t around[3];
  std::memcpy(around, instruction - 4, sizeof around);
  return (around[1] == last[0] && around[2] == last[1]) || (around[1] == last[1] && around[2] == last[2]) ||
         (around[1] == last[2] && around[0] == last[1]);
#else
  return false;
#endif
}

_Unwind_Reason_Code note_frame(_Unwind_Context* frame, void* argument) noexcept {
  ThreadLook& look = *static_cast<ThreadLook*>(argument);
  const auto* const instruction = reinterpret_cast<const void*>(_Unwind_GetIP(frame));
  if (instruction == nullptr || look.frame_count == look.frames.size()) {
    return _URC_END_OF_STACK;
  }
  look.frames[look.frame_count++] = instruction;
  return _URC_NO_REASON;
}

/// Notes the frames from the interrupted one outwards.
void walk_from(const void* interrupted, ThreadLook& look) noexcept {
  look.frames[0] = interrupted;
  look.frame_count = 1;
  _Unwind_Backtrace(&note_frame, &look);
  // The handler's own frames come first. Where the interrupted one is not behind them, they are kept: ThreadSanitizer runs
  // handlers later than the signal, and a walk may not get past the signal's own frame.
  const auto end = look.frames.begin() + static_cast<std::ptrdiff_t>(look.frame_count);
  if (const auto again = std::find(look.frames.begin() + 1, end, interrupted); again != end) {
    look.frame_count = static_cast<std::size_t>(std::move(again, end, look.frames.begin()) - look.frames.begin());
  }
}

void take_look(ThreadLook& look, const ucontext_t& context) noexcept {
  look = ThreadLook();
  look.is_running_loop = asked_host->is_running_here();
  const char* const instruction = instruction_of(context);
  if (instruction == nullptr || is_between_stacks(instruction)) {
    return;
  }
  bool is_unwinding = false;
  if (const Hub* hub = static_cast<const Hub*>(known_hub)) {
    const GreenletRecord& current = *hub->current;
    look.resumed = hub->counts.resumed.value();
    is_unwinding = hub->exceptions->uncaught != 0;
    if (!current.is_main) {
      look.greenlet = &current;
    }
    if (current.has_name) {
      std::memcpy(look.name.data(), current.name.data(), std::min(current.name.size(), look.name.size() - 1));
    }
  }
  if (is_unwinding) {
    look.frames[look.frame_count++] = instruction;
  } else {
    walk_from(instruction, look);
  }
}

void on_signal(int, siginfo_t*, void* context) noexcept {
  const int error = errno;
  Stage expected = Stage::asked;
  if (stage.load(std::memory_order_acquire) == Stage::asked && asked_thread == gettid() &&
      stage.compare_exchange_strong(expected, Stage::taking, std::memory_order_acq_rel)) {
    take_look(taken_look, *static_cast<const ucontext_t*>(context));
    stage.store(Stage::taken, std::memory_order_release);
    sem_post(&is_taken);
  }
  errno = error;
}

bool is_unhandled(int signal) noexcept {
  struct sigaction now{};
  return sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

int choose_signal() {
  // Valgrind and qemu keep the highest ones for themselves.
  for (int signal = SIGRTMAX - 4; signal >= SIGRTMIN; --signal) {
    if (is_unhandled(signal)) {
      return signal;
    }
  }
  throw ResourceExhausted("no real-time signal is left for a watchdog: name one in WatchdogOptions::signal");
}

}  // namespace

void prepare_looks(int signal) {
  const std::lock_guard lock(asker_mutex);
  if (look_signal != 0) {
    return;
  }
  const int chosen = signal != 0 ? signal : choose_signal();
  sem_init(&is_taken, 0, 0);
  struct sigaction action{};
  action.sa_sigaction = &on_signal;
  // On the alternate stack where the thread has one: a greenlet's may be small.
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  if (sigaction(chosen, &action, nullptr) != 0) {
    throw ArgumentError("WatchdogOptions::signal cannot be handled: " + std::string(std::strerror(errno)));
  }
  look_signal = chosen;
  // The first walk loads and allocates what a handler must not.
  ThreadLook unused;
  walk_from(nullptr, unused);
}

bool look_at_thread(pid_t thread, const Host& host, ThreadLook& look) {
  const std::lock_guard lock(asker_mutex);
  asked_thread = thread;
  asked_host = &host;
  stage.store(Stage::asked, std::memory_order_release);
  Stage expected = Stage::asked;
  if (syscall(SYS_tgkill, getpid(), thread, look_signal) != 0) {
    stage.store(Stage::idle, std::memory_order_relaxed);
    return false;
  }
  timespec limit{};
  clock_gettime(CLOCK_REALTIME, &limit);
  ++limit.tv_sec;
  while (sem_timedwait(&is_taken, &limit) != 0) {
    if (errno == ETIMEDOUT && stage.compare_exchange_strong(expected, Stage::idle, std::memory_order_acq_rel)) {
      return false;
    }
    if (errno == ETIMEDOUT) {
      ++limit.tv_sec;  // it is being taken
    }
  }
  look = taken_look;
  stage.store(Stage::idle, std::memory_order_relaxed);
  return true;
}

}  // namespace greenway::detail
