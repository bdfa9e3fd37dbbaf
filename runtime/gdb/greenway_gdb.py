# SPDX-License-Identifier: BSL-1.0
"""Commands of gdb for programs that use Greenway, alive or as a core dump.

  info greenlets               all greenlets: thread, state, stack in use, what each waits for, name, where it was spawned
  greenlet N bt [ARGUMENTS]    the backtrace of greenlet N, a number that "info greenlets" shows, or an address
  greenlet N COMMAND           any other command, in the innermost frame of greenlet N
  greenlet apply all COMMAND   the same for each greenlet that has started

The library carries this text in its section .debug_gdb_scripts; gdb loads it where its auto-load safe-path allows.
Elsewhere: source greenway_gdb.py
"""

import re
import struct

import gdb
from gdb.unwinder import Unwinder, register_unwinder

LAYOUT_VERSION = 1

# After version and backend (32 bits each) and the list of hubs (64): 32 bits each, as in debug_root.hpp.
OFFSETS = """hub_next hub_thread_number hub_current hub_main hub_slabs slab_count slab_first slab_step
             greenlet_resume_point greenlet_state greenlet_is_queued greenlet_carrier greenlet_waiting
             greenlet_spawned_at greenlet_name waiter_reason""".split()

# As enum WaitKind.
WAIT_KINDS = ["something", "readable", "writable", "readable or writable", "timer", "mutex", "condition", "semaphore",
              "event", "channel, to send", "channel, to receive", "operation", "future", "task group", "offload", "worker",
              "connection of a pool", "turn to write", "descriptors"]
DESCRIPTOR_KINDS = range(1, 4)
LONGEST_NAME = 100

# Of enum GreenletRecord::State.
FRESH, DEAD = 0, 2

NATIVE = 0
# Where Boost's jump_fcontext leaves a register, from its stack pointer, and how much it takes.
BOOST_LAYOUT = {
    "i386:x86-64": ({"r12": 0x10, "r13": 0x18, "r14": 0x20, "r15": 0x28, "rbx": 0x30, "rbp": 0x38, "rip": 0x40}, 0x48),
    "aarch64": ({**{"x%d" % (19 + i): 0x40 + 8 * i for i in range(12)}, "pc": 0xa0}, 0xb0),
}
NATIVE_REGISTERS = {
    "i386:x86-64": ("rsp", "rbp", "rip"),
    "aarch64": ("sp", "x29", "pc"),
}


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def read_word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def architecture():
    return gdb.selected_frame().architecture().name()


class Root:
    """What the program says of its own records."""

    def __init__(self):
        try:
            address = int(gdb.parse_and_eval("(unsigned long)&greenway_debug_root"))
            version, self.backend, self.hubs = struct.unpack("<IIQ", read(address, 16))
        except gdb.error as error:
            raise gdb.GdbError("No greenlets: the program uses no Greenway, or does not run, or is stripped (%s)" % error)
        if version != LAYOUT_VERSION:
            raise gdb.GdbError("The program's Greenway keeps its records in layout %d; this script knows layout %d"
                               % (version, LAYOUT_VERSION))
        values = struct.unpack("<%dI" % len(OFFSETS), read(address + 16, 4 * len(OFFSETS)))
        self.offset = dict(zip(OFFSETS, values))

    def word(self, record, field):
        return read_word(record + self.offset[field])

    def records(self, hub):
        """The addresses of a thread's greenlets that are alive."""
        slab, end = struct.unpack("<QQ", read(hub + self.offset["hub_slabs"], 16))
        while slab != end:
            base = read_word(slab)
            for index in range(self.word(base, "slab_count")):
                record = base + self.offset["slab_first"] + index * self.offset["slab_step"]
                if self.byte(record, "greenlet_state") != DEAD:
                    yield record
            slab += 8

    def byte(self, record, field):
        return read(record + self.offset[field], 1)[0]


