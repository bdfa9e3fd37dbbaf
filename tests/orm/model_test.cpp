// SPDX-License-Identifier: BSL-1.0

// A session and a plain model of the same objects go through the same operations, drawn by chance; after each flush the
// database, the session and the model have to say the same.
//
// GREENWAY_TEST_SEEDS says how many seeds are tried on each database, GREENWAY_TEST_OPERATIONS how many operations with
// each.

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include <greenway/orm/session.hpp>

#include "school.hpp"
#include "school_model.hpp"

namespace school {

namespace {

template <class T>
using Entities = std::map<int, std::shared_ptr<T>>;  // all there ever were

/// A session and the model of it.
class Twins {
 public:
  Twins(const gw::Engine& engine, unsigned seed)
      : session_(engine), random_(seed), where_("seed " + std::to_string(seed) + ", ") {}

  void run(int operations) {
    for (operation_ = 0; operation_ != operations; ++operation_) {
      step();
    }
    compare();
  }

 private:
  using Step = void (Twins::*)();

  int below(std::size_t count) { return static_cast<int>(random_() % count); }
  bool is_one_in(std::size_t count) { return below(count) == 0; }

  /// 0 where there is none.
  template <class M>
  int any(const M& some) {
    return some.empty() ? 0 : number_of(*std::next(some.begin(), below(some.size())));
  }
  static int number_of(int number) { return number; }
  template <class V>
  static int number_of(const std::pair<const int, V>& entry) {
    return entry.first;
  }

  void step() {
    static constexpr Step steps[] = {&Twins::add_folder,
                                     &Twins::add_folder,
                                     &Twins::rename_folder,
                                     &Twins::rename_folder,
                                     &Twins::move_folder,
                                     &Twins::move_folder,
                                     &Twins::move_folder,
                                     &Twins::delete_folder,
                                     &Twins::add_student,
                                     &Twins::add_course,
                                     &Twins::change_student,
                                     &Twins::attend,
                                     &Twins::attend,
                                     &Twins::attend,
                                     &Twins::miss,
                                     &Twins::delete_student,
                                     &Twins::add_machine,
                                     &Twins::add_part,
                                     &Twins::add_part,
                                     &Twins::move_part,
                                     &Twins::drop_part,
                                     &Twins::drop_machine,
                                     &Twins::add_account,
                                     &Twins::change_account,
                                     &Twins::drop_account,
                                     &Twins::refresh,
                                     &Twins::expire,
                                     &Twins::add_again,
                                     &Twins::compare,
                                     &Twins::look,
                                     &Twins::look,
                                     &Twins::merge_account,
                                     &Twins::change_transaction,
                                     &Twins::change_transaction};
    (this->*steps[below(std::size(steps))])();
  }

  // ---- A tree, from both sides.

  void add_folder() {
    if (state_.folders.size() > 30) {
      return;
    }
    const int number = ++last_;
    const auto folder = std::make_shared<Folder>(Folder{.name = "folder " + std::to_string(number)});
    folders_[number] = folder;
    const int parent = is_one_in(3) ? 0 : any(state_.folders);
    if (parent != 0 && is_one_in(2)) {
      folders_[parent]->folders.append(folder);
    } else {
      if (parent != 0) {
        folder->parent = folders_[parent];
      }
      session_.add(folder);
    }
    state_.folders[number] = {*folder->name, parent};
  }

  void rename_folder() {
    if (const int number = any(state_.folders)) {
      state_.folders[number].name = "renamed " + std::to_string(random_() % 1000);
      folders_[number]->name = state_.folders[number].name;
    }
  }

  void move_folder() {
    const int number = any(state_.folders);
    const int parent = is_one_in(4) ? 0 : any(state_.folders);
    if (number == 0 || state_.is_below(parent, number)) {
      return;
    }
    const int before = std::exchange(state_.folders[number].parent, parent);
    if (is_one_in(2)) {
      folders_[number]->parent = parent == 0 ? nullptr : folders_[parent];
    } else if (parent != 0 && before != parent) {
      folders_[parent]->folders.append(folders_[number]);
    } else if (parent == 0 && before != 0) {
      folders_[before]->folders.remove(folders_[number]);
    }
  }

