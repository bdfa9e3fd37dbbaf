// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a session is made of: its connection, its entities, and what becomes of them.
//
// Every entity of the session has an Instance. One that stands for a row is in the identity map as well.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <greenway/db/engine.hpp>
#include <greenway/orm/detail/instance.hpp>
#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/session.hpp>

namespace greenway::detail {

// The way into what relationships keep to themselves.
class RelatedAccess {
 public:
  static void attach(Related& related, Instance& owner, std::size_t relationship, bool is_loaded) noexcept {
    related.owner_ = &owner;
    related.relationship_ = relationship;
    related.is_loaded_ = is_loaded;
  }
  static void detach(Related& related) noexcept {
    related.is_gone_ = !related.is_loaded_;
    related.owner_ = nullptr;
  }
  static void set(Related& related, std::vector<std::shared_ptr<void>> items, bool points_only) {
    related.set_items(std::move(items));
    related.is_loaded_ = true;
    if (points_only) {
      related.point_only();
    }
  }
  static std::vector<std::shared_ptr<void>> items(const Related& related) { return related.items(); }
  static void point_only(Related& related) noexcept { related.point_only(); }
  static void forget(Related& related) {
    related.set_items({});
    related.is_loaded_ = false;
  }
};

class SessionState {
 public:
  SessionState(Engine engine, Facade facade, const SessionOptions& options);
  ~SessionState();

  // ---- Its transaction. session_state.cpp
  Connection& connection();
  void check_usable() const;
  void commit();
  void rollback();
  void close() noexcept;
  bool in_transaction() const noexcept { return connection_ && connection_->in_transaction(); }
  bool is_closed() const noexcept { return is_closed_; }

  // ---- Its entities. session_state.cpp
  Instance* find(const void* object) const noexcept;
  void add(const Mapper& mapper, const std::shared_ptr<void>& object);
  void mark_deleted(const void* object);
  void expunge(const void* object);
  void expire(const void* object);
  EntityState state_of(const void* object) const noexcept;
  bool is_modified(const void* object) const;
  std::size_t count(EntityState state) const noexcept;

  // ---- Rows that become entities. entity_loading.cpp
  std::shared_ptr<void> load(const Mapper& mapper, const Row& row, std::size_t first_column);
  std::shared_ptr<void> get(const Mapper& mapper, const std::vector<Value>& key, const std::vector<LoaderOption>& options);
  void refresh(const void* object);
  void load_related(Instance& owner, std::size_t relationship);
  void load_options(const Mapper& mapper, const std::vector<std::shared_ptr<void>>& objects,
                    const std::vector<LoaderOption>& options);

  // ---- Entities that become rows. unit_of_work.cpp
  void flush();
  void autoflush();

 private:
  friend class UnitOfWork;
  using ByKey = std::unordered_map<std::string, Instance*>;

  Instance& instance_of(const void* object, const char* what) const;
  Instance& attach(const Mapper& mapper, std::shared_ptr<void> object, bool is_loaded);
  void attach_related(Instance& instance, bool is_loaded);
  void release(Instance& instance) noexcept;
  void restore(Instance& instance);
  void make_stale(Instance& instance);
  void populate(Instance& instance, const Row& row, std::size_t first_column);
  std::string key_of(const Instance& instance) const;
  void fill(Instance& owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items);
  void select_related(const Mapper& mapper, std::size_t relationship, const std::vector<Instance*>& owners);

  const Engine engine_;
  const Facade facade_;
  const SessionOptions options_;
  std::optional<Connection> connection_;
  std::unordered_map<const void*, std::unique_ptr<Instance>> instances_;
  std::unordered_map<const Mapper*, ByKey> identity_map_;
  std::size_t last_number_ = 0;
  bool is_flushing_ = false;
  bool has_failed_ = false;
  bool is_closed_ = false;
};

}  // namespace greenway::detail
