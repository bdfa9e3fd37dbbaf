// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/entity_dml.hpp
/// @brief INSERT, UPDATE and DELETE of many entities, by their classes.
///
/// Layer: orm. Source: SQLAlchemy's ORM-enabled INSERT, UPDATE and DELETE statements.
///
/// ```cpp
/// session.execute(gw::insert<A>(), std::vector{A{.data = "a1"}, A{.data = "a2"}});
/// auto all = session.scalars(gw::insert<A>().values(A{.id = 1, .data = "new"})
///                                .on_conflict_do_update({&A::id}, {&A::data}));
/// session.execute(gw::update<A>().where(gw::attr(&A::data) == "a1").values(&A::data, "a3"));
/// session.execute(gw::delete_<A>().where(gw::attr(&A::id) > 7));
/// ```
///
/// No unit of work comes with it: no cascade, no event, no order. Session::execute returns how many rows it was;
/// Session::scalars returns them (RETURNING), as entities of the session, in the order of what was given where each
/// gave a row.

#include <concepts>
#include <cstdint>
#include <memory>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/detail/member_of.hpp>
#include <greenway/orm/entity_select.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/text.hpp>

namespace greenway {

/// How the session's entities learn what an UPDATE or DELETE has done to their rows.
enum class SynchronizeSession : std::uint8_t {
  auto_,  ///< As `fetch`, where the session has entities of the class.
  fetch,  ///< The rows come back (RETURNING), and those entities are brought up to date; what was changed stays.
  none,   ///< Not at all.
};

/// How many rows a statement has written.
struct EntityWrite {
  std::int64_t rowcount = 0;  ///< As the database counts them.
};

namespace detail {

using Entities = std::vector<std::shared_ptr<void>>;

/// What an INSERT says of an entity: all but what it leaves to the database.
Parameters parameters_of(const Mapper& mapper, const void* entity);
/// A set with what another says instead, or besides.
Parameters replaced(const Parameters& set, const Parameters& by);
std::vector<std::string> columns_of(const Mapper& mapper, const std::vector<std::size_t>& offsets);

EntityWrite insert_entities(Session& session, const Mapper& mapper, const Insert& statement,
                            const std::vector<Parameters>& sets, Entities* returned);
EntityWrite update_entities(Session& session, const Mapper& mapper, const Update& statement, SynchronizeSession how,
                            Entities* returned);
EntityWrite delete_entities(Session& session, const Mapper& mapper, const Delete& statement, SynchronizeSession how);

template <class T>
std::vector<std::shared_ptr<T>> entities_as(Entities entities) {
  std::vector<std::shared_ptr<T>> typed;
  typed.reserve(entities.size());
  for (std::shared_ptr<void>& entity : entities) {
    typed.push_back(std::static_pointer_cast<T>(std::move(entity)));
  }
  return typed;
}

/// What is a `T`, or shares one.
template <class E, class T>
concept EntityLike =
    std::same_as<std::remove_cvref_t<E>, T> || std::same_as<std::remove_cvref_t<E>, std::shared_ptr<T>>;

}  // namespace detail

/// INSERT of rows of a class. Every method returns a statement that has what it says besides.
template <class T>
class EntityInsert {
 public:
  /// What is written.
  using written_entity = T;

  /// @throws InvalidRequestError  The class is not mapped.
  EntityInsert() : mapper_(&detail::mapper_of<T>()), insert_(*mapper_->table) {}

