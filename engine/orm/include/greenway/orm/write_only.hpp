// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/write_only.hpp
/// @brief A collection that is too large to be loaded: `WriteOnly<Posting> postings`.
///
/// Layer: orm. Source: SQLAlchemy's `WriteOnlyMapped` and `WriteOnlyCollection`.
///
/// ```cpp
/// struct Account {
///   std::int64_t id = 0;
///   gw::WriteOnly<Posting> postings;
/// };
/// registry.map<Account>("account", gw::mapped_column(&Account::id, "id", gw::primary_key),
///                       gw::relationship(&Account::postings, "postings",
///                                        {.cascade = "all", .passive_deletes = true}));
/// account->postings.add(Posting{.cents = 5});                                              // with the next flush
/// auto last = session.scalars(account->postings.select().order_by(&Posting::id).limit(10)).all();
/// session.execute(account->postings.insert(), std::vector{Posting{.cents = 1}, Posting{.cents = 2}});
/// session.execute(account->postings.update().where(gw::attr(&Posting::cents) < 0).values(&Posting::cents, 0));
/// ```
///
/// It never loads anything: what is in it is asked for by select(). Deleting its owner needs `passive_deletes`, and an
/// ON DELETE of the foreign key, if the cascade says "delete" or the rows that refer to it are to be set free.
///
/// @par Threads
/// As their session.

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <greenway/orm/entity_dml.hpp>
#include <greenway/orm/entity_select.hpp>
#include <greenway/orm/related.hpp>

namespace greenway {

namespace detail {

/// That an entity of a class belongs to the owner of a relationship.
ColumnElement belongs_to(const Instance& owner, std::size_t relationship);
/// The members of the foreign key that say so.
Parameters key_to(const Instance& owner, std::size_t relationship);
std::vector<ColumnElement> order_of(const Instance& owner, std::size_t relationship);

}  // namespace detail

/// The entities of type `T` that belong to this one, which are never loaded with it.
template <class T>
class WriteOnly : public detail::Related {
 public:
  /// What is held until it is written.
  using value_type = std::shared_ptr<T>;

  /// None.
  WriteOnly() noexcept = default;
  /// @param items  To be added with the entity: `T` or `std::shared_ptr<T>`.
  template <class... U>
    requires(sizeof...(U) > 0 && ((std::convertible_to<U, T> || std::convertible_to<U, value_type>) && ...))
  WriteOnly(U&&... items) {
    (added_.push_back(detail::shared<T>(std::forward<U>(items))), ...);
  }
  /// @param other  Stays as it is: see Related.
  WriteOnly(const WriteOnly& other) : Related(other) {}
  /// @param other  Of a transient entity it is left empty; another's stays as it is.
  WriteOnly(WriteOnly&& other) noexcept
      : added_(other.is_attached() ? std::vector<value_type>() : std::move(other.added_)) {}
  /// @return This, which an assignment does not change: what is in it is not known.
  WriteOnly& operator=(const WriteOnly&) noexcept { return *this; }

  /// There is nothing to be loaded.
  void load() const = delete;
  /// Nobody knows what is in it.
  [[nodiscard]] bool is_loaded() const noexcept = delete;

  /// Adds one, by the next flush.
  /// @param item  `T` or `std::shared_ptr<T>`.
  /// @return What was added.
  template <class U>
    requires(std::convertible_to<U, T> || std::convertible_to<U, value_type>)
  value_type add(U&& item) {
    value_type added = added_.emplace_back(detail::shared<T>(std::forward<U>(item)));
    note_loaded();
    tell(nullptr, added);
    return added;
  }
  /// Adds some, by the next flush.
  /// @param items  A range of `T` or `std::shared_ptr<T>`.
  template <class R>
  void add_all(const R& items) {
    for (const auto& item : items) {
      add(item);
    }
  }
  /// Takes one out, by the next flush: it belongs to nobody from now on.
  /// @param item  In it, and in the session.
  void remove(const value_type& item) {
    const value_type removed = item;
    std::erase(added_, removed);
    note_loaded();
    tell(removed, nullptr);
  }

  /// @return A SELECT of what is in it, ordered as it is mapped. This and the following are of a persistent entity
  ///         only.
  /// @throws InvalidRequestError  The entity has no session, or no row yet.
  [[nodiscard]] EntitySelect<T> select() const {
    EntitySelect<T> all = EntitySelect<T>().where(detail::belongs_to(owner(), relationship()));
    for (const ColumnElement& element : detail::order_of(owner(), relationship())) {
      all = all.order_by(element);
    }
    return all;
  }
  /// @return An INSERT of rows that belong to it, whatever they say of their foreign key.
  /// @throws InvalidRequestError  As select(); or a third table relates them.
  [[nodiscard]] EntityInsert<T> insert() const {
    return EntityInsert<T>().always(detail::key_to(owner(), relationship()));
  }
  /// @return An UPDATE of what is in it.
  /// @throws InvalidRequestError  As select().
  [[nodiscard]] EntityUpdate<T> update() const {
    return EntityUpdate<T>().where(detail::belongs_to(owner(), relationship()));
  }
  /// @return A DELETE of what is in it.
  /// @throws InvalidRequestError  As select().
  [[nodiscard]] EntityDelete<T> delete_() const {
    return EntityDelete<T>().where(detail::belongs_to(owner(), relationship()));
  }

 private:
  [[nodiscard]] std::vector<std::shared_ptr<void>> items() const override { return {added_.begin(), added_.end()}; }
  void set_items(std::vector<std::shared_ptr<void>> items) override {
    added_.clear();
    for (std::shared_ptr<void>& item : items) {
      added_.push_back(std::static_pointer_cast<T>(std::move(item)));
    }
  }
  void put(const std::shared_ptr<void>& item) override {
    if (std::ranges::find(added_, item.get(), [](const value_type& held) -> const void* { return held.get(); }) ==
        added_.end()) {
      added_.push_back(std::static_pointer_cast<T>(item));
      note_loaded();
    }
  }
  void drop(const void* item) override {
    std::erase_if(added_, [&](const value_type& held) { return held.get() == item; });
  }
  void point_only() noexcept override {}

  std::vector<value_type> added_;
};

}  // namespace greenway
