// SPDX-License-Identifier: BSL-1.0
// The cases tagged [.alone] end their process.
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/stack_overflow.hpp>

#include "child_process.hpp"
#include "support/catch.hpp"

// Known to the dynamic linker, and so to the report.
[[gnu::noinline]] int descend(const volatile int& depth) {  // NOLINT(misc-no-recursion)
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return depth == -1 ? 0 : descend(depth) + frame[0];
}

namespace {

using greenway::Greenlet;
using greenway::report_stack_overflows;
using greenway::StackOptions;

void overflow() {
  const volatile int for_ever = 0;
  descend(for_ever);
}

void overflow_in_import() {
  const Greenlet greenlet(overflow);
  greenlet.set_name("import-42");
  greenlet.switch_to();
}

void say(const char* text) { static_cast<void>(write(STDERR_FILENO, text, std::strlen(text))); }

void earlier_handler(int) {
  say("the earlier handler was called\n");
  _exit(7);
}

void earlier_handler_with_details(int, siginfo_t* info, void*) {
  say(info->si_addr != nullptr ? "the earlier handler knows where\n" : "the earlier handler does not know where\n");
  _exit(7);
}

void install_earlier(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(SIGSEGV, &action, nullptr);
}

[[gnu::noinline, gnu::no_sanitize("undefined")]] void store_to_null() {
  static volatile int* volatile null = nullptr;
  *null = 1;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
    ++count;
  }
  return count;
}

#if defined(GREENWAY_TEST_EMULATOR)
const std::string place = "0x";  // what is linked statically has no dynamic linker that knows names
#else
const std::string place = "_Z7descendRVKi+0x";
#endif
const std::string its_size = std::to_string(256 * greenway::detail::stack_size_factor) + " KiB";

// A sanitizer handles faults itself, reports and exits; without one the signal ends the process.
void ends_as_by_a_fault(const Ended& ended) {
#if defined(GREENWAY_ASAN) || defined(GREENWAY_TSAN)
  CHECK(WIFEXITED(ended.status));
  CHECK(WEXITSTATUS(ended.status) != 0);
  CHECK(count_of(ended.output, "Sanitizer") > 0);
#else
  CHECK(WIFSIGNALED(ended.status));
  CHECK(WTERMSIG(ended.status) == SIGSEGV);
#endif
}

}  // namespace

TEST_CASE("alone: overflow without a report", "[.alone]") { overflow_in_import(); }

TEST_CASE("alone: overflow with a report", "[.alone]") {
  report_stack_overflows();
  report_stack_overflows();
  overflow_in_import();
}

TEST_CASE("alone: overflow of a greenlet without a name", "[.alone]") {
  report_stack_overflows();
  Greenlet(overflow, StackOptions{16 * 1024}).switch_to();
}

TEST_CASE("alone: overflow on a thread that began later", "[.alone]") {
  report_stack_overflows();
  std::thread(overflow_in_import).join();
}

TEST_CASE("alone: overflow on a thread that had greenlets before", "[.alone]") {
  std::thread([] {
    Greenlet([] {}).switch_to();
    report_stack_overflows();
    overflow_in_import();
  }).join();
}

TEST_CASE("alone: overflow of a stack that was given back and taken again", "[.alone]") {
  report_stack_overflows();
  Greenlet([] {}).switch_to();
  const Greenlet neighbour([] { Greenlet::current().parent().switch_to(); });
  neighbour.switch_to();
  greenway::release_idle_stacks();
  Greenlet([] {}).switch_to();
  overflow_in_import();
}

TEST_CASE("alone: overflow with an earlier handler", "[.alone]") {
  install_earlier(earlier_handler);
  report_stack_overflows();
  overflow_in_import();
}

TEST_CASE("alone: overflow with an earlier handler that wants details", "[.alone]") {
  struct sigaction action {};
  action.sa_sigaction = earlier_handler_with_details;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
  report_stack_overflows();
  overflow_in_import();
}

TEST_CASE("alone: null pointer in a greenlet", "[.alone]") {
  report_stack_overflows();
  Greenlet(store_to_null).switch_to();
}

TEST_CASE("alone: null pointer with an earlier handler", "[.alone]") {
  install_earlier(earlier_handler);
  report_stack_overflows();
  Greenlet(store_to_null).switch_to();
}

TEST_CASE("alone: null pointer on a thread without greenlets", "[.alone]") {
  report_stack_overflows();
  std::thread(store_to_null).join();
}

TEST_CASE("alone: a stray pointer into another guard", "[.alone]") {
  report_stack_overflows();
  volatile char* frame = nullptr;
  const auto go_back = [] { Greenlet::current().parent().switch_to(); };
  const Greenlet other([&] {
    frame = static_cast<char*>(__builtin_frame_address(0));
    go_back();
  });
  const Greenlet stray([&] {
    go_back();
    const std::size_t size = 256 * 1024 * greenway::detail::stack_size_factor;
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const auto top = (reinterpret_cast<std::uintptr_t>(frame) + page - 1) / page * page;
    *reinterpret_cast<volatile char*>(top - size - 1) = 1;
  });
  stray.switch_to();
  other.switch_to();
  stray.switch_to();
}

