// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/async_session.hpp
/// @brief A session for coroutines: the functions of Session, each spawned in a greenlet.
///
/// Layer: orm. Source: SQLAlchemy's `AsyncSession` and `async_sessionmaker`. What is said of Session holds here.
///
/// ```cpp
/// gw::AsyncSession session(engine);
/// session.add_all(A{.data = "a1"}, A{.data = "a2"});
/// co_await session.commit();
/// auto result = co_await session.execute(gw::select<A>().options(gw::selectinload(&A::bs)));
/// co_await session.run_sync(run_queries);              // void run_queries(gw::Session&)
/// ```
///
/// Touching a relationship that is not loaded throws MissingGreenlet in a coroutine; in run_sync() it suspends.
///
/// @par Lifetime
/// A handle; an operation shares the session, so that the handle may be moved or dropped meanwhile. What is dropped
/// outside a greenlet gives its connection to a thread of its engine, which rolls back.

#include <any>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/async.hpp>
#include <greenway/orm/deferred.hpp>
#include <greenway/orm/inspect.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/runtime/bridge.hpp>

namespace greenway {

/// An EntityResult whose entities arrive as they are asked for.
template <class T>
class AsyncEntityResult {
 public:
  /// What is read.
  using value_type = typename EntityResult<T>::value_type;
  /// EntityResult::maybe_type.
  using maybe_type = typename EntityResult<T>::maybe_type;

  /// @param result   What this reads.
  /// @param session  Is kept.
  AsyncEntityResult(EntityResult<T> result, std::shared_ptr<Session> session)
      : result_(std::make_shared<EntityResult<T>>(std::move(result))), session_(std::move(session)) {}

  /// Of entities: this, which are scalars already; of tuples: the first item of each.
  /// @return What has not been read yet.
  [[nodiscard]] auto scalars() const {
    if constexpr (std::is_same_v<value_type, maybe_type>) {
      return *this;
    } else {
      return AsyncEntityResult<detail::FirstOf<T>>(std::move(*result_).scalars(), session_);
    }
  }
  /// EntityResult::unique.
  /// @return This.
  [[nodiscard]] AsyncEntityResult unique() const {
    result_->unique();
    return *this;
  }
  /// EntityResult::fetchone.
  /// @return The next one; nothing after the last one.
  [[nodiscard]] Operation<maybe_type> fetchone() { return greenlet_spawn(&EntityResult<T>::fetchone, result_); }
  /// EntityResult::partition.
  /// @param size  As there.
  /// @return The next ones; none after the last one.
  [[nodiscard]] Operation<std::vector<value_type>> partition(std::size_t size = 1000) {
    return greenlet_spawn(&EntityResult<T>::partition, result_, size);
  }
  /// EntityResult::all.
  /// @return All that have not been read yet.
  [[nodiscard]] Operation<std::vector<value_type>> all() { return greenlet_spawn(&EntityResult<T>::all, result_); }
  /// EntityResult::first.
  /// @return The next one, or nothing.
  [[nodiscard]] Operation<maybe_type> first() { return greenlet_spawn(&EntityResult<T>::first, result_); }
  /// EntityResult::one_or_none.
  /// @return The only one, or nothing.
  [[nodiscard]] Operation<maybe_type> one_or_none() { return greenlet_spawn(&EntityResult<T>::one_or_none, result_); }
  /// EntityResult::one.
  /// @return The only entity.
  [[nodiscard]] Operation<value_type> one() { return greenlet_spawn(&EntityResult<T>::one, result_); }

 private:
  std::shared_ptr<EntityResult<T>> result_;
  std::shared_ptr<Session> session_;
};

/// A transaction or savepoint of an AsyncSession; see SessionTransaction. A handle: copies are the same transaction.
/// When the last one is dropped while it is active it rolls back.
class AsyncSessionTransaction {
 public:
  /// @param transaction  Which.
  /// @param session      Is kept.
  AsyncSessionTransaction(SessionTransaction transaction, std::shared_ptr<Session> session)
      : session_(std::move(session)), transaction_(std::make_shared<SessionTransaction>(std::move(transaction))) {}

