// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/loader_option.hpp>
#include <greenway/sql/select.hpp>

namespace greenway::detail {

/// A SELECT of entities, without their classes.
struct EntityStatement {
  /// What is selected: an entity, or an expression.
  struct Item {
    const Mapper* mapper;
    std::optional<FromClause> alias = {};
    std::optional<ColumnElement> column = {};
  };

  explicit EntityStatement(const std::vector<Item>& selected);
  /// Of the entities of one class.
  explicit EntityStatement(const Mapper& mapper);
  // Not inline: each class has a template of its own around it.
  EntityStatement(const EntityStatement& other);
  EntityStatement(EntityStatement&& other) noexcept;
  EntityStatement& operator=(const EntityStatement& other);
  EntityStatement& operator=(EntityStatement&& other) noexcept;
  ~EntityStatement();

  void narrow(const ColumnElement& condition);
  void order(const ColumnElement& element);
  void load(const LoaderOption& option);
  void join(const Mapper& mapper, std::size_t relationship, const FromClause* to, bool isouter);

  Select select;
  std::vector<Item> items;
  std::vector<LoaderOption> options = {};
  std::vector<ColumnElement> order_by = {};
  bool is_bounded = false;    ///< It counts rows: a join of more of them would change what is found.
  bool is_grouped = false;    ///< It has no room for columns that are joined to it.
  bool overwrites = false;    ///< What the session has.
  std::size_t yield_per = 0;  ///< 0: all at once.
};

/// EXISTS: that something belongs to an entity, of which a condition holds.
ColumnElement exists_related(const Mapper& mapper, std::size_t relationship,
                             const std::optional<ColumnElement>& condition);

}  // namespace greenway::detail
