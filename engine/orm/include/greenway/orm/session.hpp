// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/session.hpp
/// @brief Entities that stand for rows, and their changes on the way to the database.
///
/// Layer: orm. Source: SQLAlchemy's `Session`.
///
/// ```cpp
/// gw::Session session(engine);
/// session.add(A{.data = "a1", .bs = {B{}, B{}}});
/// session.commit();
/// for (const auto& a : session.scalars(gw::select<A>().order_by(&A::id))) {
///   for (const auto& b : a->bs) { … }                // loads
///   a->data = "new data";                            // found by the next flush
/// }
/// session.commit();
/// ```

#include <any>
#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/orm/any_entity.hpp>
#include <greenway/orm/detail/member_of.hpp>
#include <greenway/orm/detail/session_use.hpp>
#include <greenway/orm/entity_result.hpp>
#include <greenway/orm/entity_select.hpp>
#include <greenway/orm/entity_state.hpp>
#include <greenway/orm/get_options.hpp>
#include <greenway/orm/no_autoflush.hpp>
#include <greenway/orm/session_options.hpp>
#include <greenway/orm/session_transaction.hpp>

namespace greenway {

class AsyncSession;
class Session;
struct SessionEvents;

namespace detail {

/// A statement that writes rows as entities: greenway/orm/entity_dml.hpp.
template <class S>
concept WritesEntities = requires { typename S::written_entity; };

/// For what is the session's, in other headers.
struct SessionAccess {
  static const SessionState* state(const Session& session) noexcept;
  static SessionUse use(Session& session);
  static void share(const std::shared_ptr<Session>& session) noexcept;
};

}  // namespace detail

/// A workspace of entities, one for each row, and a transaction.
///
///     ready   --a statement, flush()-->  in a transaction  --commit(), rollback()-->  ready
///     ready, in a transaction  --a flush fails-->  failed: only rollback() and close() are legal
///     any     --close(), invalidate(), ~Session-->  closed
///
/// A savepoint (begin_nested()) is a transaction in a transaction: SessionTransaction::rollback takes the session back
/// to it, also out of `failed`.
///
/// The first statement borrows a connection and begins a transaction; commit() and rollback() give the connection back.
/// Entities are written by flush(), which commit() begins with, and which statements begin with too (`autoflush`): new
/// ones are inserted with what belongs to them, changed members are updated, deleted ones deleted, in the order that
/// foreign keys allow. What an entity was when it was loaded is compared with what it is: assigning to a member is all
/// there is to do.
///
/// @par Not set
/// On INSERT a member is left out when its column has a default (the client's, the server's, a counted key) and it is
/// nullopt, or no optional and equal to `T{}`; set() forces it in. What the database then makes of it is in the entity
/// after the flush.
///
/// @par Rollback
/// Does no I/O besides ROLLBACK itself: each entity has its values of before the transaction again and is stale; new
/// ones are transient, with generated keys reset; deleted ones are persistent.
///
/// @par Threads
/// Used by one greenlet or thread at a time: one that calls while another is inside a call, or suspended in it, gets
/// IllegalStateChangeError.
///
/// @par Lifetime
/// Keeps its entities until it is closed or they are expunged; the registry of their classes outlives it. Destruction
/// closes.
class Session {
 public:
  /// @param engine   Where the database is.
  /// @param options  See there.
  explicit Session(const Engine& engine, const SessionOptions& options = {});
  /// Works on a connection, which stays the caller's and open. When that is in a transaction already, the session takes
  /// part in it as JoinTransactionMode says; in none it begins and ends its own.
  /// @param connection  Is shared, and closed after the session.
  /// @param options     See there.
  explicit Session(Connection& connection, const SessionOptions& options = {});
  /// @param other  Left closed.
  Session(Session&& other) noexcept;
  /// @param other  Left closed; what this was is closed.
  /// @return This.
  Session& operator=(Session&& other) noexcept;
  ~Session();

