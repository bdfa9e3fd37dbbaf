// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <greenway/orm/async_session_maker.hpp>
#include <greenway/orm/deferred.hpp>
#include <greenway/orm/entity_dml.hpp>
#include <greenway/runtime/task.hpp>

#include "family.hpp"
#include "library.hpp"

using namespace family;

namespace {

void add_one(gw::Session& session) {
  session.add(Parent{.name = "one", .children = {Child{.name = "a"}, Child{.name = "b"}}});
}

std::size_t children_of(gw::Session& session, std::int64_t id) { return session.get<Parent>(id)->children.size(); }

gw::Task<std::int64_t> add_in_coroutine(gw::AsyncSession& session) {
  const auto parent = session.add(Parent{.name = "c"});
  co_await session.flush();
  co_return parent->id;
}

gw::Task<void> fail_in_coroutine(gw::AsyncSession& session) {
  session.add(Parent{.name = "d"});
  co_await session.flush();
  throw std::runtime_error("no");
}

struct Essay {
  std::int64_t id = 0;
  gw::Deferred<std::string> body = {};
};

void map_essay(gw::Registry& registry) {
  registry.map<Essay>("essay", gw::mapped_column(&Essay::id, "id", gw::primary_key),
                      gw::mapped_column(&Essay::body, "body"));
}

gw::OperationalError lost_race() {
  gw::Diagnostics fields;
  fields.message = "could not serialize access";
  fields.sqlstate = "40001";
  return gw::OperationalError(std::move(fields));
}

// Runs a coroutine with an engine on each database, with the tables there.
template <class F>
void as_task(F&& body, void (*map)(gw::Registry&) = map_all) {
  gw::Registry registry;
  map(registry);
  const database::Scratch scratch = database::each();
  const gw::AsyncEngine engine = gw::create_async_engine(scratch.url());
  engine.sync_engine().begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run(body(engine));
  CHECK(engine.pool_status().in_use == 0);
}

}  // namespace

TEST_CASE("synchronous code loads lazily in a coroutine's session, and the coroutine itself is told how") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession writing(engine);
    co_await writing.begin(add_one);
    gw::AsyncSession session(engine);
    const std::size_t in_greenlet = co_await session.run_sync(children_of, 1);
    CHECK(in_greenlet == 2);
    co_await session.close();

    gw::AsyncSession other(engine);
    const auto parent = co_await other.get<Parent>(1);
    const std::string error = database::error_of<gw::MissingGreenlet>([&] { return parent->children.size(); });
    CHECK(error ==
          "loading Parent::children needs a greenlet: load it with its entity by "
          ".options(selectinload(&Parent::children)), or run what touches it with AsyncSession::run_sync()");
    Statements statements(engine.sync_engine());
    co_await other.load(parent, &Parent::children);
    co_await other.load(parent, &Parent::children);  // which is there
    CHECK(statements.take("SELECT") == 1);
    CHECK(parent->children.size() == 2);
    co_await other.load(parent->children[0], &Child::parent);
    CHECK(parent->children[0]->parent.get() == parent);
    co_await other.close();
  });
}

TEST_CASE("each function of an asynchronous session does what its namesake does") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession session(engine);
    const auto parent = session.add(Parent{.name = "p"});
    co_await session.flush();
    CHECK(parent->id == 1);
    CHECK(session.in_transaction());
    co_await session.rollback();
    CHECK(session.state(parent) == gw::EntityState::transient);
    session.add_all(parent, Parent{.name = "q", .children = {Child{}}});
    co_await session.commit();
    const auto all = co_await session.scalars(gw::select<Parent>().order_by(&Parent::id));
    CHECK(all.size() == 2);
    auto result = co_await session.stream(gw::select<Parent>().options(gw::selectinload(&Parent::children)));
    int count = 0;
    while (const auto one = co_await result.fetchone()) {
      count += one->children.is_loaded() ? 1 : 0;
    }
    CHECK(count == 2);
    session.delete_(parent);
    co_await session.commit();
    const auto left = co_await session.scalars(gw::select<Parent>());
    REQUIRE(left.size() == 1);
    left[0]->name = "unwritten";
    co_await session.refresh(left[0]);
    CHECK(left[0]->name == "unwritten");  // written first
    co_await session.close();
  });
}

