// SPDX-License-Identifier: BSL-1.0
#include "configure.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/sql/compiler.hpp>

namespace greenway::detail {

Cascades cascades_of(const std::string& names) {
  Cascades cascades;
  for (std::size_t begin = 0; begin < names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    std::string_view name = std::string_view(names).substr(begin, end - begin);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    const bool all = name == "all";
    if (!all && name != "none" && name != "save-update" && name != "merge" && name != "expunge" && name != "delete" &&
        name != "delete-orphan") {
      throw ArgumentError("there is no cascade '" + std::string(name) +
                          "': save-update, merge, expunge, delete, delete-orphan, all or none");
    }
    cascades.save_update |= all || name == "save-update";
    cascades.merges |= all || name == "merge";
    cascades.expunges |= all || name == "expunge";
    cascades.deletes |= all || name == "delete";
    cascades.deletes_orphans |= name == "delete-orphan";
    begin = end + 1;
  }
  return cascades;
}

namespace {

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

[[noreturn]] void refuse(const Mapper& mapper, const Relationship& relationship, const std::string& why) {
  throw InvalidRequestError("relationship " + mapper.name + "." + relationship.name + ": " + why);
}

bool refers_to(const ForeignKeyConstraint& key, const Table& table) {
  const std::string& referred = key.referred.front();
  return referred.substr(0, referred.rfind('.')) == table.data().key();
}

std::string column_of(const std::string& referred) { return referred.substr(referred.rfind('.') + 1); }

/// The foreign keys of a table that refer to another, and are the one that is meant, if one is.
std::vector<const ForeignKeyConstraint*> keys_between(const Table& from, const Table& to,
                                                      const std::vector<std::string>& meant) {
  std::vector<const ForeignKeyConstraint*> keys;
  for (const ForeignKeyConstraint& key : from.data().foreign_keys) {
    if (refers_to(key, to) && (meant.empty() || std::ranges::is_permutation(key.columns, meant))) {
      keys.push_back(&key);
    }
  }
  return keys;
}

std::string count_of_keys(const Table& from, const Table& to, std::size_t count) {
  return "table '" + from.data().name + "' has " + (count == 0 ? "no foreign key" : "several foreign keys") +
         " to table '" + to.data().name + "'" + (count == 0 ? "" : ": say by foreign_keys which is meant");
}

/// Attributes of the class that refers, and of the one that is referred to.
Pairs pairs_of(const ForeignKeyConstraint& key, const Mapper& from, const Mapper& to) {
  Pairs pairs;
  for (std::size_t i = 0; i != key.columns.size(); ++i) {
    pairs.emplace_back(from.number_of(key.columns[i]), to.number_of(column_of(key.referred[i])));
  }
  return pairs;
}

std::vector<std::pair<std::size_t, Column>> secondary_pairs(const ForeignKeyConstraint& key, const Table& secondary,
                                                            const Mapper& to) {
  std::vector<std::pair<std::size_t, Column>> pairs;
  for (std::size_t i = 0; i != key.columns.size(); ++i) {
    pairs.emplace_back(to.number_of(column_of(key.referred[i])), secondary.c(key.columns[i]));
  }
  return pairs;
}

/// What can be compared with each other.
TypeKind family_of(const Type& type) {
  switch (type.kind()) {
    case TypeKind::small_integer:
    case TypeKind::big_integer:
      return TypeKind::integer;
    case TypeKind::text:
      return TypeKind::string;
    default:
      return type.kind();
  }
}

void require_same_type(const Mapper& mapper, const Relationship& relationship, const Column& one, const Column& other) {
  const auto text_of = [](const Column& column) {
    return "'" + column.name() + "' (" + Dialect::postgresql().type_name(column.data().type) + ")";
  };
  if (family_of(one.data().type) != family_of(other.data().type)) {
    refuse(mapper, relationship,
           "its foreign key relates column " + text_of(one) + " and column " + text_of(other) +
               ", which are of different types");
  }
}

void relate_by_table(const Mapper& mapper, Relationship& relationship, const MetaData& metadata) {
  const Table* const table = metadata.find(relationship.secondary_name);
  if (table == nullptr) {
    refuse(mapper, relationship, "the registry's metadata has no table '" + relationship.secondary_name + "'");
  }
  const Mapper& target = *relationship.target;
  const auto mine = keys_between(*table, *mapper.table, relationship.foreign_keys);
  auto others = keys_between(*table, *target.table, {});
  if (mine.size() == 1) {
    std::erase(others, mine.front());
  }
  if (mine.size() != 1 || others.size() != 1) {
    refuse(mapper, relationship,
           mine.size() != 1 ? count_of_keys(*table, *mapper.table, mine.size())
                            : count_of_keys(*table, *target.table, others.size()));
  }
  relationship.direction = Direction::many_to_many;
  relationship.secondary = *table;
  relationship.owner_pairs = secondary_pairs(*mine.front(), *table, mapper);
  relationship.target_pairs = secondary_pairs(*others.front(), *table, target);
  for (const auto& [attribute, column] : relationship.owner_pairs) {
    require_same_type(mapper, relationship, column, mapper.attributes[attribute].column);
  }
  for (const auto& [attribute, column] : relationship.target_pairs) {
    require_same_type(mapper, relationship, column, target.attributes[attribute].column);
  }
}

/// A One is this class's foreign key, if there is one, or else the other's, which then relates one to one.
void relate_by_key(const Mapper& mapper, Relationship& relationship) {
  const Mapper& target = *relationship.target;
  const auto mine = keys_between(*mapper.table, *target.table, relationship.foreign_keys);
  const auto others = keys_between(*target.table, *mapper.table, relationship.foreign_keys);
  const bool is_mine = !relationship.is_many && !mine.empty();
  const auto& keys = is_mine ? mine : others;
  if (keys.size() != 1) {
    const Mapper& from = is_mine || !relationship.is_many ? mapper : target;
    const Mapper& to = &from == &mapper ? target : mapper;
    refuse(mapper, relationship, count_of_keys(*from.table, *to.table, keys.size()));
  }
  relationship.direction = is_mine ? Direction::many_to_one : Direction::one_to_many;
  relationship.pairs = is_mine ? pairs_of(*keys.front(), mapper, target) : pairs_of(*keys.front(), target, mapper);
  if (!is_mine) {
    for (auto& [from, to] : relationship.pairs) {
      std::swap(from, to);
    }
  }
  for (const auto& [from, to] : relationship.pairs) {
    require_same_type(mapper, relationship, mapper.attributes[from].column, target.attributes[to].column);
  }
}

void relate(const Mapper& mapper, Relationship& relationship, const MetaData& metadata) {
  relationship.target = relationship.target_slot->load(std::memory_order_acquire);
  if (relationship.target == nullptr) {
    refuse(mapper, relationship, "class " + relationship.target_name + " is not mapped");
  }
  if (relationship.secondary_name.empty()) {
    relate_by_key(mapper, relationship);
  } else {
    relate_by_table(mapper, relationship, metadata);
  }
}

bool is_same_key(const Relationship& one, const Relationship& other) {
  return one.pairs.size() == other.pairs.size() && std::ranges::all_of(one.pairs, [&](const auto& pair) {
           return std::ranges::find(other.pairs, std::pair(pair.second, pair.first)) != other.pairs.end();
         });
}

/// Finds the other side, and which of the two keeps the entities.
void pair_up(Mapper& mapper, std::size_t number) {
  Relationship& relationship = mapper.relationships[number];
  const Mapper& target = *relationship.target;
  if (!relationship.back_populates.empty()) {
    const auto other = std::ranges::find(target.relationships, relationship.back_populates, &Relationship::name);
    if (other == target.relationships.end()) {
      refuse(mapper, relationship,
             "class " + target.name + " has no relationship '" + relationship.back_populates + "'");
    }
    const bool is_other_side =
        relationship.secondary
            ? other->secondary && other->secondary->data().key() == relationship.secondary->data().key()
            : is_same_key(relationship, *other) && other->direction != relationship.direction;
    if (other->back_populates != relationship.name || other->target != &mapper || !is_other_side) {
      refuse(mapper, relationship,
             "its back_populates, " + target.name + "." + other->name +
                 ", is not the other side of it: both have to say back_populates, and have the same key");
    }
    relationship.back = static_cast<std::size_t>(other - target.relationships.begin());
  }
  const auto keeps_more = [&](const Relationship& other, std::size_t its_number) {
    if (other.is_write_only || relationship.is_write_only) {
      return !other.is_write_only && relationship.is_write_only;
    }
    if (other.is_many != relationship.is_many) {
      return other.is_many;
    }
    return std::pair(target.number, its_number) < std::pair(mapper.number, number);
  };
  if (relationship.back) {
    relationship.points_only = keeps_more(target.relationships[*relationship.back], *relationship.back);
  } else if (!relationship.is_many) {
    relationship.points_only = std::ranges::any_of(target.relationships, [&](const Relationship& other) {
      return other.is_many && !other.is_write_only && other.target == &mapper && is_same_key(relationship, other);
    });
  }
}

/// The classes that the tables of others refer to.
std::vector<std::vector<std::size_t>> references(const std::vector<Mapper*>& mappers) {
  std::vector<std::vector<std::size_t>> all(mappers.size());
  for (const Mapper* const from : mappers) {
    for (const Mapper* const to : mappers) {
      if (from != to && !keys_between(*from->table, *to->table, {}).empty()) {
        all[from->number].push_back(to->number);
      }
    }
  }
  return all;
}

/// Tarjan's strongly connected components, which come out behind those that they refer to.
class Ranking {
 public:
  explicit Ranking(const std::vector<Mapper*>& mappers)
      : mappers_(mappers), references_(references(mappers)), places_(mappers.size()) {
    for (std::size_t i = 0; i != mappers.size(); ++i) {
      if (places_[i].index == 0) {
        visit(i);
      }
    }
  }

