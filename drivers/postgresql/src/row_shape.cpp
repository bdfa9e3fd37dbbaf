// SPDX-License-Identifier: BSL-1.0
#include "row_shape.hpp"

namespace greenway::detail::postgresql {

RowShape::RowShape(const PGresult* result) {
  const int count = PQnfields(result);
  ColumnList list;
  for (int i = 0; i < count; ++i) {
    const Oid type = PQftype(result, i);
    list.push_back(ColumnInfo{PQfname(result, i), type_name(type)});
    types.push_back(type);
    codecs.push_back(codec_of(type));
    if (codecs.back() == Codec::timetz) {
      rendered.push_back(static_cast<std::size_t>(i));
    }
  }
  columns = std::make_shared<const ColumnList>(std::move(list));
}

bool RowShape::matches(const PGresult* result) const noexcept {
  if (static_cast<std::size_t>(PQnfields(result)) != types.size()) {
    return false;
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const int column = static_cast<int>(i);
    if (PQftype(result, column) != types[i] || (*columns)[i].name != PQfname(result, column)) {
      return false;
    }
  }
  return true;
}

}  // namespace greenway::detail::postgresql