  /// SessionTransaction::commit.
  /// @return When it is committed.
  [[nodiscard]] Operation<void> commit() { return greenlet_spawn(&SessionTransaction::commit, transaction_); }
  /// SessionTransaction::rollback.
  /// @return When it is rolled back.
  [[nodiscard]] Operation<void> rollback() { return greenlet_spawn(&SessionTransaction::rollback, transaction_); }
  /// SessionTransaction::close.
  /// @return When it is rolled back.
  [[nodiscard]] Operation<void> close() { return rollback(); }
  /// @return SessionTransaction::is_active.
  [[nodiscard]] bool is_active() const noexcept { return transaction_->is_active(); }
  /// @return SessionTransaction::nested.
  [[nodiscard]] bool nested() const noexcept { return transaction_->nested(); }

 private:
  std::shared_ptr<Session> session_;
  std::shared_ptr<SessionTransaction> transaction_;
};

/// A session for coroutines.
class AsyncSession {
 public:
  /// @param engine   Where the database is.
  /// @param options  As of Session.
  explicit AsyncSession(const AsyncEngine& engine, const SessionOptions& options = {})
      : AsyncSession(Session(engine.sync_engine(), options, detail::Facade::async)) {}
  /// @param connection  As of Session.
  /// @param options     As of Session.
  explicit AsyncSession(const AsyncConnection& connection, const SessionOptions& options = {})
      : AsyncSession(Session(connection.sync_connection(), options, detail::Facade::async)) {}

  /// Session::add.
  /// @param entity  As there.
  /// @return As there.
  template <class E>
  auto add(E&& entity) {
    return session_->add(std::forward<E>(entity));
  }
  /// Session::add_all.
  /// @param entities  As there.
  template <class... E>
  void add_all(E&&... entities) {
    session_->add_all(std::forward<E>(entities)...);
  }
  /// Session::delete_.
  /// @param entity  As there.
  template <class T>
  void delete_(const std::shared_ptr<T>& entity) {
    session_->delete_(entity);
  }

