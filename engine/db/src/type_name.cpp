// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "catalog.hpp"

namespace greenway::detail {

namespace {

/// "NUMERIC(10, 2)" in its parts; what stands behind the parentheses belongs to the name.
struct TypeName {
  std::string name;
  std::vector<int> numbers;
};

TypeName split(std::string_view text) {
  TypeName parts;
  bool is_inside = false;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const char c = text[i];
    if (c == '(') {
      is_inside = true;
    } else if (c == ')') {
      is_inside = false;
    } else if (!is_inside) {
      if (c != ' ' || (!parts.name.empty() && parts.name.back() != ' ')) {
        parts.name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    } else if (int number = 0; std::isdigit(static_cast<unsigned char>(c)) != 0) {
      const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), number);
      if (error == std::errc()) {
        parts.numbers.push_back(number);
      }
      i = static_cast<std::size_t>(end - text.data()) - 1;
    }
  }
  while (!parts.name.empty() && parts.name.back() == ' ') {
    parts.name.pop_back();
  }
  return parts;
}

struct Named {
  std::string_view name;
  Type (*make)(const std::vector<int>& numbers);
};

template <class T>
Type plain(const std::vector<int>&) {
  return T();
}

template <class T>
Type sized(const std::vector<int>& numbers) {
  return numbers.empty() ? T() : T(numbers[0]);
}

Type numeric(const std::vector<int>& numbers) {
  return numbers.empty() ? Numeric() : Numeric(numbers[0], numbers.size() > 1 ? numbers[1] : 0);
}

template <bool with_timezone>
Type datetime(const std::vector<int>&) {
  return DateTime(with_timezone);
}

constexpr std::array names{
    Named{"bigint", plain<BigInteger>},
    Named{"blob", plain<LargeBinary>},
    Named{"boolean", plain<Boolean>},
    Named{"bool", plain<Boolean>},
    Named{"bytea", plain<LargeBinary>},
    Named{"char", sized<String>},
    Named{"character", sized<String>},
    Named{"character varying", sized<String>},
    Named{"clob", plain<Text>},
    Named{"date", plain<Date>},
    Named{"datetime", datetime<false>},
    Named{"decimal", numeric},
    Named{"double", plain<Double>},
    Named{"double precision", plain<Double>},
    Named{"float", plain<Float>},
    Named{"int", plain<Integer>},
    Named{"integer", plain<Integer>},
    Named{"interval", plain<Interval>},
    Named{"json", plain<JSON>},
    Named{"jsonb", plain<JSONB>},
    Named{"numeric", numeric},
    Named{"real", plain<Float>},
    Named{"smallint", plain<SmallInteger>},
    Named{"text", plain<Text>},
    Named{"time", plain<Time>},
    Named{"time without time zone", plain<Time>},
    Named{"timestamp", datetime<false>},
    Named{"timestamp with time zone", datetime<true>},
    Named{"timestamp without time zone", datetime<false>},
    Named{"uuid", plain<Uuid>},
    Named{"varchar", sized<String>},
};

}  // namespace

Type type_named(std::string_view name) {
  if (name.ends_with("[]")) {
    const Type item = type_named(name.substr(0, name.size() - 2));
    return item.kind() == TypeKind::unknown ? Type() : ARRAY(item);
  }
  const TypeName parts = split(name);
  const auto found = std::ranges::find(names, parts.name, &Named::name);
  return found == names.end() ? Type() : found->make(parts.numbers);
}

}  // namespace greenway::detail
