// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/entity_select.hpp
/// @brief SELECT of entities, and of members of mapped classes.
///
/// Layer: orm. Source: SQLAlchemy's `select()` of mapped classes and attributes.
///
/// ```cpp
/// gw::select<A>().where(gw::attr(&A::data) == "x").order_by(&A::id).options(gw::selectinload(&A::bs))
/// gw::select<A>().where(gw::any(&A::bs, gw::attr(&B::data) == "y"))
/// gw::select(gw::entity<A>(), gw::func::count(&B::id)).join(&A::bs).group_by(&A::id)  // of shared_ptr<A>, int64_t
/// gw::select(gw::attr(&A::id), gw::attr(&A::data)).distinct()                         // of the members' types
/// ```
///
/// A pointer to a mapped member stands wherever a value may; an operator needs attr() around it, since pointers compare
/// by themselves.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/orm/detail/entity_statement.hpp>
#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/loader_option.hpp>
#include <greenway/sql/select.hpp>

namespace greenway {

/// The column of a member of type `M`.
template <class M>
class Attr : public Column {
 public:
  /// What is selected.
  using value_type = M;
  /// @param column  Of the member.
  explicit Attr(const Column& column) : Column(column) {}
};

/// The column of a member, as an expression.
/// @tparam T      The mapped class, where the member is one of a base: `attr<A>(&A::created_at)`.
/// @param member  Of a mapped class.
/// @return It.
/// @throws InvalidRequestError  The class, or the member, is not mapped.
template <class T = void, class C, class M>
[[nodiscard]] Attr<detail::HeldBy<M>> attr(M C::*member) {
  return Attr<detail::HeldBy<M>>(detail::mapper_of<detail::Owner<T, C>>().column_at(detail::offset_of<T>(member)));
}

/// The column of what a function reads, as an expression: `attr<&A::name>()`.
/// @tparam Getter  As of mapped_column(), whose it is.
/// @tparam T       The mapped class, where the function is one of a base.
/// @return It.
/// @throws InvalidRequestError  The class, or the function, is not mapped.
template <auto Getter, class T = detail::ClassOf<Getter>>
[[nodiscard]] Attr<detail::ReadBy<Getter>> attr() {
  return Attr<detail::ReadBy<Getter>>(detail::mapper_of<T>().column_of(&detail::accessor_key<Getter>));
}

/// The column of a member of a composite(), as an expression: `attr(&A::address, &Address::city)`.
/// @tparam T     As above.
/// @param outer  Of a mapped class.
/// @param inner  Of that.
/// @return It.
/// @throws InvalidRequestError  As above.
template <class T = void, class C, class E, class D, class M>
[[nodiscard]] Attr<detail::HeldBy<M>> attr(E C::*outer, M D::*inner) {
  const std::size_t offset = detail::offset_of<T>(outer) + detail::offset_of<E>(inner);
  return Attr<detail::HeldBy<M>>(detail::mapper_of<detail::Owner<T, C>>().column_at(offset));
}

/// A mapped class under another name, to be selected or joined besides itself.
template <class T>
class Aliased {
 public:
  /// @param name  Any; empty for one that the compiler makes up.
  /// @throws InvalidRequestError  The class is not mapped.
  explicit Aliased(std::string name = {}) : from_(detail::mapper_of<T>().table->alias(std::move(name))) {}
  /// @param member  Of the class.
  /// @return Its column, under that name.
  /// @throws InvalidRequestError  The member is not mapped.
  template <class C, class M>
    requires std::derived_from<T, C>
  [[nodiscard]] ColumnElementOf<detail::HeldBy<M>> attr(M C::*member) const {
    return ColumnElementOf<detail::HeldBy<M>>(from_.c(greenway::attr<T>(member).name()));
  }
  /// @return What is selected from.
  [[nodiscard]] const FromClause& from() const noexcept { return from_; }

 private:
  FromClause from_;
};

/// @tparam T    A mapped class.
/// @param name  As of Aliased.
/// @return It under another name.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] Aliased<T> aliased(std::string name = {}) {
  return Aliased<T>(std::move(name));
}

/// An entity of class `T`, among what is selected.
template <class T>
class Entity {
 public:
  /// What is selected: null where the row has none, by an outer join.
  using value_type = std::shared_ptr<T>;
  /// @throws InvalidRequestError  The class is not mapped.
  Entity() : item_{&detail::mapper_of<T>()} {}
  /// @param alias  From which.
  explicit Entity(const Aliased<T>& alias) : item_{&detail::mapper_of<T>(), alias.from()} {}
  /// @return It, without its class.
  [[nodiscard]] const detail::EntityStatement::Item& item() const noexcept { return item_; }

 private:
  detail::EntityStatement::Item item_;
};

/// @tparam T  A mapped class.
/// @return Its entities, to be selected.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] Entity<T> entity() {
  return Entity<T>();
}
/// @param alias  Of a mapped class.
/// @return Its entities, to be selected.
template <class T>
[[nodiscard]] Entity<T> entity(const Aliased<T>& alias) {
  return Entity<T>(alias);
}

