// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/greenlet_record.hpp
/// @brief What the runtime keeps of each greenlet and each thread, and the switch between two stacks.
///
/// Visible only so that a switch inlines into its caller: a `ret` after a change of stacks is mispredicted, and that
/// costs more than the switch itself.

#include <any>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include <boost/context/detail/fcontext.hpp>

#include <greenway/runtime/detail/exception_state.hpp>
#include <greenway/runtime/detail/sanitizer.hpp>
#include <greenway/runtime/stack.hpp>

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

struct ThreadHub;

/// A place to jump to: a stack at rest, with what has to be put in force when it runs again.
struct Context {
  void* resume_point = nullptr;  ///< Of the stack at rest.
  ExceptionState exceptions;     ///< Its exception state.
  StackAnnotation annotation;    ///< What the sanitizers know of it.
};

/// A mapped stack whose entry function runs one greenlet after another: a finished one leaves it parked for the next,
/// so that a spawn prepares no stack. Lives at the top of the stack itself.
struct Carrier : Context {
  Carrier* next = nullptr;      ///< In the pool, while idle.
  char* mapping = nullptr;      ///< Lowest mapped address: the guard page.
  std::size_t size = 0;         ///< Usable bytes, above the guard page.
};

/// What the loop runs: a greenlet that is ready, or a function to call. Linked in a host's queue.
struct Ready {
  Ready* next = nullptr;            ///< Behind this one.
  void (*run)(Ready&) = nullptr;    ///< Called on the loop's own stack; null: this is a greenlet, resume it.
};

/// A greenlet's body, which takes the first parcel and returns the last one.
class Body {
 public:
  virtual ~Body() = default;
  /// Runs once, on the greenlet's own stack.
  virtual std::any run(std::any first) = 0;
  /// The greenlet has no more use for it.
  virtual void discard() noexcept { delete this; }
};

}  // namespace detail

/// What the runtime keeps of one greenlet. Outlives its stack as long as a handle refers to it.
struct GreenletRecord : detail::Ready {
  /// Where a greenlet is in its life.
  enum class State : std::uint8_t { fresh, started, dead };

  State state = State::fresh;       ///< `started` covers running and suspended.
  bool is_main = false;             ///< The thread's own stack.
  bool is_unwinding = false;        ///< Its last handle is gone: nothing may suspend any more.
  bool is_queued = false;           ///< Linked in a host's queue of ready greenlets.
  bool has_suspended = false;       ///< It has waited for something at least once.
  bool keeps_parent = true;         ///< False: it ends in whoever resumed it last, as greenlets of the bridge do.
  detail::Context* context = nullptr;  ///< Its carrier, or the thread's own.
  detail::ThreadHub* hub = nullptr;    ///< Of its thread.
  void* thread = nullptr;              ///< Its thread, as thread_identity() tells it; null once that has ended.
  GreenletRecord* parent = nullptr;    ///< Counted.
  Host* host = nullptr;                ///< Whose loop runs it; null: it cannot wait.
  Scopes scopes;                       ///< Its cancel scopes.
  std::int32_t local_references = 0;   ///< Handles counted by its own thread …
  std::atomic<std::int32_t> foreign_references{0};  ///< … and by others; each may be negative, the sum is the truth.
  detail::Body* body = nullptr;        ///< Owned until it has run.
  StackOptions stack;                  ///< Read at the start.
  std::string name;                    ///< For people.
  GreenletRecord* self = this;              ///< The contents of an uncounted handle.
  GreenletRecord* previous_live = nullptr;  ///< In the list of its thread's greenlets.
  GreenletRecord* next_live = nullptr;      ///< Likewise.
};

namespace detail {

/// What the runtime keeps of one thread.
struct ThreadHub {
  GreenletRecord* current = nullptr;    ///< The greenlet that runs.
  ExceptionState* exceptions = nullptr; ///< The thread's exception state, looked up once: greenlets do not migrate.
  bool has_incoming = false;            ///< One of the next two is set: the stack that was switched to must take it.
  std::any value;                       ///< What is handed over.
  std::exception_ptr error;             ///< What is thrown there instead.
  bool is_traced = false;               ///< Each switch is to be told to the tracer; usually not.
  GreenletRecord* return_to = nullptr;  ///< Where a greenlet goes that has to wait: whoever resumed it.
  std::shared_ptr<std::atomic<Host*>> host;  ///< The loop that runs on this thread; it sets null when it goes.
};

/// @return An address that differs for each thread that is alive. One instruction, unlike a thread_local.
[[gnu::always_inline]] inline void* thread_identity() noexcept {
#if defined(__x86_64__)
  void* self;
  asm("mov %%fs:0, %0" : "=r"(self));
  return self;
#elif defined(__aarch64__)
  void* self;
  asm("mrs %0, tpidr_el0" : "=r"(self));
  return self;
#else
  static thread_local char self;
  return &self;
#endif
}

/// Leaves the stack of `from` at rest and runs that of `to`; returns when something jumps back.
[[gnu::always_inline]] inline void jump(Context& from, Context& to) noexcept {
  annotate_leave(from.annotation, to.annotation);
  const boost::context::detail::transfer_t arrival = boost::context::detail::jump_fcontext(to.resume_point, &from);
  Context& previous = *static_cast<Context*>(arrival.data);
  previous.resume_point = arrival.fctx;
  annotate_enter(from.annotation, previous.annotation);
}

/// Makes `to` the running greenlet: it is started, and not the current one.
[[gnu::always_inline]] inline void switch_stacks(ThreadHub& hub, GreenletRecord& to) noexcept {
  Context& from = *hub.current->context;
  Context& target = *to.context;
  hub.current = &to;
  from.exceptions = *hub.exceptions;
  *hub.exceptions = target.exceptions;
  jump(from, target);
}

}  // namespace detail

}  // namespace greenway
