// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/context.hpp
/// @brief Values that a greenlet shares with whoever spawned it: a request's number, a tenant, a log prefix.
///
/// Layer: runtime. Source: Python's `contextvars`, and SQLAlchemy's bridge, which gives a greenlet the context of its
/// spawner, not a copy of it: what either sets, both see.
///
/// ```cpp
/// gw::ContextVar<std::string> request_id;
/// gw::GreenletContext context;                                                  // one for each request
/// auto row = co_await gw::greenlet_spawn(context.bind(load), 42);               // load() may call request_id.get()
/// ```

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace greenway {

namespace detail {

struct ContextValues;

[[nodiscard]] std::shared_ptr<const void> find_in_context(std::uint64_t key);
void put_into_context(std::uint64_t key, std::shared_ptr<const void> value);
[[nodiscard]] std::uint64_t make_local_key() noexcept;

}  // namespace detail

/// A set of values, shared by the copies of this handle.
///
/// Each thread has one of its own, which holds outside greenlets and in all greenlets spawned there. run() and bind() put
/// another in force; greenlets spawned inside share that one, on whichever loop they run, and those that they spawn. A raw
/// Greenlet begins with its thread's.
///
/// C++ coroutines have no context of their own: between two `co_await` any other may run on the thread, and find the thread's
/// context as this one left it. Code that serves several callers therefore gives each a context, by bind().
///
/// @par Threads
/// Any; values are read and written one at a time.
///
/// @par Cost
/// A spawn inside a context that was put in force allocates once more; any other spawn pays nothing.
class GreenletContext {
 public:
  /// A new one, without values.
  GreenletContext();

  /// @return The one that holds here.
  [[nodiscard]] static GreenletContext current();

  /// @return A new one with the same values, which from then on differ.
  [[nodiscard]] GreenletContext copy() const;

  /// Calls `fn` with this context in force.
  /// @param fn    Called once, in place.
  /// @param args  Passed to it.
  /// @return What it returns.
  template <class F, class... A>
  std::invoke_result_t<F, A...> run(F&& fn, A&&... args) const {
    const InForce in_force(values_);
    return std::invoke(std::forward<F>(fn), std::forward<A>(args)...);
  }

  /// @param fn  Any callable.
  /// @return A callable that calls `fn` by run().
  template <class F>
  [[nodiscard]] auto bind(F fn) const {
    return [context = *this, fn = std::move(fn)]<class... A>(A&&... args) mutable -> std::invoke_result_t<F&, A...> {
      return context.run(fn, std::forward<A>(args)...);
    };
  }

  /// @return Whether both are the same set.
  [[nodiscard]] friend bool operator==(const GreenletContext&, const GreenletContext&) noexcept = default;

 private:
  /// Puts a context in force for the greenlet or thread that makes this.
  class InForce {
   public:
    explicit InForce(std::shared_ptr<detail::ContextValues> values);
    ~InForce();
    InForce(const InForce&) = delete;
    InForce& operator=(const InForce&) = delete;

   private:
    std::shared_ptr<detail::ContextValues> outer_;
  };

  explicit GreenletContext(std::shared_ptr<detail::ContextValues> values) noexcept : values_(std::move(values)) {}

  std::shared_ptr<detail::ContextValues> values_;
};

/// A variable whose value belongs to the context in force.
///
/// @par Threads
/// Any.
template <class T>
class ContextVar {
 public:
  /// @param initial  What get() returns where nothing was set.
  explicit ContextVar(T initial = T()) : initial_(std::move(initial)) {}
  ContextVar(const ContextVar&) = delete;
  ContextVar& operator=(const ContextVar&) = delete;

  /// @return A copy of its value in the context that holds here.
  [[nodiscard]] T get() const {
    const std::shared_ptr<const void> value = detail::find_in_context(key_);
    return value == nullptr ? initial_ : *static_cast<const T*>(value.get());
  }

  /// Sets it in the context that holds here, for everybody who shares that.
  /// @param value  Copied or moved in.
  void set(T value) { detail::put_into_context(key_, std::make_shared<const T>(std::move(value))); }

 private:
  std::uint64_t key_ = detail::make_local_key();
  T initial_;
};

}  // namespace greenway
