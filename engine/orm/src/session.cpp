// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/session.hpp>

#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>

#include "session_state.hpp"

namespace greenway {

namespace detail {

namespace {

constexpr std::size_t entities_a_time = 1000;
constexpr std::chrono::seconds clean_up_bound{2};

}  // namespace

std::vector<std::shared_ptr<void>> EntityRows::next_some(std::size_t size) {
  std::vector<std::shared_ptr<void>> entities;
  for (const Row& row : result_.fetchmany(size)) {
    entities.push_back(session_->load(*mapper_, row, 0));
  }
  session_->load_options(*mapper_, entities, options_);
  return entities;
}

std::shared_ptr<void> EntityRows::next() {
  if (next_ == loaded_.size()) {
    loaded_ = next_some(entities_a_time);
    next_ = 0;
    if (loaded_.empty()) {
      return nullptr;
    }
  }
  return std::move(loaded_[next_++]);
}

}  // namespace detail

Session::Session(const Engine& engine, const SessionOptions& options) : Session(engine, options, detail::Facade::blocking) {}

Session::Session(const Engine& engine, const SessionOptions& options, detail::Facade facade)
    : state_(std::make_unique<detail::SessionState>(engine, facade, options)) {}

Session::Session(Session&& other) noexcept = default;
Session& Session::operator=(Session&& other) noexcept = default;
Session::~Session() = default;

detail::SessionState& Session::state() const {
  if (state_ == nullptr) {
    throw ResourceClosedError("This Session is closed");
  }
  return *state_;
}

void Session::add_to(const detail::Mapper& mapper, const std::shared_ptr<void>& entity) { state().add(mapper, entity); }

void Session::delete_from(const void* entity) { state().mark_deleted(entity); }

detail::EntityRows Session::select(const Select& statement, const detail::Mapper& mapper,
                                   const std::vector<LoaderOption>& options, bool streams) {
  state().autoflush();
  ExecutionOptions how;
  how.stream_results = streams && options.empty();
  if (how.stream_results.value_or(false)) {
    how.yield_per = detail::entities_a_time;
  }
  return detail::EntityRows(connection().execute(statement, {}, how), mapper, state(), options);
}

std::shared_ptr<void> Session::get_by_key(const detail::Mapper& mapper, const std::vector<Value>& key) {
  return state().get(mapper, key, {});
}

void Session::refresh_from(const void* entity) { state().refresh(entity); }

void Session::expire_one(const void* entity) { state().expire(entity); }

void Session::expunge_one(const void* entity) { state().expunge(entity); }

void Session::flush() { state().flush(); }

void Session::autoflush() { state().autoflush(); }

void Session::commit() { state().commit(); }

void Session::rollback() { state().rollback(); }

void Session::roll_back_and_forget() noexcept {
  try {
    const Shield shield(detail::clean_up_bound);
    state().rollback();
  } catch (...) {
    // Bounded clean-up: the connection closed itself, which rolls back, and the first error is what the caller gets.
  }
}

void Session::close() noexcept {
  if (state_ != nullptr) {
    state_->close();
  }
}

void Session::check_not_begun() const {
  state().check_usable();
  if (in_transaction()) {
    throw InvalidRequestError("A transaction is already begun on this Session.");
  }
}

EntityState Session::state_of(const void* entity) const noexcept {
  return state_ != nullptr ? state_->state_of(entity) : EntityState::transient;
}

bool Session::is_modified_one(const void* entity) const { return state().is_modified(entity); }

bool Session::in_transaction() const noexcept { return state_ != nullptr && state_->in_transaction(); }

Connection& Session::connection() { return state().connection(); }

}  // namespace greenway
