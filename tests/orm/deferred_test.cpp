// SPDX-License-Identifier: BSL-1.0

// Columns that are loaded when they are touched, and members that no column has.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/orm/async_session.hpp>
#include <greenway/orm/deferred.hpp>
#include <greenway/orm/inspect.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/func.hpp>

#include "family.hpp"

namespace gw = greenway;
using database::error_of;
using family::Statements;

namespace {

struct Page {
  std::int64_t id = 0;
  std::optional<std::int64_t> paper_id = {};
  std::int64_t words = 0;
};

struct Paper {
  std::int64_t id = 0;
  std::string title = {};
  gw::Deferred<std::string> body = {};
  gw::Deferred<std::optional<std::string>> notes = {};
  std::string heading = {};
  std::optional<std::int64_t> words = {};
  gw::Many<Page> pages = {};
};

struct Review {
  std::int64_t id = 0;
  std::optional<std::int64_t> paper_id = {};
  gw::One<Paper> paper = {};
};

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  registry.map<Page>("page", mapped_column(&Page::id, "id", primary_key),
                     mapped_column(&Page::paper_id, "paper_id", gw::ForeignKey("paper.id")),
                     mapped_column(&Page::words, "words"));
  registry.map<Paper>(
      "paper", mapped_column(&Paper::id, "id", primary_key), mapped_column(&Paper::title, "title"),
      mapped_column(&Paper::body, "body"), mapped_column(&Paper::notes, "notes"),
      gw::column_property(&Paper::heading, "heading", [] { return gw::func::upper(gw::attr(&Paper::title)); }),
      gw::column_property(&Paper::words, "words",
                          [] {
                            return gw::select(gw::func::count(&Page::id))
                                .where(gw::attr(&Page::paper_id) == gw::attr(&Paper::id))
                                .scalar_subquery();
                          }),
      gw::relationship(&Paper::pages, "pages"));
  registry.map<Review>("review", mapped_column(&Review::id, "id", primary_key),
                       mapped_column(&Review::paper_id, "paper_id", gw::ForeignKey("paper.id")),
                       gw::relationship(&Review::paper, "paper"));
}

template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  database::everywhere([&](const gw::Engine& engine) {
    engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
    gw::Session session(engine);
    for (int i = 1; i != 4; ++i) {
      const auto paper = session.add(std::make_shared<Paper>());
      paper->title = "t" + std::to_string(i);
      paper->body = "body " + std::to_string(i);
    }
    session.commit();
    body(engine);
  });
}

std::string body_of(const gw::Engine& engine, std::int64_t id) { return *gw::Session(engine).get<Paper>(id)->body; }

}  // namespace

TEST_CASE("a deferred column is left out, and loaded alone when it is touched, once") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    Statements statements(engine);
    const auto papers = session.scalars(gw::select<Paper>().order_by(&Paper::id)).all();
    REQUIRE(papers.size() == 3);
    CHECK(statements.all().back().find("body") == std::string::npos);
    CHECK_FALSE(papers[0]->body.is_loaded());
    CHECK(gw::inspect(session, papers[0]).unloaded == std::vector<std::string>{"body", "notes", "pages"});
    statements.take("SELECT");
    CHECK(*papers[0]->body == "body 1");
    CHECK(papers[0]->body->size() == 6);
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().back().find("title") == std::string::npos);
    CHECK(statements.all().back().find("notes") == std::string::npos);
    CHECK_FALSE(session.is_modified(papers[0]));

    const auto whole =
        session.scalars(gw::select<Paper>().order_by(&Paper::id).options(gw::undefer(&Paper::body))).all();
    statements.take("SELECT");
    CHECK(papers[1]->body.get() == "body 2");  // the session had it, and now has this as well
    CHECK_FALSE(papers[1]->notes.is_loaded());
    const auto some = gw::Session(engine).scalars(gw::select<Paper>().options(gw::load_only(&Paper::body))).all();
    CHECK(some[0]->body.is_loaded());
    CHECK(some[0]->title.empty());
    CHECK(session.scalars(gw::select<Paper>().where(gw::attr(&Paper::body) == "body 3")).one() == papers[2]);
  });
}

TEST_CASE(
    "a deferred column that is assigned to is written without being loaded, and rolled back to what its row says") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto paper = session.get<Paper>(1);
    Statements statements(engine);
    paper->body = "";  // as it was made, and not as its row
    CHECK(session.is_modified(paper));
    session.flush();
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().front().find("UPDATE paper SET body = ") == 0);
    CHECK_FALSE(session.is_modified(paper));
    session.rollback();
    CHECK(*paper->body == "body 1");

    const auto other = session.get<Paper>(2);
    other->body = "mine";
    CHECK(session.scalars(gw::select<Paper>().where(gw::attr(&Paper::id) == 2).options(gw::undefer(&Paper::body)))
              .one() == other);
    CHECK(*other->body == "mine");
    session.commit();
    CHECK(body_of(engine, 2) == "mine");
    CHECK(body_of(engine, 1) == "body 1");

    session.expire(other, {&Paper::body});
    CHECK_FALSE(other->body.is_loaded());
    CHECK(*other->body == "mine");
    auto savepoint = session.begin_nested();
    other->body = "undone";
    session.flush();
    savepoint.rollback();
    CHECK(*other->body == "mine");
    session.delete_(other);
    session.commit();
    CHECK(gw::Session(engine).get<Paper>(2) == nullptr);
  });
}