 private:
  struct Place {
    std::size_t index = 0;  // from 1; 0: not visited
    std::size_t lowest = 0;
    bool is_open = false;
  };

  void visit(std::size_t i) {
    places_[i] = {++last_index_, last_index_, true};
    open_.push_back(i);
    for (const std::size_t other : references_[i]) {
      if (places_[other].index == 0) {
        visit(other);
        places_[i].lowest = std::min(places_[i].lowest, places_[other].lowest);
      } else if (places_[other].is_open) {
        places_[i].lowest = std::min(places_[i].lowest, places_[other].index);
      }
    }
    if (places_[i].lowest != places_[i].index) {
      return;
    }
    for (std::size_t member = mappers_.size(); member != i;) {
      member = open_.back();
      open_.pop_back();
      places_[member].is_open = false;
      mappers_[member]->rank = next_rank_;
    }
    ++next_rank_;
  }

  const std::vector<Mapper*>& mappers_;
  std::vector<std::vector<std::size_t>> references_;
  std::vector<Place> places_;
  std::vector<std::size_t> open_;
  std::size_t last_index_ = 0;
  std::size_t next_rank_ = 0;
};

bool has_member_for(const Mapper& mapper, const std::string& column) {
  return std::ranges::find(mapper.attributes, column, [](const Attribute& attribute) {
           return attribute.column.name();
         }) != mapper.attributes.end();
}

/// Keys that no member has are the database's alone.
std::vector<CyclicKey> cyclic_keys(const Mapper& from, const std::vector<Mapper*>& mappers) {
  std::vector<CyclicKey> cyclic;
  for (const Mapper* const to : mappers) {
    if (to == &from || to->rank != from.rank) {
      continue;
    }
    for (const ForeignKeyConstraint* const key : keys_between(*from.table, *to->table, {})) {
      if (std::ranges::all_of(key->columns, [&](const std::string& column) { return has_member_for(from, column); })) {
        cyclic.push_back({to, pairs_of(*key, from, *to)});
      }
    }
  }
  return cyclic;
}

}  // namespace

void configure(const std::vector<Mapper*>& mappers, const MetaData& metadata) {
  for (Mapper* const mapper : mappers) {
    for (Relationship& relationship : mapper->relationships) {
      relate(*mapper, relationship, metadata);
    }
  }
  for (Mapper* const mapper : mappers) {
    for (std::size_t i = 0; i != mapper->relationships.size(); ++i) {
      pair_up(*mapper, i);
    }
  }
  Ranking{mappers};
  for (Mapper* const mapper : mappers) {
    mapper->cyclic_keys = cyclic_keys(*mapper, mappers);
  }
}

}  // namespace greenway::detail
