// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "family.hpp"
#include "library.hpp"

using namespace library;
using database::error_of;
using family::Statements;

namespace {

std::string titles(const std::shared_ptr<Author>& author) {
  std::vector<std::string> all;
  for (const auto& book : author->books) {
    all.push_back(book->title);
    for (const auto& chapter : book->chapters) {
      all.push_back(chapter->title);
    }
  }
  std::ranges::sort(all);
  std::string text;
  for (const std::string& title : all) {
    text += (text.empty() ? "" : " ") + title;
  }
  return text;
}

}  // namespace

TEST_CASE("loader options nest: each level of selectinload takes one statement, and one for every 500 after that") {
  everywhere([](const Engine& engine) {
    fill(engine, 3, 2, 2);
    Session session(engine);
    Statements statements(engine);
    const auto authors =
        session
            .scalars(
                gw::select<Author>()
                    .order_by(&Author::id)
                    .options(
                        gw::selectinload(&Author::books).selectinload(&Book::chapters).selectinload(&Chapter::book)))
            .all();
    CHECK(statements.take("SELECT") == 3);  // the book of a chapter is there
    REQUIRE(authors.size() == 3);
    CHECK(titles(authors[1]) == "a1b0 a1b0c0 a1b0c1 a1b1 a1b1c0 a1b1c1");
    CHECK(authors[2]->books[0]->chapters[0]->book.get() == authors[2]->books[0]);
    CHECK(statements.take("SELECT") == 0);
  });
}

TEST_CASE("selectinload by a key of two columns has one text for any number of keys") {
  everywhere([](const Engine& engine) {
    fill(engine, 501, 1, 1);
    const auto load = [&](int count) {
      Session session(engine);
      Statements statements(engine);
      const auto books =
          session
              .scalars(
                  gw::select<Book>().where(gw::attr(&Book::number) <= count).options(gw::selectinload(&Book::chapters)))
              .all();
      const std::string text = statements.all().back();
      const int sent = statements.take("SELECT");
      REQUIRE(books.size() == static_cast<std::size_t>(count));
      for (const auto& book : books) {
        REQUIRE(book->chapters.size() == 1);
        REQUIRE(book->chapters[0]->title == book->title + "c0");
      }
      return std::pair(sent, text);
    };
    const auto [sent, text] = load(500);
    CHECK(sent == 2);
    CHECK(load(1) == std::pair(2, text));
    CHECK(load(7).second == text);
    CHECK(load(501).first == 3);
  });
}

TEST_CASE("joinedload loads all by one statement, and what is joined to a collection has to be made unique") {
  everywhere([](const Engine& engine) {
    fill(engine, 3, 2, 2);
    Session session(engine);
    session.add(Author{.id = 9, .name = "without"});
    session.commit();
    const auto statement =
        gw::select<Author>()
            .order_by(&Author::id)
            .options(gw::joinedload(&Author::books).joinedload(&Book::chapters), gw::selectinload(&Author::pupils));
    Session reading(engine);
    CHECK(error_of<gw::InvalidRequestError>([&] { return reading.scalars(statement).all().size(); }) ==
          "The unique() method must be invoked on this Result, as it contains results that include joined eager loads "
          "against "
          "collections");
    Statements statements(engine);
    const auto authors = reading.scalars(statement).unique().all();
    CHECK(statements.take("SELECT") == 2);
    REQUIRE(authors.size() == 4);
    CHECK(titles(authors[1]) == "a1b0 a1b0c0 a1b0c1 a1b1 a1b1c0 a1b1c1");
    CHECK(authors[3]->books.empty());
    CHECK(authors[3]->pupils.empty());
    CHECK(statements.take("SELECT") == 0);
    // With a JOIN those that have none are not found.
    const auto inner = gw::select<Author>().options(gw::joinedload(&Author::books, true));
    CHECK(reading.scalars(inner).unique().all().size() == 3);
  });
}

