// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/detail/entity_rows.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include <greenway/base/error.hpp>

#include "entity_key.hpp"
#include "entity_query.hpp"
#include "session_state.hpp"

namespace greenway::detail {

EntityRows::EntityRows(Result result, SessionState& session, std::shared_ptr<EntityQuery> query, std::size_t a_time,
                       bool lets_go)
    : result_(std::move(result)),
      session_(&session),
      query_(std::move(query)),
      a_time_(a_time),
      lets_go_(lets_go),
      a_row_(query_->entities.size()),
      must_be_unique_(query_->needs_unique) {
  if (must_be_unique_) {
    a_time_ = std::numeric_limits<std::size_t>::max();  // the rows of an entity may be anywhere
  }
}

EntityRows::EntityRows(EntityRows&& other) noexcept = default;
EntityRows& EntityRows::operator=(EntityRows&& other) noexcept = default;
EntityRows::~EntityRows() = default;

std::size_t EntityRows::column(std::size_t which) const noexcept { return query_->columns[which]; }

// A row without an entity where there is nothing else, or one like another.
bool EntityRows::is_skipped() {
  if (a_row_ == 1 && query_->columns.empty() && entity(0) == nullptr) {
    return true;
  }
  if (!unique_) {
    return false;
  }
  std::string key;
  for (std::size_t i = 0; i != a_row_; ++i) {
    const void* const object = entity(i).get();
    key.append(reinterpret_cast<const char*>(&object), sizeof object);
  }
  for (std::size_t i = 0; i != query_->columns.size(); ++i) {
    append_key(key, value<Value>(i));
  }
  return !unique_->insert(std::move(key)).second;
}

void EntityRows::throw_not_unique() {
  throw InvalidRequestError(
      "The unique() method must be invoked on this Result, as it contains results that include joined "
      "eager loads against collections");
}

bool EntityRows::load() {
  entities_.clear();
  rows_.clear();
  let_go();
  at_ = 0;
  count_ = 0;
  if (!is_at_end_) {
    read(a_time_);
  }
  return count_ != 0;
}

void EntityRows::buffer() {
  read(std::numeric_limits<std::size_t>::max());
  at_ = static_cast<std::size_t>(-1);
}

void EntityRows::read(std::size_t count) {
  const SessionUse use(*session_);
  const SessionState::Arrivals arrivals(*session_, lets_go_ ? &made_ : nullptr);
  Result::iterator row = result_.begin();
  is_at_end_ = row == result_.end();
  while (!is_at_end_) {
    for (EntityColumns& columns : query_->entities) {
      Instance* const instance = columns.read(*session_, *row);
      entities_.push_back(instance == nullptr ? nullptr : instance->object);
    }
    if (!query_->columns.empty()) {
      rows_.push_back(*row);
    }
    if (++count_ == count) {
      break;  // an iterator that moved on would have read one more
    }
    is_at_end_ = ++row == result_.end();
  }
  for (EntityColumns& columns : query_->entities) {
    columns.finish(*session_);
  }
}

// Those of the time before last are asked once more: the loop that reads partitions holds one while it asks for the
// next.
void EntityRows::let_go() {
  for (const auto* const some : {&held_, &made_}) {
    for (const auto& [object, number] : *some) {
      session_->let_go(object, number);
    }
  }
  held_ = std::exchange(made_, {});
}

void EntityRows::close() {
  result_.close();
  is_at_end_ = true;
  count_ = 0;
}

}  // namespace greenway::detail
