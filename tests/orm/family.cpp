// SPDX-License-Identifier: BSL-1.0
#include "family.hpp"

namespace family {

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  using gw::relationship;
  registry.map<Parent>("parent", mapped_column(&Parent::id, "id", primary_key), mapped_column(&Parent::name, "name"),
                       mapped_column(&Parent::age, "age"),
                       mapped_column(&Parent::rank, "rank", gw::server_default("7")),
                       relationship(&Parent::children, "children"),
                       relationship(&Parent::toys, "toys", {.cascade = "all, delete-orphan"}));
  registry.map<Child>("child", mapped_column(&Child::id, "id", primary_key),
                      mapped_column(&Child::parent_id, "parent_id", gw::ForeignKey("parent.id")),
                      mapped_column(&Child::name, "name", gw::Text()), relationship(&Child::parent, "parent"));
  registry.map<Toy>("toy", mapped_column(&Toy::id, "id", primary_key),
                    mapped_column(&Toy::parent_id, "parent_id", gw::ForeignKey("parent.id")),
                    mapped_column(&Toy::kind, "kind"));
  registry.map<Node>("node", mapped_column(&Node::id, "id", primary_key),
                     mapped_column(&Node::parent_id, "parent_id", gw::ForeignKey("node.id")),
                     relationship(&Node::nodes, "nodes"));
  registry.map<Place>("place", mapped_column(&Place::row, "row", primary_key),
                      mapped_column(&Place::column, "column", primary_key), mapped_column(&Place::what, "what"));
}

Statements::Statements(const Engine& engine) : engine_(sync_engine(engine)) {
  number_ = engine_.events().before_cursor_execute.listen(
      [this](gw::Connection&, gw::StatementContext& it) { all_.push_back(it.statement); });
}

Statements::~Statements() { engine_.events().before_cursor_execute.remove(number_); }

int Statements::take(const std::string& what) {
  const auto count = std::erase_if(all_, [&](const std::string& statement) { return statement.starts_with(what); });
  return static_cast<int>(count);
}

}  // namespace family
