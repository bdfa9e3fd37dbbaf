// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace greenway::detail {

/// This thread makes stacks: it gets a signal stack if overflows are to be reported.
void prepare_overflow_report();

}  // namespace greenway::detail
