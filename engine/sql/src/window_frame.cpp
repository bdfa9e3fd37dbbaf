// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/window_frame.hpp>

#include <cstdlib>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

std::string bound(std::optional<int> distance, const char* unbounded) {
  if (!distance) {
    return unbounded;
  }
  if (*distance == 0) {
    return "CURRENT ROW";
  }
  return std::to_string(std::labs(*distance)) + (*distance < 0 ? " PRECEDING" : " FOLLOWING");
}

}  // namespace

FrameClause::FrameClause(const char* unit, std::optional<int> start, std::optional<int> end) : sql_(unit) {
  if (start && end && *start > *end) {
    throw ArgumentError("the frame of a window ends before it starts: " + std::to_string(*start) + " to " +
                        std::to_string(*end));
  }
  sql_ += " BETWEEN " + bound(start, "UNBOUNDED PRECEDING") + " AND " + bound(end, "UNBOUNDED FOLLOWING");
}

}  // namespace greenway
