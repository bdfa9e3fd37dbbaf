// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a session is made of: its connection, its entities, and what becomes of them.
//
// Every entity of the session has an Instance. One that stands for a row is in the identity map as well.

#include <any>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <greenway/db/engine.hpp>
#include <greenway/orm/deferred.hpp>
#include <greenway/orm/detail/entity_events.hpp>
#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/entity_state.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/orm/session_events.hpp>
#include <greenway/runtime/greenlet.hpp>

#include "entity_query.hpp"
#include "instances.hpp"

namespace greenway::detail {

// The way into what relationships keep to themselves.
class RelatedAccess {
 public:
  static Related& of(const Instance& owner, std::size_t relationship) {
    return owner.mapper.related(owner.object.get(), relationship);
  }
  static void attach(Related& related, Instance& owner, std::size_t relationship, bool is_loaded) noexcept {
    related.owner_ = &owner;
    related.relationship_ = relationship;
    related.is_loaded_ = is_loaded;
    related.had_row_ = false;
  }
  static void detach(Related& related) noexcept {
    related.is_gone_ = !related.is_loaded_;
    related.had_row_ = related.owner_ != nullptr && related.owner_->state != EntityState::pending;
    related.owner_ = nullptr;
  }
  static void set(Related& related, std::vector<std::shared_ptr<void>> items, bool points_only) {
    related.set_items(std::move(items));
    related.is_loaded_ = true;
    if (points_only) {
      related.point_only();
    }
  }
  static bool is_attached(const Related& related) noexcept { return related.is_attached(); }
  static bool had_row(const Related& related) noexcept { return related.had_row_; }
  static const Instance* owner(const Related& related) noexcept { return related.owner_; }
  static std::vector<std::shared_ptr<void>> items(const Related& related) { return related.items(); }
  static void put(Related& related, const std::shared_ptr<void>& item) { related.put(item); }
  static void drop(Related& related, const void* item) { related.drop(item); }
  /// What was not loaded is what it has been given from now on.
  static void note_loaded(Related& related) noexcept { related.is_loaded_ = true; }
  static void point_only(Related& related) noexcept { related.point_only(); }
  static void forget(Related& related) {
    related.set_items({});
    related.is_loaded_ = false;
  }
};

// Likewise, into members that are loaded when they are touched.
class DeferredAccess {
 public:
  static void attach(DeferredMember& member, Instance& owner, std::size_t attribute, bool is_loaded) noexcept {
    member.owner_ = &owner;
    member.attribute_ = attribute;
    member.is_loaded_ = is_loaded;
    member.is_assigned_ = false;
  }
  static void detach(DeferredMember& member) noexcept { member.owner_ = nullptr; }
  static bool is_assigned(const DeferredMember& member) noexcept { return member.is_assigned_; }
  static void settle(DeferredMember& member) noexcept { member.is_assigned_ = false; }
  static void forget(DeferredMember& member) noexcept { member.is_loaded_ = member.is_assigned_ = false; }
};

// An entity as it was when a savepoint was made: nothing of it was unwritten then.
class Snapshot {
 public:
  explicit Snapshot(const Instance& instance);
  bool is_of(const Instance& instance) const noexcept { return instance.number == number_; }
  const void* object() const noexcept { return object_.get(); }
  void give_back(Instance& instance) const;

 private:
  std::shared_ptr<void> object_;  // kept, so that no other one can be where it was
  std::size_t number_;
  EntityState state_;
  bool is_new_;
  bool is_stale_;
  LoadedRow loaded_;
  std::optional<Instance::Rest> rest_;
  std::vector<Instance::Related> related_;
};

// A savepoint of a session.
struct Savepoint {
  std::uint64_t number;
  Transaction transaction;
  std::vector<Snapshot> entities;
};

// How a relationship of some entities is selected.
struct RelatedSelect {
  std::shared_ptr<const LoadPlan> plan = {};  // of the target
  bool overwrites = false;
  bool is_lazy = false;  // of one entity, whose key is compared, not looked for among others
};

class SessionState {
 public:
  SessionState(Engine engine, Facade facade, const SessionOptions& options);
  SessionState(const Connection& connection, Facade facade, const SessionOptions& options);
  ~SessionState();

  // ---- Its transaction. session_transaction.cpp
  Connection& connection();
  void check_usable() const;
  std::uint64_t begin();
  std::uint64_t begin_nested();
  void commit();
  void rollback();
  void commit(std::uint64_t transaction);
  void rollback(std::uint64_t transaction);
  void reset() noexcept;
  void invalidate();
  void close() noexcept;
  bool in_transaction() const noexcept { return transaction_ != 0; }
  bool is_active(std::uint64_t transaction) const noexcept;
  // 0: none.
  std::uint64_t transaction() const noexcept { return transaction_; }
  std::uint64_t savepoint() const noexcept { return savepoints_.empty() ? 0 : savepoints_.back().number; }
  // Statements are refused when it is over; returns the one until now.
  std::uint64_t set_scope(std::uint64_t transaction) noexcept { return std::exchange(scope_, transaction); }
  bool has_failed() const noexcept { return has_failed_; }
  bool is_closed() const noexcept { return is_closed_; }
  const Engine& engine() const noexcept { return engine_; }
  std::map<std::string, std::any>& info() noexcept { return info_; }

