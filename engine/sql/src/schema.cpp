// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/schema.hpp>

#include <algorithm>
#include <set>

#include <greenway/base/error.hpp>

#include "make_node.hpp"
#include "named_column.hpp"
#include "statement_nodes.hpp"

namespace greenway {

using detail::ColumnNode;
using detail::NodeKind;
using detail::NodeRef;

namespace {

std::string literal_of(const char* text) {
  std::string sql = "'";
  for (; *text != 0; ++text) {
    sql.append(*text == '\'' ? 2 : 1, *text);
  }
  return sql + "'";
}

/// "schema.table.column" without the column.
std::string table_of(const std::string& target) {
  const std::size_t point = target.rfind('.');
  if (point == std::string::npos || point == 0) {
    throw ArgumentError("a foreign key refers to 'table.column', and not to '" + target + "'");
  }
  return target.substr(0, point);
}

void require_columns(const Table::Data& table, const std::vector<std::string>& names, const char* what) {
  for (const std::string& name : names) {
    if (std::ranges::none_of(table.columns, [&](const Column& column) { return column.name() == name; })) {
      throw ArgumentError(std::string(what) + " of table '" + table.name + "' names column '" + name +
                          "', which the table does not have");
    }
  }
}

}  // namespace

server_default::server_default(const char* text)
    : expression(detail::make_node(NodeKind::literal_column, literal_of(text), {})) {}

Column::Column(std::string name, Type type) : data_(std::make_shared<Data>()) {
  data_->name = std::move(name);
  data_->type = std::move(type);
}

void Column::apply(const PrimaryKey& /*attribute*/) { data_->primary_key = true; }

void Column::apply(const Unique& /*attribute*/) { data_->unique = true; }

void Column::apply(const Indexed& /*attribute*/) { data_->indexed = true; }

void Column::apply(const greenway::nullable& attribute) { data_->nullable = attribute.value; }

void Column::apply(const greenway::autoincrement& attribute) { data_->autoincrement = attribute.value; }

void Column::apply(const greenway::server_default& attribute) { data_->server_default = attribute.expression; }

void Column::apply(const default_& attribute) { data_->default_value = attribute; }

void Column::apply(const onupdate& attribute) { data_->onupdate_value = attribute; }

void Column::apply(const ForeignKey& attribute) { data_->foreign_keys.push_back(attribute); }

void Column::apply(const Identity& attribute) { data_->identity = attribute; }

void Column::apply(const Computed& attribute) { data_->computed = attribute; }

void Column::apply(const greenway::comment& attribute) { data_->comment = attribute.text; }

Table::Table(std::string name) : data_(std::make_shared<Data>()) { data_->name = std::move(name); }

void Table::apply(const Column& part) { data_->columns.push_back(part); }

void Table::apply(const PrimaryKeyConstraint& part) { data_->primary_key = part; }

void Table::apply(const ForeignKeyConstraint& part) { data_->foreign_keys.push_back(part); }

void Table::apply(const UniqueConstraint& part) { data_->uniques.push_back(part); }

void Table::apply(const CheckConstraint& part) { data_->checks.push_back(part); }

void Table::apply(const Index& part) { data_->indexes.push_back(part); }

void Table::apply(const greenway::schema& part) { data_->schema = part.name; }

void Table::apply(const greenway::comment& part) { data_->comment = part.text; }

Table::Table(std::shared_ptr<Data> data) : data_(std::move(data)) { make_nodes(); }

void Table::make_nodes() {
  auto* const table = new detail::TableNode(data_->name, data_->schema);
  node_ = NodeRef(table);
  table->data = data_;
  auto columns = std::make_shared<Columns>();
  for (Column& column : data_->columns) {
    table->has_defaults = table->has_defaults || column.data().default_value.has_value();
    table->has_onupdates = table->has_onupdates || column.data().onupdate_value.has_value();
    auto* const node = new ColumnNode(column.name(), node_, column.data().type);
    column.node_ = NodeRef(node);
    for (std::size_t i = 0; i != data_->foreign_keys.size(); ++i) {
      const ForeignKeyConstraint& constraint = data_->foreign_keys[i];
      for (std::size_t k = 0; k != constraint.columns.size(); ++k) {
        if (constraint.columns[k] == column.name()) {
          node->references.push_back({static_cast<int>(i), constraint.referred[k]});
        }
      }
    }
    columns->push_back(column);
  }
  columns_ = std::move(columns);
}

void Table::complete(MetaData& metadata) {
  std::set<std::string_view> names;
  for (const Column& column : data_->columns) {
    if (!names.insert(column.name()).second) {
      throw ArgumentError("table '" + data_->name + "' has two columns '" + column.name() + "'");
    }
    for (const ForeignKey& key : column.data().foreign_keys) {
      data_->foreign_keys.push_back({{column.name()}, {key.target}, key.options});
    }
    if (column.data().unique) {
      data_->uniques.emplace_back(std::vector<std::string>{column.name()});
    }
    if (column.data().indexed) {
      data_->indexes.emplace_back(std::string(), std::vector<std::string>{column.name()});
    }
  }
  if (data_->primary_key) {
    require_columns(*data_, data_->primary_key->columns, "the primary key");
    for (Column& column : data_->columns) {
      // Another table may have been defined with the same object.
      column.data_ = std::make_shared<Column::Data>(*column.data_);
      column.data_->primary_key = std::ranges::find(data_->primary_key->columns, column.name()) != data_->primary_key->columns.end();
    }
  }
  for (const ForeignKeyConstraint& key : data_->foreign_keys) {
    require_columns(*data_, key.columns, "a foreign key");
    if (key.columns.size() != key.referred.size() || key.columns.empty()) {
      throw ArgumentError("a foreign key of table '" + data_->name + "' has to refer to as many columns as it consists of");
    }
    for (const std::string& target : key.referred) {
      table_of(target);
    }
  }
  for (const UniqueConstraint& constraint : data_->uniques) {
    require_columns(*data_, constraint.columns, "a unique constraint");
  }
  if (metadata.find(data_->key()) != nullptr) {
    throw InvalidRequestError("the metadata has a table '" + data_->key() + "' already");
  }
  data_->convention = metadata.naming_convention();
  make_nodes();
  metadata.tables_.push_back(*this);
}

const Column& Table::c(std::string_view name) const {
  const auto found = std::ranges::find(data_->columns, name, &Column::name);
  if (found != data_->columns.end()) {
    return *found;
  }
  throw ArgumentError("table '" + data_->name + "' has no column '" + std::string(name) +
                      "'; it has: " + detail::listed(data_->columns, &Column::name));
}

std::vector<Column> Table::Data::primary_key_columns() const {
  std::vector<Column> key;
  if (primary_key) {
    for (const std::string& part : primary_key->columns) {
      key.push_back(*std::ranges::find(columns, part, &Column::name));
    }
  } else {
    std::ranges::copy_if(columns, std::back_inserter(key), [](const Column& column) { return column.data().primary_key; });
  }
  return key;
}

bool Table::Data::is_counted(const Column::Data& column) const {
  const bool is_integer = column.type.is_integer();
  const bool may = column.primary_key && is_integer && column.foreign_keys.empty() && !column.server_default &&
                   primary_key_columns().size() == 1;
  return column.autoincrement.value_or(may) && is_integer;
}

const Table* MetaData::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find_if(tables_, [&](const Table& table) { return table.data().key() == key; });
  return found == tables_.end() ? nullptr : &*found;
}

std::vector<Table> MetaData::sorted_tables() const {
  std::vector<Table> sorted;
  std::set<std::string> done;
  std::set<std::string> open;
  // Depth first; a cycle is broken where it closes: the last of its foreign keys is to a table behind its own.
  const auto visit = [&](const auto& self, const Table& table) -> void {
    const std::string key = table.data().key();
    if (done.contains(key) || !open.insert(key).second) {
      return;
    }
    for (const ForeignKeyConstraint& constraint : table.data().foreign_keys) {
      for (const std::string& target : constraint.referred) {
        const Table* const referred = find(table_of(target));
        if (referred == nullptr) {
          throw ArgumentError("a foreign key of table '" + key + "' refers to '" + target + "', which the metadata does not have");
        }
        static_cast<void>(referred->c(target.substr(target.rfind('.') + 1)));
        self(self, *referred);
      }
    }
    done.insert(key);
    sorted.push_back(table);
  };
  for (const Table& table : tables_) {
    visit(visit, table);
  }
  return sorted;
}

}  // namespace greenway