TEST_CASE("limit, offset and distinct count entities, whatever is joined to them") {
  everywhere([](const Engine& engine) {
    fill(engine, 4, 3, 1);
    Session session(engine);
    Statements statements(engine);
    const auto page = gw::select<Author>()
                          .order_by(gw::attr(&Author::name).desc())
                          .limit(2)
                          .offset(1)
                          .options(gw::joinedload(&Author::books));
    const auto authors = session.scalars(page).unique().all();
    REQUIRE(authors.size() == 2);
    CHECK(authors[0]->name == "a2");
    CHECK(authors[1]->name == "a1");
    CHECK(authors[0]->books.size() == 3);
    CHECK(statements.take("SELECT") == 1);
    const auto by_what_is_not_selected = gw::select<Author>()
                                             .order_by((gw::attr(&Author::id) * -1).asc())
                                             .limit(1)
                                             .options(gw::joinedload(&Author::books));
    CHECK(session.scalars(by_what_is_not_selected).unique().one()->name == "a3");
    const auto once = gw::select<Author>()
                          .join(&Author::books)
                          .distinct()
                          .order_by(&Author::id)
                          .options(gw::joinedload(&Author::books));
    CHECK(session.scalars(once).unique().all().size() == 4);
    const auto long_ones = gw::select<Book>()
                               .join(&Book::chapters)
                               .group_by(&Book::year, &Book::number)
                               .having(gw::attr(&Book::year) > 1901)
                               .order_by(&Book::number)
                               .options(gw::joinedload(&Book::author));
    const auto grouped = session.scalars(long_ones).all();
    REQUIRE(grouped.size() == 4);
    CHECK(grouped[3]->author->name == "a3");
    // What is joined to a One has as many rows as before.
    statements.take("SELECT");
    const auto some = gw::select<Book>().order_by(&Book::title).limit(5).options(gw::joinedload(&Book::author));
    const auto books = session.scalars(some).all();
    CHECK(books.size() == 5);
    CHECK(books[4]->author->name == "a1");
    CHECK(statements.all().back().find("(SELECT") == std::string::npos);
    CHECK(statements.take("SELECT") == 1);
  });
}

TEST_CASE("an inner join leaves out who has nothing there, and defaultload says only what is further on") {
  everywhere([](const Engine& engine) {
    fill(engine, 2, 1, 1);
    Session session(engine);
    session.add(Author{.id = 9, .name = "without books"});
    session.commit();
    Session reading(engine);
    Statements statements(engine);
    const auto select = gw::select<Author>().order_by(&Author::id);
    CHECK(reading.scalars(select.options(gw::joinedload(&Author::books))).unique().all().size() == 3);
    CHECK(reading.scalars(select.options(gw::joinedload(&Author::books, true))).unique().all().size() == 2);
    CHECK(statements.all().back().find("OUTER") == std::string::npos);

    Session other(engine);
    statements.take("SELECT");
    const auto authors =
        other.scalars(select.options(gw::defaultload(&Author::books).selectinload(&Book::chapters))).all();
    CHECK(statements.take("SELECT") == 1);
    CHECK_FALSE(authors[0]->books.is_loaded());
    CHECK(touching(other, [&] { return authors[0]->books.size(); }) == 1);
    CHECK(statements.take("SELECT") == 2);
    CHECK(authors[0]->books[0]->chapters.is_loaded());
  });
}

TEST_CASE("a relationship is loaded as it is mapped, unless an option says otherwise") {
  for (const auto& [lazy, sent] : {std::pair("selectin", 2), std::pair("joined", 1), std::pair("immediate", 4)}) {
    everywhere(
        [&](const Engine& engine) {
          fill(engine, 3, 2, 0);
          Session session(engine);
          Statements statements(engine);
          const auto authors = session.scalars(gw::select<Author>().order_by(&Author::id)).unique().all();
          CHECK(statements.take("SELECT") == sent);
          REQUIRE(authors.size() == 3);
          CHECK(authors[2]->books.size() == 2);
          CHECK(statements.take("SELECT") == 0);
          Session other(engine);
          const auto lazily = other.scalars(gw::select<Author>().options(gw::lazyload(&Author::books))).all();
          CHECK(statements.take("SELECT") == 1);
          CHECK(touching(other, [&] { return lazily[0]->books.size(); }) == 2);
          CHECK(statements.take("SELECT") == 1);
          Session third(engine);
          CHECK(third.get<Author>(1)->books.is_loaded());
        },
        lazy);
  }
}