class Greenlet:
    """One record, read when it is made."""

    def __init__(self, root, hub, thread, address):
        self.address = address
        self.thread = thread
        self.backend = root.backend
        self.resume_point = address + root.offset["greenlet_resume_point"]
        self.is_running = root.word(hub, "hub_current") == address
        self.is_fresh = root.byte(address, "greenlet_state") == FRESH
        self.is_queued = root.byte(address, "greenlet_is_queued") != 0
        self.spawned_at = root.word(address, "greenlet_spawned_at")
        self.carrier = root.word(address, "greenlet_carrier")
        waiter = root.word(address, "greenlet_waiting")
        self.reason = root.word(waiter, "waiter_reason") if waiter != 0 else None
        self.name = self.read_name(root)

    def read_name(self, root):
        field = root.offset["greenlet_name"]
        if field == 0:
            return ""
        data, length = struct.unpack("<QQ", read(self.address + field, 16))
        return read(data, min(length, 200)).decode("utf-8", "replace")

    def state(self):
        if self.is_fresh:
            return "fresh"
        if self.is_running:
            return "running"
        if self.is_queued:
            return "ready"
        return "waiting" if self.reason is not None else "switched away"

    def waits_for(self):
        if self.state() != "waiting":
            return ""
        kind, subject = self.reason >> 56, self.reason & (1 << 56) - 1
        text = WAIT_KINDS[kind] if kind < len(WAIT_KINDS) else "something"
        if kind in DESCRIPTOR_KINDS:
            return "%s, descriptor %d" % (text, subject)
        return text if subject == 0 else "%s %#x" % (text, subject)

    def registers(self):
        """The registers of the stack at rest."""
        name = architecture()
        if self.backend == NATIVE:
            return dict(zip(NATIVE_REGISTERS[name], struct.unpack("<QQQ", read(self.resume_point, 24))))
        places, size = BOOST_LAYOUT[name]
        context = read_word(self.resume_point)
        registers = {register: read_word(context + place) for register, place in places.items()}
        registers["rsp" if "rip" in places else "sp"] = context + size
        return registers

    def stack_bytes(self):
        if self.carrier == 0:
            return 0
        if self.is_running:
            with self.selected_thread():
                return self.carrier - int(gdb.newest_frame().read_register("sp"))
        return self.carrier - read_word(self.resume_point)

    def selected_thread(self):
        for thread in gdb.selected_inferior().threads():
            if thread.ptid[1] == self.thread:
                return Selected(thread)
        raise gdb.GdbError("Thread %d is not there" % self.thread)


class Selected:
    """A thread is selected for the time of a with statement."""

    def __init__(self, thread):
        self.thread = thread
        self.before = gdb.selected_thread()

    def __enter__(self):
        self.thread.switch()

    def __exit__(self, *_):
        if self.before is not None and self.before.is_valid():
            self.before.switch()


def all_greenlets():
    root = Root()
    found = []
    hub = root.hubs
    while hub != 0:
        thread = struct.unpack("<i", read(hub + root.offset["hub_thread_number"], 4))[0]
        # The list begins with the youngest thread.
        found = [Greenlet(root, hub, thread, address) for address in root.records(hub)] + found
        hub = root.word(hub, "hub_next")
    return found


def code_name(address):
    if address == 0:
        return ""
    text = gdb.execute("info symbol %#x" % (address - 1), to_string=True).split(" in section ")[0].strip()
    if text.startswith("No symbol"):
        return "%#x" % address
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME - 3] + "..."


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class GreenletUnwinder(Unwinder):
    """While it is given registers, the innermost frame of the selected thread has a stack at rest as its caller."""

    def __init__(self):
        super().__init__("greenway")
        self.registers = None
        self.innermost = None

    def __call__(self, frame):
        if self.registers is None:
            return None
        pc = int(frame.read_register("pc"))
        if (int(frame.read_register("sp")), pc) != self.innermost:
            return None
        # Below every stack there is, since gdb takes a caller whose stack is lower for a corrupt one.
        info = frame.create_unwind_info(FrameId(gdb.Value(16), gdb.Value(pc)))
        word = gdb.lookup_type("unsigned long")
        for name, value in self.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(word))
        return info

    def enter(self, registers):
        frame = gdb.newest_frame()
        self.innermost = int(frame.read_register("sp")), int(frame.pc())
        self.registers = registers
        gdb.invalidate_cached_frames()

    def leave(self):
        self.registers = None
        gdb.invalidate_cached_frames()


