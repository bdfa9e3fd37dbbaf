// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/native_switch.hpp
/// @brief A switch of stacks that is inlined where it is made and leaves the saving of registers to the compiler.
///
/// The statement names every register as clobbered, so the compiler saves exactly those that hold something it needs.
/// Only stack pointer, frame pointer and the address to go on at, which cannot be named, are kept here: in the resting
/// stack's record and not on the stack, where a signal between two instructions could overwrite them. The other side is
/// entered by a jump, never by a `ret`, whose prediction would be of the stack that was left. The x87 and SSE control
/// words (FPCR on AArch64) are not switched. AArch64's x18 is the compiler's on Linux, so it is named too.

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(shadow_call_stack)
#error "return addresses on a shadow call stack do not follow a switch: compile without -fsanitize=shadow-call-stack"
#endif
#endif
#if !defined(__x86_64__) && !defined(__aarch64__)
#error "the native switch knows x86-64 and AArch64: configure with -DGREENWAY_SWITCH=boost"
#endif

// Jumped to; a program built for indirect branch tracking has to mark such places.
#if defined(__CET__)
#define GREENWAY_LANDING "endbr64\n\t"
#else
#define GREENWAY_LANDING ""
#endif

namespace greenway::detail {

/// Where a stack at rest goes on. The statements below know the layout.
struct ResumePoint {
  void* stack_pointer = nullptr;  ///< Of the stack at rest.
  void* frame_pointer = nullptr;  ///< Its frame pointer, which may be any value where frames have none.
  void* address = nullptr;        ///< Of the first instruction.
};

/// Leaves this stack at rest at `from` and enters the one that rests at `to`. A flag travels with the jump, in a register.
/// @return The flag of whoever enters this stack again.
[[gnu::always_inline]] inline bool native_switch(ResumePoint& from, const ResumePoint& to, bool flag) noexcept {
#if defined(__x86_64__)
  const ResumePoint* entered = &to;
  ResumePoint* left = &from;
  int carried = flag ? 1 : 0;
  asm volatile(
      "lea 1f(%%rip), %%rcx\n\t"
      "mov %%rsp, (%%rdi)\n\t"
      "mov %%rbp, 8(%%rdi)\n\t"
      "mov %%rcx, 16(%%rdi)\n\t"
      "mov (%%rsi), %%rsp\n\t"
      "mov 8(%%rsi), %%rbp\n\t"
      "jmp *16(%%rsi)\n\t"
      ".p2align 4\n"
      "1:\n\t" GREENWAY_LANDING
      : "+S"(entered), "+D"(left), "+a"(carried)
      :
      : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
        "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
#if defined(__AVX512F__)
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28",
        "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7",
#endif
        "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc", "memory");
  return carried != 0;
#elif defined(__aarch64__)
  register const ResumePoint* entered asm("x0") = &to;
  register ResumePoint* left asm("x1") = &from;
  register int carried asm("w4") = flag ? 1 : 0;
  // x16 may be branched through to a `bti c` and a `bti j` alike.
  asm volatile(
      "adr x3, 1f\n\t"
      "mov x2, sp\n\t"
      "stp x2, x29, [x1]\n\t"
      "str x3, [x1, #16]\n\t"
      "ldp x2, x29, [x0]\n\t"
      "ldr x16, [x0, #16]\n\t"
      "mov sp, x2\n\t"
      "br x16\n\t"
      ".p2align 3\n"
      "1:\n\t"
      "hint #36\n\t"
      : "+r"(entered), "+r"(left), "+r"(carried)
      :
      : "x2", "x3", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19",
        "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
        "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
        "v25", "v26", "v27", "v28", "v29", "v30", "v31",
#if defined(__ARM_FEATURE_SVE)
        "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "ffr",
#endif
        "cc", "memory");
  return carried != 0;
#endif
}

/// Makes a stack that rests before its first instruction: entering it calls `entry`, which never returns.
/// @param top    Above the stack's highest byte.
/// @param entry  Called first.
/// @return Where it rests.
ResumePoint make_native_stack(void* top, void (*entry)()) noexcept;

}  // namespace greenway::detail
