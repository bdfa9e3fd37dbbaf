// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/related.hpp>

#include <greenway/base/error.hpp>

#include "session_state.hpp"

namespace greenway::detail {

void Related::select() const {
  if (owner_ == nullptr) {
    throw DetachedInstanceError("the relationship was not loaded before its entity left the session: load it there, by "
                                "touching it or with selectinload()");
  }
  owner_->session->load_related(*owner_, relationship_);
}

}  // namespace greenway::detail