  /// @param entities  `T` or `std::shared_ptr<T>`; read now, and not made the session's.
  /// @return See EntityInsert.
  template <detail::EntityLike<T>... E>
  [[nodiscard]] EntityInsert values(const E&... entities) const {
    EntityInsert more = *this;
    (more.sets_.push_back(parameters_of(entities)), ...);
    return more;
  }
  /// @param members  Of the unique constraint; none for any.
  /// @return `… ON CONFLICT (…) DO NOTHING`: of rows that are there already nothing comes back.
  [[nodiscard]] EntityInsert on_conflict_do_nothing(const std::vector<MemberOf<T>>& members = {}) const {
    return with(insert_.on_conflict_do_nothing({.index_elements = columns(members)}));
  }
  /// @param members  Of the unique constraint.
  /// @param set      What a row that is there takes from the entity that could not be inserted.
  /// @return `… ON CONFLICT (…) DO UPDATE SET …`.
  [[nodiscard]] EntityInsert on_conflict_do_update(const std::vector<MemberOf<T>>& members,
                                                   const std::vector<MemberOf<T>>& set) const {
    Assignments assignments;
    for (const std::string& column : columns(set)) {
      assignments.emplace_back(column, insert_.excluded(column));
    }
    return on_conflict_do_update({.index_elements = columns(members)}, assignments);
  }
  /// @param target  As Insert::on_conflict_do_update.
  /// @param set     As there.
  /// @param where   As there.
  /// @return As above.
  /// @throws ArgumentError  As there.
  [[nodiscard]] EntityInsert on_conflict_do_update(const ConflictTarget& target, const Assignments& set,
                                                   const std::optional<ColumnElement>& where = {}) const {
    return with(insert_.on_conflict_do_update(target, set, where));
  }
  /// @param member  Mapped to a column.
  /// @return Its value in the entity that could not be inserted.
  template <class C, class M>
    requires std::derived_from<T, C>
  [[nodiscard]] ColumnElement excluded(M C::*member) const {
    return insert_.excluded(attr<T>(member).name());
  }

  /// @param fixed  What each row says, whatever its entity does.
  /// @return See EntityInsert.
  [[nodiscard]] EntityInsert always(const Parameters& fixed) const {
    EntityInsert other = *this;
    other.fixed_ = fixed;
    return other;
  }

  /// Session::execute.
  /// @param session  That executes it.
  /// @param rows     More of them: a range of entities as of values(), or the columns by their names, as of rows().
  /// @return How many were inserted, or updated.
  template <class... R>
  EntityWrite execute_in(Session& session, const R&... rows) const {
    return detail::insert_entities(session, *mapper_, insert_, sets(rows...), nullptr);
  }
  /// Session::scalars.
  /// @param session  As above.
  /// @param rows     As above.
  /// @return What was inserted or updated.
  template <class... R>
  [[nodiscard]] std::vector<std::shared_ptr<T>> scalars_in(Session& session, const R&... rows) const {
    detail::Entities entities;
    detail::insert_entities(session, *mapper_, insert_, sets(rows...), &entities);
    return detail::entities_as<T>(std::move(entities));
  }

 private:
  EntityInsert with(Insert insert) const {
    EntityInsert other = *this;
    other.insert_ = std::move(insert);
    return other;
  }
  std::vector<std::string> columns(const std::vector<MemberOf<T>>& members) const {
    return detail::columns_of(*mapper_, detail::offsets_of(members));
  }
  Parameters parameters_of(const T& entity) const { return detail::parameters_of(*mapper_, &entity); }
  Parameters parameters_of(const std::shared_ptr<T>& entity) const {
    return detail::parameters_of(*mapper_, entity.get());
  }
  template <class... R>
  std::vector<Parameters> sets(const R&... rows) const {
    std::vector<Parameters> all = sets_;
    [[maybe_unused]] const auto add = [&](const auto& some) {
      if constexpr (std::same_as<std::remove_cvref_t<decltype(some)>, ParameterSets>) {
        all.insert(all.end(), some.sets().begin(), some.sets().end());
      } else {
        for (const auto& entity : some) {
          all.push_back(parameters_of(entity));
        }
      }
    };
    (add(rows), ...);
    if (!fixed_.items().empty()) {
      for (Parameters& set : all) {
        set = detail::replaced(set, fixed_);
      }
    }
    return all;
  }

