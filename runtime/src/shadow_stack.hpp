// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Return addresses that the processor keeps a second time, and compares: x86-64's user shadow stack, AArch64's guarded
/// control stack. Each thread has one, and no switch of ours moves it, so that the first return after a switch would kill
/// the process.
namespace greenway::detail {

/// @throws ShadowStackError  This thread has one.
void refuse_shadow_stack();

/// For tests, on processors that have none.
/// @param is_there  Whether each thread shall seem to have one.
void pretend_shadow_stack(bool is_there) noexcept;

}  // namespace greenway::detail