  // ---- Its entities. session_state.cpp
  Instance* find(const void* object) const noexcept;
  void add(const Mapper& mapper, const std::shared_ptr<void>& object);
  void mark_deleted(const void* object);
  void say(const void* object, std::size_t offset);
  void expunge(const void* object);
  void expire(const void* object, const std::vector<std::size_t>& members = {});
  void expire_all();
  void expunge_all();
  // In the order in which they came; of a state, or all.
  std::vector<AnyEntity> entities(std::optional<EntityState> state) const;
  std::vector<AnyEntity> dirty() const;
  EntityState state_of(const void* object) const noexcept;
  bool is_modified(const void* object) const;
  void set_autoflush(bool on) noexcept { no_autoflush_ += on ? -1 : 1; }

  // ---- What is changed by way of relationships. related_changes.cpp
  void related_changed(Instance& owner, std::size_t relationship, const std::shared_ptr<void>& removed,
                       const std::shared_ptr<void>& added);

  // ---- Rows that become entities. entity_loading.cpp, lazy_loading.cpp

  // While it lives, what is loaded belongs to one result.
  class Arrivals {
   public:
    using List = std::vector<std::pair<const void*, std::size_t>>;  // objects, and their numbers
    Arrivals(SessionState& session, List* list) noexcept
        : session_(session), list_(std::exchange(session.arrivals_, list)), result_(session.result_) {
      session.result_ = ++session.last_result_;
    }
    ~Arrivals() {
      session_.arrivals_ = list_;
      session_.result_ = result_;
    }
    Arrivals(const Arrivals&) = delete;
    Arrivals& operator=(const Arrivals&) = delete;

   private:
    SessionState& session_;
    List* list_;
    std::size_t result_;
  };

  EntityRows select(const EntityStatement& statement, bool streams);
  // The entity of a row; null where that has none.
  Instance* load(EntityColumns& columns, const Row& row);
  std::shared_ptr<void> load(const Mapper& mapper, const Row& row);
  // What belongs to an entity, as the database has it.
  void fill(Instance& owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items, bool overwrites);
  // Those relationships of entities of a class that take statements of their own.
  void load_branches(const Mapper& mapper, const LoadPlan& plan, const std::vector<Instance*>& owners, bool overwrites);
  // Forgets an entity that nobody else holds.
  void let_go(const void* object, std::size_t number);
  std::shared_ptr<void> get(const Mapper& mapper, const std::vector<Value>& key,
                            const std::vector<LoaderOption>& options);
  void refresh(const void* object);
  void load_related(Instance& owner, std::size_t relationship, bool is_asked_for);
  void load_deferred(Instance& owner, std::size_t attribute, bool is_asked_for);
  std::shared_ptr<void> get(const Mapper& mapper, const std::vector<Value>& key, const GetOptions& how);
  void refresh(const void* object, const std::vector<std::size_t>& members, const std::optional<ForUpdate>& lock);

  // ---- Entities of elsewhere. merge.cpp
  std::shared_ptr<void> merge(const Mapper& mapper, const std::shared_ptr<void>& given, bool loads);
  std::shared_ptr<void> take_as_row(const Mapper& mapper, std::vector<Value> values);
  void replace_related(const void* owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items,
                       bool as_rows);

  // ---- What statements have done to rows. entity_dml.cpp
  bool has_any(const Mapper& mapper) const noexcept;
  std::shared_ptr<void> load_written(const Mapper& mapper, const Row& row);
  void row_updated(const Mapper& mapper, const Row& row);
  void row_deleted(const Mapper& mapper, const Row& row);

  // ---- Who is told. session_news.cpp
  using EntityNews = Listeners<Session&, const AnyEntity&> SessionEvents::*;
  SessionEvents& events();
  void set_handle(Session* handle) noexcept { handle_ = handle; }
  Session* handle() const noexcept { return handle_; }
  // Of an AsyncSession, which shares it; else null.
  std::shared_ptr<Session> async_handle() const noexcept { return async_handle_.lock(); }
  void set_async_handle(std::weak_ptr<Session> handle) noexcept { async_handle_ = std::move(handle); }
  void set_maker_events(std::shared_ptr<SessionEvents> events) noexcept { maker_events_ = std::move(events); }
  void before_writing();

  // ---- Entities that become rows. unit_of_work.cpp
  void flush();
  void autoflush();

 private:
  friend class SessionUse;
  friend class ChangedRelationships;
  friend class UnitOfWork;
  friend class EntityWriter;

