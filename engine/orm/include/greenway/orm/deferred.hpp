// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/deferred.hpp
/// @brief A column that is loaded when it is touched: `Deferred<std::string> text`.
///
/// Layer: orm. Source: SQLAlchemy's `deferred()` columns.
///
/// ```cpp
/// struct Book {
///   std::int64_t id = 0;
///   gw::Deferred<std::string> text;
/// };
/// registry.map<Book>("book", gw::mapped_column(&Book::id, "id", gw::primary_key),
///                    gw::mapped_column(&Book::text, "text"));
/// gw::select<Book>();                                     // leaves it out
/// book->text->size();                                     // loads it
/// gw::select<Book>().options(gw::undefer(&Book::text));   // with its entity
/// co_await session.load(book, &Book::text);               // from a coroutine
/// ```
///
/// Touching what is not loaded executes one SELECT, as touching a relationship does: see greenway/orm/related.hpp.
/// Assigning to it needs none.
///
/// @par Threads
/// As their session.

#include <concepts>
#include <cstddef>
#include <utility>

#include <greenway/orm/detail/member_type.hpp>

namespace greenway {

namespace detail {

struct Instance;

/// What Deferred has besides its value.
class DeferredMember {
 public:
  /// @return Whether reading it needs no statement.
  [[nodiscard]] bool is_loaded() const noexcept { return is_loaded_; }
  /// Loads it if need be.
  /// @throws ...  As touching does.
  void load() const {
    if (!is_loaded_) {
      select(true);
    }
  }

 protected:
  DeferredMember() noexcept = default;
  ~DeferredMember() = default;
  [[nodiscard]] bool is_attached() const noexcept { return owner_ != nullptr; }
  void touch() const {
    if (!is_loaded_) [[unlikely]] {
      select(false);
    }
  }
  void note_assigned() noexcept {
    is_assigned_ = is_assigned_ || !is_loaded_;
    is_loaded_ = true;
  }
  void note_loaded() noexcept {
    is_assigned_ = false;
    is_loaded_ = true;
  }

 private:
  friend class DeferredAccess;
  DeferredMember(const DeferredMember&) = delete;
  void select(bool is_asked_for) const;

  Instance* owner_ = nullptr;  // null: transient or detached
  std::size_t attribute_ = 0;  // among the owner's
  bool is_loaded_ = true;
  bool is_assigned_ = false;   // and nobody knows what its row says
};

}  // namespace detail

/// A member of a mapped class whose column is loaded when it is touched.
template <class T>
class Deferred : public detail::DeferredMember {
 public:
  /// What is held.
  using value_type = T;

  /// As `T` is made.
  Deferred() = default;
  /// @param value  Held.
  template <class U>
    requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, Deferred>)
  Deferred(U&& value) : value_(std::forward<U>(value)) {}
  /// @param other  Whose value this has: touches it.
  Deferred(const Deferred& other) : DeferredMember(), value_(other.get()) {}
  /// @param other  Of a transient entity it is left empty; another is touched.
  Deferred(Deferred&& other) : DeferredMember(), value_(other.is_attached() ? other.get() : std::move(other.value_)) {}
  /// Needs no loading.
  /// @param value  Held from now on.
  /// @return This.
  template <class U>
    requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, Deferred>)
  Deferred& operator=(U&& value) {
    value_ = std::forward<U>(value);
    note_assigned();
    return *this;
  }
  /// @param other  Whose value this has from now on: touches it.
  /// @return This.
  Deferred& operator=(const Deferred& other) { return *this = T(other.get()); }

  /// @return The value.
  /// @throws DetachedInstanceError  It is not loaded, and its session is gone.
  /// @throws MissingGreenlet        It came from an AsyncSession, and this is no greenlet.
  /// @throws InvalidRequestError    Its session sends nothing by itself (no_implicit_io); or its row is gone.
  /// @throws DBAPIError             As the database reports.
  [[nodiscard]] const T& get() const {
    touch();
    return value_;
  }
  /// @return As get().
  /// @throws ...  As get().
  const T& operator*() const { return get(); }
  /// @return As get().
  /// @throws ...  As get().
  const T* operator->() const { return &get(); }
  /// @return As get().
  operator const T&() const { return get(); }

 private:
  friend struct detail::MemberTypeOf<Deferred>;
  T value_ = T();
};

namespace detail {

/// Of the value, whether that is loaded or not.
template <class T>
struct MemberTypeOf<Deferred<T>> {
  using Held = T;
  static const T& held(const void* member) { return static_cast<const Deferred<T>*>(member)->value_; }
  static void put(void* member, T value) {
    auto& deferred = *static_cast<Deferred<T>*>(member);
    deferred.value_ = std::move(value);
    deferred.note_loaded();
  }
  static constexpr MemberType make() {
    return {
        [](void* member, const Row& row, std::size_t column) { put(member, row.get<T>(column)); },
        [](const void* member, const Row& row, std::size_t column) {
          return is_same(held(member), row.get<T>(column));
        },
        [](const void* member) { return Value(held(member)); },
        [](void* member, const Value& value) { put(member, from_value<T>(value)); },
        [](const void* member) { return is_same(held(member), T()); },
        [](void* member) { put(member, T()); },
        is_optional<T>,
        std::is_integral_v<T> && !std::is_same_v<T, bool>,
        [](void* member) -> DeferredMember* { return static_cast<Deferred<T>*>(member); },
    };
  }
};

}  // namespace detail

}  // namespace greenway
