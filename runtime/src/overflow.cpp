// SPDX-License-Identifier: BSL-1.0
#include "overflow.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <csignal>
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/stack_overflow.hpp>

#include "hub.hpp"

namespace greenway {

namespace detail {

namespace {

std::atomic<bool> is_reporting{false};
struct sigaction earlier_segv;
struct sigaction earlier_bus;

/// The alternate signal stack of a thread, unless somebody gave it one before.
class SignalStack {
 public:
  SignalStack() {
    stack_t present{};
    if (sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0) {
      return;
    }
    // The frame of a signal holds all vector registers, and unwinding needs some room too.
    const std::size_t size = static_cast<std::size_t>(std::max(sysconf(_SC_SIGSTKSZ), 0L)) + std::size_t{64} * 1024;
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) {
      throw ResourceExhausted(std::string("no signal stack to report overflows on: mmap failed: ") + std::strerror(errno));
    }
    stack_.ss_sp = memory;
    stack_.ss_size = size;
    sigaltstack(&stack_, nullptr);
  }
  ~SignalStack() {
    if (stack_.ss_sp != nullptr) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      sigaltstack(&none, nullptr);
      munmap(stack_.ss_sp, stack_.ss_size);
    }
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  stack_t stack_{};
};

void give_signal_stack() { static thread_local const SignalStack stack; }

/// A text on its way to stderr, put together without memory from the heap.
class Message {
 public:
  Message& text(std::string_view text) noexcept {
    const std::size_t count = std::min(text.size(), text_.size() - size_);
    std::memcpy(text_.data() + size_, text.data(), count);
    size_ += count;
    return *this;
  }
  Message& number(std::uintptr_t number, unsigned base = 10) noexcept {
    std::array<char, 20> digits;
    std::size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    return text(std::string_view(digits.data() + first, digits.size() - first));
  }
  Message& address(const void* address) noexcept {
    return text("0x").number(reinterpret_cast<std::uintptr_t>(address), 16);
  }
  /// A place in the code: by name, as far as the dynamic linker knows it. That takes the linker's lock, which is recursive,
  /// and nothing from the heap.
  Message& code(const void* place) noexcept {
    Dl_info info{};
    if (dladdr(place, &info) == 0 || info.dli_fname == nullptr) {
      return address(place);
    }
    const bool has_name = info.dli_sname != nullptr;
    const auto start = reinterpret_cast<std::uintptr_t>(has_name ? info.dli_saddr : info.dli_fbase);
    text(has_name ? info.dli_sname : "a function").text("+0x").number(reinterpret_cast<std::uintptr_t>(place) - start, 16);
    return text(" (").text(info.dli_fname).text("), at ").address(place);
  }
  void write() noexcept {
    for (std::size_t done = 0; done != size_;) {
      const ssize_t count = ::write(STDERR_FILENO, text_.data() + done, size_ - done);
      if (count <= 0 && errno != EINTR) {
        return;
      }
      done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
  }

 private:
  std::array<char, 1024> text_;
  std::size_t size_ = 0;
};

const void* interrupted_at([[maybe_unused]] const void* context) noexcept {
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const void*>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
#else
  return nullptr;
#endif
}

/// @return The running greenlet, if it is its stack's guard that was touched.
const GreenletRecord* overflowed(const void* address) noexcept {
  const GreenletRecord* const greenlet = known_hub != nullptr ? known_hub->current : nullptr;
  if (greenlet == nullptr || greenlet->carrier == nullptr) {
    return nullptr;
  }
  const char* const guard = greenlet->carrier->mapping;
  return address >= guard && address < guard + page_size() ? greenlet : nullptr;
}

void report(const GreenletRecord& greenlet, const void* place) noexcept {
  Message message;
  message.text("greenlet ");
  if (greenlet.has_name) {
    message.text("'").text(greenlet.name).text("'");
  } else {
    message.address(&greenlet);
    if (greenlet.spawned_at != nullptr) {
      message.text(", made in ").code(greenlet.spawned_at).text(",");
    }
  }
  message.text(" overflowed its ").number(greenlet.carrier->size / 1024).text(" KiB stack in ").code(place).text("\n");
  message.write();

  // Should unwinding touch what it must not, the message has been written. What called itself is listed once.
  std::array<void*, 1024> frames;
  void** const end = frames.data() + backtrace(frames.data(), static_cast<int>(frames.size()));
  void** const first = std::find(frames.data(), end, place);
  const std::ptrdiff_t count = std::unique(first, end) - first;
  backtrace_symbols_fd(first, static_cast<int>(std::min<std::ptrdiff_t>(count, 32)), STDERR_FILENO);
}

/// Does what would have been done without us.
void pass_on(int signal, siginfo_t* info, void* context) noexcept {
  const struct sigaction& earlier = signal == SIGBUS ? earlier_bus : earlier_segv;
  if ((earlier.sa_flags & SA_SIGINFO) != 0) {
    earlier.sa_sigaction(signal, info, context);
    return;
  }
  if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) {
    earlier.sa_handler(signal);
    return;
  }
  // A fault comes again with the instruction that caused it; a signal that somebody sent does not.
  const bool was_sent = info->si_code <= 0;
  if (was_sent && earlier.sa_handler == SIG_IGN) {
    return;
  }
  sigaction(signal, &earlier, nullptr);
  if (was_sent) {
    raise(signal);
  }
}

void handle(int signal, siginfo_t* info, void* context) noexcept {
  const int error = errno;
  if (info->si_code > 0) {
    if (const GreenletRecord* const greenlet = overflowed(info->si_addr)) {
      report(*greenlet, interrupted_at(context));
    }
  }
  errno = error;
  pass_on(signal, info, context);
}

void install(int signal, struct sigaction& earlier) noexcept {
  sigaction(signal, nullptr, &earlier);
  struct sigaction ours{};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | (earlier.sa_flags & (SA_NODEFER | SA_RESTART));
  ours.sa_mask = earlier.sa_mask;
  sigaction(signal, &ours, nullptr);
}

}  // namespace

void prepare_overflow_report() {
  if (is_reporting.load(std::memory_order_relaxed)) [[unlikely]] {
    give_signal_stack();
  }
}

}  // namespace detail

void report_stack_overflows() {
  detail::give_signal_stack();
  if (detail::is_reporting.exchange(true)) {
    return;
  }
  // Its first call loads the unwinder, which must not happen in a handler; so must not asking for the page size.
  void* frame = nullptr;
  backtrace(&frame, 1);
  static_cast<void>(detail::page_size());
  detail::install(SIGSEGV, detail::earlier_segv);
  detail::install(SIGBUS, detail::earlier_bus);
}

}  // namespace greenway
