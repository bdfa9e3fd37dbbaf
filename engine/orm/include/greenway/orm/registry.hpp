// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/registry.hpp
/// @brief Maps structs to tables, member by member.
///
/// Layer: orm. Source: SQLAlchemy's `registry`, `mapped_column()` and `relationship()`.
///
/// ```cpp
/// struct B {
///   std::int32_t id = 0;
///   std::optional<std::int32_t> a_id;
/// };
/// struct A {
///   std::int32_t id = 0;
///   std::optional<std::string> data;
///   gw::Many<B> bs;
/// };
///
/// gw::Registry registry;
/// registry.map<A>("a", gw::mapped_column(&A::id, "id", gw::primary_key), gw::mapped_column(&A::data, "data"),
///                 gw::relationship(&A::bs, "bs"));
/// registry.map<B>("b", gw::mapped_column(&B::id, "id", gw::primary_key),
///                 gw::mapped_column(&B::a_id, "a_id", gw::ForeignKey("a.id")));
/// ```
///
/// The type of a column follows from its member's: `std::int32_t` is Integer, `std::string` String,
/// `std::chrono::sys_time` DateTime(true), and so on; a Type among the attributes says otherwise. A member that is no
/// `std::optional` makes its column NOT NULL.
///
/// Members of a base class are mapped like one's own, for each class that derives from it; those of a struct that is a
/// member are the columns of a composite():
///
/// ```cpp
/// const auto created_at = gw::mapped_column(&Timestamped::created_at, "created_at");   // struct A : Timestamped { … }
/// registry.map<A>("a", gw::mapped_column(&A::id, "id", gw::primary_key), created_at,
///                 gw::composite(&A::address, gw::mapped_column(&Address::city, "city")));
/// gw::select<A>().where(gw::attr(&A::address, &Address::city) == "Rome").order_by(&A::created_at);
/// gw::select<A>().where(gw::attr<A>(&A::created_at) < now);   // the type of &A::created_at says nothing of A
/// ```
///
/// A class with private members names them where it may: in a static function of its own, which maps it, and in static
/// constants, by which others ask for them; EntityAccess makes it without a public constructor. Or two functions are
/// mapped, by `gw::mapped_column<&A::name, &A::set_name>("name")`, and asked for by `gw::attr<&A::name>()`.
///
/// ```cpp
/// class A {
///   friend class gw::EntityAccess;
///   A() = default;
///   std::string name_;
///
///  public:
///   static constexpr auto name = &A::name_;                       // gw::attr(A::name) == "x"
///   static void map(gw::Registry& registry) { registry.map<A>("a", gw::mapped_column(&A::name_, "name"), …); }
/// };
/// ```

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <greenway/orm/deferred.hpp>
#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/eager_defaults.hpp>
#include <greenway/orm/related.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/type.hpp>

