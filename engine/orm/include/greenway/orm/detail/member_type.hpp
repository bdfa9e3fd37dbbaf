// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/db/row.hpp>
#include <greenway/sql/value.hpp>

/// Members of mapped structs, without their classes: what is made for each type of member once, however many classes
/// have members of it.
namespace greenway::detail {

class DeferredMember;

/// What can be done with a member of some type.
struct MemberType {
  void (*read)(void* member, const Row& row, std::size_t column);
  bool (*is_in)(const void* member, const Row& row, std::size_t column);  ///< The row says what the member does.
  Value (*value)(const void* member);
  void (*assign)(void* member, const Value& value);
  bool (*is_unset)(const void* member);  ///< nullopt, or as it is made by default.
  void (*unset)(void* member);
  bool is_optional;
  bool is_integer;
  DeferredMember* (*deferred)(void* member) = nullptr;  ///< Of one that is loaded when it is touched.
};

[[noreturn]] void throw_not_assignable(const Value& value);

/// The `T` that was made a Value of.
template <class T>
T from_value(const Value& value) {
  if constexpr (is_optional<T>) {
    return value.is_null() ? T() : T(from_value<typename T::value_type>(value));
  } else if constexpr (Decorated<T>) {
    return TypeDecorator<T>::process_result_value(from_value<typename TypeDecorator<T>::Impl>(value));
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const auto* const number = value.get_if<std::int64_t>();
    return number != nullptr && std::in_range<T>(*number) ? static_cast<T>(*number)
                                                          : (throw_not_assignable(value), T());
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto* const number = value.get_if<double>();
    return number != nullptr ? static_cast<T>(*number) : (throw_not_assignable(value), T());
  } else if constexpr (std::is_same_v<T, Value>) {
    return value;
  } else if constexpr (std::is_same_v<T, boost::uuids::uuid>) {
    const auto* const held = value.get_if<UUIDBytes>();
    if (held == nullptr) {
      throw_not_assignable(value);
    }
    T uuid;
    std::copy(held->bytes.begin(), held->bytes.end(), uuid.begin());
    return uuid;
  } else if constexpr (std::is_same_v<T, std::chrono::year_month_day>) {
    return T(from_value<std::chrono::sys_days>(value));
  } else if constexpr (is_moment<T>) {
    using Held = std::chrono::time_point<typename T::clock, std::chrono::microseconds>;
    const auto* const held = value.get_if<Held>();
    return held != nullptr ? T(std::chrono::duration_cast<typename T::duration>(held->time_since_epoch()))
                           : (throw_not_assignable(value), T());
  } else if constexpr (is_duration<T>) {
    return std::chrono::duration_cast<T>(from_value<CalendarInterval>(value).microseconds);
  } else if constexpr (is_list<T>) {
    const auto* const items = value.get_if<std::vector<Value>>();
    if (items == nullptr) {
      throw_not_assignable(value);
    }
    T list;
    for (const Value& item : *items) {
      list.push_back(from_value<typename T::value_type>(item));
    }
    return list;
  } else {
    const auto* const held = value.get_if<T>();
    return held != nullptr ? *held : (throw_not_assignable(value), T());
  }
}

template <class T>
bool is_same(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::memcmp(&a, &b, sizeof a) == 0;  // NaN is what it was
  } else if constexpr (is_optional<T>) {
    return a.has_value() == b.has_value() && (!a || is_same(*a, *b));
  } else if constexpr (std::equality_comparable<T>) {
    return a == b;
  } else {
    return Value(a) == Value(b);
  }
}

/// Makes a MemberType of a type of member.
template <class T>
struct MemberTypeOf {
  using Held = T;
  static constexpr MemberType make() {
    return {
        [](void* member, const Row& row, std::size_t column) { *static_cast<T*>(member) = row.get<T>(column); },
        [](const void* member, const Row& row, std::size_t column) {
          return is_same(*static_cast<const T*>(member), row.get<T>(column));
        },
        [](const void* member) { return Value(*static_cast<const T*>(member)); },
        [](void* member, const Value& value) { *static_cast<T*>(member) = from_value<T>(value); },
        [](const void* member) { return is_same(*static_cast<const T*>(member), T()); },
        [](void* member) { *static_cast<T*>(member) = T(); },
        is_optional<T>,
        std::is_integral_v<T> && !std::is_same_v<T, bool>,
    };
  }
};

template <class T>
inline constexpr MemberType member_type = MemberTypeOf<T>::make();

/// What a column says that a member of type `T` is mapped to.
template <class T>
using HeldBy = typename MemberTypeOf<T>::Held;

/// The class and the value of a function that reads a member.
template <class G>
struct GetterTraits;
template <class C, class R>
struct GetterTraits<R (C::*)() const> {
  using Class = C;
  using Value = std::remove_cvref_t<R>;
};
template <class C, class R>
struct GetterTraits<R (C::*)() const noexcept> : GetterTraits<R (C::*)() const> {};

template <auto Getter>
using ReadBy = typename GetterTraits<decltype(Getter)>::Value;
template <auto Getter>
using ClassOf = typename GetterTraits<decltype(Getter)>::Class;

/// Makes a MemberType of two functions, of an object that has the member.
template <auto Getter, auto Setter>
struct AccessorType {
  using C = ClassOf<Getter>;
  using T = ReadBy<Getter>;
  static T get(const void* object) { return (static_cast<const C*>(object)->*Getter)(); }
  static void set(void* object, T value) { std::invoke(Setter, *static_cast<C*>(object), std::move(value)); }
  static constexpr MemberType make() {
    return {
        [](void* object, const Row& row, std::size_t column) { set(object, row.get<T>(column)); },
        [](const void* object, const Row& row, std::size_t column) { return is_same(get(object), row.get<T>(column)); },
        [](const void* object) { return greenway::Value(get(object)); },
        [](void* object, const greenway::Value& value) { set(object, from_value<T>(value)); },
        [](const void* object) { return is_same(get(object), T()); },
        [](void* object) { set(object, T()); },
        is_optional<T>,
        std::is_integral_v<T> && !std::is_same_v<T, bool>,
    };
  }
};

template <auto Getter, auto Setter>
inline constexpr MemberType accessor_type = AccessorType<Getter, Setter>::make();

}  // namespace greenway::detail
