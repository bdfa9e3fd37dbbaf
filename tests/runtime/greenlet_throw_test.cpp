// SPDX-License-Identifier: BSL-1.0
// Where exceptions go: those that are thrown into a greenlet, and those that leave one.
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::GreenletExit;
using greenway::Parcel;

Parcel to_parent(Parcel value = {}) { return Greenlet::current().parent().switch_to(std::move(value)); }

template <class Error>
std::exception_ptr make(const char* text) {
  return std::make_exception_ptr(Error(text));
}

/// Waits, and says whether it was thrown at.
std::string wait_for_range_error() {
  try {
    to_parent();
  } catch (const std::range_error&) {
    return "caught";
  }
  return "switched to";
}

#if !defined(GREENWAY_TSAN)  // which knows no fibers in the fork of a process that has threads
/// How a child process that runs `fn` ends, as by waitpid().
template <class F>
int status_of_child(F&& fn) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    close(STDERR_FILENO);
    fn();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}
#endif

}  // namespace

TEST_CASE("a greenlet that has caught what was thrown in goes on and can be switched to again") {
  Greenlet greenlet([] {
    const std::string first = wait_for_range_error();
    to_parent(first);
    return std::string("ended");
  });
  greenlet.switch_to();

  CHECK(std::any_cast<std::string>(greenlet.throw_in(make<std::range_error>("ciao"))) == "caught");
  CHECK(greenlet.active());
  CHECK(std::any_cast<std::string>(greenlet.switch_to()) == "ended");
}

TEST_CASE("what is thrown in and not caught arrives in the parent with its text") {
  Greenlet greenlet([] { to_parent(); });
  greenlet.switch_to();
  CHECK_THROWS_WITH(greenlet.throw_in(make<std::range_error>("thrown in")), "thrown in");
  CHECK(greenlet.dead());
}

TEST_CASE("a dead greenlet lets GreenletExit be returned and throws anything else, again and again") {
  Greenlet greenlet([] {});
  greenlet.switch_to();
  for (int i = 0; i < 2; ++i) {
    CHECK(greenlet.throw_in().type() == typeid(GreenletExit));
    CHECK_THROWS_AS(greenlet.throw_in(make<std::range_error>("")), std::range_error);
  }
}

TEST_CASE("GreenletExit kills a fresh greenlet without running it and is returned") {
  bool has_run = false;
  Greenlet greenlet([&] { has_run = true; });
  CHECK(greenlet.throw_in().type() == typeid(GreenletExit));
  CHECK(greenlet.dead());
  CHECK_FALSE(has_run);
}

TEST_CASE("a body that throws GreenletExit by itself ends with it as its result") {
  Greenlet greenlet([] { throw GreenletExit(); });
  CHECK(greenlet.switch_to().type() == typeid(GreenletExit));
}

TEST_CASE("a greenlet may answer GreenletExit with a result of its own") {
  Greenlet greenlet([] {
    try {
      to_parent();
    } catch (const GreenletExit&) {
    }
    return std::string("last words");
  });
  greenlet.switch_to();
  CHECK(std::any_cast<std::string>(greenlet.throw_in()) == "last words");
}

TEST_CASE("throwing into the running greenlet throws there and then") {
  CHECK_THROWS_WITH(Greenlet::current().throw_in(make<std::range_error>("here")), "here");
}

TEST_CASE("a child throws into its parent where that waits") {
  const Greenlet main = Greenlet::current();
  Greenlet child([&] { main.throw_in(make<std::range_error>("from the child")); });
  CHECK_THROWS_WITH(child.switch_to(), "from the child");
  CHECK(child.active());
}

TEST_CASE("what is thrown into a fresh greenlet passes through a fresh parent, which dies without running") {
  int runs = 0;
  Greenlet parent([&] { ++runs; });
  Greenlet child([&] { ++runs; });
  child.set_parent(parent);
  CHECK_THROWS_AS(child.throw_in(make<std::range_error>("")), std::range_error);
  CHECK(child.dead());
  CHECK(parent.dead());
  CHECK(runs == 0);
}

TEST_CASE("what is thrown into a fresh greenlet can be caught by its parent, which waits elsewhere") {
  Greenlet parent(wait_for_range_error);
  Greenlet child([] {});
  child.set_parent(parent);
  parent.switch_to();
  CHECK(std::any_cast<std::string>(child.throw_in(make<std::range_error>(""))) == "caught");
  CHECK(child.dead());
  CHECK(parent.dead());
}

TEST_CASE("what is thrown into a suspended greenlet goes on to its parent, not to who threw it") {
  const Greenlet main = Greenlet::current();
  Greenlet parent(wait_for_range_error);
  Greenlet child([&] { main.switch_to(std::string("from the child")); });
  child.set_parent(parent);
  parent.switch_to();
  CHECK(std::any_cast<std::string>(child.switch_to()) == "from the child");
  CHECK(std::any_cast<std::string>(child.throw_in(make<std::range_error>(""))) == "caught");
  CHECK(child.dead());
  CHECK(parent.dead());
}

TEST_CASE("an exception passes through each ancestor that does not catch it, and each may look at it") {
  std::vector<std::string> seen;
  const auto wait_and_look = [&] {
    try {
      to_parent();
    } catch (const std::exception& error) {
      seen.emplace_back(error.what());
      throw;
    }
  };
  Greenlet grandparent(wait_and_look);
  Greenlet parent(wait_and_look);
  grandparent.switch_to();
  parent.switch_to();
  parent.set_parent(grandparent);
  Greenlet child([] { throw std::logic_error("from below"); });
  child.set_parent(parent);

  CHECK_THROWS_WITH(child.switch_to(), "from below");

  CHECK(seen == std::vector<std::string>{"from below", "from below"});
  CHECK(parent.dead());
  CHECK(grandparent.dead());
  // The whole line is dead, so that values arrive here at once.
  CHECK_FALSE(child.switch_to().has_value());
  CHECK(std::any_cast<int>(child.switch_to(25)) == 25);
}

TEST_CASE("an exception of any type arrives as it is") {
  struct Odd {
    int number;
  };
  Greenlet odd([] { throw Odd{7}; });
  int number = 0;
  try {
    odd.switch_to();
  } catch (const Odd& caught) {
    number = caught.number;
  }
  CHECK(number == 7);
  Greenlet plain([] { throw 5; });
  CHECK_THROWS_AS(plain.switch_to(), int);
}

#if !defined(GREENWAY_TSAN)
TEST_CASE("an exception that meets noexcept in a greenlet ends the process, as it would on a thread") {
  const auto refuse = [] { throw std::logic_error("not allowed out"); };
  const auto fail = [&]() noexcept { refuse(); };
  const int on_thread = status_of_child(fail);
  const int on_greenlet = status_of_child([&] { Greenlet(fail).switch_to(); });
  const int nested = status_of_child([&] { Greenlet([&] { Greenlet(fail).switch_to(); }).switch_to(); });
  CHECK(WIFSIGNALED(on_thread));
  CHECK(WTERMSIG(on_thread) == SIGABRT);
  CHECK(on_greenlet == on_thread);
  CHECK(nested == on_thread);
}
#endif
