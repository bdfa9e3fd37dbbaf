// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/detail/native_switch.hpp>

extern "C" void greenway_stack_entry();

// The first instructions of a new stack. Backtraces end here: there is no return address, and the frame pointer is null.
#if defined(__x86_64__)
asm(R"(
  .text
  .p2align 4
  .globl greenway_stack_entry
  .hidden greenway_stack_entry
  .type greenway_stack_entry, @function
greenway_stack_entry:
  .cfi_startproc
  .cfi_undefined rip
  endbr64
  call *(%rsp)
  ud2
  .cfi_endproc
  .size greenway_stack_entry, .-greenway_stack_entry
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .p2align 4
  .globl greenway_stack_entry
  .hidden greenway_stack_entry
  .type greenway_stack_entry, %function
greenway_stack_entry:
  .cfi_startproc
  .cfi_undefined x30
  hint #36
  ldr x3, [sp]
  mov x30, xzr
  blr x3
  brk #1
  .cfi_endproc
  .size greenway_stack_entry, .-greenway_stack_entry
)");
#endif

namespace greenway::detail {

ResumePoint make_native_stack(void* top, void (*entry)()) noexcept {
  ResumePoint point;
  auto* const first = reinterpret_cast<void**>((reinterpret_cast<std::uintptr_t>(top) & ~std::uintptr_t{15}) - 16);
  *first = reinterpret_cast<void*>(entry);
  point.stack_pointer = first;
  point.address = reinterpret_cast<void*>(&greenway_stack_entry);
  return point;
}

}  // namespace greenway::detail
