// SPDX-License-Identifier: BSL-1.0
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/base/log.hpp>

#include "family.hpp"
#include "library.hpp"

using namespace library;
using database::error_of;
using family::Statements;

TEST_CASE("a session without implicit statements names the option to add, before it sends anything") {
  everywhere([](const Engine& engine) {
    fill(engine, 1, 1, 1);
    Session session(engine, {.no_implicit_io = true});
    const auto book = session.scalars(gw::select<Book>()).one();
    Statements statements(engine);
    CHECK(error_of<gw::InvalidRequestError>([&] { return book->chapters.size(); }) ==
          "loading 'Book.chapters' takes a statement, which this Session sends for nobody that does not ask for it "
          "(no_implicit_io): load it with its entity by .options(selectinload(&Book::chapters))");
    CHECK_THROWS_AS(book->author.get(), gw::InvalidRequestError);
    CHECK(statements.all().empty());
    const auto author = session.get<Author>(1);
    CHECK(book->author.get() == author);                // needs none
    touching(session, [&] { book->chapters.load(); });  // asked for
    CHECK(book->chapters.size() == 1);
    session.delete_(author);
    session.commit();
    CHECK_FALSE(book->author_id.has_value());
  });
}

TEST_CASE("a relationship that is touched for many entities of one result is told of once") {
  std::vector<std::string> lines;
  gw::set_log_sink([&](gw::LogLevel level, std::string_view logger, std::string_view text) {
    if (level == gw::LogLevel::warning && logger == "greenway.orm") {
      lines.emplace_back(text);
    }
  });
  everywhere([&](const Engine& engine) {
    fill(engine, 5, 1, 1);
    lines.clear();
    Session session(engine, {.warn_lazy_loads = 3});
    const auto authors = session.scalars(gw::select<Author>().order_by(&Author::id)).all();
    for (std::size_t i = 0; i != 3; ++i) {
      CHECK(touching(session, [&] { return authors[i]->books.size(); }) == 1);
    }
    CHECK(lines.empty());
    CHECK(touching(session, [&] { return authors[3]->books.size() + authors[4]->books.size(); }) == 2);
    CHECK(lines ==
          std::vector<std::string>{"'Author.books' has been loaded by touching it for more than 3 entities of one "
                                   "result, with a statement for each: load it with them by "
                                   ".options(selectinload(&Author::books))"});
    for (const auto& author : authors) {
      CHECK(author->books[0]->author.get() == author);  // without a statement
    }
    // One at a time are no result with many.
    for (int i = 0; i != 5; ++i) {
      CHECK(touching(session, [&] { return session.get<Book>(1900, i + 1)->chapters.size(); }) == 1);
    }
    CHECK(lines.size() == 1);
  });
  gw::set_log_sink({});
}

TEST_CASE("an option that leaves a relationship to be touched says how what is found then is loaded") {
  everywhere([](const Engine& engine) {
    fill(engine, 2, 2, 1);
    Session session(engine);
    const auto author = session
                            .scalars(gw::select<Author>()
                                         .order_by(&Author::id)
                                         .options(gw::lazyload(&Author::books).selectinload(&Book::chapters)))
                            .first();
    Statements statements(engine);
    CHECK(touching(session, [&] { return author->books.size(); }) == 2);
    CHECK(statements.take("SELECT") == 2);
    CHECK(author->books[1]->chapters.size() == 1);
    CHECK(statements.take("SELECT") == 0);
  });
}
