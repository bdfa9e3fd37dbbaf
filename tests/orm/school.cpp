// SPDX-License-Identifier: BSL-1.0
#include "school.hpp"

#include <greenway/sql/func.hpp>

namespace school {

void map_all(gw::Registry& registry) {
  using gw::mapped_column;
  using gw::primary_key;
  using gw::relationship;
  registry.map<Student>(
      "student", mapped_column(&Student::id, "id", primary_key), mapped_column(&Student::name, "name"),
      relationship(&Student::courses, "courses", {.back_populates = "students", .secondary = "attendance"}),
      relationship(&Student::passport, "passport", {.back_populates = "student"}));
  registry.map<Course>(
      "course", mapped_column(&Course::id, "id", primary_key), mapped_column(&Course::title, "title"),
      relationship(&Course::students, "students", {.back_populates = "courses", .secondary = "attendance"}));
  gw::Table("attendance", registry.metadata(),
            gw::Column("student_id", gw::Integer(), gw::ForeignKey("student.id"), gw::primary_key),
            gw::Column("course_id", gw::Integer(), gw::ForeignKey("course.id"), gw::primary_key));
  registry.map<Passport>("passport", mapped_column(&Passport::id, "id", primary_key),
                         mapped_column(&Passport::student_id, "student_id", gw::ForeignKey("student.id")),
                         relationship(&Passport::student, "student", {.back_populates = "passport"}));
  registry.map<Folder>("folder", mapped_column(&Folder::id, "id", primary_key),
                       mapped_column(&Folder::parent_id, "parent_id", gw::ForeignKey("folder.id")),
                       mapped_column(&Folder::name, "name"),
                       relationship(&Folder::parent, "parent", {.back_populates = "folders"}),
                       relationship(&Folder::folders, "folders", {.back_populates = "parent"}));
  registry.map<Machine>(
      "machine", mapped_column(&Machine::id, "id", primary_key), mapped_column(&Machine::name, "name"),
      relationship(&Machine::parts, "parts", {.cascade = "all, delete-orphan", .back_populates = "machine"}));
  registry.map<Part>("part", mapped_column(&Part::id, "id", primary_key),
                     mapped_column(&Part::machine_id, "machine_id", gw::ForeignKey("machine.id")),
                     relationship(&Part::machine, "machine", {.back_populates = "parts"}));
  registry.map<Account>("account", mapped_column(&Account::id, "id", primary_key),
                        mapped_column(&Account::version, "version", gw::version_id),
                        mapped_column(&Account::cents, "cents"), mapped_column(&Account::note, "note"),
                        mapped_column(&Account::changed_at, "changed_at", gw::onupdate(gw::func::now())));
}

}  // namespace school