  /// Session::execute. All is loaded when it is done: reading the result needs no more waiting.
  /// @param statement  As there.
  /// @return What it finds. Must not outlive the session.
  template <class T>
  [[nodiscard]] Operation<EntityResult<T>> execute(EntitySelect<T> statement) {
    return greenlet_spawn([](const Shared& s, const EntitySelect<T>& what) { return s->execute(what).buffered(); },
                          session_, std::move(statement));
  }
  /// Session::scalars, all of them. What joins a Many needs execute(), whose result can be made unique.
  /// @param statement  As there.
  /// @return The entities, or of a tuple the first items.
  template <class T>
  [[nodiscard]] auto scalars(EntitySelect<T> statement) {
    return greenlet_spawn([](const Shared& s, const EntitySelect<T>& what) { return s->scalars(what).all(); }, session_,
                          std::move(statement));
  }
  /// Session::scalar.
  /// @param statement  As there.
  /// @return The first of scalars(), or nothing.
  template <class T>
  [[nodiscard]] auto scalar(EntitySelect<T> statement) {
    return greenlet_spawn([](const Shared& s, const EntitySelect<T>& what) { return s->scalar(what); }, session_,
                          std::move(statement));
  }
  /// Session::stream.
  /// @param statement  As there.
  /// @return The entities, which arrive as they are asked for.
  template <class T>
  [[nodiscard]] Operation<AsyncEntityResult<T>> stream(EntitySelect<T> statement) {
    return greenlet_spawn(
        [](const Shared& s, const EntitySelect<T>& what) { return AsyncEntityResult<T>(s->stream(what), s); }, session_,
        std::move(statement));
  }
  /// stream(), of tuples the first items.
  /// @param statement  As there.
  /// @return The entities, which arrive as they are asked for.
  template <class T>
  [[nodiscard]] auto stream_scalars(EntitySelect<T> statement) {
    return greenlet_spawn(
        [](const Shared& s, const EntitySelect<T>& what) { return AsyncEntityResult<T>(s->stream(what), s).scalars(); },
        session_, std::move(statement));
  }
  /// Session::execute, of any other statement.
  /// @param statement  As there.
  /// @param what       As there.
  /// @return The result, buffered.
  template <class S, class... A>
    requires(std::derived_from<S, Statement> || std::same_as<S, TextClause>)
  [[nodiscard]] Operation<Result> execute(S statement, A... what) {
    return greenlet_spawn([](const Shared& s, const S& one, const A&... with) { return s->execute(one, with...); },
                          session_, std::move(statement), std::move(what)...);
  }
  /// Session::scalar.
  /// @tparam V         As there.
  /// @param statement  As there.
  /// @param what       As there.
  /// @return The first column of the first row.
  template <class V = Value, class S, class... A>
    requires(std::derived_from<S, Statement> || std::same_as<S, TextClause>)
  [[nodiscard]] Operation<V> scalar(S statement, A... what) {
    return greenlet_spawn([](const Shared& s, const S& one, const A&... with) { return s->scalar<V>(one, with...); },
                          session_, std::move(statement), std::move(what)...);
  }
  /// Session::get.
  /// @tparam T   As there.
  /// @param key  As there.
  /// @return The entity, or null.
  template <class T, class... K>
  [[nodiscard]] Operation<std::shared_ptr<T>> get(K... key) {
    return greenlet_spawn([](const Shared& s, const K&... k) { return s->get<T>(k...); }, session_, std::move(key)...);
  }
  /// As above.
  /// @tparam T       As above.
  /// @param options  As there.
  /// @param key      As above.
  /// @return As above.
  template <class T, class... K>
  [[nodiscard]] Operation<std::shared_ptr<T>> get(GetOptions options, K... key) {
    return greenlet_spawn([](const Shared& s, const GetOptions& o, const K&... k) { return s->get<T>(o, k...); },
                          session_, std::move(options), std::move(key)...);
  }
  /// Session::get_one.
  /// @tparam T   As there.
  /// @param key  As there.
  /// @return The entity.
  template <class T, class... K>
  [[nodiscard]] Operation<std::shared_ptr<T>> get_one(K... key) {
    return greenlet_spawn([](const Shared& s, const K&... k) { return s->get_one<T>(k...); }, session_,
                          std::move(key)...);
  }
  /// Loads a relationship, or a Deferred column, if it is not: `co_await session.load(a1, &A::bs)`.
  /// @param entity  Of this session.
  /// @param member  Its Many, One or Deferred.
  /// @return When it can be touched without waiting.
  template <class T, class C, class R>
    requires std::derived_from<T, C> &&
             (std::derived_from<R, detail::Related> || std::derived_from<R, detail::DeferredMember>)
  [[nodiscard]] Operation<void> load(std::shared_ptr<T> entity, R C::*member) {
    return greenlet_spawn([](const Shared&, const std::shared_ptr<T>& e, R C::*m) { ((*e).*m).load(); },
                          session_, std::move(entity), member);
  }
  /// Session::refresh.
  /// @param entity           As there.
  /// @param members          As there.
  /// @param with_for_update  As there.
  /// @return When it is.
  template <class T>
  [[nodiscard]] Operation<void> refresh(std::shared_ptr<T> entity, std::vector<MemberOf<T>> members = {},
                                        std::optional<ForUpdate> with_for_update = {}) {
    return greenlet_spawn([](const Shared& s, const std::shared_ptr<T>& e, const std::vector<MemberOf<T>>& m,
                             const std::optional<ForUpdate>& l) { s->refresh(e, m, l); },
                          session_, std::move(entity), std::move(members), std::move(with_for_update));
  }
  /// Session::merge.
  /// @param entity  As there.
  /// @param load    As there.
  /// @return This session's entity.
  template <class T>
  [[nodiscard]] Operation<std::shared_ptr<T>> merge(std::shared_ptr<T> entity, bool load = true) {
    return greenlet_spawn([](const Shared& s, const std::shared_ptr<T>& e, bool l) { return s->merge(e, l); }, session_,
                          std::move(entity), load);
  }
  /// Session::execute, of insert<T>(), update<T>() or delete_<T>().
  /// @param statement  As there.
  /// @param rows       As there.
  /// @return How many rows it has written.
  template <detail::WritesEntities S, class... R>
  [[nodiscard]] auto execute(S statement, R... rows) {
    return greenlet_spawn([](const Shared& s, const S& what, const R&... r) { return s->execute(what, r...); },
                          session_, std::move(statement), std::move(rows)...);
  }
  /// Session::scalars, of insert<T>() or update<T>().
  /// @param statement  As there.
  /// @param rows       As there.
  /// @return The rows that it has written, as entities.
  template <detail::WritesEntities S, class... R>
  [[nodiscard]] auto scalars(S statement, R... rows) {
    return greenlet_spawn([](const Shared& s, const S& what, const R&... r) { return s->scalars(what, r...); },
                          session_, std::move(statement), std::move(rows)...);
  }
  /// Session::flush.
  /// @return When all is written.
  [[nodiscard]] Operation<void> flush() { return greenlet_spawn(&Session::flush, session_); }
  /// Session::commit.
  /// @return When it is committed.
  [[nodiscard]] Operation<void> commit() { return greenlet_spawn(&Session::commit, session_); }
  /// Session::rollback.
  /// @return When it is rolled back.
  [[nodiscard]] Operation<void> rollback() { return greenlet_spawn(&Session::rollback, session_); }
  /// Session::close.
  /// @return When it is closed.
  [[nodiscard]] Operation<void> close() { return greenlet_spawn(&Session::close, session_); }
  /// close(), by the name that generic closers know.
  /// @return When it is closed.
  [[nodiscard]] Operation<void> aclose() { return close(); }
  /// Session::reset.
  /// @return When it is.
  [[nodiscard]] Operation<void> reset() { return greenlet_spawn(&Session::reset, session_); }
  /// Session::invalidate.
  /// @return When it is closed.
  [[nodiscard]] Operation<void> invalidate() { return greenlet_spawn(&Session::invalidate, session_); }
  /// Session::begin.
  /// @return The transaction.
  [[nodiscard]] Operation<AsyncSessionTransaction> begin() {
    return greenlet_spawn([](const Shared& s) { return AsyncSessionTransaction(s->begin(), s); }, session_);
  }
  /// Session::begin_nested.
  /// @return The savepoint, as a transaction.
  [[nodiscard]] Operation<AsyncSessionTransaction> begin_nested() {
    return greenlet_spawn([](const Shared& s) { return AsyncSessionTransaction(s->begin_nested(), s); }, session_);
  }

