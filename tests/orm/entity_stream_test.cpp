// SPDX-License-Identifier: BSL-1.0
#include <memory>
#include <string>
#include <vector>

#include "family.hpp"
#include "library.hpp"

using namespace library;
using family::Statements;

TEST_CASE("a stream in partitions keeps only what somebody holds, or has changed") {
  everywhere([](const Engine& engine) {
    fill(engine, 30, 2, 0);
    Session session(engine);
    const auto in_order = gw::select<Author>().order_by(&Author::id);
    std::vector<std::weak_ptr<Author>> all;
    std::shared_ptr<Author> kept;
    for (const auto& author : session.stream(in_order.yield_per(10).options(gw::selectinload(&Author::books)))) {
      CHECK(author->books.size() == 2);
      all.push_back(author);
      if (author->id == 5) {
        kept = author;
      }
      if (author->id == 6) {
        author->name = "changed";
      }
    }
    REQUIRE(all.size() == 30);
    CHECK(all[3].expired());
    CHECK(all[19].expired());
    CHECK(all[4].lock() == kept);
    CHECK_FALSE(all[5].expired());
    CHECK(kept->books[1]->author.get() == kept);
    Statements statements(engine);
    session.commit();
    CHECK(statements.take("UPDATE") == 1);
    CHECK(session.get<Author>(6)->name == "changed");
    // Without yield_per the session owns what it has found, and a join of collections does not come in partitions.
    std::weak_ptr<Author> first;
    Session owner(engine);
    for (const auto& author : owner.stream(in_order)) {
      first = author->id == 1 ? author : first.lock();
    }
    CHECK_FALSE(first.expired());
    CHECK_THROWS_AS(session.execute(in_order.yield_per(10).options(gw::joinedload(&Author::books))),
                    gw::InvalidRequestError);
  });
}
