// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/foreign_fiber.hpp
/// @brief A stack that another library switches, as the runtime sees it: a greenlet that can wait.
///
/// For the hosts of such libraries. Costs greenlets nothing: what differs is found where a switch has to look twice anyway.

#include <greenway/runtime/detail/greenlet_record.hpp>

namespace greenway::detail {

/// One of another library's fibers, or its loop, on the thread that made this.
///
///     at rest --switch_from(another), then the library's switch--> running --another's switch_from(this)--> at rest
///
/// While it runs, its greenlet is the current one, so that waits, scopes and locals are its own, and a wait calls suspend().
/// At rest it is no target for a switch of ours: whatever would land in it lands in the fiber that runs. What travels with it
/// besides: the C++ exception state, and what the sanitizers know of the stack.
class ForeignFiber : public Body {
 public:
  /// What a stack is for.
  enum class Kind : std::uint8_t {
    thread,  ///< The thread's own, which runs now: its greenlet is the thread's main one.
    fiber,   ///< One that can wait.
    loop,    ///< What resumes the others, and so cannot.
  };

  /// @param kind  What it is for.
  /// @param top   The highest address of its stack, or near it; unused for `thread`.
  /// @param size  Bytes below `top` that surely belong to the stack.
  ForeignFiber(Kind kind, const void* top, std::size_t size);
  /// At rest, or the thread's own.
  ~ForeignFiber() override;
  ForeignFiber(const ForeignFiber&) = delete;
  ForeignFiber& operator=(const ForeignFiber&) = delete;

  /// Whose loop its waits use from now on; null: they block the thread.
  /// @param host  Of this thread.
  void bind(Host* host) noexcept;

  /// Makes this the running one in place of `from`. The library's own switch follows at once or has just been made: nothing
  /// that a sanitizer instruments may run in between, so it is the caller's last call.
  /// @param from  The one that runs.
  void switch_from(ForeignFiber& from) noexcept;

  /// @param item  What a host found in its queue.
  /// @return Whether it is the greenlet of such a fiber.
  [[nodiscard]] static bool is(const Ready& item) noexcept { return item.run == &ForeignFiber::on_ready; }

  /// Sets the running fiber aside until its greenlet is queued again and its host has come to it.
  /// @throws GreenletError  A raw greenlet runs on top of the fiber: its loop could not find it again.
  static void suspend_running(ThreadHub& hub);

 protected:
  /// Sets the running fiber, which is this one, aside. Returns when it runs again.
  virtual void suspend() noexcept = 0;
  /// Lets the library run it again. It is in suspend(). On the loop's stack.
  virtual void wake() noexcept = 0;

 private:
  void run(ThreadHub&, std::any&) final {}
  void discard() noexcept final {}
  static void on_ready(Ready& item);
  void exchange(ForeignFiber& from) noexcept;

  GreenletRecord* greenlet_ = nullptr;
  GreenletRecord* current_ = nullptr;    // what ran on it when it was left: its greenlet, or one on top of that
  GreenletRecord* return_to_ = nullptr;
  ExceptionState exceptions_;
  StackAnnotation annotation_;
  StackAnnotation* current_annotation_ = &annotation_;  // of what ran
  Kind kind_;
  bool is_suspended_ = false;            // by us, so that it is we who may wake it
};

}  // namespace greenway::detail
