// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/orm/async_session_maker.hpp>

#include "../conformance/facade.hpp"

/// The rest of the facade with the interface of what it is in front of: AsyncSession and what belongs to it.
namespace facade {

/// `while (auto entity = co_await entities.fetchone())`, as an EntityResult.
template <class T>
class EntityStream {
 public:
  using value_type = typename gw::AsyncEntityResult<T>::value_type;
  using maybe_type = typename gw::AsyncEntityResult<T>::maybe_type;

  explicit EntityStream(gw::AsyncEntityResult<T> entities) : entities_(std::move(entities)) {}

  auto scalars() { return facade::EntityStream(entities_.scalars()); }
  EntityStream unique() { return EntityStream(entities_.unique()); }
  maybe_type fetchone() { return await(entities_.fetchone()); }
  std::vector<value_type> all() { return await(entities_.all()); }
  std::vector<value_type> partition(std::size_t size = 1000) { return await(entities_.partition(size)); }
  maybe_type first() { return await(entities_.first()); }
  maybe_type one_or_none() { return await(entities_.one_or_none()); }
  value_type one() { return await(entities_.one()); }

  class iterator {
   public:
    explicit iterator(EntityStream& entities) : entities_(entities) { ++*this; }
    const value_type& operator*() const {
      if constexpr (std::is_same_v<maybe_type, value_type>) {
        return item_;
      } else {
        return *item_;
      }
    }
    iterator& operator++() {
      item_ = maybe_type();
      item_ = entities_.fetchone();
      return *this;
    }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return !at.item_; }

   private:
    EntityStream& entities_;
    maybe_type item_;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  gw::AsyncEntityResult<T> entities_;
};

/// Ends what it began when it goes; what was found goes on.
class SessionTransaction {
 public:
  static SessionTransaction begun(gw::AsyncSessionTransaction transaction) {
    return SessionTransaction({new gw::AsyncSessionTransaction(std::move(transaction)), AwaitClose()});
  }
  static SessionTransaction found(gw::AsyncSessionTransaction transaction) {
    return SessionTransaction(std::make_shared<gw::AsyncSessionTransaction>(std::move(transaction)));
  }

  void commit() { await(transaction_->commit()); }
  void rollback() { await(transaction_->rollback()); }
  void close() { await(transaction_->close()); }
  bool is_active() const { return transaction_->is_active(); }
  bool nested() const { return transaction_->nested(); }

 private:
  explicit SessionTransaction(std::shared_ptr<gw::AsyncSessionTransaction> transaction)
      : transaction_(std::move(transaction)) {}

  std::shared_ptr<gw::AsyncSessionTransaction> transaction_;
};

class Session {
 public:
  explicit Session(const Engine& engine, const gw::SessionOptions& options = {})
      : session_(new gw::AsyncSession(engine.async_engine(), options)) {}
  explicit Session(Connection& connection, const gw::SessionOptions& options = {})
      : session_(new gw::AsyncSession(connection.async_connection(), options)) {}
  explicit Session(gw::AsyncSession session) : session_(new gw::AsyncSession(std::move(session))) {}

  template <class E>
  auto add(E&& entity) {
    return session_->add(std::forward<E>(entity));
  }
  template <class... E>
  void add_all(E&&... entities) {
    session_->add_all(std::forward<E>(entities)...);
  }
  template <class T>
  void delete_(const std::shared_ptr<T>& entity) {
    session_->delete_(entity);
  }

  template <class T>
  auto execute(const gw::EntitySelect<T>& statement) {
    return await(session_->execute(statement));
  }
  template <class T>
  auto scalars(const gw::EntitySelect<T>& statement) {
    return execute(statement).scalars();
  }
  template <class T>
  auto scalar(const gw::EntitySelect<T>& statement) {
    return await(session_->scalar(statement));
  }
  template <class T>
  EntityStream<T> stream(const gw::EntitySelect<T>& statement) {
    return EntityStream<T>(await(session_->stream(statement)));
  }
  template <class S, class... A>
    requires(!requires { typename S::value_type; })
  auto execute(const S& statement, const A&... what) {
    return await(session_->execute(statement, what...));
  }
  template <gw::detail::WritesEntities S, class... R>
  auto scalars(const S& statement, const R&... rows) {
    return await(session_->scalars(statement, rows...));
  }
  template <class V = gw::Value, class S, class... A>
    requires(std::derived_from<S, gw::Statement> || std::same_as<S, gw::TextClause>)
  V scalar(const S& statement, const A&... what) {
    return await(session_->scalar<V>(statement, what...));
  }

