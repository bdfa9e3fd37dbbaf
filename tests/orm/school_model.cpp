// SPDX-License-Identifier: BSL-1.0
#include "school_model.hpp"

#include <optional>

#include <greenway/db/result.hpp>
#include <greenway/sql/text.hpp>

namespace school {

namespace gw = greenway;

bool State::is_below(int folder, int above) const {
  for (; folder != 0; folder = folders.at(folder).parent) {
    if (folder == above) {
      return true;
    }
  }
  return false;
}

void State::delete_folder(int number) {
  folders.erase(number);
  for (auto& [other, data] : folders) {
    data.parent = data.parent == number ? 0 : data.parent;
  }
}

void State::delete_student(int number) {
  students.erase(number);
  std::erase_if(attendance, [&](const auto& pair) { return pair.first == number; });
}

void State::delete_machine(int number) {
  machines.erase(number);
  std::erase_if(parts, [&](const auto& part) { return part.second == number; });
}

State read_state(gw::Connection& connection, const Ids& ids) {
  using Id = std::optional<std::int32_t>;
  const auto number = [](const std::map<std::int32_t, int>& numbers, const Id& id) {
    const auto found = id ? numbers.find(*id) : numbers.end();
    return !id ? 0 : found == numbers.end() ? -1 : found->second;
  };
  const auto rows = [&](const char* sql) { return connection.execute(gw::text(sql)).all(); };
  State state;
  for (const auto& row : rows("SELECT id, name, parent_id FROM folder")) {
    state.folders[number(ids.folders, row.get<Id>(0))] = {row.get<std::string>(1), number(ids.folders, row.get<Id>(2))};
  }
  for (const auto& row : rows("SELECT id, name FROM student")) {
    state.students[number(ids.students, row.get<Id>(0))] = row.get<std::string>(1);
  }
  for (const auto& row : rows("SELECT id FROM course")) {
    state.courses.insert(number(ids.courses, row.get<Id>(0)));
  }
  for (const auto& row : rows("SELECT student_id, course_id FROM attendance")) {
    state.attendance.emplace(number(ids.students, row.get<Id>(0)), number(ids.courses, row.get<Id>(1)));
  }
  for (const auto& row : rows("SELECT id FROM machine")) {
    state.machines.insert(number(ids.machines, row.get<Id>(0)));
  }
  for (const auto& row : rows("SELECT id, machine_id FROM part")) {
    state.parts[number(ids.parts, row.get<Id>(0))] = number(ids.machines, row.get<Id>(1));
  }
  for (const auto& row : rows("SELECT id, cents FROM account")) {
    state.accounts[number(ids.accounts, row.get<Id>(0))] = row.get<std::int32_t>(1);
  }
  return state;
}

}  // namespace school
