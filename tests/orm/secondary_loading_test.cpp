// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "family.hpp"
#include "school.hpp"

using namespace school;
using family::Statements;

namespace {

void enrol(const Engine& engine) {
  Session session(engine);
  const auto maths = session.add(Course{.title = "maths"});
  const auto music = session.add(Course{.title = "music"});
  session.add(Course{.title = "empty"});
  session.add(Student{.name = "ann", .courses = {maths, music}});
  session.add(Student{.name = "bob", .courses = {music}});
  session.add(Student{.name = "cid"});
  session.commit();
}

}  // namespace

TEST_CASE("what a third table relates is loaded in each way") {
  everywhere([](const Engine& engine) {
    enrol(engine);
    const auto students = gw::select<Student>().order_by(&Student::id);
    for (const auto& [option, sent] :
         {std::pair(gw::selectinload(&Student::courses), 2), std::pair(gw::joinedload(&Student::courses), 1),
          std::pair(gw::immediateload(&Student::courses), 4),
          std::pair(gw::selectinload(&Student::courses).selectinload(&Course::students), 3),
          std::pair(gw::selectinload(&Student::courses).joinedload(&Course::students), 2),
          std::pair(gw::joinedload(&Student::courses).joinedload(&Course::students), 1)}) {
      Session session(engine);
      Statements statements(engine);
      const auto all = session.scalars(students.options(option)).unique().all();
      CHECK(statements.take("SELECT") == sent);
      REQUIRE(all.size() == 3);
      CHECK(all[0]->courses.size() == 2);
      CHECK(all[1]->courses[0]->title == "music");
      CHECK(all[2]->courses.empty());
      CHECK(statements.take("SELECT") == 0);
      CHECK(touching(session, [&] { return all[1]->courses[0]->students.size(); }) == 2);
    }
  });
}

TEST_CASE("what a third table relates is joined, and asked for") {
  everywhere([](const Engine& engine) {
    enrol(engine);
    Session session(engine);
    const auto count = [&](const gw::EntitySelect<Student>& statement) {
      return session.scalars(statement).all().size();
    };
    const auto students = gw::select<Student>();
    CHECK(count(students.join(&Student::courses).where(gw::attr(&Course::title) == "music")) == 2);
    CHECK(count(students.outerjoin(&Student::courses).where(gw::attr(&Course::id).is_(nullptr))) == 1);
    CHECK(count(students.where(gw::any(&Student::courses, gw::attr(&Course::title) == "maths"))) == 1);
    CHECK(count(students.where(!gw::any(&Student::courses))) == 1);
    const auto has_bob = gw::any(&Course::students, gw::attr(&Student::name) == "bob");
    CHECK(session.scalars(gw::select<Course>().where(has_bob)).one()->title == "music");
    const auto first_two = students.order_by(&Student::id).limit(2).options(gw::joinedload(&Student::courses));
    CHECK(session.scalars(first_two).unique().all().size() == 2);
  });
}