TEST_CASE("what may not be loaded says so when it is touched, and a flush loads it all the same") {
  everywhere(
      [](const Engine& engine) {
        fill(engine, 1, 2, 1);
        Session session(engine);
        const auto author = session.get<Author>(1);
        Statements statements(engine);
        CHECK(error_of<gw::InvalidRequestError>([&] { return author->books.size(); }) ==
              "'Author.books' is not available due to lazy='raise'");
        const auto books = gw::select<Book>().order_by(&Book::year);
        const auto book =
            session.scalars(books.options(gw::raiseload(&Book::chapters), gw::raiseload(&Book::author, true))).first();
        CHECK(error_of<gw::InvalidRequestError>([&] { return book->chapters.size(); }) ==
              "'Book.chapters' is not available due to lazy='raise'");
        CHECK(book->author.get() == author);  // takes no statement
        CHECK(statements.take("SELECT") == 1);
        Session other(engine);
        const auto alone = other.scalars(gw::select<Book>().options(gw::raiseload(&Book::author, true))).first();
        CHECK(error_of<gw::InvalidRequestError>([&] { return alone->author.get(); }) ==
              "'Book.author' is not available due to lazy='raise_on_sql'");
        session.delete_(author);
        session.commit();
        CHECK_FALSE(book->author_id.has_value());
        other.rollback();
        CHECK_FALSE(other.scalars(books.populate_existing()).first()->author_id.has_value());
      },
      "raise");
}

TEST_CASE("levels of a class that refers to itself are loaded as deep as one says") {
  everywhere([](const Engine& engine) {
    Session writing(engine);
    std::int64_t id = 0;
    std::shared_ptr<Author> last;
    for (const char* name : {"first", "second", "third", "fourth"}) {
      const auto author = std::make_shared<Author>(Author{.id = ++id, .name = name});
      last == nullptr ? writing.add(author) : last->pupils.append(author);
      last = author;
    }
    writing.commit();
    const auto first = gw::select<Author>().where(gw::attr(&Author::id) == 1);
    const auto depth_loaded = [&](int depth) {
      Session session(engine);
      Statements statements(engine);
      auto author = session.scalars(first.options(gw::selectinload(&Author::pupils, depth))).one();
      int levels = 0;
      for (; author->pupils.is_loaded(); author = author->pupils[0]) {
        if (author->pupils.empty()) {
          break;
        }
        ++levels;
      }
      return std::pair(levels, statements.take("SELECT"));
    };
    CHECK(depth_loaded(1) == std::pair(1, 2));
    CHECK(depth_loaded(2) == std::pair(2, 3));
    CHECK(depth_loaded(-1) == std::pair(3, 5));
  });
}

TEST_CASE("what is joined to an entity that the session has already is loaded by a statement of its own") {
  everywhere([](const Engine& engine) {
    fill(engine, 2, 1, 1);
    Session session(engine);
    const auto book = session.get<Book>(1900, 1);
    Statements statements(engine);
    const auto chapters = gw::select<Chapter>()
                              .order_by(&Chapter::id)
                              .options(gw::selectinload(&Chapter::book).joinedload(&Book::author));
    const auto all = session.scalars(chapters).all();
    CHECK(statements.take("SELECT") == 3);  // the chapters, the author of the book, the other book with its author
    CHECK(all[0]->book.get() == book);
    CHECK(book->author->name == "a0");
    CHECK(all[1]->book->author->name == "a1");
    CHECK(statements.take("SELECT") == 0);
  });
}

