// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/session.hpp>

#include <utility>

#include <greenway/base/error.hpp>

#include "session_state.hpp"

namespace greenway {

Session::Session(const Engine& engine, const SessionOptions& options)
    : Session(engine, options, detail::Facade::blocking) {}

Session::Session(const Engine& engine, const SessionOptions& options, detail::Facade facade)
    : state_(std::make_shared<detail::SessionState>(engine, facade, options)) {
  take_over();
}

Session::Session(Connection& connection, const SessionOptions& options)
    : Session(connection, options, detail::Facade::blocking) {}

Session::Session(Connection& connection, const SessionOptions& options, detail::Facade facade)
    : state_(std::make_shared<detail::SessionState>(connection, facade, options)) {
  take_over();
}

Session::Session(Session&& other) noexcept : state_(std::move(other.state_)) { take_over(); }

Session& Session::operator=(Session&& other) noexcept {
  const Session gone(std::move(*this));
  state_ = std::move(other.state_);
  take_over();
  return *this;
}

Session::~Session() {
  if (state_ != nullptr) {
    state_->set_handle(nullptr);
  }
}

void Session::take_over() noexcept {
  if (state_ != nullptr) {
    state_->set_handle(this);
  }
}

SessionEvents& Session::events() { return state().events(); }

Session Session::telling(std::shared_ptr<SessionEvents> events) && {
  state_->set_maker_events(std::move(events));
  return std::move(*this);
}

detail::SessionState& Session::state() const {
  if (state_ == nullptr) {
    throw ResourceClosedError("This Session is closed");
  }
  return *state_;
}

const detail::SessionState* detail::SessionAccess::state(const Session& session) noexcept {
  return session.state_.get();
}

void detail::SessionAccess::share(const std::shared_ptr<Session>& session) noexcept {
  session->state_->set_async_handle(session);
}

detail::SessionUse detail::SessionAccess::use(Session& session) { return session.use(); }

detail::SessionUse Session::use() const { return detail::SessionUse(state()); }

void Session::add_to(const detail::Mapper& mapper, const std::shared_ptr<void>& entity) { use()->add(mapper, entity); }

void Session::delete_from(const void* entity) { use()->mark_deleted(entity); }

detail::EntityRows Session::select(const detail::EntityStatement& statement, bool streams) {
  return use()->select(statement, streams);
}

std::shared_ptr<void> Session::get_by_key(const detail::Mapper& mapper, const std::vector<Value>& key) {
  return get_by_key(mapper, key, {});
}

std::shared_ptr<void> Session::get_by_key(const detail::Mapper& mapper, const std::vector<Value>& key,
                                          const GetOptions& options) {
  return use()->get(mapper, key, options);
}

void Session::refresh_from(const void* entity, const std::vector<std::size_t>& members,
                           const std::optional<ForUpdate>& lock) {
  use()->refresh(entity, members, lock);
}

std::shared_ptr<void> Session::merge_from(const detail::Mapper& mapper, const std::shared_ptr<void>& entity,
                                          bool load) {
  return use()->merge(mapper, entity, load);
}

void Session::expire_one(const void* entity, const std::vector<std::size_t>& members) {
  use()->expire(entity, members);
}

void Session::expunge_one(const void* entity) { use()->expunge(entity); }

void Session::say(const void* entity, std::size_t offset) { use()->say(entity, offset); }

void Session::expire_all() { use()->expire_all(); }

void Session::expunge_all() { use()->expunge_all(); }

std::vector<AnyEntity> Session::new_entities() const { return state().entities(EntityState::pending); }

std::vector<AnyEntity> Session::dirty() const { return state().dirty(); }

std::vector<AnyEntity> Session::deleted() const { return state().entities(EntityState::deleted); }

std::vector<AnyEntity> Session::entities() const { return state().entities(std::nullopt); }

NoAutoflush Session::no_autoflush() { return NoAutoflush(state_); }

NoAutoflush::NoAutoflush(const std::shared_ptr<detail::SessionState>& session) : session_(session) {
  if (session != nullptr) {
    session->set_autoflush(false);
  }
}

NoAutoflush::~NoAutoflush() {
  if (const auto session = session_.lock()) {
    session->set_autoflush(true);
  }
}

void Session::flush() { use()->flush(); }

void Session::autoflush() { use()->autoflush(); }

void Session::commit() { use()->commit(); }

void Session::rollback() { use()->rollback(); }

void Session::reset() { use()->reset(); }

void Session::invalidate() { use()->invalidate(); }

void Session::close() {
  if (state_ != nullptr) {
    use()->close();
  }
}

SessionTransaction Session::begin() { return SessionTransaction(state_, use()->begin(), false, true); }

SessionTransaction Session::begin_nested() { return SessionTransaction(state_, use()->begin_nested(), true, true); }

void Session::commit_if_active(SessionTransaction& transaction) {
  if (transaction.is_active()) {
    transaction.commit();
  }
}

std::optional<SessionTransaction> Session::get_transaction() const {
  return in_transaction() ? std::optional(SessionTransaction(state_, state().transaction(), false, false))
                          : std::nullopt;
}

std::optional<SessionTransaction> Session::get_nested_transaction() const {
  return in_nested_transaction() ? std::optional(SessionTransaction(state_, state().savepoint(), true, false))
                                 : std::nullopt;
}

bool Session::in_nested_transaction() const noexcept { return state_ != nullptr && state_->savepoint() != 0; }

bool Session::is_active() const noexcept { return state_ != nullptr && !state_->is_closed() && !state_->has_failed(); }

const Engine& Session::get_bind() const { return state().engine(); }

std::map<std::string, std::any>& Session::info() { return state().info(); }

EntityState Session::state_of(const void* entity) const noexcept {
  return state_ != nullptr ? state_->state_of(entity) : EntityState::transient;
}

bool Session::is_modified_one(const void* entity) const { return state().is_modified(entity); }

bool Session::in_transaction() const noexcept { return state_ != nullptr && state_->in_transaction(); }

Connection& Session::connection() { return use()->connection(); }

}  // namespace greenway
