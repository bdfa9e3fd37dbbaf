// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <greenway/sql/func.hpp>

#include "family.hpp"
#include "library.hpp"

using namespace library;
using family::Statements;

TEST_CASE("a select joins along relationships, and asks whether something belongs to an entity") {
  everywhere([](const Engine& engine) {
    fill(engine, 3, 2, 1);
    Session session(engine);
    session.add(Author{.id = 9, .name = "without"});
    session.flush();
    const auto names = [&](const gw::EntitySelect<Author>& statement) {
      std::string all;
      for (const auto& author : session.scalars(statement.order_by(&Author::id))) {
        all += author->name + " ";
      }
      return all;
    };
    const auto authors = gw::select<Author>();
    CHECK(names(authors.join(&Author::books).where(gw::attr(&Book::title) == "a1b0")) == "a1 ");
    CHECK(names(authors.join(&Author::books).join(&Book::chapters).where(gw::attr(&Chapter::title) == "a2b1c0")) ==
          "a2 ");
    CHECK(names(authors.outerjoin(&Author::books).where(gw::attr(&Book::year).is_(nullptr))) == "without ");
    CHECK(names(authors.where(gw::any(&Author::books))) == "a0 a1 a2 ");
    CHECK(names(authors.where(!gw::any(&Author::books))) == "without ");
    const auto has_chapter = gw::any(&Book::chapters, gw::attr(&Chapter::title) == "a2b1c0");
    CHECK(names(authors.where(gw::any(&Author::books, has_chapter))) == "a2 ");
    CHECK(names(authors.filter_by(&Author::name, "a1")) == "a1 ");
    const auto is_by_a1 = gw::has(&Book::author, gw::attr(&Author::name) == "a1");
    CHECK(session.scalars(gw::select<Book>().where(is_by_a1)).all().size() == 2);
    CHECK(session.scalars(gw::select<Book>().join(&Book::author).where(gw::attr(&Author::name) == "a1")).all().size() ==
          2);
    // In a class that refers to itself the two are told from each other.
    session.get<Author>(2)->teacher_id = 1;
    CHECK(names(authors.where(gw::any(&Author::pupils, gw::attr(&Author::name) == "a1"))) == "a0 ");
    const auto pupil = gw::aliased<Author>();
    CHECK(names(authors.join(&Author::pupils, pupil).where(pupil.attr(&Author::name) == "a1")) == "a0 ");
    CHECK(names(authors.where(
              gw::attr(&Author::id)
                  .in_(gw::select(gw::attr(&Book::author_id)).where(gw::attr(&Book::title) == "a1b1")))) == "a1 ");
  });
}

TEST_CASE("rows of entities and values are tuples") {
  everywhere([](const Engine& engine) {
    fill(engine, 3, 2, 1);
    Session session(engine);
    session.delete_(session.get<Book>(1901, 3));
    session.flush();
    Statements statements(engine);
    std::string counts;
    for (auto [author, count] : session.execute(gw::select(gw::entity<Author>(), gw::func::count(&Book::year))
                                                    .join(&Author::books)
                                                    .group_by(&Author::id)
                                                    .having(gw::func::count() > 0)
                                                    .order_by(&Author::id))) {
      static_assert(std::is_same_v<decltype(count), std::int64_t>);
      counts += author->name + ":" + std::to_string(count) + " ";
      CHECK(session.state(author) == gw::EntityState::persistent);
    }
    CHECK(counts == "a0:2 a1:2 a2:1 ");
    CHECK(statements.take("SELECT") == 1);

    const auto titles = gw::select(gw::attr(&Book::title), gw::attr(&Book::author_id)).order_by(&Book::title);
    const auto values = session.execute(titles).all();
    REQUIRE(values.size() == 5);
    CHECK((values[4] == std::tuple("a2b0", std::optional<std::int64_t>(3))));
    const auto ids = gw::select(gw::attr(&Author::id)).order_by(&Author::id);
    CHECK(session.scalars(ids).all() == std::vector<std::int64_t>{1, 2, 3});
    CHECK(session.scalar(gw::select(gw::attr(&Author::name)).where(gw::attr(&Author::id) == 2)) == "a1");
    CHECK_FALSE(session.scalar(gw::select(gw::attr(&Author::name)).where(gw::attr(&Author::id) == 7)).has_value());
    CHECK(session.scalar(gw::select<Author>().where(gw::attr(&Author::id) == 7)) == nullptr);
    CHECK(session.execute(gw::select(gw::attr(&Book::author_id)).join(&Book::chapters)).unique().all().size() == 3);
    CHECK(session.execute(gw::select(gw::attr(&Book::author_id)).distinct()).all().size() == 3);
    CHECK_THROWS_AS(session.execute(gw::select(gw::attr(&Book::author_id))).one(), gw::MultipleResultsFound);
    const gw::Select as_core = gw::select(gw::attr(&Book::author_id));
    CHECK(session.execute(as_core).all().size() == 5);
  });
}

TEST_CASE("two entities of a row are loaded with what their options say, and null where an outer join has none") {
  everywhere([](const Engine& engine) {
    fill(engine, 2, 2, 1);
    Session session(engine);
    session.add(Author{.id = 9, .name = "without"});
    session.commit();
    Statements statements(engine);
    const auto rows = session
                          .execute(gw::select(gw::entity<Author>(), gw::entity<Book>())
                                       .outerjoin(&Author::books)
                                       .order_by(&Author::id, &Book::year)
                                       .options(gw::selectinload(&Author::pupils), gw::selectinload(&Book::chapters)))
                          .all();
    CHECK(statements.take("SELECT") == 3);
    REQUIRE(rows.size() == 5);
    const auto& [author, book] = rows[3];
    CHECK(author->name == "a1");
    CHECK(book->title == "a1b1");
    CHECK(book->chapters.size() == 1);
    CHECK(std::get<1>(rows[4]) == nullptr);
    CHECK(statements.take("SELECT") == 0);
    // Joined collections of one of them.
    Session other(engine);
    const auto unique = other
                            .execute(gw::select(gw::entity<Author>(), gw::entity<Book>())
                                         .join(&Author::books)
                                         .order_by(&Author::id, &Book::year)
                                         .options(gw::joinedload(&Book::chapters)))
                            .unique()
                            .all();
    REQUIRE(unique.size() == 4);
    CHECK(std::get<1>(unique[2])->chapters[0]->title == "a1b0c0");
    const auto teacher = gw::aliased<Author>("teacher");
    other.get<Author>(2)->teacher_id = 1;
    const auto with_teacher =
        gw::select(gw::entity<Author>(), gw::entity(teacher), teacher.attr(&Author::name).label("n"))
            .join(teacher.from(), teacher.attr(&Author::id) == gw::attr(&Author::teacher_id));
    const auto pair = other.execute(with_teacher).one();
    CHECK(std::get<0>(pair)->name == "a1");
    CHECK(std::get<1>(pair) == other.get<Author>(1));
    CHECK(std::get<2>(pair) == "a0");
  });
}
