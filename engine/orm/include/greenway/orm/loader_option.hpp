// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/loader_option.hpp
/// @brief What a SELECT of entities loads of them, and of what belongs to them.
///
/// Layer: orm. Source: SQLAlchemy's loader options, whose names these are.
///
/// ```cpp
/// gw::select<A>().options(gw::selectinload(&A::bs).joinedload(&B::c), gw::load_only(&A::data))
/// gw::select<A>().options(gw::selectinload(&A::bs).options(gw::raiseload(&B::a), gw::selectinload(&B::cs)))
/// ```
///
/// An option is about the class that is selected; what is called on an option is about the class that it leads to. What no
/// option is about is loaded as RelationshipOptions::lazy says. Entities that the session has are not loaded again; what is
/// loaded of their relationships is left alone, unless EntitySelect::populate_existing says otherwise.
///
/// @par Columns that are left out
/// A plain member cannot load when it is touched. One that load_only() or defer() left out keeps the value that it is made
/// with, is not compared by a flush and so never written, until a row that has its column is met, or Session::refresh.
/// Primary keys and foreign keys are never left out.

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <greenway/orm/detail/mapper.hpp>

namespace greenway {

namespace detail {

/// One step of an option: from a class along a relationship, or to columns.
struct LoadStep {
  /// What is to become of columns.
  enum class Columns : std::uint8_t { none, only, defer, undefer };

  const Mapper* mapper;                           ///< Of the class that it starts from.
  std::optional<std::size_t> relationship = {};   ///< None: all of them, or columns.
  LazyLoad how = LazyLoad::mapped;
  bool is_inner = false;
  int depth = 1;
  Columns columns = Columns::none;
  std::vector<std::size_t> attributes = {};
};

/// @throws InvalidRequestError  There is no relationship at that place.
std::size_t relationship_at(const Mapper& mapper, std::size_t offset);
/// @throws InvalidRequestError  There is no attribute at that place.
std::size_t attribute_at(const Mapper& mapper, std::size_t offset);

template <class C, class R>
LoadStep step_along(R C::*member, LazyLoad how) {
  static_assert(std::derived_from<R, Related>, "a loader option follows a Many or a One");
  const Mapper& mapper = mapper_of<C>();
  return {.mapper = &mapper, .relationship = relationship_at(mapper, offset_of(member)), .how = how};
}

template <class C, class... M>
LoadStep step_to(LoadStep::Columns columns, M C::*... members) {
  const Mapper& mapper = mapper_of<C>();
  return {.mapper = &mapper, .columns = columns, .attributes = {attribute_at(mapper, offset_of(members))...}};
}

}  // namespace detail

/// See the file. Made by the functions below; a value that may be kept, and used in any number of statements.
class LoaderOption {
 public:
  /// What leads nowhere as yet.
  LoaderOption() = default;

  /// One more SELECT for every 500 entities. What it finds may have any number of levels of its own.
  /// @param member           A Many or One.
  /// @param recursion_depth  So many levels in all of a class that refers to itself, as far as there is something; -1: all.
  /// @return This, and that for what it leads to.
  /// @throws InvalidRequestError  The class, or the relationship, is not mapped; also of the following.
  template <class C, class R>
  [[nodiscard]] LoaderOption selectinload(R C::*member, int recursion_depth = 1) const {
    detail::LoadStep step = detail::step_along(member, detail::LazyLoad::selectin);
    step.depth = recursion_depth;
    return along(std::move(step));
  }
  /// A LEFT OUTER JOIN of the same SELECT. A result with a Many that is joined has to be made EntityResult::unique; LIMIT,
  /// OFFSET, DISTINCT and GROUP BY are moved into a subquery, so that they count entities.
  /// @param member     A Many or One.
  /// @param innerjoin  JOIN, where everything before it in this option is one: entities that have nothing there are not found.
  /// @return This, and that for what it leads to.
  template <class C, class R>
  [[nodiscard]] LoaderOption joinedload(R C::*member, bool innerjoin = false) const {
    detail::LoadStep step = detail::step_along(member, detail::LazyLoad::joined);
    step.is_inner = innerjoin;
    return along(std::move(step));
  }
  /// One SELECT for each entity.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class C, class R>
  [[nodiscard]] LoaderOption immediateload(R C::*member) const {
    return along(detail::step_along(member, detail::LazyLoad::immediate));
  }
  /// When it is touched.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class C, class R>
  [[nodiscard]] LoaderOption lazyload(R C::*member) const {
    return along(detail::step_along(member, detail::LazyLoad::select));
  }
  /// Never: touching it throws InvalidRequestError.
  /// @param member    A Many or One.
  /// @param sql_only  Unless it needs no statement.
  /// @return This, and that for what it leads to.
  template <class C, class R>
  [[nodiscard]] LoaderOption raiseload(R C::*member, bool sql_only = false) const {
    return along(detail::step_along(member, sql_only ? detail::LazyLoad::raise_on_sql : detail::LazyLoad::raise));
  }
  /// From the columns of a table that the statement joins by itself. Of a Many it is read as joinedload()'s.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class C, class R>
  [[nodiscard]] LoaderOption contains_eager(R C::*member) const {
    return along(detail::step_along(member, detail::LazyLoad::contains_eager));
  }
  /// As it is mapped: for options of what it leads to.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class C, class R>
  [[nodiscard]] LoaderOption defaultload(R C::*member) const {
    return along(detail::step_along(member, detail::LazyLoad::mapped));
  }
  /// These columns, and keys; no others.
  /// @param members  Columns.
  /// @return This, and that.
  template <class C, class... M>
  [[nodiscard]] LoaderOption load_only(M C::*... members) const {
    return with(detail::step_to<C>(detail::LoadStep::Columns::only, members...));
  }
  /// Not these columns.
  /// @param members  Columns.
  /// @return This, and that.
  template <class C, class... M>
  [[nodiscard]] LoaderOption defer(M C::*... members) const {
    return with(detail::step_to<C>(detail::LoadStep::Columns::defer, members...));
  }
  /// These columns as well.
  /// @param members  Columns.
  /// @return This, and that.
  template <class C, class... M>
  [[nodiscard]] LoaderOption undefer(M C::*... members) const {
    return with(detail::step_to<C>(detail::LoadStep::Columns::undefer, members...));
  }
  /// @param options  About what this leads to.
  /// @return This, and those.
  template <std::same_as<LoaderOption>... O>
  [[nodiscard]] LoaderOption options(const O&... options) const {
    LoaderOption more = *this;
    (more.add(options), ...);
    return more;
  }

