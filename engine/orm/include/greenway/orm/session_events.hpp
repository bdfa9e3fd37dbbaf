// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/session_events.hpp
/// @brief What happens to a session and to the entities in it.
///
/// Layer: orm. Source: SQLAlchemy's `SessionEvents`. What happens to the entities of a class is in
/// greenway/orm/mapper_events.hpp.
///
/// ```cpp
/// session.events().before_flush.listen([](gw::Session& session) { … session.new_entities() … });
/// maker.events().after_commit.listen([](gw::Session&) { … });       // of each session that is made
/// ```

#include <greenway/db/listeners.hpp>
#include <greenway/orm/any_entity.hpp>

namespace greenway {

class Connection;
class Session;

/// The events of a session, or of all sessions of a SessionMaker. Handlers run where it happens, and may use the
/// session, but may not close it. What they throw goes to the caller of what was under way, which may be half done:
/// roll back then.
struct SessionEvents {
  /// Something is about to be written; what a handler adds, changes or deletes is written too.
  Listeners<Session&> before_flush;
  /// All has been written, and the entities are what their rows are.
  Listeners<Session&> after_flush;
  /// commit() has been called; nothing has been written yet. Not when a savepoint is released.
  Listeners<Session&> before_commit;
  /// It is committed, and no transaction is open.
  Listeners<Session&> after_commit;
  /// It is rolled back, and no transaction is open.
  Listeners<Session&> after_rollback;
  /// It is rolled back, or back at a savepoint.
  Listeners<Session&> after_soft_rollback;
  /// A transaction has begun on this connection; a driver may send BEGIN with its first statement.
  Listeners<Session&, Connection&> after_begin;

  // Of entities, told when what was under way is done.

  /// An entity was added.
  Listeners<Session&, const AnyEntity&> transient_to_pending;
  /// It was inserted.
  Listeners<Session&, const AnyEntity&> pending_to_persistent;
  /// It was rolled back, or expunged, before it was inserted.
  Listeners<Session&, const AnyEntity&> pending_to_transient;
  /// What was inserted was rolled back.
  Listeners<Session&, const AnyEntity&> persistent_to_transient;
  /// It was deleted.
  Listeners<Session&, const AnyEntity&> persistent_to_deleted;
  /// Its deletion was rolled back.
  Listeners<Session&, const AnyEntity&> deleted_to_persistent;
  /// Its deletion was committed.
  Listeners<Session&, const AnyEntity&> deleted_to_detached;
  /// It was expunged.
  Listeners<Session&, const AnyEntity&> persistent_to_detached;
};

}  // namespace greenway
