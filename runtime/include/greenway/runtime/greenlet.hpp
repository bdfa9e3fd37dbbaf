// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/greenlet.hpp
/// @brief A stackful fiber with a parent: switch into it, throw into it, read what it hands back.
///
/// Layer: runtime. Needs Boost.Context; knows nothing of event loops or SQL. Source: python-greenlet 3, "switching";
/// a difference is noted at the function that differs. How a switch works, step by step: runtime/README.md.

#include <any>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/stack.hpp>

namespace greenway {

/// What one switch carries: a single value of any copyable type, or nothing (`{}`).
using Parcel = std::any;

/// Unwinds a greenlet silently: thrown into it when its last handle goes away, or by throw_in(). One that leaves the body
/// is caught there and handed to the parent as a value. No `std::exception`, so that legacy handlers let it pass.
class GreenletExit {};

namespace detail {
/// Takes what was handed over by the switch that has just arrived: returns the value, or throws the error.
Parcel take_incoming(ThreadHub& hub);
}  // namespace detail

/// A handle to one greenlet. Copies share the greenlet; a default-made handle refers to none.
///
///     fresh     --switch_to------------------> running
///     running   --switch_to on another-------> suspended
///     suspended --switch_to, throw_in--------> running
///     running   --body returns or throws-----> dead
///     fresh     --throw_in-------------------> dead       (without running)
///
/// Invariants: (1) each thread has exactly one running greenlet; (2) control that leaves a dying greenlet lands in its
/// nearest ancestor that is alive, and the thread's main greenlet never dies; (3) a dead greenlet owns no stack; (4) the
/// exception state (`std::current_exception`, `std::uncaught_exceptions`) belongs to the greenlet, not to the thread.
///
/// @par Threads
/// A greenlet stays on the thread that made it. Handles may be copied, compared and dropped anywhere.
///
/// @par Lifetime
/// Dropping the last handle of a suspended greenlet throws GreenletExit into it, so that its destructors run on its own
/// stack, once. On another thread than its own this waits until its thread spawns or polls next. A greenlet that catches
/// GreenletExit and copies current() into a handle that outlives it lives on, with its parent as before.
///
/// @par Cost
/// A switch saves registers and the exception state: no system call, no allocation, no lock. The x87 and SSE control
/// words are not switched: leave them as they are, or set them after each switch.
class Greenlet {
 public:
  /// Refers to no greenlet; dead() is true.
  Greenlet() noexcept = default;

  /// Makes a fresh greenlet whose parent is current(). Runs nothing, and takes no stack before the first switch.
  /// @param fn     Called with the first parcel, or with nothing if it takes nothing; what it returns goes to the parent
  ///               (any copyable value, a Parcel, or void). Decay-copied.
  /// @param stack  See there.
  template <class F, std::enable_if_t<std::is_invocable_v<std::decay_t<F>&, Parcel> || std::is_invocable_v<std::decay_t<F>&>,
                                      int> = 0>
  explicit Greenlet(F&& fn, StackOptions stack = {}) : Greenlet(detail::stack_class_of(stack)) {
    FunctionBody<std::decay_t<F>>::make(*record_, std::forward<F>(fn));
  }

