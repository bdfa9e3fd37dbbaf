// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "family.hpp"

using namespace family;
using database::error_of;

TEST_CASE("a greenlet that calls a session in which another one waits gets an error that names both") {
  const database::Scratch scratch = database::each();
  gw::Registry registry;
  map_all(registry);
  const gw::Engine engine = gw::create_engine(scratch.url());
  engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run([&] {
    gw::Session session(engine);
    gw::Event is_inside;
    gw::Event may_go_on;
    engine.events().before_execute.listen([&](gw::Connection&, gw::StatementContext&) {
      is_inside.set();
      may_go_on.wait();
    });
    auto first = gw::greenlet_spawn([&] {
                   gw::Greenlet::current().set_name("first");
                   session.add(Parent{.name = "p"});
                   session.commit();
                 }).to_future();
    is_inside.wait();
    gw::Greenlet::current().set_name("second");
    const std::string error = error_of<gw::IllegalStateChangeError>([&] { return session.flush(), 0; });
    CHECK(error.find("being used by greenlet 'first' (") != std::string::npos);
    CHECK(error.find("greenlet 'second' (") != std::string::npos);
    CHECK_THROWS_AS(session.add(Parent{}), gw::IllegalStateChangeError);
    CHECK_THROWS_AS(session.close(), gw::IllegalStateChangeError);
    std::string elsewhere;
    std::thread([&] {
      elsewhere = error_of<gw::IllegalStateChangeError>([&] { return session.rollback(), 0; });
    }).join();
    CHECK(elsewhere.find("being used by thread ") != std::string::npos);
    CHECK(elsewhere.find(" needs a session of its own") != std::string::npos);
    may_go_on.set();
    first.get();
    CHECK(session.get<Parent>(1) != nullptr);
  });
}

TEST_CASE("what sessions of many greenlets load at once is merged into one session, without a statement") {
  constexpr int many = 5;
  const database::Scratch scratch = database::each();
  gw::Registry registry;
  map_all(registry);
  const gw::Engine engine = gw::create_engine(scratch.url());
  engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run([&] {
    gw::Session writing(engine);
    for (int i = 0; i != 10 * many; ++i) {
      writing.add(Parent{.name = std::to_string(i), .age = i % many, .children = {Child{.name = "c"}}});
    }
    writing.commit();

    std::vector<std::vector<std::shared_ptr<Parent>>> found(many);
    int most = 0;
    {
      gw::TaskGroup group;
      gw::Event all_have_loaded;
      int loaded = 0;
      for (int i = 0; i != many; ++i) {
        group.spawn([&, i] {
          gw::Session own(engine);
          found[static_cast<std::size_t>(i)] = own.scalars(gw::select<Parent>()
                                                               .where(gw::attr(&Parent::age) == i)
                                                               .options(gw::selectinload(&Parent::children)))
                                                   .all();
          if (++loaded == many) {
            most = static_cast<int>(engine.pool_status().in_use);
            all_have_loaded.set();
          }
          all_have_loaded.wait();
        });
      }
      group.wait();
    }
    CHECK(most == many);

    gw::Session session(engine);
    Statements statements(engine);
    std::vector<std::shared_ptr<Parent>> merged;
    for (const auto& some : found) {
      for (const auto& parent : some) {
        merged.push_back(session.merge(parent, false));
        CHECK(merged.back() != parent);
      }
    }
    REQUIRE(merged.size() == 10 * many);
    for (const auto& parent : merged) {
      CHECK(session.get<Parent>(parent->id) == parent);
      REQUIRE(parent->children.size() == 1);
      CHECK(session.contains(parent->children[0]));
    }
    CHECK(statements.all().empty());
    merged[7]->name = "new";
    session.commit();
    CHECK(statements.take("UPDATE") == 1);
    CHECK(statements.all().empty());
  });
}
