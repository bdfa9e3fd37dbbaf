// SPDX-License-Identifier: BSL-1.0
#include "debug_root.hpp"

#include <cstddef>

#include "hub.hpp"
#include "waiter_access.hpp"

// The records have base classes, for which offsetof is optional; every compiler that the switch knows has it.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace greenway::detail {

/// Where the records of a thread lie.
struct DebugLayout {
  static constexpr std::uint32_t slabs = offsetof(Hub, records) + offsetof(RecordPool, slabs_);
  static constexpr std::uint32_t slab_count = offsetof(RecordSlab, count_);
  static constexpr std::uint32_t slab_first = RecordSlab::first;
  static constexpr std::uint32_t slab_step = sizeof(GreenletRecord);
};

}  // namespace greenway::detail

namespace {

using greenway::GreenletRecord;
using greenway::detail::DebugLayout;
using greenway::detail::Hub;

constexpr std::uint32_t layout_version = 1;

#if defined(GREENWAY_SWITCH_NATIVE)
constexpr std::uint32_t backend = 0;
constexpr std::uint32_t resume_point = offsetof(GreenletRecord, stack_pointer);
#else
constexpr std::uint32_t backend = 1;
constexpr std::uint32_t resume_point = offsetof(GreenletRecord, context);
#endif

#if defined(__GLIBCXX__)
constexpr std::uint32_t name = offsetof(GreenletRecord, name);
#else
constexpr std::uint32_t name = 0;  // the script knows the string of libstdc++ only
#endif

}  // namespace

[[gnu::visibility("default"), gnu::used]] GreenwayDebugRoot greenway_debug_root = {
    layout_version,
    backend,
    nullptr,
    offsetof(Hub, next_hub),
    offsetof(Hub, thread_number),
    offsetof(Hub, current),
    offsetof(Hub, main),
    DebugLayout::slabs,
    DebugLayout::slab_count,
    DebugLayout::slab_first,
    DebugLayout::slab_step,
    resume_point,
    offsetof(GreenletRecord, state),
    offsetof(GreenletRecord, is_queued),
    offsetof(GreenletRecord, carrier),
    offsetof(GreenletRecord, scopes) + offsetof(greenway::Scopes, waiting),
    offsetof(GreenletRecord, spawned_at),
    name,
    greenway::WaiterAccess::reason_offset(),
};

// The debugger's script, where gdb looks for it: a byte that says "Python, in here", a name, the text, and a zero.
#if defined(GREENWAY_GDB_SCRIPT)
asm(".pushsection \".debug_gdb_scripts\", \"MS\", %progbits, 1\n"
    ".byte 4\n"
    ".ascii \"gdb.inlined-script.greenway\\n\"\n"
    ".incbin \"" GREENWAY_GDB_SCRIPT "\"\n"
    ".byte 0\n"
    ".popsection\n");
#endif