  template <class T, class... K>
  std::shared_ptr<T> get(const K&... key) {
    return await(session_->get<T>(key...));
  }
  template <class T, class... K>
  std::shared_ptr<T> get_one(const K&... key) {
    return await(session_->get_one<T>(key...));
  }
  template <class T>
  void refresh(const std::shared_ptr<T>& entity, const std::vector<gw::MemberOf<T>>& members = {},
               const std::optional<gw::ForUpdate>& with_for_update = {}) {
    await(session_->refresh(entity, members, with_for_update));
  }
  template <class E>
  auto merge(const E& entity, bool load = true) {
    if constexpr (requires { typename E::element_type; }) {
      return await(session_->merge(entity, load));
    } else {
      return await(session_->merge(std::make_shared<E>(entity), load));
    }
  }
  template <class T>
  void expire(const std::shared_ptr<T>& entity, const std::vector<gw::MemberOf<T>>& members = {}) {
    session_->expire(entity, members);
  }
  template <class T, class M>
  void set(const std::shared_ptr<T>& entity, M T::*member) {
    session_->set(entity, member);
  }
  template <class T, class M>
  void set_null(const std::shared_ptr<T>& entity, M T::*member) {
    session_->set_null(entity, member);
  }
  void expire_all() { session_->expire_all(); }
  void expunge_all() { session_->expunge_all(); }
  template <class T>
  void expunge(const std::shared_ptr<T>& entity) {
    session_->expunge(entity);
  }

  void flush() { await(session_->flush()); }
  void commit() { await(session_->commit()); }
  void rollback() { await(session_->rollback()); }
  void close() { await(session_->aclose()); }
  void reset() { await(session_->reset()); }
  void invalidate() { await(session_->invalidate()); }

  SessionTransaction begin() { return SessionTransaction::begun(await(session_->begin())); }
  SessionTransaction begin_nested() { return SessionTransaction::begun(await(session_->begin_nested())); }
  template <std::invocable F>
  decltype(auto) begin(F&& fn) {
    return await(session_->begin([&fn](gw::Session&) { return fn(); }));
  }
  template <std::invocable F>
  decltype(auto) begin_nested(F&& fn) {
    return await(session_->begin_nested([&fn](gw::Session&) { return fn(); }));
  }
  template <class F>
  decltype(auto) run_sync(F&& fn) {
    return await(session_->run_sync(fn));
  }
  std::optional<SessionTransaction> get_transaction() const { return transaction(session_->get_transaction()); }
  std::optional<SessionTransaction> get_nested_transaction() const {
    return transaction(session_->get_nested_transaction());
  }

  template <class T>
  gw::EntityState state(const std::shared_ptr<T>& entity) const {
    return session_->state(entity);
  }
  template <class T>
  bool contains(const std::shared_ptr<T>& entity) const {
    return session_->contains(entity);
  }
  template <class T>
  bool is_modified(const std::shared_ptr<T>& entity) const {
    return session_->is_modified(entity);
  }
  std::vector<gw::AnyEntity> new_entities() const { return session_->new_entities(); }
  std::vector<gw::AnyEntity> dirty() const { return session_->dirty(); }
  std::vector<gw::AnyEntity> deleted() const { return session_->deleted(); }
  std::vector<gw::AnyEntity> entities() const { return session_->entities(); }
  gw::NoAutoflush no_autoflush() { return session_->no_autoflush(); }
  template <std::invocable F>
  std::invoke_result_t<F> no_autoflush(F&& fn) {
    const gw::NoAutoflush guard = no_autoflush();
    return fn();
  }
  bool in_transaction() const { return session_->in_transaction(); }
  bool in_nested_transaction() const { return session_->in_nested_transaction(); }
  bool is_active() const { return session_->is_active(); }
  Engine get_bind() const { return Engine(session_->get_bind()); }
  gw::SessionEvents& events() { return session_->events(); }
  std::map<std::string, std::any>& info() { return session_->info(); }
  Connection connection() { return Connection(await(session_->connection())); }
  gw::Session& sync_session() const { return session_->sync_session(); }

 private:
  static std::optional<SessionTransaction> transaction(std::optional<gw::AsyncSessionTransaction> found) {
    return found ? std::optional(SessionTransaction::found(*std::move(found))) : std::nullopt;
  }

  Scoped<gw::AsyncSession> session_;
};

class SessionMaker {
 public:
  explicit SessionMaker(const Engine& engine, const gw::SessionOptions& options = {})
      : maker_(engine.async_engine(), options) {}

  Session operator()() const { return Session(maker_()); }
  Session operator()(Connection& connection) const { return Session(maker_(connection.async_connection())); }
  template <std::invocable<gw::Session&> F>
  decltype(auto) begin(F&& fn) const {
    return await(maker_.begin(fn));
  }
  void configure(const gw::SessionOptions& options) { maker_.configure(options); }
  gw::SessionEvents& events() const { return maker_.events(); }
  const gw::SessionOptions& options() const { return maker_.options(); }
  const gw::AsyncSessionMaker& async_maker() const { return maker_; }

 private:
  gw::AsyncSessionMaker maker_;
};

inline SessionMaker sessionmaker(const Engine& engine, const gw::SessionOptions& options = {}) {
  return SessionMaker(engine, options);
}

template <std::invocable<gw::Session&> F>
decltype(auto) run_transaction(const SessionMaker& maker, F&& fn, unsigned retries = 5) {
  return await(gw::run_transaction(maker.async_maker(), fn, retries));
}

}  // namespace facade
