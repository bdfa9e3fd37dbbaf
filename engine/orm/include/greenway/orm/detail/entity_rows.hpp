// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include <greenway/db/result.hpp>

namespace greenway::detail {

struct EntityQuery;
class SessionState;

/// The rows of one result of entities, some at a time.
class EntityRows {
 public:
  EntityRows(Result result, SessionState& session, std::shared_ptr<EntityQuery> query, std::size_t a_time,
             bool lets_go);
  // Not inline: each class has a template of its own around it.
  EntityRows(EntityRows&& other) noexcept;
  EntityRows& operator=(EntityRows&& other) noexcept;
  ~EntityRows();

  /// Moves on to the next row; false after the last one.
  bool next() {
    if (must_be_unique_) [[unlikely]] {
      throw_not_unique();
    }
    do {
      if (++at_ >= count_ && !load()) {
        return false;
      }
    } while (is_skipped());
    return true;
  }
  /// An entity of the row, among those of a row.
  const std::shared_ptr<void>& entity(std::size_t which) const noexcept { return entities_[at_ * a_row_ + which]; }
  /// As entity(), to be taken.
  std::shared_ptr<void>& entity(std::size_t which) noexcept { return entities_[at_ * a_row_ + which]; }
  /// A value of the row, among those that are of no entity.
  template <class T>
  T value(std::size_t which) const {
    return rows_[at_].template get<T>(column(which));
  }
  /// From now on rows that say what one before has said are left out.
  void make_unique() {
    unique_.emplace();
    must_be_unique_ = false;
  }
  /// Loads all there are.
  void buffer();
  void close();

 private:
  [[nodiscard]] std::size_t column(std::size_t which) const noexcept;
  bool is_skipped();
  [[noreturn]] static void throw_not_unique();
  bool load();
  void read(std::size_t count);
  void let_go();

  Result result_;
  SessionState* session_;
  std::shared_ptr<EntityQuery> query_;
  std::size_t a_time_;
  bool lets_go_;
  std::size_t a_row_;                            // entities
  std::vector<std::shared_ptr<void>> entities_;
  std::vector<Row> rows_;                        // where they have values besides
  std::vector<std::pair<const void*, std::size_t>> made_;  // lets_go_: what came with them, by object and number
  std::vector<std::pair<const void*, std::size_t>> held_;  // of the time before
  std::size_t at_ = 0;
  std::size_t count_ = 0;                        // rows loaded
  std::optional<std::unordered_set<std::string>> unique_;
  bool must_be_unique_;
  bool is_at_end_ = false;
};

/// Reads a row as an EntityResult<T> gives it.
template <class T>
struct EntityReader {
  using type = std::shared_ptr<T>;
  using Maybe = type;
  static Maybe read(EntityRows& rows) { return std::static_pointer_cast<T>(std::move(rows.entity(0))); }
};

template <class T>
inline constexpr bool is_entity = false;
template <class T>
inline constexpr bool is_entity<std::shared_ptr<T>> = true;

template <class T>
T read_item(EntityRows& rows, std::size_t& entities, std::size_t& values) {
  if constexpr (is_entity<T>) {
    return std::static_pointer_cast<typename T::element_type>(std::as_const(rows).entity(entities++));
  } else {
    return rows.value<T>(values++);
  }
}

template <class... T>
struct EntityReader<std::tuple<T...>> {
  using type = std::tuple<T...>;
  using Maybe = std::optional<type>;
  static Maybe read(EntityRows& rows) {
    std::size_t entities = 0;
    std::size_t values = 0;
    return Maybe(type{read_item<T>(rows, entities, values)...});
  }
};

/// Of each row of a tuple the first item.
template <class T>
struct FirstOf;

template <class T, class... U>
struct EntityReader<FirstOf<std::tuple<T, U...>>> {
  using type = T;
  using Maybe = std::conditional_t<is_entity<T>, T, std::optional<T>>;
  static Maybe read(EntityRows& rows) {
    std::size_t entities = 0;
    std::size_t values = 0;
    return Maybe(read_item<T>(rows, entities, values));
  }
};

}  // namespace greenway::detail