  const detail::Mapper* mapper_;
  Insert insert_;
  std::vector<Parameters> sets_;
  Parameters fixed_ = {};
};

/// UPDATE of the rows of a class. Every method returns a statement that has what it says besides.
template <class T>
class EntityUpdate {
 public:
  /// What is written.
  using written_entity = T;

  /// @throws InvalidRequestError  The class is not mapped.
  EntityUpdate() : mapper_(&detail::mapper_of<T>()), update_(*mapper_->table) {}

  /// @param condition  Joined to those there are by AND.
  /// @return See EntityUpdate.
  [[nodiscard]] EntityUpdate where(const ColumnElement& condition) const { return with(update_.where(condition)); }
  /// @param member  Mapped to a column.
  /// @param value   A value or expression.
  /// @param more    Further members and values, alternately.
  /// @return See EntityUpdate.
  template <class C, class M, class... A>
    requires std::derived_from<T, C>
  [[nodiscard]] EntityUpdate values(M C::*member, const Operand& value, const A&... more) const {
    const EntityUpdate other = with(update_.values(Assignments{{attr<T>(member).name(), value}}));
    if constexpr (sizeof...(A) == 0) {
      return other;
    } else {
      return other.values(more...);
    }
  }
  /// @param how  See there.
  /// @return See EntityUpdate.
  [[nodiscard]] EntityUpdate synchronize_session(SynchronizeSession how) const {
    EntityUpdate other = *this;
    other.how_ = how;
    return other;
  }

  /// Session::execute.
  /// @param session  That executes it.
  /// @return How many were updated.
  EntityWrite execute_in(Session& session) const {
    return detail::update_entities(session, *mapper_, update_, how_, nullptr);
  }
  /// Session::scalars.
  /// @param session  As above.
  /// @return Those that were updated, in any order.
  [[nodiscard]] std::vector<std::shared_ptr<T>> scalars_in(Session& session) const {
    detail::Entities entities;
    detail::update_entities(session, *mapper_, update_, how_, &entities);
    return detail::entities_as<T>(std::move(entities));
  }

 private:
  EntityUpdate with(Update update) const {
    EntityUpdate other = *this;
    other.update_ = std::move(update);
    return other;
  }

  const detail::Mapper* mapper_;
  Update update_;
  SynchronizeSession how_ = SynchronizeSession::auto_;
};

/// DELETE of the rows of a class. Every method returns a statement that has what it says besides. Entities of the
/// session whose rows it deletes are deleted; what belongs to them is the database's business.
template <class T>
class EntityDelete {
 public:
  /// What is written.
  using written_entity = T;

  /// @throws InvalidRequestError  The class is not mapped.
  EntityDelete() : mapper_(&detail::mapper_of<T>()), delete_(*mapper_->table) {}

  /// @param condition  Joined to those there are by AND.
  /// @return See EntityDelete.
  [[nodiscard]] EntityDelete where(const ColumnElement& condition) const {
    EntityDelete other = *this;
    other.delete_ = delete_.where(condition);
    return other;
  }
  /// @param how  See there.
  /// @return See EntityDelete.
  [[nodiscard]] EntityDelete synchronize_session(SynchronizeSession how) const {
    EntityDelete other = *this;
    other.how_ = how;
    return other;
  }

  /// Session::execute.
  /// @param session  That executes it.
  /// @return How many were deleted.
  EntityWrite execute_in(Session& session) const {
    return detail::delete_entities(session, *mapper_, delete_, how_);
  }

 private:
  const detail::Mapper* mapper_;
  Delete delete_;
  SynchronizeSession how_ = SynchronizeSession::auto_;
};

/// @tparam T  A mapped class.
/// @return `INSERT INTO` its table.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] EntityInsert<T> insert() {
  return EntityInsert<T>();
}
/// @tparam T  A mapped class.
/// @return `UPDATE` of its table.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] EntityUpdate<T> update() {
  return EntityUpdate<T>();
}
/// @tparam T  A mapped class.
/// @return `DELETE FROM` its table.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] EntityDelete<T> delete_() {
  return EntityDelete<T>();
}

}  // namespace greenway
