// SPDX-License-Identifier: BSL-1.0

// Fifty mapped classes, or as many as CLASSES says up to there: each has five columns, and a relationship to the one before.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <greenway/greenway.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/orm/session.hpp>

#if !defined(CLASSES)
#define CLASSES 50
#endif

namespace compile_time {

namespace gw = greenway;

template <int N>
struct Entity {
  std::int32_t id = 0;
  std::optional<std::int32_t> other_id = {};
  std::string name = {};
  std::optional<double> weight = {};
  bool is_there = false;
  gw::One<Entity<N - 1>> other = {};
};

template <>
struct Entity<0> {
  std::int32_t id = 0;
};

template <int N>
void map(gw::Registry& registry) {
  using E = Entity<N>;
  const std::string number = std::to_string(N);
  if constexpr (N == 0) {
    registry.map<E>("entity_0", gw::mapped_column(&E::id, "id", gw::primary_key));
  } else {
    map<N - 1>(registry);
    registry.map<E>("entity_" + number, gw::mapped_column(&E::id, "id", gw::primary_key),
                    gw::mapped_column(&E::other_id, "other_id", gw::ForeignKey("entity_" + std::to_string(N - 1) + ".id")),
                    gw::mapped_column(&E::name, "name"), gw::mapped_column(&E::weight, "weight"),
                    gw::mapped_column(&E::is_there, "is_there"), gw::relationship(&E::other, "other"));
  }
}

/// Uses each class as a program does: loads it, changes it, adds another.
template <int N>
std::size_t use(gw::Session& session) {
  if constexpr (N == 0) {
    return session.scalars(gw::select<Entity<0>>()).all().size();
  } else {
    const std::size_t others = use<N - 1>(session);
    for (const auto& entity : session.scalars(gw::select<Entity<N>>().where(gw::attr(&Entity<N>::name) == "x"))) {
      entity->other = session.get<Entity<N - 1>>(1);
    }
    session.add(std::make_shared<Entity<N>>());
    return others;
  }
}

std::size_t run(const gw::Engine& engine) {
  gw::Registry registry;
  map<CLASSES>(registry);
  gw::Session session(engine);
  return use<CLASSES>(session);
}

}  // namespace compile_time
