// SPDX-License-Identifier: BSL-1.0

// Collections that are never loaded.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/orm/entity_dml.hpp>
#include <greenway/orm/inspect.hpp>
#include <greenway/orm/write_only.hpp>

#include "family.hpp"

namespace gw = greenway;
using database::error_of;
using family::Statements;
using ways::Engine;
using ways::Session;

namespace {

struct Ledger;

struct Posting {
  std::int64_t id = 0;
  std::optional<std::int64_t> ledger_id = {};
  std::int64_t cents = 0;
  gw::One<Ledger> ledger = {};
};

struct Tag {
  std::int64_t id = 0;
  std::string name = {};
};

struct Ledger {
  std::int64_t id = 0;
  gw::WriteOnly<Posting> postings = {};
  gw::WriteOnly<Tag> tags = {};
};

struct Line {
  std::int64_t id = 0;
  std::optional<std::int64_t> book_id = {};
};

struct Book {
  std::int64_t id = 0;
  gw::WriteOnly<Line> lines = {};
};

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  gw::Table(
      "ledger_tag", registry.metadata(),
      gw::Column("ledger_id", gw::BigInteger(), primary_key, gw::ForeignKey("ledger.id", {.ondelete = "CASCADE"})),
      gw::Column("tag_id", gw::BigInteger(), primary_key, gw::ForeignKey("tag.id")));
  registry.map<Posting>(
      "posting", mapped_column(&Posting::id, "id", primary_key),
      mapped_column(&Posting::ledger_id, "ledger_id", gw::ForeignKey("ledger.id", {.ondelete = "CASCADE"})),
      mapped_column(&Posting::cents, "cents"),
      gw::relationship(&Posting::ledger, "ledger", {.back_populates = "postings"}));
  registry.map<Tag>("tag", mapped_column(&Tag::id, "id", primary_key), mapped_column(&Tag::name, "name"));
  registry.map<Ledger>("ledger", mapped_column(&Ledger::id, "id", primary_key),
                       gw::relationship(&Ledger::postings, "postings",
                                        {.cascade = "all", .passive_deletes = true, .back_populates = "ledger"}),
                       gw::relationship(&Ledger::tags, "tags", {.passive_deletes = true, .secondary = "ledger_tag"}));
  registry.map<Line>("line", mapped_column(&Line::id, "id", primary_key),
                     mapped_column(&Line::book_id, "book_id", gw::ForeignKey("book.id")));
  registry.map<Book>("book", mapped_column(&Book::id, "id", primary_key), gw::relationship(&Book::lines, "lines"));
}

template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, body);
}

std::vector<std::int64_t> cents_of(Session& session, const Ledger& ledger) {
  std::vector<std::int64_t> all;
  for (const auto& posting : session.scalars(ledger.postings.select().order_by(&Posting::id))) {
    all.push_back(posting->cents);
  }
  return all;
}

using Cents = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a write-only collection takes in and lets go without loading anything") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto ledger = session.add(std::make_shared<Ledger>());
    const auto first = ledger->postings.add(Posting{.cents = 1});
    ledger->postings.add_all(std::vector{Posting{.cents = 2}, Posting{.cents = 3}});
    CHECK(session.contains(first));
    CHECK(first->ledger.get() == ledger);
    session.commit();
    CHECK(cents_of(session, *ledger) == Cents{1, 2, 3});

    Statements statements(engine);
    ledger->postings.add(Posting{.cents = 4});
    ledger->postings.remove(first);
    CHECK(session.is_modified(ledger));
    CHECK(gw::inspect(ways::sync_session(session), ledger).changed_relationships ==
          std::vector<std::string>{"postings"});
    session.commit();
    CHECK(statements.take("INSERT") == 1);
    CHECK(statements.take("UPDATE") == 1);
    CHECK(statements.all().empty());
    CHECK_FALSE(session.is_modified(ledger));
    CHECK_FALSE(first->ledger_id.has_value());
    CHECK(cents_of(session, *ledger) == Cents{2, 3, 4});

    const auto own = session.add(Posting{.cents = 5});
    own->ledger = ledger;
    session.commit();
    CHECK(cents_of(session, *ledger) == Cents{2, 3, 4, 5});

    ledger->postings.add(Posting{.cents = 6});
    session.flush();
    session.rollback();
    ledger->postings.add(Posting{.cents = 7});
    session.rollback();
    CHECK(cents_of(session, *ledger) == Cents{2, 3, 4, 5});
  });
}

