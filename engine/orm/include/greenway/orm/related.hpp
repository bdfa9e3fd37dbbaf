// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/related.hpp
/// @brief Relationships as members of mapped structs: `Many<B>`, the entities that belong to this one, `ManySet<B>`,
/// each of
///        them once, and `One<A>`, the one that this belongs to.
///
/// Layer: orm. Source: SQLAlchemy's `relationship()` attributes, their lazy loads and their backref events.
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
/// Touching what is not loaded executes one SELECT: inside a greenlet that suspends, with a plain session it blocks.
/// What came from an AsyncSession throws MissingGreenlet outside a greenlet, and names the loader option that would
/// have helped.
///
/// Of an attached entity a change is known at once: what is added becomes the session's, by the cascade "save-update",
/// and the other side of a `back_populates` pair follows. Of a transient one both come with Session::add.
///
/// @par Ownership
/// Many keeps the entities that it holds, and One keeps its own. Of two sides of one relationship only one does: Many
/// rather than One, else the one that was mapped first. The other only points to what the session, or the first side,
/// keeps; once that is gone it throws DetachedInstanceError.
///
/// @par Threads
/// As their session.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
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
  /// Loads it if need be, as touching it does, also where touching is told to raise.
  /// @throws ...  As touching does.
  void load() const {
    if (!is_loaded()) {
      select(true);
    }
  }

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
      select(false);
    }
  }
  [[nodiscard]] bool is_attached() const noexcept { return owner_ != nullptr; }
  void note_loaded() noexcept { is_loaded_ = true; }
  /// @throws InvalidRequestError  There is none that has a row.
  [[nodiscard]] const Instance& owner() const;
  [[nodiscard]] std::size_t relationship() const noexcept { return relationship_; }
  /// Tells the session, if there is one, what has changed.
  void tell(const std::shared_ptr<void>& removed, const std::shared_ptr<void>& added) {
    if (owner_ != nullptr) {
      tell_session(removed, added);
    }
  }
  [[noreturn]] static void throw_gone();

 private:
  friend class RelatedAccess;
  void select(bool is_asked_for) const;
  void tell_session(const std::shared_ptr<void>& removed, const std::shared_ptr<void>& added);
  [[nodiscard]] virtual std::vector<std::shared_ptr<void>> items() const = 0;  // those that live
  virtual void set_items(std::vector<std::shared_ptr<void>> items) = 0;
  virtual void put(const std::shared_ptr<void>& item) = 0;
  virtual void drop(const void* item) = 0;
  /// Keeps what is held no longer.
  virtual void point_only() noexcept = 0;

  Instance* owner_ = nullptr;     // null: transient or detached
  std::size_t relationship_ = 0;  // among the owner's
  bool is_loaded_ = false;
  bool is_gone_ = false;          // detached before it was loaded
  bool had_row_ = false;          // when it was detached
};

/// One, of whatever class: of each only what says its type is made once more.
class RelatedOne : public Related {
 protected:
  RelatedOne() noexcept = default;
  explicit RelatedOne(std::shared_ptr<void> item) noexcept;
  RelatedOne(const RelatedOne& other);
  RelatedOne(RelatedOne&& other) noexcept;
  RelatedOne& operator=(const RelatedOne&) = delete;
  ~RelatedOne() override;
  void assign(const RelatedOne& other);
  [[nodiscard]] std::shared_ptr<void> found() const;

 private:
  [[nodiscard]] std::shared_ptr<void> held() const noexcept;
  [[nodiscard]] std::vector<std::shared_ptr<void>> items() const override;
  void set_items(std::vector<std::shared_ptr<void>> items) override;
  void put(const std::shared_ptr<void>& item) override;
  void drop(const void* item) override;
  void point_only() noexcept override;

  std::shared_ptr<void> item_;
  std::weak_ptr<void> pointed_to_;  // instead, where another side keeps it
  bool is_pointing_ = false;
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

  /// Reads them, front to back.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;   ///< It may hold what it shows.
    using value_type = std::shared_ptr<T>;               ///< What is held.
    using difference_type = std::ptrdiff_t;              ///< Of positions.
    using pointer = const value_type*;                   ///< See reference.
    using reference = const value_type&;                 ///< Until the iterator moves on.

    /// Of nothing.
    const_iterator() noexcept = default;
    /// @param many   What is read.
    /// @param index  From there on.
    const_iterator(const Many& many, std::size_t index) noexcept : many_(&many), index_(index) {}
    /// @return The entity.
    /// @throws DetachedInstanceError  It is gone.
    reference operator*() const { return many_->at(index_, held_); }
    /// @return The entity.
    /// @throws DetachedInstanceError  It is gone.
    pointer operator->() const { return &**this; }
    /// Moves on.
    /// @return This.
    const_iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    /// Moves on.
    /// @return As it was.
    const_iterator operator++(int) noexcept { return {*many_, index_++}; }
    /// @return Whether both are at the same position.
    friend bool operator==(const const_iterator& a, const const_iterator& b) noexcept { return a.index_ == b.index_; }

