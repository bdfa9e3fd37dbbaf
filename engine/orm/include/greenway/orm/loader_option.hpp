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
/// An option is about the class that is selected; what is called on an option is about the class that it leads to. What
/// no option is about is loaded as RelationshipOptions::lazy says. Entities that the session has are not loaded again;
/// what is loaded of their relationships is left alone, unless EntitySelect::populate_existing says otherwise.
///
/// Of a member of a base class the mapped one is said: `gw::selectinload<A>(&A::created_by)`.
///
/// @par Columns that are left out
/// A plain member cannot load when it is touched. One that load_only() or defer() left out keeps the value that it is
/// made with, is not compared by a flush and so never written, until a row that has its column is met, or
/// Session::refresh. Primary keys and foreign keys are never left out.

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

template <class T, class C, class R>
LoadStep step_along(R C::*member, LazyLoad how) {
  static_assert(std::derived_from<R, Related> && requires(const R& r) { r.load(); },
                "a loader option follows a Many or a One");
  const Mapper& mapper = mapper_of<Owner<T, C>>();
  return {.mapper = &mapper, .relationship = relationship_at(mapper, offset_of<T>(member)), .how = how};
}

/// Which of some classes the others are bases of.
template <class T, class... C>
struct MostDerived {
  using type = T;
};
template <class T, class C, class... D>
struct MostDerived<T, C, D...>
    : MostDerived<std::conditional_t<std::is_void_v<T> || std::is_base_of_v<T, C>, C, T>, D...> {};

template <class T, class... C, class... M>
LoadStep step_to(LoadStep::Columns columns, M C::*... members) {
  using Entity = typename MostDerived<T, C...>::type;
  const Mapper& mapper = mapper_of<Entity>();
  return {.mapper = &mapper, .columns = columns, .attributes = {attribute_at(mapper, offset_of<Entity>(members))...}};
}

}  // namespace detail

/// See the file. Made by the functions below; a value that may be kept, and used in any number of statements.
class LoaderOption {
 public:
  /// What leads nowhere as yet.
  LoaderOption() = default;