/// @tparam Owner     As `T` of attr().
/// @param member     A Many or ManySet.
/// @param condition  About its entities; left out, any will do.
/// @return `EXISTS (SELECT 1 FROM … WHERE …)`: that one of them is so.
/// @throws InvalidRequestError  The class, or the relationship, is not mapped.
template <class Owner = void, class C, template <class> class R, class T>
  requires std::derived_from<R<T>, Many<T>>
[[nodiscard]] ColumnElement any(R<T> C::*member, const std::optional<ColumnElement>& condition = {}) {
  const detail::Mapper& mapper = detail::mapper_of<detail::Owner<Owner, C>>();
  return detail::exists_related(mapper, detail::relationship_at(mapper, detail::offset_of<Owner>(member)), condition);
}
/// @tparam Owner     As `T` of attr().
/// @param member     A One.
/// @param condition  About its entity; left out, there only has to be one.
/// @return `EXISTS (SELECT 1 FROM … WHERE …)`: that it is so.
/// @throws InvalidRequestError  As any().
template <class Owner = void, class C, class T>
[[nodiscard]] ColumnElement has(One<T> C::*member, const std::optional<ColumnElement>& condition = {}) {
  const detail::Mapper& mapper = detail::mapper_of<detail::Owner<Owner, C>>();
  return detail::exists_related(mapper, detail::relationship_at(mapper, detail::offset_of<Owner>(member)), condition);
}

namespace detail {

template <class C, class M>
NodeRef node_of_member(M C::*member) {
  return attr(member).node();
}

/// Who a member belongs to in a SELECT of `T`: that, if it derives from the member's class.
template <class T, class C>
using OwnerIn = std::conditional_t<std::derived_from<T, C>, T, C>;

template <class T, class E>
const E& order_of(const E& element) {
  return element;
}
template <class T, class C, class M>
Attr<HeldBy<M>> order_of(M C::*member) {
  return attr<OwnerIn<T, C>>(member);
}

/// What a row has where `E` was selected.
template <class E>
struct ReadAsValue {
  using type = Value;
};
template <class E>
  requires requires { typename E::value_type; }
struct ReadAsValue<E> {
  using type = typename E::value_type;
};

inline EntityStatement::Item item_of(const ColumnElement& element) { return {nullptr, {}, element}; }
template <class T>
EntityStatement::Item item_of(const Entity<T>& entity) {
  return entity.item();
}

template <class T>
inline constexpr bool is_mapped<Entity<T>> = true;
template <class M>
inline constexpr bool is_mapped<Attr<M>> = true;

}  // namespace detail

/// A SELECT whose rows are entities of class `T`, or, of a `std::tuple`, what that says: `std::shared_ptr`s of entities
/// and values of members. Every method returns a statement that has what it says besides.
///
/// Where a row has no entity, by an outer join, a tuple has null; a SELECT of entities alone leaves the row out.
template <class T>
class EntitySelect {
 public:
  /// @throws InvalidRequestError  The class is not mapped.
  EntitySelect() : statement_(detail::mapper_of<T>()) {}
  /// @param items  What is selected.
  explicit EntitySelect(const std::vector<detail::EntityStatement::Item>& items) : statement_(items) {}