   private:
    const Many* many_ = nullptr;
    std::size_t index_ = 0;
    mutable value_type held_ = {};
  };

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
    if (this != &other) {
      replace(std::vector<value_type>(other.begin(), other.end()));
    }
    return *this;
  }

  /// @return Reads from the first.
  /// @throws ...  As touching does; also of the following.
  [[nodiscard]] const_iterator begin() const {
    touch();
    return {*this, 0};
  }
  /// @return Behind the last.
  [[nodiscard]] const_iterator end() const { return {*this, size()}; }
  /// @return How many.
  [[nodiscard]] std::size_t size() const {
    touch();
    return items_.size() + pointed_to_.size();
  }
  /// @return Whether there are none.
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// @param index  From 0, below size().
  /// @return That one.
  [[nodiscard]] value_type operator[](std::size_t index) const {
    touch();
    value_type held;
    return at(index, held);
  }
  /// @param item  An entity.
  /// @return Whether it is among them.
  [[nodiscard]] bool contains(const value_type& item) const { return std::find(begin(), end(), item) != end(); }

  /// Adds one, which is saved with this one.
  /// @param item  `T` or `std::shared_ptr<T>`.
  /// @return What was added.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, value_type>)
  value_type append(U&& item) {
    hold();
    value_type added = items_.emplace_back(detail::shared<T>(std::forward<U>(item)));
    tell(nullptr, added);
    return added;
  }
  /// Takes one out, if it is there: it belongs to nobody from now on.
  /// @param item  Which.
  void remove(const value_type& item) {
    hold();
    const value_type removed = item;  // which may be a reference to what is erased
    if (std::erase(items_, removed) != 0) {
      tell(removed, nullptr);
    }
  }
  /// Takes all out.
  void clear() { replace({}); }

 private:
  const value_type& at(std::size_t index, value_type& held) const {
    if (pointed_to_.empty()) {
      return items_[index];
    }
    held = pointed_to_[index].lock();
    return held != nullptr ? held : (throw_gone(), held);
  }
  // So that it can be changed.
  void hold() {
    touch();
    if (!pointed_to_.empty()) {
      items_.assign(begin(), end());
      pointed_to_.clear();
    }
  }
  void replace(std::vector<value_type> items) {
    hold();
    std::vector<value_type> before = std::exchange(items_, std::move(items));
    for (const value_type& item : before) {
      if (std::ranges::find(items_, item) == items_.end()) {
        tell(item, nullptr);
      }
    }
    const std::vector<value_type> now = items_;  // which what is told may change
    for (const value_type& item : now) {
      if (std::ranges::find(before, item) == before.end()) {
        tell(nullptr, item);
      }
    }
  }

  [[nodiscard]] std::vector<std::shared_ptr<void>> items() const override {
    std::vector<std::shared_ptr<void>> all(items_.begin(), items_.end());
    for (const std::weak_ptr<T>& item : pointed_to_) {
      if (value_type living = item.lock()) {
        all.push_back(std::move(living));
      }
    }
    return all;
  }
  void set_items(std::vector<std::shared_ptr<void>> items) override {
    pointed_to_.clear();
    items_.clear();
    items_.reserve(items.size());
    for (std::shared_ptr<void>& item : items) {
      items_.push_back(std::static_pointer_cast<T>(std::move(item)));
    }
  }
  void put(const std::shared_ptr<void>& item) override {
    const auto is_it = [&](const auto& held) { return held.get() == item.get(); };
    const auto points_to_it = [&](const std::weak_ptr<T>& held) { return held.lock().get() == item.get(); };
    // Mostly it is the last one, which has just been appended.
    if (std::any_of(items_.rbegin(), items_.rend(), is_it) ||
        std::any_of(pointed_to_.rbegin(), pointed_to_.rend(), points_to_it)) {
      return;
    }
    if (pointed_to_.empty()) {
      items_.push_back(std::static_pointer_cast<T>(item));
    } else {
      pointed_to_.push_back(std::static_pointer_cast<T>(item));
    }
  }
  void drop(const void* item) override {
    std::erase_if(items_, [&](const value_type& held) { return held.get() == item; });
    std::erase_if(pointed_to_, [&](const std::weak_ptr<T>& held) { return held.lock().get() == item; });
  }
  void point_only() noexcept override {
    pointed_to_.insert(pointed_to_.end(), items_.begin(), items_.end());
    items_.clear();
  }

  std::vector<value_type> items_;
  std::vector<std::weak_ptr<T>> pointed_to_;  // instead, where another side keeps them
};

/// Many, of which each is there once.
template <class T>
class ManySet : public Many<T> {
 public:
  /// None.
  ManySet() noexcept = default;
  /// Adds one, if it is not there.
  /// @param item  `T` or `std::shared_ptr<T>`.
  /// @return Whether it was not.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, std::shared_ptr<T>>)
  bool insert(U&& item) {
    const std::shared_ptr<T> added = detail::shared<T>(std::forward<U>(item));
    const bool is_new = !this->contains(added);
    if (is_new) {
      Many<T>::append(added);
    }
    return is_new;
  }
  /// insert(), by Many's name.
  /// @param item  As there.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, std::shared_ptr<T>>)
  void append(U&& item) {
    insert(std::forward<U>(item));
  }
};

/// The entity of type `T` that this one belongs to, or none.
template <class T>
class One : public detail::RelatedOne {
 public:
  /// What is held.
  using value_type = std::shared_ptr<T>;

  /// None.
  One() noexcept = default;
  /// @param item  `T` or `std::shared_ptr<T>`; null for none.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, value_type>)
  One(U&& item) : RelatedOne(detail::shared<T>(std::forward<U>(item))) {}
  /// @param other  Stays as it is: see Related.
  One(const One& other) = default;
  /// @param other  Of a transient entity it is left empty; another's stays as it is.
  One(One&& other) noexcept = default;
  /// Needs no loading: what was there before is found by the next flush.
  /// @param other  What this belongs to from now on.
  /// @return This.
  One& operator=(const One& other) {
    assign(other);
    return *this;
  }

  /// @return The entity, or null.
  /// @throws DetachedInstanceError  It was kept by another side of the relationship, and is gone.
  /// @throws ...                    As touching does.
  [[nodiscard]] value_type get() const { return std::static_pointer_cast<T>(found()); }
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
};

}  // namespace greenway
