// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <greenway/orm/detail/member_type.hpp>
#include <greenway/orm/eager_defaults.hpp>
#include <greenway/orm/related.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

namespace greenway {

class Registry;

}  // namespace greenway

/// What a class is mapped to, without the class.
namespace greenway::detail {

/// Whether the values of some columns are one of some lists.
[[nodiscard]] ColumnElement is_among(const std::vector<ColumnElement>& columns,
                                     const std::vector<std::vector<Value>>& values);

struct EntityEvents;
struct Mapper;

/// A member and its column.
struct Attribute {
  std::size_t offset;
  const MemberType* type;
  Column column;
  bool is_version = false;          ///< Counted up by each UPDATE, which says what it was.
  bool changes_by_update = false;   ///< Somebody else gives it another value with each UPDATE.
  bool has_default = false;         ///< Somebody else gives it a value where it is not set.
  bool is_foreign_key = false;
  std::function<ColumnElement()> expression = {};  ///< Of a column_property: what `column` is, which is no column then.
  /// Of functions that read and write it, their accessor_key; `offset` is their class's.
  const char* accessor = nullptr;
};

/// Tells the functions that read members from each other.
template <auto Getter>
inline constexpr char accessor_key = 0;

/// Which side of a foreign key the owner of a relationship is on, or that both are referred to by a third table.
enum class Direction : std::uint8_t { one_to_many, many_to_one, many_to_many };

/// What follows from what is done to the owner of a relationship.
struct Cascades {
  bool save_update = false;  ///< What belongs to an entity of a session is the session's.
  bool merges = false;       ///< What belongs to a merged entity is merged.
  bool expunges = false;     ///< What belongs to an expunged entity is expunged.
  bool deletes = false;      ///< What belongs to a deleted entity is deleted.
  bool deletes_orphans = false;  ///< What belongs to it no more is deleted.
};

/// How what belongs to an entity is loaded.
enum class LazyLoad : std::uint8_t {
  mapped,          ///< As the mapping says.
  select,          ///< When it is touched.
  selectin,        ///< With all entities of the result, by one more SELECT for some hundred of them.
  joined,          ///< By a join of the same SELECT.
  immediate,       ///< By one more SELECT for each entity.
  raise,           ///< Never.
  raise_on_sql,    ///< Only without a statement.
  contains_eager,  ///< From columns that the SELECT has.
};

/// @throws ArgumentError  There is none of that name.
LazyLoad lazy_load_of(const std::string& name);

/// A member that is Many or One.
struct Relationship {
  std::size_t offset;
  std::string name;
  std::atomic<const Mapper*>* target_slot;  ///< Where the target's mapper is, once it is mapped.
  std::string target_name;
  Related* (*related)(void* member);
  bool is_many;
  Cascades cascades = {};
  bool passive_deletes = false;      ///< The database sees to what is not loaded.
  std::vector<ColumnElement> order_by = {};
  std::string back_populates = {};   ///< The target's relationship that is the other side of this one.
  std::string secondary_name = {};
  std::vector<std::string> foreign_keys = {};  ///< The columns that tell one foreign key from others.
  LazyLoad lazy = LazyLoad::select;
  bool is_write_only = false;        ///< Its entities are never loaded; what is held is what a flush adds.

  // By Registry::configure.
  const Mapper* target = nullptr;
  Direction direction = Direction::one_to_many;
  /// Attributes: the owner's, the target's. Not of many_to_many.
  std::vector<std::pair<std::size_t, std::size_t>> pairs = {};
  std::optional<Table> secondary = {};
  /// The owner's attributes, and the secondary table's columns.
  std::vector<std::pair<std::size_t, Column>> owner_pairs = {};
  /// The target's, likewise.
  std::vector<std::pair<std::size_t, Column>> target_pairs = {};
  std::optional<std::size_t> back = {};  ///< back_populates, among the target's.
  bool points_only = false;          ///< Another side keeps the entities.
};

/// A foreign key to a class that refers back: the rows of both may refer to each other in a circle.
struct CyclicKey {
  const Mapper* target;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  ///< As of Relationship.
};

// A program has hundreds of what follows, each in an expression of its own: nothing of it is inline.

/// Columns, on their way into a mapping.
struct ColumnParts {
  explicit ColumnParts(std::vector<Attribute> some);
  ColumnParts(const ColumnParts& other);
  ColumnParts(ColumnParts&& other) noexcept;
  ~ColumnParts();
  /// Adds those of a member, or of a base class, that is at an offset.
  void add(const ColumnParts& more, std::size_t offset);