namespace greenway {

namespace detail {

template <class T>
Type column_type() {
  if constexpr (is_optional<T>) {
    return column_type<typename T::value_type>();
  } else if constexpr (Decorated<T>) {
    return column_type<typename TypeDecorator<T>::Impl>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return Boolean();
  } else if constexpr (std::is_integral_v<T>) {
    return sizeof(T) < 4 ? Type(SmallInteger()) : sizeof(T) == 4 ? Type(Integer()) : Type(BigInteger());
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? Type(Float()) : Type(Double());
  } else if constexpr (std::is_same_v<T, std::string>) {
    return String();
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return LargeBinary();
  } else if constexpr (std::is_same_v<T, Decimal>) {
    return Numeric();
  } else if constexpr (std::is_same_v<T, std::chrono::sys_days> || std::is_same_v<T, std::chrono::year_month_day>) {
    return Date();
  } else if constexpr (std::is_same_v<T, TimeOfDay>) {
    return Time();
  } else if constexpr (is_moment<T>) {
    return DateTime(std::is_same_v<typename T::clock, std::chrono::system_clock>);
  } else if constexpr (std::is_same_v<T, CalendarInterval> || is_duration<T>) {
    return Interval();
  } else if constexpr (std::is_same_v<T, UUIDBytes> || std::is_same_v<T, boost::uuids::uuid>) {
    return Uuid();
  } else if constexpr (std::is_same_v<T, JSONText>) {
    return JSON();
  } else {
    static_assert(is_list<T>, "no column type follows from this member's type: give one, or a TypeDecorator");
    return ARRAY(column_type<typename T::value_type>());
  }
}

template <class A, class... T>
inline constexpr bool is_one_of = (std::same_as<A, T> || ...);

template <class T>
struct WithoutOptional {
  using type = T;
};
template <class T>
struct WithoutOptional<std::optional<T>> {
  using type = T;
};

/// That a member which holds a `T` can have `A` among its column's attributes: a number no type of texts or times, a
/// text no type of numbers.
template <class T, class A, class Held = typename WithoutOptional<T>::type>
concept FitsColumn =
    !(std::is_arithmetic_v<Held> &&
      is_one_of<A, String, Text, LargeBinary, Date, Time, DateTime, Interval, Uuid, JSON, JSONB,
                ARRAY>)&&!(std::same_as<Held, std::string> &&
                           is_one_of<A, SmallInteger, Integer, BigInteger, Float, Double, Boolean, LargeBinary, ARRAY>);

/// Members of C and their columns, on their way into a mapping.
template <class C>
struct MappedColumn : ColumnParts {};

/// A relationship of C, on its way into a mapping.
template <class C>
struct MappedRelationship : RelationshipPart {};

template <class P>
concept MappingPart =
    std::derived_from<P, ColumnParts> || std::derived_from<P, RelationshipPart> || std::same_as<P, EagerDefaults>;

template <class T>
Related* related_of(void* member) {
  return static_cast<T*>(member);
}

}  // namespace detail

/// Of a mapped_column: an integer that is 1 when its entity is inserted and is counted up by each UPDATE, which finds
/// only a row that still says what it said. Another session's change in between is StaleDataError. SQLAlchemy:
/// `version_id_col`.
struct version_id_tag {};
/// See version_id_tag.
inline constexpr version_id_tag version_id = {};

/// Of a mapped_column: the server changes it with each UPDATE, by a trigger, say; what it has become is read from
/// RETURNING. SQLite's triggers come too late for that. SQLAlchemy: `server_onupdate=FetchedValue()`.
struct server_onupdate_tag {};
/// See server_onupdate_tag.
inline constexpr server_onupdate_tag server_onupdate = {};

namespace detail {

/// Of a member that holds a `T`, of any class.
template <class T, class... A>
ColumnParts column_part(std::size_t offset, const MemberType& member, std::string_view name, const A&... attributes) {
  Type type;
  [[maybe_unused]] const auto take_type = [&](const auto& attribute) {
    if constexpr (std::derived_from<std::remove_cvref_t<decltype(attribute)>, Type>) {
      type = attribute;
    }
  };
  (take_type(attributes), ...);
  if (type.kind() == TypeKind::unknown) {
    type = column_type<T>();
  }
  [[maybe_unused]] const auto given = [](const auto& attribute) {
    using Given = std::remove_cvref_t<decltype(attribute)>;
    if constexpr (std::derived_from<Given, Type> || std::same_as<Given, version_id_tag> ||
                  std::same_as<Given, server_onupdate_tag>) {
      return std::optional<nullable>();
    } else {
      return attribute;
    }
  };
  Attribute attribute{offset, &member,
                      Column(std::string(name), std::move(type), nullable(is_optional<T>), given(attributes)...)};
  attribute.is_version = (std::same_as<A, version_id_tag> || ...);
  static_assert(!(std::same_as<A, version_id_tag> || ...) || std::integral<T>, "a version is counted by an integer");
  attribute.changes_by_update = (std::same_as<A, server_onupdate_tag> || ...);
  return ColumnParts({std::move(attribute)});
}

[[nodiscard]] ColumnParts accessor_part(ColumnParts part, const char* accessor);
[[nodiscard]] ColumnParts computed_part(std::size_t offset, const MemberType& member, std::string_view name,
                                        const Type& type, std::function<ColumnElement()> expression);

}  // namespace detail

/// Maps a member to a column.
/// @param member      Of the mapped class, a base of it, or a member of it that is a composite().
/// @param name        Of the column.
/// @param attributes  As of Column; a Type where the one that follows from the member will not do; version_id;
///                    server_onupdate.
/// @return For Registry::map.
template <class C, class M, class... A>
  requires(detail::FitsColumn<detail::HeldBy<M>, A> && ...)
[[nodiscard]] detail::MappedColumn<C> mapped_column(M C::*member, std::string_view name, const A&... attributes) {
  return {
      detail::column_part<detail::HeldBy<M>>(detail::offset_of(member), detail::member_type<M>, name, attributes...)};
}

/// Maps what two functions read and write to a column: `mapped_column<&A::name, &A::set_name>("name")`. Asked for by
/// `attr<&A::name>()`; what else takes members, refresh() for one, takes no functions.
/// @tparam Getter     A function of the class, const and without arguments; what it returns is what is compared and
///                    written.
/// @tparam Setter     A function of the class, called with that; it is called by each load, and by rollback.
/// @param name        As above.
/// @param attributes  As above.
/// @return As above.
template <auto Getter, auto Setter, class... A>
  requires(std::invocable<decltype(Setter), detail::ClassOf<Getter>&, detail::ReadBy<Getter>> &&
           (detail::FitsColumn<detail::ReadBy<Getter>, A> && ...))
[[nodiscard]] detail::MappedColumn<detail::ClassOf<Getter>> mapped_column(std::string_view name,
                                                                          const A&... attributes) {
  return {detail::accessor_part(
      detail::column_part<detail::ReadBy<Getter>>(0, detail::accessor_type<Getter, Setter>, name, attributes...),
      &detail::accessor_key<Getter>)};
}

/// Maps a member to an SQL expression, which SELECT has instead of a column: it is read with its entity, and never
/// written. Of a new entity it is as it was made until a row is met that says it, or Session::refresh. An expression
/// that is a subquery cannot be loaded under another name of the class (aliased(), joinedload()).
/// @param member      As of mapped_column(); may be Deferred.
/// @param name        For messages.
/// @param expression  A function that returns it, called once when the class is mapped: it may name members of that
///                    class, by attr(), and of classes that are mapped before.
/// @return For Registry::map.
template <class C, class M, std::invocable<> F>
  requires std::convertible_to<std::invoke_result_t<F>, ColumnElement>
[[nodiscard]] detail::MappedColumn<C> column_property(M C::*member, std::string_view name, F expression) {
  return {detail::computed_part(detail::offset_of(member), detail::member_type<M>, name,
                                detail::column_type<detail::HeldBy<M>>(), std::move(expression))};
}

/// Maps the members of a member to columns of the same table. SQLAlchemy's name, and meaning.
/// @param member   A struct.
/// @param columns  mapped_column()s, and composite()s, of its members.
/// @return For Registry::map.
template <class C, class E, class... D>
  requires(std::derived_from<E, D> && ...)
[[nodiscard]] detail::MappedColumn<C> composite(E C::*member, const detail::MappedColumn<D>&... columns) {
  detail::MappedColumn<C> made{detail::ColumnParts({})};
  (made.add(columns, detail::offset_of(member) + detail::base_offset<E, D>()), ...);
  return made;
}

/// How a relationship works. Plain data; start from the defaults.
struct RelationshipOptions {
  /// What is done to related entities as well, a list of
  /// - "save-update": what belongs to an entity of a session is the session's;
  /// - "merge": what belongs to a merged entity is merged;
  /// - "expunge": what belongs to an expunged entity is expunged;
  /// - "delete": what belongs to a deleted entity is deleted, instead of belonging to nobody;
  /// - "delete-orphan": what belongs to it no more is deleted, or is not inserted;
  /// - "all": all but the last; "none".
  std::string cascade = "save-update, merge";
  /// Of an entity that is deleted what belongs to it and is not loaded is left to the database's ON DELETE.
  bool passive_deletes = false;
  /// How a Many is loaded.
  std::vector<ColumnElement> order_by = {};
  /// The target's relationship that is the other side of this one, which has to say the same of this one.
  std::string back_populates = {};
  /// The table that relates the two, where both sides are Many. It has a foreign key to each.
  std::string secondary = {};
  /// The columns of the foreign key that is meant, where there are several. With `secondary`: of the one to the owner.
  std::vector<std::string> foreign_keys = {};
  /// When it is loaded, unless an option of the statement says otherwise: "select", when it is touched; with its entity
  /// "selectin", "joined" or "immediate"; never "raise", or "raise_on_sql". See greenway/orm/loader_option.hpp.
  std::string lazy = "select";
};

namespace detail {

[[nodiscard]] Cascades cascades_of(const std::string& names);

/// The defaults.
[[nodiscard]] const RelationshipOptions& usual_relationship() noexcept;

/// What of a relationship follows from its member.
struct RelationshipMember {
  std::size_t offset;
  std::atomic<const Mapper*>* target_slot;
  const char* target_name;
  Related* (*related)(void* member);
  bool is_many;
  bool is_write_only;
};

[[nodiscard]] RelationshipPart relationship_part(const RelationshipMember& member, std::string_view name,
                                                 const RelationshipOptions& options);

}  // namespace detail

/// Maps a member to the entities that a foreign key relates: this class's or the other's. A class that refers to itself
/// has a One for the entity that it belongs to, and a Many for those that belong to it.
/// @param member   A Many, ManySet, WriteOnly or One.
/// @param name     For messages and back_populates.
/// @param options  See there.
/// @return For Registry::map.
/// @throws ArgumentError  There is no such cascade.
template <class C, template <class> class R, class T>
  requires std::derived_from<R<T>, detail::Related>
[[nodiscard]] detail::MappedRelationship<C> relationship(
    R<T> C::*member, std::string_view name, const RelationshipOptions& options = detail::usual_relationship()) {
  constexpr bool is_write_only = !std::derived_from<R<T>, Many<T>> && !std::derived_from<R<T>, One<T>>;
  return {detail::relationship_part(
      {detail::offset_of(member), &detail::mapper_slot<T>, typeid(T*).name(), &detail::related_of<R<T>>,
       std::derived_from<R<T>, Many<T>> || is_write_only, is_write_only},
      name, options)};
}

/// Makes entities. The friend of a mapped class whose default constructor is not public: `friend class
/// greenway::EntityAccess`.
class EntityAccess {
 private:
  friend class Registry;
  template <class T>
  static std::shared_ptr<void> make() {
    if constexpr (std::is_default_constructible_v<T>) {
      return std::make_shared<T>();
    } else {
      return std::shared_ptr<T>(new T);
    }
  }
};

/// The mapped classes of a program, and their tables. A class is mapped once, by one registry, as long as that lives.
///
/// @par Threads
/// Classes are mapped by one thread; afterwards read by any.
///
/// @par Lifetime
/// Outlives the sessions and statements of its classes.
class Registry {
 public:
  Registry();
  /// Forgets the mappings.
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Maps a class.
  /// @tparam T     Default-constructible, by EntityAccess at least.
  /// @param table  The name of its table.
  /// @param parts  mapped_column()s, at least one of them with primary_key; composite()s; relationship()s; those of a
  ///               base class as well; constraints, as of Table; EagerDefaults.
  /// @throws InvalidRequestError  The class is mapped already, or the metadata has a table of that name.
  /// @throws ArgumentError        There is no primary key; or as Table.
  template <class T, class... P>
  void map(std::string_view table, const P&... parts) {
    detail::Mapping mapping(typeid(T).name(), &EntityAccess::make<T>, detail::mapper_slot<T>);
    (take<T>(mapping, parts), ...);
    if constexpr ((detail::MappingPart<P> && ...)) {
      add(mapping, table);
    } else {
      add(mapping, Table(std::string(table), metadata_, mapping.columns(), table_part(parts)...));
    }
  }