  /// Makes an entity the session's, with all that belongs to it; the next flush inserts what is new.
  /// @param entity  `T` or `std::shared_ptr<T>`.
  /// @return The entity.
  /// @throws InvalidRequestError  The class is not mapped, or the entity is another session's.
  template <class E>
  auto add(E&& entity) {
    if constexpr (requires { typename std::remove_cvref_t<E>::element_type; }) {
      add_to(detail::mapper_of<typename std::remove_cvref_t<E>::element_type>(), entity);
      return std::remove_cvref_t<E>(entity);
    } else {
      static_assert(!std::is_lvalue_reference_v<E>,
                    "an entity is kept by a shared pointer: std::move it, or std::make_shared");
      auto shared = std::make_shared<E>(std::forward<E>(entity));
      add_to(detail::mapper_of<E>(), shared);
      return shared;
    }
  }
  /// add(), of each.
  /// @param entities  As there.
  /// @throws InvalidRequestError  As there.
  template <class... E>
  void add_all(E&&... entities) {
    (add(std::forward<E>(entities)), ...);
  }
  /// Has the next flush delete an entity's row. What belongs to it is set free, or deleted with it: see
  /// RelationshipOptions.
  /// @param entity  Persistent.
  /// @throws InvalidRequestError  It is not.
  template <class T>
  void delete_(const std::shared_ptr<T>& entity) {
    delete_from(entity.get());
  }

  /// Executes a statement.
  /// @param statement  Of entities.
  /// @return What it finds; of a row whose entity the session has, that one, with its changes.
  /// @throws ArgumentError        A loader option is about a class that is not selected.
  /// @throws InvalidRequestError  It has yield_per(), and joins a Many whose entities it loads.
  /// @throws ...                  As Connection::execute and flush().
  template <class T>
  [[nodiscard]] EntityResult<T> execute(const EntitySelect<T>& statement) {
    return EntityResult<T>(select(statement.what(), false));
  }
  /// execute(), by the name that says what comes: entities, or of a tuple what is its first.
  /// @param statement  As there.
  /// @return As there.
  template <class T>
  [[nodiscard]] auto scalars(const EntitySelect<T>& statement) {
    if constexpr (EntityResult<T>::is_of_scalars) {
      return execute(statement);
    } else {
      return execute(statement).scalars();
    }
  }
  /// The first of scalars().
  /// @param statement  As there.
  /// @return It, or nothing.
  template <class T>
  [[nodiscard]] auto scalar(const EntitySelect<T>& statement) {
    return scalars(statement).first();
  }
  /// execute(), whose rows are fetched as they are read. Until it has been read to its end or closed the session
  /// executes nothing else; with loader options that do, all rows are fetched at once.
  /// @param statement  As execute().
  /// @return As execute().
  template <class T>
  [[nodiscard]] EntityResult<T> stream(const EntitySelect<T>& statement) {
    return EntityResult<T>(select(statement.what(), true));
  }
  /// Connection::execute, after autoflush.
  /// @param statement  As there.
  /// @param what       As there.
  /// @return As there.
  template <class S, class... A>
    requires(std::derived_from<S, Statement> || std::same_as<S, TextClause>)
  Result execute(const S& statement, const A&... what) {
    const detail::SessionUse in_use = use();
    autoflush();
    return connection().execute(statement, what...);
  }
  /// Executes a statement of greenway/orm/entity_dml.hpp, after autoflush.
  /// @param statement  Of insert<T>(), update<T>() or delete_<T>().
  /// @param rows       Of an INSERT: a range of entities, or sets of parameters.
  /// @return How many rows it has written.
  template <detail::WritesEntities S, class... R>
  auto execute(const S& statement, const R&... rows) {
    return statement.execute_in(*this, rows...);
  }
  /// execute(), with the rows that it has written.
  /// @param statement  As there.
  /// @param rows       As there.
  /// @return They, as entities of this session.
  template <detail::WritesEntities S, class... R>
  [[nodiscard]] auto scalars(const S& statement, const R&... rows) {
    return statement.scalars_in(*this, rows...);
  }
  /// execute(), of one value.
  /// @tparam V         As Result::scalar.
  /// @param statement  As execute().
  /// @param what       As execute().
  /// @return The first column of the first row; see Result::scalar.
  template <class V = Value, class S, class... A>
    requires(std::derived_from<S, Statement> || std::same_as<S, TextClause>)
  [[nodiscard]] V scalar(const S& statement, const A&... what) {
    return execute(statement, what...).template scalar<V>();
  }

