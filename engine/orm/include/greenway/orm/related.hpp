// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/related.hpp
/// @brief Relationships as members of mapped structs: `Many<B>`, the entities that belong to this one, and `One<A>`, the one
///        that this belongs to.
///
/// Layer: orm. Source: SQLAlchemy's `relationship()` attributes and their lazy loads.
///
/// ```cpp
/// struct A {
///   std::int64_t id = 0;
///   gw::Many<B> bs;
/// };
/// for (const auto& b : a->bs) { … }    // the first touch loads
/// ```
///
///     transient  --Session::add, a load-->  attached, unloaded  --any touch-->  loaded
///     attached   --Session::close, expunge-->  detached: what is loaded stays readable
///
/// Touching what is not loaded executes one SELECT: inside a greenlet that suspends, with a plain session it blocks. What
/// came from an AsyncSession throws MissingGreenlet outside a greenlet, and names the loader option that would have helped.
///
/// @par Ownership
/// Many keeps the entities that it holds, and One keeps its own, unless that has a Many for the same foreign key: then One
/// only points to it, and the session or the holder of the other side keeps it.
///
/// @par Threads
/// As their session.

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace greenway {

namespace detail {

struct Instance;
class RelatedAccess;

/// What Many and One have in common.
class Related {
 public:
  /// @return Whether reading it needs no statement.
  [[nodiscard]] bool is_loaded() const noexcept { return owner_ == nullptr ? !is_gone_ : is_loaded_; }
  /// Loads it if need be, as touching it does.
  /// @throws ...  As touching does.
  void load() const { touch(); }

 protected:
  Related() noexcept = default;
  /// A copy of a mapped struct is transient, and nobody else's entities belong to it.
  Related(const Related&) noexcept {}
  Related& operator=(const Related&) noexcept { return *this; }
  virtual ~Related() = default;

  /// Loads it if need be.
  /// @throws DetachedInstanceError  It is not loaded, and its session is gone.
  /// @throws MissingGreenlet        See above.
  /// @throws DBAPIError             As the database reports.
  void touch() const {
    if (!is_loaded()) [[unlikely]] {
      select();
    }
  }
  [[nodiscard]] bool is_attached() const noexcept { return owner_ != nullptr; }
  void note_loaded() noexcept { is_loaded_ = true; }

 private:
  friend class RelatedAccess;
  void select() const;
  [[nodiscard]] virtual std::vector<std::shared_ptr<void>> items() const = 0;
  virtual void set_items(std::vector<std::shared_ptr<void>> items) = 0;
  /// Keeps what is held no longer.
  virtual void point_only() noexcept {}

  Instance* owner_ = nullptr;     // null: transient or detached
  std::size_t relationship_ = 0;  // among the owner's
  bool is_loaded_ = false;
  bool is_gone_ = false;          // detached before it was loaded
};

/// @param item  A `T` or a `std::shared_ptr<T>`.
/// @return It, shared.
template <class T, class U>
std::shared_ptr<T> shared(U&& item) {
  if constexpr (std::convertible_to<U, std::shared_ptr<T>>) {
    return std::forward<U>(item);
  } else {
    return std::make_shared<T>(std::forward<U>(item));
  }
}

}  // namespace detail

/// The entities of type `T` that belong to this one, in the order they were loaded or added.
template <class T>
class Many : public detail::Related {
 public:
  /// What is held.
  using value_type = std::shared_ptr<T>;
  /// Reads them.
  using const_iterator = typename std::vector<value_type>::const_iterator;

  /// None.
  Many() noexcept = default;
  /// @param items  Entities, `T` or `std::shared_ptr<T>`: `.bs = {B{}, b2}`.
  template <class... U>
    requires(sizeof...(U) > 0 && ((std::convertible_to<U, T> || std::convertible_to<U, value_type>) && ...))
  Many(U&&... items) {
    items_.reserve(sizeof...(U));
    (items_.push_back(detail::shared<T>(std::forward<U>(items))), ...);
  }
  /// @param other  Stays as it is: see Related.
  Many(const Many& other) : Related(other) {}
  /// @param other  Of a transient entity it is left empty; another's stays as it is.
  Many(Many&& other) noexcept : items_(other.is_attached() ? std::vector<value_type>() : std::move(other.items_)) {}
  /// @param other  Whose entities this has from now on.
  /// @return This.
  Many& operator=(const Many& other) {
    touch();
    items_ = other.is_loaded() ? other.items_ : std::vector<value_type>(other.begin(), other.end());
    return *this;
  }

  /// @return Reads from the first.
  /// @throws ...  As touching does; also of the following.
  [[nodiscard]] const_iterator begin() const { return touched().begin(); }
  /// @return Behind the last.
  [[nodiscard]] const_iterator end() const { return touched().end(); }
  /// @return How many.
  [[nodiscard]] std::size_t size() const { return touched().size(); }
  /// @return Whether there are none.
  [[nodiscard]] bool empty() const { return touched().empty(); }
  /// @param index  From 0, below size().
  /// @return That one.
  [[nodiscard]] const value_type& operator[](std::size_t index) const { return touched()[index]; }

  /// Adds one, which is saved with this one.
  /// @param item  `T` or `std::shared_ptr<T>`.
  /// @return What was added.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, value_type>)
  value_type append(U&& item) {
    touch();
    return items_.emplace_back(detail::shared<T>(std::forward<U>(item)));
  }
  /// Takes one out, if it is there: it belongs to nobody from now on.
  /// @param item  Which.
  void remove(const value_type& item) {
    touch();
    std::erase(items_, item);
  }
  /// Takes all out.
  void clear() {
    touch();
    items_.clear();
  }

 private:
  const std::vector<value_type>& touched() const {
    touch();
    return items_;
  }
  [[nodiscard]] std::vector<std::shared_ptr<void>> items() const override { return {items_.begin(), items_.end()}; }
  void set_items(std::vector<std::shared_ptr<void>> items) override {
    items_.clear();
    for (std::shared_ptr<void>& item : items) {
      items_.push_back(std::static_pointer_cast<T>(std::move(item)));
    }
  }

  std::vector<value_type> items_;
};

/// The entity of type `T` that this one belongs to, or none.
template <class T>
class One : public detail::Related {
 public:
  /// What is held.
  using value_type = std::shared_ptr<T>;

  /// None.
  One() noexcept = default;
  /// @param item  `T` or `std::shared_ptr<T>`; null for none.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, value_type>)
  One(U&& item) : item_(detail::shared<T>(std::forward<U>(item))) {}
  /// @param other  Stays as it is: see Related.
  One(const One& other) : Related(other) {}
  /// @param other  Of a transient entity it is left empty; another's stays as it is.
  One(One&& other) noexcept : item_(other.is_attached() ? nullptr : std::move(other.item_)) {}
  /// Needs no loading.
  /// @param other  What this belongs to from now on.
  /// @return This.
  One& operator=(const One& other) {
    item_ = other.get();
    pointed_to_.reset();
    note_loaded();
    return *this;
  }

  /// @return The entity, or null.
  /// @throws ...  As touching does.
  [[nodiscard]] value_type get() const {
    touch();
    return item_ != nullptr ? item_ : pointed_to_.lock();
  }
  /// @return The entity; must be there.
  /// @throws ...  As get().
  value_type operator->() const { return get(); }
  /// @return The entity; must be there. Kept by its session or by whoever else holds it.
  /// @throws ...  As get().
  T& operator*() const { return *get(); }
  /// @return Whether there is one.
  /// @throws ...  As get().
  explicit operator bool() const { return get() != nullptr; }
  /// @return As get().
  operator value_type() const { return get(); }

 private:
  [[nodiscard]] std::vector<std::shared_ptr<void>> items() const override {
    const value_type item = item_ != nullptr ? item_ : pointed_to_.lock();
    return item != nullptr ? std::vector<std::shared_ptr<void>>{item} : std::vector<std::shared_ptr<void>>();
  }
  void set_items(std::vector<std::shared_ptr<void>> items) override {
    item_ = items.empty() ? nullptr : std::static_pointer_cast<T>(std::move(items.front()));
    pointed_to_.reset();
  }
  void point_only() noexcept override {
    if (item_ != nullptr) {
      pointed_to_ = std::move(item_);
      item_ = nullptr;
    }
  }

  value_type item_;
  std::weak_ptr<T> pointed_to_;
};

}  // namespace greenway
