// SPDX-License-Identifier: BSL-1.0

// Classes that refer to each other, and rows that do.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "family.hpp"

namespace gw = greenway;
using database::error_of;
using family::Statements;
using ways::Engine;
using ways::Session;

namespace {

struct Player;

struct Team {
  std::int64_t id = 0;
  std::optional<std::int64_t> captain_id = {};
  gw::One<Player> captain = {};
  gw::Many<Player> players = {};
};

struct Player {
  std::int64_t id = 0;
  std::optional<std::string> name = {};
  std::int64_t team_id = 0;
  std::optional<std::int64_t> rival_id = {};
  gw::One<Team> team = {};
  gw::One<Player> rival = {};
};

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  registry.map<Team>("team", mapped_column(&Team::id, "id", primary_key),
                     mapped_column(&Team::captain_id, "captain_id", gw::ForeignKey("player.id")),
                     gw::relationship(&Team::captain, "captain"),
                     gw::relationship(&Team::players, "players", {.cascade = "all", .back_populates = "team"}));
  registry.map<Player>("player", mapped_column(&Player::id, "id", primary_key), mapped_column(&Player::name, "name"),
                       mapped_column(&Player::team_id, "team_id", gw::ForeignKey("team.id")),
                       mapped_column(&Player::rival_id, "rival_id", gw::ForeignKey("player.id")),
                       gw::relationship(&Player::team, "team", {.back_populates = "players"}),
                       gw::relationship(&Player::rival, "rival"));
}

template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, body);
}

std::shared_ptr<Team> team_of(Session& session, int players) {
  const auto team = session.add(std::make_shared<Team>());
  for (int i = 0; i != players; ++i) {
    const auto player = team->players.append(std::make_shared<Player>());
    player->name = std::to_string(i);
  }
  team->captain = team->players[0];
  return team;
}

}  // namespace

TEST_CASE(
    "rows of two classes that refer to each other are inserted, and a key that may be NULL is updated after that") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    Statements statements(engine);
    std::vector<std::shared_ptr<Team>> teams;
    for (int i = 0; i != 20; ++i) {
      teams.push_back(team_of(session, 3));
    }
    session.commit();
    CHECK(statements.take("INSERT") == 2);
    CHECK(statements.take("UPDATE") == 1);
    CHECK(statements.all().empty());
    for (const auto& team : teams) {
      CHECK(team->captain_id == team->players[0]->id);
      Session reading(engine);
      const auto read = reading.get<Team>(team->id);
      CHECK(ways::touching(reading, [&] { return read->captain->name; }) == "0");
    }
    CHECK_FALSE(session.is_modified(teams.front()));
  });
}

TEST_CASE("tables that refer to each other are created with their foreign keys, and dropped") {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, [&](const Engine& engine) {
    gw::Connection connection = ways::sync_engine(engine).connect();
    registry.metadata().create_all(connection);
    registry.metadata().create_all(connection);
    CHECK_THROWS_AS(connection.exec_driver_sql("INSERT INTO player (id, team_id) VALUES (1, 7)"), gw::IntegrityError);
    connection.rollback();
    registry.metadata().create_all(connection);
    connection.exec_driver_sql("INSERT INTO team (id) VALUES (7)");
    CHECK_THROWS_AS(connection.exec_driver_sql("UPDATE team SET captain_id = 8"), gw::IntegrityError);
    connection.rollback();
    registry.metadata().create_all(connection);
    registry.metadata().drop_all(connection);
    CHECK(gw::table_names(connection).empty());
    connection.commit();
  });
}

TEST_CASE("rows of one class that refer to each other, or to themselves, are inserted and deleted") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto team = team_of(session, 4);
    team->captain = nullptr;
    team->players[0]->rival = team->players[1];
    team->players[1]->rival = team->players[0];
    team->players[2]->rival = team->players[2];
    team->players[3]->rival = team->players[0];
    session.commit();
    const auto read = Session(engine).scalars(gw::select<Player>().order_by(&Player::name)).all();
    CHECK(read[0]->rival_id == read[1]->id);
    CHECK(read[1]->rival_id == read[0]->id);
    CHECK(read[2]->rival_id == read[2]->id);
    CHECK(read[3]->rival_id == read[0]->id);
    session.delete_(team);
    session.commit();
    CHECK(session.scalars(gw::select<Player>()).all().empty());
  });
}

TEST_CASE("rows of two classes that refer to each other are deleted, once one of them refers to nothing") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    std::vector<std::int64_t> keys;
    for (int i = 0; i != 10; ++i) {
      team_of(session, 2);
    }
    session.commit();
    Statements statements(engine);
    for (const auto& team : session.scalars(gw::select<Team>()).all()) {
      session.delete_(team);
    }
    session.flush();
    statements.take("SELECT");
    CHECK(statements.take("UPDATE") == 1);
    CHECK(statements.take("DELETE") == 2);
    CHECK(session.connection().scalar<std::int64_t>(gw::text("SELECT count(*) FROM player")) == 0);
    session.rollback();
    const auto team = Session(engine).scalars(gw::select<Team>().order_by(&Team::id)).first();
    CHECK(team->captain_id.has_value());
    CHECK(session.get<Team>(team->id)->captain_id == team->captain_id);  // as it was, though it had been set NULL

    // Where no rows are in a circle nothing is set NULL.
    for (const auto& each : session.scalars(gw::select<Team>()).all()) {
      each->captain = nullptr;
    }
    session.commit();
    statements.take("UPDATE");
    for (const auto& each : session.scalars(gw::select<Team>()).all()) {
      session.delete_(each);
    }
    session.commit();
    CHECK(statements.take("UPDATE") == 0);
    CHECK(session.scalars(gw::select<Player>()).all().empty());
  });
}

namespace {

struct Egg;

struct Hen {
  std::int64_t id = 0;
  std::int64_t egg_id = 0;
  gw::One<Egg> egg = {};
};

struct Egg {
  std::int64_t id = 0;
  std::int64_t hen_id = 0;
  gw::One<Hen> hen = {};
};

}  // namespace

TEST_CASE("entities that refer to each other by keys that may not be NULL are refused, and the session goes on") {
  gw::Registry registry;
  registry.map<Hen>("hen", gw::mapped_column(&Hen::id, "id", gw::primary_key),
                    gw::mapped_column(&Hen::egg_id, "egg_id", gw::ForeignKey("egg.id")),
                    gw::relationship(&Hen::egg, "egg", {.foreign_keys = {"egg_id"}}));
  registry.map<Egg>("egg", gw::mapped_column(&Egg::id, "id", gw::primary_key),
                    gw::mapped_column(&Egg::hen_id, "hen_id", gw::ForeignKey("hen.id")),
                    gw::relationship(&Egg::hen, "hen", {.foreign_keys = {"hen_id"}}));
  ways::everywhere(registry, [&](const Engine& engine) {
    Session session(engine);
    const auto hen = session.add(std::make_shared<Hen>());
    const auto egg = session.add(std::make_shared<Egg>());
    hen->egg = egg;
    egg->hen = hen;
    CHECK(error_of<gw::InvalidRequestError>([&] {
            session.flush();
            return 0;
          }) ==
          "entities of Hen belong to each other in a circle: none can be inserted first, since no foreign key of it "
          "may be "
          "NULL; make the member of one an std::optional");
    CHECK_THROWS_AS(session.flush(), gw::PendingRollbackError);
    session.rollback();
    CHECK(session.scalars(gw::select<Hen>()).all().empty());
    hen->egg = nullptr;  // no session keeps them any more, and each kept the other
  });
}