unwinder = GreenletUnwinder()
register_unwinder(None, unwinder, replace=True)


def is_backtrace(command):
    return re.match(r"(bt|backtrace|where)\b", command) is not None


def run_at_rest(greenlet, command):
    """Runs a command as if the stack of the greenlet were that of the selected thread."""
    unwinder.enter(greenlet.registers())
    try:
        gdb.newest_frame().older().select()
        if not is_backtrace(command):
            gdb.execute(command)
            return
        text = gdb.execute(command, to_string=True)
        # The thread's own frame is the first, and none of the greenlet's.
        text = text[text.index("#1 "):] if "#1 " in text else ""
        gdb.write(re.sub(r"^#(\d+)( *)", lambda match: "#%-3d" % (int(match[1]) - 1), text, flags=re.MULTILINE))
    finally:
        unwinder.leave()
        gdb.newest_frame().select()


def run_in(greenlet, command):
    if greenlet.is_fresh:
        gdb.write("The greenlet has not run yet.\n")
    elif greenlet.is_running:
        with greenlet.selected_thread():
            gdb.execute(command)
    else:
        run_at_rest(greenlet, command)


def title(number, greenlet):
    return "Greenlet %d %#x%s: %s %s" % (number, greenlet.address, " '%s'" % greenlet.name if greenlet.name else "",
                                         greenlet.state(), greenlet.waits_for())


class InfoGreenlets(gdb.Command):
    """All greenlets of the program: number, thread, state, stack in use, what each waits for, name, where it was spawned."""

    def __init__(self):
        super().__init__("info greenlets", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        rows = [("Id", "Thread", "State", "Stack", "Waits for", "Name", "Spawned at")]
        for number, greenlet in enumerate(all_greenlets(), 1):
            rows.append((str(number), str(greenlet.thread), greenlet.state(), str(greenlet.stack_bytes()),
                         greenlet.waits_for(), greenlet.name, code_name(greenlet.spawned_at)))
        if len(rows) == 1:
            gdb.write("No greenlets.\n")
            return
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths)]
            gdb.write("  ".join(cells + [row[-1]]).rstrip() + "\n")


class GreenletCommand(gdb.Command):
    """Runs a command in a greenlet: greenlet N bt, greenlet N COMMAND, greenlet apply all COMMAND."""

    def __init__(self):
        super().__init__("greenlet", gdb.COMMAND_STACK)

    def invoke(self, argument, _from_tty):
        words = argument.split(None, 1)
        if len(words) != 2:
            raise gdb.GdbError("Usage: greenlet N COMMAND, or greenlet apply all COMMAND")
        found = list(enumerate(all_greenlets(), 1))
        if words[0] == "apply":
            rest = words[1].split(None, 1)
            if len(rest) != 2 or rest[0] != "all":
                raise gdb.GdbError("Usage: greenlet apply all COMMAND")
            for number, greenlet in found:
                gdb.write("\n%s\n" % title(number, greenlet))
                run_in(greenlet, rest[1])
            return
        try:
            wanted = int(words[0], 0)
        except ValueError:
            raise gdb.GdbError("%s is no number of a greenlet: see info greenlets" % words[0])
        for number, greenlet in found:
            if wanted in (number, greenlet.address):
                gdb.write(title(number, greenlet) + "\n")
                run_in(greenlet, words[1])
                return
        raise gdb.GdbError("There is no greenlet %s: see info greenlets" % words[0])


InfoGreenlets()
GreenletCommand()
