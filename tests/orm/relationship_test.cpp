// SPDX-License-Identifier: BSL-1.0
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <greenway/orm/session.hpp>
#include <greenway/sql/text.hpp>

#include "school.hpp"

namespace school {

namespace {

using std::make_shared;

std::int64_t count(Session& session, const std::string& table) {
  return session.connection().execute(gw::text("SELECT count(*) FROM " + table)).scalar<std::int64_t>();
}

std::vector<std::string> names(const gw::Many<Folder>& folders) {
  std::vector<std::string> all;
  for (const auto& folder : folders) {
    all.push_back(folder->name.value_or("?"));
  }
  return all;
}

}  // namespace

TEST_CASE(
    "both sides of a many to many relationship say the same at once, and one row of the secondary table says it") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto ann = session.add(make_shared<Student>(Student{.name = "Ann"}));
    const auto bob = session.add(make_shared<Student>(Student{.name = "Bob"}));
    const auto art = make_shared<Course>(Course{.title = "Art"});
    ann->courses.append(art);
    REQUIRE(art->students.size() == 1);
    CHECK(art->students[0] == ann);
    CHECK(session.contains(art));
    CHECK(art->students.insert(bob));
    CHECK_FALSE(art->students.insert(bob));
    CHECK(bob->courses.contains(art));
    session.commit();
    CHECK(count(session, "attendance") == 2);

    Session another(engine);
    const auto its = another.get<Course>(art->id);
    CHECK(touching(another, [&] { return its->students.size(); }) == 2);
    const auto first = another.get<Student>(ann->id);
    touching(another, [&] { first->courses.remove(its); });
    CHECK(its->students.size() == 1);
    another.commit();
    CHECK(count(another, "attendance") == 1);
    its->students.clear();
    another.flush();
    CHECK(count(another, "attendance") == 0);
    CHECK(touching(another, [&] { return another.get<Student>(bob->id)->courses.empty(); }));
  });
}

TEST_CASE("what is deleted is related to nothing any more, and its unloaded relations are not loaded for it") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    for (int i = 0; i != 3; ++i) {
      session.add(Student{.courses = {Course{}, Course{}}});
    }
    session.commit();
    session.close();
    Session another(engine);
    const auto student = another.get<Student>(2);
    Statements statements(engine);
    another.delete_(student);
    another.flush();
    CHECK(statements.take("SELECT") == 1);  // whose passport it is
    CHECK(statements.take("DELETE") == 2);
    CHECK(count(another, "attendance") == 4);
    CHECK(count(another, "course") == 6);
    another.commit();
  });
}

TEST_CASE("a relation that was removed by somebody else is missed") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto student = session.add(Student{.courses = {Course{}}});
    session.flush();
    session.connection().execute(gw::text("DELETE FROM attendance"));
    student->courses.clear();
    CHECK_THROWS_AS(session.flush(), gw::StaleDataError);
    session.rollback();
  });
}

TEST_CASE("one to one, each says the other, and who is replaced belongs to nobody") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto ann = session.add(make_shared<Student>(Student{.name = "Ann", .passport = Passport{}}));
    CHECK(ann->passport->student.get() == ann);
    session.commit();
    const auto old_id = ann->passport->id;
    session.close();

    Session another(engine);
    const auto again = another.get<Student>(ann->id);
    Statements statements(engine);
    again->passport = Passport{};
    CHECK(statements.take("SELECT") == 0);  // what it was is not loaded by assigning
    CHECK(another.state(again->passport.get()) == gw::EntityState::pending);
    another.flush();
    CHECK(again->passport->student_id == again->id);
    const auto old = another.get<Passport>(old_id);
    CHECK_FALSE(old->student_id.has_value());
    CHECK_FALSE(touching(another, [&] { return old->student.get(); }));
    old->student = again;
    CHECK(again->passport.get() == old);
    another.commit();
    CHECK(another.connection()
              .execute(gw::text("SELECT id FROM passport WHERE student_id IS NOT NULL"))
              .scalar<std::int32_t>() == old_id);
  });
}

TEST_CASE("a tree grows from either side, its roots are inserted first, and a branch is moved by one assignment") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto root = session.add(make_shared<Folder>(Folder{.name = "root"}));
    const auto a = make_shared<Folder>(Folder{.name = "a"});
    const auto b = make_shared<Folder>(Folder{.name = "b"});
    const auto leaf = make_shared<Folder>(Folder{.name = "leaf"});
    leaf->parent = a;
    session.add(leaf);  // and so a
    root->folders.append(a);
    b->parent = root;
    session.add(b);
    CHECK(names(root->folders) == std::vector<std::string>{"a", "b"});
    CHECK(a->parent.get() == root);
    session.flush();
    CHECK(a->parent_id == root->id);
    CHECK(leaf->parent_id == a->id);
    leaf->parent = b;
    CHECK(a->folders.empty());
    CHECK(names(b->folders) == std::vector<std::string>{"leaf"});
    session.commit();
    session.close();

    Session another(engine);
    const auto its_leaf = another.get<Folder>(leaf->id);
    touching(another, [&] {
      CHECK(its_leaf->parent->name == "b");
      CHECK(its_leaf->parent->parent->name == "root");
    });
    const auto its_a = another.get<Folder>(a->id);
    touching(another, [&] { its_a->folders.append(its_leaf); });
    CHECK(its_leaf->parent.get() == its_a);
    another.flush();
    CHECK(its_leaf->parent_id == its_a->id);
    CHECK(touching(another, [&] { return another.get<Folder>(b->id)->folders.empty(); }));
  });
}