  /// Finds an entity by its primary key, in the session or else in the database.
  /// @tparam T    A mapped class.
  /// @param key  A value for each column of it.
  /// @return The entity, or null.
  /// @throws ArgumentError  The key has another number of columns.
  /// @throws ...            As execute().
  template <class T, class... K>
  [[nodiscard]] std::shared_ptr<T> get(const K&... key) {
    return std::static_pointer_cast<T>(get_by(detail::mapper_of<T>(), key...));
  }
  /// As above.
  /// @tparam T       As above.
  /// @param options  See there.
  /// @param key      As above.
  /// @return As above.
  template <class T, class... K>
  [[nodiscard]] std::shared_ptr<T> get(const GetOptions& options, const K&... key) {
    return std::static_pointer_cast<T>(get_by_key(detail::mapper_of<T>(), {Value(key)...}, options));
  }
  /// get(), of what is there.
  /// @tparam T   As there.
  /// @param key  As there.
  /// @return The entity.
  /// @throws NoResultFound  There is none.
  /// @throws ...            As there.
  template <class T, class... K>
  [[nodiscard]] std::shared_ptr<T> get_one(const K&... key) {
    std::shared_ptr<T> entity = get<T>(key...);
    return entity != nullptr ? entity : throw NoResultFound("No row was found when one was required");
  }
  /// Overwrites an entity with its row, or some of its members: `session.refresh(a1, {&A::data, &A::bs})`.
  /// @param entity           Persistent.
  /// @param members          Which; a relationship among them is loaded. None: the row as a whole, relationships left
  ///                         to the next touch.
  /// @param with_for_update  Locks the row.
  /// @throws InvalidRequestError  It is not persistent, or its row is gone.
  template <class T>
  void refresh(const std::shared_ptr<T>& entity, const std::vector<MemberOf<T>>& members = {},
               const std::optional<ForUpdate>& with_for_update = {}) {
    refresh_from(entity.get(), detail::offsets_of(members), with_for_update);
  }
  /// Brings what an entity of elsewhere says into this session: of another session, of none, of a cache. It is looked
  /// up by its primary key, or made, and its members are given what those of `entity` are; so is what belongs to it, by
  /// the cascade "merge". What an INSERT would leave out says nothing, and nor does an empty relationship of an entity
  /// of no session.
  /// @param entity  `T` or `std::shared_ptr<T>`; stays as it is.
  /// @param load    False: is taken for what the row says, without looking.
  /// @return This session's entity; `entity` itself if it is that.
  /// @throws InvalidRequestError  `load` is false, and an entity has no primary key.
  /// @throws ...                  As get().
  template <class E>
  auto merge(const E& entity, bool load = true) {
    if constexpr (requires { typename E::element_type; }) {
      using T = typename E::element_type;
      return std::static_pointer_cast<T>(merge_from(detail::mapper_of<T>(), entity, load));
    } else {
      // Read, and not kept: nobody needs to own it.
      const std::shared_ptr<const E> seen(std::shared_ptr<void>(), &entity);
      return std::static_pointer_cast<E>(merge_from(detail::mapper_of<E>(), std::const_pointer_cast<E>(seen), load));
    }
  }
  /// Makes an entity stale, or some of its members: the next row that is met overwrites it. What was changed stays
  /// readable until then, and is not written.
  /// @param entity   Persistent.
  /// @param members  Which; none for all of them.
  /// @throws InvalidRequestError  It is not the session's.
  template <class T>
  void expire(const std::shared_ptr<T>& entity, const std::vector<MemberOf<T>>& members = {}) {
    expire_one(entity.get(), detail::offsets_of(members));
  }
  /// Makes all entities stale, as expire() does one.
  void expire_all();
  /// Lets all entities go.
  void expunge_all();
  /// Has the INSERT of an entity say a member as it is, whatever default its column has: 0, or NULL of an optional. See
  /// "Not set".
  /// @param entity  Added, and not inserted yet.
  /// @param member  Mapped to a column.
  /// @throws InvalidRequestError  It is not the session's, or has a row; or the member is not mapped to a column.
  template <class T, class C, class M>
    requires std::derived_from<T, C>
  void set(const std::shared_ptr<T>& entity, M C::*member) { say(entity.get(), detail::offset_of<T>(member)); }
  /// set(), to NULL.
  /// @param entity  As there.
  /// @param member  As there.
  /// @throws InvalidRequestError  As there.
  template <class T, class C, class M>
    requires std::derived_from<T, C>
  void set_null(const std::shared_ptr<T>& entity, std::optional<M> C::*member) {
    set(entity, member);
    (*entity).*member = std::nullopt;
  }
  /// Lets an entity go.
  /// @param entity  Of this session.
  /// @throws InvalidRequestError  It is not.
  template <class T>
  void expunge(const std::shared_ptr<T>& entity) {
    expunge_one(entity.get());
  }

