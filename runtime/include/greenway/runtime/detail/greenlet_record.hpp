// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/greenlet_record.hpp
/// @brief What the runtime keeps of each greenlet and each thread, and the switch between two stacks.
///
/// Visible only so that a switch inlines into its caller: a `ret` after a change of stacks is mispredicted, and that
/// costs more than the switch itself.

#include <any>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include <greenway/runtime/detail/exception_state.hpp>
#include <greenway/runtime/detail/sanitizer.hpp>
#include <greenway/runtime/stack.hpp>

// Chosen by GREENWAY_SWITCH when the project is configured, and the same in every file of a program.
#if defined(GREENWAY_SWITCH_NATIVE)
#include <greenway/runtime/detail/native_switch.hpp>
#else
#include <boost/context/detail/fcontext.hpp>
#endif

namespace greenway {

class Host;
class Waiter;
class CancelScope;
struct GreenletRecord;

/// The cancel scopes of one greenlet or thread, innermost first.
struct Scopes {
  CancelScope* innermost = nullptr;  ///< The chain of open scopes.
  Waiter* waiting = nullptr;         ///< The wait that a cancellation would end.
};

namespace detail {

struct Storage;
struct ThreadHub;
class StackSlab;

#if !defined(GREENWAY_SWITCH_NATIVE)
/// Where a stack at rest goes on.
struct ResumePoint {
  void* context = nullptr;  ///< Boost.Context's.
};
#endif

/// @return No thread's hub; not null, as that of a thread that has none is.
inline ThreadHub* nobody() noexcept { return reinterpret_cast<ThreadHub*>(std::uintptr_t{1}); }

/// A place to jump to: a stack at rest, with what has to be put in force when it runs again.
struct Context : ResumePoint {
  ExceptionState exceptions;  ///< Its exception state; empty while the stack runs.
};

/// Stacks come in powers of two, from 16 KiB to 1 GiB.
inline constexpr std::size_t smallest_stack_shift = 14;
inline constexpr std::size_t stack_class_count = 17;

/// @return Which of them; stack_class_count if none is large enough. Known when compiled for a size that is.
constexpr std::uint8_t stack_class_of(StackOptions stack) noexcept {
  constexpr std::size_t largest = (std::size_t{1} << (smallest_stack_shift + stack_class_count - 1)) / stack_size_factor;
  if (stack.size_bytes > largest) {
    return stack_class_count;
  }
  const std::size_t size = stack.size_bytes * stack_size_factor;
  return size <= std::size_t{1} << smallest_stack_shift
             ? 0
             : static_cast<std::uint8_t>(static_cast<std::size_t>(std::bit_width(size - 1)) - smallest_stack_shift);
}

/// A mapped stack whose entry function runs one greenlet after another: a finished one leaves it parked for the next,
/// so that a spawn prepares no stack. Lives at the top of the stack itself.
struct Carrier : Context {
  StackAnnotation annotation;      ///< What the sanitizers know of it.
  std::uint32_t size_class = 0;    ///< As its pool counts.
  Carrier* next = nullptr;         ///< In the pool, while idle.
  std::size_t size = 0;            ///< Usable bytes, above the guard page.
  char* mapping = nullptr;         ///< Lowest mapped address: the guard page.
  StackSlab* slab = nullptr;       ///< Where it is mapped.
  Carrier* newer_batch = nullptr;  ///< In the pool, of the first of a batch.
  Carrier* older_batch = nullptr;  ///< Likewise.
};

/// The part of a greenlet that a switch touches.
struct Entrance : Context {
  /// The thread on which a switch may enter it without a second look, unless it is the one that runs: its own, while it is
  /// started, rests without any exception state and nobody traces; else nobody().
  ThreadHub* enterable_by = nobody();
  ThreadHub* hub = nullptr;  ///< Of its thread.
};

/// What a loop runs next, linked in a host's queue: a greenlet that is ready, or a function to call.
struct Ready {
  Ready* next = nullptr;            ///< Behind this one.
  void (*run)(Ready&) = nullptr;    ///< Called on the loop's own stack; null: this is a greenlet, resume it.
};

/// A greenlet's body, which takes the first parcel and returns the last one.
class Body {
 public:
  virtual ~Body() = default;
  /// Runs once, on the greenlet's own stack; takes what was handed over first from the hub, leaves its result, and discards
  /// itself.
  virtual void run(ThreadHub& hub, std::any& result) = 0;
  /// It will not run.
  virtual void discard() noexcept = 0;
};

/// A small body lies in its greenlet's record.
inline constexpr std::size_t inline_body_size = 64;

/// What becomes of libc's blocking calls, where they are intercepted at all.
enum class Interposing : std::uint8_t {
  off,   ///< They are libc's.
  on,    ///< They suspend the greenlet.
  told,  ///< They are libc's, and somebody wants to be told of them.
};

}  // namespace detail

/// What the runtime keeps of one greenlet. Outlives its stack as long as a handle refers to it. A switch touches only the
/// first cache line.
struct alignas(64) GreenletRecord : detail::Entrance, detail::Ready {
  /// Where a greenlet is in its life.
  enum class State : std::uint8_t { fresh, started, dead };