  void delete_folder() {
    const int number = any(state_.folders);
    if (number != 0 && is_one_in(2)) {
      remove(*folders_[number], folders_);
      state_.delete_folder(number);
      compare();
    }
  }

  template <class T>
  void remove(const T& entity, const Entities<T>& all) {
    session_.flush();
    for (const auto& [number, known] : all) {
      if (known.get() == &entity) {
        session_.delete_(known);
      }
    }
  }

  // ---- Many to many.

  void add_student() {
    if (state_.students.size() < 15) {
      const int number = ++last_;
      students_[number] = session_.add(std::make_shared<Student>(Student{.name = "student"}));
      state_.students[number] = "student";
    }
  }

  void add_course() {
    if (state_.courses.size() >= 10) {
      return;
    }
    const int number = ++last_;
    const auto course = std::make_shared<Course>();
    courses_[number] = course;
    state_.courses.insert(number);
    if (const int student = any(state_.students)) {
      students_[student]->courses.append(course);
      state_.attendance.emplace(student, number);
    } else {
      session_.add(course);
    }
  }

  void change_student() {
    if (const int number = any(state_.students)) {
      state_.students[number] = "known as " + std::to_string(random_() % 1000);
      students_[number]->name = state_.students[number];
    }
  }

  void attend() {
    const int student = any(state_.students);
    const int course = any(state_.courses);
    if (student == 0 || course == 0 || !state_.attendance.emplace(student, course).second) {
      return;
    }
    if (is_one_in(2)) {
      students_[student]->courses.append(courses_[course]);
    } else {
      courses_[course]->students.insert(students_[student]);
    }
  }

  void miss() {
    if (state_.attendance.empty()) {
      return;
    }
    const auto [student, course] = *std::next(state_.attendance.begin(), below(state_.attendance.size()));
    state_.attendance.erase({student, course});
    if (is_one_in(2)) {
      students_[student]->courses.remove(courses_[course]);
    } else {
      courses_[course]->students.remove(students_[student]);
    }
  }

  void delete_student() {
    const int number = any(state_.students);
    if (number != 0 && is_one_in(3)) {
      remove(*students_[number], students_);
      state_.delete_student(number);
      compare();
    }
  }

  // ---- What cannot be alone.

  void add_machine() {
    if (state_.machines.size() < 8) {
      const int number = ++last_;
      machines_[number] = session_.add(std::make_shared<Machine>());
      state_.machines.insert(number);
    }
  }

  void add_part() {
    const int machine = any(state_.machines);
    if (machine == 0 || state_.parts.size() > 30) {
      return;
    }
    const int number = ++last_;
    const auto part = std::make_shared<Part>();
    parts_[number] = part;
    state_.parts[number] = machine;
    if (is_one_in(2)) {
      machines_[machine]->parts.append(part);
    } else {
      part->machine = machines_[machine];
      session_.add(part);
    }
  }

  void move_part() {
    const int part = any(state_.parts);
    const int machine = any(state_.machines);
    if (part == 0 || state_.parts[part] == machine) {
      return;
    }
    state_.parts[part] = machine;
    if (is_one_in(2)) {
      parts_[part]->machine = machines_[machine];
    } else {
      machines_[machine]->parts.append(parts_[part]);
    }
  }

  void drop_part() {
    const int part = any(state_.parts);
    if (part == 0 || !is_one_in(3)) {
      return;
    }
    if (is_one_in(2)) {
      machines_[state_.parts[part]]->parts.remove(parts_[part]);
    } else {
      parts_[part]->machine = nullptr;
    }
    state_.parts.erase(part);
    compare();
  }

  void drop_machine() {
    const int machine = any(state_.machines);
    if (machine != 0 && is_one_in(4)) {
      remove(*machines_[machine], machines_);
      state_.delete_machine(machine);
      compare();
    }
  }

  // ---- What counts its versions.