TEST_CASE("a deferred column that cannot be loaded says so, and how it could") {
  everywhere([](const gw::Engine& engine) {
    gw::Session strict(engine, {.no_implicit_io = true});
    const auto paper = strict.get<Paper>(1);
    CHECK(error_of<gw::InvalidRequestError>([&] { return paper->body->size(); }) ==
          "loading 'Paper.body' takes a statement, which this Session sends for nobody that does not ask for it "
          "(no_implicit_io): load it with its entity by .options(undefer(&Paper::body))");
    paper->body.load();
    CHECK(*paper->body == "body 1");
    CHECK_THROWS_AS(Paper(*paper), gw::InvalidRequestError);  // a copy has what it copies
    paper->notes.load();
    const Paper copy = *paper;
    CHECK(*copy.body == "body 1");
    const auto gone = strict.get<Paper>(2);
    strict.commit();
    database::run_sql(engine, "DELETE FROM paper WHERE id = 2");
    CHECK(error_of<gw::InvalidRequestError>([&] {
            gone->body.load();
            return 0;
          }) == "Could not load 'Paper.body': the row of its entity is gone");
    strict.close();
    CHECK_THROWS_AS(gone->body.get(), gw::DetachedInstanceError);
    CHECK(*paper->body == "body 1");
  });
}

TEST_CASE("a coroutine loads a deferred column, and is told to when it only touches it") {
  everywhere([](const gw::Engine& engine) {
    const gw::AsyncEngine async(engine);
    std::string message;
    std::string text;
    const auto read = [&]() -> gw::Task<void> {
      gw::AsyncSession session(async);
      const auto paper = co_await session.get<Paper>(1);
      try {
        text = paper->body.get();
      } catch (const gw::MissingGreenlet& error) {
        message = error.what();
      }
      co_await session.load(paper, &Paper::body);
      text = paper->body.get();
      co_await session.close();
    };
    if (gw::in_greenlet()) {
      return;  // a coroutine is where there is none
    }
    gw::run(read());
    CHECK(message ==
          "loading Paper::body needs a greenlet: load it with its entity by .options(undefer(&Paper::body)), or run "
          "what touches it with AsyncSession::run_sync()");
    CHECK(text == "body 1");
  });
}

TEST_CASE("a merged entity brings what is loaded of its deferred columns") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto paper = session.get<Paper>(1);
    session.close();
    gw::Session other(engine);
    const auto mine = other.merge(paper);
    CHECK_FALSE(other.is_modified(mine));
    CHECK(*mine->body == "body 1");
    gw::Session cached(engine);
    Statements statements(engine);
    const auto same = cached.merge(paper, false);
    CHECK(statements.all().empty());
    CHECK(same->title == "t1");
    CHECK(*same->body == "body 1");
    CHECK_FALSE(cached.is_modified(same));
  });
}

TEST_CASE("a column property is read with its entity, and never written") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto paper = session.get<Paper>(1);
    CHECK(paper->heading == "T1");
    CHECK(paper->words == 0);
    paper->pages.append(Page{.words = 3});
    paper->title = "new";
    paper->heading = "not written";
    CHECK_FALSE(gw::inspect(session, paper).changed.empty());
    session.commit();
    session.refresh(paper);
    CHECK(paper->heading == "NEW");
    CHECK(paper->words == 1);
    CHECK(session.scalars(gw::select<Paper>().where(gw::attr(&Paper::heading) == "T2").order_by(&Paper::words))
              .one()
              ->id == 2);
    CHECK(session.scalar(gw::select(gw::attr(&Paper::heading)).where(gw::attr(&Paper::id) == 3)) == "T3");

    const auto added = session.add(std::make_shared<Paper>());
    added->title = "added";
    session.commit();
    CHECK(added->heading.empty());
    CHECK(session.scalars(gw::select<Paper>().where(gw::attr(&Paper::id) == added->id)).one()->heading == "ADDED");
    CHECK_FALSE(session.is_modified(added));
    Statements statements(engine);
    session.commit();
    CHECK(statements.all().empty());
  });
}

TEST_CASE("a column property of a subquery is not joined under another name, and says so") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto review = session.add(Review{.paper = session.get<Paper>(1)});
    session.commit();
    gw::Session reading(engine);
    CHECK(
        error_of<gw::InvalidRequestError>(
            [&] { return reading.scalars(gw::select<Review>().options(gw::joinedload(&Review::paper))).all(); }) ==
        "'Paper.words' is a column_property of a subquery, which cannot be loaded under another name of its class: use "
        "selectinload() rather than a join, or leave it out by defer()");
    const auto read =
        reading.scalars(gw::select<Review>().options(gw::joinedload(&Review::paper).defer(&Paper::words))).one();
    CHECK(read->paper->heading == "T1");
    CHECK_FALSE(read->paper->body.is_loaded());
    CHECK(*read->paper->body == "body 1");
  });
}

TEST_CASE("a key cannot be deferred") {
  struct Odd {
    gw::Deferred<std::int64_t> id = {};
  };
  gw::Registry registry;
  CHECK(error_of<gw::ArgumentError>([&] {
          registry.map<Odd>("odd", gw::mapped_column(&Odd::id, "id", gw::primary_key));
          return 0;
        }) ==
        "column 'id' of class Odd is a key, which is loaded with its entity always: its member cannot be Deferred");
}