TEST_CASE("transactions and savepoints of a session are awaited in a coroutine") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession session(engine);
    gw::AsyncSessionTransaction outer = co_await session.begin();
    const auto parent = session.add(Parent{.name = "p"});
    gw::AsyncSessionTransaction savepoint = co_await session.begin_nested();
    CHECK(session.in_nested_transaction());
    CHECK(session.get_transaction()->is_active());
    CHECK(session.get_nested_transaction()->nested());
    CHECK(session.get_bind().url() == engine.url());
    parent->name = "changed";
    co_await session.flush();
    co_await savepoint.rollback();
    CHECK(parent->name == "p");
    co_await session.begin_nested([](gw::Session& sync) { sync.add(Parent{.name = "q"}); });
    co_await outer.commit();
    CHECK_FALSE(outer.is_active());
    CHECK_FALSE(session.get_transaction().has_value());
    const gw::GetOptions options{.populate_existing = true};
    const auto same = co_await session.get<Parent>(options, parent->id);
    CHECK(same == parent);
    co_await session.aclose();

    gw::AsyncConnection connection = co_await engine.connect();
    gw::AsyncTransaction whole = co_await connection.begin();
    gw::AsyncSession joined(connection);
    joined.add(Parent{.name = "r"});
    co_await joined.commit();
    CHECK(whole.is_active());
    co_await joined.close();
    co_await whole.rollback();
    co_await connection.close();
    gw::AsyncSession reading(engine);
    const auto names = co_await reading.scalars(gw::select(gw::attr(&Parent::name)).order_by(&Parent::id));
    CHECK(names == std::vector<std::optional<std::string>>{"p", "q"});
    co_await reading.close();
  });
}

TEST_CASE("a session maker for coroutines runs functions and coroutines with a session") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    const gw::AsyncSessionMaker maker = gw::async_sessionmaker(engine);
    gw::AsyncSession session = maker();
    session.add(Parent{.name = "a"});
    co_await session.commit();
    co_await session.close();
    co_await maker.begin([](gw::Session& sync) { sync.add(Parent{.name = "b"}); });
    const std::int64_t id = co_await maker.begin(add_in_coroutine);
    CHECK(id == 3);
    bool has_failed = false;
    try {
      co_await maker.begin(fail_in_coroutine);
    } catch (const std::runtime_error&) {
      has_failed = true;
    }
    CHECK(has_failed);
    int tries = 0;
    const int answer =
        co_await gw::run_transaction(maker, [&tries](gw::Session&) { return ++tries < 2 ? throw lost_race() : 5; });
    CHECK(answer == 5);
    gw::AsyncSession reading(engine);
    const auto count = co_await reading.scalar<int>(gw::text("SELECT count(*) FROM parent"));
    CHECK(count == 3);
    co_await reading.close();
  });
}

TEST_CASE("a coroutine's session refreshes, merges and writes by class as its namesake does") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession session(engine);
    const std::vector<Parent> some(3);
    const auto made = co_await session.scalars(gw::insert<Parent>(), some);
    CHECK(made.size() == 3);
    const auto update = gw::update<Parent>().values(&Parent::age, 8);
    const gw::EntityWrite written = co_await session.execute(update);
    CHECK(written.rowcount == 3);
    CHECK(made[0]->age == 8);
    const std::vector<gw::MemberOf<Parent>> members{&Parent::children};
    co_await session.refresh(made[0], members);
    CHECK(made[0]->children.is_loaded());
    const auto given = std::make_shared<Parent>(Parent{.id = made[0]->id, .name = "merged"});
    const auto mine = co_await session.merge(given);
    CHECK(mine == made[0]);
    CHECK(mine->name == "merged");
    co_await session.close();
  });
}

