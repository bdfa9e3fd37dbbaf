// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <greenway/orm/registry.hpp>

#include "family.hpp"

/// What the tests of relationships map: many to many, one to one, a class that refers to itself from both sides, and
/// what counts its versions.
namespace school {

using namespace ways;
using family::Statements;

struct Course;
struct Passport;
struct Part;

struct Student {
  std::int32_t id = 0;
  std::optional<std::string> name = {};
  gw::Many<Course> courses = {};
  gw::One<Passport> passport = {};
};

struct Course {
  std::int32_t id = 0;
  std::optional<std::string> title = {};
  gw::ManySet<Student> students = {};
};

struct Passport {
  std::int32_t id = 0;
  std::optional<std::int32_t> student_id = {};
  gw::One<Student> student = {};
};

struct Folder {
  std::int32_t id = 0;
  std::optional<std::int32_t> parent_id = {};
  std::optional<std::string> name = {};
  gw::One<Folder> parent = {};
  gw::Many<Folder> folders = {};
};

struct Machine {
  std::int32_t id = 0;
  std::optional<std::string> name = {};
  gw::Many<Part> parts = {};  // delete-orphan
};

struct Part {
  std::int32_t id = 0;
  std::optional<std::int32_t> machine_id = {};
  gw::One<Machine> machine = {};
};

struct Account {
  std::int32_t id = 0;
  std::int64_t version = 0;
  std::int32_t cents = 0;
  std::optional<std::string> note = {};
  std::optional<std::chrono::sys_time<std::chrono::microseconds>> changed_at = {};  // by each UPDATE
};

void map_all(gw::Registry& registry);

/// Runs `body(engine)` on each database, in each way, with the tables there.
template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, body);
}

}  // namespace school
