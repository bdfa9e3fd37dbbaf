// SPDX-License-Identifier: BSL-1.0
//
// A session's work is cancelled on its first occasion, then, begun anew, on its second, and so on, until it runs to its
// end.

#include <exception>
#include <functional>
#include <string>

#include <greenway/orm/async_session.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/task.hpp>

#include "family.hpp"

using namespace family;

namespace {

/// What is counted. How often a greenlet goes to rest is a matter of luck, since what it waits for may be there
/// already; what the engine tells of its work is not.
enum class Occasion { rest, event };

using Entity = std::shared_ptr<Parent>;

/// What is cancelled, in a session that has been made ready for it.
struct Scenario {
  std::string name;
  void (*prepare)(gw::Session&, const Entity&);
  void (*work)(gw::Session&, const Entity&);
  gw::Operation<void> (*awaited)(gw::AsyncSession&, const Entity&);  // the same, by the facade
  int events;                                                        // at least as many has the work
  int age_before;                                                    // of the parent, for others; 0: there is none
  int age_after;
};

void add(gw::Session& session, const Entity& parent) { session.add(parent); }

void write(gw::Session& session, const Entity& parent) {
  session.add(parent);
  session.flush();
}

void change_written(gw::Session& session, const Entity& parent) {
  write(session, parent);
  parent->age = 2;
}

void unload_children(gw::Session& session, const Entity& parent) {
  session.add(parent);
  session.commit();
  session.expire(parent, {&Parent::children});
}

/// Flush, lazy load, savepoints, update, commit, and a transaction that is left to be rolled back by close().
void do_all(gw::Session& session, const Entity& parent) {
  write(session, parent);
  session.expire(parent, {&Parent::children});
  parent->children.append(Child{.name = "c"});  // which loads
  session.begin_nested([&] { parent->age = 2; });
  session.begin_nested().rollback();
  session.commit();
  parent->age = 3;
  session.flush();
  session.close();
}

// A statement has two events; there are also those of the pool, of transactions and of savepoints.
const Scenario scenarios[] = {
    {"flush", add, [](gw::Session& session, const Entity&) { session.flush(); },
     [](gw::AsyncSession& session, const Entity&) { return session.flush(); }, 6, 0, 0},
    {"commit", change_written, [](gw::Session& session, const Entity&) { session.commit(); },
     [](gw::AsyncSession& session, const Entity&) { return session.commit(); }, 4, 0, 2},
    {"lazy load", unload_children, [](gw::Session&, const Entity& parent) { parent->children.load(); },
     [](gw::AsyncSession& session, const Entity& parent) { return session.load(parent, &Parent::children); }, 4, 1, 1},
    {"close", write, [](gw::Session& session, const Entity&) { session.close(); },
     [](gw::AsyncSession& session, const Entity&) { return session.close(); }, 2, 0, 0},
    {"all", [](gw::Session&, const Entity&) {}, do_all,
     [](gw::AsyncSession& session, const Entity& parent) { return session.run_sync(do_all, parent); }, 20, 0, 2},
};

/// Cancels an operation on its k-th occasion of a kind, and says what the engine sees of it.
class Canceller {
 public:
  explicit Canceller(const gw::Engine& engine) {
    gw::EngineEvents& events = engine.events();
    const auto count = [this](const auto&...) { pass(Occasion::event); };
    events.checkout.listen(count);
    events.reset.listen(count);
    events.checkin.listen(count);
    events.before_cursor_execute.listen(count);
    events.after_cursor_execute.listen(count);
    events.begin.listen(count);
    events.commit.listen(count);
    events.rollback.listen(count);
    events.savepoint.listen(count);
    events.rollback_savepoint.listen(count);
    events.release_savepoint.listen(count);
  }

  /// @param k  0: never.
  /// @return How it ended: "done", "cancelled", or by which error.
  std::string run(gw::LoopHost& loop, gw::Operation<void> operation, Occasion what, int k) {
    cancel_ = operation.canceller();
    what_ = what;
    left_ = k;
    const gw::Greenlet main = gw::Greenlet::current();
    auto tracer = gw::set_trace([&](const gw::SwitchEvent& event) {
      if (event.target == main && !event.origin.dead()) {
        pass(Occasion::rest);
      }
    });
    bool is_done = false;
    std::exception_ptr error;
    const auto end = [&](gw::Outcome<void>&& outcome) {
      error = outcome.error();
      is_done = true;
    };
    loop.post([&] { operation.start(end); });
    loop.run_until(is_done);
    gw::set_trace(std::move(tracer));
    was_cancelled_ = k != 0 && left_ <= 0;
    left_ = 0;
    return describe(error);
  }

