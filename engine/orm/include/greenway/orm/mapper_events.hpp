// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/mapper_events.hpp
/// @brief What happens to the entities of a class, and what their members must be.
///
/// Layer: orm. Source: SQLAlchemy's `MapperEvents`, `InstanceEvents` and `validates()`.
///
/// ```cpp
/// gw::mapper_events<A>().before_insert.listen([](gw::Session&, A& a) { a.created = now(); });
/// gw::validates(&A::data, [](const A&, const std::string& data) {
///   if (data.empty()) throw std::invalid_argument("data");
/// });
/// ```
///
/// Members are plain: nobody sees them being assigned to. So a validator is not called by an assignment but by flush(),
/// of each member that is new or has changed, before anything is written: what it throws leaves the session as it was.

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include <greenway/orm/detail/entity_events.hpp>
#include <greenway/orm/detail/mapper.hpp>

namespace greenway {

class Session;

/// A list of functions that are called when something happens to an entity of class `T`.
template <class T>
class MapperEvent {
 public:
  /// @param event  Of its mapper.
  explicit MapperEvent(detail::EntityEvent& event) noexcept : event_(&event) {}

  /// @param handler  Called with a `Session&` and a `T&` from now on, after those that listen already, as long as the
  ///                 registry of the class lives. May change the entity's members, and nothing else of the session.
  /// @return What remove() takes.
  std::uint64_t listen(std::function<void(Session&, T&)> handler) const {
    return event_->listen([called = std::move(handler)](Session& session, void* entity) {
      called(session, *static_cast<T*>(entity));
    });
  }
  /// @param number  From listen().
  void remove(std::uint64_t number) const { event_->remove(number); }

 private:
  detail::EntityEvent* event_;
};

/// The events of the entities of class `T`. What a handler throws fails the flush, or the load.
template <class T>
struct MapperEvents {
  MapperEvent<T> before_insert;  ///< It is about to be inserted.
  MapperEvent<T> after_insert;   ///< It has been inserted, with all that the flush writes.
  MapperEvent<T> before_update;  ///< A member has changed, and its row is about to.
  MapperEvent<T> after_update;   ///< Its row has been updated, likewise.
  MapperEvent<T> before_delete;  ///< It is about to be deleted.
  MapperEvent<T> after_delete;   ///< It has been deleted, likewise.
  MapperEvent<T> load;           ///< It was made of a row. The result is still being read: touch no relationship.
  MapperEvent<T> refresh;        ///< It was overwritten by a row; likewise.
};

/// @tparam T  A mapped class.
/// @return Its events.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] MapperEvents<T> mapper_events() {
  const detail::EntityEvents& its = detail::events_of(detail::mapper_of<T>());
  const auto event = [](const detail::EntityEvent& one) {
    return MapperEvent<T>(const_cast<detail::EntityEvent&>(one));
  };
  return {event(its.before_insert), event(its.after_insert),  event(its.before_update), event(its.after_update),
          event(its.before_delete), event(its.after_delete), event(its.load),          event(its.refresh)};
}

namespace detail {

/// Takes any callable: the member says what it is called with.
template <class T, class C, class M>
using Validator = std::type_identity_t<std::function<void(const Owner<T, C>&, const M&)>>;

}  // namespace detail

/// Has flush() check a member. Not thread-safe: like the mapping, before sessions of the class are used.
/// @tparam T         The mapped class, where the member is one of a base.
/// @param member     Mapped to a column.
/// @param validator  Called with the entity and the value, as long as the registry of the class lives; throws if it
///                   will not do.
/// @throws InvalidRequestError  The class, or the member, is not mapped.
template <class T = void, class C, class M>
void validates(M C::*member, detail::Validator<T, C, M> validator) {
  using Entity = detail::Owner<T, C>;
  detail::add_validator(detail::mapper_of<Entity>(), detail::offset_of<T>(member),
                        [member, check = std::move(validator)](const void* entity) {
                          const Entity& it = *static_cast<const Entity*>(entity);
                          check(it, it.*member);
                        });
}

}  // namespace greenway
