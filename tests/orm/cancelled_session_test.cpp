// SPDX-License-Identifier: BSL-1.0
//
// A session's work is cancelled at its first suspension, then, begun anew, at its second, and so on, until it runs to its end.

#include <exception>
#include <functional>
#include <string>

#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/loop_host.hpp>

#include "family.hpp"

using namespace family;

namespace {

struct Run {
  bool was_cancelled = false;  // it got as far as the suspension at which it was to be
  std::exception_ptr error;
};

/// Runs a function in a greenlet, and cancels it when it goes to rest for the k-th time; 0: never.
Run run_cancelling_at(gw::LoopHost& loop, int k, std::function<void()> fn) {
  Run run;
  gw::GreenletOptions options;
  options.host = &loop;
  auto operation = gw::greenlet_spawn(options, std::move(fn));
  const auto cancel = operation.canceller();
  const gw::Greenlet main = gw::Greenlet::current();
  int suspensions = 0;
  auto tracer = gw::set_trace([&](const gw::SwitchEvent& event) {
    if (event.target == main && !event.origin.dead() && ++suspensions == k) {
      run.was_cancelled = true;
      cancel();
    }
  });
  bool is_done = false;
  operation.start([&](gw::Outcome<void>&& outcome) {
    run.error = outcome.error();
    is_done = true;
  });
  loop.run_until(is_done);
  gw::set_trace(std::move(tracer));
  return run;
}

std::string describe_error(const std::exception_ptr& error) {
  if (error == nullptr) {
    return "none";
  }
  try {
    std::rethrow_exception(error);
  } catch (const gw::OperationCancelled&) {
    return "cancelled";
  } catch (const std::exception& other) {
    return other.what();
  }
}

/// Flush, lazy load, savepoint, update by class, commit, and a transaction that is left to be rolled back by close().
void work(gw::Session& session, const std::shared_ptr<Parent>& parent) {
  session.add(parent);
  session.flush();
  session.expire(parent, {&Parent::children});
  parent->children.append(Child{.name = "c"});  // which loads
  session.begin_nested([&] { parent->age = 2; });
  session.begin_nested().rollback();
  session.commit();
  parent->age = 3;
  session.flush();
  session.close();
}

}  // namespace

TEST_CASE("a session whose work is cancelled at any suspension goes on after rollback, and leaves nothing behind") {
  const database::Scratch scratch = database::each();
  const bool is_postgresql = scratch.url().starts_with("postgresql");
  const std::string separator = scratch.url().find('?') == std::string::npos ? "?" : "&";
  const gw::Engine engine =
      gw::create_engine(is_postgresql ? scratch.url() + separator + "application_name=cancelled_session" : scratch.url());
  gw::Registry registry;
  map_all(registry);
  engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::LoopHost loop;
  bool was_cancelled = true;
  int k = 0;
  while (was_cancelled) {
    REQUIRE(++k < 300);
    gw::Session session(engine);
    const auto parent = std::make_shared<Parent>(Parent{.name = "p" + std::to_string(k), .age = 1});
    const Run run = run_cancelling_at(loop, k, [&] { work(session, parent); });
    was_cancelled = run.was_cancelled;
    const std::string error = describe_error(run.error);
    CAPTURE(k, error);
    CHECK((error == "none" || (was_cancelled && error == "cancelled")));
    bool is_closed = false;
    int age = 0;
    const Run after = run_cancelling_at(loop, 0, [&] {
      try {
        session.rollback();
        session.add(Parent{.name = "after"});
        session.commit();
      } catch (const gw::ResourceClosedError&) {
        is_closed = true;  // close() was what was cancelled, or came to its end
      }
      session.close();
      gw::Session other(engine);
      if (const auto found = other.scalars(gw::select<Parent>().where(gw::attr(&Parent::name) == parent->name)).one_or_none()) {
        age = found->age;
      }
    });
    CHECK(describe_error(after.error) == "none");
    CHECK((is_closed || error == "cancelled"));
    CHECK((age == 0 || age == 2));  // all of it or nothing
    CHECK(engine.pool_status().in_use == 0);
    if (is_postgresql) {
      CHECK(engine.scalar<int>(gw::text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cancelled_session' AND "
                                        "state LIKE 'idle in transaction%'")) == 0);
    }
  }
  CHECK(k > (is_postgresql ? 8 : 2));
}
