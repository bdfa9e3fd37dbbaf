// SPDX-License-Identifier: BSL-1.0

// Members of types that are no numbers or strings, and a class between two others.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/enum.hpp>

#include <greenway/sql/enum.hpp>
#include <greenway/sql/json.hpp>
#include <greenway/sql/type_decorator.hpp>

#include "family.hpp"

namespace gw = greenway;
using family::Statements;
using ways::Engine;
using ways::Session;

namespace {

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)

struct Celsius {
  double degrees = 0;
  bool operator==(const Celsius&) const = default;
};

}  // namespace

template <>
struct greenway::TypeDecorator<Celsius> {
  using Impl = double;
  static double process_bind_param(const Celsius& t) { return t.degrees; }
  static Celsius process_result_value(double degrees) { return {degrees}; }
};

namespace {

struct Membership;

struct Person {
  std::int64_t id = 0;
  Mood mood = Mood::sad;
  std::optional<Mood> other_mood = {};
  gw::JSONText about = {"{}"};
  Celsius temperature = {};
  gw::Many<Membership> memberships = {};
};

struct Club {
  std::int64_t id = 0;
  std::string name = {};
  gw::Many<Membership> memberships = {};
};

struct Membership {
  std::int64_t person_id = 0;
  std::int64_t club_id = 0;
  std::string role = {};
  gw::One<Person> person = {};
  gw::One<Club> club = {};
};

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  const gw::Enum mood = gw::enum_of<Mood>("mood");
  registry.map<Person>("person", mapped_column(&Person::id, "id", primary_key),
                       mapped_column(&Person::mood, "mood", mood),
                       mapped_column(&Person::other_mood, "other_mood", mood), mapped_column(&Person::about, "about"),
                       mapped_column(&Person::temperature, "temperature"),
                       gw::relationship(&Person::memberships, "memberships",
                                        {.cascade = "all, delete-orphan", .back_populates = "person"}));
  registry.map<Club>("club", mapped_column(&Club::id, "id", primary_key), mapped_column(&Club::name, "name"),
                     gw::relationship(&Club::memberships, "memberships", {.cascade = "all", .back_populates = "club"}));
  registry.map<Membership>("membership",
                           mapped_column(&Membership::person_id, "person_id", primary_key, gw::ForeignKey("person.id")),
                           mapped_column(&Membership::club_id, "club_id", primary_key, gw::ForeignKey("club.id")),
                           mapped_column(&Membership::role, "role"),
                           gw::relationship(&Membership::person, "person", {.back_populates = "memberships"}),
                           gw::relationship(&Membership::club, "club", {.back_populates = "memberships"}));
}

template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, body);
}

}  // namespace

TEST_CASE("enums, JSON and types of one's own are members, found by their values, and written when they change") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto person = session.add(std::make_shared<Person>());
    person->mood = Mood::happy;
    person->about = gw::JSONText{R"({"age": 3})"};
    person->temperature = {36.5};
    session.commit();

    Session reading(engine);
    const auto read = reading.scalars(gw::select<Person>().where(gw::attr(&Person::mood) == Mood::happy)).one();
    CHECK_FALSE(read->other_mood.has_value());
    CHECK(read->temperature == Celsius{36.5});
    CHECK(read->about.text.find("age") != std::string::npos);
    CHECK_FALSE(reading.is_modified(read));
    read->other_mood = Mood::sad;
    read->temperature.degrees = 37;
    Statements statements(engine);
    reading.commit();
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().front().find("about") == std::string::npos);
    const auto again = Session(engine).get<Person>(person->id);
    CHECK(again->other_mood == Mood::sad);
    CHECK(again->temperature == Celsius{37});
    CHECK(reading.scalars(gw::select<Person>().where(gw::attr(&Person::temperature) > Celsius{36.9})).one() == read);
  });
}

TEST_CASE("a class between two others has their keys, and says more of what relates them") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto person = session.add(std::make_shared<Person>());
    const auto club = session.add(Club{.name = "c"});
    person->memberships.append(Membership{.role = "chair", .club = club});
    session.commit();
    CHECK(session.get<Membership>(person->id, club->id)->role == "chair");

    Session reading(engine);
    const auto read =
        reading
            .scalars(gw::select<Person>().options(gw::selectinload(&Person::memberships).joinedload(&Membership::club)))
            .one();
    REQUIRE(read->memberships.size() == 1);
    CHECK(read->memberships[0]->club->name == "c");
    CHECK(read->memberships[0]->role == "chair");
    read->memberships.remove(read->memberships[0]);
    reading.commit();
    CHECK(Session(engine).scalars(gw::select<Membership>()).all().empty());
    CHECK(Session(engine).scalars(gw::select<Club>()).all().size() == 1);
  });
}
