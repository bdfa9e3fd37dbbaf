// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/inspect.hpp
/// @brief What a session knows of its entities.
///
/// Layer: orm. Source: SQLAlchemy's `inspect(entity)`, `identity_key()` and `get_history()`.
///
/// ```cpp
/// a1->data = "new";
/// const gw::InstanceState it = gw::inspect(session, a1);
/// it.changed[0].name == "data";                        // with the value of its row, and the one that it has now
/// gw::get_history(session, a1, &A::bs).added;          // entities that the next flush relates to it
/// ```

#include <algorithm>
#include <concepts>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/entity_state.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

/// Which row an entity stands for.
struct IdentityKey {
  const detail::Mapper* mapper = nullptr;  ///< Of its class.
  std::vector<Value> values = {};          ///< Its primary key, in the order of the columns.

  /// @return Whether both are the same row.
  friend bool operator==(const IdentityKey&, const IdentityKey&) = default;
  /// Prints "A(1)".
  friend std::ostream& operator<<(std::ostream& out, const IdentityKey& key);
};

/// @tparam T   A mapped class.
/// @param key  A value for each column of its primary key.
/// @return The key of that row.
/// @throws InvalidRequestError  The class is not mapped.
template <class T, class... K>
  requires(sizeof...(K) > 0)
[[nodiscard]] IdentityKey identity_key(const K&... key) {
  return {&detail::mapper_of<T>(), {Value(key)...}};
}

namespace detail {

IdentityKey identity_of(const Mapper& mapper, const void* entity);

}  // namespace detail

/// @param entity  Any, of a mapped class.
/// @return The key of the row that it stands for, as its members are now.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] IdentityKey identity_key(const std::shared_ptr<T>& entity) {
  return detail::identity_of(detail::mapper_of<T>(), entity.get());
}

/// A member that differs from its row.
struct ChangedAttribute {
  std::string name;          ///< Of the column.
  std::optional<Value> old;  ///< What its row says; nothing where there is no row yet.
  Value now;                 ///< What the member is.
};

/// What a session knows of one entity at this moment.
struct InstanceState {
  EntityState state = EntityState::transient;    ///< Where it stands.
  std::string mapper;                            ///< Its class.
  Table table;                                   ///< The table of its class.
  std::optional<IdentityKey> identity = {};      ///< Its row; none of a transient or pending one.
  bool is_expired = false;                       ///< The next row that is met overwrites it.
  std::vector<ChangedAttribute> changed = {};    ///< In the order of the columns.
  std::vector<std::string> changed_relationships = {};  ///< Those that a flush would write: see get_history().
  std::shared_ptr<Session> async_session = {};   ///< What has it, if that is an AsyncSession's.
  std::vector<std::string> unloaded = {};        ///< Relationships, and Deferred columns, that a touch would load.

  /// @return Whether anything is changed.
  [[nodiscard]] bool modified() const noexcept { return !changed.empty() || !changed_relationships.empty(); }
};

/// What has become of the entities of a relationship since they were loaded or last written.
template <class T>
struct History {
  std::vector<std::shared_ptr<T>> added = {};      ///< There now, and not then.
  std::vector<std::shared_ptr<T>> unchanged = {};  ///< Now and then.
  std::vector<std::shared_ptr<T>> deleted = {};    ///< There then, and not now.

  /// @return Whether anything is changed.
  [[nodiscard]] bool has_changes() const noexcept { return !added.empty() || !deleted.empty(); }
};

namespace detail {

Session* session_of(const Mapper& mapper, const void* entity);
std::shared_ptr<Session> async_session_of(const Mapper& mapper, const void* entity);
InstanceState inspect(const Mapper& mapper, const void* entity);
InstanceState inspect(const SessionState* session, const Mapper& mapper, const void* entity);
/// What a relationship was, and what it is; nothing of one that is not loaded.
std::pair<std::vector<std::shared_ptr<void>>, std::vector<std::shared_ptr<void>>> before_and_now(
    const SessionState* session, const Mapper& mapper, const void* entity, std::size_t relationship);

}  // namespace detail

/// An entity knows its session by its relationships: a plain struct has no other place for it.
/// @param entity  Of a mapped class that has a relationship.
/// @return The session that has it, or null.
/// @throws InvalidRequestError  The class is not mapped, or has no relationship: ask Session::contains.
template <class T>
[[nodiscard]] Session* object_session(const std::shared_ptr<T>& entity) {
  return detail::session_of(detail::mapper_of<T>(), entity.get());
}

/// @param entity  As of object_session().
/// @return What its session knows of it. Of one that is in none: `detached` if it stood for a row when it left one,
///         else `transient`.
/// @throws InvalidRequestError  As object_session().
template <class T>
[[nodiscard]] InstanceState inspect(const std::shared_ptr<T>& entity) {
  return detail::inspect(detail::mapper_of<T>(), entity.get());
}

/// @param session  Which asks nobody for it.
/// @param entity   Any, of a mapped class.
/// @return What the session knows of it; of one that it has not what inspect(entity) says, as far as the class has a
///         relationship that knows.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] InstanceState inspect(const Session& session, const std::shared_ptr<T>& entity) {
  return detail::inspect(detail::SessionAccess::state(session), detail::mapper_of<T>(), entity.get());
}

/// @param session  Which asks nobody for it.
/// @param entity   Any, of a mapped class.
/// @param member   A Many or One of it.
/// @return Empty if the relationship is not loaded.
/// @throws InvalidRequestError  The class, or the member, is not mapped.
template <class T, class C, template <class> class R, class U>
  requires std::derived_from<T, C> && std::derived_from<R<U>, detail::Related>
[[nodiscard]] History<U> get_history(const Session& session, const std::shared_ptr<T>& entity, R<U> C::*member) {
  const detail::Mapper& mapper = detail::mapper_of<T>();
  const auto [before, now] = detail::before_and_now(detail::SessionAccess::state(session), mapper, entity.get(),
                                                    detail::relationship_of(mapper, detail::offset_of<T>(member)));
  History<U> history;
  for (const std::shared_ptr<void>& item : now) {
    const bool is_old = std::ranges::find(before, item) != before.end();
    (is_old ? history.unchanged : history.added).push_back(std::static_pointer_cast<U>(item));
  }
  for (const std::shared_ptr<void>& item : before) {
    if (std::ranges::find(now, item) == now.end()) {
      history.deleted.push_back(std::static_pointer_cast<U>(item));
    }
  }
  return history;
}

}  // namespace greenway
