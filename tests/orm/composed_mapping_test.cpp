// SPDX-License-Identifier: BSL-1.0

// Classes whose members are not all plain members of their own: of a base class, of a struct within, private, or
// functions.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/orm/entity_dml.hpp>
#include <greenway/orm/inspect.hpp>
#include <greenway/orm/mapper_events.hpp>

#include "family.hpp"

namespace gw = greenway;
using database::error_of;
using ways::Engine;
using ways::Session;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name = {};
};

struct Timestamped {
  std::int64_t created_at = 0;
  std::optional<std::int64_t> changed_at = {};
};

struct Owned {
  std::optional<std::int64_t> user_id = {};
  gw::One<User> user = {};
};

struct Point {
  double x = 0;
  double y = 0;
};

struct Address {
  std::string street = {};
  std::optional<std::string> city = {};
  Point place = {};
};

struct Shop : Timestamped, Owned {
  std::int64_t id = 0;
  Address address = {};
  Address warehouse = {};
};

struct Note : Timestamped {
  std::int64_t id = 0;
  std::string text = {};
};

class Account {
 private:
  friend class gw::EntityAccess;
  Account() = default;

  std::int64_t id_ = 0;
  std::string owner_;
  std::int64_t cents_ = 0;

 public:
  static constexpr auto owner = &Account::owner_;
  static std::shared_ptr<Account> open(std::string owner) {
    std::shared_ptr<Account> account(new Account);
    account->owner_ = std::move(owner);
    return account;
  }
  static void map(gw::Registry& registry) {
    registry.map<Account>("account", gw::mapped_column(&Account::id_, "id", gw::primary_key),
                          gw::mapped_column(&Account::owner_, "owner"), gw::mapped_column(&Account::cents_, "cents"));
  }
  void put(std::int64_t cents) { cents_ += cents; }
  [[nodiscard]] std::int64_t cents() const { return cents_; }
};

/// Shows its members by functions alone, which keep what it is made of in order.
class Thermometer {
 public:
  [[nodiscard]] std::int64_t id() const noexcept { return id_; }
  void set_id(std::int64_t id) { id_ = id; }
  [[nodiscard]] const std::string& place() const { return place_; }
  void set_place(std::string place) {
    place_ = std::move(place);
    ++assignments;
  }
  [[nodiscard]] std::optional<double> celsius() const {
    return kelvin_ ? std::optional(*kelvin_ - 273.5) : std::nullopt;
  }
  void set_celsius(std::optional<double> celsius) {
    kelvin_ = celsius ? std::optional(*celsius + 273.5) : std::nullopt;
  }

  int assignments = 0;  // of its place

 private:
  std::string place_;
  std::optional<double> kelvin_;
  std::int64_t id_ = 0;
};

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  const auto created_at = mapped_column(&Timestamped::created_at, "created_at");
  const auto changed_at = mapped_column(&Timestamped::changed_at, "changed_at");
  registry.map<User>("users", mapped_column(&User::id, "id", primary_key), mapped_column(&User::name, "name"));
  registry.map<Shop>(
      "shop", mapped_column(&Shop::id, "id", primary_key), created_at, changed_at,
      mapped_column(&Shop::user_id, "user_id", gw::ForeignKey("users.id")), gw::relationship(&Shop::user, "user"),
      gw::composite(&Shop::address, mapped_column(&Address::street, "street"), mapped_column(&Address::city, "city"),
                    gw::composite(&Address::place, mapped_column(&Point::x, "x"), mapped_column(&Point::y, "y"))),
      gw::composite(&Shop::warehouse, mapped_column(&Address::street, "warehouse_street"),
                    mapped_column(&Address::city, "warehouse_city")));
  registry.map<Note>("note", mapped_column(&Note::id, "id", primary_key), created_at, changed_at,
                     mapped_column(&Note::text, "text"));
  Account::map(registry);
  registry.map<Thermometer>("thermometer", mapped_column<&Thermometer::id, &Thermometer::set_id>("id", primary_key),
                            mapped_column<&Thermometer::place, &Thermometer::set_place>("place"),
                            mapped_column<&Thermometer::celsius, &Thermometer::set_celsius>("celsius"));
}

template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, body);
}

}  // namespace