TEST_CASE("an assignment takes a child out of a collection that knows it by its key alone") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    session.add(Folder{.name = "x", .folders = {Folder{.name = "child"}}});
    session.add(Folder{.name = "y"});
    session.commit();
    session.close();
    Session another(engine);
    const auto x = another.get<Folder>(1);
    CHECK(touching(another, [&] { return x->folders.size(); }) == 1);
    const auto child = x->folders[0];
    const auto y = another.scalars(gw::select<Folder>().where(gw::attr(&Folder::name) == "y")).one();
    CHECK_FALSE(child->parent.is_loaded());
    child->parent = y;
    CHECK(x->folders.empty());
    CHECK_FALSE(y->folders.is_loaded());
    CHECK(touching(another, [&] { return y->folders.size(); }) == 1);
    another.commit();
    CHECK(child->parent_id == y->id);
  });
}

TEST_CASE("an orphan is deleted, one that was never written is not, and who finds another home is none") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto machine = session.add(make_shared<Machine>(Machine{.name = "first", .parts = {Part{}, Part{}, Part{}}}));
    const auto other = session.add(make_shared<Machine>(Machine{.name = "second"}));
    session.commit();
    const auto removed = machine->parts[0];
    const auto moved = machine->parts[1];
    machine->parts.remove(removed);
    moved->machine = other;
    const auto never = machine->parts.append(Part{});
    CHECK(session.state(never) == gw::EntityState::pending);
    machine->parts.remove(never);
    session.flush();
    CHECK(session.state(removed) == gw::EntityState::deleted);
    CHECK(session.state(never) == gw::EntityState::transient);
    CHECK(moved->machine_id == other->id);
    CHECK(count(session, "part") == 2);
    moved->machine = nullptr;
    session.flush();
    CHECK(session.state(moved) == gw::EntityState::deleted);
    session.delete_(machine);
    session.commit();
    CHECK(count(session, "part") == 0);
  });
}

TEST_CASE("an entity can be related to more than a statement has parameters for") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto student = session.add(make_shared<Student>());
    for (int i = 0; i != 17'000; ++i) {
      student->courses.append(Course{});
    }
    session.commit();
    CHECK(count(session, "attendance") == 17'000);
    student->courses.clear();
    session.commit();
    CHECK(count(session, "attendance") == 0);
  });
}

TEST_CASE("who is expunged takes along what is loaded of those that the cascade says") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto machine = session.add(make_shared<Machine>(Machine{.parts = {Part{}, Part{}}}));
    const auto student = session.add(make_shared<Student>(Student{.courses = {Course{}}}));
    session.flush();
    session.expunge(machine);
    CHECK_FALSE(session.contains(machine));
    CHECK_FALSE(session.contains(machine->parts[1]));
    session.expunge(student);
    CHECK(session.contains(student->courses[0]));
  });
}

TEST_CASE("changing 1000 entities, by two sets of columns in turns, takes two updates and no select") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    std::vector<std::shared_ptr<Account>> accounts;
    for (int i = 0; i != 1000; ++i) {
      accounts.push_back(session.add(make_shared<Account>(Account{.cents = i})));
    }
    session.flush();
    CHECK(accounts[7]->version == 1);
    Statements statements(engine);
    for (int i = 0; i != 1000; ++i) {
      (i % 2 == 0 ? accounts[static_cast<std::size_t>(i)]->cents : accounts[static_cast<std::size_t>(i)]->cents) += 1;
      if (i % 2 != 0) {
        accounts[static_cast<std::size_t>(i)]->note = "odd " + std::to_string(i);
      }
    }
    session.flush();
    CHECK(statements.take("UPDATE") == 2);
    CHECK(statements.take("SELECT") == 0);
    CHECK(accounts[8]->changed_at.has_value());
    CHECK(accounts[9]->changed_at.has_value());
    CHECK(accounts[9]->version == 2);
    session.commit();
    session.close();
    Session another(engine);
    int index = 0;
    for (const auto& account : another.scalars(gw::select<Account>().order_by(gw::attr(&Account::id)))) {
      REQUIRE(account->cents == index + 1);
      REQUIRE(account->note.has_value() == (index % 2 != 0));
      REQUIRE(account->changed_at == accounts[static_cast<std::size_t>(index)]->changed_at);
      ++index;
    }
    CHECK(index == 1000);
  });
}

