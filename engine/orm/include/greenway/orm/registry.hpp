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
/// constants, by which others ask for them; EntityAccess makes it without a public constructor.
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
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/orm/deferred.hpp>
#include <greenway/orm/detail/mapper.hpp>
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

/// A member of C and its column, on their way into a mapping.
template <class C>
struct MappedColumn {
  Attribute attribute;
};

/// Members of a member of C and their columns, on their way into a mapping.
template <class C>
struct MappedColumns {
  std::vector<Attribute> attributes;
};

/// A relationship of C, on its way into a mapping.
template <class C>
struct MappedRelationship {
  Relationship relationship;
};

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

/// Maps a member to a column.
/// @param member      Of the mapped class, a base of it, or a member of it that is a composite().
/// @param name        Of the column.
/// @param attributes  As of Column; a Type where the one that follows from the member will not do; version_id;
///                    server_onupdate.
/// @return For Registry::map.
template <class C, class M, class... A>
[[nodiscard]] detail::MappedColumn<C> mapped_column(M C::*member, std::string name, const A&... attributes) {
  Type type;
  [[maybe_unused]] const auto take_type = [&](const auto& attribute) {
    if constexpr (std::derived_from<std::remove_cvref_t<decltype(attribute)>, Type>) {
      type = attribute;
    }
  };
  (take_type(attributes), ...);
  if (type.kind() == TypeKind::unknown) {
    type = detail::column_type<detail::HeldBy<M>>();
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
  Column column(std::move(name), std::move(type), nullable(detail::is_optional<detail::HeldBy<M>>),
                given(attributes)...);
  detail::Attribute attribute{detail::offset_of(member), &detail::member_type<M>, std::move(column)};
  attribute.is_version = (std::same_as<A, version_id_tag> || ...);
  static_assert(!(std::same_as<A, version_id_tag> || ...) || std::integral<M>, "a version is counted by an integer");
  attribute.changes_by_update = (std::same_as<A, server_onupdate_tag> || ...);
  return {std::move(attribute)};
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
[[nodiscard]] detail::MappedColumn<C> column_property(M C::*member, std::string name, F expression) {
  detail::Attribute attribute{detail::offset_of(member), &detail::member_type<M>,
                              Column(std::move(name), detail::column_type<detail::HeldBy<M>>())};
  attribute.expression = std::move(expression);
  return {std::move(attribute)};
}

/// Maps the members of a member to columns of the same table. SQLAlchemy's name, and meaning.
/// @param member   A struct.
/// @param columns  mapped_column()s, and composite()s, of its members.
/// @return For Registry::map.
template <class C, class E, class... P>
[[nodiscard]] detail::MappedColumns<C> composite(E C::*member, const P&... columns) {
  detail::MappedColumns<C> made;
  const auto add = [&]<class D>(std::vector<detail::Attribute> attributes, std::type_identity<D>) {
    for (detail::Attribute& attribute : attributes) {
      attribute.offset += detail::offset_of(member) + detail::base_offset<E, D>();
      made.attributes.push_back(std::move(attribute));
    }
  };
  const auto take = [&]<template <class> class Part, class D>(const Part<D>& part) {
    if constexpr (std::same_as<Part<D>, detail::MappedColumn<D>>) {
      add({part.attribute}, std::type_identity<D>());
    } else {
      add(part.attributes, std::type_identity<D>());
    }
  };
  (take(columns), ...);
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
[[nodiscard]] detail::MappedRelationship<C> relationship(R<T> C::*member, std::string name,
                                                         const RelationshipOptions& options = {}) {
  detail::Relationship made{detail::offset_of(member),
                            std::move(name),
                            &detail::mapper_slot<T>,
                            detail::readable_name(typeid(T*).name()),
                            &detail::related_of<R<T>>,
                            std::derived_from<R<T>, Many<T>>};
  made.cascades = detail::cascades_of(options.cascade);
  made.passive_deletes = options.passive_deletes;
  made.order_by = options.order_by;
  made.back_populates = options.back_populates;
  made.secondary_name = options.secondary;
  made.foreign_keys = options.foreign_keys;
  made.lazy = detail::lazy_load_of(options.lazy);
  if constexpr (!std::derived_from<R<T>, Many<T>> && !std::derived_from<R<T>, One<T>>) {
    made.is_many = made.is_write_only = true;
  }
  return {std::move(made)};
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
  ///               base class as well; constraints, as of Table.
  /// @throws InvalidRequestError  The class is mapped already, or the metadata has a table of that name.
  /// @throws ArgumentError        There is no primary key; or as Table.
  template <class T, class... P>
  void map(const std::string& table, const P&... parts) {
    auto mapper = std::make_unique<detail::Mapper>();
    mapper->name = detail::readable_name(typeid(T).name());
    mapper->make = &EntityAccess::make<T>;
    mapper->slot = &detail::mapper_slot<T>;
    mapper->registry = this;
    (take<T>(*mapper, parts), ...);
    std::vector<Column> columns;
    for (const detail::Attribute& attribute : mapper->attributes) {
      if (!attribute.expression) {
        columns.push_back(attribute.column);
      }
    }
    mapper->table = make_table(table, columns, parts...);
    add(std::move(mapper));
  }

  /// Resolves the relationships of all classes mapped so far; the first use of one does it otherwise.
  /// @throws InvalidRequestError  One has no target, no foreign key, or several; or its other side does not know it.
  void configure();

  /// configure(), if classes were mapped since it was last called. Thread-safe.
  void configure_once();

  /// @return The tables. More can be added, as those that relate two classes.
  [[nodiscard]] MetaData& metadata() noexcept { return metadata_; }
  /// @return The tables.
  [[nodiscard]] const MetaData& metadata() const noexcept { return metadata_; }

 private:
  template <class T, class C>
  static void take(detail::Mapper& mapper, const detail::MappedColumn<C>& part) {
    mapper.attributes.push_back(part.attribute);
    mapper.attributes.back().offset += detail::base_offset<T, C>();
  }
  template <class T, class C>
  static void take(detail::Mapper& mapper, const detail::MappedColumns<C>& part) {
    for (const detail::Attribute& attribute : part.attributes) {
      mapper.attributes.push_back(attribute);
      mapper.attributes.back().offset += detail::base_offset<T, C>();
    }
  }
  template <class T, class C>
  static void take(detail::Mapper& mapper, const detail::MappedRelationship<C>& part) {
    mapper.relationships.push_back(part.relationship);
    mapper.relationships.back().offset += detail::base_offset<T, C>();
  }
  template <class T, class P>
  static void take(detail::Mapper&, const P&) {}

  template <class P>
  static auto table_part(const P& part) {
    return part;
  }
  template <class C>
  static std::vector<Column> table_part(const detail::MappedColumn<C>&) {
    return {};
  }
  template <class C>
  static std::vector<Column> table_part(const detail::MappedColumns<C>&) {
    return {};
  }
  template <class C>
  static std::vector<Column> table_part(const detail::MappedRelationship<C>&) {
    return {};
  }
  template <class... P>
  Table make_table(const std::string& name, const std::vector<Column>& columns, const P&... parts) {
    return Table(name, metadata_, columns, table_part(parts)...);
  }
  void add(std::unique_ptr<detail::Mapper> mapper);

  MetaData metadata_;
  std::vector<std::unique_ptr<detail::Mapper>> mappers_;
  std::mutex mutex_;
  std::atomic<bool> is_configured_ = true;
};

}  // namespace greenway