TEST_CASE("a write-only collection is inserted into, updated and deleted from by statements of its own") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto ledger = session.add(std::make_shared<Ledger>());
    const auto other = session.add(std::make_shared<Ledger>());
    other->postings.add(Posting{.cents = 50});
    session.commit();
    CHECK(session.execute(ledger->postings.insert(), std::vector{Posting{.cents = 1}, Posting{.cents = 2}}).rowcount ==
          2);
    CHECK(session.execute(ledger->postings.insert(), gw::rows(gw::params("cents", 3))).rowcount == 1);
    CHECK(cents_of(session, *ledger) == Cents{1, 2, 3});
    CHECK(session.execute(ledger->postings.update().where(gw::attr(&Posting::cents) > 1).values(&Posting::cents, 9))
              .rowcount == 2);
    CHECK(session.execute(ledger->postings.delete_().where(gw::attr(&Posting::cents) == 1)).rowcount == 1);
    CHECK(cents_of(session, *ledger) == Cents{9, 9});
    CHECK(cents_of(session, *other) == Cents{50});
    session.commit();
  });
}

TEST_CASE("what belongs to a deleted owner of a write-only collection goes with it, by the database") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto ledger = session.add(std::make_shared<Ledger>());
    const auto tag = ledger->tags.add(Tag{.name = "t"});
    for (int i = 0; i != 10; ++i) {
      ledger->postings.add(Posting{.cents = i});
    }
    session.commit();
    Session deleting(engine);
    const auto same = deleting.get<Ledger>(ledger->id);
    CHECK(deleting.scalars(same->tags.select()).one()->name == "t");
    CHECK(error_of<gw::InvalidRequestError>([&] { return same->tags.insert(); }) ==
          "'Ledger.tags' is related by a third table: an INSERT alone cannot say what belongs to it; add() it");
    Statements statements(engine);
    deleting.delete_(same);
    deleting.commit();
    CHECK(statements.take("DELETE") == 1);
    CHECK(statements.all().empty());
    CHECK(deleting.scalars(gw::select<Posting>()).all().empty());
    CHECK(deleting.scalars(gw::select<Tag>()).all().size() == 1);
  });
}

TEST_CASE("a tag is taken out of a write-only collection that a third table relates") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto ledger = session.add(std::make_shared<Ledger>());
    const auto tag = ledger->tags.add(Tag{.name = "t"});
    ledger->tags.add(Tag{.name = "u"});
    session.commit();
    ledger->tags.remove(tag);
    session.commit();
    CHECK(session.scalars(ledger->tags.select()).one()->name == "u");
  });
}

TEST_CASE("a write-only collection that would have to be loaded says what to do") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto book = std::make_shared<Book>();
    CHECK_THROWS_AS(book->lines.select(), gw::InvalidRequestError);
    session.add(book);
    session.commit();
    session.delete_(book);
    CHECK(error_of<gw::InvalidRequestError>([&] {
            session.flush();
            return 0;
          }) ==
          "'Book.lines' is write-only, and cannot be loaded to delete what belongs to an entity, or set it free: leave "
          "that "
          "to the database, by passive_deletes and an ON DELETE of the foreign key");
    session.rollback();
    CHECK(error_of<gw::InvalidRequestError>([&] {
            session.refresh(book, {&Book::lines});
            return 0;
          }) == "'Book.lines' is write-only, and never loaded: ask for what is in it by its select()");
  });
}