  /// Resolves the relationships of all classes mapped so far; the first use of one does it otherwise.
  /// @throws InvalidRequestError  One has no target, no foreign key, several, or one that relates columns of different
  /// types;
  ///                              or its other side does not know it.
  void configure();

  /// configure(), if classes were mapped since it was last called. Thread-safe.
  void configure_once();

  /// @return The tables. More can be added, as those that relate two classes.
  [[nodiscard]] MetaData& metadata() noexcept { return metadata_; }
  /// @return The tables.
  [[nodiscard]] const MetaData& metadata() const noexcept { return metadata_; }

 private:
  template <class T, class C>
  static void take(detail::Mapping& mapping, const detail::MappedColumn<C>& part) {
    mapping.take(part, detail::base_offset<T, C>());
  }
  template <class T, class C>
  static void take(detail::Mapping& mapping, const detail::MappedRelationship<C>& part) {
    mapping.take(part, detail::base_offset<T, C>());
  }
  template <class T>
  static void take(detail::Mapping& mapping, const EagerDefaults& part) {
    mapping.mapper->eager_defaults = part;
  }
  template <class T, class P>
  static void take(detail::Mapping&, const P&) {}

  template <class P>
  static const P& table_part(const P& part) {
    return part;
  }
  template <detail::MappingPart P>
  static std::vector<Column> table_part(const P&) {
    return {};
  }
  void add(detail::Mapping& mapping, std::string_view table);
  void add(detail::Mapping& mapping, const Table& table);

  MetaData metadata_;
  std::vector<std::unique_ptr<detail::Mapper>> mappers_;
  std::mutex mutex_;
  std::atomic<bool> is_configured_ = true;
};

}  // namespace greenway
