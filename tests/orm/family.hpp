// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ways.hpp"

/// What the tests of the ORM map: parents, children, and a class that refers to itself.
namespace family {

using namespace ways;

struct Parent;

struct Child {
  std::int64_t id = 0;
  std::optional<std::int64_t> parent_id = {};
  std::optional<std::string> name = {};
  gw::One<Parent> parent = {};
};

struct Toy {
  std::int32_t id = 0;
  std::int64_t parent_id = 0;
  std::string kind = {};
};

struct Parent {
  std::int64_t id = 0;
  std::optional<std::string> name = {};
  std::int32_t age = 0;
  std::optional<std::int32_t> rank = {};  // the server's default
  gw::Many<Child> children = {};
  gw::Many<Toy> toys = {};  // delete-orphan
};

struct Node {
  std::int32_t id = 0;
  std::optional<std::int32_t> parent_id = {};
  gw::Many<Node> nodes = {};
};

struct Place {
  std::int32_t row = 0;
  std::int32_t column = 0;
  std::optional<std::string> what = {};
};

void map_all(gw::Registry& registry);

/// How often somebody said something to the database.
class Statements {
 public:
  explicit Statements(const Engine& engine);
  ~Statements();
  /// How many began with `what` since this was last asked.
  int take(const std::string& what);
  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return all_; }

 private:
  gw::Engine engine_;
  std::uint64_t number_;
  std::vector<std::string> all_;
};

/// Runs `body(engine)` on each database, in each way, with the tables there.
template <class F>
void everywhere(F&& body) {
  gw::Registry registry;
  map_all(registry);
  ways::everywhere(registry, body);
}

}  // namespace family
