// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/entity_select.hpp
/// @brief SELECT of entities, and how what belongs to them is loaded.
///
/// Layer: orm. Source: SQLAlchemy's `select(Entity)` and loader options.
///
/// ```cpp
/// gw::select<A>().where(gw::attr(&A::data) == "x").order_by(&A::id).options(gw::selectinload(&A::bs))
/// ```

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/orm/detail/mapper.hpp>
#include <greenway/sql/select.hpp>

namespace greenway {

/// The column of a member, as an expression.
/// @param member  Of a mapped class.
/// @return It.
/// @throws InvalidRequestError  The class, or the member, is not mapped.
template <class C, class M>
[[nodiscard]] Column attr(M C::*member) {
  const detail::Mapper& mapper = detail::mapper_of<C>();
  const std::optional<std::size_t> attribute = mapper.find(detail::offset_of(member));
  if (!attribute) {
    throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped to a column");
  }
  return mapper.attributes[*attribute].column;
}

/// That a relationship is loaded with the entities that have it. Made by selectinload().
struct LoaderOption {
  const detail::Mapper* mapper = nullptr;  ///< Of the class that has it.
  std::size_t relationship = 0;            ///< Which.
};

/// Loads a relationship of all entities of a result with one more SELECT for every 500 of them.
/// @param member  A Many or One.
/// @return For EntitySelect::options.
/// @throws InvalidRequestError  The class, or the relationship, is not mapped.
template <class C, class R>
  requires std::derived_from<R, detail::Related>
[[nodiscard]] LoaderOption selectinload(R C::*member) {
  const detail::Mapper& mapper = detail::mapper_of<C>();
  const std::optional<std::size_t> relationship = mapper.find_relationship(detail::offset_of(member));
  if (!relationship) {
    throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped as a relationship");
  }
  return {&mapper, *relationship};
}

namespace detail {

template <class E>
ColumnElement order_of(const E& element) {
  if constexpr (std::is_member_object_pointer_v<E>) {
    return attr(element);
  } else {
    return element;
  }
}

}  // namespace detail

/// A SELECT whose rows are entities of class `T`. Every method returns a statement that has what it says besides.
template <class T>
class EntitySelect {
 public:
  /// @throws InvalidRequestError  The class is not mapped.
  EntitySelect() : mapper_(&detail::mapper_of<T>()), select_(*mapper_->select_all) {}

  /// @param condition  Joined to those there are by AND.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect where(const ColumnElement& condition) const { return with(select_.where(condition)); }
  /// @param elements  Members or expressions, added to those there are.
  /// @return See EntitySelect.
  template <class... E>
  [[nodiscard]] EntitySelect order_by(const E&... elements) const {
    return with(select_.order_by(detail::order_of(elements)...));
  }
  /// @param count  Entities at most.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect limit(const Operand& count) const { return with(select_.limit(count)); }
  /// @param count  Entities to leave out.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect offset(const Operand& count) const { return with(select_.offset(count)); }
  /// @param right  A table, or anything else.
  /// @param on     As Select::join.
  /// @return See EntitySelect.
  [[nodiscard]] EntitySelect join(const FromClause& right, const std::optional<ColumnElement>& on = {}) const {
    return with(select_.join(right, on));
  }
  /// @param options  What is loaded with the entities.
  /// @return See EntitySelect.
  template <class... O>
  [[nodiscard]] EntitySelect options(const O&... options) const {
    EntitySelect more = *this;
    (more.options_.push_back(options), ...);
    return more;
  }

  /// @return The statement.
  [[nodiscard]] const Select& statement() const noexcept { return select_; }
  /// @return What options() was told.
  [[nodiscard]] const std::vector<LoaderOption>& loader_options() const noexcept { return options_; }
  /// @return What `T` is mapped to.
  [[nodiscard]] const detail::Mapper& mapper() const noexcept { return *mapper_; }

 private:
  EntitySelect with(Select select) const {
    EntitySelect other = *this;
    other.select_ = std::move(select);
    return other;
  }

  const detail::Mapper* mapper_;
  Select select_;
  std::vector<LoaderOption> options_;
};

/// @tparam T  A mapped class.
/// @return A SELECT of all its entities.
/// @throws InvalidRequestError  The class is not mapped.
template <class T>
[[nodiscard]] EntitySelect<T> select() {
  return EntitySelect<T>();
}

}  // namespace greenway
