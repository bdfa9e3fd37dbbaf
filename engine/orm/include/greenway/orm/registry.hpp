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
/// The type of a column follows from its member's: `std::int32_t` is Integer, `std::string` String, `std::chrono::sys_time`
/// DateTime(true), and so on; a Type among the attributes says otherwise. A member that is no `std::optional` makes its
/// column NOT NULL.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

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

/// Maps a member to a column.
/// @param member      Public.
/// @param name        Of the column.
/// @param attributes  As of Column; a Type where the one that follows from the member will not do.
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
    type = detail::column_type<M>();
  }
  [[maybe_unused]] const auto given = [](const auto& attribute) {
    using Given = std::remove_cvref_t<decltype(attribute)>;
    if constexpr (std::derived_from<Given, Type>) {
      return std::optional<nullable>();
    } else {
      return attribute;
    }
  };
  Column column(std::move(name), std::move(type), nullable(detail::is_optional<M>), given(attributes)...);
  return {{detail::offset_of(member), &detail::member_type<M>, std::move(column)}};
}

/// How a relationship works. Plain data; start from the defaults.
struct RelationshipOptions {
  /// "save-update" is always there. "delete": what belongs to a deleted entity is deleted. "delete-orphan": so is what belongs
  /// to it no more. "all" is both but the last.
  std::string cascade = "save-update, merge";
  /// Of an entity that is deleted what belongs to it and is not loaded is left to the database's ON DELETE.
  bool passive_deletes = false;
  /// How a Many is loaded.
  std::vector<ColumnElement> order_by = {};
};

/// Maps a member to the entities that a foreign key relates. For Many the foreign key is the other class's, for One it is
/// this one's.
/// @param member   A Many or One.
/// @param name     For messages.
/// @param options  See there.
/// @return For Registry::map.
template <class C, template <class> class R, class T>
  requires std::derived_from<R<T>, detail::Related>
[[nodiscard]] detail::MappedRelationship<C> relationship(R<T> C::*member, std::string name,
                                                         const RelationshipOptions& options = {}) {
  detail::Relationship made{detail::offset_of(member),
                            std::move(name),
                            &detail::mapper_slot<T>,
                            detail::readable_name(typeid(T*).name()),
                            &detail::related_of<R<T>>,
                            std::is_same_v<R<T>, Many<T>>};
  made.deletes = options.cascade.find("delete") != std::string::npos || options.cascade.find("all") != std::string::npos;
  made.deletes_orphans = options.cascade.find("delete-orphan") != std::string::npos;
  made.passive_deletes = options.passive_deletes;
  made.order_by = options.order_by;
  return {std::move(made)};
}

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
  /// @tparam T     Default-constructible.
  /// @param table  The name of its table.
  /// @param parts  mapped_column()s, at least one of them with primary_key; relationship()s; constraints, as of Table.
  /// @throws InvalidRequestError  The class is mapped already, or the metadata has a table of that name.
  /// @throws ArgumentError        There is no primary key; or as Table.
  template <class T, class... P>
  void map(const std::string& table, const P&... parts) {
    auto mapper = std::make_unique<detail::Mapper>();
    mapper->name = detail::readable_name(typeid(T).name());
    mapper->make = []() -> std::shared_ptr<void> { return std::make_shared<T>(); };
    mapper->slot = &detail::mapper_slot<T>;
    mapper->registry = this;
    (take<T>(*mapper, parts), ...);
    std::vector<Column> columns;
    for (const detail::Attribute& attribute : mapper->attributes) {
      columns.push_back(attribute.column);
    }
    mapper->table = make_table(table, columns, parts...);
    add(std::move(mapper));
  }

  /// Resolves the relationships of all classes mapped so far; the first use of one does it otherwise.
  /// @throws InvalidRequestError  One has no target, no foreign key, or several.
  void configure();

  /// configure(), if classes were mapped since it was last called. Thread-safe.
  void configure_once();

  /// @return The tables.
  [[nodiscard]] const MetaData& metadata() const noexcept { return metadata_; }

 private:
  template <class T, class C>
  static void take(detail::Mapper& mapper, const detail::MappedColumn<C>& part) {
    static_assert(std::is_same_v<T, C>, "the member belongs to another class");
    mapper.attributes.push_back(part.attribute);
  }
  template <class T, class C>
  static void take(detail::Mapper& mapper, const detail::MappedRelationship<C>& part) {
    static_assert(std::is_same_v<T, C>, "the member belongs to another class");
    mapper.relationships.push_back(part.relationship);
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