  void add_account() {
    if (state_.accounts.size() < 10) {
      const int number = ++last_;
      accounts_[number] = session_.add(std::make_shared<Account>(Account{.cents = number}));
      state_.accounts[number] = number;
    }
  }

  void change_account() {
    if (const int number = any(state_.accounts)) {
      accounts_[number]->cents = state_.accounts[number] += below(100);
    }
  }

  void merge_account() {
    session_.flush();
    if (const int number = any(state_.accounts)) {
      Account changed = *accounts_[number];
      changed.cents = state_.accounts[number] += below(100);
      require(session_.merge(changed) == accounts_[number], "the account that was merged into");
    }
  }

  void drop_account() {
    const int number = any(state_.accounts);
    if (number != 0 && is_one_in(3)) {
      remove(*accounts_[number], accounts_);
      state_.accounts.erase(number);
      compare();
    }
  }

  // ---- What changes nothing.

  void refresh() {
    session_.flush();
    if (const int number = any(state_.folders)) {
      session_.refresh(folders_[number]);
    }
    if (const int number = any(state_.accounts)) {
      session_.refresh(accounts_[number]);
    }
    compare();
  }

  void expire() {
    session_.flush();
    if (const int number = any(state_.students)) {
      session_.expire(students_[number]);
    }
    if (const int number = any(state_.folders)) {
      session_.expire(folders_[number]);
    }
  }

  void look() {
    if (const int number = any(state_.folders)) {
      (void)folders_[number]->folders.size();
    }
    if (const int number = any(state_.students)) {
      (void)students_[number]->courses.size();
    }
    if (const int number = any(state_.parts)) {
      (void)parts_[number]->machine.get();
    }
  }

  // ---- Transactions.

  void change_transaction() {
    switch (below(6)) {
      case 0:
        session_.commit();
        savepoints_.clear();
        saved_.clear();
        committed_ = state_;
        return;
      case 1:
        session_.rollback();
        savepoints_.clear();
        saved_.clear();
        state_ = committed_;
        return compare();
      case 2:
      case 3:
        if (savepoints_.size() < 3) {
          savepoints_.push_back(session_.begin_nested());
          saved_.push_back(state_);
        }
        return;
      case 4:
        if (!savepoints_.empty()) {
          savepoints_.back().commit();
          savepoints_.pop_back();
          saved_.pop_back();
        }
        return;
      default:
        if (!savepoints_.empty()) {
          savepoints_.back().rollback();
          savepoints_.pop_back();
          state_ = std::move(saved_.back());
          saved_.pop_back();
          compare();
        }
    }
  }

  // What a rollback has made transient is added once more.
  void add_again() {
    session_.flush();
    for (const auto& [number, folder] : folders_) {
      if (!state_.folders.contains(number) && session_.state(folder) == gw::EntityState::transient && folder->id == 0 &&
          state_.folders.size() < 30) {
        folder->parent = nullptr;
        folder->folders.clear();
        session_.add(folder);
        state_.folders[number] = {folder->name.value_or(""), 0};
        return compare();
      }
    }
  }

  // ---- The comparison.

  void compare() {
    session_.flush();
    compare_folders();
    compare_students();
    compare_machines();
    const State stored = read_state(session_.connection(), ids());
    require(stored.folders == state_.folders, "the rows of folders");
    require(stored.students == state_.students, "the rows of students");
    require(stored.courses == state_.courses, "the rows of courses");
    require(stored.attendance == state_.attendance, "the rows of the secondary table");
    require(stored.machines == state_.machines, "the rows of machines");
    require(stored.parts == state_.parts, "the rows of parts");
    require(stored.accounts == state_.accounts, "the rows of accounts");
  }

  Ids ids() const {
    Ids ids;
    const auto note = [](std::map<std::int32_t, int>& numbers, const auto& living, const auto& entities) {
      for (const auto& entry : living) {
        numbers[entities.at(number_of(entry))->id] = number_of(entry);
      }
    };
    note(ids.folders, state_.folders, folders_);
    note(ids.students, state_.students, students_);
    note(ids.courses, state_.courses, courses_);
    note(ids.machines, state_.machines, machines_);
    note(ids.parts, state_.parts, parts_);
    note(ids.accounts, state_.accounts, accounts_);
    return ids;
  }