  std::vector<Attribute> attributes;
};

/// A relationship, on its way into a mapping.
struct RelationshipPart {
  explicit RelationshipPart(Relationship one);
  RelationshipPart(const RelationshipPart& other);
  RelationshipPart(RelationshipPart&& other) noexcept;
  ~RelationshipPart();

  Relationship relationship;
};

/// A mapped class.
struct Mapper {
  std::string name;
  std::optional<Table> table = {};
  std::vector<Attribute> attributes = {};
  std::vector<std::size_t> key = {};  ///< Among the attributes.
  std::vector<std::size_t> deferred = {};  ///< Likewise: those that are loaded when they are touched.
  std::vector<std::size_t> computed = {};  ///< Likewise: those that no column has.
  std::optional<std::size_t> version = {};  ///< Likewise.
  EagerDefaults eager_defaults = EagerDefaults::true_;
  std::vector<Relationship> relationships = {};
  std::shared_ptr<void> (*make)() = nullptr;
  std::atomic<const Mapper*>* slot = nullptr;
  Registry* registry = nullptr;
  std::shared_ptr<EntityEvents> events = {};
  std::optional<Select> select_all = {};  ///< The attributes' columns, in their order.
  std::size_t number = 0;   ///< In the order in which the registry's classes were mapped.
  /// By Registry::configure: above those that it refers to, equal where they refer to each other.
  std::size_t rank = 0;
  std::vector<CyclicKey> cyclic_keys = {};  ///< By Registry::configure: to others of its rank.

  /// The number of the attribute at an offset.
  [[nodiscard]] std::optional<std::size_t> find(std::size_t offset) const noexcept;
  /// The column of the attribute at an offset, or of some accessor; throws where there is none.
  [[nodiscard]] const Column& column_at(std::size_t offset) const;
  [[nodiscard]] const Column& column_of(const char* accessor) const;
  [[nodiscard]] std::optional<std::size_t> find_relationship(std::size_t offset) const noexcept;
  /// The number of the attribute of a column.
  [[nodiscard]] std::size_t number_of(std::string_view column) const;
  /// Whether a row's attributes are one of some lists of values.
  [[nodiscard]] ColumnElement is_among(const std::vector<std::size_t>& some,
                                       const std::vector<std::vector<Value>>& values) const;
  [[nodiscard]] Related& related(void* object, std::size_t relationship) const noexcept {
    return *relationships[relationship].related(static_cast<std::byte*>(object) + relationships[relationship].offset);
  }
};

/// A class that is being mapped.
struct Mapping {
  Mapping(const char* type_name, std::shared_ptr<void> (*make)(), std::atomic<const Mapper*>& slot);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  void take(const ColumnParts& part, std::size_t offset);
  void take(const RelationshipPart& part, std::size_t offset);
  [[nodiscard]] std::vector<Column> columns() const;

  std::unique_ptr<Mapper> mapper;
};

/// The mapper of a class, as long as its registry lives.
template <class T>
inline std::atomic<const Mapper*> mapper_slot{nullptr};

/// The number of the relationship at an offset; throws where there is none.
std::size_t relationship_of(const Mapper& mapper, std::size_t offset);
[[noreturn]] void throw_unmapped(const char* type_name);
std::string readable_name(const char* type_name);

template <class T>
const Mapper& mapper_of() {
  const Mapper* const mapper = mapper_slot<T>.load(std::memory_order_acquire);
  if (mapper == nullptr) {
    throw_unmapped(typeid(T).name());
  }
  return *mapper;
}

/// The class that a member is mapped for: `T` if that is said, since a member of a base class does not tell who derives
/// from it.
template <class T, class C>
using Owner = std::conditional_t<std::is_void_v<T>, C, T>;

/// Where a base class is in one that derives from it.
template <class T, class C>
std::size_t base_offset() noexcept {
  if constexpr (std::is_same_v<T, C>) {
    return 0;
  } else {
    static_assert(std::derived_from<T, C>, "the member belongs to another class");
    static_assert(requires { static_cast<T*>(static_cast<C*>(nullptr)); },
                  "a virtual base class is not always at the same place");
    alignas(T) static std::byte place[sizeof(T)];
    const C* const base = reinterpret_cast<const T*>(place);
    return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(base) - place);
  }
}

/// Where a member is in its class, or in one that derives from that.
template <class T = void, class C, class M>
std::size_t offset_of(M C::*member) noexcept {
  alignas(C) static std::byte place[sizeof(C)];
  const auto* const object = reinterpret_cast<const C*>(place);
  return base_offset<Owner<T, C>, C>() +
         static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(object->*member)) - place);
}

}  // namespace greenway::detail