TEST_CASE("what somebody else has changed meanwhile is not overwritten, alone or among others") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto first = session.add(make_shared<Account>(Account{.cents = 1}));
    const auto second = session.add(make_shared<Account>(Account{.cents = 2}));
    session.commit();
    session.connection().execute(gw::text("UPDATE account SET version = 2 WHERE cents = 1"));
    session.commit();
    first->cents = 5;
    CHECK_THROWS_AS(session.flush(), gw::StaleDataError);
    session.rollback();
    CHECK(first->cents == 1);
    CHECK(first->version == 1);
    first->cents = 6;
    second->cents = 6;
    CHECK_THROWS_AS(session.flush(), gw::StaleDataError);
    session.rollback();
    session.delete_(first);
    CHECK_THROWS_AS(session.flush(), gw::StaleDataError);
    session.rollback();
    session.refresh(first);
    first->cents = 7;
    session.commit();
    CHECK(first->version == 3);
  });
}

TEST_CASE("deleting 100 parents whose children are not loaded takes three statements") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    for (int i = 0; i != 100; ++i) {
      session.add(Machine{.parts = {Part{}, Part{}}});
    }
    session.commit();
    session.close();
    Session another(engine);
    const auto machines = another.scalars(gw::select<Machine>()).all();
    Statements statements(engine);
    for (const auto& machine : machines) {
      another.delete_(machine);
    }
    another.flush();
    CHECK(statements.take("") == 3);
    another.commit();
    CHECK(count(another, "part") == 0);
  });
}

TEST_CASE("entities that refer to each other go when their session has been closed and nobody holds them") {
  everywhere([](const Engine& engine) {
    std::vector<std::weak_ptr<void>> all;
    {
      Session session(engine);
      const auto student =
          session.add(make_shared<Student>(Student{.courses = {Course{}, Course{}}, .passport = Passport{}}));
      const auto other = session.add(make_shared<Student>(Student{.courses = {student->courses[0]}}));
      const auto root = session.add(make_shared<Folder>(Folder{.folders = {Folder{}, Folder{}}}));
      const auto machine = session.add(make_shared<Machine>(Machine{.parts = {Part{}}}));
      all = {student,
             other,
             student->courses[0],
             student->courses[1],
             student->passport.get(),
             root,
             root->folders[0],
             root->folders[1],
             machine,
             machine->parts[0]};
      session.commit();
    }
    for (const auto& item : all) {
      CHECK(item.expired());
    }
  });
}

TEST_CASE(
    "after its session an entity still shows what it keeps, and what only pointed elsewhere says that it is gone") {
  everywhere([](const Engine& engine) {
    std::shared_ptr<Folder> child;
    std::shared_ptr<Folder> root;
    std::shared_ptr<Course> course;
    {
      Session session(engine);
      root = session.add(make_shared<Folder>(Folder{.name = "root", .folders = {Folder{.name = "child"}}}));
      course = session.add(make_shared<Student>(Student{.courses = {Course{}}}))->courses[0];
      session.commit();
      CHECK(root->folders[0]->parent.get() == root);
      CHECK(course->students.size() == 1);
    }
    CHECK(names(root->folders) == std::vector<std::string>{"child"});
    child = root->folders[0];
    CHECK(child->parent.get() == root);
    root.reset();
    CHECK_THROWS_AS(child->parent.get(), gw::DetachedInstanceError);
    CHECK_THROWS_AS(*course->students.begin(), gw::DetachedInstanceError);
  });
}

TEST_CASE("a relationship that cannot be is refused when the classes are configured") {
  const auto refused = [](const std::string& why, auto&& map) {
    gw::Registry registry;
    map(registry);
    try {
      registry.configure();
      FAIL("not refused: " << why);
    } catch (const gw::InvalidRequestError& error) {
      CHECK(std::string(error.what()).find(why) != std::string::npos);
    }
  };
  using gw::mapped_column;
  using gw::relationship;
  const auto map_part = [](gw::Registry& registry) {
    registry.map<Part>("part", mapped_column(&Part::id, "id", gw::primary_key),
                       mapped_column(&Part::machine_id, "machine_id", gw::ForeignKey("machine.id")),
                       relationship(&Part::machine, "machine", {.back_populates = "parts"}));
  };
  refused("class Machine has no relationship 'parts'", [&](gw::Registry& registry) {
    map_part(registry);
    registry.map<Machine>("machine", mapped_column(&Machine::id, "id", gw::primary_key));
  });
  refused("both have to say back_populates", [&](gw::Registry& registry) {
    map_part(registry);
    registry.map<Machine>("machine", mapped_column(&Machine::id, "id", gw::primary_key),
                          relationship(&Machine::parts, "parts"));
  });
  refused("has no table 'attendance'", [&](gw::Registry& registry) {
    registry.map<Student>("student", mapped_column(&Student::id, "id", gw::primary_key),
                          relationship(&Student::courses, "courses", {.secondary = "attendance"}));
    registry.map<Course>("course", mapped_column(&Course::id, "id", gw::primary_key));
  });
  CHECK_THROWS_AS(relationship(&Machine::parts, "parts", {.cascade = "all, delete-orphans"}), gw::ArgumentError);
}

}  // namespace school
