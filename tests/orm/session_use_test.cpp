// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <thread>

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
