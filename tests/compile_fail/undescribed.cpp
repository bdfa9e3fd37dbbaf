// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/row_struct.hpp>

struct Undescribed {
  int id;
};

Undescribed use(const greenway::Row& row) { return row.as<Undescribed>(); }