  /// @param other  Shared.
  Greenlet(const Greenlet& other) noexcept : record_(other.record_) { retain(); }
  /// @param other  Left referring to none.
  Greenlet(Greenlet&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  /// @param other  Shared or taken over; what this referred to is let go.
  /// @return This.
  Greenlet& operator=(Greenlet other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  /// Lets go: see Lifetime.
  ~Greenlet() { release(); }

  /// Pauses the caller and runs this greenlet until something switches back.
  /// @param value  On the first switch the body's argument; later, what the paused switch_to inside returns.
  /// @return What the caller is handed next: a parcel that was switched to it, or the result of a greenlet that ended and
  ///         whose nearest living ancestor the caller is.
  /// @throws GreenletError      This greenlet belongs to another thread, or the handle refers to none. Nothing ran.
  /// @throws ResourceExhausted  First switch only: there is no stack to be had. Still fresh.
  /// @throws ShadowStackError   First switch only: the thread has a user shadow stack. Still fresh.
  /// @throws ...                Whatever a body let out, in its nearest living ancestor.
  /// @note A dead greenlet passes `value` on to its nearest living ancestor, as python-greenlet's does.
  [[gnu::always_inline]] Parcel switch_to(Parcel value) const {
    return value.has_value() ? switch_slowly(std::move(value)) : switch_to();
  }

  /// As above, handing nothing over.
  /// @return As above.
  [[gnu::always_inline]] Parcel switch_to() const {
    if (record_ == nullptr || record_->enterable_by != detail::known_hub) [[unlikely]] {
      return start();
    }
    detail::ThreadHub& hub = *detail::known_hub;
    if ((!detail::may_enter_itself && hub.current == record_) || !hub.exceptions->is_empty()) [[unlikely]] {
      return switch_slowly();
    }
    if (detail::enter(hub, *record_, *record_)) [[unlikely]] {
      return detail::take_incoming(hub);
    }
    return {};
  }

  /// Resumes this greenlet by throwing `error` from the switch_to() that it is paused in. A fresh one dies without
  /// running, and the error arrives in its parent; so it does for a dead one.
  /// @param error  Not null; by default GreenletExit.
  /// @return As switch_to().
  Parcel throw_in(std::exception_ptr error = std::make_exception_ptr(GreenletExit())) const;

  /// @return Its parent; for a main greenlet, and for no greenlet, a handle to none. The reference is no handle of its own:
  ///         copy it to keep it.
  [[nodiscard]] const Greenlet& parent() const noexcept;

  /// Gives it another parent: where its result or exception goes.
  /// @param parent  A greenlet of the same thread that is not a descendant of this one.
  /// @throws GreenletError  It is of another thread, a descendant, or none; or this is a main greenlet.
  void set_parent(const Greenlet& parent) const;

  /// @return Whether its body has ended.
  [[nodiscard]] bool dead() const noexcept;
  /// @return Whether it has started and not ended.
  [[nodiscard]] bool active() const noexcept;
  /// @return Whether the handle refers to a greenlet at all.
  explicit operator bool() const noexcept { return record_ != nullptr; }
  /// @return Its name, or empty.
  [[nodiscard]] const std::string& name() const noexcept;
  /// @param name  For people: appears in dumps and messages.
  void set_name(std::string name) const;

  /// @return Whether both refer to the same greenlet.
  friend bool operator==(const Greenlet&, const Greenlet&) noexcept = default;

  /// @return The greenlet that runs on this thread; outside any, the thread's main greenlet, which has no parent and
  ///         never dies before its thread does. The reference is no handle of its own, so that a greenlet that waits in
  ///         `Greenlet::current().parent().switch_to()` does not keep itself alive; copy it to keep it.
  [[nodiscard]] static const Greenlet& current() noexcept;

 private:
  friend struct GreenletAccess;

  template <class F>
  class FunctionBody final : public detail::Body {
   public:
    template <class G>
    static void make(GreenletRecord& record, G&& fn) {
      if constexpr (is_inline()) {
        record.body = new (record.inline_body) FunctionBody(std::forward<G>(fn));
      } else {
        record.body = new FunctionBody(std::forward<G>(fn));
      }
    }
    void run(detail::ThreadHub& hub, Parcel& result) override {
      const Discard discard_when_done{*this};
      if constexpr (std::is_invocable_v<F&, Parcel>) {
        keep(result, [&]() -> decltype(auto) { return fn_(hub.has_incoming ? detail::take_incoming(hub) : Parcel()); });
      } else {
        if (hub.has_incoming) {
          detail::take_incoming(hub);
        }
        keep(result, fn_);
      }
    }
    void discard() noexcept override {
      if constexpr (is_inline()) {
        this->~FunctionBody();
      } else {
        delete this;
      }
    }

   private:
    struct Discard {
      FunctionBody& body;
      ~Discard() { body.discard(); }
    };

    template <class G>
    explicit FunctionBody(G&& fn) : fn_(std::forward<G>(fn)) {}

    static constexpr bool is_inline() {
      return sizeof(FunctionBody) <= detail::inline_body_size && alignof(FunctionBody) <= alignof(std::max_align_t);
    }

    template <class C>
    static void keep(Parcel& result, C&& body) {
      if constexpr (std::is_void_v<std::invoke_result_t<C&>>) {
        body();
      } else {
        result = Parcel(body());
      }
    }

    F fn_;
  };

  explicit Greenlet(std::uint8_t stack_class);

  [[gnu::always_inline]] Parcel start() const {
    detail::Carrier* const carrier = detail::start_fresh(record_);
    if (carrier == nullptr) {
      return switch_slowly();
    }
    detail::ThreadHub& hub = *detail::known_hub;
    return detail::enter(hub, *record_, *carrier) ? detail::take_incoming(hub) : Parcel();
  }
  Parcel switch_slowly() const;
  Parcel switch_slowly(Parcel value) const;
  void retain() const noexcept;
  void release() noexcept {
    if (record_ != nullptr) {
      detail::release_reference(*std::exchange(record_, nullptr));
    }
  }

  GreenletRecord* record_ = nullptr;
};

/// One transfer of control, as a tracer sees it.
struct SwitchEvent {
  bool is_throw;           ///< An exception is thrown at the target.
  const Greenlet& origin;  ///< Who is left.
  const Greenlet& target;  ///< Who runs next.
};

/// Tells a function of every switch of this thread from now on. It runs on the target's stack, before the target goes
/// on; what it throws is thrown there, and disables it (python-greenlet's `settrace`).
/// @param callback  Empty for none.
/// @return The function that was called until now.
std::function<void(const SwitchEvent&)> set_trace(std::function<void(const SwitchEvent&)> callback);

}  // namespace greenway