TEST_CASE("members of a base class are columns and relationships of each class that derives from it") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto user = session.add(User{.name = "u"});
    for (int i = 0; i != 3; ++i) {
      const auto shop = session.add(std::make_shared<Shop>());
      shop->created_at = 10 - i;
      shop->user = i == 0 ? nullptr : user;
      session.add(std::make_shared<Note>())->created_at = i;
    }
    session.commit();

    Session reading(engine);
    const auto shops = reading
                           .scalars(gw::select<Shop>()
                                        .where(gw::attr<Shop>(&Shop::created_at) < 10 && gw::has<Shop>(&Shop::user))
                                        .order_by(&Shop::created_at)
                                        .options(gw::joinedload<Shop>(&Shop::user), gw::defer<Shop>(&Shop::changed_at)))
                           .all();
    REQUIRE(shops.size() == 2);
    CHECK(shops[0]->created_at == 8);
    CHECK(shops[0]->user.is_loaded());
    CHECK(shops[1]->user->name == "u");
    shops[0]->changed_at = 50;  // left out, and so not written
    shops[1]->created_at = 60;
    reading.flush();
    reading.refresh(shops[0], {&Shop::changed_at, &Shop::address});
    CHECK_FALSE(shops[0]->changed_at.has_value());
    CHECK(reading.scalars(gw::select<Shop>().join(&Shop::user).filter_by(&Shop::created_at, 60)).all().size() == 1);
    CHECK(reading.execute(gw::update<Note>().values(&Note::changed_at, 7, &Note::text, "t")).rowcount == 3);
    CHECK(reading.scalars(gw::select<Note>().where(gw::attr<Note>(&Note::changed_at) == 7)).all().size() == 3);
    CHECK(gw::get_history(ways::sync_session(reading), shops[0], &Shop::user).unchanged.size() == 1);
  });
}

TEST_CASE("the members of a struct within an entity are columns, and asked for by both") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto shop = session.add(std::make_shared<Shop>());
    shop->address = {.street = "s", .city = "Rome", .place = {.x = 1, .y = 2}};
    shop->warehouse.street = "w";
    session.add(std::make_shared<Shop>());
    session.commit();

    family::Statements statements(engine);
    shop->address.place.y = 3;
    session.commit();
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().front().find("UPDATE shop SET y = ") == 0);
    CHECK(statements.all().front().find("street") == std::string::npos);

    Session reading(engine);
    const auto read =
        reading.scalars(gw::select<Shop>().where(gw::attr(&Shop::address, &Address::city) == "Rome")).one();
    CHECK(read->address.street == "s");
    CHECK(read->address.place.x == 1);
    CHECK(read->address.place.y == 3);
    CHECK(read->warehouse.street == "w");
    CHECK_FALSE(read->warehouse.city.has_value());
    CHECK(reading.scalar(gw::select(gw::attr(&Shop::warehouse, &Address::street))
                             .distinct()
                             .order_by(gw::attr(&Shop::warehouse, &Address::street))) == "");
  });
}

TEST_CASE("a class with private members and constructor maps itself, and is found by what it names") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    session.add_all(Account::open("a"), Account::open("b"));
    session.commit();
    Session reading(engine);
    const auto account = reading.scalars(gw::select<Account>().where(gw::attr(Account::owner) == "b")).one();
    account->put(5);
    reading.commit();
    CHECK(Session(engine).scalars(gw::select<Account>().filter_by(Account::owner, "b")).one()->cents() == 5);
  });
}

TEST_CASE(
    "what functions of a class read and write is mapped to columns, and asked for by the function that reads it") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto hall = std::make_shared<Thermometer>();
    hall->set_place("hall");
    session.add_all(hall, Thermometer());
    session.commit();
    CHECK(hall->id() != 0);
    CHECK_FALSE(hall->celsius().has_value());
    family::Statements statements(engine);
    hall->set_celsius(20.5);
    session.flush();
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().front().find("UPDATE thermometer SET celsius = ") == 0);
    session.flush();
    CHECK(statements.take("UPDATE") == 1);
    hall->set_place("cellar");
    session.rollback();
    CHECK(hall->place() == "hall");
    CHECK_FALSE(hall->celsius().has_value());

    Session reading(engine);
    const auto select = gw::select<Thermometer>().where(gw::attr<&Thermometer::place>() == "hall");
    const auto read = reading.scalars(select.order_by(gw::attr<&Thermometer::celsius>())).one();
    CHECK(read->id() == hall->id());
    CHECK(read->assignments == 1);  // by the load
    CHECK(reading.get<Thermometer>(hall->id()) == read);
    CHECK(reading.scalar(gw::select(gw::attr<&Thermometer::place>()).order_by(gw::attr<&Thermometer::place>())) == "");
    CHECK(error_of<gw::InvalidRequestError>([] { return gw::attr<&Account::cents>(); }) ==
          "a function of class 'Account' is not mapped to a column");
    reading.delete_(read);
    reading.commit();
    CHECK(Session(engine).scalars(select).all().empty());
  });
}
