// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "family.hpp"

using namespace family;
using database::error_of;

TEST_CASE("a mapped class has a table, with columns of its members' types") {
  gw::Registry registry;
  map_all(registry);
  const gw::Table* const child = registry.metadata().find("child");
  REQUIRE(child != nullptr);
  CHECK(child->c("id").data().type == gw::BigInteger());
  CHECK(child->c("name").data().type == gw::Text());
  CHECK(child->c("parent_id").data().is_nullable());
  CHECK_FALSE(registry.metadata().find("toy")->c("kind").data().is_nullable());
  CHECK(gw::attr(&Child::name).name() == "name");
  CHECK(gw::select<Child>().where(gw::attr(&Child::name) == "x").order_by(&Child::id).statement().str() ==
        "SELECT child.id, child.parent_id, child.name FROM child WHERE child.name = $1 ORDER BY child.id");
}

TEST_CASE("a class is mapped once, as long as its registry lives") {
  CHECK(error_of<gw::InvalidRequestError>([] { return gw::select<Place>(); }) ==
        "Class 'Place' is not mapped: Registry::map<Place>() comes first, and the registry has to live");
  for (int i = 0; i != 2; ++i) {
    gw::Registry registry;
    map_all(registry);
    gw::Registry other;
    CHECK(error_of<gw::InvalidRequestError>([&] {
            other.map<Place>("place", gw::mapped_column(&Place::row, "row", gw::primary_key));
            return 0;
          }) == "Class 'Place' already has a primary mapper defined");
  }
}

TEST_CASE("a mapping that makes no sense is refused when it is made, or when it is configured") {
  gw::Registry registry;
  CHECK(error_of<gw::ArgumentError>([&] {
          registry.map<Place>("place", gw::mapped_column(&Place::row, "row"));
          return 0;
        }) == "class Place has no primary key: an entity has to be told from others by its row");

  gw::Registry alone;
  alone.map<Node>("node", gw::mapped_column(&Node::id, "id", gw::primary_key), gw::relationship(&Node::nodes, "nodes"));
  CHECK(error_of<gw::InvalidRequestError>([&] {
          alone.configure();
          return 0;
        }) == "relationship Node.nodes: table 'node' has no foreign key to table 'node'");

  gw::Registry half;
  half.map<Child>("child", gw::mapped_column(&Child::id, "id", gw::primary_key),
                  gw::relationship(&Child::parent, "parent"));
  CHECK(error_of<gw::InvalidRequestError>([&] {
          half.configure();
          return 0;
        }) == "relationship Child.parent: class Parent is not mapped");

  struct Ticket {
    std::string id = {};
    std::optional<std::int64_t> ticket_id = {};
    gw::Many<Ticket> tickets = {};
  };
  gw::Registry mixed;
  mixed.map<Ticket>("ticket", gw::mapped_column(&Ticket::id, "id", gw::primary_key),
                    gw::mapped_column(&Ticket::ticket_id, "ticket_id", gw::ForeignKey("ticket.id")),
                    gw::relationship(&Ticket::tickets, "tickets"));
  CHECK(error_of<gw::InvalidRequestError>([&] {
          mixed.configure();
          return 0;
        }) ==
        "relationship Ticket.tickets: its foreign key relates column 'id' (VARCHAR) and column 'ticket_id' (BIGINT), "
        "which are of different types");
}

namespace {

template <class M, class A>
concept CanBeMapped = requires(M Place::*member, A attribute) {
  gw::mapped_column(member, "name", attribute);
};

}  // namespace

TEST_CASE("a member does not compile with a type that cannot hold it") {
  STATIC_REQUIRE(CanBeMapped<std::int32_t, gw::BigInteger>);
  STATIC_REQUIRE(CanBeMapped<std::optional<std::string>, gw::Text>);
  STATIC_REQUIRE_FALSE(CanBeMapped<std::int32_t, gw::Text>);
  STATIC_REQUIRE_FALSE(CanBeMapped<std::optional<double>, gw::DateTime>);
  STATIC_REQUIRE_FALSE(CanBeMapped<std::optional<std::string>, gw::Integer>);
}
