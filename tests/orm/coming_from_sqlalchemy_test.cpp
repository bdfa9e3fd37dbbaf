// SPDX-License-Identifier: BSL-1.0

// The programs of docs/coming-from-sqlalchemy.md.

#include <cctype>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <greenway/db/schema_changes.hpp>
#include <greenway/orm/async_session.hpp>
#include <greenway/orm/entity_dml.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/orm/session_maker.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"

namespace coming_from_sqlalchemy {

namespace gw = greenway;

struct Address;
struct User {
  std::int32_t id = 0;
  std::string name = {};
  std::optional<std::string> fullname = {};
  gw::Many<Address> addresses = {};
};
struct Address {
  std::int32_t id = 0;
  std::string email = {};
  std::int32_t user_id = 0;
  gw::One<User> user = {};
};

void map_all(gw::Registry& registry) {
  registry.map<User>("account_user", gw::mapped_column(&User::id, "id", gw::primary_key),
                     gw::mapped_column(&User::name, "name"), gw::mapped_column(&User::fullname, "fullname"),
                     gw::relationship(&User::addresses, "addresses",
                                      {.cascade = "all, delete-orphan", .back_populates = "user"}));
  registry.map<Address>("address", gw::mapped_column(&Address::id, "id", gw::primary_key),
                        gw::mapped_column(&Address::email, "email"),
                        gw::mapped_column(&Address::user_id, "user_id", gw::ForeignKey("account_user.id")),
                        gw::relationship(&Address::user, "user", {.back_populates = "addresses"}));
}

namespace {

std::size_t count_addresses(gw::Session& session) {
  std::size_t count = 0;
  for (const auto& user : session.scalars(gw::select<User>())) {
    count += user->addresses.size();
  }
  return count;
}

gw::Task<std::size_t> async_main(gw::AsyncEngine engine) {
  gw::AsyncSession session(engine);
  const auto stmt = gw::select<User>().where(gw::attr(&User::name) == "sandy");
  const auto users = co_await session.scalars(stmt);
  users.front()->fullname.reset();
  co_await session.commit();
  const std::size_t count = co_await session.run_sync(count_addresses);
  co_return count;
}

/// What is printed meanwhile.
class Printed {
 public:
  Printed() : before_(std::cout.rdbuf(out_.rdbuf())) {}
  ~Printed() { std::cout.rdbuf(before_); }
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
  std::streambuf* before_;
};

std::string run_core(const std::string& url) {
  const Printed printed;
  const auto engine = gw::create_engine(url);
  auto conn = engine.connect();
  const auto sum = conn.execute(gw::text("SELECT 2 + :n").bind("n", 3)).scalar<std::int64_t>();
  std::cout << sum << '\n';

  gw::MetaData metadata;
  const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::String()));
  metadata.create_all(conn);
  conn.execute(gw::insert(t), gw::rows(gw::params("name", "a"), gw::params("name", "b")));
  for (const auto& row : conn.execute(gw::select(t).where(t.c("name").startswith("a")))) {
    std::cout << row.get<int>("id") << ' ' << row.get<std::string>("name") << '\n';
  }
  conn.commit();

  engine.begin([](gw::Connection& inner) {
    inner.execute(gw::text("DELETE FROM t"));
    auto nested = inner.begin_nested();
    inner.execute(gw::text("INSERT INTO t (id) VALUES (7)"));
    nested.rollback();
  });
  std::cout << conn.execute(gw::text("SELECT count(*) FROM t")).scalar<std::int64_t>() << '\n';
  return printed.text();
}

std::string run_orm(const gw::Engine& engine) {
  const Printed printed;
  gw::Session session(engine);
  session.add_all(User{.name = "spongebob", .addresses = {Address{.email = "spongebob@example.org"}}},
                  User{.name = "sandy", .fullname = "Sandy Cheeks"});
  session.commit();

  const auto stmt = gw::select<User>().where(gw::attr(&User::name).in_({"spongebob", "sandy"})).order_by(&User::id);
  for (const auto& user : session.scalars(stmt)) {
    std::cout << user->name << '\n';
  }
  const auto sandy = session.scalars(gw::select<User>().where(gw::attr(&User::name) == "sandy")).one();
  const auto same = session.get<User>(sandy->id);
  CHECK(same == sandy);

  for (const auto& user : session.scalars(gw::select<User>().options(gw::selectinload(&User::addresses)))) {
    std::cout << user->addresses.size() << '\n';
  }
  const auto patrick = session.add(User{.name = "patrick"});
  patrick->addresses.append(Address{.email = "patrick@example.org"});
  std::cout << patrick->addresses[0]->user->name << '\n';

  sandy->fullname = "Sandy Squirrel";
  session.flush();
  session.delete_(patrick);
  session.commit();

  session.execute(gw::insert<User>(), gw::rows(gw::params("name", "squidward"), gw::params("name", "gary")));
  session.execute(gw::update<User>().where(gw::attr(&User::name) == "gary").values(&User::fullname, "Gary the Snail"));
  session.execute(gw::delete_<User>().where(gw::attr(&User::name) == "squidward"));
  session.commit();
  const auto maker = gw::sessionmaker(engine);
  maker.begin([](gw::Session& another) { another.add(User{.name = "plankton"}); });
  return printed.text();
}

/// The lines of a text without the space around them, one after the other.
std::string without_space(const std::string& text) {
  std::istringstream in(text);
  std::string all;
  for (std::string line; std::getline(in, line);) {
    const auto begin = line.find_first_not_of(' ');
    all += begin == std::string::npos ? "" : line.substr(begin) + '\n';
  }
  return all;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the programs of coming-from-sqlalchemy.md print what SQLAlchemy's do") {
  gw::Registry registry;
  map_all(registry);
  const database::Scratch scratch = database::each();
  CHECK(run_core(scratch.url()) == "5\n1 a\n0\n");
  const auto engine = gw::create_engine(scratch.url());
  engine.begin([&](gw::Connection& conn) { registry.metadata().create_all(conn); });
  CHECK(run_orm(engine) == "spongebob\nsandy\n1\n0\npatrick\n");
  CHECK(gw::run(async_main(gw::AsyncEngine(engine))) == 1);
  auto conn = engine.connect();
  const auto rows = conn.execute(gw::text("SELECT name, fullname FROM account_user ORDER BY name")).all();
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].get<std::optional<std::string>>(1) == "Gary the Snail");
  CHECK(rows[2].get<std::string>(0) == "sandy");
  CHECK_FALSE(rows[2].get<std::optional<std::string>>(1).has_value());
}

TEST_CASE("each block of C++ in coming-from-sqlalchemy.md is one that is tested") {
  const std::string document = text_of(GREENWAY_SOURCES "/docs/coming-from-sqlalchemy.md");
  const std::string tested = without_space(text_of(GREENWAY_SOURCES "/tests/orm/coming_from_sqlalchemy_test.cpp"));
  int blocks = 0;
  for (auto at = document.find("```cpp\n"); at != std::string::npos; at = document.find("```cpp\n", at + 1)) {
    const auto begin = at + 7;
    const std::string block = without_space(document.substr(begin, document.find("```", begin) - begin));
    if (tested.find(block) == std::string::npos) {
      FAIL("not tested:\n" << block);
    }
    ++blocks;
  }
  CHECK(blocks == 10);
}

}  // namespace coming_from_sqlalchemy
