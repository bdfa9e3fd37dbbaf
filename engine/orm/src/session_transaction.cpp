// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/session_transaction.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <source_location>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>

#include "session_state.hpp"

namespace greenway {

namespace detail {

namespace {

constexpr std::chrono::seconds clean_up_bound{2};

std::string describe(std::thread::id thread) {
  std::ostringstream text;
  text << "thread " << thread;
  return text.str();
}

std::string describe(const Greenlet& greenlet, std::thread::id thread) {
  std::ostringstream text;
  text << "greenlet " << (greenlet.name().empty() ? "" : "'" + greenlet.name() + "' ") << '(' << &greenlet
       << ") of thread " << thread;
  return text.str();
}

}  // namespace

SessionUse::SessionUse(SessionState& session) : session_(session) {
  const Greenlet* const user = session.user_.load(std::memory_order_relaxed);
  const Greenlet* const me = &Greenlet::current();
  is_outermost_ = user == nullptr;
  if (is_outermost_) {
    session.user_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    session.user_.store(me, std::memory_order_relaxed);
  } else if (user != me) [[unlikely]] {
    const std::thread::id here = std::this_thread::get_id();
    const std::thread::id there = session.user_thread_.load(std::memory_order_relaxed);
    // Of another thread nothing but its name can be read; of this one it is a greenlet that is suspended.
    throw IllegalStateChangeError(
        "This Session is being used by " + (here == there ? describe(*user, there) : describe(there)) +
        ", and serves one greenlet or thread at a time: " + (in_greenlet() ? describe(*me, here) : describe(here)) +
        " needs a session of its own");
  }
}

SessionUse::~SessionUse() {
  if (is_outermost_) {
    session_.user_.store(nullptr, std::memory_order_relaxed);
  }
}

SessionScope::SessionScope(const std::weak_ptr<SessionState>& session, std::uint64_t number) : session_(session) {
  if (const auto state = session_.lock()) {
    outer_ = state->set_scope(number);
  }
}

SessionScope::~SessionScope() {
  if (const auto state = session_.lock()) {
    state->set_scope(outer_);
  }
}

Snapshot::Snapshot(const Instance& instance)
    : object_(instance.object),
      number_(instance.number),
      state_(instance.state),
      is_new_(instance.is_new),
      is_stale_(instance.is_stale),
      loaded_(instance.loaded),
      rest_(instance.has_rest() ? std::optional(instance.rest()) : std::nullopt),
      related_(instance.related) {}

void Snapshot::give_back(Instance& instance) const {
  instance.state = state_;
  instance.is_new = is_new_;
  instance.is_stale = is_stale_;
  instance.is_to_delete = false;
  instance.loaded = loaded_;
  instance.set_rest(rest_);
  instance.related = related_;
  instance.assign(instance.row_values());
  for (std::size_t i = 0; i != related_.size(); ++i) {
    Related& related = instance.mapper.related(instance.object.get(), i);
    if (related_[i].is_loaded) {
      RelatedAccess::set(related, related_[i].items, instance.mapper.relationships[i].points_only);
    } else {
      RelatedAccess::forget(related);
    }
  }
}

SessionState::SessionState(Engine engine, Facade facade, const SessionOptions& options)
    : engine_(std::move(engine)), facade_(facade), options_(options), info_(options.info) {}

SessionState::SessionState(const Connection& connection, Facade facade, const SessionOptions& options)
    : engine_(connection.engine()),
      facade_(facade),
      options_(options),
      info_(options.info),
      bound_(connection.connect()) {}

SessionState::~SessionState() { close(); }

void SessionState::check_open() const {
  if (is_closed_) {
    throw ResourceClosedError("This Session is closed");
  }
}

void SessionState::check_usable() const {
  check_open();
  if (has_failed_) {
    throw PendingRollbackError(
        "This Session's transaction has been rolled back due to a previous exception during flush. "
        "To begin a new transaction with this Session, first issue Session.rollback().");
  }
  if (scope_ != 0 && !is_active(scope_)) {
    throw InvalidRequestError(
        "Can't operate on closed transaction inside context manager.  Please complete the context "
        "manager before emitting further commands.");
  }
}

Connection& SessionState::connection() {
  check_usable();
  if (!connection_) {
    connection_ = bound_ ? bound_->connect() : connect_through(engine_, facade_, std::source_location::current());
    if (bound_) {
      join();
    }
    if (transaction_ == 0) {
      transaction_ = ++last_transaction_;
    }
    tell_begun();
  }
  return *connection_;
}

// What was begun by others on the connection is theirs, unless it is to be controlled.
void SessionState::join() {
  const bool is_in_savepoint = connection_->in_nested_transaction();
  const JoinTransactionMode mode = options_.join_transaction_mode;
  try {
    if (!connection_->in_transaction()) {
      own_ = connection_->begin();
    } else if (mode == JoinTransactionMode::create_savepoint ||
               (mode == JoinTransactionMode::conditional_savepoint && is_in_savepoint)) {
      own_ = connection_->begin_nested();
    }
  } catch (...) {
    connection_.reset();
    throw;
  }
}

// Whether commit and close end what is open on the connection.
bool SessionState::is_mine() const noexcept {
  return !bound_ || options_.join_transaction_mode == JoinTransactionMode::control_fully;
}

std::uint64_t SessionState::begin() {
  check_usable();
  if (transaction_ != 0) {
    throw InvalidRequestError("A transaction is already begun on this Session.");
  }
  return transaction_ = ++last_transaction_;
}

std::uint64_t SessionState::begin_nested() {
  flush();
  Transaction transaction = connection().begin_nested();
  std::vector<Snapshot> entities;
  entities.reserve(instances_.size());
  for (const Instance* const instance : instances_) {
    entities.emplace_back(*instance);
  }
  savepoints_.push_back({++last_transaction_, std::move(transaction), std::move(entities)});
  return last_transaction_;
}

bool SessionState::is_active(std::uint64_t transaction) const noexcept {
  return transaction_ != 0 && (transaction == transaction_ ||
                               std::ranges::find(savepoints_, transaction, &Savepoint::number) != savepoints_.end());
}

void SessionState::commit() {
  check_usable();
  tell(&SessionEvents::before_commit);
  flush();
  if (connection_) {
    commit_connection();
  }
  end_transaction();
  std::vector<Instance*> gone;
  for (Instance* const instance : instances_) {
    instance->is_new = false;
    if (instance->has_rest()) {
      instance->own_rest().before.reset();
      instance->own_rest().generated.clear();
    }
    if (instance->state == EntityState::deleted) {
      gone.push_back(instance);
    } else if (options_.expire_on_commit) {
      make_stale(*instance);
    }
  }
  for (Instance* const instance : gone) {
    note(&SessionEvents::deleted_to_detached, *instance);
    release(*instance);
  }
  tell(&SessionEvents::after_commit);
  tell_news();
}

void SessionState::commit_connection() {
  if (own_) {
    own_->commit();
  } else if (is_mine()) {
    connection_->commit();
  } else if (!savepoints_.empty()) {
    savepoints_.front().transaction.commit();
  }
}

void SessionState::commit(std::uint64_t transaction) {
  check_usable();
  if (transaction == transaction_) {
    return commit();
  }
  flush();
  const auto savepoint = std::ranges::find(savepoints_, transaction, &Savepoint::number);
  savepoint->transaction.commit();
  savepoints_.erase(savepoint, savepoints_.end());
}

void SessionState::end_transaction() noexcept {
  connection_.reset();  // a session's own is rolled back as it is given back, if anything is open
  own_.reset();
  savepoints_.clear();
  transaction_ = 0;
}

void SessionState::rollback() {
  check_open();
  roll_back_entities();
  // Whatever becomes of the connection, it is no more this session's.
  std::optional<Connection> connection = std::exchange(connection_, std::nullopt);
  std::optional<Transaction> own = std::exchange(own_, std::nullopt);
  const std::vector<Savepoint> savepoints = std::exchange(savepoints_, {});
  transaction_ = 0;
  if (own) {
    own->rollback();
  } else if (connection) {
    connection->rollback();
  }
  tell(&SessionEvents::after_rollback);
  tell(&SessionEvents::after_soft_rollback);
  tell_news();
}

void SessionState::rollback(std::uint64_t transaction) {
  if (transaction == transaction_) {
    return rollback();
  }
  const auto savepoint = std::ranges::find(savepoints_, transaction, &Savepoint::number);
  roll_back_entities(*savepoint);
  Transaction undone = std::move(savepoint->transaction);
  const std::vector<Savepoint> inner(std::make_move_iterator(savepoint), std::make_move_iterator(savepoints_.end()));
  savepoints_.erase(savepoint, savepoints_.end());
  undone.rollback();
  tell(&SessionEvents::after_soft_rollback);
  tell_news();
}

void SessionState::roll_back_entities() {
  has_failed_ = false;
  std::vector<Instance*> unmade;
  for (Instance* const instance : instances_) {
    if (instance->is_new || instance->state == EntityState::pending) {
      unmade.push_back(instance);
    } else {
      restore(*instance);
    }
  }
  for (Instance* const instance : unmade) {
    unmake(*instance);
  }
}

void SessionState::roll_back_entities(const Savepoint& savepoint) {
  has_failed_ = false;
  std::unordered_map<const void*, const Snapshot*> then;
  for (const Snapshot& entity : savepoint.entities) {
    then.emplace(entity.object(), &entity);
  }
  std::vector<Instance*> unmade;
  for (Instance* const instance : instances_) {
    const auto found = then.find(instance->object.get());
    if (found != then.end() && found->second->is_of(*instance)) {
      const bool was_deleted = instance->state == EntityState::deleted;
      found->second->give_back(*instance);
      if (was_deleted && instance->state == EntityState::persistent) {
        note(&SessionEvents::deleted_to_persistent, *instance);
      }
      if (instance->state == EntityState::persistent) {
        identity_map_[&instance->mapper].put(*instance);
      }
    } else if (instance->is_new || instance->state == EntityState::pending) {
      unmade.push_back(instance);
    } else {
      restore(*instance);
    }
  }
  for (Instance* const instance : unmade) {
    unmake(*instance);
  }
}

// Transient again: what the database made of it is undone.
void SessionState::unmake(Instance& instance) {
  note(instance.state == EntityState::pending ? &SessionEvents::pending_to_transient
                                              : &SessionEvents::persistent_to_transient,
       instance);
  for (const std::size_t attribute : instance.rest().generated) {
    instance.mapper.attributes[attribute].type->unset(instance.member(attribute));
  }
  for (std::size_t i = 0; i != instance.related.size(); ++i) {
    Related& related = instance.mapper.related(instance.object.get(), i);
    if (!related.is_loaded()) {
      RelatedAccess::set(related, {}, false);  // what has no row is related to nothing
    }
  }
  instance.state = EntityState::pending;  // for whoever asks what it was
  release(instance);
}

void SessionState::forget_entities() noexcept {
  for (const Instance* const instance : instances_) {
    detach(*instance);
  }
  identity_map_.clear();
  instances_.clear();
}

void SessionState::reset() noexcept {
  forget_entities();
  has_failed_ = false;
  if (connection_ && bound_ && !own_ && is_mine()) {
    try {
      const Shield shield(clean_up_bound);
      connection_->rollback();
    } catch (...) {
      // The connection has closed itself, which comes to the same.
    }
  }
  end_transaction();
}

void SessionState::invalidate() {
  check_open();
  if (connection_) {
    connection_->invalidate();
  }
  close();
}

void SessionState::close() noexcept {
  is_closed_ = true;
  reset();
  bound_.reset();
}

}  // namespace detail

SessionTransaction& SessionTransaction::operator=(SessionTransaction&& other) noexcept {
  const SessionTransaction gone(std::move(*this));
  session_ = std::move(other.session_);
  number_ = other.number_;
  is_nested_ = other.is_nested_;
  is_owner_ = other.is_owner_;
  return *this;
}

SessionTransaction::~SessionTransaction() {
  if (!is_owner_) {
    return;
  }
  if (const std::shared_ptr<detail::SessionState> session = active()) {
    try {
      const Shield shield(detail::clean_up_bound);
      detail::SessionUse(*session)->rollback(number_);
    } catch (...) {
      // Bounded clean-up: the connection closed itself, which rolls back, and nobody is there to be told.
    }
  }
}

std::shared_ptr<detail::SessionState> SessionTransaction::active() const noexcept {
  std::shared_ptr<detail::SessionState> session = session_.lock();
  return session != nullptr && session->is_active(number_) ? session : nullptr;
}

void SessionTransaction::commit() {
  const std::shared_ptr<detail::SessionState> session = active();
  if (session == nullptr) {
    throw ResourceClosedError("This transaction is closed");
  }
  detail::SessionUse(*session)->commit(number_);
}

void SessionTransaction::rollback() {
  if (const std::shared_ptr<detail::SessionState> session = active()) {
    detail::SessionUse(*session)->rollback(number_);
  }
}

bool SessionTransaction::is_active() const noexcept { return active() != nullptr; }

}  // namespace greenway