  void compare_folders() {
    for (const auto& [number, data] : state_.folders) {
      const Folder& folder = *folders_.at(number);
      require(session_.state(folders_.at(number)) == gw::EntityState::persistent, "the state of a folder");
      require(folder.name == data.name, "the name of a folder");
      require(folder.parent_id.value_or(0) == (data.parent == 0 ? 0 : folders_.at(data.parent)->id),
              "the parent_id of a folder");
    }
    const int number = any(state_.folders);
    if (number == 0) {
      return;
    }
    const Folder& folder = *folders_.at(number);
    const int parent = state_.folders[number].parent;
    require(folder.parent.get() == (parent == 0 ? nullptr : folders_.at(parent)), "the parent of a folder");
    std::set<std::shared_ptr<Folder>> expected;
    for (const auto& [other, data] : state_.folders) {
      if (data.parent == number) {
        expected.insert(folders_.at(other));
      }
    }
    require(is_same(folder.folders, expected), "the folders of a folder");
  }

  void compare_students() {
    for (const auto& [number, name] : state_.students) {
      require(students_.at(number)->name == name, "the name of a student");
    }
    if (const int number = any(state_.students)) {
      std::set<std::shared_ptr<Course>> expected;
      for (const auto& [student, course] : state_.attendance) {
        if (student == number) {
          expected.insert(courses_.at(course));
        }
      }
      require(is_same(students_.at(number)->courses, expected), "the courses of a student");
    }
    if (const int number = any(state_.courses)) {
      std::set<std::shared_ptr<Student>> expected;
      for (const auto& [student, course] : state_.attendance) {
        if (course == number) {
          expected.insert(students_.at(student));
        }
      }
      require(is_same(courses_.at(number)->students, expected), "the students of a course");
    }
  }

  void compare_machines() {
    if (const int number = any(state_.machines)) {
      std::set<std::shared_ptr<Part>> expected;
      for (const auto& [part, machine] : state_.parts) {
        if (machine == number) {
          expected.insert(parts_.at(part));
        }
      }
      require(is_same(machines_.at(number)->parts, expected), "the parts of a machine");
    }
    for (const auto& [number, cents] : state_.accounts) {
      require(accounts_.at(number)->cents == cents, "the cents of an account");
    }
  }

  template <class T>
  static bool is_same(const gw::Many<T>& many, const std::set<std::shared_ptr<T>>& expected) {
    return many.size() == expected.size() && std::set<std::shared_ptr<T>>(many.begin(), many.end()) == expected;
  }

  // One assertion of Catch2's costs more than one operation.
  void require(bool holds, const char* what) const {
    if (!holds) {
      FAIL(where_ << "operation " << operation_ << ": " << what);
    }
  }

  gw::Session session_;
  std::mt19937 random_;
  std::string where_;
  int operation_ = 0;
  int last_ = 0;
  State state_;
  State committed_;
  std::vector<gw::SessionTransaction> savepoints_;
  std::vector<State> saved_;
  Entities<Folder> folders_;
  Entities<Student> students_;
  Entities<Course> courses_;
  Entities<Machine> machines_;
  Entities<Part> parts_;
  Entities<Account> accounts_;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned usual_operations = 10'000;
#else
constexpr unsigned usual_operations = 50'000;
#endif

unsigned number_of(const char* variable, unsigned otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

}  // namespace

TEST_CASE("a session, its database and a model of them go the same way through operations drawn by chance") {
  gw::Registry registry;
  map_all(registry);
  const unsigned seeds = number_of("GREENWAY_TEST_SEEDS", 1);
  const unsigned operations = number_of("GREENWAY_TEST_OPERATIONS", usual_operations);
  const database::Scratch scratch = database::each();
  const gw::Engine engine = gw::create_engine(scratch.url());
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
    Twins(engine, seed).run(static_cast<int>(operations));
    engine.begin([&](gw::Connection& connection) { registry.metadata().drop_all(connection); });
  }
}

}  // namespace school