  [[nodiscard]] bool was_cancelled() const noexcept { return was_cancelled_; }

 private:
  void pass(Occasion occasion) {
    if (left_ > 0 && occasion == what_ && --left_ == 0) {
      cancel_();
    }
  }

  static std::string describe(const std::exception_ptr& error) {
    try {
      if (error != nullptr) {
        std::rethrow_exception(error);
      }
    } catch (const gw::OperationCancelled&) {
      return "cancelled";
    } catch (const std::exception& other) {
      return other.what();
    }
    return "done";
  }

  std::function<void()> cancel_;
  Occasion what_ = Occasion::rest;
  int left_ = 0;
  bool was_cancelled_ = false;
};

/// The age of a parent, as another session sees it, which also can write; 0: there is none.
int age_of(const gw::Engine& engine, const std::string& name) {
  gw::Session session(engine);
  session.add(Parent{.name = "other"});
  session.commit();
  const Entity found = session.scalars(gw::select<Parent>().where(gw::attr(&Parent::name) == name)).one_or_none();
  return found != nullptr ? found->age : 0;
}

}  // namespace

TEST_CASE("a session whose work is cancelled on any occasion goes on after rollback, and leaves nothing behind") {
  const database::Scratch scratch = database::each();
  const bool is_postgresql = scratch.url().starts_with("postgresql");
  const std::string separator = scratch.url().find('?') == std::string::npos ? "?" : "&";
  const gw::Engine engine = gw::create_engine(
      is_postgresql ? scratch.url() + separator + "application_name=cancelled_session" : scratch.url());
  gw::Registry registry;
  map_all(registry);
  engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::LoopHost loop;
  Canceller canceller(engine);
  const bool is_awaited = GENERATE(false, true);
  const Occasion what = GENERATE(Occasion::rest, Occasion::event);
  const Scenario& scenario = scenarios[GENERATE(0, 1, 2, 3, 4)];
  bool was_cancelled = true;
  int k = 0;
  while (was_cancelled) {
    REQUIRE(++k < 300);
    gw::AsyncSession awaited{gw::AsyncEngine(engine)};
    gw::Session plain(engine);
    gw::Session& session = is_awaited ? awaited.sync_session() : plain;
    const auto parent =
        std::make_shared<Parent>(Parent{.name = "p" + std::to_string(k), .age = 1, .children = {Child{}}});
    CAPTURE(scenario.name, is_awaited, k);
    REQUIRE(canceller.run(loop, gw::greenlet_spawn(scenario.prepare, std::ref(session), parent), what, 0) == "done");
    const std::string end = canceller.run(
        loop,
        is_awaited ? scenario.awaited(awaited, parent) : gw::greenlet_spawn(scenario.work, std::ref(session), parent),
        what, k);
    was_cancelled = canceller.was_cancelled();
    CHECK((end == "done" || (was_cancelled && end == "cancelled")));
    bool is_closed = false;
    int age = 0;
    const auto after = [&] {
      try {
        session.rollback();
        session.add(Parent{.name = "after"});
        session.commit();
      } catch (const gw::ResourceClosedError&) {
        is_closed = true;
      }
      session.close();
      age = age_of(engine, *parent->name);
    };
    CHECK(canceller.run(loop, gw::greenlet_spawn(std::ref(after)), what, 0) == "done");
    const bool closes = scenario.name == "close" || scenario.name == "all";
    CHECK((closes ? is_closed || end == "cancelled" : !is_closed));
    CHECK((age == scenario.age_after || (age == scenario.age_before && end == "cancelled")));  // all of it or nothing
    CHECK(engine.pool_status().in_use == 0);
    if (is_postgresql) {
      CHECK(engine.scalar<int>(
                gw::text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cancelled_session' AND "
                         "state LIKE 'idle in transaction%'")) == 0);
    }
  }
  if (what == Occasion::event) {
    CAPTURE(scenario.name, is_awaited);
    CHECK(k > scenario.events);
  }
}
