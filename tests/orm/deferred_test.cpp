// SPDX-License-Identifier: BSL-1.0

// Columns that are loaded when they are touched, and members that no column has.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/orm/deferred.hpp>
#include <greenway/orm/inspect.hpp>
#include <greenway/sql/func.hpp>

#include "family.hpp"

namespace gw = greenway;
using database::error_of;
using family::Statements;
using ways::Engine;
using ways::Session;
using ways::touching;

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
  ways::everywhere(registry, [&](const Engine& engine) {
    Session session(engine);
    for (int i = 1; i != 4; ++i) {
      const auto paper = session.add(std::make_shared<Paper>());
      paper->title = "t" + std::to_string(i);
      paper->body = "body " + std::to_string(i);
    }
    session.commit();
    body(engine);
  });
}

/// Touches it.
std::string text_of(Session& session, const gw::Deferred<std::string>& body) {
  return touching(session, [&] { return std::string(*body); });
}

std::string body_of(const Engine& engine, std::int64_t id) {
  Session session(engine);
  return text_of(session, session.get<Paper>(id)->body);
}

}  // namespace

TEST_CASE("a deferred column is left out, and loaded alone when it is touched, once") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    Statements statements(engine);
    const auto papers = session.scalars(gw::select<Paper>().order_by(&Paper::id)).all();
    REQUIRE(papers.size() == 3);
    CHECK(statements.all().back().find("body") == std::string::npos);
    CHECK_FALSE(papers[0]->body.is_loaded());
    CHECK(gw::inspect(ways::sync_session(session), papers[0]).unloaded ==
          std::vector<std::string>{"body", "notes", "pages"});
    statements.take("SELECT");
    CHECK(text_of(session, papers[0]->body) == "body 1");
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
    const auto some = Session(engine).scalars(gw::select<Paper>().options(gw::load_only(&Paper::body))).all();
    CHECK(some[0]->body.is_loaded());
    CHECK(some[0]->title.empty());
    CHECK(session.scalars(gw::select<Paper>().where(gw::attr(&Paper::body) == "body 3")).one() == papers[2]);
  });
}

TEST_CASE(
    "a deferred column that is assigned to is written without being loaded, and rolled back to what its row says") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto paper = session.get<Paper>(1);
    Statements statements(engine);
    paper->body = "";  // as it was made, and not as its row
    CHECK(session.is_modified(paper));
    session.flush();
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().front().find("UPDATE paper SET body = ") == 0);
    CHECK_FALSE(session.is_modified(paper));
    session.rollback();
    CHECK(text_of(session, paper->body) == "body 1");

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
    CHECK(text_of(session, other->body) == "mine");
    auto savepoint = session.begin_nested();
    other->body = "undone";
    session.flush();
    savepoint.rollback();
    CHECK(text_of(session, other->body) == "mine");
    session.delete_(other);
    session.commit();
    CHECK(Session(engine).get<Paper>(2) == nullptr);
  });
}

TEST_CASE("a deferred column that cannot be loaded says so, and how it could") {
  everywhere([](const Engine& engine) {
    Session strict(engine, {.no_implicit_io = true});
    const auto paper = strict.get<Paper>(1);
    CHECK(error_of<gw::InvalidRequestError>([&] { return text_of(strict, paper->body); }) ==
          "loading 'Paper.body' takes a statement, which this Session sends for nobody that does not ask for it "
          "(no_implicit_io): load it with its entity by .options(undefer(&Paper::body))");
    touching(strict, [&] { paper->body.load(); });
    CHECK(*paper->body == "body 1");
    CHECK_THROWS_AS(Paper(*paper), gw::InvalidRequestError);  // a copy has what it copies
    touching(strict, [&] { paper->notes.load(); });
    const Paper copy = *paper;
    CHECK(*copy.body == "body 1");
    const auto gone = strict.get<Paper>(2);
    strict.commit();
    database::run_sql(ways::sync_engine(engine), "DELETE FROM paper WHERE id = 2");
    CHECK(error_of<gw::InvalidRequestError>([&] {
            touching(strict, [&] { gone->body.load(); });
            return 0;
          }) == "Could not load 'Paper.body': the row of its entity is gone");
    strict.close();
    CHECK_THROWS_AS(gone->body.get(), gw::DetachedInstanceError);
    CHECK(*paper->body == "body 1");
  });
}

TEST_CASE("a merged entity brings what is loaded of its deferred columns") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto paper = session.get<Paper>(1);
    session.close();
    Session other(engine);
    const auto mine = other.merge(paper);
    CHECK_FALSE(other.is_modified(mine));
    CHECK(text_of(other, mine->body) == "body 1");
    Session cached(engine);
    Statements statements(engine);
    const auto same = cached.merge(paper, false);
    CHECK(statements.all().empty());
    CHECK(same->title == "t1");
    CHECK(text_of(cached, same->body) == "body 1");
    CHECK_FALSE(cached.is_modified(same));
  });
}

TEST_CASE("a column property is read with its entity, and never written") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto paper = session.get<Paper>(1);
    CHECK(paper->heading == "T1");
    CHECK(paper->words == 0);
    touching(session, [&] { paper->pages.append(Page{.words = 3}); });
    paper->title = "new";
    paper->heading = "not written";
    CHECK_FALSE(gw::inspect(ways::sync_session(session), paper).changed.empty());
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
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto review = session.add(Review{.paper = session.get<Paper>(1)});
    session.commit();
    Session reading(engine);
    CHECK(
        error_of<gw::InvalidRequestError>(
            [&] { return reading.scalars(gw::select<Review>().options(gw::joinedload(&Review::paper))).all(); }) ==
        "'Paper.words' is a column_property of a subquery, which cannot be loaded under another name of its class: use "
        "selectinload() rather than a join, or leave it out by defer()");
    const auto read =
        reading.scalars(gw::select<Review>().options(gw::joinedload(&Review::paper).defer(&Paper::words))).one();
    CHECK(read->paper->heading == "T1");
    CHECK_FALSE(read->paper->body.is_loaded());
    CHECK(text_of(reading, read->paper->body) == "body 1");
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