  /// @param condition  Joined to those there are by AND.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect where(const ColumnElement& condition) const {
    EntitySelect more = *this;
    more.statement_.narrow(condition);
    return more;
  }
  /// @param member  Of a mapped class.
  /// @param value   What it equals.
  /// @return See EntitySelect.
  template <class C, class M>
  [[nodiscard]] EntitySelect filter_by(M C::*member, const Operand& value) const {
    return where(attr<detail::OwnerIn<T, C>>(member) == value);
  }
  /// @param elements  Members or expressions, added to those there are.
  /// @return See EntitySelect.
  template <class... E>
  [[nodiscard]] EntitySelect order_by(const E&... elements) const {
    EntitySelect more = *this;
    (more.statement_.order(detail::order_of<T>(elements)), ...);
    return more;
  }
  /// @param elements  As order_by().
  /// @return See EntitySelect.
  template <class... E>
  [[nodiscard]] EntitySelect group_by(const E&... elements) const {
    EntitySelect other = bounded([&](Select& select) { select = select.group_by(detail::order_of<T>(elements)...); });
    other.statement_.is_grouped = true;
    return other;
  }
  /// @param condition  Joined to those there are by AND.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect having(const ColumnElement& condition) const {
    return bounded([&](Select& select) { select = select.having(condition); });
  }
  /// @param count  Entities at most.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect limit(const Operand& count) const {
    return bounded([&](Select& select) { select = select.limit(count); });
  }
  /// @param count  Entities to leave out.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect offset(const Operand& count) const {
    return bounded([&](Select& select) { select = select.offset(count); });
  }
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect distinct() const {
    return bounded([](Select& select) { select = select.distinct(); });
  }
  /// @param how  As Select::with_for_update.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect with_for_update(const ForUpdate& how = {}) const {
    return with([&](Select& select) { select = select.with_for_update(how); });
  }
  /// @param from  As Select::select_from.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect select_from(const FromClause& from) const {
    return with([&](Select& select) { select = select.select_from(from); });
  }
  /// @param right    A table, or anything else.
  /// @param on       As Select::join.
  /// @param isouter  As Select::join.
  /// @return See EntitySelect.
  /// @throws ArgumentError  As Select::join.
  [[nodiscard]] EntitySelect join(const FromClause& right, const std::optional<ColumnElement>& on = {},
                                  bool isouter = false) const {
    return with([&](Select& select) { select = select.join(right, on, isouter); });
  }
  /// Joins along a relationship.
  /// @param member   A Many or One of a class that is selected, or joined already.
  /// @param isouter  LEFT OUTER JOIN.
  /// @return See EntitySelect.
  /// @throws InvalidRequestError  The class, or the relationship, is not mapped.
  template <class C, class R>
    requires std::derived_from<R, detail::Related>
  [[nodiscard]] EntitySelect join(R C::*member, bool isouter = false) const {
    return along(member, nullptr, isouter);
  }
  /// Joins along a relationship, to another name of its class.
  /// @param member   As above.
  /// @param to       That.
  /// @param isouter  As above.
  /// @return See EntitySelect.
  /// @throws InvalidRequestError  As above.
  template <class C, template <class> class R, class U>
    requires std::derived_from<R<U>, detail::Related>
  [[nodiscard]] EntitySelect join(R<U> C::*member, const Aliased<U>& to, bool isouter = false) const {
    return along(member, &to.from(), isouter);
  }
  /// join(), LEFT OUTER.
  /// @param right  As join().
  /// @param on     As join().
  /// @return See EntitySelect.
  /// @throws ArgumentError  As join().
  [[nodiscard]] EntitySelect outerjoin(const FromClause& right, const std::optional<ColumnElement>& on = {}) const {
    return join(right, on, true);
  }
  /// join(), LEFT OUTER.
  /// @param member  As join().
  /// @return See EntitySelect.
  /// @throws InvalidRequestError  As join().
  template <class C, class R>
    requires std::derived_from<R, detail::Related>
  [[nodiscard]] EntitySelect outerjoin(R C::*member) const {
    return along(member, nullptr, true);
  }

  /// @param options  What is loaded of the entities, and with them: the last word about each relationship counts.
  /// @return See EntitySelect.
  template <std::same_as<LoaderOption>... O>
  [[nodiscard]] EntitySelect options(const O&... options) const {
    EntitySelect more = *this;
    (more.statement_.load(options), ...);
    return more;
  }
  /// @return That overwrites what the session has of its entities, unwritten changes included, and of those
  ///         relationships that it loads.
  [[nodiscard]] EntitySelect populate_existing() const {
    EntitySelect more = *this;
    more.statement_.overwrites = true;
    return more;
  }
  /// Has Session::execute stream.
  /// @param count  So many entities are fetched at a time, at least 1; those of the times before that nobody else
  ///               holds, and that have not been changed, the session lets go.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect yield_per(std::size_t count) const {
    EntitySelect more = *this;
    more.statement_.yield_per = count;
    return more;
  }

  /// @return The statement as it was written: what options add is not in it.
  [[nodiscard]] const Select& statement() const noexcept { return statement_.select; }
  /// @return As statement(): for `in_()`, and wherever a Select is expected.
  operator const Select&() const noexcept { return statement_.select; }
  /// @return It, without its classes.
  [[nodiscard]] const detail::EntityStatement& what() const noexcept { return statement_; }

 private:
  template <class F>
  EntitySelect with(F&& change) const {
    EntitySelect other = *this;
    change(other.statement_.select);
    return other;
  }
  template <class F>
  EntitySelect bounded(F&& change) const {
    EntitySelect other = with(std::forward<F>(change));
    other.statement_.is_bounded = true;
    return other;
  }
  template <class C, class R>
  EntitySelect along(R C::*member, const FromClause* to, bool isouter) const {
    using Owner = detail::OwnerIn<T, C>;
    const detail::Mapper& mapper = detail::mapper_of<Owner>();
    EntitySelect other = *this;
    other.statement_.join(mapper, detail::relationship_at(mapper, detail::offset_of<Owner>(member)), to, isouter);
    return other;
  }

  detail::EntityStatement statement_;
};

/// @tparam T  A mapped class.
/// @return A SELECT of all its entities.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] EntitySelect<T> select() {
  return EntitySelect<T>();
}

/// @param selected  entity()s, attr()s and other expressions; the values of those are `Value`s unless they say their
///                  type.
/// @return A SELECT of them, whose rows are tuples.
template <class... E>
  requires(detail::is_mapped<E> || ...)
[[nodiscard]] auto select(const E&... selected) {
  return EntitySelect<std::tuple<typename detail::ReadAsValue<E>::type...>>({detail::item_of(selected)...});
}

}  // namespace greenway
