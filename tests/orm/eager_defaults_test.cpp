// SPDX-License-Identifier: BSL-1.0

// What the database makes of rows, and when their entities learn of it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/orm/eager_defaults.hpp>
#include <greenway/sql/compiler.hpp>

#include "family.hpp"

namespace gw = greenway;
using family::Statements;
using ways::Engine;
using ways::Session;

namespace {

struct Item {
  std::int64_t id = 0;
  std::string name = {};
  std::optional<std::string> note = {};
  std::optional<std::int32_t> rank = {};     // the server's default
  std::optional<std::string> token = {};     // the client's
  std::optional<std::string> changed = {};   // by each UPDATE
  std::optional<std::int32_t> length = {};   // of its name
  std::optional<std::int32_t> updates = {};  // counted by a trigger, where it can be
};

template <class F>
void everywhere(F&& body, gw::EagerDefaults how = gw::EagerDefaults::true_) {
  using gw::mapped_column;
  gw::Registry registry;
  registry.map<Item>("item", mapped_column(&Item::id, "id", gw::primary_key), mapped_column(&Item::name, "name"),
                     mapped_column(&Item::note, "note"), mapped_column(&Item::rank, "rank", gw::server_default("7")),
                     mapped_column(&Item::token, "token",
                                   gw::default_([count = 0]() mutable { return gw::Value(std::to_string(++count)); })),
                     mapped_column(&Item::changed, "changed", gw::onupdate(gw::literal_column("'changed'"))),
                     mapped_column(&Item::length, "length", gw::Computed("length(name)")),
                     mapped_column(&Item::updates, "updates", gw::server_onupdate), how);
  ways::everywhere(registry, body);
}

bool is_postgresql(const Engine& engine) {
  return ways::sync_engine(engine).dialect().kind() == gw::Dialect::Kind::postgresql;
}

void make_trigger(const Engine& engine) {
  for (const char* const sql :
       {"CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.updates = coalesce(OLD.updates, 0) + 1; RETURN NEW; END $$",
        "CREATE TRIGGER counts BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION count_up()"}) {
    database::run_sql(ways::sync_engine(engine), sql);
  }
}

}  // namespace

TEST_CASE("what the server makes of updated rows comes back with the UPDATE, of 1000 by two sets of columns in turns") {
  everywhere([](const Engine& engine) {
    const bool is_counted = is_postgresql(engine);
    if (is_counted) {
      make_trigger(engine);
    }
    Session session(engine);
    std::vector<std::shared_ptr<Item>> items;
    for (int i = 0; i != 1000; ++i) {
      items.push_back(session.add(Item{.name = "n"}));
    }
    session.commit();
    Statements statements(engine);
    for (std::size_t i = 0; i != items.size(); ++i) {
      items[i]->name += std::to_string(i);
      if (i % 2 != 0) {
        items[i]->note = "odd";
      }
    }
    session.commit();
    CHECK(statements.take("UPDATE") == 2);
    CHECK(statements.all().empty());
    for (std::size_t i = 0; i != items.size(); ++i) {
      REQUIRE(items[i]->changed == "changed");
      REQUIRE(items[i]->length == static_cast<std::int32_t>(items[i]->name.size()));
      REQUIRE(items[i]->updates == (is_counted ? std::optional(1) : std::nullopt));
    }
    items[0]->name = "alone";
    session.commit();
    CHECK(items[0]->length == 5);
    CHECK(items[0]->updates == (is_counted ? std::optional(2) : std::nullopt));
    CHECK(statements.take("SELECT") == 0);
  });
}

TEST_CASE(
    "with eager_defaults 'auto' what an UPDATE makes is left to the next row, and without any what an INSERT makes "
    "too") {
  const bool is_auto = GENERATE(true, false);
  everywhere(
      [&](const Engine& engine) {
        Session session(engine);
        const auto item = session.add(Item{.name = "four"});
        const auto said = session.add(Item{.name = "said", .rank = 3});
        Statements statements(engine);
        session.flush();
        CHECK(item->id != 0);
        CHECK(said->id != item->id);
        CHECK(said->rank == 3);
        CHECK(item->rank == (is_auto ? std::optional(7) : std::nullopt));
        CHECK(item->length == (is_auto ? std::optional(4) : std::nullopt));
        CHECK_FALSE(session.is_modified(item));
        statements.take("INSERT");
        session.refresh(item, {&Item::rank});
        CHECK(item->rank == 7);
        item->rank = 8;  // which is known by now, and so written
        session.flush();
        CHECK_FALSE(item->changed.has_value());
        item->name = "seven77";
        said->name = "seven78";
        session.flush();
        for (const std::string& statement : statements.all()) {
          CHECK((statement.starts_with("SELECT") || statement.find("RETURNING") == std::string::npos));
        }
        CHECK_FALSE(item->changed.has_value());
        CHECK(item->length != 7);
        const auto read = session.scalars(gw::select<Item>().order_by(&Item::id)).all();
        REQUIRE(read.size() == 2);
        CHECK(read[0] == item);
        CHECK(item->rank == 8);
        CHECK(item->changed == "changed");
        CHECK(item->length == 7);
        CHECK(said->length == 7);
        CHECK_FALSE(session.is_modified(item));
        session.rollback();
        CHECK(item->id == 0);
        CHECK_FALSE(item->length.has_value());  // the database made it, and it is transient again
      },
      is_auto ? gw::EagerDefaults::auto_ : gw::EagerDefaults::false_);
}

TEST_CASE(
    "what the client's default makes of each row is in its entity once that is inserted, unless that says something") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto first = session.add(Item{.name = "a"});
    const auto said = session.add(Item{.name = "b", .token = "mine"});
    const auto second = session.add(Item{.name = "c"});
    Statements statements(engine);
    session.flush();
    CHECK(statements.take("INSERT") == 2);
    CHECK(statements.all().empty());
    CHECK(first->token == "1");
    CHECK(second->token == "2");
    CHECK(said->token == "mine");
    session.refresh(second);
    CHECK(second->token == "2");
  });
}
