// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/greenlet_local.hpp
/// @brief A variable of which each greenlet has its own: what `thread_local` is to threads.
///
/// Layer: runtime. A `thread_local` is shared by all greenlets of its thread, and so changes over a wait.

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace greenway {

namespace detail {

/// A value of whatever type that a greenlet owns.
class LocalValue {
 public:
  LocalValue() = default;
  virtual ~LocalValue() = default;
  LocalValue(const LocalValue&) = delete;
  LocalValue& operator=(const LocalValue&) = delete;
};

/// @return A number that no other variable has, or had.
[[nodiscard]] std::uint64_t make_local_key() noexcept;
/// @return The running greenlet's value under that key; null if it has none.
[[nodiscard]] LocalValue* find_local(std::uint64_t key) noexcept;
/// Gives the running greenlet a value.
void keep_local(std::uint64_t key, std::unique_ptr<LocalValue> value);

}  // namespace detail

/// A value for each greenlet; outside greenlets, for each thread. Made when it is first asked for.
///
/// @par Lifetime
/// A greenlet's values are destroyed on its own stack when its function has ended, or has been unwound, the last one made
/// first. Their destructors may wait, as any destructor there: shielded, and not while the greenlet is being destroyed. An
/// operation ends after that. A thread's values are destroyed when the thread ends.
/// The variable itself may go before the values; they stay until then.
///
/// @par Threads
/// Any.
///
/// @par Cost
/// A look through the greenlet's values, which are usually few. A greenlet that uses none pays nothing.
template <class T>
class GreenletLocal {
 public:
  /// Values are made by default.
  GreenletLocal() : GreenletLocal([] { return T(); }) {}

  /// @param make  Called without arguments to make each value, in the greenlet that asks for it; returns a `T`. May be called
  ///              on several threads at once.
  template <class F>
  explicit GreenletLocal(F make) : make_(std::move(make)) {}

  GreenletLocal(const GreenletLocal&) = delete;
  GreenletLocal& operator=(const GreenletLocal&) = delete;

  /// @return The running greenlet's value, made now if it has none.
  T& get() {
    if (detail::LocalValue* const value = detail::find_local(key_)) {
      return static_cast<Value*>(value)->value;
    }
    auto value = std::make_unique<Value>(make_);
    T& made = value->value;
    detail::keep_local(key_, std::move(value));
    return made;
  }
  /// @return As get().
  T& operator*() { return get(); }
  /// @return The address of get().
  T* operator->() { return &get(); }

  /// @return Whether the running greenlet has a value already.
  [[nodiscard]] bool has_value() const noexcept { return detail::find_local(key_) != nullptr; }

 private:
  struct Value final : detail::LocalValue {
    explicit Value(const std::function<T()>& make) : value(make()) {}
    T value;
  };

  std::uint64_t key_ = detail::make_local_key();
  std::function<T()> make_;
};

}  // namespace greenway