  /// Runs synchronous code with the session: `fn(session, args…)`, in a greenlet.
  /// @param fn    Any callable that takes a `Session&` first; decay-copied.
  /// @param args  Decay-copied and moved into the call; std::ref opts out.
  /// @return What `fn` returns; its exception is rethrown where the operation is awaited.
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Session&, std::decay_t<A>...>
  [[nodiscard]] auto run_sync(F&& fn, A&&... args) {
    detail::check_callable<F>();
    return greenlet_spawn(RunSync(), session_, std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// Session::begin: runs synchronous code with the session, in a transaction.
  /// @param fn    As run_sync().
  /// @param args  As run_sync().
  /// @return As run_sync().
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Session&, std::decay_t<A>...>
  [[nodiscard]] auto begin(F&& fn, A&&... args) {
    detail::check_callable<F>();
    return greenlet_spawn(Begin(), session_, std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// Session::begin_nested: runs synchronous code with the session, in a savepoint.
  /// @param fn    As run_sync().
  /// @param args  As run_sync().
  /// @return As run_sync().
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Session&, std::decay_t<A>...>
  [[nodiscard]] auto begin_nested(F&& fn, A&&... args) {
    detail::check_callable<F>();
    return greenlet_spawn(BeginNested(), session_, std::forward<F>(fn), std::forward<A>(args)...);
  }

  /// Session::connection.
  /// @return A branch of it: closing that leaves the session its own.
  [[nodiscard]] Operation<AsyncConnection> connection() {
    return greenlet_spawn([](const Shared& s) { return AsyncConnection(s->connection().connect()); }, session_);
  }

  /// @param entity  As of Session::state.
  /// @return Session::state.
  template <class T>
  [[nodiscard]] EntityState state(const std::shared_ptr<T>& entity) const noexcept {
    return session_->state(entity);
  }
  /// Session::expire.
  /// @param entity   As there.
  /// @param members  As there.
  template <class T>
  void expire(const std::shared_ptr<T>& entity, const std::vector<MemberOf<T>>& members = {}) {
    session_->expire(entity, members);
  }
  /// Session::expire_all.
  void expire_all() { session_->expire_all(); }
  /// Session::set.
  /// @param entity  As there.
  /// @param member  As there.
  template <class T, class C, class M>
  void set(const std::shared_ptr<T>& entity, M C::*member) {
    session_->set(entity, member);
  }
  /// Session::set_null.
  /// @param entity  As there.
  /// @param member  As there.
  template <class T, class C, class M>
  void set_null(const std::shared_ptr<T>& entity, M C::*member) {
    session_->set_null(entity, member);
  }
  /// Session::expunge.
  /// @param entity  As there.
  template <class T>
  void expunge(const std::shared_ptr<T>& entity) {
    session_->expunge(entity);
  }
  /// Session::expunge_all.
  void expunge_all() { session_->expunge_all(); }
  /// @return Session::new_entities.
  [[nodiscard]] std::vector<AnyEntity> new_entities() const { return session_->new_entities(); }
  /// @return Session::dirty.
  [[nodiscard]] std::vector<AnyEntity> dirty() const { return session_->dirty(); }
  /// @return Session::deleted.
  [[nodiscard]] std::vector<AnyEntity> deleted() const { return session_->deleted(); }
  /// @return Session::entities.
  [[nodiscard]] std::vector<AnyEntity> entities() const { return session_->entities(); }
  /// @return Session::no_autoflush.
  NoAutoflush no_autoflush() { return session_->no_autoflush(); }
  /// @param entity  As Session::contains.
  /// @return Session::contains.
  template <class T>
  [[nodiscard]] bool contains(const std::shared_ptr<T>& entity) const noexcept {
    return session_->contains(entity);
  }
  /// @param entity  As Session::is_modified.
  /// @return Session::is_modified.
  template <class T>
  [[nodiscard]] bool is_modified(const std::shared_ptr<T>& entity) const {
    return session_->is_modified(entity);
  }
  /// @return Session::in_transaction.
  [[nodiscard]] bool in_transaction() const noexcept { return session_->in_transaction(); }
  /// @return Session::get_transaction.
  [[nodiscard]] std::optional<AsyncSessionTransaction> get_transaction() const {
    return transaction(session_->get_transaction());
  }
  /// @return Session::get_nested_transaction.
  [[nodiscard]] std::optional<AsyncSessionTransaction> get_nested_transaction() const {
    return transaction(session_->get_nested_transaction());
  }
  /// @return Session::get_bind.
  [[nodiscard]] AsyncEngine get_bind() const { return AsyncEngine(session_->get_bind()); }
  /// @return Session::in_nested_transaction.
  [[nodiscard]] bool in_nested_transaction() const noexcept { return session_->in_nested_transaction(); }
  /// @return Session::is_active.
  [[nodiscard]] bool is_active() const noexcept { return session_->is_active(); }
  /// @return Session::events.
  [[nodiscard]] SessionEvents& events() { return session_->events(); }
  /// @return Session::info.
  [[nodiscard]] std::map<std::string, std::any>& info() { return session_->info(); }
  /// @return The session itself, for synchronous code that runs in a greenlet.
  [[nodiscard]] Session& sync_session() const noexcept { return *session_; }

 private:
  friend class AsyncSessionMaker;
  template <class T>
  friend std::optional<AsyncSession> async_object_session(const std::shared_ptr<T>& entity);
  using Shared = std::shared_ptr<Session>;
  explicit AsyncSession(Shared session) : session_(std::move(session)) {}
  explicit AsyncSession(Session session) : session_(std::make_shared<Session>(std::move(session))) {
    detail::SessionAccess::share(session_);
  }

  [[nodiscard]] std::optional<AsyncSessionTransaction> transaction(std::optional<SessionTransaction> found) const {
    return found ? std::optional(AsyncSessionTransaction(*std::move(found), session_)) : std::nullopt;
  }

  struct RunSync {
    template <class F, class... A>
    decltype(auto) operator()(const Shared& session, F&& fn, A&&... args) const {
      return std::invoke(std::forward<F>(fn), *session, std::forward<A>(args)...);
    }
  };
  struct Begin {
    template <class F, class... A>
    decltype(auto) operator()(const Shared& session, F&& fn, A&&... args) const {
      return session->begin([&]() -> decltype(auto) {
        return std::invoke(std::forward<F>(fn), *session, std::forward<A>(args)...);
      });
    }
  };
  struct BeginNested {
    template <class F, class... A>
    decltype(auto) operator()(const Shared& session, F&& fn, A&&... args) const {
      return session->begin_nested([&]() -> decltype(auto) {
        return std::invoke(std::forward<F>(fn), *session, std::forward<A>(args)...);
      });
    }
  };

  Shared session_;
};

/// object_session(), of a coroutine's.
/// @param entity  As there.
/// @return The AsyncSession that has it, which it is another handle of; nothing of one that no such session has.
/// @throws InvalidRequestError  As there.
template <class T>
[[nodiscard]] std::optional<AsyncSession> async_object_session(const std::shared_ptr<T>& entity) {
  std::shared_ptr<Session> session = detail::async_session_of(detail::mapper_of<T>(), entity.get());
  return session != nullptr ? std::optional(AsyncSession(std::move(session))) : std::nullopt;
}

}  // namespace greenway
