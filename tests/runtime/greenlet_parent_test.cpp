// SPDX-License-Identifier: BSL-1.0
// Who is whose parent, and where control lands when a greenlet has ended.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::GreenletError;
using greenway::Parcel;

Parcel to_parent(Parcel value = {}) { return Greenlet::current().parent().switch_to(std::move(value)); }

}  // namespace

TEST_CASE("two greenlets of one function have each its own stack") {
  std::vector<int> steps;
  const auto body = [&] {
    int step = 1;
    steps.push_back(step);
    to_parent();
    steps.push_back(++step);
  };
  Greenlet one(body);
  Greenlet other(body);
  one.switch_to();
  other.switch_to();
  other.switch_to();
  CHECK(other.dead());
  CHECK(one.active());
  one.switch_to();
  CHECK(steps == std::vector<int>{1, 1, 2, 2});
}

TEST_CASE("the parent of a greenlet is the one that made it, wherever it is switched to from") {
  Greenlet child;
  Greenlet maker([&] { child = Greenlet([] {}); });
  maker.switch_to();
  CHECK(child.parent() == maker);
  CHECK(maker.parent() == Greenlet::current());
}

TEST_CASE("a greenlet suspended inside another that has ended goes on by itself") {
  Greenlet inner;
  std::vector<std::string> order;
  Greenlet outer([&] {
    inner = Greenlet([&] {
      order.emplace_back("inner starts");
      to_parent();
      order.emplace_back("inner ends");
    });
    inner.switch_to();
    order.emplace_back("outer ends");
  });
  outer.switch_to();
  CHECK(outer.dead());
  inner.switch_to();
  CHECK(order == std::vector<std::string>{"inner starts", "outer ends", "inner ends"});
}

TEST_CASE("several values travel as one tuple") {
  Greenlet greenlet([](Parcel first) {
    const auto [a, b] = std::any_cast<std::tuple<int, int>>(first);
    to_parent(std::tuple(std::string("half way"), a + b));
    return std::tuple(a * b, a - b);
  });
  CHECK(std::any_cast<std::tuple<std::string, int>>(greenlet.switch_to(std::tuple(4, 2))) ==
        std::tuple(std::string("half way"), 6));
  CHECK(std::any_cast<std::tuple<int, int>>(greenlet.switch_to()) == std::tuple(8, 2));
}

TEST_CASE("the result of a greenlet is the first value of a parent that has not started, which runs then") {
  Greenlet parent([](Parcel first) { return std::tuple(std::any_cast<int>(first), 24); });
  Greenlet child([] { return 42; });
  child.set_parent(parent);
  CHECK(std::any_cast<std::tuple<int, int>>(child.switch_to()) == std::tuple(42, 24));
  CHECK(parent.dead());
}

TEST_CASE("a chain of parents that have not started runs from child to parent on the way out") {
  std::vector<int> order;
  std::vector<Greenlet> chain;
  for (int i = 0; i < 50; ++i) {
    chain.emplace_back([&order, i] { order.push_back(i); });
    if (i > 0) {
      chain[static_cast<std::size_t>(i - 1)].set_parent(chain.back());
    }
  }
  chain.front().switch_to();
  REQUIRE(order.size() == 50);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a dead greenlet that is given a fresh parent starts it when switched to") {
  std::vector<int> seen;
  Greenlet parent([&] { seen.push_back(24); });
  Greenlet child([&] { seen.push_back(42); });
  child.switch_to();
  child.set_parent(parent);
  CHECK_FALSE(child.switch_to().has_value());
  CHECK(seen == std::vector<int>{42, 24});
}

TEST_CASE("a parent that throws at its start fails who switched to the child, dead or alive") {
  int runs = 0;
  Greenlet child([&] { ++runs; });
  for (int i = 0; i < 2; ++i) {
    Greenlet parent([] { throw std::runtime_error("cannot start"); });
    child.set_parent(parent);
    CHECK_THROWS_WITH(child.switch_to(), "cannot start");
  }
  CHECK(runs == 1);
}

TEST_CASE("a suspended greenlet that is given another parent goes there with its next switch to its parent") {
  std::vector<std::string> order;
  Greenlet child([&] {
    to_parent();
    to_parent();
  });
  Greenlet second_parent([&] {
    child.set_parent(Greenlet::current());
    child.switch_to();
    order.emplace_back("second parent");
  });
  child.switch_to();
  second_parent.switch_to();
  CHECK(order == std::vector<std::string>{"second parent"});
  CHECK(child.active());
}

TEST_CASE("a cycle of parents is refused over any distance") {
  Greenlet a([] {});
  Greenlet b([] {});
  Greenlet c([] {});
  a.set_parent(b);
  b.set_parent(c);
  CHECK_THROWS_AS(c.set_parent(a), GreenletError);
  CHECK(c.parent() == Greenlet::current());
}

TEST_CASE("a running greenlet's descendants cannot become its parents") {
  bool was_refused = false;
  Greenlet greenlet([&] {
    Greenlet child([] {});
    try {
      Greenlet::current().set_parent(child);
    } catch (const GreenletError&) {
      was_refused = true;
    }
  });
  greenlet.switch_to();
  CHECK(was_refused);
}

TEST_CASE("a handle to no greenlet cannot be a parent, nor be switched to, and says so") {
  const Greenlet none;
  Greenlet greenlet([] {});
  CHECK_THROWS_WITH(greenlet.set_parent(none), Catch::Contains("no greenlet"));
  CHECK_THROWS_WITH(none.switch_to(), Catch::Contains("no greenlet"));
  CHECK_THROWS_WITH(none.switch_to(1), Catch::Contains("no greenlet"));
  CHECK_THROWS_WITH(none.throw_in(), Catch::Contains("no greenlet"));
  CHECK(none.dead());
  CHECK_FALSE(none.active());
  CHECK(greenlet.parent() == Greenlet::current());
}

TEST_CASE("the main greenlet is active while others run, and is the current one again afterwards") {
  const Greenlet main = Greenlet::current();
  bool was_active = false;
  bool was_current = true;
  Greenlet([&] {
    was_active = main.active() && !main.dead();
    was_current = Greenlet::current() == main;
  }).switch_to();
  CHECK(was_active);
  CHECK_FALSE(was_current);
  CHECK(Greenlet::current() == main);
}

TEST_CASE("each thread has a main greenlet of its own, which is dead when the thread has ended") {
  const Greenlet here = Greenlet::current();
  Greenlet there;
  bool was_active = false;
  std::thread([&] {
    there = Greenlet::current();
    was_active = there.active();
  }).join();
  CHECK(was_active);
  CHECK_FALSE(there == here);
  CHECK(there.dead());
  CHECK_FALSE(there.active());
  CHECK_THROWS_AS(there.switch_to(), GreenletError);
}

TEST_CASE("a switch that goes round by other greenlets comes back to who waits") {
  // a -> b -> c -> a: none of them is the parent of another.
  Greenlet a;
  Greenlet b;
  Greenlet c;
  std::string order;
  a = Greenlet([&] {
    order += "a";
    b.switch_to();
    order += "a";
  });
  b = Greenlet([&] {
    order += "b";
    c.switch_to();
  });
  c = Greenlet([&] {
    order += "c";
    a.switch_to();
  });
  a.switch_to();
  CHECK(order == "abca");
  CHECK(a.dead());
  CHECK(b.active());
  CHECK(c.active());
}