TEST_CASE("a coroutine's session executes what its connection does, and lends that") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession session(engine);
    session.add_all(Parent{.name = "a", .age = 1}, Parent{.name = "b", .age = 2});
    const gw::TextClause by_age = gw::text("SELECT name FROM parent WHERE age = :age");
    const gw::Parameters two = gw::params("age", 2);
    gw::Result result = co_await session.execute(by_age, two);  // which writes first
    CHECK(result.scalar_one<std::string>() == "b");
    const auto name = co_await session.scalar<std::string>(by_age, two);
    CHECK(name == "b");
    gw::AsyncConnection connection = co_await session.connection();
    CHECK(connection.in_transaction());
    const auto count = co_await connection.scalar<int>(gw::text("SELECT count(*) FROM parent"));
    CHECK(count == 2);
    co_await connection.close();
    CHECK(session.in_transaction());
    bool is_missed = false;
    try {
      co_await session.get_one<Parent>(77);
    } catch (const gw::NoResultFound&) {
      is_missed = true;
    }
    CHECK(is_missed);
    co_await session.rollback();
    CHECK(engine.pool_status().in_use == 0);
    co_await session.close();
  });
}

namespace {

using library::Author;
using library::Book;

void fill_three(const gw::Engine& engine) { library::fill(engine, 3, 2, 1); }

gw::Task<void> read_without_waiting(gw::AsyncEngine engine) {
  co_await gw::greenlet_spawn(fill_three, engine.sync_engine());
  gw::AsyncSession session(engine);
  const auto with_books =
      gw::select<Author>().order_by(&Author::id).options(gw::joinedload(&Author::books).selectinload(&Book::chapters));
  auto result = co_await session.execute(with_books);
  const auto authors = result.unique().all();
  CHECK(authors.size() == 3);
  CHECK(authors[2]->books[1]->chapters.size() == 1);
  const auto names = co_await session.scalars(gw::select(gw::attr(&Author::name)).order_by(&Author::id));
  CHECK(names == std::vector<std::string>{"a0", "a1", "a2"});
  const auto first = co_await session.scalar(gw::select<Author>().order_by(&Author::id));
  CHECK(first == authors[0]);
  auto rows = co_await session.stream(gw::select(gw::entity<Book>(), gw::attr(&Author::name)).join(&Book::author));
  int count = 0;
  while (const auto row = co_await rows.fetchone()) {
    count += std::get<0>(*row)->title.starts_with(std::get<1>(*row)) ? 1 : 0;
  }
  CHECK(count == 6);
  auto titles =
      co_await session.stream_scalars(gw::select(gw::attr(&Book::title), gw::attr(&Book::year)).order_by(&Book::title));
  const auto title = co_await titles.first();
  CHECK(title == "a0b0");
  auto numbers =
      co_await session.stream(gw::select(gw::attr(&Author::id), gw::attr(&Author::name)).order_by(&Author::id));
  const auto ids = co_await numbers.scalars().all();
  CHECK(ids == std::vector<std::int64_t>{1, 2, 3});
  auto streamed = co_await session.stream(with_books);
  const auto unique = co_await streamed.unique().all();
  CHECK(unique == authors);
  co_await session.close();
}

}  // namespace

TEST_CASE("a coroutine reads without waiting what it has executed, and waits for what it streams") {
  as_task(read_without_waiting, [](gw::Registry& registry) { library::map_all(registry); });
}

TEST_CASE("a coroutine loads a deferred column, once, and is told to when it only touches it") {
  as_task(
      [](gw::AsyncEngine engine) -> gw::Task<void> {
        gw::AsyncSession writing(engine);
        const auto written = writing.add(std::make_shared<Essay>());
        written->body = "text";
        co_await writing.commit();
        gw::AsyncSession session(engine);
        const auto essay = co_await session.get<Essay>(written->id);
        CHECK(
            database::error_of<gw::MissingGreenlet>([&] { return essay->body.get(); }) ==
            "loading Essay::body needs a greenlet: load it with its entity by .options(undefer(&Essay::body)), or run "
            "what touches it with AsyncSession::run_sync()");
        co_await session.load(essay, &Essay::body);
        Statements statements(engine.sync_engine());
        co_await session.load(essay, &Essay::body);
        CHECK(essay->body.get() == "text");
        CHECK(statements.all().empty());
        co_await session.close();
        co_await writing.close();
      },
      map_essay);
}
