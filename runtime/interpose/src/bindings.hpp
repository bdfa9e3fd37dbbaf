// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace greenway::interpose {

/// Logs a warning if a library that is loaded calls libc's poll() directly, and not ours.
/// @param library  How its file name begins, as "libpq.so". Nothing happens if it is not loaded.
void warn_of_bypassing_library(const char* library) noexcept;

}  // namespace greenway::interpose