TEST_CASE("alone: a signal that was sent", "[.alone]") {
  install_earlier(SIG_DFL);
  report_stack_overflows();
  Greenlet([] { raise(SIGSEGV); }).switch_to();
  say("it was survived\n");
}

TEST_CASE("alone: a signal that was sent and is ignored", "[.alone]") {
  install_earlier(SIG_IGN);
  report_stack_overflows();
  Greenlet([] { raise(SIGSEGV); }).switch_to();
  say("it was survived\n");
  overflow_in_import();
}

TEST_CASE("without a report an overflow ends the process and says nothing of greenlets") {
  for (const char* guard : {"", "mprotect"}) {
    const Ended ended = run_alone("alone: overflow without a report", {{"GREENWAY_STACK_GUARD", guard}});
    ends_as_by_a_fault(ended);
    CHECK(count_of(ended.output, "greenlet '") == 0);
  }
}

TEST_CASE("an overflow is reported by name and place once and ends the process as it would have") {
  for (const char* guard : {"", "mprotect"}) {
    const Ended ended = run_alone("alone: overflow with a report", {{"GREENWAY_STACK_GUARD", guard}});
    INFO(ended.output);
    ends_as_by_a_fault(ended);
    CHECK(count_of(ended.output, "greenlet 'import-42' overflowed its " + its_size + " stack in " + place) == 1);
    // The frames: of those that are the same as the one before only the first.
    const std::size_t frames = count_of(ended.output, "[0x");
    CHECK(frames >= 4);
    CHECK(frames <= 16);
  }
}

TEST_CASE("a greenlet without a name is reported by its address") {
  const Ended ended = run_alone("alone: overflow of a greenlet without a name");
  INFO(ended.output);
  ends_as_by_a_fault(ended);
  const std::string size = std::to_string(16 * greenway::detail::stack_size_factor);
  CHECK(count_of(ended.output, "greenlet 0x") == 1);
  CHECK(count_of(ended.output, " overflowed its " + size + " KiB stack in ") == 1);
}

TEST_CASE("overflows are reported on each thread that makes stacks and of stacks that are used again") {
  for (const char* name : {"alone: overflow on a thread that began later",
                           "alone: overflow on a thread that had greenlets before",
                           "alone: overflow of a stack that was given back and taken again"}) {
    for (const char* guard : {"", "mprotect"}) {
      const Ended ended = run_alone(name, {{"GREENWAY_STACK_GUARD", guard}});
      INFO(name << "\n" << ended.output);
      ends_as_by_a_fault(ended);
      CHECK(count_of(ended.output, "greenlet 'import-42' overflowed") == 1);
    }
  }
}

TEST_CASE("the handler that was there before is called after the report") {
  Ended ended = run_alone("alone: overflow with an earlier handler");
  INFO(ended.output);
  CHECK(WEXITSTATUS(ended.status) == 7);
  CHECK(count_of(ended.output, "greenlet 'import-42' overflowed") == 1);
  CHECK(count_of(ended.output, "the earlier handler was called") == 1);

  ended = run_alone("alone: overflow with an earlier handler that wants details");
  CHECK(WEXITSTATUS(ended.status) == 7);
  CHECK(count_of(ended.output, "greenlet 'import-42' overflowed") == 1);
  CHECK(count_of(ended.output, "the earlier handler knows where") == 1);
}

TEST_CASE("a fault that is no overflow is passed on without a word") {
  for (const char* name : {"alone: null pointer in a greenlet", "alone: null pointer on a thread without greenlets",
                           "alone: a stray pointer into another guard"}) {
    const Ended ended = run_alone(name);
    INFO(name << "\n" << ended.output);
    ends_as_by_a_fault(ended);
    CHECK(count_of(ended.output, "overflowed its") == 0);
  }
  const Ended ended = run_alone("alone: null pointer with an earlier handler");
  CHECK(WEXITSTATUS(ended.status) == 7);
  CHECK(count_of(ended.output, "the earlier handler was called") == 1);
  CHECK(count_of(ended.output, "overflowed its") == 0);
}

TEST_CASE("a signal that somebody sent does what it did before") {
  Ended ended = run_alone("alone: a signal that was sent");
  INFO(ended.output);
  CHECK(WIFSIGNALED(ended.status));
  CHECK(WTERMSIG(ended.status) == SIGSEGV);
  CHECK(count_of(ended.output, "overflowed its") == 0);

  ended = run_alone("alone: a signal that was sent and is ignored");
  CHECK(count_of(ended.output, "it was survived") == 1);
  CHECK(count_of(ended.output, "greenlet 'import-42' overflowed") == 1);
}
