// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <greenway/db/connection.hpp>

namespace school {

/// What there is, by numbers of our own; 0 is none.
struct State {
  struct FolderData {
    std::string name;
    int parent = 0;
    friend bool operator==(const FolderData&, const FolderData&) = default;
  };
  std::map<int, FolderData> folders;
  std::map<int, std::string> students;
  std::set<int> courses;
  std::set<std::pair<int, int>> attendance;
  std::set<int> machines;
  std::map<int, int> parts;     // and their machines
  std::map<int, int> accounts;  // and their cents

  [[nodiscard]] bool is_below(int folder, int above) const;
  void delete_folder(int number);
  void delete_student(int number);
  void delete_machine(int number);
};

/// Our numbers by primary key.
struct Ids {
  std::map<std::int32_t, int> folders;
  std::map<std::int32_t, int> students;
  std::map<std::int32_t, int> courses;
  std::map<std::int32_t, int> machines;
  std::map<std::int32_t, int> parts;
  std::map<std::int32_t, int> accounts;
};

/// What the database says; what no number is known of is number -1.
State read_state(greenway::Connection& connection, const Ids& ids);

}  // namespace school
