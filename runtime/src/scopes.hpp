// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/detail/greenlet_record.hpp>

namespace greenway {

/// @return Whether a scope that is felt inside the innermost one has been cancelled or has passed its deadline.
bool is_cancelled_now(const Scopes& scopes) noexcept;

/// @return The earliest deadline of the scopes that are felt inside the innermost one.
Deadline deadline_of(const Scopes& scopes) noexcept;

}  // namespace greenway