  detail::StackAnnotation* annotation = nullptr;  ///< What the sanitizers know of its stack.
  detail::Carrier* carrier = nullptr;  ///< Its stack, from start to end.
  detail::Body* body = nullptr;        ///< Owned until it runs.
  GreenletRecord* parent = nullptr;    ///< Counted.
  Host* host = nullptr;                ///< Whose loop runs it; null: it cannot wait.

  // Side by side, so that one store resets them.
  State state = State::fresh;       ///< `started` covers running and suspended.
  bool is_unwinding = false;        ///< Its last handle is gone: nothing may suspend any more.
  bool is_queued = false;           ///< Linked in a host's queue of ready greenlets.
  bool has_suspended = false;       ///< It has waited for something at least once.
  bool ends_in_resumer = false;     ///< It ends in whoever resumed it last, as greenlets of the bridge do, not in its parent.
  bool has_name = false;            ///< `name` is not empty.
  bool is_main = false;             ///< The thread's own stack.
  std::uint8_t stack_class = 0;     ///< How large its stack is to be.

  std::int32_t local_references = 0;   ///< Handles counted by its own thread …
  std::atomic<std::int32_t> foreign_references{0};  ///< … and by others; each may be negative, the sum is the truth.
  std::atomic<void*> thread{nullptr};  ///< Its thread, as thread_identity() tells it; null once that has ended.
  Scopes scopes;                       ///< Its cancel scopes.
  const void* spawned_at = nullptr;    ///< The code that made it.
  detail::Storage* storage = nullptr;  ///< Its locals and its context; null until it has any.
  GreenletRecord* self = this;         ///< The contents of an uncounted handle.
  GreenletRecord* next_spare = nullptr;  ///< Among the records that wait to be used again.
  std::string name;                    ///< For people.
  detail::Interposing interposing = detail::Interposing::off;  ///< What becomes of its blocking calls.
  alignas(std::max_align_t) std::byte inline_body[detail::inline_body_size];  ///< Where a small body lies.
};

namespace detail {

#if !defined(GREENWAY_SWITCH_NATIVE)
/// Keeps where the stack that was left goes on.
/// @return Whether something was handed over.
[[gnu::always_inline]] inline bool note_left(boost::context::detail::transfer_t arrival) noexcept {
  const auto token = reinterpret_cast<std::uintptr_t>(arrival.data);
  if ((token & 1) != 0) [[unlikely]] {
    reinterpret_cast<Context*>(token - 1)->context = arrival.fctx;
    return true;
  }
  reinterpret_cast<Context*>(token)->context = arrival.fctx;
  return false;
}
#endif

/// What the runtime keeps of one thread.
struct ThreadHub {
  GreenletRecord* current = nullptr;    ///< The greenlet that runs.
  ExceptionState* exceptions = nullptr; ///< The thread's exception state, looked up once: greenlets do not migrate.
  bool has_incoming = false;            ///< One of the next two is set: the stack that was switched to must take it.
  std::any value;                       ///< What is handed over.
  std::exception_ptr error;             ///< What is thrown there instead.
  ThreadHub* enterable_by = this;       ///< What a greenlet's own is set to when it rests: nobody() while somebody traces.
  bool is_traced = false;               ///< Each switch is to be told to the tracer; usually not.
  StackAnnotation* left = nullptr;      ///< Sanitizers only: of the stack that was left last.
  GreenletRecord* return_to = nullptr;  ///< Where a greenlet goes that has to wait: whoever resumed it.
  std::shared_ptr<std::atomic<Host*>> host;  ///< The loop that runs on this thread; it sets null when it goes.
};

/// This thread's hub, null before it is made. It is compared and followed where a switch is made: a hub found through the
/// greenlet instead would hold up all that comes after it by the latency of two loads.
extern constinit thread_local ThreadHub* known_hub [[gnu::tls_model("initial-exec")]];

/// Drops a reference; the last one destroys, unwinding what is suspended.
void release_reference(GreenletRecord& greenlet) noexcept;

/// @return An address that differs for each thread that is alive. One instruction, unlike a thread_local; volatile, because
///         kept over a switch it would lie on a stack that has left the cache.
[[gnu::always_inline]] inline void* thread_identity() noexcept {
#if defined(__x86_64__)
  void* self;
  asm volatile("mov %%fs:0, %0" : "=r"(self));
  return self;
#elif defined(__aarch64__)
  void* self;
  asm volatile("mrs %0, tpidr_el0" : "=r"(self));
  return self;
#else
  static thread_local char self;
  return &self;
#endif
}

/// Leaves the stack of `from` at rest and runs that of `to`; returns when something jumps back. Whether something is handed
/// over travels with the jump: in memory, asking for it would wait for the store.
/// @return Whether something was handed over to the stack of `from`.
[[gnu::always_inline]] inline bool jump(Context& from, Context& to, bool hands_over) noexcept {
#if defined(GREENWAY_SWITCH_NATIVE)
  return native_switch(from, to, hands_over);
#else
  static_assert(alignof(Context) > 1, "the lowest bit of its address is free");
  const auto token = reinterpret_cast<std::uintptr_t>(&from) + (hands_over ? 1 : 0);
  const boost::context::detail::transfer_t arrival =
      boost::context::detail::jump_fcontext(to.context, reinterpret_cast<void*>(token));
  return note_left(arrival);
#endif
}

/// Whether a jump from a stack to itself just goes on. Then nobody has to ask whether the target is the one that runs.
#if defined(GREENWAY_SWITCH_NATIVE) && !defined(GREENWAY_ASAN) && !defined(GREENWAY_TSAN)
inline constexpr bool may_enter_itself = true;
#else
inline constexpr bool may_enter_itself = false;
#endif

/// Makes `to` the running greenlet, whose stack rests at `place`: it is not the one that runs, unless it may enter itself,
/// and neither has any exception state. That is nearly always so, and spares loads and stores each of which would wait for
/// the one of the switch before.
/// @return Whether something was handed over to the one that was left.
[[gnu::always_inline]] inline bool enter(ThreadHub& hub, GreenletRecord& to, Context& place) noexcept {
  GreenletRecord& from = *hub.current;
  hub.current = &to;
  annotate_leave(from.annotation, to.annotation, hub.left);
  const bool has_incoming = jump(from, place, false);
  annotate_enter(from.annotation, hub.left);
  return has_incoming;
}

/// Gives a fresh greenlet a stack.
/// @return The stack, to be entered at once; null, and nothing has happened, where there is more to be done than that.
Carrier* start_fresh(GreenletRecord* greenlet);

/// Puts the exception state of `to` in force and keeps that of `from`.
inline void exchange_exceptions(ExceptionState& live, Context& from, Context& to) noexcept {
  from.exceptions = live;
  live = to.exceptions;
  to.exceptions = {};
}

/// Makes `to` the running greenlet: it is started, and not the current one.
[[gnu::always_inline]] inline void switch_stacks(ThreadHub& hub, GreenletRecord& to) noexcept {
  GreenletRecord& from = *hub.current;
  from.enterable_by = hub.exceptions->is_empty() ? hub.enterable_by : nobody();
  to.enterable_by = hub.enterable_by;
  hub.current = &to;
  exchange_exceptions(*hub.exceptions, from, to);
  annotate_leave(from.annotation, to.annotation, hub.left);
  jump(from, to, hub.has_incoming);
  annotate_enter(from.annotation, hub.left);
}

}  // namespace detail

}  // namespace greenway