  /// Writes what has changed.
  /// @throws StaleDataError  A row that was to be changed or deleted is gone.
  /// @throws DBAPIError      As the database reports. The session has failed: rollback().
  void flush();
  /// Writes what has changed and commits.
  /// @throws ...  As flush() and Connection::commit.
  void commit();
  /// Rolls back, savepoints included: see above.
  /// @throws DBAPIError  The rollback failed; the connection has been closed, which comes to the same.
  void rollback();
  /// Lets all entities go and gives the connection back. What has not been committed is rolled back.
  /// @throws IllegalStateChangeError  Somebody else is using the session.
  void close();
  /// Lets all entities go and gives the connection back, as close() does; the session stays usable.
  void reset();
  /// close(), of a session whose connection is known to be of no more use: it is closed without waiting.
  /// @throws ResourceClosedError  The session is closed.
  void invalidate();

  /// Begins a transaction; the first statement sends it.
  /// @return It. It rolls back unless committed.
  /// @throws InvalidRequestError  One is open already: a statement begins one too.
  SessionTransaction begin();
  /// Runs `fn` in a transaction: commits when it returns, rolls back when it throws. A transaction that `fn` itself has
  /// ended stays as it is, and the session refuses statements until `fn` returns.
  /// @param fn  Called once, without arguments.
  /// @return What `fn` returns.
  /// @throws ...  What `fn` throws; as begin() and commit().
  template <std::invocable F>
  std::invoke_result_t<F> begin(F&& fn) {
    return run_in(begin(), std::forward<F>(fn));
  }
  /// Writes what has changed, and makes a savepoint; begins a transaction first if none is open.
  /// @return The savepoint, as a transaction.
  /// @throws ...  As flush() and Connection::begin_nested.
  SessionTransaction begin_nested();
  /// Runs `fn` in a savepoint, as begin() does in a transaction.
  /// @param fn  As begin().
  /// @return As begin().
  /// @throws ...  What `fn` throws; as begin_nested() and commit().
  template <std::invocable F>
  std::invoke_result_t<F> begin_nested(F&& fn) {
    return run_in(begin_nested(), std::forward<F>(fn));
  }
  /// @return The open transaction, or none; does not roll back when it is destroyed.
  [[nodiscard]] std::optional<SessionTransaction> get_transaction() const;
  /// @return The innermost open savepoint, or none; does not roll back when it is destroyed.
  [[nodiscard]] std::optional<SessionTransaction> get_nested_transaction() const;

