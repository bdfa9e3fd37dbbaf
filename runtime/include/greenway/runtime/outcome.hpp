// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/outcome.hpp
/// @brief How a piece of work ended: a value, or an exception.
///
/// Layer: runtime.

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace greenway {

/// A value or an exception, or neither yet. `T` may be void, a reference, or not default-constructible.
template <class T>
class Outcome {
 public:
  /// What is kept for a value.
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate,
                                    std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

  /// Neither yet.
  Outcome() noexcept = default;

  /// Calls `fn` and keeps what it returns or throws, of whatever type.
  /// @param fn    Callable.
  /// @param args  Passed to it.
  template <class F, class... A>
  void capture(F&& fn, A&&... args) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        std::forward<F>(fn)(std::forward<A>(args)...);
        state_.template emplace<1>();
      } else if constexpr (std::is_reference_v<T>) {
        T result = std::forward<F>(fn)(std::forward<A>(args)...);
        state_.template emplace<1>(std::addressof(result));
      } else {
        state_.template emplace<1>(std::forward<F>(fn)(std::forward<A>(args)...));
      }
    } catch (...) {
      state_.template emplace<2>(std::current_exception());
    }
  }

  /// Ends with an exception.
  /// @param error  Not null.
  void fail(std::exception_ptr error) noexcept { state_.template emplace<2>(std::move(error)); }

  /// @return Whether there is a value or an exception.
  [[nodiscard]] bool is_ready() const noexcept { return state_.index() != 0; }
  /// @return Whether there is a value.
  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 1; }
  /// @return The exception; null when there is none.
  [[nodiscard]] std::exception_ptr error() const noexcept {
    return state_.index() == 2 ? std::get<2>(state_) : std::exception_ptr();
  }

  /// Hands the value out, or throws the exception. Once.
  /// @return The value.
  T get() && {
    if (state_.index() == 2) {
      // Let go of it first: the exception must die with its last handler, not with this object.
      std::exception_ptr error = std::move(std::get<2>(state_));
      std::rethrow_exception(std::move(error));
    }
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*std::get<1>(state_));
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(std::get<1>(state_));
    }
  }

 private:
  std::variant<std::monostate, Stored, std::exception_ptr> state_;
};

}  // namespace greenway
