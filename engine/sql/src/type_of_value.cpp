// SPDX-License-Identifier: BSL-1.0
#include "type_of_value.hpp"

#include <algorithm>

namespace greenway::detail {

Type type_of(const Value& value) {
  switch (value.kind()) {
    case ValueKind::boolean: return Boolean();
    case ValueKind::integer: return BigInteger();
    case ValueKind::real: return Double();
    case ValueKind::numeric: return Numeric();
    case ValueKind::text: return Text();
    case ValueKind::bytes: return LargeBinary();
    case ValueKind::date: return Date();
    case ValueKind::time: return Time();
    case ValueKind::datetime: return DateTime();
    case ValueKind::timestamptz: return DateTime(true);
    case ValueKind::interval: return Interval();
    case ValueKind::uuid: return Uuid();
    case ValueKind::json: return JSON();
    case ValueKind::array: {
      const auto& items = *value.get_if<std::vector<Value>>();
      const auto known = std::ranges::find_if_not(items, &Value::is_null);
      const Type item = known == items.end() ? Type() : type_of(*known);
      return item.kind() == TypeKind::unknown ? item : ARRAY(item.kind() == TypeKind::array ? item.item() : item);
    }
    case ValueKind::null: break;
  }
  return {};
}

}  // namespace greenway::detail