  /// @param entity  Any.
  /// @return Where it stands.
  template <class T>
  [[nodiscard]] EntityState state(const std::shared_ptr<T>& entity) const noexcept {
    return state_of(entity.get());
  }
  /// @param entity  Any.
  /// @return Whether the session has it.
  template <class T>
  [[nodiscard]] bool contains(const std::shared_ptr<T>& entity) const noexcept {
    return state_of(entity.get()) != EntityState::transient;
  }
  /// @param entity  Of this session.
  /// @return Whether it differs from its row.
  /// @throws InvalidRequestError  It is not the session's.
  template <class T>
  [[nodiscard]] bool is_modified(const std::shared_ptr<T>& entity) const {
    return is_modified_one(entity.get());
  }
  /// @return The entities that the next flush inserts, without those that it will find belonging to others, in the
  ///         order in which they came to the session; so of the following.
  [[nodiscard]] std::vector<AnyEntity> new_entities() const;
  /// @return Those that differ from their rows.
  [[nodiscard]] std::vector<AnyEntity> dirty() const;
  /// @return Those that the next flush deletes, or that have been deleted in this transaction.
  [[nodiscard]] std::vector<AnyEntity> deleted() const;
  /// @return All that it has.
  [[nodiscard]] std::vector<AnyEntity> entities() const;
  /// @return While it exists, nothing is written before it is asked for.
  NoAutoflush no_autoflush();
  /// Runs `fn`, without anything being written before it is asked for.
  /// @param fn  Called once, without arguments.
  /// @return What `fn` returns.
  /// @throws ...  What `fn` throws.
  template <std::invocable F>
  std::invoke_result_t<F> no_autoflush(F&& fn) {
    const NoAutoflush guard(state_);
    return std::forward<F>(fn)();
  }
  /// @return Whether a transaction is open: by begin(), or by a statement.
  [[nodiscard]] bool in_transaction() const noexcept;
  /// @return Whether a savepoint is open.
  [[nodiscard]] bool in_nested_transaction() const noexcept;
  /// @return Whether it can be used: it is not closed, and needs no rollback().
  [[nodiscard]] bool is_active() const noexcept;
  /// @return Where its database is.
  [[nodiscard]] const Engine& get_bind() const;
  /// Whom it tells what happens: greenway/orm/session_events.hpp.
  /// @return They, as long as the session lives.
  [[nodiscard]] SessionEvents& events();
  /// Whatever the application wants to keep with the session.
  /// @return It, by name.
  [[nodiscard]] std::map<std::string, std::any>& info();
  /// @return The connection of its transaction.
  /// @throws PendingRollbackError  The session has failed.
  /// @throws ...                   As Engine::connect.
  [[nodiscard]] Connection& connection();

 private:
  friend class AsyncSession;
  friend class SessionMaker;
  friend struct detail::SessionAccess;
  Session(const Engine& engine, const SessionOptions& options, detail::Facade facade);
  Session(Connection& connection, const SessionOptions& options, detail::Facade facade);
  [[nodiscard]] detail::SessionState& state() const;
  void autoflush();
  [[nodiscard]] detail::SessionUse use() const;
  void take_over() noexcept;
  [[nodiscard]] Session telling(std::shared_ptr<SessionEvents> events) &&;
  template <class F>
  std::invoke_result_t<F> run_in(SessionTransaction transaction, F&& fn) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      run_scoped(transaction, std::forward<F>(fn));
      commit_if_active(transaction);
    } else {
      std::invoke_result_t<F> result = run_scoped(transaction, std::forward<F>(fn));
      commit_if_active(transaction);
      return static_cast<std::invoke_result_t<F>&&>(result);
    }
  }
  template <class F>
  std::invoke_result_t<F> run_scoped(const SessionTransaction& transaction, F&& fn) {
    const detail::SessionScope scope(state_, transaction.number_);
    return std::forward<F>(fn)();
  }
  static void commit_if_active(SessionTransaction& transaction);
  void add_to(const detail::Mapper& mapper, const std::shared_ptr<void>& entity);
  void delete_from(const void* entity);
  [[nodiscard]] detail::EntityRows select(const detail::EntityStatement& statement, bool streams);
  template <class... K>
  [[nodiscard]] std::shared_ptr<void> get_by(const detail::Mapper& mapper, const K&... key) {
    return get_by_key(mapper, {Value(key)...});
  }
  [[nodiscard]] std::shared_ptr<void> get_by_key(const detail::Mapper& mapper, const std::vector<Value>& key);
  [[nodiscard]] std::shared_ptr<void> get_by_key(const detail::Mapper& mapper, const std::vector<Value>& key,
                                                 const GetOptions& options);
  void refresh_from(const void* entity, const std::vector<std::size_t>& members, const std::optional<ForUpdate>& lock);
  [[nodiscard]] std::shared_ptr<void> merge_from(const detail::Mapper& mapper, const std::shared_ptr<void>& entity,
                                                 bool load);
  void expire_one(const void* entity, const std::vector<std::size_t>& members);
  void expunge_one(const void* entity);
  void say(const void* entity, std::size_t offset);
  [[nodiscard]] EntityState state_of(const void* entity) const noexcept;
  [[nodiscard]] bool is_modified_one(const void* entity) const;

  std::shared_ptr<detail::SessionState> state_;  // its own; transactions look whether it is still there
};

}  // namespace greenway
