// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/result.hpp>

std::string_view use(greenway::Result& result) { return result.one().get<std::string_view>(0); }