  void write_changes();
  enum class Writing : std::uint8_t { insert, update, remove };
  bool is_heard(EntityNews which) const noexcept;
  void tell(Listeners<Session&> SessionEvents::*which);
  void tell(EntityEvent EntityEvents::*which, const Instance& instance);
  void tell_begun();
  void note(EntityNews which, const Instance& instance);
  void tell_news();
  bool tells_of_flush() const;
  void after_writing();
  void validate() const;
  static bool has_changed_members(const Instance& instance);

  void check_open() const;
  void join();
  bool is_mine() const noexcept;
  void commit_connection();
  void end_transaction() noexcept;
  void roll_back_entities();
  void roll_back_entities(const Savepoint& savepoint);
  void unmake(Instance& instance);
  void forget_entities() noexcept;
  static bool is_modified(const Instance& instance);
  template <class P>
  std::vector<AnyEntity> entities_that(P&& predicate) const;

  Instance& instance_of(const void* object, const char* what) const;
  Instance& attach(const Mapper& mapper, std::shared_ptr<void> object, bool is_loaded);
  void attach_related(Instance& instance, bool is_loaded);
  void cascade_save(Instance& instance);
  void take_in(Instance& owner, std::size_t relationship, const std::shared_ptr<void>& item,
               std::vector<Instance*>& added);
  void put_back(Instance& target, std::size_t relationship, Instance& owner);
  void drop_back(Instance& target, std::size_t relationship, const Instance& owner);
  Instance* known_target(const Instance& owner, std::size_t relationship) const;
  void release(Instance& instance) noexcept;
  void restore(Instance& instance);
  void keep_before(Instance& instance);
  void make_stale(Instance& instance);
  void expire(Instance& instance);
  static Select select_by(const Mapper& mapper, const std::vector<Value>& key);
  Instance& load_new(EntityColumns& columns, const Row& row, EntityKey key, IdentityMap& entities);
  void populate(Instance& instance, EntityColumns& columns, const Row& row);
  void complete(Instance& instance, const EntityColumns& columns, const Row& row);
  std::optional<Row> select_row(const Mapper& mapper, const std::vector<Value>& key,
                                const std::optional<ForUpdate>& lock);
  static std::pair<std::vector<std::size_t>, std::vector<std::size_t>> split(const Mapper& mapper,
                                                                             const std::vector<std::size_t>& members);
  void take(Instance& instance, const Row& row, const std::vector<std::size_t>& attributes);
  static void keep_key(const Instance& owner, std::size_t relationship, const Instance& target);
  static void forget_related(Instance& instance, std::size_t relationship);
  EntityKey key_of(const Instance& instance) const;
  std::vector<Instance*> select_related(const Mapper& mapper, std::size_t relationship,
                                        const std::vector<Instance*>& owners, const RelatedSelect& how = {});
  void check_may_load(const Mapper& mapper, const std::string& name, const std::string& option, bool is_implicit) const;
  static void detach(const Instance& instance) noexcept;
  void note_lazy_load(const Instance& owner, std::size_t relationship);

  const Engine engine_;
  const Facade facade_;
  const SessionOptions options_;
  std::map<std::string, std::any> info_;
  std::optional<Connection> bound_;       // the caller's, if it is bound to one
  std::optional<Connection> connection_;  // of its transaction
  std::optional<Transaction> own_;        // what it has begun on the caller's connection
  std::uint64_t transaction_ = 0;         // 0: none is open
  std::uint64_t last_transaction_ = 0;
  std::uint64_t scope_ = 0;
  std::vector<Savepoint> savepoints_;  // the innermost last
  Instances instances_;
  std::unordered_map<const Mapper*, IdentityMap> identity_map_;
  std::size_t last_number_ = 0;
  Session* handle_ = nullptr;  // whose state this is; null while that goes
  std::weak_ptr<Session> async_handle_;
  std::unique_ptr<SessionEvents> events_;
  std::shared_ptr<SessionEvents> maker_events_;
  std::vector<std::pair<EntityNews, AnyEntity>> news_;  // to be told
  std::vector<std::pair<Instance*, Writing>> written_;  // by the flush under way
  int no_autoflush_ = 0;                                // NoAutoflush objects there are
  Arrivals::List* arrivals_ = nullptr;
  std::size_t result_ = 0;  // that is being loaded
  std::size_t last_result_ = 0;
  std::map<std::pair<std::size_t, const Relationship*>, std::size_t> lazy_loads_;  // by the result of their owners
  bool is_flushing_ = false;
  bool has_failed_ = false;
  bool is_closed_ = false;

  std::atomic<const Greenlet*> user_ = nullptr;    // atomic only so that misuse from two threads is found …
  std::atomic<std::thread::id> user_thread_ = {};  // … rather than undefined
};

}  // namespace greenway::detail