  /// One more SELECT for every 500 entities. What it finds may have any number of levels of its own.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member           A Many or One.
  /// @param recursion_depth  So many levels in all of a class that refers to itself, as far as there is something; -1:
  ///                         all.
  /// @return This, and that for what it leads to.
  /// @throws InvalidRequestError  The class, or the relationship, is not mapped; also of the following.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption selectinload(R C::*member, int recursion_depth = 1) const {
    detail::LoadStep step = detail::step_along<T>(member, detail::LazyLoad::selectin);
    step.depth = recursion_depth;
    return along(std::move(step));
  }
  /// A LEFT OUTER JOIN of the same SELECT. A result with a Many that is joined has to be made EntityResult::unique;
  /// LIMIT, OFFSET, DISTINCT and GROUP BY are moved into a subquery, so that they count entities.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member     A Many or One.
  /// @param innerjoin  JOIN, where everything before it in this option is one: entities that have nothing there are not
  ///                   found.
  /// @return This, and that for what it leads to.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption joinedload(R C::*member, bool innerjoin = false) const {
    detail::LoadStep step = detail::step_along<T>(member, detail::LazyLoad::joined);
    step.is_inner = innerjoin;
    return along(std::move(step));
  }
  /// One SELECT for each entity.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption immediateload(R C::*member) const {
    return along(detail::step_along<T>(member, detail::LazyLoad::immediate));
  }
  /// When it is touched.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption lazyload(R C::*member) const {
    return along(detail::step_along<T>(member, detail::LazyLoad::select));
  }
  /// Never: touching it throws InvalidRequestError.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member    A Many or One.
  /// @param sql_only  Unless it needs no statement.
  /// @return This, and that for what it leads to.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption raiseload(R C::*member, bool sql_only = false) const {
    return along(detail::step_along<T>(member, sql_only ? detail::LazyLoad::raise_on_sql : detail::LazyLoad::raise));
  }
  /// From the columns of a table that the statement joins by itself. Of a Many it is read as joinedload()'s.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption contains_eager(R C::*member) const {
    return along(detail::step_along<T>(member, detail::LazyLoad::contains_eager));
  }
  /// As it is mapped: for options of what it leads to.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param member  A Many or One.
  /// @return This, and that for what it leads to.
  template <class T = void, class C, class R>
  [[nodiscard]] LoaderOption defaultload(R C::*member) const {
    return along(detail::step_along<T>(member, detail::LazyLoad::mapped));
  }
  /// These columns, and keys; no others.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param members  Columns.
  /// @return This, and that.
  template <class T = void, class... C, class... M>
  [[nodiscard]] LoaderOption load_only(M C::*... members) const {
    return with(detail::step_to<T>(detail::LoadStep::Columns::only, members...));
  }
  /// Not these columns.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param members  Columns.
  /// @return This, and that.
  template <class T = void, class... C, class... M>
  [[nodiscard]] LoaderOption defer(M C::*... members) const {
    return with(detail::step_to<T>(detail::LoadStep::Columns::defer, members...));
  }
  /// These columns as well.
  /// @tparam T  The mapped class, where a member is one of a base.
  /// @param members  Columns.
  /// @return This, and that.
  template <class T = void, class... C, class... M>
  [[nodiscard]] LoaderOption undefer(M C::*... members) const {
    return with(detail::step_to<T>(detail::LoadStep::Columns::undefer, members...));
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
/// @tparam T  As there.
/// @param member           As there.
/// @param recursion_depth  As there.
/// @return For EntitySelect::options.
/// @throws InvalidRequestError  As there; also of the following.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption selectinload(R C::*member, int recursion_depth = 1) {
  return LoaderOption().selectinload<T>(member, recursion_depth);
}
/// LoaderOption::joinedload.
/// @tparam T  As there.
/// @param member     As there.
/// @param innerjoin  As there.
/// @return For EntitySelect::options.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption joinedload(R C::*member, bool innerjoin = false) {
  return LoaderOption().joinedload<T>(member, innerjoin);
}
/// LoaderOption::immediateload.
/// @tparam T  As there.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption immediateload(R C::*member) {
  return LoaderOption().immediateload<T>(member);
}
/// LoaderOption::lazyload.
/// @tparam T  As there.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption lazyload(R C::*member) {
  return LoaderOption().lazyload<T>(member);
}
/// LoaderOption::raiseload.
/// @tparam T  As there.
/// @param member    As there.
/// @param sql_only  As there.
/// @return For EntitySelect::options.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption raiseload(R C::*member, bool sql_only = false) {
  return LoaderOption().raiseload<T>(member, sql_only);
}
/// LoaderOption::contains_eager.
/// @tparam T  As there.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption contains_eager(R C::*member) {
  return LoaderOption().contains_eager<T>(member);
}
/// LoaderOption::defaultload.
/// @tparam T  As there.
/// @param member  As there.
/// @return For EntitySelect::options.
template <class T = void, class C, class R>
[[nodiscard]] LoaderOption defaultload(R C::*member) {
  return LoaderOption().defaultload<T>(member);
}
/// LoaderOption::load_only.
/// @tparam T  As there.
/// @param members  As there.
/// @return For EntitySelect::options.
template <class T = void, class... C, class... M>
[[nodiscard]] LoaderOption load_only(M C::*... members) {
  return LoaderOption().load_only<T>(members...);
}
/// LoaderOption::defer.
/// @tparam T  As there.
/// @param members  As there.
/// @return For EntitySelect::options.
template <class T = void, class... C, class... M>
[[nodiscard]] LoaderOption defer(M C::*... members) {
  return LoaderOption().defer<T>(members...);
}
/// LoaderOption::undefer.
/// @tparam T  As there.
/// @param members  As there.
/// @return For EntitySelect::options.
template <class T = void, class... C, class... M>
[[nodiscard]] LoaderOption undefer(M C::*... members) {
  return LoaderOption().undefer<T>(members...);
}

}  // namespace greenway