  /// @return Each path that it leads along.
  [[nodiscard]] const std::vector<std::vector<detail::LoadStep>>& paths() const noexcept { return paths_; }

 private:
  [[nodiscard]] LoaderOption along(detail::LoadStep step) const;
  [[nodiscard]] LoaderOption with(detail::LoadStep step) const;
  void add(const LoaderOption& option);

  std::vector<detail::LoadStep> trunk_;               // what the next step is added to
  std::vector<std::vector<detail::LoadStep>> paths_;  // each of them whole, the trunk among them
};

/// LoaderOption::selectinload.
/// @param member           As there.
/// @param recursion_depth  As there.
/// @return For EntitySelect::options.
/// @throws InvalidRequestError  As there; also of the following.
template <class C, class R>
[[nodiscard]] LoaderOption selectinload(R C::*member, int recursion_depth = 1) {
  return LoaderOption().selectinload(member, recursion_depth);
}
/// LoaderOption::joinedload.
/// @param member     As there.
/// @param innerjoin  As there.
/// @return For EntitySelect::options.
template <class C, class R>
[[nodiscard]] LoaderOption joinedload(R C::*member, bool innerjoin = false) {
  return LoaderOption().joinedload(member, innerjoin);
}
/// LoaderOption::immediateload.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class C, class R>
[[nodiscard]] LoaderOption immediateload(R C::*member) {
  return LoaderOption().immediateload(member);
}
/// LoaderOption::lazyload.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class C, class R>
[[nodiscard]] LoaderOption lazyload(R C::*member) {
  return LoaderOption().lazyload(member);
}
/// LoaderOption::raiseload.
/// @param member    As there.
/// @param sql_only  As there.
/// @return For EntitySelect::options.
template <class C, class R>
[[nodiscard]] LoaderOption raiseload(R C::*member, bool sql_only = false) {
  return LoaderOption().raiseload(member, sql_only);
}
/// LoaderOption::contains_eager.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class C, class R>
[[nodiscard]] LoaderOption contains_eager(R C::*member) {
  return LoaderOption().contains_eager(member);
}
/// LoaderOption::defaultload.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class C, class R>
[[nodiscard]] LoaderOption defaultload(R C::*member) {
  return LoaderOption().defaultload(member);
}
/// LoaderOption::load_only.
/// @param members  As there.
/// @return For EntitySelect::options.
template <class C, class... M>
[[nodiscard]] LoaderOption load_only(M C::*... members) {
  return LoaderOption().load_only<C>(members...);
}
/// LoaderOption::defer.
/// @param members  As there.
/// @return For EntitySelect::options.
template <class C, class... M>
[[nodiscard]] LoaderOption defer(M C::*... members) {
  return LoaderOption().defer<C>(members...);
}
/// LoaderOption::undefer.
/// @param members  As there.
/// @return For EntitySelect::options.
template <class C, class... M>
[[nodiscard]] LoaderOption undefer(M C::*... members) {
  return LoaderOption().undefer<C>(members...);
}

}  // namespace greenway