TEST_CASE("columns that are left out are neither read nor written, until somebody loads them") {
  everywhere([](const Engine& engine) {
    fill(engine, 2, 1, 0);
    Session session(engine);
    Statements statements(engine);
    const auto book =
        session.scalars(gw::select<Book>().order_by(&Book::number).options(gw::load_only(&Book::blurb))).first();
    CHECK(statements.all().back().find("title") == std::string::npos);
    CHECK(book->title.empty());
    CHECK(book->blurb == "blurb");
    CHECK(book->author_id == 1);  // keys are there
    CHECK_FALSE(session.is_modified(book));
    book->title = "not written";
    book->blurb = "written";
    session.flush();
    CHECK(statements.take("UPDATE") == 1);
    session.refresh(book);
    CHECK(book->title == "a0b0");
    CHECK(book->blurb == "written");
    book->title = "written as well";
    session.commit();
    CHECK(statements.take("UPDATE") == 1);

    Session other(engine);
    const auto deferred = other
                              .scalars(gw::select<Book>()
                                           .order_by(&Book::number)
                                           .options(gw::defer(&Book::title, &Book::blurb), gw::undefer(&Book::blurb),
                                                    gw::selectinload(&Book::author).load_only(&Author::about)))
                              .first();
    CHECK(deferred->title.empty());
    CHECK(deferred->blurb == "written");
    CHECK(deferred->author->name.empty());
    CHECK(deferred->author->about == "about a0");
    deferred->blurb = "changed";
    // A row that has the column completes the entity, and leaves alone what has been changed.
    CHECK(other.scalars(gw::select<Book>().order_by(&Book::number)).first() == deferred);
    CHECK(deferred->title == "written as well");
    deferred->blurb = "changed again";
    deferred->title = "changed";
    statements.take("UPDATE");
    other.flush();
    CHECK(statements.take("UPDATE") == 1);
    other.rollback();
    CHECK(deferred->title == "written as well");
    CHECK(deferred->blurb == "written");
  });
}

TEST_CASE("what a join of one's own finds is what a relationship holds, if an option says that it contains that") {
  everywhere([](const Engine& engine) {
    fill(engine, 2, 3, 0);
    Session session(engine);
    Statements statements(engine);
    const auto early = gw::select<Author>()
                           .join(&Author::books)
                           .where(gw::attr(&Book::year) < 1902)
                           .order_by(&Author::id, &Book::year)
                           .options(gw::contains_eager(&Author::books).raiseload(&Book::chapters));
    CHECK_THROWS_AS(session.scalars(early).all(), gw::InvalidRequestError);
    const auto authors = session.scalars(early).unique().all();
    CHECK(statements.take("SELECT") == 2);
    REQUIRE(authors.size() == 2);
    REQUIRE(authors[1]->books.size() == 2);
    CHECK(authors[1]->books[1]->title == "a1b1");
    CHECK_THROWS_AS(authors[1]->books[1]->chapters.size(), gw::InvalidRequestError);
    CHECK(statements.take("SELECT") == 0);
    session.flush();
    CHECK(statements.take("UPDATE") == 0);
  });
}

TEST_CASE("populate_existing overwrites what the session has, and what is loaded with it") {
  everywhere([](const Engine& engine) {
    fill(engine, 1, 2, 0);
    Session session(engine, {.autoflush = false});
    const auto author = session.get<Author>(1);
    author->name = "changed";
    touching(session, [&] { author->books.clear(); });
    const auto statement = gw::select<Author>().options(gw::selectinload(&Author::books));
    CHECK(session.scalars(statement).one() == author);
    CHECK(author->name == "changed");
    CHECK(author->books.empty());
    CHECK(session.scalars(statement.populate_existing()).one() == author);
    CHECK(author->name == "a0");
    CHECK(author->books.size() == 2);
    CHECK_FALSE(session.is_modified(author));
    author->books.clear();
    const auto joined = gw::select<Author>().options(gw::joinedload(&Author::books)).populate_existing();
    CHECK(session.scalars(joined).unique().one() == author);
    CHECK(author->books.size() == 2);
  });
}

TEST_CASE("a loader option about another class than those that are selected is refused") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto error = [&](const gw::LoaderOption& option) {
      return error_of<gw::ArgumentError>(
          [&] { return session.scalars(gw::select<Author>().options(option)).all().size(); });
    };
    CHECK(error(gw::selectinload(&Book::author)) == "a loader option is about class Book, which is not selected");
    CHECK(error(gw::selectinload(&Author::books).selectinload(&Author::pupils)) ==
          "a loader option is about class Author, not Book");
    gw::Registry wrong;
    CHECK_THROWS_AS(map_all(wrong, "sometimes"), gw::ArgumentError);
  });
}
