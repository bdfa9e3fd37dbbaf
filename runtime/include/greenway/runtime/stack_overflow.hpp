// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/stack_overflow.hpp
/// @brief Which greenlet it was that ran out of stack.
///
/// Layer: runtime.

namespace greenway {

/// From now on the overflow of a greenlet's stack is reported on stderr before it ends the process:
///
///     greenlet 'import-42' overflowed its 256 KiB stack in _Z5parsePKc+0x1d (/usr/bin/import), at 0x55d0c8a1b2fd
///
/// and below that the innermost frames of the stack, recursion left out. (Functions of a program that was linked without
/// `-rdynamic` are told by file and offset.) A greenlet without a name is told by the address of its record and
/// the code that made it. Everything else is as without: the handler for SIGSEGV and SIGBUS that was there before, a
/// sanitizer's for instance, is called next, or the default action taken; other faults are passed on and not reported.
///
/// The stack is spent by then, so handlers run on an alternate signal stack (sigaltstack). Each thread that makes a
/// greenlet's stack from now on gets one, and the calling thread at once, unless it has one already.
///
/// Call it early: a thread that makes no more stacks afterwards gets no signal stack, and handlers that are installed
/// later come first. Further calls do nothing.
/// @throws ResourceExhausted  There is no memory for the signal stack. Nothing is installed.
void report_stack_overflows();

}  // namespace greenway
